//! Who carries out what the screen asks for?
//!
//! Threads, each the only one to touch what it owns: `library` writes the index, `answering` searches and quotes, `model`
//! speaks to the model's child, `desk` keeps conversations, `documents` opens what is to be read, `listing` tells rows of
//! the library, `scope` counts what a question can find. They are handed orders and answer with messages; the screen never
//! waits for them. A question passes from `answering` to `model`, where one is loaded, and to `desk`, which ends it.

mod answering;
mod desk;
mod documents;
mod inbox;
mod library;
mod listing;
mod model;
mod path;
mod pulse;
mod runs;
mod scope;
mod thread;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use docent_engine::catalog::Place;
use docent_engine::embed::Bundled;
use docent_index::store::{Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

use self::answering::Job;
use self::inbox::Inbox;
use self::runs::Runs;
use self::thread::Thread;
use crate::ingest::queue::Queue;
use crate::loading::{Embedders, Running};
use crate::state::effect::Effect;
use crate::state::message::Message;
use crate::state::model::Maker;

/// How long threads may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How many messages may wait to be told where there is no screen.
const MESSAGES: usize = 64;

/// What work rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Docent's own folder.
    pub home: PathBuf,
    /// The bundled embedder's files.
    pub parts: Bundled,
    /// What makes the vectors.
    pub maker: Maker,
    /// What `~` stands for in paths.
    pub user_home: Option<PathBuf>,
    /// How many threads work is shared among.
    pub cores: usize,
    /// Whether pages that are only pictures are read by OCR.
    pub ocr: bool,
    /// The largest file that is read, in bytes.
    pub largest_file: u64,
    /// The model to begin with.
    pub model: FirstModel,
    /// Where models are looked for.
    pub places: Vec<Place>,
    /// How models run.
    pub running: Running,
    /// Folders that are to be in the library, as they were named.
    pub folders: Vec<PathBuf>,
}

impl Setting {
    fn embedders(&self) -> Embedders {
        let Self { parts, maker, home, places, .. } = self.clone();
        Embedders::new(parts, maker, home, places)
    }
}

/// What answers before anything else is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstModel {
    /// Quotes, and a model that suits this machine when there is one.
    Suitable,
    Quotes,
    File(PathBuf),
}

/// The threads behind the screen. They end when this is dropped.
#[derive(Debug)]
pub struct Work {
    orders: Orders,
    runs: Arc<Runs>,
    cancel: CancellationToken,
    /// Stops the loading of the model that was chosen last.
    loading: CancellationToken,
    /// The number of the search in conversations that was asked for last.
    searched: Arc<AtomicU64>,
    /// Stops the search for what was typed last, and the counting of what it is limited to.
    preview: CancellationToken,
    counting: CancellationToken,
    /// Those that a question can be with.
    threads: Vec<Thread>,
    desk: Option<Thread>,
}

/// Where each thread takes its orders.
#[derive(Clone, Debug)]
struct Orders {
    library: Sender<library::Order>,
    answering: Sender<answering::Order>,
    model: Sender<model::Order>,
    desk: Sender<desk::Order>,
    documents: Sender<documents::Order>,
    listing: Sender<listing::Order>,
    scope: Sender<scope::Order>,
}

