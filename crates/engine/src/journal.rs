//! The journal's lines: JSON, one record each, chained by hashes.
//!
//! A line is `{"v":1,"seq":…,"epoch":…,"at":…,"event":…,"prev":"…","sum":"…"}`. `sum` is the SHA-256 of everything before
//! it on the line, and `prev` is the `sum` of the line before, so one value is both checksum and chain. Each execution
//! writes a file of its own; the chain runs on through the files.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::record::{Event, Record, VERSION};

/// What stands in place of a hash before the first line.
pub const GENESIS: &str = "";

const SUM_KEY: &str = ",\"sum\":\"";
const SUM_DIGITS: usize = 64;

/// A journal that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the journal: {why}")]
pub struct JournalError {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    #[serde(flatten)]
    record: Record,
    prev: String,
}

/// The line for a record, with its line feed. `prev_hash` is [`hash_of`] the line before, or [`GENESIS`].
pub fn encode(prev_hash: &str, record: &Record) -> String {
    let line = Line { v: VERSION, record: record.clone(), prev: prev_hash.to_owned() };
    let mut text = serde_json::to_string(&line).expect("records are plain data with texts as keys");
    text.pop(); // the closing brace comes after the sum
    let sum = digest(text.as_bytes());
    text.push_str(SUM_KEY);
    text.push_str(&sum);
    text.push_str("\"}\n");
    text
}

/// The hash of an encoded line: its `sum`. None if it is not such a line.
pub fn hash_of(line: &str) -> Option<&str> {
    split(line.trim_end_matches('\n')).map(|(_, sum)| sum)
}

/// The records of one file of a journal; [`join`] reads several. A last line that a crash cut short is left out;
/// anything else that is wrong is an error.
///
/// A file may be read with `String::from_utf8_lossy`: a character that was cut in two can only be in that last line, and
/// anywhere else the checksum finds it.
pub fn decode(text: &str) -> Result<Vec<Record>, JournalError> {
    decode_after(GENESIS, text).map(|(records, _)| records)
}

/// The same for a file that continues another, whose last hash is `prev`. Also gives the last hash.
fn decode_after(prev: &str, text: &str) -> Result<(Vec<Record>, String), JournalError> {
    let mut records: Vec<Record> = Vec::new();
    let mut prev = prev.to_owned();
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        // A line without its end was being written when the executor died. Whether it is whole does not matter: nothing
        // that depends on it can have happened before it was synced.
        let Some((line, after)) = rest.split_once('\n') else { break };
        rest = after;
        let (record, sum) = read_line(line, &prev).map_err(|why| JournalError { line: number, why })?;
        if let Some(last) = records.last() {
            check_order(last, &record).map_err(|why| JournalError { line: number, why })?;
        }
        prev = sum.to_owned();
        records.push(record);
    }
    Ok((records, prev))
}

fn read_line<'a>(line: &'a str, prev: &str) -> Result<(Record, &'a str), String> {
    let (body, sum) = split(line).ok_or("it does not end in a checksum")?;
    if digest(body.as_bytes()) != sum {
        return Err("its checksum does not fit: it was changed or damaged".to_owned());
    }
    let whole = format!("{body}}}");
    let line: Line = serde_json::from_str(&whole).map_err(|why| {
        let version =
            serde_json::from_str::<serde_json::Value>(&whole).ok().and_then(|line| line["v"].as_u64());
        match version {
            Some(version) if version > u64::from(VERSION) => newer(version),
            _ => format!("it is no record of this version ({why})"),
        }
    })?;
    if line.v > VERSION {
        return Err(newer(line.v.into()));
    }
    if line.prev != prev {
        return Err(
            "it does not continue the line before: lines are missing, doubled or out of order".to_owned()
        );
    }
    Ok((line.record, sum))
}

fn newer(version: u64) -> String {
    format!("it is of version {version}, and this program reads up to {VERSION}: use the newer program")
}

