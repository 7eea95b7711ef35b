//! How is the list of models drawn?

use std::path::Path;

use ratatui::layout::Rect;

use super::canvas::{Canvas, put_rows};
use super::text::{self, Styled};
use super::words::{count, counted, percent, rate, size, time_left, tokens};
use super::{List, below, hints, inset, rows};
use crate::keys::Keys;
use crate::models::fit;
use crate::state::action::Action;
use crate::state::model::{Cost, Embedder, Found, Maker, ModelState};
use crate::state::target::Target;
use crate::state::{Context, State};
use crate::theme::Role;

/// Cells of the columns, and between them.
const SIGN: usize = 3;
const QUANTIZATION: usize = 8;
const SIZE: usize = 6;
const NEEDS: usize = 26;
const FIT: usize = 21;
const GAP: usize = 3;
/// The name's column: at least and at most, and what it should have before something else is left out.
const NAME: (usize, usize) = (8, 44);
const READABLE: usize = 22;
/// Lines for what is told of the chosen model, and the height from which on they have room.
const TOLD: u16 = 3;
const HIGH: u16 = 12;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    keys: &Keys,
    list: &mut List,
) {
    let hints = [
        (Action::Back, "back"),
        (Action::Open, "choose"),
        (Action::Unload, "unload"),
        (Action::ReadAgain, "look again"),
    ];
    let free = state.model.free.map(|free| format!("free memory {}", size(free)));
    let title = ("Models", free.as_slice());
    let body = hints::head(canvas, area, title, (keys, Context::Models), &hints);
    let body = inset(below(body, 1), 1, 1);
    let told_rows = if area.height >= HIGH { TOLD + 1 } else { 0 };
    let list_rows = body.height.saturating_sub(told_rows);
    details(canvas, below(body, list_rows), state, keys);
    let body = rows(body, 0, list_rows);

    let model = &state.model;
    let room = usize::from(body.width);
    let columns = Columns::of(state, room);
    let mut lines: Vec<Styled> = Vec::new();
    // At which line each row begins.
    let mut firsts = Vec::new();
    let mut selected = (0, 1);
    for (index, found) in model.found.iter().enumerate() {
        let first = lines.len();
        firsts.push((first, index));
        lines.extend(columns.file(canvas, found, state));
        if index == model.selected {
            selected = (first, lines.len());
        }
    }
    if model.found.is_empty() {
        let folder = model.folder.as_deref().unwrap_or(Path::new("models")).display();
        let text = format!(
            "No model was found on this machine. Put a GGUF file into `{folder}` (make the folder), or name one with --model."
        );
        lines.extend(Styled::new(&text, canvas.style(Role::Dim)).indented(room, 1, 1));
        lines.push(Styled::default());
    }
    let is_in_use = matches!(model.state, ModelState::Quotes | ModelState::Refused { .. });
    let mut none = mark(canvas, is_in_use);
    none.push("none: quotes only", canvas.style(Role::Text));
    let told = "   the sentences that answer, word for word";
    if none.width() + text::width(told) <= room {
        none.push(told, canvas.style(Role::Dim));
    }
    if model.selected == model.found.len() {
        selected = (lines.len(), lines.len() + 1);
    }
    firsts.push((lines.len(), model.found.len()));
    lines.push(none);
    let embedders = model.shown_embedders();
    if !embedders.is_empty() {
        lines.push(Styled::default());
        let heading = " Embedders: what passages are found by beside their words";
        let heading = text::fit(heading, room, canvas.signs.ellipsis);
        lines.push(Styled::new(heading, canvas.style(Role::Heading)));
        if let Maker::Gone(name) = &model.maker {
            lines.extend(gone(canvas, name).indented(room, 1, SIGN));
        }
        for (index, embedder) in embedders.iter().enumerate() {
            let row = index + model.found.len() + 1;
            if row == model.selected {
                selected = (lines.len(), lines.len() + 1);
            }
            firsts.push((lines.len(), row));
            lines.push(columns.embedder(canvas, embedder, state));
        }
    }
    let top = list.show(selected, lines.len(), body.height.into());
    for (y, (index, line)) in (0..body.height).zip(lines.iter().enumerate().skip(top)) {
        canvas.put_row(body, 0, y, line);
        // What stands below a row belongs to it.
        let row = firsts.partition_point(|(first, _)| *first <= index).checked_sub(1);
        if let Some((_, row)) = row.and_then(|row| firsts.get(row)) {
            canvas.mark(rows(body, y, 1), Target::Row(*row));
        }
        if index == selected.0 {
            canvas.paint(rows(body, y, 1), Role::Selected);
        }
    }
}

/// That the embedder of this name is not there.
fn gone(canvas: &Canvas<'_>, name: &str) -> Styled {
    let fault = format!("{} {name} ", canvas.signs.fault);
    let mut told = Styled::new(fault, canvas.style(Role::Error));
    let text = "is not on this machine: the vectors that are left answer, and no new ones are made until another is chosen";
    told.push(text, canvas.style(Role::Text));
    told
}

