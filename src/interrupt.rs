//! How does Ctrl+C stop work without losing what is done?

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first Ctrl+C, termination or hang-up signal. A second one ends the process at once:
/// whoever asks twice does not want to wait.
pub fn token() -> io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate, mut hang_up) = {
        let _guard = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hang_up.recv() => {}
                }
                if cancelled.is_cancelled() {
                    #[expect(
                        clippy::exit,
                        reason = "the work in progress did not stop when it was asked to"
                    )]
                    std::process::exit(130);
                }
                cancelled.cancel();
            }
        });
    });
    Ok(token)
}
