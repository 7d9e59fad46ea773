//! The template engine: time and memory from text to graph, against `serde_json::Value` on the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use lifeboat_arm::template::placeholder::placeholders;
use lifeboat_arm::template::{Context, Expansion, NoLinks, ResourceGroupInfo, Template, expand};
use serde_json::Value;

use crate::clock::{Spent, median};
use crate::figure::{Figure, number};
use crate::generated;
use crate::layers::SUBSCRIPTION;
use crate::process::{Folder, Probe, megabytes};

/// How many large templates are generated.
const GENERATED: u32 = 50;
/// Of the time of `serde_json::Value`.
const TIME_MAX: f64 = 4.0;
/// Of its memory.
const MEMORY_MAX: f64 = 2.0;

/// All figures of this file; `folders` hold a corpus of templates.
pub fn figures(rounds: usize, folders: &[PathBuf]) -> Result<Vec<Figure>> {
    let generated: Vec<String> = (0..GENERATED).map(generated::template).collect();
    let mut figures = of_texts("generated templates of 2.3 MB", &generated, rounds)?;
    let corpus = corpus(folders)?;
    if !corpus.is_empty() {
        figures.extend(of_texts("corpus", &corpus, rounds)?);
    }
    figures.push(memory(&generated[0])?);
    Ok(figures)
}

/// Before the number of turns of nested loops.
pub(crate) const COPIES: &str = "copies-";

/// A generated template (by its seed), nested loops (`copies-10000`) or a corpus (by its folder), so many times: what a
/// profiler looks at.
pub fn run(what: &str, times: usize) -> Result<()> {
    let texts = match (what.parse(), what.strip_prefix(COPIES)) {
        (Ok(seed), _) => vec![generated::template(seed)],
        (_, Some(turns)) => vec![generated::nested_copies(turns.parse()?)],
        _ => corpus(&[what.into()])?,
    };
    let values: Vec<Values> = texts.iter().map(|text| invented(text)).collect::<Result<_>>()?;
    for _ in 0..times {
        for (text, values) in texts.iter().zip(&values) {
            drop(expansion(text, values)?);
        }
    }
    Ok(())
}

/// A process that reads a file into a tree and ends: `value` with `serde_json`, anything else with the engine.
pub fn hold(with: &str, file: &str) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    match with {
        "text" => drop(text),
        "value" => drop(serde_json::from_str::<Value>(&text)?),
        _ => drop(expansion(&text, &Values::new())?),
    }
    Ok(())
}

fn of_texts(what: &str, texts: &[String], rounds: usize) -> Result<Vec<Figure>> {
    let bytes: usize = texts.iter().map(String::len).sum();
    // Whoever deploys has values for the parameters: inventing some is not measured.
    let values: Vec<Values> = texts.iter().map(|text| invented(text)).collect::<Result<_>>()?;
    let (mut whole, mut tree, mut peer, mut resources) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        resources = 0;
        let (mut value, mut parse, mut all) = (0.0, 0.0, 0.0);
        // Turn by turn, so that all three see the same machine.
        for (text, values) in texts.iter().zip(&values) {
            let (done, spent) = Spent::on(|| serde_json::from_str::<Value>(text).map(drop));
            done?;
            value += spent.cpu.as_secs_f64();
            parse += Spent::on(|| drop(Template::parse("bench.json", text))).1.cpu.as_secs_f64();
            let (made, spent) = Spent::on(|| expansion(text, values).map(|made| made.resources.len()));
            resources += made?;
            all += spent.cpu.as_secs_f64();
        }
        peer.push(value);
        tree.push(parse / value);
        whole.push(all / value);
    }
    let ratio = |of: Vec<f64>| median(of).unwrap_or(f64::NAN);
    let size = number(megabytes(u64::try_from(bytes)?), "MB");
    Ok(vec![
        Figure::at_most(
            format!("{what}: parse, evaluate, graph / `serde_json::Value`"),
            ratio(whole),
            TIME_MAX,
            "×",
        ),
        Figure::on_record(format!("{what}: parse alone / `serde_json::Value`"), number(ratio(tree), "×")),
        Figure::on_record(
            format!("{what}: {} texts of {size}, {resources} resources", texts.len()),
            format!("`serde_json::Value` {}", number(ratio(peer), "s")),
        ),
    ])
}

