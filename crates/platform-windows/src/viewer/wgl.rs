//! The graphics card, by WGL, in a window of its own inside of the viewer's: once OpenGL
//! has drawn a window, GDI cannot be relied on in it any more, and the software must be
//! able to go on.

use std::ffi::{CStr, c_void};
use std::mem::{ManuallyDrop, transmute};
use std::ptr;

use gc_platform::{PixelRect, PixelSize, WindowError};
use gc_platform_gl::GlWindow;
use windows::Win32::Foundation::{
    ERROR_CLASS_ALREADY_EXISTS, GetLastError, HWND, LPARAM, LRESULT, WPARAM,
};
use windows::Win32::Graphics::Gdi::{GetDC, HDC, ReleaseDC, ValidateRect};
use windows::Win32::Graphics::OpenGL::{
    ChoosePixelFormat, PFD_DOUBLEBUFFER, PFD_DRAW_TO_WINDOW, PFD_MAIN_PLANE, PFD_SUPPORT_OPENGL,
    PFD_TYPE_RGBA, PIXELFORMATDESCRIPTOR, SetPixelFormat, SwapBuffers,
};
use windows::Win32::System::LibraryLoader::GetModuleHandleW;
use windows::Win32::UI::WindowsAndMessaging::{
    CS_OWNDC, CreateWindowExW, DefWindowProcW, DestroyWindow, GetParent, HTTRANSPARENT,
    PostMessageW, RegisterClassExW, SWP_NOACTIVATE, SWP_NOZORDER, SetWindowPos, WINDOW_EX_STYLE,
    WM_APP, WM_ERASEBKGND, WM_NCHITTEST, WM_PAINT, WNDCLASSEXW, WS_CHILD, WS_DISABLED,
    WS_EX_NOPARENTNOTIFY, WS_VISIBLE,
};
use windows::core::{PCSTR, PCWSTR, s, w};

use crate::library::Library;

/// Told to the window around: a part of it was uncovered.
pub(super) const WM_UNCOVERED: u32 = WM_APP + 16;
const CLASS: PCWSTR = w!("GuruConnectCard");

type Context = *mut c_void;
type CreateWithAttributes = unsafe extern "system" fn(HDC, Context, *const i32) -> Context;
type SwapInterval = unsafe extern "system" fn(i32) -> i32;

/// Of WGL_ARB_create_context and WGL_ARB_create_context_robustness: version 3.0, and a
/// card that is reset is told of. Without that a driver may end the program.
const ROBUST: [i32; 9] = [
    0x2091, // major version
    3, 0x2092, // minor version
    0, 0x2094, // flags
    4,      // robust access
    0x8256, // what a reset does
    0x8252, // loses the context
    0,
];

/// The functions of `opengl32.dll` that are used.
#[derive(Clone, Copy)]
struct Wgl {
    create: unsafe extern "system" fn(HDC) -> Context,
    delete: unsafe extern "system" fn(Context) -> i32,
    make_current: unsafe extern "system" fn(HDC, Context) -> i32,
    address: unsafe extern "system" fn(PCSTR) -> *const c_void,
}

fn failed(what: &str) -> WindowError {
    WindowError(format!("{what} failed: {}", windows::core::Error::from_thread()))
}

/// The window that OpenGL draws, with its context, which is current.
pub(super) struct WglWindow {
    /// Never let go: drivers do not like to go.
    library: ManuallyDrop<Library>,
    wgl: Wgl,
    window: HWND,
    dc: HDC,
    context: Context,
}

impl WglWindow {
    /// Inside of `parent`, as large as that is inside.
    pub(super) fn new(parent: HWND, size: PixelSize) -> Result<Self, WindowError> {
        let no_library = |error: windows::core::Error| WindowError(error.to_string());
        let library = ManuallyDrop::new(Library::load("opengl32.dll").map_err(no_library)?);
        // SAFETY: the signatures are those of the documentation.
        let wgl = unsafe {
            Wgl {
                create: library.find(s!("wglCreateContext")).map_err(no_library)?,
                delete: library.find(s!("wglDeleteContext")).map_err(no_library)?,
                make_current: library.find(s!("wglMakeCurrent")).map_err(no_library)?,
                address: library.find(s!("wglGetProcAddress")).map_err(no_library)?,
            }
        };
        let window = child(parent, size)?;
        // SAFETY: ours; a class with a context of its own.
        let dc = unsafe { GetDC(Some(window)) };
        let mut made = Self { library, wgl, window, dc, context: ptr::null_mut() };
        made.prepare()?;
        Ok(made)
    }

