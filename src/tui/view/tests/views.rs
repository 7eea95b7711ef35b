//! Everything that can be on the screen: one table, drawn at three sizes and with both sets of signs.
//!
//! What is new on the screen gets a line in the table. A variant of what the screen shows that no line has does not
//! compile at first, by the lists at the end, and then fails a test.

use std::collections::BTreeSet;

use super::*;
use crate::seal::Seal;
use crate::state::document::DocumentView;
use crate::state::effect::{Effect, Passage};
use crate::state::message::{Moment, Place};
use crate::state::model::{Change, Cost, Maker};
use crate::state::notice::Kind;
use crate::state::picker::PickerKind;
use crate::state::question::InScope;
use crate::state::tree::{Reading, RowKind};

/// Makes a state for a terminal of so many columns and rows.
type Build = fn(u16, u16) -> State;

/// By name, as its snapshots are called.
#[rustfmt::skip]
pub(super) const VIEWS: &[(&str, Build)] = &[
    ("starting", sample::starting),
    ("idle", sample::idle),
    ("first-start", |width, height| {
        let mut state = sample::starting(width, height);
        state.library.stage = Stage::Ready;
        with_layer(state, Layer::Welcome(Welcome::default()))
    }),
    ("first-start-typed", |width, height| {
        let mut state = sample::with_models(sample::starting(width, height));
        state.library.stage = Stage::Ready;
        state.seal = Seal::Open { reason: "the kernel has no seccomp".to_owned() };
        let welcome = Welcome { folder: sample::folder_prompt(), field: Field::Folders };
        with_layer(state, Layer::Welcome(welcome))
    }),
    ("first-start-added", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.library.content.folders.truncate(2);
        state.library.stage = Stage::Reading(Progress { done: 312, of: 1_204, per_second: None });
        let path = state.model.found[0].path.clone();
        state.model.state = ModelState::Ready(Loaded { path, ..sample::loaded() });
        let welcome = Welcome { field: Field::Model, ..Welcome::default() };
        with_layer(state, Layer::Welcome(welcome))
    }),
    ("first-start-theme", |width, height| {
        let state = sample::idle(width, height);
        let welcome = Welcome { field: Field::Theme, ..Welcome::default() };
        with_layer(state, Layer::Welcome(welcome))
    }),

    // From right to left.
    ("right-to-left", bidi::answered),

    // The question line.
    ("typed-long", |width, height| {
        let mut state = sample::one_turn(width, height);
        let lines: Vec<String> = (1..=12).map(|line| format!("and what of point {line}?")).collect();
        state.question.input = Input::new(lines.join("\n"));
        state
    }),
    ("preview", |width, height| {
        typed(sample::idle(width, height), "notice \"ground floor\" -fee type:pdf")
    }),
    ("preview-focus", |width, height| {
        let mut state = typed(sample::one_turn(width, height), "notice");
        state.update(Message::Do(Action::Source2));
        state
    }),
    ("scope", |width, height| {
        typed(limited(sample::one_turn(width, height)), "Who repairs the roof?")
    }),
    ("scope-picker", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.update(Message::Type('@'));
        let place = |way: &str, documents| Place { way: way.to_owned(), documents };
        state.update(Message::Places(vec![
            place("cases", Some(1_102)),
            place("cases/oakfield", Some(9)),
            place("notes", Some(102)),
            place("cases/oakfield/Lease agreement.pdf", None),
            place("cases/oakfield/amendments/Amendment no. 2 (2025), signed.pdf", None),
            place("notes/calls.md", None),
        ]));
        state.update(Message::Paste("oakf".to_owned()));
        state
    }),
    ("scope-waiting", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.update(Message::Type('@'));
        state
    }),
    ("fault", |width, height| {
        typed(limited(sample::idle(width, height)), "Which fee is due since:2024-13")
    }),
    ("commands", |width, height| typed(sample::one_turn(width, height), "/ex")),
    ("commands-all", |width, height| typed(sample::one_turn(width, height), "/")),
    ("commands-none", |width, height| typed(sample::one_turn(width, height), "/exprot")),
    ("history", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.question.history = [
            "Who signed the lease of Harbour Mill?",
            "What is the notice period if the tenant wants to leave early, and does it differ between the floors that were added by the second amendment of 2025 and the others?",
            "Which contracts renew\nby themselves?",
            "What is due?",
        ]
        .map(str::to_owned)
        .to_vec();
        state.update(Message::Do(Action::History));
        state.update(Message::Paste("wh ti".to_owned()));
        state
    }),
    ("palette", |width, height| with_palette(sample::one_turn(width, height), "pane ex")),
    ("palette-all", |width, height| {
        let document = Layer::Document(Box::new(sample::paged_document()));
        with_palette(with_layer(sample::one_turn(width, height), document), "")
    }),
    ("palette-used", |width, height| {
        let mut state = sample::one_turn(width, height);
        for name in ["mouse", "export"] {
            state = with_palette(state, name);
            state.update(Message::Do(Action::Confirm));
            state.layers.clear();
        }
        state.notice = None;
        with_palette(state, "")
    }),
    ("palette-nothing", |width, height| {
        with_palette(sample::idle(width, height), "no such thing")
    }),

    // Questions and answers.
    ("searching", |width, height| {
        let mut state = sample::idle(width, height);
        state.conversation.turns =
            vec![sample::turn(1, "Who repairs the roof?", Answering::Searching(Run(1)))];
        state
    }),
    ("reading", |width, height| {
        let mut state = sample::idle(width, height);
        state.model.state = ModelState::Ready(sample::loaded());
        let answer = Answering::Reading { run: Run(1), tokens: 1_204, of: 2_300 };
        let mut turn = sample::turn(1, "Who repairs the roof?", answer);
        turn.asked_at = sample::minutes_ago(0) - 3;
        state.conversation.turns = vec![turn];
        state
    }),
    ("thinking", |width, height| {
        let mut state = sample::idle(width, height);
        let answer = Answering::Reading { run: Run(1), tokens: 2_300, of: 2_300 };
        let mut turn = sample::turn(1, "Who repairs the roof?", answer);
        turn.thought = "It may be the landlord.".to_owned();
        state.conversation.turns = vec![turn];
        state
    }),
    ("writing", |width, height| {
        let mut state = sample::writing(width, height);
        state.question.input = Input::new("Is there a fee?\nAnd when is it due?");
        state
    }),
    ("answer", sample::one_turn),
    ("everything", |width, height| {
        let mut state = sample::one_turn(width, height);
        if let Answering::Done(answered) = &mut state.conversation.turns[0].answer {
            answered.answer = markdown::tests::EVERYTHING.to_owned();
        }
        state.conversation.scroll = sample::TOP;
        state
    }),
    ("thought", |width, height| {
        let mut state = sample::explained(width, height);
        state.focus = Pane::Conversation;
        state.sources.selected = 1;
        state.conversation.scroll = sample::TOP;
        state
    }),
    ("thought-shown", |width, height| {
        let mut state = sample::explained(width, height);
        state.conversation.turns[0].is_thought_shown = true;
        state.conversation.scroll = sample::TOP;
        state
    }),
    ("abstained", sample::abstained),
    ("gone-on", |width, height| {
        let mut state = sample::one_turn(width, height);
        let turn = &mut state.conversation.turns[0];
        turn.question = "And who may end it? path:cases/oakfield/2023/amendments/lease.pdf".to_owned();
        turn.meanwhile =
            Some(Stage::Embedding(Progress { done: 136, of: 2_166, per_second: Some(14.0) }));
        if let Answering::Done(answered) = &mut turn.answer {
            answered.carried = ["notice period", "Harbour Mill"].map(str::to_owned).to_vec();
            answered.understood = Some("And who may end it? notice period Harbour Mill".to_owned());
            answered.read.embedded = Some(136);
        }
        state.conversation.chosen.excluded = vec![Passage::of(&state.conversation.turns[0].hits[2])];
        limited(state)
    }),
    ("nothing-in-scope", |width, height| {
        let mut state = sample::abstained(width, height);
        let turn = &mut state.conversation.turns[0];
        turn.hits.clear();
        if let Answering::Done(answered) = &mut turn.answer {
            answered.answer = "Nothing in scope could be read: `locked.pdf` opens only with a password or a certificate (save a copy that opens without it in the folder).".to_owned();
            answered.hits.clear();
            (answered.read.passages, answered.read.in_scope) = (0, 0);
        }
        state
    }),
    ("no-filter", |width, height| {
        let mut state = typed(sample::idle(width, height), "rent author:smith");
        let after = sample::moment().since_start + Duration::from_secs(3);
        state.update(Message::Tick(Moment { since_start: after, ..sample::moment() }));
        state
    }),
    ("failed", |width, height| {
        let mut state = sample::one_turn(width, height);
        let reason = "the model's process ended (killed by signal 9): ask again, or choose a smaller model";
        let nothing = Answering::Nothing { reason: reason.to_owned() };
        state.conversation.turns.push(sample::turn(2, "And who repairs the roof?", nothing));
        state
    }),
    ("long", |width, height| {
        let mut state = long_conversation(40, width, height);
        state.focus = Pane::Conversation;
        state.conversation.selected = Some(20);
        state.conversation.scroll = Scroll::to(Anchor::Item(20));
        state
    }),
    ("notice", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.library.stage =
            Stage::Reading(Progress { done: 312, of: 1_204, per_second: Some(14.0) });
        state.model.state = ModelState::Loading { path: sample::loaded().path, share: 0.43 };
        let text = "the model's process ended (killed by signal 9): ask again, or choose a smaller model";
        state.notice = Some((Notice::error(text), sample::moment().since_start));
        state
    }),
    ("quitting", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.update(Message::Do(Action::Quit));
        state
    }),

    // The panes beside.
    ("sources", |width, height| {
        let mut state = sample::writing(width, height);
        state.focus = Pane::Sources;
        state.conversation.selected = Some(0);
        state.sources.selected = 1;
        state
    }),
    ("sources-none", |width, height| {
        let mut state = sample::idle(width, height);
        state.focus = Pane::Sources;
        state
    }),
    ("pinned", |width, height| {
        let mut state = sample::explained(width, height);
        state.focus = Pane::Sources;
        state.sources.selected = 2;
        // Left out before its question was asked, so that it is not among its sources.
        let hidden = Passage { path: "/cases/Side letter.pdf".into(), ..Passage::of(&state.conversation.turns[0].hits[0]) };
        state.conversation.chosen.excluded.push(hidden);
        state
    }),
    ("conversations", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.focus = Pane::Conversations;
        state.conversations.selected = 3;
        state.conversations.deleted = vec![state.conversations.heads[0].clone()];
        state
    }),
    ("conversations-none", |width, height| {
        let mut state = sample::idle(width, height);
        state.conversations.heads.clear();
        state.focus = Pane::Conversations;
        state
    }),
    ("conversations-find", |width, height| {
        let mut state = sample::searched(sample::one_turn(width, height));
        state.focus = Pane::Conversations;
        state
    }),
    ("conversations-rename", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.focus = Pane::Conversations;
        let prompt = RenamePrompt { id: 7, input: Input::marked("Notice period of the tenant") };
        with_layer(state, Layer::Rename(prompt))
    }),
    ("panes", |width, height| {
        let mut state = sample::writing(width, height);
        state.look.panes.conversations = Beside { shown: Shown::Always, width: Some(20) };
        state.look.panes.sources = Beside { shown: Shown::Auto, width: Some(70) };
        state
    }),
    ("panes-hidden", |width, height| {
        let mut state = sample::writing(width, height);
        state.look.panes.conversations.shown = Shown::Never;
        state.look.panes.sources.shown = Shown::Never;
        state
    }),

    // What is opened from there.
    ("document", |width, height| {
        let state = sample::one_turn(width, height);
        with_layer(state, Layer::Document(Box::new(sample::paged_document())))
    }),
    ("document-search", |width, height| {
        let mut document = sample::paged_document();
        assert!(document.find("2,400", 0));
        document.go(true);
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
    }),
    ("document-nowhere", |width, height| {
        let document = Box::new(sample::paged_document());
        let mut state = with_layer(sample::one_turn(width, height), Layer::Document(document));
        state.update(Message::Do(Action::Search));
        state.update(Message::Paste("zeppelin".to_owned()));
        state
    }),
    ("document-page", |width, height| {
        let mut document = sample::paged_document();
        document.ask(PromptKind::Page, 0);
        document.prompt.as_mut().unwrap().input = Input::new("3");
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
    }),
    ("document-lines", |width, height| {
        let mut document = sample::lined_document();
        document.ask(PromptKind::Search, 0);
        document.prompt.as_mut().unwrap().input = Input::new("fee");
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
    }),
    ("document-gone", |width, height| {
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(excerpt(true))))
    }),
    ("document-gone-lines", |width, height| {
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(excerpt(false))))
    }),
    ("why", |width, height| with_layer(sample::explained(width, height), why(false))),
    ("why-prompt", |width, height| {
        let mut state = sample::explained(width, height);
        state.sources.selected = 1;
        with_layer(state, why(true))
    }),
    ("why-unknown", |width, height| {
        let mut state = sample::explained(width, height);
        state.conversation.turns[0].why = None;
        state.conversation.turns[0].prompt.clear();
        with_layer(state, why(false))
    }),
    ("export", |width, height| {
        let export = ExportPrompt {
            line: PathLine {
                candidates: vec!["/home/me/answers/oakfield.md".to_owned()],
                ..PathLine::new("/home/me/answers/oakfield.md")
            },
            exists: true,
            ..ExportPrompt::default()
        };
        with_layer(sample::one_turn(width, height), Layer::Export(export))
    }),
    ("export-chosen", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.folder = "/home/me".into();
        state.focus = Pane::Conversations;
        state.conversations.selected = 3;
        state.update(Message::Do(Action::Export));
        state
    }),

    // The library.
    ("library", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        state.library.stage =
            Stage::Reading(Progress { done: 312, of: 1_204, per_second: Some(14.0) });
        state.library.content.embedded = 40_000;
        with_layer(state, Layer::Library)
    }),
    ("library-document", |width, height| {
        let mut state = with_library(width, height, Stage::Ready);
        state.library.tree.selected = 5;
        state
    }),
    ("library-leaving", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        state.library.tree.selected = 11;
        state.library.leaving = Some("/media/stick/archive".into());
        with_layer(state, Layer::Library)
    }),
    ("library-find", |width, height| {
        let mut state = sample::with_tree(sample::idle(width, height));
        let tree = &mut state.library.tree;
        tree.filter = Input::new("oak le");
        tree.is_finding = true;
        tree.only_problems = true;
        (tree.rows.files, tree.selected) = (1, 7);
        with_layer(state, Layer::Library)
    }),
    ("library-empty", |width, height| {
        let mut state = sample::starting(width, height);
        state.library.stage = Stage::Ready;
        with_layer(state, Layer::Library)
    }),
    ("library-scanning", |width, height| with_library(width, height, Stage::Scanning)),
    ("library-embedding", |width, height| {
        let progress = Progress { done: 31_200, of: 48_112, per_second: Some(81.0) };
        let mut state = with_library(width, height, Stage::Embedding(progress));
        state.library.content.embedded = 31_200;
        state
    }),
    ("library-scans", |width, height| {
        let progress = Progress { done: 3, of: 40, per_second: Some(0.9) };
        with_library(width, height, Stage::Recognising(progress))
    }),
    ("library-paused", |width, height| with_library(width, height, Stage::Paused)),
    ("library-elsewhere", |width, height| with_library(width, height, Stage::Elsewhere)),
    ("library-failed", |width, height| {
        let reason = "/home/me/.local/share/docent/library.sqlite can't be written: no space left on device; make room and start docent again";
        with_library(width, height, Stage::Failed(reason.to_owned()))
    }),
    ("folder", |width, height| {
        let mut folder = sample::folder_prompt();
        folder.line.taken = Some((1, "/home/me/Doc".to_owned()));
        with_layer(sample::one_turn(width, height), Layer::Folder(folder))
    }),
    ("folder-refused", |width, height| {
        let mut folder = sample::folder_prompt();
        folder.line.candidates.clear();
        folder.refused = Some("/home/me/Doc is not there".to_owned());
        with_layer(sample::one_turn(width, height), Layer::Folder(folder))
    }),

    // Models and themes.
    ("models", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.model.state = ModelState::Ready(sample::loaded());
        with_layer(state, Layer::Models)
    }),
    ("models-embedder", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.model.selected = 5;
        let cost = Cost { missing: 48_112, of: 48_112, per_second: Some(41.0) };
        let folder = state.model.embedders[1].folder.clone();
        state.model.change = Some(Change { folder, cost: Some(cost) });
        with_layer(state, Layer::Models)
    }),
    ("models-embedder-gone", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        state.model.embedders.truncate(1);
        state.model.maker = Maker::Gone("multilingual-e5-small".to_owned());
        state.model.selected = 4;
        with_layer(state, Layer::Models)
    }),
    ("models-none", |width, height| with_layer(sample::idle(width, height), Layer::Models)),
    ("models-refused", |width, height| {
        let mut state = sample::with_models(sample::idle(width, height));
        let path = state.model.found[1].path.clone();
        let reason = "it needs 8.6 GB of memory, and 8.1 GB are free".to_owned();
        state.model.state = ModelState::Refused { path, reason };
        state.notice = Some((Notice::note("quotes answer now"), sample::moment().since_start));
        with_layer(state, Layer::Models)
    }),
    ("themes", |width, height| {
        let state = sample::with_themes(sample::one_turn(width, height));
        with_layer(state, Layer::Themes { selected: 9 })
    }),
    ("themes-broken", |width, height| {
        let state = sample::with_themes(sample::one_turn(width, height));
        with_layer(state, Layer::Themes { selected: 14 })
    }),
    ("help", |width, height| {
        let help = Layer::Help { of: Context::Question, scroll: sample::TOP };
        with_layer(sample::idle(width, height), help)
    }),
    ("help-end", |width, height| {
        let help = Layer::Help { of: Context::Library, scroll: Scroll::END };
        with_layer(sample::idle(width, height), help)
    }),
];

