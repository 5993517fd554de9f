//! 11. Fine-tuning: the encoder learns together with its classifier.

mod head;
mod model;
mod schedule;
#[cfg(test)]
mod tests;
