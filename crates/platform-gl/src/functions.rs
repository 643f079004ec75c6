//! The functions of OpenGL that are used. The table is written by hand: a whole binding
//! loads a thousand functions and panics where one is missing, and this program can do
//! without a card.
#![expect(unsafe_code, reason = "a C library")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::transmute_copy;
use std::ptr;

use gc_platform::WindowError;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const TRIANGLES: u32 = 0x0004;
pub(crate) const ONE: u32 = 1;
pub(crate) const ONE_MINUS_SRC_ALPHA: u32 = 0x0303;
pub(crate) const BLEND: u32 = 0x0BE2;
pub(crate) const DITHER: u32 = 0x0BD0;
pub(crate) const SCISSOR_TEST: u32 = 0x0C11;
pub(crate) const UNPACK_ROW_LENGTH: u32 = 0x0CF2;
pub(crate) const MAX_TEXTURE_SIZE: u32 = 0x0D33;
pub(crate) const TEXTURE_2D: u32 = 0x0DE1;
pub(crate) const UNSIGNED_BYTE: u32 = 0x1401;
pub(crate) const FLOAT: u32 = 0x1406;
pub(crate) const RENDERER: u32 = 0x1F01;
pub(crate) const NEAREST: u32 = 0x2600;
pub(crate) const TEXTURE_MAG_FILTER: u32 = 0x2800;
pub(crate) const TEXTURE_MIN_FILTER: u32 = 0x2801;
pub(crate) const RGBA: u32 = 0x1908;
pub(crate) const COLOR_BUFFER_BIT: u32 = 0x4000;
pub(crate) const RGBA8: u32 = 0x8058;
pub(crate) const BGRA: u32 = 0x80E1;
pub(crate) const ARRAY_BUFFER: u32 = 0x8892;
pub(crate) const STATIC_DRAW: u32 = 0x88E4;
pub(crate) const FRAGMENT_SHADER: u32 = 0x8B30;
pub(crate) const VERTEX_SHADER: u32 = 0x8B31;
pub(crate) const COMPILE_STATUS: u32 = 0x8B81;
pub(crate) const LINK_STATUS: u32 = 0x8B82;
pub(crate) const FRAMEBUFFER: u32 = 0x8D40;
pub(crate) const COLOR_ATTACHMENT0: u32 = 0x8CE0;
pub(crate) const FRAMEBUFFER_COMPLETE: u32 = 0x8CD5;

macro_rules! functions {
    (
        needed { $($name:ident: fn($($arg:ty),*) $(-> $out:ty)?,)* }
        perhaps { $($maybe:ident: fn() -> $maybe_out:ty,)* }
    ) => {
        /// Loaded for one context.
        #[expect(non_snake_case, reason = "the names of the library")]
        pub(crate) struct Functions {
            $(pub(crate) $name: unsafe extern "system" fn($($arg),*) $(-> $out)?,)*
            $(pub(crate) $maybe: Option<unsafe extern "system" fn() -> $maybe_out>,)*
        }

        impl Functions {
            /// # Safety
            /// `find` answers with the functions of the context that is current.
            pub(crate) unsafe fn load(
                find: impl Fn(&CStr) -> *const c_void,
            ) -> Result<Self, WindowError> {
                Ok(Self {
                    $($name: {
                        let found = named(&find, concat!(stringify!($name), "\0"));
                        if found.is_null() {
                            let name = stringify!($name);
                            return Err(WindowError(format!("OpenGL has no {name}")));
                        }
                        // SAFETY: a function of that name, whose signature is the
                        // specification's.
                        unsafe { transmute_copy::<*const c_void, _>(&found) }
                    },)*
                    $($maybe: {
                        let found = named(&find, concat!(stringify!($maybe), "\0"));
                        // SAFETY: as above; null is `None`.
                        unsafe { transmute_copy::<*const c_void, _>(&found) }
                    },)*
                })
            }
        }
    };
}

