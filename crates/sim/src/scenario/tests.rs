//! Scenario files as people write them, and as they slip.

use insta::assert_snapshot;

use super::*;

/// Every kind of event, every field.
const FULL: &str = "\
scenario: half a loss
story: the control plane goes first, the triggers go on firing
duration: 24h
clients: { producers: 3, consumers: 2, messagesPerSecond: 10, ignoreTtlPercent: 20 }
events:
  - { at: 0s, operator: { answers: approve, after: 4m } }
  - { at: 2h, lose: { region: primary, planes: [control] } }
  - { at: 2h30m, lose: { region: primary, planes: [data] } }
  - { at: 3h, fault: { region: secondary, provider: Microsoft.ServiceBus, operation: failover, phase: after, effect: lost-answer, times: 1 } }
  - { at: 3h, fault: { region: northeurope, provider: Microsoft.Web, operation: sites/write, phase: before, effect: error, status: 409, code: Conflict, until: 4h } }
  - { at: 3h, fault: { region: secondary, provider: Microsoft.Cdn, operation: profiles/write, phase: before, effect: delay, by: 90s } }
  - { at: 8h, restore: { region: primary } }
  - { at: 9h, flap: { region: primary, times: 3, every: 10m } }
  - { at: 12h, plan: failback }
  - { at: before-prepare, quota: { region: secondary, type: Microsoft.ServiceBus/namespaces, limit: 0 } }
  - { at: before-prepare, fault: { region: secondary, provider: Microsoft.Web, effect: no-capacity, until: 1h } }
  - { at: 13h, fault: { region: secondary, provider: Microsoft.Web, operation: sites/write, effect: throttled, retryAfter: 5s } }
  - { at: 13h, fault: { region: secondary, provider: Microsoft.Web, effect: slow-dns, by: 5m } }
";

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse("drill.yaml", text).map_err(|error| error.to_string())
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// A scenario with these events, refused.
fn with_events(events: &str) -> String {
    parse(&format!("scenario: s\nduration: 24h\nevents:\n  - {events}\n")).unwrap_err()
}

#[test]
fn every_kind_of_event_is_read() {
    let scenario = parse(FULL).unwrap();
    assert_eq!(scenario.name, "half a loss");
    assert_eq!(scenario.clients.ignore_ttl_percent, 20);
    assert_eq!(scenario.events.len(), 11);
    let before: Vec<&What> = scenario.before.iter().map(|event| &event.what).collect();
    let kind = "Microsoft.ServiceBus/namespaces".to_owned();
    assert_eq!(*before[0], What::Quota { region: Place::Secondary, kind, limit: 0 });
    let What::Fault(full) = before[1] else { panic!("a fault") };
    assert_eq!((&full.effect, &full.operation, full.until), (&Effect::NoCapacity, &None, Some(hours(1))));
    let what: Vec<&What> = scenario.events.iter().map(|event| &event.what).collect();
    assert_eq!(*what[0], What::Operator { answers: Answers::Approve, after: SignedDuration::from_mins(4) });
    let control = Outage { region: Place::Primary, planes: BTreeSet::from([LostPlane::Control]) };
    assert_eq!(*what[1], What::Lose(control));
    let What::Fault(conflict) = what[4] else { panic!("a fault") };
    assert_eq!(conflict.effect, Effect::Error { status: 409, code: "Conflict".into() });
    assert_eq!(conflict.until, Some(hours(4)));
    let What::Fault(late) = what[5] else { panic!("a fault") };
    assert_eq!(late.effect, Effect::Delay { by: SignedDuration::from_secs(90) });
    let both = Outage { region: Place::Primary, planes: BTreeSet::from(LostPlane::BOTH) };
    assert_eq!(*what[6], What::Restore(both));
    assert_eq!(*what[8], What::Plan(Planned::Failback));
    let What::Fault(throttled) = what[9] else { panic!("a fault") };
    assert_eq!(throttled.effect, Effect::Throttled { retry_after: SignedDuration::from_secs(5) });
    assert_eq!(throttled.phase, Phase::Before);
}

