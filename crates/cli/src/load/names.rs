//! Names in a workload file that name nothing: a typing error there would be believed in silence.

use lifeboat_arm::{ResourceId, nearest};
use lifeboat_planner::{Component, Position, Problem, Workload, WorkloadFile, rules};

/// Rules, components and stores that do not exist, each where it stands in the file.
pub(super) fn of_nothing(file: &WorkloadFile, workload: &Workload) -> Vec<Problem> {
    let rule_ids: Vec<&str> = rules().map(|(_, rule)| rule.id).collect();
    let components: Vec<&str> = workload
        .components
        .iter()
        .flat_map(|component| [component.name.as_str(), component.primary.name()])
        .collect();
    let mut named: Vec<(String, &str, &str, &[&str])> = Vec::new();
    for (index, accepted) in file.accept.iter().enumerate() {
        named.push((format!("/accept/{index}/rule"), "rule", accepted.rule.as_str(), &rule_ids));
        if let Some(component) = &accepted.component {
            let pointer = format!("/accept/{index}/component");
            named.push((pointer, "component", component.as_str(), &components));
        }
    }
    for entry in &file.settings {
        named.push((entry.pointer(), "component", entry.component.as_str(), &components));
    }
    for (index, data) in file.data.iter().enumerate() {
        named.push((format!("/data/{index}/store"), "component", data.store.as_str(), &components));
    }
    named
        .into_iter()
        .filter(|(_, _, name, known)| !known.iter().any(|one| one.eq_ignore_ascii_case(name)))
        .map(|(pointer, what, name, known)| {
            if let Some(twin) = twin(name, known, workload).filter(|_| what == "component") {
                return Problem {
                    at: file.place("/secondary/parameters").unwrap_or(Position { line: 1, column: 1 }),
                    message: format!("both regions call their {} `{}`", twin.kind, twin.primary.name()),
                    hint: Some(format!(
                        "give it another name in the parameters of one region; `{name}` then means both, by what their \
                         names share"
                    )),
                };
            }
            Problem {
            at: file.place(&pointer).unwrap_or(Position { line: 1, column: 1 }),
            message: format!("there is no {what} `{name}`"),
            hint: Some(
                nearest(name, known.iter().copied())
                    .map_or_else(|| advice(what, known), |near| format!("did you mean `{near}`?")),
            ),
        }})
        .collect()
}

/// What was meant, where it has one name in both regions: not the word is wrong then, but a parameter.
fn twin<'w>(name: &str, known: &[&str], workload: &'w Workload) -> Option<&'w Component> {
    let meant = nearest(name, known.iter().copied())?;
    let is_twin = |component: &&Component| {
        let secondary = component.secondary.as_ref().map(ResourceId::name);
        secondary.is_some_and(|secondary| secondary.eq_ignore_ascii_case(component.primary.name()))
            && component.primary.name().eq_ignore_ascii_case(meant)
            && lifeboat_arm::global_suffix(&component.kind).is_some()
    };
    workload.components.iter().find(is_twin)
}

fn advice(what: &str, known: &[&str]) -> String {
    if what == "rule" {
        return "`lifeboat assess` shows every rule that has something to say".to_owned();
    }
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    match known.as_slice() {
        [] => "the regional template declares no component".to_owned(),
        _ => format!("the templates declare {}", known.join(", ")),
    }
}
