//! Lists of any length.

use super::*;

/// Fails when drawing costs more where more documents are: how many there are matters to nobody but the scroll.
#[test]
fn a_library_of_any_size_is_drawn_by_the_rows_that_are_seen() {
    let mut state = sample::with_tree(sample::idle(200, 60));
    let rows = &mut state.library.tree.rows;
    let row = rows.rows[5].clone();
    rows.rows = (0..401).map(|_| row.clone()).collect();
    (rows.first, rows.total) = (99_800, 200_000);
    state.library.tree.selected = 100_000;
    let drawn = draw(&with_layer(state, Layer::Library));
    let measure = drawn.measures.library;
    assert!((measure.top..measure.top + measure.height).contains(&100_000), "{measure:?}");
    let picture = drawn.backend.to_string();
    assert_eq!(picture.matches("Lease agreement.pdf").count(), measure.height + 1);
}

#[test]
fn rows_that_come_above_the_chosen_one_do_not_move_it_on_the_screen() {
    let mut view = dark();
    let mut state = with_layer(sample::with_tree(sample::idle(100, 30)), Layer::Library);
    let rows = &mut state.library.tree.rows;
    let row = rows.rows[4].clone();
    rows.rows.splice(3..3, std::iter::repeat_n(row.clone(), 60));
    rows.total = rows.rows.len();
    state.library.tree.selected = 40;
    let before = draw_with(&mut view, &state).measures.library;
    let rows = &mut state.library.tree.rows;
    rows.rows.splice(3..3, std::iter::repeat_n(row, 7));
    (rows.total, rows.number) = (rows.rows.len(), 2);
    state.library.tree.selected = 47;
    let after = draw_with(&mut view, &state).measures.library;
    assert_eq!(after.top, before.top + 7);
}

#[test]
fn a_row_of_which_little_is_told_leaves_room_to_others() {
    let rows = |selected| {
        let mut state = with_layer(sample::with_tree(sample::idle(60, 16)), Layer::Library);
        state.library.tree.selected = selected;
        draw(&state).measures.library.height
    };
    // What is wrong with a document takes lines from the rows below it.
    assert_eq!((rows(5), rows(6)), (11, 8));
}
