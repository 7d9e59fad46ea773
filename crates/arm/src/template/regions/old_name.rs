//! Texts that still say a globally unique name which has become a parameter: settings, connection strings, secrets.

use std::collections::BTreeSet;

use super::walk::{Place, Seen, walk};
use super::{Tie, TieKind, Ties};
use crate::template::Template;
use crate::template::regions::literal::Literal;

/// Shorter names are words of other texts, too.
const SHORTEST: usize = 6;

/// Every text of a template that says one of these names as a whole word.
pub(in crate::template) fn old_names(template: &Template, names: &BTreeSet<&str>) -> Vec<Tie> {
    let names: Vec<&str> = names.iter().copied().filter(|name| name.chars().count() >= SHORTEST).collect();
    let mut ties = Ties::of(&template.document);
    if names.is_empty() {
        return Vec::new();
    }
    walk(template.tree(), template.text(), &mut |place, seen| {
        let Seen::Text(literals) = seen else { return };
        for literal in literals.iter().filter(|literal| !literal.in_call(&["parameters", "variables"])) {
            let said = names.iter().find(|name| says(&literal.text, name));
            if let Some(name) = said {
                push(place, literal, name, &mut ties);
            }
        }
    });
    ties.in_order()
}

fn push(place: &Place<'_, '_>, literal: &Literal, name: &str, ties: &mut Ties<'_>) {
    // The text around it may be a secret.
    let found = format!("the text still says the old name `{name}`");
    let change = "make the text of the parameter that the name has become".to_owned();
    ties.push(TieKind::OldName, literal.range.clone(), place.pointer(), found, change);
}

/// Whether a text has a name in it that is not a part of a longer one. Names of resources ignore case.
fn says(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let goes_on = |next: Option<char>| next.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_');
    text.match_indices(&name).any(|(at, _)| {
        !goes_on(text[..at].chars().next_back()) && !goes_on(text[at + name.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_a_whole_word() {
        for (text, expected) in [
            ("stshopweu01", true),
            ("AccountName=STshopweu01;AccountKey=", true),
            ("(VaultName=stshopweu01)", true),
            ("xstshopweu01", false),
            ("stshopweu01-backup", false),
            ("é stshopweu0", false),
        ] {
            assert_eq!(says(text, "stshopweu01"), expected, "{text}");
        }
    }
}
