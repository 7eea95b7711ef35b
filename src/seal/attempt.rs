//! Does the kernel really refuse what it was told to refuse? Here it is tried.
//!
//! Nothing is sent: what is tried first reaches this machine at most, and the addresses after it (RFC 5737, RFC 3849)
//! belong to nobody; trying ends with the first way that is not refused.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// How long a connection that is not refused is waited for.
const PATIENCE: Duration = Duration::from_millis(200);

/// A port on which nothing answers: what is sent there is thrown away by its very purpose.
const DISCARD: u16 = 9;

/// Something that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What, in a few words.
    pub what: &'static str,
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel forbids it.
    Refused,
    /// It could be done.
    Done,
    /// It was not forbidden, and failed of something else.
    Failed { reason: String },
}

impl Attempt {
    /// Sorts what came of trying `what`.
    pub fn new(what: &'static str, tried: io::Result<()>) -> Self {
        let outcome = match tried {
            Ok(()) => Outcome::Done,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Outcome::Refused,
            Err(error) => Outcome::Failed { reason: error.to_string() },
        };
        Self { what, outcome }
    }

    pub fn is_refused(&self) -> bool {
        self.outcome == Outcome::Refused
    }
}

impl fmt::Display for Attempt {
    /// One line: the outcome, then what was tried.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Refused => write!(formatter, "refused: {}", self.what),
            Outcome::Done => write!(formatter, "done: {}", self.what),
            Outcome::Failed { reason } => write!(formatter, "failed: {}: {reason}", self.what),
        }
    }
}

type Way = (&'static str, fn() -> io::Result<()>);

const WAYS_OUT: &[Way] = &[
    ("a connection to 127.0.0.1", || connect(Ipv4Addr::LOCALHOST)),
    ("a connection to ::1", || connect(Ipv6Addr::LOCALHOST)),
    ("a UDP socket", || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)),
    #[cfg(target_os = "linux")]
    ("a netlink socket", linux::netlink),
    #[cfg(target_os = "linux")]
    ("a pair of internet sockets", linux::internet_pair),
    #[cfg(target_os = "linux")]
    ("a ring of io_uring", linux::ring),
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    ("a TCP socket by the x32 interface", linux::socket_by_x32),
    ("a connection to 192.0.2.1", || connect(Ipv4Addr::new(192, 0, 2, 1))),
    ("a connection to 2001:db8::1", || connect(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];

/// Tries the ways to a network one after the other, up to the first that is not refused.
pub fn ways_out() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (what, way) in WAYS_OUT {
        let attempt = Attempt::new(what, way());
        let refused = attempt.is_refused();
        attempts.push(attempt);
        if !refused {
            break;
        }
    }
    attempts
}

fn connect(address: impl Into<std::net::IpAddr>) -> io::Result<()> {
    TcpStream::connect_timeout(&SocketAddr::new(address.into(), DISCARD), PATIENCE).map(drop)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket, socketpair};

    pub(super) fn netlink() -> io::Result<()> {
        socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
        Ok(())
    }

    pub(super) fn internet_pair() -> io::Result<()> {
        socketpair(AddressFamily::INET, SocketType::STREAM, SocketFlags::empty(), None)?;
        Ok(())
    }

    /// Asks for a ring without room, which the kernel turns down where it does not forbid it.
    pub(super) fn ring() -> io::Result<()> {
        #[expect(unsafe_code, reason = "no safe interface asks for a ring")]
        // SAFETY: the call reads no memory before it has turned the size down, and a null pointer is an error to it.
        let ring = unsafe {
            libc::syscall(libc::SYS_io_uring_setup, 0, std::ptr::null_mut::<libc::c_void>())
        };
        taken(ring)
    }

    /// The same call through the interface for programs with short pointers, which few kernels still have.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn socket_by_x32() -> io::Result<()> {
        let call = libc::SYS_socket | super::super::calls::X32;
        #[expect(unsafe_code, reason = "no safe interface makes calls of another one")]
        // SAFETY: the call takes three numbers and touches no memory.
        let made = unsafe { libc::syscall(call, libc::AF_INET, libc::SOCK_STREAM, 0) };
        taken(made)
    }

    /// Closes what a call gave, or tells why it gave nothing.
    fn taken(descriptor: libc::c_long) -> io::Result<()> {
        let descriptor = RawFd::try_from(descriptor).map_err(io::Error::other)?;
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        #[expect(unsafe_code, reason = "the call gives a bare number")]
        // SAFETY: the number is a descriptor that was made just now and belongs to nobody else.
        drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_kernel_forbids_counts_as_refused() {
        let attempt = |error: i32| Attempt::new("a try", Err(io::Error::from_raw_os_error(error)));
        assert!(attempt(1).is_refused());
        assert!(attempt(13).is_refused());
        assert!(!attempt(111).is_refused());
        assert!(!Attempt::new("a try", Ok(())).is_refused());
        assert_eq!(attempt(1).to_string(), "refused: a try");
        assert_eq!(Attempt::new("a try", Ok(())).to_string(), "done: a try");
    }

    #[test]
    fn trying_ends_with_the_first_way_that_is_not_refused() {
        // This process is not sealed: this machine can be reached, or at least be asked.
        assert_eq!(ways_out().len(), 1);
    }
}
