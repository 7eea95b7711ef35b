//! Do the right passages come first?

use serde_json::Value;

use crate::docent::{Docent, fixture};

#[test]
fn the_fixtures_questions_find_their_passages() {
    let docent = Docent::with_fixtures();
    let results = docent.home().join("results.jsonl");
    let questions = fixture("questions.jsonl");
    let measured = docent.json([
        "--eval".as_ref(),
        questions.as_os_str(),
        "--results".as_ref(),
        results.as_os_str(),
    ]);
    assert_eq!(measured["questions"], 30);
    let recall = measured["recall_at_5"].as_f64().unwrap();
    assert!(recall >= 22.0 / 24.0, "{measured}");
    let lines = std::fs::read_to_string(results).unwrap();
    let results: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 30);
    assert!(results.iter().all(|result| result["hits"].as_array().unwrap().len() == 10));
}

#[test]
fn a_line_that_is_no_question_is_named() {
    let docent = Docent::with_fixtures();
    let questions = docent.write(
        "questions.jsonl",
        "{\"id\": \"a\", \"question\": \"b\", \"answerable\": false}\n{}\n",
    );
    let printed = docent.run(["--eval".as_ref(), questions.as_os_str()]);
    assert_eq!(printed.code, Some(2));
    assert!(
        printed.stderr.contains("questions.jsonl`, line 2: missing field `id`"),
        "{}",
        printed.stderr
    );
}
