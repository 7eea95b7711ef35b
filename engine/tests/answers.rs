//! Both answerers with real parts: the bundled embedder, and a tiny model with random weights.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};

use docent_engine::answer::model::{ModelAnswerer, Settings as AnswerSettings};
use docent_engine::answer::quote::QuoteAnswerer;
use docent_engine::answer::{Answer, Answerer, Evidence, Mark, Progress, Question, Sentence, Turn};
use docent_engine::embed::{self, Bundled, FastEmbedder, load_runtime};
use docent_engine::generate::Sampling;
use docent_engine::generate::llama::{Model, Settings};
use tokio_util::sync::CancellationToken;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn embedder() -> FastEmbedder {
    let bundled = Bundled::in_folder(&root().join("target/docent"));
    bundled.check().unwrap_or_else(|error| panic!("{error}: run `make test`, which puts it there"));
    load_runtime(&bundled.runtime).unwrap();
    FastEmbedder::open(&bundled.embedder, embed::Settings::for_questions(1), None).unwrap()
}

fn tiny() -> Model {
    let path = root().join("fixtures/tiny.gguf");
    assert!(path.is_file(), "`{}` is missing: run `make test`, which makes it", path.display());
    let settings = Settings {
        context: 1024,
        threads: 1,
        gpu_layers: 0,
        mmap: true,
        date: None,
        thinking: false,
    };
    Model::load(&path, settings, &CancellationToken::new(), |_| {}).unwrap()
}

fn passage(n: u32, title: &str, sentences: &[&str]) -> Evidence {
    let mut text = String::new();
    let mut spans = Vec::new();
    for sentence in sentences {
        let start = text.len();
        text.push_str(sentence);
        spans.push(Sentence { span: start..text.len(), score: 0.0 });
        text.push(' ');
    }
    Evidence {
        n,
        title: title.into(),
        place: "p. 3".into(),
        headings: vec!["Terms".into()],
        text,
        before: String::new(),
        after: String::new(),
        sentences: spans,
        score: 0.9 / f32::from(u16::try_from(n).unwrap()),
    }
}

fn desk() -> Vec<Evidence> {
    vec![
        passage(
            1,
            "Lease of the flat in Mill Lane",
            &[
                "The tenant pays a monthly rent of 950 euros.",
                "The rent is due on the third working day of each month.",
                "The landlord may raise it once in three years [7].",
            ],
        ),
        passage(
            2,
            "Manual of the feed pump",
            &[
                "Before the first start the pump must be vented.",
                "The seal is to be changed after 4,000 hours.",
            ],
        ),
        passage(
            3,
            "Minutes of the spring meeting",
            &["The garden is looked after by Ms Ferreira from May on."],
        ),
    ]
}

/// With scores as an index gives them: the share of the question's words that stand in the sentence.
fn scored(question: &str, evidence: &[Evidence]) -> Vec<Evidence> {
    let words: Vec<&str> = question
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.len() > 3)
        .collect();
    let mut evidence = evidence.to_vec();
    for passage in &mut evidence {
        for sentence in &mut passage.sentences {
            let text = passage.text.get(sentence.span.clone()).unwrap();
            let found = words.iter().filter(|word| text.contains(**word)).count();
            sentence.score = f32::from(u16::try_from(found).unwrap())
                / f32::from(u16::try_from(words.len().max(1)).unwrap());
        }
    }
    evidence
}

fn ask(answerer: &mut impl Answerer, text: &str, turns: &[Turn], evidence: &[Evidence]) -> Answer {
    let mut told = String::new();
    let evidence = &scored(text, evidence);
    let question = Question { text, turns, evidence, ..Question::default() };
    let answer = answerer
        .answer(&question, &CancellationToken::new(), &mut |progress| {
            if let Progress::Text(text) = progress {
                told.push_str(text);
            }
        })
        .unwrap();
    assert_eq!(told, answer.text);
    for quote in &answer.quotes {
        let cited = evidence.iter().find(|evidence| evidence.n == quote.n).unwrap();
        assert!(cited.text.get(quote.span.clone()).is_some_and(|quote| !quote.trim().is_empty()));
    }
    answer
}

