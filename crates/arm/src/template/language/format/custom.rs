//! Patterns of places: `000`, `#,##0.00`, `0.0 %`, with a part for negative numbers and one for zero.

use super::Decimal;

/// A number in a pattern. `0` is a place that is always filled, `#` one that is filled where there is a digit.
pub(super) fn number(value: &Decimal, pattern: &str) -> String {
    let parts = sections(pattern);
    let is_zero = value.rounded(places_of(parts[0])).text(false).bytes().all(|byte| b"0.".contains(&byte));
    let (part, own_sign) = match (parts.as_slice(), value.is_negative()) {
        ([_, _, zero, ..], _) if is_zero => (*zero, true),
        ([_, negative, ..], true) if !negative.is_empty() => (*negative, true),
        _ => (parts[0], false),
    };
    let text = section(value, part);
    if value.is_negative() && !own_sign && !is_zero { format!("-{text}") } else { text }
}

/// The parts between the semicolons that stand outside of quotes.
fn sections(pattern: &str) -> Vec<&str> {
    let (mut quote, mut escaped) = (None, false);
    let ends = move |letter: char| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match (letter, quote) {
            ('\\', _) => escaped = true,
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (';', None) => return true,
            _ => {}
        }
        false
    };
    pattern.split(ends).collect()
}

enum Piece {
    Place(char),
    Point,
    Text(char),
}

/// A pattern taken apart: its places, and whether it groups and how often it multiplies by a hundred.
fn pieces(pattern: &str) -> (Vec<Piece>, bool, usize) {
    let (mut pieces, mut groups, mut percents) = (Vec::new(), false, 0);
    let mut letters = pattern.chars().peekable();
    let mut has_point = false;
    while let Some(letter) = letters.next() {
        match letter {
            '0' | '#' => pieces.push(Piece::Place(letter)),
            '.' if has_point => {}
            '.' => {
                has_point = true;
                pieces.push(Piece::Point);
            }
            ',' => {
                let between = pieces.iter().any(|piece| matches!(piece, Piece::Place(_)));
                groups |= between && matches!(letters.peek(), Some('0' | '#' | ','));
            }
            '%' => {
                percents += 1;
                pieces.push(Piece::Text('%'));
            }
            '\\' => pieces.extend(letters.next().map(Piece::Text)),
            '\'' | '"' => {
                pieces.extend(letters.by_ref().take_while(|other| *other != letter).map(Piece::Text));
            }
            other => pieces.push(Piece::Text(other)),
        }
    }
    (pieces, groups, percents)
}

fn places_of(pattern: &str) -> usize {
    let (pieces, ..) = pieces(pattern);
    pieces.iter().skip_while(|piece| !matches!(piece, Piece::Point)).filter(|piece| is_place(piece)).count()
}

fn is_place(piece: &Piece) -> bool {
    matches!(piece, Piece::Place(_))
}

fn section(value: &Decimal, pattern: &str) -> String {
    let (pieces, groups, percents) = pieces(pattern);
    let mut scaled = value.rounded(value.fraction.len());
    for _ in 0..percents.min(4) {
        scaled = scaled.times_hundred();
    }
    let rounded = scaled.rounded(places_of(pattern));
    let point = pieces.iter().position(|piece| matches!(piece, Piece::Point)).unwrap_or(pieces.len());
    let (before, behind) = pieces.split_at(point);
    let zeros = before.iter().skip_while(|piece| !matches!(piece, Piece::Place('0')));
    let least = zeros.filter(|piece| is_place(piece)).count();
    let whole = rounded.whole.trim_start_matches('0');
    let mut text = String::new();
    push_whole(&mut text, before, &format!("{whole:0>least$}"), groups);
    push_fraction(&mut text, behind, &rounded.fraction);
    text
}

/// The places before the point, filled from the right; what has no place of its own stands at the first.
fn push_whole(text: &mut String, before: &[Piece], digits: &str, groups: bool) {
    let mut places = before.iter().filter(|piece| is_place(piece)).count();
    let mut left = digits.len();
    let mut is_first = true;
    for piece in before {
        match piece {
            Piece::Place(_) => {
                places -= 1;
                while left > places && (is_first || left == places + 1) {
                    text.push_str(&digits[digits.len() - left..=digits.len() - left]);
                    left -= 1;
                    if groups && left > 0 && left.is_multiple_of(3) {
                        text.push(',');
                    }
                }
                is_first = false;
            }
            Piece::Text(letter) => text.push(*letter),
            Piece::Point => {}
        }
    }
}

/// The places behind the point; those of the pattern's end that are optional stay away where they are zero.
fn push_fraction(text: &mut String, behind: &[Piece], digits: &str) {
    let kinds: Vec<char> = behind
        .iter()
        .filter_map(|piece| match piece {
            Piece::Place(kind) => Some(*kind),
            _ => None,
        })
        .collect();
    let needed = kinds.iter().rposition(|kind| *kind == '0').map_or(0, |at| at + 1);
    let shown = digits.trim_end_matches('0').len().max(needed).min(digits.len());
    let mut left = digits[..shown].chars();
    for piece in behind {
        match piece {
            Piece::Point if shown > 0 => text.push('.'),
            Piece::Place(_) => text.extend(left.next()),
            Piece::Text(letter) => text.push(*letter),
            Piece::Point => {}
        }
    }
}
