//! How is the terminal taken, and given back as it was?

pub(crate) mod fence;

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::process::{Signal, kill_current_process_group};

use self::fence::Awaited;
use super::event_loop::Console;
use super::incoming::Input;
use crate::error::Failure;
use crate::state::look::RightToLeft;

/// What is drawn on: a frame is one write.
pub type Output = CrosstermBackend<BufWriter<Stdout>>;

/// More than a frame of a large terminal takes.
const FRAME_BYTES: usize = 1 << 18;

/// Clicks, the wheel, and where the mouse moves while its button is down, told with numbers of any size. Not told is where
/// it moves otherwise: nothing here follows it.
const TAKE_MOUSE: &str = "\x1b[?1002h\x1b[?1006h";
const RELEASE_MOUSE: &str = "\x1b[?1006l\x1b[?1002l";

/// Puts the window's title on a stack, and takes it from there.
const KEEP_TITLE: &str = "\x1b[22;2t";
const GIVE_TITLE_BACK: &str = "\x1b[23;2t";

/// Asks for the colour of the background. The reply comes among the keys, if there is one.
const ASK_BACKGROUND: &str = "\x1b]11;?\x1b\\";

/// Tells the terminal to show cells as they come, whatever direction their script has, and to put them in order again:
/// ECMA-48's BDSM. Those that do neither take no notice.
const KEEP_ORDER: &str = "\x1b[8l";
const CHANGE_ORDER: &str = "\x1b[8h";

/// Whether the terminal is docent's now: a panic must know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is docent's; given back when this is dropped.
#[derive(Debug)]
pub struct Tty {
    /// Whether the terminal can be asked for its background.
    answers: bool,
    /// Whether it is still to reply.
    awaited: Awaited,
    order: RightToLeft,
    /// What it was told last.
    title: Option<String>,
    mouse: bool,
}

impl Tty {
    /// Takes the terminal that standard input and output are, and asks it for its background where it `answers`.
    pub fn take(answers: bool, order: RightToLeft) -> Result<(Self, Terminal<Output>), Failure> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::new("the screen needs a terminal").hint(
                "docent --ask QUESTION answers without one; docent --help lists everything",
            ));
        }
        give_back_on_panic(std::thread::current().id());
        let mut tty =
            Self { answers, awaited: Awaited::default(), order, title: None, mouse: false };
        tty.enter()?;
        let output = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(output))?;
        Ok((tty, terminal))
    }
}

impl Console for Tty {
    type Input = Input;

    fn input(&mut self) -> Input {
        Input::new(self.answers.then_some(ASK_BACKGROUND), self.awaited.clone())
    }

    fn leave(&mut self) -> io::Result<()> {
        self.awaited.settle();
        give_back()
    }

    fn enter(&mut self) -> io::Result<()> {
        if TAKEN.swap(true, Ordering::Relaxed) {
            // The shell may have changed its modes while docent was stopped.
            disable_raw_mode()?;
        } else {
            execute!(io::stdout(), Print(KEEP_TITLE))?;
        }
        enable_raw_mode()?;
        (self.title, self.mouse) = (None, false);
        if self.order != RightToLeft::Terminal {
            execute!(io::stdout(), Print(KEEP_ORDER))?;
        }
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            cursor::Hide
        )
    }

    fn stop(&mut self) -> io::Result<()> {
        // Where no shell could let it go on, the kernel does not stop it.
        Ok(kill_current_process_group(Signal::TSTP)?)
    }

    fn present(&mut self, title: &str, mouse: bool) -> io::Result<()> {
        if self.title.as_deref() != Some(title) {
            execute!(io::stdout(), Print(format!("\x1b]2;{title}\x1b\\")))?;
            self.title = Some(title.to_owned());
        }
        if self.mouse != mouse {
            execute!(io::stdout(), Print(if mouse { TAKE_MOUSE } else { RELEASE_MOUSE }))?;
            self.mouse = mouse;
        }
        Ok(())
    }

    fn frame(&mut self, begins: bool) -> io::Result<()> {
        if begins {
            execute!(io::stdout(), BeginSynchronizedUpdate)
        } else {
            execute!(io::stdout(), EndSynchronizedUpdate)
        }
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all(clipboard(text).as_bytes())?;
        output.flush()
    }
}

/// The control sequence that puts text on the clipboard of whatever terminal it comes to, also at the other end of a
/// connection: OSC 52. Base64 keeps the text from ending it.
fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(text))
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.awaited.settle();
        // A terminal that is gone needs nothing back.
        drop(give_back());
    }
}

fn give_back() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let shown = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(RELEASE_MOUSE),
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        // What it does by itself, whether it was told otherwise or not.
        Print(CHANGE_ORDER),
        Print(GIVE_TITLE_BACK),
        cursor::Show
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_can_not_end_the_sequence_that_copies_it() {
        assert_eq!(clipboard("\x1b\\ ü"), "\x1b]52;c;G1wgw7w=\x1b\\");
    }
}
