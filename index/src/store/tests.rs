use std::time::SystemTime;

use super::*;
use crate::document::{Document, Head, Page, Passage, Problem};
use crate::query::Query;
use crate::retrieve::{Found, Hit, Rank, Request, RetrieveError, Search};

const VERSIONS: Versions = Versions { extractor: 1, splitter: 1 };
const EMBEDDER: EmbedderId = EmbedderId([7; 32]);

/// A home with a store and one folder, whose files' paragraphs are passages.
struct Desk {
    home: tempfile::TempDir,
    store: Store,
    folder: FolderId,
}

impl Desk {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut store = Store::open(home.path()).unwrap();
        let folder = store.add_folder(Path::new("/library")).unwrap();
        Self { home, store, folder }
    }

    fn write(&mut self, path: &str, text: &str) -> DocumentId {
        let content = ContentHash::of(text.as_bytes());
        let known =
            self.store.find_document(&content).unwrap().filter(|found| found.versions == VERSIONS);
        let document = match known {
            Some(found) => found.id,
            None => put(&mut self.store, text, VERSIONS),
        };
        let fingerprint = Fingerprint { size: text.len() as u64, modified_ns: 1, inode: 1 };
        self.store.put_file(self.folder, Path::new(path), document, &fingerprint, 5).unwrap();
        document
    }

    /// Gives each waiting passage the vector of its text; returns how many waited.
    fn embed(&mut self) -> usize {
        let waiting = self.store.unembedded(&EMBEDDER, 10_000).unwrap();
        let vectors: Vec<_> =
            waiting.iter().map(|(passage, text)| (*passage, vector(text))).collect();
        self.store.put_vectors(&EMBEDDER, &vectors).unwrap();
        self.store.publish().unwrap();
        waiting.len()
    }

    fn find(&mut self, query: &str) -> Vec<String> {
        self.store.publish().unwrap();
        find(&Snapshot::open(self.home.path()).unwrap(), query)
    }

    /// Closes the store, does something to its files, and opens it again.
    fn reopen(self, meddle: impl FnOnce(&Path)) -> Self {
        drop(self.store);
        meddle(self.home.path());
        let store = Store::open(self.home.path()).unwrap();
        Self { store, ..self }
    }
}

/// A hashed bag of letters' pairs: like texts have like vectors.
fn vector(text: &str) -> Vec<f32> {
    let mut vector = [0.0_f32; 32];
    for pair in text.to_lowercase().as_bytes().windows(2) {
        vector[(usize::from(pair[0]) * 31 + usize::from(pair[1])) % 32] += 1.0;
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / length).collect()
}

/// Each paragraph is a passage, or several where `¦` cuts it.
fn put(store: &mut Store, text: &str, versions: Versions) -> DocumentId {
    let mut start = 0;
    let passages: Vec<Passage> = text
        .split(['\n', '¦'])
        .map(|paragraph| {
            let span = start..start + paragraph.len();
            start =
                span.end + text.get(span.end..).unwrap().chars().next().map_or(0, char::len_utf8);
            Passage {
                page: 1,
                span,
                text: paragraph.to_owned(),
                lines: Some((1, 1)),
                headings: vec!["Heading".to_owned()],
                sentences: std::iter::once(0..paragraph.len()).collect(),
                context: "about".to_owned(),
            }
        })
        .collect();
    let page = Page { number: 1, text: text.to_owned(), ..Page::default() };
    let document = Document {
        head: Head {
            tags: vec!["Desk".to_owned()],
            date: Some("2024-05-06".to_owned()),
            ..Head::default()
        },
        pages: vec![page],
        problems: Vec::new(),
    };
    let reading = Reading {
        content: ContentHash::of(text.as_bytes()),
        format: Format::Text,
        versions,
        document: &document,
        passages: &passages,
        indexed_at: 9,
    };
    store.put_document(&reading).unwrap()
}

fn search(
    snapshot: &Snapshot,
    request: Request<'_>,
    vector: Option<(&EmbedderId, &[f32])>,
) -> Result<Found, RetrieveError> {
    let cancel = CancellationToken::new();
    Search::prepare(snapshot, request, &cancel)?.run(vector, &cancel)
}

fn find(snapshot: &Snapshot, query: &str) -> Vec<String> {
    let query = Query::parse(query).unwrap();
    let found = search(snapshot, Request::new(&query, 10), None).unwrap();
    found.hits.iter().map(|hit| format!("{}: {}", hit.place.file.display(), hit.text)).collect()
}

#[test]
fn what_is_put_is_found_after_publishing() {
    let mut desk = Desk::new();
    desk.write("lease.txt", "The rent is 1,200 euros.\nThe tenant keeps no dogs.");
    desk.write("pump.txt", "The pump leaks at the seal.");
    assert_eq!(desk.find("tenants dog"), ["lease.txt: The tenant keeps no dogs."]);
    assert_eq!(desk.find("\"pump leaks\""), ["pump.txt: The pump leaks at the seal."]);
    assert_eq!(desk.find("\"leaks pump\""), Vec::<String>::new());
    assert_eq!(desk.find("the -pump -dogs"), ["lease.txt: The rent is 1,200 euros."]);
    assert_eq!(desk.find("-the"), Vec::<String>::new());
}

#[test]
fn a_snapshot_knows_that_something_is_not_found_yet() {
    let mut desk = Desk::new();
    desk.store.publish().unwrap();
    let mut snapshot = Snapshot::open(desk.home.path()).unwrap();
    assert!(!snapshot.is_behind());
    desk.write("lease.txt", "The rent is 1,200 euros.");
    snapshot.refresh().unwrap();
    assert!(snapshot.is_behind() && find(&snapshot, "rent").is_empty());
    desk.store.publish().unwrap();
    snapshot.refresh().unwrap();
    assert!(!snapshot.is_behind() && !find(&snapshot, "rent").is_empty());
    desk.embed();
    snapshot.refresh().unwrap();
    assert!(!snapshot.is_behind());
}

#[test]
fn a_file_is_found_by_its_name() {
    let mut desk = Desk::new();
    desk.write("zeppelin.txt", "Some text.");
    desk.write("other.txt", "Some other text.");
    assert_eq!(desk.find("zeppelin"), ["zeppelin.txt: Some text."]);
}

/// Four contracts with the same clauses, and notes that speak of one of them.
fn contracts() -> Desk {
    let mut desk = Desk::new();
    let clauses = |of: &str| {
        format!(
            "{of} is a party.\nThe notice is long.\nThe law of {of} applies.\nThe supply is due.\nThe end."
        )
    };
    desk.write("QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.txt", &clauses("Norway"));
    desk.write("HarbourMillInc_2021_Lease Agreement1.txt", &clauses("Sweden"));
    desk.write("oakfield-amendment.txt", &clauses("Finland"));
    desk.write("oakfield-lease.txt", &clauses("Denmark"));
    desk.write("call.txt", "Finland called about the lease.\nThe lease and its notice are old.");
    desk.store.publish().unwrap();
    desk
}

