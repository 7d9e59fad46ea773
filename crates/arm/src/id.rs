//! Resource ids, types and groups.
//!
//! ARM compares every name in an id without regard to case and echoes the casing it was last given, so the types here
//! keep the spelling they were made with and compare folded. Source: Azure Resource Manager, "Addressing".

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The id of one resource, resource group or subscription:
/// `/subscriptions/{id}[/resourceGroups/{name}][/providers/{namespace}/{type}/{name}…]`. Copies share their text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId {
    /// The id as it was spelt, and once more in lower case: folding ASCII keeps the length, so each is one half.
    both: Arc<str>,
}

/// Why a text is no resource id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a resource id: {why}")]
pub struct BadResourceId {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl ResourceId {
    /// Parses an id. A doubled slash and a trailing slash are tolerated: real clients send both.
    pub fn parse(text: &str) -> Result<Self, BadResourceId> {
        let bad = |why| BadResourceId { text: text.to_owned(), why };
        if !text.starts_with('/') {
            return Err(bad("it does not start with `/`"));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Err(bad("it names nothing"));
        }
        if !parts.len().is_multiple_of(2) && !after_providers_is_paired(&parts) {
            return Err(bad("a type stands without a name"));
        }
        let first = parts[0].to_ascii_lowercase();
        if first != "subscriptions" && first != "providers" {
            return Err(bad("it starts neither with `/subscriptions/` nor with `/providers/`"));
        }
        let is_normal = !text.ends_with('/') && !text.contains("//");
        Ok(Self::trusted(if is_normal { text.to_owned() } else { format!("/{}", parts.join("/")) }))
    }

    /// The id of a subscription.
    pub fn of_subscription(subscription: &str) -> Self {
        Self::trusted(format!("/subscriptions/{subscription}"))
    }

    /// The id of a resource group.
    pub fn group(subscription: &str, group: &str) -> Self {
        Self::trusted(format!("/subscriptions/{subscription}/resourceGroups/{group}"))
    }

    /// The id of a resource of `kind` in this group, or of an extension of this resource.
    ///
    /// `names` holds one name per segment of the type.
    #[must_use]
    pub fn resource(&self, kind: &ResourceType, names: &[&str]) -> Self {
        let mut text = format!("{self}/providers/{}", kind.namespace());
        for (segment, name) in kind.segments().zip(names) {
            text.push('/');
            text.push_str(segment);
            text.push('/');
            text.push_str(name);
        }
        Self::trusted(text)
    }

    /// The id of a child, such as a queue of a namespace.
    #[must_use]
    pub fn child(&self, segment: &str, name: &str) -> Self {
        Self::trusted(format!("{self}/{segment}/{name}"))
    }

    fn trusted(text: String) -> Self {
        let length = text.len();
        let mut both = text;
        both.reserve_exact(length);
        both.extend_from_within(..);
        both[length..].make_ascii_lowercase();
        Self { both: both.into() }
    }

    /// The id as it was spelt.
    pub fn as_str(&self) -> &str {
        &self.both[..self.both.len() / 2]
    }

    /// The id in lower case: what comparison, order and hash use.
    pub fn folded(&self) -> &str {
        &self.both[self.both.len() / 2..]
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.as_str().split('/').skip(1)
    }

    fn after(&self, word: &str) -> Option<&str> {
        let mut parts = self.parts();
        parts.by_ref().find(|part| part.eq_ignore_ascii_case(word))?;
        parts.next()
    }

    /// The subscription's GUID, if the id lies in one.
    pub fn subscription(&self) -> Option<&str> {
        self.after("subscriptions")
    }

    /// The resource group's name, if the id lies in one.
    pub fn group_name(&self) -> Option<&str> {
        self.after("resourceGroups")
    }

    /// The id of the resource group that this id lies in, or is.
    pub fn group_id(&self) -> Option<Self> {
        Some(Self::group(self.subscription()?, self.group_name()?))
    }

    /// The type, such as `Microsoft.ServiceBus/namespaces/queues`; none for a bare group or subscription.
    pub fn kind(&self) -> Option<ResourceType> {
        let parts: Vec<&str> = self.parts().collect();
        let start = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"))?;
        let namespace = parts.get(start + 1)?;
        let segments: Vec<&str> = parts[start + 2..].iter().step_by(2).copied().collect();
        (!segments.is_empty()).then(|| ResourceType::new(format!("{namespace}/{}", segments.join("/"))))
    }

