//! What stands in a document, and which files are there to be chosen from?

mod kept;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use docent_engine::catalog::{self, Memory};
use docent_engine::embed::{self, Settings};
use docent_index::document::{ContentHash, DocumentId, Problem};
use docent_index::store::{Place, Snapshot, StoreError, StoredDocument};
use tokio_util::sync::CancellationToken;

use super::inbox::Inbox;
use super::thread::guarded;
use super::{FirstModel, Setting, path};
use crate::cli::BUNDLED;
use crate::error::Failure;
use crate::ingest::vector_id;
use crate::json::by_ocr;
use crate::loading::{self, Embedders};
use crate::models;
use crate::state::document::{Mark, Opened, Page};
use crate::state::effect::{Sought, Wanted};
use crate::state::message::{Message, ModelReport};
use crate::state::model::{Cost, Details, Embedder, Found, Maker};
use crate::state::notice::Notice;

#[derive(Debug)]
pub(super) enum Order {
    Open(Box<Wanted>),
    /// The beginning of a path, and what it is to lead to.
    Complete(String, Sought),
    ListModels,
    /// The folder of an embedder; none for the bundled one.
    Weigh(Option<PathBuf>),
    Finish,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Clerk {
    setting: Arc<Setting>,
    embedders: Arc<Embedders>,
    inbox: Inbox,
    snapshot: Option<Snapshot>,
    /// Whether models have been looked for.
    has_listed: bool,
}

impl Clerk {
    pub(super) fn new(setting: Arc<Setting>, embedders: Arc<Embedders>, inbox: Inbox) -> Self {
        Self { setting, embedders, inbox, snapshot: None, has_listed: false }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        for order in orders {
            let inbox = self.inbox.clone();
            match order {
                Order::Open(wanted) => {
                    let opened = guarded(&inbox, "opening a document", || self.open(&wanted));
                    match opened {
                        Some(opened) => inbox.tell(Message::Document(opened)),
                        None => self.snapshot = None,
                    }
                }
                Order::Complete(typed, sought) => {
                    let user_home = self.setting.user_home.as_deref();
                    let paths = guarded(&inbox, "looking for paths", || {
                        path::completed(&typed, user_home, sought)
                    });
                    let paths = paths.unwrap_or_default();
                    inbox.tell(Message::Completed { typed, paths });
                }
                Order::ListModels => {
                    let listed = guarded(&inbox, "looking for models", || self.models());
                    if let Some(listed) = listed {
                        inbox.tell(Message::Model(listed));
                    }
                }
                Order::Weigh(folder) => {
                    let weighed =
                        guarded(&inbox, "measuring an embedder", || self.weigh(folder.as_deref()));
                    if weighed.is_none() {
                        self.snapshot = None;
                    }
                    let weighed =
                        weighed.unwrap_or_else(|| Err(Failure::new("docent made a mistake")));
                    let cost = weighed.map_err(|failure| {
                        format!("what it takes can't be measured: {}", failure.on_screen())
                    });
                    inbox.tell(Message::Model(ModelReport::Weighed { folder, cost }));
                }
                Order::Finish => break,
            }
        }
    }

    /// What it takes until an embedder has made the vectors of all passages, measured with a few of them.
    fn weigh(&mut self, folder: Option<&Path>) -> Result<Cost, Failure> {
        const SAMPLE: usize = 17;
        let Setting { parts, home, cores, .. } = &*self.setting;
        let maker = Maker::of(folder.map(Path::to_owned));
        let embedders = Embedders::new(parts.clone(), maker, home.clone(), Vec::new());
        let cores = *cores;
        let id = vector_id(&embedders.id()?);
        let snapshot = self.snapshot()?;
        let counts = snapshot.counts(Some(&id))?;
        let missing = counts.passages.saturating_sub(counts.embedded);
        let mut texts: Vec<String> = Vec::new();
        for document in snapshot.documents()? {
            if texts.len() >= SAMPLE || missing == 0 {
                break;
            }
            let passages = snapshot.passages_of(document)?.into_iter();
            let left = SAMPLE - texts.len();
            texts.extend(passages.take(left).map(|passage| passage.context + "\n" + &passage.text));
        }
        snapshot.release()?;
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let per_second = if texts.is_empty() {
            None
        } else {
            loading::rate(&mut embedders.open(Settings::for_library(cores))?, &texts)?
        };
        Ok(Cost { missing, of: counts.passages, per_second })
    }

