//! Opens what lies in an opened folder, by its name there: one step, which no link can
//! lead elsewhere. `NtCreateFile` (winternl.h) is the call that takes a folder's handle;
//! the Win32 ones take whole paths, which others may change under us.

use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::io::OwnedHandle;
use std::path::Path;

use gc_platform::{EntryKind, StoreError};
use windows::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows::Wdk::Storage::FileSystem::{
    FILE_CREATE, FILE_OPEN, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_IF, FILE_OPEN_REPARSE_POINT,
    FILE_SYNCHRONOUS_IO_NONALERT, FileRenameInformation, NTCREATEFILE_CREATE_DISPOSITION,
    NTCREATEFILE_CREATE_OPTIONS, NtCreateFile, NtSetInformationFile,
};
use windows::Win32::Foundation::{
    HANDLE, NTSTATUS, OBJ_CASE_INSENSITIVE, RtlNtStatusToDosError, UNICODE_STRING,
};
use windows::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CreateFileW, FILE_ACCESS_RIGHTS, FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_TAG_INFO, FILE_FLAG_BACKUP_SEMANTICS, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES,
    FILE_SHARE_DELETE, FILE_SHARE_MODE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_TRAVERSE,
    FileAttributeTagInfo, GetFileInformationByHandle, GetFileInformationByHandleEx, OPEN_EXISTING,
    SYNCHRONIZE,
};
use windows::Win32::System::IO::IO_STATUS_BLOCK;

use super::facts::{
    check_name, entry_kind, is_reparse_point, leads_elsewhere, store_error, unix_ms,
};
use crate::win32::{Wide, owned, raw};

/// Everybody else may go on with it.
pub(super) const SHARE_ALL: FILE_SHARE_MODE =
    FILE_SHARE_MODE(FILE_SHARE_READ.0 | FILE_SHARE_WRITE.0 | FILE_SHARE_DELETE.0);
/// To look into a folder and through it.
pub(super) const LOOK: FILE_ACCESS_RIGHTS =
    FILE_ACCESS_RIGHTS(FILE_LIST_DIRECTORY.0 | FILE_TRAVERSE.0 | FILE_READ_ATTRIBUTES.0);

/// How something is opened.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) access: FILE_ACCESS_RIGHTS,
    pub(super) share: FILE_SHARE_MODE,
    pub(super) when: When,
    pub(super) options: NTCREATEFILE_CREATE_OPTIONS,
}

/// Whether it has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    There,
    New,
    Either,
}

impl How {
    /// What is there, whatever it is, for these rights.
    pub(super) const fn there(access: FILE_ACCESS_RIGHTS) -> Self {
        Self {
            access,
            share: SHARE_ALL,
            when: When::There,
            options: NTCREATEFILE_CREATE_OPTIONS(0),
        }
    }
}

/// What is known of something that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) kind: EntryKind,
    pub(super) attributes: u32,
    pub(super) size: u64,
    pub(super) modified_ms: i64,
    /// Names it has.
    pub(super) names: u32,
    /// Its volume, and its number there.
    pub(super) identity: (u32, u64),
}

/// A place that was configured, not asked for by a peer: links on the way to it are
/// followed, as the user's own programs do.
pub(super) fn open_place(path: &Path) -> Result<OwnedHandle, StoreError> {
    // A drive without a separator is the program's own folder on it.
    let mut whole = path.as_os_str().to_owned();
    if whole.encode_wide().last() == Some(u16::from(b':')) {
        whole.push("\\");
    }
    // SAFETY: the path ends with a zero and lives longer than the call; the handle is
    // ours.
    unsafe {
        let opened = CreateFileW(
            Wide::new(whole).as_ptr(),
            LOOK.0,
            SHARE_ALL,
            None,
            OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS,
            None,
        )
        .map_err(|error| from_windows(&error))?;
        let opened = owned(opened);
        match facts_of(&opened)?.kind {
            EntryKind::Folder => Ok(opened),
            EntryKind::File | EntryKind::Other => Err(StoreError::NotRegular),
        }
    }
}

/// Opens a name in a folder and tells what it is. A link is opened itself, and told as
/// [`EntryKind::Other`].
pub(super) fn open_name(
    folder: &OwnedHandle,
    name: &str,
    how: How,
) -> Result<(OwnedHandle, Facts), StoreError> {
    check_name(name)?;
    let opened = create(folder, name, how, FILE_OPEN_REPARSE_POINT)?;
    let facts = facts_of(&opened)?;
    if facts.kind == EntryKind::Other || !is_reparse_point(facts.attributes) {
        return Ok((opened, facts));
    }
    // Of a cloud folder or of deduplication: only without the flag its driver gives the
    // bytes. It must be the same thing then.
    let through = create(folder, name, How { when: When::There, ..how }, no_options())?;
    let again = facts_of(&through)?;
    if again.identity != facts.identity {
        return Err(StoreError::NotRegular);
    }
    Ok((through, again))
}

/// The same, of a folder.
pub(super) fn open_folder(folder: &OwnedHandle, name: &str) -> Result<OwnedHandle, StoreError> {
    match open_name(folder, name, How::there(LOOK))? {
        (opened, Facts { kind: EntryKind::Folder, .. }) => Ok(opened),
        _ => Err(StoreError::NotRegular),
    }
}

const fn no_options() -> NTCREATEFILE_CREATE_OPTIONS {
    NTCREATEFILE_CREATE_OPTIONS(0)
}

