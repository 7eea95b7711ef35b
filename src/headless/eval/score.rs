//! How well were questions with known answers answered? Pure: questions and results in, measures out.
//!
//! The measures and the rules of what counts as found are those of the questions' format (see README): a passage counts
//! when it comes from the right file and, where the question names a page or a text, meets it too.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// A question with its known answer: one line of a questions file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct KnownQuestion {
    pub(super) id: String,
    pub(super) question: String,
    /// Any of these strings is a right answer; may be empty where only the place is known.
    #[serde(default)]
    pub(super) answers: Vec<String>,
    #[serde(default)]
    pub(super) relevant: Vec<Gold>,
    /// Whether the documents hold an answer.
    pub(super) answerable: bool,
    /// What a passage must meet; told by the first of `relevant` where it is not said.
    pub(super) level: Option<Level>,
}

/// A place that holds the answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Gold {
    /// A path, or its end.
    pub(super) file: String,
    pub(super) page: Option<u32>,
    pub(super) text: Option<String>,
    /// How much it is worth; 1 where it is not said.
    pub(super) grade: Option<f64>,
}

/// What a passage must meet beside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    File,
    Page,
    Text,
}

/// What docent made of a question: one line of a results file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ResultLine {
    pub(super) id: String,
    pub(super) hits: Vec<Place>,
    pub(super) answer: String,
    pub(super) abstained: bool,
    pub(super) citations: Vec<Place>,
}

/// A passage, or what is quoted of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) page: Option<u32>,
    pub(super) text: String,
}

/// A mean over the questions that it applies to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// None where it applies to no question.
    pub(super) fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// All measures. Each is from 0 to 1, the higher the better.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) questions: u32,
    /// Share of the gold places among the first five hits.
    pub(super) recall_at_5: Mean,
    pub(super) recall_at_10: Mean,
    /// One over the rank of the first hit on gold, 0 beyond rank 10.
    pub(super) mrr_at_10: Mean,
    pub(super) ndcg_at_10: Mean,
    /// Word F1 of the answer against the best known one; 0 where docent did not answer.
    pub(super) answer_f1: Mean,
    /// Share of the answers that hold a known answer word for word.
    pub(super) holds_answer: Mean,
    /// Share of the citations that support the answer.
    pub(super) citation_precision: Mean,
    /// Share of the refusals that were right.
    pub(super) refusal_precision: Mean,
    /// Share of the questions without an answer that were refused.
    pub(super) refusal_recall: Mean,
}

impl Measures {
    /// Adds one question with its result.
    pub(super) fn add(&mut self, question: &KnownQuestion, result: &ResultLine) {
        self.questions += 1;
        let wrongly = question.answerable;
        if result.abstained {
            self.refusal_precision.add(f64::from(u8::from(!wrongly)));
        }
        if !question.answerable {
            self.refusal_recall.add(f64::from(u8::from(result.abstained)));
            return;
        }
        if !question.relevant.is_empty() {
            self.add_retrieval(question, &result.hits);
        }
        if !question.answers.is_empty() {
            let best = question
                .answers
                .iter()
                .map(|known| word_f1(&result.answer, known))
                .fold(0.0, f64::max);
            self.answer_f1.add(if result.abstained { 0.0 } else { best });
            let holds = !result.abstained && holds_any(&result.answer, &question.answers);
            self.holds_answer.add(f64::from(u8::from(holds)));
        }
        if !result.abstained {
            for citation in &result.citations {
                self.citation_precision.add(f64::from(u8::from(supports(question, citation))));
            }
        }
    }

