//! zstd (RFC 8878), in whole frames of known size.

use gc_video::EncodeFailure;
use zstd::bulk::{Compressor, Decompressor};

/// Largest window that a tile may ask for, bytes.
pub const MAX_WINDOW: u64 = 8 << 20;
/// Largest content of a tile, bytes; one of 4096 x 4096 pixels.
pub const MAX_EXPANDED: usize = 64 << 20;
/// Level 1: a page of text is 226 kB at 0.75 GB/s; level 3 saves nothing on it.
const LEVEL: i32 = 1;
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Compresses to frames that [`TileDecoder::expand`] takes, with one context for all.
pub struct ZstdTiles {
    compressor: Compressor<'static>,
    buffer: Vec<u8>,
}

impl ZstdTiles {
    /// Fails only without memory.
    pub fn new() -> Result<Self, EncodeFailure> {
        let open = |error: std::io::Error| EncodeFailure::Open(error.to_string());
        let mut compressor = Compressor::new(LEVEL).map_err(open)?;
        // Frames of known size need neither; a viewer checks more than this.
        compressor.include_checksum(false).map_err(open)?;
        compressor.include_contentsize(true).map_err(open)?;
        Ok(Self { compressor, buffer: Vec::new() })
    }

    /// Appends the frame of `content` to `out`, with its content size in the frame
    /// header and a window of at most 8 MiB.
    pub fn compress(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeFailure> {
        self.buffer.clear();
        self.buffer.reserve(zstd::zstd_safe::compress_bound(content.len()));
        self.compressor
            .compress_to_buffer(content, &mut self.buffer)
            .map_err(|error| EncodeFailure::Encode(error.to_string()))?;
        out.extend_from_slice(&self.buffer);
        Ok(())
    }
}

/// Why a tile is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not a zstd frame, or one with a dictionary or reserved bits.
    #[error("not a plain zstd frame")]
    Header,
    /// It would expand to another size than its rectangle has.
    #[error("tile expands to {found:?} bytes, not to {expected}")]
    Size {
        /// What the rectangle has room for.
        expected: usize,
        /// What the frame says; `None`: nothing.
        found: Option<u64>,
    },
    /// It asks for a larger window than allowed.
    #[error("tile asks for a window of {0} bytes")]
    Window(u64),
    /// The content is broken, or something follows it.
    #[error("tile is corrupt")]
    Corrupt,
    /// A palette that cannot be, or colours that are missing or left over.
    #[error("tile does not fit its palette")]
    Palette,
    /// There is no such encoding.
    #[error("tile encoding is unknown")]
    Encoding,
}

struct FrameHeader {
    content: Option<u64>,
    window: u64,
    dictionary: bool,
}

/// RFC 8878 section 3.1.1.1.
fn frame_header(data: &[u8]) -> Option<FrameHeader> {
    let rest = data.strip_prefix(&MAGIC)?;
    let (&descriptor, rest) = rest.split_first()?;
    if descriptor & 0x08 != 0 {
        return None;
    }
    let single = descriptor & 0x20 != 0;
    let (window, rest) = if single {
        (None, rest)
    } else {
        let (&byte, rest) = rest.split_first()?;
        let base = 1_u64 << (10 + (byte >> 3));
        (Some(base + base / 8 * u64::from(byte & 7)), rest)
    };
    let dictionary_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let rest = rest.get(dictionary_bytes..)?;
    let content = match descriptor >> 6 {
        0 if single => Some(u64::from(*rest.first()?)),
        0 => None,
        1 => Some(u64::from(u16::from_le_bytes(*rest.first_chunk()?)) + 256),
        2 => Some(u64::from(u32::from_le_bytes(*rest.first_chunk()?))),
        _ => Some(u64::from_le_bytes(*rest.first_chunk()?)),
    };
    Some(FrameHeader { content, window: window.or(content)?, dictionary: dictionary_bytes != 0 })
}

/// What a frame says it holds, bytes; `None` when it does not say, or is no frame.
pub(crate) fn content_size(data: &[u8]) -> Option<u64> {
    frame_header(data)?.content
}

/// Expands tiles of a peer.
pub struct TileDecoder {
    decompressor: Decompressor<'static>,
    buffer: Vec<u8>,
    /// Of the tile that was decoded last, unless it is in `buffer`.
    pub(crate) pixels: Vec<u8>,
}