    fn open(&mut self, wanted: &Wanted) -> Result<Box<Opened>, Notice> {
        let shown = wanted.path.display();
        let failed = |error: StoreError| {
            Notice::error(format!(
                "`{shown}` can't be opened: {}",
                Failure::from(error).on_screen()
            ))
        };
        let snapshot = self.snapshot().map_err(failed)?;
        let read = read(snapshot, wanted);
        // Nothing more is asked of it; an error would come again at the next document.
        drop(snapshot.release());
        match (read.map_err(failed)?, &wanted.kept) {
            (Some((document, pages)), _) => opened(wanted, document, pages).map(Box::new),
            (None, Some(kept)) => Ok(Box::new(kept::opened(wanted, kept))),
            (None, None) => Err(Notice::error(format!(
                "`{shown}` is no longer in the library: it was moved, deleted or can't be read any more"
            ))),
        }
    }

    /// The models on this machine, and the one that was named at the start.
    fn models(&mut self) -> ModelReport {
        let mut models = catalog::list(&self.setting.places, &CancellationToken::new());
        let free = models::free_memory();
        let context = self.setting.running.context;
        let is_first = !std::mem::replace(&mut self.has_listed, true);
        let suitable = (is_first && self.setting.model == FirstModel::Suitable)
            .then(|| models.get(models::preferred(&models, context, free)?))
            .flatten()
            .map(|model| model.path.clone());
        let mut typed: Vec<String> =
            (0..models.len()).filter_map(|index| models::typed(&models, index)).collect();
        if let FirstModel::File(path) = &self.setting.model {
            let index = catalog::with_file(&mut models, path);
            if let Some(model) = index.and_then(|index| models.get_mut(index)) {
                // It may have another path as well; this is the one that is loaded.
                model.path.clone_from(path);
            }
            // One that lies elsewhere has no name that is known at the next start.
            typed.extend(models.get(typed.len()).map(|model| model.path.display().to_string()));
        }
        let mut found: Vec<Found> = models
            .into_iter()
            .zip(typed)
            .filter_map(|(found, typed)| shown(found, typed, context))
            .collect();
        found.sort_by_key(|found| found.fault.is_some());
        ModelReport::Listed {
            folder: self.setting.home.join("models"),
            found,
            free,
            suitable,
            embedders: self.listed_embedders(),
            maker: self.embedders.maker(),
        }
    }

    /// The bundled embedder, and the others on this machine.
    fn listed_embedders(&self) -> Vec<Embedder> {
        let bundled = &self.setting.parts.embedder;
        let bundled = Embedder {
            name: BUNDLED.to_owned(),
            typed: BUNDLED.to_owned(),
            origin: "comes with docent",
            folder: None,
            size: embed::model_path(bundled).metadata().map_or(0, |metadata| metadata.len()),
            fault: None,
        };
        let others = models::embedders(&self.setting.home, &self.setting.places);
        let typed: Vec<String> =
            (0..others.len()).filter_map(|index| models::typed_embedder(&others, index)).collect();
        let others = others.into_iter().zip(typed).map(|(found, typed)| Embedder {
            name: found.name,
            typed,
            origin: found.origin.name(),
            folder: Some(found.folder),
            size: found.bytes,
            fault: found.fault.map(|fault| Failure::from(fault).on_screen()),
        });
        std::iter::once(bundled).chain(others).collect()
    }

