//! Names that only the deployment can tell: one mark for each, wherever an expansion is shown.
//!
//! Until then a stand-in of the right shape has their place. Shown as it is, it would be taken for a name.

use std::borrow::Cow;

use lifeboat_arm::template::{ExpandedResource, Expansion};
use serde_json::Value;

/// The marks of an expansion: `‹name 1›`, `‹name 2›` … in the order of its resources.
#[derive(Debug)]
pub(crate) struct Marks<'e> {
    marked: Vec<&'e ExpandedResource>,
}

impl<'e> Marks<'e> {
    /// A mark for each resource whose own name only the deployment can tell.
    pub(crate) fn of(expansion: &'e Expansion) -> Self {
        let has_stand_in = |one: &&ExpandedResource| one.unsettled.iter().any(|rest| rest.pointer == "/name");
        Self { marked: expansion.resources.iter().filter(has_stand_in).collect() }
    }

    /// The name of a resource; what lies below a mark begins with it.
    pub(crate) fn name(&self, resource: &ExpandedResource) -> String {
        let below = |one: &ExpandedResource| {
            let rest = resource.name.strip_prefix(&one.name).filter(|_| resource.id.starts_with(&one.id))?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
        };
        let found = (1..).zip(&self.marked).find_map(|(number, one): (usize, _)| Some((number, below(one)?)));
        found.map_or_else(|| resource.name.clone(), |(number, rest)| format!("{}{rest}", mark(number)))
    }

    /// A text with the ids of such resources, and of what lies below them, under their marks.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for (number, one) in (1..).zip(&self.marked) {
            let last = one.name.rsplit('/').next().unwrap_or_default();
            let Some(before) = one.id.strip_suffix(last).filter(|_| !last.is_empty()) else { continue };
            if !shown.contains(&one.id) {
                continue;
            }
            let mut parts = shown.split(&*one.id);
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                // `…/names` is not `…/names-2`.
                let is_whole = part.is_empty() || part.starts_with(['/', '\'', '"', '?']);
                out += if is_whole { before } else { &one.id };
                if is_whole {
                    out += &mark(number);
                }
                out += part;
            }
            shown = Cow::Owned(out);
        }
        shown
    }

    /// Every text in a value.
    pub(crate) fn within(&self, value: &mut Value) {
        if self.marked.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Cow::Owned(shown) = self.text(text) {
                    *text = shown;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.within(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.within(member)),
            _ => {}
        }
    }
}

fn mark(number: usize) -> String {
    format!("‹name {number}›")
}
