//! What do the keys of a GGUF's header say of its network?

use std::collections::HashMap;

use super::shape::MAX_LAYERS;

/// Bytes of a key that is kept; the longest that matter have a third of it.
const LONGEST: usize = 128;
/// Keys that are kept; a model has some fifty of them.
const MOST: usize = 512;

/// Numbers by their keys, in the order-free form that GGUF gives them: the name of the network, which they begin with, may
/// come last.
#[derive(Debug, Default)]
pub(super) struct Keys {
    values: HashMap<String, Value>,
}

#[derive(Debug)]
pub(super) enum Value {
    Number(u64),
    /// One for each layer.
    List(Vec<u64>),
}

impl Keys {
    /// Elements of a list that could be one for each layer.
    pub(super) const LONGEST_LIST: u64 = MAX_LAYERS;

    /// Whether a value of this key is worth reading: those of the network are, those of the tokenizer and the maker's
    /// remarks are not.
    pub(super) fn wants(&self, key: &str) -> bool {
        let described = ["tokenizer.", "general.", "split.", "quantize."];
        key.len() <= LONGEST
            && self.values.len() < MOST
            && !described.iter().any(|beginning| key.starts_with(beginning))
    }

    pub(super) fn keep(&mut self, key: &str, value: Value) {
        self.values.insert(key.to_owned(), value);
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Value::Number(number) => Some(*number),
            Value::List(_) => None,
        }
    }

    /// A number that holds for all layers, or one for each.
    pub(super) fn each(&self, key: &str) -> Each<'_> {
        match self.values.get(key) {
            Some(Value::Number(number)) => Each::All(*number),
            Some(Value::List(list)) => Each::List(list),
            None => Each::Unsaid,
        }
    }
}

/// A number of each layer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Each<'a> {
    Unsaid,
    All(u64),
    List(&'a [u64]),
}

impl Each<'_> {
    pub(super) fn or(self, other: Self) -> Self {
        if matches!(self, Each::Unsaid) { other } else { self }
    }

    /// The number of a layer, counted from 0; 0 where nothing is said.
    pub(super) fn of(self, layer: u64) -> u64 {
        match self {
            Each::Unsaid => 0,
            Each::All(number) => number,
            Each::List(list) => {
                usize::try_from(layer).ok().and_then(|layer| list.get(layer)).copied().unwrap_or(0)
            }
        }
    }

    pub(super) fn first(self) -> u64 {
        self.of(0)
    }

    pub(super) fn largest(self) -> u64 {
        match self {
            Each::List(list) => list.iter().copied().max().unwrap_or_default(),
            other => other.first(),
        }
    }
}
