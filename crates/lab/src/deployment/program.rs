//! From the body of a deployment to resources in full: the only file that speaks to the template engine.

use std::collections::BTreeMap;

use lifeboat_arm::template::links::self_contained;
use lifeboat_arm::template::secrets::{veil, veil_mistakes};
use lifeboat_arm::template::{
    Context, ExpandedResource, Expansion, NestedDeployment, Output, ResourceGroupInfo, expand,
};
use lifeboat_arm::{Region, ResourceId};
use serde_json::Value;

use super::asked::{Asked, Mode};
use super::contents::Contents;
use super::refusals::{LOCATION_MISSING, LOCATION_NOT_ALLOWED, MODE_NESTED, MODE_NOT_HERE, SEVERAL};
use super::{limits, mistakes};
use crate::lab::Lab;
use crate::refusal::{Refused, refuse};
use crate::scope::Scope;

/// What a deployment is going to do. It never changes while it does it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Program {
    /// Everything, nested deployments flattened.
    pub(super) resources: Vec<ExpandedResource>,
    /// For each resource the place of the nested deployment that it lies in; none in the outermost.
    pub(super) inside: Vec<Option<usize>>,
    /// The same from above: what lies directly in each, in order.
    own: BTreeMap<Option<usize>, Vec<usize>>,
    pub(super) outputs: BTreeMap<String, Output>,
    /// The template with what it links to written into it, for the hashes of nested ones.
    pub(super) whole: Value,
}

impl Program {
    fn new(expansion: Expansion, whole: Value) -> Self {
        let inside = expansion.parents();
        let mut own: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (at, around) in inside.iter().enumerate() {
            own.entry(*around).or_default().push(at);
        }
        let Expansion { resources, outputs, .. } = expansion;
        Self { resources, inside, own, outputs, whole }
    }

    /// The places of what lies directly in the deployment itself (none) or in a nested one.
    pub(super) fn own(&self, within: Option<usize>) -> impl Iterator<Item = usize> {
        self.own.get(&within).into_iter().flatten().copied()
    }

    /// Whether a resource lies in a nested deployment, however deep; everything lies in the outermost.
    pub(super) fn is_inside(&self, at: usize, within: Option<usize>) -> bool {
        let mut next = self.inside[at];
        loop {
            match next {
                place if place == within => return true,
                Some(outer) => next = self.inside[outer],
                None => return false,
            }
        }
    }

    /// The nested deployments with their places, inner ones first.
    pub(super) fn nested(&self) -> impl Iterator<Item = (usize, &ExpandedResource, &NestedDeployment)> {
        let all = self.resources.iter().enumerate();
        all.filter_map(|(at, resource)| Some((at, resource, resource.deployment.as_ref()?)))
    }

    /// The template of a nested deployment, without literal secrets; null where it cannot be found again.
    pub(super) fn template_of(&self, at: usize) -> Value {
        self.written_at(at).cloned().unwrap_or_default()
    }

    pub(super) fn written_at(&self, at: usize) -> Option<&Value> {
        self.whole.pointer(&format!("{}/properties/template", self.resources[at].origin.written_at))
    }

    /// The hash of a nested template.
    pub(super) fn hash_of(&self, at: usize) -> String {
        let template = self.template_of(at).to_string();
        lifeboat_arm::tree::Node::parse(&template)
            .map(|tree| super::asked::hash_of(&tree))
            .unwrap_or_default()
    }
}

