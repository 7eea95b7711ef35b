//! What comes from the terminal?
//!
//! Keys, clicks and sizes, as crossterm reads them; and between the keys the terminal's reply to what it was asked: the
//! colour of its background. The reply is picked out of what would otherwise be taken for keys. Nobody waits for it, and
//! what turns out to be typed is handed on in its order.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::execute;
use crossterm::style::Print;
use futures_core::Stream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, Sleep, sleep_until};

use super::terminal::fence::Awaited;

/// How long what begins like a reply is kept back: its bytes come at once, a key after it does not.
const KEPT_BACK: Duration = Duration::from_millis(100);

/// A reply is `11;rgb:` with three numbers of up to four digits, or a fourth one for how clear it is.
const LONGEST: usize = 32;
const BEGINS: [&str; 2] = ["11;rgb:", "11;rgba:"];

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Event(Event),
    /// The background as red, green, blue.
    Background([u8; 3]),
    /// The process goes on after it was stopped: the terminal may be as its shell likes it.
    Continued,
}

/// What comes, in its order.
#[derive(Debug)]
pub struct Input {
    events: EventStream,
    replies: Replies,
    continued: Option<Signal>,
    /// Until when something is kept back.
    release: Option<Pin<Box<Sleep>>>,
    /// What the terminal is asked with for its background.
    question: Option<&'static str>,
    /// Whether it is still to reply.
    awaited: Awaited,
}

impl Input {
    /// Begins to read the terminal, and asks it `question`, again whenever its user comes back to it.
    pub(crate) fn new(question: Option<&'static str>, awaited: Awaited) -> Self {
        // Without the signal, the screen is drawn anew at the next change only.
        let continued = signal(SignalKind::from_raw(libc::SIGCONT)).ok();
        let input = Self {
            events: EventStream::new(),
            replies: Replies::default(),
            continued,
            release: None,
            question,
            awaited,
        };
        input.ask();
        input
    }

    fn ask(&self) {
        if let Some(question) = self.question {
            self.awaited.begin();
            // A terminal that can't be asked can't be drawn on either, which is told there.
            drop(execute!(io::stdout(), Print(question)));
        }
    }
}

impl Stream for Input {
    type Item = io::Result<Incoming>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(continued) = &mut self.continued
            && continued.poll_recv(context) == Poll::Ready(Some(()))
        {
            return Poll::Ready(Some(Ok(Incoming::Continued)));
        }
        loop {
            if let Some(incoming) = self.replies.next() {
                if matches!(incoming, Incoming::Background(_)) {
                    self.awaited.end();
                }
                return Poll::Ready(Some(Ok(incoming)));
            }
            match Pin::new(&mut self.events).poll_next(context) {
                Poll::Ready(Some(Ok(event))) => {
                    if event == Event::FocusGained {
                        // Meanwhile the desktop may have gone from day to night.
                        self.ask();
                    }
                    self.replies.take(event);
                    let is_kept_back = !self.replies.kept.is_empty();
                    self.release =
                        is_kept_back.then(|| Box::pin(sleep_until(Instant::now() + KEPT_BACK)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let Some(release) = &mut self.release else { return Poll::Pending };
                    if release.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    self.release = None;
                    self.replies.give_up();
                }
            }
        }
    }
}

/// Picks replies out of what looks like keys: the reply `ESC ] 11;rgb:… ESC \` comes as Alt+], its characters and Alt+\.
#[derive(Debug, Default)]
struct Replies {
    /// What may be the beginning of a reply.
    kept: Vec<Event>,
    /// The characters of it.
    text: String,
    ready: VecDeque<Incoming>,
}

/// A key as a part of a reply.
enum Part {
    Begin,
    Char(char),
    /// Half of the two bytes that end it, when they came one by one.
    Escape,
    End,
}

impl Replies {
    fn next(&mut self) -> Option<Incoming> {
        self.ready.pop_front()
    }

    fn take(&mut self, event: Event) {
        let part = part(&event);
        match part {
            Some(Part::Begin) => {
                self.give_up();
                self.kept.push(event);
            }
            _ if self.kept.is_empty() => self.ready.push_back(Incoming::Event(event)),
            Some(Part::Char('\\')) if self.text.ends_with('\u{1b}') => {
                self.text.pop();
                self.end(event);
            }
            Some(Part::Char(c)) if self.goes_on(c) => {
                self.text.push(c);
                self.kept.push(event);
            }
            Some(Part::Escape) if colour(&self.text).is_some() => {
                self.text.push('\u{1b}');
                self.kept.push(event);
            }
            Some(Part::End) => self.end(event),
            _ => {
                self.kept.push(event);
                self.give_up();
            }
        }
    }

