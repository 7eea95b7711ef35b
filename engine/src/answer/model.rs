//! How does a model's text become an answer that cites?
//!
//! The model reads the evidence and writes; here its text is cleaned while it streams (reasoning folded away, numbers
//! translated to the evidence's own, anything that cites nothing given taken out), cut into claims, and each citation
//! gets the sentences it stands on. Page numbers and quotes come from the evidence, never from the model.

use std::collections::BTreeSet;
use std::ops::Range;

use tokio_util::sync::CancellationToken;

use super::citation::{Piece, pieces};
use super::citing::Citing;
use super::{
    ABSTENTION, Answer, AnswerError, Answerer, Claim, Evidence, Mark, Progress, Question, Quote,
    Turn, Usage,
};
use crate::follow_up::{believed, stands_alone};
use crate::generate::{
    Generate, GenerateError, GenerateProgress, GenerateRequest, Message, Role, Sampling, Stop,
};
use crate::prompt::{self, Budget, Count, Memory, Prompt};
use crate::text::{content_words, normalized, sentence_spans, without_bracketed_numbers};

/// What an answer says when a model's message ended in the middle of its thinking.
const NO_CONCLUSION: &str =
    "The model thought about it and came to no answer: ask again, or choose another model.";

/// Tokens of a question in the model's words at most.
const UNDERSTANDING_TOKENS: usize = 48;

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Tokens of an answer at most; never more than half of the context.
    pub max_tokens: usize,
    /// Tokens of evidence that are read for one question at most.
    pub evidence_tokens: usize,
    pub sampling: Sampling,
}

impl Default for Settings {
    /// 1,200 tokens of evidence are six passages; a small model on two cores reads them in about five seconds.
    fn default() -> Self {
        Self { max_tokens: 512, evidence_tokens: 1200, sampling: Sampling::default() }
    }
}

/// Lets a model answer. Keeps what the model has read of one conversation, so that the next question goes on there.
#[derive(Debug)]
pub struct ModelAnswerer<G> {
    generator: G,
    settings: Settings,
    memory: Memory,
}

impl<G: Generate> ModelAnswerer<G> {
    pub fn new(generator: G, settings: Settings) -> Self {
        Self { generator, settings, memory: Memory::default() }
    }

    /// Lets the next answers be in other words than those of another seed.
    pub fn set_seed(&mut self, seed: u32) {
        self.settings.sampling.seed = seed;
    }

    /// Gives the generator back.
    pub fn into_generator(self) -> G {
        self.generator
    }

    /// A question that goes on from earlier ones, in words that stand alone; none where it stands alone as it is, or where
    /// the model's words can't be believed. Costs a short answer; what the model has read of the conversation stays read.
    pub fn understood(
        &mut self,
        question: &str,
        turns: &[Turn],
        cancel: &CancellationToken,
    ) -> Result<Option<String>, AnswerError> {
        let model = self.generator.model();
        // Who thinks first, or can't go back to where the conversation was, takes too long for this.
        if turns.is_empty() || stands_alone(question) || model.thinks || !model.rewinds {
            return Ok(None);
        }
        let context = model.context;
        let messages = prompt::rewriting(
            &self.memory,
            &Question { text: question, turns, evidence: &[], ..Question::default() },
        );
        if self.generator.count_prompt(&messages)? + UNDERSTANDING_TOKENS >= context {
            return Ok(None);
        }
        let request = GenerateRequest {
            messages,
            max_tokens: UNDERSTANDING_TOKENS,
            citable: Vec::new(),
            sampling: Sampling { temperature: 0.0, ..self.settings.sampling },
        };
        let generation = self.generator.generate(&request, cancel, &mut |_| {})?;
        let is_whole = generation.stop == Stop::End;
        Ok(is_whole.then(|| believed(&generation.text, question, turns)).flatten())
    }

    fn budget(&self) -> (Budget, usize) {
        let model = self.generator.model();
        let context = model.context;
        let answer = self.settings.max_tokens.min(context / 2);
        // What it thinks takes as much again, at most.
        let thinking = if model.thinks { answer.min(context / 4) } else { 0 };
        (
            Budget {
                prompt: context.saturating_sub(answer + thinking),
                evidence: self.settings.evidence_tokens,
            },
            answer,
        )
    }
}

