//! How is a document of a complex format read, or a page of it drawn, without trusting it?
//!
//! In a child that has no rights, and limits on memory and time. Parts come back one by one: what was read before a crash
//! is kept. A child reads many documents; one that died is replaced at the next.

use std::io::{self, Read as _, Write as _};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use docent_index::document::{Problem, ProblemKind};
use docent_index::extract::{self, Format, Part, Picture, Renderer, Sink};
use rustix::process::Resource;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{ChildError, Process, Received, frame, limit};
use crate::seal::{self, ConfineError, Rights};

/// The most address space that a reader may use. What a document needs beyond it, it does not get.
const MEMORY_BYTES: u64 = 512 << 20;

/// The time that a document may take: this much, and for each page that has come a little more. A page that is drawn may
/// take as long as a document.
const TIME: Duration = Duration::from_secs(10);
const TIME_A_PAGE: Duration = Duration::from_millis(50);

/// How often a waiting parent looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// The largest file that is handed over: a reader must hold it and what it makes of it.
pub const FILE_BYTES: u64 = 256 << 20;

/// What the parent asks for. Where there are bytes, they follow.
#[derive(Debug, Serialize, Deserialize)]
enum Job {
    Read {
        format: Format,
        bytes: u64,
    },
    /// Has no reply: the next job draws it.
    Open {
        bytes: u64,
    },
    /// A page, counted from 1, of what was opened.
    Draw {
        page: u32,
        dots_per_inch: f32,
    },
}

/// What the child sends back.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Part(Part),
    Done,
    Drawn(Result<Picture, ProblemKind>),
}

/// The child's work: does one job after the other until the pipe is closed.
pub(super) fn serve() -> io::Result<()> {
    // What the kernel can't take away, it can't: the parent's seal has told it.
    drop(confine()?);
    let mut input = io::stdin().lock();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut opened = Err(ProblemKind::Damaged);
    while let Some(job) = frame::read::<Job>(&mut input)? {
        match job {
            Job::Read { format, bytes } => {
                opened = Err(ProblemKind::Damaged);
                let bytes = receive(&mut input, bytes)?;
                let mut broken = Ok(());
                extract::read(format, &bytes, &mut |part| {
                    broken = frame::write(&mut output, &Reply::Part(part));
                    if broken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                broken?;
                frame::write(&mut output, &Reply::Done)?;
            }
            Job::Open { bytes } => {
                // Not both at a time: each may be as large as the memory allows.
                drop(opened);
                opened = Renderer::open(receive(&mut input, bytes)?);
            }
            Job::Draw { page, dots_per_inch } => {
                let picture = opened.as_ref().map_err(|kind| *kind).and_then(|renderer| {
                    renderer.picture(page, dots_per_inch).ok_or(ProblemKind::Damaged)
                });
                frame::write(&mut output, &Reply::Drawn(picture))?;
            }
        }
    }
    Ok(())
}

fn receive(input: &mut impl io::Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Gives up all rights, and all memory beyond the limit. An error is a limit that was not set; the inner one, rights that
/// the kernel does not take away.
pub(super) fn confine() -> io::Result<Result<(), ConfineError>> {
    limit(Resource::As, MEMORY_BYTES)?;
    limit(Resource::Core, 0)?;
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
        let process = self.running()?;
        let ending = read_parts(process, format, bytes, cancel, sink);
        if let Some(kind) = self.settle(&ending) {
            // The sink has no say any more: this is the last part.
            _ = sink(Part::Problem(Problem { kind, page: None }));
        }
        Ok(())
    }

    /// Takes a PDF of which pages are to be drawn. It is handed over, and opened, at the first page only.
    pub fn drawing<'a>(&'a mut self, bytes: &'a [u8]) -> Drawing<'a> {
        Drawing { reader: self, bytes, is_open: false }
    }

    fn running(&mut self) -> Result<&mut Process<Reply>, ChildError> {
        Ok(match &mut self.process {
            Some(process) => process,
            empty => empty.insert(Process::start("reader")?),
        })
    }

    /// Ends the child where its work did not come to its end; gives what that means for the document.
    fn settle(&mut self, ending: &Ending) -> Option<ProblemKind> {
        let mut process = match ending {
            Ending::Done => return None,
            _ => self.process.take()?,
        };
        match ending {
            Ending::Done | Ending::Stopped => None,
            Ending::TimedOut => Some(ProblemKind::TimedOut),
            Ending::Died => match process.end() {
                ChildError::Died { said, .. } if said.contains("memory allocation of") => {
                    Some(ProblemKind::OutOfMemory)
                }
                _ => Some(ProblemKind::Crashed),
            },
        }
    }
}

/// A PDF of which pages are drawn in a reader's child, one at a time.
#[derive(Debug)]
pub struct Drawing<'a> {
    reader: &'a mut Reader,
    bytes: &'a [u8],
    /// The child has it.
    is_open: bool,
}

/// What came of drawing a page.
#[derive(Debug)]
pub enum Drawn {
    Picture(Picture),
    /// Why there is none. Other pages may still be drawn.
    Problem(ProblemKind),
    /// It was cancelled.
    Stopped,
}

impl Drawing<'_> {
    /// Draws a page, counted from 1; see [`Renderer::picture`]. An error means that no child can be started at all.
    pub fn page(
        &mut self,
        page: u32,
        dots_per_inch: f32,
        cancel: &CancellationToken,
    ) -> Result<Drawn, ChildError> {
        let process = self.reader.running()?;
        let opened = if self.is_open {
            Ok(())
        } else {
            let bytes = self.bytes.len() as u64;
            send(process, &Job::Open { bytes }, self.bytes)
        };
        self.is_open = true;
        let asked = opened.and_then(|()| process.send(&Job::Draw { page, dots_per_inch }));
        let ending = if asked.is_err() {
            Ending::Died
        } else {
            match reply(process, cancel, Instant::now() + TIME) {
                Ok(Reply::Drawn(Ok(picture))) => return Ok(Drawn::Picture(picture)),
                Ok(Reply::Drawn(Err(kind))) => return Ok(Drawn::Problem(kind)),
                // No answer to what was asked.
                Ok(Reply::Part(_) | Reply::Done) => Ending::Died,
                Err(ending) => ending,
            }
        };
        self.is_open = false;
        Ok(self.reader.settle(&ending).map_or(Drawn::Stopped, Drawn::Problem))
    }
}

