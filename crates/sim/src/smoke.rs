//! The smallest whole thing: the example is founded and prepared.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::Region;
use lifeboat_arm::template::{NoLinks, ParameterValue, Template, parse_parameters};
use lifeboat_plan::PlanKind;
use lifeboat_planner::{About, Deciding, MessagingChoice, Side, SiteTemplate, Workload, read};

use crate::world::{Event, Purpose, World};

fn example() -> Workload {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/infra/");
    let text = |name: &str| std::fs::read_to_string(format!("{root}{name}")).unwrap();
    let regional = Template::parse("regional.json", &text("regional.json")).unwrap();
    let shared = Template::parse("shared.json", &text("shared.json")).unwrap();
    let values = |name: &str| {
        parse_parameters(name, &text(name))
            .unwrap()
            .into_iter()
            .filter_map(|(name, value)| match value {
                ParameterValue::Value(value) => Some((name, value)),
                ParameterValue::KeyVault(_) => None,
            })
            .collect::<BTreeMap<_, _>>()
    };
    let (weu, neu) = (Region::lenient("westeurope"), Region::lenient("northeurope"));
    let (a, b, none) = (values("weu.parameters.json"), values("neu.parameters.json"), BTreeMap::new());
    let about = About {
        name: "orders".into(),
        subscription: "00000000-0000-0000-0000-000000000000".into(),
        objectives: lifeboat_planner::Objectives {
            rto: SignedDuration::from_mins(45),
            rpo: SignedDuration::from_mins(15),
        },
        deciding: Deciding {
            hold_down: SignedDuration::from_mins(15),
            decision: SignedDuration::from_mins(10),
            approvers: vec![],
        },
        messaging: BTreeMap::from([(
            "orders-bus".into(),
            MessagingChoice { alias: Some("orders".into()), alternate_name: None },
        )]),
        now: Timestamp::UNIX_EPOCH,
    };
    read(
        &about,
        SiteTemplate { template: &regional, parameters: &a, group: "orders-weu", region: &weu },
        SiteTemplate { template: &regional, parameters: &b, group: "orders-neu", region: &neu },
        Some(SiteTemplate { template: &shared, parameters: &none, group: "orders-shared", region: &neu }),
        &NoLinks,
    )
    .unwrap()
}

fn run(world: &mut World, purpose: Purpose) {
    world.look();
    let plan = world.plan(purpose).unwrap();
    world.start(purpose, purpose.kind.word(), plan).unwrap();
    let until = world.now + SignedDuration::from_hours(3);
    while let Some((at, event)) = world.queue.next(until) {
        world.now = at;
        if let Event::Run(number, post) = event
            && let Some(summary) = world.deliver(number, post)
        {
            println!(
                "{:?} after {:#}\n{summary:#?}",
                purpose.kind,
                world.now.duration_since(world.runs[number].started)
            );
            return;
        }
    }
    let run = world.runs.last().unwrap();
    for step in run.station.engine.steps() {
        println!("{} {:?} {:?}", step.id, step.state, step.says);
    }
    panic!("{:?} did not end", purpose.kind);
}

#[test]
fn the_example_goes_over_and_back() {
    let mut world =
        World::new(example(), BTreeMap::new(), 1, "2026-01-01T00:00:00Z".parse().unwrap(), BTreeMap::new());
    world.found().unwrap();
    let purpose = |kind, active, planned, returning| Purpose { kind, active, planned, returning };
    run(&mut world, purpose(PlanKind::Prepare, Side::Primary, true, false));
    run(&mut world, purpose(PlanKind::Failover, Side::Primary, false, false));
    run(&mut world, purpose(PlanKind::Fence, Side::Secondary, true, true));
    run(&mut world, purpose(PlanKind::Drain, Side::Secondary, true, true));
    run(&mut world, purpose(PlanKind::Prepare, Side::Secondary, true, true));
    run(&mut world, purpose(PlanKind::Failback, Side::Secondary, true, true));
}
