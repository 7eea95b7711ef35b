//! Which text does a font's code stand for, and how far does it move the pen?
//!
//! Text is looked for in this order: the font's `ToUnicode` map; Adobe's tables for the predefined `CMaps`; the encoding's
//! differences and base through the Adobe Glyph List; the font program's own encoding; its character map read backwards.

use std::cell::OnceCell;
use std::collections::HashMap;

use hayro_cmap::{BfString, CMap as AdobeCMap, CMapName, CidFamily};
use lopdf::{Dictionary, Object, Stream};
use skrifa::raw::ps::cff::CffFontRef;
use skrifa::raw::tables::cmap::{CmapSubtable, PlatformId};
use skrifa::raw::tables::post::DEFAULT_GLYPH_NAMES;
use skrifa::raw::{FontRef, TableProvider as _};
use skrifa::{GlyphId, GlyphNames};
use smallvec::SmallVec;

use super::cmap::CMap;
use super::encoding::{BaseEncoding, Text, counted, dingbats, is_private, public, text_of_name};
use super::geometry::Matrix;
use super::lexer::{Lexer, Token};
use super::number;
use super::source::{Source, as_dictionary, as_number};
use super::standard::Standard;

/// More width entries than any font has glyphs.
const MAX_WIDTHS: usize = 100_000;
/// So many can't be meant: there are 65,536 CIDs.
const ENDLESS_WIDTHS: f32 = 1e6;
/// How many glyphs have a place in the usual order of TrueType fonts, and which of them are letters, digits and signs of
/// ASCII.
const USUAL_GLYPHS: u32 = 258;
const USUAL_LETTERS: std::ops::RangeInclusive<u32> = 3..=97;
/// Fewer widths do not tell which letters they are of.
const MIN_LETTERS: usize = 5;
/// Type 1 programs begin with their encoding.
const TYPE1_HEAD_BYTES: usize = 64 << 10;

/// A code as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Empty when nothing tells the text.
    pub(super) text: Text,
    /// How far the pen moves along the line, as a share of the size.
    pub(super) advance: f32,
    /// From the pen to the glyph's origin in vertical writing, as a share of the size.
    pub(super) offset: (f32, f32),
    /// The single-byte code 32, to which word spacing is added.
    pub(super) is_space_code: bool,
}

#[derive(Debug)]
pub(super) struct Font<'a> {
    kind: Kind<'a>,
    to_unicode: Option<ToUnicode>,
    program: Program<'a>,
    pub(super) vertical: bool,
    pub(super) bold: bool,
    /// The size of an em as a share of the font size: 1 but for Type 3 fonts.
    pub(super) em: f32,
    /// Above and below the baseline, as shares of an em; descent is negative.
    pub(super) ascent: f32,
    pub(super) descent: f32,
    /// From a Type 3 glyph's space to the font size's.
    pub(super) matrix: Matrix,
    /// What Type 3 glyphs are drawn with.
    pub(super) resources: Option<&'a Dictionary>,
    /// By code: how a Type 3 glyph is drawn.
    procedures: HashMap<u8, &'a Stream>,
}

#[derive(Debug)]
enum Kind<'a> {
    Simple(Box<Simple>),
    Composite(Box<Composite<'a>>),
}

#[derive(Debug)]
struct Simple {
    /// By code: what ToUnicode and the encoding say.
    texts: Vec<Option<Text>>,
    /// By code: what a font without an encoding of its own would say.
    fallback: Vec<Option<Text>>,
    /// By code, as a share of the size.
    advances: Vec<f32>,
    /// By code: what the font program says; made when it is first needed.
    own: OnceCell<Vec<Option<Text>>>,
    /// Two high bytes are one Chinese character, whatever the encoding says.
    pairs_bytes: bool,
}

#[derive(Debug)]
struct Composite<'a> {
    codes: Codes,
    /// From CIDs to Unicode by Adobe's tables, for the collection that the font names.
    collection: Option<Box<AdobeCMap>>,
    widths: HashMap<u32, f32>,
    default_width: f32,
    /// By CID: advance and origin in vertical writing.
    vertical: HashMap<u32, (f32, f32, f32)>,
    default_vertical: (f32, f32),
    glyphs_of_cids: Option<&'a Stream>,
    /// The standard font nearest to it.
    standard: Standard,
    /// From glyphs to text; made when it is first needed.
    own: OnceCell<OwnGlyphs>,
}

#[derive(Debug)]
enum Codes {
    /// Two bytes that are the CID.
    Identity,
    Embedded(CMap, Option<Box<AdobeCMap>>),
    Adobe {
        cmap: Box<AdobeCMap>,
        /// The codes are UTF-16.
        unicode: bool,
    },
}

#[derive(Debug)]
enum ToUnicode {
    Map(Box<CMap>, Option<Box<AdobeCMap>>),
    /// The code is the character.
    Identity,
}

