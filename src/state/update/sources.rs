//! What comes of what is asked for among the sources?

use super::{LIST_PAGE, document::no_text, moved, scroll_by_action};
use crate::answer::EVIDENCE;
use crate::json::Hit;
use crate::state::action::Action;
use crate::state::effect::{Effect, KeptPassage, Passage, Wanted};
use crate::state::notice::Notice;
use crate::state::scroll::{Anchor, Scroll};
use crate::state::why::{Chosen, WhyView};
use crate::state::{Layer, Pane, Sources, State};

/// With so many of its sources pinned, an answer still reads one that its question has found.
const MOST_PINNED: usize = EVIDENCE - 1;

/// Viewers look for words in one line.
const SEARCHED: usize = 4;

impl State {
    pub(super) fn act_in_sources(&mut self, action: Action) -> Vec<Effect> {
        let count = self.shown().map_or(0, |turn| turn.hits.len());
        match action {
            Action::NextPane | Action::PreviousPane => self.move_focus(action == Action::NextPane),
            Action::PreviousTurn | Action::NextTurn => {
                self.select_turn(action == Action::NextTurn);
            }
            Action::Open => return self.open_source(),
            Action::View | Action::Edit => return self.open_source_outside(action),
            Action::Copy => return self.copy_quote(),
            Action::Pin => return self.pin(),
            Action::Exclude => return self.exclude(),
            Action::TakeAllIn => return self.take_all_in(),
            Action::UnpinAll => return self.unpin_all(),
            Action::Why if count > 0 => {
                if self.preview.as_ref().is_none_or(|preview| preview.found().is_none())
                    && let Some(turn) = self.conversation.current_mut()
                {
                    turn.explain();
                }
                self.raise(Layer::Why(WhyView::FIRST));
            }
            _ if action.source().is_some() => self.select_source(action),
            Action::PageUp | Action::PageDown => {
                let height = self.measures.sources.height;
                scroll_by_action(&mut self.sources.scroll, action, height);
            }
            _ => {
                if let Some(selected) = moved(self.sources.selected, count, LIST_PAGE, action) {
                    self.show_source(selected);
                }
            }
        }
        Vec::new()
    }

    pub(super) fn select_source(&mut self, action: Action) {
        let count = self.shown().map_or(0, |turn| turn.hits.len());
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

    /// Goes to the first source that the chosen turn's answer cites.
    pub(super) fn show_cited(&mut self) {
        let cited = self
            .conversation
            .current()
            .and_then(|turn| turn.hits.iter().position(|hit| turn.citation(hit.n).is_some()));
        self.sources = Sources::FIRST;
        if let Some(cited) = cited {
            self.show_source(cited);
        }
    }

    pub(super) fn open_source(&mut self) -> Vec<Effect> {
        let wanted = self.shown().and_then(|turn| {
            let hit = turn.hits.get(self.sources.selected)?;
            Some(Wanted {
                path: hit.path.clone(),
                sha256: turn.citation(hit.n).map(|citation| citation.sha256.clone()),
                page: hit.page,
                passage: hit.text.clone(),
                section: hit.heading.last().cloned().unwrap_or_default(),
                highlights: turn.highlights(hit),
                n: hit.n,
                is_cited: turn.citation(hit.n).is_some(),
                kept: Some(Box::new(KeptPassage { hit: hit.clone(), found_at: turn.asked_at })),
            })
        });
        wanted.map(Effect::OpenDocument).into_iter().collect()
    }

    /// Keeps the chosen source among those of the next questions, or lets it go.
    fn pin(&mut self) -> Vec<Effect> {
        let Some(hit) = self.chosen_source() else { return Vec::new() };
        let (passage, n) = (Passage::of(hit), hit.n);
        let Chosen { pinned, excluded } = &mut self.conversation.chosen;
        let count = pinned.len();
        pinned.retain(|other| *other != passage);
        let told = if pinned.len() < count {
            format!("[{n}] is pinned no longer")
        } else if count >= MOST_PINNED {
            format!("{MOST_PINNED} sources are pinned, and an answer reads {EVIDENCE}: let one go")
        } else {
            excluded.retain(|other| *other != passage);
            pinned.push(passage);
            format!("[{n}] stays among the sources of the next questions here")
        };
        self.tell(Notice::note(told));
        self.conversation.kept_passages().into_iter().collect()
    }

    /// Leaves the chosen source out of the next questions, or takes it in again.
    fn exclude(&mut self) -> Vec<Effect> {
        let Some(hit) = self.chosen_source() else { return Vec::new() };
        let (passage, n) = (Passage::of(hit), hit.n);
        let Chosen { pinned, excluded } = &mut self.conversation.chosen;
        let count = excluded.len();
        excluded.retain(|other| *other != passage);
        let told = if excluded.len() < count {
            format!("[{n}] can be found again")
        } else {
            pinned.retain(|other| *other != passage);
            excluded.push(passage);
            format!("[{n}] is left out of the next questions here")
        };
        self.tell(Notice::note(told));
        self.conversation.kept_passages().into_iter().collect()
    }

    pub(super) fn chosen_source(&self) -> Option<&Hit> {
        self.shown()?.hits.get(self.sources.selected)
    }

    /// Scrolls, and opens or folds the prompt.
    pub(super) fn act_in_why(&mut self, action: Action) -> Vec<Effect> {
        let height = self.measures.why.height;
        let Some(Layer::Why(view)) = self.layers.last_mut() else { return Vec::new() };
        match action {
            Action::Unfold => view.has_prompt = !view.has_prompt,
            _ => scroll_by_action(&mut view.scroll, action, height),
        }
        Vec::new()
    }

    fn open_source_outside(&mut self, action: Action) -> Vec<Effect> {
        let Some(turn) = self.shown() else { return Vec::new() };
        let Some(hit) = turn.hits.get(self.sources.selected) else { return Vec::new() };
        let (path, page, lines) = (hit.path.clone(), hit.page, hit.lines);
        let line = lines.map(|(first, _)| first);
        if action == Action::View {
            let marked = turn.highlights(hit);
            let (start, end) = marked.first().copied().unwrap_or((0, hit.text.len()));
            let search = first_words(hit.text.get(start..end).unwrap_or_default());
            return vec![Effect::View { path, page, line, search }];
        }
        if page.is_some() {
            self.tell(no_text());
            return Vec::new();
        }
        vec![Effect::Edit { path, line }]
    }
}

/// What a viewer is to look for: the beginning of a text, as far as it probably stands in one line.
pub(super) fn first_words(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().take(SEARCHED).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
