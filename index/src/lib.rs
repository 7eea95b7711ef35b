//! From folders to ranked passages.
//!
//! The modules in reading order: what a document is made of ([`document`]), which files have changed ([`scan`]), how files
//! become documents ([`extract`]) and documents passages ([`split`]), where everything is kept ([`store`]), what a
//! question asks for ([`query`]) and which passages answer it ([`retrieve`]).
//!
//! This crate takes vectors and a token counter as plain arguments: it knows no model, no terminal and no environment.

pub mod document;
pub mod extract;
pub mod query;
pub mod retrieve;
pub mod scan;
pub mod split;
pub mod store;

mod best;
mod language;
mod words;
