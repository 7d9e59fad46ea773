//! Taking over a run from its journal.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_plan::{Action, Digest, GraphError, Plan};

use crate::budget::Budget;
use crate::effect::{Effect, Settings};
use crate::engine::Engine;
use crate::journal;
use crate::record::{Event, Pin, Record, StepEvent};
use crate::run::{Broken, Run};
use crate::scope::{BucketKey, Scope};
use crate::step_state::StepState;

/// How long whoever takes over may look before it judges a deadline.
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// Why a run cannot be taken over.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecoverError {
    /// The plan makes no graph.
    #[error("the plan makes no graph")]
    Graph(#[source] GraphError),
    /// There is nothing to take over.
    #[error("the journal does not begin with the opening of a run: start the run anew")]
    NotOpened,
    /// The journal belongs to another plan.
    #[error(
        "the journal is of plan {journal}, not of plan {given}: give the plan that the run was started with"
    )]
    OtherPlan {
        /// The digest in the journal.
        journal: Digest,
        /// The digest of the plan given.
        given: Digest,
    },
    /// The journal belongs to another run.
    #[error("the journal is of run `{journal}`, not of run `{given}`")]
    OtherRun {
        /// The run in the journal.
        journal: String,
        /// The run given.
        given: String,
    },
    /// A newer execution has the run.
    #[error("execution {newest} has this run: execution {given} may not go on")]
    Stale {
        /// The newest in the journal.
        newest: u64,
        /// The one that wants to go on.
        given: u64,
    },
    /// A record was written by an executor that had been taken over from.
    #[error("record {seq} was written by execution {epoch} after execution {newest} had taken over")]
    LateRecord {
        /// The record.
        seq: u64,
        /// Who wrote it.
        epoch: u64,
        /// Who had the run.
        newest: u64,
    },
    /// A takeover pins another journal than the records before it.
    #[error("record {seq} continues another journal than the one before it")]
    OtherJournal {
        /// The record.
        seq: u64,
    },
    /// A record cannot follow those before it.
    #[error("record {seq} cannot follow those before it")]
    Broken {
        /// The record.
        seq: u64,
        /// Why.
        #[source]
        broken: Broken,
    },
}

impl Engine {
    /// Takes a run over from its journal, as a new execution whose first record pins what was read.
    ///
    /// `urls` are those of [`Effect::KeepUrl`], as far as they are still there; without them conditions alone are
    /// polled. Facts and jitter come from the journal.
    pub fn recover(
        plan: Plan,
        records: &[Record],
        urls: &BTreeMap<String, String>,
        settings: Settings,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), RecoverError> {
        let mut settings = settings;
        let run = replay(plan, records, &mut settings)?;
        let last = records.last().map_or(0, |record| record.epoch);
        if settings.epoch <= last {
            return Err(RecoverError::Stale { newest: last, given: settings.epoch });
        }
        // Whatever the clock of this machine says, a run does not go back in time.
        let now = records.last().map_or(now, |record| now.max(record.at));
        let former = Pin { records: records.len() as u64, hash: journal::chain(records) };
        let mut engine = Self::around(run, settings, urls.clone(), now);
        engine.budget = engine.left_by(records, now);
        engine.judges_from = now.saturating_add(FIRST_LOOK).unwrap_or(now);
        if engine.run.finished {
            let effects = engine.over();
            return Ok((engine, effects));
        }
        let executor = engine.settings.executor.clone();
        engine.record(Event::TookOver { executor, former }, now);
        for index in 0..engine.run.steps.len() {
            let acts = engine.sends_a_request(index);
            if acts && matches!(engine.run.steps[index].state, StepState::Intended { .. }) {
                let why = "the executor stopped before an answer was recorded".to_owned();
                engine.change(index, StepEvent::AnswerLost { why }, now);
            } else {
                engine.enter(index, now);
            }
        }
        let effects = engine.settle(now);
        Ok((engine, effects))
    }

    /// The buckets as former executions left them: charged with what they sent, so that a takeover does not run into a
    /// 429. Their looks are in no journal.
    fn left_by(&self, records: &[Record], now: Timestamp) -> Budget {
        let mut budget = Budget::inherited();
        for record in records {
            let Event::Step { step, change: StepEvent::Intended { .. } | StepEvent::Sending { .. } } =
                &record.event
            else {
                continue;
            };
            let Some(run) = self.run.index.get(step).map(|&index| &self.run.steps[index]) else { continue };
            let Action::Send(draft) = &run.way().action else { continue };
            if let Some(bucket) = BucketKey::of_draft(draft).filter(|_| record.at <= now) {
                // An empty bucket cannot be charged further.
                drop(budget.take(&Scope { bucket, provider: None }, record.at));
            }
        }
        budget
    }
}

fn replay(plan: Plan, records: &[Record], settings: &mut Settings) -> Result<Run, RecoverError> {
    let Some(Record { event: Event::Opened { run: id, plan: digest, facts, jitter_seed, .. }, .. }) =
        records.first()
    else {
        return Err(RecoverError::NotOpened);
    };
    let given = Digest::of(&plan);
    if given != *digest {
        return Err(RecoverError::OtherPlan { journal: digest.clone(), given });
    }
    if settings.run != *id {
        return Err(RecoverError::OtherRun {
            journal: id.as_str().to_owned(),
            given: settings.run.as_str().to_owned(),
        });
    }
    settings.facts.clone_from(facts);
    settings.jitter_seed = *jitter_seed;
    let mut run = Run::new(plan, id.clone(), facts.clone()).map_err(RecoverError::Graph)?;
    for (index, record) in records.iter().enumerate() {
        if record.epoch < run.epoch {
            return Err(RecoverError::LateRecord { seq: record.seq, epoch: record.epoch, newest: run.epoch });
        }
        let taken_over = run.seq > 0 && record.epoch > run.epoch;
        match &record.event {
            Event::TookOver { former, .. } => {
                let fits = former.records == index as u64 && former.hash == journal::chain(&records[..index]);
                if !taken_over || !fits {
                    return Err(RecoverError::OtherJournal { seq: record.seq });
                }
            }
            _ if taken_over => return Err(RecoverError::OtherJournal { seq: record.seq }),
            _ => {}
        }
        run.apply(record).map_err(|broken| RecoverError::Broken { seq: record.seq, broken })?;
    }
    Ok(run)
}
