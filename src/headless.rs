//! What does docent do without its screen? One module for each flag that does work and exits.
//!
//! Data goes to standard output, everything else to standard error. All of them use the same `ingest` and `answer`.

mod ask;
mod eval;
mod export;
mod extract;
mod index;
mod keys;
mod library;
mod models;
mod progress;
mod search;
mod themes;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use docent_engine::catalog::Place;
use docent_engine::embed::{self, Embed as _};
use docent_index::store::{EmbedderId, Snapshot};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::{BUNDLED, Cli, Work};
use crate::error::{Failure, Outcome};
use crate::finder::Finder;
use crate::ingest::vector_id;
use crate::loading::{Embedders, cores};
use crate::models::{Chosen, named_embedder};
use crate::paths::{self, Environment};
use crate::seal::Seal;
use crate::settings::Settings;
use crate::state::model::Maker;
use crate::{fs, interrupt};

/// Does the work that the flags name.
pub fn run(
    work: Work<'_>,
    cli: &Cli,
    settings: &Settings,
    environment: &Environment,
    seal: &Seal,
) -> Result<Outcome, Failure> {
    let session = Session { cli, settings, environment, cancel: interrupt::token()? };
    if *seal != Seal::Sealed {
        session.note(&seal.to_string());
    }
    let done = match work {
        Work::Index(folders) => index::run(&session, folders),
        Work::Ask(question) => ask::run(&session, question),
        Work::Search(query) => search::run(&session, query),
        Work::Extract(file) => extract::run(&session, file),
        Work::Status => library::status(&session),
        Work::Problems => library::problems(&session),
        Work::Models => models::run(&session),
        Work::Themes => themes::run(&session),
        Work::Keys => keys::run(&session),
        Work::Eval(file) => eval::run(&session, file),
        Work::Export(which, file) => export::run(&session, which, file),
    };
    match done {
        // What was stopped fails in many ways; all of them are what the user wanted.
        Err(_) if session.cancel.is_cancelled() => Err(Failure::interrupted()),
        done => done,
    }
}

/// One run of the program.
struct Session<'a> {
    cli: &'a Cli,
    /// With what was typed laid over them.
    settings: &'a Settings,
    environment: &'a Environment,
    cancel: CancellationToken,
}

impl Session<'_> {
    fn home(&self) -> Result<PathBuf, Failure> {
        paths::home(self.cli.home.as_deref(), self.environment)
    }

    /// The library as it is now.
    fn snapshot(&self) -> Result<Snapshot, Failure> {
        Ok(Snapshot::open(&self.home()?)?)
    }

    /// Where models are looked for.
    fn places(&self) -> Result<Vec<Place>, Failure> {
        Ok(paths::model_places(&self.home()?, self.environment))
    }

    /// What finds passages, loaded.
    fn finder(&self) -> Result<Finder, Failure> {
        let embedders = self.embedders()?;
        let embedder = embedders.open_for_questions(embed::Settings::for_questions(cores()))?;
        if *embedder.id() != embedders.id()? {
            let chosen = self.chosen_embedder()?;
            let name = chosen.map_or_else(|| BUNDLED.to_owned(), |chosen| chosen.name);
            let other = if embedders.is_bundled(embedder.id()) {
                "docent's own embedder"
            } else {
                "the embedder before it"
            };
            self.note(&format!(
                "`{name}` has not made vectors of all passages yet (`docent --index --embedder {name}` does): \
                 {other} answers"
            ));
        }
        Ok(Finder::open(embedder, &self.home()?)?)
    }

    /// Which vectors answer.
    fn embedder_id(&self) -> Result<EmbedderId, Failure> {
        Ok(vector_id(&self.embedders()?.id()?))
    }

    /// What `--embedder`, or the settings file, names.
    fn chosen_embedder(&self) -> Result<Option<Chosen>, Failure> {
        let typed = self.settings.embedder.as_deref();
        named_embedder(typed, &self.home()?, &self.places()?).map_err(|failure| {
            if self.cli.names_embedder() {
                return failure;
            }
            failure
                .hint(format!("the settings file names it: --embedder {BUNDLED} goes before that"))
        })
    }

    /// The embedder that makes vectors.
    fn embedders(&self) -> Result<Embedders, Failure> {
        let maker = Maker::of(self.chosen_embedder()?.map(|chosen| chosen.path));
        let parts = paths::parts(self.environment)?;
        Ok(Embedders::new(parts, maker, self.home()?, self.places()?))
    }

    /// The scope with whole paths: what is typed may be relative.
    fn scope(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut scope = Vec::new();
        for path in &self.cli.scope {
            scope.push(fs::canonical(path)?);
            // The library holds what a link inside it leads to under the link's name.
            scope.extend(std::path::absolute(path));
        }
        Ok(scope)
    }

    /// Says something on standard error that is neither data nor an error.
    fn note(&self, text: &str) {
        if !self.cli.quiet {
            // Nobody is left to tell when standard error is gone.
            drop(writeln!(io::stderr().lock(), "{}", crate::plain::line(text)));
        }
    }
}

/// Prints data.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Prints data as one line of JSON.
fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&format!("{}\n", crate::plain::json(&serde_json::to_string(value)?)))
}

/// A path as a user reads it.
fn shown(path: &Path) -> String {
    crate::plain::line(&path.to_string_lossy()).into_owned()
}
