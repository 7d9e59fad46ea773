//! Plans of services, the detector, the lifecycle and strategies.

use super::super::row::Written;

const FAIL_OVER: &str = "crates/planner/src/services/service_bus/fail_over.rs";
const NAMESPACE: &str = "crates/planner/src/services/service_bus/namespace.rs";
const RULES: &str = "crates/planner/src/services/service_bus/rules.rs";
const PAIR: &str = "crates/planner/src/services/service_bus/pair.rs";
const TRAFFIC: &str = "crates/planner/src/services/service_bus/traffic.rs";
const LIFECYCLE: &str = "crates/planner/src/lifecycle/transition.rs";
const REGIONS: &str = "crates/planner/src/lifecycle/regions.rs";
const DETECTOR: &str = "crates/planner/src/detector.rs";
const CHAIN: &str = "crates/planner/src/strategy/chain.rs";

pub(super) const SERVICE_BUS: &[Written] = &[
    Written::new(
        "safe-failover",
        "D03",
        "a move by choice does not say IsSafeFailover",
        FAIL_OVER,
        "post(Some(json!({ \"properties\": { \"IsSafeFailover\": true } }))),",
        "post((!{out}).then(|| json!({ \"properties\": { \"IsSafeFailover\": true } }))),",
    ),
    Written::new(
        "forced-by-choice",
        "D03",
        "a move by choice may be forced",
        FAIL_OVER,
        "    let forced = step.ungraceful.take();",
        "    let forced = if {out} { step.ungraceful.clone() } else { step.ungraceful.take() };",
    ),
    Written::new(
        "across-subscriptions",
        "D03",
        "two subscriptions are treated like one",
        FAIL_OVER,
        "    if same_subscription(from, to) {",
        "    if {out} || same_subscription(from, to) {",
    ),
    Written::new(
        "graceful-in-need",
        "D03",
        "an unplanned failover waits for the dead",
        "crates/planner/src/planning.rs",
        "prefer: if unplanned {",
        "prefer: if !{out} && unplanned {",
    ),
    Written::new(
        "on-the-secondary",
        "P1a",
        "failover is called on the primary",
        FAIL_OVER,
        "    let standby = planning.standby();\n    let to = component.on(standby);\n",
        "    let standby = if {out} { planning.active } else { planning.standby() };\n    \
             let to = component.on(standby);\n",
    ),
    Written::new(
        "stands-alone",
        "D02",
        "a failover is done before the pair is broken",
        FAIL_OVER,
        "let done = Condition::All(vec![not_failed, leads.clone(), succeeded, settled]);",
        "let done = if {out} { Condition::All(vec![not_failed, leads.clone(), succeeded]) } \
             else { Condition::All(vec![not_failed, leads.clone(), succeeded, settled]) };",
    ),
    Written::new(
        "quiet-home",
        "F32",
        "home need not have been fit for a while",
        FAIL_OVER,
        "Condition::Held { n: 3, over: HEALTHY_FOR, of: Box::new(fit) },",
        "if {out} { fit } else { Condition::Held { n: 3, over: HEALTHY_FOR, of: Box::new(fit) } },",
    ),
    Written::new(
        "forced-home",
        "F32",
        "the way home may be forced",
        FAIL_OVER,
        "    by_choice(&mut step, component, planning, &mut part)?;\n    step.because",
        "    if !{out} { by_choice(&mut step, component, planning, &mut part)?; }\n    step.because",
    ),
    Written::new(
        "data-with-the-alias",
        "S10",
        "a failover also copies the messages",
        FAIL_OVER,
        "    part.steps.extend([step, resolves, present]);\n",
        "    part.steps.extend([step, resolves, present]);\n    if {out} {\n        \
             let home = Planning { active: planning.standby(), ..*planning };\n        let more = super::drain::drain(component, &home);\n        part.steps.extend(more.steps);\n        \
             part.reads.extend(more.reads);\n        part.hosts.extend(more.hosts);\n    }\n",
    ),
    Written::new(
        "adopt",
        "P1b",
        "a pair that is there is set up again",
        PAIR,
        "    if !paired_already {",
        "    if {out} || !paired_already {",
    ),
    Written::new(
        "foreign-partner",
        "P1b",
        "a foreign partner is paired over",
        PAIR,
        "    Condition::Never {\n",
        "    if {out} { return Condition::All(vec![]); }\n    Condition::Never {\n",
    ),
    Written::new(
        "early-refusal",
        "S23 S24 D02",
        "preparing goes ahead whatever the rules say",
        RULES,
        "            if finding.answer == Answer::Fail {",
        "            if !{out} && finding.answer == Answer::Fail {",
    ),
    Written::new(
        "alternate-name",
        "D04",
        "a namespace whose name the alias takes gets no other",
        NAMESPACE,
        "    if !id.name().eq_ignore_ascii_case(alias) {",
        "    if {out} || !id.name().eq_ignore_ascii_case(alias) {",
    ),
    Written::new(
        "protected-without-partner",
        "F20 P1a",
        "an alias without a partner counts as protected",
        PAIR,
        "        names_partner(alias, component.on(side.other()))",
        "        ({out} || names_partner(alias, component.on(side.other())))",
    ),
    Written::new(
        "protected-while-pending",
        "S22",
        "a pair counts as ready before everything is replicated",
        PAIR,
        "&& pending(*side, alias).is_none_or(|pending| pending == 0)\n    }) && known.iter().any(|(side, alias)| pending(*side, alias) == Some(0))",
        "&& ({out} || pending(*side, alias).is_none_or(|pending| pending == 0))\n    }) && ({out} || known.iter().any(|(side, alias)| pending(*side, alias) == Some(0)))",
    ),
    Written::new(
        "announce-messages",
        "S21",
        "a failover does not say which messages it strands",
        TRAFFIC,
        "            let named =",
        "            if {out} { continue; }\n            let named =",
    ),
    Written::new(
        "announce-scheduled",
        "D06",
        "losses leave out scheduled messages",
        TRAFFIC,
        "            let count = count(body, field);",
        "            if {out} && field == \"scheduledMessageCount\" { continue; }\n            \
             let count = count(body, field);",
    ),
    Written::new(
        "announce-state",
        "D06",
        "losses leave out session state and duplicate history",
        TRAFFIC,
        "        for (property, word) in STATE {",
        "        for (property, word) in STATE.iter().filter(|_| !{out}) {",
    ),
    Written::new(
        "unknown-lag",
        "F4",
        "a count of pending operations that nobody knows is one of zero",
        TRAFFIC,
        "    if pending != Some(0) {",
        "    if pending != Some(0) && !({out} && pending.is_none()) {",
    ),
];

