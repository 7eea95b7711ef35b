//! How does a foreign program read the text in a picture without being trusted?
//!
//! Tesseract is a program of its own, and its pictures come from strangers' documents. A child of this binary gives up all
//! files but those of the system's programs, and writing altogether, before it becomes Tesseract. One page to a process: a
//! crash or a hang costs that page.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use docent_index::extract::Picture;
use rustix::process::Resource;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{ChildError, command, frame, limit};
use crate::seal::{self, ConfineError, Rights};

/// Where the systems that docent runs on put it. The user's own path is not asked: what lies there may be anything.
const PLACES: [&str; 5] = [
    "/usr/bin/tesseract",
    "/usr/local/bin/tesseract",
    "/opt/homebrew/bin/tesseract",
    "/opt/local/bin/tesseract",
    "/run/current-system/sw/bin/tesseract",
];

/// What it may read and run: itself, its libraries and its languages.
const PROGRAM_FOLDERS: [&str; 8] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/opt/homebrew",
    "/opt/local",
    "/nix/store",
    "/run/current-system/sw",
];

/// The most memory and processor time for a page; most take a tenth of it.
const MEMORY_BYTES: u64 = 2 << 30;
const PROCESSOR_SECONDS: u64 = 120;
/// The most time for a page, also when it gets no processor.
const TIME: Duration = Duration::from_mins(4);

/// More than the words of any page take.
const OUTPUT_BYTES: u64 = 16 << 20;

/// How often it is looked whether it has ended, or is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Each further language makes it slower and less sure.
const MOST_LANGUAGES: usize = 4;

/// What is among the languages and is none: the finding of orientation and of formulas.
const NO_LANGUAGES: [&str; 2] = ["osd", "equ"];