/// Peak memory beyond that of a process which only reads the text.
fn memory(text: &str) -> Result<Figure> {
    let folder = Folder::new("template")?;
    let file = folder.file("template.json");
    std::fs::write(&file, text)?;
    let peak =
        |with: &str| Ok::<f64, anyhow::Error>(Probe::part("hold")?.with(&[with, &file]).run()?.peak_mb());
    let (own, peer, neither) = (peak("engine")?, peak("value")?, peak("text")?);
    let mut figure = Figure::at_most(
        "generated template of 2.3 MB: peak memory / `serde_json::Value`",
        own / peer,
        MEMORY_MAX,
        "×",
    );
    let peaks = [own, peer, neither].map(|peak| number(peak, "MB"));
    figure.measured = format!("{} ({}, text alone {})", figure.measured, peaks[..2].join(", "), peaks[2]);
    Ok(figure)
}

/// All templates below these folders that are JSON for `serde_json` too.
fn corpus(folders: &[PathBuf]) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut left = folders.to_vec();
    while let Some(folder) = left.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                left.push(path);
            } else if let Some(text) = template_of(&path) {
                texts.push(text);
            }
        }
    }
    Ok(texts)
}

fn template_of(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let is_template = text.contains("eploymentTemplate.json") && !text.contains("\"$id\"");
    serde_json::from_str::<Value>(&text).ok().filter(|_| is_template)?;
    Template::parse("bench.json", &text).is_ok().then_some(text)
}

/// Values of parameters by name.
type Values = BTreeMap<String, Value>;

/// A value for each parameter that needs one.
fn invented(text: &str) -> Result<Values> {
    let invented = placeholders(&parsed(text)?, &BTreeSet::new());
    Ok(invented.into_iter().map(|(name, placeholder)| (name, placeholder.value)).collect())
}

fn parsed(text: &str) -> Result<Template> {
    Template::parse("bench.json", text).map_err(|found| anyhow!("{} mistakes", found.len()))
}

/// Parses, evaluates and orders.
fn expansion(text: &str, values: &Values) -> Result<Expansion> {
    let context = Context {
        subscription: SUBSCRIPTION.to_owned(),
        tenant: SUBSCRIPTION.to_owned(),
        resource_group: Some(ResourceGroupInfo {
            name: "bench".to_owned(),
            location: "westeurope".to_owned(),
        }),
        location: Some("westeurope".to_owned()),
        deployment_name: "bench".to_owned(),
        management_group: None,
        now: "2026-01-01T00:00:00Z".parse()?,
        new_guid_seed: "bench".to_owned(),
        groups: BTreeMap::new(),
    };
    Ok(expand(&parsed(text)?, values, &context, &NoLinks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_templates_are_large_and_right() {
        for seed in 0..3 {
            let text = generated::template(seed);
            assert!(text.len() >= 2_300_000);
            let expansion = expansion(&text, &Values::new()).expect("it can be read");
            let first: Vec<_> = expansion.diagnostics.iter().take(3).map(ToString::to_string).collect();
            assert!(expansion.is_clean(), "{first:?}");
            assert!(expansion.resources.len() > 2_000, "{}", expansion.resources.len());
        }
    }

    #[test]
    fn nested_loops_make_as_many_resources_as_they_turn() {
        let expansion = expansion(&generated::nested_copies(1_000), &Values::new()).expect("it can be read");
        let first: Vec<_> = expansion.diagnostics.iter().take(3).map(ToString::to_string).collect();
        assert!(expansion.is_clean(), "{first:?}");
        assert_eq!(expansion.resources.len(), 1_010, "a thousand, and the ten deployments");
    }
}
