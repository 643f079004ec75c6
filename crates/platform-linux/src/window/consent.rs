//! The consent prompt as a window.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gc_panel::{ConsentView, Palette, words};
use gc_platform::{
    ConsentAnswer, ConsentPrompt, ConsentRequest, PixelSize, PromptError, PromptHandle, WaitWaker,
};
use gc_types::Clock;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::Visibility;

use super::canvas::Area;
use super::font::Fonts;
use super::frame::{Frame, Place, Role};
use super::keys::{DialogKey, meaning};
use crate::DisplayError;
use crate::display::Link;
use crate::waker::{Waker, Woken, wait};

/// Clicks and keys are ignored until the user has had so long to see the window, and
/// has rested for so long: who is typing when it appears answers nothing by it.
const GUARD: Duration = Duration::from_millis(500);
const CLASS: &str = "guruconnect-consent";

/// Asks by a window on an X display.
pub struct X11Consent {
    display: Option<String>,
    clock: Arc<dyn Clock>,
}

impl X11Consent {
    /// `display` is what `DISPLAY` holds; it is opened for each prompt, so a display
    /// that comes later is found.
    pub fn new(display: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        Self { display: display.map(str::to_owned), clock }
    }
}

struct OpenPrompt {
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl PromptHandle for OpenPrompt {}

impl Drop for OpenPrompt {
    fn drop(&mut self) {
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // The answer may drop the handle; the thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("The consent window's thread panicked");
            }
        }
    }
}

impl ConsentPrompt for X11Consent {
    fn ask(
        &self,
        request: ConsentRequest,
        answer: Box<dyn FnOnce(ConsentAnswer) + Send>,
    ) -> Result<Box<dyn PromptHandle>, PromptError> {
        let link = Link::open(self.display.as_deref())?;
        let mut prompt = Prompt::open(link, &request, Arc::clone(&self.clock))?;
        let waker = prompt.waker.clone();
        let thread = std::thread::Builder::new()
            .name("consent-window".to_owned())
            .spawn(move || match prompt.run() {
                Ok(Some(given)) => {
                    // The window goes before anything follows from the answer.
                    drop(prompt);
                    answer(given);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "The consent window is gone; that is a denial");
                    drop(prompt);
                    answer(ConsentAnswer::Decline);
                }
            })
            .map_err(|error| PromptError(error.to_string()))?;
        Ok(Box::new(OpenPrompt { waker, thread: Some(thread) }))
    }
}

struct Prompt {
    frame: Frame,
    view: ConsentView<Fonts>,
    clock: Arc<dyn Clock>,
    waker: Waker,
    timeout: Duration,
    deadline: Duration,
    // Input counts from here on; `None` until the window was seen.
    guarded_until: Option<Duration>,
    shown_seconds: u32,
}

