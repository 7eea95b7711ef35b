//! Which rows of the library's tree does the screen want to see?
//!
//! This thread reads where documents lie from the database, and from the writer's queue what is still to be read. It keeps
//! the tree between two questions, so that going through it costs only the rows that are told.

mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use docent_index::store::{Shelves, StoreError};

use self::tree::{Place, Tree};
use super::Setting;
use super::inbox::Inbox;
use super::thread::guarded;
use crate::error::Failure;
use crate::ingest::queue::Queue;
use crate::state::effect::WantedRows;
use crate::state::message::{LibraryReport, Message, Rows};
use crate::state::notice::Notice;
use crate::state::tree::{Extent, Row, RowKind};

#[derive(Debug)]
pub(super) enum Order {
    Rows(Box<WantedRows>),
    Finish,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Lister {
    setting: Arc<Setting>,
    inbox: Inbox,
    queue: Arc<Queue>,
    shelves: Option<Shelves>,
    tree: Option<Kept>,
}

/// A tree with the versions of what it was made from.
#[derive(Debug)]
struct Kept {
    tree: Tree,
    versions: (i64, u64),
}

impl Lister {
    pub(super) fn new(setting: Arc<Setting>, inbox: Inbox, queue: Arc<Queue>) -> Self {
        Self { setting, inbox, queue, shelves: None, tree: None }
    }

    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        for order in orders {
            let mut wanted = match order {
                Order::Rows(wanted) => wanted,
                Order::Finish => return,
            };
            // What was wanted before is of no use when something else is wanted already.
            for order in orders.try_iter() {
                match order {
                    Order::Rows(newer) => {
                        let look = wanted.look || newer.look;
                        *wanted = WantedRows { look, ..*newer };
                    }
                    Order::Finish => return,
                }
            }
            let inbox = self.inbox.clone();
            let told = guarded(&inbox, "listing the library", || self.tell(&wanted));
            if told.is_none() {
                (self.shelves, self.tree) = (None, None);
            }
        }
    }

    fn tell(&mut self, wanted: &WantedRows) {
        let rows = match self.rows(wanted) {
            Ok(rows) => rows,
            // Nothing has been read yet.
            Err(StoreError::Missing { .. }) => Rows { number: wanted.number, ..Rows::default() },
            Err(error) => {
                (self.shelves, self.tree) = (None, None);
                let why = Failure::from(error).on_screen();
                let told = format!("the library can't be listed: {why}");
                return self.inbox.tell(Message::Notice(Notice::error(told)));
            }
        };
        self.inbox.tell(Message::Library(LibraryReport::Rows(Box::new(rows))));
    }

    fn rows(&mut self, wanted: &WantedRows) -> Result<Rows, StoreError> {
        if wanted.look || self.tree.is_none() {
            self.look()?;
        }
        let (Some(Kept { tree, .. }), Some(shelves)) = (&self.tree, &self.shelves) else {
            return Ok(Rows { number: wanted.number, ..Rows::default() });
        };
        let (places, files) = tree.places(wanted);
        let total = places.len();
        let chosen = wanted.chosen.as_ref().and_then(|(depth, path)| {
            places.iter().position(|place| tree.is_at(place, *depth, path))
        });
        // Who looks for something looks for a document.
        let is_looked_for = !wanted.filter.trim().is_empty();
        let first_found = || places.iter().position(Place::is_file).filter(|_| is_looked_for);
        let selected = chosen.or_else(first_found).unwrap_or(wanted.selected);
        let selected = selected.min(total.saturating_sub(1));
        let first = selected.saturating_sub(wanted.around);
        let shown = places.iter().skip(first).take(2 * wanted.around + 1);
        let mut rows: Vec<Row> = shown.map(|place| tree.row(place, wanted)).collect();
        for (row, place) in rows.iter_mut().zip(places.iter().skip(first)) {
            if let (RowKind::Document { extent, .. }, Some(document)) =
                (&mut row.kind, tree.document(place))
            {
                *extent = shelves.extent(document)?.map(|extent| Extent {
                    paged: extent.paged,
                    pages: extent.pages,
                    passages: extent.passages,
                    read_at: extent.indexed_at,
                });
            }
        }
        let problems = tree.problems();
        Ok(Rows { number: wanted.number, first, rows, total, files, problems, selected })
    }

    /// Makes the tree anew when something has changed.
    fn look(&mut self) -> Result<(), StoreError> {
        if self.shelves.as_ref().is_some_and(|shelves| !shelves.is_current()) {
            (self.shelves, self.tree) = (None, None);
        }
        let shelves = match &mut self.shelves {
            Some(shelves) => shelves,
            empty => empty.insert(Shelves::open(&self.setting.home)?),
        };
        let version = shelves.version()?;
        let versions = (version, self.queue.version());
        if self.tree.as_ref().is_some_and(|kept| kept.versions == versions) {
            return Ok(());
        }
        let all = shelves.all()?;
        let (queued, waiting) = self.queue.all();
        let user_home = self.setting.user_home.as_deref();
        let tree = Tree::new(all, waiting, &|root| shown(root, user_home));
        self.tree = Some(Kept { tree, versions: (version, queued) });
        Ok(())
    }
}

/// A watched folder as it is called on the screen, and whether it is there.
fn shown(root: &Path, user_home: Option<&Path>) -> (String, bool) {
    let below = user_home.and_then(|home| root.strip_prefix(home).ok());
    let name = match below {
        Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Some(below) => PathBuf::from("~").join(below).to_string_lossy().into_owned(),
        None => root.to_string_lossy().into_owned(),
    };
    (name, root.is_dir())
}
