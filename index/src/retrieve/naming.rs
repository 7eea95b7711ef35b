//! Which documents does a question name, and with which of its words?
//!
//! "What notice period does the Distribution Agreement between Harbour Ltd and Quay Inc give?" names its document before
//! it asks. Such words stand on every title page and seldom in the clause that answers: they choose the documents, and
//! inside them they count little among the words and are no part of what is embedded. A document can also be called by
//! words of its file's name or its title ([`called`]). Questions that name nothing are left as they are.

mod called;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use self::called::Called;
use super::fuse::Candidate;
use super::scope::Scope;
use crate::best::better_first;
use crate::store::vectors::PassageSet;
use crate::store::{Snapshot, StoreError};
use crate::words::{self, Forms, Stemming};

/// Documents whose beginnings are looked at.
const LOOKED_AT: usize = 5;
/// A person or a place is asked about as often as it names a document; so many capitalised words together name one.
const FEWEST_WORDS: usize = 4;
/// The part of the question's capitalised words, by rarity, that must stand at the document's beginning.
const COVERED: f32 = 0.5;
/// A document that has this part of what the best has is named as well: an agreement and its amendment.
const NEAR: f32 = 0.9;
/// Where a document has fewer passages than this, finding it is all there is to do.
const FEWEST_PASSAGES: usize = 6;
/// So many words may stand between two words of one name: `between the`, `and`.
const WIDEST_GAP: usize = 3;
/// How much naming words count among the passages.
const NAMING_WEIGHT: f32 = 0.1;

/// The documents that a question names; empty when it names none.
#[derive(Debug, Default)]
pub(super) struct Named {
    documents: HashSet<i64>,
    passages: PassageSet,
    /// Of the words that only name.
    stems: HashSet<String>,
    /// Where these words stand in the question, in order.
    spans: Vec<Range<usize>>,
}

impl Named {
    pub(super) fn of(
        snapshot: &Snapshot,
        scope: &Scope<'_>,
        question: &str,
        stemmings: &[Stemming],
    ) -> Result<Self, StoreError> {
        let named = Self::by_beginning(snapshot, scope, question, stemmings)?;
        if named.passages().is_some() {
            return Ok(named);
        }
        let Called { documents, spans } = Called::of(snapshot, scope, question)?;
        let words = words::forms(question, stemmings).into_iter();
        let stems = words.filter(|(_, span)| spans.contains(span)).flat_map(|(forms, _)| forms);
        let stems = stems.collect();
        Ok(Self { passages: scope.passages_of(&documents), documents, stems, spans })
    }

    /// The documents at whose beginnings much of what the question writes with capitals stands.
    fn by_beginning(
        snapshot: &Snapshot,
        scope: &Scope<'_>,
        question: &str,
        stemmings: &[Stemming],
    ) -> Result<Self, StoreError> {
        let names = capitalised(question, stemmings);
        let Some(fulltext) = snapshot.fulltext().filter(|_| names.len() >= FEWEST_WORDS) else {
            return Ok(Self::default());
        };
        let mut rarities: Vec<(&Forms, f32)> = Vec::new();
        for name in names.keys() {
            let all = snapshot.all_passages().documents;
            rarities.push((name, fulltext.naming_rarity(name, all)?));
        }
        let all: f32 = rarities.iter().map(|(_, rarity)| rarity).sum();
        let mut looked_at = Vec::new();
        let stems = names.keys().flatten().map(String::as_str);
        for first in fulltext.named(stems, scope.passages(), LOOKED_AT)? {
            let Some(document) = scope.document_of(first) else { continue };
            let present = snapshot.naming(document)?;
            let mut covered = 0.0;
            let mut own: Vec<&Forms> = Vec::new();
            for (name, rarity) in &rarities {
                if name.iter().any(|form| present.contains(form)) {
                    covered += rarity;
                    own.push(name);
                }
            }
            if own.len() >= FEWEST_WORDS && covered >= COVERED * all {
                looked_at.push((covered, document, own));
            }
        }
        let best = looked_at.iter().map(|(covered, ..)| *covered).fold(0.0, f32::max);
        looked_at.retain(|(covered, ..)| *covered >= NEAR * best);
        let documents: HashSet<i64> = looked_at.iter().map(|(_, document, _)| document.0).collect();
        let passages = scope.passages_of(&documents);
        if passages.len() < FEWEST_PASSAGES * documents.len() {
            return Ok(Self::default());
        }
        let own: BTreeSet<&Forms> = looked_at.into_iter().flat_map(|(.., own)| own).collect();
        let mut spans: Vec<Range<usize>> =
            own.iter().filter_map(|name| names.get(*name)).flatten().cloned().collect();
        spans.sort_unstable_by_key(|span| span.start);
        Ok(Self { documents, passages, stems: own.into_iter().flatten().cloned().collect(), spans })
    }