    fn prepare(&mut self) -> Result<(), WindowError> {
        let bytes = size_of::<PIXELFORMATDESCRIPTOR>() as u16;
        let wanted = PIXELFORMATDESCRIPTOR {
            nSize: bytes,
            nVersion: 1,
            dwFlags: PFD_DRAW_TO_WINDOW | PFD_SUPPORT_OPENGL | PFD_DOUBLEBUFFER,
            iPixelType: PFD_TYPE_RGBA,
            cColorBits: 24,
            iLayerType: PFD_MAIN_PLANE.0 as u8,
            ..PIXELFORMATDESCRIPTOR::default()
        };
        // SAFETY: a description that lives through the calls, of the size that is told.
        unsafe {
            let format = ChoosePixelFormat(self.dc, &raw const wanted);
            if format == 0 {
                return Err(failed("ChoosePixelFormat"));
            }
            SetPixelFormat(self.dc, format, &raw const wanted)
                .map_err(|error| WindowError(format!("SetPixelFormat failed: {error}")))?;
            self.context = (self.wgl.create)(self.dc);
            if self.context.is_null() {
                return Err(failed("wglCreateContext"));
            }
            if (self.wgl.make_current)(self.dc, self.context) == 0 {
                return Err(failed("wglMakeCurrent"));
            }
        }
        self.be_told_of_resets();
        let interval = self.find(c"wglSwapIntervalEXT");
        if !interval.is_null() {
            // The thread that draws is the one that decodes: it waits for no monitor.
            // SAFETY: the function of that name, and its signature.
            unsafe { transmute::<*const c_void, SwapInterval>(interval)(0) };
        }
        Ok(())
    }

    fn be_told_of_resets(&mut self) {
        let create = self.find(c"wglCreateContextAttribsARB");
        if create.is_null() {
            return;
        }
        // SAFETY: the function of that name, and its signature; the list ends with 0. The
        // context before is used no more when it goes.
        unsafe {
            let create = transmute::<*const c_void, CreateWithAttributes>(create);
            let better = create(self.dc, ptr::null_mut(), ROBUST.as_ptr());
            if better.is_null() {
                return;
            }
            if (self.wgl.make_current)(self.dc, better) == 0 {
                (self.wgl.make_current)(self.dc, self.context);
                (self.wgl.delete)(better);
                return;
            }
            (self.wgl.delete)(std::mem::replace(&mut self.context, better));
        }
    }

    /// The window itself.
    pub(super) const fn handle(&self) -> HWND {
        self.window
    }
}

/// As large as its parent is inside.
pub(super) fn resize(window: HWND, size: PixelSize) {
    let flags = SWP_NOZORDER | SWP_NOACTIVATE;
    let (width, height) = (size.width as i32, size.height as i32);
    // SAFETY: ours.
    let _ = unsafe { SetWindowPos(window, None, 0, 0, width, height, flags) };
}

/// A window that the pointer goes through.
fn child(parent: HWND, size: PixelSize) -> Result<HWND, WindowError> {
    let no_window = |error: windows::core::Error| WindowError(error.to_string());
    // SAFETY: the description lives through the call, and the procedure is one.
    unsafe {
        let module = GetModuleHandleW(None).map_err(no_window)?;
        let description = WNDCLASSEXW {
            cbSize: size_of::<WNDCLASSEXW>() as u32,
            style: CS_OWNDC,
            lpfnWndProc: Some(procedure),
            hInstance: module.into(),
            lpszClassName: CLASS,
            ..WNDCLASSEXW::default()
        };
        if RegisterClassExW(&raw const description) == 0
            && GetLastError() != ERROR_CLASS_ALREADY_EXISTS
        {
            return Err(failed("RegisterClassExW"));
        }
        CreateWindowExW(
            WINDOW_EX_STYLE(WS_EX_NOPARENTNOTIFY.0),
            CLASS,
            PCWSTR::null(),
            // Disabled: drags look for the window below the pointer, too.
            WS_CHILD | WS_VISIBLE | WS_DISABLED,
            0,
            0,
            size.width as i32,
            size.height as i32,
            Some(parent),
            None,
            Some(module.into()),
            None,
        )
        .map_err(no_window)
    }
}

extern "system" fn procedure(
    window: HWND,
    message: u32,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    match message {
        WM_NCHITTEST => LRESULT(HTTRANSPARENT as isize),
        WM_ERASEBKGND => LRESULT(1),
        WM_PAINT => {
            // SAFETY: the window of this message; a full queue loses a frame that the
            // next one brings.
            unsafe {
                let _ = ValidateRect(Some(window), None);
                if let Ok(parent) = GetParent(window) {
                    let _ = PostMessageW(Some(parent), WM_UNCOVERED, WPARAM(0), LPARAM(0));
                }
            }
            LRESULT(0)
        }
        // SAFETY: as it came.
        _ => unsafe { DefWindowProcW(window, message, wparam, lparam) },
    }
}

impl GlWindow for WglWindow {
    fn find(&self, name: &CStr) -> *const c_void {
        let name = PCSTR(name.as_ptr().cast());
        // SAFETY: the name lives through the call; a pointer is what is asked for.
        unsafe {
            let found = (self.wgl.address)(name);
            // Drivers also answer with these where there is none. Those of OpenGL 1.1 are
            // in the library itself.
            if matches!(found as isize, -1..=3) {
                self.library.find(name).unwrap_or_default()
            } else {
                found
            }
        }
    }

    fn age(&self) -> Option<usize> {
        None
    }

    fn swap(&mut self, _: &[PixelRect]) -> Result<(), WindowError> {
        // SAFETY: ours.
        unsafe { SwapBuffers(self.dc) }
            .map_err(|error| WindowError(format!("SwapBuffers failed: {error}")))
    }
}

impl Drop for WglWindow {
    fn drop(&mut self) {
        // SAFETY: all of it is ours, on its thread, and used no more.
        unsafe {
            (self.wgl.make_current)(HDC::default(), ptr::null_mut());
            if !self.context.is_null() {
                (self.wgl.delete)(self.context);
            }
            ReleaseDC(Some(self.window), self.dc);
            let _ = DestroyWindow(self.window);
        }
    }
}
