//! From a path to what it means. ARM compares paths without case; real clients double slashes, percent-encode dollars and
//! end collections with a slash, and poll absolute URLs.

mod deployment;

use std::collections::BTreeMap;

use lifeboat_arm::{Call, Method, Region, ResourceId, ResourceType};
use serde_json::Value;

pub(crate) use self::deployment::{DeploymentRoute, Target};
use crate::refusal::Refused;
use crate::scope::DEPLOYMENTS;

/// One request to the management plane, understood.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) subscription: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) route: Route,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// What a path addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Subscriptions,
    Tenants,
    Subscription,
    Locations,
    /// `GET …/providers[/{namespace}]`, `POST …/providers/{namespace}/register`.
    Provider {
        namespace: Option<String>,
        register: bool,
    },
    /// All resources of the subscription or of the group.
    Resources,
    Groups,
    Group,
    /// Deployments of some scope.
    Deployment(DeploymentRoute),
    /// `POST /providers/Microsoft.Resources/calculateTemplateHash`.
    TemplateHash,
    /// A provider's operation, read at the region that runs it.
    Operation {
        region: Region,
        id: String,
        result: bool,
    },
    Resource(ResourceId),
    Collection {
        within: ResourceId,
        kind: ResourceType,
    },
    /// A POST on a resource, or (`on` is a scope then) on a provider: `checkNameAvailability`.
    Action {
        on: ResourceId,
        kind: ResourceType,
        name: String,
    },
}

impl Request {
    /// Understands a call, or says why it cannot be.
    pub(crate) fn parse(call: &Call) -> Result<Self, Refused> {
        let path = strip_host(&call.path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let query = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (decode(key).to_ascii_lowercase(), decode(&value.replace('+', " "))))
            .collect();
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let route = route(&words, call.method).ok_or_else(|| {
            Refused::new(404, "InvalidResourcePath", format!("The path '{path}' is not known."))
        })?;
        let after = |word: &str| {
            let at = parts.iter().position(|part| part.eq_ignore_ascii_case(word))?;
            parts.get(at + 1).cloned()
        };
        Ok(Self {
            method: call.method,
            subscription: after("subscriptions"),
            group: after("resourceGroups"),
            route,
            query,
            body: call.body.clone().unwrap_or(Value::Null),
        })
    }

    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(crate) fn subscription_name(&self) -> &str {
        self.subscription.as_deref().unwrap_or_default()
    }

    pub(crate) fn group_name(&self) -> &str {
        self.group.as_deref().unwrap_or_default()
    }

    /// The resource, the parent of the collection or the target of the action.
    pub(crate) fn resource(&self) -> Option<&ResourceId> {
        match &self.route {
            Route::Resource(id) | Route::Collection { within: id, .. } | Route::Action { on: id, .. } => {
                Some(id)
            }
            _ => None,
        }
    }

    /// The type asked for.
    pub(crate) fn kind(&self) -> Option<ResourceType> {
        match &self.route {
            Route::Resource(id) => id.kind(),
            Route::Collection { kind, .. } | Route::Action { kind, .. } => Some(kind.clone()),
            _ => None,
        }
    }

    /// Whether the request only looks, a POST that lists included: those need no group metadata.
    pub(crate) fn only_reads(&self) -> bool {
        self.method.is_read()
            || matches!(&self.route, Route::Action { name, .. }
                if name.to_ascii_lowercase().starts_with("list") || name.to_ascii_lowercase().starts_with("check"))
            || matches!(&self.route, Route::Deployment(route) if route.target.only_reads())
            || self.route == Route::TemplateHash
    }

    /// What a fault calls this request: a type, or a type and an action.
    pub(crate) fn operation(&self) -> String {
        match &self.route {
            Route::Action { kind, name, .. } => format!("{kind}/{name}"),
            Route::Deployment(DeploymentRoute { target: Target::Status { .. }, .. }) => {
                "operationStatuses".to_owned()
            }
            Route::Deployment(DeploymentRoute { target: Target::Action { action, .. }, .. }) => {
                format!("{DEPLOYMENTS}/{action}")
            }
            Route::Deployment(_) => DEPLOYMENTS.to_owned(),
            Route::Group | Route::Groups => "Microsoft.Resources/resourceGroups".to_owned(),
            Route::Operation { .. } => "operationStatuses".to_owned(),
            _ => self.kind().map_or_else(String::new, |kind| kind.as_str().to_owned()),
        }
    }
}

