//! What comes of a click and of the wheel?

use std::time::Duration;

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::look::Choice;
use super::super::notice::Notice;
use super::super::picker::Choices;
use super::super::scroll::{Anchor, Scroll};
use super::super::target::Target;
use super::super::{Field, Layer, Pane, State};

/// Two clicks on the same within this are one that opens.
const DOUBLE: Duration = Duration::from_millis(400);

impl State {
    /// A click goes to what it is on; the second of two opens it.
    pub(super) fn click(&mut self, target: Target) -> Vec<Effect> {
        let now = self.moment.since_start;
        let is_double = self
            .clicked
            .take()
            .is_some_and(|(before, at)| before == target && now.saturating_sub(at) <= DOUBLE);
        if !is_double {
            self.clicked = Some((target, now));
        }
        self.quitting = None;
        // Who clicks twice on what one click takes means nothing that lay below. What takes a chip away did not.
        let is_second = self.taken.take().is_some_and(|at| now.saturating_sub(at) <= DOUBLE);
        if is_second && !matches!(target, Target::Chip(_)) {
            return Vec::new();
        }
        match target {
            Target::Layer => return Vec::new(),
            Target::Hint(action) => {
                // What lies under a panel is told its keys as well.
                let fits = action.fits(self.context());
                return if fits { self.act(action) } else { Vec::new() };
            }
            Target::Row(index) if matches!(self.layers.last(), None | Some(Layer::Picker(_))) => {
                return self.take_row(index);
            }
            Target::Row(index) => {
                let mut effects = self.choose_row(index);
                if is_double {
                    effects.extend(self.act(Action::Open));
                }
                return effects;
            }
            // What lies on the panes is left by its own key.
            _ if !self.layers.is_empty() => return Vec::new(),
            Target::Pane(pane) => self.focus = pane,
            Target::Typed(byte) => {
                self.focus = Pane::Question;
                self.question.input.move_to(byte);
            }
            Target::Chip(index) => {
                self.focus = Pane::Question;
                return self.take_chip(index);
            }
            Target::Edge(pane) => self.dragged = Some((pane, self.look.panes)),
            Target::Turn(turn) => {
                self.focus = Pane::Conversation;
                self.show_turn(turn);
            }
            Target::Citation { turn, n } => {
                self.show_turn(turn);
                let hits = self.conversation.current().map(|turn| turn.hits.as_slice());
                let index = hits.and_then(|hits| hits.iter().position(|hit| hit.n == n));
                let Some(index) = index else { return Vec::new() };
                self.show_source(index);
                self.focus = Pane::Sources;
            }
            Target::Source(index) => {
                self.focus = Pane::Sources;
                let count = self.shown().map_or(0, |turn| turn.hits.len());
                self.show_source(index.min(count.saturating_sub(1)));
            }
            Target::Conversation(index) => {
                self.focus = Pane::Conversations;
                let conversations = &mut self.conversations;
                conversations.search.is_finding = false;
                conversations.selected = index;
                conversations.clamp();
            }
        }
        let opens =
            matches!(target, Target::Citation { .. } | Target::Source(_) | Target::Conversation(_));
        if is_double && opens { self.act(Action::Open) } else { Vec::new() }
    }

    /// What is picked from, or the commands that are shown over the question line.
    fn choices_on_top(&mut self) -> Option<&mut Choices> {
        match self.layers.last_mut() {
            Some(Layer::Picker(picker)) => Some(&mut picker.choices),
            _ => self.question.commands.as_mut(),
        }
    }

    /// Takes a row of the commands or of what is picked from: a click there is all that it takes.
    fn take_row(&mut self, index: usize) -> Vec<Effect> {
        let Some(choices) = self.choices_on_top().filter(|choices| index < choices.fitting())
        else {
            return Vec::new();
        };
        choices.select(index);
        self.taken = Some(self.moment.since_start);
        if self.layers.is_empty() { self.command() } else { self.act(Action::Confirm) }
    }

