//! What every access unit of an encoder is held against before it leaves.

use gc_video::{EncodeFailure, MotionCodec, MotionSettings};

use crate::hevc::hevc_facts;
use crate::sps::{check_access_unit, unit_facts};

/// Checks form, size, profile, order and kind of a picture's access unit: `key` tells
/// what the encoder says that it is. Pixels are not looked at.
pub(crate) fn check_made(
    unit: &[u8],
    settings: &MotionSettings,
    key: bool,
) -> Result<(), EncodeFailure> {
    if unit.is_empty() {
        return Err(EncodeFailure::Output("nothing"));
    }
    match settings.codec {
        MotionCodec::H264 => check_h264(unit, settings, key),
        MotionCodec::Hevc => check_hevc(unit, settings, key),
    }
    .map_err(EncodeFailure::Output)
}

fn check_h264(unit: &[u8], settings: &MotionSettings, key: bool) -> Result<(), &'static str> {
    check_access_unit(unit, settings.width, settings.height)
        .map_err(|_| "not an access unit of this size")?;
    let facts = unit_facts(unit).ok_or("cannot be read")?;
    if facts.bidirectional || facts.sequence.is_some_and(|sequence| sequence.may_reorder) {
        return Err("pictures out of order");
    }
    if !facts.idr && !facts.other {
        return Err("no picture");
    }
    if key && (!facts.idr || facts.other || facts.sequence.is_none() || !facts.picture_parameters) {
        return Err("a key picture without what it needs");
    }
    Ok(())
}

fn check_hevc(unit: &[u8], settings: &MotionSettings, key: bool) -> Result<(), &'static str> {
    let facts = hevc_facts(unit).ok_or("cannot be read")?;
    if facts.reorders {
        return Err("pictures out of order");
    }
    if !facts.random_access && !facts.other {
        return Err("no picture");
    }
    if key && (!facts.random_access || facts.other || !facts.parameters) {
        return Err("a key picture without what it needs");
    }
    // Coded sizes are multiples of the smallest block, at most 64.
    let fits = |coded: u32, asked: u32| (asked..asked.next_multiple_of(64) + 1).contains(&coded);
    match facts.size {
        Some((width, height)) if !fits(width, settings.width) || !fits(height, settings.height) => {
            Err("pictures of another size")
        }
        None if key => Err("no size"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gc_video::{MotionEncoderFactory, PictureView};

    use super::*;
    use crate::OpenH264Factory;

    const SETTINGS: MotionSettings =
        MotionSettings { codec: MotionCodec::H264, width: 64, height: 48, kbps: 500, fps: 30 };

    /// A key picture and one that is none.
    fn units() -> [Vec<u8>; 2] {
        let mut encoder = OpenH264Factory.open(SETTINGS).unwrap();
        let pixels = vec![90; 64 * 48 * 4];
        let view = PictureView { width: 64, height: 48, stride: 256, pixels: &pixels };
        [true, false].map(|key| {
            let mut unit = Vec::new();
            encoder.encode(view, key, Duration::ZERO, &mut unit).unwrap();
            unit
        })
    }

    #[test]
    fn what_software_makes_is_accepted() {
        let [key, next] = units();
        assert_eq!(check_made(&key, &SETTINGS, true), Ok(()));
        assert_eq!(check_made(&next, &SETTINGS, false), Ok(()));
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        let [key, next] = units();
        let refused = |unit: &[u8], settings: &MotionSettings, key: bool| {
            matches!(check_made(unit, settings, key), Err(EncodeFailure::Output(_)))
        };
        assert!(refused(&[], &SETTINGS, false));
        assert!(refused(b"garbage", &SETTINGS, false));
        assert!(refused(&[0, 0, 0, 1, 9, 0x10], &SETTINGS, false), "a delimiter is no picture");
        assert!(refused(&next, &SETTINGS, true), "not a key picture");
        assert!(refused(&key, &MotionSettings { width: 640, ..SETTINGS }, true), "another size");
        let slice = key.windows(5).position(|w| w[..4] == [0, 0, 0, 1] && w[4] & 0x1F == 5);
        assert!(refused(&key[slice.unwrap()..], &SETTINGS, true), "no parameter sets");
        // first_mb 0, slice type 1 (B): bits 1 010 ….
        assert!(refused(&[0, 0, 0, 1, 0x41, 0b1010_0000, 1], &SETTINGS, false));
        let hevc = MotionSettings { codec: MotionCodec::Hevc, ..SETTINGS };
        assert!(refused(&key, &hevc, true), "another codec");
    }
}
