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
use llama_cpp_2::context::session::LlamaStateSeqFlags;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llama_cpp_2::{
    DecodeError, LlamaBackendDeviceType, LogOptions, list_llama_ggml_backend_devices,
    send_logs_to_tracing,
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::citation::Bracket;
use super::outgoing::Outgoing;
use super::prefix::{self, Prefix};
use super::reasoning::{self, Reasoning};
use super::template::{Date, Form, Stretch, Surroundings};
use super::vocabulary::{Said, Vocabulary};
use super::{
    Generate, GenerateError, GenerateProgress, GenerateRequest, Generation, Message, ModelInfo,
    Role, Sampling, Stop,
};
use crate::catalog::{Header, HeaderError};

/// Tokens that are read at once at most; more brings no speed on a CPU.
const LARGEST_BATCH: usize = 512;
/// Tokens of a prompt's first batch at least, after which the machine's speed at this moment is known.
const FIRST_BATCH: usize = 8;
/// Tokens that are read at once at least: a large model on a busy machine reads ten a second.
const SMALLEST_BATCH: usize = 4;
/// How long a batch should take, so that a stop is noticed within a second. Larger ones are read faster: with 0.6B parameters
/// on one core, 16 tokens at a time at .59 of the speed of 512, 32 at .68, 64 at .93, 128 at .99.
const BATCH_TIME: Duration = Duration::from_millis(700);
/// Tokens for which llama.cpp looks back at the whole prompt at once; for fewer it does so one by one, which is far slower
/// behind a long prompt.
const TILE: usize = 64;
/// From so many tokens in [`BATCH_TIME`] a whole tile is read, which takes little longer.
const NEARLY_A_TILE: usize = 40;

/// Fewer tokens are read as fast as their state is restored.
const LEAST_KEPT: usize = 32;
/// Tokens that may be written beyond the limit to end a citation.
const CITATION_TOKENS: usize = 8;
/// Answers whose tokens are remembered: those of the longest conversations.
const MOST_SAID: usize = 64;

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
    #[error("there is not enough memory for `{}` with a context of {context} tokens: set a smaller context with `--context`, or choose a smaller model", .path.display())]
    Context { path: PathBuf, context: u32 },
    #[error("llama.cpp can't start in this process")]
    Backend,
    #[error("loading `{}` was stopped", .path.display())]
    Cancelled { path: PathBuf },
}

/// What a model's file says of itself, read before anything of it is loaded.
#[derive(Clone, Debug)]
pub struct Plan {
    path: PathBuf,
    settings: Settings,
    header: Header,
    /// How its template frames a conversation; none where there is no template, or, with the reason, where it can't be
    /// used.
    form: Option<Result<Form, String>>,
}

impl Plan {
    /// Reads the head of the file at `path` and runs its template, which is a program by whoever made the file: it can
    /// take time and memory only in bounds, but for memory by doubling a text again and again. Who has much to lose limits
    /// the memory of the process meanwhile.
    pub fn read(path: &Path, settings: Settings) -> Result<Self, LoadError> {
        let header = Header::read(path)?;
        if path.to_str().is_none() {
            return Err(LoadError::Path { path: path.to_owned() });
        }
        let surroundings = Surroundings { date: settings.date, thinking: settings.thinking };
        let learnt = |template: &String| {
            Form::learnt(template, surroundings).map_err(|error| error.to_string())
        };
        let form = header.chat_template.as_ref().map(learnt);
        Ok(Self { path: path.to_owned(), settings, header, form })
    }
}

/// A model in memory.
pub struct Model {
    weights: LlamaModel,
    header: Header,
    path: PathBuf,
    settings: Settings,
    vocabulary: Vocabulary,
    form: Form,
    /// A text that ends an answer and is no part of it.
    end_mark: Option<String>,
    caveats: Vec<String>,
}

