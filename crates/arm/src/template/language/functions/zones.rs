//! Availability zones: which there are, and what they are called.

use super::{Function, bad, deep, want_array, want_int, want_string};
use crate::region::Region;
use crate::template::language::fault::Outcome;
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    deep("pickZones", 3, 5, pick),
    deep("toLogicalZone", 3, 3, |values| one(values, &values[2], logical)),
    deep("toLogicalZones", 3, 3, |values| many(values, logical)),
    deep("toPhysicalZone", 3, 3, |values| one(values, &values[2], physical)),
    deep("toPhysicalZones", 3, 3, |values| many(values, physical)),
];

/// The types that can be put into zones, each after its namespace.
const ZONAL: &[(&str, &[&str])] = &[
    ("Microsoft.ApiManagement", &["service"]),
    ("Microsoft.AVS", &["privateClouds"]),
    ("Microsoft.Cache", &["redis", "redisEnterprise"]),
    (
        "Microsoft.Compute",
        &["capacityReservationGroups", "disks", "hostGroups", "virtualMachines", "virtualMachineScaleSets"],
    ),
    ("Microsoft.ContainerInstance", &["containerGroups"]),
    ("Microsoft.ContainerService", &["managedClusters"]),
    ("Microsoft.DBforMySQL", &["flexibleServers"]),
    ("Microsoft.DBforPostgreSQL", &["flexibleServers"]),
    ("Microsoft.ElasticSan", &["elasticSans"]),
    ("Microsoft.HDInsight", &["clusters"]),
    ("Microsoft.Kusto", &["clusters"]),
    ("Microsoft.NetApp", &["netAppAccounts/capacityPools/volumes"]),
    (
        "Microsoft.Network",
        &[
            "applicationGateways",
            "azureFirewalls",
            "bastionHosts",
            "loadBalancers",
            "natGateways",
            "publicIPAddresses",
            "publicIPPrefixes",
            "virtualNetworkGateways",
        ],
    ),
];

fn is_zonal(namespace: &str, kind: &str) -> bool {
    ZONAL.iter().any(|(other, kinds)| {
        other.eq_ignore_ascii_case(namespace) && kinds.iter().any(|other| other.eq_ignore_ascii_case(kind))
    })
}

/// `pickZones(namespace, type, location[, count[, offset]])`: none where the type or the region has none. Regions with zones
/// have three; Azure refuses more than there are.
fn pick(values: &[Value]) -> Outcome {
    let (namespace, kind) = (want_string(values, 0)?, want_string(values, 1)?);
    let region = Region::lenient(want_string(values, 2)?);
    let count = if values.len() > 3 { want_int(values, 3)? } else { 1 };
    let offset = if values.len() > 4 { want_int(values, 4)? } else { 0 };
    if !(1..=3).contains(&count) || !(0..3).contains(&offset) || offset + count > 3 {
        return Err(bad(format!("{count} zones behind the first {offset} are too many: a region has three")));
    }
    if !is_zonal(namespace, kind) || !region.has_zones() {
        return Value::array(Vec::new());
    }
    Value::array((offset + 1..=offset + count).map(|zone| Value::string(zone.to_string())).collect())
}

/// Which physical zone is `1` is drawn for each subscription. Nobody can tell without asking, so the numbers are the same.
fn logical(location: &str, zone: &str) -> Option<String> {
    let number = zone.to_lowercase().strip_prefix(&format!("{}-az", location.to_lowercase()))?.to_owned();
    Some(number).filter(|number| !number.is_empty())
}

fn physical(location: &str, zone: &str) -> Option<String> {
    matches!(zone, "1" | "2" | "3").then(|| format!("{}-az{zone}", location.to_lowercase()))
}

fn one(values: &[Value], zone: &Value, convert: fn(&str, &str) -> Option<String>) -> Outcome {
    want_string(values, 0)?;
    let location = want_string(values, 1)?.replace(' ', "");
    let Some(text) = zone.as_str() else { return Err(bad("a zone must be a string")) };
    // an unknown one has an empty answer
    Ok(Value::string(if text.is_empty() {
        String::new()
    } else {
        convert(&location, text).unwrap_or_default()
    }))
}

fn many(values: &[Value], convert: fn(&str, &str) -> Option<String>) -> Outcome {
    let all = want_array(values, 2)?;
    Value::array(all.iter().map(|zone| one(values, zone, convert)).collect::<Outcome<_>>()?)
}
