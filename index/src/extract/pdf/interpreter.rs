//! Which glyphs does a page show, and where?
//!
//! Runs a content stream as far as text needs it: graphics and text state, all text operators, forms, marked content.
//! Everything is counted: a hostile stream ends at the bounds, with what was shown until then.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::{Dictionary, Object, Stream};

use super::encoding::Text;
use super::font::{Font, Shown};
use super::geometry::{Frame, Matrix};
use super::layer::HiddenLayers;
use super::lexer::{Lexer, Token};
use super::source::{PageNode, Source, as_dictionary, as_number, text_string};
use super::tag::{Structure, Tag, Tagged};

const MAX_OPERATORS: usize = 3_000_000;
pub(super) const MAX_GLYPHS: usize = 1_000_000;
/// Forms in forms.
const MAX_FORM_DEPTH: usize = 8;
/// Saved graphics states and open marks; more are counted, not kept.
const MAX_NESTING: usize = 512;
const MAX_OPERANDS: usize = 200_000;
/// An array without an end is given up behind so many members.
const MAX_STRAY_OPERANDS: usize = 1000;
/// More text than this stands for nothing that is drawn.
const MAX_ACTUAL_CHARACTERS: usize = 10_000;
/// Unpacked forms that are kept for the next time they are drawn on a page.
const MAX_KEPT_FORM_BYTES: usize = 32 << 20;
/// Fonts that are kept from page to page.
const MAX_KEPT_FONTS: usize = 512;
/// The longest string that is shown: twice what PDF itself allows a string, many times over.
const MAX_SHOWN_BYTES: usize = 1 << 18;
/// Of a page: as a glyph may stand for several characters, or ActualText for many, glyphs alone bound no text.
const MAX_CHARACTERS: usize = 4 * MAX_GLYPHS;
/// What the loading of a font counts for, in operators.
const FONT_COST: usize = 100;

/// A glyph on the page as it is shown; lengths in points, y downwards.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// Empty for a glyph whose text another one has (ActualText).
    pub(super) text: Text,
    /// The pen before and after it.
    pub(super) start: (f32, f32),
    pub(super) end: (f32, f32),
    /// The unit vector of the writing direction.
    pub(super) direction: (f32, f32),
    /// The size of an em across the line, and along it (they differ in narrowed text).
    pub(super) size: f32,
    pub(super) em: f32,
    /// Extra room behind every glyph, which is no gap between words.
    pub(super) tracking: f32,
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) bold: bool,
    pub(super) vertical: bool,
    /// Beside the line, for a glyph in vertical writing.
    pub(super) width: f32,
}

/// What a page shows.
#[derive(Debug, Default)]
pub(super) struct Shows {
    pub(super) glyphs: Vec<Glyph>,
    /// Those that the file's tags say something of.
    pub(super) tagged: Vec<Tagged>,
    pub(super) has_pictures: bool,
    /// Glyphs whose text nothing tells.
    pub(super) unknown: usize,
    /// A bound was reached.
    pub(super) cut: bool,
    /// There is content that says nothing, or it says text and none of it came out: something of the file was not
    /// understood.
    pub(super) lost: bool,
}

impl Shows {
    /// Glyphs whose text is known.
    pub(super) fn known(&self) -> usize {
        self.glyphs.len().saturating_sub(self.unknown)
    }

    /// Whether another reader may find more.
    pub(super) fn is_poor(&self) -> bool {
        self.lost || self.is_garbled()
    }

    /// Whether the text of most glyphs is not known.
    pub(super) fn is_garbled(&self) -> bool {
        self.unknown > self.known()
    }
}

/// Fonts that were loaded for pages before, by the place of their dictionary.
#[derive(Debug, Default)]
pub(super) struct Fonts<'a> {
    loaded: HashMap<*const Dictionary, Rc<Font<'a>>>,
    missing: Option<Rc<Font<'a>>>,
}

/// Runs a page's content.
pub(super) fn run<'a>(
    source: &'a Source,
    node: &PageNode<'a>,
    frame: &Frame,
    layers: &HiddenLayers,
    structure: Option<&Structure<'a>>,
    fonts: &mut Fonts<'a>,
) -> Shows {
    let mut interpreter = Interpreter::new(source, frame, layers, fonts);
    interpreter.structure = structure;
    interpreter.elements =
        structure.zip(node.dictionary).and_then(|(structure, page)| structure.elements_of(page));
    let content = page_content(source, node, &mut interpreter.shows.cut);
    let state = State::new(frame.matrix);
    interpreter.content(&content, node.resources, state, 0);
    let Interpreter { mut shows, operators, strings, .. } = interpreter;
    // Also content that names an object which is not there.
    let has_content = node.dictionary.is_some_and(|page| page.has(b"Contents"));
    shows.lost = shows.glyphs.is_empty() && (strings > 0 || operators == 0 && has_content);
    shows
}

