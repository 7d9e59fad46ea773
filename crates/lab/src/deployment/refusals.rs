//! What Azure refuses about deployments, in its own words where those are public.

use crate::refusal::Refusal;

pub(crate) const ACTIVE: Refusal = Refusal {
    id: "LAB-deployment-active",
    status: 409,
    code: "DeploymentActive",
    message: "Unable to edit or replace deployment '{0}': previous deployment from '{1}' is still active \
              (expiration time is '{2}').",
    source: "Azure Resource Manager, common deployment errors",
};
pub(crate) const MISSING: Refusal = Refusal {
    id: "ARM-deployment-missing",
    status: 404,
    code: "DeploymentNotFound",
    message: "Deployment '{0}' could not be found.",
    source: "swagger: Deployments_Get",
};
pub(crate) const OPERATION_MISSING: Refusal = Refusal {
    id: "ARM-deployment-operation-missing",
    status: 404,
    code: "DeploymentOperationNotFound",
    message: "Deployment '{0}' has no operation '{1}'.",
    source: "swagger: DeploymentOperations_Get",
};
pub(crate) const NOT_RUNNING: Refusal = Refusal {
    id: "ARM-deployment-not-running",
    status: 409,
    code: "DeploymentCannotBeCancelled",
    message: "The deployment '{0}' cannot be cancelled: its provisioning state is '{1}'.",
    source: "swagger: Deployments_Cancel, only while Accepted or Running",
};
pub(crate) const BAD_NAME: Refusal = Refusal {
    id: "ARM-deployment-name",
    status: 400,
    code: "InvalidDeploymentName",
    message: "The deployment name '{0}' is not valid: at most 64 letters, digits, '-', '_', '.' and parentheses.",
    source: "swagger: deploymentName",
};
pub(crate) const LOCATION_NOT_ALLOWED: Refusal = Refusal {
    id: "ARM-deployment-location",
    status: 400,
    code: "InvalidDeployment",
    message: "The 'location' property is not allowed for '{0}' at resource group scope. Please see \
              https://aka.ms/arm-deployment-subscription for usage details.",
    source: "Azure/bicep-deploy 79",
};
pub(crate) const LOCATION_MISSING: Refusal = Refusal {
    id: "ARM-deployment-location-missing",
    status: 400,
    code: "InvalidDeployment",
    message: "The 'location' property must be specified for '{0}'. Please see \
              https://aka.ms/arm-deployment-subscription for usage details.",
    source: "Azure/azure-monitor-baseline-alerts 230",
};
pub(crate) const LOCATION_FIXED: Refusal = Refusal {
    id: "ARM-deployment-location-fixed",
    status: 409,
    code: "InvalidDeploymentLocation",
    message: "Invalid deployment location '{0}'. The deployment '{1}' already exists in location '{2}'.",
    source: "Azure/azure-dev 293",
};
pub(crate) const MODE_NOT_HERE: Refusal = Refusal {
    id: "ARM-deployment-mode-scope",
    status: 400,
    code: "InvalidDeployment",
    message: "Specified deployment mode 'Complete' is not supported for deployment at the current scope. Please see \
              https://aka.ms/deployment-modes for usage details.",
    source: "Azure/azure-rest-api-specs 43400",
};
pub(crate) const MODE_NESTED: Refusal = Refusal {
    id: "ARM-deployment-mode-nested",
    status: 400,
    code: "InvalidDeployment",
    message: "Specified deployment mode 'Complete' is not supported for nested deployment '{0}'.",
    source: "MicrosoftDocs/azure-docs 13214; the code is inferred",
};
pub(crate) const MODE_UNKNOWN: Refusal = Refusal {
    id: "ARM-deployment-mode-unknown",
    status: 400,
    code: "InvalidRequestContent",
    message: "The request content is not valid: the deployment mode '{0}' is neither 'Incremental' nor 'Complete'.",
    source: "swagger: DeploymentMode; the words are inferred",
};
pub(crate) const SEVERAL: Refusal = Refusal {
    id: "ARM-deployment-several",
    status: 400,
    code: "MultipleErrorsOccurred",
    message: "Multiple error occurred: {0}. Please see details.",
    source: "Azure/bicep 1093",
};
pub(crate) const TOO_MANY: Refusal = Refusal {
    id: "ARM-deployment-quota",
    status: 409,
    code: "DeploymentQuotaExceeded",
    message: "Creating the deployment '{0}' would exceed the quota of '800'. The current deployment count is '{1}'. \
              Please delete some deployments before creating a new one, see https://aka.ms/800LimitFix.",
    source: "Azure Resource Manager, deployment quota exceeded: only groups and subscriptions are cleaned by themselves",
};
pub(crate) const INVALID_TEMPLATE: Refusal = Refusal {
    id: "ARM-invalid-template",
    status: 400,
    code: "InvalidTemplate",
    message: "Deployment template validation failed: '{0}'.",
    source: "Azure Resource Manager, common deployment errors",
};
pub(crate) const INVALID_LINK: Refusal = Refusal {
    id: "ARM-invalid-content-link",
    status: 400,
    code: "InvalidContentLink",
    message: "Unable to download deployment content from '{0}'.",
    source: "Azure Resource Manager, common deployment errors",
};
pub(crate) const PREFLIGHT: Refusal = Refusal {
    id: "ARM-deployment-preflight",
    status: 400,
    code: "InvalidTemplateDeployment",
    message: "The template deployment '{0}' is not valid according to the validation procedure. See inner errors for \
              details.",
    source: "Azure Resource Manager, common deployment errors",
};
pub(crate) const NO_EARLIER: Refusal = Refusal {
    id: "ARM-deployment-no-earlier",
    status: 400,
    code: "InvalidDeployment",
    message: "The deployment '{0}' cannot roll back on error: {1}.",
    source: "Azure Resource Manager, rollback on error; the words are inferred",
};
pub(crate) const NO_MANAGEMENT_GROUP: Refusal = Refusal {
    id: "ARM-management-group-missing",
    status: 404,
    code: "ManagementGroupNotFound",
    message: "The management group '{0}' could not be found.",
    source: "swagger: ManagementGroups_Get; the words are inferred",
};

pub(crate) const TEMPLATE_LIMIT: Refusal = Refusal {
    id: "ARM-deployment-template-limit",
    status: 400,
    code: "InvalidTemplate",
    message: "Deployment template validation failed: 'The number of template {0} limit exceeded. Limit: '{1}' and actual: \
              '{2}'. Please see https://aka.ms/arm-template/#{0} for usage details.'.",
    source: "Azure/acs-engine 2393 (variables); Azure/azure-api-management-devops-resource-kit 360 (resources)",
};
pub(crate) const TOO_LARGE: Refusal = Refusal {
    id: "ARM-deployment-too-large",
    status: 413,
    code: "RequestContentTooLarge",
    message: "The request content size exceeds the maximum size of 4 MB.",
    source: "Azure/ALZ-Bicep, too many policy definitions",
};

pub(crate) const ALL: &[Refusal] = &[
    ACTIVE,
    MISSING,
    OPERATION_MISSING,
    NOT_RUNNING,
    BAD_NAME,
    LOCATION_NOT_ALLOWED,
    LOCATION_MISSING,
    LOCATION_FIXED,
    MODE_NOT_HERE,
    MODE_NESTED,
    MODE_UNKNOWN,
    SEVERAL,
    TOO_MANY,
    INVALID_TEMPLATE,
    INVALID_LINK,
    PREFLIGHT,
    NO_EARLIER,
    NO_MANAGEMENT_GROUP,
    TEMPLATE_LIMIT,
    TOO_LARGE,
];
