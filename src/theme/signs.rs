//! Which signs does the screen draw with?

/// The signs that are not letters. Each is as wide as one cell, or as many letters in ASCII; marks may take two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// A line between what is above and what is below.
    pub horizontal: &'static str,
    /// The same over the pane that has the focus.
    pub heavy: &'static str,
    /// A line between what is left and what is right.
    pub vertical: &'static str,
    /// Beside a question.
    pub question_bar: &'static str,
    /// Beside what is cited.
    pub cited_bar: &'static str,
    /// In front of a line that is typed.
    pub prompt: &'static str,
    /// What is chosen or open.
    pub chosen: &'static str,
    /// There is more below.
    pub below: &'static str,
    pub sealed: &'static str,
    pub open: &'static str,
    /// The model that is loaded.
    pub loaded: &'static str,
    pub done: &'static str,
    /// Takes away what stands before it.
    pub remove: &'static str,
    pub fault: &'static str,
    /// The mark of a claim that stands in its source word for word.
    pub quoted: &'static str,
    /// The part of a bar that is done, and the one that is not.
    pub full: &'static str,
    pub empty: &'static str,
    pub bullet: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Between the headings of a path.
    pub path: &'static str,
    /// Something is left out or goes on.
    pub ellipsis: &'static str,
    pub cursor: &'static str,
    pub quotes: (&'static str, &'static str),
}

impl Signs {
    /// Signs that common monospaced fonts have.
    pub const UNICODE: Self = Self {
        horizontal: "─",
        heavy: "━",
        vertical: "│",
        question_bar: "▎",
        cited_bar: "▌",
        prompt: "›",
        chosen: "▸",
        below: "▾",
        sealed: "◆",
        open: "◇",
        loaded: "●",
        done: "✓",
        remove: "×",
        fault: "✗",
        quoted: "✓✓",
        full: "▓",
        empty: "░",
        bullet: "•",
        dot: "·",
        path: "›",
        ellipsis: "…",
        cursor: "▌",
        quotes: ("“", "”"),
    };

    /// For terminals and fonts without them.
    pub const ASCII: Self = Self {
        horizontal: "-",
        heavy: "=",
        vertical: "|",
        question_bar: "|",
        cited_bar: "|",
        prompt: ">",
        chosen: ">",
        below: "v",
        sealed: "[x]",
        open: "[ ]",
        loaded: "*",
        done: "[ok]",
        remove: "x",
        fault: "[!]",
        quoted: "[\"]",
        full: "#",
        empty: ".",
        bullet: "-",
        dot: "-",
        path: ">",
        ellipsis: "...",
        cursor: "_",
        quotes: ("\"", "\""),
    };
}
