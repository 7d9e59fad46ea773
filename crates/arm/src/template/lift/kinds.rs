//! What becomes of each kind of tie, and why one that is left stays: one row for both.

use crate::template::regions::TieKind;

const OUT_OF_REACH: &str = "it stands where no parameter can be brought";
const OUT_OF_ROOT: &str = "it stands where no parameter of the root template can be brought";
const PART_OF_TEXT: &str = "the id is a part of a longer text, or stands where no parameter can be brought";
const FILL_IN: &str = "becomes a parameter; its value for the other region is yours to fill in";
const NOTHING: &str = "nothing has to change";

impl TieKind {
    /// What lifting does about it.
    pub fn lifting(self) -> &'static str {
        row(self).0
    }
}

/// Why a tie of this kind stays.
pub(super) fn why(kind: TieKind) -> &'static str {
    row(kind).1
}

#[rustfmt::skip]
fn row(kind: TieKind) -> (&'static str, &'static str) {
    match kind {
        TieKind::LocationLiteral | TieKind::LocationList | TieKind::LocationVariable => ("becomes a parameter", OUT_OF_ROOT),
        TieKind::LocationDefault => ("a value in both parameter files; the default stays", "the default of a nested template: hand the value in from outside"),
        TieKind::AllowedRegions => ("the other region is added", "the list stays; the other region is in it where it is needed"),
        TieKind::RegionMap => ("stays", "only you know what the other region's entry must be"),
        TieKind::RegionText => ("stays", "whether it names a place or is only a name cannot be told from outside"),
        TieKind::NameLiteral => ("becomes a parameter, in ids, dependencies and hosts, too", OUT_OF_ROOT),
        TieKind::NameFixed => ("stays", "decide which part of it differs in the other region"),
        TieKind::NameDefault => ("a value in both parameter files; the default stays", "it is made of a parameter: decide which value it has in the other region"),
        TieKind::NameDrawn => ("stays", "what it is made of is another decision than the region"),
        TieKind::OldName => ("stays", "it still says the old name, which is a parameter now: make the text of the parameter"),
        TieKind::NameFollowsGroup | TieKind::HostSuffix | TieKind::ValueOfRegion => ("stays", NOTHING),
        TieKind::HostLiteral => ("the name in it becomes a parameter, if the template declares the resource", "the host belongs to no resource that this template declares by that name"),
        TieKind::HostRegion => ("the region becomes a parameter", "the region in it is not the one that is left, or is spelled in another way"),
        TieKind::ZoneLiteral => ("a list becomes a parameter; whether the other region has zones is yours to fill in", "it is a number, or stands where no parameter can be brought"),
        TieKind::ImageId | TieKind::ResourceId => (FILL_IN, PART_OF_TEXT),
        TieKind::SubscriptionId => ("becomes a parameter, with the same value in both files", PART_OF_TEXT),
        TieKind::GroupLiteral | TieKind::PairName => (FILL_IN, OUT_OF_REACH),
    }
}
