//! Choosing one of many.

use super::*;
use crate::state::action::Action;
use crate::state::message::Message;
use crate::state::picker::{Choice, Choices, Row};

#[test]
fn the_palette() {
    check("palette", |width, height| with_palette(sample::one_turn(width, height), "pane ex"));
    check("palette-all", |width, height| {
        let document = Layer::Document(Box::new(sample::paged_document()));
        with_palette(with_layer(sample::one_turn(width, height), document), "")
    });
    check("palette-nothing", |width, height| {
        with_palette(sample::idle(width, height), "no such thing")
    });
}

pub(super) fn with_palette(mut state: State, typed: &str) -> State {
    state.update(Message::Do(Action::Palette));
    state.update(Message::Paste(typed.to_owned()));
    state
}

#[test]
fn past_questions() {
    check("history", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.question.history = [
            "Who signed the lease of Harbour Mill?",
            "What is the notice period if the tenant wants to leave early, and does it differ between the floors that were added by the second amendment of 2025 and the others?",
            "Which contracts renew\nby themselves?",
            "What is due?",
        ]
        .map(str::to_owned)
        .to_vec();
        state.update(Message::Do(Action::History));
        state.update(Message::Paste("wh ti".to_owned()));
        state
    });
}

/// Rows of a text, one of them chosen by its first letter.
pub(super) fn hostile(text: &str) -> Choices {
    let [text, name, note] = [text; 3].map(str::to_owned);
    let row = Row { text, name, note, choice: Choice::Past(0) };
    Choices::new(vec![row; 9])
}

#[test]
fn letters_that_fit_are_marked_on_the_chosen_row_as_well() {
    let drawn = draw(&with_palette(sample::one_turn(100, 30), "folders prob"));
    let theme = Theme::named("dark").unwrap();
    let (letter, selected) = (theme.style(Role::Letter), theme.style(Role::Selected));
    let (foreground, background, modifier) = style_of(drawn.backend.buffer(), "problems");
    assert_eq!((Some(foreground), Some(background)), (letter.fg, selected.bg));
    assert_eq!(modifier, letter.add_modifier);
    let (foreground, background, _) = style_of(drawn.backend.buffer(), "and problems");
    assert_eq!((Some(foreground), Some(background)), (selected.fg, selected.bg));
}