#[test]
fn a_question_calls_documents_by_parts_of_their_names() {
    let desk = contracts();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let quay = "QUAYTRADINGLTD_04_29_2019-SUPPLY AGREEMENT.txt";
    let mill = "HarbourMillInc_2021_Lease Agreement1.txt";
    let check = |question: &str, expected: &[&str], about: Option<&str>| {
        let query = Query::parse(question).unwrap();
        let found = search(&snapshot, Request::new(&query, 20), None).unwrap();
        let files = found.named.iter().map(|document| {
            let document = snapshot.document(*document).unwrap().unwrap();
            document.places[0].file.display().to_string()
        });
        let files: BTreeSet<String> = files.collect();
        let expected = expected.iter().map(|file| (*file).to_owned()).collect();
        assert_eq!(files, expected, "{question}");
        assert_eq!(found.about.as_deref(), about, "{question}");
        // What is named comes before all else.
        let is_named = |hit: &Hit| found.named.contains(&hit.document);
        assert!(found.hits.is_sorted_by_key(|hit| !is_named(hit)), "{question}");
    };
    let law = Some("Which law governs the ?");
    check("Which law governs the Quay Trading supply agreement?", &[quay], law);
    let lowered = "which law governs the quay trading supply agreement?";
    check(lowered, &[quay], Some("which law governs the ?"));
    check("Which law governs the QUAY agreement?", &[quay], law);
    check("Which law governs the agreement of QuayTrading?", &[quay], law);
    check("Which law governs the Harbour Mill lease?", &[mill], law);
    check(
        "What must be paid to the Mill for notice?",
        &[mill],
        Some("What must be paid to the  for notice?"),
    );
    check("Which law governs the Oakfield lease?", &["oakfield-lease.txt"], law);
    let both = ["oakfield-lease.txt", "oakfield-amendment.txt"];
    check("Which law governs Oakfield in the end?", &both, Some("Which law governs  in the end?"));
    let pair =
        "Does the QuayTrading agreement end at the same time as the Harbour Mill lease does?";
    check(pair, &[quay, mill], Some("Does the  end at the same time as the  does?"));
    // Nothing is called by what others speak of, a number, a small word alone, the first word, or what is no name.
    for question in [
        "Is the Lease old?",
        "Is the supply due?",
        "What is the law of Finland?",
        "Who called in 2021?",
        "is there an amendment?",
        "Agreement about notice?",
        "Which law governs the Brook lease?",
        "Where is the Quayside?",
    ] {
        check(question, &[], None);
    }
}

#[test]
fn a_name_that_a_document_is_about_chooses_it_and_is_asked_for() {
    let mut desk = contracts();
    desk.write("Warblers.txt", "Warblers sing.\nWarblers eat.\nMost warblers fly.\nOthers walk.");
    desk.store.publish().unwrap();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::parse("When do the Warblers end?").unwrap();
    let found = search(&snapshot, Request::new(&query, 20), None).unwrap();
    assert_eq!(found.hits[0].text, "Warblers sing.");
    assert_eq!(found.named.len(), 1);
    assert_eq!(found.about, None);
    // Of a scope that holds nothing else, nothing is chosen.
    let alone = [PathBuf::from("/library/Warblers.txt")];
    let request = Request { scope: &alone, ..Request::new(&query, 20) };
    assert!(search(&snapshot, request, None).unwrap().named.is_empty());
}

#[test]
fn a_removed_file_answers_no_more_even_before_publishing() {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha");
    desk.store.publish().unwrap();
    let mut snapshot = Snapshot::open(desk.home.path()).unwrap();
    assert_eq!(find(&snapshot, "alpha"), ["a.txt: alpha"]);
    desk.store.remove_file(desk.folder, Path::new("a.txt")).unwrap();
    assert_eq!(find(&snapshot, "alpha"), ["a.txt: alpha"], "a snapshot stays as it was");
    snapshot.refresh().unwrap();
    assert_eq!(find(&snapshot, "alpha"), Vec::<String>::new());
    assert_eq!(desk.store.sweep().unwrap(), 1);
    assert_eq!(desk.store.counts(None).unwrap().passages, 0);
    assert_eq!(desk.find("alpha"), Vec::<String>::new());
}

#[test]
fn a_renamed_file_is_embedded_once_and_found_by_its_new_name() {
    let mut desk = Desk::new();
    desk.write("old.txt", "alpha");
    assert_eq!(desk.embed(), 1);
    desk.store.remove_file(desk.folder, Path::new("old.txt")).unwrap();
    desk.write("fresh.txt", "alpha");
    desk.store.sweep().unwrap();
    assert_eq!(desk.embed(), 0);
    assert_eq!(desk.find("fresh"), ["fresh.txt: alpha"]);
    assert_eq!(desk.find("old"), Vec::<String>::new());
}

#[test]
fn an_edited_file_embeds_its_new_passages_only() {
    let mut desk = Desk::new();
    let old = desk.write("a.txt", "alpha\nbeta\ngamma");
    assert_eq!(desk.embed(), 3);
    let new = desk.write("a.txt", "alpha\nbeta two\ngamma");
    assert_ne!(old, new);
    assert_eq!(desk.store.sweep().unwrap(), 1);
    let waiting = desk.store.unembedded(&EMBEDDER, 10).unwrap();
    assert_eq!(
        waiting.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["about\nbeta two"]
    );
    assert_eq!(desk.find("alpha"), ["a.txt: alpha"]);
    assert_eq!(desk.embed(), 1);
    assert_eq!(nearest(&desk, "about\ngamma"), "a.txt: gamma");
}

#[test]
fn a_document_that_is_read_again_keeps_its_number_and_vectors() {
    let mut desk = Desk::new();
    let document = desk.write("a.txt", "alpha\nbeta");
    desk.embed();
    let before = desk.store.unembedded(&EmbedderId([1; 32]), 10).unwrap();
    let newer = Versions { extractor: 2, splitter: 1 };
    assert_eq!(put(&mut desk.store, "alpha\nbeta", newer), document);
    assert_eq!(desk.embed(), 0);
    let after = desk.store.unembedded(&EmbedderId([1; 32]), 10).unwrap();
    assert!(
        before.iter().all(|(old, _)| after.iter().all(|(new, _)| new > old)),
        "numbers are not used again"
    );
    assert_eq!(desk.find("beta"), ["a.txt: beta"]);
    assert_eq!(
        desk.store.find_document(&ContentHash::of(b"alpha\nbeta")).unwrap().unwrap().versions,
        newer
    );
}

