//! What is given for the parameters of a template, and whether it fits what they declare.

use std::collections::BTreeMap;

use super::Frame;
use super::named::{Declared, Slot};
use crate::template::diagnostic::did_you_mean;
use crate::template::expand::names::folded;
use crate::template::key_vault;
use crate::template::language::fault::{Fault, Outcome};
use crate::template::language::surroundings::Surroundings;
use crate::template::language::types;
use crate::template::language::value::{Key, Value};
use crate::tree::{Member, Node};

impl Frame<'_> {
    pub(super) fn take_arguments(&self, given: &BTreeMap<String, Value>) {
        for (key, parameter) in &self.parameters {
            let declaration = &parameter.what.value;
            let mut value = given.get(&**key).cloned();
            let has_default = declaration.get("defaultValue").is_some();
            let nullable = types::is_nullable(self.template, declaration);
            if matches!(value, Some(Value::Null)) && (has_default || nullable) {
                value = None; // null means: not given
            }
            parameter.slot.replace(match value {
                Some(value) => Slot::Done(value),
                None if has_default => Slot::Waiting,
                None if nullable => Slot::Done(Value::Null),
                None => Slot::Missing,
            });
        }
    }

    /// Parameters whose values are wrong where they are given: nothing is told of them here.
    pub(crate) fn without(self, names: &[Key]) -> Self {
        for parameter in names.iter().filter_map(|name| self.parameters.get(&*name.to_lowercase())) {
            parameter.slot.replace(Slot::Failed);
        }
        self
    }

    /// Given values that no parameter takes, by name, each with the name that was probably meant.
    pub(crate) fn unknown_arguments(&self, given: &BTreeMap<String, Value>) -> Vec<(String, Option<String>)> {
        let unknown = given.keys().filter(|name| !self.parameters.contains_key(name.as_str()));
        unknown
            .map(|name| (name.clone(), did_you_mean(name, self.parameters.values().map(|known| known.name))))
            .collect()
    }

    /// Evaluates every parameter and checks it against its declaration.
    pub(crate) fn check_parameters(&self) {
        // in the order of the text, so that what is drawn does not hang on names
        for member in self.template.get("parameters").and_then(Node::members).unwrap_or_default() {
            let declared = folded(&member.key, |key| self.parameters.get(key));
            // Of a name that is written twice the last one counts.
            let Some(Declared { slot, .. }) = declared.filter(|known| std::ptr::eq(known.what, member))
            else {
                continue;
            };
            let is = |state: fn(&Slot) -> bool| state(&slot.borrow());
            let fits = if !self.has_type(member) {
                false
            } else if is(|slot| matches!(slot, Slot::Failed)) {
                continue; // what should be given is wrong itself
            } else if is(|slot| matches!(slot, Slot::Missing)) {
                self.tell_missing(member);
                false
            } else {
                self.fits(member, is(|slot| matches!(slot, Slot::Done(_))))
            };
            if !fits {
                slot.replace(Slot::Failed);
            }
        }
    }

    fn has_type(&self, member: &Member) -> bool {
        let Member { key: name, key_range, value: declaration } = member;
        let has_type = declaration.get("type").or_else(|| declaration.get("$ref")).is_some();
        if !has_type {
            let hint = "write `\"type\": \"string\"`, or `int`, `bool`, `array`, `object`, `securestring`, `secureobject`";
            let fault = Fault::new("type", format!("the parameter `{name}` has no `type`"));
            let fault = fault.hint(Some(hint.to_owned()));
            self.engine.report(self.document, &self.chain.borrow(), key_range, &fault);
        }
        has_type
    }

    fn tell_missing(&self, Member { key: name, key_range, .. }: &Member) {
        let place = if self.chain.borrow().is_empty() {
            "parameter file"
        } else {
            "`parameters` of the deployment that holds this template"
        };
        let fault = Fault::new("parameter-missing", format!("the parameter `{name}` needs a value"));
        let fault = fault.hint(Some(format!("give `{name}` in the {place}")));
        self.engine.report(self.document, &self.chain.borrow(), key_range, &fault);
    }

    /// Whether a value is what its parameter declares. What does not fit is the default, or a value from elsewhere: then the
    /// name is the place.
    fn fits(&self, member: &Member, is_given: bool) -> bool {
        let Member { key: name, key_range, value: declaration } = member;
        let default = declaration.get("defaultValue").filter(|_| !is_given);
        let place = default.map_or(key_range, |default| &default.range);
        let what = format!("parameter `{name}`");
        let checked = self.parameter(name).and_then(|value| {
            types::check(self.template, declaration, &value, &what)
                .and_then(|()| self.check_secret(declaration, &value, &what))
                .map_err(|fault| self.engine.report(self.document, &self.chain.borrow(), place, &fault))
        });
        checked.is_ok()
    }

    /// A secret of a key vault keeps its secret only in a parameter of a secure type.
    fn check_secret(&self, declaration: &Node, value: &Value, what: &str) -> Outcome<()> {
        let kind = types::kind(self.template, declaration);
        if let Some(doubt) = key_vault::check_type(kind, value, what)? {
            self.engine.warn(self.document, &self.chain.borrow(), &declaration.range, &doubt);
        }
        Ok(())
    }
}
