//! Which files must never be taken for models, and what is said of each?

use std::fmt::Write as _;

/// A file with a part of what must be said of it.
#[derive(Debug)]
pub(crate) struct Hostile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reason: String,
}

/// Kinds of values, as GGUF numbers them.
const U32: u32 = 4;
const U64: u32 = 10;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

/// A GGUF in the making.
#[derive(Clone, Debug)]
pub(crate) struct Gguf {
    version: u32,
    pub(crate) keys: Vec<(Vec<u8>, Vec<u8>)>,
    tensors: Vec<Vec<u8>>,
    /// Where the next tensor lies.
    pub(crate) next: u64,
    pub(crate) alignment: u32,
}

impl Gguf {
    pub(crate) fn empty() -> Self {
        Self { version: 3, keys: Vec::new(), tensors: Vec::new(), next: 0, alignment: 32 }
    }

    /// What can be used, so far as its header goes.
    pub(crate) fn model() -> Self {
        Self::empty()
            .text("general.architecture", "llama")
            .text("general.name", "Small")
            .number("general.file_type", 15)
            .number("llama.context_length", 2_048)
            .number("llama.block_count", 2)
            .number("llama.embedding_length", 64)
            .number("llama.feed_forward_length", 128)
            .number("llama.attention.head_count", 4)
            .text("tokenizer.ggml.model", "gpt2")
            .texts("tokenizer.ggml.tokens", &["a", "b"])
            .text("tokenizer.chat_template", "{{ messages }}")
            .tensor("token_embd.weight", &[64, 2], 0)
    }

    pub(crate) fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// A key with a value of a kind; one that is there already gets the new value in its place.
    pub(crate) fn raw(mut self, key: impl AsRef<[u8]>, kind: u32, value: &[u8]) -> Self {
        let (key, value) = (key.as_ref().to_vec(), [&kind.to_le_bytes(), value].concat());
        match self.keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.keys.push((key, value)),
        }
        self
    }

    /// The same key once more.
    fn again(mut self, key: &str) -> Self {
        let twice = self.keys.iter().find(|(known, _)| known == key.as_bytes()).cloned();
        self.keys.extend(twice);
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.keys.retain(|(known, _)| known != key.as_bytes());
        self
    }

    pub(crate) fn text(self, key: &str, value: &str) -> Self {
        self.raw(key, TEXT, &text(value.as_bytes()))
    }

    pub(crate) fn number(self, key: &str, value: u32) -> Self {
        self.raw(key, U32, &value.to_le_bytes())
    }

    pub(crate) fn array(self, key: &str, kind: u32, count: u64, elements: &[u8]) -> Self {
        let head = [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat();
        self.raw(key, ARRAY, &[&head, elements].concat())
    }

    pub(crate) fn texts(self, key: &str, values: &[&str]) -> Self {
        let elements: Vec<u8> = values.iter().flat_map(|value| text(value.as_bytes())).collect();
        self.array(key, TEXT, values.len() as u64, &elements)
    }

    /// A tensor of 4 bytes for each element that lies where it should.
    pub(crate) fn tensor(mut self, name: &str, dimensions: &[u64], kind: u32) -> Self {
        let offset = self.next;
        let bytes = 4 * dimensions.iter().product::<u64>();
        self.next = (offset + bytes).next_multiple_of(u64::from(self.alignment));
        self.tensor_at(name, dimensions, kind, offset)
    }

    fn tensor_at(mut self, name: &str, dimensions: &[u64], kind: u32, offset: u64) -> Self {
        let count = u32::try_from(dimensions.len()).unwrap();
        let lengths: Vec<u8> = dimensions.iter().flat_map(|length| length.to_le_bytes()).collect();
        let head = text(name.as_bytes());
        self.tensors.push(
            [&head, &count.to_le_bytes()[..], &lengths, &kind.to_le_bytes(), &offset.to_le_bytes()]
                .concat(),
        );
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.resize(usize::try_from(self.length()).unwrap(), 0);
        bytes
    }

    /// All before the weights.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.counting(self.tensors.len() as u64, self.keys.len() as u64)
    }

    /// Bytes of the whole file.
    pub(crate) fn length(&self) -> u64 {
        (self.head().len() as u64).next_multiple_of(self.alignment.into()) + self.next
    }

    /// Its head with other counts of tensors and keys than there are, and no weights.
    fn counting(&self, tensors: u64, keys: u64) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(keys.to_le_bytes());
        for (key, value) in &self.keys {
            bytes.extend(text(key));
            bytes.extend(value);
        }
        bytes.extend(self.tensors.iter().flatten());
        bytes
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes()[..], bytes].concat()
}

