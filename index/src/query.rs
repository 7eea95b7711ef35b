//! What does a line in the query language ask for?
//!
//! Plain words, `"exact phrase"`, `-word`, `-"phrase"`, and filters: `file:lease`, `dir:2024/`, `path:cases/oakfield`,
//! `type:pdf`, `tag:x`, `since:2024-01`, `until:2024-06-30`; a filter's value may be quoted. A word before a colon that is no filter is a plain
//! word, and so is a `-` that does not stand before a letter: questions are written with such signs as well. Pure.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use crate::extract::Format;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// None for a day that is in no calendar.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_real =
            year <= 9999 && (1..=12).contains(&month) && day >= 1 && day <= last_day(year, month);
        is_real.then_some(Self { year, month, of_month: day })
    }

    /// The day in UTC of a time in nanoseconds since 1970.
    pub fn of_nanoseconds(nanoseconds: i64) -> Self {
        // Days are counted in eras of 400 years from 0000-03-01, so that leap days end a year.
        let days = nanoseconds.div_euclid(86_400_000_000_000) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524
            - day_of_era / 146_096)
            .div_euclid(365);
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or_default(),
            month: u8::try_from(month).unwrap_or(1),
            of_month: u8::try_from(day).unwrap_or(1),
        }
    }

    /// The first day that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` names.
    pub fn first_of(text: &str) -> Option<Self> {
        Self::period(text).map(|(first, _)| first)
    }

    /// The last day that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` names.
    pub fn last_of(text: &str) -> Option<Self> {
        Self::period(text).map(|(_, last)| last)
    }

    fn period(text: &str) -> Option<(Self, Self)> {
        let mut parts = text.split('-');
        let year: u16 = number(parts.next()?, 4)?;
        let Some(month) = parts.next() else {
            return Some((Self::new(year, 1, 1)?, Self::new(year, 12, 31)?));
        };
        let month: u8 = number(month, 2)?;
        let Some(day) = parts.next() else {
            return Some((
                Self::new(year, month, 1)?,
                Self::new(year, month, last_day(year, month))?,
            ));
        };
        let day = Self::new(year, month, number(day, 2)?)?;
        parts.next().is_none().then_some((day, day))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

fn number<T: FromStr>(digits: &str, length: usize) -> Option<T> {
    let is_number = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn last_day(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    Word(String),
    /// Must stand in a passage's text word for word.
    Phrase(String),
    /// Must not stand in a passage's text.
    Without(String),
    /// A part of the file's name. Of several one must fit; so with `Directory` and `Type`.
    File(String),
    /// One or more names of folders, parted by `/`, on the way from the watched folder to the file.
    Directory(String),
    /// A file, or a folder with all in it: the way to it from the watched folder, whose own name is the first, or its
    /// absolute path. Of several one must fit.
    Path(String),
    /// A format's name or a file's ending.
    Type(String),
    /// Of several all must fit.
    Tag(String),
    /// The document's own date, else that of the file's last change, is not before this day.
    Since(Day),
    /// It is not after this day.
    Until(Day),
}

impl Term {
    /// Whether it says where to look, and not what for.
    pub fn is_filter(&self) -> bool {
        !matches!(self, Self::Word(_) | Self::Phrase(_) | Self::Without(_))
    }
}

/// What is asked for, in the order in which it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub terms: Vec<Term>,
}

/// What is wrong with a query, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    #[error("a quotation mark is not closed; add a `\"`")]
    OpenQuote { span: Range<usize> },
    #[error("`{filter}:` names nothing; write what to look for right behind the colon")]
    Empty { filter: &'static str, span: Range<usize> },
    #[error("`{value}` is no date; write `2024`, `2024-06` or `2024-06-30`")]
    Date { value: String, span: Range<usize> },
    #[error("`{value}` is no type of file that docent reads; write `pdf`, `md` or `txt`")]
    Type { value: String, span: Range<usize> },
}

impl QueryError {
    /// The bytes of the query that are wrong.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::OpenQuote { span }
            | Self::Empty { span, .. }
            | Self::Date { span, .. }
            | Self::Type { span, .. } => span.clone(),
        }
    }
}

/// A term where it stands in a text, or what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes of the text.
    pub span: Range<usize>,
    pub term: Result<Term, QueryError>,
}