    fn add_retrieval(&mut self, question: &KnownQuestion, hits: &[Place]) {
        let level = question.level();
        let mut seen = HashSet::new();
        let ranked = hits.iter().filter(|hit| match level {
            Level::File => seen.insert((file_name(&hit.file), None)),
            Level::Page => seen.insert((file_name(&hit.file), hit.page)),
            Level::Text => true,
        });
        let gold = question.distinct_gold(level);
        let grade = |gold: &Gold| gold.grade.unwrap_or(1.0);
        let mut found = vec![false; gold.len()];
        let (mut gain, mut first, mut found_at_5) = (0.0, None, 0);
        for (rank, hit) in ranked.take(10).enumerate() {
            let mut best = 0.0_f64;
            for (gold, found) in gold.iter().zip(&mut found) {
                if !*found && meets(hit, gold, level) {
                    *found = true;
                    best = best.max(grade(gold));
                    first = first.or(Some(rank));
                }
            }
            gain += best / discount(rank);
            if rank < 5 {
                found_at_5 = found.iter().filter(|found| **found).count();
            }
        }
        let mut grades: Vec<f64> = gold.iter().map(|gold| grade(gold)).collect();
        grades.sort_by(|a, b| b.total_cmp(a));
        let ideal: f64 =
            grades.iter().take(10).enumerate().map(|(rank, grade)| grade / discount(rank)).sum();
        let share = |count: usize| to_f64(count) / to_f64(gold.len());
        self.recall_at_5.add(share(found_at_5));
        self.recall_at_10.add(share(found.iter().filter(|found| **found).count()));
        self.mrr_at_10.add(first.map_or(0.0, |rank| 1.0 / (to_f64(rank) + 1.0)));
        self.ndcg_at_10.add(gain / ideal);
    }
}

impl KnownQuestion {
    fn level(&self) -> Level {
        let told = || match self.relevant.first() {
            Some(Gold { text: Some(_), .. }) => Level::Text,
            Some(Gold { page: Some(_), .. }) => Level::Page,
            _ => Level::File,
        };
        self.level.unwrap_or_else(told)
    }

    /// At file level a file counts once, however many places in it are named.
    fn distinct_gold(&self, level: Level) -> Vec<&Gold> {
        let mut files = HashSet::new();
        self.relevant
            .iter()
            .filter(|gold| level != Level::File || files.insert(file_name(&gold.file)))
            .collect()
    }
}

/// What the hit at `rank`, counted from 0, is divided by in nDCG.
fn discount(rank: usize) -> f64 {
    (to_f64(rank) + 2.0).log2()
}

#[expect(clippy::cast_precision_loss, reason = "counts of hits and words are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

fn supports(question: &KnownQuestion, citation: &Place) -> bool {
    let right_file = question.relevant.iter().any(|gold| same_file(&citation.file, &gold.file));
    (right_file && holds_any(&citation.text, &question.answers))
        || question.relevant.iter().any(|gold| meets(citation, gold, question.level()))
}

fn meets(hit: &Place, gold: &Gold, level: Level) -> bool {
    same_file(&hit.file, &gold.file)
        && match level {
            Level::File => true,
            Level::Page => hit.page.is_some() && hit.page == gold.page,
            Level::Text => gold.text.as_ref().is_none_or(|text| holds_gold(&hit.text, text)),
        }
}

/// A short gold text must stand in the hit word for word; of a longer one, half of the shorter side's runs of five
/// words must.
fn holds_gold(hit: &str, gold: &str) -> bool {
    let (hit, gold) = (words(hit), words(gold));
    if gold.is_empty() || hit.is_empty() {
        return false;
    }
    if gold.len() <= 8 {
        return contains_run(&hit, &gold);
    }
    if hit.len() < 5 {
        return contains_run(&gold, &hit);
    }
    let runs = |words: &[String]| words.windows(5).map(<[String]>::to_vec).collect::<HashSet<_>>();
    let (hit, gold) = (runs(&hit), runs(&gold));
    2 * hit.intersection(&gold).count() >= hit.len().min(gold.len())
}

fn contains_run(words: &[String], run: &[String]) -> bool {
    words.windows(run.len()).any(|window| window == run)
}

