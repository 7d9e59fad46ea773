//! Parameter files may hold secrets, and which values are secret only a template tells. An error that shows a line of such
//! a file shows its keys and its shape; values are covered, one sign for each character, so that the mark under the line
//! stays where it belongs.

use std::ops::Range;
use std::path::Path;

use lifeboat_arm::template::Template;
use lifeboat_arm::template::secrets::{Secrets, secret_ranges};

/// The text with every value covered but what lies in `shown`. The file may be broken JSON: what cannot be told to be a
/// key is a value, comments too. Lengths stay as they are, in bytes and in characters.
pub(super) fn veil(text: &str, shown: &Range<usize>) -> String {
    let mut keys = keys(text).into_iter().peekable();
    let mut one = |(at, c): (usize, char)| {
        // Both go forward only, however long the file is.
        while keys.next_if(|key| key.end <= at).is_some() {}
        let is_key = keys.peek().is_some_and(|key| key.contains(&at));
        if is_key || shown.contains(&at) || is_structure(c) { c } else { cover(c) }
    };
    text.char_indices().map(&mut one).collect()
}

/// The text with these ranges covered, which are in order. Lines and lengths stay as they are.
pub(super) fn cover_ranges(text: &str, ranges: &[Range<usize>]) -> String {
    let mut ranges = ranges.iter().peekable();
    let mut one = |(at, c): (usize, char)| {
        while ranges.next_if(|range| range.end <= at).is_some() {}
        let is_covered = ranges.peek().is_some_and(|range| range.contains(&at));
        if is_covered && !matches!(c, '\n' | '\r') { cover(c) } else { c }
    };
    text.char_indices().map(&mut one).collect()
}

/// What is no secret, whatever the secrets spell: paths that were typed, and names of files that a template writes itself.
pub(super) struct Known {
    typed: Vec<String>,
    /// The template without its secrets.
    written: String,
}

impl Known {
    /// For a template that was typed.
    pub(super) fn of(template: &Template) -> Self {
        let file = Path::new(template.file());
        let folder = file.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        let folder = if folder.is_empty() { folder } else { format!("{folder}/") };
        let typed = [template.file().to_owned(), folder].into_iter().filter(|path| !path.is_empty());
        Self { typed: typed.collect(), written: cover_ranges(template.text(), &secret_ranges(template)) }
    }

    /// A text for people without secrets: only what is not known is searched for them.
    pub(super) fn cover(&self, secrets: &Secrets, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((at, typed)) = self.first_typed(rest) {
            out += &self.cover_words(secrets, &rest[..at]);
            out += typed;
            rest = &rest[at + typed.len()..];
        }
        out + &self.cover_words(secrets, rest)
    }

    /// The typed path that stands first in a text, the longest of those.
    fn first_typed(&self, text: &str) -> Option<(usize, &str)> {
        let found = self.typed.iter().filter_map(|typed| Some((text.find(typed.as_str())?, typed.as_str())));
        found.min_by_key(|(at, typed)| (*at, std::cmp::Reverse(typed.len())))
    }

    fn cover_words(&self, secrets: &Secrets, text: &str) -> String {
        let mut out = String::new();
        let mut unknown = 0;
        let mut at = 0;
        for word in text.split_inclusive(['/', '`']) {
            let bare = word.trim_end_matches(['/', '`']);
            if self.is_written(bare) {
                out += &secrets.cover(&text[unknown..at]);
                out += bare;
                unknown = at + bare.len();
            }
            at += word.len();
        }
        out + &secrets.cover(&text[unknown..])
    }

    /// Whether a word is a file's name that stands in the template as one.
    fn is_written(&self, word: &str) -> bool {
        let is_file = Path::new(word).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let ends = |c: Option<char>| c.is_some_and(|c| "\"'/".contains(c));
        is_file
            && self.written.match_indices(word).any(|(at, _)| {
                ends(self.written[..at].chars().next_back())
                    && ends(self.written[at + word.len()..].chars().next())
            })
    }
}

fn is_structure(c: char) -> bool {
    c.is_whitespace() || "{}[],:\"\u{feff}".contains(c)
}

