//! Does the project keep the rules that no lint knows?

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::printed_by;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// All that may stand at the top, beside what begins with a dot.
const TOP_LEVEL: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "engine",
    "fixtures",
    "index",
    "src",
    "tests",
    "themes",
];

/// Addresses of package registries: what is fetched is asked for by name, from wherever the user's tools are set to ask.
/// They are put together here, or this file would break its own rule.
const REGISTRY_HOSTS: [&str; 7] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("huggingface", ".co"),
    concat!("npmjs", ".org"),
    concat!("docker", ".io"),
    concat!("ghcr", ".io"),
];

const UNFINISHED: [&str; 4] = [
    concat!("to", "do!("),
    concat!("un", "implemented!("),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
];

#[test]
fn the_top_level_holds_what_belongs_there() {
    let strangers: BTreeSet<_> = files()
        .iter()
        .filter_map(|file| file.split('/').next().map(str::to_owned))
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    assert_none("entry at the top level that has no place there", strangers);
}

#[test]
fn engine_and_index_know_neither_each_other_nor_the_program() {
    const ABOVE: [&str; 9] = [
        "clap",
        "crossterm",
        "docent",
        "docent-engine",
        "docent-index",
        "indicatif",
        "notify",
        "ratatui",
        "tokio",
    ];
    let metadata = metadata(&["--no-deps"]);
    let mut libraries = 0;
    for package in list(&metadata, "packages") {
        let name = text(package, "name");
        if name == "docent" {
            continue;
        }
        libraries += 1;
        let above = list(package, "dependencies")
            .map(|dependency| text(dependency, "name"))
            .filter(|dependency| ABOVE.contains(dependency));
        assert_none(&format!("dependency of {name} that is not below it"), above);
    }
    assert_eq!(libraries, 2, "engine and index are the libraries");
}

#[test]
fn engine_and_index_read_no_environment() {
    let reads = |line: &str| {
        // The constants there are the compiler's, not the user's.
        let line = line.replace("std::env::consts", "");
        line.contains("std::env") || line.contains(" env::")
    };
    let readers = sources(&["engine/src", "index/src"])
        .filter(|(_, source)| code_lines(source).any(reads))
        .map(|(file, _)| file);
    assert_none("library file that asks the environment; its caller hands it in", readers);
}

#[test]
fn the_watcher_alone_knows_how_folders_are_watched() {
    let watchers = sources(&["src", "engine/src", "index/src"])
        .filter(|(file, _)| file != "src/work/watch.rs")
        .filter(|(_, source)| {
            code_lines(source).any(|line| line.contains("notify::") || line.contains("use notify"))
        })
        .map(|(file, _)| file);
    assert_none("file that imports `notify` beside `src/work/watch.rs`", watchers);
}

/// What the pure core of the screen could wait for, or could ask the world by itself.
const IMPURE: [&str; 19] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "Zoned::now",
    "tokio",
    "crossterm",
    "ratatui",
    "crate::work",
    "Desk::",
    "Snapshot::",
    "Store::",
    "store::Desk",
    "store::Snapshot",
    "store::Store",
];

#[test]
fn the_state_of_the_screen_is_pure() {
    let impure = sources(&["src/state", "src/state.rs"])
        .filter(|(_, source)| {
            code_lines(source).any(|line| IMPURE.iter().any(|name| line.contains(name)))
        })
        .map(|(file, _)| file);
    assert_none("file of the state that could wait, or asks the world by itself", impure);
}

#[test]
fn a_module_stands_beside_its_folder() {
    let files = files();
    let named_mod = files.iter().filter(|file| file.ends_with("/mod.rs"));
    assert_none("`mod.rs`; the module is a file named like its folder", named_mod);
}

#[test]
fn every_test_file_is_declared() {
    let declarations = read("tests/it/main.rs");
    let files = files();
    let forgotten = files
        .iter()
        .filter_map(|file| file.strip_prefix("tests/it/")?.strip_suffix(".rs"))
        .filter(|module| !module.contains('/') && *module != "main")
        .filter(|module| !declarations.lines().any(|line| line == format!("mod {module};")));
    assert_none(
        "test file that `tests/it/main.rs` does not declare, so that it never runs",
        forgotten,
    );
}

