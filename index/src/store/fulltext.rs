//! Which passages hold the words of a question?
//!
//! A tantivy index with one entry a passage: the stems of its context and text, by the rules of its document's language,
//! its words as they are for exact phrases, and the names of its files. Nothing is stored in it: an entry gives a
//! passage's number. Its commits carry the generation of the database; the writer compares both at opening and mends
//! what differs.

mod among;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query, TermQuery,
    Weight,
};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::WhitespaceTokenizer;
use tantivy::{
    DocId, Index, IndexMeta, IndexReader, IndexWriter, ReloadPolicy, Score, Searcher,
    SegmentReader, TantivyDocument, TantivyError, Term,
};

use super::vectors::PassageSet;
use super::{StoreError, create_private_folder};
use crate::best::Best;
use crate::words::{self, Stemming};

/// For the one thread that takes texts apart, beside the one that reads. Bytes.
const WRITER_MEMORY: usize = 50_000_000;
/// A contract's parties stand on its title page or in its first paragraph.
const NAMING_PASSAGES: usize = 2;
/// Words are told apart before they come to tantivy. The number goes up whenever they are told otherwise: an index of
/// another one is made anew.
const WORDS: &str = "docent_words_1";

#[derive(Clone, Copy, Debug)]
struct Fields {
    passage: Field,
    document: Field,
    /// See [`Label`].
    stamp: Field,
    body: Field,
    exact: Field,
    name: Field,
    /// Of a document's first passage alone: the words by which a question may name the document.
    naming: Field,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let text = |option| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(option),
        )
    };
    let fields = Fields {
        passage: schema.add_u64_field("passage", FAST),
        document: schema.add_u64_field("document", FAST | INDEXED),
        stamp: schema.add_u64_field("stamp", FAST),
        body: schema.add_text_field("body", text(IndexRecordOption::WithFreqs)),
        exact: schema.add_text_field("exact", text(IndexRecordOption::WithFreqsAndPositions)),
        name: schema.add_text_field("name", text(IndexRecordOption::WithFreqs)),
        naming: schema.add_text_field("naming", text(IndexRecordOption::WithFreqs)),
    };
    (schema.build(), fields)
}

fn register(index: &Index) {
    index.tokenizers().register(WORDS, WhitespaceTokenizer::default());
}

/// A passage as it is indexed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) passage: i64,
    pub(super) context: String,
    pub(super) text: String,
}

/// What is indexed of a document with each of its passages.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) document: i64,
    /// The names of its files.
    pub(super) names: String,
    /// By whose rules its words become stems.
    pub(super) stemming: Stemming,
    /// Changes with the names and with whatever makes passages have another text, so that entries that are out of date
    /// are told without comparing texts.
    pub(super) stamp: u64,
}

/// The text at a document's beginning that says what it is: its files' names, its title and its first passages.
pub(crate) fn naming_text<'a>(
    names: &str,
    passages: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut naming = names.to_owned();
    for (number, (context, text)) in passages.take(NAMING_PASSAGES).enumerate() {
        if number == 0 {
            naming.push('\n');
            naming.push_str(context);
        }
        naming.push('\n');
        naming.push_str(text);
    }
    naming
}

/// Words as one text, which tantivy only parts at the spaces: tokens it would write as JSON and read again.
fn spaced(terms: &[words::Term]) -> String {
    let mut spaced = String::with_capacity(terms.iter().map(|term| term.text.len() + 1).sum());
    for term in terms {
        spaced.push_str(&term.text);
        spaced.push(' ');
    }
    spaced
}

/// The writer's side.
pub(super) struct FulltextWriter {
    folder: PathBuf,
    writer: IndexWriter,
    fields: Fields,
    generation: Option<u64>,
}

