//! Blanks the machine's monitors.
//!
//! A black window lies over everything, lets clicks through, and is left out of
//! captured pictures (`WDA_EXCLUDEFROMCAPTURE`, Windows 10 version 2004 and later).
//! Where Windows does not know that, nothing is blanked: a picture that is black for
//! both is no use, and switching monitors off ends with the next mouse move.

use gc_platform::{ActionError, Freed, SwitchHandle};
use gc_types::CauseCode;
use windows::Win32::Foundation::{COLORREF, HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::Graphics::Dwm::DwmFlush;
use windows::Win32::Graphics::Gdi::{
    BLACK_BRUSH, CreateCompatibleBitmap, CreateCompatibleDC, DeleteDC, DeleteObject, GetDC,
    GetPixel, GetStockObject, HBRUSH, ReleaseDC, SRCCOPY, SelectObject, StretchBlt,
};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, DestroyWindow, GetSystemMetrics, GetWindowDisplayAffinity,
    HWND_TOPMOST, IsWindowVisible, KillTimer, LWA_ALPHA, PostQuitMessage, RegisterClassExW,
    SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN, SWP_NOACTIVATE,
    SWP_SHOWWINDOW, SetLayeredWindowAttributes, SetTimer, SetWindowDisplayAffinity, SetWindowPos,
    WDA_EXCLUDEFROMCAPTURE, WM_TIMER, WNDCLASSEXW, WS_EX_LAYERED, WS_EX_NOACTIVATE,
    WS_EX_TOOLWINDOW, WS_EX_TOPMOST, WS_EX_TRANSPARENT, WS_POPUP,
};
use windows::core::w;

use super::desktop_switch::DesktopSwitch;
use super::failed;
use super::held::{self, Ready, run_loop};
use super::version::version;

/// Build number of Windows 10 version 2004.
const FIRST_BUILD: u32 = 19_041;
/// How often it is looked whether it still covers everything.
const LOOK_EVERY_MS: u32 = 500;
/// Side of the small picture by which black is told from not black.
const SAMPLE: i32 = 32;

fn unsupported() -> ActionError {
    ActionError::new(
        CauseCode::ActionUnsupported,
        "It takes Windows 10 version 2004 or later to hide a black window from the picture.",
    )
}

pub(super) fn ability() -> Result<(), ActionError> {
    match version() {
        Some((major, _, build)) if major > 10 || major == 10 && build >= FIRST_BUILD => Ok(()),
        _ => Err(unsupported()),
    }
}

/// Blanks them, and looks whether the picture is still there.
pub(super) fn start(freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
    ability()?;
    held::start("blank-screen", move |ready| hold(ready, &freed))
}

