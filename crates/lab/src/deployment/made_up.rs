//! What a server would have filled in: templates read host names, principals, keys and addresses of resources that the
//! lab does not model. Whatever an expression reaches for and the lab does not know is made up, the same for each id.

use lifeboat_arm::ResourceId;
use lifeboat_arm::template::{Deferred, Reach, Step};
use serde_json::{Value, json};

/// What expressions will reach for.
pub(super) fn reaches<'d>(deferred: impl IntoIterator<Item = &'d Deferred>) -> Vec<Reach> {
    deferred.into_iter().flat_map(Deferred::reaches).collect()
}

/// Adds what is reached for and absent to an answer about `id`, which the expression calls `asked`. Whether anything was.
pub(super) fn complete(
    answer: &mut Value,
    function: &str,
    [asked, id]: [&str; 2],
    reaches: &[Reach],
) -> bool {
    let own = ResourceId::parse(asked).ok();
    let of_function = |reach: &&Reach| reach.function.eq_ignore_ascii_case(function);
    let all: Vec<&Reach> = reaches.iter().filter(of_function).collect();
    let is_own = |reach: &&&Reach| {
        !reach.id.is_empty()
            && (reach.id.eq_ignore_ascii_case(asked) || ResourceId::parse(&reach.id).ok() == own)
    };
    let mut asked: Vec<&Reach> = all.iter().filter(is_own).copied().collect();
    if asked.is_empty() {
        // The expression asks what another answer names: this is that.
        asked = all.into_iter().filter(|reach| reach.id.is_empty()).collect();
    }
    let mut is_made_up = false;
    for reach in asked.into_iter().filter(|reach| !reach.path.is_empty()) {
        let leaf = leaf(&reach.path, reach.inside.as_deref(), id);
        is_made_up |= insert(answer, &reach.path, leaf);
    }
    is_made_up
}

/// Puts a value at the end of a path, unless something else stands in the way or there already. Whether it did.
fn insert(at: &mut Value, path: &[Step], leaf: Value) -> bool {
    let Some((step, rest)) = path.split_first() else {
        let is_free = at.is_null();
        if is_free {
            *at = leaf;
        }
        return is_free;
    };
    match step {
        Step::Member(name) => {
            if at.is_null() {
                *at = json!({});
            }
            let Some(members) = at.as_object_mut() else { return false };
            let known = members.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
            insert(members.entry(known.unwrap_or_else(|| name.clone())).or_insert(Value::Null), rest, leaf)
        }
        Step::Element(index) => {
            if at.is_null() {
                *at = json!([]);
            }
            let Some(items) = at.as_array_mut().filter(|_| *index < 64) else { return false };
            while items.len() <= *index {
                items.push(Value::Null);
            }
            insert(&mut items[*index], rest, leaf)
        }
    }
}

/// A value that looks like what its name says. What is put together with others is empty.
fn leaf(path: &[Step], inside: Option<&str>, id: &str) -> Value {
    let name = path.iter().rev().find_map(|step| match step {
        Step::Member(name) => Some(name.to_ascii_lowercase()),
        Step::Element(_) => None,
    });
    let name = name.unwrap_or_default();
    match inside.map(str::to_ascii_lowercase).as_deref() {
        Some("union" | "items" | "shallowmerge") => return json!({}),
        Some("map" | "filter" | "reduce" | "sort" | "groupby") => return json!([]),
        // What is looked for in a text seldom has a plural for a name.
        Some("contains") if name.ends_with('s') => return json!([]),
        Some("length" | "first" | "last") => return json!(["made-up"]),
        Some("int" | "add" | "sub" | "mul" | "div" | "mod" | "min" | "max") => return json!(1),
        Some("json") => return json!("{}"),
        _ => {}
    }
    if name == "outputs" {
        return json!({}); // of a script: each is found by its name
    }
    let own: String = id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&["uri", "url", "endpoint", "blob", "queue", "table", "file", "web", "dfs"]) {
        json!(format!("https://{own}.{name}.lab.invalid/"))
    } else if ends(&["ipaddress", "ip"]) {
        json!("192.0.2.1")
    } else if ends(&["ipaddresses"]) {
        json!("192.0.2.1,192.0.2.2")
    } else if name.contains("host") || ends(&["fqdn", "domainname", "server", "name"]) {
        json!(format!("{own}.lab.invalid"))
    } else if ends(&["principalid", "tenantid", "clientid", "customerid", "objectid", "appid"]) {
        json!(guid(id))
    } else if ends(&["resourceid"]) || name == "id" {
        json!(id)
    } else {
        json!(format!("made-up-{name}-of-{own}"))
    }
}

/// The shape of an id that some directory would have given.
fn guid(seed: &str) -> String {
    let hash = seed.to_ascii_lowercase().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hex = format!("{hash:016x}{:016x}", hash.rotate_left(29));
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_absent_is_made_up() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop";
        let member = |name: &str| Step::Member(name.to_owned());
        let reach = |path: Vec<Step>| Reach {
            function: "reference".into(),
            id: id.to_ascii_uppercase(),
            path,
            inside: None,
        };
        let reaches = [
            reach(vec![member("Known")]),
            reach(vec![member("defaultHostName")]),
            reach(vec![member("list"), Step::Element(1), member("principalId")]),
        ];
        let mut answer = json!({ "known": "as it is" });
        complete(&mut answer, "Reference", [id, id], &reaches);
        assert_eq!(answer["known"], "as it is");
        assert_eq!(answer["defaultHostName"], "shop.lab.invalid");
        assert_eq!(answer["list"][1]["principalId"].as_str().unwrap().len(), 36);
    }
}
