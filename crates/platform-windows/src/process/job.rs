//! Ends the workers with the service, however that ends.

use std::os::windows::io::OwnedHandle;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows::core::PCWSTR;

use crate::win32::{CallError, Called, owned, raw};

/// A job whose processes end when this is dropped, and with this process in any case:
/// Windows closes the one handle to it then.
pub(super) struct Job(OwnedHandle);

impl Job {
    pub(super) fn new() -> Result<Self, CallError> {
        // SAFETY: no pointers but null; the handle is ours.
        let job =
            unsafe { owned(CreateJobObjectW(None, PCWSTR::null()).called("CreateJobObjectW")?) };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        // A worker that crashes ends, and does not wait for somebody to close a dialog.
        limits.BasicLimitInformation.LimitFlags =
            JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        // SAFETY: the structure is what the class asks for.
        unsafe {
            SetInformationJobObject(
                raw(&job),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        }
        .called("SetInformationJobObject")?;
        Ok(Self(job))
    }

    pub(super) fn take(&self, process: HANDLE) -> Result<(), CallError> {
        // SAFETY: both handles are open.
        unsafe { AssignProcessToJobObject(raw(&self.0), process) }
            .called("AssignProcessToJobObject")
    }
}
