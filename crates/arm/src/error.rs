//! ARM's error body and what an error means for whoever sent the request.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `{"error": {"code", "message", "target", "details"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ArmError {
    /// Code in Pascal case, such as `ResourceNotFound`.
    pub code: String,
    /// Azure's own words.
    pub message: String,
    /// What the error is about, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Errors inside this one, for example a provider's inside a deployment's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ArmError>,
    /// What only some services add, such as the line of a template: a list of objects with `type` and `info`.
    #[serde(default, rename = "additionalInfo", skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<Box<Value>>,
}

/// Whether it helps to send the same request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Nothing happened; the same request may be sent later.
    Later,
    /// Nobody knows whether it happened: look before sending again.
    Unclear,
    /// The same request will be refused again.
    Pointless,
}

impl ArmError {
    /// An error without target and details.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { code, message, target: None, details: Vec::new(), additional_info: None }
    }

    /// The body that carries this error.
    pub fn to_body(&self) -> Value {
        json!({ "error": self })
    }

    /// Reads an error from a body, tolerating providers that leave out the wrapper or everything.
    pub fn from_body(status: u16, body: &Value) -> Self {
        let inner = body.get("error").unwrap_or(body);
        serde_json::from_value(inner.clone())
            .unwrap_or_else(|_| Self::new(format!("Http{status}"), "the answer holds no error body"))
    }

    /// The innermost error: in a failed deployment the one that says why.
    pub fn innermost(&self) -> &Self {
        self.details.first().map_or(self, Self::innermost)
    }
}

/// Whether another operation has the object: later will do, whatever status a provider gives it.
pub(crate) fn is_locked(code: &str) -> bool {
    matches!(code, "RetryableErrorDueToAnotherOperation" | "AnotherOperationInProgress")
}

/// What an error status with this code says about sending the request again.
pub fn retry(status: u16, code: &str) -> Retry {
    match (status, code) {
        _ if is_locked(code) => Retry::Later,
        (429 | 503, _) | (409, "DeploymentActive" | "Conflict") => Retry::Later,
        (408 | 500 | 502 | 504, _) => Retry::Unclear,
        _ => Retry::Pointless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_error_says_why() {
        let body = json!({"error": {"code": "DeploymentFailed", "message": "at least one failed", "details": [
            {"code": "BadRequest", "message": "Cannot update a namespace which is secondary"}]}});
        let error = ArmError::from_body(400, &body);
        assert_eq!(error.innermost().code, "BadRequest");
        assert_eq!(ArmError::from_body(400, &error.to_body()), error);
    }

    #[test]
    fn a_body_without_an_error_still_makes_one() {
        assert_eq!(ArmError::from_body(502, &Value::Null).code, "Http502");
    }

    #[test]
    fn only_a_lost_answer_is_unclear() {
        assert_eq!(retry(429, "TooManyRequests"), Retry::Later);
        assert_eq!(retry(504, "GatewayTimeout"), Retry::Unclear);
        assert_eq!(retry(400, "BadRequest"), Retry::Pointless);
        assert_eq!(retry(409, "DeploymentActive"), Retry::Later);
    }
}
