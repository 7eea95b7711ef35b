//! Themes and panes as they are chosen, by the ways through several actions.

use super::*;
use crate::state::look::{Beside, Choice, Shown, ThemeChoice};

fn does(state: &mut State, actions: impl IntoIterator<Item = Action>) -> Vec<Effect> {
    effects(state, actions.into_iter().map(Message::Do))
}

#[test]
fn a_theme_is_looked_at_kept_and_remembered() {
    let mut state = ready();
    assert_eq!(state.theme_name(), Some("dark"));
    assert!(does(&mut state, [Action::Themes, Action::Down, Action::Down]).is_empty());
    assert_eq!(state.theme_name(), Some("light"));
    let before = state.clone();
    // Esc goes back to what was there.
    assert!(does(&mut state, [Action::Back]).is_empty());
    assert_eq!((state.theme_name(), state.layers.len()), (Some("dark"), 0));
    let mut state = before;
    let light = ThemeChoice::Named("light".into());
    assert_eq!(does(&mut state, [Action::Open]), [Effect::Keep(Choice::Theme(light))]);
    assert_eq!((state.theme_name(), state.layers.len()), (Some("light"), 0));
    // The list begins at what is chosen.
    does(&mut state, [Action::Themes]);
    assert_eq!(state.layers, [Layer::Themes { selected: 2 }]);
}

#[test]
fn a_theme_that_can_not_be_read_is_not_chosen() {
    let mut state = ready();
    assert!(does(&mut state, [Action::Themes, Action::End, Action::Open]).is_empty());
    assert_eq!(state.look.theme, ThemeChoice::Auto);
    assert!(state.notice.unwrap().0.text.contains("did you mean `accent`?"));
}

#[test]
fn the_terminals_background_is_followed_until_a_theme_is_chosen() {
    let state = after(ready(), [Message::Background(Background::Light)]);
    assert_eq!(state.theme_name(), Some("light"));
    let mut state = after(ready(), [Action::Themes, Action::Down].map(Message::Do));
    does(&mut state, [Action::Open]);
    let state = after(state, [Message::Background(Background::Light)]);
    assert_eq!(state.theme_name(), Some("dark"));
}

#[test]
fn a_pane_gets_the_columns_that_it_is_given() {
    let mut state = State { focus: Pane::Sources, ..conversing() };
    let before = state.sources_width().unwrap();
    let kept = does(&mut state, [Action::Wider]);
    assert_eq!(state.sources_width(), Some(before + 4));
    let wide = Beside { shown: Shown::Auto, width: Some(before + 4) };
    let panes = state.look.panes;
    assert_eq!(panes.sources, wide);
    assert_eq!(kept, [Effect::Keep(Choice::Panes(panes))]);
    // From the question line it is the conversation that grows.
    state.focus = Pane::Question;
    does(&mut state, [Action::Wider]);
    assert_eq!(state.sources_width(), Some(before));
    for _ in 0..99 {
        does(&mut state, [Action::Narrower]);
    }
    assert_eq!(state.sources_width(), Some(120 - 38));
    for _ in 0..99 {
        does(&mut state, [Action::Wider]);
    }
    assert_eq!(state.sources_width(), Some(16));
    // There are no conversations beside in so narrow a terminal.
    state.focus = Pane::Conversations;
    assert!(does(&mut state, [Action::Wider]).is_empty());
    assert!(state.notice.is_some());
}

#[test]
fn a_pane_is_hidden_and_shown() {
    let mut state = State { focus: Pane::Sources, ..conversing() };
    does(&mut state, [Action::ToggleSources]);
    assert!(!state.has_sources_beside());
    assert_eq!(state.focus, Pane::Question);
    let kept = does(&mut state, [Action::ToggleSources]);
    assert_eq!(state.look.panes.sources.shown, Shown::Auto);
    assert_eq!(kept, [Effect::Keep(Choice::Panes(state.look.panes))]);
    // Where there is little room it is shown because it is wanted.
    assert!(!state.has_conversations_beside());
    does(&mut state, [Action::ToggleConversations]);
    assert!(state.has_conversations_beside() && state.has_sources_beside());
    let widths = (state.conversations_width().unwrap(), state.sources_width().unwrap());
    assert!(widths.0 + widths.1 + 38 <= 120, "{widths:?}");
    let mut narrow = after(state, [Message::Resize(Size { width: 60, height: 16 })]);
    assert!(!narrow.has_conversations_beside() && !narrow.has_sources_beside());
    let before = narrow.look.panes;
    assert!(does(&mut narrow, [Action::ToggleSources]).is_empty());
    assert_eq!(narrow.look.panes, before);
    assert!(narrow.notice.is_some());
}

#[test]
fn whatever_the_widths_each_pane_has_room() {
    let shown = [Shown::Auto, Shown::Always, Shown::Never];
    for width in 1..=300 {
        for (conversations, sources) in
            shown.into_iter().flat_map(|one| shown.map(|other| (one, other)))
        {
            for wanted in [None, Some(16), Some(60), Some(200)] {
                let mut state = State { size: Size { width, height: 40 }, ..ready() };
                state.look.panes.conversations = Beside { shown: conversations, width: wanted };
                state.look.panes.sources = Beside { shown: sources, width: wanted };
                let beside = [state.conversations_width(), state.sources_width()];
                let taken: u16 = beside.into_iter().flatten().sum();
                assert!(taken == 0 || taken + 38 <= width, "{width}: {beside:?}");
            }
        }
    }
}
