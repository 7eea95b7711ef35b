//! The question line.

use super::*;
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::Message;
use crate::state::question::{Chip, InScope};

/// Types, and lets it rest for a while.
pub(super) fn typed(mut state: State, text: &str) -> State {
    for c in text.chars() {
        state.update(Message::Type(c));
    }
    for seconds in [2, 4] {
        let mut later = sample::moment();
        later.since_start += Duration::from_secs(seconds);
        for effect in state.update(Message::Tick(later)) {
            if let Effect::Preview(preview) = effect {
                let hits = sample::answered().hits;
                let run = preview.run;
                state.update(Message::Previewed { run, hits, in_scope: 212 });
            }
        }
    }
    state
}

fn limited(mut state: State) -> State {
    state.question.chips =
        ["cases/oakfield", "notes/calls.md"].map(|way| Chip { way: way.to_owned() }).to_vec();
    let filters = state.question.filters();
    state.question.in_scope = Some(InScope { filters, documents: 10, passages: 212 });
    state
}

#[test]
fn what_would_be_found() {
    check("preview", |width, height| {
        typed(sample::idle(width, height), "notice \"ground floor\" -fee type:pdf")
    });
    check("preview-focus", |width, height| {
        let mut state = typed(sample::one_turn(width, height), "notice");
        state.update(Message::Do(Action::Source2));
        state
    });
}

#[test]
fn a_question_that_is_limited() {
    check("scope", |width, height| {
        typed(limited(sample::one_turn(width, height)), "Who repairs the roof?")
    });
    check("scope-picker", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.update(Message::Type('@'));
        let place =
            |way: &str, documents| crate::state::message::Place { way: way.to_owned(), documents };
        state.update(Message::Places(vec![
            place("cases", Some(1_102)),
            place("cases/oakfield", Some(9)),
            place("notes", Some(102)),
            place("cases/oakfield/Lease agreement.pdf", None),
            place("cases/oakfield/amendments/Amendment no. 2 (2025), signed.pdf", None),
            place("notes/calls.md", None),
        ]));
        state.update(Message::Paste("oakf".to_owned()));
        state
    });
    check("scope-waiting", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.update(Message::Type('@'));
        state
    });
}

#[test]
fn a_question_that_is_wrong() {
    check("fault", |width, height| {
        typed(limited(sample::idle(width, height)), "Which fee is due since:2024-13")
    });
    let drawn = draw(&typed(sample::idle(100, 30), "fee since:2024-13"));
    let (_, _, modifier) = style_of(drawn.backend.buffer(), "2024-13");
    assert!(modifier.contains(ratatui::style::Modifier::UNDERLINED));
}

#[test]
fn commands() {
    check("commands", |width, height| typed(sample::one_turn(width, height), "/ex"));
    check("commands-all", |width, height| typed(sample::one_turn(width, height), "/"));
    check("commands-none", |width, height| typed(sample::one_turn(width, height), "/exprot"));
}

#[test]
fn the_query_language_is_coloured() {
    let text = "notice \"ground floor\" -fee type:pdf";
    let drawn = draw(&typed(sample::idle(100, 30), text));
    check_role(&drawn, "notice \"", Role::Text);
    check_role(&drawn, "\"ground", Role::Phrase);
    check_role(&drawn, "-fee", Role::Without);
    check_role(&drawn, "type:pdf", Role::Filter);
    check_role(&draw(&typed(sample::idle(100, 30), "/exp")), "/exp", Role::Filter);
}
