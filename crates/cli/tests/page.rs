//! What the page says: nothing that did not happen, and no more of it than somebody reads.

use lifeboat_cli::report::html::render;
use lifeboat_plan::{Loss, LossKind};
use lifeboat_planner::{Answer, Severity};
use lifeboat_sim::{Belief, DrillReport, DrillVerdict, Truth};

use crate::fixture;

/// The lane of a plane, by what it says to a reader who cannot see it.
fn lane<'a>(page: &'a str, label: &str) -> &'a str {
    let start = page.find(&format!("aria-label=\"{label}")).expect("there is such a lane");
    let end = start + page[start..].find("</svg>").expect("it ends");
    &page[start..end]
}

#[test]
fn a_region_is_down_when_the_world_says_so_and_never_for_a_fault() {
    let mut report = fixture::report();
    let page = render(&report);
    assert!(lane(&page, "West Europe, data plane").contains("class=\"down\""));
    for plane in ["North Europe, control plane: up all the time", "North Europe, data plane: up all the time"]
    {
        assert!(!lane(&page, plane).contains("class=\"down\""), "{plane}");
    }
    assert!(page.contains("Fault 1") && page.contains("409 SkuNotAvailable"));

    // Management alone is lost: the data plane's lane stays whole.
    let data = report.planes[3].clone();
    report.planes[1].truth.clone_from(&data.truth);
    report.planes[1].believed = data.believed;
    let page = render(&report);
    assert!(lane(&page, "West Europe, control plane: down from +10m to +1h 30m").contains("class=\"down\""));
    assert!(!lane(&page, "West Europe, data plane: up all the time").contains("class=\"down\""));
}

#[test]
fn what_the_detector_believed_is_drawn_apart_from_what_was() {
    let mut report = fixture::report();
    for part in report.planes.iter_mut().flat_map(|plane| &mut plane.truth) {
        part.is = Truth::Up;
    }
    let page = render(&report);
    let lane = lane(&page, "West Europe, control plane: up all the time; suspected");
    assert!(!lane.contains("class=\"down\"") && lane.contains("belief suspected"));
}

#[test]
fn every_mark_has_its_place_in_the_legend() {
    let page = render(&fixture::report());
    for (drawn, explained) in [
        ("rect class=\"up\"", "swatch up"),
        ("rect class=\"down\"", "swatch down"),
        ("belief suspected", "swatch suspected"),
        ("belief down", "swatch believed"),
        ("belief returning", "swatch returning"),
        ("rect class=\"fault\"", "swatch fault"),
        ("serves nobody", "swatch nobody"),
        ("serves at-secondary", "swatch at-secondary"),
        ("class=\"forecast\"", "swatch tick"),
        ("class=\"beyond end\"", "forecast beyond the scale"),
        ("class=\"looks\"", "swatch looks"),
    ] {
        assert!(page.contains(drawn), "{drawn} is not drawn");
        assert!(page.contains(explained), "{explained} is missing");
    }
}

#[test]
fn a_forecast_beyond_the_scale_is_written_and_not_drawn_at_its_edge() {
    let mut report = fixture::report();
    let fence = &mut report.runs[2];
    fence.steps[0].forecast_p95 = fixture::secs(905);
    let page = render(&report);
    assert!(page.contains("› 15m 05s"), "the forecast is told");
    assert!(!page.contains("title>forecast at p95: 15m 05s"), "and not drawn as if it had been right");
}

#[test]
fn what_a_step_needs_of_the_other_region_is_said_where_a_region_is_gone() {
    let page = render(&fixture::report());
    let runs = page.split("id=\"runs\"").nth(1).unwrap().split("id=\"findings\"").next().unwrap();
    assert!(!runs.contains("refused") && !runs.contains("contingent"), "words for outcomes");
    assert!(page.contains("needs West Europe: only for the graceful way"));
    assert!(page.contains("needs West Europe: yes"));
    let fence = page.split("id=\"run-3\"").nth(1).unwrap().split("id=\"run-4\"").next().unwrap();
    assert!(!fence.contains("Needs West Europe"), "a fence waits for the region: nothing there is a verdict");
}

#[test]
fn half_an_hour_of_a_day_is_shown_larger() {
    let mut report = fixture::report();
    assert!(!render(&report).contains("id=\"close-up-1\""), "two busy hours are the whole");
    report.ended = fixture::at(86_400);
    let page = render(&report);
    assert!(page.contains("id=\"close-up-1\"") && page.contains("href=\"#close-up-1\""));
    assert!(page.contains("+0s to +49m"), "full minutes");
    // Clients have service again hours later, and nothing else happens then.
    report.clients.send_gaps[0].to = fixture::at(40_000);
    assert!(render(&report).contains("+11h 05m to +11h 08m"));
}

