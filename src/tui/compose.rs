//! How does a question get into the user's editor, and back?
//!
//! By a file in a folder of its own inside docent's: what an editor puts beside it goes with it. Nobody else can read it,
//! and nothing of it stays.

use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use thiserror::Error;

use crate::child::opener::OpenerError;
use crate::fs::{self, FileError};

/// The most that is taken over, in bytes: more than any question.
const MOST: u64 = 1 << 20;

/// What such folders are called, before the number of the process that has made one.
const NAME: &str = "writing-";

/// Why a question comes back as it was.
#[derive(Debug, Error)]
pub(super) enum ComposeError {
    #[error(transparent)]
    Editor(#[from] OpenerError),
    #[error("{error}: {}", error.source)]
    File { error: FileError },
    #[error("what was written is more than a question can hold: the line is as it was")]
    TooLong,
    #[error("what was written is not UTF-8: the line is as it was")]
    Encoding,
}

impl From<FileError> for ComposeError {
    fn from(error: FileError) -> Self {
        Self::File { error }
    }
}

/// Lets `edit` change `text`, and returns what has become of it.
pub(super) fn compose(
    home: &Path,
    text: &str,
    edit: impl FnOnce(&Path) -> Result<(), OpenerError>,
) -> Result<String, ComposeError> {
    remove_what_was_left(home);
    let folder = Folder::new(home)?;
    let path = folder.0.join("question.md");
    fs::write(&path, text.as_bytes())?;
    edit(&path)?;
    let written = fs::read_file(&path, MOST)?.ok_or(ComposeError::TooLong)?;
    let written = String::from_utf8(written).map_err(|_bytes| ComposeError::Encoding)?;
    Ok(written.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(written))
}

/// A folder that only its owner may look into; it goes with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(home: &Path) -> Result<Self, FileError> {
        let path = home.join(format!("{NAME}{}", getpid().as_raw_nonzero()));
        fs::make_private(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed now is tried again the next time.
        drop(fs::remove_folder(&self.0));
    }
}

/// Removes the folders of processes that were killed before they could.
fn remove_what_was_left(home: &Path) {
    for path in fs::entries(home) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.strip_prefix(NAME).and_then(|number| number.parse().ok());
        let Some(process) = number.and_then(Pid::from_raw) else { continue };
        if process == getpid() || test_kill_process(process) == Err(Errno::SRCH) {
            drop(fs::remove_folder(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn count(home: &Path) -> usize {
        std::fs::read_dir(home).unwrap().count()
    }

    #[test]
    fn what_is_written_comes_back_and_nothing_stays() {
        let home = tempfile::tempdir().unwrap();
        let written = compose(home.path(), "Who?", |path| {
            assert_eq!(std::fs::read_to_string(path).unwrap(), "Who?");
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
            std::fs::write(path.with_extension("md~"), "Who?").unwrap();
            std::fs::write(path, "\u{feff}Who,\r\nand when?\r\n").unwrap();
            Ok(())
        });
        assert_eq!(written.unwrap(), "Who,\r\nand when?\r\n");
        assert_eq!(count(home.path()), 0);
    }

    #[track_caller]
    fn check_error(edit: impl FnOnce(&Path) -> Result<(), OpenerError>, message: &str) {
        let home = tempfile::tempdir().unwrap();
        let error = compose(home.path(), "Who?", edit).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert_eq!(count(home.path()), 0);
    }

    #[test]
    fn what_can_not_be_taken_over_is_told_and_nothing_stays() {
        let writing = |bytes: Vec<u8>| {
            move |path: &Path| {
                std::fs::write(path, bytes).unwrap();
                Ok(())
            }
        };
        check_error(|_| Err(OpenerError::NoEditor), "no editor is chosen");
        check_error(writing(vec![0xff]), "not UTF-8");
        check_error(writing(vec![b'a'; 2 << 20]), "more than");
        let remove = |path: &Path| {
            std::fs::remove_file(path).unwrap();
            Ok(())
        };
        check_error(remove, "can't read");
    }

    #[test]
    fn what_a_killed_process_has_left_is_removed() {
        let home = tempfile::tempdir().unwrap();
        // No process has the highest number, and the first one is always there.
        let [dead, living] =
            [i32::MAX, 1].map(|number| home.path().join(format!("{NAME}{number}")));
        for folder in [&dead, &living] {
            std::fs::create_dir(folder).unwrap();
        }
        compose(home.path(), "Who?", |_| Ok(())).unwrap();
        assert!(!dead.exists() && living.exists());
    }
}
