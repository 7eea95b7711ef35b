//! How do the citations of a model become those of an answer?
//!
//! Models are told to write `[3]`, and write `(3)`, `[source 3]`, `【3】`, `[[3]]` or `[^3]` all the same, before a sentence,
//! behind it, or twice. Here a text is put right while it streams: each citation that names evidence becomes `[n]` with the
//! evidence's own number, stands behind words of its claim, once; one that names nothing goes, with the space before it.
//! Nothing else is changed. Round brackets with nothing but a number are the document's own more often than a model's, so
//! they count only where the evidence has none like it, at the end of a clause, while the model cites in no better way.

use std::collections::BTreeSet;

use crate::text::is_abbreviation;

/// Letters between brackets that can be a citation at most.
const LONGEST: usize = 60;
/// The most numbers that a range such as `3-5` may stand for.
const LONGEST_RANGE: u32 = 20;
/// Words that name evidence before its number.
const SOURCES: [&str; 22] = [
    "source",
    "sources",
    "src",
    "document",
    "documents",
    "doc",
    "docs",
    "passage",
    "passages",
    "reference",
    "references",
    "ref",
    "refs",
    "evidence",
    "citation",
    "citations",
    "quelle",
    "quellen",
    "beleg",
    "fuente",
    "fuentes",
    "fonte",
];
/// Words that may stand beside them.
const FILLERS: [&str; 8] = ["see", "cf", "and", "und", "et", "siehe", "vgl", "from"];
/// Words with which a place in the evidence begins.
const PLACES: [&str; 7] = ["p", "pp", "page", "pages", "line", "lines", "seite"];
/// Words whose number in round brackets is not evidence.
const COUNTED: [&str; 22] = [
    "section",
    "sections",
    "clause",
    "article",
    "art",
    "paragraph",
    "para",
    "no",
    "nr",
    "number",
    "figure",
    "fig",
    "table",
    "step",
    "item",
    "schedule",
    "annex",
    "part",
    "rule",
    "page",
    "chapter",
    "abs",
];

/// Text on its way from a model to a reader.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
pub(super) struct Citing<'a> {
    /// The prompt's number and the evidence's number of all that may be cited.
    numbers: &'a [(u32, u32)],
    /// Numbers that stand in round brackets in what the model was told.
    round: BTreeSet<u32>,
    /// What came in and can't be told apart yet.
    held: String,
    /// White space that goes out before the next text.
    gap: String,
    /// What parts a citation from what follows it, until it is known what that is.
    parted: String,
    /// The words since the last sentence ended.
    sentence: String,
    /// Whether words have gone out since the last line began.
    has_words: bool,
    /// Whether anything has gone out.
    begun: bool,
    /// Citations that stood before a sentence: they go to its end.
    carried: Vec<u32>,
    /// What is cited where the text stands, without words between.
    cited: Vec<u32>,
    /// Whether a citation stands before the words of its line, and nothing yet behind it.
    led: bool,
    /// Whether a citation of nothing went where the text stands.
    lost: bool,
    /// Whether `[n]` was written.
    is_square: bool,
    /// Whether what went out last was a line's end, or nothing has gone out.
    at_line: bool,
}

/// What a bracket turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bracket {
    Text,
    /// More must come before it can be told.
    Maybe,
    Citation {
        length: usize,
        numbers: Vec<u32>,
        form: Form,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// In square brackets of any kind, or by a word for it.
    Named,
    /// Nothing but numbers in round brackets.
    Round,
}

