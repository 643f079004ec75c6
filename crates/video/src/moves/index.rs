//! Pieces of a picture, found again by their pixels.

use super::Candidate;
use crate::{PictureView, PixelRect};

/// A piece: so many pixels of each of these rows, counted from its corner. It spans
/// two lines of text, or pieces of text would hardly ever be the only one of their
/// kind.
const WIDTH: u32 = 32;
const ROWS: [u32; 5] = [0, 5, 11, 17, 23];
const HEIGHT: u32 = 24;
/// Distance of indexed pieces from left to right.
const STEP_X: u32 = 32;
/// The same from top to bottom, at least.
const LEAST_STEP_Y: u32 = 16;
/// Pieces indexed at most, or the rows go further apart.
const MOST_PIECES: u32 = 5_000;
/// Slots of the table, a power of two well above the pieces.
const SLOTS: usize = 16_384;

/// The X bytes of two pixels do not count.
const COLORS: u64 = 0x00FF_FFFF_00FF_FFFF;
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
const PAIRS: usize = WIDTH as usize / 2;
/// `BASE` to the power of 15, 14, … 0.
const POWERS: [u64; PAIRS] = {
    let mut powers = [1_u64; PAIRS];
    let mut at = PAIRS - 1;
    while at > 0 {
        powers[at - 1] = powers[at].wrapping_mul(BASE);
        at -= 1;
    }
    powers
};
/// One odd factor per row of a piece.
const FACTORS: [u64; ROWS.len()] = [
    0xBF58_476D_1CE4_E5B9,
    0x94D0_49BB_1331_11EB,
    0xD6E8_FEB8_6659_FD93,
    0xA076_1D64_78BD_642F,
    0xE703_7ED1_A0B4_28DB,
];

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u64,
    /// Number of the piece, from 1; 0 is an empty slot.
    piece: u32,
    /// Several pieces look like this: it says nothing about where one came from.
    common: bool,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    slots: Vec<Slot>,
    corner: (u32, u32),
    columns: u32,
    step_y: u32,
    /// Scratch: row hashes of a window.
    rows: Vec<[u64; STEP_X as usize]>,
}

fn pair(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes) & COLORS
}

/// Hash of the first [`WIDTH`] pixels, and whether they differ among each other.
fn row_hash(row: &[u8]) -> Option<(u64, bool)> {
    let row = row.first_chunk::<{ WIDTH as usize * 4 }>()?;
    let (mut hash, mut varied) = (0_u64, 0_u64);
    let pairs = row.as_chunks::<8>().0;
    let first = pairs.first().copied().map_or(0, pair);
    for (bytes, power) in pairs.iter().zip(POWERS) {
        let value = pair(*bytes);
        varied |= value ^ first;
        hash = hash.wrapping_add(value.wrapping_mul(power));
    }
    Some((hash, varied != 0))
}

/// Hashes of the pieces of a row that start at each of its first pixels: two chains
/// that roll by two pixels.
fn rolling(row: &[u8], hashes: &mut [u64; STEP_X as usize]) {
    for start in 0..2 {
        let Some((mut hash, _)) = row.get(start * 4..).and_then(row_hash) else { return };
        for at in (start..STEP_X as usize).step_by(2) {
            hashes[at] = hash;
            let gone =
                row.get(at * 4..).and_then(|rest| rest.first_chunk()).copied().map_or(0, pair);
            let next = row.get((at + WIDTH as usize) * 4..);
            let come = next.and_then(|rest| rest.first_chunk()).copied().map_or(0, pair);
            hash = hash
                .wrapping_sub(gone.wrapping_mul(POWERS[0]))
                .wrapping_mul(BASE)
                .wrapping_add(come);
        }
    }
}

const fn slot_of(hash: u64) -> usize {
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0x2545_F491_4F6C_DD1D);
    (mixed >> 40) as usize % SLOTS
}

