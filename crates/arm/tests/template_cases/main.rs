//! Cases with known answers and a corpus of real templates, where the shared folder is at hand.
//!
//! What differs stands in `docs/template-differences.md`, each row with its reason, and that page is held against what
//! happens here: nothing more, nothing less.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]
#![expect(clippy::print_stdout, reason = "scores and skipped checks are for people")]

mod corpus;
mod folder;
mod listed;

use std::collections::BTreeMap;
use std::path::Path;

use lifeboat_arm::template::{
    Context, ExpandedResource, Expansion, NoLinks, ParameterValue, ResourceGroupInfo, Runtime, Template,
    expand, parse_parameters, resolve, resolve_output,
};
use lifeboat_arm::tree::Node;
use lifeboat_testdata::shared;
use serde_json::Value;

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn context(case: &Value) -> Context {
    let given = &case["context"];
    let text = |key: &str, default: &str| text_of(given, key).unwrap_or_else(|| default.to_owned());
    Context {
        subscription: text("subscriptionId", "00000000-0000-0000-0000-000000000000"),
        tenant: text("tenantId", "00000000-0000-0000-0000-000000000000"),
        resource_group: Some(ResourceGroupInfo {
            name: text("resourceGroup", "examplegroup"),
            location: text("location", "westeurope"),
        }),
        location: Some(text("location", "westeurope")),
        deployment_name: text("deploymentName", "main"),
        management_group: text_of(given, "managementGroup"),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "cases".into(),
        groups: BTreeMap::new(),
    }
}

fn parameters(text: &str) -> BTreeMap<String, Value> {
    let values = parse_parameters("parameters.json", text).unwrap_or_default();
    values
        .into_iter()
        .map(|(name, value)| match value {
            ParameterValue::Value(value) => (name, value),
            ParameterValue::KeyVault(_) => (name, Value::from("A-secret-of-1-vault")),
        })
        .collect()
}

/// Equal but for the order of members and `1` against `1.0`.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

#[derive(Default)]
struct Score {
    /// Passed and all, by authority.
    counts: BTreeMap<String, (usize, usize)>,
    /// The authorities of the failed ones, by id.
    failed: BTreeMap<String, String>,
}

impl Score {
    fn add(&mut self, case: &Value, result: Result<(), String>) {
        let authority = case["authority"].as_str().unwrap_or("?").to_owned();
        let entry = self.counts.entry(authority.clone()).or_default();
        entry.1 += 1;
        match result {
            Ok(()) => entry.0 += 1,
            Err(why) => {
                let id = case["id"].as_str().unwrap();
                println!("{authority} {id} {}: {why}", case["expression"]);
                self.failed.insert(id.to_owned(), authority);
            }
        }
    }

    /// Exactly the listed ones fail.
    fn check(&self, heading: &str) {
        for (authority, (passed, all)) in &self.counts {
            println!("{authority}: {passed} of {all}");
        }
        listed::check(heading, &self.failed);
    }
}

fn first_mistakes(expansion: &Expansion) -> String {
    let all: Vec<String> = expansion.diagnostics.iter().take(4).map(ToString::to_string).collect();
    all.join(" | ")
}

/// The cases, each with the text of its `template`: an order of members that must not get lost.
fn cases(path: &Path) -> Vec<(Value, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let tree = Node::parse(&text).unwrap();
    let cases = tree.get("cases").and_then(Node::elements).unwrap();
    let template = |case: &Node| case.get("template").map(|node| text[node.range.clone()].to_owned());
    cases.iter().map(|case| (case.to_value(), template(case).unwrap_or_default())).collect()
}

