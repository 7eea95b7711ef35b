//! Does the screen keep what a reader looks at, in a small terminal and in one that changes its size?

use crate::docent::Docent;
use crate::terminal::Terminal;
use crate::terminal::key::{ESCAPE, QUIT, TAB};

const WIDE: (u16, u16) = (100, 30);
const SMALL: (u16, u16) = (60, 16);
const PAGE_UP: &str = "\x1b[5~";
const ALT_1: &str = "\x1b1";

#[test]
fn what_is_found_while_typing_is_told_where_it_has_no_room() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SMALL);
    terminal.wait_for("Ask 22 documents");
    terminal.keys("notice period of the tenant");
    terminal.wait_for(" found   alt+1 ");
    terminal.keys(ALT_1);
    terminal.wait_for("Found while you type");
    terminal.keys(ESCAPE);
    terminal.wait_for(" found   alt+1 ");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

/// The first line of the conversation.
fn top(screen: &str) -> String {
    let line = screen.lines().nth(2).unwrap_or_default();
    line.split('│').next().unwrap_or_default().trim().to_owned()
}

#[test]
fn what_stands_at_the_top_stays_there_in_another_size() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], WIDE);
    terminal.wait_for("22 documents");
    for question in [
        "What is the notice period if the tenant wants to leave early?",
        "At what bearing temperature does the HX 65-200 have to be stopped?",
        "Who has to repair the roof of the mill?",
        "Which badge does a visitor of the plant wear?",
    ] {
        terminal.ask(question);
        let title = question.get(..20).unwrap();
        terminal.wait_until("the answer's end", |screen| {
            let (asked, end) = (screen.rfind(title), screen.rfind("in scope"));
            asked.is_some() && asked < end
        });
    }
    terminal.keys(TAB);
    let end = top(&terminal.screen());
    terminal.keys(PAGE_UP);
    let mut screen = terminal.wait_until("the page before", |screen| top(screen) != end);
    while !top(&screen).contains(char::is_alphabetic) {
        terminal.keys("k");
        let before = screen;
        screen = terminal.wait_until("the line before", |screen| *screen != before);
    }
    let stood = top(&screen);
    let word = stood.split(' ').find(|word| word.contains(char::is_alphabetic)).unwrap();
    terminal.resize(SMALL);
    terminal.wait_until("the same text in narrower lines", |screen| {
        screen.lines().next().is_some_and(|head| head.ends_with("sealed"))
            && top(screen).contains(word)
    });
    terminal.resize(WIDE);
    terminal.wait_until("the same line", |screen| {
        // Its head tells that the screen is drawn in its new size.
        screen.lines().next().is_some_and(|head| !head.ends_with("sealed")) && top(screen) == stood
    });
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}