impl Model {
    /// Loads the file at `path`, telling how much of it is there, from 0 to 1.
    pub fn load(
        path: &Path,
        settings: Settings,
        cancel: &CancellationToken,
        progress: impl FnMut(f32) + 'static,
    ) -> Result<Self, LoadError> {
        Self::load_planned(Plan::read(path, settings)?, cancel, progress)
    }

    /// As [`Model::load`], where the head of the file was read before.
    pub fn load_planned(
        plan: Plan,
        cancel: &CancellationToken,
        mut progress: impl FnMut(f32) + 'static,
    ) -> Result<Self, LoadError> {
        let Plan { path, settings, header, form } = plan;
        let backend = backend().ok_or(LoadError::Backend)?;
        let stopped = cancel.clone();
        let mut caveats = Vec::new();
        let mut gpu_layers = settings.gpu_layers;
        if gpu_layers > 0 && !has_graphics_card(backend) {
            gpu_layers = 0;
            caveats.push(
                "no graphics card that this build of docent can use was found: the model runs on the processor".to_owned(),
            );
        }
        let parameters = LlamaModelParams::default()
            .with_n_gpu_layers(gpu_layers)
            .with_use_mmap(settings.mmap)
            .with_progress_callback(move |share| {
                progress(share);
                !stopped.is_cancelled()
            });
        let parameters = if gpu_layers > 0 {
            parameters
        } else {
            // Else a card would be used for long prompts all the same. An empty list has no card that is not there.
            parameters.with_devices(&[]).map_err(|_no_device| LoadError::Backend)?
        };
        let weights = LlamaModel::load_from_file(backend, &path, &parameters);
        if cancel.is_cancelled() {
            return Err(LoadError::Cancelled { path });
        }
        // llama.cpp gives no reason; what can be told was told by the header.
        let Ok(weights) = weights else { return Err(LoadError::Refused { path }) };
        let mut vocabulary = Vocabulary::of(&weights.vocab());
        let fallback = |vocabulary: &Vocabulary| {
            let knows = |text| vocabulary.has_special(text);
            let chat_ml = knows("<|im_start|>") && knows("<|im_end|>");
            if chat_ml { Form::chat_ml() } else { Form::plain() }
        };
        let form = match form {
            Some(Ok(form)) => form,
            Some(Err(reason)) => {
                caveats.push(format!(
                    "the model's chat template can't be used ({reason}): a common one is taken, and answers may be poor"
                ));
                fallback(&vocabulary)
            }
            None => {
                caveats.push(
                    "the model's file has no chat template: a common one is taken, and answers may be poor"
                        .to_owned(),
                );
                fallback(&vocabulary)
            }
        };
        let form = form.with_tokens(&vocabulary.bos, &vocabulary.eos);
        let end_mark = vocabulary.end_by(&weights.vocab(), &form.asking);
        Ok(Self { weights, header, path, settings, vocabulary, form, end_mark, caveats })
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
            thinks: self.settings.thinking || reasoning::begun_by(&self.form.answering).is_some(),
            rewinds: !self.weights.is_recurrent() && !self.weights.is_hybrid(),
            caveats: self.caveats.clone(),
        };
        Ok(Generator {
            model: self,
            info,
            state,
            kept: Vec::new(),
            said: Vec::new(),
            shared: None,
            batch: FIRST_BATCH,
        })
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
    fn prompt(&self, messages: &[Message], said: &[Said]) -> Vec<LlamaToken> {
        self.vocabulary.tokenize(&self.weights.vocab(), &self.form.write(messages), said)
    }

