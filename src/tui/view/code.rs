//! What is what in a line of code?
//!
//! Comments, texts, numbers and words of the language, by a table of how languages write them: as much as the short pieces
//! that answers hold need. Nothing here understands a language.

use crate::theme::Role;

/// How a language is written.
#[derive(Debug, PartialEq, Eq)]
struct Language {
    /// As they stand behind the fence of a block.
    names: &'static [&'static str],
    /// What begins a comment that goes to the line's end.
    line_comments: &'static [&'static str],
    /// What begins and ends a comment, or a text, that can go over lines.
    blocks: &'static [(&'static str, &'static str, Role)],
    /// What stands on both sides of a text in one line.
    quotes: &'static [char],
    /// In lower case where the case does not matter.
    keywords: &'static [&'static str],
    has_case: bool,
}

const SLASHES: (&str, &str, Role) = ("/*", "*/", Role::CodeComment);

/// The words of C and of the many languages that look like it.
const WORDS_OF_C: &[&str] = &[
    "abstract",
    "as",
    "async",
    "auto",
    "await",
    "bool",
    "boolean",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "crate",
    "default",
    "defer",
    "do",
    "double",
    "else",
    "enum",
    "export",
    "extends",
    "extern",
    "false",
    "final",
    "finally",
    "float",
    "fn",
    "for",
    "foreach",
    "fun",
    "func",
    "function",
    "go",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "instanceof",
    "int",
    "interface",
    "let",
    "long",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "namespace",
    "new",
    "nil",
    "null",
    "nullptr",
    "override",
    "package",
    "private",
    "protected",
    "pub",
    "public",
    "ref",
    "return",
    "self",
    "short",
    "signed",
    "static",
    "struct",
    "super",
    "switch",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "typedef",
    "typeof",
    "union",
    "unsafe",
    "unsigned",
    "use",
    "using",
    "val",
    "var",
    "virtual",
    "void",
    "where",
    "while",
    "yield",
];

