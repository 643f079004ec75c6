//! One access unit after another of one H.264 stream.

use gc_codec::{OpenH264Decoder, check_access_unit};

/// A byte each for width and height less one; then access units, each behind a
/// separator that no access unit has: `FF FF FF FF`.
pub(crate) fn run(data: &[u8]) {
    let Some(([width, height], rest)) = data.split_first_chunk::<2>() else { return };
    let (width, height) = (u32::from(*width) + 1, u32::from(*height) + 1);
    let Ok(mut decoder) = OpenH264Decoder::new(width, height) else { return };
    let stride = width as usize * 4;
    let mut pixels = vec![0; stride * height as usize];
    for unit in split(rest).take(8) {
        let checked = check_access_unit(unit, width, height);
        if decoder.decode(unit, &mut pixels, stride).is_err() {
            // A viewer lets go of a decoder after its first failure.
            return;
        }
        // What the decoder shows has passed the check.
        assert!(checked.is_ok());
    }
}

fn split(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let current = rest?;
        let end = current.windows(4).position(|four| four == [0xFF; 4]);
        rest = end.and_then(|at| current.get(at + 4..));
        Some(end.map_or(current, |at| &current[..at]))
    })
}