/// Counts with the model itself.
struct ByModel<'a, G>(&'a mut G);

impl<G: Generate> Count for ByModel<'_, G> {
    type Error = GenerateError;

    fn prompt(&mut self, messages: &[Message]) -> Result<usize, GenerateError> {
        self.0.count_prompt(messages)
    }

    fn texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
        self.0.count_texts(texts)
    }
}

impl<G: Generate> Answerer for ModelAnswerer<G> {
    fn name(&self) -> &str {
        &self.generator.model().name
    }

    fn answer(
        &mut self,
        question: &Question<'_>,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answer, AnswerError> {
        // Without evidence a model could only answer from its own memory.
        if question.evidence.is_empty() {
            progress(Progress::Text(ABSTENTION));
            return Ok(Answer::abstention(question.evidence));
        }
        let (budget, max_tokens) = self.budget();
        let prompt =
            prompt::compose(&self.memory, question, budget, &mut ByModel(&mut self.generator))?;
        let request = GenerateRequest {
            messages: prompt.messages.clone(),
            max_tokens,
            citable: prompt.numbers.iter().map(|(number, _)| *number).collect(),
            sampling: self.settings.sampling,
        };
        progress(Progress::Prompt(&prompt.messages));
        let mut stream = Stream::new(&prompt);
        let mut text = String::new();
        let mut whole_told = 0;
        let generation = self.generator.generate(&request, cancel, &mut |told| match told {
            GenerateProgress::Reading { tokens, of } => progress(Progress::Reading { tokens, of }),
            // Whoever runs the model keeps it.
            GenerateProgress::Prefix(_) => {}
            GenerateProgress::Text(piece) => {
                let shown = stream.push(&piece);
                let thought = std::mem::take(&mut stream.thought);
                if !thought.is_empty() {
                    progress(Progress::Thought(&thought));
                }
                if !shown.is_empty() {
                    text.push_str(&shown);
                    let whole = whole_claims(&text, whole_told, question.evidence);
                    for claim in &whole {
                        progress(Progress::Claim(claim));
                    }
                    whole_told += whole.len();
                    progress(Progress::Text(&shown));
                }
            }
        })?;
        let stopped = generation.stop == Stop::Cancelled;
        let mut rest = stream.finish();
        let thought_only = stream.thinking.is_some() && text.is_empty();
        if text.is_empty() && rest.is_empty() && !stopped {
            rest.push_str(if thought_only { NO_CONCLUSION } else { ABSTENTION });
        }
        if !rest.is_empty() {
            progress(Progress::Text(&rest));
            text.push_str(&rest);
        }
        let said = stream.said.trim_end().to_owned();
        let claims = claims(&text, 0, question.evidence);
        let cites = claims.iter().any(|claim| !claim.cites.is_empty());
        let (dropped, shortened) = (prompt.dropped.clone(), prompt.shortened.clone());
        let forgotten = prompt.forgotten;
        // What was stopped is a turn as well, when there is a word of it.
        if !text.is_empty() {
            self.memory.keep(question, prompt, &said, &text);
        }
        Ok(Answer {
            abstained: !cites && !stopped && (thought_only || abstains(&text)),
            quotes: quotes(&claims, question.evidence),
            claims,
            text,
            stopped,
            dropped,
            shortened,
            forgotten,
            usage: Some(Usage {
                prompt_tokens: generation.prompt_tokens,
                read_tokens: generation.read_tokens,
                written_tokens: generation.written_tokens,
                first_token_seconds: generation.first_token_seconds,
                seconds: generation.seconds,
            }),
        })
    }
}

fn abstains(text: &str) -> bool {
    normalized(text).contains(normalized(ABSTENTION).trim_end_matches('.'))
}

/// A model's text on its way to the reader.
#[derive(Debug)]
struct Stream<'a> {
    citing: Citing<'a>,
    /// What may begin or end the model's thinking.
    held: String,
    /// What will end the thinking that the model is in.
    thinking: Option<&'static str>,
    /// What was thought and is not told yet.
    thought: String,
    /// The model's own text, without its thinking.
    said: String,
}

/// What models put around their thinking. Their own tokens for it have become the first pair before.
const THOUGHTS: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
];

