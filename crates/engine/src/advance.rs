//! What a step does next, by where it stands. Level-triggered: asked again after anything that may matter, it does only
//! what is still to be done.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeboat_arm::{Operation, Progress};
use lifeboat_plan::{Action, CallDraft, Question, ReadDraft, ReadId, Repeat, TargetDraft, Truth};

use crate::backoff;
use crate::effect::Effect;
use crate::engine::{Engine, Flight, OperationIs, Polled};
use crate::judge::Verdict;
use crate::record::{OperationKind, OperationRef, StepEvent};
use crate::step_state::{About, StepState};

/// How long a rejected step waits for its last look.
const LAST_LOOK: SignedDuration = SignedDuration::from_secs(15);
/// How long the look that judges a deadline may take.
const OVERTIME: SignedDuration = SignedDuration::from_secs(30);
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
        state.done_streaks = Default::default();
        state.started_streaks = Default::default();
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
                    self.mind_deadline(index, "it was put off until its deadline", now);
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
        if self.volatile[index].queued || self.run.paused.is_some() {
            return;
        }
        let reads = self.reads_before_acting(index);
        let first = matches!(self.run.steps[index].state, StepState::Begun { .. });
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
            return;
        }
        let reads = self.condition_reads(index);
        let verdict = self.verdict(index);
        match verdict {
            Verdict::Done => {
                return self.change(index, StepEvent::SeenDone { captured: Default::default() }, now);
            }
            Verdict::UnderWay => {
                return self.change(index, StepEvent::FoundUnderWay { captured: Default::default() }, now);
            }
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
                    && self.run.paused.is_none()
                    && now < self.run.steps[index].deadline()
                {
                    return self.prepare(index, Default::default(), now);
                }
                self.mind_deadline(index, "no answer came, and nothing shows that it happened", now);
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
            Verdict::Done => {
                return self.change(index, StepEvent::SeenDone { captured: Default::default() }, now);
            }
            Verdict::UnderWay if !operation => {
                return self.change(index, StepEvent::FoundUnderWay { captured: Default::default() }, now);
            }
            _ => {}
        }
        let give_up_at = self.volatile[index].entered + LAST_LOOK;
        if reads.is_empty()
            || self.volatile[index].rounds > 0
            || self.poll(index, &reads, now)
            || now >= give_up_at
        {
            return self.give_up(index, why, None, now);
        }
        self.wake(index, give_up_at, now);
    }

    /// Follows a change that is under way.
    fn follow(&mut self, index: usize, now: Timestamp) {
        match &self.run.steps[index].way().action {
            Action::Expand(_) => match self.children_are_through(index) {
                Some(Ok(())) => {}
                Some(Err(why)) => return self.give_up(index, why, None, now),
                None => return,
            },
            Action::Pump(_) if !self.run.steps[index].emptied => {
                self.pump(index, now);
                return self.mind_deadline(index, "items are left", now);
            }
            _ => {}
        }
        if self.hear_operation(index, now) {
            return; // it failed
        }
        let done_reads = self.done_reads(index);
        let state = &self.volatile[index];
        let deadline = self.run.steps[index].deadline();
        let is = match (&state.operation, &self.run.steps[index].state) {
            (Some(polled), _) => polled.is,
            // Its URL is lost, so only the conditions can tell that it is over.
            (None, StepState::Acting { operation: Some(lost), .. })
                if lost.kind != OperationKind::Resource =>
            {
                if done_reads.is_empty() {
                    OperationIs::Unreadable
                } else {
                    OperationIs::Over
                }
            }
            _ => OperationIs::Over,
        };
        let by_url = state.operation.as_ref().is_some_and(|polled| polled.operation.url().is_some());
        let operation_decides = is == OperationIs::Running && by_url;
        let only_operation_tells = done_reads.is_empty() && is != OperationIs::Over;
        let mut truth = Truth::NotMet;
        if !only_operation_tells && (state.overtime || !operation_decides) {
            truth = self.is_done(index);
            match &truth {
                Truth::Met => {
                    return self.change(index, StepEvent::SeenDone { captured: Default::default() }, now);
                }
                Truth::Refused(why) => return self.fail(index, why.clone(), now),
                _ => {}
            }
        }
        let mut reads = BTreeSet::new();
        if is != OperationIs::Over {
            reads.extend(self.volatile[index].operation.as_ref().map(|polled| polled.read.clone()));
        }
        if !operation_decides || self.volatile[index].overtime {
            reads.extend(done_reads);
        }
        if now >= deadline && !self.volatile[index].overtime {
            // The deadline is judged by looks taken after it.
            let newest = self.newest();
            let state = &mut self.volatile[index];
            state.overtime = true;
            (state.cursor, state.poll_next, state.rounds) = (newest, now, 0);
            self.dirty.insert(index);
            return;
        }
        let complete = self.poll(index, &reads, now);
        if !self.volatile[index].overtime {
            return self.wake(index, deadline, now);
        }
        if complete || self.volatile[index].rounds > 0 || now >= deadline + OVERTIME {
            let (why, partly) = match truth {
                Truth::Partly { have, want } => {
                    (format!("{have} of {want} at the deadline"), Some((have, want)))
                }
                Truth::Unknown(why) => (format!("at the deadline nobody can tell: {why}"), None),
                _ => ("its deadline is over".to_owned(), None),
            };
            return self.give_up(index, why, partly, now);
        }
        self.wake(index, deadline + OVERTIME, now);
    }

    /// Hears what the operation's poll says. True if the step is no longer under way.
    fn hear_operation(&mut self, index: usize, now: Timestamp) -> bool {
        let Some(mut polled) = self.volatile[index].operation.take() else { return false };
        let issued = self.reads.issued(&polled.read);
        let news = polled.is != OperationIs::Over && issued > polled.heard.max(self.volatile[index].floor);
        let mut failed = None;
        if news {
            polled.heard = issued;
            let progress = match self.reads.seen(&polled.read).and_then(|seen| seen.answer.as_ref().ok()) {
                Some(answer) => polled.operation.progress(answer),
                None => Progress::Unreadable,
            };
            match progress {
                Progress::Running => polled.is = OperationIs::Running,
                Progress::Unreadable => polled.is = OperationIs::Unreadable,
                Progress::Succeeded => {
                    polled.is = OperationIs::Over;
                    // Its result shows in looks that are taken from now on.
                    let newest = self.newest();
                    let state = &mut self.volatile[index];
                    (state.cursor, state.poll_next, state.rounds) = (newest, now, 0);
                    if polled.operation.url().is_some() {
                        state.floor = newest;
                    }
                }
                Progress::Failed(error) => failed = Some(error),
            }
        }
        self.volatile[index].operation = Some(polled);
        let Some(error) = failed else { return false };
        let inner = error.innermost();
        let why = format!("its operation failed: {inner}");
        if lifeboat_arm::retry(0, &inner.code) == lifeboat_arm::Retry::Later {
            let pause =
                backoff::pause(self.settings.jitter_seed, index as u64, self.run.steps[index].requests);
            self.change(index, StepEvent::PutOff { until: now + pause, why }, now);
        } else {
            self.change(index, StepEvent::Rejected { why, operation: true }, now);
        }
        true
    }

    /// The read that polls an operation; none if its URL was lost: then conditions alone tell.
    fn polled(&mut self, index: usize, operation: &OperationRef) -> Option<Polled> {
        let Action::Send(draft) = &self.run.steps[index].way().action else { return None };
        let url = self.urls.get(&operation.key);
        let (call, known) = match operation.kind {
            OperationKind::Status => (poll_call(draft, url?), Operation::Status(url?.clone())),
            OperationKind::Location => (poll_call(draft, url?), Operation::Location(url?.clone())),
            // What a POST or DELETE leaves behind is not at its own path.
            OperationKind::Resource
                if matches!(draft.method, lifeboat_arm::Method::Put | lifeboat_arm::Method::Patch) =>
            {
                let call = CallDraft { method: lifeboat_arm::Method::Get, body: None, ..draft.clone() };
                (call, Operation::Resource)
            }
            OperationKind::Resource => return None,
        };
        let read = ReadId::new(&format!("operation {}", operation.key));
        let draft = match call.target {
            TargetDraft::Arm => ReadDraft::Arm(call),
            TargetDraft::Host(_) => ReadDraft::Http(call),
        };
        self.reads.declare(read.clone(), draft);
        Some(Polled { operation: known, read, heard: 0, is: OperationIs::Running })
    }

    fn wait_for_person(&mut self, index: usize, about: &About, now: Timestamp) {
        let reads = self.condition_reads(index);
        match self.verdict(index) {
            Verdict::Done => {
                return self.change(index, StepEvent::SeenDone { captured: Default::default() }, now);
            }
            Verdict::UnderWay if matches!(about, About::Outcome { .. }) => {
                return self.change(index, StepEvent::FoundUnderWay { captured: Default::default() }, now);
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
        self.ask(index, Question { text, approvers: Vec::new() });
    }

    pub(crate) fn ask(&mut self, index: usize, question: Question) {
        let ticket = self.ticket();
        self.flights.insert(ticket, Flight::Ask { step: index });
        self.volatile[index].flight = Some(ticket);
        let step = self.run.steps[index].step.id.clone();
        self.effects.push(Effect::Ask { ticket, step, question });
    }
}

/// The call that polls an operation's URL. Management URLs are polled at the management endpoint, whatever host they
/// name: a credential goes nowhere that an answer says.
fn poll_call(acted: &CallDraft, url: &str) -> CallDraft {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => match rest.find('/') {
            Some(at) => (Some(&rest[..at]), &rest[at..]),
            None => (Some(rest), "/"),
        },
        None => (None, url),
    };
    let target = match (&acted.target, host) {
        (TargetDraft::Host(_), Some(host)) => TargetDraft::Host(host.into()),
        (target, _) => target.clone(),
    };
    CallDraft { target, method: lifeboat_arm::Method::Get, path: path.into(), body: None }
}
