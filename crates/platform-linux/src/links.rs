//! Which program answers links that begin with `guruconnect://`: a desktop entry of the
//! user's, and their choice of it in `mimeapps.list` (XDG desktop entries 1.5, MIME
//! applications 1.0).

use std::io;
use std::path::{Path, PathBuf};

use gc_types::LAUNCH_SCHEME;

const ENTRY: &str = "guruconnect-viewer.desktop";
const CHOICES: &str = "mimeapps.list";
const DEFAULTS: &str = "[Default Applications]";
const SERVER: &str = "X-GuruConnect-Server";
const CA_FILE: &str = "X-GuruConnect-CaFile";

/// Why the registration cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum LinkHandlerError {
    /// A path or an address cannot stand in a desktop entry.
    #[error("{0} cannot be named in a desktop entry")]
    Name(String),
    /// There is no home folder to write to.
    #[error("there is no home folder")]
    NoHome,
    /// A file cannot be read or written.
    #[error("{path} cannot be changed")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where links lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// Address of the server's console.
    pub server: String,
    /// Certificates that are trusted too.
    pub ca_file: Option<PathBuf>,
}

/// The user's desktop entry and choices.
#[derive(Debug)]
pub struct LinkHandler {
    entry: PathBuf,
    choices: PathBuf,
}

impl LinkHandler {
    /// That of a user, by the variables of the same name.
    pub fn of_user(
        home: Option<&str>,
        xdg_data_home: Option<&str>,
        xdg_config_home: Option<&str>,
    ) -> Result<Self, LinkHandlerError> {
        let folder = |given: Option<&str>, below: &str| {
            // Relative ones are to be ignored.
            let given = given.map(Path::new).filter(|path| path.is_absolute());
            let home = home.map(Path::new).filter(|path| path.is_absolute());
            given
                .map(Path::to_path_buf)
                .or_else(|| home.map(|home| home.join(below)))
                .ok_or(LinkHandlerError::NoHome)
        };
        Ok(Self {
            entry: folder(xdg_data_home, ".local/share")?.join("applications").join(ENTRY),
            choices: folder(xdg_config_home, ".config")?.join(CHOICES),
        })
    }

    /// Lets `program` answer links, instead of whoever did before.
    pub fn register(&self, program: &Path, target: &LinkTarget) -> Result<(), LinkHandlerError> {
        let program = named(program)?;
        if program.contains(['"', '`', '$', '\\', '%']) || !Path::new(program).is_absolute() {
            return Err(LinkHandlerError::Name(program.to_owned()));
        }
        let mut entry = format!(
            "[Desktop Entry]\nType=Application\nName=GuruConnect viewer\nComment=Opens remote \
             sessions from the console\nExec=\"{program}\" launch %u\nTerminal=false\n\
             NoDisplay=true\nMimeType={};\n{SERVER}={}\n",
            scheme(),
            plain(&target.server)?
        );
        if let Some(file) = &target.ca_file {
            entry.extend([CA_FILE, "=", named(file)?, "\n"]);
        }
        write(&self.entry, &entry)?;
        let chosen = choose(&read(&self.choices)?.unwrap_or_default());
        write(&self.choices, &chosen)
    }

    /// Where links lead; `None` where nothing is registered.
    pub fn target(&self) -> Result<Option<LinkTarget>, LinkHandlerError> {
        let Some(entry) = read(&self.entry)? else { return Ok(None) };
        let value = |name: &str| {
            let mut lines = entry.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        };
        let ca_file = value(CA_FILE).map(PathBuf::from);
        Ok(value(SERVER).map(|server| LinkTarget { server: server.to_owned(), ca_file }))
    }

    /// Takes the registration away; whether there was one.
    pub fn unregister(&self) -> Result<bool, LinkHandlerError> {
        if let Some(choices) = read(&self.choices)? {
            let left = without_ours(&choices);
            if left != choices {
                write(&self.choices, &left)?;
            }
        }
        match std::fs::remove_file(&self.entry) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(LinkHandlerError::File { path: self.entry.clone(), source }),
        }
    }
}

fn scheme() -> String {
    format!("x-scheme-handler/{LAUNCH_SCHEME}")
}

fn named(path: &Path) -> Result<&str, LinkHandlerError> {
    let text = path.to_str();
    plain(text.ok_or_else(|| LinkHandlerError::Name(path.display().to_string()))?)
}

/// A value of one line, which reads back as it is written.
fn plain(text: &str) -> Result<&str, LinkHandlerError> {
    if text.contains('\\') || text.trim() != text || text.chars().any(char::is_control) {
        return Err(LinkHandlerError::Name(text.to_owned()));
    }
    Ok(text)
}

