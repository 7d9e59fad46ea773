//! The two objectives of a workload: recovery time and recovery point, asked and measured.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The terms of a recovery time. Sequential: their sum is the recovery time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RtoTerms {
    /// From the loss until the detector says "suspected".
    pub detection: SignedDuration,
    /// From "suspected" until it is sure: the hold-down.
    pub hold_down: SignedDuration,
    /// From sure until a person (or policy) decides.
    pub decision: SignedDuration,
    /// Our own work: requests, waiting for tokens, polling.
    pub orchestration: SignedDuration,
    /// Azure's work: from accepted until done.
    pub platform: SignedDuration,
    /// From done until clients resolve the new place.
    pub dns: SignedDuration,
    /// Time in which both regions were lost: nobody's work, and in none of the other terms.
    pub nowhere: SignedDuration,
}

impl RtoTerms {
    /// The recovery time.
    pub fn total(&self) -> SignedDuration {
        self.named().into_iter().map(|(_, term)| term).fold(SignedDuration::ZERO, |sum, term| sum + term)
    }

    /// The terms by name, in order.
    pub fn named(&self) -> [(&'static str, SignedDuration); 7] {
        [
            ("detection", self.detection),
            ("hold-down", self.hold_down),
            ("decision", self.decision),
            ("orchestration", self.orchestration),
            ("platform", self.platform),
            ("DNS drain", self.dns),
            ("both regions lost", self.nowhere),
        ]
    }
}

/// Recovery time: asked, forecast, measured.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RtoReport {
    /// The objective.
    pub asked: SignedDuration,
    /// What was forecast before the loss, at p95; none when there was no plan to forecast from: nothing was protected.
    pub forecast: Option<RtoTerms>,
    /// What was measured; none when no failover brought the clients back.
    pub actual: Option<RtoTerms>,
    /// How long clients were without service after a loss that no failover ended: until the region was back, or the drill
    /// was over.
    pub unrecovered: Option<SignedDuration>,
    /// Whether that time ended because what was lost came back, and no failover was needed.
    pub back_by_itself: bool,
    /// What a failover cost that no outage asked for: from its first request until the last client had followed.
    pub without_loss: Option<SignedDuration>,
    /// Outages after the first, and silences beyond the objective that belong to none.
    pub later: Vec<LaterOutage>,
    /// Actual total over forecast total, minus one, in percent; none when nothing failed over.
    pub error_percent: Option<f64>,
}

/// An outage that is not the first of its drill. Each is held against the same objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LaterOutage {
    /// When service went.
    pub from: Timestamp,
    /// How long until clients had it back, or the drill was over.
    pub lasted: SignedDuration,
    /// Whether that is within the objective.
    pub met: bool,
    /// How it ended, in words.
    pub says: String,
    /// What it was made of; none when no failover ended it.
    pub actual: Option<RtoTerms>,
    /// Messages that waited out of reach when service came back; none when no failover ended it.
    pub missing: Option<Missing>,
}

/// Recovery point: how far back what is missing reaches, counted from the loss. It is judged by what was out of reach when
/// service was back; a drain that brings it over later does not make up for it. Dead letters are no part of that, for their
/// readers have had them; whatever is out of reach at the end, they included, is judged too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RpoReport {
    /// The objective.
    pub asked: SignedDuration,
    /// Messages that waited out of reach when service came back; none when it never did.
    pub missing_at_recovery: Option<Missing>,
    /// Messages that exist nowhere at the end, or lie where nobody serves, or in a region that does not answer.
    pub never_came_back: Missing,
    /// Dead letters at the end in resources that are out of use and answer: their readers have had them, and anybody can
    /// fetch them, so the objective does not count them.
    pub left_aside: u64,
    /// Data that a move left behind and nobody looks at: whether it came along is unknown.
    pub unmeasured: Vec<String>,
}

impl RpoReport {
    /// What the objective is judged by: the worse of what was out of reach when service was back and what is at the end.
    pub fn judged(&self) -> Missing {
        let at_recovery = self.missing_at_recovery.unwrap_or_default();
        let worse = |missing: &Missing| (missing.reaches_back, missing.messages);
        if worse(&self.never_came_back) > worse(&at_recovery) { self.never_came_back } else { at_recovery }
    }

    /// Whether no more is missing than was asked. Where nothing may be missing, one message is too much.
    pub fn is_met(&self) -> bool {
        let judged = self.judged();
        judged.messages == 0 || !self.asked.is_zero() && judged.reaches_back <= self.asked
    }
}

/// Messages that were acknowledged, and that nobody can get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// How many.
    pub messages: u64,
    /// How long before the loss the oldest of them was acknowledged.
    pub reaches_back: SignedDuration,
}
