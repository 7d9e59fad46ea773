//! Every refusal of the lab is a row of a table: what it answers, which requirement it proves and where it is documented.
//!
//! `cargo xtask prove` takes out one row after the other, by its id, and sees that a test misses it.

use lifeboat_arm::{Answer, ArmError};

/// One refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Its name in the lab: unique, and starting with the requirement or failure it belongs to.
    pub id: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// ARM's code.
    pub code: &'static str,
    /// The message; `{0}`, `{1}` … are filled in.
    pub message: &'static str,
    /// Where the behaviour is documented, or that it was inferred.
    pub source: &'static str,
}

impl Refusal {
    pub(crate) fn error(&self, arguments: &[&str]) -> ArmError {
        let mut message = self.message.to_owned();
        for (at, argument) in arguments.iter().enumerate() {
            message = message.replace(&format!("{{{at}}}"), argument);
        }
        ArmError::new(self.code, message)
    }

    pub(crate) fn with(&self, arguments: &[&str]) -> Refused {
        Refused { status: self.status, error: self.error(arguments) }
    }
}

/// A request that was refused: what the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) error: ArmError,
}

impl Refused {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, error: ArmError::new(code, message) }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::refusal(self.status, &self.error)
    }
}

/// What a provider makes of a request.
pub(crate) type Handled = Result<Answer, Refused>;

/// Refuses when `when` holds. All conditions of the lab's rows meet here.
pub(crate) fn refuse(when: bool, row: &Refusal, arguments: &[&str]) -> Result<(), Refused> {
    if when { Err(row.with(arguments)) } else { Ok(()) }
}

/// What Azure Resource Manager itself refuses, whatever the provider.
pub(crate) mod common {
    use super::Refusal;

    pub(crate) const NO_API_VERSION: Refusal = Refusal {
        id: "ARM-api-version-missing",
        status: 400,
        code: "MissingApiVersionParameter",
        message: "The api-version query parameter (?api-version=) is required for all requests.",
        source: "Resource provider contract, common API details",
    };
    pub(crate) const BAD_API_VERSION: Refusal = Refusal {
        id: "ARM-api-version-malformed",
        status: 400,
        code: "InvalidApiVersionParameter",
        message: "The api-version '{0}' is invalid. It must be of the form YYYY-MM-DD with an optional suffix.",
        source: "Resource provider contract, common API details",
    };
    pub(crate) const NO_SUBSCRIPTION: Refusal = Refusal {
        id: "ARM-subscription-missing",
        status: 404,
        code: "SubscriptionNotFound",
        message: "The subscription '{0}' could not be found.",
        source: "Resource provider contract, GET",
    };
    pub(crate) const NO_GROUP: Refusal = Refusal {
        id: "ARM-group-missing",
        status: 404,
        code: "ResourceGroupNotFound",
        message: "Resource group '{0}' could not be found.",
        source: "Resource provider contract, GET",
    };
    pub(crate) const GROUP_BEING_DELETED: Refusal = Refusal {
        id: "ARM-group-being-deleted",
        status: 409,
        code: "ResourceGroupBeingDeleted",
        message: "The resource group '{0}' is in deprovisioning state and cannot perform this operation.",
        source: "Azure Resource Manager, common deployment errors",
    };
    pub(crate) const GROUP_ELSEWHERE: Refusal = Refusal {
        id: "ARM-group-elsewhere",
        status: 409,
        code: "InvalidResourceGroupLocation",
        message: "Invalid resource group location '{0}'. The Resource group already exists in location '{1}'.",
        source: "Azure Resource Manager, resource groups: the location is fixed at creation",
    };
    pub(crate) const GROUP_LOCATION: Refusal = Refusal {
        id: "ARM-group-location-unknown",
        status: 400,
        code: "LocationNotAvailableForResourceGroup",
        message: "The provided location '{0}' is not available for resource group. List of available regions is '{1}'.",
        source: "Azure Resource Manager, resource groups",
    };
    /// The strict reading: whatever the member's region, its group's region has to answer.
    pub(crate) const GROUP_REGION_DOWN: Refusal = Refusal {
        id: "F1-group-region-down",
        status: 503,
        code: "ServiceUnavailable",
        message: "The resource group '{0}' is located in '{1}', whose control plane is unavailable: the group's \
                  metadata cannot be updated. Please retry later.",
        source: "Azure Resource Manager, resource group location alignment",
    };
    pub(crate) const REGION_DOWN: Refusal = Refusal {
        id: "F1-region-down",
        status: 503,
        code: "ServiceUnavailable",
        message: "The service is unavailable in '{0}'. Please retry later.",
        source: "Azure Resource Manager: a call is forwarded to the provider's regional endpoint",
    };
    pub(crate) const RESOURCE_ELSEWHERE: Refusal = Refusal {
        id: "ARM-resource-elsewhere",
        status: 409,
        code: "InvalidResourceLocation",
        message: "The resource '{0}' already exists in location '{1}' in resource group '{2}'. A resource with the \
                  same name cannot be created in location '{3}'. Please select a new resource name.",
        source: "Azure Resource Manager, common deployment errors",
    };
    pub(crate) const LOCATION_REQUIRED: Refusal = Refusal {
        id: "ARM-location-required",
        status: 400,
        code: "LocationRequired",
        message: "The location property is required for this definition.",
        source: "Resource provider contract, PUT",
    };
    pub(crate) const NAME_TAKEN: Refusal = Refusal {
        id: "ARM-global-name-taken",
        status: 409,
        code: "NameAlreadyInUse",
        message: "The name '{0}' is already in use. Names of '{1}' are unique across Azure.",
        source: "each provider's CheckNameAvailability",
    };
    pub(crate) const QUOTA: Refusal = Refusal {
        id: "F-quota-exceeded",
        status: 409,
        code: "QuotaExceeded",
        message: "Operation could not be completed as it results in exceeding approved quota of {0} for '{1}' in \
                  '{2}'.",
        source: "Azure subscription and service limits",
    };
    pub(crate) const NO_CAPACITY: Refusal = Refusal {
        id: "F-capacity-exhausted",
        status: 409,
        code: "AllocationFailed",
        message: "Allocation failed. There is not sufficient capacity for '{0}' in '{1}'.",
        source: "Azure Resource Manager, common deployment errors",
    };
    pub(crate) const NOT_FOUND: Refusal = Refusal {
        id: "ARM-not-found",
        status: 404,
        code: "ResourceNotFound",
        message: "The Resource '{0}' under resource group '{1}' was not found.",
        source: "Resource provider contract, GET",
    };
    pub(crate) const NO_PARENT: Refusal = Refusal {
        id: "ARM-parent-missing",
        status: 404,
        code: "ParentResourceNotFound",
        message: "Failed to perform operation on nested resource. The parent resource '{0}' is not found.",
        source: "Azure Resource Manager, common deployment errors",
    };
    pub(crate) const ALL: &[Refusal] = &[
        NO_API_VERSION,
        BAD_API_VERSION,
        NO_SUBSCRIPTION,
        NO_GROUP,
        GROUP_BEING_DELETED,
        GROUP_ELSEWHERE,
        GROUP_LOCATION,
        GROUP_REGION_DOWN,
        REGION_DOWN,
        RESOURCE_ELSEWHERE,
        LOCATION_REQUIRED,
        NAME_TAKEN,
        QUOTA,
        NO_CAPACITY,
        NOT_FOUND,
        NO_PARENT,
    ];
}
