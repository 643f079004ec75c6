//! GuruConnect on a machine.

// No black window for who starts it by a double click; see `platform::prepare_output`.
#![cfg_attr(all(windows, not(test)), windows_subsystem = "windows")]

mod arguments;
mod commands;
mod door;
mod key;
mod link;
mod logging;
mod name;
mod platform;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    platform::prepare_output();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            platform::complain(&told.to_string());
            told.exit();
        }
    };
    let by_hand = arguments.is_by_hand();
    match commands::run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            let text = format!("{error:#}");
            say(&text);
            if by_hand {
                platform::complain(&text);
            }
            ExitCode::from(2)
        }
    }
}

/// Tells the person who started the program.
#[expect(clippy::print_stderr, reason = "the program's word to the person who started it")]
fn say(line: &str) {
    eprintln!("{line}");
}
