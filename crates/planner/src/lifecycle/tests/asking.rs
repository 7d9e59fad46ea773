//! Who is asked, when again, and what an answer does: policies, questions, and runs that failed.

use super::*;

/// Proves: F33 (manual: Lifeboat tells, a person starts).
#[test]
fn manual_tells_and_waits_for_a_person() {
    let story = Story::new(DecisionPolicy::Manual)
        .suspected(Primary)
        .down(Primary)
        .later(60)
        .tick(true)
        .wishes(Wish::Failover);
    assert_snapshot!(story.transcript, @r#"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    Primary down: deciding; tell "fail over to the secondary?"
    tick: deciding; nothing
    operator wants Failover: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    "#);
}

/// Proves: F33 (automatic within its budget; beyond it, a person).
#[test]
fn automatic_acts_within_its_budget_only() {
    let within = Story::new(DecisionPolicy::Automatic).suspected(Primary).down(Primary);
    assert_snapshot!(within.transcript, @r"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    ");
    let over = Happened::Down { side: Primary, budget: Budget::Exceeded };
    let beyond = Story::new(DecisionPolicy::Automatic).then("Primary down, over budget", true, over);
    assert_snapshot!(beyond.transcript, @"Primary down, over budget: deciding; ask \"fail over to the secondary?\"");
    let unprotected = Story::new(DecisionPolicy::Automatic).down_unprotected(Primary);
    assert_snapshot!(unprotected.transcript, @"Primary down: deciding; ask \"fail over to the secondary, which is not ready?\"");
}

/// Proves: F13 (a blip moves nothing).
#[test]
fn a_blip_ends_where_it_began() {
    let story = Story::new(DecisionPolicy::Automatic).suspected(Primary).flapped(Primary).tick(true);
    assert_snapshot!(story.transcript, @r"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    Primary flapped: protected; keep the snapshot
    tick: protected; keep the snapshot
    ");
}

#[test]
fn a_question_is_withdrawn_when_its_cause_vanishes() {
    let story = Story::new(DecisionPolicy::Propose)
        .down(Primary)
        .returned(Primary)
        .approves(to(Secondary))
        .tick(true);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Primary returned: unprotected; withdraw "fail over to the secondary?"; wait: pairs, replication or backups do not stand yet
    Approved "fail over to the secondary?": refused, an answer to "fail over to the secondary?" does not fit while the workload is serving
    tick: protected; keep the snapshot
    "#);
}

#[test]
fn a_question_nobody_answers_is_asked_again_at_growing_distances() {
    let story = Story::new(DecisionPolicy::Propose).down(Primary).tick(true).later(10).tick(true).tick(true);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    tick: deciding; nothing
    tick: deciding; ask "fail over to the secondary?"
    tick: deciding; nothing
    "#);
    let mut story = Story::new(DecisionPolicy::Propose).down(Primary);
    let (began, mut asked) = (story.at, Vec::new());
    for _ in 0..6 * 60 {
        let before = story.transcript.len();
        story = story.tick(true);
        if story.transcript[before..].contains("; ask ") {
            asked.push(story.at.duration_since(began).as_mins());
        }
    }
    assert_eq!(asked, [10, 30, 70, 130, 190, 250, 310], "minutes after the loss was certain");
}

#[test]
fn a_declined_failover_stays_and_may_be_wished_for() {
    let declined =
        || Story::new(DecisionPolicy::Propose).down(Primary).says(Decision::Declined, to(Secondary));
    let story = declined().tick(true).wishes(Wish::Failover).done(Failover);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Declined "fail over to the secondary?": degraded; wait: it stays as it is, and is asked again when a region comes or goes, or when somebody wants to move
    tick: degraded; nothing
    operator wants Failover: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    "#);
    let story = declined().returned(Primary);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Declined "fail over to the secondary?": degraded; wait: it stays as it is, and is asked again when a region comes or goes, or when somebody wants to move
    Primary returned: unprotected; wait: pairs, replication or backups do not stand yet
    "#);
}

#[test]
fn a_failed_run_asks_and_may_be_run_by_hand() {
    let failed = || {
        let away = Story::new(DecisionPolicy::Automatic).down(Primary).done(Failover).returned(Primary);
        away.fails(FenceRun, "403")
    };
    let again = Question::Again { kind: FenceRun };
    let story = failed().approves(again).done(FenceRun);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence failed: degraded; ask "run the fence again?"
    Approved "run the fence again?": returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    "#);
    let story = failed().done(FenceRun);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence failed: degraded; ask "run the fence again?"
    fence done: draining; withdraw "run the fence again?"; run drain from secondary to primary, planned
    "#);
    let story = failed().says(Decision::Declined, again).done(Drain).done(FenceRun);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence failed: degraded; ask "run the fence again?"
    Declined "run the fence again?": degraded; wait until 1970-01-01T00:35:00Z: it stays as it is, and is looked at again in 30m
    drain done: refused, the end of a drain run does not fit while the workload is degraded (declined "run the fence again?")
    fence done: draining; run drain from secondary to primary, planned
    "#);
}

#[test]
fn half_a_failover_is_a_persons_to_judge() {
    let half = || Story::new(DecisionPolicy::Automatic).down(Primary).fails(Failover, "quota");
    let again = Question::Again { kind: Failover };
    let story = half().approves(again).done(Failover);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Approved "run the failover again?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    "#);
    let stays = half().returned(Primary).says(Decision::Declined, again);
    let story = stays.done(FenceRun).done(Drain).done(Prepare);
    assert_snapshot!(story.transcript, @r#"
    Primary down: failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Primary returned: degraded; ask "run the failover again?"
    Declined "run the failover again?": returning; wait: it stays where it serves, and moves when somebody wants it to; run fence from primary to secondary, planned
    fence done: draining; run drain from primary to secondary, planned
    drain done: re-protecting; run prepare from primary to secondary, planned
    prepare done: protected; keep the snapshot
    "#);
}

#[test]
fn only_approvers_decide() {
    let mut story = Story::new(DecisionPolicy::Propose);
    story.policy.approvers = vec![crate::workload::Approver::parse("lead@example.com").unwrap()];
    let story = story.down(Primary).approves(to(Secondary)).wishes(Wish::Move);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": refused, `oncall@example.com` is not among the approvers
    operator wants Move: refused, `oncall@example.com` is not among the approvers
    "#);
}
