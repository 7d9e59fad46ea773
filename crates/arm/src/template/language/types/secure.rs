//! Which parts of a value are of a secure type. Definitions of language version 2.0 may say so of a property, an element or a
//! variant alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr::from_ref;

use serde_json::Value as Json;

use super::{ParameterType, follow};
use crate::tree::{Node, push_pointer};

/// JSON with places or without. Keywords are taken in any case, and text that is shown may have several of them.
pub(crate) trait Tree: Sized {
    fn text(&self) -> Option<&str>;
    fn items(&self) -> &[Self];
    fn entries(&self) -> impl Iterator<Item = (&str, &Self)>;

    /// The members of this name, in any case.
    fn named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.entries().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The member of this name: an exact match wins, then the last one in any case.
    fn find(&self, name: &str) -> Option<&Self> {
        let exact = self.entries().filter(|(key, _)| *key == name).last().map(|(_, value)| value);
        exact.or_else(|| self.named(name).last())
    }
}

/// A part of a value that must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecurePart {
    /// JSON pointer in the value; empty for the whole.
    pub(crate) at: String,
    pub(crate) kind: ParameterType,
}

/// The parts of `value` that `declaration` says to be secure. Where it depends on an unknown variant, those of any variant.
pub(crate) fn secure_parts<T: Tree, V: Tree>(template: &T, declaration: &T, value: &V) -> Vec<SecurePart> {
    let mut parts = Parts { template, seen: BTreeSet::new(), found: BTreeMap::new() };
    parts.look(declaration, value, "");
    parts.found.into_iter().map(|(at, kind)| SecurePart { at, kind }).collect()
}

/// Whether values of a declaration may have secure parts.
pub(crate) fn has_secure_parts<T: Tree>(template: &T, declaration: &T) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![declaration];
    while let Some(next) = open.pop() {
        let declared = follow(template, next);
        if secure_kind(declared).is_some() {
            return true;
        }
        if seen.insert(from_ref(declared)) {
            open.extend(declared.named("items").chain(declared.named("additionalProperties")));
            open.extend(declared.named("prefixItems").flat_map(Tree::items));
            open.extend(declared.named("properties").flat_map(Tree::entries).map(|(_, property)| property));
            open.extend(mappings(declared).map(|(_, variant)| variant));
        }
    }
    false
}

struct Parts<'t, T> {
    template: &'t T,
    /// Definitions may refer to each other in a circle: each is looked at once in each place.
    seen: BTreeSet<(*const T, String)>,
    found: BTreeMap<String, ParameterType>,
}

impl<'t, T: Tree> Parts<'t, T> {
    fn look<V: Tree>(&mut self, declaration: &'t T, value: &V, at: &str) {
        let declared = follow(self.template, declaration);
        if !self.seen.insert((from_ref(declared), at.to_owned())) {
            return;
        }
        if let Some(kind) = secure_kind(declared) {
            self.found.insert(at.to_owned(), kind);
            return;
        }
        for (index, item) in value.items().iter().enumerate() {
            let first = declared.named("prefixItems").find_map(|first| first.items().get(index));
            let rest = declared.named("items").filter(|_| first.is_none());
            for declaration in first.into_iter().chain(rest) {
                self.look(declaration, item, &push_pointer(at, index));
            }
        }
        for (key, inner) in value.entries() {
            let own: Vec<&T> = declared.named("properties").flat_map(|all| all.named(key)).collect();
            let others = declared.named("additionalProperties").filter(|_| own.is_empty());
            for declaration in own.iter().copied().chain(others) {
                self.look(declaration, inner, &push_pointer(at, key));
            }
        }
        for variant in variants(declared, value) {
            self.look(variant, value, at);
        }
    }
}

fn secure_kind<T: Tree>(declared: &T) -> Option<ParameterType> {
    let mut kinds = declared.named("type").filter_map(|kind| ParameterType::from_name(kind.text()?));
    kinds.find(|kind| kind.is_secure())
}

