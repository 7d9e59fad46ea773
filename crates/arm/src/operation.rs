//! Long-running operations: how an answer says that it is not the end, and what to poll.
//!
//! Source: Azure Resource Manager, "Track asynchronous Azure operations", in the order of preference it gives.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Answer;
use crate::error::ArmError;

/// What an accepted request left behind to be polled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// `Azure-AsyncOperation`: always answers 200; the body's `status` counts.
    Status(String),
    /// `Location`: 202 while it runs, then the final answer.
    Location(String),
    /// Neither header: the resource itself, until `provisioningState` is terminal.
    Resource,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Not at its end.
    Running,
    /// It worked.
    Succeeded,
    /// It did not, and this is why.
    Failed(ArmError),
    /// The status could not be read; the operation itself may well go on.
    Unreadable,
}

impl Operation {
    /// What to poll after this answer; none when the answer is final.
    pub fn of(answer: &Answer) -> Option<Self> {
        if !answer.is_success() {
            return None;
        }
        if let Some(url) = answer.header("azure-asyncoperation") {
            return Some(Self::Status(url.to_owned()));
        }
        if answer.status == 202
            && let Some(url) = answer.header("location")
        {
            return Some(Self::Location(url.to_owned()));
        }
        let state = answer.body.pointer("/properties/provisioningState").and_then(Value::as_str);
        match (answer.status, state) {
            (_, Some(state)) if !is_terminal(state) => Some(Self::Resource),
            (202, _) => Some(Self::Resource),
            _ => None,
        }
    }

    /// The URL to poll, unless it is the resource itself.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Status(url) | Self::Location(url) => Some(url),
            Self::Resource => None,
        }
    }

    /// What a polled answer says. Looks at the body's `status` whichever header gave the URL: some providers answer 200
    /// with `"status": "Failed"` at a `Location`.
    pub fn progress(&self, answer: &Answer) -> Progress {
        match (self, answer.status) {
            (Self::Location(_), 202) => return Progress::Running,
            (Self::Location(_), 204) => return Progress::Succeeded,
            (_, 404 | 408 | 429 | 500..) => return Progress::Unreadable,
            (_, 400..) => return Progress::Failed(ArmError::from_body(answer.status, &answer.body)),
            _ => {}
        }
        let status = answer
            .body
            .get("status")
            .or_else(|| answer.body.pointer("/properties/provisioningState"))
            .and_then(Value::as_str);
        match status {
            Some("Succeeded") | None => Progress::Succeeded,
            Some("Failed" | "Canceled" | "Cancelled") => {
                Progress::Failed(ArmError::from_body(answer.status, &answer.body))
            }
            Some(_) => Progress::Running,
        }
    }
}

/// `Succeeded`, `Failed`, `Canceled`; Batch spells it `Cancelled`.
pub fn is_terminal(state: &str) -> bool {
    ["Succeeded", "Failed", "Canceled", "Cancelled"].iter().any(|word| word.eq_ignore_ascii_case(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_status_url_is_preferred() {
        let answer = Answer::new(202, Value::Null)
            .with_header("Location", "l")
            .with_header("Azure-AsyncOperation", "s");
        assert_eq!(Operation::of(&answer), Some(Operation::Status("s".into())));
    }

    #[test]
    fn a_state_that_is_not_terminal_means_polling_the_resource() {
        let accepted = Answer::new(200, json!({"properties": {"provisioningState": "Accepted"}}));
        assert_eq!(Operation::of(&accepted), Some(Operation::Resource));
        let done = Answer::new(200, json!({"properties": {"provisioningState": "Succeeded"}}));
        assert_eq!(Operation::of(&done), None);
    }

    #[test]
    fn a_status_that_cannot_be_read_does_not_fail_the_operation() {
        let status = Operation::Status("s".into());
        assert_eq!(status.progress(&Answer::new(503, Value::Null)), Progress::Unreadable);
        assert_eq!(status.progress(&Answer::new(200, json!({"status": "Running"}))), Progress::Running);
        assert!(matches!(
            status.progress(&Answer::new(200, json!({"status": "Failed"}))),
            Progress::Failed(_)
        ));
    }
}