/// Runs of letters and digits in lower case; in scripts without spaces each character is a word.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.nfkc().flat_map(char::to_lowercase) {
        let alone = is_unspaced(c);
        if (alone || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        } else if c.is_alphanumeric() {
            word.push(c);
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Words as answers are compared by: without articles, as the measures of `SQuAD` have it.
fn answer_words(text: &str) -> Vec<String> {
    words(text).into_iter().filter(|word| !matches!(word.as_str(), "a" | "an" | "the")).collect()
}

fn holds_any(text: &str, answers: &[String]) -> bool {
    let text = answer_words(text);
    answers
        .iter()
        .map(|answer| answer_words(answer))
        .any(|answer| !answer.is_empty() && contains_run(&text, &answer))
}

fn word_f1(answer: &str, known: &str) -> f64 {
    let (answer, mut known) = (answer_words(answer), answer_words(known));
    if answer.is_empty() || known.is_empty() {
        return f64::from(u8::from(answer == known));
    }
    let (answer_count, known_count) = (answer.len(), known.len());
    let common = answer
        .iter()
        .filter(|word| {
            known.iter().position(|other| other == *word).map(|at| known.swap_remove(at)).is_some()
        })
        .count();
    2.0 * to_f64(common) / to_f64(answer_count + known_count)
}

/// A path without a leading `./` or `docs/`.
fn file_name(file: &str) -> &str {
    let file = file.strip_prefix("./").unwrap_or(file);
    file.strip_prefix("docs/").unwrap_or(file)
}

/// Equal, or the longer one ends with the shorter.
fn same_file(a: &str, b: &str) -> bool {
    let (a, b) = (file_name(a), file_name(b));
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long == short || long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(json: &str) -> KnownQuestion {
        serde_json::from_str(json).unwrap()
    }

    fn place(file: &str, text: &str) -> Place {
        Place { file: file.to_owned(), page: None, text: text.to_owned() }
    }

    fn result(hits: Vec<Place>, answer: &str, abstained: bool) -> ResultLine {
        ResultLine {
            id: "q".to_owned(),
            citations: hits.clone(),
            hits,
            answer: answer.to_owned(),
            abstained,
        }
    }

    #[test]
    fn a_hit_at_rank_two_counts_by_its_rank() {
        let known = question(
            r#"{"id":"q","question":"?","answers":["six months"],"relevant":[{"file":"lease.pdf","text":"not less than six months"}],"answerable":true}"#,
        );
        let mut measures = Measures::default();
        let hits = vec![
            place("other.pdf", "not less than six months"),
            place("a/lease.pdf", "giving not less than six months' notice"),
        ];
        measures.add(&known, &result(hits, "Six months.", false));
        assert_eq!(measures.recall_at_5.value(), Some(1.0));
        assert_eq!(measures.mrr_at_10.value(), Some(0.5));
        assert!((measures.ndcg_at_10.value().unwrap() - 1.0 / 3f64.log2()).abs() < 1e-12);
        assert_eq!(measures.answer_f1.value(), Some(1.0));
        assert_eq!(measures.citation_precision.value(), Some(0.5));
    }

    #[test]
    fn refusals_count_where_they_are_right() {
        let mut measures = Measures::default();
        let unanswerable =
            question(r#"{"id":"q","question":"?","relevant":[],"answerable":false}"#);
        let answerable = question(
            r#"{"id":"q","question":"?","answers":["x"],"relevant":[{"file":"a.md"}],"answerable":true}"#,
        );
        measures.add(&unanswerable, &result(vec![], "", true));
        measures.add(&answerable, &result(vec![place("a.md", "x")], "", true));
        measures.add(&unanswerable, &result(vec![], "x", false));
        assert_eq!(measures.refusal_precision.value(), Some(0.5));
        assert_eq!(measures.refusal_recall.value(), Some(0.5));
        assert_eq!(measures.holds_answer.value(), Some(0.0));
    }

    #[test]
    fn a_file_is_counted_once_at_file_level() {
        let known = question(
            r#"{"id":"q","question":"?","relevant":[{"file":"b.txt"}],"answerable":true,"level":"file"}"#,
        );
        let mut measures = Measures::default();
        measures.add(
            &known,
            &result(vec![place("a.txt", "1"), place("a.txt", "2"), place("b.txt", "3")], "", false),
        );
        assert_eq!(measures.mrr_at_10.value(), Some(0.5));
    }

    #[test]
    fn half_of_the_runs_of_a_long_text_are_enough() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        assert!(holds_gold("zero one two three four five six seven eight nine", text));
        assert!(!holds_gold("one two three four five and other words that are not there", text));
    }
}
