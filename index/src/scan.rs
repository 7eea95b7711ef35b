//! What has changed in a watched folder since it was last read?
//!
//! [`list`] walks the folder, [`changes`] compares what it found with what is known; the second touches nothing. Neither
//! reads the content of a file.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::document::{DocumentId, Fingerprint, ProblemKind};
use crate::extract::{Format, is_unread_document};

/// A file that was changed less than this before it was hashed may have been changed again within the clock's grain.
const SETTLING_NS: i64 = 2_000_000_000;

/// The clock of a network drive may be so far ahead of this machine's. What seems to be changed still later has a date that
/// somebody gave it.
const SKEW_NS: i64 = 3600 * 1_000_000_000;

/// The name of docent's own ignore files; their rules are those of `.gitignore`.
const IGNORE_FILE: &str = ".docentignore";

/// What a walk leaves out beside hidden and ignored files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// Larger files are problems. Bytes.
    pub size_limit: u64,
    /// Absolute paths that are never entered, such as docent's own home.
    pub excluded: Vec<PathBuf>,
}

/// A file that docent can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Below the folder.
    pub path: PathBuf,
    pub fingerprint: Fingerprint,
}

/// What a walk found, each list ordered by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub files: Vec<ListedFile>,
    /// Files and folders that can't be read, below the folder; the empty path is the folder itself.
    pub problems: Vec<(PathBuf, ProblemKind)>,
    /// The folder's own file system, if the folder is there, and those that begin in it.
    pub mounts: Vec<Mount>,
}

/// Where a file system begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Below the folder; the empty path is the folder itself.
    pub path: PathBuf,
    /// Tells it from others as long as the machine runs.
    pub device: u64,
}

/// What the store knows of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// Below the folder.
    pub path: PathBuf,
    pub fingerprint: Fingerprint,
    pub document: DocumentId,
    /// When its content was hashed, in nanoseconds since 1970.
    pub hashed_at_ns: i64,
    /// By which its document was made.
    pub versions: Versions,
}

/// The versions of what makes passages out of bytes. Documents made by older ones are read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    pub extractor: u32,
    pub splitter: u32,
}

/// What is to be done about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its content is to be hashed, and read if no document has that hash and these versions.
    Read(ListedFile),
    /// As [`Read`](Self::Read), of a file that looks as before: older versions made its document, which answers meanwhile.
    ReadAgain(ListedFile),
    /// It is no longer there; the path is below the folder.
    Gone(PathBuf),
    Unchanged(PathBuf),
}

/// Says that a walk was stopped by its token.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("stopped")]
pub struct Stopped;

/// Lists the files below `folder` that docent can read.
///
/// `.gitignore`, `.ignore` and `.docentignore` files in it hold, whether or not it is in a repository; those above it do
/// not, because the folder was named by the user. Links are followed, and loops of them left. What is neither a file nor a
/// folder is passed over, as are files of unknown formats; documents of formats that are not read are problems.
pub fn list(
    folder: &Path,
    options: &ScanOptions,
    cancel: &CancellationToken,
) -> Result<Listing, Stopped> {
    let excluded = options.excluded.clone();
    let walk = WalkBuilder::new(folder)
        .require_git(false)
        .git_global(false)
        .parents(false)
        .follow_links(true)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(move |entry| !excluded.iter().any(|path| entry.path().starts_with(path)))
        .build();
    let mut listing = Listing::default();
    // A folder comes after the one that it lies in.
    let mut devices: HashMap<PathBuf, u64> = HashMap::new();
    for entry in walk {
        if cancel.is_cancelled() {
            return Err(Stopped);
        }
        match entry {
            Ok(entry) => {
                let path = entry.path();
                if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    let Ok(device) = entry.metadata().map(|metadata| device(&metadata)) else {
                        continue;
                    };
                    let around = path.parent().and_then(|around| devices.get(around));
                    if around != Some(&device) {
                        listing.mounts.push(Mount { path: below(folder, path), device });
                    }
                    devices.insert(path.to_owned(), device);
                    continue;
                }
                if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                    continue;
                }
                if Format::of(path).is_none() {
                    // A lock file of an office program is no document.
                    let is_lock = entry.file_name().to_string_lossy().starts_with("~$");
                    if is_unread_document(path) && !is_lock {
                        listing.problems.push((below(folder, path), ProblemKind::UnknownFormat));
                    }
                    continue;
                }
                match entry.metadata() {
                    Ok(metadata) if metadata.len() > options.size_limit => {
                        listing.problems.push((below(folder, path), ProblemKind::TooLarge));
                    }
                    Ok(metadata) => listing.files.push(ListedFile {
                        path: below(folder, path),
                        fingerprint: fingerprint(&metadata),
                    }),
                    Err(error) => listing.problems.extend(problem(folder, &error)),
                }
            }
            Err(error) => listing.problems.extend(problem(folder, &error)),
        }
    }
    listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    listing.problems.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    listing.problems.dedup_by(|a, b| a.0 == b.0);
    listing.mounts.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

