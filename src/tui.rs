//! How does docent live in a terminal?

pub mod event_loop;
pub mod terminal;
pub mod view;

use std::path::Path;

use jiff::Zoned;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::event_loop::{End, Hands, Screen};
use self::terminal::Tty;
use self::view::View;
use crate::cli::Cli;
use crate::error::{Failure, Outcome};
use crate::keys::Keys;
use crate::paths::{self, Environment};
use crate::seal::Seal;
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::message::{Message, Moment, Size};
use crate::theme::{Colours, Signs, Theme};
use crate::work::{Setting, Work};
use crate::{fs, interrupt, loading};

/// How many reports may wait for the screen before those who send them wait: some frames' worth.
const WAITING_REPORTS: usize = 256;

/// Opens the screen and stays until it is left.
pub fn run(cli: &Cli, environment: &Environment, seal: Seal) -> Result<Outcome, Failure> {
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
        hands: Worker { work: Work::start(setting, sender)? },
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
    let model = match cli.model.as_str() {
        "none" => None,
        path => Some(fs::canonical(Path::new(path))?),
    };
    let folders =
        cli.folders.iter().map(|folder| fs::canonical(folder)).collect::<Result<_, _>>()?;
    Ok(Setting {
        home: paths::home(cli.home.as_deref(), environment)?,
        parts: paths::parts(environment)?,
        user_home: environment.user_home.clone(),
        cores: loading::cores(),
        model,
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

/// Carries out effects by workers.
#[derive(Debug)]
struct Worker {
    work: Work,
}

impl Hands for Worker {
    fn carry_out(&mut self, effect: Effect) {
        drop(self.work.carry_out(effect));
    }

    fn edit(&mut self, _path: &Path, _line: Option<u32>) -> Message {
        Message::Edited
    }
}