/// Reads a text piece by piece; what is wrong is passed over, so that the rest can be read.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(|character: char| !character.is_whitespace())?;
        let (term, end) = match term(text, start) {
            Ok((term, end)) => (Ok(term), end),
            Err(error) => {
                let end = error.span().end;
                (Err(error), end)
            }
        };
        at = end;
        Some(Piece { span: start..end, term })
    })
}

/// A text as it was typed, parted from the `path:` filters at its end, as a question gets them from what is chosen beside
/// it: what is asked, and where. A text that is nothing else is left whole.
pub fn parted(text: &str) -> (&str, Vec<String>) {
    let pieces: Vec<Piece> = pieces(text).collect();
    let mut ways = Vec::new();
    let mut end = text.len();
    for piece in pieces.into_iter().rev() {
        let Ok(Term::Path(way)) = piece.term else { break };
        end = piece.span.start;
        ways.push(way);
    }
    ways.reverse();
    match text.get(..end).map(str::trim_end) {
        Some(words) if !words.is_empty() => (words, ways),
        _ => (text, Vec::new()),
    }
}

impl Query {
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let terms = pieces(text).map(|piece| piece.term).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Takes a text as it is, every sign in it as a part of a word.
    pub fn plain(text: &str) -> Self {
        Self { terms: text.split_whitespace().map(|word| Term::Word(word.to_owned())).collect() }
    }

    /// What is asked in words, without filters and what is not wanted: the text that is embedded.
    pub fn question(&self) -> String {
        let parts: Vec<&str> = self
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::Word(text) | Term::Phrase(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        parts.join(" ")
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

/// Writes a query that is parsed to the same terms.
impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, term) in self.terms.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            // What was read up to white space can hold a quotation mark, what was quoted can't.
            let quote = |text: &str| if text.contains('"') { "" } else { "\"" };
            let spaced =
                |text: &str| if text.contains(char::is_whitespace) { quote(text) } else { "" };
            let mut write = |start: &str, text: &str, quote: &str| {
                write!(formatter, "{space}{start}{quote}{text}{quote}")
            };
            match term {
                Term::Word(text) => write("", text, "")?,
                Term::Phrase(text) => write("", text, "\"")?,
                Term::Without(text) => write("-", text, quote(text))?,
                Term::File(value) => write("file:", value, spaced(value))?,
                Term::Directory(value) => write("dir:", value, spaced(value))?,
                Term::Path(value) => write("path:", value, spaced(value))?,
                Term::Type(value) => write("type:", value, spaced(value))?,
                Term::Tag(value) => write("tag:", value, spaced(value))?,
                Term::Since(day) => write("since:", &day.to_string(), "")?,
                Term::Until(day) => write("until:", &day.to_string(), "")?,
            }
        }
        Ok(())
    }
}

/// The names of the filters, each with a value and what it leaves.
pub const FILTERS: [(&str, &str, &str); 7] = [
    ("file", "lease", "files with this in their names"),
    ("dir", "2024/", "what lies in a folder of this name"),
    ("path", "cases/oakfield", "this folder or file, by the way from a watched folder"),
    ("type", "pdf", "files of this format"),
    ("tag", "draft", "documents with this tag"),
    ("since", "2024-06", "documents of this date (their own, else the file's) and later ones"),
    ("until", "2024-06-30", "those of this date and earlier ones"),
];

/// The word before the colon, where one is written as a filter and is none: `author:smith`. Not of addresses, times, and
/// what a colon ends.
pub fn unknown_filter(text: &str) -> Option<&str> {
    pieces(text).find_map(|piece| {
        let Ok(Term::Word(_)) = piece.term else { return None };
        let (name, value) = text.get(piece.span)?.split_once(':')?;
        let is_name = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_value = value.starts_with(|first: char| first.is_alphanumeric() || first == '"');
        let is_address = matches!(name, "mailto" | "tel" | "doi" | "urn" | "arxiv" | "isbn");
        (is_name && is_value && !is_address).then_some(name)
    })
}

