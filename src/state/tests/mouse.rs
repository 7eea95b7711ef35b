//! Two clicks, and what is not clicked.

use super::*;
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

#[test]
fn nobody_who_looks_elsewhere_is_shown_every_quarter_of_a_second() {
    let running = writing();
    let wakes = |state: &State| state.wakes().unwrap().abs_diff(state.moment.since_start);
    assert_eq!(wakes(&running), Duration::from_millis(250));
    assert_eq!(wakes(&after(running, [Message::Looked(false)])), Duration::from_secs(1));
}
