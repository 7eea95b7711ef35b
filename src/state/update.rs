//! What comes of what happens?

mod again;
mod chips;
mod conversation;
mod conversations;
mod copying;
mod document;
mod elsewhere;
mod export;
mod folder;
mod library;
mod look;
mod models;
mod mouse;
mod picker;
mod question;
mod sources;
mod typing;

use std::time::Duration;

use super::action::Action;
use super::document::DocumentView;
use super::effect::Effect;
use super::input::Input;
use super::message::Message;
use super::model::ModelState;
use super::notice::Notice;
use super::picker::PickerKind;
use super::scroll::{Anchor, Scroll};
use super::{Context, Field, Layer, Pane, State};

/// How long a notice stands at least, whatever is typed meanwhile.
const SEEN: Duration = Duration::from_secs(1);

/// How often a running question wants to show how long it has been running.
const TICK: Duration = Duration::from_millis(250);
/// The same while nobody looks.
const SLOW_TICK: Duration = Duration::from_secs(1);

/// How often a view is drawn anew that says how long ago something was.
const MINUTE: Duration = Duration::from_mins(1);

/// How many rows a list goes by when it is asked for a page.
const LIST_PAGE: usize = 10;

/// Lines of a page that are still seen after going to the next one.
const OVERLAP: usize = 2;

impl State {
    /// Takes in what happened and says what is to be done.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let mut effects = self.take(message);
        effects.extend(self.look_at_the_line());
        effects
    }

    fn take(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Do(action) => {
                self.taken = None;
                self.forget_what_was_seen();
                self.act(action)
            }
            Message::Type(c) => {
                (self.quitting, self.taken) = (None, None);
                self.forget_what_was_seen();
                self.type_char(c)
            }
            Message::Paste(text) => self.paste(&text),
            Message::Resize(size) => {
                self.size = size;
                Vec::new()
            }
            Message::Click(target) => {
                self.forget_what_was_seen();
                self.click(target)
            }
            Message::Wheel { target, lines } => self.wheel(target, lines),
            Message::Drag(column) => {
                self.drag(column);
                Vec::new()
            }
            Message::Release => self.release(),
            Message::Looked(is_looked_at) => {
                self.is_looked_at = is_looked_at;
                // Who was elsewhere may have asked something there.
                let is_shown = self.has_conversations_beside() || self.focus == Pane::Conversations;
                if is_looked_at && is_shown { vec![Effect::ListConversations] } else { Vec::new() }
            }
            Message::Tick(moment) => {
                self.moment = moment;
                self.forget_what_is_over();
                self.rest()
            }
            Message::Drawn(measures) => {
                self.measures = measures;
                self.settle_scrolls();
                Vec::new()
            }
            Message::Library(report) => self.library_reports(report),
            Message::Answering(run, report) => self.answer_reports(run, report),
            Message::Previewed { run, hits, in_scope } => {
                self.previewed(run, hits, in_scope);
                Vec::new()
            }
            Message::Places(places) => {
                self.placed(places);
                Vec::new()
            }
            Message::Counted(in_scope) => {
                self.counted(in_scope);
                Vec::new()
            }
            Message::Model(report) => self.model_reports(report),
            Message::Desk(report) => self.desk_reports(report),
            Message::Completed { typed, paths } => {
                let line = match self.layers.last_mut() {
                    Some(Layer::Export(prompt)) => Some(&mut prompt.line),
                    Some(Layer::Folder(prompt)) => Some(&mut prompt.line),
                    Some(Layer::Welcome(welcome)) => Some(&mut welcome.folder.line),
                    _ => None,
                };
                if let Some(line) = line {
                    line.completed(&typed, paths);
                }
                Vec::new()
            }
            Message::Document(Ok(opened)) => {
                self.raise(Layer::Document(Box::new(DocumentView::new(*opened))));
                Vec::new()
            }
            Message::Document(Err(notice)) | Message::Notice(notice) => {
                self.tell(notice);
                Vec::new()
            }
            Message::Exported(report) => {
                self.export_reports(report);
                Vec::new()
            }
            Message::Background(background) => {
                self.look.background = Some(background);
                Vec::new()
            }
            Message::Edited => Vec::new(),
            Message::Composed(text) => {
                self.composed(&text);
                Vec::new()
            }
        }
    }

    /// When a tick is wanted next, since the start; never while nothing on the screen depends on time.
    pub fn wakes(&self) -> Option<Duration> {
        let tick = if self.is_looked_at { TICK } else { SLOW_TICK };
        let running = self.conversation.run().map(|_| self.moment.since_start + tick);
        // How long ago documents were read stands there.
        let library = matches!(self.layers.last(), Some(Layer::Library))
            .then_some(self.moment.since_start + MINUTE);
        let notice = self.notice.as_ref().map(|(_, until)| *until);
        let resting = self.question.wakes();
        let times = running.into_iter().chain(library).chain(notice);
        times.chain(self.quitting).chain(resting).min()
    }

    fn forget_what_is_over(&mut self) {
        let now = self.moment.since_start;
        self.notice.take_if(|(_, until)| *until <= now);
        self.quitting.take_if(|until| *until <= now);
    }

    /// Who goes on has read what stands there, if there was time to.
    fn forget_what_was_seen(&mut self) {
        let now = self.moment.since_start;
        self.notice.take_if(|(notice, until)| *until + SEEN <= now + notice.stands());
    }

    fn tell(&mut self, notice: Notice) {
        let until = self.moment.since_start + notice.stands();
        self.notice = Some((notice, until));
    }

    fn settle_scrolls(&mut self) {
        self.conversation.scroll.settle_by_item(&self.measures.conversation);
        if !matches!(self.sources.scroll.anchor, Anchor::Item(_)) {
            self.sources.scroll.settle(&self.measures.sources);
        }
        match self.layers.last_mut() {
            Some(Layer::Document(view)) => view.scroll.settle_by_item(&self.measures.document),
            Some(Layer::Why(view)) => view.scroll.settle(&self.measures.why),
            Some(Layer::Help { scroll, .. }) => scroll.settle(&self.measures.help),
            _ => {}
        }
    }

    /// Puts a layer on top; one of its kind that lay below is gone.
    fn raise(&mut self, layer: Layer) {
        let kind = std::mem::discriminant(&layer);
        self.layers.retain(|other| std::mem::discriminant(other) != kind);
        self.layers.push(layer);
    }

    /// Raises a layer, or closes it when it is on top.
    fn toggle(&mut self, layer: Layer, effect: Option<Effect>) -> Vec<Effect> {
        let is_on_top = self
            .layers
            .last()
            .is_some_and(|top| std::mem::discriminant(top) == std::mem::discriminant(&layer));
        if is_on_top {
            self.layers.pop();
            return Vec::new();
        }
        self.raise(layer);
        effect.into_iter().collect()
    }
}

