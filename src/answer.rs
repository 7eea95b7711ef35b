//! How does one question become a cited answer?
//!
//! Query, evidence, answer, citations. The hits are there before the answer is begun. Places and quotes
//! come from the store; the answerer only names numbers.

use std::time::Instant;

use docent_engine::answer::quote::{NAME as QUOTES, QuoteAnswerer};
use docent_engine::answer::{Answer, Answerer, Evidence, Progress, Question, Sentence, Turn};
use docent_engine::embed::Embed;
use docent_index::query::Query;
use docent_index::retrieve::{Found, Hit};
use docent_index::store;
use tokio_util::sync::CancellationToken;

use crate::error::Failure;
use crate::json;
use crate::state::why::KeptWhy;

/// How many of the best passages an answerer is given.
pub(crate) const EVIDENCE: usize = 6;

/// How much of the best sentence's score another one must have to be highlighted beside it.
const HIGHLIGHTED: f32 = 0.7;

/// What was typed as a query.
pub fn query(typed: &str) -> Result<Query, Failure> {
    Query::parse(typed).map_err(|error| Failure::from_query(&error, typed))
}

/// A question as it was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub typed: &'a str,
    pub query: &'a Query,
    pub at: Instant,
    /// What was asked before in the same conversation, oldest first.
    pub turns: &'a [Turn],
    /// What the question is taken with, where it goes on from those.
    pub beside: &'a str,
}

/// Answers a question from what was found for it.
pub fn answer(
    asked: &Asked<'_>,
    found: &Found,
    answerer: &mut dyn Answerer,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<json::Answered, Failure> {
    let answer =
        with_question(asked, found, |question| answerer.answer(question, cancel, progress))?;
    Ok(answered(asked, found, answer, answerer.name()))
}

/// The refusal of a question for which so little was found that a model would have nothing to answer from.
pub fn refusal(
    asked: &Asked<'_>,
    found: &Found,
    embedder: &mut dyn Embed,
) -> Option<json::Answered> {
    let mut quotes = QuoteAnswerer::new(embedder);
    let refusal = with_question(asked, found, |question| {
        quotes.refuses(question).then(|| Answer::abstention(question.evidence))
    });
    refusal.map(|refusal| answered(asked, found, refusal, quotes.name()))
}

/// What is answered where there is nothing to look in: why.
pub(crate) fn nothing_to_read(asked: &Asked<'_>, found: &Found, why: String) -> json::Answered {
    let answer = Answer { text: why, abstained: true, ..Answer::default() };
    answered(asked, found, answer, QUOTES)
}

fn with_question<T>(asked: &Asked<'_>, found: &Found, work: impl FnOnce(&Question<'_>) -> T) -> T {
    let evidence: Vec<Evidence> =
        (1..).zip(found.hits.iter().take(EVIDENCE)).map(|(n, hit)| evidence(n, hit)).collect();
    let of_named = |hit: &Hit| hit.pinned || found.named.contains(&hit.document);
    let named: Vec<u32> =
        (1..).zip(&found.hits).filter(|(_, hit)| of_named(hit)).map(|(n, _)| n).collect();
    work(&Question {
        text: &asked.query.question(),
        about: found.about.as_deref(),
        named: (!found.named.is_empty()).then_some(&*named),
        beside: asked.beside,
        is_foreign: found.is_foreign,
        turns: asked.turns,
        evidence: &evidence,
    })
}

fn answered(asked: &Asked<'_>, found: &Found, answer: Answer, model: &str) -> json::Answered {
    let given = found.hits.len().min(EVIDENCE);
    json::Answered {
        schema: json::SCHEMA,
        question: asked.typed.to_owned(),
        understood: None,
        carried: Vec::new(),
        citations: citations(&answer, found),
        hits: hits(found),
        dropped: answer.dropped.clone(),
        shortened: answer.shortened.clone(),
        forgotten: answer.forgotten,
        read: json::Read {
            passages: (given - answer.dropped.len()) as u64,
            in_scope: found.in_scope_passages as u64,
            unread_documents: found.unread_documents as u64,
            embedded: found.embedded_passages.map(|embedded| embedded as u64),
        },
        model: model.to_owned(),
        seconds: asked.at.elapsed().as_secs_f64(),
        usage: answer.usage,
        abstained: answer.abstained,
        stopped: answer.stopped,
        claims: answer.claims,
        answer: answer.text,
    }
}

