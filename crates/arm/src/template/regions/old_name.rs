//! Texts that still say a globally unique name which has become a parameter: settings, connection strings, secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::{Tie, TieKind, Ties};
use crate::template::Template;
use crate::template::walk::literal::Literal;
use crate::template::walk::{Place, Seen, walk};

/// Shorter names are words of other texts, too.
const SHORTEST: usize = 6;

/// Every text of a template that says one of these names as a whole word.
pub(in crate::template) fn old_names(template: &Template, names: &BTreeSet<&str>) -> Vec<Tie> {
    let names = Names::of(names);
    let mut ties = Ties::of(&template.document);
    if names.is_empty() {
        return Vec::new();
    }
    walk(template.tree(), template.text(), &mut |place, seen| {
        let Seen::Text(literals) = seen else { return };
        for literal in literals.iter().filter(|literal| !literal.in_call(&["parameters", "variables"])) {
            if let Some(name) = names.said_in(&literal.text) {
                push(place, literal, name, &mut ties);
            }
        }
    });
    ties.in_order()
}

/// Names to look for. Names of resources ignore case.
struct Names<'n> {
    /// Those of one word, by how they are in lower case.
    words: BTreeMap<String, &'n str>,
    /// Others: groups may have dots and brackets in their names.
    others: Vec<(String, &'n str)>,
}

impl<'n> Names<'n> {
    fn of(names: &BTreeSet<&'n str>) -> Self {
        let long = names.iter().filter(|name| name.chars().count() >= SHORTEST);
        let folded = long.map(|name| (name.to_ascii_lowercase(), *name));
        let (words, others): (Vec<_>, Vec<_>) =
            folded.partition(|(folded, _)| folded.chars().all(is_of_word));
        Self { words: words.into_iter().collect(), others }
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.others.is_empty()
    }

    /// The first of the names that a text says, not as a part of a longer one.
    fn said_in(&self, text: &str) -> Option<&'n str> {
        let text = text.to_ascii_lowercase();
        let mut words = text.split(|c: char| !is_of_word(c));
        let word = words.find_map(|word| self.words.get(word).copied());
        word.or_else(|| self.others.iter().find(|(name, _)| says(&text, name)).map(|(_, name)| *name))
    }
}

fn push(place: &Place<'_, '_>, literal: &Literal, name: &str, ties: &mut Ties<'_>) {
    // The text around it may be a secret.
    let found = format!("the text still says the old name `{name}`");
    let change = "make the text of the parameter that the name has become".to_owned();
    ties.push(TieKind::OldName, literal.range.clone(), place.pointer(), found, change);
}

/// Whether a text has a name in it that is not a part of a longer one.
fn says(text: &str, name: &str) -> bool {
    let goes_on = |next: Option<char>| next.is_some_and(is_of_word);
    text.match_indices(name).any(|(at, _)| {
        !goes_on(text[..at].chars().next_back()) && !goes_on(text[at + name.len()..].chars().next())
    })
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_a_whole_word() {
        let names = Names::of(&BTreeSet::from(["stshopweu01", "rg.shop(weu)", "short"]));
        for (text, expected) in [
            ("stshopweu01", Some("stshopweu01")),
            ("AccountName=STshopweu01;AccountKey=", Some("stshopweu01")),
            ("(VaultName=stshopweu01)", Some("stshopweu01")),
            ("xstshopweu01", None),
            ("stshopweu01-backup", None),
            ("é stshopweu0", None),
            ("short", None),
            ("/resourceGroups/RG.shop(weu)/providers", Some("rg.shop(weu)")),
            ("rg.shop(weu)2", None),
        ] {
            assert_eq!(names.said_in(text), expected, "{text}");
        }
    }
}
