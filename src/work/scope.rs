//! What can a question be limited to, and how much is left then?
//!
//! A thread of its own: what is told while somebody types waits for nothing, and nothing waits for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use docent_index::query::{self, Query, Term};
use docent_index::retrieve::{self, Request, RetrieveError};
use docent_index::store::{Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

use super::Setting;
use super::inbox::Inbox;
use super::thread::guarded;
use crate::state::message::{Message, Place};
use crate::state::question::InScope;

#[derive(Debug)]
pub(super) enum Order {
    /// List what a question can be limited to.
    Places,
    /// Count what filters leave, unless it is broken off: then something else is wanted.
    Count {
        filters: String,
        cancel: CancellationToken,
    },
    Finish,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Counter {
    setting: Arc<Setting>,
    inbox: Inbox,
    snapshot: Option<Snapshot>,
}

impl Counter {
    pub(super) fn new(setting: Arc<Setting>, inbox: Inbox) -> Self {
        Self { setting, inbox, snapshot: None }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        let inbox = self.inbox.clone();
        for order in orders {
            match order {
                Order::Places => {
                    let listed = guarded(&inbox, "listing the library", || self.look_up(places));
                    if listed.is_none() {
                        self.snapshot = None;
                    }
                    inbox.tell(Message::Places(listed.flatten().unwrap_or_default()));
                }
                // Something newer waits behind it.
                Order::Count { cancel, .. } if cancel.is_cancelled() => {}
                Order::Count { filters, cancel } => {
                    let counted = guarded(&inbox, "counting passages", || {
                        self.look_up(|snapshot| count(snapshot, filters, &cancel))
                    });
                    if counted.is_none() {
                        self.snapshot = None;
                    }
                    if let Some(counted) = counted.flatten().filter(|_| !cancel.is_cancelled()) {
                        inbox.tell(Message::Counted(counted));
                    }
                }
                Order::Finish => break,
            }
        }
    }

    /// Something that the library holds now. An error would come again at the next question, which tells it.
    fn look_up<T, E>(&mut self, look_up: impl FnOnce(&Snapshot) -> Result<T, E>) -> Option<T> {
        let snapshot = super::refreshed(&mut self.snapshot, &self.setting.home).ok()?;
        let found = look_up(snapshot).ok();
        drop(snapshot.release());
        found
    }
}

/// The folders of the library, then its files, in the order of their names.
fn places(snapshot: &Snapshot) -> Result<Vec<Place>, StoreError> {
    let mut watched: HashMap<&OsStr, HashSet<&Path>> = HashMap::new();
    for place in snapshot.places()? {
        let name = place.folder.file_name().unwrap_or_default();
        watched.entry(name).or_default().insert(&place.folder);
    }
    let mut folders: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for place in snapshot.places()? {
        // Of folders that have one name, each is told by its whole path.
        let name = place.folder.file_name().unwrap_or_default();
        let is_alone = !name.is_empty() && watched.get(name).is_some_and(|all| all.len() == 1);
        let way = if is_alone { place.way() } else { place.path() };
        let depth = place.file.components().count();
        for folder in way.ancestors().skip(1).take(depth) {
            *folders.entry(folder.to_owned()).or_default() += 1;
        }
        files.push(way);
    }
    files.sort_unstable();
    let folders = folders.iter().map(|(way, documents)| listed(way, Some(*documents)));
    let files = files.iter().map(|way| listed(way, None));
    Ok(folders.chain(files).filter(can_be_written).collect())
}

fn listed(way: &Path, documents: Option<u64>) -> Place {
    Place { way: way.to_string_lossy().into_owned(), documents }
}

/// Whether the query language has a way to write it: not a quotation mark together with a space.
fn can_be_written(place: &Place) -> bool {
    let term = Term::Path(place.way.clone());
    let written = Query { terms: vec![term.clone()] }.to_string();
    query::pieces(&written).map(|piece| piece.term).eq([Ok(term)])
}

/// What `filters` leave.
fn count(
    snapshot: &Snapshot,
    filters: String,
    cancel: &CancellationToken,
) -> Result<InScope, RetrieveError> {
    let terms = query::pieces(&filters).filter_map(|piece| piece.term.ok()).collect();
    let query = Query { terms };
    let left = retrieve::in_scope(snapshot, &Request::new(&query, 0), cancel)?;
    Ok(InScope { filters, documents: left.documents as u64, passages: left.passages as u64 })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_count_that_is_broken_off_is_told_by_nobody_and_keeps_nothing_waiting() {
        let place = crate::work::tests::Place::new();
        drop(place.ready());
        let (inbox, mut messages) = Inbox::for_test();
        let (sender, orders) = mpsc::channel();
        let (over, wanted) = (CancellationToken::new(), CancellationToken::new());
        over.cancel();
        let count = |filters: &str, cancel: &CancellationToken| Order::Count {
            filters: filters.to_owned(),
            cancel: cancel.clone(),
        };
        for order in [count("type:pdf", &over), count("type:md", &wanted), Order::Finish] {
            sender.send(order).unwrap();
        }
        let setting = Arc::new(place.setting());
        Counter::new(Arc::clone(&setting), inbox).work(&orders);
        let Ok(Message::Counted(counted)) = messages.try_recv() else { panic!("nothing counted") };
        assert_eq!((counted.filters.as_str(), counted.documents), ("type:md", 1));
        assert!(messages.try_recv().is_err());
        // Broken off in the middle.
        let snapshot = Snapshot::open(&setting.home).unwrap();
        let broken = super::count(&snapshot, "type:md".to_owned(), &over);
        assert!(matches!(broken, Err(RetrieveError::Cancelled)), "{broken:?}");
    }
}
