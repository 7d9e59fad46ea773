//! Progress on stderr while a drill runs: one line that redraws itself on a terminal, plain lines elsewhere.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::format;

/// Where a drill stands. Whoever runs it calls an `FnMut(Progress)` with these.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Virtual time.
    pub at: Timestamp,
    /// The phase: `prepare`, `outage`, `failover`, …
    pub phase: String,
    /// What happens now, in a few words.
    pub text: String,
    /// How much is done, from 0 to 1.
    pub share: f64,
}

/// Shows progress. Dropping it clears the line.
pub struct Reporter {
    shape: Shape,
}

enum Shape {
    Bar(ProgressBar),
    Lines { out: Box<dyn Write>, phase: String },
}

impl Reporter {
    /// A line that redraws itself if stderr is a terminal, else a plain line for each phase.
    pub fn to_stderr(is_terminal: bool) -> Self {
        if is_terminal {
            Self::bar(ProgressDrawTarget::stderr())
        } else {
            Self::lines(Box::new(std::io::stderr()))
        }
    }

    /// A plain line for each phase.
    pub fn lines(out: Box<dyn Write>) -> Self {
        Self { shape: Shape::Lines { out, phase: String::new() } }
    }

    fn bar(target: ProgressDrawTarget) -> Self {
        let style = ProgressStyle::with_template("{prefix:>12.bold} {bar:24.cyan} {wide_msg}")
            .expect("the template is constant and has only known keys")
            .progress_chars("━╸─");
        let bar = ProgressBar::with_draw_target(Some(1000), target).with_style(style);
        Self { shape: Shape::Bar(bar) }
    }

    /// Shows where the drill stands.
    pub fn show(&mut self, progress: &Progress) {
        match &mut self.shape {
            Shape::Bar(bar) => {
                bar.set_prefix(progress.phase.clone());
                bar.set_message(format!("{}  {}", format::clock(progress.at), progress.text));
                bar.set_position(thousandths(progress.share));
            }
            Shape::Lines { out, phase } if *phase != progress.phase => {
                phase.clone_from(&progress.phase);
                let clock = format::clock(progress.at);
                // Progress is a courtesy: when nobody can read it, the drill goes on.
                let _courtesy: Result<(), _> =
                    writeln!(out, "{clock}  {}: {}", progress.phase, progress.text);
            }
            Shape::Lines { .. } => {}
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Shape::Bar(bar) = &self.shape {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 before")]
fn thousandths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);
    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn elsewhere_than_on_a_terminal_each_phase_is_one_line() {
        let page = Page::default();
        let mut reporter = Reporter::lines(Box::new(page.clone()));
        for (second, phase, text) in
            [(0, "prepare", "7 steps"), (30, "prepare", "step 3 of 7"), (95, "outage", "West Europe is gone")]
        {
            let at = Timestamp::from_second(second).unwrap();
            reporter.show(&Progress { at, phase: phase.into(), text: text.into(), share: 0.5 });
        }
        assert_eq!(
            String::from_utf8(page.0.borrow().clone()).unwrap(),
            "00:00:00  prepare: 7 steps\n00:01:35  outage: West Europe is gone\n"
        );
    }

    #[test]
    fn a_share_outside_its_range_is_clamped() {
        for (share, expected) in [(-1.0, 0), (0.5, 500), (7.0, 1000), (f64::NAN, 0)] {
            assert_eq!(thousandths(share), expected);
        }
    }
}
