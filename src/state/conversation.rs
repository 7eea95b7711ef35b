//! Which questions and answers are on the screen?

use docent_engine::answer::{self as engine, Claim};
use docent_index::store::{FoundConversation, Head};

use super::effect::{Effect, Run};
use super::input::Input;
use super::library::Stage;
use super::message::{AnswerReport, SavedTurn};
use super::scroll::{Anchor, Scroll};
use super::why::{Chosen, KeptWhy, Prompt, Why};
use crate::json::{Answered, Citation, Hit};

/// The conversations of this home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    /// The latest first.
    pub heads: Vec<Head>,
    pub selected: usize,
    /// Those that were deleted and can be brought back, the last one at the end.
    pub deleted: Vec<Head>,
    /// How many changes of the list were ordered: what it was before the last one is not shown again.
    pub(super) changes: u64,
    pub search: Search,
    /// The conversation that is being opened because something was found in it, and the words that were looked for.
    pub(super) going: Option<(i64, String)>,
}

/// What conversations are searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// All of its words occur in what is found.
    pub input: Input,
    /// It is being typed.
    pub is_finding: bool,
    /// The latest first; none before something was looked for.
    pub found: Option<Vec<FoundConversation>>,
    /// The number of what was looked for last, and of what was found last.
    pub(super) asked: u64,
    pub(super) told: u64,
    /// What is found first is to be opened: Enter came before it did.
    pub(super) opens: bool,
}

/// The conversation that is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// None before its first turn is kept.
    pub id: Option<i64>,
    pub turns: Vec<Turn>,
    /// The turn whose sources are shown; the last one otherwise.
    pub selected: Option<usize>,
    pub scroll: Scroll,
    /// The words, in small letters, for which it was opened.
    pub sought: Vec<String>,
    /// What stays among the sources of its next questions, and what is left out of them.
    pub chosen: Chosen,
    /// The last turn as it was before its question was asked again; it comes back when there is no other answer.
    pub replaced: Option<Box<Turn>>,
}

/// A question with what has come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Never two of the same in one run of the program: by it a frame knows a turn that it has drawn before.
    pub serial: u64,
    pub question: String,
    /// Seconds since 1970.
    pub asked_at: i64,
    /// Best first, numbered from 1.
    pub hits: Vec<Hit>,
    pub in_scope: u64,
    pub unread_documents: u64,
    pub answer: Answering,
    /// What the model thought before it answered; empty where it told nothing. Known until docent ends.
    pub thought: String,
    /// Whether that is shown.
    pub is_thought_shown: bool,
    /// How the hits were found, and what the model was told.
    pub why: Option<Box<Why>>,
    pub prompt: Prompt,
    /// Both as they were written down, before anybody has asked for them.
    pub kept_why: Option<String>,
    /// What was being done to the library when its passages were found, where that was not all of it yet. Known until docent
    /// ends.
    pub meanwhile: Option<Stage>,
    /// How often its question was answered again.
    pub times: u32,
}

/// How far an answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Answering {
    Searching(Run),
    /// The passages are there, the model reads them.
    Reading {
        run: Run,
        tokens: usize,
        of: usize,
    },
    Writing {
        run: Run,
        text: String,
        /// Those of its claims that are whole.
        claims: Vec<Claim>,
    },
    /// Ended, or stopped with a part.
    Done(Box<Answered>),
    /// Stopped or failed before there was anything.
    Nothing {
        reason: String,
    },
}

impl Conversations {
    /// Those that are shown: what was found, or all, each with the stretch of text that was found in it.
    pub fn shown(&self) -> Vec<(&Head, Option<&str>)> {
        match &self.search.found {
            Some(found) => {
                found.iter().map(|found| (&found.head, found.excerpt.as_deref())).collect()
            }
            None => self.heads.iter().map(|head| (head, None)).collect(),
        }
    }

    /// The one that is chosen.
    pub fn chosen(&self) -> Option<&Head> {
        self.shown().get(self.selected).map(|(head, _)| *head)
    }

    /// Keeps the chosen row on a row.
    pub(super) fn clamp(&mut self) {
        self.selected = self.selected.min(self.shown().len().saturating_sub(1));
    }
}

