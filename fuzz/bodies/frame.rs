//! Video messages to pixels.

use gc_codec::check_access_unit;
use gc_proto::v2::VideoMessage;
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};
use prost::Message;

const LIMITS: DecoderLimits = DecoderLimits { max_side: 2048, max_pixels: 1 << 20, h264: true };

/// Messages, each behind its length in two bytes.
pub(crate) fn run(data: &[u8]) {
    let Ok(mut decoder) = Decoder::new(LIMITS) else { return };
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(tail.len());
        let (message, tail) = tail.split_at(length);
        rest = tail;
        let _ = check_access_unit(message, 64, 64);
        let Ok(message) = VideoMessage::decode(message) else { continue };
        let outcome = decoder.apply(&message);
        assert!(outcome.is_ok() || decoder.needs_key());
        assert!(decoder.streams() <= 4);
        if let Some(surface) = decoder.surface() {
            let pixels = u64::from(surface.width()) * u64::from(surface.height());
            assert!(pixels <= LIMITS.max_pixels);
            if let Ok(Outcome::Presented { damage, .. }) = outcome {
                assert!(damage.iter().all(|rect| surface.bounds().contains(rect)));
            }
        }
    }
}