/// A sign that takes as many bytes as what it covers.
fn cover(c: char) -> char {
    match c.len_utf8() {
        1 => '*',
        2 => '·',
        3 => '•',
        _ => '🁢',
    }
}

/// Strings that a colon follows, and that begin where a key may begin: behind a brace, a comma or the start of a line.
fn keys(text: &str) -> Vec<Range<usize>> {
    let mut keys = Vec::new();
    let mut may_begin = true;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        if c != '"' {
            may_begin = "{,\n".contains(c) || (may_begin && c.is_whitespace());
            at = next;
            continue;
        }
        let end = end_of_string(text, next);
        if may_begin && text[end..].trim_start_matches('"').trim_start().starts_with(':') {
            keys.push(next..end);
        }
        may_begin = false;
        at = (end + 1).min(text.len());
        // A string that the line cuts short is over, and the next line may begin with a key.
        if !text[end..].starts_with('"') {
            at = end;
        }
    }
    keys
}

/// Where a string ends: at its quote, or with the line.
fn end_of_string(text: &str, begin: usize) -> usize {
    let mut escaped = false;
    for (at, c) in text[begin..].char_indices() {
        match c {
            '\n' => return begin + at,
            '"' if !escaped => return begin + at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_seen_and_values_are_not() {
        let cases = [
            (
                r#"{ "parameters": { "password": { "value": "sé\"cret" } } }"#,
                r#"{ "parameters": { "password": { "value": "*·*"****" } } }"#,
            ),
            (r#"{ "a": 12, "b": [true, "x: y"] }"#, r#"{ "a": **, "b": [****, "*: *"] }"#),
            // Broken in every way that a secret may break it.
            (r#"{ "password": hunter2 }"#, r#"{ "password": ******* }"#),
            (r#"{ "password": "hun"ter": 2 }"#, r#"{ "password": "***"***": * }"#),
            ("{ \"a\": \"hunter\n  \"b\": 1 }", "{ \"a\": \"******\n  \"b\": * }"),
            (r#"{ "a": "hunter2", // it is "hunter2":"#, r#"{ "a": "*******", ** ** ** "*******":"#),
            ("hunter2", "*******"),
            ("\"hunter2\"", "\"*******\""),
        ];
        for (text, wanted) in cases {
            assert_eq!(veil(text, &(0..0)), wanted, "{text}");
            assert_eq!(veil(text, &(0..0)).len(), text.len());
        }
    }

    #[test]
    fn what_lies_in_a_range_is_covered() {
        assert_eq!(
            cover_ranges(r#"{"a": "hunté", "b": {"c": 1}}"#, &[6..14, 21..29]),
            r#"{"a": *****·*, "b": ********}"#
        );
    }

    #[test]
    fn paths_that_were_typed_and_files_that_the_template_names_are_no_secrets() {
        let text = r#"{
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "parameters": { "password": { "type": "securestring" }, "other": { "type": "securestring", "defaultValue": "spelled.json" } },
            "resources": [{ "properties": { "uri": "[concat(parameters('base'), '/nested/main.json')]" } }]
        }"#;
        let template = Template::parse("main/azuredeploy.json", text).unwrap();
        let values = [("password".to_owned(), "main".into())].into();
        let secrets = Secrets::of(&template.json(), &values);
        let known = Known::of(&template);
        for (said, wanted) in [
            ("main/azuredeploy.json: 1 parameter", "main/azuredeploy.json: 1 parameter"),
            ("`main/nested/main.json` is not there", "`main/nested/main.json` is not there"),
            ("https://main/nested/main.json", "https://main/nested/main.json"),
            ("it is `main`", "it is `‹secure value›`"),
            ("`remain.json` of main/azuredeploy.json", "`re‹secure value›.json` of main/azuredeploy.json"),
            ("`x/spelled.json` is main", "`x/‹secure value›` is ‹secure value›"),
        ] {
            assert_eq!(known.cover(&secrets, said), wanted);
        }
    }

    #[test]
    fn what_the_error_is_about_is_shown() {
        let text = r#"{ "location": { "value": "westerope" }, "pin": { "value": 1234 } }"#;
        let at = text.find("westerope").unwrap();
        let veiled = veil(text, &(at..at + 9));
        assert_eq!(veiled, text.replace("1234", "****"));
    }
}
