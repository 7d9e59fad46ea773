//! Moves that stop half-way: what is asked then, when, and what follows when the platform finishes them after all.

use super::*;

fn again() -> Question {
    Question::Again { kind: Failover }
}

#[test]
fn a_failover_that_cannot_start_is_asked_for_as_soon_as_it_can() {
    let story = Story::new(DecisionPolicy::Propose)
        .down(Primary)
        .approves(to(Secondary))
        .down_unprotected(Secondary)
        .fails(Failover, "503")
        .approves(again())
        .returned(Secondary)
        .approves(again())
        .done(Failover);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    Secondary down: failing over; nothing
    failover failed: degraded; wait: the failover cannot start again before the region it leads to answers
    Approved "run the failover again?": refused, the move cannot start: the other region is lost
    Secondary returned: degraded; ask "run the failover again?"
    Approved "run the failover again?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover done: unprotected; when the primary answers, run fence first
    "#);
    let story = Story::new(DecisionPolicy::Propose)
        .down(Primary)
        .approves(to(Secondary))
        .fails(Failover, "503")
        .down_unprotected(Secondary)
        .returned(Secondary);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Secondary down: degraded; withdraw "run the failover again?"; wait: the failover cannot start again before the region it leads to answers
    Secondary returned: degraded; ask "run the failover again?"
    "#);
}

#[test]
fn a_failover_that_comes_through_late_counts_as_one() {
    let stuck = || {
        Story::new(DecisionPolicy::Propose)
            .down(Primary)
            .approves(to(Secondary))
            .fails(Failover, "its deadline is over")
    };
    let story =
        stuck().leads(Secondary).tick(false).returned(Primary).done(FenceRun).done(Drain).done(Prepare);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    tick: unprotected; withdraw "run the failover again?"; follow: the secondary leads; when the primary answers, run fence first
    Primary returned: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    prepare done: protected; keep the snapshot; ask "go home?"
    "#);
    let story = stuck().says(Decision::Declined, again()).tick(false).leads(Secondary).tick(false);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Declined "run the failover again?": degraded; wait until 1970-01-01T00:34:00Z: it stays as it is, and is looked at again in 30m
    tick: degraded; nothing
    tick: unprotected; follow: the secondary leads; when the primary answers, run fence first
    "#);
    // The answer to a question whose cause has gone counts for nothing.
    let story = stuck().leads(Secondary).says(Decision::Declined, again());
    assert_eq!(story.state.active(), Secondary);
}

#[test]
fn a_move_that_comes_through_while_the_other_side_is_cleared_takes_it_over_first() {
    let story = Story::new(DecisionPolicy::Propose)
        .wishes(Wish::Move)
        .fails(Failover, "its deadline is over")
        .says(Decision::Declined, again())
        .leads(Secondary)
        .tick(false)
        .stopped(FenceRun)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare);
    assert_snapshot!(story.transcript, @r#"
    operator wants Move: failing over; run failover from primary to secondary, planned
    failover failed: degraded; ask "run the failover again?"
    Declined "run the failover again?": returning; wait: it stays where it serves, and moves when somebody wants it to; run fence from primary to secondary, planned
    tick: returning; stop the fence
    fence stopped: returning; follow: the secondary leads; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    prepare done: protected; keep the snapshot
    "#);
}

#[test]
fn who_was_never_set_out_for_cannot_lead() {
    let story = Story::new(DecisionPolicy::Propose).leads(Secondary).tick(true).down(Primary).tick(true);
    assert_eq!(story.state.active(), Primary, "{}", story.transcript);
}

#[test]
fn a_move_that_failed_is_never_forced_while_its_region_serves() {
    let story = Story::new(DecisionPolicy::Propose)
        .wishes(Wish::Move)
        .fails(Failover, "nothing replicates")
        .approves(again())
        .fails(Failover, "nothing replicates")
        .says(Decision::Declined, again());
    assert_snapshot!(story.transcript, @r#"
    operator wants Move: failing over; run failover from primary to secondary, planned
    failover failed: degraded; ask "run the failover again?"
    Approved "run the failover again?": failing over; run failover from primary to secondary, planned
    failover failed: degraded; ask "run the failover again?"
    Declined "run the failover again?": returning; wait: it stays where it serves, and moves when somebody wants it to; run fence from primary to secondary, planned
    "#);
    let story = Story::new(DecisionPolicy::Propose)
        .down(Primary)
        .approves(to(Secondary))
        .fails(Failover, "503")
        .returned(Primary)
        .approves(again())
        .done(Failover)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare);
    assert_snapshot!(story.transcript, @r#"
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Primary returned: degraded; ask "run the failover again?"
    Approved "run the failover again?": failing over; run failover from primary to secondary, planned
    failover done: returning; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    prepare done: protected; keep the snapshot; ask "go home?"
    "#);
}

#[test]
fn a_no_to_a_run_holds_for_a_while() {
    let mut story = Story::new(DecisionPolicy::Propose).down_unprotected(Secondary).returned(Secondary);
    story = story.fails(FenceRun, "no capacity").says(Decision::Declined, Question::Again { kind: FenceRun });
    story = story.later(28).tick(true).tick(true);
    story =
        story.says(Decision::Declined, Question::Again { kind: FenceRun }).later(58).tick(true).tick(true);
    assert_snapshot!(story.transcript, @r#"
    Secondary down: unprotected; when the secondary answers, run fence first
    Secondary returned: returning; run fence from primary to secondary, planned
    fence failed: degraded; ask "run the fence again?"
    Declined "run the fence again?": degraded; wait until 1970-01-01T00:34:00Z: it stays as it is, and is looked at again in 30m
    tick: degraded; nothing
    tick: degraded; ask "run the fence again?"
    Declined "run the fence again?": degraded; wait until 1970-01-01T01:35:00Z: it stays as it is, and is looked at again in 1h
    tick: degraded; nothing
    tick: degraded; ask "run the fence again?"
    "#);
}
