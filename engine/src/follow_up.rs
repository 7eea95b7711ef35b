//! What does a question mean that goes on from earlier ones?
//!
//! "And for cats?" finds nothing by itself. Whether a question needs the ones before it is judged by its words alone:
//! pronouns, words that tie it to what was said, or too few words of its own. Then it takes over the words of the earlier
//! questions, back to the last one that stands alone; or a model puts it into words that stand alone, which are believed
//! only as far as the conversation has them.

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
/// Words that stand for what was named before. Not `er` and `es`, which are `is` in Danish and Spanish.
const PRONOUNS: [&str; 28] = [
    "it", "its", "itself", "they", "them", "their", "theirs", "he", "him", "his", "she", "her",
    "hers", "this", "these", "those", "former", "latter", "same", "sie", "ihn", "ihm", "ihr",
    "dessen", "deren", "elle", "ils", "elles",
];
/// Behind these, `that` stands for something; elsewhere it mostly joins two sentences.
const BEFORE_THAT: [&str; 18] = [
    "is", "was", "does", "did", "do", "of", "about", "for", "with", "from", "before", "after",
    "by", "to", "why", "like", "than", "can",
];

/// Whether a question can be understood by itself.
pub fn stands_alone(question: &str) -> bool {
    let words: Vec<String> = words_of(question).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let tied = match words.as_slice() {
        [first, second, ..] => TIES.contains(first) || OPENINGS.contains(&[first, second]),
        [first] => TIES.contains(first),
        [] => false,
    };
    let stands_for = words.iter().any(|word| PRONOUNS.contains(word));
    let that = words
        .windows(2)
        .any(|pair| matches!(pair, [before, "that"] if BEFORE_THAT.contains(before)));
    let own: BTreeSet<String> = content_words(question).into_iter().collect();
    !tied && !stands_for && !that && own.len() >= ENOUGH_WORDS
}

/// The question with the words that it leaves out; none where it stands alone, or nothing was asked before.
pub fn carried(question: &str, turns: &[Turn]) -> Option<String> {
    if turns.is_empty() || stands_alone(question) {
        return None;
    }
    let mut seen: BTreeSet<String> = content_words(question).into_iter().collect();
    // The words of each earlier question, the latest question first.
    let mut taken: Vec<Vec<&str>> = Vec::new();
    for turn in turns.iter().rev() {
        let new = words_of(&turn.question).filter(|word| {
            let meaning = content_words(word);
            !meaning.is_empty() && meaning.into_iter().all(|word| seen.insert(word))
        });
        taken.push(new.collect());
        if stands_alone(&turn.question) {
            break;
        }
    }
    let mut left = MOST_CARRIED;
    for words in &mut taken {
        words.truncate(left);
        left -= words.len();
    }
    let words: Vec<&str> = taken.into_iter().rev().flatten().collect();
    (!words.is_empty()).then(|| format!("{} {}", question.trim(), words.join(" ")))
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
            "What happens after that, and who pays the costs?",
            "Und wer bezahlt die Reparatur des Daches?",
            "Who else?",
            "",
        ] {
            assert!(!stands_alone(tied), "{tied}");
        }
    }

    #[test]
    fn a_follow_up_takes_over_what_it_leaves_out() {
        let check = |question: &str, before: &[&str], expected: Option<&str>| {
            assert_eq!(carried(question, &turns(before)).as_deref(), expected, "{question}");
        };
        let rent = "What is the monthly rent of the flat?";
        check("And of the cellar?", &[rent], Some("And of the cellar? monthly rent flat"));
        check("Who pays the rent?", &[rent], None);
        check(
            "Who pays it?",
            &["Who repairs the roof?", rent],
            Some("Who pays it? monthly rent flat"),
        );
        check(
            "Since when?",
            &["Who repairs the roof?", rent, "And of the cellar?"],
            Some("Since when? monthly rent flat cellar"),
        );
        check("Why?", &["Why?"], None);
        check("Why?", &[], None);
        check("Is it the flat's rent, monthly?", &[rent], None);
        let long =
            "one1 two2 three3 four4 five5 six6 seven7 eight8 nine9 ten10 eleven11 twelve12 more13";
        let question = carried("Why?", &turns(&[long])).unwrap();
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
