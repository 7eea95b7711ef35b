//! What does the library look like as a tree of folders and documents?
//!
//! Made of what is in the store and of what waits to be read; nothing here reads a file or a database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use docent_index::document::{DocumentId, FolderId};
use docent_index::store::{LocatedProblem, Shelved};

use crate::ingest::queue::Turn;
use crate::state::effect::WantedRows;
use crate::state::library::Problem;
use crate::state::tree::{Reading, Row, RowKind};

/// Everything that lies in the library.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The watched ones first.
    folders: Vec<Folder>,
    roots: usize,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    name: String,
    /// What a filter is looked for in: the path from the watched folder on, in lower case.
    searched: String,
    missing: bool,
    /// In the order in which they are shown.
    folders: Vec<usize>,
    files: Vec<File>,
    problems: Vec<Problem>,
    counts: Counts,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    name: String,
    title: String,
    searched: String,
    document: Option<DocumentId>,
    turn: Option<Turn>,
    problems: Vec<Problem>,
}

/// Files anywhere in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    all: u64,
    /// At least in part.
    read: u64,
    waiting: u64,
    problems: u64,
}

/// What stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    depth: usize,
    folder: usize,
    /// Its index in the folder; the folder itself otherwise.
    file: Option<usize>,
}

impl Place {
    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }
}

impl Tree {
    /// `named` says how a watched folder is called, and whether it is there. Files that wait are named by their absolute
    /// paths.
    pub(super) fn new(
        all: Shelved,
        waiting: Vec<(PathBuf, Turn)>,
        named: &dyn Fn(&Path) -> (String, bool),
    ) -> Self {
        let mut builder = Builder::default();
        let mut roots: HashMap<FolderId, usize> = HashMap::new();
        let mut folders = all.folders;
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        for folder in folders {
            roots.insert(folder.id, builder.root(folder.path, named));
        }
        for file in all.files {
            let Some(root) = roots.get(&file.folder) else { continue };
            if let Some(found) = builder.file(*root, &file.path) {
                found.document = Some(file.document);
                found.call(file.title.unwrap_or_default());
            }
        }
        for (path, turn) in waiting {
            builder.each(&path, |builder, root, below| {
                if let Some(file) = builder.file(root, below) {
                    file.turn = Some(turn);
                }
            });
        }
        for LocatedProblem { path, problem } in all.problems {
            let told = Problem {
                page: problem.page,
                reason: problem.kind.reason().to_owned(),
                hint: problem.kind.hint().to_owned(),
            };
            builder.each(&path, |builder, root, below| {
                builder.problem(root, below, told.clone());
            });
        }
        builder.finish()
    }

    /// How many files could not be read, or not in whole.
    pub(super) fn problems(&self) -> u64 {
        self.folders.iter().take(self.roots).map(|root| root.counts.problems).sum()
    }

    /// The rows that are wanted, in their order, and how many files there are in all of them.
    pub(super) fn places(&self, wanted: &WantedRows) -> (Vec<Place>, u64) {
        let words: Vec<String> = wanted.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut walk = Walk { tree: self, wanted, words, places: Vec::new(), files: 0 };
        for root in 0..self.roots {
            walk.folder(root, 0);
        }
        (walk.places, walk.files)
    }

    /// Whether this is at a path, so deep in the tree.
    pub(super) fn is_at(&self, place: &Place, depth: usize, path: &Path) -> bool {
        place.depth == depth && self.path(place) == Some(path)
    }

    fn path(&self, place: &Place) -> Option<&Path> {
        let folder = self.folders.get(place.folder)?;
        match place.file {
            Some(file) => folder.files.get(file).map(|file| &*file.path),
            None => Some(&folder.path),
        }
    }

    pub(super) fn document(&self, place: &Place) -> Option<DocumentId> {
        self.folders.get(place.folder)?.files.get(place.file?)?.document
    }

    /// What is shown of a place; how much is in its document is to be added.
    pub(super) fn row(&self, place: &Place, wanted: &WantedRows) -> Row {
        let Some(folder) = self.folders.get(place.folder) else { return nothing() };
        let Some(index) = place.file else {
            let Counts { read, waiting, problems, all: _ } = folder.counts;
            return Row {
                path: folder.path.clone(),
                name: folder.name.clone(),
                title: String::new(),
                depth: place.depth,
                problems: folder.problems.clone(),
                kind: RowKind::Folder {
                    is_open: is_open(folder, wanted),
                    read,
                    waiting,
                    problems,
                    missing: folder.missing,
                },
            };
        };
        let Some(file) = folder.files.get(index) else { return nothing() };
        let state = match (file.turn, file.document) {
            (Some(Turn::Reading), _) => Reading::InWork,
            (Some(Turn::Waiting), _) => Reading::Waiting,
            (None, Some(_)) => Reading::Read,
            (None, None) => Reading::Refused,
        };
        Row {
            path: file.path.clone(),
            name: file.name.clone(),
            title: file.title.clone(),
            depth: place.depth,
            problems: file.problems.clone(),
            kind: RowKind::Document { state, extent: None },
        }
    }
}

