//! Large templates as people and their generators write them: 2.3 MB of accounts, namespaces, sites, rules and nested
//! deployments, with parameters, variables, loops, conditions and references, different for each seed.

use std::fmt::Write as _;

/// How large each is, about.
const BYTES: usize = 2_300_000;

/// The template of a seed.
pub(crate) fn template(seed: u32) -> String {
    let mut text = HEAD.to_owned();
    let mut index = 0_u32;
    while text.len() < BYTES {
        if index > 0 {
            text.push_str(",\n");
        }
        // The mix differs by seed; within a template it repeats, as in what generators write.
        match (index + seed) % (5 + seed % 3) {
            0 => account(&mut text, index),
            1 => namespace(&mut text, index),
            2 => site(&mut text, index),
            3 => security(&mut text, index),
            4 => workbook(&mut text, index),
            5 => looped(&mut text, index),
            _ => nested(&mut text, index),
        }
        index += 1;
    }
    text.push_str(TAIL);
    text
}

const HEAD: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "location": { "type": "string", "defaultValue": "[resourceGroup().location]", "metadata": { "description": "Where." } },
    "prefix": { "type": "string", "defaultValue": "shop" },
    "zones": { "type": "array", "defaultValue": [ "1", "2", "3" ] },
    "tags": { "type": "object", "defaultValue": { "team": "payments", "stage": "production" } }
  },
  "variables": {
    "suffix": "[uniqueString(resourceGroup().id)]",
    "base": "[toLower(concat(parameters('prefix'), '-', variables('suffix')))]",
    "isPaired": "[contains(createArray('westeurope', 'northeurope'), parameters('location'))]"
  },
  "resources": [
"#;

const TAIL: &str = r#"
  ],
  "outputs": { "base": { "type": "string", "value": "[variables('base')]" } }
}
"#;

fn account(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Storage/storageAccounts",
      "apiVersion": "2023-01-01",
      "name": "[concat('st', @, variables('suffix'))]",
      "location": "[parameters('location')]",
      "tags": "[parameters('tags')]",
      "sku": { "name": "Standard_GRS" },
      "kind": "StorageV2",
      "properties": {
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": false,
        "networkAcls": { "bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [ { "value": "203.0.113.7" } ] },
        "encryption": { "services": { "blob": { "enabled": true }, "file": { "enabled": true } }, "keySource": "Microsoft.Storage" }
      }
    }"#,
    );
}

fn namespace(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.ServiceBus/namespaces",
      "apiVersion": "2021-11-01",
      "name": "[format('{0}-bus-{1}', variables('base'), @)]",
      "location": "[parameters('location')]",
      "sku": { "name": "Premium", "tier": "Premium", "capacity": "[if(variables('isPaired'), 1, 2)]" },
      "properties": { "zoneRedundant": true },
      "resources": [
        {
          "type": "queues",
          "apiVersion": "2021-11-01",
          "name": "orders",
          "dependsOn": [ "[resourceId('Microsoft.ServiceBus/namespaces', format('{0}-bus-{1}', variables('base'), @))]" ],
          "properties": { "lockDuration": "PT1M", "maxSizeInMegabytes": 1024, "requiresSession": false, "maxDeliveryCount": 10 }
        }
      ]
    }"#,
    );
}

fn site(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Web/sites",
      "apiVersion": "2022-09-01",
      "name": "[concat(variables('base'), '-site-@')]",
      "location": "[parameters('location')]",
      "kind": "functionapp",
      "identity": { "type": "SystemAssigned" },
      "properties": {
        "serverFarmId": "[resourceId('Microsoft.Web/serverfarms', concat(variables('base'), '-plan'))]",
        "httpsOnly": true,
        "siteConfig": {
          "ftpsState": "Disabled",
          "appSettings": [
            { "name": "FUNCTIONS_EXTENSION_VERSION", "value": "~4" },
            { "name": "FUNCTIONS_WORKER_RUNTIME", "value": "dotnet-isolated" },
            { "name": "WEBSITE_CONTENTSHARE", "value": "[toLower(concat(variables('base'), '-site-@'))]" },
            { "name": "Insights", "value": "[reference(resourceId('Microsoft.Insights/components', concat(variables('base'), '-ai')), '2020-02-02').InstrumentationKey]" }
          ]
        }
      }
    }"#,
    );
}

