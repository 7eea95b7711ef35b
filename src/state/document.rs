//! Which document is open, and what is marked in it?

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::input::Input;
use super::scroll::{Anchor, Scroll};

/// A document as it is handed to the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub title: String,
    /// Absolute.
    pub path: PathBuf,
    /// The date that the document gives itself, `YYYY-MM-DD`, by which it is filtered.
    pub date: Option<String>,
    /// Whether its places are named by pages; by lines otherwise.
    pub paged: bool,
    /// At least one.
    pub pages: Arc<[Page]>,
    /// What is cited, or was found, in reading order.
    pub cited: Vec<Mark>,
    /// The title of the heading that it stands under; empty where it stands under none.
    pub section: String,
    /// Its number among the sources.
    pub n: u32,
    /// Whether the answer cites it; it was only found otherwise.
    pub is_cited: bool,
    /// Whether this is the passage alone, as it was kept: the document is gone.
    pub is_excerpt: bool,
    /// What the user must know about it: that it has changed since it was cited, or is gone.
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Counts from 1.
    pub number: u32,
    /// What is printed on it as its number.
    pub label: Option<String>,
    /// That it was read by OCR, and how sure that is of its words.
    pub ocr: Option<String>,
    pub text: String,
    /// Where the lines of the source begin: bytes in the text, and the line's number from 1. Empty in formats with pages.
    pub lines: Vec<(usize, u32)>,
}

impl Page {
    /// What is told of it behind its number: ` (printed vii), OCR 93 %`.
    pub fn remarks(&self) -> String {
        let label = self.label.as_ref().filter(|label| **label != self.number.to_string());
        let label = label.map(|label| format!(" (printed {label})")).unwrap_or_default();
        let ocr = self.ocr.as_ref().map(|ocr| format!(", {ocr}")).unwrap_or_default();
        format!("{label}{ocr}")
    }
}

/// A marked stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Index among the pages.
    pub page: usize,
    /// Bytes in the page's text.
    pub span: Range<usize>,
}

/// The document view.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentView {
    pub opened: Opened,
    pub scroll: Scroll,
    /// What is being typed at its foot.
    pub prompt: Option<Prompt>,
    pub search: Option<Search>,
}

/// A line at the foot of the document view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub kind: PromptKind,
    pub input: Input,
    /// Why what is typed leads nowhere.
    pub missed: Option<String>,
    /// The index of the page that was read when it was opened, from which on it is looked for.
    pub(super) from: usize,
    /// Where the document stood then, and what had been searched for: it comes back when the line is closed.
    pub(super) before: (Scroll, Option<Search>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    Search,
    Page,
}

/// Words that are looked for in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub words: String,
    /// Where they stand, in reading order.
    pub hits: Vec<Mark>,
    /// The hit that was gone to last.
    pub current: usize,
    /// The hit that was gone to first.
    pub first: usize,
}

impl DocumentView {
    /// Opens at the first of what is cited.
    pub fn new(opened: Opened) -> Self {
        let anchor = if opened.cited.is_empty() { Anchor::Line(0) } else { Anchor::Mark(0) };
        Self { opened, scroll: Scroll::to(anchor), prompt: None, search: None }
    }

    /// What [`Anchor::Mark`] counts: the hits of a search, else what is cited.
    pub fn marks(&self) -> &[Mark] {
        self.search.as_ref().map_or(&self.opened.cited, |search| &search.hits)
    }

    /// Looks for `words` and goes to the first hit behind what is cited, if that stands on the page with index `from`, else
    /// to the first one from this page on. False when there is none.
    pub fn find(&mut self, words: &str, from: usize) -> bool {
        let cited = self.opened.cited.first().filter(|mark| mark.page == from);
        let from = (from, cited.map_or(0, |mark| mark.span.start));
        let hits: Vec<Mark> = (0..)
            .zip(self.opened.pages.iter())
            .flat_map(|(page, content)| {
                occurrences(&content.text, words).into_iter().map(move |span| Mark { page, span })
            })
            .collect();
        let current =
            hits.iter().position(|hit| (hit.page, hit.span.start) >= from).unwrap_or_default();
        let found = !hits.is_empty();
        self.search =
            found.then(|| Search { words: words.to_owned(), hits, current, first: current });
        if found {
            self.scroll = Scroll::to(Anchor::Mark(current));
        }
        found
    }

    /// Begins a line at the foot; the page with the index `from` is read now.
    pub fn ask(&mut self, kind: PromptKind, from: usize) {
        let before = (self.scroll, self.search.clone());
        let input = Input::default();
        self.prompt = Some(Prompt { kind, input, missed: None, from, before });
    }

