//! An agent that wants to hurt its viewer.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

use gc_codec::{OpenH264Factory, TileError, ZstdTiles};
use gc_proto::v2::{
    CopyFrom, Fill, Frame, H264, Operation, Rect, Surface, Tile, TileEncoding, VideoMessage,
    operation, video_message,
};
use gc_video::{MotionCodec, MotionEncoderFactory, MotionSettings, PictureView, PixelRect};
use gc_viewer_core::{DecodeProblem, Decoder, DecoderLimits, Outcome};

fn surface(width: u32, height: u32) -> VideoMessage {
    let surface = Surface { generation: 1, width, height, display_id: 1 };
    VideoMessage { body: Some(video_message::Body::Surface(surface)) }
}

fn frame(operations: Vec<Operation>) -> VideoMessage {
    let frame =
        Frame { generation: 1, frame_id: 1, operations, last: true, key: true, ..Frame::default() };
    VideoMessage { body: Some(video_message::Body::Frame(frame)) }
}

fn at(x: u32, y: u32, width: u32, height: u32, draw: operation::Draw) -> Operation {
    Operation { rect: Some(Rect { x, y, width, height }), draw: Some(draw) }
}

fn tile(pixels: &[u8]) -> operation::Draw {
    let mut data = Vec::new();
    ZstdTiles::new().unwrap().compress(pixels, &mut data).unwrap();
    operation::Draw::Tile(Tile { encoding: TileEncoding::ZstdBgrx.into(), data: data.into() })
}

fn unit(width: u32, height: u32) -> Vec<u8> {
    let settings = MotionSettings { codec: MotionCodec::H264, width, height, kbps: 1000, fps: 30 };
    let mut encoder = OpenH264Factory.open(settings).unwrap();
    let pixels = vec![99; (width * height * 4) as usize];
    let view = PictureView { width, height, stride: width as usize * 4, pixels: &pixels };
    let mut out = Vec::new();
    encoder.encode(view, true, std::time::Duration::ZERO, &mut out).unwrap();
    out
}

fn motion(access_unit: Vec<u8>, stream: u32) -> operation::Draw {
    operation::Draw::H264(H264 { access_unit: access_unit.into(), key: true, stream, scale: 0 })
}

fn decoder() -> Decoder {
    let mut decoder = Decoder::new(DecoderLimits::default()).unwrap();
    assert_eq!(decoder.apply(&surface(320, 200)), Ok(Outcome::SurfaceChanged));
    decoder
}

/// The message is refused, and the next key frame makes everything good again.
fn refused(operations: Vec<Operation>) -> DecodeProblem {
    let mut decoder = decoder();
    let problem = decoder.apply(&frame(operations)).expect_err("must be refused");
    assert!(decoder.needs_key());
    assert_eq!(decoder.streams(), 0);
    let good = frame(vec![at(0, 0, 320, 200, operation::Draw::Fill(Fill { color: 7 }))]);
    assert!(matches!(decoder.apply(&good), Ok(Outcome::Presented { frame_id: 1, .. })));
    problem
}

#[test]
fn surfaces_beyond_the_limits_are_refused() {
    let limits = DecoderLimits { max_side: 4000, max_pixels: 9_000_000, h264: true };
    let mut decoder = Decoder::new(limits).unwrap();
    for (width, height) in [(0, 5), (5, 0), (16_385, 1), (16_384, 16_384), (u32::MAX, u32::MAX)] {
        assert!(matches!(decoder.apply(&surface(width, height)), Err(DecodeProblem::Invalid(_))));
    }
    for (width, height) in [(4001, 10), (3900, 3900)] {
        let problem = DecodeProblem::TooLarge { width, height };
        assert_eq!(decoder.apply(&surface(width, height)), Err(problem));
        assert!(decoder.surface().is_none());
    }
    assert_eq!(decoder.apply(&surface(3840, 2160)), Ok(Outcome::SurfaceChanged));
}

