//! Is what was chosen among the models remembered, and is nothing lost while one embedder takes another's place?

use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;
use rusqlite::Connection;
use rustix::process::{Signal, kill_process};

use crate::docent::{Docent, copy, fixture};
use crate::terminal::Terminal;
use crate::terminal::key::{DOWN, ENTER, F3, QUIT};

const SIZE: (u16, u16) = (120, 36);

/// Starts docent as it is started by its name alone, in a user's folder where no other program keeps models.
fn start(docent: &Docent, flags: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
    command.env("TERM", "xterm-256color");
    command.env("HOME", docent.home());
    for variable in ["NO_COLOR", "XDG_DATA_HOME", "XDG_CACHE_HOME", "OLLAMA_MODELS", "HF_HOME"] {
        command.env_remove(variable);
    }
    command.arg("--home");
    command.arg(docent.home());
    command.args(flags);
    Terminal::run(command, SIZE)
}

fn end(mut terminal: Terminal) {
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

fn settings(docent: &Docent) -> String {
    std::fs::read_to_string(docent.home().join("settings.toml")).unwrap()
}

/// An embedder of eight numbers.
fn tiny(docent: &Docent) -> PathBuf {
    let folder = docent.home().join("embedders/tiny");
    copy(&fixture("embedder"), &folder);
    folder
}

/// A copy of the embedder that comes with docent, which is told to put something before each text: it makes other vectors.
fn prompted(docent: &Docent) {
    let folder = docent.home().join("embedders/prompted");
    let built = Path::new(env!("CARGO_BIN_EXE_docent")).parent().unwrap().parent().unwrap();
    copy(&built.join("docent/embedder"), &folder);
    let prompts = r#"{"prompts": {"query": "query: ", "passage": "passage: "}}"#;
    std::fs::write(folder.join("config_sentence_transformers.json"), prompts).unwrap();
}

/// How many passages there are, and how many vectors each embedder has made of them, the most first.
fn made(docent: &Docent) -> (i64, Vec<i64>) {
    let library = Connection::open(docent.home().join("library.sqlite")).unwrap();
    let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let passages = library.query_row("SELECT count(*) FROM passage", [], count).unwrap();
    let by = "SELECT count(*) FROM vector GROUP BY embedder_id ORDER BY count(*) DESC";
    let mut statement = library.prepare(by).unwrap();
    let made = statement.query_map([], count).unwrap().map(Result::unwrap).collect();
    (passages, made)
}

#[test]
fn a_model_that_was_chosen_answers_at_the_next_start_unless_a_flag_says_otherwise() {
    let docent = Docent::with_fixtures();
    std::fs::create_dir(docent.home().join("models")).unwrap();
    let model = docent.home().join("models/tiny.gguf");
    std::fs::copy(fixture("tiny.gguf"), &model).unwrap();
    let mut terminal = start(&docent, &["--model", "none"]);
    terminal.wait_for("up to date");
    terminal.keys(F3);
    terminal.wait_for("in all");
    terminal.keys(ENTER);
    terminal.wait_for("also at the next start");
    end(terminal);
    assert_eq!(settings(&docent), "model = \"tiny\"\n");

    let terminal = start(&docent, &[]);
    terminal.wait_for("Tiny noise");
    end(terminal);
    let mut terminal = start(&docent, &["--model", "none"]);
    terminal.wait_for("up to date");
    terminal.keys(F3);
    terminal.wait_for("● none: quotes only");
    end(terminal);
    assert_eq!(settings(&docent), "model = \"tiny\"\n", "a flag is for once");

    std::fs::remove_file(&model).unwrap();
    let mut terminal = start(&docent, &[]);
    let told = terminal.wait_for("there is no model `tiny`");
    assert!(told.contains("answers are quotes. Put it back, or choose another one (f3)"), "{told}");
    terminal.keys(F3);
    terminal.wait_for("● none: quotes only");
    terminal.keys(ENTER);
    terminal.wait_for("quotes from now on");
    end(terminal);
    assert_eq!(settings(&docent), "model = \"none\"\n");
}

#[test]
fn an_embedder_that_was_chosen_makes_the_vectors_at_the_next_start_and_may_be_gone_later() {
    let docent = Docent::new();
    docent.write("roof.md", "The roof is new.\n");
    docent.write("pump.md", "The pump stands in hall four.\n");
    docent.index();
    let tiny = tiny(&docent);
    let mut terminal = start(&docent, &[]);
    terminal.wait_for("up to date");
    // Behind "none" comes the bundled one, then the other.
    terminal.keys(F3);
    terminal.wait_for("Embedders");
    terminal.keys(&format!("{DOWN}{DOWN}{ENTER}"));
    let cost = terminal.wait_for("it has to make vectors of 2 of 2 passages");
    assert!(cost.contains("once more changes it, also for the next start"), "{cost}");
    terminal.keys(ENTER);
    terminal.wait_for("● tiny");
    terminal.wait_for("the new embedder answers");
    end(terminal);
    assert_eq!(settings(&docent), "embedder = \"tiny\"\n");
    assert_eq!(made(&docent), (2, vec![2, 2]));

    docent.write("gutter.md", "The gutters leak.\n");
    let mut terminal = start(&docent, &[]);
    terminal.wait_for("3 documents");
    terminal.wait_for("up to date");
    terminal.keys(F3);
    terminal.wait_for("● tiny");
    end(terminal);
    assert_eq!(made(&docent), (3, vec![3, 2]));

    // It was on a stick.
    std::fs::remove_dir_all(&tiny).unwrap();
    docent.write("seal.md", "The seal is worn.\n");
    let mut terminal = start(&docent, &[]);
    let told = terminal.wait_for("there is no embedder `tiny` on this machine");
    assert!(told.contains("the vectors that are left answer") && told.contains("(f3)"), "{told}");
    terminal.wait_for("4 documents");
    terminal.ask("Which part is worn?");
    terminal.wait_for("The seal is worn.");
    terminal.keys(F3);
    terminal.wait_for("tiny is not on this machine");
    assert_eq!(made(&docent), (4, vec![3, 2]), "nobody has asked for other vectors");
    end(terminal);

    for flags in [&["--ask", "Who?"][..], &["--search", "roof"], &["--status"], &["--index"]] {
        let printed = docent.run(flags);
        assert_eq!(printed.code, Some(2), "{printed:?}");
        assert!(printed.stderr.contains("error: there is no embedder `tiny`"), "{printed:?}");
        assert!(printed.stderr.contains("--embedder bundled"), "{printed:?}");
        let printed = docent.run(flags.iter().chain(&["--embedder", "bundled"]));
        assert_ne!(printed.code, Some(2), "{printed:?}");
    }
    let terminal = start(&docent, &["--embedder", "bundled"]);
    terminal.wait_for("up to date");
    end(terminal);
    // What was typed for this start is an error at once when it means nothing.
    let mut terminal = start(&docent, &["--embedder", "tiny"]);
    assert_eq!(terminal.wait(), 2);

    let mut terminal = start(&docent, &[]);
    terminal.wait_for("there is no embedder `tiny`");
    terminal.keys(F3);
    terminal.wait_for("tiny is not on this machine");
    terminal.keys(&format!("{DOWN}{ENTER}"));
    terminal.wait_for("it has the vectors of all 4 passages already");
    terminal.keys(ENTER);
    terminal.wait_for("`bundled` makes the vectors from now on");
    end(terminal);
    assert_eq!(settings(&docent), "embedder = \"bundled\"\n");
}

#[test]
fn a_kill_in_the_middle_of_a_change_loses_no_vector() {
    let docent = Docent::new();
    for number in 0..12 {
        let parts: Vec<String> = (0..8)
            .map(|part| {
                format!(
                    "# {part}\n\nReport {number} part {part} tells of valve {}.\n",
                    number * part
                )
            })
            .collect();
        docent.write(&format!("report-{number}.md"), parts.join("\n"));
    }
    docent.index();
    let (passages, before) = made(&docent);
    assert_eq!(before, [passages]);
    prompted(&docent);
    let mut terminal = start(&docent, &["--embedder", "prompted"]);
    terminal.wait_for("what was made before answers until then");
    terminal.wait_until("some vectors to be there", |_| {
        made(&docent).1.get(1).is_some_and(|made| *made > 0)
    });
    kill_process(terminal.process(), Signal::KILL).unwrap();
    terminal.wait();
    let (_, killed) = made(&docent);
    assert_eq!(killed[0], passages);
    assert!(killed[1] > 0 && killed[1] < passages, "{killed:?}");
    // Until it is whole, what was there before answers.
    let printed = docent.run(["--ask", "What does report 7 tell of?", "--embedder", "prompted"]);
    assert!(printed.stderr.contains("docent's own embedder answers"), "{printed:?}");
    assert!(printed.stdout.contains("Report 7"), "{printed:?}");

    let terminal = start(&docent, &["--embedder", "prompted"]);
    terminal.wait_for("embedding");
    assert!(made(&docent).1[1] >= killed[1]);
    terminal.wait_for("the new embedder answers");
    end(terminal);
    assert_eq!(made(&docent), (passages, vec![passages, passages]));
}
