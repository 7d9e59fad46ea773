//! Everything Service Bus refuses, one row per reason. A stranger who asks "where does the lab refuse a second partner"
//! finds the row here and its only use in `pairing/checks.rs`.
//!
//! `source` is the documentation, an error seen in the field, or "inferred" where the words are the lab's own.

use crate::refusal::Refusal;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $status:literal $code:literal, $message:literal, $source:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: Refusal = Refusal {
            id: $id, status: $status, code: $code, message: $message, source: $source,
        };)*
        /// All rows.
        pub(crate) const REFUSALS: &[Refusal] = &[$($name),*];
    };
}

refusals! {
    // --- pairing: PUT of an alias
    NOT_PREMIUM = "S23-premium-only", 400 "BadRequest",
        "Geo-Disaster Recovery is only available for Premium namespaces. Namespace '{0}' is '{1}'.",
        "Service Bus Geo-Disaster Recovery: Premium only; words inferred";
    SAME_REGION = "S24-same-region", 400 "BadRequest",
        "The primary and secondary namespaces must be in different regions. Both are in '{0}'.",
        "Service Bus Geo-Disaster Recovery: pairing regions; words inferred";
    PARTNER_NOT_EMPTY = "S24-partner-not-empty", 400 "BadRequest",
        "Secondary namespace '{0}' must be empty: it has {1} entities.",
        "Service Bus Geo-Disaster Recovery: only new namespaces can be added; words inferred";
    PARTNER_PAIRED = "S24-partner-paired", 409 "Conflict",
        "Unable to freeze secondary namespace '{0}'.",
        "seen in the field: pairing onto a namespace that is already attached";
    ALREADY_PAIRED = "S24-second-partner", 409 "Conflict",
        "Namespace '{0}' is already paired under alias '{1}' with '{2}'. Break the pairing first.",
        "Service Bus Geo-Disaster Recovery: one secondary; words inferred";
    PARTITIONS_MIXED = "S24-partitions", 400 "BadRequest",
        "A partitioned namespace cannot be paired with a non-partitioned namespace.",
        "Service Bus Geo-Disaster Recovery: considerations; words inferred";
    PRIVATE_ENDPOINTS = "S24-private-endpoints", 400 "BadRequest",
        "Both namespaces must have private endpoints, or neither. '{0}' has {1}, '{2}' has {3}.",
        "Service Bus Geo-Disaster Recovery: private endpoints; words inferred";
    PARTNER_MISSING = "S24-partner-missing", 400 "BadRequest",
        "The partner namespace '{0}' was not found.",
        "inferred";
    PARTNER_NOT_READY = "S24-partner-not-ready", 409 "Conflict",
        "Namespace '{0}' is not in a state that allows pairing.",
        "inferred";
    PARTNER_UNREACHABLE = "S24-partner-unreachable", 503 "ServiceUnavailable",
        "The region of the partner namespace '{0}' is unavailable. Please retry later.",
        "inferred";
    GEO_REPLICATED = "S24-geo-replication", 400 "BadRequest",
        "Namespace '{0}' uses Geo-Replication, which cannot be combined with Geo-Disaster Recovery.",
        "Service Bus Geo-Replication: considerations; words inferred";
    ALIAS_TAKEN = "S25-alias-taken", 400 "BadRequest",
        "Alias '{0}' is not availble, please use a different name",
        "seen in the field (the spelling is Azure's)";
    BAD_ALIAS_NAME = "S25-alias-name", 400 "BadRequest",
        "The alias name '{0}' is not valid: 1 to 50 letters, digits and hyphens, starting with a letter.",
        "swagger: alias; words inferred";
    ALTERNATE_NAME = "D04-alternate-name", 400 "BadRequest",
        "Alternate name is supported only if alias and primary namespace are same",
        "seen in the field";
    ALTERNATE_TAKEN = "D04-alternate-name-taken", 400 "BadRequest",
        "Alternate name '{0}' is not available.",
        "inferred";

    MIGRATED_ALIAS = "D04-migrated-alias", 400 "BadRequest",
        "Namespace '{0}' was migrated from Standard: it can only be paired under its alias '{1}'.",
        "Service Bus Premium migration: the pre-existing alias must be used; words inferred";
    MIGRATION_TIERS = "D04-migration-tiers", 400 "BadRequest",
        "Only a Standard namespace can be migrated, and only to a Premium one: '{0}', '{1}'.",
        "Service Bus Premium migration; words inferred";

    // --- while paired
    SECONDARY_FROZEN = "S22-secondary-frozen", 400 "BadRequest",
        "Cannot update a namespace which is secondary",
        "seen in the field: any redeploy of the paired secondary";
    PRIVATE_ENDPOINT_ALONE = "S24-private-endpoint-alone", 400 "BadRequest",
        "Cannot add a private endpoint to the primary namespace while the secondary namespace '{0}' has none.",
        "Service Bus Geo-Disaster Recovery: private endpoints; words inferred";
    DELETE_PAIRED = "F20-delete-paired", 409 "Conflict",
        "Namespace '{0}' cannot be deleted: it is part of the pairing '{1}'.",
        "Service Bus Geo-Disaster Recovery; words inferred";

    // --- breakPairing, failover, DELETE of an alias
    BREAK_ON_SECONDARY = "P1a-break-on-secondary", 400 "BadRequest",
        "Break pairing can only be called on the primary namespace '{0}'.",
        "Service Bus sample: breakPairing is addressed to the primary; words inferred";
    NOTHING_TO_BREAK = "F20-nothing-to-break", 400 "BadRequest",
        "Alias '{0}' has no pairing to break.",
        "seen in the field: breakPairing of a pair that somebody already broke; words inferred";
    FAIL_OVER_ON_PRIMARY = "P1a-failover-on-primary", 400 "BadRequest",
        "Failover can only be called on the secondary namespace.",
        "Service Bus sample: failover is addressed to the secondary; words inferred";
    STILL_REPLICATING = "D07-still-replicating", 409 "Conflict",
        "Namespace Replication is still in progress, retry the operation after some time",
        "seen in the field: failover while the pair is being set up";
    SAFE_ACROSS_SUBSCRIPTIONS = "D03-safe-across-subscriptions", 400 "BadRequest",
        "Safe failover is not supported when the namespaces are in different subscriptions.",
        "Service Bus Geo-Disaster Recovery: safe failover; words inferred";
    IN_TRANSITION = "F20-in-transition", 409 "Conflict",
        "Alias '{0}' is being changed by another operation. Please retry later.",
        "resource provider contract: concurrent writes; words inferred";
    DELETE_ALIAS_PAIRED = "F20-delete-alias-paired", 400 "BadRequest",
        "Alias '{0}' cannot be deleted while its namespaces are paired. Break the pairing first.",
        "Service Bus sample: the pairing is broken first; words inferred";
    DELETE_NOT_HOLDER = "F20-delete-not-holder", 400 "BadRequest",
        "Alias '{0}' can only be deleted on the namespace that holds it.",
        "Service Bus sample; words inferred";

    // --- namespaces and entities
    TIER_CHANGE = "D04-tier-change", 400 "BadRequest",
        "The tier of namespace '{0}' cannot be changed from '{1}' to '{2}'.",
        "Service Bus Premium migration: Standard becomes Premium by migration only; words inferred";
    PARTITIONS_FIXED = "S24-partitions-fixed", 400 "BadRequest",
        "Messaging partitions of a namespace cannot be changed after its creation.",
        "Service Bus partitioned namespaces; words inferred";
    UNKNOWN_SKU = "S23-unknown-sku", 400 "BadRequest",
        "SKU '{0}' is not one of Basic, Standard and Premium.",
        "swagger: SBSku";
    BAD_CAPACITY = "S23-capacity", 400 "BadRequest",
        "Messaging units must be 1, 2, 4, 8 or 16 per partition, not {0}.",
        "swagger: sku.capacity";
    BAD_NAME = "ARM-namespace-name", 400 "BadRequest",
        "The namespace name '{0}' is not valid: 6 to 50 letters, digits and hyphens, starting with a letter.",
        "swagger: namespaceName";
    NOT_ACTIVE = "SB-namespace-not-active", 409 "Conflict",
        "Namespace '{0}' is not active yet.",
        "inferred";
    BEING_DELETED = "SB-namespace-being-deleted", 409 "Conflict",
        "Namespace '{0}' is being deleted. Please retry later.",
        "inferred";
    FORWARD_TARGET = "SB-forward-target", 400 "BadRequest",
        "SubCode=40400. The auto forwarding destination entity '{0}' does not exist.",
        "Service Bus autoforwarding; seen in the field";
    FORWARD_SESSIONS = "SB-forward-sessions", 400 "BadRequest",
        "SubCode=40000. Bad Request. '{0}' requires sessions: auto forwarding is not supported.",
        "Service Bus autoforwarding: considerations; the first words seen in the field, the others inferred";
    FORWARD_BASIC = "SB-basic-no-forward", 400 "BadRequest",
        "Auto forwarding is not supported in the Basic tier.",
        "Service Bus autoforwarding; words inferred";
    NO_TOPICS = "SB-basic-no-topics", 400 "BadRequest",
        "Topics are not supported in the Basic tier.",
        "Service Bus tiers";
    OTHER_KIND = "SB-name-is-other-kind", 409 "Conflict",
        "An entity with the name '{0}' exists as another kind.",
        "Service Bus: queues and topics share a name space; words inferred";
    FIXED_PROPERTY = "SB-property-fixed", 400 "BadRequest",
        "The value for the {0} property of an existing entity cannot be changed.",
        "Service Bus entity properties";
    MANAGE_ALONE = "SB-manage-alone", 400 "BadRequest",
        "Manage permission should also include Send and Listen.",
        "Service Bus authorization rules";
}