impl fmt::Debug for FulltextWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FulltextWriter")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl FulltextWriter {
    /// Opens the index of a folder; a missing, damaged or older one is begun anew.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        match Self::open_sound(folder) {
            Ok(Some(writer)) => Ok(writer),
            Ok(None) => Self::begin(folder),
            Err(error) if is_disk_trouble(&error) => Err(fulltext_error(folder, error)),
            Err(_damage) => Self::begin(folder),
        }
    }

    fn begin(folder: &Path) -> Result<Self, StoreError> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: folder.to_owned(), source: error });
            }
            _ => create_private_folder(folder)?,
        }
        Self::create(folder).map_err(|error| fulltext_error(folder, error))
    }

    fn create(folder: &Path) -> tantivy::Result<Self> {
        let (schema, fields) = schema();
        let index = Index::create(
            PrivateDirectory::open(folder)?,
            schema,
            tantivy::IndexSettings::default(),
        )?;
        Self::start(folder, &index, fields)
    }

    /// None when there is no index, or one with other fields.
    fn open_sound(folder: &Path) -> tantivy::Result<Option<Self>> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let directory = PrivateDirectory::open(folder)?;
        if !Index::exists(&directory)? {
            return Ok(None);
        }
        let index = Index::open(directory)?;
        let (schema, fields) = schema();
        if index.schema() != schema || !index.validate_checksum()?.is_empty() {
            return Ok(None);
        }
        Self::start(folder, &index, fields).map(Some)
    }

    fn start(folder: &Path, index: &Index, fields: Fields) -> tantivy::Result<Self> {
        register(index);
        let generation = generation_of(&index.load_metas()?);
        let writer = index.writer_with_num_threads(1, WRITER_MEMORY)?;
        Ok(Self { folder: folder.to_owned(), writer, fields, generation })
    }

    /// The generation of the last commit.
    pub(super) fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// The documents whose entries differ from the expected ones (passage to document and stamp), those that are not
    /// expected at all included.
    pub(super) fn differing(
        &self,
        mut expected: HashMap<i64, (i64, u64)>,
    ) -> Result<BTreeSet<i64>, StoreError> {
        let mut differing = BTreeSet::new();
        self.each_entry(|passage, document, stamp| {
            if expected.remove(&passage) != Some((document, stamp)) {
                differing.insert(document);
            }
        })
        .map_err(|error| fulltext_error(&self.folder, error))?;
        differing.extend(expected.into_values().map(|(document, _)| document));
        Ok(differing)
    }

    fn each_entry(&self, mut visit: impl FnMut(i64, i64, u64)) -> tantivy::Result<()> {
        let reader: IndexReader =
            self.writer.index().reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        for segment in reader.searcher().segment_readers() {
            let fast = segment.fast_fields();
            let (passages, documents, stamps) =
                (fast.u64("passage")?, fast.u64("document")?, fast.u64("stamp")?);
            for entry in segment.doc_ids_alive() {
                let value = |column: &tantivy::columnar::Column<u64>| {
                    column.first(entry).unwrap_or_default()
                };
                visit(
                    value(&passages).cast_signed(),
                    value(&documents).cast_signed(),
                    value(&stamps),
                );
            }
        }
        Ok(())
    }

    /// Forgets a document's entries.
    pub(super) fn remove(&self, document: i64) {
        self.writer
            .delete_term(Term::from_field_u64(self.fields.document, document.cast_unsigned()));
    }

    /// Adds the entries of a document that has none.
    pub(super) fn add(&self, label: &Label, entries: &[Entry]) -> Result<(), StoreError> {
        let fields = self.fields;
        let names = spaced(&label.stemming.terms(&label.names));
        let mut naming = Some(naming_text(
            &label.names,
            entries.iter().map(|entry| (&*entry.context, &*entry.text)),
        ));
        for entry in entries {
            let mut row = TantivyDocument::default();
            row.add_u64(fields.passage, entry.passage.cast_unsigned());
            row.add_u64(fields.document, label.document.cast_unsigned());
            row.add_u64(fields.stamp, label.stamp);
            let body = format!("{}\n{}", entry.context, entry.text);
            row.add_text(fields.body, spaced(&label.stemming.terms(&body)));
            row.add_text(fields.exact, spaced(&words::exact(&entry.text)));
            row.add_text(fields.name, &names);
            if let Some(naming) = naming.take() {
                row.add_text(fields.naming, spaced(&label.stemming.terms(&naming)));
            }
            self.writer.add_document(row).map_err(|error| fulltext_error(&self.folder, error))?;
        }
        Ok(())
    }

    /// Makes what was added and removed visible, on the disk, under a generation.
    pub(super) fn commit(&mut self, generation: u64) -> Result<(), StoreError> {
        let folder = &self.folder;
        let mut prepared =
            self.writer.prepare_commit().map_err(|error| fulltext_error(folder, error))?;
        prepared.set_payload(&generation.to_string());
        prepared.commit().map_err(|error| fulltext_error(folder, error))?;
        self.generation = Some(generation);
        Ok(())
    }
}

