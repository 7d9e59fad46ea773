//! What must be true of every drill, checked against what only the simulation can know.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_engine::{Event as JournalEvent, Record, StepEvent, decode};

use lifeboat_plan::{Loss, LossKind, StepId};
use lifeboat_planner::Side;

use super::Drill;
use super::moves::Move;
use crate::traffic::Channel;

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
        let mut lost: BTreeMap<usize, u64> = BTreeMap::new();
        for one in self.whereabouts().lost {
            *lost.entry(one.channel).or_default() += 1;
        }
        for (channel, count) in lost {
            let name = self.channel(channel).map_or("?", |channel| channel.name.as_str());
            broken.push(format!(
                "{count} acknowledged messages of `{name}` exist nowhere and were never received"
            ));
        }
    }

    fn channel(&self, index: usize) -> Option<&Channel> {
        self.world.clients.as_ref()?.channels.get(index)
    }

    /// Every place in which something was stranded was named, and what lies there beyond the announced number came after
    /// it had been counted.
    fn every_loss_was_announced(&self, broken: &mut Vec<String>) {
        for one in &self.moves {
            for (name, count) in one.stranded.iter().flatten().filter(|(_, count)| **count > 0) {
                self.was_announced(one, name, *count, broken);
            }
        }
    }

    fn was_announced(&self, one: &Move, name: &str, count: u64, broken: &mut Vec<String>) {
        let about = |place: &str| {
            let named = format!("`{}`", place.to_lowercase());
            let stranded = one.announced.losses.iter().filter(|loss| loss.kind == LossKind::Stranded);
            stranded.filter(move |loss| loss.what.to_lowercase().contains(&named))
        };
        let mut about_it: Vec<&Loss> = about(name).collect();
        if about_it.is_empty() {
            broken.push(format!(
                "{count} messages were stranded in `{name}`, which the announcement did not name"
            ));
            return;
        }
        // What was announced where it lay then may have come here by itself since.
        let channels = self.world.clients.as_ref().map_or(&[][..], |clients| &clients.channels);
        let ours = channels.iter().find(|channel| channel.name.eq_ignore_ascii_case(name));
        let before = ours.into_iter().flat_map(Channel::comes_from);
        about_it.extend(before.filter(|from| !from.eq_ignore_ascii_case(name)).flat_map(about));
        // A number that nobody could know is said to be unknown: any is covered.
        let Some(announced) = about_it.iter().map(|loss| loss.count).sum::<Option<u64>>() else { return };
        let Some(seen) = about_it.iter().filter_map(|loss| loss.observed_at).min() else { return };
        // Only what the side that was left took after that look can lie there too.
        let (at_home, until) = (one.left == Side::Primary, one.counted_at.unwrap_or(self.world.now));
        let sends = |channel: &Channel| {
            let entrance = channel.entrance.as_str();
            let here =
                entrance.eq_ignore_ascii_case(name) || ours.is_some_and(|ours| ours.is_fed_by(entrance));
            channel.name.eq_ignore_ascii_case(name) || channel.copy == 0 && here
        };
        let senders = (0..channels.len()).filter(|index| sends(&channels[*index]));
        let since: u64 = senders.map(|channel| self.world.ledger.taken(channel, at_home, seen, until)).sum();
        if count > announced + since {
            broken.push(format!(
                "{count} messages were stranded in `{name}`, where {announced} were announced and {since} came later"
            ));
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
            let mut intended: BTreeMap<&StepId, usize> = BTreeMap::new();
            for record in &records {
                if let JournalEvent::Step { step, change } = &record.event
                    && matches!(change, StepEvent::Intended { .. } | StepEvent::Sending { .. })
                {
                    *intended.entry(step).or_default() += 1;
                }
            }
            // Each sending has an intent of its own: a request that leaves twice was meant twice.
            for sent in run.station.sent.values() {
                match intended.get_mut(&sent.step) {
                    Some(left) if *left > 0 => *left -= 1,
                    _ => broken.push(format!("`{}` was sent without an intent in the journal", sent.step)),
                }
            }
        }
    }
}
