use super::*;

fn formatted(pattern: &str, value: Value) -> String {
    let result = format(&[Value::string(pattern), value]);
    result.map_or_else(|fault| format!("!{}", fault.code), |text| text.as_str().unwrap().to_owned())
}

#[test]
fn integers() {
    let cases = [
        ("{0:D3}", 7, "007"),
        ("{0:d4}", -7, "-0007"),
        ("{0:000}", 7, "007"),
        ("{0:N0}", -8_175_133, "-8,175,133"),
        ("{0:N}", 1234, "1,234.00"),
        ("{0:n1}", 1_234_567, "1,234,567.0"),
        ("{0:F}", 12, "12.00"),
        ("{0:P}", 1, "100.00 %"),
        ("{0:P0}", -12, "-1,200 %"),
        ("{0:C}", 1234, "¤1,234.00"),
        ("{0:C0}", -5, "(¤5)"),
        ("{0:E2}", 12345, "1.23E+004"),
        ("{0:e}", 0, "0.000000e+000"),
        ("{0:G}", 12345, "12345"),
        ("{0:G2}", 12345, "1.2E+04"),
        ("{0:X4}", 255, "00FF"),
        ("{0:x}", -1, "ffffffffffffffff"),
        ("[{0,4}|{0,-4}]", 12, "[  12|12  ]"),
        ("[{0 , 4 :D3}]", 7, "[ 007]"),
        ("{{{0}}}", 1, "{1}"),
        ("{0:#,##0}", 1234, "1,234"),
        ("{0:#,##0.00}", -1234, "-1,234.00"),
        ("{0:#}", 0, ""),
        ("{0:0.##}", 5, "5"),
        ("{0:00-00}", 1234, "12-34"),
        ("{0:(###) ###-####}", 5_551_234_567, "(555) 123-4567"),
        ("{0:00-00}", 123_456, "1234-56"),
        ("{0:#,#}", 1_234_567, "1,234,567"),
        ("{0:#,#}", 0, ""),
        ("{0:0 'items'}", 3, "3 items"),
        ("{0:0;minus 0;none}", -3, "minus 3"),
        ("{0:0;minus 0;none}", 0, "none"),
        ("{0:0%}", 2, "200%"),
        ("{1}", 1, "!function-arguments"),
        ("{", 1, "!function-arguments"),
        ("}", 1, "!function-arguments"),
        ("{x}", 1, "!function-arguments"),
        ("{0:Q}", 1, "!function-arguments"),
        ("{0,x}", 1, "!function-arguments"),
    ];
    for (pattern, value, expected) in cases {
        assert_eq!(formatted(pattern, Value::Int(value)), expected, "{pattern}");
    }
}

#[test]
fn floats() {
    let cases = [
        ("{0}", 2.5, "2.5"),
        ("{0:F1}", 2.25, "2.3"),
        ("{0:F0}", 9.5, "10"),
        ("{0:F2}", -0.001, "0.00"),
        ("{0:N2}", 1_234_567.891, "1,234,567.89"),
        ("{0:P1}", 0.1234, "12.3 %"),
        ("{0:E3}", 0.000_012_344, "1.234E-005"),
        ("{0:G3}", 1234.5, "1.23E+03"),
        ("{0:G3}", 0.5, "0.5"),
        ("{0:0.00}", 3.14499, "3.14"),
        ("{0:#.##}", 0.5, ".5"),
        ("{0:00.0#}", 3.14499, "03.14"),
        ("{0:D2}", 1.5, "!function-arguments"),
    ];
    for (pattern, value, expected) in cases {
        assert_eq!(formatted(pattern, Value::Float(value)), expected, "{pattern}");
    }
}

#[test]
fn other_values_ignore_the_specifier() {
    assert_eq!(formatted("{0,-6}|", Value::string("ab")), "ab    |");
    assert_eq!(formatted("{0:N2}", Value::Bool(true)), "True");
    assert_eq!(formatted("[{0}]", Value::Null), "[]");
    assert_eq!(format(&[Value::string("plain")]).unwrap().as_str(), Some("plain"));
}
