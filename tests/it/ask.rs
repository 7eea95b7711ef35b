//! Is a question answered with the place the answer stands on?

use serde_json::{Value, json};

use crate::docent::{Docent, fixture};

fn first_question() -> Value {
    let questions = std::fs::read_to_string(fixture("questions.jsonl")).unwrap();
    serde_json::from_str(questions.lines().next().unwrap()).unwrap()
}

#[test]
fn an_answer_names_document_and_page_and_quotes_them() {
    let docent = Docent::with_fixtures();
    let known = first_question();
    let answered = docent.json(["--ask", known["question"].as_str().unwrap()]);
    assert_eq!(answered["schema"], json!(1));
    assert_eq!(answered["abstained"], json!(false));
    let citation = &answered["citations"][0];
    assert!(
        citation["path"]
            .as_str()
            .unwrap()
            .ends_with(known["relevant"][0]["file"].as_str().unwrap())
    );
    assert_eq!(citation["page"], known["relevant"][0]["page"]);
    let quote = citation["quote"].as_str().unwrap();
    assert!(
        citation["text"].as_str().unwrap().contains(quote),
        "a quote stands in its passage word for word"
    );
    let answer = known["answers"][0].as_str().unwrap().to_lowercase();
    assert!(quote.to_lowercase().contains(&answer), "`{quote}` does not hold `{answer}`");
}

#[test]
fn what_the_documents_do_not_say_is_refused() {
    let docent = Docent::with_fixtures();
    let printed =
        docent.run(["--ask", "Which team won the ice hockey world championship in 1998?"]);
    assert_eq!(printed.code, Some(1), "{printed:?}");
    let none = docent.run(["--search", "\"a phrase that stands nowhere\"", "--json"]);
    assert_eq!(none.code, Some(1));
    assert_eq!(serde_json::from_str::<Value>(&none.stdout).unwrap()["hits"], json!([]));
}

#[test]
fn a_question_that_names_a_document_is_answered_from_it_or_refused() {
    let docent = Docent::new();
    let contract = |law: &str, more: &str| {
        format!(
            "# Contract\n\nThis contract binds both parties.\n\n## Notice\n\nNotice is given in writing by letter.\n\n\
             ## Law\n\n{law}\n\n## Copies\n\nEach party keeps a copy.\n{more}"
        )
    };
    let quay = contract("It is subject to the laws of Norway.", "");
    let mill = contract(
        "The law of Sweden governs this supply agreement.",
        "\n## Deliveries\n\nDeliveries under this supply agreement are due on Mondays.\n",
    );
    docent.write("QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.md", quay);
    docent.write("OakMillInc_2021_Supply Agreement.md", mill);
    docent.index();
    let cited = |question: &str| {
        let answered = docent.json(["--ask", question]);
        let cited = answered["citations"].as_array().unwrap().iter();
        let cited: Vec<String> = cited.map(|cited| cited["quote"].to_string()).collect();
        assert_eq!(answered["abstained"], json!(cited.is_empty()), "{answered}");
        let first = answered["hits"][0]["file"].as_str().unwrap().to_owned();
        (first, cited.join(" "))
    };
    for (name, file, law) in [
        ("Quay Trading", "QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.md", "Norway"),
        ("quaytrading", "QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.md", "Norway"),
        ("Oak Mill", "OakMillInc_2021_Supply Agreement.md", "Sweden"),
    ] {
        let (first, quotes) = cited(&format!("Which law governs the {name} supply agreement?"));
        assert_eq!(first, file);
        assert!(quotes.contains(law), "{name}: {quotes}");
    }
    let (first, quotes) =
        cited("On which weekday are deliveries due under the Quay Trading supply agreement?");
    assert_eq!(first, "QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.md");
    assert!(!quotes.contains("Mondays"), "{quotes}");
}

#[test]
fn a_scope_leaves_everything_else_out() {
    let docent = Docent::with_fixtures();
    let notes = fixture("library/notes");
    let searched = docent.json(["--search", "the", "--scope", notes.to_str().unwrap()]);
    let hits = searched["hits"].as_array().unwrap();
    assert!(!hits.is_empty());
    assert!(
        hits.iter().all(|hit| hit["path"].as_str().unwrap().starts_with(notes.to_str().unwrap()))
    );
}

#[test]
fn questions_come_from_standard_input_one_a_line() {
    let docent = Docent::with_fixtures();
    let question = first_question()["question"].as_str().unwrap().to_owned();
    let printed =
        docent.run_with_input(["--ask", "-", "--json"], &format!("{question}\n\n{question}\n"));
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let lines: Vec<Value> =
        printed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["question"], json!(question));
    assert_eq!(lines[0]["answer"], lines[1]["answer"]);
}

