//! What can be typed after `docent`? Flags as data, no I/O.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{ArgGroup, Parser, ValueEnum};

use crate::loading::Running;
use crate::settings::Settings;
use crate::state::look::ThemeChoice;

/// What `--model` is given to answer with quotes.
pub const NO_MODEL: &str = "none";

/// What `--embedder` is given for the one that comes with docent.
pub const BUNDLED: &str = "bundled";

/// What is no talk.
const OTHER_WORK: [&str; 10] = [
    "folders", "index", "search", "extract", "status", "problems", "models", "themes", "keys",
    "eval",
];

/// Answers questions from your documents, with the page each answer stands on. Nothing leaves this machine.
#[derive(Clone, Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed by itself")]
#[command(name = "docent", version, groups = [ArgGroup::new("work"), ArgGroup::new("answers").multiple(true), ArgGroup::new("talk").multiple(true)])]
pub struct Cli {
    /// Open the screen; folders that are named join the library
    #[arg(value_name = "FOLDER", conflicts_with = "work")]
    pub folders: Vec<PathBuf>,

    /// Bring the index up to date; folders that are named join the library
    #[arg(long, value_name = "FOLDER", num_args = 0.., group = "work")]
    pub index: Option<Vec<PathBuf>>,

    /// With --index: then follow changes until it is stopped
    #[arg(long, requires = "index")]
    pub watch: bool,

    /// Answer a question with numbered sources; `-` reads questions from standard input, one a line
    #[arg(long, value_name = "QUESTION", groups = ["work", "answers", "talk"], allow_hyphen_values = true)]
    pub ask: Option<String>,

    /// Print the passages that fit best, without an answer
    #[arg(long, value_name = "QUERY", group = "work", allow_hyphen_values = true)]
    pub search: Option<String>,

    /// Print what docent reads in a file: its text, a form feed between pages
    #[arg(long, value_name = "FILE", group = "work")]
    pub extract: Option<PathBuf>,

    /// Print what the library holds
    #[arg(long, group = "work")]
    pub status: bool,

    /// Print what could not be read, and why
    #[arg(long, group = "work")]
    pub problems: bool,

    /// Print the models that are on this machine, and whether they fit into its memory
    #[arg(long, group = "work")]
    pub models: bool,

    /// Print the themes that the screen can be drawn in
    #[arg(long, group = "work")]
    pub themes: bool,

    /// Print the keys of the screen as they are set now
    #[arg(long, group = "work")]
    pub keys: bool,

    /// Answer a file of questions with known answers and print how well
    #[arg(long, value_name = "FILE", group = "work")]
    pub eval: Option<PathBuf>,

    /// With --eval: write one line of JSON a question to this file
    #[arg(long, value_name = "OUT", requires = "eval")]
    pub results: Option<PathBuf>,

    /// With --ask or --conversation: write the cited answers to this file; its ending, .md or .json, chooses the form
    #[arg(long, value_name = "FILE", requires = "answers", group = "talk")]
    pub export: Option<PathBuf>,

    /// With --ask: the conversation that goes on; with --export alone: the one that is written; `last` for the one with the
    /// latest question
    #[arg(long, value_name = "ID|last", requires = "talk", group = "answers", conflicts_with_all = OTHER_WORK)]
    pub conversation: Option<Which>,

    /// What writes answers: a model that --models lists, by as much of its name as no other has, or a GGUF file; `none`
    /// quotes the documents word for word [default: the largest of these models that runs well here]
    #[arg(long, value_name = "NAME|PATH|none")]
    model: Option<String>,

    /// What makes vectors instead of the embedder that comes with docent: one that --models lists, by as much of its name
    /// as no other has, or a folder with an ONNX model and its tokenizer; `bundled` for docent's own [default: bundled]
    #[arg(long, value_name = "NAME|PATH|bundled")]
    embedder: Option<String>,

    /// Tokens that a model's prompt and answer may have together [default: 8192]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(512..=1_048_576))]
    context: Option<u32>,

    /// Where a model's chance begins: the same number repeats an answer [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    seed: Option<u32>,

