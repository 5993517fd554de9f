//! Vectors as OpenAI's clients ask for them: the base64 text of little-endian 32-bit floats.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The base64 text of a vector, with padding.
pub(crate) fn of_floats(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    encode(&bytes)
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let padded = [group[0], group.get(1).copied().unwrap_or(0), group.get(2).copied().unwrap_or(0)];
        let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= group.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: section 10 of RFC 4648.
    #[test]
    fn the_examples_of_the_standard() {
        let examples = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (n, expected) in examples.iter().enumerate() {
            assert_eq!(encode(&b"foobar"[..n]), *expected);
        }
    }

    /// Golden value: `base64.b64encode(numpy.array([1, -0.5], "<f4").tobytes())`.
    #[test]
    fn floats_are_little_endian() {
        assert_eq!(of_floats(&[1.0, -0.5]), "AACAPwAAAL8=");
    }
}