fn named(find: &impl Fn(&CStr) -> *const c_void, name: &str) -> *const c_void {
    CStr::from_bytes_with_nul(name.as_bytes()).map_or(ptr::null(), find)
}

functions! {
    needed {
        glAttachShader: fn(u32, u32),
        glBindAttribLocation: fn(u32, u32, *const c_char),
        glBindBuffer: fn(u32, u32),
        glBindFramebuffer: fn(u32, u32),
        glBindTexture: fn(u32, u32),
        glBindVertexArray: fn(u32),
        glBlendFunc: fn(u32, u32),
        glBufferData: fn(u32, isize, *const c_void, u32),
        glCheckFramebufferStatus: fn(u32) -> u32,
        glClear: fn(u32),
        glClearColor: fn(f32, f32, f32, f32),
        glCompileShader: fn(u32),
        glCreateProgram: fn() -> u32,
        glCreateShader: fn(u32) -> u32,
        glDeleteFramebuffers: fn(i32, *const u32),
        glDeleteShader: fn(u32),
        glDeleteTextures: fn(i32, *const u32),
        glDisable: fn(u32),
        glDrawArrays: fn(u32, i32, i32),
        glEnable: fn(u32),
        glEnableVertexAttribArray: fn(u32),
        glFramebufferTexture2D: fn(u32, u32, u32, u32, i32),
        glGenBuffers: fn(i32, *mut u32),
        glGenFramebuffers: fn(i32, *mut u32),
        glGenTextures: fn(i32, *mut u32),
        glGenVertexArrays: fn(i32, *mut u32),
        glGetError: fn() -> u32,
        glGetIntegerv: fn(u32, *mut i32),
        glGetProgramiv: fn(u32, u32, *mut i32),
        glGetShaderInfoLog: fn(u32, i32, *mut i32, *mut c_char),
        glGetShaderiv: fn(u32, u32, *mut i32),
        glGetString: fn(u32) -> *const c_char,
        glGetUniformLocation: fn(u32, *const c_char) -> i32,
        glLinkProgram: fn(u32),
        glPixelStorei: fn(u32, i32),
        glReadPixels: fn(i32, i32, i32, i32, u32, u32, *mut c_void),
        glScissor: fn(i32, i32, i32, i32),
        glShaderSource: fn(u32, i32, *const *const c_char, *const i32),
        glTexImage2D: fn(u32, i32, i32, i32, i32, i32, u32, u32, *const c_void),
        glTexParameteri: fn(u32, u32, i32),
        glTexSubImage2D: fn(u32, i32, i32, i32, i32, i32, u32, u32, *const c_void),
        glUniform1i: fn(i32, i32),
        glUniform4i: fn(i32, i32, i32, i32, i32),
        glUseProgram: fn(u32),
        glVertexAttribPointer: fn(u32, i32, u32, u8, i32, *const c_void),
        glViewport: fn(i32, i32, i32, i32),
    }
    perhaps {
        glGetGraphicsResetStatus: fn() -> u32,
        glGetGraphicsResetStatusARB: fn() -> u32,
    }
}

impl Functions {
    pub(crate) fn enable(&self, what: u32, on: bool) {
        // SAFETY: takes a number, on the thread of the context, as all that follow.
        unsafe { if on { (self.glEnable)(what) } else { (self.glDisable)(what) } }
    }

    /// One number of the context.
    pub(crate) fn number(&self, what: u32) -> i32 {
        let mut number = 0;
        // SAFETY: what is asked for is one number.
        unsafe { (self.glGetIntegerv)(what, &raw mut number) };
        number
    }

    /// What draws.
    pub(crate) fn renderer(&self) -> String {
        // SAFETY: null, or a text that lives as long as the context.
        unsafe {
            let name = (self.glGetString)(RENDERER);
            if name.is_null() {
                String::new()
            } else {
                CStr::from_ptr(name).to_string_lossy().into_owned()
            }
        }
    }

