//! What holds of everything that is read, whatever the bytes were?
//!
//! Each function reads hostile bytes in one way and panics where a law is broken. The fuzz targets and the tests share
//! them; the program itself has no use for them.

use std::ops::ControlFlow;

use crate::document::{Document, Page, Rect};
use crate::extract::{Assembler, Format, Part, read};

use super::cmap::CMap;
use super::geometry::{Frame, Matrix};
use super::interpreter::{self, Fonts, MAX_GLYPHS, Shows};
use super::layer::HiddenLayers;
use super::source::Source;
use super::{layout, nfc, send};

/// The longest text of a page: as many glyphs as are taken, each as long as any.
const MAX_PAGE_BYTES: usize = MAX_GLYPHS * 4 * 64;
/// What a code may stand for.
const MAX_CODE_CHARACTERS: usize = 64;

/// Reads a whole file, in parts and put together.
pub fn file(bytes: &[u8]) {
    let mut assembler = Assembler::default();
    let mut parts = 0_usize;
    let mut pages = 0_u32;
    read(Format::Pdf, bytes, &mut |part| {
        match &part {
            Part::Head(head) => {
                assert_eq!(parts, 0, "the head comes first");
                let texts = head.title.iter().chain(head.outline.iter().map(|entry| &entry.title));
                texts.chain(&head.language).chain(&head.date).for_each(|text| is_plain(text));
                assert!(head.outline.iter().all(|entry| entry.level > 0 && entry.page > 0));
            }
            Part::Page(page) => {
                assert!(parts > 0, "a page needs a head before it");
                // A page that the second reader reads better comes once more.
                assert!((1..=pages + 1).contains(&page.number), "pages come in order");
                pages = pages.max(page.number);
                is_sound(page);
            }
            Part::Problem(problem) => {
                assert!(problem.page.is_none_or(|page| (1..=pages).contains(&page)), "{problem:?}");
            }
        }
        parts += 1;
        assembler.push(part);
        ControlFlow::Continue(())
    });
    assert!(parts > 0, "there is a document, or a problem says why not");
    let Document { pages: assembled, .. } = assembler.finish();
    assert_eq!(assembled.len(), pages as usize, "no page is lost");
    assembled.iter().for_each(is_sound);
}

/// Runs a content stream on a page that has fonts of every kind, forms, hidden layers and graphics states.
pub fn content(bytes: &[u8]) {
    let file = page_with(bytes);
    let Ok(source) = Source::open(&file) else { return };
    let layers = HiddenLayers::of(&source);
    let mut fonts = Fonts::default();
    for node in &source.pages() {
        let frame = Frame::of(&source, node);
        let shows = interpreter::run(&source, node, &frame, &layers, None, &mut fonts);
        assert!(shows.glyphs.len() <= MAX_GLYPHS && shows.unknown <= shows.glyphs.len());
        is_sound(&laid_out(shows, (frame.width, frame.height)));
    }
}

/// Reads a `CMap` and looks up what its own bytes would show.
pub fn cmap(bytes: &[u8]) {
    let cmap = CMap::parse(bytes);
    let mut rest = bytes.get(..1024).unwrap_or(bytes);
    let mut codes = vec![0, 1, 0xffff, 0x10_ffff, u32::MAX];
    while let Some((code, length)) = cmap.next_code(rest) {
        assert!((1..=4).contains(&length) && length <= rest.len());
        codes.push(code);
        rest = rest.get(length..).unwrap_or_default();
    }
    assert!(rest.is_empty(), "codes are read to the end");
    for code in codes {
        let text = cmap.text(code).unwrap_or_default();
        assert!(text.chars().count() <= MAX_CODE_CHARACTERS);
        assert_eq!(cmap.text(code).unwrap_or_default(), text);
        assert_eq!(cmap.cid(code), cmap.cid(code));
    }
}

/// What holds of every page that a reader of PDFs gives.
#[track_caller]
pub fn is_sound(page: &Page) {
    let text = &page.text;
    is_plain_but(text, '\n');
    assert!(text.len() <= MAX_PAGE_BYTES);
    assert_eq!(*text, nfc(text), "the text is composed");
    page.label.iter().for_each(|label| is_plain(label));
    let size = page.size.unwrap_or_default();
    assert!(size.0 >= 0.0 && size.0 < 1e7 && size.1 >= 0.0 && size.1 < 1e7, "{size:?}");
    let mut end = 0;
    for block in &page.blocks {
        let span = block.span.clone();
        assert!(span.start >= end, "blocks are in order and do not overlap");
        let said = text.get(span.clone()).unwrap_or_default();
        assert!(!said.trim().is_empty(), "a block says something: {span:?} of {text:?}");
        end = span.end;
        block.bounds.iter().for_each(|bounds| lies_on(bounds, size));
        assert!(block.font_size.is_none_or(|size| size.is_finite() && size > 0.0));
    }
    let mut blocks = page.blocks.iter();
    let mut block = blocks.next();
    let mut end = 0;
    for word in &page.words {
        let span = word.span.start as usize..word.span.end as usize;
        assert!(span.start >= end, "words are in order and do not overlap");
        let said = text.get(span.clone()).unwrap_or_default();
        assert!(!said.trim().is_empty(), "a word says something: {span:?} of {text:?}");
        end = span.end;
        while block.is_some_and(|block| block.span.end <= span.start) {
            block = blocks.next();
        }
        assert!(
            block.is_some_and(|block| block.span.start <= span.start && span.end <= block.span.end),
            "a word lies in a block: {span:?}"
        );
        lies_on(&word.bounds, size);
    }
}

