//! How does llama.cpp run a GGUF for us?
//!
//! [`Model::load`] reads the file, [`Model::generator`] gives what answers. Meant for a process of its own: llama.cpp may
//! end it. It prints nothing.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llama_cpp_2::{DecodeError, LogOptions, send_logs_to_tracing};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::citation::Bracket;
use super::outgoing::Outgoing;
use super::template::{self, Date, Surroundings};
use super::vocabulary::Vocabulary;
use super::{
    Generate, GenerateError, GenerateProgress, GenerateRequest, Generation, Message, ModelInfo,
    Sampling, Stop,
};
use crate::catalog::{Header, HeaderError};

/// Tokens that are read at once at most; more brings no speed on a CPU.
const LARGEST_BATCH: usize = 512;
/// Tokens of a prompt's first batch, after which the machine's speed at this moment is known.
const FIRST_BATCH: usize = 8;
/// Tokens that are read at once at least: a large model on a busy machine reads ten a second.
const SMALLEST_BATCH: usize = 4;
/// How long a batch should take, so that a stop is noticed well within a second.
const BATCH_TIME: Duration = Duration::from_millis(400);

/// How a model is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Tokens that prompt and answer may have together; never more than the model was trained for.
    pub context: u32,
    /// The number of physical cores is fastest on an idle machine. Threads wait for each other at every layer: where
    /// other work holds the cores, one is far faster (measured with 0.6B parameters on 2 cores and six busy processes: 87
    /// tokens read a second by one thread, 4 by two). A tiny model is fastest with 1.
    pub threads: u32,
    /// Layers that run on a graphics card, where there is one that this build can use.
    pub gpu_layers: u32,
    /// Whether the file is mapped instead of copied: it loads faster and gives its memory back under pressure.
    pub mmap: bool,
    /// Today, for templates that tell it.
    pub date: Option<Date>,
    /// Whether a model that can reason at length before it answers is let to do so.
    pub thinking: bool,
}

/// Why a model can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("the path `{}` is not UTF-8, which llama.cpp needs: rename the file or its folder", .path.display())]
    Path { path: PathBuf },
    #[error("llama.cpp can't load `{}`: it is damaged, of a kind that is newer than docent, or larger than the memory; choose another model", .path.display())]
    Refused { path: PathBuf },
    #[error("there is not enough memory for `{}` with a context of {context} tokens: set a smaller context or choose a smaller model", .path.display())]
    Context { path: PathBuf, context: u32 },
    #[error("llama.cpp can't start in this process")]
    Backend,
    #[error("loading `{}` was stopped", .path.display())]
    Cancelled { path: PathBuf },
}

/// A model in memory.
pub struct Model {
    weights: LlamaModel,
    header: Header,
    path: PathBuf,
    settings: Settings,
    vocabulary: Vocabulary,
}

impl Model {
    /// Loads the file at `path`, telling how much of it is there, from 0 to 1.
    pub fn load(
        path: &Path,
        settings: Settings,
        cancel: &CancellationToken,
        mut progress: impl FnMut(f32) + 'static,
    ) -> Result<Self, LoadError> {
        let header = Header::read(path)?;
        if path.to_str().is_none() {
            return Err(LoadError::Path { path: path.to_owned() });
        }
        let backend = backend().ok_or(LoadError::Backend)?;
        let stopped = cancel.clone();
        let parameters = LlamaModelParams::default()
            .with_n_gpu_layers(settings.gpu_layers)
            .with_use_mmap(settings.mmap)
            .with_progress_callback(move |share| {
                progress(share);
                !stopped.is_cancelled()
            });
        let weights = LlamaModel::load_from_file(backend, path, &parameters);
        if cancel.is_cancelled() {
            return Err(LoadError::Cancelled { path: path.to_owned() });
        }
        // llama.cpp gives no reason; what can be told was told by the header.
        let weights = weights.map_err(|_no_reason| LoadError::Refused { path: path.to_owned() })?;
        let vocabulary = Vocabulary::of(&weights);
        Ok(Self { weights, header, path: path.to_owned(), settings, vocabulary })
    }

