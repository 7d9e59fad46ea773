//! Lists that come in pages: a list is complete, or it is not known.
//!
//! ARM ends a page with `nextLink`, an absolute URL to be followed as it is; absent, null or empty it is the last page, and
//! a page may be empty and still have a link (`azure/arm.md`, "GET list"). Whoever sends requests gathers the pages, so that
//! conditions and rules never see half a list.

use serde_json::Value;

use crate::call::{Answer, Call, Target};

/// More pages than any list has: a link that leads in a circle ends here.
const PAGES_MAX: usize = 10_000;

/// A list on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Pages {
    call: Call,
    members: Vec<Value>,
    taken: usize,
}

/// What follows from a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Paged {
    /// There is more: this is the next request.
    More(Call),
    /// All of it, in one answer; or what is no list, or the answer that kept the rest away.
    All(Answer),
}

impl Pages {
    /// Nothing of the list that this call asks for.
    pub fn of(call: Call) -> Self {
        Self { call, members: Vec::new(), taken: 0 }
    }

    /// Takes a page in. A page that is refused makes the whole list that refusal: half a list is none.
    pub fn take(&mut self, mut answer: Answer) -> Paged {
        let link = answer.body.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty());
        let next = link.filter(|_| answer.status == 200).map(|link| self.follow(link));
        let first = self.taken == 0;
        self.taken += 1;
        if first && next.is_none() {
            return Paged::All(answer);
        }
        if answer.status != 200 {
            return Paged::All(answer);
        }
        if let Some(Value::Array(page)) = answer.body.get_mut("value") {
            self.members.append(page);
        }
        match next {
            Some(next) if self.taken < PAGES_MAX => Paged::More(next),
            Some(_) => Paged::All(Answer::new(508, Value::Null)),
            None => {
                answer.body = serde_json::json!({ "value": std::mem::take(&mut self.members) });
                Paged::All(answer)
            }
        }
    }

    /// The link as a call, to where the first page came from.
    fn follow(&self, link: &str) -> Call {
        let path =
            link.split_once("://").map_or(link, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        Call { path: path.to_owned(), ..self.call.clone() }
    }
}

/// The link to the page of `call` that begins behind `skip` members, as ARM writes it.
pub fn next_link(call: &Call, skip: usize) -> String {
    let host = match &call.target {
        Target::Arm => "management.azure.com",
        Target::Host(host) => host,
    };
    let kept = call.path.split_once('?').map_or("", |(_, query)| query).split('&');
    let kept: Vec<&str> = kept
        .filter(|pair| !pair.is_empty() && !pair.to_ascii_lowercase().starts_with("$skiptoken="))
        .collect();
    let token = format!("$skiptoken={skip}");
    let query = kept.into_iter().chain([token.as_str()]).collect::<Vec<_>>().join("&");
    format!("https://{host}{}?{query}", call.path_only())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::Method;

    fn call() -> Call {
        Call::arm(Method::Get, "/subscriptions/s/x?api-version=1", None)
    }

    fn page(members: &[u32], skip: Option<usize>) -> Answer {
        Answer::new(200, json!({ "value": members, "nextLink": skip.map(|skip| next_link(&call(), skip)) }))
    }

    #[test]
    fn pages_make_one_list_and_empty_ones_do_not_end_it() {
        let mut pages = Pages::of(call());
        let Paged::More(second) = pages.take(page(&[1, 2], Some(2))) else { panic!() };
        assert_eq!(second.path, "/subscriptions/s/x?api-version=1&$skiptoken=2");
        let Paged::More(third) = pages.take(page(&[], Some(4))) else { panic!() };
        assert_eq!(third.path, "/subscriptions/s/x?api-version=1&$skiptoken=4");
        let Paged::All(all) = pages.take(page(&[3], None)) else { panic!() };
        assert_eq!(all.body, json!({ "value": [1, 2, 3] }));
    }

    #[test]
    fn half_a_list_is_none() {
        let mut pages = Pages::of(call());
        pages.take(page(&[1], Some(1)));
        let refused = Answer::new(503, Value::Null);
        assert_eq!(pages.take(refused.clone()), Paged::All(refused));
    }

    #[test]
    fn what_is_one_page_or_no_list_stays_as_it_is() {
        for body in [
            json!({ "value": [1], "nextLink": null }),
            json!({ "value": [], "nextLink": "" }),
            json!({ "id": 1 }),
        ] {
            let answer = Answer::new(200, body);
            assert_eq!(Pages::of(call()).take(answer.clone()), Paged::All(answer));
        }
    }

    #[test]
    fn a_link_that_leads_in_a_circle_ends() {
        let mut pages = Pages::of(call());
        let last = std::iter::repeat_with(|| pages.take(page(&[1], Some(1))))
            .find_map(|paged| if let Paged::All(answer) = paged { Some(answer) } else { None });
        assert_eq!(last.unwrap().status, 508);
    }
}