#[test]
fn identical_files_are_stored_once_and_found_once() {
    let mut desk = Desk::new();
    assert_eq!(desk.write("a.txt", "alpha"), desk.write("b.txt", "alpha"));
    desk.write("c.txt", "other\nAlpha");
    desk.store.publish().unwrap();
    let counts = desk.store.counts(None).unwrap();
    assert_eq!((counts.files, counts.documents, counts.passages), (3, 2, 3));
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::plain("alpha");
    let found = search(&snapshot, Request::new(&query, 10), None).unwrap();
    let [hit] = found.hits.as_slice() else { panic!("{found:?}") };
    assert_eq!(hit.path, Path::new("/library/a.txt"));
    assert_eq!(hit.also, [Path::new("/library/b.txt"), Path::new("/library/c.txt")]);
    desk.store.remove_file(desk.folder, Path::new("a.txt")).unwrap();
    assert_eq!(desk.store.sweep().unwrap(), 0);
    assert_eq!(desk.find("alpha"), ["b.txt: alpha"]);
}

#[test]
fn a_removed_folder_answers_no_more() {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha");
    desk.store.remove_folder(desk.folder).unwrap();
    assert_eq!(desk.find("alpha"), Vec::<String>::new());
    assert_eq!(desk.store.sweep().unwrap(), 1);
    desk = desk.reopen(|_| {});
    assert_eq!(desk.store.folders().unwrap(), []);
}

#[test]
fn a_small_scope_gives_as_many_hits_as_it_has() {
    let mut desk = Desk::new();
    for number in 0..500 {
        let folder = if number % 100 == 0 { "few" } else { "many" };
        desk.write(
            &format!("{folder}/{number}.txt"),
            &format!("the same words in number n{number}"),
        );
    }
    desk.embed();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::plain("same words in the number");
    let scope = [PathBuf::from("/library/few")];
    let question = vector("same words in number");
    for vector in [None, Some((&EMBEDDER, question.as_slice()))] {
        let request = Request { scope: &scope, ..Request::new(&query, 5) };
        let found = search(&snapshot, request, vector).unwrap();
        assert_eq!((found.in_scope_passages, found.in_scope_documents), (5, 5));
        assert_eq!(found.hits.len(), 5);
        assert!(found.hits.iter().all(|hit| hit.path.starts_with("/library/few")));
    }
}

#[test]
fn filters_narrow_the_search() {
    let mut desk = Desk::new();
    desk.write("2024/lease.txt", "alpha one");
    desk.write("2023/pump.txt", "alpha two");
    for (query, expected) in [
        ("alpha file:LEASE", &["2024/lease.txt: alpha one"][..]),
        ("alpha dir:2023/", &["2023/pump.txt: alpha two"]),
        ("alpha dir:library/2024", &["2024/lease.txt: alpha one"]),
        ("alpha dir:20", &[]),
        ("alpha path:Library/2024/", &["2024/lease.txt: alpha one"]),
        ("alpha path:library/2023/pump.txt", &["2023/pump.txt: alpha two"]),
        ("alpha path:2024 path:library/20", &[]),
        ("alpha type:pdf", &[]),
        ("alpha type:txt tag:desk file:pump", &["2023/pump.txt: alpha two"]),
        ("alpha tag:other", &[]),
        ("alpha since:2024-05-07", &[]),
        ("alpha until:2024-04", &[]),
        ("one since:2024-05 until:2024", &["2024/lease.txt: alpha one"]),
        ("file:lease", &["2024/lease.txt: alpha one"]),
    ] {
        assert_eq!(desk.find(query), expected, "{query}");
    }
}

#[test]
fn what_could_not_be_read_in_scope_is_counted() {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha");
    let locked = [
        (PathBuf::from("b.pdf"), ProblemKind::PermissionDenied),
        (PathBuf::from("x/c.pdf"), ProblemKind::TooLarge),
    ];
    desk.store.set_problems(desk.folder, &locked).unwrap();
    let document = Document {
        problems: vec![Problem { kind: ProblemKind::NoText, page: None }],
        ..Document::default()
    };
    let reading = Reading {
        content: ContentHash::of(b"scan"),
        format: Format::Pdf,
        versions: VERSIONS,
        document: &document,
        passages: &[],
        indexed_at: 9,
    };
    let scan = desk.store.put_document(&reading).unwrap();
    let fingerprint = Fingerprint { size: 4, modified_ns: 1, inode: 1 };
    desk.store.put_file(desk.folder, Path::new("x/scan.pdf"), scan, &fingerprint, 5).unwrap();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let unread = |query: &str| {
        let query = Query::parse(query).unwrap();
        search(&snapshot, Request::new(&query, 5), None).unwrap().unread_documents
    };
    assert_eq!((unread("alpha"), unread("alpha dir:x"), unread("alpha type:txt")), (3, 2, 0));
    let listed: Vec<_> = desk.store.problems().unwrap();
    let listed: Vec<_> =
        listed.iter().map(|p| format!("{} {}", p.path.display(), p.problem.kind.name())).collect();
    assert_eq!(
        listed,
        [
            "/library/b.pdf permission_denied",
            "/library/x/c.pdf too_large",
            "/library/x/scan.pdf no_text"
        ]
    );
    desk.write("b.pdf", "now readable");
    assert_eq!(desk.store.problems().unwrap().len(), 2);
}

fn nearest(desk: &Desk, text: &str) -> String {
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let vector = vector(text);
    // No word of it is in any text: vectors decide alone.
    let query = Query::plain("qqqq");
    let found = search(&snapshot, Request::new(&query, 1), Some((&EMBEDDER, &vector))).unwrap();
    let hit = found.hits.first().unwrap();
    format!("{}: {}", hit.place.file.display(), hit.text)
}

fn filled() -> Desk {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha one\nbeta two");
    desk.write("b.txt", "gamma three");
    desk.embed();
    desk
}

#[track_caller]
fn check_whole(desk: &mut Desk) {
    assert_eq!(desk.find("beta"), ["a.txt: beta two"]);
    assert_eq!(nearest(desk, "about\ngamma three"), "b.txt: gamma three");
    assert_eq!(desk.embed(), 0);
}

