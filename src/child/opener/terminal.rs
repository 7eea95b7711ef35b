//! How does an editor get the terminal, and docent get it back?
//!
//! The terminal belongs to one process group at a time: its keys are typed to that group, Ctrl+C ends it, and others that
//! touch it are stopped. docent waits in one group, the editor gets one of its own.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process_group, waitpid};
use rustix::termios::{OptionalActions, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp};

/// Lets this process hand the terminal over and take it back while it belongs to another group, which would stop it.
pub(super) fn keep_running_in_the_background() {
    set_background_signal(libc::SIG_IGN);
}

/// Undoes that, for a program that is about to be started.
pub(super) fn stop_in_the_background() {
    set_background_signal(libc::SIG_DFL);
}

fn set_background_signal(handler: libc::sighandler_t) {
    #[expect(unsafe_code, reason = "there is no safe interface to signals")]
    // SAFETY: neither ignoring a signal nor its default runs any code of this program.
    unsafe {
        libc::signal(libc::SIGTTOU, handler);
    }
}

/// Runs a program to its end with the terminal as its own. Without a terminal it runs all the same: it may have a window.
pub(super) fn run_in_the_foreground(mut command: Command) -> io::Result<ExitStatus> {
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        return command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .status();
    };
    let parent = getppid();
    let (group, modes) = (tcgetpgrp(&terminal)?, tcgetattr(&terminal)?);
    command
        .stdin(terminal.try_clone()?)
        .stdout(terminal.try_clone()?)
        .stderr(terminal.try_clone()?)
        .process_group(0);
    let own = terminal.try_clone()?;
    // By the program itself, before it begins: nobody else could be sure to be in time.
    let take_terminal = move || {
        tcsetpgrp(&own, getpid())?;
        stop_in_the_background();
        Ok(())
    };
    #[expect(unsafe_code, reason = "the terminal can only be taken in the new process")]
    // SAFETY: what runs between fork and exec makes system calls and takes no lock.
    unsafe {
        command.pre_exec(take_terminal);
    }
    let ended = command.spawn().and_then(|child| wait(&child, &terminal, parent));
    // When docent is gone the shell has the terminal, and keeps it.
    if getppid() == parent {
        tcsetpgrp(&terminal, group)?;
        // An editor that crashed leaves the terminal as it liked it.
        tcsetattr(&terminal, OptionalActions::Drain, &modes)?;
    }
    ended
}

/// Waits for the end of an editor. No shell watches it, so a stopped one would stand still for ever: it goes on, or is
/// ended when docent is gone and with it the claim to the terminal.
fn wait(child: &Child, terminal: &File, parent: Option<Pid>) -> io::Result<ExitStatus> {
    let editor = Pid::from_child(child);
    let mut ending = Signal::HUP;
    loop {
        let waited = retry_on_intr(|| waitpid(Some(editor), WaitOptions::UNTRACED))?;
        let Some((_, status)) = waited else { continue };
        if !status.stopped() {
            return Ok(ExitStatus::from_raw(status.as_raw()));
        }
        if getppid() != parent || tcsetpgrp(terminal, editor).is_err() {
            kill_process_group(editor, ending)?;
            ending = Signal::KILL;
        }
        kill_process_group(editor, Signal::CONT)?;
    }
}
