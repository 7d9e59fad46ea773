//! Positions in text as .NET counts them, in units of UTF-16: a character beyond the first 65,536 is two.

use std::borrow::Cow;

/// The length of a text.
pub(crate) fn count(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What stands before a position and what behind it; one that the text does not have is its end. Half a character becomes
/// the replacement character: it could not be written.
pub(super) fn split(text: &str, at: usize) -> (Cow<'_, str>, Cow<'_, str>) {
    let mut units = 0;
    for (place, character) in text.char_indices() {
        let behind = place + character.len_utf8();
        if units == at {
            return (text[..place].into(), text[place..].into());
        }
        units += character.len_utf16();
        if units > at {
            let half = char::REPLACEMENT_CHARACTER;
            return (format!("{}{half}", &text[..place]).into(), format!("{half}{}", &text[behind..]).into());
        }
    }
    (text.into(), "".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_units() {
        let cases = [
            ("abc", 0, "", "abc"),
            ("abc", 2, "ab", "c"),
            ("abc", 9, "abc", ""),
            ("ä😀b", 1, "ä", "😀b"),
            ("ä😀b", 2, "ä\u{fffd}", "\u{fffd}b"),
            ("ä😀b", 3, "ä😀", "b"),
            ("😀", 1, "\u{fffd}", "\u{fffd}"),
            ("", 0, "", ""),
        ];
        for (text, at, before, behind) in cases {
            let (one, other) = split(text, at);
            assert_eq!((&*one, &*other), (before, behind), "{text} at {at}");
        }
        assert_eq!(count("ä😀b"), 4);
    }
}
