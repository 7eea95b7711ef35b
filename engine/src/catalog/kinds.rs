//! How does ggml store weights, and which networks does llama.cpp know?
//!
//! Tables of the llama.cpp that is built in; `tests/it/models.rs` compares them with its source.

/// How many elements of a tensor are stored in how many bytes, by ggml's number of the kind; none for a number that ggml
/// does not use (any more).
pub(super) fn tensor_block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        // F32, I32
        0 | 26 => (1, 4),
        // F16, I16, BF16
        1 | 25 | 30 => (1, 2),
        // Q4_0, IQ4_NL
        2 | 20 => (32, 18),
        // Q4_1
        3 => (32, 20),
        // Q5_0
        6 => (32, 22),
        // Q5_1
        7 => (32, 24),
        // Q8_0
        8 => (32, 34),
        // Q8_1
        9 => (32, 36),
        // Q2_K
        10 => (256, 84),
        // Q3_K, IQ3_S
        11 | 21 => (256, 110),
        // Q4_K
        12 => (256, 144),
        // Q5_K
        13 => (256, 176),
        // Q6_K
        14 => (256, 210),
        // Q8_K
        15 => (256, 292),
        // IQ2_XXS, TQ2_0
        16 | 35 => (256, 66),
        // IQ2_XS
        17 => (256, 74),
        // IQ3_XXS
        18 => (256, 98),
        // IQ1_S
        19 => (256, 50),
        // IQ2_S
        22 => (256, 82),
        // IQ4_XS
        23 => (256, 136),
        // I8
        24 => (1, 1),
        // I64, F64
        27 | 28 => (1, 8),
        // IQ1_M
        29 => (256, 56),
        // TQ1_0
        34 => (256, 54),
        // MXFP4
        39 => (32, 17),
        // NVFP4
        40 => (64, 36),
        // Q1_0
        41 => (128, 18),
        // Q2_0
        42 => (64, 18),
        _ => return None,
    })
}

/// One more than the largest number of a kind of tensor.
pub(super) const TENSOR_KINDS: u32 = 43;

/// The name of a quantization, by llama.cpp's number of the file's type.
pub(super) fn quantization(file_type: u64) -> Option<&'static str> {
    Some(match file_type {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return None,
    })
}

/// Whether llama.cpp can build a network of this name that continues a text.
pub(super) fn is_known_network(architecture: &str) -> bool {
    WRITERS.contains(&architecture)
}

/// What a network of this name does that is not continuing a text; none for one that does, or that is unknown.
pub(super) fn other_use(architecture: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(_, names)| names.contains(&architecture)).map(|(purpose, _)| *purpose)
}

/// Networks that llama.cpp loads, and parts of models, that don't continue a text token by token.
const OTHERS: [(&str, &[&str]); 6] = [
    ("reads pictures for another model", &["clip", "mllama"]),
    (
        "makes vectors",
        &[
            "bert",
            "nomic-bert",
            "nomic-bert-moe",
            "jina-bert-v2",
            "jina-bert-v3",
            "modern-bert",
            "neo-bert",
            "eurobert",
            "gemma-embedding",
            "llama-embed",
            "t5encoder",
        ],
    ),
    ("translates and does not converse", &["t5"]),
    ("fills gaps instead of writing word by word", &["dream", "llada", "llada-moe", "rnd1"]),
    ("helps another model to be faster", &["eagle3", "dflash", "gemma4-assistant"]),
    (
        "is for sound or for sorting, not for text",
        &["wavtokenizer-dec", "whisper", "qwen3tts", "pockettts", "clef"],
    ),
];

/// The names of networks by which llama.cpp knows them.
const WRITERS: [&str; 130] = [
    "afmoe",
    "apertus",
    "arcee",
    "arctic",
    "arwkv7",
    "baichuan",
    "bailingmoe",
    "bailingmoe2",
    "bailingmoe3",
    "bitnet",
    "bloom",
    "chameleon",
    "chatglm",
    "codeshell",
    "cogvlm",
    "cohere2",
    "cohere2moe",
    "command-r",
    "dbrx",
    "deci",
    "deepseek",
    "deepseek2",
    "deepseek2-ocr",
    "deepseek32",
    "deepseek4",
    "dots1",
    "dots3note",
    "ernie4_5",
    "ernie4_5-moe",
    "exaone",
    "exaone-moe",
    "exaone4",
    "falcon",
    "falcon-h1",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gemma4",
    "glm-dsa",
    "glm4",
    "glm4moe",
    "glm5-next",
    "gpt-oss",
    "gpt2",
    "gptj",
    "gptneox",
    "granite",
    "granite_swa",
    "granitehybrid",
    "granitemoe",
    "graniteswitch",
    "grok",
    "grovemoe",
    "hrm_text",
    "hunyuan-dense",
    "hunyuan-moe",
    "hunyuan_vl",
    "hy_v3",
    "hy_v4",
    "internlm2",
    "jais",
    "jais2",
    "jamba",
    "kimi-k3",
    "kimi-linear",
    "laguna",
    "lfm2",
    "lfm2moe",
    "llama",
    "llama4",
    "maincoder",
    "mamba",
    "mamba2",
    "maple",
    "mellum",
    "mimo2",
    "minicpm",
    "minicpm3",
    "minimax-01",
    "minimax-m2",
    "minimax-m3",
    "mistral3",
    "mistral4",
    "mpt",
    "muse-glimmer",
    "nanbeige",
    "nemotron",
    "nemotron_h",
    "nemotron_h_moe",
    "olmo",
    "olmo2",
    "olmoe",
    "openelm",
    "orion",
    "paddleocr",
    "pangu-embedded",
    "phi2",
    "phi3",
    "phimoe",
    "plamo",
    "plamo2",
    "plamo3",
    "plm",
    "qwen",
    "qwen2",
    "qwen2moe",
    "qwen2vl",
    "qwen3",
    "qwen35",
    "qwen35moe",
    "qwen3moe",
    "qwen3next",
    "qwen3vl",
    "qwen3vlmoe",
    "qwen4exp",
    "refact",
    "rwkv6",
    "rwkv6qwen2",
    "rwkv7",
    "seed_oss",
    "smallthinker",
    "smollm3",
    "spark2_5",
    "stablelm",
    "starcoder",
    "starcoder2",
    "step35",
    "talkie",
    "xverse",
];
