//! Which passages' vectors are nearest to a question's?
//!
//! The vectors of an embedder lie in a folder of immutable files: a header of 64 bytes, the passages, the scales and the
//! codes of one byte a dimension, everything little-endian. All codes are compared with the question's; the caller scores
//! the best again by the exact vectors, which are in the database. A file is written aside, synced and renamed, so that
//! there are no half files; one whose checksum is wrong counts as missing and is written anew by the next writer.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use tokio_util::sync::CancellationToken;

use super::{StoreError, create_private, create_private_folder, make_way};
use crate::best::Best;

const MAGIC: &[u8; 8] = b"docentvc";
const VERSION: u32 = 1;
const HEADER: usize = 64;
/// Where the checksum stands in the header.
const CHECKSUM: std::ops::Range<usize> = 32..36;
/// More files than this are merged.
const MOST_FILES: usize = 8;
/// Vectors that are scored between two looks at the cancellation token: a few tenths of a millisecond.
const STRIDE: usize = 16_384;

/// A set of passages as a bitmap: numbers are dense, since they are given in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct PassageSet {
    words: Vec<u64>,
    count: usize,
}

impl PassageSet {
    pub(crate) fn insert(&mut self, passage: i64) {
        let Ok(at) = usize::try_from(passage) else { return };
        if at / 64 >= self.words.len() {
            self.words.resize(at / 64 + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at / 64) {
            let bit = 1 << (at % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    #[inline]
    pub(crate) fn contains(&self, passage: i64) -> bool {
        usize::try_from(passage)
            .ok()
            .and_then(|at| self.words.get(at / 64).map(|word| word >> (at % 64) & 1 == 1))
            .unwrap_or(false)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

impl FromIterator<i64> for PassageSet {
    fn from_iter<I: IntoIterator<Item = i64>>(passages: I) -> Self {
        let mut set = Self::default();
        for passage in passages {
            set.insert(passage);
        }
        set
    }
}

/// A vector in bytes: each number is its code times the scale.
fn quantize(vector: &[f32], codes: &mut Vec<u8>) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 && largest.is_finite() { largest / 127.0 } else { 1.0 };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the quotient lies within -127..=127, and the cast saturates"
    )]
    codes.extend(vector.iter().map(|value| ((value / scale).round() as i8).cast_unsigned()));
    scale
}

/// Vectors that wait to be written.
#[derive(Clone, Debug, Default)]
struct Batch {
    passages: Vec<i64>,
    scales: Vec<f32>,
    codes: Vec<u8>,
}

impl Batch {
    fn push(&mut self, passage: i64, vector: &[f32]) {
        self.passages.push(passage);
        let scale = quantize(vector, &mut self.codes);
        self.scales.push(scale);
    }

    fn extend(&mut self, file: &VectorFile, keep: &PassageSet, seen: &mut HashSet<i64>) {
        for ((passage, scale), codes) in file.passages().zip(file.scales()).zip(file.codes()) {
            if keep.contains(passage) && seen.insert(passage) {
                self.passages.push(passage);
                self.scales.push(scale);
                self.codes.extend_from_slice(codes);
            }
        }
    }
}

/// One immutable file, mapped into memory.
#[derive(Debug)]
pub(crate) struct VectorFile {
    path: PathBuf,
    map: Mmap,
    dimension: usize,
    count: usize,
    /// Of the database, when the file was written.
    generation: u64,
}

impl VectorFile {
    /// Opens a file and checks all of it; none when it is damaged or of another version.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        if file.metadata()?.len() < HEADER as u64 {
            return Ok(None);
        }
        #[expect(
            unsafe_code,
            reason = "a file is never changed after its renaming, and its folder is docent's own"
        )]
        // SAFETY: the mapping is read-only, and no docent writes to a file that bears its final name.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self::check(path, map))
    }

    fn check(path: &Path, map: Mmap) -> Option<Self> {
        let header = map.get(..HEADER)?;
        let number = |at: usize| Some(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?));
        let wide = |at: usize| Some(u64::from_le_bytes(header.get(at..at + 8)?.try_into().ok()?));
        if header.get(..8)? != MAGIC || number(8)? != VERSION {
            return None;
        }
        let dimension = usize::try_from(number(12)?).ok().filter(|dimension| *dimension > 0)?;
        let count = usize::try_from(wide(16)?).ok()?;
        let length = dimension.checked_add(12)?.checked_mul(count)?.checked_add(HEADER)?;
        if map.len() != length || checksum(header, map.get(HEADER..)?)? != number(CHECKSUM.start)? {
            return None;
        }
        let generation = wide(24)?;
        Some(Self { path: path.to_owned(), map, dimension, count, generation })
    }

    fn part(&self, start: usize, length: usize) -> &[u8] {
        self.map.get(start..start + length).unwrap_or_default()
    }

    fn passages(&self) -> impl Iterator<Item = i64> {
        self.part(HEADER, self.count * 8)
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
    }

    fn scales(&self) -> impl Iterator<Item = f32> {
        self.part(HEADER + self.count * 8, self.count * 4)
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
    }

    fn codes(&self) -> std::slice::ChunksExact<'_, u8> {
        self.part(HEADER + self.count * 12, self.count * self.dimension)
            .chunks_exact(self.dimension)
    }
}

