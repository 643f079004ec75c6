//! One output, from opening its duplication to opening it again.

use std::time::Duration;

use gc_platform::{CursorImage, PixelRect, PixelSize};

use super::duplicator::{Duplicator, Failure, Frame, Mode, Source};
use super::geometry::{Canvas, add, clip};
use super::pointer::PointerUpdate;

/// Before each try to open it again; the last one stays.
const RETRIES: [Duration; 5] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
];

/// What an output has told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Where there are new pixels to [`Output::read`], as seen.
    pub damage: Vec<PixelRect>,
    /// The pointer.
    pub pointer: Option<PointerUpdate>,
    /// The pointer's shape, with the pixel that points; `None` inside: cannot be seen.
    pub shape: Option<Option<CursorImage>>,
    /// Whether protected content is blacked out, where that has changed.
    pub protected: Option<bool>,
}

impl News {
    /// Nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what came later.
    pub fn merge(&mut self, later: Self) {
        for rect in later.damage {
            add(&mut self.damage, rect);
        }
        self.pointer = later.pointer.or(self.pointer);
        self.shape = later.shape.or_else(|| self.shape.take());
        self.protected = later.protected.or(self.protected);
    }
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing new on the screen.
    Quiet,
    /// There is something.
    News(News),
    /// Not open; the next try is due after this long.
    Closed(Duration),
}

enum State<D> {
    Open(D),
    Closed { at: Duration, tries: usize, renew: bool },
}

/// One output. It opens itself, and again when it was lost.
pub struct Output<S: Source> {
    source: S,
    state: State<S::Duplicator>,
    /// As seen.
    size: PixelSize,
    /// In the image: what was kept and not read since.
    kept: Vec<PixelRect>,
    /// There was a picture since it was opened.
    shown: bool,
    protected: bool,
    /// Since when it does not work, and why.
    trouble: Option<(Duration, Failure)>,
}

impl<S: Source> Output<S> {
    /// An output whose display has this size, as seen.
    pub fn new(source: S, size: PixelSize) -> Self {
        let state = State::Closed { at: Duration::ZERO, tries: 0, renew: false };
        Self {
            source,
            state,
            size,
            kept: Vec::new(),
            shown: false,
            protected: false,
            trouble: None,
        }
    }

    /// Why it has not worked since when; `None`: it works. What was lost and opened
    /// again works with its first picture.
    pub fn trouble(&self) -> Option<&(Duration, Failure)> {
        self.trouble.as_ref()
    }

    /// Whether there is something to read.
    pub fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Opens it if that is due, or waits for a frame, up to `limit`.
    pub fn step(&mut self, now: Duration, limit: Duration) -> Progress {
        match &mut self.state {
            State::Closed { at, .. } if *at > now => Progress::Closed(*at - now),
            State::Closed { renew, .. } => {
                let renew = *renew;
                match self.source.open(renew) {
                    Ok(duplicator) => self.opened(duplicator, now),
                    Err(failure) => self.close(failure, now),
                }
            }
            State::Open(duplicator) => {
                let shown = self.shown;
                match frame(duplicator, limit, self.size, shown, &mut self.kept) {
                    Ok(None) => Progress::Quiet,
                    Ok(Some((info, mut news))) => {
                        if info.pictures > 0 {
                            self.shown = true;
                            self.trouble = None;
                            if info.protected != self.protected {
                                self.protected = info.protected;
                                news.protected = Some(info.protected);
                            }
                        }
                        if news.is_empty() { Progress::Quiet } else { Progress::News(news) }
                    }
                    Err(failure) => self.close(failure, now),
                }
            }
        }
    }

    fn opened(&mut self, duplicator: S::Duplicator, now: Duration) -> Progress {
        let Mode { image, rotation } = duplicator.mode();
        if rotation.size(image) != self.size {
            drop(duplicator);
            return self.close(Failure::Mode, now);
        }
        self.state = State::Open(duplicator);
        self.shown = false;
        self.kept.clear();
        Progress::Quiet
    }

    fn close(&mut self, failure: Failure, now: Duration) -> Progress {
        // A picture between two failures makes the second one a new one.
        let tries = match self.state {
            State::Closed { tries, .. } => tries + 1,
            State::Open(_) if self.shown => 0,
            // It opens and fails before it has shown anything: that must not go in a
            // circle without a rest.
            State::Open(_) => RETRIES.len(),
        };
        let pause = RETRIES.get(tries).or(RETRIES.last()).copied().unwrap_or_default();
        let renew = matches!(failure, Failure::DeviceRemoved(_));
        self.state = State::Closed { at: now + pause, tries, renew };
        self.kept.clear();
        let since = self.trouble.as_ref().map_or(now, |(since, _)| *since);
        self.trouble = Some((since, failure));
        Progress::Closed(pause)
    }

    /// Brings what was kept to memory, to where it is seen.
    pub fn read(&mut self, now: Duration, pixels: &mut [u8]) {
        let State::Open(duplicator) = &mut self.state else { return };
        let parts = std::mem::take(&mut self.kept);
        let rotation = duplicator.mode().rotation;
        let mut canvas = Canvas { size: self.size, pixels };
        let read = duplicator.read(&parts, &mut |part, source, pitch| {
            canvas.put(rotation, part, source, pitch);
        });
        if let Err(failure) = read {
            self.close(failure, now);
        }
    }
}

/// Waits for a frame and takes what it brings.
fn frame<D: Duplicator>(
    duplicator: &mut D,
    limit: Duration,
    size: PixelSize,
    shown: bool,
    kept: &mut Vec<PixelRect>,
) -> Result<Option<(Frame, News)>, Failure> {
    let Some(info) = duplicator.acquire(limit)? else { return Ok(None) };
    let taken = take(duplicator, info, size, shown, kept);
    // Given back whatever came of it, or the system draws no further.
    let released = duplicator.release();
    let news = taken?;
    released?;
    Ok(Some((info, news)))
}

fn take<D: Duplicator>(
    duplicator: &mut D,
    info: Frame,
    size: PixelSize,
    shown: bool,
    kept: &mut Vec<PixelRect>,
) -> Result<News, Failure> {
    let mut news = News { pointer: info.pointer, ..News::default() };
    if info.shape > 0 {
        news.shape = Some(duplicator.shape(info.shape)?.picture());
    }
    if info.pictures == 0 {
        return Ok(news);
    }
    let Mode { image, rotation } = duplicator.mode();
    let mut parts = Vec::new();
    if !shown || info.metadata == 0 {
        // The first one holds all there is; and a picture without rectangles does not
        // say where it is new.
        parts.push(PixelRect { x: 0, y: 0, width: image.width, height: image.height });
    } else {
        // This order is demanded. What was moved is new where it is now; where it was,
        // something else was drawn, or nothing has changed.
        let moves = duplicator.moves(info.metadata)?;
        let dirty = duplicator.dirty(info.metadata)?;
        for [left, top, right, bottom] in moves.into_iter().chain(dirty) {
            if let Some(part) = clip(left, top, right, bottom, image) {
                add(&mut parts, part);
            }
        }
    }
    duplicator.keep(&parts)?;
    for part in parts {
        debug_assert_eq!(rotation.size(image), size, "looked at when it was opened");
        add(&mut news.damage, rotation.rect(part, image));
        add(kept, part);
    }
    Ok(news)
}

#[cfg(test)]
mod tests;
