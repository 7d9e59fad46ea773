//! The second region's parameters: regions are exchanged, and what made two resources compete for one name is varied.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::template::placeholder::fill_markers;
use lifeboat_arm::template::{Diagnostic, Linked, ParameterDeclaration, Template};
use lifeboat_arm::tree::Node;
use lifeboat_arm::{Region, ResourceType, global_name_max, global_suffix};
use serde_json::{Value, json};

use super::Assumption;
use super::values::{Values, spelled};
use crate::reading::{About, SiteTemplate, read_site};
use crate::topology::{Declared, GROUPS, Site};

/// One name may be made of several parameters; a few rounds settle it, and a literal name never settles.
const ROUNDS: usize = 6;

/// What a template makes of the second site, or everything that is wrong with it.
pub(super) type Reading = Result<Site, Vec<Diagnostic>>;

/// What is read for the second region.
#[derive(Clone, Copy)]
pub(super) struct Second<'a> {
    pub(super) about: &'a About,
    pub(super) template: &'a Template,
    pub(super) primary: &'a Region,
    pub(super) secondary: &'a Region,
    /// What was given for it: taken as it is.
    pub(super) given: &'a BTreeMap<String, Value>,
    /// Parameters whose values somebody gave for the first region, and nobody for this one, although others were.
    pub(super) forgotten: &'a BTreeSet<&'a str>,
    pub(super) linked: &'a dyn Linked,
}

impl Second<'_> {
    /// The group that the second region's resources go into.
    pub(super) fn group(&self) -> String {
        self.group_in(self.secondary)
    }

    fn group_in(&self, region: &Region) -> String {
        format!("{}-{}", self.about.name, region.abbreviation())
    }

    /// The values there, and the site that the template makes of them.
    pub(super) fn read(&self, home_values: &BTreeMap<String, Value>, home: &Site) -> (Values, Reading) {
        let mut away = Values { all: home_values.clone(), assumed: Vec::new() };
        for declaration in self.template.parameters() {
            if let Some(given) = self.given.get(&declaration.name) {
                away.all.insert(declaration.name.clone(), fill_markers(given, &declaration.name));
            }
        }
        for declaration in self.template.parameters().filter(|declaration| !declaration.secure) {
            if self.given.contains_key(&declaration.name) {
                continue;
            }
            let default = declaration.default.as_ref().map(Node::to_value);
            let value = home_values.get(&declaration.name).or(default.as_ref());
            let Some(value) = value else { continue };
            if self.forgotten.contains(&*declaration.name) {
                let says = format!(
                    "parameter `{}` has no value for the second region: it is derived from the first region's, {value}",
                    declaration.name
                );
                away.assumed.push(Assumption::missing(says));
            }
            let mut moved = value.clone();
            let mut now = None;
            if !computed(declaration, home_values) {
                each_text(&mut moved, &mut |text| {
                    let region = Region::lenient(text);
                    if region == *self.primary || region == *self.secondary {
                        // What names both regions has them the other way round there.
                        let other = if region == *self.primary { self.secondary } else { self.primary };
                        *text = spelled(declaration, other).unwrap_or_else(|| other.as_str().to_owned());
                    } else if text.eq_ignore_ascii_case(&self.group_in(self.primary)) {
                        *text = self.group();
                    } else {
                        return;
                    }
                    now = Some(text.clone());
                });
            }
            if let Some(now) = now {
                let verb = if moved.is_string() { "is" } else { "says" };
                let says = format!("parameter `{}` {verb} {now} in the second region", declaration.name);
                away.assumed.push(Assumption::follows(says));
                away.all.insert(declaration.name.clone(), moved);
            }
        }
        let mut there = self.site(&away.all);
        for _ in 0..ROUNDS {
            let competing = there.as_ref().ok().and_then(|there| competing_name(home, there));
            let Some((name, most)) = competing else { break };
            let Some((parameter, value, text)) = self.varied(home, &away.all, &name, most) else { break };
            away.assumed.push(Assumption::follows(format!(
                "parameter `{parameter}` {} \"{text}\" in the second region: `{name}` can exist once",
                if value.is_string() { "is" } else { "says" }
            )));
            away.all.insert(parameter, value);
            there = self.site(&away.all);
        }
        (away, there)
    }

    fn site(&self, away: &BTreeMap<String, Value>) -> Reading {
        let group = self.group();
        let site =
            SiteTemplate { template: self.template, parameters: away, group: &group, region: self.secondary };
        read_site(self.about, site, self.linked)
    }

    /// A parameter that the name is made of, with a value for the other region: the one whose text is the most of the
    /// name, else one whose default is computed and whose change is seen to change the name.
    fn varied(
        &self,
        home: &Site,
        away: &BTreeMap<String, Value>,
        name: &str,
        most: usize,
    ) -> Option<(String, Value, String)> {
        let folded = name.to_lowercase();
        let suffix = self.secondary.abbreviation();
        let free = || {
            // What a secret was changed into would have to be said, and what was given is meant so.
            let is_free = |declaration: &&ParameterDeclaration| {
                declaration.allowed.is_none()
                    && !declaration.secure
                    && !self.given.contains_key(&declaration.name)
            };
            self.template.parameters().filter(is_free)
        };
        let by_text = free()
            .filter(|declaration| !computed(declaration, away))
            .filter_map(|declaration| {
                let default = declaration.default.as_ref().map(Node::to_value);
                let mut value = away.get(&declaration.name).or(default.as_ref())?.clone();
                let mut longest = String::new();
                each_text(&mut value, &mut |text| {
                    if text.len() > longest.len().max(1) && folded.contains(&text.to_lowercase()) {
                        longest.clone_from(text);
                    }
                });
                (!longest.is_empty()).then_some((declaration, value, longest))
            })
            .max_by_key(|(_, _, longest)| longest.len());
        if let Some((declaration, mut value, longest)) = by_text {
            // What the name has besides the value stays: the value may take the rest.
            let room = most.saturating_sub(name.len().saturating_sub(longest.len()));
            let varied = with_suffix(declaration, &longest, suffix, room);
            each_text(&mut value, &mut |text| {
                if *text == longest {
                    text.clone_from(&varied);
                }
            });
            return Some((declaration.name.clone(), value, varied));
        }
        free()
            .filter(|declaration| computed(declaration, away))
            .map(|declaration| (declaration.name.clone(), with_suffix(declaration, name, suffix, most)))
            .find(|(parameter, value)| {
                let mut tried = away.clone();
                tried.insert(parameter.clone(), json!(value));
                let there = self.site(&tried);
                there.is_ok_and(|there| competing_name(home, &there).is_none_or(|(other, _)| other != name))
            })
            .map(|(parameter, value)| (parameter, json!(value), value))
    }
}

