//! The window that owns what is offered, and makes it what a program asks for.
#![expect(
    clippy::missing_const_for_thread_local,
    reason = "it is const; on this target the lint does not see it"
)]

use std::cell::RefCell;

use gc_platform::{ClipboardContent, ClipboardError};
use windows::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, GetClipboardOwner, OpenClipboard, SetClipboardData,
};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::System::Ole::{CF_DIBV5, CF_HDROP, CF_UNICODETEXT, DROPEFFECT_COPY};
use windows::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DefWindowProcW, HWND_MESSAGE, RegisterClassW, WINDOW_EX_STYLE, WINDOW_STYLE,
    WM_DESTROYCLIPBOARD, WM_RENDERALLFORMATS, WM_RENDERFORMAT, WNDCLASSW,
};
use windows::core::{Error, w};

use super::memory::place;
use super::registered::Registered;
use super::{png_to_dibv5, write_drop_files, write_html_format, write_unicode_text};

#[derive(Clone)]
struct Offer {
    content: ClipboardContent,
    registered: Registered,
}

thread_local! {
    // The system calls the window's procedure while this thread waits for messages, or
    // is inside a call of its own: nothing may be borrowed across one.
    static OFFER: RefCell<Option<Offer>> = const { RefCell::new(None) };
}

fn offer() -> Option<Offer> {
    OFFER.with(|offer| offer.try_borrow().ok()?.clone())
}

fn replace(new: Option<Offer>) {
    OFFER.with(|offer| {
        if let Ok(mut offer) = offer.try_borrow_mut() {
            *offer = new;
        }
    });
}

/// The open clipboard; closed when dropped.
pub(super) struct Open(());

impl Open {
    /// Fails while another program has it open.
    pub(super) fn new(window: HWND) -> Result<Self, Error> {
        // SAFETY: the window is this thread's.
        unsafe { OpenClipboard(Some(window)) }.map(|()| Self(()))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: opened by this thread.
        if let Err(error) = unsafe { CloseClipboard() } {
            tracing::debug!(%error, "the clipboard cannot be closed");
        }
    }
}

/// Whether what lies on the clipboard was put there by this window.
pub(super) fn is_owner(window: HWND) -> bool {
    // SAFETY: takes nothing.
    unsafe { GetClipboardOwner() }.is_ok_and(|owner| owner == window)
}

/// What this window offers at the moment.
pub(super) fn offered(window: HWND) -> Option<ClipboardContent> {
    offer().filter(|_| is_owner(window)).map(|offer| offer.content)
}

/// A window that nobody sees, for the calling thread.
pub(super) fn create_window() -> Result<HWND, Error> {
    let class = w!("GuruConnect clipboard");
    // SAFETY: the name ends with a zero, and the procedure is of this program, which is
    // there for as long as the class. A class that is registered already is this one.
    unsafe {
        let instance = GetModuleHandleW(None)?.into();
        let description = WNDCLASSW {
            lpfnWndProc: Some(procedure),
            hInstance: instance,
            lpszClassName: class,
            ..WNDCLASSW::default()
        };
        RegisterClassW(&raw const description);
        CreateWindowExW(
            WINDOW_EX_STYLE(0),
            class,
            w!(""),
            WINDOW_STYLE(0),
            0,
            0,
            0,
            0,
            Some(HWND_MESSAGE),
            None,
            Some(instance),
            None,
        )
    }
}

/// Formats in which a content is offered; the rest is made by the system out of them.
pub(crate) fn rendered_formats(content: &ClipboardContent, registered: &Registered) -> Vec<u32> {
    let mut formats = Vec::new();
    if content.text.is_some() {
        formats.push(u32::from(CF_UNICODETEXT.0));
    }
    if content.files.is_some() {
        formats.push(u32::from(CF_HDROP.0));
    }
    if content.html.is_some() {
        formats.push(registered.html);
    }
    if content.rtf.is_some() {
        formats.push(registered.rtf);
    }
    if content.png.is_some() {
        formats.extend([registered.png, u32::from(CF_DIBV5.0)]);
    }
    formats
}

