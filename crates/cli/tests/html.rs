//! The page: well-formed, escaped, self-contained.

use lifeboat_cli::output::{report_files, save_all};
use lifeboat_cli::report::html::render;
use lifeboat_sim::DrillReport;

use crate::fixture;

const VOID: [&str; 2] = ["meta", "wbr"];

/// Walks the tags of a page that holds no comments; panics where one is not closed by its own kind.
fn check_balance(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap();
        if tag.starts_with('!') || VOID.contains(&name) {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "near {:?}", &rest[..rest.len().min(80)]);
            continue;
        }
        open.push(name);
        if name == "style" || name == "script" {
            rest = &rest[rest.find("</").expect("raw text ends")..];
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let lead = format!(" {name}=\"");
    page.split(&lead).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_tag_is_closed_and_every_anchor_exists_once() {
    let page = render(&fixture::report());
    check_balance(&page);
    let ids = attributes(&page, "id");
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id is given twice");
    for target in attributes(&page, "href").iter().filter_map(|href| href.strip_prefix('#')) {
        assert!(ids.contains(&target), "#{target} leads nowhere");
    }
    for label in attributes(&page, "aria-labelledby") {
        assert!(ids.contains(&label), "{label} labels nothing");
    }
}

#[test]
fn nothing_is_fetched() {
    let page = render(&fixture::report());
    for word in [" src=", "<link", "@import", "fetch(", "<iframe", "url(http", "url(//"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(attributes(&page, "href").iter().all(|href| href.starts_with('#')));
}

#[test]
fn everything_that_was_found_is_on_the_page() {
    let report = fixture::report();
    // Where a long name may break is no part of it.
    let page = render(&report).replace("<wbr>", "");
    let sees = |text: &str| assert!(page.contains(&maud::html! { (text) }.into_string()), "{text}");
    for run in &report.runs {
        sees(&run.digest);
        for step in &run.steps {
            sees(&step.id);
            sees(&step.title);
            step.why.iter().for_each(|why| sees(why.split('`').next().unwrap()));
        }
        run.facts.iter().for_each(|fact| sees(&fact.key));
    }
    report.findings.iter().for_each(|finding| sees(&finding.rule));
    report.predictions.iter().for_each(|prediction| sees(&prediction.found));
    report.state_after.iter().for_each(|line| sees(&line.component));
    report.generic_types.iter().for_each(|kind| sees(kind));
}

/// A name that closes attributes and elements and opens a script.
const HOSTILE: &str = "\"'><script>alert(1)</script>&amp;`";

/// Every string of the report, hostile.
fn hostile() -> DrillReport {
    let mut report = fixture::report();
    for text in [
        &mut report.workload,
        &mut report.version,
        &mut report.scenario.name,
        &mut report.scenario.story,
        &mut report.primary,
        &mut report.secondary,
    ] {
        HOSTILE.clone_into(text);
    }
    report.assumptions = vec![HOSTILE.to_owned()];
    report.verdict = lifeboat_sim::DrillVerdict::Broken(vec![HOSTILE.to_owned()]);
    report.generic_types = vec![HOSTILE.to_owned()];
    for loss in &mut report.losses.announced {
        HOSTILE.clone_into(&mut loss.what);
    }
    for plane in &mut report.planes {
        HOSTILE.clone_into(&mut plane.region);
    }
    for fault in &mut report.faults {
        for text in [&mut fault.region, &mut fault.operation, &mut fault.effect] {
            HOSTILE.clone_into(text);
        }
    }
    for happening in &mut report.timeline {
        for text in [&mut happening.what, &mut happening.who, &mut happening.tone] {
            HOSTILE.clone_into(text);
        }
    }
    for line in &mut report.state_after {
        for text in [&mut line.component, &mut line.state, &mut line.says] {
            HOSTILE.clone_into(text);
        }
    }
    for prediction in &mut report.predictions {
        for text in
            [&mut prediction.after, &mut prediction.fact, &mut prediction.predicted, &mut prediction.found]
        {
            HOSTILE.clone_into(text);
        }
    }
    for finding in &mut report.findings {
        for text in [
            &mut finding.rule,
            &mut finding.component,
            &mut finding.title,
            &mut finding.why,
            &mut finding.remedy,
        ] {
            HOSTILE.clone_into(text);
        }
        finding.evidence[0].file = Some(HOSTILE.to_owned());
        finding.evidence[0].pointer = Some(HOSTILE.to_owned());
    }
    for run in &mut report.runs {
        for text in
            [&mut run.kind, &mut run.purpose, &mut run.digest, &mut run.from, &mut run.to, &mut run.outcome]
        {
            HOSTILE.clone_into(text);
        }
        run.notes = vec![HOSTILE.to_owned()];
        run.critical_path = vec![HOSTILE.to_owned()];
        for fact in &mut run.facts {
            for text in [&mut fact.key, &mut fact.value, &mut fact.source] {
                HOSTILE.clone_into(text);
            }
        }
        for step in &mut run.steps {
            for text in [
                &mut step.id,
                &mut step.component,
                &mut step.title,
                &mut step.way,
                &mut step.outcome,
                &mut step.done_when,
                &mut step.forecast_basis,
                &mut step.because.says,
            ] {
                HOSTILE.clone_into(text);
            }
            step.stage = Some(HOSTILE.to_owned());
            for text in
                [&mut step.why, &mut step.request, &mut step.body, &mut step.answer, &mut step.started_when]
            {
                *text = Some(HOSTILE.to_owned());
            }
            for list in [&mut step.after, &mut step.evidence, &mut step.because.ids] {
                *list = vec![HOSTILE.to_owned()];
            }
        }
    }
    report
}

#[test]
fn no_name_can_break_out_of_its_place() {
    let page = render(&hostile());
    check_balance(&page);
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    assert!(!page.contains("alert(1)</script>"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_drill_in_which_nothing_happened_is_still_a_page() {
    let mut report = fixture::report();
    report.rto.actual = None;
    report.rto.error_percent = None;
    report.clients = lifeboat_sim::ClientReport::default();
    report.losses = lifeboat_sim::LossReport::default();
    report.ended = report.started;
    report.runs.clear();
    report.findings.clear();
    report.timeline.clear();
    report.predictions.clear();
    report.state_after.clear();
    report.assumptions.clear();
    let page = render(&report);
    check_balance(&page);
    assert!(page.contains("nothing failed over") && !page.contains("NaN") && !page.contains("inf%"));
}

/// A drill that went badly, with long names and many steps.
fn strained() -> DrillReport {
    let mut report = fixture::report();
    report.verdict = lifeboat_sim::DrillVerdict::Missed(vec![
        "recovery took 52m 40s, 45m were asked: platform took 26m longer than forecast".into(),
    ]);
    if let Some(actual) = &mut report.rto.actual {
        actual.platform += fixture::secs(1_058);
    }
    report.rto.error_percent = Some(40.0);
    report.losses.lost = 3;
    let run = &mut report.runs[1];
    run.succeeded = false;
    run.outcome = "failed: orders-adf/start-triggers".into();
    run.steps[4].outcome = "failed".into();
    run.steps[4].why =
        Some("409 `TriggerEnabledCannotUpdate`: the trigger is being updated elsewhere".into());
    for copy in 0..40 {
        let mut step = run.steps[copy % 8].clone();
        step.id =
            format!("orders-functions-with-a-rather-long-name-{copy:02}/start-event-grid-subscriptions");
        step.critical = false;
        run.steps.push(step);
    }
    report
}

#[test]
fn a_drill_that_went_badly_says_so() {
    let page = render(&strained());
    check_balance(&page);
    for word in ["objective missed", "longer than the 45m", "TriggerEnabledCannotUpdate"] {
        assert!(page.contains(word), "{word}");
    }
}

/// Writes both pages where a browser can open them: `report.html` and `strained.html` in the target folder's `tmp`.
#[test]
fn the_pages_can_be_looked_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let files = report_files(&fixture::report(), &[], &[]).unwrap();
    save_all(folder, &files).unwrap();
    for name in ["report.html", "report.json", "events.jsonl", "journal.jsonl"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    std::fs::write(folder.join("strained.html"), render(&strained())).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_its_name() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("a-file");
    std::fs::write(&file, "").unwrap();
    let error = save_all(&file.join("below"), &[("page", String::new())]).unwrap_err();
    assert!(error.to_string().contains("a-file/below"), "{error}");
}

#[test]
fn all_files_of_a_report_are_written_or_none() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("all-or-none");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(folder.join("second")).unwrap();
    let files = [("first", "1".to_owned()), ("second", "2".to_owned())];
    let error = save_all(&folder, &files).unwrap_err();
    assert!(error.to_string().contains("second"), "{error}");
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["second"], "nothing half-written");
    // What stands in the way of the second is met after the first was replaced.
    for (name, text) in [("a", "old a"), ("b", "old b")] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::create_dir_all(folder.join(".b.old/in the way")).unwrap();
    let error = save_all(&folder, &[("a", "new a".to_owned()), ("b", "new b".to_owned())]).unwrap_err();
    assert!(error.to_string().ends_with("all-or-none/b`"), "{error}");
    for (name, text) in [("a", "old a"), ("b", "old b")] {
        assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), text, "what was there is back");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4, "nothing else is left");
    let below = [("of/their/own/first", "1".to_owned()), ("second", "2".to_owned())];
    save_all(&folder, &below).unwrap_err();
    assert!(!folder.join("of").exists(), "folders that were made are gone, too");
    save_all(&folder, &below[..1]).unwrap();
    assert!(folder.join("of/their/own/first").is_file());
}
