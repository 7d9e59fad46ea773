//! Errors as people see them, and the exit codes.
//!
//! `error: …` first, then where (file, line, column and the text itself), then what it was caused by, `hint:` last.

use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::layout::Layout;
use crate::style::{Style, Tone};

/// How the command ends. Scripts rely on these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: everything asked for was done; objectives are met, nothing blocks.
    Fine = 0,
    /// 1: the command did its work and the answer is bad: an objective was missed, an invariant broke, a finding blocks.
    Missed = 1,
    /// 2: the input is wrong or could not be read; nothing was decided. Wrong arguments end with it, too.
    Input = 2,
    /// 130: stopped by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Places in files that are wrong. All that were found, not only the first.
    #[error("{} in the input", crate::format::counted(.0.len(), "problem"))]
    Located(Vec<Located>),
    /// Something failed that has no place in a file.
    #[error("{message}")]
    Failed {
        /// One lower-case sentence about this layer.
        message: String,
        /// What it was caused by.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
        /// What to do next.
        hint: Option<String>,
    },
    /// The command is known and this build cannot run it.
    #[error("this build cannot run `{command}`")]
    Missing {
        /// The command.
        command: &'static str,
    },
    /// Ctrl-C.
    #[error("stopped by Ctrl-C")]
    Interrupted,
}

impl CliError {
    /// A failure with one sentence and nothing behind it.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), source: None, hint: None }
    }

    /// A failure caused by another.
    pub fn caused_by(message: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed { message: message.into(), source: Some(Box::new(source)), hint: None }
    }

    /// The same with what to do next. Places in files have hints of their own and stay as they are.
    #[must_use]
    pub fn with_hint(self, advice: impl Into<String>) -> Self {
        match self {
            Self::Failed { message, source, .. } => {
                Self::Failed { message, source, hint: Some(advice.into()) }
            }
            other => other,
        }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Located(_) | Self::Failed { .. } | Self::Missing { .. } => Exit::Input,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<Located> for CliError {
    fn from(located: Located) -> Self {
        Self::Located(vec![located])
    }
}

/// A place in a file and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file's name as the user wrote it.
    pub file: String,
    /// The whole text of the file.
    pub text: String,
    /// The bytes in question.
    pub range: Range<usize>,
    /// What is wrong, in one lower-case sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Located {
    /// Line and column, counted from 1, the column in characters.
    pub fn position(&self) -> (usize, usize) {
        let before = &self.text[..self.range().start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The range, moved onto character boundaries inside the text: a wrong range must not hide the message.
    fn range(&self) -> Range<usize> {
        let start = self.text.floor_char_boundary(self.range.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(self.range.end.min(self.text.len()));
        start..end.max(start)
    }

    fn render(&self, layout: Layout) -> String {
        let renderer = match layout.style {
            Style::Plain => Renderer::plain(),
            Style::Colour => Renderer::styled(),
        };
        if self.text.is_empty() {
            let file = format!(" --> {}\n", self.file);
            return headline(&self.message, layout) + &file + &hint(self.hint.as_deref(), layout);
        }
        let snippet = Snippet::source(self.text.as_str())
            .path(self.file.as_str())
            .annotation(AnnotationKind::Primary.span(self.range()));
        let group = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        let mut text = renderer.decor_style(DecorStyle::Ascii).term_width(layout.width).render(&[group]);
        text.push('\n');
        text + &hint(self.hint.as_deref(), layout)
    }
}

/// The error as it is printed to stderr.
pub fn render(error: &CliError, layout: Layout) -> String {
    match error {
        CliError::Located(places) => {
            let parts: Vec<String> = places.iter().map(|place| place.render(layout)).collect();
            let mut text = parts.join("\n");
            if places.len() > 1 {
                text += "\n";
                text += &headline(&error.to_string(), layout);
            }
            text
        }
        CliError::Failed { message, hint: advice, source } => {
            let causes = source.as_deref().map(|source| chain(source, message, layout));
            headline(message, layout) + &causes.unwrap_or_default() + &hint(advice.as_deref(), layout)
        }
        CliError::Missing { .. } | CliError::Interrupted => headline(&error.to_string(), layout),
    }
}

/// The error for programs: every message with its place, without the lines of the files.
pub(crate) fn plain(error: &CliError) -> String {
    let CliError::Located(places) = error else { return error.to_string() };
    let one = |place: &Located| {
        let (line, column) = place.position();
        format!("{}:{line}:{column}: {}", place.file, place.message)
    };
    places.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn headline(message: &str, layout: Layout) -> String {
    format!("{}{} {message}\n", layout.style.paint(Tone::Bad, "error"), layout.style.paint(Tone::Strong, ":"))
}

/// The causes, outermost first. A layer that only repeats what was said is left out: nothing is printed twice.
fn chain(source: &(dyn Error + Send + Sync + 'static), message: &str, layout: Layout) -> String {
    let mut out = String::new();
    let mut said = message.to_owned();
    let mut at: Option<&dyn Error> = Some(source);
    while let Some(error) = at {
        let says = error.to_string();
        if !said.ends_with(&says) {
            out += &layout.hang("  caused by: ", &says, Tone::Plain);
        }
        said = says;
        at = error.source();
    }
    out
}

fn hint(advice: Option<&str>, layout: Layout) -> String {
    advice.map_or_else(String::new, |advice| {
        layout.hang("hint: ", advice, Tone::Plain).replacen(
            "hint:",
            &layout.style.paint(Tone::Strong, "hint:"),
            1,
        )
    })
}