#[test]
fn events_are_played_in_order_of_time() {
    let text = "scenario: s\nduration: 1d\nevents:\n  - { at: 3h, restore: { region: primary } }\n  - { at: 2h, lose: { region: primary } }\n";
    let at: Vec<SignedDuration> = parse(text).unwrap().events.iter().map(|event| event.at).collect();
    assert_eq!(at, [hours(2), hours(3)]);
}

#[test]
fn a_region_is_meant_by_role_or_name() {
    let [weu, neu] = ["westeurope", "northeurope"].map(|name| Region::parse(name).unwrap());
    assert_eq!(Place::Primary.region(&weu, &neu), &weu);
}

#[test]
fn the_built_in_scenarios_say_what_they_do() {
    let [loss, moved] = Scenario::built_ins();
    assert_eq!((loss.name.as_str(), moved.name.as_str()), ("sudden loss", "planned move"));
    assert!(matches!(&loss.events[1].what, What::Lose(outage) if outage.planes.len() == 2));
    assert_eq!(moved.events[1].what, What::Plan(Planned::Move));
    for scenario in [loss, moved] {
        assert!(scenario.events.is_sorted_by_key(|event| event.at));
        assert!(scenario.events.iter().all(|event| event.at < scenario.duration));
    }
}

#[test]
fn the_examples_of_the_repository_are_read() {
    for (name, text) in [
        ("sudden loss", include_str!("../../../../examples/minimal/scenarios/sudden-loss.yaml")),
        ("planned move", include_str!("../../../../examples/minimal/scenarios/planned-move.yaml")),
        ("flapping return", include_str!("../../../../examples/minimal/scenarios/flapping-return.yaml")),
    ] {
        assert_eq!(parse(text).unwrap().name, name);
    }
}

#[test]
fn a_scenario_that_names_nothing_is_refused() {
    let empty = parse("").unwrap_err();
    assert!(empty.starts_with("drill.yaml:1:1: the scenario is empty\n  hint: "), "{empty}");
    assert_eq!(
        parse("scenario: s\nduration: 1h\nevents: []\n").unwrap_err(),
        "drill.yaml:3:9: `events` is empty: nothing would happen\n  hint: write at least one, such as `{ at: 2h, lose: { region: primary } }`"
    );
    assert_eq!(
        parse("scenario: s\nduration: 1h\n").unwrap_err(),
        "drill.yaml:1:1: `events` is missing in the scenario"
    );
}