impl Lab {
    /// Reads what is asked and expands the template; every mistake is a refusal, and nothing has happened yet.
    pub(super) fn program(&mut self, id: &ResourceId, body: &Value) -> Result<(Asked, Program), Refused> {
        limits::check_size(body)?;
        let scope = Scope::of(id);
        let properties = &body["properties"];
        let template = self.template_of(id.name(), properties)?.at(scope.level());
        let given = self.given_values(id.name(), properties)?;
        let asked = Asked::read(body, &template)?;
        let complete = asked.mode == Mode::Complete;
        refuse(complete && scope.group().is_none(), &MODE_NOT_HERE, &[])?;
        let context = self.context(id, &scope, asked.location.as_ref());
        let mut expansion = expand(&template, &given, &context, &Contents::new(self));
        // A loop that links to another file in each turn cannot be written into one template; then links stay links.
        let written = self_contained(&template.json(), &expansion.links);
        let whole = written.unwrap_or_else(|_| Value::clone(&template.json()));
        if !expansion.is_clean() {
            veil_mistakes(&mut expansion, template.file(), &whole, &given, &context);
            return Err(mistakes::refusal(&expansion.diagnostics));
        }
        // Azure takes a password and never shows it. What is kept here is shown as it is, so a secret is not kept: nothing
        // in the lab asks for one.
        veil(&mut expansion, template.file(), &whole, &given, &context);
        check_nested(&expansion)?;
        let program = Program::new(expansion, super::asked::without_secrets(&whole));
        limits::check(&program)?;
        Ok((asked, program))
    }

    fn context(&self, id: &ResourceId, scope: &Scope, location: Option<&Region>) -> Context {
        let subscription = id.subscription().unwrap_or_default();
        let group = scope.group().and_then(|group| self.world.groups.all.get(group));
        let known = |group: &&crate::group::Group| group.id.subscription() == Some(subscription);
        // A name of another subscription's group must not hide one of the own.
        let (own, others): (Vec<_>, Vec<_>) = self.world.groups.all.values().partition(known);
        let groups = others.into_iter().chain(own);
        Context {
            subscription: subscription.to_owned(),
            tenant: self.tenant(subscription).to_owned(),
            resource_group: group.map(|group| ResourceGroupInfo {
                name: group.id.name().to_owned(),
                location: group.location.as_str().to_owned(),
            }),
            location: location.map(|region| region.as_str().to_owned()),
            deployment_name: id.name().to_owned(),
            management_group: match scope {
                Scope::ManagementGroup(id) => Some(id.name().to_owned()),
                _ => None,
            },
            now: self.now,
            new_guid_seed: self.world.dice.guid("new-guid", &format!("{id}@{}", self.now)).to_string(),
            groups: groups
                .map(|group| (group.id.name().to_ascii_lowercase(), group.location.as_str().to_owned()))
                .collect(),
        }
    }

    /// The tenant of a subscription; the first one's where nobody says which.
    pub(super) fn tenant(&self, subscription: &str) -> &str {
        let mut all = self.world.subscriptions.iter();
        let own = all.clone().find(|known| known.id.eq_ignore_ascii_case(subscription));
        own.or_else(|| all.next()).map_or("", |known| known.tenant.as_str())
    }
}

/// What holds for deployments inside of others: a location above groups and only there, and never complete.
fn check_nested(expansion: &Expansion) -> Result<(), Refused> {
    let mut wrong: Vec<Refused> = Vec::new();
    for resource in &expansion.resources {
        let Some(nested) = &resource.deployment else { continue };
        let Ok(id) = ResourceId::parse(&resource.id) else { continue };
        let in_group = Scope::of(&id).group().is_some();
        let placed = resource.body.get("location").is_some();
        let checks = [
            refuse(in_group && placed, &LOCATION_NOT_ALLOWED, &[&resource.name]),
            refuse(!in_group && !placed, &LOCATION_MISSING, &[&resource.name]),
            refuse(Mode::parse(Some(&nested.mode))? == Mode::Complete, &MODE_NESTED, &[&resource.name]),
        ];
        wrong.extend(checks.into_iter().filter_map(Result::err));
    }
    if wrong.len() < 2 {
        return wrong.pop().map_or(Ok(()), Err);
    }
    let words = vec!["BadRequest"; wrong.len()].join(",");
    refuse(true, &SEVERAL, &[&words]).map_err(|mut refused| {
        refused.error.details = wrong.into_iter().map(|one| one.error).collect();
        refused
    })
}
