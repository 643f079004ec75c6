//! The program by itself.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Keyboard, Wine};

use crate::office::Office;

const PATIENCE: Duration = Duration::from_secs(30);
/// `IMAGE_SUBSYSTEM_WINDOWS_GUI` (winnt.h).
const WINDOWS: u8 = 2;

#[test]
fn it_is_dressed_for_windows() -> Result<()> {
    let bytes = std::fs::read(Wine::built_program()?)?;
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    ensure!(holds(b"PerMonitorV2"), "no manifest");
    ensure!(holds(b"level=\"asInvoker\""), "it asks for more rights than it is started with");
    ensure!(holds(&wide("GuruConnect remote support")), "no version");
    // Of an icon's bitmap: its header, 32 across and 64 for colours and mask.
    ensure!(holds(&[40, 0, 0, 0, 32, 0, 0, 0, 64, 0, 0, 0, 1, 0, 32, 0]), "no icon");
    // The header is where the number at 0x3C says; the subsystem is 92 bytes into it.
    let header = bytes.get(0x3C..0x40).context("no program")?.try_into().map(u32::from_le_bytes)?;
    ensure!(bytes.get(header as usize + 92) == Some(&WINDOWS), "it would open a console");
    Ok(())
}

#[test]
fn it_says_what_it_is_and_leaves_nothing_behind() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let program = office.wine.program().display().to_string();
    let version = office.wine.run("wine", &[&program, "--version"])?;
    ensure!(version.starts_with("guruconnect "), "{version}");

    // A code that nobody made: the server refuses, and that is the end.
    let own = office.wine.drive_c().join("a (1) & ^ program.exe");
    std::fs::copy(office.wine.program(), &own)?;
    let arguments = ["--server", office.server.address(), "--code", "ABC-DEF-GHJ", "--remove"];
    let mut agent = office.wine.support(&own, &arguments)?;
    let exit = agent.process.wait(PATIENCE)?;
    ensure!(exit == Some(3), "it ended with {exit:?}:\n{}", agent.process.log());
    office.wine.desktop().wait_until("the program is gone", |_| Ok(!own.exists()))
}
