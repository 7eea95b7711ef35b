//! Which words does a text have, as far as searching goes?
//!
//! Words are runs of letters, digits and the marks on them, in lower case and without accents, and for most purposes
//! cut down to their stem, by the rules of the text's language. A run in a script that is written without spaces gives
//! its overlapping pairs of characters instead. The same rules serve indexing, questions and the marking of sentences.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::language;

/// Longer words, in bytes, are encoded data, not language.
const LONGEST_WORD: usize = 120;

/// A word as it is searched for, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    /// Bytes in the text that was given.
    pub(crate) span: Range<usize>,
}

/// How words of a language become stems.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stemming(Option<Algorithm>);

impl Stemming {
    /// Of a language's tag. Where nobody knows the language it is taken for English; a language without rules of its own
    /// keeps its words as they are.
    pub(crate) fn of(tag: Option<&str>) -> Self {
        let language = match tag.map(language::primary) {
            None => "en",
            // The same rules serve both written forms.
            Some("nb" | "nn") => "no",
            Some(language) => language,
        };
        Self(Algorithm::from_name(language).ok())
    }

    /// The words of a text, stemmed.
    pub(crate) fn terms(self, text: &str) -> Vec<Term> {
        terms(text, |word| self.stem(word))
    }

    fn stem(self, word: &str) -> String {
        match self.0 {
            None => folded(word),
            // Its accents are foreign ones.
            Some(Algorithm::English) => {
                Stemmer::new(Algorithm::English).stem(&folded(word)).into_owned()
            }
            Some(algorithm) => folded(&Stemmer::new(algorithm).stem(word)),
        }
    }
}

impl Default for Stemming {
    fn default() -> Self {
        Self::of(None)
    }
}

impl std::fmt::Debug for Stemming {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0.map_or("unstemmed", Algorithm::name))
    }
}

/// The words of a text as they are, for exact phrases.
pub(crate) fn exact(text: &str) -> Vec<Term> {
    terms(text, folded)
}

/// The distinct stems that a word has by the rules of several languages.
pub(crate) type Forms = Vec<String>;

/// The words of a question in order, each in the forms that the `stemmings` give it, with the bytes where it stands.
pub(crate) fn forms(question: &str, stemmings: &[Stemming]) -> Vec<(Forms, Range<usize>)> {
    lowered(question)
        .map(|(word, span)| {
            let mut forms: Forms = stemmings.iter().map(|stemming| stemming.stem(&word)).collect();
            forms.sort_unstable();
            forms.dedup();
            (forms, span)
        })
        .collect()
}

/// The words of a name as [`exact`] gives them, those apart that are written together: `FuseMedical2` has three.
pub(crate) fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for run in (Words { text: name, at: 0, in_run: false }).filter(|run| run.len() <= LONGEST_WORD)
    {
        let run = name.get(run).unwrap_or_default();
        let mut start = 0;
        for end in joints(run).chain([run.len()]) {
            let part = run.get(start..end).unwrap_or_default();
            parts.extend(exact(part).into_iter().map(|term| term.text));
            start = end;
        }
    }
    parts
}

/// Where a word begins inside a run of letters and digits: at a capital behind a small letter, at the last of several
/// capitals before one, and between letters and digits.
fn joints(run: &str) -> impl Iterator<Item = usize> {
    let behind = run.char_indices().skip(1);
    run.chars().zip(behind).filter_map(|(before, (at, next))| {
        let is_first_capital = before.is_lowercase() && next.is_uppercase();
        let is_last_capital = before.is_uppercase()
            && next.is_uppercase()
            && run
                .get(at..)
                .is_some_and(|rest| rest.chars().nth(1).is_some_and(char::is_lowercase));
        let is_number = before.is_numeric() != next.is_numeric() && !is_combining_mark(next);
        (is_first_capital || is_last_capital || is_number).then_some(at)
    })
}

fn terms(text: &str, form: impl Fn(&str) -> String) -> Vec<Term> {
    lowered(text)
        .map(|(word, span)| Term { text: form(&word), span })
        .filter(|term| !term.text.is_empty())
        .collect()
}

/// Words in lower case, without accents that are characters of their own.
fn lowered(text: &str) -> impl Iterator<Item = (String, Range<usize>)> {
    Words { text, at: 0, in_run: false }.filter(|span| span.len() <= LONGEST_WORD).map(|span| {
        let word = text.get(span.clone()).unwrap_or_default();
        let characters = word.chars().filter(|character| !is_accent(*character));
        (characters.flat_map(char::to_lowercase).collect(), span)
    })
}

/// A lower-case word without accents, ligatures and letters of unusual width.
fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut folded = String::with_capacity(word.len());
    for character in word.chars() {
        match character {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            // Latin, Greek and Cyrillic, and the forms of compatibility; elsewhere marks are letters.
            '\u{a0}'..='\u{52f}'
            | '\u{1e00}'..='\u{1fff}'
            | '\u{fb00}'..='\u{fb06}'
            | '\u{ff00}'..='\u{ff5e}' => {
                folded.extend([character].into_iter().nfkd().filter(|part| !is_accent(*part)));
            }
            _ => folded.push(character),
        }
    }
    folded
}

/// Whether most letters of a text belong to the Latin script, which is all that an English embedder knows.
pub(crate) fn is_mostly_latin(text: &str) -> bool {
    let (mut latin, mut other) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        // Up to the end of Latin Extended-B, and Latin Extended Additional.
        if matches!(character, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') {
            latin += 1;
        } else {
            other += 1;
        }
    }
    latin >= other
}