fn hold(ready: &Ready, freed: &Freed) {
    let had_picture = has_picture();
    let cover = match Cover::show(had_picture) {
        Ok(cover) => cover,
        Err(error) => {
            // Who started this waits for it.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let switch = DesktopSwitch::watch();
    // SAFETY: takes numbers; the timer posts to this thread's queue.
    let timer = unsafe { SetTimer(None, 0, LOOK_EVERY_MS, None) };
    let _ = ready.send(Ok(()));
    let mut lost = None;
    run_loop(|message| {
        if message.message == WM_TIMER
            && message.wParam.0 == timer
            && let Err(error) = cover.cover().and_then(|()| cover.check())
        {
            lost = Some(error);
            // SAFETY: takes a number; for this thread.
            unsafe { PostQuitMessage(0) };
        }
    });
    drop(cover);
    // SAFETY: takes numbers.
    let _ = unsafe { KillTimer(None, timer) };
    if let Some(why) = lost.or_else(|| switch.happened()) {
        freed(why);
    }
}

/// The black window.
struct Cover(HWND);

impl Cover {
    fn show(had_picture: bool) -> Result<Self, ActionError> {
        let cover = Self::create()?;
        // SAFETY: ours.
        unsafe { SetWindowDisplayAffinity(cover.0, WDA_EXCLUDEFROMCAPTURE) }
            .map_err(|_| unsupported())?;
        // SAFETY: ours; 255 is opaque.
        unsafe { SetLayeredWindowAttributes(cover.0, COLORREF(0), 255, LWA_ALPHA) }
            .map_err(|error| failed("SetLayeredWindowAttributes", &error))?;
        cover.cover()?;
        cover.check()?;
        // SAFETY: takes nothing; without composition there is nothing to wait for.
        let _ = unsafe { DwmFlush() };
        if had_picture && !has_picture() {
            return Err(ActionError::new(
                CauseCode::ActionNotVerified,
                "The picture went black, too.",
            ));
        }
        Ok(cover)
    }

    fn create() -> Result<Self, ActionError> {
        // SAFETY: the names end with a zero; the class lives as long as the process,
        // its function too; a class that is there already is as good.
        unsafe {
            let module = GetModuleHandleW(None).map_err(|error| failed("module", &error))?;
            let class = WNDCLASSEXW {
                cbSize: u32::try_from(size_of::<WNDCLASSEXW>()).unwrap_or(0),
                lpfnWndProc: Some(on_message),
                hInstance: module.into(),
                hbrBackground: HBRUSH(GetStockObject(BLACK_BRUSH).0),
                lpszClassName: w!("GuruConnectBlank"),
                ..WNDCLASSEXW::default()
            };
            RegisterClassExW(&raw const class);
            let style = WS_EX_TOPMOST
                | WS_EX_TOOLWINDOW
                | WS_EX_NOACTIVATE
                | WS_EX_LAYERED
                | WS_EX_TRANSPARENT;
            let window = CreateWindowExW(
                style,
                w!("GuruConnectBlank"),
                w!(""),
                WS_POPUP,
                0,
                0,
                1,
                1,
                None,
                None,
                Some(module.into()),
                None,
            );
            window.map(Self).map_err(|error| failed("CreateWindowEx", &error))
        }
    }

    /// Over every monitor of now, above everything.
    fn cover(&self) -> Result<(), ActionError> {
        // SAFETY: ours; takes numbers.
        unsafe {
            SetWindowPos(
                self.0,
                Some(HWND_TOPMOST),
                GetSystemMetrics(SM_XVIRTUALSCREEN),
                GetSystemMetrics(SM_YVIRTUALSCREEN),
                GetSystemMetrics(SM_CXVIRTUALSCREEN),
                GetSystemMetrics(SM_CYVIRTUALSCREEN),
                SWP_NOACTIVATE | SWP_SHOWWINDOW,
            )
        }
        .map_err(|error| failed("SetWindowPos", &error))
    }

    /// Whether it shows, and only where it should.
    fn check(&self) -> Result<(), ActionError> {
        let mut affinity = 0;
        // SAFETY: ours; it writes into the live number.
        let (told, visible) = unsafe {
            (GetWindowDisplayAffinity(self.0, &raw mut affinity), IsWindowVisible(self.0))
        };
        if told.is_err() || affinity != WDA_EXCLUDEFROMCAPTURE.0 {
            return Err(unsupported());
        }
        if !visible.as_bool() {
            return Err(ActionError::new(
                CauseCode::ActionNotVerified,
                "The black window does not show.",
            ));
        }
        Ok(())
    }
}

impl Drop for Cover {
    fn drop(&mut self) {
        // SAFETY: ours, on the thread that made it.
        let _ = unsafe { DestroyWindow(self.0) };
    }
}

/// Whether anything in a captured picture is not black.
fn has_picture() -> bool {
    // SAFETY: every object is made here, used with its own kind, and given back; sizes
    // are those of the bitmap.
    unsafe {
        let screen = GetDC(None);
        let memory = CreateCompatibleDC(Some(screen));
        let bitmap = CreateCompatibleBitmap(screen, SAMPLE, SAMPLE);
        let before = SelectObject(memory, bitmap.into());
        let copied = StretchBlt(
            memory,
            0,
            0,
            SAMPLE,
            SAMPLE,
            Some(screen),
            GetSystemMetrics(SM_XVIRTUALSCREEN),
            GetSystemMetrics(SM_YVIRTUALSCREEN),
            GetSystemMetrics(SM_CXVIRTUALSCREEN),
            GetSystemMetrics(SM_CYVIRTUALSCREEN),
            SRCCOPY,
        );
        let found = copied.as_bool()
            && (0..SAMPLE).any(|y| (0..SAMPLE).any(|x| GetPixel(memory, x, y).0 != 0));
        SelectObject(memory, before);
        let _ = DeleteObject(bitmap.into());
        let _ = DeleteDC(memory);
        ReleaseDC(None, screen);
        found
    }
}

unsafe extern "system" fn on_message(
    window: HWND,
    message: u32,
    what: WPARAM,
    more: LPARAM,
) -> LRESULT {
    // SAFETY: passed on as it came.
    unsafe { DefWindowProcW(window, message, what, more) }
}
