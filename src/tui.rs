//! How does docent live in a terminal?

mod compose;
pub mod event_loop;
pub mod incoming;
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
use crate::child::opener::{At, Opener};
use crate::cli::{Cli, ModelChoice};
use crate::error::{Failure, Outcome};
use crate::paths::{self, Environment, TerminalFacts};
use crate::seal::Seal;
use crate::settings::{self, Settings, SignChoice};
use crate::state::action::Action;
use crate::state::effect::Effect;
use crate::state::look::{Listed, Look};
use crate::state::message::{Message, Moment, Size};
use crate::state::model::Maker;
use crate::state::notice::Notice;
use crate::state::{Context, State};
use crate::theme::{Background, Colours, Signs, Theme, Themes};
use crate::work::{FirstModel, Setting, Work};
use crate::{fs, interrupt, loading, models};

/// How many reports may wait for the screen before those who send them wait: some frames' worth.
const WAITING_REPORTS: usize = 256;

/// Opens the screen and stays until it is left.
pub fn run(
    cli: &Cli,
    settings: Settings,
    environment: &Environment,
    seal: Seal,
    opener: Opener,
) -> Result<Outcome, Failure> {
    let started = Instant::now();
    // What can be wrong in what was typed is told before the screen is taken.
    let (setting, missed) = setting(cli, &settings, environment)?;
    let (view, look) = looks(&settings, &setting.home, &environment.terminal)?;
    let home = setting.home.clone();
    let keys = settings.keys;
    let stop = interrupt::token()?;
    let facts = &environment.terminal;
    let order = settings.right_to_left.unwrap_or_else(|| facts.right_to_left());
    let view = view.ordering(order);
    let (tty, terminal) = Tty::take(facts.answers(), order)?;
    let (sender, mut inbox) = mpsc::channel(WAITING_REPORTS);
    if let Some(notice) = missed {
        // Nothing waits in it yet.
        drop(sender.try_send(Message::Notice(notice)));
    }
    let size = terminal.size()?;
    let size = Size { width: size.width, height: size.height };
    let mut state = State::new(seal, size, moment(started));
    state.look = look;
    state.has_mouse = settings.mouse;
    state.reference = settings.reference;
    // Where there is none, no file can be written by a bare name.
    state.folder = std::env::current_dir().unwrap_or_default();
    let mut screen = Screen {
        terminal,
        console: tty,
        hands: Worker {
            work: Work::start(setting, sender.clone())?,
            opener: Arc::new(Mutex::new(opener)),
            inbox: sender,
            home,
        },
        view,
        keys: &keys,
        state,
        clock: moment,
        started,
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
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

/// What the workers rest on, and what is to be told of it.
fn setting(
    cli: &Cli,
    settings: &Settings,
    environment: &Environment,
) -> Result<(Setting, Option<Notice>), Failure> {
    let mut missed = Vec::new();
    let home = paths::home(cli.home.as_deref(), environment)?;
    let places = paths::model_places(&home, environment);
    let model = match ModelChoice::of(settings.model.as_deref()) {
        ModelChoice::Any => FirstModel::Suitable,
        ModelChoice::None => FirstModel::Quotes,
        // Nobody waits for more than the heads of some files here.
        ModelChoice::Named(typed) => {
            match models::named(typed, &places, &CancellationToken::new()) {
                Ok(chosen) => FirstModel::File(chosen.path),
                // A model that was set long ago may be gone: who opens the screen wants his documents all the same.
                Err(failure) if !cli.names_model() => {
                    missed.push(format!("{}: answers are quotes", failure.on_screen()));
                    FirstModel::Quotes
                }
                Err(failure) => return Err(failure),
            }
        }
    };
    let maker = match models::named_embedder(settings.embedder.as_deref(), &home, &places) {
        Ok(chosen) => Maker::of(chosen.map(|chosen| chosen.path)),
        // So may an embedder: what was made of the documents before is worth more than a start that ends here.
        Err(failure) if !cli.names_embedder() => {
            missed.push(format!("{}: the vectors that are left answer", failure.on_screen()));
            Maker::Gone(settings.embedder.clone().unwrap_or_default())
        }
        Err(failure) => return Err(failure),
    };
    let folders =
        cli.folders.iter().map(|folder| fs::canonical(folder)).collect::<Result<_, _>>()?;
    let setting = Setting {
        home,
        parts: paths::parts(environment)?,
        maker,
        user_home: environment.user_home.clone(),
        cores: loading::cores(),
        ocr: settings.ocr,
        largest_file: settings.largest_file,
        model,
        places,
        running: settings.running,
        folders,
    };
    let told = missed.join("; ");
    let choose = settings.keys.chord(Context::Question, Action::Models);
    let choose = choose.map(|chord| format!(" ({chord})")).unwrap_or_default();
    let missed = (!missed.is_empty())
        .then(|| Notice::error(format!("{told}. Put it back, or choose another one{choose}")));
    Ok((setting, missed))
}

/// What draws the screen, and the looks that can be chosen on it.
fn looks(
    settings: &Settings,
    home: &Path,
    terminal: &TerminalFacts,
) -> Result<(View, Look), Failure> {
    let themes = settings::themes(home)?;
    let look = Look {
        theme: settings.theme.clone(),
        themes: listed(&themes),
        background: terminal.background.as_deref().and_then(Background::hinted),
        panes: settings.panes,
    };
    let theme = themes.load(look.name_of(&look.theme)).map_err(|error| {
        Failure::from(error).hint("docent --themes lists those that can be chosen")
    })?;
    let colours =
        Colours::of(terminal.no_color, terminal.colours.as_deref(), terminal.kind.as_deref());
    let signs = match settings.signs {
        SignChoice::Auto if !terminal.has_unicode() => Signs::ASCII,
        SignChoice::Ascii => Signs::ASCII,
        SignChoice::Auto | SignChoice::Unicode => Signs::UNICODE,
    };
    Ok((View::new(theme.in_colours(colours), signs).choosing(themes), look))
}

/// The themes as the screen lists them.
fn listed(themes: &Themes) -> Vec<Listed> {
    let listed = |name: &str| {
        let theme = themes.load(name);
        Listed {
            name: name.to_owned(),
            background: theme.as_ref().ok().and_then(Theme::background),
            is_own: themes.is_own(name),
            fault: theme.err().map(|error| error.to_string()),
        }
    };
    themes.names().map(listed).collect()
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
    /// Docent's own folder.
    home: PathBuf,
}

impl Worker {
    /// Has a file shown in the system's viewer. Whether that has worked is known only after a while.
    fn view(&self, path: PathBuf, at: At) {
        let (opener, inbox) = (Arc::clone(&self.opener), self.inbox.clone());
        let showing = move || {
            let shown = opener.lock().unwrap_or_else(PoisonError::into_inner).view(&path, at);
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
        if let Some(Effect::View { path, page, line, search }) = self.work.carry_out(effect) {
            self.view(path, At { page, line, search });
        }
    }

    fn edit(&mut self, path: &Path, line: Option<u32>) -> Message {
        let mut opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner);
        match opener.edit(path, line) {
            Ok(()) => Message::Edited,
            Err(error) => Message::Notice(Notice::error(error.to_string())),
        }
    }

    fn compose(&mut self, text: &str, line: u32) -> Message {
        let mut opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner);
        match compose::compose(&self.home, text, |path| opener.edit(path, Some(line))) {
            Ok(text) => Message::Composed(text),
            Err(error) => Message::Notice(Notice::error(error.to_string())),
        }
    }
}
