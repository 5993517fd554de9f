//! Fingerprints of the sentences that a classifier was trained on.
//!
//! A fingerprint is the first 64 bits of the sha256 of a sentence, in lower case with single spaces; they are stored
//! sorted and without duplicates. A saved model has those of its training rows, so that an evaluation on the same
//! rows is not mistaken for one on new rows. A fingerprint does not reveal its sentence, but everybody who has a
//! sentence can test whether it was a training row. With a million training rows, another sentence is mistaken for
//! one of them with a probability of 5e-14.

use sha2::{Digest, Sha256};

use crate::dataset::normalised;

/// The fingerprints of some sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeenSentences(Vec<u64>);

impl SeenSentences {
    pub(crate) fn of<'a>(sentences: impl IntoIterator<Item = &'a String>) -> Self {
        SeenSentences::from_fingerprints(sentences.into_iter().map(|s| fingerprint(s)).collect())
    }

    /// Creates them from saved fingerprints, in any order.
    pub(crate) fn from_fingerprints(mut fingerprints: Vec<u64>) -> Self {
        fingerprints.sort_unstable();
        fingerprints.dedup();
        SeenSentences(fingerprints)
    }

    /// The fingerprints, ascending.
    pub(crate) fn fingerprints(&self) -> &[u64] {
        &self.0
    }

    /// The number of these sentences that are among them.
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
