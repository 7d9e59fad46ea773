//! What ties templates to a region, and its lifting into parameters.

use super::super::row::Written;

const REGIONS: &str = "crates/arm/src/template/regions.rs";
const NAME: &str = "crates/arm/src/template/regions/name.rs";
const LIFT: &str = "crates/arm/src/template/lift.rs";

pub(super) const ROWS: &[Written] = &[
    Written::new(
        "ties-places",
        "S06 F25",
        "places that are written out are not found",
        REGIONS,
        "|| location::look(place, literal, ties)",
        "|| !{out} && location::look(place, literal, ties)",
    ),
    Written::new(
        "ties-names",
        "S06",
        "names are not judged by what they are made of",
        NAME,
        "    if !collides(&resource.kind) {",
        "    if {out} || !collides(&resource.kind) {",
    ),
    Written::new(
        "ties-ids",
        "S06",
        "ids that are written out are not found",
        REGIONS,
        "|| identifier::look(place, literal, ties)",
        "|| !{out} && identifier::look(place, literal, ties)",
    ),
    Written::new(
        "ties-zones",
        "S06",
        "zone numbers are not found",
        REGIONS,
        "Seen::Array(elements) => zone::look(place, elements, ties),",
        "Seen::Array(elements) => if !{out} { zone::look(place, elements, ties) },",
    ),
    Written::new(
        "lift-proof",
        "F25",
        "a lifted template need not be the same",
        LIFT,
        "match same::difference(old, &now) {",
        "match same::difference(old, &now).filter(|_| !{out}) {",
    ),
    Written::new(
        "lift-names",
        "S06",
        "the other region's file gives names that exist already",
        LIFT,
        "secondary.insert(parameter, value);",
        "if !{out} { secondary.insert(parameter, value); }",
    ),
];
