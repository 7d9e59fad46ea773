//! The ids of this release, and what is left to later services.

/// Id and what it says, in a line.
pub(super) const IDS: &[(&str, &str)] = &[
    ("S01", "one procedure from start to end: prepare, fail over, fence, drain, protect again, fail back"),
    ("S04", "per layer: redeploy, standby or replicate; redeploy by default, with the reason"),
    ("S05", "the standby comes by ARM deployments, not by a list of requests"),
    ("S06", "one template for both regions; what ties it to a region is a finding"),
    ("S10", "no data is copied out of data stores; the platform's feature is driven and its lag read"),
    ("S11", "where redeployment exceeds the recovery time, standby instead, with the arithmetic"),
    ("S21", "Service Bus carries metadata only; stranded messages are counted before and drained after"),
    ("S22", "roles, states and pending replication decide when a pair is ready"),
    ("S23", "Premium only"),
    ("S24", "what cannot be paired is refused early by the assessment and late by the lab"),
    ("S25", "the alias and its connection string are the same before and after"),
    ("S26", "clients that name a namespace where the alias belongs are found"),
    ("P1a", "the flow: pair, monitor, fail over on the secondary, pair anew, fail back"),
    ("P1b", "pairing creates the alias, adopts a pair that is there and refuses a foreign one"),
    ("D01", "what Geo-DR does not replicate is compared item by item"),
    ("D02", "fail-forward only; only an empty namespace can become the partner"),
    ("D03", "planned moves are safe, unplanned ones forced; across subscriptions by force only"),
    ("D04", "an alias may take the namespace's name; migrated namespaces keep their alias"),
    ("D05", "entities that delete themselves when idle may vanish on the new primary"),
    ("D06", "session state, duplicate history and scheduled messages stay behind"),
    ("D07", "50 to 100 entities a minute: the pair is not ready before"),
    ("D08", "nothing is proposed before the region was down for the hold-down"),
    ("F1", "nothing that a failover needs lies in the lost region, nor in a group located there"),
    ("F4", "a lag that nobody knows is not a lag of zero"),
    ("F13", "a blip moves nothing, and the old primary is fenced"),
    ("F14", "one executor; what a stale one writes does not count"),
    ("F15", "a returning primary is fenced before anything else"),
    ("F17", "nothing depends on what lies in the lost region: ids, hosts and artefacts are looked at"),
    ("F20", "after a failover the workload is unprotected until it is paired again"),
    ("F25", "a template that works in one region only is found, and mended only where that is proved"),
    ("F28", "records are versioned; a newer journal is not read by an older program"),
    ("F29", "an executor may die anywhere: the run goes on where it was, nothing is done over"),
    ("F30", "a drill passes the same gates as the day"),
    ("F31", "every wait has a deadline and another way chosen in advance"),
    ("F32", "failing back is a plan of its own, behind a gate"),
];

/// Ids that nothing proves here, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// Parts of ids that wait for services or commands of later releases.
pub(super) const LATER: &[(&str, &str)] = &[
    ("S01", "`watch` and the verbs as commands of their own; steps of the other services (P2 to P7)"),
    ("S04", "layers other than Service Bus and any resource: scale sets, Functions, Data Factory"),
    ("S05", "`what-if` as part of the verb `prepare`"),
    ("S10", "the lag of storage and databases"),
    ("S11", "API Management's backup and restore as measured durations"),
    ("S26", "Key Vault references and Functions' settings"),
    ("D08", "`watch` in a process of its own; the age of the last drill"),
    ("F4", "`LastSyncTimeUnavailable` and `canFailover` of storage accounts"),
    ("F17", "packages, backups and secrets of the other services"),
];

/// Whether an id is of this release.
pub(super) fn is_of(id: &str) -> bool {
    id == "LAB" || IDS.iter().any(|(known, _)| *known == id)
}

/// Why an id is not proved here.
pub(super) fn exception(id: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(known, _)| *known == id).map(|(_, why)| *why)
}
