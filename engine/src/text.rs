//! Which words of a text carry its meaning, and are two texts the same to a reader?
//!
//! Small tools for scoring sentences; retrieval proper lies in another crate and has real analysers.

use std::ops::Range;

/// The words of `text` that carry meaning, lower-case and without their commonest English endings, in order. A run in a
/// script that puts no space between words gives its pairs of characters.
pub(crate) fn content_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in words_of(text) {
        if word.chars().any(is_unspaced) {
            let letters: Vec<char> = word.chars().collect();
            match letters.as_slice() {
                [_] => words.push(word.to_owned()),
                _ => words.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>())),
            }
            continue;
        }
        let word = word.to_lowercase();
        if !STOP_WORDS.contains(&word.as_str()) {
            words.push(stem(&word).to_owned());
        }
    }
    words
}

/// The runs of letters and digits in `text`.
pub(crate) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The content words of the names and numbers in a question: what is written with a capital (but for the first word) or
/// with a digit. A text that lacks one of them is about something else.
pub(crate) fn names(question: &str) -> Vec<String> {
    words_of(question)
        .enumerate()
        .filter(|(index, word)| {
            let first = word.chars().next().unwrap_or_default();
            first.is_numeric() || (*index > 0 && first.is_uppercase())
        })
        .flat_map(|(_, word)| content_words(word))
        .collect()
}

/// Whether most letters of `text` are Latin: embedders of European languages know nothing of other scripts.
pub(crate) fn mostly_latin(text: &str) -> bool {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    let (latin, all) = letters.fold((0_usize, 0_usize), |(latin, all), letter| {
        (latin + usize::from(u32::from(letter) < 0x250), all + 1)
    });
    latin * 2 >= all
}

/// `text` as it is compared word for word: lower-case, white space as single spaces, and quotation marks and dashes in
/// one form.
pub(crate) fn normalized(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normalized.is_empty() {
            normalized.push(' ');
        }
        for letter in word.chars() {
            match letter {
                '“' | '”' | '„' | '«' | '»' => normalized.push('"'),
                '‘' | '’' | '‚' => normalized.push('\''),
                '–' | '—' | '‑' | '−' => normalized.push('-'),
                '\u{AD}' => {}
                _ => normalized.extend(letter.to_lowercase()),
            }
        }
    }
    normalized
}

/// Numbers that stand in square brackets in a document (its own references) in round ones: in an answer, square ones
/// always mean evidence. Keeps the length in bytes.
pub(crate) fn without_bracketed_numbers(text: &str) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        changed.push_str(before);
        let inner_length =
            after.find(|letter: char| !is_in_reference(letter)).unwrap_or(after.len());
        let (inner, tail) = after.split_at_checked(inner_length).unwrap_or((after, ""));
        let is_reference = inner.chars().any(|letter| letter.is_ascii_digit());
        match tail.strip_prefix(']') {
            Some(tail) if is_reference => {
                changed.push('(');
                changed.push_str(inner);
                changed.push(')');
                rest = tail;
            }
            _ => {
                changed.push('[');
                rest = after;
            }
        }
    }
    changed.push_str(rest);
    changed
}

fn is_in_reference(letter: char) -> bool {
    letter.is_ascii_digit()
        || matches!(letter, ' ' | ',' | ';' | '-' | '–' | '^' | '#' | '\n' | '\t' | '\r')
}

/// The sentences of a text: parted at line ends, and at marks that end a sentence before white space.
pub(crate) fn sentence_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        let ends = match letter {
            '\n' | '。' | '！' | '？' => true,
            '!' | '?' => letters.peek().is_none_or(|(_, next)| next.is_whitespace()),
            '.' => {
                letters.peek().is_none_or(|(_, next)| next.is_whitespace())
                    && !is_abbreviation(text.get(start..at).unwrap_or_default())
            }
            _ => false,
        };
        if ends {
            spans.push(start..end);
            start = end;
        }
    }
    spans.push(start..text.len());
    spans
        .into_iter()
        .filter_map(|span| {
            let sentence = text.get(span.clone())?;
            let start = span.start + (sentence.len() - sentence.trim_start().len());
            let end = start + sentence.trim().len();
            (start < end).then_some(start..end)
        })
        .collect()
}