fn security(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2023-04-01",
      "name": "nsg-@",
      "location": "[parameters('location')]",
      "condition": "[not(equals(parameters('prefix'), 'none'))]",
      "properties": {
        "securityRules": [
"#,
    );
    for rule in 0..12 {
        let comma = if rule == 0 { "" } else { ",\n" };
        write!(text, r#"{comma}          {{ "name": "rule-{rule}", "properties": {{ "priority": {}, "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "sourceAddressPrefix": "10.{rule}.0.0/16", "sourcePortRange": "*", "destinationAddressPrefix": "VirtualNetwork", "destinationPortRange": "{}" }} }}"#, 100 + rule, 8000 + rule)
            .expect("writing to a string cannot fail");
    }
    text.push_str("\n        ]\n      }\n    }");
}

fn workbook(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Insights/workbooks",
      "apiVersion": "2022-04-01",
      "name": "[guid(resourceGroup().id, 'workbook-@')]",
      "location": "[parameters('location')]",
      "kind": "shared",
      "properties": {
        "displayName": "Orders @",
        "category": "workbook",
        "serializedData": "{\"version\":\"Notebook/1.0\",\"items\":[{\"type\":1,\"content\":{\"json\":\"Orders by region\\n\\nEach bar is an hour.\"}},{\"type\":3,\"content\":{\"query\":\"requests | where cloud_RoleName == 'orders' | summarize count() by bin(timestamp, 1h)\"}}]}"
      }
    }"#,
    );
}

fn looped(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Network/publicIPAddresses",
      "apiVersion": "2023-04-01",
      "name": "[concat(variables('base'), '-ip-@-', copyIndex())]",
      "location": "[parameters('location')]",
      "copy": { "name": "ips-@", "count": 3 },
      "sku": { "name": "Standard" },
      "zones": "[parameters('zones')]",
      "properties": { "publicIPAllocationMethod": "Static", "dnsSettings": { "domainNameLabel": "[concat(variables('base'), '-@-', copyIndex(1))]" } }
    }"#,
    );
}

fn nested(text: &mut String, index: u32) {
    put(
        text,
        index,
        r#"    {
      "type": "Microsoft.Resources/deployments",
      "apiVersion": "2022-09-01",
      "name": "nested-@",
      "properties": {
        "mode": "Incremental",
        "expressionEvaluationOptions": { "scope": "inner" },
        "parameters": { "name": { "value": "[concat(variables('base'), '-vault-@')]" }, "location": { "value": "[parameters('location')]" } },
        "template": {
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "parameters": { "name": { "type": "string" }, "location": { "type": "string" } },
          "resources": [
            {
              "type": "Microsoft.KeyVault/vaults",
              "apiVersion": "2023-02-01",
              "name": "[parameters('name')]",
              "location": "[parameters('location')]",
              "properties": { "tenantId": "[subscription().tenantId]", "sku": { "family": "A", "name": "standard" }, "accessPolicies": [], "enableSoftDelete": true }
            }
          ],
          "outputs": { "id": { "type": "string", "value": "[resourceId('Microsoft.KeyVault/vaults', parameters('name'))]" } }
        }
      }
    }"#,
    );
}

/// A loop of deployments, each with a loop of a hundred addresses, which have loops of rules: `turns` addresses in all.
pub(crate) fn nested_copies(turns: u32) -> String {
    r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "location": { "type": "string", "defaultValue": "[resourceGroup().location]" } },
  "resources": [
    {
      "type": "Microsoft.Resources/deployments",
      "apiVersion": "2022-09-01",
      "name": "[format('batch-{0}', copyIndex())]",
      "copy": { "name": "batches", "count": @ },
      "properties": {
        "mode": "Incremental",
        "expressionEvaluationOptions": { "scope": "inner" },
        "parameters": { "batch": { "value": "[copyIndex()]" }, "location": { "value": "[parameters('location')]" } },
        "template": {
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "parameters": { "batch": { "type": "int" }, "location": { "type": "string" } },
          "resources": [
            {
              "type": "Microsoft.Network/publicIPAddresses",
              "apiVersion": "2023-04-01",
              "name": "[format('ip-{0}-{1}', parameters('batch'), copyIndex())]",
              "location": "[parameters('location')]",
              "copy": { "name": "addresses", "count": 100, "mode": "serial", "batchSize": 10 },
              "properties": {
                "publicIPAllocationMethod": "Static",
                "copy": [ { "name": "ipTags", "count": 3, "input": { "ipTagType": "Routing", "tag": "[concat('t', copyIndex('ipTags'), '-', copyIndex())]" } } ]
              }
            }
          ]
        }
      }
    }
  ]
}
"#
    .replace('@', &(turns / 100).to_string())
}

/// Writes a piece, its `@` replaced by a number.
fn put(text: &mut String, index: u32, piece: &str) {
    let mut parts = piece.split('@');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        write!(text, "{index}{part}").expect("writing to a string cannot fail");
    }
}
