//! `guruconnect launch`: what a browser starts for a link.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use gc_types::LaunchTicket;
use gc_viewer::Facts;

use super::sessions;
use super::view::{self, Drawing};
use crate::door::Wanted;
use crate::platform;

/// Nothing of these is an option: a link with quotation marks in it may become several
/// arguments, and look like some.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// guruconnect://join/…
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "LINK")]
    words: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let opened = open(arguments);
    if let Err(error) = &opened
        && !platform::is_answered()
    {
        // A browser shows nobody what a program that it started says.
        let sentence = sentence(&format!("{error:#}"));
        let facts = Facts { name: "not_opened", sentence, detail: String::new() };
        if let Err(error) = view::explain(facts) {
            tracing::warn!("{error:#}");
        }
    }
    opened
}

fn open(arguments: &Arguments) -> Result<ExitCode> {
    let ticket = LaunchTicket::from_arguments(&arguments.words)
        .context("This link does not open a session. Open it again from the console")?;
    let (server, ca_file) = view::known_server()?;
    let wanted = Wanted { ticket: ticket.secret().clone(), ask_first: true };
    sessions::open(vec![wanted], &server, ca_file.as_deref(), Drawing::of_environment(), false)
}

fn sentence(text: &str) -> String {
    let mut sentence = text.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence + "."
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments as All, Command};

    fn words(given: &[&str]) -> Vec<String> {
        let all = All::try_parse_from(["guruconnect", "launch"].iter().chain(given)).unwrap();
        let Some(Command::Launch(arguments)) = all.command else { panic!("not launch") };
        arguments.words
    }

    #[test]
    fn whatever_follows_is_taken_as_the_link_and_nothing_as_an_option() {
        let link = format!("guruconnect://join/vt_{}", "0a".repeat(32));
        assert!(LaunchTicket::from_arguments(words(&[&link])).is_ok());
        for refused in [
            &[][..],
            &["--help"],
            &["--version"],
            &["-h"],
            &["--server=https://evil.example"],
            &[&link, "--server", "https://evil.example"],
            &["--ca-file", "x", &link],
            &["--", &link, "x"],
            &["guruconnect://settings/server"],
            &[&link[..link.len() - 60]],
        ] {
            let taken = words(refused);
            assert!(LaunchTicket::from_arguments(&taken).is_err(), "{refused:?}: {taken:?}");
        }
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let words = vec!["guruconnect://other/x".to_owned()];
        let error = open(&Arguments { words }).unwrap_err();
        let told = sentence(&format!("{error:#}"));
        assert!(told.starts_with("This link does not") && told.ends_with("cannot do."), "{told}");
    }
}