#[derive(Clone, Copy, Debug)]
enum Program<'a> {
    None,
    Type1(&'a Stream),
    TrueType(&'a Stream),
    Compact(&'a Stream),
}

#[derive(Debug, Default)]
struct OwnGlyphs {
    texts: HashMap<u32, Text>,
    /// By CID, where the program is no CID font or maps by itself.
    glyph_of_cid: Option<Vec<u8>>,
    /// The CIDs are the places of the letters in the order that most TrueType fonts have.
    in_usual_order: bool,
}

impl<'a> Font<'a> {
    pub(super) fn load(source: &'a Source, dictionary: &'a Dictionary) -> Self {
        let subtype = source.name(dictionary, b"Subtype").unwrap_or_default();
        let to_unicode = load_to_unicode(source, dictionary);
        let descendant = source
            .array(dictionary, b"DescendantFonts")
            .and_then(<[Object]>::first)
            .and_then(|font| as_dictionary(source.resolve(font)));
        let described = descendant.unwrap_or(dictionary);
        let descriptor = source.dictionary(described, b"FontDescriptor");
        let name = source
            .name(dictionary, b"BaseFont")
            .or_else(|| source.name(descriptor?, b"FontName"))
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .unwrap_or_default();
        let flags = descriptor
            .and_then(|descriptor| source.number(descriptor, b"Flags"))
            .map_or(0, number::whole);
        let program =
            descriptor.map_or(Program::None, |descriptor| Program::find(source, descriptor));
        let measure = |key: &[u8]| {
            descriptor
                .and_then(|descriptor| source.number(descriptor, key))
                .map_or(0.0, |value| value / 1000.0)
        };
        let (ascent, descent) = (measure(b"Ascent"), measure(b"Descent"));
        let mut font = Self {
            kind: Kind::Simple(Box::new(Simple::empty())),
            to_unicode,
            program,
            vertical: false,
            bold: is_bold(&name, flags, measure(b"FontWeight") * 1000.0),
            em: 1.0,
            ascent: if (0.4..=1.1).contains(&ascent) { ascent } else { 0.8 },
            descent: if (-0.5..=-0.05).contains(&descent) { descent } else { -0.2 },
            matrix: Matrix::IDENTITY,
            resources: None,
            procedures: HashMap::new(),
        };
        if let Some(descendant) = descendant {
            let composite = Composite::load(
                source,
                dictionary,
                descendant,
                Standard::nearest(&name, flags & 2 != 0, flags & 1 != 0),
            );
            font.vertical = composite.is_vertical();
            font.kind = Kind::Composite(Box::new(composite));
        } else {
            let is_type3 = subtype == b"Type3";
            let simple = Simple::load(
                source,
                dictionary,
                descriptor,
                &name,
                flags,
                font.to_unicode.as_ref(),
                program,
            );
            if is_type3 {
                font.em = type3_em(source, dictionary, &simple);
                let matrix =
                    source.array(dictionary, b"FontMatrix").map(|matrix| source.numbers(matrix));
                font.matrix = matrix
                    .and_then(|matrix| Matrix::from_slice(&matrix))
                    .unwrap_or(Matrix::new(0.001, 0.0, 0.0, 0.001, 0.0, 0.0));
                font.resources = source.dictionary(dictionary, b"Resources");
                font.procedures = load_procedures(source, dictionary);
            }
            font.kind = Kind::Simple(Box::new(simple));
        }
        font
    }

    /// A stand-in for a font that the page does not have: the codes read as code page 1252.
    pub(super) fn missing() -> Self {
        let mut simple = Simple::empty();
        simple.fallback = BaseEncoding::WinAnsi.texts();
        simple.advances = vec![0.5; 256];
        Self {
            kind: Kind::Simple(Box::new(simple)),
            to_unicode: None,
            program: Program::None,
            vertical: false,
            bold: false,
            em: 1.0,
            ascent: 0.8,
            descent: -0.2,
            matrix: Matrix::IDENTITY,
            resources: None,
            procedures: HashMap::new(),
        }
    }

    /// How a Type 3 font draws a code; none for other fonts.
    pub(super) fn procedure(&self, code: u8) -> Option<&'a Stream> {
        self.procedures.get(&code).copied()
    }

    /// Gives the codes of a string in order.
    pub(super) fn decode(&self, source: &'a Source, bytes: &[u8], each: &mut dyn FnMut(Shown)) {
        match &self.kind {
            Kind::Simple(simple) => {
                let advance =
                    |byte: u8| simple.advances.get(usize::from(byte)).copied().unwrap_or_default();
                let mut rest = bytes;
                while let [byte, after @ ..] = rest {
                    rest = after;
                    let mut shown = Shown {
                        text: SmallVec::new(),
                        advance: advance(*byte),
                        offset: (0.0, 0.0),
                        is_space_code: *byte == b' ',
                    };
                    if let [second, after @ ..] = rest
                        && simple.pairs_bytes
                        && let Some(character) = chinese_character(*byte, *second)
                    {
                        shown.text.push(character);
                        shown.advance += advance(*second);
                        rest = after;
                    } else {
                        shown.text = simple.text(source, usize::from(*byte), self.program);
                    }
                    each(shown);
                }
            }
            Kind::Composite(composite) => {
                let mut rest = bytes;
                while let Some((code, length)) = composite.codes.next(rest) {
                    let cid = composite.codes.cid(code, length);
                    let text = self
                        .to_unicode
                        .as_ref()
                        .and_then(|map| map.text(code))
                        .or_else(|| composite.text(source, code, length, cid, self.program))
                        .unwrap_or_default();
                    let width =
                        composite.widths.get(&cid).copied().unwrap_or(composite.default_width);
                    let (advance, offset) = if self.vertical {
                        let (origin_y, advance) = composite.default_vertical;
                        let (advance, x, y) = composite.vertical.get(&cid).copied().unwrap_or((
                            advance,
                            width / 2.0,
                            origin_y,
                        ));
                        (advance, (-x, -y))
                    } else {
                        (width, (0.0, 0.0))
                    };
                    each(Shown { text, advance, offset, is_space_code: length == 1 && code == 32 });
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
        }
    }
}

impl Simple {
    fn empty() -> Self {
        Self {
            texts: Vec::new(),
            fallback: Vec::new(),
            advances: Vec::new(),
            own: OnceCell::new(),
            pairs_bytes: false,
        }
    }

    fn load(
        source: &Source,
        dictionary: &Dictionary,
        descriptor: Option<&Dictionary>,
        name: &str,
        flags: i32,
        to_unicode: Option<&ToUnicode>,
        program: Program<'_>,
    ) -> Self {
        let standard = Standard::nearest(name, flags & 2 != 0, flags & 1 != 0);
        let embedded = !matches!(program, Program::None);
        let own_base = match standard {
            Standard::Symbol => Some(BaseEncoding::Symbol),
            Standard::ZapfDingbats => Some(BaseEncoding::ZapfDingbats),
            _ => None,
        };
        let encoding = source.get(dictionary, b"Encoding");
        let named = match encoding {
            Some(Object::Name(name)) => BaseEncoding::from_name(name),
            Some(object) => as_dictionary(object)
                .and_then(|encoding| source.name(encoding, b"BaseEncoding"))
                .and_then(BaseEncoding::from_name),
            None => None,
        };
        let base = if embedded { named } else { own_base.or(named) };
        let mut texts = base.map_or_else(|| vec![None; 256], BaseEncoding::texts);
        let differences = encoding
            .and_then(as_dictionary)
            .and_then(|encoding| source.array(encoding, b"Differences"));
        let mut code = 0_usize;
        let signs = (own_base == Some(BaseEncoding::ZapfDingbats)).then(dingbats);
        let plain = BaseEncoding::WinAnsi.texts();
        for entry in differences.unwrap_or_default() {
            match source.resolve(entry) {
                Object::Name(name) => {
                    if let (Some(slot), Ok(name)) = (texts.get_mut(code), std::str::from_utf8(name))
                    {
                        *slot = match (counted(name), &signs) {
                            (Some(number), Some(signs)) => signs.get(&number).cloned(),
                            // Where the name counts the code that it stands at, the codes are characters.
                            (Some(number), None) if usize::from(number) == code => {
                                plain.get(code).cloned().flatten()
                            }
                            _ => text_of_name(name),
                        };
                    }
                    code = code.saturating_add(1);
                }
                other => {
                    if let Some(start) = as_number(other) {
                        code = usize::try_from(number::whole(start)).unwrap_or(usize::MAX - 256);
                    }
                }
            }
        }
        let fallback = own_base.unwrap_or(BaseEncoding::Standard).texts();
        let advances = Self::advances(source, dictionary, descriptor, standard, &texts, &fallback);
        if let Some(map) = to_unicode {
            for (code, slot) in (0_u32..).zip(texts.iter_mut()) {
                // A private character says less than a glyph's name.
                match map.text(code) {
                    Some(text)
                        if slot.is_none()
                            || !text.iter().all(|character| is_private(*character)) =>
                    {
                        *slot = Some(text);
                    }
                    _ => {}
                }
            }
        }
        let pairs_bytes = !embedded
            && to_unicode.is_none()
            && source.name(dictionary, b"BaseFont").is_some_and(is_chinese);
        Self { texts, fallback, advances, own: OnceCell::new(), pairs_bytes }
    }

    fn advances(
        source: &Source,
        dictionary: &Dictionary,
        descriptor: Option<&Dictionary>,
        standard: Standard,
        texts: &[Option<Text>],
        fallback: &[Option<Text>],
    ) -> Vec<f32> {
        let unit = source
            .array(dictionary, b"FontMatrix")
            .filter(|_| source.name(dictionary, b"Subtype") == Some(b"Type3"))
            .and_then(|matrix| source.numbers(matrix).first().copied())
            .unwrap_or(0.001);
        let first = source.number(dictionary, b"FirstChar").map_or(0, number::whole);
        let widths = source.array(dictionary, b"Widths").map(|widths| source.numbers(widths));
        let missing = descriptor
            .and_then(|descriptor| source.number(descriptor, b"MissingWidth"))
            .unwrap_or_default();
        (0_u8..=255)
            .map(|code| {
                let given = widths.as_ref().map(|widths| {
                    usize::try_from(i32::from(code).saturating_sub(first))
                        .ok()
                        .and_then(|index| widths.get(index))
                        .copied()
                });
                match given {
                    Some(Some(width)) => width * unit,
                    Some(None) => missing * unit,
                    None => {
                        let index = usize::from(code);
                        let text = texts.get(index).and_then(Option::as_ref);
                        let text = text.or_else(|| fallback.get(index).and_then(Option::as_ref));
                        standard.width(code, text.and_then(|text| text.first().copied())) / 1000.0
                    }
                }
            })
            .collect()
    }

    fn text(&self, source: &Source, code: usize, program: Program<'_>) -> Text {
        if let Some(Some(text)) = self.texts.get(code) {
            return text.clone();
        }
        let own = self.own.get_or_init(|| program.own_encoding(source));
        own.get(code)
            .and_then(Option::as_ref)
            .or_else(|| self.fallback.get(code).and_then(Option::as_ref))
            .cloned()
            .unwrap_or_default()
    }
}

impl<'a> Composite<'a> {
    fn load(
        source: &'a Source,
        dictionary: &'a Dictionary,
        descendant: &'a Dictionary,
        standard: Standard,
    ) -> Self {
        let codes = Codes::load(source, source.get(dictionary, b"Encoding"));
        let system = source.dictionary(descendant, b"CIDSystemInfo");
        let part = |key: &[u8]| {
            system
                .and_then(|system| source.get(system, key))
                .and_then(|part| part.as_str().ok())
                .unwrap_or_default()
        };
        let collection = CidFamily::from_registry_ordering(part(b"Registry"), part(b"Ordering"))
            .ucs2_cmap()
            .and_then(adobe_cmap)
            .or_else(|| match &codes {
                Codes::Adobe { cmap, .. } => {
                    adobe_cmap(cmap.metadata().character_collection.as_ref()?.family.ucs2_cmap()?)
                }
                _ => None,
            });
        let default_vertical = source
            .array(descendant, b"DW2")
            .map(|pair| source.numbers(pair))
            .and_then(|pair| Some((pair.first()? / 1000.0, pair.get(1)? / 1000.0)))
            .unwrap_or((0.88, -1.0));
        let glyphs_of_cids = match source.get(descendant, b"CIDToGIDMap") {
            Some(Object::Stream(stream)) => Some(stream),
            _ => None,
        };
        Self {
            codes,
            collection,
            widths: load_widths(source, source.array(descendant, b"W").unwrap_or_default()),
            default_width: source.number(descendant, b"DW").unwrap_or(1000.0) / 1000.0,
            vertical: load_vertical_widths(
                source,
                source.array(descendant, b"W2").unwrap_or_default(),
            ),
            default_vertical,
            glyphs_of_cids,
            standard,
            own: OnceCell::new(),
        }
    }

    fn is_vertical(&self) -> bool {
        match &self.codes {
            Codes::Identity => false,
            Codes::Embedded(cmap, _) => cmap.vertical,
            Codes::Adobe { cmap, .. } => {
                cmap.metadata().writing_mode == Some(hayro_cmap::WritingMode::Vertical)
            }
        }
    }

    /// What is known without ToUnicode.
    fn text(
        &self,
        source: &Source,
        code: u32,
        length: usize,
        cid: u32,
        program: Program<'_>,
    ) -> Option<Text> {
        if let Codes::Adobe { unicode: true, .. } = self.codes {
            return character_of_utf16(code, length)
                .map(|character| SmallVec::from_slice(&[character]));
        }
        if let Some(collection) = &self.collection {
            return adobe_text(collection, cid);
        }
        let own = self.own.get_or_init(|| {
            let glyph_of_cid = self.glyphs_of_cids.map(|stream| source.data(stream).into_owned());
            let texts = program.glyph_texts(source);
            let in_usual_order = texts.is_empty() && self.is_in_usual_order(program);
            OwnGlyphs { texts, glyph_of_cid, in_usual_order }
        });
        if own.in_usual_order {
            return DEFAULT_GLYPH_NAMES
                .get(usize::try_from(cid).ok()?)
                .and_then(|name| text_of_name(name));
        }
        let glyph = match &own.glyph_of_cid {
            Some(map) => {
                let start = usize::try_from(cid).ok()?.checked_mul(2)?;
                let pair = map.get(start..start.checked_add(2)?)?;
                pair.iter().fold(0, |glyph, byte| (glyph << 8) | u32::from(*byte))
            }
            None => cid,
        };
        own.texts.get(&glyph).cloned()
    }
}

impl Composite<'_> {
    /// Whether the CIDs of a font that says nothing of its letters can be taken for places in the order of the glyphs
    /// that TrueType fonts have from the Macintosh ("post" table, format 1), which Arial, Times New Roman, Verdana and
    /// most like them keep. What tells it is that the widths are those of the letters that it would give.
    fn is_in_usual_order(&self, program: Program<'_>) -> bool {
        if !matches!(self.codes, Codes::Identity) {
            return false;
        }
        let pairs: Vec<(f32, f32)> = (USUAL_LETTERS)
            .filter_map(|cid| {
                let letter = text_of_name(DEFAULT_GLYPH_NAMES.get(usize::try_from(cid).ok()?)?)?;
                let expected = self.standard.width(0, letter.first().copied()) / 1000.0;
                Some((*self.widths.get(&cid)?, expected))
            })
            .collect();
        let embedded = !matches!(program, Program::None);
        if pairs.len() < MIN_LETTERS {
            // Too little to tell: a guess is better than nothing only where the reader's own fonts would be used too.
            return !embedded && self.widths.keys().all(|cid| *cid < USUAL_GLYPHS);
        }
        correlation(&pairs) > if embedded { 0.8 } else { 0.6 }
    }
}

/// Pearson's correlation of the two numbers in each pair; 0 where one of them never changes.
fn correlation(pairs: &[(f32, f32)]) -> f32 {
    let count = number::share(pairs.len());
    let mean = |of: fn(&(f32, f32)) -> f32| pairs.iter().map(of).sum::<f32>() / count;
    let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut both, mut x_alone, mut y_alone) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        both += (x - mean_x) * (y - mean_y);
        x_alone += (x - mean_x).powi(2);
        y_alone += (y - mean_y).powi(2);
    }
    let scale = (x_alone * y_alone).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

impl Codes {
    fn load(source: &Source, encoding: Option<&Object>) -> Self {
        match encoding {
            Some(Object::Name(name)) => match name.as_slice() {
                b"Identity-H" => Self::Identity,
                b"Identity-V" => {
                    Self::Adobe { cmap: Box::new(AdobeCMap::identity_v()), unicode: false }
                }
                name => adobe_cmap(CMapName::from_bytes(name)).map_or(Self::Identity, |cmap| {
                    Self::Adobe {
                        cmap,
                        unicode: name.starts_with(b"Uni")
                            && name.windows(3).any(|part| part == b"UCS" || part == b"UTF"),
                    }
                }),
            },
            Some(Object::Stream(stream)) => {
                let mut cmap = CMap::parse(&source.data(stream));
                if let Some(vertical) = source.number(&stream.dict, b"WMode") {
                    cmap.vertical = vertical > 0.5;
                }
                let named = source.name(&stream.dict, b"UseCMap").map(<[u8]>::to_vec);
                let base = named.or_else(|| cmap.base.clone());
                let base = base.and_then(|name| adobe_cmap(CMapName::from_bytes(&name)));
                Self::Embedded(cmap, base)
            }
            _ => Self::Identity,
        }
    }

    /// The next code and its length; none at the end.
    fn next(&self, bytes: &[u8]) -> Option<(u32, usize)> {
        let code = |length: usize| {
            bytes
                .get(..length)
                .map(|code| code.iter().fold(0, |code, byte| (code << 8) | u32::from(*byte)))
        };
        let two = || code(2).map(|code| (code, 2)).or_else(|| code(1).map(|code| (code, 1)));
        match self {
            Self::Embedded(cmap, _) if cmap.has_codespaces() => cmap.next_code(bytes),
            Self::Embedded(_, Some(cmap)) | Self::Adobe { cmap, .. } => {
                next_adobe_code(cmap, bytes).or_else(two)
            }
            Self::Identity | Self::Embedded(_, None) => two(),
        }
    }

    fn cid(&self, code: u32, length: usize) -> u32 {
        let adobe =
            |cmap: &AdobeCMap| cmap.lookup_cid_code(code, u8::try_from(length).unwrap_or(2));
        match self {
            Self::Identity => code,
            Self::Embedded(cmap, base) => cmap
                .cid(code)
                .or_else(|| base.as_ref().and_then(|base| adobe(base)))
                .unwrap_or_default(),
            Self::Adobe { cmap, .. } => adobe(cmap).unwrap_or_default(),
        }
    }
}

impl ToUnicode {
    fn text(&self, code: u32) -> Option<Text> {
        match self {
            Self::Identity => char::from_u32(code)
                .filter(|character| *character != '\0')
                .map(|character| SmallVec::from_slice(&[character])),
            Self::Map(cmap, base) => match cmap.text(code) {
                Some(text) => Some(text.chars().map(public).collect()),
                None => base.as_ref().and_then(|base| adobe_text(base, code)),
            },
        }
    }
}

impl<'a> Program<'a> {
    fn find(source: &'a Source, descriptor: &'a Dictionary) -> Self {
        let stream = |key: &[u8]| match source.get(descriptor, key) {
            Some(Object::Stream(stream)) => Some(stream),
            _ => None,
        };
        if let Some(stream) = stream(b"FontFile2") {
            Self::TrueType(stream)
        } else if let Some(stream) = stream(b"FontFile3") {
            if source.name(&stream.dict, b"Subtype") == Some(b"OpenType") {
                Self::TrueType(stream)
            } else {
                Self::Compact(stream)
            }
        } else if let Some(stream) = stream(b"FontFile") {
            Self::Type1(stream)
        } else {
            Self::None
        }
    }

    /// By code: the text of the glyph that the program shows for it.
    fn own_encoding(self, source: &Source) -> Vec<Option<Text>> {
        match self {
            Self::None => Vec::new(),
            Self::Type1(stream) => type1_encoding(&source.data(stream)),
            Self::Compact(stream) => compact_encoding(&source.data(stream)).unwrap_or_default(),
            Self::TrueType(stream) => true_type_encoding(&source.data(stream)).unwrap_or_default(),
        }
    }

    /// By glyph: its text.
    fn glyph_texts(self, source: &Source) -> HashMap<u32, Text> {
        match self {
            Self::None | Self::Type1(_) => HashMap::new(),
            Self::Compact(stream) => compact_glyphs(&source.data(stream)).unwrap_or_default(),
            Self::TrueType(stream) => {
                let data = source.data(stream);
                FontRef::new(&data).map(|font| true_type_glyphs(&font)).unwrap_or_default()
            }
        }
    }
}

fn load_to_unicode(source: &Source, dictionary: &Dictionary) -> Option<ToUnicode> {
    match source.get(dictionary, b"ToUnicode")? {
        Object::Name(name) if name.starts_with(b"Identity") => Some(ToUnicode::Identity),
        Object::Stream(stream) => {
            let cmap = CMap::parse(&source.data(stream));
            let base = cmap.base.as_ref().and_then(|name| adobe_cmap(CMapName::from_bytes(name)));
            (cmap.has_texts() || base.is_some()).then_some(ToUnicode::Map(Box::new(cmap), base))
        }
        _ => None,
    }
}

/// One of Adobe's `CMaps` by its name; none for a name that is not one of them.
fn adobe_cmap(name: CMapName<'_>) -> Option<Box<AdobeCMap>> {
    AdobeCMap::parse(hayro_cmap::load_embedded(name)?, hayro_cmap::load_embedded).map(Box::new)
}

fn adobe_text(cmap: &AdobeCMap, code: u32) -> Option<Text> {
    match cmap.lookup_bf_string(code)? {
        BfString::Char(character) => Some(SmallVec::from_slice(&[character])),
        BfString::String(text) => Some(text.chars().collect()),
    }
}

fn next_adobe_code(cmap: &AdobeCMap, bytes: &[u8]) -> Option<(u32, usize)> {
    let mut code = 0;
    for (length, byte) in (1_u8..=4).zip(bytes) {
        code = (code << 8) | u32::from(*byte);
        if cmap.lookup_cid_code(code, length).is_some() {
            return Some((code, usize::from(length)));
        }
    }
    None
}

fn character_of_utf16(code: u32, length: usize) -> Option<char> {
    if length < 4 {
        return char::from_u32(code);
    }
    let units = [u16::try_from(code >> 16).ok()?, u16::try_from(code & 0xffff).ok()?];
    char::decode_utf16(units).next()?.ok()
}

/// The widths of a composite font: `first [w w w]` and `first last w`.
fn load_widths(source: &Source, entries: &[Object]) -> HashMap<u32, f32> {
    let mut widths = HashMap::new();
    // Ranges may repeat each other without end.
    let mut given = 0_usize;
    let mut entries = entries.iter().map(|entry| source.resolve(entry));
    while let (Some(first), Some(second)) = (entries.next(), entries.next()) {
        let Some(first) =
            as_number(first).and_then(|first| u32::try_from(number::whole(first)).ok())
        else {
            continue;
        };
        if let Object::Array(list) = second {
            for (cid, width) in (first..).zip(source.numbers(list)) {
                given += 1;
                if given > MAX_WIDTHS {
                    return widths;
                }
                widths.insert(cid, width / 1000.0);
            }
        } else if let (Some(last), Some(width)) =
            (as_number(second), entries.next().and_then(as_number))
        {
            let last = u32::try_from(number::whole(last)).unwrap_or_default();
            for cid in first..=last.min(0xffff) {
                given += 1;
                if given > MAX_WIDTHS {
                    return widths;
                }
                widths.insert(cid, width / 1000.0);
            }
        }
    }
    widths
}

/// As [`load_widths`] for vertical writing: three numbers each, advance and origin.
fn load_vertical_widths(source: &Source, entries: &[Object]) -> HashMap<u32, (f32, f32, f32)> {
    let mut widths = HashMap::new();
    let mut given = 0_usize;
    let mut entries = entries.iter().map(|entry| source.resolve(entry));
    while given < MAX_WIDTHS
        && let (Some(first), Some(second)) = (entries.next(), entries.next())
    {
        let Some(first) =
            as_number(first).and_then(|first| u32::try_from(number::whole(first)).ok())
        else {
            continue;
        };
        let mut add = |cid: u32, triple: &[f32]| {
            if let [advance, x, y] = triple {
                given += 1;
                widths.insert(cid, (advance / 1000.0, x / 1000.0, y / 1000.0));
            }
        };
        if let Object::Array(list) = second {
            for (cid, triple) in (first..).zip(source.numbers(list).chunks_exact(3)) {
                add(cid, triple);
            }
        } else if let Some(last) = as_number(second) {
            let triple: Vec<f32> = entries.by_ref().take(3).filter_map(as_number).collect();
            let last = u32::try_from(number::whole(last)).unwrap_or_default();
            for cid in first..=last.min(0xffff) {
                add(cid, &triple);
            }
        }
    }
    widths
}

/// Whether the widths of a composite font, in ranges with so many numbers each, are given for more codes than there are:
/// who writes them out one by one does not come to an end.
pub(super) fn is_endless(source: &Source, entries: &[Object], numbers: usize) -> bool {
    let mut given = 0.0;
    let mut entries = entries.iter().map(|entry| source.resolve(entry));
    while let (Some(first), Some(second)) = (entries.next(), entries.next()) {
        if let (Some(first), Some(last)) = (as_number(first), as_number(second)) {
            given += (last - first).max(0.0);
            entries.by_ref().take(numbers).for_each(drop);
        }
    }
    given > ENDLESS_WIDTHS
}

/// The encoding that a Type 1 program names or lists in its clear part.
fn type1_encoding(data: &[u8]) -> Vec<Option<Text>> {
    let head = data.get(..TYPE1_HEAD_BYTES).unwrap_or(data);
    let Some(start) = head.windows(9).position(|window| window == b"/Encoding") else {
        return Vec::new();
    };
    let mut lexer = Lexer::new(head.get(start + 9..).unwrap_or_default());
    let mut texts = vec![None; 256];
    let mut code = None;
    let mut name = None;
    while let Some(token) = lexer.next() {
        match token {
            Token::Operator(b"StandardEncoding") => return BaseEncoding::Standard.texts(),
            Token::Operator(b"put") => {
                let slot = code
                    .take()
                    .and_then(|code: i32| usize::try_from(code).ok())
                    .and_then(|code| texts.get_mut(code));
                if let (Some(slot), Some(name)) = (slot, name.take()) {
                    *slot = String::from_utf8(name).ok().as_deref().and_then(text_of_name);
                }
            }
            Token::Operator(b"def" | b"readonly" | b"eexec") => break,
            Token::Number(value) => code = Some(number::whole(value)),
            Token::Name(value) => name = Some(value),
            _ => {}
        }
    }
    texts
}

fn compact_encoding(data: &[u8]) -> Option<Vec<Option<Text>>> {
    let font = CffFontRef::new_cff(data, 0, None).ok()?;
    let encoding = font.encoding()?;
    let charset = font.charset()?;
    let text = |code: u8| {
        let name = font.string(charset.string_id(encoding.map(code)?)?)?;
        text_of_name(std::str::from_utf8(name).ok()?)
    };
    Some((0..=255).map(text).collect())
}

fn compact_glyphs(data: &[u8]) -> Option<HashMap<u32, Text>> {
    let font = CffFontRef::new_cff(data, 0, None).ok()?;
    if font.is_cid() {
        return None;
    }
    let charset = font.charset()?;
    let glyphs = (0..font.num_glyphs().min(0xffff)).filter_map(|glyph| {
        let name = font.string(charset.string_id(GlyphId::new(glyph))?)?;
        Some((glyph, text_of_name(std::str::from_utf8(name).ok()?)?))
    });
    Some(glyphs.collect())
}

fn true_type_encoding(data: &[u8]) -> Option<Vec<Option<Text>>> {
    let font = FontRef::new(data).ok()?;
    let glyphs = true_type_glyphs(&font);
    let cmap = font.cmap().ok()?;
    let mut symbol = None;
    let mut macintosh = None;
    for record in cmap.encoding_records() {
        let subtable = record.subtable(cmap.offset_data()).ok();
        match (record.platform_id(), record.encoding_id()) {
            (PlatformId::Windows, 0) => symbol = subtable,
            (PlatformId::Macintosh, 0) => macintosh = subtable,
            _ => {}
        }
    }
    let glyph = |code: u8| {
        let code = u32::from(code);
        let mapped = |table: &Option<CmapSubtable<'_>>, code: u32| {
            table
                .as_ref()
                .and_then(|table| table.map_codepoint(code))
                .filter(|glyph| glyph.to_u32() != 0)
        };
        [0xf000, 0xf100, 0xf200, 0]
            .iter()
            .find_map(|base| mapped(&symbol, base + code))
            .or_else(|| mapped(&macintosh, code))
    };
    let texts = (0..=255).map(|code| {
        let text = glyph(code).and_then(|glyph| glyphs.get(&glyph.to_u32()).cloned());
        text.filter(|text| !text.iter().all(|character| is_private(*character)))
    });
    Some(texts.collect())
}

