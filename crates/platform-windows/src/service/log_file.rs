//! The service's log: a file of bounded size, and the one before it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes after which a new file is begun.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Writes lines to `NAME.log`; when that is full it becomes `NAME.1.log` and the file
/// that had this name goes. Clones write to the same file.
#[derive(Clone)]
pub struct LogFile(Arc<Mutex<Open>>);

struct Open {
    path: PathBuf,
    file: File,
    written: u64,
    largest: u64,
}

impl LogFile {
    /// Opens the file at its end. The folder is there.
    pub fn open(folder: &Path, name: &str) -> io::Result<Self> {
        Self::with_limit(folder, name, LARGEST)
    }

    fn with_limit(folder: &Path, name: &str, largest: u64) -> io::Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let file = append(&path)?;
        let written = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Open { path, file, written, largest }))))
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.written >= open.largest {
            let former = open.path.with_extension("1.log");
            std::fs::rename(&open.path, former)?;
            open.file = append(&open.path)?;
            open.written = 0;
        }
        let count = open.file.write(line)?;
        open.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_goes_on_where_it_ended_and_never_grows_beyond_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::with_limit(folder.path(), "service", 16).unwrap();
        log.write_all(b"first line\n").unwrap();
        drop(log);
        let mut log = LogFile::with_limit(folder.path(), "service", 16).unwrap();
        for line in ["second line\n", "third line\n", "fourth line\n", "fifth line\n"] {
            log.clone().write_all(line.as_bytes()).unwrap();
        }
        log.flush().unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("service.1.log"), "third line\nfourth line\n");
        assert_eq!(read("service.log"), "fifth line\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
