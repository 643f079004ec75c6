//! Getting a content from another program (ICCCM 2.4, 2.7.2).

use std::collections::VecDeque;
use std::time::Duration;

use gc_platform::{ClipboardContent, ClipboardError, ClipboardEvent, CopiedFiles};
use gc_proto::max_clipboard;
use gc_proto::v2::ClipboardFormat;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, GetPropertyReply, SelectionNotifyEvent, Timestamp, Window,
};

use super::worker::Atoms;
use super::{formats, uri_list};
use crate::DisplayError;
use crate::display::Link;

/// An owner that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(3);
/// All formats together take no longer, however busy their owner seems.
const LONGEST: Duration = Duration::from_secs(30);
/// The same for a list of files in parts. Its owner may have to fetch them first, as the
/// window of another session has; the parts that say nothing until then are further apart
/// ([`super::late`]).
const LATE_SILENCE: Duration = Duration::from_secs(25);
const LATE_LONGEST: Duration = Duration::from_mins(10);

/// Where a reading stands.
pub(super) enum Outcome {
    /// Not at its end.
    Going,
    /// There is nothing that could be shared.
    Nothing,
    /// To be told.
    Told(ClipboardEvent),
}

enum Step {
    Targets,
    Whole(ClipboardFormat, Atom),
    Incremental(ClipboardFormat, Atom, Vec<u8>),
}

/// One content on its way from another program, format after format.
pub(super) struct Reading {
    window: Window,
    time: Timestamp,
    /// Answers to a request that was given up must not be taken for those of the next:
    /// each has a property of its own, in turn.
    turn: usize,
    step: Step,
    wanted: VecDeque<(ClipboardFormat, Atom)>,
    content: ClipboardContent,
    too_large: bool,
    end: Duration,
    deadline: Duration,
}

impl Reading {
    pub(super) fn start(
        link: &Link,
        atoms: &Atoms,
        window: Window,
        turn: usize,
        time: Timestamp,
        now: Duration,
    ) -> Result<Self, DisplayError> {
        let reading = Self {
            window,
            time,
            turn,
            step: Step::Targets,
            wanted: VecDeque::new(),
            content: ClipboardContent::default(),
            too_large: false,
            end: now + LONGEST,
            deadline: now + SILENCE,
        };
        reading.ask(link, atoms, atoms.TARGETS)?;
        Ok(reading)
    }

    /// Of the request that is under way.
    pub(super) fn turn(&self) -> usize {
        self.turn
    }

    pub(super) fn property(&self, atoms: &Atoms) -> Atom {
        let properties = [atoms.GC_DATA_0, atoms.GC_DATA_1, atoms.GC_DATA_2, atoms.GC_DATA_3];
        properties[self.turn % properties.len()]
    }

