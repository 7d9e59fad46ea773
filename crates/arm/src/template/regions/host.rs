//! Host names of Azure's services: of one certain resource, with a region inside, or only a suffix.

use std::ops::Range;
use std::sync::OnceLock;

use super::{TieKind, Ties};
use crate::global_name::suffixes;
use crate::region::Region;
use crate::template::walk::Place;
use crate::template::walk::literal::Literal;

/// Suffixes of services whose names are not (or not only) those of a resource.
const OTHERS: &[&str] = &[
    "azmk8s.io",
    "azure-automation.net",
    "azurecontainer.io",
    "azurecontainerapps.io",
    "azuredatalakestore.net",
    "azurefd.net",
    "azurestaticapps.net",
    "azuresynapse.net",
    "blob.storage.azure.net",
    "cloudapp.azure.com",
    "cloudapp.net",
    "hdinsight.azure.net",
    "azurehdinsight.net",
    "kusto.windows.net",
    "logic.azure.com",
    "management.azure.com",
    "openai.azure.com",
    "ods.opinsights.azure.com",
];

/// Labels that tell which of an account's hosts is meant, or what kind of access.
const SERVICES: &[&str] = &[
    "blob",
    "dfs",
    "file",
    "queue",
    "table",
    "web",
    "privatelink",
    "scm",
    "www",
    "*",
    "ods",
    "vault",
    "servicefabric",
];

/// Suffixes that `environment()` knows.
const KNOWN: &[(&str, &str)] = &[
    ("azurecr.io", "environment().suffixes.acrLoginServer"),
    ("azurefd.net", "environment().suffixes.azureFrontDoorEndpointSuffix"),
    ("core.windows.net", "environment().suffixes.storage"),
    ("database.windows.net", "environment().suffixes.sqlServerHostname"),
    ("vault.azure.net", "environment().suffixes.keyvaultDns"),
    ("management.azure.com", "environment().resourceManager"),
];

/// The first host name inside a literal.
pub(super) fn look(place: &Place<'_, '_>, literal: &Literal, ties: &mut Ties<'_>) -> bool {
    let Some(host) = hosts(&literal.text).next() else { return false };
    let text = &literal.text[host.range.clone()];
    let (kind, change) = match (&host.region, host.name.is_empty()) {
        (Some(region), _) => {
            (TieKind::HostRegion, format!("make {region} in it the parameter that says the location"))
        }
        (None, false) => (
            TieKind::HostLiteral,
            "make it of the resource's name, or ask `reference(…)` for it; a host of somebody else may stay"
                .to_owned(),
        ),
        (None, true) => {
            let known = KNOWN.iter().find(|(suffix, _)| *suffix == host.suffix);
            (
                TieKind::HostSuffix,
                known.map_or_else(
                    || {
                        "nothing, unless it is for another cloud; `reference(…)` answers the whole host"
                            .to_owned()
                    },
                    |(_, call)| format!("nothing, unless it is for another cloud: `{call}` answers it"),
                ),
            )
        }
    };
    let plain = literal.range.len() == literal.text.len();
    let start = literal.range.start;
    let range = if plain { start + host.range.start..start + host.range.end } else { literal.range.clone() };
    ties.push(kind, range, place.pointer(), format!("the host `{text}`"), change);
    true
}

/// A host name of one of Azure's services.
pub(in crate::template) struct Host {
    /// Where it stands in the text.
    pub(in crate::template) range: Range<usize>,
    /// The label that names the resource; empty if it is made elsewhere.
    pub(in crate::template) name: String,
    suffix: &'static str,
    /// The region that is one of its labels.
    pub(in crate::template) region: Option<Region>,
}

/// The host names in a text, those of no service of Azure left out.
pub(in crate::template) fn hosts(text: &str) -> impl Iterator<Item = Host> {
    let mut at = 0;
    // Every suffix has one of these ends: most texts need no second look.
    let might = [".net", ".io", ".com"].iter().any(|end| text.contains(end));
    std::iter::from_fn(move || {
        while might && at < text.len() {
            let start = at + text[at..].find(is_of_host)?;
            let rest = &text[start..];
            let length = rest.find(|c: char| !is_of_host(c)).unwrap_or(rest.len());
            at = start + length;
            let before = text[..start].chars().next_back();
            if let Some(host) = host(&rest[..length], start, before) {
                return Some(host);
            }
        }
        None
    })
}

fn is_of_host(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '*')
}

fn host(text: &str, start: usize, before: Option<char>) -> Option<Host> {
    let trimmed = text.trim_end_matches('.');
    let lower = trimmed.to_ascii_lowercase();
    let ends = |suffix: &&&str| {
        lower.strip_suffix(**suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let suffix = *all().iter().filter(ends).max_by_key(|suffix| suffix.len())?;
    let labels = lower[..lower.len() - suffix.len()].trim_end_matches('.');
    // What goes on before the text is made elsewhere: `{0}-web.azurewebsites.net`.
    let cut = labels.starts_with(['.', '-']) || before.is_some_and(|c| "}>)%_".contains(c));
    let region = labels.split('.').find_map(Region::known);
    let own = |label: &&str| !SERVICES.contains(label) && Region::known(label).is_none();
    let name = labels.split('.').rfind(own).unwrap_or_default();
    let named = !cut || labels.split('.').filter(|label| !label.is_empty()).count() > 1;
    let somebody = suffix == "management.azure.com";
    let zone = labels.split('.').any(|label| label == "privatelink");
    let name = if named && !zone && !somebody && (!cut || !labels.starts_with(name)) { name } else { "" };
    if name.is_empty() && somebody && region.is_none() {
        return None;
    }
    Some(Host { range: start..start + trimmed.len(), name: name.to_owned(), suffix, region })
}

fn all() -> &'static [&'static str] {
    static ALL: OnceLock<Vec<&'static str>> = OnceLock::new();
    ALL.get_or_init(|| suffixes().chain(OTHERS.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_suffixes_and_from_others() {
        for (text, expected) in [
            ("https://shop.blob.core.windows.net/x", "shop core.windows.net shop.blob.core.windows.net"),
            (".blob.core.windows.net", " core.windows.net .blob.core.windows.net"),
            ("https://{0}.vault.azure.net/", " vault.azure.net .vault.azure.net"),
            ("{0}-web.azurewebsites.net", " azurewebsites.net -web.azurewebsites.net"),
            ("privatelink.azurecr.io", " azurecr.io privatelink.azurecr.io"),
            (
                "shop.westeurope.cloudapp.azure.com",
                "shop cloudapp.azure.com shop.westeurope.cloudapp.azure.com @westeurope",
            ),
            (
                "https://westeurope.management.azure.com",
                " management.azure.com westeurope.management.azure.com @westeurope",
            ),
            ("https://management.azure.com/", ""),
            ("https://example.net/vault.azure.network", ""),
            ("core.windows.net", " core.windows.net core.windows.net"),
        ] {
            let says = |host: Host| {
                let region = host.region.map_or_else(String::new, |region| format!(" @{region}"));
                format!("{} {} {}{region}", host.name, host.suffix, &text[host.range])
            };
            assert_eq!(hosts(text).map(says).collect::<Vec<_>>().join("; "), expected, "{text}");
        }
    }
}
