//! Do two docents on one home get along?

use docent_index::store::Desk;

use crate::docent::Docent;
use crate::terminal::Terminal;
use crate::terminal::key::{ENTER, QUIT};

const SIZE: (u16, u16) = (120, 36);

fn ask(terminal: &mut Terminal, question: &str) {
    terminal.keys(question);
    terminal.wait_for(question.get(..20).unwrap_or(question));
    terminal.keys(ENTER);
    terminal.wait_until("the answer's end", |screen| {
        screen.rsplit(question).next().unwrap_or_default().contains("passages in scope")
    });
}

/// The questions of all turns that are kept, sorted.
fn kept(docent: &Docent) -> Vec<String> {
    let desk = Desk::open(docent.home()).unwrap();
    let mut questions: Vec<String> = desk
        .heads()
        .unwrap()
        .iter()
        .flat_map(|head| desk.conversation(head.id).unwrap().unwrap().turns)
        .map(|turn| turn.question)
        .collect();
    questions.sort();
    questions
}

#[test]
fn what_both_save_is_kept_whoever_ends_first() {
    let docent = Docent::with_fixtures();
    let mut first = Terminal::start::<&str>(docent.home(), [], SIZE);
    first.wait_for("up to date");
    ask(&mut first, "How loud may the mill be at night?");
    // It opens the desk, writes to it and closes it, which is when SQLite puts its log away.
    let printed = docent.run(["--ask", "Who has to repair the roof of the mill?"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    ask(&mut first, "What is the notice period of the tenant?");
    first.keys(QUIT);
    assert_eq!(first.wait(), 0);
    assert_eq!(
        kept(&docent),
        [
            "How loud may the mill be at night?",
            "What is the notice period of the tenant?",
            "Who has to repair the roof of the mill?"
        ]
    );
}

fn searched(docent: &Docent, query: &str) -> serde_json::Value {
    docent.json(["--search", query])["hits"].clone()
}

#[test]
fn folders_named_in_a_second_docent_are_read_by_the_first_and_the_second_takes_over() {
    let docent = Docent::with_fixtures();
    let folder = |text: &str| {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("note.md"), text).unwrap();
        folder
    };
    let pump = folder("# Pump\n\nThe zeppelin pump stands in hall four.\n");
    let badge = folder("# Badge\n\nThe badge of a visitor is orange and ends at six.\n");
    let path = |folder: &tempfile::TempDir| folder.path().to_str().unwrap().to_owned();

    let mut first = Terminal::start::<&str>(docent.home(), [], SIZE);
    first.wait_for("up to date");
    let mut second = Terminal::start(docent.home(), [path(&pump)], SIZE);
    second.wait_for("is in the library");
    second.wait_for("another docent indexes");
    first.wait_for("23 documents");
    let printed = docent.run(["--index", &path(&badge)]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(printed.stderr.contains("the docent that is open reads it"), "{printed:?}");
    let again = docent.run(["--index", &path(&badge)]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stderr.contains("is in the library already"), "{again:?}");
    for terminal in [&first, &second] {
        terminal.wait_for("24 documents");
    }
    first.wait_for("up to date");

    for (terminal, question) in [
        (&mut first, "Which colour has the badge of a visitor?"),
        (&mut second, "Where does the zeppelin pump stand?"),
    ] {
        ask(terminal, question);
    }
    assert!(first.screen().contains("orange and ends at six"), "{}", first.screen());
    assert!(second.screen().contains("in hall four"), "{}", second.screen());
    assert_eq!(kept(&docent).len(), 2);
    let while_both_are_open = searched(&docent, "zeppelin pump");
    assert_eq!(while_both_are_open[0]["file"], "note.md");

    first.keys(QUIT);
    assert_eq!(first.wait(), 0);
    second.wait_for("up to date");
    std::fs::write(pump.path().join("more.md"), "# More\n\nThe valve is made of brass.\n").unwrap();
    second.wait_for("25 documents");
    ask(&mut second, "Of what is the valve made?");
    assert!(second.screen().contains("made of brass"), "{}", second.screen());
    second.keys(QUIT);
    assert_eq!(second.wait(), 0);
    assert_eq!(searched(&docent, "zeppelin pump")[0]["text"], while_both_are_open[0]["text"]);
    assert_eq!(kept(&docent).len(), 3);
}

#[test]
fn while_a_run_without_a_screen_writes_nobody_waits_for_ever() {
    let docent = Docent::with_fixtures();
    let found = docent.found("notice period of the tenant");
    assert!(!found.is_empty());
    let lock = std::fs::File::open(docent.home().join("writer.lock")).unwrap();
    lock.lock().unwrap();
    let printed = docent.run(["--index".as_ref(), docent.library().as_os_str()]);
    assert_eq!(printed.code, Some(2), "{printed:?}");
    assert!(printed.stderr.contains("another docent is writing"), "{printed:?}");
    assert_eq!(docent.found("notice period of the tenant"), found);
    drop(lock);
    // Nothing was left that would be followed now.
    let status = docent.json(["--index"]);
    assert_eq!(status["files"], 22);
}