impl Work {
    /// Starts the threads. What they have to say goes to `inbox`, in whose way they wait when it is full.
    pub fn start(setting: Setting, inbox: tokio::sync::mpsc::Sender<Message>) -> io::Result<Self> {
        let setting = Arc::new(setting);
        let embedders = Arc::new(setting.embedders());
        let cancel = CancellationToken::new();
        let inbox = Inbox::new(inbox, cancel.clone())?;
        let (library, library_orders) = mpsc::channel();
        let (answering, answering_orders) = mpsc::channel();
        let (model, model_orders) = mpsc::channel();
        let (desk, desk_orders) = mpsc::channel();
        let (documents, documents_orders) = mpsc::channel();
        let (listing, listing_orders) = mpsc::channel();
        let (scope, scope_orders) = mpsc::channel();
        let orders = Orders { library, answering, model, desk, documents, listing, scope };
        let queue = Arc::new(Queue::default());
        let runs = Arc::new(Runs::new(orders.library.clone()));
        let has_model = Arc::new(AtomicBool::new(false));
        let mut work = Self {
            orders: orders.clone(),
            runs: Arc::clone(&runs),
            loading: cancel.child_token(),
            searched: Arc::default(),
            preview: cancel.child_token(),
            counting: cancel.child_token(),
            cancel: cancel.clone(),
            threads: Vec::new(),
            desk: None,
        };
        work.desk = Some(Thread::start("desk", {
            let searched = Arc::clone(&work.searched);
            let desk = desk::Keeper::new(Arc::clone(&setting), inbox.clone(), searched);
            move || desk.work(&desk_orders)
        })?);
        work.threads.push(Thread::start("answering", {
            let (setting, embedders) = (Arc::clone(&setting), Arc::clone(&embedders));
            let (inbox, orders) = (inbox.clone(), orders.clone());
            let link = answering::Link { inbox, orders, has_model: Arc::clone(&has_model) };
            move || answering::Searcher::new(setting, embedders, link).work(&answering_orders)
        })?);
        work.threads.push(Thread::start("model", {
            let (setting, inbox, orders) = (Arc::clone(&setting), inbox.clone(), orders.clone());
            move || model::Speaker::new(setting, inbox, orders, has_model).work(&model_orders)
        })?);
        work.threads.push(Thread::start("documents", {
            let (setting, inbox) = (Arc::clone(&setting), inbox.clone());
            let embedders = Arc::clone(&embedders);
            move || documents::Clerk::new(setting, embedders, inbox).work(&documents_orders)
        })?);
        work.threads.push(Thread::start("listing", {
            let (setting, inbox, queue) = (Arc::clone(&setting), inbox.clone(), Arc::clone(&queue));
            move || listing::Lister::new(setting, inbox, queue).work(&listing_orders)
        })?);
        work.threads.push(Thread::start("scope", {
            let (setting, inbox) = (Arc::clone(&setting), inbox.clone());
            move || scope::Counter::new(setting, inbox).work(&scope_orders)
        })?);
        work.threads.push(Thread::start("library", {
            let (setting, cancel) = (Arc::clone(&setting), cancel.clone());
            move || {
                let sender = orders.library;
                let link = library::Link { inbox, orders: library_orders, sender, queue };
                library::Librarian::new(setting, embedders, link, runs, cancel).work();
            }
        })?);
        match setting.model.clone() {
            FirstModel::File(path) => work.load(path),
            // The first list tells what suits.
            FirstModel::Suitable => drop(work.orders.documents.send(documents::Order::ListModels)),
            FirstModel::Quotes => {}
        }
        Ok(work)
    }

    /// Hands an effect to whom it concerns, without waiting for anything. Gives back what only the owner of the terminal
    /// can do: [`Effect::View`], [`Effect::Edit`], [`Effect::Compose`], [`Effect::Copy`], [`Effect::Suspend`] and
    /// [`Effect::Quit`].
    pub fn carry_out(&mut self, effect: Effect) -> Option<Effect> {
        let orders = &self.orders;
        // A thread that is gone has told why.
        match effect {
            Effect::Ask(ask) => {
                self.preview.cancel();
                let (question, at) = (ask.question.clone(), ask.asked_at);
                drop(orders.desk.send(desk::Order::Remember { question, at }));
                let running = self.runs.begin(ask.run, &self.cancel);
                let job = Job { ask, running, at: Instant::now(), why: None };
                drop(orders.answering.send(answering::Order::Ask(Box::new(job))));
            }
            Effect::Stop(run) => self.runs.stop(run),
            Effect::Preview(preview) => {
                // Not one of the runs: indexing goes on beside it.
                self.preview.cancel();
                self.preview = self.cancel.child_token();
                let cancel = self.preview.clone();
                drop(orders.answering.send(answering::Order::Preview(preview, cancel)));
            }
            Effect::StopPreview => self.preview.cancel(),
            Effect::ListPlaces => drop(orders.scope.send(scope::Order::Places)),
            Effect::Count { filters } => {
                self.counting.cancel();
                self.counting = self.cancel.child_token();
                let cancel = self.counting.clone();
                drop(orders.scope.send(scope::Order::Count { filters, cancel }));
            }
            Effect::Complete { typed, sought } => {
                drop(orders.documents.send(documents::Order::Complete(typed, sought)));
            }
            Effect::AddFolder { typed } => drop(orders.library.send(library::Order::Add(typed))),
            Effect::RemoveFolder(path) => drop(orders.library.send(library::Order::Remove(path))),
            Effect::ReadAgain(path) => drop(orders.library.send(library::Order::ReadAgain(path))),
            Effect::ListLibrary(wanted) => {
                drop(orders.listing.send(listing::Order::Rows(wanted)));
            }
            Effect::Pause(paused) => drop(orders.library.send(library::Order::Pause(paused))),
            Effect::ListModels => drop(orders.documents.send(documents::Order::ListModels)),
            Effect::LoadModel(path) => self.load(path),
            Effect::UnloadModel => {
                self.loading.cancel();
                drop(orders.model.send(model::Order::Unload));
            }
            Effect::WeighEmbedder(folder) => {
                drop(orders.documents.send(documents::Order::Weigh(folder)));
            }
            Effect::ChooseEmbedder(folder) => {
                drop(orders.library.send(library::Order::Embedder(folder)));
            }
            Effect::ListConversations => drop(orders.desk.send(desk::Order::List)),
            Effect::OpenConversation(id) => drop(orders.desk.send(desk::Order::Open(id))),
            Effect::SearchConversations { number, words } => {
                self.searched.store(number, Ordering::Relaxed);
                drop(orders.desk.send(desk::Order::Search { number, words }));
            }
            Effect::RenameConversation { id, title } => {
                drop(orders.desk.send(desk::Order::Rename { id, title }));
            }
            Effect::DeleteConversation(id) => drop(orders.desk.send(desk::Order::Delete(id))),
            Effect::RestoreConversation(id) => drop(orders.desk.send(desk::Order::Restore(id))),
            Effect::KeepPassages { conversation, chosen } => {
                drop(orders.desk.send(desk::Order::KeepPassages(conversation, chosen)));
            }
            Effect::OpenDocument(wanted) => {
                drop(orders.documents.send(documents::Order::Open(Box::new(wanted))));
            }
            Effect::Export { answers, typed, replace } => {
                drop(orders.desk.send(desk::Order::Export { answers, typed, replace }));
            }
            Effect::ExportConversation { id, typed, replace } => {
                drop(orders.desk.send(desk::Order::ExportConversation { id, typed, replace }));
            }
            Effect::Keep(choice) => drop(orders.desk.send(desk::Order::KeepChoice(choice))),
            effect @ (Effect::View { .. }
            | Effect::Edit { .. }
            | Effect::Copy(_)
            | Effect::Compose { .. }
            | Effect::Suspend
            | Effect::Quit) => {
                return Some(effect);
            }
        }
        None
    }

