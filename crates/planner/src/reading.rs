//! Reading templates: from one template and two sets of parameters to a [`Workload`].

mod bare;
mod itself;
mod locations;
mod presumed;
mod scope;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_arm::template::links::self_contained;
use lifeboat_arm::template::secrets::{Secrets, secure_places, veil, veil_mistakes};
use lifeboat_arm::template::{
    Context, DeploymentScope, Diagnostic, ExpandedResource, Expansion, Linked, ResourceGroupInfo, Severity,
    Template, expand,
};
use lifeboat_arm::tree::Node;
use lifeboat_arm::{Region, ResourceId, ResourceType};
use serde_json::{Value, json};

use crate::inventory::Source;
use crate::settings::{Entry, Settings};
use crate::topology::{Component, Declared, Deployment, Objectives, Resources, Site, Workload, components};

pub use bare::{Assumed, Assumption, Bare, BareError, read_bare};
pub(crate) use itself::name_of;
pub use locations::NOWHERE;

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
#[derive(Debug, Clone)]
pub struct About {
    /// The workload's name.
    pub name: String,
    /// The subscription's GUID.
    pub subscription: String,
    /// What is wanted.
    pub objectives: Objectives,
    /// Who may answer what is asked while a plan runs; empty means anybody who may run Lifeboat.
    pub approvers: Vec<String>,
    /// What the workload file says about components in the sections of their services.
    pub settings: Vec<Entry>,
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
    let template = primary.template;
    let in_its_group = |asked| -> Result<Site, Vec<Diagnostic>> {
        let site = read_site(about, asked, linked)?;
        scope::is_in_its_group(asked, &site)?;
        Ok(site)
    };
    let (primary, secondary) = (in_its_group(primary), in_its_group(secondary));
    let shared = shared.map(in_its_group).transpose();
    let (primary, secondary, shared) = match (primary, secondary, shared) {
        (Ok(primary), Ok(secondary), Ok(shared)) => (primary, secondary, shared),
        (primary, secondary, shared) => {
            let mut wrong: Vec<Diagnostic> =
                [primary.err(), secondary.err(), shared.err()].into_iter().flatten().flatten().collect();
            // Both sites are made of one file: what is wrong with it is said once.
            let mut said = BTreeSet::new();
            wrong.retain(|found| said.insert((found.file.clone(), found.range.start, found.message.clone())));
            return Err(wrong);
        }
    };
    together(about, template, primary, secondary, shared)
}

fn together(
    about: &About,
    template: &Template,
    mut primary: Site,
    mut secondary: Site,
    mut shared: Option<Site>,
) -> Result<Workload, Vec<Diagnostic>> {
    scope::are_apart(template, &primary, &secondary)?;
    presumed::in_their_groups(&mut primary, &mut secondary, shared.as_mut());
    presumed::once(&mut primary, &mut secondary);
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
    Workload {
        name: about.name.clone(),
        subscription: about.subscription.clone(),
        primary,
        secondary,
        shared,
        settings: Settings::resolve(&about.settings, &all),
        components: all,
        objectives: about.objectives.clone(),
        approvers: about.approvers.clone(),
    }
}

/// The world that a site's template is expanded in.
fn context_of(about: &About, site: SiteTemplate<'_>) -> Context {
    Context {
        subscription: about.subscription.clone(),
        tenant: "00000000-0000-0000-0000-000000000000".to_owned(),
        resource_group: (site.template.scope() == DeploymentScope::ResourceGroup)
            .then(|| ResourceGroupInfo { name: site.group.to_owned(), location: site.region.to_string() }),
        location: Some(site.region.to_string()),
        deployment_name: scope::deployment_name(about, site),
        management_group: None,
        now: about.now,
        // Two regions that draw the same would compete for one name.
        new_guid_seed: format!("{}/{}", about.name, site.group),
        groups: BTreeMap::new(),
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity >= Severity::Error
}

/// What a template makes of a site, or everything that is wrong with it.
fn read_site(about: &About, site: SiteTemplate<'_>, linked: &dyn Linked) -> Result<Site, Vec<Diagnostic>> {
    let scope = scope::deployed_to(about, site)?;
    let context = context_of(about, site);
    let drawn = itself::drawn(site.template, site.parameters, &context);
    let given = itself::with_drawn(site.parameters, &drawn);
    let site = SiteTemplate { parameters: &given, ..site };
    let mut expansion = expand(site.template, site.parameters, &context, linked);
    let template = if expansion.links.is_empty() {
        Ok(site.template.json())
    } else {
        self_contained(&site.template.json(), &expansion.links).map(Arc::new)
    };
    let nowhere = locations::nowhere(site, &expansion);
    if !expansion.is_clean() || !nowhere.is_empty() {
        let whole = template.unwrap_or_else(|_| site.template.json());
        return Err(mistakes(site, expansion, &nowhere, &whole, &context));
    }
    if let Ok(template) = &template {
        veil(&mut expansion, site.template.file(), template, site.parameters, &context);
    }
    let ids: Vec<Option<ResourceId>> =
        expansion.resources.iter().map(|resource| ResourceId::parse(&resource.id).ok()).collect();
    let elements = elements(&expansion, &ids);
    let presumed = presumed::presumed(&expansion, &ids, &scope, site.region);
    let asks = asks(&expansion, &ids);
    let resources = expansion.resources.into_iter().zip(&ids);
    let resources: Resources =
        resources.filter_map(|(resource, id)| declared(resource, id.clone()?, &ids)).collect();
    let group = scope::group(about, site, &scope, &resources)?;
    let template = template.map_err(|error| {
        let hint = "give each turn of the loop a deployment of its own, so that it can be sent in one piece";
        let message = Secrets::of(&site.template.json(), site.parameters).cover(&error.to_string());
        vec![complaint(site.template, "two-links", message, "resources", hint)]
    })?;
    let parameters: Value =
        site.parameters.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))).collect();
    Ok(Site {
        region: site.region.clone(),
        presumed,
        group_region: scope::region_of(&group, &resources, site.region),
        scope,
        group,
        deployment: Deployment {
            file: site.template.file().to_owned(),
            secrets: secure_places(&template, &parameters),
            name: itself::is_named_in(&template).then_some(context.deployment_name),
            drawn: drawn.into_keys().collect(),
            asks,
            template,
            elements,
            parameters,
        },
        resources,
    })
}

