//! How does what the terminal has still to say stay out of the shell?
//!
//! It answers in the order in which it was asked. Where a reply is still on its way at the end, it is asked one thing more
//! that every terminal answers, and what comes is read and dropped until that answer is there.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

/// Asks what kind of terminal it is: "primary device attributes".
const ASK_KIND: &[u8] = b"\x1b[c";

/// A reply that has not come so long after it was asked for does not come any more.
const AWAITED: Duration = Duration::from_secs(1);

/// How long the end waits at most.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long one read waits, in tenths of a second; where nobody is left to write, it does not.
const READ: u8 = 1;
const AT_ONCE: Duration = Duration::from_millis(20);

/// Whether a reply of the terminal is on its way, known to whoever asks and to whoever reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awaited(Rc<Cell<Option<Instant>>>);

impl Awaited {
    /// The terminal was asked now.
    pub(crate) fn begin(&self) {
        self.0.set(Some(Instant::now()));
    }

    /// It has replied.
    pub(crate) fn end(&self) {
        self.0.set(None);
    }

    /// Waits for a reply that is on its way, and drops it with all that comes before it. The terminal must still be raw.
    pub(super) fn settle(&self) {
        let is_awaited = self.0.take().is_some_and(|asked| asked.elapsed() < AWAITED);
        if is_awaited {
            // A terminal that is gone has nothing to say.
            drop(drain(Instant::now() + PATIENCE));
        }
    }
}

fn drain(until: Instant) -> io::Result<()> {
    let input = io::stdin();
    let mut modes = tcgetattr(&input)?;
    // A read gives what there is, or nothing after a while.
    modes.special_codes[SpecialCodeIndex::VMIN] = 0;
    modes.special_codes[SpecialCodeIndex::VTIME] = READ;
    tcsetattr(&input, OptionalActions::Now, &modes)?;
    let mut output = io::stdout().lock();
    output.write_all(ASK_KIND)?;
    output.flush()?;
    let mut fence = Fence::default();
    let mut bytes = [0; 256];
    let mut now = Instant::now();
    while now < until {
        let before = now;
        let count = rustix::io::read(&input, &mut bytes)?;
        now = Instant::now();
        let is_gone = count == 0 && now.duration_since(before) < AT_ONCE;
        if is_gone || bytes.iter().take(count).any(|byte| fence.passes(*byte)) {
            break;
        }
    }
    Ok(())
}

/// Finds the reply `ESC [ ? … c` in what is read byte by byte.
#[derive(Debug, Default)]
struct Fence {
    /// How many bytes of its beginning were read; all three, and then its numbers.
    begun: usize,
}

impl Fence {
    /// Whether this byte ends the reply.
    fn passes(&mut self, byte: u8) -> bool {
        const BEGIN: &[u8; 3] = b"\x1b[?";
        match BEGIN.get(self.begun) {
            Some(next) if *next == byte => self.begun += 1,
            None if byte.is_ascii_digit() || byte == b';' => {}
            None if byte == b'c' => return true,
            _ => self.begun = usize::from(byte == 0x1b),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes are read.
    fn read(bytes: &str) -> Option<usize> {
        let mut fence = Fence::default();
        bytes.bytes().position(|byte| fence.passes(byte)).map(|last| last + 1)
    }

    #[test]
    fn the_reply_is_found_behind_whatever_comes_before_it() {
        assert_eq!(read("\x1b[?62;22c"), Some(9));
        assert_eq!(read("\x1b[?6cls\r"), Some(5));
        assert_eq!(read("q\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?1;2c"), Some(33));
        assert_eq!(read("\x1b\x1b[?1c"), Some(6));
        assert_eq!(read("\x1b[?12\x1b[?1c"), Some(10));
        for other in ["", "c", "\x1b[c", "\x1b[?1u", "\x1b[1;2c", "\x1b[?1;2"] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn nothing_is_waited_for_that_was_not_asked_or_has_come() {
        let awaited = Awaited::default();
        awaited.settle();
        awaited.begin();
        awaited.end();
        let before = Instant::now();
        awaited.settle();
        assert!(before.elapsed() < PATIENCE);
    }
}
