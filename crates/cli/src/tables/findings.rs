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
        out += &one(finding, layout);
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

fn one(finding: &Finding, layout: Layout) -> String {
    let tone = finding_tone(finding);
    let word = if finding.answer == Answer::Fail { finding.severity.word() } else { finding.answer.word() };
    let title = format!("{word}  {}  {}: {}", finding.rule, finding.component, finding.title);
    let mut out = layout.hang(&format!("{} ", tone.sign()), &title, tone);
    for evidence in &finding.evidence {
        out += &layout.hang("    seen: ", &evidence_words(evidence), Tone::Plain);
    }
    if let Some(accepted) = &finding.accepted {
        return out + &layout.hang("    accepted: ", accepted, Tone::Quiet);
    }
    out += &layout.hang("    why:  ", &finding.why, Tone::Quiet);
    out + &layout.hang("    do:   ", &finding.remedy, Tone::Plain)
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
struct Counts {
    /// Failures that something must be done about; remarks are none.
    fail: usize,
    info: usize,
    unknown: usize,
    pass: usize,
    accepted: usize,
    blocking: usize,
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
    let blocks = match counts.blocking {
        0 => "nothing blocks a failover".to_owned(),
        blocking => format!("{} a failover", counted_verb(blocking)),
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

fn counted_verb(number: usize) -> String {
    let verb = if number == 1 { "blocks" } else { "block" };
    format!("{} {verb}", counted(number, "finding"))
}

/// Findings for programs: `{"findings": […], "counts": {…}}`, the worst first.
pub fn findings_json(findings: &[Finding]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'a> {
        counts: Counts,
        findings: Vec<&'a Finding>,
    }
    let document = Document { counts: Counts::of(findings), findings: worst_first(findings) };
    serde_json::to_string_pretty(&document)
}