#[test]
fn a_zstd_bomb_is_refused_by_its_header() {
    let bomb = tile(&vec![0; 48 << 20]);
    let problem = refused(vec![at(0, 0, 16, 16, bomb)]);
    assert!(matches!(problem, DecodeProblem::Tile(_)), "{problem:?}");
    let short = tile(&[0; 64]);
    assert!(matches!(refused(vec![at(0, 0, 320, 200, short)]), DecodeProblem::Tile(_)));
    let noise = operation::Draw::Tile(Tile { encoding: 1, data: vec![0xA5; 999].into() });
    assert!(matches!(refused(vec![at(0, 0, 8, 8, noise)]), DecodeProblem::Tile(_)));
    let unknown = operation::Draw::Tile(Tile { encoding: 9, data: vec![1].into() });
    assert_eq!(refused(vec![at(0, 0, 8, 8, unknown)]), DecodeProblem::Tile(TileError::Encoding));
}

#[test]
fn rectangles_outside_the_surface_are_refused() {
    let fill = || operation::Draw::Fill(Fill { color: 1 });
    for (x, y, width, height) in [(310, 0, 11, 1), (0, 199, 1, 2), (320, 0, 1, 1)] {
        assert_eq!(refused(vec![at(x, y, width, height, fill())]), DecodeProblem::Outside);
    }
    for (x, y, width, height) in [(u32::MAX, 0, 1, 1), (1, 1, u32::MAX, 1), (0, 0, 0, 4)] {
        let problem = refused(vec![at(x, y, width, height, fill())]);
        assert!(matches!(problem, DecodeProblem::Invalid(_)), "{problem:?}");
    }
    let copy = |x, y| operation::Draw::Copy(CopyFrom { x, y });
    assert_eq!(refused(vec![at(0, 0, 100, 100, copy(221, 0))]), DecodeProblem::Outside);
    assert_eq!(refused(vec![at(0, 0, 100, 100, copy(0, 101))]), DecodeProblem::Outside);
    let wraps = refused(vec![at(0, 0, 100, 100, copy(u32::MAX - 10, 0))]);
    assert!(matches!(wraps, DecodeProblem::Invalid(_)));
}

#[test]
fn broken_motion_is_refused() {
    let good = unit(64, 64);
    let cases = [
        (64, 64, b"garbage".to_vec()),
        (64, 64, Vec::new()),
        (64, 64, vec![0, 0, 1]),
        // Pictures of another size than the rectangle.
        (64, 64, unit(128, 128)),
        (96, 64, good.clone()),
        // Sizes no encoder of ours makes.
        (320, 1, good.clone()),
        (64, 64, good[..18].to_vec()),
    ];
    for (width, height, bytes) in cases {
        let problem = refused(vec![at(0, 0, width, height, motion(bytes, 1))]);
        assert!(matches!(problem, DecodeProblem::Motion(_)), "{problem:?}");
    }
    let moved = vec![at(0, 0, 64, 64, motion(good.clone(), 1)), at(9, 9, 64, 64, motion(good, 1))];
    assert_eq!(refused(moved), DecodeProblem::StreamMoved(1));
}

fn scaled(access_unit: Vec<u8>, stream: u32, scale: u32) -> operation::Draw {
    operation::Draw::H264(H264 { access_unit: access_unit.into(), key: true, stream, scale })
}

#[test]
fn motion_of_fewer_pixels_fills_its_rectangle_and_nothing_else() {
    let mut decoder = decoder();
    let back = at(0, 0, 320, 200, operation::Draw::Fill(Fill { color: 7 }));
    // Sides that are no multiple of the scale.
    let film = at(11, 13, 99, 65, scaled(unit(50, 33), 1, 2));
    assert!(matches!(decoder.apply(&frame(vec![back, film])), Ok(Outcome::Presented { .. })));
    let surface = decoder.surface().unwrap();
    for y in 0..200_u32 {
        for x in 0..320_u32 {
            let start = y as usize * surface.stride() + x as usize * 4;
            let blue = surface.pixels()[start];
            let inside = (11..110).contains(&x) && (13..78).contains(&y);
            assert!(if inside { blue.abs_diff(99) < 6 } else { blue == 7 }, "{x},{y}: {blue}");
        }
    }
}

#[test]
fn scales_that_do_not_fit_are_refused() {
    for scale in [3, 5, 8, u32::MAX] {
        let operations = vec![at(0, 0, 64, 64, scaled(unit(32, 32), 1, scale))];
        assert!(matches!(refused(operations), DecodeProblem::Invalid(_)), "{scale}");
    }
    // The picture is not of the size that the scale says.
    let whole = refused(vec![at(0, 0, 64, 64, scaled(unit(64, 64), 1, 2))]);
    assert!(matches!(whole, DecodeProblem::Motion(_)), "{whole:?}");
    let changed = vec![
        at(0, 0, 64, 64, scaled(unit(32, 32), 1, 2)),
        at(0, 0, 64, 64, scaled(unit(16, 16), 1, 4)),
    ];
    assert_eq!(refused(changed), DecodeProblem::StreamMoved(1));
}

