//! Faults as data: what goes wrong, where, when and how often.
//!
//! Two kinds share one shape. A fault of a *request* acts before it (nothing happened) or after it (it happened, but the
//! answer is lost). A *standing* fault changes how the lab behaves while it holds: replication stalls, operations never
//! end, name servers lag, a region has no capacity.

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Answer, ArmError, Method, Region};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Which requests or which part of the lab it hits.
    pub at: FaultMatch,
    /// What it does.
    pub effect: Effect,
    /// How often it strikes before it is spent; none means always.
    #[serde(default)]
    pub times: Option<u32>,
    /// From when.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when (not included).
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// In how many of a thousand cases it strikes; none means all. Drawn from the lab's seed.
    #[serde(default)]
    pub per_mille: Option<u16>,
}

/// Where a fault strikes. What is not given matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultMatch {
    /// The region of the member; for a group, the group's own.
    #[serde(default)]
    pub region: Option<Region>,
    /// The provider's namespace.
    #[serde(default)]
    pub provider: Option<String>,
    /// The verb.
    #[serde(default)]
    pub method: Option<Method>,
    /// What is done to what: a type, or a type and an action (`Microsoft.X/things/restart`), or the last segments of
    /// these (`things/restart`, `restart`), compared without case.
    #[serde(default)]
    pub operation: Option<String>,
    /// A part of the resource's id, compared without case.
    #[serde(default)]
    pub resource: Option<String>,
    /// Before or after the act.
    #[serde(default)]
    pub phase: Phase,
}

/// On which side of the act a fault strikes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Before: nothing happened.
    #[default]
    Before,
    /// After: it happened.
    After,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// Answers this instead. In phase `after` the act happened all the same.
    #[serde(rename_all = "camelCase")]
    Status {
        /// The HTTP status.
        status: u16,
        /// ARM's code.
        code: String,
        /// The message.
        message: String,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_seconds: Option<u32>,
    },
    /// No answer ever. In phase `after` this is the lost answer.
    Hang,
    /// The answer comes this much later.
    Delay(SignedDuration),
    /// Standing: pairs whose primary is in this region stop copying.
    ReplicationStalled,
    /// Standing: operations that start here do not end while this holds.
    OperationStuck,
    /// Standing: name servers learn of a change this much later.
    DnsLag(SignedDuration),
    /// Standing: nothing new can be created here.
    NoCapacity,
}

impl Effect {
    /// The answer that this effect puts in the place of the true one.
    pub(crate) fn answer(&self) -> Option<Answer> {
        let Self::Status { status, code, message, retry_after_seconds } = self else { return None };
        let answer = Answer::refusal(*status, &ArmError::new(code.clone(), message.clone()));
        Some(match retry_after_seconds {
            Some(seconds) => answer.with_header("retry-after", seconds.to_string()),
            None => answer,
        })
    }
}

/// What a request looks like to a fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) region: Option<&'a Region>,
    pub(crate) provider: &'a str,
    pub(crate) method: Option<Method>,
    pub(crate) operation: &'a str,
    pub(crate) resource: &'a str,
}

/// All faults, in the order in which they were injected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    all: Vec<Fault>,
    /// How often each has struck.
    struck: Vec<u64>,
    drawn: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.all.push(fault);
        self.struck.push(0);
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.struck.clear();
    }

    pub(crate) fn struck(&self) -> &[u64] {
        &self.struck
    }

    pub(crate) fn none(&self) -> bool {
        self.all.is_empty()
    }

    /// The first request fault that strikes here; counts it.
    pub(crate) fn strike(
        &mut self,
        now: Timestamp,
        phase: Phase,
        sight: Sight<'_>,
        dice: &Dice,
    ) -> Option<Effect> {
        for at in 0..self.all.len() {
            let fault = &self.all[at];
            let of_requests = matches!(fault.effect, Effect::Status { .. } | Effect::Hang | Effect::Delay(_));
            if of_requests && fault.at.phase == phase && fault.holds(now) && fault.at.sees(sight) {
                self.drawn += 1;
                let key = format!("{at}/{}", self.drawn);
                if fault.per_mille.is_none_or(|share| dice.chance(share, "fault", &key)) {
                    return Some(self.spend(at));
                }
            }
        }
        None
    }

    /// The first standing fault that `wanted` picks and that holds here. Not counted unless it is limited.
    pub(crate) fn standing(
        &mut self,
        now: Timestamp,
        sight: Sight<'_>,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        let at = self
            .all
            .iter()
            .position(|fault| wanted(&fault.effect) && fault.holds(now) && fault.at.sees(sight))?;
        Some(self.spend(at))
    }

    fn spend(&mut self, at: usize) -> Effect {
        self.struck[at] += 1;
        let fault = &mut self.all[at];
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        fault.effect.clone()
    }
}

impl Fault {
    fn holds(&self, now: Timestamp) -> bool {
        self.times != Some(0)
            && self.from.is_none_or(|from| now >= from)
            && self.until.is_none_or(|until| now < until)
    }
}

/// Whether the last segments of an operation are these: `failover` is meant by whoever says only that.
fn ends_with_segments(operation: &str, wanted: &str) -> bool {
    let (operation, wanted) = (operation.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    operation.strip_suffix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

impl FaultMatch {
    fn sees(&self, sight: Sight<'_>) -> bool {
        let same = |wanted: &Option<String>, seen: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(seen))
        };
        self.region.as_ref().is_none_or(|region| Some(region) == sight.region)
            && self.method.is_none_or(|method| Some(method) == sight.method)
            && same(&self.provider, sight.provider)
            && self.operation.as_deref().is_none_or(|wanted| ends_with_segments(sight.operation, wanted))
            && self
                .resource
                .as_deref()
                .is_none_or(|part| sight.resource.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGHT: Sight<'_> = Sight {
        region: None,
        provider: "Microsoft.Things",
        method: Some(Method::Post),
        operation: "Microsoft.Things/things/restart",
        resource: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Things/things/One",
    };

    fn hang(times: Option<u32>) -> Fault {
        Fault {
            at: FaultMatch {
                operation: Some("microsoft.things/THINGS/restart".into()),
                ..FaultMatch::default()
            },
            effect: Effect::Hang,
            times,
            from: None,
            until: Some(Timestamp::from_second(100).unwrap()),
            per_mille: None,
        }
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_not_after_its_time() {
        let (dice, now) = (Dice::new(1), Timestamp::from_second(10).unwrap());
        let mut faults = Faults::default();
        faults.add(hang(Some(2)));
        let mut struck = || faults.strike(now, Phase::Before, SIGHT, &dice).is_some();
        assert_eq!([struck(), struck(), struck()], [true, true, false]);
        assert_eq!(faults.struck(), [2]);

        let mut faults = Faults::default();
        faults.add(hang(None));
        assert!(faults.strike(now, Phase::After, SIGHT, &dice).is_none());
        let late = Timestamp::from_second(100).unwrap();
        assert!(faults.strike(late, Phase::Before, SIGHT, &dice).is_none());
    }

    #[test]
    fn a_fault_is_data() {
        let fault = hang(Some(1));
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
    }
}