fn route(parts: &[&str], method: Method) -> Option<Route> {
    let is = |at: usize, word: &str| parts.get(at).is_some_and(|part| part.eq_ignore_ascii_case(word));
    if is(0, "tenants") {
        return Some(Route::Tenants);
    }
    if let Some(route) = deployment::route(parts) {
        return Some(Route::Deployment(route));
    }
    if is(0, "providers") {
        return match parts.len() {
            3 if method == Method::Post && is(1, "Microsoft.Resources") && is(2, "calculateTemplateHash") => {
                Some(Route::TemplateHash)
            }
            6 if is(2, "locations") && is(4, "operationResults") => Some(Route::Operation {
                region: Region::lenient(parts[3]),
                id: parts[5].to_owned(),
                result: true,
            }),
            _ => below_provider("", parts, 0, method),
        };
    }
    if !is(0, "subscriptions") {
        return None;
    }
    match parts.len() {
        1 => return Some(Route::Subscriptions),
        2 => return Some(Route::Subscription),
        _ => {}
    }
    if is(2, "resourceGroups") {
        return match parts.len() {
            3 => Some(Route::Groups),
            4 => Some(Route::Group),
            _ if is(4, "resources") && parts.len() == 5 => Some(Route::Resources),
            _ if is(4, "providers") => below_provider(
                &format!("/subscriptions/{}/resourceGroups/{}", parts[1], parts[3]),
                parts,
                4,
                method,
            ),
            _ => None,
        };
    }
    match parts[2].to_ascii_lowercase().as_str() {
        "locations" if parts.len() == 3 => Some(Route::Locations),
        "resources" if parts.len() == 3 => Some(Route::Resources),
        "providers" => match parts.len() {
            3 => Some(Route::Provider { namespace: None, register: false }),
            4 => Some(Route::Provider { namespace: Some(parts[3].to_owned()), register: false }),
            5 if is(4, "register") && method == Method::Post => {
                Some(Route::Provider { namespace: Some(parts[3].to_owned()), register: true })
            }
            8 if is(4, "locations") && (is(6, "operationStatuses") || is(6, "operations")) => {
                Some(Route::Operation {
                    region: Region::lenient(parts[5]),
                    id: parts[7].to_owned(),
                    result: false,
                })
            }
            8 if is(4, "locations") && is(6, "operationResults") => Some(Route::Operation {
                region: Region::lenient(parts[5]),
                id: parts[7].to_owned(),
                result: true,
            }),
            _ => below_provider(&format!("/subscriptions/{}", parts[1]), parts, 2, method),
        },
        _ => None,
    }
}

/// What follows the last `providers`: pairs of type and name, a type alone, or an action after either.
fn below_provider(scope: &str, parts: &[&str], first: usize, method: Method) -> Option<Route> {
    let last = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers")).unwrap_or(first);
    let namespace = parts.get(last + 1)?;
    let rest = &parts[last + 2..];
    let scope = if last == first { scope.to_owned() } else { format!("/{}", parts[..last].join("/")) };
    let kind = |segments: &[&str]| {
        let types: Vec<&str> = segments.iter().step_by(2).copied().collect();
        ResourceType::new(format!("{namespace}/{}", types.join("/")))
    };
    if rest.is_empty() {
        return None;
    }
    if rest.len().is_multiple_of(2) {
        return ResourceId::parse(&format!("{scope}/providers/{namespace}/{}", rest.join("/")))
            .ok()
            .map(Route::Resource);
    }
    let (name, above) = rest.split_last()?;
    let on = if above.is_empty() {
        let scope = if scope.is_empty() { "/providers/none" } else { scope.as_str() };
        ResourceId::parse(scope).ok()?
    } else {
        ResourceId::parse(&format!("{scope}/providers/{namespace}/{}", above.join("/"))).ok()?
    };
    Some(if method == Method::Post {
        // A POST of a collection, as `disasterRecoveryConfigs/CheckNameAvailability` is one, arrives as a resource.
        Route::Action { on, kind: kind(above), name: (*name).to_owned() }
    } else {
        Route::Collection { within: on, kind: kind(rest) }
    })
}

fn strip_host(path: &str) -> &str {
    match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => path,
    }
}

/// Percent-decoding; what is no code stays as it is.
pub(crate) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(method: Method, path: &str) -> Request {
        Request::parse(&Call::arm(method, path, None)).unwrap()
    }

    #[test]
    fn paths_are_read_as_real_clients_write_them() {
        let group = "/subscriptions/s/resourcegroups/rg";
        for (method, path, operation) in [
            (Method::Get, "/providers/Microsoft.Logic//workflows/wf1", "Microsoft.Logic/workflows"),
            (Method::Put, "/providers/Microsoft.X/a/1/b/2", "Microsoft.X/a/b"),
            (Method::Get, "/providers/Microsoft.X/a/1/b/", "Microsoft.X/a/b"),
            (Method::Post, "/providers/Microsoft.X/a/1/b/2/Restart", "Microsoft.X/a/b/Restart"),
            (Method::Post, "/providers/Microsoft.X/a/1/%24default/2/go", "Microsoft.X/a/$default/go"),
            (Method::Put, "/providers/Microsoft.X/a/1/providers/Microsoft.Y/r/2", "Microsoft.Y/r"),
            (Method::Get, "/providers/Microsoft.Resources/deployments/", "Microsoft.Resources/deployments"),
        ] {
            assert_eq!(parsed(method, &format!("{group}{path}")).operation(), operation, "{path}");
        }
    }

    #[test]
    fn an_absolute_url_is_a_path_too() {
        let url = "https://management.example/subscriptions/s/providers/Microsoft.X/locations/westeurope/\
                   operationStatuses/7?api-version=2024-03-01";
        let request = parsed(Method::Get, url);
        let region = Region::lenient("westeurope");
        assert_eq!(request.route, Route::Operation { region, id: "7".into(), result: false });
        assert_eq!(request.query("api-version"), "2024-03-01");
    }

    #[test]
    fn an_action_of_a_provider_has_the_scope_as_its_target() {
        let request = parsed(Method::Post, "/subscriptions/s/providers/Microsoft.X/CheckNameAvailability");
        assert!(matches!(&request.route, Route::Action { on, name, .. }
            if on.as_str() == "/subscriptions/s" && name == "CheckNameAvailability"));
    }
}
