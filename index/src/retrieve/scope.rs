//! Which passages may a question find?
//!
//! Filters become a set of passages before anything is searched, and both searches look at nothing else.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::{Request, RetrieveError};
use crate::document::{DocumentId, PassageId};
use crate::extract::Format;
use crate::query::{Day, Term, format_of};
use crate::store::snapshot::FileRow;
use crate::store::vectors::PassageSet;
use crate::store::{Place, Snapshot, StoreError};

#[derive(Debug)]
pub(super) struct Scope<'a> {
    passages: Cow<'a, PassageSet>,
    /// With their documents.
    all: Cow<'a, [(i64, i64)]>,
    documents: usize,
    filter: Filter<'a>,
}

/// Everything that narrows a search down.
#[derive(Debug)]
struct Filter<'a> {
    scope: &'a [PathBuf],
    /// In lower case; one of each kind must fit.
    names: Vec<String>,
    directories: Vec<String>,
    paths: Vec<String>,
    types: Vec<&'a str>,
    more_types: Vec<&'a str>,
    /// All must fit.
    tags: Vec<&'a str>,
    since: Option<Day>,
    until: Option<Day>,
}

impl<'a> Filter<'a> {
    fn of(request: &Request<'a>) -> Self {
        let mut filter = Self {
            scope: request.scope,
            names: Vec::new(),
            directories: Vec::new(),
            paths: Vec::new(),
            types: Vec::new(),
            more_types: request.types.iter().map(String::as_str).collect(),
            tags: request.tags.iter().map(String::as_str).collect(),
            since: request.since,
            until: request.until,
        };
        for term in &request.query.terms {
            match term {
                Term::File(name) => filter.names.push(name.to_lowercase()),
                Term::Directory(names) => {
                    filter.directories.push(names.trim_matches('/').to_lowercase());
                }
                Term::Path(path) => {
                    filter.paths.push(path.trim_end_matches('/').to_lowercase());
                }
                Term::Type(name) => filter.types.push(name),
                Term::Tag(name) => filter.tags.push(name),
                Term::Since(day) => filter.since = filter.since.max(Some(*day)),
                Term::Until(day) => {
                    filter.until = Some(filter.until.map_or(*day, |until| until.min(*day)));
                }
                Term::Word(_) | Term::Phrase(_) | Term::Without(_) => {}
            }
        }
        filter
    }

    fn is_empty(&self) -> bool {
        self.scope.is_empty()
            && self.names.is_empty()
            && self.directories.is_empty()
            && self.paths.is_empty()
            && self.types.is_empty()
            && self.more_types.is_empty()
            && self.tags.is_empty()
            && self.since.is_none()
            && self.until.is_none()
    }

    fn fits_place(&self, place: &Place) -> bool {
        self.fits_scope(place)
            && self.fits_name(&place.file)
            && self.fits_directories(place)
            && self.fits_paths(place)
    }

    fn fits_scope(&self, place: &Place) -> bool {
        self.scope.is_empty() || {
            let path = place.path();
            self.scope.iter().any(|scope| path.starts_with(scope))
        }
    }

    fn fits_name(&self, file: &Path) -> bool {
        if self.names.is_empty() {
            return true;
        }
        let name =
            file.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        self.names.iter().any(|wanted| name.contains(wanted))
    }

    /// The watched folder's own name counts as the first on the way.
    fn fits_directories(&self, place: &Place) -> bool {
        if self.directories.is_empty() {
            return true;
        }
        let mut way = PathBuf::from(place.folder.file_name().unwrap_or_default());
        way.extend(place.file.parent());
        let way = format!("/{}/", way.to_string_lossy().to_lowercase());
        self.directories.iter().any(|wanted| way.contains(&format!("/{wanted}/")))
    }