    /// When nobody need wait for it any more.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline.min(self.end)
    }

    /// The owner fell silent, or takes too long: what came before.
    pub(super) fn give_up(mut self) -> Outcome {
        match self.finish() {
            Outcome::Nothing => {
                let silent = ClipboardError("the program that owns it does not answer".to_owned());
                Outcome::Told(ClipboardEvent::Failed(silent))
            }
            told => told,
        }
    }

    fn ask(&self, link: &Link, atoms: &Atoms, target: Atom) -> Result<(), DisplayError> {
        let (window, property) = (self.window, self.property(atoms));
        link.conn.delete_property(window, property)?;
        link.conn.convert_selection(window, atoms.CLIPBOARD, target, property, self.time)?;
        Ok(())
    }

    fn fetch(
        &self,
        link: &Link,
        atoms: &Atoms,
        limit: usize,
    ) -> Result<GetPropertyReply, DisplayError> {
        // In units of four bytes, and one more to see that there is too much.
        let length = limit as u32 / 4 + 1;
        let (window, property) = (self.window, self.property(atoms));
        let any = AtomEnum::ANY;
        Ok(link.conn.get_property(true, window, property, any, 0, length)?.reply()?)
    }

    /// The owner answered a request.
    pub(super) fn answered(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        notify: &SelectionNotifyEvent,
        now: Duration,
    ) -> Result<Outcome, DisplayError> {
        let expected = match &self.step {
            Step::Targets => atoms.TARGETS,
            Step::Whole(_, target) => *target,
            Step::Incremental(..) => return Ok(Outcome::Going),
        };
        let refused = notify.property == x11rb::NONE;
        if notify.target != expected || !refused && notify.property != self.property(atoms) {
            return Ok(Outcome::Going);
        }
        self.deadline = now + SILENCE;
        let Step::Whole(format, target) = self.step else {
            return self.offered(link, atoms, refused);
        };
        if refused {
            return self.next(link, atoms);
        }
        let limit = formats::limit(format);
        let reply = self.fetch(link, atoms, limit)?;
        if reply.type_ == atoms.INCR {
            let announced = reply.value32().and_then(|mut values| values.next()).unwrap_or(0);
            if announced as usize > limit {
                return self.skip(link, atoms, format);
            }
            // Deleting the property, above, asked for the first part.
            if format == ClipboardFormat::Files {
                (self.deadline, self.end) = (now + LATE_SILENCE, now + LATE_LONGEST);
            }
            self.step = Step::Incremental(format, target, Vec::new());
            return Ok(Outcome::Going);
        }
        if reply.bytes_after > 0 || reply.value.len() > limit {
            return self.skip(link, atoms, format);
        }
        self.keep(format, target, reply.value);
        self.next(link, atoms)
    }

    fn offered(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        refused: bool,
    ) -> Result<Outcome, DisplayError> {
        if refused {
            // Old programs know no TARGETS, but may have text.
            self.wanted.push_back((ClipboardFormat::Text, atoms.UTF8_STRING));
            return self.next(link, atoms);
        }
        // A list of ten thousand is cut, not believed.
        let reply = self.fetch(link, atoms, 4_096)?;
        let offered: Vec<Atom> = reply.value32().map(Iterator::collect).unwrap_or_default();
        if offered.contains(&atoms.PASSWORD_HINT) {
            return Ok(Outcome::Told(ClipboardEvent::Private));
        }
        self.wanted = formats::wanted(atoms, &offered).into();
        self.next(link, atoms)
    }

    /// The next part of an incremental transfer has come.
    pub(super) fn grown(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        now: Duration,
    ) -> Result<Outcome, DisplayError> {
        let Step::Incremental(format, target, bytes) = &self.step else {
            return Ok(Outcome::Going);
        };
        let (format, target) = (*format, *target);
        let room = formats::limit(format) - bytes.len();
        let reply = self.fetch(link, atoms, room)?;
        let late = format == ClipboardFormat::Files;
        self.deadline = now + if late { LATE_SILENCE } else { SILENCE };
        let Step::Incremental(_, _, bytes) = &mut self.step else { return Ok(Outcome::Going) };
        if reply.value.is_empty() {
            let bytes = std::mem::take(bytes);
            if late {
                // What comes after it has no excuse.
                (self.deadline, self.end) = (now + SILENCE, now + LONGEST);
            }
            self.keep(format, target, bytes);
            return self.next(link, atoms);
        }
        if reply.bytes_after > 0 || reply.value.len() > room {
            return self.skip(link, atoms, format);
        }
        bytes.extend_from_slice(&reply.value);
        Ok(Outcome::Going)
    }

    fn skip(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        format: ClipboardFormat,
    ) -> Result<Outcome, DisplayError> {
        tracing::info!(?format, "Clipboard content is too large to be shared");
        self.too_large = true;
        self.next(link, atoms)
    }

    fn keep(&mut self, format: ClipboardFormat, target: Atom, bytes: Vec<u8>) {
        let latin = target == u32::from(AtomEnum::STRING);
        match format {
            ClipboardFormat::Text => {
                let text = formats::read_text(&bytes, latin);
                // Latin-1 grows when it becomes UTF-8.
                let fits = |text: &String| text.len() <= max_clipboard(ClipboardFormat::Text);
                self.content.text = text.filter(fits).map(Into::into);
            }
            ClipboardFormat::Files => {
                let files = uri_list::read_files(&bytes, &host());
                if !files.is_empty() {
                    self.content.files = CopiedFiles::new(files);
                    self.too_large |= self.content.files.is_none();
                }
            }
            ClipboardFormat::Html => {
                self.content.html = formats::read_html(&bytes).map(Into::into);
            }
            ClipboardFormat::Rtf if !bytes.is_empty() => self.content.rtf = Some(bytes.into()),
            ClipboardFormat::Image if !bytes.is_empty() => self.content.png = Some(bytes.into()),
            ClipboardFormat::Rtf | ClipboardFormat::Image | ClipboardFormat::Unspecified => {}
        }
    }

    /// Asks for the next format, if there is one.
    fn next(&mut self, link: &Link, atoms: &Atoms) -> Result<Outcome, DisplayError> {
        let Some((format, target)) = self.wanted.pop_front() else { return Ok(self.finish()) };
        self.turn += 1;
        self.step = Step::Whole(format, target);
        self.ask(link, atoms, target)?;
        Ok(Outcome::Going)
    }

    fn finish(&mut self) -> Outcome {
        let content = std::mem::take(&mut self.content);
        if !content.is_empty() {
            return Outcome::Told(ClipboardEvent::Copied(content));
        }
        if self.too_large { Outcome::Told(ClipboardEvent::TooLarge) } else { Outcome::Nothing }
    }
}

/// How this machine calls itself, as some programs write it into their URIs.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