/// From glyphs to text by the font's Unicode character map, else by its glyphs' names.
fn true_type_glyphs(font: &FontRef<'_>) -> HashMap<u32, Text> {
    let mut glyphs: HashMap<u32, Text> = HashMap::new();
    if let Ok(cmap) = font.cmap() {
        for record in cmap.encoding_records() {
            let is_unicode = match record.platform_id() {
                PlatformId::Unicode => true,
                PlatformId::Windows => matches!(record.encoding_id(), 1 | 10),
                _ => false,
            };
            let Some(subtable) = record.subtable(cmap.offset_data()).ok().filter(|_| is_unicode)
            else {
                continue;
            };
            for (code, glyph) in subtable.iter().take(MAX_WIDTHS) {
                if let Some(character) = char::from_u32(code).filter(|_| glyph.to_u32() != 0) {
                    let text = glyphs.entry(glyph.to_u32()).or_default();
                    // Where several characters share a glyph, the lowest is the plain one.
                    if text.first().is_none_or(|known| is_private(*known) && !is_private(character))
                    {
                        *text = SmallVec::from_slice(&[character]);
                    }
                }
            }
        }
    }
    if glyphs.is_empty() {
        let names = GlyphNames::new(font);
        for (glyph, name) in names.iter().take(MAX_WIDTHS) {
            if let Some(text) = text_of_name(name.as_str()).filter(|_| !name.is_synthesized()) {
                glyphs.insert(glyph.to_u32(), text);
            }
        }
    }
    glyphs
}

