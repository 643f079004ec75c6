//! Cells that are still to be sent to somebody.

use std::collections::VecDeque;

/// A set of cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Debt {
    bits: Vec<u64>,
    count: usize,
}

impl Debt {
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.bits.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, index: usize) {
        if self.bits.len() <= index / 64 {
            self.bits.resize(index / 64 + 1, 0);
        }
        if let Some(word) = self.bits.get_mut(index / 64) {
            let bit = 1 << (index % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    pub(crate) fn remove(&mut self, index: usize) {
        if let Some(word) = self.bits.get_mut(index / 64) {
            let bit = 1 << (index % 64);
            self.count -= usize::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bits.clear();
        self.count = 0;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.bits.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

/// Pieces for one viewer that it has not acknowledged: what it may be missing when
/// something on the way to it was thrown away.
#[derive(Debug, Default)]
pub(crate) struct Unseen(VecDeque<(u32, Vec<usize>)>);

impl Unseen {
    pub(crate) fn note(&mut self, frame: u32, cells: Vec<usize>) {
        self.0.push_back((frame, cells));
    }

    /// The viewer has this frame, and thereby all before it.
    pub(crate) fn seen(&mut self, frame: u32) {
        while self.0.front().is_some_and(|(id, _)| *id <= frame) {
            self.0.pop_front();
        }
    }

    pub(crate) fn take(&mut self) -> impl Iterator<Item = usize> + '_ {
        self.0.drain(..).flat_map(|(_, cells)| cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_counted_once_and_found_again() {
        let mut debt = Debt::default();
        for index in [0, 63, 64, 8_000, 63] {
            debt.add(index);
        }
        assert_eq!(debt.iter().collect::<Vec<_>>(), [0, 63, 64, 8_000]);
        debt.remove(64);
        debt.remove(64);
        debt.remove(9_999);
        assert!(debt.contains(63) && !debt.contains(64) && !debt.is_empty());
        for index in [0, 63, 8_000] {
            debt.remove(index);
        }
        assert!(debt.is_empty());
    }

    #[test]
    fn only_what_was_not_acknowledged_is_missing() {
        let mut unseen = Unseen::default();
        unseen.note(3, vec![1, 2]);
        unseen.note(5, vec![7]);
        unseen.seen(4);
        assert_eq!(unseen.take().collect::<Vec<_>>(), [7]);
        assert_eq!(unseen.take().count(), 0);
    }
}
