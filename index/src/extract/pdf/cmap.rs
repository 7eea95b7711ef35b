//! What does a `CMap` say of a code: its length, its CID, its Unicode?
//!
//! An own reader for the `CMaps` that a PDF carries, bounded in entries. Adobe's predefined ones are not read here.

use std::collections::HashMap;

use super::lexer::{Lexer, Token};

/// More than any font has codes; a hostile `CMap` stops here.
const MAX_ENTRIES: usize = 100_000;
/// No code stands for a longer text.
const MAX_TEXT_UNITS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct CMap {
    codespaces: Vec<Codespace>,
    texts: HashMap<u32, Vec<u16>>,
    text_ranges: Vec<TextRange>,
    cids: HashMap<u32, u32>,
    cid_ranges: Vec<CidRange>,
    /// The name of the `CMap` that it builds on.
    pub(super) base: Option<Vec<u8>>,
    pub(super) vertical: bool,
}

#[derive(Debug)]
struct Codespace {
    low: Vec<u8>,
    high: Vec<u8>,
}

#[derive(Debug)]
struct TextRange {
    low: u32,
    high: u32,
    /// UTF-16 of the lowest code; the last unit counts up.
    first: Vec<u16>,
}

#[derive(Debug)]
struct CidRange {
    low: u32,
    high: u32,
    first: u32,
}

impl CMap {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut cmap = Self::default();
        let mut lexer = Lexer::new(bytes);
        let mut operands: Vec<Token<'_>> = Vec::new();
        let mut entries = 0_usize;
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                if operands.len() < MAX_ENTRIES * 3 {
                    operands.push(token);
                }
                continue;
            };
            let before = cmap.entries();
            match operator {
                b"endcodespacerange" => cmap.add_codespaces(&operands),
                b"endbfchar" => cmap.add_texts(&operands),
                b"endbfrange" => cmap.add_text_ranges(&operands),
                b"endcidchar" => cmap.add_cids(&operands),
                b"endcidrange" => cmap.add_cid_ranges(&operands),
                b"usecmap" => {
                    if let Some(Token::Name(name)) = operands.last() {
                        cmap.base = Some(name.clone());
                    }
                }
                b"def" => {
                    if let [.., Token::Name(name), Token::Number(value)] = operands.as_slice()
                        && name == b"WMode"
                    {
                        cmap.vertical = *value > 0.5;
                    }
                }
                _ => {}
            }
            operands.clear();
            entries += cmap.entries() - before;
            if entries >= MAX_ENTRIES {
                break;
            }
        }
        cmap.text_ranges.sort_by_key(|range| range.low);
        cmap.cid_ranges.sort_by_key(|range| range.low);
        cmap
    }

    pub(super) fn has_codespaces(&self) -> bool {
        !self.codespaces.is_empty()
    }

    pub(super) fn has_texts(&self) -> bool {
        !self.texts.is_empty() || !self.text_ranges.is_empty()
    }

    /// The next code and how many bytes it takes, at least one; none at the end.
    pub(super) fn next_code(&self, bytes: &[u8]) -> Option<(u32, usize)> {
        let longest = bytes.len().min(4);
        let matching = (1..=longest).find(|length| {
            let code = bytes.get(..*length).unwrap_or_default();
            self.codespaces.iter().any(|space| space.contains(code))
        });
        let length = matching
            .or_else(|| self.codespaces.iter().map(|space| space.low.len()).min())
            .unwrap_or(2)
            .clamp(1, longest.max(1));
        bytes.get(..length).filter(|code| !code.is_empty()).map(|code| (number(code), length))
    }

    /// The text of a code as UTF-16; none when the `CMap` has none.
    pub(super) fn text(&self, code: u32) -> Option<String> {
        let units = match self.texts.get(&code) {
            Some(units) => units.clone(),
            None => self.ranged_units(code)?,
        };
        let text = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Some(text)
    }

    fn ranged_units(&self, code: u32) -> Option<Vec<u16>> {
        let end = self.text_ranges.partition_point(|range| range.low <= code);
        // Ranges may overlap by mistake, so a few before the nearest are asked as well.
        let ranges = self.text_ranges.get(..end)?;
        let range = ranges.iter().rev().take(8).find(|range| code <= range.high)?;
        let mut units = range.first.clone();
        let last = units.last_mut()?;
        let sum = u32::from(*last).wrapping_add(code - range.low);
        *last = u16::try_from(sum & 0xffff).ok()?;
        says_something(&units).then_some(units)
    }

    pub(super) fn cid(&self, code: u32) -> Option<u32> {
        if let Some(cid) = self.cids.get(&code) {
            return Some(*cid);
        }
        let end = self.cid_ranges.partition_point(|range| range.low <= code);
        let range =
            self.cid_ranges.get(..end)?.iter().rev().take(8).find(|range| code <= range.high)?;
        range.first.checked_add(code - range.low)
    }

    fn entries(&self) -> usize {
        self.texts.len()
            + self.text_ranges.len()
            + self.cids.len()
            + self.cid_ranges.len()
            + self.codespaces.len()
    }

    fn add_codespaces(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Token::String(low), Token::String(high)] = pair
                && low.len() == high.len()
                && (1..=4).contains(&low.len())
                && self.codespaces.len() < 100
            {
                self.codespaces.push(Codespace { low: low.clone(), high: high.clone() });
            }
        }
    }

    fn add_texts(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if self.entries() >= MAX_ENTRIES {
                return;
            }
            if let [Token::String(code), target] = pair
                && let Some(units) = text_units(target)
            {
                self.texts.insert(number(code), units);
            }
        }
    }

    fn add_text_ranges(&mut self, operands: &[Token<'_>]) {
        let mut tokens = operands.iter();
        while let (Some(Token::String(low)), Some(Token::String(high)), Some(target)) =
            (tokens.next(), tokens.next(), tokens.next())
        {
            if self.entries() >= MAX_ENTRIES {
                return;
            }
            let (low, high) = (number(low), number(high));
            if *target == Token::ArrayStart {
                let mut code = Some(low);
                for member in tokens.by_ref().take_while(|token| **token != Token::ArrayEnd) {
                    if let Some(current) = code.filter(|code| *code <= high)
                        && self.entries() < MAX_ENTRIES
                        && let Some(units) = text_units(member)
                    {
                        self.texts.insert(current, units);
                    }
                    code = code.and_then(|code| code.checked_add(1));
                }
            } else if let Some(first) = utf16(target)
                && low <= high
            {
                self.text_ranges.push(TextRange { low, high, first });
            }
        }
    }

    fn add_cids(&mut self, operands: &[Token<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Token::String(code), Token::Number(cid)] = pair
                && self.entries() < MAX_ENTRIES
            {
                self.cids.insert(number(code), cid_number(*cid));
            }
        }
    }

    fn add_cid_ranges(&mut self, operands: &[Token<'_>]) {
        for triple in operands.chunks_exact(3) {
            if let [Token::String(low), Token::String(high), Token::Number(cid)] = triple
                && self.entries() < MAX_ENTRIES
            {
                self.cid_ranges.push(CidRange {
                    low: number(low),
                    high: number(high),
                    first: cid_number(*cid),
                });
            }
        }
    }
}