/// Over the header without the checksum itself and over all that follows.
fn checksum(header: &[u8], rest: &[u8]) -> Option<u32> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header.get(..CHECKSUM.start)?);
    hasher.update(header.get(CHECKSUM.end..)?);
    hasher.update(rest);
    Some(hasher.finalize())
}

/// The files of one embedder, as they were when it was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct VectorSet {
    files: Vec<Arc<VectorFile>>,
}

impl VectorSet {
    /// Opens all sound files of a folder; those of `earlier` are not opened again. A folder that is not there is empty.
    pub(crate) fn open(folder: &Path, earlier: &Self) -> Result<Self, StoreError> {
        let mut found: Option<Self> = None;
        // A writer may merge files between the listing and the opening: then the new listing has what is missing.
        for _ in 0..5 {
            let mut files = Vec::new();
            let mut is_whole = true;
            for path in file_paths(folder)? {
                if let Some(file) = earlier.files.iter().find(|file| file.path == path) {
                    files.push(Arc::clone(file));
                    continue;
                }
                match VectorFile::open(&path) {
                    Ok(file) => files.extend(file.map(Arc::new)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => is_whole = false,
                    Err(source) => return Err(StoreError::Io { path, source }),
                }
            }
            found = Some(Self { files });
            if is_whole {
                break;
            }
        }
        Ok(found.unwrap_or_default())
    }

    pub(crate) fn passages(&self) -> impl Iterator<Item = i64> {
        self.files.iter().flat_map(|file| file.passages())
    }

    /// The nearest of the allowed passages with their approximate scalar products, the best first. Ends early with what
    /// was found when cancelled.
    pub(crate) fn search(
        &self,
        question: &[f32],
        allowed: &PassageSet,
        wanted: usize,
        cancel: &CancellationToken,
    ) -> Vec<(i64, f32)> {
        let mut codes = Vec::with_capacity(question.len());
        let scale = quantize(question, &mut codes);
        let question =
            Question { codes: codes.iter().map(|code| code.cast_signed().into()).collect(), scale };
        // A passage can stand in two files after a merge that was cut short.
        let mut best = Best::new(wanted.saturating_mul(2));
        for file in self.files.iter().filter(|file| file.dimension == question.codes.len()) {
            if !offer_all(file, &question, allowed, &mut best, cancel) {
                return Vec::new();
            }
        }
        let mut hits = best.into_sorted();
        let mut seen = HashSet::with_capacity(hits.len());
        hits.retain(|(passage, _)| seen.insert(*passage));
        hits.truncate(wanted);
        hits
    }
}

/// A question's vector in bytes, wide enough to be multiplied.
struct Question {
    codes: Vec<i16>,
    scale: f32,
}

/// Offers the allowed passages of a file; false when cancelled.
///
/// With AVX2 it takes as long as the codes take to come from memory: wider instructions gain nothing. What every x86-64
/// has takes four times as long, so that programs built for any of them look for it when they run.
fn offer_all(
    file: &VectorFile,
    question: &Question,
    allowed: &PassageSet,
    best: &mut Best,
    cancel: &CancellationToken,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn with_avx2(
            file: &VectorFile,
            question: &Question,
            allowed: &PassageSet,
            best: &mut Best,
            cancel: &CancellationToken,
        ) -> bool {
            offer_each(file, question, allowed, best, cancel)
        }
        #[expect(unsafe_code, reason = "instructions that not every processor has")]
        // SAFETY: this one has them.
        return unsafe { with_avx2(file, question, allowed, best, cancel) };
    }
    offer_each(file, question, allowed, best, cancel)
}

