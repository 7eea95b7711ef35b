//! What does a tagged file itself say of a piece of a page's content: a heading, an item, a running line?
//!
//! Marked content carries numbers that lead into the file's structure tree. Headings, artifacts and where an item of a
//! list begins are taken from it: people made these with styles. Order and paragraphs in the tree are often left over from
//! editing, and its replacement texts say nothing in practice but bullets in private characters.

use std::collections::HashMap;
use std::ops::Range;

use lopdf::{Dictionary, Object};

use super::layout::Laid;
use super::lexer::Token;
use super::number;
use super::outline::walk_tree;
use super::source::{Source, as_dictionary, as_number};
use crate::document::{Block, BlockKind, Rect};

/// How far up the tree a heading is looked for over the element that holds the text.
const MAX_CLIMB: usize = 8;
/// Names that stand for names.
const MAX_NAMES: usize = 8;
const MAX_HEADING_CHARACTERS: usize = 200;
/// The share of a page's height, from either end, in which an artifact is a running line: where it says so, and where it
/// says nothing.
const NAMED_MARGIN: f32 = 0.3;
const MARGIN: f32 = 0.14;
/// A block with more pieces of different kinds is not understood.
const MAX_RUNS: usize = 64;
/// Comparisons of words and glyphs on a page: more are none that a real page takes.
const MAX_COMPARISONS: usize = 20_000_000;

/// What a piece of content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `element` tells one heading from the next.
    Heading { level: u8, element: usize },
    /// Of a list.
    Item { element: usize },
    /// No part of the text itself.
    Artifact(Option<Edge>),
}

/// The end of the page at which a running line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Head,
    Foot,
}

/// Where on a page, as it is shown, a tagged glyph stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tagged {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) tag: Tag,
}

/// The structure tree, as far as marks lead into it.
#[derive(Debug)]
pub(super) struct Structure<'a> {
    source: &'a Source,
    /// By the number that a page or a form has in the tree: the elements of its marks.
    elements: HashMap<i32, &'a [Object]>,
    /// What the file's own names of roles stand for.
    names: Option<&'a Dictionary>,
}

impl<'a> Structure<'a> {
    /// None for a file that is not tagged, or says itself that its tags are in doubt.
    pub(super) fn of(source: &'a Source) -> Option<Self> {
        let catalog = source.catalog()?;
        let root = source.dictionary(catalog, b"StructTreeRoot")?;
        let doubt = source
            .dictionary(catalog, b"MarkInfo")
            .and_then(|information| source.get(information, b"Suspects"));
        if matches!(doubt, Some(Object::Boolean(true))) {
            return None;
        }
        let mut elements = HashMap::new();
        walk_tree(source, source.get(root, b"ParentTree"), b"Nums", &mut |key, value| {
            if let (Some(key), Object::Array(marks)) = (as_number(key), source.resolve(value)) {
                elements.insert(number::whole(key), marks.as_slice());
            }
        });
        Some(Self { source, elements, names: source.dictionary(root, b"RoleMap") })
    }