/// A reader's side; searches see the index as it was at the last [`reload`](Self::reload).
pub(crate) struct FulltextReader {
    folder: PathBuf,
    reader: IndexReader,
    searcher: Searcher,
    fields: Fields,
}

impl fmt::Debug for FulltextReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FulltextReader")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// What is asked of the full text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Words with their weights, each in the stems that it may have; a passage needs at least one when there are no
    /// phrases.
    pub(crate) words: Vec<(Vec<String>, f32)>,
    /// Each must stand in the passage's text, word for word.
    pub(crate) phrases: Vec<String>,
    /// None may stand in it.
    pub(crate) without: Vec<String>,
    /// How much a stem in a file's name counts against one in the text.
    pub(crate) name_weight: f32,
}

/// The generation of the database that a commit carries.
fn generation_of(commit: &IndexMeta) -> Option<u64> {
    commit.payload.as_ref()?.parse().ok()
}

impl FulltextReader {
    /// None where there is no index that can be read: the writer makes one.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let directory = PrivateDirectory::open(folder).ok()?;
        let index = Index::open(directory).ok()?;
        let (schema, fields) = schema();
        if index.schema() != schema {
            return None;
        }
        register(&index);
        let reader: IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().ok()?;
        let searcher = reader.searcher();
        Some(Self { folder: folder.to_owned(), reader, searcher, fields })
    }

    pub(crate) fn reload(&mut self) -> Result<(), StoreError> {
        self.reader.reload().map_err(|error| fulltext_error(&self.folder, error))?;
        self.searcher = self.reader.searcher();
        Ok(())
    }

    /// The generation of the database up to which everything is found; none where there has been a commit since that
    /// changed what is found. Reads the last commit, which a search does not need.
    pub(crate) fn generation(&self) -> Option<u64> {
        let last = self.searcher.index().load_metas().ok()?;
        let segments = last.segments.iter().map(|segment| (segment.id(), segment.delete_opstamp()));
        let is_read =
            segments.collect::<BTreeMap<_, _>>() == *self.searcher.generation().segments();
        is_read.then(|| generation_of(&last)).flatten()
    }

    /// The best allowed passages with their BM25 scores, the best first.
    pub(crate) fn search(
        &self,
        wanted: &Wanted,
        allowed: &PassageSet,
        count: usize,
    ) -> Result<Vec<(i64, f32)>, StoreError> {
        if wanted.phrases.is_empty()
            && wanted.without.is_empty()
            && among::is_narrow(&self.searcher, allowed)
        {
            return among::best_among(&self.searcher, &self.words(wanted), allowed, count)
                .map_err(|error| fulltext_error(&self.folder, error));
        }
        let Some(query) = self.query(wanted) else { return Ok(Vec::new()) };
        let collector = BestPassages { allowed, count };
        self.searcher
            .search(query.as_ref(), &collector)
            .map_err(|error| fulltext_error(&self.folder, error))
    }

    /// The words as they are looked up, in the texts and in the names.
    fn words(&self, wanted: &Wanted) -> Vec<among::Word> {
        let terms = |field, forms: &[String]| {
            forms.iter().map(|form| Term::from_field_text(field, form)).collect()
        };
        let mut words = Vec::new();
        for (forms, weight) in &wanted.words {
            words.push((terms(self.fields.body, forms), *weight));
            if wanted.name_weight > 0.0 {
                words.push((terms(self.fields.name, forms), weight * wanted.name_weight));
            }
        }
        words
    }

    fn query(&self, wanted: &Wanted) -> Option<Box<dyn Query>> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for phrase in &wanted.phrases {
            clauses.extend(self.phrase(phrase).map(|query| (Occur::Must, query)));
        }
        clauses.extend(
            self.words(wanted)
                .into_iter()
                .map(|(forms, weight)| (Occur::Should, any(forms, weight))),
        );
        if clauses.is_empty() {
            if wanted.without.is_empty() {
                return None;
            }
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        for phrase in &wanted.without {
            clauses.extend(self.phrase(phrase).map(|query| (Occur::MustNot, query)));
        }
        Some(Box::new(BooleanQuery::new(clauses)))
    }

    /// None for a phrase without a word.
    fn phrase(&self, phrase: &str) -> Option<Box<dyn Query>> {
        let mut terms: Vec<Term> = words::exact(phrase)
            .iter()
            .map(|term| Term::from_field_text(self.fields.exact, &term.text))
            .collect();
        match terms.len() {
            0 => None,
            1 => Some(Box::new(TermQuery::new(terms.pop()?, IndexRecordOption::WithFreqs))),
            _ => Some(Box::new(PhraseQuery::new(terms))),
        }
    }

    /// The first passages of the allowed documents that the stems may name, the best first.
    pub(crate) fn named<'a>(
        &self,
        stems: impl Iterator<Item = &'a str>,
        allowed: &PassageSet,
        count: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let terms: Vec<Box<dyn Query>> = stems
            .map(|stem| {
                let term = Term::from_field_text(self.fields.naming, stem);
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>
            })
            .collect();
        let found = self
            .searcher
            .search(&BooleanQuery::union(terms), &BestPassages { allowed, count })
            .map_err(|error| fulltext_error(&self.folder, error))?;
        Ok(found.into_iter().map(|(passage, _)| passage).collect())
    }

    /// How rare a word is among what names the documents, of which there are `all`.
    pub(crate) fn naming_rarity(&self, forms: &[String], all: usize) -> Result<f32, StoreError> {
        let mut found = 0;
        for form in forms {
            let term = Term::from_field_text(self.fields.naming, form);
            found += self
                .searcher
                .doc_freq(&term)
                .map_err(|error| fulltext_error(&self.folder, error))?;
        }
        Ok(inverse_frequency(found, all as u64))
    }

    /// How rare a stem is among passages.
    pub(crate) fn rarity(&self, stem: &str) -> Result<f32, StoreError> {
        let term = Term::from_field_text(self.fields.body, stem);
        let found =
            self.searcher.doc_freq(&term).map_err(|error| fulltext_error(&self.folder, error))?;
        Ok(inverse_frequency(found, self.searcher.num_docs()))
    }
}

