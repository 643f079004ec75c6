//! The graphics card, by EGL: libraries that are there or not, loaded at run time. EGL
//! speaks to the X server over a connection of its own, which it wants from Xlib.
#![expect(unsafe_code, reason = "C libraries")]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulong, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Once;

use gc_platform::{PixelRect, WindowError};
use gc_platform_gl::GlWindow;
use libc::{RTLD_LOCAL, RTLD_NODELETE, RTLD_NOW};
use libloading::os::unix::Library;

type Handle = *mut c_void;

const EGL_NO: Handle = ptr::null_mut();
const EGL_ALPHA_SIZE: i32 = 0x3021;
const EGL_BLUE_SIZE: i32 = 0x3022;
const EGL_GREEN_SIZE: i32 = 0x3023;
const EGL_RED_SIZE: i32 = 0x3024;
const EGL_NATIVE_VISUAL_ID: i32 = 0x302E;
const EGL_SURFACE_TYPE: i32 = 0x3033;
const EGL_NONE: i32 = 0x3038;
const EGL_RENDERABLE_TYPE: i32 = 0x3040;
const EGL_EXTENSIONS: i32 = 0x3055;
const EGL_CONTEXT_MAJOR_VERSION: i32 = 0x3098;
const EGL_CONTEXT_MINOR_VERSION: i32 = 0x30FB;
const EGL_CONTEXT_ROBUST_ACCESS: i32 = 0x30BF;
const EGL_CONTEXT_RESET_STRATEGY: i32 = 0x3138;
const EGL_LOSE_CONTEXT_ON_RESET: i32 = 0x31BF;
const EGL_BUFFER_AGE: i32 = 0x313D;
const EGL_OPENGL_API: u32 = 0x30A2;
const EGL_WINDOW_BIT: i32 = 4;
const EGL_OPENGL_BIT: i32 = 8;
const EGL_PLATFORM_X11: u32 = 0x31D5;
/// Configurations that are looked at.
const CONFIGS: usize = 256;

macro_rules! functions {
    ($table:ident, $($name:ident: fn($($arg:ty),*) -> $out:ty,)*) => {
        /// The functions of a library that are used.
        #[expect(non_snake_case, reason = "the names of the library")]
        struct $table { $($name: unsafe extern "C" fn($($arg),*) -> $out,)* }

        impl $table {
            /// # Safety
            /// `library` is the one whose header declares these.
            unsafe fn load(library: &Library) -> Result<Self, libloading::Error> {
                Ok(Self { $($name: {
                    let name = concat!(stringify!($name), "\0").as_bytes();
                    // SAFETY: the type is that of the header, whose major version is in
                    // the name of the library that the caller vouches for.
                    unsafe { *library.get(name)? }
                },)* })
            }
        }
    };
}

functions! { Egl,
    eglGetProcAddress: fn(*const c_char) -> *const c_void,
    eglGetPlatformDisplay: fn(c_uint, Handle, *const isize) -> Handle,
    eglInitialize: fn(Handle, *mut i32, *mut i32) -> c_uint,
    eglTerminate: fn(Handle) -> c_uint,
    eglBindAPI: fn(c_uint) -> c_uint,
    eglQueryString: fn(Handle, i32) -> *const c_char,
    eglChooseConfig: fn(Handle, *const i32, *mut Handle, i32, *mut i32) -> c_uint,
    eglGetConfigAttrib: fn(Handle, Handle, i32, *mut i32) -> c_uint,
    eglCreateContext: fn(Handle, Handle, Handle, *const i32) -> Handle,
    eglDestroyContext: fn(Handle, Handle) -> c_uint,
    eglCreateWindowSurface: fn(Handle, Handle, c_ulong, *const i32) -> Handle,
    eglDestroySurface: fn(Handle, Handle) -> c_uint,
    eglMakeCurrent: fn(Handle, Handle, Handle, Handle) -> c_uint,
    eglQuerySurface: fn(Handle, Handle, i32, *mut i32) -> c_uint,
    eglSwapBuffers: fn(Handle, Handle) -> c_uint,
    eglSwapInterval: fn(Handle, i32) -> c_uint,
    eglGetError: fn() -> i32,
}

functions! { Xlib,
    XInitThreads: fn() -> c_int,
    XOpenDisplay: fn(*const c_char) -> Handle,
    XCloseDisplay: fn(Handle) -> c_int,
    XSetErrorHandler: fn(Option<unsafe extern "C" fn(Handle, *mut c_void) -> c_int>) -> *const c_void,
}

type SwapWithDamage = unsafe extern "C" fn(Handle, Handle, *const i32, i32) -> c_uint;

fn failed(what: &str) -> WindowError {
    WindowError(format!("{what} failed"))
}

fn open(name: &str) -> Result<Library, WindowError> {
    // To the end of the process: drivers do not like to go.
    // SAFETY: a library of the system's, which does nothing of its own when it is loaded.
    let library = unsafe { Library::open(Some(name), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) };
    library.map_err(|error| WindowError(error.to_string()))
}

