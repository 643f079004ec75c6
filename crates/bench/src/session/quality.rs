//! How near a shown picture comes to its source.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::{Value, json};

use crate::barcode;
use crate::probe::equal_share;
use crate::statistics::Samples;
use crate::workload::{Film, Geometry};

/// What equal pictures are given, dB: the formula has no value for them.
const EQUAL: f64 = 100.0;

/// Bytes of as many pixels as a sum of 32 bits can take.
const RUN: usize = 4 * 16_384;

/// Peak signal to noise ratio of two pictures of B G R X over their three colours,
/// dB; the fourth byte does not count.
pub(super) fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let row = |(a, b): (&[u8], &[u8])| -> u64 {
        let pixels = a.chunks_exact(4).zip(b.chunks_exact(4));
        let sum: u32 = pixels
            .map(|(a, b)| {
                let colour = |(a, b): (&u8, &u8)| u32::from(a.abs_diff(*b)).pow(2);
                a.iter().zip(b).take(3).map(colour).sum::<u32>()
            })
            .sum();
        u64::from(sum)
    };
    let squares: u64 = a.chunks(RUN).zip(b.chunks(RUN)).map(row).sum();
    if squares == 0 {
        return EQUAL;
    }
    let values = a.len().min(b.len()) / 4 * 3;
    10.0 * (255.0 * 255.0 * values as f64 / squares as f64).log10()
}

/// A picture of the film against its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quality {
    /// When it was seen.
    pub(super) at: Duration,
    /// dB.
    pub(super) psnr: f64,
    /// Of its pixels, exactly as in the source.
    pub(super) equal_share: f64,
}

/// Compares pictures of the film with what their timestamps name, until no more
/// come.
pub(super) fn compare(
    geometry: Geometry,
    pictures: &Receiver<(Duration, Vec<u8>)>,
    found: impl Fn(Quality),
) {
    let film = Film::new(geometry);
    let stride = geometry.film().width * 4;
    let mut source = film.frame();
    while let Ok((at, picture)) = pictures.recv() {
        let Some(stamp) = barcode::read(&picture, stride, (0, 0)) else { continue };
        film.render(stamp, &mut source);
        let psnr = psnr(&picture, &source);
        found(Quality { at, psnr, equal_share: equal_share(&picture, &source) });
    }
}

/// What was found, for the file; `null` without any.
pub(super) fn json(found: &[Quality]) -> Value {
    if found.is_empty() {
        return Value::Null;
    }
    let psnr: Samples = found.iter().map(|quality| quality.psnr).collect();
    let equal: Samples = found.iter().map(|quality| quality.equal_share).collect();
    json!({
        "pictures": found.len(),
        "psnr_db": {"p50": psnr.percentile(50.0), "p5": psnr.percentile(5.0)},
        "equal_share": {"p50": equal.percentile(50.0), "p5": equal.percentile(5.0)},
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_formula() {
        let a = vec![100_u8; 4 * 100_000];
        let by_five: Vec<u8> = a.iter().map(|value| value + 5).collect();
        // 20 log10(255 / 5)
        assert!((psnr(&a, &by_five) - 34.151_4).abs() < 0.001);
        let black = vec![0; a.len()];
        let white = vec![255; a.len()];
        assert!(psnr(&black, &white).abs() < 1e-9);
        assert!((psnr(&a, &a) - EQUAL).abs() < f64::EPSILON);
    }

    #[test]
    fn the_fourth_byte_does_not_count() {
        let (a, b) = ([1, 2, 3, 0], [1, 2, 3, 255]);
        assert!((psnr(&a, &b) - EQUAL).abs() < f64::EPSILON);
    }

    #[test]
    fn a_picture_is_held_against_the_one_that_it_names() {
        let geometry = Geometry { width: 960, height: 600 };
        let film = Film::new(geometry);
        let mut exact = film.frame();
        film.render(77_000, &mut exact);
        let mut rough = exact.clone();
        // Below the code.
        for value in rough.iter_mut().skip(640 * 4 * 20) {
            *value = value.saturating_add(4);
        }
        let (sender, pictures) = channel();
        for picture in [exact.clone(), rough, vec![128; exact.len()]] {
            sender.send((Duration::from_secs(1), picture)).unwrap();
        }
        drop(sender);
        let found = Mutex::new(Vec::new());
        compare(geometry, &pictures, |quality| found.lock().unwrap().push(quality));
        let found = found.into_inner().unwrap();
        assert_eq!(found.len(), 2, "grey has no code");
        assert!((found[0].equal_share - 1.0).abs() < f64::EPSILON);
        assert!(found[1].psnr > 34.0 && found[1].psnr < 38.0, "{found:?}");
        assert!(found[1].equal_share < 0.2);
    }
}
