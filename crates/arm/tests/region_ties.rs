//! Ties to regions, over a corpus of real templates.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lifeboat_arm::Region;
use lifeboat_arm::template::lift::{Lift, LiftError, Lifted, home_region, lift};
use lifeboat_arm::template::placeholder::placeholders;
use lifeboat_arm::template::regions::{Level, TieKind, ties};
use lifeboat_arm::template::{Context, Expansion, Linked, NoLinks, ResourceGroupInfo, Template, expand};
use lifeboat_testdata::{json_files, shared};
use serde_json::{Value, json};

/// Every template of the corpus that can be read, by its path.
fn templates(corpus: &Path) -> Vec<Template> {
    let read = |path: &PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let name = path.strip_prefix(corpus).unwrap().display().to_string();
        Template::parse(&name, &text).ok().filter(|template| template.tree().get("resources").is_some())
    };
    json_files(corpus).iter().filter_map(read).collect()
}

#[test]
fn every_template_is_looked_at() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let templates = templates(&corpus);
    assert!(templates.len() >= 1190, "only {} templates", templates.len());
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for template in &templates {
        let found = ties(template);
        let mut seen = BTreeSet::new();
        for tie in &found {
            println!("{tie} @{}", tie.pointer);
            let entry = counts.entry(tie.kind.code()).or_default();
            entry.0 += 1;
            entry.1 += usize::from(seen.insert(tie.kind));
            assert!(template.text().get(tie.range.clone()).is_some(), "{tie}: cut in two");
            assert!(template.tree().pointer(&tie.pointer).is_some(), "{tie}: {} is nothing", tie.pointer);
        }
    }
    for (code, (ties, files)) in counts {
        println!("{code}: {ties} in {files} files");
    }
}

fn context(region: &str, group: &str) -> Context {
    Context {
        subscription: "11111111-1111-1111-1111-111111111111".into(),
        tenant: "22222222-2222-2222-2222-222222222222".into(),
        resource_group: Some(ResourceGroupInfo { name: group.into(), location: region.into() }),
        location: Some(region.into()),
        deployment_name: "main".into(),
        management_group: None,
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        new_guid_seed: "ties".into(),
        groups: BTreeMap::new(),
    }
}

/// Lifts a template from the region that it names to the pair of that.
fn lift_for(template: &Template, primary: &Region, linked: &dyn Linked) -> Result<Lifted, LiftError> {
    let given = BTreeMap::new();
    let secondary = primary.pair().unwrap_or_else(|| Region::parse("uksouth").unwrap());
    let context = context(primary.as_str(), "shop");
    lift(&Lift {
        template,
        references: &BTreeMap::new(),
        given: &given,
        primary,
        secondary: &secondary,
        context: &context,
        linked,
    })
}

/// Proves: S06 (whatever is lifted is proved to be the same for the old region, and lifting again changes nothing)
#[test]
fn lifting_proves_or_refuses_and_is_settled_at_once() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let (mut changed, mut refused, mut same, mut unready) = (0, 0, 0, 0);
    for template in &templates(&corpus) {
        let home = home_region(template, &BTreeMap::new());
        let home = home.unwrap_or_else(|| Region::parse("westeurope").unwrap());
        match lift_for(template, &home, &NoLinks) {
            Ok(lifted) if lifted.text == template.text() => same += 1,
            Ok(lifted) => {
                changed += 1;
                let again = Template::parse(template.file(), &lifted.text).unwrap();
                let twice = lift_for(&again, &home, &NoLinks).unwrap();
                assert_eq!(twice.text, lifted.text, "{}: lifting again changes it", template.file());
                let file = template.file();
                for left in lifted.left.iter().filter(|left| left.tie.kind.level() == Level::MustChange) {
                    println!("LEFT {file}: {} ({})", left.tie, left.why);
                }
                for mistake in &lifted.mistakes {
                    println!("MISTAKE {file}: {mistake}");
                }
            }
            Err(LiftError::NotExpanding(_)) => unready += 1,
            Err(other) => {
                refused += 1;
                println!("REFUSED {}: {other}", template.file());
            }
        }
    }
    println!(
        "{changed} lifted, {same} had nothing to lift, {refused} refused, {unready} do not expand as they are"
    );
    assert!(changed >= 65, "{changed} templates were lifted");
}

