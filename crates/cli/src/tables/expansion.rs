//! An expanded template as a table and as JSON.

use lifeboat_arm::template::{Deferred, Diagnostic, ExpandedResource, Expansion, Output};
use serde_json::{Map, Value, json};

use crate::format::counted;
use crate::layout::{Columns, Layout};
use crate::marks::Marks;
use crate::style::Tone;

/// The graph for people: each resource with what it waits for, then the outputs and what only the deployment tells.
pub fn expansion(expansion: &Expansion, layout: Layout) -> String {
    let mut table = Columns::headed(&["type", "name", "location", "waits for"]).or_below("waits for");
    let marks = Marks::of(expansion);
    for resource in &expansion.resources {
        let waits: Vec<String> =
            resource.waits_for.iter().map(|at| marks.name(&expansion.resources[*at])).collect();
        let name = marks.name(resource);
        let name = if resource.existing { format!("{name} (existing)") } else { name };
        let location = resource.location.as_deref().unwrap_or("–");
        table.row([resource.kind.as_str().into(), name.into(), location.into(), waits.join(", ").into()]);
    }
    let mut out = match (expansion.resources.is_empty(), expansion.is_clean()) {
        (false, _) => table.render(layout, 0),
        (true, true) => "no resources\n".to_owned(),
        (true, false) => "no resources can be told before the mistakes are mended\n".to_owned(),
    };
    out += &unsettled(expansion, layout);
    if !expansion.outputs.is_empty() {
        out += "\n";
        for (name, output) in &expansion.outputs {
            out += &layout.hang(
                &format!("output {name} ({}): ", output.kind),
                &marks.text(&shown(&output.value)),
                Tone::Plain,
            );
        }
    }
    let deferred = all_deferred(expansion).count();
    out += "\n";
    let sum = format!(
        "{}, {}, {} known only when it is deployed",
        counted(expansion.resources.len(), "resource"),
        counted(expansion.outputs.len(), "output"),
        counted(deferred, "value"),
    );
    out + &layout.hang("", &sum, Tone::Strong)
}

/// What the marks stand for, and the places that only the deployment can tell.
fn unsettled(expansion: &Expansion, layout: Layout) -> String {
    let mut out = String::new();
    let marks = Marks::of(expansion);
    for resource in &expansion.resources {
        for rest in &resource.unsettled {
            let name = marks.name(resource);
            let of = match rest.pointer.trim_start_matches('/') {
                "name" => format!("{name}: "),
                place => format!("{place} of {name}: "),
            };
            out += &layout.hang(&of, &marks.text(&rest.expression), Tone::Plain);
        }
    }
    if out.is_empty() { out } else { format!("\nonly the deployment can tell\n{out}") }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The graph for programs.
pub fn expansion_json(expansion: &Expansion) -> Result<String, serde_json::Error> {
    let outputs: Map<String, Value> =
        expansion.outputs.iter().map(|(name, output)| (name.clone(), output_json(output))).collect();
    let marks = Marks::of(expansion);
    let resource = |resource: &ExpandedResource| resource_json(resource, &marks.name(resource));
    let mut json = json!({
        "resources": expansion.resources.iter().map(resource).collect::<Value>(),
        "outputs": outputs,
        "deferred": all_deferred(expansion).collect::<Value>(),
        "diagnostics": expansion.diagnostics.iter().map(diagnostic_json).collect::<Value>(),
    });
    marks.within(&mut json);
    serde_json::to_string_pretty(&json)
}

/// What is sent, and beside it what tells which resource it is, where, and after what.
fn resource_json(resource: &ExpandedResource, name: &str) -> Value {
    let mut json = resource.body.as_object().cloned().unwrap_or_default();
    let mut set = |key: &str, value: Value| json.insert(key.to_owned(), value);
    set("id", resource.id.as_str().into());
    set("type", resource.kind.as_str().into());
    set("name", name.into());
    set("apiVersion", resource.api_version.as_str().into());
    set("scope", resource.scope.as_str().into());
    set("dependsOn", resource.depends_on.iter().map(String::as_str).collect::<Value>());
    if resource.existing {
        set("existing", true.into());
    }
    if let Some(symbol) = &resource.symbol {
        set("symbolicName", symbol.as_str().into());
    }
    if !resource.deployment_chain.is_empty() {
        set("deployments", resource.deployment_chain.iter().map(String::as_str).collect::<Value>());
    }
    if let Some(deployment) = &resource.deployment {
        let outputs: Map<String, Value> =
            deployment.outputs.iter().map(|(name, output)| (name.clone(), output_json(output))).collect();
        set("outputs", outputs.into());
    }
    json.into()
}

fn output_json(output: &Output) -> Value {
    json!({ "type": output.kind, "value": output.value })
}

fn all_deferred(expansion: &Expansion) -> impl Iterator<Item = Value> {
    let of_resources = expansion.resources.iter().flat_map(|resource| {
        let all = resource.unsettled.iter().chain(&resource.deferred);
        all.map(|rest| deferred_json("resource", &resource.id, rest))
    });
    let of_outputs = expansion
        .outputs
        .iter()
        .flat_map(|(name, output)| output.deferred.iter().map(|rest| deferred_json("output", name, rest)));
    of_resources.chain(of_outputs)
}

fn deferred_json(of: &str, name: &str, rest: &Deferred) -> Value {
    json!({
        of: name,
        "pointer": rest.pointer,
        "expression": rest.expression,
        "references": rest.references,
    })
}

fn diagnostic_json(found: &Diagnostic) -> Value {
    json!({
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "file": found.file,
        "line": found.position.line,
        "column": found.position.column,
        "pointer": found.pointer,
        "hint": found.hint,
        "deployments": found.chain,
    })
}