/// Damaged and hostile files. `whole` is a model, to be cut.
pub(crate) fn all(whole: &[u8]) -> Vec<Hostile> {
    let mut all = cut(whole);
    all.extend(beginnings());
    all.extend(keys());
    all.extend(tensors());
    all.extend(other_files());
    all
}

fn hostile(name: &str, bytes: Vec<u8>, reason: &str) -> Hostile {
    Hostile { name: name.to_owned(), bytes, reason: reason.to_owned() }
}

fn cut(whole: &[u8]) -> Vec<Hostile> {
    let last = whole.len() - 1;
    let places = [8, 12, 15, 16, 23, 24, 31, 40, 61, 100, 999, 4_000, 9_000, 32_000, 64_000, last];
    let cut = |length: usize| {
        let reason = format!("ends at byte {length}, in the middle of the model");
        hostile(&format!("cut at {length}"), whole[..length].to_vec(), &reason)
    };
    let mut all: Vec<Hostile> = places.into_iter().map(cut).collect();
    all.push(hostile("empty", Vec::new(), "is empty"));
    all.push(hostile("a byte", b"G".to_vec(), "is not a GGUF"));
    all.push(hostile("magic alone", b"GGUF".to_vec(), "ends at byte 4"));
    all
}

fn beginnings() -> Vec<Hostile> {
    let model = Gguf::model();
    let huge = u64::MAX;
    let versioned = |version| model.clone().version(version).bytes();
    vec![
        hostile("another magic", [b"GGML", &model.bytes()[4..]].concat(), "is not a GGUF"),
        hostile("zeros", vec![0; 4_096], "is not a GGUF"),
        hostile("version 0", versioned(0), "version 0"),
        hostile("version 1", versioned(1), "version 1"),
        hostile("version 4", versioned(4), "version 4"),
        hostile("the largest version", versioned(u32::MAX), "version 4294967295"),
        hostile("other order of bytes", versioned(3_u32.swap_bytes()), "big-endian"),
        hostile("2^64 tensors", model.counting(huge, 0), "a number of tensors larger"),
        hostile("2^63 keys", model.counting(0, 1 << 63), "a number of keys larger"),
        hostile("more tensors than any", model.counting(100_001, 0), "a number of tensors larger"),
        hostile("keys that are not there", model.counting(0, 99_999), "download it again"),
        hostile("tensors that are not there", model.counting(99_999, 12), "ends at byte"),
    ]
}