    /// Whether all has gone well since the last time.
    pub(crate) fn check(&self) -> Result<(), WindowError> {
        if let Some(ask) = self.glGetGraphicsResetStatus.or(self.glGetGraphicsResetStatusARB) {
            // SAFETY: takes nothing.
            let reset = unsafe { ask() };
            if reset != NO_ERROR {
                return Err(WindowError(format!("the graphics card was reset ({reset:#x})")));
            }
        }
        // SAFETY: takes nothing.
        let error = unsafe { (self.glGetError)() };
        if error != NO_ERROR {
            return Err(WindowError(format!("OpenGL error {error:#x}")));
        }
        Ok(())
    }

    fn compiled(&self, kind: u32, source: &str) -> Result<u32, WindowError> {
        let text: *const c_char = source.as_ptr().cast();
        let length = source.len() as i32;
        let mut done = 0;
        // SAFETY: the text lives through the call, and its length is told; the log is
        // written into a slice of the length that is told.
        unsafe {
            let shader = (self.glCreateShader)(kind);
            (self.glShaderSource)(shader, 1, &raw const text, &raw const length);
            (self.glCompileShader)(shader);
            (self.glGetShaderiv)(shader, COMPILE_STATUS, &raw mut done);
            if done != 0 {
                return Ok(shader);
            }
            let (mut log, mut length) = ([0_u8; 500], 0);
            let most = log.len() as i32;
            (self.glGetShaderInfoLog)(shader, most, &raw mut length, log.as_mut_ptr().cast());
            let log = String::from_utf8_lossy(&log[..length.clamp(0, most) as usize]);
            (self.glDeleteShader)(shader);
            Err(WindowError(format!("a shader of OpenGL: {}", log.trim())))
        }
    }

    /// A program whose vertices are the attribute 0, `corner`.
    pub(crate) fn program(&self, vertices: &str, pixels: &str) -> Result<u32, WindowError> {
        let vertices = self.compiled(VERTEX_SHADER, vertices)?;
        let pixels = self.compiled(FRAGMENT_SHADER, pixels)?;
        let mut done = 0;
        // SAFETY: numbers of this context; the name ends with a zero.
        unsafe {
            let program = (self.glCreateProgram)();
            (self.glAttachShader)(program, vertices);
            (self.glAttachShader)(program, pixels);
            (self.glBindAttribLocation)(program, 0, c"corner".as_ptr());
            (self.glLinkProgram)(program);
            (self.glDeleteShader)(vertices);
            (self.glDeleteShader)(pixels);
            (self.glGetProgramiv)(program, LINK_STATUS, &raw mut done);
            if done == 0 {
                return Err(WindowError("OpenGL does not link a program".to_owned()));
            }
            Ok(program)
        }
    }

    /// Where a value of a program goes; -1 is nowhere, and allowed.
    pub(crate) fn uniform(&self, program: u32, name: &str) -> i32 {
        let Ok(name) = CString::new(name) else { return -1 };
        // SAFETY: the name lives through the call.
        unsafe { (self.glGetUniformLocation)(program, name.as_ptr()) }
    }

    /// One triangle that covers everything, as the vertices from now on.
    pub(crate) fn cover(&self) {
        const CORNERS: [f32; 6] = [-1.0, -1.0, 3.0, -1.0, -1.0, 3.0];
        let (mut vertices, mut buffer) = (0, 0);
        // SAFETY: writes one number each, and reads the corners during the call.
        unsafe {
            (self.glGenVertexArrays)(1, &raw mut vertices);
            (self.glBindVertexArray)(vertices);
            (self.glGenBuffers)(1, &raw mut buffer);
            (self.glBindBuffer)(ARRAY_BUFFER, buffer);
            let bytes = size_of_val(&CORNERS) as isize;
            (self.glBufferData)(ARRAY_BUFFER, bytes, CORNERS.as_ptr().cast(), STATIC_DRAW);
            (self.glVertexAttribPointer)(0, 2, FLOAT, 0, 0, ptr::null());
            (self.glEnableVertexAttribArray)(0);
        }
    }
}
