//! Every view at three sizes, drawn from states made by hand.

mod lists;

use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;
use crate::state::conversation::Answering;
use crate::state::document::{Mark, Page, Prompt, PromptKind, Search};
use crate::state::effect::Run;
use crate::state::input::Input;
use crate::state::library::{Progress, Stage};
use crate::state::look::{Beside, Shown, ThemeChoice};
use crate::state::model::{Loaded, ModelState};
use crate::state::notice::Notice;
use crate::state::path::PathLine;
use crate::state::why::WhyView;
use crate::state::{Context, ExportPrompt, Field, RenamePrompt, Welcome};
use crate::theme::{Background, Colours};

mod picker;
mod question;

const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (160, 45)];

struct Drawn {
    backend: TestBackend,
    measures: Measures,
}

fn draw_with(view: &mut View, state: &State) -> Drawn {
    let mut terminal =
        Terminal::new(TestBackend::new(state.size.width, state.size.height)).unwrap();
    let mut measures = Measures::default();
    let keys = Keys::default();
    terminal.draw(|frame| measures = view.draw(state, &keys, frame)).unwrap();
    Drawn { backend: terminal.backend().clone(), measures }
}

fn dark() -> View {
    View::new(Theme::named("dark").unwrap(), Signs::UNICODE)
}

fn draw(state: &State) -> Drawn {
    draw_with(&mut dark(), state)
}

/// Keeps what `state` looks like at each size.
#[track_caller]
fn check(name: &str, state: impl Fn(u16, u16) -> State) {
    for (width, height) in SIZES {
        keep(&format!("{name}_{width}x{height}"), &draw(&state(width, height)));
    }
}

#[track_caller]
fn keep(name: &str, drawn: &Drawn) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, picture(drawn));
    });
}

/// The cells as text, with a sign where the cursor stands.
fn picture(drawn: &Drawn) -> String {
    let mut text = drawn.backend.to_string();
    if drawn.backend.cursor_visible() {
        let position = drawn.backend.cursor_position();
        text = format!("{text}cursor at {}, {}\n", position.x, position.y);
    }
    text
}

fn with_layer(mut state: State, layer: Layer) -> State {
    state.layers.push(layer);
    state
}

#[test]
fn the_first_screen() {
    check("starting", sample::starting);
}

#[test]
fn a_library_to_be_asked() {
    check("idle", sample::idle);
}

#[test]
fn an_answer_with_its_sources() {
    check("answer", sample::one_turn);
}

#[test]
fn an_answer_that_is_being_written() {
    check("writing", |width, height| {
        let mut state = sample::writing(width, height);
        state.question.input = Input::new("Is there a fee?\nAnd when is it due?");
        state
    });
}

#[test]
fn a_question_in_work() {
    check("searching", |width, height| {
        let mut state = sample::idle(width, height);
        state.conversation.turns =
            vec![sample::turn(1, "Who repairs the roof?", Answering::Searching(Run(1)))];
        state
    });
    check("reading", |width, height| {
        let mut state = sample::idle(width, height);
        state.model.state = ModelState::Ready(sample::loaded());
        let answer = Answering::Reading { run: Run(1), tokens: 1_204, of: 2_300 };
        let mut turn = sample::turn(1, "Who repairs the roof?", answer);
        turn.asked_at = sample::minutes_ago(0) - 3;
        state.conversation.turns = vec![turn];
        state
    });
}

#[test]
fn a_question_that_nothing_answers() {
    check("abstained", sample::abstained);
}

#[test]
fn the_sources_in_focus() {
    check("sources", |width, height| {
        let mut state = sample::writing(width, height);
        state.focus = Pane::Sources;
        state.conversation.selected = Some(0);
        state.sources.selected = 1;
        state
    });
}

#[test]
fn sources_that_are_pinned_and_left_out() {
    check("pinned", |width, height| {
        let mut state = sample::explained(width, height);
        state.focus = Pane::Sources;
        state.sources.selected = 2;
        state
    });
}