impl Turn {
    /// A question whose passages are being searched.
    pub(super) fn asked(serial: u64, question: String, asked_at: i64, run: Run) -> Self {
        Self {
            serial,
            question,
            asked_at,
            hits: Vec::new(),
            in_scope: 0,
            unread_documents: 0,
            answer: Answering::Searching(run),
            thought: String::new(),
            is_thought_shown: false,
            why: None,
            prompt: Vec::new(),
            kept_why: None,
            meanwhile: None,
            times: 0,
        }
    }

    pub fn from_saved(serial: u64, saved: SavedTurn) -> Self {
        let SavedTurn { asked_at, answered, why } = saved;
        Self {
            serial,
            question: answered.question.clone(),
            asked_at,
            hits: answered.hits.clone(),
            in_scope: answered.read.in_scope,
            unread_documents: answered.read.unread_documents,
            answer: Answering::Done(Box::new(answered)),
            thought: String::new(),
            is_thought_shown: false,
            why: None,
            prompt: Vec::new(),
            kept_why: why,
            meanwhile: None,
            times: 0,
        }
    }

    /// Reads how it came about, where that is written down.
    pub(super) fn explain(&mut self) {
        // What a newer docent has written may be another thing.
        let kept = self.kept_why.take().and_then(|kept| serde_json::from_str(&kept).ok());
        if let Some(KeptWhy { why, prompt }) = kept {
            self.why = Some(Box::new(why));
            self.prompt = prompt;
        }
    }

    /// The run that works on it.
    pub fn run(&self) -> Option<Run> {
        match self.answer {
            Answering::Searching(run)
            | Answering::Reading { run, .. }
            | Answering::Writing { run, .. } => Some(run),
            Answering::Done(_) | Answering::Nothing { .. } => None,
        }
    }

    /// The answer's text as far as it is there.
    pub fn text(&self) -> &str {
        match &self.answer {
            Answering::Writing { text, .. } => text,
            Answering::Done(answered) => &answered.answer,
            Answering::Searching(_) | Answering::Reading { .. } | Answering::Nothing { .. } => "",
        }
    }

    /// What is known of the claims of the answer as far as it is there.
    pub fn claims(&self) -> &[Claim] {
        match &self.answer {
            Answering::Writing { claims, .. } => claims,
            Answering::Done(answered) => &answered.claims,
            Answering::Searching(_) | Answering::Reading { .. } | Answering::Nothing { .. } => &[],
        }
    }

    pub fn answered(&self) -> Option<&Answered> {
        match &self.answer {
            Answering::Done(answered) => Some(answered),
            _ => None,
        }
    }

    /// The citation with a number.
    pub fn citation(&self, n: u32) -> Option<&Citation> {
        self.answered()?.citations.iter().find(|citation| citation.hit.n == n)
    }

    /// The numbers that the answer cites as far as it is there, each where it is cited first.
    pub fn cited(&self) -> Vec<u32> {
        let mut cited = Vec::new();
        for bracket in self.text().split('[').skip(1) {
            let number = bracket.split_once(']').and_then(|(number, _)| number.parse().ok());
            let number = number.filter(|number| self.hits.iter().any(|hit| hit.n == *number));
            cited.extend(number.filter(|number| !cited.contains(number)));
        }
        cited
    }

    /// What is marked in a hit: the quote that the answer cites, else the sentences that fit the question best. In bytes.
    pub fn highlights(&self, hit: &Hit) -> Vec<(usize, usize)> {
        let quoted = self.citation(hit.n).and_then(|citation| {
            let start = hit.text.find(&citation.quote)?;
            Some((start, start + citation.quote.len()))
        });
        quoted.map_or_else(|| hit.highlights.clone(), |quoted| vec![quoted])
    }

    /// Takes over what work reports; the end of a run comes by [`Conversation::report`].
    fn progress(&mut self, run: Run, report: AnswerReport) {
        match report {
            AnswerReport::Found { hits, in_scope, unread_documents } => {
                self.hits = hits;
                self.in_scope = in_scope;
                self.unread_documents = unread_documents;
                self.answer = Answering::Reading { run, tokens: 0, of: 0 };
            }
            AnswerReport::Why(why) => self.why = Some(why),
            AnswerReport::Prompt(prompt) => self.prompt = prompt,
            AnswerReport::Thought(piece) => self.thought.push_str(&piece),
            AnswerReport::Reading { tokens, of } => {
                self.answer = Answering::Reading { run, tokens, of };
            }
            AnswerReport::Text(piece) => match &mut self.answer {
                Answering::Writing { text, .. } => text.push_str(&piece),
                answer => *answer = Answering::Writing { run, text: piece, claims: Vec::new() },
            },
            AnswerReport::Claim(claim) => match &mut self.answer {
                Answering::Writing { claims, .. } => claims.push(claim),
                answer => {
                    let (text, claims) = (String::new(), vec![claim]);
                    *answer = Answering::Writing { run, text, claims };
                }
            },
            AnswerReport::Ended { answered, .. } => {
                self.hits.clone_from(&answered.hits);
                self.answer = Answering::Done(answered);
            }
            AnswerReport::Failed(notice) => {
                self.answer = Answering::Nothing { reason: notice.text };
            }
        }
    }
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            id: None,
            turns: Vec::new(),
            selected: None,
            scroll: Scroll::END,
            sought: Vec::new(),
            chosen: Chosen::default(),
            replaced: None,
        }
    }
}