fn vector_files(home: &Path) -> Vec<PathBuf> {
    let folder = Home(home).vectors(&EMBEDDER);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn lost_indexes_are_made_again() {
    check_whole(&mut filled().reopen(|home| {
        fs::remove_dir_all(home.join("fulltext")).unwrap();
        fs::remove_dir_all(home.join("vectors")).unwrap();
    }));
}

/// Ways to damage a file.
const DAMAGES: [fn(&mut Vec<u8>); 6] = [
    |bytes| bytes.truncate(bytes.len() / 2),
    |bytes| bytes.truncate(1),
    |bytes| bytes.clear(),
    |bytes| flip(bytes, 0),
    |bytes| {
        let middle = bytes.len() / 2;
        flip(bytes, middle);
    },
    |bytes| {
        let last = bytes.len() - 1;
        flip(bytes, last);
    },
];

fn flip(bytes: &mut [u8], at: usize) {
    bytes[at] ^= 0xff;
}

fn damage(path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    if !bytes.is_empty() {
        damage(&mut bytes);
        fs::write(path, bytes).unwrap();
    }
}

fn derived_files(home: &Path) -> Vec<PathBuf> {
    let fulltext = fs::read_dir(home.join("fulltext")).unwrap().map(|entry| entry.unwrap().path());
    fulltext.chain(vector_files(home)).collect()
}

#[test]
fn damaged_indexes_are_made_again() {
    for way in DAMAGES {
        check_whole(&mut filled().reopen(|home| {
            for path in derived_files(home) {
                damage(&path, way);
            }
        }));
    }
}

#[test]
fn a_reader_survives_damaged_indexes() {
    let desk = filled();
    let home = desk.home;
    drop(desk.store);
    // It may find less, or say that it can't read: the next writer mends it.
    let try_to_find = |snapshot: &Snapshot| {
        let vector = vector("about\ngamma three");
        for query in ["gamma", "\"alpha one\"", "alpha -beta"] {
            let query = Query::parse(query).unwrap();
            drop(search(snapshot, Request::new(&query, 5), Some((&EMBEDDER, &vector))));
        }
    };
    for path in derived_files(home.path()) {
        let sound = fs::read(&path).unwrap();
        for way in DAMAGES {
            damage(&path, way);
            match Snapshot::open(home.path()) {
                Ok(snapshot) => try_to_find(&snapshot),
                Err(error) => assert!(error.is_damage(), "{error}"),
            }
            fs::write(&path, &sound).unwrap();
        }
        for at in (0..sound.len().min(1500)).step_by(11) {
            damage(&path, |bytes| bytes[at] ^= 0x41);
            match Snapshot::open(home.path()) {
                Ok(snapshot) => try_to_find(&snapshot),
                Err(error) => assert!(error.is_damage(), "{error}"),
            }
            fs::write(&path, &sound).unwrap();
        }
    }
}

#[test]
fn a_single_damaged_file_of_an_index_is_made_again() {
    let mut desk = filled();
    for name in derived_files(desk.home.path()).iter().filter_map(|path| path.extension()) {
        for way in DAMAGES {
            desk = desk.reopen(|home| {
                for path in derived_files(home) {
                    if path.extension() == Some(name) {
                        damage(&path, way);
                    }
                }
            });
            check_whole(&mut desk);
        }
    }
}

#[test]
fn garbage_in_the_folders_of_indexes_stands_in_nobodys_way() {
    let mut desk = filled();
    let vectors = Home(desk.home.path()).vectors(&EMBEDDER);
    desk = desk.reopen(|home| {
        for folder in [&home.join("fulltext"), &vectors] {
            fs::write(folder.join("notes.txt"), "garbage").unwrap();
            fs::create_dir(folder.join("7.vec")).unwrap();
            fs::write(folder.join("8.vec"), "garbage").unwrap();
            fs::write(folder.join("9.new"), "garbage").unwrap();
            fs::create_dir(folder.join("10.new")).unwrap();
        }
    });
    check_whole(&mut desk);
    for place in ["fulltext", "vectors"] {
        desk = desk.reopen(|home| {
            fs::remove_dir_all(home.join(place)).unwrap();
            fs::write(home.join(place), "a file in a folder's place").unwrap();
        });
        check_whole(&mut desk);
    }
    desk = desk.reopen(|_| {
        fs::remove_dir_all(&vectors).unwrap();
        fs::write(&vectors, "a file in a folder's place").unwrap();
    });
    check_whole(&mut desk);
}

/// Everything that is done with a library: true when it holds what it should, false when it is to be read again.
fn try_all(home: &Path) -> Result<bool, StoreError> {
    let mut store = Store::open(home)?;
    let folders = store.folders()?;
    assert!(folders.iter().any(|folder| folder.path == Path::new("/library")), "{folders:?}");
    let counts = store.counts(Some(&EMBEDDER))?;
    store.problems()?;
    store.known_files(folders[0].id)?;
    store.scans()?;
    store.contents(VERSIONS)?;
    store.unembedded(&EMBEDDER, 10)?;
    let snapshot = Snapshot::open(home)?;
    for document in snapshot.documents()? {
        snapshot.document(document)?;
        snapshot.texts(document)?;
        snapshot.page(document, 1)?;
        snapshot.passages_of(document)?;
    }
    let vector = vector("about\ngamma three");
    let query = Query::plain("gamma");
    search(&snapshot, Request::new(&query, 5), Some((&EMBEDDER, &vector))).map_err(|error| {
        match error {
            RetrieveError::Store(error) => error,
            RetrieveError::Cancelled => panic!("nobody cancels it"),
        }
    })?;
    check(home, &CancellationToken::new())?;
    Ok((counts.files, counts.passages, counts.embedded) == (2, 3, 3))
}

/// Damages the database of a filled library and uses it until it is sound again.
#[track_caller]
fn check_damaged_database(what: &str, meddle: impl FnOnce(&Path)) {
    let desk = filled();
    let home = desk.home;
    drop(desk.store);
    super::Desk::open(home.path()).unwrap().remember("Is it kept?", 5).unwrap();
    meddle(home.path());
    let mut is_whole = false;
    for attempt in 0.. {
        match try_all(home.path()) {
            Ok(whole) => {
                is_whole = whole;
                break;
            }
            Err(error) => {
                assert!(error.is_library_damage(), "{what}: {error}");
                assert!(attempt < 1, "{what}: the next opening mends it: {error}");
            }
        }
    }
    let mut store = Store::open(home.path()).unwrap();
    assert_eq!(super::Desk::open(home.path()).unwrap().history(5).unwrap(), ["Is it kept?"]);
    let folder = store.folders().unwrap()[0].id;
    store.sweep().unwrap();
    let mut desk = Desk { home, store, folder };
    if !is_whole {
        desk.write("a.txt", "alpha one\nbeta two");
        desk.write("b.txt", "gamma three");
        desk.embed();
    }
    check_whole(&mut desk);
    check(desk.home.path(), &CancellationToken::new()).unwrap();
}

#[test]
fn a_library_with_a_damaged_header_is_mended() {
    // The beginning and the end of each of its fields, but for those that nothing reads.
    for at in [0, 15, 16, 17, 18, 19, 20, 21, 23, 27, 28, 31, 47, 56, 59, 60, 63, 95, 99] {
        check_damaged_database(&format!("header, byte {at}"), |home| {
            damage(&Home(home).library(), |bytes| flip(bytes, at));
        });
    }
}

#[test]
fn a_library_with_a_damaged_page_is_mended() {
    let pages =
        fs::metadata(Home(filled().reopen(|_| {}).home.path()).library()).unwrap().len() / 4096;
    assert!(pages > 20);
    // Nearly all are the roots of a table or an index.
    for page in (0..usize::try_from(pages).unwrap()).step_by(2) {
        // Its kind, how many cells it has, where they begin, and where the first one stands.
        for at in [0, 3, 5, 8] {
            check_damaged_database(&format!("page {page}, byte {at}"), |home| {
                let start = if page == 0 { 100 } else { page * 4096 };
                damage(&Home(home).library(), |bytes| flip(bytes, start + at));
            });
        }
    }
}

#[test]
fn a_passage_with_a_flipped_letter_is_found_by_the_check() {
    // Its page's text stands there as well, and tells nothing of itself.
    let mut met = 0;
    for place in 0..3 {
        check_damaged_database(&format!("place {place}"), |home| {
            damage(&Home(home).library(), |bytes| {
                let mut places =
                    (0..bytes.len() - 7).filter(|at| &bytes[*at..at + 7] == b"eta two");
                if let Some(at) = places.nth(place) {
                    bytes[at] = b'i';
                    met += 1;
                }
            });
        });
    }
    assert_eq!(met, 2);
}

#[test]
fn a_check_is_due_a_week_after_the_last_one() {
    let desk = filled();
    let home = desk.home.path();
    let now = SystemTime::now();
    assert!(is_check_due(home, now));
    let cancel = CancellationToken::new();
    cancel.cancel();
    check(home, &cancel).unwrap();
    assert!(is_check_due(home, now), "it was stopped");
    check(home, &CancellationToken::new()).unwrap();
    let now = SystemTime::now();
    assert!(!is_check_due(home, now));
    assert!(is_check_due(home, now + std::time::Duration::from_hours(169)));
}

#[test]
fn a_library_that_was_cut_short_is_mended() {
    for length in [0, 1, 99, 100, 4095, 4096, 8192, 40_000, 60_001] {
        check_damaged_database(&format!("{length} bytes"), |home| {
            damage(&Home(home).library(), |bytes| bytes.truncate(length));
        });
    }
}

#[test]
fn logs_that_were_left_over_do_no_harm() {
    let noise: Vec<u8> =
        (0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    for (wal, shm) in
        [(&noise[..], &[][..]), (&[], &noise), (&noise, &noise), (&noise[..32], &noise[..100])]
    {
        check_damaged_database("logs", |home| {
            for (ending, bytes) in [("-wal", wal), ("-shm", shm)] {
                let mut name = Home(home).library().into_os_string();
                name.push(ending);
                fs::write(name, bytes).unwrap();
            }
        });
    }
}

#[test]
fn indexes_that_were_left_behind_catch_up() {
    let mut desk = filled();
    desk.write("a.txt", "alpha one\nbeta two");
    desk.write("c.txt", "delta four");
    desk.store.remove_file(desk.folder, Path::new("b.txt")).unwrap();
    desk.write("renamed.txt", "gamma three");
    desk.store.sweep().unwrap();
    let waiting = desk.store.unembedded(&EMBEDDER, 10).unwrap();
    let vectors: Vec<_> = waiting.iter().map(|(passage, text)| (*passage, vector(text))).collect();
    desk.store.put_vectors(&EMBEDDER, &vectors).unwrap();
    // Nothing is published: this is what a kill leaves.
    let mut desk = desk.reopen(|_| {});
    assert_eq!(desk.find("renamed"), ["renamed.txt: gamma three"]);
    assert_eq!(desk.find("delta"), ["c.txt: delta four"]);
    assert_eq!(nearest(&desk, "about\ndelta four"), "c.txt: delta four");
    assert_eq!(desk.embed(), 0);
}

#[test]
fn a_damaged_database_is_set_aside_and_the_folders_are_kept() {
    let mut desk =
        filled().reopen(|home| fs::write(home.join("library.sqlite"), vec![b'x'; 9_000]).unwrap());
    assert!(desk.store.set_aside().is_some_and(Path::exists));
    let folders = desk.store.folders().unwrap();
    assert_eq!(
        folders.iter().map(|folder| folder.path.as_path()).collect::<Vec<_>>(),
        [Path::new("/library")]
    );
    desk.folder = folders[0].id;
    assert_eq!(desk.find("beta"), Vec::<String>::new());
    desk.write("a.txt", "alpha one\nbeta two");
    assert_eq!(desk.find("beta"), ["a.txt: beta two"]);
}

#[test]
fn many_small_vector_files_become_few() {
    let mut desk = Desk::new();
    for number in 0..40 {
        desk.write(&format!("{number}.txt"), &format!("number {number}"));
        assert_eq!(desk.embed(), 1);
    }
    assert!(vector_files(desk.home.path()).len() <= 8);
    assert_eq!(nearest(&desk, "about\nnumber 17"), "17.txt: number 17");
    for number in 0..39 {
        desk.store.remove_file(desk.folder, Path::new(&format!("{number}.txt"))).unwrap();
    }
    desk.store.sweep().unwrap();
    let desk = desk.reopen(|_| {});
    let [file] = vector_files(desk.home.path()).try_into().unwrap();
    assert_eq!(
        fs::metadata(file).unwrap().len(),
        64 + 8 + 4 + 32,
        "vectors of lost passages are gone"
    );
}

#[test]
fn there_is_one_writer_and_readers_do_not_wait_for_it() {
    let mut desk = filled();
    assert!(matches!(Store::open(desk.home.path()), Err(StoreError::Locked { .. })));
    let first = Snapshot::open(desk.home.path()).unwrap();
    desk.write("c.txt", "beta too");
    desk.store.publish().unwrap();
    let second = Snapshot::open(desk.home.path()).unwrap();
    assert_eq!(find(&first, "beta").len(), 1);
    assert_eq!(find(&second, "beta").len(), 2);
    let home = desk.home;
    drop(desk.store);
    Store::open(home.path()).unwrap();
}

#[test]
fn a_home_without_a_library_has_no_snapshot() {
    let home = tempfile::tempdir().unwrap();
    assert!(matches!(Snapshot::open(home.path()), Err(StoreError::Missing { .. })));
}

#[test]
fn vectors_of_another_length_are_refused() {
    let mut desk = filled();
    desk.write("c.txt", "delta");
    let (passage, _) = desk.store.unembedded(&EMBEDDER, 1).unwrap().remove(0);
    let error = desk.store.put_vectors(&EMBEDDER, &[(passage, vec![1.0; 5])]).unwrap_err();
    assert!(matches!(error, StoreError::Dimension { expected: 32, found: 5 }), "{error}");
}

#[test]
fn neighbours_and_pages_are_read_back() {
    let mut desk = Desk::new();
    let document = desk.write("a.txt", "one\ntwo\nthree\nfour");
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let all = snapshot.passages_of(document).unwrap();
    let texts =
        |passages: &[StoredPassage]| passages.iter().map(|p| p.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&all), ["one", "two", "three", "four"]);
    assert_eq!(texts(&snapshot.neighbours(all[1].id, 5, 1).unwrap()), ["one", "two", "three"]);
    let page = snapshot.page(document, 1).unwrap().unwrap();
    assert!(all.iter().all(|passage| page.text.get(passage.span.clone()) == Some(&passage.text)));
    assert_eq!(all[2].headings, ["Heading"]);
    assert_eq!(all[2].sentences.first(), Some(&(0..5)));
    let stored = snapshot.document(document).unwrap().unwrap();
    assert_eq!((stored.tags, stored.pages, stored.places.len()), (vec!["Desk".to_owned()], 1, 1));
}

#[test]
fn what_was_cut_off_is_read_with_a_passage() {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha\nThe beta stands.¦A gamma too.¦And delta.\nepsilon");
    desk.store.publish().unwrap();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let around = |word: &str| {
        let query = Query::plain(word);
        let found = search(&snapshot, Request::new(&query, 1), None).unwrap();
        let hit = found.hits.into_iter().next().unwrap();
        (hit.before, hit.text, hit.after)
    };
    let check = |word, (before, text, after): (&str, &str, &str)| {
        assert_eq!(around(word), (before.to_owned(), text.to_owned(), after.to_owned()), "{word}");
    };
    check("alpha", ("", "alpha", ""));
    check("beta", ("", "The beta stands.", "A gamma too."));
    check("gamma", ("The beta stands.", "A gamma too.", "And delta."));
    check("epsilon", ("", "epsilon", ""));
}

#[cfg(unix)]
#[test]
fn a_document_is_known_by_its_content_and_by_its_place() {
    let mut desk = Desk::new();
    let lease = desk.write("cases/lease.txt", "The rent is due.\nDogs are not kept.");
    let gone = desk.write("old.txt", "This was.");
    desk.store.remove_file(desk.folder, Path::new("old.txt")).unwrap();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let content = ContentHash::of(b"The rent is due.\nDogs are not kept.");
    assert_eq!(snapshot.document_with(&content).unwrap(), Some(lease));
    assert_eq!(snapshot.document_at(Path::new("/library/cases/lease.txt")).unwrap(), Some(lease));
    assert_eq!(snapshot.document_at(Path::new("/library/lease.txt")).unwrap(), None);
    assert_eq!(snapshot.document_at(Path::new("/elsewhere/lease.txt")).unwrap(), None);
    // It is not swept yet, and lies nowhere.
    assert!(snapshot.document(gone).unwrap().is_some());
    assert_eq!(snapshot.document_with(&ContentHash::of(b"This was.")).unwrap(), None);
    let texts = snapshot.texts(lease).unwrap();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].text, "The rent is due.\nDogs are not kept.");
}

