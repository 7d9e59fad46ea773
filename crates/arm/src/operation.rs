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
    /// `Azure-AsyncOperation`: always answers 200; the body's `status` counts. Any other answer is about the look.
    Status(String),
    /// `Location`: 202 while it runs, then the answer that the request itself would have had, a refusal included.
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
            _ if answer.tells_nothing() => return Progress::Unreadable,
            (Self::Location(_), 202) => return Progress::Running,
            (Self::Location(_), 204) => return Progress::Succeeded,
            // Operations are forgotten after a while, and a deletion takes its own along.
            (Self::Location(_), 400..) if !matches!(answer.status, 404 | 410) => {
                return Progress::Failed(ArmError::from_body(answer.status, &answer.body));
            }
            // Whoever only asks how far it is, is refused for asking.
            (_, 300..) => return Progress::Unreadable,
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

    /// Proves: F31 (an expired token fails no operation: it would force a failover onto the way that loses more)
    #[test]
    fn a_poll_says_what_it_can() {
        #[derive(Debug, PartialEq)]
        enum Said {
            Running,
            Succeeded,
            Failed,
            Unreadable,
        }
        use Said::{Failed, Running, Succeeded, Unreadable};
        let status = |word: &str| json!({ "status": word });
        let rows = [
            // status, body, at a status URL, at a location, at the resource itself
            (200, status("Running"), Running, Running, Running),
            (200, status("Succeeded"), Succeeded, Succeeded, Succeeded),
            (200, status("Failed"), Failed, Failed, Failed),
            (200, status("Cancelled"), Failed, Failed, Failed),
            (200, Value::Null, Succeeded, Succeeded, Succeeded),
            (202, Value::Null, Succeeded, Running, Succeeded),
            (204, Value::Null, Succeeded, Succeeded, Succeeded),
            (400, Value::Null, Unreadable, Failed, Unreadable),
            (401, Value::Null, Unreadable, Unreadable, Unreadable),
            (403, Value::Null, Unreadable, Unreadable, Unreadable),
            (404, Value::Null, Unreadable, Unreadable, Unreadable),
            (408, Value::Null, Unreadable, Unreadable, Unreadable),
            (409, Value::Null, Unreadable, Failed, Unreadable),
            (412, Value::Null, Unreadable, Failed, Unreadable),
            (429, Value::Null, Unreadable, Unreadable, Unreadable),
            (500, Value::Null, Unreadable, Unreadable, Unreadable),
            (503, Value::Null, Unreadable, Unreadable, Unreadable),
        ];
        for (code, body, at_status, at_location, at_resource) in rows {
            let answer = Answer::new(code, body);
            let said = |operation: Operation| match operation.progress(&answer) {
                Progress::Running => Running,
                Progress::Succeeded => Succeeded,
                Progress::Failed(_) => Failed,
                Progress::Unreadable => Unreadable,
            };
            assert_eq!(said(Operation::Status("s".into())), at_status, "status URL: {answer:?}");
            assert_eq!(said(Operation::Location("l".into())), at_location, "location: {answer:?}");
            assert_eq!(said(Operation::Resource), at_resource, "resource: {answer:?}");
        }
    }
}
