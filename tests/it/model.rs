//! Does a model answer through its child, stop when asked, and cite only what it was given?

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::docent::{Docent, fixture};

fn tiny() -> String {
    fixture("tiny.gguf").to_str().unwrap().to_owned()
}

#[test]
fn a_model_writes_the_answer_and_its_cost_is_told() {
    let docent = Docent::with_fixtures();
    let answered = docent.json(["--ask", "How long is the notice period?", "--model", &tiny()]);
    assert!(!answered["answer"].as_str().unwrap().is_empty());
    assert!(answered["usage"]["written_tokens"].as_u64().unwrap() > 0);
    assert!(answered["usage"]["prompt_tokens"].as_u64().unwrap() > 100);
}

#[test]
fn a_citation_always_names_a_passage_that_was_given() {
    let docent = Docent::with_fixtures();
    let questions = "What does the lease say about the notice period?\n".repeat(40);
    let printed = docent.run_with_input(["--ask", "-", "--json", "--model", &tiny()], &questions);
    let mut cited = 0;
    for line in printed.stdout.lines() {
        let answered: Value = serde_json::from_str(line).unwrap();
        let given = answered["read"]["passages"].as_u64().unwrap();
        for n in bracketed_numbers(answered["answer"].as_str().unwrap()) {
            assert!((1..=given).contains(&n), "[{n}] of {given} in {}", answered["answer"]);
            cited += 1;
        }
    }
    assert!(cited > 0, "no answer cites anything: this test shows nothing");
}

/// The numbers that stand in the text as `[n]`.
fn bracketed_numbers(text: &str) -> Vec<u64> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once(']')?.0.parse().ok()).collect()
}

/// Tokens that were read, and those of the whole prompt.
fn read(answered: &Value) -> (u64, u64) {
    let usage = &answered["usage"];
    (usage["read_tokens"].as_u64().unwrap(), usage["prompt_tokens"].as_u64().unwrap())
}

#[test]
fn a_restart_reads_none_of_the_rules_again_and_a_damaged_file_does_no_harm() {
    let docent = Docent::with_fixtures();
    let ask = || docent.json(["--ask", "How long is the notice period?", "--model", &tiny()]);
    let first = ask();
    let (read_first, prompt) = read(&first);
    assert_eq!(read_first, prompt);
    let second = ask();
    let kept = prompt - read(&second).0;
    assert!(kept > 100, "{kept} of {prompt} tokens were kept");
    assert_eq!(second["answer"], first["answer"]);
    let folder = docent.home().join("prefixes");
    let files: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let whole = std::fs::read(file).unwrap();
    for damaged in [whole[..whole.len() / 2].to_vec(), b"docent".to_vec(), {
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        changed
    }] {
        std::fs::write(file, damaged).unwrap();
        let third = ask();
        assert_eq!((read(&third).0, &third["answer"]), (prompt, &first["answer"]));
        assert_eq!(std::fs::read(file).unwrap(), whole, "it is written anew");
    }
    assert_eq!(read(&ask()).0, prompt - kept);
}

#[test]
fn a_conversation_is_read_on_and_not_again() {
    let docent = Docent::with_fixtures();
    let model = tiny();
    docent.json(["--ask", "How long is the notice period?", "--model", &model]);
    let questions = "And for the landlord?\nWho pays the legal costs of a consent?\n";
    let more = ["--ask", "-", "--json", "--conversation", "last", "--model", &model];
    let printed = docent.run_with_input(more, questions);
    let answers: Vec<Value> =
        printed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [second, third] = answers.as_slice() else { panic!("{printed:?}") };
    assert_eq!(second["understood"], "And for the landlord? notice period");
    assert_eq!(third["understood"], Value::Null);
    let (read, prompt) = read(third);
    let usage = &second["usage"];
    let before =
        usage["prompt_tokens"].as_u64().unwrap() + usage["written_tokens"].as_u64().unwrap();
    assert_eq!(read, prompt - before);
}

/// The tiny model with another chat template of at most the same length.
fn with_template(docent: &Docent, template: &str) -> String {
    let mut bytes = std::fs::read(tiny()).unwrap();
    let key = b"tokenizer.chat_template";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len() + 4;
    let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()).try_into().unwrap();
    assert!(template.len() <= length, "{} > {length}", template.len());
    bytes[at + 8..at + 8 + length].fill(b' ');
    bytes[at + 8..at + 8 + template.len()].copy_from_slice(template.as_bytes());
    docent.write("other.gguf", bytes).to_str().unwrap().to_owned()
}

#[test]
fn a_hostile_template_costs_nothing_but_itself() {
    let docent = Docent::with_fixtures();
    let ask = |template: &str| {
        let model = with_template(&docent, template);
        docent.run(["--ask", "How long is the notice period?", "--model", &model])
    };
    for endless in [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}",
        "{{ raise_exception('not today') }}",
        "{% for m in messages %}",
    ] {
        let printed = ask(endless);
        assert!(printed.stderr.contains("chat template can't be used"), "{printed:?}");
        assert!(matches!(printed.code, Some(0 | 1)), "{printed:?}");
    }
    let printed = ask(
        "{% set n = namespace(s='x') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    );
    assert_eq!(printed.code, Some(2), "{printed:?}");
    assert!(printed.stderr.contains("made to do harm"), "{printed:?}");
}

#[test]
fn ctrl_c_ends_an_answer() {
    let docent = Docent::with_fixtures();
    let mut child = docent.start(["--ask", "How long is the notice period?", "--model", &tiny()]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = [0];
    stdout.read_exact(&mut first).unwrap();
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let asked = Instant::now();
    let mut rest = Vec::new();
    while stdout.read_until(b'\n', &mut rest).unwrap() > 0 {}
    let status = child.wait().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to stop", asked.elapsed());
    // A short answer may have been complete before the signal came.
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
}

#[test]
fn a_file_that_is_no_model_is_refused_with_a_reason() {
    let docent = Docent::with_fixtures();
    let refused: Vec<String> = [
        "broken/not-a-model.gguf",
        "broken/cut-in-header.gguf",
        "broken/cut-in-weights.gguf",
        "broken/hostile.gguf",
        "absent.gguf",
    ]
    .iter()
    .map(|name| {
        let path = fixture(name);
        let printed = docent.run(["--quiet", "--ask", "Who?", "--model", path.to_str().unwrap()]);
        assert_eq!(printed.code, Some(2), "{printed:?}");
        printed.stderr.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "")
    })
    .collect();
    insta::assert_snapshot!(refused.join(""), @r"
    error: `fixtures/broken/not-a-model.gguf` is not a GGUF file: docent runs models in the format GGUF only
    error: `fixtures/broken/cut-in-header.gguf` ends at byte 4000, in the middle of the model, which needs at least 4006: download it again
    error: `fixtures/broken/cut-in-weights.gguf` ends at byte 64000, in the middle of the model, which needs at least 464096: download it again
    error: `fixtures/broken/hostile.gguf` claims a number of tensors larger than any model has: it is damaged, or made to do harm; get it from another source
    error: can't find `fixtures/absent.gguf`: No such file or directory
    ");
}
