//! The panel with two sides: folders of this computer at the left, of the machine at the
//! right, and what is done with files between them.

mod draw;
mod pane;
mod prompt;
mod work;

use std::time::Duration;

use gc_panel::Area;

pub(crate) use draw::date;
pub(crate) use pane::{Column, Pane};
use prompt::Prompt;

use crate::files::Side;

/// Two presses within this are a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// Letters within this are of one name.
const LETTERS: Duration = Duration::from_secs(1);

/// What a button or a key of the panel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Rename,
    Copy,
    Make,
    Delete,
    Reload,
    Up,
    Close,
}

/// What is under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit {
    Pane(usize),
    Row(usize, usize),
    Head(usize, Column),
    Act(Act),
}

/// The panel while it is open.
pub(crate) struct Panes {
    pub(crate) sides: [Pane; 2],
    /// The side that the keys act on.
    pub(crate) active: usize,
    prompt: Option<Prompt>,
    /// Rows that there is room for.
    rows: usize,
    /// Of the last question.
    token: u32,
    /// Places in the window, those on top last.
    hits: Vec<(Area, Hit)>,
    over: Option<Hit>,
    pressed: Option<(Hit, Duration)>,
    /// What was asked about, until it is answered.
    asks_to_delete: Vec<gc_platform::StorePath>,
    /// Letters that were typed to find a name, and when the last one was.
    letters: (String, Duration),
}

impl Panes {
    pub(crate) fn new() -> Self {
        Self {
            sides: [Pane::new(Side::Here), Pane::new(Side::There)],
            active: 0,
            prompt: None,
            rows: 1,
            token: 0,
            hits: Vec::new(),
            over: None,
            pressed: None,
            asks_to_delete: Vec::new(),
            letters: (String::new(), Duration::ZERO),
        }
    }

    pub(crate) const fn pane(&mut self) -> &mut Pane {
        &mut self.sides[self.active]
    }

    pub(crate) fn of(&mut self, side: Side) -> &mut Pane {
        &mut self.sides[usize::from(side == Side::There)]
    }

    /// What is at a place of the window.
    fn at(&self, x: i32, y: i32) -> Option<Hit> {
        let (x, y) = (x as f32, y as f32);
        self.hits.iter().rev().find(|(area, _)| area.contains(x, y)).map(|(_, hit)| *hit)
    }

    /// Marks what the pointer is over; whether that is something else.
    pub(crate) fn hover(&mut self, x: i32, y: i32) -> bool {
        let over = self.at(x, y);
        std::mem::replace(&mut self.over, over) != over
    }

    /// A letter was typed: the mark goes to what begins with it and those before.
    fn find(&mut self, typed: &str, now: Duration) {
        let (letters, then) = &mut self.letters;
        if now.saturating_sub(*then) > LETTERS {
            letters.clear();
        }
        // The first one looks for the next name, more of them make it longer.
        let first = letters.is_empty();
        letters.push_str(typed);
        *then = now;
        let begins = letters.clone();
        self.pane().find(&begins, first);
    }

    /// Whether a name is being typed.
    pub(crate) const fn types(&self) -> bool {
        self.prompt.is_some()
    }
}
