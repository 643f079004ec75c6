//! Rectangles drawn exactly.

use gc_proto::v2::{Fill, Operation, Tile, operation};

use crate::picture::Picture;
use crate::{EncodeFailure, PixelRect, TileCompressor};

/// Pixels of one tile at most. Even incompressible ones fit into a message, and
/// they are far below the largest window that a decoder must have.
const MOST_PIXELS: u32 = 120_000;

pub(crate) struct Tiles {
    compressor: Box<dyn TileCompressor>,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl Tiles {
    pub(crate) fn new(compressor: Box<dyn TileCompressor>) -> Self {
        Self { compressor, raw: Vec::new(), packed: Vec::new() }
    }

    /// Appends operations that make `rect` exactly what `picture` has there, and
    /// tells their bytes.
    pub(crate) fn draw(
        &mut self,
        picture: &Picture,
        rect: &PixelRect,
        operations: &mut Vec<Operation>,
    ) -> Result<usize, EncodeFailure> {
        let step = (MOST_PIXELS / rect.width.max(1)).max(1);
        let mut bytes = 0;
        let mut y = rect.y;
        while y < rect.bottom() {
            let piece = PixelRect { y, height: step.min(rect.bottom() - y), ..*rect };
            let draw = if let Some(color) = picture.gather(&piece, &mut self.raw) {
                operation::Draw::Fill(Fill { color })
            } else {
                self.packed.clear();
                let encoding =
                    self.compressor.compress(piece.width, &self.raw, &mut self.packed)?;
                let data = self.packed.clone().into();
                operation::Draw::Tile(Tile { encoding: encoding.into(), data })
            };
            let operation = Operation { rect: Some(piece.wire()), draw: Some(draw) };
            bytes += crate::outgoing::size(&operation);
            operations.push(operation);
            y += step;
        }
        Ok(bytes)
    }
}