#[test]
fn folders_tell_how_many_documents_lie_in_them() {
    let mut desk = Desk::new();
    let other = desk.store.add_folder(Path::new("/other")).unwrap();
    desk.write("a.txt", "One.");
    desk.write("b.txt", "One.");
    desk.write("c.txt", "Two.");
    let expected = HashMap::from([(desk.folder, 2)]);
    assert_eq!(desk.store.documents_of_folders().unwrap(), expected);
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    assert_eq!(snapshot.documents_of_folders().unwrap(), expected);
    assert!(!expected.contains_key(&other));
}

#[test]
fn shelves_tell_where_documents_lie_and_how_much_is_in_them() {
    let mut desk = Desk::new();
    let first = desk.write("b/a.txt", "One.");
    desk.write("c.txt", "One.");
    desk.store.add_problem(desk.folder, Path::new("d.pdf"), ProblemKind::Password).unwrap();
    let mut shelves = Shelves::open(desk.home.path()).unwrap();
    let version = shelves.version().unwrap();
    let all = shelves.all().unwrap();
    let paths: Vec<_> = all.files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["b/a.txt", "c.txt"]);
    assert!(all.files.iter().all(|file| file.document == first && file.folder == desk.folder));
    assert_eq!(all.folders[0].path, Path::new("/library"));
    assert_eq!(all.problems[0].path, Path::new("/library/d.pdf"));
    let extent = shelves.extent(first).unwrap().unwrap();
    assert_eq!((extent.paged, extent.passages), (false, 1));
    assert_eq!(shelves.extent(DocumentId(99)).unwrap(), None);
    assert_eq!(shelves.version().unwrap(), version);
    // The full text may be lost: the list is there all the same.
    desk.write("e.txt", "Two.");
    fs::remove_dir_all(Home(desk.home.path()).fulltext()).unwrap();
    assert_ne!(shelves.version().unwrap(), version);
    assert_eq!(shelves.all().unwrap().files.len(), 3);
    assert!(shelves.is_current());
}

