//! The command line: without a command the program serves; the commands are for
//! the operator at this machine, beside a running server or without one.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use gc_api::{ConsoleMachine, ServerConsole};
use gc_runtime::{OsEntropy, SystemClock};
use gc_types::{ConsentMode, SupportCode};
use serde_json::{Value, json};

use crate::settings::{self, Settings};
use crate::{data, say, start};

/// The GuruConnect server: relay, REST API and web console.
#[derive(Parser)]
#[command(name = "guruconnect-server", version = crate::VERSION, after_help = settings::help())]
#[command(term_width = 0)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What the operator may do here; serving when there is none.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Machines
    #[command(subcommand)]
    Machine(MachineCommand),
    /// Support codes
    #[command(subcommand)]
    Code(CodeCommand),
}

#[derive(Subcommand)]
pub(crate) enum MachineCommand {
    /// Add a machine and show the key of its agent, this once
    Add(MachineAdd),
}

#[derive(Args)]
pub(crate) struct MachineAdd {
    /// Name, at most 100 characters
    name: String,
    #[arg(long, default_value = "")]
    company: String,
    #[arg(long, default_value = "")]
    site: String,
    /// May be given several times
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// silent, notify, ask or ask_unless_alone
    #[arg(long, default_value = "silent")]
    consent: String,
    /// Print JSON: id, key
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
pub(crate) enum CodeCommand {
    /// Make a support code that is valid for a day
    Add {
        /// Print JSON: code
        #[arg(long)]
        json: bool,
    },
    /// Show which session a code became
    Show {
        code: String,
        /// Print JSON: code, session_id
        #[arg(long)]
        json: bool,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: Command, settings: &Settings) -> Result<()> {
    data::prepare(&settings.data_dir)?;
    let storage = start::storage(&start::database_url(settings)).await?;
    let console = ServerConsole::new(
        storage,
        &start::secret(settings)?,
        Arc::new(SystemClock::new()),
        Arc::new(OsEntropy),
    );
    match command {
        Command::Machine(MachineCommand::Add(add)) => add_machine(&console, add).await,
        Command::Code(CodeCommand::Add { json }) => {
            let code = console.add_code().await?.to_string();
            answer(json, &json!({ "code": code }), &format!("Support code: {code}"));
            Ok(())
        }
        Command::Code(CodeCommand::Show { code, json }) => {
            let code: SupportCode = code.parse()?;
            let session = console.session_of_code(code).await?;
            let session = session.context("there is no such code")?;
            let text = session.map_or_else(
                || "Nobody has used it.".to_owned(),
                |session| format!("It became session {session}."),
            );
            answer(json, &json!({ "code": code.to_string(), "session_id": session }), &text);
            Ok(())
        }
    }
}

async fn add_machine(console: &ServerConsole, add: MachineAdd) -> Result<()> {
    let Some(consent_mode) = ConsentMode::from_name(&add.consent) else {
        bail!("--consent must be silent, notify, ask or ask_unless_alone");
    };
    let texts = [&add.name, &add.company, &add.site].into_iter().chain(&add.tags);
    for text in texts {
        if text.chars().count() > 100 || text.chars().any(char::is_control) {
            bail!("names, companies, sites and tags have at most 100 plain characters");
        }
    }
    if add.name.trim().is_empty() {
        bail!("a machine needs a name");
    }
    let machine = ConsoleMachine {
        name: add.name,
        company: add.company,
        site: add.site,
        tags: add.tags,
        consent_mode,
    };
    let (id, key) = console.add_machine(machine).await?;
    let text = format!(
        "Machine {id}\nKey, shown this once: {key}\nStart its agent with:\n  \
         GURUCONNECT_KEY={key} guruconnect agent --server ADDRESS",
        key = key.expose()
    );
    answer(add.json, &json!({ "id": id, "key": key.expose() }), &text);
    Ok(())
}

fn answer(as_json: bool, value: &Value, text: &str) {
    if as_json {
        say(&value.to_string());
    } else {
        say(text);
    }
}
