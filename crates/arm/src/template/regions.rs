//! What ties a template to one region, or to one deployment.
//!
//! The same template should serve both regions, with parameter files as the only difference. [`ties`] tells where that is not so,
//! [`value_ties`] the same of a parameter file: each [`Tie`] has its place, its [`TieKind`] and what to change. It is found by
//! reading the text; nothing is evaluated, and nothing changed: that is [`lift`](super::lift)'s.

// One file for each kind of tie (the list of files says what is looked for), and `source` for what a name is made of; `walk`,
// beside this, brings every text with its role.

mod allowed;
pub(super) mod host;
pub(super) mod identifier;
pub(super) mod location;
mod map;
pub(super) mod name;
mod old_name;
pub(super) mod pair;
mod source;
mod text;
mod value;
pub(super) mod zone;

use std::fmt;
use std::ops::Range;

use super::Template;
use super::diagnostic::Document;
use super::secrets::cover_queries;
use crate::tree::Position;

pub(super) use old_name::old_names;
pub use value::value_ties;

use super::walk::literal::Literal;
use super::walk::{Place, Seen, walk};

/// How much a [`Tie`] matters to whoever deploys the template to another region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// The template as it stands cannot serve another region.
    MustChange,
    /// It can, if somebody thinks of this: gives a parameter, adds an entry, checks a name.
    MayChange,
    /// Nothing to do; worth remembering.
    GoodToKnow,
}

impl Level {
    /// In two or three words.
    pub fn words(self) -> &'static str {
        match self {
            Self::MustChange => "must change",
            Self::MayChange => "may change",
            Self::GoodToKnow => "good to know",
        }
    }
}

/// One thing that ties a template to a region or to a deployment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tie {
    /// What kind of tie it is.
    pub kind: TieKind,
    /// The file, as the caller named it.
    pub file: String,
    /// The bytes of that file; inside an expression those of the literal.
    pub range: Range<usize>,
    /// Line and column of the start of `range`.
    pub position: Position,
    /// The JSON pointer of the string (or list, or object) that it stands in.
    pub pointer: String,
    /// What was found, in a line.
    pub found: String,
    /// What to change, in a sentence.
    pub change: String,
}

impl fmt::Display for Tie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        let (level, code) = (self.kind.level().words(), self.kind.code());
        write!(f, "{}:{line}:{column}: {level}: {}: {} [{code}]", self.file, self.found, self.change)
    }
}

/// The kinds of ties. Each has a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TieKind {
    /// A region as the place of a resource.
    LocationLiteral,
    /// A region in a list of places: replicas, geo-redundancy, failover targets.
    LocationList,
    /// A variable whose value is a region.
    LocationVariable,
    /// A parameter whose default is a region.
    LocationDefault,
    /// `allowedValues` that are regions.
    AllowedRegions,
    /// An object whose keys are regions.
    RegionMap,
    /// A region inside a name, an expression or another text.
    RegionText,
    /// A globally unique name, written out.
    NameLiteral,
    /// A globally unique name made of nothing that differs between two deployments.
    NameFixed,
    /// A globally unique name that differs only if a parameter with a default is given.
    NameDefault,
    /// A globally unique name that is another one with each deployment.
    NameDrawn,
    /// A text that still says a name which was lifted into a parameter. Only lifting knows it.
    OldName,
    /// A globally unique name that follows the resource group.
    NameFollowsGroup,
    /// The host name of one certain resource.
    HostLiteral,
    /// A host name with a region inside.
    HostRegion,
    /// The suffix of a service's host names.
    HostSuffix,
    /// The number of an availability zone.
    ZoneLiteral,
    /// The id of an image, written out.
    ImageId,
    /// The id of another resource, written out.
    ResourceId,
    /// The id of a subscription, written out.
    SubscriptionId,
    /// The name of a resource group, written out.
    GroupLiteral,
    /// The partner of a pair, written out.
    PairName,
    /// A value of a parameter file that belongs to one region.
    ValueOfRegion,
}

