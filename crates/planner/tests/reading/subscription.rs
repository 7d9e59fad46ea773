//! Templates that are deployed to the subscription: they make the groups that their resources are in.

use std::collections::BTreeMap;

use lifeboat_arm::template::{Diagnostic, NoLinks, Template};
use lifeboat_plan::{Action, Plan, PlanKind, ReadId, Verdict, independence};
use lifeboat_planner::{Assumed, Bare, BareError, SiteTemplate, StrategyKind, assess, plan, read, read_bare};
use serde_json::{Value, json};

use super::{bus, names};
use crate::fixtures::{World, about, region};

/// A template as `azd` and Bicep write them: a group by its parameter, and a module into it.
fn making(group: &str, group_location: &str, more: &[Value]) -> Template {
    let module = json!({
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "bus", "resourceGroup": group,
        "dependsOn": [format!("[subscriptionResourceId('Microsoft.Resources/resourceGroups', {})]", inner(group))],
        "properties": {
            "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
            "parameters": {
                "name": { "value": "[concat('bus-', parameters('environment'))]" },
                "location": { "value": "[parameters('location')]" },
            },
            "template": {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "parameters": { "name": { "type": "string" }, "location": { "type": "string" } },
                "resources": [bus("[parameters('name')]", "[parameters('location')]")],
            },
        },
    });
    let group = json!({
        "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2021-04-01", "name": group,
        "location": group_location,
    });
    let mut resources = vec![group, module];
    resources.extend_from_slice(more);
    above("2018-05-01/subscriptionDeploymentTemplate.json#", &json!(resources))
}

fn inner(expression: &str) -> String {
    let text = expression.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    text.map_or_else(|| format!("'{expression}'"), str::to_owned)
}

fn above(schema: &str, resources: &Value) -> Template {
    let text = json!({
        "$schema": format!("https://schema.management.azure.com/schemas/{schema}"), "contentVersion": "1.0.0.0",
        "parameters": { "environment": { "type": "string" }, "location": { "type": "string" } },
        "resources": resources,
    });
    Template::parse("main.json", &serde_json::to_string_pretty(&text).unwrap()).unwrap()
}

const BY_PARAMETER: &str = "[concat('rg-', parameters('environment'))]";
const LOCATION: &str = "[parameters('location')]";

fn bare(template: &Template) -> Result<Assumed, BareError> {
    let given = BTreeMap::from([("environment".to_owned(), json!("shop"))]);
    read_bare(&about(), template, &Bare { given, ..Bare::default() }, &NoLinks)
}

fn mistake(read: Result<Assumed, BareError>) -> Diagnostic {
    match read {
        Err(BareError::Template(found)) => found.into_iter().next().expect("a mistake"),
        other => panic!("{other:?}"),
    }
}

fn planned(kind: PlanKind, world: &World) -> Plan {
    plan(&world.planning(kind)).unwrap()
}

/// Proves: S05, S06, F1, F17 (the template makes the groups: each region has its own; the deployment goes to the
/// subscription, and its record is kept in the region that it is for)
#[test]
fn each_region_has_the_groups_that_the_template_makes_there() {
    let (workload, assumed) = bare(&making(BY_PARAMETER, LOCATION, &[])).unwrap();
    assert_eq!(names(&workload), [("bus-shop", Some("bus-shopneu"))], "a group is no component");
    let places: Vec<(&str, &str)> =
        workload.sites().map(|site| (site.group.name(), site.group_region.as_str())).collect();
    assert_eq!(places, [("rg-shop", "westeurope"), ("rg-shopneu", "northeurope")]);
    let says = "parameter `environment` is \"shopneu\" in the second region: `rg-shop` can exist once";
    assert!(assumed.iter().any(|one| one.says == says), "{assumed:?}");

    let plan = planned(PlanKind::Prepare, &World::of(workload));
    assert!(
        plan.steps.iter().all(|step| step.id != "workload/group".into()),
        "the template makes its groups"
    );
    let deploy = plan.steps.iter().find(|step| step.id == "workload/deploy".into()).unwrap();
    assert_eq!(deploy.title, "deploy 2 resources to the subscription in northeurope");
    let Action::Send(call) = &deploy.graceful.action else { panic!("{deploy:?}") };
    let subscription = about().subscription;
    let path = format!("/subscriptions/{subscription}/providers/Microsoft.Resources/deployments/");
    assert!(call.path.to_string().starts_with(&path), "{}", call.path);
    assert_eq!(call.body.as_ref().unwrap().sketch()["location"], "northeurope", "where the record is kept");
    assert_eq!(independence(&plan, &region("westeurope"))[&deploy.id], Verdict::Independent);
}

