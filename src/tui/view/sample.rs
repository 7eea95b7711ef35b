//! States that are worth looking at, with a fixed clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use docent_engine::answer::{Claim, Mark as ClaimMark, Usage};
use docent_engine::catalog::Origin;
use docent_engine::generate::{Message as Said, Role as Speaker};
use docent_index::retrieve::Rank;

use crate::json::{Answered, Citation, Hit, Read, SCHEMA};
use crate::seal::Seal;
use crate::state::conversation::{Answering, Turn};
use crate::state::document::{DocumentView, Mark, Opened, Page};
use crate::state::effect::{Passage, Run};
use crate::state::library::{Content, Folder, Problem, Progress, Stage};
use crate::state::look::{Listed, ThemeChoice};
use crate::state::message::{Moment, Rows, Size};
use crate::state::model::{Details, Embedder, Found, Loaded, ModelState};
use crate::state::path::PathLine;
use crate::state::scroll::Scroll;
use crate::state::tree::{Extent, Reading, Row, RowKind};
use crate::state::why::{Reason, Why};
use crate::state::{FolderPrompt, State};
use crate::theme::Themes;
use docent_index::store::{FoundConversation, Head};

/// Half past two on a Tuesday.
const NOW: &str = "2025-03-18T14:30:00+01:00[Europe/Berlin]";

pub(super) fn moment() -> Moment {
    Moment { since_start: Duration::from_secs(90), now: NOW.parse().unwrap() }
}

/// Seconds since 1970, so many minutes ago.
pub(super) fn minutes_ago(minutes: i64) -> i64 {
    moment().now.timestamp().as_second() - minutes * 60
}

/// The first screen, before anything is known.
pub(super) fn starting(width: u16, height: u16) -> State {
    State::new(Seal::Sealed, Size { width, height }, moment())
}

/// A library of two folders and no question yet.
pub(super) fn idle(width: u16, height: u16) -> State {
    let mut state = starting(width, height);
    state.library.stage = Stage::Ready;
    state.library.content = Content {
        folders: vec![
            Folder { path: "/home/me/cases".into(), documents: 1_102, missing: false },
            Folder { path: "/home/me/notes".into(), documents: 102, missing: false },
            Folder { path: "/media/stick/archive".into(), documents: 310, missing: true },
        ],
        documents: 1_204,
        passages: 48_112,
        embedded: 48_112,
        problems: 2,
        watching: None,
    };
    let head = |id, title: &str, asked_at| Head { id, title: title.to_owned(), asked_at, turns: 2 };
    state.conversations.heads = vec![
        head(7, "What is the notice period if the tenant wants to leave early?", minutes_ago(2)),
        head(6, "Pump seal wear", minutes_ago(90)),
        head(5, "Warfarin and NSAIDs", minutes_ago(200)),
        head(4, "Minutes: budget", minutes_ago(60 * 24)),
        head(3, "Which contracts renew?", minutes_ago(60 * 25)),
        head(2, "Flax strips against late blight", minutes_ago(60 * 24 * 9)),
        head(1, "Roof repair 2023", minutes_ago(60 * 24 * 400)),
    ];
    state
}

/// Two conversations that were found, one of them by what was said in it.
pub(super) fn searched(mut state: State) -> State {
    let conversations = &mut state.conversations;
    let found = |index: usize, excerpt: Option<&str>| FoundConversation {
        head: conversations.heads[index].clone(),
        excerpt: excerpt.map(str::to_owned),
    };
    let lease = "tenant may end the lease early with six months’ written notice, but not before";
    let found = vec![found(0, Some(lease)), found(4, None), found(5, Some("notice the spots"))];
    let search = &mut conversations.search;
    search.input = crate::state::input::Input::new("NOTICE");
    search.is_finding = true;
    search.found = Some(found);
    conversations.selected = 0;
    state
}

