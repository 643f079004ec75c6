//! Names of files are hostile. What a peer calls a file becomes a name that means
//! the same, one plain file in one folder, on Windows, Linux and macOS alike; or it
//! is refused.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_normalization::UnicodeNormalization;

/// Bytes of one name: what ext4, XFS and NTFS all take.
pub const MAX_COMPONENT: usize = 255;
/// Bytes of a whole relative path.
pub const MAX_PATH: usize = 2_048;
/// Folders within folders.
pub const MAX_DEPTH: usize = 64;
/// Received bytes wait under a name of this beginning until their hash agrees.
pub const PARTIAL_PREFIX: &str = ".gc-part-";

/// Why a name or path is refused. Nothing can be made of it that its sender could
/// have meant honestly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing is left of it.
    #[error("a name is empty")]
    Empty,
    /// `.`, `..`, or something that some system reads as one of them.
    #[error("a name leads out of its folder")]
    Traversal,
    /// Starts at a root, a drive or a server.
    #[error("the path is not relative")]
    Absolute,
    /// Holds a separator of some system, or one that is taken for one.
    #[error("a name holds a separator")]
    Separator,
    /// Holds a zero character.
    #[error("a name holds a zero")]
    Zero,
    /// More than [`MAX_COMPONENT`] bytes.
    #[error("a name is too long")]
    TooLong,
    /// More than [`MAX_DEPTH`] parts or [`MAX_PATH`] bytes.
    #[error("the path is too deep or too long")]
    TooDeep,
    /// A name that the transfer itself uses.
    #[error("a name is reserved for unfinished files")]
    Partial,
}

/// Splits what a peer sent as a relative path and makes each name portable.
pub fn portable_path(path: &str) -> Result<Vec<String>, NameFault> {
    if path.len() > MAX_PATH {
        return Err(NameFault::TooDeep);
    }
    if path.is_empty() {
        return Err(NameFault::Empty);
    }
    let drive = path.as_bytes().get(1) == Some(&b':')
        && path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && matches!(path.as_bytes().get(2), None | Some(b'/' | b'\\'));
    if path.starts_with(['/', '\\']) || drive {
        return Err(NameFault::Absolute);
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        if parts.len() == MAX_DEPTH {
            return Err(NameFault::TooDeep);
        }
        parts.push(portable_name(part)?.into_owned());
    }
    Ok(parts)
}

/// One name, made portable: what Windows reserves or cuts off is replaced by `_`,
/// and so is what hides the true name from a reader. What is a way and no name is
/// refused. A portable name stays as it is.
pub fn portable_name(name: &str) -> Result<Cow<'_, str>, NameFault> {
    check_existing(name)?;
    let mut out = String::with_capacity(name.len() + 1);
    for c in name.chars() {
        match c {
            '/' | '\\' => return Err(NameFault::Separator),
            // Compatibility forms that some system turns into a separator, a dot, ...
            c if folds_to_structure(c) => out.push('_'),
            ':' | '*' | '?' | '"' | '<' | '>' | '|' => out.push('_'),
            c if c.is_control() || is_invisible(c) => out.push('_'),
            c => out.push(c),
        }
    }
    // Windows drops these at the end, so that two names would be one.
    let kept = out.trim_end_matches(['.', ' ']).len();
    if kept == 0 {
        return Err(if out.contains('.') { NameFault::Traversal } else { NameFault::Empty });
    }
    if kept < out.len() {
        out.truncate(kept);
        out.push('_');
    }
    if is_short_alias(&out) {
        out = out.replace('~', "_");
    }
    if is_reserved(&out) {
        out.insert(0, '_');
    }
    if out.len() > MAX_COMPONENT {
        return Err(NameFault::TooLong);
    }
    if fold_case(&out).starts_with(PARTIAL_PREFIX) {
        return Err(NameFault::Partial);
    }
    Ok(if out == name { Cow::Borrowed(name) } else { Cow::Owned(out) })
}

/// What even the name of something that exists must keep to, to be one part of a
/// path: files are read by the names that they have.
pub fn check_existing(name: &str) -> Result<(), NameFault> {
    match name {
        "" => Err(NameFault::Empty),
        "." | ".." => Err(NameFault::Traversal),
        _ if name.contains('\0') => Err(NameFault::Zero),
        _ if name.contains('/') => Err(NameFault::Separator),
        _ if name.len() > MAX_COMPONENT * 3 => Err(NameFault::TooLong),
        _ => Ok(()),
    }
}

/// Equal for names that some system takes for the same file.
pub fn fold_case(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// A short form of [`fold_case`] of a whole path, for sets of many.
pub(crate) fn folded_hash(parts: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        fold_case(part).hash(&mut hasher);
    }
    hasher.finish()
}

/// `report.txt` becomes `report (2).txt`; `number` is from 2 on.
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    };
    let suffix = format!(" ({number}){extension}");
    let mut end = stem.len().min(MAX_COMPONENT.saturating_sub(suffix.len()));
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &stem[..end])
}

/// Lower-case extension without the dot, as the rules of a server name it.
pub fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| fold_case(extension))
}

/// Characters that change how a name reads, or that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFF}' | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}'
        | '\u{F0000}'..='\u{10FFFF}')
}

/// Full-width forms, leaders and the like: best-fit tables and normalisation turn
/// them into a separator or a dot.
fn folds_to_structure(c: char) -> bool {
    // An ellipsis is three dots: no way to anywhere, and common in titles.
    !c.is_ascii()
        && c != '\u{2026}'
        && (matches!(
            c,
            '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{29F5}' | '\u{29F8}' | '\u{29F9}'
        ) || std::iter::once(c).nfkc().any(|folded| matches!(folded, '/' | '\\' | '.')))
}

/// Names that Windows, or NTFS, keeps for itself, with any extension.
fn is_reserved(name: &str) -> bool {
    let folded = fold_case(name);
    // `NUL .txt` is NUL as well.
    let stem = folded.split('.').next().unwrap_or_default().trim_end();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock$")
        || numbered("com")
        || numbered("lpt")
        || matches!(
            folded.as_str(),
            "$mft"
                | "$mftmirr"
                | "$logfile"
                | "$volume"
                | "$attrdef"
                | "$bitmap"
                | "$boot"
                | "$badclus"
                | "$secure"
                | "$upcase"
                | "$extend"
                | "$recycle.bin"
                | "desktop.ini"
                | "autorun.inf"
                | "thumbs.db"
        )
}

/// `PROGRA~1`: on Windows it may be the second name of something else.
fn is_short_alias(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let Some((before, digits)) = stem.rsplit_once('~') else { return false };
    name.is_ascii()
        && stem.len() <= 8
        && extension.len() <= 3
        && !extension.contains('.')
        && !before.is_empty()
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
