//! Conversations that are looked for, and renamed.

use docent_index::store::FoundConversation;

use super::{after, answered, conversing, effects, heads, in_context, listed_heads, ready, titles};
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::{DeskReport, Message, SavedTurn};
use crate::state::scroll::{Anchor, Scroll};
use crate::state::why::Chosen;
use crate::state::{Context, Layer, Pane, State};

/// While a word is typed to find a conversation.
pub(super) fn searching() -> State {
    let state = State { focus: Pane::Conversations, ..conversing() };
    let state = after(state, [Message::Do(Action::Find), Message::Paste("se".into())]);
    assert_eq!(state.context(), Context::Find);
    state
}

/// The last two conversations, found by different things.
pub(super) fn found(number: u64) -> DeskReport {
    let found = heads().into_iter().skip(1).zip([None, Some("It was the seal.".to_owned())]);
    let found = found.map(|(head, excerpt)| FoundConversation { head, excerpt });
    DeskReport::Found { number, conversations: found.collect() }
}

#[test]
fn conversations_are_found_as_it_is_typed_and_the_latest_words_count() {
    let mut state = searching();
    let asked = effects(&mut state, ["a", "l"].map(|c| Message::Paste(c.into())));
    let words = |number, words: &str| Effect::SearchConversations { number, words: words.into() };
    assert_eq!(asked, [words(3, "sea"), words(4, "seal")]);
    state = after(state, [Message::Desk(found(3))]);
    assert_eq!(titles(&state), "Oakfield lease, Pump seal wear, Warfarin");
    state = after(state, [Message::Desk(found(4)), Message::Do(Action::Down)]);
    assert_eq!(titles(&state), "Pump seal wear, Warfarin");
    let mut opened = after(state.clone(), [Message::Do(Action::Confirm)]);
    assert_eq!(opened.context(), Context::Conversations);
    assert_eq!(effects(&mut opened, [Message::Do(Action::Open)]), [Effect::OpenConversation(3)]);
    // All are there again, and the one that was chosen still is; what comes late is not shown.
    state = after(state, [Message::Do(Action::Back)]);
    assert_eq!((state.context(), state.conversations.selected), (Context::Conversations, 2));
    state = after(state, [Message::Desk(found(4))]);
    assert_eq!(titles(&state), "Oakfield lease, Pump seal wear, Warfarin");
    state = after(state, [Message::Do(Action::Back)]);
    assert_eq!(state.context(), Context::Question);
}

#[test]
fn enter_opens_what_is_found_also_when_it_comes_first() {
    let typed = [Message::Do(Action::Confirm), Message::Do(Action::Open)];
    let mut state = searching();
    assert!(effects(&mut state, typed).is_empty());
    assert!(effects(&mut state, [Message::Desk(found(1))]).is_empty());
    let opened = effects(&mut state, [Message::Desk(found(2))]);
    assert_eq!(opened, [Effect::OpenConversation(2)]);
    let open = Message::Do(Action::Open);
    assert_eq!(effects(&mut state, [open]), [Effect::OpenConversation(2)]);
}

#[test]
fn one_that_was_found_can_be_deleted_and_brought_back() {
    let mut state = after(searching(), [Message::Desk(found(2)), Message::Do(Action::Confirm)]);
    let done = effects(&mut state, [Action::Delete, Action::Undo].map(Message::Do));
    assert_eq!(done, [Effect::DeleteConversation(2), Effect::RestoreConversation(2)]);
    assert_eq!(titles(&state), "Warfarin");
    let asked = effects(&mut state, [listed_heads(heads())]);
    assert_eq!(asked, [Effect::SearchConversations { number: 3, words: "se".into() }]);
}

#[test]
fn one_that_is_brought_back_is_there_at_once_and_stays() {
    let mut state = in_context(Context::Conversations);
    state = after(state, [Message::Do(Action::Down)]);
    let before = state.conversations.heads.clone();
    let listed = |without: usize, changes| {
        let mut heads = before.clone();
        heads.retain(|head| head.id != before[without].id);
        Message::Desk(DeskReport::Listed { heads, changes })
    };
    let keys = [Action::Delete, Action::Undo].map(Message::Do);
    // The desk tells what it held after the deletion when all is as it was again.
    state = after(state, keys.into_iter().chain([listed(1, 1)]));
    assert_eq!(state.conversations.heads, before);
    assert_eq!(effects(&mut state, [Message::Do(Action::Open)]), [Effect::OpenConversation(2)]);
    // What another docent has deleted meanwhile is gone.
    let state = after(state, [listed(0, 2)]);
    assert_eq!(state.conversations.heads, before[1..]);
}

