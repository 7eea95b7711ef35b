//! Which system calls is this process left with? seccomp refuses the others with an error.
//!
//! A call by the interface of another architecture ends the process: its numbers mean other calls.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

/// The bit by which the kernel tells calls of the x32 interface, which has numbers of its own for some calls.
#[cfg(target_arch = "x86_64")]
pub(super) const X32: libc::c_long = 0x4000_0000;

const REFUSED: SeccompAction = SeccompAction::Errno(libc::EPERM.cast_unsigned());
const NOT_THERE: SeccompAction = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());

/// A ring does what it is told by memory, where no filter can look.
const RINGS: [libc::c_long; 3] =
    [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];

/// What makes another process of the same user do it instead.
const OTHER_PROCESSES: [libc::c_long; 4] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
];

/// Terminal requests that type for the user: the shell would do it after docent's end.
const TYPING: [libc::c_ulong; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// What a process needs that reads from a pipe, thinks and writes to a pipe, apart from the calls whose arguments matter:
/// memory, time, chance, and an orderly or disorderly end.
const THINKING: [libc::c_long; 18] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
];

/// What starts or steers processes, or reaches beyond this one.
const BEYOND: [libc::c_long; 12] = [
    libc::SYS_execveat,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_perf_event_open,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
];

/// `libc` knows it on some processors only; new calls have the same number on all.
const FCHMODAT2: libc::c_long = 452;

/// What changes files and folders other than through an open file. Landlock does not know of rights, owners and times.
const CHANGING: [libc::c_long; 22] = [
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_fremovexattr,
    libc::SYS_fsetxattr,
    libc::SYS_ftruncate,
    libc::SYS_linkat,
    libc::SYS_lremovexattr,
    libc::SYS_lsetxattr,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_mount,
    libc::SYS_removexattr,
    libc::SYS_renameat2,
    libc::SYS_setxattr,
    libc::SYS_symlinkat,
    libc::SYS_truncate,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
];

/// The older forms of the same.
#[cfg(target_arch = "x86_64")]
const OLDER: [libc::c_long; 18] = [
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_creat,
    libc::SYS_fork,
    libc::SYS_futimesat,
    libc::SYS_lchown,
    libc::SYS_link,
    libc::SYS_mkdir,
    libc::SYS_mknod,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_rmdir,
    libc::SYS_symlink,
    libc::SYS_unlink,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_vfork,
    libc::SYS_uselib,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [libc::c_long; 1] = [libc::SYS_renameat];

/// For each call: when its arguments fit one of the rules; always, when there are none.
type Calls = BTreeMap<libc::c_long, Vec<SeccompRule>>;

/// Refuses every way to a network, in all threads: sockets that are not local, and what would get round that.
pub(super) fn refuse_network() -> Result<(), Error> {
    let foreign = when(0, SeccompCmpOp::Ne, libc::AF_UNIX)?;
    let mut calls = every(RINGS);
    calls.extend(every(OTHER_PROCESSES));
    calls
        .extend([libc::SYS_socket, libc::SYS_socketpair].map(|call| (call, vec![foreign.clone()])));
    calls.insert(libc::SYS_ioctl, typing()?);
    enforce(calls, SeccompAction::Allow, REFUSED)
}

/// Leaves memory, the three standard streams, and the end. Everything else is refused: files, sockets, processes, threads.
pub(super) fn allow_memory_and_pipes() -> Result<(), Error> {
    let mut calls = every(THINKING);
    calls.insert(libc::SYS_read, vec![when(0, SeccompCmpOp::Eq, libc::STDIN_FILENO)?]);
    let out = vec![
        when(0, SeccompCmpOp::Eq, libc::STDOUT_FILENO)?,
        when(0, SeccompCmpOp::Eq, libc::STDERR_FILENO)?,
    ];
    calls.extend([libc::SYS_write, libc::SYS_writev].map(|call| (call, out.clone())));
    // Memory that holds a document must never be run.
    let not_run = when(2, mask(libc::PROT_EXEC), 0)?;
    calls.extend([libc::SYS_mmap, libc::SYS_mprotect].map(|call| (call, vec![not_run.clone()])));
    calls.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, own_id())?]);
    enforce(calls, REFUSED, SeccompAction::Allow)
}

/// Leaves threads and reading files (which ones is Landlock's part). Refused are programs, processes, sockets, and changes
/// to anything.
pub(super) fn allow_threads_and_reading() -> Result<(), Error> {
    let mut calls = changes_and_processes()?;
    calls.extend(every([libc::SYS_execve]));
    enforce(calls, SeccompAction::Allow, REFUSED)
}

