//! How is the index kept in line with the folders while the screen is open?
//!
//! This thread alone writes it, in short steps: look at what changed, read, have a few passages embedded. Between two steps
//! something more urgent can come: an order, a file that was just saved, or a question, during which indexing rests. Where
//! another docent writes, this one reads along until it can take over.

mod content;
mod scans;
mod vectors;
mod writer;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use docent_index::store::{Snapshot, Store, StoreError};
use tokio_util::sync::CancellationToken;

use self::content::Teller;
use self::writer::Writer;
use super::Setting;
use super::inbox::Inbox;
use super::runs::Runs;
use super::thread::guarded;
use crate::error::Failure;
use crate::ingest::vector_id;
use crate::loading::Embedders;
use crate::state::library::Stage;
use crate::state::message::{LibraryReport, Message};
use crate::state::notice::Notice;

/// How often it is tried to take over from another docent.
const TAKE_OVER: Duration = Duration::from_secs(2);

/// How long until work that failed is begun again by itself; an order begins it at once.
const AGAIN: Duration = Duration::from_secs(30);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Something has changed: in a folder, or in what is in work elsewhere.
    Look,
    /// A folder as it was typed.
    Add(String),
    Remove(PathBuf),
    Pause(bool),
    Finish,
}

/// How this thread is spoken to and speaks.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) inbox: Inbox,
    pub(super) orders: Receiver<Order>,
    /// The other end of `orders`.
    pub(super) sender: Sender<Order>,
}

/// Orders in the order in which they came.
#[derive(Debug)]
struct Orders {
    receiver: Receiver<Order>,
    waiting: VecDeque<Order>,
}

impl Orders {
    /// The next one, if there is one.
    fn next(&mut self) -> Option<Order> {
        self.look();
        self.waiting.pop_front()
    }

    /// Whether one is there that `is_wanted`; all stay.
    fn any(&mut self, is_wanted: impl FnMut(&Order) -> bool) -> bool {
        self.look();
        self.waiting.iter().any(is_wanted)
    }

    fn look(&mut self) {
        self.waiting.extend(self.receiver.try_iter());
    }

    /// Waits for an order, until `deadline` at most.
    fn wait(&mut self, deadline: Option<Instant>) {
        if !self.waiting.is_empty() {
            return;
        }
        let received = match deadline {
            Some(deadline) => {
                self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()))
            }
            None => self.receiver.recv().map_err(RecvTimeoutError::from),
        };
        match received {
            Ok(order) => self.waiting.push_back(order),
            Err(RecvTimeoutError::Timeout) => {}
            // Nobody is left who could want anything.
            Err(RecvTimeoutError::Disconnected) => self.waiting.push_back(Order::Finish),
        }
    }
}

/// How a stretch of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// For good.
    Finished,
    /// Another docent writes.
    Locked,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Librarian {
    setting: Arc<Setting>,
    embedders: Arc<Embedders>,
    inbox: Inbox,
    orders: Orders,
    sender: Sender<Order>,
    runs: Arc<Runs>,
    cancel: CancellationToken,
    teller: Teller,
    paused: bool,
    /// Folders that were named at the start and are not in the library yet.
    named: Vec<PathBuf>,
    /// The library as it is read while another docent writes it, with the version that was told last.
    along: Option<(Snapshot, i64)>,
}

impl Librarian {
    pub(super) fn new(
        setting: Arc<Setting>,
        embedders: Arc<Embedders>,
        link: Link,
        runs: Arc<Runs>,
        cancel: CancellationToken,
    ) -> Self {
        let Link { inbox, orders, sender } = link;
        Self {
            named: setting.folders.clone(),
            setting,
            embedders,
            teller: Teller::new(inbox.clone()),
            inbox,
            orders: Orders { receiver: orders, waiting: VecDeque::new() },
            sender,
            runs,
            cancel,
            paused: false,
            along: None,
        }
    }

    pub(super) fn work(mut self) {
        let inbox = self.inbox.clone();
        loop {
            let reason = match guarded(&inbox, "indexing", || self.write()) {
                Some(Ok(End::Finished)) => return,
                Some(Ok(End::Locked)) => {
                    if guarded(&inbox, "reading along", || self.read_along()) == Some(true) {
                        return;
                    }
                    continue;
                }
                Some(Err(_)) if self.cancel.is_cancelled() => return,
                Some(Err(failure)) => failure.on_screen(),
                None => "docent made a mistake while indexing".to_owned(),
            };
            self.teller.stage(Stage::Failed(reason.clone()));
            let deadline = Some(Instant::now() + AGAIN);
            self.orders.wait(deadline);
            // What was ordered begins it anew; what can't be followed now is said, not kept for later.
            if self.refuse_orders(&format!("the library can't be written: {reason}")) {
                return;
            }
        }
    }

    /// Opens the library and writes it until the end.
    fn write(&mut self) -> Result<End, Failure> {
        let store = match Store::open(&self.setting.home) {
            Ok(store) => store,
            Err(StoreError::Locked { .. }) => return Ok(End::Locked),
            Err(error) => return Err(error.into()),
        };
        self.along = None;
        if let Some(aside) = store.set_aside() {
            let told = format!(
                "the library's database was damaged: it is kept as `{}`, the documents are read again",
                aside.display()
            );
            self.inbox.tell(Message::Notice(Notice::error(told)));
        }
        let embedder = vector_id(&self.embedders.id()?);
        Writer::new(self, store, embedder).work()
    }

    /// Tells what another docent writes, until it is time to try to take over. Whether this was the end for good.
    fn read_along(&mut self) -> bool {
        self.teller.stage(Stage::Elsewhere);
        // A library that can't be read now is tried again in a moment; questions tell what is wrong with it.
        drop(self.tell_along());
        let deadline = Instant::now() + TAKE_OVER;
        while Instant::now() < deadline {
            self.orders.wait(Some(deadline));
            if self.refuse_orders("another docent is writing the library: do it there, or close it")
            {
                return true;
            }
        }
        let refused = std::mem::take(&mut self.named);
        for folder in refused {
            let reason = format!(
                "`{}` can't join the library: another docent is writing it; add the folder there, or close it",
                folder.display()
            );
            self.inbox.tell(Message::Notice(Notice::error(reason)));
        }
        false
    }

    fn tell_along(&mut self) -> Result<(), Failure> {
        let embedder = vector_id(&self.embedders.id()?);
        let (snapshot, told) = match self.along.take() {
            Some((mut snapshot, told)) => {
                snapshot.refresh()?;
                (snapshot, Some(told))
            }
            None => (Snapshot::open(&self.setting.home)?, None),
        };
        let version = snapshot.version()?;
        if told != Some(version) {
            self.teller.content(content::of_snapshot(&snapshot, &embedder)?);
        }
        let (snapshot, _) = self.along.insert((snapshot, version));
        Ok(snapshot.release()?)
    }

    /// Answers the orders of a time in which nothing can be changed. Whether one was to finish.
    fn refuse_orders(&mut self, why: &str) -> bool {
        while let Some(order) = self.orders.next() {
            match order {
                Order::Look => {}
                Order::Pause(paused) => self.paused = paused,
                Order::Add(typed) => {
                    let reason = why.to_owned();
                    let report = LibraryReport::FolderRefused { typed, reason };
                    self.inbox.tell(Message::Library(report));
                }
                Order::Remove(_) => self.inbox.tell(Message::Notice(Notice::error(why))),
                Order::Finish => return true,
            }
        }
        self.cancel.is_cancelled()
    }
}
