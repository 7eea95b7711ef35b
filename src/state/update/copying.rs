//! What comes of copying?

use crate::plain;
use crate::settings::Template;
use crate::state::copying::{self, LONGEST, Reference};
use crate::state::document::DocumentView;
use crate::state::effect::Effect;
use crate::state::notice::Notice;
use crate::state::{Copied, Layer, State};

impl State {
    /// The answer of the chosen turn, as far as it is there.
    pub(super) fn copy_answer(&mut self) -> Vec<Effect> {
        let text = self.conversation.current().map_or("", |turn| turn.text().trim()).to_owned();
        self.copy(&text, "the answer")
    }

    /// The answer with the quotes that it cites.
    pub(super) fn copy_answer_with_sources(&mut self) -> Vec<Effect> {
        let Some(turn) = self.conversation.current() else { return self.copy_answer() };
        // While it is being written nothing is cited yet.
        let Some(answered) = turn.answered() else { return self.copy_answer() };
        let text = copying::with_sources(answered, &self.reference);
        let what = match answered.citations.len() {
            0 => "the answer, which cites nothing".to_owned(),
            1 => "the answer with its source".to_owned(),
            count => format!("the answer with its {count} sources"),
        };
        self.copy(&text, &what)
    }

    /// A block of code in the chosen answer: the first, and each time that it is asked for again the next.
    pub(super) fn copy_code(&mut self) -> Vec<Effect> {
        let Some(turn) = self.conversation.current() else { return Vec::new() };
        let (serial, blocks) = (turn.serial, copying::code_blocks(turn.text()));
        let before = self.copied.filter(|copied| copied.serial == serial);
        let block = before.map_or(0, |copied| copied.block + 1) % blocks.len().max(1);
        let Some(code) = blocks.get(block) else {
            self.tell(Notice::note("there is no code in this answer"));
            return Vec::new();
        };
        self.copied = Some(Copied { serial, block });
        let what = match blocks.len() {
            1 => "the code".to_owned(),
            count => format!("block {} of {count} of the code", block + 1),
        };
        self.copy(code, &what)
    }

    /// What the answer cites of the chosen source, else what fits the question best, with its reference.
    pub(super) fn copy_quote(&mut self) -> Vec<Effect> {
        let Some(turn) = self.shown() else { return Vec::new() };
        let Some(hit) = turn.hits.get(self.sources.selected) else { return Vec::new() };
        let quote = match turn.citation(hit.n) {
            Some(citation) => citation.quote.clone(),
            None => marked(&hit.text, &hit.highlights),
        };
        let text = Reference::of(hit, &quote).told(&self.reference);
        let what = format!("the quote of [{}] with its reference", hit.n);
        self.copy(&text, &what)
    }

    /// What is marked in the document, with its reference.
    pub(super) fn copy_marked(&mut self) -> Vec<Effect> {
        let Some(Layer::Document(view)) = self.layers.last() else { return Vec::new() };
        let Some((text, what)) = view.copied(&self.reference) else {
            self.tell(Notice::note("nothing is marked in this document: / searches in it"));
            return Vec::new();
        };
        self.copy(&text, what)
    }

    fn copy(&mut self, text: &str, what: &str) -> Vec<Effect> {
        if text.is_empty() {
            self.tell(Notice::note("there is nothing to copy yet"));
            return Vec::new();
        }
        // Who pastes it into a shell is not to run what a document says.
        let text = plain::text(text).into_owned();
        if text.len() > LONGEST {
            let size = text.len().div_ceil(1_000);
            self.tell(Notice::error(format!(
                "{what} is not copied: it has {size} kB, and terminals take {} kB; export it instead",
                LONGEST / 1_000
            )));
            return Vec::new();
        }
        self.tell(Notice::note(format!("copied {what}")));
        vec![Effect::Copy(text)]
    }
}

/// The marked stretches of a passage, with a sign where something is left out; the whole passage where nothing is marked.
fn marked(text: &str, stretches: &[(usize, usize)]) -> String {
    let stretches: Vec<&str> =
        stretches.iter().filter_map(|(start, end)| text.get(*start..*end)).collect();
    if stretches.is_empty() { text.to_owned() } else { stretches.join(" … ") }
}

impl DocumentView {
    /// The paragraph of the hit that was gone to, else what is cited, with its reference; and what it is.
    fn copied(&self, template: &Template) -> Option<(String, &'static str)> {
        let opened = &self.opened;
        let (first, quote, what) = if let Some(search) = &self.search {
            let hit = search.hits.get(search.current)?;
            let text = &opened.pages.get(hit.page)?.text;
            let paragraph = copying::paragraph(text, &hit.span);
            (hit, text.get(paragraph)?.to_owned(), "the paragraph with its reference")
        } else {
            let stretches: Vec<&str> = opened
                .cited
                .iter()
                .filter_map(|mark| opened.pages.get(mark.page)?.text.get(mark.span.clone()))
                .collect();
            (opened.cited.first()?, stretches.join(" … "), "what is cited with its reference")
        };
        let content = opened.pages.get(first.page)?;
        let line = |offset: usize| {
            let next = content.lines.partition_point(|(start, _)| *start <= offset);
            content.lines.get(next.checked_sub(1)?).map(|(_, line)| format!("line {line}"))
        };
        let line = line(first.span.start).filter(|_| !opened.paged).unwrap_or_default();
        // Under which heading something else stands is not known here.
        let heading = if self.search.is_none() { opened.section.as_str() } else { "" };
        let label = content.label.as_deref();
        let page = opened.paged.then(|| copying::page(content.number, label));
        let reference = Reference {
            quote,
            title: opened.title.clone(),
            page: page.unwrap_or_default(),
            section: copying::section(heading, &line),
            path: opened.path.to_string_lossy().into_owned(),
        };
        Some((reference.told(template), what))
    }
}
