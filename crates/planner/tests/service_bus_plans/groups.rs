//! Templates that deploy into, or build on, other groups than their site's: a group is where it was seen or declared.

use lifeboat_arm::{Region, ResourceId};
use lifeboat_plan::{Plan, PlanKind, Verdict, independence};
use lifeboat_planner::{Side, StrategyKind, Workload, group_reads};
use serde_json::json;

use crate::fixtures::{World, region, workload_of};

const DEPLOY: &str = "workload/deploy";

/// The regional template with one more element.
fn with(element: &str) -> impl Fn(String) -> String {
    let resources = format!("\"resources\": [{element},");
    move |text: String| text.replacen("\"resources\": [", &resources, 1)
}

/// A deployment into another group.
fn nested(group: &str) -> String {
    format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "farm",
            "resourceGroup": "{group}", "properties": {{ "mode": "Incremental", "template": {{
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [ {{ "type": "Microsoft.Web/serverfarms",
            "apiVersion": "2023-12-01", "name": "[concat(parameters('siteName'), '-farm')]",
            "location": "[parameters('location')]", "properties": {{}} }} ] }} }} }}"#
    )
}

/// A deployment to the subscription that makes a group.
fn making(group: &str, location: &str) -> String {
    format!(
        r#"{{ "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "group",
            "subscriptionId": "[subscription().subscriptionId]", "location": "{location}",
            "properties": {{ "mode": "Incremental", "template": {{
            "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [ {{ "type": "Microsoft.Resources/resourceGroups",
            "apiVersion": "2022-09-01", "name": "{group}", "location": "{location}" }} ] }} }} }}"#
    )
}

fn failover(world: &mut World, but: impl FnOnce(&mut World)) -> Plan {
    world.stands(Side::Secondary);
    but(world);
    world.pair(Side::Primary, "orders");
    world.plan(PlanKind::Failover)
}

fn group(workload: &Workload, name: &str) -> ResourceId {
    ResourceId::group(&workload.subscription, name)
}

/// Proves: F1, F17 (a template may deploy into a group that is kept in the lost region, and no id in it shows that)
#[test]
fn a_group_that_a_template_deploys_into_is_where_it_is() {
    const NOWHERE: &str =
        "the group `platform`, into which the template deploys, whose region nobody declared";
    const LOST: &str = "group metadata in westeurope";
    let made = |location: &str| format!("{},{}", making("platform", location), nested("platform"));
    // The element, where the group was seen, where it is placed, and what the deployment then misses.
    let rows = [
        (nested("platform"), None, None, Some(NOWHERE)),
        (nested("platform"), Some("northeurope"), Some("northeurope"), None),
        (nested("platform"), Some("westeurope"), Some("westeurope"), Some(LOST)),
        // Another site's group is where that site says, and one that a template makes is where the template says.
        (nested("orders-weu"), None, None, Some(LOST)),
        (nested("orders-shared"), None, None, None),
        (nested("orders-neu"), None, None, None),
        (made("northeurope"), None, Some("northeurope"), None),
        (made("westeurope"), None, Some("westeurope"), Some(LOST)),
        (made("northeurope"), Some("westeurope"), Some("westeurope"), Some(LOST)),
    ];
    for (element, seen, placed, missed) in rows {
        let mut world = World::observed_from(World::declared_by(with(&element)));
        let platform = group(&world.workload, "platform");
        let path = platform.as_str();
        let plan = failover(&mut world, |world| match seen {
            Some(region) => world.see(path, json!({ "id": path, "location": region })),
            // What the template makes is not there yet; after what it does not make, nobody looked.
            None if element.contains("resourceGroups") => world.miss(path),
            None => {}
        });
        let verdict = independence(&plan, &region("westeurope"))[&DEPLOY.into()].clone();
        let needs: Vec<String> = match &verdict {
            Verdict::Independent => Vec::new(),
            Verdict::Contingent(needs) | Verdict::Refused(needs) => {
                needs.iter().map(|needed| needed.need.to_string()).collect()
            }
        };
        let is_it = |need: &&String| missed.map_or(need.contains("group"), |missed| *need == missed);
        let found = needs.iter().find(is_it).map(String::as_str);
        assert_eq!(found, missed, "{element}, seen in {seen:?}: {verdict:?}");
        assert_eq!(
            plan.places.groups.get(&platform).map(Region::as_str),
            placed,
            "{element}, seen in {seen:?}"
        );
    }
}

/// Whoever looks at the world looks at these groups, too.
#[test]
fn further_groups_are_looked_at() {
    let workload = workload_of(with(&nested("platform"))).unwrap();
    let wanted = group(&workload, "platform").to_string();
    assert!(group_reads(&workload).iter().any(|call| call.path_only() == wanted));
}

/// What both sites build on in the group of one of them is that one's, and lost with it.
#[test]
fn what_is_presumed_in_a_sites_group_stands_there() {
    for (name, at) in
        [("orders-weu", "westeurope"), ("orders-neu", "northeurope"), ("orders-shared", "northeurope")]
    {
        let logs = format!("resourceId('{name}', 'Microsoft.OperationalInsights/workspaces', 'logs')");
        let asks = format!(r#""value": "[reference({logs}, '2022-10-01').customerId]""#);
        let change = |text: String| text.replacen(r#""value": "orders.servicebus.windows.net""#, &asks, 1);
        let mut world = World::observed_from(World::declared_by(change));
        world.strategies.insert("orders-web".to_owned(), StrategyKind::Redeploy);
        let home = group(&world.workload, name);
        let presumed: Vec<_> = world.workload.sites().flat_map(|site| &site.presumed).collect();
        assert!(!presumed.is_empty());
        for presumed in presumed {
            assert_eq!(presumed.id.group_id().as_ref(), Some(&home));
            assert_eq!(presumed.location.as_ref().map(Region::as_str), Some(at), "{}", presumed.id);
            assert_eq!(presumed.body["location"], at, "{}", presumed.id);
        }
        let plan = failover(&mut world, |_| {});
        let logs = plan.places.resources.iter().find(|(id, _)| id.name() == "logs").map(|(_, at)| at.clone());
        assert_eq!(logs.flatten().as_ref().map(Region::as_str), Some(at));
        let verdict = &independence(&plan, &region("westeurope"))[&DEPLOY.into()];
        assert_eq!(matches!(verdict, Verdict::Refused(_)), at == "westeurope", "{name}: {verdict:?}");
    }
}

/// A group's region says nothing of its members: what nobody placed in it is not placed by it.
#[test]
fn a_group_places_no_members() {
    let element = format!("{},{}", making("platform", "northeurope"), nested("elsewhere"));
    let mut world = World::observed_from(World::declared_by(with(&element)));
    let (made, presumed) = (group(&world.workload, "platform"), group(&world.workload, "elsewhere"));
    assert!(world.workload.primary.presumed.iter().any(|one| one.id == presumed));
    let places = failover(&mut world, |_| {}).places;
    assert_eq!((places.region_of(&made), places.region_of(&presumed)), (None, None));
}
