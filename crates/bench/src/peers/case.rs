//! What is measured, and on which lines.

use clap::ValueEnum;

use crate::workload::Workload;

/// A workload at a pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(super) enum Case {
    /// A page of text that does not change
    Idle,
    /// A key press flips a box of 256x24 pixels
    Typing,
    /// Text moves up by a line of 15 pixels, 30 times a second
    Scroll,
    /// A window of text is dragged over text, 30 times a second
    Drag,
    /// 1280x720 pixels of a moving texture with grain, 30 times a second
    Video,
    /// The same 60 times a second
    Video60,
}

impl Case {
    /// All, in the order in which they are measured.
    pub(super) const ALL: [Self; 6] =
        [Self::Typing, Self::Scroll, Self::Drag, Self::Video, Self::Video60, Self::Idle];

    /// As on the command line.
    pub(super) fn text(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What is drawn.
    pub(super) fn workload(self) -> Workload {
        match self {
            Self::Idle => Workload::Idle,
            Self::Typing => Workload::Typing,
            Self::Scroll => Workload::Scroll,
            Self::Drag => Workload::Drag,
            Self::Video | Self::Video60 => Workload::Video,
        }
    }

    /// Changes per second.
    pub(super) fn pace(self) -> u32 {
        if self == Self::Video60 { 60 } else { 30 }
    }
}
