//! Which part of what a model writes is thinking aloud?
//!
//! Models mark it by tokens of their own: a pair around it, or channels with names. Here all of them become one pair,
//! `<think>` and `</think>`, which whoever shows an answer folds away. What is merely spelled like a mark is text.

/// What a token says about the text behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Thinking begins, and ends by the token with this text.
    Opens {
        closing: &'static str,
    },
    Closes,
    /// A channel's name follows.
    Channel,
    /// The text of a channel follows.
    Message,
    /// The head of a message follows: who speaks, which is not to be shown.
    Start,
    /// A message ends; another one may follow.
    End,
}

/// The pairs that are known, by the families of models that have them.
const PAIRS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<|channel>", "<channel|>"),
];

/// What ends a channel that is not the answer's, and begins the answer's.
const TO_FINAL_CHANNEL: &str = "<|end|><|start|>assistant<|channel|>final<|message|>";
/// The name of the channel with the answer.
const FINAL: &str = "final";
/// A longer name is none.
const LONGEST_NAME: usize = 64;

pub(super) const THINK: &str = "<think>";
pub(super) const END_OF_THINKING: &str = "</think>";

/// What the token with this text says, if anything.
pub(super) fn mark(token: &str) -> Option<Mark> {
    let paired = PAIRS.iter().find_map(|(opening, closing)| {
        let opens = (token == *opening).then_some(Mark::Opens { closing });
        opens.or((token == *closing).then_some(Mark::Closes))
    });
    paired.or(match token {
        "<|channel|>" => Some(Mark::Channel),
        "<|message|>" => Some(Mark::Message),
        "<|start|>" => Some(Mark::Start),
        "<|end|>" => Some(Mark::End),
        _ => None,
    })
}

/// What will end the thinking that the end of a prompt has begun; none where it has not.
pub(super) fn begun_by(prompt_end: &str) -> Option<&'static str> {
    let end = prompt_end.trim_end();
    let paired = PAIRS.iter().find(|(opening, _)| end.ends_with(opening));
    let in_channel = || {
        let (_, name) = end.strip_suffix("<|message|>")?.rsplit_once("<|channel|>")?;
        (name != FINAL && name.len() < LONGEST_NAME).then_some(TO_FINAL_CHANNEL)
    };
    paired.map(|(_, closing)| *closing).or_else(in_channel)
}

/// Where a model is in its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reasoning {
    state: State,
    /// What the model would write to come to its answer.
    closing: &'static str,
    /// Whether `<think>` went out and `</think>` not yet.
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// After `<|channel|>`.
    Name(String),
    /// Between two messages.
    Head,
}

impl Reasoning {
    /// At the beginning of a message. `begun` ends the thinking that the prompt has begun.
    pub(super) fn new(begun: Option<&'static str>) -> Self {
        Self {
            state: State::Text,
            closing: begun.unwrap_or(END_OF_THINKING),
            open: begun.is_some(),
        }
    }

    /// What makes the model leave its thinking and answer; none where it answers.
    pub(super) fn closing(&self) -> Option<&'static str> {
        self.open.then_some(self.closing)
    }

    /// The model is made to leave its thinking: what goes out for that.
    pub(super) fn leave(&mut self) -> &'static str {
        self.state = State::Text;
        self.think(false)
    }

    /// What of a piece of text goes out.
    pub(super) fn text<'piece>(&mut self, piece: &'piece [u8]) -> &'piece [u8] {
        match &mut self.state {
            State::Text => piece,
            State::Name(name) => {
                if name.len() < LONGEST_NAME {
                    name.push_str(&String::from_utf8_lossy(piece));
                }
                &[]
            }
            State::Head => &[],
        }
    }

    /// What goes out in place of a mark.
    pub(super) fn mark(&mut self, mark: Mark) -> &'static str {
        match mark {
            Mark::Opens { closing } => {
                self.closing = closing;
                self.think(true)
            }
            Mark::Closes => self.think(false),
            Mark::Channel => {
                self.state = State::Name(String::new());
                ""
            }
            Mark::Message => {
                let state = std::mem::replace(&mut self.state, State::Text);
                let State::Name(name) = state else { return "" };
                self.closing = TO_FINAL_CHANNEL;
                self.think(name.trim() != FINAL)
            }
            Mark::Start | Mark::End => {
                self.state = State::Head;
                ""
            }
        }
    }

    fn think(&mut self, thinks: bool) -> &'static str {
        match (std::mem::replace(&mut self.open, thinks), thinks) {
            (false, true) => THINK,
            (true, false) => END_OF_THINKING,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes out of a message whose tokens are parted by `|_|`.
    #[track_caller]
    fn check(begun: Option<&'static str>, tokens: &str, expected: &str) -> Reasoning {
        let mut reasoning = Reasoning::new(begun);
        let mut out = String::new();
        for token in tokens.split("|_|") {
            match mark(token) {
                Some(mark) => out.push_str(reasoning.mark(mark)),
                None => {
                    out.push_str(std::str::from_utf8(reasoning.text(token.as_bytes())).unwrap());
                }
            }
        }
        assert_eq!(out, expected);
        reasoning
    }

    #[test]
    fn pairs_of_all_families_become_one() {
        for (opening, closing) in PAIRS {
            let tokens = format!("{opening}|_|Let me see.|_|{closing}|_|It is so.");
            let end = check(None, &tokens, "<think>Let me see.</think>It is so.");
            assert_eq!(end.closing(), None);
            assert_eq!(begun_by(&format!("<|user|>{opening}\n")), Some(closing));
            let tokens = format!("Let me see.|_|{closing}|_|It is so.");
            check(Some(closing), &tokens, "Let me see.</think>It is so.");
        }
    }

    #[test]
    fn channels_but_the_last_are_thinking() {
        let head = "<|channel|>|_|anal|_|ysis|_|<|message|>|_|Let me see.";
        let thinking = check(None, head, "<think>Let me see.");
        assert_eq!(thinking.closing(), Some(TO_FINAL_CHANNEL));
        let tail =
            "|_|<|end|>|_|<|start|>|_|assistant|_|<|channel|>|_|final|_|<|message|>|_|It is so.";
        check(None, &format!("{head}{tail}"), "<think>Let me see.</think>It is so.");
        let twice =
            "|_|<|end|>|_|<|start|>|_|assistant|_|<|channel|>|_|commentary|_|<|message|>|_| More.";
        check(None, &format!("{head}{twice}{tail}"), "<think>Let me see. More.</think>It is so.");
        check(None, "<|channel|>|_|final|_|<|message|>|_|It is so.", "It is so.");
        assert_eq!(
            begun_by("<|start|>assistant<|channel|>analysis<|message|>"),
            Some(TO_FINAL_CHANNEL)
        );
        assert_eq!(begun_by("<|start|>assistant<|channel|>final<|message|>"), None);
    }

    #[test]
    fn marks_without_sense_do_no_harm() {
        check(None, "It is|_|</think>|_| so.", "It is so.");
        check(None, "<think>|_|a|_|<think>|_|b|_|</think>|_|c", "<think>ab</think>c");
        check(None, "a|_|<|message|>|_|b", "ab");
        assert_eq!(begun_by("<|im_start|>assistant\n<think>\n\n</think>\n\n"), None);
        assert_eq!(mark("<|end_of_text|>"), None);
    }
}
