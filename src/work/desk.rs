//! How are conversations kept, and answers written to files?
//!
//! This thread ends every question: an answer is kept first and then told, with the number of its conversation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use docent_index::store::{Desk, StoreError};

use super::answering::Job;
use super::inbox::Inbox;
use super::thread::guarded;
use super::{Setting, path};
use crate::error::Failure;
use crate::json::Answered;
use crate::state::look::Choice;
use crate::state::message::{AnswerReport, DeskReport, ExportReport, Message, SavedTurn};
use crate::state::notice::Notice;
use crate::state::why::Chosen;
use crate::{answer, export, fs, settings};

/// How long a conversation that another docent has deleted can be brought back, in seconds.
const WAY_BACK: i64 = 3600;

/// How many questions can be recalled.
const HISTORY: usize = 10_000;

#[derive(Debug)]
pub(super) enum Order {
    /// A question was asked. `at` is in seconds since 1970.
    Remember {
        question: String,
        at: i64,
    },
    Keep(Box<Ending>),
    List,
    Open(i64),
    Search {
        number: u64,
        words: String,
    },
    Rename {
        id: i64,
        title: String,
    },
    Delete(i64),
    Restore(i64),
    /// Keep which passages are chosen in a conversation.
    KeepPassages(i64, Chosen),
    Export {
        answers: Vec<Answered>,
        typed: String,
        replace: bool,
    },
    ExportConversation {
        id: i64,
        typed: String,
        replace: bool,
    },
    /// Something was chosen that the settings file remembers.
    KeepChoice(Choice),
    Finish,
}

/// An answer at its end.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) job: Job,
    pub(super) answered: Answered,
    /// What went wrong, where something did.
    pub(super) failure: Option<Notice>,
}

impl Ending {
    /// Tells the end; `conversation` is where it is kept.
    pub(super) fn tell(self, inbox: &Inbox, conversation: Option<i64>) {
        let Self { job, answered, failure } = self;
        let report = AnswerReport::Ended { answered: Box::new(answered), conversation, failure };
        inbox.tell(Message::Answering(job.running.run, report));
    }
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Keeper {
    setting: Arc<Setting>,
    inbox: Inbox,
    desk: Option<Desk>,
    /// What was deleted here and could still be brought back.
    deleted: Vec<i64>,
    /// How many changes of the list of conversations were made, or tried.
    changes: u64,
    /// The number of the search that was asked for last: those before it are left out.
    newest: Arc<AtomicU64>,
}

impl Keeper {
    pub(super) fn new(setting: Arc<Setting>, inbox: Inbox, newest: Arc<AtomicU64>) -> Self {
        Self { setting, inbox, desk: None, deleted: Vec::new(), changes: 0, newest }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        self.guarded("opening the desk", |keeper| {
            if let Err(error) = keeper.begin() {
                keeper.complain("questions and answers are not kept", error);
            }
        });
        for order in orders {
            match order {
                Order::Remember { question, at } => self.guarded("keeping a question", |keeper| {
                    // The answer that follows tells it when the desk can't be written.
                    drop(keeper.with_desk(|desk| desk.remember(&question, at)));
                }),
                Order::Keep(ending) => {
                    self.guarded("keeping an answer", |keeper| keeper.keep(*ending));
                }
                Order::List => self.guarded("listing conversations", Self::list),
                Order::Open(id) => {
                    self.guarded("opening a conversation", |keeper| match keeper.opened(id) {
                        Ok(report) => keeper.inbox.tell(Message::Desk(report)),
                        Err(failure) => {
                            keeper.complain("the conversation can't be opened", failure);
                        }
                    });
                }
                Order::Search { number, .. } if number < self.newest.load(Ordering::Relaxed) => {}
                Order::Search { number, words } => {
                    self.guarded("searching conversations", |keeper| {
                        match keeper.with_desk(|desk| desk.search(&words)) {
                            Ok(conversations) => {
                                let found = DeskReport::Found { number, conversations };
                                keeper.inbox.tell(Message::Desk(found));
                            }
                            Err(error) => {
                                keeper.complain("conversations can't be searched", error);
                            }
                        }
                    });
                }
                Order::Rename { id, title } => self.guarded("renaming a conversation", |keeper| {
                    keeper.changes += 1;
                    if let Err(failure) = keeper.rename(id, &title) {
                        keeper.complain("the conversation is not renamed", failure);
                    }
                    keeper.list();
                }),
                Order::Delete(id) => self.guarded("deleting a conversation", |keeper| {
                    keeper.changes += 1;
                    if let Err(error) = keeper.delete(id) {
                        keeper.complain("the conversation is not deleted", error);
                    }
                    keeper.list();
                }),
                Order::Restore(id) => self.guarded("bringing a conversation back", |keeper| {
                    keeper.changes += 1;
                    if let Err(failure) = keeper.restore(id) {
                        keeper.complain("the conversation can't be brought back", failure);
                    }
                    keeper.list();
                }),
                Order::KeepPassages(id, chosen) => self.guarded("keeping a choice", |keeper| {
                    if let Err(failure) = keeper.keep_passages(id, &chosen) {
                        keeper.complain("the choice holds until docent ends", failure);
                    }
                }),
                Order::Export { answers, typed, replace } => self.guarded("exporting", |keeper| {
                    let report = keeper.export(&answers, &typed, replace);
                    keeper.tell_export(report);
                }),
                Order::ExportConversation { id, typed, replace } => {
                    self.guarded("exporting", |keeper| {
                        let report = keeper.turns(id).and_then(|(turns, _)| {
                            let answers: Vec<Answered> =
                                turns.into_iter().map(|turn| turn.answered).collect();
                            keeper.export(&answers, &typed, replace)
                        });
                        keeper.tell_export(report);
                    });
                }
                Order::KeepChoice(choice) => self.guarded("keeping a choice", |keeper| {
                    if let Err(error) = settings::keep(&keeper.setting.home, &choice) {
                        keeper.complain("the choice holds until docent ends", error);
                    }
                }),
                Order::Finish => break,
            }
        }
        let deleted = std::mem::take(&mut self.deleted);
        if let (Some(desk), false) = (&mut self.desk, deleted.is_empty()) {
            // They are purged at a later start then.
            drop(desk.purge(&deleted));
        }
    }

