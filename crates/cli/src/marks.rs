//! Names that only the deployment can tell: one mark for each, wherever an expansion is shown.
//!
//! Until then a stand-in of the right shape has their place. Shown as it is, it would be taken for a name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Included, Unbounded};

use lifeboat_arm::template::{ExpandedResource, Expansion};
use serde_json::Value;

/// The marks of an expansion: `‹name 1›`, `‹name 2›` … in the order of its resources.
#[derive(Debug)]
pub(crate) struct Marks<'e> {
    /// Each id that ends with a stand-in, as it is shown: with its own mark, and with those of what it lies below.
    shown: BTreeMap<&'e str, String>,
}

impl<'e> Marks<'e> {
    /// A mark for each name that only the deployment can tell.
    pub(crate) fn of(expansion: &'e Expansion) -> Self {
        let numbers = numbers(expansion);
        let mut marks = Self { shown: BTreeMap::new() };
        // What an id lies below is sorted before it.
        for (id, number) in numbers {
            let (before, _) = id.rsplit_once('/').unwrap_or_default();
            let shown = format!("{}/{}", marks.text(before), mark(number));
            marks.shown.insert(id, shown);
        }
        marks
    }

    /// The name of a resource; what lies below a mark begins with it.
    pub(crate) fn name(&self, resource: &ExpandedResource) -> String {
        match self.text(&resource.id) {
            Cow::Borrowed(_) => resource.name.clone(),
            Cow::Owned(id) => {
                let mut names: Vec<&str> = names(&id, resource).collect();
                names.reverse();
                names.join("/")
            }
        }
    }

    /// A text with the ids of such resources, and of what lies below them, under their marks.
    pub(crate) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.shown.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::new();
        let mut rest = text;
        let mut from = 0;
        while let Some(at) = rest[from..].find('/').map(|at| from + at) {
            if let Some((id, shown)) = self.longest(&rest[at..]) {
                out += &rest[..at];
                out += shown;
                rest = &rest[at + id.len()..];
                from = 0;
            } else {
                from = at + 1;
            }
        }
        // Nothing was cut off where nothing was replaced.
        if rest.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
    }

    /// The longest of the ids that a text begins with. The last one in order that is not behind the text begins with it, or
    /// shares a part with it that every shorter one begins with, too.
    fn longest(&self, text: &str) -> Option<(&'e str, &str)> {
        let mut shared = text;
        loop {
            let (id, shown) = self.shown.range::<str, _>((Unbounded, Included(shared))).next_back()?;
            if shared.starts_with(id) && is_end(&text[id.len()..]) {
                return Some((id, shown));
            }
            let common = shared.bytes().zip(id.bytes()).take_while(|(one, other)| one == other).count();
            // Where it is the beginning of another word, a shorter one is looked for.
            let length = if common == id.len() { common.checked_sub(1)? } else { common };
            shared = &shared[..shared.floor_char_boundary(length)];
        }
    }

    /// Every text in a value.
    pub(crate) fn within(&self, value: &mut Value) {
        if self.shown.is_empty() {
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

/// The ids that end with a stand-in, each with the number of its mark.
fn numbers(expansion: &Expansion) -> BTreeMap<&str, usize> {
    let declared: BTreeSet<&str> = expansion.resources.iter().map(|resource| &*resource.id).collect();
    let mut numbers = BTreeMap::new();
    for id in expansion.resources.iter().flat_map(|resource| stand_ins(resource, &declared)) {
        let next = numbers.len() + 1;
        numbers.entry(id).or_insert(next);
    }
    numbers
}

/// The ids that end with what only the run can tell of a resource's own name, the shortest first.
fn stand_ins<'e>(resource: &'e ExpandedResource, declared: &BTreeSet<&str>) -> Vec<&'e str> {
    let Some(own) = resource.unsettled.iter().find(|rest| rest.pointer == "/name") else { return Vec::new() };
    // What it lies below is another resource's to tell, or is spelled out: a stand-in never is.
    let is_open = |(id, name): &(&str, &str)| {
        !own.expression.contains(name) && (*id == resource.id || !declared.contains(id))
    };
    let mut open: Vec<&str> = levels(&resource.id, resource).filter(is_open).map(|(id, _)| id).collect();
    if open.is_empty() && !resource.id.is_empty() {
        open.push(&resource.id);
    }
    open.reverse();
    open
}

/// The names at the end of the id of a resource, as many as it has, the last one first; each with the id that it ends.
fn levels<'i>(id: &'i str, resource: &ExpandedResource) -> impl Iterator<Item = (&'i str, &'i str)> {
    let upper = |id: &'i str| id.rsplit_once('/')?.0.rsplit_once('/').map(|(upper, _)| upper);
    let all = std::iter::successors(Some(id), move |id| upper(id));
    all.map(|id| (id, id.rsplit('/').next().unwrap_or_default())).take(resource.name.split('/').count())
}

fn names<'i>(id: &'i str, resource: &ExpandedResource) -> impl Iterator<Item = &'i str> {
    levels(id, resource).map(|(_, name)| name)
}

/// Whether a name ends where this begins: `…/names` is not `…/names-2`.
fn is_end(rest: &str) -> bool {
    !rest.starts_with(|next: char| next.is_alphanumeric() || "-_.".contains(next))
}

