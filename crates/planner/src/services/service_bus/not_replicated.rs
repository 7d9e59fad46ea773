//! What Geo-DR does not carry to the secondary: each item its own rule, comparison and remedy (D01).

use std::collections::BTreeMap;

use lifeboat_arm::{Method, ResourceId, ResourceType};
use lifeboat_plan::{Action, CallDraft, Citation, Condition, Draft, Step, StepId, Way};
use serde_json::{Value, json};

use super::durations;
use super::namespace::Namespace;
use super::reads;
use crate::finding::Evidence;
use crate::inventory::{Fact, Inventory};
use crate::rule::{Checked, Subject};
use crate::service::{Part, Planning};
use crate::topology::{Component, Side, Workload};

/// A setting inside the namespace's body.
pub(super) struct Setting {
    /// JSON pointer to it.
    pub(super) pointer: &'static str,
    /// The name people use.
    pub(super) word: &'static str,
    /// What a namespace has that says nothing.
    pub(super) default: fn() -> Value,
}

/// Public network access.
pub(super) const PUBLIC_ACCESS: Setting = Setting {
    pointer: "/properties/publicNetworkAccess",
    word: "public network access",
    default: || json!("Enabled"),
};
/// Whether keys may be used at all.
pub(super) const LOCAL_AUTH: Setting = Setting {
    pointer: "/properties/disableLocalAuth",
    word: "local authentication",
    default: || json!(false),
};
/// Managed identity.
pub(super) const IDENTITY: Setting =
    Setting { pointer: "/identity/type", word: "managed identity", default: || json!("None") };
/// Customer-managed keys.
pub(super) const ENCRYPTION: Setting = Setting {
    pointer: "/properties/encryption/keySource",
    word: "encryption",
    default: || json!("Microsoft.ServiceBus"),
};

/// A list beside the namespace, compared member by member.
pub(super) struct Beside {
    /// Path below the namespace.
    pub(super) list: &'static str,
    /// The name people use.
    pub(super) word: &'static str,
    /// What makes two members the same on both sides.
    pub(super) signature: fn(&Value) -> String,
    /// The signature of what every namespace has from the start.
    pub(super) from_the_start: Option<&'static str>,
}

/// Role assignments.
pub(super) const ROLES: Beside = Beside {
    list: "providers/Microsoft.Authorization/roleAssignments",
    word: "role assignment",
    signature: |member| {
        let of = |name: &str| text(member, &format!("/properties/{name}")).to_lowercase();
        let role = of("roleDefinitionId");
        let condition = text(member, "/properties/condition");
        let under = if condition.is_empty() { String::new() } else { format!(" under {condition}") };
        format!("{} for {}{under}", role.rsplit('/').next().unwrap_or_default(), of("principalId"))
    },
    from_the_start: None,
};
/// Firewall and virtual-network rules.
pub(super) const NETWORK: Beside = Beside {
    list: "networkRuleSets",
    word: "network rule set",
    signature: |member| {
        let rules = |name: &str| {
            member
                .pointer(&format!("/properties/{name}"))
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let action = text(member, "/properties/defaultAction");
        let trusted =
            member.pointer("/properties/trustedServiceAccessEnabled").cloned().unwrap_or(json!(false));
        let mut addresses: Vec<String> =
            rules("ipRules").iter().map(|rule| text(rule, "/ipMask").to_owned()).collect();
        addresses.sort_unstable();
        // Each side has its own networks: only their number can be compared.
        let networks = rules("virtualNetworkRules").len();
        format!(
            "default {action}, trusted services {trusted}, {networks} virtual networks, addresses [{}]",
            addresses.join(", ")
        )
    },
    from_the_start: Some("default Allow, trusted services false, 0 virtual networks, addresses []"),
};
/// Private endpoints: only their existence can be compared, each side has its own network.
pub(super) const PRIVATE_ENDPOINTS: Beside = Beside {
    list: "privateEndpointConnections",
    word: "private endpoint",
    signature: |_| "a private endpoint".into(),
    from_the_start: None,
};
/// Event Grid subscriptions.
pub(super) const EVENTS: Beside = Beside {
    list: "providers/Microsoft.EventGrid/eventSubscriptions",
    word: "event subscription",
    signature: |member| text(member, "/name").to_lowercase(),
    from_the_start: None,
};
/// Autoscale of messaging units.
pub(super) const AUTOSCALE: Beside = Beside {
    list: "providers/Microsoft.Insights/autoscaleSettings",
    word: "autoscale setting",
    signature: |_| "autoscale".into(),
    from_the_start: None,
};

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Compares a setting of the two namespaces.
pub(super) fn compare_setting(subject: &Subject<'_>, setting: &Setting) -> Vec<Checked> {
    let Some(secondary) = &subject.component.secondary else { return Vec::new() };
    let of = |side| {
        let namespace = Namespace::on(side, subject.component, subject.workload, subject.seen);
        let value = |body: &Value| body.pointer(setting.pointer).cloned().unwrap_or_else(setting.default);
        namespace.answer().map(value)
    };
    match (of(Side::Primary), of(Side::Secondary)) {
        (Ok(a), Ok(b)) => {
            let says = format!("{}: {a} in the primary, {b} in the secondary", setting.word);
            vec![Checked::that(a == b, secondary, subject.seen.evidence(secondary.as_str(), says))]
        }
        (Err(why), _) | (_, Err(why)) => {
            vec![Checked::unknown(secondary, format!("{} of {why}", setting.word))]
        }
    }
}

/// Compares what stands beside the two namespaces.
pub(super) fn compare_beside(subject: &Subject<'_>, beside: &Beside) -> Vec<Checked> {
    let Some(secondary) = &subject.component.secondary else { return Vec::new() };
    match missing(subject.component, subject.workload, subject.seen, Side::Secondary, beside) {
        Err(why) => vec![Checked::unknown(secondary, format!("{}s: {why}", beside.word))],
        Ok(missing) if missing.is_empty() => {
            vec![Checked::pass(secondary, Evidence::says(format!("every {} is on both sides", beside.word)))]
        }
        Ok(missing) => missing
            .iter()
            .map(|member| {
                let says = format!("{} only in the primary: {}", beside.word, (beside.signature)(member));
                let list = format!("{}/{}", subject.component.primary, beside.list);
                let declared =
                    member.get("id").and_then(Value::as_str).filter(|id| subject.seen.fact(id).is_some());
                Checked::fail(secondary, subject.seen.evidence(declared.unwrap_or(&list), says))
            })
            .collect(),
    }
}

/// Members that the other side has and this side lacks. A side that nobody saw yet will have what its template
/// declares, and what every namespace has from the start; what the other side has must be known.
pub(super) fn missing<'a>(
    component: &Component,
    workload: &'a Workload,
    seen: &'a Inventory,
    side: Side,
    beside: &Beside,
) -> Result<Vec<&'a Value>, String> {
    let list = |of: Side| {
        let id: &ResourceId = component.on(of);
        let looked = seen.fact(id.as_str()).is_some_and(|fact| match fact {
            Fact::Known(known) => known.at.is_some(),
            Fact::Unknown { .. } => true,
            Fact::Absent { .. } => false,
        });
        match seen.list(id, beside.list) {
            Ok(members) if looked || !members.is_empty() => Ok(members.iter().collect()),
            Err(why) if looked || of != side => Err(format!("{}: {why}", id.name())),
            _ => Ok(declared(workload, id, beside)),
        }
    };
    let (theirs, ours): (Vec<&Value>, Vec<&Value>) = (list(side.other())?, list(side)?);
    let mut have: Vec<String> = ours.iter().map(|member| (beside.signature)(member)).collect();
    have.extend(beside.from_the_start.map(str::to_owned));
    Ok(theirs.into_iter().filter(|member| !have.contains(&(beside.signature)(member))).collect())
}

