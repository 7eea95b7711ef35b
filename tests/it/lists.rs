//! Do the library, the conversations, the models and the first start do, by keys alone, what is expected of them?

use crate::docent::{Docent, fixture};
use crate::terminal::Terminal;
use crate::terminal::key::{CTRL_U, DOWN, ENTER, ESCAPE, F2, F3, F4, QUIT, TAB};

const SIZE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (60, 16);

/// Asks and waits for the answer's end.
fn ask(terminal: &mut Terminal, question: &str) {
    terminal.ask(question);
    terminal.wait_until("the answer's end", |screen| {
        screen.rsplit(question).next().unwrap_or_default().contains(" in scope")
    });
}

fn end(mut terminal: Terminal) {
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn the_library_is_gone_through_found_in_and_read_again() {
    let docent = Docent::new();
    docent.write("cases/oak/lease.md", "# Lease\n\nThe landlord repairs the roof.\n");
    docent.write("cases/harbour/calls.md", "# Calls\n\nShe called about the break date.\n");
    docent.write("notes.md", "# Notes\n\nBuy a compass.\n");
    docent.write("broken.pdf", "%PDF-1.7 and nothing else");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
    terminal.wait_for("up to date");
    terminal.keys(F4);
    // The only folder is open, the folders in it are not.
    let shown = terminal.wait_for("broken.pdf");
    assert!(shown.contains("▸ cases") && shown.contains("read just now"), "{shown}");
    assert!(!shown.contains("lease.md"), "{shown}");
    terminal.keys(&format!("{DOWN}{ENTER}"));
    terminal.wait_for("▸ oak");
    terminal.keys("G");
    terminal.wait_until("the last one to be chosen", |screen| {
        screen.lines().filter(|line| line.contains("notes.md")).count() == 2
    });
    terminal.keys(ENTER);
    terminal.wait_for("Buy a compass");
    terminal.keys(ESCAPE);
    terminal.wait_for("broken.pdf");
    terminal.keys("r");
    terminal.wait_for("is read again");
    terminal.wait_for("up to date");
    // A notice may name it as well.
    let has_notes = |screen: &str| {
        screen.lines().any(|line| line.contains("notes.md") && line.contains("1 passage"))
    };

    terminal.keys("/lease");
    terminal.wait_until("what was found alone", |screen| {
        screen.contains("lease.md") && !has_notes(screen)
    });
    // The first document that was found is chosen.
    terminal.keys(&format!("{ENTER}{ENTER}"));
    terminal.wait_for("The landlord repairs the roof");
    terminal.keys(ESCAPE);
    terminal.wait_for("1 file");
    // All is there again, and what was chosen is still seen.
    terminal.keys(ESCAPE);
    let all = terminal.wait_until("all of them", has_notes);
    assert!(all.contains("lease.md"), "{all}");
    terminal.keys("p");
    let problems = terminal.wait_until("the problem alone", |screen| {
        screen.contains("what could not be read") && !has_notes(screen)
    });
    assert!(problems.contains("broken.pdf"), "{problems}");
    end(terminal);
}

#[test]
fn folders_of_a_library_that_is_gone_through_change_under_way() {
    let docent = Docent::new();
    for number in 0..60 {
        docent.write(&format!("note-{number:02}.md"), format!("# {number}\n\nNote {number}.\n"));
    }
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SMALL);
    terminal.keys(F4);
    terminal.wait_for("60 documents");
    terminal.wait_for("note-00.md");
    terminal.keys("G");
    let path = docent.library().canonicalize().unwrap().join("note-59.md");
    let is_chosen = |screen: &str| {
        let name = path.file_name().unwrap().to_str().unwrap();
        // In its row, and below in the path of what is chosen.
        screen.lines().filter(|line| line.contains(name)).count() == 2
    };
    terminal.wait_until("the last one to be chosen", is_chosen);
    docent.write("a-new-one.md", "# New\n\nThis came later.\n");
    terminal.wait_for("61 documents");
    terminal.wait_until("the last one to be chosen still", is_chosen);
    terminal.keys("g");
    terminal.wait_for("a-new-one.md");
    end(terminal);
}

