//! Is a child refused what it gave up? Tried in the same confinement, entered by the same function.
//!
//! A probe prints a line for each attempt and ends. What it tries is fixed here and changes nothing: the one file that can
//! be named is opened and closed again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::{model, reader, recogniser};
use crate::cli::Role;
use crate::seal;
use crate::seal::attempt::{Attempt, ways_out};

/// A program that every system has and that does nothing.
const PROGRAM: &str = "/bin/true";

/// Gives up the rights that `role` gives up, or those of the program itself, and prints what is refused then. `file` is a
/// model's file, or any file for a reader.
pub fn run(role: Option<Role>, file: Option<&Path>) -> ExitCode {
    let probed = match (role, file) {
        (None, _) => sealed(),
        (Some(role), Some(file)) => confined(role, file),
        (Some(_), None) => Err(io::ErrorKind::InvalidInput.into()),
    };
    if probed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn sealed() -> io::Result<()> {
    print(&seal::close().explanation())?;
    ways_out().iter().try_for_each(|attempt| print(&attempt.to_string()))
}

fn confined(role: Role, file: &Path) -> io::Result<()> {
    let rights = file.metadata()?.permissions();
    let parent = rustix::process::getppid().ok_or(io::ErrorKind::NotFound)?;
    let confined = match role {
        Role::Reader => reader::confine()?,
        Role::Model => model::confine(file),
        Role::Recogniser => recogniser::confine()?,
        // It keeps its rights.
        Role::Opener => return Err(io::ErrorKind::InvalidInput.into()),
    };
    print(&confined.map_or_else(|error| error.to_string(), |()| "confined".to_owned()))?;

    let attempt = |what, tried| print(&Attempt::new(what, tried).to_string());
    attempt("reading the file", File::open(file).map(drop))?;
    attempt("writing the file", OpenOptions::new().append(true).open(file).map(drop))?;
    attempt("changing the file's rights", std::fs::set_permissions(file, rights))?;
    attempt("reading /etc/passwd", File::open("/etc/passwd").map(drop))?;
    attempt("listing /", std::fs::read_dir("/").map(drop))?;
    attempt("making a file", make(&file.with_extension("probe")))?;
    attempt("a pair of local sockets", UnixStream::pair().map(drop))?;
    attempt("a local socket", UnixDatagram::unbound().map(drop))?;
    for way in ways_out() {
        print(&way.to_string())?;
    }
    attempt(
        "a signal to the parent",
        rustix::process::test_kill_process(parent).map_err(Into::into),
    )?;
    attempt("a thread", std::thread::Builder::new().spawn(|| {}).map(drop))?;
    attempt("starting a program", program().spawn().map(drop))?;
    // The last: where it is not refused, there is no way back.
    attempt("becoming a program", Err(program().exec()))
}

/// Makes a file that is not there yet, and removes it.
fn make(path: &Path) -> io::Result<()> {
    File::create_new(path)?;
    std::fs::remove_file(path)
}

fn program() -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is what must be refused")]
    Command::new(PROGRAM)
}

fn print(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
