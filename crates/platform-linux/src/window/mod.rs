//! Windows of the agent's own, drawn without a toolkit: the consent prompt and the
//! bar that stays while somebody is connected.

mod bar;
mod canvas;
mod consent;
pub(crate) mod font;
mod frame;
mod keys;

pub use bar::X11ConnectedBar;
pub use consent::X11Consent;
pub(crate) use frame::Place;
