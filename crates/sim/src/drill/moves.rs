//! Moves from one side to the other: what each is announced to leave behind, and what it did leave behind.
//!
//! The announcement uses only what an operator could have observed; the truth is the simulation's to know.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Loss, LossKind, Plan, PlanKind};
use lifeboat_planner::lifecycle::Question;
use lifeboat_planner::{Side, platform_p95};
use serde_json::json;

use super::{Drill, brief};
use crate::log::Tone;
use crate::report::MoveLosses;
use crate::traffic::holdings;
use crate::world::Purpose;

/// What people are told before a move.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Announcement {
    pub(super) losses: Vec<Loss>,
    pub(super) at: Timestamp,
    /// The platform's part of it, at p95.
    takes: SignedDuration,
}

/// One move.
#[derive(Debug)]
pub(super) struct Move {
    purpose: String,
    left: Side,
    pub(super) announced: Announcement,
    /// By the places' names; none while nobody could count.
    pub(super) stranded: Option<BTreeMap<String, u64>>,
    /// What drains had sent on before it began.
    drained_before: u64,
    drained: Option<u64>,
}

impl Announcement {
    fn of(plan: &Plan, at: Timestamp) -> Self {
        let losses = plan.possible_losses();
        Self { losses, at, takes: platform_p95(plan) }
    }

    fn stranded(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| loss.kind == LossKind::Stranded)
    }

    fn stranded_count(&self) -> u64 {
        self.stranded().filter_map(|loss| loss.count).sum()
    }

    /// Data whose fate nobody knows.
    fn unknown(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| loss.kind == LossKind::Unknown)
    }

    /// How old the oldest number is.
    fn age(&self) -> Option<SignedDuration> {
        self.stranded().filter_map(|loss| loss.observed_at).min().map(|seen| self.at.duration_since(seen))
    }

    /// In a few words, for the question and the timeline.
    fn words(&self) -> String {
        let takes = format!("it takes up to {}", brief(self.takes));
        let fate = match self.unknown().count() {
            0 => String::new(),
            1 => "what becomes of the data of 1 resource is unknown, nothing copies it".to_owned(),
            some => format!("what becomes of the data of {some} resources is unknown, nothing copies it"),
        };
        if !fate.is_empty() && self.unknown().count() == self.losses.len() {
            return format!("{fate}; {takes}");
        }
        let fate = if fate.is_empty() { fate } else { format!("; {fate}") };
        let others = self.losses.len() - self.stranded().count() - self.unknown().count();
        let others = match others {
            0 => String::new(),
            1 => ", and 1 other loss".to_owned(),
            others => format!(", and {others} other losses"),
        };
        let unknown = self.stranded().any(|loss| loss.count.is_none());
        let messages = match self.stranded_count() {
            _ if self.losses.is_empty() => return format!("nothing is given up; {takes}"),
            0 if unknown => "an unknown number of messages stays behind".to_owned(),
            1 => "1 message stays behind".to_owned(),
            count => format!("{count} messages stay behind"),
        };
        let age = self.age().map_or(String::new(), |age| format!(" (seen {} ago)", brief(age)));
        format!("{messages}{age}{others}{fate}; {takes}")
    }
}

impl Drill {
    /// What a person must know to answer a question about a move.
    pub(super) fn announce_for(&mut self, question: Question) -> Option<String> {
        let (kind, planned) = match question {
            Question::Failover { .. } | Question::Again { kind: PlanKind::Failover } => {
                (PlanKind::Failover, false)
            }
            Question::Failback | Question::Again { kind: PlanKind::Failback } => (PlanKind::Failback, true),
            Question::Again { .. } => return None,
        };
        self.world.look();
        let purpose =
            Purpose { kind, active: self.life.active(), planned, returning: self.life.generation() > 0 };
        let plan = self.world.plan(purpose).ok()?;
        let said = Announcement::of(&plan, self.world.now);
        let words = said.words();
        self.said = Some(said);
        Some(words)
    }

    /// A move begins. What was not said with the question is said now, before the first request.
    pub(super) fn begin_move(&mut self, purpose: &str, left: Side, plan: &Plan) {
        let now = self.world.now;
        let fresh = Announcement::of(plan, now);
        let announced = match self.said.take() {
            Some(said) if said.losses.len() == fresh.losses.len() => said,
            before => {
                let verb = if before.is_some() { "announces anew" } else { "announces" };
                let says = format!("{verb}, before anything is sent: {}", fresh.words());
                self.world.log.happens(now, "engine", Tone::Plain, says);
                fresh
            }
        };
        for loss in &announced.losses {
            self.world.log.detail(now, "engine", "announces", json!({ "loss": loss.to_string() }));
        }
        self.moves.push(Move {
            purpose: purpose.to_owned(),
            left,
            announced,
            stranded: None,
            drained_before: self.world.ledger.drained,
            drained: None,
        });
    }

    /// What the side that was left holds for real, once somebody can reach it, or at the end. Counted once a move.
    pub(super) fn count_stranded(&mut self, left: Side) {
        let Some(last) = self.moves.last_mut().filter(|last| last.left == left && last.stranded.is_none())
        else {
            return;
        };
        let standing = self.world.standing();
        let left_behind = |resource: &str| {
            standing.components.iter().any(|component| component.on(left).name() == resource)
        };
        let mut stranded = BTreeMap::new();
        for holding in holdings(&self.world.lab).into_iter().filter(|one| left_behind(&one.resource)) {
            let total = holding.total();
            *stranded.entry(holding.name).or_insert(0) += total;
        }
        last.stranded = Some(stranded);
    }

    /// A drain is over.
    pub(super) fn count_drained(&mut self) {
        let drained = self.world.ledger.drained;
        if let Some(last) = self.moves.last_mut().filter(|last| last.drained.is_none()) {
            last.drained = Some(drained - last.drained_before);
        }
    }

    /// Data that moves left behind and nobody looks at, each once.
    pub(super) fn unmeasured(&self) -> Vec<String> {
        let mut unmeasured: Vec<String> = Vec::new();
        for loss in self.moves.iter().flat_map(|one| one.announced.unknown()) {
            if !unmeasured.contains(&loss.what) {
                unmeasured.push(loss.what.clone());
            }
        }
        unmeasured
    }

    /// All moves, for the report.
    pub(super) fn move_losses(&self) -> Vec<MoveLosses> {
        let drained = self.world.ledger.drained;
        let count = self.moves.len();
        self.moves
            .iter()
            .enumerate()
            .map(|(index, one)| MoveLosses {
                purpose: one.purpose.clone(),
                announced: one.announced.losses.clone(),
                announced_stranded: one.announced.stranded_count(),
                seen_ago: one.announced.age(),
                stranded: one.stranded.iter().flat_map(BTreeMap::values).sum(),
                // A drain that was cut short has moved something all the same.
                drained: one
                    .drained
                    .unwrap_or_else(|| if index + 1 == count { drained - one.drained_before } else { 0 }),
            })
            .collect()
    }
}
