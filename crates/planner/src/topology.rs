//! The workload as its templates declare it: two sites, what exists once, and the components that stand on both.

mod resources;
mod standing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::SignedDuration;
use lifeboat_arm::template::secrets::SecurePlace;
use lifeboat_arm::{Region, ResourceId, ResourceType};
use lifeboat_plan::SecretRef;
use serde_json::Value;

use crate::inventory::{Inventory, Source};
use crate::settings::Settings;

pub use resources::Resources;
pub(crate) use resources::Roots;
pub use standing::{Replaced, Standby};

/// The type of resource groups: places, and no components.
pub(crate) const GROUPS: &str = "Microsoft.Resources/resourceGroups";

/// One of the two regions, by the role it was given in the workload file. Roles do not swap when the workload moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Where the workload lives by choice.
    Primary,
    /// Where it goes when it must.
    Secondary,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Primary => Self::Secondary,
            Self::Secondary => Self::Primary,
        }
    }
}

/// A resource as a template declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its id.
    pub id: ResourceId,
    /// Its type.
    pub kind: ResourceType,
    /// The api-version that the template uses.
    pub api_version: String,
    /// Its region; none for global resources and children without one.
    pub location: Option<Region>,
    /// Everything else: sku, properties, tags …
    pub body: Arc<Value>,
    /// What it waits for.
    pub depends_on: Vec<ResourceId>,
    /// Where it is declared.
    pub source: Source,
}

/// A deployment of a template, complete: what is sent to create one site.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The file that the template was read from.
    pub file: String,
    /// The template as JSON, with every linked template written into it: what is sent needs no other file. Without
    /// links both sites share one.
    pub template: Arc<Value>,
    /// The pointers of the elements in it that declare a resource.
    pub elements: BTreeMap<ResourceId, Vec<Arc<str>>>,
    /// The parameters, `{name: {value}}`.
    pub parameters: Value,
    /// Where template and parameters hold values that must not be shown.
    pub secrets: Vec<SecurePlace>,
    /// The name it goes by where the template reads it (`deployment().name`): what is made of the name is then known
    /// beforehand. None where any name will do.
    pub name: Option<String>,
    /// Parameters whose default is drawn anew by every deployment. They are drawn once and given.
    pub drawn: Vec<String>,
    /// What it asks while it runs (`reference`, `list…`), and for which resource; none for outputs, its own and those of
    /// nested deployments.
    pub asks: Vec<(Option<ResourceId>, ResourceId)>,
}

impl Deployment {
    /// The resources that are asked when only these are deployed.
    pub fn asked_for<'a>(&'a self, kept: &'a BTreeSet<&ResourceId>) -> impl Iterator<Item = &'a ResourceId> {
        let asks = self.asks.iter().filter(|(whose, _)| whose.as_ref().is_none_or(|id| kept.contains(id)));
        asks.map(|(_, asked)| asked)
    }

    /// The value at a place of [`Self::secrets`].
    fn secret(&self, place: &SecurePlace) -> Option<&Value> {
        match place.at.strip_prefix("/template") {
            Some(rest) => self.template.pointer(rest),
            None => self.parameters.pointer(place.at.strip_prefix("/parameters")?),
        }
    }
}

/// A region and what the templates declare there.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The region.
    pub region: Region,
    /// What the template is deployed to: the group, or the subscription where the template makes its groups itself.
    pub scope: ResourceId,
    /// The group that the site's resources are in; of several, the one that holds the most of them.
    pub group: ResourceId,
    /// The region that holds the group's metadata: the site's own, unless one group holds both sites.
    pub group_region: Region,
    /// What is declared.
    pub resources: Resources,
    /// What the template builds on and does not declare: it exists already, parents first.
    pub presumed: Vec<Declared>,
    /// What is sent to create it.
    pub deployment: Deployment,
}

/// One Azure resource that the workload consists of, with its counterpart in the other region.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// A name for people, from what the two resource names share.
    pub name: String,
    /// The type.
    pub kind: ResourceType,
    /// The resource in the primary region, or the only one.
    pub primary: ResourceId,
    /// The resource in the secondary region; none for what exists once.
    pub secondary: Option<ResourceId>,
    /// What the templates call the two, once a fresh resource has taken the place of a declared one.
    pub replaced: Option<Replaced>,
}

