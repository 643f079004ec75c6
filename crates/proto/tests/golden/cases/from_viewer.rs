//! Records of a viewer.

use gc_proto::v2::{
    Button, ClipboardReceived, ClipboardSync, FrameAck, InputEvent, InputMessage, KeyEvent,
    LockState, MachineAction, MachineActionRequest, Point, PointerButton, PointerMove, Preset,
    RefreshCause, RefreshRequest, ReleaseAll, SelectDesktopSession, SelectDisplay, SystemChord,
    SystemKey, TextEvent, VideoFeedback, VideoSettings, ViewerControl, Wheel, input_event,
    video_feedback, viewer_control,
};
use gc_proto::{Channel, Flags};

use super::{Case, header, record};

fn input(name: &'static str, sequence: u32, events: Vec<input_event::Event>) -> Case {
    let events = events.into_iter().map(|event| InputEvent { event: Some(event) }).collect();
    record(
        name,
        header(Channel::Input, Flags::NONE, 1, sequence),
        "InputMessage",
        &InputMessage { events },
    )
}

pub(super) fn from_viewer() -> Vec<Case> {
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
