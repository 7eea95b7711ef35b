//! Where is kept what a model need not read again after a restart?
//!
//! In one file for each model, in the home folder: the state after the rules that all prompts begin with. The parent reads
//! and writes it, and checks it before a byte reaches llama.cpp; the child is handed it over its pipe, so that it needs no
//! right to another file than its model's. A file that is damaged, or for another model or program, counts as none, and
//! the next answer makes it anew.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use docent_engine::generate::Prefix;
use docent_engine::generate::prefix::{Key, LARGEST};
use docent_index::document::ContentHash;

use crate::fs;

/// The folder in docent's home.
const FOLDER: &str = "prefixes";
const ENDING: &str = "state";

/// Files that are kept: of the models that were used last.
const MOST_FILES: usize = 4;
/// Bytes of them all.
const MOST_BYTES: u64 = 192 << 20;

/// The kept state of one model.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    file: PathBuf,
    key: Key,
}

impl Kept {
    /// For the model that these files make up. None where they can't be looked at: loading will tell why.
    pub(super) fn of(home: &Path, parts: &[PathBuf]) -> Option<Self> {
        let mut identity = Vec::new();
        // Another build may write states in another way.
        let program = std::env::current_exe().ok()?;
        for path in parts.iter().chain([&program]) {
            let file = path.metadata().ok()?;
            identity.extend_from_slice(path.as_os_str().as_bytes());
            identity.extend_from_slice(&file.size().to_le_bytes());
            identity.extend_from_slice(&file.mtime().to_le_bytes());
            identity.extend_from_slice(&file.mtime_nsec().to_le_bytes());
        }
        let first = parts.first()?.as_os_str().as_bytes();
        let name: String = ContentHash::of(first).to_string().chars().take(16).collect();
        let file = home.join(FOLDER).join(name).with_extension(ENDING);
        Some(Self { file, key: ContentHash::of(&identity).0 })
    }

    /// What is kept; none when it can't be used.
    pub(super) fn read(&self) -> Option<Prefix> {
        let most = LARGEST as u64 + (1 << 20);
        let bytes = fs::read_file(&self.file, most).ok()??;
        let prefix = Prefix::from_file(&bytes, &self.key)?;
        // Those that are used stay longest.
        let used = std::fs::File::open(&self.file);
        drop(used.and_then(|file| file.set_modified(SystemTime::now())));
        Some(prefix)
    }

    /// Keeps a state. When that fails, the next start reads a little longer: no reason to trouble anybody.
    pub(super) fn write(&self, prefix: &Prefix) {
        let Some(folder) = self.file.parent() else { return };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        if builder.create(folder).is_ok()
            && fs::write(&self.file, &prefix.to_file(&self.key)).is_ok()
        {
            clear(folder);
        }
    }

    /// Forgets a state that did harm.
    pub(super) fn remove(&self) {
        drop(std::fs::remove_file(&self.file));
    }
}

/// Removes the files that were not used for longest, as many as are too many.
fn clear(folder: &Path) {
    let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter_map(|entry| {
            let file = entry.metadata().ok()?;
            Some((file.modified().ok()?, file.len(), entry.path()))
        })
        .collect();
    files.sort_by(|left, right| right.cmp(left));
    let mut bytes = 0;
    for (index, (_, length, path)) in files.into_iter().enumerate() {
        bytes += length;
        if index >= MOST_FILES || (index > 0 && bytes > MOST_BYTES) {
            drop(std::fs::remove_file(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// The state of the tiny model after a few words of rules.
    fn prefix() -> Prefix {
        use docent_engine::generate::llama::{Model, Settings};
        use docent_engine::generate::{
            Generate as _, GenerateProgress, GenerateRequest, Message, Role, Sampling,
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiny.gguf");
        let settings = Settings {
            context: 512,
            threads: 1,
            gpu_layers: 0,
            mmap: true,
            date: None,
            thinking: false,
        };
        let cancel = tokio_util::sync::CancellationToken::new();
        let model = Model::load(&path, settings, &cancel, |_| {}).unwrap();
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        let request = GenerateRequest {
            messages: vec![
                message(Role::System, &"Rules of the house. ".repeat(20)),
                message(Role::User, "Who?"),
            ],
            max_tokens: 1,
            citable: Vec::new(),
            sampling: Sampling::default(),
        };
        let mut kept = None;
        let mut generator = model.generator().unwrap();
        generator
            .generate(&request, &cancel, &mut |told| {
                if let GenerateProgress::Prefix(prefix) = told {
                    kept = Some(prefix);
                }
            })
            .unwrap();
        kept.unwrap()
    }

    #[test]
    fn a_state_is_kept_for_its_owner_and_its_model_alone() {
        let home = tempfile::tempdir().unwrap();
        let model = home.path().join("model.gguf");
        std::fs::write(&model, b"weights").unwrap();
        let kept = Kept::of(home.path(), std::slice::from_ref(&model)).unwrap();
        assert_eq!(kept.read(), None);
        let prefix = prefix();
        kept.write(&prefix);
        assert_eq!(kept.read().as_ref(), Some(&prefix));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&kept.file), 0o600);
        assert_eq!(mode(kept.file.parent().unwrap()), 0o700);
        // Another file in the same place.
        std::fs::write(&model, b"other weights").unwrap();
        let other = Kept::of(home.path(), std::slice::from_ref(&model)).unwrap();
        assert_eq!((other.read(), &other.file), (None, &kept.file));
        other.write(&prefix);
        assert_eq!((kept.read(), other.read()), (None, Some(prefix)));
        std::fs::write(&other.file, b"docent").unwrap();
        assert_eq!(other.read(), None);
        assert!(Kept::of(home.path(), &[home.path().join("absent.gguf")]).is_none());
    }

    #[test]
    fn only_so_many_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let prefix = prefix();
        let files: Vec<PathBuf> = (0..MOST_FILES + 3)
            .map(|number| {
                let model = home.path().join(format!("{number}.gguf"));
                std::fs::write(&model, b"weights").unwrap();
                let kept = Kept::of(home.path(), &[model]).unwrap();
                kept.write(&prefix);
                kept.file
            })
            .collect();
        let there = files.iter().map(|file| file.exists()).collect::<Vec<_>>();
        assert_eq!(there, [false, false, false, true, true, true, true]);
    }
}
