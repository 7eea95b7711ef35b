//! Where are docent's own things: its home, and the parts of the program beside the binary?

use std::path::{Path, PathBuf};

use docent_engine::embed::Bundled;

use crate::error::Failure;

/// What the process was started with, read once by `main`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `$XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `$HOME`.
    pub user_home: Option<PathBuf>,
    /// The binary that runs.
    pub program: Option<PathBuf>,
}

/// The folder that holds all that docent keeps: `--home`, else `docent` in the user's data folder as the XDG base
/// directory specification names it.
pub fn home(flag: Option<&Path>, environment: &Environment) -> Result<PathBuf, Failure> {
    let data_home = || environment.data_home.clone().filter(|path| path.is_absolute());
    let user_home = || environment.user_home.clone().filter(|path| path.is_absolute());
    flag.map(Path::to_owned)
        .or_else(|| Some(data_home()?.join("docent")))
        .or_else(|| Some(user_home()?.join(".local/share/docent")))
        .ok_or_else(|| {
            Failure::new("no place for docent's data: neither `XDG_DATA_HOME` nor `HOME` is set")
                .hint("name a folder with `--home DIR`")
        })
}

/// Finds the parts of the program beside its binary, as they lie in a carried folder, or in `docent` beside the binary's
/// folder, as they lie after a build.
pub fn parts(environment: &Environment) -> Result<Bundled, Failure> {
    let beside = environment.program.as_deref().and_then(Path::parent);
    let built = beside.and_then(Path::parent).map(|target| target.join("docent"));
    let candidates: Vec<Bundled> = [built, beside.map(Path::to_owned)]
        .into_iter()
        .flatten()
        .map(|folder| Bundled::in_folder(&folder))
        .collect();
    match candidates.iter().find(|parts| parts.check().is_ok()).or(candidates.last()) {
        Some(parts) => {
            parts.check()?;
            Ok(parts.clone())
        }
        None => {
            Err(Failure::new("can't tell where the program lies")
                .hint("start it by its whole path"))
        }
    }
}
