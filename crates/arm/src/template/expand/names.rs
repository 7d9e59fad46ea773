//! Names whose case does not count: of functions, parameters, variables.

/// The longest name that is folded without an allocation.
const SHORT: usize = 64;

/// Calls `look` with the name in lower case.
pub(crate) fn folded<T>(name: &str, look: impl FnOnce(&str) -> T) -> T {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return look(name);
    }
    let mut buffer = [0_u8; SHORT];
    if let Some(short) = buffer.get_mut(..name.len())
        && name.is_ascii()
    {
        short.copy_from_slice(name.as_bytes());
        short.make_ascii_lowercase();
        if let Ok(lower) = std::str::from_utf8(short) {
            return look(lower);
        }
    }
    look(&name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_whatever_their_length_and_script() {
        let long = "Aa".repeat(SHORT);
        for (name, lower) in [
            ("", ""),
            ("a1_", "a1_"),
            ("CopyIndex", "copyindex"),
            ("ÄB", "äb"),
            (&*long, &*long.to_lowercase()),
        ] {
            assert_eq!(folded(name, str::to_owned), lower);
        }
    }
}
