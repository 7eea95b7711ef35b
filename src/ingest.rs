//! How is the store brought in line with the folders?
//!
//! Scan, then read, split, store and embed side by side: text can be searched as soon as it is read, vectors follow. Files
//! are read and split by as many threads as there are cores, one more embeds, this one alone writes; what waits between
//! them is bounded. What can't be read becomes a problem and stops nothing.
//!
//! [`bring_up_to_date`] does all of it once. Who follows the folders for hours takes the same steps one by one, so that
//! something else can come between them: [`survey`], [`read_all`], [`forget`].

pub mod queue;
pub mod scans;
pub mod vectors;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use docent_engine::embed::{self, Embed as _, EmbedError, FastEmbedder, Settings, TokenCounter};
use docent_index::document::{
    ContentHash, Document, DocumentId, Fingerprint, FolderId, Passage, ProblemKind,
};
use docent_index::extract::{self, Assembler, EXTRACTOR_VERSION, Format, Recognition};
use docent_index::scan::{self, Change, KnownFile, ListedFile, ScanOptions, Versions};
use docent_index::split::{self, SPLITTER_VERSION};
use docent_index::store::{self, EmbedderId, Store, StoreError};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::queue::Queue;
use self::vectors::Vectors;
use crate::child::ChildError;
use crate::child::reader::Reader;
use crate::fs;
use crate::loading::Embedders;

/// How many read documents may wait for the writer: enough to keep it busy, few enough to hold in memory.
const WAITING_DOCUMENTS: usize = 16;

/// Text becomes searchable this often while documents come in, or after this many.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);
const PUBLISH_DOCUMENTS: usize = 500;

/// How many passages are embedded at a time: about a second's work of one core.
const EMBEDDED_AT_ONCE: usize = 32;

/// How many bytes of files are in work at a time, from reading until their documents are stored. A larger file is read
/// while no other is.
const BYTES_AT_ONCE: u64 = 64 << 20;

/// How often the thread that writes looks whether something else is to be done.
const LOOK: Duration = Duration::from_millis(50);

/// The versions that a document must have been made by.
const VERSIONS: Versions = Versions { extractor: EXTRACTOR_VERSION, splitter: SPLITTER_VERSION };

