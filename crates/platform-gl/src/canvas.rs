//! Pictures in textures, and the canvas that the window is drawn in.
#![expect(unsafe_code, reason = "a C library")]

use std::collections::BTreeMap;
use std::ptr;

use gc_platform::{Card, CardStep, PixelRect, PixelSize, WindowError};

use crate::GlWindow;
use crate::functions::{self as gl, Functions};
use crate::history::History;
use crate::program;

struct Texture {
    name: u32,
    size: PixelSize,
}

/// A program, and where its values go.
struct Program {
    name: u32,
    part: i32,
    placed: i32,
    dim: i32,
}

/// What the window shows, or will: drawn by parts, so that one that changed does not
/// cost the whole.
struct Canvas {
    texture: Texture,
    frame: u32,
}

/// A window drawn by OpenGL.
pub struct GlCard<W> {
    gl: Functions,
    picture: Program,
    layer: Program,
    shown: Program,
    textures: BTreeMap<u32, Texture>,
    canvas: Option<Canvas>,
    history: History,
    largest: u32,
    name: String,
    // Last: the context outlives what was made in it.
    window: W,
}

impl<W: GlWindow> GlCard<W> {
    /// Prepares the context of `window`, which is current on this thread.
    pub fn new(window: W) -> Result<Self, WindowError> {
        // SAFETY: the window answers with functions of the context, by its contract.
        let gl = unsafe { Functions::load(|name| window.find(name))? };
        let made = |pixels| -> Result<Program, WindowError> {
            let name = gl.program(program::EVERYWHERE, pixels)?;
            Ok(Program {
                name,
                part: gl.uniform(name, "part"),
                placed: gl.uniform(name, "placed"),
                dim: gl.uniform(name, "dim"),
            })
        };
        let (picture, layer, shown) =
            (made(program::PICTURE)?, made(program::LAYER)?, made(program::SHOWN)?);
        gl.cover();
        gl.enable(gl::DITHER, false);
        gl.enable(gl::SCISSOR_TEST, true);
        let largest = gl.number(gl::MAX_TEXTURE_SIZE).max(0) as u32;
        let name = gl.renderer();
        gl.check()?;
        Ok(Self {
            gl,
            picture,
            layer,
            shown,
            textures: BTreeMap::new(),
            canvas: None,
            history: History::default(),
            largest,
            name,
            window,
        })
    }

    /// What draws, as it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shows all of it once more, as when it was uncovered.
    pub fn show_again(&mut self) -> Result<(), WindowError> {
        let Some(canvas) = &self.canvas else { return Ok(()) };
        let PixelSize { width, height } = canvas.texture.size;
        self.show(&[PixelRect { x: 0, y: 0, width, height }])
    }

    /// Red, green and blue of what was drawn last at these places of the window; as many as
    /// there are, or none where nothing was drawn yet. Waits for the card.
    pub fn colors(&self, places: &[(u32, u32)]) -> Result<Vec<[u8; 3]>, WindowError> {
        let Some(canvas) = &self.canvas else { return Ok(Vec::new()) };
        let PixelSize { width, height } = canvas.texture.size;
        if places.iter().any(|(x, y)| *x >= width || *y >= height) {
            return Ok(Vec::new());
        }
        let gl = &self.gl;
        // SAFETY: numbers; the frame is ours.
        unsafe { (gl.glBindFramebuffer)(gl::FRAMEBUFFER, canvas.frame) };
        let color = |(x, y): &(u32, u32)| {
            let mut color = [0_u8; 4];
            let (format, kind) = (gl::RGBA, gl::UNSIGNED_BYTE);
            let (x, y, into) = (*x as i32, *y as i32, color.as_mut_ptr());
            // SAFETY: one pixel of four bytes, which has room.
            unsafe { (gl.glReadPixels)(x, y, 1, 1, format, kind, into.cast()) };
            [color[0], color[1], color[2]]
        };
        let colors = places.iter().map(color).collect();
        gl.check()?;
        Ok(colors)
    }