    /// Whether a reply can have this character next.
    fn goes_on(&self, c: char) -> bool {
        let length = self.text.len();
        let is_begin = BEGINS
            .iter()
            .any(|begin| begin.starts_with(&self.text) && begin.chars().nth(length) == Some(c));
        let is_begun = BEGINS.iter().any(|begin| self.text.starts_with(begin));
        is_begin || (is_begun && length < LONGEST && (c.is_ascii_hexdigit() || c == '/'))
    }

    fn end(&mut self, event: Event) {
        self.kept.push(event);
        match colour(&self.text) {
            Some(colour) => {
                self.kept.clear();
                self.text.clear();
                self.ready.push_back(Incoming::Background(colour));
            }
            None => self.give_up(),
        }
    }

    /// It was typed after all.
    fn give_up(&mut self) {
        self.text.clear();
        self.ready.extend(self.kept.drain(..).map(Incoming::Event));
    }
}

fn part(event: &Event) -> Option<Part> {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else {
        return None;
    };
    match (*code, *modifiers) {
        (KeyCode::Char(']'), KeyModifiers::ALT) => Some(Part::Begin),
        (KeyCode::Char('\\'), KeyModifiers::ALT) | (KeyCode::Char('g'), KeyModifiers::CONTROL) => {
            Some(Part::End)
        }
        (KeyCode::Char(c), KeyModifiers::NONE | KeyModifiers::SHIFT) => Some(Part::Char(c)),
        (KeyCode::Esc, KeyModifiers::NONE) => Some(Part::Escape),
        _ => None,
    }
}

/// Red, green and blue of `11;rgb:1616/1818/1d1d`, whose numbers may have one to four digits.
fn colour(text: &str) -> Option<[u8; 3]> {
    let numbers = BEGINS.iter().find_map(|begin| text.strip_prefix(begin))?;
    let mut parts = numbers.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        // 255 at most.
        u8::try_from((number * 255).checked_div(most)?).ok()
    });
    let mut next = || parts.next().flatten();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys as crossterm makes them of bytes that come at once.
    fn keys(text: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let (code, modifiers) = match c {
                '\u{1b}' => match chars.next() {
                    Some(c) => (KeyCode::Char(c), KeyModifiers::ALT),
                    None => (KeyCode::Esc, KeyModifiers::NONE),
                },
                '\u{7}' => (KeyCode::Char('g'), KeyModifiers::CONTROL),
                c if c.is_uppercase() => (KeyCode::Char(c), KeyModifiers::SHIFT),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            events.push(Event::Key(KeyEvent::new(code, modifiers)));
        }
        events
    }

    /// What comes of events, the last of which is followed by nothing.
    fn incoming(events: Vec<Event>) -> Vec<Incoming> {
        let mut replies = Replies::default();
        for event in events {
            replies.take(event);
        }
        replies.give_up();
        std::iter::from_fn(|| replies.next()).collect()
    }

    fn typed(text: &str) -> Vec<Incoming> {
        keys(text).into_iter().map(Incoming::Event).collect()
    }

    #[test]
    fn a_reply_is_picked_out_of_what_is_typed() {
        let background = Incoming::Background([0x16, 0x18, 0x1d]);
        for reply in [
            "\u{1b}]11;rgb:1616/1818/1d1d\u{1b}\\",
            "\u{1b}]11;rgb:1616/1818/1D1D\u{7}",
            "\u{1b}]11;rgba:16/18/1d/ff\u{7}",
        ] {
            let all = incoming(keys(&format!("Why{reply}?")));
            let expected = [typed("Why"), vec![background.clone()], typed("?")].concat();
            assert_eq!(all, expected, "{reply}");
        }
        let white = incoming(keys("\u{1b}]11;rgb:f/f/f\u{7}"));
        assert_eq!(white, [Incoming::Background([255; 3])]);
    }

    #[test]
    fn a_reply_whose_end_comes_in_two_parts_is_one() {
        let mut events = keys("\u{1b}]11;rgb:0000/0000/0000");
        events.extend(keys("\u{1b}"));
        events.extend(keys("\\"));
        assert_eq!(incoming(events), [Incoming::Background([0; 3])]);
    }

    #[test]
    fn what_is_no_reply_is_typed_in_its_order() {
        for text in [
            "\u{1b}]",
            "\u{1b}]1",
            "\u{1b}]\u{1b}]11;",
            "\u{1b}]11;rgb:hello",
            "\u{1b}]11;rgb:12/34\u{7}",
            "\u{1b}]12;rgb:1616/1818/1d1d\u{7}",
            "\u{1b}\\ and \u{7}",
            "\u{1b}]11;rgb:11111/11111/11111/11111/11111/11111",
        ] {
            assert_eq!(incoming(keys(text)), typed(text), "{text:?}");
        }
        // What is pasted or resized between is no part of a reply.
        let mut events = keys("\u{1b}]11;");
        events.push(Event::Resize(80, 24));
        let expected: Vec<_> = events.iter().cloned().map(Incoming::Event).collect();
        assert_eq!(incoming(events), expected);
    }
}
