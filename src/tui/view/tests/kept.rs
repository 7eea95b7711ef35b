//! What is kept of a document that is gone, and lists that give their room to rows.

use super::*;
use crate::state::action::Action;
use crate::state::document::DocumentView;
use crate::state::message::Message;

const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

#[track_caller]
fn check(name: &str, state: impl Fn(u16, u16) -> State) {
    for (width, height) in SIZES {
        keep(&format!("{name}_{width}x{height}"), &draw(&state(width, height)));
    }
}

/// The passage alone, of a document whose places are pages, or lines.
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

#[test]
fn a_document_that_is_gone() {
    check("document-gone", |width, height| {
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(excerpt(true))))
    });
    check("document-gone-lines", |width, height| {
        with_layer(sample::one_turn(width, height), Layer::Document(Box::new(excerpt(false))))
    });
}

#[test]
fn a_row_of_which_little_is_told_leaves_room_to_others() {
    let drawn = |selected| {
        let mut state = with_layer(sample::with_tree(sample::idle(60, 16)), Layer::Library);
        state.library.tree.selected = selected;
        state.library.tree.rows.selected = selected;
        draw(&state)
    };
    keep("library-document_60x16", &drawn(5));
    // What is wrong with a document takes lines from the rows below it.
    let rows = |selected| drawn(selected).measures.library.height;
    assert_eq!((rows(5), rows(6)), (11, 9));
}

#[test]
fn what_was_used_comes_first_in_the_palette() {
    check("palette-used", |width, height| {
        let mut state = sample::one_turn(width, height);
        for name in ["mouse", "export"] {
            state.update(Message::Do(Action::Palette));
            state.update(Message::Paste(name.to_owned()));
            state.update(Message::Do(Action::Confirm));
            state.layers.clear();
        }
        state.notice = None;
        state.update(Message::Do(Action::Palette));
        state
    });
}