    /// The tokens that every prompt with this system's text begins with, whatever is asked.
    fn shared(&self, system: &Message) -> Vec<LlamaToken> {
        let with = |question: &str| {
            let question = Message { role: Role::User, content: question.to_owned() };
            self.prompt(&[system.clone(), question], &[])
        };
        // Whatever these two have in common, others have too: they begin in different ways.
        let (one, other) = (with("[1]"), with("Question"));
        let common = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        one.into_iter().take(common).collect()
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

/// Whether there is a card to compute on, and this build knows how.
fn has_graphics_card(backend: &LlamaBackend) -> bool {
    use LlamaBackendDeviceType::{Gpu, IntegratedGpu};
    backend.supports_gpu_offload()
        && list_llama_ggml_backend_devices()
            .iter()
            .any(|device| matches!(device.device_type, Gpu | IntegratedGpu))
}

/// A model with the state of what it has read.
pub struct Generator<'model> {
    model: &'model Model,
    info: ModelInfo,
    state: LlamaContext<'model>,
    /// The tokens whose state is kept, in order. The next prompt is read from where it differs.
    kept: Vec<LlamaToken>,
    /// What the model has said that may be told to it again, the latest last.
    said: Vec<Said>,
    /// What all prompts begin with.
    shared: Option<Shared>,
    /// Tokens that this machine reads in [`BATCH_TIME`].
    batch: usize,
}

/// What all prompts with the same system's text begin with.
#[derive(Debug)]
struct Shared {
    system: Message,
    tokens: Vec<LlamaToken>,
    /// Whether the state after them is kept somewhere.
    is_kept: bool,
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

