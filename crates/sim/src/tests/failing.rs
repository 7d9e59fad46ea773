//! Every step fails once: the run stops, goes on or takes its other way, as declared, and nothing hangs.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_arm::{Answer, ArmError};
use lifeboat_engine::{Outcome, RunEnd};
use lifeboat_lab::{Effect, Fault, FaultMatch};
use lifeboat_plan::{Condition, OnFailure, ReadDraft, ReadId, Step, StepId, WayKind};

use super::executor::{End, Executor};
use super::picture::Picture;
use super::story::{ALIAS, Chapter, chapter, fresh_story, story};

fn forbidden() -> Answer {
    Answer::refusal(403, &ArmError::new("AuthorizationFailed", "The client may not do this."))
}

fn refusing(chapter: &Chapter, step: StepId) -> End {
    let mut executor = Executor::new(chapter);
    executor.instead = Some(Box::new(move |acting, _| (acting == Some(&step)).then(forbidden)));
    executor.run()
}

fn is_good(end: &End, step: &StepId) -> bool {
    end.summary.outcomes.get(step).is_some_and(Outcome::is_good)
}

/// Proves: F31. A request that is refused for good ends its step; what waits for the step does not start.
#[test]
fn a_step_that_is_refused_stops_what_waits_for_it() {
    let mut tried = 0;
    let fresh = fresh_story().iter().filter(|chapter| chapter.name == "protect again");
    for chapter in story().iter().chain(fresh) {
        let calm = Executor::new(chapter).run();
        let acting: BTreeSet<StepId> = calm.acting.clone();
        for refused in acting {
            let name = format!("{}: `{refused}` refused", chapter.name);
            let end = refusing(chapter, refused.clone());
            tried += 1;
            let outcome = end.summary.outcomes.get(&refused);
            assert!(outcome.is_some_and(|outcome| !outcome.is_good()), "{name}: {outcome:?}");
            let declared = chapter.plan.steps.iter().find(|step| step.id == refused);
            let way = declared.map(|step| step.way(chapter.plan.policy.prefer));
            let goes_on = way.is_some_and(|way| way.on_failure == OnFailure::Continue);
            assert_eq!(end.summary.end == RunEnd::Failed, !goes_on, "{name}: {:#?}", end.summary);
            for waiting in chapter.plan.steps.iter().filter(|step| step.after.contains(&refused)) {
                assert_eq!(is_good(&end, &waiting.id), goes_on, "{name}: `{}`", waiting.id);
            }
        }
    }
    assert!(tried > 15, "{tried}");
}

/// Proves: F31. What cannot be seen is never taken for done, and waiting for it has an end.
#[test]
fn a_read_that_is_refused_is_never_success() {
    let mut tried = 0;
    for chapter in story() {
        for (id, draft) in &chapter.plan.reads {
            let ReadDraft::Arm(draft) = draft else { continue };
            let path = draft.path.literal().unwrap().to_owned();
            let mut executor = Executor::new(chapter);
            let blind = path.clone();
            executor.instead =
                Some(Box::new(move |acting, call| (acting.is_none() && call.path == blind).then(forbidden)));
            let end = executor.run();
            tried += 1;
            for step in
                chapter.plan.steps.iter().filter(|step| relies_on(step, chapter.plan.policy.prefer, id))
            {
                assert!(
                    !is_good(&end, &step.id),
                    "{}: `{}` without `{id}`: {:#?}",
                    chapter.name,
                    step.id,
                    end.summary
                );
            }
        }
    }
    assert!(tried > 20, "{tried}");
}

fn relies_on(step: &Step, way: WayKind, read: &ReadId) -> bool {
    fn needs(condition: &Condition, wanted: &ReadId) -> bool {
        match condition {
            Condition::All(inner) => inner.iter().any(|one| needs(one, wanted)),
            Condition::Any(inner) => inner.iter().all(|one| needs(one, wanted)),
            Condition::Held { of, .. } => needs(of, wanted),
            Condition::Test { read, .. } | Condition::Each { read, .. } => read == wanted,
            Condition::Not(_) | Condition::Never { .. } => false,
        }
    }
    needs(&step.way(way).done_when, read)
}

/// Proves: F31, P1a. Where two ways are declared, the refused one gives way to the other.
#[test]
fn a_safe_failover_that_is_refused_is_forced() {
    let mut chapter = chapter("failover").clone();
    chapter.lab = super::story::chapter("planned failover").lab.clone();
    chapter.now = super::story::chapter("planned failover").now;
    chapter.plan.policy.prefer = WayKind::Graceful;
    let mut executor = Executor::new(&chapter);
    executor.instead = Some(Box::new(|acting, call| {
        let safe = call.body.as_ref().is_some_and(|body| body.to_string().contains("IsSafeFailover"));
        (acting.is_some() && safe).then(forbidden)
    }));
    let end = executor.run();
    assert_eq!(end.summary.end, RunEnd::Done, "{:#?}", end.summary);
    assert_eq!(end.sent.len(), 2, "the safe one and the forced one: {:?}", end.sent);
}

/// Proves: F31, P1a. A safe failover waits for replication; when that never ends, the wait does, and the alias stays.
#[test]
fn a_safe_failover_that_cannot_finish_leaves_the_alias_where_it_is() {
    let mut chapter = chapter("planned failover").clone();
    let before = chapter.lab.resolve(chapter.now, ALIAS).chain;
    for effect in [Effect::ReplicationStalled, Effect::OperationStuck] {
        chapter.lab.inject(Fault {
            at: FaultMatch::default(),
            effect,
            times: None,
            from: None,
            until: None,
            per_mille: None,
        });
    }
    let end = Executor::new(&chapter).run();
    assert_eq!(end.summary.end, RunEnd::Failed, "{:#?}", end.summary);
    let took = end.now.duration_since(chapter.now);
    assert!(took < SignedDuration::from_hours(1), "{took:#}");
    assert!(!is_good(&end, &"orders-bus/fail-over-alias".into()));
    let mut lab = end.lab;
    assert_eq!(before, lab.resolve(end.now, ALIAS).chain);
}

/// Proves: F15, F26. A plan of another day, run when the workload has gone home: it changes nothing there.
#[test]
fn a_stale_plan_does_no_harm_to_the_side_that_serves() {
    let home = Executor::new(chapter("failback")).run();
    let wanted = Picture::of(&home.lab, home.now).0;
    for stale in
        story().iter().filter(|chapter| chapter.name != "failover" && chapter.name != "planned failover")
    {
        let mut late = stale.clone();
        (late.lab, late.now) = (home.lab.clone(), home.now + SignedDuration::from_mins(30));
        let end = Executor::new(&late).run();
        let found = Picture::of(&end.lab, end.now).0;
        if found != wanted {
            println!("{:#?}\n{wanted:#?}\n{found:#?}", end.summary);
            panic!("{}: another world", stale.name);
        }
    }
}
