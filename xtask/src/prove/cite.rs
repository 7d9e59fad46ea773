//! Tests cite ids in their documentation: `/// Proves: S23, F1 (in which sense).`

use std::collections::BTreeMap;

use super::source::Sources;

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// Its crate's folder, such as `planner`.
    pub(super) package: String,
    /// Its file.
    pub(super) file: String,
    /// Its function.
    pub(super) function: String,
}

/// Which tests cite which id.
pub(super) struct Citations(pub(super) BTreeMap<String, Vec<Test>>);

impl Citations {
    pub(super) fn read(sources: &Sources) -> Self {
        let mut all: BTreeMap<String, Vec<Test>> = BTreeMap::new();
        for (file, text) in &sources.0 {
            for (ids, function) in cited(text) {
                let package = file.split('/').nth(1).unwrap_or_default().to_owned();
                for id in ids {
                    let test =
                        Test { package: package.clone(), file: file.clone(), function: function.clone() };
                    all.entry(id).or_default().push(test);
                }
            }
        }
        Self(all)
    }

    pub(super) fn of(&self, id: &str) -> &[Test] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }
}

/// The ids and the function of each test of a file that says what it proves.
fn cited(text: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let (mut says, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            says.push_str(more);
            says.push(' ');
        } else if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]");
        } else {
            if let Some((_, proves)) = says.split_once("Proves:")
                && is_test
                && let Some(function) = function(line)
            {
                found.push((ids(proves), function.to_owned()));
            }
            (says, is_test) = (String::new(), false);
        }
    }
    found
}

fn function(line: &str) -> Option<&str> {
    let name = line.split_once("fn ")?.1;
    name.split(['(', '<']).next().map(str::trim)
}

/// The ids in a text: `S23`, `P1a`, `D07`, `F4`, and `LAB` for refusals without an id of their own.
pub(super) fn ids(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if is_id(word) && !ids.iter().any(|id| id == word) {
            ids.push(word.to_owned());
        }
    }
    ids
}

fn is_id(word: &str) -> bool {
    let Some(rest) = word.strip_prefix(['S', 'P', 'D', 'F']) else { return word == "LAB" };
    let digits = rest.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let letters = rest.len() - digits.len();
    matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit()) && letters <= 1
}
