//! `cargo xtask demo`: the whole product on one machine.

mod check;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use gc_e2e::{Agent, Desktop, Programs, Server, ServerOptions};
use serde_json::{Value, json};

#[derive(Parser)]
#[command(name = "cargo xtask demo", about = "Run a server, a desktop and its agents")]
struct Arguments {
    /// Do by itself in a headless Chromium what a newcomer would do; exit non-zero
    /// when anything they would see is missing
    #[arg(long)]
    check: bool,
    /// Open a virtual display even when there is a real one
    #[arg(long)]
    headless: bool,
    /// Show this X display
    #[arg(long, value_name = ":N", conflicts_with = "headless")]
    display: Option<String>,
    /// Port of the server on 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Write address, set-up link, machine, session and process ids here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where `--check` saves its screenshots
    #[arg(long, value_name = "FOLDER", default_value = ".demo/screenshots")]
    screenshots: PathBuf,
    /// Size of the virtual display
    #[arg(long, value_name = "WxH", default_value = "1280x800")]
    size: String,
}

/// Everything that runs; ended in this order.
struct Demo {
    support_agent: Agent,
    agent: Agent,
    server: Server,
    desktop: Desktop,
    programs: Programs,
    folder: PathBuf,
    /// Where the terminal of our own desktop works.
    home: Option<PathBuf>,
    /// What `--json` writes.
    facts: Value,
}

#[expect(clippy::print_stdout, reason = "the demo talks to the person who started it")]
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stopped = stop_signal()?;
        let start = tokio::time::Instant::now();
        let mut demo = Demo::start(&arguments)?;
        if let Some(file) = &arguments.json {
            std::fs::write(file, serde_json::to_vec_pretty(&demo.facts)?)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        println!();
        println!("GuruConnect runs. Open this address and create the first administrator:");
        println!();
        println!("    {}", demo.facts["setup_link"].as_str().unwrap_or_default());
        println!();
        println!(
            "The desktop is display {} (started in {:.1} s).",
            demo.desktop.display(),
            start.elapsed().as_secs_f32()
        );
        println!("Logs and data: {}", demo.folder.display());
        if arguments.check {
            let done = tokio::select! {
                done = check::run(&mut demo, &arguments.screenshots) => done,
                () = stopped => Err(anyhow::anyhow!("interrupted")),
            };
            drop(demo);
            done?;
            println!(
                "Everything a newcomer would see is there. Screenshots: {}",
                arguments.screenshots.display()
            );
            return Ok(());
        }
        println!("Ctrl+C ends everything.");
        stopped.await;
        println!("Ending everything.");
        Ok(())
    })
}

/// Ready when the person or a service manager wants the demo to end.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

impl Demo {
    fn start(arguments: &Arguments) -> Result<Self> {
        let folder = std::path::absolute(".demo")?;
        // A fresh start each time: the set-up link is part of the demo.
        let old = folder.join("data");
        if old.exists() {
            std::fs::remove_dir_all(&old)?;
        }
        std::fs::create_dir_all(&folder)?;
        let programs = Programs::beside_this()?;
        let (desktop, home) = desktop(arguments, &folder)?;

        let options = ServerOptions {
            port: arguments.port,
            environment: vec![
                ("CONNECT_COMPANY".into(), "Example Support".into()),
                // The one-time agent waits for whoever looks at its desktop.
                ("CONNECT_CONSENT_TIMEOUT_S".into(), "600".into()),
            ],
        };
        let mut server = Server::start(&programs, &folder, options)?;
        let machine: Value = serde_json::from_str(&server.administer(&[
            "machine",
            "add",
            "--json",
            "--company",
            "Example Ltd",
            "--site",
            "Main office",
            "--tag",
            "demo",
            "Demo desktop",
        ])?)?;
        let key = machine["key"].as_str().context("no machine key")?;
        let agent = Agent::managed(&programs, &desktop, server.address(), key, &folder)?;

        let code: Value = serde_json::from_str(&server.administer(&["code", "add", "--json"])?)?;
        let code = code["code"].as_str().context("no support code")?.to_owned();
        let support_agent = Agent::support(&programs, &desktop, server.address(), &code, &folder)?;
        let session = wait_for_session(&server, &code)?;

        let facts = json!({
            "address": server.address(),
            "setup_link": server.setup_link(),
            "display": desktop.display(),
            "machine_id": machine["id"],
            "session_id": session,
            "support_code": code,
            "process_ids": {
                "demo": std::process::id(),
                "server": server.process().id(),
                "agent": agent.process.id(),
                "support_agent": support_agent.process.id(),
                "desktop": desktop.ids(),
            },
        });
        Ok(Self { support_agent, agent, server, desktop, programs, folder, home, facts })
    }
}

fn desktop(arguments: &Arguments, folder: &Path) -> Result<(Desktop, Option<PathBuf>)> {
    let own = arguments.display.clone().or_else(|| {
        if arguments.headless || arguments.check { None } else { gc_runtime::env("DISPLAY") }
    });
    if let Some(display) = own {
        return Ok((Desktop::existing(&display, folder), None));
    }
    let (width, height) = arguments
        .size
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .context("--size must look like 1280x800")?;
    let mut desktop = Desktop::start(width, height, folder)?;
    let home = desktop.furnish()?;
    Ok((desktop, Some(home)))
}

/// Waits until the one-time agent has bound its code; the session's id.
fn wait_for_session(server: &Server, code: &str) -> Result<String> {
    for _ in 0..200 {
        let shown: Value =
            serde_json::from_str(&server.administer(&["code", "show", "--json", code])?)?;
        if let Some(session) = shown["session_id"].as_str() {
            return Ok(session.to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    anyhow::bail!("the one-time agent did not bind its code in 20 s")
}