/// Whether this computer has a graphics card, or something that looks like one. Only to
/// ask OpenGL costs a hundred megabytes where it draws by a program.
pub(super) fn has_card() -> bool {
    Path::new("/dev/nvidiactl").exists()
        || Path::new("/dev/dri").read_dir().is_ok_and(|entries| {
            let mut names = entries.flatten().map(|entry| entry.file_name());
            names.any(|name| name.to_string_lossy().starts_with("renderD"))
        })
}

/// A connection of Xlib's.
struct XDisplay {
    xlib: Xlib,
    display: Handle,
}

/// Xlib would end the process for a window that is gone.
unsafe extern "C" fn ignore(_: Handle, _: *mut c_void) -> c_int {
    0
}

impl XDisplay {
    fn open(name: Option<&str>) -> Result<Self, WindowError> {
        static ONCE: Once = Once::new();
        let library = open("libX11.so.6")?;
        // SAFETY: the library has this major version.
        let xlib = unsafe { Xlib::load(&library) };
        let xlib = xlib.map_err(|error| WindowError(error.to_string()))?;
        ONCE.call_once(|| {
            // Nothing else in this program uses Xlib.
            // SAFETY: before any other call, as the first must be; the handler is a
            // function for good.
            unsafe {
                (xlib.XInitThreads)();
                (xlib.XSetErrorHandler)(Some(ignore));
            }
        });
        let name = name.map(CString::new).transpose();
        let name = name.map_err(|_| WindowError("that is no name of a display".to_owned()))?;
        // SAFETY: null, or a text that lives through the call.
        let display =
            unsafe { (xlib.XOpenDisplay)(name.as_ref().map_or(ptr::null(), |name| name.as_ptr())) };
        if display.is_null() { Err(failed("XOpenDisplay")) } else { Ok(Self { xlib, display }) }
    }
}

impl Drop for XDisplay {
    fn drop(&mut self) {
        // SAFETY: ours, and used no more.
        unsafe { (self.xlib.XCloseDisplay)(self.display) };
    }
}

/// An X window that OpenGL draws, with its context, which is current.
pub(super) struct EglWindow {
    egl: Egl,
    display: Handle,
    surface: Handle,
    context: Handle,
    knows_age: bool,
    swap_with_damage: Option<SwapWithDamage>,
    // Closed after what uses it.
    _x: XDisplay,
}

impl EglWindow {
    /// Of the window with this visual, on the display of this name.
    pub(super) fn new(name: Option<&str>, window: u32, visual: u32) -> Result<Self, WindowError> {
        let library = open("libEGL.so.1")?;
        // SAFETY: the library has this major version.
        let egl = unsafe { Egl::load(&library) };
        let egl = egl.map_err(|error| WindowError(error.to_string()))?;
        let x = XDisplay::open(name)?;
        // SAFETY: the connection lives longer than this display.
        let display =
            unsafe { (egl.eglGetPlatformDisplay)(EGL_PLATFORM_X11, x.display, ptr::null()) };
        if display.is_null() {
            return Err(failed("eglGetPlatformDisplay"));
        }
        // SAFETY: a display that is given back in `drop`; the versions are not asked for.
        unsafe {
            if (egl.eglInitialize)(display, ptr::null_mut(), ptr::null_mut()) == 0 {
                return Err(failed("eglInitialize"));
            }
        }
        let mut made = Self {
            egl,
            display,
            surface: EGL_NO,
            context: EGL_NO,
            knows_age: false,
            swap_with_damage: None,
            _x: x,
        };
        made.prepare(window, visual)?;
        Ok(made)
    }

    fn prepare(&mut self, window: u32, visual: u32) -> Result<(), WindowError> {
        let config = self.config(visual)?;
        let (extensions, egl, display) = (self.extensions(), &self.egl, self.display);
        let has = |name: &str| extensions.split(' ').any(|extension| extension == name);
        let version = [EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0];
        let told = [EGL_CONTEXT_ROBUST_ACCESS, 1];
        let told = [told, [EGL_CONTEXT_RESET_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET]].concat();
        let plain = [&version[..], &[EGL_NONE]].concat();
        let robust = [&version[..], &told, &[EGL_NONE]].concat();
        // SAFETY: lists end with EGL_NONE and live through the calls; handles are those
        // of this display.
        unsafe {
            if (egl.eglBindAPI)(EGL_OPENGL_API) == 0 {
                return Err(failed("eglBindAPI"));
            }
            if has("EGL_EXT_create_context_robustness") {
                self.context = (egl.eglCreateContext)(display, config, EGL_NO, robust.as_ptr());
            }
            if self.context.is_null() {
                self.context = (egl.eglCreateContext)(display, config, EGL_NO, plain.as_ptr());
            }
            if self.context.is_null() {
                return Err(failed("eglCreateContext"));
            }
            let window = c_ulong::from(window);
            self.surface = (egl.eglCreateWindowSurface)(display, config, window, ptr::null());
            if self.surface.is_null() {
                return Err(failed("eglCreateWindowSurface"));
            }
            if (egl.eglMakeCurrent)(display, self.surface, self.surface, self.context) == 0 {
                return Err(failed("eglMakeCurrent"));
            }
            // The next picture of the machine is worth more than a whole one of the
            // monitor's, and the thread that draws is the one that decodes.
            (egl.eglSwapInterval)(display, 0);
        }
        self.knows_age = has("EGL_EXT_buffer_age") || has("EGL_KHR_partial_update");
        for kind in ["KHR", "EXT"] {
            if has(&format!("EGL_{kind}_swap_buffers_with_damage")) {
                let name = CString::new(format!("eglSwapBuffersWithDamage{kind}"));
                let found = name.map_or(ptr::null(), |name| self.find(&name));
                // SAFETY: null, or the function of that name, whose signature is this in
                // both extensions.
                self.swap_with_damage =
                    unsafe { std::mem::transmute::<*const c_void, Option<SwapWithDamage>>(found) };
                break;
            }
        }
        Ok(())
    }

