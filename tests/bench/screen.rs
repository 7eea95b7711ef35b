//! How long does a frame take, and how long does a reader wait for what a key brings?
//!
//!     cargo bench -p docent --bench screen
//!     cargo bench -p docent --bench screen -- frames      the frames alone
//!
//! Frames of 200 by 60 cells, with the bytes that a terminal would get, of a long conversation while it is scrolled and
//! while an answer is written, and of a long document. Besides the frames that follow, the first one is told: it lays out
//! what has not been seen yet; and the first one of another width, for which all is laid out anew.
//!
//! Then the screen with its workers: from a key to the frame that shows what it brings, in a library of ten thousand
//! generated documents (minutes to make, and 1.2 GB below target/) and in the demonstration library. What is found for a
//! question that is being typed is looked for when nothing has been typed for 150 ms, which count as well. It takes the
//! parts that `make` puts into cargo's folder.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[path = "../../index/benches/generated.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod generated;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use docent::ingest;
use docent::json::{Answered, Citation, Hit, Read, SCHEMA};
use docent::keys::Keys;
use docent::loading::Running;
use docent::seal::Seal;
use docent::state::action::Action;
use docent::state::document::{Mark, Opened, Page};
use docent::state::effect::{Effect, Run};
use docent::state::library::{Content, Folder, Stage};
use docent::state::message::{
    AnswerReport, DeskReport, LibraryReport, Message, Moment, SavedTurn, Size,
};
use docent::state::model::Maker;
use docent::state::why::Chosen;
use docent::state::{Layer, State};
use docent::theme::{Signs, Theme};
use docent::tui::view::View;
use docent::work::{FirstModel, Setting, Work};
use docent_engine::embed::{Bundled, embedder_id, load_runtime};
use generated::Noise;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;

const WIDTH: u16 = 200;
const HEIGHT: u16 = 60;
/// An answer of so many pieces is longer than any that models write here.
const FRAMES: usize = 500;
/// Passages of the generated library: those of ten thousand documents.
const PASSAGES: usize = 176_000;
/// Keys of each kind, and questions.
const TIMES: usize = 200;

fn main() {
    frames();
    if !env::args().any(|argument| argument == "frames") {
        waiting();
    }
}

fn frames() {
    for turns in [330, 1_000, 10_000] {
        let name = format!("conversation of {turns} turns");
        let mut screen = Screen::with(opened(turns));
        screen.report(&format!("{name}, scrolled"), |frame| {
            let is_up = frame / 80 % 2 == 0;
            Message::Do(if is_up { Action::PageUp } else { Action::PageDown })
        });
        let mut screen = Screen::with(opened(turns));
        screen.begin_answer();
        screen.report(&format!("{name}, written to"), |frame| {
            let piece = if frame % 40 == 39 { "\n\n- " } else { "words of **it** [1] " };
            Message::Answering(Run(1), AnswerReport::Text(piece.to_owned()))
        });
    }
    let mut screen = Screen::with(DeskReport::Listed { heads: Vec::new(), changes: 0 });
    screen.state.update(Message::Document(Ok(Box::new(document(1_000)))));
    screen.report("document of 1,000 pages, scrolled", |_| Message::Do(Action::PageDown));
}

/// From keys to what they bring.
fn waiting() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-screen");
    remove(&folder);
    let home = folder.join("generated");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let parts = Bundled::in_folder(&target.join("docent"));
    load_runtime(&parts.runtime).unwrap();
    generated::fill(&home, PASSAGES, &ingest::vector_id(&embedder_id(&parts.embedder).unwrap()));
    let mut live = Live::open(&home, &parts, Vec::new());
    let content = &live.screen.state.library.content;
    let name = format!("library of {} documents", content.documents);
    live.library(&name);
    let mut noise = Noise::new(7);
    let questions = (0..TIMES).map(|_| noise.question()).collect();
    live.evidence(&format!("{PASSAGES} passages"), questions);
    drop(live);

    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let lines = fs::read_to_string(fixtures.join("questions.jsonl")).unwrap();
    let questions = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.get("question").and_then(|question| question.as_str()).unwrap().to_owned()
    });
    let mut live = Live::open(&folder.join("home"), &parts, vec![fixtures.join("library")]);
    live.evidence("the demonstration library", questions.take(TIMES).collect());
    drop(live);
    remove(&folder);
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