#[test]
fn why_a_source_is_there() {
    let why = |has_prompt| Layer::Why(WhyView { scroll: Scroll::TOP, has_prompt });
    check("why", |width, height| with_layer(sample::explained(width, height), why(false)));
    check("why-prompt", |width, height| {
        let mut state = sample::explained(width, height);
        state.sources.selected = 1;
        with_layer(state, why(true))
    });
    check("why-unknown", |width, height| {
        let mut state = sample::explained(width, height);
        state.conversation.turns[0].why = None;
        state.conversation.turns[0].prompt.clear();
        with_layer(state, why(false))
    });
}

#[test]
fn what_was_thought_is_folded_and_opens() {
    check("thought", |width, height| {
        let mut state = sample::explained(width, height);
        state.focus = Pane::Conversation;
        state.sources.selected = 1;
        state
    });
    check("thought-shown", |width, height| {
        let mut state = sample::explained(width, height);
        state.conversation.turns[0].is_thought_shown = true;
        state
    });
    check("thinking", |width, height| {
        let mut state = sample::idle(width, height);
        let answer = Answering::Reading { run: Run(1), tokens: 2_300, of: 2_300 };
        let mut turn = sample::turn(1, "Who repairs the roof?", answer);
        turn.thought = "It may be the landlord.".to_owned();
        state.conversation.turns = vec![turn];
        state
    });
}

#[test]
fn an_answer_with_everything_in_it() {
    check("everything", |width, height| {
        let mut state = sample::one_turn(width, height);
        if let Answering::Done(answered) = &mut state.conversation.turns[0].answer {
            answered.answer = markdown::tests::EVERYTHING.to_owned();
        }
        state.conversation.scroll = sample::TOP;
        state
    });
}

#[test]
fn a_notice_and_a_library_in_work() {
    check("notice", |width, height| {
        let mut state = sample::one_turn(width, height);
        state.library.stage =
            Stage::Reading(Progress { done: 312, of: 1_204, per_second: Some(14.0) });
        state.model.state = ModelState::Loading { path: sample::loaded().path, share: 0.43 };
        state.notice = Some((
            Notice::error(
                "the model's process ended (killed by signal 9): ask again, or choose a smaller model",
            ),
            sample::moment().since_start,
        ));
        state
    });
}

#[test]
fn a_document_with_pages() {
    check("document", |width, height| {
        let state = sample::one_turn(width, height);
        with_layer(state, Layer::Document(Box::new(sample::paged_document())))
    });
    check("document-search", |width, height| {
        let mut document = sample::paged_document();
        assert!(document.find("2,400", 0));
        document.go(true);
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
    });
}

#[test]
fn a_document_with_lines() {
    check("document-lines", |width, height| {
        let mut document = sample::lined_document();
        document.prompt = Some(Prompt { kind: PromptKind::Search, input: Input::new("fee") });
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
    });
}

#[test]
fn the_themes() {
    check("themes", |width, height| {
        let state = sample::with_themes(sample::one_turn(width, height));
        with_layer(state, Layer::Themes { selected: 9 })
    });
    // What is looked at is drawn as it would be.
    let state = sample::with_themes(sample::one_turn(160, 45));
    let nord = Theme::named("nord").unwrap();
    let mut view = dark();
    draw_with(&mut view, &state);
    let looked_at = with_layer(state.clone(), Layer::Themes { selected: 9 });
    let drawn = draw_with(&mut view, &looked_at);
    let [bar, citation] = [Role::QuestionBar, Role::Citation].map(|role| nord.style(role).fg);
    assert_eq!(Some(style_of(drawn.backend.buffer(), "▎").0), bar);
    assert_eq!(Some(style_of(drawn.backend.buffer(), "[1]").0), citation);
    // One that can't be read changes nothing, and back is back.
    let broken = with_layer(state.clone(), Layer::Themes { selected: 14 });
    let drawn = draw_with(&mut view, &broken);
    assert_eq!(Some(style_of(drawn.backend.buffer(), "[1]").0), citation);
    check_role(&draw_with(&mut view, &state), "[1]", Role::Citation);
}

