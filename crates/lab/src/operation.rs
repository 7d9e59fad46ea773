//! Long-running operations: the record behind `Azure-AsyncOperation` and `Location`.
//!
//! An operation's URL names the region that runs it and can only be read while that region's control plane answers.
//! Source: "Track asynchronous Azure operations". Status URLs always answer 200 with `status` in the body; result URLs
//! answer 202 until the end and then what the request itself would have answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_arm::{Answer, ArmError, Region, ResourceId};
use serde_json::{Value, json};

/// Seconds a client is asked to wait between two polls.
const RETRY_AFTER: &str = "10";

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not at its end; the word is the provider's.
    Running(&'static str),
    Succeeded,
    Failed(ArmError),
    Canceled,
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) region: Region,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) status: Status,
    /// The body that `Location` answers at the end.
    pub(crate) result: Value,
}

/// All operations by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operations {
    records: BTreeMap<String, Record>,
}

impl Operations {
    pub(crate) fn start(&mut self, id: String, region: Region, now: Timestamp, word: &'static str) {
        let status = Status::Running(word);
        self.records.insert(id, Record { region, started: now, ended: None, status, result: Value::Null });
    }

    pub(crate) fn end(&mut self, id: &str, now: Timestamp, status: Status) {
        self.end_with(id, now, status, Value::Null);
    }

    pub(crate) fn end_with(&mut self, id: &str, now: Timestamp, status: Status, result: Value) {
        if let Some(record) = self.records.get_mut(id)
            && matches!(record.status, Status::Running(_))
        {
            record.status = status;
            record.result = result;
            record.ended = Some(now);
        }
    }

    pub(crate) fn word(&mut self, id: &str, word: &'static str) {
        if let Some(record) = self.records.get_mut(id)
            && matches!(record.status, Status::Running(_))
        {
            record.status = Status::Running(word);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }
}

impl Record {
    /// What the status URL answers: always 200.
    pub(crate) fn status_answer(&self, id: &str) -> Answer {
        let mut body = json!({ "name": id, "status": self.word(), "startTime": self.started.to_string() });
        if let Some(ended) = self.ended {
            body["endTime"] = json!(ended.to_string());
        }
        if let Status::Failed(error) = &self.status {
            body["error"] = json!(error);
        }
        if self.status == Status::Succeeded && !self.result.is_null() {
            body["properties"] = self.result.get("properties").cloned().unwrap_or(Value::Null);
        }
        let answer = Answer::new(200, body);
        if self.ended.is_none() { answer.with_header("retry-after", RETRY_AFTER) } else { answer }
    }

    /// What the result URL answers.
    pub(crate) fn result_answer(&self, url: &str) -> Answer {
        match &self.status {
            Status::Running(_) => Answer::new(202, Value::Null)
                .with_header("location", url)
                .with_header("retry-after", RETRY_AFTER),
            Status::Succeeded if self.result.is_null() => Answer::new(204, Value::Null),
            Status::Succeeded => Answer::new(200, self.result.clone()),
            Status::Failed(error) => Answer::refusal(409, error),
            Status::Canceled => {
                Answer::refusal(409, &ArmError::new("OperationCanceled", "The operation was canceled."))
            }
        }
    }

    fn word(&self) -> &'static str {
        match &self.status {
            Status::Running(word) => word,
            Status::Succeeded => "Succeeded",
            Status::Failed(_) => "Failed",
            Status::Canceled => "Canceled",
        }
    }
}

/// The URLs of an operation that a provider runs in a region.
pub(crate) fn urls(
    endpoint: &str,
    subscription: &str,
    provider: &str,
    region: &Region,
    id: &str,
) -> (String, String) {
    let base = format!("{endpoint}/subscriptions/{subscription}/providers/{provider}/locations/{region}");
    (
        format!("{base}/operationStatuses/{id}?api-version=2024-03-01"),
        format!("{base}/operationResults/{id}?api-version=2024-03-01"),
    )
}

/// The result URL of an operation of Resource Manager itself, below the subscription or, where there is none, the tenant.
pub(crate) fn scope_url(endpoint: &str, subscription: Option<&str>, region: &Region, id: &str) -> String {
    let scope =
        subscription.map_or_else(String::new, |subscription| format!("/subscriptions/{subscription}"));
    let base = format!("{endpoint}{scope}/providers/Microsoft.Resources/locations/{region}");
    format!("{base}/operationResults/{id}?api-version=2024-03-01")
}

/// The status URL of a deployment, which lives below the deployment and not at a provider's location.
pub(crate) fn deployment_url(endpoint: &str, deployment: &ResourceId, id: &str) -> String {
    format!("{endpoint}{deployment}/operationStatuses/{id}?api-version=2024-03-01")
}