/// A passage with any of a word's forms has it once.
fn any(forms: Vec<Term>, weight: f32) -> Box<dyn Query> {
    let mut terms: Vec<Box<dyn Query>> = forms
        .into_iter()
        .map(|form| Box::new(TermQuery::new(form, IndexRecordOption::WithFreqs)) as Box<dyn Query>)
        .collect();
    let query = match (terms.len(), terms.pop()) {
        (1, Some(term)) => term,
        (_, last) => Box::new(DisjunctionMaxQuery::new(terms.into_iter().chain(last).collect())),
    };
    Box::new(BoostQuery::new(query, weight))
}

/// BM25's inverse document frequency: ln(1 + (N - n + 0.5) / (n + 0.5)).
fn inverse_frequency(found: u64, all: u64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts needs no more")]
    let ratio = (all.saturating_sub(found) as f32 + 0.5) / (found as f32 + 0.5);
    ratio.ln_1p()
}

/// Collects allowed passages only, so that a filter never leaves fewer hits than there are.
struct BestPassages<'a> {
    allowed: &'a PassageSet,
    count: usize,
}

impl Collector for BestPassages<'_> {
    type Fruit = Vec<(i64, f32)>;
    type Child = Unused;

    fn for_segment(&self, _: u32, _: &SegmentReader) -> tantivy::Result<Unused> {
        Ok(Unused)
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn collect_segment(
        &self,
        weight: &dyn Weight,
        _: u32,
        reader: &SegmentReader,
    ) -> tantivy::Result<Vec<(i64, f32)>> {
        let passages = reader.fast_fields().u64("passage")?;
        let alive = reader.alive_bitset();
        let mut best = Best::new(self.count);
        weight.for_each_pruning(Score::MIN, reader, &mut |entry, score| {
            if alive.is_none_or(|alive| alive.is_alive(entry)) {
                let passage = passages.first(entry).unwrap_or_default().cast_signed();
                if self.allowed.contains(passage) {
                    best.offer(passage, score);
                }
            }
            best.threshold().max(Score::MIN)
        })?;
        Ok(best.into_sorted())
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(i64, f32)>>) -> tantivy::Result<Vec<(i64, f32)>> {
        let mut best = Best::new(self.count);
        for (passage, score) in fruits.into_iter().flatten() {
            best.offer(passage, score);
        }
        Ok(best.into_sorted())
    }
}

