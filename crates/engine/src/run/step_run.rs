//! One step of a run, and what the journal says of it.

use jiff::Timestamp;
use lifeboat_plan::{Action, Step, Way, WayKind};

use crate::effect::Decision;
use crate::outcome::Times;
use crate::record::StepEvent;
use crate::step_state::StepState;

/// One step and what the journal says of it.
#[derive(Debug)]
pub(crate) struct StepRun {
    pub(crate) step: Step,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
    pub(crate) before: Vec<usize>,
    pub(crate) behind: Vec<usize>,
    pub(crate) state: StepState,
    pub(crate) way: WayKind,
    pub(crate) last_seq: u64,
    pub(crate) times: Times,
    pub(crate) requests: u32,
    pub(crate) watermark: Option<String>,
    pub(crate) moved: (u64, u64),
    pub(crate) emptied: bool,
    pub(crate) says: Option<String>,
}

impl StepRun {
    pub(super) fn new(step: Step, parent: Option<usize>) -> Self {
        Self {
            step,
            parent,
            children: Vec::new(),
            before: Vec::new(),
            behind: Vec::new(),
            state: StepState::Waiting,
            way: WayKind::Graceful,
            last_seq: 0,
            times: Times::default(),
            requests: 0,
            watermark: None,
            moved: (0, 0),
            emptied: false,
            says: None,
        }
    }

    pub(crate) fn way(&self) -> &Way {
        self.step.way(self.way)
    }

    /// Whether it may go on only by acting once more: what a pause keeps it from.
    pub(crate) fn waits_for_leave(&self) -> bool {
        match self.state {
            StepState::Begun { .. } | StepState::PutOff { .. } | StepState::Unclear { .. } => true,
            StepState::Acting { .. } => matches!(self.way().action, Action::Pump(_)) && !self.emptied,
            _ => false,
        }
    }

    /// Nothing could be done between these times: they do not count.
    pub(super) fn lost(&mut self, since: Timestamp, until: Timestamp) {
        for time in [&mut self.times.begun, &mut self.times.intended].into_iter().flatten() {
            *time = time.saturating_add(until.duration_since(since.max(*time))).unwrap_or(until);
        }
    }

    /// When the way is given up: so long after it was intended or, before that and if it only waits, after looking began.
    pub(crate) fn deadline(&self) -> Timestamp {
        let intended = self.times.intended.filter(|_| self.way().action != Action::Wait);
        let from = intended.or(self.times.begun).unwrap_or(Timestamp::MAX);
        from.saturating_add(self.way().deadline).unwrap_or(Timestamp::MAX)
    }

    /// What an event says beside the state.
    pub(super) fn note(&mut self, change: &StepEvent, acts: bool, at: Timestamp) {
        use StepEvent as E;
        match change {
            E::Began { way } => {
                self.way = *way;
                self.times.begun = Some(at);
            }
            E::Switched { why, .. } => {
                self.way = WayKind::Ungraceful;
                let begun = self.times.begun.map(|_| at);
                self.times = Times { begun, ..Times::default() };
                self.says = Some(why.clone());
            }
            E::Intended { .. } => {
                self.times.intended = Some(at);
                self.requests += u32::from(acts);
            }
            E::Sending { .. } => self.requests += u32::from(acts),
            E::FoundUnderWay { .. } => {
                self.times.intended.get_or_insert(at);
                self.times.acted.get_or_insert(at);
            }
            // Whoever approves gives the step its time anew.
            E::Decided { answer: Decision::Approved, .. } => self.times.intended = Some(at),
            E::Accepted { .. } | E::Expanded { .. } => self.times.acted = Some(at),
            E::Moved { watermark, moved, duplicates, finished } => {
                self.watermark = Some(watermark.clone());
                self.moved = (self.moved.0 + moved, self.moved.1 + duplicates);
                self.emptied = *finished;
            }
            E::PutOff { why, .. } | E::AnswerLost { why } | E::Rejected { why, .. } => {
                self.says = Some(why.clone());
            }
            _ => {}
        }
    }
}
