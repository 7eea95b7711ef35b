//! What can stand in a settings file, and what is told of what can't.

use super::*;
use crate::keys::Chord;
use crate::state::Context;
use crate::state::action::Action;
use crate::state::look::{Beside, Shown};

fn laid(source: &str) -> Settings {
    let mut settings = Settings::default();
    settings.lay_over(source).unwrap();
    settings
}

#[test]
fn the_file_of_defaults_says_what_the_program_does() {
    assert_eq!(laid(DEFAULT), Settings::default());
    let reference = Settings::default().reference;
    assert_eq!(reference, Template::parse(REFERENCE, &REFERENCE_NAMES).unwrap());
}

#[test]
fn every_setting_is_told_of_in_the_file_of_defaults_and_can_be_set() {
    // What is not set by default stands there behind a sign of a comment.
    let uncommented: String = DEFAULT
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(set) if set.starts_with('[') || is_set(set) => format!("{set}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let settings = laid(&uncommented.replace("[keys]\n", ""));
    assert_eq!(settings.model.as_deref(), Some("none"));
    assert_eq!(settings.embedder.as_deref(), Some("name"));
    assert_eq!(settings.running.threads, Some(4));
    assert_eq!(settings.panes.conversations.width, Some(28));
    assert_eq!(settings.panes.sources.width, Some(46));
    assert!(settings.viewer.is_some());
    let space: Chord = "space".parse().unwrap();
    assert_eq!(settings.keys.action(Context::Sources, space), Some(Action::Open));
}

/// Whether a comment shows how something is set.
fn is_set(comment: &str) -> bool {
    comment.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '))
}

#[test]
fn what_a_file_says_is_laid_over_the_defaults() {
    let settings = laid(
        "theme = 'nord'\nsigns = 'ascii'\nmouse = false\nocr = false\nlargest-file = '20 MB'\ncontext = 4_096\n\
         temperature = 1\nseed = 7\ngpu-layers = 99\nreference = '{quote}'\n\
         panes = { sources = 'hidden', conversations-width = 40 }\n",
    );
    assert_eq!(settings.theme, ThemeChoice::Named("nord".into()));
    assert_eq!((settings.signs, settings.mouse, settings.ocr), (SignChoice::Ascii, false, false));
    assert_eq!(settings.largest_file, 20_000_000);
    let running =
        Running { context: 4_096, threads: None, gpu_layers: 99, seed: 7, temperature: 1.0 };
    assert_eq!(settings.running, running);
    let quoted = settings.reference.fill(&|name| (name == "quote").then(|| "nine months".into()));
    assert_eq!(quoted, "nine months");
    assert_eq!(settings.panes.sources, Beside { shown: Shown::Never, width: None });
    assert_eq!(settings.panes.conversations, Beside { shown: Shown::Auto, width: Some(40) });
    assert_eq!(settings.keys, Keys::default());
}

#[test]
fn a_quote_is_copied_as_people_cite() {
    let full = |name: &str| match name {
        "quote" => Some("nine months’ notice".to_owned()),
        "title" => Some("Lease".to_owned()),
        "page" => Some("iv".to_owned()),
        "section" => Some("14 Break clause".to_owned()),
        _ => None,
    };
    let reference = Settings::default().reference;
    assert_eq!(reference.fill(&full), "“nine months’ notice” (Lease, p. iv, 14 Break clause)");
    let without = reference.fill(&|name| full(name).filter(|_| ["quote", "title"].contains(&name)));
    assert_eq!(without, "“nine months’ notice” (Lease)");
}

#[test]
fn a_viewer_is_told_what_is_known() {
    let words = |viewer: &str| {
        let settings = laid(&format!("viewer = {viewer}\n"));
        let known = |name: &str| match name {
            "path" => Some("/a b.pdf".to_owned()),
            "page" => Some("7".to_owned()),
            _ => None,
        };
        settings.viewer.unwrap().command(&known)
    };
    assert_eq!(words("'zathura --page={page} {path}'"), ["zathura", "--page=7", "/a b.pdf"]);
    assert_eq!(words("['my viewer', '-f{search}', '{path}']"), ["my viewer", "/a b.pdf"]);
}

#[track_caller]
fn check_fault(source: &str, told: &str) {
    let mut settings = Settings::default();
    assert_eq!(settings.lay_over(source).unwrap_err().to_string(), told);
}

#[test]
fn what_can_not_be_set_is_told_with_its_line_and_what_was_meant() {
    check_fault("\nthme = 'nord'", "line 2: there is no setting `thme`: did you mean `theme`?");
    check_fault("dance = 1", "line 1: there is no setting `dance`");
    check_fault(
        "[panes]\nsource = 'auto'",
        "line 2: there is no setting `source`: did you mean `sources`?",
    );
    check_fault("mouse = 'on'", "line 1: `mouse` must be true or false");
    check_fault(
        "signs = 'unicod'",
        "line 1: `signs` must be `auto`, `unicode` or `ascii`: did you mean `unicode`?",
    );
    check_fault(
        "context = 100",
        "line 1: `context` must be a number of tokens from 512 to 1048576",
    );
    check_fault("temperature = 3.5", "line 1: `temperature` must be a number from 0 to 2");
    check_fault("temperature = nan", "line 1: `temperature` must be a number from 0 to 2");
    check_fault("threads = 0", "line 1: `threads` must be a number from 1 to 512");
    for size in ["'1 GB'", "'20'", "20", "'0 MB'", "'many MB'"] {
        let told = "line 1: `largest-file` must be a size like \"20 MB\", of 256 MiB at most";
        check_fault(&format!("largest-file = {size}"), told);
    }
    check_fault(
        "viewer = 'okular'",
        "line 1: `viewer` must be a program with its arguments, one of which holds `{path}`",
    );
    check_fault(
        "viewer = 'okular {pth}'",
        "line 1: `viewer`: `{pth}` stands for nothing here: did you mean `path`?",
    );
    check_fault(
        "reference = '{quote'",
        "line 1: `reference`: `{` is not closed: write `{{` where you mean the sign itself",
    );
    check_fault("panes = 3", "line 1: `panes` must be a table: `[panes]`");
    check_fault(
        "[panes]\nsources-width = 3",
        "line 2: `sources-width` must be a number of columns from 16 to 200",
    );
    check_fault(
        "[keys.sources]\nopne = 'x'",
        "line 2: there is no action `opne`: did you mean `open`?",
    );
    check_fault("theme = ", "line 1: string values must be quoted, expected literal string");
}

#[test]
fn the_file_is_named_in_what_is_told() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(Settings::of_home(home.path()).unwrap(), Settings::default());
    let path = home.path().join(FILE);
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Settings::of_home(home.path()).unwrap_err().to_string()
    };
    let path_told = format!("`{}`", path.display());
    assert_eq!(told(b"a = 1"), format!("{path_told}: line 1: there is no setting `a`"));
    assert_eq!(told(b"\n\xff"), format!("{path_told}: line 2: it is no text in UTF-8"));
    assert!(told(&vec![b'\n'; 2 << 20]).contains("larger than any settings file"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(Settings::of_home(home.path()).is_err());
}
