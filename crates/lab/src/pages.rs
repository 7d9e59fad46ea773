//! Pages: long lists are cut, and the link to the rest is given, whatever provider answers.

use std::ops::Range;

use lifeboat_arm::{Answer, Call, Method, next_link};
use serde_json::{Value, json};

/// Members of a page where a service says nothing else: what ARM gives of a subscription's resources at a time.
pub(crate) const PAGE: usize = 1000;

/// Which members of a list are on the page that is asked for. Those before and behind it need no words, only a place: a
/// list of thousands would be written in full for each of its pages.
pub(crate) fn window(token: &str, page: usize) -> Range<usize> {
    let skip = token.parse().unwrap_or(0);
    skip..skip.saturating_add(page)
}

/// The page of a list that this call asks for, with so many members at most. Everything else stays as it is.
pub(crate) fn cut(call: &Call, mut answer: Answer, page: usize) -> Answer {
    if call.method != Method::Get || answer.status != 200 {
        return answer;
    }
    let Some(object) = answer.body.as_object_mut() else { return answer };
    let Some(Value::Array(members)) = object.get_mut("value") else { return answer };
    let skip: usize = call.query("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
    if skip == 0 && members.len() <= page {
        return answer;
    }
    members.drain(..skip.min(members.len()));
    if members.len() > page {
        members.truncate(page);
        object.insert("nextLink".to_owned(), json!(next_link(call, skip + page)));
    }
    answer
}
