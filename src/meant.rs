//! Which name was probably meant?

use std::fmt;

/// The known name that a mistyped one is nearest to. Displays as the end of a message: ": did you mean `enter`?", or as
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant(Option<String>);

impl Meant {
    /// Nothing is known that could have been meant.
    pub const NOTHING: Self = Self(None);

    /// Looks among `names` for one that differs from `typed` by few letters.
    pub fn among<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let far = typed.chars().count().div_ceil(3);
        let nearest = names
            .into_iter()
            .map(|name| (strsim::damerau_levenshtein(typed, name), name))
            .filter(|(distance, _)| *distance <= far)
            .min_by_key(|(distance, _)| *distance);
        Self(nearest.map(|(_, name)| name.to_owned()))
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(formatter, ": did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_when_few_letters_differ() {
        let names = ["enter", "escape", "up"];
        assert_eq!(Meant::among("entre", names).to_string(), ": did you mean `enter`?");
        assert_eq!(Meant::among("dance", names).to_string(), "");
        assert_eq!(Meant::among("", names).to_string(), "");
    }
}