impl<'a> Citing<'a> {
    /// `told` is what the model was given to read.
    pub(super) fn new<'b>(
        numbers: &'a [(u32, u32)],
        told: impl IntoIterator<Item = &'b str>,
    ) -> Self {
        Self {
            numbers,
            round: told.into_iter().flat_map(in_round_brackets).collect(),
            held: String::new(),
            gap: String::new(),
            parted: String::new(),
            sentence: String::new(),
            has_words: false,
            begun: false,
            carried: Vec::new(),
            cited: Vec::new(),
            led: false,
            lost: false,
            is_square: false,
            at_line: true,
        }
    }

    /// Takes the next piece and gives what can be shown.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        self.run(false)
    }

    /// What was held back; a bracket that is open with a number in it is none of it.
    pub(super) fn finish(&mut self) -> String {
        let mut shown = self.run(true);
        self.gap.clear();
        self.end_sentence(&mut shown);
        shown.push_str(std::mem::take(&mut self.parted).trim_end());
        shown
    }

    /// What is open is not closed by what comes.
    pub(super) fn cut(&mut self) {
        self.held.clear();
    }

    fn run(&mut self, is_end: bool) -> String {
        let mut shown = String::new();
        while let Some(first) = self.held.chars().next() {
            match bracket(&self.held) {
                Bracket::Maybe if !is_end => break,
                // It ends inside of brackets: without digits it is text.
                Bracket::Maybe if self.held.contains(|letter: char| letter.is_ascii_digit()) => {
                    self.held.clear();
                    break;
                }
                Bracket::Citation { length, numbers, form } => {
                    let rest = self.held.get(length..).unwrap_or_default();
                    let follows = rest.trim_start_matches(' ').chars().next();
                    if follows.is_none() && form == Form::Round && !is_end {
                        break;
                    }
                    if form == Form::Round && !self.takes_round(&numbers, follows) {
                        self.text(first, &mut shown);
                        self.held.drain(..first.len_utf8());
                        continue;
                    }
                    self.is_square |= form == Form::Named;
                    self.cite(&numbers, &mut shown);
                    self.held.drain(..length);
                }
                Bracket::Text | Bracket::Maybe => {
                    let next = self.held.chars().nth(1);
                    if first == '[' {
                        let inside = self.held.get(1..).unwrap_or_default();
                        let inside = inside.trim_start_matches([' ', '\t', '\n', '^', '#']);
                        match inside.chars().next() {
                            None if !is_end => break,
                            // What the inner ones leave behind is not to look like a citation.
                            Some('[' | '【' | '(' | '\\') => {
                                self.held.drain(..first.len_utf8());
                                continue;
                            }
                            // Nor what is no citation for another reason.
                            Some(next) if next.is_ascii_digit() => {
                                self.text('(', &mut shown);
                                self.held.drain(..first.len_utf8());
                                continue;
                            }
                            _ => {}
                        }
                    }
                    // Whether it ends a sentence, where something waits for that, is told by what follows.
                    if next.is_none() && !is_end && ends_sentence(first) && !self.carried.is_empty()
                    {
                        break;
                    }
                    self.take(first, next, &mut shown);
                    self.held.drain(..first.len_utf8());
                }
            }
        }
        shown
    }

    /// Whether numbers in round brackets are meant as a citation, where `follows` is the next letter behind them.
    fn takes_round(&self, numbers: &[u32], follows: Option<char>) -> bool {
        let known = |number: &u32| self.numbers.iter().any(|(prompted, _)| prompted == number);
        let words = self.sentence.trim_end();
        let last =
            words.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        !self.is_square
            && self.has_words
            && numbers.iter().all(|number| known(number) && !self.round.contains(number))
            && follows
                .is_none_or(|next| matches!(next, '.' | ',' | ';' | ':' | '!' | '?' | '\n' | '('))
            && !words.ends_with(|letter: char| letter.is_ascii_digit() || letter == '§')
            && !COUNTED.contains(&last.to_lowercase().as_str())
    }

    fn cite(&mut self, numbers: &[u32], shown: &mut String) {
        let named = numbers.iter().filter_map(|number| {
            self.numbers.iter().find(|(prompted, _)| prompted == number).map(|(_, n)| *n)
        });
        let named: Vec<u32> = named.collect();
        self.parted.clear();
        self.lost = named.is_empty() && self.cited.is_empty();
        let begins_line = self.gap.contains('\n') || !self.has_words;
        if begins_line {
            // It stands before its sentence; the one before ends here.
            if self.gap.contains('\n') {
                self.end_line(shown);
            }
            let new = named.into_iter().filter(|n| !self.carried.contains(n)).collect::<Vec<_>>();
            self.carried.extend(new);
            self.led = true;
            return;
        }
        self.carried.retain(|n| !named.contains(n));
        for n in named {
            if self.cited.contains(&n) {
                continue;
            }
            if self.cited.is_empty() {
                shown.push(' ');
            }
            shown.extend(["[", &n.to_string(), "]"]);
            self.at_line = false;
            self.cited.push(n);
            self.gap.clear();
        }
    }

    /// Takes a letter that is no part of a citation; `next` is the one behind it.
    fn take(&mut self, letter: char, next: Option<char>, shown: &mut String) {
        if std::mem::take(&mut self.lost) && !self.gap.contains('\n') {
            match letter {
                // One space is enough for what stood between two.
                ' ' if !self.gap.is_empty() || !self.has_words => {
                    self.lost = true;
                    return;
                }
                '.' | ',' | ';' | ':' | '!' | '?' | ')' => self.gap.clear(),
                _ => {}
            }
        }
        let parts = if self.has_words { " ,;" } else { " ,;:.-–" };
        let is_beside = self.led || !self.cited.is_empty();
        if is_beside && parts.contains(letter) && !self.gap.contains('\n') {
            self.parted.push(letter);
            return;
        }
        if letter.is_whitespace() {
            self.gap.push(letter);
            return;
        }
        if ends_sentence(letter)
            && next.is_none_or(|next| next.is_whitespace() || opens(next))
            && !(letter == '.' && is_abbreviation(self.sentence.trim_start()))
        {
            self.end_sentence(shown);
        }
        self.text(letter, shown);
    }

    fn text(&mut self, letter: char, shown: &mut String) {
        if self.gap.contains('\n') {
            self.end_line(shown);
        }
        let parted = std::mem::take(&mut self.parted);
        if self.has_words {
            // No space between a citation and the mark that ends its sentence.
            let is_close = ends_sentence(letter) && parted.trim().is_empty();
            shown.push_str(if is_close { "" } else { &parted });
        }
        if self.begun {
            shown.push_str(&self.gap);
        }
        self.sentence.push_str(&self.gap);
        self.gap.clear();
        self.cited.clear();
        (self.begun, self.at_line, self.led) = (true, false, false);
        self.has_words |= letter.is_alphabetic();
        shown.push(letter);
        self.sentence.push(letter);
        if ends_sentence(letter)
            && !is_abbreviation(self.sentence.trim_start().trim_end_matches('.'))
        {
            self.sentence.clear();
        }
    }

    /// Lets out what was carried to the end of its sentence.
    fn end_sentence(&mut self, shown: &mut String) {
        let carried = std::mem::take(&mut self.carried);
        let carried: Vec<u32> = carried.into_iter().filter(|n| !self.cited.contains(n)).collect();
        if carried.is_empty() {
            return;
        }
        if self.cited.is_empty() && !self.at_line {
            shown.push(' ');
        }
        (self.begun, self.at_line) = (true, false);
        for n in carried {
            shown.extend(["[", &n.to_string(), "]"]);
            self.cited.push(n);
        }
    }

    fn end_line(&mut self, shown: &mut String) {
        self.end_sentence(shown);
        self.parted.clear();
        if self.begun {
            shown.push_str(&self.gap);
            self.at_line = true;
        }
        self.gap.clear();
        self.cited.clear();
        self.sentence.clear();
        self.has_words = false;
    }
}

