//! Facts as people say them: what an API returns as an object is a list of numbers to its reader.

use serde_json::Value;

/// The value of a fact in words. What is no JSON stays as it is.
pub(crate) fn fact_words(value: &str) -> String {
    match serde_json::from_str::<Value>(value) {
        Ok(value) => words(&value),
        Err(_) => value.to_owned(),
    }
}

/// A URL by its end: the subscription and the group are the same on every line, and JSON has them whole.
pub(crate) fn short_source(source: &str) -> String {
    match (source.split_once(" /subscriptions/"), source.rsplit_once("/providers/")) {
        (Some((method, _)), Some((_, end))) => format!("{method} …/{end}"),
        _ => source.to_owned(),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), crate::format::count),
        Value::String(text) => text.clone(),
        Value::Array(members) if members.is_empty() => "none".to_owned(),
        Value::Array(members) => members.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let told: Vec<String> = fields
                .iter()
                .filter(|(_, value)| value.as_u64() != Some(0))
                .map(|(name, value)| match name.strip_suffix("MessageCount") {
                    Some(sort) => format!("{} {}", words(value), spaced(sort)),
                    None => format!("{} {}", spaced(name), words(value)),
                })
                .collect();
            if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
        }
    }
}

/// `transferDeadLetter` as `transfer dead letter`.
fn spaced(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{fact_words, short_source};

    #[test]
    fn a_url_is_told_by_its_end() {
        let url = "GET /subscriptions/0000/resourceGroups/orders/providers/Microsoft.ServiceBus/namespaces/weu/queues";
        assert_eq!(short_source(url), "GET …/Microsoft.ServiceBus/namespaces/weu/queues");
        assert_eq!(short_source("lifeboat.yaml"), "lifeboat.yaml");
    }

    #[test]
    fn facts_are_read_not_parsed() {
        for (value, expected) in [
            (
                r#"{"activeMessageCount":1204,"deadLetterMessageCount":2,"transferMessageCount":0}"#,
                "1,204 active, 2 dead letter",
            ),
            (r#"{"activeMessageCount":0}"#, "nothing"),
            (r#"["hourly","nightly"]"#, "hourly, nightly"),
            ("2026-11-23T08:06:12Z", "2026-11-23T08:06:12Z"),
            ("unknown", "unknown"),
            ("1180", "1,180"),
        ] {
            assert_eq!(fact_words(value), expected);
        }
    }
}
