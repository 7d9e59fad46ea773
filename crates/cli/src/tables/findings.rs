//! Findings as a table and as JSON.

use lifeboat_planner::{Answer, Evidence, Finding, Severity};
use serde::Serialize;

use crate::format::counted;
use crate::layout::Layout;
use crate::style::Tone;

/// How a finding should stand out.
pub fn finding_tone(finding: &Finding) -> Tone {
    match (finding.answer, finding.severity) {
        _ if finding.accepted.is_some() => Tone::Quiet,
        (Answer::Pass, _) => Tone::Good,
        (Answer::Fail, Severity::Blocking | Severity::High) => Tone::Bad,
        (Answer::Fail, Severity::Medium) | (Answer::Unknown, _) => Tone::Warn,
        (Answer::Fail, Severity::Info) => Tone::Plain,
    }
}

/// The worst first: what is open before what is accepted or passes, then severity; unknown stands right behind fail.
pub(crate) fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| {
        let settled = (finding.answer == Answer::Pass, finding.accepted.is_some());
        (settled, finding.severity, finding.answer, &finding.rule, &finding.component)
    });
    sorted
}

/// Findings for people: what fails or cannot be told in full, what passes as one line.
pub fn findings(findings: &[Finding], layout: Layout) -> String {
    let mut out = String::new();
    for finding in worst_first(findings).into_iter().filter(|finding| finding.answer != Answer::Pass) {
        out += &one(finding, findings, layout);
        out.push('\n');
    }
    let passed: Vec<&str> = passed_everywhere(findings).into_iter().map(|(rule, _)| rule).collect();
    if !passed.is_empty() {
        out += &layout.hang("✓ pass: ", &passed.join(", "), Tone::Quiet);
        out.push('\n');
    }
    out + &layout.hang("", &findings_summary(findings), Tone::Strong)
}

/// Rules that pass for every component they look at, with their titles: what fails elsewhere has not passed.
pub(crate) fn passed_everywhere(findings: &[Finding]) -> Vec<(&str, &str)> {
    let mut passed: Vec<(&str, &str)> = findings
        .iter()
        .filter(|finding| {
            findings.iter().all(|other| other.rule != finding.rule || other.answer == Answer::Pass)
        })
        .map(|finding| (finding.rule.as_str(), finding.title.as_str()))
        .collect();
    passed.sort_unstable();
    passed.dedup();
    passed
}

fn one(finding: &Finding, all: &[Finding], layout: Layout) -> String {
    let tone = finding_tone(finding);
    let severity = finding.severity.word();
    let word = match finding.answer {
        Answer::Fail => severity.to_owned(),
        other => format!("{} ({severity})", other.word()),
    };
    let seen = finding.evidence.first().map_or_else(|| finding.title.clone(), evidence_words);
    let title = format!("{word}  {}  {}: {seen}", finding.rule, subject(finding, all));
    let mut out = layout.hang(&format!("{} ", tone.sign()), &title, tone);
    for evidence in finding.evidence.iter().skip(1) {
        out += &layout.hang("    seen: ", &evidence_words(evidence), Tone::Plain);
    }
    if !finding.evidence.is_empty() {
        out += &layout.hang("    rule: ", &finding.title, Tone::Quiet);
    }
    if let Some(accepted) = &finding.accepted {
        return out + &layout.hang("    accepted: ", accepted, Tone::Quiet);
    }
    out += &layout.hang("    why:  ", &finding.why, Tone::Quiet);
    out + &layout.hang("    do:   ", &finding.remedy, Tone::Plain)
}

/// The component, and which of its resources where nothing else tells two findings apart: a rule may ask the same of both
/// sides.
fn subject(finding: &Finding, all: &[Finding]) -> String {
    let component = &finding.component;
    let says = |one: &Finding| one.evidence.iter().map(|one| one.says.clone()).collect::<Vec<_>>();
    let same = |other: &&Finding| {
        other.rule == finding.rule && other.component == *component && says(other) == says(finding)
    };
    match &finding.resource {
        Some(resource) if all.iter().filter(same).count() > 1 => format!("{component} ({})", resource.name()),
        _ => component.clone(),
    }
}

/// What was seen, in a line. A rule's title says what should be: beside a sign for failure it would read as what is.
pub(crate) fn finding_words(finding: &Finding) -> String {
    let Some(first) = finding.evidence.first() else { return finding.title.clone() };
    match finding.evidence.len() - 1 {
        0 => first.says.clone(),
        more => format!("{}, and {more} more", first.says),
    }
}

/// `weu.json:14 /resources/0/sku: the namespace is Standard`.
pub(crate) fn evidence_words(evidence: &Evidence) -> String {
    match place(evidence) {
        Some(place) => format!("{} ({place})", evidence.says),
        None => evidence.says.clone(),
    }
}

