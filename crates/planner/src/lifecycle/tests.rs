//! Whole stories: what happens, line by line, and what Lifeboat makes of it.

mod asking;
mod half_moves;
mod lost_on_the_way;

use std::fmt::Write as _;

use insta::assert_snapshot;
use jiff::SignedDuration;
use lifeboat_plan::PlanKind::{self, Drain, Failback, Failover, Fence as FenceRun, Prepare};

use super::*;
use crate::topology::Side::{Primary, Secondary};
use crate::workload::DecisionPolicy;

const OPERATOR: &str = "oncall@example.com";

/// A workload, its policy, and the transcript so far.
struct Story {
    state: Lifecycle,
    policy: FailoverPolicy,
    at: Timestamp,
    leads: Option<Side>,
    transcript: String,
}

impl Story {
    fn new(policy: DecisionPolicy) -> Self {
        Self::from(Lifecycle::serving(Primary), policy)
    }

    fn from(state: Lifecycle, policy: DecisionPolicy) -> Self {
        let policy = FailoverPolicy { policy, ..FailoverPolicy::default() };
        Self { state, policy, at: Timestamp::UNIX_EPOCH, leads: None, transcript: String::new() }
    }

    /// One event, a minute after the last; `protected` is what observation tells at that time.
    fn then(mut self, said: &str, protected: bool, what: Happened) -> Self {
        self.at += SignedDuration::from_mins(1);
        let event = LifecycleEvent { at: self.at, protected, leads: self.leads, what };
        match next(&self.state, &event, &self.policy) {
            Ok((state, intentions)) => {
                let word = state.word(protected);
                let what: Vec<String> = intentions.iter().map(ToString::to_string).collect();
                let what = if what.is_empty() { "nothing".to_owned() } else { what.join("; ") };
                writeln!(self.transcript, "{said}: {word}; {what}").unwrap();
                self.state = state;
            }
            Err(error) => writeln!(self.transcript, "{said}: refused, {error}").unwrap(),
        }
        self
    }

    fn suspected(self, side: Side) -> Self {
        self.then(&format!("{side:?} suspected"), true, Happened::Suspected(side))
    }
    fn down(self, side: Side) -> Self {
        self.then(&format!("{side:?} down"), true, Happened::Down { side, budget: Budget::Within })
    }
    fn down_unprotected(self, side: Side) -> Self {
        self.then(&format!("{side:?} down"), false, Happened::Down { side, budget: Budget::Within })
    }
    fn returned(self, side: Side) -> Self {
        self.then(&format!("{side:?} returned"), false, Happened::Returned(side))
    }
    fn flapped(self, side: Side) -> Self {
        self.then(&format!("{side:?} flapped"), true, Happened::Flapped(side))
    }
    fn done(self, kind: PlanKind) -> Self {
        let protected = kind == Prepare;
        self.then(&format!("{} done", kind.word()), protected, ended(kind, RunOutcome::Done))
    }
    fn fails(self, kind: PlanKind, why: &str) -> Self {
        self.then(&format!("{} failed", kind.word()), false, ended(kind, RunOutcome::Failed(why.into())))
    }
    fn stopped(self, kind: PlanKind) -> Self {
        self.then(&format!("{} stopped", kind.word()), false, ended(kind, RunOutcome::Stopped))
    }
    fn says(self, decision: Decision, question: Question) -> Self {
        let by = OPERATOR.to_owned();
        let said = format!("{decision:?} \"{question}\"");
        self.then(&said, true, Happened::Decided { question, decision, by })
    }
    fn approves(self, question: Question) -> Self {
        self.says(Decision::Approved, question)
    }
    fn wishes(self, wish: Wish) -> Self {
        let by = OPERATOR.to_owned();
        self.then(&format!("operator wants {wish:?}"), true, Happened::OperatorAsks { wish, by })
    }
    fn tick(self, protected: bool) -> Self {
        self.then("tick", protected, Happened::Tick)
    }
    /// From now on this side is seen to lead.
    fn leads(mut self, side: Side) -> Self {
        self.leads = Some(side);
        self
    }
    fn later(mut self, minutes: i64) -> Self {
        self.at += SignedDuration::from_mins(minutes);
        self
    }
}

