//! What in a template can be replaced by a parameter, and where each of it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value as Json;

use crate::global_name::{collides, other_global_name};
use crate::id::ResourceType;
use crate::region::Region;
use crate::template::Template;
use crate::template::regions::TieKind;
use crate::template::regions::host::hosts;
use crate::template::regions::identifier::{subscription_in, written_out};
use crate::template::regions::location::says_where;
use crate::template::regions::name::{literal as name_of, member};
use crate::template::regions::pair::is_partner;
use crate::template::regions::zone::numbers;
use crate::template::walk::literal::Literal;
use crate::template::walk::{Declarations, Place, Resource, Role, Seen, walk};
use crate::tree::Node;

/// All slots of a template, in the order of the walk.
pub(super) struct Slots<'t> {
    pub(super) all: Vec<Slot<'t>>,
    /// The root template and the nested ones with a scope of their own.
    pub(super) frames: Vec<Declarations<'t>>,
    /// Globally unique names that are written out.
    pub(super) names: BTreeMap<String, Named>,
}

/// A part of a text, or a whole list, that a parameter can stand for.
pub(super) struct Slot<'t> {
    pub(super) frame: usize,
    pub(super) node: &'t Node,
    /// The literal that it is in; none for a list.
    pub(super) literal: Option<Literal>,
    /// The bytes of the literal's text.
    pub(super) part: Range<usize>,
    pub(super) wish: Wish,
}

/// What stands in a slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// A region, as it is spelled. `is_location`: Azure compares it without regard to spelling.
    Region { region: Region, spelled: String, is_location: bool },
    /// A globally unique name.
    Name(String),
    /// A list of zones, as JSON.
    Zones(String),
    /// Something that belongs to one deployment: the text, and a name for the parameter.
    Plain { text: String, parameter: String, kind: PlainKind },
}

/// What becomes of a text in the other region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PlainKind {
    /// It may well be the same.
    Shared,
    /// Only people know.
    Unknown,
}

/// What is known of a globally unique name.
pub(super) struct Named {
    pub(super) kind: ResourceType,
    /// A name for the parameter.
    pub(super) parameter: String,
}

/// Finds them all.
pub(super) fn slots(template: &Template) -> Slots<'_> {
    let mut names = BTreeMap::new();
    let mut leaves = BTreeSet::new();
    walk(template.tree(), template.text(), &mut |place, seen| {
        if let Seen::Resource(resource) = seen {
            named(place, resource, &mut names, &mut leaves);
        }
    });
    let mut all = Vec::new();
    let look = Look { names: &names, leaves: &leaves };
    let frames = walk(template.tree(), template.text(), &mut |place, seen| match seen {
        Seen::Text(literals) if is_editable(place) => {
            for literal in literals {
                look.text(place, literal, &mut all);
            }
        }
        Seen::Array(elements) if is_editable(place) && numbers(place, elements).is_some() => {
            let json = place.node.to_value().to_string();
            let slot = Slot {
                frame: place.frame,
                node: place.node,
                literal: None,
                part: 0..0,
                wish: Wish::Zones(json),
            };
            all.push(slot);
        }
        _ => {}
    });
    Slots { all, frames, names }
}

/// Defaults are values already, entries belong to their keys, and functions have parameters of their own.
fn is_editable(place: &Place<'_, '_>) -> bool {
    !matches!(place.role, Role::Default(_) | Role::Entry | Role::Function)
}

/// Takes down the name of a resource if it is written out, and where.
fn named<'t>(
    place: &Place<'_, 't>,
    resource: &Resource<'t>,
    names: &mut BTreeMap<String, Named>,
    leaves: &mut BTreeSet<usize>,
) {
    if !collides(&resource.kind) || resource.existing {
        return;
    }
    let kind = &resource.kind;
    for at in std::iter::once("/name").chain(other_global_name(kind)) {
        let name = member(resource.node, at).and_then(|name| name_of(place.frames, place.frame, name));
        // `[[` at the beginning is no name, and one that is taken apart has no slash.
        let Some((leaf, text)) = name.filter(|(_, text)| !text.contains(['[', '/'])) else { continue };
        leaves.insert(leaf.range.start);
        let parameter = if at == "/name" {
            parameter_for(kind)
        } else {
            camel(at.rsplit('/').next().unwrap_or_default())
        };
        names.entry(text.to_owned()).or_insert_with(|| Named { parameter, kind: kind.clone() });
    }
}

/// `namespaceName` for `Microsoft.ServiceBus/namespaces`.
fn parameter_for(kind: &ResourceType) -> String {
    let last = kind.as_str().rsplit('/').next().unwrap_or_default();
    let one = match (last.strip_suffix("ies"), last.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) if !stem.ends_with(['i', 's']) => stem.to_owned(),
        _ => last.to_owned(),
    };
    camel(&format!("{one}Name"))
}

