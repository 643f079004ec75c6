//! Caps Lock, Num Lock, Scroll Lock.

use x11rb::protocol::xkb::{ConnectionExt as _, Group, ID};
use x11rb::protocol::xproto::{ConnectionExt as _, ModMask};

use crate::DisplayError;
use crate::display::Link;

const NUM_LOCK: u32 = 0xFF7F;
const SCROLL_LOCK: u32 = 0xFF14;

/// Makes the lock modifiers stand as given. A lock that the keymap gives no
/// modifier (Scroll Lock, usually) does nothing on such a system, and is left.
pub(super) fn set(link: &Link, caps: bool, num: bool, scroll: bool) -> Result<(), DisplayError> {
    let num_mask = modifier_of(link, NUM_LOCK)?;
    let scroll_mask = modifier_of(link, SCROLL_LOCK)?;
    let caps_mask = u16::from(ModMask::LOCK);
    let mut affect = caps_mask;
    let mut locked = if caps { caps_mask } else { 0 };
    for (mask, on) in [(num_mask, num), (scroll_mask, scroll)] {
        affect |= mask;
        locked |= if on { mask } else { 0 };
    }
    lock(link, affect, locked)
}

/// How the lock modifiers stand: Caps, Num, Scroll.
pub(crate) fn all(link: &Link) -> Result<(bool, bool, bool), DisplayError> {
    let state = link.conn.xkb_get_state(ID::USE_CORE_KBD.into())?.reply()?;
    let locked = u16::from(state.locked_mods);
    let on = |mask: u16| locked & mask != 0;
    Ok((
        on(ModMask::LOCK.into()),
        on(modifier_of(link, NUM_LOCK)?),
        on(modifier_of(link, SCROLL_LOCK)?),
    ))
}

/// Whether Caps Lock is on.
pub(super) fn caps(link: &Link) -> Result<bool, DisplayError> {
    let state = link.conn.xkb_get_state(ID::USE_CORE_KBD.into())?.reply()?;
    Ok(u16::from(state.locked_mods) & u16::from(ModMask::LOCK) != 0)
}

/// Switches Caps Lock alone.
pub(super) fn set_caps(link: &Link, on: bool) -> Result<(), DisplayError> {
    let mask = u16::from(ModMask::LOCK);
    lock(link, mask, if on { mask } else { 0 })
}

fn lock(link: &Link, affect: u16, locked: u16) -> Result<(), DisplayError> {
    link.conn
        .xkb_latch_lock_state(
            ID::USE_CORE_KBD.into(),
            ModMask::from(affect),
            ModMask::from(locked),
            false,
            Group::M1,
            ModMask::from(0_u16),
            false,
            0,
        )?
        .check()?;
    Ok(())
}

/// Which modifier, as a mask, the key with this symbol sets; 0 for none.
fn modifier_of(link: &Link, keysym: u32) -> Result<u16, DisplayError> {
    let setup = x11rb::connection::Connection::setup(&link.conn);
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let keys = link.conn.get_keyboard_mapping(first, last - first + 1)?;
    let modifiers = link.conn.get_modifier_mapping()?.reply()?;
    let keys = keys.reply()?;
    let width = usize::from(keys.keysyms_per_keycode).max(1);
    let per = usize::from(modifiers.keycodes_per_modifier()).max(1);
    let mask = modifiers.keycodes.chunks(per).enumerate().find_map(|(index, codes)| {
        let has = codes.iter().filter(|code| **code >= first).any(|code| {
            let at = usize::from(code - first) * width;
            keys.keysyms.get(at..at + width).is_some_and(|syms| syms.contains(&keysym))
        });
        has.then_some(1 << index)
    });
    Ok(mask.unwrap_or(0))
}
