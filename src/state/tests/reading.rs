//! Ways through answers, sources and documents.

use docent_engine::generate::{Message as Said, Role as Speaker};

use super::*;
use crate::settings::Template;
use crate::state::Sources;
use crate::state::copying::LONGEST;
use crate::state::effect::Replaced;
use crate::state::why::{KeptWhy, Reason};

/// A conversation whose only answer is this text.
fn answer(text: &str) -> State {
    let answered = Answered { answer: text.into(), ..answered("How?") };
    let turns = vec![SavedTurn { asked_at: 5, answered, why: None }];
    let chosen = Chosen::default();
    let state = after(ready(), [Message::Desk(DeskReport::Opened { id: 2, turns, chosen })]);
    State { focus: Pane::Conversation, ..state }
}

#[track_caller]
fn copied(state: &mut State, action: Action) -> String {
    match state.update(Message::Do(action)).as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn told(state: &State) -> &str {
    state.notice.as_ref().map_or("", |(notice, _)| notice.text.as_str())
}

#[test]
fn blocks_of_code_are_copied_one_after_the_other() {
    let mut state = answer("Run:\n\n```\none\n```\n\nor\n\n```\ntwo\n```\n");
    for (block, number) in [("one\n", 1), ("two\n", 2), ("one\n", 1)] {
        assert_eq!(copied(&mut state, Action::CopyCode), block);
        assert_eq!(told(&state), format!("copied block {number} of 2 of the code"));
    }
    let mut without = answer("Six months. [1]");
    assert!(without.update(Message::Do(Action::CopyCode)).is_empty());
    assert_eq!(told(&without), "there is no code in this answer");
}

#[test]
fn a_text_that_terminals_refuse_is_not_copied_and_told() {
    let mut state = answer(&"a".repeat(LONGEST));
    assert_eq!(copied(&mut state, Action::Copy).len(), LONGEST);
    let mut state = answer(&"é".repeat(LONGEST / 2 + 1));
    assert!(state.update(Message::Do(Action::Copy)).is_empty());
    assert!(told(&state).contains("has 75 kB, and terminals take 74 kB"), "{}", told(&state));
}

#[test]
fn what_is_copied_can_not_steer_a_shell() {
    let mut state = answer("echo \u{1b}[201~;rm\u{202e}");
    assert_eq!(copied(&mut state, Action::Copy), "echo \u{fffd}[201~;rm\u{fffd}");
}

#[test]
fn a_quote_is_copied_as_the_template_says() {
    let mut state = State { focus: Pane::Sources, ..conversing() };
    state.reference = Template::parse("> {quote} -- {title}", &["quote", "title"]).unwrap();
    state.sources.selected = 1;
    let expected = "> The Tenant may end this Lease. -- Lease agreement 2";
    assert_eq!(copied(&mut state, Action::Copy), expected);
}

#[test]
fn a_document_gives_what_is_cited_and_after_a_search_the_paragraph_of_the_hit() {
    let mut state = reading();
    let cited = "“The Tenant may end this Lease.” (Lease agreement, p. ii, 12.3 Break clause)";
    assert_eq!(copied(&mut state, Action::Copy), cited);
    let find =
        [Message::Do(Action::Search), Message::Paste("page".into()), Message::Do(Action::Confirm)];
    let mut state = after(state, find);
    assert_eq!(copied(&mut state, Action::Copy), "“Page 3.” (Lease agreement, p. 3)");
}

#[test]
fn nothing_is_copied_where_there_is_nothing() {
    let mut state = State { focus: Pane::Conversation, ..ready() };
    assert!(state.update(Message::Do(Action::Copy)).is_empty());
    assert_eq!(told(&state), "there is nothing to copy yet");
}

/// At the first source.
fn sources() -> State {
    State { focus: Pane::Sources, sources: Sources::FIRST, ..conversing() }
}

#[test]
fn an_answers_sources_are_shown_from_the_first_that_it_cites() {
    let mut state = conversing();
    assert_eq!(state.sources.selected, 1);
    let opened = effects(&mut state, [Message::Do(Action::NextPane), Message::Do(Action::Open)]);
    let [Effect::OpenDocument(wanted)] = opened.as_slice() else { panic!("{opened:?}") };
    assert!(wanted.is_cited);
    // Who goes to another while the answer is written stays there.
    let mut state = after(writing(), [Message::Do(Action::Source3)]);
    let run = state.conversation.run().unwrap();
    state.update(Message::Answering(run, ended("Who repairs the roof?")));
    assert_eq!(state.sources.selected, 2);
}

/// What the next question takes along.
fn taken_along(state: &mut State) -> (Vec<String>, Vec<String>) {
    state.focus = Pane::Question;
    let asked = effects(state, ask("And then?"));
    let [Effect::Ask(ask)] = asked.as_slice() else { panic!("{asked:?}") };
    (passages(&ask.pinned), passages(&ask.excluded))
}

#[test]
fn what_is_pinned_or_left_out_goes_with_the_next_question() {
    let do_ = |state, actions: &[Action]| after(state, actions.iter().copied().map(Message::Do));
    let file = |n: u32| format!("/cases/lease-{n}.pdf");
    let (pin, exclude) = (Action::Pin, Action::Exclude);
    let mut state = do_(sources(), &[pin, Action::Down, exclude]);
    assert_eq!(told(&state), "[2] is left out of the next questions here");
    assert_eq!(taken_along(&mut state), (vec![file(1)], vec![file(2)]));
    // One takes the other back, and each itself.
    for (actions, pinned, excluded) in [
        (vec![pin, exclude], vec![], vec![file(1)]),
        (vec![exclude, pin], vec![file(1)], vec![]),
        (vec![exclude, exclude], vec![], vec![]),
        (vec![pin, pin], vec![], vec![]),
    ] {
        assert_eq!(taken_along(&mut do_(sources(), &actions)), (pinned, excluded));
    }
    let mut other = do_(state, &[Action::NewConversation]);
    assert_eq!(taken_along(&mut other), (vec![], vec![]));
}

#[test]
fn what_is_pinned_or_left_out_is_kept_with_its_conversation() {
    let chosen = |pinned: &[u32], excluded: &[u32]| {
        let all = |ns: &[u32]| ns.iter().map(|n| Passage::of(&hit(*n))).collect();
        Chosen { pinned: all(pinned), excluded: all(excluded) }
    };
    let kept = |chosen| Effect::KeepPassages { conversation: 7, chosen };
    let mut state = sources();
    let done = [Action::Pin, Action::Down, Action::Exclude, Action::Exclude].map(Message::Do);
    assert_eq!(
        effects(&mut state, done),
        [kept(chosen(&[1], &[])), kept(chosen(&[1], &[2])), kept(chosen(&[1], &[]))]
    );
    // What is chosen before there is a conversation is kept with the first answer.
    let mut state = after(ready(), ask("May the tenant leave?"));
    let run = state.conversation.run().unwrap();
    state = after(state, [Message::Answering(run, found())]);
    state.focus = Pane::Sources;
    assert_eq!(state.update(Message::Do(Action::Pin)), []);
    let last = Message::Answering(run, ended("May the tenant leave?"));
    assert_eq!(state.update(last), [kept(chosen(&[1], &[]))]);
    // It is there again when the conversation is opened, and gone with it.
    let turns = vec![SavedTurn { asked_at: 5, answered: answered("Why?"), why: None }];
    let opened = DeskReport::Opened { id: 2, turns, chosen: chosen(&[3], &[2]) };
    let mut state = after(state, [Message::Desk(opened)]);
    let file = |n: u32| format!("/cases/lease-{n}.pdf");
    assert_eq!(taken_along(&mut state), (vec![file(3)], vec![file(2)]));
    state = after(state, [Message::Do(Action::NewConversation)]);
    assert_eq!(taken_along(&mut state), (vec![], vec![]));
}

#[test]
fn how_sources_of_a_saved_turn_were_found_is_read_when_it_is_asked_for() {
    let said = Said { role: Speaker::User, content: "Why?".into() };
    let why = Why {
        looked_for: "wear".into(),
        dense_weight: 0.5,
        reasons: vec![Reason { pinned: true, also: vec!["/a.md".into()], ..Reason::default() }],
        ..Why::default()
    };
    let known = KeptWhy { why, prompt: vec![said] };
    let kept = |why: Option<String>| {
        let turns = vec![SavedTurn { asked_at: 5, answered: answered("Why?"), why }];
        let opened = DeskReport::Opened { id: 2, turns, chosen: Chosen::default() };
        let state = after(ready(), [Message::Desk(opened)]);
        let state = after(State { focus: Pane::Sources, ..state }, [Message::Do(Action::Why)]);
        assert_eq!(state.context(), Context::Why);
        let turn = state.conversation.turns[0].clone();
        (turn.why.map(|why| *why), turn.prompt)
    };
    let written = serde_json::to_string(&known).unwrap();
    assert_eq!(kept(Some(written)), (Some(known.why), known.prompt));
    // Another docent may have known less, or more.
    assert_eq!(kept(Some("{\"why\": {\"more\": 1}}".into())), (Some(Why::default()), vec![]));
    assert_eq!(kept(Some("{\"how\": 1}".into())), (None, vec![]));
    assert_eq!(kept(None), (None, vec![]));
}

#[test]
fn an_answer_always_has_room_for_what_its_question_finds() {
    let mut state = sources();
    let hits: Vec<Hit> = (1..=6).map(hit).collect();
    state.conversation.turns[1].hits = hits;
    for _ in 0..6 {
        state = after(state, [Message::Do(Action::Pin), Message::Do(Action::Down)]);
    }
    assert_eq!(told(&state), "5 sources are pinned, and an answer reads 6: let one go");
    assert_eq!(state.conversation.chosen.pinned.len(), 5);
}

#[test]
fn how_sources_were_found_and_what_was_thought_stays_with_the_turn() {
    let mut state = writing();
    let run = state.conversation.run().unwrap();
    let why = Why { looked_for: "roof".into(), ..Why::default() };
    let message = docent_engine::generate::Message {
        role: docent_engine::generate::Role::User,
        content: "Who repairs the roof?".into(),
    };
    let reports = [
        AnswerReport::Why(Box::new(why.clone())),
        AnswerReport::Prompt(vec![message.clone()]),
        AnswerReport::Thought("The roof ".into()),
        AnswerReport::Thought("is meant.".into()),
        ended("Who repairs the roof?"),
    ];
    state = after(state, reports.map(|report| Message::Answering(run, report)));
    let turn = state.conversation.turns.last().unwrap();
    assert_eq!((turn.why.as_deref(), &turn.prompt), (Some(&why), &vec![message]));
    assert_eq!(turn.thought, "The roof is meant.");
    assert!(!turn.is_thought_shown);
    state.focus = Pane::Conversation;
    state = after(state, [Message::Do(Action::Unfold)]);
    assert!(state.conversation.turns.last().unwrap().is_thought_shown);
    // Without a thought there is nothing to show.
    state = after(state, [Message::Do(Action::PreviousTurn), Message::Do(Action::Unfold)]);
    assert!(!state.conversation.turns[1].is_thought_shown);
}

#[test]
fn the_last_question_is_answered_again_in_its_place() {
    let mut state = State { focus: Pane::Conversation, ..conversing() };
    let before = state.conversation.turns.clone();
    let asked = state.update(Message::Do(Action::Regenerate));
    let [Effect::Ask(ask)] = asked.as_slice() else { panic!("{asked:?}") };
    let replaced = Replaced { asked_at: before[1].asked_at, times: 1 };
    assert_eq!((ask.question.as_str(), ask.replaces), ("And the fee?", Some(replaced)));
    // The answer that goes is none of what was said before.
    assert_eq!((ask.turns.len(), state.conversation.turns.len()), (1, 2));
    // Once is enough while it is on its way.
    assert!(state.update(Message::Do(Action::Regenerate)).is_empty());
    let run = ask.run;
    let failed = AnswerReport::Failed(Notice::note("stopped"));
    let back = after(state.clone(), [Message::Answering(run, failed)]);
    assert_eq!(back.conversation.turns, before);
    let mut done = after(state, [Message::Answering(run, ended("And the fee?"))]);
    assert_eq!(done.conversation.replaced, None);
    let asked = done.update(Message::Do(Action::Regenerate));
    let [Effect::Ask(ask)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(ask.replaces.map(|replaced| replaced.times), Some(2));
}

#[test]
fn a_question_comes_back_into_the_line_and_what_was_there_is_not_lost() {
    let typed = [Message::Paste("half a".into()), Message::Do(Action::NextPane)];
    let steps = [Action::PreviousTurn, Action::EditQuestion].map(Message::Do);
    let state = after(after(conversing(), typed), steps);
    assert_eq!(state.question.input.text(), "May the tenant leave?");
    assert_eq!(state.focus, Pane::Question);
    assert_eq!(state.question.history.last().unwrap(), "half a");
}

#[test]
fn what_is_cited_is_stepped_through_and_opened() {
    let mut state = answer("First [3], then [1] and [3], not [9].");
    let mut visited = Vec::new();
    for action in [Action::NextCitation, Action::NextCitation, Action::NextCitation] {
        state = after(state, [Message::Do(action)]);
        visited.push(state.sources.selected + 1);
    }
    // The first source was chosen already.
    assert_eq!(visited, [3, 1, 3]);
    let opened = state.update(Message::Do(Action::Open));
    let [Effect::OpenDocument(wanted)] = opened.as_slice() else { panic!("{opened:?}") };
    assert_eq!(wanted.n, 3);
    let mut state = answer("Nothing.");
    state.update(Message::Do(Action::PreviousCitation));
    assert_eq!(told(&state), "this answer cites nothing");
}
