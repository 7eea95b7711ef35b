//! Where does a text cite, and what?
//!
//! Reads citations strictly: `[3]`, `[3][4]`, and the forms that models make of it (`[3, 4]`, `[3-5]`, `[^3]`). Whatever
//! else stands in brackets is text.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    /// The numbers that one pair of brackets cites, in order.
    Citation(Vec<u32>),
    /// At the end of the text: an opened bracket that may become a citation yet.
    Unfinished(&'a str),
}

/// The most numbers that a range such as `[3-5]` may stand for.
const LONGEST_RANGE: u32 = 20;

/// The parts of `text`, in order.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // Where to look for the next bracket: brackets that don't cite are text.
    let mut from = 0;
    while let Some(open) = rest.get(from..).and_then(|later| later.find('[')).map(|at| from + at) {
        let (before, bracket) = rest.split_at_checked(open).unwrap_or((rest, ""));
        let inner = bracket.get(1..).unwrap_or_default();
        let length = inner.find(|letter: char| !is_in_citation(letter)).unwrap_or(inner.len());
        let (numbers, after) = inner.split_at_checked(length).unwrap_or((inner, ""));
        if after.is_empty() {
            push_text(&mut pieces, before);
            pieces.push(Piece::Unfinished(bracket));
            return pieces;
        }
        match (after.strip_prefix(']'), parse(numbers)) {
            (Some(after), Some(numbers)) => {
                push_text(&mut pieces, before);
                pieces.push(Piece::Citation(numbers));
                rest = after;
                from = 0;
            }
            _ => from = open + 1,
        }
    }
    push_text(&mut pieces, rest);
    pieces
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// `text` without its citations and the spaces before them.
pub(crate) fn without_citations(text: &str) -> String {
    let mut bare = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => bare.push_str(text),
            Piece::Citation(_) | Piece::Unfinished(_) => {
                bare.truncate(bare.trim_end_matches(' ').len());
            }
        }
    }
    bare
}

fn is_in_citation(letter: char) -> bool {
    letter.is_ascii_digit()
        || matches!(letter, ' ' | ',' | ';' | '-' | '–' | '^' | '#' | '\n' | '\t')
}

/// The numbers of `3`, `3, 4`, `3-5`; none if it is anything else.
fn parse(inner: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in inner.split([',', ';']) {
        let number =
            |text: &str| -> Option<u32> { text.trim().trim_start_matches(['^', '#']).parse().ok() };
        match part.split_once(['-', '–']) {
            None => numbers.push(number(part)?),
            Some((first, last)) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last && last - first < LONGEST_RANGE)
                    .then(|| numbers.extend(first..=last))?;
            }
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Piece<'_>]) {
        assert_eq!(pieces(text), expected);
    }

    #[test]
    fn citations_are_read_in_all_their_forms() {
        let cite = |numbers: &[u32]| Piece::Citation(numbers.to_vec());
        check("A [1].", &[Piece::Text("A "), cite(&[1]), Piece::Text(".")]);
        check("[1][2]", &[cite(&[1]), cite(&[2])]);
        check("[1, 3; 5-7]", &[cite(&[1, 3, 5, 6, 7])]);
        check("[^4] [ 5 ]", &[cite(&[4]), Piece::Text(" "), cite(&[5])]);
    }

    #[test]
    fn other_brackets_are_text() {
        for text in
            ["[a]", "[1a]", "[]", "[1,]", "[5-3]", "[1-999]", "[99999999999]", "[see 3]", "a]b"]
        {
            check(text, &[Piece::Text(text)]);
        }
        check("[a [1]", &[Piece::Text("[a "), Piece::Citation(vec![1])]);
    }

    #[test]
    fn what_may_become_a_citation_is_kept_apart() {
        check("A [1", &[Piece::Text("A "), Piece::Unfinished("[1")]);
        check("[", &[Piece::Unfinished("[")]);
        check("[a", &[Piece::Text("[a")]);
    }

    #[test]
    fn a_text_can_be_told_without_its_citations() {
        assert_eq!(without_citations("It is 3 [1][2]. And 4 [3]"), "It is 3. And 4");
    }
}