/// Proves: F1 (a group that the template puts into the primary region is lost with it, whoever makes it)
#[test]
fn a_group_that_the_template_makes_in_the_primary_region_is_a_finding() {
    for (location, blocks) in [(LOCATION, false), ("westeurope", true)] {
        let (workload, _) = bare(&making(BY_PARAMETER, location, &[])).unwrap();
        let found = assess(&workload, &workload.declared_inventory());
        let blocked = found.iter().any(|finding| finding.rule == "WL-GROUP-REGION" && finding.blocks());
        assert_eq!(blocked, blocks, "{location}: {found:?}");
    }
}

#[test]
fn two_regions_in_one_group_are_no_workload() {
    let found = mistake(bare(&making("rg-literal", LOCATION, &[])));
    assert_eq!(found.message, "the resources of both regions would be in the group `rg-literal`");
    assert_eq!((found.code, &*found.pointer), ("one-group", "/resources/0/name"));
}

/// A group of its own, and a plan in it.
fn further(group: &str, plan: &str) -> [Value; 2] {
    let plan = json!({
        "type": "Microsoft.Web/serverfarms", "apiVersion": "2023-12-01", "name": plan, "location": LOCATION,
    });
    [
        json!({
            "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2021-04-01", "name": group, "location": LOCATION,
        }),
        json!({
            "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "web", "resourceGroup": group,
            "dependsOn": [format!("[subscriptionResourceId('Microsoft.Resources/resourceGroups', {})]", inner(group))],
            "properties": { "mode": "Incremental", "template": {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0", "resources": [plan],
                "outputs": { "sku": { "type": "string", "value": format!(
                    "[reference(resourceId(subscription().subscriptionId, {}, 'Microsoft.Web/serverfarms', {}), '2023-12-01').sku]",
                    inner(group), inner("[concat('plan-', parameters('environment'))]")
                ) } },
            } },
        }),
    ]
}

/// Azure moves no group: the second deployment would be refused for the group's location.
#[test]
fn a_further_group_is_in_one_region_only() {
    let found = mistake(bare(&making(BY_PARAMETER, LOCATION, &further("rg-web", "plan"))));
    assert_eq!(found.message, "the resources of both regions would be in the group `rg-web`");
    let (plan, group) =
        ("[concat('plan-', parameters('environment'))]", "[concat('web-', parameters('environment'))]");
    let (workload, _) = bare(&making(BY_PARAMETER, LOCATION, &further(group, plan))).unwrap();
    assert_eq!(names(&workload), [("bus-shop", Some("bus-shopneu")), ("plan-shop", Some("plan-shopneu"))]);
}

/// Proves: S05 (what is there is looked for in every group that something is deployed to)
#[test]
fn each_group_tells_what_is_in_it() {
    let (plan, group) =
        ("[concat('plan-', parameters('environment'))]", "[concat('web-', parameters('environment'))]");
    let (workload, _) = bare(&making(BY_PARAMETER, LOCATION, &further(group, plan))).unwrap();
    let mut world = World::of(workload);
    let read = ReadId::new("workload/deploy-resources-web-shopneu@northeurope");
    // An output asks for the plan: it cannot wait for the day, or the deployment would fail.
    for strategy in [StrategyKind::Standby, StrategyKind::Redeploy] {
        world.strategies.insert("plan-shop".to_owned(), strategy);
        let plan = planned(PlanKind::Prepare, &world);
        assert!(plan.reads.contains_key(&read), "{strategy:?}: {:?}", plan.reads.keys());
    }
}

