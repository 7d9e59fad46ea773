//! Real templates: each is read or gives diagnostics, and what is read can be planned for or is refused by a rule.

use lifeboat_arm::template::Template;
use lifeboat_plan::{Graph, PlanKind};
use lifeboat_planner::{Bare, BareError, PlanError, assess, explained, plan, read_bare};
use lifeboat_testdata::{json_files, shared};

use crate::fixtures::corpus::Folder;
use crate::fixtures::{World, about};

/// Proves: S04, S05, S23 (offline, from templates as people write them)
#[test]
fn real_templates_are_read_and_planned_for() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let (mut read, mut refused, mut broken, mut others) = (0, 0, 0, 0);
    for path in json_files(&corpus) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let name = path.strip_prefix(&corpus).unwrap().to_string_lossy().into_owned();
        let Ok(template) = Template::parse(&name, &text) else { continue };
        // All templates with a namespace, and some of the others.
        if !text.to_lowercase().contains(r#""microsoft.servicebus/namespaces""#) {
            others += 1;
            if others % 53 != 1 {
                continue;
            }
        }
        let (workload, _) = match read_bare(&about(), &template, &Bare::default(), &Folder(corpus.clone())) {
            Ok(assumed) => assumed,
            Err(BareError::Template(found)) => {
                assert!(!found.is_empty(), "{name}");
                broken += 1;
                continue;
            }
            Err(other) => panic!("{name}: {other}"),
        };
        read += 1;
        let world = World::of(workload);
        assess(&world.workload, &world.seen);
        for kind in [PlanKind::Prepare, PlanKind::Failover] {
            match plan(&world.planning(kind)) {
                Ok(plan) => assert!(Graph::new(&plan.steps).is_ok(), "{name}"),
                Err(PlanError::Refused(refusal)) => {
                    refused += 1;
                    let known = explained().any(|(_, rule)| rule.id == refusal.rule);
                    assert!(known, "{name}: {refusal:?}");
                    assert!(!refusal.why.is_empty() && !refusal.remedy.is_empty(), "{name}: {refusal:?}");
                }
                Err(wrong) => panic!("{name}: {wrong}"),
            }
        }
    }
    println!("{read} templates read, {broken} with diagnostics, {refused} plans refused");
    assert!(read >= 35, "{read} templates are read");
}