    /// The question without the names that chose the documents: what is asked about them. In a vector the names would
    /// stand before everything else.
    pub(super) fn rest(&self, question: &str) -> String {
        let mut names: Vec<Range<usize>> = Vec::new();
        // A part of what named them may be asked for alone.
        for span in self.spans.iter().filter(|span| span.end <= question.len()) {
            let gap = |name: &Range<usize>| {
                let between = question.get(name.end..span.start).unwrap_or_default();
                between.split_whitespace().count()
            };
            match names.last_mut() {
                Some(name) if gap(name) <= WIDEST_GAP => name.end = span.end,
                _ => names.push(span.clone()),
            }
        }
        let mut rest = String::new();
        let mut at = 0;
        for name in names {
            rest.push_str(question.get(at..name.start).unwrap_or_default());
            at = name.end;
        }
        rest.push_str(question.get(at..).unwrap_or_default());
        // A name alone asks for the document.
        if rest.split_whitespace().count() < FEWEST_WORDS { question.to_owned() } else { rest }
    }

    /// Whether the names are something else than what is asked.
    pub(super) fn is_set_apart(&self) -> bool {
        !self.spans.is_empty()
    }

    /// All passages of the named documents.
    pub(super) fn passages(&self) -> Option<&PassageSet> {
        (self.passages.len() > 0).then_some(&self.passages)
    }

    /// Their documents.
    pub(super) fn documents(&self) -> &HashSet<i64> {
        &self.documents
    }

    /// How much a word counts when passages are ranked.
    pub(super) fn weight(&self, forms: &Forms) -> f32 {
        if forms.iter().any(|form| self.stems.contains(form)) { NAMING_WEIGHT } else { 1.0 }
    }

    /// Puts the candidates of named documents before all others: they have the upper half of the scores.
    pub(super) fn lift(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        if self.passages().is_some() {
            for candidate in &mut candidates {
                let lift = if self.passages.contains(candidate.passage) { 1.0 } else { 0.0 };
                candidate.score = f32::midpoint(candidate.score, lift);
            }
            candidates.sort_unstable_by(|a, b| {
                better_first(&(a.passage, a.score), &(b.passage, b.score))
            });
        }
        candidates
    }
}

/// The words that begin with a capital, with all places where they stand, but for the question's first word, which
/// always does.
fn capitalised(question: &str, stemmings: &[Stemming]) -> BTreeMap<Forms, Vec<Range<usize>>> {
    let mut capitalised: BTreeMap<Forms, Vec<Range<usize>>> = BTreeMap::new();
    for (forms, span) in words::forms(question, stemmings).into_iter().skip(1) {
        let word = question.get(span.clone()).unwrap_or_default();
        if word.starts_with(char::is_uppercase) {
            capitalised.entry(forms).or_default().push(span);
        }
    }
    capitalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_capitalised_and_not_the_first_word() {
        let question = "What notice does the Lease between Harbour Ltd and QUAY give?";
        let names = capitalised(question, &[Stemming::default()]);
        let names: Vec<String> = names.into_keys().flatten().collect();
        assert_eq!(names, ["harbour", "leas", "ltd", "quay"]);
    }

    #[test]
    fn what_is_asked_about_a_document_is_the_question_without_its_name() {
        let question = "What notice does the Lease between Harbour Ltd and the Quay Inc give, Bob?";
        let spans = ["Lease", "Harbour", "Ltd", "Quay", "Inc"]
            .map(|name| question.find(name).map(|at| at..at + name.len()).unwrap());
        let named = Named { spans: spans.to_vec(), ..Named::default() };
        assert_eq!(named.rest(question), "What notice does the  give, Bob?");
        let name = Named { spans: std::iter::once(0..7).collect(), ..Named::default() };
        assert_eq!(name.rest("Harbour lease?"), "Harbour lease?");
    }
}
