//! Tries an encoder before it is trusted.

use std::time::Duration;

use gc_video::{EncodeFailure, MotionCodec, MotionEncoderFactory, MotionSettings, PictureView};

use crate::{DecodeFailure, OpenH264Decoder};

const WIDTH: u32 = 98;
const HEIGHT: u32 = 67;
/// Least likeness of a decoded picture to its source, decibels.
const LEAST_PSNR: f64 = 24.0;

/// Why an encoder is not to be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SelfTestFailure {
    /// It failed.
    #[error(transparent)]
    Encode(#[from] EncodeFailure),
    /// What it made cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeFailure),
    /// It made key pictures where none was asked for, or the other way round.
    #[error("picture {0} is not of the kind that was asked for")]
    Kind(u32),
    /// It shows something else.
    #[error("picture {picture} resembles its source by only {psnr:.1} dB")]
    Quality {
        /// Which one.
        picture: u32,
        /// Peak signal-to-noise ratio.
        psnr: f64,
    },
}

/// Encodes a few pictures of odd size, with a change of rate and a key picture on
/// demand, and decodes them again. Takes some milliseconds.
pub fn self_test(factory: &mut dyn MotionEncoderFactory) -> Result<(), SelfTestFailure> {
    let settings = MotionSettings {
        codec: MotionCodec::H264,
        width: WIDTH,
        height: HEIGHT,
        kbps: 2000,
        fps: 30,
    };
    let mut encoder = factory.open(settings)?;
    let mut decoder = OpenH264Decoder::new(WIDTH, HEIGHT)?;
    let stride = WIDTH as usize * 4;
    let mut shown = vec![0; stride * HEIGHT as usize];
    for picture in 0..6 {
        let source = moving_square(picture);
        let view = PictureView { width: WIDTH, height: HEIGHT, stride, pixels: &source };
        let key = picture == 0 || picture == 4;
        let at = Duration::from_millis(33) * picture;
        let mut unit = Vec::new();
        if encoder.encode(view, key, at, &mut unit)?.key != key {
            return Err(SelfTestFailure::Kind(picture));
        }
        if picture == 2 {
            encoder.set_rate(3000, 20)?;
        }
        decoder.decode(&unit, &mut shown, stride)?;
        let psnr = psnr(&source, &shown);
        if psnr < LEAST_PSNR {
            return Err(SelfTestFailure::Quality { picture, psnr });
        }
    }
    Ok(())
}

fn moving_square(step: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((WIDTH * HEIGHT * 4) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let inside = (10 + step * 5..50 + step * 5).contains(&x) && (20..50).contains(&y);
            let color = if inside { [40, 200, 60] } else { [(x + 60) as u8, 90, (y + 80) as u8] };
            pixels.extend([color[0], color[1], color[2], 255]);
        }
    }
    pixels
}

/// Likeness of two pictures of B G R X bytes in decibels, X left out.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares: u64 = a
        .chunks_exact(4)
        .zip(b.chunks_exact(4))
        .flat_map(|(a, b)| a.iter().zip(b).take(3))
        .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
        .sum();
    let mean = squares as f64 / (a.len() as f64 * 0.75);
    if mean == 0.0 { f64::INFINITY } else { 10.0 * (255.0 * 255.0 / mean).log10() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpenH264Factory;

    #[test]
    fn software_encoder_passes() {
        assert_eq!(self_test(&mut OpenH264Factory), Ok(()));
    }

    #[test]
    fn an_encoder_that_shows_something_else_does_not() {
        assert!(psnr(&moving_square(0), &moving_square(4)) < LEAST_PSNR);
        assert!(psnr(&moving_square(1), &moving_square(1)).is_infinite());
    }

    #[test]
    fn impossible_sizes_are_refused() {
        for (width, height) in [(3841, 100), (15, 100), (3000, 3000)] {
            let settings =
                MotionSettings { codec: MotionCodec::H264, width, height, kbps: 1000, fps: 30 };
            assert!(OpenH264Factory.open(settings).is_err());
            assert!(OpenH264Decoder::new(width, height).is_err());
        }
    }

    #[test]
    fn garbage_is_an_error_and_not_a_crash() {
        let seed = 0xC0DEC_u64;
        println!("seed {seed:#x}");
        let settings = MotionSettings {
            codec: MotionCodec::H264,
            width: WIDTH,
            height: HEIGHT,
            kbps: 2000,
            fps: 30,
        };
        let mut encoder = OpenH264Factory.open(settings).unwrap();
        let stride = WIDTH as usize * 4;
        let source = moving_square(0);
        let view = PictureView { width: WIDTH, height: HEIGHT, stride, pixels: &source };
        let mut unit = Vec::new();
        encoder.encode(view, true, Duration::ZERO, &mut unit).unwrap();
        let mut shown = vec![0; source.len()];
        let mut state = seed;
        let mut refused = 0;
        for _ in 0..300 {
            let mut broken = unit.clone();
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % broken.len();
                broken[at] ^= (state >> 20) as u8 | 1;
            }
            let mut decoder = OpenH264Decoder::new(WIDTH, HEIGHT).unwrap();
            refused += usize::from(decoder.decode(&broken, &mut shown, stride).is_err());
        }
        assert!(refused > 0);
        let mut decoder = OpenH264Decoder::new(WIDTH, HEIGHT).unwrap();
        assert_eq!(
            decoder.decode(&[0, 0, 1, 0x41, 9], &mut shown, stride),
            Err(DecodeFailure::NoKey)
        );
    }
}
