//! One server process, with a folder of its own. Ended by its id at the latest when
//! the test is over.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Looks until waiting is given up: a minute.
const LOOKS: usize = 3_000;

/// What is waited for, looked at again and again, for a minute at most.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(LOOK);
    }
    panic!("{what}: not within a minute")
}

/// The program with nothing but these settings.
pub(crate) fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guruconnect-server"));
    command.env_clear().envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// Exit code and error output of a program that ends by itself.
pub(crate) fn run(folder: &Path, settings: &[(&str, &str)]) -> (i32, String) {
    let mut server = Server::launch(folder, settings);
    let code = server.wait().code().expect("ended by a signal");
    (code, server.log())
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
    ready: PathBuf,
}

impl Server {
    /// Starts one on a free port; `settings` come last and win.
    pub(crate) fn launch(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let ready = folder.join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let mut child = program(&[("CONNECT_LISTEN", "127.0.0.1:0")])
            .env("CONNECT_DATA_DIR", folder.join("data"))
            .env("CONNECT_READY_JSON", &ready)
            .envs(settings.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let written = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                written.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { child, log, reader: Some(reader), ready }
    }

    /// Starts one and waits until it answers; its port and what it said.
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> (Self, u16, Value) {
        let mut server = Self::launch(folder, settings);
        let ready = server.ready();
        let address = ready["address"].as_str().unwrap();
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        (server, port, ready)
    }

    /// What it announces once it answers.
    pub(crate) fn ready(&mut self) -> Value {
        wait_for("the server is ready", || {
            let text = std::fs::read_to_string(&self.ready).ok();
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            text.map(|text| serde_json::from_str(&text).unwrap())
        })
    }

    /// Whether it has announced that it answers.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.exists()
    }

    /// The port it listens on, which it logs before it is ready.
    pub(crate) fn listening(&self) -> u16 {
        self.logged("listening address=127.0.0.1:").parse().unwrap()
    }

    /// The rest of the first log line with `text`, waited for.
    pub(crate) fn logged(&self, text: &str) -> String {
        wait_for(text, || {
            let log = self.log();
            // A line without its end may go on.
            let whole = log.rsplit_once('\n')?.0;
            let (_, rest) = whole.split_once(text)?;
            Some(rest.lines().next().unwrap_or_default().to_owned())
        })
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end and for the last line it wrote.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = wait_for("the server ends", || self.child.try_wait().unwrap());
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }

    /// Stops it like a service manager does; it must end well.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status and everything as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    /// Reads until the other side closes.
    pub(crate) fn read(mut from: impl Read) -> Self {
        let mut bytes = Vec::new();
        // A connection that is reset after its answer has answered all the same.
        let _ = from.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.unwrap_or(0), text }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> Value {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}