/// A library that is being read, in a tree whose first folders are open.
pub(super) fn with_tree(mut state: State) -> State {
    let folder = |path: &str, name: &str, depth, (read, waiting, problems), is_open| Row {
        path: path.into(),
        name: name.to_owned(),
        title: String::new(),
        depth,
        problems: Vec::new(),
        kind: RowKind::Folder { is_open, read, waiting, problems, missing: false },
    };
    let document = |name: &str, state, extent: Option<(u32, u64, i64)>| Row {
        path: format!("/home/me/cases/oakfield/{name}").into(),
        name: name.to_owned(),
        title: if name == "calls.md" { "Telephone calls of March" } else { "" }.to_owned(),
        depth: 2,
        problems: Vec::new(),
        kind: RowKind::Document {
            state,
            extent: extent.map(|(pages, passages, minutes)| Extent {
                paged: pages > 0,
                pages,
                passages,
                read_at: minutes_ago(minutes),
            }),
        },
    };
    let problem = |page, reason: &str, hint: &str| Problem {
        page,
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    };
    let mut rows = vec![
        folder("/home/me/cases", "~/cases", 0, (1_102, 892, 2), true),
        folder("/home/me/cases/harbour", "harbour", 1, (44, 0, 0), false),
        folder("/home/me/cases/oakfield", "oakfield", 1, (9, 3, 2), true),
        document(
            "Amendment no. 2 (2025), signed by both parties and their agents.pdf",
            Reading::InWork,
            None,
        ),
        document("calls.md", Reading::Read, Some((0, 3, 61))),
        document("Lease agreement.pdf", Reading::Read, Some((31, 212, 2))),
        document("Scan 2019-04.pdf", Reading::Read, Some((4, 0, 60 * 30))),
        document("valuation.pdf", Reading::Read, Some((12, 80, 60 * 24 * 40))),
        document("字.txt", Reading::Waiting, None),
        document("secret.pdf", Reading::Refused, None),
        folder("/home/me/notes", "~/notes", 0, (102, 0, 0), false),
        folder("/media/stick/archive", "/media/stick/archive", 0, (310, 0, 0), false),
    ];
    rows[6].problems = vec![problem(
        None,
        "has no text layer, only pictures",
        "read by OCR at the end if installed: sudo apt install tesseract-ocr (macOS: brew install tesseract)",
    )];
    let again = "get the file again from where it came, or open and save it with a PDF program";
    rows[7].problems =
        vec![problem(Some(7), "is damaged", again), problem(Some(9), "is damaged", again)];
    rows[9].problems = vec![problem(
        None,
        "opens only with a password or a certificate",
        "save a copy that opens without it in the folder",
    )];
    if let RowKind::Folder { missing, .. } = &mut rows[11].kind {
        *missing = true;
    }
    let total = rows.len();
    let rows = Rows { number: 1, first: 0, rows, total, files: 2_300, problems: 3, selected: 6 };
    let tree = &mut state.library.tree;
    tree.open = ["/home/me/cases", "/home/me/cases/oakfield"].map(PathBuf::from).into();
    tree.selected = rows.selected;
    tree.rows = rows;
    state
}

fn hit(n: u32, title: &str, page: u32, heading: &[&str], score: f32, text: &str) -> Hit {
    Hit {
        n,
        path: "/home/me/cases/oakfield/lease.pdf".into(),
        folder: "/home/me/cases".into(),
        file: "oakfield/lease.pdf".into(),
        title: title.to_owned(),
        page: Some(page),
        label: (page == 7).then(|| "vii".to_owned()),
        ocr: (page == 7).then_some(0.93),
        lines: None,
        heading: heading.iter().map(|heading| (*heading).to_owned()).collect(),
        score,
        text: text.to_owned(),
        before: String::new(),
        after: String::new(),
        highlights: Vec::new(),
    }
}

pub(super) const BREAK_CLAUSE: &str = "12.2 The Landlord may not unreasonably withhold consent. 12.3 The Tenant may determine this Lease by giving not less than six months’ prior written notice, such notice to expire on or after 1 March 2027. 12.4 On the expiry of that notice this Lease shall come to an end, without prejudice to the rights of either party in respect of any earlier breach.";

pub(super) const QUOTED: &str = "12.3 The Tenant may determine this Lease by giving not less than six months’ prior written notice, such notice to expire on or after 1 March 2027.";

