//! Ctrl-C: one handler for the whole process, and whoever waits for something long looks at its flag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::errors::CliError;

static FLAG: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// Set once somebody has pressed Ctrl-C. From the first call on the process no longer ends by it of itself.
pub(crate) fn flag() -> Result<Arc<AtomicBool>, CliError> {
    let mut known = FLAG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(flag) = &*known {
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&flag);
    ctrlc::set_handler(move || shared.store(true, Ordering::Relaxed))
        .map_err(|error| CliError::caused_by("cannot listen for Ctrl-C", error))?;
    Ok(Arc::clone(known.insert(flag)))
}
