//! Conversations that are looked for, and renamed.

use docent_index::store::FoundConversation;

use super::{after, conversing, effects, heads, in_context, titles};
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::message::{DeskReport, Message};
use crate::state::{Context, Pane, State};

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
    let asked = effects(&mut state, [Message::Desk(DeskReport::Listed(heads()))]);
    assert_eq!(asked, [Effect::SearchConversations { number: 3, words: "se".into() }]);
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
    state = after(state, [Message::Desk(DeskReport::Listed(more))]);
    assert_eq!(state.conversations.chosen().unwrap().id, 2);
}