fn ended(kind: PlanKind, outcome: RunOutcome) -> Happened {
    Happened::RunFinished { kind, outcome }
}

fn to(side: Side) -> Question {
    Question::Failover { to: side, protected: true }
}

fn anyway(side: Side) -> Question {
    Question::Failover { to: side, protected: false }
}

#[test]
fn a_new_workload_is_prepared_and_then_protected() {
    let (state, intentions) = Lifecycle::begin();
    assert_eq!(intentions[0].to_string(), "run prepare from primary to secondary, planned");
    let story = Story::from(state, DecisionPolicy::Manual).done(Prepare).tick(true).tick(false);
    assert_snapshot!(story.transcript, @r"
    prepare done: protected; keep the snapshot
    tick: protected; keep the snapshot
    tick: unprotected; nothing
    ");
}

/// Proves: F33, F32, F20, F15 (propose: hold-down, question, failover, fence, drain, re-protect, home, and the cycle
/// again).
#[test]
fn the_whole_way_there_and_back() {
    let story = Story::new(DecisionPolicy::Propose)
        .suspected(Primary)
        .down(Primary)
        .approves(to(Secondary))
        .done(Failover)
        .tick(false)
        .returned(Primary)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare)
        .approves(Question::Failback)
        .done(Failback)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare)
        .tick(true);
    assert_snapshot!(story.transcript, @r#"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    tick: unprotected; nothing
    Primary returned: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    prepare done: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    failback done: returning; run fence from primary to secondary, planned
    fence done: draining; run drain from primary to secondary, planned
    drain done: re-protecting; run prepare from primary to secondary, planned
    prepare done: protected; keep the snapshot
    tick: protected; keep the snapshot
    "#);
    assert_eq!((story.state.active(), story.state.generation()), (Primary, 2));
}

