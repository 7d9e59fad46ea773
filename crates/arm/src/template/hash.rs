//! The hash that Azure shows of a template: equal templates have equal hashes, however they are laid out.

use std::fmt::Write as _;

use super::language::functions::string::upper;
use super::language::unique::murmur;
use crate::tree::{Node, NodeKind};

/// A template's hash, and the text that it is taken of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateHash {
    /// The template without blanks and comments, in capitals: Azure does not tell case apart.
    pub minified: String,
    /// 64 bits as a decimal number.
    pub hash: String,
}

/// The hash of a template, its members in the order of the text: what `calculateTemplateHash` answers.
///
/// The algorithm is the one of `uniqueString`; checked with the one published pair.
pub fn template_hash(template: &Node) -> TemplateHash {
    let mut minified = String::new();
    write(template, &mut minified);
    let minified = upper(&minified);
    let hash = murmur(minified.as_bytes()).to_string();
    TemplateHash { minified, hash }
}

fn write(node: &Node, out: &mut String) {
    match &node.kind {
        NodeKind::Null => out.push_str("null"),
        NodeKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        NodeKind::Number(number) => write!(out, "{number}").expect("writing to a string cannot fail"),
        NodeKind::String(text) => quoted(text, out),
        NodeKind::Array(elements) => listed(out, '[', elements, ']', write),
        NodeKind::Object(members) => listed(out, '{', members, '}', |member, out| {
            quoted(&member.key, out);
            out.push(':');
            write(&member.value, out);
        }),
    }
}

fn listed<T>(out: &mut String, open: char, items: &[T], close: char, mut each: impl FnMut(&T, &mut String)) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(close);
}

fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_stays_one() {
        let found = template_hash(&Node::parse(r#"{ "straße": "ﬁn é" }"#).unwrap());
        assert_eq!(found.minified, r#"{"STRAßE":"ﬁN É"}"#);
    }

    /// The example of the REST reference.
    #[test]
    fn the_published_pair() {
        let template = r#"{ "$schema": "http://schemas.management.azure.com/deploymentTemplate?api-version=2014-04-01-preview",
            "contentVersion": "1.0.0.0", "parameters": { "string": { "type": "string" } },
            "variables": { "string": "string", "int": 42, "bool": true, "array": [ 1, 2, 3, 4 ],
                "object": { "object": { "vmSize": "Large", "location": "West US" } } },
            "resources": [], // nothing
            "outputs": { "string": { "type": "string", "value": "myvalue" } } }"#;
        let found = template_hash(&Node::parse(template).unwrap());
        assert_eq!(found.hash, "695440707931307747");
        assert!(found.minified.contains(r#""ARRAY":[1,2,3,4],"OBJECT""#), "{}", found.minified);
    }
}
