//! `--ask`: answers questions with numbered sources.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use docent_engine::answer::model::ModelAnswerer;
use docent_engine::answer::quote::QuoteAnswerer;
use docent_engine::answer::{Answerer, Progress, Turn};
use docent_engine::catalog;
use docent_engine::generate::Generate as _;
use docent_index::query::Query;
use docent_index::retrieve::Request;
use docent_index::store::{Desk, Snapshot};

use super::search::source_line;
use super::{Session, export as exported, print, print_json};
use crate::answer::Asked;
use crate::child::model::{LoadError, ModelProcess};
use crate::cli::{ModelChoice, Which};
use crate::error::{Failure, Outcome};
use crate::finder::Finder;
use crate::follow_up::FollowUp;
use crate::json::{self, Answered};
use crate::loading;
use crate::{answer, export, fs, models, nothing, plain};

/// How many passages are shown where there is no answer.
const NEAREST: usize = 3;

pub(super) fn run(session: &Session<'_>, question: &str) -> Result<Outcome, Failure> {
    let export = session
        .cli
        .export
        .as_deref()
        .map(|path| Ok::<_, Failure>((path, export::form(path)?)))
        .transpose()?;
    let mut kept = Kept::default();
    let turns = session.cli.conversation.map(|which| kept.go_on(session, which)).transpose()?;
    let typed = turns.clone().unwrap_or_default();
    let mut asking = Asking { turns, typed, ..Asking::open(session)? };
    let mut failed = None;
    let one = (question != "-").then(|| Ok(question.to_owned()));
    let typed = (question == "-").then(|| io::stdin().lock().lines()).into_iter().flatten();
    for line in one.into_iter().chain(typed) {
        let asked = line.map_err(Failure::from).and_then(|line| match line.trim() {
            "" => Ok(()),
            question => {
                ask(session, &mut asking, question).map(|answered| kept.keep(session, answered))
            }
        });
        if asked.is_err() || session.cancel.is_cancelled() {
            failed = asked.err();
            break;
        }
    }
    let answers = kept.answers;
    // What was answered before a failure is the user's all the same.
    if let Some((path, form)) = export.filter(|_| !answers.is_empty()) {
        fs::write(path, &export::bytes(form, &answers)?)?;
        session.note(&format!("written to `{}`", path.display()));
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    Ok(if session.cancel.is_cancelled() {
        Outcome::Interrupted
    } else if answers.iter().any(|answered| !answered.abstained) {
        Outcome::Done
    } else {
        Outcome::Nothing
    })
}

/// All that is needed to answer one question after the other.
pub(super) struct Asking<'a> {
    session: &'a Session<'a>,
    snapshot: Snapshot,
    finder: Finder,
    model: Option<ModelAnswerer<ModelProcess>>,
    scope: Vec<PathBuf>,
    /// The conversation that goes on; none where each question stands alone.
    turns: Option<Vec<Turn>>,
    /// The same with each question as it was typed.
    typed: Vec<Turn>,
}

impl<'a> Asking<'a> {
    pub(super) fn open(session: &'a Session<'a>) -> Result<Self, Failure> {
        Ok(Self {
            snapshot: session.snapshot()?,
            scope: session.scope()?,
            // First what can be wrong in what was typed, then what takes time.
            model: model(session)?,
            finder: session.finder()?,
            session,
            turns: None,
            typed: Vec::new(),
        })
    }