    /// The elements of the marks of a page or a form.
    pub(super) fn elements_of(&self, dictionary: &Dictionary) -> Option<&'a [Object]> {
        let key = self.source.number(dictionary, b"StructParents")?;
        self.elements.get(&number::whole(key)).copied()
    }

    /// What a mark says; `operands` are those of the operator that opens it, `properties` what they name in the
    /// resources, and `elements` belong to the page or form.
    pub(super) fn tag(
        &self,
        operands: &[Token<'_>],
        properties: Option<&'a Dictionary>,
        elements: Option<&'a [Object]>,
    ) -> Option<Tag> {
        let direct = |key: &[u8]| {
            let place = operands
                .iter()
                .position(|token| matches!(token, Token::Name(name) if name == key))?;
            operands.get(place + 1)
        };
        if matches!(operands.first(), Some(Token::Name(tag)) if tag == b"Artifact") {
            let subtype = match (direct(b"Subtype"), properties) {
                (Some(Token::Name(subtype)), _) => Some(subtype.as_slice()),
                (_, Some(properties)) => self.source.name(properties, b"Subtype"),
                _ => None,
            };
            let edge = match subtype {
                Some(b"Header") => Some(Edge::Head),
                Some(b"Footer") => Some(Edge::Foot),
                _ => None,
            };
            return Some(Tag::Artifact(edge));
        }
        let mark = match (direct(b"MCID"), properties) {
            (Some(Token::Number(mark)), _) => *mark,
            (_, Some(properties)) => self.source.number(properties, b"MCID")?,
            _ => return None,
        };
        let element = elements?.get(usize::try_from(number::whole(mark)).ok()?)?;
        self.kind(as_dictionary(self.source.resolve(element))?)
    }

    /// The heading or the item that an element is or stands in.
    fn kind(&self, element: &'a Dictionary) -> Option<Tag> {
        let mut element = element;
        for _ in 0..MAX_CLIMB {
            let level = match self.role(element)? {
                b"Artifact" => return Some(Tag::Artifact(None)),
                b"LI" => return Some(Tag::Item { element: address(element) }),
                b"Title" => 1,
                b"H" => self.depth(element),
                [b'H', digits @ ..] => match std::str::from_utf8(digits).ok()?.parse::<u8>() {
                    Ok(level) => level.clamp(1, 6),
                    Err(_) => return None,
                },
                // In these nothing is a heading of the document.
                b"TOC" | b"TOCI" | b"Table" | b"Document" => return None,
                _ => {
                    element = self.source.dictionary(element, b"P")?;
                    continue;
                }
            };
            return Some(Tag::Heading { level, element: address(element) });
        }
        None
    }

    /// The standard name of an element's role.
    fn role(&self, element: &'a Dictionary) -> Option<&'a [u8]> {
        let mut role = self.source.name(element, b"S")?;
        for _ in 0..MAX_NAMES {
            match self.names.and_then(|names| self.source.name(names, role)) {
                Some(named) if named != role => role = named,
                _ => break,
            }
        }
        Some(role)
    }

    /// In how many sections an element stands, which is the level of a heading without a number.
    fn depth(&self, element: &'a Dictionary) -> u8 {
        let mut depth = 0_u8;
        let mut element = element;
        for _ in 0..MAX_CLIMB {
            let Some(parent) = self.source.dictionary(element, b"P") else { break };
            if self.role(parent) == Some(b"Sect") {
                depth += 1;
            }
            element = parent;
        }
        depth.clamp(1, 6)
    }
}

/// Tells an element from others while the file is open.
fn address(element: &Dictionary) -> usize {
    std::ptr::from_ref(element).addr()
}

/// Gives the blocks of a page the kinds that its tags name. A heading that was laid out in one block with text, or in two,
/// becomes one of its own.
pub(super) fn apply(laid: &mut Laid, mut tagged: Vec<Tagged>, height: f32) {
    if tagged.is_empty() {
        return;
    }
    tagged.sort_by(|one, other| one.y.total_cmp(&other.y));
    let mut comparisons = 0;
    let tags: Vec<Option<Tag>> = laid
        .words
        .iter()
        .map(|word| {
            let bounds = word.bounds;
            let first = tagged.partition_point(|glyph| glyph.y < bounds.top);
            let found = tagged
                .iter()
                .skip(first)
                .take_while(|glyph| glyph.y <= bounds.bottom)
                .take_while(|_| {
                    comparisons += 1;
                    comparisons <= MAX_COMPARISONS
                })
                .find(|glyph| (bounds.left..=bounds.right).contains(&glyph.x));
            found.map(|glyph| glyph.tag)
        })
        .collect();
    if comparisons > MAX_COMPARISONS {
        return;
    }
    let mut blocks: Vec<(Block, Option<Tag>)> = Vec::with_capacity(laid.blocks.len());
    let mut next_word = 0;
    for block in std::mem::take(&mut laid.blocks) {
        let first = next_word;
        while laid
            .words
            .get(next_word)
            .is_some_and(|word| (word.span.end as usize) <= block.span.end)
        {
            next_word += 1;
        }
        let runs = runs(tags.get(first..next_word).unwrap_or_default(), first);
        blocks.extend(split(laid, block, &runs));
    }
    // The element of the heading that the last block is, and of the item.
    let mut open = None;
    let mut open_item = None;
    for (mut block, tag) in blocks {
        let heading = match tag {
            Some(Tag::Heading { level, element }) if is_title(&laid.text, &block.span) => {
                Some((level, element))
            }
            _ => None,
        };
        if let Some((_, element)) = heading
            && open == Some(element)
            && let Some(before) = laid.blocks.last_mut()
            && is_title(&laid.text, &(before.span.start..block.span.end))
            && laid.text.get(before.span.end..block.span.start) == Some("\n")
        {
            laid.text.replace_range(before.span.end..block.span.start, " ");
            before.span.end = block.span.end;
            before.bounds = around(before.bounds, block.bounds);
            continue;
        }
        open = heading.map(|(_, element)| element);
        match (heading, tag, block.bounds) {
            (Some((level, _)), _, _) => block.kind = BlockKind::Heading { level },
            (None, Some(Tag::Item { element }), _) => {
                // What follows an item's first block in it goes on with it.
                if open_item != Some(element) && block.kind == BlockKind::Paragraph {
                    block.kind = BlockKind::ListItem;
                }
                open_item = Some(element);
            }
            (None, Some(Tag::Artifact(edge)), Some(bounds)) => {
                let middle = f32::midpoint(bounds.top, bounds.bottom);
                let reach = height * if edge.is_some() { NAMED_MARGIN } else { MARGIN };
                if middle < reach && edge != Some(Edge::Foot) {
                    block.kind = BlockKind::RunningHeader;
                } else if middle > height - reach && edge != Some(Edge::Head) {
                    block.kind = BlockKind::RunningFooter;
                }
            }
            _ => {}
        }
        laid.blocks.push(block);
    }
}

fn is_title(text: &str, span: &Range<usize>) -> bool {
    let text = text.get(span.clone()).unwrap_or_default();
    text.chars().any(char::is_alphanumeric)
        && text.chars().take(MAX_HEADING_CHARACTERS + 1).count() <= MAX_HEADING_CHARACTERS
}

/// Words that follow one another and have the same tag.
struct Run {
    tag: Option<Tag>,
    words: Range<usize>,
}

/// The runs of words; the first one has the number `first`.
fn runs(tags: &[Option<Tag>], first: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (word, tag) in (first..).zip(tags) {
        match runs.last_mut() {
            // What is set for looks in the middle of a line, such as the dots before a page's number, does not end it.
            Some(run) if run.tag == *tag || *tag == Some(Tag::Artifact(None)) => {
                run.words.end = word + 1;
            }
            _ => runs.push(Run { tag: *tag, words: word..word + 1 }),
        }
    }
    runs
}

/// The block in as many as it has runs; whole and without a tag where it can't be cut.
fn split(laid: &mut Laid, block: Block, runs: &[Run]) -> Vec<(Block, Option<Tag>)> {
    if let [run] = runs {
        return vec![(block, run.tag)];
    }
    let bounds_of = |words: &Range<usize>| {
        let words = laid.words.get(words.clone()).unwrap_or_default();
        words.iter().map(|word| Some(word.bounds)).reduce(around).flatten()
    };
    let cuts: Vec<Range<usize>> = runs
        .windows(2)
        .filter_map(|pair| {
            let [_, next] = pair else { return None };
            let before = laid.words.get(next.words.start.checked_sub(1)?)?.span.end as usize;
            let cut = before..laid.words.get(next.words.start)?.span.start as usize;
            (laid.text.get(cut.clone()) == Some(" ")).then_some(cut)
        })
        .collect();
    let is_row = block.kind == BlockKind::TableRow;
    if is_row || runs.is_empty() || runs.len() > MAX_RUNS || cuts.len() + 1 < runs.len() {
        return vec![(block, None)];
    }
    let mut parts = Vec::with_capacity(runs.len());
    let mut start = block.span.start;
    let ends =
        cuts.iter().map(|cut| (cut.start, cut.end)).chain([(block.span.end, block.span.end)]);
    for (run, (end, next)) in runs.iter().zip(ends) {
        let begins = start == block.span.start;
        parts.push((
            Block {
                kind: if begins { block.kind } else { BlockKind::Paragraph },
                span: start..end,
                bounds: bounds_of(&run.words),
                ..block.clone()
            },
            run.tag,
        ));
        start = next;
    }
    for cut in cuts {
        laid.text.replace_range(cut, "\n");
    }
    parts
}

fn around(one: Option<Rect>, other: Option<Rect>) -> Option<Rect> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    Some(Rect {
        left: one.left.min(other.left),
        top: one.top.min(other.top),
        right: one.right.max(other.right),
        bottom: one.bottom.max(other.bottom),
    })
}