fn ends_sentence(letter: char) -> bool {
    matches!(letter, '.' | '!' | '?' | '。' | '！' | '？')
}

fn opens(letter: char) -> bool {
    matches!(letter, '[' | '【' | '(')
}

/// What stands at the beginning of `text`.
fn bracket(text: &str) -> Bracket {
    const PAIRS: [(&str, &str); 5] =
        [("[[", "]]"), ("\\[", "\\]"), ("[", "]"), ("【", "】"), ("(", ")")];
    if text == "\\" {
        return Bracket::Maybe;
    }
    let Some((open, close, rest)) =
        PAIRS.iter().find_map(|(open, close)| Some((open, close, text.strip_prefix(open)?)))
    else {
        return Bracket::Text;
    };
    let Some((inner, _)) = rest.split_once(close) else {
        let plausible = rest.chars().count() <= LONGEST && may_become(rest);
        return if plausible { Bracket::Maybe } else { Bracket::Text };
    };
    let Some((numbers, is_named)) = numbers(inner) else { return Bracket::Text };
    let form = if *open == "(" && !is_named { Form::Round } else { Form::Named };
    let length = open.len() + inner.len() + close.len();
    Bracket::Citation { length, numbers, form }
}

/// Whether this can stand behind `†`, as in `3†source` or `3†L7-L9`.
fn is_place(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// Whether what stands in open brackets can become a citation.
fn may_become(inner: &str) -> bool {
    if let Some((before, place)) = inner.split_once('†') {
        return is_place(place) && may_become(before);
    }
    let letters = |letter: char| letter.is_alphabetic();
    let plain = |letter: char| letter.is_ascii_digit() || " \t,;:&-–^#.[]\\\n".contains(letter);
    let known = SOURCES.iter().chain(&FILLERS);
    let mut words = inner.split(|letter: char| !letters(letter)).filter(|word| !word.is_empty());
    inner.chars().all(|letter| letters(letter) || plain(letter))
        && words.all(|word| {
            let word = word.to_lowercase();
            known.clone().any(|known| known.starts_with(word.as_str()))
        })
}

/// The numbers that stand in brackets, and whether they are named as evidence: by a word, or by brackets of their own.
fn numbers(inner: &str) -> Option<(Vec<u32>, bool)> {
    if inner.chars().count() > LONGEST {
        return None;
    }
    let (inner, mut is_named) = match inner.split_once('†') {
        Some((before, place)) if is_place(place) => (before, true),
        Some(_) => return None,
        None => (inner, false),
    };
    let is_nested = inner.contains('[');
    is_named |= is_nested;
    let mut numbers = Vec::new();
    for part in
        inner.split([',', ';', '&', ' ', '\t', '\n', '[', ']']).filter(|part| !part.is_empty())
    {
        let part = part.trim_end_matches([':', '.', '\\']).trim_start_matches(['^', '#', ':']);
        let word = part.to_lowercase();
        let number = |text: &str| text.trim_start_matches(['^', '#']).parse::<u32>().ok();
        if part.is_empty() || FILLERS.contains(&word.as_str()) {
            continue;
        }
        if SOURCES.contains(&word.as_str()) {
            is_named = true;
        } else if let Some(number) = number(part) {
            numbers.push(number);
        } else if let Some((first, last)) = part.split_once(['-', '–']) {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last && last - first < LONGEST_RANGE)
                .then(|| numbers.extend(first..=last))?;
        } else if is_named && !is_nested && !numbers.is_empty() && PLACES.contains(&word.as_str()) {
            // `source 3, p. 7`: the place comes from the evidence.
            break;
        } else {
            return None;
        }
    }
    (!numbers.is_empty()).then_some((numbers, is_named))
}

