//! The rules of the template language, one small table each, and templates that mean harm.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::collections::BTreeMap;

use lifeboat_arm::template::placeholder::{fill_markers, placeholders};
use lifeboat_arm::template::{
    Context, Expansion, Link, Linked, LinkedTemplate, NoLinks, ResourceGroupInfo, Runtime, Severity,
    Template, expand, resolve, resolve_output,
};
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myRg";

fn context() -> Context {
    Context {
        subscription: "00000000-0000-0000-0000-000000000000".into(),
        tenant: "11111111-1111-1111-1111-111111111111".into(),
        resource_group: Some(ResourceGroupInfo { name: "myRg".into(), location: "westeurope".into() }),
        location: Some("westeurope".into()),
        deployment_name: "main".into(),
        management_group: None,
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "seed".into(),
        groups: BTreeMap::from([("other".into(), "northeurope".into())]),
    }
}

fn template(parts: &Value) -> Template {
    let mut whole = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
    });
    whole.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    Template::parse("main.json", &whole.to_string()).unwrap()
}

fn expanded(parts: &Value) -> Expansion {
    expand(&template(parts), &BTreeMap::new(), &context(), &NoLinks)
}

fn clean(parts: &Value) -> Expansion {
    let expansion = expanded(parts);
    assert!(expansion.is_clean(), "{:?}", expansion.diagnostics);
    expansion
}

fn codes(expansion: &Expansion) -> Vec<&'static str> {
    expansion.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

/// The value of an expression, or the code of its first mistake.
fn evaluate(expression: &str) -> Value {
    let parts = json!({
        "variables": {"o": {"Key": 1, "list": [{"n": "x"}]}, "lines": "a\nb"},
        "outputs": {"out": {"value": expression}},
    });
    let expansion = expanded(&parts);
    match expansion.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        Some(mistake) => format!("!{}", mistake.code).into(),
        None => expansion.outputs["out"].value.clone(),
    }
}

fn check(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        assert_eq!(&evaluate(expression), expected, "{expression}");
    }
}

fn storage(name: &str) -> Value {
    json!({"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": name,
           "location": "[resourceGroup().location]"})
}

fn with(mut resource: Value, more: &Value) -> Value {
    resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    resource
}

#[test]
fn what_is_an_expression() {
    check(&[
        ("[[escaped]", json!("[escaped]")),
        ("[x] y", json!("[x] y")),
        ("[ concat( 'it''s',\n 'ok' ) ]", json!("it'sok")),
        ("[CONCAT('a', 'B')]", json!("aB")),
        ("[variables('O').KEY]", json!(1)),
        ("[variables('o').list[0]['N']]", json!("x")),
        ("[nothing()]", json!("!function-unknown")),
        ("[concat('a'", json!("[concat('a'")),
        ("[concat('a']", json!("!expression-syntax")),
    ]);
}

#[test]
fn lazy_functions_look_only_at_what_they_need() {
    check(&[
        ("[if(true(), 1, fail('no'))]", json!(1)),
        ("[or(true(), fail('no'))]", json!(true)),
        ("[and(false(), fail('no'))]", json!(false)),
        ("[coalesce(null(), 2, fail('no'))]", json!(2)),
        ("[if(false(), 1, fail('yes'))]", json!("!fail")),
    ]);
}

#[test]
fn comparison_and_coercion() {
    check(&[
        ("[equals('a', 'A')]", json!(false)),
        ("[equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))]", json!(true)),
        ("[greater('A', 'a')]", json!(true)),
        ("[string(true())]", json!("True")),
        ("[string(createObject('b', 1, 'a', 'x'))]", json!("{\"b\":1,\"a\":\"x\"}")),
        ("[format('{0}', createArray(1, 'a'))]", json!("[1,'a']")),
        ("[div(-7, 2)]", json!(-3)),
        ("[mod(-7, 2)]", json!(-1)),
        ("[div(1, 0)]", json!("!function-arguments")),
        ("[add(9223372036854775807, 1)]", json!("!function-arguments")),
        ("[json('{''a'': 1}').a]", json!(1)),
        (
            "[union(createObject('a', createObject('x', 1)), createObject('A', createObject('y', 2)))]",
            json!({"a": {"x": 1, "y": 2}}),
        ),
        ("[intersection(createArray(1, 2, 2), createArray(2))]", json!([2])),
        ("[tryGet(variables('o'), 'list', 0, 'missing', 'more')]", json!(null)),
    ]);
}

