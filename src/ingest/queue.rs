//! Which files are still to be read, and which are being read?
//!
//! Filled by who reads, looked at by who shows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files of one writer that are not read yet.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Files>);

#[derive(Debug, Default)]
struct Files {
    /// Absolute.
    turns: BTreeMap<PathBuf, Turn>,
    version: u64,
}

/// What a file waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Waiting,
    Reading,
}

impl Queue {
    /// These files wait, and no others.
    pub fn set(&self, files: impl Iterator<Item = PathBuf>) {
        let turns = files.map(|path| (path, Turn::Waiting)).collect();
        let mut files = self.files();
        if files.turns != turns {
            files.turns = turns;
            files.version += 1;
        }
    }

    /// The file is being read.
    pub(super) fn begin(&self, path: &Path) {
        let mut files = self.files();
        if let Some(turn) = files.turns.get_mut(path) {
            *turn = Turn::Reading;
            files.version += 1;
        }
    }

    /// The file is read.
    pub(super) fn end(&self, path: &Path) {
        let mut files = self.files();
        if files.turns.remove(path).is_some() {
            files.version += 1;
        }
    }

    /// Another number when anything has changed.
    pub fn version(&self) -> u64 {
        self.files().version
    }

    /// The files by their paths, with the version that this is.
    pub fn all(&self) -> (u64, Vec<(PathBuf, Turn)>) {
        let files = self.files();
        let turns = files.turns.iter().map(|(path, turn)| (path.clone(), *turn));
        (files.version, turns.collect())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_waits_then_is_read_then_is_no_longer_there() {
        let queue = Queue::default();
        let files = || ["/a", "/b"].map(PathBuf::from).into_iter();
        queue.set(files());
        let first = queue.version();
        queue.set(files());
        assert_eq!(queue.version(), first, "nothing has changed");
        queue.begin(Path::new("/a"));
        queue.begin(Path::new("/c"));
        let all = vec![("/a".into(), Turn::Reading), ("/b".into(), Turn::Waiting)];
        assert_eq!(queue.all(), (first + 1, all));
        queue.end(Path::new("/a"));
        assert_eq!(queue.all().1, [("/b".into(), Turn::Waiting)]);
    }
}
