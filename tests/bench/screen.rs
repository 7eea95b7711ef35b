//! How long does a frame take?
//!
//!     cargo bench -p docent --bench screen
//!
//! Frames of 200 by 60 cells, with the bytes that a terminal would get, of a long conversation while it is scrolled and
//! while an answer is written, and of a long document. Besides the frames that follow, the first one is told: it lays out
//! what has not been seen yet.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use docent::json::{Answered, Citation, Hit, Read, SCHEMA};
use docent::keys::Keys;
use docent::seal::Seal;
use docent::state::State;
use docent::state::action::Action;
use docent::state::document::{Mark, Opened, Page};
use docent::state::effect::Run;
use docent::state::library::{Content, Folder, Stage};
use docent::state::message::{
    AnswerReport, DeskReport, LibraryReport, Message, Moment, SavedTurn, Size,
};
use docent::theme::{Signs, Theme};
use docent::tui::view::View;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

const WIDTH: u16 = 200;
const HEIGHT: u16 = 60;
/// An answer of so many pieces is longer than any that models write here.
const FRAMES: usize = 500;

fn main() {
    for turns in [330, 1_000] {
        let name = format!("conversation of {turns} turns");
        let mut screen = Screen::with(DeskReport::Opened { id: 1, turns: saved(turns) });
        screen.report(&format!("{name}, scrolled"), |frame| {
            let is_up = frame / 80 % 2 == 0;
            Message::Do(if is_up { Action::PageUp } else { Action::PageDown })
        });
        let mut screen = Screen::with(DeskReport::Opened { id: 1, turns: saved(turns) });
        screen.begin_answer();
        screen.report(&format!("{name}, written to"), |frame| {
            let piece = if frame % 40 == 39 { "\n\n- " } else { "words of **it** [1] " };
            Message::Answering(Run(1), AnswerReport::Text(piece.to_owned()))
        });
    }
    let mut screen = Screen::with(DeskReport::Listed(Vec::new()));
    screen.state.update(Message::Document(Ok(Box::new(document(1_000)))));
    screen.report("document of 1,000 pages, scrolled", |_| Message::Do(Action::PageDown));
}

/// A state with what it is drawn on.
struct Screen {
    state: State,
    view: View,
    keys: Keys,
    terminal: Terminal<CrosstermBackend<io::Sink>>,
}

impl Screen {
    fn with(report: DeskReport) -> Self {
        let now = jiff::civil::date(2026, 3, 2).at(9, 30, 0, 0).in_tz("UTC").unwrap();
        let moment = Moment { since_start: Duration::ZERO, now };
        let mut state = State::new(Seal::Sealed, Size { width: WIDTH, height: HEIGHT }, moment);
        let folder = Folder { path: "/cases".into(), documents: 9, missing: false };
        let content =
            Content { folders: vec![folder], documents: 9, passages: 212, ..Content::default() };
        state.update(Message::Library(LibraryReport::Content(Box::new(content))));
        state.update(Message::Library(LibraryReport::Stage(Stage::Ready)));
        state.update(Message::Desk(report));
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, WIDTH, HEIGHT)) };
        let terminal = Terminal::with_options(CrosstermBackend::new(io::sink()), options).unwrap();
        let view = View::new(Theme::named("dark").unwrap(), Signs::UNICODE);
        Self { state, view, keys: Keys::default(), terminal }
    }

    fn begin_answer(&mut self) {
        self.state.update(Message::Paste("And who has to repair the roof?".to_owned()));
        self.state.update(Message::Do(Action::Send));
        let found =
            AnswerReport::Found { hits: vec![hit(1), hit(2)], in_scope: 212, unread_documents: 0 };
        self.state.update(Message::Answering(Run(1), found));
    }

    fn frame(&mut self) -> (Duration, usize) {
        let Self { state, view, keys, terminal } = self;
        let mut measures = None;
        let start = Instant::now();
        terminal.draw(|frame| measures = Some(view.draw(state, keys, frame))).unwrap();
        let took = start.elapsed();
        let measures = measures.unwrap();
        let lines = measures.conversation.lines.max(measures.document.lines);
        state.update(Message::Drawn(measures));
        (took, lines)
    }

    /// Draws one frame after each of many messages and prints how long they took.
    fn report(&mut self, name: &str, message: impl Fn(usize) -> Message) {
        let (first, lines) = self.frame();
        let mut frames: Vec<Duration> = (0..FRAMES)
            .map(|number| {
                self.state.update(message(number));
                self.frame().0
            })
            .collect();
        frames.sort_unstable();
        let at = |share: usize| frames.get(FRAMES * share / 1_000).copied().unwrap_or_default();
        let told = |time: Duration| format!("{:>7.2} ms", time.as_secs_f64() * 1_000.0);
        println!(
            "{name:40} {lines:>6} lines   first {}   median {}   p99 {}   longest {}",
            told(first),
            told(at(500)),
            told(at(990)),
            told(frames.last().copied().unwrap_or_default())
        );
    }
}

