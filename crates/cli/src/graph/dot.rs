//! The graph in the language of Graphviz.

use std::fmt::Write as _;

use super::model::Graph;

/// The graph as `dot` reads it.
pub fn dot(graph: &Graph<'_>) -> String {
    let mut out = graph.incomplete().map_or_else(String::new, |says| format!("// {says}\n"));
    out += "// An arrow leads from what waits to what it waits for; a dashed one from a `reference` alone.\n\
         // Dashed boxes exist already: they are read, not deployed.\n\
         digraph deployment {\n  rankdir = RL;\n  compound = true;\n  \
         node [shape = box, style = rounded, fontname = \"sans-serif\", fontsize = 11];\n  \
         graph [fontname = \"sans-serif\", fontsize = 11];\n";
    if let Some(says) = graph.incomplete() {
        line(&mut out, 1, &format!("label = {};", quoted(&[&says])));
        line(&mut out, 1, "labelloc = t;");
    }
    level(graph, None, 1, &mut out);
    for arrow in &graph.arrows {
        let mut says = Vec::new();
        let from = end(graph, arrow.from, "ltail", &mut says);
        let to = end(graph, arrow.to, "lhead", &mut says);
        if arrow.implied {
            says.push("style = dashed".to_owned());
        }
        let says = if says.is_empty() { String::new() } else { format!(" [{}]", says.join(", ")) };
        line(&mut out, 1, &format!("r{from} -> r{to}{says};"));
    }
    out + "}\n"
}

/// The boxes inside a deployment.
fn level(graph: &Graph<'_>, deployment: Option<usize>, depth: usize, out: &mut String) {
    for at in graph.inside(deployment) {
        let resource = &graph.resources[at];
        if graph.is_cluster(at) {
            line(out, depth, &format!("subgraph cluster_{at} {{"));
            line(out, depth + 1, &format!("label = {};", quoted(&[&graph.names[at]])));
            line(out, depth + 1, "style = rounded;");
            level(graph, Some(at), depth + 1, out);
            line(out, depth, "}");
            continue;
        }
        let style = if resource.existing { ", style = \"rounded,dashed\"" } else { "" };
        let mut says: Vec<&str> = vec![&graph.names[at], &resource.kind];
        says.extend(resource.location.as_deref().filter(|_| graph.has_several_regions));
        let (label, tooltip) = (quoted(&says), quoted(&[&graph.ids[at]]));
        line(out, depth, &format!("r{at} [label = {label}, tooltip = {tooltip}{style}];"));
    }
}

/// Graphviz has no arrows to clusters: one to a box inside ends at the frame.
fn end(graph: &Graph<'_>, at: usize, key: &str, says: &mut Vec<String>) -> usize {
    if !graph.is_cluster(at) {
        return at;
    }
    says.push(format!("{key} = cluster_{at}"));
    let mut inside = at;
    while let Some(first) = graph.inside(Some(inside)).next() {
        inside = first;
    }
    inside
}

fn line(out: &mut String, depth: usize, text: &str) {
    writeln!(out, "{:indent$}{text}", "", indent = depth * 2).expect("writing to a string cannot fail");
}

/// Lines of text in quotes.
fn quoted(lines: &[&str]) -> String {
    let escaped = |line: &&str| {
        let clean: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        clean.replace('\\', "\\\\").replace('"', "\\\"")
    };
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}
