//! Security descriptors from text, and back to it.

use std::ffi::c_void;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_OBJECT_TYPE,
};
use windows::Win32::Security::{
    DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR,
    SECURITY_ATTRIBUTES,
};
use windows::core::PWSTR;

use crate::win32::{CallError, Called, LocalMemory, Wide, from_pwstr};

/// A security descriptor in memory of the system.
pub(crate) struct SecurityDescriptor {
    descriptor: PSECURITY_DESCRIPTOR,
    _memory: LocalMemory,
}

impl SecurityDescriptor {
    /// From its text form, see "Security Descriptor String Format".
    pub(crate) fn parse(sddl: &str) -> Result<Self, CallError> {
        let mut descriptor = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the text ends with a zero; what is made is ours.
        unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                Wide::new(sddl).as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                None,
            )
        }
        .called("ConvertStringSecurityDescriptorToSecurityDescriptorW")?;
        Ok(Self { descriptor, _memory: LocalMemory::new(descriptor.0) })
    }

    /// For a call; lives as long as this value.
    pub(super) const fn raw(&self) -> PSECURITY_DESCRIPTOR {
        self.descriptor
    }

    /// Owner and rights of an open object. The handle needs `READ_CONTROL`.
    pub(crate) fn of(object: HANDLE, kind: SE_OBJECT_TYPE) -> Result<Self, CallError> {
        let mut descriptor = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the handle is open; what is made is ours.
        unsafe {
            GetSecurityInfo(
                object,
                kind,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                None,
                None,
                None,
                None,
                Some(&raw mut descriptor),
            )
        }
        .called("GetSecurityInfo")?;
        Ok(Self { descriptor, _memory: LocalMemory::new(descriptor.0) })
    }

    /// Owner and rights as text.
    pub(crate) fn text(&self) -> Result<String, CallError> {
        let mut text = PWSTR::null();
        // SAFETY: the descriptor is live; what is made is freed after it was copied.
        unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                self.descriptor,
                SDDL_REVISION_1,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &raw mut text,
                None,
            )
            .called("ConvertSecurityDescriptorToStringSecurityDescriptorW")?;
            let _memory = LocalMemory::new(text.0);
            Ok(from_pwstr(text).to_string_lossy().into_owned())
        }
    }

    /// For the calls that make objects; not inherited. Lives no longer than `self`.
    pub(crate) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.descriptor.0.cast::<c_void>(),
            bInheritHandle: false.into(),
        }
    }
}