fn hits() -> Vec<Hit> {
    let mut hits = vec![
        hit(1, "Lease agreement", 7, &["12 Break clause", "Tenant’s right"], 0.94, BREAK_CLAUSE),
        hit(
            2,
            "Amendment no. 2 (2025)",
            2,
            &["Ground floor"],
            0.81,
            "For the ground floor the period in clause 12.3 shall be three months, and clause 12.4 shall be read accordingly.",
        ),
        hit(
            3,
            "Lease agreement",
            4,
            &["8 Repair"],
            0.55,
            "8.1 The Landlord keeps the roof, the main walls and the foundations in repair. 8.2 The Tenant keeps the inside in repair and gives it back in the state in which it was let, fair wear and tear excepted.",
        ),
        hit(
            4,
            "Calls with Harbour Mill’s agent, kept by A. Whitcombe since the second amendment",
            1,
            &[],
            0.31,
            "The agent says that a fee would be due. Nothing in writing yet.",
        ),
    ];
    hits[1].highlights = vec![(0, 71)];
    hits[2].highlights = vec![(0, 78)];
    if let Some(note) = hits.get_mut(3) {
        note.page = None;
        note.lines = Some((12, 19));
        note.path = "/home/me/notes/calls.md".into();
        note.file = "calls.md".into();
    }
    hits
}

fn citation(n: usize, quote: &str) -> Citation {
    Citation {
        hit: hits()[n - 1].clone(),
        quote: quote.to_owned(),
        sha256: "0".repeat(64),
        indexed_at: "2025-03-18T13:00:00Z".to_owned(),
    }
}

/// An answer as a model writes it.
pub(super) fn answered() -> Answered {
    let claim = |text: &str, cites: &[u32], mark| Claim {
        text: text.to_owned(),
        cites: cites.to_vec(),
        mark,
        reason: None,
    };
    let quoted = Some(ClaimMark::Quoted);
    Answered {
        schema: SCHEMA,
        question: "What is the notice period if the tenant wants to leave early?".to_owned(),
        understood: None,
        carried: Vec::new(),
        answer: "The tenant may end the lease early with **six months’** written notice, but not before 1 March 2027 [1]. The amendment of 2025 shortens this:\n\n- three months for the *ground floor* [2]\n- nothing else is changed [2]".to_owned(),
        abstained: false,
        stopped: false,
        claims: vec![
            claim("The tenant may end the lease early with **six months’** written notice, but not before 1 March 2027.", &[1], quoted),
            claim("The amendment of 2025 shortens this:", &[], None),
            claim("three months for the *ground floor*", &[2], quoted),
            claim("nothing else is changed", &[2], None),
        ],
        citations: vec![
            citation(1, QUOTED),
            citation(2, "For the ground floor the period in clause 12.3 shall be three months"),
        ],
        hits: hits(),
        dropped: Vec::new(),
        shortened: Vec::new(),
        forgotten: false,
        read: Read { passages: 6, in_scope: 212, unread_documents: 2, embedded: None },
        model: "Qwen3 4B Q4_K_M".to_owned(),
        seconds: 14.2,
        usage: Some(Usage {
            prompt_tokens: 1_980,
            read_tokens: 1_200,
            written_tokens: 118,
            first_token_seconds: 4.2,
            seconds: 14.2,
        }),
    }
}

pub(super) fn turn(serial: u64, question: &str, answer: Answering) -> Turn {
    let hits = match answer {
        Answering::Searching(_) => Vec::new(),
        _ => hits(),
    };
    Turn {
        serial,
        question: question.to_owned(),
        asked_at: minutes_ago(2),
        hits,
        in_scope: 212,
        unread_documents: 2,
        answer,
        thought: String::new(),
        is_thought_shown: false,
        why: None,
        prompt: Vec::new(),
        kept_why: None,
        meanwhile: None,
        times: 0,
    }
}

/// One question that a model has answered.
pub(super) fn one_turn(width: u16, height: u16) -> State {
    let mut state = idle(width, height);
    let answered = answered();
    let question = answered.question.clone();
    state.conversation.id = Some(7);
    state.conversation.turns = vec![turn(1, &question, Answering::Done(Box::new(answered)))];
    state.model.state = ModelState::Ready(loaded());
    state
}

