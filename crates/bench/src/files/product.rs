//! The same bytes as files through server and agent, to and from a viewer's seat.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gc_e2e::{Desktop, FileSeat, Process};
use gc_filetransfer::{ConflictRule, Direction, Plan, StorePath};
use gc_netem::{FaultProxy, Shape};

use crate::stage::Stage;

/// A transfer takes no longer.
const PATIENCE: Duration = Duration::from_mins(10);
/// Round trips of urgent messages.
const ASK_EVERY: Duration = Duration::from_millis(150);
const ASKED: usize = 60;

/// Megabytes a second.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) up: f64,
    pub(super) down: f64,
}

impl Figures {
    /// The better of both, one by one.
    pub(super) fn best(&mut self, other: &Self) {
        self.up = self.up.max(other.up);
        self.down = self.down.max(other.down);
    }
}

/// Round trip of an urgent message, milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p95: f64,
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} / {:.1}", self.p50, self.p95)
    }
}

impl Times {
    fn of(mut samples: Vec<Duration>) -> Self {
        samples.sort();
        let at = |share: usize| {
            let place = (samples.len() * share / 100).min(samples.len().saturating_sub(1));
            samples.get(place).map_or(0.0, |it| it.as_secs_f64() * 1e3)
        };
        Self { p50: at(50), p95: at(95) }
    }

    /// With the factor of the 95th percentile.
    pub(super) fn against(&self, idle: &Self) -> String {
        format!("{self} ({:.2}x)", self.p95 / idle.p95)
    }
}

/// Round trips idle and while files move.
pub(super) struct Latency {
    pub(super) idle: Times,
    pub(super) up: Times,
    pub(super) down: Times,
}

/// Server, agent and a viewer's seat, each way perhaps narrow.
struct Scene {
    seat: FileSeat,
    /// This computer's files, and the machine's.
    here: tempfile::TempDir,
    there: tempfile::TempDir,
    next: u8,
    _line: Option<FaultProxy>,
    _agent: Process,
    _desktop: Desktop,
    _stage: Stage,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn open(shape: Option<Shape>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let stage = Stage::start(false, folder.path())?;
        let desktop = Desktop::start(640, 480, folder.path())?;
        let (machine, key) = stage.rest.add_machine("bench", "silent")?;
        let authority = stage.certificates.as_ref().context("no certificates")?.authority.clone();
        let mut command = desktop.command(&stage.programs.path("guruconnect").to_string_lossy());
        command.args(["agent", "--server", stage.address()]).env("GURUCONNECT_KEY", key);
        command.arg("--ca-file").arg(&authority);
        let agent = Process::start("agent", &mut command, folder.path())?;
        stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
        let session = stage.session(&machine)?;

        let (mut server, mut line) = (stage.address().to_owned(), None);
        if let Some(shape) = shape {
            let upstream = server.trim_start_matches("https://").parse()?;
            let proxy = FaultProxy::start_shaped(upstream, shape, 7)?;
            server = format!("https://{}", proxy.address());
            line = Some(proxy);
        }
        let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let mut seat = FileSeat::new(here.path());
        seat.join(&server, Some(&authority), &stage.viewer_token(&session)?).await?;
        Ok(Self {
            seat,
            here,
            there,
            next: 0,
            _line: line,
            _agent: agent,
            _desktop: desktop,
            _stage: stage,
            _folder: folder,
        })
    }

    fn begin(&mut self, direction: Direction, bytes: u64) -> Result<u32> {
        self.next += 1;
        let name = format!("{}.bin", self.next);
        let there =
            |name: &str| StorePath::new("/", &format!("{}/{name}", self.there.path().display()));
        let (source, folder) = match direction {
            Direction::Upload => {
                fill(&self.here.path().join(&name), bytes)?;
                (StorePath::new("home", &name), there(""))
            }
            Direction::Download => {
                fill(&self.there.path().join(&name), bytes)?;
                (there(&name), StorePath::new("home", ""))
            }
        };
        Ok(self.seat.begin(Plan {
            id: [self.next; 16],
            direction,
            sources: vec![source],
            folder,
            rule: ConflictRule::Overwrite,
            again: false,
        }))
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the clock on the wall")]
    async fn timed(&mut self, direction: Direction, bytes: u64) -> Result<f64> {
        let number = self.begin(direction, bytes)?;
        let start = Instant::now();
        self.seat.finish(number, PATIENCE).await?;
        Ok(bytes as f64 / 1e6 / start.elapsed().as_secs_f64())
    }

    async fn both(&mut self, bytes: u64) -> Result<Figures> {
        Ok(Figures {
            up: self.timed(Direction::Upload, bytes).await?,
            down: self.timed(Direction::Download, bytes).await?,
        })
    }
}

/// Bytes that no compression makes less of.
pub(super) fn fill(path: &Path, bytes: u64) -> Result<()> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut block = Vec::with_capacity(1 << 20);
    while block.len() < 1 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block.extend_from_slice(&state.to_le_bytes());
    }
    let mut file = std::fs::File::create(path)?;
    let mut left = bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(block.len()).min(block.len());
        std::io::Write::write_all(&mut file, &block[..now])?;
        left -= now as u64;
    }
    Ok(())
}

/// Without a line between.
pub(super) async fn loopback(bytes: u64) -> Result<Figures> {
    Scene::open(None).await?.both(bytes).await
}

/// Over a line between viewer and relay.
pub(super) async fn over_line(bytes: u64, shape: Shape) -> Result<Figures> {
    Scene::open(Some(shape)).await?.both(bytes).await
}

/// Round trips of urgent messages between viewer and relay, over the narrow line, idle
/// and with a transfer that fills it.
pub(super) async fn latency(shape: Shape, kbps: u32) -> Result<Latency> {
    let mut scene = Scene::open(Some(shape)).await?;
    let idle = Times::of(scene.seat.round_trips(ASKED, ASK_EVERY).await?);
    let seconds = ASK_EVERY.as_secs_f64() * (ASKED + 20) as f64;
    let bytes = (f64::from(kbps) * 125.0 * seconds) as u64;
    let mut during = [Times::default(); 2];
    for (at, direction) in [Direction::Upload, Direction::Download].into_iter().enumerate() {
        let number = scene.begin(direction, bytes)?;
        scene.seat.reach(number, bytes / 10, PATIENCE).await?;
        during[at] = Times::of(scene.seat.round_trips(ASKED, ASK_EVERY).await?);
        scene.seat.finish(number, PATIENCE).await?;
    }
    let [up, down] = during;
    Ok(Latency { idle, up, down })
}