#[test]
fn scope_functions_tell_the_context() {
    check(&[
        ("[resourceGroup().id]", json!(GROUP)),
        (
            "[resourceId('Microsoft.A/b/c', 'x', 'y')]",
            json!(format!("{GROUP}/providers/Microsoft.A/b/x/c/y")),
        ),
        ("[utcNow()]", json!("!function-place")),
        ("[uri(deployment().properties.templateLink.uri, 'nested/a.json')]", json!("nested/a.json")),
        ("[uniqueString(resourceGroup().id)]", json!("js26ofeqkqeve")),
        ("[resourceId('Microsoft.A/b', 'x', 'y')]", json!("!name-segments")),
    ]);
}

#[test]
fn parameters_are_checked_and_all_mistakes_are_told() {
    let parts = json!({"parameters": {
        "missing": {"type": "string"},
        "wrong": {"type": "int", "defaultValue": "text"},
        "other": {"type": "string", "allowedValues": ["standard", "premium"], "defaultValue": "premum"},
        "long": {"type": "string", "maxLength": 2, "defaultValue": "abc"},
        "uses": {"type": "string", "defaultValue": "[concat(parameters('long'), 'x')]"},
    }});
    let given = BTreeMap::from([("lng".to_owned(), json!("x"))]);
    let expansion = expand(&template(&parts), &given, &context(), &NoLinks);
    let mut codes = codes(&expansion);
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["parameter-allowed", "parameter-length", "parameter-missing", "parameter-type", "parameter-unknown"]
    );
    let hint =
        |code: &str| expansion.diagnostics.iter().find(|mistake| mistake.code == code).unwrap().hint.clone();
    assert_eq!(hint("parameter-unknown").as_deref(), Some("did you mean `long`?"));
    assert_eq!(hint("parameter-allowed").as_deref(), Some("did you mean `premium`?"));
}

#[test]
fn given_parameters_are_literal() {
    let parts = json!({
        "parameters": {"p": {"type": "string"}},
        "outputs": {"out": {"type": "string", "value": "[parameters('P')]"}},
    });
    let given = BTreeMap::from([("p".to_owned(), json!("[concat('a')]"))]);
    let expansion = expand(&template(&parts), &given, &context(), &NoLinks);
    assert_eq!(expansion.outputs["out"].value, "[concat('a')]");
    assert!(expansion.outputs["out"].deferred.is_empty());
}

#[test]
fn variables_are_lazy_and_cycles_are_mistakes() {
    let parts = json!({
        "variables": {
            "copy": [{"name": "names", "count": 2, "input": "[concat(variables('prefix'), copyIndex('names', 1))]"}],
            "prefix": "n",
        },
        "outputs": {"out": {"type": "array", "value": "[variables('names')]"}},
    });
    assert_eq!(clean(&parts).outputs["out"].value, json!(["n1", "n2"]));
    let parts = json!({"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}});
    assert_eq!(codes(&expanded(&parts)), ["cycle"]);
}

#[test]
fn resource_loops_conditions_and_dependencies() {
    let parts = json!({"resources": [
        with(storage("[concat('s', copyIndex())]"), &json!({"copy": {"name": "loop", "count": "2"}})),
        with(storage("off"), &json!({"condition": false})),
        with(storage("last"), &json!({
            "dependsOn": ["loop", "off", "[resourceId('Microsoft.Storage/storageAccounts', 's0')]"],
            "tags": {"copy": "an ordinary property", "gone": "[null()]"},
            "properties": {"copy": [{"name": "disks", "count": 2, "input": {"lun": "[copyIndex('disks')]"}}]},
        })),
    ]});
    let expansion = clean(&parts);
    let names: Vec<&str> = expansion.resources.iter().map(|resource| resource.name.as_str()).collect();
    assert_eq!(names, ["s0", "s1", "last"]);
    let last = &expansion.resources[2];
    assert_eq!(last.waits_for, [0, 1]);
    assert_eq!(last.depends_on[0], format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/s0"));
    assert_eq!(last.body["tags"], json!({"copy": "an ordinary property"}));
    assert_eq!(last.body["properties"], json!({"disks": [{"lun": 0}, {"lun": 1}]}));
    assert_eq!(last.location.as_deref(), Some("westeurope"));
    assert_eq!(&*last.origin.pointer, "/resources/2");
}

#[test]
fn mistakes_in_dependencies() {
    let parts = json!({"resources": [
        storage("one"),
        with(storage("two"), &json!({"dependsOn": ["oen", "three"]})),
        with(storage("three"), &json!({"dependsOn": ["two"]})),
        storage("ONE"),
    ]});
    let mut found = codes(&expanded(&parts));
    found.sort_unstable();
    assert_eq!(found, ["dependency-cycle", "dependency-unknown", "resource-duplicate"]);
    for count in [-1, 801] {
        let parts =
            json!({"resources": [with(storage("x"), &json!({"copy": {"name": "l", "count": count}}))]});
        assert_eq!(codes(&expanded(&parts)), ["copy-count"]);
    }
}

#[test]
fn nothing_waits_for_itself() {
    let alone = json!({"resources": [with(storage("one"), &json!({"dependsOn": ["one"]}))]});
    let found = expanded(&alone).diagnostics;
    assert_eq!(found[0].message, "`one` waits for itself");
    assert_eq!(found[0].pointer, "/resources/0/dependsOn/0");
    // a loop that names one of its own turns
    let turn = json!({"copy": {"name": "l", "count": 3}, "dependsOn": ["q1"]});
    let found =
        expanded(&json!({"resources": [with(storage("[concat('q', copyIndex())]"), &turn)]})).diagnostics;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].code, found[0].message.as_str()), ("dependency-cycle", "`q1` waits for itself"));
    assert!(found[0].hint.as_deref().is_some_and(|hint| hint.contains("every turn of a loop")));
}