/// Actions.
impl State {
    fn act(&mut self, action: Action) -> Vec<Effect> {
        if action != Action::Quit {
            self.quitting = None;
        }
        match action {
            Action::Quit => return self.quit(),
            Action::Back => return self.back(),
            Action::Help => {
                let of = self.context();
                return self.toggle(Layer::Help { of, scroll: Scroll::TOP }, None);
            }
            Action::Conversations => {
                let is_there = self.context() == Context::Conversations;
                self.layers.clear();
                self.focus = if is_there { Pane::Question } else { Pane::Conversations };
                // What is done to the chosen one is done to the one that is seen.
                let open = self.conversation.id;
                let shown = self.conversations.shown();
                let index = shown.iter().position(|(head, _)| Some(head.id) == open);
                self.conversations.selected = index.unwrap_or(self.conversations.selected);
                // Others may have asked something meanwhile.
                return if is_there { Vec::new() } else { vec![Effect::ListConversations] };
            }
            Action::Models => return self.toggle(Layer::Models, Some(Effect::ListModels)),
            Action::Library => return self.toggle_library(),
            Action::Themes => return self.begin_themes(),
            Action::Mouse => return self.release_mouse(),
            Action::Suspend => return vec![Effect::Suspend],
            Action::Wider | Action::Narrower => return self.resize_pane(action == Action::Wider),
            Action::ToggleConversations => return self.toggle_pane(Pane::Conversations),
            Action::ToggleSources => return self.toggle_pane(Pane::Sources),
            Action::Export => return self.begin_export(),
            Action::Palette => return self.open_palette(),
            Action::NewConversation => return self.begin_conversation(),
            _ => {}
        }
        match self.context() {
            Context::Question => self.act_in_question(action),
            Context::Conversation => self.act_in_conversation(action),
            Context::Sources => self.act_in_sources(action),
            Context::Conversations => self.act_in_conversations(action),
            Context::Welcome => self.act_in_welcome(action),
            Context::Folder => self.act_in_folder_prompt(action),
            Context::Document => self.act_in_document(action),
            Context::DocumentPrompt => self.act_in_document_prompt(action),
            Context::Why => self.act_in_why(action),
            Context::Find if self.layers.is_empty() => self.act_in_conversations_find(action),
            Context::Find => self.act_in_library_find(action),
            Context::Library => self.act_in_library(action),
            Context::Models => self.act_in_models(action),
            Context::Themes => self.act_in_themes(action),
            Context::Export => self.act_in_export_prompt(action),
            Context::Rename => self.act_in_rename_prompt(action),
            Context::Picker => self.act_in_picker(action),
            Context::Help => {
                let height = self.measures.help.height;
                if let Some(Layer::Help { scroll, .. }) = self.layers.last_mut() {
                    scroll_by_action(scroll, action, height);
                }
                Vec::new()
            }
        }
    }

