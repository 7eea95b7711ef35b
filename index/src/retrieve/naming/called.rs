//! Which documents does a question call by a part of their name?
//!
//! "Which law governs the Quay supply agreement?" means `QUAYTRADINGLTD_2019_SUPPLY AGREEMENT.pdf`. A word calls a
//! document when it stands in the names of few documents and hardly in any other's text: then it is no word for a thing
//! that others speak of as well. Two words beside each other may do so together. A word alone must be written with a
//! capital, or stand beside other words of the same name.
//!
//! Where most of a document's passages have the word, it is what they are about, and a part of what is asked: it only
//! chooses the document. So do two words that stand in the name apart and are its own only together.
//!
//! What this brings to questions on contracts that name them by parts of their files' names, and to those on encyclopedia
//! articles that hold words of their titles (quoted answers that cite the right passage; refused):
//!
//! | | contracts | | articles | |
//! |---|---|---|---|---|
//! | not called | .29 | .24 | .87 | .05 |
//! | called | .55 | .07 | .88 | .05 |
//! | called, the name always a part of what is asked | .34 | .26 | .88 | .05 |
//! | called, the name never a part of what is asked | .61 | .07 | .88 | .06 |
//!
//! With the last, answers on articles quote more than is right: the share of citations that are falls from .86 to .77.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use crate::retrieve::scope::Scope;
use crate::store::fulltext::{FulltextReader, Wanted};
use crate::store::names::Names;
use crate::store::vectors::PassageSet;
use crate::store::{Snapshot, StoreError};
use crate::words::{self, Term};

/// A word in the names of more documents does not tell them from others.
const MOST_DOCUMENTS: usize = 5;
/// Of the passages that have it, one in so many may stand elsewhere.
const ELSEWHERE: usize = 10;
/// So many words may stand between two words of one name: `the lease of Quay`.
const WIDEST_GAP: usize = 1;
/// Letters of a word, or of several, that can be the beginning of words written together, and of an abbreviation.
const SHORTEST_BEGINNING: usize = 5;
const SHORTEST_ABBREVIATION: usize = 3;
/// Words that can call a document only together.
const TOGETHER: usize = 2;

/// The documents that a question calls by their names, and where in it the words stand that do no more, in order.
#[derive(Debug, Default)]
pub(super) struct Called {
    pub(super) documents: HashSet<i64>,
    pub(super) spans: Vec<Range<usize>>,
}

impl Called {
    pub(super) fn of(
        snapshot: &Snapshot,
        scope: &Scope<'_>,
        question: &str,
    ) -> Result<Self, StoreError> {
        let Some(fulltext) = snapshot.fulltext() else { return Ok(Self::default()) };
        let terms = words::exact(question);
        let words = Words::of(question, &terms, snapshot.names()?);
        let callers = words.callers();
        let documents: HashSet<i64> =
            callers.iter().flat_map(|caller| caller.documents.keys()).copied().collect();
        let passages = scope.passages_by_document(&documents);
        let mut called = HashSet::new();
        let mut named: BTreeSet<usize> = BTreeSet::new();
        for mut caller in callers {
            caller.documents.retain(|document, _| passages.contains_key(document));
            let own: PassageSet = caller
                .documents
                .keys()
                .filter_map(|document| passages.get(document))
                .flatten()
                .copied()
                .collect();
            // Of several that others call as well, these know which.
            let is_known = called.iter().any(|known| caller.documents.contains_key(known));
            if caller.documents.is_empty() || own.len() == scope.passages().len() || is_known {
                continue;
            }
            let Some(having) = kept_by(fulltext, scope, &own, words.text(&caller.at))? else {
                continue;
            };
            let is_subject = having > own.len() / 2 || words.are_apart(&caller);
            // Of those called by it, the ones that are called by most.
            let most = caller.documents.values().map(BTreeSet::len).max().unwrap_or_default();
            for (document, chain) in caller.documents {
                if chain.len() == most {
                    called.insert(document);
                    named.extend(chain.into_iter().filter(|_| !is_subject));
                }
            }
        }
        let spans = named.iter().filter_map(|at| terms.get(*at)).map(|term| term.span.clone());
        Ok(Self { documents: called, spans: spans.collect() })
    }
}

/// In how many of their `own` passages words stand; none when they stand elsewhere as well.
fn kept_by(
    fulltext: &FulltextReader,
    scope: &Scope<'_>,
    own: &PassageSet,
    words: &str,
) -> Result<Option<usize>, StoreError> {
    let wanted = Wanted { phrases: vec![words.to_owned()], ..Wanted::default() };
    let among_own = fulltext.search(&wanted, own, own.len())?.len();
    let most = among_own + among_own / (ELSEWHERE - 1);
    let among_all = fulltext.search(&wanted, scope.passages(), most + 1)?.len();
    Ok((among_all <= most).then_some(among_own))
}

