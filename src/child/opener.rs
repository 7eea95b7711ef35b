//! How does a file come into a viewer or an editor, when docent itself has given up every right that these need?
//!
//! By a child that is started before the network is closed and keeps the user's environment. All that can be asked of it
//! is to show a document in the system's viewer or to open a file in the user's editor: requests are paths and numbers,
//! never a command, and the programs are settled before the first one.

mod programs;
mod terminal;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use docent_index::extract::Format;
use serde::{Deserialize, Serialize};

use super::{ChildError, frame};
use programs::Invocation;

use crate::fs;
use crate::settings::Viewer;

/// How long a viewer is watched for a failure: those that hand the file to a running program end at once, others stay.
const WATCHED: Duration = Duration::from_secs(1);

/// What opens a file with the program that the user has chosen for its kind.
const VIEWER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// The programs that files are opened with, as the parent names them before its first request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs {
    /// As it is written in the environment.
    pub editor: Option<OsString>,
    /// Takes the place of the viewer that the system has for PDFs; with `{line}` in it, of those for all documents.
    pub viewer: Option<Viewer>,
}

/// A place in a document; what is not known of it is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// Counts from 1.
    pub page: Option<u32>,
    /// Counts from 1.
    pub line: Option<u32>,
    /// Words that stand there.
    pub search: Option<String>,
}

/// All that can be asked for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Show a document, a PDF at its page.
    View { path: OsString, at: At },
    /// Open a file in the editor, at this line.
    Edit { path: OsString, line: Option<u32> },
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum OpenerError {
    #[error("no editor is chosen: set `EDITOR` before you start docent, for example to `nano`")]
    NoEditor,
    #[error(
        "there is no `{VIEWER}`, which opens files with the program of their kind: install it (xdg-utils)"
    )]
    NoViewer,
    #[error("`{}` is no file any more", .path.to_string_lossy())]
    NoFile { path: OsString },
    #[error("`{}` is of a kind that docent does not read, and so does not open", .path.to_string_lossy())]
    Kind { path: OsString },
    #[error("can't start `{program}`: {reason}")]
    Start { program: String, reason: String },
    #[error(
        "there is no program `{program}`: install it, or choose another one (`EDITOR`, or `viewer` in the settings)"
    )]
    NoProgram { program: String },
    #[error("`{program}` failed ({status})")]
    Failed { program: String, status: String },
    #[error(
        "`{VIEWER}` failed ({status}): choose a program for files of this kind in your desktop's settings"
    )]
    Viewer { status: String },
    #[error("the helper process that opens files has ended: start docent again")]
    Gone,
}

/// The child that opens files.
#[derive(Debug)]
pub struct Opener {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Opener {
    /// Starts it with the user's programs. It inherits the rights of the caller: it is to be started before the network is
    /// closed.
    pub fn start(programs: &Programs) -> Result<Self, ChildError> {
        let mut command = super::command("opener")?;
        // What it could say would be said into the screen.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(ChildError::Start)?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ChildError::Start(io::ErrorKind::BrokenPipe.into()));
        };
        frame::write(&mut stdin, programs).map_err(ChildError::Pipe)?;
        Ok(Self { child, stdin: Some(stdin), stdout: BufReader::new(stdout) })
    }

    /// Shows a document in the user's viewer, else in the system's, a PDF at its page where that can be told. Comes back when the viewer
    /// has the file, or after a second.
    pub fn view(&mut self, path: &Path, at: At) -> Result<(), OpenerError> {
        self.ask(&Request::View { path: absolute(path)?, at })
    }

    /// Opens a file in the user's editor, at this line where the editor can be told, and comes back when the editor has
    /// ended. Until then the terminal is the editor's: the caller must have left it as it was found, and neither read
    /// nor write there.
    pub fn edit(&mut self, path: &Path, line: Option<u32>) -> Result<(), OpenerError> {
        self.ask(&Request::Edit { path: absolute(path)?, line })
    }

    fn ask(&mut self, request: &Request) -> Result<(), OpenerError> {
        let stdin = self.stdin.as_mut().ok_or(OpenerError::Gone)?;
        frame::write(stdin, request).map_err(|_broken| OpenerError::Gone)?;
        let reply: Option<Result<(), OpenerError>> =
            frame::read(&mut self.stdout).map_err(|_broken| OpenerError::Gone)?;
        reply.ok_or(OpenerError::Gone)?
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        // The closed pipe ends it; it waits for nothing else between two requests.
        self.stdin = None;
        drop(self.child.wait());
    }
}