    fn quit(&mut self) -> Vec<Effect> {
        if self.quitting.is_some_and(|until| until > self.moment.since_start) {
            return vec![Effect::Quit];
        }
        let effects = self.clear_line();
        let notice = Notice::note("once more quits");
        self.quitting = Some(self.moment.since_start + notice.stands());
        self.tell(notice);
        effects
    }

    /// Empties the line that is typed in.
    fn clear_line(&mut self) -> Vec<Effect> {
        if self.context() != Context::Question {
            self.act(Action::DeleteToEnd);
            return self.act(Action::DeleteToStart);
        }
        if !self.question.input.is_empty() {
            // It is not lost: it comes back as a past question does.
            let typed = self.question.input.take();
            self.question.keep(typed);
        }
        Vec::new()
    }

    /// Closes what is open, then stops what runs, then leaves the pane.
    fn back(&mut self) -> Vec<Effect> {
        if let Some(Layer::Document(view)) = self.layers.last_mut()
            && view.close_prompt()
        {
            return Vec::new();
        }
        if matches!(self.layers.last(), Some(Layer::Library))
            && let Some(effects) = self.show_all()
        {
            return effects;
        }
        if self.layers.pop().is_some() {
            let is_settled = !self.library.content.folders.is_empty();
            // A folder has joined elsewhere meanwhile: what is typed next is a question.
            self.layers.pop_if(|layer| is_settled && matches!(layer, Layer::Welcome(_)));
            return Vec::new();
        }
        if self.focus == Pane::Conversations && self.show_all_conversations() {
            return Vec::new();
        }
        if self.focus == Pane::Question && self.question.commands.take().is_some() {
            // The slash alone was there to open them.
            if self.question.command().is_some_and(|typed| typed.trim().is_empty()) {
                drop(self.question.input.take());
            }
            return Vec::new();
        }
        let is_overlay = match self.focus {
            Pane::Sources => !self.has_sources_beside(),
            Pane::Conversations => !self.has_conversations_beside(),
            Pane::Question | Pane::Conversation => false,
        };
        if !is_overlay && let Some(run) = self.conversation.run() {
            self.waiting = None;
            return vec![Effect::Stop(run)];
        }
        if self.focus == Pane::Question && matches!(self.model.state, ModelState::Loading { .. }) {
            // Else the one that suits this machine would be loaded instead.
            (self.model.is_chosen, self.model.remembers) = (true, None);
            self.tell(Notice::note(
                "loading is stopped: answers are quotes until a model is chosen",
            ));
            return vec![Effect::UnloadModel];
        }
        self.focus = Pane::Question;
        Vec::new()
    }

