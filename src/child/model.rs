//! How does a model run without being able to take docent down with it?
//!
//! In a child that may read the model's file and nothing else: llama.cpp ends its process on a failed assertion or when
//! memory runs out, and prints to the terminal. The parent forwards each method of [`Generate`] as one frame; a dying
//! child is an error of the answer in work, and the file is loaded again at the next one.

mod kept;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use docent_engine::generate::llama::{Generator, Model, Plan, Settings};
use docent_engine::generate::{
    Generate, GenerateError, GenerateProgress, GenerateRequest, Generation, Message, ModelInfo,
    Prefix,
};
use rustix::process::{Resource, Rlimit};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use self::kept::Kept;
use super::{ChildError, Process, Received, frame};
use crate::seal::{self, ConfineError, Rights};

/// How often a waiting parent looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long a child may take to notice a stop, before it is ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether this build speaks to drivers of graphics cards, which open the cards' files and read their own.
const HAS_DRIVERS: bool = cfg!(any(feature = "cuda", feature = "vulkan"));

/// Memory of a child while it reads the head of a model's file and runs its template, which may want all there is.
const MEMORY_FOR_HEAD: u64 = 1 << 30;

/// What the parent sends.
#[derive(Debug, Serialize, Deserialize)]
enum Request {
    Load {
        path: PathBuf,
        settings: Settings,
    },
    /// Take over a state that was kept.
    Restore(Prefix),
    CountPrompt(Vec<Message>),
    CountTexts(Vec<String>),
    Generate(GenerateRequest),
    /// Stop what was asked before.
    Cancel,
}

/// What the child sends back.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    /// The head of the file is read.
    Planned,
    /// The share of the file that is loaded, from 0 to 1.
    Loading(f32),
    Loaded(Result<Box<ModelInfo>, String>),
    /// Whether the state fits.
    Restored(bool),
    CountedPrompt(Result<usize, GenerateError>),
    CountedTexts(Result<Vec<usize>, GenerateError>),
    Progress(GenerateProgress),
    Generated(Result<Generation, GenerateError>),
}

/// Why a model can't answer.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Child(#[from] ChildError),
    /// In the words of the child that tried.
    #[error("{reason}")]
    Refused { reason: String },
    #[error("loading `{}` ended the model's process ({reason}); choose a smaller model", path.display())]
    Died { path: PathBuf, reason: String },
    #[error("the head of `{}` ended the process that read it ({reason}): the file is damaged, or made to do harm; get it from another source", path.display())]
    Head { path: PathBuf, reason: String },
    #[error("loading `{}` was stopped", path.display())]
    Stopped { path: PathBuf },
}

/// The child's work: loads one model and answers requests until the pipe is closed.
pub(super) fn serve() -> io::Result<()> {
    // Rights are given up by the first thread alone, before there are others.
    let first = frame::read(&mut io::stdin().lock())?;
    let Some(Request::Load { path, settings }) = first else { return Ok(()) };
    // What the kernel can't take away, it can't: the parent's seal has told it.
    drop(if HAS_DRIVERS && settings.gpu_layers > 0 {
        seal::confine(&Rights::Compute(parts(&path)))
    } else {
        confine(&path)
    });
    let (sender, requests) = mpsc::channel();
    let cancel = CancellationToken::new();
    let current = cancel.clone();
    std::thread::spawn(move || {
        listen(&sender, current);
        // The parent is gone: nobody waits for what is in work.
        #[expect(clippy::exit, reason = "the thread that works may be deep in llama.cpp")]
        std::process::exit(0);
    });
    let output = Arc::new(Mutex::new(io::stdout()));
    let send = {
        let output = Arc::clone(&output);
        move |reply: &Reply| {
            frame::write(&mut *output.lock().unwrap_or_else(PoisonError::into_inner), reply)
        }
    };
    let plan = in_little_memory(|| Plan::read(&path, settings));
    send(&Reply::Planned)?;
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => return send(&Reply::Loaded(Err(error.to_string()))),
    };
    let told = send.clone();
    let model = Model::load_planned(plan, &cancel, move |share| {
        // A parent that is gone is noticed by the thread that listens.
        drop(told(&Reply::Loading(share)));
    });
    let loaded = model
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|model| model.generator().map_err(|error| error.to_string()));
    match loaded {
        Ok(mut generator) => {
            send(&Reply::Loaded(Ok(Box::new(generator.model().clone()))))?;
            for (request, cancel) in requests {
                work(&mut generator, request, &cancel, &send)?;
            }
            Ok(())
        }
        Err(reason) => send(&Reply::Loaded(Err(reason))),
    }
}

/// Does something that may want more memory than is good: then this process ends.
fn in_little_memory<T>(work: impl FnOnce() -> T) -> T {
    let usual = rustix::process::getrlimit(Resource::As);
    let little = Rlimit { current: Some(MEMORY_FOR_HEAD), ..usual };
    // Where the system sets no limit, it sets none.
    _ = rustix::process::setrlimit(Resource::As, little);
    let done = work();
    _ = rustix::process::setrlimit(Resource::As, usual);
    done
}