    /// Answers one question, telling its text as it comes.
    pub(super) fn answer(
        &mut self,
        typed: &str,
        query: &Query,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answered, Failure> {
        let at = Instant::now();
        let Self { session, snapshot, finder, model, scope, turns, typed: before } = self;
        let known = turns.as_deref().unwrap_or_default();
        let mut follow_up = FollowUp::by_words(query, before);
        if let (Some(model), Some(_)) = (model.as_mut(), &follow_up) {
            let understood = model.understood(&query.question(), known, &session.cancel)?;
            follow_up = understood.map(|text| FollowUp::by_model(query, text)).or(follow_up);
        }
        let top = usize::from(session.cli.top);
        let (wanted, beside) = FollowUp::sought(follow_up.as_ref(), query);
        let request = Request { scope, beside: &beside, ..Request::new(wanted, top) };
        let found = finder.find_for(snapshot, request, &session.cancel)?;
        let asked = Asked { typed, query: wanted, at, turns: known, beside: &beside };
        let nothing = nothing::why(snapshot, &request, typed, &found, &session.cancel)?;
        // What goes on from a conversation may be answered by it.
        let judged = model.is_some() && follow_up.is_none();
        let refused = match nothing {
            Some(why) => Some(answer::nothing_to_read(&asked, &found, why)),
            None if judged => answer::refusal(&asked, &found, &mut finder.embedder),
            None => None,
        };
        let mut quotes;
        let answerer: &mut dyn Answerer = if let Some(model) = model {
            model
        } else {
            quotes = QuoteAnswerer::new(&mut finder.embedder);
            &mut quotes
        };
        let mut answered = match refused {
            Some(refused) => {
                progress(Progress::Text(&refused.answer));
                refused
            }
            None => answer::answer(&asked, &found, answerer, &session.cancel, progress)?,
        };
        let question = query.question();
        if let Some(follow_up) = follow_up {
            follow_up.tell(&mut answered);
        }
        // A model keeps no turn that it was not asked.
        if let Some(turns) = turns.as_mut().filter(|_| model.is_none() || answered.usage.is_some())
        {
            let answer = answered.answer.clone();
            before.push(Turn { question: typed.to_owned(), answer: answer.clone() });
            turns.push(Turn { question, answer });
        }
        Ok(answered)
    }
}

/// The model that `--model` names, or that suits this machine when nothing is named, loaded in its child; none for `none`,
/// and where there is no model.
fn model(session: &Session<'_>) -> Result<Option<ModelAnswerer<ModelProcess>>, Failure> {
    let (running, home) = (session.settings.running, session.home()?);
    let load = |path: &Path| loading::model(path, &running, &home, &session.cancel, &mut |_| {});
    let process = match ModelChoice::of(session.settings.model.as_deref()) {
        ModelChoice::None => return Ok(None),
        ModelChoice::Named(typed) => {
            let chosen = models::named(typed, &session.places()?, &session.cancel)?;
            session.note(&format!("loading `{}`", chosen.name));
            if let Some(warning) = models::too_large(&chosen.path, running.context) {
                session.note(&warning);
            }
            load(&chosen.path)?
        }
        ModelChoice::Any => {
            let found = catalog::list(&session.places()?, &session.cancel);
            let Some(index) = models::preferred(&found, running.context, models::free_memory())
            else {
                return Ok(None);
            };
            let Some(found) = found.get(index) else { return Ok(None) };
            let (name, origin) = (&found.name, found.origin.name());
            session.note(&format!("loading `{name}` ({origin}); `--model none` quotes instead"));
            match load(&found.path) {
                Ok(process) => process,
                Err(error @ LoadError::Stopped { .. }) => return Err(error.into()),
                Err(error) => {
                    session
                        .note(&format!("{}; answers are quotes", Failure::from(error).on_screen()));
                    return Ok(None);
                }
            }
        }
    };
    for caveat in &process.model().caveats {
        session.note(caveat);
    }
    Ok(Some(ModelAnswerer::new(process, running.answers())))
}

/// Answers one question and prints the answer; the text of a model as it comes.
fn ask(
    session: &Session<'_>,
    asking: &mut Asking<'_>,
    question: &str,
) -> Result<Answered, Failure> {
    let query = answer::query(question)?;
    if session.cli.json {
        let answered = asking.answer(question, &query, &mut |_| {})?;
        print_json(&answered)?;
        return Ok(answered);
    }
    let mut printed = Ok(());
    let mut reading = ReadingNote::new(session);
    let answered = asking.answer(question, &query, &mut |progress| match progress {
        Progress::Reading { tokens, of } => reading.show(tokens, of),
        // What the answer itself does not say is for who reads it on the screen.
        Progress::Prompt(_) | Progress::Thought(_) | Progress::Claim(_) => {}
        Progress::Text(text) => {
            reading.clear();
            if printed.is_ok() {
                printed = print(&plain::text(text));
            }
        }
    });
    reading.clear();
    let answered = answered?;
    printed?;
    print(&sources(&answered))?;
    session.note(&footer(&answered));
    Ok(answered)
}

/// What stands under an answer: its sources, or the nearest passages where there is no answer.
fn sources(answered: &Answered) -> String {
    let mut lines = vec!["\n".to_owned()];
    for citation in &answered.citations {
        let path = citation.hit.path.to_string_lossy();
        lines.push(source_line(&citation.hit));
        lines.push(format!("    “{}”", plain::line(&citation.quote)));
        lines.push(format!("    {}", plain::line(&path)));
    }
    if answered.abstained && !answered.hits.is_empty() {
        lines.push("The nearest passages:".to_owned());
        for hit in answered.hits.iter().take(NEAREST) {
            lines.push(source_line(hit));
            lines.push(format!("    {}", plain::line(&hit.text)));
        }
    }
    lines.join("\n") + "\n"
}

/// `from 8 of 412 passages in scope, 2 documents in scope could not be read · quotes · 0.1 s`.
fn footer(answered: &Answered) -> String {
    let read = &answered.read;
    let unread = match read.unread_documents {
        0 => String::new(),
        1 => ", 1 document in scope could not be read".to_owned(),
        unread => format!(", {unread} documents in scope could not be read"),
    };
    let mut parts: Vec<String> = understood(answered).into_iter().collect();
    if read.in_scope > 0 || !answered.abstained {
        parts
            .push(format!("from {} of {} passages in scope{unread}", read.passages, read.in_scope));
    }
    if read.unembedded() > 0 {
        let embedded = read.embedded.unwrap_or_default();
        parts.push(format!("{embedded} of {} passages were embedded", read.in_scope));
    }
    parts.extend([answered.model.clone(), format!("{:.1} s", answered.seconds)]);
    if let Some(usage) = &answered.usage {
        parts.push(format!("{} tokens read, {} written", usage.read_tokens, usage.written_tokens));
    }
    if !answered.dropped.is_empty() {
        let numbers: Vec<String> = answered.dropped.iter().map(|n| format!("[{n}]")).collect();
        parts.push(format!("{} did not fit the model's context", numbers.join(" ")));
    }
    if answered.forgotten {
        parts.push(json::FORGOTTEN.to_owned());
    }
    if answered.stopped {
        parts.push("stopped".to_owned());
    }
    parts.join(" · ")
}

/// How a question was understood that goes on from earlier ones.
fn understood(answered: &Answered) -> Option<String> {
    if !answered.carried.is_empty() {
        return Some(format!("taken with: {}", answered.carried.join(", ")));
    }
    answered.understood.as_ref().map(|text| format!("understood as `{text}`"))
}

/// Says on a terminal how far a model is with reading, on one line that goes away.
struct ReadingNote {
    shown: bool,
    wanted: bool,
}

impl ReadingNote {
    fn new(session: &Session<'_>) -> Self {
        Self {
            shown: false,
            wanted: !session.cli.quiet && !session.cli.json && io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, tokens: usize, of: usize) {
        if self.wanted {
            self.shown = true;
            // Nobody is left to tell when standard error is gone.
            drop(write!(io::stderr().lock(), "\rreading {tokens} of {of} tokens"));
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            drop(write!(io::stderr().lock(), "\r\u{1b}[K"));
        }
    }
}

/// The answers of this run, each kept as a turn of one conversation when it is there.
#[derive(Default)]
struct Kept {
    answers: Vec<Answered>,
    desk: Option<Desk>,
    conversation: Option<i64>,
}

impl Kept {
    /// Goes on with a conversation, and gives what was said in it.
    fn go_on(&mut self, session: &Session<'_>, which: Which) -> Result<Vec<Turn>, Failure> {
        let desk = self.desk(session)?;
        let conversation = exported::conversation(desk, which)?;
        let answers = conversation.turns.iter().map(answer::from_kept);
        let answers = answers.collect::<Result<Vec<Answered>, _>>()?;
        self.conversation = Some(conversation.id);
        let given = answers.into_iter().filter(|answered| !answered.abstained);
        Ok(given
            .map(|answered| Turn {
                answer: answered.without_citations(),
                question: answered.question,
            })
            .collect())
    }

    fn desk(&mut self, session: &Session<'_>) -> Result<&mut Desk, Failure> {
        match &mut self.desk {
            Some(desk) => Ok(desk),
            empty => {
                let desk = empty.insert(Desk::open(&session.home()?)?);
                if let Some(salvaged) = desk.salvaged() {
                    session.note(&salvaged.to_string());
                }
                Ok(desk)
            }
        }
    }

    fn keep(&mut self, session: &Session<'_>, answered: Answered) {
        if let Err(failure) = self.save(session, &answered) {
            session.note(&format!("the answer is not kept among the conversations: {failure}"));
        }
        self.answers.push(answered);
    }

    fn save(&mut self, session: &Session<'_>, answered: &Answered) -> Result<(), Failure> {
        let turn = answer::kept(answered, jiff::Timestamp::now().as_second(), None)?;
        let conversation = self.conversation;
        self.conversation = Some(self.desk(session)?.save_turn(conversation, &turn)?);
        Ok(())
    }
}
