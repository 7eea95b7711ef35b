//! How does an answer's Markdown become lines?
//!
//! Citations are taken out before the Markdown is parsed, which would read some of them as links, and put back in their own
//! style. Nothing here asks where a citation leads.

use docent_engine::answer::{Claim, Mark};
use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};

use super::claims;
use super::code::Lexer;
use super::text::{Styled, width, wrap};
use crate::theme::{Role, Signs, Theme};

/// Characters without meaning that stand for citations while Markdown is parsed: the last private plane, of which one
/// stands for each number.
const STAND_INS: u32 = 0x0010_0000;
const LAST_STAND_IN: u32 = 0x0010_ffef;
/// The same for the marks of claims.
const QUOTED: char = '\u{10fff0}';

/// A column of a table is not made narrower than this; with less room a row is written as a list.
const NARROWEST_COLUMN: usize = 6;
const COLUMN_GAP: usize = 2;
/// Cells that a column has beyond its first cells, for longer ones below, where there is room: at least for words, and for
/// numbers.
const MORE_FOR_WORDS: usize = 6;
const MORE_FOR_NUMBERS: usize = 3;

/// What an answer is drawn with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub theme: &'a Theme,
    pub signs: &'a Signs,
    /// Cells of a line.
    pub room: usize,
    /// Numbers from 1 to this one are citations when they stand in brackets.
    pub sources: u32,
    /// The citation that is chosen.
    pub chosen: Option<u32>,
    /// What is known of the text's claims.
    pub claims: &'a [Claim],
}

/// The lines of a finished text.
pub(super) fn lines(markdown: &str, look: Look<'_>) -> Vec<Styled> {
    written(markdown, look)
}

/// The lines of a text that is still being written: what is begun at its end is shown as what it will probably become, or
/// held back until that is known, so that what stands on the screen stays where it is.
pub(super) fn unfinished_lines(markdown: &str, look: Look<'_>) -> Vec<Styled> {
    written(&completed(markdown), look)
}

/// The lines of a text that means nothing but itself, with its citations: documents' own words, where a `*` is a `*`.
pub(super) fn verbatim_lines(text: &str, look: Look<'_>) -> Vec<Styled> {
    let mut writer = Writer::new(look);
    writer.text(&put_stand_ins(text, look.sources, &claims::marks(text, look.claims)));
    writer.flush();
    writer.lines
}

fn written(markdown: &str, look: Look<'_>) -> Vec<Styled> {
    let marks = claims::marks(markdown, look.claims);
    let with_stand_ins = put_stand_ins(markdown, look.sources, &marks);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut writer = Writer::new(look);
    Parser::new_ext(&with_stand_ins, options).for_each(|event| writer.take(event));
    writer.flush();
    writer.lines
}

/// Leaves out what of the last line could become anything, and closes what is open in the last paragraph.
fn completed(markdown: &str) -> String {
    let last_line = markdown.rfind('\n').map_or(0, |at| at + 1);
    let (before, last) = markdown.split_at_checked(last_line).unwrap_or((markdown, ""));
    // A block of code is whole until its end, which may have begun.
    if before.matches("```").count() % 2 == 1 {
        let is_end = !last.is_empty() && "```".starts_with(last.trim());
        return if is_end { before.to_owned() } else { markdown.to_owned() };
    }
    let is_sign = |c: char| !c.is_alphanumeric() || c.is_ascii_digit();
    let signs_only = last.len() < 6 && last.chars().all(is_sign) && !last.contains(['[', '"', '“']);
    let is_fence = last.trim_start().starts_with("```");
    let mut text = if signs_only || is_fence { before.to_owned() } else { markdown.to_owned() };
    // A citation is there when its number is.
    let begun =
        text.rfind('[').filter(|at| text.bytes().skip(at + 1).all(|byte| byte.is_ascii_digit()));
    text.truncate(begun.unwrap_or(text.len()));
    let start = text.rfind("\n\n").map_or(0, |at| at + 2);
    let paragraph = text.get(start..).unwrap_or_default();
    if let Some(table) = table_in(paragraph) {
        // Whole rows, once there is one under the head: both make the columns as wide as they will be.
        let rows = paragraph.get(table..).unwrap_or_default();
        let is_known = rows.matches('\n').count() > 2;
        let end = rows.rfind('\n').filter(|_| is_known).map_or(0, |at| at + 1);
        text.truncate(start + table + end);
        return text;
    }
    for sign in open_signs(paragraph) {
        if text.ends_with(sign) {
            text.truncate(text.len() - sign.len());
        } else if sign == "**" && text.ends_with('*') {
            // It is being closed.
            text.push('*');
        } else {
            text.truncate(text.trim_end().len());
            text.push_str(sign);
        }
    }
    text
}

