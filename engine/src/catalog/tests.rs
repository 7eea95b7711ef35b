use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// A folder of a user's.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn write(&self, below: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A small model of its own: no two have the same bytes.
    fn model(&self, below: &str) -> PathBuf {
        self.write(below, model(below))
    }

    fn link(&self, target: &str, below: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn list(&self, places: &[(Origin, &str)]) -> Vec<Found> {
        let places: Vec<Place> = places
            .iter()
            .map(|(origin, folder)| Place { origin: *origin, folder: self.path(folder) })
            .collect();
        list(&places, &CancellationToken::new())
    }

    /// Names and origins, and paths below this folder.
    #[track_caller]
    fn check(&self, places: &[(Origin, &str)], expected: &[(&str, Origin, &str)]) {
        let found = self.list(places);
        let found: Vec<(&str, Origin, PathBuf)> = found
            .iter()
            .map(|model| {
                (&*model.name, model.origin, model.path.strip_prefix(self.0.path()).unwrap().into())
            })
            .collect();
        let expected: Vec<(&str, Origin, PathBuf)> =
            expected.iter().map(|(name, origin, path)| (*name, *origin, path.into())).collect();
        assert_eq!(found, expected);
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)).unwrap()
}

/// A small model that ends in `mark`.
fn model(mark: &str) -> Vec<u8> {
    let mut bytes = fixture("tiny.gguf");
    bytes.extend(mark.bytes());
    bytes
}

fn manifest(digest: &str) -> String {
    format!(
        r#"{{"schemaVersion": 2, "config": {{"mediaType": "a", "digest": "sha256:00", "size": 1}}, "layers": [
            {{"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:11", "size": 1}},
            {{"mediaType": "application/vnd.ollama.image.model", "digest": "{digest}", "size": 1}}]}}"#
    )
}

