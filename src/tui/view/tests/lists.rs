//! The library, the conversations, the models, the first start, and the lines that paths are typed in.

use super::*;
use crate::state::model::{Change, Cost};

const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

/// Keeps what `state` looks like at each size.
#[track_caller]
fn check(name: &str, state: impl Fn(u16, u16) -> State) {
    for (width, height) in SIZES {
        keep(&format!("{name}_{width}x{height}"), &draw(&state(width, height)));
    }
}

#[test]
fn the_conversations_in_focus() {
    check("conversations", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.focus = Pane::Conversations;
        state.conversations.selected = 3;
        state.conversations.deleted = vec![12];
        state
    });
}

#[test]
fn conversations_that_are_looked_for() {
    check("conversations-find", |width, height| {
        let mut state = sample::searched(sample::one_turn(width, height));
        state.focus = Pane::Conversations;
        state
    });
    check("conversations-rename", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.focus = Pane::Conversations;
        let prompt = RenamePrompt { id: 7, input: Input::new("Notice period of the tenant") };
        with_layer(state, Layer::Rename(prompt))
    });
}

#[test]
fn the_first_start() {
    check("first-start", |width, height| {
        let mut state = sample::starting(width, height);
        state.library.stage = Stage::Ready;
        with_layer(state, Layer::Welcome(Welcome::default()))
    });
    check("first-start-typed", |width, height| {
        let mut state = sample::with_models(sample::starting(width, height));
        state.library.stage = Stage::Ready;
        state.seal = crate::seal::Seal::Open { reason: "the kernel has no seccomp".to_owned() };
        let welcome = Welcome { folder: sample::folder_prompt(), field: Field::Folders };
        with_layer(state, Layer::Welcome(welcome))
    });
    check("first-start-added", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.library.content.folders.truncate(2);
        state.library.stage = Stage::Reading(Progress { done: 312, of: 1_204, per_second: None });
        let path = state.model.found[0].path.clone();
        state.model.state = ModelState::Ready(Loaded { path, ..sample::loaded() });
        let welcome = Welcome { field: Field::Model, ..Welcome::default() };
        with_layer(state, Layer::Welcome(welcome))
    });
}

#[test]
fn the_line_for_a_folder() {
    check("folder", |width, height| {
        let mut folder = sample::folder_prompt();
        folder.line.taken = Some((1, "/home/me/Doc".to_owned()));
        with_layer(sample::one_turn(width, height), Layer::Folder(folder))
    });
}

#[test]
fn the_library() {
    check("library", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        state.library.stage =
            Stage::Reading(Progress { done: 312, of: 1_204, per_second: Some(14.0) });
        state.library.content.embedded = 40_000;
        with_layer(state, Layer::Library)
    });
    check("library-leaving", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        state.library.tree.selected = 11;
        state.library.leaving = Some("/media/stick/archive".into());
        with_layer(state, Layer::Library)
    });
    check("library-find", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        let tree = &mut state.library.tree;
        tree.filter = Input::new("oak le");
        tree.is_finding = true;
        tree.only_problems = true;
        (tree.rows.files, tree.selected) = (1, 7);
        with_layer(state, Layer::Library)
    });
}

#[test]
fn the_models() {
    check("models", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.model.state = ModelState::Ready(sample::loaded());
        with_layer(state, Layer::Models)
    });
    check("models-embedder", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.model.selected = 5;
        let cost = Cost { missing: 48_112, of: 48_112, per_second: Some(41.0) };
        let folder = state.model.embedders[1].folder.clone();
        state.model.change = Some(Change { folder, cost: Some(cost) });
        with_layer(state, Layer::Models)
    });
    check("no-models", |width, height| with_layer(sample::idle(width, height), Layer::Models));
}

#[test]
fn the_line_for_an_export() {
    check("export", |width, height| {
        let export = ExportPrompt {
            line: PathLine {
                candidates: vec!["/home/me/answers/oakfield.md".to_owned()],
                ..PathLine::new("/home/me/answers/oakfield.md")
            },
            exists: true,
            refused: None,
        };
        with_layer(sample::one_turn(width, height), Layer::Export(export))
    });
}

/// Fails when drawing costs more where more documents are: how many there are matters to nobody but the scroll.
#[test]
fn a_library_of_any_size_is_drawn_by_the_rows_that_are_seen() {
    let mut state = sample::with_tree(sample::idle(200, 60));
    let rows = &mut state.library.tree.rows;
    let row = rows.rows[5].clone();
    rows.rows = (0..401).map(|_| row.clone()).collect();
    (rows.first, rows.total) = (99_800, 200_000);
    state.library.tree.selected = 100_000;
    let drawn = draw(&with_layer(state, Layer::Library));
    let measure = drawn.measures.library;
    assert!((measure.top..measure.top + measure.height).contains(&100_000), "{measure:?}");
    let picture = drawn.backend.to_string();
    assert_eq!(picture.matches("Lease agreement.pdf").count(), measure.height + 1);
}

#[test]
fn rows_that_come_above_the_chosen_one_do_not_move_it_on_the_screen() {
    let mut view = dark();
    let mut state = with_layer(sample::with_tree(sample::idle(100, 30)), Layer::Library);
    let rows = &mut state.library.tree.rows;
    let row = rows.rows[4].clone();
    rows.rows.splice(3..3, std::iter::repeat_n(row.clone(), 60));
    rows.total = rows.rows.len();
    state.library.tree.selected = 40;
    let before = draw_with(&mut view, &state).measures.library;
    let rows = &mut state.library.tree.rows;
    rows.rows.splice(3..3, std::iter::repeat_n(row, 7));
    (rows.total, rows.number) = (rows.rows.len(), 2);
    state.library.tree.selected = 47;
    let after = draw_with(&mut view, &state).measures.library;
    assert_eq!(after.top, before.top + 7);
}
