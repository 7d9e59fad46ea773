//! From a template and its parameters to resources: the entry of the engine.
//!
//! An `engine` is one expansion with its limits and mistakes, a `frame` one template with its parameters and variables, a `unit` the
//! resources of one deployment, found by name. A resource is looked at twice: its `header` tells what it is and whether it is
//! made, its `body` what is sent, which `written` makes JSON of. `nested` descends into deployments, `links` finds their
//! templates. What comes out is an `expansion`; what only the run can fill is `deferred` in it, and `settle` finishes names.

mod body;
pub(super) mod deferred;
mod engine;
pub(super) mod expansion;
pub(super) mod frame;
pub(super) mod full;
mod header;
pub mod links;
mod names;
mod nested;
mod outputs;
pub(super) mod settle;
mod stand_in;
pub(super) mod unit;
mod written;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Template;
use super::diagnostic::{Diagnostic, Severity};
use super::key_vault::secret;
use super::language::fault::Outcome;
use super::language::scope::{DeploymentScope, Scope};
use super::language::value::Value;
use super::parameters::ParameterValue;
use engine::{Draft, Engine};
use expansion::{Context, ExpandedResource, Expansion, Linked};
use frame::{Deployment, Frame};
use nested::{Place, run};
use outputs::public_outputs;

/// Evaluates everything in a template that can be known before it is deployed.
///
/// Mistakes are collected, never fatal: what could be expanded is there in any case.
pub fn expand(
    template: &Template,
    parameters: &BTreeMap<String, Json>,
    context: &Context,
    loader: &dyn Linked,
) -> Expansion {
    expand_with(
        template,
        parameters.iter().map(|(name, value)| (name, Value::from_json(value))),
        context,
        loader,
    )
}

/// The same with what [`parse_parameters`](super::parse_parameters) read. A secret of a key vault stays a call in whatever
/// is made of it, as the answer of a `list…` does: a [`Deferred`](super::Deferred) that names the vault and the secret.
pub fn expand_given(
    template: &Template,
    parameters: &BTreeMap<String, ParameterValue>,
    context: &Context,
    loader: &dyn Linked,
) -> Expansion {
    let value = |given: &ParameterValue| match given {
        ParameterValue::Value(value) => Value::from_json(value),
        ParameterValue::KeyVault(reference) => secret(&Value::from_json(reference)?),
    };
    expand_with(template, parameters.iter().map(|(name, given)| (name, value(given))), context, loader)
}

fn expand_with<'a>(
    template: &Template,
    parameters: impl Iterator<Item = (&'a String, Outcome)>,
    context: &Context,
    loader: &dyn Linked,
) -> Expansion {
    let engine = Engine::new(context, loader);
    let outputs = expand_root(&engine, template, parameters);
    let links = engine.links.take();
    let (drafts, mut diagnostics) = engine.into_parts();
    let resources = settle_dependencies(drafts);
    if let Some((at, names)) = find_cycle(&resources) {
        let message = format!("resources wait for each other: {}", names.join(" → "));
        let origin = &resources[at].origin;
        diagnostics.push(Diagnostic {
            code: "dependency-cycle",
            severity: Severity::Error,
            message,
            file: origin.file.to_string(),
            range: origin.range.start..origin.range.start + 1,
            position: origin.position,
            pointer: origin.pointer.to_string(),
            hint: Some(
                "take one of them out of a `dependsOn`; a `reference` by name is a dependency too".into(),
            ),
            chain: resources[at].deployment_chain.clone(),
        });
    }
    diagnostics.sort_by(|left, right| {
        (&left.file, left.range.start, left.code).cmp(&(&right.file, right.range.start, right.code))
    });
    Expansion { resources, outputs, diagnostics, links }
}