fn read_parts(
    process: &mut Process<Reply>,
    format: Format,
    bytes: &[u8],
    cancel: &CancellationToken,
    sink: &mut Sink<'_>,
) -> Ending {
    let job = Job::Read { format, bytes: bytes.len() as u64 };
    if send(process, &job, bytes).is_err() {
        return Ending::Died;
    }
    let mut deadline = Instant::now() + TIME;
    loop {
        match reply(process, cancel, deadline) {
            Ok(Reply::Done) => return Ending::Done,
            Ok(Reply::Part(part)) => {
                if matches!(part, Part::Page(_)) {
                    deadline += TIME_A_PAGE;
                }
                if sink(part).is_break() {
                    return Ending::Stopped;
                }
            }
            // No answer to what was asked.
            Ok(Reply::Drawn(_)) => return Ending::Died,
            Err(ending) => return ending,
        }
    }
}

fn send(process: &mut Process<Reply>, job: &Job, bytes: &[u8]) -> Result<(), ChildError> {
    process.send(job)?;
    process.with_stdin(|stdin| stdin.write_all(bytes))
}

/// Waits for the next reply; the error is why none comes.
fn reply(
    process: &Process<Reply>,
    cancel: &CancellationToken,
    deadline: Instant,
) -> Result<Reply, Ending> {
    loop {
        if cancel.is_cancelled() {
            return Err(Ending::Stopped);
        }
        if Instant::now() > deadline {
            return Err(Ending::TimedOut);
        }
        match process.receive(LOOK) {
            Received::Reply(reply) => return Ok(reply),
            Received::Nothing => {}
            Received::Ended => return Err(Ending::Died),
        }
    }
}

/// How the work on one document or page ended.
enum Ending {
    Done,
    Stopped,
    TimedOut,
    Died,
}