    /// How freely a model chooses its words, 0 to 2: 0 takes the likeliest always [default: 0.2]
    #[arg(long, value_name = "T", value_parser = temperature)]
    temperature: Option<f32>,

    /// Threads that a model computes with; otherwise as many as there are cores, and one for a tiny model
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,

    /// Layers of a model that run on a graphics card, where docent was built for it [default: 0]
    #[arg(long, value_name = "N")]
    gpu_layers: Option<u32>,

    /// Look only in this folder or file (may be given several times)
    #[arg(long, value_name = "PATH")]
    pub scope: Vec<PathBuf>,

    /// How many passages to find
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: u16,

    /// How the screen looks: a theme that --themes lists, or `auto`, which follows the terminal's background
    #[arg(long, value_name = "NAME", conflicts_with = "work")]
    theme: Option<String>,

    /// The folder that holds everything docent keeps
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,

    /// Leave pages that are only pictures unread, also where Tesseract is installed
    #[arg(long)]
    no_ocr: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Print no progress and no notes
    #[arg(long)]
    pub quiet: bool,

    /// What this process does for another docent
    #[arg(long, hide = true, value_name = "ROLE")]
    pub child: Option<Role>,

    /// Give up rights as this program does, or its child when one is named, and print what is refused then
    #[arg(long, hide = true, value_name = "FILE", num_args = 0..=1)]
    pub probe: Option<Option<PathBuf>>,
}

/// What is done without the screen.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    Index(&'a [PathBuf]),
    Ask(&'a str),
    Search(&'a str),
    Extract(&'a Path),
    Status,
    Problems,
    Models,
    Themes,
    Keys,
    Eval(&'a Path),
    /// A conversation to this file.
    Export(Which, &'a Path),
}

impl Cli {
    /// What is asked for; none wants the screen.
    pub fn work(&self) -> Option<Work<'_>> {
        None.or(self.index.as_deref().map(Work::Index))
            .or(self.ask.as_deref().map(Work::Ask))
            .or(self.search.as_deref().map(Work::Search))
            .or(self.extract.as_deref().map(Work::Extract))
            .or(self.status.then_some(Work::Status))
            .or(self.problems.then_some(Work::Problems))
            .or(self.models.then_some(Work::Models))
            .or(self.themes.then_some(Work::Themes))
            .or(self.keys.then_some(Work::Keys))
            .or(self.eval.as_deref().map(Work::Eval))
            .or(self
                .conversation
                .zip(self.export.as_deref())
                .map(|(which, file)| Work::Export(which, file)))
    }

    /// Whether a model was named here.
    pub fn names_model(&self) -> bool {
        self.model.is_some()
    }

    /// Whether an embedder was named here.
    pub fn names_embedder(&self) -> bool {
        self.embedder.is_some()
    }

    /// The settings with what was typed laid over them.
    pub fn over(&self, settings: Settings) -> Settings {
        let running = Running {
            context: self.context.unwrap_or(settings.running.context),
            threads: self.threads.or(settings.running.threads),
            gpu_layers: self.gpu_layers.unwrap_or(settings.running.gpu_layers),
            seed: self.seed.unwrap_or(settings.running.seed),
            temperature: self.temperature.unwrap_or(settings.running.temperature),
        };
        Settings {
            running,
            model: self.model.clone().or(settings.model),
            embedder: self.embedder.clone().or(settings.embedder),
            theme: self.theme.as_deref().map_or(settings.theme, ThemeChoice::named),
            ocr: settings.ocr && !self.no_ocr,
            ..settings
        }
    }
}

/// What is to write answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelChoice<'a> {
    /// Nothing was said: what suits this machine.
    Any,
    /// Quotes.
    None,
    /// A path, a name, or a part of one.
    Named(&'a str),
}

impl<'a> ModelChoice<'a> {
    /// What the name of a model, or that of none, says.
    pub fn of(name: Option<&'a str>) -> Self {
        match name {
            None => Self::Any,
            Some(NO_MODEL) => Self::None,
            Some(typed) => Self::Named(typed),
        }
    }
}

fn temperature(typed: &str) -> Result<f32, &'static str> {
    let number: Option<f32> = typed.parse().ok();
    number.filter(|number| (0.0..=2.0).contains(number)).ok_or("give a number from 0 to 2")
}

/// One of the conversations that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Last,
    Number(i64),
}

impl FromStr for Which {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        if typed == "last" {
            return Ok(Self::Last);
        }
        let number = typed.parse().ok().map(Self::Number);
        number.ok_or("give a conversation's number, or `last`")
    }
}

