//! Which models are on this machine, and can they answer?
//!
//! Knows where other programs keep GGUF files and how they name them; reads the head of each file, never its weights; says
//! how much memory a model needs. Nothing is downloaded, changed or loaded here, and the places are given by the caller.

mod embedders;
mod header;
mod keys;
mod kinds;
mod memory;
mod names;
mod places;
mod shape;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

pub use self::embedders::{FoundEmbedder, embedders, find_embedder};
pub use self::header::{Fault, Header, HeaderError};
pub use self::memory::Memory;
use self::names::Match;
use self::places::{Candidate, candidates, identity};
pub use self::places::{Origin, Place};
pub use self::shape::Shape;

/// A model on this machine, or a file that should be one.
#[derive(Debug)]
pub struct Found {
    /// As it is shown and can be asked for; no two models of a list have the same.
    pub name: String,
    /// Other names by which it can be asked for.
    pub aliases: Vec<String>,
    pub origin: Origin,
    /// Its first file, as it is to be loaded. Links are left as they are: the parts of a model are found by their names.
    pub path: PathBuf,
    /// Bytes of all its files.
    pub bytes: u64,
    /// What it is, or why it can't be used.
    pub header: Result<Header, Fault>,
}

impl Found {
    /// Whether it is, or should be, a model that writes text. Parts of others, embedders and the like are found as well.
    pub fn is_for_text(&self) -> bool {
        !matches!(self.header, Err(Fault::NotText { .. }))
    }
}

/// All models in `places`, each once however many paths lead to it; those of an earlier place first. Broken ones are there
/// with what is wrong with them.
pub fn list(places: &[Place], cancel: &CancellationToken) -> Vec<Found> {
    let mut models = Models::default();
    for place in places {
        for candidate in candidates(place) {
            if cancel.is_cancelled() {
                return models.finish();
            }
            models.take(candidate);
        }
    }
    models.finish()
}

/// The model in a file that was named, added to `models` unless it is one of them; gives its place there. None for a later
/// part of a model.
pub fn with_file(models: &mut Vec<Found>, path: &Path) -> Option<usize> {
    let same = path.metadata().ok().map(|metadata| identity(&metadata));
    let known = models.iter().position(|model| {
        let theirs = model.path.metadata().ok().map(|metadata| identity(&metadata));
        model.path == path || (same.is_some() && theirs == same)
    });
    known.or_else(|| {
        let mut candidate = Candidate::named(path);
        if models.iter().any(|model| model.name.eq_ignore_ascii_case(&candidate.name)) {
            candidate.name.clone_from(&candidate.whole_name);
        }
        models.push(Model::read(candidate)?.found);
        Some(models.len() - 1)
    })
}

/// The places that are there and that this user may not look into.
pub fn closed(places: &[Place]) -> impl Iterator<Item = &Place> {
    let is_closed = |folder: &Path| {
        folder.read_dir().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    };
    places.iter().filter(move |place| is_closed(&place.folder))
}

/// Why a name means no model. The names are those that could have been meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("there is no model `{typed}` on this machine")]
    Unknown { typed: String },
    #[error("`{typed}` could be any of {}", .names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    Ambiguous { typed: String, names: Vec<String> },
}

/// The model that is meant by `typed`: its name, or as much of it as no other model has. What can be used goes before
/// what can't.
pub fn find(models: &[Found], typed: &str) -> Result<usize, NameError> {
    let names: Vec<Vec<String>> = models
        .iter()
        .map(|model| {
            let makers = model.header.as_ref().ok().and_then(|header| header.name.clone());
            [&model.name].into_iter().chain(&model.aliases).cloned().chain(makers).collect()
        })
        .collect();
    let usable = |index: &usize| models.get(*index).is_some_and(|model| model.header.is_ok());
    let named = |found: &[usize]| {
        found
            .iter()
            .filter_map(|index| models.get(*index))
            .map(|model| model.name.clone())
            .collect()
    };
    match names::find(typed, &names) {
        Match::One(one) => Ok(one),
        Match::None => Err(NameError::Unknown { typed: typed.to_owned() }),
        Match::Several(found) => {
            let best: Vec<usize> = found.iter().copied().filter(usable).collect();
            match *best {
                [one] => Ok(one),
                [] => Err(NameError::Ambiguous { typed: typed.to_owned(), names: named(&found) }),
                _ => Err(NameError::Ambiguous { typed: typed.to_owned(), names: named(&best) }),
            }
        }
    }
}

/// Parameters below which a model is not chosen without being asked for: smaller ones often write what the evidence does
/// not say, and the sentences themselves are the better answer.
const SMALLEST: u64 = 900_000_000;

/// Parameters with which one core reads a token a second; more read fewer. Measured on a server's core with AVX-512: 0.6
/// billion at 100 to 145 a second, 1.7 billion at 35 to 50.
const READ_BY_A_CORE: u64 = 75_000_000_000;

