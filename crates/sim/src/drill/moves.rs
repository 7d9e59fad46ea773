//! Moves from one side to the other: what each is announced to leave behind, and what it did leave behind.
//!
//! The announcement uses only what an operator could have observed; the truth is the simulation's to know.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Loss, LossKind, Plan, PlanKind, WayKind, counted};
use lifeboat_planner::Side;
use lifeboat_planner::lifecycle::{Question, Standby};
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
    /// From its first request until the last client is back, at p95; none where that cannot be said.
    takes: Option<SignedDuration>,
    /// Whether it does not wait for what is not replicated.
    forced: bool,
}

/// One move.
#[derive(Debug)]
pub(super) struct Move {
    purpose: String,
    pub(super) left: Side,
    pub(super) announced: Announcement,
    /// By the places' names; none while nobody could count.
    pub(super) stranded: Option<BTreeMap<String, u64>>,
    /// When they were counted.
    pub(super) counted_at: Option<Timestamp>,
    /// What drains had sent on before it began.
    drained_before: u64,
    drained: Option<u64>,
    /// What lay on the side that was left when the drain was over.
    left_over: Option<u64>,
    /// Whether it moved anything, or was an attempt.
    moved: bool,
}

impl Announcement {
    fn of(plan: &Plan, at: Timestamp, takes: Option<SignedDuration>) -> Self {
        let forced = plan.policy.prefer == WayKind::Ungraceful
            && plan.steps.iter().any(|step| step.ungraceful.is_some());
        Self { losses: plan.possible_losses(), at, takes, forced }
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

    /// What is gone for good, in words: nobody can fetch it later.
    fn gone(&self) -> Option<String> {
        let gone =
            self.losses.iter().filter(|loss| loss.kind == LossKind::Lost).map(|loss| match loss.count {
                Some(count) => format!("{count} {}", loss.what),
                None => format!("{}, nobody knows how many", loss.what),
            });
        let gone: Vec<String> = gone.collect();
        (!gone.is_empty()).then(|| gone.join(" and "))
    }

    /// In a few words, for the question and the timeline.
    fn words(&self) -> String {
        let forced = match (self.forced, self.gone()) {
            (false, None) => String::new(),
            (true, None) => "FORCED, with nothing left to replicate when last seen; ".to_owned(),
            (true, Some(gone)) => format!("FORCED, which loses {gone}; "),
            (false, Some(gone)) => format!("it loses {gone}; "),
        };
        let takes = match self.takes {
            Some(takes) => format!("clients are back in up to {}", brief(takes)),
            None => "nobody can say how long it takes".to_owned(),
        };
        let fate = match self.unknown().count() {
            0 => String::new(),
            some => {
                let resources = counted(some, "resource");
                format!("what becomes of the data of {resources} is unknown, nothing copies it")
            }
        };
        if !fate.is_empty() && self.unknown().count() == self.losses.len() {
            return format!("{forced}{fate}; {takes}");
        }
        let fate = if fate.is_empty() { fate } else { format!("; {fate}") };
        let others = self.losses.iter().filter(|loss| loss.kind == LossKind::Reset).count();
        let others = match others {
            0 => String::new(),
            1 => ", and 1 other loss".to_owned(),
            others => format!(", and {others} other losses"),
        };
        let unknown = self.stranded().any(|loss| loss.count.is_none());
        let messages = match self.stranded_count() {
            _ if self.losses.is_empty() => return format!("{forced}nothing is given up; {takes}"),
            0 if unknown => "an unknown number of messages stays behind".to_owned(),
            1 => "1 message stays behind".to_owned(),
            count => format!("{} stay behind", counted(count, "message")),
        };
        let age = self.age().map_or(String::new(), |age| format!(" (seen {} ago)", brief(age)));
        format!("{forced}{messages}{age}{others}{fate}; {takes}")
    }
}

impl Drill {
    /// What a person must know to answer a question about a move.
    pub(super) fn announce_for(&mut self, question: Question) -> Option<String> {
        let (kind, planned) = match question {
            Question::Failover { .. } => (PlanKind::Failover, false),
            Question::Again { kind: PlanKind::Failover } => {
                (PlanKind::Failover, self.life.would_be_planned())
            }
            Question::Failback | Question::Again { kind: PlanKind::Failback } => (PlanKind::Failback, true),
            Question::Again { .. } => return None,
        };
        self.world.look();
        let purpose =
            Purpose { kind, active: self.life.active(), planned, returning: self.life.generation() > 0 };
        let plan = match self.plan_for(purpose).plan {
            Ok(plan) => plan,
            Err(why) => return Some(format!("no plan can be made now: {why}")),
        };
        let said = Announcement::of(&plan, self.world.now, self.takes(&plan, planned));
        let words = said.words();
        self.said = Some(said);
        Some(words)
    }

    /// How long a move takes from now on, until the last client is back: the terms of the forecast that are still to come.
    /// Nobody can say it of a side that is not known to be there, nor of a move that has just failed.
    fn takes(&self, plan: &Plan, planned: bool) -> Option<SignedDuration> {
        let terms = self.forecast_of(plan, planned);
        let ready = self.life.standby() == Standby::Ready && self.shaky(self.life.active().other()).is_none();
        // What a forecast promised and did not keep is not promised again.
        let ready = ready && self.people.failed(plan.kind).is_none();
        ready.then(|| terms.orchestration + terms.platform + terms.dns)
    }

    /// A move begins. What was not said with the question is said now, before the first request.
    pub(super) fn begin_move(&mut self, purpose: &str, left: Side, plan: &Plan, planned: bool) {
        let now = self.world.now;
        let fresh = Announcement::of(plan, now, self.takes(plan, planned));
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
            counted_at: None,
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
        last.counted_at = Some(self.world.now);
    }

    /// A drain is over.
    pub(super) fn count_drained(&mut self) {
        let drained = self.world.ledger.drained;
        if let Some(last) = self.moves.last_mut().filter(|last| last.drained.is_none()) {
            last.drained = Some(drained - last.drained_before);
            last.left_over = Some(lies_on(&self.world, last.left).values().sum());
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
