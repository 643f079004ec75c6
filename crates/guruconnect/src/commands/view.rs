//! `guruconnect view`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use gc_transport::Endpoint;
use gc_types::{LaunchTicket, Secret};
use gc_viewer::{Facts, Siblings};
use url::Url;

use super::sessions::{open, parts};
use crate::door::Wanted;
use crate::name::Name;
use crate::platform::LinkTarget;
use crate::{link, platform};

/// Who draws windows.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Drawing {
    /// The graphics card, where there is a real one that is fast enough
    #[default]
    Auto,
    /// Whatever calls itself a graphics card
    Gpu,
    /// This program
    Software,
}

impl Drawing {
    /// As the environment has it, for a start without options.
    pub(super) fn of_environment() -> Self {
        let name = gc_runtime::env("GURUCONNECT_DRAWING").unwrap_or_default();
        Self::from_str(&name, true).unwrap_or_default()
    }

    pub(super) const fn choice(self) -> gc_viewer::Drawing {
        match self {
            Self::Auto => gc_viewer::Drawing::Auto,
            Self::Gpu => gc_viewer::Drawing::Card,
            Self::Software => gc_viewer::Drawing::Software,
        }
    }
}

#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the server's console; starts with https://
    #[arg(long, value_name = "URL", env = "GURUCONNECT_SERVER")]
    server: Option<String>,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE", env = "GURUCONNECT_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// A one-time ticket from the console; several open a window each
    #[arg(long = "ticket", value_name = "TICKET", conflicts_with = "link")]
    tickets: Vec<String>,
    /// Who draws the windows: the graphics card where there is a real one, whatever calls
    /// itself one, or this program
    #[arg(long, value_name = "WAY", value_enum, default_value_t, env = "GURUCONNECT_DRAWING")]
    drawing: Drawing,
    /// Let the console's "Open in app" start this program with this server, for you
    #[arg(long, conflicts_with_all = ["tickets", "link"])]
    register: bool,
    /// No longer
    #[arg(long, conflicts_with_all = ["tickets", "link", "register"])]
    unregister: bool,
    /// Open windows of a process of its own, also where a viewer runs already
    #[arg(long)]
    new_process: bool,
    /// The link that the console's "Open in app" makes; asks before it connects
    #[arg(
        value_name = "guruconnect://…",
        required_unless_present_any = ["tickets", "register", "unregister"]
    )]
    link: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    if arguments.unregister {
        let told = if platform::unregister_links()? {
            "Links of the console do not open this program any more."
        } else {
            "Links of the console did not open this program."
        };
        crate::say(told);
        return Ok(ExitCode::SUCCESS);
    }
    let (server, ca_file) = match &arguments.server {
        Some(server) => (server.clone(), arguments.ca_file.clone()),
        None => known_server()?,
    };
    if arguments.register {
        return register(&server, arguments.ca_file.as_deref());
    }
    let wanted = wanted(&arguments)?;
    let (ca_file, drawing) = (arguments.ca_file.or(ca_file), arguments.drawing);
    open(wanted, &server, ca_file.as_deref(), drawing, arguments.new_process)
}

fn register(server: &str, ca_file: Option<&Path>) -> Result<ExitCode> {
    endpoint(server)?;
    // As it was understood: it is written into a file of lines.
    let server = Url::parse(server)?.to_string();
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    let ca_file = ca_file.map(std::path::absolute).transpose()?;
    let target = LinkTarget { server, ca_file };
    platform::register_links(&program, &target)?;
    crate::say(&format!("Links of the console at {} open in this program now.", target.server));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn endpoint(server: &str) -> Result<Endpoint> {
    let url = link::viewer_url(server)
        .with_context(|| format!("'{server}' cannot be used as the server"))?;
    Ok(Endpoint::new(url, None)?)
}

/// Says in a window why there is no session.
pub(super) fn explain(facts: Facts) -> Result<()> {
    let runtime = link::runtime()?;
    Ok(gc_viewer::explain(facts, parts(runtime.handle(), Drawing::Software, Siblings::default())?)?)
}

fn wanted(arguments: &Arguments) -> Result<Vec<Wanted>> {
    if let Some(link) = &arguments.link {
        let ticket = LaunchTicket::parse(link).context("that link is none of this program's")?;
        return Ok(vec![Wanted { ticket: ticket.secret().clone(), ask_first: true }]);
    }
    let ticket = |ticket: &String| Wanted { ticket: Secret::new(ticket.clone()), ask_first: false };
    Ok(arguments.tickets.iter().map(ticket).collect())
}

/// Server and certificates where none are given. Never from a link: they are in the
/// environment, in the program's own name, or written down by `--register` or the
/// installation.
pub(super) fn known_server() -> Result<(String, Option<PathBuf>)> {
    if let Some(server) = gc_runtime::env("GURUCONNECT_SERVER") {
        return Ok((server, gc_runtime::env("GURUCONNECT_CA_FILE").map(PathBuf::from)));
    }
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    if let Some(name) = Name::of(&program) {
        return Ok((name.server, None));
    }
    let target = platform::link_target()?.context(
        "This program does not know its server. Run it once as 'guruconnect view --register \
         --server https://…'",
    )?;
    Ok((target.server, target.ca_file))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments as All, Command};

    fn parse(words: &[&str]) -> Result<Vec<(String, bool)>> {
        let all = ["guruconnect", "view", "--server", "https://a.example"];
        let all = All::try_parse_from(all.iter().chain(words))?;
        let Some(Command::View(arguments)) = all.command else { anyhow::bail!("not view") };
        let wanted = wanted(&arguments)?;
        Ok(wanted.iter().map(|one| (one.ticket.expose().to_owned(), one.ask_first)).collect())
    }

    #[test]
    fn tickets_open_at_once_and_a_link_asks() {
        let ticket = format!("vt_{}", "0a".repeat(32));
        assert_eq!(parse(&["--ticket", &ticket]).unwrap(), [(ticket.clone(), false)]);
        assert_eq!(parse(&["--ticket", "a", "--ticket", "b"]).unwrap().len(), 2);
        let link = format!("guruconnect://join/{ticket}");
        assert_eq!(parse(&[&link]).unwrap(), [(ticket.clone(), true)]);
        for refused in [
            vec![],
            vec![ticket.as_str()],
            vec!["guruconnect://join/short"],
            vec![link.as_str(), "more"],
            vec![link.as_str(), "--ticket", "x"],
            vec![link.as_str(), "--register"],
            vec!["--register", "--unregister"],
        ] {
            assert!(parse(&refused).is_err(), "{refused:?}");
        }
        assert!(parse(&[&format!("{link}?server=evil.example")]).is_err());
    }
}
