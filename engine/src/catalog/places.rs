//! Where do programs keep their models, and how do they name them?
//!
//! Every walk is bounded in depth and in the number of entries, follows links and enters no folder twice. What can't be
//! read is passed over: it is another program's.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Folders inside of each other; the deepest layouts that are known have six.
const DEPTH: usize = 10;
/// Entries that are looked at in one place. A cache of Hugging Face's with data sets may have many, and each takes a
/// microsecond or two.
const ENTRIES: usize = 50_000;
/// Files that are found in one place.
const FILES: usize = 1_000;
/// Signs that tell a revision from others.
const SHORT_REVISION: usize = 7;
/// Bytes of a file that describes a model.
const DESCRIPTION: u64 = 1 << 20;

/// Who has put a model there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The user, into docent's own folder.
    Docent,
    Ollama,
    LmStudio,
    #[serde(rename = "llama.cpp")]
    LlamaCpp,
    HuggingFace,
    #[serde(rename = "gpt4all")]
    Gpt4All,
    Jan,
    /// Nobody that is known: the file was named.
    Named,
}

impl Origin {
    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docent => "docent",
            Self::Ollama => "ollama",
            Self::LmStudio => "lm studio",
            Self::LlamaCpp => "llama.cpp",
            Self::HuggingFace => "hugging face",
            Self::Gpt4All => "gpt4all",
            Self::Jan => "jan",
            Self::Named => "named",
        }
    }
}

/// A folder in which a program keeps models, laid out as that program does it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub origin: Origin,
    pub folder: PathBuf,
}

/// A file that should be a model.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// Longer, with whose it is: for models that would have the same name otherwise.
    pub(super) whole_name: String,
    pub(super) origin: Origin,
    pub(super) path: PathBuf,
}

impl Candidate {
    /// The file at `path`, which somebody named.
    pub(super) fn named(path: &Path) -> Self {
        let name = stem(path);
        let whole_name = path.to_string_lossy().into_owned();
        Self { name, whole_name, origin: Origin::Named, path: path.to_owned() }
    }
}

/// The files in a place, in the order of their paths.
pub(super) fn candidates(place: &Place) -> Vec<Candidate> {
    match place.origin {
        Origin::Ollama => ollama(&place.folder),
        Origin::HuggingFace => hugging_face(&place.folder),
        Origin::Jan => jan(&place.folder),
        Origin::Docent | Origin::LmStudio | Origin::LlamaCpp | Origin::Gpt4All | Origin::Named => {
            files(place)
        }
    }
}

/// All GGUF files below a folder.
fn files(place: &Place) -> Vec<Candidate> {
    let candidate = |path: PathBuf| {
        let below = path.strip_prefix(&place.folder).unwrap_or(&path).with_extension("");
        let below = below.to_string_lossy().into_owned();
        let name = match place.origin {
            // Names of its cache are `user_repository_file`, and repositories of GGUFs are mostly called so.
            Origin::LlamaCpp => behind_repository(&stem(&path)),
            _ => spoken(&path),
        };
        // LM Studio's folders are publishers and repositories.
        let whole_name = match place.origin {
            Origin::LmStudio => below,
            origin => format!("{}/{below}", origin.name()),
        };
        Candidate { name, whole_name, origin: place.origin, path }
    };
    walk(&place.folder, &is_gguf).into_iter().map(candidate).collect()
}

/// Ollama's manifests tell which blob is the model: `manifests/<registry>/<owner>/<model>/<tag>` holds the digest of a file
/// in `blobs`.
fn ollama(folder: &Path) -> Vec<Candidate> {
    #[derive(Deserialize)]
    struct Manifest {
        layers: Vec<Layer>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Layer {
        media_type: String,
        digest: String,
    }
    let manifests = folder.join("manifests");
    let candidate = |manifest: PathBuf| {
        let layers = serde_json::from_slice::<Manifest>(&description(&manifest)?).ok()?.layers;
        // Without one it is run on another machine, or is of another format.
        let layer = layers
            .into_iter()
            .find(|layer| layer.media_type == "application/vnd.ollama.image.model")?;
        let hash = layer.digest.strip_prefix("sha256:")?;
        if hash.is_empty() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let name = ollama_name(manifest.strip_prefix(&manifests).ok()?)?;
        let whole_name = format!("ollama/{name}");
        let path = folder.join("blobs").join(format!("sha256-{hash}"));
        Some(Candidate { name, whole_name, origin: Origin::Ollama, path })
    };
    let mut found: Vec<_> = walk(&manifests, &|_| true).into_iter().filter_map(candidate).collect();
    // Of several names for one model the one that says most comes first.
    found.sort_by_key(|candidate| candidate.name.ends_with(":latest"));
    found
}

/// The name by which Ollama knows a model: `llama3.2:3b`, and with what is not its own library in front of it.
fn ollama_name(manifest: &Path) -> Option<String> {
    let parts: Vec<&str> =
        manifest.components().map(|part| part.as_os_str().to_str()).collect::<Option<_>>()?;
    let (tag, path) = parts.split_last()?;
    let path = match path {
        [registry, "library", model] if is_ollamas(registry) => vec![*model],
        [registry, rest @ ..] if is_ollamas(registry) => rest.to_vec(),
        all => all.to_vec(),
    };
    (!path.is_empty()).then(|| format!("{}:{tag}", path.join("/")))
}

fn is_ollamas(registry: &str) -> bool {
    registry == "registry.ollama.ai"
}

/// `models--<owner>--<repository>/snapshots/<revision>/…` holds links to blobs.
fn hugging_face(folder: &Path) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (owned, revisions) in hub_revisions(folder) {
        for revision in revisions {
            let short: String =
                name_of(&revision).unwrap_or_default().chars().take(SHORT_REVISION).collect();
            found.extend(walk(&revision, &is_gguf).into_iter().map(|path| {
                let whole_name = format!("{owned}/{}@{short}", stem(&path));
                let repository = owned.rsplit('/').next().unwrap_or_default();
                let name = generic(&stem(&path), repository);
                Candidate { name, whole_name, origin: Origin::HuggingFace, path }
            }));
        }
    }
    found
}

