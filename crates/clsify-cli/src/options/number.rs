//! Parsers of numbers.

use std::str::FromStr;

/// Parses a positive, finite number.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a positive number".to_string()),
    }
}

/// Parses a whole number of at least 1.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    usize::from_str(text)
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| "expected a whole number of at least 1".to_string())
}
