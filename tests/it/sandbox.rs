//! Is the network closed to docent, and everything but their work to its children?

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::process::{Child, Stdio};

use docent_index::document::ProblemKind;
use docent_index::extract::{Format, Picture};
use tempfile::TempDir;

use docent::seal::Seal;

use crate::docent::{Docent, fixture};
use crate::process::{command, printed_by, receive, send};

const DOCENT: &str = env!("CARGO_BIN_EXE_docent");

/// A reader's jobs, as they are sent: read a document, open a PDF, draw a page of it.
const READ: u8 = 0;
const OPEN: u8 = 1;
const DRAW: u8 = 2;
/// Its reply with a page's picture.
const DRAWN: u8 = 2;

/// Every way to a network that is tried.
const WAYS_OUT: &str = "\
refused: a connection to 127.0.0.1
refused: a connection to ::1
refused: a UDP socket
refused: a netlink socket
refused: a pair of internet sockets
refused: a ring of io_uring
refused: a TCP socket by the x32 interface
refused: a connection to 192.0.2.1
refused: a connection to 2001:db8::1
";

fn ways_out() -> String {
    // The x32 interface is one of x86-64.
    let tried = |line: &&str| cfg!(target_arch = "x86_64") || !line.contains("x32");
    WAYS_OUT.split_inclusive('\n').filter(tried).collect()
}

/// What a confined child tries and is refused, whatever its work is.
fn changes_and_ways_out() -> String {
    let changes = "\
refused: writing the file
refused: changing the file's rights
refused: reading /etc/passwd
refused: listing /
refused: making a file
refused: a pair of local sockets
refused: a local socket
";
    changes.to_owned() + &ways_out()
}

/// What a probe prints in the role, about a file that anyone may read and write.
#[track_caller]
fn probe(role: &str) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tiny.gguf");
    std::fs::copy(fixture("tiny.gguf"), &file).unwrap();
    let printed = printed_by(DOCENT, &["--child", role, "--probe", file.to_str().unwrap()]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
    printed
}

#[test]
fn the_program_is_refused_every_way_to_a_network() {
    UdpSocket::bind("127.0.0.1:0").expect("a test that can open sockets, or it shows nothing");
    let sealed = Seal::Sealed.explanation();
    assert_eq!(printed_by(DOCENT, &["--probe"]), format!("{sealed}\n{}", ways_out()));
}

#[test]
fn a_reader_is_refused_everything() {
    let expected = format!(
        "\
confined
refused: reading the file
{}refused: a signal to the parent
refused: a thread
refused: starting a program
refused: becoming a program
",
        changes_and_ways_out()
    );
    assert_eq!(probe("reader"), expected);
}

#[test]
fn a_model_may_read_its_file_and_have_threads() {
    let expected = format!(
        "\
confined
done: reading the file
{}refused: a signal to the parent
done: a thread
refused: starting a program
refused: becoming a program
",
        changes_and_ways_out()
    );
    assert_eq!(probe("model"), expected);
}

#[test]
fn what_recognises_may_have_threads_and_become_a_program_of_the_system() {
    let expected = format!(
        "\
confined
refused: reading the file
{}refused: a signal to the parent
done: a thread
refused: starting a program
",
        changes_and_ways_out()
    );
    // The last thing that is tried is to become a program that prints nothing.
    assert_eq!(probe("recogniser"), expected);
}

