//! Drawing a window by the graphics card (ADR 27): pictures are put into its memory by
//! parts, and the window is drawn out of them.

use crate::{PixelRect, PixelSize, WindowError};

/// One thing to draw, over what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStep {
    /// A colour.
    Fill {
        /// Where, in the window.
        area: PixelRect,
        /// Red, green, blue.
        color: [u8; 3],
    },
    /// Opaque, and scaled: repeated at whole multiples, mixed by area when smaller and
    /// between neighbours when larger.
    Picture {
        /// Which.
        slot: u32,
        /// The part of it that is shown.
        part: PixelRect,
        /// Left edge in the window, pixels; may lie outside of it.
        left: i32,
        /// Upper edge.
        top: i32,
        /// As shown.
        size: PixelSize,
        /// In two fifths of its brightness.
        dim: bool,
    },
    /// As large as it is, B G R A with colours multiplied by A.
    Layer {
        /// Which.
        slot: u32,
        /// Where; of the size of the picture.
        area: PixelRect,
    },
}

/// The graphics card, for one window. After an error nothing of it is to be used but
/// [`ViewerWindow::close_card`](crate::ViewerWindow::close_card).
pub trait Card {
    /// Puts a part of a picture into the card's memory. One of another size than before
    /// is a new one, whose pixels are undefined until they are put.
    ///
    /// `pixels` begins with the first of the part; rows of B G R A, `stride` bytes apart,
    /// which is a multiple of 4.
    fn put(
        &mut self,
        slot: u32,
        size: PixelSize,
        part: PixelRect,
        pixels: &[u8],
        stride: usize,
    ) -> Result<(), WindowError>;

    /// Gives a picture's memory back.
    fn forget(&mut self, slot: u32);

    /// Draws inside `area`, which lies in the window of size `window`; what lies outside
    /// keeps. A window of another size than before has undefined pixels.
    fn draw(
        &mut self,
        window: PixelSize,
        area: PixelRect,
        steps: &[CardStep],
    ) -> Result<(), WindowError>;

    /// Shows what was drawn, `areas` of which have changed. Never waits for the
    /// monitor's next frame.
    fn show(&mut self, areas: &[PixelRect]) -> Result<(), WindowError>;
}

/// Whether a renderer of this name is no graphics card but a program for the processor:
/// what this program does itself, and does with less.
pub fn is_software_renderer(name: &str) -> bool {
    const PROGRAMS: [&str; 8] = [
        "llvmpipe",
        "softpipe",
        "swrast",
        "software rasterizer",
        "swiftshader",
        "gdi generic",
        "microsoft basic render",
        "lavapipe",
    ];
    let name = name.to_ascii_lowercase();
    PROGRAMS.iter().any(|program| name.contains(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_for_the_processor_are_no_cards() {
        for program in [
            "llvmpipe (LLVM 15.0.6, 256 bits)",
            "softpipe",
            "GDI Generic",
            "Mesa X11 / Software Rasterizer",
            "Google SwiftShader",
            "D3D12 (Microsoft Basic Render Driver)",
            "zink Vulkan 1.3(llvmpipe (LLVM 15.0.6, 256 bits))",
        ] {
            assert!(is_software_renderer(program), "{program}");
        }
        for card in [
            "Mesa Intel(R) UHD Graphics 620 (KBL GT2)",
            "AMD Radeon RX 6600 (navi23, LLVM 15.0.6, DRM 3.49)",
            "NVIDIA GeForce GTX 1050/PCIe/SSE2",
            "virgl (Mesa Intel(R) Xe Graphics)",
            "SVGA3D; build: RELEASE; LLVM;",
        ] {
            assert!(!is_software_renderer(card), "{card}");
        }
    }
}
