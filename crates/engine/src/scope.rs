//! Whose limits a request counts against: a bucket of ARM's and, behind it, the provider in the resource's region.

use lifeboat_arm::{Call, Cost, Read, Region, ResourceId, Target};
use lifeboat_plan::{CallDraft, Places, TargetDraft};

/// ARM's bucket: one per subscription (none is the tenant) and kind of request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BucketKey {
    subscription: String,
    cost: Cost,
}

/// A provider counts by region. It is a namespace to us: which one makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Provider {
    namespace: String,
    region: Option<Region>,
}

/// Everything that a request counts against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) bucket: BucketKey,
    /// None for what ARM itself answers.
    pub(crate) provider: Option<Provider>,
}

impl BucketKey {
    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }

    fn of_path(path: &str, cost: Cost) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let subscription = match parts.next() {
            Some(word) if word.eq_ignore_ascii_case("subscriptions") => parts.next().unwrap_or_default(),
            _ => "",
        };
        Self { subscription: subscription.to_ascii_lowercase(), cost }
    }

    /// The bucket of a request that is not filled yet. Its path is literal as far as the subscription.
    pub(crate) fn of_draft(draft: &CallDraft) -> Option<Self> {
        let for_arm = draft.target == TargetDraft::Arm;
        for_arm.then(|| Self::of_path(draft.path.literal_prefix(), Cost::of(draft.method)))
    }
}

impl Provider {
    fn of_path(path: &str, places: &Places) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // The last one: an extension's provider answers for it.
        let at = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"))?;
        let namespace = parts.get(at + 1)?.to_ascii_lowercase();
        let below = &parts[at + 2..];
        let mut from_locations = below.iter().skip_while(|word| !word.eq_ignore_ascii_case("locations"));
        let in_path = from_locations.nth(1).map(|name| Region::lenient(name));
        let by_id = || {
            // An action or a type that is listed stands behind the last name.
            let end = at + 2 + below.len() / 2 * 2;
            let id = ResourceId::parse(&format!("/{}", parts[..end].join("/"))).ok()?;
            places.region_of(&id).flatten().cloned()
        };
        Some(Self { namespace, region: in_path.or_else(by_id) })
    }
}

impl Scope {
    /// The scope of a request; data planes and DNS have none that we know.
    pub(crate) fn of_call(call: &Call, places: &Places) -> Option<Self> {
        if call.target != Target::Arm {
            return None;
        }
        let path = call.path_only();
        let bucket = BucketKey::of_path(path, Cost::of(call.method));
        Some(Self { bucket, provider: Provider::of_path(path, places) })
    }

    /// The same for a read.
    pub(crate) fn of_read(read: &Read, places: &Places) -> Option<Self> {
        match read {
            Read::Arm(call) => Self::of_call(call, places),
            Read::Http(_) | Read::Dns(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_arm::Method;

    fn places() -> Places {
        let id = |text: &str| ResourceId::parse(text).unwrap();
        let mut places = Places::default();
        let near = "/subscriptions/s/resourceGroups/g/providers/P.One/things/near";
        places.resources.insert(id(near), Some(Region::lenient("northeurope")));
        let global = "/subscriptions/s/resourceGroups/g/providers/P.One/things/global";
        places.resources.insert(id(global), None);
        places
    }

    #[test]
    fn a_path_names_its_subscription_provider_and_region() {
        let group = "/subscriptions/S/resourceGroups/g";
        // (path, subscription, provider, region)
        let cases = [
            (format!("{group}/providers/P.One/things/near"), "s", Some("p.one"), Some("northeurope")),
            (
                format!("{group}/providers/P.One/things/near/parts/x?a=/1"),
                "s",
                Some("p.one"),
                Some("northeurope"),
            ),
            (format!("{group}/providers/P.One/things/near/restart"), "s", Some("p.one"), Some("northeurope")),
            (format!("{group}/providers/P.One/things/near/parts"), "s", Some("p.one"), Some("northeurope")),
            (format!("{group}/providers/P.One/things/global"), "s", Some("p.one"), None),
            (format!("{group}/providers/P.One/things/unknown"), "s", Some("p.one"), None),
            (format!("{group}/providers/P.One/things"), "s", Some("p.one"), None),
            (
                format!("{group}/providers/P.One/things/near/providers/P.Two/marks/m"),
                "s",
                Some("p.two"),
                Some("northeurope"),
            ),
            (
                "/subscriptions/s/providers/P.One/locations/West Europe/operations/1".to_owned(),
                "s",
                Some("p.one"),
                Some("westeurope"),
            ),
            (group.to_owned(), "s", None, None),
            ("/subscriptions/s/providers".to_owned(), "s", None, None),
            ("/providers/P.One/queries".to_owned(), "", Some("p.one"), None),
        ];
        for (path, subscription, namespace, region) in cases {
            let scope = Scope::of_call(&Call::arm(Method::Put, path.as_str(), None), &places()).unwrap();
            assert_eq!(scope.bucket, BucketKey { subscription: subscription.to_owned(), cost: Cost::Write });
            let wanted = namespace.map(|namespace| Provider {
                namespace: namespace.to_owned(),
                region: region.map(Region::lenient),
            });
            assert_eq!(scope.provider, wanted, "{path}");
        }
    }

    #[test]
    fn data_planes_have_no_scope() {
        let mut call = Call::arm(Method::Put, "/x", None);
        assert!(Scope::of_call(&call, &Places::default()).is_some());
        call.target = Target::Host("h".into());
        assert_eq!(Scope::of_call(&call, &Places::default()), None);
    }
}
