//! Actions on a machine beside keyboard and mouse: who may ask for them, how often,
//! and when what is on goes off again. And the text of the connection notice.
//!
//! Nothing here does anything to a machine: [`Desk`] says what is to be done.

mod action;
mod desk;
mod notice;

pub use action::{Action, Switch};
pub use desk::{Asker, Desk, LINK_GRACE, MIN_INTERVAL, Refusal, Work};
pub use notice::{
    DEFAULT_TEMPLATE, DURATION_S, MAX_LINES, MAX_TEMPLATE, PLACEHOLDERS, TemplateProblem, Words,
    check_template, render,
};