/// Where in a paragraph the lines begin that are, or become, a table.
fn table_in(paragraph: &str) -> Option<usize> {
    let mut at = 0;
    for line in paragraph.split_inclusive('\n') {
        if line.trim_start().starts_with('|') {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// What closes the signs that are open at the end of a paragraph, the innermost first.
fn open_signs(paragraph: &str) -> Vec<&'static str> {
    if paragraph.matches('`').count() % 2 == 1 {
        return vec!["`"];
    }
    let mut open: Vec<&str> = Vec::new();
    let mut before = ' ';
    let mut rest = paragraph;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let sign = if rest.starts_with("**") { "**" } else { "*" };
        if c == '*' {
            rest = rest.get(sign.len()..).unwrap_or_default();
            let begins = rest.chars().next().is_none_or(|next| !next.is_whitespace());
            if open.last() == Some(&sign) && !before.is_whitespace() {
                open.pop();
            } else if begins && !before.is_alphanumeric() {
                open.push(sign);
            }
        } else {
            rest = after;
        }
        before = c;
    }
    // Where a link leads is being told.
    if let Some((_, target)) = paragraph.rsplit_once("](")
        && !target.contains([')', ' '])
        && !target.is_empty()
    {
        open.push(")");
    }
    open.reverse();
    open
}

/// Puts a stand-in for each citation, and one where each mark stands.
fn put_stand_ins(markdown: &str, sources: u32, marks: &[(usize, Mark)]) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut marks = marks.iter();
    let mut mark = marks.next();
    // Text without citations that begins at a byte of the Markdown.
    let mut push = |text: &mut String, mut source: &str, mut at: usize| {
        while let Some((place, of)) = mark.filter(|(place, _)| *place <= at + source.len()) {
            let before = place.saturating_sub(at);
            let (stretch, rest) = source.split_at_checked(before).unwrap_or((source, ""));
            push_without_stand_ins(text, stretch);
            text.push(mark_stand_in(*of));
            (source, at, mark) = (rest, at + stretch.len(), marks.next());
        }
        push_without_stand_ins(text, source);
    };
    let mut rest = markdown;
    while let Some((before, bracket)) = rest.split_once('[') {
        push(&mut text, before, markdown.len() - rest.len());
        let cited = claims::citation(rest.get(before.len()..).unwrap_or_default());
        let cited = cited.and_then(|(number, behind)| {
            let is_source = (1..=sources).contains(&number);
            Some((stand_in(number).filter(|_| is_source)?, behind))
        });
        if let Some((stand_in, behind)) = cited {
            text.push(stand_in);
            rest = behind;
        } else {
            text.push('[');
            rest = bracket;
        }
    }
    push(&mut text, rest, markdown.len() - rest.len());
    text
}

fn push_without_stand_ins(text: &mut String, source: &str) {
    let is_stand_in = |c: char| cited(c).is_some() || marked(c).is_some();
    text.extend(
        source.chars().map(|c| if is_stand_in(c) { char::REPLACEMENT_CHARACTER } else { c }),
    );
}

fn stand_in(number: u32) -> Option<char> {
    char::from_u32(STAND_INS.checked_add(number)?).filter(|c| cited(*c).is_some())
}

/// The number that a stand-in stands for.
fn cited(c: char) -> Option<u32> {
    let code = u32::from(c);
    (STAND_INS..=LAST_STAND_IN).contains(&code).then(|| code - STAND_INS)
}

fn mark_stand_in(mark: Mark) -> char {
    match mark {
        Mark::Quoted => QUOTED,
    }
}

/// The mark that a stand-in stands for.
fn marked(c: char) -> Option<Mark> {
    (c == QUOTED).then_some(Mark::Quoted)
}

/// Text with its citations written out again, and without marks.
fn without_stand_ins(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match cited(c) {
            Some(number) => plain.extend(["[", &number.to_string(), "]"]),
            None if marked(c).is_some() => {}
            None => plain.push(c),
        }
    }
    plain
}

/// Something that text stands in: a list's item or a quote.
struct Container {
    /// In front of its first line, until that is written.
    first: Option<Styled>,
    /// In front of its other lines.
    rest: Styled,
    /// Paragraphs and other blocks that were begun in it.
    blocks: usize,
}

