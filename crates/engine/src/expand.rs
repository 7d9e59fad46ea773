//! Steps that become known at run time, and items that are moved: the two actions that the shell carries out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Answer;
use lifeboat_plan::{Action, Digest, Places, ReadId, Stage, needs_of};

use crate::backoff;
use crate::effect::{Effect, Expansion, FilledTransfer, Pumped, Ticket};
use crate::engine::{Engine, Flight};
use crate::outcome::Outcome;
use crate::reads::Want;
use crate::record::StepEvent;
use crate::schedule;
use crate::step_state::StepState;

/// How long a pump rests that found nothing to take.
const IDLE: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// Hands a stage to the planner, with what its reads answer.
    pub(crate) fn expand(&mut self, index: usize, stage: Stage, now: Timestamp) {
        // The looks that were taken before the intent are in memory, unless this execution took over after it.
        let seen: BTreeMap<ReadId, Answer> = stage
            .reads
            .iter()
            .filter_map(|read| Some((read.clone(), self.reads.seen(read)?.telling()?.clone())))
            .collect();
        if seen.len() < stage.reads.len() {
            let missing: BTreeSet<ReadId> =
                stage.reads.iter().filter(|read| !seen.contains_key(read)).cloned().collect();
            for read in &missing {
                let want = Want {
                    after: self.reads.issued(read),
                    at: now,
                    slack: SignedDuration::ZERO,
                    rank: self.run.ranks[index],
                };
                self.want(read, index, want);
            }
            self.volatile[index].wanting.extend(missing);
            return self.mind_deadline(index, "what the stage has to see does not answer", now);
        }
        let ticket = self.ticket();
        self.flights.insert(ticket, Flight::Expand { step: index });
        self.volatile[index].flight = Some(ticket);
        let step = self.run.steps[index].step.id.clone();
        self.effects.push(Effect::Expand { ticket, step, stage, seen });
    }

    pub(crate) fn expanded(&mut self, ticket: Ticket, result: Result<Expansion, String>, now: Timestamp) {
        let Some(Flight::Expand { step }) = self.flights.get(&ticket) else { return };
        let index = *step;
        self.flights.remove(&ticket);
        if self.volatile[index].flight != Some(ticket) {
            return;
        }
        self.volatile[index].flight = None;
        let checked = result.and_then(|expansion| self.check(index, &expansion).map(|()| expansion));
        match checked {
            Err(why) => self.give_up(index, why, None, now),
            Ok(Expansion { steps, reads, places }) => {
                for (id, draft) in &reads {
                    self.reads.declare(id.clone(), draft.clone());
                }
                let digest = Digest::of_steps(&steps);
                self.change(index, StepEvent::Expanded { digest, steps, reads, places }, now);
            }
        }
    }

    /// Whether an expansion is what the plan's reader was told it could be.
    fn check(&self, index: usize, expansion: &Expansion) -> Result<(), String> {
        let Action::Expand(stage) = &self.run.steps[index].way().action else {
            return Err("the step has no stage".to_owned());
        };
        let mut reads = self.run.reads.clone();
        for (id, draft) in &expansion.reads {
            if reads.insert(id.clone(), draft.clone()).is_some_and(|former| former != *draft) {
                return Err(format!("the expansion declares the read `{id}` anew"));
            }
        }
        let places = together(&self.run.places, &expansion.places);
        if together(&expansion.places, &self.run.places) != places {
            return Err("the expansion moves a place that the plan knows".to_owned());
        }
        for step in &expansion.steps {
            if self.run.index.contains_key(&step.id) {
                return Err(format!("the expansion gives the id `{}` to another step", step.id));
            }
            for way in std::iter::once(&step.graceful).chain(&step.ungraceful) {
                if let Some(read) = way.reads().into_iter().find(|read| !reads.contains_key(read)) {
                    return Err(format!("`{}` looks at `{read}`, which nobody declares", step.id));
                }
                let outside = needs_of(way, &reads, &places)
                    .into_iter()
                    .find(|needed| !stage.needs.contains(&needed.need));
                if let Some(needed) = outside {
                    return Err(format!(
                        "`{}` needs {} ({}), which stage `{}` does not declare",
                        step.id, needed.need, needed.via, stage.name
                    ));
                }
            }
        }
        let mut all: Vec<_> = self.run.steps.iter().map(|run| run.step.clone()).collect();
        let mut parents: Vec<_> = self.run.steps.iter().map(|run| run.parent).collect();
        all.extend(expansion.steps.iter().cloned());
        parents.resize(all.len(), Some(index));
        schedule::ranks(&all, &parents, self.run.plan.policy.prefer)
            .map(drop)
            .map_err(|error| format!("the expansion makes no graph: {error}"))
    }

    /// Whether all steps that a stage brought are through; none while some may still move.
    pub(crate) fn children_are_through(&self, index: usize) -> Option<Result<(), String>> {
        let children = &self.run.steps[index].children;
        if children.iter().any(|&child| self.run.steps[child].state.is_open()) {
            return None;
        }
        let mut failed = None;
        for &child in children {
            let run = &self.run.steps[child];
            match &run.state {
                StepState::Ended { go_on: true, .. } if self.is_durable(child) => {}
                StepState::Ended { go_on: false, outcome } if self.is_durable(child) => {
                    failed = failed.or_else(|| Some(format!("`{}` {outcome}", run.step.id)));
                }
                StepState::Waiting if self.run.blamed(child).is_some() => {}
                _ => return None,
            }
        }
        // A child may also be kept from starting by a step that the stage did not bring.
        let blamed = children.iter().find(|&&child| self.run.steps[child].state == StepState::Waiting);
        Some(match (failed, blamed) {
            (Some(why), _) => Err(why),
            (None, Some(&child)) => Err(format!("`{}` can never start", self.run.steps[child].step.id)),
            (None, None) => Ok(()),
        })
    }

    /// Gives up the graceful way for the other one. Steps that the graceful way brought are given up with it, in the same
    /// record: nobody else would ever end them, and one that had not begun could begin beside the other way.
    pub(crate) fn switch_over(&mut self, index: usize, by: String, why: String, now: Timestamp) {
        let mut abandons = Vec::new();
        let mut below = self.run.steps[index].children.clone();
        while let Some(child) = below.pop() {
            let run = &self.run.steps[child];
            below.extend(&run.children);
            let is_settled =
                |outcome: &Outcome| outcome.is_good() || matches!(outcome, Outcome::Skipped { .. });
            if !run.state.outcome().is_some_and(is_settled) {
                abandons.push(run.step.id.clone());
            }
        }
        self.change(index, StepEvent::Switched { by, why, abandons }, now);
    }

    // --- pump

    /// Moves the next batch, once the watermark of the one before is on disk.
    pub(crate) fn pump(&mut self, index: usize, now: Timestamp) {
        if self.volatile[index].flight.is_some() || !self.is_durable(index) || self.run.paused.is_some() {
            return;
        }
        if now < self.volatile[index].poll_next && self.volatile[index].failures > 0 {
            return self.wake(index, self.volatile[index].poll_next, now);
        }
        let run = &self.run.steps[index];
        let Action::Pump(transfer) = &run.way().action else { return };
        let known = self.known();
        let filled =
            transfer.from_host.fill(&known).and_then(|from| Ok((from, transfer.to_host.fill(&known)?)));
        let (from_host, to_host) = match filled {
            Ok(hosts) => hosts,
            Err(missing) => return self.fail(index, missing.to_string(), now),
        };
        let transfer = FilledTransfer {
            from_host,
            from_paths: transfer.from_paths.clone(),
            to_host,
            to_path: transfer.to_path.clone(),
            key: transfer.key.clone(),
        };
        let (step, watermark) = (run.step.id.clone(), run.watermark.clone());
        let ticket = self.ticket();
        self.flights.insert(ticket, Flight::Pump { step: index });
        self.volatile[index].flight = Some(ticket);
        self.effects.push(Effect::Pump { ticket, step, transfer, watermark });
    }

    pub(crate) fn pumped(&mut self, ticket: Ticket, progress: Pumped, now: Timestamp) {
        let Some(Flight::Pump { step }) = self.flights.get(&ticket) else { return };
        let index = *step;
        self.flights.remove(&ticket);
        if self.volatile[index].flight != Some(ticket) {
            return;
        }
        self.volatile[index].flight = None;
        let Pumped { moved, duplicates, watermark, finished, error } = progress;
        match error {
            None => {
                let newest = self.newest();
                let state = &mut self.volatile[index];
                state.failures = 0;
                // What is seen of the two sides counts from here. Where nothing could be taken there is no hurry.
                let next = if moved == 0 && finished { now + IDLE } else { now };
                (state.floor, state.cursor, state.poll_next) = (newest, newest, next);
            }
            Some(why) => {
                let state = &mut self.volatile[index];
                state.failures += 1;
                state.poll_next =
                    now + backoff::pause(self.settings.jitter_seed, index as u64, state.failures);
                self.run.steps[index].says = Some(why);
            }
        }
        self.change(index, StepEvent::Moved { watermark, moved, duplicates, finished }, now);
    }
}

/// Both sets of places; where they differ, the second.
pub(crate) fn together(first: &Places, second: &Places) -> Places {
    let mut both = first.clone();
    both.groups.extend(second.groups.iter().map(|(id, region)| (id.clone(), region.clone())));
    both.resources.extend(second.resources.iter().map(|(id, region)| (id.clone(), region.clone())));
    both.hosts.extend(second.hosts.iter().map(|(host, region)| (host.clone(), region.clone())));
    both
}
