//! Lifting what ties a template to a region into parameters.
//!
//! [`lift()`] takes a [`Lift`] and gives a [`Lifted`]: the new text, the values for both regions, and what stays, with the reason. The
//! text is edited, never printed anew: comments and layout stay. What comes out is proved by expanding both templates for the old
//! region, with the group there and elsewhere: unless they make the same graph, nothing comes out. Ties are found by
//! [`regions`](super::regions); files are the caller's.

// `slot` finds what can be replaced, `choose` names the parameters and their values, `splice` writes expressions, `edit` keeps the
// layout, `pass` brings parameters into nested templates, `same` is the proof, `kinds` tells what becomes of each kind of tie.

mod choose;
mod edit;
mod file;
mod kinds;
mod pass;
mod place;
mod same;
mod slot;
mod splice;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::diagnostic::{Diagnostic, Severity};
use super::expand::expansion::{Context, ExpandedResource, Expansion, Linked};
use super::placeholder::placeholders;
use super::regions::name::is_placeholder;
use super::regions::{Level, Tie, TieKind, old_names, ties};
use super::{ParameterDeclaration, Template, expand};
use crate::global_name::{collides, global_name_max, other_global_name};
use crate::id::ResourceType;
use crate::region::Region;
use crate::tree::Node;
use choose::{Chosen, Reuse, choose, varied};
use kinds::why;

pub use choose::{home_region, is_liftable};
pub use edit::TextEdit;
pub use file::parameter_file;

/// What is to be lifted, and for where.
#[derive(Clone, Copy)]
pub struct Lift<'a> {
    /// The template.
    pub template: &'a Template,
    /// The values that it is deployed with today, by the names as declared. A required parameter that asks for the
    /// location is given both regions where nobody gave it.
    pub given: &'a BTreeMap<String, Json>,
    /// The parameters that are secrets of key vaults today, with the references to them.
    pub references: &'a BTreeMap<String, Json>,
    /// The region that it is deployed to today.
    pub primary: &'a Region,
    /// The other region.
    pub secondary: &'a Region,
    /// The deployment of today; its locations are the primary region's.
    pub context: &'a Context,
    /// Linked templates.
    pub linked: &'a dyn Linked,
}

/// A template that serves both regions, and the values that make the difference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Lifted {
    /// The text of the template.
    pub text: String,
    /// Where it differs from the old one, in order.
    pub edits: Vec<TextEdit>,
    /// What was lifted, in the order of the names.
    pub parameters: Vec<LiftedParameter>,
    /// All values for the old region. Values of secure parameters are left out.
    pub primary: BTreeMap<String, Json>,
    /// All values for the other region that are known.
    pub secondary: BTreeMap<String, Json>,
    /// Parameters whose value in the other region only people know.
    pub to_fill_in: Vec<String>,
    /// Parameters that were there already, must be given, and nobody gave.
    pub not_given: Vec<String>,
    /// The secure ones among such: no file has them, each deployment gives them.
    pub secrets: Vec<String>,
    /// What stays, and why.
    pub left: Vec<Left>,
    /// Globally unique names that are still the same in both regions.
    pub same_names: Vec<String>,
    /// Resources that would be made in the old region again, those of linked templates among them.
    pub same_places: Vec<String>,
    /// What is wrong with the new template and the values of the other region.
    pub mistakes: Vec<Diagnostic>,
}

/// A parameter that took the place of literals.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LiftedParameter {
    /// Its name.
    pub name: String,
    /// Its value for the old region.
    pub today: Json,
    /// Its value for the other region, if that is known.
    pub there: Option<Json>,
    /// How many places it took.
    pub places: usize,
    /// It was there already.
    pub reused: bool,
}

/// A tie that stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The tie, in the new text.
    pub tie: Tie,
    /// Why it was not lifted.
    pub why: &'static str,
}

/// Why nothing was lifted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LiftError {
    /// The template as it is does not expand, so nothing could be proved.
    #[error("the template does not expand as it is, so the result could not be proved")]
    NotExpanding(Vec<Diagnostic>),
    /// The lifted template would not be the same.
    #[error("the template would not mean the same: {0}")]
    NotTheSame(String),
    /// Both regions are one.
    #[error("`{0}` is both regions")]
    OneRegion(Region),
}

