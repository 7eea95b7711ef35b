//! Which words does a text have, as far as searching goes?
//!
//! Words are runs of letters, digits and the marks on them, in lower case and without accents, and for most purposes
//! cut down to their English stem. A run in a script that is written without spaces gives its overlapping pairs of
//! characters instead. The same rules serve indexing, questions and the marking of sentences.

use std::ops::Range;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, TextAnalyzer, Token,
    TokenStream, Tokenizer,
};
use unicode_normalization::char::is_combining_mark;

/// Longer words are encoded data, not language.
const LONGEST_WORD: usize = 120;

/// A word as it is searched for, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    /// Bytes in the text that was given.
    pub(crate) span: Range<usize>,
}

/// Takes texts apart into stems.
pub(crate) struct Stems(TextAnalyzer);

impl std::fmt::Debug for Stems {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stems").finish_non_exhaustive()
    }
}

impl Default for Stems {
    fn default() -> Self {
        Self(stemmed())
    }
}

impl Stems {
    pub(crate) fn of(&mut self, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        self.0.token_stream(text).process(&mut |token: &Token| {
            terms.push(Term { text: token.text.clone(), span: token.offset_from..token.offset_to });
        });
        terms
    }
}

pub(crate) fn stemmed() -> TextAnalyzer {
    TextAnalyzer::builder(Words)
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::English))
        .build()
}

/// The same words unstemmed, for exact phrases.
pub(crate) fn exact() -> TextAnalyzer {
    TextAnalyzer::builder(Words)
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build()
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
fn is_unspaced(character: char) -> bool {
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

/// Accents that are written as characters of their own; they go as those that are part of a letter do.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

#[derive(Clone, Copy, Debug, Default)]
struct Words;

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        WordStream { text, at: 0, in_run: false, token: Token::default() }
    }
}

struct WordStream<'a> {
    text: &'a str,
    at: usize,
    /// Whether the character before `at` belongs to the same run without spaces: then a last character alone has
    /// already been part of a pair.
    in_run: bool,
    token: Token,
}

impl WordStream<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn emit(&mut self, length: usize) {
        let span = self.at..self.at + length;
        self.token.text.clear();
        let word = self.text.get(span.clone()).unwrap_or_default();
        self.token.text.extend(word.chars().filter(|character| !is_accent(*character)));
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = span.start;
        self.token.offset_to = span.end;
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let mut characters = self.rest().chars();
            let Some(first) = characters.next() else { return false };
            if is_unspaced(first) {
                let second = characters.next().filter(|second| is_unspaced(*second));
                let was_in_run = std::mem::replace(&mut self.in_run, second.is_some());
                match second {
                    Some(second) => {
                        self.emit(first.len_utf8() + second.len_utf8());
                        self.at += first.len_utf8();
                        return true;
                    }
                    None if !was_in_run => {
                        self.emit(first.len_utf8());
                        self.at += first.len_utf8();
                        return true;
                    }
                    None => self.at += first.len_utf8(),
                }
            } else if first.is_alphanumeric() {
                let length = self
                    .rest()
                    .char_indices()
                    .find(|(_, character)| {
                        is_unspaced(*character)
                            || !(character.is_alphanumeric() || is_combining_mark(*character))
                    })
                    .map_or(self.rest().len(), |(end, _)| end);
                self.emit(length);
                self.at += length;
                return true;
            } else {
                self.at += first.len_utf8();
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let terms: Vec<_> = Stems::default().of(text).into_iter().map(|term| term.text).collect();
        assert_eq!(terms, expected, "{text}");
    }

    #[test]
    fn words_lose_case_accents_and_endings() {
        check("The Tenant's payments, 1,200", &["the", "tenant", "s", "payment", "1", "200"]);
        check("Café naïve cafe\u{301}", &["cafe", "naiv", "cafe"]);
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        check("东京大学 A", &["东京", "京大", "大学", "a"]);
        check("水", &["水"]);
        check("第3章", &["第", "3", "章"]);
        check("東京のホテル", &["東京", "京の", "のホ", "ホテ", "テル"]);
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
