//! Drawing: states made by hand, and what must hold of each.

mod bidi;
mod lists;
mod styles;
mod views;

use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use self::views::VIEWS;
use super::*;
use crate::state::action::Action;
use crate::state::conversation::Answering;
use crate::state::document::{Mark, Page, PromptKind, Search};
use crate::state::effect::Run;
use crate::state::input::Input;
use crate::state::library::{Progress, Stage};
use crate::state::look::{Beside, Shown, ThemeChoice};
use crate::state::message::{Message, Size};
use crate::state::model::{Loaded, ModelState};
use crate::state::notice::Notice;
use crate::state::path::PathLine;
use crate::state::picker;
use crate::state::question::Chip;
use crate::state::why::WhyView;
use crate::state::{Context, ExportPrompt, Field, RenamePrompt, Welcome};
use crate::theme::{Background, Colours};

/// The smallest that it works at, a usual one, and a whole screen.
const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

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

/// Keeps a snapshot.
#[track_caller]
fn keep(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The cells as text, with a line for the place of the cursor.
fn picture(drawn: &Drawn) -> String {
    let buffer = drawn.backend.buffer();
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut line = String::new();
        let mut cells = row.iter();
        while let Some(cell) = cells.next() {
            line.push_str(cell.symbol());
            // What lies under a wide sign is not seen.
            for _ in 1..text::width(cell.symbol()) {
                cells.next();
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if drawn.backend.cursor_visible() {
        let position = drawn.backend.cursor_position();
        writeln!(text, "cursor at {}, {}", position.x, position.y).unwrap();
    }
    text
}

fn with_layer(mut state: State, layer: Layer) -> State {
    state.layers.push(layer);
    state
}

#[test]
fn a_theme_that_is_looked_at_is_drawn_as_it_would_be() {
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

/// What stands at a place of a state that is drawn.
fn view_at(view: &mut View, state: &State, x: u16, y: u16) -> Option<Target> {
    draw_with(view, state);
    view.target_at(x, y)
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
    assert_eq!(at(&state, "ask about your"), Some(Target::Typed(0)));
    let [conversations, sources] = [Pane::Conversations, Pane::Sources].map(Target::Edge);
    assert_eq!(at(&state, "│"), Some(sources));
    assert_eq!(view_at(&mut dark(), &state, 27, 9), Some(conversations));
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
fn a_line_that_is_typed_tells_which_character_is_where() {
    let mut view = dark();
    let mut state = sample::writing(60, 16);
    state.question.input = Input::new("é 漢 x\n\nend");
    state.question.chips =
        vec![Chip { way: "cases".to_owned() }, Chip { way: "notes/of/a/long/way".repeat(3) }];
    let drawn = draw_with(&mut view, &state);
    let (end_x, end_y) = (drawn.backend.cursor_position().x, drawn.backend.cursor_position().y);
    let at = |x: u16, y: u16| view.target_at(x, y);
    let typed = |row: u16| -> Vec<usize> {
        let cells = (3..10).map(|x| match at(x, row) {
            Some(Target::Typed(byte)) => byte,
            other => panic!("{other:?}"),
        });
        cells.collect()
    };
    assert_eq!(typed(end_y - 2), [0, 2, 3, 3, 6, 7, 8]);
    assert_eq!(typed(end_y - 1), [9; 7]);
    assert_eq!(typed(end_y), [10, 11, 12, 13, 13, 13, 13]);
    assert_eq!(end_x, 6);
    // `@cases ×` above it, and the other chip, cut in its middle.
    let chips = (0..60).filter_map(|x| match at(x, end_y - 3) {
        Some(Target::Chip(index)) => Some((x, index)),
        _ => None,
    });
    let chips: Vec<_> = chips.collect();
    assert_eq!(chips, [(9, 0), (10, 0), (11, 0), (52, 1), (53, 1), (54, 1)]);
}

#[test]
fn a_citation_that_is_chosen_comes_into_view() {
    let mut state = sample::one_turn(100, 30);
    state.focus = Pane::Conversation;
    if let Answering::Done(answered) = &mut state.conversation.turns[0].answer {
        let lines = "\n\nMore.".repeat(40);
        answered.answer = format!("First [1].{lines}\n\nThen [2].{lines}\n\nEnd [1].");
    }
    let mut view = dark();
    let mut shown = |state: &mut State, selected: usize, line: usize| {
        state.sources.selected = selected;
        state.conversation.scroll = Scroll::to(Anchor::Chosen { item: 0, line });
        let drawn = draw_with(&mut view, state);
        let is_seen = picture(&drawn).contains(&format!("[{}].", selected + 1));
        state.update(Message::Drawn(drawn.measures));
        (drawn.measures.conversation.line, is_seen, state.conversation.scroll.anchor)
    };
    let (line, is_seen, anchor) = shown(&mut state, 1, 0);
    assert!(is_seen && line > 60, "{line}");
    assert_eq!(anchor, Anchor::At { item: 0, line });
    // What can be seen stays where it is.
    let below = line + 3;
    assert_eq!(shown(&mut state, 1, below), (below, true, Anchor::At { item: 0, line: below }));
    // What is above comes down, though it is cited once more below.
    assert_eq!(shown(&mut state, 0, line).0, 0);
    // A source that is not cited moves nothing.
    assert_eq!(shown(&mut state, 3, 7).0, 7);
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
fn what_is_wrong_in_a_question_is_underlined() {
    let drawn = draw(&views::typed(sample::idle(100, 30), "fee since:2024-13"));
    let (_, _, modifier) = style_of(drawn.backend.buffer(), "2024-13");
    assert!(modifier.contains(ratatui::style::Modifier::UNDERLINED));
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
    assert_eq!((at_item.item, at_item.line), (10, 0));
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
fn what_is_read_of_a_document_stays_there_in_every_width() {
    let document = Layer::Document(Box::new(sample::paged_document()));
    let mut state = with_layer(sample::one_turn(100, 30), document);
    let mut view = dark();
    let mut frame = |state: &mut State| {
        let drawn = draw_with(&mut view, state);
        state.update(Message::Drawn(drawn.measures));
        picture(&drawn)
    };
    frame(&mut state);
    state.update(Message::Do(Action::Top));
    frame(&mut state);
    for _ in 0..40 {
        state.update(Message::Do(Action::Down));
        let before = frame(&mut state);
        for width in [60, 200, 77, 100] {
            state.update(Message::Resize(Size { width, height: 30 }));
            frame(&mut state);
        }
        assert_eq!(frame(&mut state), before);
    }
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
        let told = match &mut turn.answer {
            Answering::Done(answered) => answered.hits.as_mut_slice(),
            _ => &mut [],
        };
        for hit in turn.hits.iter_mut().chain(told) {
            hit.title = text.to_owned();
            hit.text = format!("{text} {text}");
            hit.heading = vec![text.to_owned()];
            hit.label = Some(text.to_owned());
            hit.highlights = vec![(0, text.len())];
            hit.path.clone_from(&path);
        }
        match &mut turn.answer {
            Answering::Writing { text: written, claims, .. } => {
                *written = format!("{text} [1] `{text}`");
                for claim in claims {
                    text.clone_into(&mut claim.text);
                }
            }
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
        row.title = format!("{text} {text}");
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
    state.question.chips = vec![Chip { way: text.to_owned() }; 3];
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
                export.of.title = text.to_owned();
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
                    first: 0,
                });
            }
            Layer::Rename(rename) => rename.input = Input::new(text),
            Layer::Picker(picker) => {
                let [text, name, note] = [text; 3].map(str::to_owned);
                let row =
                    picker::Row { text, name, note, also: "", choice: picker::Choice::Past(0) };
                picker.choices = picker::Choices::new(vec![row; 9]);
            }
            Layer::Why(_)
            | Layer::Library
            | Layer::Models
            | Layer::Themes { .. }
            | Layer::Help { .. } => {}
        }
    }
}

#[test]
fn nothing_that_steers_a_terminal_reaches_a_cell() {
    let steering =
        "a\u{1b}[2J\u{1b}]0;x\u{7}b\u{9b}31m\u{202e}c\u{2066}d\r\n\te\u{0}\u{7f}\u{2028}f\u{85}";
    for (width, height) in SIZES {
        for (_, build) in VIEWS {
            let mut state = build(width, height);
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
        let (_, build) = VIEWS[which.index(VIEWS.len())];
        let state = &mut build(width, height);
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

#[test]
fn a_click_on_a_key_that_is_told_does_what_the_key_does() {
    let document = Box::new(sample::paged_document());
    let state = with_layer(sample::one_turn(100, 30), Layer::Document(document));
    let mut view = dark();
    let drawn = draw_with(&mut view, &state);
    for (told, action) in
        [("back", Action::Back), ("search", Action::Search), ("help", Action::Help)]
    {
        let (x, y) = (0..30)
            .flat_map(|y| (0..100).map(move |x| (x, y)))
            .find(|(x, y)| {
                let cells = (*x..100).map(|x| drawn.backend.buffer()[(x, *y)].symbol());
                cells.take(told.len()).collect::<String>() == told
            })
            .unwrap_or_else(|| panic!("{told} is not told"));
        assert_eq!(view.target_at(x, y), Some(Target::Hint(action)), "{told}");
    }
}