    /// The last name of the id.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// The id without its last type and name: a queue's namespace, a namespace's group. None at the top.
    pub fn parent(&self) -> Option<Self> {
        let parts: Vec<&str> = self.parts().collect();
        let keep = match parts.len() {
            0..=2 => return None,
            // `…/providers/Ns/type/name`: the provider's segment goes with its only resource.
            length if length >= 4 && parts[length - 4].eq_ignore_ascii_case("providers") => length - 4,
            length => length - 2,
        };
        (keep > 0).then(|| Self::trusted(format!("/{}", parts[..keep].join("/"))))
    }

    /// Whether `self` is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.folded()
            .strip_prefix(other.folded())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// `/providers/Ns/type/name` after an even number of parts keeps the count even; `/providers/Ns` alone does too, so the
/// only odd form that is legal is none. Kept as a function because extension ids of tenant scope start with `providers`.
fn after_providers_is_paired(parts: &[&str]) -> bool {
    parts
        .iter()
        .rposition(|part| part.eq_ignore_ascii_case("providers"))
        .is_some_and(|at| parts.len() > at + 2 && (parts.len() - at).is_multiple_of(2))
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.both, &other.both) || self.folded() == other.folded()
    }
}
impl Eq for ResourceId {}
impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}
impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl FromStr for ResourceId {
    type Err = BadResourceId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
impl TryFrom<String> for ResourceId {
    type Error = BadResourceId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl From<ResourceId> for String {
    fn from(id: ResourceId) -> Self {
        id.as_str().to_owned()
    }
}

/// A resource type: `Microsoft.ServiceBus/namespaces/queues`. Compares without regard to case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceType {
    text: Arc<str>,
}

impl ResourceType {
    /// A type from its text; nothing is checked beyond the split at `/`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into() }
    }

    /// The provider's namespace: `Microsoft.ServiceBus`.
    pub fn namespace(&self) -> &str {
        self.text.split('/').next().unwrap_or_default()
    }

    /// The segments after the namespace: `namespaces`, `queues`.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('/').skip(1)
    }

    /// The type as it was spelt.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the type `text`, case folded.
    pub fn is(&self, text: &str) -> bool {
        self.text.eq_ignore_ascii_case(text)
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}
impl Eq for ResourceType {}
impl PartialOrd for ResourceType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ResourceType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.to_ascii_lowercase().cmp(&other.text.to_ascii_lowercase())
    }
}
impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str =
        "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.ServiceBus/namespaces/Bus/queues/Orders";

    #[test]
    fn an_id_tells_its_parts() {
        let id = ResourceId::parse(QUEUE).unwrap();
        assert_eq!(id.subscription(), Some("S"));
        assert_eq!(id.group_name(), Some("Rg"));
        assert_eq!(id.kind().unwrap().as_str(), "Microsoft.ServiceBus/namespaces/queues");
        assert_eq!(id.name(), "Orders");
        assert_eq!(id.parent().unwrap().name(), "Bus");
        assert_eq!(id.parent().unwrap().parent().unwrap(), ResourceId::group("s", "rg"));
    }

    #[test]
    fn ids_compare_without_case_and_keep_their_spelling() {
        let id = ResourceId::parse(QUEUE).unwrap();
        let shouted = ResourceId::parse(&QUEUE.to_uppercase()).unwrap();
        assert_eq!(id, shouted);
        assert_ne!(id.as_str(), shouted.as_str());
        assert!(id.is_within(&ResourceId::group("s", "RG")));
        assert!(!id.is_within(&ResourceId::group("s", "r")));
    }

    #[test]
    fn real_clients_double_slashes() {
        assert_eq!(ResourceId::parse("//subscriptions//S/").unwrap().as_str(), "/subscriptions/S");
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "start with `/`"),
            ("bus", "start with `/`"),
            ("/", "names nothing"),
            ("/tenants/x", "neither"),
            ("/subscriptions/s/resourceGroups", "without a name"),
        ] {
            assert!(ResourceId::parse(text).unwrap_err().to_string().contains(why), "{text}");
        }
    }

    #[test]
    fn an_extension_resource_lies_within_what_it_extends() {
        let bus = ResourceId::group("s", "rg")
            .resource(&ResourceType::new("Microsoft.ServiceBus/namespaces"), &["bus"]);
        let role = bus.resource(&ResourceType::new("Microsoft.Authorization/roleAssignments"), &["r1"]);
        assert_eq!(role.kind().unwrap().as_str(), "Microsoft.Authorization/roleAssignments");
        assert_eq!(role.parent().unwrap(), bus);
    }
}
