//! What the viewer draws over the picture: toolbar and menus, cards and banners,
//! statistics. Models say what there is, layers what it looks like.

mod card;
mod layer;
mod menu;
mod panel;
mod statistics;
mod toolbar;

#[cfg(test)]
pub(crate) use layer::tests;

pub(crate) use card::{Banner, Button, Card, Placed};
pub(crate) use layer::{Layer, Painter, intersection, union};
pub(crate) use menu::{Entry, Menu};
pub(crate) use panel::{bytes, panel};
pub(crate) use statistics::{slow_sentence, statistics};
pub(crate) use toolbar::{Tool, Toolbar};
