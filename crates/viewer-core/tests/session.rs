//! The viewer's end of a session.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::Duration;

use gc_codec::ZstdTiles;
use gc_proto::v2::{
    AgentControl, Cause, CursorMessage, CursorShape, Display, DisplayList, Fill, Frame, Notice,
    NoticeTopic, Operation, Rect, RefreshCause, Slow, SlowCause, Surface, VideoCodec,
    VideoFeedback, VideoMessage, VideoStatus, ViewerControl, agent_control, cursor_message,
    operation, video_feedback, video_message, viewer_control,
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
    // What it does not take part in is let pass.
    let other = record(Channel::Files, &AgentControl::default());
    assert_eq!(session.on_record(&other, at(1)), Ok(None));
    let terminal = record(Channel::Terminal, &AgentControl::default());
    let refused = session.on_record(&terminal, at(1));
    assert_eq!(refused, Err(SessionError::Channel(Channel::Terminal)));
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

fn fill(frame_id: u32, last: bool) -> Record {
    let rect = Some(Rect { x: 0, y: 0, width: 64, height: 64 });
    let draw = Some(operation::Draw::Fill(Fill { color: frame_id }));
    let operations = vec![Operation { rect, draw }];
    let (capture_us, encode_us, grab_us) = (5_000, 3_000, 1_000);
    let frame = Frame {
        generation: 1,
        frame_id,
        operations,
        last,
        key: true,
        capture_us,
        encode_us,
        grab_us,
    };
    video(video_message::Body::Frame(frame))
}

fn shown() -> ViewerSession {
    let mut session = session();
    let surface = Surface { generation: 1, width: 64, height: 64, display_id: 1 };
    session.on_record(&video(video_message::Body::Surface(surface)), at(1)).unwrap();
    session
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn every_step_of_a_picture_is_measured_apart() {
    let mut session = shown();
    let status = VideoStatus {
        round_trip_us: 40_000,
        target_kbps: 3_000,
        encoder: "open\u{202E}h264".to_owned(),
        codec: VideoCodec::H264.into(),
        ..VideoStatus::default()
    };
    session.on_record(&video(video_message::Body::Status(status)), at(1)).unwrap();
    for number in 0..20_u32 {
        let now = at(2) + MS * 30 * number;
        let id = 10 + number * 2;
        session.on_record(&fill(id, false), now).unwrap();
        session.decoded(now + MS * 2);
        session.on_record(&fill(id, true), now + MS * 5).unwrap();
        session.decoded(now + MS * 6);
        session.drawn(id, MS * 4);
    }
    let seen = session.statistics(at(2) + MS * 600);
    let medians = [seen.capture, seen.encode, seen.network, seen.decode, seen.draw, seen.total]
        .map(|spread| spread.p50_us);
    // Decoding: 2 ms of the first part and 1 ms of the last; drawing is the rest.
    assert_eq!(medians, [1_000, 3_000, 20_000, 3_000, 1_000, 30_000]);
    assert_eq!((seen.presented, seen.dropped, seen.fps), (20, 19, 20));
    assert_eq!((seen.encoder.as_str(), seen.codec), ("openh264", Some(VideoCodec::H264)));
    assert!(seen.by_kind.fill > 0 && seen.by_kind.tile == 0 && seen.kbps > 0, "{seen:?}");
    let later = session.statistics(at(60));
    assert_eq!((later.fps, later.kbps, later.presented), (0, 0, 20));
}

#[test]
fn a_viewer_that_cannot_keep_up_says_so_itself_and_takes_it_back() {
    let mut session = shown();
    let slow = Slow { cause: SlowCause::Line.into(), ..Slow::default() };
    let status = VideoStatus { slow: Some(slow), ..VideoStatus::default() };
    session.on_record(&video(video_message::Body::Status(status)), at(1)).unwrap();
    assert_eq!(session.poll_event(), Some(ViewerEvent::Slow(Some(slow))));
    assert_eq!(session.poll_event(), None, "told once");
    let mut now = at(2);
    let mut look = None;
    for id in 1..=20 {
        session.on_record(&fill(id, true), now).unwrap();
        session.drawn(id, MS * 90);
        now += MS * 95;
        look = session.tick(now);
    }
    let Some(ViewerEvent::Slow(Some(own))) = session.poll_event() else { panic!("nothing told") };
    assert_eq!(own.cause(), SlowCause::LocalCpu);
    assert_eq!(own.picture_us, 90_000);
    while let Some(next) = look {
        look = session.tick(next);
    }
    assert_eq!(session.poll_event(), Some(ViewerEvent::Slow(Some(slow))));
    let status = VideoStatus::default();
    session.on_record(&video(video_message::Body::Status(status)), at(90)).unwrap();
    assert_eq!(session.poll_event(), Some(ViewerEvent::Slow(None)));
}
