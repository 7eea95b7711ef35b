//! What happens when the disk is full?

use std::path::Path;

use crate::docent::{Docent, fixture};
use crate::process::{printed_by, run};

/// A small file system of its own, gone at the end.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// None where this user may not mount.
    fn mount(folder: &'a Path, size: &str) -> Option<Self> {
        let folder_name = folder.to_str().unwrap();
        let mounted =
            run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", folder_name]);
        mounted.status.success().then_some(Self(folder))
    }

    fn grow(&self, size: &str) {
        printed_by("mount", &["-o", &format!("remount,size={size}"), self.0.to_str().unwrap()]);
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        printed_by("umount", &[self.0.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_is_named_and_the_next_run_goes_on() {
    let docent = Docent::new();
    let Some(disk) = SmallDisk::mount(docent.home(), "1m") else {
        eprintln!("not tested: this user may not mount a small file system");
        return;
    };
    let library = fixture("library");
    let printed = docent.run(["--quiet".as_ref(), "--index".as_ref(), library.as_os_str()]);
    assert_eq!(printed.code, Some(2), "{printed:?}");
    let home = docent.home().to_str().unwrap();
    insta::assert_snapshot!(printed.stderr.replace(home, "HOME"), @r"
    error: can't read or write the database `HOME/library.sqlite`: database or disk is full
    hint: make room on the disk that it lies on, then run it again
    ");
    disk.grow("64m");
    let again = docent.run(["--index"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let status = docent.json(["--status"]);
    assert_eq!(status["passages"], status["embedded"]);
    assert_eq!(status["files"], 22);
    drop(disk);
}
