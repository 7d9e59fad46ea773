//! Rules for Service Bus namespaces: what must be true for the alias to carry the workload over.

mod clients;
mod former;
mod pairing;

use crate::finding::{Answer, Severity};
use crate::rule::{Rule, Subject};
use crate::service::{Planning, Refusal};
use crate::topology::Component;

use super::not_replicated::{
    AUTOSCALE, ENCRYPTION, EVENTS, IDENTITY, LOCAL_AUTH, NETWORK, PRIVATE_ENDPOINTS, PUBLIC_ACCESS, ROLES,
    compare_beside, compare_setting,
};

/// The rules whose failure makes pairing impossible: the plan is refused before any write.
pub(super) const FORBIDS_PAIRING: &[&str] = &[
    "SB-SKU",
    "SB-REGION",
    "SB-PARTITIONS",
    "SB-PARTNER",
    "SB-EMPTY",
    "SB-ENDPOINT-PARITY",
    "SB-ALIAS-NAME",
];

/// Refuses a plan before any write when one of these rules fails.
pub(super) fn refuse(
    component: &Component,
    planning: &Planning<'_>,
    forbids: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    let (workload, seen) = (planning.workload, planning.seen);
    let subject = Subject { component, workload, seen, active: planning.active };
    for rule in RULES.iter().filter(|rule| forbids(rule.id)) {
        for finding in rule.findings(&subject) {
            if finding.answer == Answer::Fail {
                let says = finding.evidence.first().map_or("", |evidence| &evidence.says);
                let at = finding.resource.and_then(|id| workload.declared_at(&id));
                return Err(refusal(rule.id, component, says, at));
            }
        }
    }
    Ok(())
}

/// A refusal by one of these rules, with its remedy, and where the resource is declared that it is about.
pub(super) fn refusal(id: &str, component: &Component, why: &str, declared_at: Option<String>) -> Refusal {
    let why = declared_at.map_or_else(|| why.to_owned(), |at| format!("{why}; {at}"));
    let rule = RULES.iter().find(|rule| rule.id == id);
    Refusal {
        rule: id.to_owned(),
        component: component.name.clone(),
        why,
        remedy: rule.map_or_else(String::new, |rule| rule.remedy.to_owned()),
    }
}

const GEO_DR: &str = "Note that the Geo-disaster recovery feature is available for the Premium SKU only.";
const PAIRING: &str = "By pairing azure service bus namespaces in different regions an alias can be created.";
const METADATA: &str = "The disaster recovery feature implements metadata disaster recovery.";