/// Reads the term that starts at a byte; returns it with its end.
fn term(text: &str, start: usize) -> Result<(Term, usize), QueryError> {
    let rest = text.get(start..).unwrap_or_default();
    if rest.starts_with('"') {
        let (phrase, end) = quoted(text, start)?;
        return Ok((Term::Phrase(phrase), end));
    }
    if let Some(unwanted) = rest.strip_prefix('-') {
        if unwanted.starts_with('"') {
            let (phrase, end) = quoted(text, start + 1)?;
            return Ok((Term::Without(phrase), end));
        }
        // `-5 °C` and ` - ` are no wish to leave something out.
        if unwanted.starts_with(char::is_alphabetic) {
            let (word, end) = bare(text, start + 1);
            return Ok((Term::Without(word), end));
        }
    }
    for (filter, ..) in FILTERS {
        let value = rest.strip_prefix(filter).and_then(|rest| rest.strip_prefix(':'));
        if value.is_some() {
            return filtered(text, start, filter);
        }
    }
    let (word, end) = bare(text, start);
    Ok((Term::Word(word), end))
}

fn filtered(text: &str, start: usize, filter: &'static str) -> Result<(Term, usize), QueryError> {
    let from = start + filter.len() + 1;
    let is_quoted = text.get(from..).is_some_and(|rest| rest.starts_with('"'));
    let (value, end) = if is_quoted { quoted(text, from)? } else { bare(text, from) };
    let span = from..end;
    if value.trim().is_empty() {
        return Err(QueryError::Empty { filter, span: start..end });
    }
    let day = |day: Option<Day>| {
        day.ok_or_else(|| QueryError::Date { value: value.clone(), span: span.clone() })
    };
    let term = match filter {
        "file" => Term::File(value),
        "dir" => Term::Directory(value),
        "path" => Term::Path(value),
        "tag" => Term::Tag(value),
        "since" => Term::Since(day(Day::first_of(&value))?),
        "until" => Term::Until(day(Day::last_of(&value))?),
        _ => {
            if !is_type(&value) {
                return Err(QueryError::Type { value, span });
            }
            Term::Type(value)
        }
    };
    Ok((term, end))
}

/// Whether a value is a format's name or a file's ending.
pub fn is_type(value: &str) -> bool {
    format_of(value).is_some()
}

/// The format that a value names, or that files with this ending have.
pub(crate) fn format_of(value: &str) -> Option<Format> {
    let value = value.trim_start_matches('.').to_lowercase();
    Format::of(Path::new(&format!("a.{value}"))).or_else(|| {
        [Format::Pdf, Format::Markdown, Format::Text]
            .into_iter()
            .find(|format| format.name() == value)
    })
}

/// Reads from the quotation mark at `start`; returns what is quoted and where the closing mark ends.
fn quoted(text: &str, start: usize) -> Result<(String, usize), QueryError> {
    let inner = text.get(start + 1..).unwrap_or_default();
    let length = inner.find('"').ok_or(QueryError::OpenQuote { span: start..text.len() })?;
    let quoted = inner.get(..length).unwrap_or_default();
    Ok((quoted.to_owned(), start + length + 2))
}