/// What is being done, with counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Scanning,
    Reading {
        done: usize,
        of: usize,
    },
    Embedding {
        done: usize,
        of: usize,
    },
    /// Pages that are only pictures.
    Recognising {
        done: usize,
        of: usize,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files that docent can read, in all folders.
    pub files: usize,
    /// Files whose text was read.
    pub read: usize,
    /// New or changed files whose content was known: moved ones and copies.
    pub known: usize,
    /// Those that were only touched are among them.
    pub unchanged: usize,
    pub gone: usize,
    /// Pages without a text of their own that OCR read.
    pub recognised: usize,
    /// Passages that were embedded.
    pub embedded: usize,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Why indexing can't go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error(transparent)]
    Child(#[from] ChildError),
    #[error("the system lets docent start no further thread")]
    Thread(#[source] io::Error),
}

/// What reads files and makes passages of them.
#[derive(Clone, Copy, Debug)]
pub struct Readers<'a> {
    pub counter: &'a TokenCounter,
    /// How many threads read.
    pub count: usize,
    /// Whether they let others go first.
    pub give_way: bool,
    /// Larger files are not read, in bytes.
    pub largest_file: u64,
    /// Where they say which file they read; who calls fills it.
    pub queue: &'a Queue,
}

/// How much later than others the kernel lets a thread run that gives way: the most that still gets a few hundredths of a
/// busy core.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// Lets the other threads of this machine go first, before this one and what it starts.
pub fn give_way() {
    // Elsewhere than on Linux a priority is the whole process's, the screen's too.
    #[cfg(target_os = "linux")]
    {
        // Where it is refused, indexing is less polite and does the same.
        _ = rustix::process::setpriority_process(None, NICE);
    }
}

/// Brings `store` in line with all of its folders, as far as it gets before `cancel`. The embedder is opened when there is
/// something to embed. Pages that are only pictures stay as they are without `ocr`, or where there is no program for it.
pub fn bring_up_to_date(
    store: &mut Store,
    readers: Readers<'_>,
    ocr: bool,
    embedders: &Arc<Embedders>,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(Step),
) -> Result<Summary, IngestError> {
    progress(Step::Scanning);
    let mut summary = Summary::default();
    let mut tasks = Vec::new();
    let mut gone = Vec::new();
    for folder in store.folders()? {
        let Some(survey) = survey(store, &folder, &[], readers.largest_file, cancel)? else {
            summary.stopped = true;
            return Ok(summary);
        };
        summary.files += survey.files;
        summary.unchanged += survey.unchanged;
        tasks.extend(survey.tasks);
        gone.extend(survey.gone);
    }
    // What is new is waited for; the other documents answer meanwhile as they were read before.
    tasks.sort_by_key(|task| task.is_again);
    let mut embedding = Embedding::start(embedders, readers.count)?;
    let of = tasks.len();
    let mut told = 0;
    let mut pace = |store: &mut Store, done| {
        if done > told {
            told = done;
            progress(Step::Reading { done, of });
        }
        embedding.advance(store);
        Ok(Pace::On)
    };
    read_all::<IngestError>(store, readers, tasks, cancel, &mut pace, &mut summary)?;
    if !cancel.is_cancelled() {
        forget(store, &gone)?;
        summary.gone += gone.len();
        // Only now, when moved files have been found at their new places.
        store.sweep()?;
        store.publish()?;
        embedding.finish(store, cancel, progress)?;
        if ocr && scans::read_all(store, readers.counter, cancel, &mut summary, progress)? {
            store.publish()?;
            embedding.finish(store, cancel, progress)?;
        }
    }
    summary.embedded = embedding.embedded;
    summary.stopped = cancel.is_cancelled();
    Ok(summary)
}

/// The embedding of one run.
struct Embedding {
    id: EmbedderId,
    vectors: Vectors<IngestError>,
    /// Passages that got a vector.
    embedded: usize,
    /// Why none can be made. Text is read all the same.
    failed: Option<IngestError>,
}

impl Embedding {
    fn start(embedders: &Arc<Embedders>, cores: usize) -> Result<Self, IngestError> {
        let id = vector_id(&embedders.id()?);
        let embedders = Arc::clone(embedders);
        let mut embedder: Option<FastEmbedder> = None;
        let embed = move |texts: &[&str]| {
            let embedder = match &mut embedder {
                Some(embedder) => embedder,
                empty => empty.insert(embedders.open(Settings::for_library(cores))?),
            };
            Ok(embedder.embed_passages(texts)?)
        };
        let vectors =
            Vectors::start(EMBEDDED_AT_ONCE, embed, || {}).map_err(IngestError::Thread)?;
        Ok(Self { id, vectors, embedded: 0, failed: None })
    }

    /// Keeps what was made, and has a little more made beside the reading.
    fn advance(&mut self, store: &mut Store) {
        if self.failed.is_none() {
            self.failed = self.try_to_advance(store).err();
        }
    }

    fn try_to_advance(&mut self, store: &mut Store) -> Result<(), IngestError> {
        self.embedded += self.vectors.keep(store, &self.id)?;
        self.vectors.feed_gently(store, &self.id)
    }

    /// Gives every passage that waits its vector.
    fn finish(
        &mut self,
        store: &mut Store,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(Step),
    ) -> Result<(), IngestError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let counts = store.counts(Some(&self.id))?;
        let waiting = usize::try_from(counts.passages - counts.embedded).unwrap_or(usize::MAX);
        let of = waiting.saturating_add(self.embedded);
        let mut published = Instant::now();
        while !cancel.is_cancelled() && self.vectors.feed(store, &self.id)? {
            self.vectors.wait(LOOK);
            let kept = self.vectors.keep(store, &self.id)?;
            if kept > 0 {
                self.embedded += kept;
                progress(Step::Embedding { done: self.embedded, of });
            }
            if published.elapsed() >= PUBLISH_EVERY {
                store.publish()?;
                published = Instant::now();
            }
        }
        Ok(store.publish()?)
    }
}

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub folder: FolderId,
    root: PathBuf,
    file: ListedFile,
    /// The document that this path had before.
    former: Option<DocumentId>,
    /// A file that was elsewhere looked the same: it is likely to be that one.
    pub seems_moved: bool,
    /// It looks as it did when it was read, by an older reader: its document answers already.
    pub is_again: bool,
    /// The user wants it to be read, also when its content is known.
    pub is_wanted: bool,
}

