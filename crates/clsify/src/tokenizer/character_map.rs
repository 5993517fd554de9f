//! Checks the `precompiled_charsmap` of a SentencePiece normalizer before it is used. The library that reads it (0.1)
//! trusts its content, and would index outside the array or into the middle of characters.
//!
//! In base64: the length of a trie in bytes (u32, little-endian), the trie, and the replacements, each ended by a
//! NUL. The trie is a double array (darts-clone): a unit's low byte is its label, bit 8 says that a value follows,
//! and the children of a node at `position` are the units at `position ^ label`. Such arrays have blocks of 256
//! units, so in a valid one no label leads outside.

/// Returns true if every text can be looked up in the map, and every value is the start of a replacement.
pub(super) fn is_sound(base64: &str) -> bool {
    let bytes = decode(base64);
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let Some((trie, replacements)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize / 4 * 4)
    else {
        return false;
    };
    let Ok(replacements) = std::str::from_utf8(replacements) else { return false };
    let units: Vec<usize> =
        trie.as_chunks::<4>().0.iter().map(|&unit| u32::from_le_bytes(unit) as usize).collect();
    let Some(&root) = units.first() else { return false };
    let mut seen = vec![false; units.len()];
    let mut positions = vec![offset(root)];
    while let Some(position) = positions.pop() {
        // The unit at the position itself may contain a value, so it must exist too.
        if position >= units.len() || (1..256).any(|label| position ^ label >= units.len()) {
            return false;
        }
        if std::mem::replace(&mut seen[position], true) {
            continue;
        }
        for label in 1..256 {
            let unit = units[position ^ label];
            if unit & (1 << 31 | 0xff) != label {
                continue;
            }
            let child = position ^ label ^ offset(unit);
            if unit >> 8 & 1 == 1 {
                let value = units.get(child).map(|value| value & !(1 << 31));
                if !value.is_some_and(|value| replacements.is_char_boundary(value)) {
                    return false;
                }
            }
            positions.push(child);
        }
    }
    true
}

fn offset(unit: usize) -> usize {
    (unit >> 10) << ((unit & (1 << 9)) >> 6)
}

/// Decodes base64 text that another reader has validated.
fn decode(base64: &str) -> Vec<u8> {
    let (mut bits, mut n_bits) = (0u32, 0);
    let mut bytes = Vec::with_capacity(base64.len() / 4 * 3);
    for character in base64.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{decode, is_sound};

    #[test]
    fn base64_is_decoded() {
        // Oracle: RFC 4648, section 10.
        for (text, expected) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decode(text), expected.as_bytes());
        }
        assert_eq!(decode("+/+/"), [0xfb, 0xff, 0xbf]);
    }

    #[test]
    fn maps_without_a_trie_are_not_sound() {
        for text in ["", "AAAA", "AAAAAA==", "/////w==", "BAAAAAAAAAA="] {
            assert!(!is_sound(text), "{text}");
        }
    }
}
