//! Errors as people see them.

use lifeboat_cli::errors::{CliError, Exit, Located, render};
use lifeboat_cli::layout::Layout;
use lifeboat_cli::style::Style;

const PLAIN: Layout = Layout { width: 100, style: Style::Plain };
const FILE: &str = "workload: orders\nprimary: { region: westeurop }\nsecondary: { region: northeurope }\n";

fn wrong_region() -> Located {
    let start = FILE.find("westeurop").unwrap();
    Located {
        file: "lifeboat.yaml".into(),
        text: FILE.into(),
        range: start..start + "westeurop".len(),
        message: "`westeurop` is not an Azure region".into(),
        hint: Some("did you mean `westeurope`?".into()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read `infra/regional.json`")]
struct Outer(#[source] std::io::Error);

#[test]
fn a_place_in_a_file_is_shown_with_its_text() {
    let place = wrong_region();
    assert_eq!(place.position(), (2, 20));
    insta::assert_snapshot!(render(&place.into(), PLAIN));
}

#[test]
fn every_place_is_shown_and_counted() {
    let mut second = wrong_region();
    second.range = FILE.len()..FILE.len() + 40; // beyond the end: shown at the end, not a panic
    second.message = "`objectives` is missing".into();
    second.hint = None;
    insta::assert_snapshot!(render(&CliError::Located(vec![wrong_region(), second]), PLAIN));
}

#[test]
fn a_chain_is_printed_once_and_the_hint_comes_last() {
    let io = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
    let error = CliError::caused_by("cannot load the workload `orders`", Outer(io))
        .with_hint("run this in the folder that holds `lifeboat.yaml`");
    insta::assert_snapshot!(render(&error, PLAIN));
}

#[test]
fn what_was_said_is_not_said_again() {
    let io = std::io::Error::other("disk full");
    let text = render(&CliError::caused_by("cannot write the report: disk full", io), PLAIN);
    assert_eq!(text.matches("disk full").count(), 1);
}

#[test]
fn a_range_in_the_middle_of_a_letter_is_moved() {
    let place = Located { text: "é: 1".into(), range: 1..1, ..wrong_region() };
    assert_eq!(place.position(), (1, 1));
    assert!(render(&place.into(), PLAIN).contains("lifeboat.yaml:1:1"));
}

#[test]
fn exit_codes_are_what_the_help_says() {
    for (exit, code) in [(Exit::Fine, 0), (Exit::Missed, 1), (Exit::Input, 2), (Exit::Interrupted, 130)] {
        assert_eq!(exit as u8, code);
    }
    assert_eq!(CliError::failed("x").exit(), Exit::Input);
    assert_eq!(CliError::Interrupted.exit(), Exit::Interrupted);
}
