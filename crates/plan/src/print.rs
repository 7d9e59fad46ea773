//! Plans for people: requests as they will be sent, conditions as sentences.

use std::fmt::Write as _;

use lifeboat_arm::Method;
use serde_json::Value;

use crate::condition::{At, Condition, Is, Threshold};
use crate::draft::{CallDraft, Draft, TargetDraft};
use crate::words::{counted, duration};

/// A set of up to so many members is shown whole …
const SET_MEMBERS_MAX: usize = 20;
/// … and a larger one by so many.
const SET_MEMBERS_SHOWN: usize = 3;

/// One line: `PUT /subscriptions/…`, or with the host for a data plane.
pub fn describe_call(call: &CallDraft) -> String {
    match &call.target {
        TargetDraft::Arm => format!("{} {}", call.method, call.path),
        TargetDraft::Host(host) => format!("{} https://{host}{}", call.method, call.path),
    }
}

/// The request as a line for `az rest`: the runbook for the day the tool is gone. Holes show by name.
pub fn as_az_rest(call: &CallDraft) -> String {
    let url = match &call.target {
        TargetDraft::Arm => format!("https://management.azure.com{}", call.path),
        TargetDraft::Host(host) => format!("https://{host}{}", call.path),
    };
    let method = match call.method {
        Method::Get => "get",
        Method::Head => "head",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Post => "post",
        Method::Delete => "delete",
    };
    let mut line = format!("az rest --method {method} --url {}", quote(&url));
    if let Some(body) = &call.body {
        let _infallible = write!(line, " --body {}", quote(&body.sketch().to_string()));
    }
    line
}

/// For a POSIX shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A condition as a sentence without its full stop.
pub fn describe_condition(condition: &Condition) -> String {
    match condition {
        Condition::All(inner) => join(inner, " and "),
        Condition::Any(inner) => join(inner, " or "),
        Condition::Not(inner) => format!("not ({})", describe_condition(inner)),
        Condition::Never { seen, why } => format!("never {} ({why})", grouped(seen)),
        Condition::Held { n, over, of } => {
            format!("{} on {} in a row over {}", grouped(of), counted(*n, "look"), duration(*over))
        }
        Condition::Each { read, list, holds, at_least } => {
            let many = match at_least {
                Threshold::Count(count) => format!("at least {count}"),
                Threshold::Percent(percent) => format!("at least {percent} %"),
                Threshold::All => "all".to_owned(),
            };
            let tests: Vec<_> = holds.iter().map(|(at, is)| format!("{at} {}", describe_is(is))).collect();
            format!("{many} of `{read}` {list} have {}", tests.join(" and "))
        }
        Condition::Test { read, item, at, is } => {
            let item = item.as_ref().map(|item| format!(" member {}", item.id)).unwrap_or_default();
            let at = match at {
                At::Status => "status".to_owned(),
                At::Pointer(pointer) => pointer.clone(),
                At::Header(name) => format!("header {name}"),
                At::Count(pointer) => format!("count of {pointer}"),
                At::Field(list, field) => format!("{field} of all {list}"),
            };
            format!("`{read}`{item} {at} {}", describe_is(is))
        }
    }
}

fn join(inner: &[Condition], word: &str) -> String {
    match inner {
        [only] => describe_condition(only),
        several => several.iter().map(grouped).collect::<Vec<_>>().join(word),
    }
}

/// A part of a longer sentence: what joins several by itself stands in brackets, so that nobody has to know what binds
/// closer.
fn grouped(condition: &Condition) -> String {
    let says = describe_condition(condition);
    match condition {
        Condition::All(inner) | Condition::Any(inner) => match inner.as_slice() {
            [only] => grouped(only),
            _ => format!("({says})"),
        },
        _ => says,
    }
}

fn describe_is(is: &Is) -> String {
    let show = |draft: &Draft| draft.sketch().to_string();
    let set = |draft: &Draft| sketch_of_set(&draft.sketch());
    match is {
        Is::Equal(draft) => format!("= {}", show(draft)),
        Is::SameId(text) => format!("is the id {text}"),
        Is::OneOf(values) => {
            format!("is one of {}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        Is::AtLeast(draft) => format!("≥ {}", show(draft)),
        Is::AtMost(draft) => format!("≤ {}", show(draft)),
        Is::After(draft) => format!("after {}", show(draft)),
        Is::Absent => "is absent".to_owned(),
        Is::Present => "is present".to_owned(),
        Is::SameSet(draft) => format!("is exactly the set {}", set(draft)),
        Is::Includes(draft) => format!("includes {}", set(draft)),
    }
}

/// A set of many members is shown by its first few: nobody reads thousands of ids in a sentence.
fn sketch_of_set(set: &Value) -> String {
    match set.as_array() {
        Some(members) if members.len() > SET_MEMBERS_MAX => {
            let few: Vec<String> = members[..SET_MEMBERS_SHOWN].iter().map(ToString::to_string).collect();
            format!("[{}, … and {} more]", few.join(","), members.len() - SET_MEMBERS_SHOWN)
        }
        _ => set.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_set_is_shown_by_its_first_members() {
        let ids: Vec<u32> = (0..40).collect();
        assert_eq!(sketch_of_set(&json!(ids)), "[0,1,2, … and 37 more]");
        assert_eq!(sketch_of_set(&json!([1, 2])), "[1,2]");
    }
    use crate::step::ReadId;
    use serde_json::json;

    #[test]
    fn a_request_becomes_a_line_that_can_be_pasted() {
        let call = CallDraft::arm(
            Method::Post,
            "/x/failover?api-version=1",
            Some(json!({"why": "it's gone"}).into()),
        );
        assert_eq!(
            as_az_rest(&call),
            r#"az rest --method post --url 'https://management.azure.com/x/failover?api-version=1' --body '{"why":"it'\''s gone"}'"#
        );
    }

    #[test]
    fn what_belongs_together_stands_in_brackets() {
        let read = ReadId::new("a");
        let test = |at: &str| Condition::equal(&read, at, json!(1));
        let never = Condition::Never {
            seen: Box::new(Condition::All(vec![test("/a"), test("/b")])),
            why: "foreign".to_owned(),
        };
        let condition = Condition::Any(vec![Condition::All(vec![never, test("/c")]), test("/d")]);
        assert_eq!(
            describe_condition(&condition),
            "(never (`a` /a = 1 and `a` /b = 1) (foreign) and `a` /c = 1) or `a` /d = 1"
        );
    }

    #[test]
    fn a_condition_reads_as_a_sentence() {
        let alias = ReadId::new("alias@b");
        let condition = Condition::All(vec![
            Condition::equal(&alias, "/properties/role", "Primary"),
            Condition::test(
                &alias,
                "/properties/pendingReplicationOperationsCount",
                Is::Equal(json!(0).into()),
            ),
        ]);
        assert_eq!(
            describe_condition(&condition),
            r#"`alias@b` /properties/role = "Primary" and `alias@b` /properties/pendingReplicationOperationsCount = 0"#
        );
    }
}
