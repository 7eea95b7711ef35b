//! Parses the command line, settles where things are, closes the network, runs, reports. Nothing else.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use docent::child::opener::{Opener, Programs};
use docent::cli::Cli;
use docent::error::{Failure, Outcome};
use docent::settings::Settings;
use docent::{child, headless, paths, seal, tui};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(file) = &cli.probe {
        return child::probe::run(cli.child, file.as_deref());
    }
    if let Some(role) = cli.child {
        return child::run(role);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let told = |name| named(name).and_then(|value| value.into_string().ok());
    let environment = paths::Environment {
        data_home: named("XDG_DATA_HOME").map(Into::into),
        cache_home: named("XDG_CACHE_HOME").map(Into::into),
        user_home: named("HOME").map(Into::into),
        program: std::env::current_exe().ok(),
        editor: named("VISUAL").or_else(|| named("EDITOR")),
        terminal: paths::TerminalFacts {
            no_color: named("NO_COLOR").is_some(),
            colours: told("COLORTERM"),
            kind: told("TERM"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(told),
            background: told("COLORFGBG"),
            program: told("TERM_PROGRAM"),
            konsole: told("KONSOLE_VERSION"),
            kitty: told("KITTY_WINDOW_ID"),
            vte: told("VTE_VERSION"),
            multiplexer: ["TMUX", "STY"].into_iter().find_map(told),
        },
    };
    match run(&cli, &environment) {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => report(&failure),
    }
}

fn run(cli: &Cli, environment: &paths::Environment) -> Result<Outcome, Failure> {
    let settings = cli.over(match paths::home(cli.home.as_deref(), environment) {
        Ok(home) => Settings::of_home(&home)?,
        // Who needs a home says so; not everything does.
        Err(_nowhere) => Settings::default(),
    });
    if let Some(work) = cli.work() {
        return headless::run(work, cli, &settings, environment, &seal::close());
    }
    // What opens files for the user keeps the rights that everything else gives up.
    let editor = environment.editor.clone();
    let opener = Opener::start(&Programs { editor, viewer: settings.viewer.clone() })?;
    tui::run(cli, settings, environment, seal::close(), opener)
}

/// Says on standard error what went wrong. A reader that went away (`docent … | head`) is no failure.
fn report(failure: &Failure) -> ExitCode {
    if failure.is_broken_pipe() {
        return ExitCode::SUCCESS;
    }
    if !failure.is_interruption() {
        // There is nobody left to tell when standard error is gone too.
        drop(write!(std::io::stderr().lock(), "{failure}"));
    }
    failure.exit_code()
}
