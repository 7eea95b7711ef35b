//! How long does a reader wait for what is found, from the question's words on?
//!
//!     cargo bench -p docent
//!     taskset -c 0 cargo bench -p docent            on one core
//!     cargo bench -p docent -- --ignored            a million passages: minutes, and 6 GB below target/
//!
//! The median is that of single questions, each another one, in a library of generated passages; their vectors are
//! generated too, those of the questions are made by the bundled embedder. It takes the parts that `make` puts into
//! cargo's folder.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on ends")]

#[path = "../../index/benches/generated.rs"]
mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use docent::finder::Finder;
use docent::{answer, ingest};
use docent_engine::embed::{
    Bundled, Embed as _, FastEmbedder, Settings, TokenCounter, embedder_id, load_runtime,
};
use docent_index::store::{Snapshot, Store};
use generated::Noise;
use tokio_util::sync::CancellationToken;

const QUESTIONS: u32 = 300;
const TOP: usize = 10;
const TEXTS: usize = 100;
/// One folder of 20.
const FILTER: &str = "dir:part-7";

fn main() {
    divan::main();
    remove(&folder());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-questions")
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

fn parts() -> Bundled {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let parts = Bundled::in_folder(&target.join("docent"));
    load_runtime(&parts.runtime).unwrap();
    parts
}

/// One thread: what a single core takes.
fn embedder() -> FastEmbedder {
    FastEmbedder::open(&parts().embedder, Settings::for_questions(1), None).unwrap()
}

/// The home of a library with so many passages; made when it is first asked for.
fn library(passages: usize) -> &'static Path {
    static HUNDRED_THOUSAND: OnceLock<PathBuf> = OnceLock::new();
    static MILLION: OnceLock<PathBuf> = OnceLock::new();
    let home = if passages == 1_000_000 { &MILLION } else { &HUNDRED_THOUSAND };
    home.get_or_init(|| {
        let home = folder().join(passages.to_string());
        remove(&home);
        let embedder = ingest::vector_id(&embedder_id(&parts().embedder).unwrap());
        generated::fill(&home, passages, &embedder);
        home
    })
}

fn find(bencher: Bencher<'_, '_>, passages: usize, filter: &str) {
    let home = library(passages);
    let snapshot = Snapshot::open(home).unwrap();
    let mut finder = Finder::open(embedder(), home).unwrap();
    let mut noise = Noise::new(2);
    let cancel = CancellationToken::new();
    bencher.with_inputs(|| format!("{} {filter}", noise.question())).bench_local_refs(|typed| {
        let query = answer::query(typed).unwrap();
        finder.find(&snapshot, &query, &[], TOP, &cancel).unwrap()
    });
}

#[divan::bench(args = ["", FILTER], sample_count = QUESTIONS, sample_size = 1)]
fn hundred_thousand(bencher: Bencher<'_, '_>, filter: &str) {
    find(bencher, 100_000, filter);
}

#[divan::bench(args = ["", FILTER], sample_count = QUESTIONS, sample_size = 1, ignore)]
fn million(bencher: Bencher<'_, '_>, filter: &str) {
    find(bencher, 1_000_000, filter);
}

/// The part of a question's time that its vector takes.
#[divan::bench(sample_count = QUESTIONS, sample_size = 1)]
fn vector(bencher: Bencher<'_, '_>) {
    let mut embedder = embedder();
    let mut noise = Noise::new(2);
    bencher
        .with_inputs(|| noise.question())
        .bench_local_refs(|question| embedder.embed_query(question).unwrap());
}

/// Texts into a new store, on one core, with tokens as the embedder counts them: read, split, put, published.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn indexing(bencher: Bencher<'_, '_>) {
    let counter = TokenCounter::open(&parts().embedder).unwrap();
    let count = |text: &str| counter.count(text);
    let mut noise = Noise::new(3);
    let texts: Vec<String> = (0..TEXTS).map(|_| noise.markdown()).collect();
    let home = folder().join("indexing");
    bencher
        .counter(ItemsCount::new(TEXTS))
        .with_inputs(|| {
            remove(&home);
            Store::open(&home).unwrap()
        })
        .bench_local_refs(|store| {
            for (number, text) in texts.iter().enumerate() {
                generated::put(store, number, text, &count);
            }
            store.publish().unwrap();
        });
}