/// A place of another tree.
fn nothing() -> Row {
    Row {
        path: PathBuf::new(),
        name: String::new(),
        title: String::new(),
        depth: 0,
        problems: Vec::new(),
        kind: RowKind::Document { state: Reading::Refused, extent: None },
    }
}

fn is_filtered(wanted: &WantedRows) -> bool {
    wanted.only_problems || !wanted.filter.trim().is_empty()
}

fn is_open(folder: &Folder, wanted: &WantedRows) -> bool {
    is_filtered(wanted) || wanted.open.contains(&folder.path)
}

/// A way through the tree that gathers rows.
struct Walk<'a> {
    tree: &'a Tree,
    wanted: &'a WantedRows,
    /// In lower case.
    words: Vec<String>,
    places: Vec<Place>,
    files: u64,
}

impl Walk<'_> {
    fn folder(&mut self, index: usize, depth: usize) {
        let tree = self.tree;
        let Some(folder) = tree.folders.get(index) else { return };
        let is_filtered = is_filtered(self.wanted);
        let before = self.places.len();
        self.places.push(Place { depth, folder: index, file: None });
        if !is_open(folder, self.wanted) {
            self.files += folder.counts.all;
            return;
        }
        for inside in &folder.folders {
            self.folder(*inside, depth + 1);
        }
        for (file, found) in folder.files.iter().enumerate() {
            if self.fits(&found.searched, &found.problems) {
                self.places.push(Place { depth: depth + 1, folder: index, file: Some(file) });
                self.files += 1;
            }
        }
        let is_empty = self.places.len() == before + 1;
        if is_filtered && is_empty && !self.fits(&folder.searched, &folder.problems) {
            self.places.pop();
        }
    }

    fn fits(&self, searched: &str, problems: &[Problem]) -> bool {
        (!self.wanted.only_problems || !problems.is_empty())
            && self.words.iter().all(|word| searched.contains(word))
    }
}

/// A tree that is being made.
#[derive(Default)]
struct Builder {
    folders: Vec<Folder>,
    /// How many of the folders are watched ones: they come first.
    roots: usize,
    /// By their root and their path below it.
    known: HashMap<(usize, PathBuf), usize>,
    /// By their root and their path below it: their folder and their index in it.
    files: HashMap<(usize, PathBuf), (usize, usize)>,
}

impl Builder {
    fn root(&mut self, path: PathBuf, named: &dyn Fn(&Path) -> (String, bool)) -> usize {
        let (name, is_there) = named(&path);
        let index = self.folders.len();
        let own = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        self.folders.push(Folder { name, searched: own, missing: !is_there, ..Folder::new(path) });
        self.known.insert((index, PathBuf::new()), index);
        self.roots = index + 1;
        index
    }

    /// Does something for each watched folder that a path lies in.
    fn each(&mut self, path: &Path, mut work: impl FnMut(&mut Self, usize, &Path)) {
        for root in 0..self.roots {
            let below =
                self.folders.get(root).and_then(|folder| path.strip_prefix(&folder.path).ok());
            if let Some(below) = below.map(Path::to_owned) {
                work(self, root, &below);
            }
        }
    }

    fn folder(&mut self, root: usize, below: &Path) -> usize {
        if let Some(known) = self.known.get(&(root, below.to_owned())) {
            return *known;
        }
        let parent = self.folder(root, below.parent().unwrap_or(Path::new("")));
        let index = self.folders.len();
        let (path, searched) = self.place(root, below);
        let name = name(below);
        self.folders.push(Folder { name, searched, ..Folder::new(path) });
        if let Some(parent) = self.folders.get_mut(parent) {
            parent.folders.push(index);
        }
        self.known.insert((root, below.to_owned()), index);
        index
    }

    /// The file below a watched folder; none for the folder itself.
    fn file(&mut self, root: usize, below: &Path) -> Option<&mut File> {
        let key = (root, below.to_owned());
        let (folder, index) = if let Some(known) = self.files.get(&key) {
            *known
        } else {
            let folder = self.folder(root, below.parent()?);
            let (path, searched) = self.place(root, below);
            let files = &mut self.folders.get_mut(folder)?.files;
            files.push(File {
                path,
                name: name(below),
                title: String::new(),
                searched,
                document: None,
                turn: None,
                problems: Vec::new(),
            });
            let place = (folder, files.len() - 1);
            self.files.insert(key, place);
            place
        };
        self.folders.get_mut(folder)?.files.get_mut(index)
    }