#[test]
fn a_released_snapshot_lets_the_writers_log_end_and_can_be_taken_again() {
    let mut desk = Desk::new();
    desk.write("a.txt", "The first text.");
    desk.store.publish().unwrap();
    let mut snapshot = Snapshot::open(desk.home.path()).unwrap();
    let before = snapshot.version().unwrap();
    let emptied = |store: &Store| -> bool {
        let blocked: i64 = store
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .unwrap();
        blocked == 0
    };
    desk.store.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    desk.write("b.txt", "The second text.");
    desk.store.publish().unwrap();
    assert!(!emptied(&desk.store));
    snapshot.release().unwrap();
    assert!(emptied(&desk.store));
    snapshot.refresh().unwrap();
    assert_ne!(snapshot.version().unwrap(), before);
    assert_eq!(find(&snapshot, "second"), ["b.txt: The second text."]);
}

#[test]
fn a_snapshot_of_a_library_that_was_begun_anew_is_taken_of_the_new_one() {
    let mut desk = Desk::new();
    desk.write("a.txt", "The first text.");
    desk.store.publish().unwrap();
    let mut snapshot = Snapshot::open(desk.home.path()).unwrap();
    let mut desk = desk.reopen(|home| {
        fs::rename(home.join("library.sqlite"), home.join("library.sqlite.damaged")).unwrap();
    });
    desk.folder = desk.store.add_folder(Path::new("/library")).unwrap();
    desk.write("b.txt", "The second text.");
    desk.store.publish().unwrap();
    snapshot.refresh().unwrap();
    assert_eq!(find(&snapshot, "text"), ["b.txt: The second text."]);
}

