//! Every format of the clipboard through the native viewer, by programs on both displays.

use std::io::Cursor;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Stack};

use crate::{evidence, stack};

/// Large enough to go in several windows of the wire.
const SIDE: u32 = 400;

fn picture(seed: u32) -> Result<Vec<u8>> {
    let mut state = seed;
    let rows: Vec<u8> = (0..SIDE * SIDE * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&rows)?;
    Ok(out)
}

fn pixels(png: &[u8]) -> Result<Vec<u8>> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info()?;
    let mut out = vec![0; reader.output_buffer_size().context("too large")?];
    let frame = reader.next_frame(&mut out)?;
    out.truncate(frame.buffer_size());
    ensure!(frame.color_type == png::ColorType::Rgb, "another kind of picture");
    Ok(out)
}

struct Session {
    stack: Stack,
    viewer: NativeViewer,
}

impl Session {
    fn start() -> Result<Self> {
        let stack = stack()?;
        let viewer = NativeViewer::start(&stack, &stack.session()?, 1000, 760)?;
        viewer.wait_until_used()?;
        Ok(Self { stack, viewer })
    }

    /// Copies by a program that offers one format.
    fn copy(&self, desktop: &Desktop, target: &str, bytes: &[u8]) -> Result<()> {
        let file = self.stack.folder().join("copy.bin");
        std::fs::write(&file, bytes)?;
        let copy =
            format!("xclip -selection clipboard -t {target} -i {} >/dev/null 2>&1", file.display());
        desktop.output("sh", &["-c", &copy]).map(|_| ())
    }

    /// Pastes as soon as it is right.
    fn pasted(&self, desktop: &Desktop, target: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        let file: PathBuf = self.stack.folder().join("paste.bin");
        let paste =
            format!("timeout 5 xclip -selection clipboard -t {target} -o > {}", file.display());
        desktop
            .wait_until(target, |desktop| {
                let given = desktop.output("sh", &["-c", &paste]).is_ok();
                Ok(given && right(&std::fs::read(&file)?))
            })
            .with_context(|| evidence(&self.stack, &self.viewer))
    }
}

/// The program that copied still owns the clipboard: nothing came back.
fn no_echo(desktop: &Desktop) -> Result<()> {
    let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
    let targets = desktop.output("timeout", &targets)?;
    // This product's own offers have it, those of `xclip` do not.
    ensure!(!targets.contains("TIMESTAMP"), "an echo: {targets}");
    Ok(())
}

#[test]
fn html_rtf_and_pictures_cross_both_ways_and_do_not_come_back() -> Result<()> {
    let session = Session::start()?;
    let (there, here) = (&session.stack.desktop, &session.viewer.desktop);
    for (number, (from, to)) in [(there, here), (here, there)].into_iter().enumerate() {
        let html = format!("<b>fett {number}: äß€</b><script>alert(1)</script>");
        session.copy(from, "text/html", html.as_bytes())?;
        session.pasted(to, "text/html", |got| {
            let got = String::from_utf8_lossy(got);
            got.contains(&format!("fett {number}: äß€")) && !got.contains("script")
        })?;
        no_echo(from)?;

        let rtf = format!(r"{{\rtf1\ansi {{\b fett {number}}}}}");
        session.copy(from, "text/rtf", rtf.as_bytes())?;
        session.pasted(to, "text/rtf", |got| got == rtf.as_bytes())?;
        no_echo(from)?;

        let picture = picture(number as u32 + 7)?;
        let expected = pixels(&picture)?;
        session.copy(from, "image/png", &picture)?;
        session.pasted(to, "image/png", |got| pixels(got).is_ok_and(|got| got == expected))?;
        no_echo(from)?;
    }
    Ok(())
}

#[test]
fn nothing_crosses_while_the_clipboard_is_switched_off() -> Result<()> {
    let session = Session::start()?;
    let (there, here) = (&session.stack.desktop, &session.viewer.desktop);
    session.copy(there, "UTF8_STRING", b"first")?;
    session.pasted(here, "UTF8_STRING", |got| got == b"first")?;
    // The fifth button of the toolbar.
    let switch = ["ctrl+alt+shift+m", "Right", "Right", "Right", "Right", "Return"];
    session.viewer.press(&switch)?;
    session.viewer.wait_for_line("clipboard open=false", 1)?;
    session.copy(there, "UTF8_STRING", b"while it was off")?;
    // What crosses once it is on again is what the machine has then.
    session.pasted(here, "UTF8_STRING", |got| got == b"first")?;
    session.viewer.press(&switch)?;
    session.viewer.wait_for_line("clipboard open=true", 2)?;
    session.pasted(here, "UTF8_STRING", |got| got == b"while it was off")
}

#[test]
fn what_a_program_marks_as_secret_stays_where_it_is() -> Result<()> {
    let session = Session::start()?;
    let (there, here) = (&session.stack.desktop, &session.viewer.desktop);
    for (from, to) in [(there, here), (here, there)] {
        session.copy(from, "UTF8_STRING", b"plain")?;
        session.pasted(to, "UTF8_STRING", |got| got == b"plain")?;
        session.copy(from, "x-kde-passwordManagerHint", b"secret")?;
        // Whatever comes later comes after it.
        session.copy(from, "UTF8_STRING", b"later")?;
        session.pasted(to, "UTF8_STRING", |got| got == b"later")?;
        session.copy(from, "x-kde-passwordManagerHint", b"secret")?;
        let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
        let targets = to.output("timeout", &targets)?;
        ensure!(!targets.contains("passwordManagerHint"), "it crossed: {targets}");
        session.pasted(to, "UTF8_STRING", |got| got == b"later")?;
    }
    Ok(())
}
