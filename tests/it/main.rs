//! The binary and the project, from outside.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what surprises a test's helper fails the test"
)]

mod ask;
mod changes;
#[cfg(unix)]
mod damage;
mod docent;
#[cfg(target_os = "linux")]
mod embedders;
mod eval;
#[cfg(target_os = "linux")]
mod finding;
mod follow_up;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
mod full_disk;
#[path = "../../engine/tests/headers/hostile.rs"]
mod hostile;
mod kept;
mod kill;
mod library;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod lists;
mod migrate;
mod model;
mod models;
mod ocr;
mod opener;
mod process;
#[cfg(target_os = "linux")]
mod reading;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
mod sealed;
mod settings;
#[cfg(target_os = "linux")]
mod sizes;
#[cfg(target_os = "linux")]
mod terminal;
mod tidy;
#[cfg(target_os = "linux")]
mod two;
mod watch;
