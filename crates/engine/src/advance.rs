//! What a step does next, by where it stands. Level-triggered: asked again after anything that may matter, it does only
//! what is still to be done.

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Question, Repeat, Streaks};

use crate::backoff;
use crate::effect::Effect;
use crate::engine::{Engine, Flight};
use crate::judge::Verdict;
use crate::record::{Captured, StepEvent};
use crate::step_state::{About, StepState};

/// How long a rejected step waits for its last look.
const LAST_LOOK: SignedDuration = SignedDuration::from_secs(15);
/// How long a request whose answer was lost may take to show itself, at most, before a person is asked.
const SHOWING: SignedDuration = SignedDuration::from_secs(60);
/// How often conditions are looked at while a person thinks.
const THINKING: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// A step has come into another state: nothing seen before counts, unless the state says so.
    pub(crate) fn enter(&mut self, index: usize, now: Timestamp) {
        let former = std::mem::take(&mut self.volatile[index].wanting);
        for read in &former {
            self.reads.unwant(read, index);
        }
        let newest = self.newest();
        let state = &mut self.volatile[index];
        state.floor = newest;
        state.cursor = newest;
        state.poll_next = now;
        state.interval = SignedDuration::from_secs(1);
        state.rounds = 0;
        state.entered = now;
        state.done_streaks = Streaks::default();
        state.started_streaks = Streaks::default();
        state.flight = None;
        state.queued = false;
        state.operation = None;
        state.overtime = false;
        self.dirty.insert(index);
        match self.run.steps[index].state.clone() {
            StepState::PutOff { until, .. } => self.volatile[index].poll_next = until.max(now),
            StepState::Acting { operation, .. } => {
                let first = self.first_interval(index);
                self.volatile[index].interval = first;
                self.volatile[index].operation =
                    operation.and_then(|operation| self.polled(index, &operation));
            }
            StepState::Asked { .. } => {
                self.volatile[index].interval = THINKING;
                self.volatile[index].poll_next = now + THINKING;
            }
            _ => {}
        }
    }

    pub(crate) fn advance(&mut self, index: usize, now: Timestamp) {
        match self.run.steps[index].state.clone() {
            StepState::Waiting => self.begin(index, now),
            StepState::Begun { .. } => self.look_first(index, now),
            StepState::PutOff { until, .. } => {
                if now < until {
                    self.wake(index, until, now);
                    let why = self.run.steps[index].says.as_deref().unwrap_or("to come back later");
                    let why = format!("the last answer was {why}");
                    self.mind_deadline(index, &why, now);
                } else {
                    if self.volatile[index].entered < until {
                        // What was seen before the pause does not count after it.
                        let newest = self.newest();
                        let state = &mut self.volatile[index];
                        (state.floor, state.cursor, state.entered) =
                            (newest, newest, until.max(state.entered));
                    }
                    self.look_first(index, now);
                }
            }
            StepState::Intended { .. } => self.perform(index, now),
            StepState::Unclear { attempt, .. } => self.clear_up(index, attempt, now),
            StepState::Rejected { why, operation, .. } => self.settle_rejection(index, why, operation, now),
            StepState::Acting { .. } => self.follow(index, now),
            StepState::Asked { about, .. } => self.wait_for_person(index, &about, now),
            StepState::Ended { .. } => {}
        }
    }

    fn begin(&mut self, index: usize, now: Timestamp) {
        let run = &self.run.steps[index];
        let stage_is_known = run.parent.is_none_or(|parent| {
            matches!(self.run.steps[parent].state, StepState::Acting { .. }) && self.is_durable(parent)
        });
        let ready = self.run.paused.is_none()
            && self.run.waits_for(index).is_none()
            && run.before.iter().all(|&before| self.is_durable(before))
            && stage_is_known;
        if ready {
            let way = self.run.first_way(index);
            self.change(index, StepEvent::Began { way }, now);
        }
    }

    /// Looks before acting, for the first time or before the same intent is sent again.
    fn look_first(&mut self, index: usize, now: Timestamp) {
        let first = matches!(self.run.steps[index].state, StepState::Begun { .. });
        if self.volatile[index].queued || self.run.paused.is_some() {
            if !first {
                self.mind_deadline(index, "it could not be sent again in time", now);
            }
            return;
        }
        let reads = self.reads_before_acting(index);
        let unknown = match self.verdict(index) {
            Verdict::Refused(why) => return self.fail(index, why, now),
            Verdict::Unknown(why) => why,
            Verdict::Holding => {
                self.poll(index, &reads, now);
                return self.mind_deadline(index, "its condition did not hold long enough", now);
            }
            verdict => match self.capture_from_reads(index) {
                Err(read) => format!("`{read}` does not answer"),
                Ok(captured) => {
                    let change = match verdict {
                        Verdict::Done if first => StepEvent::FoundDone { captured },
                        Verdict::Done => StepEvent::SeenDone { captured },
                        Verdict::UnderWay => StepEvent::FoundUnderWay { captured },
                        _ => return self.prepare(index, captured, now),
                    };
                    return self.change(index, change, now);
                }
            },
        };
        self.poll(index, &reads, now);
        self.run.steps[index].says = Some(unknown.clone());
        self.mind_deadline(index, &unknown, now);
    }

    /// An answer was lost: the conditions decide whether the request may be sent again.
    fn clear_up(&mut self, index: usize, attempt: u32, now: Timestamp) {
        if self.volatile[index].queued {
            return self.mind_deadline(index, "it could not be sent again in time", now);
        }
        let reads = self.condition_reads(index);
        let verdict = self.verdict(index);
        match verdict {
            Verdict::Done => return self.seen_done(index, now),
            Verdict::UnderWay => return self.seen_under_way(index, now),
            Verdict::Refused(why) => return self.fail(index, why, now),
            Verdict::Holding | Verdict::Unknown(_) | Verdict::Neither => {}
        }
        self.poll(index, &reads, now);
        let way = self.run.steps[index].way();
        let looked = reads.is_empty() || self.volatile[index].rounds > 0;
        let entered = self.volatile[index].entered;
        let holding = verdict == Verdict::Holding;
        match way.repeat {
            Repeat::Harmless | Repeat::Keyed => {
                let again = entered + backoff::pause(self.settings.jitter_seed, index as u64, attempt);
                if now < again {
                    self.wake(index, again, now);
                } else if looked
                    && !holding
                    && !self.is_in_the_dark(index)
                    && self.run.paused.is_none()
                    && now < self.run.steps[index].deadline()
                {
                    return self.prepare(index, Captured::new(), now);
                }
                self.mind_deadline(
                    index,
                    "its request got no answer, and no look shows that it took effect",
                    now,
                );
            }
            Repeat::Ask => {
                let shown =
                    (entered + way.forecast.typical.min(SHOWING)).min(self.run.steps[index].deadline());
                if now < shown || !looked {
                    self.wake(index, shown, now);
                } else if !holding {
                    self.change(index, StepEvent::Asked { about: About::Outcome { attempt } }, now);
                }
                self.mind_deadline(index, "nobody knows whether it happened", now);
            }
        }
    }

    /// One more look: somebody else may have done it, and that may be why it was rejected.
    fn settle_rejection(&mut self, index: usize, why: String, operation: bool, now: Timestamp) {
        let reads = self.condition_reads(index);
        match self.verdict(index) {
            Verdict::Done => return self.seen_done(index, now),
            Verdict::UnderWay if !operation => return self.seen_under_way(index, now),
            _ => {}
        }
        let give_up_at = self.volatile[index].entered + LAST_LOOK;
        if reads.is_empty()
            || self.volatile[index].rounds > 0
            || self.poll(index, &reads, now)
            || now >= give_up_at && !self.is_starved(index)
        {
            return self.give_up(index, why, None, now);
        }
        if now < give_up_at {
            self.wake(index, give_up_at, now);
        }
    }

    fn wait_for_person(&mut self, index: usize, about: &About, now: Timestamp) {
        let reads = self.condition_reads(index);
        match self.verdict(index) {
            Verdict::Done => return self.seen_done(index, now),
            Verdict::UnderWay if matches!(about, About::Outcome { .. }) => {
                return self.seen_under_way(index, now);
            }
            _ => {}
        }
        self.poll(index, &reads, now);
        if matches!(about, About::Outcome { .. }) {
            self.mind_deadline(index, "nobody knows whether it happened", now);
        }
        if !matches!(self.run.steps[index].state, StepState::Asked { .. })
            || self.volatile[index].flight.is_some()
            || !self.is_durable(index)
        {
            return;
        }
        let run = &self.run.steps[index];
        let text = match about {
            About::Outcome { attempt } => format!(
                "`{}`: the answer to request {attempt} was lost, and nothing shows whether it happened. Send it again?",
                run.step.title
            ),
            About::Failure { why } => format!("`{}` failed: {why}. Go on without it?", run.step.title),
            About::Degraded { have, want } => {
                format!("`{}` reached {have} of {want} by its deadline. Go on?", run.step.title)
            }
        };
        let approvers = self.approvers(index).to_vec();
        self.ask(index, Question { text, approvers });
    }

    /// The change was seen to be complete.
    pub(crate) fn seen_done(&mut self, index: usize, now: Timestamp) {
        self.change(index, StepEvent::SeenDone { captured: Captured::new() }, now);
    }

    /// The change was seen to be under way.
    fn seen_under_way(&mut self, index: usize, now: Timestamp) {
        self.change(index, StepEvent::FoundUnderWay { captured: Captured::new() }, now);
    }

    pub(crate) fn ask(&mut self, index: usize, question: Question) {
        let ticket = self.ticket();
        self.flights.insert(ticket, Flight::Ask { step: index });
        self.volatile[index].flight = Some(ticket);
        let step = self.run.steps[index].step.id.clone();
        self.effects.push(Effect::Ask { ticket, step, question });
    }
}