/// Types, and lets it rest for a while.
pub(super) fn typed(mut state: State, text: &str) -> State {
    for c in text.chars() {
        state.update(Message::Type(c));
    }
    for seconds in [2, 4] {
        let mut later = sample::moment();
        later.since_start += Duration::from_secs(seconds);
        for effect in state.update(Message::Tick(later)) {
            if let Effect::Preview(preview) = effect {
                let hits = sample::answered().hits;
                let run = preview.run;
                state.update(Message::Previewed { run, hits, in_scope: 212 });
            }
        }
    }
    state
}

fn limited(mut state: State) -> State {
    state.question.chips =
        ["cases/oakfield", "notes/calls.md"].map(|way| Chip { way: way.to_owned() }).to_vec();
    let filters = state.question.filters();
    state.question.in_scope = Some(InScope { filters, documents: 10, passages: 212 });
    state
}

pub(super) fn with_palette(mut state: State, typed: &str) -> State {
    state.update(Message::Do(Action::Palette));
    state.update(Message::Paste(typed.to_owned()));
    state
}

/// The passage alone that is kept of a document, whose places are pages or lines.
fn excerpt(paged: bool) -> DocumentView {
    let mut view = if paged { sample::paged_document() } else { sample::lined_document() };
    let opened = &mut view.opened;
    let mark = opened.cited[0].clone();
    let mut page = opened.pages[mark.page].clone();
    page.text = page.text.get(mark.span).unwrap().to_owned();
    page.lines = if paged { Vec::new() } else { vec![(0, 12)] };
    opened.cited = vec![Mark { page: 0, span: 0..page.text.len() }];
    opened.pages = [page].into();
    opened.is_excerpt = true;
    let path = opened.path.display();
    opened.note = Some(format!(
        "This document is gone: on 2 March 2025 it was `{path}`. Shown is the passage as it was cited on 2 March 2025."
    ));
    view
}

