//! The parameters that take the places of literals: their names, and their values in both regions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::edit::Edits;
use super::slot::{PlainKind, Slots, Wish};
use super::{Lift, LiftedParameter};
use crate::global_name::{global_name_max, global_suffix};
use crate::region::Region;
use crate::template::language::types::ParameterType;
use crate::template::regions::location::is_location;
use crate::template::regions::name::is_placeholder;
use crate::template::walk::mention::mentions;
use crate::template::{ParameterDeclaration, Template};
use crate::tree::Node;

/// What was chosen.
pub(super) struct Chosen {
    /// In the order of the names.
    pub(super) parameters: Vec<LiftedParameter>,
    /// For each slot its parameter; none where it cannot be brought to.
    pub(super) of_slot: Vec<Option<usize>>,
    /// For each parameter what is declared of it.
    pub(super) declared: Vec<Declared>,
}

/// What the template says about a new parameter.
pub(super) struct Declared {
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
}

/// Which location parameters of the template may stand for a region that is written out elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// All that say the region today, those that follow the group among them.
    SameToday,
    /// Those that were given the region, or have it as their default.
    WrittenOut,
}

/// Chooses a parameter for every slot that one can be brought to.
pub(super) fn choose(wanted: &Lift<'_>, slots: &Slots<'_>, reuse: Reuse) -> Chosen {
    let mut choosing = Choosing {
        wanted,
        reuse,
        slots,
        taken: slots.frames.iter().flat_map(|frame| frame.parameter_names().map(str::to_owned)).collect(),
        numbers: BTreeMap::new(),
        // A name of today is nobody's in the other region, either.
        used: slots.names.keys().cloned().collect(),
        cut: BTreeMap::new(),
        of_wish: BTreeMap::new(),
        chosen: Chosen { parameters: Vec::new(), of_slot: Vec::new(), declared: Vec::new() },
    };
    let spellings = spellings(slots);
    for slot in &slots.all {
        let index = super::pass::reaches(&slots.frames, slot.frame).then(|| {
            let index = choosing.parameter(&settled(&slot.wish, &spellings));
            choosing.chosen.parameters[index].places += 1;
            index
        });
        choosing.chosen.of_slot.push(index);
    }
    choosing.chosen
}

/// For each region the spelling that is most common.
fn spellings(slots: &Slots<'_>) -> BTreeMap<Region, String> {
    let mut counts: BTreeMap<Region, BTreeMap<&str, usize>> = BTreeMap::new();
    for slot in &slots.all {
        if let Wish::Region { region, spelled, is_location } = &slot.wish {
            // What Azure compares as text decides.
            let weight = if *is_location { 1 } else { 1000 };
            *counts.entry(region.clone()).or_default().entry(spelled).or_default() += weight;
        }
    }
    let most = |counts: BTreeMap<&str, usize>| {
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(text, _)| text.to_owned())
    };
    counts.into_iter().filter_map(|(region, counts)| Some((region, most(counts)?))).collect()
}

/// Where spelling does not count, the common one is taken.
fn settled(wish: &Wish, spellings: &BTreeMap<Region, String>) -> Wish {
    match wish {
        Wish::Region { region, is_location: true, .. } => Wish::Region {
            region: region.clone(),
            spelled: spellings.get(region).cloned().unwrap_or_else(|| region.to_string()),
            is_location: false,
        },
        other => other.clone(),
    }
}

/// Whether anything in a template can be lifted: a place, a name, an id, zones.
pub fn is_liftable(template: &Template) -> bool {
    !super::slot::slots(template).all.is_empty()
}

