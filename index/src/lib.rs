//! From folders to ranked passages.
//!
//! The modules in reading order: what a document is made of ([`document`]), how files become documents ([`extract`]).
//! This crate takes vectors and a token counter as plain arguments: it knows no model, no terminal and no environment.

pub mod document;
pub mod extract;
pub mod split;
