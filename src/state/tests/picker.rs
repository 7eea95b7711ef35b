//! Choosing one of many.

use super::*;
use crate::state::picker::Choice;

fn picker(state: &State) -> &crate::state::picker::Picker {
    match state.layers.last() {
        Some(Layer::Picker(picker)) => picker,
        other => panic!("{other:?}"),
    }
}

fn offered(state: &State) -> Vec<Action> {
    let rows = picker(state).choices.rows().iter();
    rows.map(|row| match row.choice {
        Choice::Do(action) => action,
        ref other => panic!("{other:?}"),
    })
    .collect()
}

#[test]
fn the_palette_offers_what_can_be_done_below_it() {
    for context in CONTEXTS.into_iter().filter(|context| *context != Context::Picker) {
        let state = after(in_context(context), [Message::Do(Action::Palette)]);
        let offered = offered(&state);
        for action in Action::ALL {
            let has_source = action.source().is_none_or(|number| number <= 3);
            let expected = action.fits(context) && has_source && *action != Action::Palette;
            assert_eq!(offered.contains(action), expected, "{} in {context:?}", action.name());
        }
    }
}

#[test]
fn what_is_useful_comes_first_and_what_was_used_before_that() {
    let palette = |state: State| after(state, [Message::Do(Action::Palette)]);
    let mut state = palette(in_context(Context::Question));
    let first = |state: &State| offered(state)[..3].to_vec();
    assert_eq!(first(&state), [Action::History, Action::Scope, Action::Compose]);
    let all = offered(&state);
    let at = |action| all.iter().position(|other| *other == action).unwrap();
    assert!(at(Action::Quit) < at(Action::Send) && at(Action::Send) < at(Action::Left));
    for name in ["themes", "mouse", "help", "themes"] {
        let chosen = [Message::Paste(name.into()), Message::Do(Action::Confirm)];
        state = after(state, chosen);
        state.layers.clear();
        state = palette(state);
    }
    assert_eq!(first(&state), [Action::Themes, Action::Help, Action::Mouse]);
    // Elsewhere as well, as far as it can be done there.
    state.layers.clear();
    let state = palette(State { focus: Pane::Sources, ..state });
    assert_eq!(first(&state), [Action::Themes, Action::Help, Action::Mouse]);
}

#[test]
fn what_is_chosen_is_done_to_what_lies_below() {
    let mut state = after(reading(), [Message::Do(Action::Palette)]);
    let chosen = [Message::Paste("viewer".into()), Message::Do(Action::Confirm)];
    let asked = effects(&mut state, chosen);
    assert!(matches!(asked.as_slice(), [Effect::View { page: Some(2), .. }]), "{asked:?}");
    assert_eq!(state.context(), Context::Document);
}

#[test]
fn quitting_by_name_needs_no_second_time() {
    let mut state = after(ready(), [Message::Do(Action::Palette)]);
    let chosen = [Message::Paste("quit".into()), Message::Do(Action::Confirm)];
    assert_eq!(effects(&mut state, chosen), [Effect::Quit]);
}

#[test]
fn the_palette_is_closed_by_its_own_key_and_by_escape() {
    for action in [Action::Palette, Action::Back] {
        let state = after(in_context(Context::Library), [Action::Palette, action].map(Message::Do));
        assert_eq!(state.context(), Context::Library, "{action:?}");
    }
}

#[test]
fn nothing_comes_of_letters_that_fit_nothing() {
    let mut state = after(ready(), [Message::Do(Action::Palette), Message::Paste("zzz".into())]);
    assert!(effects(&mut state, [Action::Down, Action::Confirm].map(Message::Do)).is_empty());
    assert_eq!(state.context(), Context::Picker);
}

#[test]
fn a_past_question_is_found_and_what_was_typed_comes_back_behind_it() {
    let draft = [Message::Paste("due".into()), Message::Do(Action::History)];
    let state = after(ready(), draft);
    // What stood in the line is looked for.
    assert_eq!((picker(&state).input.text(), picker(&state).choices.fitting()), ("due", 1));
    let state = after(state, [Message::Do(Action::Confirm)]);
    assert_eq!(state.question.input.text(), "What is due?");
    let state = after(state, [Message::Do(Action::Down)]);
    assert_eq!(state.question.input.text(), "due");
}

#[test]
fn all_past_questions_are_shown_where_none_fits_what_was_typed_the_latest_first() {
    let state = after(ready(), [Message::Paste("xyz".into()), Message::Do(Action::History)]);
    assert_eq!(picker(&state).input.text(), "");
    let rows: Vec<&str> =
        picker(&state).choices.rows().iter().map(|row| row.text.as_str()).collect();
    assert_eq!(rows, ["What is due?", "Who signed?"]);
    let nothing_asked = after(state_without_history(), [Message::Do(Action::History)]);
    assert_eq!(nothing_asked.context(), Context::Question);
    assert!(nothing_asked.notice.unwrap().0.text.contains("no question was asked"));
}

fn state_without_history() -> State {
    after(state(), [Message::Library(LibraryReport::Content(Box::new(content())))])
}
