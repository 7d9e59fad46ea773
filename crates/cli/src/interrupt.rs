//! Ctrl-C: one handler for the whole process. Whoever waits for something long watches for it; with nobody watching it
//! ends the process, as it would without a handler.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::errors::CliError;

static INSTALLED: Mutex<bool> = Mutex::new(false);
static WATCHING: AtomicUsize = AtomicUsize::new(0);
static PRESSED: AtomicBool = AtomicBool::new(false);

/// What shells expect of a program that Ctrl-C has ended.
const ENDED: i32 = 130;

/// While it lives Ctrl-C is only noted.
pub(crate) struct Watch(());

impl Watch {
    /// Begins to watch.
    pub(crate) fn new() -> Result<Self, CliError> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*installed {
            ctrlc::set_handler(pressed)
                .map_err(|error| CliError::caused_by("cannot listen for Ctrl-C", error))?;
            *installed = true;
        }
        WATCHING.fetch_add(1, Ordering::SeqCst);
        Ok(Self(()))
    }

    /// Whether somebody has pressed Ctrl-C.
    #[expect(
        clippy::unused_self,
        reason = "only who watches may ask: for everybody else the process has ended"
    )]
    pub(crate) fn is_pressed(&self) -> bool {
        PRESSED.load(Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[expect(clippy::exit, reason = "without a handler Ctrl-C would have ended it here, too")]
fn pressed() {
    PRESSED.store(true, Ordering::SeqCst);
    if WATCHING.load(Ordering::SeqCst) == 0 {
        std::process::exit(ENDED);
    }
}
