//! Which turns of a conversation are laid out, and which line stands at the top of what is seen?
//!
//! A conversation can have any number of turns, and a frame has little time: a turn is laid out when its lines are seen
//! for the first time, or lie between what is seen and where the reader goes. So how many lines there are is not known at
//! first; a position is a line of a turn, which stays where it is when others are laid out.

use std::collections::HashMap;

use super::conversation::Looks;
use super::text::Styled;
use crate::state::State;
use crate::state::conversation::Turn;
use crate::state::scroll::{Anchor, Measure, Scroll};

/// The lines of the turns that were laid out.
#[derive(Debug, Default)]
pub(super) struct Turns {
    made_for: MadeFor,
    laid: HashMap<u64, Laid>,
    /// The turn that is answered now, by its serial number: its lines hold for one frame.
    working: Option<u64>,
    top: Option<Top>,
}

/// What all lines depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MadeFor {
    /// Cells of a line.
    pub room: usize,
    /// Whether the sources are beside, which the lines tell otherwise.
    pub has_sources: bool,
}

/// A turn's lines, and what of its looks can change when it is finished.
#[derive(Debug)]
struct Laid {
    looks: Looks,
    lines: Vec<Styled>,
}

/// A line of a turn, both counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    turn: usize,
    line: usize,
}

/// What stands at the top, told so that it is found again among lines of another width.
#[derive(Clone, Copy, Debug)]
struct Top {
    made_for: MadeFor,
    serial: u64,
    line: usize,
    /// Letters and digits of the turn before it; none where no more of them follow: what stands at a turn's end is told
    /// otherwise in another width.
    letters: Option<usize>,
    /// Lines without any from there on, until one has some.
    air: usize,
}

/// What a frame shows of a conversation.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub measure: Measure,
    /// The rows from the top on: the turn by its index, the line of it, and what stands there.
    pub rows: Vec<(usize, usize, &'a Styled)>,
}

impl Turns {
    /// What is seen of a conversation, which has turns, in a region of so many lines; `lay` makes the lines of a turn.
    pub(super) fn shown(
        &mut self,
        state: &State,
        (made_for, height): (MadeFor, usize),
        lay: impl Fn(&Turn, Looks) -> Vec<Styled>,
    ) -> Shown<'_> {
        let turns = &state.conversation.turns;
        self.keep_only(turns, made_for);
        let mut laying = Laying { turns: self, state, lay };
        let top = laying.top(state.conversation.scroll, height);
        let last = laying.fill(top, height);
        self.stand(turns, top);
        let measure = self.measure(turns, (top, last), height);
        Shown { measure, rows: self.rows(turns, top, height) }
    }

    /// Forgets lines of another width, turns of another conversation, and what may have changed since the last frame.
    fn keep_only(&mut self, turns: &[Turn], made_for: MadeFor) {
        if self.made_for != made_for {
            self.made_for = made_for;
            self.laid.clear();
        }
        if self.laid.len() > turns.len() {
            self.laid.retain(|serial, _| turns.iter().any(|turn| turn.serial == *serial));
        }
        if let Some(working) = self.working.take() {
            self.laid.remove(&working);
        }
    }

    /// The lines of a turn; none of one that is not laid out.
    fn lines(&self, turn: &Turn) -> &[Styled] {
        self.laid.get(&turn.serial).map_or(&[], |laid| &laid.lines)
    }

    fn rows(&self, turns: &[Turn], top: Place, height: usize) -> Vec<(usize, usize, &Styled)> {
        let from = turns.iter().enumerate().skip(top.turn);
        let rows = from.flat_map(|(turn, of)| {
            self.lines(of).iter().enumerate().map(move |(line, row)| (turn, line, row))
        });
        rows.skip(top.line).take(height).collect()
    }

    /// Where it stands, as far as that is known; a turn that is not laid out counts as one line.
    fn measure(&self, turns: &[Turn], (top, last): (Place, usize), height: usize) -> Measure {
        let heights = turns.iter().map(|turn| self.lines(turn).len());
        let before: usize = heights.clone().take(top.turn).map(|lines| lines.max(1)).sum();
        let is_known = heights.clone().skip(last + 1).all(|lines| lines > 0);
        Measure {
            top: before + top.line,
            height,
            lines: heights.map(|lines| lines.max(1)).sum(),
            item: top.turn,
            line: top.line,
            items_below: (!is_known).then(|| turns.len() - last - 1),
        }
    }

    /// Remembers what stands at the top, unless it does so already: the letters that stood there first stay there,
    /// through however many widths.
    fn stand(&mut self, turns: &[Turn], top: Place) {
        let Some(turn) = turns.get(top.turn) else { return };
        let (made_for, serial, line) = (self.made_for, turn.serial, top.line);
        let stands = |old: &Top| (old.made_for, old.serial, old.line) == (made_for, serial, line);
        if self.top.as_ref().is_some_and(stands) {
            return;
        }
        let lines = self.lines(turn);
        let air = lines.iter().skip(line).take_while(|line| letters_in(line) == 0).count();
        let follow = line + air < lines.len();
        let letters = follow.then(|| lines.iter().take(line).map(letters_in).sum());
        self.top = Some(Top { made_for, serial, line, letters, air });
    }
}

