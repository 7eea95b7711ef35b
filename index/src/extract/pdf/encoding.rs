//! Which characters do an encoding's codes and a glyph's name stand for?

use std::collections::HashMap;

use skrifa::raw::ps::agl;
use smallvec::SmallVec;

/// The characters of one glyph: mostly one, more for a ligature.
pub(super) type Text = SmallVec<[char; 4]>;

/// An encoding that PDF knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BaseEncoding {
    Standard,
    MacRoman,
    WinAnsi,
    Symbol,
    ZapfDingbats,
}

impl BaseEncoding {
    pub(super) fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"StandardEncoding" => Some(Self::Standard),
            b"MacRomanEncoding" => Some(Self::MacRoman),
            b"WinAnsiEncoding" => Some(Self::WinAnsi),
            _ => None,
        }
    }

    /// The text of all 256 codes; none where a code has no glyph.
    pub(super) fn texts(self) -> Vec<Option<Text>> {
        let mut texts = vec![None; 32];
        match self {
            Self::ZapfDingbats => {
                let names = ZAPF_DINGBATS.split(',').enumerate();
                texts.extend(names.map(|(index, number)| {
                    match index {
                        0 => Some(SmallVec::from_slice(&[' '])),
                        _ => agl::name_to_char(&format!("a{number}"))
                            .map(|character| SmallVec::from_slice(&[character])),
                    }
                }));
            }
            _ => texts.extend(self.characters().chars().map(|character| {
                (character != '\u{fffd}').then(|| SmallVec::from_slice(&[character]))
            })),
        }
        texts
    }

    fn characters(self) -> &'static str {
        match self {
            Self::Standard | Self::ZapfDingbats => STANDARD,
            Self::MacRoman => MAC_ROMAN,
            Self::WinAnsi => WIN_ANSI,
            Self::Symbol => SYMBOL,
        }
    }
}

/// The text of a glyph by its name, after the Adobe Glyph List and its rules for names that are put together
/// (`f_i`, `uni20AC`, `A.alt`); none for a name that says nothing.
pub(super) fn text_of_name(name: &str) -> Option<Text> {
    if name.is_empty() || name == ".notdef" || name.len() > 256 || counted(name).is_some() {
        return None;
    }
    let text: Text = agl::name_to_chars(name).map(public).collect();
    let private = text.iter().any(|character| is_private(*character));
    if !text.is_empty() && !private {
        return Some(text);
    }
    // The list puts small capitals and old-style figures into the private area; to a reader they are letters.
    let plain = ["oldstyle", "small", "superior", "inferior"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix));
    let plain_text: Text = plain.into_iter().flat_map(agl::name_to_chars).map(public).collect();
    if !plain_text.is_empty() && !plain_text.iter().any(|character| is_private(*character)) {
        return Some(plain_text);
    }
    (!text.is_empty()).then_some(text)
}

/// The signs of the font `ZapfDingbats` by the number in their glyphs' names.
pub(super) fn dingbats() -> HashMap<u16, Text> {
    let numbers = ZAPF_DINGBATS.split(',').filter_map(|number| number.parse().ok());
    numbers
        .filter_map(|number: u16| {
            let sign = agl::name_to_char(&format!("a{number}"))?;
            Some((number, SmallVec::from_slice(&[sign])))
        })
        .collect()
}

