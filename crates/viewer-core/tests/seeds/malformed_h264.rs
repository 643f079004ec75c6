//! Streams that no encoder makes. A viewer refuses them, or shows what it can, and
//! the next key frame makes everything good again.
//!
//! The inputs stand in `fuzz/corpus/h264`; `UPDATE_CORPUS=1` makes them anew.

use std::path::PathBuf;

use gc_proto::v2::{
    Fill, Frame, H264, Operation, Rect, Surface, VideoMessage, operation, video_message,
};
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};

use crate::seeds;

const SIDE: u32 = 48;
const SEPARATOR: [u8; 4] = [0xFF; 4];

/// Start of each unit of an access unit, with its start code.
fn units(data: &[u8]) -> Vec<Vec<u8>> {
    let mut starts: Vec<usize> =
        (0..data.len()).filter(|at| data[*at..].starts_with(&[0, 0, 0, 1])).collect();
    starts.push(data.len());
    starts.windows(2).map(|pair| data[pair[0]..pair[1]].to_vec()).collect()
}

fn kind(unit: &[u8]) -> u8 {
    unit[4] & 0x1F
}

/// A baseline parameter set for pictures of so many macroblocks, from bits.
fn parameters(columns: u32, rows: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: u32, count: u32| {
        bits.extend((0..count).rev().map(|i| value >> i & 1 == 1));
    };
    let mut coded = vec![(66, 8), (0xC0_1E, 16)];
    for value in [0, 0, 2, 1] {
        coded.push(exp_golomb(value));
    }
    coded.push((0, 1));
    for value in [columns - 1, rows - 1] {
        coded.push(exp_golomb(value));
    }
    coded.extend([(1, 1), (1, 1), (0, 1), (0, 1), (1, 1)]);
    for (value, count) in coded {
        put(value, count);
    }
    let bytes = bits.chunks(8);
    let bytes =
        bytes.map(|chunk| chunk.iter().enumerate().map(|(i, b)| u8::from(*b) << (7 - i)).sum());
    [0, 0, 0, 1, 0x67].into_iter().chain(bytes).collect()
}

fn exp_golomb(value: u32) -> (u32, u32) {
    (value + 1, 2 * (32 - (value + 1).leading_zeros()) - 1)
}

fn malformed() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let good = seeds::units(SIDE);
    let (key, next) = (good[0].clone(), good[1].clone());
    let parts = units(&key);
    let without = |unwanted: u8| -> Vec<u8> {
        parts.iter().filter(|unit| kind(unit) != unwanted).flatten().copied().collect()
    };
    let swapped = |other: Vec<u8>| -> Vec<u8> {
        let units =
            parts.iter().map(|unit| if kind(unit) == 7 { other.clone() } else { unit.clone() });
        units.flatten().collect()
    };
    let garbage: Vec<u8> = (0..600_u32).map(|i| ((i * i * 31) >> 3) as u8 | 1).collect();
    let slice = |header: u8| [&[0, 0, 0, 1, header][..], &garbage].concat();
    vec![
        ("cut-in-parameters", vec![key[..8].to_vec()]),
        ("cut-in-slice", vec![key[..key.len() / 2].to_vec(), next.clone()]),
        ("cut-at-start-code", vec![[&key[..], &[0, 0, 1]].concat(), next.clone()]),
        ("no-sequence-parameters", vec![without(7), next.clone()]),
        ("no-picture-parameters", vec![without(8), next.clone()]),
        ("no-slice", vec![without(5), next.clone()]),
        ("starts-without-key", vec![next.clone(), next.clone()]),
        ("other-size", vec![swapped(parameters(4, 4))]),
        ("huge-size", vec![swapped(parameters(1024, 1024))]),
        ("wrong-size-said-right", vec![swapped(parameters(3, 3)), next.clone()]),
        ("size-changes", vec![key.clone(), swapped(parameters(8, 2)), next.clone()]),
        ("size-changes-behind-slice", vec![[&key[..], &parameters(9, 9)].concat(), next.clone()]),
        ("garbage-key-slice", vec![[&without(5)[..], &slice(0x65)].concat(), next.clone()]),
        ("garbage-slice", vec![key.clone(), slice(0x41), next.clone()]),
        ("garbage-twice", vec![key.clone(), slice(0x01), slice(0x61), next.clone()]),
        ("empty-units", vec![key.clone(), [0, 0, 1].repeat(30), next.clone()]),
        ("many-units", vec![key.clone(), [0, 0, 1, 9, 0x10].repeat(100), next.clone()]),
        ("key-again", vec![key.clone(), key.clone(), next.clone()]),
        ("scalable", vec![key.clone(), [&[0, 0, 0, 1, 0x6F][..], &garbage].concat(), next]),
    ]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/h264")
}

fn message(frame_id: u32, rect: Rect, key: bool, draw: operation::Draw) -> VideoMessage {
    let operations = vec![Operation { rect: Some(rect), draw: Some(draw) }];
    let frame = Frame { generation: 1, frame_id, operations, last: true, key, ..Frame::default() };
    VideoMessage { body: Some(video_message::Body::Frame(frame)) }
}

#[test]
fn a_viewer_outlives_every_malformed_stream() {
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        for (name, stream) in malformed() {
            let side = SIDE as u8 - 1;
            let data = [&[side, side][..], &stream.join(&SEPARATOR[..])].concat();
            std::fs::write(folder().join(name), data).unwrap();
        }
    }
    let mut files: Vec<_> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut refused = 0;
    for file in &files {
        let data = std::fs::read(file).unwrap();
        let (width, height) = (u32::from(data[0]) + 1, u32::from(data[1]) + 1);
        let rect = Rect { x: 8, y: 8, width, height };
        let mut decoder = Decoder::new(DecoderLimits::default()).unwrap();
        let surface = Surface { generation: 1, width: 300, height: 300, display_id: 1 };
        decoder.apply(&VideoMessage { body: Some(video_message::Body::Surface(surface)) }).unwrap();
        let mut rest = &data[2..];
        let mut id = 0;
        let mut failed = false;
        while !rest.is_empty() {
            let end = rest.windows(4).position(|four| four == SEPARATOR).unwrap_or(rest.len());
            let access_unit = rest[..end].to_vec().into();
            rest = rest.get(end + 4..).unwrap_or_default();
            id += 1;
            let draw =
                operation::Draw::H264(H264 { access_unit, key: id == 1, stream: 1, scale: 0 });
            let outcome = decoder.apply(&message(id, rect, id == 1, draw));
            failed |= outcome.is_err();
            // Nothing is shown of a stream that has failed until a key frame comes.
            assert_eq!(decoder.needs_key(), failed, "{}", file.display());
            assert_eq!(decoder.streams(), usize::from(!failed), "{}", file.display());
        }
        refused += usize::from(failed);
        let whole = Rect { x: 0, y: 0, width: 300, height: 300 };
        let fill = operation::Draw::Fill(Fill { color: 0x0011_2233 });
        let mended = decoder.apply(&message(id + 1, whole, true, fill));
        assert!(matches!(mended, Ok(Outcome::Presented { .. })), "{}", file.display());
        let shown = decoder.surface().unwrap().pixels();
        assert!(shown.chunks_exact(4).all(|pixel| pixel == [0x33, 0x22, 0x11, 255]));
    }
    assert!(files.len() >= 19 && refused >= 12, "{refused} of {} refused", files.len());
}
