//! How fast is a library made and searched?
//!
//!     cargo bench -p docent-index                                 all but the million
//!     cargo bench -p docent-index -- --include-ignored million    a million passages: minutes, and 6 GB below target/
//!
//! The median of the searches is that of single questions, each another one. All passages are generated.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends")]

mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use docent_index::query::Query;
use docent_index::retrieve::{Request, Search};
use docent_index::split;
use docent_index::store::{EmbedderId, Snapshot, Store};
use generated::Noise;
use tokio_util::sync::CancellationToken;

const EMBEDDER: EmbedderId = EmbedderId([7; 32]);
/// Searches that are measured, each with another question.
const QUESTIONS: u32 = 300;
/// Hits of a whole query, as the screen asks for them.
const TOP: usize = 10;
const TEXTS: usize = 200;

fn main() {
    divan::main();
    remove(&folder());
}

/// Everything is made below cargo's folder for such things, where there is room for a million passages.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-library")
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

/// The home of a library with so many passages; made when it is first asked for.
fn library(passages: usize) -> &'static Path {
    static HUNDRED_THOUSAND: OnceLock<PathBuf> = OnceLock::new();
    static MILLION: OnceLock<PathBuf> = OnceLock::new();
    let home = if passages == 1_000_000 { &MILLION } else { &HUNDRED_THOUSAND };
    home.get_or_init(|| {
        let home = folder().join(passages.to_string());
        remove(&home);
        generated::fill(&home, passages, &EMBEDDER);
        home
    })
}

/// What of a search is measured.
#[derive(Clone, Copy)]
struct Asked {
    passages: usize,
    filter: &'static str,
    by_words: bool,
    by_vector: bool,
    top: usize,
}

const WHOLE: Asked =
    Asked { passages: 100_000, filter: "", by_words: true, by_vector: true, top: TOP };
/// No hit is read from the database, only ranked.
const RANKED: Asked = Asked { top: 0, ..WHOLE };
const WORDS: Asked = Asked { by_vector: false, ..RANKED };
const VECTOR: Asked = Asked { by_words: false, ..RANKED };
/// One folder of 20.
const FILTER: &str = "dir:part-7";

fn search(bencher: Bencher<'_, '_>, asked: Asked) {
    let snapshot = Snapshot::open(library(asked.passages)).unwrap();
    let mut noise = Noise::new(2);
    let cancel = CancellationToken::new();
    bencher
        .with_inputs(|| {
            // A word that is in no passage has nothing to rank.
            let words = if asked.by_words { noise.question() } else { "qqqqqqqqqq".to_owned() };
            let query = Query::parse(&format!("{words} {}", asked.filter)).unwrap();
            (query, noise.vector())
        })
        .bench_local_refs(|(query, vector)| {
            let vector = asked.by_vector.then_some((&EMBEDDER, vector.as_slice()));
            let search =
                Search::prepare(&snapshot, Request::new(query, asked.top), &cancel).unwrap();
            search.run(vector, &cancel).unwrap()
        });
}

#[divan::bench_group(sample_count = QUESTIONS, sample_size = 1)]
mod hundred_thousand {
    use super::{Asked, Bencher, FILTER, RANKED, VECTOR, WHOLE, WORDS, search};

    #[divan::bench]
    fn words(bencher: Bencher<'_, '_>) {
        search(bencher, WORDS);
    }

    #[divan::bench]
    fn vector(bencher: Bencher<'_, '_>) {
        search(bencher, VECTOR);
    }

    #[divan::bench]
    fn vector_filtered(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { filter: FILTER, ..VECTOR });
    }

    #[divan::bench]
    fn ranking(bencher: Bencher<'_, '_>) {
        search(bencher, RANKED);
    }

    #[divan::bench]
    fn whole(bencher: Bencher<'_, '_>) {
        search(bencher, WHOLE);
    }

    #[divan::bench]
    fn whole_filtered(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { filter: FILTER, ..WHOLE });
    }
}

#[divan::bench_group(sample_count = QUESTIONS, sample_size = 1)]
mod million {
    use super::{Asked, Bencher, FILTER, VECTOR, WHOLE, WORDS, search};

    const PASSAGES: usize = 1_000_000;

    #[divan::bench(ignore)]
    fn words(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { passages: PASSAGES, ..WORDS });
    }

    #[divan::bench(ignore)]
    fn vector(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { passages: PASSAGES, ..VECTOR });
    }

    #[divan::bench(ignore)]
    fn whole(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { passages: PASSAGES, ..WHOLE });
    }

    #[divan::bench(ignore)]
    fn whole_filtered(bencher: Bencher<'_, '_>) {
        search(bencher, Asked { passages: PASSAGES, filter: FILTER, ..WHOLE });
    }
}

fn texts() -> Vec<String> {
    let mut noise = Noise::new(3);
    (0..TEXTS).map(|_| noise.markdown()).collect()
}

/// Documents into passages, where counting tokens costs next to nothing.
#[divan::bench(sample_count = 20)]
fn splitting(bencher: Bencher<'_, '_>) {
    let documents: Vec<_> = texts().iter().map(|text| generated::read(text)).collect();
    let bytes: usize =
        documents.iter().flat_map(|document| &document.pages).map(|page| page.text.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        for document in &documents {
            black_box(split::split(document, "note", &generated::count));
        }
    });
}

/// Texts into a new store: read, split, put, published. Nothing is embedded.
#[divan::bench(sample_count = 10)]
fn indexing(bencher: Bencher<'_, '_>) {
    let texts = texts();
    let home = folder().join("indexing");
    let passages: usize = texts
        .iter()
        .map(|text| split::split(&generated::read(text), "note", &generated::count).len())
        .sum();
    bencher
        .counter(ItemsCount::new(passages))
        .with_inputs(|| {
            remove(&home);
            Store::open(&home).unwrap()
        })
        .bench_local_refs(|store| {
            for (number, text) in texts.iter().enumerate() {
                generated::put(store, number, text, &generated::count);
            }
            store.publish().unwrap();
        });
}