impl<'a> Stream<'a> {
    fn new(prompt: &'a Prompt) -> Self {
        let told = prompt.messages.iter().filter(|message| message.role == Role::User);
        let told = told.map(|message| message.content.as_str());
        Self {
            citing: Citing::new(&prompt.numbers, told),
            held: String::new(),
            thinking: None,
            thought: String::new(),
            said: String::new(),
        }
    }

    /// Takes the next piece and gives what can be shown.
    fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let mut shown = String::new();
        loop {
            if let Some(closing) = self.thinking {
                let Some((before, after)) = self.held.split_once(closing) else {
                    let rest = self.held.split_off(begun_at(&self.held, closing));
                    self.thought.push_str(&std::mem::replace(&mut self.held, rest));
                    return shown;
                };
                self.thought.push_str(before);
                self.held = after.to_owned();
                self.thinking = None;
            }
            let first = THOUGHTS
                .iter()
                .filter_map(|(opening, closing)| Some((self.held.find(opening)?, opening, closing)))
                .min();
            let Some((at, opening, closing)) = first else {
                let openings = THOUGHTS.iter().map(|(opening, _)| begun_at(&self.held, opening));
                let ready = openings.min().unwrap_or_default();
                let rest = self.held.split_off(ready);
                let ready = std::mem::replace(&mut self.held, rest);
                shown.push_str(&self.say(&ready));
                return shown;
            };
            let mut after = self.held.split_off(at);
            let before = std::mem::take(&mut self.held);
            shown.push_str(&self.say(&before));
            // A bracket that is open before the thinking could be closed behind it, where nobody watches the number.
            self.citing.cut();
            self.held = after.split_off(opening.len());
            self.thinking = Some(closing);
        }
    }

    /// What was held back at the end.
    fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let mut shown = String::new();
        if self.thinking.is_none() {
            shown.push_str(&self.say(&held));
        }
        shown + &self.citing.finish()
    }

    fn say(&mut self, text: &str) -> String {
        self.said.push_str(if self.said.is_empty() { text.trim_start() } else { text });
        self.citing.push(text)
    }
}

/// Where a beginning of `mark` stands at the end of `text`; the text's length where none does.
fn begun_at(text: &str, mark: &str) -> usize {
    let longest = (1..mark.len())
        .rev()
        .find(|length| mark.get(..*length).is_some_and(|start| text.ends_with(start)));
    text.len() - longest.unwrap_or(0)
}

/// The claims of an answer that is being written from the one with the index `from` on, without the last one: more may
/// come to it.
fn whole_claims(text: &str, from: usize, evidence: &[Evidence]) -> Vec<Claim> {
    let mut sentences = sentences(text, evidence);
    sentences.pop();
    checked(sentences, from, evidence)
}

/// The claims of an answer from the one with the index `from` on.
fn claims(text: &str, from: usize, evidence: &[Evidence]) -> Vec<Claim> {
    checked(sentences(text, evidence), from, evidence)
}

fn checked(sentences: Vec<Stated>, from: usize, evidence: &[Evidence]) -> Vec<Claim> {
    let checked = |Stated { text, cites }| {
        let mark = is_quoted(&text, &cites, evidence).then_some(Mark::Quoted);
        Claim { text, cites, mark, reason: None }
    };
    sentences.into_iter().skip(from).map(checked).collect()
}

/// A sentence of an answer with what it cites.
struct Stated {
    text: String,
    cites: Vec<u32>,
}

/// The sentences of an answer that claim anything.
fn sentences(text: &str, evidence: &[Evidence]) -> Vec<Stated> {
    // A citation belongs to the sentence that ends before it, whether the full stop comes before or after it.
    let mut bare = String::new();
    let mut citations: Vec<(usize, u32)> = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) | Piece::Unfinished(text) => bare.push_str(text),
            Piece::Citation(numbers) => {
                let at = bare.trim_end().len();
                if matches!(text_after(&bare, at), Some("" | " ")) {
                    bare.truncate(at);
                }
                let given = |number: &u32| evidence.iter().any(|evidence| evidence.n == *number);
                citations.extend(numbers.into_iter().filter(given).map(|number| (at, number)));
            }
        }
    }
    let spans = sentence_spans(&bare);
    let mut sentences = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let next = spans.get(index + 1).map_or(usize::MAX, |next| next.start);
        let first = if index == 0 { 0 } else { span.start + 1 };
        let cites: BTreeSet<u32> = citations
            .iter()
            .filter(|(at, _)| (first..=next).contains(at))
            .map(|(_, number)| *number)
            .collect();
        let sentence = bare.get(span.clone()).unwrap_or_default();
        let sentence = sentence.trim_start_matches(['-', '*', '•', ' ', '>']).trim();
        if !sentence.chars().any(char::is_alphanumeric) || sentence.starts_with('#') {
            continue;
        }
        let cites = cites.into_iter().collect();
        sentences.push(Stated { text: sentence.to_owned(), cites });
    }
    sentences
}

