//! Moves that stop half-way, regions that come and go, and what people are told and asked meanwhile.

use jiff::SignedDuration;

use super::example::mins;
use super::scenarios::{WHOLE, missed, passes, runs, short};
use crate::DrillOutcome;

const LOST: &str = "at: 10m, lose: { region: primary }";

/// When something was said, counted from the drill's start, and all of it.
fn said<'a>(outcome: &'a DrillOutcome, what: &str) -> Vec<(SignedDuration, &'a str)> {
    let lines = outcome.report.timeline.iter().filter(|line| line.what.contains(what));
    lines.map(|line| (line.at.duration_since(outcome.report.started), line.what.as_str())).collect()
}

fn once<'a>(outcome: &'a DrillOutcome, what: &str) -> (SignedDuration, &'a str) {
    let found = said(outcome, what);
    assert_eq!(found.len(), 1, "{what}: {found:?}");
    found[0]
}

/// Both regions are lost, and the second one returns first: the failover that could not start is asked for again then, and
/// not before the other one is back, too.
#[test]
fn the_second_region_that_returns_first_is_gone_to() {
    let outcome = short(
        8,
        &[
            LOST,
            "at: 15m, lose: { region: secondary }",
            "at: 1h, restore: { region: secondary }",
            "at: 4h, restore: { region: primary }",
        ],
    );
    let why = once(&outcome, "northeurope? It is NOT known to be ready").1;
    assert!(why.contains("northeurope is suspected since"), "{why}");
    assert!(why.contains("nobody can say how long it takes"), "{why}");
    assert_eq!(said(&outcome, "not now").len(), 0, "nobody is asked what cannot be done");
    let asked = once(&outcome, "asks: run the failover to northeurope again?").0;
    assert!((mins(70)..mins(75)).contains(&asked), "{asked}");
    assert!(once(&outcome, "the last client has left the old region").0 < mins(90));
    assert!(missed(&outcome).iter().all(|why| why.contains("recovery took")), "{:?}", missed(&outcome));
}

/// The platform finishes a failover hours after its run gave up: the workload is where its clients are.
#[test]
fn a_failover_that_comes_through_late_is_followed() {
    let outcome = short(
        10,
        &[
            LOST,
            "at: 10m, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: stuck, until: 2h }",
            "at: 5h, restore: { region: primary }",
        ],
    );
    let late = once(&outcome, "the alias now points at northeurope: the failover came through late").0;
    assert!((mins(120)..mins(130)).contains(&late), "{late}");
    assert!(once(&outcome, "the last client has left the old region").0 < late + mins(20));
    let after: Vec<&str> = runs(&outcome).into_iter().skip_while(|kind| *kind != "fence").collect();
    assert_eq!(after, WHOLE[2..], "and everything that follows a failover follows");
    let rto = &outcome.report.rto;
    assert!(rto.actual.is_some() && rto.unrecovered.is_none(), "{rto:?}");
    assert!(missed(&outcome).iter().all(|why| why.contains("recovery took")), "{:?}", missed(&outcome));
}

/// What serves is never taken away by force, however often a move by choice fails.
#[test]
fn a_planned_move_that_failed_stays_a_planned_move() {
    let outcome = short(
        3,
        &[
            "at: 5m, fault: { region: primary, provider: Microsoft.ServiceBus, effect: no-replication }",
            "at: 10m, plan: move",
        ],
    );
    assert!(said(&outcome, "asks: run the move to northeurope again?").len() > 1);
    assert_eq!(said(&outcome, "FORCED"), []);
    let moves = outcome.report.runs.iter().filter(|run| run.kind == "failover");
    assert!(moves.clone().count() > 1 && moves.clone().all(|run| run.purpose.starts_with("move to")));
    assert_eq!(outcome.report.clients.failed_sends, 0);
    // Who stays where it serves has nothing to recover from.
    assert!(outcome.report.rto.unrecovered.is_none(), "{:?}", missed(&outcome));
    assert!(missed(&outcome).iter().all(|why| !why.contains("not recovered")), "{:?}", missed(&outcome));
}

/// A forced one says so, and how long it is until the last client is back.
#[test]
fn a_forced_failover_says_so_and_how_long_it_takes_in_all() {
    let outcome = short(6, &[LOST]);
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(asked.contains("FORCED"), "{asked}");
    let terms = outcome.report.rto.forecast.as_ref().expect("it is protected");
    let takes = lifeboat_plan::duration(terms.orchestration + terms.platform + terms.dns);
    assert!(asked.contains(&format!("clients are back in up to {takes}")), "{asked}");
}

