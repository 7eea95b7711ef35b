//! Which passages of the library answer a question best?
//!
//! The words of the question are looked up in the full text and its vector among the vectors, both within the scope; the
//! scores of both are brought to one and summed, passages that say the same become one hit, and the sentences of the best
//! are scored for marking. Nothing here makes a vector or asks a model.
//!
//! What each step brings, as nDCG@10 of single passages with the bundled embedder: questions on encyclopedia articles
//! (`SQuAD`) and the same in eleven other languages (`XQuAD`, the mean), claims on abstracts (`SciFact`), questions on
//! contracts that name them (CUAD). Each line is the whole without one step.
//!
//! | | `SQuAD` | `XQuAD` | `SciFact` | CUAD |
//! |---|---|---|---|---|
//! | all of it | .908 | .929 | .725 | .567 |
//! | without vectors | .887 | .928 | .678 | .486 |
//! | without words | .777 | | .673 | .503 |
//! | every word stemmed as an English one, vectors as for English | .908 | .894 | .725 | |
//! | documents not chosen by their names | .908 | | .725 | .328 |
//! | names of documents embedded with the question | .908 | | .725 | .502 |
//!
//! That headings are part of what is embedded is worth nothing in contracts (.574 without them) and kept for documents
//! whose sections speak of one thing without naming it.

mod fold;
mod fuse;
mod join;
mod naming;
mod scope;
mod snippet;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use self::fuse::Candidate;
use self::join::Around;
use crate::best::better_first;
use crate::document::{ContentHash, DocumentId, PassageId};
use crate::language;
use crate::query::{Day, Query, Term};
use crate::store::fulltext::Wanted;
use crate::store::{EmbedderId, Place, Snapshot, StoreError, StoredDocument, StoredPassage};
use crate::words::{self, Forms, Stemming};

/// Candidates that each of both searches gives; more when more hits are asked for.
const CANDIDATES: usize = 100;
/// The nearest by their codes, as a multiple of the candidates, whose exact vectors are compared.
const RESCORED: usize = 2;
/// The one language that the bundled embedder knows.
const ENGLISH: &str = "en";
/// How much the vectors count against the words of an English question.
const DENSE_WEIGHT: f32 = 0.6;
/// How much they do in another language of the Latin script, with which English shares names, figures and parts of words.
/// In other scripts the embedder sees single letters: there they do not count.
const FOREIGN_DENSE_WEIGHT: f32 = 0.3;
/// How much a word in a file's name counts against one in the text.
const NAME_WEIGHT: f32 = 0.2;

/// What is searched for, and where.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub query: &'a Query,
    /// The embedder and the vector that it gives [what is to be embedded](text_to_embed); without one, words decide alone.
    pub vector: Option<(&'a EmbedderId, &'a [f32])>,
    /// Absolute paths of folders and files; empty for the whole library.
    pub scope: &'a [PathBuf],
    /// These narrow the query's own filters down.
    pub since: Option<Day>,
    pub until: Option<Day>,
    /// Formats' names or files' endings; one must fit.
    pub types: &'a [String],
    /// All must fit.
    pub tags: &'a [String],
    /// How many hits are wanted.
    pub top: usize,
}

impl<'a> Request<'a> {
    /// A search in the whole library by words alone.
    pub fn new(query: &'a Query, top: usize) -> Self {
        Self {
            query,
            vector: None,
            scope: &[],
            since: None,
            until: None,
            types: &[],
            tags: &[],
            top,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The best first.
    pub hits: Vec<Hit>,
    pub in_scope_passages: usize,
    /// Those with passages.
    pub in_scope_documents: usize,
    /// Files in scope of which nothing could be read.
    pub unread_documents: usize,
}

/// A passage with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub passage: PassageId,
    pub document: DocumentId,
    pub content: ContentHash,
    /// Absolute; the first of the document's places that are in scope.
    pub path: PathBuf,
    pub place: Place,
    /// Other places of the same text, or of one that says the same.
    pub also: Vec<PathBuf>,
    pub title: Option<String>,
    /// Counts from 1; none in formats without pages.
    pub page: Option<u32>,
    pub label: Option<String>,
    /// How sure OCR is of the page's text, from 0 to 1; none for a page with a text of its own.
    pub recognised: Option<f32>,
    /// First and last line; none in formats with pages.
    pub lines: Option<(u32, u32)>,
    pub headings: Vec<String>,
    pub text: String,
    /// What was cut off before and behind it: the rest of its paragraph, or of a sentence that a page's end tore. Empty
    /// where it begins and ends with its paragraph.
    pub before: String,
    pub after: String,
    pub context: String,
    pub sentences: Vec<Sentence>,
    /// 0 to 1: the best of a question's candidates by words and by vector alike has 1.
    pub score: f32,
    /// BM25, as it was found; none when no word fits.
    pub words: Option<Rank>,
    /// The cosine of question and passage; none without vectors.
    pub vector: Option<Rank>,
    /// Seconds since 1970.
    pub indexed_at: i64,
}

/// A hit's score in one of both searches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    pub score: f32,
    /// Counts from 1, among the candidates of both searches.
    pub rank: usize,
}

