//! Parameters on their way into nested templates: declared in each of them, handed over by each deployment.

use std::collections::{BTreeMap, BTreeSet};

use super::choose::Chosen;
use super::edit::{Edits, Fresh, New, index_of};
use super::splice::quoted;
use crate::template::walk::Declarations;
use crate::tree::Node;

/// Which parameters are needed in which template, and how they are called there.
pub(super) struct Passing<'f, 't> {
    frames: &'f [Declarations<'t>],
    needed: BTreeMap<usize, BTreeMap<usize, String>>,
    /// The names that these have in each frame, in lower case.
    taken: BTreeSet<(usize, String)>,
}

/// Whether parameters of the root can be brought into a frame: each deployment on the way must list its values itself.
pub(super) fn reaches(frames: &[Declarations<'_>], frame: usize) -> bool {
    let Some((outer, deployment)) = frames[frame].outer else { return true };
    let properties = deployment.get("properties");
    let linked = properties.is_some_and(|properties| properties.get("parametersLink").is_some());
    let is_object = |node: Option<&Node>| node.is_none_or(|node| node.members().is_some());
    let listed = is_object(properties.and_then(|properties| properties.get("parameters")));
    let declared = is_object(frames[frame].template.get("parameters"));
    !linked && listed && declared && reaches(frames, outer)
}

impl<'f, 't> Passing<'f, 't> {
    pub(super) fn new(frames: &'f [Declarations<'t>]) -> Self {
        Self { frames, needed: BTreeMap::new(), taken: BTreeSet::new() }
    }

    /// What a parameter is called in a frame; from now on it is needed there, and on the way.
    pub(super) fn name_in(&mut self, frame: usize, index: usize, chosen: &Chosen) -> String {
        if let Some(name) = self.needed.get(&frame).and_then(|names| names.get(&index)) {
            return name.clone();
        }
        let root = &chosen.parameters[index].name;
        let name = match self.frames[frame].outer {
            None => root.clone(),
            Some((outer, _)) => {
                self.name_in(outer, index, chosen);
                self.free(frame, root)
            }
        };
        self.taken.insert((frame, name.to_lowercase()));
        self.needed.entry(frame).or_default().insert(index, name.clone());
        name
    }

    /// The name of the root's parameter, unless the nested template has its own of that name.
    fn free(&self, frame: usize, name: &str) -> String {
        let is_free = |name: &String| {
            self.frames[frame].parameter(name).is_none()
                && self.frames[frame].argument(name).is_none()
                && !self.taken.contains(&(frame, name.to_lowercase()))
        };
        let numbered = (2..).map(|number| format!("{name}{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }

    /// Declares them, and hands them over.
    pub(super) fn declare(&self, chosen: &Chosen, edits: &mut Edits<'_>) {
        for (frame, names) in &self.needed {
            let own = &self.frames[*frame];
            let is_new = |index: &usize| own.outer.is_some() || !chosen.parameters[*index].reused;
            let fresh: Vec<New> = names
                .iter()
                .filter(|(index, _)| is_new(index))
                .map(|(index, name)| New { name: name.clone(), value: declaration(chosen, *index) })
                .collect();
            declare_in(own.template, fresh, edits);
            let Some((outer, deployment)) = own.outer else { continue };
            let handed = names.iter().map(|(index, name)| {
                let from = &self.needed[&outer][index];
                let value = Fresh::Line(quoted(&format!("[parameters('{from}')]")));
                New { name: name.clone(), value: Fresh::Object(vec![New { name: "value".into(), value }]) }
            });
            hand_over(deployment, handed.collect(), edits);
        }
    }
}

fn declaration(chosen: &Chosen, index: usize) -> Fresh {
    let declared = &chosen.declared[index];
    let line = |text: &str| Fresh::Line(quoted(text));
    let description = New { name: "description".into(), value: line(declared.description) };
    Fresh::Object(vec![
        New { name: "type".into(), value: line(declared.kind) },
        New { name: "metadata".into(), value: Fresh::Object(vec![description]) },
    ])
}

fn declare_in(template: &Node, fresh: Vec<New>, edits: &mut Edits<'_>) {
    if fresh.is_empty() {
        return;
    }
    if let Some(parameters) = template.get("parameters") {
        return edits.add(parameters, &fresh);
    }
    let section = New { name: "parameters".into(), value: Fresh::Object(fresh) };
    let anchor = index_of(template, "contentVersion").or_else(|| index_of(template, "$schema"));
    edits.add_behind(template, anchor.unwrap_or(0), &[section]);
}

fn hand_over(deployment: &Node, handed: Vec<New>, edits: &mut Edits<'_>) {
    let Some(properties) = deployment.get("properties") else { return };
    if let Some(parameters) = properties.get("parameters") {
        return edits.add(parameters, &handed);
    }
    let section = New { name: "parameters".into(), value: Fresh::Object(handed) };
    let anchor = index_of(properties, "expressionEvaluationOptions").unwrap_or(0);
    edits.add_behind(properties, anchor, &[section]);
}
