//! Does the screen do with a mouse, in a small terminal and under a shell what a user expects of it?

use portable_pty::CommandBuilder;

use crate::docent::{Docent, fixture};
use crate::terminal::Terminal;
use crate::terminal::key::{CTRL_Z, DOWN, ENTER, ESCAPE, F2, F4, F7, F8, QUIT, TAB};

const SIZE: (u16, u16) = (120, 36);

const QUESTION: &str = "What is the notice period if the tenant wants to leave early?";

#[test]
fn a_whole_session_by_mouse() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("22 documents");
    terminal.click("ask about your documents");
    terminal.keys(QUESTION);
    terminal.wait_for("leave early?");
    terminal.keys(ENTER);
    terminal.wait_for("passages in scope");

    // A citation goes to its source, twice to the document.
    terminal.click("notice in writing. [1]");
    terminal.wait_until("the source to be chosen", |screen| screen.contains("▸ [1]"));
    terminal.click("▸ [1]");
    terminal.click("▸ [1]");
    let document = terminal.wait_for("cited [1]");
    terminal.wheel("cited [1]", 5);
    terminal.wait_until("the document to move", |screen| *screen != document);
    terminal.keys(ESCAPE);
    terminal.wait_for("passages in scope");

    // The wheel moves what it is on, whatever has the keys.
    let before = terminal.wait_for("Sources");
    terminal.click("leave early?");
    terminal.wheel("▸ [1]", 4);
    terminal.wait_until("the sources to move", |screen| {
        *screen != before && screen.contains("passages in scope")
    });

    terminal.keys(F2);
    terminal.wait_for("Today");
    terminal.keys("n");
    terminal.wait_for("new conversation");
    terminal.keys(F2);
    terminal.wait_for("Today");
    terminal.click("What is the notice");
    terminal.click("What is the notice");
    terminal.wait_for("passages in scope");

    // A click in the line goes there, a command is taken by one.
    terminal.keys("When is it due?");
    terminal.wait_for("› When is it due?");
    terminal.click("› When i");
    terminal.keys("X");
    terminal.wait_for("When Xis it due?");
    terminal.keys("\x15\x0b/them");
    terminal.wait_for("Commands");
    terminal.click("▸ themes");
    terminal.wait_for("as the terminal");
    terminal.keys(ESCAPE);
    terminal.wait_until("the themes to be closed", |screen| !screen.contains("as the terminal"));

    // So is what the palette has, and a folder is let go by its sign.
    terminal.keys("@");
    terminal.wait_for("Folders and files to ask");
    terminal.wait_for("clinic/");
    terminal.click("clinic/");
    terminal.wait_for("clinic ×");
    terminal.click("clinic ×");
    terminal.wait_until("the chip to be gone", |screen| !screen.contains("clinic ×"));

    // An edge is drawn along, and kept.
    let before = terminal.wait_for("│  Sources");
    terminal.drag("│", -10);
    terminal.wait_until("the sources to be wider", |screen| *screen != before);
    terminal.keys(F8);
    terminal.wait_for("the mouse is the terminal's now");
    assert!(!terminal.takes_mouse());
    terminal.keys(F8);
    terminal.wait_for("docent's again");
    assert!(terminal.takes_mouse());
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
    let kept = std::fs::read_to_string(docent.home().join("settings.toml")).unwrap();
    assert_eq!(kept, "[panes]\nsources-width = 58\n");
}

#[test]
fn a_whole_session_in_a_small_terminal() {
    let docent = Docent::new();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], (60, 16));
    terminal.wait_for("this machine");
    terminal.keys(fixture("library").to_str().unwrap());
    terminal.keys(ENTER);
    terminal.wait_for("You can ask now");
    terminal.keys(ENTER);
    terminal.wait_for("ask about your documents");
    terminal.keys(F4);
    terminal.wait_for("22 documents");
    // While vectors are being made, words alone find what has none yet.
    terminal.wait_for("up to date: changes");
    terminal.keys(ESCAPE);
    terminal.wait_for("ask about your documents");
    terminal.keys(QUESTION);
    terminal.keys(ENTER);
    terminal.wait_for("nine months");
    terminal.keys(&format!("{TAB}{TAB}"));
    terminal.wait_for("Sources");
    terminal.keys(&format!("1{ENTER}"));
    terminal.wait_for("page 7 of");
    terminal.keys(ESCAPE);
    terminal.wait_for("Sources");
    terminal.keys(F2);
    terminal.wait_for("Today");
    terminal.keys(ESCAPE);
    // A key that came at once would be taken for one that is held with Alt.
    terminal.wait_until("the list to be closed", |screen| !screen.contains("Today"));

    // A theme is looked at, kept, and there again the next time.
    terminal.keys(F7);
    terminal.wait_for("as the terminal");
    terminal.keys(&format!("{DOWN}{DOWN}"));
    terminal.wait_for("▸ light");
    terminal.keys(ENTER);
    terminal.wait_until("the list to be closed", |screen| !screen.contains("as the terminal"));
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
    let kept = std::fs::read_to_string(docent.home().join("settings.toml")).unwrap();
    assert!(kept.starts_with("theme = \"light\"\n"), "{kept}");
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("22 documents");
    terminal.keys(F7);
    terminal.wait_for("▸ light");
    terminal.keys(ESCAPE);
    terminal.wait_until("the list to be closed", |screen| !screen.contains("as the terminal"));
    // So is a pane that was hidden.
    terminal.keys("\x1bs");
    terminal.wait_until("the sources to be hidden", |screen| !screen.contains("Sources"));
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let kept = std::fs::read_to_string(docent.home().join("settings.toml")).unwrap();
    assert_eq!(kept, "theme = \"light\"\n\n[panes]\nsources = \"hidden\"\n");
}

