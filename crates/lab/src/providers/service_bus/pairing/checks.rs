//! What a pairing is refused for. Each refusal is a row of `refusals.rs`.

use lifeboat_arm::ResourceId;
use serde_json::Value;

use super::State;
use crate::health::Plane;
use crate::names;
use crate::providers::service_bus::namespace::{SUFFIX, State as NamespaceState, is_alias_name};
use crate::providers::service_bus::{Key, ServiceBus, refusals};
use crate::refusal::{Refused, refuse};
use crate::world::Ctx;

impl ServiceBus {
    /// Everything a pairing is refused for, in the order in which Azure would notice.
    pub(super) fn may_pair(
        &self,
        key: Key,
        partner: Option<Key>,
        name: &str,
        alternate: Option<&str>,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        let folded = name.to_ascii_lowercase();
        let primary = &self.namespaces[&key];
        let primary_name = primary.id.name();
        refuse(primary.state != NamespaceState::Succeeded, &refusals::NOT_ACTIVE, &[primary_name])?;
        refuse(!primary.is_premium(), &refusals::NOT_PREMIUM, &[primary_name, primary.sku()])?;
        refuse(self.is_secondary(key), &refusals::SECONDARY_FROZEN, &[])?;
        refuse(primary.uses_geo_replication(), &refusals::GEO_REPLICATED, &[primary_name])?;
        if let Some(alias) = primary.alias.as_ref().and_then(|alias| self.aliases.get(alias)) {
            let with = alias.partner.and_then(|partner| self.namespaces.get(&partner));
            let with = with.map_or("", |namespace| namespace.id.name());
            let other = alias.name.to_ascii_lowercase() != folded;
            let paired = matches!(alias.state, State::Pairing | State::Paired) || other;
            refuse(paired, &refusals::ALREADY_PAIRED, &[primary_name, &alias.name, with])?;
            refuse(alias.state != State::Alone, &refusals::IN_TRANSITION, &[name])?;
        }
        let mine = self.aliases.get(&folded).is_some_and(|alias| alias.holder == key);
        if let Some(only) = &primary.migrated_from {
            refuse(*only != folded, &refusals::MIGRATED_ALIAS, &[primary_name, only])?;
        } else if !mine {
            refuse(!is_alias_name(name), &refusals::BAD_ALIAS_NAME, &[name])?;
            let same = primary_name.eq_ignore_ascii_case(name);
            let taken = ctx.world.names.holder(&names::host(name, SUFFIX)).is_some();
            refuse(alternate.is_some() && !same, &refusals::ALTERNATE_NAME, &[])?;
            refuse(taken && !(same && alternate.is_some()), &refusals::ALIAS_TAKEN, &[name])?;
            if let Some(alternate) = alternate {
                let taken = ctx.world.names.holder(&names::host(alternate, SUFFIX)).is_some();
                refuse(taken, &refusals::ALTERNATE_TAKEN, &[alternate])?;
            }
        }
        partner.map_or(Ok(()), |partner| self.may_be_secondary(key, partner, ctx))
    }

    /// What the partner is refused for.
    fn may_be_secondary(&self, key: Key, partner: Key, ctx: &Ctx<'_>) -> Result<(), Refused> {
        let (primary, secondary) = (&self.namespaces[&key], &self.namespaces[&partner]);
        let (primary_name, name) = (primary.id.name(), secondary.id.name());
        let reachable = ctx.world.regions.is_up(&secondary.region, Plane::Control);
        refuse(!reachable, &refusals::PARTNER_UNREACHABLE, &[name])?;
        refuse(secondary.state != NamespaceState::Succeeded, &refusals::PARTNER_NOT_READY, &[name])?;
        refuse(!secondary.is_premium(), &refusals::NOT_PREMIUM, &[name, secondary.sku()])?;
        refuse(primary.region == secondary.region, &refusals::SAME_REGION, &[primary.region.as_str()])?;
        refuse(secondary.alias.is_some(), &refusals::PARTNER_PAIRED, &[name])?;
        refuse(secondary.uses_geo_replication(), &refusals::GEO_REPLICATED, &[name])?;
        let mixed = (primary.partitions() > 1) != (secondary.partitions() > 1);
        refuse(mixed, &refusals::PARTITIONS_MIXED, &[])?;
        let count = |endpoints: usize| endpoints.to_string();
        let (own, other) = (primary.private_endpoints.len(), secondary.private_endpoints.len());
        refuse(
            (own == 0) != (other == 0),
            &refusals::PRIVATE_ENDPOINTS,
            &[primary_name, &count(own), name, &count(other)],
        )?;
        let entities = secondary.top_entities();
        refuse(entities > 0, &refusals::PARTNER_NOT_EMPTY, &[name, &count(entities)])
    }

    /// The namespace a body names as partner: an ARM id, or a name within the same subscription.
    pub(super) fn partner_in(&self, key: Key, body: &Value) -> Result<Option<Key>, Refused> {
        let text = body.pointer("/properties/partnerNamespace").and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let subscription = self.namespaces[&key].id.subscription();
        let found = match ResourceId::parse(text) {
            Ok(id) => self.key(&id),
            Err(_) => self.by_id.iter().find_map(|(id, key)| {
                (id.name().eq_ignore_ascii_case(text) && id.subscription() == subscription).then_some(*key)
            }),
        };
        refuse(found.is_none(), &refusals::PARTNER_MISSING, &[text])?;
        Ok(found)
    }
}