/// By code: the streams that draw a Type 3 font's glyphs.
fn load_procedures<'a>(source: &'a Source, dictionary: &'a Dictionary) -> HashMap<u8, &'a Stream> {
    let mut procedures = HashMap::new();
    let drawings = source.dictionary(dictionary, b"CharProcs");
    let differences = source
        .dictionary(dictionary, b"Encoding")
        .and_then(|encoding| source.array(encoding, b"Differences"));
    let mut code = 0_i32;
    for entry in differences.unwrap_or_default() {
        match source.resolve(entry) {
            Object::Name(name) => {
                let drawing = drawings.and_then(|drawings| source.get(drawings, name));
                if let (Some(Object::Stream(stream)), Ok(code)) = (drawing, u8::try_from(code)) {
                    procedures.insert(code, stream);
                }
                code = code.saturating_add(1);
            }
            other => code = as_number(other).map_or(code, number::whole),
        }
    }
    procedures
}

/// A Type 3 font has its own units: its em is taken from the height of its box, else from its widths.
fn type3_em(source: &Source, dictionary: &Dictionary, simple: &Simple) -> f32 {
    let numbers = |key: &[u8]| {
        source.array(dictionary, key).map(|array| source.numbers(array)).unwrap_or_default()
    };
    let scale = numbers(b"FontMatrix").get(3).copied().unwrap_or(0.001).abs();
    let height = match numbers(b"FontBBox").as_slice() {
        [_, bottom, _, top] => (top - bottom).abs() * scale,
        _ => 0.0,
    };
    let widest = simple.advances.iter().copied().fold(0.0_f32, f32::max);
    let em = if height > widest * 0.3 { height } else { widest };
    if em.is_finite() && em > 0.0 { em.min(widest.max(f32::MIN_POSITIVE) * 3.0) } else { 1.0 }
}