impl TieKind {
    /// All kinds, in the order in which they are documented.
    pub const ALL: &'static [Self] = &[
        Self::LocationLiteral,
        Self::LocationList,
        Self::LocationVariable,
        Self::LocationDefault,
        Self::AllowedRegions,
        Self::RegionMap,
        Self::RegionText,
        Self::NameLiteral,
        Self::NameFixed,
        Self::NameDefault,
        Self::NameDrawn,
        Self::OldName,
        Self::NameFollowsGroup,
        Self::HostLiteral,
        Self::HostRegion,
        Self::HostSuffix,
        Self::ZoneLiteral,
        Self::ImageId,
        Self::ResourceId,
        Self::SubscriptionId,
        Self::GroupLiteral,
        Self::PairName,
        Self::ValueOfRegion,
    ];

    /// The stable name of this kind.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// How much it matters.
    pub fn level(self) -> Level {
        self.row().1
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    #[rustfmt::skip]
    fn row(self) -> (&'static str, Level, &'static str) {
        use Level::{GoodToKnow, MayChange, MustChange};
        match self {
            Self::LocationLiteral => ("location-literal", MustChange, "a resource's place is a region, written out"),
            Self::LocationList => ("location-list", MustChange, "a list of places (replicas, geo-redundancy, failover) names a region"),
            Self::LocationVariable => ("location-variable", MustChange, "a variable's value is a region"),
            Self::LocationDefault => ("location-default", MayChange, "a parameter's default is a region: whoever forgets to give it deploys there"),
            Self::AllowedRegions => ("allowed-regions", MayChange, "`allowedValues` lists regions: Azure refuses every other one"),
            Self::RegionMap => ("region-map", MayChange, "an object has regions as keys: a region without an entry fails, or takes another one's values"),
            Self::RegionText => ("region-text", MayChange, "a name, an expression or another text has a region inside"),
            Self::NameLiteral => ("name-literal", MustChange, "a globally unique name, or that of a resource group, is written out: the second deployment is refused"),
            Self::NameFixed => ("name-fixed", MustChange, "a globally unique name is made of nothing that differs between two deployments: the second one is refused"),
            Self::NameDefault => ("name-default", MayChange, "a globally unique name differs only if a parameter is given that has a default"),
            Self::NameDrawn => ("name-drawn", MayChange, "a globally unique name is made of the deployment's name, a new GUID or the time: it is another one each time"),
            Self::OldName => ("old-name", MayChange, "a text still says a name that lifting made a parameter; told by lifting alone, since the result no longer says which names were lifted"),
            Self::NameFollowsGroup => ("name-follows-group", GoodToKnow, "a globally unique name is made of the resource group: another group gets another name, right for a second region, wrong for a restore under the old name"),
            Self::HostLiteral => ("host-literal", MayChange, "the host name of one certain resource is written out"),
            Self::HostRegion => ("host-region", MustChange, "a host name has a region inside"),
            Self::HostSuffix => ("host-suffix", GoodToKnow, "the suffix of a service's host names is written out: the same in every region of the public cloud, another one in other clouds"),
            Self::ZoneLiteral => ("zone-literal", MayChange, "availability zones are numbered: not every region has zones, and the numbers mean other buildings there"),
            Self::ImageId => ("image-id", MustChange, "the id of an image is written out, and images are regional"),
            Self::ResourceId => ("resource-id", MustChange, "the id of another resource is written out, with its subscription and group"),
            Self::SubscriptionId => ("subscription-id", MayChange, "the id of a subscription is written out"),
            Self::GroupLiteral => ("group-literal", MayChange, "the name of a resource group is written out: the second region's resources belong into a group of their own"),
            Self::PairName => ("pair-name", MustChange, "the partner of a pair is written out: in the other region the two change places"),
            Self::ValueOfRegion => ("value-of-region", GoodToKnow, "a value of a parameter file belongs to one region: the other region's file needs its own"),
        }
    }
}

/// Everything that ties a template to a region or to a deployment, in the order of the text.
///
/// Linked templates are files of their own: ask for each. The time is linear in the text.
pub fn ties(template: &Template) -> Vec<Tie> {
    let mut ties = Ties::of(&template.document);
    walk(template.tree(), template.text(), &mut |place, seen| look(place, &seen, &mut ties));
    ties.in_order()
}

/// Asks every kind about one place of the template.
fn look<'t>(place: &Place<'_, 't>, seen: &Seen<'_, 't>, ties: &mut Ties<'_>) {
    match seen {
        Seen::Text(literals) => {
            // Names of parameters and variables are the template's own business.
            let named = |literal: &&Literal| literal.in_call(&["parameters", "variables"]);
            for literal in literals.iter().filter(|literal| !named(literal)) {
                let taken = pair::look(place, literal, ties)
                    || identifier::look(place, literal, ties)
                    || host::look(place, literal, ties)
                    || location::look(place, literal, ties)
                    || zone::one(place, literal, ties);
                if !taken {
                    text::look(place, literal, ties);
                }
            }
        }
        Seen::Key(member) => text::key(place, member, ties),
        Seen::Object(members) => map::look(place, members, ties),
        Seen::Array(elements) => zone::look(place, elements, ties),
        Seen::Allowed(elements) => allowed::look(place, elements, ties),
        Seen::Resource(resource) => name::look(place, resource, ties),
    }
}

/// What was found so far.
struct Ties<'d> {
    document: &'d Document,
    found: Vec<Tie>,
    /// What names are made of.
    known: source::Known,
}

impl<'d> Ties<'d> {
    fn of(document: &'d Document) -> Self {
        Self { document, found: Vec::new(), known: source::Known::new() }
    }

    fn push(&mut self, kind: TieKind, range: Range<usize>, pointer: String, found: String, change: String) {
        self.found.push(Tie {
            kind,
            file: self.document.file.to_string(),
            // All of them are told at the end, in one go.
            position: Position::default(),
            range,
            pointer,
            found,
            change,
        });
    }

    fn in_order(mut self) -> Vec<Tie> {
        self.found.sort_by(|left, right| {
            (left.range.start, left.range.end, left.kind).cmp(&(
                right.range.start,
                right.range.end,
                right.kind,
            ))
        });
        self.found.dedup_by(|later, first| later.range == first.range && later.kind == first.kind);
        let starts = self.found.iter().map(|tie| tie.range.start);
        let positions = self.document.lines.ascending(&self.document.text, starts);
        for (tie, position) in self.found.iter_mut().zip(positions) {
            tie.position = position;
        }
        self.found
    }
}

/// A text that is shown: cut where it is long, and without the keys that an address may bring.
fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let text = cover_queries(text);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(MOST) {
        Some((at, _)) => format!("`{}…`", &one_line[..at]),
        None => format!("`{one_line}`"),
    }
}

#[cfg(test)]
mod tests;