/// Lifts literals into parameters.
///
/// # Errors
/// When the result is not proved to be the same for the old region, wherever the group is. Nothing is half done.
pub fn lift(wanted: &Lift<'_>) -> Result<Lifted, LiftError> {
    if wanted.primary == wanted.secondary {
        return Err(LiftError::OneRegion(wanted.primary.clone()));
    }
    let given = place::with_places(wanted);
    let wanted = &Lift { given: &given, ..*wanted };
    let names: BTreeSet<String> = wanted.given.keys().cloned().collect();
    let mut today = wanted.given.clone();
    let made_up = placeholders(wanted.template, &names);
    today.extend(made_up.into_iter().map(|(name, placeholder)| (name, placeholder.value)));
    let old = expand(wanted.template, &today, wanted.context, wanted.linked);
    if !old.is_clean() {
        return Err(LiftError::NotExpanding(old.diagnostics));
    }
    // A group elsewhere must not make a difference either, if the template can go there at all.
    let moved = moved(wanted);
    let old_moved = expand(wanted.template, &today, &moved, wanted.linked);
    let here = (wanted.context, old);
    let elsewhere = old_moved.is_clean().then_some((&moved, old_moved));
    let slots = slot::slots(wanted.template);
    let attempt = |reuse| attempt(wanted, &slots, &today, &here, elsewhere.as_ref(), reuse);
    attempt(Reuse::SameToday).or_else(|_| attempt(Reuse::WrittenOut))
}

/// Lifts, and proves it for the deployment of today, and for one elsewhere, against what they made of the template as it was.
fn attempt(
    wanted: &Lift<'_>,
    slots: &slot::Slots<'_>,
    today: &BTreeMap<String, Json>,
    here: &(&Context, Expansion),
    elsewhere: Option<&(&Context, Expansion)>,
    reuse: Reuse,
) -> Result<Lifted, LiftError> {
    let chosen = choose(wanted, slots, reuse);
    let (text, edits) = written(wanted, slots, &chosen)?;
    let new = Template::parse(wanted.template.file(), &text)
        .map_err(|found| LiftError::NotTheSame(first(&found)))?
        .at(wanted.template.scope());
    let mut today = today.clone();
    today.extend(chosen.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.today.clone())));
    let prove = |(context, old): &(&Context, Expansion)| {
        let now = expand(&new, &today, context, wanted.linked);
        match same::difference(old, &now) {
            None => Ok(now),
            Some(difference) => Err(LiftError::NotTheSame(difference)),
        }
    };
    let now = prove(here)?;
    if let Some(elsewhere) = elsewhere {
        prove(elsewhere)?;
    }
    let mut lifted = Lifted { edits, ..settled(wanted, &new, &chosen, &now) };
    let said = old_names(&new, &chosen.names(slots));
    lifted.left.extend(said.into_iter().map(|tie| Left { why: why(tie.kind), tie }));
    Ok(lifted)
}

/// The deployment of today, with its group in the other region.
fn moved(wanted: &Lift<'_>) -> Context {
    let mut context = wanted.context.clone();
    context.location = context.location.map(|_| wanted.secondary.to_string());
    if let Some(group) = &mut context.resource_group {
        group.location = wanted.secondary.to_string();
    }
    context
}

fn first(found: &[Diagnostic]) -> String {
    found.first().map_or_else(String::new, |found| found.message.clone())
}

/// The new text, and where it differs.
fn written(
    wanted: &Lift<'_>,
    slots: &slot::Slots<'_>,
    chosen: &Chosen,
) -> Result<(String, Vec<TextEdit>), LiftError> {
    let mut edits = edit::Edits::new(wanted.template);
    let mut passed = pass::Passing::new(&slots.frames);
    splice::replace(slots, chosen, &mut passed, &mut edits);
    passed.declare(chosen, &mut edits);
    choose::allow(wanted, &mut edits);
    edits.apply().ok_or_else(|| LiftError::NotTheSame("two changes touch one place".to_owned()))
}

/// The values for both regions, and what stays.
fn settled(wanted: &Lift<'_>, new: &Template, chosen: &Chosen, now: &Expansion) -> Lifted {
    let (primary, mut secondary) = chosen.values(wanted, new);
    let to_fill_in: Vec<String> = chosen
        .parameters
        .iter()
        .filter(|parameter| parameter.there.is_none())
        .map(|parameter| parameter.name.clone())
        .collect();
    let mut there = elsewhere(wanted, new, &secondary);
    let has = |name: &String| primary.contains_key(name) || wanted.references.contains_key(name);
    let (secrets, not_given): (Vec<_>, Vec<_>) = new
        .parameters()
        .filter(|declared| declared.is_required() && !has(&declared.name))
        .partition(|declared| declared.secure);
    let names = |of: Vec<&ParameterDeclaration>| -> Vec<String> {
        of.into_iter().map(|declared| declared.name.clone()).collect()
    };
    let (secrets, not_given) = (names(secrets), names(not_given));
    for name in same_names(now, &there) {
        if let Some((parameter, value)) = varied_parameter(wanted, new, &primary, &name) {
            secondary.insert(parameter, value);
        }
    }
    there = elsewhere(wanted, new, &secondary);
    let is_open = |tie: &Tie| tie.kind.level() < Level::GoodToKnow && !is_given(tie, &secondary);
    let left = ties(new).into_iter().filter(is_open).map(|tie| Left { why: why(tie.kind), tie }).collect();
    let wrong = |found: &&Diagnostic| found.severity == Severity::Error;
    Lifted {
        text: new.text().to_owned(),
        edits: Vec::new(),
        parameters: chosen.parameters.clone(),
        // What is made of something made up says nothing. Secrets make no names: that they stand in no file does not matter.
        same_names: if not_given.is_empty() {
            same_names(now, &there).into_iter().map(|(name, _)| name).collect()
        } else {
            Vec::new()
        },
        same_places: same_places(now, &there, wanted.primary),
        mistakes: there.diagnostics.iter().filter(wrong).cloned().collect(),
        primary,
        secondary,
        to_fill_in,
        not_given,
        secrets,
        left,
    }
}