/// The screen with its workers. Its frames are drawn at once, however soon they follow each other.
struct Live {
    screen: Screen,
    work: Work,
    messages: Receiver<Message>,
    runtime: Runtime,
    started: Instant,
    /// The rows of the library that were asked for last, and the search for what is typed.
    rows: u64,
    searched: Option<Run>,
    /// The search whose passages have come.
    found: Option<Run>,
}

impl Live {
    /// Waits until all that is in the folders can be found.
    fn open(home: &Path, parts: &Bundled, folders: Vec<PathBuf>) -> Self {
        let setting = Setting {
            home: home.to_owned(),
            parts: parts.clone(),
            maker: Maker::Bundled,
            user_home: None,
            cores: 2,
            ocr: false,
            largest_file: 50 << 20,
            model: FirstModel::Quotes,
            places: Vec::new(),
            running: Running::default(),
            folders,
        };
        let (sender, messages) = mpsc::channel(64);
        let work = Work::start(setting, sender).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let screen = Screen::new();
        let (started, rows) = (Instant::now(), 0);
        let mut live =
            Self { screen, work, messages, runtime, started, rows, searched: None, found: None };
        live.until(|live| {
            let library = &live.screen.state.library;
            let Content { documents, passages, embedded, .. } = library.content;
            library.stage == Stage::Ready && documents > 0 && passages == embedded
        });
        live
    }

    fn take(&mut self, message: Message) {
        if let Message::Previewed { run, .. } = &message {
            self.found = Some(*run);
        }
        for effect in self.screen.state.update(message) {
            match &effect {
                Effect::ListLibrary(wanted) => self.rows = wanted.number,
                Effect::Preview(wanted) => self.searched = Some(wanted.run),
                _ => {}
            }
            self.work.carry_out(effect);
        }
    }

    /// Takes what is reported, and the time when it is wanted, and draws, until something holds.
    fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let now = self.started.elapsed();
            let wake = self.screen.state.wakes().map(|wake| wake.saturating_sub(now));
            let wait = wake.unwrap_or(Duration::from_mins(1));
            let Self { runtime, messages, .. } = self;
            match runtime.block_on(async { timeout(wait, messages.recv()).await }) {
                Ok(message) => self.take(message.unwrap()),
                Err(_) => self.tick(),
            }
            self.screen.frame();
        }
    }

    fn tick(&mut self) {
        let since_start = self.started.elapsed();
        let now = self.screen.state.moment.now.clone();
        self.take(Message::Tick(Moment { since_start, now }));
    }

    /// How long it takes from a key until what it brings is drawn.
    fn key(&mut self, message: Message, holds: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        self.tick();
        self.take(message);
        self.screen.frame();
        self.until(holds);
        start.elapsed()
    }

    fn library(&mut self, name: &str) {
        // Nothing that was asked for is missing.
        let is_told = |live: &Self| live.screen.state.library.tree.rows.number == live.rows;
        let key = |live: &mut Self, action| live.key(Message::Do(action), is_told);
        tell(&format!("{name}, opened first"), vec![key(self, Action::Library)]);
        // Every document has a row.
        key(self, Action::Expand);
        let tree = &mut self.screen.state.library.tree;
        tree.open.extend(tree.rows.rows.iter().map(|row| row.path.clone()));
        key(self, Action::Library);
        let opened = (0..TIMES).map(|_| {
            let took = key(self, Action::Library);
            assert!(matches!(self.screen.state.layers.last(), Some(Layer::Library)));
            key(self, Action::Library);
            took
        });
        tell(&format!("{name}, opened again"), opened.collect());
        key(self, Action::Library);
        for (what, action) in [
            ("a row down", Action::Down),
            ("a page down", Action::PageDown),
            ("a page up", Action::PageUp),
        ] {
            let moved = (0..TIMES).map(|_| key(self, action)).collect();
            tell(&format!("{name}, {what}"), moved);
        }
        let ends = [Action::End, Action::Top].into_iter().cycle().take(TIMES);
        let moved = ends.map(|action| key(self, action)).collect();
        tell(&format!("{name}, to the end and back"), moved);
        key(self, Action::Find);
        let typed = "note 4711".chars().cycle().take(TIMES).enumerate().map(|(time, letter)| {
            if time % 9 == 0 {
                key(self, Action::DeleteToStart);
            }
            self.key(Message::Type(letter), is_told)
        });
        tell(&format!("{name}, filtered by a letter"), typed.collect());
        while !self.screen.state.layers.is_empty() {
            key(self, Action::Back);
        }
    }

    /// How long after the last key of a question its sources are shown.
    fn evidence(&mut self, name: &str, questions: Vec<String>) {
        let is_found = |live: &Self| live.searched.is_some() && live.found == live.searched;
        let mut times = Vec::new();
        for question in questions {
            self.searched = None;
            let mut letters = question.chars();
            let last = letters.next_back().unwrap();
            for letter in letters {
                self.tick();
                self.take(Message::Type(letter));
                self.screen.frame();
            }
            times.push(self.key(Message::Type(last), is_found));
            self.take(Message::Do(Action::DeleteToStart));
        }
        tell(&format!("{name}, last key to sources"), times);
    }
}

