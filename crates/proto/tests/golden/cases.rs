//! What the golden vectors hold.

use bytes::Bytes;
use gc_proto::v2::{
    AgentControl, AgentHello, AgentMode, AgentPresence, AgentStatus, AuditReport, Button, Cause,
    CauseCode, ClipboardFiles, ClipboardFormat, ClipboardPart, ClipboardPiece, ClipboardReceived,
    ClipboardSync, Close, CloseCode, ConnectionNotice, ConsentMode, ConsentState, ControlAction,
    ControlChanged, ControlVerb, CopyFrom, CursorMessage, CursorPosition, CursorShape,
    DesktopSession, DesktopSessionKind, DesktopSessionList, DesktopSessionState, Display,
    DisplayList, DraggedOut, FileAudit, FileChunk, FileDrop, FileDropped, FileHead, FileHeads,
    FileKind, FileMessage, FileOutcome, FilePath, FilePolicy, FileReceipt, Fill, Frame, FrameAck,
    Grant, H264, Heartbeat, HeartbeatAck, HeldSession, Hello, Hevc, InputEvent, InputMessage,
    KeyEvent, LinkTrouble, LockState, MachineAction, MachineActionAbility, MachineActionRequest,
    MachineActionResult, MachineActionState, Notice, NoticePosition, NoticeTopic, Operation,
    Participant, ParticipantJoined, ParticipantLeft, PictureNeeded, PictureReason, Point,
    PointerButton, PointerMove, Preset, Rect, RefreshCause, RefreshRequest, ReleaseAll,
    SelectDesktopSession, SelectDisplay, SessionAnswer, SessionEnd, SessionOffer, SessionState,
    Slow, SlowCause, Surface, SystemChord, SystemKey, TextEvent, Tile, TileEncoding,
    TransferDirection, VersionRange, VideoCodec, VideoFeedback, VideoMessage, VideoSettings,
    VideoStatus, ViewerCapabilities, ViewerControl, ViewerHello, ViewerSeat, Welcome, Wheel,
    agent_control, cursor_message, file_message, hello, input_event, link_message, operation,
    video_feedback, video_message, viewer_control,
};
use gc_proto::{Channel, Flags, Header, Record, encode_link};
use gc_types::SessionId;
use link_message::Body;
use prost_reflect::prost::Message;

