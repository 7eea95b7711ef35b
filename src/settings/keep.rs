//! How is what was chosen on the screen written down?
//!
//! What the user wrote stays as it is, with its order and comments: only the values that were chosen change.

use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, Value, table, value};

use super::{Fault, Settings, SettingsError, file, text};
use crate::fs;
use crate::state::look::{Beside, Choice, Shown};

/// Puts a choice into the settings file of a home folder. A file that can't be read is left as it is.
pub fn keep(home: &Path, choice: &Choice) -> Result<(), SettingsError> {
    let path = file(home);
    let before = text(&path)?.unwrap_or_default();
    let after = changed(&before, choice)
        .map_err(|source| SettingsError::Content { path: path.clone(), source })?;
    if after == before {
        return Ok(());
    }
    // Where the file is a link, what it leads to is changed.
    let path = fs::canonical(&path).unwrap_or(path);
    Ok(fs::write(&path, after.as_bytes())?)
}

/// The text of a settings file with this choice in it.
fn changed(before: &str, choice: &Choice) -> Result<String, Fault> {
    // Only a file in which everything is known is touched.
    Settings::default().lay_over(before)?;
    let not_toml = |error: toml_edit::TomlError| Fault::Syntax {
        line: 1,
        message: error.message().to_owned(),
    };
    let mut document: DocumentMut = before.parse().map_err(not_toml)?;
    match choice {
        Choice::Theme(theme) => put(document.as_table_mut(), "theme", theme.name().into()),
        Choice::Model(name) => put(document.as_table_mut(), "model", name.as_str().into()),
        Choice::Embedder(name) => put(document.as_table_mut(), "embedder", name.as_str().into()),
        Choice::Panes(panes) => {
            let beside = document.entry("panes").or_insert_with(table);
            if let Some(beside) = beside.as_table_like_mut() {
                put_pane(beside, "conversations", panes.conversations);
                put_pane(beside, "sources", panes.sources);
            }
        }
    }
    Ok(document.to_string())
}

fn put_pane(panes: &mut dyn TableLike, name: &str, pane: Beside) {
    if pane.shown != Shown::Auto || panes.contains_key(name) {
        put(panes, name, pane.shown.name().into());
    }
    if let Some(width) = pane.width {
        put(panes, &format!("{name}-width"), i64::from(width).into());
    }
}

/// Sets a value where it stands, with the comment behind it, or at the table's end.
fn put(table: &mut dyn TableLike, name: &str, new: Value) {
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => drop(table.insert(name, value(new))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::look::{Panes, ThemeChoice};

    #[track_caller]
    fn check(before: &str, choice: &Choice, after: &str) {
        assert_eq!(changed(before, choice).unwrap(), after);
    }

    #[test]
    fn a_choice_changes_its_value_and_nothing_else() {
        let nord = Choice::Theme(ThemeChoice::Named("nord".into()));
        check("", &nord, "theme = \"nord\"\n");
        check(
            "# mine\nocr = false # slow here\n\ntheme   =  'light'  # for the day\n\n[keys.sources]\nopen = \"x\"\n",
            &nord,
            "# mine\nocr = false # slow here\n\ntheme   =  \"nord\"  # for the day\n\n[keys.sources]\nopen = \"x\"\n",
        );
        check(
            "[keys.sources]\nopen = \"x\"\n",
            &nord,
            "theme = \"nord\"\n[keys.sources]\nopen = \"x\"\n",
        );
        check("theme = \"nord\"\n", &Choice::Theme(ThemeChoice::Auto), "theme = \"auto\"\n");
    }

    #[test]
    fn what_answers_and_what_makes_vectors_are_kept_by_the_names_that_flags_take() {
        let own = r#"C:\models\"mine".gguf"#;
        check("", &Choice::Model(own.to_owned()), "model = 'C:\\models\\\"mine\".gguf'\n");
        check(
            "model = \"none\" # for now\n\n[panes]\nsources = \"auto\"\n",
            &Choice::Model("qwen3:4b".to_owned()),
            "model = \"qwen3:4b\" # for now\n\n[panes]\nsources = \"auto\"\n",
        );
        check(
            "ocr = false\n[panes]\n",
            &Choice::Embedder("bundled".to_owned()),
            "ocr = false\nembedder = \"bundled\"\n[panes]\n",
        );
    }

    #[test]
    fn panes_are_kept_in_their_table() {
        let hidden = Beside { shown: Shown::Never, width: None };
        let wide = Beside { shown: Shown::Auto, width: Some(46) };
        let panes = Choice::Panes(Panes { conversations: hidden, sources: wide });
        check("", &panes, "[panes]\nconversations = \"hidden\"\nsources-width = 46\n");
        check(
            "[panes] # by me\nsources-width = 30\nconversations = \"shown\" # both\n",
            &panes,
            "[panes] # by me\nsources-width = 46\nconversations = \"hidden\" # both\n",
        );
        check(
            "panes = { sources = \"hidden\" }\n",
            &panes,
            "panes = { sources = \"auto\" , conversations = \"hidden\", sources-width = 46 }\n",
        );
    }

    #[test]
    fn a_file_that_is_broken_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("settings.toml");
        std::fs::write(&path, "thme = \"nord\"\n").unwrap();
        let nord = Choice::Theme(ThemeChoice::Named("nord".into()));
        let error = keep(home.path(), &nord).unwrap_err().to_string();
        assert!(
            error.ends_with("line 1: there is no setting `thme`: did you mean `theme`?"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "thme = \"nord\"\n");
    }

    #[test]
    fn a_file_that_is_a_link_stays_one() {
        let home = tempfile::tempdir().unwrap();
        let (path, real) = (home.path().join("settings.toml"), home.path().join("mine.toml"));
        std::fs::write(&real, "mouse = false\n").unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        keep(home.path(), &Choice::Theme(ThemeChoice::Named("nord".into()))).unwrap();
        assert!(path.is_symlink());
        let kept = Settings::of_home(home.path()).unwrap();
        assert_eq!((kept.theme.name(), kept.mouse), ("nord", false));
    }
}
