//! Which models are on this machine, which one is meant, and does it fit?
//!
//! With and without the screen in the same way.

use std::path::{Path, PathBuf};

use docent_engine::catalog::{
    self, Found, FoundEmbedder, Header, Memory, NameError, Origin, Place,
};
use docent_engine::embed::check_embedder;
use tokio_util::sync::CancellationToken;

use crate::cli::{BUNDLED, NO_MODEL};
use crate::error::Failure;
use crate::fs;
use crate::loading::cores;
use crate::meant::Meant;

/// A model that is to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Absolute; links are left as they are, because the parts of a model are found by their names.
    pub path: PathBuf,
    /// As it was named, or is known.
    pub name: String,
}

/// The model that `typed` means: the file at this path, else one of those in `places`.
pub fn named(typed: &str, places: &[Place], cancel: &CancellationToken) -> Result<Chosen, Failure> {
    let path = Path::new(typed);
    if path.is_file() {
        let path = std::path::absolute(path).map_err(fs::failed("find", path))?;
        return Ok(Chosen { name: path.display().to_string(), path });
    }
    let models = catalog::list(places, cancel);
    let index = match catalog::find(&models, typed) {
        Ok(index) => index,
        Err(error @ NameError::Ambiguous { .. }) => {
            return Err(Failure::new(error).hint("give more of its name, or its path"));
        }
        Err(error @ NameError::Unknown { .. }) => {
            if is_path(typed) {
                // It says why it can't be found there.
                fs::canonical(path)?;
            }
            if path.is_dir() {
                let folder = format!("`{}` is a folder", path.display());
                return Err(Failure::new(folder).hint("name the GGUF file in it"));
            }
            let usable = models.iter().filter(|model| model.header.is_ok());
            let names: Vec<&str> = usable.map(|model| &*model.name).collect();
            let meant = Meant::among(typed, names.iter().copied());
            return Err(Failure::new(format!("{error}{meant}")).hint(there(&names)));
        }
    };
    match models.into_iter().nth(index) {
        Some(Found { name, path, header: Ok(_), .. }) => Ok(Chosen { path, name }),
        Some(Found { name, header: Err(fault), .. }) => {
            Err(Failure::new(format!("`{name}` {}", fault.told())))
        }
        None => Err(Failure::new(NameError::Unknown { typed: typed.to_owned() })),
    }
}

/// What is to be said before a model is loaded that needs more memory than is free with so many tokens of context. A file
/// that can't be used tells so itself.
pub fn too_large(path: &Path, context: u32) -> Option<String> {
    let header = Header::read(path).ok()?;
    let needed = Memory::of(&header, context).total();
    let free = free_memory().filter(|free| needed > *free)?;
    Some(format!(
        "it needs {} of memory, of which {} are free: it may be slow, or not load",
        size(needed),
        size(free)
    ))
}

/// What could be named instead.
fn there(names: &[&str]) -> String {
    const TOLD: usize = 8;
    if names.is_empty() {
        return "no model was found; a GGUF file can be named by its path".to_owned();
    }
    let quoted: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > TOLD { ", and more that `docent --models` shows" } else { "" };
    format!("there are {}{more}", quoted.join(", "))
}

/// Whether somebody who types this means a path.
fn is_path(typed: &str) -> bool {
    let path = Path::new(typed);
    path.is_absolute()
        || typed.starts_with('.')
        || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"))
}

/// How `--model` is told the model at `index` of those in the catalog's places: by its name, where that means no other.
pub fn typed(models: &[Found], index: usize) -> Option<String> {
    let model = models.get(index)?;
    let means_it = catalog::find(models, &model.name) == Ok(index) && model.name != NO_MODEL;
    Some(if means_it { model.name.clone() } else { model.path.display().to_string() })
}

/// How `--embedder` is told the one at `index` of those on this machine: by its name, where that means no other.
pub fn typed_embedder(embedders: &[FoundEmbedder], index: usize) -> Option<String> {
    let embedder = embedders.get(index)?;
    let name = &embedder.name;
    let means_it = catalog::find_embedder(embedders, name) == Ok(index) && name != BUNDLED;
    Some(if means_it { name.clone() } else { embedder.folder.display().to_string() })
}

/// The embedders on this machine beside the bundled one: in docent's own folder of them, and in Hugging Face's cache.
pub fn embedders(home: &Path, places: &[Place]) -> Vec<FoundEmbedder> {
    let hub = places.iter().find(|place| place.origin == Origin::HuggingFace);
    catalog::embedders(&home.join("embedders"), hub.map(|place| &*place.folder))
}

