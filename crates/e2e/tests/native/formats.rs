//! Every format of the clipboard through the native viewer, by programs on both displays.

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Stack, noise_picture, picture_pixels};

use crate::{evidence, stack};

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

    /// Pastes as soon as it is right.
    fn pasted(&self, desktop: &Desktop, target: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        desktop.paste_until(target, right).with_context(|| evidence(&self.stack, &self.viewer))
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
        from.copy("text/html", html.as_bytes())?;
        session.pasted(to, "text/html", |got| {
            let got = String::from_utf8_lossy(got);
            got.contains(&format!("fett {number}: äß€")) && !got.contains("script")
        })?;
        no_echo(from)?;

        let rtf = format!(r"{{\rtf1\ansi {{\b fett {number}}}}}");
        from.copy("text/rtf", rtf.as_bytes())?;
        session.pasted(to, "text/rtf", |got| got == rtf.as_bytes())?;
        no_echo(from)?;

        let picture = noise_picture(number as u32 + 7)?;
        let expected = picture_pixels(&picture)?;
        from.copy("image/png", &picture)?;
        session
            .pasted(to, "image/png", |got| picture_pixels(got).is_ok_and(|got| got == expected))?;
        no_echo(from)?;
    }
    Ok(())
}

#[test]
fn nothing_crosses_while_the_clipboard_is_switched_off() -> Result<()> {
    let session = Session::start()?;
    let (there, here) = (&session.stack.desktop, &session.viewer.desktop);
    there.copy("UTF8_STRING", b"first")?;
    session.pasted(here, "UTF8_STRING", |got| got == b"first")?;
    // The fifth button of the toolbar.
    let switch = ["ctrl+alt+shift+m", "Right", "Right", "Right", "Right", "Return"];
    session.viewer.press(&switch)?;
    session.viewer.wait_for_line("clipboard open=false", 1)?;
    there.copy("UTF8_STRING", b"while it was off")?;
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
        from.copy("UTF8_STRING", b"plain")?;
        session.pasted(to, "UTF8_STRING", |got| got == b"plain")?;
        from.copy("x-kde-passwordManagerHint", b"secret")?;
        // Whatever comes later comes after it.
        from.copy("UTF8_STRING", b"later")?;
        session.pasted(to, "UTF8_STRING", |got| got == b"later")?;
        from.copy("x-kde-passwordManagerHint", b"secret")?;
        let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
        let targets = to.output("timeout", &targets)?;
        ensure!(!targets.contains("passwordManagerHint"), "it crossed: {targets}");
        session.pasted(to, "UTF8_STRING", |got| got == b"later")?;
    }
    Ok(())
}