fn function_case(case: &Value, text: &str) -> Result<(), String> {
    let template =
        Template::parse("case.json", text).map_err(|mistakes| format!("not parsed: {mistakes:?}"))?;
    let given = case["parameters"].as_object().cloned().unwrap_or_default();
    let given =
        given.into_iter().map(|(name, value)| (name, value.get("value").cloned().unwrap_or(value))).collect();
    let expansion = expand(&template, &given, &context(case), &NoLinks);
    if case.get("expected_error").is_some() {
        let failed = !expansion.is_clean();
        return failed
            .then_some(())
            .ok_or_else(|| format!("an error is expected, got {:?}", expansion.outputs));
    }
    for (name, expected) in case["expected_outputs"].as_object().unwrap() {
        let output = expansion.outputs.get(name);
        let output = output.ok_or_else(|| format!("no output {name}: {}", first_mistakes(&expansion)))?;
        if !same(&output.value, &expected["value"]) {
            return Err(format!("{name} is {}, not {}", output.value, expected["value"]));
        }
    }
    Ok(())
}

#[test]
fn functions_give_the_known_answers() {
    let Some(path) = shared("arm/function-cases.json") else { return };
    let mut score = Score::default();
    for (case, text) in cases(&path) {
        let result = function_case(&case, &text);
        score.add(&case, result);
    }
    score.check("Function cases");
}

fn follow<'v>(value: &'v Value, path: &Value) -> Option<&'v Value> {
    path.as_array().unwrap().iter().try_fold(value, |at, step| match step {
        Value::Number(index) => at.get(usize::try_from(index.as_u64()?).ok()?),
        key => {
            let key = key.as_str()?;
            let members = at.as_object()?;
            members.get(key).or_else(|| {
                members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
            })
        }
    })
}

fn expect(value: &Value, expected: &Value, what: &str) -> Result<(), String> {
    let found = follow(value, &expected["path"]);
    let fits = match expected["op"].as_str().unwrap_or("eq") {
        "count" => {
            let count = found.and_then(|found| match found {
                Value::Array(items) => Some(items.len()),
                Value::Object(members) => Some(members.len()),
                _ => None,
            });
            count.map(|count| count as u64) == expected["value"].as_u64()
        }
        "absent-or-null" => found.is_none_or(Value::is_null),
        _ => found.is_some_and(|found| same(found, &expected["value"])),
    };
    fits.then_some(()).ok_or_else(|| format!("{what}: {expected} but it is {found:?}"))
}

/// A resource as the cases show it, its children inside of it.
fn whole(resource: &ExpandedResource, body: &Value, all: &[ExpandedResource]) -> Value {
    let mut whole = body.clone();
    let is_child = |other: &&ExpandedResource| {
        let inside = other.id.strip_prefix(&resource.id).and_then(|rest| rest.strip_prefix('/'));
        inside.is_some_and(|rest| rest.matches('/').count() == 1)
    };
    // a child is in its parent
    let parent = resource.id.rsplitn(3, '/').nth(2).filter(|_| resource.kind.matches('/').count() > 1);
    let children: Vec<Value> =
        all.iter().filter(is_child).map(|child| self::whole(child, &child.body, all)).collect();
    let members = whole.as_object_mut().unwrap();
    members.insert("name".into(), resource.name.clone().into());
    members.insert("type".into(), resource.kind.clone().into());
    members.insert("apiVersion".into(), resource.api_version.clone().into());
    members.insert("id".into(), resource.id.clone().into());
    members.insert("scope".into(), parent.unwrap_or(&resource.scope).into());
    if !children.is_empty() {
        members.insert("resources".into(), children.into());
    }
    members.insert("dependsOn".into(), resource.depends_on.clone().into());
    whole
}

/// A world in which the expansion is deployed: what is asked of a resource is what its template says of it, and the
/// addresses that every storage account gets.
struct Azure<'e>(&'e Expansion);

impl Runtime for Azure<'_> {
    fn reference(&self, id: &str, _: Option<&str>, full: bool) -> Result<Value, String> {
        let found = self.0.resources.iter().find(|resource| resource.id.eq_ignore_ascii_case(id));
        let mut whole = match found {
            Some(resource) => resolve(resource, self).map_err(|mistake| mistake.message)?,
            None => serde_json::json!({}),
        };
        let storage = id.contains("/Microsoft.Storage/storageAccounts/");
        if !storage && found.is_none() {
            return Err(format!("nobody knows {id}"));
        }
        if storage {
            let name = id.rsplit('/').next().unwrap();
            let blob = format!("https://{name}.blob.core.windows.net/");
            whole["properties"]["primaryEndpoints"] = serde_json::json!({ "blob": blob });
        }
        Ok(if full { whole } else { whole["properties"].take() })
    }

    fn list(&self, function: &str, id: &str, _: &str, _: Option<&Value>) -> Result<Value, String> {
        Err(format!("nobody knows {function} of {id}"))
    }
}

