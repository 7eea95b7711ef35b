//! How does a question find its passages, and who answers it?
//!
//! This thread owns a snapshot of the library and the embedder of questions. The passages are told before the answer is
//! begun; then a model answers where one is loaded, quotes otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use docent_engine::answer::Progress;
use docent_engine::answer::quote::QuoteAnswerer;
use docent_engine::embed::{Embed as _, Settings};
use docent_index::document::PassageId;
use docent_index::query::{Query, Term};
use docent_index::retrieve::{Found, Hit, Request};
use docent_index::store::{Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

use super::inbox::Inbox;
use super::pulse::Throttle;
use super::runs::Running;
use super::thread::{guarded, mistake};
use super::{Orders, Setting, desk, model};
use crate::answer::{self, Asked};
use crate::error::Failure;
use crate::finder::Finder;
use crate::follow_up::FollowUp;
use crate::json::Answered;
use crate::loading::Embedders;
use crate::nothing;
use crate::state::effect::{Ask, Passage, Preview, Run};
use crate::state::message::{AnswerReport, Message};
use crate::state::notice::Notice;
use crate::state::why::{KeptWhy, Prompt, Reason, Why};

/// How many passages are found for a question.
const HITS: usize = 10;

/// How long a question that finds nothing waits for what is read already to be found, and how often it looks.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// How often a piece of the text is told: more often than a frame is drawn it serves nobody.
const TEXT_EVERY: Duration = Duration::from_millis(30);

/// How often it is told how far a model is with reading.
const READING_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) enum Order {
    Ask(Box<Job>),
    /// Find what is being typed.
    Preview(Preview, CancellationToken),
    /// Look again, for a follow-up in a model's words.
    Again(Box<Searched>, String),
    /// The model that was to answer is gone.
    Quote(Box<Searched>),
    Finish,
}

/// A question in work.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) ask: Ask,
    pub(super) running: Running,
    pub(super) at: Instant,
    /// How its answer comes about, as far as that is known.
    pub(super) why: Option<Box<KeptWhy>>,
}

/// A question with the passages that were found for it.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) job: Job,
    /// As it was typed.
    pub(super) query: Query,
    /// What was looked for, where the question goes on from earlier ones.
    pub(super) follow_up: Option<FollowUp>,
    pub(super) found: Found,
}

impl Job {
    pub(super) fn is_stopped(&self) -> bool {
        self.running.cancel.is_cancelled()
    }

    /// The question, with `query` for what is looked for, and what is beside it.
    fn asked<'a>(&'a self, query: &'a Query, beside: &'a str) -> Asked<'a> {
        Asked { typed: &self.ask.question, query, at: self.at, turns: &self.ask.turns, beside }
    }

    /// Ends it without an answer.
    pub(super) fn fail(self, inbox: &Inbox, notice: Notice) {
        inbox.tell(Message::Answering(self.running.run, AnswerReport::Failed(notice)));
    }

    /// Ends it because of `failure`; where it was stopped, that is the reason.
    pub(super) fn fail_by(self, inbox: &Inbox, failure: &Failure) {
        let notice = if self.is_stopped() || failure.is_interruption() {
            stopped()
        } else {
            Notice::error(failure.on_screen())
        };
        self.fail(inbox, notice);
    }

    /// Hands over what has become of it, to be kept and told. Without a word of text there is nothing to keep.
    pub(super) fn end(
        self,
        inbox: &Inbox,
        orders: &Orders,
        answered: Answered,
        failure: Option<Notice>,
    ) {
        if answered.answer.trim().is_empty() {
            return self.fail(inbox, failure.unwrap_or_else(stopped));
        }
        let ending = desk::Ending { job: self, answered, failure };
        if let Err(error) = orders.desk.send(desk::Order::Keep(Box::new(ending)))
            && let desk::Order::Keep(ending) = error.0
        {
            ending.tell(inbox, None);
        }
    }
}

/// What is said where there is no answer because it was not wanted any more.
pub(super) fn stopped() -> Notice {
    Notice::note("stopped")
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
struct Sought<'a> {
    typed: &'a str,
    query: &'a Query,
    /// Counts less than the query.
    beside: &'a str,
    /// There in any case.
    pinned: &'a [Passage],
    /// Left out of both searches.
    excluded: &'a [Passage],
}

