//! The outage: when service went, when clients had it back, and what was missing then.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Region, ResourceId};
use lifeboat_planner::detector::Plane;
use lifeboat_planner::{Component, Side};

use super::Drill;
use super::episodes::Episode;
use crate::ledger::Outstanding;
use crate::log::Tone;
use crate::report::{Missing, PlaneReport, RpoReport, Truth};
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
    /// For how long people were waited for since then: between one attempt and the next.
    pub(super) waited: SignedDuration,
    /// Since when a person's "no" has kept everything waiting.
    pub(super) declined: Option<Timestamp>,
    /// A failover succeeded: the run's number, and when it ended.
    pub(super) moved: Option<(usize, Timestamp)>,
    /// No client believes in the old side any more, and sends are acknowledged.
    pub(super) recovered: Option<Timestamp>,
    /// What was lost is back by itself.
    pub(super) restored: Option<Timestamp>,
    /// Clients had service in what came back, before any failover had moved them.
    pub(super) back_by_itself: bool,
}

/// Where messages lie that somebody was promised and nobody has got.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    /// They exist nowhere.
    pub(super) lost: Vec<Outstanding>,
    /// They wait where nobody serves, or in a region that does not answer.
    pub(super) behind: Vec<Outstanding>,
    /// They were set aside as dead letters, in a region that does not answer: readers have had them, persons have not.
    pub(super) aside: Vec<Outstanding>,
    /// They can be had, or were set aside as dead letters where somebody can see them.
    pub(super) held: u64,
    /// Of these: dead letters where nobody serves any more, in a region that answers.
    pub(super) left_aside: u64,
    /// Copies that lie somewhere although another lies there, or was received.
    pub(super) again: u64,
}

/// Where the copies of one message lie.
#[derive(Debug, Default)]
struct Lies {
    /// It can be had: on the serving side, or set aside where somebody answers.
    reachable: bool,
    /// A copy waits for a consumer.
    waits: bool,
    /// A copy lies where clients are.
    served: bool,
    times: u64,
}

impl Drill {
    /// Clients have service again when none believes in the side that was left, and their sends are acknowledged.
    pub(super) fn notice_recovery(&mut self) {
        let marks = &mut self.milestones;
        let last = self.world.ledger.last_acknowledged();
        let Some((_, moved)) = marks.moved else {
            // Sends that the region acknowledges since it is back are nobody's failover.
            marks.back_by_itself |= marks.restored.is_some_and(|restored| last > Some(restored));
            return;
        };
        if marks.recovered.is_some() || marks.back_by_itself {
            return;
        }
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
        // What took over may be gone again: service is back when the last send was not one that failed.
        let sends = last.is_some_and(|last| last >= moved) && !self.world.ledger.is_failing();
        let served = clients.counts().0 == 0 || sends;
        if still == 0 && served {
            self.milestones.recovered = Some(now);
            let found = self.whereabouts();
            let waiting: Vec<Outstanding> = found.lost.iter().chain(&found.behind).copied().collect();
            self.missing_at_recovery = Some(self.missing(&waiting));
            let says = "the last client has left the old region, and sends are acknowledged";
            self.world.log.happens(now, "clients", Tone::Good, says);
        }
    }

