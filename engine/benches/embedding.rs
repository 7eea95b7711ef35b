//! How fast are texts embedded, beside fastembed as it comes?
//!
//!     cargo bench -p docent-engine
//!
//! It takes the parts that `make` puts into cargo's folder. fastembed's own way is one session with a thread for each
//! core, and a batch size; which is best differs between machines.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends")]

use std::path::Path;

use divan::Bencher;
use divan::counter::ItemsCount;
use docent_engine::embed::{Bundled, Embed as _, FastEmbedder, Settings, load_runtime};
use fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};

const PASSAGES: usize = 32;
/// About as many tokens as passages have with their contexts.
const WORDS: usize = 100;
/// Tokens that the embedder looks at.
const MAX_LENGTH: usize = 256;

fn main() {
    divan::main();
}

/// Stretches of the project's own documents.
fn passages() -> Vec<String> {
    let mut files: Vec<_> =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/library/notes"))
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "md" || ending == "txt"))
            .collect();
    files.sort_unstable();
    let texts: Vec<String> =
        files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
    let mut stretches = words.chunks_exact(WORDS).cycle();
    (0..PASSAGES).map(|_| stretches.next().unwrap().join(" ")).collect()
}

fn parts() -> Bundled {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let parts = Bundled::in_folder(&target.join("docent"));
    load_runtime(&parts.runtime).unwrap();
    parts
}

fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

#[divan::bench(sample_count = 6, sample_size = 1)]
fn docent(bencher: Bencher<'_, '_>) {
    let mut embedder =
        FastEmbedder::open(&parts().embedder, Settings::for_library(cores()), None).unwrap();
    let passages = passages();
    let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
    bencher
        .counter(ItemsCount::new(PASSAGES))
        .bench_local(|| embedder.embed_passages(&passages).unwrap());
}

#[divan::bench(args = [1, 4, 16, 32], sample_count = 6, sample_size = 1)]
fn fastembed_in_batches(bencher: Bencher<'_, '_>, batch: usize) {
    let folder = parts().embedder;
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let files = TokenizerFiles {
        tokenizer_file: read("tokenizer.json"),
        config_file: read("config.json"),
        special_tokens_map_file: read("special_tokens_map.json"),
        tokenizer_config_file: read("tokenizer_config.json"),
    };
    let model =
        UserDefinedEmbeddingModel::new(read("model.onnx"), files).with_pooling(Pooling::Mean);
    let options =
        InitOptionsUserDefined::new().with_max_length(MAX_LENGTH).with_intra_threads(cores());
    let mut session = TextEmbedding::try_new_from_user_defined(model, options).unwrap();
    let passages = passages();
    bencher
        .counter(ItemsCount::new(PASSAGES))
        .bench_local(|| session.embed(&passages, Some(batch)).unwrap());
}

/// What a reader waits for before a search begins.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn question(bencher: Bencher<'_, '_>) {
    let mut embedder =
        FastEmbedder::open(&parts().embedder, Settings::for_questions(cores()), None).unwrap();
    bencher.bench_local(|| {
        embedder.embed_query("How long is the notice period of the lease in Harbour Street?")
    });
}