#[test]
fn a_theme_for_other_terminals_can_be_read() {
    let mut state = sample::with_themes(sample::one_turn(100, 30));
    state.look.background = Some(Background::Light);
    let drawn = draw_with(&mut dark(), &state);
    for cell in &drawn.backend.buffer().content {
        assert!(cell.bg != Color::Reset && cell.fg != Color::Reset, "{cell:?}");
    }
    state.look.theme = ThemeChoice::Auto;
    let drawn = draw_with(&mut dark(), &state);
    assert_eq!(style_of(drawn.backend.buffer(), "from 6 of 212").1, Color::Reset);
}

#[test]
fn a_place_on_the_screen_tells_what_stands_there() {
    let mut view = dark();
    let mut state = sample::writing(160, 45);
    let mut at = |state: &State, text: &str| {
        let drawn = draw_with(&mut view, state);
        let buffer = drawn.backend.buffer();
        let symbols: Vec<&str> = text.graphemes(true).collect();
        let place = buffer
            .content
            .windows(symbols.len())
            .position(|window| window.iter().map(Cell::symbol).eq(symbols.iter().copied()));
        let place = place.unwrap_or_else(|| panic!("`{text}` is not there"));
        // The last cell of it.
        let (x, y) = buffer.pos_of(place + symbols.len() - 1);
        view.target_at(x, y)
    };
    assert_eq!(at(&state, "ask about your"), Some(Target::Pane(Pane::Question)));
    assert_eq!(at(&state, "▎ What is the notice period if"), Some(Target::Turn(0)));
    assert_eq!(at(&state, "▎ And who has"), Some(Target::Turn(1)));
    assert_eq!(at(&state, "March 2027 [1]"), Some(Target::Citation { turn: 0, n: 1 }));
    assert_eq!(at(&state, "▸  1"), Some(Target::Source(0)));
    assert_eq!(at(&state, "Sources"), Some(Target::Pane(Pane::Sources)));
    assert_eq!(at(&state, "Conversations"), Some(Target::Pane(Pane::Conversations)));
    assert_eq!(at(&state, "sealed"), None);
    let title = state.conversations.heads[1].title.clone();
    assert_eq!(at(&state, &title), Some(Target::Conversation(1)));
    // What lies on top hides what lies below it.
    state = with_layer(sample::with_themes(state), Layer::Themes { selected: 9 });
    assert_eq!(at(&state, "solarized-dark"), Some(Target::Row(10)));
    assert_eq!(at(&state, "Themes"), Some(Target::Layer));
    assert_eq!(at(&state, "Conversations"), Some(Target::Pane(Pane::Conversations)));
    let covered = with_layer(state, Layer::Library);
    assert_eq!(at(&covered, "Library   3 folders"), Some(Target::Layer));
}

#[test]
fn panes_of_other_widths() {
    check("panes", |width, height| {
        let mut state = sample::writing(width, height);
        state.look.panes.conversations = Beside { shown: Shown::Always, width: Some(20) };
        state.look.panes.sources = Beside { shown: Shown::Auto, width: Some(70) };
        state
    });
    check("panes-hidden", |width, height| {
        let mut state = sample::writing(width, height);
        state.look.panes.conversations.shown = Shown::Never;
        state.look.panes.sources.shown = Shown::Never;
        state
    });
}

#[test]
fn the_help() {
    check("help", |width, height| {
        let help = Layer::Help { of: Context::Question, scroll: sample::TOP };
        with_layer(sample::idle(width, height), help)
    });
}

#[test]
fn signs_of_ascii_alone() {
    let mut state = sample::writing(100, 30);
    state.conversation.turns.truncate(1);
    let mut view = View::new(Theme::named("mono").unwrap(), Signs::ASCII);
    let drawn = draw_with(&mut view, &state);
    keep("ascii", &drawn);
    // Beside what documents hold, nothing else than ASCII is drawn.
    let states = [sample::idle(100, 30), with_layer(sample::idle(100, 30), Layer::Library)];
    for state in states {
        for cell in &draw_with(&mut view, &state).backend.buffer().content {
            assert!(cell.symbol().is_ascii(), "{}", cell.symbol());
        }
    }
}

