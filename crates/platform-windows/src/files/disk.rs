//! Room on the disk of an open folder. By its handle (ntifs.h): the calls that take a path
//! want one of at most 260 characters.

use std::os::windows::io::OwnedHandle;

use gc_platform::StoreError;
use windows::Wdk::Storage::FileSystem::{FileFsFullSizeInformation, NtQueryVolumeInformationFile};
use windows::Win32::System::IO::IO_STATUS_BLOCK;

use super::open::judge;
use crate::win32::raw;

/// `FILE_FS_FULL_SIZE_INFORMATION` (ntifs.h).
#[repr(C)]
#[derive(Default)]
struct FullSize {
    units: i64,
    /// Less what the user's quota has left, where there is one.
    free_for_user: i64,
    free: i64,
    sectors_in_unit: u32,
    bytes_in_sector: u32,
}

/// Bytes that this user may still write on the disk of a folder, and bytes it has in
/// all. Quotas count.
pub(super) fn free_beside(folder: &OwnedHandle) -> Result<(u64, u64), StoreError> {
    let mut size = FullSize::default();
    let mut status = IO_STATUS_BLOCK::default();
    // SAFETY: the folder is open; the call writes at most the size of the live structure.
    unsafe {
        judge(NtQueryVolumeInformationFile(
            raw(folder),
            &raw mut status,
            (&raw mut size).cast(),
            size_of_val(&size) as u32,
            FileFsFullSizeInformation,
        ))?;
    }
    let unit = u64::from(size.sectors_in_unit) * u64::from(size.bytes_in_sector);
    let bytes = |units: i64| units.max(0).unsigned_abs().saturating_mul(unit);
    Ok((bytes(size.free_for_user), bytes(size.units)))
}