/// Whether words of the character's script are written without spaces between them.
pub(crate) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}'       // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Myanmar
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'   // iteration mark and zero of Han
        | '\u{3041}'..='\u{30ff}'   // Hiragana, Katakana
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
        && (character.is_alphanumeric() || is_combining_mark(character))
}

/// Marks that are written as characters of their own and that people leave out: accents, the points of Hebrew, the
/// vowels and the stretching of Arabic.
fn is_accent(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}'
        | '\u{5bf}'..='\u{5c7}'
        | '\u{640}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}')
}

/// The words of a text, as bytes in it.
struct Words<'a> {
    text: &'a str,
    at: usize,
    /// Whether the character before `at` belongs to the same run without spaces: then a last character alone has
    /// already been part of a pair.
    in_run: bool,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..).unwrap_or_default();
            let mut characters = rest.chars();
            let first = characters.next()?;
            if is_unspaced(first) {
                let second = characters.next().filter(|second| is_unspaced(*second));
                let was_in_run = std::mem::replace(&mut self.in_run, second.is_some());
                self.at += first.len_utf8();
                match second {
                    Some(second) => return Some(start..self.at + second.len_utf8()),
                    None if !was_in_run => return Some(start..self.at),
                    None => {}
                }
            } else if first.is_alphanumeric() {
                let length = rest
                    .char_indices()
                    .find(|(_, character)| {
                        is_unspaced(*character)
                            || !(character.is_alphanumeric() || is_combining_mark(*character))
                    })
                    .map_or(rest.len(), |(end, _)| end);
                self.at += length;
                return Some(start..self.at);
            } else {
                self.at += first.len_utf8();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_in(tag: &str, text: &str, expected: &[&str]) {
        let terms = Stemming::of(Some(tag)).terms(text);
        let terms: Vec<_> = terms.into_iter().map(|term| term.text).collect();
        assert_eq!(terms, expected, "{text}");
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        check_in("en", text, expected);
    }

    #[test]
    fn words_lose_case_accents_and_endings() {
        check("The Tenant's payments, 1,200", &["the", "tenant", "s", "payment", "1", "200"]);
        check("Café naïve cafe\u{301}", &["cafe", "naiv", "cafe"]);
    }

    #[test]
    fn each_language_has_its_own_endings() {
        check_in("de-CH", "Die Häuser des Mieters", &["die", "haus", "des", "miet"]);
        check_in("ru", "договоры ёлка", &["договор", "елк"]);
        check_in("el", "Το ΣΠΊΤΙ", &["το", "σπιτ"]);
        check_in("nb", "husene", &["hus"]);
        // No rules are known for it.
        check_in("vi", "hợp đồng", &["hop", "dong"]);
    }

    #[test]
    fn what_people_leave_out_is_left_out() {
        check_in("ar", "كِتَاب", &["كتاب"]);
        check_in("he", "שָׁלוֹם", &["שלום"]);
        check_in("pl", "Łódź ﬁn Ａ１", &["lodz", "fin", "a1"]);
    }

    #[test]
    fn a_question_has_the_stems_of_every_language() {
        let stemmings = [Some("en"), Some("de")].map(Stemming::of);
        let found: Vec<Forms> =
            forms("Mieters rent", &stemmings).into_iter().map(|(forms, _)| forms).collect();
        assert_eq!(found, [vec!["miet", "mieter"], vec!["rent"]]);
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        check("东京大学 A", &["东京", "京大", "大学", "a"]);
        check("水", &["水"]);
        check("第3章", &["第", "3", "章"]);
        check("東京のホテル", &["東京", "京の", "のホ", "ホテ", "テル"]);
    }

    #[test]
    fn names_are_parted_where_words_are_written_together() {
        let check = |name: &str, expected: &[&str]| assert_eq!(parts(name), expected, "{name}");
        check("harbour-mill_lease (2)", &["harbour", "mill", "lease", "2"]);
        check("QuayTradingInc_20190321", &["quay", "trading", "inc", "20190321"]);
        check("QUAYTRADINGLTD", &["quaytradingltd"]);
        check("theHTMLGuide2nd", &["the", "html", "guide", "2", "nd"]);
        check("ÉtatDesLieux", &["etat", "des", "lieux"]);
        check("E\u{301}tat", &["etat"]);
        check("東京案内", &["東京", "京案", "案内"]);
        check("__", &[]);
    }

    proptest::proptest! {
        /// However a name is parted, no letter is lost, added or moved.
        #[test]
        fn parts_of_a_name_are_its_words_in_order(name in "[a-zA-Z0-9éßЖ_ .-]{0,30}") {
            let words: String = exact(&name).into_iter().map(|term| term.text).collect();
            proptest::prop_assert_eq!(parts(&name).concat(), words);
        }
    }

    #[test]
    fn signs_that_join_letters_do_not_part_words() {
        check("हिन्दी में", &["हिन्दी", "में"]);
    }

    #[test]
    fn the_script_is_told_by_most_letters() {
        assert!(is_mostly_latin("What is the rent? 1200 €"));
        assert!(is_mostly_latin("Größe der Wohnung"));
        assert!(!is_mostly_latin("Какова арендная плата за 2024 A"));
        assert!(!is_mostly_latin("東京の家賃"));
    }
}
