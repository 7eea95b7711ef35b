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

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use self::fuse::Candidate;
use self::join::Around;
use self::naming::Named;
use self::scope::Scope;
use crate::best::better_first;
use crate::document::{ContentHash, DocumentId, PassageId};
use crate::language;
use crate::query::{Day, Query, Term};
use crate::store::fulltext::Wanted;
use crate::store::vectors::PassageSet;
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
/// How much a word beside the query counts against one in it.
const BESIDE_WEIGHT: f32 = 0.3;

/// What is searched for, and where.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub query: &'a Query,
    /// Absolute paths of folders and files; empty for the whole library.
    pub scope: &'a [PathBuf],
    /// These narrow the query's own filters down.
    pub since: Option<Day>,
    pub until: Option<Day>,
    /// Formats' names or files' endings; one must fit.
    pub types: &'a [String],
    /// All must fit.
    pub tags: &'a [String],
    /// Passages that are left out, with those that say the same.
    pub without: &'a [PassageId],
    /// Passages that are among the hits whatever is asked, behind all others unless they are found by it.
    pub pinned: &'a [PassageId],
    /// Words that help to find what the query asks for, and count less than its own: what a question is taken with that
    /// goes on from another. Empty where it stands alone.
    pub beside: &'a str,
    /// How many hits are wanted.
    pub top: usize,
}

impl<'a> Request<'a> {
    /// A search in the whole library.
    pub fn new(query: &'a Query, top: usize) -> Self {
        Self {
            query,
            scope: &[],
            since: None,
            until: None,
            types: &[],
            tags: &[],
            without: &[],
            pinned: &[],
            beside: "",
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
    /// How many of the passages in scope have a vector; none where vectors do not count.
    pub embedded_passages: Option<usize>,
    /// Files in scope of which nothing could be read.
    pub unread_documents: usize,
    /// What is asked about the documents that the question names, without their names; none where it names none, or
    /// where the name is what is asked about.
    pub about: Option<String>,
    /// The documents that the question names; empty where it names none.
    pub named: BTreeSet<DocumentId>,
    /// Whether the question is in another language than the one that the bundled embedder knows.
    pub is_foreign: bool,
    /// The part of a score that the vectors make, from 0 to 1; the words make the rest.
    pub dense_weight: f32,
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
    /// Its place among the candidates when both were brought together; none where neither search has found it.
    pub fused: Option<Rank>,
    /// What a reranker says of it, from 0 to 1, which then is its score; none where none was asked.
    pub reranked: Option<f32>,
    /// It, or one that says the same, was [asked for](Request::pinned).
    pub pinned: bool,
    /// Seconds since 1970.
    pub indexed_at: i64,
}

/// How much a question can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InScope {
    /// Those with passages.
    pub documents: usize,
    pub passages: usize,
}

/// What the filters of a request leave, without searching in it.
pub fn in_scope(
    snapshot: &Snapshot,
    request: &Request<'_>,
    cancel: &CancellationToken,
) -> Result<InScope, RetrieveError> {
    let scope = Scope::of(snapshot, request, cancel)?;
    Ok(InScope { documents: scope.documents(), passages: scope.passages().len() })
}

/// The files that the filters of a request leave, and of which nothing could be read, by their absolute paths.
pub fn unread(
    snapshot: &Snapshot,
    request: &Request<'_>,
    cancel: &CancellationToken,
) -> Result<BTreeSet<PathBuf>, RetrieveError> {
    Scope::of(snapshot, request, cancel)?.unread_paths(snapshot, cancel)
}

/// A hit's score and place in a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    pub score: f32,
    /// Counts from 1, among its candidates.
    pub rank: usize,
}

/// A sentence of a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// Bytes in the hit's text.
    pub span: Range<usize>,
    /// 0 to 1: the part of the question's words that stand in it, rare words counting more. Names by which the question
    /// chose its documents are left out.
    pub score: f32,
}

#[derive(Debug, Error)]
pub enum RetrieveError {
    #[error("the search was stopped")]
    Cancelled,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A search made ready: what is in its scope and what its question names is known.
#[derive(Debug)]
pub struct Search<'a> {
    snapshot: &'a Snapshot,
    request: Request<'a>,
    scope: Scope<'a>,
    /// Without filters.
    question: String,
    /// The same with what stands beside it.
    whole: String,
    stemmings: Vec<Stemming>,
    named: Named,
    dense_weight: f32,
}

impl<'a> Search<'a> {
    pub fn prepare(
        snapshot: &'a Snapshot,
        request: Request<'a>,
        cancel: &CancellationToken,
    ) -> Result<Self, RetrieveError> {
        let scope = Scope::of(snapshot, &request, cancel)?;
        let question = request.query.question();
        let stemmings = stemmings(snapshot);
        let whole = match request.beside {
            "" => question.clone(),
            beside => format!("{question} {beside}"),
        };
        let named = Named::of(snapshot, &scope, &whole, &stemmings)?;
        let dense_weight = dense_weight(&question, snapshot.languages());
        Ok(Self { snapshot, request, scope, question, whole, stemmings, named, dense_weight })
    }

