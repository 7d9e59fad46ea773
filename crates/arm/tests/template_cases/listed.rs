//! `docs/template-differences.md`: what differs and why, a table per kind, held against what happens.

use std::collections::BTreeMap;
use std::path::Path;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/template-differences.md");
    std::fs::read_to_string(path).unwrap()
}

/// Whether the page says each of these, wherever its lines break.
pub(crate) fn says(sentences: &[String]) {
    let page = page().split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in sentences {
        assert!(page.contains(sentence), "docs/template-differences.md does not say: {sentence}");
    }
}

/// The rows below a heading: the first cell (without its backticks) and the others.
fn rows(heading: &str) -> BTreeMap<String, String> {
    let page = page();
    let section = page.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#'));
    let cells = section.filter_map(|line| {
        let (first, others) = line.strip_prefix('|')?.trim_end_matches('|').split_once(" | ")?;
        Some((first.trim().trim_matches('`').to_owned(), others.trim().to_owned()))
    });
    cells.filter(|(first, _)| !matches!(first.as_str(), "---" | "file" | "case")).collect()
}

/// Whether a page lists exactly what was found, by name and code (and the mistake, where that is given behind the code); says
/// which rows are missing and which are stale.
pub(crate) fn check(heading: &str, found: &BTreeMap<String, String>) {
    let listed = rows(heading);
    let is_listed = |name: &str, cells: &str| {
        let rest = listed.get(name).and_then(|listed| listed.strip_prefix(cells));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" | ") || rest.starts_with("; "))
    };
    let missing: Vec<String> = found
        .iter()
        .filter(|(name, cells)| !is_listed(name, cells))
        .map(|(name, cells)| format!("| `{name}` | {cells} | … |"))
        .collect();
    let stale: Vec<&String> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/template-differences.md, \"{heading}\": these rows are missing or say something else:\n{}\nthese hold no more: {stale:?}",
        missing.join("\n")
    );
}
