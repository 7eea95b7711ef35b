//! What does a question mean that goes on from earlier ones?
//!
//! "And for cats?" finds nothing by itself. Whether a question needs the ones before it is judged by its words alone:
//! pronouns that stand for nothing in it, words that tie it to what was said, or too few words of its own. Then it is
//! taken with phrases of the earlier questions, back to the last one that stands alone, which help to find what its own
//! words ask for and decide nothing; or a model puts it into words that stand alone, which are believed only as far as
//! the conversation has them.

use std::collections::BTreeSet;

use crate::answer::Turn;
use crate::text::{content_words, names, words_of};

/// Words that a question takes over at most: more would drown its own.
const MOST_CARRIED: usize = 12;
/// Letters of a question in a model's words at most.
const LONGEST: usize = 300;
/// Words of its own from which a question without any tie stands alone.
const ENOUGH_WORDS: usize = 2;

/// Words at the beginning that tie a question to what was said before.
const TIES: [&str; 14] = [
    "and",
    "but",
    "or",
    "so",
    "then",
    "also",
    "else",
    "otherwise",
    "und",
    "aber",
    "oder",
    "et",
    "mais",
    "y",
];
/// Two words at the beginning that do.
const OPENINGS: [[&str; 2]; 6] = [
    ["what", "about"],
    ["how", "about"],
    ["what", "else"],
    ["who", "else"],
    ["why", "not"],
    ["since", "when"],
];
/// They can stand for whoever was named last, in whatever place.
const POSSESSIVES: [&str; 5] = ["its", "their", "his", "her", "hers"];
/// Before the subject of another clause, which can be what the clause before has named.
const BETWEEN_CLAUSES: [&str; 14] = [
    "if", "when", "before", "after", "because", "that", "while", "until", "unless", "where", "and",
    "or", "although", "once",
];
/// Words that stand for what was named before. Not `er` and `es`, which are `is` in Danish and Spanish.
const PRONOUNS: [&str; 25] = [
    "it", "its", "itself", "they", "them", "their", "theirs", "he", "him", "his", "she", "her",
    "hers", "former", "latter", "same", "sie", "ihn", "ihm", "ihr", "dessen", "deren", "elle",
    "ils", "elles",
];
/// They point at the thing that is named behind them (`this agreement` is the document), or stand for one alone.
const DEMONSTRATIVES: [&str; 3] = ["this", "these", "those"];
/// Behind these, `that` stands for something; elsewhere it mostly joins two sentences.
const BEFORE_THAT: [&str; 18] = [
    "is", "was", "does", "did", "do", "of", "about", "for", "with", "from", "before", "after",
    "by", "to", "why", "like", "than", "can",
];
/// Named behind a demonstrative, these still stand for what was said.
const WHAT_WAS_SAID: [&str; 15] = [
    "case",
    "cases",
    "situation",
    "event",
    "point",
    "regard",
    "respect",
    "way",
    "reason",
    "context",
    "matter",
    "time",
    "kind",
    "sort",
    "effect",
];
/// What is read is a document: named behind a demonstrative, it is the one that is asked.
const DOCUMENTS: [&str; 22] = [
    "agreement",
    "article",
    "book",
    "chapter",
    "clause",
    "contract",
    "document",
    "file",
    "guideline",
    "lease",
    "letter",
    "log",
    "manual",
    "minutes",
    "note",
    "notes",
    "paper",
    "plan",
    "policy",
    "report",
    "study",
    "text",
];
/// Before a noun that a pronoun behind it can stand for.
const ARTICLES: [&str; 8] = ["the", "a", "an", "each", "every", "any", "this", "these"];
/// Forms of `be`, behind which a word in `-ed` is what is done, and not a thing.
const BEING: [&str; 8] = ["is", "are", "was", "were", "be", "been", "being", "get"];
/// What is done in many questions, whatever they are about.
const DOING: [&str; 24] = [
    "want", "wants", "need", "needs", "happen", "happens", "say", "says", "give", "gives", "get",
    "gets", "take", "takes", "make", "makes", "mean", "means", "apply", "applies", "govern",
    "governs", "mention", "mentions",
];
/// They carry meaning in a sentence and say nothing of what a question is about.
const EMPTY: [&str; 10] =
    ["since", "here", "else", "so", "just", "still", "yet", "again", "too", "now"];
