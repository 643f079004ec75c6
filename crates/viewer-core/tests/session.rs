//! The viewer's end of a session.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::Duration;

use gc_codec::ZstdTiles;
use gc_proto::v2::{
    AgentControl, Cause, CursorMessage, CursorShape, Display, DisplayList, Fill, Frame, Notice,
    NoticeTopic, Operation, Rect, RefreshCause, Surface, VideoFeedback, VideoMessage,
    ViewerControl, agent_control, cursor_message, operation, video_feedback, video_message,
    viewer_control,
};
use gc_proto::{Channel, Flags, Header, Record};
use gc_types::{CauseCode, SessionId};
use gc_viewer_core::{Cursor, DecoderLimits, SessionError, SessionIds, ViewerEvent, ViewerSession};
use prost::Message;

const SESSION: [u8; 16] = *b"0123456789abcdef";

fn session() -> ViewerSession {
    let session = SessionId::from_bytes(SESSION);
    let ids = SessionIds { session, participant: 5, epoch: 2 };
    ViewerSession::new(ids, DecoderLimits::default()).unwrap()
}

fn record(channel: Channel, message: &impl Message) -> Record {
    let header = Header {
        channel,
        flags: Flags::NONE,
        participant: 0,
        epoch: 2,
        sequence: 0,
        session: SessionId::from_bytes(SESSION),
    };
    Record::new(header, message)
}