    /// What is typed at the foot has changed: goes to the first of its hits from where it was begun.
    pub(super) fn typed(&mut self) {
        let Some(mut prompt) = self.prompt.take() else { return };
        prompt.missed = None;
        if prompt.kind == PromptKind::Search {
            let words = prompt.input.text().trim();
            if words.is_empty() || !self.find(words, prompt.from) {
                prompt.missed = (!words.is_empty()).then(|| "not in this document".to_owned());
                (self.scroll, self.search) = prompt.before.clone();
            }
        }
        self.prompt = Some(prompt);
    }

    /// Closes the line at the foot and goes where it means; one that leads nowhere stays open and says so.
    pub(super) fn take_prompt(&mut self) {
        let Some(mut prompt) = self.prompt.take() else { return };
        let typed = prompt.input.text().trim();
        let missed = match prompt.kind {
            _ if typed.is_empty() => None,
            PromptKind::Search if !self.find(typed, prompt.from) => {
                (self.scroll, self.search) = prompt.before.clone();
                Some("not in this document".to_owned())
            }
            PromptKind::Page if !self.go_to_page(typed) => Some(self.missed_page()),
            PromptKind::Search | PromptKind::Page => None,
        };
        if missed.is_some() {
            prompt.missed = missed;
            self.prompt = Some(prompt);
        }
    }

    /// Closes the line at the foot without going anywhere. Whether there was one.
    pub(super) fn close_prompt(&mut self) -> bool {
        let Some(prompt) = self.prompt.take() else { return false };
        (self.scroll, self.search) = prompt.before;
        true
    }

    fn missed_page(&self) -> String {
        match self.opened.pages.len() {
            _ if !self.opened.paged => "this document has lines and no pages".to_owned(),
            1 => "no such page: there is one".to_owned(),
            count => format!("no such page: there are {count}"),
        }
    }

    /// Goes to the next hit of the search, or the one before, round the ends; to what is cited without a search.
    pub fn go(&mut self, forward: bool) {
        let Some(search) = &mut self.search else {
            if !self.opened.cited.is_empty() {
                self.scroll = Scroll::to(Anchor::Mark(0));
            }
            return;
        };
        let count = search.hits.len();
        let step = if forward { 1 } else { count - 1 };
        search.current = (search.current + step) % count.max(1);
        self.scroll = Scroll::to(Anchor::Mark(search.current));
    }

    /// Goes to a page by its number or by what is printed on it. False when there is none.
    pub fn go_to_page(&mut self, typed: &str) -> bool {
        let by_number = || typed.parse().ok().map(|number: u32| number);
        let pages = &self.opened.pages;
        let labelled = pages.iter().position(|page| page.label.as_deref() == Some(typed));
        let index = by_number()
            .and_then(|number| pages.iter().position(|page| page.number == number))
            .or(labelled);
        if let Some(index) = index {
            self.scroll = Scroll::to(Anchor::Item(index));
        }
        index.is_some()
    }
}

/// Where `words` stand in `text`, whatever their case, byte for byte otherwise; any white space stands for any other.
fn occurrences(text: &str, words: &str) -> Vec<Range<usize>> {
    let wanted: Vec<char> = folded(words.trim()).collect();
    let Some(first) = wanted.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut free_from = 0;
    for (start, c) in text.char_indices() {
        let is_other = c.is_ascii() && first.is_ascii() && c.to_ascii_lowercase() != *first;
        if start < free_from
            || is_other
            || !folded_char(c).eq(folded_char(*first)) && !fold_starts(c, *first)
        {
            continue;
        }
        if let Some(length) = prefix_length(text.get(start..).unwrap_or_default(), &wanted) {
            found.push(start..start + length);
            free_from = start + length;
        }
    }
    found
}

fn fold_starts(c: char, wanted: char) -> bool {
    folded_char(c).next() == Some(wanted)
}

/// The bytes at the beginning of `text` that are `wanted` when folded.
fn prefix_length(text: &str, wanted: &[char]) -> Option<usize> {
    let mut left = wanted.iter();
    let mut length = 0;
    for c in text.chars() {
        if left.len() == 0 {
            break;
        }
        for part in folded_char(c) {
            if left.next() != Some(&part) {
                return None;
            }
        }
        length += c.len_utf8();
    }
    (left.len() == 0).then_some(length)
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(folded_char)
}

fn folded_char(c: char) -> impl Iterator<Item = char> + Clone {
    let c = if c.is_whitespace() { ' ' } else { c };
    c.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_across_line_ends() {
        assert_eq!(
            occurrences("The Notice\nPeriod; notice period", "notice period"),
            [4..17, 19..32]
        );
        assert_eq!(occurrences("aaaa", "aa"), [0..2, 2..4]);
        assert_eq!(occurrences("İstanbul", "i̇stanbul").first(), Some(&(0..9)));
        assert!(occurrences("straße", "").is_empty());
        assert!(occurrences("short", "short words").is_empty());
    }
}