    /// The mouse has moved the edge that it holds.
    pub(super) fn drag(&mut self, column: u16) {
        if let Some((pane, _)) = self.dragged {
            self.move_edge(pane, column);
        }
    }

    /// The edge stays where it is.
    pub(super) fn release(&mut self) -> Vec<Effect> {
        let moved = self.dragged.take().filter(|(_, before)| *before != self.look.panes);
        moved.map(|_| Effect::Keep(Choice::Panes(self.look.panes))).into_iter().collect()
    }

    /// Shows the sources of a turn without moving what is read.
    fn show_turn(&mut self, turn: usize) {
        self.preview = None;
        let last = self.conversation.turns.len().saturating_sub(1);
        let selected = (turn < last).then_some(turn);
        if self.conversation.selected != selected {
            self.conversation.selected = selected;
            self.show_cited();
        }
    }

    /// Goes to a row of the list on top.
    fn choose_row(&mut self, index: usize) -> Vec<Effect> {
        let themes = self.look.choices().count();
        match self.layers.last_mut() {
            Some(Layer::Library) => {
                let tree = &mut self.library.tree;
                // Who clicks has typed what he looks for.
                tree.is_finding = false;
                let last = tree.rows.total.saturating_sub(1);
                return tree.choose(index.min(last)).into_iter().collect();
            }
            Some(Layer::Models) => {
                self.model.change = None;
                self.model.selected = index.min(self.model.rows().saturating_sub(1));
            }
            Some(Layer::Picker(picker)) => picker.choices.select(index),
            Some(Layer::Welcome(welcome)) => {
                welcome.field = match index {
                    0 => Field::Folders,
                    1 => Field::Model,
                    _ => Field::Theme,
                };
            }
            Some(Layer::Themes { selected }) => *selected = index.min(themes.saturating_sub(1)),
            _ => {}
        }
        Vec::new()
    }

    /// The wheel moves what it is on by so many lines, up when negative.
    pub(super) fn wheel(&mut self, target: Target, lines: isize) -> Vec<Effect> {
        match target {
            Target::Row(_) | Target::Layer
                if matches!(self.layers.last(), Some(Layer::Picker(_)))
                    || self.layers.is_empty() =>
            {
                if let Some(choices) = self.choices_on_top() {
                    choices.select(choices.selected().saturating_add_signed(lines));
                }
                Vec::new()
            }
            Target::Layer | Target::Row(_) => {
                let is_list = !self.context().is_typed_in();
                if !is_list {
                    return Vec::new();
                }
                let action = if lines > 0 { Action::Down } else { Action::Up };
                (0..lines.unsigned_abs()).flat_map(|_| self.act(action)).collect()
            }
            _ if !self.layers.is_empty() => Vec::new(),
            Target::Pane(Pane::Sources) | Target::Source(_) => {
                // From here on it stands where it was moved to, not by the source that is chosen.
                if matches!(self.sources.scroll.anchor, Anchor::Item(_)) {
                    self.sources.scroll = Scroll::to(Anchor::Line(self.measures.sources.top));
                }
                self.sources.scroll.by(lines);
                Vec::new()
            }
            Target::Pane(Pane::Conversations) | Target::Conversation(_) => {
                let conversations = &mut self.conversations;
                conversations.selected = conversations.selected.saturating_add_signed(lines);
                conversations.clamp();
                Vec::new()
            }
            Target::Pane(Pane::Question | Pane::Conversation)
            | Target::Turn(_)
            | Target::Citation { .. }
            | Target::Typed(_)
            | Target::Chip(_)
            | Target::Hint(_)
            | Target::Edge(_) => {
                self.conversation.scroll.by(lines);
                Vec::new()
            }
        }
    }

    /// Gives the mouse to the terminal, for its own selection, or takes it back.
    pub(super) fn release_mouse(&mut self) -> Vec<Effect> {
        self.has_mouse = !self.has_mouse;
        self.tell(Notice::note(if self.has_mouse {
            "clicks and the wheel are docent's again"
        } else {
            "the mouse is the terminal's now, to select with: the same key takes it back"
        }));
        Vec::new()
    }
}
