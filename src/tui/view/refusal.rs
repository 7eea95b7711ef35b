//! What stands under a refusal?
//!
//! The sentence that came nearest, word for word and with its place, because a measure refused and not a reader: whoever
//! asked sees in a glance whether it answers. It is no answer: nothing that is copied or exported as one holds it.

use super::canvas::Canvas;
use super::text::Styled;
use crate::json::{Answered, Hit};
use crate::theme::Role;

/// The lines for `answered`; none where it is no refusal, or where nothing was near.
pub(super) fn nearest(canvas: &Canvas<'_>, answered: &Answered, room: usize) -> Vec<Styled> {
    let Some(hit) = answered.hits.first().filter(|_| answered.abstained) else {
        return Vec::new();
    };
    let Some(sentence) = sentence(hit) else { return Vec::new() };
    let dim = canvas.style(Role::Dim);
    let mut head = Styled::new("nearest ", dim);
    head.push(&format!("[{}]", hit.n), canvas.style(Role::Citation));
    head.push(&format!(" {}, {}", hit.title, hit.place()), dim);
    let mut lines = vec![head.fitted(room, canvas.signs.ellipsis), Styled::default()];
    let bar = Styled::new(format!("{} ", canvas.signs.vertical), canvas.style(Role::Border));
    let sentence = Styled::new(sentence, canvas.style(Role::Text));
    lines.extend(sentence.wrapped(room.saturating_sub(bar.width()).max(1)).into_iter().map(
        |line| {
            let mut barred = bar.clone();
            barred.append(&line);
            barred
        },
    ));
    lines.push(Styled::default());
    lines
}

/// Of the passage what fits the question best.
fn sentence(hit: &Hit) -> Option<&str> {
    let (start, end) = *hit.highlights.first()?;
    hit.text.get(start..end).map(str::trim).filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::sample;

    fn refusal() -> Answered {
        let state = sample::abstained(100, 30);
        state.conversation.turns.last().and_then(|turn| turn.answered()).unwrap().clone()
    }

    #[test]
    fn a_sentence_out_of_the_text_is_none() {
        let mut hit = refusal().hits[0].clone();
        hit.text = "Zwölf Wörter".to_owned();
        for damaged in [(0, 3), (5, 90), (4, 2), (6, 7)] {
            hit.highlights = vec![damaged];
            assert_eq!(sentence(&hit), None, "{damaged:?}");
        }
        hit.highlights = vec![(0, 6)];
        assert_eq!(sentence(&hit), Some("Zwölf"));
        hit.highlights.clear();
        assert_eq!(sentence(&hit), None);
    }
}
