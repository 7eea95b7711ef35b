//! The threads as the screen has them: effects in, messages out, on real files with the real embedder.

mod embedders;
mod listing;

use std::sync::mpsc::Receiver;

use docent_engine::answer::Turn;
use docent_engine::catalog::{self, Origin};

use super::*;
use crate::json::Answered;
use crate::state::effect::{Ask, KeptPassage, Passage, Run, Sought, Wanted};
use crate::state::library::{Content, Stage};
use crate::state::message::{AnswerReport, DeskReport, ExportReport, LibraryReport, ModelReport};
use crate::state::notice::{Kind, Notice};
use crate::state::why::{Chosen, KeptWhy};
use docent_index::store::Head;

mod scope;

/// No message takes so long on any machine.
const LONG: Duration = Duration::from_mins(1);

const LEASE: &str = "# Lease\n\nThe tenant pays 900 a month.\n\n## Repairs\n\nThe landlord repairs the roof within six weeks.\n";

/// The files beside which this test was built.
fn parts() -> Bundled {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap();
    Bundled::in_folder(&target.join("docent"))
}

/// A home with a folder of documents.
pub(super) struct Place {
    home: tempfile::TempDir,
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
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

    pub(super) fn setting(&self) -> Setting {
        Setting {
            home: self.home.path().to_owned(),
            parts: parts(),
            maker: Maker::Bundled,
            user_home: Some(self.root()),
            cores: 2,
            ocr: true,
            largest_file: 1 << 20,
            model: FirstModel::Quotes,
            places: vec![catalog::Place {
                origin: Origin::Docent,
                folder: self.home.path().join("models"),
            }],
            running: Running::default(),
            folders: Vec::new(),
        }
    }

    fn open(&self) -> Screen {
        Screen::open(Setting { folders: vec![self.root()], ..self.setting() })
    }

    /// Opens it and waits until everything is read and embedded.
    pub(super) fn ready(&self) -> Screen {
        let mut screen = self.open();
        screen.until(|screen| screen.stage == Stage::Ready);
        screen
    }
}

/// What stands in the screen's place.
pub(super) struct Screen {
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
            Message::Desk(DeskReport::Listed { heads, .. }) => self.heads.clone_from(heads),
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
            pinned: Vec::new(),
            excluded: Vec::new(),
            replaces: None,
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
    let added = screen.wait(|message| match message {
        Message::Library(LibraryReport::FolderAdded(path)) => Some(path),
        _ => None,
    });
    assert_eq!(added, place.root());
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

#[test]
fn what_happens_on_the_disk_is_followed() {
    let place = Place::new();
    let mut screen = place.ready();
    let note = place.write("new/pump.md", "The pump leaks at the seal of its shaft.\n");
    screen.until(|screen| screen.content.documents == 2);
    assert_eq!(screen.found("Where does the pump leak?")[0], "new/pump.md");
    // An edit, in one go and by putting another file in its place as editors do.
    std::fs::write(&note, "The pump stands in hall nine.\n").unwrap();
    let aside = place.root().join("new/pump.md~");
    std::fs::write(&aside, "The pump stands in hall four.\n").unwrap();
    std::fs::rename(&aside, &note).unwrap();
    loop {
        let (answered, _) = screen.ask("\"the pump stands\"", None);
        if answered.hits.iter().any(|hit| hit.text.contains("hall four")) {
            break;
        }
    }
    std::fs::rename(&note, place.root().join("machine.md")).unwrap();
    while screen.found("\"hall four\"") != ["machine.md"] {}
    std::fs::remove_file(place.root().join("machine.md")).unwrap();
    while !screen.found("\"hall four\"").is_empty() {}
    screen.until(|screen| screen.content.documents == 1);
}

#[test]
fn a_note_that_is_saved_while_much_is_embedded_answers_at_once() {
    let place = Place::new();
    for number in 0..40 {
        let parts: Vec<String> = (0..12)
            .map(|part| {
                let valve = number * part;
                format!("# {part}\n\nReport {number} part {part} tells of valve {valve}.\n")
            })
            .collect();
        let text = parts.join("\n");
        place.write(&format!("report-{number}.md"), &text);
    }
    let mut screen = place.open();
    screen.until(|screen| matches!(screen.stage, Stage::Embedding(_)));
    place.write("note.md", "The zeppelin lands on Thursday.\n");
    screen.until(|screen| screen.content.documents == 42);
    assert_eq!(screen.found("When does the zeppelin land?")[0], "note.md");
    let embedded = (screen.content.embedded, screen.content.passages);
    assert!(embedded.0 < embedded.1, "embedding ended before the note came: {embedded:?}");
    screen.until(|screen| screen.stage == Stage::Ready);
    screen.until(|screen| screen.content.embedded == screen.content.passages);
}

#[test]
fn indexing_rests_when_it_is_to() {
    let place = Place::new();
    let mut screen = place.ready();
    screen.act(Effect::Pause(true));
    screen.until(|screen| screen.stage == Stage::Paused);
    place.write("pump.md", "The pump leaks.\n");
    assert_eq!(screen.found("\"pump leaks\"").len(), 0);
    screen.act(Effect::Pause(false));
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 2);
    assert_eq!(screen.found("\"pump leaks\""), ["pump.md"]);
}