const LANGUAGES: [Language; 10] = [
    Language {
        names: &["rs", "rust"],
        line_comments: &["//"],
        blocks: &[SLASHES],
        // One quote begins a lifetime.
        quotes: &['"'],
        keywords: WORDS_OF_C,
        has_case: true,
    },
    Language {
        names: &[
            "c",
            "cc",
            "cpp",
            "c++",
            "cs",
            "csharp",
            "cxx",
            "dart",
            "go",
            "golang",
            "h",
            "hpp",
            "java",
            "javascript",
            "js",
            "jsx",
            "kotlin",
            "kt",
            "php",
            "proto",
            "scala",
            "swift",
            "ts",
            "tsx",
            "typescript",
            "zig",
        ],
        line_comments: &["//"],
        blocks: &[SLASHES, ("`", "`", Role::CodeString)],
        quotes: &['"', '\''],
        keywords: WORDS_OF_C,
        has_case: true,
    },
    Language {
        names: &["py", "python", "python3"],
        line_comments: &["#"],
        blocks: &[("\"\"\"", "\"\"\"", Role::CodeString), ("'''", "'''", Role::CodeString)],
        quotes: &['"', '\''],
        keywords: &[
            "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
            "elif", "else", "except", "False", "finally", "for", "from", "global", "if", "import",
            "in", "is", "lambda", "None", "nonlocal", "not", "or", "pass", "raise", "return",
            "True", "try", "while", "with", "yield",
        ],
        has_case: true,
    },
    Language {
        names: &["bash", "console", "fish", "sh", "shell", "zsh"],
        line_comments: &["#"],
        blocks: &[],
        quotes: &['"', '\''],
        keywords: &[
            "case", "cd", "do", "done", "echo", "elif", "else", "esac", "exit", "export", "fi",
            "for", "function", "if", "in", "local", "return", "set", "sudo", "then", "until",
            "while",
        ],
        has_case: true,
    },
    Language {
        names: &["mysql", "postgresql", "psql", "sql", "sqlite"],
        line_comments: &["--"],
        blocks: &[SLASHES],
        quotes: &['\'', '"'],
        keywords: &[
            "all", "alter", "and", "as", "asc", "between", "by", "case", "create", "delete",
            "desc", "distinct", "drop", "else", "end", "exists", "from", "group", "having", "in",
            "index", "inner", "insert", "into", "is", "join", "left", "like", "limit", "not",
            "null", "on", "or", "order", "outer", "primary", "right", "select", "set", "table",
            "then", "union", "unique", "update", "values", "view", "when", "where", "with",
        ],
        has_case: false,
    },
    Language {
        names: &["json", "json5", "jsonc", "jsonl"],
        line_comments: &["//"],
        blocks: &[SLASHES],
        quotes: &['"'],
        keywords: &["false", "null", "true"],
        has_case: true,
    },
    Language {
        names: &["cfg", "conf", "dockerfile", "ini", "makefile", "toml", "yaml", "yml"],
        line_comments: &["#", ";"],
        blocks: &[],
        quotes: &['"', '\''],
        keywords: &["false", "null", "true"],
        has_case: true,
    },
    Language {
        names: &["julia", "matlab", "perl", "r", "rb", "ruby"],
        line_comments: &["#", "%"],
        blocks: &[],
        quotes: &['"', '\''],
        keywords: &[
            "begin", "break", "case", "class", "def", "do", "else", "elseif", "elsif", "end",
            "ensure", "false", "for", "function", "if", "in", "module", "my", "next", "nil", "not",
            "repeat", "require", "rescue", "return", "self", "struct", "sub", "then", "true",
            "unless", "until", "use", "using", "when", "while", "yield", "FALSE", "NULL", "TRUE",
        ],
        has_case: true,
    },
    Language {
        names: &["iecst", "pascal", "st", "structured-text", "vb", "vba"],
        line_comments: &["//", "'"],
        blocks: &[("(*", "*)", Role::CodeComment)],
        quotes: &['"'],
        keywords: &[
            "and",
            "array",
            "as",
            "begin",
            "bool",
            "by",
            "case",
            "const",
            "dim",
            "do",
            "else",
            "elsif",
            "end",
            "end_case",
            "end_for",
            "end_function_block",
            "end_if",
            "end_program",
            "end_var",
            "end_while",
            "exit",
            "false",
            "for",
            "function",
            "function_block",
            "if",
            "int",
            "next",
            "not",
            "of",
            "or",
            "program",
            "real",
            "repeat",
            "return",
            "set",
            "sub",
            "then",
            "time",
            "to",
            "true",
            "until",
            "var",
            "var_input",
            "var_output",
            "while",
        ],
        has_case: false,
    },
    Language {
        names: &["htm", "html", "svg", "xml"],
        line_comments: &[],
        blocks: &[("<!--", "-->", Role::CodeComment)],
        quotes: &['"'],
        keywords: &[],
        has_case: true,
    },
];

/// Reads a block of code line by line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer {
    /// None where the language is not known: all of it is plain.
    language: Option<&'static Language>,
    /// What ends the comment or text that was begun in a line before.
    inside: Option<(&'static str, Role)>,
}

impl Lexer {
    /// Of a block's language, as it stands behind its fence.
    pub(super) fn of(fence: &str) -> Self {
        let name = fence.split([' ', ',', '{']).next().unwrap_or_default().to_ascii_lowercase();
        let language = LANGUAGES.iter().find(|language| language.names.contains(&name.as_str()));
        Self { language, inside: None }
    }

