//! What must be true of every drill, checked against what only the simulation can know.

use std::collections::BTreeSet;

use lifeboat_engine::{Event as JournalEvent, Record, StepEvent, decode};

use super::Drill;

impl Drill {
    /// Every invariant that does not hold, in words. Empty is good.
    pub(super) fn broken_invariants(&self) -> Vec<String> {
        let mut broken = Vec::new();
        self.clients_could_work(&mut broken);
        self.nothing_acknowledged_is_lost(&mut broken);
        self.every_loss_was_announced(&mut broken);
        self.every_request_was_intended(&mut broken);
        broken
    }

    /// A drill in which no client ever got through proves nothing.
    fn clients_could_work(&self, broken: &mut Vec<String>) {
        let ledger = &self.world.ledger;
        if ledger.acknowledged == 0 && ledger.failed_sends > 0 {
            broken.push(format!("all {} sends failed, from the first to the last", ledger.failed_sends));
        }
    }

    /// Whatever was acknowledged and never received must still lie somewhere.
    fn nothing_acknowledged_is_lost(&self, broken: &mut Vec<String>) {
        let lost = self.lost_by_channel();
        for (channel, count) in lost.into_iter().filter(|(_, count)| *count > 0) {
            broken.push(format!(
                "{count} acknowledged messages of `{channel}` exist nowhere and were never received"
            ));
        }
    }

    /// Acknowledged messages that exist nowhere, by where they were sent.
    pub(super) fn lost_by_channel(&self) -> Vec<(String, u64)> {
        let Some(clients) = &self.world.clients else { return Vec::new() };
        let held = self.world.lab.message_counts();
        let outstanding = self.world.ledger.outstanding_by_entity();
        outstanding
            .iter()
            .filter_map(|(channel, outstanding)| {
                let channel = clients.channels.get(*channel)?;
                let present: u64 = held
                    .values()
                    .filter_map(|entities| {
                        let found = entities
                            .iter()
                            .find(|(name, _)| name.eq_ignore_ascii_case(&channel.read_from))?;
                        Some(found.1.total())
                    })
                    .sum();
                Some((channel.read_from.clone(), outstanding.saturating_sub(present)))
            })
            .collect()
    }

    /// The announcement names every entity in which something was stranded.
    fn every_loss_was_announced(&self, broken: &mut Vec<String>) {
        if self.milestones.moved.is_none() {
            return;
        }
        for (entity, count) in self.stranded.iter().filter(|(_, count)| **count > 0) {
            // The lab says `topic/Subscriptions/name`, the announcement `topic/name`.
            let short = entity.replace("/Subscriptions/", "/").replace("/subscriptions/", "/").to_lowercase();
            let named =
                self.announced.iter().any(|loss| loss.what.to_lowercase().contains(&format!("`{short}`")));
            if !named {
                broken.push(format!(
                    "{count} messages were stranded in `{entity}`, which the announcement did not name"
                ));
            }
        }
    }

    /// Every request that acts belongs to an intent in the journal, and one executor wrote it.
    fn every_request_was_intended(&self, broken: &mut Vec<String>) {
        for run in &self.world.runs {
            let text =
                run.station.journal.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n");
            let records: Vec<Record> = match decode(&text) {
                Ok(records) => records,
                Err(error) => {
                    broken.push(format!("the journal of `{}` cannot be read: {error}", run.says));
                    continue;
                }
            };
            let epochs: BTreeSet<u64> = records.iter().map(|record| record.epoch).collect();
            if epochs.len() > 1 {
                broken.push(format!("`{}` was executed {} times over", run.says, epochs.len()));
            }
            let intended: BTreeSet<_> = records
                .iter()
                .filter_map(|record| match &record.event {
                    JournalEvent::Step { step, change: StepEvent::Intended { .. } } => Some(step),
                    _ => None,
                })
                .collect();
            for sent in run.station.sent.values().filter(|sent| !intended.contains(&sent.step)) {
                broken.push(format!("`{}` was sent without an intent in the journal", sent.step));
            }
        }
    }
}