#[test]
fn folders_join_and_leave() {
    let place = Place::new();
    place.write("cases/harbour/call.md", "She called about the break date.\n");
    place.write("notes/todo.md", "Buy a compass.\n");
    let mut screen = Screen::open(place.setting());
    // Nobody has named a folder: the screen must know that nothing is watched.
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.folders.is_empty());
    let added = |message| match message {
        Message::Library(LibraryReport::FolderAdded(path)) => Some(Ok(path)),
        Message::Library(LibraryReport::FolderRefused { typed, reason }) => {
            Some(Err((typed, reason)))
        }
        _ => None,
    };
    screen.act(Effect::AddFolder { typed: "~/cases/".to_owned() });
    assert_eq!(screen.wait(added), Ok(place.root().join("cases")));
    screen.act(Effect::AddFolder { typed: " ~/notes ".to_owned() });
    assert_eq!(screen.wait(added), Ok(place.root().join("notes")));
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 2);
    let folders: Vec<u64> = screen.content.folders.iter().map(|folder| folder.documents).collect();
    assert_eq!(folders, [1, 1]);
    let root = place.root();
    let home = place.home.path();
    for (typed, expected) in [
        ("~/cases", "`ROOT/cases` is in the library already"),
        ("~/cases/harbour", "`ROOT/cases/harbour` lies in `ROOT/cases`, which is in the library"),
        ("~/lease.md", "`ROOT/lease.md` is not a folder: name the one that it lies in"),
        ("~/nowhere", "can't find `ROOT/nowhere`: No such file or directory"),
        (home.to_str().unwrap(), "docent keeps its own things in `HOME`: name another one"),
    ] {
        screen.act(Effect::AddFolder { typed: typed.to_owned() });
        let (told, reason) = screen.wait(added).unwrap_err();
        let reason =
            reason.replace(root.to_str().unwrap(), "ROOT").replace(home.to_str().unwrap(), "HOME");
        assert_eq!((told.as_str(), reason.as_str()), (typed, expected));
    }
    screen.act(Effect::RemoveFolder(root.join("cases")));
    assert_eq!(screen.wait_for_notice().kind, Kind::Note);
    screen.until(|screen| screen.content.folders.len() == 1 && screen.content.documents == 1);
    assert!(screen.found("\"break date\"").is_empty());
    place.write("cases/second.md", "The break date is near.\n");
    place.write("notes/second.md", "Sell the compass.\n");
    screen.until(|screen| screen.content.documents == 2);
    assert!(screen.found("\"break date\"").is_empty());
}