impl Codespace {
    fn contains(&self, code: &[u8]) -> bool {
        code.len() == self.low.len()
            && code
                .iter()
                .zip(&self.low)
                .zip(&self.high)
                .all(|((byte, low), high)| (low..=high).contains(&byte))
    }
}

/// A code's bytes as a number, the highest first; the last four count.
fn number(code: &[u8]) -> u32 {
    code.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn cid_number(value: f32) -> u32 {
    u32::try_from(super::number::whole(value)).unwrap_or_default()
}

/// What a code is mapped to; none for what stands for "no text".
fn text_units(target: &Token<'_>) -> Option<Vec<u16>> {
    utf16(target).filter(|units| says_something(units))
}

fn says_something(units: &[u16]) -> bool {
    units.iter().any(|unit| !matches!(unit, 0 | 0xfffd | 0xffff))
}

fn utf16(target: &Token<'_>) -> Option<Vec<u16>> {
    let units: Vec<u16> = match target {
        // Some producers write one byte where UTF-16 is asked for.
        Token::String(bytes) if bytes.len() == 1 => {
            bytes.iter().map(|byte| u16::from(*byte)).collect()
        }
        Token::String(bytes) => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .take(MAX_TEXT_UNITS)
            .map(|pair| u16::from_be_bytes(*pair))
            .collect(),
        _ => return None,
    };
    (!units.is_empty()).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_codes_and_ranges_give_text() {
        let cmap = CMap::parse(
            b"2 beginbfchar <01> <0041> <02> <00660069> endbfchar
              2 beginbfrange <10> <12> <0061> <20> <21> [<0078> <0079007A>] endbfrange",
        );
        assert_eq!(cmap.text(1).as_deref(), Some("A"));
        assert_eq!(cmap.text(2).as_deref(), Some("fi"));
        assert_eq!(cmap.text(0x12).as_deref(), Some("c"));
        assert_eq!(cmap.text(0x21).as_deref(), Some("yz"));
        assert_eq!(cmap.text(0x13), None);
    }

    #[test]
    fn surrogates_become_one_character() {
        let cmap = CMap::parse(b"1 beginbfchar <0001> <D83DDE00> endbfchar");
        assert_eq!(cmap.text(1).as_deref(), Some("\u{1f600}"));
    }

    #[test]
    fn a_mapping_to_nothing_is_no_mapping() {
        let cmap = CMap::parse(b"2 beginbfchar <01> <0000> <02> <FFFD> endbfchar");
        assert_eq!((cmap.text(1), cmap.text(2)), (None, None));
        let ranged = CMap::parse(b"1 beginbfrange <0000> <00FF> <0000> endbfrange");
        assert_eq!((ranged.text(0), ranged.text(0x41).as_deref()), (None, Some("A")));
        assert!(!cmap.has_texts());
    }

    #[test]
    fn codespaces_tell_the_length_of_a_code() {
        let cmap = CMap::parse(b"2 begincodespacerange <00> <80> <8140> <9FFC> endcodespacerange");
        assert_eq!(cmap.next_code(b"A"), Some((0x41, 1)));
        assert_eq!(cmap.next_code(b"\x81\x40A"), Some((0x8140, 2)));
        assert_eq!(cmap.next_code(b""), None);
    }

    #[test]
    fn cids_are_counted_through_a_range() {
        let cmap = CMap::parse(b"/WMode 1 def 1 begincidrange <0100> <01ff> 10 endcidrange 1 begincidchar <05> 7 endcidchar");
        assert_eq!(cmap.cid(0x0105), Some(15));
        assert_eq!(cmap.cid(5), Some(7));
        assert_eq!(cmap.cid(0x0200), None);
        assert!(cmap.vertical);
    }

    #[test]
    fn a_hostile_cmap_stops_at_the_bound() {
        let mut source = b"1 beginbfrange ".to_vec();
        for code in 0..300_000_u32 {
            source.extend(format!("<{code:08x}><{code:08x}><0041>").bytes());
        }
        source.extend(b" endbfrange");
        assert!(CMap::parse(&source).entries() <= MAX_ENTRIES);
    }
}