impl TileDecoder {
    /// Fails only without memory.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { decompressor: Decompressor::new()?, buffer: Vec::new(), pixels: Vec::new() })
    }

    /// The content of one frame, which must be exactly `expected` bytes. Nothing is
    /// allocated before its header has said so, and never more than that.
    pub fn expand(&mut self, data: &[u8], expected: usize) -> Result<&[u8], TileError> {
        let header = frame_header(data).ok_or(TileError::Header)?;
        if header.dictionary {
            return Err(TileError::Header);
        }
        if header.content != Some(expected as u64) || expected == 0 || expected > MAX_EXPANDED {
            return Err(TileError::Size { expected, found: header.content });
        }
        // A single segment needs no window beyond its content.
        if header.window > MAX_WINDOW.max(expected as u64) {
            return Err(TileError::Window(header.window));
        }
        if zstd::zstd_safe::find_frame_compressed_size(data) != Ok(data.len()) {
            return Err(TileError::Corrupt);
        }
        self.buffer.clear();
        self.buffer.reserve(expected);
        let mut exact = Exact { buffer: &mut self.buffer, limit: expected };
        let length = self
            .decompressor
            .decompress_to_buffer(data, &mut exact)
            .map_err(|_| TileError::Corrupt)?;
        if length != expected {
            return Err(TileError::Corrupt);
        }
        Ok(&self.buffer)
    }
}

/// A vector that takes no more than `limit` bytes, however much room it has from
/// earlier, larger tiles.
struct Exact<'a> {
    buffer: &'a mut Vec<u8>,
    limit: usize,
}

// SAFETY: `capacity` is never more than the vector's, the pointer is the vector's,
// and `filled_until` passes on the caller's promise that so many bytes are written.
#[expect(unsafe_code, reason = "WriteBuf is the only way to bound the output")]
unsafe impl zstd::zstd_safe::WriteBuf for Exact<'_> {
    fn as_slice(&self) -> &[u8] {
        self.buffer
    }

    fn capacity(&self) -> usize {
        self.buffer.capacity().min(self.limit)
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.buffer.as_mut_ptr()
    }

    unsafe fn filled_until(&mut self, n: usize) {
        // SAFETY: the caller has initialised `n` bytes, within the capacity.
        unsafe { self.buffer.set_len(n) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(pixels: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        ZstdTiles::new().unwrap().compress(pixels, &mut out).unwrap();
        out
    }

    #[test]
    fn tiles_survive_and_contexts_are_reused() {
        let mut decoder = TileDecoder::new().unwrap();
        for length in [4_usize, 1000, 480_000, 16] {
            let pixels: Vec<u8> = (0..length).map(|i| (i * i / 7) as u8).collect();
            let data = packed(&pixels);
            assert_eq!(decoder.expand(&data, length).unwrap(), &pixels[..]);
            let header = frame_header(&data).unwrap();
            assert!(header.window <= MAX_WINDOW);
            assert_eq!(header.content, Some(length as u64));
        }
    }

    #[test]
    fn wrong_sizes_are_refused_before_anything_is_allocated() {
        let bomb = packed(&vec![0; 32 << 20]);
        assert!(bomb.len() < 8192);
        let mut decoder = TileDecoder::new().unwrap();
        let refused = decoder.expand(&bomb, 1024);
        assert_eq!(refused, Err(TileError::Size { expected: 1024, found: Some(32 << 20) }));
        assert_eq!(decoder.buffer.capacity(), 0);
        assert!(decoder.expand(&packed(&[1; 64]), 60).is_err());
    }

    #[test]
    fn a_header_that_lies_about_the_content_is_corrupt() {
        let mut data = packed(&vec![7; 100_000]);
        assert_eq!(frame_header(&data).unwrap().content, Some(100_000));
        // Claims less than it holds: content size is a 4-byte field here.
        let at = data.windows(4).position(|w| w == 100_000_u32.to_le_bytes()).unwrap();
        data[at..at + 4].copy_from_slice(&400_u32.to_le_bytes());
        let mut decoder = TileDecoder::new().unwrap();
        decoder.buffer.reserve(1 << 20);
        assert_eq!(decoder.expand(&data, 400), Err(TileError::Corrupt));
    }

    #[test]
    fn huge_windows_dictionaries_and_noise_are_refused() {
        let mut decoder = TileDecoder::new().unwrap();
        // Window descriptor for 2^31 bytes, content size of 4 bytes.
        let mut window = MAGIC.to_vec();
        window.extend([0x80, 21 << 3, 64, 0, 0, 0, 1, 0, 0]);
        assert_eq!(decoder.expand(&window, 64), Err(TileError::Window(1 << 31)));
        let mut dictionary = MAGIC.to_vec();
        dictionary.extend([0xA1, 9, 64, 0, 0, 0, 1, 0, 0]);
        assert_eq!(decoder.expand(&dictionary, 64), Err(TileError::Header));
        for length in 0..64 {
            assert!(decoder.expand(&vec![0xA5; length], 64).is_err());
        }
        let mut twice = packed(&[3; 64]);
        twice.extend(packed(&[3; 64]));
        assert_eq!(decoder.expand(&twice, 64), Err(TileError::Corrupt));
    }
}
