//! Which files is this process left with? Landlock closes the others.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::ConfineError;

/// The newest rights that are known here; an older kernel takes away those that it knows.
const NEWEST: ABI = ABI::V6;

/// Closes the whole file system but for reading these files, and with it signals to other processes, abstract sockets and
/// TCP. Files that are not there are left out: whoever reads them tells it.
pub(super) fn close_all_but(files: &[PathBuf]) -> Result<(), ConfineError> {
    close(files, AccessFs::ReadFile.into())
}

/// As [`close_all_but`], and what is in these folders can be read and run.
pub(super) fn close_all_but_running(folders: &[PathBuf]) -> Result<(), ConfineError> {
    close(folders, AccessFs::from_read(NEWEST))
}

fn close(paths: &[PathBuf], rights: BitFlags<AccessFs>) -> Result<(), ConfineError> {
    let status = restrict(paths, rights).map_err(ConfineError::Files)?;
    if status == RulesetStatus::NotEnforced { Err(ConfineError::NoLandlock) } else { Ok(()) }
}

fn restrict(paths: &[PathBuf], rights: BitFlags<AccessFs>) -> Result<RulesetStatus, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in paths {
        let Ok(opened) = PathFd::new(path) else { continue };
        // A file has no entries to list.
        let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST) };
        ruleset = ruleset.add_rule(PathBeneath::new(opened, rights))?;
    }
    Ok(ruleset.restrict_self()?.ruleset)
}

/// Whether this kernel has Landlock and uses it.
pub(super) fn can_be_closed() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}
