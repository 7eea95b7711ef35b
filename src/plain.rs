//! How does foreign text reach a terminal without steering it?
//!
//! Documents, names and models can hold control characters, escape sequences and signs that turn the direction of
//! writing. What goes to a terminal goes through here.

use std::borrow::Cow;

/// `text` with every control character but line feed and tab, and every direction sign, shown as U+FFFD.
pub fn text(text: &str) -> Cow<'_, str> {
    clean(text, |c| c == '\n' || c == '\t')
}

/// `text` as one line: as [`text`](fn@text), with line feeds and tabs as spaces.
pub fn line(line: &str) -> Cow<'_, str> {
    match clean(line, |_| false) {
        Cow::Borrowed(same) => Cow::Borrowed(same),
        Cow::Owned(_) => {
            Cow::Owned(clean(&line.replace(['\n', '\t', '\r'], " "), |_| false).into_owned())
        }
    }
}

/// JSON in which what steers a terminal stands as an escape: the same value to a program.
pub fn json(json: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() || turns_direction(c);
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            escaped.extend(["\\u", &format!("{:04x}", u32::from(c))]);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn clean(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let steers = |c: char| (c.is_control() && !allowed(c)) || turns_direction(c);
    if text.contains(steers) {
        Cow::Owned(
            text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// Unicode's explicit direction signs and the separators that some terminals take for line feeds.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_are_shown_and_not_sent() {
        assert_eq!(text("a\u{1b}[2Jb\nc\td"), "a\u{fffd}[2Jb\nc\td");
        assert_eq!(line("lease\n\u{202e}fdp.exe"), "lease \u{fffd}fdp.exe");
        assert_eq!(text("\u{9b}31m"), "\u{fffd}31m");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "title": "a\u{9b}31m\u{202e}\u{7f}é" });
        let escaped = json(&value.to_string()).into_owned();
        assert!(!escaped.contains(['\u{9b}', '\u{202e}', '\u{7f}']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    proptest! {
        #[test]
        fn nothing_that_steers_comes_through(source in "\\PC*|[\u{0}-\u{ff}\u{2020}-\u{206f}]*") {
            prop_assert!(!line(&source).chars().any(|c| c.is_control() || turns_direction(c)));
            prop_assert!(!text(&source).chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || turns_direction(c)));
        }
    }
}
