//! What a running deployment asks: `reference` and `list…`, answered by the lab's own providers.

mod named;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use lifeboat_arm::template::{Deferred, Reach, Runtime, Settled, full_members};
use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId};
use serde_json::{Value, json};

use self::named::Named;
use super::made_up;
use super::program::Program;
use crate::lab::{Dispatched, Lab};
use crate::providers;
use crate::route::Request;

/// `reference` and `list…` of a running deployment, answered by the lab's providers. What they do not model and an
/// expression reaches for is made up.
pub(super) struct Live<'a> {
    lab: RefCell<&'a mut Lab>,
    reaches: Vec<Reach>,
    /// What is asked under a stand-in is asked of what that turned out to be.
    settled: Option<&'a Settled>,
    /// What is called by a name alone is looked up among these.
    named: Option<Named<'a>>,
    /// Something was made up: a name that is no resource's may come from that.
    has_made_up: Cell<bool>,
}

/// A resource that is asked, its api-version if the template tells it.
struct Target<'i> {
    id: Cow<'i, str>,
    api_version: Option<&'i str>,
}

impl<'a> Live<'a> {
    pub(super) fn new<'d>(lab: &'a mut Lab, deferred: impl IntoIterator<Item = &'d Deferred>) -> Self {
        Self {
            lab: RefCell::new(lab),
            reaches: made_up::reaches(deferred),
            settled: None,
            named: None,
            has_made_up: Cell::new(false),
        }
    }

    /// Knows the resources of a program by their names, as an expression sees them in a nested deployment (`within`) or in
    /// the outermost.
    pub(super) fn among(self, program: &'a Program, within: Option<usize>) -> Self {
        Self { named: Some(Named { program, within }), ..self }
    }

    pub(super) fn knowing(self, settled: &'a Settled) -> Self {
        Self { settled: Some(settled), ..self }
    }

    fn real<'i>(&self, id: &'i str) -> Cow<'i, str> {
        self.settled.map_or(Cow::Borrowed(id), |settled| settled.real(id))
    }

    /// What is meant by an id, or by a name that an answer gave; nothing where that answer was made up, so that nobody can
    /// tell what Azure's would have named.
    fn target<'i>(&'i self, asked: &'i str) -> Result<Option<Target<'i>>, String> {
        if asked.starts_with('/') {
            return Ok(Some(Target { id: self.real(asked), api_version: None }));
        }
        match self.named.as_ref().and_then(|named| named.find(asked)) {
            Some(found) => {
                Ok(Some(Target { id: self.real(&found.id), api_version: Some(&found.api_version) }))
            }
            None if self.has_made_up.get() => Ok(None),
            None => Err(format!(
                "the resource '{asked}' is not defined in the template: what is asked by name must be deployed with it"
            )),
        }
    }

    /// Subnets, host keys, front-end addresses: parts of a resource that the lab does not model are there with it.
    pub(super) fn comes_with_its_parent(&self, id: &str) -> bool {
        let Ok(id) = ResourceId::parse(id) else { return false };
        let modelled = id.kind().is_none_or(|kind| providers::is_modelled(kind.namespace()));
        let mut next = id.parent().filter(|_| !modelled);
        while let Some(parent) = next {
            let kind = parent.kind().filter(|kind| kind.segments().count() > 0);
            if kind.is_none() {
                return false;
            }
            if self.lab.borrow_mut().ask(Method::Get, parent.as_str(), "2024-01-01", None).is_ok() {
                return true;
            }
            next = parent.parent();
        }
        false
    }

    /// Only services of their own know what is absent: of the others the lab just keeps what was sent.
    fn complete(&self, answer: &mut Value, function: &str, asked: &str, id: &str) {
        let kind = ResourceId::parse(id).ok().and_then(|id| id.kind());
        if !kind.is_some_and(|kind| providers::is_modelled(kind.namespace())) {
            let is_made_up = made_up::complete(answer, function, [asked, id], &self.reaches);
            self.has_made_up.set(self.has_made_up.get() || is_made_up);
        }
    }

    /// An answer of nothing but what is reached for.
    fn all_made_up(&self, function: &str, asked: &str) -> Value {
        let mut answer = json!({});
        made_up::complete(&mut answer, function, [asked, asked], &self.reaches);
        answer
    }
}

impl Runtime for Live<'_> {
    fn reference(&self, asked: &str, api_version: Option<&str>, full: bool) -> Result<Value, String> {
        let Some(Target { id, api_version: own }) = self.target(asked)? else {
            return Ok(self.all_made_up("reference", asked));
        };
        let (id, version) = (&*id, api_version.or(own).unwrap_or("2024-01-01"));
        let answer = self.lab.borrow_mut().ask(Method::Get, id, version, None);
        let body = match answer {
            Ok(answer) => answer.body,
            Err(_) if self.comes_with_its_parent(id) => json!({ "properties": {} }),
            Err(why) => return Err(why.to_string()),
        };
        let mut answer = if full { in_full(body, id, version) } else { body["properties"].clone() };
        self.complete(&mut answer, "reference", asked, id);
        Ok(answer)
    }

    fn list(
        &self,
        function: &str,
        asked: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let Some(Target { id, api_version: own }) = self.target(asked)? else {
            return Ok(self.all_made_up(function, asked));
        };
        let id = &*id;
        let path = format!("{id}/{function}");
        let version = Some(api_version).filter(|version| !version.is_empty()).or(own).unwrap_or("2024-01-01");
        let answer = self.lab.borrow_mut().ask(Method::Post, &path, version, body);
        let mut answer = match answer {
            Ok(answer) => answer.body,
            Err(_) if self.comes_with_its_parent(id) => json!({}),
            Err(why) => return Err(why.to_string()),
        };
        self.complete(&mut answer, function, asked, id);
        Ok(answer)
    }
}

impl Lab {
    /// A request as a deployment sends it, for reading: an answer that succeeded, or why not.
    pub(super) fn ask(
        &mut self,
        method: Method,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ArmError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let call = Call::arm(method, format!("{path}{joint}api-version={api_version}"), body.cloned());
        let request = Request::parse(&call).map_err(|refused| refused.error)?;
        match self.dispatch(&request) {
            Dispatched::Silent => Err(ArmError::new("GatewayTimeout", format!("'{path}' does not answer"))),
            Dispatched::Answered(answer) => match answer.error() {
                Some(error) => Err(error),
                None => Ok(answer),
            },
        }
    }
}

/// A whole resource, with where it lies and how it was asked.
fn in_full(mut body: Value, id: &str, api_version: &str) -> Value {
    if let Some(members) = body.as_object_mut() {
        for (key, value) in full_members(id, api_version) {
            members.entry(key).or_insert(value);
        }
    }
    body
}