/// The new template in the other region.
fn elsewhere(wanted: &Lift<'_>, new: &Template, values: &BTreeMap<String, Json>) -> Expansion {
    let mut context = moved(wanted);
    if let Some(group) = &mut context.resource_group {
        group.name = format!("{}-{}", group.name, wanted.secondary.abbreviation());
    }
    let mut values = values.clone();
    let made_up = placeholders(new, &values.keys().cloned().collect());
    values.extend(made_up.into_iter().map(|(name, placeholder)| (name, placeholder.value)));
    expand(new, &values, &context, wanted.linked)
}

/// Names that only one of the two regions can have. What is only read is shared on purpose.
fn same_names(now: &Expansion, there: &Expansion) -> Vec<(String, ResourceType)> {
    let unique = |expansion: &Expansion| -> BTreeMap<(String, String), (String, ResourceType)> {
        let created = expansion.resources.iter().filter(|resource| !resource.existing);
        let of_kind = created.map(|resource| (resource, ResourceType::new(resource.kind.clone())));
        of_kind
            .filter(|(_, kind)| collides(kind))
            .flat_map(|(resource, kind)| names_of(resource, &kind).map(move |name| (name, kind.clone())))
            .map(|(name, kind)| ((name.to_lowercase(), kind.as_str().to_lowercase()), (name, kind)))
            .collect()
    };
    let there = unique(there);
    unique(now).into_iter().filter(|(key, _)| there.contains_key(key)).map(|(_, name)| name).collect()
}

/// The names of a resource that nobody else may have. Of a child's name the last part is its own.
fn names_of(resource: &ExpandedResource, kind: &ResourceType) -> impl Iterator<Item = String> + use<> {
    let own = resource.name.rsplit('/').next().unwrap_or_default().to_owned();
    let other = other_global_name(kind).and_then(|at| resource.body.pointer(at)?.as_str());
    std::iter::once(own).chain(other.map(str::to_owned))
}

/// Resources that lie in the old region in both deployments. The two are of one template: what was made of one text stands at
/// one place, unless a condition or a loop tells the regions apart.
fn same_places(now: &Expansion, there: &Expansion, old: &Region) -> Vec<String> {
    let is_old = |resource: &ExpandedResource| {
        resource.location.as_ref().is_some_and(|location| Region::lenient(location) == *old)
    };
    let alike = |one: &ExpandedResource, other: &ExpandedResource| {
        one.kind.eq_ignore_ascii_case(&other.kind) && one.origin.written_at == other.origin.written_at
    };
    let both = now.resources.iter().zip(&there.resources).filter(|(one, other)| alike(one, other));
    both.filter(|(one, other)| is_old(one) && is_old(other) && !other.existing)
        .map(|(_, other)| format!("{} ({})", other.name, other.kind))
        .collect()
}

/// A parameter that is just this name, with another value for the other region.
fn varied_parameter(
    wanted: &Lift<'_>,
    new: &Template,
    primary: &BTreeMap<String, Json>,
    (name, kind): &(String, ResourceType),
) -> Option<(String, Json)> {
    if is_placeholder(name) {
        return None; // Two placeholders are no two names.
    }
    let is_it = |value: &Json| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name));
    let declared = new.parameters().find(|declared| {
        let default = declared.default.as_ref().map(Node::to_value);
        let own = primary.get(&declared.name).or(default.as_ref());
        own.is_some_and(is_it) && declared.allowed.is_none() && !declared.secure
    })?;
    let declared_max = declared.max_length.and_then(|most| usize::try_from(most).ok());
    let most = global_name_max(kind).min(declared_max.unwrap_or(usize::MAX));
    Some((declared.name.clone(), varied(name, wanted.primary, wanted.secondary, most).into()))
}

/// A default that nobody falls back to: both files give a value.
fn is_given(tie: &Tie, secondary: &BTreeMap<String, Json>) -> bool {
    let parameter = tie.pointer.strip_prefix("/parameters/").and_then(|rest| rest.split('/').next());
    let given = |name: &str| secondary.keys().any(|given| given.eq_ignore_ascii_case(name));
    match tie.kind {
        TieKind::LocationDefault => parameter.is_some_and(given),
        TieKind::NameDefault => tie.change.split('`').skip(1).step_by(2).any(given),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
