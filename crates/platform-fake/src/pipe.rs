//! A pipe in memory: as small as a system's, severed at will, frozen at will.

use std::io::{self, Read, Write};
use std::sync::Arc;

use gc_platform::WorkerStream;

use crate::watched::Watched;

/// Bytes that a pipe holds before its writer waits.
const ROOM: usize = 64 << 10;

#[derive(Debug, Default)]
struct Flow {
    bytes: Vec<u8>,
    closed: bool,
    frozen: bool,
    largest: usize,
}

type Shared = Arc<Watched<Flow>>;

/// What a test does to a stream.
#[derive(Debug, Clone)]
pub struct StreamControl {
    to_worker: Shared,
    to_service: Shared,
}

/// The service's end, the worker's, and the control of both directions.
pub fn worker_stream() -> (WorkerStream, WorkerStream, StreamControl) {
    let (to_worker, to_service) = (Shared::default(), Shared::default());
    let end = |from: &Shared, to: &Shared| WorkerStream {
        reader: Box::new(Reader(Arc::clone(from))),
        writer: Box::new(Writer(Arc::clone(to))),
    };
    let service = end(&to_service, &to_worker);
    let worker = end(&to_worker, &to_service);
    (service, worker, StreamControl { to_worker, to_service })
}

impl StreamControl {
    /// Both ends find the other one gone; what was under way is lost.
    pub fn sever(&self) {
        for flow in [&self.to_worker, &self.to_service] {
            flow.update(|flow| {
                flow.closed = true;
                flow.bytes.clear();
            });
        }
    }

    /// What is written is read no more, or again.
    pub fn freeze(&self, frozen: bool) {
        for flow in [&self.to_worker, &self.to_service] {
            flow.update(|flow| flow.frozen = frozen);
        }
    }

    /// Most bytes that ever waited on their way to the service.
    pub fn largest_to_service(&self) -> usize {
        self.to_service.read().largest
    }
}

struct Reader(Shared);

struct Writer(Shared);

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.wait(None, |flow| flow.closed || (!flow.frozen && !flow.bytes.is_empty()));
        let count = self.0.update(|flow| {
            let count = buffer.len().min(flow.bytes.len());
            for (to, from) in buffer.iter_mut().zip(flow.bytes.drain(..count)) {
                *to = from;
            }
            count
        });
        Ok(count)
    }
}

impl Write for Writer {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.wait(None, |flow| flow.closed || flow.bytes.len() < ROOM);
        self.0.update(|flow| {
            if flow.closed {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let count = buffer.len().min(ROOM - flow.bytes.len());
            flow.bytes.extend(buffer.iter().take(count));
            flow.largest = flow.largest.max(flow.bytes.len());
            Ok(count)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.update(|flow| flow.closed = true);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.update(|flow| flow.closed = true);
    }
}
