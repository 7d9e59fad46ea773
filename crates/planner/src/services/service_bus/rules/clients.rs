//! Checks of what clients and entities rely on.

use lifeboat_arm::ResourceId;
use serde_json::Value;

use super::super::namespace::{Namespace, alias_name, deletes_itself, host, last_segment, own_host};
use crate::finding::Evidence;
use crate::rule::{Checked, Subject};
use crate::topology::Side;

pub(super) fn auto_delete(subject: &Subject<'_>) -> Vec<Checked> {
    entities_without(subject, |body| {
        deletes_itself(body).map(|idle| format!("deletes itself after {idle} without use"))
    })
}

pub(super) fn state(subject: &Subject<'_>) -> Vec<Checked> {
    entities_without(subject, |body| {
        let on =
            |name: &str| body.pointer(&format!("/properties/{name}")).and_then(Value::as_bool) == Some(true);
        let scheduled =
            body.pointer("/properties/countDetails/scheduledMessageCount").and_then(Value::as_u64);
        match (on("requiresSession"), on("requiresDuplicateDetection"), scheduled) {
            (true, _, _) => Some("keeps session state".to_owned()),
            (_, true, _) => Some("keeps a duplicate history".to_owned()),
            (_, _, Some(count)) if count > 0 => Some(format!("holds {count} scheduled messages")),
            _ => None,
        }
    })
}

/// Fails for every queue, topic and subscription of the primary that the test finds something about.
fn entities_without(subject: &Subject<'_>, test: fn(&Value) -> Option<String>) -> Vec<Checked> {
    let id = &subject.component.primary;
    let namespace = Namespace::on(Side::Primary, subject.component, subject.workload, subject.seen);
    let mut entities: Vec<(ResourceId, String, &Value)> = Vec::new();
    for entity in namespace.entities() {
        let entity_id = id.child(entity.segment, entity.name);
        if entity.segment == "topics" {
            entities.extend(namespace.subscriptions(entity.name).iter().filter_map(|body| {
                let name = last_segment(body.get("name")?.as_str()?);
                Some((entity_id.child("subscriptions", name), format!("{}/{name}", entity.name), body))
            }));
        }
        entities.push((entity_id, entity.name.to_owned(), entity.body));
    }
    let mut failing: Vec<Checked> = entities
        .into_iter()
        .filter_map(|(entity_id, name, body)| {
            let says = format!("`{name}` {}", test(body)?);
            let evidence = subject.seen.evidence(entity_id.as_str(), says);
            Some(Checked::fail(&entity_id, evidence))
        })
        .collect();
    match namespace.current_entities() {
        Err(why) => failing.push(Checked::unknown(id, why)),
        Ok(()) if failing.is_empty() => failing.push(Checked::pass(id, Evidence::says("no entity does"))),
        Ok(()) => {}
    }
    failing
}

/// Looks for the host of either namespace in everything else that the workload declares or that was observed.
pub(super) fn bypass(subject: &Subject<'_>) -> Vec<Checked> {
    let Some(secondary) = &subject.component.secondary else { return Vec::new() };
    let primary = &subject.component.primary;
    let alias = host(&alias_name(subject.component, subject.workload, subject.seen));
    let own = |side| own_host(subject.component, side, subject.workload, subject.seen);
    let former = subject.component.former();
    let hosts: Vec<String> = [Side::Primary, Side::Secondary]
        .map(own)
        .into_iter()
        .chain(former.iter().map(|id| host(id.name())))
        .filter(|host| *host != alias)
        .collect();
    let mut failing = Vec::new();
    for (path, fact) in subject.seen.facts() {
        // The namespaces' own records name their hosts, and lists repeat their members.
        let own = [primary, secondary].into_iter().chain(former).any(|id| {
            path.strip_prefix(id.folded()).is_some_and(|below| below.is_empty() || below.starts_with('/'))
        });
        let Some(known) = fact.last_known().filter(|known| !own && known.value.is_object()) else { continue };
        let mut found = Vec::new();
        search(&known.value, &hosts, &mut String::new(), &mut found);
        for (pointer, host) in found {
            let mut evidence =
                subject.seen.evidence(path, format!("`{host}` in {path}, where `{alias}` belongs"));
            evidence.pointer = Some(match evidence.pointer.filter(|_| evidence.file.is_some()) {
                Some(place) => format!("{place}{pointer}"),
                None => pointer,
            });
            failing.push(Checked {
                answer: crate::finding::Answer::Fail,
                resource: path.parse().ok(),
                evidence: vec![evidence],
            });
        }
    }
    if failing.is_empty() {
        let unread = unread_settings(subject);
        if !unread.is_empty() {
            return unread;
        }
        return vec![Checked::pass(
            primary,
            Evidence::says("nothing that was seen names a namespace's host"),
        )];
    }
    failing
}

/// Applications whose settings nobody could see: Azure lists them apart from the application.
fn unread_settings(subject: &Subject<'_>) -> Vec<Checked> {
    let applications =
        subject.workload.components.iter().filter(|component| component.kind.is("Microsoft.Web/sites"));
    applications
        .flat_map(|component| std::iter::once(&component.primary).chain(&component.secondary))
        .filter(|id| {
            let apart = subject.seen.look(&format!("{id}/config/appsettings")).value().is_some();
            // A template holds all the settings that it sets.
            let absent = !subject.seen.was_observed(id.as_str());
            let inside = subject
                .seen
                .resource(id)
                .value()
                .and_then(|body| body.pointer("/properties/siteConfig/appSettings"));
            !apart && !absent && inside.is_none_or(Value::is_null)
        })
        .map(|id| Checked::unknown(id, format!("the settings of {} were not read", id.name())))
        .collect()
}

fn search(value: &Value, hosts: &[String], pointer: &mut String, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            if let Some(host) = hosts.iter().find(|host| names_host(&text, host)) {
                found.push((pointer.clone(), host.clone()));
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            below(pointer, &index.to_string(), |pointer| search(item, hosts, pointer, found));
        }),
        Value::Object(members) => members.iter().for_each(|(key, item)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            below(pointer, &key, |pointer| search(item, hosts, pointer, found));
        }),
        _ => {}
    }
}

/// A host within a text, and not the end of a longer one.
fn names_host(text: &str, host: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.match_indices(host).any(|(at, _)| !text[..at].ends_with(part))
}

fn below(pointer: &mut String, key: &str, then: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(key);
    then(pointer);
    pointer.truncate(length);
}
