//! Changes to a file of the feature cache, or any bytes in its place: features with the cache are those without it,
//! unless the checksums of vectors were forged.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use clsify::features::{CacheOptions, FeatureCache};
use clsify::matrix::Matrix;
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
use clsify_fuzz::{SENTENCES, checked, empty, own_folder, write_encoder};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

// As in `crates/clsify/src/features/cache/segment.rs`.
const FIXED_BYTES: usize = 24;
const HEADER_BYTES: usize = FIXED_BYTES + 32;
const ENTRY_BYTES: usize = 32;

struct Known {
    encoder: SentenceEncoder,
    /// The features without a cache.
    features: Matrix,
    /// The folder of the encoder's identity, below the cache's folder.
    folder: PathBuf,
    /// A cache file with the rows of all sentences.
    segment: Vec<u8>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let own = own_folder();
    write_encoder(&own.join("encoder"));
    let load = |cache| {
        let options = SentenceEncoderOptions { cache, ..SentenceEncoderOptions::default() };
        SentenceEncoder::load_with(own.join("encoder"), options).expect("the encoder is right")
    };
    let features = load(None).encode(&SENTENCES).expect("it encodes").features;
    let cache = FeatureCache::open(CacheOptions { folder: own.join("cache"), max_bytes: 1 << 20 });
    let encoder = load(Some(cache));
    encoder.encode(&SENTENCES).expect("it encodes");
    let only = |folder: &PathBuf| {
        let mut entries = fs::read_dir(folder).expect("the cache has written");
        entries.next().expect("an entry").expect("it can be read").path()
    };
    let folder = only(&own.join("cache"));
    let segment = fs::read(only(&folder)).expect("the segment is there");
    Known { encoder, features, folder, segment }
});

/// Corrects the hash of the header, and on request those of vectors.
fn mend(segment: &mut [u8], vectors_too: bool) {
    if segment.len() < HEADER_BYTES {
        return;
    }
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |n, &byte| n.wrapping_mul(256) | u64::from(byte));
    let (row_bytes, n_rows) = (4 * number(&segment[8..12]) as usize, number(&segment[16..FIXED_BYTES]));
    let n_rows = n_rows.min((segment.len() - HEADER_BYTES) as u64 / ENTRY_BYTES as u64) as usize;
    let vectors = HEADER_BYTES + n_rows * ENTRY_BYTES;
    for row in (0..n_rows).filter(|_| vectors_too) {
        let start = vectors + row * row_bytes;
        let Some(vector) = segment.get(start..start + row_bytes) else { break };
        let hash = Sha256::digest(vector);
        segment[HEADER_BYTES + row * ENTRY_BYTES + 16..][..16].copy_from_slice(&hash[..16]);
    }
    let hash =
        Sha256::new().chain_update(&segment[..FIXED_BYTES]).chain_update(&segment[HEADER_BYTES..vectors]);
    segment[FIXED_BYTES..HEADER_BYTES].copy_from_slice(&hash.finalize());
}

fuzz_target!(|data: &[u8]| {
    let [choice, data @ ..] = data else { return };
    let Known { encoder, features, folder, segment } = &*KNOWN;
    let mut changed = match choice & 1 {
        0 => segment.clone(),
        _ => data.to_vec(),
    };
    if choice & 1 == 0 {
        // Each change is a position of two bytes and a value; the last change may shorten or extend the file.
        for change in data.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len().max(1);
            match choice & 8 != 0 && change[2] == 0 {
                true => changed.resize(at, 0),
                false if changed.is_empty() => changed.push(change[2]),
                false => changed[at] = change[2],
            }
        }
    }
    let is_forged = choice & 4 != 0;
    if choice & 2 != 0 {
        mend(&mut changed, is_forged);
    }
    empty(folder);
    let name = format!("{}.rows", "0".repeat(64));
    fs::write(folder.join(name), &changed).expect("the folder can be written");
    if choice & 16 != 0 {
        // Another file has all rows.
        let name = format!("{}.rows", "1".repeat(64));
        fs::write(folder.join(name), segment).expect("the folder can be written");
    }
    match checked(encoder.encode(&SENTENCES)) {
        Some(encoded) if !is_forged => assert_eq!(encoded.features, *features),
        Some(encoded) => assert!(encoded.features.as_slice().iter().all(|x| x.is_finite())),
        None => assert!(is_forged),
    }
});
