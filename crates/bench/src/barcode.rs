//! A timestamp as a row of black and white blocks: it survives any codec, and it
//! tells in a viewer's picture when those pixels were painted.

/// Side of a block, pixels.
const BLOCK: usize = 16;
/// Width of the whole code, pixels.
pub(crate) const WIDTH: usize = BLOCK * 32;
/// Height of the whole code, pixels.
pub(crate) const HEIGHT: usize = BLOCK;

/// The code of `value` as rows of B G R X pixels, [`WIDTH`] x [`HEIGHT`].
pub(crate) fn image(value: u32) -> Vec<u8> {
    let mut row = Vec::with_capacity(WIDTH * 4);
    for bit in 0..32 {
        let shade = if value & (1 << (31 - bit)) == 0 { 0 } else { 255 };
        for _ in 0..BLOCK {
            row.extend_from_slice(&[shade, shade, shade, 255]);
        }
    }
    row.repeat(HEIGHT)
}

/// Copies an image made of B G R X rows into a larger one; what reaches outside is
/// cut.
pub(crate) fn place(
    image: &[u8],
    width: usize,
    into: &mut [u8],
    stride: usize,
    (x, y): (usize, usize),
) {
    for (row, source) in image.chunks_exact(width * 4).enumerate() {
        let start = (y + row) * stride + x * 4;
        if let Some(target) = into.get_mut(start..start + source.len()) {
            target.copy_from_slice(source);
        }
    }
}

/// Reads the code whose top left corner is at `(x, y)`. `None` when it reaches
/// outside or a block is neither clearly black nor clearly white.
pub(crate) fn read(pixels: &[u8], stride: usize, (x, y): (usize, usize)) -> Option<u32> {
    let mut value = 0;
    for bit in 0..32 {
        // The middle of the block: the edges suffer from chroma subsampling and
        // from the deblocking filter.
        let (mut sum, mut count) = (0_u32, 0_u32);
        for row in y + 4..y + BLOCK - 4 {
            let start = row * stride + (x + bit * BLOCK + 4) * 4;
            let run = pixels.get(start..start + (BLOCK - 8) * 4)?;
            for pixel in run.chunks_exact(4) {
                sum += pixel.iter().take(3).map(|&value| u32::from(value)).sum::<u32>();
                count += 3;
            }
        }
        let mean = sum / count;
        if (96..160).contains(&mean) {
            return None;
        }
        value = value << 1 | u32::from(mean >= 160);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: u32, at: (usize, usize)) -> (Vec<u8>, usize) {
        let stride = 800 * 4;
        let mut pixels = vec![90_u8; stride * 60];
        place(&image(value), WIDTH, &mut pixels, stride, at);
        (pixels, stride)
    }

    #[test]
    fn every_bit_comes_back() {
        for value in (0..32).map(|bit| 1 << bit).chain([0, u32::MAX, 0xDEAD_BEEF]) {
            let (pixels, stride) = picture(value, (37, 11));
            assert_eq!(read(&pixels, stride, (37, 11)), Some(value));
        }
    }

    #[test]
    fn survives_noise_and_smeared_edges() {
        let (mut pixels, stride) = picture(0x1234_5678, (0, 0));
        let mut state = 1_u32;
        for pixel in &mut pixels {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = i16::try_from(state >> 24).unwrap_or(0) / 4 - 32;
            *pixel = u8::try_from((i16::from(*pixel) + noise).clamp(0, 255)).unwrap_or(0);
        }
        assert_eq!(read(&pixels, stride, (0, 0)), Some(0x1234_5678));
    }

    #[test]
    fn grey_and_outside_are_not_a_code() {
        let grey = vec![128_u8; 600 * 4 * 20];
        assert_eq!(read(&grey, 600 * 4, (0, 0)), None);
        let (pixels, stride) = picture(7, (0, 0));
        assert_eq!(read(&pixels, stride, (0, 50)), None);
    }
}