/// Proves: F15 (the fence does not wait for the failover's end).
#[test]
fn a_region_that_returns_in_the_middle_of_a_failover_is_fenced_at_once() {
    let middle = || Story::new(DecisionPolicy::Automatic).down(Primary).returned(Primary);
    let story = middle().done(FenceRun).done(Failover).done(Drain);
    assert_snapshot!(story.transcript, @r"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    Primary returned: failing over; run fence from secondary to primary, unplanned
    fence done: failing over; nothing
    failover done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    ");
    let story = middle().done(Failover).done(FenceRun);
    assert_snapshot!(story.transcript, @r"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    Primary returned: failing over; run fence from secondary to primary, unplanned
    failover done: returning; nothing
    fence done: draining; run drain from secondary to primary, planned
    ");
    let story = middle().fails(FenceRun, "409").done(Failover).done(FenceRun);
    assert_snapshot!(story.transcript, @r"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    Primary returned: failing over; run fence from secondary to primary, unplanned
    fence failed: failing over; nothing
    failover done: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    ");
}

#[test]
fn a_flapping_return_starts_with_the_fence_each_time() {
    let story = Story::new(DecisionPolicy::Automatic)
        .down(Primary)
        .done(Failover)
        .returned(Primary)
        .down_unprotected(Primary)
        .stopped(FenceRun)
        .returned(Primary)
        .done(FenceRun)
        .down_unprotected(Primary)
        .returned(Primary)
        .stopped(Drain)
        .done(FenceRun)
        .done(Drain);
    assert_snapshot!(story.transcript, @r"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    Primary down: returning; stop the fence
    fence stopped: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    Primary down: draining; stop the drain
    Primary returned: draining; nothing
    drain stopped: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    ");
}

/// Proves: F20 (unprotected is not forgotten), F33 (never automatic into a side that is not ready).
#[test]
fn a_second_loss_while_unprotected_always_asks() {
    let story = Story::new(DecisionPolicy::Automatic)
        .down(Primary)
        .done(Failover)
        .down_unprotected(Secondary)
        .returned(Primary)
        .approves(anyway(Primary))
        .done(Failover)
        .returned(Secondary);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Secondary down: degraded; wait: both regions are lost: the first that answers decides, and no fence runs before that
    Primary returned: deciding; ask "fail over to the primary, which is not ready?"
    Approved "fail over to the primary, which is not ready?": failing over; run failover from secondary to primary, unplanned; when the secondary answers, run fence first
    failover done: unprotected; when the secondary answers, run fence first
    Secondary returned: returning; run fence from primary to secondary, planned
    "#);
    let story = Story::new(DecisionPolicy::Automatic)
        .down(Primary)
        .done(Failover)
        .returned(Primary)
        .done(FenceRun)
        .down_unprotected(Secondary)
        .stopped(Drain);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    Secondary down: draining; stop the drain
    drain stopped: deciding; ask "fail over to the primary, which is not ready?"
    "#);
}

#[test]
fn a_planned_move_needs_a_ready_side_and_ends_protected_away() {
    let story = Story::new(DecisionPolicy::Manual)
        .wishes(Wish::Move)
        .wishes(Wish::Move)
        .done(Failover)
        .done(FenceRun)
        .wishes(Wish::Failback)
        .done(Drain)
        .done(Prepare)
        .tick(true)
        .wishes(Wish::Move)
        .wishes(Wish::Failback)
        .approves(Question::Failback);
    assert_snapshot!(story.transcript, @r#"
    operator wants Move: failing over; run failover from primary to secondary, planned
    operator wants Move: refused, the wish to move does not fit while the workload is failing over
    failover done: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    operator wants Failback: refused, the move cannot start: home was not fenced, drained and prepared since it was left
    drain done: re-protecting; run prepare from secondary to primary, planned
    prepare done: protected; keep the snapshot
    tick: protected; keep the snapshot
    operator wants Move: refused, the move cannot start: it is away from home: ask for the failback
    operator wants Failback: protected; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    "#);
}

#[test]
fn after_a_loss_the_way_home_is_asked_for_and_a_no_is_a_no() {
    let away = Story::new(DecisionPolicy::Automatic).down(Primary).done(Failover).returned(Primary);
    let story = away.done(FenceRun).done(Drain).done(Prepare);
    let story = story.says(Decision::Declined, Question::Failback).tick(true);
    let end: Vec<&str> = story.transcript.lines().rev().take(3).collect();
    assert_eq!(
        end,
        [
            "tick: protected; keep the snapshot",
            r#"Declined "go home?": protected; wait: it stays away, and is asked home again when somebody wants it"#,
            r#"prepare done: protected; keep the snapshot; ask "go home?""#,
        ]
    );
}

#[test]
fn a_standby_region_that_was_lost_is_fenced_drained_and_prepared_again() {
    let story = Story::new(DecisionPolicy::Automatic)
        .down_unprotected(Secondary)
        .wishes(Wish::Move)
        .returned(Secondary)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare);
    assert_snapshot!(story.transcript, @r"
    Secondary down: unprotected; when the secondary answers, run fence first
    operator wants Move: refused, the move cannot start: the other region is lost
    Secondary returned: returning; run fence from primary to secondary, planned
    fence done: draining; run drain from primary to secondary, planned
    drain done: preparing; run prepare from primary to secondary, planned
    prepare done: protected; keep the snapshot
    ");
}

#[test]
fn what_was_never_begun_cannot_end() {
    let story = Story::new(DecisionPolicy::Manual)
        .done(Failover)
        .done(FenceRun)
        .approves(Question::Failback)
        .wishes(Wish::Failback)
        .suspected(Primary)
        .done(Drain);
    assert_snapshot!(story.transcript, @r#"
    failover done: refused, the end of a failover run does not fit while the workload is serving
    fence done: refused, the end of a fence run does not fit while the workload is serving
    Approved "go home?": refused, an answer to "go home?" does not fit while the workload is serving
    operator wants Failback: refused, the move cannot start: it is at home
    Primary suspected: suspecting; wait until 1970-01-01T00:20:00Z: a blip must not move the workload: the hold-down runs
    drain done: refused, the end of a drain run does not fit while the workload is suspecting
    "#);
}
