//! Templates that are too deep, too long, too much: each ends with a mistake that says so.

use lifeboat_arm::template::{Severity, Template};
use serde_json::{Value, json};

use crate::world::{codes, evaluate, expanded, given, nested, storage};

#[test]
fn text_of_any_depth_is_refused_in_good_order() {
    let deep = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let text = format!("{}1{}", open.repeat(deep), close.repeat(deep));
        let found = Template::parse("main.json", &text).unwrap_err();
        assert!(found[0].message.contains("levels deep"), "{}", found[0].message);
    }
    let cases = [
        ("f(", ")"),
        ("(", ")"),
        ("createArray(", ")"),
        ("if(true(),", ",1)"),
        ("variables('o')[", "]"),
        ("map(range(0, 1), lambda('x', ", "))"),
    ];
    for (open, close) in cases {
        for deep in [200, 1000, deep] {
            let found = evaluate(&format!("{}1{}", open.repeat(deep), close.repeat(deep)));
            let found = found.as_str().unwrap();
            let refused = ["!expression-depth", "!expression-length", "!expression-syntax"].contains(&found);
            assert!(refused, "{open} {deep}: {found}");
        }
    }
    assert_eq!(evaluate(&format!("variables('o'){}", ".a".repeat(deep))), "!expression-length");
    assert_eq!(evaluate(&format!("variables('o'){}", ".a".repeat(1000))), "!expression-depth");
}

#[test]
fn templates_inside_of_templates_end() {
    let inside = (0..40).fold(
        json!({"resources": []}),
        |inside, at| json!({"resources": [nested(&format!("n{at}"), at % 2 == 0, &inside)]}),
    );
    assert!(codes(&expanded(&inside)).contains(&"limit"));
}

#[test]
fn types_that_hold_themselves_end() {
    let chain = (0..200).fold(json!(null), |inside, _| json!({"next": inside}));
    let parts = json!({
        "languageVersion": "2.0", "resources": {},
        "definitions": {
            "list": {"type": "object", "properties": {"next": {"$ref": "#/definitions/list", "nullable": true}}},
            "a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"},
        },
        "parameters": {"p": {"$ref": "#/definitions/list"}},
    });
    assert!(given(&parts, &json!({"p": chain})).diagnostics.len() <= 1);
    let mut circle = parts;
    circle["parameters"]["p"] = json!({"$ref": "#/definitions/a"});
    assert_eq!(codes(&given(&circle, &json!({"p": 1}))), ["type"]);
}

#[test]
fn what_calls_itself_ends() {
    let function = |name: &str, body: &str| {
        json!({"functions": [{"namespace": "f", "members": {
            "a": {"output": {"type": "int", "value": "[f.b()]"}},
            "b": {"output": {"type": "int", "value": body}}}}],
            "languageVersion": "2.0",
            "outputs": {"o": {"type": "int", "value": format!("[f.{name}()]")}}})
    };
    assert_eq!(codes(&expanded(&function("a", "[f.a()]"))), ["limit"]);
    assert_eq!(codes(&expanded(&function("b", "[add(f.b(), f.a())]"))), ["limit"]);
    let circle = json!({"parameters": {
        "a": {"type": "string", "defaultValue": "[parameters('b')]"},
        "b": {"type": "string", "defaultValue": "[parameters('a')]"}}});
    assert_eq!(codes(&expanded(&circle)), ["cycle"]);
    let loops =
        json!({"variables": {"copy": [{"name": "a", "count": "[length(variables('a'))]", "input": 1}]}});
    assert_eq!(codes(&expanded(&loops)), ["cycle"]);
}

#[test]
fn long_lists_take_no_square_time() {
    // a square of these would be a hundred million comparisons, each
    let long = "range(0, 10000)";
    let cases = [
        (format!("length(union({long}, range(5000, 10000)))"), json!(15_000)),
        (format!("length(intersection({long}, range(5000, 10000)))"), json!(5000)),
        (format!("length(distinct(concat({long}, {long})))"), json!(10_000)),
        (format!("length(toObject({long}, lambda('x', string(lambdaVariables('x')))))"), json!(10_000)),
        (
            format!("length(groupBy({long}, lambda('x', string(mod(lambdaVariables('x'), 5000)))))"),
            json!(5000),
        ),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluate(&expression), expected, "{expression}");
    }
}

#[test]
fn too_many_resources_are_refused() {
    let loops: Vec<Value> = (0..30)
        .map(|at| {
            storage(
                &format!("[concat('a{at}x', copyIndex())]"),
                &json!({"copy": {"name": format!("l{at}"), "count": 800}}),
            )
        })
        .collect();
    assert!(codes(&expanded(&json!({"resources": loops}))).contains(&"limit"));
}

/// What could not be expanded within bounds ends soon, with one mistake.
#[test]
fn much_of_little_ends_with_one_mistake() {
    let huge = "[map(range(0, 800), lambda('x', range(0, 800)))]";
    let many = json!({"name": "many", "count": 800});
    let things = json!({"resources": [storage("[concat('a', copyIndex())]", &json!({"copy": many}))]});
    let mut waiting = nested("[concat('n', copyIndex())]", true, &things);
    waiting["copy"] = json!({"name": "n", "count": 20});
    waiting["dependsOn"] = json!(["many"]);
    let variables: serde_json::Map<String, Value> = (0..300)
        .map(|at| (format!("v{at}"), json!("[map(range(0, 400), lambda('x', range(0, 9000)))]")))
        .collect();
    let outputs: serde_json::Map<String, Value> =
        (0..60).map(|at| (format!("o{at}"), json!({"type": "array", "value": huge}))).collect();
    let mut copies = nested("[concat('m', copyIndex())]", false, &things);
    copies["copy"] = json!({"name": "m", "count": 800});
    for (what, parts) in [
        (
            "bodies",
            json!({"resources": [storage("[concat('a', copyIndex())]",
            &json!({"copy": {"name": "l", "count": 300}, "properties": {"a": huge, "b": [huge, huge]}}))]}),
        ),
        ("deployments of a loop", json!({"resources": [copies]})),
        (
            "lists of what is waited for",
            json!({"resources": [
            storage("[concat('w', copyIndex())]", &json!({"copy": many})), waiting]}),
        ),
        ("variables", json!({"variables": variables})),
        ("outputs", json!({"outputs": outputs})),
    ] {
        let expansion = expanded(&parts);
        let errors: Vec<_> =
            expansion.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{what}: {errors:#?}");
        assert_eq!(errors[0].code, "limit", "{what}");
    }
}

#[test]
fn more_resources_than_azure_takes_are_doubted() {
    let loops = |count: usize| {
        json!({"resources": [storage("[concat('a', copyIndex())]", &json!({"copy": {"name": "l", "count": count}})),
            storage("b", &json!({}))]})
    };
    assert_eq!(codes(&expanded(&loops(799))), [""; 0]);
    let found = expanded(&loops(800));
    assert!(found.is_clean());
    assert_eq!(found.diagnostics[0].message, "here are 801 resources: Azure takes 800 in one deployment");
}
