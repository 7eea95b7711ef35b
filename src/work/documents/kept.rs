//! What is shown of a document that is gone?
//!
//! The passage as it was found, with what stood around it: the turn has kept a copy.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::json::by_ocr;
use crate::state::document::{Mark, Opened, Page};
use crate::state::effect::{KeptPassage, Wanted};

/// The passage alone, in the place of its document.
pub(super) fn opened(wanted: &Wanted, kept: &KeptPassage) -> Opened {
    let hit = &kept.hit;
    let parts = [&hit.before, &hit.text, &hit.after].map(String::as_str);
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let start = if hit.before.is_empty() { 0 } else { hit.before.len() + 1 };
    let is_part =
        |(from, to): &(usize, usize)| hit.text.get(*from..*to).is_some_and(|part| !part.is_empty());
    let mark = |(from, to)| Mark { page: 0, span: start + from..start + to };
    let mut cited: Vec<Mark> =
        wanted.highlights.iter().copied().filter(is_part).map(mark).collect();
    cited.sort_by_key(|mark| mark.span.start);
    if cited.is_empty() && !hit.text.is_empty() {
        cited.push(mark((0, hit.text.len())));
    }
    let page = Page {
        number: hit.page.unwrap_or(1),
        label: hit.label.clone(),
        ocr: hit.ocr.map(by_ocr),
        text,
        lines: hit.lines.map(|(first, _)| (start, first)).into_iter().collect(),
    };
    Opened {
        title: hit.title.clone(),
        path: wanted.path.clone(),
        date: None,
        paged: hit.page.is_some(),
        pages: Arc::new([page]),
        cited,
        section: wanted.section.clone(),
        n: wanted.n,
        is_cited: wanted.is_cited,
        is_excerpt: true,
        note: Some(note(wanted, kept, &TimeZone::system())),
    }
}

/// That it is gone, since when, and where it lay.
fn note(wanted: &Wanted, kept: &KeptPassage, zone: &TimeZone) -> String {
    let found = Timestamp::from_second(kept.found_at).unwrap_or_default().to_zoned(zone.clone());
    let day = found.strftime("%-d %B %Y");
    let way = if wanted.is_cited { "cited" } else { "found" };
    let path = wanted.path.display();
    let fate = if wanted.path.exists() {
        format!(
            "`{path}` lies there still, but is no longer in the library: its folder was taken out, or it can't be read"
        )
    } else {
        format!("This document is gone: on {day} it was `{path}`")
    };
    format!("{fate}. Shown is the passage as it was {way} on {day}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::hit;

    fn wanted(is_cited: bool) -> Wanted {
        let hit = hit(2);
        Wanted {
            path: hit.path.clone(),
            sha256: None,
            page: hit.page,
            passage: hit.text.clone(),
            section: "12.3 Break clause".to_owned(),
            highlights: vec![(19, 49), (0, 14), (90, 99)],
            n: 2,
            is_cited,
            kept: None,
        }
    }

    #[test]
    fn the_passage_stands_with_its_marks_among_what_was_around_it() {
        let mut hit = hit(2);
        (hit.before, hit.after) = ("Before it.".to_owned(), "Behind it.".to_owned());
        let kept = KeptPassage { hit: hit.clone(), found_at: 5 };
        let shown = opened(&wanted(true), &kept);
        let page = &shown.pages[0];
        assert_eq!(page.text, format!("Before it. {} Behind it.", hit.text));
        assert_eq!((page.number, page.label.as_deref(), shown.paged), (8, Some("vii"), true));
        let marked = |shown: &Opened| -> Vec<String> {
            let text = |mark: &Mark| shown.pages[0].text.get(mark.span.clone());
            shown.cited.iter().map(|mark| text(mark).unwrap().to_owned()).collect()
        };
        assert_eq!(marked(&shown), ["The fee is 20 ", "The Tenant may end this Lease."]);
        // Without marks of its own it is marked as a whole, at its line.
        let note = Wanted { highlights: Vec::new(), ..wanted(true) };
        let lined = crate::json::Hit { page: None, lines: Some((12, 19)), ..hit };
        let shown = opened(&note, &KeptPassage { hit: lined.clone(), found_at: 5 });
        assert_eq!(marked(&shown), [lined.text]);
        assert_eq!(shown.pages[0].lines, [("Before it. ".len(), 12)]);
        assert!(shown.is_excerpt && !shown.paged);
    }

    #[test]
    fn it_is_said_when_and_where_it_was_seen_last() {
        let kept = KeptPassage { hit: hit(2), found_at: 1_772_409_600 };
        let told = |wanted: &Wanted| note(wanted, &kept, &TimeZone::UTC);
        assert_eq!(
            told(&wanted(true)),
            "This document is gone: on 2 March 2026 it was `/cases/lease-2.pdf`. Shown is the passage as it was cited on \
             2 March 2026."
        );
        assert!(told(&wanted(false)).ends_with("as it was found on 2 March 2026."));
        let file = tempfile::NamedTempFile::new().unwrap();
        let there = Wanted { path: file.path().to_owned(), ..wanted(true) };
        assert!(told(&there).contains("lies there still, but is no longer in the library"));
    }
}
