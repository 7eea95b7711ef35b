//! Can anything that is shipped talk to a network?
//!
//! The kernel refuses it sockets (the seal); here it is checked that nobody would even ask: no library imports what makes a
//! connection, and the program holds no HTTP client. Rust's own standard library brings `socket` and `getaddrinfo` into
//! every program, so these two are looked for in the libraries only. It takes `nm` and `readelf`, which come with gcc.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::printed_by;

const DOCENT: &str = env!("CARGO_BIN_EXE_docent");

/// What a program calls to reach another machine.
const NETWORK_CALLS: [&str; 18] = [
    "accept",
    "accept4",
    "bind",
    "connect",
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_r",
    "getnameinfo",
    "listen",
    "recv",
    "recvfrom",
    "recvmsg",
    "res_query",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "socket",
];

/// Pieces of symbol names of HTTP and TLS clients; `httplib` is the one that llama.cpp can be built with.
const CLIENT_SYMBOLS: [&str; 7] =
    ["BIO_new", "SSL_", "curl_", "gnutls_", "httplib", "mbedtls_", "nghttp2_"];

/// What stands in ONNX Runtime since 1.29: the address that it reports to, its client for it, and what that loads.
const TELEMETRY: [&str; 3] = ["OneCollector", "data.microsoft.com", "libcurl"];

#[test]
fn no_shipped_library_imports_a_network_call() {
    for library in shipped_libraries() {
        let symbols = symbols(&["-D", "--undefined-only"], &library);
        let calls: Vec<_> =
            symbols.iter().filter(|symbol| NETWORK_CALLS.contains(&symbol.as_str())).collect();
        assert!(calls.is_empty(), "`{}` imports {calls:?}", library.display());
    }
}

#[test]
fn no_shipped_file_holds_an_http_or_tls_client() {
    let mut files = shipped_libraries();
    files.push(DOCENT.into());
    for file in files {
        let mut all = symbols(&["-D"], &file);
        all.extend(symbols(&[], &file));
        let clients: Vec<_> = all
            .iter()
            .filter(|symbol| CLIENT_SYMBOLS.iter().any(|client| symbol.contains(client)))
            .collect();
        assert!(clients.is_empty(), "`{}` holds {clients:?}", file.display());
    }
}

#[test]
fn the_program_needs_only_libraries_of_the_system() {
    const SYSTEM: [&str; 6] = ["ld-linux", "libc", "libgcc_s", "libm", "libpthread", "libstdc++"];
    let needed: Vec<String> = printed_by("readelf", &["--dynamic", "--wide", DOCENT])
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect();
    assert!(!needed.is_empty(), "readelf shows no libraries");
    let others: Vec<_> = needed
        .iter()
        .filter(|library| {
            let name = library.split_once(".so").map_or(library.as_str(), |(name, _)| name);
            !SYSTEM.iter().any(|system| name.trim_end_matches("-x86-64") == *system)
        })
        .collect();
    assert!(others.is_empty(), "`docent` needs {others:?}");
}

#[test]
fn onnx_runtime_knows_no_telemetry() {
    for library in shipped_libraries() {
        let content = fs::read(&library).expect("a shipped library");
        assert!(holds(&content, "ONNX"), "`{}` is not what is looked for", library.display());
        let found: Vec<_> = TELEMETRY.iter().filter(|text| holds(&content, text)).collect();
        assert!(found.is_empty(), "`{}` holds {found:?}", library.display());
    }
}

/// The libraries in the folder where the program looks for its parts.
#[track_caller]
fn shipped_libraries() -> Vec<PathBuf> {
    let parts = Path::new(DOCENT).ancestors().nth(2).expect("cargo's folder").join("docent");
    let libraries: Vec<_> = fs::read_dir(&parts)
        .unwrap_or_else(|error| {
            panic!("`{}`: {error} (`make` puts the parts there)", parts.display())
        })
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.to_string_lossy().contains(".so"))
        .collect();
    assert!(!libraries.is_empty(), "no library in `{}`", parts.display());
    libraries
}

/// The names of the file's symbols, without the version that a library adds after an `@`.
#[track_caller]
fn symbols(options: &[&str], file: &Path) -> Vec<String> {
    let file = file.to_str().expect("a path in UTF-8");
    let printed = printed_by("nm", &[options, &["--format=posix", file]].concat());
    printed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter_map(|symbol| symbol.split('@').next())
        .map(str::to_owned)
        .collect()
}

fn holds(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|window| window == text.as_bytes())
}
