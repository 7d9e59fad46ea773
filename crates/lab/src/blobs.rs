//! Blobs of the lab's storage accounts: as much as it takes to put templates there and to link to them.
//!
//! Here: PUT, GET, HEAD and DELETE of whole texts at `{account}.blob.core.windows.net`, while the account is there and its
//! region's data plane answers. Not here: containers as resources, leases, metadata, replication, keys (a query is not
//! looked at), names in DNS.

use lifeboat_arm::{Answer, ArmError, Call, Method, ResourceId};
use serde_json::Value;

use crate::health::{Health, Plane};
use crate::lab::Lab;
use crate::names::{self, Holder};
use crate::providers::HostOutcome;

/// What stands between an account's name and the suffix that makes it unique.
const SERVICE: &str = "blob";
const SUFFIX: &str = "core.windows.net";
/// The type of a storage account.
const ACCOUNTS: &str = "Microsoft.Storage/storageAccounts";

impl Lab {
    /// A request to a blob; none when the host is no storage account of this lab.
    pub(crate) fn blob_call(&mut self, host: &str, call: &Call) -> Option<HostOutcome> {
        match self.blob_health(host)? {
            Health::Up => {}
            Health::Down => return Some(HostOutcome::Refused),
            Health::Silent => return Some(HostOutcome::Silent),
        }
        let path = call.path.split('?').next().unwrap_or_default().trim_start_matches('/');
        let address = format!("https://{host}/{path}");
        let missing =
            || Answer::refusal(404, &ArmError::new("BlobNotFound", "The specified blob does not exist."));
        let found = self.published.get(&address).cloned();
        let (answer, changed) = match call.method {
            Method::Put => {
                self.publish(&address, text_of(call.body.as_ref()));
                (Answer::new(201, Value::Null), true)
            }
            Method::Get => (found.map_or_else(missing, |text| Answer::new(200, value_of(&text))), false),
            Method::Head => (found.map_or_else(missing, |_| Answer::new(200, Value::Null)), false),
            Method::Delete => {
                let there = self.published.remove(&address).is_some();
                (if there { Answer::new(202, Value::Null) } else { missing() }, there)
            }
            other => {
                let error = ArmError::new("UnsupportedHttpVerb", format!("{other} is not allowed here."));
                (Answer::refusal(405, &error), false)
            }
        };
        Some(HostOutcome::Answered(answer, changed))
    }

    /// A storage account is gone, and all that it held: whoever makes one of this name gets an empty one.
    pub(crate) fn forget_blobs(&mut self, gone: &ResourceId) {
        if !gone.kind().is_some_and(|kind| kind.is(ACCOUNTS)) {
            return;
        }
        let host = format!("https://{}.{SERVICE}.{SUFFIX}/", gone.name().to_ascii_lowercase());
        let is_its =
            |address: &str| address.get(..host.len()).is_some_and(|own| own.eq_ignore_ascii_case(&host));
        self.published.retain(|address, _| !is_its(address));
    }

    /// How the data plane behind a blob host is; none when the host is no storage account of this lab.
    pub(crate) fn blob_health(&self, host: &str) -> Option<Health> {
        let (account, rest) = host.split_once('.')?;
        let is_blob = rest.split_once('.') == Some((SERVICE, SUFFIX));
        let Some(Holder::Resource(id)) =
            self.world.names.holder(&names::host(account, SUFFIX)).filter(|_| is_blob)
        else {
            return None;
        };
        let region = self.world.index.region(id)?;
        Some(self.world.regions.health(&region, Plane::Data))
    }
}

fn text_of(body: Option<&Value>) -> String {
    match body {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