#[test]
fn the_first_start_at_sixty_columns_ends_in_an_answer() {
    let docent = Docent::new();
    docent.write("papers/pump.md", "# Pump\n\nThe zeppelin pump stands in hall four.\n");
    docent.write("notes/badge.md", "# Badge\n\nThe badge of a visitor is orange.\n");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SMALL);
    terminal.wait_for("Folders");
    terminal.keys(&format!("{library}/pa"));
    terminal.wait_for("papers/");
    terminal.keys(&format!("{TAB}{ENTER}"));
    terminal.wait_for("1 read");
    terminal.keys(&format!("{library}/nowhere{ENTER}"));
    terminal.wait_for("can't find");
    terminal.keys(CTRL_U);
    terminal.keys(&format!("{library}/notes{ENTER}"));
    terminal.wait_until("both folders", |screen| screen.matches("1 read").count() == 2);
    terminal.keys(ENTER);
    terminal.wait_for("ask about your documents");
    ask(&mut terminal, "Where does the zeppelin pump stand?");
    assert!(terminal.screen().contains("hall four"), "{}", terminal.screen());
    end(terminal);
}

#[test]
fn who_leaves_the_first_start_is_at_no_dead_end() {
    let docent = Docent::new();
    docent.write("pump.md", "# Pump\n\nThe zeppelin pump stands in hall four.\n");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("Folders");
    terminal.keys(ESCAPE);
    terminal.wait_for("ask about your documents");
    terminal.keys(&format!("Where is the pump?{ENTER}"));
    terminal.wait_for("Folders");
    terminal.keys(&format!("{library}{ENTER}"));
    terminal.wait_for("1 read");
    terminal.keys(&format!("{ENTER}{ENTER}"));
    terminal.wait_for(" in scope");
    end(terminal);
}

#[test]
fn conversations_are_found_by_what_was_said_and_renamed() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("up to date");
    ask(&mut terminal, "At what bearing temperature does the HX 65-200 have to be stopped?");
    terminal.keys("\x0e");
    terminal.wait_for("new conversation");
    ask(&mut terminal, "Who has to repair the roof of the mill?");
    terminal.keys(F2);
    terminal.wait_for("Today");
    terminal.keys("/mm/s");
    let found = terminal.wait_until("one conversation", |screen| {
        screen.contains("At what bearing") && !screen.contains("▸● Who has to")
    });
    assert!(found.contains("mm/s"), "{found}");
    terminal.keys(&format!("{ENTER}e{CTRL_U}Bearings of pumps{ENTER}"));
    terminal.wait_for("Bearings of pumps");
    terminal.keys(ESCAPE);
    terminal.wait_until("all of them", |screen| !screen.contains("/ mm/s"));
    end(terminal);

    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("up to date");
    terminal.keys(F2);
    terminal.wait_for("Bearings of pumps");
    terminal.keys(&format!("/bearings{ENTER}{ENTER}"));
    // Its sources are there, and its citations open.
    let opened = terminal.wait_for(" in scope");
    assert!(opened.contains("mm/s") && opened.contains("Sources"), "{opened}");
    terminal.keys(&format!("{TAB}{TAB}1{ENTER}"));
    terminal.wait_for("cited [1]");
    end(terminal);
}

#[test]
fn a_conversation_of_long_ago_shows_its_sources_when_its_documents_have_changed_or_are_gone() {
    let docent = Docent::new();
    let lease = docent.write("lease.md", "# Lease\n\nThe tenant pays 900 a month for the mill.\n");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
    terminal.wait_for("up to date");
    ask(&mut terminal, "How much does the tenant pay a month?");
    end(terminal);
    std::fs::write(&lease, "# Lease\n\nThe tenant pays 950 a month for the mill.\n").unwrap();
    for (told, shown) in
        [("has changed since it was cited", "950"), ("This document is gone", "900")]
    {
        let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
        terminal.wait_for("up to date");
        terminal.keys(&format!("{F2}{ENTER}"));
        let opened = terminal.wait_for(" in scope");
        assert!(opened.contains("900 a month"), "{opened}");
        terminal.keys(&format!("{TAB}{TAB}1{ENTER}"));
        let document = terminal.wait_for(told);
        assert!(document.contains(&format!("The tenant pays {shown} a month")), "{document}");
        end(terminal);
        drop(std::fs::remove_file(&lease));
    }
}

#[test]
fn a_model_is_looked_at_loaded_and_unloaded() {
    let docent = Docent::with_fixtures();
    std::fs::create_dir(docent.home().join("models")).unwrap();
    std::fs::copy(fixture("tiny.gguf"), docent.home().join("models/tiny.gguf")).unwrap();
    let broken = docent.home().join("models/broken.gguf");
    std::fs::copy(fixture("broken/not-a-model.gguf"), broken).unwrap();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("up to date");
    terminal.keys(F3);
    let shown = terminal.wait_for("in all");
    assert!(shown.contains("parameters") && shown.contains("is not a GGUF file"), "{shown}");
    terminal.keys(ENTER);
    terminal.wait_for("ask about your documents");
    terminal.wait_for("Tiny noise");
    terminal.keys(&format!("{F3}u"));
    terminal.wait_for("● none: quotes only");
    end(terminal);
}
