//! Do two docents on one home get along?

use docent_index::store::Desk;

use crate::docent::Docent;
use crate::terminal::Terminal;

const SIZE: (u16, u16) = (120, 36);
const ENTER: &str = "\r";
const QUIT: &str = "\x03\x03";

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