impl Index {
    /// Takes up the pieces of `area`; false when there are none.
    pub(super) fn build(&mut self, old: &PictureView<'_>, area: &PixelRect) -> bool {
        self.slots.clear();
        self.slots.resize(SLOTS, Slot::default());
        self.corner = (area.x, area.y);
        let right = area.right().min((old.width + 1).saturating_sub(WIDTH));
        let bottom = area.bottom().min((old.height + 1).saturating_sub(HEIGHT));
        if right <= area.x || bottom <= area.y {
            return false;
        }
        self.columns = (right - area.x).div_ceil(STEP_X);
        self.step_y = LEAST_STEP_Y;
        while self.columns * (bottom - area.y).div_ceil(self.step_y) > MOST_PIECES {
            self.step_y += LEAST_STEP_Y;
        }
        let mut any = false;
        for (line, y) in (area.y..bottom).step_by(self.step_y as usize).enumerate() {
            for column in 0..self.columns {
                let x = area.x + column * STEP_X;
                let (mut hash, mut varied) = (0_u64, 0);
                for (row, factor) in ROWS.iter().zip(FACTORS) {
                    let Some((of_row, differs)) = row_hash(old.row(x, y + row, WIDTH)) else {
                        continue;
                    };
                    hash = hash.wrapping_add(of_row.wrapping_mul(factor));
                    varied += u32::from(differs);
                }
                // Plain paper is everywhere.
                if varied >= 2 {
                    self.insert(hash, line as u32 * self.columns + column + 1);
                    any = true;
                }
            }
        }
        any
    }

    fn insert(&mut self, hash: u64, piece: u32) {
        let mut at = slot_of(hash);
        // Always ends: the table is never full.
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.piece == 0 {
                *slot = Slot { hash, piece, common: false };
                return;
            }
            if slot.hash == hash {
                slot.common = true;
                return;
            }
            at = (at + 1) % SLOTS;
        }
    }

    fn get(&self, hash: u64) -> Option<u32> {
        let mut at = slot_of(hash);
        loop {
            let slot = self.slots.get(at)?;
            if slot.piece == 0 {
                return None;
            }
            if slot.hash == hash {
                return (!slot.common).then_some(slot.piece - 1);
            }
            at = (at + 1) % SLOTS;
        }
    }

    /// Looks up the pieces of `new` at every offset of a window as large as the
    /// distance of indexed ones. Tells those that stood elsewhere.
    pub(super) fn look_up(
        &mut self,
        new: &PictureView<'_>,
        corner: (u32, u32),
        mut found: impl FnMut(Candidate),
    ) {
        let (across, down) = (STEP_X + WIDTH - 1, self.step_y + HEIGHT - 1);
        if new.width < across || new.height < down {
            return;
        }
        let left = corner.0.min(new.width - across);
        let top = corner.1.min(new.height - down);
        self.rows.resize(down as usize, [0; STEP_X as usize]);
        for (y, hashes) in (top..).zip(&mut self.rows) {
            rolling(new.row(left, y, across), hashes);
        }
        for y in 0..self.step_y {
            let mut hashes = [0_u64; STEP_X as usize];
            for (row, factor) in ROWS.iter().zip(FACTORS) {
                let Some(of_row) = self.rows.get((y + row) as usize) else { continue };
                for (sum, hash) in hashes.iter_mut().zip(of_row) {
                    *sum = sum.wrapping_add(hash.wrapping_mul(factor));
                }
            }
            for (x, hash) in (left..).zip(hashes) {
                let Some(piece) = self.get(hash) else { continue };
                let from_x = self.corner.0 + piece % self.columns * STEP_X;
                let from_y = self.corner.1 + piece / self.columns * self.step_y;
                let way = (
                    from_x.cast_signed() - x.cast_signed(),
                    from_y.cast_signed() - (top + y).cast_signed(),
                );
                if way != (0, 0) {
                    found(Candidate { way, seed: (x + WIDTH / 2, top + y + HEIGHT / 2) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_hashes_are_those_of_the_pieces() {
        let row: Vec<u8> = (0..63 * 4).map(|i: u32| (i * i % 251) as u8).collect();
        let mut hashes = [0; STEP_X as usize];
        rolling(&row, &mut hashes);
        for (at, hash) in hashes.iter().enumerate() {
            assert_eq!(Some((*hash, true)), row_hash(&row[at * 4..]), "{at}");
        }
    }

    #[test]
    fn what_stands_in_two_places_is_not_found() {
        let pixels: Vec<u8> = (0..256 * 64 * 4_u32).map(|i| (i / 4 % 32 * 7) as u8).collect();
        let view = PictureView { width: 256, height: 64, stride: 1024, pixels: &pixels };
        let mut index = Index::default();
        assert!(index.build(&view, &PixelRect::new(0, 0, 256, 64)));
        let mut found = 0;
        index.look_up(&view, (16, 16), |_| found += 1);
        assert_eq!(found, 0);
    }
}
