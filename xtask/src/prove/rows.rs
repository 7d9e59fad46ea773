//! What is taken out by hand.

use super::row::Row;

pub(super) fn rows() -> Vec<Row> {
    vec![Row::new(
        "stale-executor",
        "F14",
        "an older execution's records are accepted",
        "crates/engine/src/recover.rs",
        "if record.epoch < run.epoch {",
        "if !{out} && record.epoch < run.epoch {",
    )]
}