    fn load(&mut self, path: PathBuf) {
        self.loading.cancel();
        self.loading = self.cancel.child_token();
        let cancel = self.loading.clone();
        drop(self.orders.model.send(model::Order::Load { path, cancel }));
    }

    /// Stops all that is in work, keeps what an answer had until then, and waits for the threads, a little over a second
    /// at most. What is still to be told is told to nobody.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        self.cancel.cancel();
        let orders = &self.orders;
        drop(orders.library.send(library::Order::Finish));
        drop(orders.answering.send(answering::Order::Finish));
        drop(orders.model.send(model::Order::Finish));
        drop(orders.documents.send(documents::Order::Finish));
        drop(orders.listing.send(listing::Order::Finish));
        drop(orders.scope.send(scope::Order::Finish));
        for thread in self.threads.drain(..) {
            thread.join(deadline);
        }
        // Only now: the last answer was on its way to the desk.
        if let Some(desk) = self.desk.take() {
            drop(self.orders.desk.send(desk::Order::Finish));
            desk.join(deadline + PATIENCE / 3);
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.end();
    }
}

/// Keeps the library in line with its folders until `cancel`, without a screen. What happens is given to `tell`.
pub fn follow(
    setting: Setting,
    cancel: &CancellationToken,
    tell: &mut dyn FnMut(Message),
) -> io::Result<()> {
    let (sender, mut messages) = tokio::sync::mpsc::channel(MESSAGES);
    let inbox = Inbox::new(sender, cancel.clone())?;
    let (orders, waiting) = mpsc::channel();
    let thread = Thread::start("library", {
        let runs = Arc::new(Runs::new(orders.clone()));
        let embedders = Arc::new(setting.embedders());
        // Nobody looks at it.
        let queue = Arc::default();
        let link = library::Link { inbox, orders: waiting, sender: orders.clone(), queue };
        let cancel = cancel.clone();
        move || library::Librarian::new(Arc::new(setting), embedders, link, runs, cancel).work()
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    while let Some(Some(message)) = runtime.block_on(cancel.run_until_cancelled(messages.recv())) {
        tell(message);
    }
    // It may wait for something to happen.
    drop(orders.send(library::Order::Finish));
    thread.join(Instant::now() + PATIENCE);
    Ok(())
}

/// The library as it is now, opened at the first time.
fn refreshed<'a>(
    snapshot: &'a mut Option<Snapshot>,
    home: &Path,
) -> Result<&'a mut Snapshot, StoreError> {
    // One that can't be refreshed is opened anew: the library may have been set aside and begun again.
    if let Some(known) = snapshot
        && known.refresh().is_err()
    {
        *snapshot = None;
    }
    match snapshot {
        Some(snapshot) => Ok(snapshot),
        empty => Ok(empty.insert(Snapshot::open(home)?)),
    }
}

#[cfg(test)]
mod tests;
