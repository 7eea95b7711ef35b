//! Which sentences of the evidence answer the question, word for word?
//!
//! No model writes here: the answer is the sentence that answers best, with what else of its passage answers nearly as well,
//! and its citation. It can't invent; it can pick the wrong sentence, or none.
//!
//! # How a sentence is scored
//!
//! The cosine of question and sentence, plus shares of: the question's words in the sentence, by their rarity in the
//! library and, with the sentence before and the headings counted in (pronouns stand for what they name), by their rarity
//! among these sentences; the score of its passage; the best cosine in its passage; and whether the sentence has a figure
//! or a date where one is asked for. The shares were fitted (conditional logistic regression) on 750 questions on an
//! encyclopaedia that can be answered; with five-fold cross-validation the best sentence holds the answer .82 of the time, by
//! the cosine alone .67. The evidence, six passages, holds it .96 of the time.
//!
//! # When it answers
//!
//! When cosine and words of that sentence reach a threshold. On those 750 questions, 187 about other things, and 250 that
//! only sound as if they could be answered (share answered; of the first also how many answers hold the answer, counting
//! what is refused as wrong, and how many cite the right passage):
//!
//! | threshold | answerable | holds | cites right | other things | only sounds |
//! |---|---|---|---|---|---|
//! | .60 | .99 | .85 | .91 | .10 | .93 |
//! | .65 | .96 | .84 | .92 | .06 | .90 |
//! | .70 | .94 | .83 | .92 | .03 | .87 |
//! | .75 | .91 | .81 | .93 | .02 | .82 |
//! | .80 | .86 | .78 | .94 | .02 | .76 |
//!
//! Questions that only sound answerable can't be told by such a measure: that takes reading. A question that names its
//! document is about the library already, and what is left of it is short: it is answered from a lower sum on, and by up
//! to three passages, because clauses on one matter stand apart. In languages that the embedder does not know the words
//! decide alone; their sum has nearly the same scale in German, Spanish, Russian, Turkish and Chinese. Where a question
//! names documents, nothing is quoted but their passages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tokio_util::sync::CancellationToken;

use super::{Answer, AnswerError, Answerer, Claim, Evidence, Mark, Progress, Question, Quote};
use crate::embed::Embed;
use crate::text::{content_words, mostly_latin, names, normalized, without_bracketed_numbers};

/// What stands under an answer in quotes as its writer.
pub const NAME: &str = "quotes";

/// Passages whose sentences are looked at.
const PASSAGES: usize = 6;
/// Sentences that are embedded, so that all takes under 0.3 s on two cores.
const EMBEDDED: usize = 24;
/// Sentences of an answer at most.
const LONGEST: usize = 3;
/// Words of an answer above which no further sentence is added, and of one from several passages.
const WORDS: usize = 75;
const WORDS_OF_SEVERAL: usize = 120;
/// How much worse than the best a further sentence of the same passage may be, and one of another.
const MARGIN: f32 = 0.7;
const MARGIN_ELSEWHERE: f32 = 0.35;
/// The least support that is answered.
const THRESHOLD: f32 = 0.71;
/// The same for a question that names its document.
const THRESHOLD_NAMED: f32 = 0.41;
/// The same where words decide alone.
const WORDS_THRESHOLD: f32 = 0.42;
const WORDS_THRESHOLD_NAMED: f32 = 0.25;
/// The part of a threshold that a model's evidence must reach: of questions about other things three quarters are refused
/// then, of those that can be answered one in two hundred.
const SHARE_FOR_MODELS: f32 = 0.65;
/// How much the words count beside the cosine when it is decided whether to answer. Less than in the choice of a sentence:
/// an answer in other words is an answer.
const WORDS_IN_SUPPORT: f32 = 0.3;
/// How much a word that a question is taken with counts against one of its own.
const BESIDE_WEIGHT: f32 = 0.3;
/// What is taken off the support when a name or number of the question stands nowhere in the evidence.
const MISSING_NAME: f32 = 0.1;
/// Bytes of a sentence above which only a part of it is quoted: tables and lists without full stops.
const LONG_SENTENCE: usize = 480;

