//! Small PDFs, written here by code, read as a whole.

use lopdf::encryption::crypt_filters::{Aes128CryptFilter, Aes256CryptFilter, CryptFilter};
use proptest::prelude::*;

use super::*;
use crate::document::{BlockKind, Document};
use crate::extract::Assembler;

/// A PDF in the making: objects from number 4 on beside a catalog (1), a page tree (2) and a font Helvetica (3).
#[derive(Default)]
struct Writer {
    objects: Vec<(u32, Vec<u8>)>,
    pages: Vec<u32>,
    catalog: String,
    information: String,
}

impl Writer {
    fn object(&mut self, body: impl Into<Vec<u8>>) -> u32 {
        let number = 4 + u32::try_from(self.objects.len()).unwrap();
        self.objects.push((number, body.into()));
        number
    }

    fn stream(&mut self, dictionary: &str, data: &[u8]) -> u32 {
        let mut body = format!("<< {dictionary} /Length {} >>\nstream\n", data.len()).into_bytes();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\nendstream");
        self.object(body)
    }

    /// A page with further entries (`/Rotate 90`) and resources beside the font `F`.
    fn page(&mut self, entries: &str, resources: &str, content: &str) -> u32 {
        let content = self.stream("", content.as_bytes());
        let fonts = if resources.contains("/Font") { "" } else { "/Font << /F 3 0 R >>" };
        let page = self.object(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {entries} /Resources << {fonts} {resources} >> /Contents {content} 0 R >>"
        ));
        self.pages.push(page);
        page
    }

    fn finish(&self) -> Vec<u8> {
        let kids: Vec<String> = self.pages.iter().map(|page| format!("{page} 0 R")).collect();
        let mut objects = vec![
            (1, format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog).into_bytes()),
            (2, format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), kids.len()).into_bytes()),
            (3, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec()),
        ];
        objects.extend(self.objects.iter().cloned());
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut offsets = Vec::new();
        for (number, body) in &objects {
            offsets.push(bytes.len());
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend(body);
            bytes.extend(b"\nendobj\n");
        }
        let start = bytes.len();
        bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
        for offset in offsets {
            bytes.extend(format!("{offset:010} 00000 n \n").bytes());
        }
        let size = objects.len() + 1;
        bytes.extend(
            format!(
                "trailer\n<< /Size {size} /Root 1 0 R /Info << {} >> /ID [<01234567890123456789012345678901> <01234567890123456789012345678901>] >>\nstartxref\n{start}\n%%EOF\n",
                self.information
            )
            .bytes(),
        );
        bytes
    }
}

fn read_all(bytes: &[u8]) -> Document {
    let mut parts = Vec::new();
    read(bytes, &mut |part| {
        parts.push(part);
        ControlFlow::Continue(())
    });
    let mut assembler = Assembler::default();
    for part in parts {
        assembler.push(part);
    }
    assembler.finish()
}

fn one_page(entries: &str, resources: &str, content: &str) -> Document {
    let mut writer = Writer::default();
    writer.page(entries, resources, content);
    read_all(&writer.finish())
}

#[track_caller]
fn check(document: &Document, expected: &[&str]) {
    let texts: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
    assert_eq!(texts, expected);
    document.pages.iter().for_each(is_sound);
}

/// What holds for every page, whatever was read.
#[track_caller]
fn is_sound(page: &Page) {
    assert!(
        !page.text.chars().any(|character| character.is_control() && character != '\n'),
        "{:?}",
        page.text
    );
    assert_eq!(page.text, page.text.nfc().collect::<String>());
    let mut end = 0;
    for block in &page.blocks {
        assert!(
            block.span.start >= end
                && page.text.get(block.span.clone()).is_some_and(|text| !text.is_empty())
        );
        end = block.span.end;
    }
    let mut end = 0;
    for word in &page.words {
        let span = word.span.start as usize..word.span.end as usize;
        assert!(
            span.start >= end && page.text.get(span.clone()).is_some_and(|text| !text.is_empty())
        );
        assert!(
            page.blocks
                .iter()
                .any(|block| block.span.start <= span.start && span.end <= block.span.end)
        );
        end = span.end;
    }
}

/// Shows a text at a place, inside a text object.
fn shown_at(x: i32, y: i32, text: &str) -> String {
    format!("1 0 0 1 {x} {y} Tm ({text}) Tj ")
}

fn problems(document: &Document) -> Vec<(ProblemKind, Option<u32>)> {
    document.problems.iter().map(|problem| (problem.kind, problem.page)).collect()
}

#[test]
fn words_and_lines_come_from_places() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 50 700 Td [(Hel) 20 (lo) -300 (world)] TJ 0 -12 Td (goes on.) Tj 0 -40 Td (New) Tj ET",
    );
    check(&document, &["Hello world goes on.\nNew"]);
    let word = &document.pages[0].words[0];
    assert!(
        (word.bounds.left - 50.0).abs() < 0.1 && (word.bounds.bottom - 102.0).abs() < 1.0,
        "{word:?}"
    );
    assert!((word.bounds.right - 72.6).abs() < 0.3, "{word:?}");
}

#[test]
fn double_spaced_print_keeps_its_paragraphs() {
    let lines = [
        "The parties agree that the rent is due on the first day",
        "of each quarter, and that it is paid without deduction.",
        "Where it is late, interest runs from the day it was due.",
        "Notices are sent by post to the address in the first",
        "schedule.",
    ];
    let content: String = lines
        .iter()
        .zip([700, 676, 652, 600, 576])
        .map(|(line, y)| shown_at(50, y, line))
        .collect();
    let document = one_page("", "", &format!("BT /F 10 Tf {content}ET"));
    let joined = [lines[..3].join(" "), lines[3..].join(" ")].join("\n");
    check(&document, &[&joined]);
}

#[test]
fn an_amount_at_a_lines_beginning_is_no_list_item() {
    let content = "BT /F 10 Tf 12 TL 50 700 Td (No vehicle that weighs more than) Tj T* (3.5 tonnes may stand in the yard.) Tj T* (4.2 The yard is closed.) Tj ET";
    check(
        &one_page("", "", content),
        &[
            "No vehicle that weighs more than 3.5 tonnes may stand in the yard.\n4.2 The yard is closed.",
        ],
    );
}

#[test]
fn lines_of_wide_latin_letters_are_joined_by_a_space() {
    let map = "1 beginbfrange <0001> <0003> <FF41> <0004> <0005> <65E5> endbfrange";
    let mut writer = Writer::default();
    let map = writer.stream("", map.as_bytes());
    let font = mapped_font(map, "/DW 1000");
    writer.page("", &font, "BT /F 10 Tf 12 TL 50 700 Td <00010002> Tj T* <00030001> Tj ET");
    writer.page("", &font, "BT /F 10 Tf 12 TL 50 700 Td <00040005> Tj T* <00050004> Tj ET");
    check(&read_all(&writer.finish()), &["ａｂ ｃａ", "日旦旦日"]);
}

