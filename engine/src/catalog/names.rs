//! Which model is meant by a name that somebody typed?

/// How a typed name and the names of what is there came together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match {
    One(usize),
    None,
    Several(Vec<usize>),
}

/// Looks for `typed` among things that have several names each: first for one that is called so, then for one whose name
/// holds the typed words in a row, then for one that has the letters anywhere. Case and what stands between words don't
/// matter.
pub(super) fn find(typed: &str, names: &[Vec<String>]) -> Match {
    let typed = typed.trim().to_lowercase();
    let wanted = words(&typed);
    if wanted.is_empty() {
        return Match::None;
    }
    // A name of Ollama's without a tag means its latest.
    let latest = format!("{typed}:latest");
    let is_name = |name: &str| {
        let name = name.to_lowercase();
        name == typed || name == latest
    };
    let is_called = |name: &str| words(&name.to_lowercase()) == wanted;
    let has_words =
        |name: &str| words(&name.to_lowercase()).windows(wanted.len()).any(|part| part == wanted);
    let joined = wanted.concat();
    let has_letters = |name: &str| words(&name.to_lowercase()).concat().contains(&joined);
    let steps: [&dyn Fn(&str) -> bool; 4] = [&is_name, &is_called, &has_words, &has_letters];
    for step in steps {
        let found: Vec<usize> = names
            .iter()
            .enumerate()
            .filter(|(_, names)| names.iter().any(|name| step(name)))
            .map(|(index, _)| index)
            .collect();
        match *found {
            [] => {}
            [one] => return Match::One(one),
            _ => return Match::Several(found),
        }
    }
    Match::None
}

/// The words and numbers of a name: `llama`, `3`, `2`, `3`, `b` of `llama3.2-3b`.
fn words(name: &str) -> Vec<&str> {
    let kind = |c: char| {
        if c.is_numeric() {
            Some(true)
        } else if c.is_alphanumeric() {
            Some(false)
        } else {
            None
        }
    };
    let mut words = Vec::new();
    let mut begun: Option<(usize, bool)> = None;
    for (at, c) in name.char_indices().chain([(name.len(), ' ')]) {
        match (begun, kind(c)) {
            (Some((_, number)), Some(now)) if number == now => {}
            (word, now) => {
                words.extend(word.and_then(|(start, _)| name.get(start..at)));
                begun = now.map(|number| (at, number));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&[&str]; 6] = [
        &["llama3.2:3b", "llama3.2:latest", "Llama 3.2 3B Instruct"],
        &[
            "Llama-3.2-1B-Instruct-Q4_K_M",
            "bartowski/Llama-3.2-1B-Instruct-GGUF/Llama-3.2-1B-Instruct-Q4_K_M",
        ],
        &["Qwen3-4B-Q4_K_M", "Qwen3 4B"],
        &["Qwen3-14B-Q4_K_M", "Qwen3 14B"],
        &["Qwen3-4B-Q8_0", "Qwen3 4B"],
        &["gemma3:4b"],
    ];

    #[track_caller]
    fn check(typed: &str, expected: &[&str]) {
        let names: Vec<Vec<String>> = NAMES
            .iter()
            .map(|names| names.iter().map(|name| (*name).to_owned()).collect())
            .collect();
        let found: Vec<usize> = match find(typed, &names) {
            Match::One(one) => vec![one],
            Match::Several(found) => found,
            Match::None => Vec::new(),
        };
        assert_eq!(
            found.iter().map(|index| NAMES[*index][0]).collect::<Vec<_>>(),
            expected,
            "{typed}"
        );
    }

    #[test]
    fn a_whole_name_means_its_model_in_any_writing() {
        check("llama3.2:3b", &["llama3.2:3b"]);
        check("LLAMA3.2-3B", &["llama3.2:3b"]);
        // As Ollama has it.
        check("llama3.2", &["llama3.2:3b"]);
        check("gemma3:4b", &["gemma3:4b"]);
    }

    #[test]
    fn a_part_of_a_name_is_enough_when_only_one_has_it() {
        check("Llama-3.2-1B", &["Llama-3.2-1B-Instruct-Q4_K_M"]);
        check("qwen3:14b", &["Qwen3-14B-Q4_K_M"]);
        check("qwen3 4b q8", &["Qwen3-4B-Q8_0"]);
        check("gem", &["gemma3:4b"]);
    }

    #[test]
    fn a_number_is_not_the_end_of_another_one() {
        check("4b q4", &["Qwen3-4B-Q4_K_M"]);
    }

    #[test]
    fn several_are_all_told_and_nothing_is_guessed() {
        check("qwen3:4b", &["Qwen3-4B-Q4_K_M", "Qwen3-4B-Q8_0"]);
        check("mistral", &[]);
        check("", &[]);
        check("-", &[]);
    }
}