#[test]
fn a_workload_that_no_run_may_touch_has_no_empty_tables() {
    let mut report = fixture::report();
    report.runs.clear();
    report.verdict = DrillVerdict::Missed(vec!["cannot be protected: SB-SKU".into()]);
    let page = render(&report);
    for absent in ["Recovery time", "What clients saw", "Losses", "id=\"runs\"", "Predicted and found"] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert!(page.contains("Findings before anything was done") && page.contains("SB-SKU"));
}

/// A workload with 400 queues: whatever there is once per queue is there 400 times.
fn crowded() -> DrillReport {
    let mut report = fixture::report();
    let long = "`orders-bus/queues@northeurope` /name of all /value includes [".to_owned()
        + &"\"queue\",".repeat(4_000);
    for queue in 0..400 {
        for sort in ["active messages", "dead-lettered messages", "scheduled messages"] {
            report.losses.announced.push(Loss {
                kind: LossKind::Stranded,
                what: format!("{sort} in `queue-{queue}`"),
                count: Some(queue),
                observed_at: None,
            });
        }
        let mut finding = report.findings[4].clone();
        finding.component = format!("component-{queue}");
        report.findings.push(finding);
        let prediction = report.predictions[0].clone();
        report.predictions.push(prediction);
    }
    for run in &mut report.runs {
        let (step, fact) = (run.steps[0].clone(), run.facts.first().cloned());
        for queue in 0..400 {
            let mut step = step.clone();
            step.id = format!("orders-bus/queue-{queue}");
            step.done_when.clone_from(&long);
            step.body = Some(long.clone());
            step.evidence = vec![long.clone(); 20];
            step.loses.clone_from(&report.losses.announced);
            run.steps.push(step);
            run.facts.extend(fact.clone());
        }
    }
    report
}

#[test]
fn a_page_about_hundreds_of_queues_stays_one_that_opens() {
    let page = render(&crowded());
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("79,800") && page.contains("queue-399 399"), "a sum, and where the most is");
    assert!(page.contains("397 more components") || page.contains("398 more components"));
}

#[test]
fn paper_gets_every_step_with_its_request_and_conditions() {
    let report = fixture::report();
    let page = render(&report);
    let print = page.split("@media print").nth(1).unwrap();
    assert!(
        print.contains("details, ") && !page.contains("beforeprint"),
        "what can be opened stays shut on paper"
    );
    assert!(print.contains(".on-paper { display: block") && page.contains(".on-paper { display: none; }"));
    let lists: Vec<&str> = page.split("<ol class=\"on-paper\">").skip(1).collect();
    assert_eq!(lists.len(), report.runs.len());
    for (run, list) in report.runs.iter().zip(lists) {
        let list = list.split("</ol>").next().unwrap().replace("<wbr>", "");
        assert_eq!(list.matches("Done when: ").count(), run.steps.len(), "{}", run.kind);
        for request in run.steps.iter().filter_map(|step| step.request.as_ref()) {
            let request = maud::html! { (request) }.into_string();
            assert!(list.contains(&request), "{request}");
        }
    }
    // The first page is not left half empty for an overview that does not fit on it.
    assert!(!print.contains("figure.timeline,"), "the overview may go on overleaf");
}

#[test]
fn a_finding_leads_with_what_was_seen() {
    let page = render(&fixture::report());
    assert!(page.contains("<strong>the namespace is <code>Standard</code></strong>"));
    assert!(page.contains("Rule: the namespace cannot be paired"));
    assert!(!page.contains("<strong>the namespace cannot be paired"));
}

#[test]
fn remarks_are_no_failures_and_what_fails_somewhere_has_not_passed() {
    let mut report = fixture::report();
    let mut passes = report.findings[5].clone();
    assert_eq!((passes.answer, passes.severity), (Answer::Fail, Severity::Info));
    (passes.answer, passes.component) = (Answer::Pass, "orders-bus".into());
    report.findings.push(passes);
    let page = render(&report);
    assert!(page.contains("2 fail, 1 unknown, 1 info, 2 pass, 1 accepted"));
    assert!(page.contains("1 rules passed") || page.contains("1 rule passed"));
}

#[test]
fn beliefs_have_words_of_their_own() {
    let report = fixture::report();
    assert!(report.planes[0].believed.iter().any(|part| part.is == Belief::Returning));
    assert!(render(&report).contains("taken for returning from +1h 30m 20s"));
}
