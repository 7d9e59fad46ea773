//! Other secrets of the same kind, for a second expansion to compare the first one with.

use serde_json::{Number, Value as Json};

use super::places::is_computed;

/// Where a value stands: what is given is taken as it is, what a template holds may be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Given,
    InTemplate,
}

impl Stands {
    /// Where the value stands that a pointer into `{template, parameters}` leads to.
    pub(super) fn of(at: &str) -> Self {
        if at.starts_with("/template/") { Self::InTemplate } else { Self::Given }
    }

    /// Whether a value is an expression: it tells what a secret is made of, and is none.
    pub(super) fn is_computed(self, value: &Json) -> bool {
        self == Self::InTemplate && is_computed(value)
    }
}

/// How much of a secret becomes another one. A truth or a number often decides what there is; then there is nothing to compare
/// with, unless they stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Much {
    Texts,
    Numbers,
    All,
}

impl Much {
    /// What is tried, most first.
    pub(super) const EACH: [Self; 3] = [Self::All, Self::Numbers, Self::Texts];
}

/// Another value of the same length and of the same kinds of characters: what a template demands of it still holds.
pub(super) fn vary(value: &mut Json, stands: Stands, much: Much) {
    if stands.is_computed(value) {
        return;
    }
    match value {
        Json::String(text) => *text = other_text(text),
        Json::Number(number) if much >= Much::Numbers => *number = other_number(number),
        Json::Bool(truth) if much >= Much::All => *truth = !*truth,
        Json::Array(items) => items.iter_mut().for_each(|item| vary(item, stands, much)),
        Json::Object(members) => members.values_mut().for_each(|member| vary(member, stands, much)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn other_text(text: &str) -> String {
    let other: String = text.chars().map(another).collect();
    if other != text {
        return other;
    }
    // Nothing but signs: one of them becomes another one.
    text.replacen(|_| true, if text.starts_with('#') { "%" } else { "#" }, 1)
}

fn another(c: char) -> char {
    let next = |first: u8, last: u8, c: u8| char::from(if c == last { first } else { c + 1 });
    match u8::try_from(c) {
        Ok(c @ b'a'..=b'z') => next(b'a', b'z', c),
        Ok(c @ b'A'..=b'Z') => next(b'A', b'Z', c),
        Ok(c @ b'0'..=b'9') => next(b'0', b'9', c),
        _ => c,
    }
}

fn other_number(number: &Number) -> Number {
    let signed = number.as_i64().map(|number| number.checked_add(1).unwrap_or(i64::MAX - 1).into());
    // The engine takes what is beyond the range of ints as a float, and one more may be the same float.
    let other = |number: f64| if number.abs() < 1.0 { number + 1.0 } else { number / 2.0 };
    let other = || number.as_f64().and_then(|number| Number::from_f64(other(number)));
    signed.or_else(other).unwrap_or_else(|| number.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_scalar_becomes_another_of_its_kind() {
        for (value, wanted) in [
            (json!("Az9-"), json!("Ba0-")),
            (json!("--"), json!("#-")),
            (json!("#"), json!("%")),
            (json!(1), json!(2)),
            (json!(i64::MAX), json!(i64::MAX - 1)),
            (json!(2.5), json!(1.25)),
            (json!(0.5), json!(1.5)),
            (json!(u64::MAX), json!(9_223_372_036_854_775_808.0)),
            (json!(true), json!(false)),
            (json!({ "a": [null, "b"] }), json!({ "a": [null, "c"] })),
        ] {
            let mut varied = value.clone();
            vary(&mut varied, Stands::Given, Much::All);
            assert_eq!(varied, wanted);
            assert_ne!(varied, value);
        }
    }

    #[test]
    fn an_expression_is_one_only_in_a_template() {
        for (stands, wanted) in [(Stands::Given, "[b]"), (Stands::InTemplate, "[a]")] {
            let mut value = json!(["[a]", "[[a]", "[a"]);
            vary(&mut value, stands, Much::All);
            assert_eq!(value, json!([wanted, "[[b]", "[b"]));
        }
    }

    #[test]
    fn what_may_decide_stays_if_it_must() {
        let value = json!([true, 1, "a"]);
        for (much, wanted) in [
            (Much::All, json!([false, 2, "b"])),
            (Much::Numbers, json!([true, 2, "b"])),
            (Much::Texts, json!([true, 1, "b"])),
        ] {
            let mut varied = value.clone();
            vary(&mut varied, Stands::Given, much);
            assert_eq!(varied, wanted);
        }
    }
}
