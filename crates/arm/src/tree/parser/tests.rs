use serde_json::{Value, json};

use super::*;

fn value(text: &str) -> Value {
    parse(text, false)
        .unwrap_or_else(|error| panic!("{text}: {} at {:?}", error.message, error.range))
        .to_value()
}

#[test]
fn reads_what_json_is() {
    let texts = [
        r#"{"a": [1, -2.5e3, 0, 1e400000, true, false, null, "", "x"], "b": {}, "c": []}"#,
        r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#,
        "[18446744073709551615, -9223372036854775808, 1.0, 0.1]",
    ];
    for text in texts {
        match serde_json::from_str::<Value>(text) {
            Ok(known) => assert_eq!(value(text), known, "{text}"),
            Err(_) => assert!(parse(text, false).is_err(), "{text}"),
        }
    }
}

#[test]
fn reads_what_azure_reads_besides() {
    let cases = [
        ("\u{feff}[1]", json!([1])),
        ("// one\n[1, /* two */ 2, ] // three", json!([1, 2])),
        ("[ /*/ one /*/ 2 /**/ ]", json!([2])),
        ("[ // one\r 2 ]", json!([2])),
        ("{\"a\": 1, /* ** */ }\n", json!({ "a": 1 })),
        ("\"two\nlines\tand a tab\"", json!("two\nlines\tand a tab")),
        ("\u{a0}1", json!(1)),
        // Half a pair of surrogates is no character.
        (r#""\ud800x\udc00\ud800\u0041""#, json!("\u{fffd}x\u{fffd}\u{fffd}A")),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(text), wanted, "{text}");
    }
}

#[test]
fn lenient_readers_take_single_quotes_and_bare_names() {
    let text = r#"{a: 'it\'s', 'b': '\'', _c$: "x"}"#;
    assert!(parse(text, false).is_err());
    assert_eq!(parse(text, true).unwrap().to_value(), json!({ "a": "it's", "b": "'", "_c$": "x" }));
}

#[test]
fn says_what_is_wrong_and_where() {
    let cases = [
        ("", "the file is empty", ""),
        (
            "[oops]",
            "expected a value: an object, a list, a string in double quotes, a number, `true`, `false` or `null`",
            "oops",
        ),
        (
            "[truely]",
            "expected a value: an object, a list, a string in double quotes, a number, `true`, `false` or `null`",
            "truely",
        ),
        ("['a']", "strings stand in double quotes", "'"),
        ("[1 2]", "expected `,` or `]`", "2"),
        ("[1", "this `[` is never closed", "["),
        ("{\"a\": {\"b\": 1, ", "this `{` is never closed", "{"),
        ("{\"a\": ", "expected a value, but the file ends", ""),
        ("{a: 1}", "expected a name in double quotes", "a"),
        ("{\"a\" 1}", "expected `:` and a value behind this name", "\"a\""),
        ("{\"a\": 1} {}", "a file holds one value, and it ends before this", "{"),
        ("[0x1F]", "this is not a number", "0x1F"),
        (
            "[+1]",
            "expected a value: an object, a list, a string in double quotes, a number, `true`, `false` or `null`",
            "+",
        ),
        ("[1-2]", "this is not a number", "1-2"),
        ("[01]", "this is not a number", "01"),
        ("[\"a]", "this string has no closing quote", "\""),
        ("[\"C:\\dir\"]", "unknown escape: a backslash itself is written `\\\\`", "\\d"),
        ("[\"\\u12\"]", "`\\u` needs four hexadecimal digits", "\\u12\"]"),
        ("[1, /* x", "this comment is never closed", "/*"),
        ("[/]", "expected a value or a comment", "/"),
        ("[\"\\", "unknown escape: a backslash itself is written `\\\\`", "\\"),
        ("[\"\\\u{e9}\"]", "unknown escape: a backslash itself is written `\\\\`", "\\\u{e9}"),
    ];
    for (text, message, marked) in cases {
        let found = parse(text, false).unwrap_err();
        assert_eq!((&*found.message, &text[found.range.clone()]), (message, marked), "{text}");
    }
}

/// Whatever is cut off or put in: an answer, with a place inside of the text.
#[test]
fn no_text_stops_it() {
    let text =
        "\u{feff}{ // c\n \"k\\u00e9\": [1, -2.5e3, 'x', \"a\\ud83d\\ude00\nb\", true, nul, {} ], /* é */ }";
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    for lenient in [false, true] {
        for &at in &ends {
            for more in ["", "\"", "\\", "{", "]", "\u{e9}", "0", "u12", "/*"] {
                for whole in
                    [format!("{}{more}", &text[..at]), format!("{}{more}{}", &text[..at], &text[at..])]
                {
                    if let Err(error) = parse(&whole, lenient) {
                        assert!(whole.get(error.range.clone()).is_some(), "{whole}: {:?}", error.range);
                    }
                }
            }
        }
    }
}

#[test]
fn names_are_shared() {
    let tree = parse(r#"[{"type": 1, "name": 2}, {"type": 3, "name": 4}]"#, false).unwrap();
    let [one, two] = tree.elements().unwrap() else { panic!("two objects") };
    assert!(Arc::ptr_eq(&one.member("type").unwrap().key, &two.member("type").unwrap().key));
}
