//! URIs, as .NET combines and escapes them.

use std::fmt::Write as _;
use std::rc::Rc;

use super::fault::Outcome;
use super::functions::{bad, record, want_object, want_string};
use super::value::Value;

/// `uri(base, relative)`. A base without a scheme is taken as a path, so that templates on disk can link.
pub(crate) fn combine(base: &str, relative: &str) -> String {
    if relative.contains("://") {
        return relative.to_owned();
    }
    let base = base.split(['?', '#']).next().unwrap_or(base);
    let authority = base.find("://").map_or(0, |at| {
        let host = at + 3;
        base[host..].find('/').map_or(base.len(), |slash| host + slash)
    });
    let (root, path) = base.split_at(authority);
    let joined = if relative.starts_with('/') {
        relative.to_owned()
    } else {
        let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
        let folder = if folder.is_empty() && authority > 0 { "/" } else { folder };
        format!("{folder}{relative}")
    };
    let (joined, query) = joined.split_at(joined.find(['?', '#']).unwrap_or(joined.len()));
    let mut segments: Vec<&str> = Vec::new();
    for segment in joined.split('/') {
        match segment {
            "." => {}
            ".." if segments.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                segments.pop();
            }
            ".." if authority > 0 => {}
            other => segments.push(other),
        }
    }
    format!("{root}{}{query}", segments.join("/"))
}

/// `uriComponent`: everything but letters, digits and `-_.~` becomes `%XX`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    escaped
}

/// `uriComponentToString`.
pub(crate) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
                at += 3;
            }
            (byte, _, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// `parseUri(text)`: scheme and host, and of port, path and query what the text has: without a port it is null, and the path of
/// a mere host and an empty query are left away.
pub(crate) fn parse(values: &[Value]) -> Outcome {
    let text = want_string(values, 0)?;
    let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("the URI has no scheme"))?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let address = authority.rsplit('@').next().unwrap_or_default();
    // an address of IPv6 stands in brackets and has colons of its own
    let colon = address.rfind(':').filter(|at| !address[*at..].contains(']'));
    let (host, port) = colon.map_or((address, None), |at| (&address[..at], Some(&address[at + 1..])));
    if host.is_empty() {
        return Err(bad("the URI has no host"));
    }
    let mut parts = vec![
        ("scheme", Value::string(scheme.to_ascii_lowercase())),
        ("host", Value::string(host.to_ascii_lowercase())),
    ];
    let port = match port {
        Some(port) => Value::Int(port.parse().map_err(|_error| bad("the port is no number"))?),
        None => Value::Null,
    };
    parts.push(("port", port));
    let others = [("path", path, "/"), ("query", query, "?")];
    parts.extend(
        others
            .into_iter()
            .filter(|(_, text, empty)| !text.is_empty() && text != empty)
            .map(|(key, text, _)| (key, Value::string(text))),
    );
    record(parts)
}

/// `buildUri(parts)`: the way back.
pub(crate) fn build(values: &[Value]) -> Outcome {
    let parts = want_object(values, 0)?;
    let text = |key: &str| parts.get(key).and_then(Value::as_str).map(Rc::<str>::from);
    let (Some(scheme), Some(host)) = (text("scheme"), text("host")) else {
        return Err(bad("`scheme` and `host` are needed"));
    };
    let port = match parts.get("port") {
        Some(Value::Int(port)) => format!(":{port}"),
        _ => String::new(),
    };
    let path = text("path").unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    let query = text("query").unwrap_or_default();
    let mark = if query.is_empty() || query.starts_with('?') { "" } else { "?" };
    Ok(Value::string(format!("{scheme}://{host}{port}{slash}{path}{mark}{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart() {
        let cases = [
            ("https://a.b", "{'scheme':'https','host':'a.b','port':null}"),
            ("https://a.b/?", "{'scheme':'https','host':'a.b','port':null}"),
            (
                "https://a.b/c?d=e&f",
                "{'scheme':'https','host':'a.b','port':null,'path':'/c','query':'?d=e&f'}",
            ),
            ("HTTP://A.b:80/C?d#e", "{'scheme':'http','host':'a.b','port':80,'path':'/C','query':'?d'}"),
            ("https://me:word@a.b:8080/", "{'scheme':'https','host':'a.b','port':8080}"),
            ("https://[::1]:443/x", "{'scheme':'https','host':'[::1]','port':443,'path':'/x'}"),
            ("https://[::1]/x", "{'scheme':'https','host':'[::1]','port':null,'path':'/x'}"),
        ];
        for (text, expected) in cases {
            let mut shown = String::new();
            let parts = parse(&[Value::string(text)]).unwrap();
            super::super::functions::string::push_json(&mut shown, &parts, '\'');
            assert_eq!(shown, expected);
        }
        for text in ["a.b/c", "https://", "https:///x", "https://a:b/", "https://a:99999999999999999999/"] {
            assert!(parse(&[Value::string(text)]).is_err(), "{text}");
        }
    }

    #[test]
    fn combines() {
        let cases = [
            ("http://a.b/c/d.json", "e.json", "http://a.b/c/e.json"),
            ("http://a.b/c/d.json?sas=1", "../e.json", "http://a.b/e.json"),
            ("https://a.b", "e", "https://a.b/e"),
            ("infra/main.json", "nested/x.json", "infra/nested/x.json"),
            ("main.json", "x.json", "x.json"),
            ("/abs/main.json", "../x.json", "/x.json"),
            ("http://a.b/c", "https://x/y", "https://x/y"),
        ];
        for (base, relative, expected) in cases {
            assert_eq!(combine(base, relative), expected);
        }
    }
}
