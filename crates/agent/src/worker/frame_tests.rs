use std::io::Cursor;

use gc_types::{Entropy, SeededEntropy};

use super::*;
use crate::worker::message::{FromWorker, Pong, Word};

fn pong() -> FromWorker {
    FromWorker {
        word: Some(Word::Pong(Pong { nonce: 7, user: "anna".into(), idle_ms: 9, stalled_ms: 0 })),
    }
}

fn read_all(bytes: &[u8]) -> (Vec<Frame<FromWorker>>, FrameError) {
    let mut reader = Cursor::new(bytes);
    let mut frames = Vec::new();
    loop {
        match read::<FromWorker>(&mut reader) {
            Ok(frame) => frames.push(frame),
            Err(error) => return (frames, error),
        }
    }
}

#[test]
fn messages_and_records_come_out_as_they_went_in() {
    let record = Bytes::from(vec![3; HEADER_LEN + 200_000]);
    let mut stream = message(&pong()).to_vec();
    write_record(&mut stream, &record, true).unwrap();
    write_record(&mut stream, &record.slice(..HEADER_LEN), false).unwrap();
    stream.extend(report(b"link"));
    let (frames, error) = read_all(&stream);
    assert!(matches!(error, FrameError::Ended), "{error}");
    assert_eq!(
        frames,
        [
            Frame::Message(pong()),
            Frame::Record { bytes: BytesMut::from(&record[..]), may_arrange: true },
            Frame::Record { bytes: BytesMut::from(&record[..HEADER_LEN]), may_arrange: false },
            Frame::Report(Bytes::from_static(b"link")),
        ]
    );
}

#[test]
fn lengths_beyond_their_bounds_are_refused_before_anything_is_read() {
    let head = |length: u32, kind: u8| [&length.to_le_bytes()[..], &[kind]].concat();
    let too_large = u32::try_from(MAX_AGENT_MESSAGE).unwrap() + 2;
    for (length, kind) in [
        (0, MESSAGE),
        (u32::MAX, MESSAGE),
        (65_538, MESSAGE),
        (too_large, RECORD),
        (8, RECORD),
        (32, RECORD_BARRED),
        (100, 0),
        (100, 77),
    ] {
        let (frames, error) = read_all(&head(length, kind));
        assert!(frames.is_empty());
        assert!(matches!(error, FrameError::NotAllowed { .. }), "{length} {kind}: {error}");
    }
}

/// Announces the most that is allowed and sends nothing of it.
struct Greedy {
    head: Cursor<Vec<u8>>,
    largest_read: usize,
}

impl Read for Greedy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.head.read(buffer)?;
        self.largest_read = self.largest_read.max(buffer.len());
        Ok(read)
    }
}

#[test]
fn a_length_alone_claims_little_memory() {
    let length = u32::try_from(MAX_AGENT_MESSAGE).unwrap();
    let head = [&length.to_le_bytes()[..], &[RECORD]].concat();
    let mut reader = Greedy { head: Cursor::new(head), largest_read: 0 };
    assert!(matches!(read::<FromWorker>(&mut reader), Err(FrameError::Ended)));
    assert_eq!(reader.largest_read, STEP);
}

#[test]
fn hostile_bytes_end_the_stream_and_nothing_else() {
    let seed = 0x0BAD_5EED_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let good = [&message(&pong())[..], &message(&pong())[..]].concat();
    for _ in 0..5_000 {
        let mut bytes = good.clone();
        let mut dice = [0; 8];
        entropy.fill(&mut dice);
        for pair in dice.chunks_exact(2) {
            let place = usize::from(pair[0]) % bytes.len();
            bytes[place] ^= pair[1];
        }
        bytes.truncate(usize::from(dice[0]) % (good.len() + 1));
        // Whatever it is, it ends, and what was whole before it is told.
        let (frames, _) = read_all(&bytes);
        assert!(frames.len() <= 2);
    }
}