/// Gives up all rights but threads and reading the model's own files.
pub(super) fn confine(path: &Path) -> Result<(), ConfineError> {
    seal::confine(&Rights::Read(parts(path)))
}

/// The files that the model in `path` consists of: that one, or all of `name-00001-of-00003.gguf` and its like.
fn parts(path: &Path) -> Vec<PathBuf> {
    let numbered = || {
        let stem = path.file_stem()?.to_str()?;
        let (name, count) = stem.rsplit_once("-of-")?;
        let (name, number) = name.rsplit_once('-')?;
        let is_number =
            |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = [number, count].into_iter().all(is_number).then(|| count.parse().ok())??;
        let part =
            |number: u32| path.with_file_name(format!("{name}-{number:05}-of-{count:05}.gguf"));
        Some((1..=count).map(part).collect())
    };
    numbered().unwrap_or_else(|| vec![path.to_owned()])
}

/// Hands over requests, each with the token by which it is stopped, until the pipe is closed. `current` stops what is in
/// work already.
fn listen(sender: &Sender<(Request, CancellationToken)>, mut current: CancellationToken) {
    let mut input = io::stdin().lock();
    while let Ok(Some(request)) = frame::read::<Request>(&mut input) {
        if matches!(request, Request::Cancel) {
            current.cancel();
        } else {
            current = CancellationToken::new();
            if sender.send((request, current.clone())).is_err() {
                break;
            }
        }
    }
}

fn work(
    generator: &mut Generator<'_>,
    request: Request,
    cancel: &CancellationToken,
    send: &impl Fn(&Reply) -> io::Result<()>,
) -> io::Result<()> {
    match request {
        // One child, one model.
        Request::Load { .. } | Request::Cancel => Ok(()),
        Request::Restore(prefix) => send(&Reply::Restored(generator.restore(&prefix))),
        Request::CountPrompt(messages) => {
            send(&Reply::CountedPrompt(generator.count_prompt(&messages)))
        }
        Request::CountTexts(texts) => send(&Reply::CountedTexts(generator.count_texts(&texts))),
        Request::Generate(request) => {
            let mut sent = Ok(());
            let generation = generator.generate(&request, cancel, &mut |progress| {
                if sent.is_ok() {
                    sent = send(&Reply::Progress(progress));
                }
            });
            sent?;
            send(&Reply::Generated(generation))
        }
    }
}

/// A model in a child.
#[derive(Debug)]
pub struct ModelProcess {
    process: Option<Process<Reply>>,
    info: ModelInfo,
    settings: Settings,
    kept: Option<Kept>,
}

