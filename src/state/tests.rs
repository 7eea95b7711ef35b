//! What every action and every message does, as tables, and the ways through several of them.

mod chips;
mod conversations;
mod library;
mod look;
mod models;
mod mouse;
mod reading;
mod welcome;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use docent_engine::answer::{Claim, Mark as ClaimMark};
use docent_engine::catalog::Origin;
use docent_index::store::Head;
use proptest::prelude::*;

use self::library::listed_library;
use super::action::Action;
use super::conversation::Answering;
use super::document::{Mark, Opened, Page};
use super::effect::{Effect, Passage, Run};
use super::library::{Content, Folder, Progress, Stage};
use super::look::Listed;
use super::message::{
    AnswerReport, DeskReport, ExportReport, LibraryReport, Message, ModelReport, Moment, Place,
    SavedTurn, Size,
};
use super::model::{Details, Found, Loaded, Maker};
use super::notice::Notice;
use super::question::InScope;
use super::scroll::{Anchor, Measure, Measures};
use super::target::Target;
use super::why::{Chosen, Why};
use super::{Context, FolderPrompt, Layer, Pane, State};
use crate::json::{Answered, Citation, Hit, Read, SCHEMA};
use crate::seal::Seal;
use crate::theme::Background;

mod picker;
mod question;

/// The moment at which every test begins.
pub(crate) fn moment(since_start: Duration) -> Moment {
    let now = jiff::civil::date(2026, 3, 2).at(9, 30, 0, 0).in_tz("UTC").unwrap();
    Moment { since_start, now: now + since_start }
}

/// As the program starts.
pub(crate) fn state() -> State {
    let mut state =
        State::new(Seal::Sealed, Size { width: 120, height: 40 }, moment(Duration::ZERO));
    state.look.themes = themes();
    state
}

pub(crate) fn themes() -> Vec<Listed> {
    let listed = |name: &str, background, fault: Option<&str>| Listed {
        name: name.into(),
        background,
        is_own: fault.is_some(),
        fault: fault.map(Into::into),
    };
    vec![
        listed("dark", Some(Background::Dark), None),
        listed("light", Some(Background::Light), None),
        listed("mono", None, None),
        listed("mine", None, Some("theme `mine` has no role `acent`: did you mean `accent`?")),
    ]
}

pub(crate) fn content() -> Content {
    Content {
        folders: vec![
            Folder { path: "/cases".into(), documents: 9, missing: false },
            Folder { path: "/notes".into(), documents: 3, missing: true },
        ],
        documents: 12,
        passages: 212,
        embedded: 200,
        problems: 1,
        watching: None,
    }
}

/// With a library that is read.
pub(crate) fn ready() -> State {
    after(
        state(),
        [
            Message::Library(LibraryReport::Content(Box::new(content()))),
            Message::Library(LibraryReport::Stage(Stage::Ready)),
            listed_heads(heads()),
            Message::Desk(DeskReport::History(vec!["Who signed?".into(), "What is due?".into()])),
            Message::Model(listed(models())),
            Message::Drawn(measures()),
        ],
    )
}

pub(crate) fn heads() -> Vec<Head> {
    let now = moment(Duration::ZERO).now.timestamp().as_second();
    [("Oakfield lease", 0), ("Pump seal wear", 90_000), ("Warfarin", 900_000)]
        .into_iter()
        .zip(1..)
        .map(|((title, age), id)| Head { id, title: title.into(), asked_at: now - age, turns: 2 })
        .collect()
}

/// What the desk tells when all changes that were ordered are made.
pub(crate) fn listed_heads(heads: Vec<Head>) -> Message {
    Message::Desk(DeskReport::Listed { heads, changes: u64::MAX })
}

pub(crate) fn models() -> Vec<Found> {
    vec![
        Found {
            path: "/models/small.gguf".into(),
            name: "Small".into(),
            typed: "Small".into(),
            origin: Origin::Ollama,
            quantization: Some("Q4_K_M".into()),
            size: 500 << 20,
            context: 8_192,
            needs: Some(900 << 20),
            fault: None,
            details: Some(Details {
                architecture: "qwen3".into(),
                parameters: 596_000_000,
                trained: Some(40_960),
                has_template: true,
            }),
        },
        Found {
            path: "/models/cut.gguf".into(),
            name: "cut.gguf".into(),
            typed: "/models/cut.gguf".into(),
            origin: Origin::Docent,
            quantization: None,
            size: 12,
            context: 0,
            needs: None,
            fault: Some("it ends in its header".into()),
            details: None,
        },
    ]
}

fn listed(found: Vec<Found>) -> ModelReport {
    let folder = "/home/me/docent/models".into();
    ModelReport::Listed {
        folder,
        found,
        free: Some(8 << 30),
        suitable: None,
        embedders: models::embedders(),
        maker: Maker::Bundled,
    }
}

fn suitable() -> ModelReport {
    let mut report = listed(models());
    let ModelReport::Listed { suitable, .. } = &mut report else { panic!("a list is listed") };
    *suitable = Some("/models/small.gguf".into());
    report
}

#[test]
fn what_is_loaded_makes_room_for_the_next_model() {
    let loaded = Loaded { path: "/models/small.gguf".into(), name: "Small".into(), context: 8_192 };
    let before = after(ready(), [Message::Model(ModelReport::Loaded(loaded))]);
    let state = after(before, [Message::Model(listed(models()))]);
    assert_eq!(state.model.free, Some((8 << 30) + (900 << 20)));
}

/// After the user has chosen to have quotes.
fn after_a_choice() -> State {
    let mut state = after(ready(), [Message::Do(Action::Models)]);
    state.model.selected = state.model.found.len();
    after(state, [Message::Do(Action::Open)])
}

