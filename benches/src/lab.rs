//! The lab's data plane and the template engine, for the record.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::template::{Context, NoLinks, ResourceGroupInfo, Template, expand, placeholders};
use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{Lab, Message, Session, Settings};
use serde_json::{Value, json};

use crate::clock::{Spent, median};
use crate::figure::{Figure, number};
use crate::layers::{self, SUBSCRIPTION};
use crate::process::megabytes;

const MESSAGES: u32 = 200_000;
const RESOURCES: usize = 2_000;

/// All figures of this file; `folders` hold templates to be expanded besides the generated one.
pub fn figures(rounds: usize, folders: &[PathBuf]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..rounds {
        rates.push(f64::from(MESSAGES) / messages()?.cpu.as_secs_f64());
    }
    figures.push(Figure::on_record(
        "lab: messages sent, received and completed per second of processor time",
        number(median(rates).unwrap_or(0.0), ""),
    ));
    let generated = [("generated, 2000 resources".to_owned(), layers::template(RESOURCES))];
    for (name, text) in generated.into_iter().chain(largest(folders)?) {
        figures.push(template(&name, &text, rounds)?);
    }
    Ok(figures)
}

fn messages() -> Result<Spent> {
    let mut now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let mut lab = Lab::new(Settings::new(1, SUBSCRIPTION, now));
    let group = ResourceId::group(SUBSCRIPTION, "bus");
    let namespace = format!("{group}/providers/Microsoft.ServiceBus/namespaces/bench-bus");
    for (path, body) in [
        (group.to_string(), json!({ "location": "westeurope" })),
        (namespace.clone(), json!({ "location": "westeurope", "sku": { "name": "Premium" } })),
        (format!("{namespace}/queues/orders"), json!({ "properties": {} })),
    ] {
        let call = Call::arm(Method::Put, format!("{path}?api-version=2021-11-01"), Some(body));
        ensure!(lab.handle(now, &call).happened, "the lab refuses {path}");
        now += SignedDuration::from_mins(10);
    }
    let host = "bench-bus.servicebus.windows.net";
    let (done, spent) = Spent::on(|| -> Result<()> {
        for id in 0..u64::from(MESSAGES) {
            now += SignedDuration::from_millis(10);
            lab.service_bus_mut(now).send(host, "orders", Message::new(id))?;
            let got = lab
                .service_bus_mut(now)
                .receive(host, "orders", Session::Any)?
                .context("nothing to receive")?;
            lab.service_bus_mut(now).complete(host, "orders", got.lock)?;
        }
        Ok(())
    });
    done?;
    Ok(spent)
}

/// The three largest templates below these folders that can be expanded as they are.
fn largest(folders: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut left = folders.to_vec();
    while let Some(folder) = left.pop() {
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|end| end == "json") {
                files.push((std::fs::metadata(&path)?.len(), path));
            }
        }
    }
    files.sort();
    let usable = files.into_iter().rev().filter_map(|(_, path)| {
        let text = std::fs::read_to_string(&path).ok()?;
        serde_json::from_str::<Value>(&text).ok()?;
        (text.contains("deploymentTemplate.json") && expansion(&text).is_ok()).then(|| (name_of(&path), text))
    });
    Ok(usable.take(3).collect())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn template(name: &str, text: &str, rounds: usize) -> Result<Figure> {
    // So often that the smallest is well above the clock's grain.
    let times = (20_000_000 / text.len().max(1)).clamp(1, 200);
    let (mut own, mut parser) = (Vec::new(), Vec::new());
    let mut resources = 0;
    for _ in 0..rounds {
        let (done, spent) = Spent::on(|| -> Result<()> {
            for _ in 0..times {
                drop(serde_json::from_str::<Value>(text)?);
            }
            Ok(())
        });
        done?;
        parser.push(spent.cpu.as_secs_f64());
        let (done, spent) = Spent::on(|| -> Result<()> {
            for _ in 0..times {
                resources = expansion(text)?;
            }
            Ok(())
        });
        done?;
        own.push(spent.cpu.as_secs_f64());
    }
    let ratio = median(own).unwrap_or(f64::NAN) / median(parser).unwrap_or(f64::NAN);
    Ok(Figure::on_record(
        format!("template {name}: parse and expand / `serde_json::Value`"),
        format!(
            "{} ({}, {resources} resources)",
            number(ratio, "×"),
            number(megabytes(text.len() as u64), "MB")
        ),
    ))
}

/// Parses and expands; tells how many resources came out.
fn expansion(text: &str) -> Result<usize> {
    let template =
        Template::parse("bench.json", text).map_err(|found| anyhow!("{} mistakes", found.len()))?;
    let values = placeholders(&template, &std::collections::BTreeSet::new())
        .into_iter()
        .map(|(name, placeholder)| (name, placeholder.value))
        .collect();
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
        groups: std::collections::BTreeMap::new(),
    };
    Ok(expand(&template, &values, &context, &NoLinks).resources.len())
}
