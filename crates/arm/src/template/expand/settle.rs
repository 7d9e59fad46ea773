//! Stand-ins give way: once a running deployment is answered, its resources have their own names and places.
//!
//! Here: what each stand-in turned out to be, and ids read in that light. How a stand-in is made is in `stand_in`.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::deferred::{Deferred, answer};
use super::expansion::ExpandedResource;
use crate::template::diagnostic::{Diagnostic, Severity};
use crate::template::language::scope;
use crate::template::language::surroundings::Runtime;

/// What stand-ins turned out to be, for all ids below them too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Ids of resources and scopes, the stand-in first.
    known: Vec<(String, String)>,
}

impl Settled {
    /// An id with the stand-ins in it replaced, as far as they are known.
    pub fn real<'i>(&self, id: &'i str) -> Cow<'i, str> {
        let below = |(stand_in, _): &&(String, String)| below(id, stand_in).is_some();
        match self.known.iter().filter(below).max_by_key(|(stand_in, _)| stand_in.len()) {
            Some((stand_in, real)) => Cow::Owned(format!("{real}{}", &id[stand_in.len()..])),
            None => Cow::Borrowed(id),
        }
    }

    /// The same for every id that stands as a text of its own in a value.
    pub fn real_within(&self, value: &mut Json) {
        match value {
            Json::String(text) if text.starts_with('/') => {
                if let Cow::Owned(real) = self.real(text) {
                    *text = real;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.real_within(item)),
            Json::Object(members) => members.values_mut().for_each(|member| self.real_within(member)),
            _ => {}
        }
    }

    /// The resource under its own name, and remembers that. `around` is the id of the scope that its deployment goes to.
    /// Fails where `runtime` cannot answer yet, or answers what is no name.
    #[expect(clippy::result_large_err, reason = "one per deployment, and callers want it as it is")]
    pub fn settle<'r>(
        &mut self,
        resource: &'r ExpandedResource,
        around: &str,
        runtime: &dyn Runtime,
    ) -> Result<Cow<'r, ExpandedResource>, Diagnostic> {
        if resource.unsettled.is_empty() && matches!(self.real(&resource.id), Cow::Borrowed(_)) {
            return Ok(Cow::Borrowed(resource));
        }
        let wrong = |message: String| not_told(resource, &message);
        let scope = self.settled_scope(resource, around, runtime).map_err(wrong)?;
        let name = self.settled_name(resource, runtime).map_err(wrong)?;
        let id = scope::resource_id(&scope, &resource.kind, &name)
            .map_err(|fault| not_told(resource, &fault.message))?;
        let scope = if scope.is_empty() { "/".to_owned() } else { scope };
        if resource.scope != "/" {
            self.remember(&resource.scope, &scope);
        }
        self.remember(&resource.id, &id);
        Ok(Cow::Owned(ExpandedResource { id, name, scope, unsettled: Vec::new(), ..resource.clone() }))
    }

    /// The name of a resource as its own id has it.
    pub fn name<'r>(&self, resource: &'r ExpandedResource) -> Cow<'r, str> {
        match self.real(&resource.id) {
            Cow::Borrowed(_) => Cow::Borrowed(&*resource.name),
            Cow::Owned(real) => Cow::Owned(names(&real, resource).join("/")),
        }
    }

    fn remember(&mut self, stand_in: &str, real: &str) {
        if self.real(stand_in) != real {
            self.known.retain(|(known, _)| known != stand_in);
            self.known.push((stand_in.to_owned(), real.to_owned()));
        }
    }

    fn settled_name(&self, resource: &ExpandedResource, runtime: &dyn Runtime) -> Result<String, String> {
        // A child's own name follows its parent's, which may have been a stand-in itself.
        let mut names = names(&self.real(&resource.id), resource);
        if let Some(rest) = at(resource, "/name") {
            let own = text(rest, runtime)?;
            let own: Vec<&str> = own.trim_matches('/').split('/').collect();
            let kept = names.len().checked_sub(own.len());
            names.truncate(kept.ok_or_else(|| format!("`{}` has too many parts", own.join("/")))?);
            names.extend(own.into_iter().map(str::to_owned));
        }
        Ok(names.join("/"))
    }

    fn settled_scope(
        &self,
        resource: &ExpandedResource,
        around: &str,
        runtime: &dyn Runtime,
    ) -> Result<String, String> {
        if let Some(rest) = at(resource, "/scope") {
            let written = text(rest, runtime)?;
            let trimmed = written.trim_matches('/');
            return Ok(match (trimmed.is_empty(), written.starts_with('/')) {
                (true, _) => String::new(),
                (false, true) => format!("/{trimmed}"),
                (false, false) => format!("{}/providers/{trimmed}", around.trim_end_matches('/')),
            });
        }
        let stood = self.real(&resource.scope);
        let mut parts: Vec<String> = stood.trim_end_matches('/').split('/').map(str::to_owned).collect();
        // `/subscriptions/S/resourceGroups/G`
        for (pointer, place) in [("/subscriptionId", 2), ("/resourceGroup", 4)] {
            if let (Some(rest), Some(part)) = (at(resource, pointer), parts.get_mut(place)) {
                *part = text(rest, runtime)?;
            }
        }
        Ok(parts.join("/"))
    }
}

