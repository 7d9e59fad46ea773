//! What holds for every sequence of events, sensible or not.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use lifeboat_plan::PlanKind;
use proptest::prelude::*;

use super::*;
use crate::workload::DecisionPolicy;

/// What a generated event picks; runs and questions are filled in from what is open at that time.
#[derive(Debug, Clone)]
enum Pick {
    RunEnds {
        which: usize,
        outcome: RunOutcome,
    },
    StrayEnd(PlanKind, RunOutcome),
    Region(u8, Side, Budget),
    Answer {
        decision: Decision,
    },
    StrayAnswer(Question, Decision),
    Wish(Wish),
    Tick,
    /// The side that was set out for leads, whatever became of the run.
    ComesThrough,
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Primary), Just(Side::Secondary)]
}

fn kind() -> impl Strategy<Value = PlanKind> {
    proptest::sample::select(vec![
        PlanKind::Prepare,
        PlanKind::Failover,
        PlanKind::Failback,
        PlanKind::Fence,
        PlanKind::Drain,
    ])
}

fn outcome() -> impl Strategy<Value = RunOutcome> {
    prop_oneof![
        5 => Just(RunOutcome::Done),
        1 => Just(RunOutcome::Partly("half".to_owned())),
        1 => Just(RunOutcome::Failed("broken".to_owned())),
        1 => Just(RunOutcome::Refused("no plan".to_owned())),
        1 => Just(RunOutcome::Stopped),
    ]
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![3 => Just(Decision::Approved), 1 => Just(Decision::Declined)]
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![
        (side(), any::<bool>()).prop_map(|(to, protected)| Question::Failover { to, protected }),
        Just(Question::Failback),
        kind().prop_map(|kind| Question::Again { kind }),
    ]
}

fn pick() -> impl Strategy<Value = Pick> {
    let budget = prop_oneof![Just(Budget::Within), Just(Budget::Exceeded)];
    prop_oneof![
        6 => (0..2_usize, outcome()).prop_map(|(which, outcome)| Pick::RunEnds { which, outcome }),
        1 => (kind(), outcome()).prop_map(|(kind, outcome)| Pick::StrayEnd(kind, outcome)),
        4 => (0..4_u8, side(), budget).prop_map(|(news, side, budget)| Pick::Region(news, side, budget)),
        3 => decision().prop_map(|decision| Pick::Answer { decision }),
        1 => (question(), decision()).prop_map(|(question, decision)| Pick::StrayAnswer(question, decision)),
        1 => prop_oneof![Just(Wish::Move), Just(Wish::Failover), Just(Wish::Failback)].prop_map(Pick::Wish),
        1 => Just(Pick::Tick),
        1 => Just(Pick::ComesThrough),
    ]
}

fn policy() -> impl Strategy<Value = DecisionPolicy> {
    prop_oneof![Just(DecisionPolicy::Manual), Just(DecisionPolicy::Propose), Just(DecisionPolicy::Automatic)]
}

/// A world that does what is intended and checks that it may be.
struct World {
    state: Lifecycle,
    policy: FailoverPolicy,
    at: Timestamp,
    /// Runs under way.
    running: Vec<PlanKind>,
    /// Those of them that were told to stop.
    stopping: Vec<PlanKind>,
    /// The side that is seen to lead.
    leads: Option<Side>,
    /// Open questions.
    asked: Vec<Question>,
    /// How far the side that was left last has come: fenced, drained.
    cleared: BTreeMap<PlanKind, bool>,
    /// Whether the workload has ever moved or lost its standby region.
    disturbed: bool,
    /// The same before it set out last: a move that is refused disturbs nothing.
    disturbed_before: bool,
}

impl World {
    fn new(policy: DecisionPolicy) -> Self {
        let (state, _) = Lifecycle::begin();
        Self {
            state,
            policy: FailoverPolicy { policy, ..FailoverPolicy::default() },
            at: Timestamp::UNIX_EPOCH,
            running: vec![PlanKind::Prepare],
            stopping: Vec::new(),
            leads: None,
            asked: Vec::new(),
            cleared: BTreeMap::new(),
            disturbed: false,
            disturbed_before: false,
        }
    }

    fn play(&mut self, pick: Pick, protected: bool) {
        let by = "anybody".to_owned();
        let what = match pick {
            Pick::RunEnds { which, outcome } => match self.running.get(which % self.running.len().max(1)) {
                Some(kind) => Happened::RunFinished { kind: *kind, outcome },
                None => Happened::Tick,
            },
            Pick::StrayEnd(kind, outcome) => Happened::RunFinished { kind, outcome },
            Pick::Region(0, side, _) => Happened::Suspected(side),
            Pick::Region(1, side, _) => Happened::Flapped(side),
            Pick::Region(2, side, budget) => Happened::Down { side, budget },
            Pick::Region(_, side, _) => Happened::Returned(side),
            Pick::Answer { decision } => match self.asked.last() {
                Some(question) => Happened::Decided { question: *question, decision, by },
                None => Happened::Tick,
            },
            Pick::StrayAnswer(question, decision) => Happened::Decided { question, decision, by },
            Pick::Wish(wish) => Happened::OperatorAsks { wish, by },
            Pick::ComesThrough => {
                self.leads = Some(self.state.active().other());
                Happened::Tick
            }
            Pick::Tick => Happened::Tick,
        };
        self.happen(&what, protected);
    }