/// How this thread speaks to others.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) inbox: Inbox,
    pub(super) orders: Orders,
    /// Whether a model is to answer.
    pub(super) has_model: Arc<AtomicBool>,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Searcher {
    setting: Arc<Setting>,
    embedders: Arc<Embedders>,
    inbox: Inbox,
    orders: Orders,
    has_model: Arc<AtomicBool>,
    snapshot: Option<Snapshot>,
    finder: Option<Finder>,
}

impl Searcher {
    pub(super) fn new(setting: Arc<Setting>, embedders: Arc<Embedders>, link: Link) -> Self {
        let Link { inbox, orders, has_model } = link;
        Self { setting, embedders, inbox, orders, has_model, snapshot: None, finder: None }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        // So that the first question need not wait for it; what is wrong with it is told there.
        guarded(&self.inbox.clone(), "loading the embedder", || drop(self.get_ready()));
        for order in orders {
            match order {
                Order::Ask(job) => self.guarded(job.running.run, |searcher| searcher.ask(*job)),
                Order::Preview(preview, cancel) => {
                    let inbox = self.inbox.clone();
                    let done = guarded(&inbox, "searching", || self.preview(preview, &cancel));
                    if done.is_none() {
                        (self.snapshot, self.finder) = (None, None);
                    }
                }
                Order::Again(searched, text) => {
                    self.guarded(searched.job.running.run, |searcher| {
                        searcher.again(*searched, text);
                    });
                }
                Order::Quote(searched) => {
                    self.guarded(searched.job.running.run, |searcher| searcher.quote(*searched));
                }
                Order::Finish => break,
            }
        }
    }

    /// Does a piece of work for a run; what it used may be half done after a panic and is opened anew.
    fn guarded(&mut self, run: Run, work: impl FnOnce(&mut Self)) {
        let inbox = self.inbox.clone();
        let doing = "answering";
        if guarded(&inbox, doing, || work(self)).is_none() {
            (self.snapshot, self.finder) = (None, None);
            inbox.tell(Message::Answering(run, AnswerReport::Failed(mistake(doing))));
        }
    }

    fn get_ready(&mut self) -> Result<(), Failure> {
        self.finder()?;
        Ok(self.snapshot()?.release()?)
    }

    /// The library as it is now.
    fn snapshot(&mut self) -> Result<&mut Snapshot, StoreError> {
        super::refreshed(&mut self.snapshot, &self.setting.home)
    }

    fn finder(&mut self) -> Result<&mut Finder, Failure> {
        let home = &self.setting.home;
        // Another embedder answers as soon as it has made its vectors.
        self.finder.take_if(|finder| self.embedders.is_outdated(finder.embedder.id()));
        match &mut self.finder {
            Some(finder) => Ok(finder),
            empty => {
                let settings = Settings::for_questions(self.setting.cores);
                let embedder = self.embedders.open_for_questions(settings)?;
                Ok(empty.insert(Finder::open(embedder, home)?))
            }
        }
    }

    fn ask(&mut self, job: Job) {
        if job.is_stopped() {
            return job.fail(&self.inbox, stopped());
        }
        let query = match answer::query(&job.ask.question) {
            Ok(query) => query,
            Err(failure) => return job.fail_by(&self.inbox, &failure),
        };
        let follow_up = FollowUp::by_words(&query, &job.ask.turns);
        self.search(job, query, follow_up);
    }

    /// Looks for what a model makes of a follow-up, instead of what its words are.
    fn again(&mut self, searched: Searched, text: String) {
        let Searched { job, query, .. } = searched;
        let follow_up = FollowUp::by_model(&query, text);
        self.search(job, query, Some(follow_up));
    }

