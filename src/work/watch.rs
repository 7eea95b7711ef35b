//! Which folders have changed?
//!
//! The kernel's events say only that something has changed and in which folder; what it is, a scan finds out. Where there
//! are no events, or not of everything (a network drive, a folder that is away, more folders than the kernel watches), the
//! folder is looked at every half a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use docent_index::extract::{Format, is_unread_document};
use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::library::Order;

/// A change is looked at when nothing more has come for this long, so that a file that is being written is read once.
const SETTLED: Duration = Duration::from_millis(200);
/// It is looked at after this time though more keeps coming.
const LONGEST: Duration = Duration::from_secs(1);
/// After a folder has come it is looked at once more: what was put into it before the kernel watched it told nobody.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How often folders are looked at of whose changes nobody tells.
const LOOK: Duration = Duration::from_secs(30);

/// Files that say what is left out.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".docentignore"];

/// Watches folders.
#[derive(Debug)]
pub(super) struct Watcher {
    /// None, and why, where the kernel gives no events at all.
    events: Result<RecommendedWatcher, String>,
    seen: Arc<Seen>,
    roots: BTreeMap<PathBuf, Root>,
    next_look: Option<Instant>,
}

/// A folder that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Root {
    /// Why it is looked at beside its events, or instead of them.
    looked_at: Option<Why>,
    /// Which folder the events are of: another one may be mounted in its place, and the kernel says nothing.
    identity: Option<(u64, u64)>,
}

/// Why events are not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Missing,
    Drive,
    Limit,
    Refused,
}

/// What the thread that gets the events leaves for the one that follows them.
#[derive(Debug)]
struct Seen {
    changes: Mutex<Changes>,
    /// Docent's own folder: what changes there is its own doing.
    home: PathBuf,
    wake: Sender<Order>,
}

#[derive(Debug, Default)]
struct Changes {
    roots: BTreeSet<PathBuf>,
    /// When the first and the last change came.
    changed: BTreeMap<PathBuf, (Instant, Instant)>,
    /// When a folder is to be looked at once more.
    afterwards: BTreeMap<PathBuf, Instant>,
    /// Folders that were themselves removed or renamed: their watches are dead.
    lost: BTreeSet<PathBuf>,
    /// Folders in which the kernel watches no more.
    limited: BTreeSet<PathBuf>,
}

impl Watcher {
    /// Sends [`Order::Look`] to `wake` when there is a change. `home` is docent's own folder.
    pub(super) fn new(home: &Path, wake: Sender<Order>) -> Self {
        let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        let seen = Arc::new(Seen { changes: Mutex::default(), home, wake });
        let events = notify::recommended_watcher({
            let seen = Arc::clone(&seen);
            move |event| seen.take(event)
        });
        Self::with(events, seen)
    }

    fn with(events: notify::Result<RecommendedWatcher>, seen: Arc<Seen>) -> Self {
        let events = events.map_err(|error| error.to_string());
        Self { events, seen, roots: BTreeMap::new(), next_look: None }
    }

    /// Watches these folders and no others.
    pub(super) fn follow(&mut self, folders: impl IntoIterator<Item = PathBuf>) {
        let wanted: BTreeSet<PathBuf> = folders.into_iter().collect();
        let gone: Vec<PathBuf> =
            self.roots.keys().filter(|root| !wanted.contains(*root)).cloned().collect();
        for root in gone {
            self.unwatch(&root);
            self.roots.remove(&root);
            // The kernel watches each folder once: what lies in both was let go for both.
            let kin = |other: &&PathBuf| other.starts_with(&root) || root.starts_with(other);
            let shared: Vec<PathBuf> = self.roots.keys().filter(kin).cloned().collect();
            for other in shared {
                self.watch(other);
            }
        }
        // Before the watches are set, so that no event is taken for one of a stranger.
        self.seen.changes().roots.clone_from(&wanted);
        for root in wanted {
            if !self.roots.contains_key(&root) {
                self.watch(root);
            }
        }
    }

    fn watch(&mut self, root: PathBuf) {
        let identity = identity(&root);
        let looked_at = match identity {
            Some(_) => self.set_watch(&root),
            None => Some(Why::Missing),
        };
        self.roots.insert(root, Root { looked_at, identity });
    }

