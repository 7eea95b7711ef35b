//! What this thread adds to a generator, with a tiny model of random weights in this process instead of a child.

use std::path::Path;

use docent_engine::generate::llama;
use docent_index::query::Query;
use docent_index::retrieve::Found;

use super::*;
use crate::finder::tests::hit;
use crate::state::effect::{Ask, Run};
use crate::work::answering::Job;
use crate::work::runs::Runs;

fn tiny() -> llama::Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiny.gguf");
    let settings = llama::Settings {
        context: 4096,
        threads: 1,
        gpu_layers: 0,
        mmap: true,
        date: None,
        thinking: false,
    };
    llama::Model::load(&path, settings, &CancellationToken::new(), |_| {}).unwrap()
}

/// Dies as a child does, after it has written some pieces.
struct Mortal<G> {
    generator: G,
    pieces: usize,
}

impl<G: Generate> Generate for Mortal<G> {
    fn model(&self) -> &ModelInfo {
        self.generator.model()
    }

    fn count_prompt(&mut self, messages: &[Said]) -> Result<usize, GenerateError> {
        self.generator.count_prompt(messages)
    }

    fn count_texts(&mut self, texts: &[String]) -> Result<Vec<usize>, GenerateError> {
        self.generator.count_texts(texts)
    }

    fn generate(
        &mut self,
        request: &GenerateRequest,
        _: &CancellationToken,
        progress: &mut dyn FnMut(GenerateProgress),
    ) -> Result<Generation, GenerateError> {
        let dead = CancellationToken::new();
        let mut left = self.pieces;
        let generated = self.generator.generate(request, &dead, &mut |made| match made {
            GenerateProgress::Text(_) if left == 0 => dead.cancel(),
            GenerateProgress::Text(_) => {
                left -= 1;
                progress(made);
            }
            GenerateProgress::Reading { .. } | GenerateProgress::Prefix(_) => progress(made),
        })?;
        if dead.is_cancelled() || self.pieces == 0 {
            return Err(GenerateError::Gone { reason: "signal: 9 (SIGKILL)".to_owned() });
        }
        Ok(generated)
    }
}

fn searched(question: &str, turns: Vec<Turn>) -> Searched {
    let (library, _) = std::sync::mpsc::channel();
    let runs = Arc::new(Runs::new(library));
    let running = runs.begin(Run(1), &CancellationToken::new());
    let ask = Ask {
        run: Run(1),
        question: question.to_owned(),
        conversation: None,
        turns,
        pinned: Vec::new(),
        excluded: Vec::new(),
        replaces: None,
        asked_at: 5,
    };
    let hits = vec![
        hit(1, "The tenant pays a monthly rent of 950 euros to the landlord on the third day."),
        hit(2, "The seal of the pump is to be changed after 4,000 hours of work at most."),
    ];
    Searched {
        job: Job { ask, running, at: Instant::now(), why: None },
        query: Query::parse(question).unwrap(),
        follow_up: None,
        found: Found { hits, in_scope_passages: 2, ..Found::default() },
    }
}

fn answer<G: Generate>(
    speaking: &mut Speaking<G>,
    searched: &Searched,
) -> Result<Answered, Failure> {
    let (inbox, _messages) = Inbox::for_test();
    let mut telling = Telling::new(&inbox, Run(1));
    speaking.answer(searched, &mut telling)
}

/// As the screen tells a turn.
fn turn(answered: &Answered) -> Turn {
    Turn { question: answered.question.clone(), answer: answered.without_citations() }
}

#[test]
fn what_was_written_outlives_the_process_that_wrote_it() {
    let model = tiny();
    let generator = model.generator().unwrap();
    let mut speaking = Speaking::new(Mortal { generator, pieces: 12 }, Settings::default());
    let answered = answer(&mut speaking, &searched("What is the rent?", Vec::new())).unwrap();
    assert!(answered.stopped && !answered.answer.is_empty());
    let fault = speaking.fate.take();
    assert!(matches!(fault, Some(GenerateError::Gone { .. })), "{fault:?}");
    assert_eq!(speaking.fate.take(), None);
    let notice = told(&fault.unwrap());
    assert!(notice.text.contains("signal: 9 (SIGKILL)"), "{}", notice.text);
}