    /// Notes a problem of what is there: of a folder, else of a file.
    fn problem(&mut self, root: usize, below: &Path, problem: Problem) {
        let known = self.known.get(&(root, below.to_owned())).copied();
        let problems = match known.and_then(|index| self.folders.get_mut(index)) {
            Some(folder) => Some(&mut folder.problems),
            None => self.file(root, below).map(|file| &mut file.problems),
        };
        if let Some(problems) = problems {
            problems.push(problem);
        }
    }

    /// The absolute path, and what a filter is looked for in.
    fn place(&self, root: usize, below: &Path) -> (PathBuf, String) {
        let root = self.folders.get(root);
        let path = root.map(|root| root.path.join(below)).unwrap_or_default();
        let own = root.map(|root| &*root.searched).unwrap_or_default();
        let searched = format!("{own}/{}", below.to_string_lossy().to_lowercase());
        (path, searched)
    }

    fn finish(mut self) -> Tree {
        let names: Vec<String> =
            self.folders.iter().map(|folder| folder.name.to_lowercase()).collect();
        let mut counts = vec![Counts::default(); self.folders.len()];
        // What lies in a folder comes behind it.
        for (index, folder) in self.folders.iter_mut().enumerate().rev() {
            folder.folders.sort_by(|a, b| names.get(*a).cmp(&names.get(*b)));
            folder.files.sort_by_cached_key(|file| file.name.to_lowercase());
            let own = Counts::of(folder);
            let inside = folder.folders.iter().filter_map(|inside| counts.get(*inside).copied());
            folder.counts = inside.fold(own, Counts::plus);
            if let Some(count) = counts.get_mut(index) {
                *count = folder.counts;
            }
        }
        Tree { folders: self.folders, roots: self.roots }
    }
}

impl Folder {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            name: String::new(),
            searched: String::new(),
            missing: false,
            folders: Vec::new(),
            files: Vec::new(),
            problems: Vec::new(),
            counts: Counts::default(),
        }
    }
}

impl File {
    /// Takes over what its document calls itself, by which it can be found as well.
    fn call(&mut self, title: String) {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let said = title.trim().to_lowercase();
        // A title that only repeats the name says nothing new.
        if said.is_empty() || said == stem.to_lowercase() || said == self.name.to_lowercase() {
            return;
        }
        self.searched.push(' ');
        self.searched.push_str(&said);
        self.title = title;
    }

    /// Whether any of it was read.
    fn is_read(&self) -> bool {
        self.document.is_some() && self.problems.iter().all(|problem| problem.page.is_some())
    }
}

impl Counts {
    /// Of the files in the folder itself.
    fn of(folder: &Folder) -> Self {
        let count = |is_it: fn(&File) -> bool| {
            folder.files.iter().filter(|file| is_it(file)).count() as u64
        };
        Self {
            all: folder.files.len() as u64,
            read: count(File::is_read),
            waiting: count(|file| file.turn.is_some()),
            problems: count(|file| !file.problems.is_empty())
                + u64::from(!folder.problems.is_empty()),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            read: self.read + other.read,
            waiting: self.waiting + other.waiting,
            problems: self.problems + other.problems,
        }
    }
}