#[test]
fn ollamas_names_come_from_its_manifests() {
    let home = Home::new();
    for blob in ["aa", "bb", "cc"] {
        home.model(&format!("o/blobs/sha256-{blob}"));
    }
    let at =
        |path: &str, digest: &str| home.write(&format!("o/manifests/{path}"), manifest(digest));
    at("registry.ollama.ai/library/llama3.2/latest", "sha256:aa");
    at("registry.ollama.ai/library/llama3.2/3b", "sha256:aa");
    at("registry.ollama.ai/someone/mine/latest", "sha256:bb");
    at("hf.co/publisher/Some-GGUF/Q4_K_M", "sha256:cc");
    at("registry.ollama.ai/library/lost/7b", "sha256:dd");
    // What leads elsewhere is no blob.
    at("registry.ollama.ai/library/out/1b", "sha256:../../secret");
    home.write("o/manifests/registry.ollama.ai/library/remote/1b", r#"{"layers": []}"#);
    home.write("o/manifests/registry.ollama.ai/library/broken/1b", "{");
    home.check(
        &[(Origin::Ollama, "o")],
        &[
            ("hf.co/publisher/Some-GGUF:Q4_K_M", Origin::Ollama, "o/blobs/sha256-cc"),
            ("llama3.2:3b", Origin::Ollama, "o/blobs/sha256-aa"),
            ("lost:7b", Origin::Ollama, "o/blobs/sha256-dd"),
            ("someone/mine:latest", Origin::Ollama, "o/blobs/sha256-bb"),
        ],
    );
    let found = home.list(&[(Origin::Ollama, "o")]);
    assert!(found[1].aliases.contains(&"llama3.2:latest".to_owned()), "{:?}", found[1].aliases);
    assert!(matches!(found[2].header, Err(Fault::Missing)));
}

#[test]
fn a_blob_of_hugging_faces_is_one_model_by_the_name_of_its_main_revision() {
    let home = Home::new();
    let repository = "hub/models--owner--Some-3B-GGUF";
    home.model(&format!("{repository}/blobs/one"));
    home.model(&format!("{repository}/blobs/two"));
    for revision in ["1111111111", "9999999999"] {
        home.link("../../blobs/one", &format!("{repository}/snapshots/{revision}/some-3b-q4.gguf"));
    }
    home.link(
        "../../../blobs/two",
        &format!("{repository}/snapshots/9999999999/BF16/ggml-model-bf16.gguf"),
    );
    home.link("../../blobs/gone", &format!("{repository}/snapshots/9999999999/some-3b-q8.gguf"));
    home.write(&format!("{repository}/refs/main"), "9999999999");
    home.model("hub/datasets--owner--data/snapshots/1/not-looked-at.gguf");
    let at = |file: &str| format!("{repository}/snapshots/9999999999/{file}");
    home.check(
        &[(Origin::HuggingFace, "hub")],
        &[
            ("Some-3B-bf16", Origin::HuggingFace, &at("BF16/ggml-model-bf16.gguf")),
            ("some-3b-q4", Origin::HuggingFace, &at("some-3b-q4.gguf")),
            ("some-3b-q8", Origin::HuggingFace, &at("some-3b-q8.gguf")),
        ],
    );
    assert!(matches!(home.list(&[(Origin::HuggingFace, "hub")])[2].header, Err(Fault::DeadLink)));
}

#[test]
fn jans_descriptions_lead_to_files_elsewhere() {
    let home = Home::new();
    home.model("jan/llamacpp/models/janhq/Jan-4B/model.gguf");
    home.write(
        "jan/llamacpp/models/janhq/Jan-4B/model.yml",
        "name: Jan\nmodel_path: llamacpp/models/janhq/Jan-4B/model.gguf\n",
    );
    let elsewhere = home.model("downloads/phi.gguf");
    home.write(
        "jan/llamacpp/models/phi-4-mini/model.yml",
        format!("model_path: \"{}\"\nmmproj_path: x\n", elsewhere.display()),
    );
    home.model("jan/models/old-one/old-one.Q4.gguf");
    home.check(
        &[(Origin::Jan, "jan")],
        &[
            ("Jan-4B", Origin::Jan, "jan/llamacpp/models/janhq/Jan-4B/model.gguf"),
            ("phi-4-mini", Origin::Jan, "downloads/phi.gguf"),
            ("old-one.Q4", Origin::Jan, "jan/models/old-one/old-one.Q4.gguf"),
        ],
    );
}

#[test]
fn a_model_is_found_once_and_models_of_one_name_are_told_apart() {
    let home = Home::new();
    let first = home.model("lm/publisher/Repo-GGUF/some-q4.gguf");
    std::fs::create_dir(home.path("own")).unwrap();
    std::fs::hard_link(first, home.path("own/mine.gguf")).unwrap();
    home.link("../lm/publisher/Repo-GGUF/some-q4.gguf", "own/again.gguf");
    home.model("lm/another/Repo-GGUF/some-q4.gguf");
    home.model("cache/owner_Repo-GGUF_some-q4.gguf");
    home.model("lm/parts-00001-of-00002.gguf");
    home.check(
        &[(Origin::Docent, "own"), (Origin::LmStudio, "lm"), (Origin::LlamaCpp, "cache")],
        &[
            ("again", Origin::Docent, "own/again.gguf"),
            ("another/Repo-GGUF/some-q4", Origin::LmStudio, "lm/another/Repo-GGUF/some-q4.gguf"),
            ("parts", Origin::LmStudio, "lm/parts-00001-of-00002.gguf"),
            (
                "llama.cpp/owner_Repo-GGUF_some-q4",
                Origin::LlamaCpp,
                "cache/owner_Repo-GGUF_some-q4.gguf",
            ),
        ],
    );
    let found = home.list(&[(Origin::Docent, "own"), (Origin::LmStudio, "lm")]);
    for alias in ["mine", "some-q4", "publisher/Repo-GGUF/some-q4"] {
        assert!(found[0].aliases.iter().any(|known| known == alias), "{:?}", found[0].aliases);
    }
}

#[test]
fn loops_dead_ends_and_closed_folders_are_passed_over() {
    let home = Home::new();
    home.model("models/deep/er/some.gguf");
    home.link("..", "models/deep/back");
    home.link(".", "models/self");
    home.link("nowhere", "models/dead");
    std::fs::create_dir(home.path("models/folder.gguf")).unwrap();
    let closed = home.model("models/closed/hidden.gguf").parent().unwrap().to_owned();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut too_deep = "models".to_owned();
    for _ in 0..30 {
        too_deep.push_str("/d");
    }
    home.model(&format!("{too_deep}/too-deep.gguf"));
    let found = home.list(&[(Origin::LmStudio, "models"), (Origin::LmStudio, "nowhere")]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let names: Vec<_> =
        found.iter().map(|model| &*model.name).filter(|name| *name != "hidden").collect();
    assert_eq!(names, ["some"]);
}

#[test]
fn a_file_that_is_named_joins_the_list_once() {
    let home = Home::new();
    home.model("own/some.gguf");
    let other = home.model("elsewhere/some.gguf");
    let mut models = home.list(&[(Origin::Docent, "own")]);
    assert_eq!(with_file(&mut models, &home.path("own/../own/some.gguf")), Some(0));
    assert_eq!(with_file(&mut models, &other), Some(1));
    assert_eq!(models[1].name, other.to_str().unwrap());
    assert_eq!(with_file(&mut models, &home.path("absent.gguf")), Some(2));
    assert!(matches!(models[2].header, Err(Fault::Missing)));
}

#[test]
fn what_can_be_used_is_meant_before_what_can_not() {
    let home = Home::new();
    home.model("own/qwen3-4b-q4.gguf");
    home.write("own/qwen3-4b-q8.gguf", "half a file");
    home.model("own/gemma-3-4b.gguf");
    let models = home.list(&[(Origin::Docent, "own")]);
    let meant = |typed| find(&models, typed).map(|index| models[index].name.clone());
    assert_eq!(meant("qwen3:4b"), Ok("qwen3-4b-q4".to_owned()));
    assert_eq!(meant("qwen3-4b-q8"), Ok("qwen3-4b-q8".to_owned()));
    let error = meant("4b").unwrap_err().to_string();
    assert_eq!(error, "`4b` could be any of `gemma-3-4b`, `qwen3-4b-q4`");
    assert_eq!(meant("phi").unwrap_err().to_string(), "there is no model `phi` on this machine");
}

#[test]
fn embedders_are_folders_with_a_model_and_a_tokenizer() {
    let home = Home::new();
    let embedder = |folder: &str, model: &str| {
        home.write(&format!("{folder}/{model}"), "onnx");
        home.write(&format!("{folder}/tokenizer.json"), "{}");
    };
    embedder("own/small", "model.onnx");
    home.write("own/half/model.onnx", "onnx");
    home.write("own/readme.txt", "");
    embedder("hub/models--BAAI--bge-small-en-v1.5/snapshots/aa", "onnx/model.onnx");
    embedder("hub/models--BAAI--bge-small-en-v1.5/snapshots/bb", "onnx/model.onnx");
    home.write("hub/models--BAAI--bge-small-en-v1.5/refs/main", "bb");
    home.model("hub/models--owner--Some-GGUF/snapshots/cc/some.gguf");
    let found = embedders(&home.path("own"), Some(&home.path("hub")));
    let told: Vec<_> = found
        .iter()
        .map(|embedder| (&*embedder.name, embedder.bytes, embedder.fault.is_none()))
        .collect();
    assert_eq!(told, [("half", 4, false), ("small", 4, true), ("bge-small-en-v1.5", 4, true)]);
    assert!(found[2].folder.ends_with("snapshots/bb"));
    let meant = |typed| find_embedder(&found, typed).map(|index| found[index].name.clone());
    assert_eq!(meant("bge"), Ok("bge-small-en-v1.5".to_owned()));
    assert_eq!(meant("small"), Ok("small".to_owned()));
    assert!(meant("e5").is_err());
}

/// A model of so many million parameters in 4 bits each.
fn sized(name: &str, millions: u64, change: impl FnOnce(&mut Found)) -> Found {
    let home = Home::new();
    let path = home.model("own/some.gguf");
    let mut header = Header::read(&path).unwrap();
    header.parameters = millions * 1_000_000;
    header.active_parameters = header.parameters;
    header.bytes = header.parameters / 2;
    header.name = None;
    header.chat_template = Some(String::new());
    let mut found = Found {
        name: name.to_owned(),
        aliases: Vec::new(),
        origin: Origin::Ollama,
        path,
        bytes: header.bytes,
        header: Ok(header),
    };
    change(&mut found);
    found
}

fn header(found: &mut Found) -> &mut Header {
    found.header.as_mut().unwrap()
}

#[track_caller]
fn check_choice(models: &[Found], gigabytes: u64, cores: usize, expected: Option<&str>) {
    let chosen = choose(models, 8_192, gigabytes * 1_000_000_000, cores);
    assert_eq!(chosen.map(|index| &*models[index].name), expected);
}

#[test]
fn the_largest_model_that_fits_and_is_fast_enough_is_chosen() {
    let models = || {
        vec![sized("1b", 1_200, |_| {}), sized("4b", 4_000, |_| {}), sized("14b", 14_000, |_| {})]
    };
    check_choice(&models(), 24, 8, Some("14b"));
    // Fourteen billion are slow on two cores, and too much for six gigabytes.
    check_choice(&models(), 24, 2, Some("4b"));
    check_choice(&models(), 6, 16, Some("4b"));
    check_choice(&models(), 2, 8, Some("1b"));
    check_choice(&models(), 0, 8, None);
    check_choice(&[], 24, 8, None);
}

#[test]
fn a_mixture_of_experts_is_as_fast_as_what_it_uses() {
    let experts = sized("30b-a3b", 30_000, |model| header(model).active_parameters = 3_300_000_000);
    check_choice(&[sized("4b", 4_000, |_| {}), experts], 24, 2, Some("30b-a3b"));
}

#[test]
fn what_is_made_for_something_else_is_not_chosen() {
    let models = vec![
        sized("no-template", 4_000, |model| header(model).chat_template = None),
        sized("some-4b-base", 4_000, |_| {}),
        sized("named", 4_000, |model| header(model).name = Some("Qwen Coder 4B".to_owned())),
        sized("tiny", 600, |_| {}),
        sized("broken", 4_000, |model| model.header = Err(Fault::NotGguf)),
    ];
    check_choice(&models, 24, 8, None);
}

#[test]
fn docents_own_models_and_exact_weights_go_first() {
    let exact = || sized("8-bit", 4_000, |model| header(model).bytes = 4_200_000_000);
    check_choice(&[exact(), sized("4-bit", 4_010, |_| {})], 24, 8, Some("8-bit"));
    let own = sized("own", 1_200, |model| model.origin = Origin::Docent);
    check_choice(&[exact(), own], 24, 8, Some("own"));
}
