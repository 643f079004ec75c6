//! Keys go by their place on the board: the machine's layout decides what they mean.

use anyhow::{Context, Result};
use gc_e2e::{Browser, Page};

use crate::office::Office;

/// Keys by their names in UI Events; `^` before one holds Shift, `#` the right Alt.
async fn strike(page: &Page, keys: &str) -> Result<()> {
    for word in keys.split_whitespace() {
        let (held, code) = match word.split_at(1) {
            ("^", code) => (Some(("ShiftLeft", "Shift", 8)), code),
            ("#", code) => (Some(("AltRight", "AltGraph", 0)), code),
            _ => (None, word),
        };
        let modifiers = held.map_or(0, |held| held.2);
        if let Some((code, key, modifiers)) = held {
            page.key_event("keyDown", code, key, modifiers).await?;
        }
        page.key_event("keyDown", code, "Unidentified", modifiers).await?;
        page.key_event("keyUp", code, "Unidentified", modifiers).await?;
        if let Some((code, key, _)) = held {
            page.key_event("keyUp", code, key, 0).await?;
        }
    }
    Ok(())
}

async fn types(layout: &str, keys: &str, expected: &str) -> Result<()> {
    let office = Office::start(layout)?;
    let machine = office.machine()?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    let notepad = office.notepad(&page, &format!("{layout}.txt")).await?;
    strike(&page, keys).await?;
    notepad
        .wait_for(&page, expected)
        .await
        .with_context(|| format!("agent log:\n{}", machine.agent.process.log()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_german_machine_writes_german() -> Result<()> {
    let keys =
        "KeyZ ^KeyY Semicolon ^Quote Minus BracketLeft Slash #KeyQ #KeyE ^Digit7 IntlBackslash";
    types("de", keys, "yZöÄßü-@€/<").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_french_machine_writes_french() -> Result<()> {
    let keys = "KeyQ ^KeyA KeyZ Semicolon Digit2 ^Digit2 Comma ^Comma Minus Digit0 #Digit0";
    types("fr", keys, "aQwmé2;.)à@").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turkish_machine_writes_turkish() -> Result<()> {
    let keys = "KeyI ^KeyI Quote ^Quote Semicolon BracketLeft BracketRight Comma Period ^KeyQ";
    types("tr", keys, "ıIiİşğüöçQ").await
}
