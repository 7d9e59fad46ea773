//! What a host name resolves to.
//!
//! The lab answers as the authority: how long somebody goes on believing an old answer is the business of whoever asked
//! (`ttl` says how long that is allowed). The lag of the name servers themselves is the lab's
//! ([`crate::ServiceBusTiming::dns_lag`] and the `dnsLag` fault).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// An answer of DNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// The way from the name to an address; empty when the name does not exist.
    pub chain: Vec<DnsRecord>,
    /// How long the whole chain may be kept.
    pub ttl: SignedDuration,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DnsRecord {
    /// Another name.
    Cname(String),
    /// An IPv4 address. Addresses are the lab's, one per region and host.
    A(String),
}

impl DnsAnswer {
    /// The name does not exist.
    pub fn missing() -> Self {
        Self { chain: Vec::new(), ttl: SignedDuration::from_secs(30) }
    }

    /// The last name before the address: the host that will answer.
    pub fn canonical(&self) -> Option<&str> {
        self.chain.iter().rev().find_map(|record| match record {
            DnsRecord::Cname(name) => Some(name.as_str()),
            DnsRecord::A(_) => None,
        })
    }

    /// The address at the end.
    pub fn address(&self) -> Option<&str> {
        self.chain.iter().rev().find_map(|record| match record {
            DnsRecord::A(address) => Some(address.as_str()),
            DnsRecord::Cname(_) => None,
        })
    }
}