/// Reads up to white space.
fn bare(text: &str, start: usize) -> (String, usize) {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (rest.get(..length).unwrap_or_default().to_owned(), start + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Term]) {
        assert_eq!(Query::parse(text).unwrap().terms, expected, "{text}");
    }

    #[track_caller]
    fn check_error(text: &str, span: &str, message: &str) {
        let error = Query::parse(text).unwrap_err();
        assert_eq!(
            (text.get(error.span()).unwrap(), error.to_string().as_str()),
            (span, message),
            "{text}"
        );
    }

    fn word(text: &str) -> Term {
        Term::Word(text.to_owned())
    }

    #[test]
    fn words_phrases_and_what_is_not_wanted() {
        check(
            "rent \"notice period\" -garage -\"car park\"",
            &[
                word("rent"),
                Term::Phrase("notice period".to_owned()),
                Term::Without("garage".to_owned()),
                Term::Without("car park".to_owned()),
            ],
        );
    }

    #[test]
    fn filters() {
        check(
            "file:lease dir:2024/ path:\"cases/oak field\" type:pdf tag:\"two words\" since:2024-02 until:2024-02",
            &[
                Term::File("lease".to_owned()),
                Term::Directory("2024/".to_owned()),
                Term::Path("cases/oak field".to_owned()),
                Term::Type("pdf".to_owned()),
                Term::Tag("two words".to_owned()),
                Term::Since(Day::new(2024, 2, 1).unwrap()),
                Term::Until(Day::new(2024, 2, 29).unwrap()),
            ],
        );
    }

    #[test]
    fn where_it_is_asked_stands_behind_what_is_asked() {
        let check = |text: &str, words: &str, ways: &[&str]| {
            let (parted_words, parted_ways) = parted(text);
            assert_eq!(
                (parted_words, parted_ways.as_slice()),
                (words, &*ways.iter().map(|way| (*way).to_owned()).collect::<Vec<_>>())
            );
        };
        check("Who signed?", "Who signed?", &[]);
        check("Who signed? path:\"a b/c.pdf\" path:notes", "Who signed?", &["a b/c.pdf", "notes"]);
        check("path:notes Who signed?", "path:notes Who signed?", &[]);
        check("Who signed? path:notes type:pdf", "Who signed? path:notes type:pdf", &[]);
        check("path:notes", "path:notes", &[]);
        check("", "", &[]);
    }

    #[test]
    fn what_is_written_as_a_filter_and_is_none_is_told() {
        for (text, name) in [
            ("rent author:smith", Some("author")),
            ("rent title:\"two words\"", Some("title")),
            ("file:lease rent", None),
            ("Note: the rent", None),
            ("rent: when?", None),
            ("at 10:30", None),
            ("see https://example.org", None),
            ("c:\\notes", None),
            ("doi:10.1000/182", None),
            ("\"author:smith\"", None),
        ] {
            assert_eq!(unknown_filter(text), name, "{text}");
        }
    }

    #[test]
    fn every_filter_can_be_written_with_its_example() {
        for (name, value, _) in FILTERS {
            let query = Query::parse(&format!("{name}:{value}")).unwrap();
            assert!(query.terms.iter().all(Term::is_filter), "{name}");
        }
    }

    #[test]
    fn signs_of_plain_questions_are_plain() {
        check(
            "below -5 - at 10:30 see:this",
            &["below", "-5", "-", "at", "10:30", "see:this"].map(word),
        );
    }

    #[test]
    fn errors_point_at_what_is_wrong() {
        check_error("rent \"notice", "\"notice", "a quotation mark is not closed; add a `\"`");
        check_error(
            "a file: b",
            "file:",
            "`file:` names nothing; write what to look for right behind the colon",
        );
        check_error(
            "since:2024-13",
            "2024-13",
            "`2024-13` is no date; write `2024`, `2024-06` or `2024-06-30`",
        );
        check_error(
            "type:\"mp3\"",
            "\"mp3\"",
            "`mp3` is no type of file that docent reads; write `pdf`, `md` or `txt`",
        );
    }

    #[test]
    fn what_is_wrong_does_not_keep_the_rest_from_being_read() {
        let text = "rent since:20 type:\"mp3\" file: -old \"open";
        let pieces: Vec<(&str, bool)> =
            pieces(text).map(|piece| (text.get(piece.span).unwrap(), piece.term.is_ok())).collect();
        assert_eq!(
            pieces,
            [
                ("rent", true),
                ("since:20", false),
                ("type:\"mp3\"", false),
                ("file:", false),
                ("-old", true),
                ("\"open", false)
            ]
        );
    }

    #[test]
    fn the_question_is_what_is_wanted_in_words() {
        let query = Query::parse("how \"long is\" file:lease the notice -garage").unwrap();
        assert_eq!(query.question(), "how long is the notice");
    }

    #[test]
    fn days_of_times() {
        for (nanoseconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000_000_000, "2000-02-29"),
            (1_735_689_599_999_999_999, "2024-12-31"),
        ] {
            assert_eq!(Day::of_nanoseconds(nanoseconds).to_string(), day);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused_within_it(text in "(file:|path:|type:|since:|-|\"|[a-z€ 2-]){0,12}.{0,8}") {
            match Query::parse(&text) {
                Ok(query) => {
                    let written = query.to_string();
                    prop_assert_eq!(Query::parse(&written).unwrap(), query, "{}", written);
                }
                Err(error) => prop_assert!(text.get(error.span()).is_some()),
            }
        }
    }
}
