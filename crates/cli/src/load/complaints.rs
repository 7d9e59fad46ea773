//! What is wrong with users' files, shown in the files.

use std::collections::BTreeMap;

use lifeboat_arm::template::secrets::{cover_queries, secret_ranges};
use lifeboat_arm::template::{Diagnostic, Template};
use lifeboat_planner::{Position, Problem};

use super::text::shown;
use crate::errors::{CliError, Located};

/// Diagnostics of templates and parameter files, each in its own file.
pub(super) fn of_diagnostics(found: &[Diagnostic]) -> CliError {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let located = |found: &Diagnostic, text: &str| {
        // A mark at the beginning counts in ranges, and nobody wants to see it.
        let shown = text.trim_start_matches('\u{feff}');
        let mark = text.len() - shown.len();
        Located {
            file: found.file.clone(),
            text: shown.to_owned(),
            range: found.range.start.saturating_sub(mark)..found.range.end.saturating_sub(mark),
            message: format!("{}{}", found.message, way(found)),
            hint: hint(found),
        }
    };
    let all = found.iter().map(|found| {
        // A linked file may be anywhere; without its text the place is still named by the message.
        let text = texts.entry(&found.file).or_insert_with(|| {
            std::fs::read(&found.file).map_or_else(|_| String::new(), |bytes| shown_text(&shown(bytes)))
        });
        located(found, text)
    });
    CliError::Located(all.collect())
}

/// What to do, in the words of the command line where it has any.
fn hint(found: &Diagnostic) -> Option<String> {
    match found.code {
        "parameter-file" => Some("name the template, and this file with `--parameters`".to_owned()),
        _ => found.hint.clone(),
    }
}

/// A file's text without the keys in addresses and without the secrets that it spells out, if it is a template. Lengths
/// stay as they are.
pub(super) fn shown_text(text: &str) -> String {
    let secrets = Template::parse("", text).map(|template| secret_ranges(&template)).unwrap_or_default();
    super::veil::cover_ranges(&cover_queries(text), &secrets)
}

/// The nested deployments that lead to a mistake.
pub(super) fn way(found: &Diagnostic) -> String {
    if found.chain.is_empty() { String::new() } else { format!(" (in {})", found.chain.join(" → ")) }
}

/// Shows the text of a file that exists nowhere: what a compiler made of another.
pub(super) fn in_compiled(error: CliError, file: &str, text: &str) -> CliError {
    let CliError::Located(mut places) = error else { return error };
    for place in places.iter_mut().filter(|place| place.text.is_empty() && place.file == file) {
        place.text = shown_text(text);
    }
    CliError::Located(places)
}

/// Problems of a YAML file.
pub(crate) fn of_problems(file: &str, text: &str, problems: &[Problem]) -> CliError {
    CliError::Located(
        problems
            .iter()
            .map(|problem| Located {
                file: file.to_owned(),
                text: text.to_owned(),
                range: word_at(text, problem.at),
                message: problem.message.clone(),
                hint: problem.hint.clone(),
            })
            .collect(),
    )
}

/// What is wrong with what begins in a line.
pub(crate) fn of_line(file: String, text: String, line: u32, message: String, advice: &str) -> Located {
    let at = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(at).map(str::len).sum();
    let shown = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let (first, last) = (start + shown.len() - shown.trim_start().len(), start + shown.trim_end().len());
    Located { file, text, range: first..last.max(first), message, hint: Some(advice.to_owned()) }
}

/// The word that begins at a position.
fn word_at(text: &str, at: Position) -> std::ops::Range<usize> {
    let line = usize::try_from(at.line).unwrap_or(1).max(1);
    let column = usize::try_from(at.column).unwrap_or(1).max(1);
    let start_of_line: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(start_of_line..).unwrap_or_default();
    let offset = rest.char_indices().nth(column - 1).map_or(rest.len(), |(offset, _)| offset);
    let start = (start_of_line + offset).min(text.len());
    let length =
        text[start..].find(|c: char| c.is_whitespace() || ",}]".contains(c)).unwrap_or(text.len() - start);
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_a_position_is_marked() {
        let text = "a: 1\nprimry: { region: x }\n";
        assert_eq!(&text[word_at(text, Position { line: 2, column: 1 })], "primry:");
        assert_eq!(&text[word_at(text, Position { line: 2, column: 19 })], "x");
        assert_eq!(word_at(text, Position { line: 99, column: 9 }), text.len()..text.len());
    }
}
