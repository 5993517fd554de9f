//! Which sentences was a classifier trained on? Fingerprints tell, and hold no text.
//!
//! In: sentences. Out: the first 64 bits of the sha256 of each, in lower case with single spaces, sorted and each once. A
//! saved model has those of its training rows, so that an evaluation on the same rows does not pass for one on new rows.
//! A fingerprint cannot be turned back into its sentence; whoever has a sentence can ask whether it was there. With a
//! million training rows, another sentence is taken for one of them with a probability of 5e-14.

use sha2::{Digest, Sha256};

use crate::dataset::normalised;

/// The fingerprints of some sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeenSentences(Vec<u64>);

impl SeenSentences {
    pub(crate) fn of<'a>(sentences: impl IntoIterator<Item = &'a String>) -> Self {
        SeenSentences::from_fingerprints(sentences.into_iter().map(|s| fingerprint(s)).collect())
    }

    /// From what was saved, in any order.
    pub(crate) fn from_fingerprints(mut fingerprints: Vec<u64>) -> Self {
        fingerprints.sort_unstable();
        fingerprints.dedup();
        SeenSentences(fingerprints)
    }

    /// Ascending.
    pub(crate) fn fingerprints(&self) -> &[u64] {
        &self.0
    }

    /// How many of these sentences are among them.
    pub(crate) fn count<'a>(&self, sentences: impl IntoIterator<Item = &'a String>) -> usize {
        sentences.into_iter().filter(|s| self.0.binary_search(&fingerprint(s)).is_ok()).count()
    }
}

fn fingerprint(sentence: &str) -> u64 {
    let digest = Sha256::digest(normalised(sentence).as_bytes());
    digest.iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `hashlib.sha256(b"a treat").hexdigest()[:16]`.
    #[test]
    fn a_fingerprint_is_the_start_of_a_sha256_of_the_normalised_sentence() {
        let expected = u64::from_str_radix("badb2c76c440bc74", 16).unwrap();
        let sentences = ["A  treat ".to_string(), "a treat".to_string()];
        let seen = SeenSentences::of(&sentences);
        assert_eq!(seen.fingerprints(), [expected]);
        assert_eq!(seen.count(&["a Treat".to_string(), "a trap".to_string(), "a treat".to_string()]), 2);
    }
}
