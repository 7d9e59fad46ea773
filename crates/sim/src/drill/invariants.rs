//! What must be true of every drill, checked against what only the simulation can know, while it happens.
//!
//! A moment at which something may have gone wrong (a look, a happening of the scenario, the beginning or the end of a
//! run) is followed by a check. Messages can be judged at any moment: whatever moves one does so in no time, so each lies
//! somewhere or was received. What was announced is judged when it has been counted, a journal whenever it has grown. A
//! breach stays one, also where it cannot be seen later.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_engine::{Event as JournalEvent, Record, StepEvent, decode};
use lifeboat_plan::{Loss, LossKind, StepId, counted};
use lifeboat_planner::Side;

use super::moves::Move;
use super::{Drill, brief};
use crate::log::Tone;
use crate::traffic::{Channel, Which, held};
use crate::world::Run;

/// What was found broken so far.
#[derive(Debug, Default)]
pub(super) struct Breaches {
    known: BTreeMap<About, Breach>,
    /// Whether something happened since the last check that may have broken an invariant.
    due: bool,
    /// How much of each run was checked: the lines of its journal and its requests.
    read: BTreeMap<usize, usize>,
    /// Moves whose announcement was held against what was counted.
    judged: BTreeSet<usize>,
}

/// Of what an invariant is broken: the same is one breach, however often it is seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Clients,
    Lost { channel: usize },
    Renamed { channel: usize },
    Nobodys { channel: usize },
    Announced { one: usize, place: String },
    Journal { run: usize },
    Epochs { run: usize },
    Unintended { run: usize, step: StepId },
}

/// What one check finds.
type Found = BTreeMap<About, String>;

/// One broken invariant.
#[derive(Debug)]
struct Breach {
    /// As it was seen last.
    says: String,
    since: Timestamp,
    /// When it could not be seen any more.
    gone: Option<Timestamp>,
}

impl Drill {
    /// Something happened after which the invariants are worth a look.
    pub(super) fn may_break(&mut self) {
        self.breaches.due = true;
    }

    /// Checks what can be judged now, when something happened since the last time.
    pub(super) fn check_when_due(&mut self) {
        if std::mem::take(&mut self.breaches.due) {
            self.check_invariants();
        }
    }

    /// Checks what can be judged now.
    fn check_invariants(&mut self) {
        let mut found = Found::new();
        self.nothing_acknowledged_is_lost(&mut found);
        self.every_copy_has_its_own_id(&mut found);
        self.note(&found, |about| {
            matches!(about, About::Lost { .. } | About::Renamed { .. } | About::Nobodys { .. })
        });
        // What is judged once stays as it was judged.
        let mut found = Found::new();
        self.every_loss_was_announced(&mut found);
        self.every_request_was_intended(&mut found);
        self.note(&found, |_| false);
    }

    /// Every invariant that was broken at any time, in words, with the time. Empty is good.
    pub(super) fn broken_invariants(&mut self) -> Vec<String> {
        self.check_invariants();
        let mut found = Found::new();
        self.clients_could_work(&mut found);
        self.note(&found, |_| false);
        let told = |breach: &Breach| {
            let since = format!("{}, first seen {}", breach.says, self.time_of(breach.since));
            match breach.gone {
                Some(gone) => format!("{since}, and not since {}", self.time_of(gone)),
                None => since,
            }
        };
        self.breaches.known.values().map(told).collect()
    }

    /// How far into the drill a moment is.
    fn time_of(&self, at: Timestamp) -> String {
        match self.opened {
            Some(opened) if at >= opened => format!("{} into the drill", brief(at.duration_since(opened))),
            _ => "before the drill's clock ran".to_owned(),
        }
    }

    /// Keeps what was found. What `seen` picks is looked for at every check: where it is not found any more, it is gone.
    fn note(&mut self, found: &Found, seen: impl Fn(&About) -> bool) {
        let now = self.world.now;
        let missing =
            self.breaches.known.iter_mut().filter(|(about, _)| seen(about) && !found.contains_key(about));
        for (_, breach) in missing {
            breach.gone.get_or_insert(now);
        }
        for (about, says) in found {
            if let Some(breach) = self.breaches.known.get_mut(about) {
                breach.says.clone_from(says);
                breach.gone = None;
                continue;
            }
            let line = format!("an invariant is broken: {says}");
            self.world.log.happens(now, "world", Tone::Bad, line);
            let breach = Breach { says: says.clone(), since: now, gone: None };
            self.breaches.known.insert(about.clone(), breach);
        }
    }

    /// A drill in which no client ever got through proves nothing.
    fn clients_could_work(&self, broken: &mut Found) {
        let ledger = &self.world.ledger;
        if ledger.acknowledged == 0 && ledger.failed_sends > 0 {
            let says = match ledger.failed_sends {
                1 => "the only send failed".to_owned(),
                all => format!("all {} failed, from the first to the last", counted(all, "send")),
            };
            broken.insert(About::Clients, says);
        }
    }

    /// Whatever was acknowledged and never received must still lie somewhere.
    fn nothing_acknowledged_is_lost(&self, broken: &mut Found) {
        let mut lost: BTreeMap<usize, u64> = BTreeMap::new();
        for one in self.whereabouts().lost {
            *lost.entry(one.channel).or_default() += 1;
        }
        for (channel, count) in lost {
            let name = self.channel(channel).map_or("?", |channel| channel.name.as_str());
            let says =
                format!("{count} acknowledged messages of `{name}` exist nowhere and were never received");
            broken.insert(About::Lost { channel }, says);
        }
    }

