//! How is a settings file read?

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::template::{Template, TemplateError};
use super::{Fault, REFERENCE_NAMES, Settings, SignChoice, Viewer};
use crate::child::reader::FILE_BYTES;
use crate::meant::Meant;
use crate::state::look::{RightToLeft, Shown, ThemeChoice};

/// All that stands at the top of a file.
const NAMES: [&str; 17] = [
    "theme",
    "signs",
    "right-to-left",
    "mouse",
    "model",
    "embedder",
    "context",
    "temperature",
    "seed",
    "threads",
    "gpu-layers",
    "ocr",
    "largest-file",
    "viewer",
    "reference",
    "panes",
    "keys",
];

const PANES: [&str; 4] = ["conversations", "conversations-width", "sources", "sources-width"];

/// What sizes of files are counted in.
const UNITS: [(&str, u64); 5] =
    [("kB", 1_000), ("MB", 1_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1)];

/// Columns that a pane can be given.
const WIDTHS: RangeInclusive<i64> = 16..=200;

impl Settings {
    /// Takes over what stands in the text of a settings file.
    pub(super) fn lay_over(&mut self, source: &str) -> Result<(), Fault> {
        let document = DeTable::parse(source).map_err(|error| syntax(source, &error))?;
        for (name, value) in document.get_ref() {
            let entry = Entry { source, name, value };
            self.take(&entry)?;
        }
        Ok(())
    }

    fn take(&mut self, entry: &Entry<'_, '_>) -> Result<(), Fault> {
        match entry.name() {
            "theme" => {
                self.theme = ThemeChoice::named(entry.text("the name of a theme, or `auto`")?);
            }
            "signs" => {
                self.signs = entry.one_of(
                    "`auto`, `unicode` or `ascii`",
                    &[
                        ("auto", SignChoice::Auto),
                        ("unicode", SignChoice::Unicode),
                        ("ascii", SignChoice::Ascii),
                    ],
                )?;
            }
            "right-to-left" => {
                self.right_to_left = entry.one_of(
                    "`auto`, `docent`, `words` or `terminal`",
                    &[
                        ("auto", None),
                        ("docent", Some(RightToLeft::Docent)),
                        ("words", Some(RightToLeft::Words)),
                        ("terminal", Some(RightToLeft::Terminal)),
                    ],
                )?;
            }
            "mouse" => self.mouse = entry.flag()?,
            "model" => {
                self.model = Some(entry.text("the name of a model, a path, or `none`")?.to_owned());
            }
            "embedder" => {
                self.embedder = Some(entry.text("the name of an embedder, or a path")?.to_owned());
            }
            "context" => {
                self.running.context =
                    entry.number("a number of tokens from 512 to 1048576", 512..=1_048_576)?;
            }
            "temperature" => {
                let wanted = "a number from 0 to 2";
                let number = entry.decimal().filter(|number| (0.0..=2.0).contains(number));
                self.running.temperature = number.ok_or_else(|| entry.must_be(wanted))?;
            }
            "seed" => {
                self.running.seed =
                    entry.number("a number from 0 to 4294967294", 0..=i64::from(u32::MAX) - 1)?;
            }
            "threads" => {
                self.running.threads = Some(entry.number("a number from 1 to 512", 1..=512)?);
            }
            "gpu-layers" => {
                let wanted = "a number of layers, 0 or more";
                self.running.gpu_layers = entry.number(wanted, 0..=i64::from(u32::MAX))?;
            }
            "ocr" => self.ocr = entry.flag()?,
            "largest-file" => {
                let wanted = "a size like \"20 MB\", of 256 MiB at most";
                let size = entry.value.get_ref().as_str().and_then(bytes);
                let size = size.filter(|size| (1..=FILE_BYTES).contains(size));
                self.largest_file = size.ok_or_else(|| entry.must_be(wanted))?;
            }
            "viewer" => self.viewer = Some(entry.viewer()?),
            "reference" => {
                let text = entry.text("a text with `{quote}` in it")?;
                let template = Template::parse(text, &REFERENCE_NAMES);
                self.reference = template.map_err(|source| entry.template(source))?;
            }
            "panes" => {
                for (name, value) in entry.table("a table: `[panes]`")? {
                    self.take_pane(&Entry { source: entry.source, name, value })?;
                }
            }
            "keys" => {
                let table = entry.table("a table of places: `[keys.question]`")?;
                self.keys.lay_over(entry.source, table).map_err(Fault::Keys)?;
            }
            _ => return Err(entry.unknown(&NAMES)),
        }
        Ok(())
    }