fn expansion_case(case: &Value) -> Result<(), String> {
    let expected = &case["expected"];
    let text = case["template_text"].as_str().unwrap();
    let template = match Template::parse("case.json", text) {
        Ok(template) => template,
        Err(_) if expected.get("error").is_some() => return Ok(()),
        Err(mistakes) => return Err(format!("not parsed: {mistakes:?}")),
    };
    let given = case["parameters_text"].as_str().map(parameters).unwrap_or_default();
    let expansion = expand(&template, &given, &context(case), &NoLinks);
    if expected.get("error").is_some() {
        return (!expansion.is_clean()).then_some(()).ok_or_else(|| "an error is expected".to_owned());
    }
    if !expansion.is_clean() {
        return Err(first_mistakes(&expansion));
    }
    let top: Vec<_> =
        expansion.resources.iter().filter(|resource| resource.deployment_chain.is_empty()).collect();
    if let Some(count) = expected["resource_count"].as_u64()
        && count != top.len() as u64
    {
        return Err(format!("{} resources, not {count}", top.len()));
    }
    for wanted in expected["resources"].as_array().into_iter().flatten() {
        let Some(by) = wanted["where"].as_object() else { continue };
        let fits = |key: &str, value: &str| {
            by.get(key).and_then(Value::as_str).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let matching: Vec<_> = expansion
            .resources
            .iter()
            .filter(|resource| {
                // short names and types of children are how the tool shows them
                fits("type", &resource.kind) && fits("name", &resource.name)
            })
            .collect();
        if matching.is_empty() {
            return Err(format!("no resource {by:?}"));
        }
        let results: Vec<Result<(), String>> = matching
            .iter()
            .map(|resource| {
                let all = wanted["expect"].as_array().unwrap();
                let fits = |body: &Value| {
                    let whole = whole(resource, body, &expansion.resources);
                    all.iter().try_for_each(|expected| expect(&whole, expected, &resource.name))
                };
                // some cases show what waits for the run, others what the run answers
                let answered = resolve(resource, &Azure(&expansion)).ok();
                fits(&resource.body).or_else(|why| answered.as_ref().map_or(Err(why), fits))
            })
            .collect();
        if results.iter().all(Result::is_err) {
            return results.into_iter().next().unwrap();
        }
    }
    for wanted in expected["outputs"].as_array().into_iter().flatten() {
        let name = wanted["output"].as_str().unwrap();
        let output = expansion.outputs.get(name).ok_or_else(|| format!("no output {name}"))?;
        // some cases show what waits for the run, others what the run answers
        if expect(&output.value, wanted, name).is_err() {
            let value =
                resolve_output(name, output, &Azure(&expansion)).map_err(|mistake| mistake.to_string())?;
            expect(&value, wanted, name)?;
        }
    }
    for (name, wanted) in expected["dependencies"].as_object().into_iter().flatten() {
        let resource = expansion.resources.iter().find(|resource| resource.name == *name);
        let resource = resource.ok_or_else(|| format!("no resource {name}"))?;
        let mut names: Vec<&str> =
            resource.depends_on.iter().map(|id| id.rsplit('/').next().unwrap()).collect();
        names.sort_unstable();
        let mut wanted: Vec<&str> = wanted.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        wanted.sort_unstable();
        if names != wanted {
            return Err(format!("{name} waits for {names:?}, not {wanted:?}"));
        }
    }
    Ok(())
}

#[test]
fn templates_expand_to_the_known_resources() {
    let Some(path) = shared("arm/expansion-cases.json") else { return };
    let mut score = Score::default();
    for (case, _) in cases(&path) {
        let result = expansion_case(&case).map_err(|why| format!("{} {why}", case["title"]));
        score.add(&case, result);
    }
    score.check("Expansion cases");
}
