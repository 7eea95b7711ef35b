//! Is docent set as its settings file and its flags say?

use crate::docent::Docent;

fn set(docent: &Docent, settings: &str) {
    std::fs::write(docent.home().join("settings.toml"), settings).unwrap();
}

#[test]
fn a_broken_settings_file_is_told_in_one_line_whatever_is_to_be_done() {
    let docent = Docent::new();
    set(&docent, "ocr = true\nthme = \"nord\"\n");
    let works: [&[&str]; 5] =
        [&[], &["--status"], &["--search", "rent"], &["--keys"], &["--index"]];
    for work in works {
        let printed = docent.run(work);
        assert_eq!(printed.code, Some(2), "{work:?}");
        assert_eq!(printed.stdout, "", "{work:?}");
        let lines: Vec<&str> = printed.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{}", printed.stderr);
        assert!(lines[0].starts_with("error: `"), "{}", lines[0]);
        let told = "settings.toml`: line 2: there is no setting `thme`: did you mean `theme`?";
        assert!(lines[0].ends_with(told), "{}", lines[0]);
    }
}

#[test]
fn the_keys_that_hold_are_printed_as_the_settings_file_takes_them() {
    let docent = Docent::new();
    let before = docent.run(["--keys"]).stdout;
    assert!(before.contains("[keys.question]\nsend = \"enter\""), "{before}");
    set(&docent, "[keys.question]\nsend = [\"ctrl+x\", \"f5\"]\n");
    let after = docent.run(["--keys"]).stdout;
    assert!(after.contains("send = [\"ctrl+x\", \"f5\"]"), "{after}");
    // What is printed can be put there as it is.
    set(&docent, &after);
    assert_eq!(docent.run(["--keys"]).stdout, after);
    let json: serde_json::Value =
        serde_json::from_str(&docent.run(["--keys", "--json"]).stdout).unwrap();
    let send = json["keys"].as_array().unwrap().iter().find(|binding| binding["action"] == "send");
    assert_eq!(send.unwrap()["chords"], serde_json::json!(["ctrl+x", "f5"]));
}

#[test]
fn the_themes_are_listed_with_the_one_that_is_chosen() {
    let docent = Docent::new();
    set(&docent, "theme = \"mine\"\n");
    std::fs::create_dir(docent.home().join("themes")).unwrap();
    let own = docent.home().join("themes/mine.toml");
    std::fs::write(&own, "inherits = \"nord\"\n[palette]\naccent = \"#ffffff\"\n").unwrap();
    let printed = docent.run(["--themes"]);
    assert_eq!(printed.code, Some(0));
    assert!(printed.stdout.lines().any(|line| line.starts_with("* mine ")), "{}", printed.stdout);
    assert!(printed.stdout.contains("solarized-light"), "{}", printed.stdout);
    std::fs::write(&own, "[acent]\ncolour = \"#ffffff\"\n").unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&docent.run(["--themes", "--json"]).stdout).unwrap();
    let mine = json["themes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(mine["usable"], false);
    assert!(mine["reason"].as_str().unwrap().contains("did you mean `accent`?"), "{mine}");
}

#[test]
fn larger_files_than_wanted_are_listed_and_read_when_they_may_be() {
    let docent = Docent::new();
    docent.write("short.md", "# Pump\n\nThe seal of pump 7 was changed in May.");
    docent.write("long.md", "The rent is due on the usual quarter days. ".repeat(100));
    set(&docent, "largest-file = \"2 kB\"\n");
    docent.index();
    let problems = docent.run(["--problems"]).stdout;
    assert!(problems.contains("long.md") && problems.contains("size limit"), "{problems}");
    assert!(!problems.contains("short.md"), "{problems}");
    set(&docent, "");
    docent.index();
    let problems = docent.run(["--problems"]).stdout;
    assert!(!problems.contains("long.md"), "{problems}");
}

#[test]
fn what_is_typed_comes_before_what_is_set() {
    let docent = Docent::new();
    let context = |arguments: &[&str]| {
        let printed = docent.run(["--models", "--json"].iter().chain(arguments)).stdout;
        let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
        json["context"].as_u64().unwrap()
    };
    assert_eq!(context(&[]), 8_192);
    set(&docent, "context = 4096\n");
    assert_eq!(context(&[]), 4_096);
    assert_eq!(context(&["--context", "2048"]), 2_048);
}