    /// Does a piece of work; the desk may be half done after a panic and is opened anew.
    fn guarded(&mut self, doing: &str, work: impl FnOnce(&mut Self)) {
        if guarded(&self.inbox.clone(), doing, || work(self)).is_none() {
            self.desk = None;
        }
    }

    fn complain(&self, what: &str, why: impl Into<Failure>) {
        let notice = Notice::error(format!("{what}: {}", why.into().on_screen()));
        self.inbox.tell(Message::Notice(notice));
    }

    /// The desk as it is now: opened at the first time, and again when another docent had to begin a new one.
    fn desk(&mut self) -> Result<&mut Desk, StoreError> {
        if self.desk.as_ref().is_some_and(|desk| !desk.is_current()) {
            self.desk = None;
        }
        match &mut self.desk {
            Some(desk) => Ok(desk),
            empty => {
                let desk = Desk::open(&self.setting.home)?;
                Ok(empty.insert(told(&self.inbox, desk)))
            }
        }
    }

    /// Does something with the desk; when that shows that it is damaged, once more with the one that takes its place.
    fn with_desk<T>(
        &mut self,
        work: impl Fn(&mut Desk) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match work(self.desk()?) {
            Err(error) if error.is_damage() => {
                self.desk = None;
                let desk = told(&self.inbox, Desk::reopen(&self.setting.home)?);
                work(self.desk.insert(desk))
            }
            done => done,
        }
    }

    /// Tells what is kept from before.
    fn begin(&mut self) -> Result<(), StoreError> {
        let history = self.with_desk(|desk| {
            let over = desk.deleted_before(now() - WAY_BACK)?;
            if !over.is_empty() {
                desk.purge(&over)?;
            }
            desk.history(HISTORY)
        })?;
        self.inbox.tell(Message::Desk(DeskReport::History(history)));
        self.list();
        Ok(())
    }

    /// Tells the conversations. A desk that can't be read was complained about when it was to be written.
    fn list(&mut self) {
        if let Ok(heads) = self.with_desk(|desk| desk.heads()) {
            let changes = self.changes;
            self.inbox.tell(Message::Desk(DeskReport::Listed { heads, changes }));
        }
    }

