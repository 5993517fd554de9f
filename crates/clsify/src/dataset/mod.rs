//! 1. Labelled sentences.
