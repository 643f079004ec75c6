//! Records of an agent.

use bytes::Bytes;
use gc_proto::v2::{
    AgentControl, Cause, CauseCode, ClipboardFormat, ClipboardPart, ClipboardPiece,
    ClipboardReceived, CopyFrom, CursorMessage, CursorPosition, CursorShape, DesktopSession,
    DesktopSessionKind, DesktopSessionList, DesktopSessionState, Display, DisplayList, DraggedOut,
    FileAudit, FileChunk, FileDrop, FileDropped, FileHead, FileHeads, FileKind, FileMessage,
    FileOutcome, FilePath, FileReceipt, Fill, Frame, H264, Hevc, MachineAction,
    MachineActionAbility, MachineActionResult, MachineActionState, Notice, NoticeTopic, Operation,
    Point, Preset, Slow, SlowCause, Surface, Tile, TileEncoding, TransferDirection, VideoCodec,
    VideoMessage, VideoSettings, VideoStatus, agent_control, cursor_message, file_message,
    link_message, operation, video_message,
};
use gc_proto::{Channel, Flags};
use link_message::Body;

use super::{Case, copied_files, header, link, record, rect, session};

fn frame(frame_id: u32, key: bool, operations: Vec<Operation>) -> VideoMessage {
    VideoMessage {
        body: Some(video_message::Body::Frame(Frame {
            generation: 1,
            frame_id,
            operations,
            last: true,
            key,
            capture_us: 900,
            encode_us: 300,
            grab_us: 150,
        })),
    }
}

/// A region of motion and nothing else.
fn motion(frame_id: u32, draw: operation::Draw) -> VideoMessage {
    let region = Operation { rect: Some(rect(64, 64, 1_280, 720)), draw: Some(draw) };
    frame(frame_id, false, vec![region])
}

