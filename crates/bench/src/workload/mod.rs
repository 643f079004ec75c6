//! Programs that draw on a display what remote desktops are used for.

mod canvas;
mod drag;
mod geometry;
mod picture;
mod scroll;
mod terminal;
mod typing;
mod video;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::clock::monotonic;
use canvas::Canvas;
pub(crate) use canvas::SharedImage;
pub(crate) use geometry::{BOX, Geometry, Rect};
pub(crate) use picture::Numbers;
#[cfg(test)]
pub(crate) use picture::page;
pub(crate) use typing::box_is_white;
pub(crate) use video::Film;

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
    /// A moving texture with grain, two thirds of the display wide and high: 1280x720
    Video,
    /// The same, always 60 pictures per second
    Video60,
    /// The same as `video`, and a key press flips a box below it
    VideoTyping,
    /// A real xterm that shows typing and long listings in turn
    Terminal,
}

impl Workload {
    /// All, in the order in which they are measured.
    pub(crate) const ALL: [Self; 8] = [
        Self::Idle,
        Self::Typing,
        Self::Scroll,
        Self::Drag,
        Self::Video,
        Self::Video60,
        Self::VideoTyping,
        Self::Terminal,
    ];

    /// Name on the command line and in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Typing => "typing",
            Self::Scroll => "scroll",
            Self::Drag => "drag",
            Self::Video => "video",
            Self::Video60 => "video60",
            Self::VideoTyping => "video-typing",
            Self::Terminal => "terminal",
        }
    }

    /// Whether a key flips a box.
    pub(crate) const fn takes_keys(self) -> bool {
        matches!(self, Self::Typing | Self::VideoTyping)
    }

    /// Whether it shows the film.
    pub(crate) const fn has_film(self) -> bool {
        matches!(self, Self::Video | Self::Video60 | Self::VideoTyping)
    }

    /// Changes per second when `asked` are asked for.
    pub(crate) const fn fps(self, asked: u32) -> u32 {
        if matches!(self, Self::Video60) { 60 } else { asked }
    }

    /// Whether it changes by itself all the time.
    pub(crate) const fn moves(self) -> bool {
        !matches!(self, Self::Idle | Self::Typing)
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
    /// What the terminal shows follows from this
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Where the terminal's pipe may lie for a moment
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

/// Draws until it is ended.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let workload = arguments.workload;
    let canvas = Canvas::open(&arguments.display)?;
    let ticks = Ticks::new(workload.fps(arguments.fps));
    let geometry = Geometry { width: canvas.width.into(), height: canvas.height.into() };
    match workload {
        Workload::Idle => canvas.show_page(),
        Workload::Typing => typing::run(&canvas, geometry),
        Workload::Scroll => scroll::run(&canvas, ticks),
        Workload::Drag => drag::run(&canvas, ticks),
        Workload::Video | Workload::Video60 => video::run(&canvas, ticks, geometry, || Ok(())),
        Workload::VideoTyping => {
            let at = geometry.key_box(workload).unwrap_or_default();
            video::run(&canvas, ticks, geometry, || typing::beside(&arguments.display, at))
        }
        Workload::Terminal => {
            terminal::run(&canvas, ticks, arguments.seed, &arguments.display, &arguments.folder)
        }
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

    /// When the next one is.
    pub(crate) fn upcoming(&mut self) -> Duration {
        self.next = (self.next + self.every).max(monotonic());
        self.next
    }

    /// Sleeps until then.
    pub(crate) fn sleep_until(at: Duration) {
        std::thread::sleep(at.saturating_sub(monotonic()));
    }

    /// Sleeps until the next one.
    fn wait(&mut self) {
        Self::sleep_until(self.upcoming());
    }
}
