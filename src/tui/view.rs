//! How is the state drawn?
