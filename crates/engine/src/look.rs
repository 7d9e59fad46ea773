//! Looking: which look may leave, and how urgent it is where tokens are short.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Action, Hole, ReadId};

use crate::effect::Effect;
use crate::engine::{Engine, Flight};
use crate::reads::Want;
use crate::schedule::{Line, Rank};
use crate::scope::{BucketKey, Scope};
use crate::step_state::StepState;

impl Engine {
    /// A step wants a look.
    pub(crate) fn want(&mut self, read: &ReadId, index: usize, want: Want) {
        self.reads.want(read, index, want);
        // The look may be waiting already, less urgently, for somebody else.
        if let Some((_, scope)) = self.ripe.get(read) {
            let line = Line { scope: scope.clone(), ahead_of: self.looks_ahead_of(index) };
            self.looks.push(line, want.rank, read.clone());
        }
    }

    /// The bucket of the request that a step looks ahead of, if that is what it looks for.
    fn looks_ahead_of(&self, index: usize) -> Option<BucketKey> {
        let run = &self.run.steps[index];
        match (&run.state, &run.way().action) {
            (StepState::Begun { .. } | StepState::PutOff { .. }, Action::Send(draft)) => {
                BucketKey::of_draft(draft)
            }
            _ => None,
        }
    }

    /// How urgent a step's look is. A step that is under way has less of its way still to go than one that has not acted
    /// yet, so a look that a request waits for goes before a poll.
    pub(crate) fn look_rank(&self, index: usize) -> Rank {
        let (Reverse(remaining), place) = self.run.ranks[index];
        match self.run.steps[index].state {
            StepState::Acting { .. } => {
                let own = self.run.steps[index].way().forecast.p95;
                (Reverse(remaining.saturating_sub(own).max(SignedDuration::ZERO)), place)
            }
            _ => (Reverse(remaining), place),
        }
    }

    /// Issues the looks that are due and have a token.
    pub(crate) fn look_what_may(&mut self, now: Timestamp) {
        while let Some(id) = self.reads.pop_due(now) {
            match self.reads.draft(&id).map(|draft| draft.fill(&self.known())) {
                Some(Ok(read)) => {
                    let scope = Scope::of_read(&read, &self.run.places);
                    self.line_up(&id, scope.as_ref());
                    self.ripe.insert(id, (read, scope));
                }
                Some(Err(missing)) => {
                    if let Hole::Secret(secret) = &missing.0 {
                        self.fetch_secret(secret, None, now);
                    }
                    let ticket = self.ticket();
                    let served = self.reads.answered(&id, ticket.0, now, now, Err(missing.to_string()));
                    self.dirty.extend(served);
                }
                None => {}
            }
        }
        let crowded = self.sends.crowded(&self.budget, now);
        loop {
            let (reads, ripe) = (&mut self.reads, &mut self.ripe);
            let popped = self.looks.pop(&mut self.budget, &crowded, now, |id| {
                let wanted = reads.is_wanted(id);
                if !wanted && ripe.remove(id).is_some() {
                    reads.drop_due(id);
                }
                // A look stands in several lines and leaves from one of them.
                wanted && ripe.contains_key(id)
            });
            let Some((id, token)) = popped else { return };
            let Some((read, _)) = self.ripe.remove(&id) else { continue };
            let ticket = self.ticket();
            self.flights.insert(ticket, Flight::Look { id: id.clone(), at: now, token });
            self.looks_taken += 1;
            self.effects.push(Effect::Look { ticket, id, read });
        }
    }

    /// Puts a look into the line of everybody who waits for it.
    fn line_up(&mut self, id: &ReadId, scope: Option<&Scope>) {
        let mut most: BTreeMap<Option<BucketKey>, Rank> = BTreeMap::new();
        for (index, rank) in self.reads.wanted_by(id) {
            let place = most.entry(self.looks_ahead_of(index)).or_insert(rank);
            *place = rank.min(*place);
        }
        for (ahead_of, rank) in most {
            self.looks.push(Line { scope: scope.cloned(), ahead_of }, rank, id.clone());
        }
    }
}
