//! How is the state drawn?
//!
//! A frame is made from the state alone; what is kept between frames are lines that were wrapped before. Everything that
//! comes from documents, names and models goes into cells by `canvas`, which takes out what steers a terminal.

mod bidi;
mod canvas;
mod chips;
mod claims;
mod code;
mod conversation;
mod conversations;
mod document;
mod export;
mod folder;
mod header;
mod help;
mod hints;
mod library;
mod markdown;
mod models;
mod notice;
mod picker;
mod prompt;
mod question;
mod refusal;
mod regions;
mod sources;
mod status;
mod text;
mod themes;
mod turns;
mod unfinished;
mod welcome;
mod why;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;

use self::canvas::Canvas;
use self::regions::Regions;
use crate::keys::Keys;
use crate::state::look::RightToLeft;
use crate::state::scroll::{Anchor, Measure, Measures, Scroll};
use crate::state::target::Target;
use crate::state::{Layer, Pane, State};
use crate::theme::{Role, Signs, Theme, Themes};

/// Under these, nothing that could be read has room.
const NARROWEST: u16 = 12;
const LOWEST: u16 = 4;

/// Draws states, and keeps what takes long to make.
#[derive(Debug)]
pub struct View {
    themes: Themes,
    theme: Theme,
    order: RightToLeft,
    /// The name of the theme that was asked for last, which may be one that can't be read.
    wanted: String,
    signs: Signs,
    turns: turns::Turns,
    document: Option<document::Laid>,
    conversations: List,
    library: library::Stand,
    models: List,
    theme_list: List,
    /// What stands where, as it was drawn last; what lies on top comes last.
    targets: Vec<(Rect, Target)>,
    picker: List,
    commands: List,
}

impl View {
    pub fn new(theme: Theme, signs: Signs) -> Self {
        Self {
            themes: Themes::default(),
            wanted: theme.name().to_owned(),
            theme,
            order: RightToLeft::default(),
            signs,
            turns: turns::Turns::default(),
            document: None,
            conversations: List::default(),
            library: library::Stand::default(),
            models: List::default(),
            theme_list: List::default(),
            targets: Vec::new(),
            picker: List::default(),
            commands: List::default(),
        }
    }

    /// The same with themes to choose from beside those that docent comes with.
    #[must_use]
    pub fn choosing(self, themes: Themes) -> Self {
        Self { themes, ..self }
    }

    /// The same where what is written from right to left is put in order so.
    #[must_use]
    pub fn ordering(self, order: RightToLeft) -> Self {
        Self { order, ..self }
    }

    /// What stands at a column and a row of the screen.
    pub fn target_at(&self, column: u16, row: u16) -> Option<Target> {
        let here = self.targets.iter().rev().find(|(area, _)| area.contains((column, row).into()));
        here.map(|(_, target)| *target)
    }

    /// Takes the theme that the state wants; what was kept is in the colours of the one before.
    fn follow(&mut self, state: &State) {
        let Some(name) = state.theme_name().filter(|name| *name != self.wanted) else { return };
        let wanted = name.to_owned();
        match self.themes.load(name) {
            Ok(theme) => {
                let theme = theme.in_colours(self.theme.colours());
                let themes = std::mem::take(&mut self.themes);
                *self = Self {
                    wanted,
                    themes,
                    order: self.order,
                    theme_list: self.theme_list,
                    ..Self::new(theme, self.signs)
                };
            }
            // The list says why.
            Err(_fault) => self.wanted = wanted,
        }
    }