impl Component {
    /// The resource on one side; the only one where there is but one.
    pub fn on(&self, side: Side) -> &ResourceId {
        match (side, &self.secondary) {
            (Side::Secondary, Some(id)) => id,
            _ => &self.primary,
        }
    }
}

/// What the owner wants from the failover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objectives {
    /// Recovery time.
    pub rto: SignedDuration,
    /// Recovery point.
    pub rpo: SignedDuration,
}

const PRIMARY: &str = "primary";
const SECONDARY: &str = "secondary";
const SHARED: &str = "shared";

/// The workload: everything that rules and planners know besides what was observed.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// The subscription.
    pub subscription: String,
    /// The primary site.
    pub primary: Site,
    /// The secondary site.
    pub secondary: Site,
    /// What exists once.
    pub shared: Option<Site>,
    /// The components, in template order.
    pub components: Vec<Component>,
    /// What is wanted.
    pub objectives: Objectives,
    /// Who may answer what is asked while a plan runs. Empty means anybody who may run Lifeboat.
    pub approvers: Vec<String>,
    /// What the owner says about components, each in the words of its service.
    pub settings: Settings,
}

impl Site {
    /// Whether the site's group is there before the template is deployed, and is not made by it.
    pub(crate) fn is_deployed_to_its_group(&self) -> bool {
        self.scope == self.group
    }
}

impl Workload {
    /// A site.
    pub fn site(&self, side: Side) -> &Site {
        match side {
            Side::Primary => &self.primary,
            Side::Secondary => &self.secondary,
        }
    }

    /// The regions of everything that the workload declares or builds on. Children mostly have none: they are where
    /// their parent is.
    pub fn regions(&self) -> BTreeMap<&ResourceId, &Region> {
        let presumed = self.sites().flat_map(|site| &site.presumed);
        // What one site builds on may be what the other declares: then its declaration tells.
        let all = presumed.chain(self.declared());
        all.filter_map(|declared| Some((&declared.id, declared.location.as_ref()?))).collect()
    }

    /// Every site, primary first, what exists once last.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        [&self.primary, &self.secondary].into_iter().chain(&self.shared)
    }

    /// All declared resources, primary first, what exists once last.
    pub fn declared(&self) -> impl Iterator<Item = &Declared> {
        self.primary
            .resources
            .iter()
            .chain(&self.secondary.resources)
            .chain(self.shared.iter().flat_map(|site| &site.resources))
    }

    /// Values that plans only name: who deploys has them, and nobody else gets to see them.
    pub fn secure_values(&self) -> impl Iterator<Item = (SecretRef, &Value)> {
        let sites = [
            (PRIMARY, Some(&self.primary)),
            (SECONDARY, Some(&self.secondary)),
            (SHARED, self.shared.as_ref()),
        ];
        let sites = sites.into_iter().filter_map(|(of, site)| Some((of, &site?.deployment)));
        sites.flat_map(|(of, deployment)| {
            deployment.secrets.iter().filter_map(move |place| {
                let secret = SecretRef::Parameter { deployment: of.to_owned(), name: place.name.clone() };
                Some((secret, deployment.secret(place)?))
            })
        })
    }

    /// Parameters that are drawn once and given, though their template would have every deployment draw them.
    pub fn drawn(&self) -> BTreeSet<&str> {
        let sites = [&self.primary, &self.secondary].into_iter().chain(&self.shared);
        sites.flat_map(|site| site.deployment.drawn.iter().map(String::as_str)).collect()
    }

    /// What a plan calls the deployment of a site when it names a secret of it.
    pub(crate) fn deployment_of(&self, site: &Site) -> &'static str {
        match &self.shared {
            Some(shared) if std::ptr::eq(shared, site) => SHARED,
            _ if std::ptr::eq(&raw const self.secondary, site) => SECONDARY,
            _ => PRIMARY,
        }
    }

    /// Where a resource is declared.
    pub fn declaration(&self, id: &ResourceId) -> Option<&Declared> {
        [&self.primary, &self.secondary]
            .into_iter()
            .chain(&self.shared)
            .find_map(|site| site.resources.find(id))
    }

    /// In which file and line a resource is declared, for people: `orders-bus-weu is declared in
    /// infra/regional.json:12`. What took the place of a declared one was made like it.
    pub fn declared_at(&self, id: &ResourceId) -> Option<String> {
        let sides = |component| [Side::Primary, Side::Secondary].map(|side| (component, side));
        let mut stands = self.components.iter().flat_map(sides);
        let stands = stands.find(|(component, side)| component.on(*side) == id);
        let declared = stands.map_or(id, |(component, side)| component.declared(side));
        match &self.declaration(declared)?.source {
            Source::Template { file, line, .. } => {
                Some(format!("{} is declared in {file}:{line}", declared.name()))
            }
            _ => None,
        }
    }

    /// What the templates alone tell. Lists that people often fill by hand (role assignments, private endpoints, event
    /// subscriptions) stay unknown unless a template fills them: unknown is never pass.
    pub fn declared_inventory(&self) -> Inventory {
        Inventory::of_declared(self.declared())
    }
}