/// The repositories of models in Hugging Face's cache, as `owner/repository`, each with the folders of its revisions, the
/// main one first.
pub(super) fn hub_revisions(folder: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let mut repositories: Vec<PathBuf> = entries(folder).take(ENTRIES).collect();
    repositories.sort();
    let revisions = |repository: PathBuf| {
        let owned = name_of(&repository)?.strip_prefix("models--")?.replace("--", "/");
        let main = description(&repository.join("refs").join("main"))
            .and_then(|text| String::from_utf8(text).ok())
            .unwrap_or_default();
        let mut revisions: Vec<PathBuf> =
            entries(&repository.join("snapshots")).take(FILES).collect();
        revisions.sort();
        revisions.sort_by_key(|revision| name_of(revision) != Some(main.trim()));
        Some((owned, revisions))
    };
    repositories.into_iter().filter_map(revisions).collect()
}

/// Jan describes each model in a `model.yml`, which may lead to a file elsewhere; its older versions keep the files alone.
fn jan(folder: &Path) -> Vec<Candidate> {
    let mut found = Vec::new();
    for models in ["llamacpp/models", "models", "cortexcpp/models"].map(|below| folder.join(below))
    {
        let is_wanted =
            |path: &Path| is_gguf(path) || name_of(path).is_some_and(|name| name == "model.yml");
        for path in walk(&models, &is_wanted) {
            let model = path.parent().and_then(|parent| parent.strip_prefix(&models).ok());
            let model = model.unwrap_or(Path::new("")).to_string_lossy().into_owned();
            let elsewhere = !is_gguf(&path);
            let path = if elsewhere {
                let Some(path) = description(&path).as_deref().and_then(jan_file) else { continue };
                // Jan names its own files from its folder.
                folder.join(path)
            } else {
                path
            };
            let single = matches!(&*stem(&path).to_lowercase(), "model" | "mmproj");
            let name = match model.rsplit('/').next() {
                Some(model) if (elsewhere || single) && !model.is_empty() => model.to_owned(),
                _ => spoken(&path),
            };
            let whole_name = if model.is_empty() { format!("jan/{name}") } else { model };
            found.push(Candidate { name, whole_name, origin: Origin::Jan, path });
        }
    }
    // A model's own file is told before its projector, which lies beside it and would else take its name.
    found.sort_by_key(|candidate| stem(&candidate.path) == "mmproj");
    found
}

/// The path at `model_path` in a `model.yml`.
fn jan_file(description: &[u8]) -> Option<PathBuf> {
    let text = std::str::from_utf8(description).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("model_path:"))?.trim();
    let bare = value.trim_matches(['"', '\'']);
    is_gguf(Path::new(bare)).then(|| PathBuf::from(bare))
}

/// The whole of a small file.
fn description(path: &Path) -> Option<Vec<u8>> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > DESCRIPTION {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(DESCRIPTION).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The files below `folder` that are wanted, in the order of their paths.
fn walk(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let (mut found, mut entered, mut looked_at) = (Vec::new(), HashSet::new(), 0_usize);
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let Ok(metadata) = folder.metadata() else { continue };
        if !entered.insert(identity(&metadata)) {
            continue;
        }
        for path in entries(&folder) {
            looked_at += 1;
            if looked_at > ENTRIES || found.len() >= FILES {
                open.clear();
                break;
            }
            // Links are followed; one that leads nowhere is told as a file that is missing.
            let is_folder = path.metadata().is_ok_and(|metadata| metadata.is_dir());
            if is_folder && depth < DEPTH {
                open.push((path, depth + 1));
            } else if !is_folder && is_wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(super) fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    folder.read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// What tells a file from every other one, under whatever names.
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"))
}

pub(super) fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// A file's name without its ending, and without the number of a part.
pub(super) fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let numbered = || {
        let (rest, count) = stem.rsplit_once("-of-")?;
        let (rest, number) = rest.rsplit_once('-')?;
        let is_number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        (is_number(count) && is_number(number)).then_some(rest)
    };
    numbered().unwrap_or(&stem).to_owned()
}

/// What a file is called: by its folder where its own name says nothing.
fn spoken(path: &Path) -> String {
    let folder = path.parent().and_then(name_of).unwrap_or_default();
    generic(&stem(path), folder)
}

/// `stem`, unless it is one that converters give to all their files: then the `folder` stands for it.
fn generic(stem: &str, folder: &str) -> String {
    let lower = stem.to_lowercase();
    let rest = ["ggml-model", "model"].iter().find_map(|name| lower.strip_prefix(name));
    let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
    else {
        return stem.to_owned();
    };
    let model = folder.strip_suffix("-GGUF").or(folder.strip_suffix("-gguf")).unwrap_or(folder);
    if model.is_empty() { stem.to_owned() } else { format!("{model}{rest}") }
}

/// What stands behind the name of a repository in `owner_Some-Model-GGUF_some-model-q4`.
fn behind_repository(stem: &str) -> String {
    let lower = stem.to_ascii_lowercase();
    let behind = lower.rfind("gguf_").and_then(|at| stem.get(at + "gguf_".len()..));
    behind.filter(|rest| !rest.is_empty()).unwrap_or(stem).to_owned()
}
