//! Rules for the network as API versions before 2021 had them: `ipFilterRules` and `virtualNetworkRules`, one resource each.
//!
//! Templates still declare them. They are kept as they are and have no effect: the lab's network lets everybody in.

use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use super::ServiceBus;
use crate::refusal::{Handled, common};
use crate::route::Request;

impl ServiceBus {
    /// Answers a request for one of them; `id` ends with the rule's own type and name.
    pub(super) fn old_network_rule(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let parent = id.parent().unwrap_or_else(|| id.clone());
        let key = self.key_of(&parent, request)?;
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Ok(Answer::new(404, Value::Null)) };
        let own = id.folded()[parent.folded().len()..].to_owned();
        match request.method {
            Method::Put => {
                let properties = super::properties(&request.body);
                let wire = json!({ "id": id.as_str(), "name": id.name(), "properties": properties,
                    "type": id.kind().map(|kind| kind.as_str().to_owned()) });
                namespace.old_rules.insert(own, wire.clone());
                Ok(Answer::new(200, wire))
            }
            Method::Get => {
                let found = namespace.old_rules.get(&own);
                found
                    .map(|rule| Answer::new(200, rule.clone()))
                    .ok_or_else(|| common::NOT_FOUND.with(&[id.name(), request.group_name()]))
            }
            Method::Delete => {
                let status = if namespace.old_rules.remove(&own).is_some() { 200 } else { 204 };
                Ok(Answer::new(status, Value::Null))
            }
            other => Err(super::not_allowed(other)),
        }
    }
}
