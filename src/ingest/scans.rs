//! How are pages read that are only pictures?
//!
//! Page by page: drawn in a reader's child, read by Tesseract in another. That takes a second or more for each, so it is
//! done when everything else is, what it gives is kept page by page, and it can be left at any moment.

use std::collections::BTreeMap;

use docent_engine::embed::TokenCounter;
use docent_index::document::{ContentHash, ProblemKind};
use docent_index::extract::{Format, Picture, Recognition};
use docent_index::store::{Scan, Store};
use tokio_util::sync::CancellationToken;

use super::{IngestError, NewDocument, Step, Summary, new_document, put};
use crate::child::ChildError;
use crate::child::reader::{Drawn, Reader};
use crate::child::recogniser::{RecogniseError, Recogniser};
use crate::fs;

/// How finely pages are drawn: what Tesseract was trained on.
const DOTS_PER_INCH: f32 = 300.0;

/// A scan with what is known of it.
#[derive(Clone, Debug)]
pub struct Work {
    scan: Scan,
    /// What was recognised before, by page.
    known: BTreeMap<u32, Recognition>,
}

impl Work {
    pub fn new(store: &Store, scan: Scan) -> Result<Self, IngestError> {
        let known = store.recognitions(&scan.content)?;
        Ok(Self { scan, known })
    }
}

/// What came of a scan, bit by bit; for the store to keep.
#[derive(Debug)]
pub struct Progress(Made);

#[derive(Debug)]
enum Made {
    Page { content: ContentHash, page: u32, recognition: Recognition },
    Document(Box<NewDocument>),
}

impl Progress {
    /// Keeps it, unless its document has left the library. Whether it was the document with all its pages.
    pub fn keep(&self, store: &mut Store) -> Result<bool, IngestError> {
        let content = match &self.0 {
            Made::Page { content, .. } => content,
            Made::Document(document) => &document.content,
        };
        if store.find_document(content)?.is_none() {
            return Ok(false);
        }
        match &self.0 {
            Made::Page { content, page, recognition } => {
                store.put_recognition(content, *page, recognition)?;
                Ok(false)
            }
            Made::Document(document) => {
                put(store, document)?;
                Ok(true)
            }
        }
    }
}

/// Reads scans.
#[derive(Debug)]
pub struct ScanReader {
    recogniser: Recogniser,
    reader: Reader,
}

impl ScanReader {
    /// None where Tesseract is not installed.
    pub fn find(cancel: &CancellationToken) -> Option<Self> {
        Some(Self { recogniser: Recogniser::find(cancel)?, reader: Reader::default() })
    }

    /// Reads the pages of a scan that have not been read, and then makes its document anew of all that was recognised; gives
    /// each to `sink`. What can't be read, or is no longer there, is passed over: the next listing of scans has it still.
    pub fn read(
        &mut self,
        work: &Work,
        counter: &TokenCounter,
        cancel: &CancellationToken,
        sink: &mut dyn FnMut(Progress) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let scan = &work.scan;
        let content = scan.content;
        let Ok(bytes) = fs::read(&scan.path) else { return Ok(()) };
        let Some(format) = Format::of(&scan.path) else { return Ok(()) };
        if ContentHash::of(&bytes) != content {
            return Ok(());
        }
        let mut recognised = work.known.clone();
        let mut drawing = self.reader.drawing(&bytes);
        for page in &scan.unread {
            let recognition = match drawing.page(*page, DOTS_PER_INCH, cancel)? {
                Drawn::Picture(picture) => {
                    recognise(&self.recogniser, &picture, scan.language.as_deref(), cancel)?
                }
                // A picture that can't be drawn has no text, as far as can be told.
                Drawn::Problem(_) => Some(nothing()),
                Drawn::Stopped => None,
            };
            let Some(recognition) = recognition else { return Ok(()) };
            recognised.insert(*page, recognition.clone());
            sink(Progress(Made::Page { content, page: *page, recognition }))?;
        }
        let name = scan.path.file_stem().unwrap_or_default().to_string_lossy();
        let new = new_document(
            (content, format),
            &bytes,
            &recognised,
            &name,
            &mut self.reader,
            counter,
            cancel,
        )?;
        if cancel.is_cancelled() || is_broken(&new) {
            return Ok(());
        }
        sink(Progress(Made::Document(Box::new(new))))
    }
}

/// A reader that did not come to its end gives less than is known already.
fn is_broken(new: &NewDocument) -> bool {
    let broken = [ProblemKind::TimedOut, ProblemKind::Crashed, ProblemKind::OutOfMemory];
    new.document.problems.iter().any(|problem| broken.contains(&problem.kind))
}

/// None when it was stopped.
fn recognise(
    recogniser: &Recogniser,
    picture: &Picture,
    language: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Option<Recognition>, ChildError> {
    match recogniser.read(picture, language, cancel) {
        Ok(tsv) => Ok(Some(Recognition { tsv, dots_per_inch: picture.dots_per_inch })),
        Err(RecogniseError::Stopped) => Ok(None),
        Err(RecogniseError::Failed) => Ok(Some(nothing())),
        Err(RecogniseError::Child(error)) => Err(error),
    }
}

fn nothing() -> Recognition {
    Recognition { tsv: String::new(), dots_per_inch: DOTS_PER_INCH }
}

/// Reads all scans of the library, as far as it gets before `cancel`. Whether there were any whose text is new.
pub(super) fn read_all(
    store: &mut Store,
    counter: &TokenCounter,
    cancel: &CancellationToken,
    summary: &mut Summary,
    progress: &mut dyn FnMut(Step),
) -> Result<bool, IngestError> {
    let scans = store.scans()?;
    if scans.is_empty() {
        return Ok(false);
    }
    let Some(mut reader) = ScanReader::find(cancel) else { return Ok(false) };
    let of = scans.iter().map(|scan| scan.unread.len()).sum();
    let mut any = false;
    for scan in scans {
        if cancel.is_cancelled() {
            break;
        }
        progress(Step::Recognising { done: summary.recognised, of });
        let work = Work::new(store, scan)?;
        reader.read(&work, counter, cancel, &mut |made| {
            if made.keep(store)? {
                any = true;
            } else {
                summary.recognised += 1;
                progress(Step::Recognising { done: summary.recognised, of });
            }
            Ok(())
        })?;
    }
    Ok(any)
}
