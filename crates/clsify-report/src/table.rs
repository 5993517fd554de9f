//! Tables of aligned columns.

use std::fmt;

use crate::text::visible;

/// Rows of cells under a header. Columns of numbers are aligned to the right, columns of text to the left. Control characters in
/// cells are escaped, so that nothing in a table reaches a terminal as a command.
///
/// ```
/// use clsify_report::table::Table;
/// let mut table = Table::new(["label", "rows"]);
/// table.row(["positive", "7"]);
/// assert_eq!(table.to_string(), "  label     rows\n  positive     7\n");
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Creates a table that has only a header.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Table { rows: vec![header.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| visible(&cell.into()).replace('\n', "\\n")).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &[String], c: usize| row.get(c).map_or(0, |cell| cell.chars().count());
        let widths: Vec<usize> =
            (0..columns).map(|c| self.rows.iter().map(|r| cell(r, c)).max().unwrap_or(0)).collect();
        let is_number = |text: &str| text.trim_end_matches('%').parse::<f64>().is_ok() || text.is_empty();
        let numeric: Vec<bool> = (0..columns)
            .map(|c| self.rows.iter().skip(1).filter_map(|row| row.get(c)).all(|cell| is_number(cell)))
            .collect();
        for row in &self.rows {
            let mut line = String::from("  ");
            for (c, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[c] - cell.chars().count());
                let (before, after) =
                    if numeric[c] { (padding.as_str(), "") } else { ("", padding.as_str()) };
                line.push_str(&format!("{before}{cell}{after}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_text_left() {
        let mut table = Table::new(["label", "n"]);
        table.row(["positive", "7"]);
        table.row(["no", "1041"]);
        assert_eq!(table.to_string(), "  label        n\n  positive     7\n  no        1041\n");
    }

    #[test]
    fn nothing_in_a_table_is_a_command_to_the_terminal() {
        let mut table = Table::new(["label"]);
        table.row(["a\x1b[2J\nb\\c"]);
        assert_eq!(table.to_string(), "  label\n  a\\u001b[2J\\nb\\c\n");
    }
}