/// The sign of what answers now.
fn mark(canvas: &Canvas<'_>, is_in_use: bool) -> Styled {
    let sign = if is_in_use { canvas.signs.loaded } else { " " };
    Styled::new(format!(" {sign} "), canvas.style(Role::Accent))
}

/// Where in a line is what.
struct Columns {
    room: usize,
    name: usize,
    origin: usize,
    /// Whether what a model needs stands in its line; below it otherwise.
    has_needs: bool,
}

impl Columns {
    fn of(state: &State, room: usize) -> Self {
        let found = &state.model.found;
        let longest = found.iter().map(|found| text::width(&found.name)).max().unwrap_or_default();
        let origin = found.iter().map(|found| text::width(found.origin.name())).max();
        let origin = origin.unwrap_or_default() + GAP;
        let least = SIGN + 2 * GAP + QUANTIZATION + SIZE;
        let needs = 2 * GAP + NEEDS + FIT;
        let readable = longest.min(READABLE);
        // Where it came from is left out first; then what it needs goes into a line of its own.
        let has_needs = room >= least + needs + readable;
        let taken = if has_needs { least + needs } else { least };
        let has_origin = room >= taken + origin + readable;
        let origin = if has_origin { origin } else { 0 };
        let (shortest, widest) = NAME;
        let name = room.saturating_sub(taken + origin).min(longest).clamp(shortest, widest);
        Self { room, name, origin, has_needs }
    }

