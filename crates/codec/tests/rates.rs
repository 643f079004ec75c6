//! A stream goes on through any change of its rate.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may be loud")]

use std::time::Duration;

use gc_codec::{OpenH264Decoder, OpenH264Factory};
use gc_video::{MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings, PictureView};

const SIZES: [(u32, u32); 4] = [(16, 16), (97, 131), (320, 240), (1280, 720)];
const RATES: [u32; 10] = [8000, 2700, 4100, 64, 50_000, 12_345, 64, 300, 20_000, 1000];
const FPS: [u32; 7] = [30, 60, 1, 15, 240, 7, 30];

struct Source {
    size: (u32, u32),
    state: u64,
    pixels: Vec<u8>,
}

impl Source {
    fn new(size: (u32, u32)) -> Self {
        let state = 0xC0_DEC2;
        println!("seed {state:#x}");
        Self { size, state, pixels: vec![255; (size.0 * size.1 * 4) as usize] }
    }

    /// Grain over a moving gradient, as video is.
    fn next(&mut self, step: u32) -> PictureView<'_> {
        let (width, height) = self.size;
        for (i, pixel) in self.pixels.chunks_exact_mut(4).enumerate() {
            let (x, y) = (i as u32 % width, i as u32 / width);
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let grain = (self.state >> 33) as u32 % 24;
            for (value, at) in pixel.iter_mut().zip([x, y, x + y]) {
                *value = ((at + step * 5) % 200 + grain) as u8;
            }
        }
        PictureView { width, height, stride: width as usize * 4, pixels: &self.pixels }
    }
}

fn open((width, height): (u32, u32), kbps: u32) -> Box<dyn MotionEncoder> {
    OpenH264Factory
        .open(MotionSettings { codec: MotionCodec::H264, width, height, kbps, fps: 30 })
        .unwrap()
}

#[test]
fn every_change_is_taken_before_and_after_the_first_picture() {
    for size in SIZES {
        for early in 0..RATES.len() {
            let mut source = Source::new(size);
            let mut encoder = open(size, RATES[0]);
            let mut decoder = OpenH264Decoder::new(size.0, size.1).unwrap();
            let mut shown = vec![0; source.pixels.len()];
            for (kbps, fps) in RATES.iter().zip(FPS.iter().cycle()).take(early) {
                encoder.set_rate(*kbps, *fps).unwrap();
            }
            // Large pictures cost time, and are no other case after the first ones.
            let pictures = if size.0 > 1000 { 3 } else { RATES.len() };
            for step in 0..pictures {
                let mut unit = Vec::new();
                let at = Duration::from_millis(33 * step as u64);
                let made = encoder.encode(source.next(step as u32), false, at, &mut unit).unwrap();
                assert_eq!(made.key, step == 0, "no key picture for a change of the rate");
                decoder.decode(&unit, &mut shown, size.0 as usize * 4).unwrap();
                let next = early + step;
                encoder.set_rate(RATES[next % RATES.len()], FPS[next % FPS.len()]).unwrap();
            }
        }
    }
}

#[test]
fn rates_without_sense_are_brought_into_bounds() {
    let mut source = Source::new((64, 48));
    for kbps in [0, 1, u32::MAX] {
        let mut encoder = open((64, 48), kbps);
        for step in 0..4 {
            let mut unit = Vec::new();
            encoder.encode(source.next(step), false, Duration::ZERO, &mut unit).unwrap();
            encoder
                .set_rate([u32::MAX, 0][step as usize % 2], [0, u32::MAX][step as usize / 2])
                .unwrap();
        }
    }
}

/// Kilobits per second of 90 pictures at 30 Hz.
fn produced(encoder: &mut dyn MotionEncoder, source: &mut Source) -> u32 {
    let mut unit = Vec::new();
    for step in 0..90 {
        let at = Duration::from_millis(33 * u64::from(step));
        encoder.encode(source.next(step), false, at, &mut unit).unwrap();
    }
    (unit.len() * 8 / 3 / 1000) as u32
}

#[test]
fn a_rate_set_before_the_first_picture_holds() {
    let size = (320, 240);
    let mut source = Source::new(size);
    let mut encoder = open(size, 8000);
    encoder.set_rate(1000, 30).unwrap();
    let low = produced(&mut *encoder, &mut source);
    encoder.set_rate(3000, 30).unwrap();
    let high = produced(&mut *encoder, &mut source);
    println!("{low} then {high} kbit/s");
    assert!((700..=1300).contains(&low), "{low} kbit/s instead of 1000");
    assert!((2300..=3700).contains(&high), "{high} kbit/s instead of 3000");
}
