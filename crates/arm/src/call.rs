//! Requests and answers as values: what is sent, what came back, what is only read.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ArmError;

/// The HTTP verbs that Azure's management and data planes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Asks whether something exists.
    Head,
    /// Creates or replaces.
    Put,
    /// Merges.
    Patch,
    /// Acts, or lists secrets.
    Post,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the verb by itself changes nothing.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// The management endpoint of the cloud (or of the lab).
    Arm,
    /// A data plane's host, such as `orders.servicebus.windows.net`.
    Host(String),
}

/// The management endpoint; each region has one of its own below it (`westeurope.management.azure.com`).
const MANAGEMENT: &str = "management.azure.com";

impl Target {
    /// Path and query of a URL that an answer from here gave for what comes next (`Azure-AsyncOperation`, `Location`), if it
    /// leads back here: management to any of its own endpoints, a data plane to its own host. A request carries a
    /// credential, and that goes nowhere only because an answer says so.
    ///
    /// # Errors
    /// The host that the URL names, or the URL itself where it names none, when it does not.
    pub fn path_here<'a>(&self, url: &'a str) -> Result<&'a str, String> {
        let Some(rest) = url.split_once("://").map(|(_, rest)| rest).or_else(|| url.strip_prefix("//"))
        else {
            return if url.starts_with('/') { Ok(url) } else { Err(url.to_owned()) };
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
        let is_here = match self {
            Self::Arm => host == MANAGEMENT || host.strip_suffix(MANAGEMENT).is_some_and(is_one_label),
            Self::Host(own) => host == own.strip_suffix(":443").unwrap_or(own).to_ascii_lowercase(),
        };
        match is_here {
            true if path.starts_with('/') => Ok(path),
            true => Ok("/"),
            false => Err(host),
        }
    }
}

/// One name and its dot, such as `westeurope.`; user names and ports are none.
fn is_one_label(text: &str) -> bool {
    text.strip_suffix('.')
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// One request, complete: nothing is left to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Where it goes.
    pub target: Target,
    /// The verb.
    pub method: Method,
    /// Path and query, starting with `/`.
    pub path: String,
    /// Headers beyond those every request carries, names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl Call {
    /// A request to the management plane.
    pub fn arm(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self { target: Target::Arm, method, path: path.into(), headers: BTreeMap::new(), body }
    }

    /// A read of the management plane.
    pub fn get(path: impl fmt::Display, api_version: &str) -> Self {
        Self::arm(Method::Get, format!("{path}?api-version={api_version}"), None)
    }

    /// The path without its query.
    pub fn path_only(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The value of one query parameter, name compared without case.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// An answer: the status line, the headers that matter, the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body; `Null` when there was none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

impl Answer {
    /// An answer without headers.
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, headers: BTreeMap::new(), body }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// An answer that refuses, in ARM's error shape.
    pub fn refusal(status: u16, error: &ArmError) -> Self {
        Self::new(status, error.to_body())
    }

    /// 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it tells nothing about what was asked: the caller was not let in (an expired token, say) or was put off, or
    /// whoever should have answered failed. Neither "there" nor "gone" nor "failed" follows from it; ask again.
    ///
    /// The one place where this is decided, for conditions, for shared looks and for polled operations.
    pub fn tells_nothing(&self) -> bool {
        matches!(self.status, 401 | 403 | 407 | 408 | 425 | 429 | 500..)
    }

    /// One header, name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// `Retry-After`, which ARM gives in whole seconds. Nobody is sent away for longer than a day, or into the past.
    pub fn retry_after(&self) -> Option<jiff::SignedDuration> {
        const DAY: i64 = 24 * 60 * 60;
        let seconds: i64 = self.header("retry-after")?.trim().parse().ok()?;
        Some(jiff::SignedDuration::from_secs(seconds.clamp(0, DAY)))
    }

    /// The error in the body, when the status is not a success.
    pub fn error(&self) -> Option<ArmError> {
        (!self.is_success()).then(|| ArmError::from_body(self.status, &self.body))
    }
}

/// Something that only looks. A POST that lists (keys, quotas) is a read too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Read {
    /// Through the management plane.
    Arm(Call),
    /// From a data plane.
    Http(Call),
    /// What a name resolves to, as a client would see it.
    Dns(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_found_whatever_its_case() {
        let call = Call::arm(Method::Get, "/subscriptions/s?Api-Version=2024-01-01&$top=5", None);
        assert_eq!(call.query("api-version"), Some("2024-01-01"));
        assert_eq!(call.query("$top"), Some("5"));
        assert_eq!(call.query("missing"), None);
        assert_eq!(call.path_only(), "/subscriptions/s");
    }

    #[test]
    fn an_answer_leads_no_credential_astray() {
        let bus = Target::Host("Orders.servicebus.windows.net".into());
        let rows = [
            (&Target::Arm, "https://management.azure.com/subscriptions/s?t=1", Ok("/subscriptions/s?t=1")),
            (&Target::Arm, "https://WestEurope.Management.Azure.com:443/x", Ok("/x")),
            (&Target::Arm, "/subscriptions/s/operations/1", Ok("/subscriptions/s/operations/1")),
            (&Target::Arm, "https://management.azure.com", Ok("/")),
            (
                &Target::Arm,
                "https://management.azure.com.example.org/x",
                Err("management.azure.com.example.org"),
            ),
            (&Target::Arm, "https://evilmanagement.azure.com/x", Err("evilmanagement.azure.com")),
            (&Target::Arm, "https://a.b.management.azure.com/x", Err("a.b.management.azure.com")),
            (
                &Target::Arm,
                "https://management.azure.com@example.org/x",
                Err("management.azure.com@example.org"),
            ),
            (&Target::Arm, "https://management.azure.com:8443/x", Err("management.azure.com:8443")),
            (&Target::Arm, "https://example.org?https://management.azure.com/x", Err("example.org")),
            (&Target::Arm, "//example.org/x", Err("example.org")),
            (&Target::Arm, "operations/1", Err("operations/1")),
            (&bus, "https://orders.servicebus.windows.net:443/x", Ok("/x")),
            (&bus, "/x", Ok("/x")),
            (&bus, "https://other.servicebus.windows.net/x", Err("other.servicebus.windows.net")),
            (&bus, "https://management.azure.com/x", Err("management.azure.com")),
        ];
        for (target, url, expected) in rows {
            assert_eq!(target.path_here(url), expected.map_err(str::to_owned), "{target:?} {url}");
        }
    }

    #[test]
    fn who_is_not_let_in_learns_nothing() {
        let tells_nothing = |status| Answer::new(status, Value::Null).tells_nothing();
        for status in [401, 403, 408, 429, 500, 502, 503, 504] {
            assert!(tells_nothing(status), "{status}");
        }
        for status in [200, 201, 202, 204, 304, 400, 404, 409, 410, 412] {
            assert!(!tells_nothing(status), "{status}");
        }
    }

    #[test]
    fn retry_after_is_whole_seconds() {
        let answer = Answer::new(429, Value::Null).with_header("Retry-After", "17");
        assert_eq!(answer.retry_after(), Some(jiff::SignedDuration::from_secs(17)));
        for (asked, seconds) in [("-5", Some(0)), ("9223372036854775807", Some(86_400)), ("soon", None)] {
            let answer = Answer::new(429, Value::Null).with_header("Retry-After", asked);
            assert_eq!(answer.retry_after().map(|after| after.as_secs()), seconds, "{asked}");
        }
    }
}