fn keys() -> Vec<Hostile> {
    let model = Gguf::model;
    let huge = u64::MAX.to_le_bytes();
    let half = (u64::MAX >> 1).to_le_bytes();
    let long = vec![b'k'; 70_000];
    let layers = "it does not say how large its network is";
    let mut all = vec![
        hostile("a key without a name", model().raw("", U32, &[0; 4]).bytes(), "no name"),
        hostile(
            "a key twice",
            model().again("llama.block_count").bytes(),
            "`llama.block_count` is there twice",
        ),
        hostile("a key of 70,000 bytes", model().raw(&long, U32, &[0; 4]).bytes(), "a key larger"),
        hostile("a value of kind 13", model().raw("x", 13, &[]).bytes(), "unknown kind 13"),
        hostile(
            "a value of kind 2^32",
            model().raw("x", u32::MAX, &[]).bytes(),
            "unknown kind 4294967295",
        ),
        hostile("a text of 2^64 bytes", model().raw("x", TEXT, &huge).bytes(), "ends at byte"),
        hostile("a text of 2^63 bytes", model().raw("x", TEXT, &half).bytes(), "ends at byte"),
        hostile("an array of 2^64", model().array("x", U64, u64::MAX, &[]).bytes(), "`x` larger"),
        hostile(
            "an array of 10 million",
            model().array("x", U64, 10_000_000, &[]).bytes(),
            "ends at byte",
        ),
        hostile("texts of 2^64 bytes", model().array("x", TEXT, 2, &huge).bytes(), "ends at byte"),
        hostile("an array of kind 99", model().array("x", 99, 1, &[]).bytes(), "unknown kind 99"),
        hostile("no network", model().without("general.architecture").bytes(), "which network"),
        hostile(
            "a number for a network",
            model().number("general.architecture", 1).bytes(),
            "is no text",
        ),
        hostile(
            "a network without a name",
            model().text("general.architecture", "").bytes(),
            "which network",
        ),
        hostile(
            "an unknown network",
            model().text("general.architecture", "gptoss").bytes(),
            "`gptoss`",
        ),
        hostile(
            "an unknown network with a long name",
            model().text("general.architecture", &"n".repeat(4_000)).bytes(),
            "which docent's llama.cpp does not know",
        ),
        hostile(
            "a kind with a long name",
            model().text("general.type", &"n".repeat(4_000)).bytes(),
            "which does not write text",
        ),
        hostile(
            "a very long name",
            model().text("general.name", &"n".repeat(5_000)).bytes(),
            "`general.name` larger",
        ),
        hostile(
            "a template without end",
            model().text("tokenizer.chat_template", &"{{ x }}".repeat(200_000)).bytes(),
            "`tokenizer.chat_template` larger",
        ),
        hostile(
            "a number for a template",
            model().number("tokenizer.chat_template", 7).bytes(),
            "is no text",
        ),
        hostile(
            "a text for a number",
            model().text("split.count", "three").bytes(),
            "is no number",
        ),
        hostile(
            "a number below zero",
            model().raw("split.no", 5, &(-1_i32).to_le_bytes()).bytes(),
            "is no number",
        ),
        hostile("no tokenizer", model().without("tokenizer.ggml.model").bytes(), "no tokenizer"),
        hostile("no tokens", model().texts("tokenizer.ggml.tokens", &[]).bytes(), "no tokenizer"),
        hostile(
            "tokens as a text",
            model().text("tokenizer.ggml.tokens", "a b").bytes(),
            "no tokenizer",
        ),
        hostile(
            "a tokenizer of nothing",
            model().text("tokenizer.ggml.model", "none").bytes(),
            "no tokenizer",
        ),
        hostile("no layers", model().number("llama.block_count", 0).bytes(), layers),
        hostile("more layers than any", model().number("llama.block_count", 513).bytes(), layers),
        hostile("2^32 layers", model().number("llama.block_count", u32::MAX).bytes(), layers),
        hostile(
            "a width that is not said",
            model().without("llama.embedding_length").bytes(),
            layers,
        ),
    ];
    // Arrays inside of arrays, as deep as a stack could be.
    let mut nested = Vec::new();
    for _ in 0..10_000 {
        nested.extend(ARRAY.to_le_bytes());
        nested.extend(1_u64.to_le_bytes());
    }
    all.push(hostile(
        "arrays in arrays",
        model().raw("x", ARRAY, &nested).bytes(),
        "unknown kind 9",
    ));
    for alignment in [0, 3, 48, 1 << 31] {
        let bytes = model().number("general.alignment", alignment).bytes();
        all.push(hostile(
            &format!("aligned to {alignment}"),
            bytes,
            &format!("its alignment is {alignment}"),
        ));
    }
    all
}