/// All rules, in the order in which an operator meets them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "SB-SKU",
        title: "both namespaces are Premium",
        severity: Severity::Blocking,
        cites: &["S23"],
        guidance: GEO_DR,
        why: "an alias can be created between Premium namespaces only",
        remedy: "migrate the namespace to Premium, or let clients replicate to two plain namespaces",
        remedied_by: None,
        fault: "a namespace with the Standard SKU",
        check: pairing::sku,
    },
    Rule {
        id: "SB-REGION",
        title: "the two namespaces are in different regions",
        severity: Severity::Blocking,
        cites: &["S24"],
        guidance: PAIRING,
        why: "Azure refuses a partner in the same region, and it would be lost with it",
        remedy: "deploy the secondary namespace to another region",
        remedied_by: Some("deploy"),
        fault: "both namespaces in one region",
        check: pairing::regions,
    },
    Rule {
        id: "SB-PARTITIONS",
        title: "both namespaces are partitioned alike",
        severity: Severity::Blocking,
        cites: &["S24"],
        guidance: PAIRING,
        why: "a partitioned namespace cannot be paired with one that is not",
        remedy: "give both the same `premiumMessagingPartitions`; it can be set only at creation",
        remedied_by: None,
        fault: "one namespace with 2 partitions, the other with 1",
        check: pairing::partitions,
    },
    Rule {
        id: "SB-ENDPOINT-PARITY",
        title: "both namespaces have private endpoints, or neither has",
        severity: Severity::Blocking,
        cites: &["S24", "D01"],
        guidance: PAIRING,
        why: "pairing fails while only one side has a private endpoint",
        remedy: "create a private endpoint on the other side, in that region's network",
        remedied_by: None,
        fault: "a private endpoint on the primary only",
        check: pairing::endpoint_parity,
    },
    Rule {
        id: "SB-PARTNER",
        title: "neither namespace is paired with a foreign one",
        severity: Severity::Blocking,
        cites: &["S24", "P1b"],
        guidance: PAIRING,
        why: "a namespace has one partner; breaking somebody else's pairing is not ours to do",
        remedy: "break the foreign pairing by hand, or name its namespace in the templates",
        remedied_by: None,
        fault: "an alias of the primary whose partner is a third namespace",
        check: pairing::foreign_partner,
    },
    Rule {
        id: "SB-EMPTY",
        title: "a namespace that is to become the secondary is empty",
        severity: Severity::Blocking,
        cites: &["S24", "D02"],
        guidance: PAIRING,
        why: "only a new namespace can be added to a pairing",
        remedy: "remove its queues and topics, after draining them, or say `reprotect: fresh`",
        remedied_by: Some("empty-old-side"),
        fault: "a queue in the secondary before pairing",
        check: pairing::empty,
    },
    Rule {
        id: "SB-ALIAS-NAME",
        title: "the alias has a name that Azure accepts",
        severity: Severity::Blocking,
        cites: &["D04", "S25"],
        guidance: "The alias provides a single stable Fully Qualified Domain Name (FQDN) connection string.",
        why: "aliases share one name space with namespaces; one that equals a namespace's name needs an alternate name",
        remedy: "choose another alias, or give `alternateName` when the alias takes over the namespace's own name",
        remedied_by: Some("pair"),
        fault: "an alias with the name of the namespace that is to become the secondary",
        check: pairing::alias_name_is_good,
    },
    Rule {
        id: "SB-PAIRED",
        title: "the pair stands and nothing is pending",
        severity: Severity::High,
        cites: &["S22", "F20"],
        guidance: METADATA,
        why: "without a partner the loss of the region takes the queues with it: the workload is unprotected",
        remedy: "run prepare; after a failover it protects again",
        remedied_by: Some("pair"),
        fault: "a failover, which always breaks the pair",
        check: pairing::stands,
    },
    Rule {
        id: "SB-FORMER-STANDS",
        title: "no former namespace stands beside the pair",
        severity: Severity::Info,
        cites: &["D02"],
        guidance: PAIRING,
        why: "with `reprotect: fresh` the namespace that was left stays as it is, holds what could not be drained, and \
            costs; Lifeboat never deletes it",
        remedy: "look at what it holds, and delete it when nobody needs that any more",
        remedied_by: None,
        fault: "protecting again with a fresh namespace after a failover",
        check: former::stands,
    },
    Rule {
        id: "SB-CROSS-SUBSCRIPTION",
        title: "both namespaces are in one subscription",
        severity: Severity::Medium,
        cites: &["D03"],
        guidance: METADATA,
        why: "safe failover fails across subscriptions: a planned move would have to be forced",
        remedy: "put both into one subscription, or declare `crossSubscription: force` and accept that moves lose \
            what is not replicated",
        remedied_by: None,
        fault: "the secondary in another subscription",
        check: pairing::one_subscription,
    },
    Rule {
        id: "SB-REPLICATION-TIME",
        title: "the pair replicates within the recovery time",
        severity: Severity::Info,
        cites: &["D07"],
        guidance: METADATA,
        why: "50 to 100 entities are copied a minute; until then the pair is not ready",
        remedy: "prepare early, and protect again as soon as the old region returns",
        remedied_by: None,
        fault: "a namespace with thousands of entities",
        check: pairing::replication_time,
    },
    Rule {
        id: "SB-NOT-REPLICATED-RBAC",
        title: "role assignments stand on both sides",
        severity: Severity::High,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "clients with managed identities get 401 after the failover",
        remedy: "assign the same roles on the secondary namespace",
        remedied_by: Some("copy-role"),
        fault: "a role assigned on the primary only",
        check: |subject| compare_beside(subject, &ROLES),
    },
    Rule {
        id: "SB-NOT-REPLICATED-NETWORK",
        title: "network rules stand on both sides",
        severity: Severity::High,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "clients are shut out, or strangers let in, after the failover",
        remedy: "copy the network rule set",
        remedied_by: Some("copy-network-rules"),
        fault: "a firewall rule on the primary only",
        check: |subject| compare_beside(subject, &NETWORK),
    },
    Rule {
        id: "SB-NOT-REPLICATED-PRIVATE-ENDPOINTS",
        title: "private endpoints stand on both sides",
        severity: Severity::High,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "clients inside virtual networks cannot reach the secondary",
        remedy: "create a private endpoint for the secondary in its region's network",
        remedied_by: None,
        fault: "a private endpoint on the primary only",
        check: |subject| compare_beside(subject, &PRIVATE_ENDPOINTS),
    },
    Rule {
        id: "SB-NOT-REPLICATED-PUBLIC-ACCESS",
        title: "public network access is set alike",
        severity: Severity::High,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "the setting is not replicated: clients are shut out, or strangers let in",
        remedy: "set `publicNetworkAccess` alike in the templates of both regions",
        remedied_by: None,
        fault: "public access disabled on the primary only",
        check: |subject| compare_setting(subject, &PUBLIC_ACCESS),
    },
    Rule {
        id: "SB-NOT-REPLICATED-LOCAL-AUTH",
        title: "local authentication is set alike",
        severity: Severity::High,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "connection strings stop working, or start to, after the failover",
        remedy: "set `disableLocalAuth` alike in the templates of both regions",
        remedied_by: None,
        fault: "local authentication disabled on the secondary only",
        check: |subject| compare_setting(subject, &LOCAL_AUTH),
    },
    Rule {
        id: "SB-NOT-REPLICATED-IDENTITY",
        title: "managed identities are set alike",
        severity: Severity::Medium,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "the secondary has no identity to fetch its keys with",
        remedy: "give the secondary an identity, and that identity access to the key vault",
        remedied_by: None,
        fault: "an identity on the primary only",
        check: |subject| compare_setting(subject, &IDENTITY),
    },
    Rule {
        id: "SB-NOT-REPLICATED-ENCRYPTION",
        title: "encryption keys are set alike",
        severity: Severity::Medium,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "customer-managed key settings are not replicated",
        remedy: "configure the key on both sides and give the secondary access to the primary's vault too",
        remedied_by: None,
        fault: "a customer-managed key on the primary only",
        check: |subject| compare_setting(subject, &ENCRYPTION),
    },
    Rule {
        id: "SB-NOT-REPLICATED-AUTOSCALE",
        title: "autoscale is set on both sides",
        severity: Severity::Medium,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "the secondary stays at its first size under the primary's load",
        remedy: "create the autoscale setting for the secondary",
        remedied_by: None,
        fault: "an autoscale setting on the primary only",
        check: |subject| compare_beside(subject, &AUTOSCALE),
    },
    Rule {
        id: "SB-NOT-REPLICATED-EVENTS",
        title: "event subscriptions stand on both sides",
        severity: Severity::Medium,
        cites: &["D01", "F19"],
        guidance: METADATA,
        why: "nobody is told of events of the secondary",
        remedy: "create the event subscription on the secondary",
        remedied_by: None,
        fault: "an event subscription on the primary only",
        check: |subject| compare_beside(subject, &EVENTS),
    },
    Rule {
        id: "SB-AUTO-DELETE",
        title: "no entity deletes itself when idle",
        severity: Severity::Medium,
        cites: &["D05"],
        guidance: METADATA,
        why: "last-access times are not replicated: the entity may vanish right after the failover",
        remedy: "remove `autoDeleteOnIdle`, or create the entity again after a failover",
        remedied_by: None,
        fault: "a queue with `autoDeleteOnIdle`",
        check: clients::auto_delete,
    },
    Rule {
        id: "SB-STATE",
        title: "no entity keeps state that does not travel",
        severity: Severity::Info,
        cites: &["D06"],
        guidance: METADATA,
        why: "sessions, duplicate history and scheduled messages start anew on the secondary",
        remedy: "let consumers cope with a fresh start; the loss is announced with counts before every failover",
        remedied_by: None,
        fault: "a queue with sessions or duplicate detection",
        check: clients::state,
    },
    Rule {
        id: "SB-BYPASS-ALIAS",
        title: "applications use the alias and not a namespace",
        severity: Severity::High,
        cites: &["S26"],
        guidance: "Applications use this alias connection string to connect to a namespace.",
        why: "an application that names a namespace stays with the lost region",
        remedy: "use the alias's connection string, `aliasPrimaryConnectionString` of `listKeys`",
        remedied_by: None,
        fault: "an app setting with the primary's host name",
        check: clients::bypass,
    },
];
