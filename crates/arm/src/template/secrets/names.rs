//! Names and ids that are made of secrets, and what is said of them.

use std::collections::BTreeMap;

use super::VEIL;
use super::spelled::Secrets;
use crate::template::expand::expansion::{ExpandedResource, Expansion};

/// How it is told that a name is made of a secret.
#[derive(Clone, Copy)]
pub(super) enum How<'a> {
    /// It is another one when the secrets are.
    Compared(&'a Expansion, &'a Expansion),
    /// It holds one of these.
    Searched(&'a Secrets),
}

/// Covers names, ids and places of resources, and names in what is said of them. Of a path only the parts that are made of
/// a secret are covered.
pub(super) fn cover_names(expansion: &mut Expansion, how: How<'_>) {
    let (mut ids, mut names) = (BTreeMap::new(), BTreeMap::new());
    for (at, resource) in expansion.resources.iter_mut().enumerate() {
        let covered = |part: fn(&ExpandedResource) -> &str| how.covered(at, part, part(resource));
        let (id, name) = (covered(|one| &one.id), covered(|one| &one.name));
        let (scope, location) =
            (covered(|one| &one.scope), covered(|one| one.location.as_deref().unwrap_or_default()));
        ids.insert(std::mem::replace(&mut resource.id, id.clone()), id);
        names.insert(std::mem::replace(&mut resource.name, name.clone()), name);
        resource.scope = scope;
        resource.location = resource.location.take().map(|_| location);
    }
    names.retain(|name, covered| name != covered && !name.is_empty());
    let replace = |texts: &mut [String], by: &BTreeMap<String, String>| {
        for text in texts {
            if let Some(covered) = by.get(text) {
                text.clone_from(covered);
            }
        }
    };
    for resource in &mut expansion.resources {
        replace(&mut resource.depends_on, &ids);
        replace(&mut resource.deployment_chain, &names);
    }
    // The longest first: one may be a part of another.
    let mut longest: Vec<(&String, &String)> = names.iter().collect();
    longest.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let say = |text: &mut String| {
        for (name, covered) in &longest {
            if text.contains(name.as_str()) {
                *text = text.replace(name.as_str(), covered);
            }
        }
    };
    for found in &mut expansion.diagnostics {
        replace(&mut found.chain, &names);
        say(&mut found.message);
        found.hint.as_mut().map(say).unwrap_or_default();
    }
}

impl How<'_> {
    fn covered(self, at: usize, part: fn(&ExpandedResource) -> &str, own: &str) -> String {
        match self {
            Self::Compared(plain, varied) => {
                let [plain, varied] = [plain, varied].map(|one| part(&one.resources[at]));
                let [mine, plain_parts, varied_parts] =
                    [own, plain, varied].map(|path| path.split('/').collect::<Vec<_>>());
                if plain == varied {
                    return own.to_owned();
                }
                if mine.len() != plain_parts.len() || mine.len() != varied_parts.len() {
                    return VEIL.to_owned();
                }
                let pairs = plain_parts.iter().zip(&varied_parts).map(|(plain, varied)| plain != varied);
                parts(&mine, pairs)
            }
            Self::Searched(secrets) => {
                let holds = |text: &str| secrets.are_in(text);
                let mine: Vec<&str> = own.split('/').collect();
                let covered = parts(&mine, mine.iter().map(|part| holds(part)));
                // A secret may have slashes itself.
                if holds(&covered) { VEIL.to_owned() } else { covered }
            }
        }
    }
}

fn parts(path: &[&str], is_secret: impl Iterator<Item = bool>) -> String {
    let shown = |(part, is_secret): (&&str, bool)| if is_secret { VEIL } else { *part }.to_owned();
    path.iter().zip(is_secret).map(shown).collect::<Vec<_>>().join("/")
}
