//! Inputs that fuzzers found worth keeping, and the seeds that they start from: run again with every test.
//!
//! How to look for more: CONTRIBUTING, "Fuzzing".

#![expect(clippy::print_stdout, reason = "the last name that is printed is the one that failed")]

mod run;

use std::path::Path;

fn replay(target: &str, run: fn(&str)) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).expect("the seeds are there") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        println!("{}", path.display());
        run(&String::from_utf8_lossy(&bytes));
        count += 1;
    }
    assert!(count > 5, "{target} has {count} seeds");
}

#[test]
fn the_parser_takes_what_was_kept() {
    replay("parser", run::parser);
}

#[test]
fn the_evaluator_takes_what_was_kept() {
    replay("evaluator", run::evaluator);
}

#[test]
fn expressions_that_were_kept_are_taken() {
    replay("expression", run::expression);
}

#[test]
fn what_was_kept_is_lifted() {
    replay("lifting", run::lifting);
}