/// Answers with the sentences of the evidence.
#[derive(Debug)]
pub struct QuoteAnswerer<E> {
    embedder: Option<E>,
}

impl<E: Embed> QuoteAnswerer<E> {
    pub fn new(embedder: E) -> Self {
        Self { embedder: Some(embedder) }
    }

    /// Goes by words alone.
    pub fn without_embedder() -> Self {
        Self { embedder: None }
    }

    /// Whether the evidence gives a model nothing to answer from. Less is asked of it than for a quote: a model may find the
    /// answer in words that no sentence shares with the question, and it can refuse by itself. Only what can be measured is
    /// refused: questions in English, with evidence in English.
    pub fn refuses(&mut self, question: &Question<'_>) -> bool {
        // A question on everything ("what is this about?") has hardly a word to find, one in another language none.
        let is_measurable = content_words(asked(question)).len() > 1
            && is_english(question.text)
            && question.evidence.iter().any(|evidence| is_english(&evidence.text));
        is_measurable && {
            let judged = self.judge(question);
            judged.support < judged.threshold * SHARE_FOR_MODELS
        }
    }

    /// Scores the sentences of the evidence, the best first.
    fn judge<'a>(&mut self, question: &Question<'a>) -> Judged<'a> {
        let mut candidates = candidates(question);
        let texts: Vec<&str> = candidates.iter().map(|candidate| candidate.text).collect();
        let cosines = self.cosines(question, &texts);
        let by_cosine = cosines.is_some() && !question.is_foreign;
        for (candidate, cosine) in candidates.iter_mut().zip(cosines.into_iter().flatten()) {
            candidate.cosine = cosine;
        }
        let mut best: BTreeMap<u32, f32> = BTreeMap::new();
        for candidate in &candidates {
            let best = best.entry(candidate.evidence.n).or_default();
            *best = best.max(candidate.cosine);
        }
        for candidate in &mut candidates {
            candidate.best_cosine = best.get(&candidate.evidence.n).copied().unwrap_or_default();
        }
        candidates.sort_by(|left, right| right.score().total_cmp(&left.score()));
        let support = candidates.first().map_or(0.0, |best| support(question, best, by_cosine));
        Judged { support, threshold: threshold(question, by_cosine), candidates }
    }

    /// The cosines of `question` and each sentence; none where the embedder can't tell. An embedder that fails is no
    /// reason for no answer: the words are there.
    fn cosines(&mut self, question: &Question<'_>, sentences: &[&str]) -> Option<Vec<f32>> {
        let text = asked(question);
        let embedder = self.embedder.as_mut().filter(|_| mostly_latin(text))?;
        let alone = embedder.embed_query(text).ok()?;
        let whole = match question.beside {
            "" => None,
            beside => Some(embedder.embed_query(&format!("{text} {beside}")).ok()?),
        };
        let sentences = embedder.embed_passages(sentences).ok()?;
        let cosine = |sentence: &Vec<f32>| {
            let alone = dot(&alone, sentence);
            // What answers it fits it with what it is taken with as well, or else it alone.
            whole
                .as_ref()
                .map_or(alone, |whole| alone.max(f32::midpoint(alone, dot(whole, sentence))))
        };
        Some(sentences.iter().map(cosine).collect())
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

impl<E: Embed> Answerer for QuoteAnswerer<E> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn answer(
        &mut self,
        question: &Question<'_>,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answer, AnswerError> {
        let judged = self.judge(question);
        if cancel.is_cancelled() {
            return Ok(Answer { stopped: true, ..Answer::default() });
        }
        let answer = if judged.support >= judged.threshold {
            compose(&choose(&judged.candidates, question.about.is_some()), asked(question))
        } else {
            Answer::abstention(question.evidence)
        };
        for claim in &answer.claims {
            progress(Progress::Claim(claim));
        }
        progress(Progress::Text(&answer.text));
        Ok(answer)
    }
}

