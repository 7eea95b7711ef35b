//! What comes of choosing how the screen looks?

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::look::{Beside, Choice, Shown, ThemeChoice, WIDTHS};
use super::super::notice::Notice;
use super::super::{Layer, Pane, State};
use super::{LIST_PAGE, moved};

impl State {
    pub(super) fn begin_themes(&mut self) -> Vec<Effect> {
        let selected = self.look.choices().position(|choice| choice == self.look.theme);
        self.toggle(Layer::Themes { selected: selected.unwrap_or_default() }, None)
    }

    pub(super) fn act_in_themes(&mut self, action: Action) -> Vec<Effect> {
        let count = self.look.choices().count();
        let Some(Layer::Themes { selected }) = self.layers.last_mut() else { return Vec::new() };
        if action != Action::Open {
            *selected = moved(*selected, count, LIST_PAGE, action).unwrap_or(*selected);
            return Vec::new();
        }
        let Some(choice) = self.look.choices().nth(*selected) else { return Vec::new() };
        if let Some(fault) = self.look.fault(&choice) {
            let told = format!("`{}` can't be used: {fault}", choice.name());
            self.tell(Notice::error(told));
            return Vec::new();
        }
        self.layers.pop();
        self.choose_theme(choice)
    }

    /// Chooses the theme behind or before the one that is chosen.
    pub(super) fn step_theme(&mut self, forward: bool) -> Vec<Effect> {
        let choices: Vec<ThemeChoice> =
            self.look.choices().filter(|choice| self.look.fault(choice).is_none()).collect();
        let at = choices.iter().position(|choice| *choice == self.look.theme).unwrap_or_default();
        let step = if forward { 1 } else { choices.len().saturating_sub(1) };
        let next = choices.get((at + step) % choices.len().max(1)).cloned();
        next.map(|choice| self.choose_theme(choice)).unwrap_or_default()
    }

    fn choose_theme(&mut self, choice: ThemeChoice) -> Vec<Effect> {
        self.look.theme = choice.clone();
        vec![Effect::Keep(Choice::Theme(choice))]
    }

    /// Makes the pane in focus wider or narrower, which the sources pay for or get where it is the conversation.
    pub(super) fn resize_pane(&mut self, wider: bool) -> Vec<Effect> {
        if !self.layers.is_empty() {
            return Vec::new();
        }
        let is_conversations = self.focus == Pane::Conversations;
        let width = |state: &Self| {
            if is_conversations { state.conversations_width() } else { state.sources_width() }
        };
        let Some(now) = width(self) else {
            let pane = if is_conversations { "conversations" } else { "sources" };
            self.tell(Notice::note(format!("the {pane} are not beside the conversation")));
            return Vec::new();
        };
        let is_theirs = matches!(self.focus, Pane::Conversations | Pane::Sources);
        self.beside(is_conversations).resize(now, wider == is_theirs);
        // What has no room is not kept for a larger terminal.
        let given = width(self);
        self.beside(is_conversations).width = given;
        vec![Effect::Keep(Choice::Panes(self.look.panes))]
    }

    /// Puts the edge of a pane beside the conversation on a column of the screen, as near as there is room for.
    pub(super) fn move_edge(&mut self, pane: Pane, column: u16) {
        let is_conversations = pane == Pane::Conversations;
        let width = |state: &Self| {
            if is_conversations { state.conversations_width() } else { state.sources_width() }
        };
        if width(self).is_none() {
            return;
        }
        let wanted = if is_conversations { column } else { self.size.width.saturating_sub(column) };
        self.beside(is_conversations).width = Some(wanted.clamp(WIDTHS.0, WIDTHS.1));
        // What has no room is not kept for a larger terminal.
        let given = width(self);
        self.beside(is_conversations).width = given;
    }

    fn beside(&mut self, is_conversations: bool) -> &mut Beside {
        let panes = &mut self.look.panes;
        if is_conversations { &mut panes.conversations } else { &mut panes.sources }
    }

    /// Shows a pane beside the conversation, or hides it.
    pub(super) fn toggle_pane(&mut self, pane: Pane) -> Vec<Effect> {
        let width = |state: &Self| match pane {
            Pane::Conversations => state.conversations_width(),
            _ => state.sources_width(),
        };
        let was_beside = width(self).is_some();
        let set = |state: &mut Self, shown| match pane {
            Pane::Conversations => state.look.panes.conversations.shown = shown,
            _ => state.look.panes.sources.shown = shown,
        };
        if was_beside {
            // Where there is no room for it, it comes back by itself in a larger terminal.
            set(self, Shown::Auto);
            if width(self).is_some() {
                set(self, Shown::Never);
            }
            if self.focus == pane {
                self.focus = Pane::Question;
            }
        } else {
            let before = self.look.panes;
            set(self, Shown::Auto);
            if width(self).is_none() {
                set(self, Shown::Always);
            }
            if width(self).is_none() {
                self.look.panes = before;
                self.tell(Notice::note("this terminal is too narrow for one more pane"));
                return Vec::new();
            }
        }
        vec![Effect::Keep(Choice::Panes(self.look.panes))]
    }

    /// The name of the theme that is drawn with: the one that is looked at, else the one that is chosen. None where there
    /// is nothing to choose from.
    pub fn theme_name(&self) -> Option<&str> {
        if self.look.themes.is_empty() {
            return None;
        }
        let looked_at = self.layers.iter().rev().find_map(|layer| match layer {
            Layer::Themes { selected } => Some(*selected),
            _ => None,
        });
        match looked_at {
            None => Some(self.look.name_of(&self.look.theme)),
            Some(0) => Some(self.look.name_of(&ThemeChoice::Auto)),
            Some(index) => self.look.themes.get(index - 1).map(|listed| listed.name.as_str()),
        }
    }
}
