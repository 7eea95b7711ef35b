//! How is the terminal taken, and given back as it was?

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, EventStream};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::event_loop::Console;
use crate::error::Failure;

/// What is drawn on: a frame is one write.
pub type Output = CrosstermBackend<BufWriter<Stdout>>;

/// More than a frame of a large terminal takes.
const FRAME_BYTES: usize = 1 << 18;

/// Whether the terminal is docent's now: a panic must know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is docent's; given back when this is dropped.
#[derive(Debug)]
pub struct Tty(());

impl Tty {
    /// Takes the terminal that standard input and output are.
    pub fn take() -> Result<(Self, Terminal<Output>), Failure> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::new("the screen needs a terminal").hint(
                "docent --ask QUESTION answers without one; docent --help lists everything",
            ));
        }
        give_back_on_panic(std::thread::current().id());
        let mut tty = Self(());
        tty.enter()?;
        let output = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(output))?;
        Ok((tty, terminal))
    }
}

impl Console for Tty {
    type Input = EventStream;

    fn input(&mut self) -> EventStream {
        EventStream::new()
    }

    fn leave(&mut self) -> io::Result<()> {
        give_back()
    }

    fn enter(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::Relaxed);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        drop(give_back());
    }
}

fn give_back() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let shown = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let cooked = disable_raw_mode();
    io::stdout().flush()?;
    shown.and(cooked)
}

/// Makes a panic of the screen's thread give the terminal back before it is told. Workers tell theirs on the screen.
fn give_back_on_panic(screen: ThreadId) {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == screen {
            // The panic is to be read, whatever becomes of the terminal.
            drop(give_back());
            tell(panic);
        } else if !TAKEN.load(Ordering::Relaxed) {
            tell(panic);
        }
    }));
}
