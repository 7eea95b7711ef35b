//! Are scans read, found and answered from?

use std::path::Path;

use serde_json::Value;

use crate::docent::{Docent, fixture};

/// Whether there is something to test with. Where `.ci/run` runs, there is.
#[expect(clippy::print_stdout, reason = "a test that is not run says so")]
pub(crate) fn has_tesseract() -> bool {
    let has =
        ["/usr/bin/tesseract", "/usr/local/bin/tesseract"].iter().any(|p| Path::new(p).is_file());
    if !has {
        println!("not run: Tesseract is not installed");
    }
    has
}

/// A library with a scan of a letter, and a note.
fn with_scan() -> Docent {
    let docent = Docent::new();
    docent.write("letter.pdf", std::fs::read(fixture("broken/scan.pdf")).unwrap());
    docent
        .write("lift.md", "# The lift\n\nIts ropes are of steel and were last changed in 2011.\n");
    docent
}

fn kinds_of_problems(docent: &Docent) -> Vec<String> {
    let problems = docent.json(["--problems"]);
    let problems = problems["problems"].as_array().unwrap();
    problems.iter().map(|problem| problem["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_scan_is_found_and_answered_from_with_its_mark() {
    if !has_tesseract() {
        return;
    }
    let docent = with_scan();
    let printed = docent.run(["--index".as_ref(), docent.library().as_os_str()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(printed.stdout.contains("1 page read by OCR"), "{printed:?}");
    assert!(kinds_of_problems(&docent).is_empty());

    let searched = docent.json(["--search", "crane in the yard"]);
    let hit = &searched["hits"][0];
    assert_eq!((&hit["file"], &hit["page"]), (&Value::from("letter.pdf"), &Value::from(1)));
    assert!(hit["ocr"].as_f64().unwrap() > 0.8, "{hit}");
    let asked = docent.json(["--ask", "On which days can heavy goods be brought up by the crane?"]);
    let citation = &asked["citations"][0];
    assert!(citation["quote"].as_str().unwrap().contains("Tuesday and Thursday"), "{asked}");
    assert_eq!(citation["file"], "letter.pdf");
    let note = docent.json(["--search", "ropes of steel"]);
    assert_eq!(note["hits"][0]["ocr"], Value::Null);

    // What was recognised is kept, also for a copy, and nothing is read twice.
    docent.write("copy.pdf", std::fs::read(fixture("broken/scan.pdf")).unwrap());
    let printed = docent.run(["--index", "--json"]);
    let summary: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!((&summary["recognised"], &summary["embedded"]), (&Value::from(0), &Value::from(0)));
}

#[test]
fn a_scan_that_is_not_read_is_listed_with_what_to_install() {
    let docent = with_scan();
    let library = docent.library().as_os_str();
    let printed = docent.run(["--index".as_ref(), library, "--no-ocr".as_ref()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert_eq!(kinds_of_problems(&docent), ["no_text"]);
    let printed = docent.run(["--problems"]);
    assert!(printed.stdout.contains("sudo apt install tesseract-ocr"), "{printed:?}");
    assert_eq!(docent.found("\"crane in the yard\""), [""; 0]);

    // Installed later, it reads what waits.
    if has_tesseract() {
        docent.index();
        assert_eq!(docent.found("crane in the yard").first().unwrap(), "letter.pdf");
    }
}