#[test]
fn each_slip_names_its_place_and_what_was_meant() {
    for (event, expected) in [
        (
            "{ at: 2h, lose: { region: primry } }",
            "drill.yaml:4:31: `primry` is neither a role nor a region of Azure\n  hint: did you mean `primary`?",
        ),
        (
            "{ at: 2h, lose: { region: westeurop } }",
            "drill.yaml:4:31: `westeurop` is neither a role nor a region of Azure\n  hint: did you mean `westeurope`?",
        ),
        (
            "{ at: 2h, lose: { region: atlantis } }",
            "drill.yaml:4:31: `atlantis` is neither a role nor a region of Azure\n  hint: write `primary`, `secondary` or a region's name",
        ),
        (
            "{ at: 2h, loose: { region: primary } }",
            "drill.yaml:4:15: `loose` is not a field of an event\n  hint: did you mean `lose`?",
        ),
        (
            "{ at: 2h }",
            "drill.yaml:4:5: the event does not say what happens\n  hint: each event has `at` and one of `lose`, `restore`, `flap`, `unseen`, `fault`, `quota`, `operator` and `plan`",
        ),
        (
            "{ at: 2h, plan: move, lose: { region: primary } }",
            "drill.yaml:4:5: the event says both `lose` and `plan`\n  hint: each event has `at` and one of `lose`, `restore`, `flap`, `unseen`, `fault`, `quota`, `operator` and `plan`",
        ),
        ("{ plan: move }", "drill.yaml:4:5: `at` is missing in an event"),
        (
            "{ at: 2h, plan: moved }",
            "drill.yaml:4:21: `moved` is no value of `plan`\n  hint: did you mean `move`?",
        ),
        (
            "{ at: 25h, plan: move }",
            "drill.yaml:4:5: the event at `1d1h` comes after the end at `1d`\n  hint: make `duration` longer",
        ),
        (
            "{ at: 22h, flap: { region: primary, times: 5, every: 1h } }",
            "drill.yaml:4:5: the last loss of the flapping region at `1d2h` comes after the end at `1d`\n  hint: make `duration` longer",
        ),
        (
            "{ at: before-prepare, lose: { region: primary } }",
            "drill.yaml:4:5: only a fault, a quota and the operator can be there `before-prepare`\n  hint: write when it happens, counted from the end of the preparation: `at: 2h`",
        ),
        (
            "{ at: 2h, quota: { region: primary, type: namespaces, limit: 1 } }",
            "drill.yaml:4:47: `namespaces` is no type of resource\n  hint: write it in full, such as `Microsoft.ServiceBus/namespaces`",
        ),
        (
            "{ at: 2h, restore: { region: primary } }",
            "drill.yaml:4:5: nothing is restored: this region was not lost before\n  hint: name the region and planes of an earlier `lose`",
        ),
        (
            "{ at: 2h, lose: { region: primary, planes: [contrl] } }",
            "drill.yaml:4:49: `contrl` is no value of `planes`\n  hint: did you mean `control`?",
        ),
        (
            "{ at: 2h, lose: { region: primary, planes: [] } }",
            "drill.yaml:4:48: `planes` names no plane\n  hint: leave the field out to mean both planes",
        ),
        (
            "{ at: 2h, flap: { region: primary, times: 0, every: 5m } }",
            "drill.yaml:4:47: `times` is `0`, not a whole number from 1 to 10000",
        ),
        (
            "{ at: 2h, flap: { region: primary, times: 2, every: 0s } }",
            "drill.yaml:4:57: `every` is nothing\n  hint: it is the time from one going to the next",
        ),
        (
            "{ at: 2h, operator: { answers: aprove } }",
            "drill.yaml:4:36: `aprove` is no value of `answers`\n  hint: did you mean `approve`?",
        ),
    ] {
        assert_eq!(with_events(event), expected);
    }
}

#[test]
fn a_fault_says_what_it_is_and_nothing_else() {
    for (fields, expected) in [
        (
            "provider: ServiceBus, operation: failover, phase: after, effect: hang",
            "drill.yaml:4:51: `ServiceBus` is no provider\n  hint: write its namespace, such as `Microsoft.ServiceBus`",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: after, effect: hang, status: 500",
            "drill.yaml:4:116: `status` belongs to `effect: error`\n  hint: remove it, or change the effect",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: after, effect: error, status: 200",
            "drill.yaml:4:117: `status` is `200`, not a whole number from 400 to 599",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: after, effect: lost-anser",
            "drill.yaml:4:102: `lost-anser` is no value of `effect`\n  hint: did you mean `lost-answer`?",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: after, effect: delay",
            "drill.yaml:4:22: `by` is missing in fault",
        ),
        (
            "provider: Microsoft.Web, operation: x, effect: stuck",
            "drill.yaml:4:77: `operation` says nothing here\n  hint: remove it: this effect is about the service, not about single requests",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: before, effect: hang, until: 1h",
            "drill.yaml:4:5: the fault is over at `1h`, before it begins\n  hint: `until` is counted from the start of the drill, as `at` is",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: during, effect: hang",
            "drill.yaml:4:87: `during` is no value of `phase`\n  hint: write `before` or `after`",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: after, effect: throttled",
            "drill.yaml:4:87: `phase: after` contradicts `effect: throttled`: what is refused with 429 is not done\n  hint: write `phase: before`; for a change that is made and answered with an error, `effect: error, status: 429`",
        ),
        (
            "provider: Microsoft.Web, operation: x, phase: before, effect: lost-answer",
            "drill.yaml:4:87: `phase: before` contradicts `effect: lost-answer`: the change is made, and only its answer is lost\n  hint: write `phase: after`; for a request to which nothing happens and nothing is answered, `effect: hang`",
        ),
    ] {
        let event = format!("{{ at: 2h, fault: {{ region: primary, {fields} }} }}");
        assert_eq!(with_events(&event), expected);
    }
}