/// The work of a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Reads documents.
    Reader,
    /// Runs a model.
    Model,
    /// Becomes the OCR program.
    Recogniser,
    /// Opens files in the user's programs.
    Opener,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_work_at_a_time() {
        assert!(Cli::try_parse_from(["docent", "--status", "--problems"]).is_err());
        assert!(Cli::try_parse_from(["docent", "--export", "a.md"]).is_err());
        assert!(Cli::try_parse_from(["docent", "--watch"]).is_err());
        assert!(Cli::try_parse_from(["docent", "--index", "notes", "--watch"]).is_ok());
        assert!(Cli::try_parse_from(["docent", "notes", "--status"]).is_err());
        assert!(Cli::try_parse_from(["docent", "notes", "cases"]).is_ok());
        assert!(Cli::try_parse_from(["docent", "--conversation", "last"]).is_err());
        assert!(Cli::try_parse_from(["docent", "--ask", "?", "--export", "a.md"]).is_ok());
        assert!(Cli::try_parse_from(["docent", "--ask", "?", "--conversation", "last"]).is_ok());
        assert!(
            Cli::try_parse_from([
                "docent",
                "--status",
                "--conversation",
                "last",
                "--export",
                "a.md"
            ])
            .is_err()
        );
    }

    #[test]
    fn what_is_typed_comes_before_what_is_set() {
        let set =
            Running { context: 1_000, threads: Some(2), gpu_layers: 9, seed: 5, temperature: 1.5 };
        let settings = Settings {
            running: set,
            model: Some("none".into()),
            theme: ThemeChoice::named("nord"),
            ..Settings::default()
        };
        let over = |typed: &[&str]| {
            Cli::try_parse_from(["docent"].iter().chain(typed)).unwrap().over(settings.clone())
        };
        assert_eq!(over(&[]), settings);
        let over = over(&["--model", "qwen", "--no-ocr", "--theme", "auto", "--seed", "7"]);
        let Settings { running, model, theme, ocr, .. } = over;
        assert_eq!(running, Running { seed: 7, ..set });
        assert_eq!(ModelChoice::of(model.as_deref()), ModelChoice::Named("qwen"));
        assert_eq!((theme, ocr), (ThemeChoice::Auto, false));
        assert_eq!(ModelChoice::of(Some("none")), ModelChoice::None);
        assert_eq!(ModelChoice::of(None), ModelChoice::Any);
    }

    #[test]
    fn a_model_runs_as_it_is_told() {
        let running = |typed: &[&str]| {
            let cli = Cli::try_parse_from(["docent"].iter().chain(typed))?;
            Ok::<_, clap::Error>(cli.over(Settings::default()).running)
        };
        assert_eq!(running(&[]).unwrap(), Running::default());
        let told = [
            "--context",
            "4096",
            "--seed",
            "7",
            "--temperature",
            "0",
            "--threads",
            "3",
            "--gpu-layers",
            "99",
        ];
        let expected =
            Running { context: 4096, threads: Some(3), gpu_layers: 99, seed: 7, temperature: 0.0 };
        assert_eq!(running(&told).unwrap(), expected);
        for wrong in [
            ["--context", "100"],
            ["--temperature", "3"],
            ["--temperature", "NaN"],
            ["--threads", "0"],
        ] {
            assert!(running(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_conversation_is_named_by_its_number_or_as_the_last() {
        let which = |typed| {
            Cli::try_parse_from(["docent", "--export", "a.md", "--conversation", typed])
                .map(|cli| cli.conversation)
        };
        assert_eq!(which("last").unwrap(), Some(Which::Last));
        assert_eq!(which("7").unwrap(), Some(Which::Number(7)));
        assert!(which("first").unwrap_err().to_string().contains("or `last`"));
    }
}