    /// Reads `tokens` after what is kept; the probabilities after the last one can then be asked for where `is_last` says
    /// that the next token is to be chosen. They cost as much as a twentieth of a batch.
    fn read(&mut self, tokens: &[LlamaToken], is_last: bool) -> Result<(), GenerateError> {
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        let added = tokens.iter().enumerate().try_for_each(|(index, token)| {
            let position = i32::try_from(self.kept.len() + index).unwrap_or(i32::MAX);
            batch.add(*token, position, &[0], is_last && index + 1 == tokens.len())
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

    /// How many of the prompt's tokens every prompt begins with.
    fn shared(&mut self, messages: &[Message], tokens: &[LlamaToken]) -> usize {
        let Some(system) = messages.first().filter(|message| message.role == Role::System) else {
            return 0;
        };
        if self.shared.as_ref().is_none_or(|shared| shared.system != *system) {
            let tokens = self.model.shared(system);
            self.shared = Some(Shared { system: system.clone(), tokens, is_kept: false });
        }
        let shared = self.shared.as_ref().map_or(0, |shared| shared.tokens.len());
        let begins = |shared: &Shared| tokens.starts_with(&shared.tokens);
        if self.shared.as_ref().is_some_and(begins) { shared } else { 0 }
    }

    /// The state, where it is that after what all prompts begin with and nobody keeps it yet.
    fn prefix(&mut self) -> Option<Prefix> {
        let shared = self.shared.as_mut().filter(|shared| !shared.is_kept)?;
        if self.kept.len() < LEAST_KEPT || self.kept != shared.tokens {
            return None;
        }
        shared.is_kept = true;
        let flags = LlamaStateSeqFlags::empty();
        let size = self.state.state_seq_get_size_ext(0, flags);
        if size == 0 || size > prefix::LARGEST {
            return None;
        }
        let mut state = vec![0; size];
        #[expect(unsafe_code, reason = "llama.cpp writes the state where it is told")]
        // SAFETY: the buffer has the size that llama.cpp has just asked for, and nothing was read since.
        let written = unsafe { self.state.state_seq_get_data_ext(state.as_mut_ptr(), 0, flags) };
        let tokens = shared.tokens.iter().map(|token| token.0).collect();
        (written == size).then_some(Prefix { tokens, state })
    }

    /// Takes over a state that was kept; false where it does not fit, and nothing is changed then.
    pub fn restore(&mut self, prefix: &Prefix) -> bool {
        self.forget();
        if prefix.tokens.len() >= self.info.context || prefix.tokens.is_empty() {
            return false;
        }
        let flags = LlamaStateSeqFlags::empty();
        #[expect(unsafe_code, reason = "llama.cpp reads the state from where it is told")]
        // SAFETY: the bytes are as `state_seq_get_data_ext` gave them: a `Prefix` comes from there, by a file that is
        // checked byte by byte; llama.cpp itself checks that they fit this model and end where they should.
        let taken = unsafe { self.state.state_seq_set_data_ext(&prefix.state, 0, flags) };
        let last = i32::try_from(prefix.tokens.len()).unwrap_or(i32::MAX) - 1;
        if !taken || self.state.kv_cache_seq_pos_max(0) != last {
            self.forget();
            return false;
        }
        self.kept = prefix.tokens.iter().map(|token| LlamaToken::new(*token)).collect();
        true
    }

    /// Reads the rest of the prompt; false if it was stopped. The first `shared` tokens begin every prompt.
    fn read_prompt(
        &mut self,
        tokens: &[LlamaToken],
        shared: usize,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<bool, GenerateError> {
        let of = tokens.len();
        // The machine may have more to do than it had for the last prompt.
        self.batch = (self.batch / 2).max(FIRST_BATCH);
        while self.kept.len() < of {
            progress(GenerateProgress::Reading { tokens: self.kept.len(), of });
            if cancel.is_cancelled() {
                return Ok(false);
            }
            let until = if self.kept.len() < shared { shared } else { of };
            let end = until.min(self.kept.len() + self.batch);
            let Some(next) = tokens.get(self.kept.len()..end) else { break };
            let started = Instant::now();
            self.read(next, end == of)?;
            self.pace(next.len(), started.elapsed());
            if self.kept.len() == shared
                && let Some(prefix) = self.prefix()
            {
                progress(GenerateProgress::Prefix(prefix));
            }
        }
        progress(GenerateProgress::Reading { tokens: of, of });
        Ok(!cancel.is_cancelled())
    }

    /// Adapts the size of the batches to the time that one of `tokens` took.
    fn pace(&mut self, tokens: usize, took: Duration) {
        // What a prompt ends with says little of the speed of a whole batch.
        if tokens < self.batch && took < BATCH_TIME {
            return;
        }
        let share = BATCH_TIME.as_secs_f64() / took.as_secs_f64().max(1e-6);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a positive number that is bounded behind it"
        )]
        let fitting = (tokens as f64 * share) as usize;
        // The nearest number of tiles, not the next lower one: half as many tokens are read a tenth slower, for being late
        // by less than a third.
        let tiles = (fitting + TILE / 2) / TILE * TILE;
        let tiles = if fitting < NEARLY_A_TILE { fitting } else { tiles };
        self.batch = tiles.clamp(SMALLEST_BATCH, (tokens * 8).min(LARGEST_BATCH));
    }

    /// Chooses the next token, among the `most` likeliest that keep to the citable numbers. None if no token may follow.
    fn choose(
        &self,
        sampler: &mut LlamaSampler,
        most: usize,
        bracket: Bracket,
        citable: &[u32],
    ) -> Result<Option<LlamaToken>, GenerateError> {
        let vocabulary = &self.model.vocabulary;
        let mut any_finite = false;
        // The best ones, best first: a vocabulary has more tokens than a sampler sorts in passing.
        let mut best: Vec<LlamaTokenData> = Vec::new();
        let mut least = f32::NEG_INFINITY;
        for (id, logit) in (0_i32..).zip(self.state.get_logits().iter().copied()) {
            any_finite |= logit.is_finite();
            let is_full = best.len() >= most;
            if (is_full && logit <= least) || !logit.is_finite() {
                continue;
            }
            if vocabulary.allows(id, bracket, citable) {
                if is_full {
                    best.pop();
                }
                // Where all are wanted, the sampler sorts them.
                let better = |other: &LlamaTokenData| most == usize::MAX || other.logit() >= logit;
                let at = best.partition_point(better);
                best.insert(at, LlamaTokenData::new(LlamaToken::new(id), logit, 0.0));
                least = best.last().map_or(least, LlamaTokenData::logit);
            }
        }
        if !any_finite {
            return Err(GenerateError::NotFinite);
        }
        if best.is_empty() {
            return Ok(None);
        }
        let candidates = best;
        let mut candidates = LlamaTokenDataArray::new(candidates, false);
        candidates.apply_sampler(sampler);
        Ok(candidates.selected_token())
    }
}

/// How many of the likeliest tokens a sampler looks at.
fn most_likely(sampling: Sampling) -> usize {
    match (sampling.temperature, sampling.top_k) {
        (temperature, _) if temperature <= 0.0 => 1,
        (_, 0) => usize::MAX,
        (_, top_k) => usize::try_from(top_k).unwrap_or(usize::MAX),
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
        Ok(self.model.prompt(messages, &self.said).len())
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
        let prompt = self.model.prompt(&request.messages, &self.said);
        let prompt_tokens = prompt.len();
        if prompt_tokens >= self.info.context {
            return Err(GenerateError::PromptTooLong {
                tokens: prompt_tokens,
                context: self.info.context,
            });
        }
        let shared = self.shared(&request.messages, &prompt);
        let kept = self.keep_common(&prompt);
        if let Some(known) = &mut self.shared {
            // It was restored, or told before.
            known.is_kept |= shared > 0 && kept >= shared;
        }
        let mut generation = Generation {
            text: String::new(),
            stop: Stop::Cancelled,
            prompt_tokens,
            read_tokens: prompt_tokens - kept,
            written_tokens: 0,
            first_token_seconds: 0.0,
            seconds: 0.0,
        };
        if !self.read_prompt(&prompt, shared, cancel, progress)? {
            generation.read_tokens = self.kept.len().saturating_sub(kept);
            generation.seconds = started.elapsed().as_secs_f64();
            return Ok(generation);
        }
        let mut writing = Writing::new(self.model, request);
        if writing.reasoning.closing().is_some() {
            writing.say(reasoning::THINK.as_bytes(), progress);
        }
        generation.stop = self.write(&mut writing, started, &mut generation, cancel, progress)?;
        writing.finish(progress);
        self.remember(&writing, prompt_tokens);
        generation.text = writing.outgoing.text;
        generation.seconds = started.elapsed().as_secs_f64();
        Ok(generation)
    }
}

/// An answer on its way.
struct Writing<'a> {
    model: &'a Model,
    request: &'a GenerateRequest,
    sampler: LlamaSampler,
    reasoning: Reasoning,
    outgoing: Outgoing,
    bracket: Bracket,
    /// Tokens of thinking, and of the answer itself.
    thought_tokens: usize,
    answer_tokens: usize,
    /// Whether the end mark came.
    ended: bool,
}

impl<'a> Writing<'a> {
    fn new(model: &'a Model, request: &'a GenerateRequest) -> Self {
        Self {
            model,
            request,
            sampler: sampler(request.sampling),
            reasoning: Reasoning::new(reasoning::begun_by(&model.form.answering)),
            outgoing: Outgoing::new(model.end_mark.clone()),
            bracket: Bracket::default(),
            thought_tokens: 0,
            answer_tokens: 0,
            ended: false,
        }
    }