#[test]
fn a_word_that_was_hyphenated_is_whole() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 50 700 Td (An extra-) Tj 0 -12 Td (ordinary PDF-) Tj 0 -12 Td (based day) Tj ET",
    );
    check(&document, &["An extraordinary PDF-based day"]);
}

#[test]
fn columns_are_read_one_after_the_other() {
    let mut content = String::from("BT /F 10 Tf ");
    for (x, name) in [(50, "left"), (320, "right")] {
        for line in 0..4 {
            content.push_str(&shown_at(
                x,
                700 - 12 * line,
                &format!("{name} column line {line} is about this long"),
            ));
        }
    }
    let document = one_page("", "", &(content + "ET"));
    let text = &document.pages[0].text;
    assert!(
        text.find("left column line 3").unwrap() < text.find("right column line 0").unwrap(),
        "{text}"
    );
}

#[test]
fn columns_written_line_by_line_are_read_one_after_the_other() {
    let mut content = String::from("BT /F 10 Tf ");
    for line in 0..12 {
        for (x, name) in [(50, "left"), (320, "right")] {
            content.push_str(&shown_at(
                x,
                700 - 12 * line,
                &format!("{name} column line {line} of a text that is about this long"),
            ));
        }
    }
    let document = one_page("", "", &(content + "ET"));
    let text = &document.pages[0].text;
    assert!(
        text.find("left column line 11").unwrap() < text.find("right column line 0").unwrap(),
        "{text}"
    );
}

#[test]
fn the_cells_of_a_row_are_one_block() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 1 0 0 1 50 700 Tm (Rent) Tj 1 0 0 1 200 700 Tm (100) Tj 1 0 0 1 50 688 Tm (Food) Tj 1 0 0 1 200 688 Tm (20) Tj ET",
    );
    check(&document, &["Rent 100\nFood 20"]);
    assert!(document.pages[0].blocks.iter().all(|block| block.kind == BlockKind::TableRow));
}

#[test]
fn forms_are_drawn_with_their_matrix() {
    let mut writer = Writer::default();
    let form = writer.stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Matrix [1 0 0 1 0 -100] /Resources << /Font << /F 3 0 R >> >>",
        b"BT /F 10 Tf 50 700 Td (inside) Tj ET",
    );
    writer.page(
        "",
        &format!("/XObject << /X {form} 0 R >>"),
        "BT /F 10 Tf 50 700 Td (before) Tj ET /X Do",
    );
    let document = read_all(&writer.finish());
    check(&document, &["before\ninside"]);
    assert!((document.pages[0].words[1].bounds.bottom - 202.0).abs() < 1.0);
}

#[test]
fn a_form_that_draws_itself_ends() {
    let mut writer = Writer::default();
    let form = writer.stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 3 0 R >> /XObject << /X 4 0 R >> >>",
        b"BT /F 10 Tf 50 700 Td (x) Tj ET 1 0 0 1 0 -20 cm /X Do /X Do",
    );
    writer.page("", &format!("/XObject << /X {form} 0 R >>"), "/X Do");
    let document = read_all(&writer.finish());
    assert!(document.pages[0].text.contains('x'));
    assert!(problems(&document).contains(&(ProblemKind::TooLarge, Some(1))));
}

#[test]
fn actual_text_stands_for_what_is_drawn() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 50 700 Td (A ) Tj /Span << /ActualText <FEFF00660069> >> BDC (zzz) Tj EMC ( nd) Tj ET",
    );
    check(&document, &["A fi nd"]);
}

/// Whether text is read that belongs to a membership of an open and a closed layer, with further entries in the
/// configuration, the open layer and the membership; `ON` and `OFF` stand for the layers.
#[track_caller]
fn check_layer(configuration: &str, open: &str, membership: &str, is_read: bool) {
    let mut writer = Writer::default();
    let open = writer.object(format!("<< /Type /OCG /Name (Open) {open} >>"));
    let closed = writer.object("<< /Type /OCG /Name (Closed) >>");
    let named = |text: &str| {
        text.replace("OPEN", &format!("{open} 0 R")).replace("CLOSED", &format!("{closed} 0 R"))
    };
    writer.catalog = named(&format!(
        "/OCProperties << /OCGs [OPEN CLOSED] /D << /OFF [CLOSED] {configuration} >> >>"
    ));
    writer.page(
        "",
        &format!("/Properties << /L {} >>", named(membership)),
        "BT /F 10 Tf 50 700 Td (always) Tj /OC /L BDC 0 -12 Td (sometimes) Tj EMC ET",
    );
    let expected = if is_read { "always sometimes" } else { "always" };
    check(&read_all(&writer.finish()), &[expected]);
}

#[test]
fn a_hidden_layer_is_not_read() {
    check_layer("", "", "CLOSED", false);
    check_layer("", "", "OPEN", true);
    check_layer("/BaseState /OFF", "", "OPEN", false);
    check_layer("/BaseState /OFF /ON [OPEN]", "", "OPEN", true);
}

#[test]
fn a_layer_follows_what_it_says_of_its_use() {
    let usage = "/Usage << /View << /ViewState /OFF >> /Print << /PrintState /ON >> >>";
    check_layer("", usage, "OPEN", true);
    check_layer("/AS [<< /Event /Print /OCGs [OPEN] >>]", usage, "OPEN", true);
    check_layer("/AS [<< /Event /View /OCGs [OPEN] >>]", usage, "OPEN", false);
    check_layer("/BaseState /OFF", "/Intent /Design", "OPEN", true);
}

#[test]
fn a_membership_is_shown_by_its_policy() {
    let membership = |policy: &str| format!("<< /Type /OCMD /OCGs [OPEN CLOSED null] {policy} >>");
    check_layer("", "", &membership(""), true);
    check_layer("", "", &membership("/P /AllOn"), false);
    check_layer("", "", &membership("/P /AnyOff"), true);
    check_layer("", "", &membership("/P /AllOff"), false);
    check_layer("", "", "<< /Type /OCMD /OCGs CLOSED >>", false);
    check_layer("", "", "<< /Type /OCMD /OCGs [] /P /AllOn >>", true);
    check_layer("", "", &membership("/P /AllOn /VE [/Not CLOSED]"), true);
    check_layer("", "", &membership("/VE [/And OPEN [/Or CLOSED [/Not OPEN]]]"), false);
}

#[test]
fn a_turned_page_is_read_as_it_is_shown() {
    let document = one_page("/Rotate 90", "", "BT /F 10 Tf 0 1 -1 0 100 50 Tm (upright now) Tj ET");
    check(&document, &["upright now"]);
    let page = &document.pages[0];
    assert_eq!(page.size, Some((800.0, 600.0)));
    let word = &page.words[0].bounds;
    assert!((word.left - 50.0).abs() < 0.1 && (word.bottom - 102.0).abs() < 1.0, "{word:?}");
}

#[test]
fn what_lies_outside_the_crop_box_is_not_read() {
    let document = one_page(
        "/CropBox [0 400 600 800]",
        "",
        "BT /F 10 Tf 50 700 Td (in) Tj 0 -500 Td (out) Tj ET",
    );
    check(&document, &["in"]);
    assert_eq!(document.pages[0].size, Some((600.0, 400.0)));
}