/// The whole path: one that begins with a dash would be an option to a program.
fn absolute(path: &Path) -> Result<OsString, OpenerError> {
    std::path::absolute(path)
        .map(PathBuf::into_os_string)
        .map_err(|_unknown| OpenerError::NoFile { path: path.as_os_str().to_owned() })
}

/// The child's work: opens one file after the other until the pipe is closed.
pub(super) fn serve() -> io::Result<()> {
    terminal::keep_running_in_the_background();
    let mut input = io::stdin().lock();
    let Some(programs) = frame::read::<Programs>(&mut input)? else { return Ok(()) };
    let Programs { editor, viewer } = programs;
    while let Some(request) = frame::read(&mut input)? {
        let opened = match request {
            Request::View { path, at } => {
                checked(path).and_then(|path| view(viewer.as_ref(), &path, &at))
            }
            Request::Edit { path, line } => {
                checked(path).and_then(|path| edit(editor.as_deref(), &path, line))
            }
        };
        frame::write(&mut io::stdout().lock(), &opened)?;
    }
    Ok(())
}

/// The path, if a file lies there.
fn checked(path: OsString) -> Result<PathBuf, OpenerError> {
    let is_file = Path::new(&path).is_absolute() && Path::new(&path).is_file();
    if is_file { Ok(path.into()) } else { Err(OpenerError::NoFile { path }) }
}

fn view(viewer: Option<&Viewer>, path: &Path, at: &At) -> Result<(), OpenerError> {
    // Of other kinds some are run when they are opened.
    let format = Format::of(path).ok_or_else(|| OpenerError::Kind { path: path.into() })?;
    let own = viewer.filter(|viewer| format == Format::Pdf || viewer.takes_lines());
    if let Some(invocation) = own.and_then(|viewer| programs::own(viewer, path, at)) {
        let program = || invocation.program.to_string_lossy().into_owned();
        return match detach(&invocation) {
            Ok(Some(status)) if !status.success() => {
                Err(OpenerError::Failed { program: program(), status: status.to_string() })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(cannot_start(&program(), &error)),
        };
    }
    let at_page = at
        .page
        .filter(|_| format == Format::Pdf)
        .and_then(|page| programs::at_page(&chosen_viewer()?, path, page));
    let plainly = || detach(&Invocation::new(VIEWER, [path]));
    let ended = match at_page {
        // The viewer that is chosen may lie in a box of its own, where only the system finds it.
        Some(at_page) => detach(&at_page).or_else(|_not_there| plainly()),
        None => plainly(),
    };
    match ended {
        Ok(Some(status)) if !status.success() => {
            Err(OpenerError::Viewer { status: status.to_string() })
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(OpenerError::NoViewer),
        Err(error) => Err(cannot_start(VIEWER, &error)),
    }
}

/// The name under which the desktop knows the viewer that is chosen for PDFs.
fn chosen_viewer() -> Option<String> {
    let question = Invocation::new("xdg-mime", ["query", "default", "application/pdf"]);
    let mut command = command(&question);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    String::from_utf8(command.output().ok()?.stdout).ok()
}

/// Starts a program that outlives docent and has nothing of its terminal. Gives how it ended if that was at once.
fn detach(invocation: &Invocation) -> io::Result<Option<ExitStatus>> {
    let mut command = command(invocation);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let apart = || {
        terminal::stop_in_the_background();
        rustix::process::setsid().map(drop).map_err(io::Error::from)
    };
    #[expect(unsafe_code, reason = "a session can only be begun in the new process")]
    // SAFETY: what runs between fork and exec makes two system calls and takes no lock.
    unsafe {
        command.pre_exec(apart);
    }
    let mut child = command.spawn()?;
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when it ends later; it is waited for so that nothing of it is left.
        drop(sender.send(child.wait()));
    });
    ended.recv_timeout(WATCHED).ok().transpose()
}

fn edit(editor: Option<&OsStr>, path: &Path, line: Option<u32>) -> Result<(), OpenerError> {
    let editor = editor.ok_or(OpenerError::NoEditor)?;
    let program = editor.to_string_lossy().into_owned();
    let invocation = programs::editing(editor, path, line).ok_or(OpenerError::NoEditor)?;
    match terminal::run_in_the_foreground(command(&invocation)) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(OpenerError::Failed { program, status: status.to_string() }),
        Err(error) => Err(cannot_start(&program, &error)),
    }
}

fn cannot_start(program: &str, error: &io::Error) -> OpenerError {
    let program = program.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => OpenerError::NoProgram { program },
        _ => OpenerError::Start { program, reason: fs::reason(error) },
    }
}

fn command(invocation: &Invocation) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the child that starts the user's programs"
    )]
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments);
    command
}