/// As [`allow_threads_and_reading`], but files may be opened for writing: Landlock knows which.
pub(super) fn allow_threads_and_opening() -> Result<(), Error> {
    let mut calls = changes_and_processes()?;
    calls.extend(every([libc::SYS_execve]));
    calls.remove(&libc::SYS_openat);
    #[cfg(target_arch = "x86_64")]
    calls.remove(&libc::SYS_open);
    enforce(calls, SeccompAction::Allow, REFUSED)
}

/// As [`allow_threads_and_reading`], but this process may become another program, which has no other rights.
pub(super) fn allow_to_become_a_program() -> Result<(), Error> {
    enforce(changes_and_processes()?, SeccompAction::Allow, REFUSED)
}

/// What a process needs neither for threads nor for reading files, but the becoming of another program.
fn changes_and_processes() -> Result<Calls, Error> {
    // Their arguments stand in memory, where no filter can look; libraries go back to the older forms when these are not
    // there.
    let unreadable = every([libc::SYS_clone3, libc::SYS_openat2]);
    enforce(unreadable, SeccompAction::Allow, NOT_THERE)?;

    let mut calls = every(BEYOND);
    calls.extend(every(RINGS));
    calls.extend(every(OTHER_PROCESSES));
    calls.extend(every(CHANGING));
    calls.extend(every(OLDER));
    calls.insert(libc::SYS_ioctl, typing()?);
    calls.insert(libc::SYS_clone, vec![when(0, mask(libc::CLONE_THREAD), 0)?]);
    calls.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Ne, own_id())?]);
    calls.insert(libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Ne, 0)?]);
    calls.insert(libc::SYS_openat, writing(2)?);
    #[cfg(target_arch = "x86_64")]
    calls.insert(libc::SYS_open, writing(1)?);
    Ok(calls)
}

fn every(calls: impl IntoIterator<Item = libc::c_long>) -> Calls {
    calls.into_iter().map(|call| (call, Vec::new())).collect()
}

/// Fits when the argument, counted from 0, compares so with `value`. Only its lower half is looked at, as the kernel does
/// with numbers of this size.
fn when(argument: u8, comparison: SeccompCmpOp, value: libc::c_int) -> Result<SeccompRule, Error> {
    let value = u64::from(value.cast_unsigned());
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

/// Compares only these bits.
fn mask(bits: libc::c_int) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(u64::from(bits.cast_unsigned()))
}

/// Fits requests that type for the user.
fn typing() -> Result<Vec<SeccompRule>, Error> {
    let mut rules = Vec::new();
    for request in TYPING {
        let condition =
            SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, request)?;
        rules.push(SeccompRule::new(vec![condition])?);
    }
    Ok(rules)
}

/// Fits when the flags of opening, in this argument, allow a change.
fn writing(flags: u8) -> Result<Vec<SeccompRule>, Error> {
    let ways = [
        (libc::O_ACCMODE, libc::O_WRONLY),
        (libc::O_ACCMODE, libc::O_RDWR),
        (libc::O_ACCMODE, libc::O_ACCMODE),
        (libc::O_CREAT, libc::O_CREAT),
        (libc::O_TRUNC, libc::O_TRUNC),
    ];
    ways.into_iter().map(|(bits, value)| when(flags, mask(bits), value)).collect()
}

/// This process as the kernel names it in calls. An abort is a signal to oneself.
fn own_id() -> libc::c_int {
    std::process::id().cast_signed()
}

/// Makes the kernel answer the calls that fit with `fitting` and all others with `others`, in every thread, for good. It
/// also makes no program that is started gain rights, without which no filter is taken.
fn enforce(calls: Calls, others: SeccompAction, fitting: SeccompAction) -> Result<(), Error> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(calls, others, fitting, architecture)?;
    let program: BpfProgram = filter.try_into()?;
    let whole: BpfProgram = refuse_x32().into_iter().chain(program).collect();
    seccompiler::apply_filter_all_threads(&whole)
}

/// The head of a program that refuses every call of the x32 interface. The rest of a program knows single numbers only.
#[cfg(target_arch = "x86_64")]
fn refuse_x32() -> [sock_filter; 3] {
    let step = |code: u32, jf: u8, k: u32| sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt: 0,
        jf,
        k,
    };
    [
        // The number of the call is the first of what is known of it.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(
            libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K,
            1,
            u32::try_from(X32).unwrap_or(u32::MAX),
        ),
        step(libc::BPF_RET | libc::BPF_K, 0, REFUSED.into()),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn refuse_x32() -> [sock_filter; 0] {
    []
}