/// Adds what was mounted in the folder and is away, such as a drive that was unplugged: to the problems, so that its files
/// count as there, and to the mounts, so that it is missed until it comes back.
///
/// An empty place is an emptied one as long as it is on the same file system as before; and a place is never taken for away
/// when it holds anything that docent reads.
pub fn miss_mounts(listing: &mut Listing, mounts: &[Mount], known: &[KnownFile]) {
    for mount in mounts {
        let is_here = listing.mounts.contains(mount)
            // A folder that can't be listed tells nothing.
            || listing.problems.iter().any(|(path, kind)| {
                is_unlisted(*kind) && mount.path.starts_with(path)
            });
        let holds = |path: &Path| path.starts_with(&mount.path);
        if !is_here
            && !listing.files.iter().any(|file| holds(&file.path))
            && known.iter().any(|file| holds(&file.path))
        {
            listing.problems.push((mount.path.clone(), ProblemKind::Away));
            listing.mounts.retain(|present| present.path != mount.path);
            listing.mounts.push(mount.clone());
        }
    }
    // The folder may not be there at all, and what was mounted in it can't be seen.
    if listing.mounts.is_empty() {
        listing.mounts = mounts.to_vec();
    }
    listing.problems.sort_by(|a, b| a.0.cmp(&b.0));
    listing.mounts.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Tells what is to be done, all reading before all forgetting, so that a moved file's document is still there when its
/// new place is found.
///
/// Files in a folder that could not be listed are unchanged: they may well be there.
pub fn changes(known: &[KnownFile], listing: &Listing, versions: Versions) -> Vec<Change> {
    let mut left: HashMap<&Path, &KnownFile> =
        known.iter().map(|file| (file.path.as_path(), file)).collect();
    let mut changes = Vec::with_capacity(listing.files.len());
    for file in &listing.files {
        let known = left.remove(file.path.as_path());
        changes.push(match known.filter(|known| known.fingerprint == file.fingerprint) {
            Some(known) if !has_settled(known) => Change::Read(file.clone()),
            Some(known) if known.versions != versions => Change::ReadAgain(file.clone()),
            Some(_) => Change::Unchanged(file.path.clone()),
            None => Change::Read(file.clone()),
        });
    }
    let unlisted: Vec<&Path> = listing
        .problems
        .iter()
        .filter(|(_, kind)| is_unlisted(*kind))
        .map(|(path, _)| path.as_path())
        .collect();
    let mut rest: Vec<&Path> = left.into_keys().collect();
    rest.sort_unstable();
    changes.extend(rest.into_iter().map(|path| {
        if unlisted.iter().any(|unlisted| path.starts_with(unlisted)) {
            Change::Unchanged(path.to_owned())
        } else {
            Change::Gone(path.to_owned())
        }
    }));
    changes
}

/// Whether what lies below a place with such a problem may well be there.
fn is_unlisted(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::PermissionDenied | ProblemKind::Unreadable | ProblemKind::Away)
}

/// Whether its content was hashed so long after it was changed that a further change would show in its stat.
fn has_settled(known: &KnownFile) -> bool {
    let age = known.hashed_at_ns.saturating_sub(known.fingerprint.modified_ns);
    !(-SKEW_NS..SETTLING_NS).contains(&age)
}

/// The part of a stat by which a change is noticed.
pub fn fingerprint(metadata: &Metadata) -> Fingerprint {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    let modified_ns =
        metadata.modified().map_or(0, |time| match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos())
                .map_or(i64::MIN, |nanoseconds| -nanoseconds),
        });
    Fingerprint { size: metadata.len(), modified_ns, inode }
}

/// The same for all where the system tells no file systems apart.
fn device(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::dev(metadata)
    }
    #[cfg(not(unix))]
    {
        _ = metadata;
        0
    }
}

fn below(folder: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(folder).unwrap_or(path).to_owned()
}

