//! What the scenario does to the world.

use jiff::SignedDuration;
use lifeboat_arm::{Method, Region};
use lifeboat_lab::{Effect as LabEffect, Fault as LabFault, FaultMatch, Health, Phase as LabPhase, Plane};
use lifeboat_planner::Side;
use lifeboat_planner::lifecycle::{Happened, Wish};

use super::Drill;
use crate::log::Tone;
use crate::scenario::{Effect, Fault, LostPlane, Outage, Phase, Place, Planned, What};

impl Drill {
    /// The happening at this position comes due.
    pub(super) fn scene(&mut self, index: usize) {
        let what = self.scenario.events[index].what.clone();
        match what {
            What::Lose(outage) => self.plane(&outage, Health::Down),
            What::Restore(outage) => self.plane(&outage, Health::Up),
            What::Flap { region, times, every } => self.flap(&region, times, every),
            What::Fault(fault) => self.fault(&fault),
            What::Operator { answers, after } => self.people.behave(answers, after),
            What::Plan(wish) => {
                let wish = match wish {
                    Planned::Move => Wish::Move,
                    Planned::Failback => Wish::Failback,
                };
                let by = self.people.name().to_owned();
                let says = match wish {
                    Wish::Move => format!("{by} asks for a move to the other region"),
                    Wish::Failback => format!("{by} asks to go home"),
                };
                self.world.log.happens(self.world.now, "operator", Tone::Plain, says);
                let began = self.milestones.began;
                self.life_goes_on(Happened::OperatorAsks { wish, by });
                if wish == Wish::Move && self.milestones.began != began {
                    // The clock of a move by choice starts with the wish that was granted.
                    let marks = &mut self.milestones;
                    for mark in [&mut marks.lost, &mut marks.suspected, &mut marks.down, &mut marks.decided] {
                        mark.get_or_insert(self.world.now);
                    }
                }
            }
        }
    }

    fn region(&self, place: &Place) -> Region {
        match place {
            Place::Primary => self.world.workload.primary.region.clone(),
            Place::Secondary => self.world.workload.secondary.region.clone(),
            Place::Named(region) => region.clone(),
        }
    }

    fn plane(&mut self, outage: &Outage, health: Health) {
        let region = self.region(&outage.region);
        for plane in &outage.planes {
            let plane = match plane {
                LostPlane::Control => Plane::Control,
                LostPlane::Data => Plane::Data,
            };
            self.world.lab.set_health(self.world.now, &region, plane, health);
        }
        let words: Vec<&str> = outage
            .planes
            .iter()
            .map(|plane| match plane {
                LostPlane::Control => "control plane",
                LostPlane::Data => "data plane",
            })
            .collect();
        let serving = self.world.workload.site(self.life.active()).region == region;
        if health == Health::Down {
            if serving && outage.planes.contains(&LostPlane::Data) {
                self.milestones.lost.get_or_insert(self.world.now);
                if self.forecast.is_none() {
                    self.forecast = Some(self.forecast_of(self.kept.as_ref(), false));
                }
            }
            self.world.log.happens(
                self.world.now,
                "world",
                Tone::Bad,
                format!("{region} loses its {}", words.join(" and ")),
            );
        } else {
            if serving && outage.planes.contains(&LostPlane::Data) && self.milestones.lost.is_some() {
                self.milestones.restored.get_or_insert(self.world.now);
            }
            self.world.log.happens(
                self.world.now,
                "world",
                Tone::Good,
                format!("{region} has its {} back", words.join(" and ")),
            );
        }
    }

    /// Each going and coming becomes a happening of its own.
    fn flap(&mut self, place: &Place, times: u32, every: SignedDuration) {
        let Some(opened) = self.opened else { return };
        let so_far = self.world.now.duration_since(opened);
        for time in 0..times {
            let gone = so_far + every * i32::try_from(time).unwrap_or(i32::MAX);
            for (at, lose) in [(gone, true), (gone + every / 2, false)] {
                let outage = Outage { region: place.clone(), planes: LostPlane::BOTH.into() };
                let what = if lose { What::Lose(outage) } else { What::Restore(outage) };
                self.scenario.events.push(crate::scenario::ScenarioEvent { at, what });
                let index = self.scenario.events.len() - 1;
                self.world.queue.at(opened + at, crate::world::Event::Scenario(index));
            }
        }
    }

    fn fault(&mut self, fault: &Fault) {
        let region = self.region(&fault.region);
        let effect = match &fault.effect {
            Effect::Error { status, code } => LabEffect::Status {
                status: *status,
                code: code.clone(),
                message: "Injected by the drill.".to_owned(),
                retry_after_seconds: None,
            },
            Effect::Hang | Effect::LostAnswer => LabEffect::Hang,
            Effect::Delay { by } => LabEffect::Delay(*by),
        };
        let phase = match (fault.phase, &fault.effect) {
            (_, Effect::LostAnswer) | (Phase::After, _) => LabPhase::After,
            (Phase::Before, _) => LabPhase::Before,
        };
        let (method, kind) = operation(&fault.operation);
        self.world.lab.inject(LabFault {
            at: FaultMatch {
                region: Some(region.clone()),
                provider: Some(fault.provider.clone()),
                method,
                operation: Some(kind.to_owned()),
                phase,
                ..FaultMatch::default()
            },
            effect,
            times: fault.times,
            from: None,
            until: fault.until.and_then(|until| Some(self.opened? + until)),
            per_mille: None,
        });
        let says = format!("from now on {} of {} in {region} goes wrong", fault.operation, fault.provider);
        self.world.log.happens(self.world.now, "world", Tone::Bad, says);
    }

    /// Which side a region is.
    pub(super) fn side_of(&self, region: &Region) -> Option<Side> {
        [Side::Primary, Side::Secondary]
            .into_iter()
            .find(|side| self.world.workload.site(*side).region == *region)
    }
}

/// A scenario says `namespaces/write` or `failover`; the lab takes a verb, and the end of a type or an action.
fn operation(words: &str) -> (Option<Method>, &str) {
    let verbs = [("/write", Method::Put), ("/read", Method::Get), ("/delete", Method::Delete)];
    let found = verbs.iter().find_map(|(end, method)| Some((*method, words.strip_suffix(end)?)));
    found.map_or((None, words), |(method, kind)| (Some(method), kind))
}
