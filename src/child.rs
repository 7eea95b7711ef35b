//! How does docent run what may crash, hang or be attacked?
//!
//! As a process of its own: this binary again, started with a hidden flag. Documents of complex formats are read there
//! (hostile bytes can exhaust stack and memory, which no thread survives), pictures of pages are given to an OCR program
//! there, and models run there (llama.cpp aborts on a failed assertion); all of them have given up their rights by then.
//! What opens files in the user's programs has kept them. Both sides speak in frames over standard input and output. A
//! child that dies costs the document, the page or the answer it worked on, nothing else.

mod frame;
pub mod model;
pub mod opener;
pub mod probe;
pub mod reader;
pub mod recogniser;

use std::io::{self, Read as _};
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Resource, Rlimit};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::Role;

/// How much of what a child says on standard error is kept: enough for the message of an abort.
const STDERR_BYTES: u64 = 8 * 1024;

/// How many frames may wait to be taken before the child has to wait.
const WAITING_FRAMES: usize = 16;

/// Does the work of a child until its parent closes the pipe.
pub fn run(role: Role) -> ExitCode {
    let served = match role {
        Role::Reader => {
            leave_with_parent();
            reader::serve()
        }
        Role::Model => {
            leave_with_parent();
            model::serve()
        }
        Role::Recogniser => {
            leave_with_parent();
            recogniser::serve()
        }
        // It ends with the pipe: an editor that it waits for is not torn away.
        Role::Opener => opener::serve(),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Makes the kernel end this process when the thread of its parent that started it ends; elsewhere the closed pipe does it
/// at the next frame. So whoever starts a child keeps it no longer than its own thread lives.
fn leave_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // Where the kernel refuses, the closed pipe still ends the child.
        _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}

/// Takes from this process, for good, all of a resource beyond `most`.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    Ok(rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// A child could not be started, or it ended when it should not have.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("can't start a helper process")]
    Start(#[source] io::Error),
    #[error("the helper process ended before its work was done ({status})")]
    Died {
        status: ExitStatus,
        /// The last of what it said on standard error.
        said: String,
    },
    #[error("the helper process can't be reached")]
    Pipe(#[source] io::Error),
}

/// This binary, to be started in `role`.
fn command(role: &str) -> Result<Command, ChildError> {
    use std::os::unix::process::CommandExt as _;
    // The file that runs, even when a new version was put in its place.
    let own = if cfg!(target_os = "linux") {
        "/proc/self/exe".into()
    } else {
        std::env::current_exe().map_err(ChildError::Start)?
    };
    #[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
    let mut command = Command::new(own);
    // A group of its own: Ctrl+C goes to the parent, which decides what stops.
    command.arg("--child").arg(role).process_group(0);
    Ok(command)
}

/// A running child whose replies are of the type `R`.
#[derive(Debug)]
struct Process<R> {
    child: Child,
    stdin: Option<ChildStdin>,
    replies: Receiver<R>,
    stderr: Option<JoinHandle<String>>,
}

/// What came, or did not come, from a child.
enum Received<R> {
    Reply(R),
    Nothing,
    Ended,
}

impl<R: DeserializeOwned + Send + 'static> Process<R> {
    /// Starts this binary in `role`.
    fn start(role: &str) -> Result<Self, ChildError> {
        let mut command = command(role)?;
        command.env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(ChildError::Start)?;
        let (Some(stdin), Some(mut stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ChildError::Start(io::ErrorKind::BrokenPipe.into()));
        };
        let (sender, replies) = mpsc::sync_channel(WAITING_FRAMES);
        std::thread::spawn(move || {
            let mut stdout = io::BufReader::with_capacity(1 << 16, &mut stdout);
            while let Ok(Some(reply)) = frame::read(&mut stdout) {
                if sender.send(reply).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut said = Vec::new();
            // What can't be read is not there; the rest is drained so that the child never waits for it.
            drop(stderr.by_ref().take(STDERR_BYTES).read_to_end(&mut said));
            drop(io::copy(&mut stderr, &mut io::sink()));
            String::from_utf8_lossy(&said).into_owned()
        });
        Ok(Self { child, stdin: Some(stdin), replies, stderr: Some(stderr) })
    }

    fn send(&mut self, message: &impl Serialize) -> Result<(), ChildError> {
        self.with_stdin(|stdin| frame::write(stdin, message))
    }

    fn with_stdin(
        &mut self,
        write: impl FnOnce(&mut ChildStdin) -> io::Result<()>,
    ) -> Result<(), ChildError> {
        self.stdin
            .as_mut()
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
            .and_then(write)
            .map_err(ChildError::Pipe)
    }

    /// Waits for the next reply, `wait` at most.
    fn receive(&self, wait: Duration) -> Received<R> {
        match self.replies.recv_timeout(wait) {
            Ok(reply) => Received::Reply(reply),
            Err(RecvTimeoutError::Timeout) => Received::Nothing,
            Err(RecvTimeoutError::Disconnected) => Received::Ended,
        }
    }

    /// Ends the child, if it has not ended, and tells how it went.
    fn end(&mut self) -> ChildError {
        self.stdin = None;
        // It may have ended by itself: then there is nothing to kill.
        drop(self.child.kill());
        match self.child.wait() {
            Ok(status) => {
                let said =
                    self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
                ChildError::Died { status, said }
            }
            Err(error) => ChildError::Pipe(error),
        }
    }
}

impl<R> Drop for Process<R> {
    fn drop(&mut self) {
        self.stdin = None;
        // Already waited for, or gone: both are what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
