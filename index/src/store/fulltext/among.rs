//! Which of few passages hold the words of a question?
//!
//! The usual search skips what can't be among the best any more. A narrow filter keeps it from knowing that early, so that
//! it scores most of the library for nothing. Here each word is looked up at the passages that the filter lets through.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::query::Bm25Weight;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet as _, Score, Searcher, SegmentReader, Term};

use super::super::vectors::PassageSet;
use crate::best::Best;

/// The filter is narrow when it lets one passage in so many through, or fewer.
const NARROW: usize = 8;

pub(super) fn is_narrow(searcher: &Searcher, allowed: &PassageSet) -> bool {
    (allowed.len() as u64).saturating_mul(NARROW as u64) <= searcher.num_docs()
}

/// A word in a field: its forms, of which the best one counts, and its weight.
pub(super) type Word = (Vec<Term>, Score);

/// The best of the allowed passages with their scores, which are those that a query for any of the words gives.
pub(super) fn best_among(
    searcher: &Searcher,
    words: &[Word],
    allowed: &PassageSet,
    count: usize,
) -> tantivy::Result<Vec<(i64, f32)>> {
    let mut best = Best::new(count);
    for segment in searcher.segment_readers() {
        let passages = segment.fast_fields().u64("passage")?;
        let mut places = words
            .iter()
            .map(|(forms, weight)| Place::all(searcher, segment, forms, *weight))
            .collect::<tantivy::Result<Vec<_>>>()?;
        places.retain(|forms| !forms.is_empty());
        if places.is_empty() {
            continue;
        }
        for entry in segment.doc_ids_alive() {
            let passage = passages.first(entry).unwrap_or_default().cast_signed();
            if !allowed.contains(passage) {
                continue;
            }
            let score: Score = places
                .iter_mut()
                .map(|forms| forms.iter_mut().map(|form| form.score(entry)).fold(0.0, Score::max))
                .sum();
            if score > 0.0 {
                best.offer(passage, score);
            }
        }
    }
    Ok(best.into_sorted())
}

/// Where a form stands in a segment, read from the first entry to the last.
struct Place {
    postings: SegmentPostings,
    lengths: FieldNormReader,
    weight: Bm25Weight,
}

impl Place {
    /// Those of the forms that the segment has.
    fn all(
        searcher: &Searcher,
        segment: &SegmentReader,
        forms: &[Term],
        weight: Score,
    ) -> tantivy::Result<Vec<Self>> {
        let mut places = Vec::new();
        for form in forms {
            let index = segment.inverted_index(form.field())?;
            let found = index.read_postings(form, IndexRecordOption::WithFreqs)?;
            if let Some(postings) = found {
                let statistics = Bm25Weight::for_terms(searcher, std::slice::from_ref(form))?;
                places.push(Self {
                    postings,
                    lengths: segment.get_fieldnorms_reader(form.field())?,
                    weight: statistics.boost_by(weight),
                });
            }
        }
        Ok(places)
    }

    /// 0 where it does not stand. Entries are asked for in ascending order.
    fn score(&mut self, entry: DocId) -> Score {
        if self.postings.doc() < entry {
            self.postings.seek(entry);
        }
        if self.postings.doc() == entry {
            self.weight.score(self.lengths.fieldnorm_id(entry), self.postings.term_freq())
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Store;
    use super::super::super::vectors::PassageSet;
    use super::super::{FulltextReader, Wanted};
    use crate::document::{ContentHash, Document, Fingerprint, Passage};
    use crate::extract::Format;
    use crate::scan::Versions;
    use crate::store::{Home, Reading};

    fn passage(number: usize) -> Passage {
        let text = format!("the pump {} of hall {}", ["leaks", "rests"][number % 2], number % 7);
        Passage {
            page: 1,
            span: 0..text.len(),
            lines: Some((1, 1)),
            headings: Vec::new(),
            sentences: vec![],
            context: "Log".repeat(number % 3),
            text,
        }
    }

    #[test]
    fn a_narrow_filter_leaves_the_same_hits_with_the_same_scores() {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        let folder = store.add_folder(std::path::Path::new("/library")).unwrap();
        // Two commits make two segments.
        for document in 0..2 {
            let passages: Vec<Passage> = (0..150).map(|at| passage(at + document)).collect();
            let reading = Reading {
                content: ContentHash::of(&[u8::try_from(document).unwrap()]),
                format: Format::Text,
                versions: Versions { extractor: 1, splitter: 1 },
                document: &Document::default(),
                passages: &passages,
                indexed_at: 1,
            };
            let stored = store.put_document(&reading).unwrap();
            let name = format!("hall {document}.txt");
            let fingerprint = Fingerprint { size: 1, modified_ns: 1, inode: 1 };
            store.put_file(folder, name.as_ref(), stored, &fingerprint, 2).unwrap();
            store.publish().unwrap();
        }
        let reader = FulltextReader::open(&Home(home.path()).fulltext()).unwrap();
        let forms = |forms: &[&str]| forms.iter().map(|form| (*form).to_owned()).collect();
        let wanted = Wanted {
            words: vec![
                (forms(&["pump"]), 1.0),
                (forms(&["leak", "rests", "rest"]), 1.0),
                (forms(&["hall"]), 0.5),
                (forms(&["3"]), 1.0),
                (forms(&["absent"]), 1.0),
            ],
            name_weight: 0.2,
            ..Wanted::default()
        };
        let allowed: PassageSet = (1..=300).step_by(10).collect();
        assert!(super::is_narrow(&reader.searcher, &allowed));
        let narrow = reader.search(&wanted, &allowed, 300).unwrap();
        let wide: Vec<(i64, f32)> = reader
            .search(&wanted, &(1..=300).collect(), 300)
            .unwrap()
            .into_iter()
            .filter(|(passage, _)| allowed.contains(*passage))
            .collect();
        assert_eq!(narrow.len(), allowed.len());
        let by_passage = |mut hits: Vec<(i64, f32)>| {
            hits.sort_by_key(|hit| hit.0);
            hits
        };
        for (narrow, wide) in by_passage(narrow).iter().zip(&by_passage(wide)) {
            assert!(narrow.0 == wide.0 && (narrow.1 - wide.1).abs() < 1e-4, "{narrow:?} {wide:?}");
        }
    }
}