    /// Tells the passages and hands the question to whom answers it.
    fn search(&mut self, mut job: Job, query: Query, follow_up: Option<FollowUp>) {
        let (wanted, beside) = FollowUp::sought(follow_up.as_ref(), &query);
        let Ask { question: typed, pinned, excluded, .. } = &job.ask;
        let sought = Sought { typed, query: wanted, beside: &beside, pinned, excluded };
        let (found, nothing) = match self.find(sought, &job.running.cancel) {
            Ok(found) => found,
            Err(failure) => return job.fail_by(&self.inbox, &failure),
        };
        let report = AnswerReport::Found {
            hits: answer::hits(&found),
            in_scope: found.in_scope_passages as u64,
            unread_documents: found.unread_documents as u64,
        };
        self.inbox.tell(Message::Answering(job.running.run, report));
        let why = why(&job.ask, (wanted, &beside), &found);
        job.why = Some(Box::new(KeptWhy { why: why.clone(), prompt: Vec::new() }));
        let report = AnswerReport::Why(Box::new(why));
        self.inbox.tell(Message::Answering(job.running.run, report));
        if let Some(why) = nothing {
            let told = answer::nothing_to_read(&job.asked(&query, ""), &found, why);
            return job.end(&self.inbox, &self.orders, told, None);
        }
        let has_model = self.has_model.load(Ordering::Acquire);
        // What goes on from a conversation may be answered by it.
        if let (true, None, Some(finder)) = (has_model, &follow_up, &mut self.finder) {
            let refused = answer::refusal(&job.asked(&query, ""), &found, &mut finder.embedder);
            if let Some(refused) = refused {
                return job.end(&self.inbox, &self.orders, refused, None);
            }
        }
        let searched = Searched { job, query, follow_up, found };
        if !has_model {
            return self.quote(searched);
        }
        if let Err(error) = self.orders.model.send(model::Order::Answer(Box::new(searched)))
            && let model::Order::Answer(searched) = error.0
        {
            self.quote(*searched);
        }
    }

    /// Tells what would be found. What goes wrong is told when it is asked.
    fn preview(&mut self, preview: Preview, cancel: &CancellationToken) {
        let Preview { run, question, turns, pinned, excluded } = preview;
        let Ok(query) = Query::parse(&question) else { return };
        if cancel.is_cancelled() {
            return;
        }
        let follow_up = FollowUp::by_words(&query, &turns);
        let (wanted, beside) = FollowUp::sought(follow_up.as_ref(), &query);
        let (pinned, excluded) = (pinned.as_slice(), excluded.as_slice());
        let sought = Sought { typed: &question, query: wanted, beside: &beside, pinned, excluded };
        if let Ok((found, _)) = self.find(sought, cancel)
            && !cancel.is_cancelled()
        {
            let in_scope = found.in_scope_passages as u64;
            self.inbox.tell(Message::Previewed { run, hits: answer::hits(&found), in_scope });
        }
    }

    /// What is found, and why there is nothing to look in, where that is so.
    fn find(
        &mut self,
        sought: Sought<'_>,
        cancel: &CancellationToken,
    ) -> Result<(Found, Option<String>), Failure> {
        let Sought { typed, query, beside, pinned, excluded } = sought;
        self.finder()?;
        match self.snapshot() {
            Ok(_) => {}
            Err(StoreError::Missing { .. }) => {
                return Err(Failure::new(
                    "nothing has been read yet: add a folder, or ask again when its first document is read",
                ));
            }
            Err(error) => return Err(error.into()),
        }
        let (Some(snapshot), Some(finder)) = (&mut self.snapshot, &mut self.finder) else {
            return Err(Failure::new("the library is not open: ask again"));
        };
        let without = passages(snapshot, excluded)?;
        let pinned = passages(snapshot, pinned)?;
        let request =
            Request { without: &without, pinned: &pinned, beside, ..Request::new(query, HITS) };
        let mut found = finder.find_for(snapshot, request, cancel);
        // What was read a moment ago is no reason for a refusal.
        let is_early = |found: &Found, snapshot: &Snapshot| {
            found.hits.is_empty() && found.in_scope_passages > 0 && snapshot.is_behind()
        };
        let until = Instant::now() + PUBLISHED_WITHIN;
        while matches!(&found, Ok(found) if is_early(found, snapshot))
            && Instant::now() < until
            && !cancel.is_cancelled()
        {
            std::thread::sleep(LOOK);
            snapshot.refresh()?;
            found = finder.find_for(snapshot, request, cancel);
        }
        let found = found.and_then(|found| {
            let nothing = nothing::why(snapshot, &request, typed, &found, cancel)?;
            Ok((found, nothing))
        });
        // Nothing more is asked of it; an error would come again at the next question.
        drop(snapshot.release());
        found
    }

    fn quote(&mut self, searched: Searched) {
        let Searched { job, query, follow_up, found } = searched;
        let inbox = self.inbox.clone();
        let finder = match self.finder() {
            Ok(finder) => finder,
            Err(failure) => return job.fail_by(&inbox, &failure),
        };
        let mut telling = Telling::new(&inbox, job.running.run);
        let answered = {
            let (wanted, beside) = FollowUp::sought(follow_up.as_ref(), &query);
            let asked = job.asked(wanted, &beside);
            let mut quotes = QuoteAnswerer::new(&mut finder.embedder);
            answer::answer(&asked, &found, &mut quotes, &job.running.cancel, &mut |progress| {
                telling.take(&progress);
            })
        };
        telling.flush();
        match answered {
            Ok(mut answered) => {
                if let Some(follow_up) = follow_up {
                    follow_up.tell(&mut answered);
                }
                job.end(&self.inbox, &self.orders, answered, None);
            }
            Err(failure) => job.fail_by(&self.inbox, &failure),
        }
    }
}

