//! What can a question be limited to, and how much is left then?

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use docent_index::query::{self, Query, Term};
use docent_index::retrieve::{self, Request};
use docent_index::store::{Snapshot, StoreError};

use crate::state::message::Place;
use crate::state::question::InScope;

/// The folders of the library, then its files, in the order of their names.
pub(super) fn places(snapshot: &Snapshot) -> Result<Vec<Place>, StoreError> {
    let mut watched: HashMap<&OsStr, HashSet<&Path>> = HashMap::new();
    for place in snapshot.places()? {
        let name = place.folder.file_name().unwrap_or_default();
        watched.entry(name).or_default().insert(&place.folder);
    }
    let mut folders: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for place in snapshot.places()? {
        // Of folders that have one name, each is told by its whole path.
        let name = place.folder.file_name().unwrap_or_default();
        let is_alone = !name.is_empty() && watched.get(name).is_some_and(|all| all.len() == 1);
        let way = if is_alone { place.way() } else { place.path() };
        let depth = place.file.components().count();
        for folder in way.ancestors().skip(1).take(depth) {
            *folders.entry(folder.to_owned()).or_default() += 1;
        }
        files.push(way);
    }
    files.sort_unstable();
    let folders = folders.iter().map(|(way, documents)| listed(way, Some(*documents)));
    let files = files.iter().map(|way| listed(way, None));
    Ok(folders.chain(files).filter(can_be_written).collect())
}

fn listed(way: &Path, documents: Option<u64>) -> Place {
    Place { way: way.to_string_lossy().into_owned(), documents }
}

/// Whether the query language has a way to write it: not a quotation mark together with a space.
fn can_be_written(place: &Place) -> bool {
    let term = Term::Path(place.way.clone());
    let written = Query { terms: vec![term.clone()] }.to_string();
    query::pieces(&written).map(|piece| piece.term).eq([Ok(term)])
}

/// What `filters` leave.
pub(super) fn count(snapshot: &Snapshot, filters: String) -> Result<InScope, StoreError> {
    let terms = query::pieces(&filters).filter_map(|piece| piece.term.ok()).collect();
    let query = Query { terms };
    let left = retrieve::in_scope(snapshot, &Request::new(&query, 0))?;
    Ok(InScope { filters, documents: left.documents as u64, passages: left.passages as u64 })
}
