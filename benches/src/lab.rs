//! The lab's data plane, for the record.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Call, Method, ResourceId};
use lifeboat_lab::{Lab, Message, Session, Settings};
use serde_json::json;

use crate::clock::{Spent, median};
use crate::figure::{Figure, number};
use crate::layers::SUBSCRIPTION;

const MESSAGES: u32 = 200_000;

/// All figures of this file.
pub fn figures(rounds: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..rounds {
        rates.push(f64::from(MESSAGES) / messages()?.cpu.as_secs_f64());
    }
    figures.push(Figure::on_record(
        "lab: messages sent, received and completed per second of processor time",
        number(median(rates).unwrap_or(0.0), ""),
    ));
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