    /// The texts whose vectors' mean [`run`](Self::run) is to be given: the question without filters, nor the names of
    /// documents by which it chooses them; and the same with what stands beside it. None where vectors would not count.
    pub fn texts_to_embed(&self) -> Vec<String> {
        if self.question.is_empty() || self.dense_weight <= 0.0 {
            return Vec::new();
        }
        let question = self.named.rest(&self.question);
        if self.request.beside.is_empty() {
            return vec![question];
        }
        vec![question, self.named.rest(&self.whole)]
    }

    /// Searches. `vector` is the embedder's for [the texts to embed](Self::texts_to_embed), of length 1; without one, words
    /// decide alone.
    pub fn run(
        &self,
        vector: Option<(&EmbedderId, &[f32])>,
        cancel: &CancellationToken,
    ) -> Result<Found, RetrieveError> {
        let mut gathering = Gathering::begin(self)?;
        let candidates = self.candidates(vector, cancel)?;
        for (rank, candidate) in (1..).zip(&candidates) {
            if gathering.hits.len() >= self.request.top {
                break;
            }
            if cancel.is_cancelled() {
                return Err(RetrieveError::Cancelled);
            }
            gathering.take(candidate, Some(rank))?;
        }
        for pinned in self.request.pinned {
            if gathering.pin(*pinned) {
                continue;
            }
            let at = candidates.iter().position(|candidate| candidate.passage == pinned.0);
            let candidate = at.and_then(|at| candidates.get(at)).copied();
            let candidate = candidate.unwrap_or_else(|| fuse::unranked(pinned.0));
            gathering.take(&candidate, at.map(|at| at + 1))?;
            gathering.pin(*pinned);
        }
        let Gathering { hits, about, .. } = gathering;
        let has_vector = vector.is_some() && !self.question.is_empty();
        let embedded_passages = match vector.filter(|_| has_vector) {
            Some((embedder, _)) => Some(self.embedded(embedder)?),
            None => None,
        };
        Ok(Found {
            embedded_passages,
            hits,
            in_scope_passages: self.scope.passages().len(),
            in_scope_documents: self.scope.documents(),
            unread_documents: self.scope.unread(self.snapshot, cancel)?,
            about: self.named.is_set_apart().then_some(about),
            named: self.named.documents().iter().copied().map(DocumentId).collect(),
            is_foreign: self.dense_weight < DENSE_WEIGHT,
            dense_weight: if has_vector { self.dense_weight } else { 0.0 },
        })
    }

    /// How many of the passages in scope have a vector.
    fn embedded(&self, embedder: &EmbedderId) -> Result<usize, StoreError> {
        let scope = self.scope.passages();
        let vectors = self.snapshot.vectors(embedder)?;
        let embedded: PassageSet =
            vectors.passages().filter(|passage| scope.contains(*passage)).collect();
        Ok(embedded.len())
    }

    /// The stems of `about`, and of what stands beside the query, by the rules of one language, each with its rarity.
    fn weights(&self, about: &str, stemming: Stemming) -> Result<HashMap<String, f32>, StoreError> {
        let stems: BTreeSet<String> =
            stemming.terms(about).into_iter().map(|term| term.text).collect();
        let rarity =
            |stem: &str| self.snapshot.fulltext().map_or(Ok(1.0), |fulltext| fulltext.rarity(stem));
        let beside = stemming.terms(self.request.beside).into_iter().map(|term| term.text);
        let beside: BTreeSet<String> = beside.filter(|stem| !stems.contains(stem)).collect();
        let stems = stems.into_iter().map(|stem| (stem, 1.0));
        let stems = stems.chain(beside.into_iter().map(|stem| (stem, BESIDE_WEIGHT)));
        stems.map(|(stem, counts)| rarity(&stem).map(|rarity| (stem, rarity * counts))).collect()
    }

