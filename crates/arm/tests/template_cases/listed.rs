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

/// The rows below a heading: the first cell (without its backticks) and the second one.
fn rows(heading: &str) -> BTreeMap<String, String> {
    let page = page();
    let section = page.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#'));
    let cells = section.filter_map(|line| {
        let mut cells =
            line.strip_prefix('|')?.split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned());
        Some((cells.next()?, cells.next()?))
    });
    cells.filter(|(first, _)| !matches!(first.as_str(), "---" | "file" | "case")).collect()
}

/// Whether a page lists exactly what was found, by name and code; says which rows are missing and which are stale.
pub(crate) fn check(heading: &str, found: &BTreeMap<String, String>) {
    let listed = rows(heading);
    let missing: Vec<String> = found
        .iter()
        .filter(|(name, code)| listed.get(*name) != Some(*code))
        .map(|(name, code)| format!("| `{name}` | {code} | … |"))
        .collect();
    let stale: Vec<&String> = listed.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/template-differences.md, \"{heading}\": these rows are missing or say something else:\n{}\nthese hold no more: {stale:?}",
        missing.join("\n")
    );
}