impl Task {
    /// Absolute.
    pub fn path(&self) -> PathBuf {
        self.root.join(&self.file.path)
    }

    /// When the file was changed last: nanoseconds since 1970.
    pub fn modified_ns(&self) -> i64 {
        self.file.fingerprint.modified_ns
    }
}

/// What is to be done in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many files docent can read.
    pub files: usize,
    pub unchanged: usize,
    pub tasks: Vec<Task>,
    pub gone: Vec<(FolderId, PathBuf)>,
}

/// Compares a folder with what is known of it, and keeps what it finds that can't be read, such as files of more than
/// `largest_file` bytes; none when it was stopped. What lies at or below one of the absolute paths `wanted` is to be read
/// also when it has not changed.
pub fn survey(
    store: &mut Store,
    folder: &store::Folder,
    wanted: &[PathBuf],
    largest_file: u64,
    cancel: &CancellationToken,
) -> Result<Option<Survey>, IngestError> {
    // Walked paths are whole ones; a home that can't be found there is in none of them.
    let home = fs::canonical(store.home()).unwrap_or_else(|_| store.home().to_owned());
    let options = ScanOptions { size_limit: largest_file, excluded: vec![home] };
    let Ok(mut listing) = scan::list(&folder.path, &options, cancel) else { return Ok(None) };
    let known = store.known_files(folder.id)?;
    let mounts = store.mounts(folder.id)?;
    scan::miss_mounts(&mut listing, &mounts, &known);
    if listing.mounts != mounts {
        store.set_mounts(folder.id, &listing.mounts)?;
    }
    store.set_problems(folder.id, &listing.problems)?;
    let by_path: HashMap<&Path, &KnownFile> =
        known.iter().map(|file| (file.path.as_path(), file)).collect();
    let is_wanted = |below: &Path| {
        let path = folder.path.join(below);
        wanted.iter().any(|wanted| path.starts_with(wanted))
    };
    let listed: HashMap<&Path, &ListedFile> = match wanted {
        [] => HashMap::new(),
        _ => listing.files.iter().map(|file| (file.path.as_path(), file)).collect(),
    };
    let mut survey = Survey { files: listing.files.len(), ..Survey::default() };
    for change in scan::changes(&known, &listing, VERSIONS) {
        let is_again = matches!(change, Change::ReadAgain(_));
        let file = match change {
            Change::Read(file) | Change::ReadAgain(file) => file,
            Change::Gone(path) => {
                survey.gone.push((folder.id, path));
                continue;
            }
            Change::Unchanged(path) => {
                let Some(file) = listed.get(&*path).filter(|_| is_wanted(&path)) else {
                    survey.unchanged += 1;
                    continue;
                };
                (*file).clone()
            }
        };
        survey.tasks.push(Task {
            folder: folder.id,
            root: folder.path.clone(),
            former: by_path.get(file.path.as_path()).map(|known| known.document),
            is_wanted: is_wanted(&file.path),
            file,
            seems_moved: false,
            is_again,
        });
    }
    if !survey.gone.is_empty() {
        let were: HashSet<(u64, i64, u64)> = survey
            .gone
            .iter()
            .filter_map(|(_, path)| by_path.get(path.as_path()))
            .map(|file| looks(&file.fingerprint))
            .collect();
        for task in &mut survey.tasks {
            task.seems_moved = were.contains(&looks(&task.file.fingerprint));
        }
    }
    Ok(Some(survey))
}