pub(crate) fn measures() -> Measures {
    let measure = Measure { top: 20, height: 20, lines: 100, item: 1, ..Measure::default() };
    Measures {
        conversation: measure,
        sources: measure,
        document: measure,
        why: measure,
        help: measure,
        library: Measure { top: 0, height: 3, lines: 5, ..Measure::default() },
    }
}

pub(crate) fn hit(n: u32) -> Hit {
    let text = format!("The fee is {n}0 €. The Tenant may end this Lease. It is dated {n} May.");
    let start = text.find("The Tenant").unwrap();
    Hit {
        n,
        path: format!("/cases/lease-{n}.pdf").into(),
        folder: "/cases".into(),
        file: format!("lease-{n}.pdf").into(),
        title: format!("Lease agreement {n}"),
        page: Some(n + 6),
        label: Some("vii".into()),
        ocr: None,
        lines: None,
        heading: vec!["12 Ending".into(), "12.3 Break clause".into()],
        score: 1.0 - 0.1 * f32::from(u8::try_from(n).unwrap()),
        highlights: vec![(start, start + "The Tenant may end this Lease.".len())],
        text,
        before: String::new(),
        after: String::new(),
    }
}

pub(crate) fn answered(question: &str) -> Answered {
    Answered {
        schema: SCHEMA,
        question: question.into(),
        understood: None,
        carried: Vec::new(),
        answer: "The Tenant may end this Lease. [2]".into(),
        abstained: false,
        stopped: false,
        claims: vec![Claim {
            text: "The Tenant may end this Lease.".into(),
            cites: vec![2],
            mark: None,
            reason: None,
        }],
        citations: vec![Citation {
            hit: hit(2),
            quote: "The Tenant may end this Lease.".into(),
            sha256: "ab".repeat(32),
            indexed_at: "2026-03-01T00:00:00Z".into(),
        }],
        hits: (1..=3).map(hit).collect(),
        dropped: Vec::new(),
        shortened: Vec::new(),
        forgotten: false,
        read: Read { passages: 3, in_scope: 212, unread_documents: 1, embedded: None },
        model: "quotes".into(),
        seconds: 0.2,
        usage: None,
    }
}

/// A claim that stands in its source word for word.
fn claim(text: &str) -> Claim {
    Claim { text: text.into(), cites: vec![2], mark: Some(ClaimMark::Quoted), reason: None }
}

fn found() -> AnswerReport {
    AnswerReport::Found { hits: (1..=3).map(hit).collect(), in_scope: 212, unread_documents: 1 }
}

fn ended(question: &str) -> AnswerReport {
    AnswerReport::Ended {
        answered: Box::new(answered(question)),
        conversation: Some(7),
        failure: None,
    }
}

/// With two questions answered.
pub(crate) fn conversing() -> State {
    let mut state = ready();
    for question in ["May the tenant leave?", "And the fee?"] {
        state = after(state, ask(question));
        let run = state.conversation.run().unwrap();
        state =
            after(state, [found(), ended(question)].map(|report| Message::Answering(run, report)));
    }
    after(state, [Message::Drawn(measures())])
}

/// With a question that a model is answering.
pub(crate) fn writing() -> State {
    let state = after(conversing(), ask("Who repairs the roof?"));
    let run = state.conversation.run().unwrap();
    after(
        state,
        [found(), AnswerReport::Text("The landlord ".into())]
            .map(|report| Message::Answering(run, report)),
    )
}

pub(crate) fn opened() -> Opened {
    let page = |number: u32| Page {
        number,
        label: (number == 2).then(|| "ii".into()),
        ocr: None,
        text: format!("Page {number}.\nThe Tenant may end this Lease."),
        lines: Vec::new(),
    };
    Opened {
        title: "Lease agreement".into(),
        path: "/cases/lease.pdf".into(),
        date: None,
        paged: true,
        pages: (1..=3).map(page).collect::<Vec<_>>().into(),
        cited: vec![Mark { page: 1, span: 8..38 }],
        section: "12.3 Break clause".into(),
        n: 2,
        is_cited: true,
        is_excerpt: false,
        note: None,
    }
}

pub(crate) fn reading() -> State {
    after(conversing(), [Message::Document(Ok(Box::new(opened()))), Message::Drawn(measures())])
}

/// A state in each context, with something in it to act on.
pub(crate) fn in_context(context: Context) -> State {
    let focused = |pane| State { focus: pane, ..conversing() };
    let with = |state, action| after(state, [Message::Do(action)]);
    let state = match context {
        Context::Question => {
            let typed = [Message::Paste("two words".into()), Message::Do(Action::WordLeft)];
            after(conversing(), typed)
        }
        Context::Conversation => focused(Pane::Conversation),
        Context::Sources => focused(Pane::Sources),
        Context::Conversations => focused(Pane::Conversations),
        Context::Welcome => welcome::empty(),
        Context::Folder => after(
            with(with(ready(), Action::Library), Action::Add),
            [
                Message::Paste("/ca".into()),
                Message::Completed {
                    typed: "/ca".into(),
                    paths: vec!["/cases/a/".into(), "/cases/b/".into()],
                },
            ],
        ),
        Context::Document => with(reading(), Action::Down),
        Context::DocumentPrompt => {
            after(with(reading(), Action::Search), [Message::Paste("tenant".into())])
        }
        Context::Why => with(focused(Pane::Sources), Action::Why),
        Context::Find => {
            after(with(in_context(Context::Library), Action::Find), [Message::Paste("le".into())])
        }
        Context::Library => after(listed_library(), [Message::Do(Action::Up)]),
        Context::Models => with(ready(), Action::Models),
        Context::Themes => with(with(ready(), Action::Themes), Action::Down),
        Context::Export => with(conversing(), Action::Export),
        Context::Rename => with(focused(Pane::Conversations), Action::Rename),
        Context::Picker => after(
            with(focused(Pane::Sources), Action::Palette),
            [Message::Paste("open view".into()), Message::Do(Action::WordLeft)],
        ),
        Context::Help => with(focused(Pane::Sources), Action::Help),
    };
    assert_eq!(state.context(), context);
    state
}

