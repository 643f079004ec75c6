//! From the pixels of a screen to what encoders take.

use gc_video::PictureView;
use yuv::{BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvRange, YuvStandardMatrix};

use super::transform::Nv12;

/// Why a picture was not converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// It has another size than the stream, or fewer bytes than it says.
    #[error("picture of another size")]
    Size,
    /// The converter refused it.
    #[error("cannot convert the picture: {0}")]
    Convert(String),
}

/// A picture in NV12, BT.709 limited range, as wide and high as the stream rounded up
/// to even numbers; the added column and row repeat the edge.
#[derive(Debug)]
pub struct Nv12Picture {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
    tail: Vec<u8>,
}

impl Nv12Picture {
    /// Black-ish until the first conversion.
    pub fn new(width: u32, height: u32) -> Self {
        let luma = width.next_multiple_of(2) as usize * height.next_multiple_of(2) as usize;
        Self { width, height, bytes: vec![128; luma / 2 * 3], tail: Vec::new() }
    }

    /// What it holds now.
    pub fn view(&self) -> Nv12<'_> {
        Nv12 {
            width: self.width.next_multiple_of(2),
            height: self.height.next_multiple_of(2),
            bytes: &self.bytes,
        }
    }

    /// Takes over a picture of B G R X pixels.
    pub fn convert(&mut self, picture: &PictureView<'_>) -> Result<Nv12<'_>, PictureError> {
        if (picture.width, picture.height) != (self.width, self.height) || picture.check().is_err()
        {
            return Err(PictureError::Size);
        }
        let width = self.width.next_multiple_of(2) as usize;
        let height = self.height.next_multiple_of(2) as usize;
        // The converter wants whole strides, which the last row of a crop may not
        // have: the last one or two rows go through a buffer, doubled when it is one.
        let body = self.height.saturating_sub(1) / 2 * 2;
        self.tail.clear();
        for y in [body, (body + 1).min(self.height - 1)] {
            self.tail.extend_from_slice(picture.row(0, y, self.width));
        }
        let (luma, chroma) = self.bytes.split_at_mut(width * height);
        let (luma, luma_tail) = luma.split_at_mut(body as usize * width);
        let (chroma, chroma_tail) = chroma.split_at_mut(body as usize / 2 * width);
        if body > 0 {
            let pixels = &picture.pixels[..body as usize * picture.stride];
            planes(luma, chroma, (self.width, body), pixels, picture.stride)?;
        }
        let row = self.width as usize * 4;
        planes(luma_tail, chroma_tail, (self.width, 2), &self.tail, row)?;
        if self.width % 2 == 1 {
            for row in self.bytes[..width * height].chunks_exact_mut(width) {
                row[width - 1] = row[width - 2];
            }
        }
        Ok(self.view())
    }
}

fn planes(
    luma: &mut [u8],
    chroma: &mut [u8],
    (width, height): (u32, u32),
    pixels: &[u8],
    stride: usize,
) -> Result<(), PictureError> {
    let even = width.next_multiple_of(2);
    let mut planes = YuvBiPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(luma),
        y_stride: even,
        uv_plane: BufferStoreMut::Borrowed(chroma),
        uv_stride: even,
        width,
        height,
    };
    yuv::bgra_to_yuv_nv12(
        &mut planes,
        pixels,
        u32::try_from(stride).unwrap_or(u32::MAX),
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        YuvConversionMode::Balanced,
    )
    .map_err(|error| PictureError::Convert(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, color: [u8; 4]) -> Vec<u8> {
        color.repeat((width * height) as usize)
    }

    #[test]
    fn colours_are_those_of_bt_709() {
        // Pure colours, from ITU-R BT.709 with 8 bits: (B G R, Y Cb Cr).
        let cases =
            [([255; 3], [235, 128, 128]), ([0; 3], [16, 128, 128]), ([0, 0, 255], [63, 102, 240])];
        for (color, [luma, cb, cr]) in cases {
            for (width, height) in [(16, 16), (17, 15), (1, 1), (2, 1), (33, 2)] {
                let mut nv12 = Nv12Picture::new(width, height);
                let pixels = picture(width, height, [color[0], color[1], color[2], 7]);
                let view =
                    PictureView { width, height, stride: width as usize * 4, pixels: &pixels };
                let made = nv12.convert(&view).unwrap();
                let split = (made.width * made.height) as usize;
                assert_eq!(made.bytes.len(), split * 3 / 2);
                assert!(
                    made.bytes[..split].iter().all(|y| y.abs_diff(luma) <= 1),
                    "{width}x{height} {color:?} {:?}",
                    &made.bytes[..split.min(40)]
                );
                for pair in made.bytes[split..].chunks_exact(2) {
                    assert!(pair[0].abs_diff(cb) <= 1 && pair[1].abs_diff(cr) <= 1, "{pair:?}");
                }
            }
        }
    }

    #[test]
    fn a_crop_whose_last_row_is_short_is_taken() {
        let stride = 64;
        let pixels = vec![255; stride * 4 + 5 * 4];
        let view = PictureView { width: 5, height: 5, stride, pixels: &pixels };
        let mut nv12 = Nv12Picture::new(5, 5);
        let made = nv12.convert(&view).unwrap();
        assert!(made.bytes[..36].iter().all(|y| y.abs_diff(235) <= 1));
    }

    #[test]
    fn another_size_is_refused() {
        let pixels = vec![0; 64];
        let view = PictureView { width: 4, height: 4, stride: 16, pixels: &pixels };
        assert_eq!(Nv12Picture::new(4, 5).convert(&view).err(), Some(PictureError::Size));
        let short = PictureView { pixels: &pixels[..60], ..view };
        assert_eq!(Nv12Picture::new(4, 4).convert(&short).err(), Some(PictureError::Size));
    }
}