#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processors that its caller is for"
)]
#[inline(always)]
fn offer_each(
    file: &VectorFile,
    question: &Question,
    allowed: &PassageSet,
    best: &mut Best,
    cancel: &CancellationToken,
) -> bool {
    let vectors = file.passages().zip(file.scales()).zip(file.codes());
    for (number, ((passage, scale), codes)) in vectors.enumerate() {
        if number % STRIDE == 0 && cancel.is_cancelled() {
            return false;
        }
        if allowed.contains(passage) {
            #[expect(clippy::cast_precision_loss, reason = "the score is an approximation")]
            let score = product(&question.codes, codes) as f32 * scale;
            best.offer(passage, score * question.scale);
        }
    }
    true
}

/// The scalar product of codes. Written so that the compiler turns it into multiply-and-add of pairs.
#[expect(
    clippy::inline_always,
    reason = "it is compiled for the processors that its caller is for"
)]
#[inline(always)]
fn product(question: &[i16], codes: &[u8]) -> i32 {
    question
        .iter()
        .zip(codes)
        .map(|(a, b)| i32::from(*a) * i32::from(i16::from(b.cast_signed())))
        .sum()
}

/// The writer's side of an embedder's folder.
#[derive(Debug)]
pub(crate) struct VectorWriter {
    folder: PathBuf,
    dimension: usize,
    set: VectorSet,
    waiting: Batch,
    next: u64,
}

