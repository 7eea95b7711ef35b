//! What comes of typing in the question line, and of resting there?

use docent_index::query::Query;

use super::elsewhere::elsewhere;
use crate::json::Hit;
use crate::meant::Meant;
use crate::state::action::Action;
use crate::state::conversation::Turn;
use crate::state::effect::{Effect, Preview as Wanted, Run};
use crate::state::input::Input;
use crate::state::notice::Notice;
use crate::state::picker::{Choice, Choices, Row};
use crate::state::question::{Chip, InScope, PATIENCE, Preview, REST, Rest};
use crate::state::{Context, Pane, Sources, State};

impl State {
    /// Takes note of what stands in the line now, if it is something else than before.
    pub(super) fn look_at_the_line(&mut self) -> Vec<Effect> {
        match self.focus {
            Pane::Question => {}
            Pane::Conversation if self.preview.is_some() || self.question.rest != Rest::Long => {
                // Who reads an answer wants to see its sources. Back in the line, it is looked at anew.
                self.question.seen = (String::new(), Vec::new());
                self.question.rest = Rest::Long;
                return self.end_preview();
            }
            Pane::Conversation | Pane::Sources | Pane::Conversations => return Vec::new(),
        }
        let sources = self.shown().map_or(0, |turn| turn.hits.len());
        let question = &mut self.question;
        let (text, chips) = &question.seen;
        let is_same_text = text == question.input.text();
        if is_same_text && *chips == question.chips {
            return Vec::new();
        }
        question.seen = (question.input.text().to_owned(), question.chips.clone());
        question.rest = Rest::Typing(self.moment.since_start);
        if !is_same_text {
            let command = question.command().map(|typed| typed.trim().to_owned());
            question.commands = command.map(|typed| {
                let mut commands = Choices::new(commands(sources));
                commands.fit(&typed);
                commands
            });
        }
        let filters = question.filters();
        question.in_scope.take_if(|_| filters.is_empty());
        let counted = question.in_scope.as_ref().map_or("", |in_scope| &in_scope.filters);
        if question.words().is_empty() && counted == filters {
            question.rest = Rest::Long;
        }
        if question.words().is_empty() || question.command().is_some() {
            return self.end_preview();
        }
        Vec::new()
    }

    /// Does what was to be done when nothing has been typed for a while.
    pub(super) fn rest(&mut self) -> Vec<Effect> {
        let now = self.moment.since_start;
        match self.question.rest {
            Rest::Typing(at) if at + REST <= now => {
                self.question.rest = Rest::Short(at);
                let mut effects = self.count();
                effects.extend(self.preview());
                effects
            }
            Rest::Short(at) if at + PATIENCE <= now => {
                self.question.rest = Rest::Long;
                Vec::new()
            }
            Rest::Long | Rest::Typing(_) | Rest::Short(_) => Vec::new(),
        }
    }

    /// Asks how much the filters leave.
    fn count(&mut self) -> Vec<Effect> {
        let filters = self.question.filters();
        let counted = self.question.in_scope.as_ref().map_or("", |in_scope| &in_scope.filters);
        if filters == counted { Vec::new() } else { vec![Effect::Count { filters }] }
    }

    /// Counts anew when the library holds something else.
    pub(super) fn count_again(&mut self) -> Vec<Effect> {
        match self.question.in_scope.as_ref() {
            Some(in_scope) => vec![Effect::Count { filters: in_scope.filters.clone() }],
            None => Vec::new(),
        }
    }

    pub(super) fn counted(&mut self, in_scope: InScope) {
        if self.question.filters() == in_scope.filters {
            self.question.in_scope = Some(in_scope);
        }
    }

    /// Looks for what would be found, unless an answer is in work: then its sources are what matters.
    fn preview(&mut self) -> Vec<Effect> {
        let asked = self.question.asked();
        let Ok(query) = Query::parse(&asked) else { return Vec::new() };
        let has_words = self.question.command().is_none() && !query.question().trim().is_empty();
        if !has_words {
            return self.end_preview();
        }
        let is_known = self.preview.as_ref().is_some_and(|preview| preview.turn.question == asked);
        if is_known || self.library.is_empty() || self.conversation.run().is_some() {
            return Vec::new();
        }
        let run = self.next_run();
        let asked_at = self.moment.now.timestamp().as_second();
        let turn = Turn::asked(self.next_serial(), asked.clone(), asked_at, run);
        self.preview = Some(Preview::begun(turn, self.preview.take()));
        vec![Effect::Preview(Wanted {
            run,
            question: asked,
            turns: self.conversation.past(),
            pinned: self.conversation.chosen.pinned.clone(),
            excluded: self.conversation.chosen.excluded.clone(),
        })]
    }