    fn texture(&self, size: PixelSize) -> Result<Texture, WindowError> {
        if size.width > self.largest || size.height > self.largest {
            return Err(WindowError(format!(
                "{} × {} is more than the {} of the graphics card",
                size.width, size.height, self.largest
            )));
        }
        let gl = &self.gl;
        let (target, mut name) = (gl::TEXTURE_2D, 0);
        let (width, height) = (size.width as i32, size.height as i32);
        // SAFETY: writes one number; no pixels are given.
        unsafe {
            (gl.glGenTextures)(1, &raw mut name);
            (gl.glBindTexture)(target, name);
            for filter in [gl::TEXTURE_MAG_FILTER, gl::TEXTURE_MIN_FILTER] {
                (gl.glTexParameteri)(target, filter, gl::NEAREST as i32);
            }
            let (inside, format, kind) = (gl::RGBA8 as i32, gl::BGRA, gl::UNSIGNED_BYTE);
            (gl.glTexImage2D)(target, 0, inside, width, height, 0, format, kind, ptr::null());
        }
        gl.check()?;
        Ok(Texture { name, size })
    }

    fn drop_texture(&self, texture: &Texture) {
        // SAFETY: reads one number; ours.
        unsafe { (self.gl.glDeleteTextures)(1, &raw const texture.name) };
    }

    fn drop_canvas(&mut self) {
        if let Some(canvas) = self.canvas.take() {
            // SAFETY: reads one number; ours.
            unsafe { (self.gl.glDeleteFramebuffers)(1, &raw const canvas.frame) };
            self.drop_texture(&canvas.texture);
        }
    }

    /// Has what follows drawn into a canvas of this size.
    fn choose_canvas(&mut self, size: PixelSize) -> Result<(), WindowError> {
        if self.canvas.as_ref().is_none_or(|canvas| canvas.texture.size != size) {
            self.drop_canvas();
            self.history.forget();
            let texture = self.texture(size)?;
            let mut frame = 0;
            let gl = &self.gl;
            // SAFETY: writes one number; the texture is ours.
            unsafe {
                (gl.glGenFramebuffers)(1, &raw mut frame);
                (gl.glBindFramebuffer)(gl::FRAMEBUFFER, frame);
                let (place, target) = (gl::COLOR_ATTACHMENT0, gl::TEXTURE_2D);
                (gl.glFramebufferTexture2D)(gl::FRAMEBUFFER, place, target, texture.name, 0);
                let status = (gl.glCheckFramebufferStatus)(gl::FRAMEBUFFER);
                if status != gl::FRAMEBUFFER_COMPLETE {
                    return Err(WindowError(format!("no canvas in OpenGL ({status:#x})")));
                }
            }
            self.canvas = Some(Canvas { texture, frame });
        }
        let frame = self.canvas.as_ref().map_or(0, |canvas| canvas.frame);
        // SAFETY: numbers; the frame is ours.
        unsafe {
            (self.gl.glBindFramebuffer)(gl::FRAMEBUFFER, frame);
            (self.gl.glViewport)(0, 0, size.width as i32, size.height as i32);
        }
        Ok(())
    }

