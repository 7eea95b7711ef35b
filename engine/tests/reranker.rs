//! A reranker as a user would put one there: real files, run by the real ONNX Runtime.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;

use docent_engine::embed::{Bundled, RerankError, Reranker, load_runtime};

fn load() {
    let parts = Bundled::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/docent"));
    load_runtime(&parts.runtime).unwrap();
}

/// A copy of the small reranker, with its model in `onnx/` as the hubs keep it, one file of it changed or missing.
fn altered(name: &str, bytes: Option<&[u8]>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("onnx")).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/reranker");
    for entry in std::fs::read_dir(fixture).unwrap() {
        let path = entry.unwrap().path();
        let own = path.file_name().unwrap().to_str().unwrap();
        let target = if own == "model.onnx" { format!("onnx/{own}") } else { own.to_owned() };
        if target != name {
            std::fs::copy(&path, folder.path().join(target)).unwrap();
        }
    }
    if let Some(bytes) = bytes {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn question_and_passage_are_read_together() {
    load();
    let folder = altered("config.json", None);
    let mut reranker = Reranker::open(folder.path(), 1).unwrap();
    let score = |logit: f32| 1.0 / (1.0 + (-logit).exp());
    let near = |left: f32, right: f32| (left - right).abs() < 1e-6;
    assert!(near(reranker.score("Who?", "The Caretaker, at night.").unwrap(), score(6.0)));
    assert!(near(reranker.score("Who is there at night?", "The lease.").unwrap(), score(1.0)));
    // Cut at what the tokenizer allows, not refused.
    let long = "night ".repeat(1_000);
    assert!(reranker.score("Who?", &long).unwrap() > 0.999);
}

#[test]
fn what_is_wrong_with_a_reranker_is_told_with_its_file() {
    load();
    let embedder = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/docent/embedder/model.onnx"),
    )
    .unwrap();
    let told = |name: &str, bytes: Option<&[u8]>| {
        Reranker::open(altered(name, bytes).path(), 1).unwrap_err()
    };
    for (error, file) in [
        (told("onnx/model.onnx", None), "/model.onnx"),
        (told("tokenizer.json", None), "/tokenizer.json"),
        (told("tokenizer_config.json", None), "/tokenizer_config.json"),
        (told("onnx/model.onnx", Some(b"\x08\x08no model")), "/onnx/model.onnx"),
        (told("tokenizer.json", Some(b"{")), "/onnx/model.onnx"),
    ] {
        assert!(error.to_string().contains(&format!("{file}`")), "{error}");
    }
    assert!(matches!(told("onnx/model.onnx", Some(&embedder)), RerankError::Rerank { .. }));
}
