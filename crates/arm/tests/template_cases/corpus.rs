//! Real templates: every one is read, and nearly all of those that are complete expand.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_arm::template::placeholder::{fill_markers, placeholders};
use lifeboat_arm::template::{Context, Diagnostic, Expansion, NoLinks, Severity, Template, expand};
use serde_json::Value;

use crate::folder::Folder;
use crate::{context, listed, parameters, shared};

/// What a template is given, and whether any of it was made up.
struct Given {
    values: BTreeMap<String, Value>,
    made_up: bool,
}

fn given(template: &Template, folder: &Folder, file: &str) -> Given {
    let declared = |name: &str| template.parameters().find(|one| one.name.eq_ignore_ascii_case(name));
    let beside = folder.parameters_of(file).map(|file| parameters(&folder.text(file))).unwrap_or_default();
    let mut values: BTreeMap<String, Value> = beside
        .into_iter()
        .filter(|(name, value)| {
            declared(name).is_some_and(|declared| !declared.is_required() || !is_left_open(value))
        })
        .map(|(name, value)| (name.clone(), fill_markers(&value, &name)))
        .collect();
    let names: BTreeSet<String> = values.keys().cloned().collect();
    let placeholders = placeholders(template, &names);
    let made_up = !placeholders.is_empty();
    for (name, placeholder) in placeholders {
        let lower = name.to_lowercase();
        let free = placeholder.value.is_string() && declared(&name).is_none_or(|one| one.allowed.is_none());
        let artifacts = ["artifactslocation", "basetemplateurl", "repobaseurl", "baseuri", "baseurl"];
        let value = if free && artifacts.iter().any(|word| lower.contains(word)) && !lower.contains("sas") {
            folder.artifacts(file).into()
        } else if free && lower.ends_with("location") {
            "westeurope".into()
        } else {
            placeholder.value
        };
        values.insert(name, value);
    }
    Given { values, made_up }
}

/// A message for a cell of a table: where everything is deployed to goes without saying.
fn short(message: &str) -> String {
    const GROUP: &str =
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/examplegroup/providers";
    message.replace(GROUP, "…").replace('|', "/")
}

fn here() -> Context {
    Context { management_group: Some("landing".into()), ..context(&Value::Null) }
}

fn first_error(expansion: &Expansion) -> Option<&Diagnostic> {
    expansion.diagnostics.iter().find(|found| found.severity == Severity::Error)
}

/// Whether a file calls itself a template at its very beginning: policies only contain some.
fn says_template(text: &str) -> bool {
    let Some(at) = text.find("\"$schema\"") else { return false };
    let line = text[at..].lines().next().unwrap_or_default().to_lowercase();
    !text[..at].contains(':') && line.contains("deploymenttemplate")
}

/// A blank that whoever deploys fills in, or what a quickstart's own preparation would have made: nobody says what.
fn is_left_open(value: &Value) -> bool {
    value == "" || value.to_string().contains("GET-PREREQ")
}

/// Tests of linters and editors hold templates with mistakes on purpose, and snippets are fragments.
fn is_of_a_tool(file: &str) -> bool {
    const TOOLS: [&str; 5] = [
        "Azure__arm-ttk/unit-tests/",
        "Azure__bicep/src/Bicep.Core.Samples/Files/baselines/",
        "Azure__template-analyzer/src/",
        "BernieWhite__PSRule.Rules.Azure/tests/",
        "microsoft__vscode-azurearmtools/",
    ];
    TOOLS.iter().any(|tool| file.starts_with(tool))
}

#[derive(Default)]
struct Count {
    all: usize,
    clean: usize,
}

