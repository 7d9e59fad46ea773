//! `serviceBus` in the workload file: what Lifeboat cannot see about a namespace.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::settings::{Section, Setting, Unasked};
use crate::topology::Workload;
use crate::workload::{Complaint, Fields, Reader, check_name, schema_text, schema_words};

/// How the workload's owner wants a namespace to be treated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceBusChoice {
    /// The geo-disaster-recovery alias to pair under, the name clients connect to; by default the component's name.
    pub alias: Option<String>,
    /// What the primary namespace is called after a failover, when the alias takes over its own name (D04).
    pub alternate_name: Option<String>,
    /// What a move by choice does where the two namespaces are in two subscriptions (D03). Default: `refuse`.
    pub cross_subscription: CrossSubscription,
    /// How the namespace that was left becomes a partner again, or which one does. Default: `emptied`.
    pub reprotect: Reprotect,
    /// What happens to dead letters when the namespace is drained. Default: `leave`.
    pub dead_letters: DeadLetters,
}

impl Setting for ServiceBusChoice {}

/// A safe failover across subscriptions is impossible in Azure, so a move by choice has to be forced or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrossSubscription {
    /// There is no such move; only an unplanned failover is forced.
    #[default]
    Refuse,
    /// It is forced, and loses what is not replicated yet.
    Force,
}

/// How a namespace becomes a secondary again: Azure pairs only with an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reprotect {
    /// The old one, drained, its entities deleted. Messages that cannot be drained stop it.
    #[default]
    Emptied,
    /// A new one under a new name. The old one stays, and costs, until somebody deletes it.
    Fresh,
}

/// What happens to dead letters when their namespace is drained. Nobody can send into a dead-letter queue: they stay
/// where they are, or go to the consumers once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeadLetters {
    /// They stay, and the namespace cannot be emptied until somebody has taken them out.
    #[default]
    Leave,
    /// They are sent on to the live queue or topic, with the reason as properties of their own.
    Resend,
}

/// What the owner said of a component.
pub(super) fn choice<'a>(component: &str, workload: &'a Workload) -> Option<&'a ServiceBusChoice> {
    workload.settings.of(component)
}

/// Whether the owner has a component protected again by a fresh namespace, and never by the one that was left.
pub(super) fn wants_fresh(component: &str, workload: &Workload) -> bool {
    choice(component, workload).is_some_and(|choice| choice.reprotect == Reprotect::Fresh)
}

// --- the section ------------------------------------------------------------------------------------------------

/// The section.
pub(super) const SECTION: Section = Section {
    key: "serviceBus",
    description: "What Lifeboat cannot see about Service Bus namespaces.",
    entry: "What the file says about one Service Bus namespace.",
    fields: &["namespace", "alias", "alternateName", "reprotect", "deadLetters", "crossSubscription"],
    required: &["namespace", "alias"],
    example: "{ namespace: orders-bus, alias: orders-alias, alternateName: orders-bus-old, reprotect: fresh, \
        deadLetters: resend, crossSubscription: force }",
    schema,
    read,
    // Left where they are, dead letters would end the way home, and whoever has a template alone wants to see it whole.
    unasked: Some(Unasked {
        setting: || {
            Arc::new(ServiceBusChoice { dead_letters: DeadLetters::Resend, ..ServiceBusChoice::default() })
        },
        says: "dead letters are sent on to the consumers again: there is no workload file to leave them",
    }),
};

const REPROTECTS: [(&str, Reprotect); 2] = [("emptied", Reprotect::Emptied), ("fresh", Reprotect::Fresh)];
const DEAD_LETTERS: [(&str, DeadLetters); 2] =
    [("leave", DeadLetters::Leave), ("resend", DeadLetters::Resend)];
const CROSS_SUBSCRIPTIONS: [(&str, CrossSubscription); 2] =
    [("refuse", CrossSubscription::Refuse), ("force", CrossSubscription::Force)];

fn read(fields: &Fields<'_>, reader: &mut Reader) -> Option<Arc<dyn Setting>> {
    let alias = fields.required("alias", reader, |n, r| r.parsed(n, "alias", namespace_name));
    let alternate_name =
        fields.optional("alternateName", reader, |n, r| r.parsed(n, "alternateName", namespace_name));
    let reprotect =
        fields.or("reprotect", Reprotect::default(), reader, |n, r| r.word(n, "reprotect", &REPROTECTS));
    let dead_letters = fields
        .or("deadLetters", DeadLetters::default(), reader, |n, r| r.word(n, "deadLetters", &DEAD_LETTERS));
    let cross_subscription = fields.or("crossSubscription", CrossSubscription::default(), reader, |n, r| {
        r.word(n, "crossSubscription", &CROSS_SUBSCRIPTIONS)
    });
    Some(Arc::new(ServiceBusChoice {
        alias: Some(alias?),
        alternate_name: alternate_name?,
        cross_subscription: cross_subscription?,
        reprotect: reprotect?,
        dead_letters: dead_letters?,
    }))
}

/// The name of a namespace or alias: both are host names under `servicebus.windows.net`.
fn namespace_name(text: &str) -> Result<String, Complaint> {
    let holds = (6..=50).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let rule = "6 to 50 letters, digits and `-`, a letter first, no `-` last";
    check_name(text, holds, "the name of a Service Bus namespace", rule)
}

fn schema() -> Value {
    json!({
        "namespace": schema_text("The component's name, or the primary namespace's name."),
        "alias": schema_text("The geo-disaster-recovery alias, the name clients connect to."),
        "alternateName": schema_text("What the primary namespace is called after a failover; needed when the alias has its name."),
        "reprotect": schema_words(
            "How the old primary becomes the new secondary. emptied: drained, its entities deleted. fresh: a new namespace; the old one stays, and costs.",
            &REPROTECTS,
        ),
        "deadLetters": schema_words(
            "What happens to dead letters when the old primary is drained. leave: they stay, and it cannot be emptied before somebody has taken them out. resend: they go to the live queue or topic once more, with the reason as properties.",
            &DEAD_LETTERS,
        ),
        "crossSubscription": schema_words(
            "What a move by choice does where the two namespaces are in two subscriptions, and Azure refuses a safe failover. refuse: there is none. force: it is forced, and loses what is not replicated.",
            &CROSS_SUBSCRIPTIONS,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::workload::read_strictly;

    #[test]
    fn every_field_is_read() {
        let read = read_strictly(SECTION.example, "an entry", |node, reader| {
            let fields = reader.map(node, "an entry", SECTION.fields)?;
            (SECTION.read)(&fields, reader)
        });
        let mut settings = Settings::default();
        settings.set("orders-bus", read.unwrap());
        let expected = ServiceBusChoice {
            alias: Some("orders-alias".to_owned()),
            alternate_name: Some("orders-bus-old".to_owned()),
            cross_subscription: CrossSubscription::Force,
            reprotect: Reprotect::Fresh,
            dead_letters: DeadLetters::Resend,
        };
        assert_eq!(settings.of("orders-bus"), Some(&expected));
    }

    #[test]
    fn a_name_is_one_that_service_bus_accepts() {
        assert!(namespace_name("orders-bus").is_ok());
        for bad in ["bus", "1orders", "orders_bus", "orders-", &"o".repeat(51)] {
            assert!(namespace_name(bad).is_err(), "{bad}");
        }
    }
}
