//! What a model need not read again after a restart.
//!
//! All prompts for a model begin with the same tokens. Its state after them can be kept in a file and given back to it.
//! llama.cpp trusts the bytes of a state, so a file is taken only when it was written for the same model by the same
//! program, and when every byte is as it was.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Bytes of a state at most: a larger one is not worth its place, and what crosses a pipe is bounded.
pub const LARGEST: usize = 56 << 20;

/// The head of every file, with the version of its form.
const MAGIC: &[u8; 8] = b"docentp1";

/// What a model is and which program runs it, as a hash that whoever keeps files makes.
pub type Key = [u8; 32];

/// A model's state after the tokens that all its prompts begin with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix {
    pub(super) tokens: Vec<i32>,
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub(super) state: Vec<u8>,
}

impl Prefix {
    /// The number of tokens that need not be read.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// The content of a file for the model with this key.
    pub fn to_file(&self, key: &Key) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.state.len() + self.tokens.len() * 4 + 128);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&(self.tokens.len() as u64).to_le_bytes());
        bytes.extend(self.tokens.iter().flat_map(|token| token.to_le_bytes()));
        bytes.extend_from_slice(&self.state);
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// What stands in a file for the model with this key; none where it is for another one, or damaged.
    pub fn from_file(bytes: &[u8], key: &Key) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<32>()?;
        let rest = content.strip_prefix(MAGIC)?.strip_prefix(key)?;
        let (count, rest) = rest.split_first_chunk::<8>()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        let (tokens, state) = rest.split_at_checked(count.checked_mul(4)?)?;
        if Sha256::digest(content).as_slice() != sum {
            return None;
        }
        let (tokens, _) = tokens.as_chunks::<4>();
        let tokens = tokens.iter().map(|token| i32::from_le_bytes(*token)).collect();
        Some(Self { tokens, state: state.to_owned() })
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Prefix")
            .field("tokens", &self.tokens.len())
            .field("bytes", &self.state.len())
            .finish()
    }
}

/// At once, not byte by byte.
fn write_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "at most {LARGEST} bytes")
        }

        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            if bytes.len() > LARGEST {
                return Err(E::invalid_length(bytes.len(), &self));
            }
            Ok(bytes.to_owned())
        }
    }
    deserializer.deserialize_bytes(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> Prefix {
        Prefix { tokens: vec![7, -1, 70_000], state: (0..=255).collect() }
    }

    #[test]
    fn a_file_holds_what_was_kept() {
        let file = prefix().to_file(&[3; 32]);
        assert_eq!(Prefix::from_file(&file, &[3; 32]), Some(prefix()));
    }

    #[test]
    fn a_file_of_another_model_and_a_damaged_one_are_ignored() {
        let file = prefix().to_file(&[3; 32]);
        assert_eq!(Prefix::from_file(&file, &[4; 32]), None);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(Prefix::from_file(&changed, &[3; 32]), None, "{at}");
            assert_eq!(Prefix::from_file(&file[..at], &[3; 32]), None, "{at}");
        }
        assert_eq!(Prefix::from_file(&[], &[3; 32]), None);
    }
}
