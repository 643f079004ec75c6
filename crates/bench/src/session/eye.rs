//! What a person would see on the viewer's display: woken by every change on it,
//! looks only where something is to be seen.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use x11rb::connection::Connection;
use x11rb::protocol::Event;

use super::quality::{self, Quality};
use crate::barcode;
use crate::clock::monotonic;
use crate::probe::{self, Probe};
use crate::workload::{BOX, Geometry, Rect, Workload, box_is_white};

/// Shortest time between two pictures that are compared with their source: the
/// comparison is work too.
const QUALITY_EVERY: Duration = Duration::from_millis(250);

/// What was seen. All times are CLOCK_MONOTONIC.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Different timestamps, and when each was first seen.
    pub(super) codes: Vec<(Duration, u32)>,
    /// Pictures of the film, compared with their source.
    pub(super) quality: Vec<Quality>,
    /// How the box that keys flip looks.
    white: Option<bool>,
    /// When it changed last.
    pub(super) flipped: Option<Duration>,
    /// The picture that is waited for.
    wanted: Option<Arc<Vec<u8>>>,
    /// When it was there.
    pub(super) exact: Option<Duration>,
    /// When anything changed last.
    changed: Duration,
    /// Why nothing is seen any more.
    over: Option<String>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An eye on a display, on a thread of its own.
pub(super) struct Eye {
    shared: Arc<Shared>,
    wake: UnixStream,
    threads: Vec<JoinHandle<()>>,
}

impl Eye {
    /// Opens it on a viewer's display that shows a workload.
    pub(super) fn open(display: &str, workload: Workload) -> Result<Self> {
        let probe = Probe::open(display)?;
        probe.watch()?;
        let shared = Arc::new(Shared::default());
        let (wake, woken) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        let (pictures, compared) = sync_channel(1);
        let geometry = probe.geometry();
        let told = shared.clone();
        let comparing =
            std::thread::Builder::new().name("quality".to_owned()).spawn(move || {
                quality::compare(geometry, &compared, |quality| told.lock().quality.push(quality));
            })?;
        let mut looker = Looker {
            places: Places::of(geometry, workload),
            probe,
            shared: shared.clone(),
            woken,
            pictures,
            compared: Duration::ZERO,
        };
        let looking = std::thread::Builder::new().name("eye".to_owned()).spawn(move || {
            let over = looker.look_until_told();
            let mut seen = looker.shared.lock();
            seen.over = Some(over.err().map_or_else(String::new, |error| format!("{error:#}")));
            looker.shared.news.notify_all();
        })?;
        Ok(Self { shared, wake, threads: vec![looking, comparing] })
    }

    /// Looks at what was seen so far.
    pub(super) fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.shared.lock())
    }

    /// Waits until `found` finds something in what was seen.
    pub(super) fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut found: impl FnMut(&Seen) -> Option<T>,
    ) -> Result<T> {
        let end = monotonic() + limit;
        let mut seen = self.shared.lock();
        loop {
            if let Some(found) = found(&seen) {
                return Ok(found);
            }
            if let Some(over) = &seen.over {
                bail!("the eye is shut ({over}) before: {what}");
            }
            let left = end.saturating_sub(monotonic());
            if left.is_zero() {
                bail!("waited {limit:?} in vain: {what}");
            }
            let waited = self.shared.news.wait_timeout(seen, left);
            seen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Compares with a picture now and after each change until it is shown.
    pub(super) fn want(&self, picture: Vec<u8>) -> Result<()> {
        self.seen(|seen| {
            seen.wanted = Some(Arc::new(picture));
            seen.exact = None;
        });
        (&self.wake).write_all(b"!")?;
        Ok(())
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        // Its end is what the thread is told by.
        if self.wake.shutdown(std::net::Shutdown::Both).is_err() {
            return;
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the eye panicked");
            }
        }
    }
}

/// Where something is to be seen.
struct Places {
    barcode: Option<Rect>,
    key_box: Option<Rect>,
    film: Option<Rect>,
    whole: Rect,
}

