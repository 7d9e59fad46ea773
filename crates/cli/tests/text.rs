//! The report on a terminal.

use lifeboat_cli::layout::Layout;
use lifeboat_cli::report::text;
use lifeboat_cli::style::Style;

fn render(width: usize, style: Style) -> String {
    text::render(&crate::fixture::report(), Layout { width, style })
}

#[test]
fn it_fits_a_wide_terminal() {
    let text = render(100, Style::Plain);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn it_fits_a_narrow_terminal() {
    let text = render(80, Style::Plain);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn colour_changes_no_letter() {
    let coloured = render(100, Style::Colour);
    assert!(coloured.contains("\x1b["));
    let mut plain = String::new();
    for (index, part) in coloured.split("\x1b[").enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, render(100, Style::Plain));
}
