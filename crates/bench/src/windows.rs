//! The Windows agent beside the Linux agent, on the same desktop of Wine: how long a key
//! that a viewer presses takes to show there.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use gc_e2e::{Desktop, Keyboard, Process, Wine};
use serde_json::{Value, json};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::ConnectionExt as _;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::clock::{milliseconds, monotonic};
use crate::machine;
use crate::probe::{Probe, equal};
use crate::report::{progress, say, table, write_json};
use crate::seat::Ticket;
use crate::stage::Stage;
use crate::statistics::Samples;
use crate::usage;
use crate::window::View;
use crate::workload::Rect;

const EXPLANATION: &str = "\
A notepad of Wine fills display A. Each agent in turn serves that display: the Windows program
inside of Wine, and the Linux program beside it. A viewer with a bare window fills display B; keys
are pressed by XTest on B, and B's framebuffer is watched for the letter. The caret does not blink.
`none` is the notepad without any remoting, on A itself. Idle is the CPU of
the agent's processes while a viewer watches and nothing changes (Wine's server not counted).

Needs what `cargo xtask windows` builds.";

/// Both displays.
const SIZE: (u32, u32) = (1_280, 800);
/// Notepad's text, below its menu and above its status line.
const TEXT: Rect = Rect { x: 4, y: 42, width: 1_200, height: 600 };
/// How long a letter may take to show.
const LIMIT: Duration = Duration::from_secs(10);
/// Distance of two looks for a change; what is measured is coarser by this.
const LOOK: Duration = Duration::from_micros(200);
/// Letters on a line, so that notepad never scrolls to the side.
const LINE: usize = 100;
/// X keycode of Return.
const RETURN: u8 = 36;

/// Options of `windows`.
#[derive(Debug, Args)]
#[command(after_help = EXPLANATION)]
pub(crate) struct Arguments {
    /// Keys for each agent
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(5..=2_000))]
    keys: u32,
    /// Seconds of idling for each agent
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    idle: u32,
    /// How often each agent is measured, in turn; all keys count
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Windows,
    Linux,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Windows, Self::Linux];

    const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
        }
    }
}

/// What one agent was seen to do.
#[derive(Debug, Default)]
struct Seen {
    keys: Samples,
    /// Share of a core, percent, of each round.
    idle: Samples,
}

/// Runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let load = usage::refuse_when_busy(arguments.busy)?;
    let data = tempfile::tempdir()?;
    let scene = Scene::start(data.path())?;
    progress("the notepad without remoting");
    let bare = Probe::open(scene.wine.desktop().display())?;
    click(&bare)?;
    bare.settled_screen()?;
    let bare = keys_to_pixels(&bare, arguments.keys)?;
    let mut seen = [Seen::default(), Seen::default()];
    for round in 1..=arguments.rounds {
        for (kind, seen) in Kind::ALL.into_iter().zip(&mut seen) {
            progress(&format!("agent {}, round {round}", kind.name()));
            scene.measure(kind, arguments, seen).with_context(|| format!("{kind:?}"))?;
        }
    }
    let mut results = machine::facts(load);
    results["none"] = json!({"key_to_pixel_ms": bare.spread().json()});
    let mut rows = vec![vec!["none".to_owned(), bare.spread().short(), "-".to_owned()]];
    for (kind, seen) in Kind::ALL.into_iter().zip(&seen) {
        results[kind.name()] = seen.json();
        let idle = seen.idle.percentile(50.0).unwrap_or_default();
        rows.push(vec![kind.name().to_owned(), seen.keys.spread().short(), format!("{idle:.1} %")]);
    }
    say(&table(&["agent", "key->px ms p50 / p95 / max", "idle CPU"], rows));
    let [windows, linux] = seen.map(|seen| seen.keys.percentile(50.0));
    if let (Some(windows), Some(linux)) = (windows, linux) {
        say(&format!("windows is {:.2} times linux (p50)", windows / linux));
    }
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}

impl Seen {
    fn json(&self) -> Value {
        json!({"key_to_pixel_ms": self.keys.spread().json(), "idle_percent": self.idle.values()})
    }
}

/// Ended in this order.
struct Scene {
    stage: Stage,
    _notepad: Process,
    wine: Wine,
    viewing: Desktop,
    folder: PathBuf,
}

