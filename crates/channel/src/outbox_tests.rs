use gc_proto::{HEADER_LEN, Record};
use gc_types::SessionId;

use super::*;

fn header(channel: Channel, flags: Flags, sequence: u32) -> Header {
    Header {
        channel,
        flags,
        participant: 0,
        epoch: 1,
        sequence,
        session: SessionId::from_bytes([1; 16]),
    }
}

fn frame() -> Flags {
    Flags::DROPPABLE.with(Flags::END)
}

fn key() -> Flags {
    frame().with(Flags::KEY_FRAME)
}

fn push(
    outbox: &mut Outbox,
    channel: Channel,
    flags: Flags,
    sequence: u32,
    size: usize,
) -> Result<Pushed, PushError> {
    let header = header(channel, flags, sequence);
    let record = Record::from_payload(header, &vec![0; size - HEADER_LEN]);
    outbox.push_record(&header, record.bytes().clone())
}

fn drain(outbox: &mut Outbox) -> Vec<(Channel, u32)> {
    std::iter::from_fn(|| outbox.pop())
        .map(|bytes| {
            let header = Header::decode(&bytes).unwrap();
            (header.channel, header.sequence)
        })
        .collect()
}

fn small(policy: DropPolicy) -> Outbox {
    let limits =
        Limits { bytes: 1_000, count: 50, input: 3, bulk: 200, files: 200, ..Limits::default() };
    Outbox::new(limits, policy)
}

#[test]
fn urgent_messages_overtake_and_order_within_a_priority_holds() {
    let mut outbox = Outbox::new(Limits::default(), DropPolicy::SkipToKeyFrame);
    for (sequence, channel) in [
        Channel::Files,
        Channel::Clipboard,
        Channel::Video,
        Channel::Video,
        Channel::Cursor,
        Channel::Control,
        Channel::Input,
    ]
    .into_iter()
    .enumerate()
    {
        push(&mut outbox, channel, Flags::NONE, sequence as u32, 100).unwrap();
    }
    outbox.push_link(Bytes::from_static(b"\x01link")).unwrap();
    assert_eq!(outbox.queued_bytes(), 705);
    assert_eq!(outbox.urgent_bytes(), 605, "all but the file");
    assert_eq!(outbox.pop().unwrap(), &b"\x01link"[..]);
    assert_eq!(
        drain(&mut outbox),
        [
            (Channel::Input, 6),
            (Channel::Cursor, 4),
            (Channel::Control, 5),
            (Channel::Video, 2),
            (Channel::Video, 3),
            (Channel::Clipboard, 1),
            (Channel::Files, 0),
        ]
    );
    assert_eq!((outbox.queued_bytes(), outbox.len()), (0, 0));
}

#[test]
fn pictures_that_do_not_fit_are_skipped_to_the_next_key_frame() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    for sequence in 0..10 {
        assert_eq!(push(&mut outbox, Channel::Video, frame(), sequence, 100), Ok(Pushed::Queued));
    }
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 10, 100), Ok(Pushed::Skipped(11)));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 11, 100), Ok(Pushed::Skipped(1)));
    assert!(outbox.take_picture_needed());
    assert!(!outbox.take_picture_needed(), "told once");
    assert_eq!(push(&mut outbox, Channel::Video, key(), 12, 100), Ok(Pushed::Queued));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 13, 100), Ok(Pushed::Queued));
    assert!(!outbox.take_picture_needed());
    assert_eq!(drain(&mut outbox), [(Channel::Video, 12), (Channel::Video, 13)]);
    assert_eq!(outbox.dropped(), 12);
}

#[test]
fn a_key_frame_that_may_not_be_dropped_ends_the_skip_too() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    push(&mut outbox, Channel::Video, frame(), 0, 900).unwrap();
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 1, 900), Ok(Pushed::Skipped(2)));
    let whole = Flags::KEY_FRAME.with(Flags::END);
    assert_eq!(push(&mut outbox, Channel::Video, whole, 2, 100), Ok(Pushed::Queued));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 3, 100), Ok(Pushed::Queued));
    assert_eq!(drain(&mut outbox), [(Channel::Video, 2), (Channel::Video, 3)]);
}

#[test]
fn pictures_that_wait_too_long_are_skipped_however_small() {
    let ms = Duration::from_millis;
    let limits = Limits { patience: ms(100), ..Limits::default() };
    let mut outbox = Outbox::new(limits, DropPolicy::SkipToKeyFrame);
    outbox.at(ms(1_000));
    for sequence in 0..3 {
        assert_eq!(push(&mut outbox, Channel::Video, frame(), sequence, 50), Ok(Pushed::Queued));
    }
    outbox.at(ms(1_100));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 3, 50), Ok(Pushed::Queued));
    outbox.at(ms(1_101));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 4, 50), Ok(Pushed::Skipped(5)));
    assert!(outbox.take_picture_needed());
}

