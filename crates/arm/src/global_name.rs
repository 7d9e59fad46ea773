//! Types whose names are unique in the whole cloud, because each name is a host name.
//!
//! Whoever wants a second resource of such a name, in whatever group, subscription or region, is refused (Azure Resource
//! Manager, "Naming rules and restrictions for Azure resources", scope *global*).

use crate::id::ResourceType;

/// Each type with the suffix that turns a name into a host name. Types that share a suffix share a name space.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("Microsoft.ApiManagement/service", "azure-api.net"),
    ("Microsoft.AppConfiguration/configurationStores", "azconfig.io"),
    ("Microsoft.Batch/batchAccounts", "batch.azure.com"),
    ("Microsoft.Cache/redis", "redis.cache.windows.net"),
    ("Microsoft.Cdn/profiles/endpoints", "azureedge.net"),
    ("Microsoft.CognitiveServices/accounts", "cognitiveservices.azure.com"),
    ("Microsoft.ContainerRegistry/registries", "azurecr.io"),
    ("Microsoft.DataFactory/factories", "datafactory.azure.net"),
    ("Microsoft.DBforMySQL/flexibleServers", "mysql.database.azure.com"),
    ("Microsoft.DBforMySQL/servers", "mysql.database.azure.com"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "postgres.database.azure.com"),
    ("Microsoft.DBforPostgreSQL/servers", "postgres.database.azure.com"),
    ("Microsoft.Devices/IotHubs", "azure-devices.net"),
    ("Microsoft.DocumentDB/databaseAccounts", "documents.azure.com"),
    ("Microsoft.EventHub/namespaces", "servicebus.windows.net"),
    ("Microsoft.KeyVault/vaults", "vault.azure.net"),
    ("Microsoft.Network/trafficManagerProfiles", "trafficmanager.net"),
    ("Microsoft.Relay/namespaces", "servicebus.windows.net"),
    ("Microsoft.Search/searchServices", "search.windows.net"),
    ("Microsoft.ServiceBus/namespaces", "servicebus.windows.net"),
    ("Microsoft.SignalRService/signalR", "service.signalr.net"),
    ("Microsoft.Sql/servers", "database.windows.net"),
    ("Microsoft.Storage/storageAccounts", "core.windows.net"),
    ("Microsoft.Web/sites", "azurewebsites.net"),
];

/// What the names of a type end in as host names; none for types whose names are unique in their group only.
pub fn global_suffix(kind: &ResourceType) -> Option<&'static str> {
    TYPES.iter().find(|(name, _)| kind.is(name)).map(|(_, suffix)| *suffix)
}

/// Whether a deployment to another region is refused under the same name: names that are unique in the whole cloud, aliases
/// that share a name space with such, and names of resource groups, which are unique in their subscription and stay where
/// they are (`InvalidResourceGroupLocation`). Of a child the last part of its name counts.
pub(crate) fn collides(kind: &ResourceType) -> bool {
    const ALIASES: &[&str] = &[
        "Microsoft.EventHub/namespaces/disasterRecoveryConfigs",
        "Microsoft.ServiceBus/namespaces/disasterRecoveryConfigs",
        "Microsoft.Sql/servers/failoverGroups",
    ];
    global_suffix(kind).is_some() || is_group(kind) || ALIASES.iter().any(|name| kind.is(name))
}

/// A member of a resource of this type, beside its name, that is a name unique in the whole cloud: JSON pointer.
pub(crate) fn other_global_name(kind: &ResourceType) -> Option<&'static str> {
    kind.is("Microsoft.Network/trafficManagerProfiles").then_some("/properties/dnsConfig/relativeName")
}

fn is_group(kind: &ResourceType) -> bool {
    const GROUPS: &[&str] =
        &["Microsoft.Resources/resourceGroups", "Microsoft.Resources/subscriptions/resourceGroups"];
    GROUPS.iter().any(|name| kind.is(name))
}

/// All types with a globally unique name.
pub fn globally_named() -> impl Iterator<Item = ResourceType> {
    TYPES.iter().map(|(name, _)| ResourceType::new(*name))
}

/// The suffixes of all these types, each as often as types share it.
pub(crate) fn suffixes() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(_, suffix)| *suffix)
}

/// How many characters a name of this type may have; the shortest limit of those that are longer stands for all of them
/// (Azure Resource Manager, "Naming rules and restrictions for Azure resources").
pub fn global_name_max(kind: &ResourceType) -> usize {
    const SHORT: &[&str] =
        &["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.Batch/batchAccounts"];
    if SHORT.iter().any(|name| kind.is(name)) {
        24
    } else if kind.is("Microsoft.DocumentDB/databaseAccounts") {
        44
    } else if is_group(kind) {
        90
    } else {
        50
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_in_any_casing_and_share_name_spaces() {
        let suffix = |kind: &str| global_suffix(&ResourceType::new(kind));
        assert_eq!(suffix("microsoft.servicebus/NAMESPACES"), suffix("Microsoft.Relay/namespaces"));
        assert_eq!(suffix("Microsoft.Compute/virtualMachines"), None);
        let group = ResourceType::new("microsoft.resources/resourcegroups");
        assert!(collides(&group) && global_suffix(&group).is_none());
        let mut names: Vec<String> = globally_named().map(|kind| kind.as_str().to_lowercase()).collect();
        let sorted = {
            let mut names = names.clone();
            names.sort();
            names
        };
        assert_eq!(names, sorted);
        names.dedup();
        assert_eq!(names.len(), sorted.len());
    }
}
