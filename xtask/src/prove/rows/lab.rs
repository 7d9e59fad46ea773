//! What the lab does like Azure.

use super::super::row::Written;

const STEPS: &str = "crates/lab/src/providers/service_bus/pairing/steps.rs";
const DELIVERY: &str = "crates/lab/src/providers/service_bus/delivery.rs";
const REPLICATION: &str = "crates/lab/src/providers/service_bus/replication.rs";

pub(super) const ROWS: &[Written] = &[
    Written::new(
        "lab-pair-outlives-failover",
        "D02 P1a",
        "the lab keeps the pair after a failover",
        STEPS,
        "    alias.partner = None;\n        alias.replication = None;\n        alias.before",
        "    alias.partner = if {out} { Some(old) } else { None };\n        alias.replication = None;\n        alias.before",
    ),
    Written::new(
        "lab-replicates-at-once",
        "D07 S22",
        "the lab replicates everything at once",
        REPLICATION,
        "        SignedDuration::from_millis(60_000 /",
        "        if {out} { return SignedDuration::from_millis(1); }\n        SignedDuration::from_millis(60_000 /",
    ),
    Written::new(
        "lab-keys-stay-behind",
        "S25",
        "the lab does not replicate keys",
        REPLICATION,
        "            pending.push_back(Change::Rules(String::new()));\n",
        "            if !{out} { pending.push_back(Change::Rules(String::new())); }\n",
    ),
    Written::new(
        "lab-topic-keeps-what-is-not-due",
        "S21 D06",
        "the lab hands scheduled messages of a topic to its subscriptions at once",
        DELIVERY,
        "    let is_early = message.scheduled.is_some_and(|due| due > now);",
        "    let is_early = !{out} && message.scheduled.is_some_and(|due| due > now);",
    ),
    Written::new(
        "lab-idle",
        "D05",
        "the lab forgets to delete idle entities",
        STEPS,
        "        self.watch_idle(new, ctx);\n",
        "        if !{out} { self.watch_idle(new, ctx); }\n",
    ),
];
