//! What Geo-DR does not carry to the secondary: each item its own rule, comparison and remedy (D01).

use lifeboat_arm::{Method, ResourceId, ResourceType};
use lifeboat_plan::{Action, CallDraft, Citation, Condition, Draft, Step, StepId, Way};
use serde_json::{Value, json};

use super::namespace::{API, Namespace};
use super::reads;
use crate::durations;
use crate::finding::Evidence;
use crate::inventory::Inventory;
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
        format!("{} for {}", role.rsplit('/').next().unwrap_or_default(), of("principalId"))
    },
    from_the_start: None,
};
/// Firewall and virtual-network rules.
pub(super) const NETWORK: Beside = Beside {
    list: "networkRuleSets",
    word: "network rule set",
    signature: |member| {
        let rules = |name: &str| member.pointer(&format!("/properties/{name}")).cloned().unwrap_or(json!([]));
        let action = text(member, "/properties/defaultAction");
        let trusted =
            member.pointer("/properties/trustedServiceAccessEnabled").cloned().unwrap_or(json!(false));
        format!("default {action}, trusted services {trusted}, addresses {}", rules("ipRules"))
    },
    from_the_start: Some("default Allow, trusted services false, addresses []"),
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
        namespace.body().map(|body| body.pointer(setting.pointer).cloned().unwrap_or_else(setting.default))
    };
    match (of(Side::Primary), of(Side::Secondary)) {
        (Some(a), Some(b)) => {
            let says = format!("{}: {a} in the primary, {b} in the secondary", setting.word);
            vec![Checked::that(a == b, secondary, subject.seen.evidence(secondary.as_str(), says))]
        }
        _ => vec![Checked::unknown(secondary, format!("{} of one side was not observed", setting.word))],
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
                let path = format!("{}/{}", subject.component.primary, beside.list);
                Checked::fail(secondary, subject.seen.evidence(&path, says))
            })
            .collect(),
    }
}

/// Members that the other side has and this side lacks. A side that does not exist yet will have what its template
/// declares, and what every namespace has from the start.
fn missing<'a>(
    component: &Component,
    workload: &'a Workload,
    seen: &'a Inventory,
    side: Side,
    beside: &Beside,
) -> Result<Vec<&'a Value>, String> {
    let list = |side: Side| {
        let id: &ResourceId = component.on(side);
        match seen.list(id, beside.list) {
            Ok(members) if !members.is_empty() => Ok(members.iter().collect()),
            Ok(_) if seen.was_observed(id.as_str()) => Ok(Vec::new()),
            Err(why) if seen.was_observed(id.as_str()) => Err(format!("{}: {why}", id.name())),
            _ => Ok(declared(workload, id, beside)),
        }
    };
    let (theirs, ours): (Vec<&Value>, Vec<&Value>) = (list(side.other())?, list(side)?);
    let mut have: Vec<String> = ours.iter().map(|member| (beside.signature)(member)).collect();
    have.extend(beside.from_the_start.map(str::to_owned));
    Ok(theirs.into_iter().filter(|member| !have.contains(&(beside.signature)(member))).collect())
}

/// What the templates declare below a namespace under this list's type.
fn declared<'a>(workload: &'a Workload, id: &ResourceId, beside: &Beside) -> Vec<&'a Value> {
    let list = format!("{id}/{}/", beside.list).to_ascii_lowercase();
    workload
        .declared()
        .filter(|declared| declared.id.folded().strip_prefix(&list).is_some_and(|name| !name.contains('/')))
        .map(|declared| &declared.body)
        .collect()
}

/// Steps that give the standby side what the active one has, as far as requests alone can. They must come before
/// pairing: afterwards the secondary refuses changes.
pub(super) fn copy(component: &Component, planning: &Planning<'_>, part: &mut Part) -> Vec<Step> {
    let mut steps = Vec::new();
    let to = component.on(planning.standby());
    for role in
        missing(component, planning.workload, planning.seen, planning.standby(), &ROLES).unwrap_or_default()
    {
        // The same assignment on another scope needs an id of its own, and the same one each time it is planned.
        let name = stable_guid(&[to.as_str(), &(ROLES.signature)(role)]);
        let id = to.resource(&ResourceType::new("Microsoft.Authorization/roleAssignments"), &[&name]);
        let properties = json!({
            "roleDefinitionId": text(role, "/properties/roleDefinitionId"),
            "principalId": text(role, "/properties/principalId"),
            "principalType": role.pointer("/properties/principalType").cloned().unwrap_or(json!("ServicePrincipal")),
        });
        steps.push(put(
            component,
            part,
            &format!("copy-role-{}", &name[..8]),
            &id,
            "2022-04-01",
            &properties,
            &format!("grant {}", (ROLES.signature)(role)),
        ));
    }
    for rules in
        missing(component, planning.workload, planning.seen, planning.standby(), &NETWORK).unwrap_or_default()
    {
        let id = to.child("networkRuleSets", "default");
        let properties = rules.get("properties").cloned().unwrap_or(json!({}));
        steps.push(put(
            component,
            part,
            "copy-network-rules",
            &id,
            API,
            &properties,
            "copy the network rules",
        ));
    }
    steps
}

fn put(
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
