//! Keys go by their place on the board: the machine's layout decides what they mean.

use anyhow::{Context, Result};
use gc_e2e::{Browser, Keyboard, Page, steps};

use crate::office::{Office, SCREEN};

/// Keys by their names in UI Events; `^` before one holds Shift.
async fn strike(page: &Page, keys: &str) -> Result<()> {
    for word in keys.split_whitespace() {
        let code = word.trim_start_matches('^');
        let shift = if code == word { 0 } else { 8 };
        if shift != 0 {
            page.key_event("keyDown", "ShiftLeft", "Shift", shift).await?;
        }
        page.key_event("keyDown", code, "Unidentified", shift).await?;
        page.key_event("keyUp", code, "Unidentified", shift).await?;
        if shift != 0 {
            page.key_event("keyUp", "ShiftLeft", "Shift", 0).await?;
        }
    }
    Ok(())
}

async fn types(keyboard: Keyboard, keys: &str, expected: &str) -> Result<()> {
    let office = Office::start(keyboard)?;
    let machine = office.machine()?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    let notepad = office.notepad(&page, "keys.txt").await?;
    strike(&page, keys).await?;
    notepad
        .wait_for(&page, expected)
        .await
        .with_context(|| format!("agent log:\n{}", machine.agent.process.log()))
}

/// A character that the technician's keyboard makes, on whatever key.
async fn write(page: &Page, text: &str) -> Result<()> {
    for character in text.chars() {
        let key = character.to_string();
        for kind in ["keyDown", "keyUp"] {
            page.key_event(kind, "KeyQ", &key, 0).await?;
        }
    }
    Ok(())
}

async fn writes(keyboard: Keyboard) -> Result<()> {
    let office = Office::start(keyboard)?;
    let machine = office.machine()?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    let notepad = office.notepad(&page, "text.txt").await?;
    steps::pin_toolbar(&page).await?;
    page.click("[data-testid=toolbar-keys]").await?;
    page.wait_until_uncovered("[data-testid=key-text-mode]").await?;
    page.click("[data-testid=key-text-mode]").await?;
    steps::click_remote(&page, SCREEN.0 / 2, SCREEN.1 / 2).await?;
    write(&page, EVERYWHERE).await?;
    notepad
        .wait_for(&page, EVERYWHERE)
        .await
        .with_context(|| format!("agent log:\n{}", machine.agent.process.log()))
}

/// Of no keyboard alone: German, French, Turkish, Greek, Russian, a sign and a picture of
/// two units.
const EVERYWHERE: &str = "aß éç ığ λ ж € 漢 😀.";

#[tokio::test(flavor = "multi_thread")]
async fn text_mode_writes_the_same_on_a_german_machine() -> Result<()> {
    writes(Keyboard::GERMAN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn text_mode_writes_the_same_on_a_french_machine() -> Result<()> {
    writes(Keyboard::FRENCH).await
}

#[tokio::test(flavor = "multi_thread")]
async fn text_mode_writes_the_same_on_a_turkish_machine() -> Result<()> {
    writes(Keyboard::TURKISH).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_german_machine_writes_german() -> Result<()> {
    let keys = "KeyZ ^KeyY Semicolon ^Quote Minus BracketLeft Slash ^Digit7 IntlBackslash";
    types(Keyboard::GERMAN, keys, "yZöÄßü-/<").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_french_machine_writes_french() -> Result<()> {
    let keys = "KeyQ ^KeyA KeyZ Semicolon Digit2 ^Digit2 Comma ^Comma Minus Digit0";
    types(Keyboard::FRENCH, keys, "aQwmé2;.)à").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turkish_machine_writes_turkish() -> Result<()> {
    let keys = "KeyI ^KeyI Quote ^Quote Semicolon BracketLeft BracketRight Comma Period ^KeyQ";
    types(Keyboard::TURKISH, keys, "ıIiİşğüöçQ").await
}
