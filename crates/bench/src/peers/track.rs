//! Lines between the server and the technician.

use clap::ValueEnum;

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(super) enum Track {
    /// Nothing between but a counter
    Loopback,
}

impl Track {
    /// As on the command line.
    pub(super) fn text(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
