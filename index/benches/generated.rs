//! What is measured when nothing of a real library may be: texts and vectors made of numbers, the same every time.
//!
//! Words follow Zipf's law, as those of a language do, so that a question's common words stand in most passages and its
//! rare ones in few. Vectors lie in clusters.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use docent_index::document::{ContentHash, Document, Fingerprint, Passage, PassageId};
use docent_index::extract::{self, Assembler, EXTRACTOR_VERSION, Format};
use docent_index::scan::Versions;
use docent_index::split::{self, SPLITTER_VERSION};
use docent_index::store::{EmbedderId, Reading, Store};

/// Numbers in a vector: those of the embedder that comes with docent.
pub(crate) const DIMENSION: usize = 384;
/// Of 20 documents one lies in the folder `part-7`, and so on.
const FOLDERS: usize = 20;
const CLUSTERS: u64 = 200;
const WORDS: f64 = 30_000.0;
const PARAGRAPHS: usize = 24;
/// Documents between two commits, as in a real run.
const PUBLISHED_AT_ONCE: usize = 500;

/// The words that English uses most; generated ones are rarer.
const COMMON: [&str; 32] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be",
    "by", "on", "not", "he", "this", "are", "or", "his", "from", "at", "which", "but", "have",
    "an", "had", "they", "what", "when",
];

/// Numbers without a pattern.
#[derive(Clone, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }

    /// About normal, with mean 0.
    #[expect(clippy::cast_precision_loss, reason = "16 bits fit")]
    fn deviation(&mut self) -> f32 {
        let bits = self.next();
        (0..4).map(|part| (bits >> (16 * part) & 0xffff) as f32 / 65_536.0 - 0.5).sum()
    }

    /// A word's rank by Zipf's law.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is positive and small"
    )]
    fn rank(&mut self) -> usize {
        WORDS.powf(self.share()) as usize - 1
    }

    fn word(&mut self) -> String {
        word(self.rank())
    }

    fn sentence(&mut self) -> String {
        let mut sentence = String::new();
        for at in 0..8 + self.below(14) {
            let word = self.word();
            if at == 0 {
                let mut letters = word.chars();
                sentence.extend(letters.next().into_iter().flat_map(char::to_uppercase));
                sentence.push_str(letters.as_str());
            } else {
                sentence.push(' ');
                sentence.push_str(&word);
            }
        }
        sentence + "."
    }

    /// A document in Markdown: a title, headings and paragraphs.
    pub(crate) fn markdown(&mut self) -> String {
        let mut text = format!("# {}\n", self.sentence());
        for paragraph in 0..PARAGRAPHS {
            if paragraph % 4 == 0 {
                text.extend(["\n## ", &self.word(), " ", &self.word(), "\n"]);
            }
            text.push('\n');
            for _ in 0..3 + self.below(5) {
                text.extend([&*self.sentence(), " "]);
            }
            text.push('\n');
        }
        text
    }

    /// A question with common and with rare words.
    pub(crate) fn question(&mut self) -> String {
        let mut question = "what is the".to_owned();
        for _ in 0..3 + self.below(5) {
            question.extend([" ", &self.word()]);
        }
        question
    }

    /// A vector of length 1 in one of the clusters.
    pub(crate) fn vector(&mut self) -> Vec<f32> {
        let mut center = Self::new(self.next() % CLUSTERS);
        let raw: Vec<f32> =
            (0..DIMENSION).map(|_| center.deviation() + 0.7 * self.deviation()).collect();
        let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
        raw.iter().map(|value| value / length).collect()
    }
}

fn word(rank: usize) -> String {
    const ONSETS: [&str; 16] =
        ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr"];
    const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ou", "ea"];
    if let Some(common) = COMMON.get(rank) {
        return (*common).to_owned();
    }
    let mut rest = rank;
    let mut word = String::new();
    while rest > 0 {
        word.extend(ONSETS.get(rest % 16).copied());
        word.extend(VOWELS.get(rest / 16 % 8).copied());
        rest /= 128;
    }
    word + "n"
}

/// Tokens as they are counted where no tokenizer is at hand: a word and a third each.
pub(crate) fn count(text: &str) -> usize {
    text.split_whitespace().count() * 4 / 3
}

/// What the readers make of a text in Markdown.
pub(crate) fn read(markdown: &str) -> Document {
    let mut assembler = Assembler::default();
    extract::read(Format::Markdown, markdown.as_bytes(), &mut |part| {
        assembler.push(part);
        ControlFlow::Continue(())
    });
    assembler.finish()
}

/// Puts a text, under a number, in the store. `count` tells the tokens of a text.
pub(crate) fn put(store: &mut Store, number: usize, markdown: &str, count: &dyn Fn(&str) -> usize) {
    let document = read(markdown);
    let passages = split::split(&document, &format!("note {number}"), count);
    put_passages(store, number, markdown, &document, &passages);
}

fn put_passages(
    store: &mut Store,
    number: usize,
    markdown: &str,
    document: &Document,
    passages: &[Passage],
) {
    let folder = store.add_folder(Path::new("/generated")).unwrap();
    let reading = Reading {
        content: ContentHash::of(markdown.as_bytes()),
        format: Format::Markdown,
        versions: Versions { extractor: EXTRACTOR_VERSION, splitter: SPLITTER_VERSION },
        document,
        passages,
        indexed_at: 1,
    };
    let stored = store.put_document(&reading).unwrap();
    let path = PathBuf::from(format!("part-{}/note {number}.md", number % FOLDERS));
    let fingerprint = Fingerprint { size: 1, modified_ns: 1, inode: number as u64 };
    store.put_file(folder, &path, stored, &fingerprint, 2).unwrap();
}

/// Fills a store with documents that have so many passages, each with a vector of the embedder.
pub(crate) fn fill(home: &Path, passages: usize, embedder: &EmbedderId) {
    let mut store = Store::open(home).unwrap();
    let mut noise = Noise::new(1);
    let (mut number, mut made) = (0, 0);
    while made < passages {
        let markdown = noise.markdown();
        let document = read(&markdown);
        let mut cut = split::split(&document, &format!("note {number}"), &count);
        cut.truncate(passages - made);
        put_passages(&mut store, number, &markdown, &document, &cut);
        made += cut.len();
        number += 1;
        if number % PUBLISHED_AT_ONCE == 0 {
            store.publish().unwrap();
        }
    }
    loop {
        let waiting = store.unembedded(embedder, 4_096).unwrap();
        if waiting.is_empty() {
            break;
        }
        let vectors: Vec<(PassageId, Vec<f32>)> =
            waiting.into_iter().map(|(passage, _)| (passage, noise.vector())).collect();
        store.put_vectors(embedder, &vectors).unwrap();
        store.publish().unwrap();
    }
    store.publish().unwrap();
}
