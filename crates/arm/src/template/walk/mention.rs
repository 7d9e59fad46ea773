//! Regions inside a text.

use std::ops::Range;
use std::sync::OnceLock;

use crate::region::Region;

/// Longer texts are prose or programs, in which a region that is run together with other letters is no region.
const NAME_MAX: usize = 128;

/// The regions that a text mentions, and where: `sto-westeurope-01`, `shopwesteurope`, `West Europe`.
pub(in crate::template) fn mentions(text: &str) -> Vec<(Range<usize>, Region)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| c.is_ascii_alphanumeric()).map(|start| at + start) {
        let rest = &text[start..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if let Some((length, region)) = spelled_out(rest) {
            found.push((start..start + length, region));
            at = start + length;
        } else {
            in_word(&rest[..length], text.len() <= NAME_MAX, start, &mut found);
            at = start + length;
        }
    }
    found
}

/// A display name of two words or more at the start of a text.
fn spelled_out(text: &str) -> Option<(usize, Region)> {
    let fits = names(text.bytes().next()?).iter().filter(|name| {
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        name.display.contains(' ') && text.strip_prefix(name.display.as_str()).is_some_and(ends)
    });
    fits.max_by_key(|name| name.display.len()).map(|name| (name.display.len(), name.region.clone()))
}

/// Short names inside one word, from left to right, the longest first.
fn in_word(word: &str, run_together: bool, offset: usize, found: &mut Vec<(Range<usize>, Region)>) {
    if let Some(region) = Region::known(word) {
        found.push((offset..offset + word.len(), region));
        return;
    }
    if !run_together {
        return;
    }
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let fits = names(bytes[at]).iter().filter(|name| {
            let short = name.region.as_str().as_bytes();
            bytes.get(at..at + short.len()).is_some_and(|part| part.eq_ignore_ascii_case(short))
        });
        match fits.max_by_key(|name| name.region.as_str().len()) {
            Some(name) => {
                let end = at + name.region.as_str().len();
                found.push((offset + at..offset + end, name.region.clone()));
                at = end;
            }
            None => at += 1,
        }
    }
}

struct Name {
    region: Region,
    display: String,
}

/// The regions whose names begin with this letter, in any case; short names and display names begin alike.
fn names(letter: u8) -> &'static [Name] {
    static NAMES: OnceLock<Vec<Name>> = OnceLock::new();
    let all = NAMES.get_or_init(|| {
        Region::all().map(|region| Name { display: region.display_name().to_owned(), region }).collect()
    });
    let first = |name: &Name| name.region.as_str().bytes().next().unwrap_or_default();
    let letter = letter.to_ascii_lowercase();
    let start = all.partition_point(|name| first(name) < letter);
    let end = all.partition_point(|name| first(name) <= letter);
    &all[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_region_begin_alike() {
        for region in Region::all() {
            let display = region.display_name();
            assert!(display.to_lowercase().starts_with(&region.as_str()[..1]), "{display}");
            assert_eq!(mentions(display), [(0..display.len(), region)]);
        }
    }

    #[test]
    fn regions_are_found_inside_names_and_sentences() {
        for (text, expected) in [
            ("sto-westeurope-01", "4..14 westeurope"),
            ("shopEastUS2sql", "4..11 eastus2"),
            ("southcentralus", "0..14 southcentralus"),
            ("into West Europe, not North Europe", "5..16 westeurope; 22..34 northeurope"),
            ("East US 2", "0..9 eastus2"),
            ("East USA", ""),
            ("the east us office", ""),
            ("westward", ""),
            ("global", ""),
        ] {
            let found: Vec<String> =
                mentions(text).iter().map(|(range, region)| format!("{range:?} {region}")).collect();
            assert_eq!(found.join("; "), expected, "{text}");
        }
    }
}