/// The sentences of the evidence, scored.
#[derive(Debug)]
struct Judged<'a> {
    /// How well the best one supports an answer, and how well it must.
    support: f32,
    threshold: f32,
    /// The best first.
    candidates: Vec<Candidate<'a>>,
}

/// Whether a text has words that hardly any other language has.
fn is_english(text: &str) -> bool {
    crate::text::words_of(text).any(|word| ENGLISH_WORDS.contains(&word.to_lowercase().as_str()))
}

const ENGLISH_WORDS: [&str; 12] =
    ["the", "what", "which", "who", "where", "when", "why", "how", "does", "did", "and", "with"];

/// What is asked, without the names of the documents that it is asked about.
fn asked<'a>(question: &Question<'a>) -> &'a str {
    question.about.unwrap_or(question.text)
}

/// A sentence that may answer.
#[derive(Clone, Debug)]
struct Candidate<'a> {
    evidence: &'a Evidence,
    /// Bytes in the evidence's text.
    span: Range<usize>,
    text: &'a str,
    cosine: f32,
    /// The best cosine of a sentence in its passage.
    best_cosine: f32,
    /// Share of the question's words in the sentence, by their rarity in the library.
    words: f32,
    /// The same with the sentence before and the headings, by their rarity among the evidence's sentences.
    words_around: f32,
    /// 1 with what the question asks for, -1 without, 0 where it asks for nothing that can be seen.
    cue: f32,
}

impl Candidate<'_> {
    fn score(&self) -> f32 {
        self.cosine
            + 0.7 * self.best_cosine
            + 1.45 * self.words
            + 1.4 * self.words_around
            + 0.95 * self.evidence.score
            + 0.22 * self.cue
    }
}

/// The sentences of the best passages, without those that say nothing the question doesn't say itself.
fn candidates<'a>(question: &Question<'a>) -> Vec<Candidate<'a>> {
    let text = asked(question);
    let own: BTreeSet<String> = content_words(text).into_iter().collect();
    let beside = content_words(question.beside).into_iter();
    let asked: BTreeSet<String> = own.iter().cloned().chain(beside).collect();
    let passages: Vec<(&Evidence, Vec<Sentence<'_>>)> = question
        .evidence
        .iter()
        .take(PASSAGES)
        .filter(|evidence| question.named.is_none_or(|named| named.contains(&evidence.n)))
        .map(|evidence| (evidence, sentences(evidence)))
        .collect();
    let mut frequency: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = 0;
    for sentence in passages.iter().flat_map(|(_, sentences)| sentences) {
        count += 1;
        for word in &sentence.words {
            *frequency.entry(word).or_default() += 1;
        }
    }
    let weights: BTreeMap<&str, f32> = asked
        .iter()
        .map(|word| {
            let found = frequency.get(word.as_str()).copied().unwrap_or_default();
            let counts = if own.contains(word) { 1.0 } else { BESIDE_WEIGHT };
            (word.as_str(), rarity(found, count) * counts)
        })
        .collect();
    let total: f32 = weights.values().sum();
    let share = |words: &dyn Fn(&str) -> bool| -> f32 {
        let found: f32 =
            weights.iter().filter(|(word, _)| words(word)).map(|(_, weight)| weight).sum();
        if total > 0.0 { found / total } else { 0.0 }
    };
    let wanted = Wanted::by(text);
    let mut candidates = Vec::new();
    for (evidence, sentences) in &passages {
        let heads: BTreeSet<String> = evidence
            .headings
            .iter()
            .chain([&evidence.title])
            .flat_map(|head| content_words(head))
            .collect();
        let mut before: Option<&BTreeSet<String>> = None;
        for Sentence { span, text, words, score } in sentences {
            if words.iter().any(|word| !asked.contains(word)) {
                let around = |word: &str| {
                    words.contains(word)
                        || heads.contains(word)
                        || before.is_some_and(|before| before.contains(word))
                };
                candidates.push(Candidate {
                    evidence,
                    span: span.clone(),
                    text,
                    cosine: 0.0,
                    best_cosine: 0.0,
                    words: *score,
                    words_around: share(&around),
                    cue: wanted.cue(text),
                });
            }
            before = Some(words);
        }
    }
    candidates.sort_by(|left, right| right.score().total_cmp(&left.score()));
    candidates.truncate(EMBEDDED);
    candidates
}

