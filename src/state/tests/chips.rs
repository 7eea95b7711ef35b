//! What stands over the question line, and is taken away there.

use super::*;
use crate::state::question::Chip;

fn act(action: Action) -> Message {
    Message::Do(action)
}

/// A conversation with two places to ask, a pinned source and one that is left out.
fn with_chips() -> State {
    let mut state = after(conversing(), [act(Action::Source1), act(Action::Pin)]);
    state = after(state, [act(Action::Source2), act(Action::Exclude)]);
    state.focus = Pane::Question;
    state.question.chips = ["cases", "notes"].map(|way| Chip { way: way.to_owned() }).to_vec();
    state
}

fn counts(state: &State) -> [usize; 3] {
    let Chosen { pinned, excluded } = &state.conversation.chosen;
    [state.question.chips.len(), pinned.len(), excluded.len()]
}

#[test]
fn backspace_takes_the_last_place_away_and_a_click_any_chip() {
    let mut state = with_chips();
    // What was chosen among sources is not found again as easily as a place.
    for expected in [[1, 1, 1], [0, 1, 1], [0, 1, 1]] {
        state = after(state, [act(Action::Backspace)]);
        assert_eq!(counts(&state), expected);
    }
    for (chip, expected) in [(0, [1, 1, 1]), (1, [1, 1, 1]), (2, [2, 0, 1]), (3, [2, 1, 0])] {
        let state = after(with_chips(), [click(Target::Chip(chip))]);
        assert_eq!(counts(&state), expected, "{chip}");
    }
}

#[test]
fn what_is_pinned_or_left_out_is_let_go_by_name() {
    let mut state = with_chips();
    state.conversation.id = Some(3);
    let kept = |pinned: &[Passage], excluded: &[Passage]| {
        let chosen = Chosen { pinned: pinned.to_vec(), excluded: excluded.to_vec() };
        vec![Effect::KeepPassages { conversation: 3, chosen }]
    };
    let excluded = state.conversation.chosen.excluded.clone();
    assert_eq!(state.update(act(Action::UnpinAll)), kept(&[], &excluded));
    assert_eq!(counts(&state), [2, 0, 1]);
    assert_eq!(state.update(act(Action::TakeAllIn)), kept(&[], &[]));
    assert_eq!(counts(&state), [2, 0, 0]);
    let told = |state: &State| state.notice.as_ref().map(|(notice, _)| notice.text.clone());
    let state = after(state, [act(Action::TakeAllIn)]);
    assert_eq!(told(&state).as_deref(), Some("nothing is left out here"));
}

#[test]
fn the_last_question_is_asked_again_without_what_came_before_where_something_did() {
    let mut state = conversing();
    state.focus = Pane::Conversation;
    assert_eq!(state.update(act(Action::AskAlone)), []);
    let last = state.conversation.turns.last_mut().unwrap();
    let Answering::Done(answered) = &mut last.answer else { panic!("{last:?}") };
    answered.understood = Some("And who pays it? rent".to_owned());
    let effects = state.update(act(Action::AskAlone));
    let [Effect::Ask(ask)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(ask.turns, []);
    assert!(ask.replaces.is_some());
}