fn with_library(width: u16, height: u16, stage: Stage) -> State {
    let mut state = sample::with_tree(sample::idle(width, height));
    state.library.stage = stage;
    state.library.tree.selected = 0;
    with_layer(state, Layer::Library)
}

fn why(has_prompt: bool) -> Layer {
    Layer::Why(WhyView { scroll: Scroll::TOP, has_prompt })
}

/// Both sets of signs, with what their snapshots' names end in.
const SIGNS: [(&str, Signs); 2] = [("", Signs::UNICODE), ("_ascii", Signs::ASCII)];

#[test]
fn every_view_looks_as_it_was_read() {
    for (name, build) in VIEWS {
        for (ending, signs) in SIGNS {
            let pictures = SIZES.map(|(width, height)| {
                let mut view = View::new(Theme::named("dark").unwrap(), signs);
                let drawn = draw_with(&mut view, &build(width, height));
                let head = format!("{width}x{height} ");
                let edge = "=".repeat(usize::from(width) - head.len());
                format!("{head}{edge}\n{}", picture(&drawn))
            });
            keep(&format!("{name}{ending}"), &pictures.join("\n"));
        }
    }
}

#[test]
fn a_theme_changes_how_things_look_and_never_what_is_read() {
    let cells = |theme: &Theme, signs, state: &State| {
        let drawn = draw_with(&mut View::new(theme.clone(), signs), state);
        let symbols = drawn.backend.buffer().content.iter().map(|cell| cell.symbol().to_owned());
        (symbols.collect::<Vec<_>>(), drawn.backend.cursor_position(), drawn.measures)
    };
    let dark = Theme::named("dark").unwrap();
    let mut others: Vec<Theme> =
        ["mono", "light", "high-contrast"].map(|name| Theme::named(name).unwrap()).to_vec();
    others.push(dark.clone().in_colours(Colours::None));
    for (name, build) in VIEWS {
        for (width, height) in SIZES {
            let state = build(width, height);
            for (_, signs) in SIGNS {
                let read = cells(&dark, signs, &state);
                for theme in &others {
                    assert!(cells(theme, signs, &state) == read, "{name} in {}", theme.name());
                }
            }
        }
    }
}

