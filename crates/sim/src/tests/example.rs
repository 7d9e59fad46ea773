//! The workload of `examples/minimal`, and drills of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::template::{NoLinks, ParameterValue, Template, parse_parameters};
use lifeboat_planner::{FailoverPolicy, SiteTemplate, Workload, WorkloadFile, read};

use crate::{Drill, DrillOutcome, DrillSetup, Scenario};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/");

pub(super) fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}{name}")).unwrap()
}

pub(super) fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn file() -> WorkloadFile {
    WorkloadFile::parse("lifeboat.yaml", &text("lifeboat.yaml")).unwrap()
}

pub(crate) fn policy() -> FailoverPolicy {
    file().failover
}

pub(crate) fn workload() -> Workload {
    workload_where(|file| file, |template| template)
}

/// The example whose owner wants a fresh namespace in the place of the one that was left, by a changed template.
pub(super) fn with_fresh_namespaces(change_template: impl Fn(String) -> String) -> Workload {
    workload_where(
        |file| file.replace("    alias: orders\n", "    alias: orders\n    reprotect: fresh\n"),
        change_template,
    )
}

/// The example after changes of its file and of its regional template.
pub(super) fn workload_where(
    change_file: impl Fn(String) -> String,
    change_template: impl Fn(String) -> String,
) -> Workload {
    let file = WorkloadFile::parse("lifeboat.yaml", &change_file(text("lifeboat.yaml"))).unwrap();
    let template = |path: &str| Template::parse(path, &text(path)).unwrap();
    let values = |paths: &[lifeboat_planner::FilePath]| {
        paths
            .iter()
            .flat_map(|path| parse_parameters(path.as_str(), &text(path.as_str())).unwrap())
            .filter_map(|(name, value)| match value {
                ParameterValue::Value(value) => Some((name, value)),
                ParameterValue::KeyVault(_) => None,
            })
            .collect::<BTreeMap<_, _>>()
    };
    let path = file.templates.regional.as_str();
    let regional = Template::parse(path, &change_template(text(path))).unwrap();
    let shared = file.templates.shared.as_ref().unwrap();
    let shared_template = template(shared.file.as_str());
    let (at_home, away, once) =
        (values(&file.primary.parameters), values(&file.secondary.parameters), values(&shared.parameters));
    let about = file.about(Timestamp::UNIX_EPOCH);
    let (primary, secondary) = (&file.primary, &file.secondary);
    read(
        &about,
        SiteTemplate {
            template: &regional,
            parameters: &at_home,
            group: primary.resource_group.as_str(),
            region: &primary.region,
        },
        SiteTemplate {
            template: &regional,
            parameters: &away,
            group: secondary.resource_group.as_str(),
            region: &secondary.region,
        },
        Some(SiteTemplate {
            template: &shared_template,
            parameters: &once,
            group: shared.resource_group.as_str(),
            region: &shared.region,
        }),
        &NoLinks,
    )
    .unwrap()
}

/// A drill of the example under this scenario.
pub(crate) fn drill(scenario: Scenario, seed: u64) -> Drill {
    drill_of(workload(), scenario, seed)
}

/// A drill of this workload.
pub(super) fn drill_of(workload: Workload, scenario: Scenario, seed: u64) -> Drill {
    Drill::new(DrillSetup { workload, ..setup(scenario, seed) }).unwrap()
}

/// The same before it begins, to be changed.
pub(crate) fn setup(scenario: Scenario, seed: u64) -> DrillSetup {
    DrillSetup {
        workload: workload(),
        strategies: BTreeMap::new(),
        policy: policy(),
        scenario,
        seed,
        start: start(),
        assumptions: Vec::new(),
        accept: Vec::new(),
        today: jiff::civil::date(2026, 1, 1),
    }
}

pub(crate) fn scenario(text: &str) -> Scenario {
    Scenario::parse("scenario.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

/// Plays a drill; more happenings than any of these scenarios can have is an endless loop.
pub(crate) fn play(drill: Drill) -> DrillOutcome {
    let mut rounds = 0_u32;
    drill
        .play(&mut |_| {
            rounds += 1;
            rounds < 20_000
        })
        .expect("the drill comes to its end")
}

/// Minutes.
pub(crate) fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}