/// The same with all that is known of how it came about, one source pinned and one left out.
pub(super) fn explained(width: u16, height: u16) -> State {
    let mut state = one_turn(width, height);
    let rank = |score, rank| Some(Rank { score, rank });
    let reason = |words, vector, fused| Reason { words, vector, fused, ..Reason::default() };
    let said = |role, content: &str| Said { role, content: content.to_owned() };
    let turn = &mut state.conversation.turns[0];
    turn.why = Some(Box::new(Why {
        looked_for: turn.question.clone(),
        filters: "type:\"pdf\" since:2024-01-01".to_owned(),
        in_scope_documents: 12,
        excluded: 1,
        dense_weight: 0.6,
        reasons: vec![
            reason(rank(8.41, 2), rank(0.713, 1), rank(0.94, 1)),
            Reason {
                reranked: Some(0.81),
                pinned: true,
                also: vec!["/home/me/cases/oakfield/copy of amendment.pdf".into()],
                ..reason(rank(6.2, 3), None, rank(0.7, 3))
            },
            reason(None, rank(0.6, 4), rank(0.5, 4)),
            reason(None, None, None),
        ],
    }));
    turn.prompt = vec![
        said(Speaker::System, "You answer questions from numbered sources."),
        said(
            Speaker::User,
            "[1] Lease agreement, p. 7\n12.3 The Tenant may determine this Lease by giving not less than six months’ prior written notice.\n\nQuestion: What is the notice period?",
        ),
    ];
    turn.thought = "The question is about leaving early. Source 1 speaks of a break clause, and source 2 changes its period for the ground floor alone.\n\nSo both matter.".to_owned();
    let passages: Vec<Passage> = turn.hits.iter().map(Passage::of).collect();
    state.conversation.chosen.pinned = vec![passages[1].clone()];
    state.conversation.chosen.excluded = vec![passages[2].clone()];
    state
}

/// A second question, whose answer is being written while the index grows.
pub(super) fn writing(width: u16, height: u16) -> State {
    let mut state = one_turn(width, height);
    state.library.stage =
        Stage::Embedding(Progress { done: 31_200, of: 48_112, per_second: Some(81.0) });
    let text =
        "The landlord keeps the roof, the main walls and the foundations in repair [3]. The ten";
    let claim = Claim {
        text: "The landlord keeps the roof, the main walls and the foundations in repair."
            .to_owned(),
        cites: vec![3],
        mark: Some(ClaimMark::Quoted),
        reason: None,
    };
    state.conversation.turns.push(turn(
        2,
        "And who has to repair the roof?",
        Answering::Writing { run: Run(2), text: text.to_owned(), claims: vec![claim] },
    ));
    state
}

/// An answer in quotes, without a model, that found nothing.
pub(super) fn abstained(width: u16, height: u16) -> State {
    let mut state = idle(width, height);
    let mut answered = answered();
    answered.answer = docent_engine::answer::UNSURE.to_owned();
    answered.abstained = true;
    answered.claims.clear();
    answered.citations.clear();
    answered.model = "quotes".to_owned();
    answered.seconds = 0.2;
    answered.usage = None;
    let start = BREAK_CLAUSE.find(QUOTED).unwrap();
    answered.hits[0].highlights = vec![(start, start + QUOTED.len())];
    let hits = answered.hits.clone();
    let question = "Who won the village fair in 1987?";
    let refused = turn(1, question, Answering::Done(Box::new(answered)));
    state.conversation.turns = vec![Turn { hits, ..refused }];
    state
}

pub(super) fn loaded() -> Loaded {
    Loaded {
        path: "/home/me/.local/share/docent/models/qwen3-4b-q4_k_m.gguf".into(),
        name: "Qwen3 4B Q4_K_M".to_owned(),
        context: 8_192,
    }
}

pub(super) fn with_models(mut state: State) -> State {
    let found = |file: &str, name: &str, size, fault: Option<&str>| Found {
        path: PathBuf::from("/home/me/.local/share/docent/models").join(file),
        name: name.to_owned(),
        typed: name.to_owned(),
        origin: if name.starts_with("Qwen") { Origin::Ollama } else { Origin::LmStudio },
        quantization: fault.is_none().then(|| "Q4_K_M".to_owned()),
        size,
        context: 8_192,
        needs: fault.is_none().then_some(size + 1_300_000_000),
        fault: fault.map(str::to_owned),
        details: fault.is_none().then(|| Details {
            architecture: "qwen3".to_owned(),
            parameters: 4_022_468_096,
            trained: Some(40_960),
            has_template: name.starts_with("Qwen"),
        }),
    };
    state.model.found = vec![
        found("qwen3-4b-q4_k_m.gguf", "Qwen3 4B", 2_497_280_000, None),
        found("gemma-3-12b-it.gguf", "Gemma 3 12B it", 7_300_000_000, None),
        found(
            "half.gguf",
            "half.gguf",
            1_200_000_000,
            Some("ends at byte 1,200,000,000 of 2,497,280,000: download it again"),
        ),
    ];
    let embedder = |name: &str, origin, folder: Option<&str>, size| Embedder {
        name: name.to_owned(),
        typed: name.to_owned(),
        origin,
        folder: folder.map(PathBuf::from),
        size,
        fault: None,
    };
    state.model.embedders = vec![
        embedder("bundled", "comes with docent", None, 90_900_000),
        embedder("multilingual-e5-small", "hugging face", Some("/home/me/e5"), 471_000_000),
    ];
    state.model.free = Some(8_100_000_000);
    state.model.selected = 1;
    state
}

