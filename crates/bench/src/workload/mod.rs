//! Programs that draw on a display what remote desktops are used for.

mod canvas;
mod drag;
mod picture;
mod scroll;
mod typing;
mod video;

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::clock::monotonic;
use canvas::Canvas;
pub(crate) use canvas::SharedImage;
pub(crate) use picture::Numbers;
#[cfg(test)]
pub(crate) use picture::page;
pub(crate) use typing::{BOX, box_is_white};

/// Printed once the first picture is on the display.
pub(crate) const READY: &str = "workload ready";

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Workload {
    /// A page of text that does not change
    Idle,
    /// A key press flips a box of 256x24 pixels
    Typing,
    /// Text moves up by a line of 15 pixels
    Scroll,
    /// A window of text is dragged over text
    Drag,
    /// 1280x720 pixels of a moving texture with grain
    Video,
}

impl Workload {
    /// All, in the order in which they are measured.
    pub(crate) const ALL: [Self; 5] =
        [Self::Idle, Self::Typing, Self::Scroll, Self::Drag, Self::Video];

    /// Name on the command line and in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Typing => "typing",
            Self::Scroll => "scroll",
            Self::Drag => "drag",
            Self::Video => "video",
        }
    }

    /// Where the timestamp is painted, if it is.
    pub(crate) const fn barcode(self) -> Option<(usize, usize)> {
        match self {
            Self::Idle => None,
            Self::Video => Some((video::LEFT as usize, video::TOP as usize)),
            Self::Typing | Self::Scroll | Self::Drag => Some((0, 0)),
        }
    }

    /// Whether it changes by itself all the time.
    pub(crate) const fn moves(self) -> bool {
        matches!(self, Self::Scroll | Self::Drag | Self::Video)
    }
}

/// Options of `workload`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to draw
    workload: Workload,
    /// On which X display
    #[arg(long, value_name = ":N")]
    display: String,
    /// Changes per second of scroll, drag and video
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: u32,
}

/// Draws until it is ended.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let canvas = Canvas::open(&arguments.display)?;
    let ticks = Ticks::new(arguments.fps);
    match arguments.workload {
        Workload::Idle => canvas.show_page(),
        Workload::Typing => typing::run(&canvas),
        Workload::Scroll => scroll::run(&canvas, ticks),
        Workload::Drag => drag::run(&canvas, ticks),
        Workload::Video => video::run(&canvas, ticks),
    }
}

/// Moments at even distances; one that was missed is left out.
pub(crate) struct Ticks {
    every: Duration,
    next: Duration,
}

impl Ticks {
    fn new(per_second: u32) -> Self {
        Self { every: Duration::from_secs(1) / per_second, next: monotonic() }
    }

    /// Sleeps until the next one.
    fn wait(&mut self) {
        self.next += self.every;
        let now = monotonic();
        match self.next.checked_sub(now) {
            Some(left) => std::thread::sleep(left),
            None => self.next = now,
        }
    }
}
