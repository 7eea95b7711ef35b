//! Does the library follow the disk?

use serde_json::{Value, json};

use crate::docent::{Docent, fixture};

const LEASE: &str = "# Lease\n\nThe tenant pays 900 a month.\n\n## Repairs\n\nThe landlord repairs the roof within six weeks.\n";

fn summary(docent: &Docent) -> Value {
    docent.json(["--index".as_ref(), docent.library().as_os_str()])
}

#[test]
fn a_second_run_reads_and_embeds_nothing() {
    let docent = Docent::with_fixtures();
    let again = docent.json(["--index"]);
    assert_eq!(
        (&again["read"], &again["embedded"], &again["gone"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn a_renamed_file_is_found_under_its_new_name_and_embedded_once() {
    let docent = Docent::new();
    let path = docent.write("lease.md", LEASE);
    docent.index();
    std::fs::rename(path, docent.library().join("old-lease.md")).unwrap();
    let summary = summary(&docent);
    assert_eq!(
        (&summary["read"], &summary["embedded"], &summary["known"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(docent.found("roof")[0], "old-lease.md");
}

#[test]
fn an_edit_embeds_only_what_is_new() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    docent.index();
    docent.write("lease.md", LEASE.replace("six weeks", "ten days"));
    let summary = summary(&docent);
    assert_eq!((&summary["read"], &summary["embedded"]), (&json!(1), &json!(1)));
    let hits = docent.json(["--search", "roof"]);
    assert!(hits["hits"][0]["text"].as_str().unwrap().contains("ten days"));
    assert_eq!(docent.found("\"six weeks\"").len(), 0);
}

#[test]
fn a_deleted_file_stops_answering() {
    let docent = Docent::new();
    let path = docent.write("lease.md", LEASE);
    docent.write("other.md", "The garden is in good order.");
    docent.index();
    std::fs::remove_file(path).unwrap();
    assert_eq!(summary(&docent)["gone"], json!(1));
    assert!(!docent.found("roof").contains(&"lease.md".to_owned()));
}

#[test]
fn identical_files_are_one_document() {
    let docent = Docent::new();
    docent.write("a.md", LEASE);
    docent.write("b/a.md", LEASE);
    docent.index();
    let status = docent.json(["--status"]);
    assert_eq!((&status["documents"], &status["files"]), (&json!(1), &json!(2)));
}

#[test]
fn a_folder_that_is_away_keeps_its_documents() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    docent.index();
    let aside = docent.library().with_extension("away");
    std::fs::rename(docent.library(), &aside).unwrap();
    let printed = docent.run(["--index"]);
    std::fs::rename(&aside, docent.library()).unwrap();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert_eq!(docent.found("roof"), ["lease.md", "lease.md"]);
}

#[test]
fn what_cannot_be_read_is_listed_and_stops_nothing() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    for entry in std::fs::read_dir(fixture("broken")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, docent.library().join(path.file_name().unwrap())).unwrap();
    }
    let library = docent.library().as_os_str();
    let printed = docent.run(["--index".as_ref(), library, "--no-ocr".as_ref()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let problems = docent.json(["--problems"]);
    let mut listed: Vec<_> = problems["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            format!("{}: {}", problem["file"].as_str().unwrap(), problem["kind"].as_str().unwrap())
        })
        .collect();
    listed.sort();
    insta::assert_snapshot!(listed.join("\n"));
    assert_eq!(docent.found("roof")[0], "lease.md");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_utf_8_is_found_and_told() {
    use std::os::unix::ffi::OsStrExt as _;
    let docent = Docent::new();
    let name = std::ffi::OsStr::from_bytes(b"l\xe9ase.md");
    std::fs::write(docent.library().join(name), LEASE).unwrap();
    docent.index();
    assert_eq!(docent.found("roof")[0], "l\u{fffd}ase.md");
    docent.index();
    assert_eq!(docent.json(["--status"])["files"], json!(1));
}

#[test]
fn ignored_and_hidden_files_are_left_out() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    docent.write(".docentignore", "drafts/\n");
    docent.write("drafts/lease.md", "A draft about the roof.");
    docent.write(".secret.md", "A secret about the roof.");
    docent.index();
    assert_eq!(docent.json(["--status"])["files"], json!(1));
}

#[test]
fn an_answer_that_docent_wrote_is_no_evidence() {
    let docent = Docent::new();
    docent.write("lease.md", LEASE);
    docent.index();
    let answer = docent.library().join("answer.md");
    let printed =
        docent.run(["--ask", "Who repairs the roof?", "--export", answer.to_str().unwrap()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    docent.index();
    assert!(!docent.found("roof").contains(&"answer.md".to_owned()));
    assert_eq!(docent.json(["--problems"])["problems"][0]["kind"], json!("own_export"));
}

#[test]
fn the_same_bytes_under_another_ending_are_read_again() {
    let docent = Docent::new();
    let path = docent.write("lease.txt", LEASE);
    docent.index();
    std::fs::rename(path, docent.library().join("lease.md")).unwrap();
    assert_eq!(summary(&docent)["read"], json!(1));
    assert_eq!(
        docent.json(["--search", "roof type:md"])["hits"][0]["heading"][1],
        json!("Repairs")
    );
}
