//! The monitors of the desktop.

use gc_platform::{DisplayInfo, PixelSize};
use windows::Win32::Foundation::{LPARAM, RECT};
use windows::Win32::Graphics::Gdi::{
    EnumDisplayMonitors, GetMonitorInfoW, HDC, HMONITOR, MONITORINFO, MONITORINFOEXW,
};
use windows::Win32::UI::WindowsAndMessaging::{
    GetSystemMetrics, MONITORINFOF_PRIMARY, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN,
    SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN,
};
use windows::core::BOOL;

use crate::choice::{Area, Layout};

/// Monitors get numbers that stay with their names.
#[derive(Default)]
pub(super) struct Displays {
    names: Vec<String>,
}

impl Displays {
    /// The monitors as they are now, in physical pixels.
    pub(super) fn layout(&mut self) -> Layout {
        let mut found: Vec<MONITORINFOEXW> = Vec::new();
        let place = LPARAM(&raw mut found as isize);
        // SAFETY: `add` gets the place of the list, which lives longer than the call
        // and is touched by nobody else meanwhile.
        let _ = unsafe { EnumDisplayMonitors(None, None, Some(add), place) };
        let displays = found.iter().filter_map(|monitor| self.describe(monitor)).collect();
        // SAFETY: each takes a number and gives one.
        let [x, y, width, height] = unsafe {
            [SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN]
                .map(|index| GetSystemMetrics(index))
        };
        let size = PixelSize {
            width: u32::try_from(width).unwrap_or(0),
            height: u32::try_from(height).unwrap_or(0),
        };
        Layout { displays, desktop: Area { origin: (x, y), size } }
    }

    fn describe(&mut self, monitor: &MONITORINFOEXW) -> Option<DisplayInfo> {
        let length = monitor.szDevice.iter().position(|unit| *unit == 0).unwrap_or(32);
        let device = String::from_utf16_lossy(&monitor.szDevice[..length]);
        let name = device.trim_start_matches(r"\\.\").to_owned();
        let known = self.names.iter().position(|other| *other == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        let RECT { left, top, right, bottom } = monitor.monitorInfo.rcMonitor;
        let width = u32::try_from(right.checked_sub(left)?).ok().filter(|side| *side > 0)?;
        let height = u32::try_from(bottom.checked_sub(top)?).ok().filter(|side| *side > 0)?;
        Some(DisplayInfo {
            id: u32::try_from(index).ok()? + 1,
            name,
            x: left,
            y: top,
            size: PixelSize { width, height },
            primary: monitor.monitorInfo.dwFlags & MONITORINFOF_PRIMARY != 0,
        })
    }
}

unsafe extern "system" fn add(monitor: HMONITOR, _: HDC, _: *mut RECT, place: LPARAM) -> BOOL {
    let mut info = MONITORINFOEXW::default();
    info.monitorInfo.cbSize = u32::try_from(size_of::<MONITORINFOEXW>()).unwrap_or(0);
    // SAFETY: `place` is that of the list in `layout`; the longer structure begins
    // with the shorter one and says its own size.
    unsafe {
        let list = &mut *(place.0 as *mut Vec<MONITORINFOEXW>);
        if GetMonitorInfoW(monitor, (&raw mut info).cast::<MONITORINFO>()).as_bool() {
            list.push(info);
        }
    }
    BOOL(1)
}