impl Scene {
    fn start(data: &std::path::Path) -> Result<Self> {
        let folder = data.join("logs");
        let beside = data.join("viewing");
        for each in [&folder, &beside] {
            std::fs::create_dir_all(each)?;
        }
        // Wine keeps authorities of its own; what TLS costs is the same for both.
        let stage = Stage::start(true, data)?;
        let wine = Wine::start(SIZE, Keyboard::AMERICAN, &folder)?;
        let viewing = Desktop::start(SIZE.0, SIZE.1, &beside)?;
        // Longer than any run.
        let blink = ["reg", "add", r"HKCU\Control Panel\Desktop", "/v", "CursorBlinkRate"];
        wine.run("wine", &[&blink[..], &["/d", "86400000", "/f"]].concat())?;
        let notepad = wine.launch("notepad", "start", &["/max", "/wait", "notepad"])?;
        let (x, y) = (SIZE.0 / 2, SIZE.1 / 2);
        wine.desktop().wait_until("a notepad", |desktop| {
            Ok(desktop.pixels(x, y, 100, 100)?.iter().all(|part| *part == u8::MAX))
        })?;
        progress(&format!("notepad on display {}", wine.desktop().display()));
        Ok(Self { stage, _notepad: notepad, wine, viewing, folder })
    }

    fn measure(&self, kind: Kind, arguments: &Arguments, seen: &mut Seen) -> Result<()> {
        let (machine, key) = self.stage.rest.add_machine(kind.name(), "silent")?;
        let mut agent = self.agent(kind, &key)?;
        self.stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
        let ticket = Ticket {
            token: self.stage.viewer_token(&self.stage.session(&machine)?)?,
            server: self.stage.address().to_owned(),
            authority: None,
        };
        let mut view = View::start(&ticket, self.viewing.display(), &self.folder)?;
        view.wait_picture()?;
        view.wait_control()?;
        let probe = Probe::open(self.viewing.display())?;
        // A notice, the bar and what joining has set in motion shall be over.
        std::thread::sleep(Duration::from_secs(3));
        click(&probe)?;
        probe.settled_screen()?;

        let (before, begin) = (usage::tree_cpu_seconds(agent.id())?, monotonic());
        std::thread::sleep(Duration::from_secs(arguments.idle.into()));
        let length = monotonic().saturating_sub(begin).as_secs_f64();
        seen.idle.push((usage::tree_cpu_seconds(agent.id())? - before) / length * 100.0);

        for value in keys_to_pixels(&probe, arguments.keys)?.values() {
            seen.keys.push(*value);
        }
        drop(view);
        agent.kill()
    }

    fn agent(&self, kind: Kind, key: &str) -> Result<Process> {
        let server = self.stage.address();
        match kind {
            Kind::Windows => Ok(self.wine.agent(server, key)?.process),
            Kind::Linux => {
                let program = self.stage.programs.path("guruconnect");
                let mut command = self.wine.desktop().command(&program.to_string_lossy());
                command.args(["agent", "--server", server]).env("GURUCONNECT_KEY", key);
                Process::start("linux-agent", &mut command, &self.folder)
            }
        }
    }
}

/// Puts the display's pointer into the text and clicks.
fn click(probe: &Probe) -> Result<()> {
    let (x, y) = (i16::try_from(SIZE.0 / 2)?, i16::try_from(SIZE.1 / 2)?);
    let connection = probe.connection();
    let root = connection.setup().roots.first().context("the display has no screen")?.root;
    connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, root, x, y, 0)?;
    for kind in [BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT] {
        connection.xtest_fake_input(kind, 1, 0, root, 0, 0, 0)?;
    }
    connection.get_input_focus()?.reply()?;
    Ok(())
}

/// Key to pixel on this display, milliseconds.
fn keys_to_pixels(probe: &Probe, count: u32) -> Result<Samples> {
    let connection = probe.connection();
    let root = connection.setup().roots.first().context("the display has no screen")?.root;
    let damage = probe.watch()?;
    let mut samples = Samples::default();
    // Whoever typed before has left a line that is not empty.
    let mut typed = LINE;
    while samples.len() < count as usize {
        // Between keys the picture is at rest, so that the next change is the next key's.
        std::thread::sleep(Duration::from_millis(60 + u64::from(samples.len() as u32 * 37 % 80)));
        let before = probe.pixels(&TEXT)?;
        while connection.poll_for_event()?.is_some() {}
        let line_is_full = typed == LINE;
        let start = monotonic();
        if line_is_full {
            for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
                connection.xtest_fake_input(kind, RETURN, 0, root, 0, 0, 0)?;
            }
            connection.flush()?;
        } else {
            probe.press()?;
        }
        loop {
            if let Some(Event::DamageNotify(_)) = connection.poll_for_event()?
                && !equal(&probe.pixels(&TEXT)?, &before)
            {
                break;
            }
            if monotonic().saturating_sub(start) > LIMIT {
                bail!("a key did not show within {LIMIT:?}");
            }
            std::thread::sleep(LOOK);
        }
        // A new line shows by the caret alone; that is another thing than a letter.
        if line_is_full {
            typed = 0;
        } else {
            typed += 1;
            samples.push(milliseconds(monotonic().saturating_sub(start)));
        }
    }
    connection.damage_destroy(damage)?.check()?;
    Ok(samples)
}
