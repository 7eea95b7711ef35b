//! How does a model come to answer?
//!
//! This thread owns the model's child, which the kernel ends with the thread that started it. A child that dies costs the
//! rest of one answer: what it wrote is kept, and the file is loaded again at the next question.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use docent_engine::answer::Turn;
use docent_engine::answer::model::{ModelAnswerer, Settings};
use docent_engine::generate::{
    Generate, GenerateError, GenerateProgress, GenerateRequest, Generation, Message as Said,
    ModelInfo, Stop,
};
use tokio_util::sync::CancellationToken;

use super::answering::{self, Searched, Telling, stopped};
use super::inbox::Inbox;
use super::pulse::Throttle;
use super::thread::{guarded, mistake};
use super::{Orders, Setting};
use crate::answer::{self, Asked};
use crate::child::model::{LoadError, ModelProcess};
use crate::error::Failure;
use crate::follow_up::Understanding;
use crate::json::Answered;
use crate::state::effect::Passage;
use crate::state::message::{AnswerReport, Message, ModelReport};
use crate::state::model::Loaded;
use crate::state::notice::Notice;
use crate::{fs, loading, models};

/// How often it is told how much of a file is loaded.
const LOADING_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) enum Order {
    /// Takes the place of the model that is loaded. When `cancel` is, another order follows.
    Load {
        path: PathBuf,
        cancel: CancellationToken,
    },
    Unload,
    Answer(Box<Searched>),
    Finish,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Speaker {
    setting: Arc<Setting>,
    inbox: Inbox,
    orders: Orders,
    /// Whether questions come here.
    has_model: Arc<AtomicBool>,
    model: Option<Chosen>,
}

/// The model that answers.
#[derive(Debug)]
struct Chosen {
    loaded: Loaded,
    /// None when its child has died.
    speaking: Option<Speaking<ModelProcess>>,
}

/// A model with the conversation that it is in.
#[derive(Debug)]
struct Speaking<G> {
    answerer: ModelAnswerer<Surviving<G>>,
    fate: Fate,
    /// The conversation that the model has in mind.
    known: Vec<Known>,
    /// What was left out of it.
    excluded: Vec<Passage>,
    /// As it was chosen.
    seed: u32,
}

/// A turn of the conversation that a model has in mind.
#[derive(Debug)]
struct Known {
    /// As the screen tells it: without citations, and not at all where there was no answer.
    told: Option<Turn>,
    /// As the answerer remembers it, which knows its own when it is told them word for word.
    remembered: Turn,
}

impl Speaker {
    pub(super) fn new(
        setting: Arc<Setting>,
        inbox: Inbox,
        orders: Orders,
        has_model: Arc<AtomicBool>,
    ) -> Self {
        Self { setting, inbox, orders, has_model, model: None }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        let inbox = self.inbox.clone();
        for order in orders {
            match order {
                // Another choice was made while this one waited.
                Order::Load { cancel, .. } if cancel.is_cancelled() => {}
                Order::Load { path, cancel } => {
                    if guarded(&inbox, "loading the model", || self.choose(path, &cancel)).is_none()
                    {
                        self.forget();
                    }
                }
                Order::Unload => {
                    self.forget();
                    inbox.tell(Message::Model(ModelReport::Unloaded));
                }
                Order::Answer(searched) => {
                    let (run, doing) = (searched.job.running.run, "answering");
                    if guarded(&inbox, doing, || self.answer(*searched)).is_none() {
                        if let Some(model) = &mut self.model {
                            model.speaking = None;
                        }
                        let failed = AnswerReport::Failed(mistake(doing));
                        inbox.tell(Message::Answering(run, failed));
                    }
                }
                Order::Finish => break,
            }
        }
    }

    /// Ends the model's child; quotes answer from now on.
    fn forget(&mut self) {
        self.has_model.store(false, Ordering::Release);
        self.model = None;
    }

    fn choose(&mut self, path: PathBuf, cancel: &CancellationToken) {
        // Two models at a time may not fit into the memory.
        self.forget();
        match self.load(&path, cancel) {
            Ok((loaded, speaking)) => {
                self.model = Some(Chosen { loaded: loaded.clone(), speaking: Some(speaking) });
                self.has_model.store(true, Ordering::Release);
                self.inbox.tell(Message::Model(ModelReport::Loaded(loaded)));
            }
            Err(failure) => {
                if !cancel.is_cancelled() {
                    let report = ModelReport::Refused { path, reason: failure.on_screen() };
                    self.inbox.tell(Message::Model(report));
                }
            }
        }
    }

    fn load(
        &self,
        path: &std::path::Path,
        cancel: &CancellationToken,
    ) -> Result<(Loaded, Speaking<ModelProcess>), Failure> {
        let mut throttle = Throttle::new(LOADING_EVERY);
        let mut tell = |share| {
            if throttle.passes(Instant::now()) {
                let report = ModelReport::Loading { path: path.to_owned(), share };
                self.inbox.tell(Message::Model(report));
            }
        };
        tell(0.0);
        // Says so in words where it is gone; what is loaded has the name that its other parts go by.
        fs::canonical(path)?;
        let Setting { running, home, .. } = &*self.setting;
        if let Some(warning) = models::too_large(path, running.context) {
            self.inbox.tell(Message::Notice(Notice::note(warning.as_str())));
        }
        let process =
            loading::model(path, running, home, cancel, &mut tell).map_err(
                |error| match error {
                    LoadError::Stopped { .. } => Failure::interrupted(),
                    error => error.into(),
                },
            )?;
        let info = process.model();
        for caveat in &info.caveats {
            self.inbox.tell(Message::Notice(Notice::note(caveat.as_str())));
        }
        let (name, context) = (info.name.clone(), info.context);
        let loaded = Loaded { path: path.to_owned(), name, context };
        Ok((loaded, Speaking::new(process, running.answers())))
    }

    fn answer(&mut self, searched: Searched) {
        let mut again = true;
        loop {
            match self.ready(&searched) {
                Ok(true) => {}
                Ok(false) => return self.quote(searched),
                Err(failure) => return searched.job.fail_by(&self.inbox, &failure),
            }
            let Some(speaking) = self.model.as_mut().and_then(|model| model.speaking.as_mut())
            else {
                return self.quote(searched);
            };
            let text = speaking.understood(&searched);
            let is_gone = matches!(speaking.fate.take(), Some(GenerateError::Gone { .. }));
            if is_gone {
                if let Some(model) = &mut self.model {
                    model.speaking = None;
                }
                if searched.job.is_stopped() {
                    return searched.job.fail(&self.inbox, stopped());
                }
                if std::mem::take(&mut again) {
                    continue;
                }
                return self.quote(searched);
            }
            if searched.job.is_stopped() {
                return searched.job.fail(&self.inbox, stopped());
            }
            if let Some(text) = text {
                return self.search_again(searched, text);
            }
            let mut telling = Telling::new(&self.inbox, searched.job.running.run);
            let answered = speaking.answer(&searched, &mut telling);
            telling.flush();
            let (begun, prompt) = (telling.begun, std::mem::take(&mut telling.prompt));
            let fault = speaking.fate.take();
            let is_gone = matches!(fault, Some(GenerateError::Gone { .. }));
            if is_gone && let Some(model) = &mut self.model {
                model.speaking = None;
                // It died while nobody spoke to it: nothing of this question is lost yet.
                if !begun && std::mem::take(&mut again) && !searched.job.is_stopped() {
                    continue;
                }
            }
            let Searched { mut job, .. } = searched;
            if let Some(why) = &mut job.why {
                why.prompt = prompt;
            }
            let failure = fault.map(|fault| told(&fault));
            return match answered {
                Ok(mut answered) => {
                    if failure.is_some() {
                        // What it cost is known to the one that failed.
                        answered.usage = None;
                    }
                    job.end(&self.inbox, &self.orders, answered, failure);
                }
                Err(_) if failure.is_some() && !job.is_stopped() => {
                    job.fail(&self.inbox, failure.unwrap_or_else(stopped));
                }
                Err(failure) => job.fail_by(&self.inbox, &failure),
            };
        }
    }

    /// Loads the model again when its child has died; false when there is none that could answer.
    fn ready(&mut self, searched: &Searched) -> Result<bool, Failure> {
        let Some(model) = &self.model else { return Ok(false) };
        if model.speaking.is_some() {
            return Ok(true);
        }
        let loaded = model.loaded.clone();
        match self.load(&loaded.path, &searched.job.running.cancel) {
            Ok((loaded, speaking)) => {
                self.model = Some(Chosen { loaded: loaded.clone(), speaking: Some(speaking) });
                self.inbox.tell(Message::Model(ModelReport::Loaded(loaded)));
                Ok(true)
            }
            Err(failure) if failure.is_interruption() => {
                // The question was stopped, the choice of the model stands.
                self.inbox.tell(Message::Model(ModelReport::Loaded(loaded)));
                Err(failure)
            }
            Err(failure) => {
                self.forget();
                let report =
                    ModelReport::Refused { path: loaded.path, reason: failure.on_screen() };
                self.inbox.tell(Message::Model(report));
                Ok(false)
            }
        }
    }

    fn search_again(&self, searched: Searched, text: String) {
        let order = answering::Order::Again(Box::new(searched), text);
        if let Err(error) = self.orders.answering.send(order)
            && let answering::Order::Again(searched, _) = error.0
        {
            searched.job.fail(&self.inbox, stopped());
        }
    }

    fn quote(&self, searched: Searched) {
        let order = answering::Order::Quote(Box::new(searched));
        if let Err(error) = self.orders.answering.send(order)
            && let answering::Order::Quote(searched) = error.0
        {
            searched.job.fail(&self.inbox, stopped());
        }
    }
}

/// What a user is told of a model that failed in the middle.
fn told(fault: &GenerateError) -> Notice {
    Notice::error(match fault {
        GenerateError::Gone { reason } => {
            format!("the model's process ended ({reason}): the next question loads it again")
        }
        other => other.to_string(),
    })
}

impl<G: Generate> Speaking<G> {
    fn new(generator: G, settings: Settings) -> Self {
        let fate = Fate::default();
        let generator = Surviving { generator, fate: fate.clone() };
        Self {
            answerer: ModelAnswerer::new(generator, settings),
            fate,
            known: Vec::new(),
            excluded: Vec::new(),
            seed: settings.sampling.seed,
        }
    }

    /// What is excluded may have been read with an earlier question: then the conversation is told anew, without sources.
    fn leave_out(&mut self, excluded: &[Passage]) {
        if excluded.iter().any(|passage| !self.excluded.contains(passage)) {
            self.known.clear();
        }
        self.excluded = excluded.to_vec();
    }

    /// How many turns of the conversation in mind are those that the screen tells; none where they are others.
    fn going_on(&self, turns: &[Turn]) -> Option<usize> {
        let mut turns = turns.iter().peekable();
        turns.peek()?;
        let mut count = 0;
        for known in &self.known {
            match (&known.told, turns.peek()) {
                (None, _) => {}
                (Some(told), Some(turn)) if told == *turn => drop(turns.next()),
                (Some(_), Some(_)) => return None,
                // It goes back to here.
                (Some(_), None) => break,
            }
            count += 1;
        }
        turns.peek().is_none().then_some(count)
    }

    /// The conversation before a question, as the answerer remembers it.
    fn turns(&mut self, told: &[Turn]) -> Vec<Turn> {
        if let Some(count) = self.going_on(told) {
            self.known.truncate(count);
        } else {
            let known = |turn: &Turn| Known { told: Some(turn.clone()), remembered: turn.clone() };
            self.known = told.iter().map(known).collect();
        }
        self.known.iter().map(|known| known.remembered.clone()).collect()
    }

    /// A follow-up in the model's own words; none where it has been asked for them, or gives none that can be believed.
    fn understood(&mut self, searched: &Searched) -> Option<String> {
        let follow_up = searched.follow_up.as_ref();
        follow_up.filter(|follow_up| matches!(follow_up.by, Understanding::Beside(_)))?;
        self.leave_out(&searched.job.ask.excluded);
        let turns = self.turns(&searched.job.ask.turns);
        let cancel = &searched.job.running.cancel;
        // What it fails of comes again with the answer, if it is more than chance.
        let understood = self.answerer.understood(&searched.query.question(), &turns, cancel);
        understood.ok().flatten()
    }

    fn answer(
        &mut self,
        searched: &Searched,
        telling: &mut Telling<'_>,
    ) -> Result<Answered, Failure> {
        let Searched { job, query, follow_up, found } = searched;
        // What is beside the question is for the search; a model knows the conversation.
        let query = follow_up.as_ref().map_or(query, |follow_up| &follow_up.query);
        // The same seed would give the same words again.
        let times = job.ask.replaces.map_or(0, |replaced| replaced.times);
        self.answerer.set_seed(self.seed.wrapping_add(times));
        self.leave_out(&job.ask.excluded);
        let turns = self.turns(&job.ask.turns);
        let asked =
            Asked { typed: &job.ask.question, query, at: job.at, turns: &turns, beside: "" };
        let mut answered = answer::answer(
            &asked,
            found,
            &mut self.answerer,
            &job.running.cancel,
            &mut |progress| telling.take(&progress),
        )?;
        if let Some(follow_up) = follow_up.clone() {
            follow_up.tell(&mut answered);
        }
        // What it was not asked, it does not remember.
        if !answered.answer.is_empty() && answered.usage.is_some() {
            let told = || Turn {
                question: answered.question.clone(),
                answer: answered.without_citations(),
            };
            self.known.push(Known {
                told: (!answered.abstained).then(told),
                remembered: Turn { question: query.question(), answer: answered.answer.clone() },
            });
        }
        Ok(answered)
    }
}

/// What a generator failed of last.
#[derive(Clone, Debug, Default)]
struct Fate(Rc<RefCell<Option<GenerateError>>>);

impl Fate {
    fn take(&self) -> Option<GenerateError> {
        self.0.take()
    }

    fn note<T>(&self, done: Result<T, GenerateError>) -> Result<T, GenerateError> {
        if let Err(error) = &done {
            self.0.replace(Some(error.clone()));
        }
        done
    }
}

/// A generator whose text outlives it: what fails in the middle ends as if it had been stopped there.
#[derive(Debug)]
struct Surviving<G> {
    generator: G,
    fate: Fate,
}

impl<G: Generate> Generate for Surviving<G> {
    fn model(&self) -> &ModelInfo {
        self.generator.model()
    }

    fn count_prompt(&mut self, messages: &[Said]) -> Result<usize, GenerateError> {
        self.fate.note(self.generator.count_prompt(messages))
    }

    fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
        self.fate.note(self.generator.count_texts(texts))
    }

    fn generate(
        &mut self,
        request: &GenerateRequest,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Generation, GenerateError> {
        let mut text = String::new();
        let generated = self.generator.generate(request, cancel, &mut |made| {
            if let GenerateProgress::Text(piece) = &made {
                text.push_str(piece);
            }
            progress(made);
        });
        match self.fate.note(generated) {
            Err(_) if !text.is_empty() => Ok(Generation {
                text,
                stop: Stop::Cancelled,
                prompt_tokens: 0,
                read_tokens: 0,
                written_tokens: 0,
                first_token_seconds: 0.0,
                seconds: 0.0,
            }),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests;
