//! Which embedders are on this machine?
//!
//! An embedder is a folder with an ONNX model and its tokenizer. docent's own folder of them holds one folder for each;
//! Hugging Face's cache holds those repositories that have such files.

use std::path::{Path, PathBuf};

use super::names::{self, Match};
use super::places::{entries, hub_revisions, name_of};
use super::{NameError, Origin};
use crate::embed::{EmbedError, check_embedder, model_path};

/// An embedder on this machine, or a folder that should be one.
#[derive(Debug)]
pub struct FoundEmbedder {
    /// As it is shown and can be asked for.
    pub name: String,
    /// Its owner's name and its own, where it has one.
    pub whole_name: String,
    pub origin: Origin,
    pub folder: PathBuf,
    /// Bytes of its model.
    pub bytes: u64,
    /// Why it can't be used.
    pub fault: Option<EmbedError>,
}

/// The embedders in the folder `own`, and those in Hugging Face's cache at `hub`.
pub fn embedders(own: &Path, hub: Option<&Path>) -> Vec<FoundEmbedder> {
    let mut folders: Vec<PathBuf> = entries(own).filter(|path| path.is_dir()).collect();
    folders.sort();
    let own = folders.into_iter().filter_map(|folder| {
        let name = name_of(&folder)?.to_owned();
        Some(FoundEmbedder::read(name.clone(), name, Origin::Docent, folder))
    });
    let mut found: Vec<FoundEmbedder> = own.collect();
    for (owned, revisions) in hub.map(hub_revisions).unwrap_or_default() {
        // The first revision is the main one; repositories of other things have no such files.
        let is_embedder = |folder: &PathBuf| {
            model_path(folder).is_file() && folder.join("tokenizer.json").is_file()
        };
        if let Some(folder) = revisions.into_iter().find(is_embedder) {
            let name = owned.rsplit('/').next().unwrap_or(&owned).to_owned();
            found.push(FoundEmbedder::read(name, owned, Origin::HuggingFace, folder));
        }
    }
    found
}

/// The embedder that is meant by `typed`: its name, or as much of it as no other embedder has.
pub fn find_embedder(embedders: &[FoundEmbedder], typed: &str) -> Result<usize, NameError> {
    let names: Vec<Vec<String>> = embedders
        .iter()
        .map(|embedder| vec![embedder.name.clone(), embedder.whole_name.clone()])
        .collect();
    match names::find(typed, &names) {
        Match::One(one) => Ok(one),
        Match::None => Err(NameError::Unknown { typed: typed.to_owned() }),
        Match::Several(found) => Err(NameError::Ambiguous {
            typed: typed.to_owned(),
            names: found
                .into_iter()
                .filter_map(|index| embedders.get(index))
                .map(|embedder| embedder.whole_name.clone())
                .collect(),
        }),
    }
}

impl FoundEmbedder {
    fn read(name: String, whole_name: String, origin: Origin, folder: PathBuf) -> Self {
        let bytes = model_path(&folder).metadata().map_or(0, |metadata| metadata.len());
        let fault = check_embedder(&folder).err();
        Self { name, whole_name, origin, folder, bytes, fault }
    }
}
