//! What comes of what happens?
