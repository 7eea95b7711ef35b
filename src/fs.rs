//! How are files read and written so that an error names the file and a kill leaves no half of one?

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
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

/// What the system says of a failure, without the number that only a programmer looks up.
pub fn reason(error: &io::Error) -> String {
    let told = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let without = number.and_then(|number| told.strip_suffix(&number).map(str::to_owned));
    without.unwrap_or(told)
}

/// The whole content of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(failed("read", path))
}

/// The whole content of a file that has at most `most` bytes; none when it has more. What is no file, such as a pipe that
/// has taken its place, is an error and never waited for.
pub fn read_file(path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let read = || {
        let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(most)).unwrap_or(0));
        // It may grow meanwhile.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    };
    read().map_err(failed("read", path))
}

/// What stands in a folder, by name; nothing where there is no such folder.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let listed = || -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut paths =
            entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        Ok(paths)
    };
    listed().map_err(failed("list", folder))
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

/// Makes a folder that only its owner may look into, in place of one that is there.
pub fn make_private(path: &Path) -> Result<(), FileError> {
    let make = || {
        if path.exists() {
            std::fs::remove_dir_all(path)?;
        }
        std::fs::DirBuilder::new().mode(0o700).create(path)
    };
    make().map_err(failed("make", path))
}

/// Removes a folder with all that is in it.
pub fn remove_folder(path: &Path) -> Result<(), FileError> {
    std::fs::remove_dir_all(path).map_err(failed("remove", path))
}

/// What lies in a folder; nothing where it can't be read.
pub fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
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
    fn only_files_are_read_and_only_so_much() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease.md");
        std::fs::write(&path, b"four").unwrap();
        assert_eq!(read_file(&path, 4).unwrap().as_deref(), Some(b"four".as_slice()));
        assert_eq!(read_file(&path, 3).unwrap(), None);
        assert!(read_file(folder.path(), 4).is_err());
        // Nobody writes into it: who opened it to wait for that would wait for ever.
        let pipe = folder.path().join("pipe.md");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(read_file(&pipe, 4).is_err());
    }

    #[test]
    fn an_error_names_the_file() {
        let error = read(Path::new("/nowhere/lease.pdf")).unwrap_err();
        assert_eq!(error.to_string(), "can't read `/nowhere/lease.pdf`");
    }
}