#[test]
fn an_export_holds_answer_quote_and_document() {
    let docent = Docent::with_fixtures();
    let question = first_question()["question"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let (markdown, json) = (folder.path().join("answer.md"), folder.path().join("answer.json"));
    for path in [&markdown, &json] {
        let printed = docent.run(["--ask", &question, "--export", path.to_str().unwrap()]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
    }
    let exported: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let citation = &exported["answers"][0]["citations"][0];
    let markdown = std::fs::read_to_string(markdown).unwrap();
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["quote", "sha256", "path"] {
        // A quote over the end of a paragraph is one line in a footnote.
        assert!(
            spaced(&markdown).contains(&spaced(citation[part].as_str().unwrap())),
            "{part} is missing in {markdown}"
        );
    }
    assert!(markdown.contains("[^1]"));
    let printed = docent.run(["--ask", &question, "--export", "answer.docx"]);
    assert_eq!(printed.code, Some(2));
    insta::assert_snapshot!(printed.stderr, @r"
    error: can't tell the form of `answer.docx` by its ending
    hint: end it in .md or .json
    ");
}

#[test]
fn a_conversation_is_exported_as_its_answers_were() {
    let docent = Docent::with_fixtures();
    let question = first_question()["question"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let (asked, kept) = (folder.path().join("asked.json"), folder.path().join("kept.json"));
    let export = |path: &std::path::Path, which: &str| {
        docent.run(["--export", path.to_str().unwrap(), "--conversation", which])
    };
    let early = export(&kept, "last");
    assert_eq!(early.code, Some(2));
    insta::assert_snapshot!(early.stderr, @r"
    error: there is no conversation yet
    hint: docent --ask QUESTION begins one, and so does a question on the screen
    ");
    let two = format!("{question}\n{question}\n");
    let printed = docent.run_with_input(["--ask", "-", "--export", asked.to_str().unwrap()], &two);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    for which in ["last", "1"] {
        let printed = export(&kept, which);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let read =
            |path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
        assert_eq!(read(&kept)["answers"], read(&asked)["answers"]);
        assert_eq!(read(&kept)["answers"].as_array().unwrap().len(), 2);
    }
    let markdown = folder.path().join("kept.md");
    assert_eq!(export(&markdown, "last").code, Some(0));
    assert!(std::fs::read_to_string(markdown).unwrap().contains("[^2-1]"));
    insta::assert_snapshot!(export(&kept, "99").stderr, @r"
    error: there is no conversation 99
    hint: `--conversation last` is the one with the latest question
    ");
    insta::assert_snapshot!(export(&folder.path().join("kept.docx"), "last").stderr.replace(folder.path().to_str().unwrap(), "FOLDER"), @r"
    error: can't tell the form of `FOLDER/kept.docx` by its ending
    hint: end it in .md or .json
    ");
}

#[test]
fn a_scope_with_nothing_in_it_is_named() {
    let docent = Docent::with_fixtures();
    let check = |arguments: &[&str], expected: &str| {
        let printed = docent.run(["--ask"].iter().chain(arguments));
        assert_eq!(printed.code, Some(1), "{printed:?}");
        assert_eq!(printed.stdout.trim(), expected);
        assert!(!printed.stderr.contains("in scope"), "{}", printed.stderr);
    };
    check(&["rent file:nosuchfile"], "No document matches `file:nosuchfile`.");
    check(&["flood since:2027"], "No document matches `since:2027`.");
    check(
        &["rent tag:urgent type:pdf file:nosuchfile"],
        "No document matches `tag:urgent` or `file:nosuchfile`.",
    );
    check(
        &["rent type:md file:matter-costs"],
        "No document matches `type:md` and `file:matter-costs` together.",
    );
    check(&["rent path:notes/none.md"], "Nothing in the library lies at `notes/none.md`.");
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().canonicalize().unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    check(
        &["rent", "--scope", elsewhere],
        &format!("`{elsewhere}` is not in the library: `docent --index {elsewhere}` adds it."),
    );
}

#[test]
fn a_scope_that_could_not_be_read_says_why() {
    let docent = Docent::new();
    for name in ["password.pdf", "no-end.pdf", "truncated.pdf"] {
        docent.write(name, std::fs::read(fixture("broken").join(name)).unwrap());
    }
    docent.write("rent.md", "The rent is 950 euros a month.");
    docent.index();
    let ask = |question: &str| docent.json(["--ask", question]);
    let locked = ask("How much is the rent? file:password");
    assert_eq!(
        locked["answer"],
        "Nothing in scope could be read: `password.pdf` opens only with a password or a certificate (save a copy that opens without it in the folder)."
    );
    assert_eq!(locked["abstained"], true);
    assert_eq!(locked["read"]["unread_documents"], 1);
    assert_eq!(ask("How much is the rent?")["abstained"], false);
}

#[test]
fn a_question_goes_on_with_a_conversation() {
    let docent = Docent::with_fixtures();
    let asked = |arguments: &[&str]| docent.json(arguments.iter().copied());
    let first = asked(&["--ask", "What is the notice period if the tenant wants to leave early?"]);
    assert_eq!(first["understood"], Value::Null);
    let alone = asked(&["--ask", "And since when?"]);
    assert_eq!(alone["understood"], Value::Null);
    let second = asked(&["--ask", "And how long is it for the landlord?", "--conversation", "1"]);
    let understood = second["understood"].as_str().unwrap();
    assert!(understood.ends_with("notice period tenant early"), "{understood}");
    assert_eq!(second["carried"], json!(["notice period", "tenant", "early"]));
    assert_eq!(second["hits"][0]["path"], first["hits"][0]["path"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    let third =
        docent.run(["--ask", "Why?", "--conversation", "1", "--export", path.to_str().unwrap()]);
    assert!(third.stderr.contains("taken with: notice period, tenant wants"), "{third:?}");
    let exported = docent.run(["--conversation", "1", "--export", path.to_str().unwrap()]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let exported: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(exported["answers"].as_array().unwrap().len(), 3);
    let none = docent.run(["--ask", "Why?", "--conversation", "99"]);
    assert_eq!(none.code, Some(2), "{none:?}");
}

#[test]
fn a_faulty_query_is_shown_its_place() {
    let docent = Docent::with_fixtures();
    let printed = docent.run(["--search", "rent since:yesterday"]);
    assert_eq!(printed.code, Some(2));
    insta::assert_snapshot!(printed.stderr, @r"
    error: `yesterday` is no date; write `2024`, `2024-06` or `2024-06-30`
    hint: in the query: rent since:»yesterday«
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let docent = Docent::with_fixtures();
    let mut child = docent.start(["--search", "the", "--top", "1000"]);
    drop(child.stdout.take());
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn an_empty_library_says_what_to_do() {
    let docent = Docent::new();
    for arguments in [["--ask", "Who repairs the roof?"], ["--search", "roof"]] {
        let printed = docent.run(arguments);
        assert_eq!(printed.code, Some(2));
        let stderr = printed.stderr.replace(docent.home().to_str().unwrap(), "HOME");
        insta::allow_duplicates! { insta::assert_snapshot!(stderr, @r"
        error: there is no library at `HOME/library.sqlite` yet; add a folder first
        hint: docent --index FOLDER reads a folder
        ") };
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let docent = Docent::new();
    let printed = docent.run(["--index", "/nowhere/at/all"]);
    assert_eq!(printed.code, Some(2));
    insta::assert_snapshot!(printed.stderr, @"error: can't find `/nowhere/at/all`: No such file or directory");
}

#[test]
fn what_was_answered_before_a_faulty_question_is_kept() {
    let docent = Docent::with_fixtures();
    let question = first_question()["question"].as_str().unwrap().to_owned();
    let export = docent.home().join("answers.json");
    let printed = docent.run_with_input(
        ["--ask", "-", "--export", export.to_str().unwrap()],
        &format!("{question}\nwhat is \"a pipe\n"),
    );
    assert_eq!(printed.code, Some(2), "{printed:?}");
    let exported: Value = serde_json::from_slice(&std::fs::read(export).unwrap()).unwrap();
    assert_eq!(exported["answers"][0]["question"], json!(question));
}

#[test]
fn a_reranker_in_the_home_orders_the_best_passages_again() {
    let docent = Docent::new();
    docent.write("gate.md", "# Gate\n\nThe gate is closed when the yard is empty.\n");
    docent.write("yard.md", "# Yard\n\nThe caretaker closes the yard by night.\n");
    docent.write("terms.md", "# Terms\n\nThe lease says that the gate is closed.\n");
    docent.index();
    let question = "Is the gate closed when the yard is empty?";
    let before = docent.found(question);
    assert_eq!(before.first().map(String::as_str), Some("gate.md"), "{before:?}");
    let reranker = docent.home().join("reranker");
    std::fs::create_dir(&reranker).unwrap();
    for entry in std::fs::read_dir(fixture("reranker")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, reranker.join(path.file_name().unwrap())).unwrap();
    }
    // It likes caretakers and nights, and no leases.
    assert_eq!(docent.found(question), ["yard.md", "gate.md", "terms.md"]);
    let answered = docent.json(["--ask", "Who closes the yard by night?"]);
    assert_eq!(answered["hits"][0]["file"], json!("yard.md"));
    assert!(answered["hits"][0]["score"].as_f64().unwrap() > 0.99, "{answered}");

    std::fs::write(reranker.join("model.onnx"), "no model").unwrap();
    let printed = docent.run(["--search", question]);
    assert_eq!(printed.code, Some(2), "{printed:?}");
    assert!(printed.stderr.contains("reranker/model.onnx` is damaged"), "{printed:?}");
}
