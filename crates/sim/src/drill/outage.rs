//! The outage: when service went, when clients had it back, and what was missing then.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_planner::Side;

use super::Drill;
use crate::ledger::Outstanding;
use crate::log::Tone;
use crate::report::{Missing, RpoReport};
use crate::traffic::{copies, held};

/// Times that the recovery time is made of.
#[derive(Debug, Default)]
pub(super) struct Milestones {
    /// Service went, or a move by choice was asked for.
    pub(super) lost: Option<Timestamp>,
    pub(super) suspected: Option<Timestamp>,
    pub(super) down: Option<Timestamp>,
    pub(super) decided: Option<Timestamp>,
    /// The first failover run began.
    pub(super) began: Option<Timestamp>,
    /// A failover succeeded: the run's number, and when it ended.
    pub(super) moved: Option<(usize, Timestamp)>,
    /// No client believes in the old side any more, and sends are acknowledged.
    pub(super) recovered: Option<Timestamp>,
    /// What was lost is back by itself.
    pub(super) restored: Option<Timestamp>,
    /// How long both regions were lost.
    pub(super) nowhere: SignedDuration,
    pub(super) nowhere_since: Option<Timestamp>,
}

/// Where messages lie that somebody was promised and nobody has got.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    /// They exist nowhere.
    pub(super) lost: Vec<Outstanding>,
    /// They wait where nobody serves.
    pub(super) behind: Vec<Outstanding>,
    /// They can be had, or were set aside as dead letters.
    pub(super) held: u64,
}

impl Drill {
    /// Clients have service again when none believes in the side that was left, and their sends are acknowledged.
    pub(super) fn notice_recovery(&mut self) {
        let Some((_, moved)) = self.milestones.moved.filter(|_| self.milestones.recovered.is_none()) else {
            return;
        };
        let Some(clients) = &self.world.clients else { return };
        let now = self.world.now;
        if clients.counts() == (0, 0) {
            self.milestones.recovered = Some(moved);
            return;
        }
        let left = self.left_side();
        let standing = self.world.standing();
        let hosts = standing.components.iter().filter_map(|component| self.host(component, left));
        let still: usize = hosts.map(|host| clients.still_at(&host, now)).sum();
        let served = self.world.ledger.last_acknowledged().is_some_and(|last| last >= moved);
        if still == 0 && served {
            self.milestones.recovered = Some(now);
            self.missing_at_recovery = Some(self.missing(&self.whereabouts().behind));
            let says = "the last client has left the old region, and sends are acknowledged";
            self.world.log.happens(now, "clients", Tone::Good, says);
        }
    }

    /// Where everything lies that was acknowledged and never received.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        let serving = self.life.active();
        let standing = self.world.standing();
        let names: Vec<&str> =
            standing.components.iter().map(|component| component.on(serving).name()).collect();
        let channels = self.world.clients.as_ref().map_or(&[][..], |clients| &clients.channels);
        // Whether a message can be had: a copy on the serving side, or one that a consumer set aside.
        let mut places: BTreeMap<u64, bool> = BTreeMap::new();
        for held in held(&self.world.lab) {
            // Each copy is promised by itself, and lies where its own channel is read.
            let Some(first) = self.world.ledger.channel_of(held.id) else { continue };
            let Some(own) = copies(channels, first).iter().find(|own| held.is_in(&own.place)) else {
                continue;
            };
            let serves = names.iter().any(|name| name.eq_ignore_ascii_case(held.resource));
            *places.entry(held.id + own.copy).or_default() |= serves || held.set_aside;
        }
        let mut found = Whereabouts::default();
        for outstanding in self.world.ledger.outstanding() {
            match places.get(&outstanding.id) {
                None => found.lost.push(outstanding),
                Some(false) => found.behind.push(outstanding),
                Some(true) => found.held += 1,
            }
        }
        found
    }

    fn missing(&self, messages: &[Outstanding]) -> Missing {
        let lost = self.milestones.lost.unwrap_or(self.world.now);
        let oldest = messages.iter().map(|one| one.acknowledged).min();
        Missing {
            messages: messages.len() as u64,
            reaches_back: oldest
                .map_or(SignedDuration::ZERO, |oldest| lost.duration_since(oldest).max(SignedDuration::ZERO)),
        }
    }

    pub(super) fn rpo(&self, found: &Whereabouts) -> RpoReport {
        let gone: Vec<Outstanding> = found.lost.iter().chain(&found.behind).copied().collect();
        RpoReport {
            asked: self.world.workload.objectives.rpo,
            missing_at_recovery: self.missing_at_recovery,
            never_came_back: self.missing(&gone),
            unmeasured: self.unmeasured(),
        }
    }

    /// How long clients were without service after a loss that no failover ended.
    pub(super) fn unrecovered(&self) -> Option<SignedDuration> {
        let marks = &self.milestones;
        let lost = marks.lost.filter(|_| marks.recovered.is_none() && self.stands_in_a_region())?;
        Some(marks.restored.unwrap_or(self.world.now).max(lost).duration_since(lost))
    }

    /// Counts the time in which there is no region to go to.
    pub(super) fn mark_nowhere(&mut self, nowhere: bool) {
        let now = self.world.now;
        let marks = &mut self.milestones;
        match (nowhere, marks.nowhere_since) {
            (true, None) => marks.nowhere_since = Some(now),
            (false, Some(since)) => {
                marks.nowhere += now.duration_since(since);
                marks.nowhere_since = None;
            }
            _ => {}
        }
    }

    /// Whether anything of the workload is lost with its region: global resources are not.
    pub(super) fn stands_in_a_region(&self) -> bool {
        let site = &self.world.workload.primary;
        site.resources.iter().any(|declared| declared.location.as_ref() == Some(&site.region))
    }

    /// The side that is not serving.
    pub(super) fn left_side(&self) -> Side {
        self.life.active().other()
    }
}