    /// What answers with this model. It holds the state of one conversation; one generator a model is enough.
    pub fn generator(&self) -> Result<Generator<'_>, LoadError> {
        let backend = backend().ok_or(LoadError::Backend)?;
        let trained = self
            .header
            .context_length
            .and_then(|length| u32::try_from(length).ok())
            .unwrap_or(u32::MAX);
        let context = self.settings.context.clamp(1, trained.max(1));
        let threads = i32::try_from(self.settings.threads.max(1)).unwrap_or(1);
        let largest_batch = u32::try_from(LARGEST_BATCH).unwrap_or(1);
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(context))
            .with_n_batch(largest_batch)
            .with_n_ubatch(largest_batch)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_no_perf(true)
            // Else a model with a sliding window forgets what a later question could use again.
            .with_swa_full(true);
        let state = self
            .weights
            .new_context(backend, parameters)
            .map_err(|_no_reason| LoadError::Context { path: self.path.clone(), context })?;
        let info = ModelInfo {
            name: self.name(),
            path: self.path.clone(),
            // llama.cpp rounds the context up; what it was not trained for is not used.
            context: usize::try_from(state.n_ctx().min(context)).unwrap_or_default(),
            trained_context: self.header.context_length,
            parameters: self.header.parameters,
            quantization: self.header.quantization.clone(),
            has_template: self.header.chat_template.is_some(),
        };
        Ok(Generator { model: self, info, state, kept: Vec::new(), batch: FIRST_BATCH })
    }

    fn name(&self) -> String {
        let stem = self
            .path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        match (&self.header.name, &self.header.quantization) {
            (Some(name), Some(quantization)) if !name.trim().is_empty() => {
                let name = name.trim();
                if name.to_lowercase().contains(&quantization.to_lowercase()) {
                    name.to_owned()
                } else {
                    format!("{name} {quantization}")
                }
            }
            _ => stem,
        }
    }

    /// The tokens of the prompt that `messages` make.
    fn prompt(&self, messages: &[Message]) -> Prompt {
        let surroundings = Surroundings {
            bos: self.vocabulary.bos.clone(),
            eos: self.vocabulary.eos.clone(),
            date: self.settings.date,
            thinking: self.settings.thinking,
        };
        let rendered =
            template::render(self.header.chat_template.as_deref(), messages, &surroundings);
        Prompt {
            tokens: self.vocabulary.tokenize(&self.weights.vocab(), &rendered.stretches),
            begins_thinking: rendered.begins_thinking,
            end_mark: rendered.end_mark,
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Model")
            .field("path", &self.path)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// llama.cpp's one start in this process, with its own output shut off.
fn backend() -> Option<&'static LlamaBackend> {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    BACKEND
        .get_or_init(|| {
            send_logs_to_tracing(LogOptions::default().with_logs_enabled(false));
            LlamaBackend::init().ok()
        })
        .as_ref()
}

#[derive(Debug)]
struct Prompt {
    tokens: Vec<LlamaToken>,
    begins_thinking: bool,
    end_mark: Option<&'static str>,
}

/// A model with the state of what it has read.
pub struct Generator<'model> {
    model: &'model Model,
    info: ModelInfo,
    state: LlamaContext<'model>,
    /// The tokens whose state is kept, in order. The next prompt is read from where it differs.
    kept: Vec<LlamaToken>,
    /// Tokens that this machine reads in [`BATCH_TIME`].
    batch: usize,
}