fn expand_root<'a>(
    engine: &Engine<'_>,
    template: &Template,
    parameters: impl Iterator<Item = (&'a String, Outcome)>,
) -> BTreeMap<String, super::Output> {
    let context = engine.context;
    let document = &template.document;
    let mut given = BTreeMap::new();
    for (name, value) in parameters {
        match value {
            Ok(value) => {
                given.insert(name.to_lowercase(), value);
            }
            Err(fault) => engine.push_another(document.diagnostic(fault.code, fault.message.clone(), 0..0)),
        }
    }
    let scope = match (template.scope(), &context.resource_group) {
        (DeploymentScope::Tenant, _) => Scope::Tenant,
        (DeploymentScope::ManagementGroup, _) => {
            Scope::ManagementGroup(context.management_group.clone().unwrap_or_default())
        }
        (DeploymentScope::ResourceGroup, Some(group)) => Scope::Group {
            subscription: context.subscription.clone(),
            name: group.name.clone(),
            location: Some(group.location.clone()),
        },
        (DeploymentScope::Subscription | DeploymentScope::ResourceGroup, _) => {
            Scope::Subscription(context.subscription.clone())
        }
    };
    let deployment = Deployment {
        name: context.deployment_name.clone(),
        location: context.location.clone().filter(|_| template.scope() != DeploymentScope::ResourceGroup),
        mode: "Incremental".to_owned(),
        uri: Some(document.file.to_string()),
        files: vec![document.file.to_string()],
        written_at: String::new(),
    };
    let frame = Frame::new(engine, document, &document.root, scope.clone(), deployment, Vec::new(), &given);
    for (name, hint) in frame.unknown_arguments(&given) {
        let declared = document.root.member("parameters").map(|member| member.key_range.clone());
        let range = declared.unwrap_or(document.root.range.start..document.root.range.start + 1);
        let message = format!("the template declares no parameter `{name}`, but a value is given");
        let mut diagnostic = document.diagnostic("parameter-unknown", message, range);
        diagnostic.hint = hint;
        engine.push_another(diagnostic);
    }
    let place =
        Place { template: &document.root, pointer: String::new(), chain: Vec::new(), inherited: Vec::new() };
    let inside = run(&frame, &scope, &place, &Vec::new(), None);
    let outputs = public_outputs(&inside.outputs);
    engine.tell_end(document);
    outputs
}

/// Turns keys into places in the list, each once; what was not expanded is not waited for.
fn settle_dependencies(drafts: Vec<Draft>) -> Vec<ExpandedResource> {
    let mut places = vec![None; drafts.iter().map(|draft| draft.key + 1).max().unwrap_or(0)];
    for (place, draft) in drafts.iter().enumerate() {
        places[draft.key] = Some(place);
    }
    let first = first_of_each_id(&drafts);
    // Whose needs a place was last seen in, by itself, by its id and among the written ones: loops that wait for loops
    // have many.
    let nobody = vec![usize::MAX; drafts.len()];
    let (mut seen, mut named, mut written) = (nobody.clone(), nobody.clone(), nobody);
    let settle = |(own, draft): (usize, &Draft)| {
        (seen[own], named[first[own]]) = (own, own);
        let place = |key: usize| places.get(key).copied().flatten();
        let needs = draft.needs.all().filter_map(place);
        let waits_for: Vec<usize> =
            needs.filter(|place| std::mem::replace(&mut seen[*place], own) != own).collect();
        for place in draft.needs.written.iter().copied().filter_map(place) {
            written[place] = own;
        }
        let implied = waits_for.iter().copied().filter(|place| written[*place] != own).collect();
        let others = waits_for.iter().map(|place| first[*place]);
        let others = others.filter(|place| std::mem::replace(&mut named[*place], own) != own);
        let depends_on = others.map(|place| drafts[place].resource.id.clone()).collect();
        (depends_on, waits_for, implied)
    };
    let settled: Vec<(Vec<String>, Vec<usize>, Vec<usize>)> = drafts.iter().enumerate().map(settle).collect();
    let finish = |(draft, (depends_on, waits_for, implied)): (Draft, _)| ExpandedResource {
        depends_on,
        waits_for,
        implied,
        ..draft.resource
    };
    drafts.into_iter().zip(settled).map(finish).collect()
}

/// For each the first that has its id: one id may be deployed several times.
fn first_of_each_id(drafts: &[Draft]) -> Vec<usize> {
    let id = |place: usize| drafts[place].resource.id.as_str();
    let mut sorted: Vec<usize> = (0..drafts.len()).collect();
    sorted.sort_by_key(|place| id(*place));
    let mut first: Vec<usize> = (0..drafts.len()).collect();
    for pair in sorted.windows(2) {
        if id(pair[0]) == id(pair[1]) {
            first[pair[1]] = first[pair[0]];
        }
    }
    first
}

/// The first of some resources that wait for each other, and the names of all, if there are such.
fn find_cycle(resources: &[ExpandedResource]) -> Option<(usize, Vec<String>)> {
    let targets = |at: usize| resources[at].waits_for.iter();
    let mut state = vec![0_u8; resources.len()]; // 0 new, 1 on the path, 2 done
    for start in 0..resources.len() {
        let mut path: Vec<(usize, std::slice::Iter<'_, usize>)> = Vec::new();
        if state[start] == 0 {
            state[start] = 1;
            path.push((start, targets(start)));
        }
        while let Some((at, rest)) = path.last_mut() {
            match rest.next_back().copied() {
                None => {
                    state[*at] = 2;
                    path.pop();
                }
                Some(next) if state[next] == 0 => {
                    state[next] = 1;
                    path.push((next, targets(next)));
                }
                Some(next) if state[next] == 1 => {
                    let from = path.iter().position(|(at, _)| *at == next).unwrap_or(0);
                    let mut names: Vec<String> =
                        path[from..].iter().map(|(at, _)| format!("`{}`", resources[*at].name)).collect();
                    names.push(format!("`{}`", resources[next].name));
                    return Some((next, names));
                }
                Some(_) => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