#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    /// The first one is the head.
    rows: Vec<Vec<Styled>>,
}

struct Writer<'a> {
    look: Look<'a>,
    lines: Vec<Styled>,
    /// The paragraph that is being read.
    inline: Styled,
    /// Of what is open around it, the last one in force.
    styles: Vec<Style>,
    containers: Vec<Container>,
    /// The next number of each open list; none for bullets.
    lists: Vec<Option<u64>>,
    table: Option<Table>,
    /// What reads the block of code that text is.
    code: Option<Lexer>,
    /// Where the open links lead.
    links: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(look: Look<'a>) -> Self {
        Self {
            look,
            lines: Vec::new(),
            inline: Styled::default(),
            styles: Vec::new(),
            containers: Vec::new(),
            lists: Vec::new(),
            table: None,
            code: None,
            links: Vec::new(),
        }
    }

    fn role(&self, role: Role) -> Style {
        self.look.theme.style(role)
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_else(|| self.role(Role::Text))
    }

    /// Opens a style over the one in force.
    fn open(&mut self, role: Role) {
        let style = self.style().patch(self.role(role));
        self.styles.push(style);
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match self.code.take() {
                Some(lexer) => self.code(&text, lexer),
                None => self.text(&text),
            },
            Event::Code(code) => {
                let style = self.style().patch(self.role(Role::Code));
                self.inline.push(&without_stand_ins(&code), style);
            }
            Event::InlineHtml(html) | Event::Html(html) => self.html(&html),
            Event::SoftBreak => self.inline.push(" ", self.style()),
            Event::HardBreak => self.inline.push("\n", self.style()),
            Event::Rule => {
                self.begin_block();
                let rule = self.look.signs.horizontal.repeat(self.room().min(12));
                self.line(&Styled::new(rule, self.role(Role::Border)));
            }
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
            Event::TaskListMarker(is_done) => {
                self.inline.push(if is_done { "[x] " } else { "[ ] " }, self.style());
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(),
            Tag::Heading { .. } => {
                self.begin_block();
                self.open(Role::Heading);
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                let bar =
                    Styled::new(format!("{} ", self.look.signs.vertical), self.role(Role::Border));
                self.containers.push(Container { first: None, rest: bar, blocks: 0 });
                self.open(Role::Dim);
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => without_stand_ins(&language),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some(Lexer::of(&language));
                if !language.is_empty() {
                    self.line(&Styled::new(language, self.role(Role::Dim)));
                }
            }
            Tag::List(first) => {
                self.flush();
                if self.containers.is_empty() {
                    self.begin_block();
                }
                self.lists.push(first);
            }
            Tag::Item => self.begin_item(),
            Tag::Table(alignments) => {
                self.begin_block();
                self.table = Some(Table { alignments, rows: Vec::new() });
            }
            Tag::TableHead => {
                self.open(Role::Strong);
                self.begin_row();
            }
            Tag::TableRow => self.begin_row(),
            Tag::Emphasis => self.open(Role::Emphasis),
            Tag::Strong => self.open(Role::Strong),
            Tag::Strikethrough => {
                self.styles.push(self.style().add_modifier(Modifier::CROSSED_OUT));
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(dest_url.into_string());
            }
            Tag::TableCell
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.containers.pop();
                self.styles.pop();
            }
            TagEnd::CodeBlock => self.code = None,
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                // An item without text is its marker alone.
                if self.containers.last().is_some_and(|item| item.first.is_some()) {
                    self.line(&Styled::default());
                }
                self.containers.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.table(&table);
                }
            }
            TagEnd::TableHead | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableRow
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn begin_row(&mut self) {
        if let Some(table) = &mut self.table {
            table.rows.push(Vec::new());
        }
    }

    fn begin_item(&mut self) {
        self.flush();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => format!("{} ", self.look.signs.bullet),
        };
        let rest = Styled::new(" ".repeat(width(&marker)), self.role(Role::Text));
        let first = Some(Styled::new(marker, self.role(Role::Dim)));
        self.containers.push(Container { first, rest, blocks: 0 });
    }

    /// A link's text is read; where it leads is told behind it, for nothing here can be clicked.
    fn end_link(&mut self) {
        let Some(target) = self.links.pop() else { return };
        if !target.is_empty() && !self.inline.text().ends_with(&target) {
            self.inline.push(&format!(" ({})", without_stand_ins(&target)), self.role(Role::Dim));
        }
    }

    /// An answer has no markup of its own but line breaks, which models put into tables.
    fn html(&mut self, html: &CowStr<'_>) {
        let is_break = matches!(html.trim(), "<br>" | "<br/>" | "<br />");
        let style = self.style();
        self.inline.push(if is_break { "\n" } else { html }, style);
    }

    /// Text of a paragraph, with citations and marks in their own style.
    fn text(&mut self, text: &str) {
        let style = self.style();
        let is_stand_in = |c: char| cited(c).is_some() || marked(c).is_some();
        for stretch in text.split_inclusive(is_stand_in) {
            let mut before = stretch.chars();
            match before.next_back() {
                Some(c) if is_stand_in(c) => {
                    self.inline.push(before.as_str(), style);
                    self.stand_in(c, style);
                }
                _ => self.inline.push(stretch, style),
            }
        }
    }

    /// What a character stands for, in text of a style.
    fn stand_in(&mut self, c: char, style: Style) {
        if let Some(number) = cited(c) {
            // A number alone at the beginning of a line would look like the number of something else.
            self.inline.tie();
            let role =
                if self.look.chosen == Some(number) { Role::Selected } else { Role::Citation };
            let citation = style.patch(self.role(Role::Citation)).patch(self.role(role));
            self.inline.push(&format!("[{number}]"), citation);
        }
        if let Some(mark) = marked(c) {
            let (sign, role) = match mark {
                Mark::Quoted => (self.look.signs.quoted, Role::Quoted),
            };
            // No line parts a mark from its claim.
            self.inline.push("\u{a0}", style);
            self.inline.push(sign, style.patch(self.role(role)));
        }
    }

    fn code(&mut self, text: &str, mut lexer: Lexer) {
        let style = self.role(Role::Code);
        let room = self.room().saturating_sub(2).max(1);
        for line in without_stand_ins(text).lines() {
            let mut styled = Styled::default();
            for (stretch, role) in lexer.line(line) {
                styled.push(stretch, style.patch(self.role(role)));
            }
            wrap(line, room, room, |span| {
                let mut row = Styled::new("  ", style);
                row.append(&styled.slice(span.start, span.next));
                self.line(&row);
            });
        }
        self.code = Some(lexer);
    }

    /// Parts a block from the one before it by an empty line.
    fn begin_block(&mut self) {
        self.flush();
        let is_first = match self.containers.last_mut() {
            Some(container) => {
                container.blocks += 1;
                container.blocks == 1
            }
            None => self.lines.is_empty(),
        };
        if !is_first {
            self.line(&Styled::default());
        }
    }

    /// Cells that are left for text beside what it stands in.
    fn room(&self) -> usize {
        let taken: usize = self.containers.iter().map(|container| container.rest.width()).sum();
        self.look.room.saturating_sub(taken).max(1)
    }

    /// Ends the paragraph.
    fn flush(&mut self) {
        let inline = std::mem::take(&mut self.inline);
        if inline.text().trim().is_empty() {
            return;
        }
        for line in inline.wrapped(self.room()) {
            self.line(&line);
        }
    }

    /// Writes a line with what stands in front of it.
    fn line(&mut self, content: &Styled) {
        let mut line = Styled::default();
        for container in &mut self.containers {
            match container.first.take() {
                Some(first) => line.append(&first),
                None => line.append(&container.rest),
            }
        }
        line.append(content);
        self.lines.push(line);
    }

    /// Ends a table. Its columns are as wide as the head and the first row alone would have them, with some room for longer
    /// cells: they stay so, whatever rows come while it is being written. Only what stands in the last column goes on to
    /// the right without moving anything.
    fn table(&mut self, table: &Table) {
        let room = self.room();
        let columns = table.rows.first().map_or(0, Vec::len);
        let natural: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = table.rows.iter().take(2).filter_map(|row| row.get(column));
                let longest = |cell: &Styled| cell.text().lines().map(width).max().unwrap_or(0);
                cells.map(longest).max().unwrap_or_default().max(NARROWEST_COLUMN)
            })
            .collect();
        let Some(mut widths) = column_widths(&natural, room) else {
            return self.table_as_list(table);
        };
        let taken = |widths: &[usize]| widths.iter().sum::<usize>() + COLUMN_GAP * (columns - 1);
        let share = room.saturating_sub(taken(&widths)) / columns;
        for (width, alignment) in widths.iter_mut().zip(&table.alignments) {
            // What stands at the right is a number most times: these differ less.
            let more = match alignment {
                Alignment::Right => MORE_FOR_NUMBERS,
                _ => (*width / 3).max(MORE_FOR_WORDS),
            };
            *width += more.min(share);
        }
        let rule = taken(&widths);
        if let (Some(last), Some(Alignment::None | Alignment::Left)) =
            (widths.last_mut(), table.alignments.last())
        {
            *last += room.saturating_sub(rule);
        }
        self.table_in_columns(table, &widths, rule);
    }

    /// Writes rows, and under the head a line of so many cells.
    fn table_in_columns(&mut self, table: &Table, widths: &[usize], rule: usize) {
        for (index, row) in table.rows.iter().enumerate() {
            let cells: Vec<Vec<Styled>> =
                row.iter().zip(widths).map(|(cell, width)| cell.wrapped(*width)).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1);
            for y in 0..height {
                let mut line = Styled::default();
                for (column, width) in widths.iter().enumerate() {
                    let cell = cells.get(column).and_then(|lines| lines.get(y));
                    let used = cell.map_or(0, Styled::width);
                    let free = width.saturating_sub(used);
                    let left = match table.alignments.get(column) {
                        Some(Alignment::Right) => free,
                        Some(Alignment::Center) => free / 2,
                        _ => 0,
                    };
                    let plain = Style::new();
                    line.push(&" ".repeat(left), plain);
                    if let Some(cell) = cell {
                        line.append(cell);
                    }
                    if column + 1 < widths.len() {
                        line.push(&" ".repeat(free - left + COLUMN_GAP), plain);
                    }
                }
                self.line(&line);
            }
            if index == 0 {
                let rule = self.look.signs.horizontal.repeat(rule);
                self.line(&Styled::new(rule, self.role(Role::Border)));
            }
        }
    }

    /// Where columns have no room: each row's cells below each other, behind the column's name.
    fn table_as_list(&mut self, table: &Table) {
        let Some((head, rows)) = table.rows.split_first() else { return };
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                self.line(&Styled::default());
            }
            for (column, cell) in row.iter().enumerate() {
                let mut entry = Styled::default();
                if let Some(name) = head.get(column).filter(|name| !name.is_empty()) {
                    entry.append(name);
                    entry.push(": ", self.role(Role::Dim));
                }
                entry.append(cell);
                for line in entry.wrapped(self.room()) {
                    self.line(&line);
                }
            }
        }
    }
}

