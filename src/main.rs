//! Parses the command line, settles where things are, runs, reports. Nothing else.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use docent::cli::Cli;
use docent::error::Failure;
use docent::{child, headless, paths};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(role) = cli.child {
        return child::run(role);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    let environment = paths::Environment {
        data_home: std::env::var_os("XDG_DATA_HOME").map(Into::into),
        user_home: std::env::var_os("HOME").map(Into::into),
        program: std::env::current_exe().ok(),
    };
    match headless::run(&cli, &environment) {
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
