//! Types that keep data which no template can bring back: a redeployed one is empty.
//!
//! Not here: what merely remembers how it is set up. Where the platform itself copies data (a replica, a paired
//! account), nothing here knows of it yet, so its fate is unknown.

use lifeboat_arm::ResourceType;

/// The type, and what it keeps.
const KEEPS: &[(&str, &str)] = &[
    ("Microsoft.ApiManagement/service", "subscriptions and users"),
    ("Microsoft.AppConfiguration/configurationStores", "settings"),
    ("Microsoft.Batch/batchAccounts", "jobs"),
    ("Microsoft.Cache/redis", "cached data"),
    ("Microsoft.Cache/redisEnterprise", "cached data"),
    ("Microsoft.ClassicStorage/storageAccounts", "data"),
    ("Microsoft.ContainerRegistry/registries", "images"),
    ("Microsoft.ContainerService/managedClusters", "volumes"),
    ("Microsoft.Compute/disks", "data"),
    ("Microsoft.Compute/snapshots", "data"),
    ("Microsoft.Compute/virtualMachines", "disks"),
    ("Microsoft.Compute/virtualMachineScaleSets", "disks"),
    ("Microsoft.DataLakeStore/accounts", "data"),
    ("Microsoft.DBforMariaDB/servers", "databases"),
    ("Microsoft.DBforMySQL/flexibleServers", "databases"),
    ("Microsoft.DBforMySQL/servers", "databases"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "databases"),
    ("Microsoft.DBforPostgreSQL/serverGroupsv2", "databases"),
    ("Microsoft.DBforPostgreSQL/servers", "databases"),
    ("Microsoft.Devices/IotHubs", "devices and events"),
    ("Microsoft.DocumentDB/databaseAccounts", "data"),
    ("Microsoft.DocumentDB/mongoClusters", "data"),
    ("Microsoft.Elastic/monitors", "data"),
    ("Microsoft.EventHub/namespaces", "events"),
    ("Microsoft.HDInsight/clusters", "data"),
    ("Microsoft.KeyVault/managedHSMs", "keys"),
    ("Microsoft.KeyVault/vaults", "secrets, keys and certificates"),
    ("Microsoft.Kusto/clusters", "databases"),
    ("Microsoft.MachineLearningServices/workspaces", "data"),
    ("Microsoft.NetApp/netAppAccounts", "volumes"),
    ("Microsoft.OperationalInsights/workspaces", "logs"),
    ("Microsoft.RecoveryServices/vaults", "backups"),
    ("Microsoft.DataProtection/backupVaults", "backups"),
    ("Microsoft.Search/searchServices", "indexes"),
    ("Microsoft.Sql/managedInstances", "databases"),
    ("Microsoft.Sql/servers", "databases"),
    ("Microsoft.SqlVirtualMachine/sqlVirtualMachines", "databases"),
    ("Microsoft.Storage/storageAccounts", "data"),
    ("Microsoft.StorageCache/caches", "data"),
    ("Microsoft.StorageSync/storageSyncServices", "data"),
    ("Microsoft.Synapse/workspaces", "databases"),
];

/// What a resource of this type keeps.
pub(super) fn kept_by(kind: &ResourceType) -> Option<&'static str> {
    KEEPS.iter().find(|(own, _)| kind.is(own)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redeployed_database_is_empty_and_a_network_is_not_missed() {
        let kept = |kind: &str| kept_by(&ResourceType::new(kind));
        assert_eq!(kept("microsoft.dbforpostgresql/servers"), Some("databases"));
        assert_eq!(kept("Microsoft.Insights/actionGroups"), None);
        assert_eq!(kept("Microsoft.Network/virtualNetworks"), None);
    }
}
