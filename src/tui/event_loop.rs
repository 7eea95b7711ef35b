//! What happens next on the screen?
//!
//! One loop. Input comes first, then a frame when something has changed, then what work reports, a few at a time: keys
//! never wait behind tokens, and tokens never keep a frame from being drawn.

use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use crossterm::event::{
    Event, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use futures_core::Stream;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Position, Rect};
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::incoming::Incoming;
use super::view::View;
use crate::error::Failure;
use crate::keys::{Chord, Keys};
use crate::plain;
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::message::{Message, Moment, Size};
use crate::theme::Background;

/// The least time between frames that only work asks for. A key's frame waits for nothing.
const FRAME: Duration = Duration::from_millis(33);

/// How many events of the terminal, and messages of work, are taken at most before a frame is drawn.
const AT_ONCE: usize = 64;

/// Lines that a notch of the wheel moves.
const NOTCH: isize = 3;

/// Characters of the window's title.
const TITLE: usize = 80;

/// Where input comes from, and who takes the terminal meanwhile.
pub trait Console {
    type Input: Stream<Item = io::Result<Incoming>> + Unpin;

    /// Begins to read the terminal.
    fn input(&mut self) -> Self::Input;

    /// Gives the terminal to another program, as it was before docent.
    fn leave(&mut self) -> io::Result<()>;

    /// Takes it back, or takes it anew where somebody else may have changed it.
    fn enter(&mut self) -> io::Result<()>;

    /// Stops this process and what its shell started with it, as the shell does it, and comes back when it goes on. The
    /// terminal is left.
    fn stop(&mut self) -> io::Result<()>;

    /// Tells the terminal what its window is called and whether clicks are wanted, where that has changed.
    fn present(&mut self, title: &str, mouse: bool) -> io::Result<()>;

    /// A frame begins or ends: what is written between is to be seen at once.
    fn frame(&mut self, begins: bool) -> io::Result<()>;

    /// Puts text on its clipboard, if it lets programs do that.
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// What carries out the effects.
pub trait Hands {
    /// Begins what is to be done, without waiting for it.
    fn carry_out(&mut self, effect: Effect);

    /// Lets the user edit a file in the terminal and waits until that has ended.
    fn edit(&mut self, path: &Path, line: Option<u32>) -> Message;

