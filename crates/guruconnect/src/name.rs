//! What the program's file name says: which server it came from, and for which session.
//!
//! A download is the same bytes for everybody, so that its signature holds; what is
//! particular to it is its name: `guruconnect@support.example.com.exe`, with a port
//! `guruconnect@support.example.com,8443.exe`, with a code
//! `guruconnect-ABC-DEF-GHJ@support.example.com.exe`. Browsers add ` (1)`.

use std::path::Path;

use gc_types::SupportCode;
use url::Url;

const PRODUCT: &str = "guruconnect";

/// Server and session of a download.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// `https://…`
    pub(crate) server: String,
    /// Where the name has one.
    pub(crate) code: Option<SupportCode>,
}

impl Name {
    /// `None` for a name without a server.
    pub(crate) fn of(program: &Path) -> Option<Self> {
        let name = program.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".exe").unwrap_or(&name);
        let (product, server) = name.split_once('@')?;
        // What browsers and copies add: no host has any of these.
        let server = server.split([' ', '(']).next()?;
        let address = format!("https://{}", server.replacen(',', ":", 1));
        let url: Url = address.parse().ok()?;
        let host = url.host_str()?;
        // An address takes more than a host has.
        if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
            return None;
        }
        let plain = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // Nothing but host and port, and those as they were written.
        if address != format!("https://{plain}") {
            return None;
        }
        let code = match product.strip_prefix(PRODUCT)? {
            "" => None,
            code => Some(code.strip_prefix('-')?.parse().ok()?),
        };
        Some(Self { server: address, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<(String, Option<String>)> {
        let name = Name::of(Path::new(name))?;
        Some((name.server, name.code.map(|code| code.to_string())))
    }

    #[test]
    fn a_download_knows_where_it_came_from() {
        let example = || Some(("https://support.example.com".to_owned(), None));
        assert_eq!(of("/tmp/guruconnect@support.example.com.exe"), example());
        assert_eq!(of("GuruConnect@Support.Example.com.EXE"), example());
        assert_eq!(of("guruconnect@support.example.com (2).exe"), example());
        assert_eq!(of("guruconnect@support.example.com(2).exe"), example());
        assert_eq!(of("guruconnect@support.example.com - Copy.exe"), example());
        let port = Some(("https://a.example:8443".to_owned(), None));
        assert_eq!(of("guruconnect@a.example,8443.exe"), port);
        let code = Some(("https://a.example".to_owned(), Some("ABC-DEF-GHJ".to_owned())));
        assert_eq!(of("guruconnect-ABC-DEF-GHJ@a.example.exe"), code);
        assert_eq!(of("guruconnect-abcdefghj@a.example (1).exe"), code);
    }

    #[test]
    fn what_is_no_such_name_says_nothing() {
        for name in [
            "guruconnect.exe",
            "guruconnect@.exe",
            "setup@a.example.exe",
            "guruconnectx@a.example.exe",
            "guruconnect-ABC@a.example.exe",
            "guruconnect-@a.example.exe",
            "guruconnect@a@b.example.exe",
            "guruconnect@a.example,8443,1.exe",
            "guruconnect@a.example,99999.exe",
            "guruconnect@a.example#x.exe",
            "guruconnect@a.example;x.exe",
            "guruconnect@a%2eexample.exe",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