#[test]
fn an_overprint_is_read_once() {
    let document = one_page("", "", "BT /F 10 Tf 50 700 Td (Bold) Tj 0.3 0 Td (Bold) Tj ET");
    check(&document, &["Bold"]);
}

#[test]
fn differences_name_glyphs() {
    let font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [65 /Eacute /f_i /uni20AC] >> >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (ABC) Tj ET"), &["Éfi€"]);
}

#[test]
fn names_that_count_their_codes_are_characters() {
    let font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /X /Encoding << /Differences [65 /a65 /a66 72 /a73] >> >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (AB) Tj ET"), &["AB"]);
}

#[test]
fn an_operator_inside_an_array_is_passed_over() {
    check(&one_page("", "", "BT /F 10 Tf 50 700 Td [(Hel) Tc (lo)] TJ ET"), &["Hello"]);
}

#[test]
fn article_beads_give_the_order() {
    let mut writer = Writer::default();
    let first = writer.object("<< /R [0 400 600 800] >>");
    let second = writer.object("<< /R [0 0 600 400] >>");
    let content = "BT /F 10 Tf 50 100 Td (second) Tj 0 600 Td (first) Tj ET";
    writer.page(&format!("/B [{first} 0 R {second} 0 R]"), "", content);
    check(&read_all(&writer.finish()), &["first\nsecond"]);
}

#[test]
fn to_unicode_comes_first() {
    let mut writer = Writer::default();
    let map = writer.stream("", b"1 beginbfchar <41> <03B1> endbfchar");
    let font = format!(
        "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode {map} 0 R >> >>"
    );
    writer.page("", &font, "BT /F 10 Tf 50 700 Td (AB) Tj ET");
    check(&read_all(&writer.finish()), &["αB"]);
}

#[test]
fn composite_fonts_have_codes_of_two_bytes() {
    let mut writer = Writer::default();
    let map = writer.stream("", b"1 beginbfrange <0001> <0003> <0061> endbfrange");
    let font = mapped_font(map, "/DW 500 /W [1 [600 600] 3 3 400]");
    writer.page("", &font, "BT /F 10 Tf 50 700 Td <000100020003> Tj ET");
    let document = read_all(&writer.finish());
    check(&document, &["abc"]);
    assert!((document.pages[0].words[0].bounds.right - 66.0).abs() < 0.1);
}

#[test]
fn a_predefined_cmap_leads_to_unicode() {
    let font = "/Font << /F << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /90ms-RKSJ-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>] >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td <93FA967B8CEA> Tj ET"), &["日本語"]);
}

#[test]
fn glyphs_that_nothing_tells_are_a_problem() {
    let document =
        one_page("", &unmapped_font("900 [500 600]"), "BT /F 10 Tf 50 700 Td <03840385> Tj ET");
    check(&document, &["\u{fffd}\u{fffd}"]);
    assert_eq!(problems(&document), [(ProblemKind::Garbled, Some(1))]);
}

/// A composite font with a map to Unicode, and these widths.
fn mapped_font(map: u32, widths: &str) -> String {
    format!(
        "/Font << /F << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode {map} 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X {widths} >>] >> >>"
    )
}

/// A composite font without a program and a map, with the widths of some glyphs.
fn unmapped_font(widths: &str) -> String {
    format!(
        "/Font << /F << /Type /Font /Subtype /Type0 /BaseFont /Arial /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Arial /W [{widths}] >>] >> >>"
    )
}

#[test]
fn glyphs_with_the_widths_of_letters_are_those_letters() {
    let content = "BT /F 10 Tf 50 700 Td <0037004b00480003004f0044005a> Tj ET";
    let helvetica =
        "3 [278] 55 [611] 75 [556] 72 [556] 79 [222] 68 [556] 90 [722] 76 [222] 80 [833]";
    check(&one_page("", &unmapped_font(helvetica), content), &["The law"]);
    let others = "3 [600] 55 [300] 75 [300] 72 [900] 79 [800] 68 [278] 90 [220] 76 [900] 80 [278]";
    let document = one_page("", &unmapped_font(others), content);
    assert_eq!(problems(&document), [(ProblemKind::Garbled, Some(1))]);
}

#[test]
fn a_font_named_after_symbols_has_letters() {
    let font = "/Font << /F << /Type /Font /Subtype /TrueType /BaseFont /SegoeUISymbol /Encoding /WinAnsiEncoding >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (What) Tj ET"), &["What"]);
}

#[test]
fn bytes_in_a_chinese_font_are_read_in_pairs() {
    let font = "/Font << /F << /Type /Font /Subtype /TrueType /BaseFont /#CB#CE#CC#E5 /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 33 /Widths [500 500] /FontDescriptor << /Type /FontDescriptor /MissingWidth 500 >> >> >>";
    let document = one_page("", font, "BT /F 10 Tf 50 700 Td <BACFCDAC 20 41> Tj ET");
    check(&document, &["合同 A"]);
    assert!((document.pages[0].words[0].bounds.right - 70.0).abs() < 0.1);
}

#[test]
fn a_stream_without_a_length_ends_at_its_keyword() {
    let bytes = b"junk %PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 200 50] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R >> endobj
4 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >> endobj
5 0 obj << >> stream\nBT 10 20 TD /F 20 Tf (no length) Tj ET\nendstream endobj
trailer << /Root 1 0 R /Size 6 >> startxref 0 %%EOF";
    check(&read_all(bytes), &["no length"]);
}

#[test]
fn accents_drawn_over_letters_join_them() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 50 700 Td (M\\250) Tj 53.1 0 Td ET BT /F 10 Tf 58.4 700 Td (u) Tj ET",
    );
    check(&document, &["Mü"]);
}

#[test]
fn hebrew_that_is_written_as_it_looks_is_turned_round() {
    let font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [65 /uni05D0 /uni05D1 /uni05D2] >> >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (CBA) Tj ET"), &["אבג"]);
}

#[test]
fn digits_run_from_left_to_right_in_arabic_too() {
    let font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [65 /uni0628 /uni062A /uni0661 /uni0664] >> >> >>";
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (CD BA) Tj ET"), &["بت ١٤"]);
    check(&one_page("", font, "BT /F 10 Tf 50 700 Td (CD) Tj ET"), &["١٤"]);
}

#[test]
fn labels_title_and_language_are_read() {
    let mut writer = Writer {
        catalog:
            "/Lang (de-CH) /PageLabels << /Nums [0 << /S /r >> 1 << /S /D /P (A-) /St 3 >>] >>"
                .to_owned(),
        information: "/Title <FEFF00DC00620065 0072> /CreationDate (D:20210203)".to_owned(),
        ..Writer::default()
    };
    for _ in 0..3 {
        writer.page("", "", "BT /F 10 Tf 50 700 Td (x) Tj ET");
    }
    let document = read_all(&writer.finish());
    let labels: Vec<_> = document.pages.iter().filter_map(|page| page.label.as_deref()).collect();
    assert_eq!(labels, ["i", "A-3", "A-4"]);
    assert_eq!(document.head.title.as_deref(), Some("Über"));
    assert_eq!(document.head.language.as_deref(), Some("de-CH"));
    assert_eq!(document.head.date.as_deref(), Some("2021-02-03"));
}