/// A sentence with its words that carry meaning.
#[derive(Debug)]
struct Sentence<'a> {
    /// Bytes in the evidence's text, without white space around.
    span: Range<usize>,
    text: &'a str,
    words: BTreeSet<String>,
    /// As the index gave it.
    score: f32,
}

fn sentences(evidence: &Evidence) -> Vec<Sentence<'_>> {
    let whole = [super::Sentence { span: 0..evidence.text.len(), score: 0.0 }];
    let spans = if evidence.sentences.is_empty() { &whole } else { &*evidence.sentences };
    spans
        .iter()
        .filter_map(|super::Sentence { span, score }| {
            let text = evidence.text.get(span.clone())?;
            let start = span.start + (text.len() - text.trim_start().len());
            let text = text.trim();
            let words = content_words(text).into_iter().collect();
            let span = start..start + text.len();
            (!text.is_empty()).then_some(Sentence { span, text, words, score: *score })
        })
        .collect()
}

/// The weight of a word that stands in `found` of `count` sentences.
fn rarity(found: usize, count: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "counts of sentences are small")]
    let (found, count) = (found as f32, count as f32);
    (1.0 + count / (found + 0.5)).ln()
}

/// What kind of answer a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Number,
    Date,
    Anything,
}

impl Wanted {
    fn by(question: &str) -> Self {
        let question = format!(
            " {} ",
            crate::text::words_of(&question.to_lowercase()).collect::<Vec<_>>().join(" ")
        );
        let asks = |phrases: &[&str]| {
            phrases.iter().any(|phrase| question.contains(&format!(" {phrase} ")))
        };
        if asks(&[
            "when",
            "what year",
            "which year",
            "what date",
            "which date",
            "what day",
            "which day",
            "what month",
            "which month",
            "what century",
            "which century",
            "what decade",
            "which decade",
            "what time",
            "deadline",
        ]) {
            Self::Date
        } else if asks(&[
            "how many",
            "how much",
            "how long",
            "how far",
            "how old",
            "how often",
            "how large",
            "how big",
            "how high",
            "how tall",
            "how wide",
            "how deep",
            "how fast",
            "how heavy",
            "what percentage",
            "what percent",
            "what number",
        ]) {
            Self::Number
        } else {
            Self::Anything
        }
    }

    fn cue(self, sentence: &str) -> f32 {
        let has_digit = sentence.chars().any(char::is_numeric);
        let has_word = |words: &[&str]| {
            crate::text::words_of(sentence)
                .any(|word| words.contains(&word.to_lowercase().as_str()))
        };
        match self {
            Self::Anything => 0.0,
            Self::Number if has_digit || has_word(&NUMBER_WORDS) => 1.0,
            Self::Date if has_date(sentence) || has_word(&DATE_WORDS) => 1.0,
            Self::Date if has_digit => 0.0,
            Self::Number | Self::Date => -1.0,
        }
    }
}

/// Whether a year, a date in figures, a time or an ordinal stands in `sentence`.
fn has_date(sentence: &str) -> bool {
    sentence.split(char::is_whitespace).any(|word| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let digits = word.chars().take_while(char::is_ascii_digit).count();
        let rest: String = word.chars().skip(digits).collect();
        let is_year = digits == 4
            && matches!(word.chars().next(), Some('1' | '2'))
            && !rest.starts_with([',', '.']);
        let is_in_figures = (1..=2).contains(&digits)
            && rest.starts_with(['.', '/', ':', '-'])
            && rest.chars().nth(1).is_some_and(|letter| letter.is_ascii_digit());
        let is_ordinal =
            (1..=2).contains(&digits) && matches!(rest.as_str(), "st" | "nd" | "rd" | "th");
        is_year || is_in_figures || is_ordinal
    })
}

