//! A thousand writes under ARM's throttling, in virtual time: the engine against the lab, alone with its buckets.
//!
//! Every write is a long-running operation of its own. Everything that reaches the lab is counted there: looks before
//! acting, polls, looks at conditions.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, Region, ResourceId, ResourceType};
use lifeboat_engine::{RunId, Settings};
use lifeboat_lab::Lab;
use lifeboat_plan::{
    Action, At, CallDraft, Citation, Condition, Endpoint, Forecast, Is, Item, Places, Plan, PlanKind, Policy,
    ReadDraft, ReadId, Step, StepId, Way, WayKind,
};
use serde_json::json;

use crate::figure::{Figure, number};
use crate::layers::{KIND, SUBSCRIPTION};
use crate::shell::Shell;

/// Of the least time that the buckets allow.
const TIME_MAX: f64 = 1.05;
/// Reads for one long-running operation, on average.
const READS_MAX: f64 = 2.0;

/// How a step sees what became of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// In the list of all resources, which serves every step.
    Shared,
    /// By a read of its own.
    Own,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Writes that the lab got.
    pub writes: u64,
    /// Reads that the lab got, of all kinds.
    pub reads: u64,
    /// Of these, polls of operations.
    pub polls: u64,
    /// Requests refused with 429.
    pub refused: u64,
    /// Requests sent before their condition was looked at.
    pub unchecked: u64,
    /// From the start of the run until the last write arrived.
    pub last_write: SignedDuration,
    /// Until everything was seen to be done.
    pub end: SignedDuration,
    /// Whether every step ended well.
    pub good: bool,
}

/// Runs so many writes that do not wait for each other.
pub fn run(writes: u32, looks: Looks) -> Result<Counted> {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let mut settings = lifeboat_lab::Settings::new(1, SUBSCRIPTION, start);
    settings.trace_max = 100_000;
    let mut lab = Lab::new(settings);
    let region = Region::lenient("northeurope");
    let group = ResourceId::group(SUBSCRIPTION, "many");
    // Made long ago: the buckets are full again when the run begins.
    let body = json!({ "location": region.as_str() });
    let made =
        lab.handle(start, &Call::arm(Method::Put, format!("{group}?api-version=2024-03-01"), Some(body)));
    ensure!(made.happened, "the group cannot be made");
    let start = start + SignedDuration::from_hours(1);
    lab.advance(start);
    lab.clear_trace();
    let settings = Settings {
        run: RunId::new("many"),
        executor: "bench".to_owned(),
        epoch: 1,
        facts: BTreeMap::new(),
        jitter_seed: 1,
    };
    let (shell, summary) = Shell::run(plan(writes, looks, &group, &region), settings, lab, start)?;
    let mut counted = Counted {
        writes: 0,
        reads: 0,
        polls: 0,
        refused: 0,
        unchecked: shell.unchecked,
        last_write: SignedDuration::ZERO,
        end: shell.lab.now().duration_since(start),
        good: summary.outcomes.values().all(lifeboat_engine::Outcome::is_good)
            && summary.not_started.is_empty(),
    };
    for request in shell.lab.trace() {
        if request.method.is_read() {
            counted.reads += 1;
            counted.polls += u64::from(request.path.to_ascii_lowercase().contains("/operationstatuses/"));
        } else {
            counted.writes += 1;
            counted.last_write = request.at.duration_since(start);
        }
        counted.refused += u64::from(request.status == Some(429));
    }
    Ok(counted)
}

fn plan(writes: u32, looks: Looks, group: &ResourceId, region: &Region) -> Plan {
    let mut places = Places::default();
    places.groups.insert(group.clone(), region.clone());
    let mut reads = BTreeMap::new();
    let all = ReadId::new("resources");
    if looks == Looks::Shared {
        let path = format!("{group}/resources?$expand=provisioningState&api-version=2024-03-01");
        reads.insert(all.clone(), ReadDraft::Arm(CallDraft::get(path)));
    }
    let mut steps = Vec::new();
    for index in 0..writes {
        let name = format!("r{index}");
        let id = group.resource(&ResourceType::new(KIND), &[&name]);
        let path = format!("{id}?api-version=2023-06-01");
        let done = match looks {
            Looks::Shared => Condition::Test {
                read: all.clone(),
                item: Some(Item { list: "/value".to_owned(), id: id.as_str().into() }),
                at: At::Pointer("/provisioningState".to_owned()),
                is: Is::Equal(json!("Succeeded").into()),
            },
            Looks::Own => {
                let read = ReadId::new(&name);
                reads.insert(read.clone(), ReadDraft::Arm(CallDraft::get(path.clone())));
                Condition::equal(&read, "/properties/provisioningState", "Succeeded")
            }
        };
        let body = json!({ "location": region.as_str(), "properties": { "value": index } });
        let action = Action::Send(CallDraft::arm(Method::Put, path, Some(body.into())));
        let forecast = Forecast::assumed(30, 120, "most resources are created within two minutes");
        steps.push(Step {
            id: StepId::new(&name, "create"),
            component: name,
            title: "creates one of many".to_owned(),
            after: std::collections::BTreeSet::new(),
            graceful: Way::new(action, done, forecast),
            ungraceful: None,
            because: Citation::new(&["S05"], "one of many"),
        });
    }
    Plan {
        kind: PlanKind::Prepare,
        workload: "many".to_owned(),
        endpoint: Endpoint::Lab("bench".to_owned()),
        from: Region::lenient("westeurope"),
        to: region.clone(),
        policy: Policy { prefer: WayKind::Graceful, may_switch: false, approvers: Vec::new() },
        steps,
        reads,
        places,
        facts: Vec::new(),
        notes: Vec::new(),
    }
}

/// The least seconds in which one principal can send so many writes: 200 at once, then 10 a second.
pub fn least_seconds(writes: u32) -> f64 {
    f64::from(writes.saturating_sub(200)) / 10.0
}

/// All figures of this file.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub fn figures(writes: u32) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (looks, name) in [(Looks::Shared, "one list for all"), (Looks::Own, "a read each")] {
        let counted = run(writes, looks)?;
        ensure!(counted.good, "a write did not end well: {counted:?}");
        let what = format!("{writes} writes, {name}");
        let reads = counted.reads as f64 / f64::from(writes);
        figures.push(Figure::at_most(
            format!("{what}: last write / least possible"),
            counted.last_write.as_secs_f64() / least_seconds(writes),
            TIME_MAX,
            "",
        ));
        figures.push(Figure::at_most(format!("{what}: 429"), counted.refused as f64, 0.0, ""));
        figures.push(Figure::at_most(
            format!("{what}: sent without a look before"),
            counted.unchecked as f64,
            0.0,
            "",
        ));
        figures.push(match looks {
            Looks::Shared => Figure::at_most(format!("{what}: reads / operation"), reads, READS_MAX, ""),
            Looks::Own => Figure::on_record(format!("{what}: reads / operation"), number(reads, "")),
        });
        figures.push(Figure::on_record(
            format!("{what}: reads, polls among them, last write, virtual end"),
            format!(
                "{}, {}, {}, {}",
                counted.reads,
                counted.polls,
                number(counted.last_write.as_secs_f64(), "s"),
                number(counted.end.as_secs_f64(), "s")
            ),
        ));
    }
    Ok(figures)
}
