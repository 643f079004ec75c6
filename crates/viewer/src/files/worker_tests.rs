use std::future::pending;

use gc_platform::StorePath;
use gc_platform_fake::FakeFiles;
use gc_proto::Packet;
use gc_proto::v2::file_message::Body;
use gc_proto::v2::{FolderReply, FolderRequest, folder_request};
use gc_runtime::SystemClock;
use gc_transport::{Link, WireEvent, WireFuture, WireSink, WireSource};
use gc_types::{SeededEntropy, SessionId};
use prost::Message as _;
use prost::bytes::Bytes;

use super::*;
use crate::files::{Side, Step, Transfers};

/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that says nothing and hears everything.
struct Silent;

impl WireSource for Silent {
    fn next(&mut self) -> WireFuture<'_, WireEvent> {
        Box::pin(pending())
    }
}

struct Heard(Sender<Bytes>);

impl WireSink for Heard {
    fn send(&mut self, messages: Vec<Bytes>) -> WireFuture<'_, std::io::Result<()>> {
        for message in messages {
            // The test may have heard enough.
            drop(self.0.send(message));
        }
        Box::pin(async { Ok(()) })
    }

    fn close(&mut self, _: u16, _: &str) -> WireFuture<'_, ()> {
        Box::pin(async {})
    }
}

struct NoWaker;

impl WaitWaker for NoWaker {
    fn wake(&self) {}
}

fn next_request(heard: &Receiver<Bytes>) -> FolderRequest {
    loop {
        let bytes = heard.recv_timeout(PATIENCE).expect("nothing was sent");
        let Ok(Packet::Record(record)) = Packet::decode(bytes) else { continue };
        let message = FileMessage::decode(record.payload()).unwrap();
        if let Some(Body::Request(request)) = message.body {
            return request;
        }
    }
}

#[test]
fn what_follows_from_an_answer_is_asked_at_once_and_not_when_something_else_happens() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let inside = runtime.enter();
    let (tell, heard) = std::sync::mpsc::channel();
    let link = Link::over(Box::new(Silent), Box::new(Heard(tell)));
    drop(inside);
    let opener: FilesOpener = Box::new(|| Box::new(|| Ok(Box::new(FakeFiles::new().0))));
    let clock = Arc::new(SystemClock::new());
    let entropy = Arc::new(SeededEntropy::new(1));
    let transfers = Transfers::start(opener, clock, entropy, Arc::new(NoWaker)).unwrap();
    let ids = SessionIds { session: SessionId::from_bytes([7; 16]), participant: 1, epoch: 1 };
    transfers.linked(link.sender(), ids);

    let [first, second] = ["a", "b"].map(|name| StorePath::new("home", name));
    transfers.ask(Side::There, 1, Step::Delete(vec![first.clone(), second.clone()]));
    let mut deleted = Vec::new();
    for _ in 0..2 {
        let request = next_request(&heard);
        let Some(folder_request::Step::Delete(path)) = request.step else {
            panic!("{request:?}");
        };
        deleted.push(StorePath::from_wire(&path).unwrap());
        let reply = FolderReply { request: request.request, last: true, ..Default::default() };
        transfers.message(FileMessage { body: Some(Body::Reply(reply)) });
    }
    deleted.sort();
    assert_eq!(deleted, [first, second]);
}