impl Prompt {
    fn open(
        link: Link,
        request: &ConsentRequest,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DisplayError> {
        let place = Place::main(&link)?;
        let room = (place.size.width, place.size.height);
        let view = ConsentView::new(request, Palette::LIGHT, place.scale, room, Fonts::load())
            .ok_or_else(|| DisplayError::Refused("no room for a window".to_owned()))?;
        let size = PixelSize { width: view.canvas.width(), height: view.canvas.height() };
        let x = place.x + (room.0 as i32 - size.width as i32) / 2;
        // A little above the middle, where the eye is.
        let y = place.y + (room.1 as i32 - size.height as i32) * 2 / 5;
        let frame = Frame::create(link, Role::Dialog, CLASS, words::CONSENT_TITLE, (x, y), size)?;
        let waker = Waker::new()?;
        let now = clock.monotonic();
        let mut prompt = Self {
            frame,
            view,
            clock,
            waker,
            timeout: request.timeout,
            deadline: now + request.timeout,
            guarded_until: None,
            shown_seconds: 0,
        };
        let (seconds, part) = prompt.left(now);
        prompt.shown_seconds = seconds;
        prompt.view.draw(seconds, part);
        prompt.frame.map()?;
        Ok(prompt)
    }

    /// Seconds to go, and which part of the time that is.
    fn left(&self, now: Duration) -> (u32, f32) {
        let left = self.deadline.saturating_sub(now).as_secs_f32();
        (left.ceil() as u32, left / self.timeout.as_secs_f32().max(0.001))
    }

    fn run(&mut self) -> Result<Option<ConsentAnswer>, DisplayError> {
        let mut attempts = 0;
        loop {
            while let Some(event) = self.frame.link.conn.poll_for_event()? {
                if let Some(answer) = self.handle(event)? {
                    return Ok(Some(answer));
                }
            }
            let now = self.clock.monotonic();
            if now >= self.deadline {
                return Ok(Some(ConsentAnswer::TimedOut));
            }
            let (seconds, part) = self.left(now);
            if seconds != self.shown_seconds {
                self.shown_seconds = seconds;
                let area = self.view.draw_countdown(seconds, part);
                self.present(area)?;
            }
            // Until the next whole second.
            let left = self.deadline.saturating_sub(now);
            let mut sleep = left.saturating_sub(Duration::from_secs(u64::from(seconds) - 1));
            if let Some(raise) = self.frame.raise_if_due(now)? {
                sleep = sleep.min(raise);
            }
            let sleep = sleep.max(Duration::from_millis(1));
            match wait(&self.frame.link.conn, &self.waker, Some(sleep))? {
                Woken::Waker => return Ok(None),
                Woken::Timeout if self.guarded_until.is_none() => {
                    attempts += 1;
                    self.frame.insist(attempts)?;
                }
                Woken::Timeout | Woken::Server => {}
            }
        }
    }

    fn present(&self, area: Area) -> Result<(), DisplayError> {
        let canvas = &self.view.canvas;
        self.frame.present(canvas, area.pixels(canvas.width(), canvas.height()))
    }

    fn buttons_changed(&mut self) -> Result<(), DisplayError> {
        let row = self.view.draw_buttons();
        self.present(row)
    }

    /// Whether input counts now. What comes too early makes the wait longer.
    fn awake(&mut self) -> bool {
        let now = self.clock.monotonic();
        match self.guarded_until {
            Some(until) if now >= until => true,
            guarded => {
                self.guarded_until = guarded.map(|_| now + GUARD);
                false
            }
        }
    }

    fn handle(&mut self, event: Event) -> Result<Option<ConsentAnswer>, DisplayError> {
        // Sent by a program, not by a person.
        let forged = event.sent_event();
        match event {
            Event::Expose(expose) if expose.count == 0 => {
                let (seconds, part) = self.left(self.clock.monotonic());
                let all = self.view.draw(seconds, part);
                self.present(all)?;
                if self.guarded_until.is_none() {
                    self.guarded_until = Some(self.clock.monotonic() + GUARD);
                    self.frame.take_focus()?;
                }
            }
            Event::KeyPress(key) if !forged => return self.key(&key),
            Event::ButtonPress(press) if !forged && press.detail == 1 && self.awake() => {
                self.view.pressed = self.button_at(press.event_x, press.event_y);
                if let Some(pressed) = self.view.pressed {
                    self.view.focus = pressed;
                }
                self.buttons_changed()?;
            }
            Event::ButtonRelease(release) if !forged && release.detail == 1 => {
                // Pressed and released on the same button, as everywhere.
                let at = self.button_at(release.event_x, release.event_y);
                let pressed = self.view.pressed.take();
                if pressed.is_some() && pressed == at {
                    return Ok(pressed.map(|index| self.view.buttons[index].answer));
                }
                self.buttons_changed()?;
            }
            Event::MotionNotify(motion) => {
                self.hover(self.button_at(motion.event_x, motion.event_y))?;
            }
            Event::LeaveNotify(_) => self.hover(None)?,
            Event::VisibilityNotify(visibility) if visibility.state != Visibility::UNOBSCURED => {
                self.frame.covered(self.clock.monotonic())?;
            }
            Event::ClientMessage(message) if self.frame.wants_close(&message)? => {
                return Ok(Some(ConsentAnswer::Decline));
            }
            Event::DestroyNotify(destroy) if destroy.window == self.frame.window => {
                return Ok(Some(ConsentAnswer::Decline));
            }
            Event::Error(error) => tracing::debug!(?error, "The X server refused a request"),
            _ => {}
        }
        Ok(None)
    }

    fn button_at(&self, x: i16, y: i16) -> Option<usize> {
        self.view.button_at(x.into(), y.into())
    }

    fn hover(&mut self, at: Option<usize>) -> Result<(), DisplayError> {
        if self.view.hover != at {
            self.view.hover = at;
            self.buttons_changed()?;
        }
        Ok(())
    }

    fn key(
        &mut self,
        key: &x11rb::protocol::xproto::KeyPressEvent,
    ) -> Result<Option<ConsentAnswer>, DisplayError> {
        if !self.awake() {
            return Ok(None);
        }
        let count = self.view.buttons.len();
        match meaning(&self.frame.link, key)? {
            Some(DialogKey::Next) => self.view.focus = (self.view.focus + 1) % count,
            Some(DialogKey::Previous) => {
                self.view.focus = (self.view.focus + count - 1) % count;
            }
            Some(DialogKey::Press) => {
                return Ok(Some(self.view.buttons[self.view.focus].answer));
            }
            Some(DialogKey::Cancel) => return Ok(Some(ConsentAnswer::Decline)),
            None => return Ok(None),
        }
        self.buttons_changed()?;
        Ok(None)
    }
}
