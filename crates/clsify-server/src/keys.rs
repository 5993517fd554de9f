//! The keys of a server, compared in constant time.

use std::hint::black_box;

use sha2::{Digest, Sha256};

/// The sha256 of every key that is accepted.
#[derive(Clone)]
pub(crate) struct Keys(Vec<[u8; 32]>);

/// Returns true if a client can send the key in a header, where white space ends it and other characters have no encoding.
pub(crate) fn can_be_sent(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Keys are not shown.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    pub(crate) fn new(keys: &[String]) -> Self {
        Keys(keys.iter().map(|key| Sha256::digest(key.as_bytes()).into()).collect())
    }

    /// Returns true if no request needs a key.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true if this is one of the keys. The time depends neither on the keys nor on the position of the first
    /// difference: hashes of equal length are compared, all of them to their end.
    pub(crate) fn contain(&self, given: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(given.as_bytes()).into();
        let is = |key: &[u8; 32]| {
            let difference = key.iter().zip(&given).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
            u8::from(difference == 0)
        };
        self.0.iter().fold(0, |any, key| black_box(any | is(key))) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_key_is_accepted() {
        let keys = Keys::new(&["first".into(), "second-key".into()]);
        assert!(keys.contain("first") && keys.contain("second-key"));
        for other in ["", "firs", "first ", "First", "second"] {
            assert!(!keys.contain(other), "{other}");
        }
        assert!(Keys::new(&[]).is_empty() && !keys.is_empty());
    }

    /// Oracle: the characters of `VCHAR` in RFC 9110.
    #[test]
    fn keys_that_no_header_can_hold_are_told_apart() {
        assert!(can_be_sent("!~aZ09-_.+/="));
        for key in ["", " ", "a ", " a", "a b", "a\n", "a\r", "a\t", "\0", "\u{7f}", "ké", "\u{feff}a"] {
            assert!(!can_be_sent(key), "{key:?}");
        }
    }
}