/// A sentence of a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Bytes in the hit's text.
    pub span: Range<usize>,
    /// 0 to 1: the part of the question's words that stand in it, rare words counting more.
    pub score: f32,
}

#[derive(Debug, Error)]
pub enum RetrieveError {
    #[error("the search was stopped")]
    Cancelled,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The text whose vector a search for `request` is to be given: the question without filters, nor the names of documents
/// by which it chooses them. None where vectors would not count.
pub fn text_to_embed(
    snapshot: &Snapshot,
    request: &Request<'_>,
) -> Result<Option<String>, RetrieveError> {
    let question = request.query.question();
    if question.is_empty() || dense_weight(&question, snapshot.languages()) <= 0.0 {
        return Ok(None);
    }
    let scope = scope::Scope::of(snapshot, request)?;
    let named = naming::Named::of(snapshot, &scope, &question, &stemmings(snapshot))?;
    Ok(Some(named.rest(&question)))
}

/// Searches a snapshot.
pub fn search(
    snapshot: &Snapshot,
    request: &Request<'_>,
    cancel: &CancellationToken,
) -> Result<Found, RetrieveError> {
    let scope = scope::Scope::of(snapshot, request)?;
    let mut found = Found {
        hits: Vec::new(),
        in_scope_passages: scope.passages().len(),
        in_scope_documents: scope.documents(),
        unread_documents: scope.unread(snapshot)?,
    };
    let question = request.query.question();
    let candidates = candidates(snapshot, request, &scope, &question, cancel)?;
    let mut weights: HashMap<Stemming, HashMap<String, f32>> = HashMap::new();
    let mut hits: Vec<Hit> = Vec::new();
    let mut documents: HashMap<i64, Option<StoredDocument>> = HashMap::new();
    let mut texts: Vec<fold::Words> = Vec::new();
    for candidate in candidates {
        if hits.len() >= request.top {
            break;
        }
        if cancel.is_cancelled() {
            return Err(RetrieveError::Cancelled);
        }
        let Some(passage) = snapshot.passage(PassageId(candidate.passage))? else { continue };
        let document = match documents.entry(passage.document.0) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(snapshot.document(passage.document)?)
            }
        };
        let Some(document) = document else { continue };
        let places: Vec<&Place> =
            document.places.iter().filter(|place| scope.holds(place)).collect();
        let Some((first, others)) = places.split_first() else { continue };
        let text = fold::Words::of(&passage.text);
        // The nearer to the end, the lower the score: what says the same has nearly the same.
        let same = texts.iter().rposition(|known| known.are_alike(&text));
        if let Some(hit) = same.and_then(|index| hits.get_mut(index)) {
            let more = places.iter().map(|place| place.path()).filter(|path| *path != hit.path);
            hit.also.extend(more);
            hit.also.dedup();
            continue;
        }
        let stemming = Stemming::of(document.language.as_deref());
        let weights = match weights.entry(stemming) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(stem_weights(snapshot, &question, stemming)?)
            }
        };
        let sentences = snippet::score(&passage.text, &passage.sentences, stemming, weights);
        texts.push(text);
        hits.push(hit(snapshot, &candidate, passage, sentences, document, first, others)?);
    }
    found.hits = hits;
    Ok(found)
}

fn hit(
    snapshot: &Snapshot,
    candidate: &Candidate,
    passage: StoredPassage,
    sentences: Vec<Sentence>,
    document: &StoredDocument,
    place: &Place,
    others: &[&Place],
) -> Result<Hit, StoreError> {
    let (label, recognised) = if document.paged {
        snapshot.page_marks(passage.document, passage.page)?
    } else {
        (None, None)
    };
    let Around { before, after } = Around::of(snapshot, &passage)?;
    Ok(Hit {
        passage: passage.id,
        document: passage.document,
        content: document.content,
        path: place.path(),
        place: place.clone(),
        also: others.iter().map(|place| place.path()).collect(),
        title: document.title.clone(),
        page: document.paged.then_some(passage.page),
        label,
        recognised,
        lines: passage.lines,
        headings: passage.headings,
        sentences,
        text: passage.text,
        before,
        after,
        context: passage.context,
        score: candidate.score,
        words: candidate.words,
        vector: candidate.vector,
        indexed_at: document.indexed_at,
    })
}

/// The stems of a question by the rules of one language, each with its rarity.
fn stem_weights(
    snapshot: &Snapshot,
    question: &str,
    stemming: Stemming,
) -> Result<HashMap<String, f32>, StoreError> {
    let stems: BTreeSet<String> =
        stemming.terms(question).into_iter().map(|term| term.text).collect();
    stems
        .into_iter()
        .map(|stem| {
            let rarity = snapshot.fulltext().map_or(Ok(1.0), |fulltext| fulltext.rarity(&stem))?;
            Ok((stem, rarity))
        })
        .collect()
}

