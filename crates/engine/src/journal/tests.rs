use super::*;
use crate::effect::RunId;
use crate::record::{Pin, StepEvent};
use lifeboat_plan::WayKind;
use serde_json::json;

fn record(seq: u64, epoch: u64, event: Event) -> Record {
    Record { seq, epoch, at: "2026-03-01T08:00:00.25Z".parse().unwrap(), event }
}

fn records() -> Vec<Record> {
    let step = |change| Event::Step { step: "orders-bus/fail-over".into(), change };
    let captured = [("count".to_owned(), json!(0.1)), ("name".to_owned(), json!("ünï\n\"x\""))].into();
    let until = "2026-03-01T09:00:00Z".parse().unwrap();
    vec![
        record(1, 1, Event::Paused { by: "ann".to_owned() }),
        record(2, 1, step(StepEvent::Began { way: WayKind::Graceful })),
        record(3, 1, step(StepEvent::Intended { request: "PUT /x".to_owned(), captured })),
        record(4, 1, step(StepEvent::PutOff { until, why: "429 TooManyRequests".to_owned() })),
    ]
}

fn text(records: &[Record]) -> String {
    let mut hash = GENESIS.to_owned();
    let mut text = String::new();
    for record in records {
        let line = encode(&hash, record);
        hash = hash_of(&line).unwrap().to_owned();
        text.push_str(&line);
    }
    text
}

#[test]
fn what_is_written_is_read_again() {
    let records = records();
    assert_eq!(decode(&text(&records)).unwrap(), records);
    assert_eq!(decode("").unwrap(), []);
    assert_eq!(chain(&records), hash_of(text(&records).lines().last().unwrap()).unwrap());
}

#[test]
fn a_person_can_read_a_line() {
    let line = encode(GENESIS, &records()[0]);
    let readable = r#"{"v":1,"seq":1,"epoch":1,"at":"2026-03-01T08:00:00.25Z","event":{"paused":{"by":"ann"}},"prev":"","sum":""#;
    assert!(line.starts_with(readable), "{line}");
    let _: serde_json::Value = serde_json::from_str(&line).unwrap();
}

/// Proves: F29. A crash while writing cuts the last line short at any byte.
#[test]
fn every_truncation_keeps_the_lines_before_it() {
    let records = records();
    let text = text(&records);
    for cut in 0..=text.len() {
        let Some(cut_short) = text.get(..cut) else { continue };
        let whole = cut_short.matches('\n').count();
        assert_eq!(decode(cut_short).unwrap(), records[..whole], "cut at {cut}");
    }
}

/// Proves: F26. Damage is found and its line is named.
#[test]
fn every_changed_byte_is_found() {
    let text = text(&records());
    for at in 0..text.len() {
        let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        let Ok(damaged) = String::from_utf8(bytes) else { continue };
        match decode(&damaged) {
            Err(error) => assert_eq!(error.line, line, "byte {at}: {error}"),
            // Without its line feed the last line looks as if it had been cut short.
            Ok(records) => assert!(at == text.len() - 1 && records.len() == 3, "byte {at}"),
        }
    }
}

#[test]
fn lines_that_are_missing_doubled_or_swapped_are_found() {
    let text = text(&records());
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let check = |order: &[usize], line: usize| {
        let text: String = order.iter().map(|&index| lines[index]).collect();
        assert_eq!(decode(&text).unwrap_err().line, line, "{order:?}");
    };
    check(&[1, 2, 3], 1);
    check(&[0, 2, 3], 2);
    check(&[0, 1, 1, 2, 3], 3);
    check(&[0, 2, 1, 3], 2);
}

/// Proves: F28. Whether this program happens to understand the line or not.
#[test]
fn a_newer_version_says_so() {
    let line = encode(GENESIS, &records()[0]);
    let (body, _) = split(line.trim_end()).unwrap();
    let newer = body.replacen("\"v\":1", "\"v\":2", 1);
    for body in [newer.replace("paused", "unheardOf"), newer] {
        let line = format!("{body}{SUM_KEY}{}\"}}\n", digest(body.as_bytes()));
        assert!(decode(&line).unwrap_err().why.contains("version 2"));
    }
}

#[test]
fn a_file_that_does_not_take_over_cannot_follow() {
    let records = records();
    let first = text(&records);
    let hash = chain(&records);
    let paused = encode(&hash, &record(5, 2, Event::Paused { by: "bob".to_owned() }));
    assert!(join(&[&first, &paused]).unwrap_err().why.contains("taking over"));
    let take_over = |kept: usize, hash: &str| {
        let former = Pin { records: kept as u64, hash: hash.to_owned() };
        let event = Event::TookOver { executor: "b".to_owned(), former };
        encode(hash, &record(kept as u64 + 1, 2, event))
    };
    assert!(join(&[&first, &take_over(4, &hash)]).unwrap().late.is_empty());
    assert_eq!(join(&[&first, &take_over(2, &chain(&records[..2]))]).unwrap().late, records[2..]);
    assert!(join(&[&first, &take_over(3, &hash)]).unwrap_err().why.contains("another journal"));
    assert!(join(&[&first, &take_over(7, &hash)]).unwrap_err().why.contains("pins 7 records"));
    // The last file may hold nothing yet, or half a line.
    assert_eq!(join(&[&first, ""]).unwrap().records.len(), 4);
    let opened = record(1, 1, Event::Noted { step: None, says: RunId::new("r").to_string() });
    assert_eq!(join(&[&encode(GENESIS, &opened), "{\"v\":1,"]).unwrap().records, [opened]);
}
