//! Records and what a viewer does with them.

use std::time::Duration;

use bytes::Bytes;
use gc_proto::{Packet, Record};
use gc_types::SessionId;
use gc_viewer_core::{DecoderLimits, SessionIds, ViewerSession};

const LIMITS: DecoderLimits = DecoderLimits { max_side: 2048, max_pixels: 1 << 20, h264: true };

/// One WebSocket message.
pub(crate) fn run(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    if let Ok(packet) = Packet::decode(bytes.clone())
        && let Packet::Record(record) = packet
    {
        assert_eq!(record.bytes(), &bytes);
    }
    let Ok(record) = Record::decode(bytes) else { return };
    let session: SessionId = record.header().session;
    let ids = SessionIds { session, participant: 1, epoch: 1 };
    let Ok(mut viewer) = ViewerSession::new(ids, LIMITS) else { return };
    let _ = viewer.on_record(&record, Duration::ZERO);
    // At most a request for a new picture comes back.
    assert!(viewer.poll_record().is_none() || viewer.poll_record().is_none());
}
