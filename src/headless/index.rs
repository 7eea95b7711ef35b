//! `--index`: brings the index up to date.

use std::path::PathBuf;
use std::time::Instant;

use docent_engine::embed::Settings;
use docent_index::store::Store;
use serde::Serialize;

use super::progress::Progress;
use super::{Session, print, print_json, shown};
use crate::error::{Failure, Outcome};
use crate::fs;
use crate::ingest::{self, Readers, Summary};
use crate::json::SCHEMA;
use crate::loading::cores;

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
    let mut embedder = session.embedder(Settings::for_library(cores()))?;
    let mut store = Store::open(&session.home()?)?;
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
    let counter = session.token_counter()?;
    let readers = Readers { counter: &counter, count: cores(), give_way: false };
    let mut progress = Progress::new(session.cli.quiet);
    let mut show = |step| progress.show(step);
    let summary = ingest::bring_up_to_date(
        &mut store,
        readers,
        !session.cli.no_ocr,
        &mut embedder,
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
