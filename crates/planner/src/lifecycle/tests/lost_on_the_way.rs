//! The side that serves is lost while a move in good order is under way, or after it failed: good order cannot be had
//! any more, and the loss is decided as any other.

use super::*;

/// Away from home, protected there, and on the way home.
fn going_home(policy: DecisionPolicy) -> Story {
    let away = Lifecycle { generation: 1, ..Lifecycle::serving(Secondary) };
    Story::from(away, policy).tick(true).approves(Question::Failback)
}

fn home_again() -> Question {
    Question::Again { kind: Failback }
}

#[test]
fn a_move_is_stopped_and_the_loss_is_decided() {
    let story = going_home(DecisionPolicy::Propose)
        .suspected(Secondary)
        .down(Secondary)
        .then("failback stopped", true, ended(Failback, RunOutcome::Stopped))
        .approves(to(Primary))
        .done(Failover)
        .returned(Secondary)
        .done(FenceRun)
        .done(Drain)
        .done(Prepare);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Secondary suspected: failing back; nothing
    Secondary down: failing back; stop the failback
    failback stopped: deciding; ask "fail over to the primary?"
    Approved "fail over to the primary?": failing over; run failover from secondary to primary, unplanned; when the secondary answers, run fence first
    failover done: unprotected; when the secondary answers, run fence first
    Secondary returned: returning; run fence from primary to secondary, planned
    fence done: draining; run drain from primary to secondary, planned
    drain done: re-protecting; run prepare from primary to secondary, planned
    prepare done: protected; keep the snapshot
    "#);
    let story = going_home(DecisionPolicy::Automatic).down(Secondary).then(
        "failback stopped",
        true,
        ended(Failback, RunOutcome::Stopped),
    );
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Secondary down: failing back; stop the failback
    failback stopped: failing over; run failover from secondary to primary, unplanned; when the secondary answers, run fence first
    "#);
    let story =
        Story::new(DecisionPolicy::Propose).wishes(Wish::Move).down_unprotected(Primary).stopped(Failover);
    assert_snapshot!(story.transcript, @r#"
    operator wants Move: failing over; run failover from primary to secondary, planned
    Primary down: failing over; stop the failover
    failover stopped: deciding; ask "fail over to the secondary, which is not ready?"
    "#);
}

#[test]
fn a_move_that_failed_is_not_offered_again_in_good_order() {
    let story = going_home(DecisionPolicy::Propose)
        .fails(Failback, "503")
        .down(Secondary)
        .approves(home_again())
        .approves(to(Primary))
        .done(Failover);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    failback failed: degraded; ask "run the failback again?"
    Secondary down: deciding; withdraw "run the failback again?"; ask "fail over to the primary?"
    Approved "run the failback again?": refused, an answer to "run the failback again?" does not fit while the workload is deciding "fail over to the primary?"
    Approved "fail over to the primary?": failing over; run failover from secondary to primary, unplanned; when the secondary answers, run fence first
    failover done: unprotected; when the secondary answers, run fence first
    "#);
    let story = Story::new(DecisionPolicy::Propose)
        .wishes(Wish::Move)
        .fails(Failover, "503")
        .down(Primary)
        .approves(Question::Again { kind: Failover });
    assert_snapshot!(story.transcript, @r#"
    operator wants Move: failing over; run failover from primary to secondary, planned
    failover failed: degraded; ask "run the failover again?"
    Primary down: deciding; withdraw "run the failover again?"; ask "fail over to the secondary?"
    Approved "run the failover again?": refused, an answer to "run the failover again?" does not fit while the workload is deciding "fail over to the secondary?"
    "#);
}

#[test]
fn when_both_are_lost_the_first_that_answers_is_asked_about() {
    let story = going_home(DecisionPolicy::Propose)
        .down_unprotected(Primary)
        .down_unprotected(Secondary)
        .stopped(Failback)
        .returned(Primary);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Primary down: failing back; nothing
    Secondary down: failing back; stop the failback
    failback stopped: degraded; wait: both regions are lost: the first that answers decides, and no fence runs before that
    Primary returned: deciding; ask "fail over to the primary, which is not ready?"
    "#);
}

#[test]
fn a_move_that_has_led_clients_away_is_past_its_point_of_no_return() {
    let story = going_home(DecisionPolicy::Propose).leads(Primary).down_unprotected(Secondary).done(Failback);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Secondary down: failing back; nothing
    failback done: unprotected; when the secondary answers, run fence first
    "#);
    // It is stopped too early to be seen turning, and turns all the same.
    let story = going_home(DecisionPolicy::Propose)
        .down_unprotected(Secondary)
        .stopped(Failback)
        .leads(Primary)
        .tick(false);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Secondary down: failing back; stop the failback
    failback stopped: deciding; ask "fail over to the primary, which is not ready?"
    tick: unprotected; withdraw "fail over to the primary, which is not ready?"; follow: the primary leads; when the secondary answers, run fence first
    "#);
}

/// A wish for good order is no consent to what force costs: where good order is impossible, the failover is asked for.
#[test]
fn a_wish_for_a_move_never_forces_one() {
    let story = Story::new(DecisionPolicy::Automatic)
        .suspected(Primary)
        .wishes(Wish::Move)
        .down(Primary)
        .wishes(Wish::Move)
        .says(Decision::Declined, to(Secondary))
        .wishes(Wish::Move)
        .approves(to(Secondary));
    assert_snapshot!(story.transcript, @r#"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    operator wants Move: deciding; wait: good order needs the region that serves, which does not answer; ask "fail over to the secondary?"
    Primary down: deciding; nothing
    operator wants Move: refused, the move cannot start: good order needs the region that serves, which is lost: a failover is asked for
    Declined "fail over to the secondary?": degraded; wait: it stays as it is, and is asked again when a region comes or goes, or when somebody wants to move
    operator wants Move: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    "#);
    let story =
        Story::new(DecisionPolicy::Manual).suspected(Primary).wishes(Wish::Move).flapped(Primary).tick(true);
    assert_snapshot!(story.transcript, @r#"
    Primary suspected: suspecting; wait until 1970-01-01T00:16:00Z: a blip must not move the workload: the hold-down runs
    operator wants Move: deciding; wait: good order needs the region that serves, which does not answer; tell "fail over to the secondary?"
    Primary flapped: protected; withdraw "fail over to the secondary?"; keep the snapshot
    tick: protected; keep the snapshot
    "#);
    let story = Story::new(DecisionPolicy::Propose)
        .wishes(Wish::Failover)
        .down(Primary)
        .approves(to(Secondary))
        .fails(Failover, "503")
        .says(Decision::Declined, Question::Again { kind: Failover })
        .wishes(Wish::Move)
        .wishes(Wish::Failover);
    assert_snapshot!(story.transcript, @r#"
    operator wants Failover: refused, the wish to fail over does not fit while the workload is serving
    Primary down: deciding; ask "fail over to the secondary?"
    Approved "fail over to the secondary?": failing over; run failover from primary to secondary, unplanned; when the primary answers, run fence first
    failover failed: degraded; ask "run the failover again?"
    Declined "run the failover again?": degraded; wait until 1970-01-01T00:35:00Z: it stays as it is, and is looked at again in 30m
    operator wants Move: degraded; ask "run the failover again?"
    operator wants Failover: refused, the wish to fail over does not fit while the workload is degraded (the failover failed: 503)
    "#);
}

/// What half a move began on the other side is not forgotten when the region that it was to leave returns.
#[test]
fn half_a_move_is_cleared_up_when_the_region_that_serves_returns() {
    let story = going_home(DecisionPolicy::Propose)
        .down_unprotected(Secondary)
        .stopped(Failback)
        .returned(Secondary)
        .done(FenceRun)
        .done(Drain);
    assert_snapshot!(story.transcript, @r#"
    tick: protected; keep the snapshot; ask "go home?"
    Approved "go home?": failing back; run failback from secondary to primary, planned
    Secondary down: failing back; stop the failback
    failback stopped: deciding; ask "fail over to the primary, which is not ready?"
    Secondary returned: returning; withdraw "fail over to the primary, which is not ready?"; run fence from secondary to primary, planned
    fence done: draining; run drain from secondary to primary, planned
    drain done: re-protecting; run prepare from secondary to primary, planned
    "#);
}