#[track_caller]
fn lies_on(bounds: &Rect, (width, height): (f32, f32)) {
    let Rect { left, top, right, bottom } = *bounds;
    assert!(
        0.0 <= left && left <= right && right <= width,
        "from left to right on the page: {bounds:?} of {width}"
    );
    assert!(
        0.0 <= top && top <= bottom && bottom <= height,
        "from top to bottom on the page: {bounds:?} of {height}"
    );
}

#[track_caller]
fn is_plain(text: &str) {
    is_plain_but(text, ' ');
}

/// No control characters, and nothing that turns the direction of what stands beside it.
#[track_caller]
fn is_plain_but(text: &str, but: char) {
    let found = text.chars().find(|character| {
        character.is_control() && *character != but
            || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(found, None, "in {text:?}");
}

/// A page as it is given, of what the interpreter shows.
pub(super) fn laid_out(shows: Shows, size: (f32, f32)) -> Page {
    let mut given = Page::default();
    let lay_out = |glyphs, _| layout::lay_out(glyphs, &[]);
    let frame = Frame { matrix: Matrix::IDENTITY, width: size.0, height: size.1 };
    let flow = send(0, None, &frame, shows, lay_out, &mut |part| {
        if let Part::Page(page) = part {
            given = page;
        }
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    given
}

/// A file of one page with this content.
pub(super) fn page_with(content: &[u8]) -> Vec<u8> {
    let objects: &[&[u8]] = &[
        b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [9 0 R] /D << /OFF [9 0 R] >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources 5 0 R >>",
        // The content, below.
        b"",
        b"<< /Font 6 0 R /XObject << /X 7 0 R /I 8 0 R >> /ExtGState << /E << /Font [10 0 R 12] >> >>
/Properties << /L 9 0 R /A << /ActualText (actual) >> /B << /ActualText <FEFF202E0301D83D> >> >> >>",
        // Helvetica, composite in both directions, Japanese in both, Type 3, differences, unmapped, Chinese, symbols.
        b"<< /F 10 0 R /G 11 0 R /H 12 0 R /J 13 0 R /K 14 0 R /T 15 0 R /D 16 0 R /N 17 0 R /C 18 0 R /S 19 0 R /Z 20 0 R >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Matrix [1 0 0 1 0 -9] /Resources 5 0 R /Length 38 >>
stream\nBT /F 9 Tf 50 600 Td (form) Tj ET /X Do\nendstream",
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /Length 1 >>\nstream\n0\nendstream",
        b"<< /Type /OCG /Name (Draft) >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 21 0 R /DescendantFonts
[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500 /W [1 [600 -600 0 99999]] >>] >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-V /ToUnicode 21 0 R /DescendantFonts
[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW2 [880 -1000] /W2 [1 [-500 250 800]] >>] >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /90ms-RKSJ-H /DescendantFonts
[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /UniJIS-UTF16-V /DescendantFonts
[<< /Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >>",
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 750 750] /FontMatrix [0.01 0 0 0.01 0 0] /FirstChar 97 /LastChar 98
/Widths [50 60] /Encoding << /Differences [97 /shape /b] >> /CharProcs << /shape 22 0 R /b 22 0 R >> /Resources 5 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding << /Differences [65 /Eacute /f_i /uni0301 /uni05D0 /uni05D1
/uni0661 /dieresis /dotlessi /uni202E /uni0345 /uniFDFA /uni1100 /uni1161 /u1F600 /uni3099 /uni304B /hyphen /space /bullet] >> >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Arial /Encoding /Identity-H /DescendantFonts
[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /W [3 [278] 55 [611] 75 [556] 72 [556] 79 [222]] >>] >>",
        b"<< /Type /Font /Subtype /TrueType /BaseFont /#CB#CE#CC#E5 /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 33
/Widths [500 500] /FontDescriptor << /Type /FontDescriptor /MissingWidth 500 >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>",
        b"<< /Length 254 >>\nstream\n1 begincodespacerange <0000> <ffff> endcodespacerange 3 beginbfrange <0041> <005a> <0041> <0061> <007a> <0061>
<0001> <0009> [<00660069> <0301> <202E> <05D0> <0628> <D83DDE00> <304B> <3099> <00AD>] endbfrange
2 beginbfchar <000a> <0020> <000b> <002D> endbfchar     \nendstream",
        b"<< /Length 41 >>\nstream\n50 0 0 0 9 9 d1 BT /F 1 Tf (in) Tj /T 9 Tf (a) Tj\nendstream",
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").bytes());
        if object.is_empty() {
            bytes.extend(format!("<< /Length {} >>\nstream\n", content.len()).bytes());
            bytes.extend(content);
            bytes.extend(b"\nendstream");
        } else {
            bytes.extend(*object);
        }
        bytes.extend(b"\nendobj\n");
    }
    let places: Vec<String> =
        places.into_iter().map(|place| format!("{place:010} 00000 n \n")).collect();
    let places = places.concat();
    let (start, size) = (bytes.len(), objects.len() + 1);
    bytes.extend(
        format!(
            "xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
        )
        .bytes(),
    );
    bytes
}