fn check_order(last: &Record, next: &Record) -> Result<(), String> {
    if next.seq != last.seq + 1 {
        return Err(format!("record {} follows record {}", next.seq, last.seq));
    }
    if next.epoch < last.epoch {
        return Err(format!(
            "execution {} wrote it after execution {} had taken over",
            next.epoch, last.epoch
        ));
    }
    Ok(())
}

fn split(line: &str) -> Option<(&str, &str)> {
    let body_and_key = line.strip_suffix("\"}")?;
    let at = body_and_key.len().checked_sub(SUM_DIGITS)?;
    let (body_and_key, sum) = body_and_key.split_at_checked(at)?;
    Some((body_and_key.strip_suffix(SUM_KEY)?, sum))
}

fn digest(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().fold(String::with_capacity(SUM_DIGITS), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

/// The hash of the last of these records, as their lines have it. Encoding is canonical, so it can be recomputed.
pub(crate) fn chain(records: &[Record]) -> String {
    records.iter().fold(GENESIS.to_owned(), |prev, record| {
        hash_of(&encode(&prev, record)).expect("an encoded line has a sum").to_owned()
    })
}

/// A journal put together from the files of its executions.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// The records that count.
    pub records: Vec<Record>,
    /// The hash that the next line continues.
    pub hash: String,
    /// Records that an executor wrote after it had been taken over from. They do not count, but tell what it may still
    /// have sent.
    pub late: Vec<Record>,
}

/// Joins the files of a run's executions, oldest first. Each file's first record pins how much of the former ones
/// counts; what an older executor wrote after that is set aside (F14).
///
/// The line of an error counts through all files.
pub fn join(files: &[&str]) -> Result<Joined, JournalError> {
    let mut joined = Joined { records: Vec::new(), hash: GENESIS.to_owned(), late: Vec::new() };
    let mut hashes: Vec<String> = Vec::new(); // of each record that counts
    let mut lines_before = 0;
    for file in files {
        let fail = |why: String| JournalError { line: lines_before + 1, why };
        let first = file.split_once('\n').map(|(line, _)| line);
        if let Some(first) = first {
            cut(&mut joined, &mut hashes, first).map_err(fail)?;
        }
        let (records, _) = decode_after(&joined.hash, file)
            .map_err(|error| JournalError { line: lines_before + error.line, why: error.why })?;
        if let (Some(last), Some(next)) = (joined.records.last(), records.first()) {
            check_order(last, next).map_err(fail)?;
        }
        hashes.extend(file.split_inclusive('\n').take(records.len()).filter_map(hash_of).map(str::to_owned));
        joined.hash = hashes.last().cloned().unwrap_or_else(|| GENESIS.to_owned());
        joined.records.extend(records);
        lines_before += file.lines().count();
    }
    Ok(joined)
}

/// Sets aside what the former files hold beyond what the first line of the next one pins.
fn cut(joined: &mut Joined, hashes: &mut Vec<String>, first: &str) -> Result<(), String> {
    if joined.records.is_empty() {
        return Ok(());
    }
    let Some((body, _)) = split(first) else { return Ok(()) }; // decoding will say what is wrong
    let Ok(line) = serde_json::from_str::<Line>(&format!("{body}}}")) else { return Ok(()) };
    let Event::TookOver { former, .. } = line.record.event else {
        return Err("a later execution's file does not begin by taking over".to_owned());
    };
    let keep = usize::try_from(former.records).unwrap_or(usize::MAX);
    if keep > joined.records.len() {
        return Err(format!("it pins {keep} records, and only {} are there", joined.records.len()));
    }
    if keep == 0 || hashes[keep - 1] != former.hash {
        return Err("it pins another journal than the one before it".to_owned());
    }
    joined.late.extend(joined.records.drain(keep..));
    hashes.truncate(keep);
    joined.hash.clone_from(&former.hash);
    Ok(())
}

#[cfg(test)]
mod tests;
