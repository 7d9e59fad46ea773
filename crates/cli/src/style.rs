//! Meaning and colour of text: a tone says what something means, a style says how it is shown.

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is wrong.
    Bad,
    /// Something wants attention.
    Warn,
    /// A heading or a name.
    Strong,
    /// Only a detail.
    Quiet,
    /// Nothing in particular.
    Plain,
}

impl Tone {
    /// The tone of an outcome's words, such as `done`, `degraded 3/5`, `failed: …`.
    pub fn of_outcome(outcome: &str) -> Self {
        let starts = |words: &[&str]| words.iter().any(|word| outcome.starts_with(word));
        if starts(&["done", "already done", "succeeded"]) {
            Self::Good
        } else if starts(&["failed", "stuck", "outcome unknown", "refused", "broken"]) {
            Self::Bad
        } else if starts(&["degraded", "skipped", "deferred", "paused", "stopped"]) {
            Self::Warn
        } else {
            Self::Quiet
        }
    }

    /// The tone of a happening: `bad`, `good`, anything else.
    pub fn of_happening(tone: &str) -> Self {
        match tone {
            "bad" => Self::Bad,
            "good" => Self::Good,
            "warn" => Self::Warn,
            _ => Self::Plain,
        }
    }

    /// The tone of a component's state.
    pub fn of_state(state: &str) -> Self {
        match state {
            "protected" => Self::Good,
            "unprotected" | "lost" | "failed" => Self::Bad,
            "degraded" | "unknown" | "redeployed" | "not deployed" | "protected in part" => Self::Warn,
            _ => Self::Plain,
        }
    }

    /// A sign that carries the tone where colour does not reach.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Warn => "!",
            Self::Strong | Self::Quiet | Self::Plain => "·",
        }
    }

    /// The word for style sheets.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Strong => "strong",
            Self::Quiet => "quiet",
            Self::Plain => "plain",
        }
    }

    fn code(self) -> Option<&'static str> {
        match self {
            Self::Good => Some("32"),
            Self::Bad => Some("1;31"),
            Self::Warn => Some("33"),
            Self::Strong => Some("1"),
            Self::Quiet => Some("2"),
            Self::Plain => None,
        }
    }
}

/// Whether text is coloured. Decided once, by `main`, from what the stream is and what `NO_COLOR` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences at all.
    Plain,
    /// ANSI colours.
    Colour,
}

impl Style {
    /// Colour for a terminal, unless `NO_COLOR` is set to anything but the empty string (<https://no-color.org>).
    pub fn of(is_terminal: bool, no_color: Option<&std::ffi::OsStr>) -> Self {
        let forbidden = no_color.is_some_and(|value| !value.is_empty());
        if is_terminal && !forbidden { Self::Colour } else { Self::Plain }
    }

    /// The text in its tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        match (self, tone.code()) {
            (Self::Colour, Some(code)) if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn colour_is_for_terminals_that_do_not_refuse_it() {
        for (is_terminal, no_color, expected) in [
            (true, None, Style::Colour),
            (true, Some(""), Style::Colour),
            (true, Some("1"), Style::Plain),
            (false, None, Style::Plain),
        ] {
            assert_eq!(Style::of(is_terminal, no_color.map(OsStr::new)), expected);
        }
    }

    #[test]
    fn plain_text_holds_no_escapes() {
        assert_eq!(Style::Plain.paint(Tone::Bad, "lost"), "lost");
        assert_eq!(Style::Colour.paint(Tone::Bad, "lost"), "\x1b[1;31mlost\x1b[0m");
        assert_eq!(Style::Colour.paint(Tone::Plain, "lost"), "lost");
    }

    #[test]
    fn outcomes_have_tones() {
        for (outcome, tone) in [
            ("done", Tone::Good),
            ("already done", Tone::Good),
            ("degraded 3/5", Tone::Warn),
            ("failed: 409", Tone::Bad),
            ("not started", Tone::Quiet),
        ] {
            assert_eq!(Tone::of_outcome(outcome), tone, "{outcome}");
        }
    }
}