pub(super) fn from_agent() -> Vec<Case> {
    let video = |flags, sequence| header(Channel::Video, flags, 0, sequence);
    let picture = Flags::DROPPABLE.with(Flags::END);
    // zstd, raw block: two pixels BGRX.
    let zstd: &[u8] = &[
        0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x08, 0x41, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x00,
        0x00, 0xFF,
    ];
    vec![
        record(
            "surface",
            video(Flags::NONE, 0),
            "VideoMessage",
            &VideoMessage {
                body: Some(video_message::Body::Surface(Surface {
                    generation: 1,
                    width: 1_920,
                    height: 1_080,
                    display_id: 0,
                })),
            },
        ),
        record(
            "record_video",
            header(Channel::Video, picture.with(Flags::KEY_FRAME), 0x0102, 0xFFFF_FFFE),
            "VideoMessage",
            &frame(
                1,
                true,
                vec![Operation {
                    rect: Some(rect(0, 0, 1_920, 1_080)),
                    draw: Some(operation::Draw::Fill(Fill { color: 0x0033_6699 })),
                }],
            ),
        ),
        record(
            "frame_tile",
            video(picture, 2),
            "VideoMessage",
            &frame(
                2,
                false,
                vec![Operation {
                    rect: Some(rect(10, 20, 2, 1)),
                    draw: Some(operation::Draw::Tile(Tile {
                        encoding: TileEncoding::ZstdBgrx.into(),
                        data: Bytes::from_static(zstd),
                    })),
                }],
            ),
        ),
        record(
            "frame_h264",
            video(picture, 3),
            "VideoMessage",
            &motion(
                3,
                operation::Draw::H264(H264 {
                    access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1E]),
                    key: true,
                    stream: 7,
                    scale: 0,
                }),
            ),
        ),
        record(
            "frame_h264_scaled",
            video(picture, 7),
            "VideoMessage",
            &motion(
                7,
                operation::Draw::H264(H264 {
                    access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F]),
                    key: true,
                    stream: 9,
                    scale: 2,
                }),
            ),
        ),
        record(
            "frame_hevc",
            video(picture, 6),
            "VideoMessage",
            &motion(
                6,
                operation::Draw::Hevc(Hevc {
                    access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x40, 0x01, 0x0C, 0x01]),
                    key: true,
                    stream: 8,
                    scale: 0,
                }),
            ),
        ),
        record(
            "frame_copy",
            video(picture, 4),
            "VideoMessage",
            &frame(
                4,
                false,
                vec![Operation {
                    rect: Some(rect(0, 0, 1_920, 1_065)),
                    draw: Some(operation::Draw::Copy(CopyFrom { x: 0, y: 15 })),
                }],
            ),
        ),
        record(
            "video_status",
            video(Flags::NONE, 5),
            "VideoMessage",
            &VideoMessage {
                body: Some(video_message::Body::Status(VideoStatus {
                    settings: Some(VideoSettings {
                        preset: Preset::Auto.into(),
                        ..VideoSettings::default()
                    }),
                    codec: VideoCodec::H264.into(),
                    encoder: "openh264".into(),
                    round_trip_us: 1_500,
                    target_kbps: 8_000,
                    slow: Some(Slow {
                        cause: SlowCause::Line.into(),
                        queue_us: 120_000,
                        picture_us: 0,
                        interval_us: 16_667,
                        cpu_percent: 42,
                    }),
                    link_kbps: 1_800,
                })),
            },
        ),
        record(
            "cursor_shape",
            header(Channel::Cursor, Flags::NONE, 0, 0),
            "CursorMessage",
            &CursorMessage {
                body: Some(cursor_message::Body::Shape(CursorShape {
                    width: 2,
                    height: 1,
                    hotspot_x: 1,
                    hotspot_y: 0,
                    rgba: zstd.to_vec(),
                })),
            },
        ),
        record(
            "cursor_position",
            header(Channel::Cursor, Flags::NONE, 0, 1),
            "CursorMessage",
            &CursorMessage {
                body: Some(cursor_message::Body::Position(CursorPosition {
                    position: Some(Point { x: -1, y: 1_079 }),
                })),
            },
        ),
        record(
            "display_list",
            header(Channel::Control, Flags::NONE, 1, 0),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::Displays(DisplayList {
                    displays: vec![Display {
                        id: 1,
                        name: "HDMI-1".into(),
                        origin: Some(Point { x: -1_920, y: 0 }),
                        width: 1_920,
                        height: 1_080,
                        primary: true,
                    }],
                    selected: 1,
                })),
            },
        ),
        record(
            "desktop_session_list",
            header(Channel::Control, Flags::END, 0, 2),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::DesktopSessions(DesktopSessionList {
                    sessions: vec![
                        DesktopSession {
                            id: 1,
                            user: String::new(),
                            state: DesktopSessionState::LogonScreen.into(),
                            kind: DesktopSessionKind::Console.into(),
                            name: "Console".into(),
                        },
                        DesktopSession {
                            id: 3,
                            user: "CONTOSO\\anna".into(),
                            state: DesktopSessionState::Active.into(),
                            kind: DesktopSessionKind::Remote.into(),
                            name: "RDP-Tcp#0".into(),
                        },
                    ],
                    current: 3,
                    follows_console: false,
                })),
            },
        ),
        record(
            "notice",
            header(Channel::Control, Flags::NONE, 0, 1),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::Notice(Notice {
                    topic: NoticeTopic::Encoder.into(),
                    cause: Some(Cause {
                        code: CauseCode::EncoderFellBack.into(),
                        detail: "vaapi: no device".into(),
                    }),
                })),
            },
        ),
        link(
            "file_audit",
            Body::FileAudit(FileAudit {
                session_id: session(),
                files: vec![FileReceipt {
                    participant: 1,
                    direction: TransferDirection::Upload.into(),
                    path: "docs/grüße.txt".into(),
                    size: 1 << 40,
                    sha256: vec![0xAB; 32],
                    outcome: FileOutcome::Done.into(),
                    cause: 0,
                    moved: 1 << 39,
                    duration_ms: 1_500,
                    ended_unix_ms: 1_767_225_600_000,
                    transfer_id: b"0123456789abcdef".to_vec(),
                }],
            }),
        ),
        record(
            "file_drop",
            header(Channel::Files, Flags::NONE, 1, 0),
            "FileMessage",
            &FileMessage {
                body: Some(file_message::Body::Drop(FileDrop {
                    request: 3,
                    folder: Some(FilePath { place: "pasted".into(), parts: vec!["one".into()] }),
                    position: Some(Point { x: 30, y: -1 }),
                })),
            },
        ),
        record(
            "file_dropped",
            header(Channel::Files, Flags::NONE, 1, 0),
            "FileMessage",
            &FileMessage {
                body: Some(file_message::Body::Dropped(FileDropped {
                    request: 3,
                    cause: Some(Cause { code: 200, detail: String::new() }),
                    folder: Some(FilePath { place: "/".into(), parts: vec!["grüße".into()] }),
                })),
            },
        ),
        record(
            "dragged_out",
            header(Channel::Files, Flags::NONE, 1, 0),
            "FileMessage",
            &FileMessage {
                body: Some(file_message::Body::DraggedOut(DraggedOut {
                    request: 4,
                    paths: vec![FilePath { place: "C:".into(), parts: vec!["a".into()] }],
                    last: true,
                    cause: None,
                })),
            },
        ),
        record(
            "file_heads",
            header(Channel::Files, Flags::NONE, 1, 0),
            "FileMessage",
            &FileMessage {
                body: Some(file_message::Body::Heads(FileHeads {
                    transfer: 1,
                    heads: vec![FileHead {
                        index: 0,
                        path: "docs/grüße.txt".into(),
                        kind: FileKind::File.into(),
                        size: 1 << 40,
                        modified_unix_ms: -1,
                    }],
                    last: true,
                    total_files: 1,
                    total_bytes: 1 << 40,
                })),
            },
        ),
        record(
            "file_chunk",
            header(Channel::Files, Flags::NONE, 1, 1),
            "FileMessage",
            &FileMessage {
                body: Some(file_message::Body::Chunk(FileChunk {
                    transfer: 1,
                    index: 0,
                    offset: (1 << 53) - 1,
                    data: Bytes::from_static(b"chunk"),
                    restart: true,
                })),
            },
        ),
        record(
            "machine_action_state",
            header(Channel::Control, Flags::END, 1, 2),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::MachineActions(MachineActionState {
                    abilities: vec![
                        MachineActionAbility {
                            action: MachineAction::BlockInput.into(),
                            unavailable: None,
                            on: true,
                        },
                        MachineActionAbility {
                            action: MachineAction::Elevate.into(),
                            unavailable: Some(Cause {
                                code: CauseCode::ActionAttendedOnly.into(),
                                detail: String::new(),
                            }),
                            on: false,
                        },
                    ],
                })),
            },
        ),
        record(
            "machine_action_result",
            header(Channel::Control, Flags::END, 1, 3),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::MachineActionResult(MachineActionResult {
                    request_id: 7,
                    action: MachineAction::Lock.into(),
                    cause: Some(Cause {
                        code: CauseCode::ActionNotVerified.into(),
                        detail: "nothing took keyboard and pointer within 3 s".into(),
                    }),
                })),
            },
        ),
        record(
            "clipboard_piece",
            header(Channel::Clipboard, Flags::END, 0, 0),
            "ClipboardPiece",
            &ClipboardPiece {
                serial: 1,
                format: ClipboardFormat::Text.into(),
                total: 9,
                data: "grüße\n!".as_bytes().to_vec(),
                ..ClipboardPiece::default()
            },
        ),
        record(
            "clipboard_rich",
            header(Channel::Clipboard, Flags::NONE, 0, 1),
            "ClipboardPiece",
            &ClipboardPiece {
                serial: 2,
                format: ClipboardFormat::Text.into(),
                total: 5,
                data: b"hello".to_vec(),
                parts: vec![
                    ClipboardPart { format: ClipboardFormat::Text.into(), total: 5 },
                    ClipboardPart { format: ClipboardFormat::Html.into(), total: 12 },
                    ClipboardPart { format: ClipboardFormat::Rtf.into(), total: 300 },
                    ClipboardPart { format: ClipboardFormat::Image.into(), total: 20 << 20 },
                ],
            },
        ),
        record(
            "clipboard_files",
            header(Channel::Clipboard, Flags::END, 0, 3),
            "ClipboardPiece",
            &ClipboardPiece {
                serial: 3,
                format: ClipboardFormat::Files.into(),
                total: copied_files().len() as u32,
                data: copied_files(),
                parts: vec![ClipboardPart {
                    format: ClipboardFormat::Files.into(),
                    total: copied_files().len() as u32,
                }],
            },
        ),
        record(
            "clipboard_received_by_agent",
            header(Channel::Control, Flags::NONE, 1, 2),
            "AgentControl",
            &AgentControl {
                body: Some(agent_control::Body::ClipboardReceived(ClipboardReceived {
                    serial: 2,
                    bytes: 65_536,
                })),
            },
        ),
    ]
}