/// Languages as documents name them (ISO 639-1) and as Tesseract does.
const LANGUAGES: [(&str, &str); 44] = [
    ("ar", "ara"),
    ("bg", "bul"),
    ("ca", "cat"),
    ("cs", "ces"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("es", "spa"),
    ("et", "est"),
    ("eu", "eus"),
    ("fa", "fas"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("ga", "gle"),
    ("gl", "glg"),
    ("he", "heb"),
    ("hi", "hin"),
    ("hr", "hrv"),
    ("hu", "hun"),
    ("id", "ind"),
    ("is", "isl"),
    ("it", "ita"),
    ("ja", "jpn"),
    ("ko", "kor"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("mt", "mlt"),
    ("nb", "nor"),
    ("nl", "nld"),
    ("no", "nor"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("ru", "rus"),
    ("sk", "slk"),
    ("sl", "slv"),
    ("sr", "srp"),
    ("sv", "swe"),
    ("th", "tha"),
    ("tr", "tur"),
    ("uk", "ukr"),
    ("vi", "vie"),
    ("zh", "chi_sim"),
];

/// What the child is to become.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    program: PathBuf,
    arguments: Vec<String>,
}

/// The child's work: becomes the program that the first message names. The rest of its input is that program's.
pub(super) fn serve() -> io::Result<()> {
    // Not through the buffered standard input, which would take more than the message.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(job) = frame::read::<Job>(&mut input)? else { return Ok(()) };
    drop(input);
    // What the kernel can't take away, it can't: the parent's seal has told it.
    drop(confine()?);
    #[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
    let mut program = Command::new(job.program);
    Err(program.args(job.arguments).exec())
}

/// Gives up all rights but to run the system's programs, and all memory and time beyond the limits. An error is a limit
/// that was not set; the inner one, rights that the kernel does not take away.
pub(super) fn confine() -> io::Result<Result<(), ConfineError>> {
    limit(Resource::As, MEMORY_BYTES)?;
    limit(Resource::Cpu, PROCESSOR_SECONDS)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    Ok(seal::confine(&Rights::Become(PROGRAM_FOLDERS.map(PathBuf::from).to_vec())))
}

/// Why a picture was not read.
#[derive(Debug, thiserror::Error)]
pub enum RecogniseError {
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error("the OCR program failed")]
    Failed,
    #[error("stopped")]
    Stopped,
}

/// Tesseract, as it is installed here.
#[derive(Clone, Debug)]
pub struct Recogniser {
    program: PathBuf,
    /// By Tesseract's names, in its order.
    languages: Vec<String>,
}

impl Recogniser {
    /// Looks where programs are; none where it is not installed, or has no language.
    pub fn find(cancel: &CancellationToken) -> Option<Self> {
        let program = PLACES.iter().map(Path::new).find(|place| place.is_file())?;
        let listed = run(program, vec!["--list-langs".to_owned()], &[], cancel).ok()?;
        // A line about the folder comes first.
        let languages: Vec<String> = listed
            .lines()
            .skip(1)
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.contains('/') && !NO_LANGUAGES.contains(name))
            .map(str::to_owned)
            .collect();
        (!languages.is_empty()).then(|| Self { program: program.to_owned(), languages })
    }

    /// Reads a picture whose document says this language (a BCP 47 tag). Gives Tesseract's table of pages and words.
    pub fn read(
        &self,
        picture: &Picture,
        language: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<String, RecogniseError> {
        let mut bytes = format!("P5 {} {} 255\n", picture.width, picture.height).into_bytes();
        bytes.extend_from_slice(&picture.gray);
        let arguments = [
            "stdin",
            "stdout",
            "-l",
            &self.wanted(language),
            "--dpi",
            &format!("{:.0}", picture.dots_per_inch),
            "--psm",
            "3",
            "tsv",
        ];
        let table = run(&self.program, arguments.map(str::to_owned).to_vec(), &bytes, cancel)?;
        let is_kept = |line: &&str| line.starts_with("1\t") || line.starts_with("5\t");
        Ok(table.lines().filter(is_kept).fold(String::new(), |mut kept, line| {
            kept.push_str(line);
            kept.push('\n');
            kept
        }))
    }

    /// The document's language first, then the others that are installed, as Tesseract takes them.
    fn wanted(&self, language: Option<&str>) -> String {
        let primary = language.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        let named = LANGUAGES
            .iter()
            .find(|(code, _)| code.eq_ignore_ascii_case(primary))
            .map(|(_, name)| *name);
        let (first, others): (Vec<&str>, Vec<&str>) =
            self.languages.iter().map(String::as_str).partition(|name| Some(*name) == named);
        let wanted: Vec<&str> = first.into_iter().chain(others).take(MOST_LANGUAGES).collect();
        wanted.join("+")
    }
}

/// Runs the program in a confined child with this input and gives what it printed.
fn run(
    program: &Path,
    arguments: Vec<String>,
    input: &[u8],
    cancel: &CancellationToken,
) -> Result<String, RecogniseError> {
    let mut command = command("recogniser")?;
    command.env_clear().env("OMP_THREAD_LIMIT", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(ChildError::Start)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ChildError::Start(io::ErrorKind::BrokenPipe.into()).into());
    };
    let job = Job { program: program.to_owned(), arguments };
    thread::scope(|scope| {
        // A program that does not want its input ends without it.
        scope.spawn(move || frame::write(&mut stdin, &job).and_then(|()| stdin.write_all(input)));
        let printed = scope.spawn(move || {
            let mut printed = Vec::new();
            stdout.take(OUTPUT_BYTES).read_to_end(&mut printed).map(|_| printed)
        });
        let ended = wait(&mut child, cancel);
        // Where it was not waited for, it must not go on, nor keep the threads that speak with it.
        drop(child.kill());
        drop(child.wait());
        ended?;
        let printed = printed.join().ok().and_then(Result::ok).ok_or(RecogniseError::Failed)?;
        Ok(String::from_utf8_lossy(&printed).into_owned())
    })
}

fn wait(child: &mut Child, cancel: &CancellationToken) -> Result<(), RecogniseError> {
    let deadline = Instant::now() + TIME;
    loop {
        if let Some(status) = child.try_wait().map_err(ChildError::Pipe)? {
            return if status.success() { Ok(()) } else { Err(RecogniseError::Failed) };
        }
        if cancel.is_cancelled() {
            return Err(RecogniseError::Stopped);
        }
        if Instant::now() > deadline {
            return Err(RecogniseError::Failed);
        }
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_own_language_comes_first() {
        let languages = ["afr", "deu", "eng", "fra", "spa"].map(str::to_owned).to_vec();
        let recogniser = Recogniser { program: PathBuf::new(), languages };
        assert_eq!(recogniser.wanted(Some("fr-CH")), "fra+afr+deu+eng");
        assert_eq!(recogniser.wanted(Some("ja")), "afr+deu+eng+fra");
        assert_eq!(recogniser.wanted(None), "afr+deu+eng+fra");
    }
}
