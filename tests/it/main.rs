//! The binary and the project, from outside.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    reason = "what surprises a test's helper fails the test"
)]

mod process;
#[cfg(target_os = "linux")]
mod sealed;
mod tidy;
