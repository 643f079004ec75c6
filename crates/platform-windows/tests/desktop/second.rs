//! A second program: this one once more, running one of its tests that are left out
//! otherwise. Both speak in lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::window::until;

/// Before what it says; tests print lines of their own.
const MARK: &str = "word\t";

/// Says something to who started this program.
pub(crate) fn say(word: &str) {
    println!("{MARK}{word}");
}

/// What it hears first: its part.
pub(crate) fn hear() -> Option<String> {
    let mut line = String::new();
    let count = std::io::stdin().read_line(&mut line).unwrap();
    (count > 0).then(|| line.trim_end().to_owned())
}

/// Ended with the test.
pub(crate) struct Second {
    child: Child,
    input: ChildStdin,
    /// For whichever thread of the test listens.
    words: Mutex<Receiver<String>>,
}

impl Second {
    /// Starts it, with a part to play, and waits until it says "ready".
    pub(crate) fn start(test: &str, part: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", test, "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (told, words) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The name of the test may stand before the first one.
                let word = line.split_once(MARK).map(|(_, word)| word.to_owned());
                if word.is_some_and(|word| told.send(word).is_err()) {
                    return;
                }
            }
        });
        let mut second = Self { child, input, words: Mutex::new(words) };
        second.tell(part);
        assert_eq!(second.word(), "ready");
        second
    }

    /// Says something to it.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next that it says. This thread's windows go on meanwhile.
    pub(crate) fn word(&self) -> String {
        until("the second program", || self.try_word())
    }

    /// The next that it has said.
    pub(crate) fn try_word(&self) -> Option<String> {
        match self.words.lock().unwrap().try_recv() {
            Ok(word) => Some(word),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => panic!("the second program has ended"),
        }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
