//! The thread that injects input.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_input::{Action, Control, HeldInput, InputQueue, ScanCode};
use gc_platform::{InputError, InputInjector, PointerButton};
use gc_proto::v2::input_event::Event;
use gc_proto::v2::{
    AgentControl, Button, Cause, InputMessage, Notice, NoticeTopic, Point, agent_control,
};
use gc_proto::{Channel, Flags};
use gc_types::{CauseCode, Clock};

use crate::outlet::Outlet;
use crate::platform_set::Platform;

/// Two coordinates that one thread writes and others read as one value.
#[derive(Debug, Default)]
pub(crate) struct SharedPoint(AtomicI64);

impl SharedPoint {
    pub(crate) fn set(&self, x: i32, y: i32) {
        let packed = (i64::from(x) << 32) | i64::from(y.cast_unsigned());
        self.0.store(packed, Ordering::Release);
    }

    pub(crate) fn get(&self) -> (i32, i32) {
        let packed = self.0.load(Ordering::Acquire);
        ((packed >> 32) as i32, packed as i32)
    }
}

/// Where pictures are and where the pointer was put, shared with the picture
/// thread.
#[derive(Debug, Default)]
pub(crate) struct PointerShare {
    /// Corner of the surface on the virtual desktop.
    pub(crate) origin: SharedPoint,
    /// Where a viewer last put the pointer, on the surface.
    pub(crate) injected: SharedPoint,
}

enum Command {
    Events(u16, InputMessage),
    Release(u16),
    ReleaseAll,
    CtrlAltDel,
    Escape,
}

/// Presses keys that no viewer has struck. To be gone before its thread's handle is
/// dropped, which waits for it.
pub(crate) struct ChordPresser(Sender<Command>);

impl ChordPresser {
    pub(crate) fn ctrl_alt_del(&self) {
        self.press(Command::CtrlAltDel);
    }

    pub(crate) fn escape(&self) {
        self.press(Command::Escape);
    }

    fn press(&self, chord: Command) {
        if self.0.send(chord).is_err() {
            tracing::error!("input thread is gone");
        }
    }
}

/// Handle of the thread. Dropping it releases everything that is held and ends the
/// thread.
pub(crate) struct InputThread {
    commands: Option<Sender<Command>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// Messages that may wait for the thread; a peer that sends faster than the system
/// takes input loses what is beyond.
const MAX_WAITING: usize = 1_024;

impl InputThread {
    /// Starts the thread; it opens the input when the first event comes.
    pub(crate) fn start(
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        share: Arc<PointerShare>,
        outlet: Outlet,
    ) -> io::Result<Self> {
        let (commands, receiver) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut worker = Worker {
            waiting: Arc::clone(&waiting),
            platform,
            clock,
            share,
            outlet,
            injector: None,
            held: HeldInput::default(),
            queues: HashMap::new(),
            told: None,
        };
        let thread = std::thread::Builder::new()
            .name("input".into())
            .spawn(move || worker.run(&receiver))?;
        Ok(Self { commands: Some(commands), waiting, thread: Some(thread) })
    }

    /// Events of a viewer that is in control.
    pub(crate) fn events(&self, participant: u16, message: InputMessage) {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MAX_WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return;
        }
        self.send(Command::Events(participant, message));
    }

    /// For chords that are keys like any others here.
    pub(crate) fn chords(&self) -> io::Result<ChordPresser> {
        let commands = self.commands.clone();
        commands.map(ChordPresser).ok_or_else(|| io::Error::other("input thread is gone"))
    }

    /// A viewer left, or lost control: what it holds goes up.
    pub(crate) fn release(&self, participant: u16) {
        self.send(Command::Release(participant));
    }

    /// The link is lost: everything goes up.
    pub(crate) fn release_all(&self) {
        self.send(Command::ReleaseAll);
    }

    fn send(&self, command: Command) {
        // The thread ends only after this handle is dropped.
        if let Some(commands) = &self.commands
            && commands.send(command).is_err()
        {
            tracing::error!("input thread is gone");
        }
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("input thread panicked");
        }
    }
}

