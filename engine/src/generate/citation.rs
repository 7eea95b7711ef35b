//! Which bytes may follow, so that a number in square brackets always names evidence that was given?
//!
//! An automaton over the bytes of the answer. It knows nothing of tokens: a token may follow when all its bytes may.

/// Where an answer stands with respect to brackets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Bracket {
    #[default]
    Outside,
    /// After `[` and what may stand between it and a number without hiding it.
    Open,
    /// After `[` and these digits.
    Number(u32),
}

/// What a byte means to the automaton, made once for a vocabulary's tokens: only tokens with a relevant byte can do harm
/// outside of brackets.
pub(super) fn opens_bracket(piece: &[u8]) -> bool {
    piece.contains(&b'[')
}

impl Bracket {
    /// The state after `piece`; none if `piece` would cite, or begin to cite, what is not in `citable`.
    pub(super) fn after(self, piece: &[u8], citable: &[u32]) -> Option<Self> {
        piece.iter().try_fold(self, |state, byte| state.after_byte(*byte, citable))
    }

    fn after_byte(self, byte: u8, citable: &[u32]) -> Option<Self> {
        match self {
            Self::Outside if byte == b'[' => Some(Self::Open),
            Self::Outside => Some(Self::Outside),
            Self::Open => match byte {
                // A reader would take `[ 7]` and `[^7]` for citations too.
                b'[' | b' ' | b'\t' | b'\n' | b'\r' | b'^' | b'#' => Some(Self::Open),
                b'0' => None,
                b'1'..=b'9' => begins_citable(u32::from(byte - b'0'), citable).map(Self::Number),
                _ => Some(Self::Outside),
            },
            Self::Number(number) => match byte {
                b'0'..=b'9' => {
                    let longer = number.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
                    begins_citable(longer, citable).map(Self::Number)
                }
                b']' => citable.contains(&number).then_some(Self::Outside),
                _ => None,
            },
        }
    }
}

/// `prefix` if a citable number begins with its digits.
fn begins_citable(prefix: u32, citable: &[u32]) -> Option<u32> {
    let begins = |number: u32| {
        std::iter::successors(Some(number), |rest| (*rest >= 10).then_some(rest / 10))
            .any(|start| start == prefix)
    };
    citable.iter().any(|number| begins(*number)).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(text: &str, citable: &[u32]) -> bool {
        Bracket::default().after(text.as_bytes(), citable).is_some()
    }

    #[test]
    fn only_given_numbers_stand_in_brackets() {
        let citable = [1, 2, 3, 12];
        for fine in [
            "So it is [1].",
            "[1][2]",
            "[12]",
            "[1",
            "[abc]",
            "[see p. 9]",
            "9] [",
            "a[]",
            "[[3]]",
            "[ 2]",
            "x[1]9",
        ] {
            assert!(allows(fine, &citable), "{fine}");
        }
        for wrong in [
            "[4", "[0", "[01", "[13", "[1,", "[1, 2]", "[1-", "[ 7", "[^7", "[123", "[[4",
            "[abc] [9", "[1a]", "[\n8",
        ] {
            assert!(!allows(wrong, &citable), "{wrong}");
        }
        assert!(!allows("[1", &[]));
        assert!(!allows("[1]", &[12]));
        assert!(!allows("[99999999999999999999]", &[4_294_967_295]));
    }

    proptest! {
        #[test]
        fn however_text_is_cut_into_pieces_the_outcome_is_the_same(text in "[\\[\\]0-3a ,]{0,12}", at in 0_usize..12) {
            let (head, tail) = text.as_bytes().split_at(at.min(text.len()));
            let citable = [1, 3, 20];
            let whole = Bracket::default().after(text.as_bytes(), &citable);
            let parts = Bracket::default().after(head, &citable).and_then(|state| state.after(tail, &citable));
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn allowed_text_cites_only_what_was_given(text in "[\\[\\]0-9a ,]{0,14}") {
            let citable = [2, 31];
            if allows(&text, &citable) {
                for inner in text.split('[').skip(1).filter_map(|rest| rest.split_once(']').map(|(inner, _)| inner)) {
                    if let Ok(number) = inner.trim().parse::<u32>() {
                        prop_assert!(citable.contains(&number), "{}", text);
                    }
                }
            }
        }
    }
}
