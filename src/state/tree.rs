//! Which rows of the library's tree are on the screen?
//!
//! The library may hold any number of documents: only the rows around the chosen one are known here. Others are asked for
//! when they are needed, and again when the library has changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::effect::{Effect, WantedRows};
use super::input::Input;
use super::library::Problem;
use super::message::Rows;

/// Rows that are kept before and behind the chosen one: more than any terminal shows.
const KEPT: usize = 200;
/// When fewer than so many are known on one side, others are asked for.
const NEAR: usize = 110;

/// Folders and documents, as far as they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The folders whose content is shown.
    pub open: BTreeSet<PathBuf>,
    /// Only what has these words in its path below the library's folders is shown.
    pub filter: Input,
    /// The filter is being typed.
    pub is_finding: bool,
    /// Only what could not be read is shown.
    pub only_problems: bool,
    /// Which row is chosen, of all.
    pub selected: usize,
    /// Those that are known.
    pub rows: Rows,
    /// What was asked for last, and around which row.
    asked: (u64, usize),
    /// The row that is to be chosen when the answer comes: its depth and path.
    going: Option<(usize, PathBuf)>,
    /// What was asked for when the filter was typed last.
    filtered: u64,
    /// What is found first is to be opened: Enter came before it did.
    opens: bool,
}

/// A row of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Absolute.
    pub path: PathBuf,
    /// As it is shown.
    pub name: String,
    /// What the document calls itself; empty where that is not known, or is its file's name.
    pub title: String,
    /// In how many folders of the library it lies; none for a watched one.
    pub depth: usize,
    pub problems: Vec<Problem>,
    pub kind: RowKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RowKind {
    Folder {
        is_open: bool,
        /// Documents anywhere in it.
        read: u64,
        /// Files anywhere in it that are still to be read.
        waiting: u64,
        /// Files anywhere in it that could not be read, or not in whole.
        problems: u64,
        /// It is not there now; what was read in it is kept.
        missing: bool,
    },
    Document {
        state: Reading,
        /// None of one that is not read yet, or can't be.
        extent: Option<Extent>,
    },
}

/// How far a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Read,
    Waiting,
    InWork,
    /// It can't be read.
    Refused,
}

/// How much is in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Whether its places are named by pages; by lines otherwise.
    pub paged: bool,
    pub pages: u32,
    pub passages: u64,
    /// When it was read: seconds since 1970.
    pub read_at: i64,
}

impl Tree {
    /// A row by its number, if it is known.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.rows.rows.get(index.checked_sub(self.rows.first)?)
    }

    /// The chosen row, if it is known.
    pub fn chosen(&self) -> Option<&Row> {
        self.row(self.selected)
    }

    /// Shows everything, and goes to a watched folder.
    pub(super) fn go_to_folder(&mut self, path: PathBuf) -> Effect {
        (self.is_finding, self.only_problems) = (false, false);
        drop(self.filter.take());
        self.open.insert(path.clone());
        self.going = Some((0, path));
        self.look()
    }

    /// Whether not all is shown.
    pub fn is_filtered(&self) -> bool {
        self.only_problems || !self.filter.text().trim().is_empty()
    }

    /// Asks for the rows around the chosen one, as the library is now.
    pub(super) fn look(&mut self) -> Effect {
        self.ask(true)
    }

    /// The filter has changed: asks for what fits.
    pub(super) fn find(&mut self) -> Effect {
        // Who stands on a folder and looks for something does not mean the folder.
        let is_folder = self.chosen().is_some_and(|row| matches!(row.kind, RowKind::Folder { .. }));
        if is_folder && !self.filter.text().trim().is_empty() {
            self.going = Some((usize::MAX, PathBuf::new()));
        }
        let effect = self.ask(true);
        (self.filtered, self.opens) = (self.asked.0, false);
        effect
    }

    /// Whether the rows are still those of another filter. What is found is opened then as soon as it is there.
    pub(super) fn opens_later(&mut self) -> bool {
        self.opens = self.rows.number < self.filtered;
        self.opens
    }

    /// Chooses another row, and asks for those around it where they are not known.
    pub(super) fn choose(&mut self, selected: usize) -> Option<Effect> {
        self.selected = selected;
        let last = (selected + NEAR).min(self.rows.total);
        let covers = |from: usize, to: usize| from <= selected.saturating_sub(NEAR) && last <= to;
        let (number, around) = self.asked;
        let is_known = covers(self.rows.first, self.rows.first + self.rows.rows.len());
        let is_coming =
            number > self.rows.number && covers(around.saturating_sub(KEPT), around + KEPT);
        (!is_known && !is_coming).then(|| self.ask(false))
    }

    /// Chooses the folder around the chosen row.
    pub(super) fn choose_parent(&mut self) -> Option<Effect> {
        let chosen = self.chosen()?;
        let depth = chosen.depth.checked_sub(1)?;
        let parent = chosen.path.parent()?.to_owned();
        let known = (self.rows.first..self.selected)
            .rev()
            .find(|index| self.row(*index).is_some_and(|row| row.depth == depth));
        if let Some(index) = known {
            return self.choose(index);
        }
        self.going = Some((depth, parent));
        Some(self.ask(false))
    }

    /// Opens the folders around a path, so that it is seen when nothing is filtered.
    pub(super) fn open_around(&mut self, path: &Path, roots: &[PathBuf]) {
        let ancestors = path.ancestors().skip(1);
        let inside = ancestors.filter(|folder| roots.iter().any(|root| folder.starts_with(root)));
        self.open.extend(inside.map(Path::to_owned));
    }

    fn ask(&mut self, look: bool) -> Effect {
        let number = self.asked.0 + 1;
        self.asked = (number, self.selected);
        let chosen = || self.chosen().map(|row| (row.depth, row.path.clone()));
        Effect::ListLibrary(Box::new(WantedRows {
            number,
            open: self.open.clone(),
            filter: self.filter.text().to_owned(),
            only_problems: self.only_problems,
            selected: self.selected,
            chosen: self.going.clone().or_else(chosen),
            around: KEPT,
            look,
        }))
    }

    /// Takes over rows, and stays on the row that was chosen wherever it stands now. What was asked for before the last
    /// time is of no use any more.
    /// Whether the chosen one is to be opened now.
    pub(super) fn take(&mut self, rows: Rows) -> bool {
        if rows.number != self.asked.0 {
            return false;
        }
        let stays = match self.going.take() {
            Some(_) => None,
            None => self.chosen().map(|row| (row.depth, row.path.clone())),
        };
        let found = stays.and_then(|(depth, path)| {
            let is_it = |row: &Row| row.depth == depth && row.path == path;
            rows.rows.iter().position(is_it).map(|index| rows.first + index)
        });
        self.selected = found.unwrap_or(rows.selected).min(rows.total.saturating_sub(1));
        self.rows = rows;
        std::mem::take(&mut self.opens)
    }
}