#[test]
fn a_folder_that_is_away_is_flagged_and_keeps_answering() {
    let place = Place::new();
    place.write("stick/pump.md", "The pump leaks.\n");
    let stick = place.root().join("stick");
    let mut screen = Screen::open(Setting { folders: vec![stick.clone()], ..place.setting() });
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 1);
    std::fs::rename(&stick, place.root().join("away")).unwrap();
    screen.until(|screen| {
        let Content { folders, problems, .. } = &screen.content;
        folders[0].missing && *problems > 0
    });
    assert_eq!(screen.found("\"pump leaks\""), ["pump.md"]);
}

#[test]
fn a_stopped_question_ends_without_an_answer() {
    let place = Place::new();
    let mut screen = place.ready();
    let first = screen.begin("Who repairs the roof?", None);
    let second = screen.begin("Who pays the rent?", None);
    screen.act(Effect::Stop(second));
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let of = screen.wait(|message| match message {
            Message::Answering(run, AnswerReport::Ended { .. }) => Some((run, true)),
            Message::Answering(run, AnswerReport::Failed(notice)) => {
                assert_eq!(notice, Notice::note("stopped"));
                Some((run, false))
            }
            _ => None,
        });
        ended.push(of);
    }
    ended.sort_unstable();
    assert_eq!(ended, [(first, true), (second, false)]);
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let place = Place::new();
    let mut screen = place.ready();
    let Some(AnswerReport::Failed(notice)) = screen.reports("what is \"a pipe", None).pop() else {
        panic!("a faulty query was answered");
    };
    assert_eq!(notice.kind, Kind::Error);
    assert!(notice.text.contains("\"a pipe") || notice.text.contains("quot"), "{}", notice.text);
    // A home in which nothing was ever read.
    let empty = Place::new();
    std::fs::write(empty.home.path().join("writer.lock"), "").unwrap();
    let lock = std::fs::File::open(empty.home.path().join("writer.lock")).unwrap();
    lock.lock().unwrap();
    let mut screen = Screen::open(empty.setting());
    screen.until(|screen| screen.stage == Stage::Elsewhere);
    let reports = screen.reports("Who repairs the roof?", None);
    let [AnswerReport::Failed(notice)] = reports.as_slice() else { panic!("{reports:?}") };
    assert!(notice.text.starts_with("nothing has been read yet"), "{}", notice.text);
}

#[test]
fn a_second_docent_reads_along_and_takes_over() {
    let place = Place::new();
    let first = place.ready();
    let mut second = Screen::open(place.setting());
    second.until(|screen| screen.stage == Stage::Elsewhere && screen.content.documents == 1);
    assert_eq!(second.found("\"repairs the roof\""), ["lease.md"]);
    place.write("pump.md", "The pump leaks.\n");
    second.until(|screen| screen.content.documents == 2);
    assert_eq!(second.found("\"pump leaks\""), ["pump.md"]);
    drop(first);
    second.until(|screen| screen.stage == Stage::Ready);
    place.write("seal.md", "The seal is new.\n");
    second.until(|screen| screen.content.documents == 3);
}

fn joined(message: Message) -> Option<Result<PathBuf, String>> {
    match message {
        Message::Library(LibraryReport::FolderAdded(path)) => Some(Ok(path)),
        Message::Library(LibraryReport::FolderRefused { reason, .. }) => Some(Err(reason)),
        _ => None,
    }
}

