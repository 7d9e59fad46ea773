//! What expressions ask of whoever evaluates them: of the template around, of the resources beside, of the run.
//!
//! The language itself holds neither template nor deployment: whatever it needs of them it asks here.

use std::ops::Range;
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::evaluate::Env;
use super::expression::Expression;
use super::fault::{Fault, Outcome};
use super::scope::Scope;
use super::value::Value;
use crate::tree::Node;

/// The template that an expression stands in.
pub(crate) trait Surroundings {
    /// The value of a parameter, its default evaluated when first asked for.
    fn parameter(&self, name: &str) -> Outcome;

    /// The value of a parameter that was asked for before.
    fn known_parameter(&self, name: &str) -> Option<Value>;

    /// The value of a variable, evaluated when first asked for.
    fn variable(&self, name: &str) -> Outcome;

    /// The value of a variable that was asked for before.
    fn known_variable(&self, name: &str) -> Option<Value>;

    /// `namespace.name(…)`: sees its arguments, and from version 2.0 of the language on the template's variables.
    fn call_function(&self, env: &Env<'_>, name: &str, values: &[Value]) -> Outcome;

    /// The expression of a string node that will be asked for again.
    fn parse(&self, node: &Node, inner: &str) -> Outcome<Rc<Expression>>;

    /// Its text as a tree: for what only few functions look at.
    fn template(&self) -> &Node;

    /// Whether it is in version 2.0 of the language, or in an experimental one on the way there.
    fn is_version_two(&self) -> bool;

    /// Where it deploys to.
    fn scope(&self) -> &Scope;

    /// The id of the tenant.
    fn tenant(&self) -> &str;

    /// The management group, if it is known.
    fn management_group(&self) -> Option<&str>;

    /// What `deployment()` answers.
    fn deployment(&self) -> Outcome;

    /// Whether the default of a parameter is evaluated: only there chance and clock may be asked.
    fn is_in_default(&self) -> bool;

    /// What `utcNow` answers.
    fn now(&self) -> Timestamp;

    /// What `newGuid` answers, another one each time.
    fn new_guid(&self) -> String;

    /// Tells a mistake where it stands, and stops whoever waits for the value.
    fn report(&self, node: &Node, fault: &Fault) -> Fault;

    /// Says what Azure would accept, and somebody should look at.
    fn doubt(&self, range: &Range<usize>, doubt: &Fault);
}

/// The resources of the deployment that an expression stands in, once they are known.
pub(crate) trait Neighbours {
    /// The id and api-version that a `reference` or `list…` means.
    fn locate(&self, env: &Env<'_>, target: &str) -> Outcome<(String, Option<String>)>;

    /// `reference(target)`: the outputs of a nested deployment, or the call as it will be made at run time.
    fn reference(&self, env: &Env<'_>, target: &str, api_version: Option<&str>, full: bool) -> Outcome;

    /// `references('loop')`: one answer per turn.
    fn references(&self, env: &Env<'_>, target: &str, full: bool) -> Outcome;

    /// `resourceInfo('symbol')`: what is known without asking.
    fn resource_info(&self, target: &str) -> Outcome;
}

/// Answers what a running deployment asks.
pub trait Runtime {
    /// The `properties` of a resource, or all of it (`full`).
    fn reference(&self, id: &str, api_version: Option<&str>, full: bool) -> Result<Json, String>;

    /// The answer of a provider's `list…` operation. A parameter of a nested deployment that comes from a key
    /// vault asks for `listKeyVaultSecret` of the vault with the body `{"secretName": …, "secretVersion": …}`.
    fn list(&self, function: &str, id: &str, api_version: &str, body: Option<&Json>) -> Result<Json, String>;
}
