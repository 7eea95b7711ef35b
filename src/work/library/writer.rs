//! What is done next to the index?

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use docent_engine::embed::{Embed as _, FastEmbedder, Settings, TokenCounter};
use docent_index::store::{self, EmbedderId, Folder, Reply, Request, Store, Waiting};

use super::scans::{Made, Queue, Scans};
use super::{End, Librarian, Order, again, content, joining};
use crate::error::Failure;
use crate::ingest::vectors::Vectors;
use crate::ingest::{self, Pace, Readers, Summary, Task};
use crate::state::library::{Progress, Stage};
use crate::state::message::{LibraryReport, Message};
use crate::state::notice::Notice;
use crate::work::path;
use crate::work::pulse::Rate;
use crate::work::thread::{Thread, guarded};
use crate::work::watch::Watcher;

/// How many passages are embedded at a time: some tenths of a second's work, which is done before a question is answered.
const EMBEDDED_AT_ONCE: usize = 8;

/// Vectors are found this often while passages are embedded.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// A reading goes on at least so long before new changes come between.
const UNDISTURBED: Duration = Duration::from_secs(1);

/// How often files that were just saved are read while a question is in work, how many of them, and how long ago they were
/// saved in seconds.
const SLIP_IN_EVERY: Duration = Duration::from_millis(500);
const FEW: usize = 8;
const JUST_NOW: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// How often it is looked whether another docent asks for something, and after how many seconds it is too late to let
/// indexing rest for one.
const REQUESTS_EVERY: Duration = Duration::from_secs(1);
const PAUSE_ASKED: i64 = 60;
/// How long after the last look what no file has is kept: a file that is moved from one folder to another is missed in the
/// one before it is found in the other.
const SWEEP_AFTER: Duration = Duration::from_secs(2);

/// How long the embedder is kept when there is nothing to embed; it takes a few hundred megabytes.
const KEEP_EMBEDDER: Duration = Duration::from_mins(1);

