//! Lossless tiles of every encoding.

use gc_codec::TileDecoder;
use gc_proto::v2::TileEncoding;

/// A byte for the encoding, two for the width, one for the height; then the tile.
pub(crate) fn run(data: &[u8]) {
    let Some(([encoding, low, high, height], rest)) = data.split_first_chunk::<4>() else { return };
    let encoding = TileEncoding::try_from(i32::from(*encoding)).unwrap_or_default();
    let (width, height) = (u32::from(u16::from_le_bytes([*low, *high])), u32::from(*height));
    let Ok(mut decoder) = TileDecoder::new() else { return };
    if let Ok(pixels) = decoder.decode(encoding, rest, width, height) {
        assert_eq!(pixels.len(), (width * height * 4) as usize);
    }
}