    /// Lets the user edit a text in the terminal and waits until that has ended. `line` counts from 1.
    fn compose(&mut self, text: &str, line: u32) -> Message;
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
    B::Error: Send + Sync + 'static,
{
    /// Runs until the user quits, the terminal is gone, or `stop` is cancelled.
    pub async fn run(
        &mut self,
        inbox: &mut Receiver<Message>,
        stop: &CancellationToken,
    ) -> Result<End, Failure> {
        let mut input = self.console.input();
        let mut frames = Frames { drawn: Instant::now(), urgent: true, dirty: true, taken: 0 };
        loop {
            let due = frames.due();
            let wakes = self.state.wakes().map(|since_start| self.started + since_start);
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(End::Stopped),
                incoming = next(&mut input), if frames.taken < AT_ONCE => {
                    let Some(incoming) = incoming.transpose()? else { return Ok(End::Stopped) };
                    frames.taken += 1;
                    let effects = match incoming {
                        Incoming::Event(event) => self.take_input(event, &mut frames),
                        Incoming::Background(colour) => {
                            frames.mark(true);
                            self.state.update(Message::Background(Background::of(colour)))
                        }
                        Incoming::Continued => {
                            self.retake()?;
                            frames.mark(true);
                            Vec::new()
                        }
                    };
                    for effect in effects {
                        match effect {
                            Effect::Quit => return Ok(End::Quit),
                            Effect::Edit { path, line } => {
                                // Whoever reads the terminal would take keys from the editor.
                                drop(input);
                                self.lend(|hands| hands.edit(&path, line))?;
                                input = self.console.input();
                                frames.mark(true);
                            }
                            Effect::Compose { text, line } => {
                                drop(input);
                                self.lend(|hands| hands.compose(&text, line))?;
                                input = self.console.input();
                                frames.mark(true);
                            }
                            Effect::Suspend => {
                                drop(input);
                                self.console.leave()?;
                                self.console.stop()?;
                                self.retake()?;
                                input = self.console.input();
                                frames.mark(true);
                            }
                            Effect::Copy(text) => self.console.copy(&text)?,
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
            Event::Mouse(event) => match self.pointed(event) {
                Some(message) => message,
                None => return Vec::new(),
            },
            Event::FocusGained => Message::Looked(true),
            Event::FocusLost => Message::Looked(false),
        };
        frames.mark(true);
        self.tick();
        self.state.update(message)
    }

    /// What is meant by the mouse. Where it goes matters only while it holds an edge.
    fn pointed(&self, event: MouseEvent) -> Option<Message> {
        let is_held = self.state.dragged.is_some();
        let target = || self.view.target_at(event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => target().map(Message::Click),
            MouseEventKind::Drag(MouseButton::Left) if is_held => Some(Message::Drag(event.column)),
            MouseEventKind::Up(MouseButton::Left) if is_held => Some(Message::Release),
            MouseEventKind::ScrollUp => {
                target().map(|target| Message::Wheel { target, lines: -NOTCH })
            }
            MouseEventKind::ScrollDown => {
                target().map(|target| Message::Wheel { target, lines: NOTCH })
            }
            _ => None,
        }
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
        for effect in self.state.update(Message::Tick((self.clock)(self.started))) {
            self.hands.carry_out(effect);
        }
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let Self { terminal, console, view, state, keys, .. } = self;
        let mut measures = None;
        console.present(&title(state), state.has_mouse)?;
        console.frame(true)?;
        terminal
            .draw(|frame| measures = Some(view.draw(state, keys, frame)))
            .map_err(Failure::new)?;
        console.frame(false)?;
        if let Some(measures) = measures {
            // A frame changes positions only as far as it has shown them already.
            drop(self.state.update(Message::Drawn(measures)));
        }
        Ok(())
    }

    /// Lends the terminal to an editor.
    fn lend(&mut self, edit: impl FnOnce(&mut H) -> Message) -> Result<(), Failure> {
        self.console.leave()?;
        let message = edit(&mut self.hands);
        self.retake()?;
        for effect in self.state.update(message) {
            self.hands.carry_out(effect);
        }
        Ok(())
    }

    /// Takes the terminal, whatever has become of it meanwhile.
    fn retake(&mut self) -> Result<(), Failure> {
        self.console.enter()?;
        // Everything is drawn anew, in the size that the terminal has now. Clearing would ask the terminal where its cursor
        // stands, and wait for keys that nobody reads.
        let size = self.terminal.size().map_err(Failure::new)?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size))).map_err(Failure::new)?;
        let size = Size { width: size.width, height: size.height };
        drop(self.state.update(Message::Resize(size)));
        Ok(())
    }
}

/// What the window is called: the program and the conversation that is open, without what steers a terminal.
fn title(state: &State) -> String {
    let Some(title) = state.title() else { return "docent".to_owned() };
    let title: String = title.chars().take(TITLE).collect();
    format!("docent: {}", plain::line(&title))
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
    tokio::time::sleep_until(moment).await;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::task::{Context, Poll};

    use crossterm::event::KeyEvent;
    use proptest::prelude::*;
    use ratatui::backend::TestBackend;
    use tokio::sync::mpsc;

    use super::*;
    use crate::state::action::Action;
    use crate::state::document::Opened;
    use crate::state::effect::Run;
    use crate::state::message::AnswerReport;
    use crate::state::notice::Notice;
    use crate::state::scroll::Anchor;
    use crate::state::tests::{after, any_message, conversing, moment, opened, ready};
    use crate::theme::{Signs, Theme};

    /// What was done with the terminal and what was asked of the hands, in order.
    type Log = Rc<RefCell<Vec<String>>>;

    struct Typed(Rc<RefCell<mpsc::UnboundedReceiver<Incoming>>>, Log);

    impl Stream for Typed {
        type Item = io::Result<Incoming>;

        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.borrow_mut().poll_recv(context).map(|incoming| incoming.map(Ok))
        }
    }