    fn fits_paths(&self, place: &Place) -> bool {
        if self.paths.is_empty() {
            return true;
        }
        let way = place.way().to_string_lossy().to_lowercase();
        let path = place.path().to_string_lossy().to_lowercase();
        self.paths.iter().any(|wanted| {
            // The root is left empty without the slash at its end.
            let is_absolute = wanted.is_empty() || wanted.starts_with('/');
            let whole = if is_absolute { &path } else { &way };
            let rest = whole.strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn fits_type(&self, format: Option<&str>) -> bool {
        let fits = |wanted: &[&str]| {
            wanted.is_empty()
                || wanted.iter().any(|wanted| {
                    format_of(wanted).is_some_and(|wanted| Some(wanted.name()) == format)
                })
        };
        fits(&self.types) && fits(&self.more_types)
    }

    fn fits_day(&self, date: Option<&str>, modified_ns: i64) -> bool {
        if self.since.is_none() && self.until.is_none() {
            return true;
        }
        let day = date.and_then(Day::first_of).unwrap_or_else(|| Day::of_nanoseconds(modified_ns));
        self.since.is_none_or(|since| day >= since) && self.until.is_none_or(|until| day <= until)
    }

    fn tagged(&self, snapshot: &Snapshot) -> Result<Option<BTreeSet<i64>>, StoreError> {
        let mut tagged: Option<BTreeSet<i64>> = None;
        for tag in &self.tags {
            let documents = snapshot.tagged(tag)?;
            tagged = Some(match tagged {
                Some(earlier) => earlier.intersection(&documents).copied().collect(),
                None => documents,
            });
        }
        Ok(tagged)
    }

    fn documents(
        &self,
        snapshot: &Snapshot,
        cancel: &CancellationToken,
    ) -> Result<BTreeSet<i64>, RetrieveError> {
        let tagged = self.tagged(snapshot)?;
        let fits = |file: &&FileRow| {
            self.fits_type(Some(&file.format))
                && self.fits_day(file.date.as_deref(), file.modified_ns)
                && tagged.as_ref().is_none_or(|tagged| tagged.contains(&file.document))
                && self.fits_scope(&file.place)
                && self.fits_name(&file.place.file)
                && self.fits_paths(&file.place)
        };
        let mut documents = BTreeSet::new();
        // Files of a directory stand together: it is looked at once.
        for files in snapshot.files()?.chunk_by(|one, other| is_beside(&one.place, &other.place)) {
            if cancel.is_cancelled() {
                return Err(RetrieveError::Cancelled);
            }
            if files.first().is_some_and(|file| self.fits_directories(&file.place)) {
                documents.extend(files.iter().filter(fits).map(|file| file.document));
            }
        }
        Ok(documents)
    }
}

/// Whether two files lie in the same directory.
fn is_beside(one: &Place, other: &Place) -> bool {
    let [one_above, other_above] = [one, other].map(|place| place.file.parent());
    one.folder.as_os_str() == other.folder.as_os_str()
        && one_above.map(Path::as_os_str) == other_above.map(Path::as_os_str)
}

impl<'a> Scope<'a> {
    pub(super) fn of(
        snapshot: &'a Snapshot,
        request: &Request<'a>,
        cancel: &CancellationToken,
    ) -> Result<Self, RetrieveError> {
        let filter = Filter::of(request);
        let everything = snapshot.all_passages();
        if filter.is_empty() {
            let whole = Self {
                passages: Cow::Borrowed(&everything.set),
                all: Cow::Borrowed(&everything.all),
                documents: everything.documents,
                filter,
            };
            return Ok(whole.without(request.without));
        }
        let documents = filter.documents(snapshot, cancel)?;
        // Passages of a document stand together: it is looked up once.
        let all: Vec<(i64, i64)> = everything
            .all
            .chunk_by(|(_, one), (_, other)| one == other)
            .filter(|passages| {
                passages.first().is_some_and(|(_, document)| documents.contains(document))
            })
            .flatten()
            .copied()
            .collect();
        let with_passages: BTreeSet<i64> = all.iter().map(|(_, document)| *document).collect();
        let scope = Self {
            passages: Cow::Owned(all.iter().map(|(passage, _)| *passage).collect()),
            all: Cow::Owned(all),
            documents: with_passages.len(),
            filter,
        };
        Ok(scope.without(request.without))
    }

    /// The same scope without some passages.
    fn without(self, passages: &[PassageId]) -> Self {
        if passages.is_empty() {
            return self;
        }
        let is_left = |passage: i64| !passages.contains(&PassageId(passage));
        let all: Vec<(i64, i64)> =
            self.all.iter().filter(|(passage, _)| is_left(*passage)).copied().collect();
        let documents = all.chunk_by(|(_, one), (_, other)| one == other).count();
        Self {
            passages: Cow::Owned(all.iter().map(|(passage, _)| *passage).collect()),
            all: Cow::Owned(all),
            documents,
            filter: self.filter,
        }
    }

    pub(super) fn passages(&self) -> &PassageSet {
        &self.passages
    }

    pub(super) fn documents(&self) -> usize {
        self.documents
    }

    /// The document of a passage in scope.
    pub(super) fn document_of(&self, passage: i64) -> Option<DocumentId> {
        self.all
            .iter()
            .find(|(other, _)| *other == passage)
            .map(|(_, document)| DocumentId(*document))
    }

    /// The passages in scope of some documents.
    pub(super) fn passages_of(&self, documents: &HashSet<i64>) -> PassageSet {
        self.all
            .iter()
            .filter(|(_, document)| documents.contains(document))
            .map(|(passage, _)| *passage)
            .collect()
    }

    /// The same apart, of those documents that have some.
    pub(super) fn passages_by_document(&self, documents: &HashSet<i64>) -> HashMap<i64, Vec<i64>> {
        let mut passages: HashMap<i64, Vec<i64>> = HashMap::new();
        if documents.is_empty() {
            return passages;
        }
        for beside in self.all.chunk_by(|(_, one), (_, other)| one == other) {
            let document = beside.first().map(|(_, document)| *document);
            if let Some(document) = document.filter(|document| documents.contains(document)) {
                passages.entry(document).or_default().extend(beside.iter().map(|one| one.0));
            }
        }
        passages
    }

    /// The first passages in the order in which they were read.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = i64> {
        let mut passages: Vec<i64> = self.all.iter().map(|(passage, _)| *passage).collect();
        passages.sort_unstable();
        passages.into_iter().take(count)
    }

    /// Whether a place of a document that is in scope is so itself.
    pub(super) fn holds(&self, place: &Place) -> bool {
        self.filter.fits_place(place)
    }

    /// How many files in scope could not be read. Of a file that was never opened no tag and no date is known.
    pub(super) fn unread(
        &self,
        snapshot: &Snapshot,
        cancel: &CancellationToken,
    ) -> Result<usize, RetrieveError> {
        let places = snapshot
            .unread_places()?
            .iter()
            .filter(|place| {
                self.filter.fits_place(place)
                    && self.filter.fits_type(Format::of(&place.file).map(Format::name))
            })
            .count();
        let unread = snapshot.unread_documents()?;
        if unread.is_empty() {
            return Ok(places);
        }
        let documents = self.filter.documents(snapshot, cancel)?;
        Ok(places + unread.intersection(&documents).count())
    }

    /// The paths of those, in order.
    pub(super) fn unread_paths(
        &self,
        snapshot: &Snapshot,
        cancel: &CancellationToken,
    ) -> Result<BTreeSet<PathBuf>, RetrieveError> {
        let places = snapshot.unread_places()?;
        let places = places.iter().filter(|place| {
            self.filter.fits_place(place)
                && self.filter.fits_type(Format::of(&place.file).map(Format::name))
        });
        let mut paths: BTreeSet<PathBuf> = places.map(Place::path).collect();
        let documents = self.filter.documents(snapshot, cancel)?;
        for document in snapshot.unread_documents()?.intersection(&documents) {
            let document = snapshot.document(DocumentId(*document))?;
            let places = document.map(|document| document.places).unwrap_or_default();
            paths.extend(places.iter().find(|place| self.holds(place)).map(Place::path));
        }
        Ok(paths)
    }
}