/// Prints how long something took.
fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!(
        "{name:50} median {}   p99 {}   longest {}",
        milliseconds(at(50)),
        milliseconds(at(99)),
        milliseconds(times.last().copied().unwrap_or_default())
    );
}

fn milliseconds(time: Duration) -> String {
    format!("{:>7.2} ms", time.as_secs_f64() * 1_000.0)
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
        let mut screen = Self::new();
        let folder = Folder { path: "/cases".into(), documents: 9, missing: false };
        let content =
            Content { folders: vec![folder], documents: 9, passages: 212, ..Content::default() };
        let state = &mut screen.state;
        state.update(Message::Library(LibraryReport::Content(Box::new(content))));
        state.update(Message::Library(LibraryReport::Stage(Stage::Ready)));
        state.update(Message::Desk(report));
        screen
    }

    fn new() -> Self {
        let now = jiff::civil::date(2026, 3, 2).at(9, 30, 0, 0).in_tz("UTC").unwrap();
        let moment = Moment { since_start: Duration::ZERO, now };
        let state = State::new(Seal::Sealed, Size { width: WIDTH, height: HEIGHT }, moment);
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

    /// The first frame of another width.
    fn resized(&mut self) -> Duration {
        let (width, height) = (WIDTH - 90, HEIGHT);
        self.state.update(Message::Resize(Size { width, height }));
        self.terminal.resize(Rect::new(0, 0, width, height)).unwrap();
        self.frame().0
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
        let resized = self.resized();
        let at = |share: usize| frames.get(FRAMES * share / 1_000).copied().unwrap_or_default();
        let told = milliseconds;
        println!(
            "{name:40} {lines:>6} lines   first {}   resized {}   median {}   p99 {}   longest {}",
            told(first),
            told(resized),
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

/// A conversation of so many turns.
fn opened(turns: i64) -> DeskReport {
    DeskReport::Opened { id: 1, turns: saved(turns), chosen: Chosen::default() }
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
        carried: Vec::new(),
        answer: answer.to_owned(),
        abstained: false,
        stopped: false,
        claims: Vec::new(),
        citations: vec![citation(1), citation(2)],
        hits: (1..=10).map(hit).collect(),
        dropped: Vec::new(),
        shortened: Vec::new(),
        forgotten: false,
        read: Read { passages: 6, in_scope: 212, unread_documents: 0, embedded: None },
        model: "quotes".to_owned(),
        seconds: 0.2,
        usage: None,
    };
    let turn = |number| SavedTurn { asked_at: number, answered: answered(number), why: None };
    (0..turns).map(turn).collect()
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
        date: None,
        paged: true,
        pages: (1..=pages).map(page).collect(),
        cited: vec![Mark { page: 500, span: 40..90 }],
        section: String::new(),
        n: 1,
        is_cited: true,
        is_excerpt: false,
        note: None,
    }
}