/// Loops and links to nothing are no problem: there is nothing there to be read.
fn problem(folder: &Path, error: &ignore::Error) -> Option<(PathBuf, ProblemKind)> {
    let path = below(folder, path_of(error)?);
    let kind = error.io_error().map(io::Error::kind)?;
    match kind {
        io::ErrorKind::PermissionDenied => Some((path, ProblemKind::PermissionDenied)),
        io::ErrorKind::NotFound if !path.as_os_str().is_empty() => None,
        _ => Some((path, ProblemKind::Unreadable)),
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOW: Versions = Versions { extractor: 2, splitter: 2 };
    const HASHED: i64 = 10_000_000_000;

    fn print(size: u64) -> Fingerprint {
        Fingerprint { size, modified_ns: 1, inode: 7 }
    }

    fn known(path: &str, size: u64) -> KnownFile {
        KnownFile {
            path: path.into(),
            fingerprint: print(size),
            document: DocumentId(1),
            hashed_at_ns: HASHED,
            versions: NOW,
        }
    }

    fn listing(files: &[(&str, u64)], problems: &[(&str, ProblemKind)]) -> Listing {
        Listing {
            files: files
                .iter()
                .map(|(path, size)| ListedFile { path: path.into(), fingerprint: print(*size) })
                .collect(),
            problems: problems.iter().map(|(path, kind)| (path.into(), *kind)).collect(),
            mounts: Vec::new(),
        }
    }

    fn mount(path: &str, device: u64) -> Mount {
        Mount { path: path.into(), device }
    }

    /// `were` and `are` are the mounts before and now.
    #[track_caller]
    fn check_mounts(
        were: &[Mount],
        files: &[(&str, u64)],
        are: &[Mount],
        known: &[KnownFile],
        expected: (&[&str], &[Mount]),
    ) {
        let mut found = Listing { mounts: are.to_vec(), ..listing(files, &[]) };
        miss_mounts(&mut found, were, known);
        let away: Vec<_> = found.problems.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!((away.as_slice(), found.mounts.as_slice()), expected);
    }

    #[track_caller]
    fn check(known: &[KnownFile], listing: &Listing, expected: &[&str]) {
        let found: Vec<_> = changes(known, listing, NOW)
            .iter()
            .map(|change| match change {
                Change::Read(file) => format!("read {}", file.path.display()),
                Change::ReadAgain(file) => format!("again {}", file.path.display()),
                Change::Gone(path) => format!("gone {}", path.display()),
                Change::Unchanged(path) => format!("same {}", path.display()),
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_with_the_same_stat_is_not_read_again() {
        check(
            &[known("a.md", 1)],
            &listing(&[("a.md", 1), ("b.md", 1)], &[]),
            &["same a.md", "read b.md"],
        );
    }

    #[test]
    fn a_changed_file_is_read_again() {
        check(&[known("a.md", 1)], &listing(&[("a.md", 2)], &[]), &["read a.md"]);
    }

    #[test]
    fn reading_comes_before_forgetting() {
        check(&[known("a.md", 1)], &listing(&[("z.md", 1)], &[]), &["read z.md", "gone a.md"]);
    }

    #[test]
    fn a_file_that_was_hashed_right_after_a_change_is_hashed_again() {
        let mut file = known("a.md", 1);
        for age in [SETTLING_NS - 1, 0, -SKEW_NS] {
            file.hashed_at_ns = file.fingerprint.modified_ns + age;
            check(&[file.clone()], &listing(&[("a.md", 1)], &[]), &["read a.md"]);
        }
    }

    #[test]
    fn a_file_with_a_date_to_come_is_not_hashed_at_every_scan() {
        let mut file = known("a.md", 1);
        file.hashed_at_ns = file.fingerprint.modified_ns - SKEW_NS - 1;
        check(&[file], &listing(&[("a.md", 1)], &[]), &["same a.md"]);
    }

    #[test]
    fn an_older_version_is_read_again() {
        let mut file = known("a.md", 1);
        file.versions.splitter = 1;
        check(&[file.clone()], &listing(&[("a.md", 1)], &[]), &["again a.md"]);
        check(&[file], &listing(&[("a.md", 2)], &[]), &["read a.md"]);
    }

    #[test]
    fn files_in_a_folder_that_cannot_be_listed_are_kept() {
        let denied = [("locked", ProblemKind::PermissionDenied)];
        check(
            &[known("locked/a.md", 1), known("lockedout.md", 1)],
            &listing(&[], &denied),
            &["same locked/a.md", "gone lockedout.md"],
        );
        check(&[known("a.md", 1)], &listing(&[], &[("", ProblemKind::Unreadable)]), &["same a.md"]);
    }

    #[test]
    fn an_empty_folder_that_was_another_drive_has_lost_nothing() {
        let (root, drive) = ([mount("", 1)], [mount("", 2)]);
        let note = [known("a.md", 1)];
        // Emptied by somebody.
        check_mounts(&root, &[], &root, &note, (&[], &root));
        // Away, and then still away.
        for _ in 0..2 {
            check_mounts(&drive, &[], &root, &note, (&[""], &drive));
        }
        // The drive has another number since the machine was started, or another drive is there.
        check_mounts(&drive, &[("b.md", 1)], &root, &note, (&[], &root));
        // Nothing was read on it.
        check_mounts(&drive, &[], &root, &[], (&[], &root));
    }

    #[test]
    fn a_drive_inside_the_folder_can_be_away_too() {
        let (root, drive) = (mount("", 1), mount("stick", 2));
        let both = [root.clone(), drive];
        let files = [known("a.md", 1), known("stick/b.md", 1)];
        let listed = [("a.md", 1)];
        check_mounts(&both, &listed, std::slice::from_ref(&root), &files, (&["stick"], &both));
        check_mounts(&both, &listed, &both, &files, (&[], &both));
        let mut found = Listing { mounts: vec![root], ..listing(&listed, &[]) };
        miss_mounts(&mut found, &both, &files);
        check(&files, &found, &["same a.md", "same stick/b.md"]);
    }

    #[test]
    fn a_folder_that_is_missing_is_no_drive_that_is_away() {
        let root = mount("", 1);
        let mut found = listing(&[], &[("", ProblemKind::Unreadable)]);
        miss_mounts(&mut found, std::slice::from_ref(&root), &[known("a.md", 1)]);
        assert_eq!(found.problems, [(PathBuf::new(), ProblemKind::Unreadable)]);
        assert_eq!(found.mounts, [root]);
    }

    #[test]
    fn a_file_that_has_become_too_large_is_gone() {
        check(
            &[known("a.md", 1)],
            &listing(&[], &[("a.md", ProblemKind::TooLarge)]),
            &["gone a.md"],
        );
    }

    fn options() -> ScanOptions {
        ScanOptions { size_limit: 100, excluded: Vec::new() }
    }

    fn listed(folder: &Path, options: &ScanOptions) -> Vec<String> {
        let listing = list(folder, options, &CancellationToken::new()).unwrap();
        let files = listing.files.iter().map(|file| file.path.display().to_string());
        let problems = listing
            .problems
            .iter()
            .map(|(path, kind)| format!("{} {}", kind.name(), path.display()));
        files.chain(problems).collect()
    }

    #[test]
    fn ignored_hidden_and_unknown_files_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(".gitignore", "drafts/\n");
        write(".ignore", "old.md\n");
        write("notes/.docentignore", "private.txt\n");
        for name in [
            "drafts/a.md",
            "old.md",
            "notes/private.txt",
            ".hidden.md",
            "song.mp3",
            "notes/b.txt",
            "home/c.md",
        ] {
            write(name, "text");
        }
        write("lease.PDF", "text");
        write("large.txt", &"x".repeat(101));
        write("letter.DOCX", "text");
        write("~$letter.docx", "text");
        let options = ScanOptions { excluded: vec![folder.path().join("home")], ..options() };
        assert_eq!(
            listed(folder.path(), &options),
            ["lease.PDF", "notes/b.txt", "too_large large.txt", "unknown_format letter.DOCX"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_without_loops_and_pipes_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let sub = folder.path().join("sub");
        fs::create_dir(&sub).unwrap();
        fs::write(sub.join("a.md"), "text").unwrap();
        std::os::unix::fs::symlink(folder.path(), sub.join("loop")).unwrap();
        std::os::unix::fs::symlink("a.md", sub.join("b.md")).unwrap();
        std::os::unix::fs::symlink("nothing.md", sub.join("c.md")).unwrap();
        let _socket =
            std::os::unix::net::UnixListener::bind(folder.path().join("socket.md")).unwrap();
        assert_eq!(listed(folder.path(), &options()), ["sub/a.md", "sub/b.md"]);
    }

    #[test]
    fn a_missing_folder_is_a_problem_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(listed(&folder.path().join("gone"), &options()), ["unreadable "]);
    }

    #[test]
    fn a_cancelled_walk_stops() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(list(folder.path(), &options(), &cancel), Err(Stopped));
    }
}
