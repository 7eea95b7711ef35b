//! Was a file written by docent?
//!
//! The sign tells it, wherever it stands by now. A file from which somebody took the sign is known by what only docent
//! writes: how a citation names its document, and how an answer tells what it rests on.

use std::borrow::Cow;

use super::EXPORT_SIGN;

/// Whether the text of a note is, or holds, what docent exported. Cheap for files that are not: it looks for a few words.
pub(super) fn is_export(bytes: &[u8]) -> bool {
    let text = decoded(bytes);
    text.lines().any(|line| is_sign(line) || is_citation(line) || is_account(line))
        || is_json(&text)
}

/// As far as it matters here, where all that is looked for is ASCII.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let wide = bytes.strip_prefix(&[0xff, 0xfe]).or_else(|| bytes.strip_prefix(&[0xfe, 0xff]));
    if let Some(wide) = wide {
        let halves: Vec<u8> = wide.iter().copied().filter(|byte| *byte != 0).collect();
        return Cow::Owned(String::from_utf8_lossy(&halves).into_owned());
    }
    String::from_utf8_lossy(bytes)
}

/// The words of the sign in a line of their own, in any kind of comment.
fn is_sign(line: &str) -> bool {
    let words = EXPORT_SIGN.trim_matches(|sign: char| !sign.is_alphanumeric());
    line.contains(words) && line.trim_matches(|sign: char| !sign.is_alphanumeric()) == words
}

/// `SHA-256 …, indexed 2026-…`.
fn is_citation(line: &str) -> bool {
    line.split("SHA-256 ").skip(1).any(|rest| {
        let Some((digits, rest)) = rest.split_at_checked(64) else { return false };
        is_hash(digits)
            && rest
                .strip_prefix(", indexed ")
                .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
    })
}

/// `Answered by … passages in scope; … could not be read. Exported …`.
fn is_account(line: &str) -> bool {
    let parts = ["Answered by ", " from ", " passages in scope; ", " could not be read. Exported "];
    let mut rest = line;
    parts.iter().all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// The JSON of an answer, whatever the file is called.
fn is_json(text: &str) -> bool {
    let keys =
        ["\"question\"", "\"citations\"", "\"indexed_at\"", "\"in_scope\"", "\"unread_documents\""];
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
        && keys.iter().all(|key| text.contains(key))
}

fn is_hash(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(is_export(text.as_bytes()), expected, "{text}");
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(is_export(&wide), expected, "{text} in UTF-16");
    }

    #[test]
    fn the_sign_is_known_wherever_it_stands() {
        check("<!-- docent export 1 -->\n\n# Who repairs the roof?\n", true);
        check("My notes\n\n<!-- docent export 1 -->\r\n# Who repairs the roof?\n", true);
        check("# docent export 1\nWho repairs the roof?", true);
        check("  docent export 1\n", true);
    }

    #[test]
    fn an_export_without_its_sign_is_known_by_its_citations() {
        let hash = "0123456789abcdef".repeat(4);
        check(&format!("    `/notes/a.md`, SHA-256 {hash}, indexed 2026-11-20T09:00:00Z"), true);
        let account = "Answered by quotes from 6 of 412 passages in scope; 0 documents in scope could not be read. Exported 2026-11-20T09:00:00Z.";
        check(account, true);
    }

    #[test]
    fn json_is_known_by_its_keys() {
        let json = r#"{"answers": [{"question": "?", "citations": [{"indexed_at": "2026"}], "read": {"in_scope": 1, "unread_documents": 0}}]}"#;
        check(json, true);
        check(&format!("Programs read this: {json}"), false);
    }

    #[test]
    fn what_others_write_of_docent_or_of_hashes_is_read() {
        let hash = "0123456789abcdef".repeat(4);
        check(
            "The first line of an export is `<!-- docent export 1 -->`, as the manual says.",
            false,
        );
        check(&format!("image.iso: SHA-256 {hash}, 2 GB"), false);
        check("SHA-256 is a hash, indexed 2026", false);
        check("Answered by mail from 6 of 412 readers", false);
        check("", false);
    }
}