struct Worker {
    waiting: Arc<AtomicUsize>,
    platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    share: Arc<PointerShare>,
    outlet: Outlet,
    injector: Option<Box<dyn InputInjector>>,
    held: HeldInput,
    queues: HashMap<u16, InputQueue>,
    /// The cause that viewers were told last.
    told: Option<CauseCode>,
}

impl Worker {
    fn run(&mut self, commands: &Receiver<Command>) {
        loop {
            let now = self.clock.monotonic();
            let next = self.queues.values().filter_map(InputQueue::next_at).min();
            let command = match next {
                Some(at) => match commands.recv_timeout(at.saturating_sub(now)) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                },
                None => match commands.recv() {
                    Ok(command) => Some(command),
                    Err(_) => break,
                },
            };
            if let Some(command) = command {
                self.take(command, now);
            }
            self.drain();
        }
        self.raise(HeldInput::release_all);
    }

    fn take(&mut self, command: Command, now: Duration) {
        match command {
            Command::Events(participant, message) => {
                self.waiting.fetch_sub(1, Ordering::AcqRel);
                let queue = self.queues.entry(participant).or_insert_with(|| InputQueue::new(now));
                let mut lost = false;
                for event in message.events.into_iter().filter_map(|event| event.event) {
                    lost |= queue.push(event) == gc_input::Pushed::Dropped;
                }
                if lost {
                    self.tell(Some(CauseCode::RateLimited), "");
                }
            }
            Command::Release(participant) => {
                self.queues.remove(&participant);
                self.raise(|held| held.release(participant));
            }
            Command::ReleaseAll => {
                self.queues.clear();
                self.raise(HeldInput::release_all);
            }
            Command::CtrlAltDel => self.chord(&[(0x1D, false), (0x38, false), (0x53, true)]),
            Command::Escape => self.chord(&[(0x01, false)]),
        }
    }

    fn drain(&mut self) {
        let now = self.clock.monotonic();
        let participants: Vec<u16> = self.queues.keys().copied().collect();
        for participant in participants {
            while let Some(event) = self.queues.get_mut(&participant).and_then(|q| q.pop(now)) {
                let outcome = self.inject(participant, event).and_then(|()| self.flush());
                match outcome {
                    Ok(()) => self.tell(None, ""),
                    Err(error) => {
                        tracing::debug!(%error, "input was not injected");
                        let detail = error.to_string();
                        self.tell(Some(error.cause), &detail);
                        if error.cause == CauseCode::InputUnavailable {
                            // Opened anew by the next event.
                            self.injector = None;
                        }
                    }
                }
            }
        }
    }

    fn injector(&mut self) -> Result<&mut dyn InputInjector, InputError> {
        if self.injector.is_none() {
            self.injector = Some(self.platform.open_input()?);
        }
        match &mut self.injector {
            Some(injector) => Ok(injector.as_mut()),
            None => Err(InputError {
                cause: CauseCode::InputUnavailable,
                detail: "input is not open".into(),
            }),
        }
    }

    fn flush(&mut self) -> Result<(), InputError> {
        self.injector()?.flush()
    }

    fn inject(&mut self, participant: u16, event: Event) -> Result<(), InputError> {
        match event {
            Event::Key(key) => {
                let code = u8::try_from(key.scan_code).unwrap_or(0);
                let scan = ScanCode { code, extended: key.extended };
                match self.held.apply(participant, Control::Key(scan), key.down) {
                    Action::Inject => self.injector()?.key(code, key.extended, key.down),
                    // The remote system repeats held keys by itself.
                    Action::Repeat | Action::Ignore => Ok(()),
                }
            }
            Event::Text(text) => self.injector()?.text(&text.text),
            Event::PointerMove(moved) => self.place(moved.position),
            Event::PointerButton(button) => {
                self.place(button.position)?;
                let control = Control::Button(button.button());
                let action = self.held.apply(participant, control, button.down);
                match (action, pointer_button(button.button())) {
                    (Action::Inject, Some(which)) => {
                        self.injector()?.pointer_button(which, button.down)
                    }
                    _ => Ok(()),
                }
            }
            Event::Wheel(wheel) => {
                self.place(wheel.position)?;
                self.injector()?.wheel(wheel.x, wheel.y)
            }
            Event::ReleaseAll(_) => {
                self.raise(|held| held.release(participant));
                Ok(())
            }
            Event::LockState(locks) => {
                self.injector()?.set_locks(locks.caps_lock, locks.num_lock, locks.scroll_lock)
            }
            // Not input: the session takes them out before.
            Event::SystemKey(_) => Ok(()),
        }
    }

    fn chord(&mut self, keys: &[(u8, bool)]) {
        if let Err(error) = self.strike(keys).and_then(|()| self.flush()) {
            tracing::debug!(%error, "a chord was not injected");
            self.tell(Some(error.cause), &error.to_string());
        }
    }

    fn strike(&mut self, keys: &[(u8, bool)]) -> Result<(), InputError> {
        let injector = self.injector()?;
        for (code, extended) in keys {
            injector.key(*code, *extended, true)?;
        }
        for (code, extended) in keys.iter().rev() {
            injector.key(*code, *extended, false)?;
        }
        Ok(())
    }

    fn place(&mut self, position: Option<Point>) -> Result<(), InputError> {
        let Some(position) = position else { return Ok(()) };
        let (left, top) = self.share.origin.get();
        self.share.injected.set(position.x, position.y);
        let (x, y) = (left.saturating_add(position.x), top.saturating_add(position.y));
        self.injector()?.pointer_move(x, y)
    }

    fn raise(&mut self, which: impl FnOnce(&mut HeldInput) -> Vec<Control>) {
        for control in which(&mut self.held) {
            let up = match control {
                Control::Key(key) => {
                    self.injector().and_then(|injector| injector.key(key.code, key.extended, false))
                }
                Control::Button(button) => match pointer_button(button) {
                    Some(which) => {
                        self.injector().and_then(|injector| injector.pointer_button(which, false))
                    }
                    None => Ok(()),
                },
            };
            if let Err(error) = up {
                tracing::warn!(%error, ?control, "held input could not be released");
            }
        }
        if self.injector.is_some()
            && let Err(error) = self.flush()
        {
            tracing::warn!(%error, "releases could not be sent to the system");
        }
    }

    /// Tells viewers what is wrong with input, once per change.
    fn tell(&mut self, cause: Option<CauseCode>, detail: &str) {
        if self.told == cause {
            return;
        }
        self.told = cause;
        self.outlet.send(
            Channel::Control,
            0,
            Flags::END,
            &notice(NoticeTopic::Input, cause, detail),
        );
    }
}

/// A notice of `topic`; no cause clears it.
pub(crate) fn notice(topic: NoticeTopic, cause: Option<CauseCode>, detail: &str) -> AgentControl {
    let cause =
        cause.map(|code| Cause { code: code as i32, detail: gc_proto::clean_text(detail, 200) });
    let notice = Notice { topic: topic.into(), cause };
    AgentControl { body: Some(agent_control::Body::Notice(notice)) }
}

pub(crate) fn pointer_button(button: Button) -> Option<PointerButton> {
    match button {
        Button::Left => Some(PointerButton::Left),
        Button::Middle => Some(PointerButton::Middle),
        Button::Right => Some(PointerButton::Right),
        Button::Back => Some(PointerButton::Back),
        Button::Forward => Some(PointerButton::Forward),
        Button::Unspecified => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_point_keeps_signs() {
        let point = SharedPoint::default();
        for (x, y) in [(0, 0), (-1, 1), (1, -1), (i32::MIN, i32::MAX)] {
            point.set(x, y);
            assert_eq!(point.get(), (x, y));
        }
    }
}