#[test]
fn a_reader_at_work_is_confined() {
    let mut child = reader();
    let text = "a note";
    let mut stdin = child.stdin.take().unwrap();
    send(&mut stdin, &(READ, Format::Text, text.len() as u64));
    stdin.write_all(text.as_bytes()).unwrap();
    // Its first reply comes when it is at work.
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 4]).unwrap();
    let status = status(child.id());
    assert_eq!(status["Seccomp"], "2");
    assert_eq!(status["NoNewPrivs"], "1");
    assert_eq!(status["Threads"], "1");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let memory = limits.lines().find(|line| line.starts_with("Max address space")).unwrap();
    assert!(memory.contains("536870912"), "{memory}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_draws_pages_confined_as_it_is() {
    let mut child = reader();
    let scan = std::fs::read(fixture("broken/scan.pdf")).unwrap();
    open(&mut child, &scan);
    let picture = draw(&mut child, 1, 150.0).unwrap();
    let black = picture.gray.iter().filter(|gray| **gray < 128).count();
    assert!((1000..picture.gray.len() / 4).contains(&black), "{black} of {picture:?}");
    assert_eq!(picture.gray.len(), (picture.width * picture.height) as usize);
    assert_eq!(draw(&mut child, 99, 150.0), Err(ProblemKind::Damaged));
    assert_eq!(draw(&mut child, 1, 150.0).unwrap(), picture, "the same file, not sent again");

    open(&mut child, &std::fs::read(fixture("library/cases/harbour-mill-lease.pdf")).unwrap());
    assert!(draw(&mut child, 2, 72.0).unwrap().gray.iter().any(|gray| *gray < 128));
    open(&mut child, &std::fs::read(fixture("broken/password.pdf")).unwrap());
    assert_eq!(draw(&mut child, 1, 72.0), Err(ProblemKind::Password));
    assert_eq!(status(child.id())["Seccomp"], "2");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_page_without_measure_is_drawn_small_or_not_at_all() {
    let mut child = reader();
    let page = |size: &str, resources: &str, content: &str| {
        format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
            3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size}]/Resources<<{resources}>>/Contents 4 0 R>>endobj
            4 0 obj<</Length {}>>stream\n{content}\nendstream endobj {{}} trailer<</Root 1 0 R>>",
            content.len()
        )
    };
    open(&mut child, page("900000 900000", "", "0 0 450000 900000 re f").as_bytes());
    let picture = draw(&mut child, 1, 300.0).unwrap();
    assert!(picture.gray.len() <= 20_100_000, "{picture:?}");
    assert_eq!((picture.gray.first(), picture.gray.last()), (Some(&0), Some(&255)));

    // A form in itself.
    let form = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>/Length 5>>stream\n/X Do\nendstream endobj";
    let nested =
        page("9 9", "/XObject<</X 5 0 R>>", "/X Do").replace("{}", &format!("5 0 obj{form}"));
    open(&mut child, nested.as_bytes());
    assert_eq!(draw(&mut child, 1, 72.0).unwrap().gray, [255; 81]);

    // Each byte stands for 64 of the same, three times over; then an end that unpacks to an end.
    let mut end = vec![0x80];
    for _ in 1..3 {
        end.insert(0, u8::try_from(end.len()).unwrap() - 1);
        end.push(0x80);
    }
    let bomb = end.iter().fold("81".repeat(4096), |bomb, byte| format!("{bomb}{byte:02x}"));
    let form = format!(
        "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Filter[/AHx{}]/Length {}>>stream\n{bomb}\nendstream endobj",
        "/RL".repeat(3),
        bomb.len()
    );
    let unpacked =
        page("9 9", "/XObject<</X 5 0 R>>", "/X Do").replace("{}", &format!("5 0 obj{form}"));
    open(&mut child, unpacked.as_bytes());
    send(child.stdin.as_mut().unwrap(), &(DRAW, 1_u32, 72.0_f32));
    let ended = child.wait_with_output().unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("memory allocation of"), "{said}");
}

/// A child that reads documents.
#[track_caller]
fn reader() -> Child {
    command(DOCENT)
        .args(["--child", "reader"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn open(reader: &mut Child, pdf: &[u8]) {
    let stdin = reader.stdin.as_mut().unwrap();
    send(stdin, &(OPEN, pdf.len() as u64));
    stdin.write_all(pdf).unwrap();
}

#[track_caller]
fn draw(reader: &mut Child, page: u32, dots_per_inch: f32) -> Result<Picture, ProblemKind> {
    send(reader.stdin.as_mut().unwrap(), &(DRAW, page, dots_per_inch));
    let (reply, picture) = receive(reader.stdout.as_mut().unwrap());
    let reply: u8 = reply;
    assert_eq!(reply, DRAWN);
    picture
}

#[test]
fn the_program_and_its_model_are_confined_while_they_answer() {
    let docent = Docent::with_fixtures();
    let model = fixture("tiny.gguf");
    let mut child = docent.start(["--ask", "-", "--json", "--model", model.to_str().unwrap()]);
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "What does the lease say about the notice period?").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"answer\""), "{line}");

    let program = status(child.id());
    assert_eq!(program["Seccomp"], "2");
    assert_eq!(program["NoNewPrivs"], "1");
    let children = children(child.id());
    assert_eq!(children.len(), 1, "the model is the one child that runs");
    let model = status(children[0]);
    assert_eq!(model["Seccomp"], "2");
    let filters = |status: &BTreeMap<String, String>| status["Seccomp_filters"].parse::<u32>();
    assert!(filters(&model).unwrap() > filters(&program).unwrap(), "{model:?}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// What the kernel tells of a process.
#[track_caller]
fn status(process: u32) -> BTreeMap<String, String> {
    let told = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    told.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// The processes whose parent this one is.
fn children(process: u32) -> Vec<u32> {
    let parent = process.to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|other| {
            // Others may end while they are looked at.
            std::fs::read_to_string(format!("/proc/{other}/status")).is_ok_and(|told| {
                told.lines()
                    .any(|line| line.strip_prefix("PPid:").is_some_and(|id| id.trim() == parent))
            })
        })
        .collect()
}