/// The page that explains every code is made from the code: `LIFEBOAT_BLESS=1` writes it.
#[test]
fn the_page_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/template-regions.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once("| code |").expect("the page has a table");
    let (_, tail) = rest.split_once("\n\n").expect("the table ends with an empty line");
    let rows = TieKind::ALL.iter().map(|kind| {
        format!(
            "| `{}` | {} | {} | {} |\n",
            kind.code(),
            kind.level().words(),
            kind.meaning(),
            kind.lifting()
        )
    });
    let table = format!(
        "| code | level | what it means | `--fix` |\n| --- | --- | --- | --- |\n{}",
        rows.collect::<String>()
    );
    let wanted = format!("{head}{table}\n{tail}");
    if blessing() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert_eq!(page, wanted, "LIFEBOAT_BLESS=1 writes the table");
}

fn blessing() -> bool {
    std::env::var_os("LIFEBOAT_BLESS").is_some()
}

/// Two values that differ in nothing but the region, the group, and what is hashed from them. What one text stands for in
/// the other is the same everywhere.
fn same_but_for_the_region<'v>(
    left: &'v Value,
    right: &'v Value,
    map: &mut BTreeMap<&'v str, &'v str>,
) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => same_text(left, right, map),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same_but_for_the_region(left, right, map))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((key, left), (other, right))| {
                    same_text(key, other, map) && same_but_for_the_region(left, right, map)
                })
        }
        _ => left == right,
    }
}

fn same_text<'v>(left: &'v str, right: &'v str, map: &mut BTreeMap<&'v str, &'v str>) -> bool {
    let words = |text: &'v str| text.split(|c: char| !c.is_ascii_alphanumeric()).collect::<Vec<_>>();
    let gaps = |text: &str| text.chars().filter(|c| !c.is_ascii_alphanumeric()).collect::<String>();
    let (before, after) = (words(left), words(right));
    if before.len() != after.len() || gaps(left) != gaps(right) {
        return false;
    }
    before.into_iter().zip(after).all(|(before, after)| {
        before == after || may_differ(before, after) && *map.entry(before).or_insert(after) == after
    })
}

/// The region or the group by name, or words of one length with a hash in them.
fn may_differ(before: &str, after: &str) -> bool {
    let pairs = [("westeurope", "japaneast"), ("shopone", "shoptwo")];
    let lower = (before.to_lowercase(), after.to_lowercase());
    pairs.iter().any(|(one, two)| lower.0.replace(one, two) == lower.1)
        || before.len() == after.len() && before.len() > 2
}

/// Proves: S06 (what is called clean makes the same graph in two regions), F25 (nothing in it works in one region only)
#[test]
fn a_clean_template_makes_the_same_graph_in_two_regions() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let (mut clean, mut wrong) = (0, Vec::new());
    for template in &templates(&corpus) {
        if ties(template).iter().any(|tie| tie.kind.level() < Level::GoodToKnow) {
            continue;
        }
        let given: BTreeMap<String, Value> = placeholders(template, &BTreeSet::new())
            .into_iter()
            .map(|(name, placeholder)| (name, placeholder.value))
            .collect();
        let [one, two] = [("westeurope", "shopone"), ("japaneast", "shoptwo")]
            .map(|(region, group)| expand(template, &given, &context(region, group), &NoLinks));
        if !one.is_clean() {
            continue;
        }
        clean += 1;
        let graph = |expansion: &Expansion| -> Value {
            let resources = expansion.resources.iter().map(|resource| {
                json!([
                    resource.id,
                    resource.body,
                    resource.depends_on,
                    resource.location,
                    resource.api_version
                ])
            });
            let outputs = expansion.outputs.iter().map(|(name, output)| json!([name, output.value]));
            json!([resources.collect::<Value>(), outputs.collect::<Value>()])
        };
        let (one, two) = (graph(&one), graph(&two));
        if !same_but_for_the_region(&one, &two, &mut BTreeMap::new()) {
            wrong.push(template.file().to_owned());
        }
    }
    println!("{clean} clean templates");
    assert!(clean >= 700, "only {clean} clean templates");
    assert!(wrong.is_empty(), "other graphs in another region: {wrong:#?}");
}
