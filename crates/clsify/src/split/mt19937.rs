//! The random numbers of numpy's legacy `RandomState(seed)`: MT19937, and the distributions drawn from it.
//!
//! Numpy has frozen this stream, so a seed gives the same rows in every version of numpy. Source: Matsumoto and
//! Nishimura, "Mersenne Twister" (1998), `mt19937ar.c`; numpy 2.4, `random/mtrand.pyx`.

const N: usize = 624;
const M: usize = 397;

/// The generator after `RandomState(seed)`.
pub(crate) struct Mt19937 {
    state: [u32; N],
    /// The index of the next word of `state`; `N` if all have been used.
    next: usize,
}

impl Mt19937 {
    /// Seeded by `init_genrand`, as in numpy for an integer.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [0; N];
        let mut word = seed;
        for (i, slot) in state.iter_mut().enumerate() {
            if i > 0 {
                word = 1_812_433_253u32.wrapping_mul(word ^ (word >> 30)).wrapping_add(i as u32);
            }
            *slot = word;
        }
        Mt19937 { state, next: N }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let word = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if word & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (word >> 1) ^ odd;
        }
        self.next = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == N {
            self.twist();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// A number from 0 to `max`, both included: draws are masked to the bits of `max` until one fits.
    pub(crate) fn interval(&mut self, max: usize) -> usize {
        if max == 0 {
            return 0; // numpy draws nothing here
        }
        let max = max as u64;
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let mut draw = u64::from(self.next_u32());
            if max > u64::from(u32::MAX) {
                draw = (draw << 32) | u64::from(self.next_u32());
            }
            if draw & mask <= max {
                return (draw & mask) as usize;
            }
        }
    }

    /// `RandomState.shuffle`.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.interval(i));
        }
    }

    /// `RandomState.permutation(n)`.
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut items: Vec<usize> = (0..n).collect();
        self.shuffle(&mut items);
        items
    }

    /// `RandomState.choice(items, size, replace=False)`; `size` is at most `items.len()`.
    pub(crate) fn choice<T: Copy>(&mut self, items: &[T], size: usize) -> Vec<T> {
        self.permutation(items.len()).into_iter().take(size).map(|i| items[i]).collect()
    }
}

// Oracle of every value: numpy 2.4.6, `np.random.RandomState(seed)`.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_numpys() {
        // randint(0, 2**32, size=1250, dtype=np.uint32)[[0, 1, 2, 3, 623, 624, 625, 1249]]: over two twists.
        let expected: [(u32, [u32; 8]); 5] = [
            (
                0,
                [
                    2357136044, 2546248239, 3071714933, 3626093760, 3791854820, 341544762, 1076416385,
                    2422637952,
                ],
            ),
            (
                1,
                [
                    1791095845, 4282876139, 3093770124, 4005303368, 2006116153, 1104314680, 939235918,
                    3879348080,
                ],
            ),
            (
                42,
                [1608637542, 3421126067, 4083286876, 787846414, 1077437785, 108880612, 791707097, 3263983643],
            ),
            (
                5489,
                [
                    3499211612, 581869302, 3890346734, 3586334585, 4020325887, 4178893912, 610818241,
                    2442940989,
                ],
            ),
            (
                u32::MAX,
                [419326371, 479346978, 3918654476, 2416749639, 1027084080, 3860652269, 657474326, 3040777976],
            ),
        ];
        for (seed, words) in expected {
            let mut random = Mt19937::new(seed);
            let drawn: Vec<u32> = (0..1250).map(|_| random.next_u32()).collect();
            let places = [0, 1, 2, 3, 623, 624, 625, 1249];
            assert_eq!(places.map(|i| drawn[i]), words, "seed {seed}");
        }
    }

    #[test]
    fn intervals_are_numpys() {
        // randint(0, 7, dtype=np.uint64), eight times
        let mut random = Mt19937::new(42);
        assert_eq!([(); 8].map(|()| random.interval(6)), [6, 3, 4, 6, 2, 4, 4, 6]);
        // randint(0, 2**40 + 1, size=3, dtype=np.uint64): 64-bit draws
        let mut random = Mt19937::new(0);
        let drawn = [(); 3].map(|()| random.interval(1 << 40));
        assert_eq!(drawn, [741280623151, 506137267392, 841157541223]);
    }

    #[test]
    fn an_interval_of_one_number_draws_nothing() {
        let mut random = Mt19937::new(0);
        assert_eq!(random.interval(0), 0);
        assert_eq!(random.next_u32(), 2357136044);
    }

    #[test]
    fn permutations_and_choices_are_numpys() {
        for (seed, expected) in [
            (0, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]),
            (1, [2, 9, 6, 4, 0, 3, 1, 7, 8, 5]),
            (42, [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]),
            (u32::MAX, [6, 9, 5, 1, 8, 0, 7, 4, 2, 3]),
        ] {
            assert_eq!(Mt19937::new(seed).permutation(10), expected, "seed {seed}");
            let items: Vec<usize> = (0..10).collect();
            assert_eq!(Mt19937::new(seed).choice(&items, 3), expected[..3], "seed {seed}");
        }
        assert!(Mt19937::new(0).permutation(0).is_empty());
    }
}
