//! Which passages are found for a question, and in which order?
//!
//! The index finds them by words and by the embedder's vector; where the user has a reranker, it puts the best of them in
//! order once more.

use std::path::{Path, PathBuf};

use docent_engine::embed::{Embed as _, EmbedError, FastEmbedder, RerankError, Reranker};
use docent_index::query::Query;
use docent_index::retrieve::{Found, Hit, Request, Search};
use docent_index::store::Snapshot;
use tokio_util::sync::CancellationToken;

use crate::answer::EVIDENCE;
use crate::error::Failure;
use crate::ingest::vector_id;
use crate::loading::cores;

/// How many of the best passages a reranker reads: on two cores a small one (22 million parameters) reads some 90 pairs a
/// second, and passages are to be there within .3 s.
const RERANKED: usize = 20;

/// What turns a question into ranked passages.
#[derive(Debug)]
pub struct Finder {
    pub embedder: FastEmbedder,
    reranker: Option<Reranker>,
}

impl Finder {
    /// With the reranker in the folder `reranker` of `home`, if there is one.
    pub fn open(embedder: FastEmbedder, home: &Path) -> Result<Self, RerankError> {
        let folder = home.join("reranker");
        let reranker = if folder.is_dir() { Some(Reranker::open(&folder, cores())?) } else { None };
        Ok(Self { embedder, reranker })
    }

    /// Finds the passages for a query, best first. `top` is how many.
    pub fn find(
        &mut self,
        snapshot: &Snapshot,
        query: &Query,
        scope: &[PathBuf],
        top: usize,
        cancel: &CancellationToken,
    ) -> Result<Found, Failure> {
        self.find_for(snapshot, Request { scope, ..Request::new(query, top) }, cancel)
    }

    /// As [`find`](Self::find), with all that can be said about what is wanted. What is pinned stands where it is read by an
    /// answerer.
    pub fn find_for(
        &mut self,
        snapshot: &Snapshot,
        request: Request<'_>,
        cancel: &CancellationToken,
    ) -> Result<Found, Failure> {
        let (query, top) = (request.query, request.top);
        let wanted = if self.reranker.is_some() { top.max(RERANKED) } else { top };
        let search = Search::prepare(snapshot, Request { top: wanted, ..request }, cancel)?;
        let vector = self.mean_of(&search.texts_to_embed())?;
        let id = vector_id(self.embedder.id());
        let mut found = search.run(vector.as_deref().map(|vector| (&id, vector)), cancel)?;
        let question = [query.question().as_str(), request.beside].join(" ").trim().to_owned();
        if let Some(reranker) = self.reranker.as_mut().filter(|_| !question.is_empty()) {
            rerank(&mut found, reranker, &question, cancel)?;
        }
        make_room(&mut found.hits, EVIDENCE.min(top));
        found.hits.truncate(top);
        Ok(found)
    }
}

impl Finder {
    /// The mean of what the embedder makes of some texts, of length 1; none of no text.
    fn mean_of(&mut self, texts: &[String]) -> Result<Option<Vec<f32>>, EmbedError> {
        let Some((first, others)) = texts.split_first() else { return Ok(None) };
        let mut sum = self.embedder.embed_query(first)?;
        for text in others {
            let more = self.embedder.embed_query(text)?;
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
        let length = sum.iter().map(|one| one * one).sum::<f32>().sqrt();
        if !others.is_empty() && length > 0.0 {
            for one in &mut sum {
                *one /= length;
            }
        }
        Ok(Some(sum))
    }
}

/// Puts what is pinned among the first `count` hits; the last of the others there go behind them.
fn make_room(hits: &mut Vec<Hit>, count: usize) {
    let mut behind = hits.split_off(count.min(hits.len()));
    let pinned: Vec<Hit> = behind.extract_if(.., |hit| hit.pinned).collect();
    let over = (hits.len() + pinned.len()).saturating_sub(count);
    for _ in 0..over {
        let Some(last) = hits.iter().rposition(|hit| !hit.pinned) else { break };
        behind.insert(0, hits.remove(last));
    }
    hits.extend(pinned);
    hits.append(&mut behind);
}

/// Gives the best hits the reranker's scores, and puts them in order by these. The others stay behind them.
fn rerank(
    found: &mut Found,
    reranker: &mut Reranker,
    question: &str,
    cancel: &CancellationToken,
) -> Result<(), Failure> {
    let read = RERANKED.min(found.hits.len());
    let (best, others) = found.hits.split_at_mut(read);
    let mut lowest = 1.0_f32;
    for hit in best {
        if cancel.is_cancelled() {
            return Err(Failure::interrupted());
        }
        // As it was embedded: a passage alone seldom says which document it belongs to.
        hit.score = reranker.score(question, &format!("{}\n{}", hit.context, hit.text))?;
        hit.reranked = Some(hit.score);
        lowest = lowest.min(hit.score);
    }
    for hit in others {
        hit.score *= lowest;
    }
    // What the question names stays before all others.
    let is_named = |hit: &Hit| found.named.contains(&hit.document);
    found.hits.sort_by(|left, right| {
        let by_name = is_named(right).cmp(&is_named(left));
        by_name.then_with(|| right.score.total_cmp(&left.score))
    });
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use docent_index::document::{ContentHash, DocumentId, PassageId};
    use docent_index::retrieve::Sentence;
    use docent_index::store::Place;

    use super::*;

    /// A passage that was found for its words.
    pub(crate) fn hit(number: i64, text: &str) -> Hit {
        let place = Place { folder: "/library".into(), file: format!("{number}.md").into() };
        Hit {
            passage: PassageId(number),
            document: DocumentId(number),
            content: ContentHash::of(text.as_bytes()),
            path: place.path(),
            place,
            also: Vec::new(),
            title: None,
            page: None,
            label: None,
            recognised: None,
            lines: Some((1, 1)),
            headings: Vec::new(),
            text: text.to_owned(),
            before: String::new(),
            after: String::new(),
            context: String::new(),
            sentences: vec![Sentence { span: 0..text.len(), score: 1.0 }],
            score: 1.0,
            words: None,
            vector: None,
            fused: None,
            reranked: None,
            pinned: false,
            indexed_at: 5,
        }
    }

    #[test]
    fn what_is_pinned_is_read_and_the_others_keep_their_order() {
        let check = |pinned: &[i64], expected: &[i64]| {
            let mut hits: Vec<Hit> = (1..=6)
                .map(|number| Hit { pinned: pinned.contains(&number), ..hit(number, "text") })
                .collect();
            make_room(&mut hits, 3);
            let order: Vec<i64> = hits.iter().map(|hit| hit.passage.0).collect();
            assert_eq!(order, expected);
        };
        check(&[], &[1, 2, 3, 4, 5, 6]);
        check(&[2], &[1, 2, 3, 4, 5, 6]);
        check(&[6], &[1, 2, 6, 3, 4, 5]);
        check(&[3, 5, 6], &[3, 5, 6, 1, 2, 4]);
        let mut few = vec![hit(1, "text")];
        make_room(&mut few, 3);
        assert_eq!(few.len(), 1);
    }
}
