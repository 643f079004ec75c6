//! How files end: under their names, not at all, or as what a later transfer takes up.

use std::time::Duration;

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;

use super::{Expected, Incoming, Stage, Step};
use crate::names::numbered;
use crate::out::Out;
use crate::receipt::{Outcome, Receipt, cause_to_wire};
use crate::store::{PartialFile, StoreError};

/// A name is tried with so many numbers.
const MAX_NUMBER: u32 = 10_000;

impl Incoming {
    /// This file is not received; the others are.
    pub(super) fn abandon(&mut self, index: u32, cause: CauseCode, step: &mut Step<'_>) {
        let mut moved = 0;
        if let Some(mut current) = self.current.take_if(|current| current.index == index) {
            moved = current.moved;
            self.bytes = self.bytes.saturating_sub(current.offset);
            discard(current.file.as_mut(), step.out);
        }
        if let Some(expected) = self.open.remove(&index) {
            self.bytes += expected.size;
            self.close(index, expected.path, expected.size, None, Outcome::of(cause), moved, step);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one file, told once")]
    pub(super) fn close(
        &mut self,
        index: u32,
        path: String,
        size: u64,
        sha256: Option<[u8; 32]>,
        outcome: Outcome,
        moved: u64,
        step: &mut Step<'_>,
    ) {
        self.files += 1;
        self.record(path, size, sha256, outcome, moved, step);
        self.result(index, outcome, String::new(), step);
    }

    pub(super) fn record(
        &self,
        path: String,
        size: u64,
        sha256: Option<[u8; 32]>,
        outcome: Outcome,
        moved: u64,
        step: &mut Step<'_>,
    ) {
        let duration = if moved > 0 { step.now.saturating_sub(self.began) } else { Duration::ZERO };
        let (transfer, direction) = (self.id, self.direction);
        step.out.receipt(
            self.number,
            Receipt { transfer, direction, path, size, sha256, outcome, moved, duration },
        );
    }

    pub(super) fn result(&self, index: u32, outcome: Outcome, name: String, step: &mut Step<'_>) {
        step.out.say(Body::Result(v2::FileResult {
            transfer: self.number,
            index,
            outcome: outcome.to_wire().into(),
            cause: outcome.cause().map(cause_to_wire),
            name,
        }));
    }

    /// The transfer is over before its time. What was received is thrown away unless
    /// it may be taken up again.
    pub(crate) fn stop(&mut self, cause: CauseCode, keep: bool, step: &mut Step<'_>) {
        let current = self.current.take().map(|mut current| {
            if !keep {
                discard(current.file.as_mut(), step.out);
            }
            (current.index, current.moved)
        });
        for (index, expected) in std::mem::take(&mut self.open) {
            if !keep && matches!(expected.stage, Stage::Ready(1.., _)) {
                let (folder, key) = (self.folder_of(&expected), self.key(&expected));
                match step.store.partial(&folder, &key) {
                    Ok(mut file) => discard(file.as_mut(), step.out),
                    Err(error) => step.out.note(&error, "an unfinished file"),
                }
            }
            if let Some((_, moved)) = current.filter(|(at, _)| *at == index) {
                let outcome = Outcome::of(cause);
                self.record(expected.path, expected.size, None, outcome, moved, step);
            }
        }
    }
}

/// Gives the file its name.
pub(super) fn finish(
    file: &mut dyn PartialFile,
    expected: &Expected,
) -> Result<String, StoreError> {
    let wanted = expected.parts.last().ok_or(StoreError::Name)?;
    let mut number = 2;
    let mut name = if expected.renamed { numbered(wanted, number) } else { wanted.clone() };
    loop {
        match file.finish(&name, expected.replace, expected.modified_ms) {
            Ok(()) => return Ok(name),
            // Taken by now: as if it had been from the start.
            Err(StoreError::Exists) if number < MAX_NUMBER => {
                number += u32::from(name != *wanted);
                name = numbered(wanted, number);
            }
            Err(error) => return Err(error),
        }
    }
}

pub(super) fn discard(file: &mut dyn PartialFile, out: &mut Out) {
    if let Err(error) = file.discard() {
        out.note(&error, "an unfinished file");
    }
}
