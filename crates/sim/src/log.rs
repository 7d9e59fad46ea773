//! The event log: changes of state and counts per minute, never single requests of users.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::planes::Planes;
use crate::report::Happening;

/// Lines of `events.jsonl`, and the happenings that the report's timeline shows.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Vec<(Timestamp, String)>,
    pub(crate) planes: Planes,
    pub(crate) timeline: Vec<Happening>,
}

impl Log {
    /// A change of state that belongs on the timeline.
    pub(crate) fn happens(&mut self, at: Timestamp, who: &str, tone: Tone, what: impl Into<String>) {
        let what = what.into();
        let (who, tone) = (who.to_owned(), tone.word().to_owned());
        let line = json!({ "at": at, "kind": "happening", "who": who, "tone": tone, "what": what });
        self.lines.push((at, line.to_string()));
        self.timeline.push(Happening { at, who, tone, what });
    }

    /// Something that is kept but does not belong on the timeline: its kind, and fields of its own.
    pub(crate) fn detail(&mut self, at: Timestamp, who: &str, kind: &str, mut more: Value) {
        if let Some(object) = more.as_object_mut() {
            object.insert("at".into(), json!(at));
            object.insert("who".into(), json!(who));
            object.insert("kind".into(), json!(kind));
        }
        self.lines.push((at, more.to_string()));
    }

    /// The lines in order of time.
    pub(crate) fn into_lines(mut self) -> Vec<String> {
        self.lines.sort_by_key(|(at, _)| *at);
        self.lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// How a happening should stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Neither.
    Plain,
    /// Something got worse.
    Bad,
    /// Something got better.
    Good,
}

impl Tone {
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Bad => "bad",
            Self::Good => "good",
        }
    }
}
