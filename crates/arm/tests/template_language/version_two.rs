//! `languageVersion` 2.0: symbolic names, what exists already, types of one's own.

use serde_json::{Value, json};

use crate::world::{GROUP, clean, codes, expanded, given, storage};

fn two(parts: &Value) -> Value {
    let mut whole = json!({"languageVersion": "2.0", "resources": {}});
    whole.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    whole
}

#[test]
fn resources_go_by_symbolic_names() {
    let parts = two(&json!({
        "resources": {
            "old": storage("old", &json!({"existing": true, "resourceGroup": "other"})),
            "many": storage("[format('m{0}', copyIndex())]", &json!({"copy": {"name": "many", "count": 2}, "dependsOn": ["old"]})),
            "last": storage("last", &json!({"dependsOn": ["many[1]"], "properties": {"id": "[reference('old').id]"}})),
            "off": storage("[last(split(null(), '/'))]", &json!({"condition": false})),
        },
        "outputs": {
            "all": {"type": "array", "value": "[references('many')]"},
            "one": {"type": "string", "value": "[reference('many[0]').x]"},
            "info": {"type": "string", "value": "[resourceInfo('old').id]"},
        },
    }));
    let expansion = clean(&parts);
    let names: Vec<(&str, bool)> =
        expansion.resources.iter().map(|resource| (resource.name.as_str(), resource.existing)).collect();
    assert_eq!(names, [("last", false), ("m0", false), ("m1", false), ("old", true)]);
    let last = &expansion.resources[0];
    assert_eq!(last.waits_for, [2, 3]);
    let other = GROUP.replace("myRg", "other");
    let id = format!("{other}/providers/Microsoft.Storage/storageAccounts/old");
    assert_eq!(last.deferred[0].references, std::slice::from_ref(&id));
    assert_eq!(expansion.outputs["info"].value, id);
    assert_eq!(expansion.outputs["all"].value.as_array().unwrap().len(), 2);
    assert!(expansion.outputs["one"].deferred[0].references[0].ends_with("/m0"));
}

#[test]
fn options_are_no_part_of_the_body() {
    let parts = two(
        &json!({"resources": {"one": storage("a", &json!({"@options": {"onlyIfNotExists": []}, "kind": "StorageV2"}))}}),
    );
    assert_eq!(clean(&parts).resources[0].body, json!({"kind": "StorageV2"}));
}

#[test]
fn dependencies_are_a_list() {
    for wrong in [json!("a"), json!({"a": true})] {
        let parts =
            json!({"resources": [storage("a", &json!({})), storage("b", &json!({"dependsOn": wrong}))]});
        assert_eq!(codes(&expanded(&parts)), ["type"]);
    }
    clean(&json!({"resources": [storage("a", &json!({"dependsOn": null}))]}));
}

#[test]
fn symbols_that_nobody_declares_are_told() {
    let resources =
        json!({"one": storage("a", &json!({"dependsOn": ["tow"]})), "two": storage("b", &json!({}))});
    let found = expanded(&two(&json!({"resources": resources}))).diagnostics;
    assert_eq!(
        (found[0].code, found[0].hint.as_deref()),
        ("dependency-unknown", Some("did you mean `two`?"))
    );
}

#[test]
fn values_are_held_against_their_types() {
    let definitions = json!({
        "size": {"type": "string", "allowedValues": ["small", "large"]},
        "positive": {"type": "int", "minValue": 1},
        "node": {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/definitions/node", "nullable": true}}},
        "pet": {"type": "object", "discriminator": {"propertyName": "kind", "mapping": {
            "cat": {"type": "object", "properties": {"kind": {"type": "string", "allowedValues": ["cat"]}, "lives": {"$ref": "#/definitions/positive"}}},
            "dog": {"$ref": "#/definitions/dog"}}}},
        "dog": {"type": "object", "properties": {"kind": {"type": "string"}, "bark": {"type": "bool"}}, "additionalProperties": false},
    });
    let cases = [
        (json!({"$ref": "#/definitions/size"}), json!("small"), None),
        (json!({"$ref": "#/definitions/size"}), json!("middle"), Some("parameter-allowed")),
        (json!({"$ref": "#/definitions/positive"}), json!(1), None),
        (json!({"$ref": "#/definitions/positive"}), json!(0), Some("parameter-range")),
        (json!({"$ref": "#/definitions/positive"}), json!("1"), Some("parameter-type")),
        (json!({"$ref": "#/definitions/positive", "maxValue": 5}), json!(6), Some("parameter-range")),
        (json!({"$ref": "#/definitions/none"}), json!("x"), Some("type")),
        (json!({"$ref": "#/definitions/node"}), json!({"name": "a", "next": {"name": "b"}}), None),
        (json!({"$ref": "#/definitions/node"}), json!({"name": "a", "next": {}}), Some("parameter-type")),
        (json!({"$ref": "#/definitions/node"}), json!({"name": "a", "next": null}), None),
        (json!({"$ref": "#/definitions/pet"}), json!({"kind": "cat", "lives": 9}), None),
        (json!({"$ref": "#/definitions/pet"}), json!({"kind": "cat", "lives": 0}), Some("parameter-range")),
        (json!({"$ref": "#/definitions/pet"}), json!({"kind": "dog", "bark": true}), None),
        (
            json!({"$ref": "#/definitions/pet"}),
            json!({"kind": "dog", "bark": true, "more": 1}),
            Some("parameter-type"),
        ),
        (json!({"$ref": "#/definitions/pet"}), json!({"kind": "cow"}), Some("parameter-type")),
        (json!({"$ref": "#/definitions/pet"}), json!({}), Some("parameter-type")),
        (json!({"type": "array", "items": {"type": "int"}}), json!([1, 2]), None),
        (json!({"type": "array", "items": {"type": "int"}}), json!([1, "2"]), Some("parameter-type")),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "int"}], "items": false}),
            json!(["a", 1]),
            None,
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "int"}], "items": false}),
            json!(["a", "b"]),
            Some("parameter-type"),
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}], "items": false}),
            json!(["a", 1]),
            Some("parameter-type"),
        ),
        (json!({"type": "array", "minLength": 2}), json!([1]), Some("parameter-length")),
        (json!({"type": "array", "allowedValues": ["a", "b"]}), json!(["b"]), None),
        (json!({"type": "array", "allowedValues": ["a", "b"]}), json!(["c"]), Some("parameter-allowed")),
        (json!({"type": "object", "additionalProperties": {"type": "int"}}), json!({"a": 1}), None),
        (
            json!({"type": "object", "additionalProperties": {"type": "int"}}),
            json!({"a": "1"}),
            Some("parameter-type"),
        ),
        (json!({"type": "string", "nullable": true}), json!(null), None),
        (json!({"type": "string"}), json!(null), Some("parameter-type")),
        (json!({"type": "string", "defaultValue": "d"}), json!(null), None),
        (json!({"type": "string", "minLength": 3, "maxLength": 4}), json!("ab"), Some("parameter-length")),
        (json!({"type": "bool"}), json!("true"), Some("parameter-type")),
        (json!({"type": "int"}), json!(1.0), None),
        (json!({"type": "int"}), json!(1.5), Some("parameter-type")),
        (json!({"type": "securestring"}), json!("s"), None),
        (json!({"type": "secureObject"}), json!([]), Some("parameter-type")),
        (json!({"type": "strin"}), json!("s"), Some("type")),
        (json!({}), json!("s"), Some("type")),
    ];
    for (declaration, value, expected) in cases {
        let parts = two(&json!({"definitions": definitions, "parameters": {"p": declaration}}));
        let found = codes(&given(&parts, &json!({"p": value})));
        assert_eq!(found.first().copied(), expected, "{declaration} {value}");
    }
}

