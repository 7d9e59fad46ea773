//! Checks of what clients and entities rely on.

use serde_json::Value;

use super::super::namespace::{Namespace, alias_name, deletes_itself, host};
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

/// Fails for every queue and topic of the primary that the test finds something about.
fn entities_without(subject: &Subject<'_>, test: fn(&Value) -> Option<String>) -> Vec<Checked> {
    let id = &subject.component.primary;
    if let Err(why) = subject.seen.list(id, "queues") {
        return vec![Checked::unknown(id, format!("its queues: {why}"))];
    }
    let namespace = Namespace::on(Side::Primary, subject.component, subject.workload, subject.seen);
    let failing: Vec<Checked> = namespace
        .entities()
        .iter()
        .filter_map(|entity| {
            let says = format!("`{}` {}", entity.name, test(entity.body)?);
            let entity_id = id.child(entity.segment, entity.name);
            let evidence = subject.seen.evidence(entity_id.as_str(), says);
            Some(Checked::fail(&entity_id, evidence))
        })
        .collect();
    if failing.is_empty() { vec![Checked::pass(id, Evidence::says("no entity does"))] } else { failing }
}

/// Looks for the host of either namespace in everything else that the workload declares or that was observed.
pub(super) fn bypass(subject: &Subject<'_>) -> Vec<Checked> {
    let Some(secondary) = &subject.component.secondary else { return Vec::new() };
    let primary = &subject.component.primary;
    let alias = host(&alias_name(subject.component, subject.workload, subject.seen));
    let hosts: Vec<String> =
        [primary, secondary].iter().map(|id| host(id.name())).filter(|host| *host != alias).collect();
    let mut failing = Vec::new();
    for (path, fact) in subject.seen.facts() {
        // The namespaces' own records name their hosts, and lists repeat their members.
        let own = [primary, secondary].iter().any(|id| path.starts_with(id.folded()));
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
        // What was not read may still hold one; templates show only what they declare.
        return vec![Checked::pass(
            primary,
            Evidence::says("nothing that was seen names a namespace's host"),
        )];
    }
    failing
}

fn search(value: &Value, hosts: &[String], pointer: &mut String, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            if let Some(host) = hosts.iter().find(|host| text.contains(host.as_str())) {
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

fn below(pointer: &mut String, key: &str, then: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(key);
    then(pointer);
    pointer.truncate(length);
}
