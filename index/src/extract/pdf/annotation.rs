//! What stands on a page beside its own content: values of form fields, notes and comments?
//!
//! They come behind the page's text, as blocks of their own kinds. Among the text they would break lines that other
//! readers have whole, and a value is read with its label only where label and value are one block.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, Stream};

use super::geometry::{Frame, Matrix, rectangle};
use super::interpreter::{Appearances, Fonts};
use super::layer::HiddenLayers;
use super::layout::{self, Laid};
use super::number;
use super::source::{PageNode, Source, as_dictionary, as_number, text_string};
use crate::document::{Block, BlockKind, Page, Rect, Word};
use crate::extract::hyphen;

/// More than a page of the densest form has.
const MAX_ANNOTATIONS: usize = 5000;
/// Fields in fields.
const MAX_FIELD_DEPTH: usize = 32;
/// A longer value is cut.
const MAX_VALUE_CHARACTERS: usize = 20_000;
const MAX_LABEL_CHARACTERS: usize = 200;
/// Printed words among which labels are looked for.
const MAX_WORDS: usize = 20_000;
const MAX_LABEL_WORDS: usize = 14;
/// How far the printed label may be in front of a field and behind a box, and how wide the gaps in it may be, in points.
const LABEL_REACH: f32 = 90.0;
const BEHIND_REACH: f32 = 20.0;
const LABEL_GAP: f32 = 12.0;
/// By so much a label may reach into its field.
const OVERLAP: f32 = 3.0;
/// The height of a field's first line, and how far the middles of words of one line may lie apart.
const FIRST_LINE: f32 = 16.0;
const SAME_LINE: f32 = 4.0;

/// The bits of an annotation's `/F`.
const HIDDEN: i32 = 1 << 1;
const NO_VIEW: i32 = 1 << 5;
/// The bits of a field's `/Ff`.
const PASSWORD: i32 = 1 << 13;
const RADIO: i32 = 1 << 15;
const PUSH_BUTTON: i32 = 1 << 16;

/// A text that was put on the page, and where.
struct Added {
    kind: BlockKind,
    /// Each is a block.
    lines: Vec<String>,
    bounds: Rect,
}

/// Whether the file is a form whose pages are not in it: the program that opens it makes them from a description (XFA), and
/// the one page that it has asks for such a program.
pub(super) fn is_made_when_opened(source: &Source) -> bool {
    let Some(catalog) = source.catalog() else { return false };
    let Some(form) = source.dictionary(catalog, b"AcroForm") else { return false };
    let needs_rendering = source.get(catalog, b"NeedsRendering");
    source.get(form, b"XFA").is_some() && matches!(needs_rendering, Some(Object::Boolean(true)))
}

/// Puts what was filled in and noted on a page behind another text of it.
pub(super) fn keep(page: &Page, laid: &mut Laid) {
    for block in page.blocks.iter().filter(|block| block.kind.is_added()) {
        if let (Some(line), Some(bounds)) = (page.text.get(block.span.clone()), block.bounds) {
            append(laid, block.kind, line, bounds);
        }
    }
}

/// Adds what is filled in and noted on a page to its text.
pub(super) fn add<'a>(
    laid: &mut Laid,
    source: &'a Source,
    node: &PageNode<'a>,
    frame: &Frame,
    layers: &HiddenLayers,
    fonts: &mut Fonts<'a>,
) {
    let Some(annotations) = node.dictionary.and_then(|page| source.array(page, b"Annots")) else {
        return;
    };
    let form = source.catalog().and_then(|catalog| source.dictionary(catalog, b"AcroForm"));
    let mut reader = Reader {
        source,
        frame,
        layers,
        form,
        print: Print::of(laid),
        fields: field_places(source, frame, annotations),
        appearances: Appearances::new(source, frame, layers, fonts),
    };
    let mut added: Vec<Added> = annotations
        .iter()
        .take(MAX_ANNOTATIONS)
        .filter_map(|annotation| reader.read(as_dictionary(source.resolve(annotation))?))
        .collect();
    // Fields and notes in the order of the page: the file's own is the one in which they were made.
    added.sort_by(|one, other| {
        let is_note = |added: &Added| added.kind == BlockKind::Annotation;
        let row = |added: &Added| number::whole(added.bounds.top / 6.0);
        (is_note(one), row(one))
            .cmp(&(is_note(other), row(other)))
            .then(one.bounds.left.total_cmp(&other.bounds.left))
    });
    for added in &added {
        for line in &added.lines {
            append(laid, added.kind, line, added.bounds);
        }
    }
}