/// The number in a name that is a letter and a number (`a97`). In the font `ZapfDingbats` such names are signs; in others
/// they count codes or glyphs.
pub(super) fn counted(name: &str) -> Option<u16> {
    let digits = name.strip_prefix(|letter: char| letter.is_ascii_alphabetic())?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

pub(super) fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Pieces of brackets and the like, which the glyph list has in the private area, at their place in today's Unicode.
pub(super) fn public(character: char) -> char {
    const PIECES: &str = "‾⏐⎯®©™⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪⎮⎞⎟⎠⎤⎥⎦⎫⎬⎭";
    match character {
        '\u{f6d9}' => '©',
        '\u{f6da}' => '®',
        '\u{f6db}' => '™',
        '\u{f8e5}'..='\u{f8fe}' => {
            let index = usize::try_from(u32::from(character) - 0xf8e5).unwrap_or_default();
            PIECES.chars().nth(index).unwrap_or(character)
        }
        _ => character,
    }
}

/// Adobe's standard encoding from code 32 on; U+FFFD where a code has no glyph.
const STANDARD: &str = " !\"#$%&’()*+,-./0123456789:;<=>?\
     @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\
     ‘abcdefghijklmnopqrstuvwxyz{|}~\u{fffd}\
     \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
     \u{fffd}¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ\u{fffd}–†‡·\u{fffd}¶•‚„”»…‰\u{fffd}¿\
     \u{fffd}`´ˆ˜¯˘˙¨\u{fffd}˚¸\u{fffd}˝˛ˇ—\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
     \u{fffd}Æ\u{fffd}ª\u{fffd}\u{fffd}\u{fffd}\u{fffd}ŁØŒº\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}æ\u{fffd}\u{fffd}\u{fffd}ı\u{fffd}\u{fffd}łøœß\u{fffd}\u{fffd}\u{fffd}\u{fffd}";

/// As [`STANDARD`], the encoding of old Macintosh fonts, with the mathematical signs that PDF leaves out.
const MAC_ROMAN: &str = " !\"#$%&'()*+,-./0123456789:;<=>?\
     @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\
     `abcdefghijklmnopqrstuvwxyz{|}~\u{fffd}\
     ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
     †°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
     ¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄¤‹›ﬁﬂ\
     ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// As [`STANDARD`], code page 1252.
const WIN_ANSI: &str = " !\"#$%&'()*+,-./0123456789:;<=>?\
     @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_\
     `abcdefghijklmnopqrstuvwxyz{|}~•\
     €•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ\
     \u{20}¡¢£¤¥¦§¨©ª«¬-®¯°±²³´µ¶·¸¹º»¼½¾¿\
     ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
     àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// As [`STANDARD`], the encoding of the font Symbol.
const SYMBOL: &str = " !∀#∃%&∋()∗+,−./0123456789:;<=>?\
     ≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\
     ‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼\u{fffd}\
     \u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
     €ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵\
     ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓\
     ◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\u{fffd}⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭\u{fffd}";

/// The glyph names of the font `ZapfDingbats` from code 32 on, the letter `a` left out; empty where a code has none.
const ZAPF_DINGBATS: &str = ",1,2,202,3,4,5,119,118,117,11,12,13,14,15,16,105,17,18,19,20,21,22,23,24,25,26,27,28,6,7,8,\
     9,10,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,\
     59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,203,75,204,76,77,78,79,81,82,83,84,97,98,99,100,,\
     89,90,93,94,91,92,205,85,206,86,87,88,95,96,,,,,,,,,,,,,,,,,,,\
     ,101,102,103,104,106,107,108,112,111,110,109,120,121,122,123,124,125,126,127,128,129,130,131,132,133,134,135,136,137,138,139,\
     140,141,142,143,144,145,146,147,148,149,150,151,152,153,154,155,156,157,158,159,160,161,163,164,196,165,192,166,167,168,169,170,\
     171,172,173,162,174,175,176,177,178,179,193,180,199,181,200,182,,201,183,184,197,185,194,198,186,195,187,188,189,190,191,";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let text = text_of_name(name).map(|text| text.into_iter().collect::<String>());
        assert_eq!(text.as_deref(), expected, "{name}");
    }

    #[test]
    fn glyph_names_give_text() {
        check("Eacute", Some("É"));
        check("uni20AC", Some("€"));
        check("u1F600", Some("\u{1f600}"));
        check("f_f_i", Some("ffi"));
        check("a.alt", Some("a"));
        check("fi", Some("ﬁ"));
    }

    #[test]
    fn small_capitals_and_old_style_figures_are_letters() {
        check("Asmall", Some("A"));
        check("oneoldstyle", Some("1"));
    }

    #[test]
    fn a_name_that_says_nothing_gives_nothing() {
        check(".notdef", None);
        check("g123", None);
        check("a12", None);
    }

    #[test]
    fn every_encoding_has_all_codes() {
        for encoding in [
            BaseEncoding::Standard,
            BaseEncoding::MacRoman,
            BaseEncoding::WinAnsi,
            BaseEncoding::Symbol,
            BaseEncoding::ZapfDingbats,
        ] {
            assert_eq!(encoding.texts().len(), 256, "{encoding:?}");
        }
        let text = |encoding: BaseEncoding, code: usize| {
            encoding.texts()[code].clone().map(|text| text[0])
        };
        assert_eq!(text(BaseEncoding::WinAnsi, 0x80), Some('€'));
        assert_eq!(text(BaseEncoding::MacRoman, 0x8a), Some('ä'));
        assert_eq!(text(BaseEncoding::Standard, 0xe1), Some('Æ'));
        assert_eq!(text(BaseEncoding::Symbol, 0x61), Some('α'));
        assert_eq!(text(BaseEncoding::ZapfDingbats, 0x21), Some('✁'));
    }
}