#[test]
fn running_lines_and_headings_are_told() {
    let mut writer = Writer::default();
    for number in 1..=4 {
        writer.page(
            "",
            "",
            &format!(
                "BT /F 8 Tf 50 780 Td (Annual report) Tj ET BT /F 16 Tf 50 700 Td (Chapter {number}) Tj ET BT /F 10 Tf 50 660 Td (Text of the chapter that goes on for a while.) Tj ET BT /F 8 Tf 300 20 Td ({number}) Tj ET"
            ),
        );
    }
    let document = read_all(&writer.finish());
    let page = &document.pages[2];
    let kinds: Vec<_> = page.blocks.iter().map(|block| block.kind).collect();
    assert_eq!(
        kinds,
        [
            BlockKind::RunningHeader,
            BlockKind::Heading { level: 1 },
            BlockKind::Paragraph,
            BlockKind::RunningFooter
        ]
    );
    assert_eq!(page.blocks[2].headings, ["Chapter 3"]);
}

#[test]
fn the_files_own_outline_makes_headings() {
    let mut writer = Writer::default();
    let page = writer.page("", "", "BT /F 10 Tf 50 700 Td (1. Aims) Tj 0 -40 Td (We aim.) Tj ET");
    let root = page + 1;
    writer.object(format!("<< /First {} 0 R >>", root + 1));
    writer.object(format!("<< /Title (Aims) /Dest [{page} 0 R /Fit] >>"));
    writer.catalog = format!("/Outlines {root} 0 R");
    let document = read_all(&writer.finish());
    let blocks = &document.pages[0].blocks;
    assert_eq!(blocks[0].kind, BlockKind::Heading { level: 1 });
    assert_eq!(blocks[1].headings, ["1. Aims"]);
}

fn secret() -> Vec<u8> {
    let mut writer = Writer { information: "/Title (Secrets)".to_owned(), ..Writer::default() };
    writer.page("", "", "BT /F 10 Tf 50 700 Td (secret) Tj ET");
    writer.finish()
}

#[test]
fn an_outline_leads_by_names_and_actions_and_never_round_in_circles() {
    let mut writer = Writer::default();
    let pages: Vec<u32> =
        (0..3).map(|_| writer.page("", "", "BT /F 10 Tf 50 700 Td (x) Tj ET")).collect();
    let next = pages[2] + 1;
    let [named, inner, elsewhere, action, round] = [next, next + 1, next + 2, next + 3, next + 4];
    writer.object(format!(
        "<< /Title (\\344\\366) /Dest (chapter) /First {inner} 0 R /Next {elsewhere} 0 R >>"
    ));
    writer.object(format!("<< /Title <EFBBBFC3A9> /Dest [1 /Fit] /Next {inner} 0 R >>"));
    writer.object(format!(
        "<< /Title (Other file) /A << /S /GoToR /F (b.pdf) /D [0 /Fit] >> /Next {action} 0 R >>"
    ));
    writer.object(format!(
        "<< /Title <FEFF004200E9> /A << /S /GoTo /D [{} 0 R /XYZ 0 0 0] >> /Next {round} 0 R >>",
        pages[0]
    ));
    writer.object(format!("<< /Title (2) /Dest /old /First {named} 0 R >>"));
    writer.catalog = format!(
        "/Outlines << /First {named} 0 R >> /Dests << /old << /D [{} 0 R /Fit] >> >> /Names << /Dests << /Kids [<< /Names [(chapter) << /D [{} 0 R /Fit] >>] >>] >> >>",
        pages[1], pages[2]
    );
    let outline = read_all(&writer.finish()).head.outline;
    let entries: Vec<_> =
        outline.iter().map(|entry| (entry.title.as_str(), entry.level, entry.page)).collect();
    assert_eq!(entries, [("äö", 1, 3), ("é", 2, 2), ("Bé", 1, 1), ("2", 1, 2)]);
}

/// One page that says "secret", encrypted as is said and then changed.
fn encrypted(
    version: impl FnOnce(&lopdf::Document) -> lopdf::EncryptionVersion<'_>,
    change: impl FnOnce(&mut lopdf::Document),
) -> Vec<u8> {
    let mut document = lopdf::Document::load_mem(&secret()).unwrap();
    let state = lopdf::EncryptionState::try_from(version(&document)).unwrap();
    document.encrypt(&state).unwrap();
    change(&mut document);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn rc4<'a>(document: &'a lopdf::Document, user_password: &'a str) -> lopdf::EncryptionVersion<'a> {
    lopdf::EncryptionVersion::V2 {
        document,
        owner_password: "owner",
        user_password,
        key_length: 128,
        permissions: lopdf::Permissions::all(),
    }
}

/// By a key of 40 bits.
fn short_rc4(document: &lopdf::Document) -> lopdf::EncryptionVersion<'_> {
    lopdf::EncryptionVersion::V1 {
        document,
        owner_password: "owner",
        user_password: "",
        permissions: lopdf::Permissions::all(),
    }
}

fn aes<'a>(
    document: &'a lopdf::Document,
    user_password: &'a str,
    filters: [&str; 2],
) -> lopdf::EncryptionVersion<'a> {
    let aes: std::sync::Arc<dyn CryptFilter> = std::sync::Arc::new(Aes128CryptFilter);
    let [stream_filter, string_filter] = filters.map(|filter| filter.as_bytes().to_vec());
    lopdf::EncryptionVersion::V4 {
        document,
        encrypt_metadata: false,
        crypt_filters: [(b"StdCF".to_vec(), aes)].into(),
        stream_filter,
        string_filter,
        owner_password: "owner",
        user_password,
        permissions: lopdf::Permissions::all(),
    }
}

/// By a key of 256 bits.
fn long_aes(is_old: bool) -> lopdf::EncryptionVersion<'static> {
    let aes: std::sync::Arc<dyn CryptFilter> = std::sync::Arc::new(Aes256CryptFilter);
    let crypt_filters = [(b"StdCF".to_vec(), aes)].into();
    let (stream_filter, string_filter) = (b"StdCF".to_vec(), b"StdCF".to_vec());
    let (owner_password, user_password) = ("owner", "");
    let permissions = lopdf::Permissions::all();
    let file_encryption_key = &[7; 32];
    if is_old {
        #[expect(deprecated, reason = "files of this kind are about")]
        return lopdf::EncryptionVersion::R5 {
            encrypt_metadata: true,
            crypt_filters,
            file_encryption_key,
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        };
    }
    lopdf::EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters,
        file_encryption_key,
        stream_filter,
        string_filter,
        owner_password,
        user_password,
        permissions,
    }
}

