//! What an expanded template is: resources in full, outputs, mistakes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::deferred::Deferred;
use super::links::FollowedLink;
use crate::template::diagnostic::{Diagnostic, Severity};
use crate::tree::Position;

/// The world around a deployment, as far as expressions can see it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The id of the subscription.
    pub subscription: String,
    /// The id of the tenant.
    pub tenant: String,
    /// The group, if the deployment goes into one.
    pub resource_group: Option<ResourceGroupInfo>,
    /// The location of a deployment above groups.
    pub location: Option<String>,
    /// The name of the deployment.
    pub deployment_name: String,
    /// The management group, if known.
    pub management_group: Option<String>,
    /// What `utcNow` answers.
    pub now: Timestamp,
    /// What `newGuid` draws from; the same seed gives the same ids.
    pub new_guid_seed: String,
    /// Locations of other groups that nested deployments may name; keys in lower case.
    pub groups: BTreeMap<String, String>,
}

impl Context {
    /// A deployment into a resource group, with what is seldom asked filled in: no tenant is known (its id is all zeros), the
    /// deployment is called `main`, and `newGuid` draws from the time. Change what matters:
    ///
    /// ```
    /// # use lifeboat_arm::template::Context;
    /// let now = jiff::Timestamp::UNIX_EPOCH;
    /// let context = Context {
    ///     deployment_name: "release-7".into(),
    ///     ..Context::for_group("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "shop", "westeurope", now)
    /// };
    /// ```
    pub fn for_group(subscription: &str, group: &str, location: &str, now: Timestamp) -> Self {
        Self {
            subscription: subscription.to_owned(),
            tenant: uuid::Uuid::nil().to_string(),
            resource_group: Some(ResourceGroupInfo { name: group.to_owned(), location: location.to_owned() }),
            location: None,
            deployment_name: "main".to_owned(),
            management_group: None,
            now,
            new_guid_seed: now.to_string(),
            groups: BTreeMap::new(),
        }
    }
}

/// The resource group of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroupInfo {
    /// Its name, spelled as Azure spells it: names are hashed from it.
    pub name: String,
    /// Its location.
    pub location: String,
}

/// Finds linked templates. The engine itself opens no file and no connection.
pub trait Linked {
    /// What a link leads to, if it is there.
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate>;
}

/// A link to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// A URI, or a path that starts where the path of the root template starts.
    pub to: &'a str,
    /// The file that links, as the caller or [`Linked::load`] named it.
    pub from: &'a str,
}

/// A template that another one links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedTemplate {
    /// How diagnostics name it, and what its own relative links start from.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Loads nothing: every link becomes a diagnostic.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLinks;

impl Linked for NoLinks {
    fn load(&self, _: Link<'_>) -> Option<LinkedTemplate> {
        None
    }
}

/// A template with everything known put in.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Expansion {
    /// The resources, nested deployments flattened; a deployment comes after its resources.
    pub resources: Vec<ExpandedResource>,
    /// The outputs of the root template.
    pub outputs: BTreeMap<String, Output>,
    /// What is wrong, and what is doubtful; of each the first 500.
    pub diagnostics: Vec<Diagnostic>,
    /// The links that were followed, outer ones first.
    pub links: Vec<FollowedLink>,
}

impl Expansion {
    /// Whether Azure would (as far as the engine knows) accept the template.
    pub fn is_clean(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error)
    }

    /// Of each resource the place of the nested deployment that it lies in; none in the outermost. Deployments may have one
    /// name: only the right one waits for what it holds.
    pub fn parents(&self) -> Vec<Option<usize>> {
        let mut parents = vec![None; self.resources.len()];
        for (at, deployment) in self.resources.iter().enumerate().filter(|(_, one)| one.deployment.is_some())
        {
            for held in &deployment.waits_for {
                let around = self.resources[*held].deployment_chain.split_last();
                if around == Some((&deployment.name, deployment.deployment_chain.as_slice())) {
                    parents[*held] = Some(at);
                }
            }
        }
        parents
    }
}

/// One resource as it would be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandedResource {
    /// The full id.
    pub id: String,
    /// The full type, such as `Microsoft.ServiceBus/namespaces/queues`.
    pub kind: String,
    /// The full name, such as `orders/incoming`.
    pub name: String,
    /// The version of the provider's API.
    pub api_version: String,
    /// The location, unless the type has none or it is deferred.
    pub location: Option<String>,
    /// The id of the scope that the resource is in, `/` for the tenant.
    pub scope: String,
    /// The ids of what must be there before; only resources of this expansion. A resource of a nested
    /// deployment also waits for what the deployment waits for, and the deployment waits for its resources.
    pub depends_on: Vec<String>,
    /// The same as places in [`Expansion::resources`]. Templates may deploy one id twice (a network, then the same
    /// with name servers), and only this tells the two apart.
    pub waits_for: Vec<usize>,
    /// Those of them that no `dependsOn` names, only a `reference`.
    pub implied: Vec<usize>,
    /// What to PUT: everything but name, type, apiVersion, dependsOn, condition, copy, scope and resources.
    pub body: Json,
    /// The places of the body that only the run can fill.
    pub deferred: Vec<Deferred>,
    /// What of the name and the place only the run can tell (`/name`, `/scope` …). Until then a stand-in of the same shape
    /// stands in `name`, `scope` and `id`: a nested deployment may be given what another resource answers.
    pub unsettled: Vec<Deferred>,
    /// It is read, not created.
    pub existing: bool,
    /// It stands for a nested deployment, whose resources are listed on their own.
    pub deployment: Option<NestedDeployment>,
    /// The names of the nested deployments around it, outermost first.
    pub deployment_chain: Vec<String>,
    /// The symbolic name, if the template has such.
    pub symbol: Option<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// What a nested or linked deployment adds to its resource.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct NestedDeployment {
    /// The outputs.
    pub outputs: BTreeMap<String, Output>,
    /// `Incremental` or `Complete`.
    pub mode: String,
}

/// A value that a deployment answers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// The declared type, as written.
    pub kind: String,
    /// The value; expressions stand at the places listed in `deferred`.
    pub value: Json,
    /// The places that only the run can fill.
    pub deferred: Vec<Deferred>,
    pub(crate) secure: bool,
}

impl Output {
    /// Whether it must not be shown: its type is secure, or that of a part.
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Origin {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// The bytes.
    pub range: Range<usize>,
    /// Line and column of the start.
    pub position: Position,
    /// The JSON pointer in the file.
    pub pointer: Arc<str>,
    /// The JSON pointer in the root template, once every linked template is written into it (`self_contained`).
    pub written_at: Arc<str>,
}
