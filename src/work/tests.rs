//! The threads as the screen has them: effects in, messages out, on real files with the real embedder.

use std::path::Path;
use std::sync::mpsc::Receiver;

use docent_engine::answer::Turn;

use super::*;
use crate::json::Answered;
use crate::state::conversation::Head;
use crate::state::effect::{Ask, Run, Wanted};
use crate::state::library::{Content, Stage};
use crate::state::message::{AnswerReport, DeskReport, ExportReport, LibraryReport, ModelReport};
use crate::state::notice::{Kind, Notice};

/// No message takes so long on any machine.
const LONG: Duration = Duration::from_secs(60);

const LEASE: &str = "# Lease\n\nThe tenant pays 900 a month.\n\n## Repairs\n\nThe landlord repairs the roof within six weeks.\n";

/// The files beside which this test was built.
fn parts() -> Bundled {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap();
    Bundled::in_folder(&target.join("docent"))
}

/// A home with a folder of documents.
struct Place {
    home: tempfile::TempDir,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place =
            Self { home: tempfile::tempdir().unwrap(), folder: tempfile::tempdir().unwrap() };
        place.write("lease.md", LEASE);
        place
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn setting(&self) -> Setting {
        Setting {
            home: self.home.path().to_owned(),
            parts: parts(),
            user_home: Some(self.root()),
            cores: 2,
            model: None,
            folders: Vec::new(),
        }
    }

    fn open(&self) -> Screen {
        Screen::open(Setting { folders: vec![self.root()], ..self.setting() })
    }

    /// Opens it and waits until everything is read and embedded.
    fn ready(&self) -> Screen {
        let mut screen = self.open();
        screen.until(|screen| screen.stage == Stage::Ready);
        screen
    }
}

/// What stands in the screen's place.
struct Screen {
    work: Work,
    messages: Receiver<Message>,
    next_run: u64,
    /// As they were told last.
    stage: Stage,
    content: Content,
    heads: Vec<Head>,
}

impl Screen {
    fn open(setting: Setting) -> Self {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
        let (forward, messages) = mpsc::channel();
        std::thread::spawn(move || {
            while let Some(message) = receiver.blocking_recv() {
                if forward.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            work: Work::start(setting, sender).unwrap(),
            messages,
            next_run: 0,
            stage: Stage::Opening,
            content: Content::default(),
            heads: Vec::new(),
        }
    }

    fn act(&mut self, effect: Effect) {
        assert_eq!(self.work.carry_out(effect), None);
    }

    /// The next message, after taking over what it tells of the library and the desk.
    #[track_caller]
    fn next(&mut self) -> Message {
        let message = self.messages.recv_timeout(LONG).expect("a message that was waited for");
        match &message {
            Message::Library(LibraryReport::Stage(stage)) => self.stage = stage.clone(),
            Message::Library(LibraryReport::Content(content)) => self.content = *content.clone(),
            Message::Desk(DeskReport::Listed(heads)) => self.heads.clone_from(heads),
            _ => {}
        }
        message
    }

    /// Takes messages until `wanted` finds what it looks for.
    #[track_caller]
    fn wait<T>(&mut self, mut wanted: impl FnMut(Message) -> Option<T>) -> T {
        loop {
            let message = self.next();
            if let Some(found) = wanted(message) {
                return found;
            }
        }
    }

    /// Takes messages until the screen is as it is wanted.
    #[track_caller]
    fn until(&mut self, is_wanted: impl Fn(&Self) -> bool) {
        while !is_wanted(self) {
            self.next();
            if let Stage::Failed(reason) = &self.stage {
                panic!("{reason}");
            }
        }
    }

    #[track_caller]
    fn wait_for_notice(&mut self) -> Notice {
        self.wait(|message| match message {
            Message::Notice(notice) => Some(notice),
            _ => None,
        })
    }

    fn begin(&mut self, question: &str, conversation: Option<i64>) -> Run {
        self.next_run += 1;
        let run = Run(self.next_run);
        self.act(Effect::Ask(Ask {
            run,
            question: question.to_owned(),
            conversation,
            turns: Vec::<Turn>::new(),
            asked_at: 1_700_000_000 + i64::try_from(self.next_run).unwrap(),
        }));
        run
    }

    /// Asks and gives all reports of the run until its end.
    #[track_caller]
    fn reports(&mut self, question: &str, conversation: Option<i64>) -> Vec<AnswerReport> {
        let run = self.begin(question, conversation);
        let mut reports = Vec::new();
        self.wait(|message| match message {
            Message::Answering(of, report) => {
                assert_eq!(of, run);
                let is_end = matches!(report, AnswerReport::Ended { .. } | AnswerReport::Failed(_));
                reports.push(report);
                is_end.then_some(())
            }
            _ => None,
        });
        reports
    }

    #[track_caller]
    fn ask(&mut self, question: &str, conversation: Option<i64>) -> (Answered, Option<i64>) {
        match self.reports(question, conversation).pop() {
            Some(AnswerReport::Ended { answered, conversation, failure: None }) => {
                (*answered, conversation)
            }
            other => panic!("{other:?}"),
        }
    }

    /// The files of the hits of a question.
    #[track_caller]
    fn found(&mut self, question: &str) -> Vec<String> {
        let (answered, _) = self.ask(question, None);
        answered.hits.iter().map(|hit| hit.file.to_string_lossy().into_owned()).collect()
    }
}

#[test]
fn a_folder_is_read_and_answers() {
    let place = Place::new();
    let mut screen = place.open();
    screen.wait(|message| match message {
        Message::Library(LibraryReport::FolderAdded(path)) => Some(assert_eq!(path, place.root())),
        _ => None,
    });
    screen.until(|screen| screen.content.documents == 1);
    assert_eq!(screen.content.folders[0].path, place.root());
    screen.until(|screen| screen.stage == Stage::Ready);
    let reports = screen.reports("How soon is the roof repaired?", None);
    let AnswerReport::Found { hits, in_scope, .. } = &reports[0] else { panic!("{reports:?}") };
    assert!(hits[0].text.contains("six weeks"));
    assert!(*in_scope >= 2);
    let text: String = reports
        .iter()
        .filter_map(|report| match report {
            AnswerReport::Text(piece) => Some(piece.as_str()),
            _ => None,
        })
        .collect();
    let Some(AnswerReport::Ended { answered, conversation, failure: None }) = reports.last() else {
        panic!("{reports:?}")
    };
    assert_eq!(answered.answer, text);
    assert!(answered.citations[0].quote.contains("six weeks"));
    assert!(conversation.is_some());
    let id = conversation.unwrap();
    screen.until(|screen| screen.heads.iter().any(|head| head.id == id && head.turns == 1));
}
