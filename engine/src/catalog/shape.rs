//! How much memory does a network's state of a conversation take?
//!
//! By the keys of a GGUF's header, as llama.cpp computes it (`llama_hparams`, `llama_kv_cache`, `llama_memory_recurrent`):
//!
//! - A layer with attention keeps, for each token, a key of `key_length` numbers and a value of `value_length` numbers for
//!   each of its `head_count_kv` heads, in 2 bytes each (f16). Both lengths are `embedding_length / head_count` where they
//!   are not said, `head_count_kv` is `head_count`. The counts may differ from layer to layer (an array).
//! - Layers with a sliding window keep as much as the others: docent loads models with `swa_full`, so that a later question
//!   can use again what was read. Some have shorter keys there (`key_length_swa`).
//! - A layer may have no attention: its `head_count_kv` is 0, or `full_attention_interval` or `recurrent_layers` passes it
//!   over. Then it is recurrent and keeps the same few numbers in 4 bytes each (f32) however long the conversation is: by
//!   `ssm.*`, `wkv.*`, `kda.*` or `shortconv.*`.
//! - Latent attention (`key_length_mla`) keeps keys alone. The last `shared_kv_layers` layers use those of others.
//!
//! The few networks with caches of their own kind (`deepseek4`, `minimax-m3`) are counted as if they had ordinary
//! attention: for them this is no more than a guess.

use serde::{Deserialize, Serialize};

use super::keys::{Each, Keys};

/// Layers that llama.cpp takes.
pub(super) const MAX_LAYERS: u64 = 512;

/// Bytes of a number in the state of attention (f16), and in that of a recurrent layer (f32).
const HALF: u64 = 2;
const WHOLE: u64 = 4;

/// The measures of a network that decide what memory it works in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Layers, one upon the other.
    pub layers: u64,
    /// Numbers that stand for a token between two layers.
    pub embedding: u64,
    /// Numbers inside of the widest layer.
    pub feed_forward: u64,
    /// Whether some layers look only at the last tokens.
    pub has_window: bool,
    /// Bytes that the conversation's state takes for each token of context.
    pub state_per_token: u64,
    /// Bytes that it takes however long the context is.
    pub fixed_state: u64,
}

/// Networks all of whose layers are recurrent.
const RECURRENT: [&str; 6] = ["mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"];

/// Networks in which each so-and-so-many-th layer has attention, where the header doesn't say how many.
const WITH_INTERVAL: [(&str, u64); 5] =
    [("qwen3next", 4), ("qwen35", 4), ("qwen35moe", 4), ("qwen4exp", 4), ("minimax-01", 8)];