/// Runs the appearances of a page's annotations. What they cost is counted together.
pub(super) struct Appearances<'a, 'b>(Interpreter<'a, 'b>);

impl<'a, 'b> Appearances<'a, 'b> {
    pub(super) fn new(
        source: &'a Source,
        frame: &Frame,
        layers: &'b HiddenLayers,
        fonts: &'b mut Fonts<'a>,
    ) -> Self {
        Self(Interpreter::new(source, frame, layers, fonts))
    }

    /// What a form shows whose space `matrix` brings onto the page. `resources` are those of a form that has none.
    pub(super) fn glyphs(
        &mut self,
        form: &'a Stream,
        resources: Option<&'a Dictionary>,
        matrix: Matrix,
    ) -> Vec<Glyph> {
        let own = self.0.source.dictionary(&form.dict, b"Resources").or(resources);
        let content = self.0.form(form);
        // Each one costs, although its operators may be few.
        self.0.operators += 1 + content.len() / 64;
        self.0.content(&content, own, State::new(matrix), 1);
        std::mem::take(&mut self.0.shows.glyphs)
    }
}

fn page_content(source: &Source, node: &PageNode<'_>, is_cut: &mut bool) -> Vec<u8> {
    let mut data = |stream| {
        let (data, cut) = source.data_and_cut(stream);
        *is_cut |= cut;
        data
    };
    let Some(contents) = node.dictionary.and_then(|page| source.get(page, b"Contents")) else {
        return Vec::new();
    };
    match contents {
        Object::Stream(stream) => data(stream).into_owned(),
        Object::Array(parts) => {
            let mut content = Vec::new();
            for part in parts {
                if let Object::Stream(stream) = source.resolve(part) {
                    content.extend_from_slice(&data(stream));
                    content.push(b'\n');
                }
                if content.len() > super::source::MAX_STREAM_BYTES {
                    break;
                }
            }
            content
        }
        _ => Vec::new(),
    }
}

#[derive(Clone, Debug)]
struct State<'a> {
    matrix: Matrix,
    font: Option<Rc<Font<'a>>>,
    size: f32,
    character_space: f32,
    word_space: f32,
    /// A share, not the percentage that the operator has.
    stretch: f32,
    leading: f32,
    rise: f32,
}