/// The writer of the library, with what is still to be done.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    own: &'a mut Librarian,
    store: Store,
    watcher: Watcher,
    /// Opened when there is something to be read.
    counter: Option<TokenCounter>,
    /// Which vectors are made.
    id: EmbedderId,
    vectors: Option<Vectors<Failure>>,
    /// Folders that are to be compared with the disk.
    dirty: BTreeSet<PathBuf>,
    /// What is to be read again though it has not changed.
    wanted: Vec<PathBuf>,
    /// It takes a moment until it is known what is to be done.
    is_scan_told: bool,
    /// When folders were compared last.
    surveyed: Instant,
    /// Files to be read, the most urgent first.
    tasks: Vec<Task>,
    /// Files that were read since there was nothing to be read.
    read: usize,
    /// There may be documents that no file has, and since when that may be.
    unswept: Option<Instant>,
    /// There may be passages without a vector.
    is_unembedded: bool,
    /// Other vectors answer until these are made.
    is_behind: bool,
    /// Passages that were embedded since there was nothing to embed, and how many there are with those that wait.
    embedded: Option<(usize, usize)>,
    /// None before there is a scan to read.
    scans: Option<Scans>,
    scan_queue: Queue,
    published: Instant,
    rate: Rate,
    idle_since: Instant,
    /// When it is looked for requests again.
    requests: Instant,
    /// It checks the whole database, or has done so.
    check: Option<Thread>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        own: &'a mut Librarian,
        store: Store,
        id: EmbedderId,
        is_behind: bool,
    ) -> Self {
        let watcher = Watcher::new(&own.setting.home, own.sender.clone());
        let now = Instant::now();
        Self {
            own,
            store,
            watcher,
            counter: None,
            id,
            vectors: None,
            dirty: BTreeSet::new(),
            wanted: Vec::new(),
            is_scan_told: true,
            surveyed: now,
            tasks: Vec::new(),
            read: 0,
            unswept: Some(now),
            is_unembedded: true,
            is_behind,
            embedded: None,
            scans: None,
            scan_queue: Queue::default(),
            published: now,
            rate: Rate::default(),
            idle_since: now,
            requests: now,
            check: None,
        }
    }

    /// Keeps the index in line with the folders until the end.
    pub(super) fn work(mut self) -> Result<End, Failure> {
        for folder in std::mem::take(&mut self.own.named) {
            self.add_named(&folder)?;
        }
        self.own.teller.is_stale();
        self.tell_content(true)?;
        // The watches are set before the first look, so that no change falls between them.
        self.follow_folders()?;
        self.dirty = self.store.folders()?.into_iter().map(|folder| folder.path).collect();
        loop {
            while let Some(order) = self.own.orders.next() {
                match order {
                    Order::Look => {}
                    Order::Pause(paused) => self.own.paused = paused,
                    Order::Add(typed) => self.add_typed(typed)?,
                    Order::Named(folder) => self.add_named(&folder)?,
                    Order::Remove(path) => {
                        let notice = match self.remove(&path)? {
                            Ok(()) => {
                                Notice::note(format!("`{}` is out of the library", path.display()))
                            }
                            Err(reason) => Notice::error(reason),
                        };
                        self.own.inbox.tell(Message::Notice(notice));
                    }
                    Order::ReadAgain(path) => {
                        let notice = match self.read_again(&path)? {
                            Ok(()) => again(&path),
                            Err(reason) => Notice::error(reason),
                        };
                        self.own.inbox.tell(Message::Notice(notice));
                    }
                    Order::Embedder(folder) => {
                        self.own.choose(folder);
                        return Ok(End::Again);
                    }
                    Order::Reopen => return Ok(End::Again),
                    Order::Finish => return Ok(End::Finished),
                }
            }
            if self.own.cancel.is_cancelled() {
                return Ok(End::Finished);
            }
            self.follow_requests()?;
            if self.own.paused || self.own.runs.are_any() {
                self.leave_scan();
            }
            self.take_recognised()?;
            if self.own.paused {
                self.publish()?;
                self.own.teller.stage(Stage::Paused);
                self.rest(None)?;
            } else if self.own.runs.are_any() {
                if !self.slip_in()? {
                    let next = self.watcher.next().filter(|_| self.dirty.is_empty());
                    self.rest(next.map(|next| next.max(self.surveyed + SLIP_IN_EVERY)))?;
                }
            } else {
                self.dirty.extend(self.watcher.settled(Instant::now()));
                match self.step()? {
                    Step::Done => {
                        self.idle_since = Instant::now();
                        self.tell_content(false)?;
                    }
                    Step::Awaited => {
                        self.idle_since = Instant::now();
                        self.wait(self.watcher.next())?;
                    }
                    Step::None => {
                        self.publish()?;
                        // Who is told that all is done knows what there is then.
                        self.tell_content(true)?;
                        self.own.teller.stage(Stage::Ready);
                        self.check()?;
                        let sweep = self.unswept.map(|since| since + SWEEP_AFTER);
                        self.rest(self.watcher.next().into_iter().chain(sweep).min())?;
                    }
                }
            }
        }
    }

    /// Reads what was saved just now, although a question is in work: it takes moments, and the next question may be
    /// about it. False when there is no such thing.
    fn slip_in(&mut self) -> Result<bool, Failure> {
        let now = Instant::now();
        // A folder that is read for the first time is no such thing, nor one in which something changes all the time.
        if !self.dirty.is_empty() || now < self.surveyed + SLIP_IN_EVERY {
            return Ok(false);
        }
        self.dirty = self.watcher.settled(now);
        if self.dirty.is_empty() {
            return Ok(false);
        }
        self.survey()?;
        let since = jiff::Timestamp::now() - JUST_NOW;
        let is_fresh = |task: &Task| {
            task.seems_moved || i128::from(task.modified_ns()) >= since.as_nanosecond()
        };
        let fresh = self.tasks.iter().take(FEW).take_while(|task| is_fresh(task)).count();
        let rest = self.tasks.split_off(fresh);
        let fresh = std::mem::replace(&mut self.tasks, rest);
        let stage = self.own.teller.now().clone();
        self.read(fresh, false)?;
        self.own.teller.stage(stage);
        Ok(true)
    }

    /// Does what is most urgent.
    fn step(&mut self) -> Result<Step, Failure> {
        if !self.dirty.is_empty() {
            self.survey()?;
        } else if !self.tasks.is_empty() {
            let tasks = std::mem::take(&mut self.tasks);
            self.read(tasks, true)?;
        } else if self.unswept.is_some_and(|since| since.elapsed() >= SWEEP_AFTER) {
            self.unswept = None;
            if self.store.sweep()? > 0 {
                self.store.publish()?;
                self.own.teller.is_stale();
            }
        } else {
            return match self.embed()? {
                Step::None => self.recognise(),
                step => Ok(step),
            };
        }
        Ok(Step::Done)
    }

    /// As [`wait`](Self::wait), when nothing is in work.
    fn rest(&mut self, next: Option<Instant>) -> Result<(), Failure> {
        self.rate = Rate::default();
        let let_go = self.vectors.as_ref().map(|_| self.idle_since + KEEP_EMBEDDER);
        self.wait(next.into_iter().chain(let_go).min())?;
        if let_go.is_some_and(|at| at <= Instant::now()) {
            self.vectors = None;
        }
        Ok(())
    }

    /// Waits for an order or a request, or until there is something to do or to tell.
    fn wait(&mut self, next: Option<Instant>) -> Result<(), Failure> {
        let deadline = next.into_iter().chain(self.own.teller.due()).min();
        loop {
            self.own.orders.wait(Some(deadline.map_or(self.requests, |at| at.min(self.requests))));
            let now = Instant::now();
            if !self.own.orders.waiting.is_empty() || deadline.is_some_and(|at| at <= now) {
                break;
            }
            if now >= self.requests {
                if self.store.has_requests() {
                    break;
                }
                self.requests = now + REQUESTS_EVERY;
            }
        }
        self.tell_content(false)
    }

    /// Has the whole database checked beside everything else, now and then.
    fn check(&mut self) -> Result<(), Failure> {
        let home = self.own.setting.home.clone();
        if self.check.is_some() || !store::is_check_due(&home, SystemTime::now()) {
            return Ok(());
        }
        let (inbox, orders, cancel) =
            (self.own.inbox.clone(), self.own.sender.clone(), self.own.cancel.clone());
        // Once a start: one that could not be made would come again and again. Nobody waits for its end: it only reads.
        self.check = Some(Thread::start("check", move || {
            ingest::give_way();
            let checked = guarded(&inbox, "checking the library", || store::check(&home, &cancel));
            if matches!(checked, Some(Err(error)) if error.is_library_damage()) {
                drop(orders.send(Order::Reopen));
            }
        })?);
        Ok(())
    }

    /// Does what other docents ask for.
    fn follow_requests(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if now < self.requests {
            return Ok(());
        }
        self.requests = now + REQUESTS_EVERY;
        if !self.store.has_requests() {
            return Ok(());
        }
        // A desk that can't be read must not keep the library from being written.
        for Waiting { id, request, asked_at } in self.store.requests().unwrap_or_default() {
            let at = jiff::Timestamp::now().as_second();
            let reply = match request {
                Request::Add(path) => match self.add(&path) {
                    Ok(path) => {
                        self.joined(path)?;
                        Reply::Done
                    }
                    Err(Refusal::IsThere(reason)) => Reply::Needless(reason),
                    Err(Refusal::Other(reason)) => Reply::Refused(reason),
                    Err(Refusal::Failed(failure)) => return Err(failure),
                },
                Request::Remove(path) => match self.remove(&path)? {
                    Ok(()) => Reply::Done,
                    Err(reason) => Reply::Refused(reason),
                },
                Request::ReadAgain(path) => match self.read_again(&path)? {
                    Ok(()) => Reply::Done,
                    Err(reason) => Reply::Refused(reason),
                },
                Request::Pause | Request::Resume if at - asked_at > PAUSE_ASKED => {
                    Reply::Refused("nobody was there to follow".to_owned())
                }
                Request::Pause => {
                    self.own.paused = true;
                    Reply::Done
                }
                Request::Resume => {
                    self.own.paused = false;
                    Reply::Done
                }
                Request::Unknown(what) => Reply::Refused(format!(
                    "the docent that writes the library is too old to be asked to {what}"
                )),
            };
            // Without a reply it is followed again, which changes nothing.
            drop(self.store.reply(id, &reply, at));
        }
        Ok(())
    }

    /// Compares the folders that have changed with what is known of them.
    fn survey(&mut self) -> Result<(), Failure> {
        if self.is_scan_told {
            self.own.teller.stage(Stage::Scanning);
        }
        for folder in self.store.folders()? {
            if !self.dirty.contains(&folder.path) {
                continue;
            }
            // What was wanted before and is not read yet still is.
            let waiting = self.tasks.iter().filter(|task| task.is_wanted);
            let waiting = waiting.filter(|task| task.folder == folder.id).map(Task::path);
            let wanted: Vec<PathBuf> = self.wanted.iter().cloned().chain(waiting).collect();
            let (largest_file, cancel) = (self.own.setting.largest_file, &self.own.cancel);
            let survey = ingest::survey(&mut self.store, &folder, &wanted, largest_file, cancel)?;
            // Stopped: then everything is at its end.
            let Some(survey) = survey else { break };
            self.tasks.retain(|task| task.folder != folder.id);
            self.tasks.extend(survey.tasks);
            if !survey.gone.is_empty() {
                self.unswept = Some(Instant::now());
            }
            ingest::forget(&mut self.store, &survey.gone)?;
        }
        self.dirty.clear();
        self.wanted.clear();
        self.surveyed = Instant::now();
        self.is_scan_told = false;
        // What was only moved answers again at once, and what was just saved is waited for.
        // What answers already, as an older reader read it, comes last; what the user has asked for just now, first.
        self.tasks.sort_by_key(|task| {
            let freshness = Reverse((task.seems_moved, task.modified_ns()));
            (!task.is_wanted, task.is_again, freshness)
        });
        self.own.queue.set(self.tasks.iter().map(Task::path));
        self.own.teller.is_stale();
        Ok(())
    }

    /// Reads files until all are read or something else is more urgent; a question is, where it `yields`.
    fn read(&mut self, tasks: Vec<Task>, yields: bool) -> Result<(), Failure> {
        let started = Instant::now();
        self.rate = Rate::default();
        let (before, count) = (self.read, tasks.len());
        let of = before + count + self.tasks.len();
        let counter = match &mut self.counter {
            Some(counter) => counter,
            empty => empty.insert(self.own.embedders.counter()?),
        };
        let queue = Arc::clone(&self.own.queue);
        queue.set(tasks.iter().chain(&self.tasks).map(Task::path));
        let is_wanted = tasks.iter().any(|task| task.is_wanted);
        let setting = &self.own.setting;
        let readers = Readers {
            counter,
            count: setting.cores,
            give_way: true,
            largest_file: setting.largest_file,
            queue: &queue,
        };
        if self.vectors.is_none() {
            self.vectors = Some(vectors(self.own)?);
        }
        let makes = self.own.embedders.makes();
        let Librarian { orders, teller, runs, paused, cancel, .. } = &mut *self.own;
        let (watcher, id, rate) = (&self.watcher, &self.id, &mut self.rate);
        let requests = &mut self.requests;
        let mut is_asked = false;
        let (vectors, embedded) = (&mut self.vectors, &mut self.embedded);
        let mut told = None;
        // An embedder that does not work keeps no text from being read.
        let mut failed = None;
        let mut pace = |store: &mut Store, done: usize| {
            let now = Instant::now();
            if told != Some(done) {
                told = Some(done);
                rate.note(now, before + done);
                teller.stage(Stage::Reading(Progress {
                    done: before + done,
                    of,
                    per_second: rate.per_second(),
                }));
                teller.is_stale();
            }
            let vectors = vectors.as_mut().filter(|_| makes && yields && !runs.are_any());
            if let Some(vectors) = vectors.filter(|_| failed.is_none()) {
                match advance(vectors, store, id) {
                    Ok(kept) => {
                        let (done, of) = embedded.unwrap_or_default();
                        *embedded = Some((done + kept, of));
                    }
                    Err(failure) => failed = Some(failure),
                }
            }
            teller.tell(false, || content::of_store(store, id, watcher.told()))?;
            if orders.any(|order| matches!(order, Order::Finish | Order::Remove(_))) {
                return Ok(Pace::Leave);
            }
            if now >= *requests && !is_asked {
                is_asked = store.has_requests();
                // What is asked is followed as soon as this has ended.
                *requests = if is_asked { now } else { now + REQUESTS_EVERY };
            }
            let is_disturbed =
                now.duration_since(started) >= UNDISTURBED && watcher.has_settled(now);
            let is_ordered = orders.any(|order| {
                matches!(
                    order,
                    Order::Add(_) | Order::ReadAgain(_) | Order::Embedder(_) | Order::Pause(true)
                )
            });
            if is_disturbed || is_ordered || is_asked || *paused || (yields && runs.are_any()) {
                return Ok(Pace::Finish);
            }
            Ok(Pace::On)
        };
        let mut summary = Summary::default();
        let store = &mut self.store;
        let left =
            ingest::read_all::<Failure>(store, readers, tasks, cancel, &mut pace, &mut summary)?;
        let done = before + count - left.len();
        self.tasks.splice(0..0, left);
        queue.set(self.tasks.iter().map(Task::path));
        self.read = if self.tasks.is_empty() { 0 } else { done };
        self.store.publish()?;
        self.published = Instant::now();
        (self.unswept, self.is_unembedded) = (Some(Instant::now()), true);
        if is_wanted {
            // What OCR has read is kept, and put into its document once more.
            self.scan_queue.begin_again();
        } else {
            self.scan_queue.is_stale();
        }
        // Passages have come to those that wait.
        self.embedded = self.embedded.map(|(done, _)| (done, 0));
        self.rate = Rate::default();
        self.own.teller.is_stale();
        failed.map_or(Ok(()), Err)
    }

    /// Takes vectors that were made and has the next ones made.
    fn embed(&mut self) -> Result<Step, Failure> {
        if let Some(vectors) = &mut self.vectors {
            let kept = vectors.keep(&mut self.store, &self.id)?;
            if let Some((done, of)) = self.embedded.filter(|_| kept > 0) {
                self.embedded = Some((done + kept, of));
                if of > 0 {
                    self.tell_embedding(done + kept, of);
                }
            }
            if self.published.elapsed() >= PUBLISH_EVERY {
                self.publish()?;
                self.own.teller.is_stale();
            }
        }
        if !self.is_unembedded || !self.own.embedders.makes() {
            return Ok(Step::None);
        }
        let vectors = match &mut self.vectors {
            Some(vectors) => vectors,
            empty => empty.insert(vectors(self.own)?),
        };
        if !vectors.feed(&mut self.store, &self.id)? {
            self.publish()?;
            (self.is_unembedded, self.embedded) = (false, None);
            self.own.teller.is_stale();
            if std::mem::take(&mut self.is_behind) {
                self.own.embedders.look_again();
                let told = "all vectors are made: the new embedder answers";
                self.own.inbox.tell(Message::Notice(Notice::note(told)));
            }
            return Ok(Step::Done);
        }
        let (done, of) = match self.embedded {
            Some((done, of)) if of > 0 => (done, of),
            begun => {
                let done = begun.map_or(0, |(done, _)| done);
                let counts = self.store.counts(Some(&self.id))?;
                let left = counts.passages.saturating_sub(counts.embedded);
                (done, done + usize::try_from(left).unwrap_or(usize::MAX))
            }
        };
        self.embedded = Some((done, of));
        self.tell_embedding(done, of);
        Ok(Step::Awaited)
    }

    /// Has the next scan read.
    fn recognise(&mut self) -> Result<Step, Failure> {
        if self.scans.as_ref().is_some_and(Scans::is_busy) {
            return Ok(Step::Awaited);
        }
        if !self.own.setting.ocr {
            return Ok(Step::None);
        }
        let Some(work) = self.scan_queue.next(&self.store)? else { return Ok(Step::None) };
        self.tell_recognising();
        let scans = match &mut self.scans {
            Some(scans) => scans,
            empty => {
                let Librarian { embedders, inbox, sender, .. } = &*self.own;
                let embedders = Arc::clone(embedders);
                empty.insert(Scans::start(embedders, inbox.clone(), sender.clone())?)
            }
        };
        scans.read(work);
        Ok(Step::Awaited)
    }

    /// Keeps what was recognised.
    fn take_recognised(&mut self) -> Result<(), Failure> {
        while let Some(made) = self.scans.as_mut().and_then(Scans::take) {
            match made {
                Made::Some(progress) => {
                    if progress.keep(&mut self.store)? {
                        self.is_unembedded = true;
                        self.publish()?;
                        self.own.teller.is_stale();
                    } else {
                        self.scan_queue.done += 1;
                        self.tell_recognising();
                    }
                }
                Made::End(end) => end?,
                Made::Unavailable => self.scan_queue.give_up(),
            }
        }
        Ok(())
    }

    /// Leaves the scan in work for something more urgent; it is begun again where it was left.
    fn leave_scan(&mut self) {
        if self.scans.as_ref().is_some_and(Scans::stop) {
            self.scan_queue.begin_again();
        }
    }

    fn tell_recognising(&mut self) {
        let Queue { done, of, .. } = self.scan_queue;
        self.rate.note(Instant::now(), done);
        let per_second = self.rate.per_second();
        self.own.teller.stage(Stage::Recognising(Progress { done, of, per_second }));
    }

    fn tell_embedding(&mut self, done: usize, of: usize) {
        self.rate.note(Instant::now(), done);
        let per_second = self.rate.per_second();
        self.own.teller.stage(Stage::Embedding(Progress { done, of, per_second }));
    }

    fn publish(&mut self) -> Result<(), Failure> {
        self.store.publish()?;
        self.published = Instant::now();
        Ok(())
    }

    fn tell_content(&mut self, now_or_never: bool) -> Result<(), Failure> {
        let (store, id, watcher) = (&self.store, &self.id, &self.watcher);
        Ok(self.own.teller.tell(now_or_never, || content::of_store(store, id, watcher.told()))?)
    }

    fn tell(&self, report: LibraryReport) {
        self.own.inbox.tell(Message::Library(report));
    }

    fn follow_folders(&mut self) -> Result<(), Failure> {
        let folders = self.store.folders()?;
        self.watcher.follow(folders.into_iter().map(|folder| folder.path));
        self.own.teller.is_stale();
        Ok(())
    }

    fn add_typed(&mut self, typed: String) -> Result<(), Failure> {
        let path = path::typed(typed.trim(), self.own.setting.user_home.as_deref());
        match self.add(&path) {
            Ok(path) => self.joined(path),
            Err(Refusal::IsThere(reason) | Refusal::Other(reason)) => {
                self.tell(LibraryReport::FolderRefused { typed, reason });
                Ok(())
            }
            Err(Refusal::Failed(failure)) => Err(failure),
        }
    }

    /// As [`add_typed`](Self::add_typed), for one that may be there already.
    fn add_named(&mut self, folder: &Path) -> Result<(), Failure> {
        match self.add(folder) {
            Ok(path) => self.joined(path),
            Err(Refusal::IsThere(_)) => Ok(()),
            Err(Refusal::Other(reason)) => {
                let typed = folder.to_string_lossy().into_owned();
                self.tell(LibraryReport::FolderRefused { typed, reason });
                Ok(())
            }
            Err(Refusal::Failed(failure)) => Err(failure),
        }
    }

    /// A folder is in the library and is to be read.
    fn joined(&mut self, path: PathBuf) -> Result<(), Failure> {
        self.tell(LibraryReport::FolderAdded(path.clone()));
        self.follow_folders()?;
        self.dirty.insert(path);
        self.is_scan_told = true;
        self.tell_content(true)
    }

    /// Lets a folder join the library, and gives its whole path.
    fn add(&mut self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = joining(path, &self.own.setting.home).map_err(Refusal::Other)?;
        let folders = self.store.folders().map_err(Refusal::failed)?;
        if let Some(Folder { path: around, .. }) =
            folders.iter().find(|folder| path.starts_with(&folder.path))
        {
            return Err(Refusal::IsThere(if *around == path {
                format!("`{}` is in the library already", path.display())
            } else {
                format!(
                    "`{}` lies in `{}`, which is in the library",
                    path.display(),
                    around.display()
                )
            }));
        }
        self.store.add_folder(&path).map_err(Refusal::failed)?;
        Ok(path)
    }

    /// Has a document, or all that lies in a folder, read though it has not changed; or says why it can't.
    fn read_again(&mut self, path: &Path) -> Result<Result<(), String>, Failure> {
        let folders = self.store.folders()?;
        let inside: Vec<PathBuf> = folders
            .into_iter()
            .map(|folder| folder.path)
            .filter(|folder| path.starts_with(folder))
            .collect();
        if inside.is_empty() {
            return Ok(Err(format!("`{}` is not in the library", path.display())));
        }
        self.dirty.extend(inside);
        self.wanted.push(path.to_owned());
        self.is_scan_told = true;
        Ok(Ok(()))
    }

    /// Takes a folder out of the library, or says why it can't.
    fn remove(&mut self, path: &Path) -> Result<Result<(), String>, Failure> {
        let folder = self.store.folders()?.into_iter().find(|folder| folder.path == path);
        let Some(folder) = folder else {
            return Ok(Err(format!("`{}` is not in the library", path.display())));
        };
        self.store.remove_folder(folder.id)?;
        self.tasks.retain(|task| task.folder != folder.id);
        self.own.queue.set(self.tasks.iter().map(Task::path));
        self.dirty.remove(path);
        self.follow_folders()?;
        self.tell_content(true)?;
        self.store.sweep()?;
        self.publish()?;
        // What was embedded there is of no use.
        self.embedded = None;
        Ok(Ok(()))
    }
}