/// The style of the first cell of `text`.
#[track_caller]
fn style_of(buffer: &Buffer, text: &str) -> (Color, Color, ratatui::style::Modifier) {
    let symbols: Vec<&str> = text.graphemes(true).collect();
    let cells = &buffer.content;
    let at = cells
        .windows(symbols.len())
        .position(|window| window.iter().map(Cell::symbol).eq(symbols.iter().copied()));
    let cell = &cells[at.unwrap_or_else(|| panic!("`{text}` is not there"))];
    (cell.fg, cell.bg, cell.modifier)
}

#[track_caller]
fn check_role(drawn: &Drawn, text: &str, role: Role) {
    let theme = Theme::named("dark").unwrap();
    let style = Style::reset().patch(theme.style(role));
    let (foreground, background, modifier) = style_of(drawn.backend.buffer(), text);
    let expected = (style.fg.unwrap(), style.bg.unwrap(), style.add_modifier);
    assert_eq!((foreground, background, modifier), expected, "{text}");
}

#[test]
fn things_look_as_what_they_are() {
    check_role(&draw(&sample::writing(160, 45)), "And who has", Role::Question);
    let drawn = draw(&sample::one_turn(160, 45));
    check_role(&drawn, "▎", Role::QuestionBar);
    check_role(&drawn, "12.2 The Landlord", Role::Text);
    check_role(&drawn, "12.3 The Tenant", Role::Highlight);
    check_role(&drawn, "12.4 On the", Role::Text);
    check_role(&drawn, "from 6 of 212", Role::Dim);
    check_role(&drawn, "◆ sealed", Role::Sealed);
    check_role(&drawn, "[1]", Role::Citation);
    check_role(&drawn, "ask about your", Role::Placeholder);

    let mut state = sample::explained(160, 45);
    let turn = &mut state.conversation.turns[0];
    if let Answering::Done(answered) = &mut turn.answer {
        answered.answer = "See [1] and [2]:\n\n```rust\nlet a = \"b\"; // c1\n```".to_owned();
    }
    state.focus = Pane::Conversation;
    state.sources.selected = 1;
    let drawn = draw(&state);
    check_role(&drawn, "thought for", Role::Dim);
    check_role(&drawn, "[1]", Role::Citation);
    let theme = Theme::named("dark").unwrap();
    let chosen = theme.style(Role::Citation).patch(theme.style(Role::Selected));
    let (foreground, background, _) = style_of(drawn.backend.buffer(), "[2]");
    assert_eq!((Some(foreground), Some(background)), (chosen.fg, chosen.bg));
    check_role(&drawn, "let", Role::CodeKeyword);
    check_role(&drawn, "\"b\"", Role::CodeString);
    check_role(&drawn, "// c1", Role::CodeComment);
    check_role(&drawn, "8.1 The Landlord", Role::Excluded);

    let mut document = sample::paged_document();
    document.find("earlier breach", 0);
    let state = with_layer(sample::one_turn(160, 45), Layer::Document(Box::new(document)));
    let drawn = draw(&state);
    check_role(&drawn, "12.3 The Tenant", Role::Highlight);
    check_role(&drawn, "▌", Role::CitedBar);
    check_role(&drawn, "cited [1]", Role::Citation);
    check_role(&drawn, "earlier breach", Role::CurrentHit);

    let mut state = sample::one_turn(160, 45);
    state.seal = crate::seal::Seal::Open { reason: "no seccomp".to_owned() };
    state.focus = Pane::Sources;
    let drawn = draw(&state);
    check_role(&drawn, "◇ not sealed", Role::Open);
    check_role(&drawn, "Sources", Role::Focus);
    check_role(&drawn, "Conversations", Role::Title);
}

