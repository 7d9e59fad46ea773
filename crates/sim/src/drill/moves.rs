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
use crate::world::{Purpose, World};

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
    /// What lay on the side that was left when the drain was over.
    left_over: Option<u64>,
    /// Whether it moved anything, or was an attempt.
    moved: bool,
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

    /// How old the oldest number is.
    fn age(&self) -> Option<SignedDuration> {
        self.stranded().filter_map(|loss| loss.observed_at).min().map(|seen| self.at.duration_since(seen))
    }

    /// In a few words, for the question and the timeline.
    fn words(&self) -> String {
        let takes = format!("it takes up to {}", brief(self.takes));
        let others = self.losses.len() - self.stranded().count();
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
        format!("{messages}{age}{others}; {takes}")
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
            left_over: None,
            moved: false,
        });
    }

    /// The move that began last has taken place.
    pub(super) fn has_moved(&mut self) {
        if let Some(last) = self.moves.last_mut() {
            last.moved = true;
        }
    }

    /// What the side that was left holds for real, once somebody can reach it, or at the end. Counted once a move.
    pub(super) fn count_stranded(&mut self, left: Side) {
        let Some(last) = self.moves.last_mut().filter(|last| last.left == left && last.stranded.is_none())
        else {
            return;
        };
        last.stranded = Some(lies_on(&self.world, left));
    }

    /// A drain is over.
    pub(super) fn count_drained(&mut self) {
        let drained = self.world.ledger.drained;
        if let Some(last) = self.moves.last_mut().filter(|last| last.drained.is_none()) {
            last.drained = Some(drained - last.drained_before);
            last.left_over = Some(lies_on(&self.world, last.left).values().sum());
        }
    }

    /// All moves, for the report. What an attempt announced that moved nothing stands on the timeline.
    pub(super) fn move_losses(&self) -> Vec<MoveLosses> {
        let drained = self.world.ledger.drained;
        let count = self.moves.len();
        self.moves
            .iter()
            .enumerate()
            .filter(|(_, one)| one.moved)
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
                left: one.left_over.unwrap_or_else(|| lies_on(&self.world, one.left).values().sum()),
            })
            .collect()
    }
}

/// How many messages lie on a side, by the places' names.
fn lies_on(world: &World, side: Side) -> BTreeMap<String, u64> {
    let standing = world.standing();
    let there =
        |resource: &str| standing.components.iter().any(|component| component.on(side).name() == resource);
    let mut found = BTreeMap::new();
    for holding in holdings(&world.lab).into_iter().filter(|one| there(&one.resource)) {
        let total = holding.total();
        *found.entry(holding.name).or_insert(0) += total;
    }
    found
}
