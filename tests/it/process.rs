//! How does a test ask another program?

use std::process::{Command, Output};

/// What the program prints, run in the project's folder; a program that is missing or fails, fails the test.
#[track_caller]
pub(crate) fn printed_by(program: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(program, arguments);
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "`{program} {}`: {status}: {stderr}", arguments.join(" "));
    String::from_utf8(stdout).unwrap_or_else(|error| panic!("`{program}` prints no UTF-8: {error}"))
}

/// What the program does, run to its end in the project's folder.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    command(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("`{program}` can't be run: {error}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test starts docent and asks tools that are no part of it"
)]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}
