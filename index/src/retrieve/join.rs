//! What stands around a passage that was cut out of something longer?
//!
//! A long paragraph makes several passages, and a page ends in the middle of a sentence. What was cut off is read with the
//! passage, and is no part of it: it is neither ranked nor quoted.

use crate::store::{Snapshot, StoreError, StoredPassage};

/// So many characters on either side, sentences in whole: as much as half a passage.
const AROUND_CHARS: usize = 500;

/// What belongs before and behind a passage; empty where it begins and ends with its paragraph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    pub(super) before: String,
    pub(super) after: String,
}

impl Around {
    pub(super) fn of(snapshot: &Snapshot, passage: &StoredPassage) -> Result<Self, StoreError> {
        let mut around = Self::default();
        for neighbour in snapshot.neighbours(passage.id, 1, 1)? {
            if neighbour.id < passage.id {
                around.before = match cut(snapshot, &neighbour, passage)? {
                    Some(Cut::Paragraph) => last(&neighbour, AROUND_CHARS),
                    // One sentence, however long.
                    Some(Cut::Sentence) => last(&neighbour, 1),
                    None => String::new(),
                };
            } else if neighbour.id > passage.id {
                around.after = match cut(snapshot, passage, &neighbour)? {
                    Some(Cut::Paragraph) => first(&neighbour, AROUND_CHARS),
                    Some(Cut::Sentence) => first(&neighbour, 1),
                    None => String::new(),
                };
            }
        }
        Ok(around)
    }
}

/// What was cut between two passages that follow each other.
enum Cut {
    Paragraph,
    /// By the end of a page.
    Sentence,
}

fn cut(
    snapshot: &Snapshot,
    earlier: &StoredPassage,
    later: &StoredPassage,
) -> Result<Option<Cut>, StoreError> {
    if earlier.headings != later.headings {
        return Ok(None);
    }
    if earlier.page == later.page {
        let between = snapshot.between(earlier, later)?;
        // Blocks are parted by line feeds.
        return Ok(between.filter(|between| !between.contains('\n')).map(|_| Cut::Paragraph));
    }
    let goes_on = later.page == earlier.page + 1
        && later.text.starts_with(char::is_lowercase)
        && earlier.text.ends_with(|end: char| end.is_alphanumeric() || matches!(end, ',' | ';'));
    Ok(goes_on.then_some(Cut::Sentence))
}

/// The last sentences of a passage's last paragraph, up to so many characters and at least one of them.
fn last(passage: &StoredPassage, characters: usize) -> String {
    let begin = passage.text.rfind('\n').map_or(0, |end| end + 1);
    let starts = passage.sentences.iter().map(|sentence| sentence.start.max(begin)).rev();
    let fits = |start: &usize| length(passage.text.get(*start..)) <= characters;
    let start = match starts.clone().take_while(fits).last() {
        Some(start) => start,
        None => starts.clone().next().unwrap_or(begin),
    };
    passage.text.get(start..).unwrap_or_default().to_owned()
}

/// The first sentences of a passage's first paragraph, likewise.
fn first(passage: &StoredPassage, characters: usize) -> String {
    let end = passage.text.find('\n').unwrap_or(passage.text.len());
    let ends = passage.sentences.iter().map(|sentence| sentence.end.min(end));
    let fits = |end: &usize| length(passage.text.get(..*end)) <= characters;
    let end = match ends.clone().take_while(fits).last() {
        Some(end) => end,
        None => ends.clone().next().unwrap_or(end),
    };
    passage.text.get(..end).unwrap_or_default().to_owned()
}

fn length(text: Option<&str>) -> usize {
    text.map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocumentId, PassageId};

    fn passage(text: &str) -> StoredPassage {
        StoredPassage {
            id: PassageId(1),
            document: DocumentId(1),
            page: 1,
            span: 0..text.len(),
            text: text.to_owned(),
            lines: None,
            headings: Vec::new(),
            sentences: crate::split::sentences(text),
            context: String::new(),
        }
    }

    #[test]
    fn sentences_are_whole_and_of_one_paragraph() {
        let three = passage("Another one.\nThe first stands. The second as well. And a third.");
        assert_eq!(last(&three, 40), "The second as well. And a third.");
        assert_eq!(last(&three, 400), "The first stands. The second as well. And a third.");
        assert_eq!(last(&three, 1), "And a third.");
        let three = passage("The first stands. The second as well. And a third.\nAnother one.");
        assert_eq!(first(&three, 40), "The first stands. The second as well.");
        assert_eq!(first(&three, 400), "The first stands. The second as well. And a third.");
        assert_eq!(first(&three, 1), "The first stands.");
    }
}
