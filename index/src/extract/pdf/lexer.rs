//! Which operands and operators does a content stream hold?
//!
//! Never fails: what is no token is skipped, so that reading goes on behind a syntax error. `CMaps` are read with it too,
//! they share the syntax.

/// A token. Arrays and dictionaries come as their marks and members, so that nesting costs no stack.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f32),
    /// Without the slash, `#xx` undone.
    Name(Vec<u8>),
    /// The bytes of a literal or hexadecimal string.
    String(Vec<u8>),
    ArrayStart,
    ArrayEnd,
    DictionaryStart,
    DictionaryEnd,
    Operator(&'a [u8]),
}

/// Behind the first string that never ends, strings are sought to end within so many bytes.
const SUSPECT_STRING_BYTES: usize = 1024;
/// So many unfinished strings make a stream hopeless: looking further would take quadratic time.
const UNFINISHED_STRINGS: u32 = 10_000;

#[derive(Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    position: usize,
    unfinished: u32,
    /// No inline image ends behind this place.
    no_image_end: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, unfinished: 0, no_image_end: false }
    }

    /// The next token; none at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.peek()?;
            match byte {
                b'%' => self.skip_comment(),
                b'/' => return Some(self.name()),
                b'(' => {
                    if let Some(string) = self.literal() {
                        return Some(Token::String(string));
                    }
                }
                b'<' if self.at(1) == Some(b'<') => {
                    return Some(self.mark(2, Token::DictionaryStart));
                }
                b'<' => return Some(self.hexadecimal()),
                b'>' if self.at(1) == Some(b'>') => {
                    return Some(self.mark(2, Token::DictionaryEnd));
                }
                b'[' => return Some(self.mark(1, Token::ArrayStart)),
                b']' => return Some(self.mark(1, Token::ArrayEnd)),
                // White space, or closers without an opener.
                b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'>' | b')' | b'{' | b'}' => {
                    self.position += 1;
                }
                b'0'..=b'9' | b'+' | b'-' | b'.' => return Some(self.number()),
                _ => return Some(self.operator()),
            }
        }
    }

    /// Skips an inline image's data; to be called right behind the operator `ID`.
    pub(super) fn skip_image_data(&mut self) {
        if self.no_image_end {
            return;
        }
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let end = rest.windows(2).enumerate().position(|(index, pair)| {
            pair == b"EI"
                && index.checked_sub(1).and_then(|before| rest.get(before)).is_none_or(|byte| is_space(*byte))
                && rest.get(index + 2).is_none_or(|byte| is_space(*byte))
                // Image data holds these bytes by chance, but hardly ever before plain text.
                && rest.get(index + 2..).unwrap_or_default().iter().take(12).all(|byte| is_space(*byte) || (0x20..0x7f).contains(byte))
        });
        match end {
            Some(end) => self.position += end + 2,
            None => self.no_image_end = true,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position + ahead).copied()
    }

    fn mark(&mut self, length: usize, token: Token<'a>) -> Token<'a> {
        self.position += length;
        token
    }

    fn skip_comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
            self.position += 1;
        }
    }

    fn name(&mut self) -> Token<'a> {
        self.position += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.position += 1;
            let escaped = (byte == b'#')
                .then(|| Some(digit(self.peek()?)? * 16 + digit(self.at(1)?)?))
                .flatten();
            if escaped.is_some() {
                self.position += 2;
            }
            name.push(escaped.unwrap_or(byte));
        }
        Token::Name(name)
    }

    fn number(&mut self) -> Token<'a> {
        let mut negative = false;
        let mut seen_point = false;
        let mut value = 0.0_f64;
        let mut scale = 1.0_f64;
        let start = self.position;
        while let Some(byte) = self.peek() {
            match byte {
                b'-' if self.position == start => negative = true,
                b'+' | b'-' if value == 0.0 && !seen_point => {}
                // A sign inside a number is written by broken producers; what follows it is noise.
                b'-' => {
                    self.position += 1;
                    while self.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
                        self.position += 1;
                    }
                    break;
                }
                b'.' if !seen_point => seen_point = true,
                b'.' => {}
                b'0'..=b'9' if seen_point => {
                    scale /= 10.0;
                    value += f64::from(byte - b'0') * scale;
                }
                b'0'..=b'9' => value = value * 10.0 + f64::from(byte - b'0'),
                _ => break,
            }
            self.position += 1;
        }
        if self.position == start {
            self.position += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a content stream's numbers are single precision"
        )]
        let value = value.min(f64::from(f32::MAX)) as f32;
        Token::Number(if negative { -value } else { value })
    }

    fn operator(&mut self) -> Token<'a> {
        let start = self.position;
        while self.peek().is_some_and(is_regular) {
            self.position += 1;
        }
        Token::Operator(self.bytes.get(start..self.position).unwrap_or_default())
    }

    /// None when it does not end: the bracket alone is skipped then.
    fn literal(&mut self) -> Option<Vec<u8>> {
        let start = self.position + 1;
        self.position = start;
        if self.unfinished > UNFINISHED_STRINGS {
            self.position = self.bytes.len();
            return None;
        }
        let limit = if self.unfinished == 0 { usize::MAX } else { start + SUSPECT_STRING_BYTES };
        let mut depth = 1_u32;
        let mut string = Vec::new();
        while let Some(byte) = self.peek().filter(|_| self.position < limit) {
            self.position += 1;
            match byte {
                b'(' => {
                    depth += 1;
                    string.push(byte);
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(string);
                    }
                    string.push(byte);
                }
                b'\\' => self.escape(&mut string),
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.position += 1;
                    }
                    string.push(b'\n');
                }
                _ => string.push(byte),
            }
        }
        self.unfinished += 1;
        self.position = start;
        None
    }

    fn escape(&mut self, string: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.position += 1;
        match byte {
            b'n' => string.push(b'\n'),
            b'r' => string.push(b'\r'),
            b't' => string.push(b'\t'),
            b'b' => string.push(8),
            b'f' => string.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.position += 1;
                }
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(next) = self.peek().filter(|next| (b'0'..=b'7').contains(next)) else {
                        break;
                    };
                    code = code * 8 + u32::from(next - b'0');
                    self.position += 1;
                }
                // Beyond one byte the high bit is ignored.
                string.push(u8::try_from(code & 0xff).unwrap_or_default());
            }
            _ => string.push(byte),
        }
    }

    fn hexadecimal(&mut self) -> Token<'a> {
        self.position += 1;
        let mut string = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek() {
            self.position += 1;
            if byte == b'>' {
                break;
            }
            let Some(low) = digit(byte) else { continue };
            match high.take() {
                None => high = Some(low),
                Some(high) => string.push(high * 16 + low),
            }
        }
        string.extend(high.map(|high| high * 16));
        Token::String(string)
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte)
        && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &[u8], expected: &[Token<'_>]) {
        let mut lexer = Lexer::new(source);
        let tokens: Vec<_> = std::iter::from_fn(|| lexer.next()).collect();
        assert_eq!(tokens, expected, "{}", String::from_utf8_lossy(source));
    }

    fn string(bytes: &[u8]) -> Token<'static> {
        Token::String(bytes.to_vec())
    }

    #[test]
    fn numbers_of_every_shape_are_read() {
        check(
            b"1 -2.5 +.5 4. -.25 --7",
            &[
                Token::Number(1.0),
                Token::Number(-2.5),
                Token::Number(0.5),
                Token::Number(4.0),
                Token::Number(-0.25),
                Token::Number(-7.0),
            ],
        );
    }

    #[test]
    fn an_operator_may_touch_its_operand() {
        check(
            b"12Tf(a)Tj",
            &[Token::Number(12.0), Token::Operator(b"Tf"), string(b"a"), Token::Operator(b"Tj")],
        );
    }

    #[test]
    fn literal_strings_have_escapes_and_nested_brackets() {
        check(
            br"(a(b)c\)\\\n\101\53\
d)",
            &[string(b"a(b)c)\\\nA+d")],
        );
    }

    #[test]
    fn an_odd_hexadecimal_string_ends_with_a_zero() {
        check(b"<48 65 7>", &[string(b"Hep")]);
    }

    #[test]
    fn names_undo_number_signs() {
        check(b"/A#20B /#zz", &[Token::Name(b"A B".to_vec()), Token::Name(b"#zz".to_vec())]);
    }

    #[test]
    fn reading_goes_on_behind_a_string_without_an_end() {
        let mut lexer = Lexer::new(b"(open BT (x) Tj");
        let tokens: Vec<_> = std::iter::from_fn(|| lexer.next()).collect();
        assert!(tokens.contains(&string(b"x")), "{tokens:?}");
        assert_eq!(tokens.last(), Some(&Token::Operator(b"Tj")));
    }

    #[test]
    fn stray_closers_are_skipped() {
        check(b") > } 5 Td", &[Token::Number(5.0), Token::Operator(b"Td")]);
    }

    #[test]
    fn image_data_is_skipped_to_its_end() {
        let mut lexer = Lexer::new(b"ID \x01\x02 EI\x80 \xff\nEI\nQ");
        assert_eq!(lexer.next(), Some(Token::Operator(b"ID")));
        lexer.skip_image_data();
        assert_eq!(lexer.next(), Some(Token::Operator(b"Q")));
    }

    #[test]
    fn many_open_brackets_take_linear_time() {
        let source = vec![b'('; 4 << 20];
        let mut lexer = Lexer::new(&source);
        assert_eq!(lexer.next(), None);
    }
}