/// The hits as they are printed.
pub fn hits(found: &Found) -> Vec<json::Hit> {
    (1..).zip(&found.hits).map(|(n, hit)| printed(n, hit)).collect()
}

fn evidence(n: u32, hit: &Hit) -> Evidence {
    let place = printed(n, hit);
    Evidence {
        n,
        title: place.title.clone(),
        place: place.place(),
        headings: hit.headings.clone(),
        text: hit.text.clone(),
        before: hit.before.clone(),
        after: hit.after.clone(),
        sentences: hit
            .sentences
            .iter()
            .map(|sentence| Sentence { span: sentence.span.clone(), score: sentence.score })
            .collect(),
        score: hit.score,
    }
}

fn printed(n: u32, hit: &Hit) -> json::Hit {
    json::Hit {
        n,
        path: hit.path.clone(),
        folder: hit.place.folder.clone(),
        file: hit.place.file.clone(),
        title: hit.title.clone().unwrap_or_else(|| {
            hit.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }),
        page: hit.page,
        label: hit.label.clone(),
        ocr: hit.recognised,
        lines: hit.lines,
        heading: hit.headings.clone(),
        score: hit.score,
        text: hit.text.clone(),
        before: hit.before.clone(),
        after: hit.after.clone(),
        highlights: highlights(hit),
    }
}

/// The sentences that hold nearly as much of the question as the best one does.
fn highlights(hit: &Hit) -> Vec<(usize, usize)> {
    let best = hit.sentences.iter().map(|sentence| sentence.score).fold(0.0, f32::max);
    hit.sentences
        .iter()
        .filter(|sentence| sentence.score > 0.0 && sentence.score >= best * HIGHLIGHTED)
        .map(|sentence| (sentence.span.start, sentence.span.end))
        .collect()
}

/// One citation for each number that the answer cites, with the sentences it stands on in the passage's order.
fn citations(answer: &Answer, found: &Found) -> Vec<json::Citation> {
    (1..)
        .zip(&found.hits)
        .filter_map(|(n, hit)| {
            let mut spans: Vec<_> = answer
                .quotes
                .iter()
                .filter(|quote| quote.n == n)
                .map(|quote| quote.span.clone())
                .collect();
            spans.sort_by_key(|span| span.start);
            spans.dedup();
            let first = spans.first()?.start;
            let last = spans.iter().map(|span| span.end).max()?;
            // Sentences that follow each other are one quote; where something stands between them it is left standing,
            // so that a quote is always found in its passage word for word.
            let quote = hit.text.get(first..last)?.to_owned();
            Some(json::Citation {
                hit: printed(n, hit),
                quote,
                sha256: hit.content.to_string(),
                indexed_at: time(hit.indexed_at),
            })
        })
        .collect()
}

/// An answer as the desk keeps it. `asked_at` is in seconds since 1970, `why` how it came about, where that is known.
pub fn kept(
    answered: &json::Answered,
    asked_at: i64,
    why: Option<&KeptWhy>,
) -> serde_json::Result<store::Turn> {
    Ok(store::Turn {
        asked_at,
        question: answered.question.clone(),
        answer: serde_json::to_string(answered)?,
        why: why.map(serde_json::to_string).transpose()?,
    })
}

/// The answer that the desk keeps.
pub fn from_kept(turn: &store::Turn) -> serde_json::Result<json::Answered> {
    serde_json::from_str(&turn.answer)
}

/// RFC 3339 in UTC of seconds since 1970.
pub fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}
