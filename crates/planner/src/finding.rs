//! Rules and findings: executable checks and what they answered.

use lifeboat_arm::ResourceId;
use serde::{Deserialize, Serialize};

/// What a rule answers about one component. Unknown is never pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Something must be done.
    Fail,
    /// Nobody can tell from what was observed.
    Unknown,
    /// All is well.
    Pass,
}

impl Answer {
    /// The word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
        }
    }
}

/// How much a failing rule matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The failover cannot work.
    Blocking,
    /// The failover works and the workload afterwards does not, or data is lost unsaid.
    High,
    /// Something will surprise somebody on the day.
    Medium,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Info => "info",
        }
    }
}

/// Where the evidence for a finding lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What was seen, in words.
    pub says: String,
    /// The file, when it comes from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in it, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// A JSON pointer into the file or the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Evidence {
    /// Evidence without a place.
    pub fn says(text: impl Into<String>) -> Self {
        Self { says: text.into(), file: None, line: None, pointer: None }
    }
}

/// A rule's answer about one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's id, such as `SB-SKU`.
    pub rule: String,
    /// What it answers.
    pub answer: Answer,
    /// How much it matters.
    pub severity: Severity,
    /// The component's name.
    pub component: String,
    /// The resource it is about.
    pub resource: Option<ResourceId>,
    /// The rule's title.
    pub title: String,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// When somebody accepted the finding: who said why, until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Finding {
    /// Whether a run must not start because of it.
    pub fn blocks(&self) -> bool {
        self.answer == Answer::Fail && self.severity == Severity::Blocking && self.accepted.is_none()
    }
}