/// The embedder that `typed` means: the one in the folder at this path, else one of those on this machine. None for the
/// one that comes with docent.
pub fn named_embedder(
    typed: Option<&str>,
    home: &Path,
    places: &[Place],
) -> Result<Option<Chosen>, Failure> {
    match typed {
        None | Some(BUNDLED) => Ok(None),
        Some(typed) => other_embedder(typed, home, places).map(Some),
    }
}

fn other_embedder(typed: &str, home: &Path, places: &[Place]) -> Result<Chosen, Failure> {
    let path = Path::new(typed);
    if path.is_dir() {
        let path = fs::canonical(path)?;
        check_embedder(&path)?;
        return Ok(Chosen { name: typed.to_owned(), path });
    }
    let embedders = embedders(home, places);
    let index = catalog::find_embedder(&embedders, typed).map_err(|error| match error {
        NameError::Unknown { .. } => {
            let names = embedders.iter().map(|embedder| &*embedder.name);
            let meant = Meant::among(typed, names.chain([BUNDLED]));
            Failure::new(format!("there is no embedder `{typed}` on this machine{meant}")).hint(
                format!(
                    "name a folder with `model.onnx` and `tokenizer.json`, or put one into `{}`; `{BUNDLED}` is docent's own",
                    home.join("embedders").display()
                ),
            )
        }
        error @ NameError::Ambiguous { .. } => Failure::new(error).hint("give more of its name"),
    })?;
    match embedders.into_iter().nth(index) {
        Some(FoundEmbedder { fault: Some(fault), .. }) => Err(fault.into()),
        Some(FoundEmbedder { name, folder, .. }) => Ok(Chosen { path: folder, name }),
        None => Err(Failure::new(NameError::Unknown { typed: typed.to_owned() })),
    }
}

/// The one of `models` to begin with when nothing was said, if there is one that runs well here with a context of so many
/// tokens.
pub fn preferred(models: &[Found], context: u32, free: Option<u64>) -> Option<usize> {
    catalog::choose(models, context, free?, cores())
}

/// Bytes of memory that can be used without taking them from others; none where the system does not tell. Less than the
/// machine has where this process may use only a part of it.
pub fn free_memory() -> Option<u64> {
    let available = told(Path::new("/proc/meminfo"), "MemAvailable:")?.checked_mul(1024)?;
    Some(allowed().map_or(available, |allowed| allowed.min(available)))
}

/// What is left of the memory that the control group of this process may use.
fn allowed() -> Option<u64> {
    let group = Path::new("/sys/fs/cgroup");
    let number = |name: &str| {
        let bytes = fs::read(&group.join(name)).ok()?;
        String::from_utf8(bytes).ok()?.trim().parse::<u64>().ok()
    };
    let used = number("memory.current")?;
    // What files are kept in memory for speed is given back when it is needed.
    let kept = told(&group.join("memory.stat"), "inactive_file").unwrap_or_default();
    Some(number("memory.max")?.saturating_sub(used.saturating_sub(kept)))
}

/// The number behind `name` in a file of lines.
fn told(path: &Path, name: &str) -> Option<u64> {
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

/// `2.5 GB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let mut number = bytes as f64 / 1_000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while number >= 999.5
        && let Some(next) = units.next()
    {
        number /= 1_000.0;
        unit = Some(next);
    }
    let unit = unit.copied().unwrap_or_default();
    if number < 9.95 { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
}

/// Whether what needs so many bytes fits into so many free ones: `fits, 6.0 GB to spare`, `0.5 GB too large`.
pub fn fit(needed: u64, free: u64) -> String {
    match free.checked_sub(needed) {
        Some(spare) => format!("fits, {} to spare", size(spare)),
        None => format!("{} too large", size(needed.saturating_sub(free))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_by_how_much_something_fits_or_not() {
        assert_eq!(fit(3_400_000_000, 9_400_000_000), "fits, 6.0 GB to spare");
        assert_eq!(fit(9_900_000_000, 9_400_000_000), "500 MB too large");
        assert_eq!(fit(0, 0), "fits, 0 B to spare");
        assert_eq!(fit(u64::MAX, 1), "18446744 TB too large");
    }

    #[test]
    fn the_systems_numbers_are_read_from_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meminfo");
        let lines = "MemTotal:       24683520 kB\nMemFree: 1 kB\nMemAvailable:   23309528 kB\n";
        std::fs::write(&path, lines).unwrap();
        assert_eq!(told(&path, "MemAvailable:"), Some(23_309_528));
        assert_eq!(told(&path, "Mem"), None);
        assert_eq!(told(&folder.path().join("absent"), "MemAvailable:"), None);
        if cfg!(target_os = "linux") {
            assert!(free_memory() > Some(1 << 20));
        }
    }
}