/// The user's choices with ours for the scheme, and everything else as it was.
fn choose(choices: &str) -> String {
    let line = format!("{}={ENTRY};", scheme());
    let mut lines: Vec<&str> = Vec::new();
    let (mut inside, mut done) = (false, false);
    for one in choices.lines() {
        if one.starts_with('[') {
            inside = one.trim_end() == DEFAULTS;
        } else if inside && is_scheme(one) {
            continue;
        }
        lines.push(one);
        if inside && !done {
            lines.push(&line);
            done = true;
        }
    }
    if !done {
        lines.extend([DEFAULTS, &line]);
    }
    lines.join("\n") + "\n"
}

fn without_ours(choices: &str) -> String {
    let ours = |line: &&str| is_scheme(line) && line.contains(ENTRY);
    choices.split_inclusive('\n').filter(|line| !ours(line)).collect()
}

fn is_scheme(line: &str) -> bool {
    line.split_once('=').is_some_and(|(kind, _)| kind.trim() == scheme())
}

fn read(path: &Path) -> Result<Option<String>, LinkHandlerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LinkHandlerError::File { path: path.to_path_buf(), source }),
    }
}

/// Whole or not at all: other programs read these files at any time. What `path` is a
/// link to is replaced, as people keep their settings elsewhere and link to them.
fn write(path: &Path, text: &str) -> Result<(), LinkHandlerError> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let attempt = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = path.with_added_extension("new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, path)
    };
    attempt().map_err(|source| LinkHandlerError::File { path: path.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(folder: &Path) -> LinkHandler {
        LinkHandler::of_user(folder.to_str(), None, Some("relative")).unwrap()
    }

    fn target(ca_file: Option<&str>) -> LinkTarget {
        LinkTarget {
            server: "https://support.example.com/".to_owned(),
            ca_file: ca_file.map(PathBuf::from),
        }
    }

    #[test]
    fn it_is_registered_read_back_and_removed_with_all_else_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let handler = handler(folder.path());
        assert_eq!(handler.target().unwrap(), None);
        assert!(!handler.unregister().unwrap());
        let choices = folder.path().join(".config").join(CHOICES);
        std::fs::create_dir_all(choices.parent().unwrap()).unwrap();
        let before = "[Added Associations]\ntext/plain=a.desktop;\n\n[Default Applications]\n\
                      text/html=b.desktop\n";
        std::fs::write(&choices, before).unwrap();
        for ca_file in [None, Some("/etc/ssl/ä b.pem")] {
            for _ in 0..2 {
                handler.register(Path::new("/opt/gc 1/guruconnect"), &target(ca_file)).unwrap();
            }
            assert_eq!(handler.target().unwrap(), Some(target(ca_file)));
        }
        let entry = std::fs::read_to_string(&handler.entry).unwrap();
        assert!(entry.contains("Exec=\"/opt/gc 1/guruconnect\" launch %u\n"), "{entry}");
        assert!(entry.contains("MimeType=x-scheme-handler/guruconnect;\n"), "{entry}");
        let chosen = std::fs::read_to_string(&choices).unwrap();
        assert_eq!(chosen.matches("x-scheme-handler/guruconnect").count(), 1, "{chosen}");
        assert!(handler.unregister().unwrap());
        assert_eq!(std::fs::read_to_string(&choices).unwrap(), before);
        assert!(!handler.entry.exists());
    }

    #[test]
    fn another_programs_choice_is_replaced_and_left_when_ours_goes() {
        let other = "[Default Applications]\nx-scheme-handler/guruconnect=other.desktop\n";
        let chosen = choose(other);
        assert!(chosen.contains(ENTRY) && !chosen.contains("other.desktop"), "{chosen}");
        assert_eq!(without_ours(other), other);
        assert_eq!(choose(""), format!("{DEFAULTS}\n{}={ENTRY};\n", scheme()));
        assert_eq!(without_ours(&choose("")), format!("{DEFAULTS}\n"));
    }

    #[test]
    fn nothing_that_would_read_differently_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let handler = handler(folder.path());
        for program in ["guruconnect", "/a\nb", "/a\"b", "/a%u", "/a$b", "/a`b", "/a\\b"] {
            let refused = handler.register(Path::new(program), &target(None));
            assert!(matches!(refused, Err(LinkHandlerError::Name(_))), "{program}");
        }
        let server = LinkTarget { server: "https://a\nExec=evil".to_owned(), ca_file: None };
        assert!(handler.register(Path::new("/a"), &server).is_err());
        assert!(!handler.entry.exists() && !handler.choices.exists());
        assert!(LinkHandler::of_user(None, Some("relative"), None).is_err());
    }
}
