//! Facts by Win32 and the registry.

use std::ffi::c_void;
use std::mem::transmute;

use gc_platform::{Inventory, MachineFacts, ProcessorTime, UserActivity};
use windows::Win32::Foundation::{FILETIME, NTSTATUS};
use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows::Win32::System::Registry::HKEY_LOCAL_MACHINE;
use windows::Win32::System::RemoteDesktop::{
    ProcessIdToSessionId, WTS_INFO_CLASS, WTSDomainName, WTSFreeMemory,
    WTSGetActiveConsoleSessionId, WTSQuerySessionInformationW, WTSUserName,
};
use windows::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsHostname, GetComputerNameExW, GetTickCount, IMAGE_FILE_MACHINE,
    OSVERSIONINFOW,
};
use windows::Win32::System::Threading::{GetCurrentProcess, GetCurrentProcessId, GetSystemTimes};
use windows::Win32::System::WindowsProgramming::GetUserNameW;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};
use windows::core::{BOOL, PWSTR, s, w};

use super::name::{WindowsVersion, idle_since};
use crate::registry;

const CURRENT_VERSION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
/// No session (`WTSGetActiveConsoleSessionId`).
const NO_SESSION: u32 = u32::MAX;
/// The account of services has no desktop and is nobody's.
const SYSTEM: &str = "SYSTEM";
/// `WTS_CURRENT_SERVER_HANDLE` is null.
const THIS_SERVER: Option<windows::Win32::Foundation::HANDLE> = None;

/// Reads the system. Who is logged on is asked of the session that the program runs in,
/// and of the console for a service.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowsInventory;

impl Inventory for WindowsInventory {
    fn facts(&self) -> MachineFacts {
        MachineFacts {
            hostname: hostname(),
            os: "windows".to_owned(),
            os_version: version().for_people(),
            architecture: architecture().to_owned(),
        }
    }

    fn activity(&self) -> UserActivity {
        let mut info =
            LASTINPUTINFO { cbSize: size_of::<LASTINPUTINFO>() as u32, ..LASTINPUTINFO::default() };
        // SAFETY: the size says how much there is to write into.
        let known = unsafe { GetLastInputInfo(&raw mut info) }.as_bool();
        // SAFETY: takes nothing.
        let now = unsafe { GetTickCount() };
        // In the session of services nobody ever types.
        let idle = if known { idle_since(info.dwTime, now) } else { std::time::Duration::ZERO };
        UserActivity { user: user(), idle }
    }
}

/// Time of all processors since the machine was started; `None` where the system does
/// not tell.
pub fn processor_time() -> Option<ProcessorTime> {
    let (mut idle, mut kernel, mut user) =
        (FILETIME::default(), FILETIME::default(), FILETIME::default());
    // SAFETY: writes into the live values.
    unsafe {
        GetSystemTimes(Some(&raw mut idle), Some(&raw mut kernel), Some(&raw mut user)).ok()?;
    }
    let ticks =
        |time: FILETIME| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    // What the kernel has used includes the time without work.
    let total = ticks(kernel) + ticks(user);
    Some(ProcessorTime { busy: total.saturating_sub(ticks(idle)), total })
}

fn hostname() -> String {
    let mut units = [0_u16; 256];
    let mut length = units.len() as u32;
    // SAFETY: the length says how many units there is room for.
    let read = unsafe {
        let into = Some(PWSTR(units.as_mut_ptr()));
        GetComputerNameExW(ComputerNamePhysicalDnsHostname, into, &raw mut length)
    };
    if read.is_err() {
        return String::new();
    }
    String::from_utf16_lossy(&units[..(length as usize).min(units.len())])
}

fn version() -> WindowsVersion {
    // A value that cannot be read is one that is not there: an inventory has gaps.
    let text = |name| registry::text(HKEY_LOCAL_MACHINE, CURRENT_VERSION, name).ok().flatten();
    let running = running_version();
    let (number, service_pack) = running.unwrap_or_default();
    let release = text("DisplayVersion").or_else(|| text("ReleaseId")).unwrap_or_default();
    WindowsVersion {
        product: text("ProductName").unwrap_or_default(),
        release,
        service_pack,
        number,
        revision: registry::number(HKEY_LOCAL_MACHINE, CURRENT_VERSION, "UBR")
            .ok()
            .flatten()
            .unwrap_or_default(),
    }
}