/// What the templates declare below a namespace under this list's type.
pub(super) fn declared<'a>(workload: &'a Workload, id: &ResourceId, beside: &Beside) -> Vec<&'a Value> {
    let list = format!("{id}/{}/", beside.list).to_ascii_lowercase();
    workload
        .declared()
        .filter(|declared| declared.id.folded().strip_prefix(&list).is_some_and(|name| !name.contains('/')))
        .map(|declared| &*declared.body)
        .collect()
}

/// Steps that grant on the standby side what is granted on the active one. Several assignments of one role to one
/// principal (on the namespace, on its group) are one grant.
pub(super) fn copy_roles(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Vec<Step> {
    let to = component.on(planning.standby());
    let lacking = missing(component, planning.workload, planning.seen, planning.standby(), &ROLES);
    let grants: BTreeMap<String, &Value> =
        lacking.unwrap_or_default().into_iter().map(|role| ((ROLES.signature)(role), role)).collect();
    let mut steps = Vec::new();
    for (grant, role) in grants {
        // The same assignment on another scope needs an id of its own, and the same one each time it is planned.
        let name = stable_guid(&[to.as_str(), &grant]);
        let id = to.resource(&ResourceType::new("Microsoft.Authorization/roleAssignments"), &[&name]);
        let mut properties = json!({
            "roleDefinitionId": text(role, "/properties/roleDefinitionId"),
            "principalId": text(role, "/properties/principalId"),
            "principalType": role.pointer("/properties/principalType").cloned().unwrap_or(json!("ServicePrincipal")),
        });
        // A grant under a condition must not become one without.
        for property in ["condition", "conditionVersion"] {
            let value = role.pointer(&format!("/properties/{property}")).filter(|value| !value.is_null());
            if let Some(value) = value {
                properties[property] = value.clone();
            }
        }
        let verb = format!("copy-role-{}", &name[..8]);
        steps.push(put(
            component,
            part,
            &verb,
            &id,
            super::ROLES_API,
            &properties,
            &format!("grant {grant}"),
        ));
    }
    steps
}

pub(super) fn put(
    component: &Component,
    part: &mut Part,
    verb: &str,
    id: &ResourceId,
    api: &str,
    properties: &Value,
    title: &str,
) -> Step {
    let read = reads::resource(part, &format!("{}/{verb}", component.name), id);
    let done = if id.kind().is_some_and(|kind| kind.is("Microsoft.Authorization/roleAssignments")) {
        Condition::status(&read, 200)
    } else {
        Condition::test(&read, "/properties", lifeboat_plan::Is::Present)
    };
    let done = match properties.get("defaultAction") {
        Some(action) => Condition::All(vec![
            done,
            Condition::equal(&read, "/properties/defaultAction", Draft::Value(action.clone())),
        ]),
        None => done,
    };
    Step {
        id: StepId::new(&component.name, verb),
        component: component.name.clone(),
        title: title.to_owned(),
        after: [StepId::from(crate::planning::DEPLOYED)].into(),
        graceful: Way::new(
            Action::Send(CallDraft::arm(
                Method::Put,
                format!("{id}?api-version={api}"),
                Some(json!({ "properties": properties }).into()),
            )),
            done,
            durations::entity(),
        ),
        ungraceful: None,
        because: Citation::new(
            &["D01"],
            "not replicated: role assignments, network rules, private endpoints …",
        ),
    }
}

/// A GUID that depends on these names alone.
fn stable_guid(names: &[&str]) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, names.join("|").as_bytes()).to_string()
}
