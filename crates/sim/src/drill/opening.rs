//! The opening of a drill: the scenario's clock starts, clients begin to work.

use lifeboat_plan::counted;

use super::Drill;
use crate::clients::{Clients, Load};
use crate::log::Tone;
use crate::traffic;
use crate::world::Event;

impl Drill {
    /// The scenario's clock starts: clients begin to work, and everything that is to happen is scheduled.
    pub(super) fn open(&mut self) {
        if self.opened.is_some() {
            return;
        }
        self.opened = Some(self.world.now);
        for (index, event) in self.scenario.events.iter().enumerate() {
            self.world.queue.at(self.world.now + event.at, Event::Scenario(index));
        }
        self.world.watch();
        if !self.is_forbidden() {
            self.let_clients_work();
        }
    }

    fn let_clients_work(&mut self) {
        let scenario = &self.scenario.clients;
        let load = Load {
            producers: scenario.producers,
            consumers: scenario.consumers,
            messages_per_second: f64::from(scenario.messages_per_second),
            ignore_ttl_percent: scenario.ignore_ttl_percent,
        };
        let channels = traffic::channels(&self.world.workload, &self.world.inventory, &self.world.lab);
        let nothing_takes = channels.is_empty();
        let through = if channels.iter().all(traffic::Channel::has_alias) {
            "work through the alias"
        } else {
            "work on the primary's own host name: there is no alias yet, and nothing moves them"
        };
        let clients = Clients::new(channels, load, self.world.seed);
        let (producers, consumers) = clients.counts();
        let unmeasured = match (producers, consumers) {
            _ if nothing_takes => {
                "nothing here takes messages: no client works, and what clients would see is not measured"
            }
            (0, 0) => "the scenario has no clients: what they would see is not measured",
            (0, _) => {
                "the scenario has no producers: how long nobody can send, and what is lost, is not measured"
            }
            (_, 0) => {
                "the scenario has no consumers: what is sent waits, and how long nobody can read is not measured"
            }
            _ => "",
        };
        if !unmeasured.is_empty() {
            self.assumptions.push(unmeasured.to_owned());
        }
        if producers + consumers > 0 {
            let says = format!(
                "{} and {} {through}",
                counted(producers, "producer"),
                counted(consumers, "consumer")
            );
            self.world.log.happens(self.world.now, "clients", Tone::Plain, says);
        }
        self.world.open(clients);
    }
}
