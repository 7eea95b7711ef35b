//! Is the network closed to docent, and everything but their work to its children?

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::process::Stdio;

use docent_index::extract::Format;
use tempfile::TempDir;

use docent::seal::Seal;

use crate::docent::{Docent, fixture};
use crate::process::{command, printed_by, send};

const DOCENT: &str = env!("CARGO_BIN_EXE_docent");

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
fn a_reader_at_work_is_confined() {
    let mut child = command(DOCENT)
        .args(["--child", "reader"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = "a note";
    let mut stdin = child.stdin.take().unwrap();
    send(&mut stdin, &(Format::Text, text.len() as u64));
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
fn the_program_and_its_model_are_confined_while_they_answer() {
    let docent = Docent::with_fixtures();
    let model = fixture("tiny.gguf");
    let mut child = docent.start(["--ask", "-", "--json", "--model", model.to_str().unwrap()]);
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "What does the lease say about the roof?").unwrap();
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
