//! Is anything lost when docent is killed, whatever it is doing?
//!
//! 25 kills, or as many as the environment variable `DOCENT_KILLS` says; `DOCENT_SEED` repeats a run.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use docent_index::store::Desk;
use serde_json::Value;

use crate::docent::{Docent, copy, fixture};
use crate::kept::Kept;
use crate::migrate::old_store;

/// What docent does when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Indexing,
    /// Folders and files have other names, some are gone, some are new, one is edited.
    Following,
    /// The home was written by an older docent.
    Migrating(u32),
    Asking,
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Indexing => formatter.write_str("indexing from nothing"),
            Self::Following => formatter.write_str("renaming, deleting and editing"),
            Self::Migrating(schema) => write!(formatter, "migrating from schema {schema}"),
            Self::Asking => formatter.write_str("saving conversations"),
        }
    }
}

const MOMENTS: [Moment; 5] = [
    Moment::Following,
    Moment::Migrating(1),
    Moment::Asking,
    Moment::Indexing,
    Moment::Migrating(2),
];

const QUESTIONS: [&str; 4] = [
    "What is the notice period of the tenant?",
    "Wie oft wird die Temperatur abgelesen?",
    "When does the office move?",
    "Who is on call at night?",
];

/// Marsaglia's xorshift: any spread of moments will do.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no flags to be told by")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A library in the one of two states that `is_other` says; from one to the other it is only renamed, removed, written.
fn fill(library: &Path, is_other: bool) {
    let path = |name: &str| library.join(name);
    if !path("clinic").exists() && !path("ward").exists() {
        for folder in ["clinic", "notes"] {
            copy(&fixture("library").join(folder), &path(folder));
        }
        copy(&fixture("library/cases"), &path("cases"));
        std::fs::remove_file(path("cases/harbour-mill-lease.pdf")).unwrap();
        std::fs::remove_file(path("clinic/anticoagulants-around-operations.pdf")).unwrap();
    }
    let calls = std::fs::read_to_string(fixture("library/cases/harbour-mill-calls.md")).unwrap();
    if is_other && path("clinic").exists() {
        std::fs::rename(path("clinic"), path("ward")).unwrap();
        std::fs::rename(path("notes/todo.txt"), path("notes/done.txt")).unwrap();
        std::fs::rename(path("cases/invoice-2024-0417.pdf"), path("invoice.pdf")).unwrap();
        std::fs::remove_file(path("notes/office-move.md")).unwrap();
        std::fs::copy(path("ward/kuehlkette.md"), path("cases/kuehlkette.md")).unwrap();
        let edited =
            format!("{calls}\n## Later\n\nShe called again about the keys of the boat house.\n");
        std::fs::write(path("cases/harbour-mill-calls.md"), edited).unwrap();
    } else if !is_other && path("ward").exists() {
        std::fs::rename(path("ward"), path("clinic")).unwrap();
        std::fs::rename(path("notes/done.txt"), path("notes/todo.txt")).unwrap();
        std::fs::rename(path("invoice.pdf"), path("cases/invoice-2024-0417.pdf")).unwrap();
        let office = fixture("library/notes/office-move.md");
        std::fs::copy(office, path("notes/office-move.md")).unwrap();
        std::fs::remove_file(path("cases/kuehlkette.md")).unwrap();
        std::fs::write(path("cases/harbour-mill-calls.md"), calls).unwrap();
    }
}

/// What is to come out, made from nothing and undisturbed, and how long that took.
fn undisturbed(library: &Path) -> (Kept, Duration) {
    let docent = Docent::new();
    let started = Instant::now();
    let printed = docent.run(["--index".as_ref(), library.as_os_str()]);
    let took = started.elapsed();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    (Kept::of(docent.home()), took)
}

fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Indexes and is killed within `longest`, which comes nearer to how long it takes each time; whether that was before the
/// end.
fn kill_indexing(docent: &Docent, random: &mut Random, longest: &mut Duration) -> bool {
    let mut child = docent.start(["--index".as_ref(), docent.library().as_os_str()]);
    let bound = u64::try_from(longest.as_micros()).unwrap();
    std::thread::sleep(Duration::from_micros(random.below(bound)));
    let is_killed = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    *longest = longest.mul_f64(if is_killed { 1.03 } else { 0.75 });
    is_killed
}

