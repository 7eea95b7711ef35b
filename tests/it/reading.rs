//! Does reading answers, sources and documents do what a user expects of it, in a terminal and by keys alone?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::docent::{Docent, fixture};
use crate::terminal::Terminal;
use crate::terminal::key::{ENTER, ESCAPE, F2, QUIT, TAB};

const QUESTION: &str = "What is the notice period if the tenant wants to leave early?";

/// The screen with the demonstration library, after an answer in quotes.
fn answered(docent: &Docent, size: (u16, u16)) -> Terminal {
    let mut terminal = Terminal::start(docent.home(), ["--model", "none"], size);
    terminal.wait_for("ask about your documents");
    terminal.keys(QUESTION);
    terminal.keys(ENTER);
    terminal.wait_for("in scope");
    terminal
}

/// What the terminal was told to put on its clipboard, in order.
fn copied(terminal: &Terminal) -> Vec<String> {
    let bytes = terminal.bytes();
    let sent = String::from_utf8_lossy(&bytes);
    let texts = sent.split("\x1b]52;c;").skip(1).filter_map(|rest| rest.split('\x1b').next());
    texts.map(|text| String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap()).collect()
}

#[test]
fn an_answer_a_quote_and_what_is_cited_are_copied() {
    let docent = Docent::with_fixtures();
    let mut terminal = answered(&docent, (120, 36));
    terminal.keys(&format!("{TAB}y"));
    terminal.wait_for("copied the answer");
    terminal.keys("Y");
    terminal.wait_for("with its source");
    terminal.keys("1y");
    terminal.wait_for("copied the quote of [1]");
    terminal.keys(ENTER);
    terminal.wait_for("page 7 of");
    terminal.keys("y");
    terminal.wait_for("copied what is cited");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let texts = copied(&terminal);
    let [answer, with_sources, quote, marked] = texts.as_slice() else { panic!("{texts:?}") };
    assert!(answer.contains("nine months") && answer.contains("[1]"), "{answer}");
    assert!(with_sources.starts_with(answer) && with_sources.contains("\n[1] “"), "{with_sources}");
    assert!(quote.starts_with('“') && quote.contains("p. 4"), "{quote}");
    assert_eq!(quote, marked);
}

#[test]
fn what_was_chosen_among_sources_and_why_they_were_there_is_known_at_the_next_start() {
    let docent = Docent::with_fixtures();
    let mut terminal = answered(&docent, (120, 36));
    terminal.keys("\x1b1x");
    terminal.wait_for("[1] is left out");
    terminal.keys("2p");
    terminal.wait_for("[2] stays among the sources");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);

    let mut terminal = Terminal::start::<&str>(docent.home(), [], (120, 36));
    terminal.wait_for("ask about your documents");
    terminal.keys(F2);
    terminal.wait_for("What is the notice");
    terminal.keys(ENTER);
    terminal.wait_for("in scope");
    let shown = terminal.wait_for("left out");
    assert!(shown.contains("pinned"), "{shown}");
    terminal.keys(&format!("{TAB}{TAB}2w"));
    let why = terminal.wait_for("Why this source");
    assert!(why.contains("BM25") && why.contains("cosine"), "{why}");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_source_that_is_left_out_is_not_found_again_and_one_that_is_pinned_stays() {
    let docent = Docent::with_fixtures();
    let mut terminal = answered(&docent, (120, 36));
    let screen = terminal.screen();
    let (_, counted) = screen.split_once("from 6 of ").unwrap();
    let count: u32 = counted.split_once(' ').unwrap().0.parse().unwrap();
    terminal.keys("\x1b1x");
    terminal.wait_for("[1] is left out");
    terminal.keys("2p");
    terminal.wait_for("[2] stays among the sources");
    terminal.keys("w");
    let why = terminal.wait_for("Why this source");
    assert!(why.contains("BM25") && why.contains("cosine"), "{why}");
    terminal.keys(ESCAPE);
    terminal.wait_for("Sources");
    let other = "At what bearing temperature does the HX 65-200 have to be stopped?";
    let left = format!("of {} passages in scope", count - 1);
    for (number, question) in [(1, other), (2, QUESTION)] {
        if number == 1 {
            terminal.keys(TAB);
        }
        terminal.keys(&format!("{question}{ENTER}"));
        terminal.wait_until("an answer without what is left out", |screen| {
            screen.matches(left.as_str()).count() == number
        });
    }
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);

    let exported = docent.library().join("talk.json");
    let written = docent.run(["--conversation", "last", "--export", exported.to_str().unwrap()]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let exported: serde_json::Value =
        serde_json::from_slice(&std::fs::read(exported).unwrap()).unwrap();
    let texts = |answer: usize| -> Vec<&str> {
        let hits = exported["answers"][answer]["hits"].as_array().unwrap();
        hits.iter().map(|hit| hit["text"].as_str().unwrap()).collect()
    };
    let (first, other, again) = (texts(0), texts(1), texts(2));
    assert!(!again.contains(&first[0]), "{again:?}");
    assert!(other[..6].contains(&first[1]), "{other:?}");
    assert!(again[..6].contains(&first[1]), "{again:?}");
}

/// Control sequences of the hostile documents, as far as docent does not send such by itself.
const STEERING: [&str; 9] = [
    "\x1b]0;stolen",
    "\x1b]52;",
    "\x1b]4;",
    "\x1b[31;7m",
    "\x1b[6n",
    "\x1b[c",
    "\u{9b}",
    "\u{202e}",
    "\u{2066}",
];

#[test]
fn nothing_in_a_hostile_document_reaches_the_terminal_from_any_view() {
    let docent = Docent::new();
    let hostile = fixture("hostile");
    let folder = hostile.to_str().unwrap();
    let mut terminal = Terminal::start(docent.home(), ["--model", "none", folder], (120, 36));
    terminal.wait_for("2 documents");
    for (question, words) in [
        ("What do the orders of the gatehouse say about the gate?", "stays shut"),
        ("What does the keeper of the toll count?", "counts the carts"),
    ] {
        terminal.keys(&format!("{question}{ENTER}"));
        terminal.wait_for(words);
        terminal.keys("\x1b1");
        // Why it is there, and the document itself, searched, with what it says copied nowhere.
        terminal.keys("w");
        terminal.wait_for("Why this source");
        terminal.keys(ESCAPE);
        terminal.wait_for("Sources");
        terminal.keys(ENTER);
        terminal.wait_for("esc back");
        terminal.keys(&format!("/stolen{ENTER}"));
        terminal.wait_for("“stolen”");
        terminal.keys("G");
        terminal.keys("g");
        terminal.keys(ESCAPE);
        terminal.wait_for("Sources");
        terminal.keys(TAB);
    }
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let bytes = terminal.bytes();
    let sent = String::from_utf8_lossy(&bytes);
    for steering in STEERING {
        assert!(!sent.contains(steering), "{steering:?} reached the terminal");
    }
    assert!(sent.contains("stolen title"), "the text itself is shown");
}