    fn extensions(&self) -> String {
        // SAFETY: null, or a text that lives as long as the display.
        unsafe {
            let text = (self.egl.eglQueryString)(self.display, EGL_EXTENSIONS);
            if text.is_null() {
                String::new()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        }
    }

    /// One for windows of this visual.
    fn config(&self, visual: u32) -> Result<Handle, WindowError> {
        let wanted = [
            [EGL_SURFACE_TYPE, EGL_WINDOW_BIT],
            [EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT],
            [EGL_RED_SIZE, 8],
            [EGL_GREEN_SIZE, 8],
            [EGL_BLUE_SIZE, 8],
            [EGL_ALPHA_SIZE, 0],
            [EGL_NONE, EGL_NONE],
        ];
        let (mut configs, mut count) = ([EGL_NO; CONFIGS], 0);
        let wanted = wanted.concat();
        // SAFETY: the list ends with EGL_NONE, and there is room for as many as is told.
        let chosen = unsafe {
            let (most, into) = (CONFIGS as i32, configs.as_mut_ptr());
            (self.egl.eglChooseConfig)(self.display, wanted.as_ptr(), into, most, &raw mut count)
        };
        if chosen == 0 {
            return Err(failed("eglChooseConfig"));
        }
        let fits = |config: &&Handle| {
            let mut has = 0;
            // SAFETY: writes one number.
            unsafe {
                let what = EGL_NATIVE_VISUAL_ID;
                (self.egl.eglGetConfigAttrib)(self.display, **config, what, &raw mut has);
            }
            has as u32 == visual
        };
        let found = configs[..count.clamp(0, CONFIGS as i32) as usize].iter().find(fits);
        let none = || WindowError("OpenGL does not draw windows of this screen".to_owned());
        found.copied().ok_or_else(none)
    }
}

impl GlWindow for EglWindow {
    fn find(&self, name: &CStr) -> *const c_void {
        // SAFETY: the name lives through the call.
        unsafe { (self.egl.eglGetProcAddress)(name.as_ptr()) }
    }

    fn age(&self) -> Option<usize> {
        if !self.knows_age {
            return None;
        }
        let mut age = 0;
        // SAFETY: writes one number.
        let known = unsafe {
            let what = EGL_BUFFER_AGE;
            (self.egl.eglQuerySurface)(self.display, self.surface, what, &raw mut age)
        };
        usize::try_from(age).ok().filter(|_| known != 0)
    }

    fn swap(&mut self, areas: &[PixelRect]) -> Result<(), WindowError> {
        let rectangles: Vec<i32> = areas
            .iter()
            .flat_map(|area| [area.x, area.y, area.width, area.height])
            .map(|number| number as i32)
            .collect();
        // SAFETY: handles of this display; four numbers for each rectangle, read during
        // the call.
        unsafe {
            let shown = match self.swap_with_damage {
                Some(swap) => {
                    let count = areas.len() as i32;
                    swap(self.display, self.surface, rectangles.as_ptr(), count)
                }
                None => (self.egl.eglSwapBuffers)(self.display, self.surface),
            };
            if shown == 0 {
                let error = (self.egl.eglGetError)();
                return Err(WindowError(format!("EGL error {error:#x}")));
            }
        }
        Ok(())
    }
}

impl Drop for EglWindow {
    fn drop(&mut self) {
        // SAFETY: handles of this display, each used no more; the connection goes after.
        unsafe {
            (self.egl.eglMakeCurrent)(self.display, EGL_NO, EGL_NO, EGL_NO);
            if !self.surface.is_null() {
                (self.egl.eglDestroySurface)(self.display, self.surface);
            }
            if !self.context.is_null() {
                (self.egl.eglDestroyContext)(self.display, self.context);
            }
            (self.egl.eglTerminate)(self.display);
        }
    }
}
