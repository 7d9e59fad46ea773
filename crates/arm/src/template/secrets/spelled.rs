//! Secrets as they are spelled, for where nothing can be compared: whatever holds one of them is covered.
//!
//! A truth cannot be searched for, nor a number of few digits: they are everywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::places::{SecurePlace, secure_places};
use super::vary::Stands;
use super::{Expansion, VEIL};
use crate::template::Diagnostic;

/// A number with fewer digits is found in too many places that have nothing to do with it.
const DIGITS_MIN: usize = 4;

/// The secrets of a deployment: those that are given, and those that its template and the ones inside of it spell out.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    texts: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Secrets {
    /// What `template`, with what it links to written into it if possible, and `parameters` spell out.
    pub fn of(template: &Json, parameters: &BTreeMap<String, Json>) -> Self {
        let given = parameters.iter().map(|(name, value)| (name.clone(), json!({ "value": value })));
        let body = json!({ "parameters": Json::Object(given.collect()), "template": template });
        Self::at(&secure_places(&body["template"], &body["parameters"]), &body)
    }

    /// A text for people without these secrets.
    pub fn cover(&self, text: &str) -> String {
        // The longest first: one may be a part of another.
        let mut longest: Vec<&str> = self.all().filter(|secret| text.contains(secret)).collect();
        longest.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        longest.iter().fold(text.to_owned(), |text, secret| text.replace(secret, VEIL))
    }

    /// What stands in some places of `{template, parameters}`.
    pub(super) fn at(places: &[SecurePlace], body: &Json) -> Self {
        let mut secrets = Self::default();
        for place in places {
            if let Some(value) = body.pointer(&place.at) {
                secrets.take(value, Stands::of(&place.at));
            }
        }
        secrets
    }

    /// Takes down a secret and whatever it holds.
    fn take(&mut self, value: &Json, stands: Stands) {
        if stands.is_computed(value) {
            return;
        }
        match value {
            Json::String(text) => self.take_text(text, stands),
            Json::Number(number) => {
                let text = number.to_string();
                if text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN {
                    self.numbers.insert(text);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.take(item, stands)),
            Json::Object(members) => members.values().for_each(|member| self.take(member, stands)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn take_text(&mut self, text: &str, stands: Stands) {
        // `[[text]` is `[text]` written.
        let escaped = stands == Stands::InTemplate && text.starts_with("[[") && text.ends_with(']');
        let text = if escaped { &text[1..] } else { text };
        if text.is_empty() {
            return;
        }
        let in_json = Json::from(text).to_string();
        // As it is, as an expression writes it, and as JSON does.
        let writings = [text.to_owned(), text.replace('\'', "''"), in_json[1..in_json.len() - 1].to_owned()];
        self.texts.extend(writings);
    }

    pub(super) fn are_in(&self, text: &str) -> bool {
        self.all().any(|secret| text.contains(secret))
    }

    /// Those of them that are numbers.
    pub(super) fn numbers(&self) -> Self {
        Self { texts: BTreeSet::new(), numbers: self.numbers.clone() }
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().chain(&self.numbers).map(String::as_str)
    }

    /// Covers them in what is said.
    pub(super) fn hide_in_message(&self, found: &mut Diagnostic) {
        found.message = self.cover(&found.message);
        found.hint = found.hint.as_deref().map(|hint| self.cover(hint));
    }

    /// Covers whatever of an expansion holds one of them, but names and ids.
    pub(super) fn hide_in(&self, expansion: &mut Expansion) {
        expansion.diagnostics.iter_mut().for_each(|found| self.hide_in_message(found));
        for resource in &mut expansion.resources {
            resource.unsettled.retain(|rest| !self.are_in(&rest.expression));
        }
        let all = expansion.resources.iter_mut().flat_map(|resource| {
            let inner = resource.deployment.iter_mut().flat_map(|nested| nested.outputs.values_mut());
            let inner = inner.map(|output| (&mut output.value, &mut output.deferred));
            std::iter::once((&mut resource.body, &mut resource.deferred)).chain(inner)
        });
        let outputs = expansion.outputs.values_mut().map(|output| (&mut output.value, &mut output.deferred));
        for (value, deferred) in all.chain(outputs) {
            deferred.retain(|deferred| !self.are_in(&deferred.expression));
            self.hide(value);
        }
    }

    fn hide(&self, value: &mut Json) {
        match value {
            Json::String(text) if self.are_in(text) => VEIL.clone_into(text),
            Json::Number(number) if self.numbers.contains(&number.to_string()) => *value = VEIL.into(),
            Json::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Json::Object(members) => members.values_mut().for_each(|member| self.hide(member)),
            _ => {}
        }
    }
}
