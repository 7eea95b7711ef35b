//! `--extract`: prints what docent reads in one file.

use std::collections::BTreeMap;
use std::path::Path;

use docent_index::document::{Block, BlockKind, Document, Page, ProblemKind, Rect};
use docent_index::extract::Format;
use serde::Serialize;

use super::{Session, print, print_json};
use crate::child::reader::Reader;
use crate::error::{Failure, Outcome};
use crate::json::{self, SCHEMA};
use crate::{fs, ingest, plain};

/// What `--extract --json` prints.
#[derive(Serialize)]
struct Extracted<'a> {
    schema: u32,
    #[serde(serialize_with = "json::path")]
    path: &'a Path,
    title: Option<&'a str>,
    language: Option<&'a str>,
    tags: &'a [String],
    date: Option<&'a str>,
    pages: Vec<ExtractedPage<'a>>,
    problems: Vec<ExtractedProblem>,
}

#[derive(Serialize)]
struct ExtractedPage<'a> {
    page: Option<u32>,
    label: Option<&'a str>,
    blocks: Vec<ExtractedBlock<'a>>,
}

#[derive(Serialize)]
struct ExtractedBlock<'a> {
    kind: &'static str,
    level: Option<u8>,
    heading: &'a [String],
    text: &'a str,
    /// First and last line in the source.
    lines: Option<(u32, u32)>,
    /// Left, top, right, bottom in points from the page's top left corner.
    r#box: Option<[f32; 4]>,
}

#[derive(Serialize)]
struct ExtractedProblem {
    kind: &'static str,
    page: Option<u32>,
    reason: &'static str,
    hint: &'static str,
}

pub(super) fn run(session: &Session<'_>, path: &Path) -> Result<Outcome, Failure> {
    let bytes = fs::read(path)?;
    let Some(format) = Format::of(path) else {
        return Err(Failure::new(format!(
            "`{}` {}",
            path.display(),
            ProblemKind::UnknownFormat.reason()
        ))
        .hint(ProblemKind::UnknownFormat.hint()));
    };
    let document = ingest::read_document(
        format,
        &bytes,
        &BTreeMap::new(),
        &mut Reader::default(),
        &session.cancel,
    )?;
    if session.cancel.is_cancelled() {
        return Ok(Outcome::Interrupted);
    }
    if session.cli.json {
        print_json(&extracted(path, &document))?;
    } else {
        let pages: Vec<_> =
            document.pages.iter().map(|page| plain::text(page.own_text())).collect();
        let text = pages.join("\n\u{c}");
        print(&text)?;
        if !text.is_empty() && !text.ends_with('\n') {
            print("\n")?;
        }
        for problem in &document.problems {
            let page = problem.page.map_or(String::new(), |page| format!(", page {page}"));
            session.note(&format!(
                "`{}`{page} {}: {}",
                path.display(),
                problem.kind.reason(),
                problem.kind.hint()
            ));
        }
    }
    Ok(if document.pages.iter().all(|page| page.text.is_empty()) {
        Outcome::Nothing
    } else {
        Outcome::Done
    })
}

fn extracted<'a>(path: &'a Path, document: &'a Document) -> Extracted<'a> {
    let head = &document.head;
    Extracted {
        schema: SCHEMA,
        path,
        title: head.title.as_deref(),
        language: head.language.as_deref(),
        tags: &head.tags,
        date: head.date.as_deref(),
        pages: document
            .pages
            .iter()
            .map(|page| ExtractedPage {
                page: head.paged.then_some(page.number),
                label: page.label.as_deref(),
                blocks: page.blocks.iter().map(|block| extracted_block(page, block)).collect(),
            })
            .collect(),
        problems: document
            .problems
            .iter()
            .map(|problem| ExtractedProblem {
                kind: problem.kind.name(),
                page: problem.page,
                reason: problem.kind.reason(),
                hint: problem.kind.hint(),
            })
            .collect(),
    }
}

fn extracted_block<'a>(page: &'a Page, block: &'a Block) -> ExtractedBlock<'a> {
    let (kind, level) = match block.kind {
        BlockKind::Heading { level } => ("heading", Some(level)),
        BlockKind::Paragraph => ("paragraph", None),
        BlockKind::ListItem => ("list_item", None),
        BlockKind::TableRow => ("table_row", None),
        BlockKind::Code => ("code", None),
        BlockKind::RunningHeader => ("running_header", None),
        BlockKind::RunningFooter => ("running_footer", None),
        BlockKind::FormField => ("form_field", None),
        BlockKind::Annotation => ("annotation", None),
    };
    ExtractedBlock {
        kind,
        level,
        heading: &block.headings,
        text: page.text.get(block.span.clone()).unwrap_or_default(),
        lines: page.source_lines(&block.span),
        r#box: block.bounds.map(|Rect { left, top, right, bottom }| [left, top, right, bottom]),
    }
}