const NUMBER_WORDS: [&str; 20] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "dozen", "hundred", "thousand", "million", "billion", "half", "once", "twice",
];

const DATE_WORDS: [&str; 31] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "century",
    "day",
    "days",
    "week",
    "weeks",
    "noon",
    "midnight",
    "today",
    "tomorrow",
    "first",
    "second",
    "third",
];

/// How well the best sentence supports an answer.
fn support(question: &Question<'_>, best: &Candidate<'_>, by_cosine: bool) -> f32 {
    let known: BTreeSet<String> = question
        .evidence
        .iter()
        .take(PASSAGES)
        .flat_map(|evidence| evidence.headings.iter().chain([&evidence.title, &evidence.text]))
        .flat_map(|text| content_words(text))
        .collect();
    let missing = names(asked(question)).iter().any(|name| !known.contains(name));
    let penalty = if missing { MISSING_NAME } else { 0.0 };
    let words = best.words + best.words_around;
    let sum = if by_cosine { best.cosine + WORDS_IN_SUPPORT * words } else { words };
    sum - penalty
}

fn threshold(question: &Question<'_>, by_cosine: bool) -> f32 {
    match (by_cosine, question.about) {
        (true, None) => THRESHOLD,
        (true, Some(_)) => THRESHOLD_NAMED,
        (false, None) => WORDS_THRESHOLD,
        (false, Some(_)) => WORDS_THRESHOLD_NAMED,
    }
}

/// A sentence of the answer with every passage that has it.
#[derive(Debug)]
struct Chosen<'a> {
    text: &'a str,
    places: Vec<(&'a Evidence, Range<usize>)>,
}

/// The best sentences in the order they are to be read: passages by their best sentence, sentences as they stand. Of one
/// passage, or of several; the same sentence elsewhere is cited with it.
fn choose<'a>(candidates: &[Candidate<'a>], of_several: bool) -> Vec<Chosen<'a>> {
    let Some(best) = candidates.first() else { return Vec::new() };
    let longest = if of_several { WORDS_OF_SEVERAL } else { WORDS };
    let mut chosen: Vec<Chosen<'_>> = Vec::new();
    let mut words = 0;
    for candidate in candidates {
        let place = (candidate.evidence, candidate.span.clone());
        let same = normalized(candidate.text);
        if let Some(twin) = chosen.iter_mut().find(|chosen| normalized(chosen.text) == same) {
            if twin.places.iter().all(|(evidence, _)| evidence.n != candidate.evidence.n) {
                twin.places.push(place);
            }
            continue;
        }
        let is_known = chosen.iter().any(|chosen| {
            chosen.places.iter().any(|(evidence, _)| evidence.n == candidate.evidence.n)
        });
        let margin = match (is_known, of_several) {
            (true, _) => MARGIN,
            (false, true) => MARGIN_ELSEWHERE,
            (false, false) => 0.0,
        };
        let more = candidate.text.split_whitespace().count();
        let fits = candidate.score() > best.score() - margin && words + more <= longest;
        if chosen.is_empty() || (fits && chosen.len() < LONGEST) {
            words += more;
            chosen.push(Chosen { text: candidate.text, places: vec![place] });
        }
    }
    let first = |chosen: &Chosen<'_>| {
        chosen.places.first().map(|(evidence, span)| (evidence.n, span.start))
    };
    let order: Vec<u32> = chosen.iter().filter_map(first).map(|(n, _)| n).collect();
    let rank = |n: u32| order.iter().position(|other| *other == n);
    chosen.sort_by_key(|chosen| first(chosen).map(|(n, start)| (rank(n), start)));
    chosen
}

