//! Runs whose steps need a person or a secret: plans of today have no such step, so these are made by hand.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeboat_arm::{Call, Method};
use lifeboat_engine::{RunEnd, Summary};
use lifeboat_plan::{
    Action, CallDraft, Citation, Condition, Draft, Forecast, Hole, Plan, PlanKind, Question, SecretRef, Step,
    StepId, Way,
};
use lifeboat_planner::Side;

use crate::drill::Drill;
use crate::scenario::Answers;
use crate::tests::example::{drill, mins, play, scenario};
use crate::tests::seen::with_two_namespaces;
use crate::world::{Event, Purpose};

const PURPOSE: Purpose =
    Purpose { kind: PlanKind::Fence, active: Side::Secondary, planned: false, returning: false };

/// A plan of one step that does this, and is done when it is over.
fn plan(drill: &Drill, action: Action) -> Plan {
    let way =
        Way::new(action, Condition::All(Vec::new()), Forecast::assumed(60, 60, "made up for this test"));
    let step = Step {
        id: StepId::new("orders-bus", "by-hand"),
        component: "orders-bus".to_owned(),
        title: "made by hand".to_owned(),
        after: BTreeSet::new(),
        graceful: way,
        ungraceful: None,
        because: Citation::new(&["E1"], "made up for this test"),
    };
    let made = drill.world.plan(PURPOSE).unwrap();
    Plan { steps: vec![step], reads: [].into(), facts: Vec::new(), notes: Vec::new(), ..made }
}

/// Runs it to its end, or for an hour.
fn run(drill: &mut Drill, plan: Plan) -> Option<Summary> {
    drill.opened = Some(drill.world.now);
    drill.world.start(PURPOSE, "by hand", plan).unwrap();
    drill.pass_questions_on();
    let until = drill.world.now + SignedDuration::from_hours(1);
    while let Some((at, event)) = drill.world.queue.next(until) {
        drill.world.now = at;
        match event {
            Event::Run(number, post) => _ = drill.world.deliver(number, post),
            Event::Decides(number, asked) => drill.decides(number, &asked),
            _ => {}
        }
        drill.pass_questions_on();
    }
    drill.world.runs[0].station.finished.clone()
}

fn told(drill: &Drill) -> Vec<&str> {
    let timeline = drill.world.log.timeline.iter();
    timeline.filter(|line| line.what.contains("orders-bus/by-hand")).map(|line| line.what.as_str()).collect()
}

#[test]
fn a_question_of_a_step_is_answered_by_the_people_after_their_delay() {
    for (answers, end, word) in
        [(Answers::Approve, RunEnd::Done, "yes"), (Answers::Decline, RunEnd::Failed, "no")]
    {
        let mut drill = with_two_namespaces();
        drill.people.behave(answers, SignedDuration::from_mins(7));
        let by = drill.people.name().to_owned();
        let question = Question { text: "is it time?".to_owned(), approvers: vec![by.clone()] };
        let plan = plan(&drill, Action::Ask(question));
        let summary = run(&mut drill, plan).unwrap();
        assert_eq!(summary.end, end);
        let asked = "orders-bus/by-hand asks: is it time?".to_owned();
        let answered = format!("{by} answers {word} to orders-bus/by-hand, 7m after being asked");
        assert_eq!(told(&drill)[..2], [asked, answered]);
        let journal = drill.world.runs[0].station.journal.concat();
        assert!(journal.contains(&by), "the journal says who decided");
    }
}

#[test]
fn a_question_that_nobody_answers_stays_open() {
    let mut drill = with_two_namespaces();
    drill.people.behave(Answers::Nobody, SignedDuration::ZERO);
    let question = Question { text: "is anybody there?".to_owned(), approvers: Vec::new() };
    let mut plan = plan(&drill, Action::Ask(question));
    plan.steps[0].graceful.deadline = SignedDuration::from_hours(2);
    assert_eq!(run(&mut drill, plan), None);
    assert_eq!(told(&drill), ["orders-bus/by-hand asks: is anybody there?"]);
}

#[test]
fn a_secret_comes_from_the_lab_and_is_written_nowhere() {
    let mut drill = with_two_namespaces();
    let bus = drill.world.workload.components[0].on(Side::Primary).clone();
    let listing =
        format!("{bus}/authorizationRules/RootManageSharedAccessKey/listKeys?api-version=2021-11-01");
    let secret = SecretRef::Listed { path: listing.clone(), pointer: "/primaryKey".to_owned() };
    let group = bus.as_str().split("/providers/").next().unwrap().to_owned();
    let site = format!("{group}/providers/Microsoft.Web/sites/reader?api-version=2024-04-01");
    let object = |name: &str, value: Draft| (name.to_owned(), value);
    let properties = Draft::Object([object("key", Draft::Hole(Hole::Secret(secret)))].into());
    let location = Draft::Value("westeurope".into());
    let body = Draft::Object([object("location", location), object("properties", properties)].into());
    let plan = plan(&drill, Action::Send(CallDraft::arm(Method::Put, site.clone(), Some(body))));
    let summary = run(&mut drill, plan).unwrap();
    assert_eq!(summary.end, RunEnd::Done, "{summary:?}");
    let now = drill.world.now;
    let mut ask =
        |method, path: &str| drill.world.lab.handle(now, &Call::arm(method, path, None)).answer.unwrap().body;
    let key = ask(Method::Post, &listing)["primaryKey"].clone();
    assert!(key.as_str().is_some_and(|key| key.len() > 20), "{key}");
    assert_eq!(ask(Method::Get, &site)["properties"]["key"], key);
    let journal = drill.world.runs[0].station.journal.concat();
    assert!(!journal.contains(key.as_str().unwrap()));
}

/// Whoever comes after three hours of nobody finds the question that stands open, and answers it after their delay.
#[test]
fn who_comes_later_answers_what_stands_open() {
    let text = "scenario: late\nduration: 6h\nevents: [{ at: 0s, operator: { answers: nobody } }, \
                { at: 2h, lose: { region: primary } }, { at: 3h, operator: { answers: approve, after: 5m } }]\n";
    let report = play(drill(scenario(text), 1)).report;
    assert_eq!(report.runs.iter().map(|run| run.kind.as_str()).collect::<Vec<_>>(), ["prepare", "failover"]);
    let answer = report.timeline.iter().find(|one| one.what.contains("answers yes")).unwrap();
    assert_eq!(answer.at.duration_since(report.started), mins(185));
    // The person says how long the question has stood, not how long they took.
    assert!(answer.what.contains("48m"), "{answer:?}");
}