/// Turns that are laid out when their lines are asked for.
struct Laying<'a, L> {
    turns: &'a mut Turns,
    state: &'a State,
    lay: L,
}

impl<L: Fn(&Turn, Looks) -> Vec<Styled>> Laying<'_, L> {
    /// How many turns there are.
    fn count(&self) -> usize {
        self.state.conversation.turns.len()
    }

    /// The lines of a turn.
    fn lines(&mut self, turn: usize) -> &[Styled] {
        let Some(turn) = self.state.conversation.turns.get(turn) else { return &[] };
        let looks = Looks::of(turn, self.state);
        let kept = self.turns.laid.get(&turn.serial);
        if kept.is_none_or(|laid| laid.looks != looks) {
            let lines = (self.lay)(turn, looks);
            self.turns.laid.insert(turn.serial, Laid { looks, lines });
            if turn.run().is_some() {
                self.turns.working = Some(turn.serial);
            }
        }
        self.turns.lines(turn)
    }

    fn height(&mut self, turn: usize) -> usize {
        self.lines(turn).len()
    }

    /// What stands at the top of `height` lines.
    fn top(&mut self, scroll: Scroll, height: usize) -> Place {
        let lowest = self.lowest(height);
        let from = match scroll.anchor {
            Anchor::Line(line) => Place { turn: 0, line },
            Anchor::Item(turn) => Place { turn, line: 0 },
            Anchor::Mark(turn) => Place { turn, line: self.line_of_words(turn, height / 3) },
            Anchor::At { item, line } => self.again(Place { turn: item, line }),
            Anchor::Chosen { item, line } => {
                let place = self.again(Place { turn: item, line });
                self.with_chosen(place.min(lowest), height)
            }
            Anchor::End => lowest,
        };
        if from.turn >= self.count() {
            return lowest;
        }
        self.moved(from, scroll.lines).min(lowest)
    }

    /// The line of a turn that stands so far above the first one with what was looked for.
    fn line_of_words(&mut self, turn: usize, above: usize) -> usize {
        let sought = &self.state.conversation.sought;
        let has_word = |line: &Styled| {
            let text = line.text().to_lowercase();
            sought.iter().any(|word| text.contains(word))
        };
        let line = self.lines(turn).iter().position(has_word);
        line.unwrap_or_default().saturating_sub(above)
    }

    /// The place at the top for the citation that is chosen to be seen: `top` where that is enough.
    fn with_chosen(&mut self, top: Place, height: usize) -> Place {
        let conversation = &self.state.conversation;
        let turn = conversation.selected.unwrap_or(self.count().saturating_sub(1));
        let looks = conversation.turns.get(turn).map(|turn| Looks::of(turn, self.state));
        let Some(n) = looks.and_then(|looks| looks.chosen) else { return top };
        let Some(line) = line_of_citation(self.lines(turn), n) else { return top };
        let cited = Place { turn, line };
        let distance = |lines: usize| isize::try_from(lines).unwrap_or(isize::MAX);
        let last = self.moved(top, distance(height.saturating_sub(1)));
        if (top..=last).contains(&cited) { top } else { self.moved(cited, -distance(height / 3)) }
    }

    /// The place at the top when the last line stands at the foot.
    fn lowest(&mut self, height: usize) -> Place {
        let mut left = height.max(1);
        for turn in (0..self.count()).rev() {
            let lines = self.height(turn);
            if lines >= left {
                return Place { turn, line: lines - left };
            }
            left -= lines;
        }
        Place::default()
    }

    /// So many lines below a place, above it when negative, as far as there are lines.
    fn moved(&mut self, from: Place, lines: isize) -> Place {
        let Place { mut turn, mut line } = from;
        let mut above = lines.min(0).unsigned_abs();
        while above > line && turn > 0 {
            above -= line;
            turn -= 1;
            line = self.height(turn);
        }
        line = line.saturating_sub(above).saturating_add(lines.max(0).unsigned_abs());
        while line >= self.height(turn) && turn + 1 < self.count() {
            line -= self.height(turn);
            turn += 1;
        }
        Place { turn, line }
    }

    /// A place among lines of another width, when it is the one that stood at the top: what stood there stands there.
    fn again(&mut self, place: Place) -> Place {
        let made_for = self.turns.made_for;
        let turn = self.state.conversation.turns.get(place.turn);
        let Some(top) = self.turns.top.filter(|top| {
            turn.is_some_and(|turn| turn.serial == top.serial)
                && top.line == place.line
                && top.made_for != made_for
        }) else {
            return place;
        };
        let lines = self.lines(place.turn);
        let mut passed = 0;
        let mut line = lines
            .iter()
            .position(|line| {
                passed += letters_in(line);
                top.letters.is_some_and(|letters| passed > letters)
            })
            .unwrap_or(lines.len());
        for _ in 0..top.air {
            let Some(before) = line.checked_sub(1) else { break };
            if lines.get(before).is_some_and(|line| letters_in(line) > 0) {
                break;
            }
            line = before;
        }
        self.turns.top = Some(Top { made_for, line, ..top });
        Place { line, ..place }
    }

    /// Lays out what is seen below `top`; returns the last turn that is.
    fn fill(&mut self, top: Place, height: usize) -> usize {
        let mut last = top.turn;
        let mut filled = self.height(last).saturating_sub(top.line);
        while filled < height && last + 1 < self.count() {
            last += 1;
            filled += self.height(last);
        }
        last
    }
}

