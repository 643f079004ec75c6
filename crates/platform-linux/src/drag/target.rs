//! Which window at a point knows of drags.

use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, Window};

use super::X11Drag;
use crate::DisplayError;

/// Oldest version of the protocol whose messages are as they are today.
const OLDEST: u8 = 3;
/// The version that is spoken here.
const NEWEST: u8 = 5;
/// Windows within windows.
const DEEPEST: usize = 64;

/// A window that files may be dropped on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// As messages call it.
    pub(super) window: Window,
    /// Who gets them: itself, or who stands in for it.
    pub(super) told: Window,
    /// What both ends speak.
    pub(super) version: u8,
}

impl X11Drag {
    /// The window of a program at a point of the root window: the outermost that knows of
    /// drags, as frames of window managers do not.
    pub(super) fn target_at(&self, x: i16, y: i16) -> Result<Option<Target>, DisplayError> {
        let root = self.link.root;
        let mut window = root;
        for _ in 0..DEEPEST {
            let asked = self.link.conn.translate_coordinates(root, window, x, y)?.reply();
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
            if let Some(target) = self.aware(window)? {
                return Ok(Some(target));
            }
        }
        // A desktop that draws on the root window has somebody stand in for it. Beside
        // windows only: one that takes nothing does not let through.
        if window == root { self.aware(root) } else { Ok(None) }
    }

    fn aware(&self, window: Window) -> Result<Option<Target>, DisplayError> {
        let proxy = self.number(window, self.atoms.XdndProxy, AtomEnum::WINDOW)?;
        let told = match proxy {
            // One that is left over from a program that died names a window that does
            // not name itself.
            Some(proxy)
                if self.number(proxy, self.atoms.XdndProxy, AtomEnum::WINDOW)? == proxy.into() =>
            {
                proxy
            }
            _ => window,
        };
        let Some(version) = self.number(told, self.atoms.XdndAware, AtomEnum::ATOM)? else {
            return Ok(None);
        };
        let version = u8::try_from(version).unwrap_or(u8::MAX).min(NEWEST);
        Ok((version >= OLDEST).then_some(Target { window, told, version }))
    }

    /// The first value of a property; none for a window that is gone.
    fn number(
        &self,
        window: Window,
        property: u32,
        kind: AtomEnum,
    ) -> Result<Option<u32>, DisplayError> {
        let asked = self.link.conn.get_property(false, window, property, kind, 0, 1)?.reply();
        match asked.map_err(DisplayError::from) {
            Ok(reply) => Ok(reply.value32().and_then(|mut values| values.next())),
            Err(DisplayError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
