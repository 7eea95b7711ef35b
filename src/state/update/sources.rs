//! What comes of what is asked for among the sources?

use super::{document::no_text, moved, scroll_by_action};
use crate::state::action::Action;
use crate::state::effect::{Effect, Wanted};
use crate::state::notice::Notice;
use crate::state::scroll::{Anchor, Scroll};
use crate::state::{Pane, Sources, State};

impl State {
    pub(super) fn act_in_sources(&mut self, action: Action) -> Vec<Effect> {
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

    pub(super) fn select_source(&mut self, action: Action) {
        let count = self.conversation.current().map_or(0, |turn| turn.hits.len());
        let Some(number) = action.source() else { return };
        if number <= count {
            self.show_source(number - 1);
            self.focus = Pane::Sources;
        } else {
            self.tell(Notice::note(format!("there is no source {number}")));
        }
    }

    pub(super) fn show_source(&mut self, selected: usize) {
        self.sources = Sources { selected, scroll: Scroll::to(Anchor::Item(selected)) };
    }

    pub(super) fn open_source(&mut self) -> Vec<Effect> {
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
}
