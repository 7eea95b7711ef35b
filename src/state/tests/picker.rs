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
    rows.filter_map(|row| match row.choice {
        Choice::Do(action) => Some(action),
        Choice::Elsewhere(..) => None,
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
            // Nothing was taken with what came before here, and nothing is pinned or left out.
            let has_object =
                !matches!(action, Action::AskAlone | Action::UnpinAll | Action::TakeAllIn);
            let expected =
                action.fits(context) && has_source && has_object && *action != Action::Palette;
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

/// What the first row that fits leads to when it is taken, and where.
fn taken(state: State, typed: &str) -> (Vec<Effect>, Context, String) {
    let mut state = after(state, [Message::Do(Action::Palette), Message::Paste(typed.into())]);
    let done = effects(&mut state, [Message::Do(Action::Confirm)]);
    let told = state.notice.as_ref().map_or(String::new(), |(notice, _)| notice.text.clone());
    (done, state.context(), told)
}

#[test]
fn what_is_done_in_other_views_is_found_by_its_name_and_leads_there() {
    for (typed, context, told) in [
        ("add a folder", Context::Folder, ""),
        ("conversations: delete", Context::Conversations, "to be deleted"),
        ("remove", Context::Library, "taken out"),
        ("read again", Context::Library, "read again"),
        ("library: show only", Context::Find, ""),
        ("library: problems", Context::Library, ""),
        ("conversations: show only", Context::Find, ""),
        ("rename", Context::Rename, ""),
        ("sources: why", Context::Why, ""),
        ("colours", Context::Themes, ""),
    ] {
        let mut state = conversing();
        state.conversation.id = Some(2);
        let (_, at, notice) = taken(state, typed);
        assert_eq!(at, context, "{typed}");
        assert!(notice.contains(told), "{typed}: {notice}");
    }
    let (done, at, _) = taken(conversing(), "by quotes");
    assert_eq!((done.last(), at), (Some(&Effect::UnloadModel), Context::Models));
    // Who has not opened a conversation says which is meant.
    let (done, at, told) = taken(ready(), "rename");
    assert_eq!((done, at), (vec![Effect::ListConversations], Context::Conversations));
    assert!(told.contains("another title"), "{told}");
    // There is no source to be asked about.
    assert!(taken(ready(), "sources: why").0.is_empty());
}

#[test]
fn what_is_done_in_another_view_is_a_command_as_well() {
    let mut state = after(conversing(), [Message::Paste("/add".into())]);
    drop(effects(&mut state, [Message::Do(Action::Send)]));
    assert_eq!((state.context(), state.question.input.text()), (Context::Folder, ""));
}

#[test]
fn the_ends_of_the_line_lead_on_to_the_ends_of_the_rows() {
    let state = after(ready(), [Action::Palette, Action::LineEnd].map(Message::Do));
    let choices = &picker(&state).choices;
    assert_eq!(choices.selected(), choices.fitting() - 1);
    let state = after(state, [Message::Do(Action::LineStart)]);
    assert_eq!(picker(&state).choices.selected(), 0);
    let typed = [Message::Paste("pane".into()), Message::Do(Action::LineStart)];
    let state = after(state, typed);
    assert_eq!((picker(&state).input.cursor(), picker(&state).choices.selected()), (0, 0));
    let state = after(state, [Action::LineEnd, Action::LineEnd].map(Message::Do));
    let choices = &picker(&state).choices;
    assert_eq!(choices.selected(), choices.fitting() - 1);
}

#[test]
fn escape_takes_the_slash_that_opened_the_commands_and_no_more() {
    for (typed, left) in [("/", ""), ("/exp", "/exp")] {
        let state = after(ready(), [Message::Paste(typed.into()), Message::Do(Action::Back)]);
        assert_eq!((state.question.input.text(), state.question.commands.is_some()), (left, false));
    }
}

#[test]
fn emptying_an_empty_line_chooses_no_other_row() {
    let state =
        after(in_context(Context::Question), [Action::Palette, Action::Quit].map(Message::Do));
    assert!(picker(&state).choices.fitting() > 1);
    assert_eq!(picker(&state).choices.selected(), 0);
}