#[test]
fn no_network_crate_is_shipped() {
    let settings = settings(".deny.toml");
    let denied: Vec<_> = strings(&settings["bans"]["deny"]).collect();
    let tree = printed_by(
        env!("CARGO"),
        &["tree", "--offline", "--locked", "--workspace", "--edges=normal", "--prefix=none"],
    );
    let shipped: BTreeSet<_> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(shipped.contains("docent-engine"), "`cargo tree` shows no dependencies:\n{tree}");
    assert_none(
        "denied crate in the program",
        denied.iter().filter(|name| shipped.contains(*name)),
    );
}

#[test]
fn every_licence_is_on_the_list() {
    let settings = settings(".deny.toml");
    let allowed: Vec<_> = strings(&settings["licenses"]["allow"]).collect();
    let version = printed_by("rustc", &["--version", "--verbose"]);
    let host =
        version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc's own system");
    let metadata = metadata(&["--filter-platform", host]);
    let refused = list(&metadata, "packages").filter_map(|package| {
        let license = package["license"].as_str().unwrap_or("no licence");
        let fits = licence_fits(license, &|name| allowed.contains(&name));
        (!fits).then(|| format!("{}: {license}", text(package, "name")))
    });
    assert_none("package whose licence `.deny.toml` does not allow", refused);
}

#[test]
fn a_licence_fits_by_one_of_its_alternatives_and_all_of_its_parts() {
    let fits = |expression| licence_fits(expression, &|name| ["MIT", "ISC"].contains(&name));
    assert!(fits("MIT"));
    assert!(fits("GPL-3.0 OR MIT"));
    assert!(fits("Unlicense/MIT"));
    assert!(fits("(MIT OR Apache-2.0) AND ISC"));
    assert!(!fits("GPL-3.0"));
    assert!(!fits("MIT AND GPL-3.0"));
    assert!(!fits("(MIT OR Apache-2.0) AND GPL-3.0"));
    assert!(!fits("MIT WITH Some-exception"));
    assert!(!fits("no licence"));
}

