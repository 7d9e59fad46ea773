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

fn wide(report: &lifeboat_sim::DrillReport) -> String {
    text::render(report, Layout { width: 200, style: Style::Plain })
}

#[test]
fn a_finding_says_what_was_seen_and_not_what_should_be() {
    let text = wide(&crate::fixture::report());
    assert!(text.contains("orders-bus: the namespace is `Standard` (blocking)"), "{text}");
    assert!(!text.contains("orders-bus: the namespace cannot be paired"), "{text}");
}

#[test]
fn what_was_not_protected_has_no_forecast() {
    let mut report = crate::fixture::report();
    (report.rto.forecast, report.rto.actual, report.rto.error_percent) = (None, None, None);
    report.rto.unrecovered = Some(crate::fixture::secs(21_600));
    let text = wide(&report);
    assert!(text.contains("no forecast: not protected"), "{text}");
    assert!(text.contains("✗ not recovered in 6h"), "{text}");
    let page = lifeboat_cli::report::html::render(&report);
    assert!(page.contains("No forecast: not protected") && !page.contains("✗ not recovered"));
}

#[test]
fn time_without_any_region_has_a_row_where_there_was_any() {
    let mut report = crate::fixture::report();
    assert!(!wide(&report).contains("both regions lost"));
    report.rto.actual.as_mut().unwrap().nowhere = crate::fixture::secs(6_900);
    assert!(wide(&report).contains("both regions lost"));
    assert!(lifeboat_cli::report::html::render(&report).contains("term t7"));
}

#[test]
fn every_gap_is_told() {
    let mut report = crate::fixture::report();
    let first = report.clients.send_gaps[0];
    assert!(
        wide(&report)
            .contains("for 35m 06s nobody could send; 35m 02s after the loss the last of 10 clients")
    );
    report.clients.send_gaps.push(lifeboat_sim::Gap {
        from: first.to + crate::fixture::secs(600),
        to: first.to + crate::fixture::secs(1_200),
    });
    let text = wide(&report);
    assert!(text.contains("nobody could send 2 times, for 45m 06s together, the longest 35m 06s"), "{text}");
}

#[test]
fn messages_are_counted_with_messages_only() {
    let mut report = crate::fixture::report();
    report.losses.announced.push(lifeboat_plan::Loss {
        kind: lifeboat_plan::LossKind::Lost,
        what: "changes of queues that `orders-bus` had not replicated".into(),
        count: Some(7),
        observed_at: None,
    });
    let text = wide(&report);
    let lost = text.lines().find(|line| line.contains("acknowledged, and exist nowhere")).unwrap();
    assert!(!lost.contains('7'), "{lost}");
    for words in ["  read there", "  left there"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_recovery_point_that_nobody_could_miss_is_not_met_but_unmeasured() {
    let mut report = crate::fixture::report();
    assert!(wide(&report).contains("✓ recovery point: 15m asked"));
    report.clients.producers = 0;
    let text = wide(&report);
    assert!(text.contains("· recovery point: 15m asked; not measured: nobody sends"), "{text}");
    assert!(lifeboat_cli::report::html::render(&report).contains("not measured"));
}