    fn type_char(&mut self, c: char) -> Vec<Effect> {
        match (self.context(), self.layers.last()) {
            (Context::Question, _) if c == '?' && self.question.input.is_empty() => {
                self.act(Action::Help)
            }
            (Context::Question, _) if c == '@' && self.question.begins_a_word() => {
                self.open_places()
            }
            (_, Some(Layer::Picker(picker)))
                if c == '@' && picker.kind == PickerKind::Place && picker.input.is_empty() =>
            {
                // Typed twice, it is meant as it is.
                self.layers.pop();
                self.question.input.type_char(c);
                Vec::new()
            }
            // What means nothing in a pane begins a question: who types one has not looked where the focus is.
            (Context::Conversation | Context::Sources | Context::Conversations, None)
                if !c.is_whitespace() =>
            {
                self.focus = Pane::Question;
                self.type_char(c)
            }
            _ => self.write(|line| line.type_char(c)),
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        match (self.context(), self.layers.last()) {
            (Context::Question, _) => self.write(|line| line.paste(text)),
            (Context::Conversation | Context::Sources | Context::Conversations, None) => {
                self.focus = Pane::Question;
                self.paste(text)
            }
            _ => self.write(|line| line.paste_line(text)),
        }
    }

    /// Writes in the line that is typed in, if there is one, and says what comes of it.
    fn write(&mut self, write: impl FnOnce(&mut Input)) -> Vec<Effect> {
        match (self.context(), self.layers.last_mut()) {
            (Context::Question, _) => {
                write(&mut self.question.input);
                self.question.recalled = None;
            }
            (_, Some(Layer::Welcome(welcome))) => {
                // Who types means the line to type in.
                welcome.field = Field::Folders;
                write(&mut welcome.folder.line.input);
                return welcome.folder.typed();
            }
            (_, Some(Layer::Folder(prompt))) => {
                write(&mut prompt.line.input);
                return prompt.typed();
            }
            (_, Some(Layer::Export(prompt))) => {
                write(&mut prompt.line.input);
                return prompt.typed();
            }
            (_, Some(Layer::Picker(picker))) => {
                write(&mut picker.input);
                picker.typed();
            }
            (_, Some(Layer::Document(view))) => {
                if let Some(prompt) = &mut view.prompt {
                    write(&mut prompt.input);
                    view.typed();
                }
            }
            (_, Some(Layer::Rename(prompt))) => write(&mut prompt.input),
            (Context::Find, None) => {
                write(&mut self.conversations.search.input);
                return vec![self.conversations.search.look()];
            }
            (Context::Find, _) => {
                write(&mut self.library.tree.filter);
                return vec![self.library.tree.find()];
            }
            _ => {}
        }
        Vec::new()
    }

    fn move_focus(&mut self, forward: bool) {
        let mut panes = vec![Pane::Question, Pane::Conversation, Pane::Sources];
        if self.has_conversations_beside() || self.focus == Pane::Conversations {
            panes.push(Pane::Conversations);
        }
        let at = panes.iter().position(|pane| *pane == self.focus).unwrap_or_default();
        let step = if forward { 1 } else { panes.len() - 1 };
        self.focus = panes.get((at + step) % panes.len()).copied().unwrap_or(Pane::Question);
    }
}

/// Where a list of `count` rows goes from `selected`, by `page` rows at a time; none when the action does not move or there
/// is no row.
fn moved(selected: usize, count: usize, page: usize, action: Action) -> Option<usize> {
    let page = page.max(1);
    let last = count.checked_sub(1)?;
    let to = match action {
        Action::Up => selected.saturating_sub(1),
        Action::Down => selected + 1,
        Action::PageUp => selected.saturating_sub(page),
        Action::PageDown => selected + page,
        Action::Top => 0,
        Action::End => last,
        _ => return None,
    };
    Some(to.min(last))
}

fn scroll_by_action(scroll: &mut Scroll, action: Action, height: usize) {
    let page = isize::try_from(height.saturating_sub(OVERLAP).max(1)).unwrap_or(1);
    match action {
        Action::Up => scroll.by(-1),
        Action::Down => scroll.by(1),
        Action::PageUp => scroll.by(-page),
        Action::PageDown => scroll.by(page),
        Action::Top => *scroll = Scroll::TOP,
        Action::End => *scroll = Scroll::END,
        _ => {}
    }
}
