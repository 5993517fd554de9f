//! Finds encoders and example data.
