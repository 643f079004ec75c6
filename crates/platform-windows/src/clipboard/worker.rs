//! The thread that watches, reads and sets the clipboard.

use std::sync::mpsc::{Receiver, TryRecvError};

use gc_platform::{
    ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener, CopiedFiles,
};
use gc_proto::{
    MAX_CLIPBOARD_FILES, MAX_CLIPBOARD_HTML, MAX_CLIPBOARD_IMAGE, MAX_CLIPBOARD_PIXELS,
    MAX_CLIPBOARD_RTF, MAX_CLIPBOARD_TEXT,
};
use windows::Win32::Foundation::HWND;
use windows::Win32::System::DataExchange::{
    AddClipboardFormatListener, EnumClipboardFormats, GetClipboardSequenceNumber,
    RemoveClipboardFormatListener,
};
use windows::Win32::System::Ole::{CF_DIB, CF_DIBV5, CF_HDROP, CF_UNICODETEXT};
use windows::Win32::UI::WindowsAndMessaging::{
    DestroyWindow, DispatchMessageW, GetMessageW, KillTimer, MSG, SetTimer, WM_APP,
    WM_CLIPBOARDUPDATE, WM_NULL, WM_TIMER,
};

use super::memory::{Read, read};
use super::offering::{Offering, Offers, is_of_this_thread};
use super::registered::Registered;
use super::rendering::{Open, create_window, offered, put, take_back};
use super::{dib_to_png, read_drop_files, read_html_format, read_unicode_text};

/// Posted to the window when there are commands.
pub(super) const WAKE: u32 = WM_APP;
/// Programs often put things there in several steps: looked at after this, milliseconds.
const SETTLE: u32 = 20;
/// Another program has the clipboard open: tried again after this, milliseconds…
const RETRY: u32 = 20;
/// …and so many times, two seconds in all.
const MAX_TRIES: u32 = 100;
/// Formats of one content that are looked at.
const MAX_FORMATS: usize = 1_000;
/// A character of text takes at most two units of two bytes for a byte of UTF-8: each
/// line end is two characters here.
const MAX_TEXT_BYTES: usize = 4 * MAX_CLIPBOARD_TEXT + 2;
/// The fragment lies inside a page whose rest does not count.
const MAX_HTML_BYTES: usize = 2 * MAX_CLIPBOARD_HTML;
/// A byte of UTF-8 is at most one unit of two bytes; drives and ends come on top.
const MAX_FILES_BYTES: usize = 4 * MAX_CLIPBOARD_FILES;
/// Sizes are rounded up by the system.
const ROUNDING: usize = 64 << 10;
const MAX_DIB_BYTES: usize = 4 * MAX_CLIPBOARD_PIXELS as usize + ROUNDING;

/// From the owner of the clipboard.
pub(super) enum Command {
    Set(ClipboardContent),
    Offer(Offering),
    Announce,
    Stop,
}

/// What is to be put there.
enum Setting {
    Content(ClipboardContent),
    Offer(Offering),
}

pub(super) struct Worker {
    window: HWND,
    registered: Registered,
    commands: Receiver<Command>,
    listener: ClipboardListener,
    setting: Option<Setting>,
    offers: Offers,
    reading: bool,
    tries: u32,
    /// Of the content that was told last.
    sequence: Option<u32>,
}

/// What was copied, before it is converted.
#[derive(Default)]
struct Raw {
    text: Option<Vec<u8>>,
    files: Option<Vec<u8>>,
    html: Option<Vec<u8>>,
    rtf: Option<Vec<u8>>,
    png: Option<Vec<u8>>,
    dib: Option<Vec<u8>>,
    too_large: bool,
}

impl Worker {
    /// Creates the window on the calling thread, which must go on to [`run`](Self::run).
    pub(super) fn new(
        commands: Receiver<Command>,
        listener: ClipboardListener,
    ) -> Result<Self, ClipboardError> {
        let failed = |error: windows::core::Error| ClipboardError(error.to_string());
        let window = create_window().map_err(failed)?;
        // SAFETY: the window is this thread's.
        if let Err(error) = unsafe { AddClipboardFormatListener(window) } {
            // SAFETY: as above.
            unsafe { DestroyWindow(window) }.map_err(failed)?;
            return Err(failed(error));
        }
        Ok(Self {
            window,
            registered: Registered::new(),
            commands,
            listener,
            setting: None,
            offers: Offers::default(),
            reading: false,
            tries: 0,
            sequence: None,
        })
    }

