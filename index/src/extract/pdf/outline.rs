//! What does the file say of itself beside its pages: title, language, date, page labels, table of contents?

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use crate::document::{Head, OutlineEntry};
use crate::extract::builder::turns_direction;

use super::number;
use super::source::{PageNode, Source, as_dictionary, as_number, text_string};

const MAX_ENTRIES: usize = 10_000;
const MAX_DEPTH: usize = 16;
/// Nodes of a name or number tree that are looked at.
const MAX_NODES: usize = 100_000;
/// What stands on a page as its number is shorter.
const MAX_LABEL_BYTES: usize = 64;
/// A longer title is no title.
const MAX_TITLE_CHARACTERS: usize = 500;

pub(super) fn head(source: &Source, pages: &[PageNode<'_>]) -> Head {
    let information = source.information();
    let title = information
        .and_then(|information| source.text(information, b"Title"))
        .and_then(|title| clean_title(&title))
        .or_else(|| metadata_title(source));
    let language = source
        .catalog()
        .and_then(|catalog| source.text(catalog, b"Lang"))
        .map(|language| language.trim().to_owned())
        .filter(|language| {
            (2..=35).contains(&language.len())
                && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let date = information
        .and_then(|information| source.text(information, b"CreationDate"))
        .and_then(|date| day(&date));
    Head { title, language, tags: Vec::new(), date, paged: true, outline: outline(source, pages) }
}

/// One line without what programs put in by themselves; none when nothing is left that a person would call a title.
fn clean_title(title: &str) -> Option<String> {
    let line = one_line(title);
    let name = line
        .strip_prefix("Microsoft ")
        .and_then(|rest| rest.split_once(" - "))
        .filter(|(program, _)| PROGRAMS.contains(program))
        .map_or(line.as_str(), |(_, name)| name);
    if name.starts_with("http://") || name.starts_with("https://") {
        return None;
    }
    // Of a path the file's name is kept.
    let is_path =
        name.starts_with(['/', '\\']) || name.get(1..3).is_some_and(|drive| drive == ":\\");
    let name = if is_path { name.rsplit(['/', '\\']).next().unwrap_or(name) } else { name };
    let name = match name.rsplit_once('.') {
        Some((name, ending)) if ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) => name,
        _ => name,
    };
    let letters: String = name
        .chars()
        .filter(|character| character.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let is_word = !letters.is_ascii() || letters.len() >= 2 && letters.len() * 3 >= digits;
    let says_something = is_word && !letters.is_empty() && !NO_TITLES.contains(&letters.as_str());
    says_something.then(|| super::nfc(name).chars().take(MAX_TITLE_CHARACTERS).collect())
}

/// An entry in a table of contents, which may be a number or the name of a file.
fn entry_title(title: &str) -> Option<String> {
    let line = one_line(title);
    let says_something = line.chars().any(char::is_alphanumeric);
    says_something.then(|| super::nfc(&line).chars().take(MAX_TITLE_CHARACTERS).collect())
}

fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|character| !turns_direction(*character))
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in front of a file's name, behind `Microsoft`.
const PROGRAMS: &[&str] =
    &["Word", "Excel", "PowerPoint", "Publisher", "Visio", "Project", "Outlook"];

/// The endings of files that documents are printed from.
const ENDINGS: &[&str] = &[
    "ai", "cdr", "csv", "doc", "docm", "docx", "dot", "dotx", "dvi", "dwg", "eps", "exe", "fm",
    "htm", "html", "indd", "key", "md", "numbers", "odg", "odp", "ods", "odt", "pages", "pdf",
    "pmd", "ppt", "pptm", "pptx", "ps", "pub", "qxd", "qxp", "rtf", "tex", "tif", "tiff", "txt",
    "vp", "vsd", "vsdx", "wpd", "wps", "xls", "xlsm", "xlsx", "xps",
];

/// What programs call documents that nobody named; letters only.
const NO_TITLES: &[&str] = &[
    "adobephotoshoppdf",
    "anonymous",
    "book",
    "diapositive",
    "document",
    "documento",
    "dokument",
    "empty",
    "enscriptoutput",
    "folie",
    "fullpagephoto",
    "layout",
    "mappe",
    "microsoftpowerpointpräsentation",
    "microsoftword",
    "neuedokument",
    "none",
    "notitle",
    "null",
    "page",
    "pdf",
    "pdffile",
    "powerpointpräsentation",
    "powerpointpresentation",
    "presentacióndepowerpoint",
    "presentation",
    "präsentation",
    "présentationpowerpoint",
    "print",
    "printing",
    "scan",
    "scanneddocument",
    "sheet",
    "slide",
    "tabelle",
    "title",
    "unknown",
    "unbenannt",
    "unnamed",
    "untitled",
    "untitleddocument",
    "worddocument",
    "文档",
    "文書",
    "無題",
];

/// The title in the XMP metadata: the first item of `dc:title`.
fn metadata_title(source: &Source) -> Option<String> {
    let Some(Object::Stream(stream)) = source.get(source.catalog()?, b"Metadata") else {
        return None;
    };
    let data = source.data(stream);
    let text = String::from_utf8_lossy(&data);
    let (_, rest) = text.split_once("<dc:title")?;
    let (title, _) = rest.split_once("</dc:title>")?;
    let (_, item) = title.split_once("<rdf:li")?;
    let (_, item) = item.split_once('>')?;
    let (item, _) = item.split_once("</rdf:li>")?;
    clean_title(&without_entities(item))
}

/// The text of a piece of XML, with the characters that its entities stand for.
pub(super) fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').and_then(|(name, after)| {
            let character = match name {
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                "amp" => '&',
                "nbsp" => ' ',
                number => {
                    let number = number.strip_prefix('#')?;
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(code)?
                }
            };
            Some((character, after))
        });
        // A sign that begins no entity stands for itself.
        let (character, after) = entity.unwrap_or(('&', after));
        plain.push(character);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// `D:20240131…` as `2024-01-31`.
