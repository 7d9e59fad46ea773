//! What the scenario does to the world.

use jiff::SignedDuration;
use lifeboat_arm::{Method, Region};
use lifeboat_lab::{
    Effect as LabEffect, Fault as LabFault, FaultMatch, Health, Phase as LabPhase, Plane, Quota,
};
use lifeboat_planner::Side;
use lifeboat_planner::detector::Plane as Watched;
use lifeboat_planner::lifecycle::{Happened, Wish};

use super::{Drill, brief};
use crate::log::Tone;
use crate::report::{FaultReport, Truth};
use crate::scenario::{Effect, Fault, LostPlane, Outage, Phase, Place, Planned, ScenarioEvent, Unseen, What};

impl Drill {
    /// What is so already when the second region is prepared.
    pub(super) fn before_prepare(&mut self) {
        for event in self.scenario.before.clone() {
            self.takes_place(event.what);
        }
    }

    /// The happening at this position comes due.
    pub(super) fn scene(&mut self, index: usize) {
        self.takes_place(self.scenario.events[index].what.clone());
    }

    fn takes_place(&mut self, what: What) {
        self.may_break();
        match what {
            What::Lose(outage) => self.plane(&outage, Health::Down),
            What::Restore(outage) => self.plane(&outage, Health::Up),
            What::Flap { region, times, every } => self.flap(&region, times, every),
            What::Unseen(unseen) => self.unseen(&unseen),
            What::Fault(fault) => self.fault(&fault),
            What::Quota { region, kind, limit } => {
                let region = self.region(&region);
                let says = format!("from now on {region} takes no more than {limit} of {kind}");
                self.world.lab.limit(Quota { region, kind, limit });
                self.world.log.happens(self.world.now, "world", Tone::Bad, says);
            }
            What::Operator { answers, after } => self.people_behave(answers, after),
            What::Plan(wish) => {
                let wish = match wish {
                    Planned::Move => Wish::Move,
                    Planned::Failback => Wish::Failback,
                };
                let by = self.people.name().to_owned();
                let says = match wish {
                    Wish::Move | Wish::Failover => format!("{by} asks for a move to the other region"),
                    Wish::Failback => format!("{by} asks to go home"),
                };
                self.world.log.happens(self.world.now, "operator", Tone::Plain, says);
                if wish == Wish::Move {
                    self.close_what_is_over();
                }
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

    /// Nothing happens to the region: only the probers are in the dark.
    fn unseen(&mut self, unseen: &Unseen) {
        let region = self.region(&unseen.region);
        let until = unseen.until.map(|until| self.opened.unwrap_or(self.world.now) + until);
        let from: Vec<&str> = unseen.from.iter().map(|vantage| vantage.word()).collect();
        let planes: Vec<&str> = unseen.planes.iter().map(|plane| plane.words()).collect();
        let how_long = until.map_or("from now on".to_owned(), |until| {
            format!("for {}", brief(until.duration_since(self.world.now)))
        });
        let says =
            format!("{how_long} {region} is not seen from {}: {}", in_a_row(&from), planes.join(" and "));
        self.world.log.happens(self.world.now, "world", Tone::Bad, says);
        for vantage in &unseen.from {
            for plane in &unseen.planes {
                self.probes.hide(*vantage, &region, plane.watched(), until);
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
            let watched = plane.watched();
            let plane = match plane {
                LostPlane::Control => Plane::Control,
                LostPlane::Data => Plane::Data,
            };
            self.world.lab.set_health(self.world.now, &region, plane, health);
            let truth = if health == Health::Up { Truth::Up } else { Truth::Down };
            self.world.log.planes.becomes(self.world.now, &region, watched, truth);
        }
        let words: Vec<&str> = outage.planes.iter().map(|plane| plane.words()).collect();
        let serving = self.world.workload.site(self.life.active()).region == region;
        if health == Health::Down {
            if serving && outage.planes.contains(&LostPlane::Data) {
                self.close_what_is_over();
                self.milestones.lost.get_or_insert(self.world.now);
                // What came back and went again is not back.
                self.milestones.restored = None;
                self.milestones.back_by_itself = false;
                if self.forecast.is_none() {
                    self.forecast = self.kept_plan().map(|plan| self.forecast_of(plan, false));
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
        self.say_what_goes_on();
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
                self.scenario.events.push(ScenarioEvent::new(at, what));
                let index = self.scenario.events.len() - 1;
                self.world.queue.at(opened + at, crate::world::Event::Scenario(index));
            }
        }
    }

    fn fault(&mut self, fault: &Fault) {
        let region = self.region(&fault.region);
        let refusal = |status, code: &str, retry_after_seconds| LabEffect::Status {
            status,
            code: code.to_owned(),
            message: "Injected by the drill.".to_owned(),
            retry_after_seconds,
        };
        let effect = match &fault.effect {
            Effect::Error { status, code } => refusal(*status, code, None),
            Effect::Throttled { retry_after } => {
                let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX);
                refusal(429, "TooManyRequests", Some(seconds))
            }
            Effect::Hang | Effect::LostAnswer => LabEffect::Hang,
            Effect::Delay { by } => LabEffect::Delay(*by),
            Effect::NoCapacity => LabEffect::NoCapacity,
            Effect::Stuck => LabEffect::OperationStuck,
            Effect::NoReplication => LabEffect::ReplicationStalled,
            Effect::SlowDns { by } => LabEffect::DnsLag(*by),
        };
        let phase = match (fault.phase, &fault.effect) {
            (_, Effect::LostAnswer) | (Phase::After, _) => LabPhase::After,
            (Phase::Before, _) => LabPhase::Before,
        };
        let (method, kind) = fault.operation.as_deref().map_or((None, None), |words| {
            let (method, kind) = operation(words);
            (method, Some(kind.to_owned()))
        });
        // Before the drill's clock runs, time is counted from now.
        let clock = self.opened.unwrap_or(self.world.now);
        let until = fault.until.map(|until| clock + until);
        self.world.lab.inject(LabFault {
            at: FaultMatch {
                region: Some(region.clone()),
                provider: Some(fault.provider.clone()),
                method,
                operation: kind,
                phase,
                ..FaultMatch::default()
            },
            effect,
            times: fault.times,
            from: None,
            until,
            per_mille: None,
        });
        let lasts = until.map(|until| until.duration_since(self.world.now));
        let says = fault_words(fault, &region, lasts);
        self.world.log.happens(self.world.now, "world", Tone::Bad, says);
        self.world.log.planes.goes_wrong(FaultReport {
            region: region.to_string(),
            operation: format!(
                "{} of {}",
                fault.operation.as_deref().unwrap_or("everything"),
                fault.provider
            ),
            effect: in_words(fault),
            from: self.world.now,
            until,
            times: fault.times,
        });
    }

    /// A fault that met nothing proves nothing, and somebody may believe that it did.
    pub(super) fn name_idle_faults(&mut self) {
        let struck = self.world.lab.faults_struck().to_vec();
        let faults = self.world.log.planes.faults();
        for (fault, _) in faults.iter().zip(struck).filter(|(_, struck)| *struck == 0) {
            let says = format!(
                "the fault {} in {} never struck: nothing of the kind was asked",
                fault.operation, fault.region
            );
            self.world.log.happens(self.world.now, "world", Tone::Plain, says);
        }
    }

    /// Which side a region is.
    pub(super) fn side_of(&self, region: &Region) -> Option<Side> {
        [Side::Primary, Side::Secondary]
            .into_iter()
            .find(|side| self.world.workload.site(*side).region == *region)
    }
}

impl LostPlane {
    fn words(self) -> &'static str {
        match self {
            Self::Control => "control plane",
            Self::Data => "data plane",
        }
    }

    fn watched(self) -> Watched {
        match self {
            Self::Control => Watched::Control,
            Self::Data => Watched::Data,
        }
    }
}

/// "a", "a and b", "a, b and c".
fn in_a_row(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What the caller of a faulty request sees.
fn in_words(fault: &Fault) -> String {
    match (&fault.effect, fault.phase) {
        (Effect::Error { status, code }, Phase::Before) => format!("{status} {code}"),
        (Effect::Error { status, code }, Phase::After) => format!("{status} {code}, although it happens"),
        (Effect::Throttled { retry_after }, _) => {
            format!("429, to be tried again after {}", brief(*retry_after))
        }
        (Effect::Hang, Phase::Before) => "no answer, and nothing happens".to_owned(),
        (Effect::Hang, Phase::After) | (Effect::LostAnswer, _) => "no answer, although it happens".to_owned(),
        (Effect::Delay { by }, _) => format!("the answer comes {} late", brief(*by)),
        (Effect::NoCapacity, _) => "no capacity for anything new".to_owned(),
        (Effect::Stuck, _) => "what was begun never ends".to_owned(),
        (Effect::NoReplication, _) => "nothing is replicated".to_owned(),
        (Effect::SlowDns { by }, _) => format!("name servers learn {} late", brief(*by)),
    }
}

/// What goes wrong, and how long or how often: a fault that ends is not announced as one that stays.
fn fault_words(fault: &Fault, region: &Region, lasts: Option<SignedDuration>) -> String {
    let provider = &fault.provider;
    let what = match &fault.effect {
        Effect::NoCapacity => format!("{region} has no capacity for anything new of {provider}"),
        Effect::Stuck => format!("operations of {provider} in {region} do not end"),
        Effect::NoReplication => format!("nothing is replicated from {region} by {provider}"),
        Effect::SlowDns { by } => format!("name servers learn {} late of {provider} in {region}", brief(*by)),
        _ => {
            let operation = fault.operation.as_deref().unwrap_or("everything");
            format!("{operation} of {provider} in {region}: {}", in_words(fault))
        }
    };
    let how_long = lasts.map(|lasts| format!("for {}", brief(lasts)));
    let how_often = fault.times.map(|times| match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    });
    match (how_long, how_often) {
        (None, None) => format!("from now on {what}"),
        (Some(how_long), None) => format!("{how_long} {what}"),
        (None, Some(how_often)) => format!("{how_often} {what}"),
        (Some(how_long), Some(how_often)) => format!("{how_long}, but at most {how_often}, {what}"),
    }
}

/// A scenario says `namespaces/write` or `failover`; the lab takes a verb, and the end of a type or an action.
fn operation(words: &str) -> (Option<Method>, &str) {
    let verbs = [("/write", Method::Put), ("/read", Method::Get), ("/delete", Method::Delete)];
    let found = verbs.iter().find_map(|(end, method)| Some((*method, words.strip_suffix(end)?)));
    found.map_or((None, words), |(method, kind)| (Some(method), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_announced_with_its_end() {
        let region = Region::parse("westeurope").unwrap();
        let says = |times, lasts| {
            let fault = Fault {
                region: Place::Primary,
                provider: "Microsoft.ServiceBus".to_owned(),
                operation: Some("failover".to_owned()),
                phase: Phase::After,
                effect: Effect::Delay { by: SignedDuration::from_mins(3) },
                times,
                until: lasts,
            };
            fault_words(&fault, &region, lasts)
        };
        let what = "failover of Microsoft.ServiceBus in westeurope: the answer comes 3m late";
        let long = Some(SignedDuration::from_hours(3));
        assert_eq!(says(None, None), format!("from now on {what}"));
        assert_eq!(says(None, long), format!("for 3h {what}"));
        assert_eq!(says(Some(1), None), format!("once {what}"));
        assert_eq!(says(Some(2), None), format!("twice {what}"));
        assert_eq!(says(Some(5), long), format!("for 3h, but at most 5 times, {what}"));
    }

    #[test]
    fn three_words_have_one_and() {
        assert_eq!(in_a_row(&["north"]), "north");
        assert_eq!(in_a_row(&["north", "west"]), "north and west");
        assert_eq!(in_a_row(&["north", "west", "far"]), "north, west and far");
    }
}
