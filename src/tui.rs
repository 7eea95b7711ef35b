//! How does docent live in a terminal?

pub mod event_loop;
pub mod terminal;
pub mod view;