#[test]
fn the_documents_name_only_what_exists() {
    let files = files();
    let mut missing = Vec::new();
    for document in ["README.md", "src/ARCHITECTURE.md"] {
        let content = read(document);
        for name in names_of_files(&content) {
            if !exists_below_some_folder(name, &files) {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert_none("file that a document names and that is not there", missing);
}

#[test]
fn the_code_map_names_every_module() {
    let map = read("src/ARCHITECTURE.md");
    let files = files();
    let unnamed = files.iter().filter(|file| {
        let Some((folder, name)) = file.rsplit_once('/') else { return false };
        ["src", "engine/src", "index/src"].contains(&folder)
            && name.strip_suffix(".rs").is_some_and(|module| {
                !["lib", "main"].contains(&module)
                    && !map.contains(name)
                    && !map.contains(&format!("`{module}`"))
            })
    });
    assert_none("module that `src/ARCHITECTURE.md` leaves out", unnamed);
}

#[test]
fn nothing_unfinished_is_left() {
    let unfinished = sources(&["src", "engine", "index", "tests"])
        .filter(|(_, source)| UNFINISHED.iter().any(|mark| source.contains(mark)))
        .map(|(file, _)| file);
    assert_none("file that says itself that it is not done", unfinished);
}

#[test]
fn no_package_registry_is_named() {
    let files = files();
    let naming = files.iter().filter(|file| *file != "Cargo.lock").filter(|file| {
        let content = fs::read(Path::new(ROOT).join(file)).expect("a file of the project");
        // What is no text names nothing.
        std::str::from_utf8(&content)
            .is_ok_and(|content| REGISTRY_HOSTS.iter().any(|host| content.contains(host)))
    });
    assert_none("file that names a package registry's host", naming);
}

#[track_caller]
fn assert_none<T: Debug>(what: &str, violations: impl IntoIterator<Item = T>) {
    let violations: Vec<T> = violations.into_iter().collect();
    assert!(violations.is_empty(), "{what}: {violations:#?}");
}

/// Every file of the project as git knows it, and new ones that it does not ignore; relative to the project's folder.
#[track_caller]
fn files() -> Vec<String> {
    // A project that belongs to another user, as in a container, is no reason to refuse a listing.
    let listing = printed_by(
        "git",
        &["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    );
    let files: Vec<_> = listing
        .split_terminator('\0')
        .filter(|file| Path::new(ROOT).join(file).is_file())
        .map(str::to_owned)
        .collect();
    assert!(!files.is_empty(), "git lists no files in `{ROOT}`");
    files
}

/// The Rust files below the folders, with their content.
#[track_caller]
fn sources(folders: &[&str]) -> impl Iterator<Item = (String, String)> {
    let sources: Vec<_> = files()
        .into_iter()
        .filter(|file| Path::new(file).extension().is_some_and(|extension| extension == "rs"))
        .filter(|file| folders.iter().any(|folder| Path::new(file).starts_with(folder)))
        .map(|file| {
            let source = read(&file);
            (file, source)
        })
        .collect();
    assert!(!sources.is_empty(), "no sources in {folders:?}");
    sources.into_iter()
}

fn code_lines(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[track_caller]
fn read(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file))
        .unwrap_or_else(|error| panic!("`{file}`: {error}"))
}

#[track_caller]
fn settings(file: &str) -> toml::Table {
    read(file).parse().unwrap_or_else(|error| panic!("`{file}`: {error}"))
}

fn strings(array: &toml::Value) -> impl Iterator<Item = &str> {
    array.as_array().into_iter().flatten().map(|entry| entry.as_str().expect("a name"))
}

/// What cargo knows of the packages, from what lies on this machine.
#[track_caller]
fn metadata(options: &[&str]) -> Value {
    let all = [&["metadata", "--offline", "--locked", "--format-version=1"], options].concat();
    serde_json::from_str(&printed_by(env!("CARGO"), &all)).expect("cargo's JSON")
}

fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object[name].as_array().into_iter().flatten()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// Whether a licence expression can be satisfied: one side of an `OR` (or of the older `/`), both of an `AND`.
fn licence_fits(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.trim();
    for older in [" OR ", "/"] {
        if let Some((one, other)) = split_outside_brackets(expression, older) {
            return licence_fits(one, allowed) || licence_fits(other, allowed);
        }
    }
    if let Some((one, other)) = split_outside_brackets(expression, " AND ") {
        return licence_fits(one, allowed) && licence_fits(other, allowed);
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => licence_fits(inner, allowed),
        None => allowed(expression),
    }
}

fn split_outside_brackets<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(separator)
        .map(|(at, _)| (&text[..at], &text[at + separator.len()..]))
        .find(|(before, _)| before.matches('(').count() == before.matches(')').count())
}

/// The words of a document that can only be names of files of this project: Rust files, and paths from the top level.
fn names_of_files(document: &str) -> impl Iterator<Item = &str> {
    document
        .split(|character: char| !character.is_alphanumeric() && !"_-./".contains(character))
        .map(|word| word.trim_end_matches(['.', '/']))
        .filter(|word| {
            let from_the_top =
                word.split_once('/').is_some_and(|(top, _)| TOP_LEVEL.contains(&top));
            from_the_top || Path::new(word).extension().is_some_and(|extension| extension == "rs")
        })
}

/// Whether the name, of a folder or of a file with or without its ending, stands in the path of one; a code map names them
/// from the folder that it describes.
fn exists_below_some_folder(name: &str, files: &[String]) -> bool {
    let (folder, file) = (format!("/{name}/"), format!("/{name}."));
    files
        .iter()
        .map(|path| format!("/{path}/"))
        .any(|path| path.contains(&folder) || path.contains(&file))
}
