//! What happens next on the screen?
//!
//! One loop. Input comes first, then a frame when something has changed, then what work reports, a few at a time: keys
//! never wait behind tokens, and tokens never keep a frame from being drawn.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use futures_core::Stream;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use super::view::View;
use crate::keys::{Chord, Keys};
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::message::{Message, Moment, Size};

/// The least time between frames that only work asks for. A key's frame waits for nothing.
const FRAME: Duration = Duration::from_millis(33);

/// How many events of the terminal, and messages of work, are taken at most before a frame is drawn.
const AT_ONCE: usize = 64;

/// Where input comes from, and who takes the terminal meanwhile.
pub trait Console {
    type Input: Stream<Item = io::Result<Event>> + Unpin;

    /// Begins to read the terminal.
    fn input(&mut self) -> Self::Input;

    /// Gives the terminal to another program, as it was before docent.
    fn leave(&mut self) -> io::Result<()>;

    /// Takes it back.
    fn enter(&mut self) -> io::Result<()>;
}

/// What carries out the effects.
pub trait Hands {
    /// Begins what is to be done, without waiting for it.
    fn carry_out(&mut self, effect: Effect);

    /// Lets the user edit a file in the terminal and waits until that has ended.
    fn edit(&mut self, path: &std::path::Path, line: Option<u32>) -> Message;
}

/// Everything that the loop holds together.
#[derive(Debug)]
pub struct Screen<'a, B: Backend, C, H> {
    pub terminal: Terminal<B>,
    pub console: C,
    pub hands: H,
    pub view: View,
    pub keys: &'a Keys,
    pub state: State,
    /// The time now.
    pub clock: fn(Instant) -> Moment,
    pub started: Instant,
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The user wanted it.
    Quit,
    /// A signal did.
    Stopped,
}

/// When the next frame is due, and why.
struct Frames {
    drawn: Instant,
    /// A key was pressed: its frame is due at once.
    urgent: bool,
    dirty: bool,
    taken: usize,
}

impl<B: Backend, C: Console, H: Hands> Screen<'_, B, C, H>
where
    io::Error: From<B::Error>,
{
    /// Runs until the user quits, the terminal is gone, or `stop` is cancelled.
    pub async fn run(
        &mut self,
        inbox: &mut Receiver<Message>,
        stop: &CancellationToken,
    ) -> io::Result<End> {
        let mut input = self.console.input();
        let mut frames =
            Frames { drawn: Instant::now(), urgent: true, dirty: true, taken: 0 };
        loop {
            let due = frames.due();
            let wakes = self.state.wakes().map(|since_start| self.started + since_start);
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(End::Stopped),
                event = next(&mut input), if frames.taken < AT_ONCE => {
                    let Some(event) = event.transpose()? else { return Ok(End::Stopped) };
                    frames.taken += 1;
                    let effects = self.take_input(event, &mut frames);
                    for effect in effects {
                        match effect {
                            Effect::Quit => return Ok(End::Quit),
                            Effect::Edit { path, line } => {
                                // Whoever reads the terminal would take keys from the editor.
                                drop(input);
                                self.edit(&path, line)?;
                                input = self.console.input();
                                frames.mark(true);
                            }
                            effect => self.hands.carry_out(effect),
                        }
                    }
                }
                () = until(due), if frames.dirty => {
                    self.draw()?;
                    frames.are_drawn();
                }
                message = inbox.recv() => {
                    let Some(message) = message else { return Ok(End::Stopped) };
                    self.take_messages(message, inbox);
                    frames.mark(false);
                }
                () = until(wakes.unwrap_or(due)), if wakes.is_some() => {
                    self.tick();
                    frames.mark(false);
                }
            }
        }
    }

    fn take_input(&mut self, event: Event, frames: &mut Frames) -> Vec<Effect> {
        let message = match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return Vec::new(),
            Event::Key(key) => {
                let action = self.keys.action(self.state.context(), Chord::from(key));
                let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
                match (action, key.code) {
                    (Some(action), _) => Message::Do(action),
                    (None, KeyCode::Char(c)) if plain => Message::Type(c),
                    (None, _) => return Vec::new(),
                }
            }
            Event::Paste(text) => Message::Paste(text),
            Event::Resize(width, height) => Message::Resize(Size { width, height }),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => return Vec::new(),
        };
        frames.mark(true);
        self.tick();
        self.state.update(message)
    }

    /// Takes a message and those that wait behind it, so that they come with one frame.
    fn take_messages(&mut self, first: Message, inbox: &mut Receiver<Message>) {
        self.tick();
        let waiting = std::iter::from_fn(|| inbox.try_recv().ok()).take(AT_ONCE);
        for message in std::iter::once(first).chain(waiting) {
            for effect in self.state.update(message) {
                self.hands.carry_out(effect);
            }
        }
    }

    fn tick(&mut self) {
        // Time alone asks for nothing.
        drop(self.state.update(Message::Tick((self.clock)(self.started))));
    }

    fn draw(&mut self) -> io::Result<()> {
        let Self { terminal, view, state, keys, .. } = self;
        let mut measures = None;
        terminal.draw(|frame| measures = Some(view.draw(state, keys, frame)))?;
        if let Some(measures) = measures {
            // A frame changes positions only as far as it has shown them already.
            drop(self.state.update(Message::Drawn(measures)));
        }
        Ok(())
    }

    fn edit(&mut self, path: &std::path::Path, line: Option<u32>) -> io::Result<()> {
        self.console.leave()?;
        let message = self.hands.edit(path, line);
        self.console.enter()?;
        self.terminal.clear()?;
        for effect in self.state.update(message) {
            self.hands.carry_out(effect);
        }
        Ok(())
    }
}

impl Frames {
    fn due(&self) -> Instant {
        if self.urgent { self.drawn } else { self.drawn + FRAME }
    }

    fn mark(&mut self, urgent: bool) {
        self.dirty = true;
        self.urgent |= urgent;
    }

    fn are_drawn(&mut self) {
        *self = Self { drawn: Instant::now(), urgent: false, dirty: false, taken: 0 };
    }
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

async fn until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}
