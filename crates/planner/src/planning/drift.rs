//! Whether what stands is what the templates declare, member by member, by what was last observed (F25).

use lifeboat_arm::Region;
use serde_json::Value;

use crate::inventory::{Fact, Inventory, Known};
use crate::topology::Declared;

/// Where a resource differs from its declaration, or is not known to agree: a JSON pointer into its body, empty for the
/// whole. None when everything that is declared was seen to be so; what Azure adds by itself does not matter.
pub(super) fn difference(declared: &Declared, seen: &Inventory) -> Option<String> {
    let known = seen.fact(declared.id.as_str()).and_then(Fact::last_known);
    // What only a template says was not seen.
    let Some(Known { value: known, at: Some(_), .. }) = known else { return Some(String::new()) };
    differs(known, &declared.body, "")
}

fn differs(have: &Value, want: &Value, at: &str) -> Option<String> {
    let here = |same: bool| (!same).then(|| at.to_owned());
    match want {
        Value::Null => None,
        Value::Object(members) => members.iter().find_map(|(key, want)| {
            let at = format!("{at}/{key}");
            match member(have, key) {
                Some(have) => differs(have, want, &at),
                None => (!says_nothing(want)).then_some(at),
            }
        }),
        Value::Array(items) => match have.as_array() {
            Some(have) if have.len() == items.len() => {
                let mut pairs = have.iter().zip(items).enumerate();
                pairs.find_map(|(index, (have, want))| differs(have, want, &format!("{at}/{index}")))
            }
            _ => here(false),
        },
        Value::String(want) => {
            let have = have.as_str().unwrap_or_default();
            let place = at == "/location" && Region::lenient(have) == Region::lenient(want);
            // What only the run of a deployment can fill in cannot be compared. Azure gives words in a casing of its
            // own.
            here(!want.starts_with('[') && (place || have.eq_ignore_ascii_case(want)))
        }
        Value::Number(want) => here(have.as_f64() == want.as_f64()),
        Value::Bool(want) => here(have.as_bool() == Some(*want)),
    }
}

/// Member names fold case in ARM.
fn member<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let members = object.as_object()?;
        members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    })
}

/// Azure leaves out what says nothing.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().all(says_nothing),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_declared_must_be_seen_and_what_azure_adds_does_not_matter() {
        let declared = json!({
            "location": "westeurope", "sku": { "name": "Premium", "capacity": 1 }, "tags": {},
            "properties": { "on": true, "list": [{ "n": 1 }], "none": null },
        });
        let shown = || {
            json!({
                "id": "/x", "location": "West Europe", "sku": { "name": "premium", "capacity": 1.0, "tier": "Premium" },
                "properties": { "On": true, "list": [{ "n": 1, "added": 2 }], "provisioningState": "Succeeded" },
            })
        };
        assert_eq!(differs(&shown(), &declared, ""), None);
        for (pointer, value) in [
            ("/location", json!("northeurope")),
            ("/sku/capacity", json!(2)),
            ("/sku/name", json!(null)),
            ("/properties/On", json!("true")),
            ("/properties/list", json!([])),
            ("/properties/list/0/n", json!(2)),
        ] {
            let mut other = shown();
            *other.pointer_mut(pointer).unwrap() = value;
            let at = differs(&other, &declared, "").unwrap_or_else(|| panic!("{pointer} is overlooked"));
            assert!(at.eq_ignore_ascii_case(pointer), "{at} instead of {pointer}");
        }
        // A new member, and one that nobody can compare.
        assert_eq!(
            differs(&shown(), &json!({ "properties": { "new": 1 } }), ""),
            Some("/properties/new".into())
        );
        let filled_in = json!({ "properties": { "on": "[reference('x').on]" } });
        assert_eq!(differs(&shown(), &filled_in, ""), Some("/properties/on".into()));
    }
}
