//! How is the index kept in line with the folders while the screen is open?
//!
//! This thread alone writes it, in short steps: look at what changed, read, have a few passages embedded meanwhile. Between
//! two steps something more urgent can come: an order, a file that was just saved, or a question, during which indexing rests. Where
//! another docent writes, this one reads along until it can take over.

mod content;
mod scans;
mod writer;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use docent_index::store::{
    self, Desk, EmbedderId, Reply, Request, RequestId, Snapshot, Store, StoreError,
};
use tokio_util::sync::CancellationToken;

use self::content::Teller;
use self::writer::Writer;
use super::inbox::Inbox;
use super::runs::Runs;
use super::thread::guarded;
use super::{Setting, path};
use crate::error::Failure;
use crate::fs;
use crate::ingest::queue::Queue;
use crate::ingest::vector_id;
use crate::loading::Embedders;
use crate::state::library::Stage;
use crate::state::message::{LibraryReport, Message};
use crate::state::model::Maker;
use crate::state::notice::Notice;

/// How often it is tried to take over from another docent.
const TAKE_OVER: Duration = Duration::from_secs(2);

/// How often it is looked whether the docent that writes has replied; it looks for requests once a second.
const REPLIES: Duration = Duration::from_millis(200);

/// A request that has waited so long is told: a run of `--index` follows none before its end.
const NO_REPLY: Duration = Duration::from_secs(3);

/// How long until work that failed is begun again by itself; an order begins it at once.
const AGAIN: Duration = Duration::from_secs(30);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Something has changed: in a folder, or in what is in work elsewhere.
    Look,
    /// A folder as it was typed.
    Add(String),
    /// A folder that was named at the start: it may be there already.
    Named(PathBuf),
    Remove(PathBuf),
    /// A document, or a folder with all that is in it.
    ReadAgain(PathBuf),
    Pause(bool),
    /// Another embedder is to make the vectors: the one in this folder, or the bundled one.
    Embedder(Option<PathBuf>),
    /// The database was found to be damaged: opening it again begins it anew.
    Reopen,
    Finish,
}

/// How this thread is spoken to and speaks.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) inbox: Inbox,
    pub(super) orders: Receiver<Order>,
    /// The other end of `orders`.
    pub(super) sender: Sender<Order>,
    /// Where it is told which files are still to be read.
    pub(super) queue: Arc<Queue>,
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
    /// The library is to be opened again: it was found to be damaged, or another embedder makes its vectors.
    Again,
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
    queue: Arc<Queue>,
    teller: Teller,
    paused: bool,
    /// The user knows already what the change to another embedder takes.
    is_cost_told: bool,
    /// Folders that were named at the start and are not in the library yet.
    named: Vec<PathBuf>,
    /// The library as it is read while another docent writes it, with the version that was told last.
    along: Option<(Snapshot, i64)>,
    /// Opened when there is something to ask of the docent that writes.
    desk: Option<Desk>,
    asked: Vec<Asked>,
}

/// An order that another docent was asked to follow.
#[derive(Debug)]
struct Asked {
    id: RequestId,
    at: Instant,
    order: Order,
    /// What is to join, to leave or to be read.
    path: PathBuf,
    /// Whether it was told that no reply has come yet.
    is_told: bool,
}

