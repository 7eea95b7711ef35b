//! The built program with a home and a library of its own, both gone at the end of the test.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::command;

/// A home and a folder of documents.
#[derive(Debug)]
pub(crate) struct Docent {
    home: TempDir,
    library: TempDir,
}

/// What a run printed, and its exit code.
#[must_use]
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// None when a signal ended it.
    pub(crate) code: Option<i32>,
}

impl Docent {
    /// With an empty library.
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap(), library: TempDir::new().unwrap() }
    }

    /// With the demonstration library indexed.
    pub(crate) fn with_fixtures() -> Self {
        static INDEXED: OnceLock<Docent> = OnceLock::new();
        let indexed = INDEXED.get_or_init(|| {
            // A static is never dropped: what the last run left is taken away by the next one.
            let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("indexed");
            drop(std::fs::remove_dir_all(&place));
            std::fs::create_dir_all(&place).unwrap();
            let folder = || TempDir::new_in(&place).unwrap();
            let docent = Self { home: folder(), library: folder() };
            let printed = docent.run(["--index".as_ref(), fixture("library").as_os_str()]);
            assert_eq!(printed.code, Some(0), "{printed:?}");
            docent
        });
        let docent = Self::new();
        copy(indexed.home(), docent.home());
        docent
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn library(&self) -> &Path {
        self.library.path()
    }

    /// Puts a file into the library.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.library.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Indexes the library and expects that to work.
    pub(crate) fn index(&self) {
        let printed = self.run(["--index".as_ref(), self.library.path().as_os_str()]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
    }

    /// Runs docent to its end, without standard input.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Printed {
        self.run_with_input(arguments, "")
    }

    /// Runs docent to its end with `input` as its standard input.
    pub(crate) fn run_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Printed {
        let mut child = self.start(arguments);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let feeding = std::thread::spawn(move || {
            // The program may end without reading all of it.
            drop(stdin.write_all(input.as_bytes()));
        });
        let output = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        Printed {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }

    /// Starts docent with its three streams in pipes.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        let arguments: Vec<_> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        // A model that is on the machine by chance would answer.
        let is_said = arguments.iter().any(|argument| argument == "--model");
        let quotes: &[&str] = if is_said { &[] } else { &["--model", "none"] };
        command(env!("CARGO_BIN_EXE_docent"))
            .arg("--home")
            .arg(self.home.path())
            .args(quotes)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The files in which the passages that `query` finds stand, best first.
    pub(crate) fn found(&self, query: &str) -> Vec<String> {
        let searched = self.json(["--search", query]);
        searched["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["file"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What a run with `--json` prints.
    pub(crate) fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let arguments: Vec<_> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let printed = self.run(arguments.iter().map(AsRef::as_ref).chain([OsStr::new("--json")]));
        serde_json::from_str(&printed.stdout)
            .unwrap_or_else(|error| panic!("{error} in {printed:?}"))
    }
}

/// Copies what a folder holds into another one, which is made where there is none.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A file or folder of the project's fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}
