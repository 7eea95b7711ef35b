//! The first start, and paths that are completed.

use super::{after, effects, in_context, ready};
use crate::state::action::Action;
use crate::state::effect::{Effect, Sought};
use crate::state::library::{Content, Stage};
use crate::state::look::Listed;
use crate::state::message::{LibraryReport, Message};
use crate::state::{Context, Field, Layer, State};

/// Nothing is watched yet.
pub(super) fn empty() -> State {
    let stage = Message::Library(LibraryReport::Stage(Stage::Ready));
    after(super::state(), [stage, Message::Library(LibraryReport::Content(Box::default()))])
}

/// The library has a folder.
fn content() -> Message {
    let mut content: Content = super::content();
    content.folders.truncate(1);
    Message::Library(LibraryReport::Content(Box::new(content)))
}

fn text(state: &State) -> &str {
    match state.layers.last() {
        Some(Layer::Folder(prompt)) => prompt.line.input.text(),
        Some(Layer::Welcome(welcome)) => welcome.folder.line.input.text(),
        Some(Layer::Export(prompt)) => prompt.line.input.text(),
        other => panic!("{other:?}"),
    }
}

fn complete(typed: &str) -> Effect {
    Effect::Complete { typed: typed.into(), sought: Sought::Folder }
}

#[test]
fn paths_are_completed_as_a_shell_does() {
    let paths = || vec!["/cases/a/".to_owned(), "/cases/b/".to_owned()];
    let tab = || Message::Do(Action::Complete);
    let mut welcome = after(empty(), [Message::Paste("/ca".into())]);
    let told = Message::Completed { typed: "/ca".into(), paths: paths() };
    welcome = after(welcome, [told]);
    for mut state in [in_context(Context::Folder), welcome] {
        assert_eq!(state.update(tab()), [complete("/cases/")]);
        assert_eq!(text(&state), "/cases/");
        let completed = Message::Completed { typed: "/cases/".into(), paths: paths() };
        state = after(state, [completed, tab()]);
        assert_eq!(text(&state), "/cases/a/");
        state = after(state, [tab()]);
        assert_eq!(text(&state), "/cases/b/");
        let added = state.update(Message::Do(Action::Confirm));
        assert_eq!(added, [Effect::AddFolder { typed: "/cases/b/".into() }]);
    }
}

#[test]
fn an_exports_path_is_completed_by_files_as_well() {
    let mut state = in_context(Context::Export);
    let typed = [Message::Do(Action::DeleteToStart), Message::Paste("/ca".into())];
    let asked = effects(&mut state, typed);
    let last = Effect::Complete { typed: "/ca".into(), sought: Sought::File };
    assert_eq!(asked.last(), Some(&last));
    let paths = vec!["/cases/".to_owned(), "/cases.md".to_owned()];
    let tab = || Message::Do(Action::Complete);
    state = after(state, [Message::Completed { typed: "/ca".into(), paths: paths.clone() }, tab()]);
    assert_eq!(text(&state), "/cases");
    let told = Message::Completed { typed: "/cases".into(), paths };
    state = after(state, [told, tab(), tab()]);
    assert_eq!(text(&state), "/cases.md");
}

#[test]
fn several_folders_can_be_added_and_then_it_begins() {
    let state = after(empty(), [Message::Paste("/cases".into()), Message::Do(Action::Confirm)]);
    let added = LibraryReport::FolderAdded("/cases".into());
    let mut state = after(state, [Message::Library(added), content()]);
    assert_eq!((state.context(), text(&state)), (Context::Welcome, ""));
    let refused =
        LibraryReport::FolderRefused { typed: "/ca".into(), reason: "it is not there".into() };
    state = after(state, [Message::Paste("/ca".into()), Message::Library(refused)]);
    let Some(Layer::Welcome(welcome)) = state.layers.last() else { panic!("{:?}", state.layers) };
    assert_eq!(welcome.folder.refused.as_deref(), Some("it is not there"));
    state = after(state, [Action::DeleteToStart, Action::Confirm].map(Message::Do));
    assert_eq!(state.context(), Context::Question);
}