fn name(below: &Path) -> String {
    below.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use docent_index::document::ProblemKind;
    use docent_index::store::{Folder as Root, ShelvedFile};

    use super::*;

    fn shelved(files: &[(i64, &str)], problems: &[&str]) -> Shelved {
        let root = |id, path: &str| Root { id: FolderId(id), path: path.into() };
        let file = |(folder, path): &(i64, &str)| ShelvedFile {
            folder: FolderId(*folder),
            path: path.into(),
            document: DocumentId(7),
            title: Some(if path.ends_with("calls.md") { "Telephone" } else { "Lease" }.to_owned()),
        };
        let problem = |path: &&str| LocatedProblem {
            path: path.into(),
            problem: docent_index::document::Problem { page: None, kind: ProblemKind::Password },
        };
        Shelved {
            folders: vec![root(1, "/notes"), root(2, "/home/me/cases")],
            files: files.iter().map(file).collect(),
            problems: problems.iter().map(problem).collect(),
        }
    }

    fn tree(files: &[(i64, &str)], problems: &[&str], waiting: &[(&str, Turn)]) -> Tree {
        let waiting = waiting.iter().map(|(path, turn)| (PathBuf::from(path), *turn)).collect();
        let named =
            |root: &Path| (root.to_string_lossy().into_owned(), !root.starts_with("/notes"));
        Tree::new(shelved(files, problems), waiting, &named)
    }

    /// The rows in lines, each with its state in a sign or its counts.
    fn drawn(tree: &Tree, wanted: &WantedRows) -> Vec<String> {
        let (places, _) = tree.places(wanted);
        places
            .iter()
            .map(|place| {
                let Row { name, depth, problems, kind, .. } = tree.row(place, wanted);
                let fault = if problems.is_empty() { "" } else { " !" };
                let told = match kind {
                    RowKind::Folder { is_open, read, waiting, problems, missing } => {
                        let sign = if is_open { "v" } else { ">" };
                        let missing = if missing { " missing" } else { "" };
                        format!("{sign} {name} {read}+{waiting} !{problems}{missing}")
                    }
                    RowKind::Document { state, .. } => format!("{name} {state:?}"),
                };
                format!("{}{told}{fault}", "  ".repeat(depth))
            })
            .collect()
    }

    fn open(paths: &[&str]) -> WantedRows {
        WantedRows { open: paths.iter().map(PathBuf::from).collect(), ..WantedRows::default() }
    }

    const FILES: [(i64, &str); 4] =
        [(2, "oak/Lease.pdf"), (2, "oak/annex.pdf"), (2, "harbour/old/scan.pdf"), (1, "calls.md")];

    #[test]
    fn folders_come_before_files_and_each_by_its_name() {
        let tree = tree(&FILES, &["/home/me/cases/oak/annex.pdf", "/home/me/cases/oak/z.pdf"], &[]);
        assert_eq!(
            drawn(&tree, &open(&[])),
            ["> /home/me/cases 2+0 !2", "> /notes 1+0 !0 missing"]
        );
        assert_eq!(
            drawn(&tree, &open(&["/home/me/cases", "/home/me/cases/oak"])),
            [
                "v /home/me/cases 2+0 !2",
                "  > harbour 1+0 !0",
                "  v oak 1+0 !2",
                "    annex.pdf Read !",
                "    Lease.pdf Read",
                "    z.pdf Refused !",
                "> /notes 1+0 !0 missing"
            ]
        );
        assert_eq!(tree.places(&open(&["/notes"])).1, 5);
        assert_eq!(tree.problems(), 2);
    }

    #[test]
    fn what_waits_is_there_before_it_is_read() {
        let waiting = [
            ("/home/me/cases/oak/Lease.pdf", Turn::Waiting),
            ("/home/me/cases/new/a.pdf", Turn::Reading),
            ("/elsewhere/b.pdf", Turn::Waiting),
        ];
        let tree = tree(&FILES, &[], &waiting);
        let all = ["/home/me/cases", "/home/me/cases/oak", "/home/me/cases/new"];
        assert_eq!(
            drawn(&tree, &open(&all)),
            [
                "v /home/me/cases 3+2 !0",
                "  > harbour 1+0 !0",
                "  v new 0+1 !0",
                "    a.pdf InWork",
                "  v oak 2+1 !0",
                "    annex.pdf Read",
                "    Lease.pdf Waiting",
                "> /notes 1+0 !0 missing"
            ]
        );
    }

    #[test]
    fn a_filter_shows_what_fits_with_the_folders_around_it() {
        let tree = tree(&FILES, &["/home/me/cases/harbour/old/scan.pdf", "/notes"], &[]);
        let filter = |words: &str| WantedRows { filter: words.to_owned(), ..WantedRows::default() };
        let harbour = [
            "v /home/me/cases 2+0 !1",
            "  v harbour 0+0 !1",
            "    v old 0+0 !1",
            "      scan.pdf Read !",
        ];
        assert_eq!(drawn(&tree, &filter("SCAN  old/")), harbour);
        assert_eq!(drawn(&tree, &filter("cases oak lease")).last().unwrap(), "    Lease.pdf Read");
        // By its title, too.
        assert_eq!(drawn(&tree, &filter("teleph")).last().unwrap(), "  calls.md Read");
        assert!(drawn(&tree, &filter("nowhere")).is_empty());
        let problems = WantedRows { only_problems: true, ..WantedRows::default() };
        let drawn = drawn(&tree, &problems);
        assert_eq!(drawn.split_last().unwrap().1, harbour);
        assert_eq!(drawn.last().unwrap(), "v /notes 1+0 !1 missing !");
        assert_eq!(tree.places(&problems).1, 1);
    }

    #[test]
    fn a_place_is_found_again_by_its_path_and_depth() {
        let tree = tree(&FILES, &[], &[]);
        let wanted = open(&["/home/me/cases", "/home/me/cases/oak"]);
        let (places, _) = tree.places(&wanted);
        let lease = Path::new("/home/me/cases/oak/Lease.pdf");
        let found: Vec<usize> =
            (0..places.len()).filter(|index| tree.is_at(&places[*index], 2, lease)).collect();
        assert_eq!(found, [4]);
        assert_eq!(tree.document(&places[4]), Some(DocumentId(7)));
        assert_eq!(tree.document(&places[0]), None);
    }
}
