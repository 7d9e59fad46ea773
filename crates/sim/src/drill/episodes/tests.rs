//! Outages after the first, and recoveries that are none.

use jiff::{SignedDuration, Timestamp};

use super::outages;
use crate::DrillVerdict;
use crate::report::{DrillReport, Gap};
use crate::tests::example::{drill, mins, play, scenario};

const LOST: &str = "{ at: 2h, lose: { region: primary } }";

fn report(duration: &str, events: &[&str]) -> DrillReport {
    let text = format!("scenario: again\nduration: {duration}\nevents: [{}]\n", events.join(", "));
    play(drill(scenario(&text), 1)).report
}

fn reasons(report: &DrillReport) -> String {
    match &report.verdict {
        DrillVerdict::Passed => String::new(),
        DrillVerdict::Missed(why) | DrillVerdict::Broken(why) => why.join("\n"),
    }
}

/// The second region is lost while it serves, and nobody answers: an outage of six hours is no pass.
#[test]
fn a_second_outage_is_held_against_the_recovery_time() {
    let report = report(
        "18h",
        &[
            LOST,
            "{ at: 4h, restore: { region: primary } }",
            "{ at: 4h11m, operator: { answers: decline } }",
            "{ at: 10h, operator: { answers: nobody } }",
            "{ at: 10h, lose: { region: secondary } }",
            "{ at: 16h, restore: { region: secondary } }",
        ],
    );
    let first = report.rto.actual.as_ref().unwrap().total();
    assert!(first < mins(45), "the first outage was met: {first}");
    let [second] = report.rto.later.as_slice() else { panic!("{:?}", report.rto.later) };
    assert_eq!((second.lasted, second.met), (mins(360), false));
    assert!(
        reasons(&report).contains("the outage that began at +10h: not recovered by a failover"),
        "{}",
        reasons(&report)
    );
}

/// A second failover is measured like the first: its own terms, its own line, its own part of the recovery point.
#[test]
fn a_second_failover_has_its_own_recovery() {
    let report = report(
        "14h",
        &[
            LOST,
            "{ at: 4h, restore: { region: primary } }",
            "{ at: 4h11m, operator: { answers: decline } }",
            "{ at: 10h, operator: { answers: approve, after: 4m } }",
            "{ at: 10h, lose: { region: secondary } }",
        ],
    );
    let [second] = report.rto.later.as_slice() else { panic!("{:?}", report.rto.later) };
    let terms = second.actual.as_ref().unwrap();
    assert_eq!(terms.total(), second.lasted);
    assert!(second.met && terms.decision >= mins(4), "{second:?}");
    assert!(second.missing.is_some_and(|missing| missing.messages > 0), "{second:?}");
    let back = report.timeline.iter().filter(|one| one.what.contains("the last client has left")).count();
    assert_eq!(back, 2);
}

/// The region that took over goes just when the last client comes: it is not recovered before sends are acknowledged again.
#[test]
fn recovery_is_not_declared_while_sends_fail() {
    let flap = "{ at: 2h5m, flap: { region: secondary, times: 3, every: 10m } }";
    let report = report("5h", &[LOST, flap]);
    let back = report.timeline.iter().find(|one| one.what.contains("the last client has left")).unwrap();
    let minute = back.at.duration_since(report.started).as_mins();
    let minute = report.clients.minutes.iter().find(|one| i64::from(one.minute) == minute).unwrap();
    assert!(minute.acknowledged > 0, "{back:?} {minute:?}");
    let inside = |gap: &&Gap| gap.from < back.at && back.at < gap.to;
    assert_eq!(report.clients.send_gaps.iter().find(inside), None);
}

/// What is back by itself within the time that was asked has met it.
#[test]
fn a_region_that_comes_back_in_time_misses_nothing() {
    let report = report(
        "5h",
        &["{ at: 0s, operator: { answers: nobody } }", LOST, "{ at: 2h25m, restore: { region: primary } }"],
    );
    assert_eq!(report.verdict, DrillVerdict::Passed);
    assert_eq!((report.rto.unrecovered, report.rto.back_by_itself), (Some(mins(25)), true));
}

/// Only the probers were in the dark: the failover cost what it cost, and there was no outage.
#[test]
fn a_failover_without_an_outage_says_what_it_cost() {
    let report = report("5h", &["{ at: 2h, unseen: { region: primary, from: [north, west], until: 4h } }"]);
    assert_eq!(report.rto.actual, None);
    assert!(report.rto.without_loss.is_some_and(|took| !took.is_zero()), "{:?}", report.rto);
}

#[test]
fn a_blink_of_service_ends_no_outage() {
    let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let gap = |from, to| Gap { from: at(from), to: at(to) };
    assert_eq!(outages(&[gap(0, 600), gap(659, 900)]), [gap(0, 900)]);
    assert_eq!(outages(&[gap(0, 600), gap(660, 900)]), [gap(0, 600), gap(660, 900)]);
}

/// Azure's operation hangs, and people are asked again and again: that is not Lifeboat's own work.
#[test]
fn what_takes_long_is_put_down_to_who_took_it() {
    let stuck =
        "{ at: 1h, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: stuck, until: 5h } }";
    let report = report("10h", &[stuck, LOST]);
    let terms = report.rto.actual.as_ref().unwrap();
    assert!(terms.platform > terms.orchestration && terms.decision > mins(4), "{terms:?}");
}