impl Conversation {
    /// Goes to the first of the turns that have most of the words; stays at the end where none has any.
    pub(super) fn go_to_words(&mut self, words: &str) {
        let sought: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let held = |turn: &Turn| {
            let said = format!("{}\n{}", turn.question, turn.text()).to_lowercase();
            sought.iter().filter(|word| said.contains(*word)).count()
        };
        let counts = self.turns.iter().map(held).enumerate();
        let best = counts.rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0);
        let Some((index, _)) = best else { return };
        self.selected = (index + 1 < self.turns.len()).then_some(index);
        self.scroll = Scroll::to(Anchor::Mark(index));
        self.sought = sought;
    }

    /// The run in work.
    pub fn run(&self) -> Option<Run> {
        self.turns.last().and_then(Turn::run)
    }

    /// The turn whose sources are shown.
    pub fn current(&self) -> Option<&Turn> {
        match self.selected {
            Some(index) => self.turns.get(index),
            None => self.turns.last(),
        }
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Turn> {
        match self.selected {
            Some(index) => self.turns.get_mut(index),
            None => self.turns.last_mut(),
        }
    }

    /// Takes over a report of `run`; false when that run is over.
    pub(super) fn report(&mut self, run: Run, report: AnswerReport) -> bool {
        let Some(turn) = self.turns.last_mut().filter(|turn| turn.run() == Some(run)) else {
            return false;
        };
        if let AnswerReport::Ended { conversation, .. } = &report {
            self.id = self.id.or(*conversation);
        }
        let is_failed = matches!(report, AnswerReport::Failed(_));
        let is_ended = is_failed || matches!(report, AnswerReport::Ended { .. });
        turn.progress(run, report);
        if let Some(before) = self.replaced.take_if(|_| is_ended)
            && is_failed
        {
            self.turns.pop();
            self.turns.push(*before);
        }
        true
    }

    /// Whether something of the last answer is there while it goes on.
    pub(super) fn is_written(&self) -> bool {
        let last = self.turns.last().map(|turn| &turn.answer);
        matches!(last, Some(Answering::Writing { text, .. }) if !text.is_empty())
    }

    /// Whether the last question was taken with what came before it.
    pub fn goes_on(&self) -> bool {
        let last = self.turns.last().and_then(Turn::answered);
        last.is_some_and(|answered| answered.understood.is_some())
    }

    /// What a model is told of what was said before.
    pub(super) fn past(&self) -> Vec<engine::Turn> {
        self.turns
            .iter()
            .filter_map(Turn::answered)
            .filter(|answered| !answered.abstained)
            .map(|answered| engine::Turn {
                question: answered.question.clone(),
                answer: answered.without_citations(),
            })
            .collect()
    }

    /// Whether a hit stays among the sources of the next questions.
    pub fn is_pinned(&self, hit: &Hit) -> bool {
        self.chosen.pinned.iter().any(|passage| passage.is(hit))
    }

    /// Whether a hit is left out of the next questions.
    pub fn is_excluded(&self, hit: &Hit) -> bool {
        self.chosen.excluded.iter().any(|passage| passage.is(hit))
    }

    /// Has kept which passages are chosen, where there is a conversation to keep them with.
    pub(super) fn kept_passages(&self) -> Option<Effect> {
        let chosen = self.chosen.clone();
        self.id.map(|conversation| Effect::KeepPassages { conversation, chosen })
    }

    /// The answers that can be exported.
    pub fn answers(&self) -> Vec<Answered> {
        self.turns.iter().filter_map(Turn::answered).cloned().collect()
    }
}