/// How wide columns become that would like to be as wide as `natural`: the widest give way first. None when there is no
/// room for all of them.
fn column_widths(natural: &[usize], room: usize) -> Option<Vec<usize>> {
    let gaps = COLUMN_GAP * natural.len().saturating_sub(1);
    let room = room.checked_sub(gaps)?;
    let fits =
        |widest: usize| natural.iter().map(|width| *width.min(&widest)).sum::<usize>() <= room;
    let largest = natural.iter().copied().max().unwrap_or_default();
    let least = largest.min(NARROWEST_COLUMN);
    if !fits(least) {
        return None;
    }
    let (mut low, mut high) = (least, largest);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Some(natural.iter().map(|width| *width.min(&low)).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look(theme: &Theme, room: usize) -> Look<'_> {
        Look { theme, signs: &Signs::UNICODE, room, sources: 6, chosen: None, claims: &[] }
    }

    #[track_caller]
    fn check(markdown: &str, room: usize, expected: &[&str]) {
        let theme = Theme::named("dark").unwrap();
        let lines = lines(markdown, look(&theme, room));
        let texts: Vec<String> = lines
            .iter()
            .map(|line| line.text().replace('\u{a0}', " ").trim_end().to_owned())
            .collect();
        assert_eq!(texts, expected);
    }

    /// The texts that are drawn in the style of a role over plain text.
    fn in_role(markdown: &str, role: Role) -> Vec<String> {
        let theme = Theme::named("dark").unwrap();
        let style = theme.style(Role::Text).patch(theme.style(role));
        lines(markdown, look(&theme, 80))
            .iter()
            .flat_map(|line| {
                line.pieces().map(|(text, style)| (text.to_owned(), style)).collect::<Vec<_>>()
            })
            .filter(|(_, other)| *other == style)
            .map(|(text, _)| text)
            .collect()
    }

    #[test]
    fn documents_own_words_stay_as_they_are() {
        let theme = Theme::named("dark").unwrap();
        let look = look(&theme, 80);
        let text = "# until [****] prior, a_b_c *if* `x` <b> [1] 1. | | [9]\n> and on [2]";
        let lines = verbatim_lines(text, look);
        let shown: Vec<String> =
            lines.iter().map(|line| line.text().replace('\u{a0}', " ")).collect();
        assert_eq!(shown.join("\n"), text);
        assert!(verbatim_lines(" \n", look).is_empty());
    }

    #[test]
    fn paragraphs_lists_and_headings_are_laid_out() {
        check("One two\nthree.\n\nFour.", 80, &["One two three.", "", "Four."]);
        check("# Notice\nSix months.", 80, &["Notice", "", "Six months."]);
        check(
            "Must:\n- pay the rent, which is due\n  1. in March\n  2. in June\n- repair\n\nEnd",
            20,
            &[
                "Must:",
                "",
                "• pay the rent,",
                "  which is due",
                "  1. in March",
                "  2. in June",
                "• repair",
                "",
                "End",
            ],
        );
        check("- one\n\n  more\n- two", 80, &["• one", "", "  more", "• two"]);
        check("> quoted\n> twice\n\nend", 80, &["│ quoted twice", "", "end"]);
        check("a\n\n---\n\nb", 80, &["a", "", "────────────", "", "b"]);
        check("one  \ntwo<br>three", 80, &["one", "two", "three"]);
        check("-\n- b", 80, &["•", "• b"]);
    }

    #[test]
    fn code_keeps_its_form() {
        check(
            "Run:\n```sh\nfor a in *\n    do\n```\nthen",
            80,
            &["Run:", "", "sh", "  for a in *", "      do", "", "then"],
        );
        check("```\nabcdefgh\n```", 6, &["  abcd", "  efgh"]);
    }

    #[test]
    fn tables_fit_their_room() {
        let table = "| Lease | Rent |\n|---|--:|\n| Harbour Mill | 2,400 € |\n| Quay | 90 € [1] |";
        let rule = "─".repeat(30);
        check(
            table,
            80,
            &[
                "Lease                     Rent",
                rule.as_str(),
                "Harbour Mill           2,400 €",
                "Quay                  90 € [1]",
            ],
        );
        let rule = "─".repeat(16);
        check(
            table,
            16,
            &[
                "Lease       Rent",
                rule.as_str(),
                "Harbour  2,400 €",
                "Mill",
                "Quay          90",
                "           € [1]",
            ],
        );
        check(
            table,
            10,
            &[
                "Lease:",
                "Harbour",
                "Mill",
                "Rent:",
                "2,400 €",
                "",
                "Lease:",
                "Quay",
                "Rent: 90",
                "€ [1]",
            ],
        );
    }

    #[test]
    fn rows_that_come_later_take_the_columns_that_are_there() {
        let table = "| Lease | What |\n|---|---|\n| Quay | rent |\n| Harbour Mill | whatever is owed |\n| A name of many words | - |";
        let rule = "─".repeat(26);
        check(
            table,
            40,
            &[
                "Lease         What",
                rule.as_str(),
                "Quay          rent",
                "Harbour Mill  whatever is owed",
                "A name of     -",
                "many words",
            ],
        );
        // A head alone is a table as well.
        check("| Lease | Rent |\n|---|---|", 40, &["Lease         Rent", rule.as_str()]);
    }

    #[test]
    fn citations_are_never_eaten() {
        check(
            "Six months [1]. Not [1](x), [2][3], [1]: so\n\n[2]: the lease",
            80,
            &["Six months [1]. Not [1](x), [2][3], [1]: so", "", "[2]: the lease"],
        );
        check("`a[1]` [7] [x] [1a]", 80, &["a[1] [7] [x] [1a]"]);
        check("```\na[1]\n```", 80, &["  a[1]"]);
        assert_eq!(in_role("Six [1][2] and a[7] `[3]`", Role::Citation), ["[1][2]"]);
    }

    #[test]
    fn a_citation_is_not_parted_from_its_word() {
        check("The period is six months [1] long", 27, &["The period is six", "months [1] long"]);
    }

    #[test]
    fn words_are_stressed() {
        assert_eq!(in_role("a **b** *c* `d`", Role::Strong), ["b"]);
        assert_eq!(in_role("a **b** *c* `d`", Role::Emphasis), ["c"]);
        assert_eq!(in_role("a **b** *c* `d`", Role::Code), ["d"]);
        check(
            "see [the law](https://law.example) <b>x</b>",
            80,
            &["see the law (https://law.example) <b>x</b>"],
        );
        check(
            "![a roof](roof.png) <https://a.example>",
            80,
            &["a roof (roof.png) https://a.example"],
        );
    }

    #[test]
    fn what_is_being_written_does_not_change_its_look() {
        let check = |text: &str, expected: &str| assert_eq!(completed(text), expected);
        check("It is **six", "It is **six**");
        check("It is **", "It is ");
        check("It is **six** months", "It is **six** months");
        check("Run `make", "Run `make`");
        check("The duties:\n-", "The duties:\n");
        check("The duties:\n- pay\n1", "The duties:\n- pay\n");
        check("```\nlet a = `b\n\nlet c = `d", "```\nlet a = `b\n\nlet c = `d");
        check("done **x**\n\nmore", "done **x**\n\nmore");
    }

    /// An answer with everything that answers have.
    pub(in crate::tui::view) const EVERYTHING: &str = "The tenant may end it *early* with **six months’ notice** [1], see [the law](https://law.example/a) and `clause 12`.\n\n## Duties of the tenant\n\n- pays the rent [2], which is due on the *usual quarter days* of each year\n- repairs:\n  1. the **inside**\n  2. the yard\n\n> What is said here is said twice.\n\n```rust\nlet a = 1;\n/* long\n   comment */\n```\n\nThe rents are these:\n\n| Lease | Rent | Due |\n|---|--:|---|\n| Harbour Mill | 2,400 € | 1 March |\n| Quay | 90 € | each quarter day of the year, in advance |\n| Third | 1 € | - |\n\nThat is all [3].";

    /// The law of an answer that is being written: what stands on the screen stays there, in the same words, and only the
    /// last line changes.
    ///
    /// A claim is told when the text is written to where it ends.
    #[track_caller]
    fn check_stays(
        markdown: &str,
        pieces: impl Iterator<Item = usize>,
        (claims, ends): (&[Claim], &[usize]),
        room: usize,
    ) {
        let theme = Theme::named("dark").unwrap();
        let beginnings = pieces.map(|end| markdown.split_at(end).0);
        let drawn = |lines: Vec<Styled>| -> Vec<String> {
            lines.iter().map(|line| line.text().trim_end().to_owned()).collect()
        };
        let mut before: Vec<String> = Vec::new();
        let mut check = |after: Vec<String>, text: &str| {
            let kept = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
            assert!(
                kept + 1 >= before.len(),
                "at {room}, with {text:?}:\n{}\nbecame\n{}",
                before.join("\n"),
                after.join("\n")
            );
            before = after;
        };
        let told = |text: &str| {
            let (claims, _) = claims.split_at(ends.partition_point(|end| *end <= text.len()));
            Look { claims, ..look(&theme, room) }
        };
        for text in beginnings.chain([markdown]) {
            check(drawn(unfinished_lines(text, told(text))), text);
        }
        // What is finished stands as it was written.
        check(drawn(lines(markdown, told(markdown))), "its end");
    }

    fn claim(text: &str) -> Claim {
        let mark = Some(Mark::Quoted);
        Claim { text: text.to_owned(), cites: (1..=6).collect(), mark, reason: None }
    }

    #[test]
    fn lines_that_are_drawn_stay_where_they_are() {
        for room in [30, 57, 96] {
            let letters = EVERYTHING.char_indices().map(|(at, _)| at);
            check_stays(EVERYTHING, letters, (&[], &[]), room);
        }
    }

    #[test]
    fn marks_stand_at_their_claims() {
        let text = "The rent **is due** [1][2]. It is 90 € [3]. See `a [1]`.";
        let theme = Theme::named("dark").unwrap();
        let claims = [claim("The rent **is due**."), claim("See `a`.")];
        let look = Look { claims: &claims, ..look(&theme, 80) };
        let line = |look| lines(text, look).remove(0).text().replace('\u{a0}', " ");
        assert_eq!(line(look), "The rent is due [1][2] ✓✓. It is 90 € [3]. See a [1] ✓✓.");
        let ascii = Look { signs: &Signs::ASCII, ..look };
        assert_eq!(line(ascii), "The rent is due [1][2] [\"]. It is 90 € [3]. See a [1] [\"].");
        // A document's own character of that kind is none.
        let foreign = lines("a\u{10fff0}b", look).remove(0);
        assert_eq!(foreign.text(), "a\u{fffd}b");
    }

    /// Blocks of an answer: paragraphs of claims, lists, tables, code, quotes, headings.
    fn any_block() -> impl Strategy<Value = String> {
        let word = || "[a-zé]{1,9}|\\*\\*[a-z]{1,7}\\*\\*|\\*[a-z]{1,5}\\*|`[a-z]{1,6}`|漢字";
        let words =
            move || proptest::collection::vec(word(), 1..9).prop_map(|words| words.join(" "));
        let claim = move || (words(), 1_u32..7).prop_map(|(words, n)| format!("{words} [{n}]."));
        let claims =
            move || proptest::collection::vec(claim(), 1..4).prop_map(|claims| claims.join(" "));
        let rows = |columns: usize| {
            let row =
                proptest::collection::vec("[a-z]{0,9}( [a-z]{1,9}){0,4}|[0-9,]{1,6} €", columns);
            proptest::collection::vec(row, 1..6)
        };
        let table = (2_usize..5).prop_flat_map(rows).prop_map(|rows| {
            let line = |row: &Vec<String>| format!("| {} |", row.join(" | "));
            let columns = rows[0].len();
            let head =
                format!("| {} |\n|{}", ["Head"; 9][..columns].join(" | "), "---|".repeat(columns));
            format!("{head}\n{}", rows.iter().map(line).collect::<Vec<_>>().join("\n"))
        });
        let items =
            (proptest::collection::vec(claims(), 1..4), 0_u32..3).prop_map(|(items, kind)| {
                let marker = ["- ", "* ", "1. "][kind as usize];
                items.iter().map(|item| format!("{marker}{item}")).collect::<Vec<_>>().join("\n")
            });
        prop_oneof![
            4 => claims(),
            2 => items,
            2 => (words(), table).prop_map(|(words, table)| format!("{words}:\n\n{table}")),
            1 => claims().prop_map(|claims| format!("> {claims}")),
            1 => words().prop_map(|words| format!("## {words}")),
            1 => words().prop_map(|words| format!("```rust\n{words}\n\nlet a = 1;\n```")),
        ]
    }

    #[test]
    fn everything_fits_sixty_columns() {
        let theme = Theme::named("dark").unwrap();
        let lines = lines(EVERYTHING, look(&theme, 55));
        let text: Vec<&str> = lines.iter().map(Styled::text).collect();
        assert!(lines.iter().all(|line| line.width() <= 55), "{text:#?}");
        insta::assert_snapshot!("everything", text.join("\n"));
    }

    #[test]
    fn columns_give_way_from_the_widest() {
        assert_eq!(column_widths(&[5, 30, 10], 40), Some(vec![5, 21, 10]));
        assert_eq!(column_widths(&[5, 3], 40), Some(vec![5, 3]));
        assert_eq!(column_widths(&[30, 30, 30], 20), None);
        assert_eq!(column_widths(&[], 20), Some(vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_written_stays_where_it_is(
            blocks in proptest::collection::vec(any_block(), 1..5),
            room in 18_usize..100,
        ) {
            let text = blocks.join("\n\n");
            // Every second sentence that cites is marked.
            let mut start = 0;
            let sentences = text.match_indices("].").filter_map(|(at, bracket)| {
                let from = std::mem::replace(&mut start, at + bracket.len());
                let sentence = text.get(from..at)?.trim();
                Some((sentence.rsplit_once(" [")?.0, start))
            });
            let (mut claims, told): (Vec<Claim>, Vec<usize>) = sentences
                .map(|(text, end)| {
                    (claim(&format!("{}.", text.trim_start_matches(['-', '*', ' ', '>']))), end)
                })
                .unzip();
            claims.iter_mut().skip(1).step_by(2).for_each(|claim| claim.mark = None);
            // As models write: a word at a time, with what stands around it.
            let words = text.char_indices().filter(|(_, c)| c.is_whitespace());
            let ends = words.flat_map(|(at, _)| [at, at + 1]);
            check_stays(&text, ends, (&claims, &told), room);
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_layout(text in "([#>*`|\\[\\]1-9 \n-]{0,6}|\\PC{0,8}|[漢é]{0,4}){0,12}", room in 1_usize..60) {
            let theme = Theme::named("mono").unwrap();
            for line in lines(&text, look(&theme, room)) {
                prop_assert!(!line.text().contains('\n'));
            }
            unfinished_lines(&text, look(&theme, room));
        }
    }
}