/// The region that a template is for: the one that it says most often, in its text, defaults and values.
pub fn home_region(template: &Template, given: &BTreeMap<String, Json>) -> Option<Region> {
    let slots = super::slot::slots(template);
    let mut said: Vec<Region> = Vec::new();
    for slot in &slots.all {
        if let Wish::Region { region, .. } = &slot.wish {
            said.push(region.clone());
        }
    }
    for declared in template.parameters().filter(|declared| !declared.secure) {
        let default = declared.default.as_ref().and_then(Node::as_str);
        let value = given.get(&declared.name).map_or(default, Json::as_str);
        said.extend(value.and_then(Region::known));
    }
    let mut counts: BTreeMap<&Region, usize> = BTreeMap::new();
    for region in &said {
        *counts.entry(region).or_default() += 1;
    }
    let most = *counts.values().max()?;
    said.iter().find(|region| counts[region] == most).cloned()
}

struct Choosing<'a, 't> {
    wanted: &'a Lift<'a>,
    reuse: Reuse,
    slots: &'a Slots<'t>,
    /// Names in lower case.
    taken: BTreeSet<String>,
    /// The last number that was put behind a name.
    numbers: BTreeMap<String, usize>,
    /// Names that are used, in either region.
    used: BTreeSet<String>,
    /// The number to put behind a name that is used, if it is wanted again.
    cut: BTreeMap<String, usize>,
    of_wish: BTreeMap<Wish, usize>,
    chosen: Chosen,
}

impl Choosing<'_, '_> {
    fn parameter(&mut self, wish: &Wish) -> usize {
        if let Some(index) = self.of_wish.get(wish) {
            return *index;
        }
        let index = self.chosen.parameters.len();
        let (base, there, declared) = self.described(wish);
        let reused = self.location_parameter(wish);
        let is_reused = reused.is_some();
        let (name, today) = reused.unwrap_or_else(|| (self.free_name(&base), wish.today()));
        self.chosen.parameters.push(LiftedParameter { name, today, there, places: 0, reused: is_reused });
        self.chosen.declared.push(declared);
        self.of_wish.insert(wish.clone(), index);
        index
    }

    /// A name, the value in the other region, and the declaration.
    fn described(&mut self, wish: &Wish) -> (String, Option<Json>, Declared) {
        match wish {
            Wish::Region { region, spelled, .. } => {
                let base = if region == self.wanted.primary {
                    "location".to_owned()
                } else if region == self.wanted.secondary {
                    "secondaryLocation".to_owned()
                } else {
                    format!("{region}Location")
                };
                let there = exchanged(spelled, self.wanted.primary, self.wanted.secondary);
                let description = "A region: each region's parameter file says which.";
                (base, Some(there.into()), Declared { kind: "string", description })
            }
            Wish::Name(name) => {
                let named = self.slots.names.get(name);
                let base = named.map_or_else(|| "name".to_owned(), |named| named.parameter.clone());
                let most = named.map_or(50, |named| global_name_max(&named.kind));
                // What only stands for a name tells nothing of the other one.
                let there = (!is_placeholder(name)).then(|| {
                    self.unused(&varied(name, self.wanted.primary, self.wanted.secondary, most), most).into()
                });
                let in_cloud = named.is_none_or(|named| global_suffix(&named.kind).is_some());
                let description = if in_cloud {
                    "Unique in the whole cloud: each region needs its own."
                } else {
                    "Unique in its subscription: each region needs its own."
                };
                (base, there, Declared { kind: "string", description })
            }
            Wish::Zones(_) => {
                let description = "The availability zones; none where the region has none.";
                // Not every region has zones, and nothing here knows which.
                ("zones".to_owned(), None, Declared { kind: "array", description })
            }
            Wish::Plain { text, parameter, kind } => {
                let there = (*kind == PlainKind::Shared).then(|| text.as_str().into());
                let description = "Belongs to one deployment: each region's parameter file says which.";
                (parameter.clone(), there, Declared { kind: "string", description })
            }
        }
    }

