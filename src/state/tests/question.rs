//! Typing in the question line.

use super::*;
use crate::state::question::Chip;

fn type_text(text: &str) -> Vec<Message> {
    text.chars().map(Message::Type).collect()
}

/// So many milliseconds after the start.
fn at(milliseconds: u64) -> Message {
    Message::Tick(moment(Duration::from_millis(milliseconds)))
}

fn preview(effects: &[Effect]) -> Option<(Run, &str)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Preview(preview) => Some((preview.run, preview.question.as_str())),
        _ => None,
    })
}

fn previewed(run: Run) -> Message {
    Message::Previewed { run, hits: (1..=2).map(hit).collect(), in_scope: 212 }
}

/// With a preview of what is typed.
fn previewing() -> State {
    let mut state = after(conversing(), type_text("roof"));
    let effects = state.update(at(200));
    let (run, _) = preview(&effects).unwrap();
    after(state, [previewed(run)])
}

#[test]
fn what_would_be_found_is_looked_for_when_typing_rests() {
    let mut state = after(ready(), [at(1_000)]);
    state = after(state, type_text("who signed"));
    let wakes = state.wakes().unwrap();
    assert_eq!(wakes, Duration::from_millis(1_150));
    assert_eq!(state.update(at(1_149)), []);
    let effects = state.update(at(1_150));
    let (run, question) = preview(&effects).unwrap();
    assert_eq!(question, "who signed");
    // Once is enough, and time alone wakes nothing any more.
    assert_eq!((state.update(at(1_400)), state.wakes()), (Vec::new(), None));
    assert!(state.shown().is_none());
    state = after(state, [previewed(run)]);
    assert_eq!(state.shown().unwrap().hits.len(), 2);
}

#[test]
fn newer_input_takes_the_place_of_older_and_what_comes_late_changes_nothing() {
    let mut state = after(ready(), type_text("who"));
    let first = preview(&state.update(at(150))).unwrap().0;
    state = after(state, type_text(" signed"));
    let effects = state.update(at(400));
    let (second, question) = preview(&effects).unwrap();
    assert_eq!(question, "who signed");
    state = after(state, [previewed(first)]);
    assert!(state.shown().is_none());
    state = after(state, [previewed(second)]);
    assert!(state.shown().is_some());
    // While the next one is looked for, the one before is seen.
    state = after(state, type_text(" it"));
    assert!(preview(&state.update(at(800))).is_some());
    assert_eq!(state.shown().unwrap().hits.len(), 2);
}

#[test]
fn an_empty_line_shows_the_sources_of_the_conversation_again() {
    let mut state = previewing();
    assert_eq!(state.shown().unwrap().question, "roof");
    assert_eq!(effects(&mut state, [Message::Do(Action::DeleteToStart)]), []);
    assert_eq!(state.shown(), state.conversation.current());
    // A search that is in work is stopped.
    state = after(state, [at(1_000)]);
    state = after(state, type_text("roof"));
    assert!(preview(&state.update(at(1_500))).is_some());
    let emptied = effects(&mut state, [Message::Do(Action::DeleteToStart)]);
    assert_eq!(emptied, [Effect::StopPreview]);
    assert_eq!(state.wakes(), None);
}

#[test]
fn a_question_that_is_sent_is_searched_anew() {
    let mut state = previewing();
    let asked = effects(&mut state, [Message::Do(Action::Send)]);
    assert!(matches!(asked.as_slice(), [Effect::Ask(_)]), "{asked:?}");
    assert!(state.shown().unwrap().hits.is_empty());
    // While it is answered its sources are what matters.
    state = after(state, type_text("and the next"));
    assert_eq!(preview(&state.update(at(9_000))), None);
}

#[test]
fn who_reads_an_answer_sees_its_sources_and_the_others_when_he_is_back() {
    let mut state = previewing();
    state = after(state, [Message::Do(Action::NextPane)]);
    assert_eq!((state.focus, state.shown()), (Pane::Conversation, state.conversation.current()));
    state = after(state, [Message::Do(Action::NextPane)]);
    assert_eq!(preview(&state.update(at(5_000))), None);
    assert_eq!((state.focus, state.shown()), (Pane::Sources, state.conversation.current()));
    state = after(state, [Message::Do(Action::Back)]);
    assert_eq!(state.focus, Pane::Question);
    assert_eq!(preview(&state.update(at(9_000))).unwrap().1, "roof");
}