#[test]
fn everything_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    fn walk(folder: &Path) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                paths.extend(walk(&path));
            }
            paths.push(path);
        }
        paths
    }
    let desk = filled();
    let paths = walk(desk.home.path());
    assert!(paths.len() > 10);
    for path in paths {
        let rights = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(rights, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_question_that_names_a_document_looks_inside_it() {
    let mut desk = Desk::new();
    let parties = ["Harbour Quay Trading", "Mill River Brewing", "Stone Bridge Holdings"];
    for (number, name) in parties.iter().enumerate() {
        let clauses: Vec<String> = (0..8)
            .map(|clause| format!("Clause {clause} speaks of matter m{clause} alone."))
            .collect();
        let text = format!(
            "Supply Agreement of {name} with others.\n{}\nEither side may end it by {} months of notice.\n\
             The notice of {name} in {name} Agreement files is void.",
            clauses.join("\n"),
            number + 2,
        );
        desk.write(&format!("{number}.txt"), &text);
    }
    let found = desk.find("What notice may end the Supply Agreement of Mill River Brewing?");
    assert_eq!(found[0], "1.txt: Either side may end it by 3 months of notice.");
}

#[test]
fn a_question_without_words_finds_nothing() {
    let mut desk = Desk::new();
    desk.write("a.txt", "alpha");
    assert_eq!(desk.find("?!"), Vec::<String>::new());
    assert_eq!(desk.find(""), Vec::<String>::new());
}

#[test]
fn vectors_of_an_english_embedder_have_no_say_in_other_scripts() {
    let mut desk = Desk::new();
    desk.write("a.txt", "Аренда стоит 900 евро.\nSomething else.");
    desk.embed();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::plain("Сколько стоит аренда?");
    let vector = vector("about\nSomething else.");
    let found = search(&snapshot, Request::new(&query, 5), Some((&EMBEDDER, &vector))).unwrap();
    let [hit] = found.hits.as_slice() else { panic!("{found:?}") };
    assert_eq!((hit.text.as_str(), hit.vector), ("Аренда стоит 900 евро.", None));
}

#[test]
fn an_embedder_is_ahead_of_another_as_long_as_that_has_not_made_the_same_vectors() {
    let mut desk = Desk::new();
    desk.write("a.txt", "roof\nrent\npump\nseal");
    let [old, new, third] = [1, 2, 3].map(|number| EmbedderId([number; 32]));
    let passages: Vec<PassageId> =
        desk.store.unembedded(&old, 10).unwrap().into_iter().map(|(passage, _)| passage).collect();
    let ahead = |desk: &Desk, of| ahead_of(desk.home.path(), of).unwrap();
    let put = |desk: &mut Desk, id, passages: &[PassageId]| {
        let vectors: Vec<_> = passages.iter().map(|passage| (*passage, [1.0, 0.0])).collect();
        desk.store.put_vectors(id, &vectors).unwrap();
    };
    assert!(ahead(&desk, &new).is_empty(), "nobody has made any");
    put(&mut desk, &old, &passages[..3]);
    assert_eq!(ahead(&desk, &new), [old]);
    assert!(ahead(&desk, &old).is_empty(), "it is the only one");
    put(&mut desk, &third, &passages[..1]);
    put(&mut desk, &new, &passages[1..3]);
    assert_eq!(ahead(&desk, &new), [old], "one that was given up early is no match");
    // As many, but not of the same.
    put(&mut desk, &new, &passages[3..]);
    assert_eq!(ahead(&desk, &new), [old]);
    assert_eq!(ahead(&desk, &old), [new]);
    put(&mut desk, &new, &passages[..1]);
    assert!(ahead(&desk, &new).is_empty());
    assert_eq!(ahead(&desk, &third), [new, old]);
    // What no file has any more is missed by nobody.
    desk.write("b.txt", "flax");
    let fresh: Vec<PassageId> =
        desk.store.unembedded(&old, 10).unwrap().into_iter().map(|(passage, _)| passage).collect();
    put(&mut desk, &old, &fresh);
    put(&mut desk, &third, &passages);
    assert_eq!(ahead(&desk, &new), [old]);
    desk.store.remove_file(desk.folder, Path::new("b.txt")).unwrap();
    assert!(ahead(&desk, &new).is_empty());
}

#[test]
fn a_home_without_a_library_has_no_vectors() {
    let home = tempfile::tempdir().unwrap();
    let error = ahead_of(home.path(), &EMBEDDER).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
}

#[test]
fn a_stopped_search_says_so() {
    let desk = filled();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let query = Query::plain("alpha");
    let request = Request::new(&query, 5);
    let search = Search::prepare(&snapshot, request, &CancellationToken::new()).unwrap();
    assert!(matches!(search.run(None, &cancel), Err(RetrieveError::Cancelled)));
    // Filters are gone through for a while as well.
    let filtered = Query::parse("alpha type:txt").unwrap();
    let stopped = Search::prepare(&snapshot, Request::new(&filtered, 5), &cancel);
    assert!(matches!(stopped, Err(RetrieveError::Cancelled)));
}

#[test]
fn an_older_copy_of_the_database_gets_its_own_indexes() {
    let aside = tempfile::tempdir().unwrap();
    let copy = aside.path().join("copy");
    let mut desk = filled().reopen(|home| {
        fs::copy(home.join("library.sqlite"), &copy).unwrap();
    });
    desk.store.remove_file(desk.folder, Path::new("b.txt")).unwrap();
    desk.store.sweep().unwrap();
    desk.write("c.txt", "delta four");
    desk.embed();
    let mut desk = desk.reopen(|home| {
        fs::copy(&copy, home.join("library.sqlite")).unwrap();
    });
    check_whole(&mut desk);
    assert_eq!(desk.find("delta"), Vec::<String>::new());
}

#[test]
fn what_is_left_out_is_not_found_and_neither_is_what_says_the_same() {
    let mut desk = Desk::new();
    desk.write("a.txt", "The pump leaks at its seal.\nThe pump is changed in May.");
    desk.write("copy.txt", "Elsewhere.\nThe pump leaks at its seal.");
    desk.embed();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::plain("pump seal leaks");
    let question = vector("about\nthe pump leaks at its seal");
    let document = snapshot.document_at(Path::new("/library/a.txt")).unwrap().unwrap();
    let text = "The pump leaks at its seal.";
    let without = snapshot.passages_reading(document, text).unwrap();
    assert_eq!(without.len(), 1);
    for vector in [None, Some((&EMBEDDER, question.as_slice()))] {
        let all = search(&snapshot, Request::new(&query, 1), vector).unwrap();
        assert_eq!((all.hits[0].text.as_str(), all.in_scope_passages), (text, 4));
        let request = Request { without: &without, ..Request::new(&query, 1) };
        let found = search(&snapshot, request, vector).unwrap();
        // Before the cut: the next best takes its place.
        assert_eq!(found.hits[0].text, "The pump is changed in May.");
        assert_eq!((found.in_scope_passages, found.in_scope_documents), (3, 2));
    }
}

#[test]
fn what_is_pinned_is_a_hit_whatever_is_asked() {
    let mut desk = Desk::new();
    desk.write("a.txt", "The pump leaks at its seal.\nThe roof is repaired in May.");
    desk.write("b.txt", "Dogs are not kept by the tenant.");
    desk.embed();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let passage = |path: &str, text: &str| {
        let document = snapshot.document_at(Path::new(path)).unwrap().unwrap();
        snapshot.passages_reading(document, text).unwrap()[0]
    };
    let seal = passage("/library/a.txt", "The pump leaks at its seal.");
    let dogs = passage("/library/b.txt", "Dogs are not kept by the tenant.");
    let query = Query::parse("pump file:a").unwrap();
    let pinned = [dogs, seal];
    let request = Request { pinned: &pinned, ..Request::new(&query, 1) };
    let found = search(&snapshot, request, None).unwrap();
    let hits: Vec<_> = found.hits.iter().map(|hit| (hit.passage, hit.pinned)).collect();
    assert_eq!(hits, [(seal, true), (dogs, true)]);
    assert_eq!(found.hits[0].fused, Some(Rank { score: 1.0, rank: 1 }));
    assert_eq!((found.hits[1].fused, found.hits[1].words), (None, None));
    let gone = [PassageId(9_999)];
    let request = Request { pinned: &gone, ..Request::new(&query, 1) };
    assert_eq!(search(&snapshot, request, None).unwrap().hits.len(), 1);
}

#[test]
fn hits_know_their_place_and_scores() {
    let desk = filled();
    let snapshot = Snapshot::open(desk.home.path()).unwrap();
    let query = Query::plain("beta two");
    let vector = vector("about\nbeta two");
    let found = search(&snapshot, Request::new(&query, 5), Some((&EMBEDDER, &vector))).unwrap();
    let hit = found.hits.first().unwrap();
    assert_eq!((hit.page, hit.lines, hit.headings.len()), (None, Some((1, 1)), 1));
    assert_eq!(
        (hit.path.as_path(), hit.place.file.as_path()),
        (Path::new("/library/a.txt"), Path::new("a.txt"))
    );
    let (words, vector) = (hit.words.unwrap(), hit.vector.unwrap());
    assert_eq!((words.rank, vector.rank), (1, 1));
    assert!((hit.score - 1.0).abs() < 1e-6 && (vector.score - 1.0).abs() < 1e-3);
    assert!((hit.sentences.first().unwrap().score - 1.0).abs() < 1e-6);
    assert_eq!(hit.content, ContentHash::of(b"alpha one\nbeta two"));
}

/// Puts a document of three pages, of which the second and third have no text of their own.
fn put_scan(desk: &mut Desk, problems: Vec<Problem>) -> ContentHash {
    let page = |number, text: &str| Page { number, text: text.to_owned(), ..Page::default() };
    let content = ContentHash::of(b"scan");
    let reading = Reading {
        content,
        format: Format::Pdf,
        versions: VERSIONS,
        document: &Document {
            head: Head { language: Some("de".to_owned()), paged: true, ..Head::default() },
            pages: vec![page(1, "Deckblatt"), page(2, ""), page(3, "")],
            problems,
        },
        passages: &[],
        indexed_at: 9,
    };
    let document = desk.store.put_document(&reading).unwrap();
    let fingerprint = Fingerprint { size: 4, modified_ns: 1, inode: 1 };
    desk.store.put_file(desk.folder, Path::new("scan.pdf"), document, &fingerprint, 5).unwrap();
    content
}

#[test]
fn pages_that_ocr_is_to_read_are_known_until_they_are_read() {
    let mut desk = Desk::new();
    desk.write("a.txt", "no scan");
    let no_text = |page| Problem { kind: ProblemKind::NoText, page };
    let content = put_scan(&mut desk, vec![no_text(None)]);
    let unread = |desk: &Desk| -> Vec<Vec<u32>> {
        desk.store.scans().unwrap().into_iter().map(|scan| scan.unread).collect()
    };
    assert_eq!(unread(&desk), [[2, 3]]);
    put_scan(&mut desk, vec![no_text(Some(3))]);
    let scans = desk.store.scans().unwrap();
    assert_eq!(scans[0].path, Path::new("/library/scan.pdf"));
    assert_eq!((scans[0].language.as_deref(), scans[0].content), (Some("de"), content));
    assert_eq!(scans[0].unread, [3]);

    let read = Recognition { tsv: "Wort".to_owned(), dots_per_inch: 300.0 };
    desk.store.put_recognition(&content, 3, &read).unwrap();
    // All that is left is to make the document anew of it, which also a new start knows.
    desk = desk.reopen(|_| {});
    assert_eq!(unread(&desk), [[0; 0]]);
    assert_eq!(desk.store.recognitions(&content).unwrap(), BTreeMap::from([(3, read)]));
    put_scan(&mut desk, Vec::new());
    assert!(unread(&desk).is_empty());
    assert_eq!(desk.store.recognitions(&content).unwrap().len(), 1);
    // With the content goes what was read in it.
    desk.store.remove_file(desk.folder, Path::new("scan.pdf")).unwrap();
    desk.store.sweep().unwrap();
    assert!(desk.store.recognitions(&content).unwrap().is_empty());
}

#[test]
fn a_library_of_the_first_schema_is_taken_over() {
    let mut desk = filled().reopen(|home| {
        let database = Connection::open(Home(home).library()).unwrap();
        database
            .execute_batch(
                "DROP TABLE mount; DROP TABLE recognition; ALTER TABLE page DROP COLUMN recognised; PRAGMA user_version = 1",
            )
            .unwrap();
    });
    assert!(desk.store.scans().unwrap().is_empty());
    check_whole(&mut desk);
}