/// The variants that a value may be: the one that it names, or all of them where it names none that is known.
fn variants<'t, T: Tree, V: Tree>(declared: &'t T, value: &V) -> Vec<&'t T> {
    let property = declared.named("discriminator").find_map(|one| one.find("propertyName")?.text());
    let name = value.find(property.unwrap_or("type")).and_then(Tree::text);
    let is_it = |(key, _): &(&str, &T)| name.is_some_and(|name| key.eq_ignore_ascii_case(name));
    let named: Vec<_> = mappings(declared).filter(is_it).map(|(_, variant)| variant).collect();
    if named.is_empty() { mappings(declared).map(|(_, variant)| variant).collect() } else { named }
}

fn mappings<T: Tree>(declared: &T) -> impl Iterator<Item = (&str, &T)> {
    declared.named("discriminator").flat_map(|one| one.named("mapping")).flat_map(Tree::entries)
}

impl Tree for Node {
    fn text(&self) -> Option<&str> {
        self.as_str()
    }

    fn items(&self) -> &[Self] {
        self.elements().unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.members().unwrap_or_default().iter().map(|member| (&*member.key, &member.value))
    }
}

impl Tree for Json {
    fn text(&self) -> Option<&str> {
        self.as_str()
    }

    fn items(&self) -> &[Self] {
        self.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Each way that a type leads to another; in JSON and with places alike.
    #[test]
    fn secure_parts_are_found_wherever_the_type_check_looks() {
        let template = json!({ "definitions": {
            "secret": { "type": "SecureString" },
            "tree": { "type": "object", "properties": { "pw": { "$ref": "#/definitions/secret" },
                "next": { "$ref": "#/definitions/tree" } } },
            "circle": { "$ref": "#/definitions/circle" },
            "cat": { "type": "object", "properties": { "pw": { "type": "securestring" } } },
            "dog": { "type": "object", "properties": { "name": { "type": "string" } } },
        } });
        let pet = json!({ "type": "object", "discriminator": { "propertyName": "is",
            "mapping": { "cat": { "$ref": "#/definitions/cat" }, "dog": { "$ref": "#/definitions/dog" } } } });
        for (declaration, value, wanted) in [
            (json!({ "type": "securestring" }), json!("x"), vec![""]),
            (json!({ "type": "object" }), json!({ "pw": "x" }), vec![]),
            (
                json!({ "properties": { "pw": { "TYPE": "secureString" } } }),
                json!({ "PW": "x", "b": "y" }),
                vec!["/PW"],
            ),
            (json!({ "items": { "type": "securestring" } }), json!(["x", "y"]), vec!["/0", "/1"]),
            (
                json!({ "prefixItems": [{ "type": "string" }, { "type": "secureobject" }], "items": { "type": "int" } }),
                json!(["x", { "y": "z" }, 1]),
                vec!["/1"],
            ),
            (
                json!({ "properties": { "a": { "type": "int" } }, "additionalProperties": { "type": "securestring" } }),
                json!({ "a": 1, "b/c": "x" }),
                vec!["/b~1c"],
            ),
            (
                json!({ "$ref": "#/definitions/tree" }),
                json!({ "pw": "x", "next": { "next": { "pw": "y" } } }),
                vec!["/next/next/pw", "/pw"],
            ),
            (json!({ "$ref": "#/definitions/circle" }), json!("x"), vec![]),
            (pet.clone(), json!({ "is": "cat", "pw": "x" }), vec!["/pw"]),
            (pet.clone(), json!({ "is": "dog", "pw": "x" }), vec![]),
            (pet.clone(), json!({ "is": "[parameters('is')]", "pw": "x" }), vec!["/pw"]),
        ] {
            let at = |parts: Vec<SecurePart>| parts.into_iter().map(|part| part.at).collect::<Vec<_>>();
            assert_eq!(at(secure_parts(&template, &declaration, &value)), wanted, "{declaration} {value}");
            let [template, declaration, value] =
                [&template, &declaration, &value].map(|json| Node::parse(&json.to_string()).unwrap());
            assert_eq!(at(secure_parts(&template, &declaration, &value)), wanted);
            assert!(wanted.is_empty() || has_secure_parts(&template, &declaration));
        }
        assert!(!has_secure_parts(&template, &json!({ "$ref": "#/definitions/circle" })));
        assert!(!has_secure_parts(&template, &json!({ "$ref": "#/definitions/dog" })));
        assert!(has_secure_parts(&template, &json!({ "items": { "$ref": "#/definitions/tree" } })));
    }
}