#[test]
fn children_get_their_parents_type_and_name() {
    let child =
        json!({"type": "queues", "apiVersion": "2021-11-01", "name": "incoming", "dependsOn": ["bus"]});
    let lock = json!({"type": "providers/locks", "apiVersion": "2020-05-01",
                      "name": "Microsoft.Authorization/keep"});
    let bus = json!({"type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2021-11-01", "name": "bus",
                     "resources": [child, lock]});
    let expansion = clean(&json!({"resources": [bus]}));
    let queue = &expansion.resources[1];
    assert_eq!(
        (queue.kind.as_str(), queue.name.as_str()),
        ("Microsoft.ServiceBus/namespaces/queues", "bus/incoming")
    );
    assert_eq!(queue.id, format!("{GROUP}/providers/Microsoft.ServiceBus/namespaces/bus/queues/incoming"));
    assert_eq!(queue.waits_for, [0]);
    assert!(
        expansion.resources[2].id.ends_with("/namespaces/bus/providers/Microsoft.Authorization/locks/keep")
    );
}

struct Live;

impl Runtime for Live {
    fn reference(&self, id: &str, version: Option<&str>, full: bool) -> Result<Value, String> {
        Ok(json!({"id": id, "version": version, "full": full, "list": [1, 2, 3], "location": "westeurope"}))
    }

    fn list(&self, function: &str, id: &str, _: &str, _: Option<&Value>) -> Result<Value, String> {
        Ok(json!({"keys": [{"value": format!("{function}:{}", id.rsplit('/').next().unwrap())}]}))
    }
}

#[test]
fn what_only_the_run_knows_is_kept_and_finished_later() {
    let parts = json!({
        "variables": {"offset": 10},
        "resources": [
            storage("one"),
            with(storage("two"), &json!({"properties": {
                "key": "[listKeys('one', '2023-01-01').keys[0].value]",
                "sum": "[map(reference('one').list, lambda('x', add(lambdaVariables('x'), variables('offset'))))]",
                "gone": "[if(contains(reference('one'), 'nothing'), 1, null())]",
            }})),
        ],
        "outputs": {"out": {"type": "string", "value": "[concat('at ', reference('two', '2023-01-01', 'Full').location)]"}},
    });
    let expansion = clean(&parts);
    let two = &expansion.resources[1];
    assert_eq!(two.waits_for, [0], "a reference by name is a dependency");
    let one = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/one");
    let pointers: Vec<&str> = two.deferred.iter().map(|deferred| deferred.pointer.as_str()).collect();
    assert_eq!(pointers, ["/properties/gone", "/properties/key", "/properties/sum"]);
    assert!(two.deferred.iter().all(|deferred| deferred.references == [one.clone()]));
    assert_eq!(two.body["properties"]["key"], format!("[listKeys('{one}', '2023-01-01').keys[0].value]"));
    let body = resolve(two, &Live).unwrap();
    assert_eq!(body["properties"], json!({"key": "listKeys:one", "sum": [11, 12, 13]}));
    let out = resolve_output("out", &expansion.outputs["out"], &Live).unwrap();
    assert_eq!(out, "at westeurope");
}