    impl Drop for Typed {
        fn drop(&mut self) {
            self.1.borrow_mut().push("input ends".into());
        }
    }

    struct FakeConsole(Rc<RefCell<mpsc::UnboundedReceiver<Incoming>>>, Log);

    impl Console for FakeConsole {
        type Input = Typed;

        fn input(&mut self) -> Typed {
            self.1.borrow_mut().push("input".into());
            Typed(Rc::clone(&self.0), Rc::clone(&self.1))
        }

        fn leave(&mut self) -> io::Result<()> {
            self.1.borrow_mut().push("leave".into());
            Ok(())
        }

        fn enter(&mut self) -> io::Result<()> {
            self.1.borrow_mut().push("enter".into());
            Ok(())
        }

        fn stop(&mut self) -> io::Result<()> {
            self.1.borrow_mut().push("stop".into());
            Ok(())
        }

        fn present(&mut self, _title: &str, _mouse: bool) -> io::Result<()> {
            Ok(())
        }

        fn frame(&mut self, _begins: bool) -> io::Result<()> {
            Ok(())
        }

        fn copy(&mut self, text: &str) -> io::Result<()> {
            self.1.borrow_mut().push(format!("copy {text}"));
            Ok(())
        }
    }

    struct Recorder(Log);

    impl Hands for Recorder {
        fn carry_out(&mut self, effect: Effect) {
            let told = format!("{effect:?}");
            self.0.borrow_mut().push(told.split(['(', ' ']).next().unwrap().to_owned());
        }

        fn edit(&mut self, path: &Path, line: Option<u32>) -> Message {
            self.0.borrow_mut().push(format!("edit {} {line:?}", path.display()));
            Message::Edited
        }

        fn compose(&mut self, text: &str, line: u32) -> Message {
            self.0.borrow_mut().push(format!("compose {text:?} {line}"));
            Message::Composed(format!("{text}, and when?\r\n"))
        }
    }

    struct Desk {
        log: Log,
        keyboard: mpsc::UnboundedSender<Incoming>,
        work: mpsc::Sender<Message>,
        inbox: Receiver<Message>,
        stop: CancellationToken,
        keys: Keys,
        console: FakeConsole,
    }

    impl Desk {
        fn new() -> Self {
            let log = Log::default();
            let (keyboard, typed) = mpsc::unbounded_channel();
            let (work, inbox) = mpsc::channel(1024);
            let console = FakeConsole(Rc::new(RefCell::new(typed)), Rc::clone(&log));
            let (stop, keys) = (CancellationToken::new(), Keys::default());
            Self { log, keyboard, work, inbox, stop, keys, console }
        }

        fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
            let event = Event::Key(KeyEvent::new(code, modifiers));
            self.keyboard.send(Incoming::Event(event)).unwrap();
        }

        fn keys(&self, text: &str) {
            for c in text.chars() {
                let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
                self.key(code, KeyModifiers::NONE);
            }
        }

        fn quit(&self) {
            for _ in 0..2 {
                self.key(KeyCode::Char('c'), KeyModifiers::CONTROL);
            }
        }