/// Version and service pack, whatever the manifest of the program says; `GetVersionEx`
/// tells programs what their manifest names.
fn running_version() -> Option<((u32, u32, u32), String)> {
    type RtlGetVersion = unsafe extern "system" fn(*mut OSVERSIONINFOW) -> NTSTATUS;
    let mut info = OSVERSIONINFOW {
        dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32,
        ..OSVERSIONINFOW::default()
    };
    // SAFETY: ntdll is in every process; the function has this signature (wdm.h), and
    // the size says how much there is to write into.
    let status = unsafe {
        let library = GetModuleHandleW(w!("ntdll.dll")).ok()?;
        let function = GetProcAddress(library, s!("RtlGetVersion"))?;
        let function: RtlGetVersion = transmute(function);
        function(&raw mut info)
    };
    if status.is_err() {
        return None;
    }
    let pack: Vec<u16> = info.szCSDVersion.iter().copied().take_while(|unit| *unit != 0).collect();
    let number = (info.dwMajorVersion, info.dwMinorVersion, info.dwBuildNumber);
    Some((number, String::from_utf16_lossy(&pack)))
}

/// Of the machine, not of this program, which may be emulated.
fn architecture() -> &'static str {
    type IsWow64Process2 = unsafe extern "system" fn(
        windows::Win32::Foundation::HANDLE,
        *mut IMAGE_FILE_MACHINE,
        *mut IMAGE_FILE_MACHINE,
    ) -> BOOL;
    /// `IMAGE_FILE_MACHINE_ARM64` and `…_AMD64` (winnt.h).
    const ARM64: u16 = 0xAA64;
    const AMD64: u16 = 0x8664;
    let (mut process, mut native) = (IMAGE_FILE_MACHINE::default(), IMAGE_FILE_MACHINE::default());
    // SAFETY: kernel32 is in every process; the function, where it is there (Windows 10),
    // has this signature (wow64apiset.h), and writes into the live values.
    let told = unsafe {
        GetModuleHandleW(w!("kernel32.dll"))
            .ok()
            .and_then(|library| GetProcAddress(library, s!("IsWow64Process2")))
            .is_some_and(|function| {
                let function: IsWow64Process2 = transmute(function);
                function(GetCurrentProcess(), &raw mut process, &raw mut native).as_bool()
            })
    };
    match native.0 {
        ARM64 if told => "aarch64",
        AMD64 if told => "x86_64",
        _ => std::env::consts::ARCH,
    }
}

/// Who is logged on: "DOMAIN\user", or the name alone where the domain is the machine.
fn user() -> String {
    let mut session = 0;
    // SAFETY: writes into the live number.
    let own = unsafe { ProcessIdToSessionId(GetCurrentProcessId(), &raw mut session) };
    if own.is_err() || session == 0 {
        // SAFETY: takes nothing.
        session = unsafe { WTSGetActiveConsoleSessionId() };
    }
    if session == NO_SESSION {
        return String::new();
    }
    let name = session_text(session, WTSUserName).unwrap_or_default();
    if name.is_empty() {
        return own_user();
    }
    let domain = session_text(session, WTSDomainName).unwrap_or_default();
    if domain.is_empty() || domain.eq_ignore_ascii_case(&hostname()) {
        name
    } else {
        format!(r"{domain}\{name}")
    }
}

fn session_text(session: u32, what: WTS_INFO_CLASS) -> Option<String> {
    let mut text = PWSTR::null();
    let mut bytes = 0;
    // SAFETY: the system gives a text that ends with a zero, which is freed once.
    unsafe {
        WTSQuerySessionInformationW(THIS_SERVER, session, what, &raw mut text, &raw mut bytes)
            .ok()?;
        if text.is_null() {
            return None;
        }
        let read = String::from_utf16_lossy(text.as_wide());
        WTSFreeMemory(text.0.cast::<c_void>());
        Some(read)
    }
}

/// Who runs this program, where that is a person.
fn own_user() -> String {
    let mut units = [0_u16; 257];
    let mut length = units.len() as u32;
    // SAFETY: the length says how many units there is room for.
    if unsafe { GetUserNameW(Some(PWSTR(units.as_mut_ptr())), &raw mut length) }.is_err() {
        return String::new();
    }
    let name: Vec<u16> = units.iter().copied().take_while(|unit| *unit != 0).collect();
    let name = String::from_utf16_lossy(&name);
    if name == SYSTEM { String::new() } else { name }
}
