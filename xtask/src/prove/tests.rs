//! What must hold of the ids, the citations, the rows and the page. Nothing is taken out here: that takes minutes.

use super::cite::{Citations, ids};
use super::source::Sources;
use super::{all_rows, copy, page, release, root};

fn sources() -> Sources {
    Sources::read(&root()).unwrap()
}

#[test]
fn each_id_of_the_release_is_cited_by_a_test_and_can_be_taken_out() {
    let sources = sources();
    let (tests, rows) = (Citations::read(&sources), all_rows(&sources).unwrap());
    let mut missing = Vec::new();
    for (id, _) in release::IDS.iter().filter(|(id, _)| release::exception(id).is_none()) {
        if tests.of(id).is_empty() {
            missing.push(format!("{id}: no test says `Proves: {id}`"));
        }
        if !rows.iter().any(|row| row.ids.iter().any(|cited| cited == id)) {
            missing.push(format!("{id}: nothing that can be taken out cites it"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn each_row_still_finds_its_place() {
    let sources = sources();
    copy::edits(&all_rows(&sources).unwrap(), &sources).unwrap();
}

#[test]
fn each_row_is_a_proof_of_an_id_that_a_test_cites() {
    let sources = sources();
    let tests = Citations::read(&sources);
    for row in all_rows(&sources).unwrap() {
        assert!(!row.ids.is_empty(), "{} cites nothing", row.key);
        for id in row.ids.iter().filter(|id| release::is_of(id)) {
            assert!(!tests.of(id).is_empty(), "{} cites {id}, which no test does", row.key);
        }
    }
}

/// New tests may be missing on the page; what it names must be there.
#[test]
fn the_page_names_each_id_and_only_tests_that_exist() {
    let tests = Citations::read(&sources());
    let text = std::fs::read_to_string(root().join(page::PATH)).unwrap();
    for (id, says) in release::IDS {
        let start = format!("| {id} | {says} |");
        let line = text.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("{id} is not on the page: `cargo xtask prove --page`"));
        let cells: Vec<&str> = line.split(" | ").collect();
        for file in cells[2].split("<br>").filter(|file| !file.is_empty()) {
            let path = root().join("crates").join(file.trim_matches('`'));
            assert!(path.is_file(), "{id}: {file} is gone: `cargo xtask prove --page`");
        }
        for named in cells[3].split("<br>").filter(|name| !name.is_empty()) {
            let known = tests.of(id).iter().any(|test| page::name(test) == named);
            assert!(known, "{id}: {named} does not cite it any more: `cargo xtask prove --page`");
        }
    }
}

#[test]
fn ids_are_found_in_words() {
    assert_eq!(ids("S23, F1 (at run time), P1a; D07. UTF8 F123 S1x2"), ["S23", "F1", "P1a", "D07"]);
}
