//! Getting text from another program (ICCCM 2.4, 2.7.2).

use std::time::Duration;

use gc_proto::MAX_CLIPBOARD_TEXT;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, GetPropertyReply, SelectionNotifyEvent, Timestamp, Window,
};

use super::worker::Atoms;
use crate::DisplayError;
use crate::display::Link;

/// An owner that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(3);

/// Where a reading stands.
pub(super) enum Outcome {
    /// Not at its end.
    Going,
    /// There is no text, it is secret, or too large.
    Nothing,
    /// With LF line ends.
    Text(String),
}

enum Step {
    Targets,
    Text(Atom),
    Incremental(Atom, Vec<u8>),
}

/// One content on its way from another program.
pub(super) struct Reading {
    window: Window,
    property: Atom,
    time: Timestamp,
    step: Step,
    /// Asked for rather than copied: own content is reported as well.
    pub(super) announced: bool,
    pub(super) deadline: Duration,
}

impl Reading {
    pub(super) fn start(
        link: &Link,
        atoms: &Atoms,
        window: Window,
        property: Atom,
        time: Timestamp,
        announced: bool,
        now: Duration,
    ) -> Result<Self, DisplayError> {
        let deadline = now + SILENCE;
        let reading = Self { window, property, time, step: Step::Targets, announced, deadline };
        reading.ask(link, atoms, atoms.TARGETS)?;
        Ok(reading)
    }

    pub(super) fn property(&self) -> Atom {
        self.property
    }

    fn ask(&self, link: &Link, atoms: &Atoms, target: Atom) -> Result<(), DisplayError> {
        link.conn.delete_property(self.window, self.property)?;
        let (window, property) = (self.window, self.property);
        link.conn.convert_selection(window, atoms.CLIPBOARD, target, property, self.time)?;
        Ok(())
    }

    fn fetch(&self, link: &Link, delete: bool) -> Result<GetPropertyReply, DisplayError> {
        // In units of four bytes, and one more to see that there is too much.
        let length = MAX_CLIPBOARD_TEXT as u32 / 4 + 1;
        let (window, property) = (self.window, self.property);
        let any = AtomEnum::ANY;
        Ok(link.conn.get_property(delete, window, property, any, 0, length)?.reply()?)
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
            Step::Text(target) => *target,
            Step::Incremental(..) => return Ok(Outcome::Going),
        };
        let refused = notify.property == x11rb::NONE;
        if notify.target != expected || !refused && notify.property != self.property {
            return Ok(Outcome::Going);
        }
        self.deadline = now + SILENCE;
        if let Step::Targets = self.step {
            // Old programs know no TARGETS, but may have text.
            let mut target = Some(atoms.UTF8_STRING);
            if !refused {
                let reply = self.fetch(link, true)?;
                let offered: Vec<Atom> = reply.value32().map(Iterator::collect).unwrap_or_default();
                if offered.contains(&atoms.PASSWORD_HINT) {
                    return Ok(Outcome::Nothing);
                }
                target = [
                    atoms.UTF8_STRING,
                    atoms.PLAIN_UTF8,
                    AtomEnum::STRING.into(),
                    atoms.TEXT,
                    atoms.PLAIN,
                ]
                .into_iter()
                .find(|target| offered.contains(target));
            }
            let Some(target) = target else { return Ok(Outcome::Nothing) };
            self.step = Step::Text(target);
            self.ask(link, atoms, target)?;
            return Ok(Outcome::Going);
        }
        if refused {
            return Ok(Outcome::Nothing);
        }
        let reply = self.fetch(link, true)?;
        if reply.type_ == atoms.INCR {
            let announced = reply.value32().and_then(|mut values| values.next()).unwrap_or(0);
            if announced as usize > MAX_CLIPBOARD_TEXT {
                tracing::info!(bytes = announced, "Clipboard content is too large to be shared");
                return Ok(Outcome::Nothing);
            }
            // Deleting the property, above, asked for the first part.
            self.step = Step::Incremental(expected, Vec::new());
            return Ok(Outcome::Going);
        }
        Ok(finish(expected, &reply.value, reply.bytes_after))
    }

    /// The next part of an incremental transfer has come.
    pub(super) fn grown(&mut self, link: &Link, now: Duration) -> Result<Outcome, DisplayError> {
        if !matches!(self.step, Step::Incremental(..)) {
            return Ok(Outcome::Going);
        }
        let reply = self.fetch(link, true)?;
        self.deadline = now + SILENCE;
        let Step::Incremental(target, bytes) = &mut self.step else { return Ok(Outcome::Going) };
        if reply.value.is_empty() {
            return Ok(finish(*target, bytes, 0));
        }
        if reply.bytes_after > 0 || bytes.len() + reply.value.len() > MAX_CLIPBOARD_TEXT {
            tracing::info!("Clipboard content is too large to be shared");
            return Ok(Outcome::Nothing);
        }
        bytes.extend_from_slice(&reply.value);
        Ok(Outcome::Going)
    }
}

fn finish(target: Atom, bytes: &[u8], more: u32) -> Outcome {
    if more > 0 || bytes.len() > MAX_CLIPBOARD_TEXT {
        tracing::info!("Clipboard content is too large to be shared");
        return Outcome::Nothing;
    }
    let text = if target == u32::from(AtomEnum::STRING) {
        // Latin-1, whose codes are those of Unicode.
        bytes.iter().map(|byte| char::from(*byte)).collect()
    } else {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Outcome::Nothing,
        }
    };
    // Some programs count the terminator in.
    let text = text.trim_end_matches('\0').replace("\r\n", "\n").replace('\r', "\n");
    if text.is_empty() || text.len() > MAX_CLIPBOARD_TEXT {
        return Outcome::Nothing;
    }
    Outcome::Text(text)
}
