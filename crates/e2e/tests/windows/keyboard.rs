//! Keys go by their place on the board: the machine's layout decides what they mean.

use anyhow::{Context, Result};
use gc_e2e::{Browser, Keyboard, Page};

use crate::office::Office;

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
