use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use gc_proto::{Channel, Flags};

use super::*;

const SESSION: SessionId = SessionId::from_bytes([4; 16]);
const PATIENCE: Duration = Duration::from_secs(20);

/// Hands on each write.
struct Tap(Sender<usize>);

impl Write for Tap {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.send(buffer.len()).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn writing(way: &Arc<PipeWay>) -> Receiver<usize> {
    let (sender, receiver) = channel();
    let way = Arc::clone(way);
    std::thread::spawn(move || way.write(&mut Tap(sender)));
    receiver
}

fn send(way: &PipeWay, channel: Channel, payload: usize) -> bool {
    let mark = RecordMark { channel, participant: 0, flags: Flags::END };
    let bytes = vec![0; payload];
    way.send(SESSION, mark, &mut |header| Record::from_payload(header, &bytes))
}

/// Sizes of the frames written until so many bytes have come.
fn take(written: &Receiver<usize>, bytes: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < bytes {
        sizes.push(written.recv_timeout(PATIENCE).unwrap());
    }
    sizes
}

/// Bytes of records written until nothing more comes; each has a head of 5 bytes.
fn drain(written: &Receiver<usize>) -> u64 {
    let sizes = std::iter::from_fn(|| written.recv_timeout(Duration::from_millis(100)).ok());
    sizes.map(|size| size as u64 - 5).sum()
}

#[test]
fn no_more_than_the_window_is_under_way_and_the_rest_is_known() {
    let way = PipeWay::new();
    let size = 16 << 10;
    let count = 100;
    for _ in 0..count {
        assert!(send(&way, Channel::Video, size - gc_proto::HEADER_LEN));
    }
    let written = writing(&way);
    let total = (count * size) as u64;
    assert_eq!(take(&written, 1).len(), 1);
    let mut received = drain(&written) + size as u64;
    assert_eq!(received, WINDOW);
    assert_eq!(way.backlog(), total);

    // The service has read all of it, and its link keeps it: still nothing.
    way.progress(Progress { received, backlog: received });
    assert_eq!(drain(&written), 0);
    assert_eq!(way.backlog(), total);
    // The link has sent half: as much follows.
    way.progress(Progress { received, backlog: received / 2 });
    received += drain(&written);
    assert_eq!(received, WINDOW + WINDOW / 2);
    assert_eq!(way.backlog(), total - WINDOW / 2);
    way.close();
}

#[test]
fn what_is_more_urgent_goes_first_and_words_before_all() {
    let way = PipeWay::new();
    for _ in 0..30 {
        assert!(send(&way, Channel::Video, 100_000));
    }
    assert!(send(&way, Channel::Cursor, 10));
    way.say(Word::Picture(crate::worker::message::Picture { cause: 0 }));
    let written = writing(&way);
    let out = take(&written, 100_000);
    assert!(out[0] < 16, "the word: {out:?}");
    assert_eq!(out[1], 10 + gc_proto::HEADER_LEN + 5, "the cursor: {out:?}");
    way.close();
}

#[test]
fn what_does_not_fit_is_refused_as_on_a_link() {
    let way = PipeWay::new();
    let mut taken = 0;
    while send(&way, Channel::Video, 500_000) {
        taken += 1;
        assert!(taken < 100, "without bound");
    }
    assert!(way.backlog() <= 8 << 20);
    assert!(send(&way, Channel::Control, 100), "what may not be dropped still fits");
    way.close();
    assert!(!send(&way, Channel::Control, 100), "nobody takes it");
}

#[test]
fn reports_go_out_also_at_the_end_and_files_are_as_last_told() {
    let way = PipeWay::new();
    let policy = v2::FilePolicy { upload: true, ..v2::FilePolicy::default() };
    way.set_files(SESSION, Some(policy.clone()));
    assert_eq!(RecordWay::files(way.as_ref(), SESSION), Some(policy));
    way.set_files(SESSION, None);
    assert_eq!(RecordWay::files(way.as_ref(), SESSION), None);

    let report = v2::AuditReport {
        session_id: SESSION.as_bytes().to_vec(),
        event: "folder_made".into(),
        detail: String::new(),
    };
    assert!(way.report(Body::AuditReport(report.clone())));
    way.close();
    assert!(!way.report(Body::AuditReport(report)), "nobody writes any more");
    let written = writing(&way);
    assert_eq!(take(&written, 1).len(), 1, "what was taken is written");
}
