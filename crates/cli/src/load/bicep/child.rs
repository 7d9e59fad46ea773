//! A child process with an end: it is waited for, and killed when that takes too long or somebody presses Ctrl-C.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::interrupt::Watch;

/// How often Ctrl-C is looked for.
const TICK: Duration = Duration::from_millis(50);

/// What a program printed before it ended by itself.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) success: bool,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Ended {
    Interrupted,
    TooLong,
    Failed(std::io::Error),
}

/// Runs a program to its end.
pub(super) fn run(mut command: Command, patience: Duration) -> Result<Output, Ended> {
    let watch = Watch::new().map_err(|error| Ended::Failed(std::io::Error::other(error.to_string())))?;
    own_group(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Ended::Failed)?;
    let stdout = child.stdout.take().expect("it was asked for");
    let stderr = child.stderr.take().expect("it was asked for");
    let (closed, pipes) = channel();
    // Both at once: a program that fills one pipe waits until somebody reads it.
    std::thread::scope(|scope| {
        // Whoever listened may have given up.
        let (done, also_done) = (closed.clone(), closed.clone());
        let out = scope.spawn(move || (text(stdout), done.send(()).unwrap_or(())).0);
        let err = scope.spawn(move || (text(stderr), also_done.send(()).unwrap_or(())).0);
        #[expect(clippy::disallowed_methods, reason = "a program of this machine is waited for in its time")]
        let began = Instant::now();
        let mut open = 2;
        // It has ended when both pipes are closed and it is gone: it may close either early, and leave one to another.
        let gave_up = loop {
            match child.try_wait() {
                Ok(Some(_)) if open == 0 => break None,
                Ok(_) => {}
                Err(error) => break Some(Ended::Failed(error)),
            }
            let tick = if open == 0 { TICK / 10 } else { TICK };
            if pipes.recv_timeout(tick).is_ok() {
                open -= 1;
                continue;
            }
            if watch.is_pressed() {
                break Some(Ended::Interrupted);
            }
            if began.elapsed() > patience {
                break Some(Ended::TooLong);
            }
        };
        if let Some(why) = gave_up {
            kill(&mut child);
            return Err(why);
        }
        let status = child.wait().map_err(Ended::Failed)?;
        let joined = |thread: std::thread::ScopedJoinHandle<'_, String>| thread.join().unwrap_or_default();
        // Ctrl-C in a terminal reaches the child first, and its end is then no answer.
        if watch.is_pressed() {
            return Err(Ended::Interrupted);
        }
        Ok(Output { stdout: joined(out), stderr: joined(err), success: status.success() })
    })
}

/// `az` starts others, which would go on without it and keep the pipes open: all of them are one group.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Ends it and whatever it started. It may have ended by itself in the meantime, which is as good.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(id) = i32::try_from(child.id()) {
        nix::sys::signal::killpg(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGKILL)
            .unwrap_or(());
    }
    drop(child.kill());
    drop(child.wait());
}

fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read until the pipe broke is all that there is.
    drop(from.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_that_ends_is_heard() {
        let long = "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo out; exit 3";
        let output = run(shell(long), Duration::from_mins(1)).unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.len(), output.success), ("out\n", 220_000, false));
    }

    /// Some compilers close what they do not need, and go on.
    #[test]
    fn one_that_closes_its_pipes_is_still_waited_for() {
        let output = run(shell("exec 2>&-; sleep 0.3; echo out; exit 3"), Duration::from_mins(1)).unwrap();
        assert_eq!((output.stdout.as_str(), output.success), ("out\n", false));
        let ended = run(shell("exec >&- 2>&-; sleep 600"), Duration::from_millis(150));
        assert!(matches!(ended, Err(Ended::TooLong)), "{ended:?}");
    }

    #[test]
    fn one_that_does_not_is_killed_with_all_that_it_started() {
        let ended = run(shell("sleep 600 & sleep 600"), Duration::from_millis(150));
        assert!(matches!(ended, Err(Ended::TooLong)), "{ended:?}");
        let ended = run(Command::new("there-is-no-such-program"), Duration::from_secs(1));
        assert!(matches!(ended, Err(Ended::Failed(_))), "{ended:?}");
    }
}
