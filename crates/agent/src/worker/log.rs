//! What a worker logs, on its way to the service: nobody sees a worker's standard error,
//! and a user's process has no business in the folder of the service's log.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::way::PipeWay;

/// Bytes of a line.
pub(crate) const LONGEST_LINE: usize = 2_000;
/// Lines from before there is a service to send them to.
const EARLY: usize = 64;

/// Takes the lines of a worker's log, one with each write, and hands them to the service
/// that [`run`](super::run) connects to. Clones write to the same.
#[derive(Clone, Default)]
pub struct LogLines(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    early: VecDeque<String>,
    way: Option<Arc<PipeWay>>,
}

impl LogLines {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on lines go to the service, those that wait first.
    pub(super) fn attach(&self, way: &Arc<PipeWay>) {
        let mut state = self.lock();
        for line in state.early.drain(..) {
            way.log(line);
        }
        state.way = Some(Arc::clone(way));
    }
}

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(&line[..line.len().min(LONGEST_LINE)]);
        let text = text.trim_end().to_owned();
        let mut state = self.lock();
        if let Some(way) = &state.way {
            way.log(text);
        } else {
            if state.early.len() >= EARLY {
                state.early.pop_front();
            }
            state.early.push_back(text);
        }
        Ok(line.len())
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::frame::{self, Frame};
    use crate::worker::message::{FromWorker, Word};

    /// What the service reads after the worker has ended.
    fn read(way: &PipeWay) -> Vec<String> {
        way.close();
        let mut pipe = Vec::new();
        way.write(&mut pipe);
        let mut rest = pipe.as_slice();
        let mut lines = Vec::new();
        while let Ok(Frame::Message(FromWorker { word: Some(Word::Log(log)) })) =
            frame::read(&mut rest)
        {
            lines.push(log.line);
        }
        lines
    }

    #[test]
    fn lines_from_before_the_service_is_there_come_first() {
        let (log, way) = (LogLines::default(), PipeWay::new());
        let write = |line: &str| log.clone().write_all(line.as_bytes()).unwrap();
        write("one\n");
        log.attach(&way);
        write("two\n");
        write(&"long ".repeat(LONGEST_LINE));
        let lines = read(&way);
        assert_eq!(lines[..2], ["one", "two"]);
        assert!(lines[2].len() <= LONGEST_LINE);
        write("after the end");
        assert_eq!(read(&way), Vec::<String>::new());
    }

    #[test]
    fn a_log_that_nobody_reads_takes_no_more_room() {
        let (log, way) = (LogLines::default(), PipeWay::new());
        for number in 0..2 * EARLY {
            log.clone().write_all(number.to_string().as_bytes()).unwrap();
        }
        log.attach(&way);
        for number in 0..10_000 {
            log.clone().write_all(number.to_string().as_bytes()).unwrap();
        }
        let lines = read(&way);
        assert_eq!(lines[0], EARLY.to_string(), "the latest of the early ones");
        assert!((EARLY..2_000).contains(&lines.len()), "{}", lines.len());
    }
}