#[test]
fn a_shell_stops_it_and_lets_it_go_on() {
    let docent = Docent::with_fixtures();
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-i", "-m"]);
    shell.env("TERM", "xterm-256color");
    shell.env("PS1", "ready> ");
    shell.env_remove("ENV");
    let mut terminal = Terminal::run(shell, SIZE);
    terminal.wait_for("ready>");
    let program = env!("CARGO_BIN_EXE_docent");
    terminal.keys(&format!("{program} --model none --home {}\r", docent.home().display()));
    terminal.wait_for("22 documents");
    for _ in 0..2 {
        terminal.keys("half a question");
        terminal.wait_for("half a question");
        terminal.keys(CTRL_Z);
        terminal.wait_for("Stopped");
        terminal.wait_until("the terminal to be given back", |screen| {
            screen.trim_end().ends_with("ready>")
        });
        assert!(terminal.is_given_back());
        terminal.resize((100, 30));
        terminal.keys("fg\r");
        // What was typed is still there, drawn in the size that the terminal has now.
        terminal.wait_until("the screen to be back", |screen| {
            screen.contains("22 documents") && screen.contains("› half a question")
        });
        terminal.keys("\x15");
        terminal.wait_for("ask about your documents");
    }
    terminal.keys(QUIT);
    terminal.wait_until("the shell to be back", |screen| screen.trim_end().ends_with("ready>"));
    assert!(terminal.is_given_back());
    terminal.keys("exit\r");
    assert_eq!(terminal.wait(), 0);
}

/// Where no shell could let it go on, a stop would be for ever.
#[test]
fn without_a_shell_it_does_not_stop() {
    let docent = Docent::with_fixtures();
    let mut terminal = Terminal::start::<&str>(docent.home(), [], SIZE);
    terminal.wait_for("22 documents");
    terminal.keys(CTRL_Z);
    // What is typed before belongs to the shell, if there were one: the terminal is given back, and taken again.
    terminal.wait_until_bytes("\x1b[?25h\x1b[22;2t\x1b[8l\x1b[?1049h");
    terminal.wait_for("22 documents");
    terminal.keys("here I am");
    terminal.wait_for("here I am");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.is_given_back());
}

#[test]
fn a_terminal_with_a_light_background_gets_a_light_theme() {
    let docent = Docent::with_fixtures();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.args(["--model", "none", "--home"]);
    command.arg(docent.home());
    let mut terminal = Terminal::run(command, SIZE);
    terminal.wait_for("22 documents");
    assert!(String::from_utf8_lossy(&terminal.bytes()).contains("\x1b]11;?"));
    // The reply comes in the middle of what is typed, and nothing of that is lost.
    terminal.keys("What is\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\ due?");
    terminal.wait_for("› What is due?");
    // The light theme's accent.
    terminal.wait_until_bytes("38;2;31;95;158");
    terminal.keys(QUIT);
    assert_eq!(terminal.wait(), 0);
    let bytes = terminal.bytes();
    assert!(String::from_utf8_lossy(&bytes).contains("\x1b]2;docent\x1b\\"));
}

/// Hebrew stands on the screen as it is read, in a terminal that is told to leave it so; one that can't be told gets it as
/// it is written.
#[test]
fn a_session_from_right_to_left() {
    const ASKED: &str = "מה הם דמי השכירות לחודש?";
    let docent = Docent::new();
    let note = "# חוזה\n\nדמי השכירות לחודש הם 2,400 שקלים.\n\nהדייר מתקן את הגג.\n";
    docent.write("lease.md", note);
    let library = docent.library().to_str().unwrap().to_owned();
    let turned = |text: &str| text.chars().rev().collect::<String>();
    for (konsole, left_so) in [(None, false), (Some("230800"), true)] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_docent"));
        command.env("TERM", "xterm-256color");
        for name in ["TMUX", "STY", "VTE_VERSION", "KITTY_WINDOW_ID", "TERM_PROGRAM"] {
            command.env_remove(name);
        }
        if let Some(version) = konsole {
            command.env("KONSOLE_VERSION", version);
        }
        command.args(["--model", "none", "--home"]);
        command.arg(docent.home());
        command.arg(&library);
        let shown = |text: &str| if left_so { text.to_owned() } else { turned(text) };
        let mut terminal = Terminal::run(command, SIZE);
        terminal.wait_for("1 document");
        terminal.keys(ASKED);
        terminal.wait_for(&shown(ASKED));
        terminal.keys(ENTER);
        terminal.wait_for("passage in scope");
        let rent = if left_so { "הם 2,400 שקלים" } else { "םילקש 2,400 םה" };
        let answer = terminal.wait_for(rent);
        if !left_so {
            assert!(answer.contains("✓✓ [1]"), "{answer}");
            // What is clicked is the number of the source, wherever it stands.
            terminal.click("✓✓ [1]");
            terminal.click("✓✓ [1]");
            terminal.wait_for("cited [1]");
            terminal.keys(ESCAPE);
            terminal.wait_for("passage in scope");
        }
        terminal.keys(QUIT);
        assert_eq!(terminal.wait(), 0);
        assert!(terminal.is_given_back());
        let bytes = terminal.bytes();
        let is_told = String::from_utf8_lossy(&bytes).contains("\x1b[8l");
        assert_eq!(is_told, !left_so);
    }
}