/// What an id has behind another one: nothing or a path; none where it does not lie there. Case does not count.
fn below<'i>(id: &'i str, upper: &str) -> Option<&'i str> {
    let start = id.get(..upper.len())?;
    let rest = &id[upper.len()..];
    (start.eq_ignore_ascii_case(upper) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

/// The names at the end of an id of a resource: as many as it has.
fn names(id: &str, resource: &ExpandedResource) -> Vec<String> {
    let count = resource.name.split('/').count();
    let mut names: Vec<String> = id.rsplit('/').step_by(2).take(count).map(str::to_owned).collect();
    names.reverse();
    names
}

fn at<'r>(resource: &'r ExpandedResource, pointer: &str) -> Option<&'r Deferred> {
    resource.unsettled.iter().find(|rest| rest.pointer == pointer)
}

fn text(rest: &Deferred, runtime: &dyn Runtime) -> Result<String, String> {
    match answer(&rest.expression, runtime)? {
        Json::String(text) if !text.trim().is_empty() => Ok(text),
        other => Err(format!("`{}` must give a text that is not empty, gave {other}", rest.expression)),
    }
}

fn not_told(resource: &ExpandedResource, message: &str) -> Diagnostic {
    Diagnostic {
        code: "deferred",
        severity: Severity::Error,
        message: format!("the name or place of a `{}` cannot be told: {message}", resource.kind),
        file: resource.origin.file.to_string(),
        range: resource.origin.range.clone(),
        position: resource.origin.position,
        pointer: resource.origin.pointer.to_string(),
        hint: None,
        chain: resource.deployment_chain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::Settled;

    #[test]
    fn ids_below_a_stand_in_move_with_it() {
        let pairs = [("/s/1/g/a", "/s/1/g/b"), ("/s/1/g/a/providers/N/t/x", "/s/1/g/b/providers/N/t/y")];
        let known = pairs.map(|(stand_in, real)| (stand_in.to_owned(), real.to_owned())).to_vec();
        let settled = Settled { known };
        for (id, real) in [
            ("/s/1/g/a", "/s/1/g/b"),
            ("/S/1/G/A/providers/N/t/z", "/s/1/g/b/providers/N/t/z"),
            ("/s/1/g/a/providers/N/t/x/c/d", "/s/1/g/b/providers/N/t/y/c/d"),
            ("/s/1/g/a/providers/N/t/xx", "/s/1/g/b/providers/N/t/xx"),
            ("/s/1/g/ab", "/s/1/g/ab"),
            ("/s/2/g/a", "/s/2/g/a"),
        ] {
            assert_eq!(settled.real(id), real, "{id}");
        }
    }
}
