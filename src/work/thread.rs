//! How does a thread end in time, and outlive the mistakes of its work?

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::inbox::Inbox;
use crate::state::message::Message;
use crate::state::notice::Notice;

/// A thread that can be waited for until a deadline.
#[derive(Debug)]
pub(super) struct Thread {
    handle: JoinHandle<()>,
    /// Closed when the thread is at its end.
    ended: Receiver<Infallible>,
}

impl Thread {
    pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (alive, ended) = mpsc::channel();
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _alive = alive;
            work();
        })?;
        Ok(Self { handle, ended })
    }

    /// Waits for its end. One that is still busy at the deadline is left to end with the process, and its children with it.
    pub(super) fn join(self, deadline: Instant) {
        let wait = deadline.saturating_duration_since(Instant::now());
        if let Err(RecvTimeoutError::Disconnected) = self.ended.recv_timeout(wait) {
            // Work that panics is caught and told where it is done.
            drop(self.handle.join());
        }
    }
}

/// Does a piece of work; none when it panicked, which is told. What it worked on is to be opened anew then.
pub(super) fn guarded<T>(inbox: &Inbox, doing: &str, work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).ok();
    if done.is_none() {
        inbox.tell(Message::Notice(mistake(doing)));
    }
    done
}

/// What is said when docent itself is wrong.
pub(super) fn mistake(doing: &str) -> Notice {
    Notice::error(format!("docent made a mistake while {doing}: try it once more"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_thread_is_joined_when_it_ends_and_left_when_it_does_not() {
        let quick = Thread::start("quick", || {}).unwrap();
        quick.join(Instant::now() + Duration::from_mins(1));
        let (sender, receiver) = mpsc::channel::<()>();
        let slow = Thread::start("slow", move || _ = receiver.recv()).unwrap();
        let asked = Instant::now();
        slow.join(asked + Duration::from_millis(20));
        assert!(asked.elapsed() < Duration::from_secs(30));
        drop(sender);
    }

    #[test]
    fn a_panic_is_told_and_goes_no_further() {
        let (inbox, mut messages) = Inbox::for_test();
        assert_eq!(guarded(&inbox, "counting", || 5), Some(5));
        assert_eq!(guarded(&inbox, "counting", || -> u8 { panic!("on purpose") }), None);
        let told = messages.try_recv().unwrap();
        assert_eq!(told, Message::Notice(mistake("counting")));
    }
}
