//! What comes of what happens?

use std::time::Duration;

use docent_index::query::Query;

use super::action::Action;
use super::conversation::{Conversation, Turn};
use super::document::{DocumentView, Prompt, PromptKind};
use super::effect::{Ask, Effect, Run, Wanted};
use super::input::Input;
use super::library::Stage;
use super::message::{
    AnswerReport, DeskReport, ExportReport, LibraryReport, Message, ModelReport, SavedTurn,
};
use super::model::ModelState;
use super::notice::Notice;
use super::scroll::{Anchor, Scroll};
use super::{Context, ExportPrompt, FolderPrompt, Layer, Pane, Question, Sources, State};

/// How long a notice stands at least, whatever is typed meanwhile.
const SEEN: Duration = Duration::from_secs(1);

/// How often a running question wants to show how long it has been running.
const TICK: Duration = Duration::from_millis(250);

/// How many rows a list goes by when it is asked for a page.
const LIST_PAGE: usize = 10;

/// Lines of a page that are still seen after going to the next one.
const OVERLAP: usize = 2;

/// How many past questions are kept for recalling.
const HISTORY: usize = 1_000;

/// The longest name that is proposed for an export, in characters.
const FILE_NAME: usize = 60;

impl State {
    /// Takes in what happened and says what is to be done.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Do(action) => {
                self.forget_what_was_seen();
                self.act(action)
            }
            Message::Type(c) => {
                self.quitting = None;
                self.forget_what_was_seen();
                self.type_char(c)
            }
            Message::Paste(text) => self.paste(&text),
            Message::Resize(size) => {
                self.size = size;
                Vec::new()
            }
            Message::Tick(moment) => {
                self.moment = moment;
                self.forget_what_is_over();
                Vec::new()
            }
            Message::Drawn(measures) => {
                self.measures = measures;
                self.settle_scrolls();
                Vec::new()
            }
            Message::Library(report) => self.library_reports(report),
            Message::Answering(run, report) => self.answer_reports(run, report),
            Message::Model(report) => self.model_reports(report),
            Message::Desk(report) => {
                self.desk_reports(report);
                Vec::new()
            }
            Message::Completed { typed, folders } => {
                if let Some(Layer::Folder(prompt)) = self.layers.last_mut()
                    && prompt.input.text() == typed
                    && prompt.taken.is_none()
                {
                    prompt.candidates = folders;
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
            Message::Edited => Vec::new(),
        }
    }

    /// When a tick is wanted next, since the start; never while nothing on the screen depends on time.
    pub fn wakes(&self) -> Option<Duration> {
        let running = self.conversation.run().map(|_| self.moment.since_start + TICK);
        let notice = self.notice.as_ref().map(|(_, until)| *until);
        running.into_iter().chain(notice).chain(self.quitting).min()
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
        self.conversation.scroll.settle(&self.measures.conversation);
        if !matches!(self.sources.scroll.anchor, Anchor::Item(_)) {
            self.sources.scroll.settle(&self.measures.sources);
        }
        match self.layers.last_mut() {
            Some(Layer::Document(view)) => view.scroll.settle(&self.measures.document),
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
                let index = self.conversations.heads.iter().position(|head| Some(head.id) == open);
                self.conversations.selected = index.unwrap_or(self.conversations.selected);
                return Vec::new();
            }
            Action::Models => return self.toggle(Layer::Models, Some(Effect::ListModels)),
            Action::Library => {
                self.library.leaving = None;
                return self.toggle(Layer::Library, None);
            }
            Action::Export => return self.begin_export(),
            Action::NewConversation => return self.begin_conversation(),
            _ => {}
        }
        match self.context() {
            Context::Question => self.act_in_question(action),
            Context::Conversation => self.act_in_conversation(action),
            Context::Sources => self.act_in_sources(action),
            Context::Conversations => self.act_in_conversations(action),
            Context::Folder => self.act_in_folder_prompt(action),
            Context::Document => self.act_in_document(action),
            Context::DocumentPrompt => self.act_in_document_prompt(action),
            Context::Library => self.act_in_library(action),
            Context::Models => self.act_in_models(action),
            Context::Export => self.act_in_export_prompt(action),
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
        let notice = Notice::note("once more quits");
        self.quitting = Some(self.moment.since_start + notice.stands());
        self.tell(notice);
        if self.context() == Context::Question && !self.question.input.is_empty() {
            // It is not lost: it comes back as a past question does.
            let typed = self.question.input.take();
            self.question.keep(typed);
        }
        Vec::new()
    }

    /// Closes what is open, then stops what runs, then leaves the pane.
    fn back(&mut self) -> Vec<Effect> {
        if let Some(Layer::Document(view)) = self.layers.last_mut()
            && view.prompt.take().is_some()
        {
            return Vec::new();
        }
        if self.layers.pop().is_some() {
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
        self.focus = Pane::Question;
        Vec::new()
    }

    fn act_in_question(&mut self, action: Action) -> Vec<Effect> {
        let before = self.question.input.text().len();
        match action {
            Action::Send => return self.send(),
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

    fn act_in_conversation(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::PreviousTurn | Action::NextTurn => {
                self.select_turn(action == Action::NextTurn);
            }
            Action::Open => return self.open_source(),
            _ if action.source().is_some() => self.select_source(action),
            _ => {
                let height = self.measures.conversation.height;
                scroll_by_action(&mut self.conversation.scroll, action, height);
            }
        }
        Vec::new()
    }

    fn act_in_sources(&mut self, action: Action) -> Vec<Effect> {
        let count = self.conversation.current().map_or(0, |turn| turn.hits.len());
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::PreviousTurn | Action::NextTurn => {
                self.select_turn(action == Action::NextTurn);
            }
            Action::Open => return self.open_source(),
            Action::View | Action::Edit => return self.open_source_outside(action),
            _ if action.source().is_some() => self.select_source(action),
            Action::PageUp | Action::PageDown => {
                let height = self.measures.sources.height;
                scroll_by_action(&mut self.sources.scroll, action, height);
            }
            _ => {
                if let Some(selected) = moved(self.sources.selected, count, action) {
                    self.show_source(selected);
                }
            }
        }
        Vec::new()
    }

    fn act_in_conversations(&mut self, action: Action) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::Open => {
                if let Some(head) = conversations.heads.get(conversations.selected) {
                    return vec![Effect::OpenConversation(head.id)];
                }
            }
            Action::Delete => return self.delete_conversation(),
            Action::Undo => return self.restore_conversation(),
            _ => {
                let count = conversations.heads.len();
                if let Some(selected) = moved(conversations.selected, count, action) {
                    conversations.selected = selected;
                }
            }
        }
        Vec::new()
    }

    fn act_in_folder_prompt(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Folder(prompt)) = self.layers.last_mut() else { return Vec::new() };
        match action {
            Action::Confirm => {
                let typed = prompt.input.text().trim().to_owned();
                if typed.is_empty() {
                    self.layers.pop();
                    return Vec::new();
                }
                vec![Effect::AddFolder { typed }]
            }
            Action::Complete | Action::Down => prompt.complete(true),
            Action::CompleteBack | Action::Up => prompt.complete(false),
            _ => {
                let before = prompt.input.text().len();
                prompt.input.edit(action);
                if prompt.input.text().len() == before { Vec::new() } else { prompt.typed() }
            }
        }
    }

    fn act_in_document(&mut self, action: Action) -> Vec<Effect> {
        let measure = self.measures.document;
        let Some(Layer::Document(view)) = self.layers.last_mut() else { return Vec::new() };
        let page = view.opened.pages.get(measure.item);
        match action {
            Action::Search => view.ask(PromptKind::Search),
            Action::GoToPage => view.ask(PromptKind::Page),
            Action::NextHit | Action::PreviousHit => view.go(action == Action::NextHit),
            Action::Cited => {
                view.search = None;
                view.go(true);
            }
            Action::NextPage | Action::PreviousPage => {
                let last = view.opened.pages.len().saturating_sub(1);
                let page = match action {
                    Action::NextPage => (measure.item + 1).min(last),
                    _ => measure.item.saturating_sub(1),
                };
                view.scroll = Scroll::to(Anchor::Item(page));
            }
            Action::View => {
                let page = page.filter(|_| view.opened.paged).map(|page| page.number);
                return vec![Effect::View { path: view.opened.path.clone(), page }];
            }
            Action::Edit if view.opened.paged => self.tell(no_text()),
            Action::Edit => {
                let (path, line) = (view.opened.path.clone(), view.cited_line());
                return vec![Effect::Edit { path, line }];
            }
            _ => scroll_by_action(&mut view.scroll, action, measure.height),
        }
        Vec::new()
    }

    fn act_in_document_prompt(&mut self, action: Action) -> Vec<Effect> {
        let from = self.measures.document.item;
        let Some(Layer::Document(view)) = self.layers.last_mut() else { return Vec::new() };
        if action != Action::Confirm {
            if let Some(prompt) = &mut view.prompt {
                prompt.input.edit(action);
            }
            return Vec::new();
        }
        let Some(prompt) = view.prompt.take() else { return Vec::new() };
        let typed = prompt.input.text().trim();
        let missed = match prompt.kind {
            _ if typed.is_empty() => None,
            PromptKind::Search if !view.find(typed, from) => {
                Some(format!("`{typed}` does not stand in this document"))
            }
            PromptKind::Page if !view.go_to_page(typed) => {
                Some(format!("there is no page `{typed}` in this document"))
            }
            PromptKind::Search | PromptKind::Page => None,
        };
        if let Some(missed) = missed {
            self.tell(Notice::note(missed));
        }
        Vec::new()
    }

    fn act_in_library(&mut self, action: Action) -> Vec<Effect> {
        if action != Action::Remove {
            self.library.leaving = None;
        }
        match action {
            Action::Add => self.raise(Layer::Folder(FolderPrompt::default())),
            Action::Remove => {
                let Some(folder) = self.library.folder().map(|folder| folder.path.clone()) else {
                    return Vec::new();
                };
                if self.library.leaving.take_if(|leaving| *leaving == folder).is_some() {
                    return vec![Effect::RemoveFolder(folder)];
                }
                self.library.leaving = Some(folder);
            }
            Action::Pause => {
                return vec![Effect::Pause(self.library.stage != Stage::Paused)];
            }
            _ => {
                let library = &mut self.library;
                if let Some(selected) = moved(library.selected, library.rows(), action) {
                    library.selected = selected;
                }
            }
        }
        Vec::new()
    }

    fn act_in_models(&mut self, action: Action) -> Vec<Effect> {
        let model = &mut self.model;
        if action != Action::Open {
            // One row more than files: answers without a model.
            if let Some(selected) = moved(model.selected, model.found.len() + 1, action) {
                model.selected = selected;
            }
            return Vec::new();
        }
        let Some(found) = model.found.get(model.selected) else {
            model.is_chosen = true;
            self.layers.pop();
            return vec![Effect::UnloadModel];
        };
        if let Some(fault) = &found.fault {
            let notice = Notice::error(format!("`{}` can't be used: {fault}", found.name));
            self.tell(notice);
            return Vec::new();
        }
        let path = found.path.clone();
        model.is_chosen = true;
        self.layers.pop();
        vec![Effect::LoadModel(path)]
    }

    fn act_in_export_prompt(&mut self, action: Action) -> Vec<Effect> {
        let answers = self.conversation.answers();
        let Some(Layer::Export(prompt)) = self.layers.last_mut() else { return Vec::new() };
        if action == Action::Confirm {
            let (typed, replace) = (prompt.input.text().trim().to_owned(), prompt.exists);
            if typed.is_empty() {
                return Vec::new();
            }
            return vec![Effect::Export { answers, typed, replace }];
        }
        let before = prompt.input.text().len();
        prompt.input.edit(action);
        if prompt.input.text().len() != before {
            prompt.typed();
        }
        Vec::new()
    }

    fn type_char(&mut self, c: char) -> Vec<Effect> {
        match (self.context(), self.layers.last_mut()) {
            (Context::Question, _) if c == '?' && self.question.input.is_empty() => {
                return self.act(Action::Help);
            }
            (Context::Question, _) => {
                self.question.input.type_char(c);
                self.question.recalled = None;
            }
            (_, Some(Layer::Folder(prompt))) => {
                prompt.input.type_char(c);
                return prompt.typed();
            }
            (_, Some(Layer::Export(prompt))) => {
                prompt.input.type_char(c);
                prompt.typed();
            }
            (_, Some(Layer::Document(view))) => {
                if let Some(prompt) = &mut view.prompt {
                    prompt.input.type_char(c);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        match (self.context(), self.layers.last_mut()) {
            (Context::Question, _) => {
                self.question.input.paste(text);
                self.question.recalled = None;
            }
            (_, Some(Layer::Folder(prompt))) => {
                prompt.input.paste_line(text);
                return prompt.typed();
            }
            (_, Some(Layer::Export(prompt))) => {
                prompt.input.paste_line(text);
                prompt.typed();
            }
            (_, Some(Layer::Document(view))) => {
                if let Some(prompt) = &mut view.prompt {
                    prompt.input.paste_line(text);
                }
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

/// Questions and what stands around them.
impl State {
    fn send(&mut self) -> Vec<Effect> {
        let typed = self.question.input.text();
        let question = typed.trim().to_owned();
        if question.is_empty() {
            return Vec::new();
        }
        if self.library.is_empty() {
            self.raise(Layer::Folder(FolderPrompt::default()));
            return Vec::new();
        }
        if let Err(error) = Query::parse(typed) {
            self.question.input.move_to(error.span().end);
            self.tell(Notice::error(error.to_string()));
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

    fn ask(&mut self, question: String) -> Effect {
        self.next_run += 1;
        let run = Run(self.next_run);
        let asked_at = self.moment.now.timestamp().as_second();
        let ask = Ask {
            run,
            question: question.clone(),
            conversation: self.conversation.id,
            turns: self.conversation.past(),
            asked_at,
        };
        let serial = self.next_serial();
        self.conversation.turns.push(Turn::asked(serial, question, asked_at, run));
        self.conversation.selected = None;
        self.conversation.scroll = Scroll::END;
        self.sources = Sources::FIRST;
        Effect::Ask(ask)
    }

    fn next_serial(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial
    }

    fn answer_reports(&mut self, run: Run, report: AnswerReport) -> Vec<Effect> {
        let failure = match &report {
            AnswerReport::Ended { failure, .. } => failure.clone(),
            AnswerReport::Failed(notice) => Some(notice.clone()),
            _ => None,
        };
        if !self.conversation.report(run, report) {
            return Vec::new();
        }
        if let Some(failure) = failure {
            self.tell(failure);
        }
        if self.conversation.run().is_none()
            && let Some(question) = self.waiting.take()
        {
            return vec![self.ask(question)];
        }
        Vec::new()
    }

    fn recall_before(&mut self) {
        let question = &mut self.question;
        let index = match &question.recalled {
            Some((index, _)) => index.checked_sub(1),
            None if question.input.is_empty() => question.history.len().checked_sub(1),
            None => None,
        };
        if let Some(past) = index.and_then(|index| question.history.get(index)) {
            let draft = match question.recalled.take() {
                Some((_, draft)) => draft,
                None => question.input.text().to_owned(),
            };
            question.recalled = index.map(|index| (index, draft));
            question.input = Input::new(past);
        }
    }

    fn recall_after(&mut self) {
        let question = &mut self.question;
        let Some((index, draft)) = question.recalled.take() else { return };
        if let Some(past) = question.history.get(index + 1) {
            question.input = Input::new(past);
            question.recalled = Some((index + 1, draft));
        } else {
            question.input = Input::new(draft);
        }
    }

    fn select_turn(&mut self, forward: bool) {
        let count = self.conversation.turns.len();
        let Some(last) = count.checked_sub(1) else { return };
        let at = self.conversation.selected.unwrap_or(last).min(last);
        let to = if forward { at + 1 } else { at.saturating_sub(1) };
        self.conversation.selected = (to < last).then_some(to);
        self.conversation.scroll =
            if to < last { Scroll::to(Anchor::Item(to)) } else { Scroll::END };
        self.sources = Sources::FIRST;
    }

    fn select_source(&mut self, action: Action) {
        let count = self.conversation.current().map_or(0, |turn| turn.hits.len());
        let Some(number) = action.source() else { return };
        if number <= count {
            self.show_source(number - 1);
            self.focus = Pane::Sources;
        } else {
            self.tell(Notice::note(format!("there is no source {number}")));
        }
    }

    fn show_source(&mut self, selected: usize) {
        self.sources = Sources { selected, scroll: Scroll::to(Anchor::Item(selected)) };
    }

    fn open_source(&mut self) -> Vec<Effect> {
        let wanted = self.conversation.current().and_then(|turn| {
            let hit = turn.hits.get(self.sources.selected)?;
            Some(Wanted {
                path: hit.path.clone(),
                sha256: turn.citation(hit.n).map(|citation| citation.sha256.clone()),
                page: hit.page,
                passage: hit.text.clone(),
                highlights: turn.highlights(hit),
                n: hit.n,
                is_cited: turn.citation(hit.n).is_some(),
            })
        });
        wanted.map(Effect::OpenDocument).into_iter().collect()
    }

    fn open_source_outside(&mut self, action: Action) -> Vec<Effect> {
        let Some(turn) = self.conversation.current() else { return Vec::new() };
        let Some(hit) = turn.hits.get(self.sources.selected) else { return Vec::new() };
        let (path, page, lines) = (hit.path.clone(), hit.page, hit.lines);
        if action == Action::View {
            return vec![Effect::View { path, page }];
        }
        if page.is_some() {
            self.tell(no_text());
            return Vec::new();
        }
        vec![Effect::Edit { path, line: lines.map(|(first, _)| first) }]
    }

    /// Leaves the conversation; what runs in it is stopped and kept with it.
    fn begin_conversation(&mut self) -> Vec<Effect> {
        let effects = self.leave_conversation();
        self.layers.clear();
        self.focus = Pane::Question;
        effects
    }

    fn leave_conversation(&mut self) -> Vec<Effect> {
        let stop = self.conversation.run().map(Effect::Stop);
        self.conversation = Conversation::default();
        self.sources = Sources::FIRST;
        self.waiting = None;
        stop.into_iter().collect()
    }

    fn delete_conversation(&mut self) -> Vec<Effect> {
        let conversations = &mut self.conversations;
        if conversations.selected >= conversations.heads.len() {
            return Vec::new();
        }
        let head = conversations.heads.remove(conversations.selected);
        conversations.deleted.push(head.id);
        conversations.clamp();
        let mut effects = Vec::new();
        if self.conversation.id == Some(head.id) {
            effects = self.leave_conversation();
        }
        self.tell(Notice::note(format!("deleted `{}`: u brings it back", head.title)));
        effects.push(Effect::DeleteConversation(head.id));
        effects
    }

    fn restore_conversation(&mut self) -> Vec<Effect> {
        let Some(id) = self.conversations.deleted.pop() else {
            self.tell(Notice::note("nothing was deleted"));
            return Vec::new();
        };
        vec![Effect::RestoreConversation(id)]
    }

    fn begin_export(&mut self) -> Vec<Effect> {
        let Some(first) = self.conversation.turns.iter().find_map(Turn::answered) else {
            self.tell(Notice::note("there is no answer to export yet"));
            return Vec::new();
        };
        let input = Input::new(format!("{}.md", file_name(&first.question)));
        self.toggle(Layer::Export(ExportPrompt { input, exists: false, refused: None }), None)
    }
}

/// Reports.
impl State {
    fn library_reports(&mut self, report: LibraryReport) -> Vec<Effect> {
        match report {
            LibraryReport::Stage(stage) => self.library.stage = stage,
            LibraryReport::Content(content) => {
                self.library.content = *content;
                self.library.selected =
                    self.library.selected.min(self.library.rows().saturating_sub(1));
                // Only once: who closes it has seen it.
                if !std::mem::replace(&mut self.welcomed, true)
                    && self.library.content.folders.is_empty()
                {
                    self.raise(Layer::Folder(FolderPrompt::default()));
                }
            }
            LibraryReport::FolderAdded(path) => {
                if matches!(self.layers.last(), Some(Layer::Folder(_))) {
                    self.layers.pop();
                }
                self.tell(Notice::note(format!("`{}` is in the library", path.display())));
            }
            LibraryReport::FolderRefused { typed, reason } => match self.layers.last_mut() {
                Some(Layer::Folder(prompt)) if prompt.input.text().trim() == typed => {
                    prompt.refused = Some(reason);
                }
                _ => self.tell(Notice::error(reason)),
            },
        }
        Vec::new()
    }

    fn model_reports(&mut self, report: ModelReport) -> Vec<Effect> {
        let model = &mut self.model;
        match report {
            ModelReport::Listed { folder, found, free, suitable } => {
                model.folder = Some(folder);
                model.found = found;
                // What is loaded makes room for the next one.
                model.free = free.map(|free| free.saturating_add(model.taken()));
                model.selected = model.selected.min(model.found.len());
                let is_open = !model.is_chosen && model.state == ModelState::Quotes;
                return suitable.filter(|_| is_open).map(Effect::LoadModel).into_iter().collect();
            }
            ModelReport::Loading { path, share } => {
                model.state = ModelState::Loading { path, share };
            }
            ModelReport::Loaded(loaded) => model.state = ModelState::Ready(loaded),
            ModelReport::Unloaded => model.state = ModelState::Quotes,
            ModelReport::Refused { path, reason } => {
                model.state = ModelState::Refused { path, reason: reason.clone() };
                self.tell(Notice::error(reason));
            }
        }
        Vec::new()
    }

    fn desk_reports(&mut self, report: DeskReport) {
        match report {
            DeskReport::Listed(heads) => {
                self.conversations.heads = heads;
                self.conversations.clamp();
            }
            DeskReport::Opened { id, turns } => self.open_conversation(id, turns),
            DeskReport::History(history) => {
                // What was asked since the start stays the latest.
                let since = std::mem::take(&mut self.question.history);
                self.question.history =
                    history.into_iter().filter(|past| !since.contains(past)).collect();
                self.question.history.extend(since);
                let too_many = self.question.history.len().saturating_sub(HISTORY);
                self.question.history.drain(..too_many);
            }
        }
    }

    fn open_conversation(&mut self, id: i64, turns: Vec<SavedTurn>) {
        let turns =
            turns.into_iter().map(|turn| Turn::from_saved(self.next_serial(), turn)).collect();
        self.conversation =
            Conversation { id: Some(id), turns, selected: None, scroll: Scroll::END };
        self.sources = Sources::FIRST;
        self.layers.clear();
        self.focus = Pane::Question;
    }

    fn export_reports(&mut self, report: ExportReport) {
        match (report, self.layers.last_mut()) {
            (ExportReport::Written(path), top) => {
                if matches!(top, Some(Layer::Export(_))) {
                    self.layers.pop();
                }
                self.tell(Notice::note(format!("written to `{}`", path.display())));
            }
            (ExportReport::Exists(_), Some(Layer::Export(prompt))) => prompt.exists = true,
            (ExportReport::Exists(path), _) => {
                let told = format!("`{}` is there already: nothing is written", path.display());
                self.tell(Notice::error(told));
            }
            (ExportReport::Refused { reason }, Some(Layer::Export(prompt))) => {
                prompt.refused = Some(reason);
            }
            (ExportReport::Refused { reason }, _) => self.tell(Notice::error(reason)),
        }
    }
}

impl Question {
    /// Puts a question where it can be recalled.
    fn keep(&mut self, question: String) {
        self.recalled = None;
        self.history.retain(|past| *past != question);
        self.history.push(question);
    }
}

impl FolderPrompt {
    /// The line has changed: what it could mean is asked for anew.
    fn typed(&mut self) -> Vec<Effect> {
        self.refused = None;
        self.taken = None;
        vec![Effect::Complete { typed: self.input.text().to_owned() }]
    }

    /// Puts in what all candidates have in common, else one candidate after the other.
    fn complete(&mut self, forward: bool) -> Vec<Effect> {
        let common = common_start(&self.candidates);
        let is_progress = self.taken.is_none() && common.len() > self.input.text().len() && forward;
        if is_progress {
            self.input = Input::new(common);
            return self.typed();
        }
        let count = self.candidates.len();
        let index = match (&self.taken, forward) {
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
            (Some((index, _)), true) => (index + 1) % count.max(1),
            (Some((index, _)), false) => (index + count.saturating_sub(1)) % count.max(1),
        };
        let Some(candidate) = self.candidates.get(index) else {
            return if self.taken.is_none() { self.typed() } else { Vec::new() };
        };
        let typed = match self.taken.take() {
            Some((_, typed)) => typed,
            None => self.input.text().to_owned(),
        };
        self.input = Input::new(candidate);
        self.taken = Some((index, typed));
        self.refused = None;
        Vec::new()
    }
}

impl ExportPrompt {
    /// Another name is another file.
    fn typed(&mut self) {
        self.exists = false;
        self.refused = None;
    }
}

impl DocumentView {
    fn ask(&mut self, kind: PromptKind) {
        self.prompt = Some(Prompt { kind, input: Input::default() });
    }

    /// The line of the source at which what is cited begins.
    fn cited_line(&self) -> Option<u32> {
        let mark = self.opened.cited.first()?;
        let lines = &self.opened.pages.get(mark.page)?.lines;
        let next = lines.partition_point(|(offset, _)| *offset <= mark.span.start);
        lines.get(next.checked_sub(1)?).map(|(_, line)| *line)
    }
}

/// An editor shows bytes where a document is no text, and can ruin them.
fn no_text() -> Notice {
    Notice::note("a document with pages is no text to edit: o opens it in its viewer")
}

/// Where a list of `count` rows goes from `selected`; none when the action does not move or there is no row.
fn moved(selected: usize, count: usize, action: Action) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let to = match action {
        Action::Up => selected.saturating_sub(1),
        Action::Down => selected + 1,
        Action::PageUp => selected.saturating_sub(LIST_PAGE),
        Action::PageDown => selected + LIST_PAGE,
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

/// The longest beginning that all texts share.
fn common_start(texts: &[String]) -> &str {
    let Some((first, others)) = texts.split_first() else { return "" };
    others.iter().fold(first.as_str(), |common, text| {
        let end = common
            .char_indices()
            .zip(text.chars())
            .find(|((_, a), b)| a != b)
            .map_or(common.len().min(text.len()), |((at, _), _)| at);
        common.get(..end).unwrap_or_default()
    })
}

/// A file's name from a question: its words with hyphens between them.
fn file_name(question: &str) -> String {
    let words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        if name.chars().count() + word.chars().count() >= FILE_NAME {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().flat_map(char::to_lowercase));
    }
    if name.is_empty() { "answer".to_owned() } else { name }
}