/// Groups and what exists once are no reason to deploy before the day.
#[test]
fn nothing_is_deployed_for_a_group_alone() {
    let plan = "[concat('plan-', parameters('environment'))]";
    let [group, web] = further("[concat('web-', parameters('environment'))]", plan);
    let template = above("2018-05-01/subscriptionDeploymentTemplate.json#", &json!([group, web]));
    let (workload, _) = bare(&template).unwrap();
    let mut world = World::of(workload);
    world.strategies.insert("plan-shop".to_owned(), StrategyKind::Redeploy);
    let plan = planned(PlanKind::Prepare, &world);
    let deploy = plan.steps.iter().find(|step| step.id == "workload/deploy".into()).unwrap();
    assert!(matches!(deploy.graceful.action, Action::Wait), "{deploy:?}");
}

/// A role assignment at the subscription is the same for both regions, and nothing moves it.
#[test]
fn what_is_the_same_in_both_regions_exists_once() {
    let role = json!({
        "type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01",
        "name": "b24988ac-6180-42a0-ab88-20f7382dd24c", "properties": {},
    });
    let (workload, _) = bare(&making(BY_PARAMETER, LOCATION, &[role])).unwrap();
    let role = ("b24988ac-6180-42a0-ab88-20f7382dd24c", None);
    assert_eq!(names(&workload), [role, ("bus-shop", Some("bus-shopneu"))]);
}

#[test]
fn what_holds_no_workload_is_told() {
    let group = json!({
        "type": "Microsoft.Resources/resourceGroups", "apiVersion": "2021-04-01", "name": "rg", "location": "westeurope",
    });
    let rows = [
        (
            "2018-05-01/subscriptionDeploymentTemplate.json#",
            "nothing that the template creates is in a resource group",
        ),
        ("2019-08-01/managementGroupDeploymentTemplate.json#", "the template deploys to a management group"),
        ("2019-08-01/tenantDeploymentTemplate.json#", "the template deploys to the tenant"),
    ];
    for (schema, begins) in rows {
        let found = mistake(bare(&above(schema, &json!([group]))));
        assert!(found.message.starts_with(begins), "{schema}: {found}");
        assert!(found.hint.is_some(), "{schema}");
    }
}

/// A workload file names the groups, and the template makes them: they must be the same.
#[test]
fn the_groups_of_a_workload_file_are_those_of_its_template() {
    let template = making(BY_PARAMETER, LOCATION, &[]);
    let values = |environment: &str, location: &str| {
        BTreeMap::from([
            ("environment".to_owned(), json!(environment)),
            ("location".to_owned(), json!(location)),
        ])
    };
    let (at_home, away) = (values("weu", "westeurope"), values("neu", "northeurope"));
    let (west, north) = (region("westeurope"), region("northeurope"));
    let in_groups = |first: &str, second: &str| {
        let primary = SiteTemplate { template: &template, parameters: &at_home, group: first, region: &west };
        let secondary =
            SiteTemplate { template: &template, parameters: &away, group: second, region: &north };
        read(&about(), primary, secondary, None, &NoLinks)
    };
    let workload = in_groups("RG-WEU", "rg-neu").unwrap();
    assert_eq!(names(&workload), [("bus-weu", Some("bus-neu"))]);
    let found = in_groups("rg-weu", "rg-north").unwrap_err();
    assert_eq!(
        found[0].message,
        "the workload file places northeurope in the group `rg-north`; the template deploys to `rg-neu` there"
    );
}

/// Values for another region than the one that was asked for would be deployed to the wrong one.
#[test]
fn the_second_regions_values_are_for_the_second_region() {
    let template = making(BY_PARAMETER, LOCATION, &[]);
    let values = |environment: &str, location: &str| {
        BTreeMap::from([
            ("environment".to_owned(), json!(environment)),
            ("location".to_owned(), json!(location)),
        ])
    };
    for (asked, is_fine) in [(None, true), (Some("northeurope"), true), (Some("swedencentral"), false)] {
        let bare = Bare {
            given: values("weu", "westeurope"),
            given_there: values("neu", "North Europe"),
            secondary: asked.map(region),
            ..Bare::default()
        };
        let read = read_bare(&about(), &template, &bare, &NoLinks);
        match &read {
            Ok((workload, _)) => assert_eq!(workload.secondary.region, region("northeurope")),
            Err(BareError::OtherThere { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        assert_eq!(read.is_ok(), is_fine, "{asked:?}");
    }
}
