//! Keys that a window of the agent understands.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, KeyPressEvent};

use crate::DisplayError;
use crate::display::Link;

/// What a key means in a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DialogKey {
    Next,
    Previous,
    Press,
    Cancel,
}

/// The meaning of a key by the layout of the moment.
pub(super) fn meaning(link: &Link, key: &KeyPressEvent) -> Result<Option<DialogKey>, DisplayError> {
    if key.detail < link.conn.setup().min_keycode {
        return Ok(None);
    }
    let keysyms = link.conn.get_keyboard_mapping(key.detail, 1)?.reply()?.keysyms;
    let shift = u16::from(key.state) & 1 != 0;
    Ok(match keysyms.first().copied().unwrap_or(0) {
        // Tab.
        0xFF09 if !shift => Some(DialogKey::Next),
        // Tab with Shift, ISO_Left_Tab, Left, Up.
        0xFF09 | 0xFE20 | 0xFF51 | 0xFF52 => Some(DialogKey::Previous),
        // Right, Down.
        0xFF53 | 0xFF54 => Some(DialogKey::Next),
        // Return, KP_Enter, space.
        0xFF0D | 0xFF8D | 0x20 => Some(DialogKey::Press),
        // Escape.
        0xFF1B => Some(DialogKey::Cancel),
        _ => None,
    })
}