/// Words of a question that may call documents.
#[derive(Debug)]
struct Caller {
    at: Range<usize>,
    /// With all words that stand in the document's name around these.
    documents: BTreeMap<i64, BTreeSet<usize>>,
}

/// A question's words beside the names that there are.
struct Words<'a> {
    question: &'a str,
    terms: &'a [Term],
    /// The documents in whose names the words from each on stand, in order: one word, two, and so on.
    called: Vec<Vec<Vec<i64>>>,
}

impl<'a> Words<'a> {
    fn of(question: &'a str, terms: &'a [Term], names: &Names) -> Self {
        let mut words = Self { question, terms, called: Vec::new() };
        for count in 1..=TOGETHER {
            let called = terms.windows(count).enumerate();
            let called = called.map(|(start, terms)| {
                let letters: String = terms.iter().map(|term| term.text.as_str()).collect();
                let is_abbreviated =
                    !words.text(&(start..start + count)).chars().any(char::is_lowercase);
                let shortest =
                    if is_abbreviated { SHORTEST_ABBREVIATION } else { SHORTEST_BEGINNING };
                let mut called: Vec<i64> = names.called(&letters, shortest).collect();
                called.sort_unstable();
                called.dedup();
                called
            });
            let called = called.collect();
            words.called.push(called);
        }
        words
    }

    /// All words that may call documents: those that call fewest first, those that do so only together last.
    fn callers(&self) -> Vec<Caller> {
        let mut callers = Vec::new();
        for (count, called) in (1..).zip(&self.called) {
            for (start, called) in called.iter().enumerate() {
                if called.is_empty() || called.len() > MOST_DOCUMENTS {
                    continue;
                }
                let at = start..start + count;
                // A number calls nothing by itself.
                if !self.text(&at).chars().any(char::is_alphabetic) {
                    continue;
                }
                let has_capital = start > 0 && self.text(&at).starts_with(char::is_uppercase);
                let chains = called.iter().map(|document| (*document, self.chain(*document, &at)));
                let documents: BTreeMap<i64, BTreeSet<usize>> =
                    chains.filter(|(_, chain)| has_capital || chain.len() > 1).collect();
                if !documents.is_empty() {
                    callers.push(Caller { at, documents });
                }
            }
        }
        callers.sort_by_key(|caller| (self.are_apart(caller), caller.documents.len()));
        callers
    }

    /// Whether several words stand in a name each by itself, and yet call it only together: they are words that others
    /// use as well, and not a name that is written together.
    fn are_apart(&self, caller: &Caller) -> bool {
        let stands = |at: usize| {
            let called = self.called.first().and_then(|called| called.get(at));
            called.is_some_and(|called| {
                caller.documents.keys().all(|document| called.binary_search(document).is_ok())
            })
        };
        caller.at.len() > 1 && caller.at.clone().all(stands)
    }

    /// The words around some that stand in a document's name as well, and these.
    fn chain(&self, document: i64, at: &Range<usize>) -> BTreeSet<usize> {
        let mut chain: BTreeSet<usize> = at.clone().collect();
        let is_in_name = |at: usize| self.is_in_name(document, at);
        let mut end = at.end;
        while let Some(next) = (end..=end + WIDEST_GAP).find(|at| is_in_name(*at)) {
            chain.insert(next);
            end = next + 1;
        }
        let mut start = at.start;
        while let Some(next) =
            (start.saturating_sub(WIDEST_GAP + 1)..start).rev().find(|at| is_in_name(*at))
        {
            chain.insert(next);
            start = next;
        }
        chain
    }

    /// Whether the word stands in the document's name, by itself or together with one beside it.
    fn is_in_name(&self, document: i64, at: usize) -> bool {
        (1..).zip(&self.called).any(|(count, called)| {
            let starts = (at + 1).saturating_sub(count)..=at;
            starts
                .filter_map(|start| called.get(start))
                .any(|called| called.binary_search(&document).is_ok())
        })
    }

    /// What stands in the question from the first of some words to the last.
    fn text(&self, at: &Range<usize>) -> &str {
        let span = |at: usize| self.terms.get(at).map(|term| term.span.clone());
        let (first, last) = (span(at.start), span(at.end.saturating_sub(1)));
        let whole =
            first.zip(last).and_then(|(first, last)| self.question.get(first.start..last.end));
        whole.unwrap_or_default()
    }
}
