//! Ways from a drive, as programs of this machine write them, and as paths do.

use gc_platform::StorePath;

use super::check_name;

/// `C:\a\b`, `\\?\C:\a\b` and `c:/a/b` become the place `C:` and the parts `a` and `b`.
/// `None` for the drive itself and for what is on no drive: shares, devices, ways that
/// depend on a current folder or lead up.
pub fn from_drive(way: &str) -> Option<StorePath> {
    let way = way.strip_prefix(r"\\?\").unwrap_or(way);
    let mut start = way.chars();
    let letter = start.next().filter(char::is_ascii_alphabetic)?;
    let rest = start.as_str().strip_prefix(':')?;
    let rest = rest.strip_prefix(['\\', '/'])?;
    let parts: Vec<String> =
        rest.split(['\\', '/']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let plain = !parts.is_empty() && parts.iter().all(|part| check_name(part).is_ok());
    plain.then(|| StorePath { place: format!("{}:", letter.to_ascii_uppercase()), parts })
}

/// The way back; `None` for what is on no drive.
pub fn on_drive(path: &StorePath) -> Option<String> {
    let [letter, b':'] = path.place.as_bytes() else { return None };
    let fits = letter.is_ascii_alphabetic()
        && !path.parts.is_empty()
        && path.parts.iter().all(|part| check_name(part).is_ok());
    fits.then(|| format!("{}\\{}", path.place, path.parts.join("\\")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ways_from_a_drive_are_ways() {
        let path = StorePath::new("C:", "Users/ada/grüße 1.txt");
        assert_eq!(from_drive(r"c:\Users\ada\grüße 1.txt"), Some(path.clone()));
        assert_eq!(from_drive(r"\\?\C:\Users\ada\grüße 1.txt\"), Some(path.clone()));
        assert_eq!(from_drive("C:/Users//ada/grüße 1.txt"), Some(path.clone()));
        assert_eq!(on_drive(&path).as_deref(), Some(r"C:\Users\ada\grüße 1.txt"));
        for none in [
            "",
            "C:",
            r"C:\",
            r"C:a",
            r"\a",
            r"\\server\share\a",
            r"\\?\UNC\server\share\a",
            r"\\.\pipe\x",
            r"\\?\Volume{1}\a",
            r"C:\a\..\b",
            r"C:\a:stream",
            r"C:\a*",
            "1:\\a",
        ] {
            assert_eq!(from_drive(none), None, "{none}");
        }
        for (place, way) in [("/", "a"), ("home", "a"), ("C:", ""), ("C:", "a/b:c"), ("CC:", "a")] {
            assert_eq!(on_drive(&StorePath::new(place, way)), None, "{place} {way}");
        }
        let up = StorePath { place: "C:".into(), parts: vec!["..".into()] };
        assert_eq!(on_drive(&up), None);
    }
}