    /// Whatever carried a message on, and how often, it goes by the id that its producer gave it; and nothing comes to be
    /// that nobody sent. Seen by what messages say, wherever they lie and whoever received them: no pump is asked.
    fn every_copy_has_its_own_id(&self, broken: &mut Found) {
        let Some(clients) = &self.world.clients else { return };
        let ledger = &self.world.ledger;
        let (mut renamed, mut nobodys) = (ledger.renamed.clone(), ledger.nobodys.clone());
        for held in
            held(&self.world.lab).filter(|held| !matches!(held.which, Which::Draft(id) if ledger.knows(id)))
        {
            let Some(channel) = clients.channels.iter().position(|channel| channel.keeps_in(held.place))
            else {
                continue;
            };
            let known = held.which.draft().is_some_and(|id| ledger.knows(id));
            *if known { &mut renamed } else { &mut nobodys }.entry(channel).or_default() += 1;
        }
        let name = |channel| self.channel(channel).map_or("?", |channel| channel.name.as_str());
        for (channel, count) in renamed {
            let count = messages(count);
            let says =
                format!("{count} of `{}` found under another id than the producer gave", name(channel));
            broken.insert(About::Renamed { channel }, says);
        }
        for (channel, count) in nobodys {
            let says = format!("{} found in `{}` that no producer sent", messages(count), name(channel));
            broken.insert(About::Nobodys { channel }, says);
        }
    }

    fn channel(&self, index: usize) -> Option<&Channel> {
        self.world.clients.as_ref()?.channels.get(index)
    }

    /// Every place in which something was stranded was named, and what lies there beyond the announced number came after
    /// it had been counted. Each move is judged once: when it has been counted, nothing of this changes any more.
    fn every_loss_was_announced(&mut self, broken: &mut Found) {
        for (index, one) in self.moves.iter().enumerate() {
            let Some(stranded) = one.stranded.as_ref().filter(|_| self.breaches.judged.insert(index)) else {
                continue;
            };
            for (name, count) in stranded.iter().filter(|(_, count)| **count > 0) {
                let about = About::Announced { one: index, place: name.clone() };
                broken.extend(self.unannounced(one, name, *count).map(|says| (about, says)));
            }
        }
    }

    /// What the announcement of a move did not say of a place; none where it said enough.
    fn unannounced(&self, one: &Move, name: &str, count: u64) -> Option<String> {
        let were = format!("{} {}", counted(count, "message"), if count == 1 { "was" } else { "were" });
        let about = |place: &str| {
            let named = format!("`{}`", place.to_lowercase());
            let stranded = one.announced.losses.iter().filter(|loss| loss.kind == LossKind::Stranded);
            stranded.filter(move |loss| loss.what.to_lowercase().contains(&named))
        };
        let mut about_it: Vec<&Loss> = about(name).collect();
        if about_it.is_empty() {
            return Some(format!("{were} stranded in `{name}`, which the announcement did not name"));
        }
        // What was announced where it lay then may have come here by itself since.
        let channels = self.world.clients.as_ref().map_or(&[][..], |clients| &clients.channels);
        let ours = channels.iter().find(|channel| channel.name.eq_ignore_ascii_case(name));
        let before = ours.into_iter().flat_map(Channel::comes_from);
        about_it.extend(before.filter(|from| !from.eq_ignore_ascii_case(name)).flat_map(about));
        // A number that nobody could know is said to be unknown: any is covered.
        let announced = about_it.iter().map(|loss| loss.count).sum::<Option<u64>>()?;
        let seen = about_it.iter().filter_map(|loss| loss.observed_at).min()?;
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
        (count > announced + since)
            .then(|| format!("{were} stranded in `{name}`; announced: {announced}, came later: {since}"))
    }

    /// Every request that acts belongs to an intent in the journal, and one executor wrote it. A journal is read whenever it
    /// has grown: what is in it by then must be enough.
    fn every_request_was_intended(&mut self, broken: &mut Found) {
        for (number, run) in self.world.runs.iter().enumerate() {
            let so_far = run.station.journal.len() + run.station.sent.len();
            if self.breaches.read.insert(number, so_far) != Some(so_far) {
                check_journal(number, run, broken);
            }
        }
    }
}

fn messages(count: u64) -> String {
    counted(count, "message")
}

fn check_journal(number: usize, run: &Run, broken: &mut Found) {
    let text = run.station.journal.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n");
    let records: Vec<Record> = match decode(&text) {
        Ok(records) => records,
        Err(error) => {
            let says = format!("the journal of `{}` cannot be read: {error}", run.says);
            broken.insert(About::Journal { run: number }, says);
            return;
        }
    };
    let epochs: BTreeSet<u64> = records.iter().map(|record| record.epoch).collect();
    if epochs.len() > 1 {
        let says = format!("`{}` was executed {} times over", run.says, epochs.len());
        broken.insert(About::Epochs { run: number }, says);
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
            _ => {
                let about = About::Unintended { run: number, step: sent.step.clone() };
                broken.insert(about, format!("`{}` was sent without an intent in the journal", sent.step));
            }
        }
    }
}
