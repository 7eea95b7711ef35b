//! Is found, in a terminal, what somebody types who knows neither keys nor names?

use crate::docent::Docent;
use crate::terminal::Terminal;
use crate::terminal::key::{CTRL_P, ENTER, ESCAPE, F2, F4, QUIT};

const SIZE: (u16, u16) = (150, 45);
const SMALL: (u16, u16) = (60, 16);

#[test]
fn what_is_done_in_other_views_is_found_in_the_palette() {
    let docent = Docent::with_fixtures();
    docent.write("pump.md", "# The pump of hall four\n\nIts seal is worn.\n");
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("up to date");
    terminal.keys(CTRL_P);
    terminal.wait_for("What can be done");
    terminal.keys("folder add");
    terminal.wait_for("library: add a folder");
    terminal.keys(ENTER);
    terminal.wait_for("Add a folder");
    terminal.keys(&format!("{}{ENTER}", docent.library().display()));
    // The library is shown, the new folder is open, and its document is called as it calls itself.
    let shown = terminal.wait_for("pump.md");
    assert!(shown.contains("Library"), "{shown}");
    terminal.wait_until("the title behind the name", |screen| {
        screen.lines().any(|line| line.contains("pump.md") && line.contains("hall four"))
    });
    terminal.keys("/hall four");
    terminal.wait_until("what is called so", |screen| {
        screen.contains("pump.md") && !screen.contains(".pdf")
    });
    terminal.keys(&format!("{ENTER}{ENTER}"));
    terminal.wait_for("Its seal is worn");

    // The document is searched while it is typed, and what stands nowhere leaves the line open.
    terminal.keys("/seal");
    terminal.wait_for("1 of 1");
    terminal.keys("ed");
    terminal.wait_for("not in this document");
    terminal.keys(ESCAPE);
    terminal.wait_until("the document alone", |screen| {
        screen.contains("Its seal is worn") && !screen.contains("not in this document")
    });
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn conversations_of_another_docent_are_in_the_list_when_it_is_opened() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SMALL);
    terminal.wait_for("ask about your documents");
    let question = "Who has to repair the roof?";
    drop(docent.run(["--ask", question]));
    terminal.keys(F2);
    let listed = terminal.wait_for("Who has to repair");
    assert!(listed.contains("no. 1"), "{listed}");
    // What is marked is exported, under its own name.
    terminal.keys("\x13");
    let asked = terminal.wait_for("who-has-to-repair-the-roof.md");
    assert!(asked.contains(question) && asked.contains("It goes into"), "{asked}");
    terminal.keys(&format!("{ESCAPE}{ESCAPE}{F4}"));
    terminal.wait_for("Library");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}
