//! Tells a desktop in another process how the queue of the link drains. Its pacing
//! needs to know what waits; it hears of it by event, not by asking.

use std::sync::Arc;

use gc_transport::LinkSender;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Called with each change of what waits on the link.
type Listener = Box<dyn Fn() + Send + Sync>;

/// Somebody who wants to know.
pub(crate) struct BacklogWatch {
    queued: Notify,
    listener: Listener,
}

impl BacklogWatch {
    pub(crate) fn new(listener: Listener) -> Arc<Self> {
        Arc::new(Self { queued: Notify::new(), listener })
    }

    /// Something was put onto the link.
    pub(crate) fn queued(&self) {
        self.queued.notify_one();
    }

    /// Watches a link until the returned value is dropped.
    pub(crate) fn follow(self: Arc<Self>, link: LinkSender) -> Following {
        Following(gc_runtime::spawn("link backlog", async move {
            loop {
                self.queued.notified().await;
                loop {
                    let waits = link.queued_bytes();
                    (self.listener)();
                    if waits == 0 {
                        break;
                    }
                    if link.drained_to(waits - 1).await.is_err() {
                        return;
                    }
                }
            }
        }))
    }
}

/// The task holds the link open, so it may not outlive it.
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}