impl Librarian {
    pub(super) fn new(
        setting: Arc<Setting>,
        embedders: Arc<Embedders>,
        link: Link,
        runs: Arc<Runs>,
        cancel: CancellationToken,
    ) -> Self {
        let Link { inbox, orders, sender, queue } = link;
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
            queue,
            paused: false,
            is_cost_told: false,
            along: None,
            desk: None,
            asked: Vec::new(),
        }
    }

    pub(super) fn work(mut self) {
        let inbox = self.inbox.clone();
        let mut reopened: Option<Instant> = None;
        loop {
            let reason = match guarded(&inbox, "indexing", || self.write()) {
                Some(Ok(End::Finished)) => return,
                Some(Ok(End::Again)) => continue,
                Some(Ok(End::Locked)) => {
                    if guarded(&inbox, "reading along", || self.read_along()) == Some(true) {
                        return;
                    }
                    continue;
                }
                Some(Err(_)) if self.cancel.is_cancelled() => return,
                // What could not be read is looked into by opening it, and begun anew.
                Some(Err(_))
                    if store::is_suspect(&self.setting.home)
                        && reopened.is_none_or(|at| at.elapsed() > AGAIN) =>
                {
                    reopened = Some(Instant::now());
                    continue;
                }
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
        self.take_back();
        if let Some(aside) = store.set_aside() {
            let told = format!(
                "the library's database was damaged: it is kept as `{}`, the documents are read again",
                aside.display()
            );
            self.inbox.tell(Message::Notice(Notice::error(told)));
        }
        if let Some(salvaged) = store.salvaged() {
            self.inbox.tell(Message::Notice(Notice::error(salvaged.to_string())));
        }
        let embedder = vector_id(&self.embedders.id()?);
        let is_behind = self.embedders.makes() && self.is_behind(&embedder);
        if is_behind && !std::mem::take(&mut self.is_cost_told) {
            let counts = store.counts(Some(&embedder))?;
            let missing = counts.passages.saturating_sub(counts.embedded);
            // How long it takes stands in the status line as soon as it is measured.
            let told = format!(
                "the embedder makes vectors of {missing} of {} passages; what was made before answers until then",
                counts.passages
            );
            self.inbox.tell(Message::Notice(Notice::note(told)));
        }
        Writer::new(self, store, embedder, is_behind).work()
    }

    /// Whether other vectors answer until this embedder has made its own.
    fn is_behind(&self, embedder: &EmbedderId) -> bool {
        // A library that can't be read tells so itself.
        store::ahead_of(&self.setting.home, embedder).is_ok_and(|ahead| !ahead.is_empty())
    }

    /// Lets another embedder make the vectors: the one in this folder, or the bundled one.
    fn choose(&mut self, folder: Option<PathBuf>) {
        self.embedders.choose(Maker::of(folder));
        self.is_cost_told = true;
    }

    /// Tells what another docent writes, until it is time to try to take over. Whether this was the end for good.
    fn read_along(&mut self) -> bool {
        self.teller.stage(Stage::Elsewhere);
        // What the other one has still to read is known to it alone.
        self.queue.set(std::iter::empty());
        // A library that can't be read now is tried again in a moment; questions tell what is wrong with it.
        drop(self.tell_along());
        for folder in std::mem::take(&mut self.named) {
            self.hand_over(Order::Named(folder));
        }
        let deadline = Instant::now() + TAKE_OVER;
        while Instant::now() < deadline {
            let replies = (!self.asked.is_empty()).then(|| Instant::now() + REPLIES);
            self.orders.wait(Some(replies.map_or(deadline, |replies| replies.min(deadline))));
            while let Some(order) = self.orders.next() {
                if order == Order::Finish {
                    return true;
                }
                self.hand_over(order);
            }
            if self.cancel.is_cancelled() {
                return true;
            }
            self.take_replies();
        }
        false
    }

    /// Asks the docent that writes to follow an order.
    fn hand_over(&mut self, order: Order) {
        let user_home = self.setting.user_home.as_deref();
        let (request, path) = match &order {
            Order::Look | Order::Reopen | Order::Finish => return,
            Order::Embedder(_) => {
                return self.refuse(&order, "another docent makes the vectors of this library");
            }
            Order::Pause(paused) => {
                self.paused = *paused;
                (if *paused { Request::Pause } else { Request::Resume }, PathBuf::new())
            }
            Order::Remove(path) => (Request::Remove(path.clone()), path.clone()),
            Order::ReadAgain(path) => (Request::ReadAgain(path.clone()), path.clone()),
            Order::Add(_) | Order::Named(_) => {
                let named = match &order {
                    Order::Named(folder) => folder.clone(),
                    Order::Add(typed) => path::typed(typed.trim(), user_home),
                    _ => return,
                };
                // What is typed counts from this docent's folder: it is looked at here.
                match joining(&named, &self.setting.home) {
                    Ok(path) => (Request::Add(path.clone()), path),
                    Err(reason) => return self.refuse(&order, &reason),
                }
            }
        };
        let asked = match &mut self.desk {
            Some(desk) if desk.is_current() => Ok(desk),
            desk => Desk::open(&self.setting.home).map(|opened| desk.insert(opened)),
        }
        .and_then(|desk| desk.ask(&request, jiff::Timestamp::now().as_second()));
        match asked {
            Ok(id) => {
                self.asked.push(Asked { id, at: Instant::now(), order, path, is_told: false });
            }
            Err(error) => {
                let why = Failure::from(error).on_screen();
                self.refuse(&order, &format!("the docent that writes can't be asked: {why}"));
            }
        }
    }

    /// Tells what the docent that writes has replied.
    fn take_replies(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        let mut waiting = Vec::new();
        for mut asked in std::mem::take(&mut self.asked) {
            // A desk that can't be read now is tried again.
            if let Ok(Some(reply)) = desk.take_reply(asked.id) {
                tell_reply(&self.inbox, &asked, reply);
                continue;
            }
            if !asked.is_told && asked.at.elapsed() >= NO_REPLY {
                asked.is_told = true;
                self.inbox.tell(Message::Notice(Notice::note(
                    "another docent is writing the library: it follows when it can, or this one when that ends",
                )));
            }
            waiting.push(asked);
        }
        self.asked = waiting;
    }

    /// What was asked of a docent that has ended is done here, in the same order.
    fn take_back(&mut self) {
        let Some(mut desk) = self.desk.take() else { return };
        for asked in std::mem::take(&mut self.asked).into_iter().rev() {
            if let Ok(Some(reply)) = desk.take_reply(asked.id) {
                tell_reply(&self.inbox, &asked, reply);
                continue;
            }
            // Should this fail, it is done twice, which is once too often and no harm.
            drop(desk.withdraw(asked.id));
            match asked.order {
                Order::Named(folder) => self.named.insert(0, folder),
                order => self.orders.waiting.push_front(order),
            }
        }
    }

    /// Says that an order is not followed.
    fn refuse(&self, order: &Order, why: &str) {
        let reason = why.to_owned();
        let typed = match order {
            Order::Add(typed) => typed.clone(),
            Order::Named(folder) => folder.to_string_lossy().into_owned(),
            _ => return self.inbox.tell(Message::Notice(Notice::error(reason))),
        };
        self.inbox.tell(Message::Library(LibraryReport::FolderRefused { typed, reason }));
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
                Order::Look | Order::Reopen => {}
                Order::Pause(paused) => self.paused = paused,
                Order::Named(folder) => self.named.push(folder),
                // It is taken when the library can be opened.
                Order::Embedder(folder) => self.choose(folder),
                order @ (Order::Add(_) | Order::Remove(_) | Order::ReadAgain(_)) => {
                    self.refuse(&order, why);
                }
                Order::Finish => return true,
            }
        }
        self.cancel.is_cancelled()
    }
}

