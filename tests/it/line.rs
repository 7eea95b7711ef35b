//! Does the question line do, in a terminal, what is expected of it before a question is sent?

use portable_pty::CommandBuilder;

use crate::docent::{Docent, fixture};
use crate::terminal::Terminal;
use crate::terminal::key::{BACKSPACE, CTRL_G, CTRL_P, CTRL_R, CTRL_U, ENTER, ESCAPE, QUIT};

const SIZE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (60, 16);

fn on_fixtures(docent: &Docent, size: (u16, u16)) -> Terminal {
    let terminal = Terminal::start::<&str>(docent.home(), [], size);
    terminal.wait_for("up to date");
    terminal
}

#[test]
fn a_session_by_names_instead_of_keys() {
    let docent = Docent::with_fixtures();
    let mut terminal = on_fixtures(&docent, SIZE);
    // Evidence comes while the question is typed.
    terminal.keys("bearing temperature of the HX 65-200");
    terminal.wait_for("Found while you type");
    terminal.keys(ENTER);
    terminal.wait_until("an answer's sources", |screen| {
        screen.contains("passages in scope") && !screen.contains("Found while you type")
    });

    // The palette does things to what lies below it.
    terminal.keys(CTRL_P);
    terminal.wait_for("What can be done");
    terminal.keys("folders prob");
    terminal.wait_for("show folders and problems");
    terminal.keys(ENTER);
    terminal.wait_for("esc back");
    terminal.keys(ESCAPE);
    terminal.wait_for("ask about your documents");

    terminal.keys(CTRL_R);
    terminal.wait_for("Earlier questions");
    terminal.keys("HX bear");
    terminal.keys(ENTER);
    terminal.wait_for("› bearing temperature");
    terminal.keys(CTRL_U);

    // A mistyped command is never asked.
    terminal.keys("/exprot");
    terminal.keys(ENTER);
    terminal.wait_for("did you mean `export`?");
    terminal.keys(CTRL_U);
    terminal.keys("/quit");
    terminal.keys(ENTER);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
}

#[test]
fn a_question_is_limited_to_a_folder_and_what_is_wrong_is_told_in_a_small_terminal() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SMALL);
    terminal.wait_for("ask about your documents");
    terminal.keys("@");
    terminal.wait_for("Folders and files to ask");
    terminal.wait_for("library/");
    let listed = terminal.screen();
    assert!(listed.contains(" of "), "{listed}");
    terminal.keys(ENTER);
    terminal.wait_until("a chip with its count", |screen| {
        screen.contains("@library ×") && screen.contains("22 documents")
    });
    terminal.keys("rent since:2024-13 due");
    terminal.wait_for("`2024-13` is no date");
    terminal.keys(ENTER);
    terminal.wait_for("`2024-13` is no date");
    terminal.keys(CTRL_U);
    terminal.keys("What is the notice period of the tenant?");
    terminal.keys(ENTER);
    // The question stands there in its own words, and where it was asked below.
    let asked = terminal.wait_for("in library");
    assert!(!asked.contains("path:"), "{asked}");
    terminal.keys(BACKSPACE);
    terminal.wait_until("the chip to be gone", |screen| !screen.contains("@library ×"));
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn what_is_left_out_stands_over_the_line_until_it_is_taken_away() {
    let docent = Docent::with_fixtures();
    let mut terminal = on_fixtures(&docent, SIZE);
    terminal.ask("Where is the key to the oil store?");
    terminal.wait_for("hook 14");
    terminal.wait_for("passages in scope");
    terminal.keys("\x1b1");
    terminal.keys("x");
    terminal.wait_for("1 left out ×");
    terminal.keys(ESCAPE);
    terminal.wait_for("f1 help");
    terminal.keys("/take-all-in");
    terminal.keys(ENTER);
    terminal.wait_until("the chip to be gone", |screen| !screen.contains("1 left out ×"));

    // What goes on says with what, and is asked without it.
    terminal.ask("And of the drugs cupboard?");
    terminal.wait_for("taken with: key");
    terminal.keys("/ask-alone");
    terminal.keys(ENTER);
    terminal.wait_until("an answer to the question alone", |screen| {
        !screen.contains("taken with") && screen.matches("passages in scope").count() > 1
    });
    terminal.ask("rent file:nosuchfile");
    terminal.wait_for("No document matches `file:nosuchfile`");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_question_is_written_in_an_editor_and_nothing_of_it_stays() {
    let docent = Docent::with_fixtures();
    let editor = docent.write("editor.sh", "#!/bin/sh\nprintf ' the rent\\r\\n' >> \"$1\"\n");
    let start = |editor: Option<&std::path::Path>| {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
        command.env("TERM", "xterm-256color");
        command.env_remove("VISUAL");
        command.env_remove("EDITOR");
        if let Some(editor) = editor {
            command.env("VISUAL", format!("/bin/sh {}", editor.display()));
        }
        command.args(["--model", "none", "--home"]);
        command.arg(docent.home());
        let terminal = Terminal::run(command, SIZE);
        terminal.wait_for("ask about your documents");
        terminal
    };
    let mut terminal = start(Some(&editor));
    terminal.keys("What is");
    terminal.wait_for("› What is");
    terminal.keys(CTRL_G);
    terminal.wait_for("› What is the rent");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let names = std::fs::read_dir(docent.home()).unwrap();
    let names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with("writing")), "{names:?}");

    let mut terminal = start(None);
    terminal.keys("What is");
    terminal.keys(CTRL_G);
    terminal.wait_for("no editor is chosen");
    terminal.wait_for("› What is");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

/// The library lies where the fixtures lie: the way to it begins with its folder's name.
#[test]
fn a_filter_by_path_works_without_the_screen_as_well() {
    let docent = Docent::with_fixtures();
    assert!(fixture("library").is_dir());
    let printed = docent.run(["--search", "notice period path:library", "--json"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let printed = docent.run(["--search", "notice period path:elsewhere", "--json"]);
    assert_eq!((printed.code, printed.stdout.trim().is_empty()), (Some(1), false), "{printed:?}");
}
