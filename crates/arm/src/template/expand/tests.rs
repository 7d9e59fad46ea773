use super::expansion::{NoLinks, ResourceGroupInfo};
use super::*;

fn work(template: &serde_json::Value) -> u64 {
    let template = Template::parse("main.json", &template.to_string()).unwrap();
    let context = Context {
        subscription: "s".into(),
        tenant: "t".into(),
        resource_group: Some(ResourceGroupInfo { name: "g".into(), location: "westeurope".into() }),
        location: None,
        deployment_name: "main".into(),
        management_group: None,
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "seed".into(),
        groups: BTreeMap::new(),
    };
    let engine = Engine::new(&context, &NoLinks);
    expand_root(&engine, &template, std::iter::empty());
    let spent = engine.meter.spent();
    assert!(engine.into_parts().1.is_empty());
    spent
}

/// Loops in loops: the work per turn stays the same, however many there are.
#[test]
fn nested_loops_are_linear_in_work() {
    let nested = |outer: u32, inner: u32| {
        serde_json::json!({ "resources": [{
            "type": "Microsoft.A/b", "apiVersion": "1", "name": "[concat('n', copyIndex())]",
            "copy": { "name": "outer", "count": outer },
            "properties": { "copy": [{ "name": "inner", "count": inner, "input": {
                "name": "[format('{0}-{1}', copyIndex('outer'), copyIndex('inner'))]",
                "kept": true,
            } }] },
        }], "variables": { "copy": [{ "name": "v", "count": outer, "input": {
            "copy": [{ "name": "w", "count": inner, "input": "[add(copyIndex('v'), copyIndex('w'))]" }],
        } }] } })
    };
    let turns = |outer: u32, inner: u32| u64::from(outer * inner);
    let small = work(&nested(10, 10)) * 100 / turns(10, 10);
    for (outer, inner) in [(20, 20), (50, 50), (100, 100), (10, 800), (400, 25)] {
        let each = work(&nested(outer, inner)) * 100 / turns(outer, inner);
        assert!(
            each <= small * 11 / 10,
            "{outer} × {inner}: {each}, with 10 × 10 it is {small} (hundredths per turn)"
        );
    }
}