fn day(date: &str) -> Option<String> {
    let digits: String = date.trim().trim_start_matches("D:").chars().take(8).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6).unwrap_or(1), part(6..8).unwrap_or(1));
    let is_day =
        (1900..=2999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_day.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// By page: its label, where the document gives labels.
pub(super) fn page_labels(source: &Source, count: usize) -> Vec<Option<String>> {
    let mut starts: Vec<(usize, &Dictionary)> = Vec::new();
    let tree = source.catalog().and_then(|catalog| source.get(catalog, b"PageLabels"));
    walk_tree(source, tree, b"Nums", &mut |key, value| {
        if let (Some(index), Some(style)) = (as_number(key), as_dictionary(source.resolve(value))) {
            starts.extend(usize::try_from(number::whole(index)).ok().map(|index| (index, style)));
        }
    });
    if starts.is_empty() {
        return Vec::new();
    }
    starts.sort_by_key(|(index, _)| *index);
    let mut labels = Vec::with_capacity(count);
    for index in 0..count {
        let after = starts.partition_point(|(start, _)| *start <= index);
        let label =
            after.checked_sub(1).and_then(|place| starts.get(place)).map(|(start, style)| {
                let first = source.number(style, b"St").map_or(1, number::whole).max(1);
                let value = usize::try_from(first).unwrap_or(1) + (index - start);
                // It is read for each page.
                let prefix = source.get(style, b"P").filter(|prefix| {
                    prefix.as_str().is_ok_and(|bytes| bytes.len() <= 2 * MAX_LABEL_BYTES)
                });
                let prefix = prefix.and_then(text_string).unwrap_or_default();
                let numeral = match source.name(style, b"S") {
                    Some(b"D") => value.to_string(),
                    Some(b"R") => roman(value).to_uppercase(),
                    Some(b"r") => roman(value),
                    Some(b"A") => letters(value).to_uppercase(),
                    Some(b"a") => letters(value),
                    _ => String::new(),
                };
                let label: String = format!("{prefix}{numeral}")
                    .chars()
                    .filter(|character| !character.is_control() && !turns_direction(*character))
                    .collect();
                label
            });
        labels
            .push(label.filter(|label| !label.trim().is_empty() && label.len() <= MAX_LABEL_BYTES));
    }
    labels
}

fn roman(value: usize) -> String {
    const PARTS: [(usize, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if value > 10_000 {
        return value.to_string();
    }
    let mut rest = value;
    let mut numeral = String::new();
    for (worth, letters) in PARTS {
        while rest >= worth {
            numeral.push_str(letters);
            rest -= worth;
        }
    }
    numeral
}

/// a to z, then aa to zz and so on.
fn letters(value: usize) -> String {
    let index = value.saturating_sub(1);
    let letter = u8::try_from(index % 26).map_or('a', |offset| char::from(b'a' + offset));
    std::iter::repeat_n(letter, (index / 26 + 1).min(32)).collect()
}

fn outline(source: &Source, pages: &[PageNode<'_>]) -> Vec<OutlineEntry> {
    let mut entries = Vec::new();
    let Some(catalog) = source.catalog() else { return entries };
    let Some(root) = source.dictionary(catalog, b"Outlines") else { return entries };
    let numbers: HashMap<ObjectId, u32> =
        (1_u32..).zip(pages).filter_map(|(number, page)| page.id.map(|id| (id, number))).collect();
    let mut names: Option<HashMap<Vec<u8>, &Object>> = None;
    let mut seen = HashSet::new();
    // Items that are still to be read, the next one last.
    let mut waiting: Vec<(&Object, usize)> =
        root.get(b"First").ok().map(|first| (first, 1)).into_iter().collect();
    while let Some((object, level)) = waiting.pop() {
        if entries.len() >= MAX_ENTRIES || seen.len() >= MAX_NODES {
            break;
        }
        if object.as_reference().is_ok_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(item) = as_dictionary(source.resolve(object)) else { continue };
        if let Ok(next) = item.get(b"Next") {
            waiting.push((next, level));
        }
        if level < MAX_DEPTH
            && let Ok(first) = item.get(b"First")
        {
            waiting.push((first, level + 1));
        }
        let target = source.get(item, b"Dest").or_else(|| {
            // Other actions lead into other files.
            let action = source.dictionary(item, b"A")?;
            let is_here = source.name(action, b"S").is_none_or(|kind| kind == b"GoTo");
            is_here.then(|| source.get(action, b"D")).flatten()
        });
        let target = target.and_then(|target| match target {
            Object::Name(name) | Object::String(name, _) => {
                let names = names.get_or_insert_with(|| destinations(source, catalog));
                names.get(name).copied()
            }
            other => Some(other),
        });
        let target = target.and_then(|target| match source.resolve(target) {
            Object::Array(place) => place.first(),
            Object::Dictionary(wrapped) => source.array(wrapped, b"D").and_then(<[Object]>::first),
            _ => None,
        });
        let page = target.and_then(|target| match target {
            Object::Reference(id) => numbers.get(id).copied(),
            other => as_number(other)
                .and_then(|index| u32::try_from(number::whole(index).checked_add(1)?).ok()),
        });
        let title = source.text(item, b"Title").and_then(|title| entry_title(&title));
        if let (Some(title), Some(page)) = (title, page) {
            entries.push(OutlineEntry {
                title,
                level: u8::try_from(level).unwrap_or(u8::MAX),
                page,
            });
        }
    }
    entries
}

/// The places in the document that have names.
fn destinations<'a>(source: &'a Source, catalog: &'a Dictionary) -> HashMap<Vec<u8>, &'a Object> {
    let mut places = HashMap::new();
    if let Some(old) = source.dictionary(catalog, b"Dests") {
        places.extend(old.iter().take(MAX_NODES).map(|(name, place)| (name.clone(), place)));
    }
    let tree = source.dictionary(catalog, b"Names").and_then(|names| source.get(names, b"Dests"));
    walk_tree(source, tree, b"Names", &mut |key, value| {
        if let Object::String(name, _) = key {
            places.insert(name.clone(), value);
        }
    });
    places
}

/// Visits the pairs of a name or number tree, with a bound on depth and number.
pub(super) fn walk_tree<'a>(
    source: &'a Source,
    root: Option<&'a Object>,
    leaf: &[u8],
    visit: &mut dyn FnMut(&'a Object, &'a Object),
) {
    let mut waiting: Vec<(&Object, usize)> = root.map(|root| (root, 0)).into_iter().collect();
    let mut seen = HashSet::new();
    let mut visited = 0_usize;
    while let Some((object, depth)) = waiting.pop() {
        if depth > MAX_DEPTH || object.as_reference().is_ok_and(|id| !seen.insert(id)) {
            continue;
        }
        let Some(node) = as_dictionary(source.resolve(object)) else { continue };
        for pair in source.array(node, leaf).unwrap_or_default().chunks_exact(2) {
            if let [key, value] = pair {
                visit(source.resolve(key), value);
                visited += 1;
            }
            if visited >= MAX_NODES {
                return;
            }
        }
        let kids = source.array(node, b"Kids").unwrap_or_default();
        waiting.extend(kids.iter().rev().take(MAX_NODES).map(|kid| (kid, depth + 1)));
        if waiting.len() > MAX_NODES {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_count_in_every_style() {
        assert_eq!(roman(1994), "mcmxciv");
        assert_eq!(letters(1), "a");
        assert_eq!(letters(28), "bb");
    }

    #[test]
    fn dates_are_cut_to_the_day() {
        assert_eq!(day("D:20240131120000+01'00'").as_deref(), Some("2024-01-31"));
        assert_eq!(day("D:2024").as_deref(), Some("2024-01-01"));
        assert_eq!(day("yesterday"), None);
    }

    #[test]
    fn titles_lose_what_programs_put_in() {
        for (title, cleaned) in [
            (" Microsoft Word - Plan\t2.doc", "Plan 2"),
            ("Microsoft Word", ""),
            ("Microsoft - a history", "Microsoft - a history"),
            ("X:\\Data\\current\\garden.vp", "garden"),
            ("Lease v1.2", "Lease v1.2"),
            ("Erlkönig.pages", "Erlkönig"),
            ("合同", "合同"),
            ("Untitled-1", ""),
            ("(anonymous)", ""),
            ("文档1", ""),
            ("c.html", ""),
            ("02148000.2004.sw.fm", ""),
            ("https://example.org/a/long/way", ""),
            ("untitled", ""),
            ("\u{0}", ""),
        ] {
            assert_eq!(clean_title(title).unwrap_or_default(), cleaned, "{title}");
        }
    }
}
