//! How is a document of a complex format read without trusting it?
//!
//! In a child that has no rights, and limits on memory and time. Parts come back one by one: what was read before a crash is kept. A child
//! reads many documents; one that died is replaced at the next.

use std::io::{self, Read as _, Write as _};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use docent_index::document::{Problem, ProblemKind};
use docent_index::extract::{self, Format, Part, Sink};
use rustix::process::{Resource, Rlimit};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{ChildError, Process, Received, frame};
use crate::seal::{self, ConfineError, Rights};

/// The most address space that a reader may use. What a document needs beyond it, it does not get.
const MEMORY_BYTES: u64 = 512 << 20;

/// The time that a document may take: this much, and for each page that has come a little more.
const TIME: Duration = Duration::from_secs(10);
const TIME_A_PAGE: Duration = Duration::from_millis(50);

/// How often a waiting parent looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// The largest file that is handed over: a reader must hold it and what it makes of it.
pub const FILE_BYTES: u64 = 256 << 20;

/// What the parent sends in front of a document's bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    format: Format,
    bytes: u64,
}

/// What the child sends back.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Part(Part),
    Done,
}

/// The child's work: reads one document after the other until the pipe is closed.
pub(super) fn serve() -> io::Result<()> {
    // What the kernel can't take away, it can't: the parent's seal has told it.
    drop(confine()?);
    let mut input = io::stdin().lock();
    let mut output = io::BufWriter::new(io::stdout().lock());
    while let Some(job) = frame::read::<Job>(&mut input)? {
        let mut bytes = Vec::new();
        input.by_ref().take(job.bytes).read_to_end(&mut bytes)?;
        let mut broken = Ok(());
        extract::read(job.format, &bytes, &mut |part| {
            broken = frame::write(&mut output, &Reply::Part(part));
            if broken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        broken?;
        frame::write(&mut output, &Reply::Done)?;
    }
    Ok(())
}

/// Gives up all rights, and all memory beyond the limit. An error is a limit that was not set; the inner one, rights that
/// the kernel does not take away.
pub(super) fn confine() -> io::Result<Result<(), ConfineError>> {
    let limit = Rlimit { current: Some(MEMORY_BYTES), maximum: Some(MEMORY_BYTES) };
    rustix::process::setrlimit(Resource::As, limit)?;
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(Resource::Core, none)?;
    Ok(seal::confine(&Rights::None))
}

/// Reads documents in a child, which is started at the first one.
#[derive(Debug, Default)]
pub struct Reader {
    process: Option<Process<Reply>>,
}

impl Reader {
    /// Reads `bytes`, giving the parts to `sink`. What the child could not do comes as a problem. An error means that no
    /// child can be started at all. After `cancel` it ends at once, and what came so far is not the whole document.
    pub fn read(
        &mut self,
        format: Format,
        bytes: &[u8],
        cancel: &CancellationToken,
        sink: &mut Sink<'_>,
    ) -> Result<(), ChildError> {
        let process = match &mut self.process {
            Some(process) => process,
            empty => empty.insert(Process::start("reader")?),
        };
        let ending = Self::exchange(process, format, bytes, cancel, sink);
        let problem = match ending {
            Ending::Done => return Ok(()),
            Ending::Stopped => None,
            Ending::TimedOut => Some(ProblemKind::TimedOut),
            Ending::Died => match process.end() {
                ChildError::Died { said, .. } if said.contains("memory allocation of") => {
                    Some(ProblemKind::OutOfMemory)
                }
                _ => Some(ProblemKind::Crashed),
            },
        };
        self.process = None;
        if let Some(kind) = problem {
            // The sink has no say any more: this is the last part.
            _ = sink(Part::Problem(Problem { kind, page: None }));
        }
        Ok(())
    }

    fn exchange(
        process: &mut Process<Reply>,
        format: Format,
        bytes: &[u8],
        cancel: &CancellationToken,
        sink: &mut Sink<'_>,
    ) -> Ending {
        let job = Job { format, bytes: bytes.len() as u64 };
        let sent =
            process.send(&job).and_then(|()| process.with_stdin(|stdin| stdin.write_all(bytes)));
        if sent.is_err() {
            return Ending::Died;
        }
        let mut deadline = Instant::now() + TIME;
        loop {
            match process.receive(LOOK) {
                Received::Reply(Reply::Done) => return Ending::Done,
                Received::Reply(Reply::Part(part)) => {
                    if matches!(part, Part::Page(_)) {
                        deadline += TIME_A_PAGE;
                    }
                    if sink(part).is_break() {
                        return Ending::Stopped;
                    }
                }
                Received::Nothing => {}
                Received::Ended => return Ending::Died,
            }
            if cancel.is_cancelled() {
                return Ending::Stopped;
            }
            if Instant::now() > deadline {
                return Ending::TimedOut;
            }
        }
    }
}

/// How the reading of one document ended.
enum Ending {
    Done,
    Stopped,
    TimedOut,
    Died,
}