    /// Names that are cut may become one: a number tells them apart.
    fn unused(&mut self, name: &str, most: usize) -> String {
        let (used, last) = (&self.used, self.cut.entry(name.to_owned()).or_insert(1));
        let numbered = (*last..).map(|number: usize| {
            *last = number + 1;
            let tail = if number == 1 { String::new() } else { number.to_string() };
            let kept: String = name.chars().take(most.saturating_sub(tail.len())).collect();
            kept + &tail
        });
        let name = numbered.into_iter().find(|name| !used.contains(name)).unwrap_or_default();
        self.used.insert(name.clone());
        name
    }

    /// The parameter that says the location today, if a region can be taken from it; with its value.
    fn location_parameter(&self, wish: &Wish) -> Option<(String, Json)> {
        let Wish::Region { region, spelled, .. } = wish else { return None };
        if region != self.wanted.primary {
            return None;
        }
        let Lift { template, given, primary, secondary, .. } = self.wanted;
        let fits = |declared: &&ParameterDeclaration| {
            let value = location_today(declared, given, primary, self.reuse);
            let takes = |region: &Region| {
                declared.allowed.as_ref().is_none_or(|allowed| {
                    let mut texts = allowed.iter().filter_map(Json::as_str);
                    texts.any(|text| Region::known(text).as_ref() == Some(region))
                })
            };
            is_location(&declared.name.to_lowercase())
                && declared.kind == ParameterType::String
                && value.is_some_and(|value| value == *spelled)
                && (takes(primary) && takes(secondary))
        };
        let declared = template.parameters().find(fits)?;
        Some((declared.name.clone(), spelled.as_str().into()))
    }

    fn free_name(&mut self, base: &str) -> String {
        let last = self.numbers.entry(base.to_owned()).or_insert(0);
        let taken = &self.taken;
        let free = (*last + 1..).find_map(|number| {
            *last = number;
            let name = if number == 1 { base.to_owned() } else { format!("{base}{number}") };
            (!taken.contains(&name.to_lowercase())).then_some(name)
        });
        let name = free.unwrap_or_default();
        self.taken.insert(name.to_lowercase());
        name
    }
}

/// The region that a parameter says today: given, by default, or that of the group.
fn location_today(
    declared: &ParameterDeclaration,
    given: &BTreeMap<String, Json>,
    primary: &Region,
    reuse: Reuse,
) -> Option<String> {
    if let Some(value) = given.get(&declared.name) {
        return value.as_str().map(str::to_owned);
    }
    let default = declared.default.as_ref()?.as_str()?;
    let folded = default.replace(' ', "").to_ascii_lowercase();
    if ["[resourcegroup().location]", "[deployment().location]"].contains(&folded.as_str()) {
        return (reuse == Reuse::SameToday).then(|| primary.to_string());
    }
    Some(default.to_owned()).filter(|text| Region::known(text).is_some())
}

/// The regions changed for each other, spelled alike; anything else as it is.
fn exchanged(text: &str, primary: &Region, secondary: &Region) -> String {
    let other = match Region::known(text) {
        Some(region) if region == *primary => secondary,
        Some(region) if region == *secondary => primary,
        _ => return text.to_owned(),
    };
    if text.contains(' ') { other.display_name().to_owned() } else { other.to_string() }
}

