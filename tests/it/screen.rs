//! Does the screen do, in a terminal and by keys alone, what a user expects of it?

use std::io::IsTerminal as _;
use std::path::PathBuf;

use docent::state::look::RightToLeft;
use docent::tui::terminal::Tty;
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use crate::docent::{Docent, fixture};
use crate::ocr::has_tesseract;
use crate::terminal::Terminal;
use crate::terminal::key::{CTRL_S, CTRL_U, ENTER, ESCAPE, F2, F4, QUIT, TAB};

const SIZE: (u16, u16) = (120, 36);

fn library() -> String {
    fixture("library").to_str().unwrap().to_owned()
}

/// The screen on the demonstration library, read to its end.
fn on_fixtures(docent: &Docent, more: &[&str]) -> Terminal {
    let terminal = Terminal::start(docent.home(), more, SIZE);
    terminal.wait_for("22 documents");
    terminal
}

#[test]
fn a_whole_session_by_keys() {
    let docent = Docent::new();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("nothing leaves this machine");
    terminal.keys(&library());
    terminal.keys(ENTER);
    terminal.wait_until("everything to be read", |screen| {
        screen.contains("22 read") && screen.contains("up to date")
    });
    terminal.keys(ENTER);
    terminal.wait_for("ask about your documents");
    terminal.ask("What is the notice period if the tenant wants to leave early?");
    terminal.wait_for("nine months");
    terminal.wait_for("passages in scope");
    terminal.keys(TAB);
    terminal.keys(TAB);
    terminal.keys("1");
    terminal.keys(ENTER);
    let document = terminal.wait_for("page 7 of");
    assert!(document.contains("cited [1]"), "{document}");

    terminal.keys(ESCAPE);
    terminal.wait_for("Sources");
    terminal.keys(TAB);
    // While vectors are being made, words alone find what has none yet.
    terminal.wait_for("up to date");
    terminal.ask("At what bearing temperature does the HX 65-200 have to be stopped?");
    terminal.wait_until("the second answer's end", |screen| {
        screen.contains("mm/s") && screen.matches("passages in scope").count() == 2
    });

    let exported = docent.library().join("answers.md");
    terminal.keys(CTRL_S);
    terminal.wait_for(".md");
    terminal.keys(CTRL_U);
    terminal.keys(exported.to_str().unwrap());
    terminal.keys(ENTER);
    terminal.wait_for("written to");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
    let exported = std::fs::read_to_string(exported).unwrap();
    assert!(exported.contains("nine months") && exported.contains("mm/s"), "{exported}");
}

#[test]
fn conversations_are_kept_deleted_and_brought_back() {
    let docent = Docent::with_fixtures();
    let mut terminal = on_fixtures(&docent, &[]);
    terminal.ask("At what bearing temperature does the HX 65-200 have to be stopped?");
    terminal.wait_for("passages in scope");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);

    let mut terminal = on_fixtures(&docent, &[]);
    terminal.keys(F2);
    terminal.wait_for("At what bearing");
    terminal.keys("d");
    terminal.wait_for("deleted");
    terminal.keys("u");
    terminal.wait_until("the conversation to be back", |screen| {
        screen.lines().any(|line| line.contains("At what bearing") && !line.contains("deleted"))
    });
    terminal.keys(ENTER);
    terminal.wait_for("mm/s");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_note_that_is_saved_can_be_asked_about() {
    let docent = Docent::new();
    docent.write("first.md", "# Pump\n\nThe seal of pump 7 was changed in May.");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
    terminal.wait_for("1 document");
    docent.write("second.md", "# Visitors\n\nThe badge of a visitor is orange and ends at six.");
    terminal.wait_for("2 documents");
    terminal.ask("Which colour has the badge of a visitor?");
    terminal.wait_for("orange and ends at six");
    std::fs::remove_file(docent.library().join("second.md")).unwrap();
    terminal.wait_until("one document to be left", |screen| screen.contains("1 document"));
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_scan_that_comes_is_read_and_can_be_asked_about() {
    if !has_tesseract() {
        return;
    }
    let docent = Docent::new();
    docent.write("first.md", "# Pump\n\nThe seal of pump 7 was changed in May.");
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
    terminal.wait_for("1 document");
    terminal.keys(F4);
    docent.write("letter.pdf", std::fs::read(fixture("broken/scan.pdf")).unwrap());
    terminal.wait_until("the scan to be read", |screen| {
        screen.contains("2 documents · 2 passages") && !screen.contains("1 problem")
    });
    terminal.keys(ESCAPE);
    terminal.wait_for("ask about your documents");
    terminal.ask("On which days can heavy goods be brought up by the crane?");
    let answered = terminal.wait_for("Tuesday and Thursday");
    assert!(answered.contains("OCR 9"), "{answered}");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_folder_leaves_and_takes_its_documents_along() {
    let docent = Docent::with_fixtures();
    let mut terminal = on_fixtures(&docent, &[]);
    terminal.keys(F4);
    terminal.wait_for("22 read");
    terminal.keys("dd");
    terminal.wait_for("No folder is watched yet");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_signal_ends_the_screen_and_gives_the_terminal_back() {
    let docent = Docent::with_fixtures();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = on_fixtures(&docent, &[]);
        kill_process(terminal.process(), signal).unwrap();
        assert_eq!(terminal.wait(), 130, "{signal:?}");
        assert!(terminal.is_given_back(), "{signal:?}");
    }
}

/// Run once more by itself in a terminal, this test takes the terminal and panics.
#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    if std::io::stdin().is_terminal() && std::env::args().any(|argument| argument == "--exact") {
        let _taken = Tty::take(true, RightToLeft::Docent).unwrap();
        panic!("on purpose");
    }
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "screen::a_panic_gives_the_terminal_back_and_is_told", "--nocapture"]);
    let mut terminal = Terminal::run(command, SIZE);
    assert_eq!(terminal.wait(), 101);
    assert!(terminal.bytes().windows(8).any(|bytes| bytes == b"\x1b[?1049h"));
    assert!(terminal.is_given_back());
    assert!(terminal.screen().contains("on purpose"), "{}", terminal.screen());
}

