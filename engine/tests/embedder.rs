//! The bundled embedder as it is shipped: real files, real vectors.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};

use docent_engine::embed::{
    Bundled, Embed as _, EmbedError, FastEmbedder, Settings, TokenCounter, embedder_id,
    load_runtime,
};

fn bundled() -> Bundled {
    let bundled =
        Bundled::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/docent"));
    bundled.check().unwrap_or_else(|error| panic!("{error}: run `make test`, which puts it there"));
    load_runtime(&bundled.runtime).unwrap();
    bundled
}

fn open(settings: Settings) -> FastEmbedder {
    FastEmbedder::open(&bundled().embedder, settings, None).unwrap()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// A copy of the bundled embedder with one file replaced, or without it.
fn altered(name: &str, bytes: Option<&[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(bundled().embedder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let path = folder.path().join(name);
    match bytes {
        Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        None => std::fs::remove_file(&path).unwrap(),
    }
    (folder, path)
}

#[test]
fn vectors_have_length_one_and_put_like_beside_like() {
    let mut embedder = open(Settings::for_questions(1));
    assert_eq!(embedder.dimension(), 384);
    let vectors = embedder
        .embed_passages(&[
            "The rent is due on the first day of each month.",
            "The pump must be vented before it is started.",
        ])
        .unwrap();
    let question = embedder.embed_query("When do I have to pay the landlord?").unwrap();
    for vector in vectors.iter().chain([&question]) {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
    assert!(cosine(&question, &vectors[0]) > cosine(&question, &vectors[1]) + 0.2);
}

#[test]
fn several_sessions_give_the_vectors_of_one_in_the_order_asked() {
    let texts: Vec<String> = (1..40).map(|n| "valve ".repeat(n % 7 + 1) + &n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let one = open(Settings { sessions: 1, threads: 1 }).embed_passages(&texts).unwrap();
    let two = open(Settings { sessions: 2, threads: 1 }).embed_passages(&texts).unwrap();
    assert_eq!(one, two);
    assert!(open(Settings::for_library(2)).embed_passages(&[]).unwrap().is_empty());
}

#[test]
fn a_passage_of_256_tokens_is_read_to_its_end() {
    let mut embedder = open(Settings::for_questions(1));
    let counter = TokenCounter::open(&bundled().embedder).unwrap();
    let start = "The tenant shall keep the garden in good order. ".repeat(24);
    let (one, other) =
        (format!("{start}Dogs are allowed."), format!("{start}The roof leaks badly."));
    assert!(counter.count(&one) > 240 && counter.count(&one) <= 254, "{}", counter.count(&one));
    let vectors = embedder.embed_passages(&[&one, &other]).unwrap();
    assert!(cosine(&vectors[0], &vectors[1]) < 0.999);
}

#[test]
fn the_counter_neither_cuts_nor_pads() {
    let counter = TokenCounter::open(&bundled().embedder).unwrap();
    assert_eq!(counter.count(""), 0);
    assert_eq!(counter.count("the rent"), 2);
    assert_eq!(counter.count(&"rent ".repeat(1000)), 1000);
}

#[test]
fn the_id_follows_the_files() {
    let folder = bundled().embedder;
    let id = embedder_id(&folder).unwrap();
    assert_eq!(FastEmbedder::open(&folder, Settings::for_questions(1), None).unwrap().id(), &id);
    let (altered, _) = altered("sentence_bert_config.json", Some(b"{\"max_seq_length\": 128}"));
    assert_ne!(embedder_id(altered.path()).unwrap(), id);
}

#[test]
fn a_missing_or_damaged_file_is_an_error_that_names_it() {
    let check = |name: &str, bytes: Option<&[u8]>| {
        let (folder, path) = altered(name, bytes);
        let error =
            FastEmbedder::open(folder.path(), Settings::for_questions(1), None).unwrap_err();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        error
    };
    assert!(matches!(check("model.onnx", None), EmbedError::Missing { .. }));
    assert!(matches!(check("model.onnx", Some(b"")), EmbedError::Model { .. }));
    let model = std::fs::read(bundled().embedder.join("model.onnx")).unwrap();
    assert!(matches!(
        check("model.onnx", Some(&model[..model.len() / 2])),
        EmbedError::Model { .. }
    ));
    assert!(matches!(check("tokenizer.json", None), EmbedError::Missing { .. }));
}

#[test]
fn a_model_and_its_tokenizer_are_enough() {
    let folder = tempfile::tempdir().unwrap();
    let bundled = bundled().embedder;
    // As repositories have it that hold a model in several formats.
    std::fs::create_dir(folder.path().join("onnx")).unwrap();
    std::fs::copy(bundled.join("model.onnx"), folder.path().join("onnx/model.onnx")).unwrap();
    std::fs::copy(bundled.join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    docent_engine::embed::check_embedder(folder.path()).unwrap();
    let mut bare = FastEmbedder::open(folder.path(), Settings::for_questions(1), None).unwrap();
    let text = "The rent is due on the first day of each month.";
    let mut whole = open(Settings::for_questions(1));
    assert!(cosine(&bare.embed_query(text).unwrap(), &whole.embed_query(text).unwrap()) > 0.9999);
    // What is said is taken, and what would give wrong vectors is refused.
    let settings = r#"{"prompts": {"query": "query: ", "document": "passage: "}}"#;
    let path = folder.path().join("config_sentence_transformers.json");
    std::fs::write(path, settings).unwrap();
    assert_ne!(embedder_id(folder.path()).unwrap(), *bare.id());
    let modules = r#"[{"type": "sentence_transformers.models.Dense"}]"#;
    std::fs::write(folder.path().join("modules.json"), modules).unwrap();
    let error = docent_engine::embed::check_embedder(folder.path()).unwrap_err();
    assert!(matches!(error, EmbedError::Unsupported { .. }), "{error}");
}

#[test]
fn a_missing_runtime_is_an_error() {
    let missing = Path::new("/nowhere/libonnxruntime.so");
    let bundled = Bundled { runtime: missing.to_owned(), embedder: bundled().embedder };
    assert!(matches!(bundled.check(), Err(EmbedError::RuntimeMissing { path }) if path == missing));
}
