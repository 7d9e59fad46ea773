//! Network rules: copied before pairing, and subnets only where they have a counterpart.

use lifeboat_plan::{Draft, PlanKind, WayKind};
use lifeboat_planner::Side;
use serde_json::json;

use super::{ids, sent, step};
use crate::fixtures::{SUBSCRIPTION, World};

const PRIMARY: Side = Side::Primary;

/// Proves: D01, P1b (after pairing the secondary refuses changes: an adopted one gets none)
#[test]
fn network_rules_are_copied_before_pairing_only() {
    let rules = json!([{ "name": "default", "properties": {
        "defaultAction": "Deny", "ipRules": [{ "ipMask": "10.1.1.1", "action": "Allow" }],
    } }]);
    for (mut world, copied) in
        [(World::from_nothing(), true), (World::unpaired(), true), (World::paired(), false)]
    {
        world.list(PRIMARY, "networkRuleSets", rules.clone());
        let plan = world.plan(PlanKind::Prepare);
        assert_eq!(ids(&plan).contains(&"orders-bus/copy-network-rules"), copied);
    }
}

/// A world whose sites each have a network, the second one with these subnets.
fn networked(there: &str) -> World {
    let network = format!(
        r#""resources": [{{
            "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-01-01", "location": "[parameters('location')]",
            "name": "[concat('net-', parameters('busName'))]",
            "properties": {{ "subnets": [{{ "name": "{there}" }}] }}
        }},"#
    );
    let declared = World::declared_by(|text| text.replacen(r#""resources": ["#, &network, 1));
    let mut world = World::observed_from(declared);
    let subnet = |side: Side, name: &str| {
        let end = if side == PRIMARY { "weu" } else { "neu" };
        let group = &world.workload.site(side).group;
        format!("{group}/providers/Microsoft.Network/virtualNetworks/net-orders-bus-{end}/subnets/{name}")
    };
    let stranger = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/x/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    );
    let rules = json!([{ "name": "default", "properties": {
        "defaultAction": "Deny", "ipRules": [{ "ipMask": "10.1.1.1", "action": "Allow" }],
        "virtualNetworkRules": [
            { "subnet": { "id": subnet(PRIMARY, "workers") }, "ignoreMissingVnetServiceEndpoint": false },
            { "subnet": { "id": stranger } },
        ],
    } }]);
    world.list(PRIMARY, "networkRuleSets", rules);
    world
}

/// Proves: D01 (a subnet belongs to one region: its counterpart takes its place, or none does and that is said)
#[test]
fn a_subnet_of_one_region_is_not_let_into_the_other() {
    for (there, mapped) in [("workers", true), ("others", false)] {
        let world = networked(there);
        let properties = {
            let plan = world.plan(PlanKind::Prepare);
            let call = sent(step(&plan, "orders-bus/copy-network-rules"), WayKind::Graceful).unwrap();
            call.body.as_ref().map(Draft::sketch).unwrap()["properties"].clone()
        };
        assert_eq!(properties["ipRules"], json!([{ "ipMask": "10.1.1.1", "action": "Allow" }]));
        let rules = properties["virtualNetworkRules"].as_array().unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule["subnet"]["id"].as_str().unwrap()).collect();
        let group = &world.workload.secondary.group;
        let counterpart =
            format!("{group}/providers/Microsoft.Network/virtualNetworks/net-orders-bus-neu/subnets/workers");
        assert_eq!(ids, if mapped { vec![counterpart.as_str()] } else { vec![] });
        let plan = world.plan(PlanKind::Prepare);
        let note = plan.notes.iter().find(|note| note.contains("gets no rule for")).unwrap();
        assert!(note.contains("/virtualNetworks/v/subnets/s"), "{note}");
        assert_eq!(note.contains("/subnets/workers"), !mapped, "{note}");
    }
}