/// Pairs what two sites declare into components: the same template expanded twice gives the same elements, so the place
/// in the template pairs them, and the type must agree. What a condition leaves out of one site shifts nothing. What is
/// one and the same in both, as a role assignment at the subscription is, exists once: unless it had to be in two
/// regions. Groups are places, and no components.
pub fn components(primary: &[Declared], secondary: &[Declared]) -> Vec<Component> {
    let top = |resources| -> Vec<&Declared> {
        let resources: &[Declared] = resources;
        let members = || resources.iter().filter(|declared| !declared.kind.is(GROUPS));
        let ids: BTreeSet<&ResourceId> = members().map(|declared| &declared.id).collect();
        members()
            .filter(|declared| {
                let mut parent = declared.id.parent();
                while let Some(id) = parent {
                    if ids.contains(&id) {
                        return false;
                    }
                    parent = id.parent();
                }
                true
            })
            .collect()
    };
    let (primary, secondary) = (top(primary), top(secondary));
    let mut twins: BTreeMap<(&str, String), VecDeque<&Declared>> = BTreeMap::new();
    for twin in secondary {
        twins.entry(place(twin)).or_default().push_back(twin);
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    primary
        .iter()
        .enumerate()
        .map(|(index, declared)| {
            let twin = twins.get_mut(&place(declared)).and_then(VecDeque::pop_front);
            let mut name = match twin {
                Some(twin) => shared_name(declared.id.name(), twin.id.name()),
                None => declared.id.name().to_owned(),
            };
            // Two components never share a name: step ids are made of them.
            let wanted = name.clone();
            let mut number = index + 1;
            while !taken.insert(name.clone()) {
                name = format!("{wanted}-{number}");
                number += 1;
            }
            Component {
                name,
                kind: declared.kind.clone(),
                primary: declared.id.clone(),
                secondary: twin.map(|twin| twin.id.clone()).filter(|id| {
                    *id != declared.id || twin.is_some_and(|twin| twin.location != declared.location)
                }),
                replaced: None,
            }
        })
        .collect()
}

/// The element that declares a resource, and its type: the same in both expansions of a template.
fn place(declared: &Declared) -> (&str, String) {
    let pointer = match &declared.source {
        Source::Template { pointer, .. } => pointer,
        _ => "",
    };
    (pointer, declared.kind.as_str().to_ascii_lowercase())
}

/// What two names share at their start, without trailing separators: `orders-bus-weu` and `orders-bus-neu` are
/// `orders-bus`. Falls back to the first name when they share too little to be recognised.
pub(crate) fn shared_name(a: &str, b: &str) -> String {
    let common: String = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    if common.len() == a.len() {
        return a.to_owned();
    }
    let cut = common.trim_end_matches(|c: char| !c.is_alphanumeric());
    if cut.len() >= 3 { cut.to_owned() } else { a.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_named_after_what_its_two_names_share() {
        assert_eq!(shared_name("orders-bus-weu", "orders-bus-neu"), "orders-bus");
        assert_eq!(shared_name("bus", "bus"), "bus");
        assert_eq!(shared_name("a1", "b1"), "a1");
    }
}