    /// Draws everything, and tells what it measured; of regions that are covered, what was measured before.
    pub fn draw(&mut self, state: &State, keys: &Keys, frame: &mut Frame<'_>) -> Measures {
        self.follow(state);
        let mut measures = state.measures;
        let area = frame.area();
        let mut cursor = None;
        self.targets.clear();
        let canvas = &mut Canvas {
            buffer: frame.buffer_mut(),
            theme: &self.theme,
            signs: &self.signs,
            order: self.order,
            targets: &mut self.targets,
        };
        if area.width < NARROWEST || area.height < LOWEST {
            canvas.put(area, 0, 0, "too small", Role::Dim);
            return measures;
        }
        let regions = Regions::of(area, state);
        status::draw(canvas, regions.status, state, keys);
        // What lies under a view that fills the screen is not drawn.
        let first = state.layers.iter().rposition(fills);
        if first.is_none() {
            let mut finding = None;
            header::draw(canvas, regions.header, state);
            let panes = [
                (Some(regions.question), Pane::Question),
                (regions.conversation, Pane::Conversation),
                (regions.conversations, Pane::Conversations),
                (regions.sources, Pane::Sources),
            ];
            for (area, pane) in panes {
                canvas.mark(area.unwrap_or_default(), Target::Pane(pane));
            }
            if let Some(area) = regions.conversation {
                measures.conversation =
                    conversation::draw(canvas, area, state, keys, &mut self.turns);
            }
            if let Some(area) = regions.conversations {
                finding = conversations::draw(canvas, area, state, keys, &mut self.conversations);
            }
            if let Some(area) = regions.sources {
                measures.sources = sources::draw(canvas, area, state);
            }
            regions.mark_edges(canvas);
            focused(canvas, &regions, state);
            cursor = question::draw(canvas, &regions, (state, keys), &measures).or(finding);
            question::draw_commands(canvas, &regions, (state, keys), &mut self.commands);
        }
        let has_document = state.layers.iter().any(|layer| matches!(layer, Layer::Document(_)));
        if !has_document {
            self.document = None;
        }
        let view = regions.view;
        for layer in state.layers.iter().skip(first.unwrap_or_default()) {
            if fills(layer) {
                canvas.clear(view);
                canvas.mark(view, Target::Layer);
            }
            cursor = match layer {
                Layer::Welcome(prompt) => welcome::draw(canvas, view, state, keys, prompt),
                Layer::Folder(prompt) => folder::draw(canvas, view, keys, prompt),
                Layer::Document(document) => {
                    let mut laid = document::lay(self.document.take(), document, view);
                    let (measure, cursor) = document::draw(canvas, view, keys, document, &mut laid);
                    measures.document = measure;
                    self.document = Some(laid);
                    cursor
                }
                Layer::Why(why) => {
                    measures.why = why::draw(canvas, view, state, keys, why);
                    None
                }
                Layer::Library => {
                    let (measure, cursor) =
                        library::draw(canvas, view, state, keys, &mut self.library);
                    measures.library = measure;
                    cursor
                }
                Layer::Models => {
                    models::draw(canvas, view, state, keys, &mut self.models);
                    None
                }
                Layer::Themes { selected } => {
                    themes::draw(
                        canvas,
                        view,
                        (&state.look, *selected),
                        keys,
                        &mut self.theme_list,
                    );
                    None
                }
                Layer::Export(prompt) => export::draw(canvas, view, keys, prompt),
                Layer::Rename(prompt) => conversations::rename(canvas, view, keys, prompt),
                Layer::Picker(picker) => picker::draw(canvas, view, keys, picker, &mut self.picker),
                Layer::Help { of, scroll } => {
                    measures.help = help::draw(canvas, view, keys, *of, *scroll);
                    None
                }
            };
        }
        if first.is_some() {
            notice::draw(canvas, notice::over(view, state), state);
        }
        canvas.ground(state.look.background);
        if let Some(position) = cursor {
            frame.set_cursor_position(position);
        }
        measures
    }
}

/// Whether a layer covers all but the status line.
fn fills(layer: &Layer) -> bool {
    match layer {
        Layer::Welcome(_)
        | Layer::Document(_)
        | Layer::Why(_)
        | Layer::Library
        | Layer::Models
        | Layer::Help { .. } => true,
        Layer::Folder(_)
        | Layer::Themes { .. }
        | Layer::Export(_)
        | Layer::Rename(_)
        | Layer::Picker(_) => false,
    }
}

/// Where a list stands that always shows what is chosen in it.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    top: usize,
}

impl List {
    /// The line at the top, so that the lines of what is chosen (the first and the one behind the last) can be seen, and
    /// as little as possible moves.
    fn show(&mut self, (first, end): (usize, usize), lines: usize, height: usize) -> usize {
        let lowest = end.saturating_sub(height).min(first);
        self.top = self.top.clamp(lowest, first).min(lines.saturating_sub(height));
        self.top
    }
}

/// Measures a region of so many lines.
fn measure(
    scroll: Scroll,
    (lines, height): (usize, u16),
    line_of: impl Fn(Anchor) -> usize,
    item_at: impl Fn(usize) -> usize,
) -> Measure {
    let height = usize::from(height);
    let top = scroll.top(lines, height, &line_of);
    let item = item_at(top);
    let line = top.saturating_sub(line_of(Anchor::Item(item)));
    Measure { top, height, lines, item, line, items_below: None }
}

/// The part of `area` from the line `from` on.
fn below(area: Rect, from: u16) -> Rect {
    let from = from.min(area.height);
    Rect { y: area.y + from, height: area.height - from, ..area }
}

/// So many lines of `area` from the line `from` on.
fn rows(area: Rect, from: u16, count: u16) -> Rect {
    let rest = below(area, from);
    Rect { height: rest.height.min(count), ..rest }
}

/// `area` without so many columns at its left and right.
fn inset(area: Rect, left: u16, right: u16) -> Rect {
    let left = left.min(area.width);
    Rect { x: area.x + left, width: (area.width - left).saturating_sub(right), ..area }
}

/// Whether a pane has the keys.
fn has_focus(state: &State, pane: Pane) -> bool {
    state.layers.is_empty() && state.focus == pane
}

/// The role of a pane's title.
/// Makes the line over the pane that has the focus a heavy one: of the question line the cursor tells it.
fn focused(canvas: &mut Canvas<'_>, regions: &Regions, state: &State) {
    let pane = match state.focus {
        Pane::Question => None,
        Pane::Conversation => regions.conversation,
        Pane::Conversations => regions.conversations,
        Pane::Sources => regions.sources,
    };
    let Some(pane) = pane.filter(|pane| has_focus(state, state.focus) && pane.width > 0) else {
        return;
    };
    let line = below(regions.header, 1);
    let line = Rect { x: pane.x, width: pane.width, ..line };
    let heavy = canvas.signs.heavy.repeat(usize::from(line.width));
    canvas.put(line, 0, 0, &heavy, Role::Focus);
}

fn title_role(state: &State, pane: Pane) -> Role {
    if has_focus(state, pane) { Role::Focus } else { Role::Title }
}
