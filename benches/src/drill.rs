//! The drill of `examples/minimal`: one as a process, and a thousand in one process.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use lifeboat_arm::template::{ParameterValue, Template, parse_parameters};
use lifeboat_planner::{
    FailoverPolicy, FilePath, SiteTemplate, StrategyKind, Workload, WorkloadFile, choose_for, read,
};
use lifeboat_sim::{Drill, DrillOutcome, DrillSetup, Scenario};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{Spent, median};
use crate::figure::{Figure, number};
use crate::process::{Folder, Probe, megabytes, own, resident};

/// Seconds of wall time that 24 virtual hours may take.
const WALL_MAX: f64 = 1.0;
/// Megabytes that they may need.
const MEMORY_MAX: f64 = 60.0;
/// Megabytes that `events.jsonl` may have.
pub const EVENTS_MAX: f64 = 10.0;
/// How much the memory of a process may grow from the first drills to the last.
const GROWTH_MAX: f64 = 1.05;

/// `examples/minimal`, ready to be drilled as often as one likes.
pub struct Minimal {
    workload: Workload,
    policy: FailoverPolicy,
    strategies: BTreeMap<String, StrategyKind>,
}

impl Minimal {
    /// Reads it.
    pub fn read() -> Result<Self> {
        let folder = examples().join("minimal");
        let text = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let file = WorkloadFile::parse("lifeboat.yaml", &text("lifeboat.yaml")?)
            .map_err(|error| anyhow!("{error:?}"))?;
        let template = |name: &str| -> Result<Template> {
            Template::parse(name, &text(name)?).map_err(|found| anyhow!("{found:?}"))
        };
        let values = |files: &[FilePath]| -> Result<BTreeMap<String, Value>> {
            let mut values = BTreeMap::new();
            for file in files {
                let read = parse_parameters(file.as_str(), &text(file.as_str())?)
                    .map_err(|found| anyhow!("{found:?}"))?;
                values.extend(read.into_iter().filter_map(|(name, value)| match value {
                    ParameterValue::Value(value) => Some((name, value)),
                    ParameterValue::KeyVault(_) => None,
                }));
            }
            Ok(values)
        };
        let regional = template(file.templates.regional.as_str())?;
        let shared_file = file.templates.shared.as_ref().context("the example has a shared template")?;
        let shared = template(shared_file.file.as_str())?;
        let [at_home, away, once] =
            [&file.primary.parameters, &file.secondary.parameters, &shared_file.parameters]
                .map(|files| values(files));
        let (at_home, away, once) = (at_home?, away?, once?);
        let primary = SiteTemplate {
            template: &regional,
            parameters: &at_home,
            group: file.primary.resource_group.as_str(),
            region: &file.primary.region,
        };
        let secondary = SiteTemplate {
            template: &regional,
            parameters: &away,
            group: file.secondary.resource_group.as_str(),
            region: &file.secondary.region,
        };
        let both = SiteTemplate {
            template: &shared,
            parameters: &once,
            group: shared_file.resource_group.as_str(),
            region: &shared_file.region,
        };
        let workload =
            read(&file.about(start()?), primary, secondary, Some(both), &lifeboat_arm::template::NoLinks)
                .map_err(|found| anyhow!("{found:?}"))?;
        let choice = choose_for(&workload, &workload.declared_inventory(), &file.failover)?;
        let strategies =
            choice.strategies.into_iter().map(|(name, strategy)| (name, strategy.kind)).collect();
        Ok(Self { workload, policy: file.failover, strategies })
    }

    /// Loses the primary region for six of 24 virtual hours.
    pub fn drill(&self, seed: u64) -> Result<DrillOutcome> {
        let drill = Drill::new(DrillSetup {
            workload: self.workload.clone(),
            strategies: self.strategies.clone(),
            policy: self.policy.clone(),
            scenario: Scenario::sudden_loss(),
            seed,
            start: start()?,
            assumptions: Vec::new(),
            accept: Vec::new(),
            today: jiff::civil::date(2026, 1, 1),
        })?;
        Ok(drill.play(&mut |_| true)?)
    }
}

/// When drills begin, and templates are evaluated.
fn start() -> Result<Timestamp> {
    Ok("2026-01-01T00:00:00Z".parse()?)
}

fn examples() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"))
}