fn field_places(source: &Source, frame: &Frame, annotations: &[Object]) -> Vec<Rect> {
    let fields = annotations.iter().take(MAX_ANNOTATIONS).filter_map(|annotation| {
        let annotation = as_dictionary(source.resolve(annotation))?;
        let is_field = source.name(annotation, b"Subtype") == Some(b"Widget");
        let place = is_field.then(|| source.get(annotation, b"Rect")).flatten()?;
        Some(frame.shown(rectangle(source, place)?))
    });
    fields.collect()
}

fn append(laid: &mut Laid, kind: BlockKind, line: &str, bounds: Rect) {
    if !laid.text.is_empty() {
        laid.text.push('\n');
    }
    let start = laid.text.len();
    for (place, word) in line.split(' ').enumerate() {
        if place > 0 {
            laid.text.push(' ');
        }
        let from = laid.text.len();
        laid.text.push_str(word);
        let span = number::offset(from)..number::offset(laid.text.len());
        laid.words.push(Word { span, bounds });
    }
    laid.blocks.push(Block {
        kind,
        span: start..laid.text.len(),
        bounds: Some(bounds),
        font_size: None,
        bold: false,
        headings: Vec::new(),
    });
}

struct Reader<'a, 'b> {
    source: &'a Source,
    frame: &'b Frame,
    layers: &'b HiddenLayers,
    form: Option<&'a Dictionary>,
    print: Print,
    /// Where fields stand on the page.
    fields: Vec<Rect>,
    appearances: Appearances<'a, 'b>,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, annotation: &'a Dictionary) -> Option<Added> {
        let source = self.source;
        let flags = source.number(annotation, b"F").map_or(0, number::whole);
        let is_off = annotation.get(b"OC").is_ok_and(|layer| self.layers.hides(source, layer));
        if flags & (HIDDEN | NO_VIEW) != 0 || is_off {
            return None;
        }
        let subtype = source.name(annotation, b"Subtype")?;
        if subtype == b"Widget" {
            return self.field(annotation);
        }
        let lines = match subtype {
            b"Link" | b"Screen" | b"Movie" | b"Sound" | b"3D" | b"RichMedia" | b"PrinterMark"
            | b"TrapNet" => return None,
            // It repeats the note that it belongs to.
            b"Popup" if annotation.has(b"Parent") => return None,
            // A state that somebody set for a note ("accepted"), not a word of theirs.
            _ if annotation.has(b"StateModel") => return None,
            b"Watermark" => self.appearance_lines(annotation),
            b"FreeText" | b"Stamp" => {
                let written = lines(&self.written(annotation));
                if written.is_empty() { self.appearance_lines(annotation) } else { written }
            }
            _ => self.comment(annotation),
        };
        let bounds = self.bounds(annotation)?;
        (!lines.is_empty()).then_some(Added { kind: BlockKind::Annotation, lines, bounds })
    }

    /// A comment behind its author.
    fn comment(&self, annotation: &Dictionary) -> Vec<String> {
        let mut lines = lines(&self.written(annotation));
        let author = self.source.text(annotation, b"T").map(|author| one_line(&author));
        if let (Some(first), Some(author)) = (lines.first_mut(), author)
            && !author.is_empty()
        {
            *first = labelled(&author, first);
        }
        lines
    }

    /// What is written in a note: plainly, else as rich text.
    fn written(&self, annotation: &Dictionary) -> String {
        let plain = self.source.text(annotation, b"Contents").unwrap_or_default();
        if !plain.trim().is_empty() {
            return plain;
        }
        let rich = match self.source.get(annotation, b"RC") {
            Some(Object::Stream(stream)) => {
                String::from_utf8_lossy(&self.source.data(stream)).into_owned()
            }
            Some(rich) => text_string(rich).unwrap_or_default(),
            None => String::new(),
        };
        without_tags(&rich)
    }

    fn appearance_lines(&mut self, annotation: &'a Dictionary) -> Vec<String> {
        lines(&self.appearance(annotation))
    }

    /// Where an annotation is shown; none where that is not on the page.
    fn bounds(&self, annotation: &Dictionary) -> Option<Rect> {
        let rectangle = self.source.numbers(self.source.array(annotation, b"Rect")?);
        let [x, y, to_x, to_y] = rectangle.get(..4)?.try_into().ok()?;
        let shown = self.frame.shown([x, y, to_x, to_y]);
        let (width, height) = (self.frame.width, self.frame.height);
        let is_outside =
            shown.right < 0.0 || shown.bottom < 0.0 || shown.left > width || shown.top > height;
        (!is_outside).then(|| Rect {
            left: shown.left.max(0.0),
            top: shown.top.max(0.0),
            right: shown.right.min(width),
            bottom: shown.bottom.min(height),
        })
    }

    /// What the annotation's normal appearance shows, a line for each of its blocks.
    fn appearance(&mut self, annotation: &'a Dictionary) -> String {
        let Some(form) = self.appearance_form(annotation) else { return String::new() };
        let source = self.source;
        let (Some(target), Some(inner)) = (
            source.get(annotation, b"Rect").and_then(|place| rectangle(source, place)),
            source.get(&form.dict, b"BBox").and_then(|place| rectangle(source, place)),
        ) else {
            return String::new();
        };
        let own = source
            .array(&form.dict, b"Matrix")
            .and_then(|matrix| Matrix::from_slice(&source.numbers(matrix)))
            .unwrap_or(Matrix::IDENTITY);
        let matrix = own * placed(inner, own, target) * self.frame.matrix;
        let resources = self.form.and_then(|form| source.dictionary(form, b"DR"));
        layout::lay_out(self.appearances.glyphs(form, resources, matrix), &[])
            .text
            .replace(hyphen::BREAK, "")
    }

    /// The stream of the normal appearance, of the state that is on where there are several.
    fn appearance_form(&self, annotation: &'a Dictionary) -> Option<&'a Stream> {
        let source = self.source;
        match source.get(source.dictionary(annotation, b"AP")?, b"N")? {
            Object::Stream(stream) => Some(stream),
            Object::Dictionary(states) => {
                match source.get(states, source.name(annotation, b"AS")?)? {
                    Object::Stream(stream) => Some(stream),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn field(&mut self, widget: &'a Dictionary) -> Option<Added> {
        let source = self.source;
        // A field without a size is not shown, as those of invisible signatures.
        rectangle(source, source.get(widget, b"Rect")?)?;
        let bounds = self.bounds(widget)?;
        let field = Field::of(source, widget);
        let flags = field.inherited(b"Ff").and_then(as_number).map_or(0, number::whole);
        let kind = field.inherited(b"FT").and_then(|kind| kind.as_name().ok());
        let (value, beside) = match kind {
            Some(b"Btn") if flags & PUSH_BUTTON != 0 => return None,
            Some(b"Tx") if flags & PASSWORD != 0 => return None,
            Some(b"Btn") => {
                let state = self.state(widget, &field)?;
                let printed = self.print.behind(bounds, &self.fields);
                if flags & RADIO != 0 && !says_something(&state) {
                    // What stands beside a radio button is its choice, not the group's label.
                    (printed.clone().unwrap_or_else(|| CHECKED.to_owned()), None)
                } else {
                    let has_letter = state.chars().any(char::is_alphabetic);
                    let value = if has_letter { state } else { CHECKED.to_owned() };
                    let beside = if flags & RADIO == 0 { printed } else { None };
                    (value, beside)
                }
            }
            Some(b"Sig") => (self.signature(widget, &field), None),
            // It repeats the values of other fields for a machine.
            _ if widget.has(b"PMD") => return None,
            _ => (self.value(widget, &field), self.print.before(bounds, &self.fields)),
        };
        let value = one_line(&value);
        if value.is_empty() {
            return None;
        }
        let label = field.label().or(beside).or_else(|| field.name());
        let line = match label {
            Some(label) if label != value => labelled(&label, &value),
            _ => value,
        };
        Some(Added { kind: BlockKind::FormField, lines: vec![line], bounds })
    }

    /// What is filled in a text field or chosen in a list. The value comes before what is drawn of it: programs that
    /// fill in forms leave old drawings behind, and the drawing of a field with a box for each letter has spaces.
    fn value(&mut self, widget: &'a Dictionary, field: &Field<'a>) -> String {
        let source = self.source;
        let options = field.inherited(b"Opt").and_then(|options| options.as_array().ok());
        let value = match field.inherited(b"V") {
            Some(Object::Array(chosen)) => chosen
                .iter()
                .filter_map(|chosen| text_string(source.resolve(chosen)))
                .map(|chosen| displayed(source, options, chosen))
                .collect::<Vec<_>>()
                .join(", "),
            Some(Object::Stream(stream)) => {
                let bytes = source.data(stream).into_owned();
                text_string(&Object::String(bytes, lopdf::StringFormat::Literal))
                    .unwrap_or_default()
            }
            Some(value) => text_string(value)
                .map(|value| displayed(source, options, value))
                .unwrap_or_default(),
            None => String::new(),
        };
        let is_list = field
            .inherited(b"FT")
            .is_some_and(|kind| matches!(kind, Object::Name(name) if name == b"Ch"));
        let is_stale = self
            .form
            .and_then(|form| source.get(form, b"NeedAppearances"))
            .is_some_and(|needs| matches!(needs, Object::Boolean(true)));
        // A list draws what can be chosen.
        if value.trim().is_empty() && !is_list && !is_stale {
            return self.appearance(widget);
        }
        value
    }

    /// The state that a check box or radio button is in; none for the one that is off.
    fn state(&self, widget: &'a Dictionary, field: &Field<'a>) -> Option<String> {
        let source = self.source;
        let value = field.inherited(b"V").and_then(|value| value.as_name().ok());
        let state = source.name(widget, b"AS").or(value).filter(|state| *state != b"Off")?;
        // The names of states may count the values in `/Opt`.
        let option = std::str::from_utf8(state)
            .ok()
            .and_then(|state| state.parse::<usize>().ok())
            .and_then(|index| field.inherited(b"Opt")?.as_array().ok()?.get(index))
            .and_then(|option| text_string(source.resolve(option)));
        Some(option.unwrap_or_else(|| String::from_utf8_lossy(state).into_owned()))
    }

    /// What a signature shows, or who signed.
    fn signature(&mut self, widget: &'a Dictionary, field: &Field<'a>) -> String {
        let shown = self.appearance(widget);
        let source = self.source;
        let Some(signature) = field.inherited(b"V").and_then(as_dictionary) else { return shown };
        if shown.trim().is_empty() {
            source.text(signature, b"Name").unwrap_or_default()
        } else {
            shown
        }
    }
}

/// The sign for a box that is checked and has no word for it.
const CHECKED: &str = "☒";

/// A widget with the fields that it inherits from, innermost first.
struct Field<'a> {
    source: &'a Source,
    chain: Vec<&'a Dictionary>,
}

impl<'a> Field<'a> {
    fn of(source: &'a Source, widget: &'a Dictionary) -> Self {
        let mut chain = vec![widget];
        let mut seen: HashSet<*const Dictionary> = HashSet::from([std::ptr::from_ref(widget)]);
        let mut node = widget;
        while let Some(parent) = source.dictionary(node, b"Parent") {
            if chain.len() >= MAX_FIELD_DEPTH || !seen.insert(std::ptr::from_ref(parent)) {
                break;
            }
            chain.push(parent);
            node = parent;
        }
        Self { source, chain }
    }

    fn inherited(&self, key: &[u8]) -> Option<&'a Object> {
        self.chain.iter().find_map(|node| self.source.get(node, key))
    }

    /// The name for people.
    fn label(&self) -> Option<String> {
        let texts = self.chain.iter().filter_map(|node| self.source.text(node, b"TU"));
        texts.map(|label| one_line(&label)).find(|label| says_something(label))
    }

    /// The name for programs, where it is a word.
    fn name(&self) -> Option<String> {
        let names = self.chain.iter().filter_map(|node| self.source.text(node, b"T"));
        names.map(|name| one_line(&spelled_out(&name))).find(|name| says_something(name))
    }
}

/// The words that are printed on the page, to find a field's label among.
struct Print {
    words: Vec<(Rect, String)>,
}

impl Print {
    fn of(laid: &Laid) -> Self {
        let words = laid.words.iter().take(MAX_WORDS).filter_map(|word| {
            let text = laid.text.get(word.span.start as usize..word.span.end as usize)?;
            let text = text.trim_end_matches(['_', '.', '…']);
            let is_word = text.chars().any(char::is_alphanumeric);
            is_word.then(|| (word.bounds, text.to_owned()))
        });
        Self { words: words.collect() }
    }

    /// What is printed in front of a field, else over it.
    fn before(&self, field: Rect, others: &[Rect]) -> Option<String> {
        let middle = |bounds: &Rect| f32::midpoint(bounds.top, bounds.bottom);
        // A field of many lines has its label at the first one.
        let bottom = field.bottom.min(field.top + FIRST_LINE);
        let mut line: Vec<&(Rect, String)> = self
            .words
            .iter()
            .filter(|(bounds, _)| {
                let middle = middle(bounds);
                bounds.left < field.left
                    && bounds.right < field.left + OVERLAP
                    && middle > field.top - OVERLAP
                    && middle < bottom + OVERLAP
            })
            .collect();
        line.sort_by(|(one, _), (other, _)| other.right.total_cmp(&one.right));
        if let Some((nearest, _)) = line.first() {
            let height = middle(nearest);
            line.retain(|(bounds, _)| (middle(bounds) - height).abs() < SAME_LINE);
            let is_barred = others.iter().any(|other| {
                other.left >= nearest.right - OVERLAP
                    && other.right <= field.left + OVERLAP
                    && other.top < height
                    && other.bottom > height
            });
            if !is_barred && field.left - nearest.right <= LABEL_REACH {
                return joined_back(&line);
            }
        }
        let mut over: Vec<&(Rect, String)> = self
            .words
            .iter()
            .filter(|(bounds, _)| {
                bounds.left > field.left - OVERLAP
                    && bounds.right < field.right + FIRST_LINE
                    && bounds.bottom > field.top - FIRST_LINE
                    && middle(bounds) < field.top + OVERLAP
            })
            .collect();
        let lowest = over.iter().map(|(bounds, _)| middle(bounds)).fold(f32::MIN, f32::max);
        over.retain(|(bounds, _)| (middle(bounds) - lowest).abs() < SAME_LINE);
        over.sort_by(|(one, _), (other, _)| one.left.total_cmp(&other.left));
        joined(&over)
    }

    /// What is printed behind a box.
    fn behind(&self, field: Rect, others: &[Rect]) -> Option<String> {
        let middle = f32::midpoint(field.top, field.bottom);
        let end = others
            .iter()
            .filter(|other| {
                other.top < middle && other.bottom > middle && other.left > field.left + OVERLAP
            })
            .map(|other| other.left)
            .fold(f32::MAX, f32::min);
        let mut line: Vec<&(Rect, String)> = self
            .words
            .iter()
            .filter(|(bounds, _)| {
                bounds.left > field.right - OVERLAP
                    && bounds.right < end + OVERLAP
                    && bounds.top < middle + OVERLAP
                    && bounds.bottom > middle - OVERLAP
            })
            .collect();
        line.sort_by(|(one, _), (other, _)| one.left.total_cmp(&other.left));
        let (nearest, _) = line.first()?;
        (nearest.left - field.right <= BEHIND_REACH).then(|| joined(&line)).flatten()
    }
}

/// Words from left to right, up to the first gap.
fn joined(line: &[&(Rect, String)]) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    let mut edge = None;
    for (bounds, text) in line.iter().take(MAX_LABEL_WORDS) {
        if edge.is_some_and(|edge| bounds.left - edge > LABEL_GAP) {
            break;
        }
        edge = Some(bounds.right);
        words.push(text);
    }
    let label = one_line(&words.join(" "));
    says_something(&label).then_some(label)
}

/// As [`joined`], from words that are ordered from right to left.
fn joined_back(line: &[&(Rect, String)]) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    let mut edge = None;
    for (bounds, text) in line.iter().take(MAX_LABEL_WORDS) {
        if edge.is_some_and(|edge| edge - bounds.right > LABEL_GAP) {
            break;
        }
        edge = Some(bounds.left);
        words.push(text);
    }
    words.reverse();
    let label = one_line(&words.join(" "));
    says_something(&label).then_some(label)
}