/// Asks one question after the other and is killed while one of the answers is made or kept. Gives the questions whose
/// answers are to be kept.
fn kill_asking(docent: &Docent, random: &mut Random) -> (Vec<String>, bool) {
    let mut child = docent.start(["--ask", "-", "--json", "--quiet"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answered = Vec::new();
    for question in QUESTIONS.iter().take(2 + usize::try_from(random.below(3)).unwrap()) {
        // One more than is waited for: it is in work when the kill comes.
        writeln!(stdin, "{question}\n{question}").unwrap();
        let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        answered.push(answer["question"].as_str().unwrap().to_owned());
    }
    std::thread::sleep(Duration::from_micros(random.below(30_000)));
    let is_killed = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    // An answer is kept before the next one is begun: all but the last that came are there.
    answered.pop();
    (answered, is_killed)
}

#[test]
fn a_killed_run_is_finished_by_the_next() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = number("DOCENT_SEED").unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
    let kills = number("DOCENT_KILLS").unwrap_or(25);
    eprintln!("{kills} kills, seed {seed}");
    let place = Docent::new();
    fill(place.library(), true);
    let (other, _) = undisturbed(place.library());
    fill(place.library(), false);
    let (one, mut long) = undisturbed(place.library());
    let mut long_following = long;
    assert!(one.count("passage") > 20 && one.count("page") > 10);
    let migrated = old_store(1);
    let (new, _) = undisturbed(migrated.library());
    let started = Instant::now();
    migrated.index();
    let mut long_migrated = started.elapsed();

    let mut random = Random(seed);
    let mut is_other = false;
    let mut asked = Vec::new();
    let mut counts: BTreeMap<Moment, (u64, u64)> = BTreeMap::new();
    place.index();
    for kill in 0..kills {
        let moment = MOMENTS[usize::try_from(kill).unwrap() % MOMENTS.len()];
        let when = format!("kill {kill} of {kills}, {moment}, seed {seed}");
        let is_killed = match moment {
            Moment::Indexing => {
                empty(place.home());
                asked.clear();
                kill_indexing(&place, &mut random, &mut long)
            }
            Moment::Following => {
                is_other = !is_other;
                fill(place.library(), is_other);
                // Now and then what mends it is killed as well.
                let twice =
                    random.below(4) == 0 && kill_indexing(&place, &mut random, &mut long_following);
                twice | kill_indexing(&place, &mut random, &mut long_following)
            }
            Moment::Asking => {
                let (answered, is_killed) = kill_asking(&place, &mut random);
                asked.extend(answered);
                is_killed
            }
            Moment::Migrating(schema) => {
                let old = old_store(schema);
                let is_killed = kill_indexing(&old, &mut random, &mut long_migrated);
                old.index();
                Kept::of(old.home()).check(&new, &when);
                assert_eq!(kept_questions(&old).values().sum::<usize>(), 2, "{when}");
                is_killed
            }
        };
        place.index();
        Kept::of(place.home()).check(if is_other { &other } else { &one }, &when);
        check_conversations(&place, &asked, &when);
        let (all, killed) = counts.entry(moment).or_default();
        *all += 1;
        *killed += u64::from(is_killed);
    }
    for (moment, (all, killed)) in &counts {
        eprintln!("{moment}: {killed} of {all} were killed before their end");
    }
    let killed: u64 = counts.values().map(|(_, killed)| killed).sum();
    assert!(killed >= kills / 2, "only {killed} runs were killed before their end");
}

/// How often each question stands among the conversations.
fn kept_questions(docent: &Docent) -> BTreeMap<String, usize> {
    let desk = Desk::open(docent.home()).unwrap();
    assert_eq!(desk.salvaged(), None);
    let mut kept = BTreeMap::new();
    for head in desk.heads().unwrap() {
        for turn in desk.conversation(head.id).unwrap().unwrap().turns {
            *kept.entry(turn.question).or_default() += 1;
        }
    }
    kept
}

#[track_caller]
fn check_conversations(docent: &Docent, asked: &[String], when: &str) {
    let kept = kept_questions(docent);
    for question in asked {
        let times = asked.iter().filter(|other| *other == question).count();
        let found = kept.get(question).copied().unwrap_or_default();
        assert!(found >= times, "{when}: {question:?} is kept {found} times of {times}");
    }
}