impl VectorWriter {
    /// Opens a folder, or makes it, and throws away files that are damaged, of another dimension, or younger than the
    /// database: then an older copy of that was put back, whose passages may be others.
    pub(crate) fn open(
        folder: &Path,
        dimension: usize,
        generation: u64,
    ) -> Result<Self, StoreError> {
        make_way(folder)?;
        create_private_folder(folder)?;
        for entry in fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
            let path = entry.map_err(|source| io_error(folder, source))?.path();
            let is_aside = path.extension().is_some_and(|ending| ending == "new");
            if path.is_dir() && (is_aside || number_of(&path).is_some()) {
                // Nothing that docent made: it would stand in the way of a file.
                fs::remove_dir_all(&path).map_err(|source| io_error(&path, source))?;
            } else if is_aside {
                // What a writer that was killed had not renamed.
                remove(&path)?;
            }
        }
        let paths = file_paths(folder)?;
        let next =
            paths.iter().filter_map(|path| number_of(path)).max().map_or(1, |number| number + 1);
        let mut set = VectorSet::open(folder, &VectorSet::default())?;
        set.files.retain(|file| file.dimension == dimension && file.generation <= generation);
        for path in paths.iter().filter(|path| !set.files.iter().any(|file| file.path == **path)) {
            remove(path)?;
        }
        Ok(Self { folder: folder.to_owned(), dimension, set, waiting: Batch::default(), next })
    }

    pub(crate) fn set(&self) -> &VectorSet {
        &self.set
    }

    /// Takes a vector that is in the database; it is found after the next [`publish`](Self::publish).
    pub(crate) fn push(&mut self, passage: i64, vector: &[f32]) {
        self.waiting.push(passage, vector);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.passages.is_empty()
    }

    pub(crate) fn needs_merge(&self) -> bool {
        self.set.files.len() > MOST_FILES
    }

    /// Writes what waits.
    pub(crate) fn publish(&mut self, generation: u64) -> Result<(), StoreError> {
        if !self.is_idle() {
            let batch = std::mem::take(&mut self.waiting);
            let file = self.write(&batch, generation)?;
            self.set.files.push(Arc::new(file));
        }
        Ok(())
    }

    /// Makes one file of the small ones, without the passages that are not in `keep`. A file joins in when it is no larger
    /// than those before it together, so that a vector is copied a number of times that grows with the logarithm only.
    pub(crate) fn merge_small(
        &mut self,
        keep: &PassageSet,
        generation: u64,
    ) -> Result<(), StoreError> {
        self.set.files.sort_by_key(|file| file.count);
        let mut joined = 0;
        let mut vectors = 0;
        for file in &self.set.files {
            if joined >= 2 && file.count > vectors {
                break;
            }
            joined += 1;
            vectors += file.count;
        }
        self.merge(joined, keep, generation)
    }

    /// Makes one file of all, without the passages that are not in `keep`.
    pub(crate) fn merge_all(
        &mut self,
        keep: &PassageSet,
        generation: u64,
    ) -> Result<(), StoreError> {
        self.merge(self.set.files.len(), keep, generation)
    }

    fn merge(
        &mut self,
        joined: usize,
        keep: &PassageSet,
        generation: u64,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let mut seen = HashSet::new();
        for file in self.set.files.iter().take(joined) {
            batch.extend(file, keep, &mut seen);
        }
        let merged =
            if batch.passages.is_empty() { None } else { Some(self.write(&batch, generation)?) };
        for file in self.set.files.drain(..joined) {
            remove(&file.path)?;
        }
        self.set.files.extend(merged.map(Arc::new));
        Ok(())
    }

    fn write(&mut self, batch: &Batch, generation: u64) -> Result<VectorFile, StoreError> {
        let path = self.folder.join(format!("{}.vec", self.next));
        self.next += 1;
        let aside = path.with_extension("new");
        let failed = |source| io_error(&aside, source);

        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&u32::try_from(self.dimension).unwrap_or(u32::MAX).to_le_bytes());
        header.extend_from_slice(&(batch.passages.len() as u64).to_le_bytes());
        header.extend_from_slice(&generation.to_le_bytes());
        header.resize(HEADER, 0);
        let mut rest = Vec::with_capacity(batch.passages.len() * 12 + batch.codes.len());
        rest.extend(batch.passages.iter().flat_map(|passage| passage.to_le_bytes()));
        rest.extend(batch.scales.iter().flat_map(|scale| scale.to_le_bytes()));
        rest.extend_from_slice(&batch.codes);
        let sum = checksum(&header, &rest).unwrap_or_default();
        if let Some(place) = header.get_mut(CHECKSUM) {
            place.copy_from_slice(&sum.to_le_bytes());
        }

        let mut file = create_private(&aside)?;
        file.write_all(&header)
            .and_then(|()| file.write_all(&rest))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        drop(file);
        fs::rename(&aside, &path).map_err(failed)?;
        // The name must be on the disk as well before the files that this one replaces are removed.
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| io_error(&self.folder, source))?;
        VectorFile::open(&path)
            .and_then(|file| file.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)))
            .map_err(|source| io_error(&path, source))
    }
}

/// In ascending order of their numbers.
fn file_paths(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io_error(folder, source)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| io_error(folder, source))?.path();
        if number_of(&path).is_some() {
            paths.push(path);
        }
    }
    paths.sort_unstable_by_key(|path| number_of(path));
    Ok(paths)
}

