//! Cells that state whether a sentence has a label.

/// The meaning of a cell; other values are not guessed.
pub(super) fn is_set(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    if cell.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if cell.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    match cell.parse::<f64>() {
        Ok(0.0) => Some(false),
        Ok(1.0) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_ones_are_told_from_all_else() {
        for cell in ["1", " 1 ", "1.0", "1.000", "true", "True", "TRUE", "1e0"] {
            assert_eq!(is_set(cell), Some(true), "{cell:?}");
        }
        for cell in ["0", "0.0", "-0.0", "false", "False"] {
            assert_eq!(is_set(cell), Some(false), "{cell:?}");
        }
        for cell in ["", "-1", "2", "0.5", "yes", "nan", "NaN", "x", "null"] {
            assert_eq!(is_set(cell), None, "{cell:?}");
        }
    }
}