/// The side that was left goes down again while it is fenced: the fence waits for it, and nothing has failed.
#[test]
fn a_fence_waits_for_a_region_that_is_lost() {
    let outcome = short(
        9,
        &[
            "at: 10m, plan: move",
            "at: 10m30s, lose: { region: primary }",
            "at: 4h, restore: { region: primary }",
        ],
    );
    passes(&outcome, &["prepare", "failover", "fence", "fence", "drain", "prepare"]);
    let stopped = once(&outcome, "fence westeurope is stopped").1;
    assert!(stopped.ends_with("it cannot end before westeurope answers, and begins anew then"), "{stopped}");
}

/// Capacity comes back without a word: who said no is asked again, later each time, and what failed and then succeeded
/// fails no drill.
#[test]
fn a_no_to_a_run_that_failed_is_not_for_ever() {
    let full = "at: before-prepare, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: no-capacity, until: 2h }";
    let outcome = short(8, &[full]);
    let noes: Vec<SignedDuration> = said(&outcome, "times in a row").iter().map(|(at, _)| *at).collect();
    assert!(noes.len() > 1 && noes[0] < mins(30), "{noes:?}");
    assert!(noes.windows(2).all(|pair| pair[1] - pair[0] > mins(30)), "{noes:?}");
    assert_eq!(runs(&outcome).last(), Some(&"prepare"));
    assert!(outcome.report.state_after.iter().all(|line| line.state == "protected"));
    passes(&outcome, &vec!["prepare"; runs(&outcome).len()]);
}

/// What was never prepared is not failed over to: that is said, and nothing is sent.
#[test]
fn nothing_is_sent_to_a_namespace_that_was_never_made() {
    let none =
        "at: before-prepare, quota: { region: secondary, type: Microsoft.ServiceBus/namespaces, limit: 0 }";
    let outcome = short(6, &[none, "at: 2h, lose: { region: primary }"]);
    let asked = said(&outcome, "asks: fail over to northeurope?");
    assert!(asked[0].1.contains("is NOT known to be ready: prepare failed"), "{asked:?}");
    assert!(asked[0].1.contains("QuotaExceeded"), "{asked:?}");
    assert!(
        asked[0].1.contains("no plan can be made now: `orders-bus`: `orders-bus-neu` is not there"),
        "{asked:?}"
    );
    assert!(!runs(&outcome).contains(&"failover"), "{:?}", runs(&outcome));
}

/// Reminders come at growing distances, and tell when waiting has settled the question.
#[test]
fn reminders_grow_rare_and_say_when_the_lost_region_answers_again() {
    let outcome =
        short(14, &["at: 0s, operator: { answers: nobody }", LOST, "at: 12h, restore: { region: primary }"]);
    let asked = said(&outcome, "asks: fail over to northeurope?");
    assert!((12..18).contains(&asked.len()), "{}", asked.len());
    let distances: Vec<_> = asked.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(distances.windows(2).all(|pair| pair[0] <= pair[1]), "{distances:?}");
    assert_eq!(distances.last(), Some(&mins(60)));

    let outcome =
        short(4, &["at: 0s, operator: { answers: nobody }", LOST, "at: 150m, restore: { region: primary }"]);
    let last = said(&outcome, "asks: fail over to northeurope?").pop().unwrap();
    assert!((mins(150)..mins(160)).contains(&last.0), "{last:?}");
    assert!(last.1.contains("westeurope has answered again for"), "{last:?}");
}

/// The way home into a region that comes and goes waits until it has been well for the whole hold-down, and says how often
/// it was lost.
#[test]
fn home_must_be_steady_again_and_its_losses_are_named() {
    let outcome = short(
        8,
        &[
            LOST,
            "at: 2h, restore: { region: primary }",
            "at: 2h10m, flap: { region: primary, times: 3, every: 20m }",
        ],
    );
    passes(&outcome, &WHOLE);
    let well = once(&outcome, "westeurope: its data plane is well").0;
    assert!(well >= mins(180) + mins(15), "{well}");
    let asked = once(&outcome, "asks: go home?").1;
    assert!(asked.contains("westeurope was lost 4 times in the last 12h"), "{asked}");
}