    /// A file's line, and where there is no room beside it, what is told of it below.
    fn file(&self, canvas: &Canvas<'_>, found: &Found, state: &State) -> Vec<Styled> {
        let ellipsis = canvas.signs.ellipsis;
        let dim = canvas.style(Role::Dim);
        let loaded = match &state.model.state {
            ModelState::Ready(loaded) if loaded.path == found.path => Some(loaded),
            _ => None,
        };
        let mut line = mark(canvas, loaded.is_some());
        let name_role = if found.fault.is_none() { Role::Text } else { Role::Dim };
        line.push(&text::fit(&found.name, self.name, ellipsis), canvas.style(name_role));
        let mut column = SIGN + self.name + GAP;
        line.pad(column);
        let quantization = found.quantization.as_deref().unwrap_or_default().to_lowercase();
        line.push(&text::fit(&quantization, QUANTIZATION, ellipsis), dim);
        column += QUANTIZATION + GAP;
        line.pad(column);
        if found.size > 0 {
            line.push(&format!("{:>SIZE$}", size(found.size)), dim);
        }
        column += SIZE + GAP;
        let refused = match &state.model.state {
            ModelState::Refused { path, reason } if *path == found.path => Some(reason),
            _ => None,
        };
        let fault = refused.or(found.fault.as_ref());
        let mut lines = Vec::new();
        if let Some(fault) = fault {
            let mut told =
                Styled::new(format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
            told.push(fault, canvas.style(Role::Text));
            if self.has_needs && column + told.width() <= self.room {
                line.pad(column);
                line.append(&told);
            } else {
                lines = told.indented(self.room, SIGN, SIGN + 2);
            }
        } else {
            let context = loaded.map_or(found.context, |loaded| loaded.context);
            let needs = found.needs.unwrap_or_default();
            let needs_told = format!("context {}: {} in all", context_told(context), size(needs));
            let (fit_told, role) = match &state.model.state {
                ModelState::Loading { path, share } if *path == found.path => {
                    (format!("loading {}", percent(f64::from(*share))), Role::Accent)
                }
                _ => match state.model.free {
                    Some(free) if needs > free => (fit(needs, free), Role::Text),
                    Some(free) => (fit(needs, free), Role::Dim),
                    None => (String::new(), Role::Dim),
                },
            };
            if self.has_needs {
                line.pad(column);
                line.push(&needs_told, dim);
                column += NEEDS + GAP;
                line.pad(column);
                line.push(&fit_told, canvas.style(role));
                column += FIT + GAP;
            } else {
                let mut told = Styled::new(needs_told, dim);
                if !fit_told.is_empty() {
                    told.push(", ", dim);
                    told.push(&fit_told, canvas.style(role));
                }
                lines = told.indented(self.room, SIGN, SIGN);
            }
        }
        if self.origin > 0 && line.width() < self.room.saturating_sub(self.origin) {
            line.pad(column.max(line.width() + GAP));
            line.push(found.origin.name(), dim);
        }
        lines.insert(0, line);
        lines
    }
}

impl Columns {
    fn embedder(&self, canvas: &Canvas<'_>, embedder: &Embedder, state: &State) -> Styled {
        let dim = canvas.style(Role::Dim);
        let ellipsis = canvas.signs.ellipsis;
        let mut line = mark(canvas, state.model.maker.is(embedder.folder.as_deref()));
        let role = if embedder.fault.is_none() { Role::Text } else { Role::Dim };
        let room = self.name + GAP + QUANTIZATION;
        line.push(&text::fit(&embedder.name, room, ellipsis), canvas.style(role));
        line.pad(SIGN + self.name + GAP + QUANTIZATION + GAP);
        line.push(&format!("{:>SIZE$}", size(embedder.size)), dim);
        line.push(&" ".repeat(GAP), dim);
        if embedder.fault.is_some() {
            line.push(
                &format!("{} can't be used   ", canvas.signs.fault),
                canvas.style(Role::Error),
            );
        }
        line.push(embedder.origin, dim);
        line.fitted(self.room, ellipsis)
    }
}

/// What is told of an embedder: what a change to it costs, or why it can't be used.
fn embedder_details(
    canvas: &Canvas<'_>,
    state: &State,
    embedder: &Embedder,
    keys: &Keys,
) -> Styled {
    let dim = canvas.style(Role::Dim);
    let model = &state.model;
    if let Some(fault) = &embedder.fault {
        let mut told = Styled::new(format!("{} ", canvas.signs.fault), canvas.style(Role::Error));
        told.push(fault, canvas.style(Role::Text));
        return told;
    }
    let change = model.change.as_ref().filter(|change| change.folder == embedder.folder);
    let Some(change) = change else {
        let place = embedder.folder.as_ref().map(|folder| folder.display().to_string());
        return Styled::new(place.unwrap_or_else(|| embedder.origin.to_owned()), dim);
    };
    let Some(Cost { missing, of, per_second }) = change.cost else {
        return Styled::new(format!("measuring what it costs{}", canvas.signs.ellipsis), dim);
    };
    let passages = counted(of, "passage", "passages");
    let left = usize::try_from(missing).unwrap_or(usize::MAX);
    let time = per_second.and_then(|per_second| {
        let left = time_left(left, per_second)?;
        Some(format!(": {left} at {} a second, as measured now", rate(per_second)))
    });
    let enter = keys.chord(Context::Models, Action::Open);
    let enter = enter.map(|chord| chord.to_string()).unwrap_or_default();
    let told = if missing == 0 {
        format!("it has the vectors of all {passages} already")
    } else {
        format!(
            "it has to make vectors of {} of {passages}{}; what was made before answers until then",
            count(missing),
            time.unwrap_or_default()
        )
    };
    let mut line = Styled::new(told, canvas.style(Role::Text));
    line.push(
        &format!(". {enter} once more changes it, also for the next start"),
        canvas.style(Role::Accent),
    );
    line
}

/// What is told of the chosen one: what it is, and where it lies.
fn details(canvas: &mut Canvas<'_>, area: Rect, state: &State, keys: &Keys) {
    if area.height == 0 {
        return;
    }
    canvas.rule(area, 0);
    let area = below(area, 1);
    let room = usize::from(area.width).saturating_sub(1);
    let dot = canvas.signs.dot;
    let model = &state.model;
    let mut lines = Vec::new();
    if let Some(found) = model.found.get(model.selected) {
        if let Some(details) = &found.details {
            let trained = details
                .trained
                .map(|trained| format!(" {dot} trained for {} tokens", count(trained)));
            let template = if details.has_template {
                "chat template in its file"
            } else {
                "no chat template: a common one is used"
            };
            let told = format!(
                "{} {dot} {} parameters{} {dot} {template}",
                details.architecture,
                parameters(details.parameters),
                trained.unwrap_or_default(),
            );
            lines.extend(Styled::new(told, canvas.style(Role::Dim)).wrapped(room));
        }
        let path = found.path.to_string_lossy();
        let from = format!("{} {dot} ", found.origin.name());
        let path_room = room.saturating_sub(text::width(&from));
        let path = text::fit_end(&path, path_room, canvas.signs.ellipsis);
        lines.push(Styled::new(format!("{from}{path}"), canvas.style(Role::Dim)));
    } else if let Some(embedder) = model.chosen_embedder() {
        lines.extend(embedder_details(canvas, state, embedder, keys).wrapped(room));
    } else {
        let told = "Each answer is made of sentences from your documents, word for word: at once, and nothing is added.";
        lines.extend(Styled::new(told, canvas.style(Role::Dim)).wrapped(room));
    }
    put_rows(canvas, inset(area, 1, 0), lines.iter());
}

/// Tokens as people name a context: `8k`, `40k`, else `2.1k`.
fn context_told(context: usize) -> String {
    const KILO: usize = 1024;
    if context >= KILO && context.is_multiple_of(KILO) {
        format!("{}k", context / KILO)
    } else {
        tokens(context)
    }
}

/// `4.0 billion`, `596 million`.
fn parameters(number: u64) -> String {
    const MILLION: u64 = 1_000_000;
    if number >= 1_000 * MILLION {
        #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
        let billions = number as f64 / 1e9;
        return if billions < 99.95 {
            format!("{billions:.1} billion")
        } else {
            format!("{billions:.0} billion")
        };
    }
    if number >= MILLION { format!("{} million", number / MILLION) } else { count(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_named_as_people_do() {
        assert_eq!([512, 2_100, 8_192, 40_960].map(context_told), ["512", "2.1k", "8k", "40k"]);
    }

    #[test]
    fn parameters_are_said_in_few_digits() {
        assert_eq!(
            [999_999, 596_049_920, 4_022_468_096, 120_000_000_000].map(parameters),
            ["999,999", "596 million", "4.0 billion", "120 billion"]
        );
    }
}