    fn step(&self, window: PixelSize, area: PixelRect, step: &CardStep) -> Result<(), WindowError> {
        match *step {
            CardStep::Fill { area: place, color } => {
                if self.cut(window, area, corners(place)) {
                    let [red, green, blue] = color.map(|part| f32::from(part) / 255.0);
                    // SAFETY: numbers.
                    unsafe {
                        (self.gl.glClearColor)(red, green, blue, 1.0);
                        (self.gl.glClear)(gl::COLOR_BUFFER_BIT);
                    }
                }
            }
            CardStep::Picture { slot, part, left, top, size, dim } => {
                let texture = self.held(slot)?;
                let inside = part.x + part.width <= texture.size.width
                    && part.y + part.height <= texture.size.height;
                let (wide, high) = (size.width as i32, size.height as i32);
                if inside
                    && part.width > 0
                    && part.height > 0
                    && self.cut(window, area, (left, top, left + wide, top + high))
                {
                    let PixelRect { x, y, width, height } = part;
                    self.choose(&self.picture, texture, [left, top, wide, high]);
                    let part = [x, y, width, height].map(|number| number as i32);
                    self.four(self.picture.part, part);
                    // SAFETY: numbers.
                    unsafe { (self.gl.glUniform1i)(self.picture.dim, i32::from(dim)) };
                    self.cover();
                }
            }
            CardStep::Layer { slot, area: place } => {
                let texture = self.held(slot)?;
                if self.cut(window, area, corners(place)) {
                    let PixelSize { width, height } = texture.size;
                    let numbers = [place.x, place.y, width, height].map(|number| number as i32);
                    self.choose(&self.layer, texture, numbers);
                    self.gl.enable(gl::BLEND, true);
                    // SAFETY: numbers.
                    unsafe { (self.gl.glBlendFunc)(gl::ONE, gl::ONE_MINUS_SRC_ALPHA) };
                    self.cover();
                    self.gl.enable(gl::BLEND, false);
                }
            }
        }
        Ok(())
    }

    fn held(&self, slot: u32) -> Result<&Texture, WindowError> {
        let none = || WindowError(format!("picture {slot} is not in the card's memory"));
        self.textures.get(&slot).ok_or_else(none)
    }

    /// Restricts what follows to what a rectangle, by its corners, shares with `area`;
    /// whether there is anything.
    fn cut(
        &self,
        window: PixelSize,
        area: PixelRect,
        (left, top, right, bottom): (i32, i32, i32, i32),
    ) -> bool {
        let to = (area.x + area.width).min(window.width) as i32;
        let below = (area.y + area.height).min(window.height) as i32;
        let (left, top) = (left.max(area.x as i32), top.max(area.y as i32));
        let (width, height) = (right.min(to) - left, bottom.min(below) - top);
        if width <= 0 || height <= 0 {
            return false;
        }
        // SAFETY: numbers; sizes are not negative.
        unsafe { (self.gl.glScissor)(left, top, width, height) };
        true
    }

    fn choose(&self, program: &Program, texture: &Texture, placed: [i32; 4]) {
        // SAFETY: numbers; both are ours.
        unsafe {
            (self.gl.glUseProgram)(program.name);
            (self.gl.glBindTexture)(gl::TEXTURE_2D, texture.name);
        }
        self.four(program.placed, placed);
    }

    fn four(&self, place: i32, [a, b, c, d]: [i32; 4]) {
        // SAFETY: numbers, for the program that is chosen.
        unsafe { (self.gl.glUniform4i)(place, a, b, c, d) };
    }

    fn cover(&self) {
        // SAFETY: the vertices are those of `Functions::cover`.
        unsafe { (self.gl.glDrawArrays)(gl::TRIANGLES, 0, 3) };
    }
}

fn corners(area: PixelRect) -> (i32, i32, i32, i32) {
    let PixelRect { x, y, width, height } = area;
    (x as i32, y as i32, (x + width) as i32, (y + height) as i32)
}

/// Whether a part of `size` pixels is in the slice from its first pixel on.
fn holds(part: PixelRect, pixels: &[u8], stride: usize) -> bool {
    let (row, rows) = (part.width as usize * 4, part.height as usize);
    stride.is_multiple_of(4) && row <= stride && (rows - 1) * stride + row <= pixels.len()
}