#[test]
fn nothing_in_a_document_steers_the_terminal() {
    let hostile = "\x1b]0;stolen title\x07 \x1b[2J\x1b[31;7m \u{9b}31m \u{202e}reversed\u{202c} \x1b]52;c;aGFja2Vk\x07";
    let docent = Docent::new();
    // A file with many control characters is not taken for text.
    let calm = "The gate is made of oak and iron, and was painted green in May.\n\n".repeat(60);
    let orders = format!("The orders say {hostile} that the gate stays shut.");
    let note = format!("# Orders {hostile}\n\n{orders}\n\n{calm}");
    docent.write("orders \x1b[31m\u{202e}.md", note);
    let library = docent.library().to_str().unwrap().to_owned();
    let mut terminal = Terminal::start(docent.home(), [library.as_str()], SIZE);
    terminal.wait_for("1 document");
    terminal.ask("What do the orders say about the gate?");
    terminal.wait_for("passages in scope");
    terminal.keys(&format!("{TAB}{TAB}1{ENTER}"));
    terminal.wait_for("cited [1]");
    terminal.keys(F4);
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    for steering in ["stolen title\x07", "\x1b]52", "\x1b]0", "\x1b[31;7m", "\u{9b}", "\u{202e}"] {
        assert!(!text.contains(steering), "{steering:?} reached the terminal");
    }
    assert!(text.contains("stolen title"), "the text itself is shown");
}

#[test]
fn a_terminal_without_colours_gets_none() {
    let docent = Docent::with_fixtures();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
    command.env("NO_COLOR", "1");
    command.env("COLORTERM", "truecolor");
    command.args(["--home".as_ref(), docent.home().as_os_str()]);
    let mut terminal = Terminal::run(command, SIZE);
    terminal.wait_for("22 documents");
    terminal.ask("At what bearing temperature does the HX 65-200 have to be stopped?");
    terminal.wait_for("passages in scope");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let bytes = terminal.bytes();
    for colour in [&b"\x1b[38;"[..], b"\x1b[48;"] {
        // 5 and 2 begin a colour; the default colours 39 and 49 are none.
        let coloured = bytes.windows(colour.len()).any(|bytes| bytes == colour);
        assert!(!coloured, "{}", String::from_utf8_lossy(colour));
    }
}

