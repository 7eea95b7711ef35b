//! What comes of what is typed in the question line, and of asking it?

use docent_index::query::Query;

use super::scroll_by_action;
use crate::state::action::Action;
use crate::state::conversation::Turn;
use crate::state::effect::{Ask, Effect, Run};
use crate::state::input::Input;
use crate::state::library::Stage;
use crate::state::message::AnswerReport;
use crate::state::question::{Question, Rest};
use crate::state::scroll::{Anchor, Scroll};
use crate::state::why::Chosen;
use crate::state::{Layer, Sources, State, Welcome};

/// How many past questions are kept for recalling.
const HISTORY: usize = 10_000;

impl State {
    pub(super) fn act_in_question(&mut self, action: Action) -> Vec<Effect> {
        let before = self.question.input.text().len();
        match action {
            Action::Send => return self.send(),
            Action::History => self.open_history(),
            Action::Scope => return self.open_places(),
            Action::Compose => return vec![self.compose()],
            Action::Up | Action::Down if self.question.commands.is_some() => {
                if let Some(commands) = &mut self.question.commands {
                    commands.go(action);
                }
            }
            Action::NextPane if self.question.commands.is_some() => self.complete_command(),
            Action::Backspace if self.question.input.cursor() == 0 => {
                drop(self.question.chips.pop());
            }
            // By name: the keys for it are those of the conversation.
            Action::Regenerate
            | Action::AskAlone
            | Action::UnpinAll
            | Action::TakeAllIn
            | Action::EditQuestion
            | Action::Unfold
            | Action::Copy
            | Action::CopyWithSources
            | Action::CopyCode => return self.act_in_conversation(action),
            Action::NewLine => self.question.input.new_line(),
            Action::Up if self.question.recalled.is_some() => self.recall_before(),
            Action::Down if self.question.recalled.is_some() => self.recall_after(),
            Action::Up if !self.question.input.edit(Action::Up) => self.recall_before(),
            Action::Down if !self.question.input.edit(Action::Down) => self.recall_after(),
            Action::Up | Action::Down => {}
            Action::PageUp | Action::PageDown => {
                let height = self.measures.conversation.height;
                scroll_by_action(&mut self.conversation.scroll, action, height);
            }
            Action::NextPane | Action::PreviousPane => {
                self.move_focus(action == Action::NextPane);
            }
            _ if action.source().is_some() => self.select_source(action),
            _ => drop(self.question.input.edit(action)),
        }
        if self.question.input.text().len() != before
            && !matches!(action, Action::Up | Action::Down)
        {
            self.question.recalled = None;
        }
        Vec::new()
    }

    pub(super) fn send(&mut self) -> Vec<Effect> {
        if self.question.command().is_some() {
            return self.command();
        }
        if self.question.words().is_empty() {
            return Vec::new();
        }
        let question = self.question.asked();
        if self.library.is_empty() {
            self.raise(Layer::Welcome(Welcome::default()));
            return Vec::new();
        }
        if let Err(error) = Query::parse(self.question.input.text()) {
            self.question.input.move_to(error.span().end);
            self.question.rest = Rest::Long;
            return Vec::new();
        }
        drop(self.question.input.take());
        self.question.keep(question.clone());
        if let Some(run) = self.conversation.run() {
            // It is asked when the one before has ended, so that both stand in one conversation.
            self.waiting = Some(question);
            return vec![Effect::Stop(run)];
        }
        vec![self.ask(question)]
    }

    pub(super) fn ask(&mut self, question: String) -> Effect {
        let run = self.next_run();
        self.preview = None;
        let asked_at = self.moment.now.timestamp().as_second();
        let ask = Ask {
            run,
            question: question.clone(),
            conversation: self.conversation.id,
            turns: self.conversation.past(),
            pinned: self.conversation.chosen.pinned.clone(),
            excluded: self.conversation.chosen.excluded.clone(),
            replaces: None,
            asked_at,
        };
        let serial = self.next_serial();
        self.conversation.turns.push(Turn::asked(serial, question, asked_at, run));
        self.conversation.selected = None;
        self.conversation.scroll = Scroll::END;
        self.sources = Sources::FIRST;
        Effect::Ask(ask)
    }

    pub(super) fn next_run(&mut self) -> Run {
        self.next_run += 1;
        Run(self.next_run)
    }

    pub(super) fn answer_reports(&mut self, run: Run, report: AnswerReport) -> Vec<Effect> {
        let has_ended = matches!(report, AnswerReport::Ended { .. });
        if matches!(report, AnswerReport::Found { .. })
            && let Some(turn) = self.conversation.turns.last_mut()
            && turn.run() == Some(run)
        {
            let is_unfinished =
                matches!(self.library.stage, Stage::Reading(_) | Stage::Embedding(_));
            turn.meanwhile = is_unfinished.then(|| self.library.stage.clone());
        }
        let was_written = self.conversation.is_written();
        let failure = match &report {
            AnswerReport::Ended { failure, .. } => failure.clone(),
            AnswerReport::Failed(notice) => Some(notice.clone()),
            _ => None,
        };
        let was_kept = self.conversation.id.is_some();
        if !self.conversation.report(run, report) {
            return Vec::new();
        }
        // What was chosen before the first answer's end had no place until now.
        let is_new = !was_kept && self.conversation.chosen != Chosen::default();
        let kept = self.conversation.kept_passages().filter(|_| is_new);
        let mut effects: Vec<Effect> = kept.into_iter().collect();
        // Who has gone to a source meanwhile stays there.
        if has_ended && self.preview.is_none() && self.sources == Sources::FIRST {
            self.show_cited();
        }
        // What comes in one piece is read from its question on.
        if has_ended && !was_written && self.conversation.scroll == Scroll::END {
            let last = self.conversation.turns.len().saturating_sub(1);
            self.conversation.scroll = Scroll::to(Anchor::Item(last));
        }
        if let Some(failure) = failure {
            self.tell(failure);
        }
        if self.conversation.run().is_none()
            && let Some(question) = self.waiting.take()
        {
            effects.push(self.ask(question));
        }
        effects
    }

    fn recall_before(&mut self) {
        let question = &mut self.question;
        let index = match &question.recalled {
            Some(recalled) => recalled.index.checked_sub(1),
            None if question.input.is_empty() => question.history.len().checked_sub(1),
            None => None,
        };
        if let Some(index) = index {
            question.recall(index);
        }
    }

    fn recall_after(&mut self) {
        let question = &mut self.question;
        let Some(index) = question.recalled.as_ref().map(|recalled| recalled.index + 1) else {
            return;
        };
        if index < question.history.len() {
            question.recall(index);
        } else if let Some(recalled) = question.recalled.take() {
            question.input = Input::new(recalled.draft);
            question.chips = recalled.chips;
        }
    }
}

impl Question {
    /// Puts a question where it can be recalled.
    pub(super) fn keep(&mut self, question: String) {
        self.recalled = None;
        self.history.retain(|past| *past != question);
        self.history.push(question);
    }

    /// Takes over what was asked before this start; what was asked since stays the latest.
    pub(super) fn remember(&mut self, history: Vec<String>) {
        let since = std::mem::take(&mut self.history);
        self.history = history.into_iter().filter(|past| !since.contains(past)).collect();
        self.history.extend(since);
        let too_many = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..too_many);
    }
}