#[test]
fn what_is_ordered_of_a_second_docent_is_done_by_the_first() {
    let place = Place::new();
    let mut first = place.ready();
    let (named, added) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of = |folder: &tempfile::TempDir| folder.path().canonicalize().unwrap();
    std::fs::write(named.path().join("pump.md"), "The pump leaks.\n").unwrap();
    std::fs::write(added.path().join("seal.md"), "The seal is new.\n").unwrap();
    let folders = vec![place.root(), of(&named)];
    let mut second = Screen::open(Setting { folders, ..place.setting() });
    assert_eq!(second.wait(joined), Ok(of(&named)));
    assert_eq!(first.wait(joined), Ok(of(&named)), "its screen tells it as well");
    let typed = added.path().to_str().unwrap().to_owned();
    second.act(Effect::AddFolder { typed: typed.clone() });
    assert_eq!(second.wait(joined), Ok(of(&added)));
    second.until(|screen| screen.content.documents == 3);
    // A document is counted when it is stored, and found a moment later.
    while second.found("\"pump leaks\"") != ["pump.md"] {}
    while first.found("\"seal is new\"") != ["seal.md"] {}

    second.act(Effect::AddFolder { typed });
    let reason = second.wait(joined).unwrap_err();
    assert!(reason.ends_with("is in the library already"), "{reason}");
    second.act(Effect::AddFolder { typed: "~/nowhere".to_owned() });
    let reason = second.wait(joined).unwrap_err();
    assert!(reason.starts_with("can't find"), "{reason}");

    second.act(Effect::RemoveFolder(of(&added)));
    assert!(second.wait_for_notice().text.ends_with("is out of the library"));
    second.act(Effect::RemoveFolder(of(&added)));
    assert!(second.wait_for_notice().text.ends_with("is not in the library"));
    first.until(|screen| screen.content.documents == 2);
    second.act(Effect::Pause(true));
    first.until(|screen| screen.stage == Stage::Paused);
    second.act(Effect::Pause(false));
    first.until(|screen| screen.stage == Stage::Ready);
}

#[test]
fn what_a_first_docent_did_not_come_to_is_done_by_the_second() {
    let place = Place::new();
    // It holds the library and follows nothing, as a run without a screen does.
    std::fs::write(place.home.path().join("writer.lock"), "").unwrap();
    let lock = std::fs::File::open(place.home.path().join("writer.lock")).unwrap();
    lock.lock().unwrap();
    let notes = tempfile::tempdir().unwrap();
    std::fs::write(notes.path().join("pump.md"), "The pump leaks.\n").unwrap();
    let mut second = place.open();
    second.until(|screen| screen.stage == Stage::Elsewhere);
    second.act(Effect::AddFolder { typed: notes.path().to_str().unwrap().to_owned() });
    let notice = second.wait_for_notice();
    assert!(notice.text.contains("follows when it can"), "{}", notice.text);
    // A third one asks as well, and ends.
    let more = tempfile::tempdir().unwrap();
    std::fs::write(more.path().join("seal.md"), "The seal is new.\n").unwrap();
    let mut desk = docent_index::store::Desk::open(place.home.path()).unwrap();
    let request = docent_index::store::Request::Add(more.path().canonicalize().unwrap());
    desk.ask(&request, 5).unwrap();
    drop(lock);
    second.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 3);
    assert_eq!(second.content.folders.len(), 3);
    assert_eq!(desk.requests().unwrap(), []);
}

#[test]
fn a_letter_that_was_flipped_in_the_library_is_found_in_the_background_and_it_is_read_again() {
    let place = Place::new();
    drop(place.ready());
    let home = place.home.path();
    let path = home.join("library.sqlite");
    // What stands in the log comes into the file.
    let database = rusqlite::Connection::open(&path).unwrap();
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(database);
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 9).filter(|at| &bytes[*at..at + 9] == b"six weeks").collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] = b'n';
    }
    std::fs::write(&path, bytes).unwrap();
    // As if it had been a week ago.
    drop(std::fs::remove_file(home.join("library.checked")));
    let mut screen = place.open();
    let notice = screen.wait_for_notice();
    assert!(notice.text.contains("library.sqlite.damaged"), "{}", notice.text);
    // The new library is filled a moment later.
    while !screen.ask("How soon is the roof repaired?", None).0.answer.contains("six weeks") {}
}