fn hit(n: u32) -> Hit {
    Hit {
        n,
        path: "/cases/lease.pdf".into(),
        folder: "/cases".into(),
        file: PathBuf::from("lease.pdf"),
        title: "Lease agreement".to_owned(),
        page: Some(n),
        label: None,
        ocr: None,
        lines: None,
        heading: vec!["12 Break clause".to_owned()],
        score: 0.9,
        text: "The Tenant may end this Lease by not less than six months’ notice. ".repeat(9),
        before: String::new(),
        after: String::new(),
        highlights: vec![(0, 66)],
    }
}

fn saved(turns: i64) -> Vec<SavedTurn> {
    let answer = "The tenant may end the lease early with **six months’** written notice, but not before 1 March 2027 [1]. The amendment of 2025 shortens this:\n\n- three months for the *ground floor* [2]\n- nothing else is changed, as far as the papers of that year show it [2]\n\n| Lease | Rent |\n|---|--:|\n| Mill | 2,400 € |\n\nA fee is due in both cases [1].";
    let citation = |n| Citation {
        hit: hit(n),
        quote: "The Tenant may end this Lease by not less than six months’ notice.".to_owned(),
        sha256: "0".repeat(64),
        indexed_at: "2025-03-18T13:00:00Z".to_owned(),
    };
    let answered = |number: i64| Answered {
        schema: SCHEMA,
        question: format!("What is the notice period in case {number}, and what is due?"),
        understood: None,
        answer: answer.to_owned(),
        abstained: false,
        stopped: false,
        claims: Vec::new(),
        citations: vec![citation(1), citation(2)],
        hits: (1..=10).map(hit).collect(),
        dropped: Vec::new(),
        shortened: Vec::new(),
        forgotten: false,
        read: Read { passages: 6, in_scope: 212, unread_documents: 0 },
        model: "quotes".to_owned(),
        seconds: 0.2,
        usage: None,
    };
    (0..turns).map(|number| SavedTurn { asked_at: number, answered: answered(number) }).collect()
}

fn document(pages: u32) -> Opened {
    let page = |number: u32| {
        let mut text = String::new();
        for clause in 0..12 {
            writeln!(text, "{number}.{clause} Duties of the Tenant").unwrap();
            writeln!(
                text,
                "The Tenant shall pay the rent of 2,400 € by equal quarterly payments in advance on the usual quarter days, the first payment to be made on the date of this Lease – and in no case later – for the period from that date to the next “quarter day” as § 12 défines it."
            )
            .unwrap();
        }
        Page { number, label: None, ocr: None, text, lines: Vec::new() }
    };
    Opened {
        title: "Lease agreement".to_owned(),
        path: "/cases/lease.pdf".into(),
        paged: true,
        pages: (1..=pages).map(page).collect(),
        cited: vec![Mark { page: 500, span: 40..90 }],
        section: String::new(),
        n: 1,
        is_cited: true,
        note: None,
    }
}