    pub(super) fn previewed(&mut self, run: Run, hits: Vec<Hit>, in_scope: u64) {
        let preview = self.preview.as_mut();
        if preview.is_some_and(|preview| preview.report(run, hits, in_scope)) {
            self.sources = Sources::FIRST;
        }
    }

    /// Shows the sources of the conversation again.
    pub(super) fn end_preview(&mut self) -> Vec<Effect> {
        let Some(preview) = self.preview.take() else { return Vec::new() };
        if preview.found().is_some() {
            self.show_cited();
        }
        preview.turn.run().map(|_| Effect::StopPreview).into_iter().collect()
    }

    /// Carries out the command in the line: the one that is chosen of those that fit, else the one that it names.
    pub(super) fn command(&mut self) -> Vec<Effect> {
        let typed = self.question.command().unwrap_or_default().trim().to_owned();
        let chosen = self.question.commands.as_ref().and_then(|commands| commands.choice());
        let named = || Action::from_name(&typed).filter(|action| is_command(*action));
        let choice = chosen.cloned().or_else(|| named().map(Choice::Do));
        let Some(choice) = choice else {
            // What is told stands where they stood.
            self.question.commands = None;
            self.tell(Notice::error(refusal(&typed)));
            return Vec::new();
        };
        drop(self.question.input.take());
        self.question.recalled = None;
        self.choose(choice)
    }

    /// Writes the command that is chosen into the line.
    pub(super) fn complete_command(&mut self) {
        let chosen = self.question.commands.as_ref().and_then(|commands| commands.choice());
        if let Some(Choice::Do(action) | Choice::Elsewhere(_, action)) = chosen {
            self.question.input = Input::new(format!("/{}", action.name()));
        }
    }

    /// Hands the line to the user's editor.
    pub(super) fn compose(&self) -> Effect {
        let input = &self.question.input;
        let before = input.text().get(..input.cursor()).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Effect::Compose {
            text: input.text().to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        }
    }

    /// Takes over what was written in the editor.
    pub(super) fn composed(&mut self, text: &str) {
        let mut input = Input::default();
        input.paste(text.trim_end());
        self.question.input = input;
        self.question.recalled = None;
    }

    /// Limits what is asked to a folder or a file as well.
    pub(super) fn add_chip(&mut self, chip: Chip) {
        if !self.question.chips.contains(&chip) {
            self.question.chips.push(chip);
        }
    }
}

/// The actions that can be asked for by name in the question line where so many sources are shown: first what can be asked
/// for everywhere.
fn commands(sources: usize) -> Vec<Row> {
    let mut actions = Action::in_context(Context::Question);
    actions.retain(|action| {
        is_command(*action) && action.source().is_none_or(|number| number <= sources)
    });
    actions.sort_by_key(|action| !action.fits(Context::Help));
    let rows = actions.into_iter().map(|action| Row {
        text: action.name().to_owned(),
        name: String::new(),
        note: action.description().to_owned(),
        also: action.also(),
        choice: Choice::Do(action),
    });
    let elsewhere = elsewhere(Context::Question, sources).map(|(view, context, action)| Row {
        text: action.name().to_owned(),
        name: String::new(),
        note: format!("{view}: {}", action.description()),
        also: action.also(),
        choice: Choice::Elsewhere(context, action),
    });
    rows.chain(elsewhere).collect()
}

/// Whether it is no matter of the line itself.
fn is_command(action: Action) -> bool {
    action.fits(Context::Question)
        && !action.is_motion()
        && !matches!(action, Action::Send | Action::NewLine | Action::Back)
}

/// Why nothing comes of a command.
fn refusal(typed: &str) -> String {
    const ESCAPE: &str = "`//` begins a question with a slash";
    if typed.is_empty() {
        return format!("write a command behind the slash; {ESCAPE}");
    }
    let (name, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    match Action::from_name(name) {
        Some(action) if !is_command(action) => {
            format!("`/{name}` does nothing in the question line; {ESCAPE}")
        }
        Some(_) if !rest.is_empty() => {
            format!("nothing stands behind `/{name}`; {ESCAPE}")
        }
        _ => {
            let actions = Action::ALL.iter().copied().filter(|action| is_command(*action));
            let meant = Meant::among(name, actions.map(Action::name)).to_string();
            let stop = if meant.is_empty() { ";" } else { "" };
            format!("there is no command `/{name}`{meant}{stop} {ESCAPE}")
        }
    }
}