impl State<'_> {
    fn new(matrix: Matrix) -> Self {
        Self {
            matrix,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

#[derive(Debug)]
struct Mark {
    /// What stands for all that is shown inside; taken by the first glyph.
    actual: Option<Text>,
    replaces: bool,
    hidden: bool,
    tag: Option<Tag>,
}

struct Interpreter<'a, 'b> {
    source: &'a Source,
    layers: &'b HiddenLayers,
    structure: Option<&'b Structure<'a>>,
    /// What the marks of the page or the form stand for.
    elements: Option<&'a [Object]>,
    fonts: &'b mut Fonts<'a>,
    shows: Shows,
    operators: usize,
    /// How often text was to be shown.
    strings: usize,
    marks: Vec<Mark>,
    lost_marks: usize,
    forms: HashMap<*const Stream, Rc<[u8]>>,
    form_bytes: usize,
    /// Of the glyphs' texts.
    characters: usize,
    frame: Frame,
}

impl<'a, 'b> Interpreter<'a, 'b> {
    fn new(
        source: &'a Source,
        frame: &Frame,
        layers: &'b HiddenLayers,
        fonts: &'b mut Fonts<'a>,
    ) -> Self {
        Self {
            source,
            layers,
            structure: None,
            elements: None,
            fonts,
            shows: Shows::default(),
            operators: 0,
            strings: 0,
            marks: Vec::new(),
            lost_marks: 0,
            forms: HashMap::new(),
            form_bytes: 0,
            characters: 0,
            frame: *frame,
        }
    }

    fn content(
        &mut self,
        content: &[u8],
        resources: Option<&'a Dictionary>,
        state: State<'a>,
        depth: usize,
    ) {
        // What is drawn again and again is read again, though no operator may be in it.
        if depth > 0 {
            self.operators += content.len() / 64;
        }
        let mut lexer = Lexer::new(content);
        let mut operands: Vec<Token<'_>> = Vec::new();
        let mut array_ended = false;
        let mut state = state;
        let mut saved: Vec<State<'a>> = Vec::new();
        let mut lost_saves = 0_usize;
        let mut text_matrix = Matrix::IDENTITY;
        let mut line_matrix = Matrix::IDENTITY;
        let marks_before = self.marks.len();
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                if operands.len() < MAX_OPERANDS {
                    array_ended |= token == Token::ArrayEnd;
                    operands.push(token);
                }
                continue;
            };
            // Inside an array an operator can't be meant; what shows text ends the array.
            let is_open = matches!(operands.first(), Some(Token::ArrayStart)) && !array_ended;
            if is_open && operands.len() < MAX_STRAY_OPERANDS && !ends_array(operator) {
                continue;
            }
            self.operators += 1;
            if self.operators > MAX_OPERATORS || self.is_full() {
                self.shows.cut = true;
                break;
            }
            let numbers = Numbers::of(&operands);
            match operator {
                b"q" if saved.len() < MAX_NESTING => saved.push(state.clone()),
                b"q" => lost_saves += 1,
                b"Q" if lost_saves > 0 => lost_saves -= 1,
                b"Q" => {
                    if let Some(before) = saved.pop() {
                        state = before;
                    }
                }
                b"cm" => {
                    if let Some(matrix) = numbers.matrix() {
                        state.matrix = matrix * state.matrix;
                    }
                }
                b"BT" => {
                    text_matrix = Matrix::IDENTITY;
                    line_matrix = Matrix::IDENTITY;
                }
                b"Tc" => state.character_space = numbers.last(),
                b"Tw" => state.word_space = numbers.last(),
                b"Tz" => state.stretch = numbers.last() / 100.0,
                b"TL" => state.leading = numbers.last(),
                b"Ts" => state.rise = numbers.last(),
                b"Tf" => {
                    state.size = numbers.last();
                    let name = operands.iter().find_map(|operand| match operand {
                        Token::Name(name) => Some(name.as_slice()),
                        _ => None,
                    });
                    state.font = Some(self.font(resources, name.unwrap_or_default()));
                }
                b"gs" => self.graphics_state(resources, &operands, &mut state),
                b"Td" | b"TD" => {
                    let (x, y) = numbers.pair();
                    if operator == b"TD" {
                        state.leading = -y;
                    }
                    line_matrix = Matrix::translation(x, y) * line_matrix;
                    text_matrix = line_matrix;
                }
                b"Tm" => {
                    if let Some(matrix) = numbers.matrix() {
                        line_matrix = matrix;
                        text_matrix = matrix;
                    }
                }
                b"T*" | b"'" | b"\"" => {
                    if operator == b"\"" {
                        (state.word_space, state.character_space) = numbers.pair();
                    }
                    line_matrix = Matrix::translation(0.0, -state.leading) * line_matrix;
                    text_matrix = line_matrix;
                    self.show(&operands, resources, &state, &mut text_matrix, depth);
                }
                b"Tj" | b"TJ" => self.show(&operands, resources, &state, &mut text_matrix, depth),
                b"Do" => self.draw(resources, &operands, &state, depth),
                b"BI" => self.shows.has_pictures = true,
                b"ID" => lexer.skip_image_data(),
                b"BMC" => self.open_mark(None, &operands, marks_before),
                b"BDC" => self.open_mark(resources, &operands, marks_before),
                b"EMC" => {
                    if self.lost_marks > 0 {
                        self.lost_marks -= 1;
                    } else if self.marks.len() > marks_before {
                        self.marks.pop();
                    }
                }
                _ => {}
            }
            operands.clear();
            array_ended = false;
        }
        self.marks.truncate(marks_before);
    }

    fn resource(
        &self,
        resources: Option<&'a Dictionary>,
        kind: &[u8],
        name: &[u8],
    ) -> Option<&'a Object> {
        self.source.dictionary(resources?, kind)?.get(name).ok()
    }

    fn font(&mut self, resources: Option<&'a Dictionary>, name: &[u8]) -> Rc<Font<'a>> {
        let source = self.source;
        let found = self
            .resource(resources, b"Font", name)
            .and_then(|font| as_dictionary(source.resolve(font)));
        let Some(dictionary) = found else {
            let missing = self.fonts.missing.get_or_insert_with(|| Rc::new(Font::missing()));
            return Rc::clone(missing);
        };
        self.load_font(dictionary)
    }

    fn load_font(&mut self, dictionary: &'a Dictionary) -> Rc<Font<'a>> {
        if self.fonts.loaded.len() >= MAX_KEPT_FONTS {
            self.fonts.loaded.clear();
        }
        let (source, operators) = (self.source, &mut self.operators);
        let font = self.fonts.loaded.entry(std::ptr::from_ref(dictionary));
        Rc::clone(font.or_insert_with(|| {
            *operators += FONT_COST;
            Rc::new(Font::load(source, dictionary))
        }))
    }

    fn graphics_state(
        &mut self,
        resources: Option<&'a Dictionary>,
        operands: &[Token<'_>],
        state: &mut State<'a>,
    ) {
        let Some(Token::Name(name)) = operands.last() else { return };
        let source = self.source;
        let parameters = self
            .resource(resources, b"ExtGState", name)
            .and_then(|state| as_dictionary(source.resolve(state)));
        let Some([font, size]) =
            parameters.and_then(|parameters| source.array(parameters, b"Font"))
        else {
            return;
        };
        if let Some(dictionary) = as_dictionary(source.resolve(font)) {
            state.font = Some(self.load_font(dictionary));
            state.size = as_number(source.resolve(size)).unwrap_or(state.size);
        }
    }

    fn open_mark(
        &mut self,
        resources: Option<&'a Dictionary>,
        operands: &[Token<'_>],
        marks_before: usize,
    ) {
        if self.marks.len() >= marks_before + MAX_NESTING {
            self.lost_marks += 1;
            return;
        }
        let around = self.marks.last().and_then(|mark| mark.tag);
        let mut mark = Mark { actual: None, replaces: false, hidden: false, tag: around };
        if let Some(structure) = self.structure {
            let named = match operands {
                [_, Token::Name(name)] => self.resource(resources, b"Properties", name),
                _ => None,
            };
            let named = named.and_then(|named| as_dictionary(self.source.resolve(named)));
            mark.tag = structure.tag(operands, named, self.elements).or(around);
        }
        let actual = if let [Token::Name(tag), Token::Name(name)] = operands {
            let properties = self.resource(resources, b"Properties", name);
            if tag == b"OC" {
                mark.hidden = properties.is_some_and(|layer| self.layers.hides(self.source, layer));
            }
            properties
                .and_then(|properties| as_dictionary(self.source.resolve(properties)))
                .and_then(|properties| self.source.text(properties, b"ActualText"))
        } else {
            let key =
                operands.iter().position(|token| *token == Token::Name(b"ActualText".to_vec()));
            match key.and_then(|key| operands.get(key + 1)) {
                Some(Token::String(bytes)) => {
                    text_string(&Object::String(bytes.clone(), lopdf::StringFormat::Literal))
                }
                _ => None,
            }
        };
        if let Some(actual) = actual {
            mark.replaces = true;
            self.operators += actual.len() / 64;
            mark.actual = Some(actual.chars().take(MAX_ACTUAL_CHARACTERS).collect());
        }
        self.marks.push(mark);
    }

    fn draw(
        &mut self,
        resources: Option<&'a Dictionary>,
        operands: &[Token<'_>],
        state: &State<'a>,
        depth: usize,
    ) {
        let Some(Token::Name(name)) = operands.last() else { return };
        let source = self.source;
        let Some(Object::Stream(stream)) =
            self.resource(resources, b"XObject", name).map(|object| source.resolve(object))
        else {
            return;
        };
        if stream.dict.get(b"OC").is_ok_and(|layer| self.layers.hides(source, layer)) {
            return;
        }
        match source.name(&stream.dict, b"Subtype") {
            Some(b"Image") => self.shows.has_pictures = true,
            _ if depth < MAX_FORM_DEPTH => {
                let matrix = source
                    .array(&stream.dict, b"Matrix")
                    .and_then(|matrix| Matrix::from_slice(&source.numbers(matrix)))
                    .unwrap_or(Matrix::IDENTITY);
                let inner = State { matrix: matrix * state.matrix, ..state.clone() };
                let own = source.dictionary(&stream.dict, b"Resources").or(resources);
                let content = self.form(stream);
                let elements = self.elements;
                if stream.dict.has(b"StructParents") {
                    self.elements =
                        self.structure.and_then(|structure| structure.elements_of(&stream.dict));
                }
                self.content(&content, own, inner, depth + 1);
                self.elements = elements;
            }
            _ => self.shows.cut = true,
        }
    }

    /// A form's content; unpacked once a page where it is not too large.
    fn form(&mut self, stream: &'a Stream) -> Rc<[u8]> {
        let key = std::ptr::from_ref(stream);
        if let Some(content) = self.forms.get(&key) {
            return Rc::clone(content);
        }
        let (data, cut) = self.source.data_and_cut(stream);
        self.shows.cut |= cut;
        let content: Rc<[u8]> = Rc::from(data.as_ref());
        if self.form_bytes + content.len() <= MAX_KEPT_FORM_BYTES {
            self.form_bytes += content.len();
            self.forms.insert(key, Rc::clone(&content));
        } else {
            // Unpacking it again and again is work that the count of operators does not see.
            self.operators += content.len() / 16;
        }
        content
    }

    fn show(
        &mut self,
        operands: &[Token<'_>],
        resources: Option<&'a Dictionary>,
        state: &State<'a>,
        text_matrix: &mut Matrix,
        depth: usize,
    ) {
        self.strings += 1;
        let Some(font) = state.font.clone() else { return };
        let has_array = operands.contains(&Token::ArrayStart);
        for operand in operands {
            match operand {
                Token::Number(adjustment) if has_array => {
                    let distance = -adjustment / 1000.0 * state.size;
                    let step = if font.vertical {
                        (0.0, distance)
                    } else {
                        (distance * state.stretch, 0.0)
                    };
                    *text_matrix = Matrix::translation(step.0, step.1) * *text_matrix;
                }
                Token::String(bytes) => {
                    let source = self.source;
                    let shown_bytes = bytes.get(..MAX_SHOWN_BYTES).unwrap_or(bytes);
                    self.shows.cut |= shown_bytes.len() < bytes.len();
                    let bytes = shown_bytes;
                    let mut shown_glyphs: Vec<Shown> = Vec::with_capacity(bytes.len());
                    font.decode(source, bytes, &mut |shown| shown_glyphs.push(shown));
                    for (index, shown) in shown_glyphs.into_iter().enumerate() {
                        if shown.text.is_empty()
                            && let Some(code) = bytes.get(index)
                            && depth < MAX_FORM_DEPTH
                            && let Some(procedure) = font.procedure(*code)
                        {
                            self.draw_procedure(
                                procedure,
                                &font,
                                resources,
                                state,
                                *text_matrix,
                                depth,
                            );
                        }
                        self.place(&font, state, text_matrix, shown);
                    }
                }
                _ => {}
            }
        }
    }

    /// Runs the drawing of a Type 3 glyph that has no text: it may show text itself.
    fn draw_procedure(
        &mut self,
        procedure: &'a Stream,
        font: &Font<'a>,
        resources: Option<&'a Dictionary>,
        state: &State<'a>,
        text_matrix: Matrix,
        depth: usize,
    ) {
        let content = self.form(procedure);
        let shows_text =
            content.windows(2).any(|pair| pair == b"Tj" || pair == b"TJ" || pair == b"Do");
        // Each drawing costs, although its operators may be few.
        self.operators += 1 + content.len() / 64;
        if !shows_text || self.operators > MAX_OPERATORS {
            return;
        }
        let scale = Matrix::new(state.size * state.stretch, 0.0, 0.0, state.size, 0.0, state.rise);
        let matrix = font.matrix * scale * text_matrix * state.matrix;
        self.content(
            &content,
            font.resources.or(resources),
            State { matrix, ..state.clone() },
            depth + 1,
        );
    }

    fn place(
        &mut self,
        font: &Font<'a>,
        state: &State<'a>,
        text_matrix: &mut Matrix,
        shown: Shown,
    ) {
        let word_space = if shown.is_space_code { state.word_space } else { 0.0 };
        let extra = state.character_space + word_space;
        let width = shown.advance * state.size;
        let (step, end) = if font.vertical {
            ((0.0, width + extra), (0.0, width))
        } else {
            (((width + extra) * state.stretch, 0.0), (width * state.stretch, 0.0))
        };
        let matrix = Matrix::translation(0.0, state.rise) * *text_matrix * state.matrix;
        *text_matrix = Matrix::translation(step.0, step.1) * *text_matrix;
        let start = matrix.point(0.0, 0.0);
        let end = matrix.point(end.0, end.1);
        let along = if font.vertical {
            matrix.vector(0.0, -1.0)
        } else {
            matrix.vector(state.stretch.signum(), 0.0)
        };
        let across = if font.vertical { matrix.vector(1.0, 0.0) } else { matrix.vector(0.0, 1.0) };
        let (length, height) = (along.0.hypot(along.1), across.0.hypot(across.1));
        let size = state.size.abs() * height * font.em;
        let visible =
            [start.0, start.1, end.0, end.1, size, length].iter().all(|value| value.is_finite())
                && size > 0.01
                && length > 0.0
                && self.is_inside(start, end, size);
        if !visible || self.marks.iter().any(|mark| mark.hidden) {
            return;
        }
        if self.is_full() {
            self.shows.cut = true;
            return;
        }
        let sign = if state.size < 0.0 { -1.0 } else { 1.0 };
        let text = match self.marks.iter_mut().find(|mark| mark.replaces) {
            Some(mark) => mark.actual.take().unwrap_or_default(),
            None if shown.text.is_empty() => {
                self.shows.unknown += 1;
                Text::from_slice(&[char::REPLACEMENT_CHARACTER])
            }
            None => shown.text,
        };
        if let Some(tag) = self.marks.last().and_then(|mark| mark.tag) {
            // In the middle of its height, where no other line reaches.
            let (up_x, up_y) = (across.0 / height, across.1 / height);
            let rise = if font.vertical { 0.0 } else { size * 0.3 };
            self.shows.tagged.push(Tagged {
                x: f32::midpoint(start.0, end.0) + up_x * rise,
                y: f32::midpoint(start.1, end.1) + up_y * rise,
                tag,
            });
        }
        self.characters += text.len();
        self.shows.glyphs.push(Glyph {
            text,
            start,
            end,
            direction: (along.0 / length * sign, along.1 / length * sign),
            size,
            em: state.size.abs()
                * length
                * font.em
                * if font.vertical { 1.0 } else { state.stretch.abs() },
            tracking: state.character_space * length * state.stretch.abs(),
            ascent: font.ascent,
            descent: font.descent,
            bold: font.bold,
            vertical: font.vertical,
            width: shown.offset.0.abs() * 2.0 * size,
        });
    }

    /// Whether the page has as much text as is taken of one.
    fn is_full(&self) -> bool {
        self.shows.glyphs.len() >= MAX_GLYPHS || self.characters >= MAX_CHARACTERS
    }

    /// Whether most of a glyph lies on the page as it is shown.
    fn is_inside(&self, start: (f32, f32), end: (f32, f32), size: f32) -> bool {
        let (x, y) = (f32::midpoint(start.0, end.0), f32::midpoint(start.1, end.1));
        let slack = size * 0.5;
        x >= -slack
            && y >= -slack
            && x <= self.frame.width + slack
            && y <= self.frame.height + slack
    }
}

/// Whether an operator that follows an array without an end is one that a content stream can't do without.
fn ends_array(operator: &[u8]) -> bool {
    matches!(
        operator,
        b"TJ"
            | b"Tj"
            | b"BT"
            | b"ET"
            | b"q"
            | b"Q"
            | b"cm"
            | b"Tf"
            | b"Td"
            | b"TD"
            | b"Tm"
            | b"T*"
            | b"Do"
            | b"BMC"
            | b"BDC"
            | b"EMC"
            | b"d"
    )
}

/// The numbers among an operator's operands.
struct Numbers {
    values: [f32; 6],
    count: usize,
}

impl Numbers {
    /// The last six.
    fn of(operands: &[Token<'_>]) -> Self {
        let mut numbers = Self { values: [0.0; 6], count: 0 };
        if operands.len() > 16 {
            return numbers;
        }
        for operand in operands {
            if let Token::Number(value) = operand {
                if numbers.count == numbers.values.len() {
                    numbers.values.rotate_left(1);
                    numbers.count -= 1;
                }
                if let Some(slot) = numbers.values.get_mut(numbers.count) {
                    *slot = *value;
                    numbers.count += 1;
                }
            }
        }
        numbers
    }

    fn get(&self, index: Option<usize>) -> f32 {
        index.and_then(|index| self.values.get(index)).copied().unwrap_or_default()
    }

    fn last(&self) -> f32 {
        self.get(self.count.checked_sub(1))
    }

    /// The last two.
    fn pair(&self) -> (f32, f32) {
        (self.get(self.count.checked_sub(2)), self.last())
    }

    fn matrix(&self) -> Option<Matrix> {
        (self.count == 6).then(|| Matrix::from_slice(&self.values)).flatten()
    }
}