#[test]
fn null_and_nothing() {
    let parts = two(&json!({
        "parameters": {"n": {"type": "string", "nullable": true}, "d": {"type": "string", "defaultValue": "given"}},
        "outputs": {"out": {"type": "array", "value": "[createArray(parameters('n'), parameters('d'), tryGet(parameters('n'), 'x'), coalesce(parameters('n'), 'else'))]"}},
    }));
    for values in [json!({}), json!({"n": null, "d": null})] {
        assert_eq!(given(&parts, &values).outputs["out"].value, json!([null, "given", null, "else"]));
    }
}

#[test]
fn defaults_may_be_text_of_numbers_and_given_values_not() {
    let parts = json!({
        "parameters": {"n": {"type": "int", "defaultValue": "3"}, "b": {"type": "bool", "defaultValue": "True"}},
        "outputs": {"out": {"type": "array", "value": "[createArray(add(parameters('n'), 1), not(parameters('b')))]"}},
    });
    assert_eq!(clean(&parts).outputs["out"].value, json!([4, false]));
    let found = given(&parts, &json!({"n": "3"})).diagnostics;
    assert_eq!(
        (found[0].code, found[0].hint.as_deref()),
        ("parameter-type", Some("write it without quotes"))
    );
}

#[test]
fn outputs_are_held_against_their_types() {
    let cases = [
        ("string", json!("a"), None),
        ("string", json!("[createArray()]"), Some("output-type")),
        ("int", json!("[length('ab')]"), None),
        ("int", json!("[string(1)]"), Some("output-type")),
        ("object", json!({"a": "[add(1, 1)]"}), None),
        ("array", json!({}), Some("output-type")),
        ("object", json!("[null()]"), None),
        ("string", json!("[reference('/x/y', '1').z]"), None),
        ("thing", json!("a"), Some("type")),
    ];
    for (kind, value, expected) in cases {
        let parts = json!({"outputs": {"out": {"type": kind, "value": value}}});
        assert_eq!(codes(&expanded(&parts)).first().copied(), expected, "{kind} {value}");
    }
}

#[test]
fn assertions_are_checked() {
    let parts = two(&json!({
        "parameters": {"n": {"type": "int", "defaultValue": 3}},
        "asserts": {"small": "[less(parameters('n'), 2)]", "positive": "[greater(parameters('n'), 0)]", "text": "x"},
    }));
    let found = expanded(&parts).diagnostics;
    let messages: Vec<&str> = found.iter().map(|mistake| mistake.message.as_str()).collect();
    assert_eq!(
        messages,
        ["the assertion `small` does not hold", "the assertion `text` must be a bool, is a string"]
    );
}

#[test]
fn resources_of_extensions_are_left_out_and_said() {
    let parts = two(&json!({
        "languageVersion": "2.2-experimental",
        "extensions": {"k8s": {"name": "Kubernetes", "version": "1.0.0", "config": {"namespace": {"type": "string", "defaultValue": "default"}}}},
        "resources": {"pod": {"extension": "k8s", "type": "core/Pod", "apiVersion": "v1", "properties": {}}, "a": storage("a", &json!({}))},
        "outputs": {"out": {"type": "string", "value": "[extensions('k8s').config.namespace.value]"}},
    }));
    let expansion = clean(&parts);
    assert_eq!(codes(&expansion), ["extension"]);
    assert_eq!(expansion.resources.len(), 1);
    assert_eq!(expansion.outputs["out"].value, "default");
}