fn compose(chosen: &[Chosen<'_>], asked: &str) -> Answer {
    let mut answer = Answer::default();
    for sentence in chosen {
        let part = shortened(sentence.text, asked);
        let shown = sentence.text.get(part.clone()).unwrap_or(sentence.text);
        let mut text = without_bracketed_numbers(shown);
        if part.start > 0 {
            text.insert_str(0, "… ");
        }
        if part.end < sentence.text.len() {
            text.push_str(" …");
        }
        if !answer.text.is_empty() {
            answer.text.push(' ');
        }
        answer.text.push_str(&text);
        answer.text.push(' ');
        let mut cites = Vec::new();
        for (evidence, span) in &sentence.places {
            answer.text.extend(["[", &evidence.n.to_string(), "]"]);
            cites.push(evidence.n);
            // Whole, also where a part of it is shown: a quote that is taken along ends where its sentence does.
            answer.quotes.push(Quote { n: evidence.n, span: span.clone() });
        }
        cites.sort_unstable();
        answer.claims.push(Claim { text, cites, mark: Some(Mark::Quoted), reason: None });
    }
    answer
}

/// The bytes of a sentence that are shown: all, or of a very long one a stretch around the question's words.
fn shortened(sentence: &str, question: &str) -> Range<usize> {
    if sentence.len() <= LONG_SENTENCE {
        return 0..sentence.len();
    }
    let asked = content_words(question);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(sentence.match_indices(char::is_whitespace).map(|(at, space)| at + space.len()))
        .collect();
    let is_asked = |from: usize| {
        let word = sentence
            .get(from..)
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_default();
        content_words(word).iter().any(|word| asked.contains(word))
    };
    // The window with most of the question's words; the first of several.
    let hits: Vec<usize> = starts.iter().copied().filter(|start| is_asked(*start)).collect();
    let within = |from: usize| {
        hits.iter().filter(|hit| (from..from + LONG_SENTENCE * 3 / 4).contains(*hit)).count()
    };
    let middle = hits.iter().copied().rev().max_by_key(|hit| within(*hit)).unwrap_or(0);
    let start =
        starts.iter().copied().find(|start| start + LONG_SENTENCE / 4 >= middle).unwrap_or(0);
    let end = starts
        .iter()
        .copied()
        .take_while(|end| *end <= start + LONG_SENTENCE)
        .last()
        .filter(|end| *end > start && start + LONG_SENTENCE < sentence.len())
        .unwrap_or(sentence.len());
    let kept = sentence.get(start..end).unwrap_or(sentence);
    start..start + kept.trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Sentence as Span, UNSURE};
    use crate::embed::{EmbedError, EmbedderId};

    /// Puts texts with the same words in the same direction.
    struct WordVectors(EmbedderId);

    impl Embed for WordVectors {
        fn id(&self) -> &EmbedderId {
            &self.0
        }

        fn dimension(&self) -> usize {
            256
        }

        fn embed_passages(&mut self, passages: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
            passages.iter().map(|passage| self.embed_query(passage)).collect()
        }

        fn embed_query(&mut self, query: &str) -> Result<Vec<f32>, EmbedError> {
            let mut vector = vec![0.0_f32; 256];
            for word in content_words(query) {
                let hash = word.bytes().fold(7_usize, |hash, byte| hash * 31 + usize::from(byte));
                vector[hash % 256] += 1.0;
            }
            let length = dot(&vector, &vector).sqrt().max(1e-9);
            Ok(vector.into_iter().map(|value| value / length).collect())
        }
    }

    fn evidence(n: u32, sentences: &[&str]) -> Evidence {
        let text = sentences.join(" ");
        let spans = sentences.iter().map(|sentence| {
            let start = text.find(sentence).unwrap();
            Span { span: start..start + sentence.len(), score: 0.5 }
        });
        let sentences = spans.collect();
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let score = 1.0 / n as f32;
        Evidence {
            n,
            title: "Lease".into(),
            place: "p. 1".into(),
            headings: vec![],
            sentences,
            text,
            before: String::new(),
            after: String::new(),
            score,
        }
    }

    fn lease() -> Vec<Evidence> {
        vec![
            evidence(
                1,
                &[
                    "Rent.",
                    "The monthly rent for the flat is 950 euros.",
                    "It is due on the first of the month.",
                ],
            ),
            evidence(
                2,
                &[
                    "Pets need the landlord's consent.",
                    "The landlord of the flat pays for the roof [12].",
                ],
            ),
        ]
    }

    fn answerer() -> QuoteAnswerer<WordVectors> {
        QuoteAnswerer::new(WordVectors(EmbedderId::parse(&"0".repeat(64)).unwrap()))
    }

    fn ask(text: &str, evidence: &[Evidence]) -> Answer {
        answer(&Question { text, evidence, ..Question::default() })
    }

    fn answer(question: &Question<'_>) -> Answer {
        let mut told = String::new();
        let answer = answerer()
            .answer(question, &CancellationToken::new(), &mut |progress| {
                if let Progress::Text(text) = progress {
                    told.push_str(text);
                }
            })
            .unwrap();
        assert_eq!(told, answer.text);
        answer
    }

    #[test]
    fn the_sentence_that_answers_is_quoted_with_its_place() {
        let evidence = lease();
        let answer = ask("How much is the monthly rent for the flat?", &evidence);
        assert_eq!(answer.text, "The monthly rent for the flat is 950 euros. [1]");
        assert_eq!(answer.claims.len(), 1);
        assert_eq!(
            (answer.claims[0].cites.as_slice(), answer.claims[0].mark),
            (&[1][..], Some(Mark::Quoted))
        );
        let Quote { n, span } = answer.quotes[0].clone();
        assert_eq!((n, evidence[0].text.get(span)), (1, Some(answer.claims[0].text.as_str())));
    }

    #[test]
    fn a_sentence_in_two_documents_cites_both() {
        let mut evidence = lease();
        evidence.push(self::evidence(3, &["The  monthly rent for the flat is 950 euros."]));
        let answer = ask("How much is the monthly rent for the flat?", &evidence);
        assert_eq!(answer.text, "The monthly rent for the flat is 950 euros. [1][3]");
        assert_eq!(answer.quotes.len(), 2);
    }

    #[test]
    fn a_documents_own_references_do_not_look_like_citations() {
        let answer = ask("Does the landlord of the flat pay for the roof?", &lease());
        assert_eq!(answer.text, "The landlord of the flat pays for the roof (12). [2]");
    }

    #[test]
    fn what_the_evidence_does_not_say_is_not_answered() {
        for text in ["How many sacks did Jared Allen have?", "What is photosynthesis?"] {
            let answer = ask(text, &lease());
            assert!(answer.abstained && answer.claims.is_empty() && answer.quotes.is_empty());
            assert_eq!(answer.text, UNSURE);
        }
        assert!(ask("How much is the monthly rent for the flat?", &[]).abstained);
    }

    #[test]
    fn a_model_is_refused_only_what_can_be_measured() {
        let evidence = lease();
        let refuses = |text: &str| {
            answerer().refuses(&Question { text, evidence: &evidence, ..Question::default() })
        };
        assert!(refuses("How many sacks did Jared Allen have?"));
        assert!(!refuses("How much is the monthly rent for the flat?"));
        assert!(!refuses("What is this about?"));
        assert!(!refuses("Wie viele Säcke hatte Jared Allen?"));
    }

    #[test]
    fn sentences_of_one_passage_answer_unless_the_question_names_its_document() {
        let mut evidence = lease();
        let other = self::evidence(3, &["Rent of the flat is due on the fifth of the month."]);
        evidence.push(Evidence { score: 0.9, ..other });
        let text = "When is the rent of the flat due by the lease?";
        let one = ask(text, &evidence);
        let cited = |answer: &Answer| -> BTreeSet<u32> {
            answer.claims.iter().flat_map(|claim| claim.cites.clone()).collect()
        };
        assert_eq!(cited(&one).len(), 1, "{}", one.text);
        let about = Some("When is the rent of the flat due?");
        let named = Question { text, about, evidence: &evidence, ..Question::default() };
        let named = answer(&named);
        assert_eq!(cited(&named), BTreeSet::from([1, 3]), "{}", named.text);
    }

    #[test]
    fn a_question_that_names_documents_is_answered_from_these_or_not_at_all() {
        let evidence = lease();
        let text = "How much is the monthly rent for the flat?";
        let of = |named| Question { text, named, evidence: &evidence, ..Question::default() };
        assert_eq!(answer(&of(Some(&[1]))).claims[0].cites, [1]);
        for named in [&[2][..], &[]] {
            let refused = answer(&of(Some(named)));
            assert!(refused.abstained && refused.quotes.is_empty(), "{}", refused.text);
        }
        let question =
            Question { text: "Does the landlord of the flat pay for the roof?", ..of(Some(&[2])) };
        assert_eq!(answer(&question).claims[0].cites, [2]);
    }

    #[test]
    fn what_is_asked_in_another_language_is_supported_by_words_alone() {
        let evidence = [evidence(1, &["Die Miete beträgt 950 Euro.", "Das Dach ist neu."])];
        let text = "Wie hoch ist die Miete?";
        let known = Question { text, evidence: &evidence, ..Question::default() };
        assert!(answer(&known).abstained, "its cosine is too low for an English question");
        let foreign = answer(&Question { is_foreign: true, ..known });
        assert!(foreign.text.starts_with("Die Miete beträgt 950 Euro."), "{}", foreign.text);
    }

    #[test]
    fn words_alone_answer_where_there_is_no_embedder() {
        let evidence = lease();
        let question = Question {
            text: "How much is the monthly rent?",
            turns: &[],
            evidence: &evidence,
            ..Question::default()
        };
        let mut answerer = QuoteAnswerer::<WordVectors>::without_embedder();
        let answer = answerer.answer(&question, &CancellationToken::new(), &mut |_| {}).unwrap();
        assert!(answer.text.contains("950 euros. [1]"), "{}", answer.text);
        let stopped = CancellationToken::new();
        stopped.cancel();
        assert!(answerer.answer(&question, &stopped, &mut |_| {}).unwrap().stopped);
    }

    #[test]
    fn of_a_very_long_sentence_the_part_with_the_words_is_shown() {
        let row = format!(
            "{}the deposit is three rents {}",
            "filler é ".repeat(200),
            "other ".repeat(200)
        );
        let evidence = [evidence(1, &[row.trim()])];
        let question = Question {
            text: "What is the deposit in rents?",
            turns: &[],
            evidence: &evidence,
            ..Question::default()
        };
        let mut answerer = QuoteAnswerer::<WordVectors>::without_embedder();
        let answer = answerer.answer(&question, &CancellationToken::new(), &mut |_| {}).unwrap();
        assert!(
            answer.text.starts_with("… ") && answer.text.ends_with("other … [1]"),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("the deposit is three rents") && answer.text.len() < 520);
        assert_eq!(evidence[0].text.get(answer.quotes[0].span.clone()), Some(row.trim()));
    }

    #[test]
    fn the_kind_of_question_decides_what_fits() {
        let cue = |question, sentence| Wanted::by(question).cue(sentence);
        assert!(cue("When is it due?", "In March.") > 0.0);
        assert!(cue("When is it due?", "Soon.") < 0.0);
        assert!(cue("When is it due?", "It is 950 euros.").abs() < f32::EPSILON);
        for date in ["By 2031.", "On 3.4. at 9:30.", "On the 2nd.", "Since the 1990s."] {
            assert!(cue("When is it due?", date) > 0.0, "{date}");
        }
        assert!(cue("How many are there?", "There are three.") > 0.0);
        assert!(cue("Who pays?", "Nobody.").abs() < f32::EPSILON);
    }
}