/// The region that serves is lost on the way home: nobody is asked for hours to go on with what cannot be done.
#[test]
fn a_loss_on_the_way_home_is_decided_as_any_other() {
    let outcome = short(
        10,
        &[
            LOST,
            "at: 2h, restore: { region: primary }",
            "at: 2h16m, lose: { region: secondary }",
            "at: 7h, restore: { region: secondary }",
        ],
    );
    let stopped = once(&outcome, "go home to westeurope is stopped");
    assert!(stopped.1.contains("good order needs northeurope, which is lost"), "{stopped:?}");
    let asked = once(&outcome, "asks: fail over to westeurope?");
    assert!(asked.0 < mins(136 + 20) && asked.1.contains("It is ready; FORCED"), "{asked:?}");
    assert_eq!(said(&outcome, "run failback again?"), []);
    let back = said(&outcome, "fail over from northeurope to westeurope: done");
    assert!(back[0].0 < mins(136 + 40), "{back:?}");
    let after: Vec<&str> = runs(&outcome).into_iter().skip(6).collect();
    assert_eq!(after, ["failover", "fence", "drain", "prepare"]);
}

/// Who asks for a move in good order has not said yes to what force costs.
#[test]
fn a_wish_for_a_move_during_an_outage_is_asked_about() {
    let outcome = short(3, &[LOST, "at: 13m, plan: move"]);
    let (at, asked) = once(&outcome, "asks: fail over to northeurope?");
    assert!(at < mins(15) && asked.contains("FORCED") && asked.contains("messages stay behind"), "{asked}");
    once(&outcome, "good order needs the region that serves, which does not answer");
    let began = once(&outcome, "executes the failover plan").0;
    assert!(began >= at + mins(4), "nothing is sent before the answer");
}

/// What is known of the planes of the second region is said with the question, and so is what became of the last attempt:
/// a forecast that was not kept is not given again.
#[test]
fn a_question_says_what_is_known_of_the_second_region_and_of_the_last_attempt() {
    let lost = [
        "at: 10m, lose: { region: primary, planes: [data] }",
        "at: 10m, lose: { region: secondary, planes: [control] }",
    ];
    let outcome = short(2, &lost);
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(asked.contains("It is NOT known to be ready: the control plane of northeurope is "), "{asked}");
    let again = said(&outcome, "asks: run the failover to northeurope again?")[0].1;
    assert!(again.contains("It failed after 10m; the control plane of northeurope is lost since"), "{again}");
    let stuck = "at: 5m, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: stuck }";
    let outcome = short(2, &[stuck, LOST]);
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(asked.contains("clients are back in up to"), "{asked}");
    let again = said(&outcome, "asks: run the failover to northeurope again?");
    assert!(
        again.len() > 1 && again.iter().all(|(_, what)| what.contains("nobody can say how long it takes"))
    );
    assert!(again[1].1.contains("It failed 2 times, the last after 10m"), "{again:?}");
}

/// Two of three vantage points do not see a region that is well: the question says who does.
#[test]
fn a_question_says_who_still_sees_the_region() {
    let outcome = short(1, &["at: 10m, unseen: { region: primary, from: [north, west] }"]);
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(asked.contains("westeurope is seen from far, and not from north and west"), "{asked}");
    assert!(asked.contains("Lifeboat itself read orders-bus there "), "{asked}");
    let outcome = short(1, &[LOST]);
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(!asked.contains("is seen from"), "{asked}");
}

/// No fence runs before the first of two lost regions takes over, and nothing says that one does.
#[test]
fn a_fence_is_not_promised_where_nothing_serves() {
    let outcome = short(
        5,
        &[
            "at: 10m, lose: { region: secondary }",
            "at: 1h, lose: { region: primary }",
            "at: 3h, restore: { region: secondary }",
        ],
    );
    once(&outcome, "the first that answers decides, and no fence runs before that");
    let asked = once(&outcome, "asks: fail over to northeurope?").1;
    assert!(asked.contains("it was not fenced since it was left or lost"), "{asked}");
}

/// Every no and every question that is taken back leaves a line.
#[test]
fn a_no_and_a_withdrawal_are_seen() {
    let no = "at: 0s, operator: { answers: decline, after: 4m }";
    let outcome = short(2, &[no, LOST]);
    once(
        &outcome,
        "it stays as it is, and is asked again when a region comes or goes, or when somebody wants to move",
    );
    let late = "at: 0s, operator: { answers: approve, after: 30m }";
    let outcome = short(2, &[late, LOST, "at: 30m, restore: { region: primary }"]);
    once(&outcome, "takes back what it asked: fail over to northeurope?");
    let full = "at: before-prepare, fault: { region: secondary, provider: Microsoft.ServiceBus, effect: no-capacity }";
    let outcome = short(12, &[full]);
    let noes = said(&outcome, "answers no").len();
    assert!(noes > 3);
    assert_eq!(said(&outcome, "it stays as it is, and is looked at again in").len(), noes);
}