/// A content in one of them.
pub(crate) fn rendered(
    content: &ClipboardContent,
    registered: &Registered,
    format: u32,
) -> Option<Vec<u8>> {
    if format == u32::from(CF_UNICODETEXT.0) {
        return content.text.as_deref().map(write_unicode_text);
    }
    if format == u32::from(CF_HDROP.0) {
        return content.files.as_ref().and_then(write_drop_files);
    }
    if format == u32::from(CF_DIBV5.0) {
        return content.png.as_deref().and_then(png_to_dibv5);
    }
    if format == registered.html {
        return content.html.as_deref().map(write_html_format);
    }
    if format == registered.png {
        return content.png.as_deref().map(<[u8]>::to_vec);
    }
    // Programs read up to a terminator.
    let rtf = content.rtf.as_deref().filter(|_| format == registered.rtf)?;
    Some([rtf, b"\0"].concat())
}

/// Offers a content in place of what is on the clipboard; nothing is converted before a
/// program asks.
pub(super) fn put(
    _open: &Open,
    content: ClipboardContent,
    registered: &Registered,
) -> Result<(), ClipboardError> {
    // SAFETY: the clipboard is open with this thread's window, which owns it from here.
    unsafe { EmptyClipboard() }.map_err(|error| ClipboardError(error.to_string()))?;
    let formats = rendered_formats(&content, registered);
    let files = content.files.is_some();
    replace(Some(Offer { content, registered: *registered }));
    for format in formats {
        // SAFETY: as above. Without memory, the window is asked when a program wants it;
        // the handle that comes back is none, which is no error.
        let _ = unsafe { SetClipboardData(format, None) };
    }
    let number = |format: u32, value: u32| {
        place(format, &value.to_le_bytes()).map_err(|error| ClipboardError(error.to_string()))
    };
    if files {
        number(registered.drop_effect, DROPEFFECT_COPY.0)?;
    }
    // What a technician copies is for this machine and not for a cloud.
    number(registered.cloud, 0)
}

/// Takes back what is offered, if it is still there.
pub(super) fn take_back(window: HWND) {
    if is_owner(window)
        && let Ok(open) = Open::new(window)
    {
        // SAFETY: the clipboard is open.
        if let Err(error) = unsafe { EmptyClipboard() } {
            tracing::debug!(%error, "the clipboard cannot be given back");
        }
        drop(open);
    }
    replace(None);
}

extern "system" fn procedure(
    window: HWND,
    message: u32,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    match message {
        WM_RENDERFORMAT => {
            // The program that asks has the clipboard open.
            let format = wparam.0 as u32;
            if let Some(bytes) =
                offer().and_then(|offer| rendered(&offer.content, &offer.registered, format))
                && let Err(error) = place(format, &bytes)
            {
                tracing::warn!(%error, format, "a clipboard format could not be given");
            }
            LRESULT(0)
        }
        WM_RENDERALLFORMATS => {
            if let (Some(offer), Ok(open)) = (offer(), Open::new(window)) {
                if is_owner(window) {
                    for format in rendered_formats(&offer.content, &offer.registered) {
                        let bytes = rendered(&offer.content, &offer.registered, format);
                        if let Some(Err(error)) = bytes.map(|bytes| place(format, &bytes)) {
                            tracing::warn!(%error, format, "a clipboard format is lost");
                        }
                    }
                }
                drop(open);
            }
            LRESULT(0)
        }
        WM_DESTROYCLIPBOARD => {
            // It may come late, when this window owns the clipboard once more.
            if !is_owner(window) {
                replace(None);
            }
            LRESULT(0)
        }
        // SAFETY: passed on as it came.
        _ => unsafe { DefWindowProcW(window, message, wparam, lparam) },
    }
}
