//! Every view at three sizes, drawn from states made by hand.

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use super::sample;
use super::*;
use crate::state::conversation::Answering;
use crate::state::document::{Prompt, PromptKind};
use crate::state::effect::Run;
use crate::state::input::Input;
use crate::state::library::{Progress, Stage};
use crate::state::model::ModelState;
use crate::state::notice::Notice;
use crate::state::{Context, ExportPrompt, FolderPrompt};
use crate::theme::Colours;

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
        let drawn = draw(&state(width, height));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture(&drawn));
        });
    }
}

/// The cells as text, with a sign where the cursor stands.
fn picture(drawn: &Drawn) -> String {
    let mut text = drawn.backend.to_string();
    if drawn.backend.cursor_visible() {
        let position = drawn.backend.cursor_position();
        text.push_str(&format!("cursor at {}, {}\n", position.x, position.y));
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
fn the_first_start() {
    check("first-start", |width, height| {
        let mut state = sample::starting(width, height);
        state.library.stage = Stage::Ready;
        with_layer(state, Layer::Folder(FolderPrompt::default()))
    });
    check("first-start-typed", |width, height| {
        let mut state = sample::with_models(sample::starting(width, height));
        state.library.stage = Stage::Ready;
        state.seal = crate::seal::Seal::Open { reason: "the kernel has no seccomp".to_owned() };
        with_layer(state, Layer::Folder(sample::folder_prompt()))
    });
}

#[test]
fn the_line_for_a_folder() {
    check("folder", |width, height| {
        let mut folder = sample::folder_prompt();
        folder.taken = Some((1, "/home/me/Doc".to_owned()));
        with_layer(sample::one_turn(width, height), Layer::Folder(folder))
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
fn the_library() {
    check("library", |width, height| {
        let mut state = sample::idle(width, height);
        state.library.stage =
            Stage::Reading(Progress { done: 312, of: 1_204, per_second: Some(14.0) });
        state.library.content.embedded = 40_000;
        state.library.selected = 1;
        state.library.leaving = Some("/home/me/notes".into());
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
    check("no-models", |width, height| with_layer(sample::idle(width, height), Layer::Models));
}

#[test]
fn the_line_for_an_export() {
    check("export", |width, height| {
        let export = ExportPrompt {
            input: Input::new("/home/me/answers/oakfield.md"),
            exists: true,
            refused: None,
        };
        with_layer(sample::one_turn(width, height), Layer::Export(export))
    });
}

#[test]
fn the_help() {
    check("help", |width, height| {
        let help = Layer::Help { of: Context::Question, scroll: sample::TOP };
        with_layer(sample::idle(width, height), help)
    });
}
