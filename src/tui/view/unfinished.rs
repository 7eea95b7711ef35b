//! What is said under an answer that was given before the library was complete?
//!
//! What of it could not be found yet, and how long that will take at the rate that was measured then.

use super::words::{count, counted, time_left};
use crate::json::Read;
use crate::state::library::{Progress, Stage};

/// The lines for what was read of the library, and what was being done to it meanwhile.
pub(super) fn notes(read: &Read, meanwhile: Option<&Stage>) -> Vec<String> {
    let again = |progress: &Progress| {
        let left = progress.of.saturating_sub(progress.done);
        let left = time_left(left, progress.per_second.unwrap_or_default());
        left.map_or(String::new(), |left| format!(": ask again in {left}"))
    };
    let mut notes = Vec::new();
    if let Some(Stage::Reading(progress)) = meanwhile {
        let (done, of) = (progress.done as u64, progress.of as u64);
        let of = counted(of, "document", "documents");
        notes.push(format!("{} of {of} had been read{}", count(done), again(progress)));
    }
    if read.unembedded() > 0 {
        let of = counted(read.in_scope, "passage", "passages");
        let embedded = count(read.embedded.unwrap_or_default());
        let again = match meanwhile {
            Some(Stage::Embedding(progress)) => again(progress),
            _ => String::new(),
        };
        notes.push(format!("{embedded} of {of} in scope had been embedded{again}"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_there_yet_is_told_with_the_time_that_it_takes() {
        let read = |embedded| Read { passages: 6, in_scope: 3_313, unread_documents: 0, embedded };
        let progress = |per_second| Progress { done: 1_147, of: 3_313, per_second };
        let embedding = |per_second| Stage::Embedding(progress(per_second));
        let check = |embedded, meanwhile: Option<Stage>, expected: &[&str]| {
            assert_eq!(notes(&read(embedded), meanwhile.as_ref()), expected);
        };
        check(None, None, &[]);
        check(None, Some(Stage::Ready), &[]);
        check(Some(3_313), Some(embedding(Some(20.0))), &[]);
        let some = "1,147 of 3,313 passages in scope had been embedded";
        check(Some(1_147), None, &[some]);
        check(Some(1_147), Some(embedding(None)), &[some]);
        let soon = format!("{some}: ask again in about 2 min");
        check(Some(1_147), Some(embedding(Some(20.0))), &[&soon]);
        let reading = Stage::Reading(Progress { done: 12, of: 40, per_second: Some(1.0) });
        let read = "12 of 40 documents had been read: ask again in about 30 s";
        check(Some(1_147), Some(reading), &[read, some]);
    }
}
