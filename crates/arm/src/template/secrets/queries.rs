//! Addresses may bring their own key, as a query: `…/nested.json?sig=…`.

/// The text with the values of every query covered, as in `…/nested.json?sig=******`: the address of a linked template
/// often brings its own key. Lengths stay as they are.
pub fn cover_queries(text: &str) -> String {
    let mut covered = String::with_capacity(text.len());
    let (mut in_query, mut in_value) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '?' if !in_query => (in_query, in_value) = (begins_query(&text[at + 1..]), false),
            '"' | '\'' | '`' => in_query = false,
            _ if c.is_whitespace() => in_query = false,
            '&' => in_value = false,
            '=' if in_query && !in_value => {
                in_value = true;
                covered.push(c);
                continue;
            }
            _ => {}
        }
        covered.push(if in_query && in_value { cover(c) } else { c });
    }
    covered
}

/// Whether a key and an equals sign follow, as no sentence's question mark has them.
fn begins_query(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.$".contains(c));
    end.is_some_and(|end| end > 0 && rest[end..].starts_with('='))
}

/// A sign that takes as many bytes as what it covers.
fn cover(c: char) -> char {
    match c.len_utf8() {
        1 => '*',
        2 => '·',
        3 => '•',
        _ => '🁢',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_only_its_keys_are_seen() {
        for (text, wanted) in [
            (
                r#"{ "uri": "https://x/n.json?sv=20&sig=aé/b=" }, "name": "n=1""#,
                r#"{ "uri": "https://x/n.json?sv=**&sig=*·***" }, "name": "n=1""#,
            ),
            ("[concat(a, 'n.json?sig=abc', b)]", "[concat(a, 'n.json?sig=***', b)]"),
            ("is it so? a=b", "is it so? a=b"),
            ("[if(a, '?', 'x=y')]", "[if(a, '?', 'x=y')]"),
        ] {
            assert_eq!(cover_queries(text), wanted);
            assert_eq!(cover_queries(text).len(), text.len());
        }
    }
}