#[test]
fn every_problem_is_told_in_one_go() {
    let text = "\
scenario: ''
duration: a day
clients: { producers: many, ignoreTtlPercent: 101, consumer: 2 }
events:
  - { at: 2, lose: primary }
  - { at: 3h, fault: { region: primary, effect: error } }
";
    assert_snapshot!(parse(text).unwrap_err(), @r"
    drill.yaml:1:11: the name is blank
    drill.yaml:2:11: `a day` is not a duration
      hint: write it like `45m`, `1h30m` or `90s`
    drill.yaml:3:23: `producers` is `many`, not a whole number from 0 to 10000
    drill.yaml:3:47: `ignoreTtlPercent` is `101`, not a whole number from 0 to 100
    drill.yaml:3:52: `consumer` is not a field of clients
      hint: did you mean `consumers`?
    drill.yaml:5:11: `2` is not a duration
      hint: it has no unit: `2m` or `2s`?
    drill.yaml:5:20: `lose` is a text, not a mapping with `region` and `planes`
    drill.yaml:6:22: `provider` is missing in fault
    drill.yaml:6:22: `operation` is missing in fault
    drill.yaml:6:22: `phase` is missing in fault
    ");
}

#[test]
fn a_lost_region_is_not_lost_again() {
    let twice = |second: &str| {
        let text = format!(
            "scenario: x\nduration: 24h\nevents:\n  - {{ at: 2h, lose: {{ region: primary, planes: [data] }} }}\n{second}"
        );
        Scenario::parse("s.yaml", &text).map_err(|error| error.to_string())
    };
    let again = "  - { at: 3h, lose: { region: primary, planes: [data] } }\n";
    let wrong = twice(again).unwrap_err();
    assert!(wrong.contains("s.yaml:5") && wrong.contains("lost already"), "{wrong}");
    assert!(twice("  - { at: 3h, lose: { region: primary } }\n").is_ok(), "the other plane is new");
    let between = format!(
        "  - {{ at: 3h, restore: {{ region: primary, planes: [data] }} }}\n{}",
        again.replace("3h", "4h")
    );
    assert!(twice(&between).is_ok());
}

#[test]
fn a_lost_region_does_not_flap() {
    let flapping = |region: &str, restored: &str| {
        let text = format!(
            "scenario: x\nduration: 24h\nevents:\n  - {{ at: 2h, lose: {{ region: primary, planes: [data] }} }}\n{restored}  \
             - {{ at: 5h, flap: {{ region: {region}, times: 2, every: 10m }} }}\n"
        );
        Scenario::parse("s.yaml", &text).map_err(|error| error.to_string())
    };
    let wrong = flapping("primary", "").unwrap_err();
    assert!(wrong.starts_with("s.yaml:5:5: the region cannot flap: it is lost already"), "{wrong}");
    assert!(flapping("secondary", "").is_ok(), "another region");
    let restored = "  - { at: 3h, restore: { region: primary, planes: [data] } }\n";
    assert!(flapping("primary", restored).is_ok(), "it is back by then");
}

#[test]
fn a_lost_answer_needs_no_phase() {
    let text = "scenario: x\nduration: 24h\nevents:\n  - { at: 2h, fault: { region: primary, provider: Microsoft.Web, \
                operation: x, effect: lost-answer } }\n";
    let scenario = Scenario::parse("s.yaml", text).unwrap();
    let What::Fault(fault) = &scenario.events[0].what else { panic!("a fault") };
    assert_eq!(fault.phase, Phase::After);
}