    /// Why it is not enough, where it isn't.
    fn set_watch(&mut self, root: &Path) -> Option<Why> {
        let Ok(events) = &mut self.events else { return Some(Why::Refused) };
        match events.watch(root, RecursiveMode::Recursive) {
            Ok(()) => lies_on_a_drive_without_events(root).then_some(Why::Drive),
            Err(error) => {
                // Part of it may be watched by now, which would use up what others need.
                self.unwatch(root);
                Some(match error.kind {
                    ErrorKind::MaxFilesWatch => Why::Limit,
                    ErrorKind::PathNotFound => Why::Missing,
                    _ => Why::Refused,
                })
            }
        }
    }

    fn unwatch(&mut self, root: &Path) {
        if let Ok(events) = &mut self.events {
            // One that is not watched, or no longer there, needs no ending.
            drop(events.unwatch(root));
        }
    }

    /// Whether there is a change to be looked at.
    pub(super) fn has_settled(&self, now: Instant) -> bool {
        let changes = self.seen.changes();
        changes.changed.values().any(|times| is_settled(*times, now))
            || changes.afterwards.values().any(|at| *at <= now)
    }

    /// The folders to be looked at now; each is told once for its changes until then.
    pub(super) fn settled(&mut self, now: Instant) -> BTreeSet<PathBuf> {
        let (mut settled, lost, limited) = {
            let mut changes = self.seen.changes();
            let changed = changes.changed.extract_if(.., |_, times| is_settled(*times, now));
            let mut settled: BTreeSet<PathBuf> = changed.map(|(root, _)| root).collect();
            let afterwards = changes.afterwards.extract_if(.., |_, at| *at <= now);
            settled.extend(afterwards.map(|(root, _)| root));
            (settled, std::mem::take(&mut changes.lost), std::mem::take(&mut changes.limited))
        };
        for root in lost {
            if self.roots.contains_key(&root) {
                self.unwatch(&root);
                self.watch(root.clone());
                settled.insert(root);
            }
        }
        for root in limited {
            if let Some(known) = self.roots.get_mut(&root) {
                known.looked_at = Some(Why::Limit);
                settled.insert(root);
            }
        }
        if self.next_look.is_some_and(|next| next <= now) {
            self.next_look = None;
            settled.extend(self.look());
        }
        if self.next_look.is_none() && !self.roots.is_empty() {
            self.next_look = Some(now + LOOK);
        }
        settled
    }

    /// The folders of whose changes nobody tells, as far as they are there, and those that are no longer what they were.
    fn look(&mut self) -> Vec<PathBuf> {
        let mut present = Vec::new();
        for (root, known) in self.roots.clone() {
            if identity(&root) != known.identity {
                self.unwatch(&root);
                self.watch(root.clone());
                present.push(root);
            } else if known.looked_at.is_some_and(|why| why != Why::Missing) {
                present.push(root);
            }
        }
        present
    }

    /// When [`settled`](Self::settled) has something to tell, as far as is known now.
    pub(super) fn next(&self) -> Option<Instant> {
        let changes = self.seen.changes();
        let settling = changes
            .changed
            .values()
            .map(|(first, last)| (*last + SETTLED).min(*first + LONGEST))
            .min();
        let now = (!changes.lost.is_empty() || !changes.limited.is_empty()).then(Instant::now);
        let afterwards = changes.afterwards.values().copied();
        settling.into_iter().chain(afterwards).chain(self.next_look).chain(now).min()
    }

