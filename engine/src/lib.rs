//! Models: embedding, generation, prompts and cited answers.
//!
//! The modules in reading order: texts to vectors ([`embed`]), whether a GGUF can be used ([`catalog`]), the next words of
//! a conversation ([`generate`]), evidence to a prompt ([`prompt`]), questions and evidence to answers ([`answer`]), and what
//! a question means that goes on from earlier ones ([`follow_up`]).
//! Evidence comes in as plain data: this crate knows no index, no terminal and no environment.

pub mod answer;
pub mod catalog;
pub mod embed;
pub mod follow_up;
pub mod generate;
pub mod prompt;

mod text;
