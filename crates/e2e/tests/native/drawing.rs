//! The graphics card draws what the software draws. Here Mesa's program for the processor
//! stands for the card, which is why it has to be insisted on.

use std::cell::RefCell;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Stack};

use crate::{SIZE, evidence, fill, proof, same_picture, stack};

fn viewer(
    stack: &Stack,
    session: &str,
    size: (u32, u32),
    drawing: &str,
    variables: &[(&str, &str)],
) -> Result<NativeViewer> {
    let ticket = NativeViewer::ticket(&stack.rest, session, "control")?;
    let folder = stack.folder().join(format!("drawing-{}", &ticket[3..11]));
    std::fs::create_dir_all(&folder)?;
    let mut desktop = Desktop::start(size.0, size.1, &folder)?;
    desktop.manage_windows()?;
    let words = ["--drawing", drawing, "--ticket", &ticket];
    let viewer = NativeViewer::with(stack, desktop, &words, variables, &folder)?;
    viewer.wait_until_used()?;
    Ok(viewer)
}

/// The largest difference of a channel, and how many differ at all.
fn apart(a: &[u8], b: &[u8]) -> (u8, usize) {
    let differences = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let most = differences.clone().max().unwrap_or(0);
    (most, differences.filter(|difference| *difference > 0).count())
}

#[test]
fn by_the_card_the_picture_is_exact_and_what_changes_is_seen() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    let viewer = viewer(&stack, &session, SIZE, "gpu", &[])?;
    viewer.wait_for_line("Drawing: graphics card", 1)?;
    fill(&viewer)?;
    same_picture(&stack, &viewer)?;
    viewer.click(200, 200)?;
    let file = stack.folder().join("typed");
    viewer.type_text(&format!("seq 40; echo by the card > {}", file.display()))?;
    viewer.press(&["Return"])?;
    proof(&stack, &viewer, "typed", "by the card\n")?;
    same_picture(&stack, &viewer)?;
    ensure!(!viewer.process.log().contains("software"), "{}", viewer.process.log());
    Ok(())
}

#[test]
fn toolbar_menu_and_scaled_picture_look_the_same_by_card_and_by_software() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    // The window is smaller than the picture, so that it is scaled.
    let size = (700, 560);
    let shot = |viewer: &NativeViewer| viewer.desktop.pixels(0, 0, size.0, size.1);
    let with_menu = |drawing| -> Result<NativeViewer> {
        let viewer = viewer(&stack, &session, size, drawing, &[])?;
        viewer.press(&["ctrl+alt+shift+m", "Right", "Return"])?;
        Ok(viewer)
    };
    let software = with_menu("software")?;
    let expected = RefCell::new((shot(&software)?, 0));
    software.desktop.wait_until("the display rests", |_| {
        let (now, mut last) = (shot(&software)?, expected.borrow_mut());
        let same = if now == last.0 { last.1 + 1 } else { 0 };
        *last = (now, same);
        Ok(same == 6)
    })?;
    let expected = expected.into_inner().0;
    ensure!(expected.iter().any(|byte| *byte > 100), "there is nothing to see");
    drop(software);
    let card = with_menu("gpu")?;
    card.wait_for_line("Drawing: graphics card", 1)?;
    card.desktop
        .wait_until("both look the same", |_| Ok(apart(&shot(&card)?, &expected).0 <= 2))
        .with_context(|| {
            let difference = shot(&card).map(|shot| apart(&shot, &expected));
            format!("{difference:?}\n{}", evidence(&stack, &card))
        })
}

#[test]
fn without_a_card_or_with_one_that_fails_the_software_draws_and_says_why() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    for (drawing, variables, told) in [
        ("auto", &[][..], "Drawing: software (no graphics card"),
        ("software", &[], ""),
        // A card of long ago: no programs of the version that is needed.
        (
            "gpu",
            &[("MESA_GL_VERSION_OVERRIDE", "2.1"), ("MESA_GLSL_VERSION_OVERRIDE", "120")],
            "Drawing: software (no graphics card: eglCreateContext failed)",
        ),
        (
            "gpu",
            &[("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere")],
            "Drawing: software (no graphics",
        ),
    ] {
        let viewer = viewer(&stack, &session, SIZE, drawing, variables)?;
        viewer.wait_for_line(told, 1)?;
        fill(&viewer)?;
        same_picture(&stack, &viewer).with_context(|| format!("{drawing} {variables:?}"))?;
        ensure!(!viewer.process.log().contains("graphics card ("), "{}", viewer.process.log());
    }
    Ok(())
}
