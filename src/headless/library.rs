//! `--status` and `--problems`: what the library holds, and what could not be read.

use std::path::PathBuf;

use docent_index::store::{Counts, Folder, LocatedProblem};
use serde::Serialize;

use super::{Session, print, print_json, shown};
use crate::error::{Failure, Outcome};
use crate::json::{self, SCHEMA};
use crate::plain;

/// What `--status --json` prints.
#[derive(Serialize)]
struct Status {
    schema: u32,
    #[serde(serialize_with = "json::path")]
    home: PathBuf,
    folders: Vec<String>,
    files: u64,
    documents: u64,
    pages: u64,
    passages: u64,
    /// Passages that have a vector.
    embedded: u64,
    problems: u64,
}

/// What `--problems --json` prints.
#[derive(Serialize)]
struct Problems {
    schema: u32,
    problems: Vec<ListedProblem>,
}

#[derive(Serialize)]
struct ListedProblem {
    #[serde(serialize_with = "json::path")]
    path: PathBuf,
    #[serde(serialize_with = "json::path")]
    folder: PathBuf,
    #[serde(serialize_with = "json::path")]
    file: PathBuf,
    page: Option<u32>,
    kind: &'static str,
    reason: &'static str,
    hint: &'static str,
}

pub(super) fn status(session: &Session<'_>) -> Result<Outcome, Failure> {
    let snapshot = session.snapshot()?;
    let folders: Vec<String> = snapshot
        .folders()?
        .iter()
        .map(|folder| folder.path.to_string_lossy().into_owned())
        .collect();
    let Counts { folders: _, files, documents, pages, passages, embedded, problems } =
        snapshot.counts(Some(&session.embedder_id()?))?;
    let home = session.home()?;
    if session.cli.json {
        print_json(&Status {
            schema: SCHEMA,
            home,
            folders,
            files,
            documents,
            pages,
            passages,
            embedded,
            problems,
        })?;
    } else {
        let mut lines = vec![format!("home       {}", shown(&home))];
        lines.extend(folders.iter().map(|folder| format!("folder     {}", plain::line(folder))));
        lines.push(format!("documents  {documents} in {files} files, {pages} pages"));
        lines.push(format!("passages   {passages}, {embedded} of them embedded"));
        lines.push(format!("problems   {problems}\n"));
        print(&lines.join("\n"))?;
    }
    Ok(Outcome::Done)
}

pub(super) fn problems(session: &Session<'_>) -> Result<Outcome, Failure> {
    let snapshot = session.snapshot()?;
    let folders = snapshot.folders()?;
    let problems: Vec<ListedProblem> =
        snapshot.problems()?.into_iter().map(|problem| listed(problem, &folders)).collect();
    if session.cli.json {
        print_json(&Problems { schema: SCHEMA, problems })?;
    } else {
        for problem in &problems {
            let page = problem.page.map_or(String::new(), |page| format!(", page {page}"));
            print(&format!(
                "{}{page} {}\n    {}\n",
                shown(&problem.path),
                problem.reason,
                problem.hint
            ))?;
        }
        if problems.is_empty() {
            session.note("everything in the library could be read");
        }
    }
    Ok(Outcome::Done)
}

fn listed(located: LocatedProblem, folders: &[Folder]) -> ListedProblem {
    let folder = folders
        .iter()
        .map(|folder| &folder.path)
        .filter(|folder| located.path.starts_with(folder))
        .max_by_key(|folder| folder.as_os_str().len())
        .cloned()
        .unwrap_or_default();
    ListedProblem {
        file: located
            .path
            .strip_prefix(&folder)
            .map_or_else(|_| located.path.clone(), PathBuf::from),
        path: located.path,
        folder,
        page: located.problem.page,
        kind: located.problem.kind.name(),
        reason: located.problem.kind.reason(),
        hint: located.problem.kind.hint(),
    }
}
