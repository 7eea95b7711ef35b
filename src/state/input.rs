//! What is being typed, and where does the cursor stand?

use unicode_bidi::{Direction, get_base_direction};
use unicode_segmentation::UnicodeSegmentation as _;

use super::action::Action;

/// Text under the cursor's hand. Holds no control character but line feeds, and these only where lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// Bytes; always on a grapheme's boundary.
    cursor: usize,
    /// What is typed takes the place of all of it.
    is_marked: bool,
}

/// How many characters may be pasted at once: a page or two, and far less than makes a frame slow.
const PASTED: usize = 20_000;

impl Input {
    /// With the cursor at the end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text, is_marked: false }
    }

    /// All of it is marked, so that who begins to type begins anew.
    pub fn marked(text: impl Into<String>) -> Self {
        let mut input = Self::new(text);
        input.mark();
        input
    }

    /// Marks all of it.
    pub fn mark(&mut self) {
        (self.is_marked, self.cursor) = (!self.text.is_empty(), self.text.len());
    }

    pub fn is_marked(&self) -> bool {
        self.is_marked
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// In bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts the cursor at a byte, or at the next boundary behind it.
    pub fn move_to(&mut self, byte: usize) {
        self.cursor = self.boundary_at_or_after(byte);
    }

    /// Takes the text out.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        self.is_marked = false;
        std::mem::take(&mut self.text)
    }

    /// Puts a character in front of the cursor; what steers a terminal is left out.
    pub fn type_char(&mut self, c: char) {
        if !c.is_control() {
            self.insert(c.encode_utf8(&mut [0; 4]));
        }
    }

    /// Begins a new line.
    pub fn new_line(&mut self) {
        self.insert("\n");
    }

    /// Puts pasted text in front of the cursor: line ends as line feeds, tabs as spaces, other control characters left out.
    pub fn paste(&mut self, pasted: &str) {
        let lines = pasted.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
        let clean: String =
            lines.chars().filter(|c| *c == '\n' || !c.is_control()).take(PASTED).collect();
        self.insert(&clean);
    }

    /// As [`paste`](Self::paste), with line ends as spaces.
    pub fn paste_line(&mut self, pasted: &str) {
        self.paste(&pasted.trim_end_matches(['\r', '\n']).replace(['\r', '\n'], " "));
    }

    fn insert(&mut self, text: &str) {
        if self.is_marked {
            drop(self.take());
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // What was typed may have joined the character behind it.
        self.cursor = self.boundary_at_or_after(self.cursor);
    }

    /// Carries out an editing action. False for every other one, and for going up or down where there is no line.
    pub fn edit(&mut self, action: Action) -> bool {
        let action = match action {
            // Towards what is drawn there: from right to left, what comes next stands at the left.
            Action::Left if self.is_rtl() => Action::Right,
            Action::Right if self.is_rtl() => Action::Left,
            Action::WordLeft if self.is_rtl() => Action::WordRight,
            Action::WordRight if self.is_rtl() => Action::WordLeft,
            action => action,
        };
        if self.is_marked {
            match action {
                Action::Left | Action::WordLeft | Action::LineStart => self.cursor = 0,
                Action::Right | Action::WordRight | Action::LineEnd => {}
                Action::Backspace
                | Action::DeleteRight
                | Action::DeleteWordLeft
                | Action::DeleteToStart
                | Action::DeleteToEnd => drop(self.take()),
                _ => return false,
            }
            self.is_marked = false;
            return true;
        }
        match action {
            Action::Left => self.cursor = self.left(),
            Action::Right => self.cursor = self.right(),
            Action::WordLeft => self.cursor = self.word_left(),
            Action::WordRight => self.cursor = self.word_right(),
            Action::LineStart => self.cursor = self.line_start(),
            Action::LineEnd => self.cursor = self.line_end(),
            Action::Up => return self.go_up(),
            Action::Down => return self.go_down(),
            Action::Backspace => self.delete_back_to(self.left()),
            Action::DeleteRight => self.delete_until(self.right()),
            Action::DeleteWordLeft => self.delete_back_to(self.word_left()),
            Action::DeleteToStart => self.delete_back_to(self.line_start()),
            Action::DeleteToEnd => self.delete_until(self.line_end()),
            _ => return false,
        }
        true
    }

    /// Whether the line in which the cursor stands is written from right to left: whether its first letter is.
    fn is_rtl(&self) -> bool {
        let line = self.text.get(self.line_start()..self.line_end()).unwrap_or_default();
        get_base_direction(line) == Direction::Rtl
    }

    fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(start, _)| start)
    }

    fn right(&self) -> usize {
        self.after().graphemes(true).next().map_or(self.cursor, |first| self.cursor + first.len())
    }

    fn word_left(&self) -> usize {
        self.before().unicode_word_indices().next_back().map_or(0, |(start, _)| start)
    }

    fn word_right(&self) -> usize {
        self.after()
            .unicode_word_indices()
            .next()
            .map_or(self.text.len(), |(start, word)| self.cursor + start + word.len())
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.after().find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn go_up(&mut self) -> bool {
        let start = self.line_start();
        let Some(end_above) = start.checked_sub(1) else { return false };
        let column = self.column();
        let start_above =
            self.text.get(..end_above).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
        self.cursor = self.at_column(start_above, column);
        true
    }

    fn go_down(&mut self) -> bool {
        let end = self.line_end();
        if end == self.text.len() {
            return false;
        }
        self.cursor = self.at_column(end + 1, self.column());
        true
    }

    /// Graphemes between the line's beginning and the cursor.
    fn column(&self) -> usize {
        self.text.get(self.line_start()..self.cursor).unwrap_or_default().graphemes(true).count()
    }

    /// The byte at a column of the line that begins at `start`, or at the line's end.
    fn at_column(&self, start: usize, column: usize) -> usize {
        let line = self.text.get(start..).unwrap_or_default();
        let line = line.split('\n').next().unwrap_or_default();
        start + line.graphemes(true).take(column).map(str::len).sum::<usize>()
    }

    fn delete_back_to(&mut self, start: usize) {
        self.text.drain(start..self.cursor);
        self.cursor = self.boundary_at_or_after(start);
    }

    fn delete_until(&mut self, end: usize) {
        self.text.drain(self.cursor..end);
        self.cursor = self.boundary_at_or_after(self.cursor);
    }

    fn boundary_at_or_after(&self, byte: usize) -> usize {
        self.text
            .grapheme_indices(true)
            .map(|(start, _)| start)
            .find(|start| *start >= byte)
            .unwrap_or(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with a bar where the cursor stands, after the actions.
    #[track_caller]
    fn check(text: &str, actions: &[Action], expected: &str) {
        let (before, after) = text.split_once('|').unwrap();
        let mut input = Input { cursor: before.len(), ..Input::new(format!("{before}{after}")) };
        for action in actions {
            input.edit(*action);
        }
        let mut shown = input.text.clone();
        shown.insert(input.cursor, '|');
        assert_eq!(shown, expected, "{actions:?}");
    }

    #[test]
    fn keys_edit_as_readers_expect() {
        use Action::*;
        check("one two|", &[Left, Left], "one t|wo");
        check("one two|", &[WordLeft, WordLeft], "|one two");
        check("|one, two", &[WordRight, WordRight], "one, two|");
        check("one two|", &[DeleteWordLeft], "one |");
        check("a\nb|c\nd", &[LineStart], "a\n|bc\nd");
        check("a\nb|c\nd", &[LineEnd], "a\nbc|\nd");
        check("a\nb|c\nd", &[DeleteToStart, DeleteToEnd], "a\n|\nd");
        check("long line\nx|", &[Up], "l|ong line\nx");
        check("long l|ine\nx", &[Down], "long line\nx|");
        check("one|", &[Up, Down], "one|");
        check("👩‍👩‍👧é|", &[Backspace, Backspace], "|");
        check("|ab", &[DeleteRight, Backspace], "|b");
    }

    #[test]
    fn from_right_to_left_the_cursor_goes_where_the_key_points() {
        use Action::*;
        check("אב ג|ד", &[Left], "אב גד|");
        check("אב ג|ד", &[Right, Right], "אב| גד");
        check("אב גד|", &[WordRight], "אב |גד");
        check("ab אב|", &[Left], "ab א|ב");
        check("אב\nab|", &[Left, Up, Left], "אב|\nab");
        check("אב|", &[Backspace], "א|");
    }

    #[test]
    fn what_is_marked_is_replaced_by_what_is_typed() {
        let after = |action: Option<Action>, typed: &str| {
            let mut input = Input::marked("Pump");
            action.map(|action| input.edit(action));
            input.paste(typed);
            input.text().to_owned()
        };
        assert_eq!(after(None, "Seal"), "Seal");
        assert_eq!(after(Some(Action::Backspace), "x"), "x");
        assert_eq!(after(Some(Action::LineEnd), "s"), "Pumps");
        assert_eq!(after(Some(Action::Left), "A "), "A Pump");
        assert!(!Input::marked("").is_marked());
    }

    #[test]
    fn pasted_text_is_made_harmless() {
        let mut input = Input::default();
        input.paste("a\r\nb\rc\td\u{1b}[31m");
        assert_eq!(input.text(), "a\nb\nc d[31m");
        let mut input = Input::default();
        input.paste_line("/home/me/notes\n");
        assert_eq!(input.text(), "/home/me/notes");
    }

    proptest! {
        #[test]
        fn the_cursor_never_stands_inside_a_character(
            typed in proptest::collection::vec((any::<char>(), 0..Action::ALL.len()), 0..40)
        ) {
            let mut input = Input::default();
            for (c, action) in typed {
                input.type_char(c);
                input.edit(Action::ALL[action]);
                let boundaries: Vec<usize> = input.text.grapheme_indices(true).map(|(start, _)| start).collect();
                prop_assert!(input.cursor == input.text.len() || boundaries.contains(&input.cursor));
            }
        }
    }
}