    /// What the user must know: that changes are not noticed at once, and why.
    pub(super) fn told(&self) -> Option<String> {
        let of = |wanted: Why| {
            let roots: Vec<String> = self
                .roots
                .iter()
                .filter(|(_, known)| known.looked_at == Some(wanted))
                .map(|(root, _)| format!("`{}`", root.display()))
                .collect();
            (!roots.is_empty()).then(|| roots.join(", "))
        };
        let mut parts = Vec::new();
        if let Some(roots) = of(Why::Drive) {
            parts.push(format!("{roots}: the drive does not tell of all changes"));
        }
        if let Some(roots) = of(Why::Limit) {
            parts.push(format!(
                "{roots}: the system watches no more folders (fs.inotify.max_user_watches)"
            ));
        }
        if let Some(roots) = of(Why::Refused) {
            let why =
                self.events.as_ref().err().map_or("the system refuses to watch", String::as_str);
            parts.push(format!("{roots}: {why}"));
        }
        (!parts.is_empty()).then(|| {
            format!("changes are looked for every {} s in {}", LOOK.as_secs(), parts.join("; "))
        })
    }
}

impl Seen {
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the kernel tells, on the watcher's own thread.
    fn take(&self, event: notify::Result<Event>) {
        let now = Instant::now();
        let mut guard = self.changes();
        let changes = &mut *guard;
        let mut is_new = false;
        match event {
            Ok(event) if event.need_rescan() => {
                for root in &changes.roots {
                    is_new |= note(&mut changes.changed, root, now);
                }
            }
            Ok(event) => {
                for path in event.paths.iter().filter(|path| !path.starts_with(&self.home)) {
                    for root in changes.roots.iter().filter(|root| path.starts_with(root)) {
                        if matters(root, path, event.kind) {
                            is_new |= note(&mut changes.changed, root, now);
                            if may_bring_a_folder(event.kind) {
                                changes.afterwards.insert(root.clone(), now + AFTERWARDS);
                            }
                        }
                        let goes = matches!(
                            event.kind,
                            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
                        );
                        if path == root && goes {
                            changes.lost.insert(root.clone());
                        }
                    }
                }
            }
            Err(error) => {
                if matches!(error.kind, ErrorKind::MaxFilesWatch) {
                    let limited = |root: &&PathBuf| {
                        error.paths.is_empty()
                            || error.paths.iter().any(|path| path.starts_with(root))
                    };
                    changes.limited.extend(changes.roots.iter().filter(limited).cloned());
                    is_new = true;
                }
            }
        }
        drop(guard);
        if is_new {
            // A library that is gone follows nothing.
            drop(self.wake.send(Order::Look));
        }
    }
}

/// Notes a change; whether it is the first one since the folder was looked at.
fn note(changed: &mut BTreeMap<PathBuf, (Instant, Instant)>, root: &Path, now: Instant) -> bool {
    if let Some((_, last)) = changed.get_mut(root) {
        *last = now;
        return false;
    }
    changed.insert(root.to_owned(), (now, now));
    true
}

/// Tells a folder from another one at the same place; none where there is no folder.
fn identity(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = folder.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

fn is_settled((first, last): (Instant, Instant), now: Instant) -> bool {
    now.saturating_duration_since(last) >= SETTLED
        || now.saturating_duration_since(first) >= LONGEST
}

/// Whether an event can mean that a scan finds something else than before.
fn matters(root: &Path, path: &Path, kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write) => {
            return false;
        }
        EventKind::Other => return false,
        _ => {}
    }
    let Ok(below) = path.strip_prefix(root) else { return false };
    let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    if below.parent().into_iter().flatten().any(is_hidden) {
        return false;
    }
    let Some(name) = below.file_name() else { return true };
    if is_hidden(name) {
        return IGNORE_FILES.iter().any(|file| name == *file);
    }
    let is_file = matches!(
        kind,
        EventKind::Access(_)
            | EventKind::Create(CreateKind::File)
            | EventKind::Modify(ModifyKind::Data(_))
    );
    // Of anything else it can't be told whether it is, or was, a folder.
    Format::of(path).is_some() || is_unread_document(path) || !is_file
}

fn may_bring_a_folder(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::Access(_)
            | EventKind::Create(CreateKind::File)
            | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))
            | EventKind::Remove(_)
    )
}