/// Behind `how`, these ask for a measure.
const MEASURES: [&str; 6] = ["long", "far", "often", "old", "large", "high"];

/// Whether a question can be understood by itself.
pub fn stands_alone(question: &str) -> bool {
    is_whole(question, "")
}

/// The same of a question behind which `said` stands.
fn is_whole(question: &str, said: &str) -> bool {
    !is_tied(question) && !points_back(question, said) && own_words(question) >= ENOUGH_WORDS
}

/// Whether a question has no word that says what it is about: `Why?`, `And here?`.
pub fn says_nothing(question: &str) -> bool {
    own_words(question) == 0
}

fn own_words(question: &str) -> usize {
    let words = content_words(question).into_iter();
    words.filter(|word| !EMPTY.contains(&word.as_str())).collect::<BTreeSet<_>>().len()
}

/// Whether it begins as one that goes on.
fn is_tied(question: &str) -> bool {
    let words: Vec<String> = words_of(question).map(str::to_lowercase).take(2).collect();
    match words.as_slice() {
        [first, second] => {
            TIES.contains(&first.as_str()) || OPENINGS.contains(&[first.as_str(), second.as_str()])
        }
        [first] => TIES.contains(&first.as_str()),
        _ => false,
    }
}

/// Whether one of its words stands for something that is not named in it. `this oil` does where `said` names some.
fn points_back(question: &str, said: &str) -> bool {
    let said: BTreeSet<String> = content_words(said).into_iter().collect();
    let was_named = |thing: &str| {
        !DOCUMENTS.contains(&thing)
            && content_words(thing).into_iter().all(|meaning| said.contains(&meaning))
    };
    let words: Vec<&str> = words_of(question).collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    // Something that can be meant has been named: a name, or a word behind an article.
    let (mut has_name, mut has_thing) = (false, false);
    let mut before = "";
    for (index, (word, lower_word)) in words.iter().zip(&lower).enumerate() {
        let next = lower.get(index + 1).copied().unwrap_or_default();
        let points = match *lower_word {
            word if DEMONSTRATIVES.contains(&word) => !names_something(next) || was_named(next),
            "that" => BEFORE_THAT.contains(&before) && (!names_something(next) || was_named(next)),
            word if POSSESSIVES.contains(&word) => !has_name && !has_thing,
            word => PRONOUNS.contains(&word) && !(has_thing && BETWEEN_CLAUSES.contains(&before)),
        };
        if points {
            return true;
        }
        has_name |=
            index > 0 && word.starts_with(char::is_uppercase) && names_something(lower_word);
        has_thing |= ARTICLES.contains(&before) && names_something(lower_word);
        before = lower_word;
    }
    false
}

fn names_something(word: &str) -> bool {
    !content_words(word).is_empty() && !WHAT_WAS_SAID.contains(&word)
}

/// The phrases of earlier questions that a question is taken with, in the order in which they were asked; none where it
/// stands alone, or nothing was asked before.
pub fn carried(question: &str, turns: &[Turn]) -> Option<Vec<String>> {
    let last = turns.last()?;
    let said = format!("{} {}", last.question, last.answer);
    if is_whole(question, &said) {
        return None;
    }
    // What a pronoun stands for is a thing. Where there is none, the question leaves out what is asked, and a name in it
    // is asked about in place of the one before.
    let points_back = points_back(question, &said);
    let has_names = !names(question).is_empty();
    let mut seen: BTreeSet<String> = content_words(question).into_iter().collect();
    // The phrases of each earlier question, the latest question first.
    let mut taken: Vec<Vec<String>> = Vec::new();
    let mut left = MOST_CARRIED;
    for turn in turns.iter().rev() {
        let mut phrases = Vec::new();
        for phrase in phrases_of(&turn.question, points_back) {
            let is_new = |word: &&str| {
                content_words(word).into_iter().all(|meaning| !seen.contains(&meaning))
            };
            let is_name = |word: &str| {
                word.starts_with(|first: char| first.is_uppercase() || first.is_numeric())
            };
            let is_replaced = |word: &&str| has_names && !points_back && is_name(word);
            let words = phrase.iter().copied().filter(is_new);
            let words = words.filter(|word| !is_replaced(word)).take(left);
            let words: Vec<&str> = words.collect();
            left -= words.len();
            seen.extend(words.iter().flat_map(|word| content_words(word)));
            if !words.is_empty() {
                phrases.push(words.join(" "));
            }
        }
        taken.push(phrases);
        if stands_alone(&turn.question) {
            break;
        }
    }
    let phrases: Vec<String> = taken.into_iter().rev().flatten().collect();
    (!phrases.is_empty()).then_some(phrases)
}

