//! `--eval`: answers a file of questions with known answers and prints how well.

mod score;

use std::io::Write as _;
use std::path::Path;

use docent_index::query::Query;
use serde::Serialize;

use self::score::{KnownQuestion, Mean, Measures, Place, ResultLine};
use super::ask::Asking;
use super::{Session, print, print_json};
use crate::error::{Failure, Outcome};
use crate::fs;
use crate::json::{Answered, Hit, SCHEMA};

/// What `--eval --json` prints: each measure from 0 to 1, null where it applies to no question.
#[derive(Serialize)]
struct Evaluated {
    schema: u32,
    questions: u32,
    recall_at_5: Option<f64>,
    recall_at_10: Option<f64>,
    mrr_at_10: Option<f64>,
    ndcg_at_10: Option<f64>,
    answer_f1: Option<f64>,
    holds_answer: Option<f64>,
    citation_precision: Option<f64>,
    refusal_precision: Option<f64>,
    refusal_recall: Option<f64>,
    seconds_per_question: f64,
}

pub(super) fn run(session: &Session<'_>, path: &Path) -> Result<Outcome, Failure> {
    let questions = questions(path)?;
    let mut asking = Asking::open(session)?;
    let mut lines = Vec::new();
    let mut measures = Measures::default();
    let started = std::time::Instant::now();
    let mut failed = None;
    for (done, known) in questions.iter().enumerate() {
        // A question from a file was not typed by somebody who could mend it.
        let query = Query::parse(&known.question).unwrap_or_else(|_| Query::plain(&known.question));
        let answered = match asking.answer(&known.question, &query, &mut |_| {}) {
            Ok(answered) => answered,
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        };
        if session.cancel.is_cancelled() {
            break;
        }
        let result = result(&known.id, &answered);
        measures.add(known, &result);
        serde_json::to_writer(&mut lines, &result)?;
        lines.push(b'\n');
        if (done + 1) % 100 == 0 {
            session.note(&format!("{} of {} questions", done + 1, questions.len()));
        }
    }
    if let Some(path) = &session.cli.results {
        fs::write(path, &lines)?;
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    report(session, &measures, started.elapsed().as_secs_f64())?;
    Ok(if session.cancel.is_cancelled() { Outcome::Interrupted } else { Outcome::Done })
}

fn questions(path: &Path) -> Result<Vec<KnownQuestion>, Failure> {
    let bytes = fs::read(path)?;
    let mut questions = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let question = serde_json::from_slice(line).map_err(|error| {
            Failure::new(format!("`{}`, line {number}: {error}", path.display())).hint(
                "each line is one JSON object with id, question, answers, relevant and answerable",
            )
        })?;
        questions.push(question);
    }
    Ok(questions)
}

fn result(id: &str, answered: &Answered) -> ResultLine {
    let place = |hit: &Hit, text: &str| Place {
        file: hit.file.to_string_lossy().into_owned(),
        page: hit.page,
        text: text.to_owned(),
    };
    ResultLine {
        id: id.to_owned(),
        hits: answered.hits.iter().map(|hit| place(hit, &hit.text)).collect(),
        answer: answered.without_citations(),
        abstained: answered.abstained,
        citations: answered
            .citations
            .iter()
            .map(|citation| place(&citation.hit, &citation.quote))
            .collect(),
    }
}

fn report(session: &Session<'_>, measures: &Measures, seconds: f64) -> Result<(), Failure> {
    let rows: [(&str, Mean); 9] = [
        ("Recall@5", measures.recall_at_5),
        ("Recall@10", measures.recall_at_10),
        ("MRR@10", measures.mrr_at_10),
        ("nDCG@10", measures.ndcg_at_10),
        ("answer F1", measures.answer_f1),
        ("holds the answer", measures.holds_answer),
        ("citation precision", measures.citation_precision),
        ("refusal precision", measures.refusal_precision),
        ("refusal recall", measures.refusal_recall),
    ];
    let seconds_per_question = seconds / f64::from(measures.questions.max(1));
    if session.cli.json {
        return print_json(&Evaluated {
            schema: SCHEMA,
            questions: measures.questions,
            recall_at_5: measures.recall_at_5.value(),
            recall_at_10: measures.recall_at_10.value(),
            mrr_at_10: measures.mrr_at_10.value(),
            ndcg_at_10: measures.ndcg_at_10.value(),
            answer_f1: measures.answer_f1.value(),
            holds_answer: measures.holds_answer.value(),
            citation_precision: measures.citation_precision.value(),
            refusal_precision: measures.refusal_precision.value(),
            refusal_recall: measures.refusal_recall.value(),
            seconds_per_question,
        });
    }
    let mut text = Vec::new();
    writeln!(text, "{} questions, {seconds_per_question:.3} s each", measures.questions)?;
    for (name, mean) in rows {
        if let Some(value) = mean.value() {
            writeln!(text, "{name:20} {value:.3}")?;
        }
    }
    print(&String::from_utf8_lossy(&text))
}
