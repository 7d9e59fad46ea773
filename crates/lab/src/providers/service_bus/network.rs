//! Network settings of namespaces: rule sets and private endpoints. None of them is replicated (D01).

use lifeboat_arm::{Answer, Method, ResourceId};
use serde_json::{Value, json};

use super::{ServiceBus, refusals};
use crate::refusal::{Handled, common, refuse};
use crate::route::Request;
use crate::world::{Ctx, merge};

impl ServiceBus {
    pub(super) fn network_rules(&mut self, id: &ResourceId, request: &Request, ctx: &Ctx<'_>) -> Handled {
        let parent = id.parent().unwrap_or_else(|| id.clone());
        let key = self.key_of(&parent, request)?;
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Ok(Answer::new(404, Value::Null)) };
        if request.method == Method::Put {
            namespace.network = request.body.get("properties").cloned().unwrap_or_else(|| json!({}));
            namespace.updated = ctx.now;
        }
        Ok(Answer::new(
            200,
            json!({ "id": format!("{}/networkRuleSets/default", namespace.id), "name": "default",
                    "type": "Microsoft.ServiceBus/Namespaces/NetworkRuleSets", "properties": namespace.network }),
        ))
    }

    pub(super) fn private_endpoint(&mut self, id: &ResourceId, request: &Request) -> Handled {
        let parent = id.parent().unwrap_or_else(|| id.clone());
        let key = self.key_of(&parent, request)?;
        let name = id.name().to_ascii_lowercase();
        if request.method == Method::Put {
            let partner = self.partner_of_primary(key).and_then(|partner| self.namespaces.get(&partner));
            let alone = partner.is_some_and(|partner| partner.private_endpoints.is_empty());
            let partner_name = partner.map_or("", |partner| partner.id.name());
            refuse(alone, &refusals::PRIVATE_ENDPOINT_ALONE, &[partner_name])?;
        }
        let Some(namespace) = self.namespaces.get_mut(&key) else { return Ok(Answer::new(404, Value::Null)) };
        match request.method {
            Method::Put => {
                let mut properties = json!({ "provisioningState": "Succeeded",
                    "privateLinkServiceConnectionState": { "status": "Approved", "description": "Auto-Approved" } });
                merge(&mut properties, request.body.get("properties").unwrap_or(&json!({})));
                let wire = json!({ "id": id.as_str(), "name": id.name(),
                    "type": "Microsoft.ServiceBus/Namespaces/PrivateEndpointConnections", "properties": properties });
                let known = namespace.private_endpoints.insert(name, wire.clone()).is_some();
                Ok(Answer::new(if known { 200 } else { 201 }, wire))
            }
            Method::Delete => {
                let known = namespace.private_endpoints.remove(&name).is_some();
                Ok(Answer::new(if known { 200 } else { 204 }, Value::Null))
            }
            _ => namespace
                .private_endpoints
                .get(&name)
                .map(|wire| Answer::new(200, wire.clone()))
                .ok_or_else(|| common::NOT_FOUND.with(&[id.name(), request.group_name()])),
        }
    }
}
