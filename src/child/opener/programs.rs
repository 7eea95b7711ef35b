//! How is an editor told the line, and a viewer the page?
//!
//! Every program has its own way; one that is not known here is given the file alone.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::At;
use crate::settings::Viewer;

/// Editors that take `+LINE` before the file.
const PLUS: [&str; 18] = [
    "ed",
    "emacs",
    "emacsclient",
    "gedit",
    "gvim",
    "jed",
    "joe",
    "kak",
    "kakoune",
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
const COLON: [&str; 5] = ["helix", "hx", "subl", "sublime_text", "zed"];

/// Editors that take `--goto FILE:LINE`.
const GOTO: [&str; 4] = ["code", "code-insiders", "codium", "vscodium"];

/// What a shell does not take as a plain word.
const SPECIAL: &str = "|&;<>()$`\\\"'*?[#~%";

/// Viewers that open a PDF at a page, each with its words for that, with `{page}` and `{path}` in them. Skim is told by its own kind of
/// address.
const VIEWERS: [(&str, &[&str]); 8] = [
    ("atril", &["atril", "--page-index={page}", "{path}"]),
    ("evince", &["evince", "--page-index={page}", "{path}"]),
    ("okular", &["okular", "--page={page}", "{path}"]),
    ("sioyek", &["sioyek", "--page", "{page}", "{path}"]),
    ("sumatrapdf", &["SumatraPDF", "-reuse-instance", "-page", "{page}", "{path}"]),
    ("xreader", &["xreader", "--page-index={page}", "{path}"]),
    ("zathura", &["zathura", "--page={page}", "{path}"]),
    // Behind zathura, which names itself by it as well.
    ("mupdf", &["mupdf", "{path}", "{page}"]),
];

/// Skim's address of a page, with the path in per cent signs.
const SKIM: &[&str] = &["open", "skim://{url}#page={page}"];

/// The viewer whose name is in `name`, in its own words.
fn known_viewer(name: &str) -> Option<&'static [&'static str]> {
    let known = VIEWERS.iter().find(|(known, _)| name.contains(known)).map(|(_, words)| *words);
    known.or_else(|| name.contains("skim").then_some(SKIM))
}

/// A word of a known viewer with what its names stand for.
fn filled(word: &str, path: &Path, page: u32) -> OsString {
    if word == "{path}" {
        return path.as_os_str().to_owned();
    }
    word.replace("{page}", &page.to_string()).replace("{url}", &in_url(path)).into()
}

/// The user's own viewer with a document; none where the path is no text that a word could hold. What is said to it never
/// goes through a shell.
pub(super) fn own(viewer: &Viewer, path: &Path, at: &At) -> Option<Invocation> {
    let path = path.to_str()?;
    let known = |name: &str| match name {
        "path" => Some(path.to_owned()),
        "page" => at.page.map(|page| page.to_string()),
        "line" => at.line.map(|line| line.to_string()),
        // What a document holds is never an option.
        "search" => at.search.as_deref().map(|search| search.trim_start_matches('-').to_owned()),
        _ => None,
    };
    let mut words = viewer.command(&known).into_iter().map(OsString::from);
    Some(Invocation { program: words.next()?, arguments: words.collect() })
}

/// A path as it stands in an address.
fn in_url(path: &Path) -> String {
    let mut url = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(*byte)),
            byte => url.extend(["%", &format!("{byte:02X}")]),
        }
    }
    url
}

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
    let words = known_viewer(&chosen.to_ascii_lowercase())?;
    let mut words = words.iter().map(|word| filled(word, path, page));
    Some(Invocation { program: words.next()?, arguments: words.collect() })
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
        let check = |chosen: &str, expected: &[&str]| {
            let Invocation { program, arguments } = at_page(chosen, path, 3).unwrap();
            let words = std::iter::once(program).chain(arguments);
            assert_eq!(words.collect::<Vec<_>>(), expected);
        };
        check("mupdf.desktop", &["mupdf", "/a b.pdf", "3"]);
        check("sioyek.desktop", &["sioyek", "--page", "3", "/a b.pdf"]);
        check("xreader.desktop", &["xreader", "--page-index=3", "/a b.pdf"]);
        check("atril.desktop", &["atril", "--page-index=3", "/a b.pdf"]);
        check("org.pwmt.zathura-pdf-mupdf.desktop", &["zathura", "--page=3", "/a b.pdf"]);
        let sumatra = &["SumatraPDF", "-reuse-instance", "-page", "3", "/a b.pdf"];
        check("SumatraPDF.desktop", sumatra);
        check("net.sourceforge.skim-app.skim", &["open", "skim:///a%20b.pdf#page=3"]);
    }

    #[track_caller]
    fn check_own(written: &str, at: &At, expected: &[&str]) {
        let path = Path::new("/a $(rm) 'b'.pdf");
        let viewer = Viewer::of(&written.split(' ').collect::<Vec<_>>()).unwrap().unwrap();
        let Invocation { program, arguments } = own(&viewer, path, at).unwrap();
        let words: Vec<OsString> = std::iter::once(program).chain(arguments).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn a_viewer_is_started_as_its_user_wrote_it_and_never_by_a_shell() {
        let path = "/a $(rm) 'b'.pdf";
        let at = At { page: Some(7), line: None, search: Some("--run; six".into()) };
        check_own("mine -p {page} {path} {search}", &at, &["mine", "-p", "7", path, "run; six"]);
        check_own("mine --at={line} {path}", &at, &["mine", path]);
        let bytes = std::os::unix::ffi::OsStrExt::from_bytes(b"/a\xff.pdf".as_slice());
        let no_text: &OsStr = bytes;
        let viewer = Viewer::of(&["mine", "{path}"]).unwrap().unwrap();
        assert_eq!(own(&viewer, Path::new(no_text), &at), None);
    }
}
