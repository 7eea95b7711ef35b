//! Is a change known by its content, so that nothing is embedded twice and nothing answers that is gone?

use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::docent::Docent;

const LEASE: &str = "# Lease\n\nThe tenant pays 900 a month.\n\n## Repairs\n\nThe landlord repairs the roof within six weeks.\n";

/// Files that were read, moved or copied, unchanged and gone, and passages that were embedded.
fn indexed(docent: &Docent) -> [u64; 5] {
    let summary = docent.json(["--index".as_ref(), docent.library().as_os_str()]);
    ["read", "known", "unchanged", "gone", "embedded"].map(|key| summary[key].as_u64().unwrap())
}

fn problems(docent: &Docent) -> Vec<(String, String)> {
    let problems = docent.json(["--problems"]);
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap().to_owned();
    problems["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (text(problem, "file"), text(problem, "kind")))
        .collect()
}

#[test]
fn a_file_that_was_only_touched_is_unchanged() {
    let docent = Docent::new();
    let path = docent.write("lease.md", LEASE);
    docent.index();
    let day = Duration::from_hours(24);
    File::open(path).unwrap().set_modified(SystemTime::now() - day).unwrap();
    assert_eq!(indexed(&docent), [0, 0, 1, 0, 0]);
}

#[test]
fn a_folder_that_was_renamed_is_embedded_once() {
    let docent = Docent::new();
    for number in 0..5 {
        docent.write(&format!("cases/{number}/note.md"), format!("Case {number} is closed.\n"));
    }
    docent.index();
    std::fs::rename(docent.library().join("cases"), docent.library().join("archive")).unwrap();
    assert_eq!(indexed(&docent), [0, 5, 0, 5, 0]);
    assert!(docent.found("case closed").iter().all(|file| file.starts_with("archive/")));
}

#[test]
fn a_file_that_moved_into_another_folder_is_embedded_once() {
    let docent = Docent::new();
    let path = docent.write("lease.md", LEASE);
    let other = Docent::new();
    docent.index();
    std::fs::rename(path, other.library().join("lease.md")).unwrap();
    let summary = docent.json(["--index".as_ref(), other.library().as_os_str()]);
    assert_eq!((&summary["known"], &summary["embedded"]), (&json!(1), &json!(0)));
    assert_eq!(docent.found("roof")[0], "lease.md");
}

#[test]
fn a_copy_answers_until_the_last_one_is_gone() {
    let docent = Docent::new();
    let (first, second) = (docent.write("a.md", LEASE), docent.write("b.md", LEASE));
    docent.index();
    let third = docent.library().join("c.md");
    std::fs::copy(&first, &third).unwrap();
    assert_eq!(indexed(&docent)[4], 0);
    assert_eq!(docent.json(["--status"])["documents"], json!(1));
    std::fs::remove_file(first).unwrap();
    std::fs::remove_file(second).unwrap();
    assert_eq!(indexed(&docent)[3], 2);
    assert_eq!(docent.found("roof")[0], "c.md");
    std::fs::remove_file(third).unwrap();
    docent.index();
    assert!(docent.found("roof").is_empty());
    assert_eq!(docent.json(["--status"])["passages"], json!(0));
}

#[test]
fn an_edit_in_the_moment_of_reading_is_found_though_nothing_shows_it() {
    let docent = Docent::new();
    let path = docent.write("lease.md", LEASE);
    // As if it had been saved while it was read, whatever time this run takes.
    let saved = SystemTime::now() + Duration::from_mins(1);
    File::open(&path).unwrap().set_modified(saved).unwrap();
    docent.index();
    std::fs::write(&path, LEASE.replace("six weeks", "ten years")).unwrap();
    File::open(&path).unwrap().set_modified(saved).unwrap();
    assert_eq!(indexed(&docent)[0], 1);
    assert!(docent.found("\"six weeks\"").is_empty());
    assert_eq!(docent.found("\"ten years\""), ["lease.md"]);
}

#[test]
fn a_folder_that_lies_in_another_one_is_read_once() {
    let docent = Docent::new();
    docent.write("cases/lease.md", LEASE);
    docent.index();
    let inner = docent.library().join("cases");
    let printed = docent.run(["--index".as_ref(), inner.as_os_str()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(printed.stderr.contains("which is in the library"), "{printed:?}");
    assert_eq!(docent.json(["--status"])["files"], json!(1));
}

#[test]
fn what_docent_exported_is_left_out_in_every_disguise() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    docent.index();
    let export = |name: &str| {
        let path = docent.library().join(name);
        let file = path.to_str().unwrap();
        let printed = docent.run(["--ask", "Who repairs the roof?", "--export", file]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        path
    };
    // Under another name, edited at its head, and as notes of other kinds.
    let markdown = std::fs::read_to_string(export("answer.md")).unwrap();
    docent.write("memo.txt", &markdown);
    let edited: Vec<&str> = markdown.lines().skip(1).collect();
    docent.write("edited.md", format!("# My memo\n\n{}\n", edited.join("\n")));
    let json = export("answer.json");
    std::fs::rename(json, docent.library().join("answer.txt")).unwrap();
    docent.index();
    let listed: Vec<_> = ["answer.md", "answer.txt", "edited.md", "memo.txt"]
        .into_iter()
        .map(|file| (file.to_owned(), "own_export".to_owned()))
        .collect();
    assert_eq!(problems(&docent), listed);
    assert!(docent.found("roof").iter().all(|file| file == "lease.md"));
}

#[test]
fn an_unreadable_folder_keeps_what_was_read_in_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let docent = Docent::new();
    docent.write("cases/lease.md", LEASE);
    docent.index();
    let cases = docent.library().join("cases");
    let allow = |mode| {
        std::fs::set_permissions(&cases, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(0);
    let is_refused = std::fs::read_dir(&cases).is_err();
    let summary = indexed(&docent);
    let told = problems(&docent);
    allow(0o700);
    // Nothing is refused to root.
    if is_refused {
        assert_eq!(told, [("cases".to_owned(), "permission_denied".to_owned())]);
    }
    assert_eq!(summary[3], 0);
    assert_eq!(docent.found("roof")[0], "cases/lease.md");
}
