//! How much memory does a network's state of a conversation take?
//!
//! By the keys of a GGUF's header, as llama.cpp computes it (`llama_hparams`, `llama_kv_cache`, `llama_memory_recurrent`):
//!
//! - A layer with attention keeps, for each token, a key of `key_length` numbers and a value of `value_length` numbers for
//!   each of its `head_count_kv` heads, in 2 bytes each (f16). Both lengths are `embedding_length / head_count` where they
//!   are not said, `head_count_kv` is `head_count`. The counts may differ from layer to layer (an array).
//! - Layers with a sliding window keep as much as the others: docent loads models with `swa_full`, so that a later question
//!   can use again what was read. Some have shorter keys there (`key_length_swa`).
//! - A layer may have no attention: its `head_count_kv` is 0, or `full_attention_interval` or `recurrent_layers` passes it over. Then it is
//!   recurrent and keeps the same few numbers in 4 bytes each (f32) however long the conversation is: by `ssm.*`, `wkv.*`,
//!   `kda.*` or `shortconv.*`.
//! - Latent attention (`key_length_mla`) keeps keys alone. The last `shared_kv_layers` layers use those of others.
//!
//! The few networks with caches of their own kind (DeepSeek's newest, MiniMax M3) are counted as if they had ordinary
//! attention, which is more than they take.

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
