//! One embedder takes another's place: what was made before answers until the other has made as much.

use super::*;
use crate::state::model::Cost;

/// The embedder of the fixtures, in the home: for it "gutters" and "roof" are the same.
fn tiny(place: &Place) -> PathBuf {
    let folder = place.home.path().join("embedders/tiny");
    std::fs::create_dir_all(&folder).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/embedder");
    for entry in std::fs::read_dir(fixture).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

impl Screen {
    /// How near the nearest passage is to a question that shares no word with it; none where no vectors answer.
    #[track_caller]
    fn nearness(&mut self) -> Option<f32> {
        let reports = self.reports("Any gutters?", None);
        let why = reports.into_iter().find_map(|report| match report {
            AnswerReport::Why(why) => Some(why),
            _ => None,
        });
        let ranks =
            why.unwrap().reasons.iter().filter_map(|reason| reason.vector).collect::<Vec<_>>();
        ranks.iter().map(|rank| rank.score).reduce(f32::max)
    }

    /// Whether the tiny embedder's vectors answer, or the bundled one's.
    #[track_caller]
    fn is_tiny(&mut self) -> bool {
        self.nearness().is_some_and(|score| score > 0.9)
    }

    #[track_caller]
    fn weigh(&mut self, folder: Option<&Path>) -> Result<Cost, String> {
        self.act(Effect::WeighEmbedder(folder.map(Path::to_owned)));
        self.wait(|message| match message {
            Message::Model(ModelReport::Weighed { cost, .. }) => Some(cost),
            _ => None,
        })
    }

    fn pause(&mut self, pauses: bool) {
        self.act(Effect::Pause(pauses));
        self.until(|screen| (screen.stage == Stage::Paused) == pauses);
    }
}

fn roofs(place: &Place) {
    for number in 0..6 {
        place.write(&format!("roof-{number}.md"), &format!("The roof of house {number}.\n"));
    }
}

#[test]
fn what_was_made_before_answers_until_the_other_embedder_has_made_its_own() {
    let place = Place::new();
    roofs(&place);
    let tiny = tiny(&place);
    let mut screen = place.ready();
    assert!(!screen.is_tiny());
    let cost = screen.weigh(Some(&tiny)).unwrap();
    assert_eq!((cost.missing, cost.of), (screen.content.passages, screen.content.passages));
    assert!(cost.per_second > Some(1.0), "{cost:?}");

    // Nothing is made while indexing rests.
    screen.pause(true);
    screen.act(Effect::ChooseEmbedder(Some(tiny.clone())));
    screen.until(|screen| screen.content.embedded == 0 && screen.content.documents == 7);
    assert!(!screen.is_tiny());
    screen.act(Effect::Pause(false));
    let notice = screen.wait_for_notice();
    assert!(notice.text.contains("the new embedder answers"), "{}", notice.text);
    while !screen.is_tiny() {}
    screen.until(|screen| screen.content.embedded == screen.content.passages);

    // Back again: all is there already but what came meanwhile.
    place.write("new.md", "The roof of the new house.\n");
    screen.until(|screen| screen.content.documents == 8 && screen.stage == Stage::Ready);
    screen.pause(true);
    assert_eq!(screen.weigh(None).unwrap().missing, 1);
    screen.act(Effect::ChooseEmbedder(None));
    screen.until(|screen| screen.content.embedded + 1 == screen.content.passages);
    assert!(screen.is_tiny());
    screen.act(Effect::Pause(false));
    while screen.is_tiny() {}
    screen.until(|screen| screen.content.embedded == screen.content.passages);
    let made = |screen: &mut Screen| screen.weigh(Some(&tiny)).unwrap().missing;
    assert_eq!(made(&mut screen), 0, "what it made is kept");
}

#[test]
fn a_change_that_was_left_in_the_middle_goes_on_at_the_next_start() {
    let place = Place::new();
    roofs(&place);
    let tiny = tiny(&place);
    drop(place.ready());
    let with = |maker: &Maker| Setting { maker: maker.clone(), ..place.setting() };
    let maker = Maker::Folder(tiny);
    let mut screen = Screen::open(with(&maker));
    screen.act(Effect::Pause(true));
    drop(screen);
    // Whoever was first, the bundled embedder's vectors are there, and what is missing is told.
    let mut screen = Screen::open(with(&maker));
    screen.until(|screen| screen.stage == Stage::Ready);
    while !screen.is_tiny() {}
    drop(screen);
    // From one that does not come with docent to the bundled one, in a library that this has never seen.
    let other = Place::new();
    roofs(&other);
    let tiny = self::tiny(&other);
    let setting =
        Setting { maker: Maker::Folder(tiny), folders: vec![other.root()], ..other.setting() };
    let mut screen = Screen::open(setting);
    screen.until(|screen| screen.stage == Stage::Ready);
    assert!(screen.is_tiny());
    drop(screen);
    let mut screen = Screen::open(other.setting());
    screen.act(Effect::Pause(true));
    let notice = screen.wait_for_notice();
    assert!(notice.text.contains("what was made before answers"), "{}", notice.text);
    screen.act(Effect::Pause(false));
    screen.until(|screen| screen.stage == Stage::Ready);
    while screen.is_tiny() {}
}

#[test]
fn an_embedder_that_is_gone_leaves_what_is_there_to_answer_and_nothing_is_made_anew() {
    let place = Place::new();
    roofs(&place);
    let tiny = tiny(&place);
    let maker = Maker::Folder(tiny.clone());
    let setting = Setting { maker, folders: vec![place.root()], ..place.setting() };
    let mut screen = Screen::open(setting);
    screen.until(|screen| screen.stage == Stage::Ready);
    drop(screen);
    std::fs::rename(&tiny, place.home.path().join("away")).unwrap();
    let gone = || Setting { maker: Maker::Gone("tiny".to_owned()), ..place.setting() };
    let mut screen = Screen::open(gone());
    screen.until(|screen| screen.stage == Stage::Ready && screen.content.documents == 7);
    assert_eq!(screen.content.embedded, 0);
    assert_eq!(screen.found("house 3")[0], "roof-3.md", "words find it");
    assert_eq!(screen.nearness(), None);
    place.write("new.md", "The zeppelin lands on Thursday.\n");
    screen.until(|screen| screen.content.documents == 8 && screen.stage == Stage::Ready);
    assert_eq!(screen.found("zeppelin")[0], "new.md");
    assert_eq!(screen.content.embedded, 0);
    drop(screen);

    // Another name for it, and what it made answers: the folder counts, not what it is called.
    std::fs::rename(place.home.path().join("away"), place.home.path().join("embedders/other"))
        .unwrap();
    let mut screen = Screen::open(gone());
    screen.until(|screen| screen.stage == Stage::Ready);
    assert!(screen.is_tiny());
    // It is chosen in its own stead.
    let folder = place.home.path().join("embedders/other");
    screen.act(Effect::ChooseEmbedder(Some(folder)));
    screen.until(|screen| {
        screen.content.passages > 0 && screen.content.embedded == screen.content.passages
    });
}

#[test]
fn an_embedder_that_can_not_be_opened_is_told_when_it_is_weighed() {
    let place = Place::new();
    let tiny = tiny(&place);
    std::fs::write(tiny.join("model.onnx"), "no model").unwrap();
    let mut screen = place.ready();
    let told = screen.weigh(Some(&tiny)).unwrap_err();
    assert!(told.contains("can't be measured") && told.contains("is damaged"), "{told}");
}
