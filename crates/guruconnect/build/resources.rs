//! Icon, version and manifest of the Windows program.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::icon;

/// Windows 7, 8, 8.1, and 10 with all that came after it.
const SYSTEMS: [&str; 4] = [
    "{35138b9a-5d96-4fbd-8e2d-a2440225f93a}",
    "{4a2f28e3-53b9-4441-ba9c-d69d4a4a6e38}",
    "{1f676c76-80e1-4239-95bb-83d0f6d0da78}",
    "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}",
];

/// Builds them and has them linked in; nothing for other systems.
pub(crate) fn embed() -> Result<(), String> {
    if variable("CARGO_CFG_TARGET_OS")? != "windows" {
        return Ok(());
    }
    let folder = PathBuf::from(variable("OUT_DIR")?);
    let number = version()?;
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).map_err(|error| format!("{name}: {error}"))
    };
    write("guruconnect.ico", &icon::file())?;
    write("guruconnect.manifest", manifest(&number).as_bytes())?;
    write("guruconnect.rc", script(&number).as_bytes())?;
    let made = if variable("CARGO_CFG_TARGET_ENV")? == "msvc" {
        compile(&folder, "RC", "rc.exe", &["/nologo", "/fo"], "guruconnect.res")?
    } else {
        let arguments = ["--codepage=65001", "--output-format=coff", "--output"];
        compile(&folder, "WINDRES", "x86_64-w64-mingw32-windres", &arguments, "guruconnect.o")?
    };
    println!("cargo::rustc-link-arg-bins={}", made.display());
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    let value = env::var_os(name).and_then(|value| value.into_string().ok());
    value.ok_or_else(|| format!("{name} is not set"))
}

/// Four numbers, as Windows has them.
fn version() -> Result<[String; 4], String> {
    let part = |name: &str| variable(&format!("CARGO_PKG_VERSION_{name}"));
    Ok([part("MAJOR")?, part("MINOR")?, part("PATCH")?, "0".to_owned()])
}

/// Runs the compiler that an environment variable names, or else `usual`.
fn compile(
    folder: &Path,
    name: &str,
    usual: &str,
    arguments: &[&str],
    output: &str,
) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed={name}");
    let compiler = env::var_os(name).unwrap_or_else(|| usual.into());
    let run = Command::new(&compiler)
        .args(arguments)
        .args([output, "guruconnect.rc"])
        .current_dir(folder)
        .output();
    let compiler = compiler.to_string_lossy();
    let run = run.map_err(|error| format!("{compiler}: {error}"))?;
    if !run.status.success() {
        return Err(format!("{compiler}: {}", String::from_utf8_lossy(&run.stderr)));
    }
    Ok(folder.join(output))
}

/// Runs as whoever starts it; asks for more only where it is needed. Windows must not
/// pretend to be older, nor scale what is captured, nor draw controls of 1995.
fn manifest(number: &[String; 4]) -> String {
    let version = number.join(".");
    let systems = SYSTEMS.map(|id| format!("<supportedOS Id=\"{id}\"/>")).concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <assemblyIdentity type="win32" name="GuruConnect" version="{version}" processorArchitecture="amd64"/>
  <description>GuruConnect</description>
  <dependency><dependentAssembly><assemblyIdentity type="win32" name="Microsoft.Windows.Common-Controls" version="6.0.0.0" processorArchitecture="amd64" publicKeyToken="6595b64144ccf1df" language="*"/></dependentAssembly></dependency>
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security></trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>{systems}</application></compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
    <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
    <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2, PerMonitor</dpiAwareness>
    <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
  </windowsSettings></application>
</assembly>
"#
    )
}

/// The resource script. 24 is the type of manifests, and 1 the number of a program's.
fn script(number: &[String; 4]) -> String {
    let (commas, version) = (number.join(","), number.join("."));
    let strings = [
        ("CompanyName", "GuruConnect"),
        ("FileDescription", "GuruConnect remote support"),
        ("FileVersion", &version),
        ("InternalName", "guruconnect"),
        ("LegalCopyright", "Apache-2.0 or MIT"),
        ("OriginalFilename", "guruconnect.exe"),
        ("ProductName", "GuruConnect"),
        ("ProductVersion", &version),
    ]
    .map(|(name, value)| format!("VALUE \"{name}\", \"{value}\\0\"\n"))
    .concat();
    format!(
        r#"1 ICON "guruconnect.ico"
1 24 "guruconnect.manifest"
1 VERSIONINFO
FILEVERSION {commas}
PRODUCTVERSION {commas}
FILEFLAGSMASK 0x3FL
FILEFLAGS 0x0L
FILEOS 0x40004L
FILETYPE 0x1L
FILESUBTYPE 0x0L
BEGIN
BLOCK "StringFileInfo"
BEGIN
BLOCK "040904B0"
BEGIN
{strings}END
END
BLOCK "VarFileInfo"
BEGIN
VALUE "Translation", 0x0409, 0x04B0
END
END
"#
    )
}
