//! `docs/requirements.md`: each id, where it lives, what shows it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::cite::{Citations, Test};
use super::release;
use super::row::Row;

/// The page.
pub(super) const PATH: &str = "docs/requirements.md";

const HEAD: &str = "# Requirements and their proofs

Every id of this release: where it lives, which tests cite it (`Proves: …` in their documentation), and what
`cargo xtask prove` takes out to see one of them turn red. `cargo xtask prove S23` proves one id, `cargo xtask prove
--list` shows everything that cites each, `cargo xtask prove --page` writes this page.

How: the tracked files are copied to `target/prove/`, and in the copy each thing that can be taken out gets a switch. The
product has none, and one build serves all proofs. A test that fails is a proof; a copy that does not build, or a test that
does not end, is not.

| id | what it says | where it lives | tests | taken out | not here |
| --- | --- | --- | --- | --- | --- |
";

/// The page as it should be.
pub(super) fn render(rows: &[Row], tests: &Citations) -> String {
    let mut page = HEAD.to_owned();
    for (id, says) in release::IDS {
        let mine: Vec<&Row> = rows.iter().filter(|row| row.ids.iter().any(|cited| cited == id)).collect();
        let files: BTreeSet<String> = mine.iter().map(|row| format!("`{}`", short(&row.file))).collect();
        let citing: BTreeSet<String> = tests.of(id).iter().map(name).collect();
        let out: Vec<&str> = mine.iter().map(|row| row.out.as_str()).collect();
        let later = release::LATER.iter().find(|(known, _)| known == id).map(|(_, what)| *what);
        let not_here = [release::exception(id), later].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let cells = [
            (*id).to_owned(),
            (*says).to_owned(),
            files.into_iter().collect::<Vec<_>>().join("<br>"),
            citing.into_iter().collect::<Vec<_>>().join("<br>"),
            out.join("<br>"),
            not_here,
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
        writeln!(page, "| {cells} |").expect("a String takes everything");
    }
    page
}

/// A test as the page names it.
pub(super) fn name(test: &Test) -> String {
    format!("`{}: {}`", test.package, test.function)
}

fn short(file: &str) -> &str {
    file.strip_prefix("crates/").unwrap_or(file)
}
