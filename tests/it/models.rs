//! Are the models of this machine found, named, measured and chosen, and are files that are none refused?

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::docent::{Docent, Printed, fixture};
use crate::hostile::{self, Gguf};
use crate::process::{command, printed_by};

/// A user with folders of models, and with a library.
struct User {
    home: TempDir,
    docent: Docent,
}

impl User {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap(), docent: Docent::with_fixtures() }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn write(&self, below: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A small model whose name in its header is `name`.
    fn model(&self, below: &str) -> PathBuf {
        let tiny = std::fs::read(fixture("tiny.gguf")).unwrap();
        self.write(below, [&tiny, below.as_bytes()].concat())
    }

    /// Runs docent as this user, who has set nothing.
    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Printed {
        let output = command(env!("CARGO_BIN_EXE_docent"))
            .env("HOME", self.home.path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CACHE_HOME")
            .arg("--home")
            .arg(self.docent.home())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Printed {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }

    fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let printed = self.run(arguments);
        serde_json::from_str(&printed.stdout).unwrap_or_else(|error| panic!("{error}: {printed:?}"))
    }

    /// The models of this user, without those of a service that may run on the machine.
    fn models(&self) -> Vec<Value> {
        let listed = self.json(["--models", "--json"]);
        assert_eq!(listed["schema"], 1);
        let models = listed["models"].as_array().unwrap().iter().cloned();
        models.filter(|model| self.is_own(Path::new(model["path"].as_str().unwrap()))).collect()
    }

    fn is_own(&self, path: &Path) -> bool {
        path.starts_with(self.home.path()) || path.starts_with(self.docent.home())
    }
}

/// Every program's folder as that program lays it out, each with a model of its own.
fn with_all() -> User {
    let user = User::new();
    let own = user.docent.home().join("models/own.gguf");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::copy(fixture("tiny.gguf"), own).unwrap();

    user.model(".ollama/models/blobs/sha256-0a1b");
    let manifest = r#"{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:0a1b"}]}"#;
    for tag in ["latest", "3b"] {
        let library = ".ollama/models/manifests/registry.ollama.ai/library";
        user.write(&format!("{library}/llama3.2/{tag}"), manifest);
    }

    let publisher = ".lmstudio/models/lmstudio-community/gemma-3-4b-it-GGUF";
    let gemma = user.model(&format!("{publisher}/gemma-3-4b-it-Q4_K_M.gguf"));
    user.write(
        &format!("{publisher}/mmproj-model-f16.gguf"),
        Gguf::model().text("general.type", "mmproj").bytes(),
    );
    // Who had it before it moved may have both.
    std::fs::create_dir_all(user.path(".cache/lm-studio/models/a/b")).unwrap();
    std::fs::hard_link(gemma, user.path(".cache/lm-studio/models/a/b/gemma-3-4b-it-Q4_K_M.gguf"))
        .unwrap();

    user.model(".cache/llama.cpp/ggml-org_Phi-4-mini-GGUF_phi-4-mini-q4_k_m.gguf");

    let repository = ".cache/huggingface/hub/models--bartowski--SmolLM2-1.7B-GGUF";
    user.model(&format!("{repository}/blobs/9f"));
    for revision in ["1f2e3d4c", "5b6a7988"] {
        let link = user.path(&format!("{repository}/snapshots/{revision}/SmolLM2-1.7B-Q8_0.gguf"));
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink("../../blobs/9f", link).unwrap();
    }
    user.write(&format!("{repository}/refs/main"), "5b6a7988");

    user.model(".local/share/nomic.ai/GPT4All/Mistral-7B-Instruct.Q4_0.gguf");

    let jan = ".local/share/Jan/data/llamacpp/models/janhq/Jan-v1-4B";
    user.model(&format!("{jan}/model.gguf"));
    user.write(
        &format!("{jan}/model.yml"),
        "model_path: llamacpp/models/janhq/Jan-v1-4B/model.gguf\n",
    );

    let first = Gguf::model().number("split.no", 0).number("split.count", 2);
    let second = Gguf::empty().number("split.no", 1).number("split.count", 2).tensor("t", &[8], 0);
    let parts = ".lmstudio/models/someone/large";
    user.write(&format!("{parts}/large-q4-00001-of-00002.gguf"), first.bytes());
    user.write(&format!("{parts}/large-q4-00002-of-00002.gguf"), second.bytes());
    user
}

#[test]
fn each_model_is_found_once_named_well_with_its_origin() {
    let user = with_all();
    let models = user.models();
    let found: Vec<(&str, &str, bool)> = models
        .iter()
        .map(|model| {
            let text = |name: &str| model[name].as_str().unwrap();
            (text("name"), text("origin"), model["usable"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("own", "docent", true),
            ("llama3.2:3b", "ollama", true),
            ("gemma-3-4b-it-Q4_K_M", "lm-studio", true),
            ("mmproj-model-f16", "lm-studio", false),
            ("large-q4", "lm-studio", true),
            ("phi-4-mini-q4_k_m", "llama.cpp", true),
            ("SmolLM2-1.7B-Q8_0", "hugging-face", true),
            ("Mistral-7B-Instruct.Q4_0", "gpt4all", true),
            ("Jan-v1-4B", "jan", true),
        ]
    );
    let large = models.iter().find(|model| model["name"] == "large-q4").unwrap();
    assert_eq!(large["files"], 2);
    let smol = models.iter().find(|model| model["origin"] == "hugging-face").unwrap();
    let path = smol["path"].as_str().unwrap();
    assert!(path.contains("snapshots/5b6a7988"), "the revision that is the main one: {path}");
    for model in models.iter().filter(|model| model["usable"] == true) {
        let needs = &model["needs"];
        let total: u64 =
            ["weights", "state", "working"].iter().map(|part| needs[part].as_u64().unwrap()).sum();
        assert_eq!(needs["total"].as_u64(), Some(total));
        assert!(total > model["bytes"].as_u64().unwrap());
        assert!(model["spare"].as_i64().unwrap() > 0, "{model}");
    }
}

#[test]
fn the_table_tells_what_fits_and_what_is_wrong() {
    let user = User::new();
    user.model(".lmstudio/models/a/b/good-q4.gguf");
    user.write(
        ".lmstudio/models/a/b/half.gguf",
        &std::fs::read(fixture("tiny.gguf")).unwrap()[..9_000],
    );
    // A pipe under a model's name: who reads it waits for ever.
    let pipe = user.path(".lmstudio/models/a/b/pipe.gguf");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let printed = user.run(["--models"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let good = printed.stdout.lines().find(|line| line.contains("good-q4")).unwrap();
    let said = ["lm studio", "F16", "464 kB", "fits, ", "to spare"];
    assert!(said.iter().all(|said| good.contains(said)), "{good}");
    let told = printed.stdout.replace(user.home.path().to_str().unwrap(), "HOME");
    assert!(told.contains("half.gguf` ends at byte 9000, in the middle of the model"), "{told}");
    assert!(told.contains("pipe.gguf` is not a GGUF file"), "{told}");
    assert!(
        printed.stderr.contains("answers are quotes unless --model names a model"),
        "{printed:?}"
    );
}

#[test]
fn as_much_of_a_name_as_no_other_model_has_is_enough() {
    let user = with_all();
    let answered = |name: &str| {
        let printed =
            user.run(["--ask", "How long is the notice period?", "--json", "--model", name]);
        let answered: Value = serde_json::from_str(&printed.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {printed:?}"));
        assert!(answered["usage"]["written_tokens"].as_u64().is_some(), "{name}: {answered}");
        printed.stderr
    };
    for (typed, meant) in [
        ("llama3.2", "llama3.2:3b"),
        ("GEMMA-3-4B", "gemma-3-4b-it-Q4_K_M"),
        ("smollm2:1.7b", "SmolLM2-1.7B-Q8_0"),
    ] {
        let told = answered(typed);
        assert!(told.contains(&format!("loading `{meant}`")), "{typed}: {told}");
    }
}

#[test]
fn names_that_mean_none_or_several_are_errors_that_say_what_is_there() {
    let user = with_all();
    let refused = |name: &str| {
        let printed = user.run(["--quiet", "--ask", "Who?", "--model", name]);
        assert_eq!(printed.code, Some(2), "{name}: {printed:?}");
        assert_eq!(printed.stdout, "");
        printed.stderr
    };
    let told =
        ["gemini", "lalma3.2:3b", "4b", "mmproj", "Mistral-8B.gguf", "./src"].map(refused).concat();
    let (there, told): (Vec<&str>, Vec<&str>) =
        told.lines().partition(|line| line.starts_with("hint: there are"));
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|line| line.contains("`own`, `llama3.2:3b`, ")), "{there:?}");
    insta::assert_snapshot!(told.join("\n"), @r"
    error: there is no model `gemini` on this machine
    error: there is no model `lalma3.2:3b` on this machine: did you mean `llama3.2:3b`?
    error: `4b` could be any of `gemma-3-4b-it-Q4_K_M`, `Jan-v1-4B`
    hint: give more of its name, or its path
    error: `mmproj-model-f16` is of the kind `mmproj`, which reads pictures for another model: choose an instruct model
    error: can't find `Mistral-8B.gguf`: No such file or directory
    error: `./src` is a folder
    hint: name the GGUF file in it
    ");
}

/// A model's file of some size that takes no room: it has holes where its weights should be.
fn with_holes(path: &Path, name: &str, millions: u64) {
    let gguf = Gguf::model().text("general.name", name);
    let rows = millions * 1_000_000 / 64;
    let gguf = gguf.tensor("output.weight", &[64, rows], 0);
    let head = gguf.head();
    let file = File::create(path).unwrap();
    file.write_all_at(&head, 0).unwrap();
    file.set_len(gguf.length()).unwrap();
}

#[test]
fn without_a_word_the_largest_model_that_runs_well_is_the_one() {
    let user = User::new();
    let folder = user.path(".lmstudio/models/someone/some");
    std::fs::create_dir_all(&folder).unwrap();
    let preferred = || user.json(["--models", "--json"])["default"].clone();
    let none = preferred();
    with_holes(&folder.join("too-small.gguf"), "Too small", 500);
    assert_eq!(preferred(), none);
    with_holes(&folder.join("some-1b.gguf"), "Some 1B", 1_000);
    // Memory and speed differ from machine to machine; none has this much.
    with_holes(&folder.join("huge.gguf"), "Huge", 3_000_000);
    let listed = user.json(["--models", "--json"]);
    if listed["free_memory"].as_u64().unwrap() > 6_000_000_000 && none.is_null() {
        assert_eq!(listed["default"], "some-1b");
        let printed = user.run(["--models"]);
        assert!(printed.stdout.contains("* some-1b"), "{printed:?}");
        assert!(printed.stderr.contains("`some-1b` answers unless"), "{printed:?}");
        // It has no weights worth the name: answers are quotes, and it is said why.
        let asked =
            user.run(["--ask", "What is the notice period if the tenant wants to leave early?"]);
        assert_eq!(asked.code, Some(0), "{asked:?}");
        assert!(asked.stderr.contains("loading `some-1b` (lm studio)"), "{asked:?}");
        assert!(asked.stderr.contains("answers are quotes"), "{asked:?}");
        assert!(asked.stdout.contains("nine months"), "{asked:?}");
    }
    let asked = user.run(["--ask", "What is the notice period?", "--model", "none"]);
    assert!(!asked.stderr.contains("loading"), "{asked:?}");
}

#[test]
fn damaged_and_hostile_files_are_refused_with_their_reasons() {
    let user = User::new();
    let path = user.path("model.gguf");
    let files = hostile::all(&std::fs::read(fixture("tiny.gguf")).unwrap());
    assert!(files.len() >= 50);
    for file in files {
        std::fs::write(&path, &file.bytes).unwrap();
        let printed = user.run(["--quiet", "--ask", "Who?", "--model", path.to_str().unwrap()]);
        assert_eq!(printed.code, Some(2), "{}: {printed:?}", file.name);
        assert_eq!(printed.stdout, "", "{}", file.name);
        let lines: Vec<&str> = printed.stderr.lines().collect();
        let [line] = *lines else { panic!("{}: {printed:?}", file.name) };
        assert!(
            line.starts_with("error: `") && line.contains(&file.reason),
            "{}: {line}",
            file.name
        );
    }
}

/// The tables of kinds that the engine keeps are those of the llama.cpp that is built in.
#[test]
fn the_engine_knows_the_networks_and_weights_of_the_llama_cpp_that_is_built_in() {
    let arguments = ["metadata", "--offline", "--locked", "--format-version=1"];
    let metadata: Value = serde_json::from_str(&printed_by(env!("CARGO"), &arguments)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "llama-cpp-sys-2").unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let source = manifest.parent().unwrap().join("llama.cpp");
    let read = |file: &str| std::fs::read_to_string(source.join(file)).unwrap();
    let user = User::new();
    let path = user.path("model.gguf");
    let told = |gguf: &Gguf| {
        std::fs::write(&path, gguf.bytes()).unwrap();
        user.run(["--quiet", "--ask", "Who?", "--model", path.to_str().unwrap()]).stderr
    };

    let networks = read("src/llama-arch.cpp");
    let networks = networks.split("LLM_ARCH_NAMES = {").nth(1).unwrap();
    let networks = networks.split("};").next().unwrap();
    let names: Vec<&str> = networks.split('"').skip(1).step_by(2).collect();
    assert!(names.contains(&"llama") && names.len() > 100, "{names:?}");
    // Each would start a child: the header's own list is asked instead, by files in a folder.
    let folder = user.docent.home().join("models");
    std::fs::create_dir_all(&folder).unwrap();
    for name in names.iter().filter(|name| **name != "(unknown)") {
        let gguf = Gguf::model().text("general.architecture", name);
        let gguf = gguf.number(&format!("{name}.block_count"), 2);
        let gguf = gguf.number(&format!("{name}.embedding_length"), 64);
        std::fs::write(folder.join(format!("{name}.gguf")), gguf.bytes()).unwrap();
    }
    for model in user.models() {
        let reason = model["reason"].as_str().unwrap_or_default();
        assert!(
            model["usable"] == true || reason.contains("choose an instruct model"),
            "{}: {reason}",
            model["name"]
        );
    }

    let kinds = read("ggml/include/ggml.h");
    let kinds = kinds.split("enum ggml_type {").nth(1).unwrap().split('}').next().unwrap();
    let count = kinds.lines().find_map(|line| {
        line.trim().strip_prefix("GGML_TYPE_COUNT")?.trim_matches([' ', '=', ',']).parse().ok()
    });
    let count: u32 = count.unwrap();
    let with = |kind| told(&Gguf::model().tensor("t", &[256], kind));
    assert!(with(count).contains("does not know yet"), "ggml has {count} kinds of weights");
    assert!(!with(count - 1).contains("does not know yet"), "ggml has {count} kinds of weights");
}

#[test]
fn another_embedder_answers_when_it_has_made_as_many_vectors() {
    let docent = Docent::new();
    docent.write(
        "lease.md",
        "The Tenant repairs the roof of the mill.\n\nThe Landlord pays for the gutters.\n",
    );
    docent.write("pump.md", "The pump leaks at its seal.\n");
    docent.index();
    // The same model that is told to put something before each text makes other vectors.
    let other = docent.home().join("embedders/other-one");
    let bundled = Path::new(env!("CARGO_BIN_EXE_docent")).parent().unwrap();
    let bundled = bundled.parent().unwrap().join("docent/embedder");
    crate::docent::copy(&bundled, &other);
    let settings = r#"{"prompts": {"query": "query: ", "passage": "passage: "}}"#;
    std::fs::write(other.join("config_sentence_transformers.json"), settings).unwrap();

    let ask = || docent.run(["--ask", "Who repairs the roof?", "--embedder", "other"]);
    let before = ask();
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(before.stderr.contains("docent's own embedder answers"), "{before:?}");
    assert!(before.stdout.contains("The Tenant repairs the roof"), "{before:?}");

    let indexed = docent.run(["--index", "--embedder", "other"]);
    assert_eq!(indexed.code, Some(0), "{indexed:?}");
    let told = "`other-one` has vectors of 0 of ";
    assert!(indexed.stderr.contains(told), "{indexed:?}");
    assert!(indexed.stderr.contains("a second, as measured now"), "{indexed:?}");
    let status = docent.json(["--status", "--embedder", "other"]);
    assert_eq!(status["embedded"], status["passages"]);

    let after = ask();
    assert!(!after.stderr.contains("docent's own embedder answers"), "{after:?}");
    assert!(after.stdout.contains("The Tenant repairs the roof"), "{after:?}");

    let unknown = docent.run(["--ask", "Who?", "--embedder", "othr-one"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `other-one`?"), "{unknown:?}");
    let listed = docent.json(["--models"]);
    assert_eq!(listed["embedders"][0]["name"], "other-one");
    assert_eq!(listed["embedders"][0]["usable"], true);
}