#[test]
fn without_unicode_nothing_but_ascii_is_drawn_beside_what_documents_hold() {
    for (name, build) in VIEWS {
        for (width, height) in SIZES {
            let mut state = build(width, height);
            hostile(&mut state, "what documents hold");
            let mut view = View::new(Theme::named("mono").unwrap(), Signs::ASCII);
            for cell in &draw_with(&mut view, &state).backend.buffer().content {
                assert!(cell.symbol().is_ascii(), "{} in {name}", cell.symbol());
            }
        }
    }
}

#[test]
fn each_snapshot_is_one_of_a_view() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/view/snapshots");
    let named = |name: &str| {
        SIGNS.iter().map(|(ending, _)| format!("{name}{ending}.snap")).collect::<Vec<_>>()
    };
    let mut expected: BTreeSet<String> = VIEWS.iter().flat_map(|(name, _)| named(name)).collect();
    expected.extend(styles::names().map(|name| format!("{name}.snap")));
    expected.insert("docent__tui__view__markdown__tests__everything.snap".to_owned());
    let there: BTreeSet<String> = crate::fs::entries(&folder)
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, expected);
}

/// Names the variants of what the screen shows, all of them: a new one has to be named here, and then be in a view.
macro_rules! kinds {
    ($($names:ident $name_of:ident($type:ty) { $($pattern:pat => $name:literal,)+ })+) => {
        $(
            const $names: &[&str] = &[$($name,)+];

            fn $name_of(value: &$type) -> &'static str {
                match value { $($pattern => $name,)+ }
            }
        )+
    };
}

