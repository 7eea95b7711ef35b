//! Parses the command line, settles where things are, closes the network, runs, reports. Nothing else.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use docent::child::opener::Opener;
use docent::cli::Cli;
use docent::error::Failure;
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
        },
    };
    let done = match cli.work() {
        Some(work) => headless::run(work, &cli, &environment, &seal::close()),
        // What opens files for the user keeps the rights that everything else gives up.
        None => Opener::start(environment.editor.as_deref())
            .map_err(Failure::from)
            .and_then(|opener| tui::run(&cli, &environment, seal::close(), opener)),
    };
    match done {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => report(&failure),
    }
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
