//! Is anything lost when docent is killed while it indexes?

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::docent::{Docent, fixture};

/// How often a run is killed; each time at another moment.
const KILLS: u64 = 25;

/// Everything that can be found, without the numbers that differ from run to run.
#[derive(Debug, PartialEq)]
struct Content {
    /// File, then its passages' texts in order.
    passages: BTreeMap<String, Vec<String>>,
    embedded: u64,
    problems: u64,
    /// Files of the hits of some queries, in order of rank.
    found: Vec<Vec<String>>,
}

fn content(docent: &Docent) -> Content {
    let status = docent.json(["--status"]);
    let mut passages = BTreeMap::<String, Vec<String>>::new();
    let everything =
        docent.json(["--search", "the a of and der die und le la et 1 2 3", "--top", "1000"]);
    for hit in everything["hits"].as_array().unwrap() {
        let texts = passages.entry(hit["file"].as_str().unwrap().to_owned()).or_default();
        texts.push(hit["text"].as_str().unwrap().to_owned());
    }
    for texts in passages.values_mut() {
        texts.sort();
    }
    let found = ["notice period of the tenant", "dose before surgery", "seal leakage", "Kühlkette"]
        .into_iter()
        .map(|query| docent.found(query))
        .collect();
    assert_eq!(status["passages"], status["embedded"], "every passage has its vector");
    Content {
        passages,
        embedded: status["embedded"].as_u64().unwrap(),
        problems: status["problems"].as_u64().unwrap(),
        found,
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_killed_run_is_finished_by_the_next() {
    let expected = content(&Docent::with_fixtures());
    assert!(expected.passages.len() > 10);
    let seed = u64::from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos(),
    ) | 1;
    eprintln!("seed {seed}");
    let docent = Docent::new();
    copy(&fixture("library"), docent.library());
    let mut killed = 0;
    let mut random = seed;
    for kill in 0..KILLS {
        // Marsaglia's xorshift: any spread of moments will do.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if kill % 5 == 4 {
            // From nothing again, so that early moments come up too.
            for entry in std::fs::read_dir(docent.home()).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    std::fs::remove_dir_all(path).unwrap();
                } else {
                    std::fs::remove_file(path).unwrap();
                }
            }
        }
        let mut child = docent.start(["--index".as_ref(), docent.library().as_os_str()]);
        std::thread::sleep(Duration::from_millis(random % 1500));
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if kill % 5 == 3 {
            docent.index();
            assert_eq!(content(&docent), expected, "after kill {kill}, seed {seed}");
        }
    }
    assert!(killed >= KILLS / 2, "only {killed} runs were killed before their end");
}
