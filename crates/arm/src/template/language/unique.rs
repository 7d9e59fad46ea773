//! The two hashes that template authors make names from. Both must equal Azure's bit for bit: a disaster
//! recovery tool that computes other names protects the wrong resources.

/// `guid(…)`: a version 5 UUID of the arguments joined with `-`.
pub(crate) fn guid(joined: &str) -> String {
    const NAMESPACE: uuid::Uuid = uuid::Uuid::from_u128(0x11fb_06fb_712d_4ddd_98c7_e71b_bd58_8830);
    uuid::Uuid::new_v5(&NAMESPACE, joined.as_bytes()).to_string()
}

/// `uniqueString(…)`: 64 bits of a Murmur hash of the arguments joined with `-`, in 13 characters.
pub(crate) fn unique_string(joined: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hash = murmur(joined.as_bytes());
    let mut text = String::with_capacity(13);
    for _ in 0..13 {
        text.push(ALPHABET[usize::try_from(hash >> 59).expect("five bits fit")].into());
        hash <<= 5;
    }
    text
}

/// A variant of `MurmurHash3` on two lanes of 32 bits, seed 0.
pub(crate) fn murmur(data: &[u8]) -> u64 {
    const C1: u32 = 0x239B_961B;
    const C2: u32 = 0xAB0E_9789;
    const C3: u32 = 0x561C_CD1B;
    const C4: u32 = 0x0BCA_A747;
    let first = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let second = |k: u32| k.wrapping_mul(C2).rotate_left(17).wrapping_mul(C1);
    let (mut h1, mut h2) = (0_u32, 0_u32);
    let mut blocks = data.chunks_exact(8);
    for block in &mut blocks {
        h1 ^= first(little_endian(&block[..4]));
        h1 = h1.rotate_left(19).wrapping_add(h2).wrapping_mul(5).wrapping_add(C3);
        h2 ^= second(little_endian(&block[4..]));
        h2 = h2.rotate_left(13).wrapping_add(h1).wrapping_mul(5).wrapping_add(C4);
    }
    let tail = blocks.remainder();
    if tail.len() > 4 {
        h2 ^= second(little_endian(&tail[4..]));
    }
    if !tail.is_empty() {
        h1 ^= first(little_endian(&tail[..tail.len().min(4)]));
    }
    #[expect(clippy::cast_possible_truncation, reason = "arithmetic is modulo 2^32")]
    let length = data.len() as u32;
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finalise(h1);
    h2 = finalise(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    u64::from(h2) << 32 | u64::from(h1)
}

fn finalise(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
    x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_azures() {
        let pairs = [
            ("hello-world", "a7wkljktk6wne"),
            ("fu", "6rkxbspxjmsho"),
            ("fu-bar", "q5wxoscxs5j6k"),
            ("asd-asdf-asdf", "iizpqit7ih3cc"),
            ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myRg", "js26ofeqkqeve"),
        ];
        for (text, expected) in pairs {
            assert_eq!(unique_string(text), expected, "{text}");
        }
        assert_eq!(guid("asdf"), "228d27cc-6fdb-5934-b7ac-1efccebade04");
    }
}