/// The trait wants a type; segments are collected by [`BestPassages::collect_segment`], which can prune.
struct Unused;

impl SegmentCollector for Unused {
    type Fruit = Vec<(i64, f32)>;

    fn collect(&mut self, _: DocId, _: Score) {}

    fn harvest(self) -> Vec<(i64, f32)> {
        Vec::new()
    }
}

/// tantivy's own directory, with files that only their owner can read.
#[derive(Clone, Debug)]
struct PrivateDirectory {
    folder: PathBuf,
    inner: MmapDirectory,
}

impl PrivateDirectory {
    fn open(folder: &Path) -> tantivy::Result<Self> {
        Ok(Self { folder: folder.to_owned(), inner: MmapDirectory::open(folder)? })
    }

    fn hide(&self, path: &Path) -> io::Result<()> {
        super::hide(&self.folder.join(path))
    }
}

impl Directory for PrivateDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let writer = self.inner.open_write(path)?;
        self.hide(path).map_err(|error| OpenWriteError::wrap_io_error(error, path.to_owned()))?;
        Ok(writer)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.inner.atomic_write(path, data)?;
        self.hide(path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let held = self.inner.acquire_lock(lock)?;
        self.hide(&lock.filepath).map_err(LockError::wrap_io_error)?;
        Ok(held)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

/// Whether an error is about the disk and not about what stands on it: then nothing is to be thrown away.
fn is_disk_trouble(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
        || kind_of(error).is_some_and(|kind| {
            !matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
        })
}

/// What the file system said, where it is at the bottom of an error.
pub(super) fn kind_of(error: &TantivyError) -> Option<io::ErrorKind> {
    match error {
        TantivyError::IoError(error) => Some(error.kind()),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
        | TantivyError::LockFailure(LockError::IoError(io_error), _) => Some(io_error.kind()),
        _ => None,
    }
}

fn fulltext_error(folder: &Path, source: TantivyError) -> StoreError {
    StoreError::Fulltext { path: folder.to_owned(), source: Box::new(source) }
}