fn looks(fingerprint: &Fingerprint) -> (u64, i64, u64) {
    (fingerprint.size, fingerprint.modified_ns, fingerprint.inode)
}

/// Forgets files that are no longer there. Their documents stay until the store is [swept](Store::sweep).
pub fn forget(store: &mut Store, gone: &[(FolderId, PathBuf)]) -> Result<(), IngestError> {
    for (folder, path) in gone {
        store.remove_file(*folder, path)?;
    }
    Ok(())
}

/// How those that read are to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    On,
    /// Finish what is in work and begin nothing.
    Finish,
    /// Leave also what is in work.
    Leave,
}

/// What came of reading a file.
enum Reading {
    Document(Box<NewDocument>),
    /// A document with this content, read by these versions, is in the store or on its way there.
    Known(ContentHash),
    Unreadable(ProblemKind),
    /// It has gone since it was listed.
    Gone,
}

/// A document that the store does not have, or not as it is now.
#[derive(Debug)]
struct NewDocument {
    content: ContentHash,
    format: Format,
    document: Document,
    passages: Vec<Passage>,
}

/// A reading with the task that it is of, by its index.
struct Read<'a> {
    task: usize,
    hashed_at_ns: i64,
    reading: Reading,
    /// Held until it is stored, by a document.
    _share: Option<Share<'a>>,
}

/// What the readers share.
struct ReadingRoom<'a> {
    tasks: &'a [Task],
    next: AtomicUsize,
    /// No further task is to be begun.
    closed: AtomicBool,
    /// Contents that need not be read (again).
    known: Mutex<HashSet<(ContentHash, Format)>>,
    counter: &'a TokenCounter,
    give_way: bool,
    largest_file: u64,
    queue: &'a Queue,
    memory: Memory,
    stop: CancellationToken,
}

/// How many bytes may be in work.
#[derive(Default)]
struct Memory {
    used: Mutex<u64>,
    given_back: Condvar,
}

/// A part of the memory, given back when it is dropped.
struct Share<'a> {
    memory: &'a Memory,
    bytes: u64,
}

impl Memory {
    /// Waits until there is room for so many bytes, or nothing else is in work; none when it is stopped.
    fn share(&self, bytes: u64, stop: &CancellationToken) -> Option<Share<'_>> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while *used > 0 && used.saturating_add(bytes) > BYTES_AT_ONCE {
            if stop.is_cancelled() {
                return None;
            }
            (used, _) =
                self.given_back.wait_timeout(used, LOOK).unwrap_or_else(PoisonError::into_inner);
        }
        *used = used.saturating_add(bytes);
        Some(Share { memory: self, bytes })
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut used = self.memory.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(self.bytes);
        self.memory.given_back.notify_all();
    }
}