#[test]
fn a_damaged_desk_keeps_nobody_from_working_and_is_told() {
    let place = Place::new();
    let mut screen = place.ready();
    let (_, kept) = screen.ask("Who repairs the roof?", None);
    drop(screen);
    let path = place.home.path().join("desk.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..16].fill(b'x');
    std::fs::write(&path, &bytes).unwrap();
    let mut screen = Screen::open(place.setting());
    let notice = screen.wait_for_notice();
    assert_eq!(notice.kind, Kind::Error);
    assert!(notice.text.contains("desk.sqlite.damaged-1"), "{}", notice.text);
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 1);
    let (answered, conversation) = screen.ask("Who repairs the roof?", kept);
    assert_eq!(answered.hits[0].file, Path::new("lease.md"));
    assert!(conversation.is_some());
    screen.until(|screen| screen.heads.len() == 1);
    assert_eq!(std::fs::read(place.home.path().join("desk.sqlite.damaged-1")).unwrap(), bytes);
}

#[test]
fn a_desk_that_cannot_be_opened_keeps_nobody_from_reading_and_asking() {
    let place = Place::new();
    // Whatever it is, it is no file.
    std::fs::create_dir(place.home.path().join("desk.sqlite")).unwrap();
    let mut screen = place.open();
    let notice = screen.wait_for_notice();
    assert!(notice.text.starts_with("questions and answers are not kept"), "{}", notice.text);
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 1);
    let reports = screen.reports("Who repairs the roof?", None);
    let Some(AnswerReport::Ended { answered, conversation: None, failure: Some(notice) }) =
        reports.last()
    else {
        panic!("{reports:?}")
    };
    assert!(answered.answer.contains("six weeks"));
    assert!(notice.text.contains("desk.sqlite"), "{}", notice.text);
}

#[test]
fn conversations_are_kept_opened_deleted_and_brought_back() {
    let place = Place::new();
    let mut screen = place.ready();
    let (roof, id) = screen.ask("Who repairs the roof?", None);
    let (_, other) = screen.ask("What does the tenant pay?", None);
    let (_, same) = screen.ask("And how soon?", id);
    assert_eq!(same, id);
    let (id, other) = (id.unwrap(), other.unwrap());
    screen.until(|screen| {
        let heads: Vec<_> = screen.heads.iter().map(|head| (head.id, head.turns)).collect();
        heads == [(id, 2), (other, 1)]
    });
    screen.act(Effect::OpenConversation(id));
    let (opened, turns) = screen.wait(|message| match message {
        Message::Desk(DeskReport::Opened { id, turns, .. }) => Some((id, turns)),
        _ => None,
    });
    assert_eq!((opened, turns.len()), (id, 2));
    assert_eq!(turns[0].answered, roof);
    screen.act(Effect::DeleteConversation(id));
    screen.until(|screen| screen.heads.len() == 1);
    screen.act(Effect::OpenConversation(id));
    assert_eq!(screen.wait_for_notice().kind, Kind::Error);
    screen.act(Effect::RestoreConversation(id));
    screen.until(|screen| screen.heads.len() == 2);
    screen.act(Effect::DeleteConversation(other));
    screen.until(|screen| screen.heads.len() == 1);
    drop(screen);
    // What was deleted is gone with the program that deleted it, and its question with it.
    let mut again = place.open();
    let history = again.wait(|message| match message {
        Message::Desk(DeskReport::History(history)) => Some(history),
        _ => None,
    });
    assert_eq!(history, ["Who repairs the roof?", "And how soon?"]);
    again.until(|screen| screen.heads.len() == 1);
    again.act(Effect::RestoreConversation(other));
    assert_eq!(again.wait_for_notice().kind, Kind::Error);
}