    fn take_pane(&mut self, entry: &Entry<'_, '_>) -> Result<(), Fault> {
        let width = || entry.number("a number of columns from 16 to 200", WIDTHS);
        let shown = || {
            let choices =
                [Shown::Auto, Shown::Always, Shown::Never].map(|shown| (shown.name(), shown));
            entry.one_of("`auto`, `shown` or `hidden`", &choices)
        };
        let panes = &mut self.panes;
        match entry.name() {
            "conversations" => panes.conversations.shown = shown()?,
            "conversations-width" => panes.conversations.width = Some(width()?),
            "sources" => panes.sources.shown = shown()?,
            "sources-width" => panes.sources.width = Some(width()?),
            _ => return Err(entry.unknown(&PANES)),
        }
        Ok(())
    }
}

/// A name with its value.
struct Entry<'s, 't> {
    source: &'s str,
    name: &'t Spanned<Cow<'s, str>>,
    value: &'t Spanned<DeValue<'s>>,
}

impl<'s, 't> Entry<'s, 't> {
    fn name(&self) -> &'t str {
        self.name.get_ref().as_ref()
    }

    fn line(&self) -> usize {
        line_of(self.source, &self.name.span())
    }

    fn unknown(&self, names: &[&str]) -> Fault {
        let meant = Meant::among(self.name(), names.iter().copied());
        Fault::Name { line: self.line(), name: self.name().to_owned(), meant }
    }

    fn must_be(&self, wanted: &'static str) -> Fault {
        self.must_be_meant(wanted, Meant::NOTHING)
    }

    fn must_be_meant(&self, wanted: &'static str, meant: Meant) -> Fault {
        Fault::Value { line: self.line(), name: self.name().to_owned(), wanted, meant }
    }

    fn template(&self, source: TemplateError) -> Fault {
        Fault::Template { line: self.line(), name: self.name().to_owned(), source }
    }

    fn text(&self, wanted: &'static str) -> Result<&'t str, Fault> {
        let text = self.value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| self.must_be(wanted))
    }

    fn flag(&self) -> Result<bool, Fault> {
        self.value.get_ref().as_bool().ok_or_else(|| self.must_be("true or false"))
    }

    fn one_of<T: Copy>(&self, wanted: &'static str, choices: &[(&str, T)]) -> Result<T, Fault> {
        let text = self.text(wanted)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        found.ok_or_else(|| {
            let meant = Meant::among(text, choices.iter().map(|(name, _)| *name));
            self.must_be_meant(wanted, meant)
        })
    }

    fn number<N: TryFrom<i64>>(
        &self,
        wanted: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<N, Fault> {
        let number = self.value.get_ref().as_integer();
        let number =
            number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| range.contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| self.must_be(wanted))
    }

    fn decimal(&self) -> Option<f32> {
        match self.value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    fn table(&self, wanted: &'static str) -> Result<&'t DeTable<'s>, Fault> {
        self.value.get_ref().as_table().ok_or_else(|| self.must_be(wanted))
    }

    /// A line whose words are parted by spaces, or a list of words.
    fn viewer(&self) -> Result<Viewer, Fault> {
        let wanted = "a program with its arguments, one of which holds `{path}`";
        let words: Option<Vec<&str>> = match self.value.get_ref() {
            DeValue::String(line) => Some(line.split_whitespace().collect()),
            DeValue::Array(words) => words.iter().map(|word| word.get_ref().as_str()).collect(),
            _ => None,
        };
        let words = words.ok_or_else(|| self.must_be(wanted))?;
        let viewer = Viewer::of(&words).map_err(|source| self.template(source))?;
        viewer.ok_or_else(|| self.must_be(wanted))
    }
}

/// The number of bytes in a text like `20 MB`.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim_start();
    let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn syntax(source: &str, error: &toml::de::Error) -> Fault {
    let line = error.span().map_or(1, |span| line_of(source, &span));
    // The parser tells some things in several lines.
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    Fault::Syntax { line, message }
}

fn line_of(source: &str, span: &Range<usize>) -> usize {
    source.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}