/// Keeps vectors that were made and has a few more made beside the reading. How many were kept.
fn advance(
    vectors: &mut Vectors<Failure>,
    store: &mut Store,
    id: &EmbedderId,
) -> Result<usize, Failure> {
    let kept = vectors.keep(store, id)?;
    vectors.feed_gently(store, id)?;
    Ok(kept)
}

/// The thread that embeds.
fn vectors(own: &Librarian) -> Result<Vectors<Failure>, Failure> {
    let Librarian { embedders, setting, inbox, sender, .. } = own;
    let (embedders, cores) = (Arc::clone(embedders), setting.cores);
    let (inbox, wake) = (inbox.clone(), sender.clone());
    let mut embedder: Option<FastEmbedder> = None;
    let embed = move |texts: &[&str]| {
        let made = guarded(&inbox, "embedding", || {
            let embedder = match &mut embedder {
                Some(embedder) => embedder,
                empty => {
                    ingest::give_way();
                    empty.insert(embedders.open(Settings::for_library(cores))?)
                }
            };
            Ok(embedder.embed_passages(texts)?)
        });
        made.unwrap_or_else(|| Err(Failure::new("embedding ended in a mistake")))
    };
    // A library that is gone needs no waking.
    Ok(Vectors::start(EMBEDDED_AT_ONCE, embed, move || drop(wake.send(Order::Look)))?)
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    /// Another thread works on it.
    Awaited,
    /// There was nothing to be done.
    None,
}

/// Why a folder does not join the library.
#[derive(Debug)]
enum Refusal {
    IsThere(String),
    Other(String),
    /// Nothing can be written any more.
    Failed(Failure),
}

impl Refusal {
    fn failed(error: impl Into<Failure>) -> Self {
        Self::Failed(error.into())
    }
}