#[test]
fn the_pane_in_focus_is_told_without_colours() {
    let theme = Theme::named("dark").unwrap().in_colours(Colours::None);
    let mut state = sample::writing(160, 45);
    state.focus = Pane::Sources;
    let drawn = draw_with(&mut View::new(theme, Signs::UNICODE), &state);
    let buffer = drawn.backend.buffer();
    for cell in &buffer.content {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    assert_ne!(style_of(buffer, "Sources").2, style_of(buffer, "Conversations").2);
    assert_ne!(style_of(buffer, "[3]").2, style_of(buffer, "foundations").2);
}

#[test]
fn the_cursor_stands_where_text_is_typed_and_nowhere_else() {
    let mut state = sample::idle(100, 30);
    state.question.input = Input::new("漢字 and more");
    let drawn = draw(&state);
    assert_eq!(drawn.backend.cursor_position(), (3 + 13, 27).into());
    assert!(drawn.backend.cursor_visible());
    state.focus = Pane::Sources;
    assert!(!draw(&state).backend.cursor_visible());
    state.focus = Pane::Question;
    assert!(!draw(&with_layer(state, Layer::Library)).backend.cursor_visible());
}

#[test]
fn a_long_question_grows_to_ten_lines_and_then_scrolls() {
    let mut state = sample::idle(100, 40);
    let lines: Vec<String> = (1..=30).map(|line| format!("line {line}")).collect();
    state.question.input = Input::new(lines.join("\n"));
    let picture = draw(&state).backend.to_string();
    assert!(picture.contains(" › line 21 ") && picture.contains("   line 30 "), "{picture}");
    assert!(!picture.contains("line 20 "));
}

/// A conversation of so many turns, each with an answer.
fn long_conversation(turns: u64, width: u16, height: u16) -> State {
    let mut state = sample::one_turn(width, height);
    let answer = sample::answered();
    state.conversation.turns = (0..turns)
        .map(|serial| {
            sample::turn(
                serial,
                "What is due, and when?",
                Answering::Done(Box::new(answer.clone())),
            )
        })
        .collect();
    state
}

#[test]
fn a_frame_measures_where_the_conversation_stands() {
    let mut view = dark();
    let mut state = long_conversation(50, 100, 30);
    let end = draw_with(&mut view, &state).measures.conversation;
    assert_eq!(end.top + end.height, end.lines);
    assert_eq!(end.item, 48);
    state.conversation.scroll = Scroll::to(Anchor::Item(10));
    let at_item = draw_with(&mut view, &state).measures.conversation;
    assert_eq!((at_item.item, at_item.lines), (10, end.lines));
    assert_eq!(at_item.top, end.lines / 50 * 10);
    // What is covered keeps what was measured before.
    state.measures.conversation = at_item;
    let covered = draw_with(&mut view, &with_layer(state, Layer::Library)).measures;
    assert_eq!(covered.conversation, at_item);
}

#[test]
fn what_is_cited_stands_at_a_third_of_the_height() {
    let mut document = sample::paged_document();
    let state = with_layer(sample::idle(100, 30), Layer::Document(Box::new(document.clone())));
    let measure = draw(&state).measures.document;
    let picture = draw(&state).backend.to_string();
    let row = picture.lines().position(|line| line.contains("cited [1]")).unwrap();
    assert_eq!(row, 2 + measure.height / 3);
    document.scroll = Scroll::to(Anchor::Item(3));
    let state = with_layer(sample::idle(100, 30), Layer::Document(Box::new(document)));
    let drawn = draw(&state);
    assert_eq!(drawn.measures.document.item, 3);
    assert!(drawn.backend.to_string().lines().nth(2).unwrap().contains("page 4"));
}

#[test]
fn another_document_and_another_width_are_laid_anew() {
    let mut view = dark();
    let paged = |width, height| {
        let document = Layer::Document(Box::new(sample::paged_document()));
        with_layer(sample::idle(width, height), document)
    };
    draw_with(&mut view, &paged(100, 30));
    for state in [
        paged(60, 16),
        with_layer(sample::idle(60, 16), Layer::Document(Box::new(sample::lined_document()))),
        long_conversation(3, 80, 24),
        long_conversation(3, 120, 24),
    ] {
        let kept = draw_with(&mut view, &state);
        assert_eq!(kept.backend.to_string(), draw(&state).backend.to_string());
    }
}

#[test]
fn a_list_moves_no_more_than_it_must() {
    let mut list = List::default();
    assert_eq!(list.show((0, 1), 50, 10), 0);
    assert_eq!(list.show((12, 13), 50, 10), 3);
    assert_eq!(list.show((8, 9), 50, 10), 3);
    assert_eq!(list.show((49, 50), 50, 10), 40);
    assert_eq!(list.show((30, 31), 35, 10), 25);
    assert_eq!(list.show((2, 3), 50, 10), 2);
    assert_eq!(list.show((20, 60), 80, 10), 20);
}

/// Text that would steer a terminal, in every place that text can come from.
fn hostile(state: &mut State, text: &str) {
    let path = std::path::PathBuf::from(format!("/{text}"));
    for head in &mut state.conversations.heads {
        head.title = text.to_owned();
    }
    for found in state.conversations.search.found.iter_mut().flatten() {
        found.head.title = text.to_owned();
        found.excerpt = Some(text.to_owned());
    }
    let preview = state.preview.iter_mut().map(|preview| &mut preview.turn);
    for turn in state.conversation.turns.iter_mut().chain(preview) {
        turn.question = text.to_owned();
        turn.thought.push_str(text);
        for message in &mut turn.prompt {
            message.content = text.to_owned();
        }
        if let Some(why) = &mut turn.why {
            why.looked_for = text.to_owned();
            why.filters = text.to_owned();
            for reason in &mut why.reasons {
                reason.also = vec![path.clone()];
            }
        }
        for hit in &mut turn.hits {
            hit.title = text.to_owned();
            hit.text = format!("{text} {text}");
            hit.heading = vec![text.to_owned()];
            hit.label = Some(text.to_owned());
            hit.highlights = vec![(0, text.len())];
            hit.path.clone_from(&path);
        }
        match &mut turn.answer {
            Answering::Writing { text: written, .. } => *written = format!("{text} [1] `{text}`"),
            Answering::Nothing { reason } => *reason = text.to_owned(),
            Answering::Done(answered) => {
                answered.answer = format!(
                    "{text}\n\n- {text} [1]\n\n```{text}\n{text}\n```\n\n|{text}|b|\n|-|-|\n|{text}|c|"
                );
                answered.model = text.to_owned();
                for citation in &mut answered.citations {
                    citation.quote = text.to_owned();
                }
            }
            Answering::Searching(_) | Answering::Reading { .. } => {}
        }
    }
    let content = &mut state.library.content;
    for folder in &mut content.folders {
        folder.path.clone_from(&path);
    }
    content.watching = Some(text.to_owned());
    state.library.stage = Stage::Failed(text.to_owned());
    state.library.leaving = Some(path.clone());
    state.library.tree.filter = Input::new(text);
    for row in &mut state.library.tree.rows.rows {
        row.path.clone_from(&path);
        row.name = text.to_owned();
        for problem in &mut row.problems {
            problem.reason = text.to_owned();
            problem.hint = text.to_owned();
        }
    }
    for found in &mut state.model.found {
        found.name = text.to_owned();
        found.quantization = Some(text.to_owned());
        found.path.clone_from(&path);
        found.fault = found.fault.take().map(|_| text.to_owned());
        if let Some(details) = &mut found.details {
            details.architecture = text.to_owned();
        }
    }
    for embedder in &mut state.model.embedders {
        embedder.name = text.to_owned();
        embedder.fault = Some(text.to_owned());
    }
    state.model.state = match state.model.state {
        ModelState::Ready(ref loaded) => {
            ModelState::Ready(Loaded { name: text.to_owned(), ..loaded.clone() })
        }
        _ => ModelState::Refused { path: path.clone(), reason: text.to_owned() },
    };
    for listed in &mut state.look.themes {
        listed.fault = listed.fault.take().map(|_| text.to_owned());
        if listed.is_own {
            listed.name = text.to_owned();
        }
    }
    state.notice = Some((Notice::error(text), Duration::MAX));
    state.question.input = Input::new(text);
    state.question.chips = vec![crate::state::question::Chip { way: text.to_owned() }; 3];
    state.seal = crate::seal::Seal::Open { reason: text.to_owned() };
    for layer in &mut state.layers {
        match layer {
            Layer::Welcome(Welcome { folder, .. }) | Layer::Folder(folder) => {
                folder.line.input = Input::new(text);
                folder.line.candidates = vec![text.to_owned(); 9];
                folder.refused = folder.refused.take().map(|_| text.to_owned());
            }
            Layer::Export(export) => {
                export.line.input = Input::new(text);
                export.refused = Some(text.to_owned());
            }
            Layer::Document(document) => {
                let page = Page {
                    number: 1,
                    label: Some(text.to_owned()),
                    ocr: None,
                    text: format!("{text}\n{text}"),
                    lines: vec![(0, 1)],
                };
                document.opened.title = text.to_owned();
                document.opened.pages = vec![page].into();
                document.opened.note = Some(text.to_owned());
                document.opened.cited = vec![Mark { page: 0, span: 0..text.len() }];
                document.search = Some(Search {
                    words: text.to_owned(),
                    hits: vec![Mark { page: 0, span: text.len() + 1..2 * text.len() + 1 }],
                    current: 0,
                });
            }
            Layer::Rename(rename) => rename.input = Input::new(text),
            Layer::Picker(picker) => picker.choices = picker::hostile(text),
            Layer::Why(_)
            | Layer::Library
            | Layer::Models
            | Layer::Themes { .. }
            | Layer::Help { .. } => {}
        }
    }
}

/// One state for each thing that can be on the screen.
fn states(width: u16, height: u16) -> Vec<State> {
    let with_models = || sample::with_models(sample::one_turn(width, height));
    let mut failed = sample::idle(width, height);
    failed.conversation.turns =
        vec![sample::turn(1, "Why?", Answering::Nothing { reason: "stopped".to_owned() })];
    let mut states = vec![
        sample::starting(width, height),
        sample::idle(width, height),
        sample::writing(width, height),
        sample::abstained(width, height),
        failed,
        with_layer(sample::one_turn(width, height), Layer::Folder(sample::folder_prompt())),
        with_layer(
            sample::starting(width, height),
            Layer::Welcome(Welcome { folder: sample::folder_prompt(), field: Field::Folders }),
        ),
        with_layer(with_models(), Layer::Document(Box::new(sample::paged_document()))),
        with_layer(with_models(), Layer::Document(Box::new(sample::lined_document()))),
        with_layer(sample::with_tree(with_models()), Layer::Library),
        with_layer(with_models(), Layer::Models),
        with_layer(sample::with_themes(with_models()), Layer::Themes { selected: 14 }),
        with_layer(with_models(), Layer::Export(ExportPrompt::default())),
        with_layer(with_models(), Layer::Help { of: Context::Document, scroll: Scroll::END }),
        with_layer(
            sample::one_turn(width, height),
            Layer::Rename(RenamePrompt { id: 1, input: Input::default() }),
        ),
        sample::searched(sample::one_turn(width, height)),
        picker::with_palette(with_models(), "e"),
        question::typed(with_models(), "/e"),
        question::typed(with_models(), "notice since:20 x"),
    ];
    states[6].library.stage = Stage::Ready;
    states[15].focus = Pane::Conversations;
    for focus in [Pane::Conversation, Pane::Sources, Pane::Conversations] {
        let mut state = sample::writing(width, height);
        state.focus = focus;
        state.conversation.selected = Some(0);
        states.push(state);
    }
    let why = Layer::Why(WhyView { scroll: Scroll::TOP, has_prompt: true });
    states.push(with_layer(sample::explained(width, height), why));
    let mut shown = sample::explained(width, height);
    shown.conversation.turns[0].is_thought_shown = true;
    states.push(shown);
    states
}

#[test]
fn nothing_that_steers_a_terminal_reaches_a_cell() {
    let steering =
        "a\u{1b}[2J\u{1b}]0;x\u{7}b\u{9b}31m\u{202e}c\u{2066}d\r\n\te\u{0}\u{7f}\u{2028}f\u{85}";
    for (width, height) in SIZES {
        for mut state in states(width, height) {
            hostile(&mut state, steering);
            for cell in &draw(&state).backend.buffer().content {
                let symbol = cell.symbol();
                assert_eq!(crate::plain::line(symbol), symbol, "{symbol:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_state_can_be_drawn_at_every_size_with_every_text(
        width in 1_u16..301,
        height in 1_u16..101,
        text in "(\\PC{0,12}|[a-z .]{0,80}|[漢字한글🙂👩‍👩‍👧e\u{301}\u{200b}\u{5d0}\u{627}\t\n|#*`\\[\\]1-]{0,24}){0,6}",
        which in any::<prop::sample::Index>(),
        (scroll, lines) in (0_usize..5, -400_isize..400),
        ascii in any::<bool>(),
    ) {
        let mut states = states(width, height);
        let which = which.index(states.len());
        let state = &mut states[which];
        hostile(state, &text);
        let anchors = [Anchor::Line(7), Anchor::End, Anchor::Item(1), Anchor::Mark(0), Anchor::Item(999)];
        let scroll = Scroll { anchor: anchors[scroll], lines };
        state.conversation.scroll = scroll;
        state.sources.scroll = scroll;
        for layer in &mut state.layers {
            match layer {
                Layer::Document(document) => document.scroll = scroll,
                Layer::Why(why) => why.scroll = scroll,
                Layer::Help { scroll: help, .. } => *help = scroll,
                _ => {}
            }
        }
        let signs = if ascii { Signs::ASCII } else { Signs::UNICODE };
        let mut view = View::new(Theme::named("light").unwrap(), signs);
        // The second frame is made from what the first has kept, the third in a terminal that has just changed its size.
        draw_with(&mut view, state);
        let measures = draw_with(&mut view, state).measures;
        for measure in [measures.conversation, measures.sources, measures.document, measures.help, measures.library] {
            prop_assert!(measure.top <= measure.lines);
        }
        let mut terminal = Terminal::new(TestBackend::new(height, width.min(100))).unwrap();
        terminal.draw(|frame| { view.draw(state, &Keys::default(), frame); }).unwrap();
    }
}

/// Fails when a whole document is laid anew for each frame; how long a frame takes depends on the machine.
#[test]
fn a_long_document_is_laid_once() {
    let page = |number| Page {
        number,
        label: None,
        ocr: None,
        text: "The rent is due on the usual quarter days. ".repeat(70),
        lines: Vec::new(),
    };
    let mut document = sample::paged_document();
    document.opened.pages = (1..=1_000).map(page).collect();
    document.scroll = Scroll::to(Anchor::Item(500));
    let state = with_layer(sample::one_turn(200, 60), Layer::Document(Box::new(document)));
    let mut view = dark();
    let mut frame = || {
        let start = std::time::Instant::now();
        draw_with(&mut view, &state);
        start.elapsed()
    };
    let first = frame();
    let fastest = (0..9).map(|_| frame()).min().unwrap();
    assert!(fastest * 5 < first, "{first:?} first, then {fastest:?}");
}

#[test]
fn a_finished_turn_is_laid_once() {
    let mut view = dark();
    let mut state = long_conversation(3, 100, 40);
    let before = draw_with(&mut view, &state).backend.to_string();
    // Turns do not change once they are finished: what is kept by their serial number holds.
    state.conversation.turns[2].question = "What else?".to_owned();
    assert_eq!(draw_with(&mut view, &state).backend.to_string(), before);
    state.conversation.turns[2].serial = 9;
    assert!(draw_with(&mut view, &state).backend.to_string().contains("What else?"));
}