#[test]
fn decoders_are_bounded_in_number() {
    let mut decoder = decoder();
    let good = unit(32, 32);
    let many = (0..40).map(|n| at(n * 7, n * 4, 32, 32, motion(good.clone(), n))).collect();
    assert!(matches!(decoder.apply(&frame(many)), Ok(Outcome::Presented { .. })));
    assert_eq!(decoder.streams(), 4);
}

#[test]
fn drawing_everything_again_and_again_is_refused() {
    let fill = |color| at(0, 0, 320, 200, operation::Draw::Fill(Fill { color }));
    let problem = refused((0..16_000).map(fill).collect());
    assert_eq!(problem, DecodeProblem::Overdraw);
}

#[test]
fn a_frame_without_an_end_is_bounded() {
    let mut decoder = decoder();
    let fill = |n: u32| at(n % 300, n / 300, 1, 1, operation::Draw::Fill(Fill { color: n }));
    let mut message = frame((0..4000).map(fill).collect());
    for last in [false, false, false, true] {
        if let Some(video_message::Body::Frame(frame)) = &mut message.body {
            frame.last = last;
        }
        match decoder.apply(&message) {
            Ok(Outcome::Partial) => assert!(!last),
            Ok(Outcome::Presented { damage, .. }) => {
                assert!(last && damage.len() <= 64);
                let all = damage.iter().fold(PixelRect::default(), |sum, rect| sum.union(rect));
                assert_eq!(all, PixelRect::new(0, 0, 300, 14));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn motion_without_a_decoder_asks_for_tiles() {
    let limits = DecoderLimits { h264: false, ..DecoderLimits::default() };
    let mut decoder = Decoder::new(limits).unwrap();
    decoder.apply(&surface(320, 200)).unwrap();
    let problem = decoder.apply(&frame(vec![at(0, 0, 32, 32, motion(unit(32, 32), 1))]));
    assert_eq!(problem, Err(DecodeProblem::NoDecoder));
    let cause = problem.unwrap_err().refresh_cause();
    assert_eq!(cause, gc_proto::v2::RefreshCause::NoDecoder);
}

#[test]
fn frames_of_another_surface_or_before_a_key_frame_are_skipped() {
    let mut decoder = decoder();
    let fill = at(0, 0, 320, 200, operation::Draw::Fill(Fill { color: 0x00FF_FFFF }));
    let mut message = frame(vec![fill]);
    if let Some(video_message::Body::Frame(frame)) = &mut message.body {
        frame.key = false;
    }
    assert_eq!(decoder.apply(&message), Ok(Outcome::Skipped));
    if let Some(video_message::Body::Frame(frame)) = &mut message.body {
        frame.key = true;
        frame.generation = 2;
    }
    assert_eq!(decoder.apply(&message), Ok(Outcome::Skipped));
    assert!(decoder.surface().unwrap().pixels().iter().all(|byte| *byte == 0));
}

#[test]
fn overlapping_copies_move_what_was_there_before() {
    let mut decoder = decoder();
    let rows: Vec<u8> =
        (0..32 * 32).flat_map(|i: u32| [(i % 251) as u8, (i / 251) as u8, 3, 255]).collect();
    for (dx, dy) in [(5_i32, 7_i32), (-5, 7), (5, -7), (-5, -7), (6, 0), (-6, 0)] {
        let (x, y) = ((60 + dx) as u32, (60 + dy) as u32);
        let operations = vec![
            at(60, 60, 32, 32, tile(&rows)),
            at(x, y, 32, 32, operation::Draw::Copy(CopyFrom { x: 60, y: 60 })),
        ];
        decoder.apply(&frame(operations)).unwrap();
        let surface = decoder.surface().unwrap();
        for row in 0..32 {
            let start = (y as usize + row) * surface.stride() + x as usize * 4;
            assert_eq!(surface.pixels()[start..start + 128], rows[row * 128..row * 128 + 128]);
        }
    }
}
