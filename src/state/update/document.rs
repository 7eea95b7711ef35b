//! What comes of reading a document?

use super::scroll_by_action;
use super::sources::first_words;
use crate::state::action::Action;
use crate::state::document::{DocumentView, PromptKind};
use crate::state::effect::Effect;
use crate::state::notice::Notice;
use crate::state::scroll::{Anchor, Scroll};
use crate::state::{Layer, State};

impl State {
    pub(super) fn act_in_document(&mut self, action: Action) -> Vec<Effect> {
        let measure = self.measures.document;
        let Some(Layer::Document(view)) = self.layers.last_mut() else { return Vec::new() };
        let page = view.opened.pages.get(measure.item);
        match action {
            Action::Search => view.ask(PromptKind::Search, measure.item),
            Action::GoToPage => view.ask(PromptKind::Page, measure.item),
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
                let (path, line) = (view.opened.path.clone(), view.cited_line());
                let search = match &view.search {
                    Some(search) => Some(search.words.clone()),
                    None => view.opened.cited.first().and_then(|mark| {
                        let text = &view.opened.pages.get(mark.page)?.text;
                        first_words(text.get(mark.span.clone())?)
                    }),
                };
                return vec![Effect::View { path, page, line, search }];
            }
            Action::Copy => return self.copy_marked(),
            Action::Edit if view.opened.paged => self.tell(no_text()),
            Action::Edit => {
                let (path, line) = (view.opened.path.clone(), view.cited_line());
                return vec![Effect::Edit { path, line }];
            }
            _ => scroll_by_action(&mut view.scroll, action, measure.height),
        }
        Vec::new()
    }

    pub(super) fn act_in_document_prompt(&mut self, action: Action) -> Vec<Effect> {
        let Some(Layer::Document(view)) = self.layers.last_mut() else { return Vec::new() };
        if action == Action::Confirm {
            view.take_prompt();
        } else if let Some(prompt) = &mut view.prompt {
            let before = prompt.input.text().len();
            prompt.input.edit(action);
            if prompt.input.text().len() != before {
                view.typed();
            }
        }
        Vec::new()
    }
}

impl DocumentView {
    /// The line of the source at which what is cited begins.
    fn cited_line(&self) -> Option<u32> {
        let mark = self.opened.cited.first()?;
        let lines = &self.opened.pages.get(mark.page)?.lines;
        let next = lines.partition_point(|(offset, _)| *offset <= mark.span.start);
        lines.get(next.checked_sub(1)?).map(|(_, line)| *line)
    }
}

/// An editor shows bytes where a document is no text, and can ruin them.
pub(super) fn no_text() -> Notice {
    Notice::note("a document with pages is no text to edit: o opens it in its viewer")
}
