//! The time that fine-tuning takes on this machine, from a few steps on some of the rows.

use std::time::Instant;

use crate::error::Result;
use crate::observer::OnlyCancels;
use crate::split::{Split, nested_order};
use crate::tokenizer::Encoding;
use crate::tuning::TuneSettings;
use crate::tuning::run::Task;

/// The number of batches that are timed.
const N_BATCHES: usize = 2;

/// The seconds per token of an encoder on this machine, with batches of one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TuningCost {
    /// Learning: forward, backward and update.
    learn: f64,
    /// Encoding only.
    encode: f64,
}

impl TuningCost {
    /// Learns from a few rows twice; the first time warms up memory and threads.
    pub(crate) fn measure(task: &Task) -> Result<Self> {
        let n_rows = (N_BATCHES * task.settings.batch_size).min(task.targets.len());
        let mut sizes = vec![n_rows, task.targets.len()];
        sizes.dedup();
        let mut rows = nested_order(task.targets, &sizes, task.settings.seed);
        rows.truncate(n_rows);
        // A learning rate this small cannot diverge.
        let settings = TuneSettings { epochs: 2, learning_rate: 1e-9, ..task.settings };
        let observer = OnlyCancels(task.observer);
        let timed = Task { settings, observer: &observer, ..*task };
        let mut ends = Vec::new();
        let epochs = timed.run(&rows, &rows, None, &mut |_| {
            ends.push(Instant::now());
            Ok(None)
        })?;
        let n_tokens = tokens(task.encodings, &rows) as f64;
        let learning = epochs.last().map_or(0.0, |epoch| epoch.seconds);
        let both = match ends[..] {
            [first, .., last] => (last - first).as_secs_f64(),
            _ => learning,
        };
        Ok(TuningCost { learn: learning / n_tokens, encode: (both - learning).max(0.0) / n_tokens })
    }

    /// The seconds of a run that learns from some tokens in every epoch, after encoding them once, and encodes others.
    pub(crate) fn seconds(&self, n_learn: usize, epochs: usize, n_encode: usize) -> f64 {
        n_learn as f64 * (epochs as f64 * self.learn + self.encode) + n_encode as f64 * self.encode
    }

    /// The seconds of the runs that compare the tuned encoder with the frozen one: one with rows held out once, or one
    /// per fold and one on all rows. The observer is told.
    pub(crate) fn announce(&self, task: &Task, splits: &[Split]) -> f64 {
        let (epochs, is_once) = (task.settings.epochs, splits.len() == 1);
        let of_split = |split: &Split| {
            let held_out = tokens(task.encodings, &split.test);
            self.seconds(tokens(task.encodings, &split.train), epochs, epochs * held_out)
        };
        let all: usize = task.encodings.iter().map(Encoding::len).sum();
        let of_all = if is_once { 0.0 } else { self.seconds(all, epochs, 0) };
        let seconds = splits.iter().map(of_split).sum::<f64>() + of_all;
        let runs = if is_once { String::new() } else { format!(" in {} runs", splits.len() + 1) };
        task.observer
            .note(&format!("tuning takes about {}{runs}: measured by a few steps", duration(seconds)));
        seconds
    }
}

/// The number of tokens of some rows.
pub(crate) fn tokens(encodings: &[Encoding], rows: &[usize]) -> usize {
    rows.iter().map(|&row| encodings[row].len()).sum()
}

/// A time in words, such as `40 seconds` or `3 minutes`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        ..1.5 => "a second".to_string(),
        ..90.0 => format!("{seconds:.0} seconds"),
        _ => format!("{:.0} minutes", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: by hand, with 2 seconds per token of learning and 1 of encoding.
    #[test]
    fn the_seconds_of_a_run_are_those_of_its_tokens() {
        let cost = TuningCost { learn: 2.0, encode: 1.0 };
        assert_eq!(cost.seconds(10, 3, 7), 10.0 * 3.0 * 2.0 + 10.0 + 7.0);
    }

    #[test]
    fn a_time_is_said_in_its_unit() {
        let said = [0.2, 40.4, 100.0, 600.0].map(duration);
        assert_eq!(said, ["a second", "40 seconds", "2 minutes", "10 minutes"]);
    }
}