impl<W: GlWindow> Card for GlCard<W> {
    fn put(
        &mut self,
        slot: u32,
        size: PixelSize,
        part: PixelRect,
        pixels: &[u8],
        stride: usize,
    ) -> Result<(), WindowError> {
        if self.textures.get(&slot).is_none_or(|texture| texture.size != size) {
            self.forget(slot);
            let texture = self.texture(size)?;
            self.textures.insert(slot, texture);
        }
        if part.width == 0 || part.height == 0 {
            return Ok(());
        }
        let inside = u64::from(part.x) + u64::from(part.width) <= u64::from(size.width)
            && u64::from(part.y) + u64::from(part.height) <= u64::from(size.height);
        if !inside || !holds(part, pixels, stride) {
            return Err(WindowError("a part does not lie in its picture".to_owned()));
        }
        let texture = self.held(slot)?;
        let (x, y, width, height) = corners_to_size(part);
        let (gl, target) = (&self.gl, gl::TEXTURE_2D);
        // SAFETY: as many pixels are read as was checked above, during the call.
        unsafe {
            (gl.glBindTexture)(target, texture.name);
            (gl.glPixelStorei)(gl::UNPACK_ROW_LENGTH, (stride / 4) as i32);
            let (format, kind, from) = (gl::BGRA, gl::UNSIGNED_BYTE, pixels.as_ptr().cast());
            (gl.glTexSubImage2D)(target, 0, x, y, width, height, format, kind, from);
        }
        Ok(())
    }

    fn forget(&mut self, slot: u32) {
        if let Some(texture) = self.textures.remove(&slot) {
            self.drop_texture(&texture);
        }
    }

    fn draw(
        &mut self,
        window: PixelSize,
        area: PixelRect,
        steps: &[CardStep],
    ) -> Result<(), WindowError> {
        self.choose_canvas(window)?;
        steps.iter().try_for_each(|step| self.step(window, area, step))
    }

    fn show(&mut self, areas: &[PixelRect]) -> Result<(), WindowError> {
        let Some(canvas) = &self.canvas else { return Ok(()) };
        let size = canvas.texture.size;
        let whole = PixelRect { x: 0, y: 0, width: size.width, height: size.height };
        let needed = self.history.needed(areas, self.window.age());
        let needed = needed.unwrap_or_else(|| vec![whole]);
        // SAFETY: numbers; 0 is the window.
        unsafe {
            (self.gl.glBindFramebuffer)(gl::FRAMEBUFFER, 0);
            (self.gl.glViewport)(0, 0, size.width as i32, size.height as i32);
        }
        let numbers = [0, 0, size.width as i32, size.height as i32];
        self.choose(&self.shown, &canvas.texture, numbers);
        for area in needed {
            if self.cut(size, whole, corners(turned(area, size.height))) {
                self.cover();
            }
        }
        let told: Vec<PixelRect> = areas.iter().map(|area| turned(*area, size.height)).collect();
        self.gl.check()?;
        self.window.swap(&told)?;
        self.history.shown(areas);
        Ok(())
    }
}

fn corners_to_size(area: PixelRect) -> (i32, i32, i32, i32) {
    (area.x as i32, area.y as i32, area.width as i32, area.height as i32)
}

/// Counted from the bottom.
fn turned(area: PixelRect, height: u32) -> PixelRect {
    PixelRect { y: height.saturating_sub(area.y + area.height), ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_their_pixels_or_are_not_read() {
        let part = |width, height| PixelRect { x: 3, y: 4, width, height };
        assert!(holds(part(2, 2), &[0; 24], 16), "the last row ends early");
        assert!(!holds(part(2, 2), &[0; 23], 16));
        assert!(!holds(part(5, 1), &[0; 64], 16));
        assert!(!holds(part(1, 1), &[0; 64], 10), "no whole pixels");
    }

    #[test]
    fn rows_are_counted_from_the_bottom_for_the_window() {
        let area = PixelRect { x: 1, y: 2, width: 3, height: 4 };
        assert_eq!(turned(area, 10), PixelRect { y: 4, ..area });
        assert_eq!(turned(area, 3).y, 0);
    }
}
