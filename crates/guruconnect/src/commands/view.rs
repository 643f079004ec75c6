//! `guruconnect view`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use gc_runtime::OsEntropy;
use gc_transport::{Connector, Endpoint};
use gc_types::{LaunchTicket, Secret};
use gc_viewer::{Parts, Session};
use tokio::runtime::Handle;

use crate::name::Name;
use crate::{link, platform};

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
    /// The link that the console's "Open in app" makes; asks before it connects
    #[arg(value_name = "guruconnect://…", required_unless_present = "tickets")]
    link: Option<String>,
}

/// A session to be shown.
struct Wanted {
    ticket: Secret,
    /// Whoever made a link may not be whoever opens it.
    ask_first: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let wanted = wanted(&arguments)?;
    let server = server(arguments.server)?;
    let url = link::viewer_url(&server)
        .with_context(|| format!("'{server}' cannot be used as the server"))?;
    let endpoint = Endpoint::new(url, None)?;
    let connector = platform::connector(arguments.ca_file.as_deref())?;
    let runtime = link::runtime()?;
    let (first, others) = wanted.split_first().context("there is nothing to show")?;
    let handle = runtime.handle();
    std::thread::scope(|scope| {
        let threads: Vec<_> = others
            .iter()
            .map(|one| {
                let (connector, endpoint) = (connector.clone(), endpoint.clone());
                scope.spawn(move || show(one, connector, endpoint, handle))
            })
            .collect();
        // Each window on a thread of its own; the first on this one.
        let mut shown = show(first, connector.clone(), endpoint.clone(), handle);
        for thread in threads {
            let one = thread.join().unwrap_or_else(|_| anyhow::bail!("a window's thread failed"));
            shown = shown.and(one);
        }
        shown
    })?;
    Ok(ExitCode::SUCCESS)
}

fn show(wanted: &Wanted, connector: Connector, endpoint: Endpoint, runtime: &Handle) -> Result<()> {
    let clock = link::clock();
    let window = platform::viewer_window("GuruConnect")?;
    let face = platform::typeface()?;
    let system = platform::open(&clock);
    let parts = Parts {
        window,
        face,
        clipboard: Box::new(move |listener| system.open_clipboard(listener)),
        clock,
        entropy: Arc::new(OsEntropy),
        runtime: runtime.clone(),
    };
    let session = Session {
        connector,
        endpoint,
        ticket: wanted.ticket.clone(),
        ask_first: wanted.ask_first,
        software: format!("guruconnect {}", gc_types::VERSION),
    };
    Ok(gc_viewer::run(session, parts)?)
}

fn wanted(arguments: &Arguments) -> Result<Vec<Wanted>> {
    if let Some(link) = &arguments.link {
        let ticket = LaunchTicket::parse(link).context("that link is none of this program's")?;
        return Ok(vec![Wanted { ticket: ticket.secret().clone(), ask_first: true }]);
    }
    let ticket = |ticket: &String| Wanted { ticket: Secret::new(ticket.clone()), ask_first: false };
    Ok(arguments.tickets.iter().map(ticket).collect())
}

/// Never from a link: it is given, or in the program's own name.
fn server(given: Option<String>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    let name = Name::of(&program).context(
        "this program does not know its server: give --server, or set GURUCONNECT_SERVER",
    )?;
    Ok(name.server)
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
        ] {
            assert!(parse(&refused).is_err(), "{refused:?}");
        }
        assert!(parse(&[&format!("{link}?server=evil.example")]).is_err());
    }
}