#[test]
fn names_and_conditions_cannot_wait_for_the_run() {
    let parts = json!({"resources": [storage("[reference('x', '2020-01-01').name]")]});
    assert_eq!(codes(&expanded(&parts)), ["runtime-call"]);
}

fn nested(name: &str, inner: bool, inside: &Value) -> Value {
    let scope = if inner { "inner" } else { "outer" };
    json!({"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name, "properties": {
        "mode": "Incremental", "expressionEvaluationOptions": {"scope": scope}, "template": inside}})
}

#[test]
fn nested_deployments_see_their_own_scope_or_the_parents() {
    for (inner, expected) in [(true, "inside"), (false, "outside")] {
        let inside = json!({
            "variables": {"v": "inside"}, "resources": [],
            "outputs": {"out": {"type": "string", "value": "[variables('v')]"}},
        });
        let parts = json!({
            "variables": {"v": "outside"},
            "resources": [nested("n", inner, &inside)],
            "outputs": {"out": {"type": "string", "value": "[reference('n').outputs.out.value]"}},
        });
        assert_eq!(clean(&parts).outputs["out"].value, expected);
    }
}

#[test]
fn outputs_of_one_deployment_name_the_resources_of_the_next() {
    let first = json!({"resources": [storage("a")], "outputs": {"name": {"type": "string", "value": "b"}}});
    let second =
        json!({"parameters": {"name": {"type": "string"}}, "resources": [storage("[parameters('name')]")]});
    let mut user = nested("second", true, &second);
    user["properties"]["parameters"] = json!({"name": {"value": "[reference('first').outputs.name.value]"}});
    user["resourceGroup"] = "other".into();
    // the user stands first: the order of the text does not matter
    let expansion = clean(&json!({"resources": [user, nested("first", true, &first)]}));
    let names: Vec<&str> = expansion.resources.iter().map(|resource| resource.name.as_str()).collect();
    assert_eq!(names, ["a", "first", "b", "second"]);
    let b = &expansion.resources[2];
    assert_eq!(b.location.as_deref(), Some("northeurope"));
    assert!(b.id.contains("/resourceGroups/other/"));
    assert_eq!(b.deployment_chain, ["second"]);
    assert_eq!(b.waits_for, [1], "what the deployment waits for, its resources wait for");
    assert_eq!(expansion.resources[1].waits_for, [0]);
    assert!(expansion.resources[1].deployment.is_some());
}

struct One(&'static str, String);

impl Linked for One {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let uri = link.to;
        (uri == self.0).then(|| LinkedTemplate { file: uri.to_owned(), text: self.1.clone() })
    }
}

#[test]
fn linked_templates_come_from_the_caller() {
    let link = |uri: &str| {
        json!({"resources": [{"type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01", "name": "l", "properties": {"mode": "Incremental", "templateLink": {"relativePath": uri}}}]})
    };
    let text = json!({"resources": [storage("far")]}).to_string();
    let expansion =
        expand(&template(&link("sub/x.json")), &BTreeMap::new(), &context(), &One("sub/x.json", text));
    assert!(expansion.is_clean(), "{:?}", expansion.diagnostics);
    assert_eq!(&*expansion.resources[0].origin.file, "sub/x.json");
    let expansion = expanded(&link("y.json"));
    assert_eq!(codes(&expansion), ["linked-template"]);
    assert!(expansion.diagnostics[0].message.contains("y.json"));
    // one that links to itself ends
    let text = link("x.json").to_string();
    let expansion = expand(&template(&link("x.json")), &BTreeMap::new(), &context(), &One("x.json", text));
    assert_eq!(codes(&expansion), ["linked-cycle"]);
    let found = &expansion.diagnostics[0];
    assert!(found.message.ends_with("without an end: `x.json` → `x.json`"), "{found}");
    assert!(found.chain.is_empty(), "the same deployment over and over says nothing");
}

