//! Do viewers and editors get the file, and the editor the terminal, from the child that starts them?

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use docent::child::opener::{At, OpenerError, Programs, Request};
use docent::settings::Viewer;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;

use crate::process::{command, receive, send};

const DOCENT: &str = env!("CARGO_BIN_EXE_docent");

type Reply = Result<(), OpenerError>;

/// A folder with a document and with programs that tell in `told` what they were given.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: TempDir::new().unwrap() };
        for name in ["notes.md", "-lease.pdf", "menu.desktop"] {
            std::fs::write(desk.path(name), "words").unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a program there that runs this script of a shell.
    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        std::fs::write(
            &path,
            format!("#!/bin/sh\ncd {}\n{script}\n", self.folder.path().display()),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What the last program told, to its last line. A viewer is not waited for, so its word may come a little later.
    #[track_caller]
    fn told(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let told = std::fs::read_to_string(self.path("told")).unwrap_or_default();
            if told.ends_with("end\n") {
                std::fs::remove_file(self.path("told")).unwrap();
                return told.trim_end_matches("end\n").to_owned();
            }
            assert!(Instant::now() < deadline, "nothing is told but {told:?}");
            std::thread::yield_now();
        }
    }
}

/// The child, with this editor; it finds programs on the desk alone.
struct Opener {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
}

impl Opener {
    fn start(desk: &Desk, editor: Option<&str>) -> Self {
        Self::with(desk, &Programs { editor: editor.map(Into::into), viewer: None })
    }

    fn with(desk: &Desk, programs: &Programs) -> Self {
        let mut child = command(DOCENT)
            .args(["--child", "opener"])
            .env("PATH", desk.folder.path())
            .env("DISPLAY", ":7")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        send(&mut stdin, programs);
        Self { child, stdin: Some(stdin), stdout }
    }

    fn ask(&mut self, request: &Request) -> Reply {
        send(self.stdin.as_mut().unwrap(), request);
        receive(&mut self.stdout)
    }

    fn edit(&mut self, path: impl AsRef<Path>, line: Option<u32>) -> Reply {
        self.ask(&Request::Edit { path: path.as_ref().into(), line })
    }

    fn view(&mut self, path: impl AsRef<Path>, page: Option<u32>) -> Reply {
        let at = At { page, ..At::default() };
        self.ask(&Request::View { path: path.as_ref().into(), at })
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let ended = self.child.wait();
        assert!(std::thread::panicking() || ended.unwrap().success(), "it ends with its pipe");
    }
}

#[track_caller]
fn reason(reply: Reply) -> String {
    reply.unwrap_err().to_string()
}

#[test]
fn an_editor_gets_the_line_and_the_file() {
    let desk = Desk::new();
    desk.program("vim", "printf '%s\\n' \"$DISPLAY\" \"$@\" end > told");
    let mut opener = Opener::start(&desk, Some("vim"));
    let notes = desk.path("notes.md");
    opener.edit(&notes, Some(7)).unwrap();
    assert_eq!(desk.told(), format!(":7\n+7\n{}\n", notes.display()));
}

#[test]
fn an_editor_that_can_not_be_used_is_told_in_words() {
    let desk = Desk::new();
    desk.program("fails", "exit 3");
    let notes = desk.path("notes.md");
    let told = |editor| reason(Opener::start(&desk, editor).edit(&notes, None));
    insta::assert_snapshot!(told(Some("fails")), @"`fails` failed (exit status: 3)");
    insta::assert_snapshot!(told(Some("absent")), @"there is no program `absent`: install it, or choose another one (`EDITOR`, or `viewer` in the settings)");
    insta::assert_snapshot!(told(Some(" ")), @"no editor is chosen: set `EDITOR` before you start docent, for example to `nano`");
    insta::assert_snapshot!(told(None), @"no editor is chosen: set `EDITOR` before you start docent, for example to `nano`");
}

#[test]
fn only_files_that_are_there_are_opened() {
    let desk = Desk::new();
    desk.program("vim", "printf opened > told");
    desk.program("xdg-open", "printf opened > told");
    let mut opener = Opener::start(&desk, Some("vim"));
    for path in [desk.path("absent.md"), desk.folder.path().to_owned(), "notes.md".into()] {
        assert!(matches!(opener.edit(&path, None), Err(OpenerError::NoFile { .. })), "{path:?}");
        assert!(matches!(opener.view(&path, None), Err(OpenerError::NoFile { .. })), "{path:?}");
    }
    let menu = desk.path("menu.desktop");
    assert!(matches!(opener.view(&menu, None), Err(OpenerError::Kind { .. })));
    assert!(!desk.path("told").exists());
}

#[test]
fn a_viewer_gets_the_file_and_a_session_of_its_own() {
    let desk = Desk::new();
    desk.program(
        "xdg-open",
        "read -r all < /proc/$$/stat; printf '%s\\n' $$ $all \"$@\" end > told",
    );
    let lease = desk.path("-lease.pdf");
    Opener::start(&desk, None).view(&lease, None).unwrap();
    let told = desk.told();
    let told: Vec<&str> = told.lines().collect();
    // After its number: number, name, state, parent, group, session.
    assert_eq!(told[0], told[6], "{told:?}");
    assert_eq!(told.last(), Some(&lease.to_str().unwrap()));
}

