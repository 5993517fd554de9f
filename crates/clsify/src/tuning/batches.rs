//! The batches of an epoch: sentences of like length together, so that none waits for a long one.

use crate::split::Mt19937;

/// The number of batches whose sentences are sorted together. More would order all sentences by length, and batches
/// would no longer be random.
const POOL: usize = 50;

/// The rows of each batch of an epoch: a permutation, sorted by length within pools of fifty batches, and the batches
/// in random order.
pub(crate) fn batches(lengths: &[usize], batch_size: usize, seed: u32, epoch: usize) -> Vec<Vec<usize>> {
    // Neighbouring seeds and epochs start different sequences.
    let mut random = Mt19937::new(seed.wrapping_add((epoch as u32).wrapping_mul(0x9e37_79b9)));
    let order = random.permutation(lengths.len());
    let mut all = Vec::new();
    for pool in order.chunks(POOL * batch_size) {
        let mut pool = pool.to_vec();
        pool.sort_by_key(|&row| lengths[row]);
        all.extend(pool.chunks(batch_size).map(<[usize]>::to_vec));
    }
    random.shuffle(&mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::batches;

    #[test]
    fn every_row_is_in_one_batch_of_like_length() {
        let lengths: Vec<usize> = (0..1000).map(|row| row * 7919 % 61).collect();
        let found = batches(&lengths, 32, 3, 0);
        let mut rows = found.concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..1000).collect::<Vec<_>>());
        assert!(found.iter().all(|batch| batch.len() <= 32));
        let spread = |batch: &Vec<usize>| {
            let of_batch = || batch.iter().map(|&row| lengths[row]);
            of_batch().max().unwrap() - of_batch().min().unwrap()
        };
        assert!(found.iter().all(|batch| spread(batch) <= 4));
        assert_eq!(found, batches(&lengths, 32, 3, 0));
        assert_ne!(found, batches(&lengths, 32, 3, 1));
        assert_ne!(found, batches(&lengths, 32, 4, 0));
    }
}
