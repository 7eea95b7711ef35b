//! docent in a terminal that a test can look at.

use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a test waits for something to appear before it fails. Builds and other tests may be running.
const PATIENCE: Duration = Duration::from_secs(30);

/// The kernel gathers lines and lets them be edited: termios(3).
const ICANON: u32 = 2;

/// What a terminal sends for keys, in its application mode where it has one.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\r";
    pub(crate) const ESCAPE: &str = "\x1b";
    pub(crate) const TAB: &str = "\t";
    pub(crate) const BACKSPACE: &str = "\x7f";
    pub(crate) const DOWN: &str = "\x1b[B";
    pub(crate) const CTRL_G: &str = "\x07";
    pub(crate) const CTRL_P: &str = "\x10";
    pub(crate) const CTRL_R: &str = "\x12";
    pub(crate) const CTRL_S: &str = "\x13";
    pub(crate) const CTRL_U: &str = "\x15";
    pub(crate) const CTRL_Z: &str = "\x1a";
    /// Ctrl+C, twice.
    pub(crate) const QUIT: &str = "\x03\x03";
    pub(crate) const F2: &str = "\x1bOQ";
    pub(crate) const F3: &str = "\x1bOR";
    pub(crate) const F4: &str = "\x1bOS";
    pub(crate) const F7: &str = "\x1b[18~";
    pub(crate) const F8: &str = "\x1b[19~";
}

/// A pseudoterminal with docent in it and a terminal emulator on the other side.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    emulator: vt100::Parser,
    /// Every byte that came.
    bytes: Vec<u8>,
    ended: bool,
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            emulator: vt100::Parser::new(cells(24), cells(80), 0),
            bytes: Vec::new(),
            ended: false,
        }
    }
}

impl Terminal {
    /// Starts docent with a home and more arguments in a terminal of so many columns and rows.
    pub(crate) fn start<A: AsRef<OsStr>>(
        home: &Path,
        arguments: impl IntoIterator<Item = A>,
        (columns, rows): (u16, u16),
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        command.arg("--home");
        command.arg(home);
        let arguments: Vec<_> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        // A model that is on the machine by chance would answer.
        if !arguments.iter().any(|argument| argument == "--model") {
            command.args(["--model", "none"]);
        }
        command.args(arguments);
        Self::run(command, (columns, rows))
    }

    pub(crate) fn run(command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::new(Seen::default());
        seen.shown.lock().unwrap().emulator.screen_mut().set_size(cells(rows), cells(columns));
        let writer = pair.master.take_writer().unwrap();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                let mut shown = shared.shown.lock().unwrap();
                shown.emulator.process(&buffer[..count]);
                shown.bytes.extend(&buffer[..count]);
                shown.ended = count == 0;
                shared.changed.notify_all();
                if count == 0 {
                    break;
                }
            }
        });
        Self { child, master: pair.master, writer, seen }
    }

    /// Types a question and sends it when it stands there.
    pub(crate) fn ask(&mut self, question: &str) {
        self.keys(question);
        self.wait_for(question.get(..20).unwrap_or(question));
        self.keys(key::ENTER);
    }

    /// Sends keys as a terminal does.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Clicks with the left button on the last cell of what the screen shows.
    #[track_caller]
    pub(crate) fn click(&mut self, text: &str) {
        let (column, row) = self.place_of(text);
        self.keys(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    }

    /// Takes the last cell of what the screen shows with the left button, moves it by so many columns, and lets it go.
    #[track_caller]
    pub(crate) fn drag(&mut self, text: &str, columns: isize) {
        let (column, row) = self.place_of(text);
        let to = column.saturating_add_signed(columns);
        self.keys(&format!("\x1b[<0;{column};{row}M\x1b[<32;{to};{row}M\x1b[<0;{to};{row}m"));
    }

    /// Turns the wheel on what the screen shows, by so many notches; up when negative.
    #[track_caller]
    pub(crate) fn wheel(&mut self, text: &str, notches: i32) {
        let (column, row) = self.place_of(text);
        let button = if notches < 0 { 64 } else { 65 };
        let notch = format!("\x1b[<{button};{column};{row}M");
        self.keys(&notch.repeat(notches.unsigned_abs().try_into().unwrap()));
    }

    /// Column and row, from 1, of the last cell of a text.
    #[track_caller]
    fn place_of(&self, text: &str) -> (usize, usize) {
        let screen = self.screen();
        let place = (1..).zip(screen.lines()).find_map(|(row, line)| {
            let end = line.find(text)? + text.len();
            Some((line[..end].chars().count(), row))
        });
        place.unwrap_or_else(|| panic!("{text:?} is not shown:\n{screen}"))
    }

    pub(crate) fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.seen.shown.lock().unwrap().emulator.screen_mut().set_size(cells(rows), cells(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    /// Waits until the screen shows `text`, and gives the screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} to be shown"), |screen| screen.contains(text))
    }

    #[track_caller]
    pub(crate) fn wait_until(&self, wanted: &str, is_there: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.seen.shown.lock().unwrap();
        loop {
            let screen = shown.emulator.screen().contents();
            if is_there(&screen) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "waited for {wanted}:\n{screen}");
            shown = self.seen.changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until this has been written to the terminal.
    #[track_caller]
    pub(crate) fn wait_until_bytes(&self, wanted: &str) {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.seen.shown.lock().unwrap();
        while !String::from_utf8_lossy(&shown.bytes).contains(wanted) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "waited for {wanted:?} to be written");
            shown = self.seen.changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Whether clicks are told to the program.
    pub(crate) fn takes_mouse(&self) -> bool {
        let shown = self.seen.shown.lock().unwrap();
        shown.emulator.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    pub(crate) fn screen(&self) -> String {
        self.seen.shown.lock().unwrap().emulator.screen().contents()
    }

    /// Every byte that came to the terminal so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.shown.lock().unwrap().bytes.clone()
    }

    pub(crate) fn process(&self) -> rustix::process::Pid {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::Pid::from_raw(id).unwrap()
    }

    /// Waits for the end and gives the exit code.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.seen.shown.lock().unwrap();
        while !shown.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end:\n{}", shown.emulator.screen().contents());
            shown = self.seen.changed.wait_timeout(shown, left).unwrap().0;
        }
        drop(shown);
        self.child.wait().unwrap().exit_code()
    }

    /// Whether the terminal is as a shell wants it: main screen, cursor shown, no mouse, nothing pasted in brackets, lines
    /// edited by the kernel, the title as it was, nothing told of the window's focus.
    pub(crate) fn is_given_back(&self) -> bool {
        let shown = self.seen.shown.lock().unwrap();
        let screen = shown.emulator.screen();
        let modes = self.master.get_termios().unwrap();
        let bytes = String::from_utf8_lossy(&shown.bytes);
        let last = |on: &str, off: &str| bytes.rfind(off) >= bytes.rfind(on);
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
            && last("\x1b[8l", "\x1b[8h")
            && last("\x1b[?1004h", "\x1b[?1004l")
            && last("\x1b[?2026h", "\x1b[?2026l")
            && bytes.matches("\x1b[22;2t").count() == bytes.matches("\x1b[23;2t").count()
            && modes.local_flags.bits() & ICANON != 0
    }
}
