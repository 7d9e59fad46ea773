//! The failover plan that is kept while all is well, so that the day needs no compilation.
//!
//! It is made for the loss of the side that serves, whenever the snapshot is kept, and lies outside that side's region. What
//! a plan does is its digest: one that is made on the day and has the same digest is the kept one with newer numbers, and
//! one that has another is not executed in its place. Where none can be made any more, because of what is seen, the kept one
//! is not executed either. What a run has begun to change since is no longer the world that it
//! was made for: then it is planned anew, and said why.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use lifeboat_plan::{Digest, Plan, PlanKind};
use lifeboat_planner::Side;

use super::{Drill, brief};
use crate::world::Purpose;

/// A failover plan that was kept.
#[derive(Debug)]
pub(super) struct Kept {
    plan: Plan,
    digest: Digest,
    /// The side whose loss it is for.
    side: Side,
    at: Timestamp,
    /// How many runs had begun by then.
    runs: usize,
}

/// A plan for a run that is about to begin.
pub(super) struct Made {
    pub(super) plan: Result<Plan, String>,
    /// Where it comes from, where that must be said.
    pub(super) says: Option<String>,
}

impl Drill {
    /// The inventory, and the plan for the loss of the region that serves: both lie outside that region.
    pub(super) fn keep_snapshot(&mut self) {
        self.world.look();
        let side = self.life.active();
        let purpose = Purpose {
            kind: PlanKind::Failover,
            active: side,
            planned: false,
            returning: self.life.generation() > 0,
        };
        let says = match self.world.plan(purpose) {
            Ok(plan) => {
                let digest = Digest::of(&plan);
                let says =
                    format!("keeps a snapshot and the failover plan {} outside the region", digest.short());
                let (at, runs) = (self.world.now, self.world.runs.len());
                self.kept = Some(Kept { plan, digest, side, at, runs });
                says
            }
            Err(why) => {
                self.kept = None;
                format!("keeps a snapshot outside the region, and no failover plan: {why}")
            }
        };
        self.say_once("snapshot", says);
    }

    /// The plan that was kept last, whatever happened since.
    pub(super) fn kept_plan(&self) -> Option<&Plan> {
        self.kept.as_ref().map(|kept| &kept.plan)
    }

    /// The plan for a run: the kept one for a failover that nobody chose, unless something speaks against it.
    pub(super) fn plan_for(&self, purpose: Purpose) -> Made {
        let anew = self.world.plan(purpose).map_err(|why| why.to_string());
        if purpose.kind != PlanKind::Failover || purpose.planned {
            return Made { plan: anew, says: None };
        }
        let kept = match self.usable(purpose.active) {
            Ok(kept) => kept,
            Err(why) => return Made { plan: anew, says: Some(format!("plans anew: {why}")) },
        };
        let digest = kept.digest.short();
        let age = brief(self.world.now.duration_since(kept.at));
        match anew {
            Ok(same) if Digest::of(&same) == kept.digest => {
                let says = format!(
                    "executes the failover plan {digest} that was kept {age} ago, with the numbers seen last"
                );
                Made { plan: Ok(same), says: Some(says) }
            }
            Ok(other) => {
                let other = Digest::of(&other);
                let says = format!(
                    "executes the failover plan {digest} as it was kept {age} ago; what is seen now would make another, {}",
                    other.short()
                );
                Made { plan: Ok(kept.plan.clone()), says: Some(says) }
            }
            // What was kept when that was not so would be sent in vain.
            Err(why) => {
                let says = format!(
                    "does not execute the failover plan {digest} that was kept {age} ago: what is seen now forbids it"
                );
                Made { plan: Err(why), says: Some(says) }
            }
        }
    }

    /// The kept plan for the loss of a side, or why it is not for this day.
    fn usable(&self, side: Side) -> Result<&Kept, String> {
        let region = &self.world.workload.site(side).region;
        let kept = self.kept.as_ref().filter(|kept| kept.side == side);
        let kept = kept.ok_or_else(|| format!("no failover plan was kept for the loss of {region}"))?;
        let digest = kept.digest.short();
        if let Some(run) = self.world.runs.get(kept.runs) {
            return Err(format!("\"{}\" was begun since the failover plan {digest} was kept", run.says));
        }
        Ok(kept)
    }
}
