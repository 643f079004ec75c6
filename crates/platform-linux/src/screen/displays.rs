//! The monitors of an X display.

use std::collections::HashMap;

use gc_platform::{DisplayInfo, PixelSize};
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{Atom, ConnectionExt as _};

use crate::DisplayError;
use crate::display::Link;

/// Displays with ids that stay with the monitor's name.
#[derive(Debug, Default)]
pub(crate) struct Displays {
    ids: HashMap<Atom, u32>,
    pub(crate) list: Vec<DisplayInfo>,
    pub(crate) root: Option<PixelSize>,
}

impl Displays {
    /// Reads the list again; whether anything changed.
    pub(crate) fn refresh(&mut self, link: &Link) -> Result<bool, DisplayError> {
        let geometry = link.conn.get_geometry(link.root)?;
        let monitors = link.conn.randr_get_monitors(link.root, true)?;
        let geometry = geometry.reply()?;
        let root = PixelSize { width: geometry.width.into(), height: geometry.height.into() };
        let mut list = Vec::new();
        for monitor in monitors.reply()?.monitors {
            let right = i32::from(monitor.x) + i32::from(monitor.width);
            let bottom = i32::from(monitor.y) + i32::from(monitor.height);
            // A monitor may reach beyond the root while a change is under way.
            let width = right.min(root.width as i32) - i32::from(monitor.x);
            let height = bottom.min(root.height as i32) - i32::from(monitor.y);
            if width <= 0 || height <= 0 || monitor.x < 0 || monitor.y < 0 {
                continue;
            }
            let name = link.conn.get_atom_name(monitor.name)?.reply()?.name;
            list.push(DisplayInfo {
                id: self.id(monitor.name),
                name: String::from_utf8_lossy(&name).into_owned(),
                x: monitor.x.into(),
                y: monitor.y.into(),
                size: PixelSize { width: width as u32, height: height as u32 },
                primary: monitor.primary,
            });
        }
        if list.is_empty() {
            // Every output is off, and yet there is a root to look at. Atom 0 is no name.
            let id = self.id(0);
            list.push(DisplayInfo {
                id,
                name: "screen".to_owned(),
                x: 0,
                y: 0,
                size: root,
                primary: true,
            });
        }
        if !list.iter().any(|display| display.primary) {
            list[0].primary = true;
        }
        let changed = self.root != Some(root) || self.list != list;
        self.root = Some(root);
        self.list = list;
        Ok(changed)
    }

    fn id(&mut self, name: Atom) -> u32 {
        let next = self.ids.len() as u32 + 1;
        *self.ids.entry(name).or_insert(next)
    }
}
