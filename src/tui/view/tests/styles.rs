//! Which role covers which cells, and how each role looks.
//!
//! What is drawn with which role is the same in all themes: it is told by a theme in which each role has a colour of its
//! own. That the themes that docent comes with put their looks there is checked cell by cell.

use ratatui::style::Modifier;

use super::views::with_palette;
use super::*;

/// What is looked at role by role.
const STYLED: [&str; 6] = ["answer", "everything", "document", "library", "picker", "preview"];

/// The names of the snapshots.
pub(super) fn names() -> impl Iterator<Item = String> {
    let views = STYLED.iter().map(|name| format!("styles-{name}"));
    views.chain(["styles".to_owned()])
}

fn styled(name: &str) -> State {
    let (width, height) = (100, 30);
    match name {
        "answer" => {
            let mut state = sample::explained(width, height);
            state.focus = Pane::Conversation;
            state.sources.selected = 1;
            state
        }
        "document" => {
            let mut document = sample::paged_document();
            assert!(document.find("earlier breach", 6));
            document.opened.note = sample::lined_document().opened.note;
            with_layer(sample::one_turn(width, height), Layer::Document(Box::new(document)))
        }
        "picker" => with_palette(sample::one_turn(width, height), "folders prob"),
        name => {
            let (_, build) = VIEWS.iter().find(|(view, _)| *view == name).unwrap();
            build(width, height)
        }
    }
}

/// The roles that a cell was drawn with, in the order in which their styles were laid one over the other: at most what is
/// written and what lies behind it.
type Roles = Vec<Role>;

/// What was drawn with which roles, cell by cell.
fn roles(state: &State) -> (Buffer, Vec<Roles>) {
    let cells = |theme| {
        let drawn = draw_with(&mut View::new(theme, Signs::UNICODE), state);
        drawn.backend.buffer().clone()
    };
    let (apart, together) = Theme::of_roles();
    let (apart, together) = (cells(apart), cells(together));
    let role = |colour| match colour {
        Color::Rgb(0, 0, number) => Role::ALL.get(usize::from(number)).copied(),
        _ => None,
    };
    let roles = apart.content.iter().zip(&together.content).map(|(apart, together)| {
        let (written, behind) = (role(apart.fg), role(apart.bg));
        let last = role(together.fg);
        let ordered = if last == behind { [written, behind] } else { [behind, written] };
        ordered.into_iter().flatten().collect()
    });
    let roles = roles.collect();
    (apart, roles)
}

/// The stretches of a screen with the same roles, one a line: row, column, roles, text.
fn stretches(state: &State) -> String {
    let (buffer, roles) = roles(state);
    let width = usize::from(buffer.area.width);
    let mut told = String::new();
    for (y, (cells, roles)) in buffer.content.chunks(width).zip(roles.chunks(width)).enumerate() {
        let mut x = 0;
        for stretch in roles.chunk_by(|one, other| one == other) {
            let text: String = cells[x..x + stretch.len()].iter().map(Cell::symbol).collect();
            let text = text.trim();
            let names: Vec<&str> = stretch[0].iter().map(|role| role.name()).collect();
            // Empty cells matter where something is painted behind them.
            if !text.is_empty() || cells[x].bg != Color::Reset {
                let names = names.join("+");
                told.push_str(format!("{y:>2} {x:>3}  {names:<20} {text}").trim_end());
                told.push('\n');
            }
            x += stretch.len();
        }
    }
    told
}

/// How a role looks, in words.
fn look(theme: &Theme, role: Role) -> String {
    let style = theme.style(role);
    let colour = |colour| match colour {
        Some(Color::Rgb(red, green, blue)) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Some(other) => other.to_string(),
        None => "plain".to_owned(),
    };
    let mut look = colour(style.fg);
    if style.bg.is_some() {
        look = format!("{look} on {}", colour(style.bg));
    }
    if !style.add_modifier.is_empty() {
        look = format!("{look} {}", format!("{:?}", style.add_modifier).to_lowercase());
    }
    look
}

#[test]
fn every_cell_has_the_role_of_what_it_shows() {
    for name in STYLED {
        keep(&format!("styles-{name}"), &stretches(&styled(name)));
    }
    let themes = ["dark", "light", "mono"].map(|name| Theme::named(name).unwrap());
    let rows = Role::ALL.iter().map(|role| {
        let [dark, light, mono] = themes.each_ref().map(|theme| look(theme, *role));
        format!("{:<14} {dark:<34} {light:<34} {mono}\n", role.name())
    });
    let head = format!("{:<14} {:<34} {:<34} mono\n", "", "dark", "light");
    keep("styles", &std::iter::once(head).chain(rows).collect::<String>());
}

#[test]
fn a_theme_gives_each_cell_the_look_of_its_roles() {
    let themes = ["dark", "light", "mono"].map(|name| Theme::named(name).unwrap());
    for (name, build) in VIEWS {
        let state = build(100, 30);
        // Another theme is looked at there than the one that is drawn with.
        if state.theme_name().is_some() {
            continue;
        }
        let (_, roles) = roles(&state);
        for theme in &themes {
            // Where nothing of the terminal is known, a light theme brings its ground.
            let ground = theme.ground(state.look.background);
            let grounded = |colour: Option<Color>, instead: Option<Color>| match colour {
                Some(Color::Reset) => instead.or(colour),
                other => other,
            };
            let drawn = draw_with(&mut View::new(theme.clone(), Signs::UNICODE), &state);
            let mut cells = drawn.backend.buffer().content.iter().zip(&roles);
            while let Some((cell, roles)) = cells.next() {
                // What lies under a wide sign is not drawn.
                if text::width(cell.symbol()) > 1 {
                    cells.next();
                }
                let laid = |style: Style, role: &Role| style.patch(theme.style(*role));
                let expected = roles.iter().fold(Style::reset(), laid);
                let here = format!("`{}` as {roles:?} in {name}, {}", cell.symbol(), theme.name());
                let expected_foreground = grounded(expected.fg, ground.map(|(_, text)| text));
                let expected_background = grounded(expected.bg, ground.map(|(behind, _)| behind));
                assert_eq!(Some(cell.fg), expected_foreground, "{here}");
                assert_eq!(Some(cell.bg), expected_background, "{here}");
                let modifier: Modifier = expected.add_modifier;
                assert!(cell.modifier.contains(modifier), "{here}");
            }
        }
    }
}