/// With all themes of the program, of which the second is chosen, and a broken one.
pub(super) fn with_themes(mut state: State) -> State {
    let themes = Themes::default();
    let listed = |name: &str| Listed {
        name: name.to_owned(),
        background: themes.load(name).unwrap().background(),
        is_own: false,
        fault: None,
    };
    state.look.themes = themes.names().map(listed).collect();
    state.look.themes.push(Listed {
        name: "mine".to_owned(),
        background: None,
        is_own: true,
        fault: Some("theme `mine` has no role `acent`: did you mean `accent`?".to_owned()),
    });
    state.look.theme = ThemeChoice::Named("dark".to_owned());
    state
}

/// A prompt for a folder in which something was typed.
pub(super) fn folder_prompt() -> FolderPrompt {
    FolderPrompt {
        line: PathLine {
            candidates: vec!["/home/me/Documents/".to_owned(), "/home/me/Docker/".to_owned()],
            ..PathLine::new("/home/me/Doc")
        },
        refused: None,
    }
}

/// A document of pages that is opened where it is cited.
pub(super) fn paged_document() -> DocumentView {
    let filler = "The Tenant shall pay the rent by equal quarterly payments in advance on the usual quarter days, the first payment to be made on the date of this Lease for the period from that date to the next quarter day.";
    let mut pages: Vec<Page> = (1..=9)
        .map(|number| Page {
            number,
            label: None,
            ocr: None,
            text: format!(
                "{number} Rent\n{filler}\n{number}.1 The rent is 2,400 € a quarter.\n{filler}"
            ),
            lines: Vec::new(),
        })
        .collect();
    let text = format!("12 Break clause\n{BREAK_CLAUSE}\n13 Notices\n{filler}\n{filler}");
    let start = text.find(QUOTED).unwrap();
    let span = start..start + QUOTED.len();
    pages[6] = Page {
        number: 7,
        label: Some("vii".to_owned()),
        ocr: Some("OCR 93 %".to_owned()),
        text,
        lines: Vec::new(),
    };
    DocumentView::new(Opened {
        title: "Lease agreement".to_owned(),
        path: "/home/me/cases/oakfield/lease.pdf".into(),
        date: Some("2023-09-14".to_owned()),
        paged: true,
        pages: pages.into(),
        cited: vec![Mark { page: 6, span }],
        section: "12 Break clause".to_owned(),
        n: 1,
        is_cited: true,
        is_excerpt: false,
        note: None,
    })
}

/// A note whose places are lines.
pub(super) fn lined_document() -> DocumentView {
    let text = "Calls with the agent\n\n- 12 March: a fee of 2,400 € would be due, says the agent; nothing in writing yet, and he could not say where that stands\n- 14 March: no answer\n\nThe fee is named nowhere in the lease. Ask again in April.".to_owned();
    let lines = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        })
        .zip(1..)
        .collect();
    let start = text.find("12 March").unwrap();
    let end = text.find("\n- 14").unwrap();
    DocumentView::new(Opened {
        title: "calls.md".to_owned(),
        path: "/home/me/notes/calls.md".into(),
        date: None,
        paged: false,
        pages: Arc::new([Page { number: 1, label: None, ocr: None, text, lines }]),
        cited: vec![Mark { page: 0, span: start..end }],
        section: String::new(),
        n: 4,
        is_cited: true,
        is_excerpt: false,
        note: Some("The file has changed since it was cited".to_owned()),
    })
}

/// A view that stands at its beginning.
pub(super) const TOP: Scroll = Scroll::TOP;