#[test]
fn a_viewer_that_is_known_opens_a_pdf_at_its_page() {
    let desk = Desk::new();
    desk.program("xdg-mime", "printf 'org.gnome.Evince.desktop\\n'");
    desk.program("xdg-open", "printf 'the system: %s\\nend\\n' \"$@\" > told");
    let lease = desk.path("-lease.pdf");
    let mut opener = Opener::start(&desk, None);
    // It is not installed where it can be found.
    opener.view(&lease, Some(3)).unwrap();
    assert_eq!(desk.told(), format!("the system: {}\n", lease.display()));
    desk.program("evince", "printf '%s\\n' \"$@\" end > told");
    opener.view(&lease, Some(3)).unwrap();
    assert_eq!(desk.told(), format!("--page-index=3\n{}\n", lease.display()));
}

#[test]
fn the_users_own_viewer_gets_what_its_template_says_word_by_word() {
    let desk = Desk::new();
    desk.program("mine", "printf '%s\\n' \"$@\" end > told");
    desk.program("xdg-open", "printf 'the system: %s\\nend\\n' \"$@\" > told");
    let words = ["mine", "-p", "{page}", "--find={search}", "{path}"];
    let viewer = Viewer::of(&words).unwrap().unwrap();
    let programs = Programs { editor: None, viewer: Some(viewer) };
    let (lease, notes) = (desk.path("-lease.pdf"), desk.path("notes.md"));
    let mut opener = Opener::with(&desk, &programs);
    let at = At { page: Some(3), line: None, search: Some("$(touch x); six months".into()) };
    opener.ask(&Request::View { path: lease.clone().into(), at }).unwrap();
    let expected = format!("-p\n3\n--find=$(touch x); six months\n{}\n", lease.display());
    assert_eq!(desk.told(), expected);
    // A document without pages is none of it.
    opener.view(&notes, None).unwrap();
    assert_eq!(desk.told(), format!("the system: {}\n", notes.display()));
    let viewer = Viewer::of(&["gone", "{path}"]).unwrap();
    let told = reason(Opener::with(&desk, &Programs { editor: None, viewer }).view(&lease, None));
    assert!(told.starts_with("there is no program `gone`"), "{told}");
}

#[test]
fn a_viewer_that_fails_is_told_in_words() {
    let desk = Desk::new();
    let notes = desk.path("notes.md");
    let told = || reason(Opener::start(&desk, None).view(&notes, None));
    insta::assert_snapshot!(told(), @"there is no `xdg-open`, which opens files with the program of their kind: install it (xdg-utils)");
    desk.program("xdg-open", "exit 3");
    insta::assert_snapshot!(told(), @"`xdg-open` failed (exit status: 3): choose a program for files of this kind in your desktop's settings");
}

#[test]
fn a_viewer_that_stays_open_is_not_waited_for() {
    let desk = Desk::new();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        desk.path("close"),
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    desk.program("xdg-open", "read -r line < close; printf '%s\\nend\\n' \"$line\" > told");
    let mut opener = Opener::start(&desk, None);
    opener.view(desk.path("notes.md"), None).unwrap();
    assert!(opener.view(desk.path("absent.md"), None).is_err(), "the next request is answered");
    drop(opener);
    // It lives on without docent.
    std::fs::write(desk.path("close"), "closed now\n").unwrap();
    assert_eq!(desk.told(), "closed now\n");
}

#[test]
fn an_editor_has_the_terminal_to_itself() {
    let desk = Desk::new();
    for pipe in ["requests", "replies"] {
        let rights = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, desk.path(pipe), rights).unwrap();
    }
    desk.program(
        "editor",
        "trap 'printf \"interrupted\\nend\\n\" > told; exit 0' INT
         stty -echo
         printf 'ready\\n'
         read -r line
         printf '%s\\nend\\n' \"$line\" > told",
    );
    let terminal = native_pty_system().openpty(PtySize::default()).unwrap();
    let modes = terminal.master.get_termios();
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-c", &format!("exec {DOCENT} --child opener < requests > replies")]);
    shell.cwd(desk.folder.path());
    let mut opener = terminal.slave.spawn_command(shell).unwrap();
    let id = opener.process_id().unwrap();
    let mut requests = OpenOptions::new().write(true).open(desk.path("requests")).unwrap();
    let mut replies = File::open(desk.path("replies")).unwrap();
    let mut screen = BufReader::new(terminal.master.try_clone_reader().unwrap());
    let mut keys = terminal.master.take_writer().unwrap();
    send(&mut requests, &Programs { editor: Some("./editor".into()), viewer: None });
    let mut edit = |typed: &[&str]| {
        send(&mut requests, &Request::Edit { path: desk.path("notes.md").into(), line: None });
        let mut seen = Vec::new();
        while !seen.ends_with(b"ready") {
            let mut byte = [0];
            screen.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        for typed in typed {
            keys.write_all(typed.as_bytes()).unwrap();
        }
        receive::<Reply>(&mut replies).unwrap();
        let group = terminal.master.process_group_leader().unwrap();
        assert_eq!(u32::try_from(group).unwrap(), id, "the terminal is given back");
        assert_eq!(terminal.master.get_termios(), modes, "with the modes that it had");
        desk.told()
    };
    // What is typed is the editor's, which Ctrl+Z does not put to sleep.
    assert_eq!(edit(&["typed\r"]), "typed\n");
    assert_eq!(edit(&["\u{1a}", "again\r"]), "again\n");
    // Ctrl+C is the editor's too.
    assert_eq!(edit(&["\u{3}"]), "interrupted\n");
    drop(requests);
    assert!(opener.wait().unwrap().success());
}
