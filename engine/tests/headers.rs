//! Is what is damaged or hostile refused with a reason, without much memory, and what is odd but right taken?

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what surprises a test's helper fails the test"
)]

#[path = "headers/hostile.rs"]
mod hostile;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use docent_engine::catalog::{Header, HeaderError};
use proptest::prelude::*;

use self::hostile::{Gguf, all};

/// Bytes that reading any header may take beside the file: what is kept of it, and the marks of 100,000 names.
const MOST: usize = 12 << 20;

/// The system's allocator, counting what is taken.
struct Counting;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe by its nature; this one hands all on to the system's"
)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let taken = TAKEN.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(taken, Ordering::Relaxed);
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps to the same contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is taken is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Reads a header from a file of these bytes, and tells how much memory it took.
fn read(bytes: &[u8]) -> (Result<Header, HeaderError>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    let before = TAKEN.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let header = Header::read(&path);
    (header, PEAK.load(Ordering::Relaxed).saturating_sub(before))
}

fn tiny() -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    std::fs::read(fixtures.join("tiny.gguf")).unwrap()
}

#[test]
fn what_is_damaged_or_hostile_is_refused_with_its_reason_and_little_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all(&tiny());
    assert!(all.len() >= 50, "{} files", all.len());
    for file in all {
        let (header, peak) = read(&file.bytes);
        let name = &file.name;
        let told = header.expect_err(name).to_string();
        assert!(told.contains(&file.reason), "{name}: {told}");
        // One line that a terminal can show, however long the names in the file are.
        assert!(told.len() < 500 && !told.contains('\n'), "{name}: {told}");
        assert!(peak <= MOST, "{name} took {peak} bytes");
    }
}

#[test]
fn the_largest_header_that_is_read_takes_little_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let check = |name: &str, gguf: &Gguf| {
        let bytes = gguf.bytes();
        let (_, peak) = read(&bytes);
        assert!(peak <= MOST, "{name} took {peak} bytes of a file of {}", bytes.len());
    };
    // Each byte becomes a sign of three.
    let noise = [&(1_u64 << 20).to_le_bytes()[..], &vec![0xFF; 1 << 20]].concat();
    check("a template of noise", &Gguf::model().raw("tokenizer.chat_template", 8, &noise));
    let lists = (0..2_000).fold(Gguf::model(), |gguf, index| {
        gguf.array(&format!("llama.list.{index}"), 0, 512, &[1; 512])
    });
    check("lists", &lists);
    let long = (0..500).fold(Gguf::model(), |gguf, index| {
        gguf.number(&format!("{index}{}", "k".repeat(65_000)), 1)
    });
    check("long keys", &long);
}

#[test]
fn what_is_odd_but_right_is_taken() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let check = |name: &str, gguf: Gguf| {
        let (header, _) = read(&gguf.bytes());
        header.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    check("version 2", Gguf::model().version(2));
    let mut model = Gguf::model();
    model.keys.reverse();
    check("keys in another order", model);
    let mut wide = Gguf::model().number("general.alignment", 4_096);
    (wide.alignment, wide.next) = (4_096, 4_096);
    check("wide alignment", wide.tensor("t", &[3], 0));
    check("a tensor of nothing", Gguf::model().tensor("t", &[0], 0));
    check("a tensor of one number", Gguf::model().tensor("t", &[], 0));
    // Whole numbers may be of any width.
    let wide = Gguf::model().raw("llama.context_length", 10, &40_960_u64.to_le_bytes());
    assert_eq!(check("a wide number", wide).context_length, Some(40_960));
    let narrow = Gguf::model().raw("llama.block_count", 0, &[2]);
    assert_eq!(check("a narrow number", narrow).shape.layers, 2);
    let mut every = Gguf::model();
    for (kind, width) in [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8].into_iter().enumerate() {
        if width > 0 {
            let kind = u32::try_from(kind).unwrap();
            every = every.raw(format!("x.one.{kind}"), kind, &vec![1; width]);
            every = every.array(&format!("x.three.{kind}"), kind, 3, &vec![1; 3 * width]);
        }
    }
    check(
        "arrays of every kind",
        every.texts("x.texts", &["", "a", "b"]).array("x.none", 4, 0, &[]),
    );
    // Eyes and ears of other models may be described in a model's own file.
    let described = Gguf::model().number("llama.vision.block_count", 27);
    assert_eq!(check("a description of eyes", described).shape.layers, 2);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, peak) = read(&[b"GGUF\x03\0\0\0", &bytes[..]].concat());
        prop_assert!(peak <= MOST);
    }

    #[test]
    fn no_change_of_a_models_bytes_makes_the_reader_panic(
        changes in proptest::collection::vec((0_usize..12_000, any::<u8>()), 1..20),
        length in 0_usize..480_000,
    ) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = tiny();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        let (_, peak) = read(&bytes);
        prop_assert!(peak <= MOST);
    }
}