    /// Lets something happen; whether it fitted.
    fn happen(&mut self, what: &Happened, protected: bool) -> bool {
        self.at += SignedDuration::from_mins(1);
        let event = LifecycleEvent { at: self.at, protected, leads: self.leads, what: what.clone() };
        let before = self.state.clone();
        let Ok((state, intentions)) = next(&self.state, &event, &self.policy) else { return false };
        self.state = state;
        self.note(&before, what);
        for intention in intentions {
            self.carry_out(&before, what, &intention);
        }
        self.check();
        true
    }

    fn note(&mut self, before: &Lifecycle, what: &Happened) {
        match what {
            Happened::RunFinished { kind, outcome } => {
                self.running.retain(|running| running != kind);
                self.stopping.retain(|stopping| stopping != kind);
                if *outcome == RunOutcome::Done {
                    self.cleared.insert(*kind, true);
                }
                let moves = matches!(kind, PlanKind::Failover | PlanKind::Failback);
                if moves && before.phase().runs() == Some(*kind) && matches!(outcome, RunOutcome::Refused(_))
                {
                    self.disturbed = self.disturbed_before;
                }
            }
            Happened::Decided { question, .. } => self.asked.retain(|asked| asked != question),
            Happened::Down { side, .. } if *side != before.active() => {
                self.cleared.clear();
                (self.disturbed, self.disturbed_before) = (true, true);
            }
            _ => {}
        }
        if self.state.active() != before.active() {
            self.cleared.remove(&PlanKind::Drain);
            let fenced = matches!(before.phase(), Phase::FailingOver { fence: Fence::Closed, .. })
                || matches!(before.phase(), Phase::Degraded { fence: Fence::Closed, .. });
            self.cleared.insert(PlanKind::Fence, fenced);
            self.disturbed = true;
        }
        if self.state.generation() > before.generation() {
            // Whatever was open, the workload is on its way.
            self.asked.clear();
            self.disturbed_before = self.disturbed;
            self.disturbed = true;
        }
    }

    fn carry_out(&mut self, before: &Lifecycle, what: &Happened, intention: &Intention) {
        match *intention {
            Intention::RunPlan { kind, from, to, planned } => {
                assert_ne!(from, to);
                assert!(!self.running.contains(&kind), "{kind:?} runs already");
                let beside = kind == PlanKind::Fence && self.running == [PlanKind::Failover];
                let before_it = kind == PlanKind::Failover && self.running == [PlanKind::Fence];
                assert!(self.running.is_empty() || beside || before_it, "{kind:?} beside {:?}", self.running);
                self.may_run(before, what, kind, planned);
                self.running.push(kind);
            }
            Intention::Ask(question) | Intention::Tell(question) => {
                self.asked.retain(|asked| *asked != question);
                self.asked.push(question);
            }
            Intention::Withdraw(question) => {
                self.asked.retain(|asked| *asked != question);
            }
            Intention::StopRun { kind } => {
                assert!(self.running.contains(&kind), "{kind:?} does not run");
                self.stopping.push(kind);
            }
            Intention::WhenAnswers { side, .. } => assert_ne!(self.state.health(side), Health::Answers),
            Intention::Follow { to } => {
                assert_eq!((to, self.leads), (self.state.active(), Some(self.state.active())));
                assert!(before.generation() > 0, "followed where nobody had set out for");
            }
            Intention::KeepSnapshot | Intention::Wait { .. } => {}
        }
    }

    fn may_run(&self, before: &Lifecycle, what: &Happened, kind: PlanKind, planned: bool) {
        let approved = matches!(what, Happened::Decided { decision: Decision::Approved, .. });
        // A wish for good order is no consent to force.
        let wished = match what {
            Happened::OperatorAsks { wish, .. } => *wish == Wish::Failover || planned && *wish == Wish::Move,
            _ => false,
        };
        let is_cleared = |kind| self.cleared.get(&kind).copied().unwrap_or(false);
        match kind {
            PlanKind::Failback => assert!(approved, "home without an approval"),
            PlanKind::Failover if self.policy.policy != DecisionPolicy::Automatic => {
                assert!(approved || wished, "a failover that nobody decided");
            }
            PlanKind::Failover => {
                let ready = before.standby() == Standby::Ready || self.state.standby() == Standby::Ready;
                assert!(approved || wished || ready, "an automatic failover into a side that is not ready");
                let moves = matches!(what, Happened::OperatorAsks { wish: Wish::Move, .. });
                assert!(planned || !moves, "force at a wish for good order");
            }
            PlanKind::Drain => assert!(is_cleared(PlanKind::Fence), "drained before it was fenced"),
            PlanKind::Prepare if self.disturbed => {
                let cleared = is_cleared(PlanKind::Fence) && is_cleared(PlanKind::Drain);
                assert!(cleared, "prepared before it was fenced and drained");
            }
            PlanKind::Fence | PlanKind::Prepare => {}
        }
        if kind == PlanKind::Failover {
            let fenced = before.fence() != Fence::Open;
            let serves = self.state.health(before.active()) == Health::Answers && !fenced;
            assert_eq!(planned, serves, "a region that serves is never left by force");
        }
    }