/// The matrix that brings a form's box, turned by the form's own matrix, into a rectangle of the page.
fn placed(inner: [f32; 4], own: Matrix, target: [f32; 4]) -> Matrix {
    let [left, bottom, right, top] = inner;
    let corners =
        [(left, bottom), (right, bottom), (left, top), (right, top)].map(|(x, y)| own.point(x, y));
    let low =
        corners.iter().fold((f32::MAX, f32::MAX), |low, (x, y)| (low.0.min(*x), low.1.min(*y)));
    let high =
        corners.iter().fold((f32::MIN, f32::MIN), |high, (x, y)| (high.0.max(*x), high.1.max(*y)));
    let [to_left, to_bottom, to_right, to_top] = target;
    let scale = |size: f32, room: f32| if size > 0.0 { room / size } else { 1.0 };
    let (across, up) =
        (scale(high.0 - low.0, to_right - to_left), scale(high.1 - low.1, to_top - to_bottom));
    Matrix::new(across, 0.0, 0.0, up, to_left - low.0 * across, to_bottom - low.1 * up)
}

/// How a choice reads to people: options may be pairs of the value and what is shown for it.
fn displayed(source: &Source, options: Option<&Vec<Object>>, chosen: String) -> String {
    let shown = options.into_iter().flatten().find_map(|option| {
        let [value, shown, ..] = source.resolve(option).as_array().ok()?.as_slice() else {
            return None;
        };
        (text_string(source.resolve(value))? == chosen)
            .then(|| text_string(source.resolve(shown)))
            .flatten()
    });
    shown.unwrap_or(chosen)
}