fn video(body: video_message::Body) -> Record {
    record(Channel::Video, &VideoMessage { body: Some(body) })
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn feedback(session: &mut ViewerSession) -> Option<(Header, video_feedback::Body)> {
    let record = session.poll_record()?;
    let message = VideoFeedback::decode(record.payload()).unwrap();
    Some((*record.header(), message.body.unwrap()))
}

#[test]
fn what_was_drawn_is_acknowledged() {
    let mut session = session();
    let surface = Surface { generation: 1, width: 64, height: 64, display_id: 1 };
    let event = session.on_record(&video(video_message::Body::Surface(surface)), at(1));
    assert_eq!(event, Ok(Some(ViewerEvent::SurfaceChanged)));
    let rect = Some(Rect { x: 0, y: 0, width: 64, height: 64 });
    let draw = Some(operation::Draw::Fill(Fill { color: 1 }));
    let operations = vec![Operation { rect, draw }];
    let frame =
        Frame { generation: 1, frame_id: 9, operations, last: true, key: true, ..Frame::default() };
    let event = session.on_record(&video(video_message::Body::Frame(frame)), at(1));
    assert!(matches!(event, Ok(Some(ViewerEvent::Draw { frame_id: 9, .. }))));
    assert!(session.poll_record().is_none(), "not before it is drawn");
    for sequence in 0..3 {
        session.drawn(9, Duration::from_micros(700));
        let (header, body) = feedback(&mut session).unwrap();
        let video_feedback::Body::Ack(ack) = body else { panic!("{body:?}") };
        assert_eq!((ack.frame_id, ack.draw_us), (9, 700));
        assert_eq!((header.participant, header.epoch, header.sequence), (5, 2, sequence));
    }
}

#[test]
fn a_broken_picture_is_asked_for_again_but_not_too_often() {
    let mut session = session();
    let surface = || Surface { generation: 1, width: 0, height: 64, display_id: 1 };
    for millis in [0, 10, 400, 600] {
        let now = Duration::from_millis(millis);
        let event = session.on_record(&video(video_message::Body::Surface(surface())), now);
        assert!(matches!(event, Ok(Some(ViewerEvent::DecoderFailed(_)))));
    }
    let mut asked = 0;
    while let Some((_, body)) = feedback(&mut session) {
        let video_feedback::Body::Refresh(refresh) = body else { panic!("{body:?}") };
        assert_eq!(refresh.cause(), RefreshCause::DecodeError);
        asked += 1;
    }
    assert_eq!(asked, 2);
}

#[test]
fn cursors_are_expanded_within_their_size() {
    let mut session = session();
    let pixels: Vec<u8> = (0..8 * 4 * 4).map(|i| i as u8).collect();
    let mut packed = Vec::new();
    ZstdTiles::new().unwrap().compress(&pixels, &mut packed).unwrap();
    let shape = CursorShape { width: 8, height: 4, hotspot_x: 7, hotspot_y: 3, rgba: packed };
    let message = |shape| CursorMessage { body: Some(cursor_message::Body::Shape(shape)) };
    let event = session.on_record(&record(Channel::Cursor, &message(shape.clone())), at(1));
    let cursor = Cursor { size: (8, 4), hotspot: (7, 3), rgba: pixels };
    assert_eq!(event, Ok(Some(ViewerEvent::Cursor(cursor))));
    for broken in [
        CursorShape { width: 9, ..shape.clone() },
        CursorShape { width: 257, ..shape.clone() },
        CursorShape { hotspot_x: 8, ..shape.clone() },
    ] {
        let event = session.on_record(&record(Channel::Cursor, &message(broken)), at(1));
        assert!(matches!(event, Err(SessionError::Invalid(_))), "{event:?}");
    }
    let hidden = message(CursorShape::default());
    let event = session.on_record(&record(Channel::Cursor, &hidden), at(1));
    assert_eq!(event, Ok(Some(ViewerEvent::Cursor(Cursor::default()))));
}

#[test]
fn displays_are_cleaned_and_notices_replace_each_other() {
    let mut session = session();
    let display = Display { id: 1, name: "evil\u{202E}\u{7}name".to_owned(), ..Display::default() };
    let list = DisplayList { displays: vec![display; 500], selected: 1 };
    let message = AgentControl { body: Some(agent_control::Body::Displays(list)) };
    let event = session.on_record(&record(Channel::Control, &message), at(1));
    let Ok(Some(ViewerEvent::Displays { displays, selected: 1 })) = event else {
        panic!("{event:?}")
    };
    assert_eq!((displays.len(), displays[0].name.as_str()), (64, "evilname"));

    let mut notice = |cause: Option<Cause>| {
        let notice = Notice { topic: NoticeTopic::Picture.into(), cause };
        let message = AgentControl { body: Some(agent_control::Body::Notice(notice)) };
        session.on_record(&record(Channel::Control, &message), at(1)).unwrap();
        session.notices().map(|(_, code, _)| code).collect::<Vec<_>>()
    };
    let cause = |code: CauseCode| Some(Cause { code: code as i32, detail: String::new() });
    assert_eq!(notice(cause(CauseCode::NoDisplay)), [CauseCode::NoDisplay]);
    assert_eq!(notice(cause(CauseCode::SecureDesktop)), [CauseCode::SecureDesktop]);
    assert_eq!(notice(None), []);
}

#[test]
fn foreign_and_undecodable_records_are_refused() {
    let mut session = session();
    let header = Header {
        session: SessionId::from_bytes([1; 16]),
        ..*record(Channel::Video, &VideoMessage::default()).header()
    };
    let foreign = Record::new(header, &VideoMessage::default());
    assert_eq!(session.on_record(&foreign, at(1)), Err(SessionError::OtherSession));
    let header = *record(Channel::Control, &AgentControl::default()).header();
    let broken = Record::from_payload(header, &[0xFF; 9]);
    let refused = session.on_record(&broken, at(1));
    assert_eq!(refused, Err(SessionError::Undecodable(Channel::Control)));
    let clipboard = record(Channel::Clipboard, &AgentControl::default());
    let refused = session.on_record(&clipboard, at(1));
    assert_eq!(refused, Err(SessionError::Channel(Channel::Clipboard)));
}

#[test]
fn wishes_become_control_records() {
    let mut session = session();
    session.select_display(3);
    let record = session.poll_record().unwrap();
    assert_eq!(record.header().channel, Channel::Control);
    let message = ViewerControl::decode(record.payload()).unwrap();
    assert!(matches!(message.body, Some(viewer_control::Body::SelectDisplay(d)) if d.id == 3));
}