    fn keep(&mut self, mut ending: Ending) {
        let ask = &ending.job.ask;
        let (conversation, replaced) = (ask.conversation, ask.replaces);
        let kept = answer::kept(&ending.answered, ask.asked_at, ending.job.why.as_deref())
            .map_err(Failure::from)
            .and_then(|turn| {
                Ok(self.with_desk(|desk| match replaced {
                    Some(replaced) => desk.save_instead(conversation, replaced.asked_at, &turn),
                    None => desk.save_turn(conversation, &turn),
                })?)
            });
        let conversation = match kept {
            Ok(number) => Some(number),
            Err(failure) => {
                let told = format!("the answer is not kept: {}", failure.on_screen());
                ending.failure.get_or_insert(Notice::error(told));
                None
            }
        };
        ending.tell(&self.inbox, conversation);
        self.list();
    }

    fn opened(&mut self, id: i64) -> Result<DeskReport, Failure> {
        let (turns, passages) = self.turns(id)?;
        // What a newer docent has written may be another thing: nothing is chosen then.
        let chosen = passages.and_then(|kept| serde_json::from_str(&kept).ok());
        Ok(DeskReport::Opened { id, turns, chosen: chosen.unwrap_or_default() })
    }

    /// The turns of a conversation, and what was chosen among its sources.
    fn turns(&mut self, id: i64) -> Result<(Vec<SavedTurn>, Option<String>), Failure> {
        let conversation = self.with_desk(|desk| desk.conversation(id))?.ok_or_else(gone)?;
        let mut turns = Vec::new();
        for turn in &conversation.turns {
            let asked_at = turn.asked_at;
            let answered = answer::from_kept(turn)?;
            turns.push(SavedTurn { asked_at, answered, why: turn.why.clone() });
        }
        Ok((turns, conversation.passages))
    }

    fn tell_export(&self, report: Result<ExportReport, Failure>) {
        let refused = |failure: Failure| ExportReport::Refused { reason: failure.on_screen() };
        self.inbox.tell(Message::Exported(report.unwrap_or_else(refused)));
    }

    fn keep_passages(&mut self, id: i64, chosen: &Chosen) -> Result<(), Failure> {
        let is_any = *chosen != Chosen::default();
        let kept = is_any.then(|| serde_json::to_string(chosen)).transpose()?;
        // One that another docent has deleted for good has no next question.
        self.with_desk(|desk| desk.choose_passages(id, kept.as_deref()))?;
        Ok(())
    }

    fn delete(&mut self, id: i64) -> Result<(), StoreError> {
        if self.with_desk(|desk| desk.delete(id, now()))? {
            self.deleted.push(id);
        }
        Ok(())
    }

    fn restore(&mut self, id: i64) -> Result<(), Failure> {
        self.deleted.retain(|deleted| *deleted != id);
        if self.with_desk(|desk| desk.restore(id))? { Ok(()) } else { Err(gone()) }
    }

    fn rename(&mut self, id: i64, title: &str) -> Result<(), Failure> {
        if self.with_desk(|desk| desk.rename(id, title))? { Ok(()) } else { Err(gone()) }
    }

    fn export(
        &self,
        answers: &[Answered],
        typed: &str,
        replace: bool,
    ) -> Result<ExportReport, Failure> {
        let mut path = path::typed(typed, self.setting.user_home.as_deref());
        if path.is_dir() {
            let told = format!("`{}` is a folder: add a name for the file", path.display());
            return Err(Failure::new(told));
        }
        if path.extension().is_none() {
            path.add_extension("md");
        }
        let form = export::Form::of(&path)
            .ok_or_else(|| Failure::new(format!("`{}` must end in .md or .json", shown(&path))))?;
        if path.exists() && !replace {
            return Ok(ExportReport::Exists(path));
        }
        fs::write(&path, &export::bytes(form, answers)?)?;
        Ok(ExportReport::Written(path))
    }
}

/// Tells what became of a desk that was found damaged.
fn told(inbox: &Inbox, desk: Desk) -> Desk {
    if let Some(salvaged) = desk.salvaged() {
        inbox.tell(Message::Notice(Notice::error(salvaged.to_string())));
    }
    desk
}

fn shown(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn gone() -> Failure {
    Failure::new("it is no longer there")
}

/// Seconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
