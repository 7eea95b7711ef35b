//! `--models`: which models are on this machine, and whether they fit.

use std::path::PathBuf;

use docent_engine::catalog::{self, Found, FoundEmbedder, Header, Memory, Origin};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{Session, print, print_json};
use crate::error::{Failure, Outcome};
use crate::json::{self, SCHEMA};
use crate::models::{embedders, fit, free_memory, preferred, size};
use crate::plain;

/// What `--models --json` prints.
#[derive(Serialize)]
struct Listed {
    schema: u32,
    /// Bytes; null where the system does not tell.
    free_memory: Option<u64>,
    /// Tokens that prompt and answer may have together.
    context: u32,
    /// The name of the model that answers when none is asked for; null for quotes.
    default: Option<String>,
    models: Vec<Model>,
    /// Beside the one that comes with docent.
    embedders: Vec<Embedder>,
    /// Folders of models that this user may not look into.
    closed: Vec<Closed>,
}

#[derive(Serialize)]
struct Closed {
    origin: Origin,
    #[serde(serialize_with = "json::path")]
    path: PathBuf,
}

#[derive(Serialize)]
struct Embedder {
    /// What `--embedder` takes.
    name: String,
    origin: Origin,
    #[serde(serialize_with = "json::path")]
    path: PathBuf,
    bytes: u64,
    usable: bool,
    /// Why it can't be used.
    reason: Option<String>,
}

impl From<FoundEmbedder> for Embedder {
    fn from(found: FoundEmbedder) -> Self {
        let FoundEmbedder { name, whole_name: _, origin, folder, bytes, fault } = found;
        let reason = fault.map(|fault| fault.to_string());
        Self { name, origin, path: folder, bytes, usable: reason.is_none(), reason }
    }
}

#[derive(Serialize)]
struct Model {
    /// What `--model` takes.
    name: String,
    aliases: Vec<String>,
    origin: Origin,
    #[serde(serialize_with = "json::path")]
    path: PathBuf,
    /// How many files it consists of.
    files: usize,
    bytes: u64,
    architecture: Option<String>,
    parameters: Option<u64>,
    quantization: Option<String>,
    /// Tokens that it was trained to read at once.
    context_length: Option<u64>,
    has_template: bool,
    usable: bool,
    /// Why it can't be used.
    reason: Option<String>,
    needs: Option<Needs>,
    /// Bytes that are left of the free memory when it is loaded; below 0, what is missing.
    spare: Option<i64>,
}

/// Bytes of memory.
#[derive(Clone, Copy, Serialize)]
struct Needs {
    weights: u64,
    state: u64,
    working: u64,
    total: u64,
}

impl From<Memory> for Needs {
    fn from(memory: Memory) -> Self {
        let total = memory.total();
        let Memory { weights, state, working } = memory;
        Self { weights, state, working, total }
    }
}

pub(super) fn run(session: &Session<'_>) -> Result<Outcome, Failure> {
    let places = session.places()?;
    let embedders: Vec<Embedder> =
        embedders(&session.home()?, &places).into_iter().map(Embedder::from).collect();
    let closed: Vec<Closed> = catalog::closed(&places)
        .map(|place| Closed { origin: place.origin, path: place.folder.clone() })
        .collect();
    let found = catalog::list(&places, &session.cancel);
    let free = free_memory();
    let context = session.settings.running.context;
    let default = preferred(&found, context, free)
        .and_then(|index| found.get(index))
        .map(|model| model.name.clone());
    let models: Vec<Model> = found.into_iter().map(|found| model(found, context, free)).collect();
    if session.cli.json {
        print_json(&Listed {
            schema: SCHEMA,
            free_memory: free,
            context,
            default,
            models,
            embedders,
            closed,
        })?;
        return Ok(Outcome::Done);
    }
    print(&table(&models, free, default.as_deref()))?;
    for embedder in &embedders {
        let name = plain::line(&embedder.name);
        let told = embedder.reason.clone().unwrap_or_else(|| size(embedder.bytes));
        let origin = embedder.origin.name();
        print(&format!("  {name}   {origin}   embedder   {}\n", plain::line(&told)))?;
    }
    for place in &closed {
        session.note(&format!(
            "`{}` ({}) can't be looked into: only its owner, or a group that you are not in, may read it",
            super::shown(&place.path),
            place.origin.name()
        ));
    }
    let folder = session.home()?.join("models");
    session.note(&match (&default, free) {
        (Some(name), Some(free)) => format!(
            "{} of memory are free; `{name}` answers unless --model names another one, or `none`",
            size(free)
        ),
        (_, free) => {
            let free = free.map_or(String::new(), |free| {
                format!("{} of memory are free; ", size(free))
            });
            let none = if models.is_empty() { "no model was found: " } else { "" };
            format!(
                "{free}{none}answers are quotes unless --model names a model; GGUF files can be put into `{}`",
                super::shown(&folder)
            )
        }
    });
    Ok(Outcome::Done)
}

fn model(found: Found, context: u32, free: Option<u64>) -> Model {
    let Found { name, aliases, origin, path, bytes, header } = found;
    let (header, reason) = match header {
        Ok(header) => (Some(header), None),
        Err(fault) => (None, Some(fault.told())),
    };
    let needs = header.as_ref().map(|header| Needs::from(Memory::of(header, context)));
    let spare = needs.zip(free).map(|(needs, free)| {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        signed(free).saturating_sub(signed(needs.total))
    });
    let of = |read: fn(&Header) -> Option<String>| header.as_ref().and_then(read);
    Model {
        name,
        aliases,
        origin,
        path,
        files: header.as_ref().map_or(1, |header| header.parts.len()),
        bytes,
        architecture: of(|header| Some(header.architecture.clone())),
        parameters: header.as_ref().map(|header| header.parameters),
        quantization: of(|header| header.quantization.clone()),
        context_length: header.as_ref().and_then(|header| header.context_length),
        has_template: header.as_ref().is_some_and(|header| header.chat_template.is_some()),
        usable: reason.is_none(),
        reason,
        needs,
        spare,
    }
}

/// A line for each model; those that can't be used come last, with the reason below them.
fn table(models: &[Model], free: Option<u64>, default: Option<&str>) -> String {
    let (usable, broken): (Vec<&Model>, Vec<&Model>) =
        models.iter().partition(|model| model.usable);
    let rows: Vec<[String; 5]> = usable
        .iter()
        .map(|model| {
            let needs = model.needs.map_or(0, |needs| needs.total);
            [
                plain::line(&model.name).into_owned(),
                model.origin.name().to_owned(),
                model.quantization.clone().unwrap_or_default(),
                size(model.bytes),
                free.map_or_else(
                    || format!("needs {}", size(needs)),
                    |free| format!("needs {}: {}", size(needs), fit(needs, free)),
                ),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|text| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut lines = String::new();
    for (model, row) in usable.iter().zip(&rows) {
        lines.push_str(if default == Some(&*model.name) { "* " } else { "  " });
        for (index, (text, width)) in row.iter().zip(&widths).enumerate() {
            lines.push_str(text);
            if index + 1 < row.len() {
                lines.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width()) + 3));
            }
        }
        lines.push('\n');
    }
    for model in broken {
        let (name, origin) = (plain::line(&model.name), model.origin.name());
        let reason = model.reason.as_deref().unwrap_or_default();
        let reason = format!("`{}` {reason}", model.path.display());
        lines.push_str(
            &["  ", &name, "   ", origin, "\n      ", &plain::line(&reason), "\n"].concat(),
        );
    }
    lines
}
