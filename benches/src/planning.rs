//! Planning large workloads: against terraform, and against itself ten times smaller.
//!
//! Two things are measured as whole processes. *resources*: `lifeboat plan prepare` and `plan failover` of a template with
//! N resources. The planner makes one deployment of all of them, as it should, so reading, choosing strategies and
//! deciding dominate; the failover is planned for the world as prepare would leave it, so it contains both. *steps*: a plan with one step per resource through everything that is done with a plan (order, schedule, critical path,
//! independence, digest, printing), so that the graph is as large as terraform's.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, Result, anyhow};
use lifeboat_cli::layout::Layout;
use lifeboat_cli::style::Style;
use lifeboat_cli::tables::{self, PlanView};
use lifeboat_plan::{Digest, Endpoint, Graph, Plan, PlanKind, independence};
use lifeboat_planner::{
    DecisionPolicy, FailoverPolicy, Planning, Side, StrategyKind, assess, choose_for, plan, predict,
};

use crate::clock::{Spent, median};
use crate::figure::{Figure, number};
use crate::layers;
use crate::process::{Folder, Probe, Usage, own};
use crate::terraform::Terraform;

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
/// Of terraform's time.
const TIME_MAX: f64 = 0.05;
/// Of terraform's memory.
const MEMORY_MAX: f64 = 0.3;
/// Ten times as much may take so many times as long.
const GROWTH_MAX: f64 = 12.0;

/// All figures of this file.
pub fn figures(rounds: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut all = BTreeMap::new();
    for count in [SMALL, LARGE] {
        let runs = rounds_of(count, rounds)?;
        figures.extend(of_count(count, &runs));
        all.insert(count, runs);
    }
    let kinds: [Kind; 3] = [
        ("resources, prepare", Runs::resources),
        ("resources, failover", Runs::failover),
        ("steps", Runs::steps),
    ];
    for (what, of) in kinds {
        let growth = cpu(of(&all[&LARGE])) / cpu(of(&all[&SMALL]));
        figures.push(Figure::at_most(
            format!("{what}: processor time of {LARGE} / {SMALL}"),
            growth,
            GROWTH_MAX,
            "",
        ));
    }
    figures.extend(phases(rounds)?);
    Ok(figures)
}

/// What the processes of one size took, round by round.
#[derive(Default)]
struct Runs {
    terraform: Vec<Usage>,
    resources: Vec<Usage>,
    failover: Vec<Usage>,
    steps: Vec<Usage>,
}

impl Runs {
    fn resources(&self) -> &[Usage] {
        &self.resources
    }
    fn failover(&self) -> &[Usage] {
        &self.failover
    }
    fn steps(&self) -> &[Usage] {
        &self.steps
    }
}

fn rounds_of(count: usize, rounds: usize) -> Result<Runs> {
    let folder = Folder::new(&format!("layers-{count}"))?;
    let template = folder.file("layers.json");
    std::fs::write(&template, layers::template(count))?;
    let terraform = Terraform::is_here().then(|| Terraform::new(count)).transpose()?;
    let mut runs = Runs::default();
    for _ in 0..rounds {
        runs.resources.push(Probe::lifeboat()?.with(&["plan", "prepare", &template]).run()?);
        runs.failover.push(Probe::lifeboat()?.with(&["plan", "failover", &template]).run()?);
        if let Some(terraform) = &terraform {
            runs.terraform.push(terraform.plan()?);
        }
        runs.steps.push(Probe::part("steps")?.with(&[&count.to_string()]).run()?);
    }
    Ok(runs)
}

fn cpu(runs: &[Usage]) -> f64 {
    median(runs.iter().map(|run| run.cpu.as_secs_f64()).collect()).unwrap_or(f64::NAN)
}

fn wall(runs: &[Usage]) -> f64 {
    median(runs.iter().map(|run| run.wall.as_secs_f64()).collect()).unwrap_or(f64::NAN)
}

fn peak(runs: &[Usage]) -> f64 {
    median(runs.iter().map(Usage::peak_mb).collect()).unwrap_or(f64::NAN)
}

fn of_count(count: usize, runs: &Runs) -> Vec<Figure> {
    let mut figures = Vec::new();
    let says = |runs: &[Usage]| {
        format!("{}, {}, {}", number(wall(runs), "s"), number(cpu(runs), "s"), number(peak(runs), "MB"))
    };
    let peer = &runs.terraform;
    for (what, own) in [
        ("resources, prepare", &runs.resources),
        ("resources, failover", &runs.failover),
        ("steps", &runs.steps),
    ] {
        let what = format!("{count} {what}");
        if !peer.is_empty() {
            let name = |of: &str| format!("{what}: {of} / terraform's");
            figures.push(Figure::at_most(name("wall"), wall(own) / wall(peer), TIME_MAX, ""));
            figures.push(Figure::at_most(name("processor"), cpu(own) / cpu(peer), TIME_MAX, ""));
            figures.push(Figure::at_most(name("memory"), peak(own) / peak(peer), MEMORY_MAX, ""));
        }
        figures.push(Figure::on_record(format!("{what}: wall, processor, memory"), says(own)));
    }
    let peer = if peer.is_empty() { "terraform is not installed".to_owned() } else { says(peer) };
    figures.push(Figure::on_record(format!("{count}: terraform's wall, processor, memory"), peer));
    figures
}

