//! Development commands. `cargo xtask --help` lists them.

mod architecture;
mod check;
mod codegen;
mod peers;
mod postgres;
mod run;
mod setup;
mod test;
mod tiers;
mod windows;
mod wine;

use std::ffi::OsString;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development commands of GuruConnect")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what building, running and testing need; safe to repeat
    Setup,
    /// Build everything and run a server, a desktop and its agents; see `demo --help`
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on to the demo
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Set up, then run everything that CI runs
    Test {
        /// Only the stages whose name contains this
        #[arg(long)]
        only: Option<String>,
    },
    /// Build, lint and test for Windows, under Wine
    Windows,
    /// Formatting, lints, tiers, generated code, licences and advisories
    Check,
    /// Write generated code and documents
    Codegen {
        /// Fail when something committed is not what would be written
        #[arg(long)]
        check: bool,
    },
    /// Measure: see `bench session --help`, `bench relay --help`, `bench peers --help`
    #[command(disable_help_flag = true)]
    Bench {
        /// Benchmark and its options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    run::enter_workspace_root()?;
    match arguments.command {
        Command::Setup => setup::run().and_then(|()| setup::windows()),
        Command::Demo { arguments } => {
            setup::run()?;
            run::product("demo", "guruconnect-demo", &arguments)
        }
        Command::Test { only } => test::all(only.as_deref()),
        Command::Windows => test::all(Some("windows")),
        Command::Check => check::run(),
        Command::Codegen { check } => codegen::run(check),
        Command::Bench { arguments } => {
            setup::run()?;
            let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
            let helps = arguments.iter().any(|word| word == "--help" || word == "-h");
            if arguments.first().is_some_and(|word| word == "peers") && !helps {
                arguments.extend(peers::install());
            }
            if arguments.first().is_some_and(|word| word == "windows") && !helps {
                windows::build()?;
            }
            run::product("bench", "guruconnect-bench", &arguments)
        }
    }
}