/// The text with a small first letter, and nothing that a name cannot have.
fn camel(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut letters = kept.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

/// A parameter for a group that is not the deployment's.
const OTHER_GROUP: &str = "otherResourceGroup";

struct Look<'n> {
    names: &'n BTreeMap<String, Named>,
    leaves: &'n BTreeSet<usize>,
}

impl Look<'_> {
    fn text<'t>(&self, place: &Place<'_, 't>, literal: &Literal, all: &mut Vec<Slot<'t>>) {
        if literal.in_call(&["parameters", "variables"]) {
            return;
        }
        let whole = 0..literal.text.len();
        let mut push = |part: Range<usize>, wish: Wish| {
            let literal = Some(literal.clone());
            all.push(Slot { frame: place.frame, node: place.node, literal, part, wish });
        };
        if literal.within.is_none() && self.leaves.contains(&place.node.range.start) {
            return push(whole, Wish::Name(literal.text.clone()));
        }
        if let Some(region) = says_where(place, literal) {
            let is_location =
                literal.within.is_none() && place.role == Role::Resource && place.key() == "location";
            return push(whole, Wish::Region { region, spelled: literal.text.clone(), is_location });
        }
        if let Some(name) = self.name_at_start(place, literal) {
            return push(0..name.len(), Wish::Name(name));
        }
        if is_partner(place, literal) {
            let key = place.keys().find(|key| !key.eq_ignore_ascii_case("id")).unwrap_or("partner");
            let is_first = literal.within.as_ref().is_some_and(|within| within.argument == 0);
            let is_group = is_first && literal.in_call(&["resourceid"]);
            let parameter = if is_group { OTHER_GROUP.to_owned() } else { camel(key) };
            let text = literal.text.clone();
            return push(whole, Wish::Plain { text, parameter, kind: PlainKind::Unknown });
        }
        if let Some((kind, range)) = written_out(place, literal) {
            if range == whole {
                let of_subscription = subscription_in(&literal.text);
                let part = of_subscription.filter(|_| kind == TieKind::SubscriptionId).unwrap_or(whole);
                push(part.clone(), plain(place, &literal.text[part], kind));
            }
            return;
        }
        for (part, wish) in self.in_hosts(&literal.text) {
            push(part, wish);
        }
    }

    /// A known name, alone or before its children's, where resources are named.
    fn name_at_start(&self, place: &Place<'_, '_>, literal: &Literal) -> Option<String> {
        let first = literal.text.split('/').next()?;
        let key = place.key();
        let named = key == "dependson"
            || key == "resourcegroup"
            || place.is_of_resource("name")
            || literal.within.as_ref().is_some_and(|within| within.names);
        (named && self.names.contains_key(first)).then(|| first.to_owned())
    }

    /// Hosts of known names, and regions in hosts.
    fn in_hosts(&self, text: &str) -> Vec<(Range<usize>, Wish)> {
        let mut found = Vec::new();
        for host in hosts(text) {
            let mut at = host.range.start;
            for label in text[host.range.clone()].split('.') {
                let part = at..at + label.len();
                at = part.end + 1;
                if label.eq_ignore_ascii_case(&host.name) && self.names.contains_key(label) {
                    found.push((part, Wish::Name(label.to_owned())));
                } else if let Some(region) = host.region.clone().filter(|region| region.as_str() == label) {
                    let spelled = label.to_owned();
                    found.push((part, Wish::Region { region, spelled, is_location: false }));
                }
            }
        }
        found
    }
}

fn plain(place: &Place<'_, '_>, text: &str, kind: TieKind) -> Wish {
    let key = place.keys().next().unwrap_or_default();
    let says = key.len() > 2 && key.to_ascii_lowercase().ends_with("id");
    let (parameter, kind) = match kind {
        TieKind::SubscriptionId => ("subscriptionId".to_owned(), PlainKind::Shared),
        TieKind::GroupLiteral => (OTHER_GROUP.to_owned(), PlainKind::Unknown),
        _ if says => (camel(key), PlainKind::Unknown),
        TieKind::ImageId => ("imageId".to_owned(), PlainKind::Unknown),
        _ => ("resourceId".to_owned(), PlainKind::Unknown),
    };
    Wish::Plain { text: text.to_owned(), parameter, kind }
}

impl Wish {
    /// The value that the parameter has today.
    pub(super) fn today(&self) -> Json {
        match self {
            Self::Region { spelled, .. } => spelled.as_str().into(),
            Self::Name(text) | Self::Plain { text, .. } => text.as_str().into(),
            Self::Zones(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }
}