/// The process of *steps*: everything that is done with a plan, once.
pub fn run_steps(count: usize) -> Result<()> {
    let made = layers::plan(count);
    let text = through(&made, &mut |_, work| work())?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// Runs a phase under its name.
type Phase<'a> = dyn FnMut(&'static str, &mut dyn FnMut()) + 'a;

fn through(made: &Plan, phase: &mut Phase<'_>) -> Result<String> {
    let p95 = |index: usize| made.steps[index].way(made.policy.prefer).forecast.p95;
    let mut graph = None;
    phase("graph", &mut || {
        graph = Graph::new(&made.steps).ok().map(|graph| (graph.schedule(p95), graph.critical_path(p95)));
    });
    graph.context("the steps make no graph")?;
    let mut verdicts = BTreeMap::new();
    phase("independence", &mut || verdicts = independence(made, &made.from));
    let mut digest = None;
    phase("digest", &mut || digest = Some(Digest::of(made)));
    let layout = Layout { width: 100, style: Style::Plain };
    let view = PlanView { now: "2026-01-01T00:00:00Z".parse()?, requests: false, layout };
    let mut text = Ok(String::new());
    phase("printing", &mut || text = tables::plan(made, &[], view));
    Ok(text? + &format!("{} verdicts, {digest:?}\n", verdicts.len()))
}

/// Where the time goes, in a process of its own for each size.
fn phases(rounds: usize) -> Result<Vec<Figure>> {
    let mut times: BTreeMap<(String, usize), Vec<f64>> = BTreeMap::new();
    for count in [SMALL, LARGE].into_iter().cycle().take(2 * rounds) {
        let out =
            own()?.args(["phases", &count.to_string()]).stderr(std::process::Stdio::inherit()).output()?;
        let told: Vec<(String, f64)> =
            serde_json::from_slice(&out.stdout).context("the phases say nothing")?;
        for (nth, (name, time)) in told.into_iter().enumerate() {
            times.entry((format!("{:02} {name}", nth + 1), count)).or_default().push(time);
        }
    }
    let names: Vec<String> =
        times.keys().filter(|(_, count)| *count == LARGE).map(|(name, _)| name.clone()).collect();
    Ok(names
        .into_iter()
        .map(|name| {
            let of = |count| median(times[&(name.clone(), count)].clone()).unwrap_or(f64::NAN);
            let (small, large) = (of(SMALL), of(LARGE));
            Figure::on_record(
                format!("phase {name}: {SMALL}, {LARGE}, growth"),
                format!(
                    "{}, {}, {}",
                    number(small * 1e3, "ms"),
                    number(large * 1e3, "ms"),
                    number(large / small, "×")
                ),
            )
        })
        .collect())
}

/// A kind of run, and where its usage is kept.
type Kind = (&'static str, fn(&Runs) -> &[Usage]);

/// The process that tells where the time goes.
pub fn run_phases(count: usize) -> Result<()> {
    let mut times: Vec<(String, f64)> = Vec::new();
    let text = layers::template(count);
    {
        let mut phase = |name: &str, work: &mut dyn FnMut()| {
            let ((), spent) = Spent::on(work);
            times.push((name.to_owned(), spent.cpu.as_secs_f64()));
        };
        let mut workload = Err(anyhow!("not read"));
        phase("templates read for both sites", &mut || workload = layers::workload(&text));
        let workload = workload?;
        let mut seen = lifeboat_planner::Inventory::default();
        phase("inventory", &mut || seen = workload.declared_inventory());
        let policy = FailoverPolicy { policy: DecisionPolicy::Propose, ..FailoverPolicy::default() };
        let mut choice = None;
        phase("strategies", &mut || choice = Some(choose_for(&workload, &seen, &policy)));
        let choice = choice.context("no choice")??;
        let strategies: BTreeMap<String, StrategyKind> =
            choice.strategies.into_iter().map(|(name, strategy)| (name, strategy.kind)).collect();
        let mut findings = 0;
        phase("rules", &mut || findings = assess(&workload, &seen).len());
        let endpoint = Endpoint::Lab("bench".to_owned());
        let planning = |kind, seen| -> Planning<'_> {
            Planning {
                kind,
                workload: &workload,
                seen,
                endpoint: &endpoint,
                active: Side::Primary,
                planned: false,
                returning: false,
                strategies: &strategies,
                now: workload_start(),
            }
        };
        let mut prepare = None;
        phase("plan prepare", &mut || prepare = Some(plan(&planning(PlanKind::Prepare, &seen))));
        let prepare = prepare.context("no plan")??;
        let mut ahead = seen.clone();
        phase("predict", &mut || ahead = predict(&seen, &prepare));
        let mut failover = None;
        phase("plan failover", &mut || failover = Some(plan(&planning(PlanKind::Failover, &ahead))));
        failover.context("no plan")??;
        let made = layers::plan(count);
        through(&made, &mut |name, work| phase(&format!("{name} of steps"), work))?;
        let settings = lifeboat_engine::Settings {
            run: lifeboat_engine::RunId::new("bench"),
            executor: "bench".to_owned(),
            epoch: 1,
            facts: BTreeMap::new(),
            jitter_seed: 1,
        };
        let mut engine = None;
        phase("engine started on steps", &mut || {
            engine = Some(lifeboat_engine::Engine::start(made.clone(), settings.clone(), workload_start()));
        });
        engine.context("no engine")??;
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&times)?)?;
    Ok(())
}

fn workload_start() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}