/// Whether others can change what lies there without this machine's kernel knowing.
#[cfg(target_os = "linux")]
fn lies_on_a_drive_without_events(path: &Path) -> bool {
    /// NFS, SMB in its three numbers, 9P, AFS, Ceph, Coda, and FUSE, behind which anything can be.
    const KINDS: [u32; 9] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x0102_1997,
        0x5346_414f,
        0x00c3_6400,
        0x7375_7245,
        0x6573_5546,
    ];
    rustix::fs::statfs(path)
        .ok()
        .and_then(|statistics| u32::try_from(statistics.f_type).ok())
        .is_some_and(|kind| KINDS.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn lies_on_a_drive_without_events(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};

    use notify::event::{DataChange, RemoveKind, RenameMode};

    use super::*;

    #[track_caller]
    fn check(path: &str, kind: EventKind, expected: bool) {
        let is = matters(Path::new("/notes"), &Path::new("/notes").join(path), kind);
        assert_eq!(is, expected, "{path} {kind:?}");
    }

    #[test]
    fn only_what_a_scan_could_find_matters() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        check("a.md", written, true);
        check("a.md", closed, true);
        check("a.md", EventKind::Access(AccessKind::Open(AccessMode::Any)), false);
        check("song.mp3", written, false);
        check("song.mp3", closed, false);
        check(".a.md.swp", written, false);
        check(".git/index.md", written, false);
        check(".docentignore", written, true);
        check("sub/.ignore", written, true);
        check(".git/.ignore", written, false);
        check("sub", EventKind::Create(CreateKind::Folder), true);
        check("sub.d", EventKind::Remove(RemoveKind::Folder), true);
        check("sub.d", renamed, true);
        check("", EventKind::Remove(RemoveKind::Folder), true);
    }

    fn watcher(home: &Path) -> (Watcher, Receiver<Order>) {
        let (wake, orders) = mpsc::channel();
        (Watcher::new(home, wake), orders)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_change_is_told_once_when_it_has_settled() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        let (mut watcher, orders) = watcher(home.path());
        watcher.follow([root.clone()]);
        std::fs::create_dir(root.join("sub")).unwrap();
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        let now = Instant::now();
        assert!(watcher.next().unwrap() <= now + SETTLED);
        assert_eq!(watcher.settled(now + LONGEST), BTreeSet::from([root.clone()]));
        assert!(watcher.settled(now + LONGEST).is_empty());
        assert_eq!(watcher.settled(now + 2 * AFTERWARDS), BTreeSet::from([root.clone()]));
        // The new folder is watched a moment after it was told of.
        let asked = Instant::now();
        while orders.recv_timeout(Duration::from_millis(20)).is_err() {
            assert!(asked.elapsed() < LONG);
            std::fs::write(root.join("sub/a.md"), "text").unwrap();
        }
        assert_eq!(watcher.settled(Instant::now() + LONGEST), BTreeSet::from([root]));
        assert_eq!(watcher.told(), None);
    }

    #[test]
    fn what_docent_writes_itself_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let (mut watcher, orders) = watcher(&home);
        watcher.follow([folder.path().canonicalize().unwrap()]);
        std::fs::write(home.join("a.md"), "text").unwrap();
        std::fs::write(folder.path().join("b.md"), "text").unwrap();
        // Events come in order: this one is of the second file, or the first one would have come before it.
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        let changed = watcher.seen.changes().changed.len();
        assert_eq!(changed, 1);
        std::fs::write(home.join("c.md"), "text").unwrap();
        watcher.settled(Instant::now() + LONGEST);
        std::fs::write(folder.path().join("d.md"), "text").unwrap();
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
    }

    #[test]
    fn a_folder_that_was_away_is_watched_again() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap().join("stick");
        std::fs::create_dir(&root).unwrap();
        let (mut watcher, orders) = watcher(home.path());
        watcher.follow([root.clone()]);
        let now = Instant::now();
        assert!(watcher.settled(now).is_empty());
        std::fs::rename(&root, folder.path().join("away")).unwrap();
        while watcher.seen.changes().lost.is_empty() {
            assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        }
        assert!(watcher.settled(now + LONGEST).contains(&root), "it is found to be missing");
        watcher.settled(now + 2 * AFTERWARDS);
        assert!(watcher.settled(now + LOOK + LONGEST).is_empty(), "it is still missing");
        std::fs::rename(folder.path().join("away"), &root).unwrap();
        assert!(watcher.settled(now + 3 * LOOK).contains(&root));
        for _ in orders.try_iter() {}
        std::fs::write(root.join("a.md"), "text").unwrap();
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
    }

    #[test]
    fn another_folder_in_the_same_place_is_watched_though_nobody_told() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap().join("mount");
        std::fs::create_dir(&root).unwrap();
        let (mut watcher, orders) = watcher(home.path());
        watcher.follow([root.clone()]);
        let now = Instant::now();
        watcher.settled(now);
        std::fs::create_dir(folder.path().join("other")).unwrap();
        std::fs::rename(&root, folder.path().join("away")).unwrap();
        std::fs::rename(folder.path().join("other"), &root).unwrap();
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        // As if the kernel had said nothing, which it does when something is mounted.
        *watcher.seen.changes() =
            Changes { roots: BTreeSet::from([root.clone()]), ..Changes::default() };
        assert!(watcher.settled(now + LOOK).contains(&root));
        for _ in orders.try_iter() {}
        let asked = Instant::now();
        while orders.recv_timeout(Duration::from_millis(20)).is_err() {
            assert!(asked.elapsed() < LONG);
            std::fs::write(root.join("a.md"), "text").unwrap();
        }
    }

    #[test]
    fn without_events_folders_are_looked_at_and_it_is_said() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        let (wake, _orders) = mpsc::channel();
        let home = home.path().to_owned();
        let seen = Arc::new(Seen { changes: Mutex::default(), home, wake });
        let refused = notify::Error::generic("too many files are open");
        let mut watcher = Watcher::with(Err(refused), seen);
        watcher.follow([root.clone()]);
        let now = Instant::now();
        assert!(watcher.settled(now).is_empty());
        assert_eq!(watcher.next(), Some(now + LOOK));
        assert_eq!(watcher.settled(now + LOOK), BTreeSet::from([root.clone()]));
        assert!(watcher.settled(now + LOOK).is_empty());
        let told = watcher.told().unwrap();
        let expected = format!(
            "changes are looked for every 30 s in `{}`: too many files are open",
            root.display()
        );
        assert_eq!(told, expected);
    }

    #[test]
    fn where_the_kernel_watches_no_more_a_folder_is_looked_at_too() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        let (mut watcher, orders) = watcher(home.path());
        watcher.follow([root.clone()]);
        let error = notify::Error::new(ErrorKind::MaxFilesWatch).add_path(root.join("sub"));
        watcher.seen.take(Err(error));
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        assert!(watcher.next().unwrap() <= Instant::now());
        let now = Instant::now();
        assert!(watcher.settled(now).contains(&root));
        assert!(watcher.settled(now + LOOK).contains(&root));
        assert!(watcher.told().unwrap().contains("fs.inotify.max_user_watches"));
    }

    #[test]
    fn a_folder_that_is_left_is_watched_no_more() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("a")).unwrap();
        std::fs::create_dir(root.join("b")).unwrap();
        let (mut watcher, orders) = watcher(home.path());
        watcher.follow([root.join("a"), root.join("b")]);
        watcher.follow([root.join("b")]);
        std::fs::write(root.join("a/a.md"), "text").unwrap();
        std::fs::write(root.join("b/b.md"), "text").unwrap();
        assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look));
        assert_eq!(watcher.settled(Instant::now() + LONGEST), BTreeSet::from([root.join("b")]));
    }

    #[test]
    fn of_folders_in_each_other_one_can_be_left() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outer = folder.path().canonicalize().unwrap();
        let inner = outer.join("inner");
        std::fs::create_dir(&inner).unwrap();
        for (left, stays) in [(&inner, &outer), (&outer, &inner)] {
            let (mut watcher, orders) = watcher(home.path());
            watcher.follow([outer.clone(), inner.clone()]);
            watcher.follow([stays.clone()]);
            std::fs::write(inner.join("a.md"), "text").unwrap();
            assert_eq!(orders.recv_timeout(LONG), Ok(Order::Look), "{left:?} was left");
            let settled = watcher.settled(Instant::now() + LONGEST);
            assert_eq!(settled, BTreeSet::from([stays.clone()]));
        }
    }
}
