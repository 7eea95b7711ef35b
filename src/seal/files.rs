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

/// As [`close_all_but`], and the system's folders can be read, where the drivers of graphics cards lie, and the cards
/// themselves used.
pub(super) fn close_all_but_cards(files: &[PathBuf]) -> Result<(), ConfineError> {
    let folders = ["/usr", "/lib", "/lib64", "/etc", "/opt", "/proc", "/sys"].map(PathBuf::from);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let devices = std::fs::read_dir("/dev").into_iter().flatten().filter_map(Result::ok);
    let cards: Vec<PathBuf> = devices
        .filter(|device| {
            let name = device.file_name();
            let name = name.to_string_lossy();
            name.starts_with("nvidia") || matches!(&*name, "dri" | "kfd")
        })
        .map(|device| device.path())
        .collect();
    let used = read | AccessFs::WriteFile | AccessFs::IoctlDev;
    let status = restrict(&[(files, AccessFs::ReadFile.into()), (&folders, read), (&cards, used)]);
    enforced(status)
}

/// As [`close_all_but`], and what is in these folders can be read and run.
pub(super) fn close_all_but_running(folders: &[PathBuf]) -> Result<(), ConfineError> {
    close(folders, AccessFs::from_read(NEWEST))
}

fn close(paths: &[PathBuf], rights: BitFlags<AccessFs>) -> Result<(), ConfineError> {
    enforced(restrict(&[(paths, rights)]))
}

fn enforced(status: Result<RulesetStatus, RulesetError>) -> Result<(), ConfineError> {
    match status.map_err(ConfineError::Files)? {
        RulesetStatus::NotEnforced => Err(ConfineError::NoLandlock),
        _ => Ok(()),
    }
}

fn restrict(rules: &[(&[PathBuf], BitFlags<AccessFs>)]) -> Result<RulesetStatus, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let paths = rules.iter().flat_map(|(paths, rights)| paths.iter().map(|path| (path, *rights)));
    for (path, rights) in paths {
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