#[test]
fn passages_can_be_opened_before_the_question_is_sent() {
    let mut state = after(previewing(), [Message::Do(Action::Source2)]);
    assert_eq!(state.focus, Pane::Sources);
    let opened = effects(&mut state, [Message::Do(Action::Open)]);
    let [Effect::OpenDocument(wanted)] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!((wanted.n, wanted.is_cited), (2, false));
}

#[test]
fn nothing_is_looked_for_without_words() {
    for text in ["type:pdf", "/mod", "\"open", "   ", "since:20 x"] {
        let mut state = after(ready(), type_text(text));
        assert_eq!(preview(&state.update(at(9_000))), None, "{text}");
    }
}

#[test]
fn a_command_is_carried_out_and_never_asked() {
    let run = |text: &str| {
        let mut state = after(ready(), type_text(text));
        let effects = effects(&mut state, [Message::Do(Action::Send)]);
        (state, effects)
    };
    let (state, effects) = run("/library");
    assert_eq!(state.context(), Context::Library);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Ask(_))), "{effects:?}");
    assert!(
        state.question.input.is_empty() && !state.question.history.contains(&"/library".into())
    );
    // The first one that fits is chosen.
    let (state, effects) = run("/mod");
    assert_eq!((state.context(), effects), (Context::Models, vec![Effect::ListModels]));
    let (_, effects) = run("/quit");
    assert_eq!(effects, [Effect::Quit]);
    for (text, told) in [
        ("/exprot", "there is no command `/exprot`: did you mean `export`? `//` begins"),
        ("/qqq", "there is no command `/qqq`; `//` begins a question with a slash"),
        ("/export now", "nothing stands behind `/export`"),
        ("/next-hit", "`/next-hit` does nothing in the question line"),
    ] {
        let (state, effects) = run(text);
        assert_eq!((state.question.input.text(), effects), (text, Vec::new()));
        let notice = state.notice.unwrap().0.text;
        assert!(notice.starts_with(told), "{notice}");
    }
}