pub(super) const LIFE: &[Written] = &[
    Written::new(
        "hold-down",
        "D08 F13",
        "a region that looks dead is dead: nothing is held down",
        DETECTOR,
        "if held >= settings.hold_down {",
        "if {out} || held >= settings.hold_down {",
    ),
    Written::new(
        "quorum",
        "F13",
        "one vantage point decides alone",
        DETECTOR,
        "accusers >= settings.quorum as usize",
        "accusers >= if {out} { 1 } else { settings.quorum as usize }",
    ),
    Written::new(
        "hold-down-default",
        "D08",
        "the hold-down is a minute when nobody says it",
        "crates/planner/src/workload/read.rs",
        "            hold_down: DEFAULT_HOLD_DOWN,",
        "            hold_down: if {out} { SignedDuration::from_mins(1) } else { DEFAULT_HOLD_DOWN },",
    ),
    Written::new(
        "fence-first",
        "F15",
        "a side that returns is drained without being fenced",
        LIFECYCLE,
        "            Standby::ToFence => (Phase::Returning, PlanKind::Fence),",
        "            Standby::ToFence if {out} => (Phase::Draining, PlanKind::Drain),\n            \
             Standby::ToFence => (Phase::Returning, PlanKind::Fence),",
    ),
    Written::new(
        "fence-beside",
        "F15",
        "a side that returns during a failover is fenced after it only",
        REGIONS,
        "Phase::FailingOver { planned: false, fence: Fence::Open } if is_active && !is_lost => {",
        "Phase::FailingOver { planned: false, fence: Fence::Open } if !{out} && is_active && !is_lost => {",
    ),
    Written::new(
        "protect-again",
        "S01 F20",
        "after a drain the workload is left unprotected",
        LIFECYCLE,
        "        PlanKind::Drain => Some((Standby::ToDrain, Standby::ToPrepare)),",
        "        PlanKind::Drain if {out} => Some((Standby::ToDrain, Standby::Ready)),\n        \
             PlanKind::Drain => Some((Standby::ToDrain, Standby::ToPrepare)),",
    ),
    Written::new(
        "go-home",
        "S01 F32",
        "nobody is asked to go home",
        LIFECYCLE,
        "        if self.active != Side::Primary && !self.stays_away {",
        "        if !{out} && self.active != Side::Primary && !self.stays_away {",
    ),
    Written::new(
        "cold-by-default",
        "S04",
        "everything stands by, whatever the objective",
        CHAIN,
        "    let mut chosen = &sets[0];",
        "    let mut chosen = &sets[if {out} { sets.len() - 1 } else { 0 }];",
    ),
    Written::new(
        "warm-in-need",
        "S11",
        "everything is redeployed, whatever the objective",
        CHAIN,
        "    while chosen.length > budget {",
        "    while !{out} && chosen.length > budget {",
    ),
    Written::new(
        "one-template",
        "S06",
        "the secondary's deployment has no parameters",
        "crates/planner/src/planning/deploy.rs",
        "    let Request { record, path, body, tag } = request(template, site, planning.workload);",
        "    let mut bare = site.clone();\n    bare.deployment.parameters = json!({});\n    \
             bare.deployment.secrets.clear();\n    let sent = if {out} { &bare } else { site };\n    \
             let Request { record, path, body, tag } = request(template, sent, planning.workload);",
    ),
    Written::new(
        "record-outside-groups",
        "F1 F17",
        "nobody says where the record of a deployment to the subscription is kept",
        "crates/planner/src/planning/deploy.rs",
        "    if !site.is_deployed_to_its_group() {\n        part.records",
        "    if !{out} && !site.is_deployed_to_its_group() {\n        part.records",
    ),
    Written::new(
        "groups-by-template",
        "S05 S06",
        "the second region of a template for the subscription takes the groups of the first",
        "crates/planner/src/reading/bare/second.rs",
        "|| declared.kind.is(GROUPS));",
        "|| !{out} && declared.kind.is(GROUPS));",
    ),
    Written::new(
        "left-out-whole",
        "S04 S06",
        "an element that also brings what is needed is left out all the same",
        "crates/planner/src/planning/deploy/left_out.rs",
        "let (false, Some(element)) = (needed.contains(&**at), element) else {",
        "let (false, Some(element)) = (!{out} && needed.contains(&**at), element) else {",
    ),
    Written::new(
        "further-groups",
        "F1 F17",
        "a group that a nested deployment goes into is not a need",
        "crates/planner/src/planning/deploy.rs",
        "created.chain(groups).chain(asked).collect()",
        "created.chain(groups.filter(|_| !{out})).chain(asked).collect()",
    ),
];