/// Where evidence lies: `weu.json:14 /resources/0/sku`.
pub(crate) fn place(evidence: &Evidence) -> Option<String> {
    let file = match (&evidence.file, evidence.line) {
        (Some(file), Some(line)) => Some(format!("{file}:{line}")),
        (Some(file), None) => Some(file.clone()),
        (None, Some(line)) => Some(format!("line {line}")),
        (None, None) => None,
    };
    match (file, &evidence.pointer) {
        (Some(file), Some(pointer)) => Some(format!("{file} {pointer}")),
        (file, pointer) => file.or_else(|| pointer.clone()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    /// Failures that something must be done about; remarks are none.
    fail: usize,
    info: usize,
    unknown: usize,
    pass: usize,
    accepted: usize,
    blocking: usize,
    /// Unknown, and blocking if they fail.
    may_block: usize,
}

impl Counts {
    fn of(findings: &[Finding]) -> Self {
        let open = |answer| {
            findings.iter().filter(|finding| finding.answer == answer && finding.accepted.is_none()).count()
        };
        let info = findings.iter().filter(|finding| is_remark(finding) && finding.accepted.is_none()).count();
        Self {
            fail: open(Answer::Fail) - info,
            info,
            unknown: open(Answer::Unknown),
            pass: open(Answer::Pass),
            accepted: findings.iter().filter(|finding| finding.accepted.is_some()).count(),
            blocking: findings.iter().filter(|finding| finding.blocks()).count(),
            may_block: findings.iter().filter(|finding| may_block(finding)).count(),
        }
    }
}

/// Worth knowing, and nothing more.
fn is_remark(finding: &Finding) -> bool {
    finding.answer == Answer::Fail && finding.severity == Severity::Info
}

/// How many there are of each answer, and whether one of them blocks.
pub(crate) fn findings_summary(findings: &[Finding]) -> String {
    let counts = Counts::of(findings);
    let accepted = match counts.accepted {
        0 => String::new(),
        accepted => format!(", {accepted} accepted"),
    };
    let blocks = match (counts.blocking, counts.may_block) {
        (0, 0) => "nothing blocks a failover".to_owned(),
        (0, 1) => "nothing is known to block a failover; 1 that would block is unknown".to_owned(),
        (0, unknown) => {
            format!("nothing is known to block a failover; {unknown} that would block are unknown")
        }
        (blocking, _) => format!("{} a failover", counted_verb(blocking)),
    };
    let info = match counts.info {
        0 => String::new(),
        info => format!(", {info} info"),
    };
    format!(
        "{} fail, {} unknown{info}, {} pass{accepted}; {blocks}",
        counts.fail, counts.unknown, counts.pass
    )
}

fn may_block(finding: &Finding) -> bool {
    finding.answer == Answer::Unknown && finding.severity == Severity::Blocking && finding.accepted.is_none()
}

fn counted_verb(number: usize) -> String {
    let verb = if number == 1 { "blocks" } else { "block" };
    format!("{} {verb}", counted(number, "finding"))
}

/// Findings for programs: `{"findings": […], "counts": {…}, "assumptions": […]}`, the worst first.
pub fn findings_json(findings: &[Finding], assumptions: &[String]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'a> {
        assumptions: &'a [String],
        counts: Counts,
        findings: Vec<&'a Finding>,
    }
    let document = Document { assumptions, counts: Counts::of(findings), findings: worst_first(findings) };
    serde_json::to_string_pretty(&document)
}

/// What became of one target.
#[derive(Debug)]
pub struct Assessed {
    /// Every answer of every rule.
    pub findings: Vec<Finding>,
    /// What had to be assumed.
    pub assumptions: Vec<String>,
}

/// Several targets for people: of each what is open, and a sum. What could not be read was told already.
pub fn many_findings(results: &[(String, Result<Assessed, String>)], layout: Layout) -> String {
    let mut out = String::new();
    for (name, assessed) in results.iter().filter_map(|(name, result)| Some((name, result.as_ref().ok()?))) {
        out += &layout.hang("", name, Tone::Strong);
        out += &findings(&assessed.findings, layout);
        out.push('\n');
    }
    let readable: Vec<&Assessed> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let blocked = readable.iter().filter(|one| Counts::of(&one.findings).blocking > 0).count();
    let unread = match results.len() - readable.len() {
        0 => String::new(),
        unread => format!(", {unread} could not be read"),
    };
    let sum = format!("{} assessed: {blocked} blocked{unread}", counted(readable.len(), "target"));
    out + &layout.hang("", &sum, Tone::Strong)
}

/// Several targets for programs: `{"targets": [{"target", "findings", "counts", "assumptions"} | {"target", "error"}]}`.
pub fn many_findings_json(
    results: &[(String, Result<Assessed, String>)],
) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'a> {
        targets: Vec<OneOfMany<'a>>,
    }
    serde_json::to_string_pretty(&Document { targets: results.iter().map(OneOfMany::of).collect() })
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneOfMany<'a> {
    Assessed { target: &'a str, assumptions: &'a [String], counts: Counts, findings: Vec<&'a Finding> },
    Unread { target: &'a str, error: &'a str },
}

impl<'a> OneOfMany<'a> {
    fn of((target, result): &'a (String, Result<Assessed, String>)) -> Self {
        match result {
            Ok(Assessed { findings, assumptions }) => Self::Assessed {
                target,
                assumptions,
                counts: Counts::of(findings),
                findings: worst_first(findings),
            },
            Err(error) => Self::Unread { target, error },
        }
    }
}