/// Reads the files of `tasks` side by side and stores what they hold, as far as it gets before `cancel` or as `pace`
/// wants, which is asked after each document, with how many are done, and several times a second, and may write the store
/// itself. Returns the tasks that are left.
pub fn read_all<E: From<IngestError>>(
    store: &mut Store,
    readers: Readers<'_>,
    tasks: Vec<Task>,
    cancel: &CancellationToken,
    pace: &mut dyn FnMut(&mut Store, usize) -> Result<Pace, E>,
    summary: &mut Summary,
) -> Result<Vec<Task>, E> {
    if tasks.is_empty() {
        return Ok(tasks);
    }
    let room = ReadingRoom {
        tasks: &tasks,
        next: AtomicUsize::new(0),
        closed: AtomicBool::new(false),
        known: Mutex::new(store.contents(VERSIONS).map_err(IngestError::from)?),
        counter: readers.counter,
        give_way: readers.give_way,
        largest_file: readers.largest_file,
        queue: readers.queue,
        memory: Memory::default(),
        stop: cancel.child_token(),
    };
    let (sender, readings) = mpsc::sync_channel(WAITING_DOCUMENTS);
    let stored = thread::scope(|scope| {
        for _ in 0..readers.count.clamp(1, tasks.len()) {
            let (sender, room) = (sender.clone(), &room);
            scope.spawn(move || room.read_until_done(&sender));
        }
        drop(sender);
        let stored = store_all(store, &room, &readings, pace, summary);
        // When the writer failed, the readers must not go on, nor wait to hand over.
        room.stop.cancel();
        drop(readings);
        stored
    })?;
    Ok((0..)
        .zip(tasks)
        .filter(|(index, _)| !stored.contains(index))
        .map(|(_, task)| task)
        .collect())
}

impl ReadingRoom<'_> {
    /// Takes one task after the other until none is left.
    fn read_until_done<'a>(&'a self, sender: &SyncSender<Result<Read<'a>, ChildError>>) {
        if self.give_way {
            give_way();
        }
        let mut reader = Reader::default();
        while !self.stop.is_cancelled() && !self.closed.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(index) else { break };
            let Some(share) = self.memory.share(task.file.fingerprint.size, &self.stop) else {
                break;
            };
            self.queue.begin(&task.path());
            let read = match self.read(task, &mut reader) {
                Ok(Some((hashed_at_ns, reading))) => {
                    let share = matches!(reading, Reading::Document(_)).then_some(share);
                    Ok(Read { task: index, hashed_at_ns, reading, _share: share })
                }
                // Stopped in the middle of it.
                Ok(None) => break,
                Err(error) => Err(error),
            };
            if sender.send(read).is_err() {
                break;
            }
        }
    }

    fn read(&self, task: &Task, reader: &mut Reader) -> Result<Option<(i64, Reading)>, ChildError> {
        let path = task.path();
        let hashed_at_ns = nanoseconds_now();
        let unreadable = |kind| Ok(Some((hashed_at_ns, Reading::Unreadable(kind))));
        let Some(format) = Format::of(&path) else { return unreadable(ProblemKind::UnknownFormat) };
        let bytes = match fs::read_file(&path, self.largest_file) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return unreadable(ProblemKind::TooLarge),
            Err(error) => match error.source.kind() {
                io::ErrorKind::PermissionDenied => {
                    return unreadable(ProblemKind::PermissionDenied);
                }
                io::ErrorKind::NotFound => return Ok(Some((hashed_at_ns, Reading::Gone))),
                _ => return unreadable(ProblemKind::Unreadable),
            },
        };
        let content = ContentHash::of(&bytes);
        // Of two copies that are read at once, the second one waits for nothing: it is stored after the first.
        let is_known =
            !self.known.lock().unwrap_or_else(PoisonError::into_inner).insert((content, format));
        if is_known && !task.is_wanted {
            return Ok(Some((hashed_at_ns, Reading::Known(content))));
        }
        let name = task.file.path.file_stem().unwrap_or_default().to_string_lossy();
        let new = new_document(
            (content, format),
            &bytes,
            &BTreeMap::new(),
            &name,
            reader,
            self.counter,
            &self.stop,
        )?;
        if self.stop.is_cancelled() {
            return Ok(None);
        }
        Ok(Some((hashed_at_ns, Reading::Document(Box::new(new)))))
    }
}

/// Reads and splits a document that is named `name`.
fn new_document(
    (content, format): (ContentHash, Format),
    bytes: &[u8],
    recognised: &BTreeMap<u32, Recognition>,
    name: &str,
    reader: &mut Reader,
    counter: &TokenCounter,
    cancel: &CancellationToken,
) -> Result<NewDocument, ChildError> {
    let document = read_patiently(format, bytes, recognised, reader, cancel)?;
    let passages = split::split(&document, name, &|text| counter.count(text));
    Ok(NewDocument { content, format, document, passages })
}

