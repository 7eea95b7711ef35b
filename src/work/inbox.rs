//! How do messages reach the screen without filling the memory or keeping a thread from ending?

use std::io;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use crate::state::message::Message;

/// Where threads leave what they have to say.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    sender: Sender<Message>,
    closing: CancellationToken,
    /// Has no driver: it only waits for the inbox.
    runtime: Arc<Runtime>,
}

impl Inbox {
    /// `closing` frees those who wait.
    pub(super) fn new(sender: Sender<Message>, closing: CancellationToken) -> io::Result<Self> {
        let runtime = Arc::new(tokio::runtime::Builder::new_current_thread().build()?);
        Ok(Self { sender, closing, runtime })
    }

    /// Waits while the inbox is full. A message that nobody takes any more is dropped.
    pub(super) fn tell(&self, message: Message) {
        if let Err(TrySendError::Full(message)) = self.sender.try_send(message) {
            self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.closing.cancelled() => {}
                    sent = self.sender.send(message) => drop(sent),
                }
            });
        }
    }

    #[cfg(test)]
    pub(super) fn for_test() -> (Self, tokio::sync::mpsc::Receiver<Message>) {
        let (sender, receiver) = tokio::sync::mpsc::channel(1000);
        (Self::new(sender, CancellationToken::new()).unwrap(), receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_inbox_makes_wait_until_it_is_read_or_closed() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let closing = CancellationToken::new();
        let inbox = Inbox::new(sender, closing.clone()).unwrap();
        inbox.tell(Message::Edited);
        let waiting = std::thread::spawn({
            let inbox = inbox.clone();
            move || inbox.tell(Message::Type('a'))
        });
        assert_eq!(receiver.blocking_recv(), Some(Message::Edited));
        waiting.join().unwrap();
        let waiting = std::thread::spawn(move || inbox.tell(Message::Type('b')));
        closing.cancel();
        waiting.join().unwrap();
        assert_eq!(receiver.blocking_recv(), Some(Message::Type('a')));
    }
}
