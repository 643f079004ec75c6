//! Colours, sizes and places as the user has set them.

use gc_panel::{Palette, Rgb};
use gc_platform::PromptError;
use windows::Win32::Foundation::{COLORREF, HWND, POINT, RECT};
use windows::Win32::Graphics::Gdi::{
    COLOR_BTNFACE, COLOR_GRAYTEXT, COLOR_HIGHLIGHT, COLOR_WINDOW, COLOR_WINDOWTEXT, GetDC,
    GetDeviceCaps, GetMonitorInfoW, GetSysColor, LOGPIXELSX, MONITOR_DEFAULTTOPRIMARY, MONITORINFO,
    MonitorFromPoint, ReleaseDC, SYS_COLOR_INDEX,
};
use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows::Win32::System::Registry::HKEY_CURRENT_USER;
use windows::Win32::UI::Accessibility::{HCF_HIGHCONTRASTON, HIGHCONTRASTW};
use windows::Win32::UI::WindowsAndMessaging::{
    SPI_GETHIGHCONTRAST, SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS, SystemParametersInfoW,
};
use windows::core::{PCSTR, s, w};

use crate::registry;

const THEME: &str = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize";
const ACCESSIBILITY: &str = r"Software\Microsoft\Accessibility";
/// Dots per inch at a scale of 1.
const USUAL_DPI: f32 = 96.0;

/// Colours of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) palette: Palette,
    /// For the parts that Windows draws.
    pub(super) dark: bool,
}

impl Look {
    /// High contrast goes before dark, and that before light.
    pub(super) fn current() -> Self {
        if high_contrast() {
            let palette = contrast_palette();
            let light = palette.surface.iter().map(|c| u32::from(*c)).sum::<u32>();
            return Self { palette, dark: light < 384 };
        }
        let light = registry::number(HKEY_CURRENT_USER, THEME, "AppsUseLightTheme");
        // Nobody has chosen: Windows 7, or a fresh user.
        let dark = light.ok().flatten() == Some(0);
        Self { palette: if dark { Palette::DARK } else { Palette::LIGHT }, dark }
    }
}

fn high_contrast() -> bool {
    let mut info =
        HIGHCONTRASTW { cbSize: size_of::<HIGHCONTRASTW>() as u32, ..HIGHCONTRASTW::default() };
    // SAFETY: the size says how much there is to write into.
    let read = unsafe {
        SystemParametersInfoW(
            SPI_GETHIGHCONTRAST,
            info.cbSize,
            Some((&raw mut info).cast()),
            SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS(0),
        )
    };
    read.is_ok() && info.dwFlags.contains(HCF_HIGHCONTRASTON)
}

/// The user's own colours and nothing between them.
fn contrast_palette() -> Palette {
    let color = |index: SYS_COLOR_INDEX| -> Rgb {
        // SAFETY: takes a number and gives one.
        let [red, green, blue, _] = unsafe { GetSysColor(index) }.to_le_bytes();
        [red, green, blue]
    };
    let (window, text) = (color(COLOR_WINDOW), color(COLOR_WINDOWTEXT));
    let accent = color(COLOR_HIGHLIGHT);
    Palette {
        surface: window,
        panel: window,
        field: window,
        border: text,
        text,
        muted: text,
        accent,
        track: color(COLOR_GRAYTEXT),
        hover: color(COLOR_BTNFACE),
        pressed: window,
        bad: text,
    }
}

/// As Win32 wants it.
pub(super) fn colorref(color: Rgb) -> COLORREF {
    COLORREF(u32::from_le_bytes([color[0], color[1], color[2], 0]))
}

/// A function of user32 that not every Windows has.
fn newer<F: Copy>(name: PCSTR) -> Option<F> {
    // SAFETY: user32 is loaded: this program imports it.
    let function = unsafe {
        let library = GetModuleHandleW(w!("user32.dll")).ok()?;
        GetProcAddress(library, name)?
    };
    debug_assert_eq!(size_of::<F>(), size_of_val(&function));
    // SAFETY: callers name the type of a function pointer with the signature of the
    // function that they ask for.
    Some(unsafe { std::mem::transmute_copy(&function) })
}

/// Windows of this thread are drawn in the pixels of their monitor, whatever the
/// program's manifest says (Windows 10 1607; before that, the manifest alone decides).
pub(crate) fn be_sharp() {
    type SetContext = unsafe extern "system" fn(isize) -> isize;
    /// `DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2` and the one before (windef.h).
    const CONTEXTS: [isize; 2] = [-4, -3];
    if let Some(set) = newer::<SetContext>(s!("SetThreadDpiAwarenessContext")) {
        for context in CONTEXTS {
            // SAFETY: takes a number; 0 is a refusal.
            if unsafe { set(context) } != 0 {
                return;
            }
        }
    }
}

/// How large a pixel of 1/96 inch is for a window: its monitor's scale times what the
/// user has set for text.
pub(crate) fn scale(window: HWND) -> f32 {
    type DpiForWindow = unsafe extern "system" fn(HWND) -> u32;
    let dpi = newer::<DpiForWindow>(s!("GetDpiForWindow"))
        // SAFETY: the window is ours; 0 says that it is not one.
        .map(|get| unsafe { get(window) })
        .filter(|dpi| *dpi != 0)
        .unwrap_or_else(system_dpi);
    // Percent, 100 to 225; "Make text bigger".
    let text = registry::number(HKEY_CURRENT_USER, ACCESSIBILITY, "TextScaleFactor")
        .ok()
        .flatten()
        .unwrap_or(100);
    let text = text.clamp(100, 225) as f32 / 100.0;
    (dpi as f32 / USUAL_DPI * text).clamp(1.0, 6.0)
}

fn system_dpi() -> u32 {
    // SAFETY: the context of the screen is given back.
    unsafe {
        let screen = GetDC(None);
        let dpi = GetDeviceCaps(Some(screen), LOGPIXELSX);
        ReleaseDC(None, screen);
        u32::try_from(dpi).unwrap_or(96)
    }
}

/// The main monitor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// All of it.
    pub(super) monitor: RECT,
    /// Without the task bar.
    pub(super) work: RECT,
}

impl Place {
    pub(super) fn main() -> Result<Self, PromptError> {
        let mut info =
            MONITORINFO { cbSize: size_of::<MONITORINFO>() as u32, ..MONITORINFO::default() };
        // SAFETY: the size says how much there is to write into.
        let read = unsafe {
            let monitor = MonitorFromPoint(POINT::default(), MONITOR_DEFAULTTOPRIMARY);
            GetMonitorInfoW(monitor, &raw mut info)
        };
        if !read.as_bool() {
            return Err(PromptError("there is no monitor".to_owned()));
        }
        Ok(Self { monitor: info.rcMonitor, work: info.rcWork })
    }
}

/// Width and height of a rectangle; nothing for an inside-out one.
pub(super) fn extent(rect: RECT) -> (i32, i32) {
    ((rect.right - rect.left).max(0), (rect.bottom - rect.top).max(0))
}