    /// The library as it is now.
    fn snapshot(&mut self) -> Result<&mut Snapshot, StoreError> {
        super::refreshed(&mut self.snapshot, &self.setting.home)
    }
}

/// The document that is wanted, else what is at its path now.
fn read(
    snapshot: &Snapshot,
    wanted: &Wanted,
) -> Result<Option<(StoredDocument, Vec<Page>)>, StoreError> {
    let content = wanted.sha256.as_deref().and_then(content_hash);
    let cited = content.map(|content| snapshot.document_with(&content)).transpose()?.flatten();
    let id: Option<DocumentId> = match cited {
        Some(id) => Some(id),
        None => snapshot.document_at(&wanted.path)?,
    };
    let Some(id) = id else { return Ok(None) };
    let Some(document) = snapshot.document(id)? else { return Ok(None) };
    let pages = snapshot
        .texts(id)?
        .into_iter()
        .map(|page| Page {
            number: page.number,
            label: page.label,
            ocr: page.recognised.map(by_ocr),
            text: page.text,
            lines: page.lines.into_iter().map(|mark| (mark.offset, mark.line)).collect(),
        })
        .collect();
    Ok(Some((document, pages)))
}

/// The hash that 64 hexadecimal digits write.
fn content_hash(digits: &str) -> Option<ContentHash> {
    let mut hash = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        let digit = |index: usize| char::from(*pair.get(index)?).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(ContentHash(hash))
}

/// The document with its marks, as the screen shows it.
fn opened(wanted: &Wanted, document: StoredDocument, pages: Vec<Page>) -> Result<Opened, Notice> {
    if pages.is_empty() {
        let told = format!("nothing could be read in `{}`", wanted.path.display());
        return Err(Notice::error(told));
    }
    let places: Vec<PathBuf> = document.places.iter().map(Place::path).collect();
    let path = if places.contains(&wanted.path) {
        wanted.path.clone()
    } else {
        places.into_iter().next().unwrap_or_else(|| wanted.path.clone())
    };
    let cited = marks(wanted, &pages);
    let changed =
        wanted.sha256.as_ref().is_some_and(|sha256| *sha256 != document.content.to_string());
    let note = if changed {
        let lost = if cited.is_empty() { " What was cited no longer stands in it." } else { "" };
        Some(format!("This document has changed since it was cited.{lost}"))
    } else if path != wanted.path {
        Some(format!("It lies at `{}` now.", path.display()))
    } else if cited.is_empty() && !wanted.passage.is_empty() {
        Some("The passage no longer stands in it.".to_owned())
    } else {
        unread(&document.problems, &pages)
    };
    let title = document.title.unwrap_or_else(|| name(&path));
    let paged = document.paged;
    Ok(Opened {
        title,
        path,
        date: document.date,
        paged,
        pages: pages.into(),
        cited,
        section: wanted.section.clone(),
        n: wanted.n,
        is_cited: wanted.is_cited,
        is_excerpt: false,
        note,
    })
}

/// Why there is nothing to be read in a document, or not all of it, and what to do.
fn unread(problems: &[Problem], pages: &[Page]) -> Option<String> {
    if pages.iter().any(|page| !page.text.trim().is_empty()) {
        let whole = problems.iter().find(|problem| problem.page.is_none())?;
        let (reason, hint) = (whole.kind.reason(), whole.kind.hint());
        return Some(format!(
            "Not all could be read in this document: it {reason}. To be done: {hint}."
        ));
    }
    let Some(problem) = problems.first() else {
        return Some("There is no text in this document.".to_owned());
    };
    let (reason, hint) = (problem.kind.reason(), problem.kind.hint());
    Some(format!("Nothing could be read in this document: {reason}. To be done: {hint}."))
}

/// Where the passage stands, or the parts of it that are marked: on its page, else on the first page that holds it.
fn marks(wanted: &Wanted, pages: &[Page]) -> Vec<Mark> {
    if wanted.passage.is_empty() {
        return Vec::new();
    }
    let on = |index: usize| -> Option<(usize, usize)> {
        pages.get(index)?.text.find(&wanted.passage).map(|start| (index, start))
    };
    let its_page =
        wanted.page.and_then(|number| pages.iter().position(|page| page.number == number));
    let Some((page, start)) = its_page.and_then(on).or_else(|| (0..pages.len()).find_map(on))
    else {
        return Vec::new();
    };
    let mut marks: Vec<Mark> = wanted
        .highlights
        .iter()
        .filter(|(from, to)| wanted.passage.get(*from..*to).is_some_and(|part| !part.is_empty()))
        .map(|(from, to)| Mark { page, span: start + from..start + to })
        .collect();
    marks.sort_by_key(|mark| mark.span.start);
    if marks.is_empty() {
        marks.push(Mark { page, span: start..start + wanted.passage.len() });
    }
    marks
}

/// What the catalog says of a model, as the screen shows it; none for what is no model that writes text. `typed` is how it is
/// named, `context` tokens that it is to have.
fn shown(model: catalog::Found, typed: String, context: u32) -> Option<Found> {
    if !model.is_for_text() {
        return None;
    }
    let catalog::Found { name, aliases: _, origin, path, bytes, header } = model;
    let mut found = Found {
        path,
        name,
        typed,
        origin,
        quantization: None,
        size: bytes,
        context: 0,
        needs: None,
        fault: None,
        details: None,
    };
    match header {
        Ok(header) => {
            let trained = header.context_length.unwrap_or(u64::MAX);
            found.context = usize::try_from(trained.min(context.into())).unwrap_or_default();
            found.needs = Some(Memory::of(&header, context).total());
            found.quantization = header.quantization;
            found.details = Some(Details {
                architecture: header.architecture,
                parameters: header.parameters,
                trained: header.context_length,
                has_template: header.chat_template.is_some(),
            });
        }
        Err(fault) => found.fault = Some(fault.told()),
    }
    Some(found)
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a hash is ASCII")]
mod tests {
    use docent_index::document::{Document, Fingerprint, Head, Passage};
    use docent_index::extract::Format;
    use docent_index::scan::Versions;
    use docent_index::store::{Reading, Store};

    use super::*;

    /// A home with one paged document, whose page `n` says so, and which all end in the same words.
    fn home_with_pages(count: u32) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        let folder = store.add_folder(Path::new("/library")).unwrap();
        let pages: Vec<_> = (1..=count)
            .map(|number| docent_index::document::Page {
                number,
                label: Some(format!("A-{number}")),
                text: format!("This is page {number}. {} The end.", "It goes on. ".repeat(200)),
                ..docent_index::document::Page::default()
            })
            .collect();
        let head = Head { paged: true, title: Some("Long".to_owned()), ..Head::default() };
        let document = Document { head, pages, problems: Vec::new() };
        let passages: Vec<Passage> = Vec::new();
        let document = store
            .put_document(&Reading {
                content: ContentHash::of(b"long"),
                format: Format::Pdf,
                versions: Versions { extractor: 1, splitter: 1 },
                document: &document,
                passages: &passages,
                indexed_at: 5,
            })
            .unwrap();
        let fingerprint = Fingerprint { size: 4, modified_ns: 1, inode: 1 };
        store.put_file(folder, Path::new("long.pdf"), document, &fingerprint, 5).unwrap();
        home
    }

    fn clerk(home: &Path) -> Clerk {
        let setting = Setting {
            home: home.to_owned(),
            parts: embed::Bundled::in_folder(home),
            maker: Maker::Bundled,
            user_home: None,
            cores: 1,
            ocr: false,
            largest_file: 1 << 20,
            model: FirstModel::Quotes,
            places: Vec::new(),
            running: loading::Running::default(),
            folders: Vec::new(),
        };
        let embedders =
            Embedders::new(setting.parts.clone(), Maker::Bundled, home.to_owned(), Vec::new());
        let embedders = Arc::new(embedders);
        Clerk::new(Arc::new(setting), embedders, Inbox::for_test().0)
    }

    fn wanted(page: Option<u32>, passage: &str, highlights: &[(usize, usize)]) -> Wanted {
        Wanted {
            path: "/library/long.pdf".into(),
            sha256: None,
            page,
            passage: passage.to_owned(),
            section: String::new(),
            highlights: highlights.to_vec(),
            n: 2,
            is_cited: true,
            kept: None,
        }
    }

    #[test]
    fn a_passage_is_marked_on_its_page_and_else_where_it_stands() {
        let home = home_with_pages(1000);
        let mut clerk = clerk(home.path());
        let mut marks = |wanted: &Wanted| -> Vec<(usize, String)> {
            let opened = clerk.open(wanted).unwrap();
            assert_eq!((opened.pages.len(), opened.paged, opened.n), (1000, true, 2));
            assert_eq!(opened.pages[6].label.as_deref(), Some("A-7"));
            let text = |mark: &Mark| opened.pages[mark.page].text.get(mark.span.clone());
            opened.cited.iter().map(|mark| (mark.page, text(mark).unwrap().to_owned())).collect()
        };
        let on = |page, text: &str| vec![(page, text.to_owned())];
        assert_eq!(marks(&wanted(Some(7), "The end.", &[])), on(6, "The end."));
        assert_eq!(marks(&wanted(Some(7), "page 900.", &[])), on(899, "page 900."));
        assert_eq!(marks(&wanted(None, "The end.", &[])), on(0, "The end."));
        assert_eq!(marks(&wanted(Some(7), "nowhere", &[])), []);
        // In any order, and what is no part of the passage is no mark.
        let highlights = [(4, 7), (0, 3), (5, 5), (6, 99)];
        assert_eq!(
            marks(&wanted(Some(7), "The end.", &highlights)),
            [(6, "The".to_owned()), (6, "end".to_owned())]
        );
    }

    #[test]
    fn hashes_are_read_strictly() {
        let hash = ContentHash::of(b"long");
        assert_eq!(content_hash(&hash.to_string()), Some(hash));
        for wrong in ["", "0", "zz", &hash.to_string()[1..], &format!("{hash}00")] {
            assert_eq!(content_hash(wrong), None, "{wrong}");
        }
    }
}