#[test]
fn symbolic_names_and_existing_resources() {
    let parts = json!({"languageVersion": "2.0", "parameters": {"opt": {"type": "string", "nullable": true}},
        "resources": {
        "old": with(storage("old"), &json!({"existing": true})),
        "many": with(storage("[format('m{0}', copyIndex())]"), &json!({"copy": {"name": "many", "count": 2}})),
        "new": with(storage("new"), &json!({"dependsOn": ["old", "many"], "properties": {
            "old": "[reference('old').primaryEndpoints.blob]", "first": "[reference('many[0]').x]"}})),
        "never": with(storage("[split(parameters('opt'), '/')[8]]"), &json!({"condition": "[not(empty(parameters('opt')))]"})),
    }});
    let expansion = clean(&parts);
    assert_eq!(expansion.resources.len(), 4);
    let new = expansion.resources.iter().find(|resource| resource.name == "new").unwrap();
    assert_eq!(new.waits_for.len(), 3);
    assert!(expansion.resources.iter().find(|resource| resource.name == "old").unwrap().existing);
}

#[test]
fn user_functions_see_only_their_arguments() {
    let parts = json!({
        "functions": [{"namespace": "my", "members": {"join": {
            "parameters": [{"name": "a", "type": "string"}], "output": {"type": "string", "value": "[concat(parameters('a'), '!')]"}}}}],
        "outputs": {"out": {"type": "string", "value": "[my.Join('hi')]"}},
    });
    assert_eq!(clean(&parts).outputs["out"].value, "hi!");
}

#[test]
fn placeholders_fit_their_parameters() {
    let parts = json!({"parameters": {
        "plain": {"type": "string", "minLength": 20},
        "sku": {"type": "string", "allowedValues": ["B", "A"]},
        "count": {"type": "int", "minValue": 5},
        "net": {"type": "object"},
        "has": {"type": "int", "defaultValue": 1},
    }, "outputs": {"out": {"type": "string", "value": "[parameters('net').subnets[1].name]"}}});
    let template = template(&parts);
    let values = placeholders(&template, &std::collections::BTreeSet::from(["COUNT".to_owned()]));
    let values: BTreeMap<String, Value> = values.into_iter().map(|(name, made)| (name, made.value)).collect();
    assert_eq!(values["plain"].as_str().unwrap().len(), 20);
    assert_eq!(values["sku"], "B");
    assert_eq!(values["net"], json!({"subnets": [{"name": "genname"}, {"name": "genname"}]}));
    assert_eq!(values.len(), 3);
    let filled = fill_markers(&json!(["GEN-UNIQUE-8", "x-GEN-GUID", "GEN-PASSWORD"]), "seed");
    assert_eq!(filled[0].as_str().unwrap().len(), 8);
    assert_eq!(filled, fill_markers(&json!(["GEN-UNIQUE-8", "x-GEN-GUID", "GEN-PASSWORD"]), "seed"));
}

/// What stands for an object is one: united with an answer, written as the properties of a resource, or gone through.
#[test]
fn placeholders_are_objects_where_objects_are_used() {
    let properties = |value: &str| json!({"resources": [{"type": "Microsoft.A/b", "apiVersion": "1", "name": "x", "properties": value}]});
    let output = |value: &str| json!({"outputs": {"out": {"type": "object", "value": value}}});
    let object = [
        properties("[parameters('net').own]"),
        properties("[union(reference('y'), parameters('net').own)]"),
        properties("[if(equals(1, 1), parameters('net').own, createObject())]"),
        output("[union(reference('/y/z', '1'), parameters('net').own)]"),
        output("[createObject('a', items(parameters('net').own))]"),
    ];
    let text = [
        output("[createObject('a', concat(string(reference('/y/z', '1')), parameters('net').own))]"),
        output("[createObject('a', parameters('net').own)]"),
        properties("[createObject('a', parameters('net').own)]"),
    ];
    let own = |mut parts: Value| {
        parts["parameters"] = json!({"net": {"type": "object"}});
        let template = template(&parts);
        placeholders(&template, &std::collections::BTreeSet::new())["net"].value["own"].clone()
    };
    for parts in object {
        assert_eq!(own(parts.clone()), json!({}), "{parts}");
    }
    for parts in text {
        assert_eq!(own(parts.clone()), "genown", "{parts}");
    }
}

#[test]
fn places_are_exact_even_behind_escapes() {
    let text = "{\n \"resources\": [],\n \"outputs\": {\"o\": {\"type\": \"string\", \"value\": \"[concat('\\\"\\u00e4', nope())]\"}}}";
    let template = Template::parse("f.json", text).unwrap();
    let expansion = expand(&template, &BTreeMap::new(), &context(), &NoLinks);
    let mistake = &expansion.diagnostics[0];
    assert_eq!(&text[mistake.range.clone()], "nope()");
    assert_eq!((mistake.position.line, mistake.pointer.as_str()), (3, "/outputs/o/value"));
}