#[test]
fn two_slashes_or_a_space_ask_a_question() {
    for (text, asked) in [("//etc or not?", "/etc or not?"), (" /etc or not?", "/etc or not?")] {
        let mut state = after(ready(), type_text(text));
        let effects = effects(&mut state, [Message::Do(Action::Send)]);
        let [Effect::Ask(ask)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(ask.question, asked);
    }
}

#[test]
fn commands_are_gone_through_and_completed_and_escape_closes_them() {
    let down = [Message::Type('/'), Message::Do(Action::Down), Message::Do(Action::NextPane)];
    let state = after(ready(), down);
    let second = state.question.commands.as_ref().unwrap().rows()[1].text.clone();
    assert_eq!(state.question.input.text(), format!("/{second}"));
    let state = after(state, [Message::Do(Action::Back)]);
    assert_eq!(state.question.commands, None);
    // Without it the exact name alone is carried out.
    let state = after(state, [Message::Do(Action::Backspace)]);
    assert!(state.question.commands.is_some());
    let state = after(state, [Message::Do(Action::DeleteToStart)]);
    assert_eq!(state.question.commands, None);
}

fn places() -> Message {
    let place = |way: &str, documents| Place { way: way.into(), documents };
    Message::Places(vec![
        place("cases", Some(9)),
        place("cases/oak field", Some(1)),
        place("cases/oak field/lease.pdf", None),
    ])
}

#[test]
fn a_place_is_chosen_behind_an_at_sign_and_limits_what_is_asked() {
    let mut state = after(ready(), type_text("who signed "));
    assert_eq!(state.update(Message::Type('@')), [Effect::ListPlaces]);
    assert_eq!(state.context(), Context::Picker);
    let chosen = [Message::Paste("oak".into()), places(), Message::Do(Action::Confirm)];
    state = after(state, chosen);
    assert_eq!(state.question.chips, [Chip { way: "cases/oak field".into() }]);
    assert_eq!(state.question.input.text(), "who signed ");
    let filters = "path:\"cases/oak field\"";
    let effects_of_rest = state.update(at(500));
    assert_eq!(effects_of_rest[0], Effect::Count { filters: filters.into() });
    assert_eq!(preview(&effects_of_rest).unwrap().1, format!("who signed {filters}"));
    let counted = InScope { filters: filters.into(), documents: 1, passages: 212 };
    state = after(state, [Message::Counted(counted.clone())]);
    assert_eq!(state.question.in_scope, Some(counted));
    let asked = effects(&mut state, [Message::Do(Action::Send)]);
    let [Effect::Ask(ask)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(ask.question, format!("who signed {filters}"));
    // The next question is limited to it as well, until it is taken away.
    assert_eq!(state.question.chips.len(), 1);
    state = after(state, [Message::Do(Action::Backspace)]);
    assert_eq!((state.question.chips.len(), &state.question.in_scope), (0, &None));
}

#[test]
fn an_at_sign_is_typed_inside_of_words_and_when_it_is_typed_twice() {
    let state = after(ready(), type_text("me@home"));
    assert_eq!(state.question.input.text(), "me@home");
    let state = after(ready(), type_text("@@"));
    assert_eq!((state.question.input.text(), state.context()), ("@", Context::Question));
    let state = after(ready(), [Message::Type('@'), Message::Do(Action::Backspace)]);
    assert_eq!((state.question.input.text(), state.context()), ("", Context::Question));
    let state = after(state, [Message::Type('@'), Message::Do(Action::Back), places()]);
    assert_eq!(state.context(), Context::Question);
}

#[test]
fn what_is_counted_is_counted_anew_when_the_library_changes() {
    let mut state = after(ready(), type_text("type:pdf rent"));
    let filters = || "type:pdf".to_owned();
    assert!(state.update(at(200)).contains(&Effect::Count { filters: filters() }));
    let counted = InScope { filters: filters(), documents: 1, passages: 9 };
    state = after(state, [Message::Counted(counted)]);
    let content = |passages| {
        let content = Content { passages, ..content() };
        Message::Library(LibraryReport::Content(Box::new(content)))
    };
    assert_eq!(state.update(content(212)), []);
    assert_eq!(state.update(content(300)), [Effect::Count { filters: filters() }]);
    // What was counted for filters that are gone is not wanted.
    state = after(state, [Message::Do(Action::DeleteToStart)]);
    assert_eq!(state.question.in_scope, None);
}

#[test]
fn chips_go_with_their_conversation() {
    let mut state = ready();
    state.question.chips = vec![Chip { way: "cases".into() }];
    let state = after(state, [Message::Do(Action::NewConversation)]);
    assert_eq!(state.question.chips, []);
}

#[test]
fn what_is_wrong_is_told_once_it_disturbs_nobody() {
    let mut state = after(ready(), type_text("since:20"));
    state = after(state, [at(200)]);
    assert_eq!(state.question.fault(), None);
    assert_eq!(state.wakes(), Some(Duration::from_secs(1)));
    state = after(state, [at(1_000)]);
    assert!(state.question.fault().is_some());
    state = after(state, type_text("24"));
    assert_eq!(state.question.fault(), None);
    // Behind the next word it is told at once.
    state = after(state, type_text("-13 rent"));
    assert_eq!(state.question.fault().unwrap().span(), 6..13);
}

#[test]
fn a_question_is_written_in_an_editor() {
    let typed = [Message::Paste("one\ntwo".into()), Message::Do(Action::Compose)];
    let mut state = ready();
    assert_eq!(effects(&mut state, typed), [Effect::Compose { text: "one\ntwo".into(), line: 2 }]);
    let state = after(state, [Message::Composed("one,\r\ntwo and\tthree\u{1b}\r\n\r\n".into())]);
    assert_eq!(state.question.input.text(), "one,\ntwo and three");
}

#[test]
fn who_types_in_a_pane_that_takes_no_letters_writes_a_question() {
    for context in [Context::Conversation, Context::Sources, Context::Conversations] {
        let typed =
            after(in_context(context), ["H", "ow?"].map(|text| Message::Paste(text.into())));
        assert_eq!((typed.context(), typed.question.input.text()), (Context::Question, "How?"));
        let typed = after(in_context(context), "How many".chars().map(Message::Type));
        assert_eq!((typed.context(), typed.question.input.text()), (Context::Question, "How many"));
        let nothing = after(in_context(context), [Message::Type(' ')]);
        assert_eq!(nothing.context(), context);
    }
}
