//! Measures the real product. `cargo xtask bench session` and `… relay` build
//! everything and start this.

mod barcode;
mod certificate;
mod clock;
mod files;
mod machine;
mod peers;
mod probe;
mod relay;
mod report;
mod seat;
mod session;
mod stage;
mod statistics;
mod usage;
mod window;
mod windows;
mod wire;
mod workload;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "guruconnect-bench", about = "Measure sessions and the relay")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Latency, frame rate, quality, bytes and CPU of a session between real displays
    Session(session::Arguments),
    /// Throughput, latency and memory of the server as a relay
    Relay(relay::Arguments),
    /// CPU of the native viewer for each picture, drawn by OpenGL and by software
    Drawing(session::drawing::Arguments),
    /// Throughput of file transfers, and key-to-pixel latency while one runs
    Files(files::Arguments),
    /// The same workloads through this product and through its peers, side by side
    Peers(peers::Arguments),
    /// Key-to-pixel latency of the Windows agent under Wine, beside the Linux agent
    Windows(windows::Arguments),
    /// Draw on a display; started by `session` and `peers`
    Workload(workload::Arguments),
    /// Show a session in a bare window; the ticket comes by standard input
    #[command(hide = true)]
    View(window::Arguments),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    match arguments.command {
        Command::Session(arguments) => session::run(&arguments),
        Command::Drawing(arguments) => session::drawing::run(&arguments),
        Command::Relay(arguments) => relay::run(&arguments),
        Command::Files(arguments) => files::run(&arguments),
        Command::Peers(arguments) => peers::run(&arguments),
        Command::Windows(arguments) => windows::run(&arguments),
        Command::Workload(arguments) => workload::run(&arguments),
        Command::View(arguments) => window::run(&arguments),
    }
}