impl Shape {
    /// The shape of the network `architecture` with these keys; none when a key is missing that llama.cpp needs.
    pub(super) fn of(architecture: &str, keys: &Keys) -> Option<Self> {
        let number = |name: &str| keys.number(&format!("{architecture}.{name}"));
        let layers = number("block_count").filter(|layers| (1..=MAX_LAYERS).contains(layers))?;
        let embedding = number("embedding_length")?;
        let each = |name: &str| keys.each(&format!("{architecture}.{name}"));
        let heads = each("attention.head_count");
        let heads_kv = each("attention.head_count_kv").or(heads);
        let feed_forward = each("feed_forward_length");
        let even = embedding.checked_div(heads.first()).unwrap_or_default();
        let key = number("attention.key_length").unwrap_or(even);
        let value = number("attention.value_length").unwrap_or(even);
        let window = each("attention.sliding_window_pattern");
        let key_in_window = number("attention.key_length_swa").unwrap_or(key);
        let value_in_window = number("attention.value_length_swa").unwrap_or(value);
        let keys_alone = number("attention.key_length_mla").is_some_and(|length| length > 0);
        let index = number("attention.indexer.key_length").unwrap_or_default();
        let own = match architecture {
            // As llama.cpp has it, whatever the header says.
            "gemma3n" => 20,
            _ => layers.saturating_sub(number("attention.shared_kv_layers").unwrap_or_default()),
        };
        let interval = number("full_attention_interval").or_else(|| {
            WITH_INTERVAL.iter().find(|(name, _)| *name == architecture).map(|(_, every)| *every)
        });
        let recurrent_layers = each("attention.recurrent_layers");
        let all_recurrent = RECURRENT.contains(&architecture);
        let (mut state_per_token, mut recurrent) = (0_u64, 0_u64);
        for layer in 0..layers {
            let passed_over = match recurrent_layers {
                Each::Unsaid => {
                    interval.is_some_and(|every| (layer + 1).checked_rem(every).unwrap_or(0) != 0)
                }
                said => said.of(layer) > 0,
            };
            let heads_kv = heads_kv.of(layer);
            let has_attention = !all_recurrent && !passed_over && heads_kv > 0;
            // One kind of network has both in each layer, another one layers that have neither.
            let neither = architecture.starts_with("nemotron_h") && feed_forward.of(layer) > 0;
            if (!has_attention && !neither) || architecture == "falcon-h1" {
                recurrent += 1;
            }
            if has_attention && layer < own {
                let (key, value) = match window {
                    Each::List(_) if window.of(layer) > 0 => (key_in_window, value_in_window),
                    _ => (key, value),
                };
                let value = if keys_alone { 0 } else { value };
                let numbers =
                    heads_kv.saturating_mul(key.saturating_add(value)).saturating_add(index);
                state_per_token = state_per_token.saturating_add(numbers.saturating_mul(HALF));
            }
        }
        let mut numbers = recurrent_numbers(embedding, heads.first(), &number);
        if architecture == "minimax-01" {
            numbers = key.saturating_mul(key).saturating_mul(heads.first());
        }
        Some(Self {
            layers,
            embedding,
            feed_forward: feed_forward.largest(),
            has_window: number("attention.sliding_window").is_some_and(|tokens| tokens > 0),
            state_per_token,
            fixed_state: recurrent.saturating_mul(numbers).saturating_mul(WHOLE),
        })
    }
}

/// Numbers that a recurrent layer keeps.
fn recurrent_numbers(embedding: u64, heads: u64, number: &dyn Fn(&str) -> Option<u64>) -> u64 {
    let of = |name| number(name).unwrap_or_default();
    let square = |length: u64| length.saturating_mul(length).saturating_mul(heads);
    if let Some(size) = number("wkv.head_size") {
        let shifts = number("token_shift_count").unwrap_or(2);
        return embedding.saturating_mul(shifts.saturating_add(size));
    }
    if let Some(cache) = number("shortconv.l_cache") {
        return embedding.saturating_mul(cache.saturating_sub(1));
    }
    let kernel = of("ssm.conv_kernel");
    if let Some(length) = number("kda.head_dim") {
        let past = if kernel > 0 { kernel - 1 } else { 3 };
        let inner = heads.saturating_mul(length);
        return past.saturating_mul(3).saturating_mul(inner).saturating_add(square(length));
    }
    let (inner, state) = (of("ssm.inner_size"), of("ssm.state_size"));
    let grouped = of("ssm.group_count").saturating_mul(state).saturating_mul(2);
    let past = kernel.saturating_sub(1).saturating_mul(inner.saturating_add(grouped));
    past.saturating_add(state.saturating_mul(inner))
}

#[cfg(test)]
mod tests {
    use super::super::keys::Value;
    use super::*;

    /// A network with these numbers, and these lists of one number for each layer.
    fn shape(
        architecture: &str,
        numbers: &[(&str, u64)],
        lists: &[(&str, &[u64])],
    ) -> Option<Shape> {
        let mut keys = Keys::default();
        for (name, number) in numbers {
            keys.keep(&format!("{architecture}.{name}"), Value::Number(*number));
        }
        for (name, list) in lists {
            keys.keep(&format!("{architecture}.{name}"), Value::List(list.to_vec()));
        }
        Shape::of(architecture, &keys)
    }

    /// The state's bytes for each token, and beside that.
    #[track_caller]
    fn check(
        architecture: &str,
        numbers: &[(&str, u64)],
        lists: &[(&str, &[u64])],
        expected: (u64, u64),
    ) {
        let shape = shape(architecture, numbers, lists).unwrap();
        assert_eq!((shape.state_per_token, shape.fixed_state), expected);
    }

