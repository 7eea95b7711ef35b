//! How is an editor told the line, and a viewer the page?
//!
//! Every program has its own way; one that is not known here is given the file alone.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Editors that take `+LINE` before the file.
const PLUS: [&str; 17] = [
    "ed",
    "emacs",
    "emacsclient",
    "gedit",
    "gvim",
    "jed",
    "joe",
    "kak",
    "mg",
    "micro",
    "nano",
    "ne",
    "nvim",
    "pico",
    "vi",
    "view",
    "vim",
];

/// Editors that take `FILE:LINE`.
const COLON: [&str; 4] = ["helix", "hx", "subl", "zed"];

/// Editors that take `--goto FILE:LINE`.
const GOTO: [&str; 3] = ["code", "code-insiders", "codium"];

/// What a shell does not take as a plain word.
const SPECIAL: &str = "|&;<>()$`\\\"'*?[#~%";

/// Viewers with what stands before the number of the page, counted from 1.
const PAGES: [(&str, &str); 5] = [
    ("atril", "--page-index"),
    ("evince", "--page-index"),
    ("okular", "--page"),
    ("xreader", "--page-index"),
    ("zathura", "--page"),
];

/// A program with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl Invocation {
    pub(super) fn new<A: Into<OsString>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().map(Into::into).collect() }
    }
}

/// The editor as the user wrote it, opening the file. It may have arguments of its own, and what only a shell understands
/// is left to a shell. None if nothing is written there.
pub(super) fn editing(editor: &OsStr, path: &Path, line: Option<u32>) -> Option<Invocation> {
    let written = editor.to_string_lossy();
    let mut words = written.split_whitespace();
    let first = words.next()?;
    let place = place(first, path, line);
    if written.contains(|character| SPECIAL.contains(character)) {
        let mut script = editor.to_owned();
        script.push(" \"$@\"");
        let arguments = ["-c".into(), script, editor.to_owned()].into_iter().chain(place);
        return Some(Invocation::new("/bin/sh", arguments));
    }
    // Text that is no UTF-8 can only be the name of a program.
    if editor.to_str().is_none() {
        return Some(Invocation { program: editor.to_owned(), arguments: place });
    }
    Some(Invocation::new(first, words.map(OsString::from).chain(place)))
}

/// The arguments that name a place in a file.
fn place(editor: &str, path: &Path, line: Option<u32>) -> Vec<OsString> {
    let name = Path::new(editor).file_name().and_then(OsStr::to_str).unwrap_or_default();
    let path = path.as_os_str().to_owned();
    let Some(line) = line else { return vec![path] };
    let with_line = || {
        let mut place = path.clone();
        place.push(format!(":{line}"));
        place
    };
    if PLUS.contains(&name) {
        vec![format!("+{line}").into(), path]
    } else if COLON.contains(&name) {
        vec![with_line()]
    } else if GOTO.contains(&name) {
        vec!["--goto".into(), with_line()]
    } else {
        vec![path]
    }
}

/// The viewer that the desktop knows by the name `chosen`, opening a PDF at a page; none for one that can't be told.
pub(super) fn at_page(chosen: &str, path: &Path, page: u32) -> Option<Invocation> {
    let chosen = chosen.to_ascii_lowercase();
    let (program, option) = PAGES.iter().find(|(program, _)| chosen.contains(program))?;
    Some(Invocation::new(program, [format!("{option}={page}").into(), path.as_os_str().to_owned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(editor: &str, line: Option<u32>, expected: &[&str]) {
        let invocation = editing(editor.as_ref(), Path::new("/a b.md"), line).unwrap();
        let all: Vec<_> = std::iter::once(&invocation.program)
            .chain(&invocation.arguments)
            .map(|word| word.to_str().unwrap())
            .collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn an_editor_is_told_the_line_in_its_own_way() {
        check("vim", Some(7), &["vim", "+7", "/a b.md"]);
        check("/usr/bin/nano", Some(7), &["/usr/bin/nano", "+7", "/a b.md"]);
        check("hx", Some(7), &["hx", "/a b.md:7"]);
        check("code --wait", Some(7), &["code", "--wait", "--goto", "/a b.md:7"]);
        check("ed-of-my-own", Some(7), &["ed-of-my-own", "/a b.md"]);
        check("vim", None, &["vim", "/a b.md"]);
    }

    #[test]
    fn what_only_a_shell_understands_is_left_to_it() {
        let editor = "vim -c 'set wrap'";
        check(
            editor,
            Some(7),
            &["/bin/sh", "-c", "vim -c 'set wrap' \"$@\"", editor, "+7", "/a b.md"],
        );
    }

    #[test]
    fn no_words_are_no_editor() {
        assert_eq!(editing("  ".as_ref(), Path::new("/a.md"), None), None);
    }

    #[test]
    fn a_viewer_that_is_known_is_told_the_page() {
        let path = Path::new("/a b.pdf");
        assert_eq!(
            at_page("org.gnome.Evince.desktop\n", path, 3),
            Some(Invocation::new("evince", ["--page-index=3", "/a b.pdf"]))
        );
        assert_eq!(
            at_page("okularApplication_pdf.desktop\n", path, 3),
            Some(Invocation::new("okular", ["--page=3", "/a b.pdf"]))
        );
        assert_eq!(at_page("firefox.desktop\n", path, 3), None);
        assert_eq!(at_page("", path, 3), None);
    }
}
