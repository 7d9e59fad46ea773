//! Rules of subscriptions: which messages they let in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::entity::Entities;
use crate::providers::service_bus::data_plane::{BrokerProperties, Message};

/// Which messages a rule lets into its subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    All,
    None,
    Correlation { id: Option<String>, label: Option<String>, properties: BTreeMap<String, String> },
}

impl Filter {
    /// SQL filters: the lab knows the two constant ones, `1=1` and `1=0`, and lets everything in for any other.
    pub(crate) fn of(properties: &Map<String, Value>) -> Self {
        if let Some(correlation) = properties.get("correlationFilter").filter(|value| value.is_object()) {
            let text = |name: &str| correlation.get(name).and_then(Value::as_str).map(str::to_owned);
            let own = correlation.get("properties").and_then(Value::as_object);
            return Self::Correlation {
                id: text("correlationId"),
                label: text("label"),
                properties: own
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                    .collect(),
            };
        }
        let sql = properties
            .get("sqlFilter")
            .and_then(|filter| filter.get("sqlExpression"))
            .and_then(Value::as_str);
        match sql.map(|text| text.replace(' ', "")).as_deref() {
            Some("1=0") => Self::None,
            _ => Self::All,
        }
    }

    pub(crate) fn lets_in(&self, message: &Message) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Correlation { id, label, properties } => {
                let broker = message.broker.as_deref();
                let same = |wanted: &Option<String>, own: fn(&BrokerProperties) -> &Option<String>| {
                    wanted.is_none() || broker.is_some_and(|broker| own(broker) == wanted)
                };
                let own = |name: &String| message.properties.as_ref()?.get(name);
                same(id, |broker| &broker.correlation_id)
                    && same(label, |broker| &broker.label)
                    && properties
                        .iter()
                        .all(|(name, wanted)| own(name).is_some_and(|own| plain(own) == *wanted))
            }
        }
    }
}

/// A property as a correlation filter names it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether one of a subscription's rules lets a message in.
pub(crate) fn admits(entities: &Entities, subscription: &str, message: &Message) -> bool {
    let prefix = format!("{subscription}/rules/");
    entities
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
        .any(|(_, rule)| rule.filter.lets_in(message))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::super::entity::{Entity, Kind};
    use super::*;

    #[test]
    fn a_correlation_filter_compares_everything_it_names() {
        let rule = json!({"filterType": "CorrelationFilter",
            "correlationFilter": {"label": "paid", "properties": {"country": "CH"}}});
        let rule = Entity::new(Kind::Rule, "t/subscriptions/s/rules/r".into(), &rule, Timestamp::UNIX_EPOCH);
        let mut message = Message::new(1);
        let paid = BrokerProperties { label: Some("paid".into()), ..BrokerProperties::default() };
        message.broker = Some(std::sync::Arc::new(paid));
        assert!(!rule.filter.lets_in(&message));
        message.properties = Some(std::sync::Arc::new([("country".to_owned(), json!("CH"))].into()));
        assert!(rule.filter.lets_in(&message));
    }
}