    const SIZE: [(&str, u64); 3] =
        [("block_count", 4), ("embedding_length", 512), ("attention.head_count", 8)];

    #[test]
    fn attention_keeps_a_key_and_a_value_for_each_of_its_heads() {
        // Qwen3 0.6B: llama.cpp's account for 8,192 tokens is 896 MiB.
        let qwen = [
            ("block_count", 28),
            ("embedding_length", 1_024),
            ("attention.head_count", 16),
            ("attention.head_count_kv", 8),
            ("attention.key_length", 128),
            ("attention.value_length", 128),
        ];
        check("qwen3", &qwen, &[], ((896 << 20) / 8_192, 0));
        // Without more being said, all heads have keys, and share the width evenly.
        check("llama", &SIZE, &[], (4 * 8 * (64 + 64) * 2, 0));
    }

    #[test]
    fn layers_can_differ() {
        check("deci", &SIZE, &[("attention.head_count_kv", &[8, 0, 2, 0])], (10 * 128 * 2, 0));
        let numbers = [
            &SIZE[..],
            &[
                ("attention.head_count_kv", 2),
                ("attention.key_length", 64),
                ("attention.value_length", 64),
                ("attention.key_length_swa", 32),
                ("attention.value_length_swa", 32),
                ("attention.shared_kv_layers", 1),
            ],
        ]
        .concat();
        // Two layers with a window, one without, and one that has nothing of its own.
        let window: [(&str, &[u64]); 1] = [("attention.sliding_window_pattern", &[1, 1, 0, 0])];
        check("gemma4", &numbers, &window, ((2 * 2 * 64 + 2 * 128) * 2, 0));
    }

    #[test]
    fn latent_attention_keeps_keys_alone() {
        let numbers = [
            &SIZE[..],
            &[
                ("attention.head_count_kv", 1),
                ("attention.key_length", 576),
                ("attention.value_length", 512),
                ("attention.key_length_mla", 192),
            ],
        ]
        .concat();
        check("deepseek2", &numbers, &[], (4 * 576 * 2, 0));
    }

    #[test]
    fn recurrent_layers_keep_the_same_however_long_a_conversation_is() {
        // llama.cpp's account is 98.39 MiB.
        let mamba = [
            ("block_count", 48),
            ("embedding_length", 2_048),
            ("ssm.conv_kernel", 4),
            ("ssm.inner_size", 4_096),
            ("ssm.state_size", 128),
            ("ssm.group_count", 1),
        ];
        check("mamba2", &mamba, &[], (0, 103_170_048));
        // LFM2 1.2B: 96 MiB for 8,192 tokens, and 0.16 MiB.
        let lfm = [
            ("block_count", 16),
            ("embedding_length", 2_048),
            ("attention.head_count", 32),
            ("attention.key_length", 64),
            ("attention.value_length", 64),
            ("shortconv.l_cache", 3),
        ];
        let heads: [u64; 16] = [0, 0, 8, 0, 0, 8, 0, 0, 8, 0, 8, 0, 8, 0, 8, 0];
        check("lfm2", &lfm, &[("attention.head_count_kv", &heads)], ((96 << 20) / 8_192, 163_840));
        // Each fourth layer has attention.
        let next = [&SIZE[..], &[("ssm.state_size", 16), ("ssm.inner_size", 32)]].concat();
        check("qwen3next", &next, &[], (8 * 128 * 2, 3 * 16 * 32 * 4));
    }

    #[test]
    fn what_llama_cpp_needs_must_be_said() {
        assert_eq!(shape("llama", &[("block_count", 4)], &[]), None);
        assert_eq!(shape("llama", &[("embedding_length", 512)], &[]), None);
        let lies = [
            ("block_count", 4),
            ("embedding_length", u64::MAX),
            ("attention.head_count", u64::MAX),
        ];
        assert!(shape("llama", &lies, &[]).is_some_and(|shape| shape.state_per_token > 0));
    }
}
