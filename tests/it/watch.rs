//! Does `--index --watch` follow the disk until it is stopped?

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

use crate::docent::Docent;

const LONG: Duration = Duration::from_mins(2);

/// A run that follows the library, with the lines that it prints.
struct Follower {
    child: Child,
    lines: Receiver<Value>,
}

impl Follower {
    fn start(docent: &Docent) -> Self {
        let library = docent.library().as_os_str();
        let mut child = docent.start([
            "--index".as_ref(),
            library,
            "--watch".as_ref(),
            "--json".as_ref(),
            "--quiet".as_ref(),
        ]);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let told = serde_json::from_str(&line.unwrap()).unwrap();
                if sender.send(told).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits until so many documents are told of.
    #[track_caller]
    fn until(&self, documents: u64) {
        while self.lines.recv_timeout(LONG).expect("a line that was waited for")["documents"]
            != documents
        {}
    }

    fn stop(mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn changes_are_followed_until_it_is_stopped() {
    let docent = Docent::new();
    docent.write("lease.md", "The landlord repairs the roof within six weeks.\n");
    let follower = Follower::start(&docent);
    follower.until(1);
    let note = docent.write("new/pump.md", "The pump leaks at the seal of its shaft.\n");
    follower.until(2);
    assert_eq!(docent.found("pump leaks")[0], "new/pump.md");
    std::fs::remove_file(note).unwrap();
    follower.until(1);
    assert!(docent.found("\"pump leaks\"").is_empty());
    assert_eq!(follower.stop(), Some(0));
    // What it held is free again.
    docent.index();
}

#[test]
fn what_changed_before_it_was_stopped_is_kept() {
    let docent = Docent::new();
    docent.write("lease.md", "The landlord repairs the roof within six weeks.\n");
    let follower = Follower::start(&docent);
    follower.until(1);
    docent.write("pump.md", "The pump leaks at the seal of its shaft.\n");
    follower.until(2);
    follower.stop();
    let again = docent.json(["--index"]);
    assert_eq!((&again["read"], &again["embedded"]), (&Value::from(0), &Value::from(0)));
}