    pub(super) fn window(&self) -> HWND {
        self.window
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self) {
        let mut message = MSG::default();
        // SAFETY: it writes into the live message.
        while unsafe { GetMessageW(&raw mut message, None, 0, 0) }.0 > 0 {
            // OLE has windows of its own on this thread.
            let kind = if message.hwnd == self.window { message.message } else { WM_NULL };
            match kind {
                WM_CLIPBOARDUPDATE => {
                    self.reading = true;
                    self.tries = 0;
                    self.later(SETTLE);
                }
                WM_TIMER => self.work(),
                WAKE => {
                    if !self.take_commands() {
                        break;
                    }
                }
                _ => {
                    // SAFETY: dispatched as it came.
                    unsafe { DispatchMessageW(&raw const message) };
                }
            }
        }
        take_back(self.window);
        self.offers.end();
        // SAFETY: the window is this thread's; nobody uses it after this.
        unsafe {
            let _ = RemoveClipboardFormatListener(self.window);
            let _ = DestroyWindow(self.window);
        }
    }

    /// `false`: it is over.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Set(content)) => self.put(Setting::Content(content)),
                Ok(Command::Offer(offering)) => self.put(Setting::Offer(offering)),
                Ok(Command::Announce) => {
                    let beside = || self.offers.beside().cloned();
                    if let Some(content) = offered(self.window).or_else(beside) {
                        if !content.is_empty() {
                            (self.listener)(ClipboardEvent::Copied(content));
                        }
                    } else {
                        self.sequence = None;
                        self.reading = true;
                        self.tries = 0;
                        self.work();
                    }
                }
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn later(&self, milliseconds: u32) {
        // SAFETY: the window is this thread's. The same number replaces a timer that runs.
        if unsafe { SetTimer(Some(self.window), 1, milliseconds, None) } == 0 {
            tracing::warn!("the clipboard has no timer");
        }
    }

    /// Does what is due, if the clipboard can be opened now.
    fn work(&mut self) {
        // SAFETY: as above. Without a timer there is nothing to end.
        let _ = unsafe { KillTimer(Some(self.window), 1) };
        if self.setting.is_none() && !self.reading {
            return;
        }
        if self.setting.is_none() && is_of_this_thread() {
            self.reading = false;
            return;
        }
        // OLE opens the clipboard itself.
        if let Some(Setting::Offer(offering)) = &self.setting {
            match self.offers.put(offering, self.registered) {
                Err(None) => self.once_more(),
                done => {
                    self.setting = None;
                    self.reading = false;
                    if let Err(Some(error)) = done {
                        (self.listener)(ClipboardEvent::Failed(error));
                    }
                }
            }
            return;
        }
        let Ok(open) = Open::new(self.window) else {
            self.once_more();
            return;
        };
        self.reading = false;
        if let Some(Setting::Content(content)) = self.setting.take() {
            if let Err(error) = put(&open, content, &self.registered) {
                (self.listener)(ClipboardEvent::Failed(error));
            }
            return;
        }
        // SAFETY: takes nothing.
        let sequence = unsafe { GetClipboardSequenceNumber() };
        if self.sequence.replace(sequence) == Some(sequence) && sequence != 0 {
            return;
        }
        let copied = self.copied(&open);
        // Converting takes time in which others may want the clipboard.
        drop(open);
        match copied {
            None => (self.listener)(ClipboardEvent::Private),
            Some(raw) => {
                if let Some(event) = raw.event() {
                    (self.listener)(event);
                }
            }
        }
    }

    fn put(&mut self, setting: Setting) {
        self.setting = Some(setting);
        self.tries = 0;
        self.work();
    }

    /// Another program has it open.
    fn once_more(&mut self) {
        self.tries += 1;
        if self.tries <= MAX_TRIES {
            self.later(RETRY);
            return;
        }
        self.setting = None;
        self.reading = false;
        let error = ClipboardError("another program keeps it open".to_owned());
        (self.listener)(ClipboardEvent::Failed(error));
    }