#[test]
fn a_title_is_changed_at_once_and_never_to_nothing() {
    let mut state = in_context(Context::Rename);
    let typed = [Message::Do(Action::DeleteToStart), Message::Do(Action::Confirm)];
    assert!(effects(&mut state, typed).is_empty());
    assert_eq!(state.context(), Context::Rename);
    let typed = [Message::Paste(" Lease of \nthe mill ".into()), Message::Do(Action::Confirm)];
    let renamed = effects(&mut state, typed);
    let title = "Lease of  the mill".to_owned();
    assert_eq!(renamed, [Effect::RenameConversation { id: 1, title: title.clone() }]);
    assert_eq!(state.conversations.heads[0].title, title);
    assert_eq!(state.context(), Context::Conversations);
}

#[test]
fn the_chosen_conversation_stays_chosen_when_another_one_comes_first() {
    let mut state = in_context(Context::Conversations);
    state = after(state, [Message::Do(Action::Down)]);
    let mut more = heads();
    more.insert(0, docent_index::store::Head { id: 9, ..more[0].clone() });
    state = after(state, [listed_heads(more)]);
    assert_eq!(state.conversations.chosen().unwrap().id, 2);
}

#[test]
fn what_was_found_is_gone_to_in_the_conversation() {
    let state = after(searching(), [Message::Do(Action::DeleteToStart)]);
    let state = after(state, [Message::Paste("fee".into()), Message::Desk(found(4))]);
    let mut state = after(state, [Message::Do(Action::Confirm)]);
    assert_eq!(effects(&mut state, [Message::Do(Action::Open)]), [Effect::OpenConversation(2)]);
    let turn = |question: &str| SavedTurn { asked_at: 5, answered: answered(question), why: None };
    let turns = vec![turn("May we leave?"), turn("And the FEE?"), turn("Why?")];
    let opened = |id| {
        Message::Desk(DeskReport::Opened { id, turns: turns.clone(), chosen: Chosen::default() })
    };
    let at = after(state.clone(), [opened(2)]).conversation;
    assert_eq!((at.selected, at.scroll), (Some(1), Scroll::to(Anchor::Mark(1))));
    // Another one that comes first is none that was looked for in.
    let at = after(state, [opened(3)]).conversation;
    assert_eq!((at.selected, at.scroll), (None, Scroll::END));
}

#[test]
fn the_list_is_fresh_when_it_is_shown_and_when_one_comes_back_to_the_terminal() {
    let mut state = ready();
    let shown = state.update(Message::Do(Action::Conversations));
    assert_eq!(shown, [Effect::ListConversations]);
    assert_eq!(state.update(Message::Looked(true)), [Effect::ListConversations]);
    assert!(state.update(Message::Do(Action::Conversations)).is_empty());
    assert!(state.update(Message::Looked(true)).is_empty());
}

#[test]
fn the_chosen_conversation_is_exported_where_the_list_has_the_keys() {
    let confirm = Message::Do(Action::Confirm);
    let of = |focus, selected| {
        let mut state = State { focus, ..conversing() };
        state.conversations.selected = selected;
        state.conversation.id = Some(1);
        let mut state = after(state, [Message::Do(Action::Export)]);
        let Some(Layer::Export(prompt)) = state.layers.last() else { panic!() };
        let title = prompt.of.title.clone();
        let asked = effects(&mut state, [confirm.clone()]);
        let id = match asked.as_slice() {
            [Effect::ExportConversation { id, .. }] => Some(*id),
            [Effect::Export { .. }] => None,
            other => panic!("{other:?}"),
        };
        (title, id)
    };
    assert_eq!(of(Pane::Conversations, 1), ("Pump seal wear".to_owned(), Some(2)));
    let open = "Oakfield lease".to_owned();
    assert_eq!(of(Pane::Conversations, 0), (open.clone(), None));
    assert_eq!(of(Pane::Question, 1), (open, None));
}