impl fmt::Debug for Generator<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Generator").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Generator<'_> {
    /// Keeps of the state what `tokens` begin with, and gives its length: less than all, because only reading the last
    /// token tells what follows.
    fn keep_common(&mut self, tokens: &[LlamaToken]) -> usize {
        let common = self.kept.iter().zip(tokens).take_while(|(kept, token)| kept == token).count();
        let common = common.min(tokens.len().saturating_sub(1));
        if common < self.kept.len() {
            let from = u32::try_from(common).unwrap_or(u32::MAX);
            // Recurrent models can't forget a part: then all is read again.
            if common == 0 || self.state.kv_cache_seq_rm(0, Some(from), None).is_err() {
                self.forget();
                return 0;
            }
            self.kept.truncate(common);
        }
        common
    }

    fn forget(&mut self) {
        self.state.clear_kv_cache();
        self.kept.clear();
    }

    /// Reads `tokens` after what is kept; the probabilities after the last one can then be asked for.
    fn read(&mut self, tokens: &[LlamaToken]) -> Result<(), GenerateError> {
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        let added = tokens.iter().enumerate().try_for_each(|(index, token)| {
            let position = i32::try_from(self.kept.len() + index).unwrap_or(i32::MAX);
            batch.add(*token, position, &[0], index + 1 == tokens.len())
        });
        let read = match added {
            Ok(()) => self
                .state
                .decode(&mut batch)
                .map_err(|error| GenerateError::Decode { code: code(&error) }),
            Err(_no_space) => Err(GenerateError::Decode { code: 1 }),
        };
        match read {
            Ok(()) => self.kept.extend_from_slice(tokens),
            // What is half read can't be told from what is not.
            Err(_) => self.forget(),
        }
        read
    }

    /// Reads the rest of the prompt; false if it was stopped.
    fn read_prompt(
        &mut self,
        tokens: &[LlamaToken],
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<bool, GenerateError> {
        let of = tokens.len();
        self.batch = FIRST_BATCH;
        while self.kept.len() < of {
            progress(GenerateProgress::Reading { tokens: self.kept.len(), of });
            if cancel.is_cancelled() {
                return Ok(false);
            }
            let end = of.min(self.kept.len() + self.batch);
            let Some(next) = tokens.get(self.kept.len()..end) else { break };
            let started = Instant::now();
            self.read(next)?;
            self.pace(next.len(), started.elapsed());
        }
        progress(GenerateProgress::Reading { tokens: of, of });
        Ok(!cancel.is_cancelled())
    }

    /// Adapts the size of the batches to the time that one of `tokens` took.
    fn pace(&mut self, tokens: usize, took: Duration) {
        if took > BATCH_TIME {
            self.batch = (tokens / 2).max(SMALLEST_BATCH);
        } else if took * 2 < BATCH_TIME && tokens == self.batch {
            self.batch = (tokens * 2).min(LARGEST_BATCH);
        }
    }

    /// Chooses the next token, among those that keep to the citable numbers. None if no token may follow.
    fn choose(
        &self,
        sampler: &mut LlamaSampler,
        bracket: Bracket,
        citable: &[u32],
    ) -> Result<Option<LlamaToken>, GenerateError> {
        let mut any_finite = false;
        let vocabulary = &self.model.vocabulary;
        let candidates: Vec<LlamaTokenData> = (0_i32..)
            .zip(self.state.get_logits())
            .filter(|(id, logit)| {
                any_finite |= logit.is_finite();
                logit.is_finite() && vocabulary.allows(*id, bracket, citable)
            })
            .map(|(id, logit)| LlamaTokenData::new(LlamaToken::new(id), *logit, 0.0))
            .collect();
        if !any_finite {
            return Err(GenerateError::NotFinite);
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        let mut candidates = LlamaTokenDataArray::new(candidates, false);
        candidates.apply_sampler(sampler);
        Ok(candidates.selected_token())
    }
}

fn sampler(sampling: Sampling) -> LlamaSampler {
    if sampling.temperature <= 0.0 {
        return LlamaSampler::greedy();
    }
    LlamaSampler::chain_simple([
        LlamaSampler::top_k(i32::try_from(sampling.top_k).unwrap_or(i32::MAX)),
        LlamaSampler::min_p(sampling.min_p, 1),
        LlamaSampler::temp(sampling.temperature),
        LlamaSampler::dist(sampling.seed),
    ])
}

fn code(error: &DecodeError) -> i32 {
    match error {
        DecodeError::NoKvCacheSlot => 1,
        DecodeError::NTokensZero => -1,
        DecodeError::Unknown(code) => *code,
    }
}

impl Generate for Generator<'_> {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn count_prompt(&mut self, messages: &[Message]) -> Result<usize, GenerateError> {
        Ok(self.model.prompt(messages).tokens.len())
    }

    fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
        let vocabulary = self.model.weights.vocab();
        Ok(texts
            .iter()
            .map(|text| vocabulary.tokenize(text.as_bytes(), false, false).len())
            .collect())
    }

    fn generate(
        &mut self,
        request: &GenerateRequest,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Generation, GenerateError> {
        let started = Instant::now();
        let prompt = self.model.prompt(&request.messages);
        let prompt_tokens = prompt.tokens.len();
        if prompt_tokens >= self.info.context {
            return Err(GenerateError::PromptTooLong {
                tokens: prompt_tokens,
                context: self.info.context,
            });
        }
        let kept = self.keep_common(&prompt.tokens);
        let mut generation = Generation {
            text: String::new(),
            stop: Stop::Cancelled,
            prompt_tokens,
            read_tokens: prompt_tokens - kept,
            written_tokens: 0,
            first_token_seconds: 0.0,
            seconds: 0.0,
        };
        if !self.read_prompt(&prompt.tokens, cancel, progress)? {
            generation.read_tokens = self.kept.len().saturating_sub(kept);
            generation.seconds = started.elapsed().as_secs_f64();
            return Ok(generation);
        }
        let mut sampler = sampler(request.sampling);
        let mut outgoing = Outgoing::new(prompt.end_mark);
        let mut bracket = Bracket::default();
        let mut say = |text: String| {
            if !text.is_empty() {
                progress(GenerateProgress::Text(text));
            }
        };
        if prompt.begins_thinking {
            say(outgoing.take(b"<think>", bracket).text);
        }
        generation.stop = loop {
            if cancel.is_cancelled() {
                break Stop::Cancelled;
            }
            if generation.written_tokens >= request.max_tokens {
                break Stop::MaxTokens;
            }
            if self.kept.len() >= self.info.context {
                break Stop::ContextFull;
            }
            let Some(token) = self.choose(&mut sampler, bracket, &request.citable)? else {
                break Stop::End;
            };
            if generation.written_tokens == 0 {
                generation.first_token_seconds = started.elapsed().as_secs_f64();
            }
            if self.model.vocabulary.ends(token.0) {
                break Stop::End;
            }
            generation.written_tokens += 1;
            let piece = self.model.vocabulary.piece(token.0);
            bracket = bracket.after(piece, &request.citable).unwrap_or_default();
            let pushed = outgoing.take(piece, bracket);
            say(pushed.text);
            if pushed.ended {
                break Stop::End;
            }
            self.read(&[token])?;
        };
        say(outgoing.finish(bracket));
        generation.text = outgoing.text;
        generation.seconds = started.elapsed().as_secs_f64();
        Ok(generation)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::generate::Role;

    /// The tiny model of random weights.
    pub(in crate::generate) fn tiny() -> Model {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/tiny.gguf");
        assert!(path.is_file(), "`{}` is missing: run `make test`, which makes it", path.display());
        load(&path).unwrap()
    }

    fn load(path: &Path) -> Result<Model, LoadError> {
        let settings = Settings {
            context: 1024,
            threads: 1,
            gpu_layers: 0,
            mmap: true,
            date: None,
            thinking: false,
        };
        Model::load(path, settings, &CancellationToken::new(), |_| {})
    }

    impl Model {
        pub(in crate::generate) fn vocabulary(&self) -> &Vocabulary {
            &self.vocabulary
        }

        pub(in crate::generate) fn vocab(&self) -> llama_cpp_2::vocab::LlamaVocab<'_> {
            self.weights.vocab()
        }
    }

    fn ask(question: &str) -> GenerateRequest {
        let message = |role, content: &str| Message { role, content: content.into() };
        GenerateRequest {
            messages: vec![
                message(Role::System, "Rules of the house."),
                message(Role::User, question),
            ],
            max_tokens: 24,
            citable: vec![1, 2, 3],
            // As random as can be, so that anything that may come does.
            sampling: Sampling { temperature: 3.0, top_k: 0, min_p: 0.0, seed: 7 },
        }
    }

    fn run(generator: &mut Generator<'_>, request: &GenerateRequest) -> (Generation, String) {
        let mut streamed = String::new();
        let generation = generator
            .generate(request, &CancellationToken::new(), &mut |progress| {
                if let GenerateProgress::Text(text) = progress {
                    streamed.push_str(&text);
                }
            })
            .unwrap();
        (generation, streamed)
    }

    #[test]
    fn a_seed_repeats_an_answer_and_the_stream_is_the_answer() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        let (first, streamed) = run(&mut generator, &ask("Who?"));
        assert_eq!(first.text, streamed);
        assert!(first.written_tokens > 0 && first.written_tokens <= 24);
        let (second, _) = run(&mut generator, &ask("Who?"));
        assert_eq!(second.text, first.text);
        let other =
            GenerateRequest { sampling: Sampling { seed: 8, ..ask("").sampling }, ..ask("Who?") };
        assert_ne!(run(&mut generator, &other).0.text, first.text);
    }

    #[test]
    fn a_thousand_random_answers_cite_only_what_was_given() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        for seed in 0..1000 {
            let mut request = ask("Which?");
            request.sampling.seed = seed;
            request.citable = (1..=seed % 12).collect();
            let (generation, _) = run(&mut generator, &request);
            for inner in generation.text.split('[').skip(1).filter_map(|rest| rest.split_once(']'))
            {
                if let Ok(number) = inner.0.trim().parse::<u32>() {
                    assert!(request.citable.contains(&number), "{}", generation.text);
                }
            }
        }
    }

    #[test]
    fn what_was_read_before_is_not_read_again() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        let question = "Where is the pump and who looks after it? ".repeat(4);
        let (first, _) = run(&mut generator, &ask(&question));
        assert_eq!(first.read_tokens, first.prompt_tokens);
        assert_eq!(first.prompt_tokens, generator.count_prompt(&ask(&question).messages).unwrap());
        let (again, _) = run(&mut generator, &ask(&question));
        assert_eq!(again.read_tokens, 1);
        let mut longer = ask(&question);
        longer.messages.push(Message { role: Role::Assistant, content: "In the cellar.".into() });
        longer.messages.push(Message { role: Role::User, content: "Since when?".into() });
        let (next, _) = run(&mut generator, &longer);
        assert!(next.read_tokens < next.prompt_tokens - first.prompt_tokens + 10, "{next:?}");
        let mut fresh = model.generator().unwrap();
        assert_eq!(run(&mut fresh, &longer).0.text, next.text);
    }

    #[test]
    fn a_stop_keeps_what_is_there() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        let cancel = CancellationToken::new();
        let mut request = ask("Who?");
        request.max_tokens = 500;
        let mut pieces = 0;
        let generation = generator
            .generate(&request, &cancel, &mut |progress| {
                pieces += usize::from(matches!(progress, GenerateProgress::Text(_)));
                if pieces == 3 {
                    cancel.cancel();
                }
            })
            .unwrap();
        assert_eq!(generation.stop, Stop::Cancelled);
        assert!(!generation.text.is_empty() && generation.written_tokens < 500);
        let nothing = generator.generate(&request, &cancel, &mut |_| {}).unwrap();
        assert_eq!((nothing.stop, nothing.text.as_str()), (Stop::Cancelled, ""));
    }

    #[test]
    fn a_prompt_that_does_not_fit_is_an_error_with_numbers() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        let error = generator
            .generate(&ask(&"word ".repeat(3000)), &CancellationToken::new(), &mut |_| {})
            .unwrap_err();
        assert!(
            matches!(error, GenerateError::PromptTooLong { tokens, context: 1024 } if tokens > 1024),
            "{error}"
        );
        let mut full = ask(&"word ".repeat(100));
        full.max_tokens = usize::MAX;
        let (generation, _) = run(&mut generator, &full);
        assert!(matches!(generation.stop, Stop::ContextFull | Stop::End));
    }

    #[test]
    fn a_damaged_file_is_refused_with_a_reason() {
        let bytes =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/tiny.gguf"))
                .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        for length in [0, 3, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(matches!(load(&path), Err(LoadError::Header(_))), "{length}");
        }
        let stopped = CancellationToken::new();
        stopped.cancel();
        std::fs::write(&path, &bytes).unwrap();
        let settings = load(&path).unwrap().settings;
        assert!(matches!(
            Model::load(&path, settings, &stopped, |_| {}),
            Err(LoadError::Cancelled { .. })
        ));
        assert!(matches!(load(&folder.path().join("none.gguf")), Err(LoadError::Header(_))));
    }
}
