//! Files and streams that were made to break a reader, and any others.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lopdf::{Dictionary, Stream};
use proptest::prelude::*;

use super::interpreter::{Glyph, MAX_GLYPHS, Shows};
use super::{laws, read};
use crate::document::{Page, ProblemKind};
use crate::extract::Part;

/// What a hostile file may take at most where the tests run; a reader that is not bounded takes minutes.
const SOON: Duration = Duration::from_secs(8);

fn folder(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn files_in(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    read(bytes, &mut |part| {
        parts.push(part);
        ControlFlow::Continue(())
    });
    parts
}

/// A file whose one page has this content, packed.
fn packed(content: Vec<u8>) -> Vec<u8> {
    let mut stream = Stream::new(Dictionary::new(), content);
    stream.compress().unwrap();
    let mut document = lopdf::Document::load_mem(&laws::page_with(b"")).unwrap();
    document.objects.insert((4, 0), stream.into());
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// Reads the page of a file in bounded time, with its problems.
#[track_caller]
fn soon(bytes: &[u8]) -> (Page, Vec<ProblemKind>) {
    let start = Instant::now();
    let parts = parts(bytes);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    let mut given = Page::default();
    let mut problems = Vec::new();
    for part in parts {
        match part {
            Part::Page(page) => given = page,
            Part::Problem(problem) => problems.push(problem.kind),
            Part::Head(_) => {}
        }
    }
    laws::is_sound(&given);
    (given, problems)
}

#[test]
fn what_was_found_by_fuzzing_stays_mended() {
    type Law = fn(&[u8]);
    let targets: [(&str, Law); 3] =
        [("content", laws::content), ("cmap", laws::cmap), ("file", laws::file)];
    for (target, law) in targets {
        let inputs = files_in(&folder("fuzz/regressions").join(target));
        assert!(!inputs.is_empty(), "{target}");
        for bytes in inputs {
            law(&bytes);
        }
    }
}

#[test]
fn operators_in_an_array_without_an_end_take_no_quadratic_time() {
    let mut content = b"[".to_vec();
    content.extend(b"1 ".repeat(900));
    content.extend(b"a ".repeat(10_000_000));
    soon(&packed(content));
}

#[test]
fn a_font_that_is_missing_is_made_once() {
    soon(&packed(b"/Q 9 Tf ".repeat(2_900_000)));
}

#[test]
fn an_empty_form_that_is_drawn_again_and_again_is_a_bound() {
    let mut document = lopdf::Document::load_mem(&laws::page_with(b"")).unwrap();
    let mut form = Dictionary::new();
    form.set("Subtype", "Form");
    for (number, dictionary, content) in
        [(4, Dictionary::new(), b"/X Do ".repeat(100_000)), (7, form, b"%".repeat(16 << 20))]
    {
        let mut stream = Stream::new(dictionary, content);
        stream.compress().unwrap();
        document.objects.insert((number, 0), stream.into());
    }
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    assert!(bytes.len() < 100_000);
    let (_, problems) = soon(&bytes);
    assert!(problems.contains(&ProblemKind::TooLarge));
}

#[test]
fn one_long_string_is_cut() {
    let mut content = b"BT /F 9 Tf 0.0001 0 0 1 9 9 Tm (".to_vec();
    content.extend(b"ab ".repeat(1 << 20));
    content.extend(b") Tj ET");
    let (page, problems) = soon(&packed(content));
    assert!(problems.contains(&ProblemKind::TooLarge) && page.text.len() < 1 << 19);
}

#[test]
fn texts_that_stand_for_glyphs_are_bounded_together() {
    let mut content = b"BT /F 9 Tf ".to_vec();
    let actual = "ab ".repeat(3_000);
    for place in 0..600 {
        let (x, y) = (place % 60 * 10, place / 60 * 10);
        content.extend(
            format!("1 0 0 1 {x} {y} Tm /Span << /ActualText ({actual}) >> BDC (x) Tj EMC ")
                .bytes(),
        );
    }
    let (page, problems) = soon(&packed(content));
    assert!(problems.contains(&ProblemKind::TooLarge), "{problems:?}");
    assert!(page.text.len() < 5 * MAX_GLYPHS);
}

#[test]
fn a_stream_that_unpacks_to_too_much_is_read_as_far_as_it_goes() {
    let mut content = b"BT /F 9 Tf 9 9 Td (beginning) Tj ET ".to_vec();
    content.resize(100 << 20, b'\n');
    let bytes = packed(content);
    assert!(bytes.len() < 200_000);
    let (page, problems) = soon(&bytes);
    assert_eq!(page.text, "beginning");
    assert_eq!(problems, [ProblemKind::TooLarge]);
}

#[test]
fn widths_for_four_billion_codes_are_not_given_to_the_second_reader() {
    let unmapped = b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /W [3 [278] 55";
    let file = laws::page_with(b"BT /N 9 Tf 9 700 Td <0384 0385> Tj ET");
    let place = file.windows(unmapped.len()).position(|window| window == unmapped).unwrap();
    let mut hostile = file.clone();
    let widths = b"/W [0 4000000000 500] /Z [";
    let at = place + unmapped.len() - b"/W [3 [278] 55".len();
    hostile.splice(at..at, widths.iter().copied().chain(*b"0] "));
    let (_, problems) = soon(&hostile);
    assert!(problems.contains(&ProblemKind::Garbled));
}

#[test]
fn widths_that_repeat_each_other_come_to_an_end() {
    let widths = "/W [".to_owned() + &"0 65535 500 ".repeat(100_000) + "]";
    let file = laws::page_with(b"BT /G 9 Tf 9 700 Td <00410042> Tj ET");
    let place = file.windows(4).position(|window| window == b"/DW ").unwrap();
    let mut hostile = file.clone();
    hostile.splice(place..place, widths.bytes());
    let (page, _) = soon(&hostile);
    assert_eq!(page.text, "AB");
}

#[test]
fn a_large_grid_of_cells_takes_no_time() {
    let mut content = b"BT /F 2 Tf ".to_vec();
    for cell in 0..40_000 {
        let (column, row) = (cell % 50 * 12, 800 - cell / 50);
        content.extend(format!("1 0 0 1 {column} {row} Tm (abc) Tj ").bytes());
    }
    let (page, _) = soon(&packed(content));
    assert_eq!(page.words.len(), 40_000);
}

#[test]
fn a_mark_at_the_beginning_of_a_line_leaves_the_text_composed() {
    // A kana with its mark on the next line.
    let (page, _) = soon(&laws::page_with(b"BT /D 9 Tf 9 700 Td (P) Tj 0 -9 Td (O) Tj ET"));
    assert_eq!(page.text, "\u{304b} \u{3099}");
}

#[test]
fn titles_do_not_turn_what_stands_beside_them() {
    let bytes = laws::page_with(b"");
    let bytes = bytes.split(|byte| *byte == b'\n').map(|line| {
        if line.starts_with(b"trailer") { b"trailer ".to_vec() } else { line.to_vec() }
    });
    let mut bytes = bytes.collect::<Vec<_>>().join(&b'\n');
    let root = bytes.windows(11).rposition(|window| window == b"/Root 1 0 R").unwrap();
    bytes.splice(root..root, *b"/Info << /Title <FEFF202E00410042> >> ");
    laws::file(&bytes);
    let title = parts(&bytes).into_iter().find_map(|part| match part {
        Part::Head(head) => head.title,
        _ => None,
    });
    assert_eq!(title.as_deref(), Some("AB"));
}

#[test]
fn a_place_reaches_no_further_than_its_page() {
    let (page, _) =
        soon(&laws::page_with(b"BT /F 50 Tf 580 10 Td (Wide) Tj ET BT /F 5e30 Tf (x) Tj ET"));
    assert!(page.text.contains('W'));
    assert!(
        page.words.iter().all(|word| word.bounds.right <= 600.0 && word.bounds.bottom <= 800.0)
    );
}

/// Glyphs of letters, marks and signs of all kinds, anywhere on and around a page.
fn glyph() -> impl Strategy<Value = Glyph> {
    let place = || prop_oneof![-20.0_f32..820.0, Just(50.0_f32), Just(100.0)];
    let text = prop_oneof![
        4 => "[a-z]",
        2 => "[ .,;-]",
        2 => any::<char>().prop_map(String::from),
        1 => "[\u{300}-\u{345}\u{5d0}-\u{5ea}\u{627}-\u{64a}\u{660}-\u{669}\u{1100}-\u{11ff}\u{3041}-\u{309a}\u{fb00}-\u{fdff}]{0,3}",
        1 => "[\u{0}-\u{a0}\u{ad}\u{61c}\u{2000}-\u{2070}]{0,2}",
    ];
    let direction = prop_oneof![
        4 => Just((1.0_f32, 0.0_f32)),
        1 => Just((0.0, 1.0)),
        1 => Just((0.0, -1.0)),
        1 => Just((-1.0, 0.0)),
        1 => Just((0.6, 0.8)),
    ];
    let size = prop_oneof![4 => Just(10.0_f32), 1 => 0.02_f32..2000.0];
    (text, place(), place(), direction, size, -2.0_f32..2.0, any::<bool>(), any::<bool>()).prop_map(
        |(text, x, y, direction, size, advance, bold, vertical)| Glyph {
            text: text.chars().collect(),
            start: (x, y),
            end: (x + direction.0 * advance * size, y + direction.1 * advance * size),
            direction,
            size,
            em: size,
            tracking: 0.0,
            ascent: 0.8,
            descent: -0.2,
            bold,
            vertical,
            width: if vertical { size } else { 0.0 },
        },
    )
}

fn fixture() -> impl Strategy<Value = Vec<u8>> {
    let broken = files_in(&folder("../fixtures/broken"));
    let cases = files_in(&folder("../fixtures/library/cases"));
    let small: Vec<Vec<u8>> = broken
        .into_iter()
        .chain(cases)
        .filter(|bytes| bytes.starts_with(b"%PDF") && bytes.len() < 4096)
        .chain([laws::page_with(b"BT /F 9 Tf 9 700 Td (text) Tj /J 9 Tf <93FA967B> Tj ET /X Do")])
        .collect();
    assert!(small.len() > 3);
    prop::sample::select(small)
}

/// A stretch of what content streams are made of, most of it in a sensible order.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "BT /[FGHJKTDNCSZQ] [0-9]{1,2} Tf -?[0-9]{1,3} [0-9]{1,3} Td ",
        4 => "\\([A-Za-z \\-]{0,9}\\) (Tj|'|\") ",
        3 => "<[0-9A-F]{0,12}> Tj ",
        2 => "\\[(\\([a-z]{0,3}\\)|-?[0-9]{1,4}| ){0,5}\\] TJ ",
        2 => "(-?[0-9]{1,3}(\\.[0-9])? ){6}(cm|Tm) ",
        1 => "-?[0-9]{1,6} (Tc|Tw|Tz|TL|Ts) ",
        1 => "(/Span /[AB] BDC|/OC /L BDC|EMC|q|Q|ET|/X Do|/I Do|/E gs|T\\*|BI ID EI|<<|\\[|\\(|%) ",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_glyphs_make_a_sound_page(glyphs in prop::collection::vec(glyph(), 0..60)) {
        let shows = Shows { glyphs, ..Shows::default() };
        laws::is_sound(&laws::laid_out(shows, (600.0, 800.0)));
    }

    #[test]
    fn any_content_makes_a_sound_page(content in content()) {
        laws::content(&content);
    }

    #[test]
    fn any_bytes_are_a_cmap(bytes in prop::collection::vec(any::<u8>(), 0..300), entries in "(<[0-9a-f]{0,8}>|\\[|\\]|[0-9]{1,5}|begin|end(bf|cid)(char|range)|endcodespacerange| ){0,40}") {
        laws::cmap(&bytes);
        laws::cmap(entries.as_bytes());
    }

    #[test]
    fn any_bytes_are_a_file(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        laws::file(&bytes);
        laws::file(&[b"%PDF-1.4\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn a_damaged_file_keeps_the_laws_and_reads_the_same_twice(file in fixture(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), stop in 0_usize..4) {
        let mut bytes = file;
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        laws::file(&bytes);
        let all = parts(&bytes);
        prop_assert_eq!(&all, &parts(&bytes));
        let mut taken = 0;
        read(&bytes, &mut |_| {
            taken += 1;
            if taken > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        prop_assert_eq!(taken, all.len().min(stop + 1));
    }
}
