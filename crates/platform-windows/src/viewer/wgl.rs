//! The graphics card, by WGL, in the viewer's own window. Once OpenGL has drawn in it, GDI
//! cannot be relied on there any more: who wants to go on by software makes another window.

use std::ffi::{CStr, c_void};
use std::mem::{ManuallyDrop, transmute};
use std::ptr;

use gc_platform::{PixelRect, WindowError};
use gc_platform_gl::GlWindow;
use windows::Win32::Foundation::HWND;
use windows::Win32::Graphics::Gdi::{GetDC, HDC, ReleaseDC};
use windows::Win32::Graphics::OpenGL::{
    ChoosePixelFormat, DescribePixelFormat, PFD_DOUBLEBUFFER, PFD_DRAW_TO_WINDOW,
    PFD_GENERIC_ACCELERATED, PFD_GENERIC_FORMAT, PFD_MAIN_PLANE, PFD_SUPPORT_OPENGL, PFD_TYPE_RGBA,
    PIXELFORMATDESCRIPTOR, SetPixelFormat, SwapBuffers,
};
use windows::core::{PCSTR, s};

use crate::library::Library;

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
    /// By a driver of the card's, or by `any` that there is.
    pub(super) fn new(window: HWND, any: bool) -> Result<Self, WindowError> {
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
        // SAFETY: ours, of a class with a context of its own.
        let dc = unsafe { GetDC(Some(window)) };
        let mut made = Self { library, wgl, window, dc, context: ptr::null_mut() };
        made.prepare(any)?;
        Ok(made)
    }

    fn prepare(&mut self, any: bool) -> Result<(), WindowError> {
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
            let mut found = PIXELFORMATDESCRIPTOR::default();
            DescribePixelFormat(self.dc, format, u32::from(bytes), Some(&raw mut found));
            let flags = found.dwFlags.0;
            if !any && flags & PFD_GENERIC_FORMAT.0 != 0 && flags & PFD_GENERIC_ACCELERATED.0 == 0 {
                return Err(WindowError("Windows has no driver of a card here".to_owned()));
            }
            // From here on a window has this format for good.
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
        }
    }
}
