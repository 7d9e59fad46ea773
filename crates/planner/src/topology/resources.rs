//! What a site declares, in order, and found by id: nobody who plans for one resource has to look at all of them.

use std::collections::BTreeMap;
use std::ops::Deref;

use lifeboat_arm::ResourceId;

use super::Declared;

/// Declared resources in the order in which the template declares them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resources {
    all: Vec<Declared>,
    /// Positions in the order of their ids; equal ids in the order of the template.
    by_id: Vec<usize>,
}

impl Resources {
    /// The resource with this id; the first of several.
    pub fn find(&self, id: &ResourceId) -> Option<&Declared> {
        let from = self.by_id.partition_point(|&at| self.all[at].id.folded() < id.folded());
        self.by_id.get(from).map(|&at| &self.all[at]).filter(|declared| declared.id == *id)
    }

    /// The resource with this id and everything below it, in the order of the template.
    pub fn within(&self, root: &ResourceId) -> Vec<&Declared> {
        let below = format!("{}/", root.folded());
        let from = |text: &str| self.by_id.partition_point(|&at| self.all[at].id.folded() < text);
        let starting = |text: &str| self.by_id[from(text)..].iter().copied();
        let mut found: Vec<usize> = starting(root.folded())
            .take_while(|&at| self.all[at].id == *root)
            .chain(starting(&below).take_while(|&at| self.all[at].id.folded().starts_with(&below)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|at| &self.all[at]).collect()
    }

    /// Keeps only these.
    pub fn retain(&mut self, keep: impl FnMut(&Declared) -> bool) {
        let mut all = std::mem::take(&mut self.all);
        all.retain(keep);
        *self = all.into();
    }
}

impl From<Vec<Declared>> for Resources {
    fn from(mut all: Vec<Declared>) -> Self {
        // It may have been collected into the room of something larger.
        all.shrink_to_fit();
        let mut by_id: Vec<usize> = (0..all.len()).collect();
        by_id.sort_by(|&a, &b| all[a].id.cmp(&all[b].id));
        Self { all, by_id }
    }
}

impl FromIterator<Declared> for Resources {
    fn from_iter<T: IntoIterator<Item = Declared>>(all: T) -> Self {
        all.into_iter().collect::<Vec<_>>().into()
    }
}

impl Deref for Resources {
    type Target = [Declared];
    fn deref(&self) -> &[Declared] {
        &self.all
    }
}

impl<'a> IntoIterator for &'a Resources {
    type Item = &'a Declared;
    type IntoIter = std::slice::Iter<'a, Declared>;
    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl IntoIterator for Resources {
    type Item = Declared;
    type IntoIter = std::vec::IntoIter<Declared>;
    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

/// Ids by number, found by what lies within them.
pub(crate) struct Roots<'a>(BTreeMap<&'a str, Vec<usize>>);

impl<'a> Roots<'a> {
    /// Numbers them in this order.
    pub(crate) fn new(ids: impl IntoIterator<Item = &'a ResourceId>) -> Self {
        let mut roots: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, id) in ids.into_iter().enumerate() {
            roots.entry(id.folded()).or_default().push(number);
        }
        Self(roots)
    }

    /// The numbers of all that this id is or lies in.
    pub(crate) fn around<'b>(&'b self, id: &'b ResourceId) -> impl Iterator<Item = usize> + 'b {
        std::iter::successors(Some(id.folded()), |text| Some(&text[..text.rfind('/')?]))
            .filter_map(|text| self.0.get(text))
            .flatten()
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_arm::ResourceType;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::inventory::Source;

    fn declared(path: &str, position: usize) -> Declared {
        Declared {
            id: path.parse().unwrap(),
            kind: ResourceType::new("A.B/c"),
            api_version: position.to_string(),
            location: None,
            body: Value::Null.into(),
            depends_on: Vec::new(),
            source: Source::Observed,
        }
    }

    fn paths() -> impl Strategy<Value = Vec<String>> {
        let path = prop::collection::vec(prop::sample::select(vec!["a", "A", "b", "a-b", "ab"]), 1..4)
            .prop_map(|names| {
                let tail = names.iter().fold(String::new(), |tail, name| tail + "/t/" + name);
                format!("/subscriptions/s/resourceGroups/g/providers/A.B{tail}")
            });
        prop::collection::vec(path, 1..20)
    }

    proptest! {
        #[test]
        fn an_index_finds_what_a_search_finds(paths in paths(), roots in paths()) {
            let resources: Resources =
                paths.iter().enumerate().map(|(position, path)| declared(path, position)).collect();
            let ids: Vec<ResourceId> = roots.iter().map(|root| root.parse().unwrap()).collect();
            let index = Roots::new(&ids);
            for id in &ids {
                prop_assert_eq!(resources.find(id), resources.iter().find(|declared| declared.id == *id));
                let within: Vec<&Declared> =
                    resources.iter().filter(|declared| declared.id.is_within(id)).collect();
                prop_assert_eq!(resources.within(id), within);
            }
            for one in &resources {
                let mut around: Vec<usize> = index.around(&one.id).collect();
                around.sort_unstable();
                let searched: Vec<usize> =
                    (0..ids.len()).filter(|&number| one.id.is_within(&ids[number])).collect();
                prop_assert_eq!(around, searched);
            }
        }
    }
}