    /// The candidates of both searches, the best first.
    fn candidates(
        &self,
        vector: Option<(&EmbedderId, &[f32])>,
        cancel: &CancellationToken,
    ) -> Result<Vec<Candidate>, RetrieveError> {
        let Self { snapshot, request, scope, named, .. } = self;
        let count = CANDIDATES.max(request.top.saturating_mul(2));
        let wanted = self.wanted();
        if wanted.words.is_empty() && wanted.phrases.is_empty() && wanted.without.is_empty() {
            // Filters alone ask for everything in scope, in the order in which it was read.
            let are_filters_alone =
                request.query.terms.iter().any(Term::is_filter) && self.question.is_empty();
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
        let Some((embedder, vector)) = vector.filter(|_| self.dense_weight > 0.0) else {
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
        Ok(named.lift(fuse::fuse(&by_words, exact, self.dense_weight, count)))
    }

    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted { name_weight: NAME_WEIGHT, ..Wanted::default() };
        let words = words::forms(&self.question, &self.stemmings);
        let distinct: BTreeSet<Forms> = words.into_iter().map(|(forms, _)| forms).collect();
        wanted.words = distinct
            .into_iter()
            .map(|forms| {
                let weight = self.named.weight(&forms);
                (forms, weight)
            })
            .collect();
        let own: BTreeSet<&Forms> = wanted.words.iter().map(|(forms, _)| forms).collect();
        let beside = words::forms(self.request.beside, &self.stemmings);
        let beside: BTreeSet<Forms> = beside.into_iter().map(|(forms, _)| forms).collect();
        let beside: Vec<(Forms, f32)> = beside
            .into_iter()
            .filter(|forms| !own.contains(forms))
            .map(|forms| {
                let weight = self.named.weight(&forms).min(BESIDE_WEIGHT);
                (forms, weight)
            })
            .collect();
        wanted.words.extend(beside);
        for term in &self.request.query.terms {
            match term {
                Term::Phrase(phrase) => wanted.phrases.push(phrase.clone()),
                Term::Without(phrase) => wanted.without.push(phrase.clone()),
                _ => {}
            }
        }
        wanted
    }
}

/// The hits of a search while they are gathered from its candidates, the best first.
struct Gathering<'s> {
    search: &'s Search<'s>,
    hits: Vec<Hit>,
    /// The words of each hit, to know those that say the same.
    texts: Vec<fold::Words>,
    /// The passages of each hit: itself and those that were folded into it.
    passages: Vec<Vec<PassageId>>,
    /// The words of what is left out.
    without: Vec<fold::Words>,
    documents: HashMap<i64, Option<StoredDocument>>,
    weights: HashMap<Stemming, HashMap<String, f32>>,
    about: String,
}

impl<'s> Gathering<'s> {
    fn begin(search: &'s Search<'s>) -> Result<Self, StoreError> {
        let mut without = Vec::new();
        for passage in search.request.without {
            if let Some(passage) = search.snapshot.passage(*passage)? {
                without.push(fold::Words::of(&passage.text));
            }
        }
        Ok(Self {
            search,
            hits: Vec::new(),
            texts: Vec::new(),
            passages: Vec::new(),
            without,
            documents: HashMap::new(),
            weights: HashMap::new(),
            about: search.named.rest(&search.question),
        })
    }

    /// Makes a hit of a candidate, or folds it into one that says the same. `rank` is its place among the candidates.
    fn take(&mut self, candidate: &Candidate, rank: Option<usize>) -> Result<(), StoreError> {
        let Search { snapshot, scope, request, .. } = self.search;
        let Some(passage) = snapshot.passage(PassageId(candidate.passage))? else {
            return Ok(());
        };
        let document = match self.documents.entry(passage.document.0) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(snapshot.document(passage.document)?),
        };
        let Some(document) = document else { return Ok(()) };
        let is_pinned = request.pinned.contains(&passage.id);
        // What is pinned stays, whatever the scope of this question.
        let places = document.places.iter().filter(|place| is_pinned || scope.holds(place));
        let places: Vec<&Place> = places.collect();
        let Some((first, others)) = places.split_first() else { return Ok(()) };
        let text = fold::Words::of(&passage.text);
        if !is_pinned && self.without.iter().any(|without| without.are_alike(&text)) {
            return Ok(());
        }
        // The nearer to the end, the lower the score: what says the same has nearly the same.
        let same = self.texts.iter().rposition(|known| known.are_alike(&text));
        if let Some(index) = same
            && let (Some(hit), Some(folded)) =
                (self.hits.get_mut(index), self.passages.get_mut(index))
        {
            let more = places.iter().map(|place| place.path()).filter(|path| *path != hit.path);
            hit.also.extend(more);
            hit.also.dedup();
            folded.push(passage.id);
            return Ok(());
        }
        let stemming = Stemming::of(document.language.as_deref());
        let weights = match self.weights.entry(stemming) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.search.weights(&self.about, stemming)?),
        };
        let sentences = snippet::score(&passage.text, &passage.sentences, stemming, weights);
        let fused = rank.map(|rank| Rank { score: candidate.score, rank });
        self.passages.push(vec![passage.id]);
        self.texts.push(text);
        let hit = hit(snapshot, candidate, passage, sentences, document, first, others)?;
        self.hits.push(Hit { fused, ..hit });
        Ok(())
    }

    /// Marks the hit that a passage has become, or has been folded into. False when there is none.
    fn pin(&mut self, passage: PassageId) -> bool {
        let at = self.passages.iter().position(|passages| passages.contains(&passage));
        let hit = at.and_then(|at| self.hits.get_mut(at));
        hit.map(|hit| hit.pinned = true).is_some()
    }
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
        fused: None,
        reranked: None,
        pinned: false,
        indexed_at: document.indexed_at,
    })
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
