//! What does the user see, and what does the terminal tell?

pub mod view;
