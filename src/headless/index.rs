//! `--index`: brings the index up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_engine::embed::Settings;
use docent_index::store::{Counts, Desk, Reply, Request, Store, StoreError};
use serde::Serialize;

use super::progress::Progress;
use super::{Session, print, print_json, shown};
use crate::error::{Failure, Outcome};
use crate::fs;
use crate::ingest::queue::Queue;
use crate::ingest::{self, Readers, Summary, vector_id};
use crate::json::SCHEMA;
use crate::loading::{self, Embedders, Running, cores};
use crate::paths;
use crate::state::library::{Content, Stage};
use crate::state::message::{LibraryReport, Message};
use crate::state::model::Maker;
use crate::work::{self, FirstModel, Setting};

/// How long the docent that writes has for a reply; one with a screen looks for requests once a second.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);

/// What `--index --json` prints.
#[derive(Serialize)]
struct Indexed {
    schema: u32,
    #[serde(flatten)]
    summary: Summary,
    /// In the library now.
    documents: u64,
    passages: u64,
    problems: u64,
    seconds: f64,
}

pub(super) fn run(session: &Session<'_>, folders: &[PathBuf]) -> Result<Outcome, Failure> {
    let started = Instant::now();
    // What is typed is looked at before anything is written.
    let mut absolute = Vec::new();
    for folder in folders {
        let folder = fs::canonical(folder)?;
        if !folder.is_dir() {
            return Err(Failure::new(format!("`{}` is not a folder", folder.display()))
                .hint("name the folder that it lies in"));
        }
        absolute.push(folder);
    }
    let home = session.home()?;
    let mut store = match Store::open(&home) {
        Err(error @ StoreError::Locked { .. }) if !absolute.is_empty() => {
            return hand_over(session, &home, &absolute, error);
        }
        opened => opened?,
    };
    if let Some(salvaged) = store.salvaged() {
        session.note(&salvaged.to_string());
    } else if let Some(error) = store.desk_trouble() {
        session.note(&format!("conversations can't be kept now: {error}"));
    }
    if let Some(aside) = store.set_aside() {
        session.note(&format!(
            "the library's database was damaged: it is kept as `{}`, the documents are read again",
            aside.display()
        ));
    }
    for folder in &absolute {
        let known = store.folders()?.into_iter().map(|known| known.path);
        match known.into_iter().find(|known| folder.starts_with(known)) {
            // What lies in it is in the library already.
            Some(around) if around != *folder => session.note(&format!(
                "`{}` lies in `{}`, which is in the library",
                shown(folder),
                shown(&around)
            )),
            _ => _ = store.add_folder(folder)?,
        }
    }
    if store.folders()?.is_empty() {
        return Err(
            Failure::new("the library has no folder yet").hint("name one: docent --index FOLDER")
        );
    }
    let embedders = Arc::new(session.embedders()?);
    if let Some(chosen) = session.chosen_embedder()? {
        tell_cost(session, &mut store, &embedders, &chosen.name)?;
    }
    let counter = embedders.counter()?;
    let largest_file = session.settings.largest_file;
    // Nobody looks at it.
    let queue = Queue::default();
    let readers =
        Readers { counter: &counter, count: cores(), give_way: false, largest_file, queue: &queue };
    let mut progress = Progress::new(session.cli.quiet);
    let mut show = |step| progress.show(step);
    let summary = ingest::bring_up_to_date(
        &mut store,
        readers,
        session.settings.ocr,
        &embedders,
        &session.cancel,
        &mut show,
    );
    progress.finish();
    let summary = summary?;
    let counts = store.counts(None)?;
    let indexed = Indexed {
        schema: SCHEMA,
        summary,
        documents: counts.documents,
        passages: counts.passages,
        problems: counts.problems,
        seconds: started.elapsed().as_secs_f64(),
    };
    if session.cli.json {
        print_json(&indexed)?;
    } else if !session.cli.quiet {
        print(&told(&indexed))?;
    }
    for folder in store.folders()? {
        if !folder.path.is_dir() {
            session.note(&missing(&folder.path));
        }
    }
    if summary.stopped {
        session.note("stopped; run it again to go on where it stopped");
        return Ok(Outcome::Interrupted);
    }
    if session.cli.watch {
        // From here on the library's own thread writes.
        drop(store);
        watch(session, &counts)?;
    }
    Ok(Outcome::Done)
}

/// Says what it takes until an embedder has made a vector of every passage that is in the library now, at the rate at which
/// it makes a few of them.
fn tell_cost(
    session: &Session<'_>,
    store: &mut Store,
    embedders: &Embedders,
    name: &str,
) -> Result<(), Failure> {
    const SAMPLE: usize = 17;
    let id = vector_id(&embedders.id()?);
    let waiting = store.unembedded(&id, SAMPLE)?;
    let texts: Vec<&str> = waiting.iter().map(|(_, text)| &**text).collect();
    let mut embedder = embedders.open(Settings::for_library(cores()))?;
    let Some(rate) = loading::rate(&mut embedder, &texts)? else { return Ok(()) };
    let counts = store.counts(Some(&id))?;
    let missing = counts.passages.saturating_sub(counts.embedded);
    #[expect(clippy::cast_precision_loss, reason = "minutes are told")]
    let missing_part = missing as f64;
    session.note(&format!(
        "`{name}` has vectors of {} of {} passages; at {rate:.0} a second, as measured now, the other {missing} take about \
         {:.0} min; what has been embedded before answers until then",
        counts.embedded,
        counts.passages,
        (missing_part / rate / 60.0).ceil()
    ));
    Ok(())
}

