//! Embedders, whose change says first what it costs, and rows that are stayed on.

use super::{after, ask, effects, in_context, listed, ready};
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::library::Stage;
use crate::state::message::{LibraryReport, Message, ModelReport};
use crate::state::model::{Cost, Embedder, Loaded};
use crate::state::{Context, Pane, State};

pub(super) fn embedders() -> Vec<Embedder> {
    let bundled = Embedder {
        name: "bundled".into(),
        origin: "comes with docent",
        folder: None,
        size: 90_000_000,
        fault: None,
    };
    let other = |name: &str, fault: Option<&str>| Embedder {
        name: name.into(),
        origin: "docent",
        folder: Some(format!("/embedders/{name}").into()),
        size: 470_000_000,
        fault: fault.map(str::to_owned),
    };
    vec![bundled, other("e5-small", None), other("half", Some("it has no tokenizer"))]
}

pub(super) fn weighed() -> ModelReport {
    ModelReport::Weighed {
        folder: Some("/embedders/e5-small".into()),
        cost: Cost { missing: 212, of: 212, per_second: Some(41.0) },
    }
}

/// While it is measured what another embedder costs.
pub(super) fn weighing() -> State {
    let mut state = in_context(Context::Models);
    // Two files, "none", and the bundled one.
    state.model.selected = 4;
    after(state, [Message::Do(Action::Open)])
}

#[test]
fn an_embedder_is_changed_when_its_cost_has_been_said() {
    let folder = Some("/embedders/e5-small".into());
    let mut state = in_context(Context::Models);
    state.model.selected = 4;
    let open = || Message::Do(Action::Open);
    assert_eq!(state.update(open()), [Effect::WeighEmbedder(folder.clone())]);
    assert!(state.update(open()).is_empty(), "it is still measured");
    state.update(Message::Model(weighed()));
    let mut left = after(state.clone(), [Message::Do(Action::Up), Message::Do(Action::Down)]);
    assert_eq!(left.update(open()), [Effect::WeighEmbedder(folder.clone())]);
    assert_eq!(state.update(open()), [Effect::ChooseEmbedder(folder)]);
    assert!(state.update(open()).is_empty());
    assert!(state.notice.unwrap().0.text.contains("already"));
}

#[test]
fn what_can_not_be_changed_says_why() {
    let mut state = in_context(Context::Models);
    state.model.selected = 5;
    assert!(effects(&mut state, [Message::Do(Action::Open)]).is_empty());
    assert!(state.notice.as_ref().unwrap().0.text.contains("no tokenizer"));
    state.model.selected = 4;
    state = after(state, [Message::Library(LibraryReport::Stage(Stage::Elsewhere))]);
    assert!(effects(&mut state, [Message::Do(Action::Open)]).is_empty());
    assert!(state.notice.unwrap().0.text.contains("another docent"));
}

#[test]
fn a_new_list_leaves_the_row_that_is_chosen() {
    let mut state = in_context(Context::Models);
    for (before, after_it) in [(1, 2), (2, 3), (5, 6), (0, 1)] {
        state.model.selected = before;
        let mut found = super::models();
        found.insert(
            0,
            crate::state::model::Found { path: "/first.gguf".into(), ..found[0].clone() },
        );
        let state = after(state.clone(), [Message::Model(listed(found))]);
        assert_eq!(state.model.selected, after_it);
    }
}

#[test]
fn the_list_begins_at_what_answers() {
    let loaded = Loaded { path: "/models/cut.gguf".into(), name: "Cut".into(), context: 512 };
    let state = after(super::state(), [Message::Model(ModelReport::Loaded(loaded))]);
    let state = after(state, [Message::Model(listed(super::models()))]);
    assert_eq!(state.model.selected, 1);
}

#[test]
fn what_answers_is_not_loaded_again_and_can_be_unloaded() {
    let loaded = Loaded { path: "/models/small.gguf".into(), name: "Small".into(), context: 512 };
    let mut state =
        after(in_context(Context::Models), [Message::Model(ModelReport::Loaded(loaded))]);
    state.model.selected = 0;
    let mut again = state.clone();
    assert!(effects(&mut again, [Message::Do(Action::Open)]).is_empty());
    assert_eq!(again.context(), Context::Question);
    let done = effects(&mut state, [Action::ReadAgain, Action::Unload].map(Message::Do));
    assert_eq!(done, [Effect::ListModels, Effect::UnloadModel]);
    assert_eq!(state.context(), Context::Models);
}

#[test]
fn the_last_thing_that_esc_stops_is_a_model_on_its_way() {
    let loading = || Message::Model(ModelReport::Loading { path: "/m.gguf".into(), share: 0.5 });
    let mut state = after(State { focus: Pane::Sources, ..ready() }, [loading()]);
    assert_eq!(state.update(Message::Do(Action::Back)), []);
    assert_eq!(state.update(Message::Do(Action::Back)), [Effect::UnloadModel]);
    assert!(state.model.is_chosen && state.notice.is_some());
    // What answers goes first.
    let mut state = after(ready(), [loading()].into_iter().chain(ask("May the tenant leave?")));
    let run = state.conversation.run().unwrap();
    assert_eq!(state.update(Message::Do(Action::Back)), [Effect::Stop(run)]);
}