    /// The stretches of a line with what they are; together they are the line.
    pub(super) fn line<'l>(&mut self, line: &'l str) -> Vec<(&'l str, Role)> {
        let mut stretches: Vec<(&str, Role)> = Vec::new();
        let mut rest = line;
        while !rest.is_empty() {
            let (length, role) = self.next(rest, rest.len() == line.len());
            let (stretch, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
            stretches.push((stretch, role));
            rest = after;
        }
        stretches
    }

    /// The bytes of the next stretch, and what it is.
    fn next(&mut self, rest: &str, is_start: bool) -> (usize, Role) {
        let Some(language) = self.language else { return (rest.len(), Role::Code) };
        if let Some((end, role)) = self.inside {
            return (self.until(rest, 0, end, role), role);
        }
        for (begin, end, role) in language.blocks {
            if rest.starts_with(begin) {
                return (self.until(rest, begin.len(), end, *role), *role);
            }
        }
        // In a shell `#` in a word is none; elsewhere it is rare.
        if language.line_comments.iter().any(|begin| rest.starts_with(begin))
            && (is_start || !rest.starts_with('#') || rest.starts_with("# "))
        {
            return (rest.len(), Role::CodeComment);
        }
        let first = rest.chars().next().unwrap_or_default();
        if language.quotes.contains(&first) {
            return (quoted(rest, first), Role::CodeString);
        }
        if first.is_ascii_digit() {
            let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
            return (length(rest, is_number), Role::CodeNumber);
        }
        if is_of_word(first) {
            let length = length(rest, is_of_word);
            let word = rest.get(..length).unwrap_or_default();
            let is_keyword = if language.has_case {
                language.keywords.contains(&word)
            } else {
                language.keywords.contains(&word.to_ascii_lowercase().as_str())
            };
            return (length, if is_keyword { Role::CodeKeyword } else { Role::Code });
        }
        (first.len_utf8(), Role::Code)
    }

    /// The bytes until `end`, looked for from `from` on, itself included; what has no end in this line goes on in the next.
    fn until(&mut self, rest: &str, from: usize, end: &'static str, role: Role) -> usize {
        let at = rest.get(from..).and_then(|text| text.find(end));
        self.inside = at.is_none().then_some((end, role));
        at.map_or(rest.len(), |at| from + at + end.len())
    }
}

/// The bytes of a text in quotes, to its end or the line's; a sign behind a backslash ends nothing. One quote alone is none.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    // An apostrophe.
    if quote == '\'' { quote.len_utf8() } else { text.len() }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The stretches that are not plain code.
    #[track_caller]
    fn check(fence: &str, lines: &[&str], expected: &[(&str, Role)]) {
        let mut lexer = Lexer::of(fence);
        let stretches: Vec<(&str, Role)> = lines.iter().flat_map(|line| lexer.line(line)).collect();
        let told: Vec<(&str, Role)> =
            stretches.into_iter().filter(|(_, role)| *role != Role::Code).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn parts_of_code_are_told_apart() {
        use Role::{CodeComment, CodeKeyword, CodeNumber, CodeString};
        check(
            "rust",
            &["let a = \"x\\\"y\" + 1_000; // so"],
            &[
                ("let", CodeKeyword),
                ("\"x\\\"y\"", CodeString),
                ("1_000", CodeNumber),
                ("// so", CodeComment),
            ],
        );
        check(
            "c",
            &["int a; /* one", "two */ return"],
            &[
                ("int", CodeKeyword),
                ("/* one", CodeComment),
                ("two */", CodeComment),
                ("return", CodeKeyword),
            ],
        );
        check("Python title=x", &["def f(): pass"], &[("def", CodeKeyword), ("pass", CodeKeyword)]);
        check("sql", &["SELECT x1 FROM t"], &[("SELECT", CodeKeyword), ("FROM", CodeKeyword)]);
        check("sh", &["cp a#b \"c d # e\""], &[("\"c d # e\"", CodeString)]);
        check("rust", &["fn f<'a>(x: &'a str)"], &[("fn", CodeKeyword)]);
        check("js", &["f('a b')"], &[("'a b'", CodeString)]);
        check("no such language", &["let a = 1"], &[]);
        check("", &["\"a\""], &[]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_line_is_lost(
            lines in proptest::collection::vec("([a-z0-9\"'`#/*(){}\\\\ -]|é|字){0,30}", 0..4),
            language in 0..LANGUAGES.len(),
        ) {
            let mut lexer = Lexer::of(LANGUAGES[language].names[0]);
            for line in &lines {
                let all: String = lexer.line(line).iter().map(|(text, _)| *text).collect();
                prop_assert_eq!(&all, line);
            }
        }
    }
}
