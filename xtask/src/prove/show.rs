//! What is printed.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::cite::Citations;
use super::release;
use super::row::Row;
use super::trial::Verdict;

/// A line on stdout. Nobody may be listening.
pub(super) fn line(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// A row is done.
pub(super) fn progress(number: usize, of: usize, row: &Row, verdicts: &[Verdict]) {
    let proved = verdicts.iter().all(Verdict::is_proof);
    let word = if proved { "red" } else { "STILL GREEN" };
    drop(writeln!(std::io::stderr(), "{number}/{of} {}: {word}", row.key));
}

/// The table: id, what was taken out, which test turned red.
pub(super) fn verdicts(rows: &[Row], verdicts: &[Verdict]) {
    let mut by_id: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        by_id.entry(&verdict.id).or_default().push(verdict);
    }
    for (id, verdicts) in &by_id {
        for verdict in verdicts {
            let out = rows.iter().find(|row| row.key == verdict.key).map_or("", |row| row.out.as_str());
            let red = match verdict.red.as_slice() {
                [] if verdict.citing == 0 => "UNPROVED: no test cites it".to_owned(),
                [] => format!("UNPROVED: {} tests cite it, none turned red", verdict.citing),
                [one] => one.clone(),
                [one, more @ ..] => format!("{one}, and {} more", more.len()),
            };
            line(&format!("{id:<4} {out}\n     → {red}"));
        }
    }
    let unproved = verdicts.iter().filter(|verdict| !verdict.is_proof()).count();
    line(&format!("{} ids, {} proofs, {unproved} unproved", by_id.len(), verdicts.len() - unproved));
}

/// What cites each id.
pub(super) fn list(rows: &[Row], tests: &Citations) {
    for (id, says) in release::IDS {
        line(&format!("{id}  {says}"));
        for row in rows.iter().filter(|row| row.ids.iter().any(|cited| cited == id)) {
            line(&format!("     out   {} ({})", row.out, row.file));
        }
        for test in tests.of(id) {
            line(&format!("     test  {} ({})", test.function, test.file));
        }
        if let Some(why) = release::exception(id) {
            line(&format!("     not here: {why}"));
        }
    }
}