/// Whether the full stop after `before` belongs to its last word: a single letter, a number at the head of a line, or one
/// of the commonest abbreviations.
pub(crate) fn is_abbreviation(before: &str) -> bool {
    const KNOWN: [&str; 25] = [
        "approx", "art", "bzw", "ca", "cf", "dr", "eg", "etc", "fig", "ie", "mr", "mrs", "ms",
        "no", "nr", "para", "pp", "prof", "sec", "st", "usw", "vgl", "vs", "z.b", "e.g",
    ];
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default()
        .trim_start_matches(['(', '"', '“']);
    let lower = word.to_lowercase();
    let is_number_of_item = before.trim().chars().all(|letter| letter.is_ascii_digit());
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    is_number_of_item || is_initial || KNOWN.contains(&lower.as_str()) || lower == "i.e"
}

/// Chinese, Japanese, Thai, Lao, Khmer and Burmese letters.
fn is_unspaced(letter: char) -> bool {
    matches!(
        u32::from(letter),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
            | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF
    )
}

/// `word` without an ending that marks its number, tense or manner, where enough is left.
fn stem(word: &str) -> &str {
    let shortened = ["ing", "edly", "ed", "ies", "es", "s", "ly"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 3));
    match shortened {
        Some(rest) => rest,
        None if word.len() > 4 => word.strip_suffix('e').unwrap_or(word),
        None => word,
    }
}

/// English words that stand in any question or sentence.
const STOP_WORDS: [&str; 92] = [
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or",
    "but", "as", "is", "are", "was", "were", "be", "been", "being", "do", "does", "did", "has",
    "have", "had", "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "many",
    "much", "this", "that", "these", "those", "it", "its", "their", "his", "her", "they", "them",
    "he", "she", "we", "you", "i", "my", "your", "our", "there", "than", "then", "into", "about",
    "over", "under", "between", "during", "after", "before", "not", "no", "can", "could", "would",
    "should", "will", "shall", "may", "might", "must", "also", "such", "some", "any", "each",
    "other", "one", "s", "t", "me", "if",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_something_are_kept_without_their_endings() {
        assert_eq!(content_words("When is the Tenant's rent due?"), ["tenant", "rent", "due"]);
        assert_eq!(content_words("leases, leased, leasing"), ["leas", "leas", "leas"]);
        assert_eq!(content_words("契約書"), ["契約", "約書"]);
        assert!(content_words("what is it?").is_empty());
    }

    #[test]
    fn names_are_capitals_and_numbers() {
        assert_eq!(names("What did Ann Miller pay in 2019?"), ["ann", "miller", "2019"]);
        assert!(names("Who pays?").is_empty());
    }

    #[test]
    fn references_lose_their_square_brackets_and_nothing_else_does() {
        assert_eq!(
            without_bracketed_numbers("As shown [12], [3, 4] and [5-7]; see [a] and [b 2] [ 9] [2"),
            "As shown (12), (3, 4) and (5-7); see [a] and [b 2] ( 9) [2"
        );
        assert_eq!(without_bracketed_numbers("[[1]]"), "[(1)]");
        assert_eq!(without_bracketed_numbers("é[1"), "é[1");
    }

    #[test]
    fn the_script_decides_what_an_embedder_can_know() {
        assert!(mostly_latin("Où est le contrat?"));
        assert!(!mostly_latin("Где договор об аренде?"));
        assert!(mostly_latin("2019?"));
    }

    #[test]
    fn normalizing_makes_the_same_of_the_same() {
        assert_eq!(normalized("  The “Tenant”\n shall—"), "the \"tenant\" shall-");
    }
}