/// The runs of words that carry meaning, and stand together; of `only_things` without what is done.
fn phrases_of(question: &str, only_things: bool) -> Vec<Vec<&str>> {
    let mut phrases: Vec<Vec<&str>> = Vec::new();
    let mut is_open = false;
    let mut before = String::new();
    for piece in question.split_whitespace() {
        let word = piece.trim_matches(|letter: char| !letter.is_alphanumeric());
        let lower = word.to_lowercase();
        let is_doing = only_things
            && !word.starts_with(char::is_uppercase)
            && (DOING.contains(&lower.as_str())
                || matches!(before.as_str(), "who" | "to")
                || (BEING.contains(&before.as_str()) && lower.ends_with("ed")));
        let is_measure = before == "how" && MEASURES.contains(&lower.as_str());
        let is_wanted = !content_words(word).is_empty() && !is_doing && !is_measure;
        if is_wanted {
            match phrases.last_mut().filter(|_| is_open) {
                Some(phrase) => phrase.push(word),
                None => phrases.push(vec![word]),
            }
        }
        is_open = is_wanted && piece.ends_with(char::is_alphanumeric);
        before = lower;
    }
    phrases
}

/// What a model is asked, at the end of the conversation, to put a question into words that stand alone.
pub(crate) fn request(question: &str) -> String {
    format!(
        "Do not answer the next question yet. Write it so that it is understood without this conversation: in place of \
         words such as `it`, `they` or `that`, write what they stand for. Write the question alone.\n\n\
         Next question: {}",
        question.trim()
    )
}