/// The numbers that stand alone in round brackets.
fn in_round_brackets(text: &str) -> Vec<u32> {
    let inside = text.split('(').skip(1).filter_map(|rest| rest.split_once(')'));
    inside.filter_map(|(inner, _)| numbers(inner)).flat_map(|(numbers, _)| numbers).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The evidence has the numbers 1 to 3, which are 11 to 13 in the prompt.
    const NUMBERS: [(u32, u32); 3] = [(11, 1), (12, 2), (13, 3)];

    fn shown(text: &str, told: &str) -> String {
        let mut citing = Citing::new(&NUMBERS, [told]);
        citing.push(text) + &citing.finish()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(text, "The tenant pays."), expected, "{text}");
    }

    #[test]
    fn citations_in_any_form_become_one() {
        for form in [
            "[11]",
            "[ 11 ]",
            "[^11]",
            "[#11]",
            "[[11]]",
            "\\[11\\]",
            "([11])",
            "【11】",
            "【11†source】",
            "[source 11]",
            "[Source: 11]",
            "[Doc. 11]",
            "(source 11)",
            "(see source 11)",
            "[Quelle 11]",
            "[source 11, p. 7]",
            "[passage #11]",
            "(11)",
            "[11, 11]",
            "[11][11]",
            "[11] [11]",
        ] {
            check(&format!("It is so {form}."), "It is so [1].");
            check(&format!("It is so{form}."), "It is so [1].");
            check(&format!("It is so {form}"), "It is so [1]");
            check(&format!("It is so. {form}\n"), "It is so. [1]");
        }
        for form in [
            "[11, 12]",
            "[11; 12]",
            "[11-12]",
            "[11–12]",
            "[11 and 12]",
            "[11][12]",
            "[11] [12]",
            "[11], [12]",
            "([11], [12])",
            "[sources 11 and 12]",
            "[source 11, source 12]",
            "(11, 12)",
            "(11)(12)",
            "【11】【12】",
            "[11][99][12]",
        ] {
            check(&format!("It is so {form}."), "It is so [1][2].");
        }
    }

    #[test]
    fn what_names_nothing_goes_and_leaves_no_trace() {
        check("It is so [14].", "It is so.");
        check("It is so [14] and so.", "It is so and so.");
        check("It is so [source 14], or so.", "It is so, or so.");
        check("It is so. [14] Yes.", "It is so. Yes.");
        check("[14] It is so.", "It is so.");
        check("It is so [14", "It is so");
        check("It is so [11", "It is so");
        check("It is so [14][12].", "It is so [2].");
        check("[14]", "");
        check("It is [11 euros] or [11【1】].", "It is (11 euros] or (11].");
    }

    #[test]
    fn a_citation_before_its_sentence_goes_behind_it() {
        check("[11] The rent is 950. It is due.", "The rent is 950 [1]. It is due.");
        check(
            "[11]: The rent is 950.\n[12] Cats are free.",
            "The rent is 950 [1].\nCats are free [2].",
        );
        check("- [11] The rent\n- [12] Cats", "- The rent [1]\n- Cats [2]");
        check("1. [11] The rent is 3.5 euros.", "1. The rent is 3.5 euros [1].");
        check("[11][12] Dr. Bell pays [11].", "Dr. Bell pays [1][2].");
        check("[11] The rent [11].", "The rent [1].");
        check("Yes.\n[11]\nAnd so on.", "Yes.\n[1]\nAnd so on.");
        check("[11]", "[1]");
        check("[11] - The rent is 950", "The rent is 950 [1]");
    }

    #[test]
    fn one_that_stands_in_its_sentence_stays_there() {
        for text in [
            "The rent [1] is 950 [2].",
            "It is due. [1] And so on.",
            "It is [1], or was [2], so.",
            "| Rent | 950 [1] |",
        ] {
            let told = text.replace("[1]", "[11]").replace("[2]", "[12]");
            check(&told, text);
        }
    }

    #[test]
    fn other_brackets_stay_as_they_are() {
        for text in [
            "It is [sic] so (a) and (b).",
            "Section 4 (11), clause (12). So",
            "It costs (11 euros).",
            "(11) It is so.",
            "In (11) it is.",
            "The years (2011).",
            "[see page 3]",
            "f(11) and § (12).",
            "【[source] The rent】 is so.",
            "An array[x]. A (very) long remark (as they go).",
            "[",
            "(",
            "a \\ b",
            "[]",
        ] {
            check(text, text);
        }
        // The model says what the document says.
        assert_eq!(
            shown("A consent is needed (11).", "A consent (11)."),
            "A consent is needed (11)."
        );
        // Who can write it right means something else by this.
        check("It is so [12]. Or so (11).", "It is so [2]. Or so (11).");
    }

    fn pieces() -> impl Strategy<Value = String> {
        let parts = prop::sample::select(vec![
            "[",
            "]",
            "(",
            ")",
            "1",
            "2",
            "11",
            "12",
            "14",
            " ",
            " ",
            ".",
            ",",
            "\n",
            "a",
            "The rent",
            "source ",
            "[11]",
            "(12)",
            "【",
            "】",
            "- ",
            "\\",
            "é",
            "-",
            "†",
            "[source 12]",
            "Dr.",
        ]);
        prop::collection::vec(parts, 0..14).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn however_a_text_is_cut_it_comes_out_the_same(text in pieces(), cuts in prop::collection::vec(0_usize..40, 0..4)) {
            let whole = shown(&text, "");
            let mut citing = Citing::new(&NUMBERS, [""]);
            let mut parts = String::new();
            let mut letters: Vec<char> = text.chars().collect();
            for cut in cuts {
                let rest = letters.split_off(cut.min(letters.len()));
                parts += &citing.push(&letters.iter().collect::<String>());
                letters = rest;
            }
            parts += &citing.push(&letters.iter().collect::<String>());
            parts += &citing.finish();
            prop_assert_eq!(parts, whole);
        }

        #[test]
        fn without_brackets_nothing_changes(text in "[a-z .,:;\n0-9é-]{0,30}") {
            prop_assert_eq!(shown(&text, ""), text.trim());
        }

        #[test]
        fn nothing_is_cited_that_was_not_given_and_no_word_is_lost(text in pieces()) {
            let shown = shown(&text, "");
            for inner in shown.split('[').skip(1).filter_map(|rest| rest.split_once(']')) {
                if let Ok(number) = inner.0.trim().parse::<u32>() {
                    prop_assert!((1..=3).contains(&number), "{} from {}", shown, text);
                }
            }
            // What stands behind the sign of a place belongs to its citation.
            let words = |text: &str| text.matches("rent").count();
            prop_assert!(words(&shown) == words(&text) || text.contains('†'), "{} from {}", shown, text);
        }
    }
}
