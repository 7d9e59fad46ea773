//! What is said of a template: messages and hints quote values, and a value may be made of a secret.

use super::spelled::Secrets;
use super::{Expansion, VEIL};
use crate::template::Diagnostic;

/// Stands for a message of which nobody can tell what is made of a secret.
const ALL_SECRET: &str = "what is wrong depends on a secure value, and is not shown";

/// Covers what messages and hints of an expansion quote of secrets, by what is said of it with other ones.
pub(super) fn cover_messages(
    expansion: &mut Expansion,
    plain: &Expansion,
    varied: &Expansion,
    secrets: &Secrets,
) {
    for found in &mut expansion.diagnostics {
        let Some(at) = place_of(found, &plain.diagnostics) else {
            // It comes of what is not compared: a file that was not found, say.
            secrets.hide_in_message(found);
            continue;
        };
        let Some(other) = counterpart(&plain.diagnostics, &varied.diagnostics, at) else {
            ALL_SECRET.clone_into(&mut found.message);
            found.hint = None;
            continue;
        };
        found.message = without_differences(&found.message, &other.message);
        let hint = other.hint.as_deref().unwrap_or_default();
        found.hint = found.hint.as_deref().map(|own| without_differences(own, hint));
    }
}

/// Where the same is said of the template with everything that it links to: its pointers begin further out.
fn place_of(found: &Diagnostic, plain: &[Diagnostic]) -> Option<usize> {
    plain.iter().position(|one| {
        one.code == found.code && one.message == found.message && one.pointer.ends_with(&found.pointer)
    })
}

/// What is said in the same place when secrets are others. Texts are as long as before, so the order is mostly the same.
fn counterpart<'d>(plain: &[Diagnostic], varied: &'d [Diagnostic], at: usize) -> Option<&'d Diagnostic> {
    let is_same = |other: &&Diagnostic| other.code == plain[at].code && other.pointer == plain[at].pointer;
    let nth = plain[..at].iter().filter(|one| is_same(one)).count();
    varied.iter().filter(is_same).nth(nth)
}

/// The text with a veil over what differs: quoted values, of paths their parts, and words that are not quoted.
fn without_differences(own: &str, other: &str) -> String {
    if own == other {
        return own.to_owned();
    }
    let pieces = |quoted: usize| if quoted % 2 == 1 { '/' } else { ' ' };
    let covered = covered(own, other, '`', |at, own, other| {
        covered(own, other, pieces(at), |_, _, _| Some(VEIL.to_owned()))
            .or_else(|| (at % 2 == 1).then(|| VEIL.to_owned()))
    });
    covered.unwrap_or_else(|| ALL_SECRET.to_owned())
}

/// The pieces of a text between a sign; those that differ as `cover` makes them. Nothing if there are more of them or fewer.
fn covered(
    own: &str,
    other: &str,
    sign: char,
    cover: impl Fn(usize, &str, &str) -> Option<String>,
) -> Option<String> {
    let [mine, others] = [own, other].map(|text| text.split(sign).collect::<Vec<_>>());
    if mine.len() != others.len() {
        return None;
    }
    let pairs = mine.iter().zip(&others).enumerate();
    let pieces: Option<Vec<String>> = pairs
        .map(|(at, (own, other))| if own == other { Some((*own).to_owned()) } else { cover(at, own, other) })
        .collect();
    Some(pieces?.join(&sign.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_covered_and_the_rest_is_said() {
        for (own, other, wanted) in [
            ("`abc` is no int", "`bcd` is no int", format!("`{VEIL}` is no int")),
            ("the `key` of `a b/c`", "the `key` of `b c/d`", format!("the `key` of `{VEIL}/{VEIL}`")),
            ("`/x/abc/y` is not there", "`/x/bcd/y` is not there", format!("`/x/{VEIL}/y` is not there")),
            ("`YWI/` is no int", "`YmMx` is no int", format!("`{VEIL}` is no int")),
            ("it is 12, not 13", "it is 13, not 13", format!("it is {VEIL} not 13")),
            ("a `b` c", "a c", ALL_SECRET.to_owned()),
            ("a secret", "a se cret", ALL_SECRET.to_owned()),
            ("the `same`", "the `same`", "the `same`".to_owned()),
        ] {
            assert_eq!(without_differences(own, other), wanted);
        }
    }
}