/// As [`read_document`], but a reader that died or took too long is tried once more: a machine that was busy, asleep or out
/// of memory must not mark a sound document for good.
fn read_patiently(
    format: Format,
    bytes: &[u8],
    recognised: &BTreeMap<u32, Recognition>,
    reader: &mut Reader,
    cancel: &CancellationToken,
) -> Result<Document, ChildError> {
    let document = read_document(format, bytes, recognised, reader, cancel)?;
    let may_pass = |kind| matches!(kind, ProblemKind::TimedOut | ProblemKind::Crashed);
    if document.problems.iter().any(|problem| may_pass(problem.kind)) && !cancel.is_cancelled() {
        return read_document(format, bytes, recognised, reader, cancel);
    }
    Ok(document)
}

/// What is in a file's bytes, with what OCR has read of its pages: in a child where its format is complex, here otherwise.
pub fn read_document(
    format: Format,
    bytes: &[u8],
    recognised: &BTreeMap<u32, Recognition>,
    reader: &mut Reader,
    cancel: &CancellationToken,
) -> Result<Document, ChildError> {
    let mut assembler = Assembler::default();
    let mut take = |part| {
        for part in extract::with_recognised(part, recognised) {
            assembler.push(part);
        }
        ControlFlow::Continue(())
    };
    if format.is_complex() {
        reader.read(format, bytes, cancel, &mut take)?;
    } else {
        extract::read(format, bytes, &mut take);
    }
    Ok(assembler.finish())
}