/// Tokens of a prompt that should be read in a second: an answer's evidence, 1,500 tokens, then takes a minute.
const FAST_ENOUGH: u64 = 25;

/// Of the free memory, the part that a model may take in percent: what else is open needs some in the next hour.
const ROOM: u64 = 80;

/// The model to begin with when nobody has chosen one, of those that fit into `free` bytes with room to spare: the largest
/// that this machine's `cores` run fast enough, from 900 million parameters on, that converses by a template of its own
/// and is made for no other purpose. Of two of one size it is the one whose weights are kept more exactly. What the
/// user has put into docent's own folder goes before everything else. None when there is no such model: then the documents
/// are quoted.
///
/// The largest, because among models of these sizes it is size that tells a claim from the evidence beside it. Fast
/// enough, because on a processor most of the time goes into reading the evidence: parameters times tokens.
pub fn choose(models: &[Found], context: u32, free: u64, cores: usize) -> Option<usize> {
    /// Words in a name of models that are made for something else.
    const OTHERWISE: [&str; 9] =
        ["base", "coder", "code", "math", "guard", "ocr", "draft", "reward", "translate"];
    let cores = u64::try_from(cores).unwrap_or(1).max(1);
    let most = cores.saturating_mul(READ_BY_A_CORE) / FAST_ENOUGH;
    let suits = |model: &Found, header: &Header| {
        let names = [Some(&model.name), header.name.as_ref()];
        let is_otherwise = names.into_iter().flatten().any(|name| {
            let name = name.to_lowercase();
            name.split(|c: char| !c.is_alphabetic()).any(|word| OTHERWISE.contains(&word))
        });
        header.chat_template.is_some()
            && !is_otherwise
            && header.parameters >= SMALLEST
            && header.active_parameters <= most
            && Memory::of(header, context).total() <= free / 100 * ROOM
    };
    let rank = |(index, model): (usize, &Found)| {
        let header = model.header.as_ref().ok().filter(|header| suits(model, header))?;
        // What differs by less than a tenth is of one size.
        let size = header.parameters.max(1).ilog2() * 8 + eighths(header.parameters);
        Some(((model.origin == Origin::Docent, size, header.bytes), index))
    };
    models.iter().enumerate().filter_map(rank).max().map(|(_, index)| index)
}

/// Eighths of the way from a power of two to the next.
fn eighths(number: u64) -> u32 {
    let power = number.max(1).ilog2();
    u32::try_from((number - (1 << power)).saturating_mul(8) >> power).unwrap_or_default()
}

/// Models that are being listed.
#[derive(Debug, Default)]
struct Models {
    models: Vec<Model>,
    /// Which of them lies in a file.
    known: HashMap<(u64, u64), usize>,
}

#[derive(Debug)]
struct Model {
    found: Found,
    whole_name: String,
}

impl Model {
    /// What a file says of itself; none for the further parts of a model, for which its first part stands.
    fn read(candidate: Candidate) -> Option<Self> {
        let Candidate { name, whole_name, origin, path } = candidate;
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        let header = Header::read(&path).map_err(|error| error.fault);
        if matches!(header, Err(Fault::NotFirstPart { .. })) {
            return None;
        }
        let bytes = header.as_ref().map_or(size, |header| header.bytes);
        Some(Self {
            found: Found { name, aliases: Vec::new(), origin, path, bytes, header },
            whole_name,
        })
    }
}

impl Models {
    fn take(&mut self, candidate: Candidate) {
        let identity = candidate.path.metadata().ok().map(|metadata| identity(&metadata));
        let known = identity.and_then(|identity| self.known.get(&identity));
        if let Some(same) = known.and_then(|index| self.models.get_mut(*index)) {
            let names = [candidate.name, candidate.whole_name];
            same.found.aliases.extend(names);
            return;
        }
        let Some(model) = Model::read(candidate) else { return };
        if let Some(identity) = identity {
            self.known.insert(identity, self.models.len());
        }
        self.models.push(model);
    }

    /// The models, with names that tell them from each other.
    fn finish(mut self) -> Vec<Found> {
        let mut taken = HashMap::<String, usize>::new();
        for model in &self.models {
            *taken.entry(model.found.name.to_lowercase()).or_default() += 1;
        }
        let mut given = HashMap::<String, usize>::new();
        for model in &mut self.models {
            let found = &mut model.found;
            if taken.get(&found.name.to_lowercase()).is_some_and(|count| *count > 1) {
                std::mem::swap(&mut found.name, &mut model.whole_name);
            }
            let count = given.entry(found.name.to_lowercase()).or_default();
            *count += 1;
            if *count > 1 {
                found.name = format!("{}#{count}", found.name);
            }
            found.aliases.push(std::mem::take(&mut model.whole_name));
            let name = found.name.clone();
            found.aliases.retain(|alias| *alias != name);
            found.aliases.sort();
            found.aliases.dedup();
        }
        self.models.into_iter().map(|model| model.found).collect()
    }
}

#[cfg(test)]
mod tests;