/// Templates that would take forever, or all memory, or the stack.
#[test]
fn hostile_templates_end_with_a_mistake() {
    let chain = |count: usize, value: &dyn Fn(usize) -> Value| {
        let variables: serde_json::Map<String, Value> =
            (0..count).map(|index| (format!("v{index}"), value(index))).collect();
        json!({"variables": variables})
    };
    let doubled = chain(64, &|index| match index {
        0 => json!("0123456789abcdef"),
        _ => json!(format!("[concat(variables('v{0}'), variables('v{0}'))]", index - 1)),
    });
    let shared = chain(64, &|index| match index {
        0 => json!("0123456789abcdef"),
        _ => json!(format!("[createArray(variables('v{0}'), variables('v{0}'))]", index - 1)),
    });
    let long = chain(20_000, &|index| json!(format!("[variables('v{}')]", index + 1)));
    let deep = json!({"variables": {"v":
        "[reduce(range(0, 10000), createArray(), lambda('a', 'b', createArray(lambdaVariables('a'))))]"}});
    let waiting = json!({"outputs": {"o": {"type": "object", "value":
        "[reduce(range(0, 10000), reference('/x/y', '1'), lambda('a', 'b', first(lambdaVariables('a'))))]"}}});
    let recursive = json!({
        "languageVersion": "2.0",
        "functions": [{"namespace": "f", "members": {"f": {"parameters": [{"name": "a", "type": "int"}],
            "output": {"type": "int", "value": "[add(f.f(parameters('a')), f.f(parameters('a')))]"}}}}],
        "outputs": {"o": {"type": "int", "value": "[f.f(1)]"}},
    });
    let wide = json!({"outputs": {"o": {"type": "array", "value":
        "[map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', map(range(0, 10000), lambda('c', 1))))))]"}}});
    for (name, parts) in [
        ("doubled", doubled),
        ("shared", shared),
        ("long", long),
        ("deep", deep),
        ("waiting", waiting),
        ("recursive", recursive),
        ("wide", wide),
    ] {
        let expansion = expanded(&parts);
        assert!(!expansion.is_clean(), "{name}");
        assert!(codes(&expansion).contains(&"limit"), "{name}: {:?}", codes(&expansion));
    }
    let brackets = format!("[{}]", "f(".repeat(10_000));
    assert_eq!(evaluate(&brackets), "!expression-depth");
}

#[test]
fn a_bare_name_of_several_resources_is_a_mistake_unless_one_is_around() {
    let table =
        json!({"type": "fileServices", "apiVersion": "2023-01-01", "name": "default", "dependsOn": ["same"]});
    let other = json!({"type": "Microsoft.Web/sites", "apiVersion": "2022-09-01", "name": "same"});
    let parts = json!({"resources": [with(storage("same"), &json!({"resources": [table]})), other]});
    assert_eq!(clean(&parts).resources[1].waits_for, [0]);
    let user = with(storage("user"), &json!({"dependsOn": ["same"]}));
    let other = json!({"type": "Microsoft.Web/sites", "apiVersion": "2022-09-01", "name": "same"});
    assert_eq!(
        codes(&expanded(&json!({"resources": [storage("same"), other, user]}))),
        ["dependency-ambiguous"]
    );
}

#[test]
fn subscription_templates_make_groups_and_fill_them() {
    let inside = json!({"resources": [storage("inside")]});
    let mut deployment = nested("fill", true, &inside);
    deployment["resourceGroup"] = "fresh".into();
    deployment["location"] = "westeurope".into();
    deployment["dependsOn"] =
        json!(["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'fresh')]"]);
    let group = json!({"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2021-04-01", "name": "fresh",
                       "location": "francecentral"});
    let parts = json!({
        "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
        "resources": [deployment, group],
    });
    let expansion = clean(&parts);
    let names: Vec<&str> = expansion.resources.iter().map(|resource| resource.name.as_str()).collect();
    assert_eq!(names, ["fresh", "inside", "fill"]);
    assert!(expansion.resources[0].id.ends_with("0000/resourceGroups/fresh"));
    assert_eq!(expansion.resources[1].location.as_deref(), Some("francecentral"));
    assert_eq!(expansion.resources[1].waits_for, [0]);
}

#[test]
fn results_may_cross_threads() {
    fn crosses<T: Send + Sync + Clone>() {}
    crosses::<Template>();
    crosses::<Expansion>();
}
