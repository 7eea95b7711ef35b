//! How much memory does a model need?

use super::header::Header;

/// Tokens that are read at once at most.
const BATCH: u64 = 512;
/// llama.cpp rounds a context up to a multiple of this.
const CELLS: u64 = 256;

/// What a loaded model takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The file, which is mapped or copied whole.
    pub weights: u64,
    /// The state of the conversation, see [`super::Shape`].
    pub state: u64,
    /// What llama.cpp computes in.
    pub working: u64,
}

impl Memory {
    /// What the model needs with a context of so many tokens, or of as many as it was trained for if these are fewer.
    pub fn of(header: &Header, context: u32) -> Self {
        let shape = &header.shape;
        let trained = header.context_length.filter(|length| *length > 0).unwrap_or(u64::MAX);
        let context = u64::from(context).min(trained).max(1).next_multiple_of(CELLS);
        Self {
            weights: header.bytes,
            state: context.saturating_mul(shape.state_per_token).saturating_add(shape.fixed_state),
            working: BATCH.saturating_mul(header.vocabulary).saturating_mul(4),
        }
    }

    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.state).saturating_add(self.working)
    }
}
