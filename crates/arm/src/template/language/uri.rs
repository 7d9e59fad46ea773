//! URIs, as .NET combines and escapes them.

use std::fmt::Write as _;
use std::rc::Rc;

use super::fault::Outcome;
use super::functions::{bad, record, want_object, want_string};
use super::value::Value;

/// `uri(base, relative)`. A base without a scheme is taken as a path, so that templates on disk can link.
pub(crate) fn combine(base: &str, relative: &str) -> String {
    if has_scheme(relative) {
        return relative.to_owned();
    }
    let base = base.split('#').next().unwrap_or(base);
    let authority = base.find("://").map_or(0, |at| {
        let host = at + 3;
        base[host..].find(['/', '?']).map_or(base.len(), |slash| host + slash)
    });
    let (root, rest) = base.split_at(authority);
    if authority > 0 && relative.starts_with("//") {
        let scheme = root.split("//").next().unwrap_or_default();
        return format!("{scheme}{relative}");
    }
    let (path, old_query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let path = if path.is_empty() && authority > 0 { "/" } else { path };
    let (relative, query) = relative.split_at(relative.find(['?', '#']).unwrap_or(relative.len()));
    let (joined, kept_query) = match relative {
        // a query or a fragment alone belongs to the base itself
        "" if query.starts_with('?') => (path.to_owned(), ""),
        "" => (path.to_owned(), old_query),
        _ if relative.starts_with('/') => (relative.to_owned(), ""),
        _ => (format!("{}{relative}", path.rfind('/').map_or("", |slash| &path[..=slash])), ""),
    };
    format!("{}{}{kept_query}{query}", plain_root(root), without_dots(&joined, authority > 0))
}

/// Whether a text is a URI of its own: `://` in its query does not make it one.
fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Scheme and host as .NET writes them: in small letters, without the port that the scheme has anyway.
fn plain_root(root: &str) -> String {
    let Some((scheme, authority)) = root.split_once("://") else { return root.to_owned() };
    let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let port = match &*scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return format!("{scheme}://{user}{host}"),
    };
    format!("{scheme}://{user}{}", host.strip_suffix(port).unwrap_or(&host))
}

/// A path with its `.` and `..` followed; those that lead above the root of a host are dropped. A last one names a folder,
/// and leaves its slash.
fn without_dots(path: &str, has_root: bool) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for segment in path.split('/') {
        is_folder = true;
        match segment {
            "." => {}
            ".." if segments.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                segments.pop();
            }
            ".." if has_root => {}
            other => {
                segments.push(other);
                is_folder = false;
            }
        }
    }
    if is_folder && !segments.is_empty() {
        segments.push("");
    }
    segments.join("/")
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
            ("https://a.b/c/d.json?sas=1", "e.json?u=https://x/y", "https://a.b/c/e.json?u=https://x/y"),
            ("https://a.b/c/d.json", "?y=2", "https://a.b/c/d.json?y=2"),
            ("https://a.b/c/d.json?x=1", "#f", "https://a.b/c/d.json?x=1#f"),
            ("https://a.b/c/d", "", "https://a.b/c/d"),
            ("https://a.b", "", "https://a.b/"),
            ("https://a.b/c/d", "//x.y/z", "https://x.y/z"),
            ("https://a.b/c/", "../../x", "https://a.b/x"),
            ("https://a.b/c/", "./x/./y/../z", "https://a.b/c/x/z"),
            ("HTTPS://A.B/C/d", "E", "https://a.b/C/E"),
            ("https://Me:Word@A.B:443/c", "d", "https://Me:Word@a.b/d"),
            ("http://a.b:443/c", "d", "http://a.b:443/d"),
            ("HTTPS://me@A.B", "c", "https://me@a.b/c"),
            ("FTP://me@A.B:443/", "c", "ftp://me@a.b:443/c"),
            ("https://a.b/c/d", ".", "https://a.b/c/"),
            ("https://a.b/c/d", "..", "https://a.b/"),
            ("https://a.b/c/d", "../..", "https://a.b/"),
            ("https://a.b/c/d", "e/..?f=1", "https://a.b/c/?f=1"),
            ("infra/nested/main.json", "..", "infra/"),
        ];
        for (base, relative, expected) in cases {
            assert_eq!(combine(base, relative), expected);
        }
    }
}