fn number_of(path: &Path) -> Option<u64> {
    path.extension().filter(|ending| *ending == "vec")?;
    path.file_stem()?.to_str()?.parse().ok()
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path, error)),
        _ => Ok(()),
    }
}

fn io_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::best::better_first;

    /// Numbers without a pattern, the same every time.
    struct Noise(u64);

    impl Noise {
        /// About normal, with mean 0.
        fn next(&mut self) -> f32 {
            let mut sum = 0.0;
            for _ in 0..4 {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += f32::from(u16::try_from(self.0 >> 48).unwrap()) / 65_536.0 - 0.5;
            }
            sum
        }

        fn unit(&mut self, around: &[f32], spread: f32) -> Vec<f32> {
            let raw: Vec<f32> = around.iter().map(|center| center + spread * self.next()).collect();
            let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
            raw.iter().map(|value| value / length).collect()
        }
    }

    /// Vectors in clusters, as those of texts are.
    fn clustered(noise: &mut Noise, count: usize, dimension: usize) -> Vec<Vec<f32>> {
        let zero = vec![0.0; dimension];
        let centers: Vec<_> = (0..12).map(|_| noise.unit(&zero, 1.0)).collect();
        (0..count).map(|at| noise.unit(&centers[at % centers.len()], 0.08)).collect()
    }

    fn written(vectors: &[Vec<f32>]) -> (tempfile::TempDir, VectorWriter) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = VectorWriter::open(&folder.path().join("v"), vectors[0].len(), 1).unwrap();
        for (passage, vector) in (1..).zip(vectors) {
            writer.push(passage, vector);
        }
        writer.publish(1).unwrap();
        (folder, writer)
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn the_ten_best_are_those_of_the_exact_vectors(seed in any::<u64>(), dimension in 24_usize..400) {
            let mut noise = Noise(seed);
            let vectors = clustered(&mut noise, 1_500, dimension);
            let (_folder, writer) = written(&vectors);
            let every_other: PassageSet = (1..=1_500).step_by(2).collect();
            let mut found_of_best = 0;
            for asked in 0..10 {
                let question = noise.unit(&vectors[asked * 7], 0.05);
                let exact = |passage: i64| cosine(&question, &vectors[usize::try_from(passage - 1).unwrap()]);
                let near = writer.set().search(&question, &every_other, 100, &CancellationToken::new());
                let mut found: Vec<(i64, f32)> = near.iter().map(|(passage, _)| (*passage, exact(*passage))).collect();
                found.sort_by(better_first);
                let mut best: Vec<(i64, f32)> = (1..=1_500).step_by(2).map(|p| (p, exact(p))).collect();
                best.sort_by(better_first);
                found_of_best += found[..10].iter().filter(|hit| best[..10].contains(hit)).count();
            }
            prop_assert!(found_of_best >= 99, "{} of 100", found_of_best);
        }
    }

    #[test]
    fn a_cancelled_search_gives_nothing() {
        let (_folder, writer) = written(&clustered(&mut Noise(1), 20, 8));
        let cancel = CancellationToken::new();
        cancel.cancel();
        let all: PassageSet = (1..=20).collect();
        assert_eq!(writer.set().search(&[1.0; 8], &all, 5, &cancel), []);
    }

    #[test]
    fn vectors_that_are_no_numbers_break_nothing() {
        let (_folder, writer) = written(&[vec![f32::NAN; 8], vec![f32::INFINITY; 8], vec![0.0; 8]]);
        let all: PassageSet = (1..=3).collect();
        assert_eq!(writer.set().search(&[0.5; 8], &all, 5, &CancellationToken::new()).len(), 3);
    }

    #[test]
    fn files_younger_than_the_database_are_thrown_away() {
        let (folder, writer) = written(&clustered(&mut Noise(1), 20, 8));
        drop(writer);
        let writer = VectorWriter::open(&folder.path().join("v"), 8, 0).unwrap();
        assert_eq!(writer.set().passages().count(), 0);
    }
}
