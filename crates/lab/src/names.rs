//! Names that are unique across Azure, because they become host names.

use std::collections::BTreeMap;

use lifeboat_arm::{ResourceId, ResourceType};

/// Types with a globally unique name, and the suffix that turns it into a host name. Types that share a suffix share a
/// name space.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("Microsoft.ApiManagement/service", "azure-api.net"),
    ("Microsoft.AppConfiguration/configurationStores", "azconfig.io"),
    ("Microsoft.Batch/batchAccounts", "batch.azure.com"),
    ("Microsoft.Cache/redis", "redis.cache.windows.net"),
    ("Microsoft.CognitiveServices/accounts", "cognitiveservices.azure.com"),
    ("Microsoft.ContainerRegistry/registries", "azurecr.io"),
    ("Microsoft.DataFactory/factories", "datafactory.azure.net"),
    ("Microsoft.DBforMySQL/flexibleServers", "mysql.database.azure.com"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "postgres.database.azure.com"),
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

/// Who holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A resource.
    Resource(ResourceId),
    /// Nobody any more, but it is not free yet.
    Released,
}

/// All names that are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    taken: BTreeMap<String, Holder>,
}

/// The suffix of a type's names, if they are global.
pub(crate) fn suffix(kind: &ResourceType) -> Option<&'static str> {
    TYPES.iter().find(|(name, _)| kind.is(name)).map(|(_, suffix)| *suffix)
}

/// The types with a global name.
pub(crate) fn types() -> impl Iterator<Item = ResourceType> {
    TYPES.iter().map(|(name, _)| ResourceType::new(*name))
}

/// The whole host name: the key under which a name is taken.
pub(crate) fn host(name: &str, suffix: &str) -> String {
    format!("{}.{suffix}", name.to_ascii_lowercase())
}

impl Names {
    pub(crate) fn holder(&self, host: &str) -> Option<&Holder> {
        self.taken.get(host)
    }

    pub(crate) fn take(&mut self, host: String, holder: Holder) {
        self.taken.insert(host, holder);
    }

    pub(crate) fn free(&mut self, host: &str) {
        self.taken.remove(host);
    }

    /// Frees what a resource holds.
    pub(crate) fn free_of(&mut self, id: &ResourceId) {
        self.taken.retain(|_, holder| !matches!(holder, Holder::Resource(own) if own == id));
    }
}
