//! Is the network closed to this process?

/// What came of closing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The kernel refuses every way out, and it was tried.
    Sealed,
    /// It is not enforced, and why.
    Open { reason: String },
}
