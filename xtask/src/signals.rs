//! Ctrl-C, SIGTERM and SIGHUP: counted here, acted on by whoever is waiting.
//! The second one means "at once".

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Takes the signals over from their default, which would end us and leave our children behind.
pub fn listen() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for signals")?;
    std::thread::spawn(move || {
        for _ in &mut signals {
            ASKED.fetch_add(1, Ordering::SeqCst);
        }
    });
    Ok(())
}

/// True once somebody has asked us to end.
pub fn stop_asked() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}

/// True when they have asked again: waiting is over.
pub fn stop_asked_twice() -> bool {
    ASKED.load(Ordering::SeqCst) > 1
}
