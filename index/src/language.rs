//! In which language is a text written?
//!
//! Languages are named by their BCP 47 tags, of which the first part decides how words are cut down to stems. What a text
//! shows goes before what its document claims: word processors write their own language into everything.

use whatlang::{Detector, Info, Lang};

use crate::document::{BlockKind, Document};

/// So many characters of a document are looked at; more do not make it surer.
const SAMPLED_CHARS: usize = 4_000;
/// A shorter text, in letters, can be a list of names.
const FEWEST_LETTERS: usize = 60;

/// The tag of the language of a document's text; that which the document claims where the text does not show it.
pub(crate) fn of_document(document: &Document) -> Option<String> {
    let claimed = document.head.language.as_deref();
    let found = detect(&sample(document));
    match (found, claimed) {
        // The claim can name a region as well.
        (Some(found), Some(claimed)) if primary(claimed) == found => Some(claimed.to_owned()),
        (Some(found), _) => Some(found.to_owned()),
        (None, claimed) => claimed.map(str::to_owned),
    }
}

/// Words from the whole of the document: a foreign abstract or a title page in English decides nothing.
fn sample(document: &Document) -> String {
    let share = SAMPLED_CHARS / document.pages.len().clamp(1, SAMPLED_CHARS);
    let mut sample = String::new();
    for page in &document.pages {
        let texts = page.blocks.iter().filter(|block| {
            !matches!(
                block.kind,
                BlockKind::RunningHeader | BlockKind::RunningFooter | BlockKind::Code
            )
        });
        let characters = texts
            .filter_map(|block| page.text.get(block.span.clone()))
            .flat_map(|text| text.chars().chain(['\n']));
        sample.extend(characters.take(share.max(1)));
    }
    sample
}

/// The primary tag of a text's language, where the text is long and plain enough to tell.
fn detect(text: &str) -> Option<&'static str> {
    if text.chars().filter(|character| character.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    whatlang::detect(text).filter(Info::is_reliable).map(|info| tag(info.lang()))
}

/// Which of `tags` a question is in; the first of them where that can't be told. None of no tags.
pub(crate) fn of_question<'a>(question: &str, tags: &[&'a str]) -> Option<&'a str> {
    let first = *tags.first()?;
    let languages: Vec<Lang> = Lang::all()
        .iter()
        .copied()
        .filter(|language| tags.iter().any(|known| primary(known) == tag(*language)))
        .collect();
    let found = Detector::with_allowlist(languages).detect_lang(question).map(tag);
    Some(tags.iter().copied().find(|known| Some(primary(known)) == found).unwrap_or(first))
}

/// The part of a tag that names the language: `de` of `de-CH`.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// ISO 639-1.
fn tag(language: Lang) -> &'static str {
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "nb",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Block, Head, Page};

    const GERMAN: &str = "Der Mieter zahlt die Miete bis zum dritten Werktag eines jeden Monats auf das Konto des \
         Vermieters.";

    fn document(text: &str, claimed: Option<&str>) -> Document {
        let block = Block {
            kind: BlockKind::Paragraph,
            span: 0..text.len(),
            bounds: None,
            font_size: None,
            bold: false,
            headings: Vec::new(),
        };
        let page =
            Page { number: 1, text: text.to_owned(), blocks: vec![block], ..Page::default() };
        Document {
            head: Head { language: claimed.map(str::to_owned), ..Head::default() },
            pages: vec![page],
            ..Document::default()
        }
    }

    #[track_caller]
    fn check(text: &str, claimed: Option<&str>, expected: Option<&str>) {
        assert_eq!(of_document(&document(text, claimed)).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_text_goes_before_the_claim() {
        check(GERMAN, None, Some("de"));
        check(GERMAN, Some("en-US"), Some("de"));
        check(GERMAN, Some("de-CH"), Some("de-CH"));
    }

    #[test]
    fn a_few_words_show_nothing() {
        check("Milch, Brot", None, None);
        check("Milch, Brot", Some("de"), Some("de"));
    }

    #[test]
    fn a_question_is_in_one_of_the_librarys_languages() {
        let known = ["de", "en"];
        assert_eq!(of_question("Wann muss der Mieter zahlen?", &known), Some("de"));
        assert_eq!(of_question("When does the tenant have to pay?", &known), Some("en"));
        assert_eq!(of_question("12345", &known), Some("de"));
        assert_eq!(of_question("Wann?", &[]), None);
    }
}
