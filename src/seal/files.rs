//! Which files is this process left with? Landlock closes the others.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};

use super::ConfineError;

/// The newest rights that are known here; an older kernel takes away those that it knows.
const NEWEST: ABI = ABI::V6;

/// Closes the whole file system but for reading these files, and with it signals to other processes, abstract sockets and
/// TCP. Files that are not there are left out: whoever reads them tells it.
pub(super) fn close_all_but(files: &[PathBuf]) -> Result<(), ConfineError> {
    let status = restrict(files).map_err(ConfineError::Files)?;
    if status == RulesetStatus::NotEnforced { Err(ConfineError::NoLandlock) } else { Ok(()) }
}

fn restrict(files: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for file in files.iter().filter_map(|path| PathFd::new(path).ok()) {
        ruleset = ruleset.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?;
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