/// The passages of the library that are these. One whose document is gone, or says something else now, is none.
fn passages(snapshot: &Snapshot, wanted: &[Passage]) -> Result<Vec<PassageId>, StoreError> {
    let mut passages = Vec::new();
    for passage in wanted {
        if let Some(document) = snapshot.document_at(&passage.path)? {
            let same = snapshot.passages_reading(document, &passage.text)?;
            let on_page = |id: &PassageId| match (snapshot.passage(*id), passage.page) {
                (Ok(Some(stored)), Some(page)) => stored.page == page,
                _ => true,
            };
            passages.extend(same.into_iter().find(on_page));
        }
    }
    Ok(passages)
}

/// How the hits were found.
fn why(ask: &Ask, (query, beside): (&Query, &str), found: &Found) -> Why {
    let filters = query.terms.iter().filter(|term| !matches!(term, Term::Word(_)));
    Why {
        looked_for: [query.question().as_str(), beside].join(" ").trim().to_owned(),
        filters: Query { terms: filters.cloned().collect() }.to_string(),
        in_scope_documents: found.in_scope_documents as u64,
        excluded: ask.excluded.len() as u64,
        dense_weight: found.dense_weight,
        reasons: found.hits.iter().map(reason).collect(),
    }
}

fn reason(hit: &Hit) -> Reason {
    Reason {
        words: hit.words,
        vector: hit.vector,
        fused: hit.fused,
        reranked: hit.reranked,
        pinned: hit.pinned,
        also: hit.also.clone(),
    }
}

/// Tells what an answerer says, no more often than it can be read.
#[derive(Debug)]
pub(super) struct Telling<'a> {
    inbox: &'a Inbox,
    run: Run,
    reading: Throttle,
    writing: Throttle,
    text: String,
    thought: String,
    /// What it was told.
    pub(super) prompt: Prompt,
    /// Whether the answerer has said anything.
    pub(super) begun: bool,
}

impl<'a> Telling<'a> {
    pub(super) fn new(inbox: &'a Inbox, run: Run) -> Self {
        Self {
            inbox,
            run,
            reading: Throttle::new(READING_EVERY),
            writing: Throttle::new(TEXT_EVERY),
            text: String::new(),
            thought: String::new(),
            prompt: Prompt::new(),
            begun: false,
        }
    }

    pub(super) fn take(&mut self, progress: &Progress<'_>) {
        // The prompt is made without the model.
        self.begun |= !matches!(progress, Progress::Prompt(_));
        match progress {
            Progress::Prompt(messages) => {
                self.prompt = messages.to_vec();
                let report = AnswerReport::Prompt(self.prompt.clone());
                self.inbox.tell(Message::Answering(self.run, report));
            }
            Progress::Thought(piece) => {
                self.thought.push_str(piece);
                if self.writing.passes(Instant::now()) {
                    self.flush();
                }
            }
            Progress::Reading { tokens, of } => {
                if self.reading.passes(Instant::now()) || tokens == of {
                    let report = AnswerReport::Reading { tokens: *tokens, of: *of };
                    self.inbox.tell(Message::Answering(self.run, report));
                }
            }
            Progress::Claim(claim) => {
                let report = AnswerReport::Claim((*claim).clone());
                self.inbox.tell(Message::Answering(self.run, report));
            }
            Progress::Text(piece) => {
                self.text.push_str(piece);
                if self.writing.passes(Instant::now()) {
                    self.flush();
                }
            }
        }
    }

    /// Tells what is still held back.
    pub(super) fn flush(&mut self) {
        if !self.thought.is_empty() {
            let report = AnswerReport::Thought(std::mem::take(&mut self.thought));
            self.inbox.tell(Message::Answering(self.run, report));
        }
        if !self.text.is_empty() {
            let report = AnswerReport::Text(std::mem::take(&mut self.text));
            self.inbox.tell(Message::Answering(self.run, report));
        }
    }
}