#[test]
fn the_theme_is_changed_where_it_stands_or_chosen_among_all() {
    let mut state = after(empty(), [Action::Down, Action::Down].map(Message::Do));
    let name =
        |name: &str| Listed { name: name.to_owned(), background: None, is_own: false, fault: None };
    state.look.themes = vec![name("dark"), name("light")];
    let kept = effects(&mut state, [Action::Right, Action::Right, Action::Right].map(Message::Do));
    assert_eq!((kept.len(), state.look.theme.name()), (3, "auto"));
    let kept = effects(&mut state, [Message::Do(Action::Left)]);
    assert_eq!((kept.len(), state.look.theme.name()), (1, "light"));
    state = after(state, [Message::Do(Action::Confirm)]);
    assert_eq!(state.context(), Context::Themes);
    let state = after(state, [Action::Back, Action::Up, Action::Up].map(Message::Do));
    let Some(Layer::Welcome(welcome)) = state.layers.last() else { panic!("{:?}", state.layers) };
    assert_eq!(welcome.field, Field::Folders);
}

#[test]
fn there_is_a_way_out_of_everything() {
    let left = after(empty(), [Message::Do(Action::Back)]);
    assert_eq!(left.context(), Context::Question);
    // It comes back by itself only when it is needed.
    let again = after(left.clone(), [Message::Library(LibraryReport::Content(Box::default()))]);
    assert_eq!(again.context(), Context::Question);
    let asked = after(left, [Message::Paste("Why?".into()), Message::Do(Action::Send)]);
    assert_eq!(asked.context(), Context::Welcome);

    let mut model = after(empty(), [Message::Do(Action::Confirm)]);
    let Some(Layer::Welcome(welcome)) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert_eq!(welcome.field, Field::Model);
    assert_eq!(effects(&mut model, [Message::Do(Action::Confirm)]), [Effect::ListModels]);
    assert_eq!(model.context(), Context::Models);
    let back = after(model, [Message::Do(Action::Back), Message::Type('/')]);
    assert_eq!((back.context(), text(&back)), (Context::Welcome, "/"));
    assert_eq!(ready().context(), Context::Question, "who has a library is not greeted");
}

#[test]
fn a_question_that_is_typed_for_a_folder_is_asked() {
    let asking = || [Message::Paste("Who repairs the roof?".into()), Message::Do(Action::Confirm)];
    let mut empty = empty();
    assert!(!effects(&mut empty, asking()).iter().any(|e| matches!(e, Effect::AddFolder { .. })));
    let Some(Layer::Welcome(welcome)) = empty.layers.last() else { panic!("{:?}", empty.layers) };
    assert!(welcome.folder.refused.is_some());

    let mut state = after(empty, [Message::Do(Action::DeleteToStart), content()]);
    let asked = effects(&mut state, asking());
    let [.., Effect::Ask(ask)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(ask.question, "Who repairs the roof?");
    assert_eq!(state.context(), Context::Question);
}

#[test]
fn a_greeting_that_was_left_for_the_library_is_over_when_that_has_a_folder() {
    let library = after(empty(), [Action::Library].map(Message::Do));
    let added = after(library.clone(), [content(), Message::Do(Action::Back)]);
    assert_eq!(added.context(), Context::Question);
    let not = after(library, [Message::Do(Action::Back)]);
    assert_eq!(not.context(), Context::Welcome);
}

#[test]
fn quitting_empties_the_line_first() {
    let mut typed = after(empty(), [Message::Paste("Who repairs".into())]);
    assert!(!effects(&mut typed, [Message::Do(Action::Quit)]).contains(&Effect::Quit));
    assert_eq!(text(&typed), "");
    assert_eq!(effects(&mut typed, [Message::Do(Action::Quit)]), [Effect::Quit]);
}