fn tell_reply(inbox: &Inbox, asked: &Asked, reply: Reply) {
    let shown = asked.path.display();
    let message = match (&asked.order, reply) {
        (Order::Add(_) | Order::Named(_), Reply::Done) => {
            Message::Library(LibraryReport::FolderAdded(asked.path.clone()))
        }
        (Order::Add(typed), Reply::Needless(reason) | Reply::Refused(reason)) => {
            Message::Library(LibraryReport::FolderRefused { typed: typed.clone(), reason })
        }
        (Order::Remove(_), Reply::Done) => {
            Message::Notice(Notice::note(format!("`{shown}` is out of the library")))
        }
        (Order::ReadAgain(_), Reply::Done) => Message::Notice(again(&asked.path)),
        // It was named to be there.
        (Order::Named(_), Reply::Needless(_)) | (_, Reply::Done) => return,
        (_, Reply::Needless(reason) | Reply::Refused(reason)) => {
            Message::Notice(Notice::error(reason))
        }
    };
    inbox.tell(message);
}

/// What is said of a document or a folder that is going to be read again.
fn again(path: &Path) -> Notice {
    Notice::note(format!("`{}` is read again", path.display()))
}

/// The whole path of a folder that is to join the library, or why it can't, whatever is in there.
fn joining(path: &Path, home: &Path) -> Result<PathBuf, String> {
    let path = fs::canonical(path).map_err(|error| Failure::from(error).on_screen())?;
    if !path.is_dir() {
        return Err(format!("`{}` is not a folder: name the one that it lies in", path.display()));
    }
    if path.starts_with(fs::canonical(home).as_deref().unwrap_or(home)) {
        return Err(format!(
            "docent keeps its own things in `{}`: name another one",
            home.display()
        ));
    }
    Ok(path)
}