fn text_after(text: &str, at: usize) -> Option<&str> {
    text.get(at..)
}

/// Whether `claim` stands word for word in one of the passages it cites. Very short claims stand anywhere by chance.
fn is_quoted(claim: &str, cites: &[u32], evidence: &[Evidence]) -> bool {
    let bare = |text: &str| normalized(&without_bracketed_numbers(text));
    let claim = bare(claim);
    let claim = claim.trim_matches(|letter: char| {
        !letter.is_alphanumeric() && !matches!(letter, '(' | ')' | '%')
    });
    claim.split(' ').count() >= 3
        && evidence.iter().filter(|evidence| cites.contains(&evidence.n)).any(|evidence| {
            let text = bare(&evidence.text);
            text.match_indices(claim).any(|(at, found)| {
                let outside =
                    |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                outside(before)
                    && outside(text.get(at + found.len()..).and_then(|after| after.chars().next()))
            })
        })
}

/// For each citation the sentence that fits its claim best, and a second one where the first leaves out much of what the
/// second has.
fn quotes(claims: &[Claim], evidence: &[Evidence]) -> Vec<Quote> {
    /// The share of a claim's words that only a second sentence has, from which it is quoted too.
    const SECOND: f32 = 0.25;
    let mut quotes: Vec<Quote> = Vec::new();
    for claim in claims {
        let words: BTreeSet<String> = content_words(&claim.text).into_iter().collect();
        for evidence in evidence.iter().filter(|evidence| claim.cites.contains(&evidence.n)) {
            let mut missing = words.clone();
            let mut first = true;
            while let Some((span, found)) = best_sentence(evidence, &missing) {
                #[expect(clippy::cast_precision_loss, reason = "a sentence has few words")]
                let share = found.len() as f32 / words.len().max(1) as f32;
                if !first && share < SECOND {
                    break;
                }
                missing.retain(|word| !found.contains(word));
                let quote = Quote { n: evidence.n, span };
                if !quotes.contains(&quote) {
                    quotes.push(quote);
                }
                if !std::mem::replace(&mut first, false) {
                    break;
                }
            }
        }
    }
    quotes
}