kinds! {
    LAYERS layer(Layer) {
        Layer::Welcome(_) => "welcome",
        Layer::Folder(_) => "folder",
        Layer::Document(_) => "document",
        Layer::Why(_) => "why",
        Layer::Library => "library",
        Layer::Models => "models",
        Layer::Themes { .. } => "themes",
        Layer::Export(_) => "export",
        Layer::Rename(_) => "rename",
        Layer::Picker(_) => "picker",
        Layer::Help { .. } => "help",
    }
    CONTEXTS context(Context) {
        Context::Question => "question",
        Context::Conversation => "conversation",
        Context::Sources => "sources",
        Context::Conversations => "conversations",
        Context::Welcome => "welcome",
        Context::Folder => "folder",
        Context::Document => "document",
        Context::DocumentPrompt => "document prompt",
        Context::Why => "why",
        Context::Find => "find",
        Context::Library => "library",
        Context::Models => "models",
        Context::Themes => "themes",
        Context::Export => "export",
        Context::Rename => "rename",
        Context::Picker => "picker",
        Context::Help => "help",
    }
    ANSWERS answer(Answering) {
        Answering::Searching(_) => "searching",
        Answering::Reading { .. } => "reading",
        Answering::Writing { .. } => "writing",
        Answering::Done(_) => "done",
        Answering::Nothing { .. } => "nothing",
    }
    STAGES stage(Stage) {
        Stage::Opening => "opening",
        Stage::Scanning => "scanning",
        Stage::Reading(_) => "reading",
        Stage::Embedding(_) => "embedding",
        Stage::Recognising(_) => "recognising",
        Stage::Ready => "ready",
        Stage::Paused => "paused",
        Stage::Elsewhere => "elsewhere",
        Stage::Failed(_) => "failed",
    }
    MODELS model(ModelState) {
        ModelState::Quotes => "quotes",
        ModelState::Loading { .. } => "loading",
        ModelState::Ready(_) => "ready",
        ModelState::Refused { .. } => "refused",
    }
    SEALS seal(Seal) {
        Seal::Sealed => "sealed",
        Seal::Open { .. } => "open",
    }
    NOTICES notice(Kind) {
        Kind::Note => "note",
        Kind::Error => "error",
    }
    FIELDS field(Field) {
        Field::Folders => "folders",
        Field::Model => "model",
        Field::Theme => "theme",
    }
    PICKED picked(PickerKind) {
        PickerKind::Action(_) => "action",
        PickerKind::Past => "past",
        PickerKind::Place => "place",
    }
    ROWS row(RowKind) {
        RowKind::Folder { is_open: true, .. } => "open folder",
        RowKind::Folder { missing: true, .. } => "missing folder",
        RowKind::Folder { .. } => "folder",
        RowKind::Document { state: Reading::Read, .. } => "read",
        RowKind::Document { state: Reading::Waiting, .. } => "waiting",
        RowKind::Document { state: Reading::InWork, .. } => "in work",
        RowKind::Document { state: Reading::Refused, .. } => "refused",
    }
    PROMPTS prompt(PromptKind) {
        PromptKind::Search => "search",
        PromptKind::Page => "page",
    }
}

