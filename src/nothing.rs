//! What is said where a question has nothing to look in?
//!
//! A refusal would say that the documents were read. Where no passage is in scope, what narrowed it is named, or what
//! could not be read, with the reason that the list of problems has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use docent_index::query::{self, Query, Term};
use docent_index::retrieve::{self, Found, Request, RetrieveError};
use docent_index::store::{LocatedProblem, Snapshot, StoreError};
use tokio_util::sync::CancellationToken;

/// So many documents that could not be read are named, with their reasons.
const NAMED: usize = 2;

/// Why nothing is in the scope of a request, as a sentence; none where something is. `typed` is its query as it was typed.
pub(crate) fn why(
    snapshot: &Snapshot,
    request: &Request<'_>,
    typed: &str,
    found: &Found,
    cancel: &CancellationToken,
) -> Result<Option<String>, RetrieveError> {
    if !found.hits.is_empty() {
        return Ok(None);
    }
    if found.in_scope_passages > 0 {
        return Ok(not_word_for_word(request.query));
    }
    let is_left_out = !request.without.is_empty()
        && retrieve::in_scope(snapshot, &Request { without: &[], ..*request }, cancel)?.passages
            > 0;
    if is_left_out {
        return Ok(Some("All that is in scope is left out of this conversation.".to_owned()));
    }
    let unread = retrieve::unread(snapshot, request, cancel)?;
    if !unread.is_empty() {
        return Ok(Some(could_not_be_read(&unread, &snapshot.problems()?)));
    }
    if let Some(outside) = outside(snapshot, request.scope)? {
        let path = outside.display();
        return Ok(Some(format!(
            "`{path}` is not in the library: `docent --index {path}` adds it."
        )));
    }
    let filters = filters(typed);
    let told = match filters.as_slice() {
        [] => match request.scope.first() {
            Some(path) => format!("No document of the library lies in `{}`.", path.display()),
            None => "Nothing in the library has been read.".to_owned(),
        },
        [(_, Term::Path(way))] => format!("Nothing in the library lies at `{way}`."),
        [(filter, _)] => format!("No document matches `{filter}`."),
        several => {
            let mut alone = Vec::new();
            for (filter, term) in several {
                let query = Query { terms: vec![term.clone()] };
                let request = Request { scope: request.scope, ..Request::new(&query, 0) };
                if retrieve::in_scope(snapshot, &request, cancel)?.documents == 0 {
                    alone.push(format!("`{filter}`"));
                }
            }
            if alone.is_empty() {
                let all: Vec<String> =
                    several.iter().map(|(filter, _)| format!("`{filter}`")).collect();
                format!("No document matches {} together.", all.join(" and "))
            } else {
                format!("No document matches {}.", alone.join(" or "))
            }
        }
    };
    Ok(Some(told))
}

/// The filters of a query as they were typed.
fn filters(typed: &str) -> Vec<(&str, Term)> {
    query::pieces(typed)
        .filter_map(|piece| {
            let term = piece.term.ok().filter(Term::is_filter)?;
            Some((typed.get(piece.span)?, term))
        })
        .collect()
}

/// That nothing holds what must stand there word for word; none where nothing must.
fn not_word_for_word(query: &Query) -> Option<String> {
    let signs = |wanted: fn(&Term) -> bool| {
        let terms = query.terms.iter().filter(|term| wanted(term)).cloned();
        terms.map(|term| format!("`{}`", Query { terms: vec![term] })).collect::<Vec<_>>()
    };
    let phrases = signs(|term| matches!(term, Term::Phrase(_)));
    let without = signs(|term| matches!(term, Term::Without(_)));
    if phrases.is_empty() {
        return None;
    }
    let without = if without.is_empty() {
        String::new()
    } else {
        format!(", as {} asks", without.join(" and "))
    };
    Some(format!("No passage in scope holds {} word for word{without}.", phrases.join(" and ")))
}

fn could_not_be_read(unread: &BTreeSet<PathBuf>, problems: &[LocatedProblem]) -> String {
    if unread.len() > NAMED {
        return format!(
            "None of the {} documents in scope could be read: the list of problems has the reasons.",
            unread.len()
        );
    }
    let told = unread.iter().map(|path| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let problem = problems.iter().find(|located| located.path == *path);
        problem.map_or_else(
            || format!("`{name}`"),
            |located| {
                let kind = located.problem.kind;
                format!("`{name}` {} ({})", kind.reason(), kind.hint())
            },
        )
    });
    format!("Nothing in scope could be read: {}.", told.collect::<Vec<_>>().join("; "))
}

/// The first of some paths with which no folder of the library has anything to do, where that is true of all.
fn outside<'a>(snapshot: &Snapshot, scope: &'a [PathBuf]) -> Result<Option<&'a Path>, StoreError> {
    let folders = snapshot.folders()?;
    let is_inside = |path: &PathBuf| {
        folders.iter().any(|folder| path.starts_with(&folder.path) || folder.path.starts_with(path))
    };
    Ok(if scope.iter().any(is_inside) { None } else { scope.first().map(PathBuf::as_path) })
}
