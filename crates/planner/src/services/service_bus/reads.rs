//! The reads that conditions on a namespace share, declared once per component and side.

use lifeboat_arm::ResourceId;
use lifeboat_plan::{CallDraft, Condition, Is, ReadDraft, ReadId};

use super::namespace::{API, PENDING, host};
use crate::service::{Part, Planning};
use crate::topology::{Component, Side};

/// The alias, as the namespace on this side shows it.
pub(super) fn alias(
    part: &mut Part,
    component: &Component,
    side: Side,
    alias: &str,
    p: &Planning<'_>,
) -> ReadId {
    let region = &p.workload.site(side).region;
    let id = component.on(side).child("disasterRecoveryConfigs", alias);
    declare(part, &format!("{}/alias@{region}", component.name), &id.to_string())
}

/// The alias has this partner: Azure shows its id or, in some versions, its bare name.
pub(super) fn is_partner(read: &ReadId, id: &ResourceId) -> Condition {
    let partner = |is| Condition::test(read, "/properties/partnerNamespace", is);
    Condition::Any(vec![partner(Is::SameId(id.as_str().into())), partner(Is::SameId(id.name().into()))])
}

/// Nothing waits to be replicated. A count that is not shown is not zero (F4).
pub(super) fn nothing_pending(read: &ReadId) -> Condition {
    Condition::equal(read, PENDING, serde_json::json!(0))
}

/// What the alias was to do has failed in Azure, which says so once and for all: waiting for it would be in vain.
pub(super) fn not_failed(read: &ReadId, while_it: Condition, why: String) -> Condition {
    let failed = Condition::equal(read, "/properties/provisioningState", "Failed");
    Condition::Never { seen: Box::new(Condition::All(vec![while_it, failed])), why }
}

/// A list below the namespace on this side.
pub(super) fn list(
    part: &mut Part,
    component: &Component,
    side: Side,
    segment: &str,
    p: &Planning<'_>,
) -> ReadId {
    let region = &p.workload.site(side).region;
    let path = format!("{}/{segment}", component.on(side));
    declare(part, &format!("{}/{segment}@{region}", component.name), &path)
}

/// One resource, under a name of its own.
pub(super) fn resource(part: &mut Part, name: &str, id: &ResourceId) -> ReadId {
    declare(part, name, id.as_str())
}

/// What the alias resolves to.
pub(super) fn alias_dns(part: &mut Part, component: &Component, alias: &str) -> ReadId {
    let id = ReadId::new(&format!("{}/alias-dns", component.name));
    part.reads.insert(id.clone(), ReadDraft::Dns(host(alias).into()));
    id
}

fn declare(part: &mut Part, name: &str, path: &str) -> ReadId {
    let id = ReadId::new(name);
    let call = CallDraft::get(format!("{path}?api-version={API}"));
    part.reads.insert(id.clone(), ReadDraft::Arm(call));
    id
}
