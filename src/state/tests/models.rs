//! Embedders, whose change says first what it costs, and rows that are stayed on.

use proptest::prelude::*;

use super::{after, ask, effects, in_context, listed, ready};
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::library::Stage;
use crate::state::look::Choice;
use crate::state::message::{LibraryReport, Message, ModelReport};
use crate::state::model::{Cost, Embedder, Loaded, Maker};
use crate::state::{Context, Pane, State};

pub(super) fn embedders() -> Vec<Embedder> {
    let bundled = Embedder {
        name: "bundled".into(),
        typed: "bundled".into(),
        origin: "comes with docent",
        folder: None,
        size: 90_000_000,
        fault: None,
    };
    let other = |name: &str, fault: Option<&str>| Embedder {
        name: name.into(),
        typed: name.into(),
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
        cost: Ok(Cost { missing: 212, of: 212, per_second: Some(41.0) }),
    }
}

/// What becomes of models and embedders, whatever was chosen.
pub(super) fn any_report() -> impl Strategy<Value = ModelReport> {
    let gone = || {
        let mut report = listed(super::models());
        if let ModelReport::Listed { embedders, maker, .. } = &mut report {
            embedders.truncate(1);
            *maker = Maker::Gone("e5-small".into());
        }
        report
    };
    let small = || std::path::PathBuf::from("/models/small.gguf");
    let loaded = Loaded { path: small(), name: "Small".into(), context: 512 };
    let folder = || Some("/embedders/e5-small".into());
    prop_oneof![
        Just(gone()),
        Just(ModelReport::Loaded(loaded)),
        Just(ModelReport::Refused { path: small(), reason: "it is damaged".into() }),
        Just(ModelReport::Unloaded),
        Just(ModelReport::Weighed { folder: folder(), cost: Err("it is damaged".into()) }),
    ]
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
    let kept = Effect::Keep(Choice::Embedder("e5-small".into()));
    assert_eq!(state.update(open()), [Effect::ChooseEmbedder(folder), kept]);
    assert!(state.notice.as_ref().unwrap().0.text.contains("at the next start"));
    assert!(state.update(open()).is_empty());
    assert!(state.notice.unwrap().0.text.contains("already"));
}

#[test]
fn what_a_change_takes_can_be_asked_for_again_when_it_could_not_be_measured() {
    let mut state = weighing();
    let failed = ModelReport::Weighed {
        folder: Some("/embedders/e5-small".into()),
        cost: Err("its model is damaged".into()),
    };
    assert_eq!(state.update(Message::Model(failed)), []);
    assert_eq!(state.notice.as_ref().unwrap().0.text, "its model is damaged");
    let again = state.update(Message::Do(Action::Open));
    assert_eq!(again, [Effect::WeighEmbedder(Some("/embedders/e5-small".into()))]);
}

#[test]
fn an_embedder_can_be_chosen_in_the_place_of_one_that_is_gone() {
    let mut state = in_context(Context::Models);
    state.model.embedders.truncate(1);
    assert_eq!(state.model.rows(), 3, "nothing can be chosen where there is only one");
    state.model.maker = Maker::Gone("e5-small".into());
    state.model.selected = 3;
    let open = || Message::Do(Action::Open);
    assert_eq!(state.update(open()), [Effect::WeighEmbedder(None)]);
    let cost = Ok(Cost { missing: 12, of: 212, per_second: None });
    state.update(Message::Model(ModelReport::Weighed { folder: None, cost }));
    let kept = Effect::Keep(Choice::Embedder("bundled".into()));
    assert_eq!(state.update(open()), [Effect::ChooseEmbedder(None), kept]);
    assert_eq!((&state.model.maker, state.model.selected), (&Maker::Bundled, 2));
}

#[test]
fn a_model_is_remembered_when_it_answers() {
    let small = || std::path::PathBuf::from("/models/small.gguf");
    let chosen = || {
        let mut state = in_context(Context::Models);
        state.model.selected = 0;
        assert_eq!(state.update(Message::Do(Action::Open)), [Effect::LoadModel(small())]);
        state
    };
    let loaded = |path| ModelReport::Loaded(Loaded { path, name: "Small".into(), context: 512 });
    let mut state = chosen();
    let kept = Effect::Keep(Choice::Model("Small".into()));
    let first = state.update(Message::Model(loaded(small())));
    assert_eq!(first, std::slice::from_ref(&kept));
    let told = &state.notice.as_ref().unwrap().0.text;
    assert_eq!(told, "`Small` answers from now on, also at the next start");
    // Its child may die and be begun again.
    assert_eq!(state.update(Message::Model(loaded(small()))), []);
    // It answers already, though it was not chosen here before.
    let mut again = after(state, [Message::Do(Action::Models)]);
    again.model.selected = 0;
    assert_eq!(again.update(Message::Do(Action::Open)), [kept]);

    let mut other = chosen();
    assert_eq!(other.update(Message::Model(loaded("/models/other.gguf".into()))), []);
    let refused = ModelReport::Refused { path: small(), reason: "it is damaged".into() };
    for stopped in [Message::Model(refused), Message::Do(Action::Back)] {
        let loading = ModelReport::Loading { path: small(), share: 0.5 };
        let mut state = after(chosen(), [Message::Model(loading), stopped]);
        assert_eq!(state.update(Message::Model(loaded(small()))), [], "what did not answer");
    }
}

#[test]
fn that_quotes_are_chosen_is_remembered_and_that_a_model_is_unloaded_is_not() {
    let mut state = in_context(Context::Models);
    state.model.selected = state.model.found.len();
    let kept = Effect::Keep(Choice::Model("none".into()));
    let done = state.update(Message::Do(Action::Open));
    assert_eq!(done, [Effect::UnloadModel, kept]);
    assert!(state.notice.unwrap().0.text.contains("quotes from now on"));
    let mut state = in_context(Context::Models);
    assert_eq!(state.update(Message::Do(Action::Unload)), [Effect::UnloadModel]);
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
    let kept = Effect::Keep(Choice::Model("Small".into()));
    assert_eq!(effects(&mut again, [Message::Do(Action::Open)]), [kept]);
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
