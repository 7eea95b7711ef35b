//! How does docent live in a terminal?

pub mod event_loop;
pub mod terminal;
pub mod view;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use jiff::Zoned;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::event_loop::{End, Hands, Screen};
use self::terminal::Tty;
use self::view::View;
use crate::child::opener::Opener;
use crate::cli::{Cli, ModelChoice};
use crate::error::{Failure, Outcome};
use crate::keys::Keys;
use crate::paths::{self, Environment};
use crate::seal::Seal;
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::message::{Message, Moment, Size};
use crate::state::notice::Notice;
use crate::theme::{Colours, Signs, Theme};
use crate::work::{FirstModel, Setting, Work};
use crate::{fs, interrupt, loading, models};

/// How many reports may wait for the screen before those who send them wait: some frames' worth.
const WAITING_REPORTS: usize = 256;

/// Opens the screen and stays until it is left.
pub fn run(
    cli: &Cli,
    environment: &Environment,
    seal: Seal,
    opener: Opener,
) -> Result<Outcome, Failure> {
    let started = Instant::now();
    // What can be wrong in what was typed is told before the screen is taken.
    let theme = theme(cli, environment)?;
    let signs = if environment.terminal.has_unicode() { Signs::UNICODE } else { Signs::ASCII };
    let setting = setting(cli, environment)?;
    let keys = Keys::default();
    let stop = interrupt::token()?;
    let (tty, terminal) = Tty::take()?;
    let (sender, mut inbox) = mpsc::channel(WAITING_REPORTS);
    let size = terminal.size()?;
    let size = Size { width: size.width, height: size.height };
    let mut screen = Screen {
        terminal,
        console: tty,
        hands: Worker {
            work: Work::start(setting, sender.clone())?,
            opener: Arc::new(Mutex::new(opener)),
            inbox: sender,
        },
        view: View::new(theme, signs),
        keys: &keys,
        state: State::new(seal, size, moment(started)),
        clock: moment,
        started,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let end = runtime.block_on(screen.run(&mut inbox, &stop));
    let Screen { terminal, console, hands, .. } = screen;
    // First the terminal: whoever waits for a worker wants to see the shell meanwhile.
    drop(terminal);
    drop(console);
    // Nobody takes reports any more, so nobody must wait to hand one over.
    drop(inbox);
    hands.work.finish();
    Ok(match end? {
        End::Quit => Outcome::Done,
        End::Stopped => Outcome::Interrupted,
    })
}

/// What the workers rest on.
fn setting(cli: &Cli, environment: &Environment) -> Result<Setting, Failure> {
    let home = paths::home(cli.home.as_deref(), environment)?;
    let places = paths::model_places(&home, environment);
    let model = match cli.model() {
        ModelChoice::Any => FirstModel::Suitable,
        ModelChoice::None => FirstModel::Quotes,
        // Nobody waits for more than the heads of some files here.
        ModelChoice::Named(typed) => {
            FirstModel::File(models::named(typed, &places, &CancellationToken::new())?.path)
        }
    };
    let embedder =
        cli.embedder.as_deref().map(|typed| models::named_embedder(typed, &home, &places));
    let folders =
        cli.folders.iter().map(|folder| fs::canonical(folder)).collect::<Result<_, _>>()?;
    Ok(Setting {
        home,
        parts: paths::parts(environment)?,
        embedder: embedder.transpose()?.map(|chosen| chosen.path),
        user_home: environment.user_home.clone(),
        cores: loading::cores(),
        ocr: !cli.no_ocr,
        model,
        places,
        running: cli.running(),
        folders,
    })
}

/// The theme that was asked for, in the colours that the terminal has.
fn theme(cli: &Cli, environment: &Environment) -> Result<Theme, Failure> {
    let facts = &environment.terminal;
    let colours = Colours::of(facts.no_color, facts.colours.as_deref(), facts.kind.as_deref());
    let name = cli.theme.as_deref().or_else(|| Theme::all().next()).unwrap_or_default();
    let theme = Theme::named(name).ok_or_else(|| {
        let names: Vec<_> = Theme::all().collect();
        Failure::new(format!("there is no theme `{name}`"))
            .hint(format!("choose one of {}", names.join(", ")))
    })?;
    Ok(theme.in_colours(colours))
}

fn moment(started: Instant) -> Moment {
    Moment { since_start: started.elapsed(), now: Zoned::now() }
}

/// Carries out effects by workers and by the opener.
#[derive(Debug)]
struct Worker {
    work: Work,
    opener: Arc<Mutex<Opener>>,
    inbox: mpsc::Sender<Message>,
}

impl Worker {
    /// Has a file shown in the system's viewer. Whether that has worked is known only after a while.
    fn view(&self, path: PathBuf, page: Option<u32>) {
        let (opener, inbox) = (Arc::clone(&self.opener), self.inbox.clone());
        let showing = move || {
            let shown = opener.lock().unwrap_or_else(PoisonError::into_inner).view(&path, page);
            if let Err(error) = shown {
                // The screen may have been left meanwhile.
                drop(inbox.blocking_send(Message::Notice(Notice::error(error.to_string()))));
            }
        };
        if let Err(error) = thread::Builder::new().name("view".to_owned()).spawn(showing) {
            let told = Notice::error(format!("can't start a thread to open the file: {error}"));
            drop(self.inbox.try_send(Message::Notice(told)));
        }
    }
}

impl Hands for Worker {
    fn carry_out(&mut self, effect: Effect) {
        // Only the loop can quit and give the terminal away, which it has done before.
        if let Some(Effect::View { path, page }) = self.work.carry_out(effect) {
            self.view(path, page);
        }
    }

    fn edit(&mut self, path: &Path, line: Option<u32>) -> Message {
        let mut opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner);
        match opener.edit(path, line) {
            Ok(()) => Message::Edited,
            Err(error) => Message::Notice(Notice::error(error.to_string())),
        }
    }
}