/// One vector.
pub(crate) struct Case {
    /// File name without its ending.
    pub(crate) name: &'static str,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Link(Body),
    Record { header: Header, message: &'static str, payload: Bytes },
    Invalid { bytes: Vec<u8>, error: &'static str },
}

impl Case {
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.content {
            Content::Link(body) => encode_link(body.clone()),
            Content::Record { header, payload, .. } => {
                Record::from_payload(*header, payload).bytes().clone()
            }
            Content::Invalid { bytes, .. } => Bytes::from(bytes.clone()),
        }
    }
}

const SESSION: [u8; 16] = *b"0123456789abcdef";

fn session() -> Vec<u8> {
    SESSION.to_vec()
}

fn copied_files() -> Vec<u8> {
    let path = |place: &str, parts: &[&str]| FilePath {
        place: place.into(),
        parts: parts.iter().map(|part| (*part).into()).collect(),
    };
    let paths = vec![path("/", &["home", "ada", "grüße.txt"]), path("C:", &["Users", "ada"])];
    ClipboardFiles { paths }.encode_to_vec()
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

fn header(channel: Channel, flags: Flags, participant: u16, sequence: u32) -> Header {
    Header {
        channel,
        flags,
        participant,
        epoch: 3,
        sequence,
        session: SessionId::from_bytes(SESSION),
    }
}

fn link(name: &'static str, body: Body) -> Case {
    Case { name, content: Content::Link(body) }
}

fn record(
    name: &'static str,
    header: Header,
    message: &'static str,
    payload: &impl Message,
) -> Case {
    let payload = Bytes::from(payload.encode_to_vec());
    Case { name, content: Content::Record { header, message, payload } }
}

fn invalid(name: &'static str, bytes: Vec<u8>, error: &'static str) -> Case {
    Case { name, content: Content::Invalid { bytes, error } }
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = links();
    cases.extend(from_agent());
    cases.extend(from_viewer());
    cases.extend(refused());
    cases
}

fn links() -> Vec<Case> {
    let versions = Some(VersionRange { min: 2, max: 2 });
    vec![
        link("heartbeat", Body::Heartbeat(Heartbeat { nonce: 0xDEAD_BEEF })),
        link("heartbeat_ack", Body::HeartbeatAck(HeartbeatAck { nonce: 0xDEAD_BEEF })),
        link(
            "close",
            Body::Close(Close {
                code: CloseCode::GoingAway.into(),
                reason: "the server is restarting".into(),
                retry_after_ms: 2_000,
            }),
        ),
        link(
            "hello_viewer",
            Body::Hello(Hello {
                versions,
                software: "0.1.0".into(),
                endpoint: Some(hello::Endpoint::Viewer(ViewerHello {
                    token: "example-token".into(),
                    capabilities: Some(ViewerCapabilities {
                        codecs: vec![VideoCodec::H264.into(), VideoCodec::Av1.into()],
                        max_width: 3_840,
                        max_height: 2_160,
                        scaled_motion: false,
                    }),
                })),
            }),
        ),
        link(
            "hello_agent",
            Body::Hello(Hello {
                versions,
                software: "0.1.0".into(),
                endpoint: Some(hello::Endpoint::Agent(AgentHello {
                    mode: AgentMode::Managed.into(),
                    hostname: "reception-3".into(),
                    os: "linux".into(),
                    os_version: "Debian 12".into(),
                    architecture: "x86_64".into(),
                    logged_on_user: "Zoë".into(),
                    held_sessions: vec![HeldSession { session_id: session(), epoch: 2 }],
                    trouble: Some(LinkTrouble {
                        cause: Some(Cause {
                            code: CauseCode::LinkClockWrong.into(),
                            detail: "the certificate is not valid yet".into(),
                        }),
                        attempts: 41,
                        lasted_seconds: 3_600,
                    }),
                })),
            }),
        ),
        link(
            "welcome_viewer",
            Body::Welcome(Welcome {
                version: 2,
                heartbeat_ms: 2_000,
                silence_ms: 28_000,
                server_unix_ms: 1_767_225_600_000,
                server_software: "0.1.0".into(),
                resume_token: String::new(),
                seat: Some(ViewerSeat {
                    session_id: session(),
                    participant: 1,
                    rights: 0b1111,
                    epoch: 3,
                }),
            }),
        ),
        link(
            "session_offer",
            Body::SessionOffer(SessionOffer {
                session_id: session(),
                grant: Some(Grant {
                    grant_id: b"fedcba9876543210".to_vec(),
                    technician: "Ada".into(),
                    company: "Example Ltd".into(),
                    rights: 0b1111,
                    expires_unix_ms: 1_767_225_600_000,
                    ticket: "T-17".into(),
                    signature: Vec::new(),
                }),
                consent: ConsentMode::Ask.into(),
                epoch: 3,
                consent_given: false,
                consent_timeout_ms: 60_000,
                connection_notice: None,
                files: Some(FilePolicy {
                    upload: true,
                    download: false,
                    max_file_bytes: 1 << 33,
                    allowed_extensions: Vec::new(),
                    blocked_extensions: vec!["exe".into()],
                    ..FilePolicy::default()
                }),
            }),
        ),
        link(
            "session_offer_notice",
            Body::SessionOffer(SessionOffer {
                session_id: session(),
                grant: Some(Grant {
                    grant_id: b"fedcba9876543210".to_vec(),
                    rights: 1,
                    ..Grant::default()
                }),
                consent: ConsentMode::Notify.into(),
                epoch: 1,
                connection_notice: Some(Box::new(ConnectionNotice {
                    template: "{{technician_name}} ist da: ä\n{{time}}".into(),
                    duration_s: 15,
                    position: NoticePosition::TopRight.into(),
                    dismissible: true,
                })),
                ..SessionOffer::default()
            }),
        ),
        link(
            "session_answer",
            Body::SessionAnswer(SessionAnswer {
                session_id: session(),
                consent: ConsentState::Denied.into(),
                rights: 0,
                cause: Some(Cause {
                    code: CauseCode::ConsentTimedOut.into(),
                    detail: String::new(),
                }),
            }),
        ),
        link(
            "participant_joined",
            Body::ParticipantJoined(ParticipantJoined {
                session_id: session(),
                participant: 1,
                name: "Ada".into(),
                rights: 0b0001,
                capabilities: Some(ViewerCapabilities {
                    codecs: vec![VideoCodec::H264.into()],
                    max_width: 1_920,
                    max_height: 1_080,
                    scaled_motion: false,
                }),
            }),
        ),
        link(
            "participant_left",
            Body::ParticipantLeft(ParticipantLeft { session_id: session(), participant: 65_535 }),
        ),
        link(
            "picture_needed",
            Body::PictureNeeded(PictureNeeded {
                session_id: session(),
                participant: 1,
                reason: PictureReason::Skipped.into(),
            }),
        ),
        link(
            "agent_status",
            Body::AgentStatus(AgentStatus {
                logged_on_user: "Zoë".into(),
                idle_seconds: 61,
                no_picture: Some(Cause {
                    code: CauseCode::NoDisplay.into(),
                    detail: String::new(),
                }),
            }),
        ),
        link(
            "audit_report",
            Body::AuditReport(AuditReport {
                session_id: session(),
                event: "clipboard_set".into(),
                detail: "12 bytes".into(),
            }),
        ),
        link(
            "session_state",
            Body::SessionState(SessionState {
                session_id: session(),
                consent: ConsentState::Granted.into(),
                agent: AgentPresence::Online.into(),
                agent_since_unix_ms: 1_767_225_600_000,
                controller: 1,
                participants: vec![
                    Participant {
                        participant: 1,
                        name: "Ada".into(),
                        rights: 0b1111,
                        asks_for_control: false,
                    },
                    Participant {
                        participant: 2,
                        name: "Grace".into(),
                        rights: 0b0011,
                        asks_for_control: true,
                    },
                ],
                machine_name: "reception-3".into(),
                epoch: 3,
                cause: None,
            }),
        ),
        link(
            "control_action",
            Body::ControlAction(ControlAction { verb: ControlVerb::Give.into(), participant: 2 }),
        ),
        link(
            "control_changed",
            Body::ControlChanged(ControlChanged { session_id: session(), controller: 2 }),
        ),
        link(
            "session_end",
            Body::SessionEnd(SessionEnd {
                session_id: session(),
                cause: Some(Cause { code: CauseCode::EndedByUser.into(), detail: "Stop".into() }),
            }),
        ),
    ]
}

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

fn from_agent() -> Vec<Case> {
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
            &frame(
                3,
                false,
                vec![Operation {
                    rect: Some(rect(64, 64, 1_280, 720)),
                    draw: Some(operation::Draw::H264(H264 {
                        access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1E]),
                        key: true,
                        stream: 7,
                        scale: 0,
                    })),
                }],
            ),
        ),
        record(
            "frame_h264_scaled",
            video(picture, 7),
            "VideoMessage",
            &frame(
                7,
                false,
                vec![Operation {
                    rect: Some(rect(64, 64, 1_280, 720)),
                    draw: Some(operation::Draw::H264(H264 {
                        access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F]),
                        key: true,
                        stream: 9,
                        scale: 2,
                    })),
                }],
            ),
        ),
        record(
            "frame_hevc",
            video(picture, 6),
            "VideoMessage",
            &frame(
                6,
                false,
                vec![Operation {
                    rect: Some(rect(64, 64, 1_280, 720)),
                    draw: Some(operation::Draw::Hevc(Hevc {
                        access_unit: Bytes::from_static(&[0, 0, 0, 1, 0x40, 0x01, 0x0C, 0x01]),
                        key: true,
                        stream: 8,
                        scale: 0,
                    })),
                }],
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

fn input(name: &'static str, sequence: u32, events: Vec<input_event::Event>) -> Case {
    let events = events.into_iter().map(|event| InputEvent { event: Some(event) }).collect();
    record(
        name,
        header(Channel::Input, Flags::NONE, 1, sequence),
        "InputMessage",
        &InputMessage { events },
    )
}

fn from_viewer() -> Vec<Case> {
    let position = Some(Point { x: 100, y: -2 });
    vec![
        input(
            "input_key",
            0,
            vec![
                input_event::Event::Key(KeyEvent { scan_code: 0x1D, extended: true, down: true }),
                input_event::Event::Key(KeyEvent { scan_code: 0x1D, extended: true, down: false }),
            ],
        ),
        input("input_text", 1, vec![input_event::Event::Text(TextEvent { text: "ß€😀".into() })]),
        input(
            "input_pointer",
            2,
            vec![
                input_event::Event::PointerMove(PointerMove { position }),
                input_event::Event::PointerButton(PointerButton {
                    button: Button::Right.into(),
                    down: true,
                    position,
                }),
                input_event::Event::Wheel(Wheel { x: 0, y: -120, position }),
            ],
        ),
        input(
            "input_state",
            3,
            vec![
                input_event::Event::LockState(LockState {
                    caps_lock: true,
                    num_lock: true,
                    scroll_lock: false,
                }),
                input_event::Event::SystemKey(SystemKey { chord: SystemChord::CtrlAltDel.into() }),
                input_event::Event::ReleaseAll(ReleaseAll {}),
            ],
        ),
        record(
            "frame_ack",
            header(Channel::Video, Flags::NONE, 1, 0),
            "VideoFeedback",
            &VideoFeedback {
                body: Some(video_feedback::Body::Ack(FrameAck { frame_id: 4, draw_us: 2_300 })),
            },
        ),
        record(
            "refresh_request",
            header(Channel::Video, Flags::NONE, 1, 1),
            "VideoFeedback",
            &VideoFeedback {
                body: Some(video_feedback::Body::Refresh(RefreshRequest {
                    cause: RefreshCause::DecodeError.into(),
                })),
            },
        ),
        record(
            "select_display",
            header(Channel::Control, Flags::NONE, 1, 0),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::SelectDisplay(SelectDisplay { id: 2 })),
            },
        ),
        record(
            "video_settings",
            header(Channel::Control, Flags::NONE, 1, 1),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::VideoSettings(VideoSettings {
                    preset: Preset::Custom.into(),
                    fps: 30,
                    kbps: 4_000,
                    hevc: true,
                })),
            },
        ),
        record(
            "clipboard_received_by_viewer",
            header(Channel::Control, Flags::NONE, 1, 4),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::ClipboardReceived(ClipboardReceived {
                    serial: 7,
                    bytes: 0,
                })),
            },
        ),
        record(
            "clipboard_sync",
            header(Channel::Control, Flags::NONE, 1, 2),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::ClipboardSync(ClipboardSync { enabled: true })),
            },
        ),
        record(
            "machine_action",
            header(Channel::Control, Flags::END, 1, 3),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::MachineAction(MachineActionRequest {
                    request_id: 7,
                    action: MachineAction::BlockInput.into(),
                    on: true,
                })),
            },
        ),
        record(
            "select_desktop_session",
            header(Channel::Control, Flags::NONE, 1, 3),
            "ViewerControl",
            &ViewerControl {
                body: Some(viewer_control::Body::SelectDesktopSession(SelectDesktopSession {
                    id: 3,
                })),
            },
        ),
    ]
}

fn refused() -> Vec<Case> {
    let good = Record::from_payload(header(Channel::Input, Flags::NONE, 1, 0), b"");
    let with = |at: usize, value: u8| {
        let mut bytes = good.bytes().to_vec();
        bytes[at] = value;
        bytes
    };
    vec![
        invalid("invalid_kind", vec![0x7F, 0x00], "kind"),
        invalid("invalid_link", vec![0x01, 0xFF, 0xFF], "link"),
        invalid("invalid_link_unknown", vec![0x01, 0xFA, 0x3E, 0x00], "link"),
        invalid("invalid_record_short", good.bytes()[..31].to_vec(), "record"),
        invalid("invalid_record_version", with(1, 9), "record"),
        invalid("invalid_record_channel", with(2, 8), "record"),
        invalid("invalid_record_flags", with(3, 0x80), "record"),
        invalid("invalid_record_reserved", with(6, 1), "record"),
        invalid(
            "invalid_session_id",
            encode_link(Body::ControlChanged(ControlChanged {
                session_id: vec![1, 2, 3],
                controller: 1,
            }))
            .to_vec(),
            "invalid",
        ),
    ]
}