#[test]
fn a_process_that_dies_before_it_wrote_leaves_nothing() {
    let model = tiny();
    let generator = model.generator().unwrap();
    let mut speaking = Speaking::new(Mortal { generator, pieces: 0 }, Settings::default());
    assert!(answer(&mut speaking, &searched("What is the rent?", Vec::new())).is_err());
    assert!(speaking.fate.take().is_some());
}

#[test]
fn a_conversation_that_goes_on_is_not_read_again_and_another_one_is() {
    let model = tiny();
    let mut speaking = Speaking::new(model.generator().unwrap(), Settings::default());
    let first = answer(&mut speaking, &searched("What is the rent?", Vec::new())).unwrap();
    let turns = vec![turn(&first)];
    let second = answer(&mut speaking, &searched("And the seal?", turns.clone())).unwrap();
    let read = |answered: &Answered| {
        let usage = answered.usage.unwrap();
        (usage.read_tokens, usage.prompt_tokens)
    };
    let (again, all) = read(&second);
    let (_, before) = read(&first);
    assert!(all > before && again < all - before / 2, "{again} of {all} were read again");
    // The same words in another conversation are told without what the first one was given.
    let other = answer(&mut speaking, &searched("And the seal?", Vec::new())).unwrap();
    assert!(read(&other).1 < all);
    assert_eq!(speaking.known.len(), 1);
    let third = answer(&mut speaking, &searched("And the pump?", turns)).unwrap();
    assert!(read(&third).0 > again, "the first conversation was taken for the one in mind");
}

#[test]
fn a_turn_is_asked_again_from_where_it_began() {
    let model = tiny();
    let mut speaking = Speaking::new(model.generator().unwrap(), Settings::default());
    let first = answer(&mut speaking, &searched("What is the rent?", Vec::new())).unwrap();
    let turns = vec![turn(&first)];
    let second = answer(&mut speaking, &searched("And the seal?", turns.clone())).unwrap();
    let again = answer(&mut speaking, &searched("And the seal?", turns)).unwrap();
    assert_eq!((&again.answer, speaking.known.len()), (&second.answer, 2));
    assert_eq!(again.usage.unwrap().read_tokens, 1, "all of its prompt had been read");
}

#[test]
fn what_is_left_out_goes_out_of_the_models_mind() {
    let model = tiny();
    let mut speaking = Speaking::new(model.generator().unwrap(), Settings::default());
    let first = answer(&mut speaking, &searched("What is the rent?", Vec::new())).unwrap();
    let with = searched("And the seal?", vec![turn(&first)]);
    let read = answer(&mut speaking, &with).unwrap().usage.unwrap().prompt_tokens;
    let mut without = searched("And the seal?", vec![turn(&first)]);
    let rent = Passage {
        path: "/library/1.md".into(),
        page: None,
        text: without.found.hits.remove(0).text,
    };
    without.job.ask.excluded = vec![rent];
    let left = answer(&mut speaking, &without).unwrap().usage.unwrap().prompt_tokens;
    // Its first turn had both passages, its second one has one of them.
    assert!(left < read / 2, "{left} of {read}");
}

#[test]
fn what_was_stopped_is_a_turn_as_well() {
    let model = tiny();
    let generator = model.generator().unwrap();
    let mut speaking = Speaking::new(Mortal { generator, pieces: 12 }, Settings::default());
    let first = answer(&mut speaking, &searched("What is the rent?", Vec::new())).unwrap();
    assert!(first.stopped && !first.answer.is_empty());
    let turns = vec![turn(&first)];
    assert_eq!(speaking.going_on(&turns), Some(1));
    let other = Turn { question: "What is the rent?".to_owned(), answer: "Nothing.".to_owned() };
    assert_eq!(speaking.going_on(&[other]), None);
    assert_eq!(speaking.going_on(&[]), None);
    assert_eq!(speaking.going_on(&[turns[0].clone(), turns[0].clone()]), None);
}