/// Bytes of `events.jsonl`.
pub fn events_bytes(outcome: &DrillOutcome) -> u64 {
    outcome.events.iter().map(|line| line.len() as u64 + 1).sum()
}

/// All figures of this file.
pub fn figures(rounds: usize, drills: u64) -> Result<Vec<Figure>> {
    let mut figures = one(rounds)?;
    figures.extend(many(drills)?);
    Ok(figures)
}

fn one(rounds: usize) -> Result<Vec<Figure>> {
    let folder = Folder::new("drill")?;
    let minimal = examples().join("minimal").display().to_string();
    let report = folder.file("report");
    let mut runs = Vec::new();
    for _ in 0..rounds.max(3) {
        runs.push(Probe::lifeboat()?.with(&["drill", &minimal, "--report", &report]).run_to(1)?);
    }
    let events = std::fs::metadata(folder.0.join("report/events.jsonl"))?.len();
    let wall = median(runs.iter().map(|run| run.wall.as_secs_f64()).collect()).unwrap_or(0.0);
    let cpu = median(runs.iter().map(|run| run.cpu.as_secs_f64()).collect()).unwrap_or(0.0);
    let peak = runs.iter().map(crate::Usage::peak_mb).fold(0.0, f64::max);
    let what = "drill of 24 virtual hours, a process";
    Ok(vec![
        Figure::at_most(format!("{what}: wall"), wall, WALL_MAX, "s"),
        Figure::on_record(format!("{what}: processor"), number(cpu, "s")),
        Figure::at_most(format!("{what}: peak memory"), peak, MEMORY_MAX, "MB"),
        Figure::at_most(format!("{what}: events.jsonl"), megabytes(events), EVENTS_MAX, "MB"),
    ])
}

/// What a process with many drills tells.
#[derive(Debug, Serialize, Deserialize)]
struct Many {
    drills: u64,
    passed: u64,
    resident_early: u64,
    resident_end: u64,
    wall: f64,
    cpu: f64,
}

/// Drills whose medians are compared, at the beginning and at the end. Single looks differ by what the allocator happens to
/// hold back; a leak moves the median.
const WINDOW: usize = 100;

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn many(drills: u64) -> Result<Vec<Figure>> {
    let out = own()?.args(["drills", &drills.to_string()]).stderr(std::process::Stdio::inherit()).output()?;
    let many: Many = serde_json::from_slice(&out.stdout).context("the drills say nothing")?;
    let growth = many.resident_end as f64 / many.resident_early as f64;
    let what = format!("{drills} drills, one process");
    Ok(vec![
        Figure::at_most(
            format!("{what}: memory, median of the last {WINDOW} / of the first {WINDOW}"),
            growth,
            GROWTH_MAX,
            "",
        ),
        Figure::on_record(
            format!("{what}: memory"),
            format!(
                "{} then {}",
                number(megabytes(many.resident_early), "MB"),
                number(megabytes(many.resident_end), "MB")
            ),
        ),
        Figure::on_record(
            format!("{what}: drills per second (of processor time)"),
            format!(
                "{} ({})",
                number(many.drills as f64 / many.wall, ""),
                number(many.drills as f64 / many.cpu, "")
            ),
        ),
        Figure::on_record(format!("{what}: passed"), format!("{}", many.passed)),
    ])
}

/// The process with many drills.
pub fn run_many(drills: u64) -> Result<()> {
    let minimal = Minimal::read()?;
    let mut passed = 0;
    let mut seen = Vec::new();
    let (played, spent) = Spent::on(|| -> Result<()> {
        for seed in 1..=drills {
            let outcome = minimal.drill(seed)?;
            passed += u64::from(outcome.report.verdict == lifeboat_sim::DrillVerdict::Passed);
            drop(outcome);
            seen.push(resident()?);
        }
        Ok(())
    });
    played?;
    let window = WINDOW.min(seen.len());
    let of = |part: &[u64]| median(part.to_vec()).context("no drill was played");
    let many = Many {
        drills,
        passed,
        resident_early: of(&seen[..window])?,
        resident_end: of(&seen[seen.len() - window..])?,
        wall: spent.wall.as_secs_f64(),
        cpu: spent.cpu.as_secs_f64(),
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&many)?)?;
    Ok(())
}
