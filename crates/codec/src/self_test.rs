//! Tries an encoder before it is trusted.

use std::time::Duration;

use gc_video::{
    EncodeFailure, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings, PictureView,
};

use crate::made::check_made;
use crate::{DecodeFailure, OpenH264Decoder};

/// Pictures of [`self_test`], and their size.
const PICTURES: u32 = 6;
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
    /// Pictures of the trial's size are not for it.
    #[error("{0}x{1} is not accepted")]
    Size(u32, u32),
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

impl From<SelfTestFailure> for EncodeFailure {
    fn from(failure: SelfTestFailure) -> Self {
        match failure {
            SelfTestFailure::Encode(failure) => failure,
            other => Self::SelfTest(other.to_string()),
        }
    }
}

/// A few known pictures through an encoder and, for H.264, a decoder: with a change of
/// rate and a key picture on demand. Form, size, profile and order of the stream are
/// checked on the way. H.265 is not decoded: nothing here can.
pub(crate) struct Trial {
    settings: MotionSettings,
    pictures: u32,
    next: u32,
    running: Option<Running>,
}

struct Running {
    encoder: Box<dyn MotionEncoder>,
    decoder: Option<OpenH264Decoder>,
    shown: Vec<u8>,
}

impl Trial {
    /// At least three pictures make sense.
    pub(crate) const fn new(settings: MotionSettings, pictures: u32) -> Self {
        Self { settings, pictures, next: 0, running: None }
    }

    fn start(&self, factory: &mut dyn MotionEncoderFactory) -> Result<Running, SelfTestFailure> {
        let MotionSettings { codec, width, height, .. } = self.settings;
        if !factory.codecs().contains(&codec) || !factory.accepts(codec, width, height) {
            return Err(SelfTestFailure::Size(width, height));
        }
        let encoder = factory.open(self.settings)?;
        let decoder = match codec {
            MotionCodec::H264 => Some(OpenH264Decoder::new(width, height)?),
            MotionCodec::Hevc => None,
        };
        let shown = vec![0; width as usize * height as usize * 4];
        Ok(Running { encoder, decoder, shown })
    }

    /// One picture; `true` when all of them were good.
    pub(crate) fn step(
        &mut self,
        factory: &mut dyn MotionEncoderFactory,
    ) -> Result<bool, SelfTestFailure> {
        if self.running.is_none() {
            self.running = Some(self.start(factory)?);
        }
        let Some(running) = &mut self.running else { return Ok(false) };
        let picture = self.next;
        self.next += 1;
        let MotionSettings { width, height, kbps, fps, .. } = self.settings;
        let stride = width as usize * 4;
        let source = moving_square(width, height, picture);
        let view = PictureView { width, height, stride, pixels: &source };
        let key = picture == 0 || picture + 2 == self.pictures;
        let at = Duration::from_millis(33) * picture;
        let mut unit = Vec::new();
        let made = running.encoder.encode(view, key, at, &mut unit)?;
        check_made(&unit, &self.settings, made.key)?;
        if made.key != key {
            return Err(SelfTestFailure::Kind(picture));
        }
        if picture == 0 {
            running.encoder.set_rate(kbps * 3 / 2, fps)?;
        }
        if let Some(decoder) = &mut running.decoder {
            decoder.decode(&unit, &mut running.shown, stride)?;
            let psnr = psnr(&source, &running.shown);
            if psnr < LEAST_PSNR {
                return Err(SelfTestFailure::Quality { picture, psnr });
            }
        }
        Ok(self.next >= self.pictures)
    }
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
    let mut trial = Trial::new(settings, PICTURES);
    while !trial.step(factory)? {}
    Ok(())
}

/// A square on a gradient; both smooth, so that no rate is too low for them.
fn moving_square(width: u32, height: u32, step: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((width * height * 4) as usize);
    let (left, top) = (width / 10 + step * 5, height / 4);
    let (across, down) = (left..left + width / 3, top..top + height / 2);
    for y in 0..height {
        let shade = (40 + y * 120 / height) as u8;
        for x in 0..width {
            let inside = across.contains(&x) && down.contains(&y);
            let gradient = [(60 + x * 100 / width) as u8, 90, shade];
            let color = if inside { [40, 200, 60] } else { gradient };
            pixels.extend([color[0], color[1], color[2], 255]);
        }
    }
    pixels
}

/// Likeness of two pictures of B G R X bytes in decibels, X left out.
pub(crate) fn psnr(a: &[u8], b: &[u8]) -> f64 {
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
        assert!(
            psnr(&moving_square(WIDTH, HEIGHT, 0), &moving_square(WIDTH, HEIGHT, 9)) < LEAST_PSNR
        );
        assert!(
            psnr(&moving_square(WIDTH, HEIGHT, 1), &moving_square(WIDTH, HEIGHT, 1)).is_infinite()
        );
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
        let source = moving_square(WIDTH, HEIGHT, 0);
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
