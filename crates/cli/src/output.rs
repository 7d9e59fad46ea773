//! The only place that writes to the standard streams: data to stdout, everything else to stderr.

use std::io::{self, Write as _};

use crate::layout::Layout;

/// What the standard streams are and how text on them should look.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// How text on stdout is laid out.
    pub stdout: Layout,
    /// How text on stderr is laid out.
    pub stderr: Layout,
    /// Whether progress may redraw its line.
    pub stderr_is_terminal: bool,
}

/// Writes data to stdout, ending in a line break. A reader that went away (`| head`) is no error.
pub fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a message to stderr.
#[expect(clippy::print_stderr, reason = "the one named place for messages")]
pub fn complain(text: &str) {
    eprint!("{text}");
    if !text.ends_with('\n') {
        eprintln!();
    }
}