#[test]
fn the_corpus_expands() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let folder = Folder::open(&corpus);
    let (mut complete, mut filled, mut tools) = (Count::default(), Count::default(), Count::default());
    let (mut refused, mut unreachable) = (BTreeMap::new(), BTreeMap::new());
    let (mut broken, mut made_up) = (BTreeMap::new(), BTreeMap::new());
    let mut resources = 0;
    for file in folder.files() {
        let text = folder.text(file);
        let template = match Template::parse(file, &text) {
            Ok(template) => template,
            Err(found) if says_template(&text) => {
                println!("not read: {}", found[0]);
                refused.insert(file.to_owned(), found[0].code.to_owned());
                continue;
            }
            Err(_) => continue,
        };
        let given = given(&template, &folder, file);
        let expansion = expand(&template, &given.values, &here(), &folder);
        resources += expansion.resources.len();
        let count = if given.made_up { &mut filled } else { &mut complete };
        count.all += 1;
        let Some(mistake) = first_error(&expansion) else {
            count.clean += 1;
            let tool = usize::from(!given.made_up && is_of_a_tool(file));
            (tools.all, tools.clean) = (tools.all + tool, tools.clean + tool);
            continue;
        };
        let links = expansion
            .diagnostics
            .iter()
            .all(|found| found.code == "linked-template" || found.severity == Severity::Warning);
        let (kind, list) = match (links, given.made_up) {
            (true, _) => {
                count.all -= 1;
                ("outside", &mut unreachable)
            }
            (_, true) => ("made up", &mut made_up),
            (_, false) => {
                tools.all += usize::from(is_of_a_tool(file));
                ("refused", &mut broken)
            }
        };
        println!("{kind}: {file}: {mistake}");
        for other in expansion.diagnostics.iter().filter(|other| other.code != mistake.code) {
            println!("    {other}");
        }
        // The page says which mistake it is where Azure would find it, too; of the others it says why.
        let row = match kind {
            "refused" => {
                format!("{} | line {}: {}", mistake.code, mistake.position.line, short(&mistake.message))
            }
            _ => mistake.code.to_owned(),
        };
        list.insert(file.to_owned(), row);
    }
    let summary = [
        format!("{} of {} whose parameters all have values", complete.clean, complete.all),
        format!("{} of {} whose values are partly made up", filled.clean, filled.all),
    ];
    listed::says(&summary);
    println!("{} files, {} are templates and refused", folder.files().count(), refused.len());
    println!("{} link to files that are not in the folder", unreachable.len());
    println!("{} of {} expand whose parameters all have values", complete.clean, complete.all);
    let (all, clean) = (complete.all - tools.all, complete.clean - tools.clean);
    println!(
        "{clean} of {all} without the tools' tests and snippets, which are to be refused or are fragments"
    );
    println!("{} of {} expand whose values are partly made up", filled.clean, filled.all);
    println!("{resources} resources in all");
    listed::check("Templates that are not read", &refused);
    listed::check("Templates that link to files outside of the folder", &unreachable);
    listed::check("Templates that Azure would refuse, too", &broken);
    listed::check("Templates that need better values than made-up ones", &made_up);
    assert!(1000 * clean >= 980 * all, "of the complete ones 98 % expand");
    assert!(1000 * filled.clean >= 930 * filled.all, "of the others nearly as many");
}

/// Broken files must give mistakes, not panics.
#[test]
fn damaged_templates_do_no_harm() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let folder = Folder::open(&corpus);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % (below.max(1) as u64)).unwrap()
    };
    for file in folder.files().step_by(4) {
        let text = folder.text(file);
        for _ in 0..4 {
            let mut characters: Vec<char> = text.chars().collect();
            for _ in 0..=random(4) {
                let at = random(characters.len());
                let other = characters.get(random(characters.len())).copied().unwrap_or(' ');
                match random(4) {
                    0 if at < characters.len() => drop(characters.remove(at)),
                    1 if at < characters.len() => characters[at] = other,
                    2 => characters.insert(at, other),
                    _ => characters.insert(at, ['\'', '(', ')', '[', ']', ',', '{', '-', '9'][random(9)]),
                }
            }
            let damaged: String = characters.into_iter().collect();
            let Ok(template) = Template::parse("damaged.json", &damaged) else { continue };
            let given = placeholders(&template, &BTreeSet::new());
            let given = given.into_iter().map(|(name, made)| (name, made.value)).collect();
            let expansion = expand(&template, &given, &here(), &NoLinks);
            for mistake in &expansion.diagnostics {
                assert!(damaged.get(mistake.range.clone()).is_some(), "{mistake} lies inside of a character");
            }
        }
    }
}