/// Stores readings as they come. Returns which tasks are done, by their indexes.
fn store_all<E: From<IngestError>>(
    store: &mut Store,
    room: &ReadingRoom<'_>,
    readings: &Receiver<Result<Read<'_>, ChildError>>,
    pace: &mut dyn FnMut(&mut Store, usize) -> Result<Pace, E>,
    summary: &mut Summary,
) -> Result<HashSet<usize>, E> {
    let tasks = room.tasks;
    let mut published = Instant::now();
    let mut waiting = 0;
    let mut stored = HashSet::new();
    // A copy can come before the document whose content it has.
    let mut early: Vec<Read<'_>> = Vec::new();
    loop {
        match readings.recv_timeout(LOOK) {
            Ok(read) => {
                let read = read.map_err(IngestError::from)?;
                if store_one(store, tasks, &read, summary)? {
                    stored.insert(read.task);
                    if let Some(task) = tasks.get(read.task) {
                        room.queue.end(&task.path());
                    }
                } else {
                    early.push(read);
                }
                waiting += 1;
                if waiting >= PUBLISH_DOCUMENTS || published.elapsed() >= PUBLISH_EVERY {
                    store.publish().map_err(IngestError::from)?;
                    (published, waiting) = (Instant::now(), 0);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        match pace(store, stored.len() + early.len())? {
            Pace::On => {}
            Pace::Finish => room.closed.store(true, Ordering::Relaxed),
            Pace::Leave => break,
        }
    }
    for read in &early {
        // A document that never came was not read because of a stop: the copy is left with it.
        if store_one(store, tasks, read, summary)? {
            stored.insert(read.task);
        }
    }
    Ok(stored)
}

/// Stores one reading; false when it needs a document that is not there.
fn store_one(
    store: &mut Store,
    tasks: &[Task],
    read: &Read<'_>,
    summary: &mut Summary,
) -> Result<bool, IngestError> {
    let Some(task) = tasks.get(read.task) else { return Ok(true) };
    let document = match &read.reading {
        Reading::Unreadable(kind) => {
            store.add_problem(task.folder, &task.file.path, *kind)?;
            return Ok(true);
        }
        Reading::Gone => {
            store.remove_file(task.folder, &task.file.path)?;
            summary.gone += usize::from(task.former.is_some());
            summary.files = summary.files.saturating_sub(1);
            return Ok(true);
        }
        Reading::Known(content) => {
            let Some(found) = store.find_document(content)? else { return Ok(false) };
            if task.former == Some(found.id) {
                summary.unchanged += 1;
            } else {
                summary.known += 1;
            }
            found.id
        }
        Reading::Document(new) => {
            summary.read += 1;
            put(store, new)?
        }
    };
    store.put_file(
        task.folder,
        &task.file.path,
        document,
        &task.file.fingerprint,
        read.hashed_at_ns,
    )?;
    Ok(true)
}

fn put(store: &mut Store, new: &NewDocument) -> Result<DocumentId, StoreError> {
    let NewDocument { content, format, document, passages } = new;
    store.put_document(&store::Reading {
        content: *content,
        format: *format,
        versions: VERSIONS,
        document,
        passages,
        indexed_at: nanoseconds_now() / NANOSECONDS,
    })
}

/// The embedder's id as the store names it.
pub fn vector_id(embedder: &embed::EmbedderId) -> EmbedderId {
    EmbedderId(embedder.bytes())
}

const NANOSECONDS: i64 = 1_000_000_000;

/// Since 1970.
fn nanoseconds_now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use docent_engine::embed::Bundled;
    use docent_index::scan::Mount;

    use super::*;
    use crate::child::reader::FILE_BYTES;
    use crate::state::model::Maker;

    /// A store with a folder that holds files which were read by `versions`.
    fn store(root: &Path, files: &[&str], versions: Versions) -> (tempfile::TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        let folder = store.add_folder(root).unwrap();
        for file in files {
            let path = root.join(file);
            std::fs::write(&path, *file).unwrap();
            let fingerprint = scan::fingerprint(&path.metadata().unwrap());
            let reading = store::Reading {
                content: ContentHash::of(file.as_bytes()),
                format: Format::Text,
                versions,
                document: &Document::default(),
                passages: &[],
                indexed_at: 0,
            };
            let document = store.put_document(&reading).unwrap();
            let hashed_at = fingerprint.modified_ns + 60 * NANOSECONDS;
            store.put_file(folder, Path::new(file), document, &fingerprint, hashed_at).unwrap();
        }
        (home, store)
    }

    fn survey_of(store: &mut Store) -> Survey {
        let folder = store.folders().unwrap().remove(0);
        survey(store, &folder, &[], FILE_BYTES, &CancellationToken::new()).unwrap().unwrap()
    }

    #[test]
    fn what_an_older_reader_read_is_told_from_what_is_new() {
        let root = tempfile::tempdir().unwrap();
        let old = Versions { extractor: 0, ..VERSIONS };
        let (_home, mut store) = store(root.path(), &["old.txt"], old);
        std::fs::write(root.path().join("new.txt"), "new").unwrap();
        let tasks = survey_of(&mut store).tasks;
        let told: Vec<_> =
            tasks.iter().map(|task| (task.file.path.to_str().unwrap(), task.is_again)).collect();
        assert_eq!(told, [("new.txt", false), ("old.txt", true)]);
    }

    #[test]
    fn what_is_wanted_is_read_though_it_has_not_changed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("b")).unwrap();
        let files = ["a.txt", "b/a.txt", "b/c.txt", "b.txt"];
        let (_home, mut store) = store(root.path(), &files, VERSIONS);
        let folder = store.folders().unwrap().remove(0);
        let mut wanted = |path: &str| -> Vec<PathBuf> {
            let wanted = [root.path().join(path)];
            let survey =
                survey(&mut store, &folder, &wanted, FILE_BYTES, &CancellationToken::new());
            let survey = survey.unwrap().unwrap();
            assert_eq!(survey.tasks.len() + survey.unchanged, 4);
            assert!(survey.tasks.iter().all(|task| task.is_wanted && !task.is_again));
            survey.tasks.into_iter().map(|task| task.file.path).collect()
        };
        assert_eq!(wanted("b"), ["b/a.txt", "b/c.txt"].map(PathBuf::from));
        assert_eq!(wanted("b/c.txt"), [PathBuf::from("b/c.txt")]);
        assert_eq!(wanted("").len(), 4);
        assert!(wanted("c").is_empty());
    }

    #[test]
    fn an_emptied_folder_is_gone_and_one_whose_drive_is_away_is_not() {
        let root = tempfile::tempdir().unwrap();
        let (_home, mut store) = store(root.path(), &["a.txt"], VERSIONS);
        assert_eq!(survey_of(&mut store).unchanged, 1);
        let here = store.mounts(FolderId(1)).unwrap();
        std::fs::remove_file(root.path().join("a.txt")).unwrap();
        // As if what is there now were the empty folder below another drive.
        let drive = here.iter().map(|mount| Mount { device: !mount.device, ..mount.clone() });
        let drive: Vec<_> = drive.collect();
        store.set_mounts(FolderId(1), &drive).unwrap();
        for _ in 0..2 {
            let survey = survey_of(&mut store);
            assert_eq!((survey.gone.len(), survey.unchanged), (0, 1));
            let problem = store.problems().unwrap().remove(0);
            assert_eq!(
                (problem.path.as_path(), problem.problem.kind),
                (root.path(), ProblemKind::Away)
            );
        }
        store.set_mounts(FolderId(1), &here).unwrap();
        assert_eq!(survey_of(&mut store).gone.len(), 1);
        assert!(store.problems().unwrap().is_empty());
    }

    #[test]
    fn text_is_read_though_the_embedder_is_broken() {
        let program = std::env::current_exe().unwrap();
        let parts = Bundled::in_folder(&program.ancestors().nth(3).unwrap().join("docent"));
        let broken = tempfile::tempdir().unwrap();
        for entry in parts.embedder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let copy = broken.path().join(path.file_name().unwrap());
            if path.ends_with("model.onnx") {
                std::fs::write(copy, "no model").unwrap();
            } else if path.is_dir() {
                std::os::unix::fs::symlink(path, copy).unwrap();
            } else {
                std::fs::copy(path, copy).unwrap();
            }
        }
        let parts = Bundled { embedder: broken.path().to_owned(), ..parts };
        let root = tempfile::tempdir().unwrap();
        for number in 0..20 {
            let text = format!("The valve {number} leaks.");
            std::fs::write(root.path().join(format!("{number}.txt")), text).unwrap();
        }
        let (_home, mut store) = store(root.path(), &[], VERSIONS);
        let embedders = Embedders::new(parts, Maker::Bundled, root.path().to_owned(), Vec::new());
        let embedders = Arc::new(embedders);
        let counter = embedders.counter().unwrap();
        let queue = Queue::default();
        let readers = Readers {
            counter: &counter,
            count: 1,
            give_way: false,
            largest_file: FILE_BYTES,
            queue: &queue,
        };
        let cancel = CancellationToken::new();
        let done = bring_up_to_date(&mut store, readers, false, &embedders, &cancel, &mut |_| {});
        assert!(matches!(done, Err(IngestError::Embed(_))), "{done:?}");
        assert_eq!(store.counts(None).unwrap().documents, 20);
    }

    #[test]
    fn large_files_are_read_one_after_the_other() {
        let memory = Memory::default();
        let stop = CancellationToken::new();
        let first = memory.share(BYTES_AT_ONCE * 2, &stop);
        assert!(first.is_some(), "a file that is larger than all room is read alone");
        stop.cancel();
        assert!(memory.share(1, &stop).is_none(), "who waits is free when all is stopped");
        drop(first);
        let (one, two) = (memory.share(1, &stop), memory.share(BYTES_AT_ONCE - 1, &stop));
        assert!(one.is_some() && two.is_some());
        assert!(memory.share(1, &stop).is_none());
    }
}