/// A name that both regions want and only one can have, and how long such a name may be.
fn competing_name(home: &Site, there: &Site) -> Option<(String, usize)> {
    let taken: BTreeSet<String> = unique_names(home).map(|(name, _)| name.to_lowercase()).collect();
    let (name, kind) = unique_names(there).find(|(name, _)| taken.contains(&name.to_lowercase()))?;
    Some((name.to_owned(), global_name_max(kind)))
}

/// Whether a parameter's value is an expression: it cannot be varied as text.
fn computed(declaration: &ParameterDeclaration, values: &BTreeMap<String, Value>) -> bool {
    let default = declaration.default.as_ref().map(Node::to_value);
    !values.contains_key(&declaration.name)
        && default.is_some_and(|default| default.to_string().contains("\"["))
}

/// Every text in a value.
fn each_text(value: &mut Value, visit: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, visit)),
        Value::Object(members) => members.values_mut().for_each(|member| each_text(member, visit)),
        _ => {}
    }
}

/// Names that exist once in the whole cloud, or as those of groups once in the subscription; what is only presumed to
/// exist included.
fn unique_names(site: &Site) -> impl Iterator<Item = (&str, &ResourceType)> {
    let is_global = |declared: &&Declared| global_suffix(&declared.kind).is_some();
    let made = site.resources.iter().filter(move |declared| is_global(declared) || declared.kind.is(GROUPS));
    made.chain(site.presumed.iter().filter(is_global)).map(|declared| (declared.id.name(), &declared.kind))
}

/// The value with the region's short form at its end, cut so that it still fits.
fn with_suffix(declaration: &ParameterDeclaration, value: &str, suffix: &str, room: usize) -> String {
    // A value that ends alike already would stay what it is once it is cut.
    let suffix = if value.ends_with(suffix) { format!("{suffix}2") } else { suffix.to_owned() };
    let declared = declaration.max_length.and_then(|limit| usize::try_from(limit).ok());
    let limit = declared.unwrap_or(usize::MAX).min(room).max(suffix.len());
    let kept: String = value.chars().take(limit - suffix.len()).collect();
    format!("{kept}{suffix}")
}
