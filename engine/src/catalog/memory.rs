//! How much memory does a model need?
//!
//! The weights as they lie in the file; the conversation's state, see [`Shape`](super::Shape); and what llama.cpp computes
//! in, of which the largest part at any moment is either what comes out of the last layer for a batch of tokens (a number
//! for each token of the vocabulary) or what is inside of a layer.
//!
//! Compared with llama.cpp's own account of its buffers for GGUFs of the shapes of ten models (Llama 3 1B and 8B, Llama 2 7B,
//! Qwen3 0.6B and 4B, Gemma 3 1B and 4B, a mixture of experts, Mamba 2, LFM2) with 2,048, 8,192 and 32,768 tokens: the state
//! is exact to the byte; what is computed in takes what is told here or up to 3 % less, without attention up to 36 MiB less.
//! A whole process with Qwen3 0.6B and 8,192 tokens took 1.60 GB of the 1.72 that are told, because not all of what is set
//! aside for computing is ever used.
//!
//! On a processor llama.cpp copies most weights into another order. For a moment they are in memory twice, but the pages of
//! the file are then not looked at again, and the system takes them back when memory is wanted: they are counted once.

use super::header::Header;

/// Tokens that are read at once at most, as docent loads models.
const BATCH: u64 = 512;
/// llama.cpp rounds a context up to a multiple of this.
const CELLS: u64 = 256;
/// Bytes of a number that is computed with, and of one in the table that says which token sees which.
const NUMBER: u64 = 4;
const SEEN: u64 = 2;
/// Rows of a layer's width that are held beside what is largest.
const ROWS: u64 = 6;
/// Rows of the width inside of a layer that are held there.
const INNER_ROWS: u64 = 3;
/// Bytes for a token of the vocabulary with the ways to find it; measured 100 to 170.
const ENTRY: u64 = 170;
/// What the process itself takes.
const PROCESS: u64 = 24 << 20;

/// What a loaded model takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The file, which is mapped or copied whole.
    pub weights: u64,
    /// The state of the conversation.
    pub state: u64,
    /// What is computed in, the vocabulary, and the process itself.
    pub working: u64,
}

impl Memory {
    /// What the model needs with a context of so many tokens, or of as many as it was trained for if these are fewer.
    pub fn of(header: &Header, context: u32) -> Self {
        let shape = &header.shape;
        let trained = header.context_length.filter(|length| *length > 0).unwrap_or(u64::MAX);
        let context = u64::from(context).min(trained).max(1).next_multiple_of(CELLS);
        let batch = BATCH.min(context);
        let largest = header.vocabulary.max(shape.feed_forward.saturating_mul(INNER_ROWS));
        let row = largest.saturating_add(shape.embedding.saturating_mul(ROWS));
        let tables = if shape.has_window { 2 } else { 1 };
        let seen = context.saturating_mul(tables * SEEN);
        Self {
            weights: header.bytes,
            state: context.saturating_mul(shape.state_per_token).saturating_add(shape.fixed_state),
            working: batch
                .saturating_mul(row.saturating_mul(NUMBER).saturating_add(seen))
                .saturating_add(header.vocabulary.saturating_mul(ENTRY))
                .saturating_add(PROCESS),
        }
    }

    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.state).saturating_add(self.working)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::shape::Shape;
    use super::*;

    fn header(vocabulary: u64, shape: Shape) -> Header {
        Header {
            architecture: "llama".to_owned(),
            name: None,
            size_label: None,
            parameters: 1,
            active_parameters: 1,
            quantization: None,
            context_length: Some(40_960),
            shape,
            chat_template: None,
            tokenizer: "gpt2".to_owned(),
            vocabulary,
            bos: None,
            eos: None,
            parts: vec![PathBuf::new()],
            bytes: 1_000,
        }
    }

    /// What llama.cpp says that it computes in, in MiB, with 8,192 tokens.
    #[track_caller]
    fn check(vocabulary: u64, shape: Shape, measured: f64) {
        let header = header(vocabulary, shape);
        let working = Memory::of(&header, 8_192).working - vocabulary * ENTRY - PROCESS;
        #[expect(clippy::cast_precision_loss, reason = "a share is compared")]
        let share = working as f64 / (measured * 1_048_576.0);
        assert!((0.999..1.03).contains(&share), "{share}");
    }

    #[test]
    fn what_is_computed_in_is_what_llama_cpp_takes() {
        let shape = |embedding, feed_forward, has_window| Shape {
            embedding,
            feed_forward,
            has_window,
            ..Shape::default()
        };
        // Qwen3 0.6B and 4B, Llama 3 1B and 8B, Gemma 3 1B and 4B.
        check(151_936, shape(1_024, 3_072, false), 316.77);
        check(151_936, shape(2_560, 9_728, false), 329.77);
        check(128_256, shape(2_048, 8_192, false), 282.52);
        check(128_256, shape(4_096, 14_336, false), 298.52);
        check(262_144, shape(1_152, 6_912, true), 541.53);
        check(262_144, shape(2_560, 10_240, true), 558.03);
    }

    #[test]
    fn the_state_grows_with_the_context_up_to_what_the_model_was_trained_for() {
        let shape = Shape { state_per_token: 1_000, fixed_state: 7, ..Shape::default() };
        let state = |context| Memory::of(&header(10, shape), context).state;
        assert_eq!(state(8_192), 8_192_007);
        // llama.cpp rounds up.
        assert_eq!(state(1_000), 1_024_007);
        assert_eq!(state(1_000_000), 40_960_007);
        let huge = Shape { state_per_token: u64::MAX, ..shape };
        assert_eq!(Memory::of(&header(u64::MAX, huge), 8_192).total(), u64::MAX);
    }
}
