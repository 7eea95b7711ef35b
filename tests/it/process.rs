//! How does a test ask another program, or a child of docent?

use std::io::{Read, Write};
use std::process::{Command, Output};

use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// Sends a message as docent sends it to its children.
#[track_caller]
pub(crate) fn send(pipe: &mut impl Write, message: &impl Serialize) {
    let message = postcard::to_stdvec(message).unwrap();
    pipe.write_all(&u32::try_from(message.len()).unwrap().to_le_bytes()).unwrap();
    pipe.write_all(&message).unwrap();
}

/// Takes a message from a child of docent.
#[track_caller]
pub(crate) fn receive<M: DeserializeOwned>(pipe: &mut impl Read) -> M {
    let mut length = [0; 4];
    pipe.read_exact(&mut length).unwrap();
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    pipe.read_exact(&mut message).unwrap();
    postcard::from_bytes(&message).unwrap()
}
