//! Text by GDI: the user's own face, with what Windows takes for characters that the
//! face lacks and for scripts that are put together.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::null_mut;

use gc_panel::{Typeface, Weight};
use gc_platform::PromptError;
use windows::Win32::Foundation::{COLORREF, SIZE};
use windows::Win32::Graphics::Gdi::{
    ANTIALIASED_QUALITY, BI_RGB, BITMAPINFO, BITMAPINFOHEADER, CLIP_DEFAULT_PRECIS,
    CreateCompatibleDC, CreateDIBSection, CreateFontIndirectW, DEFAULT_CHARSET, DIB_RGB_COLORS,
    DeleteDC, DeleteObject, ETO_OPTIONS, ExtTextOutW, FW_NORMAL, FW_SEMIBOLD, GdiFlush,
    GetTextExtentPoint32W, GetTextMetricsW, HBITMAP, HDC, HFONT, HGDIOBJ, LOGFONTW,
    OUT_DEFAULT_PRECIS, SelectObject, SetBkMode, SetTextAlign, SetTextColor, TA_BASELINE, TA_LEFT,
    TEXT_ALIGN_OPTIONS, TEXTMETRICW, TRANSPARENT,
};
use windows::Win32::UI::WindowsAndMessaging::{
    NONCLIENTMETRICSW, SPI_GETNONCLIENTMETRICS, SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS,
    SystemParametersInfoW,
};
use windows::core::PCWSTR;

/// Widest and highest text drawn, pixels; more than any monitor.
const MAX_SIDE: i32 = 16_384;

/// The face of the user's message boxes.
pub(crate) struct GdiFace {
    dc: HDC,
    name: [u16; 32],
    fonts: HashMap<(i32, Weight), HFONT>,
    scratch: Option<Scratch>,
}

/// A picture to draw text on, top row first, four bytes for each pixel.
struct Scratch {
    bitmap: HBITMAP,
    pixels: *mut u8,
    width: i32,
    height: i32,
}

impl GdiFace {
    pub(crate) fn new() -> Result<Self, PromptError> {
        // SAFETY: a context for no device; it goes with this value.
        let dc = unsafe { CreateCompatibleDC(None) };
        if dc.is_invalid() {
            return Err(PromptError("there is nothing to draw text with".to_owned()));
        }
        // SAFETY: the context is live; numbers only.
        unsafe {
            SetBkMode(dc, TRANSPARENT);
            SetTextColor(dc, COLORREF(0x00FF_FFFF));
            SetTextAlign(dc, TEXT_ALIGN_OPTIONS(TA_LEFT.0 | TA_BASELINE.0));
        }
        Ok(Self { dc, name: system_face(), fonts: HashMap::new(), scratch: None })
    }

    /// A font for controls that Windows draws; it lives as long as this value.
    pub(super) fn font(&mut self, px: f32, weight: Weight) -> HFONT {
        let px = px.round().clamp(1.0, 1000.0) as i32;
        let name = self.name;
        *self.fonts.entry((px, weight)).or_insert_with(|| {
            let weight = match weight {
                Weight::Regular => FW_NORMAL,
                Weight::Bold => FW_SEMIBOLD,
            };
            let font = LOGFONTW {
                // Negative: the size of the em square.
                lfHeight: -px,
                lfWeight: weight.0 as i32,
                lfCharSet: DEFAULT_CHARSET,
                lfOutPrecision: OUT_DEFAULT_PRECIS,
                lfClipPrecision: CLIP_DEFAULT_PRECIS,
                lfQuality: ANTIALIASED_QUALITY,
                lfFaceName: name,
                ..LOGFONTW::default()
            };
            // SAFETY: reads the live description.
            unsafe { CreateFontIndirectW(&raw const font) }
        })
    }

    fn choose(&mut self, px: f32, weight: Weight) {
        let font = self.font(px, weight);
        // SAFETY: both are live; the font outlives its being chosen, see `drop`.
        unsafe { SelectObject(self.dc, HGDIOBJ(font.0)) };
    }

    fn extent(&self, units: &[u16]) -> SIZE {
        let mut size = SIZE::default();
        // SAFETY: writes into the live value.
        let _ = unsafe { GetTextExtentPoint32W(self.dc, units, &raw mut size) };
        size
    }

    /// Black, and at least so large; `None` where there is no memory for it.
    fn scratch(&mut self, width: i32, height: i32) -> Option<(*const u8, i32)> {
        let large = |scratch: &Scratch| scratch.width >= width && scratch.height >= height;
        if !self.scratch.as_ref().is_some_and(large) {
            let new = Scratch::new(width.max(512), height.max(64))?;
            // SAFETY: both are live; the old picture is chosen no more and goes once.
            unsafe { SelectObject(self.dc, HGDIOBJ(new.bitmap.0)) };
            if let Some(old) = self.scratch.replace(new) {
                old.delete();
            }
        }
        let scratch = self.scratch.as_ref()?;
        // SAFETY: that many bytes are the picture's.
        unsafe {
            let _ = GdiFlush();
            std::ptr::write_bytes(
                scratch.pixels,
                0,
                scratch.width as usize * scratch.height as usize * 4,
            );
        }
        Some((scratch.pixels, scratch.width))
    }
}