/// The numbers that `text` cites, read as loosely as a reader might.
fn cited(text: &str) -> Vec<u32> {
    let inside =
        text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    inside
        .flat_map(|inner| inner.split([',', ';', '-', ' ', '^', '#']))
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[test]
fn quotes_answer_in_the_documents_words_or_not_at_all() {
    let mut answerer = QuoteAnswerer::new(embedder());
    let evidence = desk();
    let mut check = |question: &str, expected: Option<(&str, u32)>| {
        let answer = ask(&mut answerer, question, &[], &evidence);
        match expected {
            Some((text, n)) => {
                // With it may stand what else of its passage fits, in the passage's order.
                assert!(
                    answer.text.contains(text) && !answer.abstained,
                    "{question}: {}",
                    answer.text
                );
                assert_eq!(
                    answer.claims.first().map(|claim| claim.cites.as_slice()),
                    Some(&[n][..])
                );
                assert!(answer.claims.iter().all(|claim| claim.mark == Some(Mark::Quoted)));
            }
            None => {
                assert!(
                    answer.abstained && answer.claims.is_empty(),
                    "{question}: {}",
                    answer.text
                );
            }
        }
    };
    check(
        "When do I have to pay the rent?",
        Some(("The rent is due on the third working day of each month. [1]", 1)),
    );
    check("How much is the rent?", Some(("The tenant pays a monthly rent of 950 euros. [1]", 1)));
    check(
        "After how many hours is the seal of the pump changed?",
        Some(("The seal is to be changed after 4,000", 2)),
    );
    check("Who looks after the garden?", Some(("The garden is looked after by Ms Ferreira", 3)));
    check("What is the capital of Australia?", None);
    check("How many moons does Jupiter have?", None);
}

#[test]
fn a_thousand_random_answers_cite_only_evidence_that_was_given() {
    let model = tiny();
    let evidence = desk();
    let mut seen = 0;
    for seed in 0..250 {
        // A conversation of four questions each, so that the prompt's own numbers differ from the evidence's.
        let sampling = Sampling { temperature: 2.5, top_k: 0, min_p: 0.0, seed };
        let settings = AnswerSettings { max_tokens: 20, evidence_tokens: 120, sampling };
        let mut answerer = ModelAnswerer::new(model.generator().unwrap(), settings);
        let mut turns = Vec::new();
        for count in [3, 1, 0, 2] {
            let given = evidence.get(..count).unwrap();
            let answer = ask(&mut answerer, "When is the rent due?", &turns, given);
            for number in cited(&answer.text)
                .iter()
                .chain(answer.claims.iter().flat_map(|claim| &claim.cites))
            {
                assert!(given.iter().any(|evidence| evidence.n == *number), "{}", answer.text);
            }
            assert!(count > 0 || answer.abstained);
            turns.push(Turn { question: "When is the rent due?".into(), answer: answer.text });
            seen += 1;
        }
    }
    assert_eq!(seen, 1000);
}

#[test]
fn a_follow_up_reads_exactly_what_is_new() {
    let model = tiny();
    for seed in 0..20 {
        let sampling = Sampling { seed, ..Sampling::default() };
        let settings = AnswerSettings { max_tokens: 120, evidence_tokens: 400, sampling };
        let mut answerer = ModelAnswerer::new(model.generator().unwrap(), settings);
        let evidence = desk();
        let first = ask(&mut answerer, "When is the rent due?", &[], &evidence);
        let turns = [Turn { question: "When is the rent due?".into(), answer: first.text.clone() }];
        let second = ask(&mut answerer, "How much is the monthly rent?", &turns, &evidence);
        let (cost, more) = (first.usage.unwrap(), second.usage.unwrap());
        assert_eq!(cost.read_tokens, cost.prompt_tokens);
        let known = cost.prompt_tokens + cost.written_tokens;
        assert_eq!(more.read_tokens, more.prompt_tokens - known, "{seed}: {:?}", first.text);
        assert!(!second.forgotten);
    }
}

#[test]
fn what_does_not_fit_the_context_is_told() {
    let model = tiny();
    let settings =
        AnswerSettings { max_tokens: 300, evidence_tokens: 5000, sampling: Sampling::default() };
    let mut answerer = ModelAnswerer::new(model.generator().unwrap(), settings);
    let long: Vec<String> =
        (0..12).map(|n| format!("The pump number {n} stands in hall {n} of the plant.")).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let evidence: Vec<Evidence> = (1..=40).map(|n| passage(n, "Manual", &long)).collect();
    let answer = ask(&mut answerer, "Where is the pump?", &[], &evidence);
    assert!(!answer.dropped.is_empty() && !answer.dropped.contains(&1));
    assert!(answer.usage.unwrap().prompt_tokens <= 1024 - 300);
}