/// Whether a font that is not embedded is one of Windows' Chinese ones, by its English name or by its own in GBK (Song,
/// Hei, Kai, Fangsong). Programs have written text in them byte by byte, under an encoding of Western letters.
fn is_chinese(base_font: &[u8]) -> bool {
    let name = base_font.split(|byte| *byte == b'+').next_back().unwrap_or_default();
    let names: [&[u8]; 10] = [
        b"Sim",
        b"NSim",
        b"FangSong",
        b"KaiTi",
        b"STSong",
        b"STKaiti",
        b"\xcb\xce\xcc\xe5",
        b"\xba\xda\xcc\xe5",
        b"\xbf\xac\xcc\xe5",
        b"\xb7\xc2\xcb\xce",
    ];
    names.iter().any(|known| name.starts_with(known))
}

/// A character of GB 2312; none for a pair of bytes that is not one.
fn chinese_character(first: u8, second: u8) -> Option<char> {
    if first < 0xa1 || second < 0xa1 {
        return None;
    }
    let pair = [first, second];
    let text = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(&pair)?;
    text.chars().next().filter(|character| !is_private(*character))
}

fn is_bold(name: &str, flags: i32, weight: f32) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["bold", "black", "heavy", "-medi", "cmbx", "sfbx", "demi", "lmromancaps10-b"];
    weight >= 600.0 || flags & (1 << 18) != 0 || words.iter().any(|word| name.contains(word))
}