        /// Runs the loop to its end; gives the last screen, the frames that were drawn, and the log.
        async fn run(mut self, state: State) -> (State, String, usize, Vec<String>) {
            let mut screen = Screen {
                terminal: Terminal::new(TestBackend::new(120, 40)).unwrap(),
                console: self.console,
                hands: Recorder(Rc::clone(&self.log)),
                view: View::new(Theme::named("dark").unwrap(), Signs::UNICODE),
                keys: &self.keys,
                state,
                clock: |started| moment(started.elapsed()),
                started: Instant::now(),
            };
            screen.run(&mut self.inbox, &self.stop).await.unwrap();
            let shown = screen.terminal.backend().to_string();
            let frames = screen.terminal.get_frame().count();
            let log = self.log.borrow().clone();
            (screen.state, shown, frames, log)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_typed_is_shown_and_asked() {
        let desk = Desk::new();
        desk.keys("What is due?\nAnd when");
        desk.quit();
        let (state, _, _, log) = desk.run(ready()).await;
        // The first request to quit has put it there.
        assert_eq!(state.question.history.last().unwrap(), "And when");
        assert!(log.contains(&"Ask".to_owned()), "{log:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn keys_come_before_what_work_reports() {
        let desk = Desk::new();
        for _ in 0..1_000 {
            desk.work.try_send(Message::Notice(Notice::note("flood"))).unwrap();
        }
        desk.keys("x");
        desk.quit();
        let (state, _, _, _) = desk.run(ready()).await;
        assert_eq!(state.question.history.last().unwrap(), "x");
        // The loop was left before it came to the reports.
        assert_ne!(state.notice.unwrap().0.text, "flood");
    }

    #[tokio::test(start_paused = true)]
    async fn frames_for_work_alone_are_33_ms_apart() {
        let desk = Desk::new();
        let (work, stop) = (desk.work.clone(), desk.stop.clone());
        let feeding = async move {
            for _ in 0..330 {
                let text = AnswerReport::Text("word ".into());
                work.send(Message::Answering(Run(99), text)).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stop.cancel();
        };
        let ((_, _, frames, _), ()) = tokio::join!(desk.run(ready()), feeding);
        assert!((8..=13).contains(&frames), "{frames} frames in 330 ms");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_drawn_while_nothing_happens() {
        let desk = Desk::new();
        let stop = desk.stop.clone();
        let waiting = async move {
            tokio::time::sleep(Duration::from_hours(1)).await;
            stop.cancel();
        };
        let ((_, _, frames, _), ()) = tokio::join!(desk.run(conversing()), waiting);
        assert_eq!(frames, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_notice_goes_away_by_itself() {
        let desk = Desk::new();
        let (work, stop) = (desk.work.clone(), desk.stop.clone());
        let waiting = async move {
            work.send(Message::Notice(Notice::note("done"))).await.unwrap();
            tokio::time::sleep(Duration::from_secs(10)).await;
            stop.cancel();
        };
        let ((state, shown, _, _), ()) = tokio::join!(desk.run(ready()), waiting);
        assert_eq!(state.notice, None);
        assert!(!shown.contains("done"), "{shown}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_editor_gets_the_terminal_and_nobody_reads_it_meanwhile() {
        let desk = Desk::new();
        let note = Opened { paged: false, ..opened() };
        let state = after(conversing(), [Message::Document(Ok(Box::new(note)))]);
        desk.keys("e");
        desk.quit();
        let (_, _, _, log) = desk.run(state).await;
        let expected = [
            "input",
            "input ends",
            "leave",
            "edit /cases/lease.pdf None",
            "enter",
            "input",
            "input ends",
        ];
        assert_eq!(log, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shell_gets_the_terminal_while_docent_is_stopped() {
        let desk = Desk::new();
        desk.key(KeyCode::Char('z'), KeyModifiers::CONTROL);
        desk.keyboard.send(Incoming::Continued).unwrap();
        desk.quit();
        let (_, _, _, log) = desk.run(ready()).await;
        let expected =
            ["input", "input ends", "leave", "stop", "enter", "input", "enter", "input ends"];
        assert_eq!(log, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_click_goes_to_what_stands_there() {
        let desk = Desk::new();
        let (keyboard, stop) = (desk.keyboard.clone(), desk.stop.clone());
        let pointing = async move {
            // Until a frame has been drawn, nothing stands anywhere.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let event = |kind, column, row| {
                let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
                keyboard.send(Incoming::Event(Event::Mouse(event))).unwrap();
            };
            event(MouseEventKind::Moved, 100, 8);
            event(MouseEventKind::Down(MouseButton::Left), 100, 8);
            tokio::time::sleep(Duration::from_millis(50)).await;
            event(MouseEventKind::ScrollDown, 100, 8);
            tokio::time::sleep(Duration::from_millis(50)).await;
            stop.cancel();
        };
        let state = conversing();
        let ((state, shown, _, _), ()) = tokio::join!(desk.run(state), pointing);
        assert_eq!(state.focus, crate::state::Pane::Sources, "{shown}");
        assert!(!matches!(state.sources.scroll.anchor, Anchor::Item(_)), "{shown}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_terminals_background_chooses_the_theme() {
        let desk = Desk::new();
        desk.keyboard.send(Incoming::Background([250, 250, 250])).unwrap();
        desk.quit();
        let (state, _, _, _) = desk.run(ready()).await;
        assert_eq!(state.theme_name(), Some("light"));
    }

    #[test]
    fn a_title_does_not_steer_the_terminal() {
        let mut state = conversing();
        assert_eq!(title(&ready()), "docent");
        state.conversation.id = None;
        state.conversation.turns[0].question = "a\u{1b}]0;b\u{7}".repeat(99);
        let title = title(&state);
        assert!(!title.chars().any(char::is_control) && title.chars().count() < 100, "{title}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_copied_goes_to_the_terminal() {
        let desk = Desk::new();
        desk.keys("y");
        desk.quit();
        let state = after(conversing(), [Message::Do(Action::NextPane)]);
        let (_, _, _, log) = desk.run(state).await;
        assert!(log.contains(&"copy The Tenant may end this Lease. [2]".to_owned()), "{log:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_written_in_an_editor_comes_back() {
        let desk = Desk::new();
        desk.keys("What is due");
        desk.key(KeyCode::Char('g'), KeyModifiers::CONTROL);
        desk.quit();
        let (state, _, _, log) = desk.run(ready()).await;
        assert!(log.contains(&"compose \"What is due\" 1".to_owned()), "{log:?}");
        assert_eq!(state.question.history.last().unwrap(), "What is due, and when?");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_typed_is_searched_when_it_rests() {
        let desk = Desk::new();
        desk.keys("What is due");
        let stop = desk.stop.clone();
        let waiting = async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            stop.cancel();
        };
        let ((_, _, frames, log), ()) = tokio::join!(desk.run(ready()), waiting);
        assert_eq!(log.iter().filter(|entry| *entry == "Preview").count(), 1, "{log:?}");
        assert!(frames <= 4, "{frames}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_that_is_gone_ends_the_loop() {
        let mut desk = Desk::new();
        let (keyboard, _) = mpsc::unbounded_channel();
        desk.keyboard = keyboard;
        desk.run(ready()).await;
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        /// A hundred ways of a hundred events each.
        #[test]
        fn whatever_happens_can_be_drawn(
            messages in proptest::collection::vec(any_message(), 100),
        ) {
            let keys = Keys::default();
            let mut view = View::new(Theme::named("dark").unwrap(), Signs::UNICODE);
            let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
            let mut state = ready();
            for message in messages {
                if let Message::Resize(Size { width, height }) = message {
                    terminal.backend_mut().resize(width, height);
                }
                state.update(message);
                let mut measures = None;
                terminal
                    .draw(|frame| measures = Some(view.draw(&state, &keys, frame)))
                    .unwrap();
                state.update(Message::Drawn(measures.unwrap()));
            }
            let steering = |symbol: &str| symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
            prop_assert!(!terminal.backend().buffer().content().iter().any(|cell| steering(cell.symbol())));
        }
    }
}