#[test]
fn an_editor_gets_the_terminal_and_the_screen_comes_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let docent = Docent::with_fixtures();
    let editor = docent.library().join("editor");
    std::fs::write(&editor, "#!/bin/sh\necho \"editing $1\"; read line; echo \"got $line\"\n")
        .unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
    command.env("VISUAL", &editor);
    command.args(["--home".as_ref(), docent.home().as_os_str()]);
    let mut terminal = Terminal::run(command, SIZE);
    terminal.wait_for("22 documents");
    terminal.ask("Who has to repair the roof of the mill?");
    terminal.wait_for("passages in scope");
    terminal.keys(&format!("{TAB}{TAB}e"));
    terminal.wait_for("editing /");
    terminal.resize((90, 30));
    terminal.keys("done\r");
    terminal.wait_until("the screen to be back", |screen| {
        screen.contains("Sources") && screen.contains("22 documents")
    });
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
}

#[test]
fn it_lives_in_any_size() {
    let docent = Docent::with_fixtures();
    let mut terminal = on_fixtures(&docent, &[]);
    terminal.ask("At what bearing temperature does the HX 65-200 have to be stopped?");
    terminal.wait_for("passages in scope");
    for size in [(60, 16), (20, 5), (1, 1), (300, 100), (60, 16)] {
        terminal.resize(size);
        terminal.keys(&format!("{TAB}{TAB}{TAB}"));
    }
    terminal.wait_for("mm/s");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let printed = Docent::new().run::<&str>([]);
    assert_eq!(printed.code, Some(2));
    assert!(printed.stderr.contains("the screen needs a terminal"), "{}", printed.stderr);
    assert!(printed.stderr.contains("--ask"), "{}", printed.stderr);
}

/// A model that dies in the middle of its answer: the part stays, the screen says what happened, the next question is
/// answered.
#[test]
fn a_model_that_dies_costs_the_rest_of_its_answer_only() {
    let docent = Docent::with_fixtures();
    let model = fixture("tiny.gguf");
    let mut terminal = on_fixtures(&docent, &["--model", model.to_str().unwrap()]);
    terminal.wait_for("Tiny noise");
    // The tiny model may have said all before the signal reaches it.
    let died = (0..20).any(|attempt| {
        terminal.ask(&format!("Attempt {attempt}: how long is the notice period?"));
        terminal.wait_until("text to come", |screen| {
            let answer = screen.rsplit("notice period?").next().unwrap_or_default();
            answer.contains('▌') || answer.contains("passages in scope")
        });
        let child = model_child(terminal.process()).unwrap();
        kill_process(child, Signal::KILL).unwrap();
        let screen = terminal.wait_until("the end of the answer", |screen| {
            let answer = screen.rsplit("notice period?").next().unwrap_or_default();
            answer.contains("passages in scope")
        });
        screen.contains("process ended")
    });
    assert!(died, "{}", terminal.screen());
    terminal.ask("Who has to repair the roof of the mill?");
    terminal.wait_until("another answer", |screen| {
        let answer = screen.rsplit("of the mill?").next().unwrap_or_default();
        answer.contains("passages in scope")
    });
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
}

/// The process that runs the model of the docent with this number.
fn model_child(docent: Pid) -> Option<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .find(|process| {
            let of = |name: &str| {
                let path = PathBuf::from(format!("/proc/{process}/{name}"));
                std::fs::read_to_string(path).unwrap_or_default()
            };
            let parent = of("stat")
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .split(' ')
                .nth(2)
                .map(str::to_owned);
            let is_child = parent == Some(docent.as_raw_nonzero().to_string());
            is_child && of("cmdline").contains("model")
        })
        .and_then(Pid::from_raw)
}

/// A terminal far away replies when docent is at its end: what it says must not be typed into the shell.
#[test]
fn a_late_reply_of_the_terminal_does_not_reach_the_shell() {
    let docent = Docent::with_fixtures();
    let mut command = CommandBuilder::new("/bin/sh");
    command.env("TERM", "xterm-256color");
    let script =
        "\"$0\" --home \"$1\" --model none; printf 'back<'; read line; printf '%s>' \"$line\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_docent")]);
    command.arg(docent.home());
    let mut terminal = Terminal::run(command, SIZE);
    terminal.wait_until_bytes("\x1b]11;?");
    terminal.keys(QUIT);
    // It is asked what it is, and answers that last.
    terminal.wait_until_bytes("\x1b[c");
    terminal.keys("\x1b]11;rgb:1616/1818/1d1d\x1b\\\x1b[?62;22c");
    terminal.wait_until_bytes("back<");
    terminal.keys("ls\r");
    terminal.wait_until_bytes("ls>");
    assert_eq!(terminal.wait(), 0);
    let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    let shell = bytes.split("back<").nth(1).unwrap();
    assert!(!shell.contains("rgb:") && !shell.contains("62;22"), "{shell:?}");
}