fn tensors() -> Vec<Hostile> {
    let model = Gguf::model;
    let behind = "does not lie behind the one before it";
    let mut many = String::new();
    for _ in 0..64 {
        many.write_char('t').unwrap();
    }
    let largest = [u64::MAX, 1, 1, 1];
    vec![
        hostile(
            "a tensor's name of 64 bytes",
            model().tensor(&many, &[1], 0).bytes(),
            "a tensor's name larger",
        ),
        hostile(
            "a tensor twice",
            model().tensor("token_embd.weight", &[1], 0).bytes(),
            "is there twice",
        ),
        hostile("five dimensions", model().tensor("t", &[1; 5], 0).bytes(), "has 5 dimensions"),
        hostile(
            "2^64 elements",
            model().tensor_at("t", &[1 << 32, 1 << 32], 0, 512).bytes(),
            "a tensor larger",
        ),
        hostile(
            "2^63 elements",
            model().tensor_at("t", &largest, 0, 512).bytes(),
            "a tensor larger",
        ),
        hostile(
            "elements whose bytes overflow",
            model().tensor_at("t", &[1 << 62], 28, 512).bytes(),
            "a tensor larger",
        ),
        hostile(
            "weights of an unknown kind",
            model().tensor("t", &[1], 43).bytes(),
            "does not know yet (number 43)",
        ),
        hostile(
            "weights of kind 2^32",
            model().tensor("t", &[1], u32::MAX).bytes(),
            "does not know yet",
        ),
        hostile(
            "weights of a kind given up",
            model().tensor("t", &[1], 4).bytes(),
            "no longer reads (number 4)",
        ),
        hostile(
            "weights of another one",
            model().tensor("t", &[1], 33).bytes(),
            "no longer reads (number 33)",
        ),
        hostile("half a block", model().tensor("t", &[33], 2).bytes(), "has rows of 33"),
        hostile("weights upon others", model().tensor_at("t", &[1], 0, 0).bytes(), behind),
        hostile("weights far away", model().tensor_at("t", &[1], 0, 1 << 40).bytes(), behind),
        hostile(
            "weights at the end of all",
            model().tensor_at("t", &[1], 0, u64::MAX - 31).bytes(),
            behind,
        ),
        hostile(
            "weights that are not there",
            model().tensor_at("t", &[1 << 30], 0, 512).bytes(),
            "ends at byte",
        ),
    ]
}

/// Whole files that are something else.
fn other_files() -> Vec<Hostile> {
    let model = Gguf::model;
    let kind = |kind: &str| model().text("general.architecture", kind).bytes();
    let qwen = model()
        .text("general.architecture", "qwen3")
        .number("qwen3.block_count", 2)
        .number("qwen3.embedding_length", 64)
        .number("qwen3.pooling_type", 3);
    let parts = |number, count| model().number("split.no", number).number("split.count", count);
    let no_weights = Gguf { tensors: Vec::new(), next: 0, ..model() };
    vec![
        hostile(
            "eyes",
            model().text("general.type", "mmproj").bytes(),
            "reads pictures for another model",
        ),
        hostile("older eyes", kind("clip"), "reads pictures for another model"),
        hostile(
            "an adapter",
            model().text("general.type", "adapter").bytes(),
            "changes another model",
        ),
        hostile("an embedder", kind("bert"), "makes vectors"),
        hostile("an embedder that was a model", qwen.bytes(), "makes vectors"),
        hostile("a translator", kind("t5"), "translates"),
        hostile("a filler of gaps", kind("llada"), "fills gaps"),
        hostile("no weights", no_weights.bytes(), "holds no weights"),
        hostile(
            "eyes inside",
            model().tensor("v.blk.0.attn_q.weight", &[4], 0).bytes(),
            "in the same file",
        ),
        hostile("a later part", parts(1, 3).bytes(), "is part 2 of 3"),
        hostile(
            "a first part by another name",
            parts(0, 3).bytes(),
            "does not end in `-00001-of-00003.gguf`",
        ),
        hostile("2^32 parts", parts(0, u32::MAX).bytes(), "a number of parts larger"),
    ]
}