/// The name for the other region: with its name instead of the old one's, or with its short form at the end.
pub(super) fn varied(name: &str, primary: &Region, secondary: &Region, most: usize) -> String {
    let replaced = replace_region(name, primary, secondary);
    let long = replaced.unwrap_or_else(|| {
        let dash = if name.contains('-') { "-" } else { "" };
        let tail = format!("{dash}{}", secondary.abbreviation());
        let kept: String = name.chars().take(most.saturating_sub(tail.len())).collect();
        format!("{}{tail}", kept.trim_end_matches('-'))
    });
    if long.chars().count() <= most && long != name {
        return long;
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    let last = if name.ends_with('2') { '3' } else { '2' };
    format!("{kept}{last}")
}

fn replace_region(name: &str, primary: &Region, secondary: &Region) -> Option<String> {
    let mentioned = mentions(name).into_iter().find(|(_, region)| region == primary);
    let short = || {
        let parts = name.match_indices(primary.abbreviation()).map(|(at, found)| at..at + found.len());
        let letter = |text: Option<char>| text.is_some_and(|c| c.is_ascii_alphabetic());
        let alone = |range: &std::ops::Range<usize>| {
            !letter(name[..range.start].chars().next_back()) && !letter(name[range.end..].chars().next())
        };
        // Names that may hold no dash have it at their end: `ordersweu`. Two letters would be a part of some word.
        let at_end = || {
            let stem =
                name.strip_suffix(primary.abbreviation()).filter(|_| primary.abbreviation().len() > 2)?;
            Some(stem.len()..name.len())
        };
        parts.filter(alone).last().or_else(at_end)
    };
    let (range, text) = match mentioned {
        Some((range, _)) => (range, secondary.as_str()),
        None => (short()?, secondary.abbreviation()),
    };
    Some(format!("{}{text}{}", &name[..range.start], &name[range.end..]))
}

impl Chosen {
    /// The globally unique names that became parameters.
    pub(super) fn names<'s>(&self, slots: &'s Slots<'_>) -> BTreeSet<&'s str> {
        let named = slots.all.iter().zip(&self.of_slot).filter(|(_, parameter)| parameter.is_some());
        named
            .filter_map(|(slot, _)| match &slot.wish {
                Wish::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// All values for the old region, and those for the other one that are known.
    pub(super) fn values(
        &self,
        wanted: &Lift<'_>,
        new: &Template,
    ) -> (BTreeMap<String, Json>, BTreeMap<String, Json>) {
        let (mut primary, mut secondary) = (BTreeMap::new(), BTreeMap::new());
        for declared in new.parameters().filter(|declared| !declared.secure) {
            let default = declared.default.as_ref().and_then(Node::as_str);
            let own = default.filter(|text| Region::known(text).is_some()).map(Json::from);
            let Some(today) = wanted.given.get(&declared.name).cloned().or(own) else { continue };
            let mut there = today.clone();
            each_text(&mut there, &mut |text| *text = exchanged(text, wanted.primary, wanted.secondary));
            primary.insert(declared.name.clone(), today);
            secondary.insert(declared.name.clone(), there);
        }
        for parameter in &self.parameters {
            primary.insert(parameter.name.clone(), parameter.today.clone());
            match &parameter.there {
                Some(there) => secondary.insert(parameter.name.clone(), there.clone()),
                None => secondary.remove(&parameter.name),
            };
        }
        (primary, secondary)
    }
}

fn each_text(value: &mut Json, visit: &mut dyn FnMut(&mut String)) {
    match value {
        Json::String(text) => visit(text),
        Json::Array(items) => items.iter_mut().for_each(|item| each_text(item, visit)),
        Json::Object(members) => members.values_mut().for_each(|member| each_text(member, visit)),
        _ => {}
    }
}

/// Adds the other region to lists of allowed values that hold nothing but regions, the old one among them.
pub(super) fn allow(wanted: &Lift<'_>, edits: &mut Edits<'_>) {
    let declared = wanted.template.tree().get("parameters").and_then(Node::members).unwrap_or_default();
    for member in declared {
        let Some(values) = member.value.get("allowedValues") else { continue };
        let texts: Vec<Option<&str>> =
            values.elements().unwrap_or_default().iter().map(Node::as_str).collect();
        let regions: Vec<Option<Region>> = texts.iter().map(|text| text.and_then(Region::known)).collect();
        let has = |region: &Region| regions.contains(&Some(region.clone()));
        if regions.contains(&None) || !has(wanted.primary) || has(wanted.secondary) {
            continue;
        }
        let display = texts.iter().flatten().any(|text| text.contains(' '));
        let text = if display { wanted.secondary.display_name() } else { wanted.secondary.as_str() };
        edits.append(values, &format!("\"{text}\""));
    }
}