/// The line of a turn in which its answer cites a source first.
fn line_of_citation(lines: &[Styled], n: u32) -> Option<usize> {
    let citation = format!("[{n}]");
    // The question comes first, then an empty line.
    let answer = lines.iter().position(Styled::is_empty)?;
    let cited = lines.iter().skip(answer).position(|line| line.text().contains(&citation));
    cited.map(|line| answer + line)
}

/// What is the same in lines of any width: bars, rules and bullets are not.
fn letters_in(line: &Styled) -> usize {
    line.text().chars().filter(|c| c.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Style;

    use super::super::sample;
    use super::*;
    use crate::json::Answered;
    use crate::state::Pane;
    use crate::state::action::Action;
    use crate::state::conversation::Answering;
    use crate::state::message::Message;
    use crate::state::scroll::Measures;
    use crate::state::target::Target;

    const HEIGHT: usize = 12;

    /// A conversation on a screen of its own.
    struct Screen {
        turns: Turns,
        state: State,
        room: usize,
        height: usize,
    }

    impl Screen {
        /// A turn for each text.
        fn of(texts: impl IntoIterator<Item = String>) -> Self {
            let mut state = sample::idle(100, 30);
            state.focus = Pane::Conversation;
            let mut screen = Self { turns: Turns::default(), state, room: 20, height: HEIGHT };
            texts.into_iter().for_each(|text| screen.ask(&text));
            screen
        }

        fn ask(&mut self, text: &str) {
            let turns = &mut self.state.conversation.turns;
            let answer = Answering::Done(Box::<Answered>::new(sample::answered()));
            turns.push(sample::turn(turns.len() as u64, text, answer));
        }

        /// Draws a frame; returns what is seen.
        fn frame(&mut self) -> Vec<String> {
            let made_for = MadeFor { room: self.room, has_sources: false };
            let lay = |turn: &Turn, _: Looks| lines(&turn.question, made_for.room);
            let shown = self.turns.shown(&self.state, (made_for, self.height), lay);
            let measure = shown.measure;
            let rows = shown.rows.iter().map(|(_, _, row)| row.text().to_owned()).collect();
            let measures = Measures { conversation: measure, ..self.state.measures };
            self.state.update(Message::Drawn(measures));
            rows
        }

        fn go(&mut self, lines: isize) -> Vec<String> {
            self.state.update(Message::Wheel { target: Target::Turn(0), lines });
            self.frame()
        }

        /// Every line of the conversation.
        fn all(&self) -> Vec<String> {
            let turns = self.state.conversation.turns.iter();
            let laid = turns.flat_map(|turn| lines(&turn.question, self.room));
            laid.map(|line| line.text().to_owned()).collect()
        }

        /// Where each turn begins among them.
        fn first(&self, turn: usize) -> usize {
            let before = self.state.conversation.turns.iter().take(turn);
            before.map(|turn| lines(&turn.question, self.room).len()).sum()
        }
    }

    fn lines(text: &str, room: usize) -> Vec<Styled> {
        let rule = "─".repeat(room);
        let air = [Styled::default(), Styled::new(rule, Style::new()), Styled::default()];
        Styled::new(text, Style::new()).wrapped(room).into_iter().chain(air).collect()
    }

    /// So many words, each another one.
    fn text(turn: usize, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|word| format!("t{turn}w{word}")).collect();
        words.join(" ")
    }

    fn letters(line: &str) -> usize {
        letters_in(&Styled::new(line, Style::new()))
    }

    #[test]
    fn what_is_far_is_not_laid_out() {
        let mut screen = Screen::of((0..1_000).map(|turn| text(turn, 9)));
        let laid = |screen: &Screen| screen.turns.laid.len();
        screen.frame();
        assert!(laid(&screen) <= HEIGHT, "{}", laid(&screen));
        for _ in 0..20 {
            screen.go(-10);
        }
        assert!(laid(&screen) <= 240, "{}", laid(&screen));
        // All that is passed by is known, and nothing else.
        screen.state.update(Message::Do(Action::Top));
        let top = screen.frame();
        assert_eq!(top, screen.all()[..HEIGHT]);
        assert!(laid(&screen) <= 260, "{}", laid(&screen));
        let measure = screen.state.measures.conversation;
        assert_eq!((measure.top, measure.item), (0, 0));
        assert!(measure.items_below.is_some_and(|items| (980..1_000).contains(&items)));
        screen.state.update(Message::Do(Action::End));
        screen.frame();
        let measure = screen.state.measures.conversation;
        assert_eq!((measure.top + measure.height, measure.items_below), (measure.lines, None));
        // Nor is it after the terminal has become another.
        screen.room = 31;
        screen.frame();
        assert!(laid(&screen) <= HEIGHT, "{}", laid(&screen));
    }

    #[test]
    fn going_from_a_width_and_back_changes_nothing() {
        let mut screen = Screen::of((0..30).map(|turn| text(turn, 40)));
        screen.frame();
        // So far up that the end comes into sight in no width.
        screen.go(-80);
        for back in 1..20 {
            let before = screen.go(-back);
            for room in [9, 33, 60, 20] {
                screen.room = room;
                screen.frame();
            }
            assert_eq!(screen.frame(), before);
        }
    }

    /// What happens to a conversation.
    #[derive(Clone, Debug)]
    enum Step {
        Go(isize),
        Top,
        End,
        Turn(bool),
        Ask(usize),
        Room(usize),
        Height(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (-40_isize..40).prop_map(Step::Go),
            1 => Just(Step::Top),
            1 => Just(Step::End),
            2 => any::<bool>().prop_map(Step::Turn),
            1 => (0_usize..60).prop_map(Step::Ask),
            2 => (1_usize..50).prop_map(Step::Room),
            1 => (1_usize..40).prop_map(Step::Height),
        ];
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        /// The same lines are seen as if all turns were laid out; the end is followed until the reader leaves it; and in
        /// lines of another width, what stood at the top stands there.
        #[test]
        fn what_is_laid_out_later_moves_nothing(
            turns in prop::collection::vec(0_usize..60, 1..40),
            steps in steps(),
        ) {
            let mut screen =
                Screen::of(turns.iter().enumerate().map(|(turn, words)| text(turn, *words)));
            screen.frame();
            let last = |screen: &Screen| screen.all().len().saturating_sub(screen.height);
            let (mut top, mut follows) = (last(&screen), true);
            let mut stands = None;
            for step in steps {
                // The letter that stands first in what is seen, or stood there before the width became another.
                let first: usize = screen.all().iter().take(top).map(|line| letters(line)).sum();
                let letter = match stands {
                    Some((there, letter)) if there == (screen.room, top) => letter,
                    _ => first,
                };
                match step {
                    Step::Go(lines) => {
                        screen.state.update(Message::Wheel { target: Target::Turn(0), lines });
                        top = top.saturating_add_signed(lines).min(last(&screen));
                        follows = lines >= 0 && (follows || lines > 0 && top == last(&screen));
                    }
                    Step::Top => {
                        screen.state.update(Message::Do(Action::Top));
                        (top, follows) = (0, false);
                    }
                    Step::End => {
                        screen.state.update(Message::Do(Action::End));
                        (top, follows) = (last(&screen), true);
                    }
                    Step::Turn(forward) => {
                        let action = if forward { Action::NextTurn } else { Action::PreviousTurn };
                        screen.state.update(Message::Do(action));
                        follows = screen.state.conversation.selected.is_none();
                        let turn = screen.state.conversation.selected.unwrap_or_default();
                        top = if follows { last(&screen) } else { screen.first(turn) };
                    }
                    Step::Ask(words) => screen.ask(&text(screen.state.conversation.turns.len(), words)),
                    Step::Room(room) => screen.room = room,
                    Step::Height(height) => screen.height = height,
                }
                let seen = screen.frame();
                let all = screen.all();
                top = if follows { last(&screen) } else { top.min(last(&screen)) };
                if matches!(step, Step::Room(_)) && !follows {
                    let stands_at = |line: usize, letter: usize| {
                        let before: usize = all.iter().take(line).map(|line| letters(line)).sum();
                        let first = all.iter().skip(line).map(|line| letters(line)).find(|n| *n > 0);
                        before <= letter && first.is_none_or(|first| letter < before + first)
                    };
                    // A turn that was gone to stays at its beginning, whatever stood there before.
                    let begins_with = |line| stands_at(line, letter) || stands_at(line, first);
                    let place = screen.first(screen.state.measures.conversation.item)
                        + screen.state.measures.conversation.line;
                    prop_assert!(begins_with(place) || place == last(&screen), "{place}");
                    stands = begins_with(place).then_some(((screen.room, place), letter));
                    top = place;
                }
                stands = stands.filter(|(there, _)| *there == (screen.room, top));
                let end = (top + screen.height).min(all.len());
                prop_assert_eq!(&seen, &all[top..end]);
            }
        }
    }
}
