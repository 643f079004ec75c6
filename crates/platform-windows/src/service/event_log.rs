//! The event log of Windows: the few words that an administrator looks for there.

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    REPORT_EVENT_TYPE, RegisterEventSourceW, ReportEventW,
};
use windows::core::PCWSTR;

use crate::win32::{CallError, Called, RegistryKey, Wide};

const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// Part of every Windows; its messages 1 to 1000 are what is written, and nothing else.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";
/// Errors, warnings and information (winnt.h).
const ALL_TYPES: u32 = 7;
/// Longest text of an event, in characters; Windows takes a little less than 32 KiB.
const LONGEST: usize = 15_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It does not do what it is for.
    Error,
    /// It goes on, and somebody should look.
    Warning,
    /// All is well.
    Information,
}

impl Severity {
    const fn kind(self) -> REPORT_EVENT_TYPE {
        match self {
            Self::Error => EVENTLOG_ERROR_TYPE,
            Self::Warning => EVENTLOG_WARNING_TYPE,
            Self::Information => EVENTLOG_INFORMATION_TYPE,
        }
    }
}

/// A source of events, open.
pub struct EventLog(HANDLE);

// SAFETY: an event source belongs to the process, not to a thread.
unsafe impl Send for EventLog {}
// SAFETY: `ReportEventW` may be called by any thread at any time.
unsafe impl Sync for EventLog {}

impl EventLog {
    /// Makes a source known, so that the event viewer has texts for it.
    pub(crate) fn install(source: &str) -> Result<(), CallError> {
        let key = RegistryKey::create(&format!(r"{SOURCES}\{source}"))?;
        key.set_template("EventMessageFile", MESSAGES)?;
        key.set_number("TypesSupported", ALL_TYPES)
    }

    /// Makes it unknown again.
    pub(crate) fn uninstall(source: &str) -> Result<(), CallError> {
        RegistryKey::remove_tree(SOURCES, source)
    }

    /// Opens a source.
    pub fn open(source: &str) -> Result<Self, CallError> {
        // SAFETY: the text ends with a zero; the handle is ours.
        unsafe { RegisterEventSourceW(PCWSTR::null(), Wide::new(source).as_ptr()) }
            .called("RegisterEventSourceW")
            .map(Self)
    }

    /// Writes an event; `id` is 1 to 1000.
    pub fn write(&self, severity: Severity, id: u16, text: &str) -> Result<(), CallError> {
        let text = Wide::new(text.chars().take(LONGEST).collect::<String>());
        let texts = [text.as_ptr()];
        // SAFETY: the text ends with a zero and lives longer than the call.
        unsafe { ReportEventW(self.0, severity.kind(), 0, id.into(), None, 0, Some(&texts), None) }
            .called("ReportEventW")
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        // SAFETY: ours, and not used after this. It fails for no open source.
        let _ = unsafe { DeregisterEventSource(self.0) };
    }
}