#[test]
fn what_is_chosen_in_a_conversation_and_how_its_sources_were_found_is_kept() {
    let place = Place::new();
    let mut screen = place.ready();
    let reports = screen.reports("Who repairs the roof?", None);
    let told = reports.iter().find_map(|report| match report {
        AnswerReport::Why(why) => Some(why.as_ref().clone()),
        _ => None,
    });
    let Some(AnswerReport::Ended { answered, conversation: Some(id), .. }) = reports.last() else {
        panic!("{reports:?}")
    };
    let passages = |index: usize| vec![Passage::of(&answered.hits[index])];
    let chosen = Chosen { pinned: passages(0), excluded: passages(1) };
    screen.act(Effect::KeepPassages { conversation: *id, chosen: chosen.clone() });
    drop(screen);
    let mut screen = Screen::open(place.setting());
    let mut opened = || {
        screen.act(Effect::OpenConversation(*id));
        let (turns, chosen) = screen.wait(|message| match message {
            Message::Desk(DeskReport::Opened { turns, chosen, .. }) => Some((turns, chosen)),
            _ => None,
        });
        let kept: KeptWhy = serde_json::from_str(turns[0].why.as_ref().unwrap()).unwrap();
        assert_eq!(Some(&kept.why), told.as_ref());
        let none = Chosen::default();
        screen.act(Effect::KeepPassages { conversation: *id, chosen: none });
        chosen
    };
    assert_eq!(opened(), chosen);
    assert_eq!(opened(), Chosen::default());
}

#[test]
fn what_was_deleted_long_ago_is_gone_at_the_next_start() {
    let place = Place::new();
    let now = jiff::Timestamp::now().as_second();
    let mut desk = docent_index::store::Desk::open(place.home.path()).unwrap();
    let mut deleted = |question: &str, ago: i64| {
        let turn = docent_index::store::Turn {
            asked_at: 5,
            question: question.to_owned(),
            answer: "{}".to_owned(),
            why: None,
        };
        let id = desk.save_turn(None, &turn).unwrap();
        assert!(desk.delete(id, now - ago).unwrap());
        id
    };
    let (old, new) = (deleted("Long ago?", 2 * 3600), deleted("Just now?", 60));
    drop(desk);
    let mut screen = Screen::open(place.setting());
    screen.act(Effect::RestoreConversation(old));
    assert_eq!(screen.wait_for_notice().kind, Kind::Error);
    screen.act(Effect::RestoreConversation(new));
    screen.until(|screen| screen.heads.len() == 1);
}

#[test]
fn a_question_is_remembered_though_it_is_never_answered() {
    let place = Place::new();
    let mut screen = place.ready();
    let run = screen.begin("Will this be forgotten?", None);
    screen.act(Effect::Stop(run));
    drop(screen);
    let mut again = place.open();
    let history = again.wait(|message| match message {
        Message::Desk(DeskReport::History(history)) => Some(history),
        _ => None,
    });
    assert_eq!(history, ["Will this be forgotten?"]);
}

