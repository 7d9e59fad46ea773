//! Where a resource goes: to the scope that it names, or where its deployment goes.

use std::cell::RefCell;

use super::texts::settled_string;
use super::{Collector, is_existing};
use crate::template::expand::deferred::Deferred;
use crate::template::language::evaluate::Env;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::scope::Scope;
use crate::template::language::value::Value;
use crate::tree::Node;

impl Collector<'_, '_> {
    /// Where a resource goes: `scope`, or `subscriptionId` and `resourceGroup`, or where the deployment goes.
    pub(super) fn scope_of(
        &self,
        env: &Env<'_>,
        node: &Node,
        kind: &str,
        unsettled: &RefCell<Vec<Deferred>>,
    ) -> Outcome<(Scope, String)> {
        if let Some(member) = node.get("scope") {
            let written = settled_string(env, member, "scope", unsettled)?;
            return Ok(self.scope_from(&written, kind));
        }
        // What is only read may stand anywhere.
        let may = kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") || is_existing(node);
        let other = ["resourceGroup", "subscriptionId"].into_iter().find_map(|key| node.member(key));
        if let Some(member) = other.filter(|_| !may) {
            let message =
                format!("a resource of type `{kind}` cannot name a `{}`: only deployments can", member.key);
            let hint = "it goes where its template goes: nest it in a deployment into that group".to_owned();
            return Err(self
                .frame
                .report(&member.value, &Fault::new("wrong-group", message).hint(Some(hint))));
        }
        let part = |key: &str| match node.get(key) {
            Some(value) => match env.node(value)? {
                Value::Null => Ok(None),
                Value::String(text) if text.is_empty() => Ok(None),
                _ => settled_string(env, value, key, unsettled).map(|text| Some(text.into_owned())),
            },
            None => Outcome::Ok(None),
        };
        let (subscription, group) = (part("subscriptionId")?, part("resourceGroup")?);
        let scope = match (subscription, group, self.scope) {
            (None, None, scope) => scope.clone(),
            (subscription, Some(group), scope) => {
                let subscription = subscription.or_else(|| scope.subscription().map(str::to_owned));
                let subscription = subscription.ok_or_else(|| {
                    let message = "a resource group needs a subscription, and none is around";
                    self.frame.report(node, &Fault::new("scope", message))
                })?;
                self.group(subscription, group)
            }
            (Some(subscription), None, _) => Scope::Subscription(subscription),
        };
        let id = scope.id();
        Ok((scope, id))
    }

    fn scope_from(&self, written: &str, kind: &str) -> (Scope, String) {
        let trimmed = written.trim_matches('/');
        let segments: Vec<&str> = trimmed.split('/').collect();
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let scope = match lower.as_slice() {
            [""] => Scope::Tenant,
            ["providers", "microsoft.management", "managementgroups", _]
            | ["microsoft.management", "managementgroups", _] => {
                Scope::ManagementGroup(segments[segments.len() - 1].to_owned())
            }
            ["subscriptions", _] => Scope::Subscription(segments[1].to_owned()),
            ["subscriptions", _, "resourcegroups", _] => {
                self.group(segments[1].to_owned(), segments[3].to_owned())
            }
            _ => {
                let id = if written.starts_with('/') {
                    format!("/{trimmed}")
                } else {
                    format!("{}/providers/{trimmed}", self.scope.id())
                };
                return (self.scope.clone(), id);
            }
        };
        // management groups themselves are addressed from the tenant
        let id = if kind.eq_ignore_ascii_case("Microsoft.Management/managementGroups") {
            String::new()
        } else {
            scope.id()
        };
        (scope, id)
    }

    fn group(&self, subscription: String, name: String) -> Scope {
        let engine = self.frame.engine;
        if let Scope::Group { subscription: here, name: same, location } = self.scope
            && same.eq_ignore_ascii_case(&name)
            && here.eq_ignore_ascii_case(&subscription)
        {
            return Scope::Group { subscription, name: same.clone(), location: location.clone() };
        }
        let key = name.to_lowercase();
        let own =
            engine.context.resource_group.as_ref().filter(|group| group.name.eq_ignore_ascii_case(&name));
        let location = engine
            .groups
            .borrow()
            .get(&key)
            .or_else(|| engine.context.groups.get(&key))
            .or(own.map(|group| &group.location))
            .cloned();
        Scope::Group { subscription, name, location }
    }
}
