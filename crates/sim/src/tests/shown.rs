//! What a drill hands over to be shown: planes as they were, faults apart, numbers that add up, words that say why.

use lifeboat_planner::detector::Plane;
use serde_json::Value;

use super::example::{drill, scenario};
use super::scenarios::short;
use crate::{Belief, DrillOutcome, DrillReport, Truth};

const REFUSED: &str = "at: 20m, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, \
    phase: before, effect: error, status: 503, code: ServerBusy }";

fn is_down(report: &DrillReport, region: &str, plane: Plane) -> bool {
    let found = report.planes.iter().find(|found| found.region == region && found.plane == plane).unwrap();
    found.truth.iter().any(|part| part.is == Truth::Down)
}

fn lines(outcome: &DrillOutcome) -> Vec<Value> {
    outcome.events.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_fault_is_no_outage_and_its_answer_is_told() {
    let outcome = short(
        2,
        &["at: 0s, operator: { answers: approve, after: 1m }", "at: 20m, lose: { region: primary }", REFUSED],
    );
    let report = &outcome.report;
    for plane in [Plane::Control, Plane::Data] {
        assert!(is_down(report, "westeurope", plane) && !is_down(report, "northeurope", plane));
    }
    assert_eq!(report.faults.len(), 1);
    assert_eq!(report.faults[0].effect, "503 ServerBusy");
    let failed = report.runs.iter().find(|run| !run.succeeded).expect("it is refused for ever");
    assert!(failed.outcome.contains("failed"), "{}", failed.outcome);
    let why = failed.steps.iter().find_map(|step| step.why.as_deref()).unwrap();
    assert!(why.contains("503 ServerBusy"), "{why}");
    let told = report.timeline.iter().find(|told| told.what.contains("failed after")).expect("it is told");
    assert!(told.what.contains("503 ServerBusy"), "{}", told.what);
    let bus = report.state_after.iter().find(|line| line.component == "orders-bus").unwrap();
    assert!(bus.says.starts_with("orders-bus-weu is lost with its region"), "{}", bus.says);
}

#[test]
fn each_plane_has_a_truth_and_a_belief_of_its_own() {
    let outcome = short(
        3,
        &[
            "at: 30m, lose: { region: primary, planes: [control] }",
            "at: 90m, restore: { region: primary, planes: [control] }",
        ],
    );
    let report = &outcome.report;
    assert!(is_down(report, "westeurope", Plane::Control) && !is_down(report, "westeurope", Plane::Data));
    let control = &report.planes[0];
    let beliefs: Vec<Belief> = control.believed.iter().map(|part| part.is).collect();
    assert_eq!(
        beliefs,
        [Belief::Well, Belief::Suspected, Belief::Down, Belief::Returning, Belief::Well],
        "{control:?}"
    );
    for plane in &report.planes {
        assert_eq!((plane.truth[0].from, plane.truth.last().unwrap().to), (report.started, report.ended));
        assert!(plane.truth.windows(2).all(|pair| pair[0].to == pair[1].from), "{plane:?}");
        assert!(plane.believed.windows(2).all(|pair| pair[0].to == pair[1].from), "{plane:?}");
    }
}

#[test]
fn acknowledged_messages_are_received_or_held_or_lost() {
    let outcome = short(
        4,
        &[
            "at: 0s, operator: { answers: approve, after: 1m }",
            "at: 30m, lose: { region: primary }",
            "at: 80m, restore: { region: primary }",
        ],
    );
    let report = &outcome.report;
    let seen = &report.clients;
    let received_once = seen.received - seen.received_twice;
    assert_eq!(seen.acknowledged, received_once + seen.still_held + report.losses.lost, "{:?}", seen.held);
    assert_eq!(seen.still_held, seen.held.queued + seen.held.scheduled + seen.held.dead_lettered);

    // What a region needs is asked of the failover from it, and of nothing else.
    for run in &report.runs {
        let judged = run.steps.iter().any(|step| step.independence.is_some());
        assert_eq!(judged, run.kind == "failover", "{}", run.purpose);
    }
    // The timeline tells of planned steps; those that a stage brought are marked.
    let drain = report.runs.iter().find(|run| run.kind == "drain").unwrap();
    let planned = drain.steps.iter().filter(|step| step.stage.is_none()).count();
    let said = report.timeline.iter().find(|told| told.what.starts_with("drain westeurope:")).unwrap();
    assert!(planned < drain.steps.len() && said.what.contains(&format!(": {planned} step")), "{}", said.what);
    // Who waits and sees is done with it; nobody was there before.
    let waits = drain.steps.iter().filter(|step| step.request.is_none());
    assert!(waits.into_iter().all(|step| step.outcome != "already done"));
}

#[test]
fn events_are_data() {
    let outcome = short(1, &["at: 10m, lose: { region: primary }"]);
    for line in lines(&outcome) {
        assert!(line["kind"].is_string() && line["at"].is_string() && line["who"].is_string(), "{line}");
    }
    let intends: Vec<Value> = lines(&outcome).into_iter().filter(|line| line["kind"] == "intends").collect();
    assert_eq!(intends[0]["intention"]["runPlan"]["kind"], "prepare", "{}", intends[0]);
    assert!(intends.iter().all(|line| !line.to_string().contains(" { ")), "no text of our own types");
}

#[test]
fn progress_says_what_everybody_waits_for() {
    let text = "scenario: slow\nduration: 1h\n\
        clients: { producers: 1, consumers: 1, messagesPerSecond: 1 }\nevents:\n\
        \x20 - { at: 0s, operator: { answers: approve, after: 5m } }\n\
        \x20 - { at: 10m, lose: { region: primary } }\n";
    let mut phases = Vec::new();
    drill(scenario(text), 1)
        .play(&mut |progress| {
            phases.push(progress.phase.to_owned());
            true
        })
        .unwrap();
    phases.dedup();
    let told = phases.join(" | ");
    for (earlier, later) in [
        ("watching", "westeurope is lost, and nobody has noticed yet"),
        ("westeurope is lost, and nobody has noticed yet", "westeurope is suspected, and the hold-down runs"),
        ("westeurope is suspected", "waiting for an answer to \"fail over to northeurope?"),
        ("waiting for an answer", "fail over from westeurope to northeurope"),
    ] {
        let (first, second) = (told.find(earlier), told.find(later));
        assert!(first.is_some() && first < second, "{earlier} before {later}: {told}");
    }
}