/// A question in a model's words, where they can be believed: they hold what was asked, and nothing that nobody said.
pub(crate) fn believed(written: &str, question: &str, turns: &[Turn]) -> Option<String> {
    let line = written.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line =
        line.strip_prefix("Next question:").or(line.strip_prefix("Question:")).unwrap_or(line);
    let line = line.trim().trim_matches(['"', '“', '”', '`', '*']).trim();
    let written: BTreeSet<String> = content_words(line).into_iter().collect();
    let asked: BTreeSet<String> = content_words(question).into_iter().collect();
    let said: BTreeSet<String> = turns
        .iter()
        .flat_map(|turn| [turn.question.as_str(), &turn.answer])
        .flat_map(content_words)
        .chain(asked.iter().cloned())
        .collect();
    let foreign = written.difference(&said).count();
    let kept = asked.intersection(&written).count();
    let is_believed = line.chars().count() <= LONGEST
        && written.len() > asked.len()
        && kept * 2 >= asked.len()
        && foreign * 5 <= written.len()
        && names(line).iter().all(|name| said.contains(name));
    is_believed.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(questions: &[&str]) -> Vec<Turn> {
        let turn = |question: &&str| Turn {
            question: (*question).to_owned(),
            answer: "The Landlord of Harbour Mill keeps the roof in repair.".to_owned(),
        };
        questions.iter().map(turn).collect()
    }

    #[test]
    fn a_question_stands_alone_or_not_by_its_words() {
        for alone in [
            "What is the notice period of the lease?",
            "Which valve opens at 3 bar?",
            "Who said that the roof leaks?",
            "Is there a deposit for keys?",
            "Wann ist die Miete fällig?",
            "How much is the monthly rent?",
            "What is the term of this agreement?",
            "What is the applicable law of this agreement?",
            "Who signed these minutes?",
            "What is the purpose of that contract?",
            "Does the tenant pay for its insurance?",
            "Can Oakfield sell the house before it is repaired?",
            "Is there a list of the drugs with their doses?",
            "Is this oil also for the pumps?",
        ] {
            assert!(stands_alone(alone), "{alone}");
        }
        for tied in [
            "And for cats?",
            "Why?",
            "How long?",
            "What about the garden?",
            "Who has to repair it?",
            "When do they have to leave the flat?",
            "Is this also true of the cellar floor?",
            "What happens in this case with the deposit?",
            "What happens after that, and who pays the costs?",
            "Und wer bezahlt die Reparatur des Daches?",
            "Who pays its costs and fees?",
            "What does Irma Vole think of them?",
            "What does the landlord say about it?",
            "Who else?",
            "",
        ] {
            assert!(!stands_alone(tied), "{tied}");
        }
    }

    #[test]
    fn a_follow_up_is_taken_with_what_it_leaves_out() {
        let check = |question: &str, before: &[&str], expected: &[&str]| {
            let carried = carried(question, &turns(before)).unwrap_or_default();
            assert_eq!(carried, expected, "{question}");
        };
        let rent = "What is the monthly rent of the flat?";
        check("And of the cellar?", &[rent], &["monthly rent", "flat"]);
        check("Who pays the rent?", &[rent], &[]);
        check("Who pays it?", &["Who repairs the roof?", rent], &["monthly rent", "flat"]);
        check("Who pays it?", &["Who repairs the roof?"], &["roof"]);
        check("And the gutter?", &["Who repairs the roof?"], &["repairs", "roof"]);
        let all = ["Who repairs the roof?", rent, "And of the cellar?"];
        check("Since when?", &all, &["monthly rent", "flat", "cellar"]);
        check("Why?", &["Why?"], &[]);
        check("Why?", &[], &[]);
        check("Is it the flat's rent, monthly?", &[rent], &[]);
        let oil = "Where is the key to the oil store?";
        check("Is this oil also for the pumps?", &[oil], &["key", "store"]);
        check("Who signed this agreement?", &["When does the agreement end?"], &[]);
        check("And P-402?", &["When did P-401 start, and how often?"], &["start"]);
        // What is asked of a thing stays behind, where the thing is asked about.
        let delaware = "Which contracts are governed by the law of the State of Delaware?";
        let things = ["contracts", "law", "State", "Delaware"];
        check("Who may terminate them?", &[delaware], &things);
        check("and which by the law of Texas?", &[delaware], &["contracts", "governed"]);
        let early = "How long is the notice if the tenant of Harbour Mill wants to leave early?";
        check("Who may give it?", &[early], &["notice", "tenant", "Harbour Mill", "early"]);
        let long =
            "one1 two2 three3 four4 five5 six6 seven7 eight8 nine9 ten10 eleven11 twelve12 more13";
        let question = carried("Why?", &turns(&[long])).unwrap().join(" ");
        assert!(question.ends_with("twelve12"), "{question}");
    }

    #[test]
    fn a_model_is_believed_as_far_as_the_conversation_goes() {
        let before = turns(&["Who repairs the roof?"]);
        let check = |written: &str, question: &str, expected: Option<&str>| {
            assert_eq!(believed(written, question, &before).as_deref(), expected, "{written}");
        };
        let full = "Who pays the Landlord for the repair of the roof?";
        check(full, "And who pays?", Some(full));
        check(&format!("\n Question: \"{full}\"\nBecause"), "And who pays?", Some(full));
        check("The Landlord keeps it.", "And who pays?", None);
        check("Who pays?", "And who pays?", None);
        check("Who pays for the roof of Oakfield House?", "And who pays?", None);
        check("Who pays in 2019 for the roof?", "And who pays?", None);
        check("Who pays gladly every unknown strange roof?", "And who pays?", None);
        check("", "And who pays?", None);
        check(&format!("Who pays {}?", "roof ".repeat(80)), "And who pays?", None);
    }
}
