//! What is written from right to left: where it stands, what a click on it means, where the cursor is.

use std::sync::Arc;

use docent_engine::answer::{Claim, Mark as ClaimMark};

use super::*;
use crate::state::effect::Effect;

const QUESTION: &str = "מה היא תקופת ההודעה של הדייר?";
const HEBREW: &str = "הדייר רשאי לסיים את החוזה (Lease 12.3) בהודעה של שישה חודשים [1]. The fee of 2,400 € is due [2].\n\n- עד 1.3.2027 [2]\n\n| סעיף | שכר |\n|---|---|\n| קרקע | 2,400 ש״ח [3] |";
const ARABIC: &str = "يجوز للمستأجر إنهاء عقد الإيجار بإشعار خطي مدته 6 أشهر قبل 1 March 2027.";

pub(super) fn answered(width: u16, height: u16) -> State {
    let mut state = sample::one_turn(width, height);
    let turn = &mut state.conversation.turns[0];
    turn.question = QUESTION.to_owned();
    turn.hits[0].title = "חוזה שכירות — Oakfield".to_owned();
    turn.hits[0].text = ARABIC.to_owned();
    turn.hits[0].highlights = vec![(0, ARABIC.find("بإشعار").unwrap())];
    if let Answering::Done(answered) = &mut turn.answer {
        answered.answer = HEBREW.to_owned();
        answered.citations.clear();
        let text = "הדייר רשאי לסיים את החוזה (Lease 12.3) בהודעה של שישה חודשים.".to_owned();
        let mark = Some(ClaimMark::Quoted);
        answered.claims = vec![Claim { text, cites: vec![1], mark, reason: None }];
    }
    state.question.chips = vec![Chip { way: "תיקים/oakfield".to_owned() }];
    state.question.input = Input::new("ומה עם 2 הקומות type:pdf");
    state.conversation.scroll = sample::TOP;
    state
}

/// The cells of a row as they are drawn.
fn row(drawn: &Drawn, y: u16) -> String {
    let buffer = drawn.backend.buffer();
    (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).map(Cell::symbol).collect()
}

/// Where a text stands as it is drawn: its first column, and its row.
fn place_of(drawn: &Drawn, text: &str) -> (u16, u16) {
    let place = (0..drawn.backend.buffer().area.height).find_map(|y| {
        let row = row(drawn, y);
        Some((row.split_once(text)?.0.chars().count().try_into().unwrap(), y))
    });
    place.unwrap_or_else(|| panic!("{text:?} is not drawn:\n{}", picture(drawn)))
}

#[test]
fn a_click_means_what_stands_there() {
    let mut view = dark();
    let state = answered(160, 45);
    let drawn = draw_with(&mut view, &state);
    // The citation stands to the left of its sentence's last word.
    let last_word: String = "חודשים".chars().rev().collect();
    let (x, y) = place_of(&drawn, &format!("[1] {last_word}"));
    for column in x..x + 3 {
        assert_eq!(view.target_at(column, y), Some(Target::Citation { turn: 0, n: 1 }));
    }
    assert_eq!(view.target_at(x + 4, y), Some(Target::Turn(0)));
    let (x, y) = place_of(&drawn, "[3]");
    assert_eq!(view.target_at(x, y), Some(Target::Citation { turn: 0, n: 3 }));
}

#[test]
fn the_cursor_stands_at_its_letter() {
    let mut view = dark();
    let mut state = sample::idle(60, 16);
    // א and ב, a space, 12, ג: drawn as `·ג12 בא`, where the dot is what is kept for the cursor.
    state.question.input = Input::new("אב 12ג");
    let row = 14;
    for (byte, column) in [(0, 6), (2, 5), (4, 4), (5, 2), (6, 3), (7, 1), (9, 0)] {
        state.question.input.move_to(byte);
        let drawn = draw_with(&mut view, &state);
        let position = drawn.backend.cursor_position();
        assert_eq!((position.x, position.y), (3 + column, row), "{byte}\n{}", picture(&drawn));
        assert_eq!(view.target_at(3 + column, row), Some(Target::Typed(byte)));
    }
    // Beside the text at the right is its beginning.
    assert_eq!(view.target_at(20, row), Some(Target::Typed(0)));
    // What is typed at the end stands where the cursor was.
    state.question.input = Input::new("see אב");
    let drawn = draw_with(&mut view, &state);
    assert_eq!(drawn.backend.cursor_position().x, 3 + 6);
    assert!(self::row(&drawn, row).contains("› see בא "));
}

#[test]
fn a_terminal_that_puts_in_order_gets_text_as_it_is_written() {
    let state = answered(160, 45);
    let drawn = draw_with(&mut dark().ordering(RightToLeft::Terminal), &state);
    assert!(picture(&drawn).contains(QUESTION));
    let drawn = draw_with(&mut dark(), &state);
    let turned: String = QUESTION.chars().rev().collect();
    assert!(picture(&drawn).contains(&turned), "{}", picture(&drawn));
    // One that turns the letters of words gets the words in their places.
    let drawn = draw_with(&mut dark().ordering(RightToLeft::Words), &state);
    let words = "?הדייר של ההודעה תקופת היא מה";
    assert!(picture(&drawn).contains(words), "{}", picture(&drawn));
}

#[test]
fn what_is_found_in_a_document_is_marked_where_it_stands() {
    let mut document = sample::lined_document();
    let text = format!("{ARABIC}\nplain\n{HEBREW}");
    let page = Page { text, lines: vec![(0, 1)], ..document.opened.pages[0].clone() };
    document.opened.pages = Arc::new([page]);
    document.opened.cited.clear();
    assert!(document.find("החוזה", 0));
    let state = with_layer(sample::idle(160, 45), Layer::Document(Box::new(document)));
    let drawn = draw(&state);
    let hit: String = "החוזה".chars().rev().collect();
    let (x, y) = place_of(&drawn, &hit);
    let buffer = drawn.backend.buffer();
    let hit = Theme::named("dark").unwrap().style(Role::CurrentHit).bg.unwrap();
    let marked = (0..160).filter(|x| buffer.cell((*x, y)).unwrap().bg == hit);
    assert_eq!(marked.collect::<Vec<u16>>(), (x..x + 5).collect::<Vec<u16>>());
}

#[test]
fn what_is_copied_is_as_it_was_written() {
    let mut state = answered(160, 45);
    state.focus = Pane::Conversation;
    let copied = state.update(Message::Do(Action::Copy));
    let [Effect::Copy(copied)] = copied.as_slice() else { panic!("{copied:?}") };
    assert!(copied.contains("הדייר רשאי לסיים את החוזה"), "{copied}");
}