#[test]
fn who_is_skipped_gets_what_is_meant_for_it_alone() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    let alone = |flags, sequence| {
        let header = Header { participant: 3, ..header(Channel::Video, flags, sequence) };
        (header, Record::from_payload(header, &[0; 30]).bytes().clone())
    };
    push(&mut outbox, Channel::Video, frame(), 0, 900).unwrap();
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 1, 900), Ok(Pushed::Skipped(2)));
    assert!(outbox.take_picture_needed());
    let (header, record) = alone(frame(), 2);
    assert_eq!(outbox.push_record(&header, record), Ok(Pushed::Queued));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 3, 50), Ok(Pushed::Skipped(1)));
    let (header, record) = alone(key(), 4);
    assert_eq!(outbox.push_record(&header, record), Ok(Pushed::Queued));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 5, 50), Ok(Pushed::Queued));
    let left: Vec<_> = drain(&mut outbox).into_iter().map(|(_, sequence)| sequence).collect();
    assert_eq!(left, [2, 4, 5]);
}

#[test]
fn a_frame_that_is_partly_sent_is_finished_before_the_skip() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    push(&mut outbox, Channel::Video, Flags::DROPPABLE, 0, 300).unwrap();
    push(&mut outbox, Channel::Video, Flags::DROPPABLE, 1, 300).unwrap();
    push(&mut outbox, Channel::Video, frame(), 2, 300).unwrap();
    push(&mut outbox, Channel::Video, frame(), 3, 100).unwrap();
    assert!(outbox.pop().is_some());
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 4, 500), Ok(Pushed::Skipped(2)));
    assert!(!outbox.take_picture_needed(), "not while something waits");
    assert_eq!(drain(&mut outbox), [(Channel::Video, 1), (Channel::Video, 2)]);
    assert!(outbox.take_picture_needed());
}

#[test]
fn what_may_not_be_dropped_survives_a_skip_in_order() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    push(&mut outbox, Channel::Video, frame(), 0, 900).unwrap();
    push(&mut outbox, Channel::Video, Flags::NONE, 1, 100).unwrap();
    push(&mut outbox, Channel::Video, frame(), 2, 900).unwrap();
    push(&mut outbox, Channel::Cursor, Flags::NONE, 0, 100).unwrap();
    push(&mut outbox, Channel::Video, key(), 3, 5_000).unwrap();
    assert_eq!(
        drain(&mut outbox),
        [(Channel::Cursor, 0), (Channel::Video, 1), (Channel::Video, 3)]
    );
}

#[test]
fn a_producer_that_paces_itself_is_refused_instead() {
    let mut outbox = small(DropPolicy::Refuse);
    assert_eq!(push(&mut outbox, Channel::Video, key(), 0, 5_000), Ok(Pushed::Queued));
    assert_eq!(push(&mut outbox, Channel::Video, frame(), 1, 100), Err(PushError::Full));
    assert!(!outbox.take_picture_needed());
    assert_eq!(outbox.len(), 1);
}

#[test]
fn input_bulk_link_and_control_have_bounds_of_their_own() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    for sequence in 0..3 {
        push(&mut outbox, Channel::Input, Flags::NONE, sequence, 50).unwrap();
    }
    let overrun = push(&mut outbox, Channel::Input, Flags::NONE, 3, 50);
    assert_eq!(overrun, Err(PushError::InputOverrun));

    push(&mut outbox, Channel::Clipboard, Flags::NONE, 0, 150).unwrap();
    assert_eq!(outbox.credit(Channel::Clipboard), 50);
    let over = push(&mut outbox, Channel::Clipboard, Flags::NONE, 1, 100);
    assert_eq!(over, Err(PushError::NoCredit));
    assert_eq!(push(&mut outbox, Channel::Files, Flags::NONE, 0, 200), Ok(Pushed::Queued));

    let mut control = 0;
    while push(&mut outbox, Channel::Control, Flags::NONE, control, 40).is_ok() {
        control += 1;
    }
    assert_eq!(control, 37, "1,500 bytes");

    let mut links = 0;
    while outbox.push_link(Bytes::from_static(&[1])).is_ok() {
        links += 1;
    }
    assert_eq!(links, 50);
    outbox.clear_records();
    assert_eq!((outbox.len(), outbox.queued_bytes()), (50, 50));
}

#[test]
fn a_batch_stays_near_its_budget() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    for sequence in 0..5 {
        push(&mut outbox, Channel::Control, Flags::NONE, sequence, 100).unwrap();
    }
    assert_eq!(outbox.pop_batch(150).len(), 2);
    assert_eq!(outbox.pop_batch(1).len(), 1);
    assert_eq!(outbox.pop_batch(10_000).len(), 2);
    assert!(outbox.pop_batch(10).is_empty());
}

#[test]
fn a_peer_that_only_sends_key_frames_without_end_fills_nothing() {
    let mut outbox = small(DropPolicy::SkipToKeyFrame);
    let endless = Flags::DROPPABLE.with(Flags::KEY_FRAME);
    push(&mut outbox, Channel::Video, endless, 0, 100).unwrap();
    assert!(outbox.pop().is_some());
    for sequence in 1..100 {
        push(&mut outbox, Channel::Video, endless, sequence, 900).unwrap();
    }
    assert_eq!(outbox.queued_bytes(), 900);
}
