//! Which path does the user mean?

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::state::effect::Sought;

/// How many candidates are told at most: more can't be chosen from.
const MOST: usize = 200;

/// The absolute path that was typed: `~` is the user's home, what is relative begins at the working folder.
pub(super) fn typed(typed: &str, user_home: Option<&Path>) -> PathBuf {
    let path = expanded(typed, user_home);
    // It fails for an empty path and where there is no working folder: then the path as it is says what is wrong.
    std::path::absolute(&path).unwrap_or(path)
}

fn expanded(typed: &str, user_home: Option<&Path>) -> PathBuf {
    match (typed.strip_prefix('~'), user_home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(typed),
    }
}

/// The folders whose paths begin with what was typed, as they would be typed, with a slash at the end; where a file is
/// sought, files as well. Hidden ones only where their name was begun.
pub(super) fn completed(typed: &str, user_home: Option<&Path>, sought: Sought) -> Vec<String> {
    if typed == "~" && user_home.is_some() {
        return vec!["~/".to_owned()];
    }
    let (base, start) = match typed.rfind('/').and_then(|slash| typed.split_at_checked(slash + 1)) {
        Some(parts) => parts,
        None => ("", typed),
    };
    let folder = if base.is_empty() { PathBuf::from(".") } else { expanded(base, user_home) };
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut found: Vec<(String, &str)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = OsString::into_string(entry.file_name()).ok()?;
            let fits =
                starts_as(&name, start) && (start.starts_with('.') || !name.starts_with('.'));
            if !fits {
                return None;
            }
            // A link to a folder is a folder.
            let is_folder = entry.path().is_dir();
            (is_folder || sought == Sought::File)
                .then_some((name, if is_folder { "/" } else { "" }))
        })
        .collect();
    // What begins exactly as it was typed comes first.
    found.sort_by_cached_key(|(name, _)| {
        (!name.starts_with(start), name.to_lowercase(), name.clone())
    });
    if found.first().is_some_and(|(name, _)| name.starts_with(start)) {
        found.retain(|(name, _)| name.starts_with(start));
    }
    found.truncate(MOST);
    found.into_iter().map(|(name, end)| format!("{base}{name}{end}")).collect()
}

/// Whether `name` begins with `start` in any case.
fn starts_as(name: &str, start: &str) -> bool {
    name.to_lowercase().starts_with(&start.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_users_home() {
        let home = Some(Path::new("/home/me"));
        assert_eq!(typed("~/notes", home), Path::new("/home/me/notes"));
        assert_eq!(typed("~//notes/", home), Path::new("/home/me/notes/"));
        assert_eq!(typed("~", home), Path::new("/home/me"));
        assert_eq!(typed("/a/~b", home), Path::new("/a/~b"));
        assert!(typed("~other", home).ends_with("~other"));
        assert!(typed("~/notes", None).ends_with("~/notes"));
        assert!(typed("notes", home).is_absolute());
    }

    #[track_caller]
    fn check(folder: &Path, start: &str, expected: &[&str]) {
        let typed = format!("{}/{start}", folder.display());
        let whole: Vec<String> =
            expected.iter().map(|name| format!("{}/{name}/", folder.display())).collect();
        assert_eq!(completed(&typed, None, Sought::Folder), whole);
    }

    #[test]
    fn folders_are_completed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cases", "Cases old", "case", ".cache", "notes"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("case.txt"), "").unwrap();
        std::os::unix::fs::symlink("notes", folder.path().join("link")).unwrap();
        check(folder.path(), "", &["case", "cases", "Cases old", "link", "notes"]);
        check(folder.path(), "cas", &["case", "cases"]);
        check(folder.path(), "CASES", &["cases", "Cases old"]);
        check(folder.path(), "Cases", &["Cases old"]);
        check(folder.path(), ".c", &[".cache"]);
        check(folder.path(), "x", &[]);
        let home = Some(folder.path());
        assert_eq!(completed("~", home, Sought::Folder), ["~/"]);
        assert_eq!(completed("~/no", home, Sought::Folder), ["~/notes/"]);
        assert_eq!(completed("~/case", home, Sought::File), ["~/case/", "~/case.txt", "~/cases/"]);
        assert!(completed("/nowhere/at/all", None, Sought::File).is_empty());
    }
}
