//! Which window at a point knows of drags.

use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, Window};

use super::X11Drag;
use crate::DisplayError;
use crate::display::Link;

/// Oldest version of the protocol whose messages are as they are today.
const OLDEST: u8 = 3;
/// The version that is spoken here.
const NEWEST: u8 = 5;
/// Windows within windows.
const DEEPEST: usize = 64;

/// A window that files may be dropped on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// As messages call it.
    pub(crate) window: Window,
    /// Who gets them: itself, or who stands in for it.
    pub(crate) told: Window,
    /// What both ends speak.
    pub(crate) version: u8,
}

/// What windows say of drags by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetAtoms {
    /// `XdndAware`.
    pub(crate) aware: Atom,
    /// `XdndProxy`.
    pub(crate) proxy: Atom,
}

/// The window of a program at a point of the root window: the outermost that knows of
/// drags, as frames of window managers do not.
pub(crate) fn target_at(
    link: &Link,
    atoms: TargetAtoms,
    x: i16,
    y: i16,
) -> Result<Option<Target>, DisplayError> {
    let root = link.root;
    let mut window = root;
    for _ in 0..DEEPEST {
        let asked = link.conn.translate_coordinates(root, window, x, y)?.reply();
        let inner = match asked.map_err(DisplayError::from) {
            Ok(reply) => reply.child,
            // It was closed meanwhile.
            Err(DisplayError::Refused(_)) => x11rb::NONE,
            Err(error) => return Err(error),
        };
        if inner == x11rb::NONE {
            break;
        }
        window = inner;
        if let Some(target) = aware(link, atoms, window)? {
            return Ok(Some(target));
        }
    }
    // A desktop that draws on the root window has somebody stand in for it. Beside
    // windows only: one that takes nothing does not let through.
    if window == root { aware(link, atoms, root) } else { Ok(None) }
}

fn aware(link: &Link, atoms: TargetAtoms, window: Window) -> Result<Option<Target>, DisplayError> {
    let proxy = number(link, window, atoms.proxy, AtomEnum::WINDOW)?;
    let told = match proxy {
        // One that is left over from a program that died names a window that does
        // not name itself.
        Some(proxy) if number(link, proxy, atoms.proxy, AtomEnum::WINDOW)? == proxy.into() => proxy,
        _ => window,
    };
    let Some(version) = number(link, told, atoms.aware, AtomEnum::ATOM)? else {
        return Ok(None);
    };
    let version = u8::try_from(version).unwrap_or(u8::MAX).min(NEWEST);
    Ok((version >= OLDEST).then_some(Target { window, told, version }))
}

/// The first value of a property; none for a window that is gone.
fn number(
    link: &Link,
    window: Window,
    property: Atom,
    kind: AtomEnum,
) -> Result<Option<u32>, DisplayError> {
    let asked = link.conn.get_property(false, window, property, kind, 0, 1)?.reply();
    match asked.map_err(DisplayError::from) {
        Ok(reply) => Ok(reply.value32().and_then(|mut values| values.next())),
        Err(DisplayError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl X11Drag {
    pub(super) fn target_at(&self, x: i16, y: i16) -> Result<Option<Target>, DisplayError> {
        let atoms = TargetAtoms { aware: self.atoms.XdndAware, proxy: self.atoms.XdndProxy };
        target_at(&self.link, atoms, x, y)
    }
}