    /// Where everything lies that was acknowledged and never received.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        let standing = self.world.standing();
        let mut names = Vec::new();
        for component in &standing.components {
            names.extend(self.serving(component).into_iter().map(|side| component.on(side).name()));
        }
        let silent = self.silent();
        let channels = self.world.clients.as_ref().map_or(&[][..], |clients| &clients.channels);
        // Whether a message can be had (a copy on the serving side, or one that a consumer set aside, where somebody answers),
        // whether it waits for a consumer, how often it is there, and whether a copy lies where clients are.
        let mut places: BTreeMap<u64, Lies> = BTreeMap::new();
        for held in held(&self.world.lab) {
            // Each copy is promised by itself, and lies where its own channel is read; those that are still to be made lie
            // where the message was sent to.
            let Some(draft) = held.which.draft() else { continue };
            let Some(first) = self.world.ledger.channel_of(draft) else { continue };
            let serves = names.iter().any(|name| name.eq_ignore_ascii_case(held.resource));
            let answers = !silent.iter().any(|name| name.eq_ignore_ascii_case(held.resource));
            for own in copies(channels, first).iter().filter(|own| own.keeps_in(held.place)) {
                let lies = places.entry(draft + own.copy).or_default();
                lies.reachable |= answers && (serves || held.set_aside);
                lies.waits |= !held.set_aside;
                lies.served |= serves;
                lies.times += 1;
            }
        }
        let beyond = |(id, lies): (&u64, &Lies)| lies.times - u64::from(!self.world.ledger.was_received(*id));
        let mut found = Whereabouts { again: places.iter().map(beyond).sum(), ..Whereabouts::default() };
        for outstanding in self.world.ledger.outstanding() {
            match places.get(&outstanding.id) {
                None => found.lost.push(outstanding),
                Some(lies) if lies.reachable => {
                    found.held += 1;
                    found.left_aside += u64::from(!lies.served);
                }
                Some(lies) if lies.waits => found.behind.push(outstanding),
                Some(_) => found.aside.push(outstanding),
            }
        }
        found
    }

    /// The sides on which a component serves: those in which clients believe now, for an operation that nobody waits for any
    /// more may have moved them. Where nobody believes in any, the side that is meant to serve.
    fn serving(&self, component: &Component) -> Vec<Side> {
        let believed = [Side::Primary, Side::Secondary].map(|side| {
            let host = self.host(component, side).filter(|_| component.secondary.is_some());
            let clients = self.world.clients.as_ref();
            let at =
                |host: String| clients.is_some_and(|clients| clients.still_at(&host, self.world.now) > 0);
            (side, host.is_some_and(at))
        });
        let nobody = believed.iter().all(|(_, believed)| !believed);
        let meant = self.life.active();
        let serves =
            move |(side, believed): (Side, bool)| (believed || nobody && side == meant).then_some(side);
        believed.into_iter().filter_map(serves).collect()
    }

    /// Names of resources in regions that do not answer, the former ones included.
    fn silent(&self) -> Vec<String> {
        let standing = self.world.standing();
        let silent = [Side::Primary, Side::Secondary].into_iter().filter(|side| !self.answers(*side));
        let names = silent.flat_map(|side| {
            let group = &standing.site(side).group;
            let there = move |id: &&ResourceId| id.group_id().as_ref() == Some(group);
            standing.components.iter().flat_map(move |component| {
                let former = component.former().iter().filter(there);
                [component.declared(side), component.on(side)].into_iter().chain(former)
            })
        });
        names.map(|id| id.name().to_owned()).collect()
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

    /// What is out of reach at the end. How far each reaches back is counted from the first loss after it was acknowledged.
    fn gone(&self, messages: &[Outstanding], episodes: &[Episode]) -> Missing {
        let losses: Vec<Timestamp> = episodes.iter().filter_map(|one| one.marks.lost).collect();
        let reach = |one: &Outstanding| {
            let lost = losses.iter().copied().find(|lost| *lost >= one.acknowledged);
            let lost = lost.or((losses.is_empty()).then_some(self.world.now));
            lost.map_or(SignedDuration::ZERO, |lost| lost.duration_since(one.acknowledged))
        };
        Missing {
            messages: messages.len() as u64,
            reaches_back: messages.iter().map(reach).max().unwrap_or_default(),
        }
    }

    pub(super) fn rpo(&self, found: &Whereabouts, episodes: &[Episode]) -> RpoReport {
        let gone: Vec<Outstanding> =
            found.lost.iter().chain(&found.behind).chain(&found.aside).copied().collect();
        RpoReport {
            asked: self.world.workload.objectives.rpo,
            missing_at_recovery: episodes
                .iter()
                .filter_map(|one| one.missing)
                .max_by_key(|missing| (missing.reaches_back, missing.messages)),
            never_came_back: self.gone(&gone, episodes),
            left_aside: found.left_aside,
            unmeasured: self.unmeasured(),
        }
    }

    /// How long clients were without service after a loss that no failover ended.
    pub(super) fn unrecovered(&self, marks: &Milestones) -> Option<SignedDuration> {
        let counts = marks.recovered.is_none() && !self.is_forbidden() && self.stands_in_a_region();
        let lost = marks.lost.filter(|_| counts)?;
        let until = marks.restored.unwrap_or(self.world.now);
        let until = self.served_again(lost).map_or(until, |served| served.min(until));
        Some(until.max(lost).duration_since(lost))
    }

    /// When sends were acknowledged again that had failed since the loss, whoever brought that about.
    pub(super) fn served_again(&self, lost: Timestamp) -> Option<Timestamp> {
        let gaps = &self.world.ledger.gaps;
        gaps.iter()
            .find(|gap| gap.from <= lost && lost < gap.to)
            .map(|gap| gap.to)
            .filter(|to| *to < self.world.now)
    }

    /// For how long of a stretch both regions were lost: no work of anybody's could have ended it.
    pub(super) fn nowhere(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let planes = self.planes();
        let lost = |region: &Region| -> Vec<(Timestamp, Timestamp)> {
            let plane = |plane: &&PlaneReport| plane.plane == Plane::Data && plane.region == region.as_str();
            let parts = planes.iter().filter(plane).flat_map(|plane| &plane.truth);
            parts.filter(|part| part.is == Truth::Down).map(|part| (part.from, part.to)).collect()
        };
        let workload = &self.world.workload;
        let there = lost(&workload.secondary.region);
        let pairs = lost(&workload.primary.region)
            .into_iter()
            .flat_map(|here| there.iter().map(move |there| (here.0.max(there.0), here.1.min(there.1))));
        pairs
            .map(|(gone, back)| back.min(to).duration_since(gone.max(from)).max(SignedDuration::ZERO))
            .fold(SignedDuration::ZERO, |sum, part| sum + part)
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