fn mark(number: usize) -> String {
    format!("‹name {number}›")
}

#[cfg(test)]
mod tests {
    use lifeboat_arm::template::{Context, NoLinks, Template, expand};
    use serde_json::json;

    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/g/providers";

    fn expansion(resources: &Value) -> Expansion {
        let template = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": resources,
        });
        let template = Template::parse("t.json", &template.to_string()).unwrap();
        let context = Context::for_group("s", "g", "westeurope", crate::load::epoch());
        let expansion = expand(&template, &BTreeMap::new(), &context, &NoLinks);
        assert!(expansion.is_clean(), "{:?}", expansion.diagnostics);
        expansion
    }

    /// A deployment whose template has these resources, `asked` being what only the run can tell.
    fn nested(resources: &Value) -> Value {
        json!([
            { "type": "A.B/c", "apiVersion": "1", "name": "root" },
            { "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner", "properties": {
                "mode": "Incremental",
                "expressionEvaluationOptions": { "scope": "inner" },
                "parameters": { "asked": { "value": "[reference('root')]" } },
                "template": {
                    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                    "contentVersion": "1.0.0.0",
                    "parameters": { "asked": { "type": "object" } },
                    "resources": resources,
                },
            } },
        ])
    }

    #[test]
    fn a_stand_in_below_a_stand_in_has_a_mark_too() {
        let parts = |kind: &str, name: &str| json!({ "type": kind, "apiVersion": "1", "name": name });
        let child = parts("u", "[parameters('asked').two]");
        let mut parent = parts("X.Y/t", "[parameters('asked').one]");
        parent["resources"] = json!([child, parts("u", "plain")]);
        let all = json!([
            parent,
            parts("X.Y/t/u", "[concat('known/', parameters('asked').three)]"),
            parts("X.Y/t/u", "[concat(parameters('asked').four, '/last')]"),
            parts("X.Y/t/u", "[concat(parameters('asked').four, '/', parameters('asked').five)]"),
        ]);
        let expansion = expansion(&nested(&all));
        let marks = Marks::of(&expansion);
        let shown = |kind: &str| {
            let all = expansion.resources.iter().filter(|resource| resource.kind == kind);
            all.map(|resource| (marks.name(resource), marks.text(&resource.id).into_owned()))
                .collect::<Vec<_>>()
        };
        let at = |name: &str, id: &str| (name.to_owned(), format!("{GROUP}/X.Y/t/{id}"));
        assert_eq!(shown("X.Y/t"), [at("‹name 1›", "‹name 1›")]);
        let mut below = shown("X.Y/t/u");
        below.sort();
        assert_eq!(
            below,
            [
                at("known/‹name 3›", "known/u/‹name 3›"),
                at("‹name 1›/plain", "‹name 1›/u/plain"),
                at("‹name 1›/‹name 2›", "‹name 1›/u/‹name 2›"),
                at("‹name 4›/last", "‹name 4›/u/last"),
                at("‹name 4›/‹name 5›", "‹name 4›/u/‹name 5›"),
            ]
        );
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test measures")]
    fn as_many_as_a_template_may_have_are_marked_at_once() {
        let one = expansion(&nested(&json!([
            { "type": "X.Y/t", "apiVersion": "1", "name": "[parameters('asked').one]" },
        ])));
        let one = one.resources.into_iter().find(|resource| resource.kind == "X.Y/t").unwrap();
        let numbered = |number: usize| ExpandedResource {
            id: format!("{}{number:05}", one.id),
            name: format!("{}{number:05}", one.name),
            ..one.clone()
        };
        let mut expansion = Expansion::default();
        expansion.resources.extend((1..=20_000).map(numbered));
        let began = std::time::Instant::now();
        let marks = Marks::of(&expansion);
        for (number, resource) in (1..).zip(&expansion.resources) {
            assert_eq!(marks.name(resource), mark(number));
            assert_eq!(marks.text(&resource.id), format!("{GROUP}/X.Y/t/{}", mark(number)));
        }
        // Each against each would take minutes.
        assert!(began.elapsed().as_secs() < 10, "it took {:?}", began.elapsed());
    }

    #[test]
    fn ids_are_found_where_they_stand_whole() {
        let expansion = expansion(&nested(&json!([
            { "type": "X.Y/t", "apiVersion": "1", "name": "[parameters('asked').one]" },
        ])));
        let marks = Marks::of(&expansion);
        let id = &*expansion.resources.iter().find(|resource| resource.kind == "X.Y/t").unwrap().id;
        let mark = format!("{GROUP}/X.Y/t/‹name 1›");
        for (text, expected) in [
            (format!("[reference('{id}', '1').x]"), format!("[reference('{mark}', '1').x]")),
            (format!("https://h{id}/y?z {id}"), format!("https://h{mark}/y?z {mark}")),
            (format!("`{id}`, ({id})"), format!("`{mark}`, ({mark})")),
            (format!("{id}-2"), format!("{id}-2")),
            (format!("{id}é/{id}"), format!("{id}é/{mark}")),
            (id[..id.len() - 1].to_owned(), id[..id.len() - 1].to_owned()),
            ("a / b // é".to_owned(), "a / b // é".to_owned()),
            (String::new(), String::new()),
        ] {
            assert_eq!(marks.text(&text), expected);
        }
    }
}
