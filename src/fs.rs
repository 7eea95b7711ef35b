//! How are files read and written so that an error names the file and a kill leaves no half of one?

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A failure of the file system with the path it is about.
#[derive(Debug, thiserror::Error)]
#[error("can't {verb} `{}`", path.display())]
pub struct FileError {
    verb: &'static str,
    path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Makes the [`FileError`] of what was tried (`read`, `write`, …) with `path`.
pub fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError { verb, path: path.to_owned(), source }
}

/// The whole content of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(failed("read", path))
}

/// Puts `bytes` in place of `path` at once: written aside, synced and renamed. Only the owner may read the file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    let written = private_file(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, path)
    });
    if written.is_err() {
        // The error that is reported is the first one.
        drop(std::fs::remove_file(&aside));
    }
    written.map_err(failed("write", path))
}

/// A new, empty file that only its owner may read.
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// The absolute path without links and dots of something that exists.
pub fn canonical(path: &Path) -> Result<PathBuf, FileError> {
    path.canonicalize().map_err(failed("find", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer.md");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_file() {
        let error = read(Path::new("/nowhere/lease.pdf")).unwrap_err();
        assert_eq!(error.to_string(), "can't read `/nowhere/lease.pdf`");
    }
}
