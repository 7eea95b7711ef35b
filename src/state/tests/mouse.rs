//! Two clicks, and what is not clicked.

use super::*;
use crate::state::look::Choice;
use crate::state::question::Chip;
use crate::state::scroll::Scroll;

#[test]
fn two_clicks_open_what_one_has_chosen() {
    for (target, state) in [
        (Target::Source(1), conversing()),
        (Target::Citation { turn: 1, n: 2 }, conversing()),
        (Target::Conversation(1), conversing()),
        (Target::Row(0), in_context(Context::Models)),
        (Target::Row(2), in_context(Context::Themes)),
    ] {
        let mut state = state;
        let once = effects(&mut state, [click(target)]);
        assert_eq!(once, [], "{target:?}");
        let twice = effects(&mut state, [click(target)]);
        assert_eq!(twice.len(), 1, "{target:?} {twice:?}");
        // A third click is the first of another two.
        let again = effects(&mut state, [click(target)]);
        assert_eq!(again, [], "{target:?}");
    }
}

#[test]
fn two_clicks_on_different_things_or_far_apart_open_nothing() {
    let mut state = conversing();
    let apart = [click(Target::Source(1)), click(Target::Source(2)), click(Target::Source(1))];
    assert_eq!(effects(&mut state, apart), []);
    let mut state = conversing();
    let later = Message::Tick(moment(Duration::from_secs(1)));
    let slow = [click(Target::Source(1)), later, click(Target::Source(1))];
    assert_eq!(effects(&mut state, slow), []);
}

#[test]
fn the_sources_stand_where_the_wheel_has_moved_them() {
    let mut state = after(conversing(), [Message::Do(Action::Source2)]);
    state.update(wheel(Target::Source(0), 3));
    state.update(wheel(Target::Source(0), 3));
    assert_eq!(state.sources.scroll, Scroll { anchor: Anchor::Line(20), lines: 6 });
    assert_eq!(state.sources.selected, 1);
}

#[test]
fn a_row_that_is_no_more_does_no_harm() {
    for context in [Context::Models, Context::Themes, Context::Library, Context::Help] {
        let mut state = in_context(context);
        let far = Target::Row(99);
        drop(effects(&mut state, [click(far), click(far)]));
        drop(effects(&mut state, [Action::Down, Action::Open].map(Message::Do)));
    }
}

/// Something typed, limited to two folders, with the keys elsewhere.
pub(super) fn typed() -> State {
    let mut state = after(in_context(Context::Question), [Message::Paste("What is due".into())]);
    let chip = |way: &str| Chip { way: way.into() };
    state.question.chips = vec![chip("cases"), chip("notes")];
    State { focus: Pane::Sources, ..state }
}

/// An edge in the mouse's hand.
pub(super) fn holding() -> State {
    after(conversing(), [click(Target::Edge(Pane::Sources))])
}

pub(super) fn moved() -> State {
    after(holding(), [Message::Drag(60)])
}

/// All that can be done, to choose from.
pub(super) fn palette() -> State {
    after(in_context(Context::Question), [Message::Do(Action::Palette)])
}

/// Commands to choose from.
pub(super) fn commanding() -> State {
    after(conversing(), [Message::Paste("/".into())])
}

#[test]
fn an_edge_goes_where_the_mouse_goes_and_is_kept_when_it_is_let_go() {
    let mut state = State { size: Size { width: 200, height: 60 }, ..conversing() };
    for (pane, column, width) in [
        (Pane::Sources, 140, 60),
        (Pane::Sources, 3, 129),
        (Pane::Sources, 199, 16),
        (Pane::Conversations, 40, 40),
        (Pane::Conversations, 0, 16),
        (Pane::Conversations, 199, 128),
    ] {
        let drags = [click(Target::Edge(pane)), Message::Drag(100), Message::Drag(column)];
        assert_eq!(effects(&mut state, drags), [], "{pane:?} {column}");
        let given = match pane {
            Pane::Sources => state.sources_width(),
            _ => state.conversations_width(),
        };
        assert_eq!(given, Some(width), "{pane:?} {column}");
        let panes = state.look.panes;
        assert_eq!(
            effects(&mut state, [Message::Release, Message::Drag(90), Message::Release]),
            [Effect::Keep(Choice::Panes(panes))]
        );
        assert_eq!(state.look.panes, panes);
    }
}

#[test]
fn the_second_click_on_what_one_takes_means_nothing_below() {
    let mut state = after(in_context(Context::Question), [Message::Do(Action::History)]);
    let source = || click(Target::Source(1));
    state = after(state, [click(Target::Row(0)), source()]);
    assert_eq!((state.layers.len(), state.focus), (0, Pane::Question));
    assert!(!state.question.input.is_empty());
    // Later it is meant.
    let later = Message::Tick(moment(Duration::from_secs(1)));
    assert_eq!(after(state, [later, source()]).focus, Pane::Sources);
}

#[test]
fn the_wheel_does_not_go_round() {
    for lines in [-99, 99] {
        let state = after(palette(), [wheel(Target::Row(0), lines)]);
        let Some(Layer::Picker(picker)) = state.layers.last() else { panic!() };
        let last = picker.choices.fitting() - 1;
        assert_eq!(picker.choices.selected(), if lines > 0 { last } else { 0 });
    }
}

#[test]
fn nobody_who_looks_elsewhere_is_shown_every_quarter_of_a_second() {
    let running = writing();
    let wakes = |state: &State| state.wakes().unwrap().abs_diff(state.moment.since_start);
    assert_eq!(wakes(&running), Duration::from_millis(250));
    assert_eq!(wakes(&after(running, [Message::Looked(false)])), Duration::from_secs(1));
}
