//! Which documents does a question name, and with which of its words?
//!
//! "What notice period does the Distribution Agreement between Harbour Ltd and Quay Inc give?" names its document before
//! it asks. Such words stand on every title page and seldom in the clause that answers: they choose the documents, and
//! count little inside them. Measured on questions about contracts, this doubles how often the clause is among the first
//! five by words alone; questions that name nothing are left as they are.

use std::collections::{HashMap, HashSet};

use super::fuse::Candidate;
use super::scope::Scope;
use crate::best::better_first;
use crate::store::vectors::PassageSet;
use crate::store::{Snapshot, StoreError};
use crate::words::Stems;

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
/// How much naming words count among the passages.
const NAMING_WEIGHT: f32 = 0.1;

/// The documents that a question names; empty when it names none.
#[derive(Debug, Default)]
pub(super) struct Named {
    passages: PassageSet,
    stems: HashSet<String>,
}

impl Named {
    pub(super) fn of(
        snapshot: &Snapshot,
        scope: &Scope<'_>,
        question: &str,
    ) -> Result<Self, StoreError> {
        let names = capitalised(question);
        let Some(fulltext) = snapshot.fulltext().filter(|_| names.len() >= FEWEST_WORDS) else {
            return Ok(Self::default());
        };
        let mut rarity: HashMap<&str, f32> = HashMap::new();
        for name in &names {
            rarity.insert(name, fulltext.naming_rarity(name, snapshot.all_passages().documents)?);
        }
        let all: f32 = rarity.values().sum();
        let mut looked_at = Vec::new();
        for first in
            fulltext.named(names.iter().map(String::as_str), scope.passages(), LOOKED_AT)?
        {
            let Some(document) = scope.document_of(first) else { continue };
            let mut own = stems_of(&snapshot.naming(document)?);
            own.retain(|stem| names.contains(stem));
            let covered: f32 = own.iter().filter_map(|stem| rarity.get(stem.as_str())).sum();
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
        Ok(Self { passages, stems: looked_at.into_iter().flat_map(|(.., own)| own).collect() })
    }

    /// All passages of the named documents.
    pub(super) fn passages(&self) -> Option<&PassageSet> {
        (self.passages.len() > 0).then_some(&self.passages)
    }

    /// How much a stem counts when passages are ranked.
    pub(super) fn weight(&self, stem: &str) -> f32 {
        if self.stems.contains(stem) { NAMING_WEIGHT } else { 1.0 }
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

/// The stems of words that begin with a capital, but for the question's first word, which always does.
fn capitalised(question: &str) -> HashSet<String> {
    let begins_with_capital =
        |text: Option<&str>| text.is_some_and(|text| text.starts_with(char::is_uppercase));
    Stems::default()
        .of(question)
        .into_iter()
        .skip(1)
        .filter(|term| begins_with_capital(question.get(term.span.clone())))
        .map(|term| term.text)
        .collect()
}

fn stems_of(text: &str) -> HashSet<String> {
    Stems::default().of(text).into_iter().map(|term| term.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_capitalised_and_not_the_first_word() {
        let names = capitalised("What notice does the Lease between Harbour Ltd and QUAY give?");
        assert_eq!(names, ["leas", "harbour", "ltd", "quay"].map(str::to_owned).into());
    }
}
