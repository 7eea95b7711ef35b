//! How much of what a model wrote may already be shown?
//!
//! Tokens end in the middle of characters and of citations. Bytes come in as they are sampled; text goes out in whole
//! characters, and an opened bracket only once it is clear what stands in it.

use super::citation::Bracket;

/// Text on its way out.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// All that went out.
    pub(super) text: String,
    /// What is held back.
    pending: Vec<u8>,
    /// A text that ends the answer and is no part of it.
    end_mark: Option<String>,
}

impl Outgoing {
    pub(super) fn new(end_mark: Option<String>) -> Self {
        Self { end_mark, ..Self::default() }
    }

    /// Takes what was sampled and gives what may be shown now. `bracket` is the state after it.
    pub(super) fn take(&mut self, piece: &[u8], bracket: Bracket) -> Pushed {
        self.pending.extend_from_slice(piece);
        if let Some(at) =
            self.end_mark.as_ref().and_then(|mark| find(&self.pending, mark.as_bytes()))
        {
            self.pending.truncate(at);
            return Pushed { text: self.rest(), ended: true };
        }
        let held = self.held_back(bracket);
        let ready = self.pending.drain(..self.pending.len() - held).collect::<Vec<u8>>();
        Pushed { text: self.release(&ready), ended: false }
    }

    /// What is still held back at the end, without a bracket that was opened and has only digits in it.
    pub(super) fn finish(&mut self, bracket: Bracket) -> String {
        if let Bracket::Number(_) = bracket
            && let Some(open) = self.pending.iter().rposition(|byte| *byte == b'[')
        {
            self.pending.truncate(open);
        }
        self.rest()
    }

    fn rest(&mut self) -> String {
        let pending = std::mem::take(&mut self.pending);
        self.release(&pending)
    }

    fn release(&mut self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.text.push_str(&text);
        text
    }

    /// How many bytes at the end of what is pending must wait.
    fn held_back(&self, bracket: Bracket) -> usize {
        let bytes = &self.pending;
        let open = match bracket {
            Bracket::Outside => 0,
            Bracket::Open | Bracket::Number(_) => {
                bytes.iter().rposition(|byte| *byte == b'[').map_or(0, |at| bytes.len() - at)
            }
        };
        let marked = self.end_mark.as_ref().map_or(0, |mark| {
            let longest = mark.len().min(bytes.len());
            (1..=longest)
                .rev()
                .find(|length| {
                    mark.as_bytes().get(..*length).is_some_and(|start| bytes.ends_with(start))
                })
                .unwrap_or(0)
        });
        open.max(marked).max(unfinished_character(bytes))
    }
}

/// What [`Outgoing::take`] gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    pub(super) text: String,
    /// Whether the end mark came.
    pub(super) ended: bool,
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len().max(1)).position(|window| window == mark)
}

/// Bytes at the end that begin a character whose rest is not there yet.
fn unfinished_character(bytes: &[u8]) -> usize {
    (1..=bytes.len().min(3))
        .find(|back| {
            let expected = match bytes.len().checked_sub(*back).and_then(|at| bytes.get(at)) {
                Some(0xC2..=0xDF) => 2,
                Some(0xE0..=0xEF) => 3,
                Some(0xF0..=0xF4) => 4,
                _ => 0,
            };
            expected > *back
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes pieces as a model would, and gives what came out after each, and at the end.
    fn stream(pieces: &[&[u8]], end_mark: Option<&str>) -> Vec<String> {
        let mut outgoing = Outgoing::new(end_mark.map(str::to_owned));
        let mut bracket = Bracket::default();
        let mut shown = Vec::new();
        for piece in pieces {
            bracket = bracket.after(piece, &[1, 2]).unwrap();
            let pushed = outgoing.take(piece, bracket);
            shown.push(pushed.text);
            if pushed.ended {
                return shown;
            }
        }
        shown.push(outgoing.finish(bracket));
        assert_eq!(outgoing.text, shown.concat());
        shown
    }

    #[test]
    fn characters_come_whole() {
        assert_eq!(
            stream(&[b"caf", b"\xC3", b"\xA9 \xF0\x9F", b"\x98\x80"], None),
            ["caf", "", "é ", "😀", ""]
        );
    }

    #[test]
    fn what_is_no_character_is_replaced() {
        assert_eq!(stream(&[b"a\xFFb", b"\xC3"], None).concat(), "a\u{FFFD}b\u{FFFD}");
    }

    #[test]
    fn a_citation_comes_whole_or_not_at_all() {
        assert_eq!(
            stream(&[b"So [", b"1", b"]. And [", b"2"], None),
            ["So ", "", "[1]. And ", "", ""]
        );
        assert_eq!(stream(&[b"a [", b"b]"], None), ["a ", "[b]", ""]);
    }

    #[test]
    fn the_end_mark_is_never_shown() {
        assert_eq!(stream(&[b"Yes.\n", b"\nUs", b"er: and"], Some("\n\nUser:")), ["Yes.", "", ""]);
        assert_eq!(
            stream(&[b"Yes.\n", b"\nUse it"], Some("\n\nUser:")),
            ["Yes.", "\n\nUse it", ""]
        );
    }
}
