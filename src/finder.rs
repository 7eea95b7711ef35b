//! Which passages are found for a question, and in which order?
//!
//! The index finds them by words and by the embedder's vector; where the user has a reranker, it puts the best of them in
//! order once more.

use std::path::{Path, PathBuf};

use docent_engine::embed::{Embed as _, FastEmbedder, RerankError, Reranker};
use docent_index::query::Query;
use docent_index::retrieve::{Found, Request, Search};
use docent_index::store::Snapshot;
use tokio_util::sync::CancellationToken;

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
        let wanted = if self.reranker.is_some() { top.max(RERANKED) } else { top };
        let search = Search::prepare(snapshot, Request { scope, ..Request::new(query, wanted) })?;
        let vector = match search.text_to_embed() {
            Some(text) => Some(self.embedder.embed_query(&text)?),
            None => None,
        };
        let id = vector_id(self.embedder.id());
        let mut found = search.run(vector.as_deref().map(|vector| (&id, vector)), cancel)?;
        let question = query.question();
        if let Some(reranker) = self.reranker.as_mut().filter(|_| !question.is_empty()) {
            rerank(&mut found, reranker, &question, cancel)?;
            found.hits.truncate(top);
        }
        Ok(found)
    }
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
        lowest = lowest.min(hit.score);
    }
    for hit in others {
        hit.score *= lowest;
    }
    found.hits.sort_by(|left, right| right.score.total_cmp(&left.score));
    Ok(())
}
