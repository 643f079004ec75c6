//! Windows of the agent's own, drawn without a toolkit: the consent prompt, the bar
//! that stays while somebody is connected, and the notice when somebody connects.

mod bar;
mod canvas;
mod consent;
pub(crate) mod font;
mod frame;
mod keys;
mod notice;

pub use bar::X11ConnectedBar;
pub use consent::X11Consent;
pub(crate) use frame::Place;
pub use notice::X11Notice;