    /// What lies on the clipboard; `None`: it is secret.
    fn copied(&self, _open: &Open) -> Option<Raw> {
        let names = &self.registered;
        let mut formats = Vec::new();
        let mut format = 0;
        while formats.len() < MAX_FORMATS {
            // SAFETY: the clipboard is open.
            format = unsafe { EnumClipboardFormats(format) };
            if format == 0 {
                break;
            }
            formats.push(format);
        }
        let has = |format: u32| formats.contains(&format);
        if has(names.exclude) || has(names.ignore) {
            return None;
        }
        if has(names.history) {
            let allowed = match read(names.history, ROUNDING) {
                Read::Bytes(bytes) => bytes.iter().take(4).any(|byte| *byte != 0),
                Read::Nothing | Read::TooLarge => false,
            };
            if !allowed {
                return None;
            }
        }
        let mut raw = Raw::default();
        let mut take = |format: u32, limit: usize| {
            if !has(format) {
                return None;
            }
            match read(format, limit) {
                Read::Bytes(bytes) => Some(bytes),
                Read::Nothing => None,
                Read::TooLarge => {
                    tracing::info!(format, "clipboard content is too large to be shared");
                    raw.too_large = true;
                    None
                }
            }
        };
        let text = take(CF_UNICODETEXT.0.into(), MAX_TEXT_BYTES);
        let files = take(CF_HDROP.0.into(), MAX_FILES_BYTES);
        let html = take(names.html, MAX_HTML_BYTES);
        let rtf = take(names.rtf, MAX_CLIPBOARD_RTF + ROUNDING);
        let png = take(names.png, MAX_CLIPBOARD_IMAGE + ROUNDING)
            .or_else(|| take(names.image_png, MAX_CLIPBOARD_IMAGE + ROUNDING));
        // The first of the two is what the program put there, the other one is made of it.
        let bitmaps = [u32::from(CF_DIBV5.0), u32::from(CF_DIB.0)];
        let dib = formats
            .iter()
            .find(|format| bitmaps.contains(format))
            .filter(|_| png.is_none())
            .and_then(|format| take(*format, MAX_DIB_BYTES));
        Some(Raw { text, files, html, rtf, png, dib, ..raw })
    }
}

impl Raw {
    fn event(mut self) -> Option<ClipboardEvent> {
        let text = self.text.and_then(|bytes| read_unicode_text(&bytes));
        let files = self.files.map(|bytes| read_drop_files(&bytes)).unwrap_or_default();
        let many = !files.is_empty();
        let files = CopiedFiles::new(files);
        self.too_large |= many && files.is_none();
        let html = self.html.and_then(|bytes| read_html_format(&bytes));
        let rtf = self.rtf.map(|mut bytes| {
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            bytes.truncate(end);
            bytes
        });
        let png = self.png.map(|mut bytes| {
            trim_png(&mut bytes);
            bytes
        });
        let had_dib = self.dib.is_some();
        let png = png.or_else(|| self.dib.and_then(|bytes| dib_to_png(&bytes)));
        self.too_large |= had_dib && png.is_none();
        let mut fits = |size: usize, limit: usize| {
            self.too_large |= size > limit;
            (1..=limit).contains(&size)
        };
        let content = ClipboardContent {
            text: text.filter(|text| fits(text.len(), MAX_CLIPBOARD_TEXT)).map(Into::into),
            files,
            html: html.filter(|html| fits(html.len(), MAX_CLIPBOARD_HTML)).map(Into::into),
            rtf: rtf.filter(|rtf| fits(rtf.len(), MAX_CLIPBOARD_RTF)).map(Into::into),
            png: png.filter(|png| fits(png.len(), MAX_CLIPBOARD_IMAGE)).map(Into::into),
        };
        if !content.is_empty() {
            return Some(ClipboardEvent::Copied(content));
        }
        self.too_large.then_some(ClipboardEvent::TooLarge)
    }
}

/// Cuts what the system has put behind the end.
fn trim_png(bytes: &mut Vec<u8>) {
    const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
    // Zeros at most are behind it; an end inside the picture would be followed by more.
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    if bytes[..end].ends_with(END) {
        bytes.truncate(end);
    }
}
