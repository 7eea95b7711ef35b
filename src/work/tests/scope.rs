//! What is typed, before it is asked.

use super::*;
use crate::state::effect::Preview;
use crate::state::message;
use crate::state::question::InScope;

impl Screen {
    /// The folders and files that are listed, a folder with the number of its documents.
    #[track_caller]
    fn places(&mut self) -> Vec<String> {
        self.act(Effect::ListPlaces);
        let places = self.wait(|message| match message {
            Message::Places(places) => Some(places),
            _ => None,
        });
        let told = |message::Place { way, documents }| match documents {
            Some(documents) => format!("{way}/ {documents}"),
            None => way,
        };
        places.into_iter().map(told).collect()
    }

    #[track_caller]
    fn counted(&mut self, filters: &str) -> (u64, u64) {
        self.act(Effect::Count { filters: filters.to_owned() });
        self.wait(|message| match message {
            Message::Counted(InScope { documents, passages, .. }) => Some((documents, passages)),
            _ => None,
        })
    }
}

fn preview(run: Run, question: &str) -> Effect {
    Effect::Preview(Preview {
        run,
        question: question.to_owned(),
        turns: Vec::new(),
        pinned: Vec::new(),
        excluded: Vec::new(),
    })
}

#[test]
fn folders_and_files_are_listed_and_what_they_leave_is_counted() {
    let place = Place::new();
    place.write(
        "cases/oak field/call.md",
        "# Call\n\nShe called.\n\n# Again\n\nShe called again.\n",
    );
    place.write("cases/harbour.md", "The break date is near.\n");
    let mut screen = place.ready();
    let name = place.root().file_name().unwrap().to_string_lossy().into_owned();
    let places = screen.places();
    assert_eq!(
        places,
        [
            format!("{name}/ 3"),
            format!("{name}/cases/ 2"),
            format!("{name}/cases/oak field/ 1"),
            format!("{name}/cases/harbour.md"),
            format!("{name}/cases/oak field/call.md"),
            format!("{name}/lease.md"),
        ]
    );
    let filter = |way: &str| format!("path:\"{name}/{way}\"");
    assert_eq!(screen.counted(&filter("cases")), (2, 3));
    assert_eq!(screen.counted(&filter("cases/oak field/call.md")), (1, 2));
    // Of several places one must fit, and the other filters as well.
    let both = format!("{} {}", filter("cases/oak field"), filter("lease.md"));
    assert_eq!(screen.counted(&both).0, 2);
    assert_eq!(screen.counted(&format!("{both} type:pdf")), (0, 0));
    assert_eq!(screen.found(&format!("\"She called\" {}", filter("lease.md"))).len(), 0);
}

#[test]
fn folders_of_one_name_are_told_by_their_whole_path() {
    let place = Place::new();
    place.write("one/notes/a.md", "Buy a compass.\n");
    place.write("two/notes/b.md", "Sell it again.\n");
    let roots: Vec<PathBuf> =
        ["one/notes", "two/notes"].iter().map(|name| place.root().join(name)).collect();
    let mut screen = Screen::open(Setting { folders: roots.clone(), ..place.setting() });
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 2);
    let [one, two] = [0, 1].map(|index: usize| roots[index].display().to_string());
    let expected =
        [format!("{one}/ 1"), format!("{two}/ 1"), format!("{one}/a.md"), format!("{two}/b.md")];
    assert_eq!(screen.places(), expected);
    assert_eq!(screen.counted(&format!("path:\"{one}\"")).0, 1);
}

#[test]
fn what_is_typed_is_searched_and_only_the_last_of_it_told() {
    let place = Place::new();
    let mut screen = place.ready();
    // One after the other without waiting: each stops the one before.
    let texts = ["tenant", "tenant pays", "landlord repairs the roof"];
    for (run, text) in (10..).map(Run).zip(texts) {
        screen.act(preview(run, text));
    }
    let hits = screen.wait(|message| match message {
        Message::Previewed { run: Run(12), hits, .. } => Some(hits),
        _ => None,
    });
    assert!(hits[0].text.contains("six weeks"));
    // A search that is stopped tells nothing, and questions are asked as ever.
    screen.act(preview(Run(13), "tenant"));
    screen.act(Effect::StopPreview);
    assert_eq!(screen.found("landlord roof")[0], "lease.md");
}

#[test]
fn indexing_goes_on_beside_what_is_typed() {
    let place = Place::new();
    let mut screen = place.ready();
    place.write("pump.md", "The pump leaks.\n");
    let mut run = 20;
    while screen.content.documents < 2 {
        run += 1;
        screen.act(preview(Run(run), "pump"));
        screen.wait(|message| matches!(message, Message::Previewed { .. }).then_some(()));
    }
}
