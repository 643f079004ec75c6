//! A process that other programs of its user leave alone.

use windows::Win32::Security::{DACL_SECURITY_INFORMATION, SetKernelObjectSecurity};
use windows::Win32::System::Threading::GetCurrentProcess;

use super::SecurityDescriptor;
use crate::win32::{CallError, Called};

/// SYSTEM and administrators may do anything. The owner (S-1-3-4), who could else give
/// themselves any right, may end the process, wait for it and ask what it is.
const SHUT: &str = "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x00101001;;;S-1-3-4)";

/// From here on no program of the same user that is not elevated can open this process to
/// read or write its memory, or to start threads in it. Who has it open already keeps that.
pub(crate) fn shut_this_process() -> Result<(), CallError> {
    let descriptor = SecurityDescriptor::parse(SHUT)?;
    // SAFETY: the descriptor lives longer than the call.
    unsafe {
        SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, descriptor.raw())
    }
    .called("SetKernelObjectSecurity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::win32::{open_process, raw};

    #[test]
    fn a_process_that_is_shut_is_open_to_administrators() {
        shut_this_process().unwrap();
        let process = open_process(std::process::id()).unwrap();
        assert!(!raw(&process).is_invalid());
    }
}
