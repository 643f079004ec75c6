//! Lines between the server and the technician.

use std::time::Duration;

use clap::ValueEnum;
use gc_netem::Shape;

/// A line. The queue before the narrowest place holds 250 ms of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(super) enum Track {
    /// Nothing between but a counter
    Loopback,
    /// Round trip 20 ms, 20 Mbit/s
    #[value(name = "20ms-20mbit")]
    Mbit20,
    /// Round trip 20 ms, 2 Mbit/s
    #[value(name = "2mbit")]
    Mbit2,
    /// Round trip 20 ms, 256 kbit/s
    #[value(name = "256kbit")]
    Kbit256,
    /// As 20ms-20mbit, in the middle third of the time as 2mbit; what is told begins
    /// there
    Drop,
}

const fn line(kbps: u32) -> Shape {
    Shape { one_way: Duration::from_millis(10), kbps: Some(kbps), queue: 0, loss: 0.0 }
}

impl Track {
    /// As on the command line.
    pub(super) fn text(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// How it is in each third of the time; `None` for the bare counter.
    pub(super) fn thirds(self) -> Option<[Shape; 3]> {
        Some(match self {
            Self::Loopback => return None,
            Self::Mbit20 => [line(20_000); 3],
            Self::Mbit2 => [line(2_000); 3],
            Self::Kbit256 => [line(256); 3],
            Self::Drop => [line(20_000), line(2_000), line(20_000)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_the_lines_are() {
        assert_eq!(Track::Mbit20.text(), "20ms-20mbit");
        assert_eq!(Track::Loopback.thirds(), None);
        for track in Track::value_variants() {
            let Some([first, middle, last]) = track.thirds() else { continue };
            assert_eq!(first, last);
            assert_eq!(first == middle, *track != Track::Drop, "{}", track.text());
        }
    }
}
