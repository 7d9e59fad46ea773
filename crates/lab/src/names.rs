//! Names that are unique across Azure, because they become host names.

use std::collections::BTreeMap;

use lifeboat_arm::ResourceId;

/// Who holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A resource.
    Resource(ResourceId),
    /// Nobody any more, but it is not free yet.
    Released,
}

/// All names that are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    taken: BTreeMap<String, Holder>,
}

/// The whole host name: the key under which a name is taken.
pub(crate) fn host(name: &str, suffix: &str) -> String {
    format!("{}.{suffix}", name.to_ascii_lowercase())
}

impl Names {
    pub(crate) fn holder(&self, host: &str) -> Option<&Holder> {
        self.taken.get(host)
    }

    pub(crate) fn take(&mut self, host: String, holder: Holder) {
        self.taken.insert(host, holder);
    }

    pub(crate) fn free(&mut self, host: &str) {
        self.taken.remove(host);
    }

    /// Frees what a resource holds.
    pub(crate) fn free_of(&mut self, id: &ResourceId) {
        self.taken.retain(|_, holder| !matches!(holder, Holder::Resource(own) if own == id));
    }
}