    /// What holds after every event.
    fn check(&self) {
        let open_fence = matches!(
            self.state.phase(),
            Phase::FailingOver { fence: Fence::Running, .. } | Phase::Degraded { fence: Fence::Running, .. }
        );
        let mut expected: Vec<PlanKind> = self.state.phase().runs().into_iter().collect();
        expected.extend(open_fence.then_some(PlanKind::Fence));
        let mut running = self.running.clone();
        running.sort();
        expected.sort();
        assert_eq!(running, expected, "{}", self.state.phase());
        match self.state.phase() {
            Phase::Serving | Phase::Suspecting { .. } => {
                assert_eq!(self.state.health(self.state.active()), Health::Answers);
            }
            Phase::Deciding { question, .. } => assert_eq!(self.asked, [*question]),
            _ => {}
        }
        self.check_that_a_loss_is_decided();
    }

    /// While the serving side is lost and the other answers, a failover to it is under way, asked for, or was declined;
    /// or what is under way has an end in sight: it was told to stop, or has led clients away already.
    fn check_that_a_loss_is_decided(&self) {
        let (state, other) = (&self.state, self.state.active().other());
        let lost = state.health(state.active()) != Health::Answers;
        if !lost || state.health(other) != Health::Answers {
            return;
        }
        let is_failover = |question: &Question| {
            matches!(question, Question::Failover { to, .. } if *to == other)
                || *question == Question::Again { kind: PlanKind::Failover }
        };
        let decided = match state.phase() {
            Phase::FailingOver { planned: false, .. } => true,
            Phase::Deciding { question, .. }
            | Phase::Degraded { why: Trouble::Declined { question, .. }, .. } => is_failover(question),
            Phase::Degraded { why: Trouble::RunFailed { kind, .. }, .. } => {
                *kind == PlanKind::Failover && self.asked.iter().any(is_failover)
            }
            phase => {
                let stops = phase.runs().is_some_and(|kind| self.stopping.contains(&kind));
                stops || self.leads == Some(other)
            }
        };
        assert!(decided, "what serves is lost, and the workload is {}", state.phase());
    }

    /// From here on all goes well, and somebody is there who says yes.
    fn goes_well(&mut self) {
        self.leads = None;
        // What serves first: a move that is past its point of no return carries on, though nobody sees who leads any
        // more.
        for side in [self.state.active(), self.state.active().other()] {
            self.happen(&Happened::Returned(side), true);
        }
        for _ in 0..30 {
            let by = || "anybody".to_owned();
            if let Some(kind) = self.running.first().copied() {
                assert!(self.happen(&Happened::RunFinished { kind, outcome: RunOutcome::Done }, true));
            } else if let Some(question) = self.asked.first().copied() {
                let decided = Happened::Decided { question, decision: Decision::Approved, by: by() };
                assert!(self.happen(&decided, true), "{question} in {}", self.state.phase());
            } else if let Phase::Degraded {
                why: Trouble::Declined { question: Question::Again { kind }, .. },
                ..
            } = self.state.phase()
            {
                // What Lifeboat was told not to run again, a person brings to its end.
                let kind = *kind;
                assert!(self.happen(&Happened::RunFinished { kind, outcome: RunOutcome::Done }, true));
            } else if !self.happen(&Happened::OperatorAsks { wish: Wish::Failback, by: by() }, true) {
                self.happen(&Happened::Tick, true);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Proves: F14, F15, F20, F32, F33 (one run at a time; fence before drain before re-protect; home only with an
    /// approval; and wherever events have led, it ends protected at home once all goes well).
    #[test]
    fn no_sequence_of_events_breaks_the_rules_and_every_one_ends_well(
        policy in policy(),
        picks in proptest::collection::vec((pick(), any::<bool>()), 0..60),
    ) {
        let mut world = World::new(policy);
        for (pick, protected) in picks {
            world.play(pick, protected);
        }
        world.goes_well();
        prop_assert_eq!(world.state.active(), Side::Primary);
        prop_assert_eq!(world.state.phase(), &Phase::Serving);
        prop_assert_eq!(world.state.standby(), Standby::Ready);
    }

    #[test]
    fn the_state_survives_the_journal(
        policy in policy(),
        picks in proptest::collection::vec((pick(), any::<bool>()), 0..20),
    ) {
        let mut world = World::new(policy);
        for (pick, protected) in picks {
            world.play(pick, protected);
        }
        let text = serde_json::to_string(&world.state).unwrap();
        prop_assert_eq!(serde_json::from_str::<Lifecycle>(&text).unwrap(), world.state);
    }
}