#[test]
fn answers_are_exported_where_and_as_it_was_typed() {
    let place = Place::new();
    let mut screen = place.ready();
    let (answered, _) = screen.ask("Who repairs the roof?", None);
    let mut export = |typed: &str, replace| {
        let answers = vec![answered.clone()];
        screen.act(Effect::Export { answers, typed: typed.to_owned(), replace });
        screen.wait(|message| match message {
            Message::Exported(report) => Some(report),
            _ => None,
        })
    };
    let path = place.root().join("roof.md");
    assert_eq!(export("~/roof", false), ExportReport::Written(path.clone()));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("# Who repairs the roof?") && written.contains("[^1]"));
    assert_eq!(export("~/roof.md", false), ExportReport::Exists(path.clone()));
    assert_eq!(export("~/roof.md", true), ExportReport::Written(path));
    let path = place.root().join("roof.json");
    assert_eq!(export("~/roof.json", false), ExportReport::Written(path.clone()));
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(written["answers"][0]["question"], "Who repairs the roof?");
    for (typed, expected) in [
        ("~/roof.docx", "must end in .md or .json"),
        ("~", "is a folder"),
        ("~/nowhere/roof.md", "can't write"),
    ] {
        let ExportReport::Refused { reason } = export(typed, false) else {
            panic!("`{typed}` was written")
        };
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn a_document_opens_at_what_is_cited() {
    let place = Place::new();
    let mut screen = place.ready();
    let (answered, _) = screen.ask("How soon is the roof repaired?", None);
    let citation = &answered.citations[0];
    let wanted = Wanted {
        section: String::new(),
        path: citation.hit.path.clone(),
        sha256: Some(citation.sha256.clone()),
        page: citation.hit.page,
        passage: citation.hit.text.clone(),
        highlights: citation.hit.highlights.clone(),
        n: citation.hit.n,
        is_cited: true,
        kept: None,
    };
    let open = |screen: &mut Screen, wanted: &Wanted| {
        screen.act(Effect::OpenDocument(wanted.clone()));
        screen.wait(|message| match message {
            Message::Document(opened) => Some(opened),
            _ => None,
        })
    };
    let opened = open(&mut screen, &wanted).unwrap();
    assert_eq!((opened.title.as_str(), opened.paged, opened.n), ("Lease", false, 1));
    assert_eq!(opened.note, None);
    let marked = |opened: &crate::state::document::Opened| -> Vec<String> {
        opened
            .cited
            .iter()
            .map(|mark| opened.pages[mark.page].text.get(mark.span.clone()).unwrap().to_owned())
            .collect()
    };
    assert_eq!(marked(&opened), ["The landlord repairs the roof within six weeks."]);
    let line =
        opened.pages[0].lines.iter().rfind(|(start, _)| *start <= opened.cited[0].span.start);
    assert_eq!(line.unwrap().1, 7);
    let whole = Wanted { highlights: Vec::new(), ..wanted.clone() };
    assert_eq!(marked(&open(&mut screen, &whole).unwrap()), [wanted.passage.as_str()]);
    // It lies elsewhere.
    let moved = place.root().join("old-lease.md");
    std::fs::rename(&wanted.path, &moved).unwrap();
    while screen.found("\"repairs the roof\"") != ["old-lease.md"] {}
    let opened = open(&mut screen, &wanted).unwrap();
    assert_eq!((&opened.path, marked(&opened).len()), (&moved, 1));
    assert!(opened.note.unwrap().contains("old-lease.md"));
    // It has changed.
    std::fs::write(&wanted.path, LEASE.replace("900", "950")).unwrap();
    std::fs::remove_file(&moved).unwrap();
    while screen.found("\"pays 950\"").is_empty() || !screen.found("\"pays 900\"").is_empty() {}
    let opened = open(&mut screen, &wanted).unwrap();
    assert_eq!(marked(&opened).len(), 1);
    assert_eq!(opened.note.as_deref(), Some("This document has changed since it was cited."));
    // It is gone.
    std::fs::remove_file(&wanted.path).unwrap();
    while !screen.found("\"pays 950\"").is_empty() {}
    let notice = open(&mut screen, &wanted).unwrap_err();
    assert!(notice.text.contains("no longer in the library"), "{}", notice.text);
    // What was kept of it is shown.
    let kept = Some(Box::new(KeptPassage { hit: citation.hit.clone(), found_at: 5 }));
    let opened = open(&mut screen, &Wanted { kept, ..wanted.clone() }).unwrap();
    assert!(opened.is_excerpt && opened.note.unwrap().starts_with("This document is gone"));
    assert_eq!(opened.pages[0].text, wanted.passage);
}

#[test]
fn models_are_listed_with_what_is_wrong_with_them() {
    let place = Place::new();
    let models = place.home.path().join("models");
    std::fs::create_dir(&models).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::fs::copy(fixtures.join("tiny.gguf"), models.join("tiny.gguf")).unwrap();
    std::fs::copy(fixtures.join("broken/not-a-model.gguf"), models.join("notes.GGUF")).unwrap();
    std::fs::write(models.join("readme.txt"), "").unwrap();
    let named = fixtures.join("broken/cut-in-weights.gguf");
    let mut screen = Screen::open(place.setting());
    screen.act(Effect::ListModels);
    let listed = |message| match message {
        Message::Model(ModelReport::Listed { found, .. }) => Some(found),
        _ => None,
    };
    let found = screen.wait(listed);
    let names: Vec<_> = found.iter().map(|found| found.path.file_name().unwrap()).collect();
    assert_eq!(names, ["tiny.gguf", "notes.GGUF"]);
    assert_eq!(found[0].fault, None);
    assert_eq!(found[0].size, models.join("tiny.gguf").metadata().unwrap().len());
    assert!(found[0].quantization.is_some() && found[0].needs > Some(found[0].size));
    assert!(found[1].fault.as_deref().unwrap().starts_with("is not a GGUF file"));
    drop(screen);
    let mut screen =
        Screen::open(Setting { model: FirstModel::File(named.clone()), ..place.setting() });
    screen.act(Effect::ListModels);
    assert_eq!(screen.wait(listed).last().unwrap().path, named);
}

#[test]
fn models_are_looked_for_at_the_start_when_none_is_named() {
    let place = Place::new();
    let models = place.home.path().join("models");
    std::fs::create_dir(&models).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::fs::copy(fixtures.join("tiny.gguf"), models.join("tiny.gguf")).unwrap();
    let mut screen = Screen::open(Setting { model: FirstModel::Suitable, ..place.setting() });
    let (found, suitable) = screen.wait(|message| match message {
        Message::Model(ModelReport::Listed { found, suitable, .. }) => Some((found, suitable)),
        _ => None,
    });
    assert_eq!(found.len(), 1);
    assert_eq!(suitable, None, "it is far too small to be chosen without being asked for");
}

#[test]
fn a_model_that_is_not_there_is_refused_and_quotes_answer() {
    let place = Place::new();
    let mut screen = place.ready();
    let path = place.root().join("absent.gguf");
    screen.act(Effect::LoadModel(path.clone()));
    let reason = screen.wait(|message| match message {
        Message::Model(ModelReport::Refused { path: refused, reason }) => {
            assert_eq!(refused, path);
            Some(reason)
        }
        _ => None,
    });
    assert!(reason.starts_with("can't find"), "{reason}");
    assert_eq!(screen.ask("Who repairs the roof?", None).0.model, "quotes");
    screen.act(Effect::UnloadModel);
    screen.wait(|message| (message == Message::Model(ModelReport::Unloaded)).then_some(()));
}

#[test]
fn paths_are_completed() {
    let place = Place::new();
    std::fs::create_dir(place.root().join("cases")).unwrap();
    let mut screen = Screen::open(place.setting());
    let sought = Sought::Folder;
    screen.act(Effect::Complete { typed: "~/c".to_owned(), sought });
    let completed = screen.wait(|message| match message {
        Message::Completed { typed, paths } => Some((typed, paths)),
        _ => None,
    });
    assert_eq!(completed, ("~/c".to_owned(), vec!["~/cases/".to_owned()]));
}

#[test]
fn what_only_the_terminals_owner_can_do_is_given_back() {
    let place = Place::new();
    let mut screen = Screen::open(place.setting());
    let view = Effect::View { path: PathBuf::from("/a"), page: None, line: None, search: None };
    assert_eq!(screen.work.carry_out(view.clone()), Some(view));
    assert_eq!(screen.work.carry_out(Effect::Quit), Some(Effect::Quit));
}

#[test]
fn it_ends_at_once_though_nobody_reads_its_messages() {
    let place = Place::new();
    for number in 0..60 {
        place.write(
            &format!("report-{number}.md"),
            &format!("Report {number} tells of a valve.\n\n").repeat(40),
        );
    }
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let setting = Setting { folders: vec![place.root()], ..place.setting() };
    let mut work = Work::start(setting, sender).unwrap();
    let turns = Vec::new();
    let question = "Which valve?".to_owned();
    work.carry_out(Effect::Ask(Ask {
        run: Run(1),
        question,
        conversation: None,
        turns,
        pinned: Vec::new(),
        excluded: Vec::new(),
        replaces: None,
        asked_at: 5,
    }));
    // The second message waits for the first one to be taken.
    while receiver.is_empty() {
        std::thread::yield_now();
    }
    let asked = Instant::now();
    work.finish();
    assert!(asked.elapsed() < 2 * PATIENCE, "it took {:?}", asked.elapsed());
    drop(receiver);
}