fn labelled(label: &str, value: &str) -> String {
    let label = label.trim_end_matches([':', ' ', '.', '*']);
    if label.is_empty() {
        value.to_owned()
    } else if label.ends_with(['?', '!']) {
        format!("{label} {value}")
    } else {
        format!("{label}: {value}")
    }
}

/// The lines that hold something, each as one line of plain words.
fn lines(text: &str) -> Vec<String> {
    text.split(['\r', '\n', '\u{2028}', '\u{2029}'])
        .map(one_line)
        .filter(|line| !line.is_empty())
        .collect()
}

/// Plain words with single spaces between them, of a bounded length.
fn one_line(text: &str) -> String {
    let cut: String = text.chars().take(MAX_VALUE_CHARACTERS).collect();
    let seen: String = super::nfc(&cut)
        .chars()
        .filter(|character| *character != '\u{ad}' && !layout::is_unseen(*character))
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a name of a field or of a state is a word for people and not one that a program counts by.
fn says_something(name: &str) -> bool {
    let letters: String = name.chars().filter(|character| character.is_alphabetic()).collect();
    let is_short = letters.chars().count() < 2 && letters.is_ascii();
    !is_short
        && name.chars().count() <= MAX_LABEL_CHARACTERS
        && !GENERIC.contains(&letters.to_lowercase().as_str())
}

/// What form programs call fields and states by themselves, without figures and signs.
const GENERIC: &[&str] = &[
    "text",
    "textfield",
    "textbox",
    "field",
    "check",
    "checkbox",
    "box",
    "radio",
    "radiobutton",
    "button",
    "group",
    "combo",
    "combobox",
    "list",
    "listbox",
    "dropdown",
    "choice",
    "option",
    "undefined",
    "untitled",
    "form",
    "subform",
    "topmostsubform",
    "page",
    "on",
    "off",
    "yes",
    "no",
    "true",
    "value",
    "checked",
    "selected",
    "fill",
    "cell",
    "row",
    "table",
    "numericfield",
    "datefield",
    "formularfeld",
    "texte",
    "textfeld",
];

/// `topmost.date_of_birth[0]` as `date of birth`.
fn spelled_out(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let plain = last.split('[').next().unwrap_or(last);
    let mut spelled = String::with_capacity(plain.len() + 4);
    let mut before_is_small = false;
    for character in plain.chars() {
        if character == '_' {
            spelled.push(' ');
        } else {
            if before_is_small && character.is_uppercase() {
                spelled.push(' ');
            }
            spelled.push(character);
        }
        before_is_small = character.is_lowercase();
    }
    spelled
}

/// The text of a note in rich text: its tags end lines where they end paragraphs.
fn without_tags(rich: &str) -> String {
    let mut plain = String::new();
    for (index, piece) in rich.split('<').enumerate() {
        let text = match piece.split_once('>') {
            Some((tag, text)) if index > 0 => {
                if tag.starts_with("/p") || tag.starts_with("br") {
                    plain.push('\n');
                }
                text
            }
            _ if index > 0 => "",
            _ => piece,
        };
        plain.push_str(&super::outline::without_entities(text));
    }
    plain
}
