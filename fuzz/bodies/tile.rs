//! zstd tiles.

use gc_codec::TileDecoder;

/// First two bytes: size to expect; then the tile.
pub(crate) fn run(data: &[u8]) {
    let Some((size, rest)) = data.split_first_chunk::<2>() else { return };
    let expected = usize::from(u16::from_le_bytes(*size)) * 4;
    let Ok(mut decoder) = TileDecoder::new() else { return };
    if let Ok(content) = decoder.expand(rest, expected) {
        assert_eq!(content.len(), expected);
    }
}
