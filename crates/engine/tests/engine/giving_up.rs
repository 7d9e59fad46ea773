//! Deadlines, failures, the other way, and what is done in part.

use jiff::SignedDuration;
use lifeboat_engine::{Decision, Outcome, RunEnd};
use lifeboat_plan::{Action, Condition, Is, OnFailure, StepId, Threshold, Way};

use crate::asserts::{PUT_A, done, failed, fault, outcome, ungraceful};
use crate::plans::{plan, put, put_way, read, step, way};
use crate::shell::Shell;
use crate::world::{Fault, World, epoch};

#[test]
fn an_operation_that_fails_fails_its_step() {
    let plan = plan(vec![put("a", &[]), put("b", &["a"])]);
    let mut shell = Shell::new(World::new());
    shell.world.by_operation = true;
    shell.world.failing.insert("a".to_owned());
    let summary = shell.run(&plan);
    assert!(failed(&summary, "a").contains("Broken"), "{summary:?}");
    assert_eq!(summary.not_started.get(&StepId::from("b")), Some(&StepId::from("a")));
    assert_eq!(summary.end, RunEnd::Failed);
}

/// Proves: F31. Each wait has a deadline, and the other way was chosen in advance.
#[test]
fn at_the_deadline_the_ungraceful_way_takes_over_if_it_may() {
    let graceful = Way { deadline: SignedDuration::from_mins(2), ..put_way("dead") };
    for may_switch in [true, false] {
        let mut plan = plan(vec![ungraceful("a", &[], graceful.clone(), put_way("a"))]);
        plan.policy.may_switch = may_switch;
        let mut shell = Shell::new(World::new());
        shell.world.dead.insert("dead".to_owned());
        let summary = shell.run(&plan);
        if may_switch {
            assert!(done(&summary, "a"), "{summary:?}");
            assert!(shell.now.duration_since(epoch()) < SignedDuration::from_secs(150));
        } else {
            assert!(failed(&summary, "a").contains("deadline"), "{summary:?}");
        }
        assert_eq!(summary.requests, u64::from(may_switch), "nothing was sent to what does not answer");
    }
}

#[test]
fn what_is_refused_for_good_gives_way_to_the_other_way() {
    let plan = plan(vec![ungraceful("a", &[], put_way("a"), put_way("b"))]);
    let mut shell = Shell::new(World::new());
    fault(&mut shell.world, PUT_A, &[Fault::Refused(400, "BadRequest", None)]);
    let summary = shell.run(&plan);
    assert!(done(&summary, "a"));
    assert!(shell.world.things.contains_key("b") && !shell.world.things.contains_key("a"));
}

fn half_ready(on_failure: OnFailure) -> lifeboat_plan::Plan {
    let most = Condition::Each {
        read: read("things"),
        list: "/value".to_owned(),
        holds: vec![("/properties/state".to_owned(), Is::Equal("Ready".into()))],
        at_least: Threshold::Count(4),
    };
    let waiting = Way { deadline: SignedDuration::from_mins(3), on_failure, ..way(Action::Wait, most) };
    plan(vec![put("a", &[]), put("b", &[]), step("most", &["a", "b"], waiting), put("c", &["most"])])
}

#[test]
fn what_is_done_in_part_at_the_deadline_is_degraded() {
    for (on_failure, end, goes_on) in
        [(OnFailure::Continue, RunEnd::Degraded, true), (OnFailure::Stop, RunEnd::Failed, false)]
    {
        let mut shell = Shell::new(World::new());
        let summary = shell.run(&half_ready(on_failure));
        assert_eq!(outcome(&summary, "most"), Some(Outcome::Degraded { have: 2, want: 4 }));
        assert_eq!(summary.end, end);
        assert_eq!(outcome(&summary, "c").is_some(), goes_on);
    }
}

/// Whoever reads that a deadline is over knows how long it was, what was seen last, and what to do.
#[test]
fn out_of_time_says_what_was_seen_and_what_was_wanted() {
    let never = Condition::All(vec![
        Condition::equal(&read("a"), "/properties/state", "Ready"),
        Condition::test(&read("a"), "/properties/state", Is::OneOf(vec!["Gone".into(), "Lost".into()])),
    ]);
    let waiting = Way { deadline: SignedDuration::from_mins(3), ..way(Action::Wait, never) };
    let mut shell = Shell::new(World::new());
    let summary = shell.run(&plan(vec![put("a", &[]), step("never", &["a"], waiting)]));
    assert_eq!(
        failed(&summary, "never"),
        "its deadline of 3m is over: state of `a` is `Ready`, wanted `Gone` or `Lost`; find out what keeps it, and run \
         it again"
    );
}

#[test]
fn a_person_decides_about_what_is_degraded() {
    for (answer, wanted) in [
        (Decision::Approved, Outcome::Degraded { have: 2, want: 4 }),
        (Decision::Declined, Outcome::Stuck { why: "2 of 4".to_owned() }),
    ] {
        let mut shell = Shell::new(World::new());
        shell.person = Box::new(move |_, _, _, _| Some((SignedDuration::from_secs(5), answer)));
        let summary = shell.run(&half_ready(OnFailure::Ask));
        assert_eq!(outcome(&summary, "most"), Some(wanted));
        assert_eq!(outcome(&summary, "c").is_some(), answer == Decision::Approved);
    }
}

#[test]
fn after_a_failure_independent_branches_finish() {
    for (on_failure, goes_on) in
        [(OnFailure::Stop, false), (OnFailure::Continue, true), (OnFailure::Ask, true)]
    {
        let mut first = put("a", &[]);
        first.graceful.on_failure = on_failure;
        let plan = plan(vec![first, put("b", &["a"]), put("c", &[]), put("d", &["c"])]);
        let mut shell = Shell::new(World::new());
        shell.person = Box::new(|_, _, _, _| Some((SignedDuration::from_secs(5), Decision::Approved)));
        fault(&mut shell.world, PUT_A, &[Fault::Refused(403, "AuthorizationFailed", None)]);
        let summary = shell.run(&plan);
        assert!(failed(&summary, "a").contains("AuthorizationFailed"));
        assert_eq!(done(&summary, "b"), goes_on, "{on_failure:?}");
        assert!(done(&summary, "d"));
        assert_eq!(shell.asked.len(), usize::from(on_failure == OnFailure::Ask));
    }
}