/// Everything that is wrong with a site, without what is made of secrets.
fn mistakes(
    site: SiteTemplate<'_>,
    mut expansion: Expansion,
    nowhere: &[Diagnostic],
    whole: &Value,
    context: &Context,
) -> Vec<Diagnostic> {
    veil_mistakes(&mut expansion, site.template.file(), whole, site.parameters, context);
    // A location that is covered is no region either: of those only what was wrong before.
    let was_wrong =
        |found: &Diagnostic| nowhere.iter().any(|one| one.file == found.file && one.range == found.range);
    let nowhere = locations::nowhere(site, &expansion).into_iter().filter(was_wrong);
    let wrong: Vec<Diagnostic> =
        expansion.diagnostics.iter().filter(|found| is_error(found)).cloned().collect();
    wrong.into_iter().chain(nowhere).collect()
}

/// What a deployment asks while it runs. Of its own parts, the nested deployments, nobody else is asked.
fn asks(expansion: &Expansion, ids: &[Option<ResourceId>]) -> Vec<(Option<ResourceId>, ResourceId)> {
    let of_bodies = expansion
        .resources
        .iter()
        .zip(ids)
        .flat_map(|(resource, id)| resource.deferred.iter().map(move |deferred| (id.clone(), deferred)));
    let nested = expansion.resources.iter().filter_map(|resource| resource.deployment.as_ref());
    let outputs = nested.map(|nested| &nested.outputs).chain([&expansion.outputs]).flat_map(BTreeMap::values);
    let of_outputs = outputs.flat_map(|output| &output.deferred).map(|deferred| (None, deferred));
    let mut asks: Vec<_> = of_bodies
        .chain(of_outputs)
        .flat_map(|(whose, deferred)| deferred.references.iter().map(move |asked| (whose.clone(), asked)))
        .filter_map(|(whose, asked)| Some((whose, ResourceId::parse(asked).ok()?)))
        .filter(|(_, asked)| asked.kind().is_some_and(|kind| !kind.is("Microsoft.Resources/deployments")))
        .collect();
    asks.sort();
    asks.dedup();
    asks
}

/// Where each resource stands in the template that is sent.
fn elements(expansion: &Expansion, ids: &[Option<ResourceId>]) -> BTreeMap<ResourceId, Vec<Arc<str>>> {
    let mut elements: BTreeMap<ResourceId, Vec<Arc<str>>> = BTreeMap::new();
    for (resource, id) in expansion.resources.iter().zip(ids) {
        if let Some(id) = id.as_ref().filter(|_| resource.deployment.is_none()) {
            elements.entry(id.clone()).or_default().push(Arc::clone(&resource.origin.written_at));
        }
    }
    elements
}

/// What is wrong with a template as a whole, shown at one of its members.
fn complaint(
    template: &Template,
    code: &'static str,
    message: String,
    member: &str,
    hint: &str,
) -> Diagnostic {
    let place = template.tree().get(member).map_or(0..0, |node: &Node| node.range.clone());
    let pointer = format!("/{member}");
    complaint_at(template, code, message, (place, pointer), hint)
}

/// What is wrong at one place of a template.
fn complaint_at(
    template: &Template,
    code: &'static str,
    message: String,
    (place, pointer): (Range<usize>, String),
    hint: &str,
) -> Diagnostic {
    // A long list would be shown whole: its first character is enough.
    let range = place.start..place.end.min(place.start + 120);
    let range = if template.text().get(range.clone()).is_some_and(|text| !text.contains('\n')) {
        range
    } else {
        place.start..(place.start + 1).min(place.end)
    };
    let before = template.text().get(..range.start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Diagnostic {
        code,
        severity: Severity::Error,
        message,
        file: template.file().to_owned(),
        position: lifeboat_arm::tree::Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        },
        range,
        pointer,
        hint: Some(hint.to_owned()),
        chain: Vec::new(),
    }
}

/// A resource that will be created; what is only read, and the records of nested deployments, are none.
fn declared(resource: ExpandedResource, id: ResourceId, ids: &[Option<ResourceId>]) -> Option<Declared> {
    if resource.existing || resource.deployment.is_some() {
        return None;
    }
    let mut named = BTreeSet::from([&id]);
    let before = resource.waits_for.iter().filter_map(|&place| ids[place].as_ref());
    let depends_on = before.filter(|id| named.insert(id)).cloned().collect();
    Some(Declared {
        id,
        kind: ResourceType::new(resource.kind),
        api_version: resource.api_version,
        location: resource.location.as_deref().map(Region::lenient),
        body: resource.body.into(),
        depends_on,
        source: Source::Template {
            file: resource.origin.file,
            line: u32::try_from(resource.origin.position.line).unwrap_or(u32::MAX),
            pointer: resource.origin.pointer,
        },
    })
}
