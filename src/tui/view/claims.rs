//! Where in an answer do the marks of its claims stand?
//!
//! A claim is known by its words alone: they are looked for in the answer, one claim after the other, whatever white space
//! and citations stand between them. One that is not found has no mark.

use docent_engine::answer::{Claim, Mark};

/// What may stand behind the last word of a claim: its mark goes before that.
const CLOSING: &str = ".,;:!?。！？…*_|\"'“”‘’«»";

/// The byte of `answer` at which each claim's mark stands, in order: behind the citation that ends the claim, else behind
/// its last word.
pub(super) fn marks(answer: &str, claims: &[Claim]) -> Vec<(usize, Mark)> {
    if claims.iter().all(|claim| claim.mark.is_none()) {
        return Vec::new();
    }
    let Words { letters, citations } = Words::of(answer);
    let mut marks = Vec::new();
    let mut from = 0;
    for claim in claims {
        let Some(length) = find(letters.get(from..).unwrap_or_default(), &claim.text) else {
            continue;
        };
        let (first, end) = length;
        let found = letters.get(from + first..from + end).unwrap_or_default();
        from += end;
        let (Some(begins), Some(mark)) = (found.first(), claim.mark) else { continue };
        // What is cited before the next claim begins is cited by this one.
        let next = letters.get(from).map_or(usize::MAX, |letter| letter.at);
        let cited = citations
            .iter()
            .filter(|citation| (begins.at..next).contains(&citation.at))
            .rfind(|citation| claim.cites.contains(&citation.n));
        let last = found.iter().rfind(|letter| !CLOSING.contains(letter.letter));
        let word = last.map_or(begins.at, |letter| letter.at + letter.letter.len_utf8());
        let place = cited.map(|citation| citation.end).filter(|end| *end >= word);
        marks.push((place.unwrap_or(word), mark));
    }
    marks
}

/// What stands in an answer beside white space.
struct Words {
    letters: Vec<Letter>,
    citations: Vec<Cited>,
}

#[derive(Clone, Copy)]
struct Letter {
    at: usize,
    letter: char,
}

struct Cited {
    at: usize,
    end: usize,
    n: u32,
}

impl Words {
    fn of(answer: &str) -> Self {
        let (mut letters, mut citations) = (Vec::with_capacity(answer.len()), Vec::new());
        let mut rest = answer;
        while let Some(letter) = rest.chars().next() {
            let at = answer.len() - rest.len();
            if let Some((n, behind)) = citation(rest) {
                rest = behind;
                citations.push(Cited { at, end: answer.len() - rest.len(), n });
                continue;
            }
            if !letter.is_whitespace() {
                letters.push(Letter { at, letter });
            }
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
        Self { letters, citations }
    }
}

/// The number of the citation that a text begins with, and what stands behind it.
pub(super) fn citation(text: &str) -> Option<(u32, &str)> {
    let (number, behind) = text.strip_prefix('[')?.split_once(']')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((is_number.then(|| number.parse().ok())??, behind))
}

/// The first letter of a claim and the one behind its last.
fn find(letters: &[Letter], claim: &str) -> Option<(usize, usize)> {
    let claim: Vec<char> = claim.chars().filter(|letter| !letter.is_whitespace()).collect();
    let first = letters
        .windows(claim.len().max(1))
        .position(|window| window.iter().map(|letter| &letter.letter).eq(&claim))?;
    Some((first, first + claim.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str, cites: &[u32]) -> Claim {
        Claim {
            text: text.to_owned(),
            cites: cites.to_vec(),
            mark: Some(Mark::Quoted),
            reason: None,
        }
    }

    /// The answer with a sign where each mark stands.
    #[track_caller]
    fn check(answer: &str, claims: &[Claim], expected: &str) {
        let mut shown = answer.to_owned();
        for (at, _) in marks(answer, claims).into_iter().rev() {
            shown.insert(at, '^');
        }
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_mark_stands_behind_the_citation_that_ends_its_claim_else_behind_its_last_word() {
        check("It is six [1].", &[claim("It is six.", &[1])], "It is six [1]^.");
        check("It is six. [1][2] So.", &[claim("It is six.", &[1, 2])], "It is six. [1][2]^ So.");
        check("It is six.", &[claim("It is six.", &[])], "It is six^.");
        check(
            "By law [1] it is six.",
            &[claim("By law it is six.", &[1])],
            "By law [1] it is six^.",
        );
        check("- it is **six**\n- so", &[claim("it is **six**", &[])], "- it is **six^**\n- so");
        check("字は六 [1]。次", &[claim("字は六。", &[1])], "字は六 [1]^。次");
    }

    #[test]
    fn claims_are_found_one_after_the_other_and_those_without_a_mark_have_none() {
        let unmarked = Claim { mark: None, ..claim("So.", &[2]) };
        let claims = [claim("So.", &[1]), unmarked, claim("Gone.", &[1]), claim("So.", &[3])];
        check("So [1]. So [2]. So [3].", &claims, "So [1]^. So [2]. So [3]^.");
        check("So [1]. S", &claims, "So [1]^. S");
        check("", &claims, "");
        check("So", &[claim("", &[])], "So");
    }

    #[test]
    fn what_the_next_claim_cites_is_not_taken_for_this_ones() {
        let claims = [claim("One.", &[1]), claim("Two.", &[1])];
        check("One. Two [1].", &claims, "One^. Two [1]^.");
    }
}