#[track_caller]
fn check_opened(bytes: &[u8]) {
    let document = read_all(bytes);
    check(&document, &["secret"]);
    assert_eq!(document.head.title.as_deref(), Some("Secrets"));
    assert_eq!(problems(&document), []);
}

#[test]
fn a_file_that_opens_without_a_password_is_read() {
    check_opened(&encrypted(short_rc4, |_| ()));
    check_opened(&encrypted(|document| rc4(document, ""), |_| ()));
    check_opened(&encrypted(|document| aes(document, "", ["StdCF", "StdCF"]), |_| ()));
    check_opened(&encrypted(|document| aes(document, "", ["StdCF", "Identity"]), |_| ()));
    check_opened(&encrypted(|_| long_aes(true), |_| ()));
    check_opened(&encrypted(|_| long_aes(false), |_| ()));
}

/// The encryption dictionary of a file.
fn encryption(document: &mut lopdf::Document) -> &mut lopdf::Dictionary {
    let id = document.trailer.get(b"Encrypt").unwrap().as_reference().unwrap();
    document.get_dictionary_mut(id).unwrap()
}

#[test]
fn encryption_that_others_understand_is_understood() {
    // A key that is counted in bytes.
    check_opened(&encrypted(
        |document| aes(document, "", ["StdCF", "StdCF"]),
        |document| {
            encryption(document).set("Length", 16);
        },
    ));
    // Hashes that are filled up.
    check_opened(&encrypted(
        |document| rc4(document, ""),
        |document| {
            let Ok(lopdf::Object::String(hash, _)) = encryption(document).get_mut(b"O") else {
                panic!()
            };
            hash.extend([0; 8]);
        },
    ));
    // A dictionary in the trailer itself.
    check_opened(&encrypted(
        |document| rc4(document, ""),
        |document| {
            let direct = encryption(document).clone();
            document.trailer.set("Encrypt", direct);
        },
    ));
    // A file without an identifier.
    let mut document = lopdf::Document::load_mem(&secret()).unwrap();
    document.trailer.set("ID", vec![lopdf::Object::string_literal("")]);
    let state = lopdf::EncryptionState::try_from(rc4(&document, "")).unwrap();
    document.encrypt(&state).unwrap();
    document.trailer.remove(b"ID");
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    let document = read_all(&bytes);
    check(&document, &["secret"]);
    assert_eq!(problems(&document), []);
}

#[test]
fn encryption_that_encrypts_nothing_is_no_lock() {
    // Of attached files only.
    check_opened(&encrypted(|document| aes(document, "word", ["Identity", "Identity"]), |_| ()));
    let plain = |encrypt: &str| {
        let bytes = String::from_utf8(secret()).unwrap();
        bytes.replace("/Info <<", &format!("/Encrypt {encrypt} /Info <<"))
    };
    for encrypt in ["null", "99 0 R", "3 0 R", "<< >>", "7"] {
        check_opened(plain(encrypt).as_bytes());
    }
}

#[test]
fn a_file_with_a_password_is_a_problem() {
    let document = read_all(&encrypted(|document| rc4(document, "word"), |_| ()));
    assert_eq!(problems(&document), [(ProblemKind::Password, None)]);
    assert!(document.pages.is_empty());
}

#[test]
fn a_truncated_file_is_read_as_far_as_it_goes() {
    let mut writer = Writer::default();
    for number in 1..=3 {
        writer.page("", "", &format!("BT /F 10 Tf 50 700 Td (page {number}) Tj ET"));
    }
    let mut bytes = writer.finish();
    let cut = bytes.windows(6).position(|window| window == b"page 3").unwrap();
    bytes.truncate(cut);
    let document = read_all(&bytes);
    let texts: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
    assert_eq!(texts.get(..2), Some(["page 1", "page 2"].as_slice()));
    assert!(problems(&document).contains(&(ProblemKind::Damaged, None)));
}

#[test]
fn a_syntax_error_in_the_content_costs_only_itself() {
    let document = one_page(
        "",
        "",
        "BT /F 10 Tf 50 700 Td (one) Tj ] >> ) 12 0 garbage << /A 0 -12 Td (two) Tj (three ET",
    );
    check(&document, &["one two"]);
}

#[test]
fn what_is_no_pdf_is_a_problem() {
    assert_eq!(problems(&read_all(b"")), [(ProblemKind::Empty, None)]);
    assert_eq!(problems(&read_all(b"hello")), [(ProblemKind::Damaged, None)]);
}

#[test]
fn pages_of_pictures_have_no_text() {
    let image = "BI /W 1 /H 1 ID \x01\nEI";
    assert_eq!(problems(&one_page("", "", image)), [(ProblemKind::NoText, None)]);
    let mut writer = Writer::default();
    writer.page("", "", "BT /F 10 Tf 50 700 Td (x) Tj ET");
    writer.page("", "", image);
    assert_eq!(problems(&read_all(&writer.finish())), [(ProblemKind::NoText, Some(2))]);
}