pub(crate) const CONTEXTS: [Context; 17] = [
    Context::Question,
    Context::Conversation,
    Context::Sources,
    Context::Conversations,
    Context::Welcome,
    Context::Folder,
    Context::Document,
    Context::DocumentPrompt,
    Context::Why,
    Context::Find,
    Context::Library,
    Context::Models,
    Context::Themes,
    Context::Export,
    Context::Rename,
    Context::Picker,
    Context::Help,
];

fn ask(question: &str) -> [Message; 2] {
    [Message::Paste(question.into()), Message::Do(Action::Send)]
}

/// The state after messages whose effects do not matter.
pub(crate) fn after(mut state: State, messages: impl IntoIterator<Item = Message>) -> State {
    for message in messages {
        state.update(message);
    }
    state
}

/// What is asked of the world by `messages`.
fn effects(state: &mut State, messages: impl IntoIterator<Item = Message>) -> Vec<Effect> {
    messages.into_iter().flat_map(|message| state.update(message)).collect()
}

/// What differs between two states, each difference in few words.
fn changes(before: &State, after: &State) -> Vec<String> {
    let described = |state: &State| -> Vec<(&str, String)> {
        let input = |input: &super::input::Input| {
            let mut text = input.text().to_owned();
            text.insert(input.cursor(), '|');
            format!("{text:?}")
        };
        let folder = |prompt: &FolderPrompt| {
            format!(
                "{} taken {:?} refused {:?}",
                input(&prompt.line.input),
                prompt.line.taken.as_ref().map(|(index, _)| index),
                prompt.refused
            )
        };
        let layers: Vec<String> = state
            .layers
            .iter()
            .map(|layer| match layer {
                Layer::Welcome(welcome) => {
                    format!("welcome {:?} {}", welcome.field, folder(&welcome.folder))
                }
                Layer::Folder(prompt) => format!("folder {}", folder(prompt)),
                Layer::Document(view) => format!(
                    "document {:?} prompt {:?} search {:?}",
                    view.scroll,
                    view.prompt.as_ref().map(|prompt| (prompt.kind, input(&prompt.input))),
                    view.search.as_ref().map(|search| (search.hits.len(), search.current))
                ),
                Layer::Why(view) => format!("why {:?} prompt {}", view.scroll, view.has_prompt),
                Layer::Library => "library".into(),
                Layer::Models => "models".into(),
                Layer::Themes { selected } => format!("themes {selected}"),
                Layer::Export(prompt) => format!(
                    "export {} exists {} refused {:?}",
                    input(&prompt.line.input),
                    prompt.exists,
                    prompt.refused
                ),
                Layer::Rename(prompt) => format!("rename {} {}", prompt.id, input(&prompt.input)),
                Layer::Picker(picker) => format!(
                    "picker of {:?} {} {} of {} at {}",
                    picker.kind,
                    input(&picker.input),
                    picker.choices.fitting(),
                    picker.choices.len(),
                    picker.choices.selected()
                ),
                Layer::Help { of, scroll } => format!("help of {of:?} {scroll:?}"),
            })
            .collect();
        let turns: Vec<String> = state
            .conversation
            .turns
            .iter()
            .map(|turn| match &turn.answer {
                Answering::Searching(_) => "searching".into(),
                Answering::Reading { tokens, of, .. } => {
                    format!("{} hits, reading {tokens}/{of}", turn.hits.len())
                }
                Answering::Writing { text, claims, .. } => {
                    format!("writing {text:?}, {} claims", claims.len())
                }
                Answering::Done(answered) => format!("done {:?}", answered.answer),
                Answering::Nothing { reason } => format!("nothing: {reason}"),
            })
            .collect();
        vec![
            ("size", format!("{:?}", state.size)),
            ("focus", format!("{:?}", state.focus)),
            ("layers", layers.join(" + ")),
            ("question", input(&state.question.input)),
            ("chips", format!("{:?}", state.question.chips)),
            ("in scope", format!("{:?}", state.question.in_scope)),
            ("fault", format!("{:?}", state.question.fault())),
            (
                "commands",
                format!(
                    "{:?}",
                    state
                        .question
                        .commands
                        .as_ref()
                        .map(|commands| (commands.fitting(), commands.choice()))
                ),
            ),
            (
                "preview",
                format!(
                    "{:?}",
                    state.preview.as_ref().map(|preview| (
                        &preview.turn.question,
                        preview.turn.run(),
                        preview.turn.hits.len()
                    ))
                ),
            ),
            ("recalled", format!("{:?}", state.question.recalled)),
            ("history", format!("{:?}", state.question.history)),
            ("conversation", format!("{:?}", state.conversation.id)),
            ("turns", turns.join("; ")),
            ("turn", format!("{:?}", state.conversation.selected)),
            ("scroll", format!("{:?}", state.conversation.scroll)),
            ("pinned", format!("{:?}", passages(&state.conversation.chosen.pinned))),
            ("excluded", format!("{:?}", passages(&state.conversation.chosen.excluded))),
            ("thoughts", thoughts(state)),
            ("source", format!("{:?}", state.sources)),
            ("conversations", titles(state)),
            (
                "search",
                format!(
                    "{} {:?}",
                    input(&state.conversations.search.input),
                    state.conversations.search.is_finding
                ),
            ),
            ("chosen", format!("{:?}", state.conversations.selected)),
            ("deleted", deleted(state)),
            ("stage", format!("{:?}", state.library.stage)),
            ("folders", format!("{:?}", state.library.content.folders.len())),
            ("row", format!("{:?}", state.library.tree.selected)),
            ("open", format!("{:?}", state.library.tree.open)),
            ("filter", input(&state.library.tree.filter)),
            (
                "finding, only problems",
                format!("{:?}", (state.library.tree.is_finding, state.library.tree.only_problems)),
            ),
            ("rows", format!("{:?}", state.library.tree.rows.number)),
            ("leaving", format!("{:?}", state.library.leaving)),
            ("model", format!("{:?}", state.model.state)),
            ("models", format!("{:?}", state.model.found.len())),
            ("model row", format!("{:?}", state.model.selected)),
            ("theme", format!("{:?} {:?}", state.look.theme, state.look.background)),
            ("panes", format!("{:?}", state.look.panes)),
            ("mouse", format!("{:?}", state.has_mouse)),
            ("held", format!("{:?}", state.dragged.map(|(pane, _)| pane))),
            ("embedder", format!("{:?} {:?}", state.model.maker, state.model.change)),
            ("notice", format!("{:?}", state.notice)),
            ("waiting", format!("{:?}", state.waiting)),
            ("quitting", format!("{:?}", state.quitting)),
            ("copied", format!("{:?}", state.copied)),
        ]
    };
    described(before)
        .into_iter()
        .zip(described(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((name, _), (_, after))| format!("{name}: {after}"))
        .collect()
}

fn click(target: Target) -> Message {
    Message::Click(target)
}

fn wheel(target: Target, lines: isize) -> Message {
    Message::Wheel { target, lines }
}

/// The files of passages.
fn passages(passages: &[Passage]) -> Vec<String> {
    passages.iter().map(|passage| passage.path.display().to_string()).collect()
}

fn thoughts(state: &State) -> String {
    let turns = state.conversation.turns.iter().filter(|turn| !turn.thought.is_empty());
    let told = turns.map(|turn| (&turn.thought, turn.is_thought_shown));
    format!("{:?}", told.collect::<Vec<_>>())
}

fn deleted(state: &State) -> String {
    let ids = state.conversations.deleted.iter().map(|head| head.id);
    format!("{:?}", ids.collect::<Vec<_>>())
}

/// Of the conversations that are shown.
fn titles(state: &State) -> String {
    let shown = state.conversations.shown();
    shown.iter().map(|(head, _)| &*head.title).collect::<Vec<_>>().join(", ")
}

fn row(table: &mut String, name: &str, before: &State, message: Message) {
    let mut after = before.clone();
    let effects = after.update(message);
    let changes = changes(before, &after);
    if effects.is_empty() && changes.is_empty() {
        return;
    }
    writeln!(table, "{name}").unwrap();
    for change in changes {
        writeln!(table, "    {change}").unwrap();
    }
    for effect in effects {
        let mut told = format!("{effect:?}");
        if told.len() > 300 {
            told.truncate(told.floor_char_boundary(300));
            told.push('…');
        }
        writeln!(table, "    -> {told}").unwrap();
    }
}

#[test]
fn every_action_in_every_context() {
    for context in CONTEXTS {
        let before = in_context(context);
        let mut table = String::new();
        for action in Action::ALL {
            row(&mut table, action.name(), &before, Message::Do(*action));
        }
        insta::assert_snapshot!(format!("actions_{context:?}").to_lowercase(), table);
    }
}

#[test]
fn every_action_does_something_somewhere() {
    let idle: Vec<&str> = Action::ALL
        .iter()
        .filter(|action| {
            // Whether a source that is cited is chosen, or one that is not.
            CONTEXTS.into_iter().flat_map(|context| [(context, 1), (context, 0)]).all(
                |(context, source)| {
                    let mut before = in_context(context);
                    before.sources.selected = source;
                    let mut after = before.clone();
                    after.update(Message::Do(**action)).is_empty()
                        && changes(&before, &after).is_empty()
                },
            )
        })
        // There is no tenth source; the samples have three.
        .filter(|action| action.source().is_none())
        .map(|action| action.name())
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn every_message() {
    let run = writing().conversation.run().unwrap();
    let in_work = |report| Message::Answering(run, report);
    let library = |report| Message::Library(report);
    let table = vec![
        ("type", in_context(Context::Question), Message::Type('x')),
        ("type ? in an empty line", conversing(), Message::Type('?')),
        ("type in a folder prompt", in_context(Context::Folder), Message::Type('x')),
        ("type in a document prompt", in_context(Context::DocumentPrompt), Message::Type('x')),
        ("type in an export prompt", in_context(Context::Export), Message::Type('x')),
        ("type in a picker", in_context(Context::Picker), Message::Type('x')),
        ("paste in a picker", in_context(Context::Picker), Message::Paste("ed\n".into())),
        ("type where nothing is typed", in_context(Context::Sources), Message::Type('x')),
        ("paste", in_context(Context::Question), Message::Paste("a\nb".into())),
        ("paste a path", in_context(Context::Folder), Message::Paste("/x\n".into())),
        ("resize", ready(), Message::Resize(Size { width: 60, height: 16 })),
        ("a background", ready(), Message::Background(Background::Light)),
        (
            "a click on the question",
            in_context(Context::Sources),
            click(Target::Pane(Pane::Question)),
        ),
        ("a click on a pane", conversing(), click(Target::Pane(Pane::Sources))),
        ("a click on a turn", conversing(), click(Target::Turn(0))),
        ("a click on a citation", conversing(), click(Target::Citation { turn: 0, n: 2 })),
        ("a click on no source's number", conversing(), click(Target::Citation { turn: 0, n: 9 })),
        ("a click on a source", conversing(), click(Target::Source(2))),
        ("a click on a conversation", conversing(), click(Target::Conversation(1))),
        ("a click on a theme", in_context(Context::Themes), click(Target::Row(2))),
        ("a click on a model", in_context(Context::Models), click(Target::Row(1))),
        ("a click on a row of the library", in_context(Context::Library), click(Target::Row(1))),
        ("a click beside a list", in_context(Context::Models), click(Target::Pane(Pane::Sources))),
        ("a click on a document", in_context(Context::Document), click(Target::Layer)),
        ("a click in the question", mouse::typed(), click(Target::Typed(4))),
        ("a click on a chip's sign", mouse::typed(), click(Target::Chip(0))),
        ("a click on the sign of no chip", mouse::typed(), click(Target::Chip(7))),
        (
            "a click on a key that is told",
            in_context(Context::Document),
            click(Target::Hint(Action::Back)),
        ),
        (
            "a click on a key that is told under a panel",
            in_context(Context::Picker),
            click(Target::Hint(Action::Cited)),
        ),
        ("a click on an edge", conversing(), click(Target::Edge(Pane::Sources))),
        ("an edge that is moved", mouse::holding(), Message::Drag(60)),
        ("an edge that is moved out", mouse::holding(), Message::Drag(0)),
        ("a mouse that holds nothing and is moved", conversing(), Message::Drag(60)),
        ("an edge that is let go", mouse::moved(), Message::Release),
        ("an edge that is let go where it was", mouse::holding(), Message::Release),
        ("a click on a command", mouse::commanding(), click(Target::Row(1))),
        ("a click on no command", mouse::commanding(), click(Target::Row(999))),
        ("a click in the palette", mouse::palette(), click(Target::Row(1))),
        ("the wheel on commands", mouse::commanding(), wheel(Target::Row(0), 3)),
        ("the wheel on the palette", mouse::palette(), wheel(Target::Row(0), 3)),
        ("the wheel up on the palette", mouse::palette(), wheel(Target::Layer, -3)),
        ("the wheel on the conversation", conversing(), wheel(Target::Turn(1), -3)),
        ("the wheel on the sources", conversing(), wheel(Target::Source(0), 3)),
        ("the wheel on the conversations", conversing(), wheel(Target::Conversation(0), 3)),
        ("the wheel on a document", in_context(Context::Document), wheel(Target::Layer, 3)),
        ("the wheel on a list", in_context(Context::Themes), wheel(Target::Row(0), -3)),
        ("the wheel on a line that is typed", in_context(Context::Folder), wheel(Target::Layer, 3)),
        ("the wheel beside a list", in_context(Context::Models), wheel(Target::Source(0), 3)),
        ("first content, no folder", state(), library(LibraryReport::Content(Box::default()))),
        ("content", ready(), library(LibraryReport::Content(Box::new(content())))),
        (
            "stage",
            ready(),
            library(LibraryReport::Stage(Stage::Reading(Progress {
                done: 3,
                of: 9,
                per_second: Some(14.0),
            }))),
        ),
        (
            "rows",
            in_context(Context::Library),
            library(LibraryReport::Rows(Box::new(library::rows(1)))),
        ),
        (
            "rows that were asked for before",
            in_context(Context::Library),
            library(LibraryReport::Rows(Box::new(library::rows(0)))),
        ),
        (
            "folder added",
            in_context(Context::Folder),
            library(LibraryReport::FolderAdded("/cases/a".into())),
        ),
        (
            "folder refused",
            in_context(Context::Folder),
            library(LibraryReport::FolderRefused {
                typed: "/ca".into(),
                reason: "`/ca` is not there".into(),
            }),
        ),
        (
            "folder refused after the prompt was closed",
            ready(),
            library(LibraryReport::FolderRefused {
                typed: "/ca".into(),
                reason: "`/ca` is not there".into(),
            }),
        ),
        ("found", after(conversing(), ask("Who repairs the roof?")), in_work(found())),
        ("reading", writing(), in_work(AnswerReport::Reading { tokens: 100, of: 900 })),
        ("thought", writing(), in_work(AnswerReport::Thought("The roof.".into()))),
        ("text", writing(), in_work(AnswerReport::Text("keeps it".into()))),
        ("a claim", writing(), in_work(AnswerReport::Claim(claim("The landlord")))),
        (
            "a claim before its text",
            after(conversing(), ask("Who repairs the roof?")),
            in_work(AnswerReport::Claim(claim("The landlord"))),
        ),
        ("ended", writing(), in_work(ended("Who repairs the roof?"))),
        (
            "ended by a failure",
            writing(),
            in_work(AnswerReport::Ended {
                answered: Box::new(Answered { stopped: true, ..answered("Who repairs the roof?") }),
                conversation: Some(7),
                failure: Some(Notice::error("the model's process ended: ask again")),
            }),
        ),
        ("failed", writing(), in_work(AnswerReport::Failed(Notice::error("no library")))),
        (
            "late text of another run",
            writing(),
            Message::Answering(Run(1), AnswerReport::Text("x".into())),
        ),
        ("models", ready(), Message::Model(listed(Vec::new()))),
        ("a model that suits", ready(), Message::Model(suitable())),
        ("a model that suits after a choice", after_a_choice(), Message::Model(suitable())),
        ("an embedder that is measured", models::weighing(), Message::Model(models::weighed())),
        ("an embedder that is not thought of", ready(), Message::Model(models::weighed())),
        (
            "loading",
            ready(),
            Message::Model(ModelReport::Loading { path: "/m.gguf".into(), share: 0.5 }),
        ),
        (
            "loaded",
            ready(),
            Message::Model(ModelReport::Loaded(Loaded {
                path: "/m.gguf".into(),
                name: "M".into(),
                context: 8192,
            })),
        ),
        (
            "model refused",
            ready(),
            Message::Model(ModelReport::Refused {
                path: "/m.gguf".into(),
                reason: "`/m.gguf` is no GGUF file".into(),
            }),
        ),
        ("listed", ready(), listed_heads(heads().split_off(2))),
        (
            "conversations that were found",
            conversations::searching(),
            Message::Desk(conversations::found(2)),
        ),
        (
            "conversations that were looked for before",
            conversations::searching(),
            Message::Desk(conversations::found(1)),
        ),
        (
            "listed while some are looked for",
            after(conversations::searching(), [Message::Desk(conversations::found(2))]),
            listed_heads(heads()),
        ),
        ("type in a search of conversations", conversations::searching(), Message::Type('x')),
        ("type a title", in_context(Context::Rename), Message::Type('x')),
        ("type in a filter of the library", in_context(Context::Find), Message::Type('x')),
        (
            "opened",
            writing(),
            Message::Desk(DeskReport::Opened {
                id: 2,
                turns: vec![SavedTurn {
                    asked_at: 5,
                    answered: answered("Why does it wear?"),
                    why: None,
                }],
                chosen: Chosen::default(),
            }),
        ),
        (
            "history",
            ready(),
            Message::Desk(DeskReport::History(vec!["Older?".into(), "What is due?".into()])),
        ),
        (
            "completed too late",
            in_context(Context::Folder),
            Message::Completed { typed: "/c".into(), paths: vec!["/cold/".into()] },
        ),
        ("document", conversing(), Message::Document(Ok(Box::new(opened())))),
        ("no document", conversing(), Message::Document(Err(Notice::error("`a.pdf` is gone")))),
        (
            "exported",
            in_context(Context::Export),
            Message::Exported(ExportReport::Written("/a.md".into())),
        ),
        (
            "export exists",
            in_context(Context::Export),
            Message::Exported(ExportReport::Exists("/a.md".into())),
        ),
        (
            "export refused",
            in_context(Context::Export),
            Message::Exported(ExportReport::Refused { reason: "can't write `/a.md`".into() }),
        ),
        ("edited", ready(), Message::Edited),
        ("notice", ready(), Message::Notice(Notice::note("done"))),
    ];
    let mut told = String::new();
    for (name, before, message) in table {
        row(&mut told, name, &before, message);
    }
    insta::assert_snapshot!("messages", told);
}

#[test]
fn a_question_goes_its_way_and_the_next_one_knows_of_it() {
    let mut state = ready();
    let asked = effects(&mut state, ask("May the tenant leave?"));
    let [Effect::Ask(first)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((first.conversation, first.turns.len()), (None, 0));
    let run = first.run;
    state = after(
        state,
        [found(), ended("May the tenant leave?")].map(|report| Message::Answering(run, report)),
    );
    assert_eq!(state.conversation.id, Some(7));
    assert_eq!(state.conversation.run(), None);
    let asked = effects(&mut state, ask("And the fee?"));
    let [Effect::Ask(second)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_ne!(second.run, run);
    assert_eq!(second.conversation, Some(7));
    assert_eq!(second.turns[0].answer, "The Tenant may end this Lease.");
}

#[test]
fn a_question_asked_while_another_runs_stops_it_and_waits_for_its_end() {
    let mut state = after(ready(), ask("First?"));
    let run = state.conversation.run().unwrap();
    assert_eq!(effects(&mut state, ask("Second?")), [Effect::Stop(run)]);
    assert_eq!(state.conversation.turns.len(), 1);
    let asked = state.update(Message::Answering(run, ended("First?")));
    let [Effect::Ask(second)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((second.question.as_str(), second.conversation), ("Second?", Some(7)));
}

#[test]
fn what_comes_of_a_run_that_was_left_changes_nothing() {
    let mut state = writing();
    let run = state.conversation.run().unwrap();
    assert_eq!(effects(&mut state, [Message::Do(Action::NewConversation)]), [Effect::Stop(run)]);
    let before = state.clone();
    assert!(
        effects(&mut state, [Message::Answering(run, ended("Who repairs the roof?"))]).is_empty()
    );
    assert_eq!(changes(&before, &state), Vec::<String>::new());
}

#[test]
fn escape_closes_then_stops_then_leaves_and_never_quits() {
    let mut state = after(writing(), [Message::Do(Action::Models), Message::Do(Action::Help)]);
    let run = state.conversation.run().unwrap();
    state.focus = Pane::Sources;
    let back = || Message::Do(Action::Back);
    assert!(state.update(back()).is_empty());
    assert_eq!(state.layers, [Layer::Models]);
    assert!(state.update(back()).is_empty());
    assert_eq!(state.update(back()), [Effect::Stop(run)]);
    state.update(Message::Answering(run, ended("Who repairs the roof?")));
    assert!(state.update(back()).is_empty());
    assert_eq!(state.focus, Pane::Question);
    assert!((0..9).all(|_| state.update(back()).is_empty()));
}

#[test]
fn quitting_takes_two_requests_soon_after_each_other() {
    let quit = || Message::Do(Action::Quit);
    let mut state = ready();
    assert!(state.update(quit()).is_empty());
    state.update(Message::Tick(moment(Duration::from_secs(5))));
    assert!(state.update(quit()).is_empty());
    state.update(Message::Do(Action::Left));
    assert!(state.update(quit()).is_empty());
    assert_eq!(state.update(quit()), [Effect::Quit]);
}

#[test]
fn a_request_to_quit_clears_the_line_and_what_stood_there_can_be_recalled() {
    let typed = [Message::Paste("Half a\nquestion".into()), Message::Do(Action::Quit)];
    let state = after(ready(), typed);
    assert!(state.question.input.is_empty());
    let state = after(state, [Message::Do(Action::Up)]);
    assert_eq!(state.question.input.text(), "Half a\nquestion");
    // One more press leaves it again, however many lines it has.
    let state = after(state, [Message::Do(Action::Up)]);
    assert_eq!(state.question.input.text(), "What is due?");
}

#[test]
fn a_notice_goes_with_the_next_key_once_it_could_be_read() {
    let noticed = after(ready(), [Message::Notice(Notice::error("`a.md` is gone"))]);
    let at_once = after(noticed.clone(), [Message::Type('x')]);
    assert!(at_once.notice.is_some());
    let later = [Message::Tick(moment(Duration::from_secs(1))), Message::Type('x')];
    assert_eq!(after(noticed, later).notice, None);
}

#[test]
fn a_document_with_pages_is_not_opened_in_an_editor() {
    let mut state = reading();
    assert!(state.update(Message::Do(Action::Edit)).is_empty());
    assert!(state.notice.unwrap().0.text.contains("no text to edit"));
}

#[test]
fn a_bad_query_stays_in_the_line_and_says_where_it_is_wrong() {
    let mut state = ready();
    assert!(effects(&mut state, ask(" since:2024-13 rent")).is_empty());
    assert_eq!(state.question.input.text(), " since:2024-13 rent");
    assert_eq!(state.question.input.cursor(), " since:2024-13".len());
    assert!(state.question.fault().unwrap().to_string().contains("`2024-13` is no date"));
}

#[test]
fn past_questions_come_back_and_what_was_typed_is_not_lost() {
    let state = after(ready(), [Action::Up, Action::Up, Action::Up].map(Message::Do));
    assert_eq!(state.question.input.text(), "Who signed?");
    let state = after(state, [Action::Down].map(Message::Do));
    assert_eq!(state.question.input.text(), "What is due?");
    let state = after(state, [Action::Down].map(Message::Do));
    assert_eq!(state.question.input.text(), "");
}

#[test]
fn searching_a_document_goes_round() {
    let find = [
        Message::Do(Action::Search),
        Message::Paste("tenant".into()),
        Message::Do(Action::Confirm),
    ];
    let mut state = after(reading(), find);
    let current = |state: &State| match state.layers.last() {
        Some(Layer::Document(view)) => view.search.as_ref().unwrap().current,
        other => panic!("{other:?}"),
    };
    // The page with index 1 is at the top.
    let mut visited = vec![current(&state)];
    for _ in 0..3 {
        state = after(state, [Message::Do(Action::NextHit)]);
        visited.push(current(&state));
    }
    assert_eq!(visited, [1, 2, 0, 1]);
}

#[test]
fn a_document_is_searched_while_it_is_typed_and_escape_comes_back() {
    let view = |state: &State| match state.layers.last() {
        Some(Layer::Document(view)) => view.clone(),
        other => panic!("{other:?}"),
    };
    let before = view(&reading()).scroll;
    let typing = after(reading(), [Message::Do(Action::Search), Message::Paste("tena".into())]);
    assert_eq!(view(&typing).scroll.anchor, Anchor::Mark(1));
    assert_eq!(view(&typing).search.unwrap().words, "tena");
    // What stands nowhere says so, and stays to be put right.
    let missed = after(typing.clone(), [Message::Type('x'), Message::Do(Action::Confirm)]);
    let prompt = view(&missed).prompt.unwrap();
    assert_eq!(prompt.missed.as_deref(), Some("not in this document"));
    assert_eq!((view(&missed).scroll, view(&missed).search), (before, None));
    let found = after(missed.clone(), [Action::Backspace, Action::Confirm].map(Message::Do));
    assert_eq!((view(&found).prompt, view(&found).search.unwrap().words), (None, "tena".into()));
    for state in [typing, missed] {
        let back = after(state, [Message::Do(Action::Back)]);
        let view = view(&back);
        assert_eq!((view.scroll, view.search, view.prompt), (before, None, None));
        assert_eq!(back.context(), Context::Document);
    }
}

#[test]
fn pages_are_found_by_number_and_by_what_is_printed() {
    for (typed, anchor) in
        [("3", Some(Anchor::Item(2))), ("ii", Some(Anchor::Item(1))), ("99", None)]
    {
        let go = [
            Message::Do(Action::GoToPage),
            Message::Paste(typed.into()),
            Message::Do(Action::Confirm),
        ];
        let state = after(reading(), go);
        let Some(Layer::Document(view)) = state.layers.last() else { panic!() };
        if let Some(anchor) = anchor {
            assert_eq!(view.scroll.anchor, anchor, "{typed}");
        } else {
            // The line stays, so that it can be put right.
            let missed = view.prompt.as_ref().unwrap().missed.as_deref();
            assert_eq!(missed, Some("no such page: there are 3"));
        }
    }
}

#[test]
fn nothing_wakes_a_screen_on_which_nothing_moves() {
    assert_eq!(conversing().wakes(), None);
    assert!(writing().wakes().is_some());
    let noticed = after(ready(), [Message::Notice(Notice::note("done"))]);
    let later = noticed.wakes().unwrap();
    let after_it = after(noticed, [Message::Tick(moment(later))]);
    assert_eq!((after_it.notice.clone(), after_it.wakes()), (None, None));
}

/// Anything that can happen, often enough something that matters.
pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let text = || prop_oneof!["\\PC{0,40}", Just("[2] 字 e\u{301} \u{1b}[2J\u{202e}".to_owned())];
    let run = (1_u64..4).prop_map(Run);
    let report = prop_oneof![
        Just(found()),
        Just(ended("Why?")),
        text().prop_map(AnswerReport::Text),
        text().prop_map(|text| AnswerReport::Claim(claim(&text))),
        text().prop_map(AnswerReport::Thought),
        text().prop_map(|looked_for| AnswerReport::Why(Box::new(Why {
            looked_for,
            ..Why::default()
        }))),
        (0_usize..99, 0_usize..99).prop_map(|(tokens, of)| AnswerReport::Reading { tokens, of }),
        text().prop_map(|text| AnswerReport::Failed(Notice::error(text))),
    ];
    prop_oneof![
        8 => (0..Action::ALL.len()).prop_map(|index| Message::Do(Action::ALL[index])),
        3 => any::<char>().prop_map(Message::Type),
        2 => text().prop_map(Message::Paste),
        2 => (1_u16..=300, 1_u16..=100).prop_map(|(width, height)| Message::Resize(Size { width, height })),
        2 => (run, report).prop_map(|(run, report)| Message::Answering(run, report)),
        2 => any_target().prop_map(Message::Click),
        2 => (any_target(), -9_isize..9).prop_map(|(target, lines)| Message::Wheel { target, lines }),
        1 => prop_oneof![3 => (0_u16..300).prop_map(Message::Drag), 1 => Just(Message::Release)],
        1 => (0_u64..100_000).prop_map(|ms| Message::Tick(moment(Duration::from_millis(ms)))),
        1 => prop_oneof![
            Just(Message::Background(Background::Light)),
            any::<bool>().prop_map(Message::Looked),
            Just(Message::Document(Ok(Box::new(opened())))),
            Just(Message::Library(LibraryReport::Content(Box::new(content())))),
            Just(Message::Library(LibraryReport::Content(Box::default()))),
            Just(Message::Library(LibraryReport::Stage(Stage::Ready))),
            library::any_rows().prop_map(|rows| Message::Library(LibraryReport::Rows(Box::new(rows)))),
            Just(listed_heads(heads())),
            Just(listed_heads(Vec::new())),
            (0_u64..9).prop_map(|number| Message::Desk(conversations::found(number))),
            Just(Message::Model(listed(models()))),
            Just(Message::Model(models::weighed())),
            models::any_report().prop_map(Message::Model),
            text().prop_map(|why| Message::Desk(DeskReport::Opened {
                id: 3,
                turns: vec![SavedTurn { asked_at: 5, answered: answered("Why?"), why: Some(why) }],
                chosen: Chosen { pinned: vec![Passage::of(&hit(1))], excluded: Vec::new() },
            })),
            Just(Message::Document(Ok(Box::new(Opened { is_excerpt: true, ..opened() })))),
            Just(Message::Exported(ExportReport::Exists("/a.md".into()))),
            text().prop_map(|text| Message::Notice(Notice::note(text))),
            text().prop_map(Message::Composed),
            (1_u64..9).prop_map(|run| Message::Previewed {
                run: Run(run),
                hits: (1..=2).map(hit).collect(),
                in_scope: 9,
            }),
            text().prop_map(|way| Message::Places(vec![
                Place { way: way.clone(), documents: Some(2) },
                Place { way, documents: None },
            ])),
            text().prop_map(|filters| Message::Counted(InScope {
                filters,
                documents: 1,
                passages: 9,
            })),
            text().prop_map(|typed| Message::Completed {
                paths: vec![typed.clone(), format!("{typed}x")],
                typed,
            }),
        ],
    ]
}

fn any_target() -> impl Strategy<Value = Target> {
    let index = || 0_usize..20;
    prop_oneof![
        Just(Target::Layer),
        (0..Action::ALL.len()).prop_map(|index| Target::Hint(Action::ALL[index])),
        index().prop_map(Target::Row),
        index().prop_map(Target::Typed),
        index().prop_map(Target::Chip),
        prop_oneof![Just(Pane::Sources), Just(Pane::Conversations)].prop_map(Target::Edge),
        index().prop_map(Target::Turn),
        index().prop_map(Target::Source),
        index().prop_map(Target::Conversation),
        (index(), 0_u32..20).prop_map(|(turn, n)| Target::Citation { turn, n }),
        (0_usize..4).prop_map(|pane| Target::Pane(
            [Pane::Question, Pane::Conversation, Pane::Sources, Pane::Conversations][pane]
        )),
    ]
}

/// A document of one long page is enough for the arithmetic of a thousand.
#[test]
fn a_search_in_many_pages_finds_each_of_them() {
    let pages: Arc<[Page]> = (1..=1_000)
        .map(|number| Page {
            number,
            label: None,
            ocr: None,
            text: format!("word {number}"),
            lines: Vec::new(),
        })
        .collect();
    let document = Opened { pages, cited: Vec::new(), ..opened() };
    let find =
        [Message::Do(Action::Search), Message::Paste("WORD".into()), Message::Do(Action::Confirm)];
    let state = after(after(ready(), [Message::Document(Ok(Box::new(document)))]), find);
    let Some(Layer::Document(view)) = state.layers.last() else { panic!() };
    assert_eq!(view.marks().len(), 1_000);
    assert_eq!(view.opened.path, PathBuf::from("/cases/lease.pdf"));
}