/// Asks the docent that writes the library to let folders join it, and waits for its reply. `locked` is told when none comes:
/// a run of `--index` follows nothing.
fn hand_over(
    session: &Session<'_>,
    home: &Path,
    folders: &[PathBuf],
    locked: StoreError,
) -> Result<Outcome, Failure> {
    let mut desk = Desk::open(home)?;
    let now = || jiff::Timestamp::now().as_second();
    let mut waiting = Vec::new();
    for folder in folders {
        waiting.push((desk.ask(&Request::Add(folder.clone()), now())?, folder));
    }
    let asked = Instant::now();
    let mut outcome = Ok(Outcome::Done);
    let mut is_left = false;
    while !waiting.is_empty() {
        let mut unanswered = Vec::new();
        for (request, folder) in waiting {
            match desk.take_reply(request)? {
                None => unanswered.push((request, folder)),
                Some(Reply::Done) => session.note(&format!(
                    "`{}` is in the library: the docent that is open reads it",
                    shown(folder)
                )),
                Some(Reply::Needless(reason)) => session.note(&reason),
                Some(Reply::Refused(reason)) => outcome = Err(Failure::new(reason)),
            }
        }
        waiting = unanswered;
        if asked.elapsed() >= PATIENCE || session.cancel.is_cancelled() {
            for (request, _) in waiting.drain(..) {
                is_left |= desk.withdraw(request)?;
            }
        } else if !waiting.is_empty() {
            std::thread::sleep(LOOK);
        }
    }
    if is_left { Err(locked.into()) } else { outcome }
}

/// What `--index --watch --json` prints when the library has changed, one a line.
#[derive(Serialize)]
struct Changed {
    schema: u32,
    documents: u64,
    passages: u64,
    problems: u64,
}

/// Follows changes until it is stopped.
fn watch(session: &Session<'_>, counts: &Counts) -> Result<(), Failure> {
    let setting = Setting {
        home: session.home()?,
        parts: paths::parts(session.environment)?,
        user_home: None,
        cores: cores(),
        ocr: session.settings.ocr,
        largest_file: session.settings.largest_file,
        maker: Maker::of(session.chosen_embedder()?.map(|chosen| chosen.path)),
        model: FirstModel::Quotes,
        places: Vec::new(),
        running: Running::default(),
        folders: Vec::new(),
    };
    session.note("changes are followed until you stop it (Ctrl+C)");
    let mut followed = Followed {
        stage: Stage::Opening,
        content: Content::default(),
        printed: (counts.documents, counts.passages, counts.problems),
        is_read: false,
    };
    let mut printed = Ok(());
    work::follow(setting, &session.cancel, &mut |message| {
        if printed.is_ok() {
            printed = followed.take(session, message);
        }
        // Nobody reads it any more.
        if printed.is_err() {
            session.cancel.cancel();
        }
    })?;
    printed
}

/// What has been told of the library that is followed.
struct Followed {
    stage: Stage,
    content: Content,
    /// What was printed last.
    printed: (u64, u64, u64),
    /// Whether anything was read since then.
    is_read: bool,
}

impl Followed {
    fn take(&mut self, session: &Session<'_>, message: Message) -> Result<(), Failure> {
        match message {
            Message::Library(LibraryReport::Stage(stage)) => {
                match &stage {
                    Stage::Elsewhere => session.note("another docent writes the library now"),
                    Stage::Failed(reason) => {
                        session.note(&format!("the library can't be written: {reason}"));
                    }
                    _ => {}
                }
                self.is_read |= matches!(stage, Stage::Reading(_));
                self.stage = stage;
            }
            Message::Library(LibraryReport::Content(content)) => {
                if let Some(watching) = &content.watching
                    && content.watching != self.content.watching
                {
                    session.note(watching);
                }
                for folder in content.folders.iter().filter(|folder| folder.missing) {
                    let known = self.content.folders.iter().find(|known| known.path == folder.path);
                    if known.is_none_or(|known| !known.missing) {
                        session.note(&missing(&folder.path));
                    }
                }
                self.content = *content;
            }
            Message::Library(LibraryReport::FolderRefused { reason, .. }) => session.note(&reason),
            Message::Notice(notice) => session.note(&notice.text),
            _ => {}
        }
        let Content { documents, passages, problems, .. } = &self.content;
        let now = (*documents, *passages, *problems);
        if self.stage != Stage::Ready || (self.printed == now && !self.is_read) {
            return Ok(());
        }
        (self.printed, self.is_read) = (now, false);
        let (documents, passages, problems) = now;
        let changed = Changed { schema: SCHEMA, documents, passages, problems };
        if session.cli.json {
            print_json(&changed)
        } else {
            print(&held(documents, passages, problems))
        }
    }
}

fn missing(folder: &Path) -> String {
    format!("the folder `{}` is not there: what was read in it is kept", shown(folder))
}

fn told(indexed: &Indexed) -> String {
    let Summary { files, read, known, unchanged, gone, recognised, embedded, stopped: _ } =
        indexed.summary;
    let scans = match recognised {
        0 => String::new(),
        1 => "1 page read by OCR, ".to_owned(),
        pages => format!("{pages} pages read by OCR, "),
    };
    format!(
        "{files} files: {read} read, {known} moved or copied, {unchanged} unchanged, {gone} gone; \
         {scans}{embedded} passages embedded in {:.1} s\n{}",
        indexed.seconds,
        held(indexed.documents, indexed.passages, indexed.problems)
    )
}

/// What the library holds, as a line.
fn held(documents: u64, passages: u64, problems: u64) -> String {
    let problems = match problems {
        0 => String::new(),
        1 => ", 1 problem: docent --problems tells what could not be read".to_owned(),
        problems => {
            format!(", {problems} problems: docent --problems lists what could not be read")
        }
    };
    format!("library: {documents} documents, {passages} passages{problems}\n")
}