impl Places {
    fn of(geometry: Geometry, workload: Workload) -> Self {
        let code = |(x, y)| Rect { x, y, width: barcode::WIDTH, height: barcode::HEIGHT };
        let keys = |(x, y)| Rect { x, y, width: BOX.0, height: BOX.1 };
        Self {
            barcode: geometry.barcode(workload).map(code),
            key_box: geometry.key_box(workload).map(keys),
            film: workload.has_film().then(|| geometry.film()),
            whole: Rect { x: 0, y: 0, width: geometry.width, height: geometry.height },
        }
    }
}

struct Looker {
    places: Places,
    probe: Probe,
    shared: Arc<Shared>,
    woken: UnixStream,
    pictures: SyncSender<(Duration, Vec<u8>)>,
    /// When a picture was given away to be compared.
    compared: Duration,
}

impl Looker {
    fn look_until_told(&mut self) -> Result<()> {
        // What is there already has not announced itself.
        self.look(&self.places.whole.clone())?;
        loop {
            let changed = self.changes()?;
            if let Some(changed) = changed {
                self.look(&changed)?;
                continue;
            }
            let told = {
                let display = self.probe.connection().stream();
                let mut both =
                    [PollFd::new(display, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
                poll(&mut both, None)?;
                both.get(1).is_some_and(|woken| !woken.revents().is_empty())
            };
            if told {
                if self.woken.read(&mut [0; 16])? == 0 {
                    return Ok(());
                }
                self.compare_whole()?;
            }
        }
    }

    /// The hull of what has changed since; does not wait.
    fn changes(&self) -> Result<Option<Rect>> {
        let mut hull: Option<(usize, usize, usize, usize)> = None;
        while let Some(event) = self.probe.connection().poll_for_event()? {
            let Event::DamageNotify(notify) = event else { continue };
            let area = notify.area;
            let (x, y) = (usize::try_from(area.x.max(0))?, usize::try_from(area.y.max(0))?);
            let (right, bottom) = (x + usize::from(area.width), y + usize::from(area.height));
            hull = Some(hull.map_or((x, y, right, bottom), |(left, top, far, low)| {
                (left.min(x), top.min(y), far.max(right), low.max(bottom))
            }));
        }
        Ok(hull.map(|(x, y, right, bottom)| Rect { x, y, width: right - x, height: bottom - y }))
    }

    fn look(&mut self, changed: &Rect) -> Result<()> {
        self.shared.lock().changed = monotonic();
        if let Some(rect) = self.places.key_box.filter(|rect| rect.touches(changed)) {
            let pixels = self.probe.pixels(&rect)?;
            let white = box_is_white(&pixels, rect.width * 4, (0, 0));
            let mut seen = self.shared.lock();
            if white.is_some() && white != seen.white {
                seen.white = white;
                seen.flipped = Some(monotonic());
                self.shared.news.notify_all();
            }
        }
        if let Some(rect) = self.places.barcode.filter(|rect| rect.touches(changed)) {
            let pixels = self.probe.pixels(&rect)?;
            let code = barcode::read(&pixels, rect.width * 4, (0, 0));
            let at = monotonic();
            let mut seen = self.shared.lock();
            if let Some(code) = code
                && seen.codes.last().is_none_or(|(_, last)| *last != code)
            {
                seen.codes.push((at, code));
                drop(seen);
                self.shared.news.notify_all();
                self.sample(at)?;
            }
        }
        self.compare_whole()
    }

    /// Gives a picture of the film away now and then.
    fn sample(&mut self, at: Duration) -> Result<()> {
        if let Some(film) = self.places.film
            && at >= self.compared + QUALITY_EVERY
        {
            self.compared = at;
            // When the one before is not compared yet, this one is left out.
            let _ = self.pictures.try_send((at, self.probe.pixels(&film)?));
        }
        Ok(())
    }

    fn compare_whole(&self) -> Result<()> {
        let (wanted, changed) = {
            let seen = self.shared.lock();
            match (&seen.wanted, seen.exact) {
                (Some(wanted), None) => (wanted.clone(), seen.changed),
                _ => return Ok(()),
            }
        };
        if probe::equal(&self.probe.pixels(&self.places.whole)?, &wanted) {
            self.shared.lock().exact = Some(changed);
            self.shared.news.notify_all();
        }
        Ok(())
    }
}