impl ModelProcess {
    /// Starts a child and loads the file at `path` there, telling how much of it is loaded, from 0 to 1. What need not be
    /// read again after a restart is kept in `home`.
    pub fn load(
        path: &Path,
        settings: Settings,
        home: &Path,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Self, LoadError> {
        let kept = Kept::of(home, &parts(path));
        let (process, info) = start(path, &settings, kept.as_ref(), cancel, progress)?;
        Ok(Self { process: Some(process), info, settings, kept })
    }

    /// Sends a request and waits for the reply that `wanted` takes; other replies go to `other`.
    fn ask<T>(
        &mut self,
        request: &Request,
        cancel: &CancellationToken,
        other: &mut dyn FnMut(Reply),
        wanted: impl Fn(Reply) -> Result<T, Reply>,
    ) -> Result<T, GenerateError> {
        if self.process.is_none() {
            // The one before died; what it died of may not come again.
            let gone = |error: LoadError| GenerateError::Gone { reason: error.to_string() };
            let kept = self.kept.as_ref();
            let started = start(&self.info.path, &self.settings, kept, cancel, &mut |_| {});
            self.process = Some(started.map_err(gone)?.0);
        }
        let Some(process) = &mut self.process else {
            return Err(GenerateError::Gone { reason: String::new() });
        };
        let asked = exchange(process, request, cancel, other, wanted);
        asked.map_err(|error| {
            self.process = None;
            GenerateError::Gone { reason: reason(error) }
        })
    }
}

/// Starts a child that loads the file at `path`, on the processor alone where a graphics card makes trouble, and hands it
/// the state that was kept.
fn start(
    path: &Path,
    settings: &Settings,
    kept: Option<&Kept>,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(f32),
) -> Result<(Process<Reply>, ModelInfo), LoadError> {
    let load =
        |settings: &Settings, progress: &mut dyn FnMut(f32)| load(path, settings, cancel, progress);
    let (mut process, info) = match load(settings, progress) {
        Err(LoadError::Refused { reason } | LoadError::Died { reason, .. })
            if settings.gpu_layers > 0 =>
        {
            let on_processor = Settings { gpu_layers: 0, ..settings.clone() };
            // What fails there too has nothing to do with the card, and says so in its own words.
            let (process, mut info) = load(&on_processor, progress)?;
            info.caveats.push(format!(
                "the model does not load on the graphics card ({reason}): it runs on the processor"
            ));
            (process, info)
        }
        loaded => loaded?,
    };
    let Some((kept, prefix)) = kept.and_then(|kept| Some((kept, kept.read()?))) else {
        return Ok((process, info));
    };
    let restored = exchange(
        &mut process,
        &Request::Restore(prefix),
        cancel,
        &mut |_| {},
        |reply| match reply {
            Reply::Restored(fits) => Ok(fits),
            other => Err(other),
        },
    );
    match restored {
        Ok(_) => Ok((process, info)),
        Err(_) if cancel.is_cancelled() => Err(LoadError::Stopped { path: path.to_owned() }),
        // It was not what it seemed to be.
        Err(_) => {
            kept.remove();
            start(path, settings, None, cancel, progress)
        }
    }
}

/// Starts a child that loads the file at `path`.
fn load(
    path: &Path,
    settings: &Settings,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(f32),
) -> Result<(Process<Reply>, ModelInfo), LoadError> {
    let mut process = Process::start("model")?;
    process.send(&Request::Load { path: path.to_owned(), settings: settings.clone() })?;
    let path = path.to_owned();
    let mut planned = false;
    // There is nothing in the child yet that would be lost with it.
    while !cancel.is_cancelled() {
        match process.receive(LOOK) {
            Received::Reply(Reply::Planned) => planned = true,
            Received::Reply(Reply::Loading(share)) => progress(share),
            Received::Reply(Reply::Loaded(Ok(info))) => return Ok((process, *info)),
            Received::Reply(Reply::Loaded(Err(reason))) => {
                return Err(LoadError::Refused { reason });
            }
            Received::Reply(_) | Received::Nothing => {}
            Received::Ended => {
                let reason = reason(process.end());
                let died = |path| LoadError::Died { path, reason: reason.clone() };
                let head = |path| LoadError::Head { path, reason: reason.clone() };
                return Err(if planned { died(path) } else { head(path) });
            }
        }
    }
    Err(LoadError::Stopped { path })
}

/// Sends a request and takes replies until the wanted one. After `cancel` the child is asked to stop, and ended when it
/// does not.
fn exchange<T>(
    process: &mut Process<Reply>,
    request: &Request,
    cancel: &CancellationToken,
    other: &mut dyn FnMut(Reply),
    wanted: impl Fn(Reply) -> Result<T, Reply>,
) -> Result<T, ChildError> {
    process.send(request)?;
    let mut waited_since_cancel = None;
    loop {
        match process.receive(LOOK) {
            Received::Reply(reply) => match wanted(reply) {
                Ok(wanted) => return Ok(wanted),
                Err(reply) => other(reply),
            },
            Received::Nothing => {}
            Received::Ended => return Err(process.end()),
        }
        if cancel.is_cancelled() {
            match &mut waited_since_cancel {
                None => {
                    process.send(&Request::Cancel)?;
                    waited_since_cancel = Some(std::time::Instant::now());
                }
                Some(since) if since.elapsed() > PATIENCE => return Err(process.end()),
                Some(_) => {}
            }
        }
    }
}

/// What a child died of, as short as it can be told.
fn reason(error: ChildError) -> String {
    match error {
        ChildError::Died { status, said } => {
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            if last.is_empty() { status.to_string() } else { format!("{status}: {last}") }
        }
        other => other.to_string(),
    }
}

impl Generate for ModelProcess {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn count_prompt(&mut self, messages: &[Message]) -> Result<usize, GenerateError> {
        let request = Request::CountPrompt(messages.to_owned());
        self.ask(&request, &CancellationToken::new(), &mut |_| {}, |reply| match reply {
            Reply::CountedPrompt(count) => Ok(count),
            other => Err(other),
        })?
    }

    fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
        let request = Request::CountTexts(texts.to_owned());
        self.ask(&request, &CancellationToken::new(), &mut |_| {}, |reply| match reply {
            Reply::CountedTexts(counts) => Ok(counts),
            other => Err(other),
        })?
    }

    fn generate(
        &mut self,
        request: &GenerateRequest,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Generation, GenerateError> {
        let kept = self.kept.clone();
        let mut other = |reply| match reply {
            // The child reads on meanwhile.
            Reply::Progress(GenerateProgress::Prefix(prefix)) => {
                if let Some(kept) = &kept {
                    kept.write(&prefix);
                }
            }
            Reply::Progress(made) => progress(made),
            _ => {}
        };
        self.ask(&Request::Generate(request.clone()), cancel, &mut other, |reply| match reply {
            Reply::Generated(generation) => Ok(generation),
            other => Err(other),
        })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_in_parts_is_all_of_them() {
        let parts = |path: &str| {
            let parts = parts(Path::new(path));
            parts.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            parts("/models/qwen-3-00002-of-00003.gguf"),
            [
                "/models/qwen-3-00001-of-00003.gguf",
                "/models/qwen-3-00002-of-00003.gguf",
                "/models/qwen-3-00003-of-00003.gguf"
            ]
        );
        for single in
            ["/models/tiny.gguf", "best-of-3.gguf", "a-1-of-2.gguf", "a-00001-of-000x2.gguf"]
        {
            assert_eq!(parts(single), [single]);
        }
    }
}
