//! Every format of the clipboard between a program of the technician's Windows and one of
//! the machine.

use anyhow::{Context, Result, ensure};
use gc_e2e::Keyboard;

use crate::Rig;

const HTML: &str = "HTML Format";
const RTF: &str = "Rich Text Format";
/// `CF_DIB`.
const BITMAP: &str = "8";
/// Width and height of a picture; rows of as many pixels need nothing behind them.
const SIDE: usize = 64;

/// Blue, green and red of each pixel, rows from the top.
fn picture(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..SIDE * SIDE * 3).map(|_| next()).collect()
}

/// As programs of Windows put it: 24 bits a pixel, from the bottom.
fn bitmap(pixels: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for number in [40, SIDE as u32, SIDE as u32, 24 << 16 | 1, 0, 0, 0, 0, 0, 0] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend(pixels.chunks_exact(SIDE * 3).rev().flatten());
    out
}

/// The pixels of one that a program of Windows is given.
fn read_bitmap(bytes: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    let (header, depth, packing) = (number(0)? as usize, number(12)? >> 16, number(16)?);
    if number(4)? as usize != SIDE || number(8)? as usize != SIDE {
        return None;
    }
    // Three masks follow a short header.
    let masks = if packing == 3 && header == 40 { 12 } else { 0 };
    let (start, one) = (header + masks, depth as usize / 8);
    let rows = bytes.get(start..start + SIDE * SIDE * one)?.chunks_exact(SIDE * one).rev();
    Some(
        rows.flatten()
            .copied()
            .enumerate()
            .filter(|(at, _)| at % one < 3)
            .map(|(_, b)| b)
            .collect(),
    )
}

fn to_png(pixels: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::Rgb);
    let turned: Vec<u8> = pixels.as_chunks().0.iter().flat_map(|[b, g, r]| [*r, *g, *b]).collect();
    encoder.write_header()?.write_image_data(&turned)?;
    Ok(out)
}

fn of_png(png: &[u8]) -> Result<Vec<u8>> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
    let mut out = vec![0; reader.output_buffer_size().context("too large")?];
    let frame = reader.next_frame(&mut out)?;
    ensure!(frame.color_type == png::ColorType::Rgb, "{:?}", frame.color_type);
    Ok(out.as_chunks().0.iter().flat_map(|[r, g, b]| [*b, *g, *r]).collect())
}

/// With the positions in its first lines that programs of Windows look for.
fn html_format(fragment: &str) -> Vec<u8> {
    let before = "<html><body><!--StartFragment-->";
    let head = |start: usize, from: usize, to: usize, end: usize| {
        format!(
            "Version:0.9\r\nStartHTML:{start:08}\r\nEndHTML:{end:08}\r\nStartFragment:{from:08}\r\nEndFragment:{to:08}\r\n"
        )
    };
    let start = head(0, 0, 0, 0).len();
    let from = start + before.len();
    let to = from + fragment.len();
    let after = "<!--EndFragment--></body></html>";
    let head = head(start, from, to, to + after.len());
    format!("{head}{before}{fragment}{after}").into_bytes()
}

impl Rig {
    /// Copies on the machine, by a program that offers one format.
    fn copy_there(&self, target: &str, bytes: &[u8]) -> Result<()> {
        let file = self.folder.join("copy.bin");
        std::fs::write(&file, bytes)?;
        let copy =
            format!("xclip -selection clipboard -t {target} -i {} >/dev/null 2>&1", file.display());
        self.stack.desktop.output("sh", &["-c", &copy]).map(|_| ())
    }

    /// Pastes on the machine as soon as it is right.
    fn pasted_there(&self, target: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        let file = self.folder.join("paste.bin");
        let paste =
            format!("timeout 5 xclip -selection clipboard -t {target} -o > {}", file.display());
        self.stack
            .desktop
            .wait_until(target, |desktop| {
                let given = desktop.output("sh", &["-c", &paste]).is_ok();
                Ok(given && right(&std::fs::read(&file)?))
            })
            .with_context(|| self.evidence())
    }

    /// Pastes by a program of Windows as soon as it is right.
    fn pasted_here(&self, format: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        self.wine
            .desktop()
            .wait_until(format, |_| Ok(self.wine.pasted(format)?.is_some_and(|got| right(&got))))
            .with_context(|| self.evidence())
    }
}

/// Fragments come with a frame around them, and bytes with a zero or more behind them.
fn has(got: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(got).contains(text)
}

#[test]
fn html_rtf_and_pictures_cross_both_ways() -> Result<()> {
    let mut rig = Rig::start(Keyboard::AMERICAN)?;
    rig.open()?;

    rig.copy_there("text/html", "<b>fett: äß€</b><script>alert(1)</script>".as_bytes())?;
    rig.pasted_here(HTML, |got| has(got, "fett: äß€") && !has(got, "alert"))?;
    let rtf = r"{\rtf1\ansi {\b fett}}";
    rig.copy_there("text/rtf", rtf.as_bytes())?;
    rig.pasted_here(RTF, |got| has(got, rtf))?;
    let pixels = picture(7);
    rig.copy_there("image/png", &to_png(&pixels)?)?;
    rig.pasted_here(BITMAP, |got| read_bitmap(got).is_some_and(|got| got == pixels))?;

    rig.wine.copy(HTML, &html_format("<i>schräg: ğ漢</i><script>alert(2)</script>"))?;
    rig.pasted_there("text/html", |got| has(got, "schräg: ğ漢") && !has(got, "alert"))?;
    let rtf = r"{\rtf1\ansi {\i schief}}";
    rig.wine.copy(RTF, format!("{rtf}\0").as_bytes())?;
    rig.pasted_there("text/rtf", |got| got == rtf.as_bytes())?;
    let pixels = picture(8);
    rig.wine.copy(BITMAP, &bitmap(&pixels))?;
    rig.pasted_there("image/png", |got| of_png(got).is_ok_and(|got| got == pixels))
}
