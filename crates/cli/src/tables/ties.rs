//! What ties templates to a region, as a table and as JSON.

use lifeboat_arm::template::regions::{Level, Tie};
use serde_json::{Value, json};

use crate::format::counted;
use crate::layout::Layout;
use crate::style::Tone;

/// Ties for people: file by file, each with its place, what was found and what to change.
pub fn ties(ties: &[Tie], files: usize, unread: usize, layout: Layout) -> String {
    let mut out = String::new();
    for tie in ties {
        out += &one(tie, layout);
    }
    if !ties.is_empty() {
        out += "\n";
    }
    out + &layout.hang("", &summary(ties, files, unread), Tone::Strong)
}

fn one(tie: &Tie, layout: Layout) -> String {
    let level = tie.kind.level();
    let tone = match level {
        Level::MustChange => Tone::Bad,
        Level::MayChange => Tone::Warn,
        Level::GoodToKnow => Tone::Plain,
    };
    let place = format!("{}:{}:{}", tie.file, tie.position.line, tie.position.column);
    let title = format!("{}  {}  {place}  {}", level.words(), tie.kind.code(), tie.pointer);
    layout.hang(&format!("{} ", tone.sign()), &title, tone)
        + &layout.hang("    found:  ", &tie.found, Tone::Plain)
        + &layout.hang("    change: ", &tie.change, Tone::Quiet)
}

fn summary(ties: &[Tie], files: usize, unread: usize) -> String {
    let files = match unread {
        0 => counted(files, "file"),
        _ => format!("{} read, {unread} could not be", counted(files, "file")),
    };
    if ties.is_empty() && unread > 0 {
        return format!("{files}: nothing found in what was read");
    }
    if ties.is_empty() {
        return format!("{files}: nothing ties to a region");
    }
    let words = |level: Level| {
        let count = count(ties, level);
        let verb = match level {
            Level::GoodToKnow if count == 1 => "is good to know",
            Level::GoodToKnow => "are good to know",
            other => other.words(),
        };
        format!("{count} {verb}")
    };
    let levels = [Level::MustChange, Level::MayChange, Level::GoodToKnow];
    format!("{files}: {}", levels.map(words).join(", "))
}

fn count(ties: &[Tie], level: Level) -> usize {
    ties.iter().filter(|tie| tie.kind.level() == level).count()
}

/// Ties for programs.
pub fn ties_json(ties: &[Tie], files: usize, unread: usize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&json!({
        "files": files,
        "unread": unread,
        "counts": {
            "mustChange": count(ties, Level::MustChange),
            "mayChange": count(ties, Level::MayChange),
            "goodToKnow": count(ties, Level::GoodToKnow),
        },
        "findings": ties.iter().map(tie_json).collect::<Value>(),
    }))
}

fn tie_json(tie: &Tie) -> Value {
    json!({
        "level": tie.kind.level(),
        "code": tie.kind.code(),
        "file": tie.file,
        "line": tie.position.line,
        "column": tie.position.column,
        "range": { "start": tie.range.start, "end": tie.range.end },
        "pointer": tie.pointer,
        "found": tie.found,
        "change": tie.change,
    })
}