/// The candidates of both searches, the best first.
fn candidates(
    snapshot: &Snapshot,
    request: &Request<'_>,
    scope: &scope::Scope<'_>,
    question: &str,
    cancel: &CancellationToken,
) -> Result<Vec<Candidate>, RetrieveError> {
    let count = CANDIDATES.max(request.top.saturating_mul(2));
    let stemmings = stemmings(snapshot);
    let named = naming::Named::of(snapshot, scope, question, &stemmings)?;
    let wanted = wanted(request.query, words::forms(question, &stemmings), &named);
    if wanted.words.is_empty() && wanted.phrases.is_empty() && wanted.without.is_empty() {
        // Filters alone ask for everything in scope, in the order in which it was read.
        let are_filters_alone =
            request.query.terms.iter().any(Term::is_filter) && question.is_empty();
        return Ok(scope
            .first(if are_filters_alone { count } else { 0 })
            .map(fuse::unranked)
            .collect());
    }
    let mut by_words = Vec::new();
    if let Some(fulltext) = snapshot.fulltext() {
        by_words = fulltext.search(&wanted, scope.passages(), count)?;
        if let Some(passages) = named.passages() {
            join(&mut by_words, fulltext.search(&wanted, passages, count)?);
        }
    }
    if cancel.is_cancelled() {
        return Err(RetrieveError::Cancelled);
    }
    // A phrase, or a word that must not be there, is a matter of words: vectors only rank what has passed it.
    let is_strict = !wanted.phrases.is_empty() || !wanted.without.is_empty();
    let dense_weight = dense_weight(question, snapshot.languages());
    let Some((embedder, vector)) = request.vector.filter(|_| dense_weight > 0.0) else {
        return Ok(named.lift(fuse::by_words(by_words)));
    };
    let near = if is_strict {
        Vec::new()
    } else {
        let vectors = snapshot.vectors(embedder)?;
        let mut near = vectors.search(vector, scope.passages(), count * RESCORED, cancel);
        if let Some(passages) = named.passages() {
            join(&mut near, vectors.search(vector, passages, count * RESCORED, cancel));
        }
        near
    };
    if cancel.is_cancelled() {
        return Err(RetrieveError::Cancelled);
    }
    let of_words: BTreeSet<i64> = by_words.iter().map(|(passage, _)| *passage).collect();
    let asked = of_words
        .iter()
        .copied()
        .chain(near.iter().map(|(passage, _)| *passage).filter(|p| !of_words.contains(p)));
    let exact: Vec<(i64, f32)> = snapshot
        .exact_vectors(embedder, asked)?
        .into_iter()
        .map(|(passage, exact)| (passage, exact.iter().zip(vector).map(|(a, b)| a * b).sum()))
        .collect();
    Ok(named.lift(fuse::fuse(&by_words, exact, dense_weight, count)))
}

/// The rules by which the library's documents are stemmed.
fn stemmings(snapshot: &Snapshot) -> Vec<Stemming> {
    let distinct: HashSet<Stemming> =
        snapshot.languages().iter().map(|language| Stemming::of(language.as_deref())).collect();
    distinct.into_iter().collect()
}

/// How much the vectors count against the words for a question in one of the library's languages.
fn dense_weight(question: &str, languages: &[Option<String>]) -> f32 {
    if !words::is_mostly_latin(question) {
        return 0.0;
    }
    let mut tags: Vec<&str> =
        languages.iter().flatten().map(|tag| language::primary(tag)).collect();
    // A library in another language is asked in English as well.
    if !tags.contains(&ENGLISH) {
        tags.push(ENGLISH);
    }
    match language::of_question(question, &tags) {
        Some(ENGLISH) | None => DENSE_WEIGHT,
        Some(_) => FOREIGN_DENSE_WEIGHT,
    }
}

/// Adds the hits of a second search by the same measure, each passage once, the best first.
fn join(hits: &mut Vec<(i64, f32)>, more: Vec<(i64, f32)>) {
    hits.extend(more);
    hits.sort_unstable_by(better_first);
    hits.dedup_by_key(|hit| hit.0);
}

fn wanted(query: &Query, words: Vec<(Forms, Range<usize>)>, named: &naming::Named) -> Wanted {
    let mut wanted = Wanted { name_weight: NAME_WEIGHT, ..Wanted::default() };
    let distinct: BTreeSet<Forms> = words.into_iter().map(|(forms, _)| forms).collect();
    wanted.words = distinct
        .into_iter()
        .map(|forms| {
            let weight = named.weight(&forms);
            (forms, weight)
        })
        .collect();
    for term in &query.terms {
        match term {
            Term::Phrase(phrase) => wanted.phrases.push(phrase.clone()),
            Term::Without(phrase) => wanted.without.push(phrase.clone()),
            _ => {}
        }
    }
    wanted
}