    /// Takes a token that was chosen, or that the model is made to say.
    fn take(&mut self, token: LlamaToken, progress: &mut dyn FnMut(GenerateProgress)) {
        let vocabulary = &self.model.vocabulary;
        if let Some(mark) = vocabulary.mark(token.0) {
            let text = self.reasoning.mark(mark);
            // Nothing that is open before thinking is closed behind it.
            self.say(text.as_bytes(), progress);
            return;
        }
        let piece = self.reasoning.text(vocabulary.piece(token.0));
        self.bracket = self.bracket.after(piece, &self.request.citable).unwrap_or_default();
        self.say(piece, progress);
    }

    fn say(&mut self, bytes: &[u8], progress: &mut dyn FnMut(GenerateProgress)) {
        let pushed = self.outgoing.take(bytes, self.bracket);
        self.ended |= pushed.ended;
        tell(pushed.text, progress);
    }

    /// Lets out what is still held back.
    fn finish(&mut self, progress: &mut dyn FnMut(GenerateProgress)) {
        tell(self.outgoing.finish(self.bracket), progress);
    }
}

fn tell(text: String, progress: &mut dyn FnMut(GenerateProgress)) {
    if !text.is_empty() {
        progress(GenerateProgress::Text(text));
    }
}

impl Generator<'_> {
    /// Chooses and reads token after token until the answer ends, and gives why it did.
    fn write(
        &mut self,
        writing: &mut Writing<'_>,
        started: Instant,
        generation: &mut Generation,
        cancel: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Stop, GenerateError> {
        let most = writing.request.max_tokens;
        loop {
            if cancel.is_cancelled() {
                return Ok(Stop::Cancelled);
            }
            // A citation that is begun is ended.
            let over = writing.answer_tokens.checked_sub(most);
            if over
                .is_some_and(|over| writing.bracket == Bracket::Outside || over >= CITATION_TOKENS)
            {
                return Ok(Stop::MaxTokens);
            }
            if self.kept.len() >= self.info.context {
                return Ok(Stop::ContextFull);
            }
            if writing.thought_tokens >= most
                && let Some(closing) = writing.reasoning.closing()
            {
                // It has thought enough: what it would write at the end of its thinking is written for it.
                let closing = [Stretch::Frame(format!("\n{closing}\n\n"))];
                let vocabulary = &self.model.vocabulary;
                let tokens = vocabulary.tokenize(&self.model.weights.vocab(), &closing, &[]);
                let tokens: Vec<LlamaToken> = tokens
                    .into_iter()
                    .filter(|token| Some(*token) != vocabulary.bos_token)
                    .collect();
                if self.kept.len() + tokens.len() >= self.info.context {
                    return Ok(Stop::ContextFull);
                }
                let left = writing.reasoning.leave();
                writing.say(left.as_bytes(), progress);
                self.read(&tokens, true)?;
                continue;
            }
            let bracket = writing.bracket;
            let GenerateRequest { citable, sampling, .. } = writing.request;
            let chosen =
                self.choose(&mut writing.sampler, most_likely(*sampling), bracket, citable)?;
            let Some(token) = chosen else { return Ok(Stop::End) };
            if generation.written_tokens == 0 {
                generation.first_token_seconds = started.elapsed().as_secs_f64();
            }
            if self.model.vocabulary.ends(token.0) {
                return Ok(Stop::End);
            }
            generation.written_tokens += 1;
            if writing.reasoning.closing().is_some() {
                writing.thought_tokens += 1;
            } else {
                writing.answer_tokens += 1;
            }
            writing.take(token, progress);
            if writing.ended {
                return Ok(Stop::End);
            }
            self.read(&[token], true)?;
        }
    }

    /// Keeps the tokens of what was said, for when it is told again; not where it said more than was let out.
    fn remember(&mut self, writing: &Writing<'_>, prompt_tokens: usize) {
        let Some(tokens) = self.kept.get(prompt_tokens..).filter(|tokens| !tokens.is_empty())
        else {
            return;
        };
        let pieces = tokens.iter().flat_map(|token| self.model.vocabulary.piece(token.0));
        let bytes: Vec<u8> = pieces.copied().collect();
        let text = writing.outgoing.text.as_str();
        if String::from_utf8_lossy(&bytes) == text {
            if self.said.len() >= MOST_SAID {
                self.said.remove(0);
            }
            self.said.push(Said { text: text.trim().to_owned(), tokens: tokens.to_vec() });
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

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
        assert!(first.written_tokens > 0 && first.written_tokens <= 24 + CITATION_TOKENS);
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
    fn the_next_question_of_a_conversation_reads_exactly_what_is_new() {
        let model = tiny();
        for seed in 0..30 {
            let mut generator = model.generator().unwrap();
            let mut request = ask("Where is the pump?");
            request.sampling.seed = seed;
            request.max_tokens = 150;
            for question in ["Who looks after it?", "Since when?", "Why?"] {
                let (said, _) = run(&mut generator, &request);
                let message = |role, content: &str| Message { role, content: content.into() };
                request.messages.push(message(Role::Assistant, said.text.trim()));
                request.messages.push(message(Role::User, question));
                let known = said.prompt_tokens + said.written_tokens;
                let stopped = GenerateRequest { max_tokens: 0, ..request.clone() };
                let (next, _) = run(&mut generator, &stopped);
                assert_eq!(next.read_tokens, next.prompt_tokens - known, "{seed}: {said:?}");
            }
        }
    }

    /// Rules that are long enough to be kept.
    fn ruled(question: &str) -> GenerateRequest {
        let mut request = ask(question);
        request.messages[0].content = "Rules of the house, one after the other. ".repeat(12);
        request
    }

    fn prefix_of(
        generator: &mut Generator<'_>,
        request: &GenerateRequest,
    ) -> (Generation, Option<Prefix>) {
        let mut kept = None;
        let generation = generator
            .generate(request, &CancellationToken::new(), &mut |progress| {
                if let GenerateProgress::Prefix(prefix) = progress {
                    assert!(kept.replace(prefix).is_none(), "it is told once");
                }
            })
            .unwrap();
        (generation, kept)
    }

    #[test]
    fn a_restart_reads_nothing_of_what_all_prompts_begin_with() {
        let model = tiny();
        let mut first = model.generator().unwrap();
        let (read, prefix) = prefix_of(&mut first, &ruled("Who?"));
        let prefix = prefix.unwrap();
        assert_eq!(read.read_tokens, read.prompt_tokens);
        assert!(prefix.tokens() > 40 && prefix.tokens() < read.prompt_tokens);
        let mut second = model.generator().unwrap();
        assert!(second.restore(&prefix));
        let (again, told) = prefix_of(&mut second, &ruled("Who?"));
        assert_eq!(again.read_tokens, read.prompt_tokens - prefix.tokens());
        assert_eq!((again.text, told), (read.text, None));
        // Another conversation in the same process goes on behind the rules too.
        let (other, told) = prefix_of(&mut second, &ruled("Since when, and why?"));
        assert_eq!(other.prompt_tokens - other.read_tokens, prefix.tokens());
        assert_eq!(told, None);
    }

    #[test]
    fn a_state_that_does_not_fit_is_refused_and_made_anew() {
        let model = tiny();
        let mut generator = model.generator().unwrap();
        let (read, prefix) = prefix_of(&mut generator, &ruled("Who?"));
        let prefix = prefix.unwrap();
        let cut = |length: usize| Prefix {
            tokens: prefix.tokens.clone(),
            state: prefix.state[..length].to_vec(),
        };
        let more = Prefix { tokens: [prefix.tokens.as_slice(), &[1]].concat(), ..prefix.clone() };
        let none = Prefix { tokens: vec![], state: vec![] };
        for damaged in [cut(0), cut(3), cut(8), cut(40), cut(prefix.state.len() / 2), more, none] {
            let mut generator = model.generator().unwrap();
            assert!(!generator.restore(&damaged));
            let (again, told) = prefix_of(&mut generator, &ruled("Who?"));
            assert_eq!((again.text, again.read_tokens), (read.text.clone(), read.prompt_tokens));
            assert_eq!(told.as_ref(), Some(&prefix));
        }
        // Of other rules: what they have in common with these is kept.
        let mut generator = model.generator().unwrap();
        assert!(generator.restore(&prefix));
        let mut request = ruled("Who?");
        request.messages[0].content.insert_str(200, "Another one. ");
        let (other, told) = prefix_of(&mut generator, &request);
        assert!(other.read_tokens < other.prompt_tokens && told.is_some());
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
