//! `--index`: brings the index up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_index::store::{Desk, Reply, Request, Store, StoreError};
use serde::Serialize;

use super::progress::Progress;
use super::{Session, print, print_json, shown};
use crate::error::{Failure, Outcome};
use crate::fs;
use crate::ingest::{self, Readers, Summary};
use crate::json::SCHEMA;
use crate::loading::{Embedders, cores};
use crate::paths;

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
        store.add_folder(folder)?;
    }
    if store.folders()?.is_empty() {
        return Err(
            Failure::new("the library has no folder yet").hint("name one: docent --index FOLDER")
        );
    }
    let embedders = Arc::new(Embedders::new(paths::parts(session.environment)?));
    let counter = embedders.counter()?;
    let readers = Readers { counter: &counter, count: cores(), give_way: false };
    let mut progress = Progress::new(session.cli.quiet);
    let mut show = |step| progress.show(step);
    let summary = ingest::bring_up_to_date(
        &mut store,
        readers,
        !session.cli.no_ocr,
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
            session.note(&format!(
                "the folder `{}` is not there: what was read in it is kept",
                shown(&folder.path)
            ));
        }
    }
    if summary.stopped {
        session.note("stopped; run it again to go on where it stopped");
        return Ok(Outcome::Interrupted);
    }
    Ok(Outcome::Done)
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

fn told(indexed: &Indexed) -> String {
    let Summary { files, read, known, unchanged, gone, recognised, embedded, stopped: _ } =
        indexed.summary;
    let scans = match recognised {
        0 => String::new(),
        1 => "1 page read by OCR, ".to_owned(),
        pages => format!("{pages} pages read by OCR, "),
    };
    let problems = match indexed.problems {
        0 => String::new(),
        1 => ", 1 problem: docent --problems tells what could not be read".to_owned(),
        problems => {
            format!(", {problems} problems: docent --problems lists what could not be read")
        }
    };
    format!(
        "{files} files: {read} read, {known} moved or copied, {unchanged} unchanged, {gone} gone; \
         {scans}{embedded} passages embedded in {:.1} s\n\
         library: {} documents, {} passages{problems}\n",
        indexed.seconds, indexed.documents, indexed.passages
    )
}