fn create(
    folder: &OwnedHandle,
    name: &str,
    how: How,
    more: NTCREATEFILE_CREATE_OPTIONS,
) -> Result<OwnedHandle, StoreError> {
    let mut units: Vec<u16> = name.encode_utf16().collect();
    let text = counted(&mut units)?;
    let attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: raw(folder),
        ObjectName: &raw const text,
        Attributes: OBJ_CASE_INSENSITIVE,
        ..OBJECT_ATTRIBUTES::default()
    };
    let when: NTCREATEFILE_CREATE_DISPOSITION = match how.when {
        When::There => FILE_OPEN,
        When::New => FILE_CREATE,
        When::Either => FILE_OPEN_IF,
    };
    let options = how.options.0
        | more.0
        | FILE_SYNCHRONOUS_IO_NONALERT.0
        // Folders can be opened at all by this, and nothing more: nobody here has the
        // privilege of backups enabled.
        | FILE_OPEN_FOR_BACKUP_INTENT.0;
    let mut handle = HANDLE::default();
    let mut status = IO_STATUS_BLOCK::default();
    // SAFETY: every pointer is to something alive; the handle is ours.
    unsafe {
        let said = NtCreateFile(
            &raw mut handle,
            FILE_ACCESS_RIGHTS(how.access.0 | SYNCHRONIZE.0 | FILE_READ_ATTRIBUTES.0),
            &raw const attributes,
            &raw mut status,
            None,
            FILE_ATTRIBUTE_NORMAL,
            how.share,
            when,
            NTCREATEFILE_CREATE_OPTIONS(options),
            None,
            0,
        );
        judge(said)?;
        Ok(owned(handle))
    }
}

fn counted(units: &mut [u16]) -> Result<UNICODE_STRING, StoreError> {
    let bytes = u16::try_from(units.len() * 2).map_err(|_| StoreError::Name)?;
    Ok(UNICODE_STRING {
        Length: bytes,
        MaximumLength: bytes,
        Buffer: windows::core::PWSTR(units.as_mut_ptr()),
    })
}

pub(super) fn judge(status: NTSTATUS) -> Result<(), StoreError> {
    if status.is_ok() {
        return Ok(());
    }
    // SAFETY: takes a number.
    Err(store_error(unsafe { RtlNtStatusToDosError(status) }))
}

/// What Windows says of an open file or folder.
pub(super) fn facts_of(opened: &OwnedHandle) -> Result<Facts, StoreError> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: it is open; the call writes into the live structure.
    unsafe { GetFileInformationByHandle(raw(opened), &raw mut information) }
        .map_err(|error| from_windows(&error))?;
    let attributes = information.dwFileAttributes;
    let mut tag = FILE_ATTRIBUTE_TAG_INFO::default();
    if is_reparse_point(attributes) {
        // SAFETY: as above, and of this size.
        unsafe {
            GetFileInformationByHandleEx(
                raw(opened),
                FileAttributeTagInfo,
                (&raw mut tag).cast(),
                size_of_val(&tag) as u32,
            )
        }
        .map_err(|error| from_windows(&error))?;
    }
    let wide = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
    let kind = entry_kind(attributes, tag.ReparseTag);
    debug_assert!(!leads_elsewhere(attributes, tag.ReparseTag) || kind == EntryKind::Other);
    let written = information.ftLastWriteTime;
    Ok(Facts {
        kind,
        attributes,
        size: if kind == EntryKind::File {
            wide(information.nFileSizeHigh, information.nFileSizeLow)
        } else {
            0
        },
        modified_ms: unix_ms(wide(written.dwHighDateTime, written.dwLowDateTime) as i64),
        names: information.nNumberOfLinks,
        identity: (
            information.dwVolumeSerialNumber,
            wide(information.nFileIndexHigh, information.nFileIndexLow),
        ),
    })
}

/// Head of `FILE_RENAME_INFORMATION` (ntifs.h); the name follows it.
#[repr(C)]
struct RenameHead {
    replace: u32,
    folder: HANDLE,
    bytes: u32,
}

/// Where the name begins: at once after the number of its bytes.
const NAME_AT: usize = std::mem::offset_of!(RenameHead, bytes) + size_of::<u32>();

/// Gives what is open, with the right `DELETE`, a name in a folder.
pub(super) fn rename(
    opened: &OwnedHandle,
    folder: &OwnedHandle,
    name: &str,
    replace: bool,
) -> Result<(), StoreError> {
    check_name(name)?;
    let units: Vec<u16> = name.encode_utf16().collect();
    let bytes = units.len() * 2;
    // Words, so that the structure in it is aligned; no shorter than the structure.
    let mut buffer = vec![0_u64; (NAME_AT + bytes).max(size_of::<RenameHead>()).div_ceil(8)];
    let head = RenameHead {
        replace: u32::from(replace),
        folder: raw(folder),
        bytes: u32::try_from(bytes).map_err(|_| StoreError::Name)?,
    };
    let mut status = IO_STATUS_BLOCK::default();
    // SAFETY: the buffer holds the head and the name; both handles are open.
    unsafe {
        let start = buffer.as_mut_ptr();
        start.cast::<RenameHead>().write(head);
        let name = start.cast::<u8>().add(NAME_AT);
        std::ptr::copy_nonoverlapping(units.as_ptr().cast::<u8>(), name, bytes);
        judge(NtSetInformationFile(
            raw(opened),
            &raw mut status,
            start.cast(),
            (buffer.len() * 8) as u32,
            FileRenameInformation,
        ))
    }
}

pub(super) fn from_windows(error: &windows::core::Error) -> StoreError {
    let code = windows::Win32::Foundation::WIN32_ERROR::from_error(error);
    code.map_or_else(|| StoreError::Io(error.to_string()), |code| store_error(code.0))
}

pub(super) fn from_io(error: &std::io::Error) -> StoreError {
    match error.raw_os_error().and_then(|code| u32::try_from(code).ok()) {
        Some(code) => store_error(code),
        None => StoreError::Io(error.to_string()),
    }
}
