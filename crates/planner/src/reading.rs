//! Reading templates: from one template and two sets of parameters to a [`Workload`].

mod bare;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_arm::template::{
    Context, DeploymentScope, Diagnostic, ExpandedResource, Expansion, Linked, ResourceGroupInfo, Template,
    expand,
};
use lifeboat_arm::{Region, ResourceId, ResourceType};
use serde_json::{Value, json};

use crate::inventory::Source;
use crate::topology::{
    Component, Deciding, Declared, Deployment, MessagingChoice, Objectives, Site, Workload, components,
};

pub use bare::{Assumed, Bare, BareError, read_bare};

/// One template, to be read for one site.
#[derive(Clone, Copy)]
pub struct SiteTemplate<'a> {
    /// The template.
    pub template: &'a Template,
    /// All its parameters' values.
    pub parameters: &'a BTreeMap<String, Value>,
    /// Where it is deployed: the group's name …
    pub group: &'a str,
    /// … and the group's region.
    pub region: &'a Region,
}

/// What is needed besides templates.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The workload's name.
    pub name: String,
    /// The subscription's GUID.
    pub subscription: String,
    /// What is wanted.
    pub objectives: Objectives,
    /// How it is decided.
    pub deciding: Deciding,
    /// Choices for messaging namespaces, by component or namespace name.
    pub messaging: BTreeMap<String, MessagingChoice>,
    /// What `utcNow` answers in templates.
    pub now: Timestamp,
}

/// Reads a workload whose regional template is deployed once per region.
///
/// # Errors
/// All diagnostics of all templates, when any of them is an error.
pub fn read(
    about: &About,
    primary: SiteTemplate<'_>,
    secondary: SiteTemplate<'_>,
    shared: Option<SiteTemplate<'_>>,
    linked: &dyn Linked,
) -> Result<Workload, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let regional = as_json(primary.template);
    let mut read_site = |site: SiteTemplate<'_>| {
        let expansion = expand_site(about, site, linked);
        wrong.extend(errors(&expansion));
        let is_regional = std::ptr::eq(site.template, primary.template);
        let template = if is_regional { Arc::clone(&regional) } else { as_json(site.template) };
        self::site(about, site, template, expansion)
    };
    let (primary, secondary, shared) = (read_site(primary), read_site(secondary), shared.map(&mut read_site));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut all = components(&primary.resources, &secondary.resources);
    if let Some(shared) = &shared {
        all.extend(components(&shared.resources, &[]));
    }
    Ok(assemble(about, primary, secondary, shared, all))
}

fn assemble(
    about: &About,
    primary: Site,
    secondary: Site,
    shared: Option<Site>,
    all: Vec<Component>,
) -> Workload {
    // The owner may name a component by its name or by the namespace it has in the primary region.
    let messaging = all
        .iter()
        .filter_map(|component| {
            let choice = about
                .messaging
                .get(&component.name)
                .or_else(|| about.messaging.get(component.primary.name()))?;
            Some((component.name.clone(), choice.clone()))
        })
        .collect();
    Workload {
        name: about.name.clone(),
        subscription: about.subscription.clone(),
        primary,
        secondary,
        shared,
        components: all,
        objectives: about.objectives.clone(),
        deciding: about.deciding.clone(),
        messaging,
    }
}

fn expand_site(about: &About, site: SiteTemplate<'_>, linked: &dyn Linked) -> Expansion {
    let context = Context {
        subscription: about.subscription.clone(),
        tenant: "00000000-0000-0000-0000-000000000000".to_owned(),
        resource_group: (site.template.scope() == DeploymentScope::ResourceGroup)
            .then(|| ResourceGroupInfo { name: site.group.to_owned(), location: site.region.to_string() }),
        location: Some(site.region.to_string()),
        deployment_name: format!("lifeboat-{}", about.name),
        management_group: None,
        now: about.now,
        new_guid_seed: about.name.clone(),
        groups: BTreeMap::new(),
    };
    expand(site.template, site.parameters, &context, linked)
}

fn errors(expansion: &Expansion) -> Vec<Diagnostic> {
    let is_error = |found: &&Diagnostic| found.severity >= lifeboat_arm::template::Severity::Error;
    expansion.diagnostics.iter().filter(is_error).cloned().collect()
}

fn as_json(template: &Template) -> Arc<Value> {
    Arc::new(template.tree().to_value())
}

fn site(about: &About, site: SiteTemplate<'_>, template: Arc<Value>, expansion: Expansion) -> Site {
    Site {
        region: site.region.clone(),
        group: ResourceId::group(&about.subscription, site.group),
        group_region: site.region.clone(),
        resources: expansion.resources.into_iter().filter_map(declared).collect(),
        deployment: Deployment {
            file: site.template.file().to_owned(),
            template,
            parameters: site
                .parameters
                .iter()
                .map(|(name, value)| (name.clone(), json!({ "value": value })))
                .collect(),
        },
    }
}

/// A resource that will be created; what is only read, and the records of nested deployments, are none.
fn declared(resource: ExpandedResource) -> Option<Declared> {
    if resource.existing || resource.deployment.is_some() {
        return None;
    }
    Some(Declared {
        id: ResourceId::parse(&resource.id).ok()?,
        kind: ResourceType::new(resource.kind),
        api_version: resource.api_version,
        location: resource.location.as_deref().map(Region::lenient),
        body: resource.body,
        depends_on: resource.depends_on.iter().filter_map(|id| ResourceId::parse(id).ok()).collect(),
        source: Source::Template {
            file: resource.origin.file,
            line: u32::try_from(resource.origin.position.line).unwrap_or(u32::MAX),
            pointer: resource.origin.pointer,
        },
    })
}
