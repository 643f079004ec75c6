//! Lists of files as file managers write them: `text/uri-list` (RFC 2483, file URIs of
//! RFC 8089), and `x-special/gnome-copied-files`, which is a word and the same URIs.

use gc_platform::CopiedFiles;
use gc_proto::v2::FilePath;

/// How paths call the root of this machine.
const ROOT: &str = "/";
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Files of this machine, in the order of the list. What is elsewhere, or has a name that
/// is no text, is left out. What was cut counts as copied: it stays where it is.
pub(crate) fn read_files(bytes: &[u8], host: &str) -> Vec<FilePath> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.trim_end_matches('\0').lines().map(str::trim);
    lines.filter_map(|line| read_uri(line, host)).collect()
}

/// One file URI of this host. Comments, `copy` and `cut`, and other schemes are none.
fn read_uri(uri: &str, host: &str) -> Option<FilePath> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let way = match rest.strip_prefix("//") {
        Some(rest) => {
            let at = rest.find('/')?;
            let (authority, way) = rest.split_at(at);
            let here = ["", "localhost", host];
            here.iter().any(|name| name.eq_ignore_ascii_case(authority)).then_some(way)?
        }
        // Some programs write no empty host.
        None => rest.strip_prefix('/').map(|_| rest)?,
    };
    let way = decoded(way)?;
    let parts: Vec<String> =
        way.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let plain = |part: &String| part != "." && part != ".." && !part.contains('\0');
    let found = !parts.is_empty() && parts.iter().all(plain);
    found.then(|| FilePath { place: ROOT.to_owned(), parts })
}

fn decoded(way: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(way.len());
    let mut rest = way.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        if byte == b'%' {
            let value = digit(rest.next())? << 4 | digit(rest.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Paths that programs of this machine could open.
fn ways(files: &CopiedFiles) -> impl Iterator<Item = String> + '_ {
    let own = files.paths().iter().filter(|path| path.place == ROOT && !path.parts.is_empty());
    own.map(|path| format!("/{}", path.parts.join("/")))
}

fn uri(way: &str) -> String {
    let mut uri = String::from("file://");
    for byte in way.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from(HEX[usize::from(value)]);
            uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri
}

/// As `text/uri-list`.
pub(crate) fn write_uri_list(files: &CopiedFiles) -> String {
    ways(files).flat_map(|way| [uri(&way), "\r\n".to_owned()]).collect()
}

/// As `x-special/gnome-copied-files`.
pub(super) fn write_gnome_files(files: &CopiedFiles) -> String {
    std::iter::once("copy".to_owned())
        .chain(ways(files).map(|way| uri(&way)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// As a text, for programs that know no files.
pub(super) fn write_ways(files: &CopiedFiles) -> String {
    ways(files).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let files = read_files(text.as_bytes(), "desk");
        files.iter().map(|path| format!("{}{}", path.place, path.parts.join("/"))).collect()
    }

    #[test]
    fn only_files_of_this_machine_are_read() {
        assert_eq!(
            read("# a comment\r\nfile:///home/a/b%20c.txt\r\nFILE://localhost/x/\r\n"),
            ["/home/a/b c.txt", "/x"]
        );
        assert_eq!(read("file://DESK/a\nfile:/b//c\n"), ["/a", "/b/c"]);
        for none in [
            "file://other/a",
            "http://desk/a",
            "https:///a",
            "smb:///a",
            "trash:///a",
            "file:a",
            "file://",
            "file:///",
            "file:///a/../b",
            "file:///a/%2E%2E/b",
            "file:///a/%2e",
            "file:///a%00b",
            "file:///a%",
            "file:///a%4",
            "file:///a%zz",
            "file:///%FF",
            "/etc/passwd",
            "copy",
            "",
        ] {
            assert!(read(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn cut_is_copy_and_what_is_written_is_read() {
        assert_eq!(read("cut\nfile:///a"), ["/a"]);
        let path = |place: &str, parts: &[&str]| FilePath {
            place: place.into(),
            parts: parts.iter().map(|part| (*part).into()).collect(),
        };
        let files = CopiedFiles::new(vec![
            path("/", &["tmp", "grüße 100%#?.txt"]),
            path("C:", &["not here"]),
            path("/", &["b"]),
        ])
        .unwrap();
        assert_eq!(
            write_gnome_files(&files),
            "copy\nfile:///tmp/gr%C3%BC%C3%9Fe%20100%25%23%3F.txt\nfile:///b"
        );
        assert_eq!(write_ways(&files), "/tmp/grüße 100%#?.txt\n/b");
        for written in [write_gnome_files(&files), write_uri_list(&files)] {
            assert_eq!(read(&written), ["/tmp/grüße 100%#?.txt", "/b"]);
        }
    }
}
