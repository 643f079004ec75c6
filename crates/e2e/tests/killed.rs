//! A transfer whose viewer, relay or agent is killed at any moment.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use gc_e2e::{Agent, ServerOptions, Stack};
use serde_json::json;

/// How often something is killed.
const RUNS: u32 = 50;
/// Bytes of each file.
const SIZE: u64 = 12 << 20;
/// For a transfer, with everything that is started again.
const PATIENCE: Duration = Duration::from_mins(1);

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length / 8).flat_map(|_| self.next().to_le_bytes()).collect()
    }
}

/// The viewer; dropping it kills it.
struct Seat {
    child: Child,
    input: ChildStdin,
    words: Receiver<String>,
}

impl Seat {
    fn start(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_file-seat"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let (tell, words) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input, words })
    }

    fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn token(stack: &Stack, session: &str) -> Result<String> {
    let path = format!("/api/sessions/{session}/viewer-token");
    let answer = stack.rest.call("POST", &path, Some(json!({"access": "control"})))?;
    Ok(answer["token"].as_str().context("no token")?.to_owned())
}

/// Bytes of the unfinished file in a folder; `None` when there is none.
fn unfinished(folder: &Path) -> Result<Option<u64>> {
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        if item.file_name().to_string_lossy().starts_with(".gc-part-") {
            // It may have got its name meanwhile.
            return Ok(item.metadata().ok().map(|facts| facts.len()));
        }
    }
    Ok(None)
}

/// Everything that one run needs.
struct Bench {
    stack: Stack,
    machine: tempfile::TempDir,
    local: tempfile::TempDir,
    agent_key: String,
    agents: u32,
}

impl Bench {
    fn start() -> Result<Self> {
        let stack = Stack::start(320, 240, ServerOptions::default())?;
        let path = format!("/api/machines/{}/keys", stack.machine);
        let key = stack.rest.call("POST", &path, Some(json!({"name": "again"})))?;
        let agent_key = key["secret"].as_str().context("no key")?.to_owned();
        Ok(Self {
            stack,
            machine: tempfile::tempdir()?,
            local: tempfile::tempdir()?,
            agent_key,
            agents: 0,
        })
    }

    fn restart_agent(&mut self) -> Result<()> {
        self.stack.agent.process.kill()?;
        self.agents += 1;
        let folder: PathBuf = self.stack.folder().join(format!("agent-{}", self.agents));
        std::fs::create_dir(&folder)?;
        let address = self.stack.server.address().to_owned();
        let stack = &self.stack;
        let agent =
            Agent::managed(&stack.programs, &stack.desktop, &address, &self.agent_key, &folder)?;
        self.stack.agent = agent;
        Ok(())
    }

    /// Moves a file, kills one of the three in the middle, and tells whether it was in
    /// the middle.
    fn run(&mut self, run: u32, random: &mut Random) -> Result<bool> {
        let upload = random.next().is_multiple_of(2);
        let kill_at = random.next() % (SIZE * 3 / 4);
        let data = random.bytes(SIZE);
        let name = format!("file-{run}");
        let (from, to) = if upload {
            (self.local.path(), self.machine.path())
        } else {
            (self.machine.path(), self.local.path())
        };
        let to = to.to_owned();
        std::fs::write(from.join(&name), &data)?;
        let there = self.machine.path().display().to_string();
        let there_file = format!("{there}/{name}");
        let (source, target) =
            if upload { (name.as_str(), there.as_str()) } else { (there_file.as_str(), "") };
        let address = self.stack.server.address().to_owned();
        let local = self.local.path().display().to_string();
        let id = run.to_string();
        let direction = if upload { "upload" } else { "download" };
        let arguments = |begun| [address.as_str(), &local, &id, begun, direction, source, target];
        let mut seat = Seat::start(&arguments("new"))?;
        let mut hit = None;
        let steps = PATIENCE.as_millis() / 2;
        for _ in 0..steps {
            match seat.words.recv_timeout(Duration::from_millis(2)) {
                Ok(word) if word == "token" => {
                    let session = self.stack.session()?;
                    writeln!(seat.input, "{}", token(&self.stack, &session)?)?;
                }
                Ok(word) if word == "done" => {
                    ensure!(std::fs::read(to.join(&name))? == data, "{name} differs");
                    ensure!(unfinished(&to)?.is_none(), "something is left over");
                    std::fs::remove_file(self.local.path().join(&name))?;
                    std::fs::remove_file(self.machine.path().join(&name))?;
                    return Ok(hit.is_some());
                }
                Ok(word) => bail!("the viewer says {word:?}"),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the viewer ended: {:?}", seat.child.wait()?)
                }
            }
            ensure!(
                std::fs::metadata(to.join(&name)).is_ok_and(|facts| facts.len() == SIZE)
                    || !to.join(&name).exists(),
                "half a file has its name"
            );
            if hit.is_none() && unfinished(&to)?.is_some_and(|length| length >= kill_at) {
                hit = Some(());
                match run % 3 {
                    0 => {
                        seat.kill()?;
                        seat = Seat::start(&arguments("again"))?;
                    }
                    1 => {
                        self.stack.server.crash_and_restart()?;
                        self.stack.wait_online(true)?;
                    }
                    _ => self.restart_agent()?,
                }
            }
        }
        bail!("{direction} of {name}, killed at {kill_at}: not done after {PATIENCE:?}")
    }
}

#[test]
fn the_bytes_are_the_same_whoever_is_killed_whenever() -> Result<()> {
    let seed = UNIX_EPOCH.elapsed().map_or(1, |time| time.as_nanos() as u64) | 1;
    let seed = gc_runtime::env("SEED").and_then(|seed| seed.parse().ok()).unwrap_or(seed);
    println!("SEED={seed}");
    let mut random = Random(seed);
    let mut bench = Bench::start()?;
    let mut middle = 0;
    for run in 0..RUNS {
        let hit = bench.run(run, &mut random).with_context(|| {
            format!(
                "run {run} of SEED={seed}; agent:\n{}\nserver:\n{}",
                bench.stack.agent.process.log(),
                bench.stack.server.process().log()
            )
        })?;
        middle += u32::from(hit);
    }
    println!("{middle} of {RUNS} were killed in the middle");
    ensure!(middle > RUNS / 2, "only {middle} were killed in the middle");
    Ok(())
}