/// The sentence of a passage with most of `words`, the shortest of several, and the words it has.
fn best_sentence(
    evidence: &Evidence,
    words: &BTreeSet<String>,
) -> Option<(Range<usize>, BTreeSet<String>)> {
    prompt::spans(evidence)
        .into_iter()
        .filter_map(|span| {
            let text = evidence.text.get(span.clone())?;
            let start = span.start + (text.len() - text.trim_start().len());
            let found = content_words(text)
                .into_iter()
                .filter(|word| words.contains(word))
                .collect::<BTreeSet<_>>();
            let span = start..start + text.trim().len();
            (!span.is_empty()).then_some((span, found))
        })
        .rev()
        .max_by_key(|(span, found)| (found.len(), std::cmp::Reverse(span.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Sentence;
    use crate::generate::{Generation, ModelInfo};

    /// Says what it was told to, a few letters at a time, and keeps what it was asked.
    struct Scripted {
        info: ModelInfo,
        replies: Vec<String>,
        asked: Vec<GenerateRequest>,
    }

    fn scripted(replies: &[&str]) -> ModelAnswerer<Scripted> {
        let info = ModelInfo {
            name: "Scripted".into(),
            path: "model.gguf".into(),
            context: 4096,
            trained_context: None,
            parameters: 1,
            quantization: None,
            thinks: false,
            rewinds: true,
            caveats: vec![],
        };
        let replies = replies.iter().rev().map(|reply| (*reply).to_owned()).collect();
        ModelAnswerer::new(Scripted { info, replies, asked: Vec::new() }, Settings::default())
    }

    impl Generate for Scripted {
        fn model(&self) -> &ModelInfo {
            &self.info
        }

        fn count_prompt(&mut self, messages: &[Message]) -> Result<usize, GenerateError> {
            Ok(messages.iter().map(|message| message.content.split_whitespace().count() + 4).sum())
        }

        fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
            Ok(texts.iter().map(|text| text.split_whitespace().count()).collect())
        }

        fn generate(
            &mut self,
            request: &GenerateRequest,
            cancel: &CancellationToken,
            progress: &mut dyn FnMut(GenerateProgress),
        ) -> Result<Generation, GenerateError> {
            self.asked.push(request.clone());
            let reply = self.replies.pop().unwrap();
            let mut text = String::new();
            let letters: Vec<char> = reply.chars().collect();
            for piece in letters.chunks(3) {
                if cancel.is_cancelled() {
                    break;
                }
                let piece: String = piece.iter().collect();
                text.push_str(&piece);
                progress(GenerateProgress::Text(piece));
            }
            let stop = if cancel.is_cancelled() { Stop::Cancelled } else { Stop::End };
            Ok(Generation {
                text,
                stop,
                prompt_tokens: 10,
                read_tokens: 10,
                written_tokens: 5,
                first_token_seconds: 0.1,
                seconds: 0.2,
            })
        }
    }

    fn evidence() -> Vec<Evidence> {
        let make = |n, sentences: &[&str]| {
            let text = sentences.join(" ");
            let spans = sentences.iter().map(|sentence| {
                let start = text.find(sentence).unwrap();
                Sentence { span: start..start + sentence.len(), score: 0.5 }
            });
            let sentences = spans.collect();
            Evidence {
                n,
                title: "Lease".into(),
                place: "p. 2".into(),
                headings: vec![],
                sentences,
                text,
                before: String::new(),
                after: String::new(),
                score: 0.9,
            }
        };
        vec![
            make(1, &["The rent is 950 euros a month.", "It is due on the first day."]),
            make(2, &["Dogs need a written consent [4].", "Cats are free."]),
        ]
    }

    fn answer(
        answerer: &mut ModelAnswerer<Scripted>,
        text: &str,
        turns: &[Turn],
        evidence: &[Evidence],
    ) -> Answer {
        let mut told = String::new();
        let answer = answerer
            .answer(
                &Question { text, turns, evidence, ..Question::default() },
                &CancellationToken::new(),
                &mut |progress| {
                    if let Progress::Text(text) = progress {
                        told.push_str(text);
                    }
                },
            )
            .unwrap();
        assert_eq!(told, answer.text);
        answer
    }

    #[track_caller]
    fn check(reply: &str, text: &str, claims: &[(&str, &[u32], bool)]) -> Answer {
        let answer = answer(&mut scripted(&[reply]), "What is the rent?", &[], &evidence());
        assert_eq!(answer.text, text);
        let found: Vec<(&str, &[u32], bool)> = answer
            .claims
            .iter()
            .map(|claim| {
                (claim.text.as_str(), claim.cites.as_slice(), claim.mark == Some(Mark::Quoted))
            })
            .collect();
        assert_eq!(found, claims);
        answer
    }

    #[test]
    fn claims_carry_their_citations_wherever_the_full_stop_is() {
        check(
            "The rent is 950 euros a month [1]. Dogs need consent. [2] So do parrots.",
            "The rent is 950 euros a month [1]. Dogs need consent. [2] So do parrots.",
            &[
                ("The rent is 950 euros a month.", &[1], true),
                ("Dogs need consent.", &[2], false),
                ("So do parrots.", &[], false),
            ],
        );
        check(
            "- Cats are free [2][1]\n- Dr. A. Bell pays approx. 3.5 euros [1]\n",
            "- Cats are free [2][1]\n- Dr. A. Bell pays approx. 3.5 euros [1]",
            &[
                ("Cats are free", &[1, 2], true),
                ("Dr. A. Bell pays approx. 3.5 euros", &[1], false),
            ],
        );
    }

    #[test]
    fn citations_are_repaired_and_none_names_what_was_not_given() {
        check(
            "It is 950 [1, 2] and more [3] or [1-2].",
            "It is 950 [1][2] and more or [1][2].",
            &[("It is 950 and more or.", &[1, 2], false)],
        );
        check("It is [sic] 950 [1", "It is [sic] 950", &[("It is [sic] 950", &[], false)]);
    }

    #[test]
    fn reasoning_is_folded_away() {
        let text = "The rent is 950 euros a month [1].";
        let claims: &[(&str, &[u32], bool)] = &[("The rent is 950 euros a month.", &[1], true)];
        check(&format!("<think>\nLet me see [2].\n</think>\n\n{text}\n"), text, claims);
        check(&format!("<think></think>{text}"), text, claims);
        check(&format!("<thinking>[1]</thinking>{text}"), text, claims);
        check(&format!("<think>a</think>{text}<thought>b</thought>"), text, claims);
        let nothing = check("<think>and so on", NO_CONCLUSION, &[(NO_CONCLUSION, &[], false)]);
        assert!(nothing.abstained);
        check("a <thin b", "a <thin b", &[("a <thin b", &[], false)]);
    }

    #[test]
    fn quotes_are_the_sentences_that_fit() {
        let evidence = evidence();
        let answer = check(
            "The rent of 950 euros is due on the first day [1]. Cats are free [2].",
            "The rent of 950 euros is due on the first day [1]. Cats are free [2].",
            &[
                ("The rent of 950 euros is due on the first day.", &[1], false),
                ("Cats are free.", &[2], true),
            ],
        );
        let quoted: Vec<(u32, &str)> = answer
            .quotes
            .iter()
            .map(|quote| {
                (quote.n, evidence[quote.n as usize - 1].text.get(quote.span.clone()).unwrap())
            })
            .collect();
        assert_eq!(
            quoted,
            [
                (1, "It is due on the first day."),
                (1, "The rent is 950 euros a month."),
                (2, "Cats are free.")
            ]
        );
    }

    #[test]
    fn a_model_that_finds_nothing_abstains() {
        assert!(check(ABSTENTION, ABSTENTION, &[(ABSTENTION, &[], false)]).abstained);
        assert!(check("", ABSTENTION, &[(ABSTENTION, &[], false)]).abstained);
        let mut unasked = scripted(&[]);
        let answer = answer(&mut unasked, "What?", &[], &[]);
        assert!(answer.abstained && unasked.into_generator().asked.is_empty());
    }

    #[test]
    fn a_conversation_goes_on_word_for_word_with_numbers_of_its_own() {
        let mut answerer = scripted(&[
            "The rent is 950 euros a month [1].",
            "Cats are free [4]. See [2] and [3].",
        ]);
        let evidence = evidence();
        let first = answer(&mut answerer, "What is the rent?", &[], &evidence);
        let turns = [Turn { question: "What is the rent?".into(), answer: first.text }];
        let mut again = vec![evidence[1].clone(), evidence[0].clone()];
        again[0].n = 1;
        again[1].n = 2;
        again[1].text = "Cats live here too.".into();
        again[1].sentences.clear();
        let second = answer(&mut answerer, "And cats?", &turns, &again);
        // The passage that stands above keeps its number 2, and the new one, the second here, has 4.
        assert_eq!(second.text, "Cats are free [2]. See [1] and.");
        let asked = answerer.into_generator().asked;
        assert_eq!(asked[1].messages[..2], asked[0].messages);
        assert_eq!(asked[1].messages[2].content, "The rent is 950 euros a month [1].");
        let last = &asked[1].messages[3].content;
        assert!(
            last.contains("[4] Lease, p. 2\nCats live here too.")
                && last.contains("See also [2] above."),
            "{last}"
        );
        assert_eq!(asked[1].citable, [2, 4]);
        assert!(asked[0].messages[1].content.contains("Dogs need a written consent (4)."));
    }

    #[test]
    fn a_follow_up_is_put_into_words_that_stand_alone() {
        let evidence = evidence();
        let mut answerer = scripted(&[
            "The rent is 950 euros a month [1].",
            "What is the monthly rent of the cellar?",
            "Cats are free, and the moon is green.",
        ]);
        let first = answer(&mut answerer, "What is the monthly rent?", &[], &evidence);
        let turns = [Turn { question: "What is the monthly rent?".into(), answer: first.text }];
        let mut understood = |question: &str, turns: &[Turn]| {
            answerer.understood(question, turns, &CancellationToken::new()).unwrap()
        };
        let full = "What is the monthly rent of the cellar?";
        assert_eq!(understood("And of the cellar?", &turns).as_deref(), Some(full));
        assert_eq!(understood("And of the cellar?", &turns), None, "these are not its words");
        assert_eq!(understood("Who repairs the roof?", &turns), None);
        assert_eq!(understood("Why?", &[]), None);
        let asked = answerer.into_generator().asked;
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[1].messages[..2], asked[0].messages);
        assert!(asked[1].citable.is_empty());
    }

    /// What is told of a claim comes with the text that ends it: nobody sees the words of the next one before.
    #[test]
    fn a_claim_is_told_before_the_next_one_begins() {
        let said = "Here it is:\n\n- The rent is 950 euros a month [1].\n- It is due on the first day. [1] Cats cost nothing [2].";
        let mut answerer = scripted(&[said]);
        let evidence = evidence();
        let question =
            Question { text: "What is the rent?", evidence: &evidence, ..Question::default() };
        let (mut told, mut claims) = (String::new(), Vec::new());
        let answer = answerer
            .answer(&question, &CancellationToken::new(), &mut |progress| match progress {
                Progress::Text(text) => told.push_str(text),
                Progress::Claim(claim) => claims.push((told.clone(), claim.clone())),
                _ => {}
            })
            .unwrap();
        assert_eq!(told, answer.text);
        let marks: Vec<_> = answer.claims.iter().map(|claim| claim.mark).collect();
        assert_eq!(marks, [None, Some(Mark::Quoted), Some(Mark::Quoted), None]);
        // The last one is whole at the end.
        let in_time: Vec<Claim> = claims.iter().map(|(_, claim)| claim.clone()).collect();
        assert_eq!(in_time, answer.claims[..3]);
        for ((told, claim), next) in claims.iter().zip(&answer.claims[1..]) {
            let begin = next.text.split(' ').take(2).collect::<Vec<_>>().join(" ");
            assert!(!told.contains(&begin), "{claim:?} came after {told:?}");
        }
    }

    #[test]
    fn a_stop_keeps_the_part_that_is_there() {
        let mut answerer = scripted(&["The rent is 950 euros a month [1]. And so on and on."]);
        let cancel = CancellationToken::new();
        let evidence = evidence();
        let question = Question {
            text: "What is the rent?",
            turns: &[],
            evidence: &evidence,
            ..Question::default()
        };
        let mut told = String::new();
        let answer = answerer
            .answer(&question, &cancel, &mut |progress| {
                if let Progress::Text(text) = progress {
                    told.push_str(text);
                    if told.len() > 36 {
                        cancel.cancel();
                    }
                }
            })
            .unwrap();
        assert!(answer.stopped && !answer.abstained);
        assert_eq!(
            (answer.text.as_str(), answer.claims[0].cites.as_slice()),
            (told.as_str(), &[1][..])
        );
    }

    #[test]
    fn the_prompt_and_the_reasoning_are_told_beside_the_answer() {
        let mut answerer =
            scripted(&["<think>\nLet me see [2].</think>The rent is 950 euros [1]."]);
        let evidence = evidence();
        let question =
            Question { text: "What is the rent?", evidence: &evidence, ..Question::default() };
        let (mut thought, mut prompts) = (String::new(), Vec::new());
        answerer
            .answer(&question, &CancellationToken::new(), &mut |progress| match progress {
                Progress::Thought(piece) => thought.push_str(piece),
                Progress::Prompt(messages) => prompts.push(messages.to_vec()),
                Progress::Reading { .. } | Progress::Text(_) | Progress::Claim(_) => {}
            })
            .unwrap();
        assert_eq!(thought, "\nLet me see [2].");
        assert_eq!(prompts, [answerer.into_generator().asked[0].messages.clone()]);
    }

    #[test]
    fn reasoning_inside_brackets_makes_no_citation() {
        let mut prompt = Prompt::default();
        prompt.numbers.push((1, 1));
        let mut stream = Stream::new(&prompt);
        let shown = stream.push("It is so [<think>x</think>9] and [1].") + &stream.finish();
        assert!(!shown.contains("[9]"), "{shown}");
        assert!(shown.contains("[1]"), "{shown}");
    }
}