#[test]
fn reading_stops_when_the_sink_says_so() {
    let mut writer = Writer::default();
    for _ in 0..3 {
        writer.page("", "", "BT /F 10 Tf 50 700 Td (x) Tj ET");
    }
    let mut pages = 0;
    read(&writer.finish(), &mut |part| match part {
        Part::Page(_) => {
            pages += 1;
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(pages, 1);
}

/// A page with a printed text and with annotations, after the page's own text what they say.
#[track_caller]
fn check_added(catalog: &str, content: &str, annotations: &[&str], expected: &[&str]) -> Document {
    let mut writer = Writer { catalog: catalog.to_owned(), ..Writer::default() };
    let annotations = annotations.join(" ");
    writer.page(&format!("/Annots [{annotations}]"), "", &format!("BT /F 10 Tf {content} ET"));
    let document = read_all(&writer.finish());
    let page = &document.pages[0];
    is_sound(page);
    let added: Vec<&str> = page
        .blocks
        .iter()
        .filter(|block| block.kind.is_added())
        .filter_map(|block| page.text.get(block.span.clone()))
        .collect();
    assert_eq!(added, expected);
    document
}

#[test]
fn a_filled_field_is_read_with_its_label() {
    let field = "<< /Subtype /Widget /Rect [50 600 200 620] /T (b1) /Parent << /FT /Tx /TU (Date of birth) /V (12 May 1961) >> >>";
    let document =
        check_added("", "50 700 Td (Own text) Tj", &[field], &["Date of birth: 12 May 1961"]);
    let page = &document.pages[0];
    assert_eq!(page.text, "Own text\nDate of birth: 12 May 1961");
    assert_eq!(page.own_text(), "Own text");
    let block = &page.blocks[1];
    assert_eq!(block.kind, BlockKind::FormField);
    let place = Rect { left: 50.0, top: 180.0, right: 200.0, bottom: 200.0 };
    assert_eq!(block.bounds, Some(place));
    assert!(page.words.iter().skip(2).all(|word| word.bounds == place));
}

#[test]
fn the_label_of_a_field_is_what_is_printed_at_it() {
    let content = shown_at(50, 604, "Surname:")
        + &shown_at(300, 604, "I agree to this")
        + &shown_at(400, 650, "Town");
    check_added(
        "",
        &content,
        &[
            "<< /Subtype /Widget /FT /Tx /T (Text1) /Rect [100 600 200 616] /V (Adler) >>",
            "<< /Subtype /Widget /FT /Btn /T (c1) /Rect [285 600 296 611] /AS /Yes >>",
            "<< /Subtype /Widget /FT /Tx /T (f1_2[0]) /Rect [398 630 500 646] /V (Leeds) >>",
            "<< /Subtype /Widget /FT /Tx /T (form1[0].#subform[1].SpouseName[0]) /Rect [50 300 500 320] /V (Eve) >>",
            "<< /Subtype /Widget /FT /Tx /T (f2) /Rect [50 100 500 120] /V <FEFF5408540C> >>",
        ],
        &["Town: Leeds", "Surname: Adler", "I agree to this: Yes", "Spouse Name: Eve", "合同"],
    );
}

#[test]
fn boxes_and_choices_are_read_as_what_was_chosen() {
    let radio = "/Subtype /Widget /Parent << /FT /Btn /Ff 32768 /TU (Status) /V /1 >>";
    let content = shown_at(120, 604, "married") + &shown_at(220, 604, "single");
    check_added(
        "",
        &content,
        &[
            &format!("<< {radio} /Rect [100 600 110 610] /AS /1 >>"),
            &format!("<< {radio} /Rect [200 600 210 610] /AS /Off >>"),
            "<< /Subtype /Widget /FT /Btn /TU (Sex) /Ff 32768 /Rect [100 500 110 510] /AS /female >>",
            "<< /Subtype /Widget /FT /Btn /TU (Smoker) /Rect [100 480 110 490] /AS /1 >>",
            "<< /Subtype /Widget /FT /Btn /TU (Driver) /Rect [100 460 110 470] /AS /Off >>",
            "<< /Subtype /Widget /FT /Btn /Ff 65536 /TU (Print) /Rect [100 440 110 450] /V /Yes >>",
            "<< /Subtype /Widget /FT /Ch /TU (Country) /Rect [100 420 150 430] /Opt [[(CH) (Switzerland)] [(DE) (Germany)]] /V (CH) >>",
            "<< /Subtype /Widget /FT /Ch /TU (Days) /Rect [100 400 150 410] /Opt [(Monday) (Friday)] /V [(Monday) (Friday)] >>",
            "<< /Subtype /Widget /FT /Tx /Ff 8192 /TU (Secret) /Rect [100 380 150 390] /V (word) >>",
        ],
        &[
            "Status: married",
            "Sex: female",
            "Smoker: ☒",
            "Country: Switzerland",
            "Days: Monday, Friday",
        ],
    );
}

#[test]
fn a_field_without_a_value_says_what_is_drawn_in_it() {
    let mut writer = Writer::default();
    let drawn = writer.stream(
        "/Subtype /Form /BBox [0 0 100 20] /Matrix [0 1 -1 0 0 0] /Resources << /Font << /F 3 0 R >> >>",
        b"BT /F 10 Tf 2 5 Td (drawn here) Tj ET",
    );
    let field = |rect: &str, rest: &str| {
        format!(
            "<< /Subtype /Widget /FT /Tx /TU (Answer) /Rect [{rect}] /AP << /N {drawn} 0 R >> {rest} >>"
        )
    };
    let fields = [field("50 600 70 700", ""), field("50 400 70 500", "/V (filled in)")].join(" ");
    writer.page(&format!("/Annots [{fields}]"), "", "");
    let document = read_all(&writer.finish());
    check(&document, &["Answer: drawn here\nAnswer: filled in"]);
    writer.catalog = "/AcroForm << /NeedAppearances true >>".to_owned();
    check(&read_all(&writer.finish()), &["Answer: filled in"]);
}

#[test]
fn a_form_that_is_made_when_it_is_opened_is_a_problem() {
    let wait = "50 700 Td (Please wait...) Tj";
    let form = "/AcroForm << /XFA (x) >>";
    let document = check_added(&format!("{form} /NeedsRendering true"), wait, &[], &[]);
    assert_eq!(problems(&document), [(ProblemKind::XfaForm, None)]);
    assert_eq!(problems(&check_added(form, wait, &[], &[])), []);
}

#[test]
fn comments_are_read_behind_their_author() {
    let document = check_added(
        "",
        "50 700 Td (Own text) Tj",
        &[
            "<< /Subtype /Highlight /Rect [50 690 90 710] /T (Anna) /Contents (Is this right?\\rI doubt it.) >>",
            "<< /Subtype /Popup /Parent << >> /Rect [50 680 90 700] /Contents (Is this right?) >>",
            "<< /Subtype /FreeText /Rect [50 500 90 510] /T (Anna) /RC (<body><p>Fish &amp; <b>chips</b></p></body>) >>",
            "<< /Subtype /Link /Rect [50 400 90 410] /Contents (To the start) /A << /URI (http://example.org) >> >>",
            "<< /Subtype /Text /Rect [50 300 90 310] /StateModel (Review) /Contents (Accepted set by Anna) >>",
            "<< /Subtype /Text /F 2 /Rect [50 300 90 310] /Contents (hidden) >>",
            "<< /Subtype /Text /Rect [5000 300 5090 310] /Contents (off the page) >>",
            "<< /Subtype /Text /Rect [50 200 90 210] /Contents <FEFF0061061C202E0062> >>",
        ],
        &["Anna: Is this right?", "I doubt it.", "Fish & chips", "ab"],
    );
    assert_eq!(document.pages[0].blocks[1].kind, BlockKind::Annotation);
}

#[test]
fn a_field_stands_under_the_heading_over_it() {
    let content = "/F 18 Tf 50 700 Td (Applicant) Tj /F 10 Tf 0 -30 Td (Please fill in all of these lines here.) Tj /F 18 Tf 0 -200 Td (Spouse) Tj /F 10 Tf 0 -30 Td (Only if you are married or were once.) Tj";
    let document = check_added(
        "",
        content,
        &[
            "<< /Subtype /Widget /FT /Tx /TU (Name) /Rect [50 400 200 420] /V (Eve) >>",
            "<< /Subtype /Widget /FT /Tx /TU (Name) /Rect [50 600 200 620] /V (Adam) >>",
        ],
        &["Name: Adam", "Name: Eve"],
    );
    let headings: Vec<_> =
        document.pages[0].blocks.iter().map(|block| block.headings.clone()).collect();
    assert_eq!(headings[4..], [["Applicant"], ["Spouse"]]);
}

/// A tagged file: each page is a list of marks with their role, their place and their text; `Artifact` and `Header` are
/// roles of artifacts, and marks with the same role and a star belong to the element of the mark before.
fn tagged(pages: &[&[(&str, i32, &str)]]) -> Document {
    let mut writer = Writer::default();
    let mut tree = Vec::new();
    for (number, marks) in pages.iter().enumerate() {
        let mut elements: Vec<u32> = Vec::new();
        let mut content = "BT /F 10 Tf ".to_owned();
        for (role, y, text) in *marks {
            let mark = match *role {
                "Artifact" => "/Artifact BMC ".to_owned(),
                "Header" => "/Artifact << /Type /Pagination /Subtype /Header >> BDC ".to_owned(),
                _ => format!("/{role} << /MCID {} >> BDC ", elements.len()),
            };
            content += &(mark + &shown_at(50, *y, text) + "EMC ");
            if role.ends_with('*') {
                elements.extend(elements.last().copied());
            } else if !matches!(*role, "Artifact" | "Header") {
                let parent = writer.object(format!("<< /S /{role} >>"));
                elements.push(writer.object(format!("<< /S /Span /P {parent} 0 R >>")));
            }
        }
        writer.page(&format!("/StructParents {number}"), "", &(content + "ET"));
        let elements: Vec<String> =
            elements.iter().map(|element| format!("{element} 0 R")).collect();
        tree.push(format!("{number} [{}]", elements.join(" ")));
    }
    let tree = tree.join(" ");
    writer.catalog = format!(
        "/MarkInfo << /Marked true >> /StructTreeRoot << /RoleMap << /Clause /H2 /H1 /H1 >> /ParentTree << /Nums [{tree}] >> >>"
    );
    let document = read_all(&writer.finish());
    document.pages.iter().for_each(is_sound);
    document
}

/// The kinds and texts of a page's blocks.
fn blocks(page: &Page) -> Vec<(BlockKind, &str)> {
    let text = |block: &crate::document::Block| page.text.get(block.span.clone()).unwrap();
    page.blocks.iter().map(|block| (block.kind, text(block))).collect()
}

const LONG: &str = "This goes on for a while as the text of a lease does.";

#[test]
fn a_tagged_file_names_its_headings() {
    let document = tagged(&[&[
        ("H1", 700, "Lease of"),
        ("H1*", 660, "the garden"),
        ("P", 648, LONG),
        ("Clause", 636, "Watering"),
        ("P", 624, LONG),
        ("P", 612, LONG),
    ]]);
    let page = &document.pages[0];
    assert_eq!(
        blocks(page),
        [
            (BlockKind::Heading { level: 1 }, "Lease of the garden"),
            (BlockKind::Paragraph, LONG),
            (BlockKind::Heading { level: 2 }, "Watering"),
            (BlockKind::Paragraph, format!("{LONG} {LONG}").as_str()),
        ]
    );
    assert_eq!(page.blocks[3].headings, ["Lease of the garden", "Watering"]);
}

#[test]
fn a_tagged_file_names_its_items() {
    let document = tagged(&[&[("P", 700, LONG), ("LI", 688, "One can"), ("LI", 676, "Two cans")]]);
    assert_eq!(
        blocks(&document.pages[0]),
        [
            (BlockKind::Paragraph, LONG),
            (BlockKind::ListItem, "One can"),
            (BlockKind::ListItem, "Two cans"),
        ]
    );
}

#[test]
fn tags_that_call_all_text_a_heading_are_not_believed() {
    let document = tagged(&[&[("H1", 700, LONG), ("H1", 660, LONG), ("P", 620, LONG)]]);
    assert!(blocks(&document.pages[0]).iter().all(|(kind, _)| *kind == BlockKind::Paragraph));
}

#[test]
fn artifacts_that_come_back_are_running_lines() {
    let page = |head: &'static str, number: &'static str| {
        [("Header", 740, head), ("P", 400, LONG), ("Artifact", 30, number)]
    };
    let letter = page("Oakfield House, 5 Mill Lane", "1");
    let document = tagged(&[&letter]);
    assert_eq!(document.pages[0].blocks[0].kind, BlockKind::Paragraph);
    assert_eq!(document.pages[0].blocks[2].kind, BlockKind::RunningFooter);
    let document = tagged(&[&letter, &page("Oakfield House, 5 Mill Lane", "2")]);
    for page in &document.pages {
        assert_eq!(page.blocks[0].kind, BlockKind::RunningHeader);
        assert_eq!(page.blocks[1].kind, BlockKind::Paragraph);
    }
}

fn rich_file() -> Vec<u8> {
    let mut writer = Writer::default();
    let map = writer.stream(
        "",
        b"2 beginbfrange <0001> <0003> <0061> <0004> <0005> [<00660069> <0301>] endbfrange",
    );
    let font = format!(
        "/Font << /F 3 0 R /G << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode {map} 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500 >>] >> >>"
    );
    writer.page(
        "/Rotate 90",
        &font,
        "q 1 0 0 1 0 0 cm BT /F 10 Tf 50 700 Td [(Hel-) 20 (lo)] TJ 0 -12 Td /Span << /ActualText (a b) >> BDC (x) Tj EMC /G 9 Tf <00010002000400050003> Tj ET Q",
    );
    writer.page("", "", "BT /F 12 Tf 14 TL 50 700 Td (1. item) Tj T* (goes on-) ' (ward) ' ET");
    writer.finish()
}

proptest! {
    #[test]
    fn damage_never_breaks_what_is_given(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..24), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let mut bytes = rich_file();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        read_all(&bytes).pages.iter().for_each(is_sound);
    }

    #[test]
    fn any_content_gives_sound_pages(content in "([0-9. -]{0,9}(Tj|TJ|Td|Tm|BT|ET|q|Q|cm|Tf|Tc|'|\\[|\\]|<|>|\\(|\\)|/F|BDC|EMC|a|\u{e9}| |-)){0,60}") {
        one_page("", "", &format!("BT /F 10 Tf 50 700 Td (start) Tj {content}")).pages.iter().for_each(is_sound);
    }
}

/// A page whose content only the second reader finds: its length is negative.
fn lost_page(writer: &mut Writer, entries: &str, content: &str) {
    let wrong = writer.object(format!("<< /Length -7 >>\nstream\n{content}\nendstream"));
    let page = writer.object(format!(
        "<< /Type /Page /Parent 2 0 R {entries} /Resources << /Font << /F 3 0 R >> >> /Contents {wrong} 0 R >>"
    ));
    writer.pages.push(page);
}

#[test]
fn the_second_reader_is_asked_where_the_first_finds_nothing() {
    let mut writer = Writer::default();
    writer.page("", "", "BT /F 20 Tf 50 700 Td (One) Tj ET");
    lost_page(&mut writer, "/MediaBox [0 0 600 800]", "BT /F 20 Tf 50 700 Td (Two) Tj ET");
    writer.page("", "", "BT /F 20 Tf 50 700 Td (Three) Tj ET");
    let bytes = writer.finish();
    let document = read_all(&bytes);
    check(&document, &["One", "Two", "Three"]);
    assert_eq!(document.problems, []);

    // It may end the process: then what the first one read has been sent.
    let mut sent = Vec::new();
    read(&bytes, &mut |part| {
        if let Part::Page(page) = part {
            sent.push((page.number, page.text));
        }
        ControlFlow::Continue(())
    });
    let expected = [(1, "One"), (2, ""), (3, "Three"), (2, "Two")];
    assert_eq!(sent, expected.map(|(number, text)| (number, text.to_owned())));
}

#[test]
fn a_page_is_lost_when_it_has_content_that_says_nothing() {
    let is_lost = |contents: &str| {
        let mut writer = Writer::default();
        let page = writer.object(format!("<< /Type /Page /Parent 2 0 R {contents} >>"));
        writer.pages.push(page);
        let source = Source::open(&writer.finish()).unwrap();
        let node = source.pages()[0];
        let frame = Frame::of(&source, &node);
        let layers = HiddenLayers::of(&source);
        interpreter::run(&source, &node, &frame, &layers, None, &mut Fonts::default()).lost
    };
    assert!(is_lost("/Contents 99 0 R"));
    assert!(!is_lost(""), "an empty sheet has none");
}

/// A page in a font that says what its letters are in a stream without a true length.
fn garbled_page(mapping: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    let map = writer.object(format!(
        "<< /Length -7 >>\nstream\nbegincmap 1 begincodespacerange <0000> <ffff> endcodespacerange {mapping} endcmap\nendstream"
    ));
    let letters = writer.object("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /L /DW 600 /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>");
    let fonts = format!(
        "/Font << /F << /Type /Font /Subtype /Type0 /BaseFont /L /Encoding /Identity-H /ToUnicode {map} 0 R /DescendantFonts [{letters} 0 R] >> >>"
    );
    writer.page("", &fonts, "BT /F 20 Tf 50 700 Td <011101120113> Tj ET");
    writer.finish()
}

#[test]
fn the_second_reader_is_asked_where_the_first_knows_few_letters() {
    let document = read_all(&garbled_page(
        "3 beginbfchar <0111> <004f> <0112> <006e> <0113> <0065> endbfchar",
    ));
    check(&document, &["One"]);
    assert_eq!(document.problems, []);
}

#[test]
fn the_second_reader_is_not_believed_when_it_knows_no_better() {
    let document = read_all(&garbled_page(
        "3 beginbfchar <0111> <ffff> <0112> <fffd> <0113> <e001> endbfchar",
    ));
    check(&document, &["\u{fffd}\u{fffd}\u{fffd}"]);
    assert_eq!(document.problems, [Problem { kind: ProblemKind::Garbled, page: Some(1) }]);
}

#[test]
fn both_readers_see_the_same_words_at_the_same_places() {
    // One names no size, one half of one, one a crop box outside of its page.
    for entries in [
        "/MediaBox [0 0 600 800]",
        "/MediaBox [10 20 600 800] /CropBox [40 30 500 790] /Rotate 90",
        "/MediaBox [0 0 600 800] /CropBox [-50 300 500 790] /Rotate 270",
        "/Rotate 180",
        "/MediaBox [0 0 6]",
        "/MediaBox [0 0 600 800] /CropBox [900 900 901 901]",
    ] {
        let content = "BT /F 20 Tf 50 700 Td (Notice of 30 days) Tj ET";
        let mut writer = Writer::default();
        let stream = writer.stream("", content.as_bytes());
        let page = writer.object(format!(
            "<< /Type /Page /Parent 2 0 R {entries} /Resources << /Font << /F 3 0 R >> >> /Contents {stream} 0 R >>"
        ));
        writer.pages.push(page);
        lost_page(&mut writer, entries, content);
        let document = read_all(&writer.finish());
        check(&document, &["Notice of 30 days"; 2]);
        let [first, second] = document.pages.as_slice() else { panic!("two pages") };
        assert_eq!(first.size, second.size);
        for (word, other) in first.words.iter().zip(&second.words) {
            assert!((word.bounds.left - other.bounds.left).abs() < 3.0, "{entries}");
            assert!((word.bounds.bottom - other.bounds.bottom).abs() < 3.0, "{entries}");
        }
    }
}

fn drawn(bytes: &[u8], page: u32, dots_per_inch: f32) -> Option<render::Picture> {
    render::Renderer::open(bytes.to_vec()).unwrap().picture(page, dots_per_inch)
}

#[test]
fn a_page_is_drawn_as_it_is_shown() {
    let mut writer = Writer::default();
    // A black square at the left, a third from the bottom, which is at the top when the page is turned.
    writer.page("/Rotate 90 /CropBox [0 0 300 800]", "", "0 g 0 200 100 100 re f");
    let bytes = writer.finish();
    let picture = drawn(&bytes, 1, 36.0).unwrap();
    assert_eq!((picture.width, picture.height), (400, 150));
    let at = |x: usize, y: usize| picture.gray[y * 400 + x];
    assert_eq!((at(125, 25), at(125, 75), at(50, 25), at(300, 100)), (0, 255, 255, 255));
    assert_eq!(drawn(&bytes, 2, 36.0), None);
    assert_eq!(render::Renderer::open(b"no file".to_vec()).err(), Some(ProblemKind::Damaged));
}

#[test]
fn a_page_that_names_no_size_is_drawn_in_the_size_it_is_read_in() {
    let mut writer = Writer::default();
    let content = writer.stream("", b"0 692 100 100 re f");
    let page = writer.object(format!("<< /Type /Page /Parent 2 0 R /Contents {content} 0 R >>"));
    writer.pages.push(page);
    let bytes = writer.finish();
    let size = read_all(&bytes).pages[0].size;
    let picture = drawn(&bytes, 1, 72.0).unwrap();
    assert_eq!((picture.width, picture.height), (612, 792));
    assert_eq!(size, Some((612.0, 792.0)));
    let at = |x: usize, y: usize| picture.gray[y * 612 + x];
    assert_eq!((at(5, 5), at(95, 95), at(105, 50), at(50, 105)), (0, 0, 255, 255));
}

#[test]
fn a_very_large_page_is_drawn_small() {
    let mut writer = Writer::default();
    writer.page("/CropBox [0 0 600 800] /UserUnit 100", "", "");
    let picture = drawn(&writer.finish(), 1, 20_000.0).unwrap();
    assert!(u64::from(picture.width) * u64::from(picture.height) <= 20_000_000);
    assert!(
        (picture.dots_per_inch * 600.0 / 72.0 - number::real(picture.width.into())).abs() < 2.0
    );
}

#[test]
fn dots_before_a_pages_number_are_of_their_line() {
    // A tagged file, in which they are artifacts.
    let lease = include_bytes!("../../../../fixtures/library/cases/harbour-mill-lease.pdf");
    let contents = &read_all(lease).pages[1];
    let entry = contents.text.lines().find(|line| line.starts_with("2 Letting and term")).unwrap();
    assert!(entry.contains(". . . .") && entry.ends_with(" 1"), "{entry}");
    let mut texts =
        contents.blocks.iter().map(|block| contents.text.get(block.span.clone()).unwrap());
    assert!(texts.all(|text| !text.starts_with('.')));
}
