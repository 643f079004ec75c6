//! What the last frames have changed: what is drawn into now may be older than the last
//! one.

use std::collections::VecDeque;

use gc_platform::PixelRect;

/// Frames that are remembered. Windows have two to four buffers.
const MOST: usize = 4;

/// The newest first; `None` is everything.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<Vec<PixelRect>>);

impl History {
    /// Nothing of what was shown counts any more.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// What to copy for a frame that changes `areas`, into what was shown `age` frames
    /// ago. `None` is all of it.
    pub(crate) fn needed(&self, areas: &[PixelRect], age: Option<usize>) -> Option<Vec<PixelRect>> {
        let older = age?.checked_sub(1)?;
        if older > self.0.len() {
            return None;
        }
        Some(self.0.iter().take(older).flatten().chain(areas).copied().collect())
    }

    /// This was shown.
    pub(crate) fn shown(&mut self, areas: &[PixelRect]) {
        self.0.push_front(areas.to_vec());
        self.0.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_buffer_gets_what_it_missed_and_an_unknown_one_everything() {
        let rect = |x| PixelRect { x, y: 0, width: 1, height: 1 };
        let mut history = History::default();
        assert_eq!(history.needed(&[rect(1)], None), None);
        assert_eq!(history.needed(&[rect(1)], Some(0)), None, "nothing is in it yet");
        assert_eq!(history.needed(&[rect(1)], Some(2)), None, "older than what is known");
        history.shown(&[rect(1)]);
        history.shown(&[rect(2), rect(3)]);
        assert_eq!(history.needed(&[rect(4)], Some(1)), Some(vec![rect(4)]));
        let missed = vec![rect(2), rect(3), rect(4)];
        assert_eq!(history.needed(&[rect(4)], Some(2)), Some(missed));
        assert_eq!(history.needed(&[rect(4)], Some(3)).unwrap().len(), 4);
        assert_eq!(history.needed(&[rect(4)], Some(4)), None);
        for x in 0..10 {
            history.shown(&[rect(x)]);
        }
        assert_eq!(history.needed(&[], Some(1 + MOST)).unwrap().len(), MOST);
        history.forget();
        assert_eq!(history.needed(&[rect(4)], Some(1)).unwrap(), [rect(4)]);
    }
}