impl Scratch {
    fn new(width: i32, height: i32) -> Option<Self> {
        let (bitmap, pixels) = dib_section(width, height)?;
        Some(Self { bitmap, pixels, width, height })
    }

    fn delete(self) {
        // SAFETY: ours, and chosen nowhere.
        let _ = unsafe { DeleteObject(HGDIOBJ(self.bitmap.0)) };
    }
}

/// A bitmap of four bytes for each pixel, top row first, and where its pixels are.
pub(crate) fn dib_section(width: i32, height: i32) -> Option<(HBITMAP, *mut u8)> {
    let info = bitmap_info(width, height);
    let mut pixels: *mut c_void = null_mut();
    // SAFETY: reads the live description and writes into the live pointer.
    let bitmap = unsafe {
        CreateDIBSection(None, &raw const info, DIB_RGB_COLORS, &raw mut pixels, None, 0).ok()?
    };
    (!pixels.is_null()).then_some((bitmap, pixels.cast()))
}

/// Four bytes for each pixel, top row first.
pub(super) fn bitmap_info(width: i32, height: i32) -> BITMAPINFO {
    BITMAPINFO {
        bmiHeader: BITMAPINFOHEADER {
            biSize: size_of::<BITMAPINFOHEADER>() as u32,
            biWidth: width,
            // Negative: the top row comes first.
            biHeight: -height,
            biPlanes: 1,
            biBitCount: 32,
            biCompression: BI_RGB.0,
            ..BITMAPINFOHEADER::default()
        },
        ..BITMAPINFO::default()
    }
}

impl Typeface for GdiFace {
    fn measure(&mut self, text: &str, px: f32, weight: Weight) -> f32 {
        self.choose(px, weight);
        let units: Vec<u16> = text.encode_utf16().collect();
        self.extent(&units).cx as f32
    }

    fn draw(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        px: f32,
        weight: Weight,
        pixel: &mut dyn FnMut(i32, i32, f32),
    ) {
        self.choose(px, weight);
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut metrics = TEXTMETRICW::default();
        // SAFETY: writes into the live value.
        let _ = unsafe { GetTextMetricsW(self.dc, &raw mut metrics) };
        // Slanted letters and other faces reach over the edges.
        let margin = px.ceil() as i32;
        let above = metrics.tmAscent + margin;
        let width = self.extent(&units).cx + 2 * margin;
        let height = above + metrics.tmDescent + margin;
        if width > MAX_SIDE || height > MAX_SIDE {
            return;
        }
        let Some((pixels, stride)) = self.scratch(width, height) else { return };
        // SAFETY: the context and its picture are live; the count is the text's.
        unsafe {
            let _ = ExtTextOutW(
                self.dc,
                margin,
                above,
                ETO_OPTIONS(0),
                None,
                PCWSTR(units.as_ptr()),
                units.len() as u32,
                None,
            );
            let _ = GdiFlush();
        }
        let (left, top) = (x.round() as i32 - margin, baseline.round() as i32 - above);
        for row in 0..height {
            for column in 0..width {
                let at = (row as usize * stride as usize + column as usize) * 4 + 1;
                // SAFETY: the picture is at least so large. White on black: any channel
                // is the coverage.
                let coverage = unsafe { *pixels.add(at) };
                if coverage != 0 {
                    pixel(left + column, top + row, f32::from(coverage) / 255.0);
                }
            }
        }
    }
}

impl Drop for GdiFace {
    fn drop(&mut self) {
        // SAFETY: ours; what was chosen into the context is free when that is gone.
        unsafe {
            let _ = DeleteDC(self.dc);
            for font in self.fonts.values() {
                let _ = DeleteObject(HGDIOBJ(font.0));
            }
        }
        if let Some(scratch) = self.scratch.take() {
            scratch.delete();
        }
    }
}

fn system_face() -> [u16; 32] {
    let mut metrics = NONCLIENTMETRICSW {
        cbSize: size_of::<NONCLIENTMETRICSW>() as u32,
        ..NONCLIENTMETRICSW::default()
    };
    // SAFETY: the size says how much there is to write into.
    let read = unsafe {
        SystemParametersInfoW(
            SPI_GETNONCLIENTMETRICS,
            metrics.cbSize,
            Some((&raw mut metrics).cast()),
            SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS(0),
        )
    };
    if read.is_ok() && metrics.lfMessageFont.lfFaceName[0] != 0 {
        return metrics.lfMessageFont.lfFaceName;
    }
    let mut name = [0; 32];
    for (slot, unit) in name.iter_mut().zip("Segoe UI".encode_utf16()) {
        *slot = unit;
    }
    name
}
