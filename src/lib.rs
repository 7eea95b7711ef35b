#![doc = include_str!("ARCHITECTURE.md")]

pub mod cli;
pub mod error;
pub mod paths;
pub mod settings;

pub mod fs;
pub mod interrupt;
pub mod meant;
pub mod plain;

pub mod child;

pub mod answer;
pub mod finder;
mod follow_up;
pub mod ingest;
pub mod loading;
pub mod models;
mod nothing;

pub mod export;
pub mod json;

pub mod seal;

pub mod state;
pub mod work;

pub mod keys;
pub mod theme;
pub mod tui;

pub mod headless;