#[test]
fn everything_that_can_be_shown_is_in_a_view() {
    let states: Vec<State> = VIEWS.iter().map(|(_, build)| build(100, 30)).collect();
    let states = || states.iter();
    let layers = || states().flat_map(|state| &state.layers);
    let turns = || states().flat_map(|state| &state.conversation.turns);
    let rows = || states().flat_map(|state| &state.library.tree.rows.rows);
    let fields = layers().filter_map(|layer| match layer {
        Layer::Welcome(welcome) => Some(field(&welcome.field)),
        _ => None,
    });
    let pickers = layers().filter_map(|layer| match layer {
        Layer::Picker(picker) => Some(picked(&picker.kind)),
        _ => None,
    });
    let prompts = layers().filter_map(|layer| match layer {
        Layer::Document(document) => document.prompt.as_ref().map(|line| prompt(&line.kind)),
        _ => None,
    });
    let notices = states().filter_map(|state| state.notice.as_ref());
    check_all(LAYERS, layers().map(layer));
    check_all(CONTEXTS, states().map(|state| context(&state.context())));
    check_all(ANSWERS, turns().map(|turn| answer(&turn.answer)));
    check_all(STAGES, states().map(|state| stage(&state.library.stage)));
    check_all(MODELS, states().map(|state| model(&state.model.state)));
    check_all(SEALS, states().map(|state| seal(&state.seal)));
    check_all(NOTICES, notices.map(|(said, _)| notice(&said.kind)));
    check_all(FIELDS, fields);
    check_all(PICKED, pickers);
    check_all(ROWS, rows().map(|of| row(&of.kind)));
    check_all(PROMPTS, prompts);
}

#[track_caller]
fn check_all(names: &[&str], shown: impl Iterator<Item = &'static str>) {
    let shown: BTreeSet<&str> = shown.collect();
    for name in names {
        assert!(shown.contains(name), "no view shows `{name}`");
    }
}
